"""test_projects.py: known projects, and whose a path is.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import datetime
import gc
import json
import unittest
from pathlib import Path

import fixtures
import selectai

UTC = datetime.timezone.utc


def seconds(*date):
    return int(datetime.datetime(*date, tzinfo=UTC).timestamp())


class ProjectsCase(fixtures.FolderCase):
    def write(self, name, document):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_text(text, encoding="utf-8")
        return path

    def config(self, *rows, name="project_paths.json"):
        keys = ("name", "raw_dir", "final_dir")
        rows = [row if isinstance(row, dict) else dict(zip(keys, row)) for row in rows]
        return self.write(name, {"projects": rows})

    def manifest(self, name, **members):
        return self.write(f"manifests/{name}.project.json", {"projectId": name, **members})


class Config(ProjectsCase):
    def test_projects_come_as_dicts_in_their_order(self):
        (self.folder / "raw").mkdir()
        path = self.config(("mojo1", "raw", "elsewhere/final"), ("käse", "/k/RAW", "/k/FINAL"))
        with selectai.Projects(path) as projects:
            first, second = projects
            self.assertEqual(len(projects), 2)
            self.assertEqual(
                first,
                {
                    "name": "mojo1",
                    "title": None,
                    "raw_dir": f"{self.folder}/raw",  # is there
                    "final_dir": "elsewhere/final",  # is not
                    "manifest_path": None,
                    "status": None,
                    "initial_images": None,
                    "final_images": None,
                    "started": None,
                    "finished": None,
                    "has_manifest": False,
                },
            )
            self.assertEqual((second["name"], second["raw_dir"], second["final_dir"]), ("käse", "/k/RAW", "/k/FINAL"))
            self.assertEqual(projects[-1], second)
            self.assertEqual(projects.issues, [])
            with self.assertRaises(IndexError):
                projects[2]

    def test_what_is_incomplete_is_an_issue(self):
        path = self.config({"name": "half", "raw_dir": "/r"}, ("a", "/a/r", "/a/f"), ("a", "/b/r", "/b/f"))
        projects = selectai.Projects(path)
        self.assertEqual([project["name"] for project in projects], ["a"])
        self.assertEqual(projects[0]["raw_dir"], "/a/r")
        self.assertEqual(len(projects.issues), 2)
        self.assertEqual({issue.path for issue in projects.issues}, {str(path)})
        self.assertIn("final_dir", projects.issues[0].message)

    def test_what_is_no_config_is_an_error(self):
        with self.assertRaisesRegex(FileNotFoundError, "missing.json"):
            selectai.Projects(self.folder / "missing.json")
        for name, document in (
            ("text.json", "hello"),
            ("list.json", []),
            ("empty.json", {"projects": []}),
            ("other.json", {"files": []}),
        ):
            with self.subTest(name), self.assertRaisesRegex(selectai.FormatError, name):
                selectai.Projects(self.write(name, document))
        gc.collect()  # the half-made objects go without a word

    def test_adding_by_hand(self):
        projects = selectai.Projects()
        self.assertEqual(list(projects), [])
        projects.add("a")
        projects.add("a", self.folder / "RAW", "FINAL")
        projects.add("b")
        folders = {row["name"]: (row["raw_dir"], row["final_dir"]) for row in projects}
        self.assertEqual(folders, {"a": (f"{self.folder}/RAW", "FINAL"), "b": (None, None)})
        with self.assertRaises(ValueError):
            projects.add("")
        with self.assertRaises(TypeError):
            projects.add(None)
        with self.assertRaisesRegex(ValueError, "null byte"):
            projects.add("a\0b")
        self.assertEqual(len(projects), 2)

    def test_use_after_close_says_so(self):
        projects = selectai.Projects()
        projects.close()
        for use in (lambda: len(projects), lambda: projects.find("a"), lambda: projects.add("a")):
            with self.assertRaisesRegex(ValueError, "Projects is closed"):
                use()


class Manifests(ProjectsCase):
    def test_a_manifest_gives_counts_and_times(self):
        path = self.manifest(
            "mojo1",
            title="Mojo the First",
            status="finished",
            startedAt="2025-09-09T00:00:00Z",
            finishedAt="2025-09-10T16:00:00Z",
            counts={"initialImages": 4666, "finalImages": 597},
        )
        (row,) = selectai.Projects(manifests=path)
        self.assertEqual((row["name"], row["title"], row["status"]), ("mojo1", "Mojo the First", "finished"))
        self.assertEqual((row["initial_images"], row["final_images"], row["has_manifest"]), (4666, 597, True))
        self.assertEqual((row["started"], row["finished"]), (seconds(2025, 9, 9), seconds(2025, 9, 10, 16, 0, 1)))
        self.assertEqual(row["manifest_path"], str(path))

    def test_what_a_manifest_does_not_say_is_none(self):
        day = "2025-09-09T00:00:00Z"
        self.manifest("a", startedAt=day, finishedAt=day)
        self.manifest("b", counts={})
        first, second = selectai.Projects(manifests=[self.folder / "manifests"])
        self.assertEqual(first["finished"] - first["started"], 86400)  # a date is the whole day
        for key in ("initial_images", "final_images", "started", "finished", "status"):
            self.assertIsNone(second[key], key)

    def test_a_manifest_completes_a_project_that_is_known(self):
        config = self.config(("mojo1", "/m/raw", "/m/final"))
        path = self.manifest("MOJO1", counts={"finalImages": 3})
        (row,) = selectai.Projects(config, path)
        self.assertEqual((row["name"], row["raw_dir"], row["final_images"]), ("mojo1", "/m/raw", 3))

    def test_a_bad_manifest_in_a_folder_is_an_issue_by_itself_an_error(self):
        self.manifest("good")
        bad = self.write("manifests/bad.project.json", "{")
        self.write("manifests/notes.json", "{")
        projects = selectai.Projects(manifests=self.folder / "manifests")
        self.assertEqual([row["name"] for row in projects], ["good"])
        self.assertEqual([issue.path for issue in projects.issues], [str(bad)])
        with self.assertRaisesRegex(selectai.FormatError, "bad.project.json"):
            selectai.Projects(manifests=bad)
        with self.assertRaises(FileNotFoundError):
            projects.add_manifests(self.folder / "nowhere")

    def test_real_manifests(self):
        folder = Path(__file__).resolve().parents[3] / "shared/data/legacy/projects"
        if not folder.is_dir():
            self.skipTest(f"{folder} is not here")
        projects = selectai.Projects(manifests=folder)
        self.assertEqual(projects.issues, [])
        rows = {row["name"]: row for row in projects}
        self.assertEqual(len(rows), len(list(folder.glob("*.project.json"))))
        row = rows["1011"]
        self.assertEqual((row["initial_images"], row["final_images"], row["status"]), (4666, 597, "archived"))
        self.assertEqual(row["started"], seconds(2025, 9, 9))
        self.assertEqual(projects.resolve("PROJECT_ROOT/content/1011/crop/x.png"), "1011")


class Names(ProjectsCase):
    def test_find(self):
        self.manifest("b7", title="Barbie")
        projects = selectai.Projects(manifests=self.folder / "manifests", aliases={"old": "older", "older": "b7"})
        projects.add("Kim")
        projects.add("kim")
        for text in ("b7", "Barbie", "B7", "old", "older"):
            with self.subTest(text):
                self.assertEqual(projects.find(text), "b7")
        self.assertEqual((projects.find("Kim"), projects.find("kim")), ("Kim", "kim"))
        self.assertIsNone(projects.find("nobody"))
        with self.assertRaisesRegex(selectai.AmbiguousError, "KIM"):
            projects.find("KIM")
        with self.assertRaises(TypeError):
            projects.find(b"b7")

    def test_an_alias_makes_its_project_known(self):
        projects = selectai.Projects(aliases={"mojo": "mojo1"})
        self.assertEqual([row["name"] for row in projects], ["mojo1"])
        self.assertEqual(projects.resolve("training data/mojo_raw/x.png"), "mojo1")

    def test_resolve_by_folder_name_and_convention(self):
        projects = selectai.Projects()
        projects.add("mojo1", self.folder / "in", "/final/of/mojo")
        projects.add("mojo2")
        for path, expected in (
            (self.folder / "in/sub/x.png", "mojo1"),
            ("/final/of/mojo/x.png", "mojo1"),
            ("/old/disk/mojo2/faces/x.png", "mojo2"),
            ("/old/disk/training data/mojo2_final/x.png", "mojo2"),
            (b"mojo1_raw/\xff.png", "mojo1"),
            ("/old/training data/unheard_raw/x.png", "unheard"),
            ("x.png", None),
            ("/x.png", None),
        ):
            with self.subTest(path):
                self.assertEqual(projects.resolve(path), expected)
        with self.assertRaises(selectai.AmbiguousError):
            projects.resolve("/disk/mojo1/mojo2/x.png")
        with self.assertRaisesRegex(ValueError, "null byte"):
            projects.resolve("a\0b/x.png")

    def test_answers_stay_when_the_next_one_is_asked_for(self):
        projects = selectai.Projects()
        answers = [projects.resolve(f"content/p{index}/x.png") for index in range(50)]
        self.assertEqual(answers, [f"p{index}" for index in range(50)])

    def test_resolve_by_time(self):
        for name, day in (("spring", 1), ("summer", 5)):
            self.manifest(
                name,
                startedAt=f"2025-06-{day:02d}T00:00:00Z",
                finishedAt=f"2025-06-{day + 2:02d}T00:00:00Z",
                paths={"root": "/shared/folder"},
            )
        projects = selectai.Projects(manifests=self.folder / "manifests")
        path = "/shared/folder/x.png"
        self.assertEqual(projects.resolve(path, datetime.datetime(2025, 6, 1, tzinfo=UTC)), "spring")
        self.assertEqual(projects.resolve(path, seconds(2025, 6, 4) - 1), "spring")
        self.assertEqual(projects.resolve(path, seconds(2025, 6, 5) + 0.5), "summer")
        self.assertIsNone(projects.resolve(path, seconds(2025, 6, 4)))
        with self.assertRaises(selectai.AmbiguousError):
            projects.resolve(path)

    def test_times_that_are_none(self):
        projects = selectai.Projects()
        for when in (float("nan"), float("inf"), 2**63, datetime.datetime(2025, 1, 1)):
            with self.subTest(when), self.assertRaisesRegex(ValueError, "when"):
                projects.resolve("a/x.png", when)
        with self.assertRaisesRegex(TypeError, "when"):
            projects.resolve("a/x.png", "2025-01-01")


if __name__ == "__main__":
    unittest.main()
