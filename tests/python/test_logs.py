"""test_logs.py: old logs in and out, merging, anomalies.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import collections
import csv
import json
import signal
import unittest
from pathlib import Path

import fixtures
import selectai

LEGACY = Path(__file__).resolve().parents[3] / "shared/data/legacy"


def decision(project, winner, *losers, folder=None, **members):
    folder = folder or f"/data/{project}"
    return {
        "project": project,
        "chosen_path": f"{folder}/{winner}",
        "neg_paths": [f"{folder}/{loser}" for loser in losers],
        **members,
    }


class LogCase(fixtures.FolderCase):
    def jsonl(self, *rows, name="log.jsonl"):
        path = self.folder / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    def csv(self, header, *rows, name="log.csv"):
        path = self.folder / name
        with open(path, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header.split(","), *rows])
        return path

    def rows(self, path):
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


class Load(LogCase):
    SELECTION = "session_id,set_id,chosen_path,neg_paths,timestamp"

    def selection(self, *pairs, **options):
        time = "2025-10-05T01:24:18Z"
        rows = [("s1", f"g{n}", winner, json.dumps([loser]), time) for n, (winner, loser) in enumerate(pairs)]
        return self.csv(self.SELECTION, *rows, **options)

    def test_a_selection_log_becomes_decisions(self):
        winner, loser = fixtures.name(1, 1), fixtures.name(1, 2)
        path = self.selection((f"training data/mojo1_final/{winner}", f"training data/mojo1/{loser}"))
        with selectai.TrainSet.load(path) as loaded:
            (entry,) = loaded
            self.assertEqual(loaded.issues, [])
            self.assertEqual((entry["project"], entry["set_id"], entry["session_id"]), ("mojo1", "g0", "s1"))
            self.assertEqual((entry["chosen_stage"], entry["neg_stages"], entry["anomaly"]), (1.0, [2.0], True))
            self.assertEqual(loaded.source(0), (str(path), 2))
            self.assertEqual(loaded.columns()["decided_at"], [entry["decided_at"]])
            with self.assertRaises(IndexError):
                loaded.source(1)

    def test_projects_and_project_tell_whose_a_row_is(self):
        path = self.selection(("/old/kim/x/a.png", "/old/kim/y/b.png"))
        with selectai.TrainSet.load(path) as loaded:
            self.assertEqual((len(loaded), [issue.kind for issue in loaded.issues]), (0, ["unknown-project"]))
        with selectai.Projects(aliases={"kim": "kim2"}) as projects:
            with selectai.TrainSet.load(path, projects=projects) as loaded:
                self.assertEqual([entry["project"] for entry in loaded], ["kim2"])
        with selectai.TrainSet.load(path, project="mine") as loaded:
            self.assertEqual([entry["project"] for entry in loaded], ["mine"])

    def test_root_takes_the_place_of_project_root(self):
        path = self.selection(("PROJECT_ROOT/mojo1/a.png", "PROJECT_ROOT/mojo1/b.png"))
        with selectai.TrainSet.load(path, root=self.folder / "disk") as loaded:
            self.assertEqual(loaded[0]["chosen_path"], f"{self.folder}/disk/mojo1/a.png")
        with selectai.TrainSet.load(path) as loaded:
            self.assertEqual(loaded[0]["chosen_path"], "PROJECT_ROOT/mojo1/a.png")

    def test_a_row_across_projects_is_an_issue_or_an_error(self):
        path = self.selection(("content/a/1.png", "content/a/2.png"), ("content/a/3.png", "content/b/4.png"))
        with selectai.TrainSet.load(path) as loaded:
            self.assertEqual(len(loaded), 1)
            self.assertEqual([(issue.kind, issue.row) for issue in loaded.issues], [("project-rule", 3)])
        with self.assertRaises(selectai.ProjectRuleError):
            selectai.TrainSet.load(path, strict=True)

    def test_options_of_a_wrong_kind(self):
        path = self.jsonl(decision("p", "a.png", "b.png"))
        with self.assertRaisesRegex(TypeError, "Projects"):
            selectai.TrainSet.load(path, projects={"p": 1})
        with self.assertRaises(TypeError):
            selectai.TrainSet.load(path, project=3)
        with self.assertRaises(TypeError):
            selectai.TrainSet.load(path, progress=3)
        closed = selectai.Projects()
        closed.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            selectai.TrainSet.load(path, projects=closed)


class Progress(LogCase):
    def setUp(self):
        super().setUp()
        rows = [decision("p", f"{n}_a.png", f"{n}_b.png", set_id=f"s{n}") for n in range(20000)]
        self.path = self.jsonl(*rows)

    def test_goes_up_to_the_bytes_of_the_file(self):
        seen = []
        with selectai.TrainSet.load(self.path, progress=lambda *step: seen.append(step)) as loaded:
            self.assertEqual(len(loaded), 20000)
        self.assertEqual({stage for _, _, stage in seen}, {"read"})
        self.assertEqual([done for done, _, _ in seen], sorted(done for done, _, _ in seen))
        self.assertEqual({total for _, total, _ in seen}, {self.path.stat().st_size})

    def test_cancelling(self):
        with self.assertRaises(selectai.Cancelled):
            selectai.TrainSet.load(self.path, progress=lambda *step: True)

    def test_ctrl_c(self):
        before = signal.getsignal(signal.SIGINT)
        with self.assertRaises(KeyboardInterrupt):
            selectai.TrainSet.load(self.path, progress=lambda *step: signal.raise_signal(signal.SIGINT))

        def callback(*step):
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            selectai.TrainSet.load(self.path, progress=callback)
        self.assertIs(signal.getsignal(signal.SIGINT), before)


class Merge(LogCase):
    def load(self, *rows):
        return selectai.TrainSet.load(self.jsonl(*rows))

    def test_duplicates_complete_each_other(self):
        first = decision("p", "a.png", "b.png")
        again = decision("p", "a.png", "b.png", folder="/elsewhere/p", chosen_final_path="/final/p/a.png")
        merged = self.load(first, again, decision("q", "a.png", "b.png")).merge()
        self.assertEqual(merged.counts, {"rows": 3, "kept": 2, "duplicates": 1, "conflicts": 0, "completed": 1})
        self.assertEqual([entry["project"] for entry in merged], ["p", "q"])
        self.assertEqual(merged[0]["chosen_path"], "/data/p/a.png")
        self.assertEqual(merged[0]["chosen_final_path"], "/final/p/a.png")
        self.assertEqual([issue.kind for issue in merged.issues], ["duplicate"])

    def test_conflicts_are_resolved_as_asked_only(self):
        rows = [decision("p", "a.png", "b.png"), decision("p", "b.png", "a.png"), decision("p", "c.png", "d.png")]
        for how, winners in (
            ("leave-out", ["c.png"]),
            ("first", ["a.png", "c.png"]),
            ("last", ["b.png", "c.png"]),
        ):
            with self.subTest(how), self.load(*rows) as loaded, loaded.merge(how) as merged:
                self.assertEqual([Path(entry["chosen_path"]).name for entry in merged], winners)
                self.assertEqual((merged.counts["conflicts"], merged.counts["kept"]), (2, len(winners)))
                self.assertIn("conflict", {issue.kind for issue in merged.issues})
        with self.load(*rows) as loaded, self.assertRaisesRegex(ValueError, "on_conflict"):
            loaded.merge("newest")

    def test_the_result_stands_by_itself(self):
        loaded = self.load(decision("p", "a.png", "b.png"))
        self.assertIsNone(loaded.counts)
        merged = loaded.merge()
        before = list(loaded)
        loaded.close()
        self.assertEqual(list(merged), before)
        with self.assertRaisesRegex(ValueError, "closed"):
            loaded.merge()


class Rejected(LogCase):
    def test_groups_stand_beside_the_decisions(self):
        a, b, c = (fixtures.name(i, stage) for i, stage in ((1, 1), (2, 2), (3, 3)))
        path = self.jsonl(
            {"project": "p", "set_id": "g", "paths": [f"x/{a}", f"x/{b}"], "stages": [1, None]},
            decision("p", c, a),
            {"project": "q", "paths": ["odd \u00fc.png"]},
            {"project": "p", "paths": [f"y/{b}", f"y/{a}"]},
            {"project": "p", "paths": [c]},
            {"project": "p", "paths": "none"},
        )
        with selectai.TrainSet.load(path) as loaded:
            self.assertEqual(len(loaded), 1)
            first, second = loaded.rejected
            self.assertIsInstance(first, selectai.RejectedGroup)
            self.assertEqual((first.project, first.set_id, first.timestamp), ("p", "g", a[:15]))
            self.assertEqual((first.paths, first.stages), ([f"x/{a}", f"x/{b}"], [1.0, 2.0]))
            self.assertEqual((first.source_path, first.source_row), (str(path), 1))
            self.assertEqual(second[:5], ("q", None, None, ["odd \u00fc.png"], [None]))
            self.assertEqual([i.kind for i in loaded.issues], ["repeated", "decided", "bad-list"])
            self.assertEqual([i.row for i in loaded.issues], [4, 5, 6])
            merged = loaded.merge()
        with merged:
            self.assertEqual(merged.rejected, [first, second])
            self.assertEqual(merged.counts["rows"], 1)
        with self.assertRaises(ValueError):
            merged.rejected

    def test_saved_groups_are_read_again(self):
        path = self.jsonl({"project": "p", "paths": ["x/1.png", "x/2.png"]}, decision("p", "3.png", "4.png"))
        out = self.folder / "out.jsonl"
        with selectai.TrainSet.load(path) as loaded:
            loaded.save(out)
            loaded.save_rejected(out, append=True)
            groups = [group[:5] for group in loaded.rejected]
            with self.assertRaises(selectai.InvalidArgumentError):
                loaded.save_rejected(self.folder / "out.csv")
        with selectai.TrainSet.load(out) as again:
            self.assertEqual([group[:5] for group in again.rejected], groups)
            self.assertEqual((len(again), again.issues), (1, []))
            again.save_rejected(out)
        self.assertEqual(len(out.read_text(encoding="utf-8").splitlines()), 1)


class Anomalies(LogCase):
    def test_counts_per_project(self):
        rows = [decision("p", fixtures.name(n, 1), fixtures.name(n, 2)) for n in range(2)]
        rows += [decision("p", fixtures.name(n, 2), fixtures.name(n, 1)) for n in range(2, 4)]
        rows += [decision("p", "x.png", "y.png"), decision("q", "x.png", "y.png")]
        with selectai.TrainSet.load(self.jsonl(*rows)) as loaded:
            summary = loaded.anomalies()
        p, q = summary["projects"]
        self.assertEqual((p["project"], p["selections"], p["anomalies"], p["unparseable"]), ("p", 5, 2, 1))
        self.assertEqual(p["rate"], 0.5)
        self.assertIn({"chosen": 1, "rejected": 2, "count": 2}, p["stage_pairs"])
        self.assertEqual((q["project"], q["anomalies"], q["unparseable"], q["rate"]), ("q", 0, 1, None))
        self.assertEqual((summary["total"]["selections"], summary["total"]["anomalies"]), (6, 2))


class SaveLog(LogCase):
    def setUp(self):
        super().setUp()
        rows = [
            decision("p", fixtures.name(1, 1), fixtures.name(1, 2), set_id="s1"),
            decision("p", fixtures.name(2, 2), fixtures.name(2, 1), set_id="s2"),
        ]
        self.loaded = selectai.TrainSet.load(self.jsonl(*rows))

    def test_each_form_has_its_rows(self):
        path = self.folder / "selections.csv"
        self.assertEqual(self.loaded.save_log(path), 2)
        (first, second) = self.rows(path)
        self.assertEqual(list(first), Load.SELECTION.split(","))
        self.assertEqual(json.loads(second["neg_paths"]), self.loaded[1]["neg_paths"])
        path = self.folder / "anomalies.csv"
        self.assertEqual(self.loaded.save_log(path, form="anomalies"), 1)
        self.assertEqual([row["chosen_path"] for row in self.rows(path)], [self.loaded[0]["chosen_path"]])
        for form in ("crop", "crop-full"):
            with self.subTest(form):
                self.assertEqual(self.loaded.save_log(self.folder / f"{form}.csv", form), 0)
        with self.assertRaisesRegex(ValueError, "form"):
            self.loaded.save_log(path, "csv")

    def test_appending_adds_no_row_twice(self):
        path = self.folder / "selections.csv"
        self.loaded.save_log(path)
        before = path.read_bytes()
        self.assertEqual(self.loaded.save_log(path, append=True), 0)
        self.assertEqual(path.read_bytes(), before)
        with selectai.TrainSet.load(self.jsonl(decision("p", "c.png", "d.png"), name="more.jsonl")) as more:
            self.assertEqual(more.save_log(path, append=True), 1)
        self.assertEqual(len(self.rows(path)), 3)

    def test_a_foreign_header_is_refused_and_stays(self):
        path = self.csv("a,b", ("1", "2"), name="other.csv")
        before = path.read_bytes()
        with self.assertRaisesRegex(selectai.MismatchError, "other.csv"):
            self.loaded.save_log(path, append=True)
        self.assertEqual(path.read_bytes(), before)

    def test_crops_go_out_and_in_again(self):
        raw, final, truth = fixtures.write_project(self.folder / "p", 6)
        found = selectai.extract(raw, final, "p", date="2026-01-02", crop_evidence="pixels")
        boxes = {case["winner"]: case["box"] for case in truth if case["winner"] and case["box"]}
        for form in ("crop", "crop-full"):
            with self.subTest(form):
                path = self.folder / f"{form}.csv"
                self.assertGreaterEqual(found.trainset.save_log(path, form), len(boxes))
                with selectai.TrainSet.load(path, project="p") as loaded:
                    self.assertEqual(loaded.issues, [])
                    got = {Path(entry["chosen_path"]).name: entry["crop"] for entry in loaded}
                for name, box in boxes.items():
                    self.assertEqual(tuple(got[name]["box_px"]), box)


class RealLogs(LogCase):
    def setUp(self):
        super().setUp()
        if not LEGACY.is_dir():
            self.skipTest(f"{LEGACY} is not here")
        self.logs = sorted((LEGACY / "logs").glob("*.csv"))

    def test_every_row_is_read_or_named(self):
        projects = selectai.Projects(manifests=LEGACY / "projects")
        for path in self.logs:
            with self.subTest(path.name), selectai.TrainSet.load(path, projects=projects) as loaded:
                self.assertEqual(len(loaded) + len({issue.row for issue in loaded.issues}), len(self.rows(path)))
                table = loaded.columns()
                self.assertEqual({len(column) for column in table.values()}, {len(loaded)})

    def test_all_anomaly_cases_are_found(self):
        with selectai.TrainSet.load(LEGACY / "logs/anomaly_cases.csv") as loaded:
            self.assertEqual((len(loaded), loaded.issues), (518, []))
            self.assertEqual(loaded.anomalies()["total"]["anomalies"], 518)
            self.assertEqual(loaded.save_log(self.folder / "again.csv", "anomalies"), 518)

    def test_merging_all_of_them(self):
        with selectai.TrainSet.load(self.logs) as loaded, loaded.merge() as merged:
            counts = merged.counts
            self.assertEqual(counts["rows"], len(loaded))
            self.assertEqual(counts["kept"], len(merged))
            self.assertEqual(counts["kept"] + counts["duplicates"] + counts["conflicts"], counts["rows"])
            kinds = collections.Counter(issue.kind for issue in merged.issues)
            self.assertEqual(kinds, {"duplicate": counts["duplicates"], "conflict": counts["conflicts"]})
            with merged.merge() as again:
                self.assertEqual((again.counts["kept"], again.counts["duplicates"]), (len(merged), 0))
                self.assertEqual(list(again), list(merged))

    def test_merging_a_log_with_itself(self):
        path = LEGACY / "logs/anomaly_cases.csv"
        with selectai.TrainSet.load([path, path]) as loaded, loaded.merge() as merged:
            self.assertEqual((merged.counts["kept"], merged.counts["duplicates"]), (518, 518))
            self.assertEqual(list(merged), list(loaded)[:518])


if __name__ == "__main__":
    unittest.main()
