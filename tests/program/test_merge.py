"""test_merge.py: `selectai merge`: each decision once, conflicts listed and never silently resolved, projects never mixed.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import itertools
import json
import os
import random
import resource
import stat
import unittest

import naive_logs as logs
from support import DONE, FAILED, USAGE, ProgramTest, leftovers, read_jsonl

NAMES = ["mojo1", "mojo2", "anna"]


def image(number, stage, day=8):
    return "202507%02d_06%02d%02d_stage%s.png" % (day, number // 60, number % 60, stage)


class MergeTest(ProgramTest):

    def csv(self, file, columns, rows):
        return self.write(file, logs.csv_text(columns, rows))

    def jsonl(self, file, *decisions, **more):
        """decisions: (project, winner, [losers])"""
        return self.write(file, "".join(json.dumps(dict({"project": p, "chosen_path": w, "neg_paths": l}, **more)) + "\n"
                                        for p, w, l in decisions))

    def merge(self, *inputs, code=(DONE, FAILED), output="m.jsonl", **more):
        result = self.run_in_dir("merge", "--output", output, *inputs, **more)
        self.assert_quiet_of_noise(result)
        self.assertIn(result.code, code if isinstance(code, tuple) else (code,), str(result))
        self.lines = read_jsonl(self.path(output))
        self.merged = [(e["project"], logs.base(e["chosen_path"]), frozenset(logs.base(p) for p in e["neg_paths"])) for e in self.lines]
        return result


class TestOutputs(MergeTest):

    def test_links_are_written_through(self):
        """The report as the library's own files."""
        self.jsonl("1.jsonl", ("p", "w.png", ["x.png"]))
        self.write("report.json", "old")
        os.symlink("report.json", self.path("link.json"))
        self.merge("1.jsonl", "--report", "link.json", code=DONE)
        self.assertTrue(os.path.islink(self.path("link.json")))
        with open(self.path("report.json")) as stream:
            self.assertEqual(json.load(stream)["counts"]["kept"], 1)

    def test_pipes_and_devices_are_not_replaced(self):
        self.jsonl("1.jsonl", ("p", "w.png", ["x.png"]))
        os.mkfifo(self.path("pipe.jsonl"))
        for args in (("--output", "pipe.jsonl"), ("--output", "m.jsonl", "--report", "pipe.jsonl")):
            result = self.fails(self.run_in_dir("merge", "1.jsonl", *args), "pipe.jsonl: is no regular file")
            self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe.jsonl")).st_mode), str(result))
            self.assertFalse(os.path.exists(self.path("m.jsonl")))

    def test_names_that_are_no_utf8(self):
        """Issues keep their text: bytes that JSON cannot hold become '?'."""
        file = os.path.join(os.fsencode(self.dir), b"log\xff.jsonl")
        with open(file, "wb") as stream:
            stream.write(b'{"project":"p","chosen_path":"w.png","neg_paths":["x.png"]}\n{"project":"p"}\n')
        result = self.merge(file, "--json", code=FAILED)
        issue, = result.json()["issues"]
        self.assertTrue(issue["path"].endswith("log?.jsonl"), issue)
        self.assertIn("log?.jsonl:2: neg_paths", issue["message"])


