"""naive_logs.py: a second implementation of old logs and of merging, as short as it gets, without a look at the first.

It reads every log form of the requirements, finds the project of a path among known names, says which decisions are the
same and which contradict each other; and it writes each form in the many notations that old tools used. Standard library
only; quadratic where that is simpler.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import ast
import collections
import csv
import io
import json
import re

SELECTION = ["session_id", "set_id", "chosen_path", "neg_paths", "timestamp"]
ANOMALY = ["session_id", "set_id", "project", "chosen_stage", "max_rejected_stage", "chosen_path", "rejected_paths", "timestamp"]
CROP_9 = ["session_id", "directory", "chosen_path", "chosen_stage", "crop_x1", "crop_y1", "crop_x2", "crop_y2", "timestamp"]
CROP_7 = ["timestamp", "project_id", "filename", "crop_x1", "crop_y1", "crop_x2", "crop_y2", "width", "height"]
ENTRY = ["project", "timestamp", "chosen_path", "chosen_stage", "neg_paths", "neg_stages", "was_cropped"]
CROP_HEAD = ["session_id", "set_id", "directory", "image_count", "chosen_index", "chosen_path", "crop_x1", "crop_y1", "crop_x2",
             "crop_y2", "timestamp"]

STAGE = re.compile(r"\d{8}_\d{6}_stage(\d+(?:\.\d+)?)")
ENDINGS = ("", "_raw_incoming", "_raw_final", "_raw", "_final")

# box: fractions (x1, y1, x2, y2) or None; order: the line it came from, for the messages of tests.
Decision = collections.namedtuple("Decision", "project winner losers box")


def crop_columns(images):
    columns = list(CROP_HEAD)
    for i in range(images):
        columns += ["image_%d_path" % i, "image_%d_stage" % i, "width_%d" % i, "height_%d" % i]
    return columns


def base(path):
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def stage_of(path):
    match = STAGE.match(base(path))
    return float(match.group(1)) if match else None


def read_list(text):
    """JSON, JSON whose quotes were doubled twice, or a Python list."""
    for attempt in (text, text.replace('""', '"')):
        try:
            return json.loads(attempt)
        except ValueError:
            pass
    return ast.literal_eval(text)


def project_of(path, names):
    """The one known name among the folders of a path, also with _raw, _final ... behind it."""
    found = set()
    for part in path.replace("\\", "/").split("/")[:-1]:
        for ending in ENDINGS:
            if part.endswith(ending) and part[:len(part) - len(ending)] in names:
                found.add(part[:len(part) - len(ending)])
                break
    return found.pop() if len(found) == 1 else None


def box_of(row, width, height):
    """Fractions, whatever the row has; None for a placeholder or a box that cannot be placed."""
    box = [float(row["crop_" + k]) for k in ("x1", "y1", "x2", "y2")]
    if box == [0, 0, 1, 1]:
        return None
    if max(box) > 1:
        if not width or not height:
            return None
        box = [box[0] / width, box[1] / height, box[2] / width, box[3] / height]
    return tuple(box)


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    both = max(w, 0) * max(h, 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def read_rows(path):
    """[(kind, dict)]: kinds "entry", "selection", "anomaly", "crop", "crop9", "crop7"."""
    with open(path, encoding="utf-8", newline="") as f:
        text = f.read().lstrip("\ufeff")
    if text.startswith("{"):
        return [("entry", json.loads(line)) for line in text.splitlines() if line.strip()]
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = set(reader.fieldnames)
    kind = ("crop" if "image_0_path" in names else "crop7" if "filename" in names else "crop9" if "crop_x1" in names else
            "anomaly" if "rejected_paths" in names else "entry" if "project" in names else "selection")
    return [(kind, row) for row in reader]


def decisions_of(path, names):
    """[Decision or a text that says why not]: one an data row, in order. Rows without losers and without crop give None."""
    result = []
    for kind, row in read_rows(path):
        result.append(decision_of(kind, row, names))
    return result


def decision_of(kind, row, names):
    losers, box = [], None
    if kind == "crop":
        count, chosen = int(row["image_count"]), int(row["chosen_index"])
        winner = row["chosen_path"]
        losers = [row["image_%d_path" % i] for i in range(count) if i != chosen]
        box = box_of(row, int(row["width_%d" % chosen] or 0), int(row["height_%d" % chosen] or 0))
    elif kind == "crop9":
        winner, box = row["chosen_path"], box_of(row, 0, 0)
    elif kind == "crop7":
        winner, box = row["filename"], box_of(row, int(row["width"] or 0), int(row["height"] or 0))
    else:
        winner = row["chosen_path"]
        losers = row["rejected_paths" if kind == "anomaly" else "neg_paths"]
        losers = read_list(losers) if isinstance(losers, str) else losers
    said = row.get("project") or row.get("project_id") or None
    projects = {project_of(p, names) for p in [winner] + losers} - {None}
    if said:
        projects.add(said)
    if len(projects) > 1:
        return "project-rule"
    if not projects and losers:
        return "unknown-project"
    if not losers and not box:
        return None
    project = projects.pop() if projects else ""
    return Decision(project, base(winner), frozenset(base(p) for p in losers), box)


def contradict(a, b):
    return a.project == b.project and a.winner in b.losers and b.winner in a.losers


def merge(decisions):
    """(kept in order, duplicates, contradicting): decisions with losers only. Contradicting ones are all left out."""
    first, duplicates = [], 0
    for d in decisions:
        same = [i for i, e in enumerate(first) if (e.project, e.winner, e.losers) == (d.project, d.winner, d.losers)]
        if same:
            duplicates += 1
            if first[same[0]].box is None and d.box is not None:
                first[same[0]] = first[same[0]]._replace(box=d.box)
        else:
            first.append(d)
    bad = [d for d in first if any(contradict(d, e) for e in first)]
    return [d for d in first if d not in bad], duplicates, bad


# ---- Writing, in all notations --------------------------------------------------------------------------------------

def list_text(paths, notation):
    """"json", "spaced", "python", "doubled" (a CSV cell that was quoted once too often)."""
    if notation == "python":
        return repr(paths)
    text = json.dumps(paths, ensure_ascii=notation == "spaced", separators=(", ", ": ") if notation == "spaced" else None)
    return text.replace('"', '""') if notation == "doubled" else text


def csv_text(columns, rows, newline="\n"):
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=newline)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([row.get(c, "") for c in columns])
    return out.getvalue()


def selection_row(winner, losers, notation="json", session="s", set_id="g", timestamp="2025-10-05T01:43:47Z"):
    return {"session_id": session, "set_id": set_id, "chosen_path": winner, "neg_paths": list_text(losers, notation),
            "timestamp": timestamp}


def anomaly_row(project, winner, losers, notation="python", session="s", set_id="g", timestamp="2025-10-05T01:43:47.5Z"):
    stages = [stage_of(p) for p in losers]
    return {"session_id": session, "set_id": set_id, "project": project, "chosen_stage": "%g" % (stage_of(winner) or 0),
            "max_rejected_stage": "%g" % max(s or 0 for s in stages), "chosen_path": winner,
            "rejected_paths": list_text(losers, notation), "timestamp": timestamp}


def entry_row(project, winner, losers, notation="json", timestamp="20250708_060711"):
    return {"project": project, "timestamp": timestamp, "chosen_path": winner, "chosen_stage": stage_of(winner),
            "neg_paths": list_text(losers, notation), "neg_stages": json.dumps([stage_of(p) for p in losers]), "was_cropped": "false"}


def crop_row(directory, winner, losers, box, size=(1000, 1000), session="s", set_id="g", timestamp="2025-10-05T01:24:18.152546Z",
             place=None):
    """box: as it shall stand there, pixels or fractions."""
    images = list(losers)
    place = len(images) if place is None else place
    images.insert(place, winner)
    row = {"session_id": session, "set_id": set_id, "directory": directory, "image_count": len(images), "chosen_index": place,
           "chosen_path": winner, "timestamp": timestamp}
    row.update(zip(("crop_x1", "crop_y1", "crop_x2", "crop_y2"), box))
    for i, path in enumerate(images):
        match = re.search(r"(stage[^/]*?)\.\w+\Z", path)
        row.update({"image_%d_path" % i: path, "image_%d_stage" % i: match.group(1) if match else "", "width_%d" % i: size[0],
                    "height_%d" % i: size[1]})
    return row
