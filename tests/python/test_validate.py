"""validate(): what is found, copied from C, and fix.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import csv
import datetime
import json
import os
import tempfile
import unittest

import selectai

REAL = os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "data", "legacy", "logs")
HEADER = "session_id,set_id,chosen_path,neg_paths,timestamp\n"
GOOD = 's,g,p/20250101_000000_stage2.png,"[""p/20250101_000000_stage1.png""]",2025-01-02T00:00:00Z\n'


class Validate(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)

    def path(self, name, content=None):
        path = os.path.join(self._folder.name, name)
        if content is not None:
            with open(path, "w", newline="") as file:
                file.write(content)
        return path

    def test_good_log(self):
        found = selectai.validate(self.path("a.csv", HEADER + GOOD))
        self.assertTrue(found.ok)
        self.assertEqual([(f.kind, f.rows, f.usable) for f in found], [("selection-log", 1, 1)])
        self.assertIsNone(found.dropped)
        self.assertEqual(found.data["files"][0]["problems"], {})

    def test_bad_row(self):
        found = selectai.validate([self.path("a.csv", HEADER + GOOD + "x,y\n")])
        self.assertFalse(found.ok)
        problem = found[0].problems[0]
        self.assertEqual((problem.code, problem.severity, problem.count, problem.unusable), ("column-count", "error", 1, 1))
        self.assertEqual([(e.row, e.path) for e in problem.examples], [(3, "")])
        self.assertIn("2 fields", problem.examples[0].message)
        self.assertTrue(problem.meaning and problem.remedy)
        self.assertEqual(found[0].count("column-count"), 1)
        self.assertEqual(found[0].count("bad-list"), 0)

    def test_fix(self):
        source = self.path("a.csv", HEADER + "x,y\n" + GOOD)
        out = self.path("out")
        found = selectai.validate(source, fix=out)
        self.assertEqual(found.dropped, 1)
        with open(os.path.join(out, "a.csv"), newline="") as file:
            self.assertEqual(file.read(), HEADER + GOOD)
        with open(os.path.join(out, "dropped.jsonl")) as file:
            self.assertEqual(json.loads(file.read())["text"], "x,y")
        self.assertTrue(selectai.validate(os.path.join(out, "a.csv")).ok)
        with self.assertRaises(selectai.ExistsError):
            selectai.validate(source, fix=out)
        with self.assertRaises(selectai.InvalidArgumentError):
            selectai.validate(self._folder.name, fix=self.path("inside"))

    def test_now(self):
        log = self.path("a.csv", HEADER + GOOD)
        early = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
        self.assertEqual(selectai.validate(log, now=early)[0].count("time-in-future"), 1)
        with self.assertRaises(ValueError):
            selectai.validate(log, now=datetime.datetime(2024, 1, 1))

    def test_cancel_and_errors(self):
        with self.assertRaises(selectai.Cancelled):
            selectai.validate(self.path("a.csv", HEADER + GOOD * 1000), progress=lambda *_: True)
        missing = selectai.validate(self.path("missing.csv"))
        self.assertEqual((missing.ok, missing[0].problems[0].code), (False, "unreadable"))

    def test_real_logs(self):
        log = os.path.join(REAL, "select_crop_log.csv")
        if not os.path.exists(log):
            self.skipTest("../shared/data/legacy/logs is missing")
        with open(log, newline="") as file:
            rows = list(csv.DictReader(file))
        edges = [[float(row["crop_" + e]) for e in ("x1", "y1", "x2", "y2")] for row in rows]
        report = selectai.validate(log)[0]
        self.assertEqual((report.rows, report.usable), (len(rows), len(rows)))
        self.assertEqual(report.count("box-normalised"), sum(max(box) <= 1 for box in edges))
        self.assertEqual(report.count("box-pixels"), sum(max(box) > 1 for box in edges))
        full = 0
        for row, box in zip(rows, edges):
            k = row["chosen_index"]
            area = 1.0 if max(box) <= 1 else float(row["width_" + k]) * float(row["height_" + k])
            full += (box[2] - box[0]) * (box[3] - box[1]) >= 0.99 * area
        self.assertEqual(report.count("full-frame"), full)


if __name__ == "__main__":
    unittest.main()