class TestRejected(MergeTest):

    def groups(self, file, *groups):
        """groups: (project, [paths])"""
        return self.write(file, "".join(json.dumps({"project": p, "paths": paths}) + "\n" for p, paths in groups))

    def rejected(self, file="r.jsonl"):
        return [(g["project"], g["paths"]) for g in read_jsonl(self.path(file))]

    def test_each_group_once_beside_the_decisions(self):
        self.jsonl("1.jsonl", ("p", "x/w.png", ["x/l.png"]))
        self.groups("2.jsonl", ("p", ["x/a.png", "x/b.png"]), ("q", ["x/a.png", "x/b.png"]), ("p", ["y/b.png", "y/a.png"]),
                    ("p", ["x/c.png", "z/w.png"]), ("p", ["x/a.png"]))
        result = self.merge("2.jsonl", "1.jsonl", "--rejected", "r.jsonl", "--report", "report.json", code=DONE)
        self.assertEqual(self.merged, [("p", "w.png", frozenset(("l.png",)))])
        self.assertEqual(self.rejected(), [("p", ["x/a.png", "x/b.png"]), ("q", ["x/a.png", "x/b.png"]), ("p", ["x/a.png"])])
        with open(self.path("report.json")) as stream:
            report = json.load(stream)
        self.assertEqual((report["counts"]["rows"], report["counts"]["rejected"], report["counts"]["left_out"]), (6, 3, 0))
        self.assertEqual([(i["kind"], i["row"]) for i in report["issues"]], [("repeated", 3), ("decided", 4)])
        self.assertIn("Rejected groups written: 3", result.out)
        self.assertIn("1 repeat another one, 1 have an image that was chosen", result.err)

    def test_without_the_flag_they_are_not_lost_silently(self):
        self.jsonl("1.jsonl", ("p", "w.png", ["l.png"]))
        self.groups("2.jsonl", ("p", ["a.png", "b.png"]))
        self.assertIn("--rejected", self.merge("1.jsonl", "2.jsonl", code=DONE).err)
        self.assertNotIn("--rejected", self.merge("1.jsonl", code=DONE).err)
        self.fails(self.run_in_dir("merge", "--output", "n.jsonl", "2.jsonl"), "2.jsonl")
        self.assertFalse(os.path.exists(self.path("n.jsonl")))

    def test_groups_alone(self):
        self.groups("2.jsonl", ("p", ["a.png"]))
        self.merge("2.jsonl", "--rejected", "r.jsonl", code=DONE)
        self.assertEqual((self.lines, self.rejected()), ([], [("p", ["a.png"])]))

    def test_one_file_holds_both(self):
        self.jsonl("both.jsonl", ("p", "w.png", ["l.png"]))
        with open(self.path("both.jsonl"), "a") as stream:
            stream.write('{"project":"p","paths":["a.png"]}\n{"project":"p","paths":[]}\n')
        self.fails(self.run_in_dir("merge", "--output", "m.jsonl", "--rejected", "r.jsonl", "both.jsonl"), "both.jsonl:3",
                   "paths is missing or no list of at least one path")
        self.assertEqual((len(read_jsonl(self.path("m.jsonl"))), self.rejected()), (1, [("p", ["a.png"])]))

    def test_outputs_are_files_of_their_own(self):
        self.jsonl("1.jsonl", ("p", "w.png", ["l.png"]))
        for rejected in ("m.jsonl", "./m.jsonl", "1.jsonl", "r.csv", "report.jsonl"):
            result = self.run_in_dir("merge", "--output", "m.jsonl", "--report", "report.jsonl", "--rejected", rejected,
                                     "1.jsonl")
            self.fails(result, rejected, code=USAGE)
        self.fails(self.run_in_dir("merge", "--output", "m.jsonl", "--rejected", "no/r.jsonl", "1.jsonl"), "no/r.jsonl")
        self.assertEqual(sorted(os.listdir(self.dir)), ["1.jsonl"])


