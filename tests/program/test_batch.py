"""test_batch.py: `selectai extract` with many projects: the config, the report and its table, the image database, manifests.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import calendar
import datetime
import json
import os
import random
import re
import shutil
import time
import unittest

import naive
from support import DONE, FAILED, USAGE, Picture, ProgramTest, files_below, read_jsonl, strict_json

DATE = "2025-10-20"
T0 = 1751958431  # 2025-07-08 07:07:11 UTC
DAY = 86400
PIXEL = Picture.noise(2, 3, "pixel").png()
LEGACY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/data/legacy")

# Seed 000's project_images.jsonl.
IMAGE_KEYS = {"project", "image_path", "filename", "timestamp", "stage", "file_mtime", "file_size", "in_final", "final_path",
              "final_mtime", "was_cropped"}
SUMS = ("raw_images", "final_images", "unparsed", "groups", "single_stage", "groups_with_winner", "groups_rejected",
        "multi_winner_groups", "entries", "anomalies", "cropped", "orphan_finals", "ambiguous")


def name(seconds, stage, label="", ending="png"):
    return "20250708_%02d%02d%02d_stage%s%s.%s" % (6 + seconds // 3600, seconds // 60 % 60, seconds % 60, stage,
                                                  "_" + label if label else "", ending)


def when(text):
    """Seconds of an ISO 8601 time that says it is UTC."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)", text)
    return calendar.timegm(time.strptime(match.group(1), "%Y-%m-%dT%H:%M:%S"))


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class BatchTest(ProgramTest):

    def project(self, folder, pictures=3, start=0, stages=(1, 2, 3), chosen=2, every=1):
        """Groups in folder/raw; of every so manieth one the chosen stage in folder/final."""
        for i in range(pictures):
            for stage in stages:
                self.write("%s/raw/%s" % (folder, name(start + 100 * i + stage, stage)), b"", T0)
            if i % every == 0:
                self.write("%s/final/%s" % (folder, name(start + 100 * i + chosen, chosen)), b"", T0)

    def config(self, *projects, path="paths.json"):
        return self.write(path, json.dumps({"projects": [
            p if isinstance(p, dict) else {"name": p[0], "raw_dir": p[1], "final_dir": p[2]} for p in projects]}))

    def manifest(self, project, started=None, finished=None, initial=None, final=None, path=None, **more):
        data = {"projectId": project, "title": project.title(), "status": "finished", "startedAt": started,
                "finishedAt": finished, "paths": {"root": "../" + project}, "counts": {"initialImages": initial,
                                                                                     "finalImages": final}}
        data.update(more)
        return self.write(path or "manifests/%s.project.json" % project, json.dumps(data))

    def batch(self, *options, code=DONE, config="paths.json", quiet=True, **more):
        args = ["extract", "--batch", "--config", config, "--output", "o.jsonl", "--report", "r.json", "--rejected", "x.jsonl",
                "--images", "images.jsonl", "--date", DATE, "--crop-evidence", "mtime"] + (["--quiet"] if quiet else [])
        result = self.run_in_dir(*args, *options, **more)
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, code, str(result))
        if os.path.exists(self.path("r.json")):
            with open(self.path("r.json"), "rb") as f:
                self.report = strict_json(f.read())
        if os.path.exists(self.path("o.jsonl")):
            self.entries = read_jsonl(self.path("o.jsonl"))
        if os.path.exists(self.path("images.jsonl")):
            self.images = read_jsonl(self.path("images.jsonl"))
        return result

    def counts(self, project):
        return [p for p in self.report["projects"] if p["project"] == project][0]

    def issues(self, project, kind):
        return [i for i in self.counts(project)["issues"] if i["kind"] == kind]


