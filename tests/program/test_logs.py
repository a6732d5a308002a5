"""test_logs.py: old logs of every form as input, how paths from many machines are told apart, and old forms written.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import csv
import json
import os
import subprocess
import unittest

import naive_logs as logs
from support import DONE, FAILED, USAGE, Picture, ProgramTest, read_jsonl, strict_json

DATE = "2025-10-20"
T0 = 1751958431
PIXEL = Picture.noise(2, 3, "pixel").png()
LEGACY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/data/legacy")

A1, A15, A2, A3 = ("20250708_0604%02d_stage%s.png" % (i, s) for i, s in enumerate(
    ("1_generated", "1.5_face_swapped", "2_upscaled", "3_enhanced")))
B1, B2, B3 = ("20250709_0604%02d_stage%s.png" % (i, s) for i, s in enumerate(("1_generated", "2_upscaled", "3_enhanced")))


def name(seconds, stage, label="", ending="png"):
    return "20250708_%02d%02d%02d_stage%s%s.%s" % (6 + seconds // 3600, seconds // 60 % 60, seconds % 60, stage,
                                                  "_" + label if label else "", ending)


class LogTest(ProgramTest):

    def csv(self, file, columns, rows, **more):
        return self.write(file, logs.csv_text(columns, rows, **more))

    def anomalies(self, *inputs, code=DONE, options=()):
        """self.rows, self.summary, self.by (counts by project)"""
        args = ["anomalies"]
        for path in inputs:
            args += ["--input", path]
        result = self.run_in_dir(*args, "--output", "a.csv", "--summary", "a.json", *options)
        self.assert_quiet_of_noise(result)
        codes = code if isinstance(code, tuple) else (code,)
        self.assertIn(result.code, codes, str(result))
        with open(self.path("a.csv"), encoding="utf-8", newline="") as f:
            reader = csv.DictReader(f, strict=True)
            self.rows = list(reader)
            self.assertEqual(reader.fieldnames, logs.ANOMALY)
        with open(self.path("a.json"), "rb") as f:
            self.summary = strict_json(f.read())
        self.by = {p["project"]: p for p in self.summary["projects"]}
        return result

    def merge(self, *inputs, code=DONE, options=(), output="m.jsonl"):
        """self.merged: {(project, winner, losers)}, self.lines"""
        result = self.run_in_dir("merge", "--output", output, *options, *inputs)
        self.assert_quiet_of_noise(result)
        codes = code if isinstance(code, tuple) else (code,)
        self.assertIn(result.code, codes, str(result))
        self.lines = read_jsonl(self.path(output))
        self.merged = {(e["project"], logs.base(e["chosen_path"]), frozenset(logs.base(p) for p in e["neg_paths"]))
                       for e in self.lines}
        return result

    def one(self):
        self.assertEqual(len(self.lines), 1, self.lines)
        return self.lines[0]


class TestForms(LogTest):
    """Each form gives the same decision: A2 over A1 and A3 in mojo1 (an anomaly)."""

    WANT = {("mojo1", A2, frozenset((A1, A3)))}

    def check(self, file):
        self.anomalies(file)
        self.assertEqual(len(self.rows), 1, file)
        row = self.rows[0]
        self.assertEqual((row["project"], float(row["chosen_stage"]), float(row["max_rejected_stage"])), ("mojo1", 2, 3))
        self.assertEqual(logs.base(row["chosen_path"]), A2)
        self.assertEqual([logs.base(p) for p in logs.read_list(row["rejected_paths"])], [A1, A3])
        self.assertEqual((self.by["mojo1"]["selections"], self.by["mojo1"]["anomalies"], self.by["mojo1"]["rate"]), (1, 1, 1))
        self.merge(file)
        self.assertEqual(self.merged, self.WANT, file)
        self.assertEqual((self.one()["chosen_stage"], self.one()["neg_stages"], self.one()["anomaly"]), (2, [1, 3], True))

    def paths(self):
        for prefix in ("/Users/erik/Pictures/mojo1/", "PROJECT_ROOT/mojo1/", "PROJECT_ROOT/training data/mojo1/faces/",
                       "training data/mojo1/", "mojo1/faces/", "sandbox/mojo1/", "mojo1_raw/", "content/mojo1/selected/"):
            yield prefix + A2, [prefix + A3, prefix + A1]

    def manifest(self):
        self.write("mojo1.project.json", '{"projectId":"mojo1"}')
        return ("--manifest", "mojo1.project.json")

    def test_selection_log(self):
        for winner, losers in self.paths():
            for notation in ("json", "spaced", "python", "doubled"):
                self.csv("s.csv", logs.SELECTION, [logs.selection_row(winner, losers, notation)])
                options = self.manifest()
                self.anomalies("s.csv", options=options)
                self.assertEqual([r["project"] for r in self.rows], ["mojo1"], (winner, notation))
                self.merge("s.csv", options=options)
                self.assertEqual(self.merged, self.WANT, (winner, notation))

    def test_by_convention_without_knowing_anything(self):
        for prefix in ("PROJECT_ROOT/mojo1/", "PROJECT_ROOT/training data/mojo1/faces/", "/abs/x/training data/mojo1/",
                       "mojo1/faces/", "/home/x/sandbox/mojo1/", "PROJECT_ROOT/training data/mojo1_final/_young/",
                       "training data/mojo1_raw/", "archives/mojo1_raw_incoming/"):
            self.csv("s.csv", logs.SELECTION, [logs.selection_row(prefix + A2, [prefix + A1, prefix + A3])])
            self.check("s.csv")

    def test_timestamps(self):
        for stamp in ("2025-10-05T01:43:47Z", "2025-10-05T01:43:47.123456Z", "2025-10-05T01:43:47+00:00", "20251005_014347",
                      "2025-10-05 01:43:47", "2025-10-05T03:43:47+02:00", ""):
            self.csv("s.csv", logs.SELECTION, [logs.selection_row("mojo1/" + A2, ["mojo1/" + A1, "mojo1/" + A3], timestamp=stamp)])
            self.check("s.csv")

    def test_anomaly_cases(self):
        for notation in ("json", "python", "doubled"):
            self.csv("s.csv", logs.ANOMALY, [logs.anomaly_row("mojo1", "PROJECT_ROOT/mojo1/" + A2,
                                                             ["PROJECT_ROOT/mojo1/" + A1, "PROJECT_ROOT/mojo1/" + A3], notation)])
            self.check("s.csv")

    def test_entries_csv(self):
        for notation in ("json", "python"):
            self.csv("s.csv", logs.ENTRY, [logs.entry_row("mojo1", "x/y/" + A2, ["x/y/" + A1, "x/y/" + A3], notation)])
            self.check("s.csv")
        self.write("s.csv", "project,timestamp,chosen_path,chosen_stage,neg_paths,neg_stages,was_cropped\n"
                   "mojo1,20250708_060711,/path/to/%s,2.0,\"['/path/to/%s','/path/to/%s']\",\"[1.0,3.0]\",true\n" % (A2, A1, A3))
        self.check("s.csv")

    def test_entries_jsonl(self):
        self.write("s.jsonl", json.dumps({"project": "mojo1", "chosen_path": "/p/" + A2, "neg_paths": ["/p/" + A1, "/p/" + A3]}))
        self.check("s.jsonl")
        self.write("s.jsonl", json.dumps({
            "project": "mojo1", "timestamp": "20250708_060711", "chosen_path": "/p/" + A2, "chosen_stage": 2.0, "neg_paths":
            ["/p/" + A3, "/p/" + A1], "neg_stages": [3.0, 1.0], "was_cropped": True, "metadata": {"raw_dir": "archives/mojo1_raw",
                                                                                             "final_dir": "mojo1"}}) + "\n")
        self.check("s.jsonl")

    def test_crop_log_of_several_images(self):
        for count in (0, 1, 3):
            rows = [logs.crop_row("mojo1", "mojo1/" + A2, ["mojo1/" + A1, "mojo1/" + A3], (0, 100, 500, 600), place=p)
                    for p in (0, 1, 2)]
            for row in rows:
                self.csv("s.csv", logs.crop_columns(3 + count), [row])
                self.check("s.csv")
                crop = self.one()["crop"]
                for key, value in zip(("x1", "y1", "x2", "y2"), (0, 0.1, 0.5, 0.6)):
                    self.assertAlmostEqual(crop[key], value, 6)
                self.assertEqual(crop["box_px"], [0, 100, 500, 600])

    def test_columns_in_any_order_with_further_ones(self):
        row = logs.selection_row("mojo1/" + A2, ["mojo1/" + A1, "mojo1/" + A3])
        row["note"] = 'said "yes",\nthen no'
        for columns in (list(reversed(logs.SELECTION)), ["note"] + logs.SELECTION, logs.SELECTION[:2] + ["note"] + logs.SELECTION[2:]):
            for newline in ("\n", "\r\n"):
                self.csv("s.csv", columns, [row], newline=newline)
                self.check("s.csv")

    def test_bom_and_missing_newline(self):
        text = logs.csv_text(logs.SELECTION, [logs.selection_row("mojo1/" + A2, ["mojo1/" + A1, "mojo1/" + A3])])
        for data in ("\ufeff" + text, text.rstrip("\n"), text + "\n\n", "\ufeff" + text.replace("\n", "\r\n")):
            self.write("s.csv", data)
            self.check("s.csv")

    def test_backslashes(self):
        """Paths of a machine that writes them the other way."""
        winner, losers = "C:\\pics\\mojo1\\" + A2, ["C:\\pics\\mojo1\\" + A1, "C:\\pics\\mojo1\\" + A3]
        for notation in ("json", "python"):
            self.csv("s.csv", logs.SELECTION, [logs.selection_row(winner, losers, notation)])
            result = self.run_in_dir("merge", "--output", "m.jsonl", *self.manifest(), "s.csv")
            self.assert_quiet_of_noise(result)
            if result.code != DONE:
                self.assertRegex(result.err, "project", "a row that is left out has a reason")

    def test_odd_characters_in_lists(self):
        odd = ["it's.png", 'say "hi".png', "a,b.png", "[x].png", "back\\slash.png", "\u65e5\u672c.png", "tab\t.png", "{}.png"]
        for notation in ("json", "spaced", "python"):
            self.csv("s.csv", logs.SELECTION, [logs.selection_row("mojo1/" + A2, ["mojo1/" + o for o in odd], notation)])
            self.merge("s.csv")
            self.assertEqual(set(self.one()["neg_paths"]), {"mojo1/" + o for o in odd}, notation)

    def test_mixture(self):
        """All forms at once, in any order."""
        self.csv("1.csv", logs.SELECTION, [logs.selection_row("mojo1/" + A2, ["mojo1/" + A1])])
        self.csv("2.csv", logs.ANOMALY, [logs.anomaly_row("mojo1", "mojo1/" + A1, ["mojo1/" + A3])])
        self.csv("3.csv", logs.ENTRY, [logs.entry_row("mojo2", "x/" + A1, ["x/" + A3])])
        self.write("4.jsonl", json.dumps({"project": "mojo2", "chosen_path": "x/" + A3, "neg_paths": ["x/" + A15]}) + "\n")
        self.csv("5.csv", logs.crop_columns(2), [logs.crop_row("mojo1", "mojo1/" + B2, ["mojo1/" + B3], (0, 0, 0.5, 0.5))])
        self.csv("6.csv", logs.CROP_7, [{"timestamp": "2025-10-05T01:24:18Z", "project_id": "mojo1", "filename": B1, "crop_x1": 0,
                                        "crop_y1": 0, "crop_x2": 50, "crop_y2": 60, "width": 100, "height": 120}])
        want = {("mojo1", A2, frozenset((A1,))), ("mojo1", A1, frozenset((A3,))), ("mojo2", A1, frozenset((A3,))),
                ("mojo2", A3, frozenset((A15,))), ("mojo1", B2, frozenset((B3,))), ("mojo1", B1, frozenset())}
        files = ["%d.csv" % i for i in (1, 2, 3)] + ["4.jsonl", "5.csv", "6.csv"]
        for order in (files, files[::-1]):
            self.merge(*order)
            self.assertEqual(self.merged, want)
        self.anomalies(*files)
        self.assertEqual(len(self.rows), 3)
        self.assertEqual((self.by["mojo1"]["selections"], self.by["mojo1"]["anomalies"]), (3, 2))
        self.assertEqual((self.by["mojo2"]["selections"], self.by["mojo2"]["anomalies"], self.by["mojo2"]["rate"]), (2, 1, 0.5))


class TestCrops(LogTest):
    """Boxes in pixels or in fractions, row by row, and those that say nothing."""

    def crop7(self, box, size=(1000, 2000), file=A2, project="mojo1"):
        row = {"timestamp": "2025-10-05T01:24:18Z", "project_id": project, "filename": file, "width": size[0], "height": size[1]}
        row.update(zip(("crop_x1", "crop_y1", "crop_x2", "crop_y2"), box))
        return row

    def crops(self):
        return {logs.base(e["chosen_path"]): tuple(round(e["crop"][k], 6) for k in ("x1", "y1", "x2", "y2"))
                for e in self.lines if e["crop"]}

    def test_minimal_form(self):
        self.csv("c.csv", logs.CROP_7, [self.crop7((0, 0, 500, 1000), file=A1), self.crop7((0.25, 0, 0.75, 0.5), file=A2),
                                        self.crop7((0.0, 0.0, 1.0, 1.0), file=A3), self.crop7((100, 0, 600, 1000), (0, 0), A15),
                                        self.crop7((0, 0, 1000, 2000), file=B1)])
        self.merge("c.csv", code=(DONE, FAILED))
        crops = self.crops()
        self.assertEqual(crops, {A1: (0, 0, 0.5, 0.5), A2: (0.25, 0, 0.75, 0.5), B1: (0, 0, 1, 1)})

    def test_fractions_with_unknown_size(self):
        """A fraction needs no size."""
        self.csv("c.csv", logs.CROP_7, [self.crop7((0.25, 0, 0.75, 0.5), (0, 0))])
        self.merge("c.csv")
        self.assertEqual(self.crops(), {A2: (0.25, 0, 0.75, 0.5)})

    def without_project(self):
        with open(self.path("r.json"), "rb") as f:
            return strict_json(f.read())["counts"]["without_project"]

    def test_crops_of_no_known_project(self):
        """Kept, and said: no cache can have their images."""
        self.csv("c.csv", logs.CROP_9, [{"session_id": "s", "directory": "crop", "chosen_path": "crop/" + file, "chosen_stage": "stage2",
                                         "crop_x1": 0.1, "crop_y1": 0.2, "crop_x2": 0.6, "crop_y2": 0.7,
                                         "timestamp": "2025-10-05T01:24:18Z"} for file in (A2, B2)])
        result = self.merge("c.csv", options=("--report", "r.json"))
        self.assertEqual([e["project"] for e in self.lines], [None, None])
        self.assertIn("no known project: 2;", result.err)
        self.assertEqual(self.without_project(), 2)
        result = self.merge("c.csv", options=("--project", "mojo1", "--report", "r.json"))
        self.assertEqual([e["project"] for e in self.lines], ["mojo1", "mojo1"])
        self.assertNotIn("no known project", result.err)
        self.assertEqual(self.without_project(), 0)

    def test_broken_boxes(self):
        """Never a crop that cannot be: each is reported with its row, or has no crop."""
        bad = [(500, 0, 100, 1000), (0, 0, 0, 0), (-5, 0, 500, 1000), (0, 0, 5000, 9000), ("x", 0, 1, 1), ("nan", 0, 0.5, 0.5),
               (0, 0, "inf", 5), ("", "", "", ""), (0.5, 0.5, 0.5, 0.9), (1e300, 0, 2e300, 5), ("0x10", 0, 900, 900),
               (0, 0, "1e400", 1)]
        for box in bad:
            self.csv("c.csv", logs.CROP_7, [self.crop7(box), self.crop7((0, 0, 500, 1000), file=B2)])
            result = self.merge("c.csv", code=(DONE, FAILED))
            self.assertEqual(self.crops(), {B2: (0, 0, 0.5, 0.5)}, (box, str(result)))
            self.assertRegex(result.err + result.out, r"(?i)c\.csv|row|line|no crop|skipped|left out", box)

    def test_crop_log_of_nine_columns(self):
        row = {"session_id": "s", "directory": "mojo1", "chosen_path": "PROJECT_ROOT/mojo1/" + A2, "chosen_stage": "stage2_upscaled",
               "crop_x1": 0.1, "crop_y1": 0.2, "crop_x2": 0.6, "crop_y2": 0.7, "timestamp": "2025-10-05T01:24:18Z"}
        self.csv("c.csv", logs.CROP_9, [row, dict(row, chosen_path="PROJECT_ROOT/mojo1/" + B2, crop_x2=512, crop_y2=800)])
        self.merge("c.csv", code=(DONE, FAILED))
        self.assertEqual(self.crops(), {A2: (0.1, 0.2, 0.6, 0.7)})

    def test_placeholder_in_a_selection(self):
        """(0,0,1,1) is no crop; the selection stays."""
        self.csv("c.csv", logs.crop_columns(2), [logs.crop_row("mojo1", "mojo1/" + A2, ["mojo1/" + A1], (0.0, 0.0, 1.0, 1.0))])
        self.merge("c.csv")
        self.assertEqual(self.merged, {("mojo1", A2, frozenset((A1,)))})
        self.assertIsNone(self.one()["crop"])

    def test_crop_logs_alone_have_no_anomalies(self):
        self.csv("c.csv", logs.CROP_7, [self.crop7((0, 0, 500, 1000))])
        result = self.run_in_dir("anomalies", "--input", "c.csv", "--output", "a.csv", "--summary", "a.json")
        if result.code == DONE:
            self.anomalies("c.csv")
            self.assertEqual(self.rows, [])
        else:
            self.fails(result, "c.csv")


class TestProjects(LogTest):
    """Whose a path is."""

    def selections(self, *pairs):
        self.csv("s.csv", logs.SELECTION, [logs.selection_row(w, l, set_id="g%d" % i) for i, (w, l) in enumerate(pairs)])

    def projects(self, *options, code=DONE):
        self.merge("s.csv", options=options, code=code)
        return [e["project"] for e in self.lines]

    def test_alias(self):
        self.selections(("PROJECT_ROOT/Mojo_One/" + A2, ["PROJECT_ROOT/Mojo_One/" + A1]),
                        ("PROJECT_ROOT/mojo1/" + B2, ["PROJECT_ROOT/mojo1/" + B1]))
        self.assertEqual(self.projects("--project-alias", "Mojo_One=mojo1"), ["mojo1", "mojo1"])
        self.anomalies("s.csv", options=("--project-alias", "Mojo_One=mojo1"))
        self.assertEqual(list(self.by), ["mojo1"])

    def test_alias_joins_what_is_the_same_decision(self):
        self.selections(("a/old name/" + A2, ["a/old name/" + A1]), ("mojo1/" + A2, ["mojo1/" + A1]))
        self.assertEqual(self.projects("--project-alias", "old name=mojo1"), ["mojo1"])

    def test_alias_chains_and_loops(self):
        self.selections(("/x/one/" + A2, ["/x/one/" + A1]))
        self.assertEqual(self.projects("--project-alias", "one=two", "--project-alias", "two=three"), ["three"])
        result = self.run_in_dir("merge", "--output", "loop.jsonl", "--project-alias", "one=two", "--project-alias", "two=one",
                                 "s.csv", timeout=20)
        self.assert_quiet_of_noise(result)
        for bad in ("one", "=two", "one=", "=", ""):
            self.fails(self.run_in_dir("merge", "--output", "x.jsonl", "--project-alias", bad, "s.csv"), code=(FAILED, USAGE))
            self.assertFalse(os.path.exists(self.path("x.jsonl")), bad)

    def test_alias_in_rows_that_name_their_project(self):
        self.csv("s.csv", logs.ANOMALY, [logs.anomaly_row("old", "PROJECT_ROOT/old/" + A1, ["PROJECT_ROOT/old/" + A2])])
        self.assertEqual(self.projects("--project-alias", "old=new"), ["new"])
        self.write("s.jsonl", json.dumps({"project": "old", "chosen_path": "p/" + A2, "neg_paths": ["p/" + A1]}) + "\n")
        self.merge("s.jsonl", options=("--project-alias", "old=new"))
        self.assertEqual(self.one()["project"], "new")

    def test_config(self):
        """Names and folders of the config, whatever they are called."""
        os.makedirs(self.path("pictures 1/everything"))
        os.makedirs(self.path("pictures 1/best"))
        self.write("paths.json", json.dumps({"projects": [
            {"name": "Anna", "raw_dir": "pictures 1/everything", "final_dir": "pictures 1/best"},
            {"name": "Ben", "raw_dir": "/abs/ben stuff", "final_dir": "/abs/ben done"}]}))
        self.selections(("pictures 1/best/" + A2, ["pictures 1/everything/" + A1]),
                        ("/abs/ben done/x/" + A2, ["/abs/ben stuff/y/" + A1]),
                        ("/volumes/old disk/Anna_raw/faces/" + B2, ["/volumes/old disk/Anna_raw/faces/" + B1]),
                        ("/volumes/ben/" + B2, ["/volumes/ben/" + B1]))
        self.assertEqual(self.projects("--config", "paths.json"), ["Anna", "Ben", "Anna", "Ben"])

    def test_manifests(self):
        self.write("m/anna.project.json", json.dumps({"projectId": "anna", "title": "Anna B."}))
        self.write("m/ben.project.json", json.dumps({"projectId": "ben", "title": "Ben"}))
        self.write("m/notes.json", "not a manifest")
        self.selections(("/v/anna/" + A2, ["/v/anna/" + A1]), ("/v/Anna B./" + B2, ["/v/Anna B./" + B1]),
                        ("/v/Ben_final/x/" + A2, ["/v/Ben_raw/" + A1]))
        self.assertEqual(self.projects("--manifest", "m"), ["anna", "anna", "ben"])

    def test_root(self):
        """PROJECT_ROOT in paths stands for a folder of this machine."""
        self.selections(("PROJECT_ROOT/mojo1/" + A2, ["PROJECT_ROOT/mojo1/" + A1]))
        self.projects("--root", "/data/pics")
        entry = self.one()
        self.assertEqual((entry["project"], entry["chosen_path"], entry["neg_paths"]),
                         ("mojo1", "/data/pics/mojo1/" + A2, ["/data/pics/mojo1/" + A1]))

    def test_rows_that_tell_nothing(self):
        """--project says whose they are, and only those."""
        self.selections(("/x/y/" + A2, ["/x/y/" + A1]), ("PROJECT_ROOT/mojo1/" + A2, ["PROJECT_ROOT/mojo1/" + A1]))
        self.assertEqual(self.projects("--project", "anna"), ["anna", "mojo1"])

    def test_by_the_time_of_decision(self):
        """Paths of working folders tell nothing; the manifests' dates do, if exactly one fits."""
        for n, start, end in (("anna", "2025-10-01", "2025-10-04"), ("ben", "2025-10-06", "2025-10-10")):
            self.write("m/%s.project.json" % n, json.dumps({"projectId": n, "startedAt": start + "T00:00:00Z",
                                                            "finishedAt": end + "T00:00:00Z"}))
        times = ("2025-10-04T23:59:59Z", "2025-10-05T12:00:00Z", "2025-10-10T12:00:00.5Z", "2025-09-30T23:59:59Z", "2025-10-06T01:00:00+02:00",
                 "2025-10-06T00:00:00Z")
        self.csv("s.csv", logs.SELECTION, [logs.selection_row("crop/w%d.png" % i, ["crop/l%d.png" % i], timestamp=t)
                                          for i, t in enumerate(times)])
        result = self.merge("s.csv", options=("--manifest", "m", "--by-manifest-dates"), code=(DONE, FAILED))
        self.assertEqual([(e["project"], e["chosen_path"]) for e in self.lines],
                         [("anna", "crop/w0.png"), ("ben", "crop/w2.png"), ("ben", "crop/w5.png")], str(result))

    def test_unknown_projects_are_refused(self):
        """With losers and without a project: left out, named with its row; the exit code says so."""
        self.selections(("/x/y/" + A2, ["/x/y/" + A1]), ("/x/mojo1/" + A2, ["/x/mojo1/" + A1]))
        self.write("mojo1.project.json", '{"projectId":"mojo1"}')
        result = self.merge("s.csv", options=("--manifest", "mojo1.project.json"), code=(DONE, FAILED))
        self.assertEqual([e["project"] for e in self.lines], ["mojo1"])
        self.assertIn("s.csv", result.err + result.out)
        self.assertRegex(result.err + result.out, r"\b2\b")

    def test_two_known_names_in_one_path(self):
        for n in ("anna", "ben"):
            self.write("m/%s.project.json" % n, json.dumps({"projectId": n}))
        self.selections(("/v/anna/ben/" + A2, ["/v/anna/ben/" + A1]), ("/v/anna/" + A2, ["/v/anna/" + A1]))
        self.assertEqual(self.projects("--manifest", "m", code=(DONE, FAILED)), ["anna"])

    def test_names_that_only_contain_a_name(self):
        for n in ("mojo1", "mojo10"):
            self.write("m/%s.project.json" % n, json.dumps({"projectId": n}))
        self.selections(("/v/mojo10/" + A2, ["/v/mojo10/" + A1]), ("/v/mojo1/" + A2, ["/v/mojo1/" + A1]))
        self.assertEqual(self.projects("--manifest", "m"), ["mojo10", "mojo1"])

    def test_a_project_whose_name_ends_like_a_folder(self):
        """Aiko_raw is a project's name: taken as it stands, before anything is cut off."""
        self.csv("s.csv", logs.ANOMALY, [logs.anomaly_row("Aiko_raw", "PROJECT_ROOT/training data/Aiko_raw/" + A1,
                                                         ["PROJECT_ROOT/training data/Aiko_raw/" + A2]),
                                        logs.anomaly_row("Aiko", "PROJECT_ROOT/training data/Aiko/" + B1,
                                                         ["PROJECT_ROOT/training data/Aiko/" + B2])])
        self.assertEqual(self.projects(), ["Aiko_raw", "Aiko"])

    def test_the_file_name_is_no_folder(self):
        """A file called as a project is not in it."""
        self.write("m/mojo1.project.json", '{"projectId":"mojo1"}')
        self.selections(("/v/w/mojo1", ["/v/w/mojo1.png"]), ("/v/mojo1/a.png", ["/v/mojo1/b.png"]))
        self.assertEqual(self.projects("--manifest", "m", code=(DONE, FAILED)), ["mojo1"])
        self.assertEqual(logs.base(self.one()["chosen_path"]), "a.png")