class TestDuplicates(MergeTest):

    def test_same_decision_from_other_folders(self):
        self.jsonl("1.jsonl", ("p", "/a/b/w.png", ["/a/x.png", "/a/y.png"]), ("p", "v.png", ["x.png"]))
        self.jsonl("2.jsonl", ("p", "training data/p/w.png", ["some/y.png", "x.png"]), ("q", "w.png", ["x.png", "y.png"]))
        result = self.merge("1.jsonl", "2.jsonl", code=DONE)
        self.assertEqual(self.merged, [("p", "w.png", frozenset(("x.png", "y.png"))), ("p", "v.png", frozenset(("x.png",))),
                                       ("q", "w.png", frozenset(("x.png", "y.png")))])
        self.assertEqual(self.lines[0]["chosen_path"], "/a/b/w.png", "the first stays")
        self.assertIn("1", result.out + result.err)

    def test_the_same_file_twice(self):
        self.jsonl("1.jsonl", ("p", "w.png", ["x.png"]), ("p", "w.png", ["x.png"]))
        for files in (("1.jsonl",), ("1.jsonl", "1.jsonl"), ("1.jsonl", "./1.jsonl")):
            self.merge(*files, code=DONE)
            self.assertEqual(len(self.lines), 1)

    def test_other_losers_are_another_decision(self):
        self.jsonl("1.jsonl", ("p", "w.png", ["x.png"]), ("p", "w.png", ["x.png", "y.png"]), ("p", "w.png", ["y.png"]))
        self.merge("1.jsonl", code=DONE)
        self.assertEqual(len(self.lines), 3)

    def test_several_winners_are_no_conflict(self):
        """Two winners of one group: each over the same loser, neither over the other."""
        self.jsonl("1.jsonl", ("p", "w.png", ["x.png"]), ("p", "v.png", ["x.png"]))
        self.merge("1.jsonl", code=DONE)
        self.assertEqual(len(self.lines), 2)

    def test_merging_a_merge_changes_nothing(self):
        self.jsonl("1.jsonl", ("p", "a/" + image(1, 2), ["a/" + image(0, 1)]), ("p", "a/" + image(1, 2), ["b/" + image(0, 1)]),
                   ("q", image(1, 2), [image(0, 1)]))
        self.merge("1.jsonl", code=DONE)
        with open(self.path("m.jsonl"), "rb") as f:
            first = f.read()
        self.merge("m.jsonl", code=DONE, output="n.jsonl")
        with open(self.path("n.jsonl"), "rb") as f:
            self.assertEqual(f.read(), first)

    def test_on_conflict(self):
        self.jsonl("1.jsonl", ("p", "a.png", ["b.png"]), ("p", "c.png", ["d.png"]), ("p", "b.png", ["a.png"]))
        for how, winner in (("first", "a.png"), ("last", "b.png")):
            result = self.merge("1.jsonl", "--on-conflict", how)
            self.assertEqual({w for _, w, _ in self.merged}, {winner, "c.png"})
            self.assertIn("conflict", (result.err + result.out).lower(), "also then it is said")
        self.fails(self.run_in_dir("merge", "--output", "x.jsonl", "--on-conflict", "best", "1.jsonl"), code=USAGE)

    def test_output_may_be_an_input(self):
        self.jsonl("m.jsonl", ("p", "w.png", ["x.png"]), ("p", "w.png", ["x.png"]))
        self.jsonl("2.jsonl", ("p", "v.png", ["x.png"]))
        result = self.run_in_dir("merge", "--output", "m.jsonl", "m.jsonl", "2.jsonl")
        self.assert_quiet_of_noise(result)
        lines = read_jsonl(self.path("m.jsonl"))
        self.assertEqual(len(lines), 2, "either refused (2 lines as before) or merged (2 lines)")

    def test_a_duplicate_completes_what_is_unknown(self):
        """The first stays; what it does not know comes from the other: the crop."""
        w, l = image(1, 2), image(0, 1)
        self.jsonl("1.jsonl", ("mojo1", "mojo1/" + w, ["mojo1/" + l]))
        self.csv("2.csv", logs.crop_columns(2), [logs.crop_row("mojo1", "mojo1/" + w, ["mojo1/" + l], (0, 100, 500, 600))])
        self.merge("1.jsonl", "2.csv", code=DONE)
        self.assertEqual(len(self.lines), 1)
        crop = self.lines[0]["crop"]
        self.assertIsNotNone(crop)
        self.assertEqual([round(crop[k], 6) for k in ("x1", "y1", "x2", "y2")], [0, 0.1, 0.5, 0.6])

    def test_a_crop_alone_completes_a_selection(self):
        w, l = image(1, 2), image(0, 1)
        row = dict(zip(logs.CROP_7, ("2025-10-05T01:24:18Z", "mojo1", w, 0, 100, 500, 600, 1000, 1000)))
        self.jsonl("1.jsonl", ("mojo1", "x/" + w, ["x/" + l]))
        self.csv("2.csv", logs.CROP_7, [row])
        for files in (("1.jsonl", "2.csv"), ("2.csv", "1.jsonl")):
            self.merge(*files, code=DONE)
            with_losers = [e for e in self.lines if e["neg_paths"]]
            self.assertEqual(len(with_losers), 1)
            self.assertIsNotNone(with_losers[0]["crop"], files)
            self.assertEqual(len(self.lines), 1, files)

    def test_crops_of_other_projects_complete_nothing(self):
        w, l = image(1, 2), image(0, 1)
        row = dict(zip(logs.CROP_7, ("2025-10-05T01:24:18Z", "mojo2", w, 0, 100, 500, 600, 1000, 1000)))
        self.jsonl("1.jsonl", ("mojo1", "x/" + w, ["x/" + l]))
        self.csv("2.csv", logs.CROP_7, [row])
        self.merge("1.jsonl", "2.csv", code=DONE)
        self.assertEqual([(e["project"], bool(e["crop"])) for e in self.lines if e["neg_paths"]], [("mojo1", False)])