class TestConfig(BatchTest):

    def test_paths_beside_the_config_first(self):
        """Relative paths mean the config's folder if they exist there, else the working directory."""
        self.project("a", 2)
        self.project("conf/a", 3)
        self.project("b", 4)
        self.config(("both", "a/raw", "a/final"), ("here", "b/raw", "b/final"), path="conf/paths.json")
        self.batch(config="conf/paths.json")
        self.assertEqual({p["project"]: p["groups"] for p in self.report["projects"]}, {"both": 3, "here": 4})
        self.assertEqual({e["metadata"]["raw_dir"] for e in self.entries}, {"conf/a/raw", "b/raw"})
        for entry in self.entries:
            self.assertTrue(os.path.exists(self.path(entry["chosen_path"])), entry["chosen_path"])

    def test_each_folder_is_looked_for_by_itself(self):
        """RAW beside the config, FINAL in the working directory."""
        self.project("x", 2)
        os.makedirs(self.path("conf/x"))
        os.rename(self.path("x/raw"), self.path("conf/x/raw"))
        self.config(("p", "x/raw", "x/final"), path="conf/paths.json")
        self.batch(config="conf/paths.json")
        self.assertEqual(self.report["total"]["entries"], 2)

    def test_absolute_paths_and_a_config_elsewhere(self):
        self.project("a", 2)
        self.config(("p", self.path("a/raw"), self.path("a/final")), path="deep/er/c.json")
        self.batch(config=self.path("deep/er/c.json"))
        self.assertEqual(self.report["total"]["entries"], 2)
        os.makedirs(self.path("elsewhere"))
        self.config(("p", "../../a/raw", "../../a/final"), path="deep/er/c.json")
        self.batch(config="deep/er/c.json")
        self.assertEqual(self.report["total"]["entries"], 2)

    def test_failing_projects(self):
        """Each failure is named, the others are done, and the exit code says so."""
        self.project("a", 2)
        self.project("z", 3)
        self.write("a file", "x")
        self.config(("a", "a/raw", "a/final"), ("no raw", "nowhere", "a/final"), ("no final", "z/raw", "gone"),
                    ("a file", "a file", "gone"), ("inside", "z", "z/final"), ("same", "z/raw", "z/raw"),
                    ("again", "a/raw", "a/final"), {"name": "half", "raw_dir": "z/raw"}, ("z", "z/raw", "z/final"))
        result = self.batch(code=FAILED)
        self.assertEqual([p["project"] for p in self.report["projects"] if p.get("entries")], ["a", "z"])
        self.assertEqual({e["project"] for e in self.entries}, {"a", "z"})
        self.assertEqual({i["project"] for i in self.images}, {"a", "z"})
        text = json.dumps(self.report)
        for bad in ("no raw", "no final", "a file", "inside", "same", "again", "final_dir"):
            self.assertIn(bad, result.err)
            self.assertIn(bad, text)
        self.assertEqual(self.report["total"]["entries"], 5)

    def test_all_projects_fail(self):
        """Nothing came out: the old output stays."""
        self.write("o.jsonl", "old\n")
        self.config(("a", "nowhere", "gone"))
        result = self.run_in_dir("extract", "--batch", "--config", "paths.json", "--output", "o.jsonl", "--quiet")
        self.fails(result, "nowhere")
        with open(self.path("o.jsonl"), encoding="utf-8") as f:
            self.assertEqual(f.read(), "old\n")

    def test_usage(self):
        self.project("a", 1)
        self.config(("a", "a/raw", "a/final"))
        for args in (("--batch", "--output", "o.jsonl"), ("--config", "paths.json", "--output", "o.jsonl"),
                     ("--batch", "--config", "paths.json"),
                     ("--batch", "--config", "paths.json", "--raw", "a/raw", "--final", "a/final", "--project", "p", "--output",
                      "o.jsonl"),
                     ("--raw", "a/raw", "--final", "a/final", "--project", "p", "--output", "o.jsonl", "--images", "i.csv"),
                     ("--raw", "a/raw", "--final", "a/final", "--project", "p", "--output", "o.jsonl", "--selection-log", "i.jsonl"),
                     ("--raw", "a/raw", "--final", "a/final", "--project", "p", "--output", "o.jsonl", "--crop-log", "i"),
                     ("--raw", "a/raw", "--final", "a/final", "--project", "p", "--output", "o.jsonl", "--by-manifest-dates")):
            result = self.run_in_dir("extract", *args)
            self.fails(result, code=(FAILED, USAGE))
            self.assertEqual(files_below(self.dir), sorted(["paths.json"] + ["a/" + f for f in files_below(self.path("a"))]), args)

    def test_outputs_that_are_one_file(self):
        """One would silently overwrite the other, by whatever name."""
        self.project("a", 1)
        os.symlink(".", self.path("dot"))
        base = ("extract", "--raw", "a/raw", "--final", "a/final", "--project", "p", "--output", "o.jsonl")
        for more in (("--images", "o.jsonl"), ("--images", "./o.jsonl"), ("--images", "dot/o.jsonl"),
                     ("--images", "i.jsonl", "--rejected", self.path("i.jsonl")),
                     ("--selection-log", "s.csv", "--crop-log", "dot/s.csv"), ("--images", "r", "--report", "r")):
            self.fails(self.run_in_dir(*base, *more), code=(FAILED, USAGE))
            self.assertEqual([f for f in os.listdir(self.dir) if f not in ("a", "dot")], [], more)

    def test_an_output_that_is_an_input(self):
        self.project("a", 1)
        with open(self.config(("a", "a/raw", "a/final")), "rb") as f:
            before = f.read()
        for option in ("--report", "--images"):
            self.run_in_dir("extract", "--batch", "--config", "paths.json", "--output", "o.jsonl", option, "paths.json")
            with open(self.path("paths.json"), "rb") as f:
                self.assertEqual(f.read(), before, option)


