"""test_extraction.py: folders into decisions, logs in and out.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import csv
import json
import unittest

import fixtures
import selectai

KEYS = {
    "project",
    "timestamp",
    "chosen_path",
    "chosen_stage",
    "neg_paths",
    "neg_stages",
    "was_cropped",
    "set_id",
    "chosen_final_path",
    "anomaly",
    "crop",
    "crop_evidence",
    "group_mode",
    "evidence",
    "metadata",
}


class Extract(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.raw, self.final, truth = fixtures.write_project(self.folder, 8)
        self.decided = [case for case in truth if case["winner"]]
        self.rejected = [case for case in truth if not case["winner"]]

    def extract(self, **options):
        return selectai.extract(self.raw, self.final, "mojo1", date="2026-01-02", **options)

    def test_entries_are_the_truth(self):
        result = self.extract()
        self.assertEqual(len(result.entries), len(self.decided))
        for entry, case in zip(result.entries, self.decided):
            with self.subTest(case["winner"]):
                self.assertEqual(set(entry), KEYS)
                self.assertEqual(entry["project"], "mojo1")
                self.assertEqual(entry["chosen_path"], f"{self.raw}/{case['winner']}")
                self.assertEqual(entry["chosen_final_path"], f"{self.final}/{case['winner']}")
                self.assertEqual(entry["neg_paths"], [f"{self.raw}/{loser}" for loser in case["losers"]])
                winner = selectai.parse_filename(case["winner"])
                self.assertEqual((entry["timestamp"], entry["chosen_stage"]), winner[:2])
                self.assertIs(entry["anomaly"], winner.stage == 1)
                self.assertIs(entry["was_cropped"], case["box"] is not None)
                self.assertEqual(entry["metadata"]["extraction_date"], "2026-01-02")

    def test_crops_are_found_in_the_pixels(self):
        for entry, case in zip(self.extract().entries, self.decided):
            with self.subTest(case["winner"]):
                if case["box"] is None:
                    self.assertTrue(entry["crop"] is None or entry["crop"]["method"] == "identical")
                    continue
                crop = entry["crop"]
                self.assertEqual((tuple(crop["box_px"]), crop["method"]), (case["box"], "exact"))
                self.assertAlmostEqual(crop["x1"], case["box"][0] / 64)
                self.assertEqual(entry["crop_evidence"], "pixels")

    def test_rejected_groups_and_report(self):
        result = self.extract()
        self.assertEqual(len(result.rejected), len(self.rejected))
        for group, case in zip(result.rejected, self.rejected):
            self.assertEqual(group["paths"], [f"{self.raw}/{name}" for name in case["losers"]])
        (project,) = result.report["projects"]
        self.assertEqual((project["raw_images"], project["groups"], project["entries"]), (16, 8, 6))
        self.assertEqual(project["groups_rejected"], 2)
        self.assertEqual(project["anomalies"], sum(entry["anomaly"] for entry in result.entries))

    def test_issues_name_what_was_passed_over(self):
        (self.raw / "holiday.png").write_bytes(b"")
        selectai.save(fixtures.picture(1), self.final / "20200101_000000_stage1.png")
        kinds = {issue.kind: issue.path for issue in self.extract().issues}
        self.assertEqual(kinds["unparsed"], f"{self.raw}/holiday.png")
        self.assertEqual(kinds["orphan-final"], f"{self.final}/20200101_000000_stage1.png")

    def test_options(self):
        self.assertEqual(self.extract(group_mode="timestamp").entries, [])
        self.assertEqual(self.extract(max_gap=5).entries, [])
        by_time = self.extract(crop_evidence="mtime").entries
        self.assertTrue(all(entry["crop"] is None and entry["crop_evidence"] == "mtime" for entry in by_time))
        with self.assertRaisesRegex(ValueError, "crop_evidence"):
            self.extract(crop_evidence="guess")

    def test_columns_are_equally_long(self):
        result = self.extract()
        table = result.columns()
        self.assertEqual({len(column) for column in table.values()}, {len(result.entries)})
        self.assertEqual(table["chosen_path"], [entry["chosen_path"] for entry in result.entries])
        self.assertNotIn("crop", table)
        self.assertEqual(
            table["crop_x1"], [entry["crop"] and entry["crop"]["x1"] for entry in result.entries]
        )
        self.assertEqual(set(table["extraction_date"]), {"2026-01-02"})
        self.assertEqual(selectai.TrainSet.load([self.write("[]", "empty.jsonl")]).columns(), {})

    def write(self, text, name):
        path = self.folder / name
        path.write_text("" if text == "[]" else text, encoding="utf-8")
        return path

    def test_wrong_folders_say_so(self):
        with self.assertRaises(FileNotFoundError) as caught:
            selectai.extract(self.folder / "nowhere", self.final, "p")
        self.assertIsInstance(caught.exception, selectai.Error)
        self.assertIn("nowhere", str(caught.exception))
        with self.assertRaises(NotADirectoryError):
            selectai.extract(self.write("x", "file"), self.final, "p")
        with self.assertRaises(selectai.InvalidArgumentError):
            selectai.extract(self.folder, self.final, "p")
        with self.assertRaises(selectai.InvalidArgumentError):
            selectai.extract(self.raw, self.final, "")

    def test_progress_goes_up(self):
        seen = []
        self.extract(progress=lambda done, total, stage: seen.append((stage, done, total)))
        self.assertEqual({stage for stage, _, _ in seen}, {"scan", "crops"})
        for stage in ("scan", "crops"):
            done = [step[1] for step in seen if step[0] == stage]
            self.assertEqual(done, sorted(done))

    def test_saved_logs_read_back(self):
        result = self.extract()
        for name in ("a.jsonl", "a.csv"):
            result.save(self.folder / name)
        result.save_rejected(self.folder / "rejected.jsonl")
        lines = (self.folder / "a.jsonl").read_text(encoding="utf-8").splitlines()
        self.assertEqual([json.loads(line) for line in lines], result.entries)
        with open(self.folder / "a.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["chosen_path"] for row in rows], result.columns()["chosen_path"])
        lines = (self.folder / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
        self.assertEqual([json.loads(line) for line in lines], result.rejected)
        with selectai.TrainSet.load(self.folder / "a.jsonl") as loaded:
            self.assertEqual(list(loaded), result.entries)
            self.assertEqual(loaded[-1], result.entries[-1])

    def test_the_trainset_lives_as_long_as_the_extraction(self):
        result = self.extract()
        decisions = result.trainset
        self.assertEqual(len(decisions), 6)
        decisions.close()
        self.assertEqual(len(result.trainset), 6)
        decisions = result.trainset
        result.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            len(decisions)
        self.assertEqual(len(result.entries), 6)


class Logs(fixtures.FolderCase):
    def log(self, *rows):
        path = self.folder / "log.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    def test_a_minimal_row_is_enough(self):
        row = {"project": "p", "chosen_path": "p/a.png", "neg_paths": ["p/b.png"]}
        with selectai.TrainSet.load([self.log(row)]) as loaded:
            self.assertEqual(len(loaded), 1)
            for key, value in row.items():
                self.assertEqual(loaded[0][key], value)
            self.assertIsNone(loaded[0]["was_cropped"])
            self.assertEqual(loaded.issues, [])

    def test_a_broken_row_is_an_issue_or_an_error(self):
        good = {"project": "p", "chosen_path": "a.png", "neg_paths": ["b.png"]}
        path = self.log(good, {"project": "p"}, good)
        with selectai.TrainSet.load([path]) as loaded:
            self.assertEqual(len(loaded), 2)
            self.assertEqual([issue.row for issue in loaded.issues], [2])
            self.assertEqual(loaded.issues[0].path, str(path))
        with self.assertRaises(selectai.FormatError):
            selectai.TrainSet.load([path], strict=True)

    def test_index_errors(self):
        with selectai.TrainSet.load([self.log()]) as empty, self.assertRaises(IndexError):
            empty[0]
        with self.assertRaises(FileNotFoundError):
            selectai.TrainSet.load(self.folder / "missing.jsonl")


if __name__ == "__main__":
    unittest.main()
