"""test_extract.py: `selectai extract` on hand-made folders, against hand-derived truth and a naive second implementation.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import csv
import json
import os
import random
import shutil
import unittest

import naive
from support import DONE, FAILED, USAGE, Picture, ProgramTest, leftovers, read_jsonl, selectai, snapshot, strict_json, write

DATE = "2025-10-20"
T0 = 1751958431  # 2025-07-08 07:07:11 UTC
PIXEL = Picture.noise(2, 3, "pixel").png()

ENTRY_KEYS = ["project", "timestamp", "chosen_path", "chosen_stage", "neg_paths", "neg_stages", "was_cropped", "set_id",
              "chosen_final_path", "anomaly", "crop", "crop_evidence", "group_mode", "evidence", "metadata", "image_size"]
CSV_COLUMNS = ENTRY_KEYS[:7]
REPORT_KEYS = ["project", "raw_images", "final_images", "unparsed", "groups", "single_stage", "groups_with_winner",
               "groups_rejected", "multi_winner_groups", "entries", "anomalies", "anomaly_rate", "cropped", "crop_rate",
               "orphan_finals", "ambiguous", "issues"]


def name(seconds, stage, label="", ending="png", day=8):
    """A name of 2025-07-<day> 06:00:00 plus so many seconds."""
    return "202507%02d_%02d%02d%02d_stage%s%s.%s" % (day, 6 + seconds // 3600, seconds // 60 % 60, seconds % 60, stage,
                                                   "_" + label if label else "", ending)


class ExtractTest(ProgramTest):
    """RAW and FINAL below the test's folder, results in memory."""

    def raw(self, relative, data=PIXEL, mtime=T0):
        return self.write("raw/" + relative, data, mtime)

    def final(self, relative, data=PIXEL, mtime=T0):
        return self.write("final/" + relative, data, mtime)

    def extract(self, *options, code=DONE, raw="raw", final="final", project="p"):
        """Runs in the folder, so that paths are short; self.entries, self.rejected, self.report."""
        for folder in ("raw", "final"):
            os.makedirs(self.path(folder), exist_ok=True)
        result = self.run_in_dir("extract", "--raw", raw, "--final", final, "--project", project, "--output", "out.jsonl",
                                 "--report", "report.json", "--rejected", "rejected.jsonl", "--date", DATE, "--quiet",
                                 *options)
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, code, str(result))
        self.entries = read_jsonl(self.path("out.jsonl"))
        self.rejected = read_jsonl(self.path("rejected.jsonl"))
        with open(self.path("report.json"), "rb") as f:
            self.report = strict_json(f.read())
        self.counts = self.report["projects"][0]
        return result

    def decisions(self):
        """[(chosen, [losers])] without the leading raw/."""
        cut = len("raw/")
        return [(e["chosen_path"][cut:], [n[cut:] for n in e["neg_paths"]]) for e in self.entries]

    def rejected_rels(self):
        return [[p[len("raw/"):] for p in group["paths"]] for group in self.rejected]

    def issue_paths(self, kind=None):
        return [i["path"] for i in self.counts["issues"] if kind is None or i["kind"] == kind]