class TestBadLogs(LogTest):
    """What is broken is left out, named with its row; the rest is used."""

    def test_bad_rows(self):
        good = logs.selection_row("mojo1/" + A2, ["mojo1/" + A1])
        bad = [dict(good, neg_paths="[unfinished"), dict(good, neg_paths="[1, 2]"), dict(good, chosen_path=""),
               dict(good, neg_paths="[]"), dict(good, neg_paths=""), dict(good, neg_paths='["a"] trailing'),
               dict(good, neg_paths='{"a": 1}'), dict(good, neg_paths="[['mojo1/x.png']]"), dict(good, neg_paths="null"),
               dict(good, neg_paths='["mojo1/%s", null]' % A1), dict(good, neg_paths='["mojo1/%s"]' % A2),
               dict(good, neg_paths="[" * 100000), dict(good, neg_paths='[""]'), dict(good, neg_paths="__import__('os')"),
               dict(good, neg_paths='["mojo1/x\\u0000.png"]')]
        for i, row in enumerate(bad):
            self.csv("s.csv", logs.SELECTION, [row, logs.selection_row("mojo1/" + B2, ["mojo1/" + B1])])
            result = self.merge("s.csv", code=(DONE, FAILED))
            self.assertEqual(self.merged, {("mojo1", B2, frozenset((B1,)))}, (i, str(result)))
            self.assertIn("s.csv", result.err, str(result))
            self.assertRegex(result.err, r"\b2\b", str(result))

    def test_short_and_long_rows(self):
        text = logs.csv_text(logs.SELECTION, [logs.selection_row("mojo1/" + B2, ["mojo1/" + B1])])
        for line in ("s,g,mojo1/x.png", "s,g", "", ",,,,", 's,g,mojo1/x.png,"[""mojo1/y.png"",20250101', "\0\0\0"):
            self.write("s.csv", text + line + "\n")
            result = self.run_in_dir("merge", "--output", "m.jsonl", "s.csv")
            self.assert_quiet_of_noise(result)
            if os.path.exists(self.path("m.jsonl")):
                self.assertEqual([logs.base(e["chosen_path"]) for e in read_jsonl(self.path("m.jsonl"))], [B2], line)
                os.remove(self.path("m.jsonl"))
            else:
                self.fails(result, "s.csv")

    def test_files_that_are_no_logs(self):
        for data in (b"", b"\n\n", b"a,b,c\n1,2,3\n", b"\x89PNG\r\n\x1a\n" + bytes(99), b"[]", b"null\n", b"\0" * 5000, b"\xff\xfe" * 99,
                     b"{}", b"hello", b'"' * 3001, b"project,chosen_path\nx,y\n", b"session_id,set_id,chosen_path\na,b,c\n",
                     "session_id,set_id,chosen_path,neg_paths,timestamp\n".encode("utf-16")):
            self.write("s.csv", data)
            for args in (("merge", "--output", "x.jsonl", "s.csv"),
                         ("anomalies", "--input", "s.csv", "--output", "x.csv", "--summary", "x.json")):
                result = self.run_in_dir(*args)
                self.assert_quiet_of_noise(result)
                self.assertIn(result.code, (DONE, FAILED), (data[:40], str(result)))
                if data.strip():
                    self.fails(result, "s.csv")

    def test_pipes_and_devices(self):
        """Refused, or read right: never taken for an empty file, never read for ever."""
        text = logs.csv_text(logs.SELECTION, [logs.selection_row("mojo1/" + B2, ["mojo1/" + B1])])
        os.mkfifo(self.path("pipe.csv"))
        feeder = subprocess.Popen(["timeout", "10", "sh", "-c", "printf %s \"$0\" > pipe.csv", text], cwd=self.dir)
        self.addCleanup(feeder.wait)
        self.addCleanup(feeder.terminate)
        result = self.run_in_dir("merge", "--output", "m.jsonl", "pipe.csv", timeout=20)
        if result.code == DONE:
            self.assertEqual(len(read_jsonl(self.path("m.jsonl"))), 1)
        else:
            self.fails(result, "pipe.csv", "regular file")
        if os.path.exists("/dev/zero"):
            self.fails(self.run_in_dir("merge", "--output", "x.jsonl", "/dev/zero", timeout=20), "/dev/zero")

    def test_header_only(self):
        for columns in (logs.SELECTION, logs.ANOMALY, logs.CROP_9, logs.CROP_7, logs.ENTRY, logs.crop_columns(2)):
            self.write("h.csv", ",".join(columns) + "\n")
            self.csv("s.csv", logs.SELECTION, [logs.selection_row("mojo1/" + B2, ["mojo1/" + B1])])
            self.merge("h.csv", "s.csv")
            self.assertEqual(len(self.lines), 1, columns)
            self.anomalies("h.csv", "s.csv")
            self.assertEqual(self.by["mojo1"]["selections"], 1)

    def test_missing_inputs(self):
        self.fails(self.run_in_dir("merge", "--output", "x.jsonl", "nowhere.csv"), "nowhere.csv")
        self.fails(self.run_in_dir("anomalies", "--input", "nowhere.csv", "--output", "x.csv", "--summary", "x.json"), "nowhere.csv")
        self.fails(self.run_in_dir("merge", "--output", "x.jsonl"), code=USAGE)
        self.fails(self.run_in_dir("anomalies", "--output", "x.csv", "--summary", "x.json"), code=USAGE)
        self.fails(self.run_in_dir("merge", "nowhere.csv"), code=USAGE)
        for file in ("x.jsonl", "x.csv", "x.json"):
            self.assertFalse(os.path.exists(self.path(file)))

    def test_latin1_text(self):
        """Never mangled into something else, never a crash, and the JSON stays JSON."""
        text = logs.csv_text(logs.SELECTION, [logs.selection_row("mojo1/J\u00fcrgen/" + A2, ["mojo1/J\u00fcrgen/" + A1]),
                                             logs.selection_row("mojo1/" + B2, ["mojo1/" + B1])])
        self.write("s.csv", text.encode("latin-1"))
        result = self.run_in_dir("merge", "--output", "m.jsonl", "s.csv")
        self.assert_quiet_of_noise(result)
        if os.path.exists(self.path("m.jsonl")):
            self.assertIn(("mojo1/" + B2), [e["chosen_path"] for e in read_jsonl(self.path("m.jsonl"))])

    def test_long_lines(self):
        """A line of 20 MB: done or refused, in little time."""
        many = ["mojo1/%s" % name(i, 1, "x" * 180) for i in range(3000)]
        self.csv("s.csv", logs.SELECTION, [logs.selection_row("mojo1/" + B2, many)])
        self.merge("s.csv")
        self.assertEqual(len(self.one()["neg_paths"]), 3000)
        self.write("s.csv", b"session_id,set_id,chosen_path,neg_paths,timestamp\na,b,mojo1/x.png,\"" + b"[" * 20000000 + b"\",1\n")
        result = self.run_in_dir("merge", "--output", "x.jsonl", "s.csv", timeout=30)
        self.fails(result, "s.csv")


