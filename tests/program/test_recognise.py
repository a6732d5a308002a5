"""test_recognise.py: train ranker --recognise-stages, and what such rankers say of images whose names hold no stages.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import os
import shutil
import tempfile
import unittest

from support import DONE, USAGE, ProgramTest, read_jsonl, selectai, write

FAST = ("--epochs", "3", "--quiet")
FIGURES = ("overall", "top1", "brier")


class Shared:
    """A project, another one with and without stages in its names, vectors, two models; made once."""

    folder = None
    why_not = ""

    @classmethod
    def get(cls):
        if cls.folder is None:
            cls.folder = tempfile.mkdtemp(prefix="selectai-recognise-")
            unittest.addModuleCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
            for name, groups, seed in (("one", 60, 3), ("two", 20, 4)):
                cls.must("sample", "--output", name, "--groups", groups, "--size", 256, "--seed", seed, "--project", name,
                         "--quiet")
                cls.must("extract", "--raw", name + "/raw", "--final", name + "/final", "--project", name, "--output",
                         name + ".jsonl", "--quiet")
                selectai("embed", "--project", name, "--cache", "cache", name + "/raw", "--quiet", cwd=cls.folder)
            cls.hide("two", "hidden")
            selectai("embed", "--project", "hidden", "--cache", "cache", "hidden", "--quiet", cwd=cls.folder)
            for model, flags in (("told", ()), ("recognising", ("--recognise-stages",))):
                result = selectai("train", "ranker", "--data", "one.jsonl", "--cache", "cache", "--output",
                                  model + ".safetensors", *FAST, *flags, cwd=cls.folder)
                if result.code != DONE and "torch module" in result.err:
                    cls.why_not = result.err.strip()
                    break
                if result.code != DONE:
                    raise AssertionError(str(result))
        if cls.why_not:
            raise unittest.SkipTest("training is not possible here: " + cls.why_not)
        return cls.folder

    @classmethod
    def hide(cls, project, name):
        """The project's decisions on copies of its images, whose names say nothing."""
        lines, count = [], 0
        for entry in read_jsonl(os.path.join(cls.folder, project + ".jsonl")):
            paths = [entry["chosen_path"], *entry["neg_paths"]]
            new = []
            for path in paths:
                with open(os.path.join(cls.folder, path), "rb") as f:
                    data = f.read()
                count += 1
                new.append("%s/picture %d.png" % (name, 7919 * count % 9973))
                write(os.path.join(cls.folder, new[-1]), data)
            lines.append(json.dumps({"project": name, "chosen_path": new[0], "neg_paths": new[1:]}))
        write(os.path.join(cls.folder, name + ".jsonl"), "\n".join(lines) + "\n")

    @classmethod
    def must(cls, *args):
        result = selectai(*args, cwd=cls.folder)
        if result.code != DONE:
            raise AssertionError(str(result))