class TestConflicts(MergeTest):

    def conflict(self, result, *files):
        """The run says that there are conflicts, and names both rows."""
        text = result.err + result.out
        self.assertIn("conflict", text.lower(), str(result))
        for file in files:
            self.assertIn(file, text, str(result))

    def test_two_winners_for_one_set(self):
        self.jsonl("1.jsonl", ("p", "a.png", ["b.png"]), ("p", "c.png", ["d.png"]))
        self.jsonl("2.jsonl", ("p", "x/b.png", ["x/a.png"]))
        result = self.merge("1.jsonl", "2.jsonl")
        self.assertEqual(self.merged, [("p", "c.png", frozenset(("d.png",)))], "neither of the two is taken")
        self.conflict(result, "1.jsonl", "2.jsonl")

    def test_a_part_of_the_set(self):
        self.jsonl("1.jsonl", ("p", "b.png", ["a.png", "c.png"]), ("p", "c.png", ["a.png", "b.png"]), ("p", "a.png", ["d.png"]))
        result = self.merge("1.jsonl")
        self.assertEqual(self.merged, [("p", "a.png", frozenset(("d.png",)))])
        self.conflict(result, "1.jsonl")

    def test_of_two_projects_is_none(self):
        self.jsonl("1.jsonl", ("p", "a.png", ["b.png"]), ("q", "b.png", ["a.png"]))
        self.merge("1.jsonl", code=DONE)
        self.assertEqual(len(self.lines), 2)

    def test_duplicates_do_not_vote(self):
        """However often one side was logged: a conflict stays one."""
        self.jsonl("1.jsonl", *[("p", "a.png", ["b.png"])] * 5, ("p", "b.png", ["a.png"]), *[("p", "a.png", ["b.png"])] * 3)
        result = self.merge("1.jsonl")
        self.assertEqual(self.lines, [])
        self.conflict(result, "1.jsonl")

    def test_order_does_not_matter(self):
        decisions = [("p", "a.png", ["b.png"]), ("p", "b.png", ["a.png", "c.png"]), ("p", "c.png", ["b.png"]), ("p", "d.png", ["a.png"])]
        for order in itertools.permutations(decisions):
            self.jsonl("1.jsonl", *order)
            self.merge("1.jsonl")
            self.assertEqual(self.merged, [("p", "d.png", frozenset(("a.png",)))])

    def test_json_names_both_rows(self):
        self.jsonl("1.jsonl", ("p", "n.png", ["m.png"]), ("p", "a.png", ["b.png"]))
        self.jsonl("2.jsonl", ("p", "b.png", ["a.png"]))
        result = self.merge("1.jsonl", "2.jsonl", "--json", "--quiet")
        text = json.dumps(result.json())
        self.assertIn("1.jsonl", text)
        self.assertIn("2.jsonl", text)
        self.assertIn("conflict", text)

    def test_crops_that_differ(self):
        w = image(1, 2)
        rows = [dict(zip(logs.CROP_7, ("2025-10-05T01:24:18Z", "mojo1", w, x, 0, x + 500, 500, 1000, 1000))) for x in (0, 300)]
        self.csv("c.csv", logs.CROP_7, rows)
        result = self.merge("c.csv")
        self.assertEqual([e for e in self.lines if e["crop"]], [])
        self.conflict(result, "c.csv")
        rows[1].update(crop_x1=2, crop_x2=502)
        self.csv("c.csv", logs.CROP_7, rows)
        self.merge("c.csv", code=DONE)
        self.assertEqual(len(self.lines), 1, "nearly the same box is the same decision")