class TestAnomalies(LogTest):

    def test_summary(self):
        rows = [logs.selection_row("mojo1/" + A2, ["mojo1/" + A3, "mojo1/" + A1]), logs.selection_row("mojo1/" + A3, ["mojo1/" + A15]),
                logs.selection_row("mojo1/" + B1, ["mojo1/" + B3]), logs.selection_row("mojo1/odd.png", ["mojo1/other.png"]),
                logs.selection_row("mojo2/" + A15, ["mojo2/" + A2]), logs.selection_row("mojo2/" + B3, ["mojo2/" + B2]),
                logs.selection_row("mojo2/" + A2, ["mojo2/" + B2])]
        self.csv("s.csv", logs.SELECTION, rows)
        result = self.anomalies("s.csv", code=(DONE, FAILED))
        self.assertEqual([(r["project"], float(r["chosen_stage"]), float(r["max_rejected_stage"])) for r in self.rows],
                         [("mojo1", 2, 3), ("mojo1", 1, 3), ("mojo2", 1.5, 2)])
        m1, m2 = self.by["mojo1"], self.by["mojo2"]
        self.assertEqual((m1["selections"], m1["anomalies"], m1["unparseable"]), (4, 2, 1))
        self.assertEqual((m2["selections"], m2["anomalies"], m2["unparseable"]), (3, 1, 0))
        self.assertAlmostEqual(m1["rate"], 2 / 3)
        self.assertAlmostEqual(m2["rate"], 1 / 3)
        pairs = {(p["chosen"], p["rejected"]): p["count"] for p in m1["stage_pairs"]}
        self.assertEqual((pairs[2, 3], pairs[1, 3]), (1, 1))
        total = self.summary["total"]
        self.assertEqual((total["selections"], total["anomalies"], total["unparseable"]), (7, 3, 1))
        self.assertAlmostEqual(total["rate"], 0.5)
        # The table is ranked: the project with more of them first.
        text = result.out + result.err
        self.assertLess(text.index("mojo1"), text.index("mojo2"), text)

    def test_json_is_the_summary(self):
        self.csv("s.csv", logs.SELECTION, [logs.selection_row("mojo1/" + A2, ["mojo1/" + A3])])
        result = self.anomalies("s.csv", options=("--json", "--quiet"))
        self.assertEqual(result.json()["summary"], self.summary)

    def test_output_can_be_read_again(self):
        self.csv("s.csv", logs.SELECTION, [logs.selection_row("mojo1/" + A2, ["mojo1/" + A3]),
                                          logs.selection_row("mojo1/it's/" + B1, ["mojo1/it's/" + B3, "mojo1/it's/" + B2])])
        self.anomalies("s.csv")
        first = self.rows
        os.rename(self.path("a.csv"), self.path("again.csv"))
        self.anomalies("again.csv")
        self.assertEqual(self.rows, first)
        self.assertEqual(len(first), 2)

    def test_real_anomaly_cases(self):
        path = os.path.join(LEGACY, "logs/anomaly_cases.csv")
        if not os.path.exists(path):
            self.skipTest("../shared/data is not here")
        result = self.anomalies(path)
        self.assertEqual(len(self.rows), 518)
        self.assertEqual(self.summary["total"]["anomalies"], 518)
        want = {}
        with open(path, encoding="utf-8", newline="") as f:
            for row in csv.DictReader(f):
                want[row["project"]] = want.get(row["project"], 0) + 1
        self.assertEqual({p: c["anomalies"] for p, c in self.by.items()}, want, str(result))
        with open(path, encoding="utf-8", newline="") as f:
            want = {(r["project"], logs.base(r["chosen_path"]), tuple(sorted(map(logs.base, logs.read_list(r["rejected_paths"])))))
                    for r in csv.DictReader(f)}
        self.assertEqual({(r["project"], logs.base(r["chosen_path"]),
                           tuple(sorted(map(logs.base, logs.read_list(r["rejected_paths"]))))) for r in self.rows}, want)

    def test_real_logs(self):
        folder = os.path.join(LEGACY, "logs")
        if not os.path.isdir(folder):
            self.skipTest("../shared/data is not here")
        history = os.path.join(folder, "historical_selection_log.csv")
        self.anomalies(history)
        self.assertEqual(list(self.by), ["mojo1"])
        self.assertEqual(self.by["mojo1"]["selections"], 23)
        decisions = logs.decisions_of(history, {"mojo1"})
        anomalies = [d for d in decisions if any(logs.stage_of(l) > logs.stage_of(d.winner) for l in d.losers)]
        self.assertEqual(len(self.rows), len(anomalies))
        crops = os.path.join(folder, "select_crop_log.csv")
        self.anomalies(crops)
        self.assertEqual({p: c["selections"] for p, c in self.by.items()}, {"mojo1": 1})
        self.assertEqual(self.rows, [])
        self.merge(history, crops, os.path.join(folder, "anomaly_cases.csv"), code=(DONE, FAILED),
                   options=("--manifest", os.path.join(LEGACY, "projects")))
        withlosers = [e for e in self.lines if e["neg_paths"]]
        names = {"mojo1", "mojo2", "1011", "tattersail-0918", "aiko_raw"}
        self.assertGreater(len(withlosers), 500)
        self.assertLessEqual({"mojo1", "mojo2", "1011", "tattersail-0918"}, {e["project"] for e in withlosers})
        self.assertNotIn("", {e["project"] for e in withlosers})
        self.assertEqual(len({"Aiko_raw", "aiko_raw"} & {e["project"] for e in withlosers}), 1)
        truth = {}
        for decision in logs.decisions_of(crops, names):
            if decision and decision.box:
                truth.setdefault(decision.winner, []).append(decision.box)
        seen = 0
        for entry in self.lines:
            boxes = truth.get(logs.base(entry["chosen_path"]), [])
            if entry["crop"] and boxes:
                seen += 1
                got = tuple(entry["crop"][k] for k in ("x1", "y1", "x2", "y2"))
                self.assertGreater(max(logs.iou(box, got) for box in boxes), 0.99)
        self.assertGreater(seen, 5000)