class TestRecords(ExtractTest):
    """The layout of what is written."""

    def simple(self):
        """One group of three stages of which the second won, another that nobody wanted."""
        pictures = [Picture.noise(20, 30, i) for i in range(3)]
        self.raw("a/" + name(0, 1, "generated"), pictures[0])
        self.raw("a/" + name(30, 2, "upscaled"), pictures[1])
        self.raw("a/" + name(70, 3, "enhanced"), pictures[2])
        self.raw("a/" + name(900, 1, "generated"))
        self.raw("a/" + name(930, "1.5", "face_swapped"))
        self.final("best/" + name(30, 2, "upscaled"), pictures[1].crop(4, 0, 20, 24), T0 + 86400)

    def test_entry(self):
        self.simple()
        self.extract()
        self.assertEqual(len(self.entries), 1)
        entry = self.entries[0]
        self.assertEqual(list(entry), ENTRY_KEYS)
        self.assertEqual(entry["project"], "p")
        self.assertEqual(entry["timestamp"], "20250708_060030")
        self.assertEqual(entry["chosen_path"], "raw/a/" + name(30, 2, "upscaled"))
        self.assertEqual(entry["chosen_stage"], 2)
        self.assertEqual(entry["neg_paths"], ["raw/a/" + name(0, 1, "generated"), "raw/a/" + name(70, 3, "enhanced")])
        self.assertEqual(entry["neg_stages"], [1, 3])
        self.assertIs(entry["was_cropped"], True)
        self.assertTrue(entry["set_id"])
        self.assertEqual(entry["chosen_final_path"], "final/best/" + name(30, 2, "upscaled"))
        self.assertIs(entry["anomaly"], True)
        self.assertEqual(entry["crop_evidence"], "pixels")
        self.assertEqual(entry["group_mode"], "nearest-up")
        self.assertEqual(entry["evidence"], "name")
        self.assertEqual(entry["metadata"], {"raw_dir": "raw", "final_dir": "final", "extraction_date": DATE})
        crop = entry["crop"]
        self.assertEqual(set(crop), {"x1", "y1", "x2", "y2", "box_px", "method", "residual"})
        self.assertEqual(crop["box_px"], [4, 0, 20, 24])
        for key, value in zip(("x1", "y1", "x2", "y2"), (4 / 20, 0, 1, 24 / 30)):
            self.assertAlmostEqual(crop[key], value, 12)
        self.assertEqual((crop["method"], crop["residual"]), ("exact", 0))

    def test_rejected_group(self):
        self.simple()
        self.extract()
        self.assertEqual(len(self.rejected), 1)
        group = self.rejected[0]
        self.assertEqual((group["project"], group["timestamp"], group["stages"]), ("p", "20250708_061500", [1, 1.5]))
        self.assertEqual(self.rejected_rels(), [["a/" + name(900, 1, "generated"), "a/" + name(930, "1.5", "face_swapped")]])
        self.assertTrue(group["set_id"])
        self.assertNotEqual(group["set_id"], self.entries[0]["set_id"])

    def test_report(self):
        self.simple()
        self.raw("a/notes.png")
        self.raw("a/alone/" + name(0, 2))
        self.final(name(5000, 2, "gone"))
        self.extract()
        for key in REPORT_KEYS:
            self.assertIn(key, self.counts)
        expected = {"project": "p", "raw_images": 7, "final_images": 2, "unparsed": 1, "groups": 2, "single_stage": 1,
                    "groups_with_winner": 1, "groups_rejected": 1, "multi_winner_groups": 0, "entries": 1, "anomalies": 1,
                    "anomaly_rate": 1, "cropped": 1, "crop_rate": 1, "orphan_finals": 1, "ambiguous": 0}
        self.assertEqual({k: self.counts[k] for k in expected}, expected)
        self.assertEqual(sorted(self.issue_paths()), ["final/" + name(5000, 2, "gone"), "raw/a/notes.png"])
        for key in REPORT_KEYS[1:-1]:
            self.assertEqual(self.report["total"][key], self.counts[key], key)

    def test_json_is_the_report(self):
        self.simple()
        result = self.extract("--json")
        self.assertEqual(result.json(), self.report)

    def test_csv_has_the_seven_columns(self):
        self.simple()
        self.raw("a,b \"c\"/" + name(0, 1))
        self.raw("a,b \"c\"/" + name(1, 2))
        self.final(name(1, 2))
        self.done(self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", "=p,\"1\"", "--output", "o.csv"))
        with open(self.path("o.csv"), "rb") as f:
            data = f.read()
        self.assertTrue(data.endswith(b"\n"))
        with open(self.path("o.csv"), encoding="utf-8", newline="") as f:
            rows = list(csv.reader(f, strict=True))
        self.assertEqual(rows[0], CSV_COLUMNS)
        self.assertEqual([len(r) for r in rows], [7, 7, 7])
        by_path = {r[2]: r for r in rows[1:]}
        row = by_path["raw/a/" + name(30, 2, "upscaled")]
        self.assertEqual(row[1], "20250708_060030")
        self.assertEqual(float(row[3]), 2)
        self.assertEqual(json.loads(row[4]), ["raw/a/" + name(0, 1, "generated"), "raw/a/" + name(70, 3, "enhanced")])
        self.assertEqual(json.loads(row[5]), [1, 3])
        self.assertEqual(row[6], "true")
        row = by_path["raw/a,b \"c\"/" + name(1, 2)]
        self.assertEqual(json.loads(row[4]), ["raw/a,b \"c\"/" + name(0, 1)])
        self.assertEqual(row[6], "false")

    def test_control_characters_and_formulas_in_csv(self):
        """architecture.md: formulas in CSV cells are quoted, control characters rejected or escaped; and the file that was
        written can be read again."""
        self.simple()
        for project in ("a\nb", "a\rb", "a\x01b", "a\x1b[31mb"):
            result = self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", project, "--output", "c.csv",
                                     "--quiet")
            if result.code == DONE:
                with open(self.path("c.csv"), "rb") as f:
                    self.assertNotRegex(f.read(), rb"[\x00-\x09\x0b-\x1f]|a\nb", project)
            else:
                self.fails(result, code=(FAILED, USAGE))
        os.rename(self.path("raw"), self.path("@raw"))
        for project in ("=1+1", "+1", "-1", "@x"):
            self.done(self.run_in_dir("extract", "--raw", "@raw", "--final", "final", "--project", project, "--output", "c.csv",
                                      "--quiet"))
            with open(self.path("c.csv"), encoding="utf-8", newline="") as f:
                row = list(csv.reader(f))[1]
            self.assertEqual(row[0], "'" + project)
            self.assertEqual(row[2], "'@raw/a/" + name(30, 2, "upscaled"))
            result = self.run_in_dir("embed", "--input", "c.csv", "--cache", "cache", "--json", "--quiet")
            self.done(result)
            self.assertEqual(result.json()["failed"], 0)

    def test_date_is_today_by_default(self):
        import datetime
        self.simple()
        before = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        self.done(self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "o.jsonl"))
        after = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        self.assertIn(read_jsonl(self.path("o.jsonl"))[0]["metadata"]["extraction_date"], (before, after))

    def test_bad_dates_are_usage_errors(self):
        self.simple()
        for date in ("2025-13-01", "2025-02-30", "yesterday", "", "2025-1-1"):
            result = self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "d.jsonl",
                                     "--date", date)
            self.fails(result, code=USAGE)
            self.assertFalse(os.path.exists(self.path("d.jsonl")))

    def test_paths_as_given(self):
        """Relative, absolute, and with a slash at the end: joined with one '/'."""
        self.simple()
        for raw, final in (("raw/", "final/"), (self.path("raw"), self.path("final")), ("./raw", "../%s/final" %
                           os.path.basename(self.dir))):
            self.extract(raw=raw, final=final)
            entry = self.entries[0]
            self.assertEqual(entry["chosen_path"], raw.rstrip("/") + "/a/" + name(30, 2, "upscaled"))
            self.assertEqual(entry["chosen_final_path"], final.rstrip("/") + "/best/" + name(30, 2, "upscaled"))

    def test_nothing_to_do(self):
        """Empty folders: no entries, all counts 0, and no rate is invented (a rate of nothing is null)."""
        self.extract()
        self.assertEqual((self.entries, self.rejected), ([], []))
        for key in REPORT_KEYS[1:-1]:
            if key.endswith("_rate"):
                self.assertIsNone(self.counts[key], key)
            else:
                self.assertEqual(self.counts[key], 0, key)

    def test_order_is_folder_and_time(self):
        for folder in ("b", "a", "a/z", "B"):
            for second in (100, 0, 50):
                self.raw("%s/%s" % (folder, name(second, 1, folder.replace("/", "-"))))
                self.raw("%s/%s" % (folder, name(second + 2, 2, folder.replace("/", "-"))))
                self.final(name(second + 2, 2, folder.replace("/", "-")))
        self.extract()
        got = [(os.path.dirname(e["chosen_path"]), e["timestamp"]) for e in self.entries]
        self.assertEqual(got, sorted(got))
        self.assertEqual(len(got), 12)
        self.assertEqual(len({e["set_id"] for e in self.entries}), 12)