class TestReport(BatchTest):

    def test_totals_are_sums(self):
        self.project("a", 5, every=2)
        self.project("b", 7, chosen=1, every=3)
        self.project("c", 2, stages=(1,), chosen=1)
        for i in range(3):
            self.write("b/raw/odd%d.png" % i, b"")
        self.write("a/final/" + name(5000, 1), b"")
        self.config(*[(p, p + "/raw", p + "/final") for p in "abc"])
        self.batch()
        for key in SUMS:
            self.assertEqual(self.report["total"][key], sum(p[key] for p in self.report["projects"]), key)
        total = self.report["total"]
        self.assertEqual((total["groups"], total["entries"], total["anomalies"], total["unparsed"], total["orphan_finals"]),
                         (12, 6, 6, 3, 1))
        self.assertAlmostEqual(total["anomaly_rate"], 1)
        for p in self.report["projects"]:
            want = naive.extract(self.path(p["project"] + "/raw"), self.path(p["project"] + "/final"))
            for key in ("raw_images", "final_images", "groups", "groups_with_winner", "anomalies", "orphan_finals"):
                self.assertEqual(p[key], want[key], key)
        self.assertIsNone(self.counts("c")["anomaly_rate"])

    def test_table(self):
        """Like seed 000's expected output: the project's name, and its counts with thousands separated."""
        self.project("big", 1000)
        self.project("small", 2)
        self.config(("big one", "big/raw", "big/final"), ("small", "small/raw", "small/final"))
        result = self.batch(quiet=False)
        text = result.out + result.err
        self.assertIn("big one", text)
        self.assertIn("3,000", text, "raw images of the big project")
        self.assertRegex(text, r"(?s)[Tt]otal across all projects:.*\b1,002\b", "decisions of both")
        self.assertNotRegex(text, r"\b3000\b")
        for word in ("raw", "group", "reject", "anomal", "crop", "total"):
            self.assertIn(word, text.lower())

    def test_quiet_says_nothing(self):
        self.project("a", 2)
        self.config(("a", "a/raw", "a/final"))
        result = self.batch()
        self.assertEqual((result.out, result.err), ("", ""))

    def test_json_is_the_report(self):
        self.project("a", 2)
        self.project("b", 2)
        self.config(("a", "a/raw", "a/final"), ("b", "b/raw", "b/final"), ("c", "c", "d"))
        result = self.batch("--json", code=FAILED)
        self.assertEqual(result.json(), self.report)


