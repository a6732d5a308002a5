"""test_suggest.py: what `selectai suggest` says: JSON, table, thresholds, past decisions, and the contact sheet.

The ranker is written here, so nothing needs the torch module: one layer of random weights, a prior of stages with one
project's own, and a network that says whether anything of a group is kept.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import array
import base64
import json
import math
import os
import random
import re
import shutil
import struct
import tempfile
import unittest

from support import DONE, FAILED, USAGE, Picture, ProgramTest, leftovers, read_jsonl, selectai, write
from test_demo import Page

GROUPS = 24
DIM = 512
STAGES = (1.0, 1.5, 2.0, 3.0)


def write_model(path, metadata, tensors):
    """tensors: {name: (shape, "F32" or "F64" or "I64", numbers)}"""
    codes = {"F32": "f", "F64": "d", "I64": "q"}
    header, blob = {"__metadata__": metadata}, b""
    for name, (shape, dtype, numbers) in tensors.items():
        data = array.array(codes[dtype], numbers).tobytes()
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(blob), len(blob) + len(data)]}
        blob += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    write(path, struct.pack("<Q", len(text)) + text + blob)


def layer(rng, inputs, outputs, prefix=""):
    weight = [rng.gauss(0, 1.5 / math.sqrt(inputs)) for _ in range(inputs * outputs)]
    return {prefix + "layers.0.weight": ((outputs, inputs), "F32", weight), prefix + "layers.0.bias": ((outputs,), "F32", [0] * outputs)}


def write_ranker(path, encoder="selectai-builtin-1"):
    rng = random.Random(7)
    tensors = dict(layer(rng, DIM, 1), **layer(rng, DIM, 1, "keep."))
    for prefix in ("", "keep."):
        tensors[prefix + "standardise.mean"] = ((DIM,), "F32", [0] * DIM)
        tensors[prefix + "standardise.scale"] = ((DIM,), "F32", [1] * DIM)
    tensors.update({"seen": ((0,), "I64", []), "prior.stages": ((4,), "F64", STAGES),
                    "prior.values": ((4,), "F64", (-0.4, -0.2, 0.1, 0.5)), "prior.transitions": ((4, 4), "F64", [0] * 16),
                    "prior.project_values": ((1, 4), "F64", (0.25, 0, 0, -0.25))})
    write_model(path, {"format": "selectai-model", "format_version": "2", "kind": "ranker", "architecture": "512-1",
                       "output": "linear", "encoder_id": encoder, "dim": str(DIM), "clip": "5", "temperature": "1",
                       "networks": "", "differences": "0", "prior_weight": "1", "image_weight": "1", "keep_network": "512-1",
                       "keep_scale": "1", "keep_shift": "0", "prior_projects": '["demo"]'}, tensors)


def write_cropper(path):
    rng = random.Random(8)
    tensors = layer(rng, DIM + 2, 3)
    tensors["standardise.mean"] = ((DIM + 2,), "F32", [0] * (DIM + 2))
    tensors["standardise.scale"] = ((DIM + 2,), "F32", [1] * (DIM + 2))
    tensors["seen"] = ((0,), "I64", [])
    write_model(path, {"format": "selectai-model", "format_version": "1", "kind": "cropper", "architecture": "514-3",
                       "output": "sigmoid", "encoder_id": "selectai-builtin-1", "dim": str(DIM), "clip": "5", "snap": "0.02",
                       "constant_box": "null"}, tensors)


class Shared:
    """A sample with its decisions and vectors, once for all tests."""

    folder = None

    @classmethod
    def get(cls):
        if cls.folder is None:
            cls.folder = tempfile.mkdtemp(prefix="selectai-suggest-")
            unittest.addModuleCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
            for args in (("sample", "--output", "s", "--groups", GROUPS, "--size", 256, "--project", "demo", "--seed", 4),
                         ("extract", "--raw", "s/raw", "--final", "s/final", "--project", "demo", "--output", "e.jsonl"),
                         ("embed", "--project", "demo", "--cache", "cache", "s/raw")):
                result = selectai(*args, "--quiet", cwd=cls.folder)
                if result.code not in (DONE, FAILED):  # the sample has a picture that cannot be read
                    raise AssertionError(str(result))
            write_ranker(os.path.join(cls.folder, "ranker.safetensors"))
            write_cropper(os.path.join(cls.folder, "cropper.safetensors"))
        return cls.folder


class Sheet(Page):
    """A contact sheet: which classes enclose a picture, and the words of each section."""

    def __init__(self, text):
        self.stack, self.pictures, self.sections = [], [], []
        super().__init__(text)

    def handle_starttag(self, tag, attrs):
        super().handle_starttag(tag, attrs)
        attributes = dict(attrs)
        if tag == "section":
            self.sections.append({"id": attributes["id"], "words": "", "figures": 0, "winners": 0, "boxes": 0})
        if tag == "figure":
            self.sections[-1]["figures"] += 1
            self.sections[-1]["winners"] += attributes.get("class") == "winner"
        if attributes.get("class") == "box":
            self.sections[-1]["boxes"] += 1
        if tag == "img":
            self.pictures.append((set(self.stack), attributes))
        else:
            self.stack.append(attributes.get("class", ""))

    def handle_endtag(self, tag):
        super().handle_endtag(tag)
        if self.stack:
            self.stack.pop()

    def handle_data(self, data):
        super().handle_data(data)
        if self.sections:
            self.sections[-1]["words"] += data


class SuggestTest(ProgramTest):

    def setUp(self):
        super().setUp()
        self.base = Shared.get()

    HISTORY = ("--cache", "cache", "--project", "demo", "--history", "e.jsonl")

    def suggest(self, *options, folder="s/raw", code=DONE, cropper=True):
        crop = ("--cropper", "cropper.safetensors") if cropper else ()
        result = selectai("suggest", folder, "--ranker", "ranker.safetensors", *crop, *options, cwd=self.base)
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, code, str(result))
        return result

    def groups(self, *options):
        return self.suggest("--json", "--quiet", *options).json()["groups"]

    def read(self, relative):
        with open(self.path(relative), "rb") as f:
            return f.read()

    def sheet(self, *options, **more):
        path = self.path("sheet.html")
        self.suggest("--html", path, "--quiet", *options, **more)
        self.assertEqual(leftovers(self.dir), [])
        return Sheet(self.read("sheet.html").decode("utf-8"))


class TestJson(SuggestTest):

    def test_parts_and_flags(self):
        result = self.suggest("--json", "--quiet").json()
        self.assertEqual(len(result["groups"]), GROUPS)
        for group in result["groups"]:
            images = group["images"]
            readable = [i for i in images if i["score"] is not None]
            self.assertTrue(readable)
            for image in readable:
                self.assertAlmostEqual(image["prior"] + image["image"], image["score"], 5)
                self.assertEqual(image["spread"], 0)
            self.assertAlmostEqual(sum(i["probability"] for i in images), 1, 5)
            weights = [math.exp(i["score"] - readable[0]["score"]) for i in readable]
            for image, weight in zip(readable, weights):
                self.assertAlmostEqual(image["probability"], weight / sum(weights), 4)
            self.assertEqual(group["winner"], images.index(max(readable, key=lambda i: i["score"])))
            self.assertEqual(group["sure"], group["confidence"] >= 0.6 and len(readable) == len(images))
            self.assertTrue(0 < group["keep"] < 1)
            self.assertEqual(group["keep_nothing"], group["keep"] < 0.5)
            self.assertTrue(group["why"])
            self.assertEqual(group["neighbours"], [])
        self.assertTrue(any(not i["score"] for g in result["groups"] for i in g["images"]), "the sample has a broken picture")
        nothing = sum(g["keep_nothing"] for g in result["groups"])
        sure = sum(g["sure"] and not g["keep_nothing"] for g in result["groups"])
        self.assertEqual(result["summary"], {"groups": GROUPS, "sure": sure, "not_sure": GROUPS - sure - nothing,
                                             "keep_nothing": nothing})
        self.assertTrue(0 < nothing < GROUPS)

    def test_the_project_has_a_prior_of_its_own(self):
        def prior(options):
            return {i["stage"]: i["prior"] for g in self.groups(*options) for i in g["images"]}
        plain, own = prior(()), prior(("--project", "demo"))
        self.assertAlmostEqual(own[1] - plain[1], 0.25, 5)
        self.assertAlmostEqual(own[3] - plain[3], -0.25, 5)
        self.assertEqual(prior(("--project", "unheard-of")), plain)

    def test_thresholds(self):
        plain = self.groups()
        confidences, keeps = (sorted(g[key] for g in plain) for key in ("confidence", "keep"))
        limit = (confidences[GROUPS // 2 - 1] + confidences[GROUPS // 2]) / 2
        keep = (keeps[GROUPS // 3 - 1] + keeps[GROUPS // 3]) / 2
        found = self.groups("--min-confidence", repr(limit), "--min-keep", repr(keep))
        self.assertEqual(sum(g["keep_nothing"] for g in found), GROUPS // 3)
        for group, same in zip(found, plain):
            readable = all(i["score"] is not None for i in group["images"])
            self.assertEqual(group["sure"], same["confidence"] >= limit and readable)
            self.assertEqual((group["winner"], group["confidence"]), (same["winner"], same["confidence"]))
        everything = self.groups("--min-confidence", 0, "--min-keep", 0)
        self.assertEqual(sum(g["keep_nothing"] for g in everything), 0)
        self.assertGreaterEqual(sum(g["sure"] for g in everything), GROUPS - 1)

    def test_order_of_doubt(self):
        found, doubt = self.groups(), self.groups("--order", "doubt")
        self.assertEqual(sorted(g["winner_path"] for g in found), sorted(g["winner_path"] for g in doubt))
        certain = [g["confidence"] if all(i["score"] is not None for i in g["images"]) else 0 for g in doubt]
        self.assertEqual(certain, sorted(certain))
        self.assertNotEqual(found, doubt)

    def test_neighbours_are_past_decisions_of_others(self):
        past = {e["chosen_path"]: e for e in read_jsonl(os.path.join(self.base, "e.jsonl"))}
        seen = set()
        for group in self.groups(*self.HISTORY, "--neighbours", 4):
            own = {i["path"] for i in group["images"]}
            self.assertEqual(len(group["neighbours"]), 4)
            similar = [n["similarity"] for n in group["neighbours"]]
            self.assertEqual(similar, sorted(similar, reverse=True))
            self.assertTrue(all(-1 <= s <= 1 for s in similar))
            for n in group["neighbours"]:
                entry = past[n["winner_path"]]
                seen.add(n["winner_path"])
                self.assertEqual([x["path"] for x in n["losers"]], entry["neg_paths"])
                self.assertEqual([x["stage"] for x in n["losers"]], entry["neg_stages"])
                self.assertEqual((n["project"], n["winner_stage"], n["anomaly"]), ("demo", entry["chosen_stage"], entry["anomaly"]))
                self.assertFalse(own & {n["winner_path"], *entry["neg_paths"]})
            self.assertRegex(group["why"], "; .*most similar past decisions?|the only image")
        self.assertGreater(len(seen), 5)
        self.assertEqual([g["neighbours"] for g in self.groups(*self.HISTORY, "--neighbours", 0)], [[]] * GROUPS)

    def test_neighbours_do_not_depend_on_threads(self):
        self.assertEqual(self.groups(*self.HISTORY, "--threads", 1), self.groups(*self.HISTORY, "--threads", 3))

    def test_a_history_of_another_project_says_so(self):
        entries = read_jsonl(os.path.join(self.base, "e.jsonl"))
        self.write("other.jsonl", "".join(json.dumps(dict(e, project="other")) + "\n" for e in entries))
        result = self.suggest("--json", "--cache", "cache", "--project", "demo", "--history", self.path("other.jsonl"))
        self.assertEqual([g["neighbours"] for g in result.json()["groups"]], [[]] * GROUPS)
        self.assertIn("history-empty", [i["kind"] for i in result.json()["issues"]])
        self.assertIn("no decision of project demo", result.err)


class TestTable(SuggestTest):

    def test_columns(self):
        lines = self.suggest("--quiet").out.splitlines()
        groups = self.groups()
        self.assertEqual(len(lines), GROUPS + 2)
        self.assertEqual(lines[0].split(), ["group", "stage", "prob", "prior", "image", "keep", "crop", "px", "winner"])
        at = lines[0].index("winner")
        for number, (line, group) in enumerate(zip(lines[1:], groups), 1):
            self.assertEqual(line[at:], group["winner_path"])
            images = group["images"]
            winner = images[group["winner"]]
            others = [i for i in images if i is not winner and i["score"] is not None]
            words = line[:at].split()
            self.assertEqual((int(words[0]), float(words[1])), (number, winner["stage"]))
            self.assertEqual(words[2], "%.0f" % (100 * winner["probability"]))
            if others:
                best = max(others, key=lambda i: i["score"])
                for word, part in zip(words[4:6], ("prior", "image")):
                    self.assertAlmostEqual(float(word), winner[part] - best[part], delta=0.00501)
            px = group["crop_px"]
            self.assertIn("%d,%d-%d,%d of %dx%d" % (px["x1"], px["y1"], px["x2"], px["y2"], winner["width"], winner["height"]), line)
            flag = "keep nothing?" if group["keep_nothing"] else "" if group["sure"] else "not sure"
            self.assertEqual(re.search(r"keep nothing\?|not sure|$", line[:at]).group(), flag)
        summary = self.suggest("--json", "--quiet").json()["summary"]
        self.assertEqual(lines[-1], "{groups} groups: {sure} sure, {not_sure} not sure, {keep_nothing} keep nothing".format(**summary))

    def test_verbose_tells_all(self):
        out = self.suggest("--quiet", "--verbose", *self.HISTORY).out
        for group in self.groups(*self.HISTORY):
            self.assertIn(group["why"], out)
            for image in group["images"]:
                self.assertIn(os.path.basename(image["path"]), out)
            for neighbour in group["neighbours"]:
                self.assertIn("similar (%.2f): took stage %g over stage" % (neighbour["similarity"], neighbour["winner_stage"]), out)

    def test_without_cropper_no_column_of_crops(self):
        self.assertNotIn("crop", self.suggest("--quiet", cropper=False).out)


class TestSheet(SuggestTest):

    def test_is_well_formed_and_self_contained(self):
        page = self.sheet(*self.HISTORY)
        text = self.read("sheet.html").decode("utf-8")
        self.assertEqual(page.faults, [])
        self.assertTrue(text.startswith("<!doctype html>"))
        for link in page.links:
            self.assertTrue(link.startswith("data:image/jpeg;base64,"), link[:60])
        self.assertNotRegex(re.sub(r"data:[^\"]*", "", text), r"(?i)<script|javascript:|@import|url\(|\b(https?|file)://")
        self.assertIn("prefers-color-scheme:dark", text)
        ids = [a["id"] for _, a in page.tags if "id" in a]
        self.assertEqual(len(ids), len(set(ids)))
        for _, picture in page.pictures:
            self.assertTrue(picture["alt"])
            data = base64.b64decode(picture["src"].split(",")[1], validate=True)
            self.assertEqual((data[:3], data[-2:]), (b"\xff\xd8\xff", b"\xff\xd9"))
            self.assertLessEqual(max(int(picture["width"]), int(picture["height"])), 220)
            self.assertGreaterEqual(max(int(picture["width"]), int(picture["height"])), 64)

    def test_shows_every_group(self):
        result = self.suggest("--json", "--quiet", *self.HISTORY).json()
        page = self.sheet(*self.HISTORY)
        self.assertEqual([s["id"] for s in page.sections], ["g%d" % (i + 1) for i in range(GROUPS)])
        self.assertIn("{groups} groups: {sure} sure, {not_sure} not sure".format(**result["summary"]), " ".join(page.words))
        for section, group in zip(page.sections, result["groups"]):
            words = section["words"].replace("\xa0", " ")
            self.assertEqual((section["figures"], section["winners"], section["boxes"]), (len(group["images"]), 1, 1))
            self.assertIn(group["why"], words)
            self.assertEqual("keep nothing?" in words, group["keep_nothing"])
            self.assertIn(("sure" if group["sure"] else "not sure") + " %.0f %%" % (100 * group["confidence"]), words)
            for image in group["images"]:
                self.assertIn(os.path.basename(image["path"]), words)
                if image["score"] is not None:
                    self.assertIn("%.0f %%" % (100 * image["probability"]), words)
            for past in group["neighbours"]:
                self.assertIn("%.2f alike: you took stage %g over" % (past["similarity"], past["winner_stage"]), words)
        readable = sum(i["score"] is not None for g in result["groups"] for i in g["images"])
        self.assertEqual(sum("row" in c for c, _ in page.pictures), readable)
        winners = [a["alt"] for c, a in page.pictures if "winner" in c]
        self.assertEqual(winners, ["stage %g, suggested: %s" % (g["images"][g["winner"]]["stage"], os.path.basename(g["winner_path"]))
                                   for g in result["groups"]])

    def test_order_of_doubt(self):
        doubt = [g["winner_path"] for g in self.groups("--order", "doubt")]
        page = self.sheet("--order", "doubt")
        self.assertEqual([a["alt"].split(": ")[1] for c, a in page.pictures if "winner" in c], [os.path.basename(p) for p in doubt])

    def test_many_groups_and_any_number_of_threads(self):
        """More groups than are made at a time, in order, and the same bytes from one thread and from three."""
        n = 70
        for i in range(2 * n):
            self.write("in/20250708_%02d%02d00_stage%d.png" % (6 + i // 60, i % 60, 1 + i % 2), Picture.smooth(16, 12, i))
        for threads in (1, 3):
            self.done(self.run_in_dir("suggest", "in", "--ranker", os.path.join(self.base, "ranker.safetensors"), "--html",
                                      "sheet%d.html" % threads, "--threads", threads, "--quiet"))
        self.assertEqual(self.read("sheet1.html"), self.read("sheet3.html"))
        page = Sheet(self.read("sheet1.html").decode("utf-8"))
        self.assertEqual(page.faults, [])
        self.assertEqual([s["id"] for s in page.sections], ["g%d" % (i + 1) for i in range(n)])
        shown = [a["alt"].split(": ")[1] for _, a in page.pictures]
        self.assertEqual(shown, sorted(shown))
        self.assertEqual(len(shown), 2 * n)

    def test_past_pictures_that_are_gone_are_left_out(self):
        """Paths in logs are often those of another machine: the words stay."""
        here = self.sheet(*self.HISTORY)
        self.assertEqual(sum("past" in c for c, _ in here.pictures), 3 * GROUPS)
        options = ("--cache", os.path.join(self.base, "cache"), "--project", "demo", "--history", os.path.join(self.base, "e.jsonl"))
        self.done(self.run_in_dir("suggest", os.path.join(self.base, "s/raw"), "--ranker", os.path.join(self.base, "ranker.safetensors"),
                                  *options, "--html", "away.html", "--quiet"))
        away = Sheet(self.read("away.html").decode("utf-8"))
        self.assertEqual(away.faults, [])
        self.assertEqual(sum("past" in c for c, _ in away.pictures), 0)
        self.assertEqual([w.count("alike: you took") for w in (s["words"] for s in away.sections)], [3] * GROUPS)

    def test_names_are_escaped(self):
        bad = ["20250708_060711_stage1_<b>&amp;.png", "20250708_060722_stage2_\"q\" 'x' <img src=x onerror=y>.png"]
        for i, name in enumerate(bad):
            self.write("in <&> \"'/" + name, Picture.smooth(80, 60, i))
        names = [os.path.join(os.fsencode(self.dir), n) for n in (b"20250709_060711_stage1_\xff\xfe.png",
                                                                  b"20250709_060722_stage2_\xed\xa0\x80\x01.png")]
        for name in names:
            with open(name, "wb") as f:
                f.write(Picture.smooth(80, 60, 9).png())
        result = self.done(self.run_in_dir("suggest", "in <&> \"'", *names, "--ranker", os.path.join(self.base, "ranker.safetensors"),
                                           "--html", "sheet.html", "--quiet"))
        page = Sheet(self.read("sheet.html").decode("utf-8"))
        self.assertEqual(page.faults, [])
        self.assertIn("2 groups", result.out)
        self.assertEqual(len(page.sections), 2)
        words = [s["words"] for s in page.sections if "<b>" in s["words"]]
        self.assertEqual(len(words), 1)
        for name in bad:
            self.assertIn(name, words[0])
        self.assertIn("Suggestions: in <&> \"'", page.words)
        alts = [a["alt"].split(": ", 1)[1] for _, a in page.pictures]
        self.assertEqual(sorted(alts), sorted(bad + ["20250709_060711_stage1_\ufffd\ufffd.png",
                                                     "20250709_060722_stage2_\ufffd\ufffd\ufffd\ufffd.png"]))
        for _, attributes in page.tags:
            self.assertFalse(set(attributes) - {"alt", "class", "charset", "content", "decoding", "height", "id", "lang", "name",
                                                "src", "style", "width"})
        self.assertNotRegex("".join(page.words), "[\x00-\x08\x0b-\x1f\x7f]")

    def test_an_old_sheet_stays_until_the_new_one_is_whole(self):
        self.write("sheet.html", "old")
        self.suggest("--html", self.path("sheet.html"), folder="nowhere", code=FAILED)
        self.suggest("--html", self.path("no/such/folder.html"), code=FAILED)
        self.assertEqual(self.read("sheet.html"), b"old")
        self.assertEqual(leftovers(self.dir), [])
        self.assertEqual(len(self.sheet().sections), GROUPS)

    def test_what_is_read_is_not_overwritten(self):
        for name in ("ranker.safetensors", "cropper.safetensors", "e.jsonl"):
            with open(os.path.join(self.base, name), "rb") as f:
                before = f.read()
            result = self.suggest(*self.HISTORY, "--html", "./" + name, code=USAGE)
            self.assertIn("overwrite", result.err)
            with open(os.path.join(self.base, name), "rb") as f:
                self.assertEqual(f.read(), before)


class TestErrors(SuggestTest):

    def test_options_that_do_not_fit(self):
        for options, word in ((("--history", "e.jsonl"), "--cache"),
                              (("--cache", "cache", "--history", "e.jsonl"), "--project"),
                              (("--min-confidence", "2"), "0 to 1"), (("--min-confidence", "-1"), "min-confidence"),
                              (("--min-keep", "1.01"), "0 to 1"), (("--neighbours", "65"), "64"), (("--order", "up"), "order")):
            self.assertIn(word, self.suggest(*options, code=USAGE).err)
        result = selectai("suggest", "--ranker", "ranker.safetensors", *self.HISTORY, "s/raw", cwd=self.base)
        self.fails(result, "before --history", code=USAGE)

    def test_model_of_another_encoder(self):
        write_ranker(self.path("other.safetensors"), encoder="clip:0123456789abcdef:gelu")
        result = selectai("suggest", "--ranker", self.path("other.safetensors"), "s/raw", cwd=self.base)
        self.fails(result, "clip:0123456789abcdef:gelu")
        self.fails(result, "selectai-builtin-1")

    def test_unreadable_images(self):
        """One of a group: the others are judged, but nothing is sure. All of them: no group, and each is named."""
        for i in range(4):
            broken = i != 1
            name = "in/2025070%d_060%d00_stage%d.png" % (8 + i // 2, i, 1 + i % 2)
            self.write(name, "no picture" if broken else Picture.smooth(50, 40, i))
        result = self.done(self.run_in_dir("suggest", "in", "--ranker", os.path.join(self.base, "ranker.safetensors"), "--json",
                                           "--min-confidence", 0))
        (group,) = result.json()["groups"]
        self.assertEqual((group["winner"], group["sure"], group["images"][0]["score"]), (1, False, None))
        self.assertIn("the only image", group["why"])
        for name in ("20250708_060000_stage1.png", "20250709_060200_stage1.png", "20250709_060300_stage2.png"):
            self.assertIn(name, result.err)


if __name__ == "__main__":
    unittest.main()