class Recognise(ProgramTest):

    def setUp(self):
        super().setUp()
        self.base = Shared.get()

    def in_base(self, *args):
        return selectai(*args, cwd=self.base)

    def train(self, *args):
        return self.in_base("train", "ranker", "--data", "one.jsonl", "--cache", "cache", "--recognise-stages", *FAST, *args)

    def figures(self, model, data):
        report = self.done(self.in_base("evaluate", "--model", model, "--data", data, "--cache", "cache", "--json")).json()
        metrics = {m["name"]: m["value"] for m in report["metrics"]}
        return [metrics[name] for name in FIGURES], report["parts"]["prior"]["top1"]

    def test_hidden_stages_change_nothing(self):
        (told, prior), (hidden, hidden_prior) = (self.figures("recognising.safetensors", d) for d in ("two.jsonl", "hidden.jsonl"))
        for one, other in zip(told + [prior], hidden + [hidden_prior]):
            self.assertAlmostEqual(one, other, places=9)
        # A ranker that wants to be told is blind there: of its two parts the stage says nothing.
        self.assertGreater(hidden_prior, self.figures("told.safetensors", "hidden.jsonl")[1])

    def test_the_same_bytes(self):
        with open(os.path.join(self.base, "recognising.safetensors"), "rb") as f:
            expected = f.read()
        for threads in (1, 2):
            path = self.path("%d.safetensors" % threads)
            self.done(self.train("--output", path, "--threads", threads))
            with open(path, "rb") as f:
                self.assertEqual(f.read(), expected)

    def test_prior_and_image_are_needed(self):
        for flags in (("--no-prior",), ("--no-image",), ("--no-image", "--leakage")):
            result = self.train("--output", self.path("none.safetensors"), *flags)
            self.fails(result, "--recognise-stages needs", "prior", "image", code=USAGE)
            self.assertFalse(os.path.exists(self.path("none.safetensors")))

    def test_not_for_croppers(self):
        result = self.in_base("train", "cropper", "--data", "one.jsonl", "--cache", "cache", "--recognise-stages", "--output",
                              self.path("none.safetensors"), *FAST)
        self.fails(result, "--recognise-stages is for rankers", code=USAGE)
        self.assertFalse(os.path.exists(self.path("none.safetensors")))

    def test_going_on_from_the_other_kind(self):
        self.fails(self.train("--output", self.path("on.safetensors"), "--start", "told.safetensors"), "told stages")
        result = self.in_base("train", "ranker", "--data", "one.jsonl", "--cache", "cache", *FAST, "--start",
                              "recognising.safetensors", "--output", self.path("on.safetensors"))
        self.fails(result, "recognise stages")
        self.assert_nothing_half_written()
        self.done(self.train("--output", self.path("on.safetensors"), "--start", "recognising.safetensors", "--folds", 1))

    def test_names_that_lie_do_not_matter(self):
        told = self.done(self.in_base("suggest", "--ranker", "recognising.safetensors", "two/raw", "--json", "--quiet")).json()
        group = next(g for g in told["groups"] if len(g["images"]) == 2)
        for image, stage in zip(group["images"], (2, 1)):  # swapped
            with open(os.path.join(self.base, image["path"]), "rb") as f:
                self.write("lies/20250101_12000%d_stage%d.png" % (stage, stage), f.read())
        lied = self.done(self.in_base("suggest", "--ranker", "recognising.safetensors", self.path("lies"), "--json", "--quiet"))
        images = lied.json()["groups"][0]["images"]
        for one, other in zip(group["images"], reversed(images)):
            for part in ("prior", "image", "probability"):
                self.assertAlmostEqual(one[part], other[part], places=5)

    def test_reasons_go_by_looks(self):
        reasons = []
        for flags in ((), ("--recognise-stages",)):  # without folds both parts count as they are
            path = self.path("m%d.safetensors" % len(flags))
            self.done(self.in_base("train", "ranker", "--data", "one.jsonl", "--cache", "cache", "--folds", 1, *FAST, *flags,
                                   "--output", path))
            groups = self.done(self.in_base("suggest", "--ranker", path, "two/raw", "--json", "--quiet")).json()["groups"]
            reasons.append(" ".join(g["why"] for g in groups))
        self.assertIn("is usually taken over", reasons[0])
        self.assertNotIn("looks like", reasons[0])
        self.assertIn("looks like a stage that is usually taken (+", reasons[1])
        self.assertNotIn("usually taken over", reasons[1])
        self.assertNotIn("the stages alone", reasons[1])

    def test_all_ways_of_training(self):
        for flags in (("--differences",), ("--ensemble", 3), ("--folds", 1), ("--split", "pair")):
            path = self.path("m.safetensors")
            self.done(self.train("--output", path, *flags))
            self.done(self.in_base("evaluate", "--model", path, "--data", "hidden.jsonl", "--cache", "cache"))
        sweep = self.done(self.train("--sweep-anomaly-weight", "1,3", "--json")).json()
        self.assertNotEqual(sweep, {})
        self.done(self.train("--leakage"))
        self.done(self.in_base("evaluate", "--model", "recognising.safetensors", "--compare", "told.safetensors", "--data",
                               "hidden.jsonl", "--cache", "cache", "--html", self.path("page.html")))
        self.assertTrue(os.path.getsize(self.path("page.html")) > 10000)


if __name__ == "__main__":
    unittest.main()