class TestGrouping(ExtractTest):

    def stages(self, *stages, folder="", step=10, start=0, label=""):
        """One file after the other, all of them chosen by nobody."""
        rels = [os.path.join(folder, name(start + i * step, s, label)) for i, s in enumerate(stages)]
        for rel in rels:
            self.raw(rel)
        return rels

    def check(self, expected, *options):
        self.extract(*options)
        self.assertEqual([g["stages"] for g in self.rejected], expected)
        self.assertEqual(self.counts["groups"], len(expected))
        self.assertEqual(self.counts["groups_rejected"], len(expected))

    def test_the_examples_of_the_requirements(self):
        self.stages(1, 3, 2, 3, folder="a")
        self.stages(3, 3, 2, 3, folder="b")
        self.stages(2, 2, 2, folder="c")
        self.stages(1, 2, 1, 2, folder="d")
        self.check([[1, 2, 3], [2, 3], [1, 2], [1, 2]])

    def test_half_stages_and_large_numbers(self):
        self.stages(1, "1.5", 2, 3, folder="a")
        self.stages(9, 10, "10.25", folder="b")
        self.check([[1, 1.5, 2, 3], [9, 10, 10.25]])

    def test_earliest_of_the_nearest_is_taken(self):
        self.raw(name(0, 1))
        self.raw(name(10, 2, "b"))
        self.raw(name(10, 2, "a"))
        self.raw(name(20, 2, "c"))
        self.extract()
        self.assertEqual(self.rejected_rels(), [[name(0, 1), name(10, 2, "a")]])

    def test_max_gap(self):
        self.stages(1, 2, 3, step=60)
        self.check([[1, 2, 3]], "--max-gap", "60")
        self.check([], "--max-gap", "59")
        self.check([[1, 2, 3]], "--max-gap", "0")
        self.check([[1, 2, 3]], "--max-gap", "60.5")

    def test_gap_is_measured_from_the_last_one_taken(self):
        """1 at 0 s, 3 at 50 s, 2 at 90 s: the gap to the 2 is 90 s, whatever lies between."""
        self.raw(name(0, 1))
        self.raw(name(50, 3))
        self.raw(name(90, 2))
        self.check([[1, 2]], "--max-gap", "90")
        self.check([[1, 3]], "--max-gap", "89")

    def test_gap_over_midnight(self):
        self.raw("20250731_235950_stage1.png")
        self.raw("20250801_000010_stage2.png")
        self.raw("20241231_235959_stage1.png")
        self.raw("20250101_000018_stage2.png")
        self.check([[1, 2]], "--max-gap", "19")
        self.check([[1, 2], [1, 2]], "--max-gap", "20")

    def test_lookahead(self):
        self.stages(1, 5, 4, 3, 2)
        self.check([[1, 2]])
        self.check([[1, 2]], "--lookahead", "4")
        self.check([[1, 3]], "--lookahead", "3")
        self.check([[1, 5]], "--lookahead", "1")

    def test_fifty_files_are_looked_at(self):
        for n, expected in ((49, [[1, 2]]), (50, [[1, 9]])):
            shutil.rmtree(self.path("raw"), ignore_errors=True)
            self.stages(1, *[9] * n, 2)
            self.check(expected)

    def test_timestamp_mode(self):
        for second, stages in ((0, (3, 1, 2)), (5, (2,)), (9, (2, "2.5"))):
            for stage in stages:
                self.raw("x/" + name(second, stage))
        self.check([[1, 2, 3], [2, 2.5]], "--group-mode", "timestamp")
        for group in self.rejected:
            self.assertEqual(len({os.path.basename(p)[:15] for p in group["paths"]}), 1)

    def test_timestamp_mode_in_entries(self):
        for stage in (1, 2, 3):
            self.raw(name(0, stage))
        self.final(name(0, 3))
        self.extract("--group-mode", "timestamp")
        self.assertEqual(self.decisions(), [(name(0, 3), [name(0, 1), name(0, 2)])])
        self.assertEqual(self.entries[0]["group_mode"], "timestamp")
        self.assertIs(self.entries[0]["anomaly"], False)

    def test_scope(self):
        """Equal timestamps in different folders are different pictures, unless the whole project is asked for."""
        self.raw("a/" + name(0, 1, "a"))
        self.raw("b/" + name(0, 2, "b"))
        self.check([])
        self.check([[1, 2]], "--group-scope", "project")
        self.check([], "--group-mode", "timestamp")
        self.check([[1, 2]], "--group-mode", "timestamp", "--group-scope", "project")
        self.raw("b/" + name(20, 3, "b"))
        self.raw("a/" + name(30, 2, "a"))
        self.check([[1, 2], [2, 3]])

    def test_bad_grouping_options(self):
        self.stages(1, 2)
        os.makedirs(self.path("final"))
        for options in (("--group-mode", "nearest"), ("--group-scope", "all"), ("--max-gap", "-1"), ("--max-gap", "nan"),
                        ("--max-gap", "ten"), ("--lookahead", "0"), ("--lookahead", "-1"), ("--lookahead", "x"),
                        ("--lookahead", "99999999999999999999"), ("--threads", "-1"), ("--threads", "two"),
                        ("--crop-evidence", "guess")):
            result = self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "g.jsonl",
                                     *options)
            self.fails(result, code=USAGE)
            self.assertFalse(os.path.exists(self.path("g.jsonl")), options)

    def test_random_projects_like_the_naive_implementation(self):
        for seed in range(12):
            rng = random.Random(seed)
            shutil.rmtree(self.path("raw"), ignore_errors=True)
            shutil.rmtree(self.path("final"), ignore_errors=True)
            project_scope = seed % 3 == 2
            self.random_project(rng, unique=project_scope)
            options = {"mode": rng.choice(["nearest-up", "nearest-up", "timestamp"]),
                       "scope": "project" if project_scope else "directory",
                       "max_gap": rng.choice([0, 0, 7, 60]), "lookahead": rng.choice([1, 2, 5, 50])}
            self.extract("--group-mode", options["mode"], "--group-scope", options["scope"], "--max-gap",
                         options["max_gap"], "--lookahead", options["lookahead"])
            expected = naive.extract(self.path("raw"), self.path("final"), **options)
            context = "seed %d, %r" % (seed, options)
            self.assertEqual(sorted((c, tuple(n)) for c, n in self.decisions()), sorted(expected["entries"]), context)
            self.assertEqual(len(self.entries), len(expected["entries"]), context)
            self.assertEqual(sorted(tuple(g) for g in self.rejected_rels()), sorted(expected["rejected"]), context)
            for key in ("raw_images", "final_images", "groups", "groups_with_winner", "multi_winner_groups", "anomalies",
                        "orphan_finals", "ambiguous"):
                self.assertEqual(self.counts[key], expected[key], "%s, %s" % (key, context))

    def random_project(self, rng, unique):
        """Folders of stages in bursts; finals by name, by stage, and without a source."""
        used = set()
        folders = ["", "a", "a/b", "c d"]
        for _ in range(70):
            second, stage = rng.randrange(0, 180), rng.choice([1, "1.5", 2, 3])
            if unique and (second, stage) in used:
                continue
            used.add((second, stage))
            label = rng.choice(["", "x", "y"])
            self.raw(os.path.join(rng.choice(folders), name(second, stage, label)),
                     Picture.noise(1, 1, rng.random()).png())
        raws = sorted(naive.scan(self.path("raw")))
        for rel in rng.sample(raws, len(raws) // 3):
            with open(self.path("raw", rel), "rb") as f:
                data = f.read()
            base = os.path.basename(rel)
            kind = rng.randrange(6)
            if kind == 0:
                base = base.replace(".png", "_cropped.png")
            elif kind == 1:
                base = name(rng.randrange(4000, 5000), 2)
            target = os.path.join(rng.choice(folders), base)
            if not os.path.exists(self.path("final", target)):
                self.final(target, data)
        # Two finals of one source are another matter (TestWinners): keep one of each.
        seen = set()
        for rel, (source, _, _) in sorted(naive.sources(self.path("raw"), self.path("final")).items()):
            if source in seen and source is not None:
                os.remove(self.path("final", rel))
            seen.add(source)


class TestWinners(ExtractTest):

    def group(self, folder="", start=0, stages=(1, 2, 3), label=""):
        rels = [os.path.join(folder, name(start + 10 * i, s, label)) for i, s in enumerate(stages)]
        for rel in rels:
            self.raw(rel, Picture.noise(3, 4, rel))
        return rels

    def copy(self, rel, target):
        with open(self.path("raw", rel), "rb") as f:
            return self.final(target, f.read())

    def test_by_name_whatever_the_folder(self):
        one, two, three = self.group("deep/er")
        self.copy(three, "training data/mojo1/faces/" + os.path.basename(three))
        self.extract()
        self.assertEqual(self.decisions(), [(three, [one, two])])
        self.assertEqual(self.entries[0]["evidence"], "name")
        self.assertIs(self.entries[0]["anomaly"], False)

    def test_same_relative_folder_first(self):
        """Both folders have files of these names. FINAL keeps the folder: that decides, even against the content."""
        a, b = self.group("a"), self.group("b")
        self.copy(b[1], "a/" + os.path.basename(a[1]))
        self.extract("--crop-evidence", "mtime")
        self.assertEqual(self.decisions(), [(a[1], [a[0], a[2]])])
        self.assertEqual(self.entries[0]["evidence"], "name")
        self.assertEqual(self.rejected_rels(), [b])

    def test_then_identical_content(self):
        a, b = self.group("a"), self.group("b")
        self.copy(b[2], "elsewhere/" + os.path.basename(b[2]))
        self.extract()
        self.assertEqual(self.decisions(), [(b[2], [b[0], b[1]])])
        self.assertEqual(self.entries[0]["evidence"], "content")
        self.assertEqual(self.rejected_rels(), [a])
        self.assertEqual(self.counts["ambiguous"], 0)

    def test_ambiguous_is_reported_not_guessed(self):
        a, b = self.group("a"), self.group("b")
        path = self.final("elsewhere/" + os.path.basename(a[1]), Picture.noise(3, 4, "edited"))
        self.extract()
        self.assertEqual(self.entries, [])
        self.assertEqual(self.counts["ambiguous"], 1)
        self.assertEqual(self.counts["orphan_finals"], 0)
        self.assertIn(os.path.relpath(path, self.dir), self.issue_paths())
        # One of the two was chosen: neither may be called rejected ("in RAW, nothing in FINAL").
        self.assertEqual(self.rejected_rels(), [], "%s %s" % (a, b))

    def test_ambiguous_when_contents_are_equal(self):
        for folder in "ab":
            for i in range(2):
                self.raw("%s/%s" % (folder, name(10 * i, i + 1)), PIXEL)
        self.final("c/" + name(10, 2), PIXEL)
        self.extract()
        self.assertEqual((self.entries, self.counts["ambiguous"]), ([], 1))

    def test_by_timestamp_and_stage(self):
        one, two, three = self.group()
        self.copy(two, "x/" + name(10, 2, "final-edit", "jpg"))
        self.extract("--crop-evidence", "mtime")
        self.assertEqual(self.decisions(), [(two, [one, three])])
        self.assertEqual(self.entries[0]["evidence"], "stage")
        self.assertEqual(self.counts["orphan_finals"], 0)

    def test_stage_is_a_number_not_text(self):
        """stage2 and stage2.0 are one stage."""
        one, two, three = self.group()
        self.copy(two, "20250708_060010_stage2.0_x.png")
        self.extract()
        self.assertEqual(self.decisions(), [(two, [one, three])])

    def test_timestamp_and_stage_must_be_unique(self):
        self.group("a", label="m")
        self.group("b", label="n")
        self.final(name(10, 2, "edited"))
        self.extract()
        self.assertEqual(self.entries, [])
        self.assertEqual(self.counts["orphan_finals"] + self.counts["ambiguous"], 1)
        self.assertEqual(self.issue_paths(), ["final/" + name(10, 2, "edited")])

    def test_several_winners(self):
        """One entry each, and the other winners are nobody's losers."""
        one, half, two, three = self.group(stages=(1, "1.5", 2, 3))
        self.copy(half, os.path.basename(half))
        self.copy(three, "sub/" + os.path.basename(three))
        self.extract()
        self.assertEqual(self.decisions(), [(half, [one, two]), (three, [one, two])])
        self.assertEqual([e["anomaly"] for e in self.entries], [True, False])
        self.assertEqual(len({e["set_id"] for e in self.entries}), 1)
        self.assertEqual((self.counts["multi_winner_groups"], self.counts["groups_with_winner"]), (1, 1))
        self.assertEqual((self.counts["entries"], self.counts["anomalies"]), (2, 1))

    def test_no_loser_no_entry(self):
        for rel in self.group():
            self.copy(rel, rel)
        self.extract()
        self.assertEqual((self.entries, self.rejected), ([], []))
        self.assertEqual((self.counts["groups"], self.counts["groups_with_winner"], self.counts["groups_rejected"],
                          self.counts["multi_winner_groups"], self.counts["entries"]), (1, 1, 0, 1, 0))

    def test_one_winner_twice_in_final(self):
        """The same image in two sub-folders is one winner: one entry."""
        one, two, three = self.group()
        self.copy(three, "a/" + three)
        self.copy(three, "b/" + three)
        self.extract()
        self.assertEqual(self.decisions(), [(three, [one, two])])
        self.assertEqual(self.counts["multi_winner_groups"], 0)
        self.assertEqual(self.counts["final_images"], 2)

    def test_orphans(self):
        self.group()
        self.final("x/" + name(700, 2))
        self.final("x/portrait.png")
        self.extract()
        self.assertEqual((self.entries, self.counts["orphan_finals"]), ([], 2))
        self.assertEqual(sorted(self.issue_paths("orphan-final")), ["final/x/" + name(700, 2), "final/x/portrait.png"])
        self.assertEqual(self.counts["groups_rejected"], 1)

    def test_winner_outside_any_group(self):
        """It has a source, so it is no orphan; but nothing was decided."""
        self.raw(name(0, 2))
        self.final(name(0, 2))
        self.extract()
        self.assertEqual((self.entries, self.counts["orphan_finals"], self.counts["groups"]), ([], 0, 0))

    def test_unparsed_name_in_both_is_no_orphan(self):
        self.raw("a/portrait.png")
        self.final("portrait.png")
        self.extract()
        self.assertEqual((self.entries, self.counts["orphan_finals"]), ([], 0))
        self.assertIn("raw/a/portrait.png", self.issue_paths())

    def test_names_that_do_not_parse(self):
        bad = ["20250230_060000_stage1.png", "20250708_246000_stage1.png", "20250708_060060_stage1.png",
               "20250708_240000_stage1.png", "20251301_060000_stage1.png", "20250700_060000_stage1.png",
               "20230229_060000_stage1.png", "20250708_060000.png", "20250708_060000_stage.png",
               "20250708_060000_stage1x.png", "20250708-060000_stage1.png", "2025070_060000_stage1.png",
               "x20250708_060000_stage1.png", "20250708_060000_Stage1.png", "20250708_060000_stage-1.png",
               "00000000_000000_stage1.png", "portrait.png", "stage2.png"]
        for base in bad:
            self.assertIsNone(naive.parse(base), base)
            self.raw("u/" + base)
        self.raw("u/20240229_060000_stage1.png")
        self.raw("u/20240229_060001_stage2.png")
        self.extract()
        self.assertEqual(self.rejected_rels(), [["u/20240229_060000_stage1.png", "u/20240229_060001_stage2.png"]])
        self.assertEqual(self.counts["unparsed"], len(bad))
        self.assertEqual(sorted(self.issue_paths()), sorted("raw/u/" + b for b in bad))
        self.assertEqual(self.counts["raw_images"], len(bad) + 2)

    def test_companions_are_no_images(self):
        one, two, three = self.group()
        for ending in ("yaml", "caption", "txt", "json", "png.bak", "gif", "bmp"):
            self.raw(three.replace("png", ending), b"text")
            self.final(three.replace("png", ending), b"text")
        self.copy(three, three)
        self.extract()
        self.assertEqual(self.decisions(), [(three, [one, two])])
        self.assertEqual((self.counts["raw_images"], self.counts["final_images"]), (3, 1))
        self.assertEqual(self.counts["issues"], [])

    def test_endings_in_any_case(self):
        endings = ("PNG", "jpg", "JPEG", "WebP", "pNg", "Jpg", "jpeg", "webp", "png")
        rels = [name(i, i + 1, "", e) for i, e in enumerate(endings)]
        for rel in rels:
            self.raw(rel)
        self.final(rels[3])
        self.extract("--crop-evidence", "mtime")
        self.assertEqual(self.counts["raw_images"], len(endings))
        self.assertEqual(self.decisions(), [(rels[3], rels[:3] + rels[4:])])

    def test_hidden_files_and_folders(self):
        one, two, three = self.group("a")
        self.raw("a/." + name(11, "2.5"))
        self.raw(".thumbs/" + name(12, 2))
        self.raw(".thumbs/" + name(13, 3))
        self.final("." + three)
        self.final(".trash/" + os.path.basename(two))
        self.copy(one, os.path.basename(one))
        self.extract()
        self.assertEqual(self.decisions(), [(one, [two, three])])
        self.assertEqual((self.counts["raw_images"], self.counts["final_images"]), (3, 1))

    def test_links_are_not_followed(self):
        one, two, three = self.group("a")
        self.write("outside/" + name(400, 1), PIXEL)
        self.write("outside/" + name(410, 2), PIXEL)
        os.symlink(self.path("outside"), self.path("raw/linked"))
        os.symlink(self.path("raw"), self.path("raw/a/loop"))
        os.symlink(self.path("raw/a", os.path.basename(three)), self.path("raw/a", name(30, 4)))
        os.symlink("nowhere", self.path("raw/a", name(40, 5)))
        self.copy(one, os.path.basename(one))
        os.symlink(self.path("raw", three), self.path("final", os.path.basename(three)))
        self.extract()
        self.assertEqual(self.decisions(), [(one, [two, three])])
        self.assertEqual((self.counts["raw_images"], self.counts["final_images"]), (3, 1))

    def test_the_given_folder_may_be_a_link(self):
        one, two, three = self.group("a")
        self.copy(one, os.path.basename(one))
        os.symlink("raw", self.path("raw-link"))
        self.extract(raw="raw-link")
        self.assertEqual([e["chosen_path"] for e in self.entries], ["raw-link/" + one])

    def test_other_things_with_image_names(self):
        """A folder and a pipe named like images: neither is one, and the pipe must not block."""
        one, two, three = self.group()
        os.makedirs(self.path("raw", name(30, 4)))
        os.mkfifo(self.path("raw", name(40, 5)))
        self.copy(one, one)
        self.extract()
        self.assertEqual(self.decisions(), [(one, [two, three])])
        self.assertEqual(self.counts["raw_images"], 3)

    def test_spaces_and_unicode(self):
        folder = "my pictures/Ä 図 \U0001f600 e\u0301/tab\there\nnew \"line\" \\ %s"
        one, two, three = self.group(folder, label="étape é")
        self.copy(three, "für später/" + os.path.basename(three))
        self.extract()
        self.assertEqual(self.decisions(), [(three, [one, two])])
        self.assertTrue(os.path.exists(self.path(self.entries[0]["chosen_path"])))
        self.assertTrue(os.path.exists(self.path(self.entries[0]["chosen_final_path"])))
        with open(self.path("out.jsonl"), "rb") as f:
            self.assertEqual(f.read().count(b"\n"), 1)

    def test_names_that_are_no_utf8(self):
        """They must not spoil the outputs (which are UTF-8) nor the other groups, and not vanish silently."""
        one, two, three = self.group("good")
        self.copy(three, os.path.basename(three))
        bad = os.path.join(os.fsencode(self.path("raw")), b"caf\xe9")
        os.makedirs(bad)
        for base in (name(0, 1), name(10, 2)):
            with open(os.path.join(bad, base.encode()), "wb") as f:
                f.write(PIXEL)
        with open(os.path.join(os.fsencode(self.path("raw")), b"odd\xff\xfe.png"), "wb") as f:
            f.write(PIXEL)
        with open(os.path.join(os.fsencode(self.path("final")), name(10, 2, "x").encode() + b"\xff.png"), "wb") as f:
            f.write(PIXEL)
        self.extract("--json")
        self.assertIn((three, [one, two]), self.decisions())
        for part in ("odd", "raw/caf", "final/" + name(10, 2, "x")):
            self.assertTrue(any(part in p for p in self.issue_paths()), "%s: %r" % (part, self.counts["issues"]))

    def test_projects_may_share_names(self):
        """Two projects in one batch: nothing of one is taken for the other."""
        for project in ("p", "q"):
            for i in (1, 2):
                self.write("%s/raw/%s" % (project, name(i, i)), PIXEL, T0)
        self.write("q/final/" + name(2, 2), PIXEL, T0)
        os.makedirs(self.path("p/final"))
        self.write("c.json", json.dumps({"projects": [{"name": x, "raw_dir": x + "/raw", "final_dir": x + "/final"}
                                                      for x in ("p", "q")]}))
        self.done(self.run_in_dir("extract", "--batch", "--config", "c.json", "--output", "o.jsonl", "--rejected", "r.jsonl"))
        entries = read_jsonl(self.path("o.jsonl"))
        self.assertEqual([(e["project"], e["chosen_path"]) for e in entries], [("q", "q/raw/" + name(2, 2))])
        self.assertEqual([g["project"] for g in read_jsonl(self.path("r.jsonl"))], ["p"])


class TestCrops(ExtractTest):

    def pair(self, original, final, second=0, raw_time=T0, final_time=T0 + 3600, ending="png"):
        """A group whose second stage is `original` and was kept as `final`."""
        self.raw(name(second, 1))
        self.raw(name(second + 1, 2, "", ending), original, raw_time)
        self.final(name(second + 1, 2, "", ending), final, final_time)

    def test_exact_boxes(self):
        original = Picture.noise(40, 60, "o")
        boxes = [(0, 0, 20, 30), (20, 30, 40, 60), (7, 0, 33, 39), (1, 1, 39, 59), (0, 5, 40, 60), (13, 21, 14, 22 + 10)]
        for i, box in enumerate(boxes):
            self.pair(original, original.crop(*box), 100 * i)
        self.extract()
        self.assertEqual([tuple(e["crop"]["box_px"]) for e in self.entries], boxes)
        for e, box in zip(self.entries, boxes):
            self.assertIs(e["was_cropped"], True)
            self.assertEqual((e["crop_evidence"], e["crop"]["method"]), ("pixels", "exact"))
            for key, value, side in zip(("x1", "y1", "x2", "y2"), box, (40, 60, 40, 60)):
                self.assertAlmostEqual(e["crop"][key], value / side, 12)
        self.assertEqual((self.counts["cropped"], self.counts["crop_rate"]), (len(boxes), 1))

    def test_same_size_copy_with_newer_time_is_no_crop(self):
        original = Picture.noise(24, 36, "o")
        self.pair(original, original, 0, final_time=T0 + 90000)
        self.pair(original, original.png(level=0), 100, final_time=T0 + 90000)  # other bytes, same pixels
        self.pair(original, original, 200, final_time=T0)
        self.extract()
        self.assertEqual([e["was_cropped"] for e in self.entries], [False] * 3)
        for entry in self.entries:
            self.assertTrue(entry["crop"] is None or entry["crop"]["method"] == "identical", entry)
        self.assertEqual((self.counts["cropped"], self.counts["crop_rate"]), (0, 0))

    def test_pixels_that_are_not_there_give_no_box(self):
        """Another size, other pixels: cropped or not, no box may be made up."""
        self.pair(Picture.noise(24, 36, "o"), Picture.noise(12, 18, "other"))
        self.extract()
        entry = self.entries[0]
        self.assertIsNone(entry["crop"])
        self.assertEqual(entry["crop_evidence"], "size")

    def test_larger_than_the_original(self):
        self.pair(Picture.noise(12, 18, "o"), Picture.noise(24, 36, "larger"))
        self.extract()
        self.assertIsNone(self.entries[0]["crop"])

    def test_flat_pictures_have_no_certain_box(self):
        """One colour: the crop fits everywhere. A box would be a guess (nothing is invented)."""
        flat = Picture(30, 40, bytes([90, 80, 70]) * 1200)
        self.pair(flat, flat.crop(5, 5, 20, 25))
        self.extract()
        entry = self.entries[0]
        self.assertIs(entry["was_cropped"], True)
        self.assertIsNone(entry["crop"])

    def test_mtime_rule(self):
        """Cropped if FINAL is more than 5 s newer; 5 s are not more than 5 s."""
        same = Picture.noise(6, 9, "s")
        for i, late in enumerate((5, 6, 0, -100, 5.001)):
            self.pair(same, same, 100 * i, final_time=T0 + late)
        self.extract("--crop-evidence", "mtime")
        self.assertEqual([e["was_cropped"] for e in self.entries], [False, True, False, False, True])
        self.assertEqual([e["crop_evidence"] for e in self.entries], ["none", "mtime", "none", "none", "mtime"])
        self.assertEqual([e["crop"] for e in self.entries], [None] * 5)
        self.assertEqual(self.counts["cropped"], 2)

    def test_mtime_opens_no_image(self):
        self.pair(b"no image", b"none either", final_time=T0 + 6)
        self.extract("--crop-evidence", "mtime")
        self.assertIs(self.entries[0]["was_cropped"], True)
        self.assertEqual(self.counts["issues"], [])

    def test_size(self):
        original = Picture.noise(24, 36, "o")
        self.pair(original, original.crop(0, 0, 12, 18), 0, final_time=T0)
        self.pair(original, Picture.noise(24, 36, "other"), 100, final_time=T0 + 90000)
        self.extract("--crop-evidence", "size")
        self.assertEqual([e["was_cropped"] for e in self.entries], [True, False])
        self.assertEqual([e["crop_evidence"] for e in self.entries], ["size", "none"])
        self.assertEqual([e["crop"] for e in self.entries], [None, None])

    def test_pixels_always(self):
        """A crop whose time says nothing."""
        original = Picture.noise(24, 36, "o")
        self.pair(original, original.crop(3, 4, 15, 22), 0, final_time=T0)
        self.pair(original, original, 100, final_time=T0)
        self.extract("--crop-evidence", "pixels")
        self.assertEqual([e["was_cropped"] for e in self.entries], [True, False])
        self.assertEqual(self.entries[0]["crop"]["box_px"], [3, 4, 15, 22])
        self.assertEqual(self.entries[1]["crop_evidence"], "pixels")

    def test_unreadable_images(self):
        """The decision stands, whether it was cropped is not known, and the file is named."""
        good = Picture.noise(24, 36, "o")
        cut = good.png()[:-200]
        self.pair(good, cut, 0)
        self.pair(b"", good.crop(0, 0, 12, 18), 100)
        self.pair(b"this is text\n" * 20, good, 200)
        self.pair(good, good.crop(0, 0, 12, 18), 300)
        result = self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "o.jsonl",
                                 "--report", "r.json")
        self.assert_quiet_of_noise(result)
        self.assertIn(result.code, (DONE, FAILED))
        entries = read_jsonl(self.path("o.jsonl"))
        self.assertEqual(len(entries), 4)
        for entry in entries[1:3]:
            self.assertIsNone(entry["crop"])
            self.assertIsNot(entry["was_cropped"], False, "nothing proves that it was not cropped: %r" % entry)
        self.assertIsNone(entries[0]["crop"])
        self.assertEqual(entries[3]["crop"]["box_px"], [0, 0, 12, 18])
        with open(self.path("r.json"), "rb") as f:
            issues = [i["path"] for i in strict_json(f.read())["projects"][0]["issues"]]
        for path in ("final/" + name(1, 2), "raw/" + name(101, 2), "raw/" + name(201, 2)):
            self.assertIn(path, issues)
            self.assertIn(path, result.err)