class TestImages(BatchTest):

    def check(self, raws, finals):
        """Every field of every line against os.stat and the naive parser. raws, finals: {project: folder}"""
        seen = []
        for image in self.images:
            self.assertLessEqual(IMAGE_KEYS, set(image), image)
            raw, final = raws[image["project"]], finals[image["project"]]
            self.assertTrue(image["image_path"].startswith(raw + "/"))
            rel = image["image_path"][len(raw) + 1:]
            seen.append((image["project"], rel))
            base = os.path.basename(rel)
            info = os.stat(self.path(raw, rel))
            parsed = naive.parse(base)
            self.assertEqual(image["filename"], base)
            self.assertEqual(image["timestamp"], parsed[0] if parsed else None, base)
            self.assertEqual(image["stage"], parsed[1] if parsed else None, base)
            self.assertNotIsInstance(image["stage"], (str, bool))
            self.assertEqual(image["file_size"], info.st_size)
            self.assertEqual(when(image["file_mtime"]), info.st_mtime_ns // 10**9, base)
            found = [f for f, (source, _, _) in naive.sources(self.path(raw), self.path(final)).items() if source == rel]
            if found:
                self.assertIs(image["in_final"], True, base)
                self.assertIn(image["final_path"], [final + "/" + f for f in found])
                final_info = os.stat(self.path(image["final_path"]))
                self.assertEqual(when(image["final_mtime"]), final_info.st_mtime_ns // 10**9)
                self.assertIs(image["was_cropped"], final_info.st_mtime_ns - info.st_mtime_ns > 5 * 10**9, base)
            else:
                self.assertIsNot(image["in_final"], True, base)
                self.assertIsNone(image["final_path"])
                self.assertIsNone(image["final_mtime"])
                self.assertIsNot(image["was_cropped"], True)
        self.assertEqual(len(seen), len(set(seen)))
        self.assertEqual(set(seen), {(p, r) for p, raw in raws.items() for r in naive.scan(self.path(raw))})

    def test_every_field(self):
        self.project("a", 6, every=2)
        self.project("b", 4, start=1000, chosen=3)
        for i, (base, size, mtime) in enumerate((
                (name(5000, "1.5", "face_swapped"), 10, T0 + 0.25), (name(5001, "10.25"), 0, T0 + 0.999999), ("odd.png", 7, 0),
                ("20250230_060000_stage1.png", 1, 1), (name(5002, 2, "u", "JPG"), 99, 4102444800), (name(5003, 2), 3, -1),
                (name(5004, 3), 5, -2208988800 + 0.5))):
            self.write("a/raw/sub %d/%s" % (i, base), b"x" * size, mtime)
        self.write("a/final/elsewhere/" + name(5000, "1.5", "face_swapped"), b"", T0 + 5.3)
        self.write("a/final/" + name(5001, "10.25"), b"", T0 + 5.2)
        self.write("a/final/" + name(5002, 2, "u", "JPG"), b"", T0)
        self.write("a/final/odd.png", b"", 86400 * 365)
        self.write("a/raw/twice/" + name(6000, 1), b"1", T0)
        self.write("a/raw/thrice/" + name(6000, 1), b"2", T0)
        self.write("a/final/" + name(6000, 1), b"3", T0)
        self.config(("a", "a/raw", "a/final"), ("b", "b/raw", "b/final"))
        self.batch()
        self.check({"a": "a/raw", "b": "b/raw"}, {"a": "a/final", "b": "b/final"})
        self.assertEqual([i["project"] for i in self.images], sorted(i["project"] for i in self.images))

    def test_times_at_extremes(self):
        for i, mtime in enumerate((-2**31, 0, 2**31, 2**32, 9223372036, -1)):
            path = self.write("a/raw/" + name(10 * i, 1 + i), b"", mtime)
            if int(os.stat(path).st_mtime) != mtime:
                self.skipTest("this file system does not keep such times")
        os.makedirs(self.path("a/final"))
        self.config(("a", "a/raw", "a/final"))
        self.batch()
        self.check({"a": "a/raw"}, {"a": "a/final"})

    def test_companions(self):
        self.project("a", 1)
        stem = name(1, 1)[:-4]
        for ending in (".yaml", ".caption", ".txt"):
            self.write("a/raw/" + stem + ending, "x")
        self.config(("a", "a/raw", "a/final"))
        self.batch()
        self.assertEqual({i["filename"]: i["companions"] for i in self.images}, {
            name(1, 1): [stem + ".caption", stem + ".txt", stem + ".yaml"], name(2, 2): [], name(3, 3): []})

    def test_a_failing_project_leaves_no_lines(self):
        self.project("a", 2)
        self.project("b", 2)
        self.config(("a", "a/raw", "a/final"), ("b", "b/raw", "nowhere"))
        self.batch(code=FAILED)
        self.assertEqual({i["project"] for i in self.images}, {"a"})

    def test_single_project(self):
        self.project("a", 3)
        self.done(self.run_in_dir("extract", "--raw", "a/raw/", "--final", "./a/final", "--project", "a", "--output", "o.csv",
                                  "--images", "i.jsonl", "--quiet"))
        images = read_jsonl(self.path("i.jsonl"))
        self.assertEqual(len(images), 9)
        self.assertEqual({i["in_final"] for i in images}, {True, False})


class TestManifests(BatchTest):

    def test_counts_agree(self):
        self.project("mojo", 4, every=2)
        self.manifest("mojo", "2025-07-01T00:00:00Z", "2025-07-31T00:00:00Z", 12, 2)
        self.config(("mojo", "mojo/raw", "mojo/final"))
        self.batch("--manifest", "manifests")
        self.assertEqual(self.issues("mojo", "manifest"), [])

    def test_counts_differ(self):
        """Warned about, naming both figures; no failure."""
        self.project("mojo", 4, every=2)
        self.manifest("mojo", "2025-07-01T00:00:00Z", "2025-07-31T00:00:00Z", 19183, 6453)
        self.config(("mojo", "mojo/raw", "mojo/final"))
        result = self.batch("--manifest", "manifests/mojo.project.json", quiet=False)
        text = " ".join(i["message"] for i in self.issues("mojo", "manifest")).replace(",", "")
        for figure in ("19183", "12", "6453", "2"):
            self.assertRegex(text, r"\b%s\b" % figure)
        self.assertIn("manifest", (result.out + result.err).lower())

    def test_dates_differ(self):
        self.project("mojo", 4, every=2)
        self.manifest("mojo", "2025-08-01T00:00:00Z", "2025-08-31T00:00:00Z", 12, 2)
        self.config(("mojo", "mojo/raw", "mojo/final"))
        self.batch("--manifest", "manifests")
        self.assertTrue(self.issues("mojo", "manifest"))

    def test_last_day_counts(self):
        """A project that is finished on a date is finished at the end of that day."""
        self.project("mojo", 2)
        day = calendar.timegm((2025, 7, 10, 0, 0, 0))
        self.config(("mojo", "mojo/raw", "mojo/final"))
        self.manifest("mojo", "2025-07-10T00:00:00Z", "2025-07-10T00:00:00Z", 6, 2)
        for second, right in ((day, True), (day + DAY - 1, True), (day + DAY, False), (day - 1, False)):
            for folder, base in (("raw", name(2, 2)), ("final", name(2, 2)), ("final", name(102, 2))):
                os.utime(self.path("mojo", folder, base), (second, second))
            self.batch("--manifest", "manifests")
            self.assertEqual(not self.issues("mojo", "manifest"), right, (second - day, self.counts("mojo")["issues"]))

    def test_unknown_counts_and_dates(self):
        """null, missing, or a project still going on: nothing to compare, nothing to warn about."""
        self.project("mojo", 2)
        self.config(("mojo", "mojo/raw", "mojo/final"))
        self.manifest("mojo")
        self.batch("--manifest", "manifests")
        self.assertEqual(self.issues("mojo", "manifest"), [])
        self.write("manifests/mojo.project.json", '{"projectId":"mojo"}')
        self.batch("--manifest", "manifests")
        self.assertEqual(self.issues("mojo", "manifest"), [])
        self.manifest("mojo", "2025-07-01T00:00:00Z", None, 6, None)
        self.batch("--manifest", "manifests")
        self.assertEqual(self.issues("mojo", "manifest"), [])

    def test_a_project_is_found_by_title_and_case(self):
        self.project("a", 2)
        self.config(("Mojo-1", "a/raw", "a/final"))
        self.manifest("mojo1", "2025-07-01T00:00:00Z", "2025-07-31T00:00:00Z", 99, 98, title="MOJO-1")
        self.batch("--manifest", "manifests")
        self.assertTrue(self.issues("Mojo-1", "manifest"))

    def test_bad_manifests(self):
        """Named itself: an error. One of a folder: reported, the others are read."""
        self.project("mojo", 2)
        self.config(("mojo", "mojo/raw", "mojo/final"))
        self.manifest("mojo", "2025-07-01T00:00:00Z", "2025-07-31T00:00:00Z", 77, 2)
        for i, text in enumerate(("", "{", "[]", '{"title":"x"}', '{"projectId":5}', '{"projectId":""}', "\xff\xfe", "[" * 9999)):
            self.write("manifests/bad%d.project.json" % i, text)
            result = self.run_in_dir("extract", "--raw", "mojo/raw", "--final", "mojo/final", "--project", "mojo", "--output",
                                     "x.jsonl", "--manifest", "manifests/bad%d.project.json" % i)
            self.fails(result, "bad%d" % i)
            self.assertFalse(os.path.exists(self.path("x.jsonl")))
        result = self.run_in_dir("extract", "--batch", "--config", "paths.json", "--output", "o.jsonl", "--report", "r.json",
                                 "--manifest", "manifests", "--crop-evidence", "mtime")
        self.assert_quiet_of_noise(result)
        self.assertIn(result.code, (DONE, FAILED))
        self.assertIn("bad0", result.err)
        with open(self.path("r.json"), "rb") as f:
            self.report = strict_json(f.read())
        self.assertTrue(self.issues("mojo", "manifest"))
        self.fails(self.run_in_dir("extract", "--batch", "--config", "paths.json", "--output", "x.jsonl", "--manifest", "nowhere"),
                   "nowhere")

    def test_real_manifests(self):
        if not os.path.isdir(LEGACY):
            self.skipTest("../shared/data is not here")
        self.project("a", 2)
        self.project("b", 2)
        self.config(("mojo1", "a/raw", "a/final"), ("tattersail-0918", "b/raw", "b/final"))
        self.batch("--manifest", os.path.join(LEGACY, "projects"))
        for project, raw, final in (("mojo1", "19183", "6453"), ("tattersail-0918", "13928", "2858")):
            text = " ".join(i["message"] for i in self.issues(project, "manifest")).replace(",", "")
            self.assertIn(raw, text)
            self.assertIn(final, text)


class TestSharedFolders(BatchTest):
    """Several projects in one folder, told apart by when their files were made."""

    JULY = calendar.timegm((2025, 7, 1, 0, 0, 0))

    def fill(self):
        """Days 1-5 are a's, 8-12 b's, day 6 and 20 nobody's. Every day has two groups; of each, stage 2 was chosen."""
        for day in (1, 5, 6, 8, 12, 20):
            for i in range(2):
                for stage in (1, 2, 3):
                    self.write("all/raw/" + name(1000 * (day % 7) + 100 * i + stage, stage, "d%d" % day), b"",
                               self.JULY + (day - 1) * DAY + (DAY - 1) * i)
                self.write("all/final/" + name(1000 * (day % 7) + 100 * i + 2, 2, "d%d" % day), b"",
                           self.JULY + (day - 1) * DAY + (DAY - 1) * i)
        self.manifest("a", "2025-07-01T00:00:00Z", "2025-07-05T00:00:00Z", 12, 4)
        self.manifest("b", "2025-07-08T00:00:00Z", "2025-07-12T00:00:00Z", 12, 4)

    def days(self, project):
        return {int(re.search(r"_d(\d+)\.", p).group(1)) for e in self.entries if e["project"] == project
                for p in [e["chosen_path"], e["chosen_final_path"]] + e["neg_paths"]}

    def test_by_dates(self):
        self.fill()
        self.config(("a", "all/raw", "all/final"), ("b", "all/raw", "all/final"))
        self.batch("--manifest", "manifests", "--by-manifest-dates")
        self.assertEqual((self.days("a"), self.days("b")), ({1, 5}, {8, 12}))
        self.assertEqual([p["entries"] for p in self.report["projects"]], [4, 4])
        self.assertEqual([p["raw_images"] for p in self.report["projects"]], [12, 12])
        self.assertEqual([p["orphan_finals"] for p in self.report["projects"]], [0, 0])
        for project in "ab":
            self.assertEqual(self.issues(project, "manifest"), [])
        self.assertEqual(len(self.images), 24)
        self.assertEqual({i["project"] for i in self.images if "_d5." in i["filename"]}, {"a"})
        # The 12 files of nobody are counted somewhere.
        self.assertRegex(json.dumps(self.report), r"(?i)outside|nobody|no project|left out|other_project|not_in|time")

    def test_order_of_the_config_does_not_matter(self):
        self.fill()
        self.config(("a", "all/raw", "all/final"), ("b", "all/raw", "all/final"))
        self.batch("--manifest", "manifests", "--by-manifest-dates")
        first = {p: [e for e in self.entries if e["project"] == p] for p in "ab"}
        self.config(("b", "all/raw", "all/final"), ("a", "all/raw", "all/final"))
        self.batch("--manifest", "manifests", "--by-manifest-dates")
        self.assertEqual({p: [e for e in self.entries if e["project"] == p] for p in "ab"}, first)

    def test_random_folders_like_the_naive_implementation(self):
        """Files of three projects and of nobody, in one RAW and one FINAL, at the very edges of their times too: each
        project is what it would be had somebody sorted the files by hand."""
        windows = {"a": (1, 4), "b": (5, 5), "c": (8, 12)}
        for seed in range(12):
            rng = random.Random(seed)
            for folder in ("all", "sorted"):
                shutil.rmtree(self.path(folder), ignore_errors=True)
            for project, (first, last) in windows.items():
                self.manifest(project, iso(self.JULY + (first - 1) * DAY), iso(self.JULY + (last - 1) * DAY))
                os.makedirs(self.path("sorted", project, "raw"))
                os.makedirs(self.path("sorted", project, "final"))

            def put(side, rel, data, second):
                self.write("all/%s/%s" % (side, rel), data, second)
                for project, (first, last) in windows.items():
                    if self.JULY + (first - 1) * DAY <= second < self.JULY + last * DAY:
                        self.write("sorted/%s/%s/%s" % (project, side, rel), data, second)
            for i in range(40):
                folder = rng.choice(("", "x/", "x/y/"))
                day = rng.choice((1, 4, 5, 6, 7, 8, 12, 13))
                second = self.JULY + (day - 1) * DAY + rng.choice((0, 1, 40000, DAY - 1))
                for stage in rng.sample((1, 1.5, 2, 3), rng.randrange(1, 5)):
                    base = name(60 * i + int(10 * stage), "%g" % stage)
                    put("raw", folder + base, b"%d" % i, second)
                    if rng.random() < 0.3:
                        put("final", rng.choice(("", "z/", folder)) + base, b"%d" % i, second)
            self.config(*[(p, "all/raw", "all/final") for p in windows])
            self.batch("--manifest", "manifests", "--by-manifest-dates")
            cut = len("all/raw/")
            for project in windows:
                want = naive.extract(self.path("sorted", project, "raw"), self.path("sorted", project, "final"))
                got = {(e["chosen_path"][cut:], tuple(n[cut:] for n in e["neg_paths"])) for e in self.entries
                       if e["project"] == project}
                self.assertEqual(got, want["entries"], (seed, project))
                for key in ("raw_images", "final_images", "groups", "groups_with_winner", "anomalies", "orphan_finals"):
                    self.assertEqual(self.counts(project)[key], want[key], (seed, project, key))
                self.assertEqual({i["image_path"][cut:] for i in self.images if i["project"] == project},
                                 set(naive.scan(self.path("sorted", project, "raw"))))

    def test_one_of_them(self):
        """Asked for one project alone: files in the other one's time are still not its own."""
        self.fill()
        self.config(("a", "all/raw", "all/final"))
        self.batch("--manifest", "manifests", "--by-manifest-dates")
        self.assertNotIn(8, self.days("a"))
        self.assertNotIn(12, self.days("a"))
        self.assertLessEqual({1, 5}, self.days("a"))

    def test_shared_without_the_flag(self):
        """Projects never mix: without dates, one folder can only be one project's."""
        self.fill()
        self.config(("a", "all/raw", "all/final"), ("b", "all/raw", "all/final"))
        result = self.batch("--manifest", "manifests", code=FAILED)
        self.assertIn("b", result.err)
        self.assertEqual({e["project"] for e in self.entries}, {"a"})

    def test_overlapping_times(self):
        self.fill()
        self.manifest("b", "2025-07-05T00:00:00Z", "2025-07-12T00:00:00Z")
        self.config(("a", "all/raw", "all/final"), ("b", "all/raw", "all/final"))
        result = self.batch("--manifest", "manifests", "--by-manifest-dates", code=FAILED)
        self.assertNotEqual(result.err, "")
        self.assertNotEqual({e["project"] for e in self.entries}, {"a", "b"})

    def test_a_project_without_manifest_shares_nothing(self):
        self.fill()
        os.remove(self.path("manifests/b.project.json"))
        self.config(("a", "all/raw", "all/final"), ("b", "all/raw", "all/final"))
        self.batch("--manifest", "manifests", "--by-manifest-dates", code=FAILED)
        self.assertNotIn("b", {e["project"] for e in self.entries})

    def test_shared_raw_only(self):
        self.fill()
        for day in (1, 5, 8, 12):
            for base in os.listdir(self.path("all/final")):
                if "_d%d." % day in base:
                    target = self.path("fa" if day < 7 else "fb", base)
                    os.makedirs(os.path.dirname(target), exist_ok=True)
                    os.rename(self.path("all/final", base), target)
                    os.utime(target, (self.JULY + 100 * DAY,) * 2)
        # The finals were cropped much later, by whoever: their own folder says whose they are.
        self.config(("a", "all/raw", "fa"), ("b", "all/raw", "fb"))
        self.batch("--manifest", "manifests", "--by-manifest-dates")
        self.assertEqual((self.days("a"), self.days("b")), ({1, 5}, {8, 12}))


if __name__ == "__main__":
    unittest.main()