class TestProjectRule(MergeTest):
    """Rule 2: a set lies inside one project; loading refuses a row that does not, naming it."""

    def refused(self, result, file, row):
        text = result.err + result.out
        self.assertIn(file, text, str(result))
        self.assertRegex(text, r"\b%d\b" % row, str(result))
        self.assertRegex(text.lower(), "project", str(result))

    def test_losers_of_another_project(self):
        self.csv("s.csv", logs.SELECTION, [
            logs.selection_row("PROJECT_ROOT/mojo1/a.png", ["PROJECT_ROOT/mojo1/b.png"]),
            logs.selection_row("PROJECT_ROOT/mojo1/c.png", ["PROJECT_ROOT/mojo1/d.png", "PROJECT_ROOT/mojo2/e.png"])])
        result = self.merge("s.csv", code=FAILED)
        self.assertEqual(self.merged, [("mojo1", "a.png", frozenset(("b.png",)))])
        self.refused(result, "s.csv", 3)

    def test_raw_and_final_of_one_project_are_one(self):
        self.csv("s.csv", logs.SELECTION, [logs.selection_row("PROJECT_ROOT/training data/mojo1_final/_x/a.png",
                                                              ["PROJECT_ROOT/training data/mojo1/b.png"])])
        self.merge("s.csv", code=DONE)
        self.assertEqual(self.merged, [("mojo1", "a.png", frozenset(("b.png",)))])

    def test_a_row_that_names_another_project_than_its_paths(self):
        self.csv("s.csv", logs.ANOMALY, [
            logs.anomaly_row("mojo1", "PROJECT_ROOT/mojo1/" + image(0, 1), ["PROJECT_ROOT/mojo1/" + image(1, 2)]),
            logs.anomaly_row("mojo2", "PROJECT_ROOT/mojo2/" + image(0, 1), ["PROJECT_ROOT/mojo2/" + image(1, 2)]),
            logs.anomaly_row("mojo1", "PROJECT_ROOT/mojo1/" + image(5, 1), ["PROJECT_ROOT/mojo2/" + image(6, 2)])])
        result = self.merge("s.csv", code=FAILED)
        self.assertEqual(sorted(p for p, _, _ in self.merged), ["mojo1", "mojo2"])
        self.refused(result, "s.csv", 4)

    def test_entries(self):
        self.jsonl("1.jsonl", ("mojo1", "x/mojo1/a.png", ["x/mojo1/b.png"]), ("mojo2", "x/mojo2/a.png", ["x/mojo2/b.png"]),
                   ("mojo1", "x/mojo1/c.png", ["x/mojo2/d.png"]))
        result = self.merge("1.jsonl", code=FAILED)
        self.assertEqual(len(self.lines), 2)
        self.refused(result, "1.jsonl", 3)

    def test_crop_log(self):
        self.csv("c.csv", logs.crop_columns(2), [
            logs.crop_row("mojo1", "mojo1/a.png", ["mojo1/b.png"], (0, 0, 500, 500)),
            logs.crop_row("mojo1", "mojo1/c.png", ["mojo2/d.png"], (0, 0, 500, 500))])
        result = self.merge("c.csv", code=FAILED)
        self.assertEqual(self.merged, [("mojo1", "a.png", frozenset(("b.png",)))])
        self.refused(result, "c.csv", 3)

    def test_an_alias_makes_them_one(self):
        self.csv("s.csv", logs.SELECTION, [logs.selection_row("PROJECT_ROOT/mojo1/a.png", ["PROJECT_ROOT/mojo-one/b.png"])])
        self.merge("s.csv", "--project-alias", "mojo-one=mojo1", code=DONE)
        self.assertEqual(self.merged, [("mojo1", "a.png", frozenset(("b.png",)))])


