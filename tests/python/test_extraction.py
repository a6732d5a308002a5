"""test_extraction.py: folders into decisions, logs in and out.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import csv
import json
import os
import signal
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
    "image_size",
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
                self.assertEqual(entry["image_size"], [64, 48])

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
        beside = result.trainset.rejected
        self.assertEqual([group.paths for group in beside], [group["paths"] for group in result.rejected])
        self.assertEqual([group.set_id for group in beside], [group["set_id"] for group in result.rejected])
        self.assertEqual([group.stages for group in beside], [group["stages"] for group in result.rejected])
        self.assertEqual({(group.source_path, group.source_row) for group in beside}, {(None, None)})
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
        self.assertEqual((set(table["image_width"]), set(table["image_height"])), ({64}, {48}))
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


class Batch(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.truth = {}
        for number, name in enumerate(("a", "b")):
            _, _, self.truth[name] = fixtures.write_project(self.folder / name, 4, seed=number)

    def config(self, *names):
        rows = [{"name": name, "raw_dir": f"{name}/RAW", "final_dir": f"{name}/FINAL"} for name in names]
        path = self.folder / "project_paths.json"
        path.write_text(json.dumps({"projects": rows}), encoding="utf-8")
        return path

    def run_batch(self, projects, **options):
        return selectai.extract_batch(projects, date="2026-01-02", **options)

    def decided(self, *names):
        return [(name, case["winner"]) for name in names for case in self.truth[name] if case["winner"]]

    def found(self, result):
        return [(entry["project"], entry["chosen_path"].rsplit("/", 1)[1]) for entry in result.entries]

    def test_all_projects_of_a_config(self):
        result = self.run_batch(self.config("a", "b"))
        self.assertEqual(self.found(result), self.decided("a", "b"))
        self.assertEqual([row["project"] for row in result.report["projects"]], ["a", "b"])
        self.assertEqual(result.report["total"]["entries"], len(result.entries))
        self.assertEqual(result.failed, [])
        alone = selectai.extract(self.folder / "a/RAW", self.folder / "a/FINAL", "a", date="2026-01-02")
        self.assertEqual(alone.entries, [entry for entry in result.entries if entry["project"] == "a"])
        self.assertEqual(alone.failed, [])

    def test_one_bad_project_does_not_stop_the_rest(self):
        result = self.run_batch(self.config("a", "missing", "b"))
        self.assertEqual(self.found(result), self.decided("a", "b"))
        ((project, error),) = result.failed
        self.assertEqual(project, "missing")
        self.assertIsInstance(error, FileNotFoundError)
        self.assertIn("missing/RAW", str(error))

    def test_what_the_config_says_wrongly_is_an_issue(self):
        path = self.config("a", "b")
        document = json.loads(path.read_text(encoding="utf-8"))
        del document["projects"][1]["final_dir"]
        path.write_text(json.dumps(document), encoding="utf-8")
        result = self.run_batch(path)
        self.assertEqual(self.found(result), self.decided("a"))
        self.assertEqual(result.issues[0].path, str(path))

    def test_configs_that_give_nothing_to_do(self):
        with self.assertRaises(FileNotFoundError):
            self.run_batch(self.folder / "missing.json")
        (self.folder / "bad.json").write_text("{", encoding="utf-8")
        with self.assertRaises(selectai.FormatError):
            self.run_batch(self.folder / "bad.json")
        with self.assertRaises(selectai.NoDataError):
            self.run_batch(selectai.Projects())
        with self.assertRaises(ValueError):
            self.run_batch(self.config("a"), threads=-1)

    def test_projects_made_by_hand(self):
        projects = selectai.Projects()
        projects.add("only a name")
        projects.add("b", self.folder / "b/RAW", self.folder / "b/FINAL")
        result = self.run_batch(projects)
        self.assertEqual(self.found(result), self.decided("b"))
        projects.close()
        self.assertEqual(len(result.trainset), len(result.entries))
        result.save(self.folder / "out.jsonl")
        result.close()

    def test_what_stops_everything(self):
        config, stages = self.config("a", "missing", "b"), []

        def second(done, total, stage):
            stages.append(stage)
            return stages.count("crops") > 0

        with self.assertRaises(selectai.Cancelled):
            self.run_batch(config, progress=second)
        with self.assertRaises(KeyboardInterrupt):
            self.run_batch(config, progress=lambda *step: signal.raise_signal(signal.SIGINT))
        # The library's own exceptions from a callback are the caller's, no project's.
        error = selectai.FormatError("mine")

        def callback(*step):
            raise error

        with self.assertRaises(selectai.FormatError) as caught:
            self.run_batch(config, progress=callback)
        self.assertIs(caught.exception, error)


class ImageDatabase(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.raw, self.final, self.truth = fixtures.write_project(self.folder, 4)
        self.path = self.folder / "project_images.jsonl"

    def extract(self, **options):
        return selectai.extract(self.raw, self.final, "p", images=self.path, **options)

    def test_one_line_per_image(self):
        stem = self.truth[0]["winner"][: -len(".png")]
        (self.raw / f"{stem}.yaml").write_text("a: 1", encoding="utf-8")
        result = self.extract()
        rows = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
        self.assertEqual(len(rows), result.report["total"]["raw_images"])
        self.assertEqual({row["project"] for row in rows}, {"p"})
        self.assertIn(f"{stem}.yaml", self.path.read_text(encoding="utf-8"))

    def left(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_a_cancelled_run_leaves_the_old_one(self):
        self.path.write_text("old", encoding="utf-8")
        before = self.left()
        with self.assertRaises(selectai.Cancelled) as caught:
            self.extract(progress=lambda done, total, stage: stage == "crops")
        self.assertEqual(self.path.read_text(encoding="utf-8"), "old")
        self.assertEqual(self.left(), before)  # although the traceback is still there
        self.assertIsNotNone(caught.exception)

    def test_a_batch_without_a_result_leaves_the_old_one(self):
        self.path.write_text("old", encoding="utf-8")
        projects = selectai.Projects()
        projects.add("p", self.folder / "missing", self.final)
        result = selectai.extract_batch(projects, images=self.path)
        self.assertEqual(len(result.failed), 1)
        self.assertEqual(self.path.read_text(encoding="utf-8"), "old")

    def test_a_folder_that_is_not_there(self):
        with self.assertRaises(FileNotFoundError):
            selectai.extract(self.raw, self.final, "p", images=self.folder / "missing/images.jsonl")


class ManifestCheck(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.raw, self.final, truth = fixtures.write_project(self.folder, 4)
        self.n_finals = sum(case["winner"] is not None for case in truth)

    def manifest(self, name, year, **counts):
        path = self.folder / f"{name}.project.json"
        times = {"startedAt": f"{year}-01-01T00:00:00Z", "finishedAt": f"{year}-12-31T00:00:00Z"}
        path.write_text(json.dumps({"projectId": name, "counts": counts, **times}), encoding="utf-8")
        return path

    def kinds(self, result):
        return [issue.kind for issue in result.issues]

    def test_counts_and_dates_are_checked(self):
        # The finals of the fixture are of January 2027.
        right = self.manifest("p", 2027, initialImages=8, finalImages=self.n_finals)
        result = selectai.extract(self.raw, self.final, "p", projects=selectai.Projects(manifests=right))
        self.assertNotIn("manifest", self.kinds(result))
        wrong = self.manifest("p", 2024, initialImages=9, finalImages=self.n_finals)
        result = selectai.extract(self.raw, self.final, "p", projects=selectai.Projects(manifests=wrong))
        self.assertEqual(self.kinds(result).count("manifest"), 2)

    def test_two_projects_share_a_folder_by_dates(self):
        for path in self.raw.iterdir():
            os.utime(path, (1_800_000_000, 1_800_000_000))
        first = sorted(path.name for path in self.final.iterdir())[0]
        for folder in (self.raw, self.final):
            for path in folder.glob(first[:13] + "*"):
                os.utime(path, (1_700_000_000, 1_700_000_000))
        projects = selectai.Projects(manifests=[self.manifest("old", 2023), self.manifest("new", 2027)])
        for name in ("old", "new"):
            projects.add(name, self.raw, self.final)
        result = selectai.extract_batch(projects, by_dates=True)
        self.assertEqual(result.failed, [])
        found = [(entry["project"], entry["chosen_path"].rsplit("/", 1)[1]) for entry in result.entries]
        self.assertEqual([name for project, name in found if project == "old"], [first])
        self.assertEqual(len(found), self.n_finals)
        refused = selectai.extract_batch(projects)
        self.assertEqual([project for project, _ in refused.failed], ["new"])

    def test_projects_must_be_projects(self):
        with self.assertRaisesRegex(TypeError, "selectai.Projects"):
            selectai.extract(self.raw, self.final, "p", projects="project_paths.json")


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

    def test_iterating_equals_indexing(self):
        rows = [{"project": "p", "chosen_path": f"{n}a.png", "neg_paths": [f"{n}b.png"]} for n in range(600)]
        with selectai.TrainSet.load(self.log(*rows)) as loaded:
            self.assertEqual([entry["chosen_path"] for entry in loaded], [row["chosen_path"] for row in rows])
            self.assertEqual(list(loaded), [loaded[index] for index in range(600)])

    def test_index_errors(self):
        with selectai.TrainSet.load([self.log()]) as empty, self.assertRaises(IndexError):
            empty[0]
        with self.assertRaises(FileNotFoundError):
            selectai.TrainSet.load(self.folder / "missing.jsonl")


if __name__ == "__main__":
    unittest.main()