class TestRuns(ExtractTest):
    """What holds for the run as a whole."""

    def fill(self, rng, order):
        """A project of 40 groups, made in the given order of folders."""
        plan = []
        for i in range(40):
            folder = ["x", "y", "x/z"][i % 3]
            plan.append((folder, i, Picture.noise(16, 24, i)))
        order(plan)
        for folder, i, picture in plan:
            self.raw("%s/%s" % (folder, name(100 * i, 1)))
            self.raw("%s/%s" % (folder, name(100 * i + 9, 2)), picture)
            if i % 5:
                self.final("k%d/%s" % (i % 4, name(100 * i + 9, 2)), picture.crop(i % 3, 0, 12, 18), T0 + 60)

    def outputs(self):
        data = []
        for file in ("out.jsonl", "rejected.jsonl", "report.json"):
            with open(self.path(file), "rb") as f:
                data.append(f.read())
        return data

    def test_same_bytes_always(self):
        self.fill(None, lambda plan: None)
        self.extract()
        first = self.outputs()
        self.assertEqual(len(self.entries), 32)
        self.extract()
        self.assertEqual(self.outputs(), first, "second run")
        for threads in (1, 2, 7):
            self.extract("--threads", threads)
            self.assertEqual(self.outputs(), first, "%d threads" % threads)
        for folder in ("raw", "final"):
            shutil.rmtree(self.path(folder))
        self.fill(None, lambda plan: random.Random(3).shuffle(plan))
        self.extract()
        self.assertEqual(self.outputs(), first, "folders made in another order")

    def test_inputs_are_never_modified(self):
        self.fill(None, lambda plan: None)
        before = snapshot(self.path("raw")), snapshot(self.path("final"))
        for mode in ("auto", "mtime", "size", "pixels"):
            self.extract("--crop-evidence", mode)
        self.assertEqual((snapshot(self.path("raw")), snapshot(self.path("final"))), before)

    def test_output_is_replaced(self):
        self.fill(None, lambda plan: None)
        self.write("out.jsonl", "old\n")
        self.extract()
        self.assertEqual(len(self.entries), 32)
        self.assert_nothing_half_written()

    def test_append(self):
        self.fill(None, lambda plan: None)
        for ending in ("jsonl", "csv"):
            base = ("extract", "--raw", "raw", "--final", "final", "--date", DATE, "--output", "a." + ending)
            self.done(self.run_in_dir(*base, "--project", "one"))
            with open(self.path("a." + ending), "rb") as f:
                first = f.read()
            self.done(self.run_in_dir(*base, "--project", "two", "--append"))
            with open(self.path("a." + ending), "rb") as f:
                both = f.read()
            self.assertTrue(both.startswith(first))
            self.assertNotEqual(both, first)
        lines = read_jsonl(self.path("a.jsonl"))
        self.assertEqual([e["project"] for e in lines], ["one"] * 32 + ["two"] * 32)
        with open(self.path("a.csv"), encoding="utf-8", newline="") as f:
            rows = list(csv.reader(f))
        self.assertEqual([r[0] for r in rows], ["project"] + ["one"] * 32 + ["two"] * 32)
        self.done(self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "new.jsonl",
                                  "--append"))
        self.assertEqual(len(read_jsonl(self.path("new.jsonl"))), 32)

    def test_append_to_a_file_without_final_newline(self):
        """The old last line and the new first one must not become one."""
        self.fill(None, lambda plan: None)
        self.write("a.jsonl", '{"project":"old","chosen_path":"x.png","neg_paths":["y.png"]}')
        result = self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "a.jsonl",
                                 "--append")
        if result.code == DONE:
            self.assertEqual(len(read_jsonl(self.path("a.jsonl"))), 33)
        else:
            self.fails(result, "a.jsonl")

    def test_append_to_something_else(self):
        """A CSV of other columns, a CSV without a newline at its end, JSON Lines under a CSV's name: never a mixture."""
        self.fill(None, lambda plan: None)
        args = ("extract", "--raw", "raw", "--final", "final", "--project", "p", "--append", "--output")
        header = ",".join(CSV_COLUMNS)
        row = 'x,20250708_060000,a.png,2,"[""b.png""]",[1],true'
        cases = {"no-newline.csv": header + "\n" + row, "crlf.csv": header + "\r\n" + row + "\r\n", "empty.csv": "",
                 "header.csv": header + "\n", "other.csv": "a,b\n1,2\n", "jsonl.csv": '{"project":"x"}\n', "bom.csv":
                 "\ufeff" + header + "\n" + row + "\n", "csv.jsonl": header + "\n", "empty.jsonl": ""}
        for file, text in cases.items():
            self.write(file, text)
            result = self.run_in_dir(*args, file)
            with open(self.path(file), encoding="utf-8", newline="") as f:
                data = f.read()
            if result.code != DONE:
                self.fails(result, file)
                self.assertEqual(data, text)
                self.assertNotIn(file, ("empty.csv", "empty.jsonl", "header.csv"))
            elif file.endswith(".csv"):
                rows = list(csv.reader(data.lstrip("\ufeff").splitlines()))
                self.assertEqual(rows[0], CSV_COLUMNS, file)
                self.assertEqual({len(r) for r in rows}, {7}, file)
                self.assertEqual(len(rows), 33 + (row in text), file)
            else:
                self.assertEqual(len(read_jsonl(self.path(file))), 32, file)

    def batch_config(self, *projects):
        return self.write("paths.json", json.dumps({"projects": [
            {"name": n, "raw_dir": r, "final_dir": f} for n, r, f in projects]}))

    def copy_folders(self, to):
        """The same images once more: no two projects may have the same folders."""
        for folder in ("raw", "final"):
            shutil.copytree(self.path(folder), self.path(to + "/" + folder), copy_function=shutil.copy2)

    def test_batch(self):
        self.fill(None, lambda plan: None)
        self.copy_folders("other")
        self.batch_config(("b", "raw", "final"), ("a", self.path("other/raw"), self.path("other/final")))
        self.done(self.run_in_dir("extract", "--batch", "--config", "paths.json", "--output", "o.jsonl", "--report", "r.json"))
        self.assertEqual({e["project"] for e in read_jsonl(self.path("o.jsonl"))}, {"a", "b"})
        with open(self.path("r.json"), "rb") as f:
            report = strict_json(f.read())
        self.assertEqual(sorted(p["project"] for p in report["projects"]), ["a", "b"])
        self.assertEqual(report["total"]["entries"], 64)
        self.assertEqual(report["total"]["raw_images"], 160)

    def test_batch_with_a_failing_project(self):
        self.fill(None, lambda plan: None)
        self.copy_folders("other")
        self.batch_config(("a", "raw", "final"), ("broken", "no-such-folder", "final"),
                          ("z", "./other/raw", "./other/final"))
        result = self.run_in_dir("extract", "--batch", "--config", "paths.json", "--output", "o.jsonl", "--report", "r.json")
        self.fails(result, "no-such-folder")
        self.assertEqual([e["project"] for e in read_jsonl(self.path("o.jsonl"))], ["a"] * 32 + ["z"] * 32)
        with open(self.path("r.json"), "rb") as f:
            self.assertIn(b"no-such-folder", f.read(), "the report does not say that a project is missing")

    def test_batch_with_the_same_folder_twice(self):
        """Projects never mix: the later project is refused, by whatever name it calls the folder."""
        self.fill(None, lambda plan: None)
        self.copy_folders("other")
        os.symlink("raw", self.path("alias"))
        for raw, final in (("./raw", "other/final"), ("other/raw", "other/../final"), ("alias", "other/final"),
                           ("raw/x", "other/final"), ("final", "other/final")):
            self.batch_config(("one", "raw", "final"), ("two", raw, final))
            result = self.run_in_dir("extract", "--batch", "--config", "paths.json", "--output", "o.jsonl")
            self.fails(result, "two")
            self.assertIn("one", result.err)
            self.assertEqual({e["project"] for e in read_jsonl(self.path("o.jsonl"))}, {"one"}, (raw, final))

    def test_bad_configs(self):
        self.fill(None, lambda plan: None)
        for text in ("", "[]", "{", "{}", '{"projects": {}}', '{"projects": [1]}', '{"projects": [{"name": "a"}]}',
                     '{"projects": [{"name": 1, "raw_dir": "raw", "final_dir": "final"}]}',
                     '{"projects": [{"name": "", "raw_dir": "raw", "final_dir": "final"}]}',
                     '{"projects": []}', '\xff', "[" * 5000,
                     '{"projects": [{"name": "a", "raw_dir": "raw", "final_dir": "final"}]} trailing'):
            self.write("bad.json", text)
            result = self.run_in_dir("extract", "--batch", "--config", "bad.json", "--output", "o.jsonl")
            self.fails(result, "bad.json")
            self.assertFalse(os.path.exists(self.path("o.jsonl")), text[:60])

    def test_a_project_name_twice_in_a_batch(self):
        """Projects never mix: two pairs of folders under one name would."""
        self.fill(None, lambda plan: None)
        self.write("raw2/x.png", PIXEL)
        self.write("final2/x.png", PIXEL)
        self.batch_config(("a", "raw", "final"), ("a", "raw2", "final2"))
        self.fails(self.run_in_dir("extract", "--batch", "--config", "paths.json", "--output", "o.jsonl"), "a")

    def test_one_folder_inside_the_other_is_refused(self):
        self.fill(None, lambda plan: None)
        self.write("raw/sub/x.png", PIXEL)
        self.write("final/raw/x.png", PIXEL)
        os.symlink(self.path("raw"), self.path("alias"))
        for raw, final in (("raw", "raw/sub"), ("final/raw", "final"), ("raw", "raw"), ("raw", "./raw/"),
                           (self.path("raw"), "raw"), ("raw", "alias"), ("alias/sub", "raw"), ("raw", "final/../raw/x")):
            result = self.run_in_dir("extract", "--raw", raw, "--final", final, "--project", "p", "--output", "in.jsonl")
            self.fails(result, code=(FAILED, USAGE))
            self.assertFalse(os.path.exists(self.path("in.jsonl")), (raw, final))

    def test_names_that_only_begin_alike_are_not_inside(self):
        self.fill(None, lambda plan: None)
        os.rename(self.path("final"), self.path("raw_final"))
        self.done(self.run_in_dir("extract", "--raw", "raw", "--final", "raw_final", "--project", "p", "--output", "o.jsonl"))
        self.assertEqual(len(read_jsonl(self.path("o.jsonl"))), 32)

    def test_outputs_inside_the_inputs_or_twice_the_same(self):
        """Two outputs of one name: one would silently overwrite the other."""
        self.fill(None, lambda plan: None)
        result = self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "o.jsonl",
                                 "--rejected", "o.jsonl")
        self.fails(result, "o.jsonl", code=(FAILED, USAGE))

    def test_unknown_output_ending(self):
        self.fill(None, lambda plan: None)
        for output in ("o.txt", "o", "o.parquet"):
            result = self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", output)
            self.fails(result, output, code=(FAILED, USAGE))
            self.assertFalse(os.path.exists(self.path(output)))

    def test_long_names_and_deep_folders(self):
        deep = "/".join(["d" * 50] * 40)
        label = "l" * (255 - len(name(0, 1, "x")) + 1)
        base = self.path("raw")
        os.makedirs(base)
        here = os.open(base, os.O_RDONLY)
        try:
            for part in deep.split("/"):
                os.mkdir(part, dir_fd=here)
                inner = os.open(part, os.O_RDONLY, dir_fd=here)
                os.close(here)
                here = inner
            for stage in (1, 2):
                fd = os.open(name(stage, stage, label), os.O_CREAT | os.O_WRONLY, dir_fd=here)
                os.write(fd, PIXEL)
                os.close(fd)
        finally:
            os.close(here)
        self.final(name(2, 2, label))
        self.extract("--crop-evidence", "mtime")
        self.assertEqual(self.decisions(), [(deep + "/" + name(2, 2, label), [deep + "/" + name(1, 1, label)])])

    def test_many_files_in_one_folder(self):
        for i in range(2500):
            self.raw(name(2 * i, 1 + i % 2), b"")
        for i in range(1, 2500, 4):
            self.final(name(2 * i, 2), b"")
        self.extract("--crop-evidence", "mtime")
        self.assertEqual((self.counts["groups"], self.counts["entries"], self.counts["groups_rejected"]), (1250, 625, 625))


if __name__ == "__main__":
    unittest.main()