class Universe:
    """Decisions of a few projects in logs of all forms: some logged twice, some contradicting, some across projects."""

    PREFIXES = ("PROJECT_ROOT/%s/", "PROJECT_ROOT/training data/%s/", "/Users/x/pics/%s/faces/", "%s/", "sandbox/%s/", "/v/%s_raw/",
                "training data/%s_final/_young/")

    def __init__(self, seed):
        self.rng = random.Random(seed)
        rng = self.rng
        decisions = []
        for project in NAMES:
            for group in range(rng.randrange(3, 12)):
                # The same file names in all projects: only the project tells them apart.
                stages = ["1", "1.5", "2", "3", "10.25"][:rng.randrange(2, 6)]
                files = [image(10 * group + i, s) for i, s in enumerate(stages)]
                for _ in range(rng.choice((1, 1, 1, 2, 3))):
                    winner = rng.choice(files) if rng.random() < 0.25 else files[-1]
                    losers = [f for f in files if f != winner]
                    if rng.random() < 0.2:
                        losers = losers[:max(1, len(losers) - 1)]
                    decisions.append((project, winner, losers))
        rng.shuffle(decisions)
        self.decisions = decisions

    def path(self, project, file):
        return self.rng.choice(self.PREFIXES) % project + file

    def rows(self):
        """[(form, columns, row)]"""
        rng, made = self.rng, []
        for project, winner, losers in self.decisions:
            losers = losers[:]
            rng.shuffle(losers)
            form = rng.choice(("selection", "anomaly", "entry", "jsonl", "crop"))
            crossing = rng.random() < 0.06
            w = self.path(project, winner)
            ls = [self.path(project, l) for l in losers]
            if crossing:
                ls[rng.randrange(len(ls))] = self.path(rng.choice([n for n in NAMES if n != project]), losers[0])
            notation = rng.choice(("json", "spaced", "python", "doubled"))
            if form == "selection":
                made.append((form, logs.selection_row(w, ls, notation)))
            elif form == "anomaly":
                made.append((form, logs.anomaly_row(project, w, ls, notation)))
            elif form == "entry":
                made.append((form, logs.entry_row(project, w, ls, notation)))
            elif form == "jsonl":
                made.append((form, {"project": project, "chosen_path": w, "neg_paths": ls}))
            else:
                # One box an image, so that crops of the same decision agree.
                x = sum(map(ord, project + winner)) % 300
                box = (x, 0, x + 500, 500)
                if rng.random() < 0.5:
                    box = tuple(v / 1000 for v in box)
                made.append((form, logs.crop_row(project, w, ls, rng.choice((box, (0, 0, 1, 1))), place=rng.randrange(len(ls) + 1))))
        return made

    def write(self, test):
        """Rows that follow each other in one form are one file: the order of all rows is that of the files."""
        files = []
        for i, (form, group) in enumerate(itertools.groupby(self.rows(), key=lambda r: r[0])):
            group = [row for _, row in group]
            file = "%03d.%s" % (i, "jsonl" if form == "jsonl" else "csv")
            if form == "jsonl":
                test.write(file, "".join(json.dumps(r) + "\n" for r in group))
            else:
                columns = {"selection": logs.SELECTION, "anomaly": logs.ANOMALY, "entry": logs.ENTRY,
                           "crop": logs.crop_columns(5)}[form]
                test.csv(file, columns, group)
            files.append(file)
        return files


class TestUniverses(MergeTest):

    def test_random_universes_like_the_naive_implementation(self):
        names = set(NAMES)
        seen = {"duplicates": 0, "conflicts": 0, "refused": 0, "crops": 0}
        for n in NAMES:
            self.write("manifests/%s.project.json" % n, json.dumps({"projectId": n}))
        for seed in range(60):
            for file in os.listdir(self.dir):
                if file != "manifests":
                    os.remove(self.path(file))
            files = Universe(seed).write(self)
            decisions, refused = [], []
            for file in files:
                for i, decision in enumerate(logs.decisions_of(self.path(file), names)):
                    if isinstance(decision, str):
                        # The first line of a CSV is its header.
                        refused.append((file, i + (1 if file.endswith("jsonl") else 2)))
                    elif decision:
                        decisions.append(decision)
            kept, duplicates, bad = logs.merge(decisions)
            result = self.merge(*files, "--manifest", "manifests")
            what = "universe %d: %s" % (seed, result)
            self.assertEqual(self.merged, [(d.project, d.winner, d.losers) for d in kept], what)
            for line, d in zip(self.lines, kept):
                self.assertEqual(bool(line["crop"]), d.box is not None, what)
                if d.box:
                    got = tuple(line["crop"][k] for k in ("x1", "y1", "x2", "y2"))
                    self.assertGreater(logs.iou(got, d.box), 0.99, what)
            if refused:
                self.assertEqual(result.code, FAILED, what)
            if not refused and not bad:
                self.assertEqual(result.code, DONE, what)
            text = result.err + result.out
            for file, row in refused[:3]:
                self.assertRegex(text, r"%s\D{1,20}%d\b" % (file.replace(".", r"\."), row), what)
            if bad:
                self.assertIn("conflict", text.lower(), what)
            seen["duplicates"] += duplicates
            seen["conflicts"] += len(bad)
            seen["refused"] += len(refused)
            seen["crops"] += sum(1 for d in kept if d.box)
        self.assertTrue(all(n > 20 for n in seen.values()), seen)

    def test_same_bytes_always(self):
        for n in NAMES:
            self.write("manifests/%s.project.json" % n, json.dumps({"projectId": n}))
        files = Universe(99).write(self)
        data = []
        for _ in range(3):
            self.merge(*files, "--manifest", "manifests")
            with open(self.path("m.jsonl"), "rb") as f:
                data.append(f.read())
        self.assertTrue(data[0])
        self.assertEqual(data[1:], data[:2])


