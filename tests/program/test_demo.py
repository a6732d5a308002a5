"""test_demo.py: `selectai demo`: one command from nothing to a report.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import base64
import html.parser
import json
import os
import re
import shutil
import struct
import tempfile
import unittest

from support import DONE, FAILED, ProgramTest, files_below, leftovers, read_jsonl, selectai, snapshot, strict_json

OPTIONS = ("--groups", "60", "--size", "256", "--seed", "3")

# Elements that have no end, and those whose end may be left out.
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
OPTIONAL = {"html", "head", "body", "p", "li", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "dt", "dd"}


class Page(html.parser.HTMLParser):
    """Collects tags, attributes and text; complains about ends without a start."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.links, self.words, self.open, self.faults = [], [], [], [], []
        self.feed(text)
        self.close()
        self.faults += [t for t in self.open if t not in OPTIONAL]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        for name, value in attrs:
            if name in ("src", "href", "srcset", "data", "action", "poster", "background"):
                self.links.append(value or "")
            if name.startswith("on"):
                self.faults.append("%s has %s" % (tag, name))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL:
            self.open.pop()
        if not self.open or self.open[-1] != tag:
            self.faults.append("</%s>" % tag)
        else:
            self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "title"):
            self.words.append(data)


class TestDemo(ProgramTest):

    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="selectai-demo-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        cls.result = selectai("demo", "--output", "d", *OPTIONS, cwd=cls.base, timeout=300)
        if cls.result.code != DONE:
            if "torch module" in cls.result.err:
                cls.without = cls.result.err.strip().splitlines()[-1]
                return
            raise AssertionError(str(cls.result))
        cls.without = None
        with open(os.path.join(cls.base, "d/report.html"), "rb") as f:
            cls.bytes = f.read()
        cls.page = Page(cls.bytes.decode("utf-8"))
        with open(os.path.join(cls.base, "d/sample/truth.json"), encoding="utf-8") as f:
            cls.truth = json.load(f)

    def setUp(self):
        super().setUp()
        if self.without:
            self.skipTest("no report without training: " + self.without)

    def demo_path(self, *parts):
        return os.path.join(self.base, "d", *parts)

    @staticmethod
    def without_log(page):
        """The page without the list of steps at its end, which tells how long they took."""
        return re.sub(rb"<pre>.*?</pre>", b"", page, flags=re.DOTALL)

    def test_what_it_makes(self):
        made = set(os.listdir(self.demo_path()))
        for name in ("sample", "entries.jsonl", "rejected.jsonl", "extraction_report.json", "cache", "ranker.safetensors",
                     "cropper.safetensors", "evaluation.html", "suggestions.json", "report.html"):
            self.assertIn(name, made)
        self.assertEqual(leftovers(self.base), [])
        with open(self.demo_path("suggestions.json"), "rb") as f:
            strict_json(f.read())
        with open(self.demo_path("extraction_report.json"), "rb") as f:
            self.assertEqual(strict_json(f.read())["projects"][0]["groups"], 60)

    def test_page_is_self_contained(self):
        """No address outside the page, no script; pictures are inside."""
        self.assertTrue(self.page.links)
        for link in self.page.links:
            self.assertTrue(link.startswith(("data:image/", "#")), link[:80])
        text = self.bytes.decode("utf-8")
        self.assertNotRegex(text, r"(?i)<script|javascript:|@import|url\((?!['\"]?(data:|#))")
        self.assertNotRegex(re.sub(r"data:[^\"')]*", "", text), r"(?i)\b(https?|file|ftp)://")
        self.assertNotIn(self.base, text)

    def test_page_is_well_formed(self):
        self.assertEqual(self.page.faults, [])
        self.assertTrue(self.bytes.lower().startswith(b"<!doctype html>"))
        tags = [t for t, _ in self.page.tags]
        for tag in ("html", "head", "title", "body", "h1", "table", "img"):
            self.assertIn(tag, tags)
        ids = [a["id"] for _, a in self.page.tags if "id" in a]
        self.assertEqual(len(ids), len(set(ids)))

    def test_pictures_are_pictures(self):
        images = [a for t, a in self.page.tags if t == "img"]
        self.assertGreater(len(images), 10)
        for attributes in images:
            match = re.fullmatch(r"data:image/(png|jpeg);base64,(.*)", attributes["src"])
            self.assertTrue(match, "an image from %r" % attributes["src"][:60])
            kind, data = match.groups()
            data = base64.b64decode(data, validate=True)
            if kind == "png":
                self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
                self.assertGreater(min(struct.unpack(">II", data[16:24])), 8)
            else:
                self.assertEqual((data[:3], data[-2:]), (b"\xff\xd8\xff", b"\xff\xd9"))
            self.assertTrue(attributes.get("alt") is not None, "an image without a text for those who cannot see it")

    def test_metrics_beside_baselines(self):
        words = " ".join(self.page.words)
        for word in ("normal", "anomaly", "overall", "highest stage wins", "constant box", "IoU"):
            self.assertIn(word, words)
        with open(self.demo_path("ranker.safetensors"), "rb") as f:
            data = f.read()
        length, = struct.unpack("<Q", data[:8])
        for metric in json.loads(strict_json(data[8:8 + length])["__metadata__"]["metrics"]):
            # Shares are shown in per cent, errors and overlaps are not; calibration has no trivial rule.
            form = "%.3f" if metric["name"] in ("brier", "ece", "keep_auc") else "%.1f"
            for value in (metric["value"], metric["baseline"]):
                if metric["n"] and value is not None:
                    self.assertIn(form % (value if form == "%.3f" else 100 * value), words, metric)

    def test_groups_shown_are_unseen(self):
        """Only groups that were not trained on are shown, each with all its pictures and what the person chose."""
        shown = set(re.findall(r"\d{8}_\d{6}", " ".join(self.page.words)))
        self.assertTrue(shown)
        result = selectai("evaluate", "--model", "ranker.safetensors", "--data", "entries.jsonl", "--cache", "cache", "--json",
                          cwd=self.demo_path())
        self.assertEqual(result.code, DONE, str(result))
        evaluation = result.json()
        held_out = evaluation["groups"]
        sections = sum(1 for t, a in self.page.tags if "group" in (a.get("class") or "").split())
        self.assertGreaterEqual(sections, held_out)
        # Rejected groups and those without an entry are unseen, too.
        entries = len({e["set_id"] for e in read_jsonl(self.demo_path("entries.jsonl"))})
        self.assertLessEqual(sections, len(self.truth["groups"]) - (entries - held_out))

    def test_second_run_resumes(self):
        before = snapshot(self.demo_path("sample"))
        vectors = snapshot(self.demo_path("cache"))
        result = self.done(selectai("demo", "--output", "d", *OPTIONS, cwd=self.base, timeout=300))
        self.assertEqual(snapshot(self.demo_path("sample")), before)
        self.assertEqual(snapshot(self.demo_path("cache")), vectors, "vectors were made again")
        self.assertRegex(result.out + result.err, r"\b0 images encoded")
        with open(self.demo_path("report.html"), "rb") as f:
            self.assertEqual(self.without_log(f.read()), self.without_log(self.bytes), "the report of a second run differs")
        self.assertEqual(leftovers(self.base), [])

    def test_interrupted_in_between(self):
        """What an earlier run left is used; what is missing is made."""
        shutil.copytree(self.demo_path(), self.path("d"), copy_function=shutil.copy2)
        for name in ("report.html", "cropper.safetensors", "suggestions.json"):
            os.remove(self.path("d", name))
        part, = [n for n in files_below(self.path("d/cache")) if n.endswith(".npy")]
        os.remove(self.path("d/cache", part))
        os.remove(self.path("d/cache", part[:-4] + ".jsonl"))
        self.done(self.run_in_dir("demo", "--output", "d", *OPTIONS, timeout=300))
        with open(self.path("d/report.html"), "rb") as f:
            self.assertEqual(self.without_log(f.read()), self.without_log(self.bytes))

    def test_other_options_do_not_mix_with_an_earlier_run(self):
        """Another seed in the same folder: refused by name, or made anew; never one run's pictures as another's."""
        shutil.copytree(self.demo_path(), self.path("d"), copy_function=shutil.copy2)
        result = self.run_in_dir("demo", "--output", "d", "--groups", "40", "--size", "256", "--seed", "4", timeout=300)
        if result.code == DONE:
            with open(self.path("d/sample/truth.json"), encoding="utf-8") as f:
                truth = json.load(f)
            self.assertEqual((truth["seed"], len(truth["groups"])), (4, 40))
        else:
            self.fails(result, "d")

    def test_a_folder_of_something_else(self):
        self.write("mine/letter.txt", "dear all\n")
        self.write("mine/sample/raw/x.png", "mine")
        before = snapshot(self.path("mine"))
        self.fails(self.run_in_dir("demo", "--output", "mine", *OPTIONS, timeout=300), "mine")
        self.assertEqual(snapshot(self.path("mine")), before)

    def test_without_the_module(self):
        """Training is impossible: it says so, exit code 1, and writes no report."""
        os.makedirs(self.path("empty"))
        result = self.run_in_dir("demo", "--output", "d", "--groups", "30", "--size", "256", "--backend", self.path("empty"),
                                 timeout=300)
        self.fails(result, "selectai-torch.so", code=FAILED)
        self.assertFalse(os.path.exists(self.path("d/report.html")))

    def test_quiet(self):
        result = self.done(self.run_in_dir("demo", "--output", "d", "--groups", "30", "--size", "256", "--quiet", timeout=300))
        self.assertEqual(result.out, "")


if __name__ == "__main__":
    unittest.main()