class TestWriting(LogTest):
    """--selection-log and --crop-log."""

    def project(self, project="mojo1", shift=0):
        for i in range(4):
            picture = Picture.noise(30, 40, i)
            for stage in (1, 2, 3):
                self.write("%s/raw/%s" % (project, name(100 * (i + shift) + stage, stage)), picture, T0)
            if i < 3:
                self.write("%s/final/%s" % (project, name(100 * (i + shift) + 2, 2)), picture.crop(i, 0, 15 + i, 20) if i < 2 else picture,
                           T0 + 1000 * (i < 2))

    def extract(self, *options, project="mojo1", code=DONE, output="o.jsonl"):
        result = self.run_in_dir("extract", "--raw", project + "/raw", "--final", project + "/final", "--project", project, "--output",
                                 output, "--date", DATE, "--selection-log", "sel.csv", "--crop-log", "crop.csv", "--quiet", *options)
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, code, str(result))
        return result

    def read(self, file):
        with open(self.path(file), encoding="utf-8", newline="") as f:
            reader = csv.DictReader(f, strict=True)
            rows = list(reader)
        for row in rows:
            self.assertNotIn(None, row)
            self.assertNotIn(None, row.values())
        return reader.fieldnames, rows

    def both(self):
        data = []
        for file in ("sel.csv", "crop.csv"):
            with open(self.path(file), "rb") as f:
                data.append(f.read())
        return data

    def test_selection_log(self):
        self.project()
        self.extract()
        header, rows = self.read("sel.csv")
        self.assertEqual(header, logs.SELECTION)
        self.assertEqual(len(rows), 3)
        entries = read_jsonl(self.path("o.jsonl"))
        self.assertEqual([(r["chosen_path"], json.loads(r["neg_paths"])) for r in rows],
                         [(e["chosen_path"], e["neg_paths"]) for e in entries])
        self.assertEqual(len({r["set_id"] for r in rows}), 3)

    def test_crop_log(self):
        """Only what is known: two crops."""
        self.project()
        self.extract()
        header, rows = self.read("crop.csv")
        self.assertIn(header[:9], (logs.CROP_7, logs.CROP_9, logs.CROP_HEAD[:9]))
        self.assertEqual(len(rows), 2)
        boxes = [tuple(float(r["crop_" + k]) for k in ("x1", "y1", "x2", "y2")) for r in rows]
        for i, box in enumerate(boxes):
            want = (i, 0, 15 + i, 20)
            if max(box) <= 1:
                want = (i / 30, 0, (15 + i) / 30, 0.5)
            for a, b in zip(box, want):
                self.assertAlmostEqual(a, b, 5)

    def test_round_trip(self):
        """What was written gives the same decisions, and is the same decisions to merge."""
        self.project()
        self.extract()
        entries = read_jsonl(self.path("o.jsonl"))
        want = {(e["project"], logs.base(e["chosen_path"]), frozenset(logs.base(p) for p in e["neg_paths"])) for e in entries}
        self.merge("sel.csv")
        self.assertEqual(self.merged, want)
        self.merge("o.jsonl", "sel.csv", "crop.csv", code=(DONE, FAILED))
        self.assertEqual(self.merged, want)
        self.assertEqual(len(self.lines), 3)
        for entry, line in zip(entries, self.lines):
            for key in ("project", "chosen_path", "chosen_stage", "neg_paths", "neg_stages", "set_id", "crop", "was_cropped",
                        "chosen_final_path", "crop_evidence", "group_mode", "evidence", "metadata", "timestamp", "anomaly"):
                self.assertEqual(line[key], entry[key], key)
        self.merge("sel.csv", "crop.csv", code=(DONE, FAILED))
        self.assertEqual(self.merged, want)
        self.assertEqual(sum(1 for e in self.lines if e["crop"]), 2)

    def test_full_crop_log(self):
        """11 columns and 4 for each image, in pixels; below an old header of that form too; read again, the same crops."""
        self.project()
        old = logs.csv_text(logs.crop_columns(3), [logs.crop_row("mojo0", "mojo0/" + A2, ["mojo0/" + A1], (0, 0, 500, 500))])
        for text in ("", old):
            if text:
                self.write("crop.csv", text)
            for _ in range(2):
                self.extract("--crop-log-form", "full", *(("--append",) if text else ()))
                header, rows = self.read("crop.csv")
                rows = [r for r in rows if r["chosen_path"].startswith("mojo1")]
                self.assertEqual(header, logs.crop_columns(3))
                self.assertEqual([[float(r["crop_" + k]) for k in ("x1", "y1", "x2", "y2")] for r in rows],
                                 [[0, 0, 15, 20], [1, 0, 16, 20]])
                for row in rows:
                    self.assertEqual(row["image_count"], "3")
                    self.assertEqual(row["image_%s_path" % row["chosen_index"]], row["chosen_path"])
                    at = row["chosen_index"]
                    self.assertEqual((row["width_" + at], row["height_" + at]), ("30", "40"))
        self.merge("crop.csv", "o.jsonl", code=(DONE, FAILED))
        self.assertEqual(len(self.lines), 4)
        self.assertEqual(sum(1 for e in self.lines if e["crop"]), 3)

    def test_append_never_duplicates(self):
        self.project()
        self.extract("--append")
        first = self.both()
        self.extract("--append")
        self.assertEqual(self.both(), first)
        self.project("mojo2", 10)
        self.extract("--append", project="mojo2")
        second = self.both()
        for old, new in zip(first, second):
            self.assertTrue(new.startswith(old))
        self.assertEqual((len(self.read("sel.csv")[1]), len(self.read("crop.csv")[1])), (6, 4))

    def test_without_append_it_is_replaced(self):
        self.project()
        self.write("sel.csv", "old\n")
        self.write("crop.csv", "old\n")
        self.extract()
        self.assertEqual((len(self.read("sel.csv")[1]), len(self.read("crop.csv")[1])), (3, 2))

    def test_append_keeps_the_old_header(self):
        """Columns in another order and one more: rows follow the header that is there."""
        self.project()
        header = ["timestamp", "note", "neg_paths", "chosen_path", "set_id", "session_id"]
        old = dict(logs.selection_row("mojo0/a.png", ["mojo0/b.png"]), note="mine, \"quoted\"")
        for newline in ("\n", "\r\n"):
            text = logs.csv_text(header, [old], newline=newline)
            self.write("sel.csv", text)
            if os.path.exists(self.path("crop.csv")):
                os.remove(self.path("crop.csv"))
            self.extract("--append")
            with open(self.path("sel.csv"), "rb") as f:
                data = f.read()
            self.assertTrue(data.startswith(text.encode()), "what was there stays as it was")
            fields, rows = self.read("sel.csv")
            self.assertEqual(fields, header)
            self.assertEqual(len(rows), 4)
            self.assertEqual(rows[0], {k: str(v) for k, v in old.items()})
            for row in rows[1:]:
                self.assertEqual(row["note"], "")
                self.assertTrue(row["chosen_path"].startswith("mojo1/raw/"))
                self.assertEqual(len(json.loads(row["neg_paths"])), 2)

    def test_append_knows_a_row_in_other_notation(self):
        """The same decision, logged by another tool with other session and quotes: not once more."""
        self.project()
        rows = [logs.selection_row("mojo1/raw/" + name(2, 2), ["mojo1/raw/" + name(3, 3), "mojo1/raw/" + name(1, 1)], "python", "other")]
        self.csv("sel.csv", logs.SELECTION, rows)
        self.extract("--append")
        self.assertEqual(len(self.read("sel.csv")[1]), 3)

    def test_append_to_a_log_without_final_newline(self):
        self.project()
        text = logs.csv_text(logs.SELECTION, [logs.selection_row("mojo0/a.png", ["mojo0/b.png"])]).rstrip("\n")
        self.write("sel.csv", text)
        self.extract("--append")
        self.assertEqual(len(self.read("sel.csv")[1]), 4)

    def test_append_to_something_else(self):
        """A header that lacks a column, or no log at all: refused, and left as it was."""
        self.project()
        for text in ("a,b\n1,2\n", "session_id,set_id,chosen_path,timestamp\ns,g,mojo1/a.png,1\n", '{"a":1}\n', "\x89PNG\r\n"):
            self.write("sel.csv", text)
            result = self.extract("--append", code=FAILED)
            self.fails(result, "sel.csv")
            with open(self.path("sel.csv"), encoding="utf-8", newline="") as f:
                self.assertEqual(f.read(), text)

    def test_append_to_an_old_crop_log(self):
        """The person's log has 19 columns: its header stays and the new rows fit below it, or it is refused."""
        self.project()
        text = logs.csv_text(logs.crop_columns(2), [logs.crop_row("mojo0", "mojo0/" + A2, ["mojo0/" + A1], (0, 0, 500, 500))])
        self.write("crop.csv", text)
        result = self.run_in_dir("extract", "--raw", "mojo1/raw", "--final", "mojo1/final", "--project", "mojo1", "--output", "o.jsonl",
                                 "--crop-log", "crop.csv", "--append", "--quiet")
        self.assert_quiet_of_noise(result)
        with open(self.path("crop.csv"), encoding="utf-8", newline="") as f:
            data = f.read()
        if result.code != DONE:
            self.fails(result, "crop.csv")
            self.assertEqual(data, text)
        else:
            self.assertTrue(data.startswith(text))
            header, rows = self.read("crop.csv")
            self.assertEqual(len(rows), 3)

    def test_empty_and_header_only_logs(self):
        self.project()
        for text in ("", ",".join(logs.SELECTION) + "\n"):
            self.write("sel.csv", text)
            self.extract("--append")
            header, rows = self.read("sel.csv")
            self.assertEqual((header, len(rows)), (logs.SELECTION, 3))

    def test_formulas(self):
        """architecture.md: cells that a spreadsheet would run are quoted; reading them back gives the name again."""
        for stage in (1, 2):
            self.write("=x/raw/" + name(stage, stage), PIXEL, T0)
        self.write("=x/final/" + name(2, 2), PIXEL, T0)
        self.extract(project="=x")
        _, rows = self.read("sel.csv")
        self.assertEqual(rows[0]["chosen_path"], "'=x/raw/" + name(2, 2))
        self.extract("--append", project="=x")
        self.assertEqual(len(self.read("sel.csv")[1]), 1)


if __name__ == "__main__":
    unittest.main()