class TestOutput(MergeTest):

    def test_usage(self):
        self.jsonl("1.jsonl", ("p", "a.png", ["b.png"]))
        for args in ((), ("1.jsonl",), ("--output", "x.jsonl"), ("--output", "x.txt", "1.jsonl"), ("--output", "x.jsonl", "--bogus", "1.jsonl"),
                     ("--output", "", "1.jsonl"), ("--output", "x.jsonl", "")):
            self.fails(self.run_in_dir("merge", *args), code=(FAILED, USAGE))
            self.assertFalse(os.path.exists(self.path("x.jsonl")), args)

    def test_previous_output_stays_when_an_input_is_missing(self):
        self.jsonl("1.jsonl", ("p", "a.png", ["b.png"]))
        self.write("m.jsonl", "old\n")
        self.fails(self.run_in_dir("merge", "--output", "m.jsonl", "1.jsonl", "nowhere.jsonl"), "nowhere.jsonl")
        with open(self.path("m.jsonl"), encoding="utf-8") as f:
            self.assertEqual(f.read(), "old\n")

    def test_previous_output_stays_when_the_disk_is_full(self):
        """merge and anomalies: each output is the old one or the whole new one."""
        self.jsonl("1.jsonl", *[("p", image(2 * i, 1), [image(2 * i + 1, 2)]) for i in range(200)])
        jobs = ((("merge", "--output", "m.jsonl", "--report", "r.json", "1.jsonl"), ("m.jsonl", "r.json")),
                (("anomalies", "--output", "a.csv", "--summary", "s.json", "--input", "1.jsonl"), ("a.csv", "s.json")))
        for args, files in jobs:
            self.done(self.run_in_dir(*args))
            whole = {f: self.bytes_of(f) for f in files}
            for limit in sorted({0, 1, 100} | {len(d) - 1 for d in whole.values()} | {len(d) // 2 for d in whole.values()}):
                for file in files:
                    self.write(file, "old\n")
                result = self.run_in_dir(*args, restore_signals=False,
                                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
                self.fails(result)
                for file in files:
                    self.assertIn(self.bytes_of(file), (b"old\n", whole[file]), (file, limit))
                    if len(whole[file]) > limit:
                        self.assertEqual(self.bytes_of(file), b"old\n", (file, limit))
                self.assertEqual(leftovers(self.dir), [])

    def bytes_of(self, file):
        with open(self.path(file), "rb") as f:
            return f.read()

    def test_outputs_that_are_inputs(self):
        """What is read is never overwritten, by whatever name."""
        self.jsonl("1.jsonl", ("p", "a.png", ["b.png"]), ("p", "a.png", ["b.png"]))
        os.symlink(".", self.path("dot"))
        os.link(self.path("1.jsonl"), self.path("hard.jsonl"))
        os.symlink("1.jsonl", self.path("soft.jsonl"))
        before = self.bytes_of("1.jsonl")
        for output in ("1.jsonl", "./1.jsonl", "dot/1.jsonl", "soft.jsonl", self.path("1.jsonl")):
            for args in (("merge", "--output", output, "1.jsonl"), ("merge", "--output", "x.jsonl", "--report", output, "1.jsonl"),
                         ("anomalies", "--input", "1.jsonl", "--summary", output)):
                self.run_in_dir(*args)
                self.assertEqual(self.bytes_of("1.jsonl"), before, args)

    def test_csv(self):
        self.jsonl("1.jsonl", ("p", "x/" + image(1, 2), ["x/" + image(0, 1)]))
        self.done(self.run_in_dir("merge", "--output", "m.csv", "1.jsonl"))
        rows = logs.read_rows(self.path("m.csv"))
        self.assertEqual([(k, r["project"], logs.read_list(r["neg_paths"])) for k, r in rows], [("entry", "p", ["x/" + image(0, 1)])])

    def test_many_decisions(self):
        """A hundred thousand rows, half of them twice: no square time."""
        lines = []
        for i in range(50000):
            line = json.dumps({"project": "p%d" % (i % 3), "chosen_path": "x/w%d.png" % i, "neg_paths": ["x/l%d.png" % i, "x/k%d.png" % (i % 7)]})
            lines += [line, line.replace("x/", "y/")]
        self.write("1.jsonl", "\n".join(lines) + "\n")
        self.merge("1.jsonl", "--quiet", code=DONE, timeout=30)
        self.assertEqual(len(self.lines), 50000)


if __name__ == "__main__":
    unittest.main()
