"""naive.py: a second implementation of what extraction must find, as short as it gets, without a look at the first.

It follows the words of the requirements: names, nearest-up and timestamp groups, winners by name, and so on. Standard
library only; quadratic where that is simpler.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import collections
import datetime
import os
import re

NAME = re.compile(r"(\d{8}_\d{6})_stage(\d+(?:\.\d+)?)(?:_(.*))?\.[A-Za-z]+\Z", re.ASCII | re.DOTALL)
ENDINGS = (".png", ".jpg", ".jpeg", ".webp")

File = collections.namedtuple("File", "rel folder name timestamp stage seconds")


def parse(name):
    """(timestamp, stage, label, seconds) or None."""
    match = NAME.fullmatch(name)
    if not match:
        return None
    try:
        when = datetime.datetime(int(name[:4]), int(name[4:6]), int(name[6:8]), int(name[9:11]), int(name[11:13]),
                                 int(name[13:15]), tzinfo=datetime.timezone.utc)
    except ValueError:
        return None
    return match.group(1), float(match.group(2)), match.group(3) or "", int(when.timestamp())


def scan(root):
    """Relative paths of the image files: nothing hidden, no links."""
    found = []
    for base, folders, names in os.walk(root, followlinks=False):
        folders[:] = [f for f in folders if not f.startswith(".") and not os.path.islink(os.path.join(base, f))]
        for name in names:
            path = os.path.join(base, name)
            if not name.startswith(".") and name.lower().endswith(ENDINGS) and not os.path.islink(path):
                found.append(os.path.relpath(path, root))
    return found


def files_of(rels):
    """The files whose names parse."""
    files = []
    for rel in rels:
        parsed = parse(os.path.basename(rel))
        if parsed:
            files.append(File(rel, os.path.dirname(rel), os.path.basename(rel), parsed[0], parsed[1], parsed[3]))
    return files


def runs_nearest_up(files, max_gap=0, lookahead=50):
    files = sorted(files, key=lambda f: (f.timestamp, f.stage, os.fsencode(f.name)))
    runs, i = [], 0
    while i < len(files):
        run, last = [files[i]], i
        while True:
            best = None
            for j in range(last + 1, min(last + 1 + lookahead, len(files))):
                if files[j].stage <= files[last].stage:
                    break
                if max_gap and files[j].seconds - files[last].seconds > max_gap:
                    break
                if best is None or files[j].stage < files[best].stage:
                    best = j
            if best is None:
                break
            run.append(files[best])
            last = best
        runs.append(run)
        i = last + 1
    return runs


def group(files, mode="nearest-up", scope="directory", max_gap=0, lookahead=50):
    """Lists of files, each in stage order."""
    places = collections.defaultdict(list)
    for f in files:
        places[f.folder if scope == "directory" else ""].append(f)
    groups = []
    for place in sorted(places):
        if mode == "timestamp":
            times = collections.defaultdict(list)
            for f in places[place]:
                times[f.timestamp].append(f)
            runs = [sorted(times[t], key=lambda f: (f.stage, os.fsencode(f.name))) for t in sorted(times)]
        else:
            runs = runs_nearest_up(places[place], max_gap, lookahead)
        groups += [run for run in runs if len(run) > 1]
    return groups


def same_content(a, b):
    with open(a, "rb") as f, open(b, "rb") as g:
        return f.read() == g.read()


def sources(raw, final):
    """{final rel: (raw rel | None, evidence | "orphan" | "ambiguous", [raw rels that it may come from])}"""
    raws = scan(raw)
    by_name, by_stage = collections.defaultdict(list), collections.defaultdict(list)
    for rel in raws:
        by_name[os.path.basename(rel)].append(rel)
    for f in files_of(raws):
        by_stage[f.timestamp, f.stage].append(f.rel)
    result = {}
    for rel in scan(final):
        name = os.path.basename(rel)
        candidates = by_name.get(name, [])
        if len(candidates) == 1:
            result[rel] = (candidates[0], "name", candidates)
        elif candidates:
            same = [c for c in candidates if os.path.dirname(c) == os.path.dirname(rel)]
            if len(same) == 1:
                result[rel] = (same[0], "name", same)
                continue
            same = [c for c in candidates if same_content(os.path.join(raw, c), os.path.join(final, rel))]
            result[rel] = (same[0], "content", same) if len(same) == 1 else (None, "ambiguous", same or candidates)
        else:
            parsed = parse(name)
            candidates = by_stage.get((parsed[0], parsed[1]), []) if parsed else []
            if len(candidates) == 1:
                result[rel] = (candidates[0], "stage", candidates)
            else:
                result[rel] = (None, "ambiguous" if candidates else "orphan", candidates)
    return result


def extract(raw, final, **grouping):
    """{"entries": {(chosen rel, (loser rels...))}, "rejected": {(rels...)}, and the counts of the report}"""
    raws, found = scan(raw), sources(raw, final)
    groups = group(files_of(raws), **grouping)
    chosen = {source for source, _, _ in found.values() if source}
    # What may have been chosen (an ambiguous final) is no winner, but nobody may call it a loser either.
    perhaps = {c for source, _, candidates in found.values() if not source for c in candidates}
    entries, rejected, with_winner, multi, anomalies = set(), set(), 0, 0, 0
    for files in groups:
        winners = [f for f in files if f.rel in chosen]
        losers = [f for f in files if f.rel not in chosen and f.rel not in perhaps]
        if not winners and any(f.rel in perhaps for f in files):
            continue
        if not winners:
            rejected.add(tuple(f.rel for f in files))
            continue
        with_winner += 1
        multi += len(winners) > 1
        for winner in winners if losers else []:
            entries.add((winner.rel, tuple(f.rel for f in losers)))
            anomalies += any(f.stage > winner.stage for f in losers)
    return {"entries": entries, "rejected": rejected, "raw_images": len(raws), "final_images": len(found),
            "groups": len(groups), "groups_with_winner": with_winner, "multi_winner_groups": multi,
            "anomalies": anomalies, "orphan_finals": sum(e == "orphan" for _, e, _ in found.values()),
            "ambiguous": sum(e == "ambiguous" for _, e, _ in found.values())}
