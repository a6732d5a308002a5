"""test_evaluation.py: what train and evaluate say of models: sweeps, leakage, projects, comparisons, the page.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import os
import re
import shutil
import tempfile
import unittest

from page import Page
from support import DONE, FAILED, USAGE, ProgramTest, leftovers, read_jsonl, selectai

FAST = ("--epochs", "4", "--quiet")
FIGURES = ("normal", "anomaly", "overall", "top1")


class Shared:
    """Two projects with vectors, and models of the first; made once, by the first that asks."""

    folder = None
    why_not = ""

    @classmethod
    def get(cls):
        if cls.folder is None:
            cls.folder = tempfile.mkdtemp(prefix="selectai-evaluation-")
            unittest.addModuleCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
            for name, seed in (("one", 1), ("two", 5)):
                cls.must("sample", "--output", name, "--groups", 50 if seed == 1 else 40, "--size", 256, "--seed", seed,
                         "--project", name, "--quiet")
                cls.must("extract", "--raw", name + "/raw", "--final", name + "/final", "--project", name, "--output",
                         name + ".jsonl", "--rejected", name + "_rejected.jsonl", "--quiet")
                selectai("embed", "--project", name, "--cache", "cache", name + "/raw", "--quiet", cwd=cls.folder)
            result = selectai("train", "ranker", "--data", "one.jsonl", "--cache", "cache", "--output", "a.safetensors", *FAST,
                              cwd=cls.folder)
            if result.code != DONE and "torch module" in result.err:
                cls.why_not = result.err.strip()
            elif result.code != DONE:
                raise AssertionError(str(result))
        if cls.why_not:
            raise unittest.SkipTest("training is not possible here: " + cls.why_not)
        return cls.folder

    @classmethod
    def must(cls, *args):
        result = selectai(*args, cwd=cls.folder)
        if result.code != DONE:
            raise AssertionError(str(result))
        return result


class EvaluationTest(ProgramTest):

    def setUp(self):
        super().setUp()
        self.base = Shared.get()

    def in_base(self, *args):
        return selectai(*args, cwd=self.base)

    def train(self, *args, data=("one.jsonl", "two.jsonl"), kind="ranker"):
        return self.in_base("train", kind, "--data", *data, "--cache", "cache", *FAST, *args)

    def page(self, name):
        with open(self.path(name), "rb") as f:
            self.bytes = f.read()
        page = Page(self.bytes)
        self.assertEqual(page.faults, [])
        self.assertTrue(self.bytes.startswith(b"<!doctype html>"))
        text = re.sub(rb"data:image/jpeg;base64,[A-Za-z0-9+/=]*", b"", self.bytes).decode()
        self.assertNotRegex(text, r"(?i)<script|javascript:|@import|url\(|\b(https?|file|ftp)://")
        self.assertIn("prefers-color-scheme:dark", text)
        return page

    @staticmethod
    def values(row):
        return {m["name"]: m["value"] for m in row["metrics"]}


class TestSweep(EvaluationTest):

    def test_table_without_a_model(self):
        before = set(os.listdir(self.base))
        document = self.done(self.train("--sweep-anomaly-weight", "1,5,20", "--json")).json()
        self.assertEqual(set(os.listdir(self.base)), before)
        self.assertIsNone(document["model"])
        self.assertEqual([row["weight"] for row in document["sweep"]], [1, 5, 20])
        rows = [self.values(row) for row in document["sweep"]]
        distances = []
        for row, values in zip(document["sweep"], rows):
            beaten = any(o["normal"] >= values["normal"] and o["anomaly"] >= values["anomaly"] and
                         (o["normal"] > values["normal"] or o["anomaly"] > values["anomaly"]) for o in rows)
            self.assertEqual(row["efficient"], not beaten)
            distances.append(min(values["normal"] - 0.9, values["anomaly"] - 0.7, values["overall"] - 0.85))
            self.assertAlmostEqual(row["distance_to_goals"], distances[-1], places=9)
            self.assertEqual(row["goals_met"], {"normal": values["normal"] > 0.9, "anomaly": values["anomaly"] > 0.7,
                                                "overall": values["overall"] > 0.85})
        met = [sum(row["goals_met"].values()) for row in document["sweep"]]  # most goals, then the nearest to all
        self.assertEqual(document["chosen_weight"], [1, 5, 20][max(range(3), key=lambda i: (met[i], distances[i]))])
        self.assertIn("hopeful", document["note"])
        # More weight on anomalies does not win fewer of them.
        self.assertGreaterEqual(rows[2]["anomaly"], rows[0]["anomaly"])

    def test_trains_with_the_chosen_weight(self):
        args = ("--sweep-anomaly-weight", "2,0.5", "--output", self.path("m.safetensors"))
        document = self.done(self.train(*args, "--json")).json()
        chosen = next(row for row in document["sweep"] if row["weight"] == document["chosen_weight"])
        self.assertEqual(document["evaluation"]["metrics"], chosen["metrics"])
        self.done(self.train("--anomaly-weight", document["chosen_weight"], "--output", self.path("same.safetensors")))
        with open(self.path("m.safetensors"), "rb") as a, open(self.path("same.safetensors"), "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_text_and_page(self):
        args = [a for a in FAST if a != "--quiet"]
        result = self.done(self.in_base("train", "ranker", "--data", "one.jsonl", "two.jsonl", "--cache", "cache", *args,
                                        "--sweep-anomaly-weight", "1,8", "--html", self.path("p.html")))
        self.assertRegex(result.out, r"(?m)^[* ] +1  ")
        self.assertRegex(result.out, r"(?m)^[* ] +8  ")
        self.assertRegex(result.out, r"Weight (1|8) meets most goals")
        self.assertIn("too hopeful", result.out)
        page = self.page("p.html")
        self.assertIn("sweep", page.sections())
        self.assertIn("goals", page.text_of["sweep"])

    def test_bad_weights(self):
        for weights in ("", "0", "1,", ",1", "1,,2", "a", "1;2", "-1", "1,1", "nan", "inf", "1e9", "1,2x",
                        ",".join(map(str, range(1, 40)))):
            self.fails(self.train("--sweep-anomaly-weight", weights), "--sweep-anomaly-weight", code=USAGE)


class TestLeakage(EvaluationTest):

    def test_three_splits(self):
        document = self.done(self.train("--leakage", "--json")).json()
        self.assertIsNone(document["model"])
        rows = {row["split"]: row for row in document["leakage"]}
        self.assertEqual([row["split"] for row in document["leakage"]], ["pair", "group", "project"])
        self.assertEqual([row["leaky"] for row in document["leakage"]], [True, False, False])
        for name, row in rows.items():
            self.assertTrue(row["measured"])
            self.assertEqual({m["name"] for m in row["metrics"]} & set(FIGURES), set(FIGURES))
            # The same as each split by itself.
            alone = self.done(self.train("--split", name, "--json", "--output", self.path("m.safetensors"))).json()
            self.assertEqual(alone["evaluation"]["metrics"], row["metrics"])
            self.assertEqual(alone["evaluation"]["leaky"], name == "pair")

    def test_one_project(self):
        document = self.done(self.train("--leakage", "--json", data=("one.jsonl",))).json()
        project = document["leakage"][2]
        self.assertEqual((project["measured"], project["why"]), (False, "needs two projects"))

    def test_text_says_leaky(self):
        result = self.done(self.in_base("train", "ranker", "--data", "one.jsonl", "--cache", "cache", "--epochs", 2, "--leakage",
                                        "--html", self.path("p.html")))
        line, = [line for line in result.out.splitlines() if line.startswith("pair ")]
        self.assertIn("LEAKY", line)
        self.assertRegex(result.out, r"(?m)^project +needs two projects$")
        page = self.page("p.html")
        self.assertIn("LEAKY", page.text_of["leakage"])
        self.assertIn("needs two projects", page.text_of["leakage"])
        self.assertNotIn("LEAKY", page.text_of["figures"])

    def test_a_leaky_model_is_called_so(self):
        result = self.done(self.in_base("train", "ranker", "--data", "one.jsonl", "--cache", "cache", "--epochs", 2, "--split", "pair",
                                        "--output", self.path("m.safetensors"), "--html", self.path("p.html")))
        self.assertIn("LEAKY", result.out)
        self.assertEqual(len(self.page("p.html").with_class("banner")), 1)


class TestPerProject(EvaluationTest):

    def rename(self, names):
        """The data of both projects, under other names, with vectors for them."""
        rows = []
        for name, other in zip(("one", "two"), names):
            rows += [dict(row, project=other) for row in read_jsonl(os.path.join(self.base, name + ".jsonl"))]
        with open(self.path("named.jsonl"), "w", encoding="utf-8") as f:
            f.writelines(json.dumps(row) + "\n" for row in rows)
        self.in_base("embed", "--input", self.path("named.jsonl"), "--cache", self.path("cache"), "--quiet")

    def test_comparison(self):
        document = self.done(self.train("--per-project", "--json", "--output", self.path("m.safetensors"))).json()
        self.assertEqual([row["project"] for row in document["per_project"]], ["one", "two"])
        self.assertEqual(set(os.listdir(self.dir)), {"m.safetensors", "m.one.safetensors", "m.two.safetensors"})
        groups = self.done(self.train("--split", "group", "--json", "--output", self.path("g.safetensors"))).json()["evaluation"]
        by_group = {s["project"]: s for s in groups["by_project"]}
        by_project = {s["project"]: s for s in document["evaluation"]["by_project"]}
        for row in document["per_project"]:
            name = row["project"]
            own = self.done(self.train("--split", "group", "--json", "--output", self.path("own.safetensors"),
                                       data=(name + ".jsonl",))).json()["evaluation"]
            self.assertEqual(row["own_metrics"], own["metrics"])
            self.assertEqual(row["unified"], by_group[name])
            self.assertEqual(row["unified_left_out"], by_project[name])
            self.assertEqual((row["n"], row["baseline"]), (by_group[name]["n"], by_group[name]["baseline"]))
            self.assertEqual(row["n"], row["own"]["n"])  # the same decisions
            with open(self.path("own.safetensors"), "rb") as a, open(row["model"], "rb") as b:
                self.assertEqual(a.read(), b.read())

    def test_names_of_files(self):
        """Names that no file may have, and those that become equal, get files of their own."""
        self.rename(("a/b <c>", "A?b  c>"))
        result = self.done(self.in_base("train", "ranker", "--data", self.path("named.jsonl"), "--cache", self.path("cache"), *FAST,
                                        "--per-project", "--json", "--output", self.path("m.x.safetensors"), "--html",
                                        self.path("p.html")))
        models = [row["model"] for row in result.json()["per_project"]]
        self.assertEqual(len({m.lower() for m in models}), 2)
        for model in models:
            self.assertRegex(os.path.basename(model), r"(?i)^m\.x\.a_b__c_(-2)?\.safetensors$")
            self.assertTrue(os.path.exists(model))
        self.assertEqual(leftovers(self.dir), [])
        page = self.page("p.html")
        self.assertIn("a/b <c>", page.text_of["per-project"])

    def test_too_few_decisions(self):
        with open(os.path.join(self.base, "two.jsonl"), "rb") as f:
            self.write("few.jsonl", b"".join(f.readlines()[:4]))
        document = self.done(self.train("--per-project", "--json", "--output", self.path("m.safetensors"),
                                        data=("one.jsonl", self.path("few.jsonl")))).json()
        few = document["per_project"][1]
        self.assertEqual((few["project"], few["model"], few["why"]), ("two", None, "too few decisions"))
        self.assertFalse(os.path.exists(self.path("m.two.safetensors")))

    def test_does_not_overwrite_its_data(self):
        shutil.copy(os.path.join(self.base, "one.jsonl"), self.path("m.one.jsonl"))
        result = self.fails(self.train("--per-project", "--output", self.path("m.jsonl"), data=(self.path("m.one.jsonl"),)),
                            "m.one.jsonl")
        self.assertFalse(os.path.exists(self.path("m.jsonl")), str(result))

    def test_flags_that_do_not_go_together(self):
        model = ("--output", self.path("m.safetensors"))
        for args in (("--per-project", "--leakage"), ("--leakage", "--sweep-anomaly-weight", "1,2"), ("--per-project", "--folds", 1),
                     ("--per-project", "--hold-out", "one"), ("--leakage", "--hold-out", "one")):
            self.fails(self.train(*args, *model), code=USAGE)
        self.fails(self.train("--per-project"), "--output", code=USAGE)
        self.fails(self.train("--leakage", kind="cropper"), "rankers", code=USAGE)
        self.fails(self.train("--html", self.path("m.safetensors"), *model), "--html", code=USAGE)


class TestWhatIsCounted(EvaluationTest):

    def test_rejected_groups_and_reasons(self):
        rows = read_jsonl(os.path.join(self.base, "one.jsonl"))
        strange = dict(rows[0], chosen_path="nowhere/20250101_000000_stage1_x.png", set_id="x")
        self.write("more.jsonl", "".join(json.dumps(row) + "\n" for row in rows[:3] + [strange]))
        data = ("one.jsonl", "one_rejected.jsonl", "two_rejected.jsonl", self.path("more.jsonl"))
        document = self.done(self.train("--json", "--output", self.path("m.safetensors"), data=data)).json()
        rejected = sum(len(read_jsonl(os.path.join(self.base, n + "_rejected.jsonl"))) for n in ("one", "two"))
        self.assertEqual((document["decisions"], document["rejected_groups"]), (len(rows) + 4, rejected))
        self.assertEqual(document["left_out_by_reason"]["repeated"], 3)
        self.assertGreaterEqual(document["left_out_by_reason"]["not-in-cache"], 1)
        self.assertEqual(document["left_out"], sum(document["left_out_by_reason"].values()))
        result = self.done(self.in_base("train", "ranker", "--data", *data, "--cache", "cache", "--epochs", 2, "--output",
                                        self.path("m.safetensors"), "--html", self.path("p.html")))
        self.assertRegex(result.err, r"%d decisions could not be used" % document["left_out"])
        self.assertRegex(result.err, r"(?m)^selectai: +3  repeated$")
        self.assertIn("%d rejected groups in the data" % rejected, result.out)
        self.assertIn("repeated", self.page("p.html").text_of["unused"])

    def test_text_has_all_figures(self):
        result = self.done(self.in_base("evaluate", "--model", "a.safetensors", "--data", "two.jsonl", "two_rejected.jsonl", "--cache",
                                        "cache"))
        document = self.done(self.in_base("evaluate", "--model", "a.safetensors", "--data", "two.jsonl", "two_rejected.jsonl",
                                          "--cache", "cache", "--json")).json()
        lines = result.out.splitlines()
        for metric in document["metrics"]:
            line, = [line for line in lines if line.startswith(metric["name"] + " ")]
            self.assertIn(" low " if metric["lower_is_better"] else " high ", line)
            if metric["value"] is not None:
                self.assertIn("%.3f (%.3f-%.3f)" % (metric["value"], metric["low"], metric["high"]), line)
            if metric["baseline"] is not None:
                self.assertIn("%.3f (%.3f" % (metric["baseline"], metric["baseline_low"]), line)
            self.assertTrue(line.endswith(metric["baseline_name"]))
        for name, part in (("stage alone", "prior"), ("image alone", "image")):
            line, = [line for line in lines if line.startswith(name)]
            for figure in FIGURES:
                if document["parts"][part][figure] is not None:
                    self.assertIn("%.3f" % document["parts"][part][figure], line)
        self.assertEqual(document["rejected_groups"], len(read_jsonl(os.path.join(self.base, "two_rejected.jsonl"))))


class TestPage(EvaluationTest):

    def evaluate(self, *args, data=("two.jsonl", "two_rejected.jsonl"), model="a.safetensors"):
        return self.in_base("evaluate", "--model", model, "--data", *data, "--cache", "cache", "--quiet", *args)

    def test_sections_and_numbers(self):
        document = self.done(self.evaluate("--html", self.path("p.html"), "--json")).json()
        page = self.page("p.html")
        self.assertEqual(page.sections(), ["figures", "parts", "curves", "segments", "worst", "unused"])
        self.assertEqual(leftovers(self.dir), [])
        for metric in document["metrics"]:
            form = "%.3f" if metric["name"] in ("brier", "ece", "keep_auc") else "%.1f\u00a0%%"
            if metric["value"] is not None:
                shown = form % (metric["value"] * (1 if form == "%.3f" else 100))
                self.assertIn(shown, page.text_of["figures"], metric)
        for segment in document["by_pattern"]:
            self.assertIn(segment["stages"], page.text_of["segments"])
        # Each chart has a caption that tells how to read it.
        charts = len(page.of("svg"))
        self.assertGreaterEqual(charts, 5)
        self.assertGreaterEqual(len(page.of("figcaption")), charts)
        self.assertTrue(all(a.get("aria-label") for a in page.of("svg")))
        # Every bar of reliability has its count.
        for bin_ in document["reliability"]:
            self.assertRegex(page.text_of["curves"], r"\b%d\b" % bin_["n"])

    def test_pictures_of_the_worst(self):
        document = self.done(self.evaluate("--html", self.path("p.html"), "--json")).json()
        page = self.page("p.html")
        pictures = page.images()
        self.assertEqual(len(page.of("article")), len(document["worst"]))
        self.assertEqual(len(pictures), sum(len(case["images"]) for case in document["worst"]))
        self.assertGreater(len(pictures), 0)
        for picture in pictures:
            self.assertEqual((picture[:3], picture[-2:]), (b"\xff\xd8\xff", b"\xff\xd9"))

    def test_pictures_that_are_gone(self):
        """Paths of a disk that is not there: said so, image by image."""
        rows = read_jsonl(os.path.join(self.base, "two.jsonl"))
        for row in rows:
            row["chosen_path"] = row["chosen_path"].replace("two/raw", "gone")
        self.write("gone.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        document = self.done(self.evaluate("--html", self.path("p.html"), "--json", data=(self.path("gone.jsonl"),))).json()
        page = self.page("p.html")
        self.assertEqual(page.text_of["worst"].count("the file is gone"), len(document["worst"]))

    def test_names_are_escaped(self):
        """Names with everything that HTML minds, as project, file name and model."""
        name = "<b>&\"'\u00e9</b>"
        rows = [dict(row, project=name) for row in read_jsonl(os.path.join(self.base, "two.jsonl"))]
        self.write("odd.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.in_base("embed", "--input", self.path("odd.jsonl"), "--cache", self.path("cache"), "--quiet")
        model = os.path.join(os.fsencode(self.dir), b"m<i>&\xff.safetensors")
        shutil.copy(os.path.join(self.base, "a.safetensors"), model)
        self.done(self.in_base("evaluate", "--model", model, "--data", self.path("odd.jsonl"), "--cache", self.path("cache"), "--quiet",
                               "--html", self.path("p.html"), "--compare", os.path.join(self.base, "a.safetensors")))
        page = self.page("p.html")
        self.assertIn(name, page.text_of["segments"])
        self.assertIn("m<i>&\ufffd.safetensors", page.text_of[""])
        self.assertEqual([t for t, _ in page.tags if t == "i" and not _], [])

    def test_a_page_that_cannot_be_written(self):
        self.fails(self.evaluate("--html", self.path("nowhere/p.html")), "nowhere")
        os.makedirs(self.path("folder"))
        self.fails(self.evaluate("--html", self.path("folder")), "folder")
        shutil.copy(os.path.join(self.base, "two.jsonl"), self.path("d.jsonl"))
        self.fails(self.evaluate("--html", self.path("d.jsonl"), data=(self.path("d.jsonl"),)), "d.jsonl", code=USAGE)
        self.fails(self.evaluate("--html", "a.safetensors"), "a.safetensors", code=USAGE)

    def test_cropper(self):
        self.done(self.train("--output", self.path("c.safetensors"), data=("one.jsonl",), kind="cropper"))
        document = self.done(self.evaluate("--html", self.path("p.html"), "--json", model=self.path("c.safetensors"))).json()
        page = self.page("p.html")
        self.assertEqual(page.sections()[0], "figures")
        self.assertIn("unused", page.sections())
        for metric in document["metrics"]:
            self.assertIn(metric["name"], page.text_of["figures"])
            self.assertIn(metric["baseline_name"], page.text_of["figures"])
        # One bar a figure, below it one for each rule.
        drawn = [m for m in document["metrics"] if m["value"] is not None]
        self.assertEqual(len(page.with_class("model")), sum(not m["name"].endswith(("_size", "_full")) for m in drawn))
        self.assertEqual(len(page.with_class("rule")), sum(m["baseline"] is not None for m in drawn))


class TestCompare(EvaluationTest):

    def setUp(self):
        super().setUp()
        self.done(self.train("--output", self.path("b.safetensors"), "--no-image", data=("one.jsonl",)))

    def compare(self, *args, a="a.safetensors", b=None):
        return self.in_base("evaluate", "--model", a, "--data", "two.jsonl", "--cache", "cache", "--compare",
                            b or self.path("b.safetensors"), "--quiet", *args)

    def test_figures_and_flips(self):
        document = self.done(self.compare("--json", "--html", self.path("p.html"))).json()
        compared = document["compare"]
        self.assertTrue(compared["paired"])
        other = self.done(self.in_base("evaluate", "--model", self.path("b.safetensors"), "--data", "two.jsonl", "--cache", "cache",
                                       "--json", "--quiet")).json()
        for name in FIGURES:
            self.assertAlmostEqual(compared["a"][name], self.values(document)[name], places=9)
            self.assertAlmostEqual(compared["b"][name], self.values(other)[name], places=9)
        self.assertEqual(len(compared["flips"]), compared["only_a"] + compared["only_b"])
        self.assertAlmostEqual(compared["difference"], compared["b"]["top1"] - compared["a"]["top1"], places=9)
        page = self.page("p.html")
        self.assertIn("compare", page.sections())
        articles = len(page.of("article"))
        self.assertEqual(articles, len(document["worst"]) + min(60, len(compared["flips"])))

    def test_words(self):
        compared = self.done(self.compare("--json")).json()["compare"]
        result = self.done(self.compare())
        match = re.search(r"McNemar's exact test: (.*)", result.out)
        words = match.group(1)
        if compared["only_a"] + compared["only_b"] == 0:
            self.assertIn("same decisions", words)
        elif compared["p_value"] >= 0.05:
            self.assertEqual(words, "no evidence that they differ (p = %.*f)" %
                             (3 if compared["p_value"] < 0.1 else 2, compared["p_value"]))
        else:
            self.assertIn("evidence that", words)
        self.assertEqual(result.out.count("is right, two"), min(20, len(compared["flips"])))

    def test_with_itself(self):
        result = self.done(self.compare(b="a.safetensors"))
        self.assertIn("they are right on the same decisions", result.out)

    def test_another_cache(self):
        shutil.copytree(os.path.join(self.base, "cache"), self.path("cache"))
        same = self.done(self.compare("--json")).json()["compare"]
        self.assertEqual(self.done(self.compare("--json", "--compare-cache", self.path("cache"))).json()["compare"], same)
        self.fails(self.compare("--compare-cache", self.path("nowhere")), "nowhere")
        self.fails(self.in_base("evaluate", "--model", "a.safetensors", "--data", "two.jsonl", "--cache", "cache", "--compare-cache",
                                "cache"), "--compare", code=USAGE)

    def test_croppers(self):
        for name, seed in (("c", 1), ("d", 2)):
            self.done(self.train("--output", self.path(name + ".safetensors"), "--seed", seed, data=("one.jsonl",), kind="cropper"))
        compared = self.done(self.compare("--json", a=self.path("c.safetensors"), b=self.path("d.safetensors"))).json()["compare"]
        self.assertTrue(compared["paired"])
        self.assertEqual(compared["kind"], "cropper")
        self.assertAlmostEqual(compared["difference"], compared["b"]["iou"] - compared["a"]["iou"], 9)
        self.assertLessEqual(compared["low"], compared["difference"])
        self.assertLessEqual(compared["difference"], compared["high"])
        self.assertEqual(len(compared["flips"]), compared["only_a"] + compared["only_b"])
        for flip in compared["flips"]:
            image = flip["images"][0]
            for side in "ab":  # within 5 % means: no edge further away
                far = max(abs(x - y) for x, y in zip(image["box_" + side], image["box"]))
                self.assertEqual(far <= 0.05, flip["right"] == side)
        result = self.done(self.compare(a=self.path("c.safetensors"), b=self.path("d.safetensors")))
        self.assertIn("iou of B minus A", result.out)
        self.assertIn("McNemar's exact test", result.out)
        same = self.done(self.compare("--json", a=self.path("c.safetensors"), b=self.path("c.safetensors"))).json()["compare"]
        self.assertEqual((same["difference"], same["p_value"], same["flips"]), (0, 1, []))
        self.fails(self.compare(a=self.path("c.safetensors")), "only models of one kind", code=FAILED)


if __name__ == "__main__":
    unittest.main()
