"""test_pipeline.py: sample, extract, embed, cache verify, train, evaluate, suggest: each verb on what the one before made.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import math
import os
import re
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib

from support import DONE, FAILED, PROGRAM, USAGE, Picture, ProgramTest, environment, files_below, read_jsonl, selectai, \
    snapshot, strict_json, write

GROUPS = 60
SIZE = 256
NO_MODULE = re.compile(r"torch module")


class Shared:
    """The sample and what is made from it, once for all classes; made by the first that asks."""

    folder = None
    models = None  # None: not tried; "" trained; else: the message why not

    @classmethod
    def get(cls):
        if cls.folder is None:
            cls.folder = tempfile.mkdtemp(prefix="selectai-pipeline-")
            unittest.addModuleCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
            cls.must("sample", "--output", "s", "--groups", GROUPS, "--size", SIZE, "--project", "demo", "--quiet")
            cls.must("extract", "--raw", "s/raw", "--final", "s/final", "--project", "demo", "--output", "e.jsonl", "--report",
                     "report.json", "--rejected", "rejected.jsonl", "--quiet")
            # The first two thirds train: something must be left that no model has seen.
            entries = cls.read("e.jsonl").splitlines(True)
            with open(os.path.join(cls.folder, "part.jsonl"), "wb") as f:
                f.write(b"".join(entries[: len(entries) * 2 // 3]))
            result = selectai("embed", "--project", "demo", "--cache", "cache", "s/raw", "--json", "--quiet", cwd=cls.folder)
            cls.embedded = result
            cls.truth = json.loads(cls.read("s/truth.json"))
        return cls.folder

    @classmethod
    def must(cls, *args):
        result = selectai(*args, cwd=cls.folder)
        if result.code != DONE:
            raise AssertionError(str(result))
        return result

    @classmethod
    def read(cls, relative):
        with open(os.path.join(cls.folder, relative), "rb") as f:
            return f.read()

    @classmethod
    def train(cls):
        """Both models; skips, saying why, where there is no torch module."""
        cls.get()
        if cls.models is None:
            cls.models = ""
            for kind in ("ranker", "cropper"):
                result = selectai("train", kind, "--data", "part.jsonl", "--cache", "cache", "--output", kind + ".safetensors",
                                  "--json", "--quiet", cwd=cls.folder)
                if result.code != DONE and NO_MODULE.search(result.err):
                    cls.models = result.err.strip()
                    break
                if result.code != DONE:
                    raise AssertionError(str(result))
                setattr(cls, kind, result.json())
        if cls.models:
            raise unittest.SkipTest("training is not possible here: " + cls.models)


class PipelineTest(ProgramTest):

    def setUp(self):
        super().setUp()
        self.base = Shared.get()
        self.truth = Shared.truth

    def run_in_base(self, *args, **options):
        return selectai(*args, cwd=self.base, **options)

    def images(self):
        """(group, image) of the truth."""
        return [(g, i) for g in self.truth["groups"] for i in g["images"]]


class TestSample(PipelineTest):

    def test_truth_fits_the_files(self):
        files = [f for f in files_below(os.path.join(self.base, "s")) if f.endswith(".png")]
        listed = {i["raw"] for _, i in self.images()} | {i["final"] for _, i in self.images() if i["final"]}
        for extra in self.truth["extras"]:
            listed |= {extra["file"]} | ({extra["final"]} if extra.get("final") else set())
        self.assertEqual(sorted(files), sorted(listed))
        self.assertEqual(len(self.truth["groups"]), GROUPS)
        self.assertEqual({i["stage"] for _, i in self.images()}, {1, 1.5, 2, 3})

    def test_what_a_sample_must_have(self):
        groups = self.truth["groups"]
        self.assertTrue(any(g["anomaly"] for g in groups))
        self.assertTrue(any(g["rejected"] for g in groups))
        for group in groups:
            self.assertIn(len(group["images"]), (2, 3, 4))
            winners = [i for i in group["images"] if i["chosen"]]
            self.assertEqual(bool(winners), not group["rejected"])
            if len(winners) == 1:
                self.assertEqual(group["anomaly"], winners[0]["stage"] < max(i["stage"] for i in group["images"]))
        crops = [i for _, i in self.images() if i.get("cropped")]
        self.assertGreater(len(crops), GROUPS // 4)
        for image in crops:
            x1, y1, x2, y2 = image["crop_px"]
            self.assertLess(abs((x2 - x1) / image["width"] / ((y2 - y1) / image["height"]) - 1), 0.02, image)

    def test_mtimes_and_sizes(self):
        for _, image in self.images():
            path = os.path.join(self.base, "s", image["raw"])
            self.assertEqual(int(os.stat(path).st_mtime), image["mtime"])
            with open(path, "rb") as f:
                head = f.read(26)
            self.assertEqual(struct.unpack(">II", head[16:24]), (image["width"], image["height"]))
            if image["final"]:
                final = os.path.join(self.base, "s", image["final"])
                self.assertEqual(int(os.stat(final).st_mtime), image["final_mtime"])
                self.assertEqual(image["final_mtime"] - image["mtime"] > 5, image["cropped"])

    def test_same_seed_same_bytes(self):
        for name, extra in (("a", ("--threads", 1)), ("b", ("--threads", 2)), ("c", ("--seed", 2))):
            self.done(self.run_in_dir("sample", "--output", name, "--groups", 6, "--size", 256, "--quiet", *extra))
        a, b, c = (snapshot(self.path(n)) for n in "abc")
        files = {k: v for k, v in a.items() if v[0]}
        self.assertEqual({k: v[:2] for k, v in files.items() if k != "truth.json"},
                         {k: v[:2] for k, v in b.items() if v[0] and k != "truth.json"})
        self.assertEqual(a["truth.json"][0], b["truth.json"][0])
        self.assertNotEqual(a["truth.json"][0], c["truth.json"][0])

    def test_a_folder_with_something_in_it_is_not_touched(self):
        self.write("mine/raw/keep.txt", "mine")
        before = snapshot(self.dir)
        self.fails(self.run_in_dir("sample", "--output", "mine", "--groups", 3, "--size", 256), "mine")
        self.assertEqual(snapshot(self.dir), before)


class TestExtractFindsTheTruth(PipelineTest):

    def setUp(self):
        super().setUp()
        self.entries = read_jsonl(os.path.join(self.base, "e.jsonl"))
        self.report = strict_json(Shared.read("report.json"))["projects"][0]

    def test_groups_winners_losers(self):
        expected = {}
        for group in self.truth["groups"]:
            losers = ["s/" + i["raw"] for i in sorted(group["images"], key=lambda i: i["stage"]) if not i["chosen"]]
            for image in group["images"]:
                if image["chosen"] and losers:
                    expected["s/" + image["raw"]] = (losers, "s/" + image["final"],
                                                    image["stage"] < max(i["stage"] for i in group["images"] if not i["chosen"]))
        got = {e["chosen_path"]: (e["neg_paths"], e["chosen_final_path"], e["anomaly"]) for e in self.entries}
        self.assertEqual(got, expected)
        self.assertEqual(len(self.entries), len(expected))

    def test_rejected_groups(self):
        expected = sorted(["s/" + i["raw"] for i in g["images"]] for g in self.truth["groups"] if g["rejected"])
        got = sorted(r["paths"] for r in read_jsonl(os.path.join(self.base, "rejected.jsonl")))
        self.assertEqual(got, expected)

    def test_crop_boxes(self):
        truth = {"s/" + i["raw"]: i for _, i in self.images() if i["chosen"]}
        boxes = 0
        for entry in self.entries:
            image = truth[entry["chosen_path"]]
            self.assertEqual(entry["was_cropped"], image["cropped"], entry)
            if image["cropped"]:
                boxes += 1
                self.assertEqual(entry["crop"]["box_px"], image["crop_px"])
                self.assertEqual((entry["crop"]["method"], entry["crop_evidence"]), ("exact", "pixels"))
                for key, truth_value in zip(("x1", "y1", "x2", "y2"), image["crop"]):
                    self.assertAlmostEqual(entry["crop"][key], truth_value, 4)
        self.assertGreater(boxes, 10)

    def test_counts(self):
        extras = [e["kind"] for e in self.truth["extras"]]
        chosen = [i for _, i in self.images() if i["chosen"]]
        expected = {"groups": GROUPS, "raw_images": self.truth["counts"]["raw_images"],
                    "final_images": self.truth["counts"]["final_images"],
                    "groups_rejected": sum(g["rejected"] for g in self.truth["groups"]),
                    "groups_with_winner": sum(not g["rejected"] for g in self.truth["groups"]),
                    "cropped": sum(i["cropped"] for i in chosen), "unparsed": extras.count("unparsed-name"),
                    "single_stage": extras.count("single-stage"), "orphan_finals": extras.count("orphan-final"),
                    "multi_winner_groups": sum(sum(i["chosen"] for i in g["images"]) > 1 for g in self.truth["groups"]),
                    "entries": len(self.entries), "anomalies": sum(e["anomaly"] for e in self.entries), "ambiguous": 0}
        self.assertEqual({k: self.report[k] for k in expected}, expected)
        self.assertAlmostEqual(self.report["anomaly_rate"], expected["anomalies"] / len(self.entries), 12)
        self.assertAlmostEqual(self.report["crop_rate"], expected["cropped"] / len(self.entries), 12)


class TestEmbed(PipelineTest):

    def setUp(self):
        super().setUp()
        self.corrupt = sum(bool(i.get("corrupt")) for _, i in self.images())

    def embed(self, *args, code=DONE):
        result = self.run_in_dir("embed", *args, "--json", "--quiet")
        self.assertEqual(result.code, code, str(result))
        self.assert_quiet_of_noise(result)
        return result.json()

    def small(self, folder="in", n=6):
        for i in range(n):
            self.write("%s/2025 07/2025070%d_060000_stage2.png" % (folder, i + 1), Picture.smooth(40, 50, i), 1700000000 + i)

    def rows(self, cache="cache"):
        rows = []
        for name in files_below(self.path(cache)):
            if name.startswith("part-") and name.endswith(".jsonl"):
                rows += read_jsonl(self.path(cache, name))
        return rows

    def test_the_sample(self):
        counts = Shared.embedded.json()
        total = len([f for f in files_below(os.path.join(self.base, "s/raw")) if f.endswith(".png")
                     and not os.path.basename(f).startswith(".")])
        self.assertEqual((counts["encoded"], counts["failed"], counts["unchanged"], counts["moved"]),
                         (total - self.corrupt, self.corrupt, 0, 0))
        self.assertEqual(Shared.embedded.code, FAILED if self.corrupt else DONE)
        for _, image in self.images():
            if image.get("corrupt"):
                self.assertIn(image["raw"], Shared.embedded.err)

    def test_second_run_encodes_nothing(self):
        counts = self.run_in_base("embed", "--project", "demo", "--cache", "cache", "s/raw", "--json", "--quiet").json()
        self.assertEqual((counts["encoded"], counts["moved"]), (0, 0))
        self.assertEqual(counts["unchanged"], Shared.embedded.json()["encoded"])

    def test_renamed_folder_encodes_nothing(self):
        self.small()
        self.assertEqual(self.embed("--project", "p", "--cache", "cache", "in")["encoded"], 6)
        os.rename(self.path("in"), self.path("elsewhere"))
        os.rename(self.path("elsewhere/2025 07"), self.path("elsewhere/x"))
        self.assertEqual(self.embed("--project", "p", "--cache", "cache", "elsewhere")["encoded"], 0)

    def test_changed_file_encodes_one(self):
        self.small()
        self.embed("--project", "p", "--cache", "cache", "in")
        self.write("in/2025 07/20250703_060000_stage2.png", Picture.smooth(40, 50, "changed"))
        counts = self.embed("--project", "p", "--cache", "cache", "in")
        self.assertEqual((counts["encoded"], counts["unchanged"]), (1, 5))
        self.assertEqual(self.embed("--project", "p", "--cache", "cache", "in")["encoded"], 0)

    def test_changed_content_of_same_size_and_newer_time(self):
        """Size alone must not be trusted: the file's bytes changed, its length did not."""
        self.small(n=1)
        path = self.path("in/2025 07/20250701_060000_stage2.png")
        for seed in ("a", "b"):
            write(path, Picture.noise(40, 50, seed).png(level=0), 1700000000 if seed == "a" else 1700000100)
            self.assertEqual(self.embed("--project", "p", "--cache", "cache", "in")["encoded"], 1)

    def test_touched_and_renamed_files_encode_nothing(self):
        self.small()
        self.embed("--project", "p", "--cache", "cache", "in")
        os.utime(self.path("in/2025 07/20250701_060000_stage2.png"), (1800000000, 1800000000))
        os.rename(self.path("in/2025 07/20250702_060000_stage2.png"), self.path("in/2025 07/20250802_060000_stage3.png"))
        counts = self.embed("--project", "p", "--cache", "cache", "in")
        self.assertEqual((counts["encoded"], counts["moved"], counts["unchanged"]), (0, 1, 5))

    def test_projects_never_mix(self):
        """The same folder under another project's name: its own rows."""
        self.small()
        self.embed("--project", "p", "--cache", "cache", "in")
        self.embed("--project", "q", "--cache", "cache", "in")
        self.assertEqual(sorted({r["project"] for r in self.rows()}), ["p", "q"])

    def test_rows_tell_the_truth(self):
        """Names, sizes, times and checksums in the index are those of the files (docs/formats.md)."""
        self.small()
        self.embed("--project", "p", "--cache", "cache", "in")
        rows = {r["rel_path"]: r for r in self.rows()}
        self.assertEqual(sorted(rows), files_below(self.path("in")))
        for rel, row in rows.items():
            with open(self.path("in", rel), "rb") as f:
                data = f.read()
            info = os.stat(self.path("in", rel))
            self.assertEqual((row["project"], row["size"], row["crc32"], row["mtime_ns"], row["width"], row["height"]),
                             ("p", len(data), zlib.crc32(data), info.st_mtime_ns, 40, 50))

    def vectors(self, cache):
        """{rel_path: bytes of its vector}, read with nothing but the description of the format."""
        found = {}
        for name in files_below(self.path(cache)):
            if not name.endswith(".npy"):
                continue
            with open(self.path(cache, name), "rb") as f:
                data = f.read()
            self.assertEqual(data[:8], b"\x93NUMPY\x01\x00")
            length = struct.unpack("<H", data[8:10])[0]
            header = data[10:10 + length].decode("latin-1")
            rows, dim = (int(x) for x in re.search(r"'shape': \((\d+), (\d+)\)", header).groups())
            width = {"<f4": 4, "<f2": 2}[re.search(r"'descr': '(...)'", header).group(1)] * dim
            body = data[10 + length:]
            self.assertEqual(len(body), rows * width)
            for row in read_jsonl(self.path(cache, name[:-4] + ".jsonl")):
                vector = body[row["row"] * width:(row["row"] + 1) * width]
                self.assertEqual(zlib.crc32(vector), row["vector_crc32"])
                found[row["rel_path"]] = vector
        return found

    def test_vectors_do_not_depend_on_threads(self):
        self.small(n=9)
        for threads in (1, 2, 5):
            self.embed("--project", "p", "--cache", "c%d" % threads, "in", "--threads", threads)
        first = self.vectors("c1")
        self.assertEqual(len(first), 9)
        self.assertEqual(len(set(first.values())), 9)
        self.assertEqual(self.vectors("c2"), first)
        self.assertEqual(self.vectors("c5"), first)

    def test_numpy_reads_the_vectors(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("numpy is missing")
        self.small()
        self.embed("--project", "p", "--cache", "cache", "in")
        self.embed("--project", "p", "--cache", "half", "in", "--store", "float16")
        parts = {}
        for cache, kind in (("cache", "float32"), ("half", "float16")):
            name, = [n for n in files_below(self.path(cache)) if n.endswith(".npy")]
            parts[cache] = numpy.load(self.path(cache, name), mmap_mode="r", allow_pickle=False)
            self.assertEqual((parts[cache].shape, str(parts[cache].dtype)), ((6, 512), kind))
            self.assertTrue(numpy.isfinite(parts[cache]).all())
        self.assertTrue((parts["cache"].astype("float16") == parts["half"]).all())

    def test_files_instead_of_a_folder(self):
        self.small()
        files = [os.path.join("in", f) for f in files_below(self.path("in"))]
        self.assertEqual(self.embed("--project", "p", "--cache", "cache", *files[:3])["encoded"], 3)

    def test_input_log(self):
        """embed --input takes entries made elsewhere: project, chosen_path, neg_paths."""
        self.small()
        files = [os.path.join("in", f) for f in files_below(self.path("in"))]
        self.write("log.jsonl", json.dumps({"project": "p", "chosen_path": files[0], "neg_paths": files[1:3]}) + "\n")
        self.assertEqual(self.embed("--input", "log.jsonl", "--cache", "cache")["encoded"], 3)
        self.assertEqual({r["project"] for r in self.rows()}, {"p"})
        # The same files through their folder are known already.
        counts = self.embed("--project", "p", "--cache", "cache", "in")
        self.assertEqual(counts["encoded"], 3)

    def test_unreadable_images_are_listed(self):
        self.small()
        good = Picture.smooth(40, 50, "x").png()
        self.write("in/cut.png", good[:len(good) // 2])
        self.write("in/empty.png", b"")
        self.write("in/text.png", "no image at all\n" * 10)
        result = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "in", "--json")
        self.assertEqual(result.code, FAILED, str(result))
        counts = result.json()
        self.assertEqual((counts["encoded"], counts["failed"]), (6, 3))
        for name in ("in/cut.png", "in/empty.png", "in/text.png"):
            self.assertIn(name, result.err)
        self.assertEqual(len(self.rows()), 6)
        # Their content is remembered, whatever it is called; the reason is told again.
        os.rename(self.path("in/text.png"), self.path("in/words.png"))
        again = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "in", "--json")
        self.assertEqual([again.json()[key] for key in ("encoded", "unchanged", "failed", "given_up")], [0, 6, 3, 3])
        self.assertEqual(sorted(again.err.splitlines()),
                         sorted(result.err.replace("in/text.png", "in/words.png").splitlines()))
        again = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "in", "--json", "--retry-failed")
        self.assertEqual([again.json()[key] for key in ("failed", "given_up")], [3, 0])
        self.write("in/words.png", good)  # another content: tried
        again = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "in", "--json")
        self.assertEqual([again.json()[key] for key in ("encoded", "failed", "given_up")], [1, 2, 2])

    def test_inputs_are_never_modified(self):
        self.small()
        before = snapshot(self.path("in"))
        self.embed("--project", "p", "--cache", "cache", "in")
        self.assertEqual(snapshot(self.path("in")), before)

    def test_a_project_needs_a_name(self):
        self.small(n=1)
        result = self.run_in_dir("embed", "--project", "", "--cache", "cache", "in", "--quiet")
        self.fails(result, code=(FAILED, USAGE))

    def test_several_processes_at_once(self):
        """Several processes may write at once: all vectors are there, and verify has nothing to say against it."""
        self.small(n=9)
        processes = [subprocess.Popen([PROGRAM, "embed", "--project", "p", "--cache", "cache", "in", "--quiet"],
                                      cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(4)]
        for process in processes:
            err = process.communicate()[1].decode()
            self.assertEqual(process.returncode, DONE, err)
        self.assertEqual(self.embed("--project", "p", "--cache", "cache", "in")["encoded"], 0)
        result = self.run_in_dir("cache", "verify", "cache", "--json")
        self.assertEqual(result.json()["problems"], [])
        self.done(result)

    def test_an_empty_folder(self):
        os.makedirs(self.path("in"))
        result = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "in", "--json", "--quiet")
        self.assertIn(result.code, (DONE, FAILED), str(result))
        self.assert_quiet_of_noise(result)
        if result.code == FAILED:
            self.fails(result, "in")


class TestCacheVerify(PipelineTest):

    def setUp(self):
        super().setUp()
        for i in range(5):
            self.write("in/2025070%d_060000_stage2.png" % (i + 1), Picture.smooth(40, 50, i))
        self.done(self.run_in_dir("embed", "--project", "p", "--cache", "cache", "in", "--quiet"))
        self.npy, = [n for n in files_below(self.path("cache")) if n.endswith(".npy")]
        self.jsonl, = [n for n in files_below(self.path("cache")) if n.endswith(".jsonl")]

    def verify(self):
        return self.run_in_dir("cache", "verify", "cache", "--json")

    def edit(self, name, change):
        path = self.path("cache", name)
        with open(path, "rb") as f:
            data = change(f.read())
        with open(path, "wb") as f:
            f.write(data)

    def found(self, name):
        """Exit code 1, valid JSON that lists a problem, and the damaged part is named."""
        before = snapshot(self.path("cache"))
        result = self.verify()
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, FAILED, str(result))
        problems = result.json()["problems"]
        self.assertTrue(problems)
        stem = os.path.splitext(name)[0]
        self.assertTrue(any(stem in json.dumps(p) for p in problems), problems)
        self.assertEqual(snapshot(self.path("cache")), before, "verify changed something")
        text = self.run_in_dir("cache", "verify", "cache")
        self.assertEqual(text.code, FAILED)
        self.assertIn(stem, text.out + text.err)

    def test_sound(self):
        result = self.done(self.verify())
        self.assertEqual((result.json()["rows"], result.json()["problems"]), (5, []))
        result = self.run_in_base("cache", "verify", "cache", "--json")
        self.done(result)
        self.assertEqual(result.json()["problems"], [])

    def test_one_bit_of_a_vector(self):
        def flip(data):
            return data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]
        self.edit(self.npy, flip)
        self.found(self.npy)

    def test_nan(self):
        self.edit(self.npy, lambda d: d[:-4] + struct.pack("<f", math.nan))
        self.found(self.npy)

    def test_cut_vectors(self):
        self.edit(self.npy, lambda d: d[:-1])
        self.found(self.npy)

    def test_vectors_too_long(self):
        self.edit(self.npy, lambda d: d + b"\0" * 2048)
        self.found(self.npy)

    def test_missing_vectors(self):
        os.remove(self.path("cache", self.npy))
        self.found(self.npy)

    def test_missing_index(self):
        os.remove(self.path("cache", self.jsonl))
        self.found(self.npy)

    def test_missing_line(self):
        self.edit(self.jsonl, lambda d: b"".join(d.splitlines(True)[:-1]))
        self.found(self.jsonl)

    def test_cut_line(self):
        self.edit(self.jsonl, lambda d: d[:-20])
        self.found(self.jsonl)

    def test_swapped_lines(self):
        self.edit(self.jsonl, lambda d: b"".join([d.splitlines(True)[i] for i in (1, 0, 2, 3, 4)]))
        self.found(self.jsonl)

    def test_the_same_row_twice(self):
        """Row 1 repeats row 0, vector and all."""
        def repeat(data):
            lines = data.splitlines(True)
            lines[1] = lines[0].replace(b'"row":0', b'"row":1')
            return b"".join(lines)
        self.edit(self.jsonl, repeat)
        self.edit(self.npy, lambda d: d[:-4 * 2048] + d[-5 * 2048:-4 * 2048] + d[-3 * 2048:])
        self.found(self.jsonl)

    def test_header_of_another_shape(self):
        for old, new in ((b"(5, 512)", b"(5, 511)"), (b"(5, 512)", b"(4, 640)"), (b"'<f4'", b"'>f4'"),
                         (b"'fortran_order': False", b"'fortran_order': True ")):
            with open(self.path("cache", self.npy), "rb") as f:
                original = f.read()
            self.assertIn(old, original)
            self.edit(self.npy, lambda d: d.replace(old, new, 1))
            self.found(self.npy)
            self.edit(self.npy, lambda d: original)

    def test_no_manifest(self):
        os.remove(self.path("cache/manifest.json"))
        self.fails(self.verify(), "cache")

    def test_broken_manifests(self):
        for text in (b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"format":"something else","version":1}',
                     b'{"format":"selectai-embedding-cache","version":99,"encoder":"x","dim":512,"dtype":"float32"}',
                     b'{"format":"selectai-embedding-cache","version":1,"encoder":"x","dim":0,"dtype":"float32"}',
                     b'{"format":"selectai-embedding-cache","version":1,"encoder":"x","dim":1e18,"dtype":"float32"}'):
            self.write("cache/manifest.json", text)
            self.fails(self.verify(), "manifest.json")
            result = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "in", "--quiet")
            self.fails(result, "manifest.json")

    def test_other_encoder_is_refused(self):
        """A cache of another encoder: refused, both ids named, nothing changed."""
        self.edit("manifest.json", lambda d: d.replace(b"selectai-builtin-1", b"clip:0123456789abcdef:gelu"))
        before = snapshot(self.path("cache"))
        result = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "in", "--quiet")
        self.fails(result, "selectai-builtin-1")
        self.fails(result, "clip:0123456789abcdef:gelu")
        self.assertEqual(snapshot(self.path("cache")), before)

    def test_embedding_goes_on_after_damage(self):
        """A torn part is not used; embedding again makes the cache whole for look-ups."""
        self.edit(self.npy, lambda d: d[:-1])
        result = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "in", "--json")
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.json()["encoded"], 5)


class TestModels(PipelineTest):

    def setUp(self):
        super().setUp()
        Shared.train()

    def metrics(self, evaluation):
        return {m["name"]: m for m in evaluation["metrics"]}

    def train(self, output, *options, kind="ranker", code=DONE):
        result = self.run_in_base("train", kind, "--data", "part.jsonl", "--cache", "cache", "--output", self.path(output),
                                  "--quiet", "--json", *options)
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, code, str(result))
        return result

    def read(self, *parts):
        with open(self.path(*parts), "rb") as f:
            return f.read()

    def test_figures_stand_beside_baselines(self):
        for evaluation, names, baseline in ((Shared.ranker["evaluation"], ("normal", "anomaly", "overall", "top1"),
                                             "highest stage wins"),
                                            (Shared.cropper["evaluation"], ("iou", "within5"), "constant box")):
            metrics = self.metrics(evaluation)
            for name in names:
                m = metrics[name]
                self.assertEqual(m["baseline_name"], baseline)
                self.assertGreater(m["n"], 0)
                self.assertTrue(0 <= m["low"] <= m["value"] <= m["high"] <= 1, m)
                self.assertTrue(0 <= m["baseline"] <= 1, m)

    def test_baseline_is_what_it_says(self):
        """On anomalies the highest stage is never the winner; on the other pairs the winner is never below."""
        metrics = self.metrics(Shared.ranker["evaluation"])
        self.assertEqual(metrics["anomaly"]["baseline"], 0)
        self.assertEqual(metrics["normal"]["baseline"], 1)
        self.assertEqual(metrics["overall"]["n"], metrics["normal"]["n"] + metrics["anomaly"]["n"])

    def test_same_seed_same_bytes(self):
        for kind in ("ranker", "cropper"):
            first = Shared.read(kind + ".safetensors")
            for threads in ((), ("--threads", 1), ("--threads", 2), ("--threads", 3)):
                self.train("m.safetensors", *threads, kind=kind)
                self.assertEqual(self.read("m.safetensors"), first, "%s, %s" % (kind, threads))
        self.train("m.safetensors", "--seed", 2)
        self.assertNotEqual(self.read("m.safetensors"), Shared.read("ranker.safetensors"))

    def test_order_of_entries_and_split_log_do_not_matter_for_the_split(self):
        """Which groups are held out depends on their names and the seed, not on where they stand in the log."""
        entries = Shared.read("part.jsonl").splitlines(True)
        with open(self.path("reversed.jsonl"), "wb") as f:
            f.write(b"".join(reversed(entries)))
        self.train("m.safetensors", "--data", self.path("reversed.jsonl"))
        counts = [json.loads(self.metadata(data)["counts"]) for data in (self.read("m.safetensors"),
                                                                         Shared.read("ranker.safetensors"))]
        if counts[0]["decisions"] == counts[1]["decisions"]:
            self.assertEqual((counts[0]["test"], counts[0]["training"]), (counts[1]["test"], counts[1]["training"]))

    @staticmethod
    def metadata(data):
        length, = struct.unpack("<Q", data[:8])
        return strict_json(data[8:8 + length])["__metadata__"]

    def test_models_are_safetensors_with_metadata(self):
        for kind in ("ranker", "cropper"):
            data = Shared.read(kind + ".safetensors")
            length, = struct.unpack("<Q", data[:8])
            header = strict_json(data[8:8 + length])
            metadata = header.pop("__metadata__")
            self.assertEqual(metadata["kind"], kind)
            for key, value in metadata.items():
                self.assertIsInstance(value, str, key)
            for word in ("encoder_id", "seed", "library_version", "training_data_sha256", "metrics", "split"):
                self.assertIn(word, metadata)
            ends = 0
            sizes = {"F32": 4, "F64": 8, "I64": 8, "U8": 1, "I32": 4}
            for tensor in sorted(header.values(), key=lambda t: t["data_offsets"]):
                begin, end = tensor["data_offsets"]
                self.assertEqual(begin, ends)
                self.assertEqual(end - begin, sizes[tensor["dtype"]] * math.prod(tensor["shape"]))
                ends = end
            self.assertEqual(8 + length + ends, len(data))

    def test_evaluate_excludes_what_was_seen(self):
        evaluation = self.done(self.run_in_base("evaluate", "--model", "ranker.safetensors", "--data", "e.jsonl", "--cache",
                                                "cache", "--json")).json()
        entries = read_jsonl(os.path.join(self.base, "e.jsonl"))
        counts = json.loads(self.metadata(Shared.read("ranker.safetensors"))["counts"])
        self.assertEqual(evaluation["excluded_seen"], counts["training"])
        self.assertGreater(evaluation["excluded_seen"], 0)
        self.assertGreater(self.metrics(evaluation)["top1"]["n"], 0)
        self.assertEqual(self.metrics(evaluation)["top1"]["n"] + evaluation["excluded_seen"] + evaluation["excluded_missing"],
                         len(entries))
        # By cross-validation each decision that it was trained on was measured once.
        self.assertEqual(self.metrics(Shared.ranker["evaluation"])["top1"]["n"], counts["training"])

    def test_evaluate_on_seen_decisions_only_has_nothing_to_say(self):
        result = self.run_in_base("evaluate", "--model", "ranker.safetensors", "--data", "part.jsonl", "--cache", "cache",
                                  "--json")
        self.fails(result)

    def test_cropper_of_sizes_only(self):
        """Learns from a log alone, is measured on another one, and suggests beside any encoder."""
        header = "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height\n"
        for project, n in (("anna", 60), ("bert", 20)):
            with open(self.path(project + ".csv"), "w") as f:
                f.write(header)
                for i in range(n):
                    f.write("2025-01-01T00:%02d:00Z,%s,%s%d.png,0,0,%s\n"
                            % (i, project, project, i, ("0.5,0.5,800,600", "0.75,0.75,600,800")[i % 2]))
        result = self.done(self.run_in_base("train", "cropper", "--data", self.path("anna.csv"), "--sizes-only", "--epochs", 40,
                                            "--lr", 0.01, "--folds", 2, "--output", self.path("s.safetensors"), "--json",
                                            "--quiet"))
        metrics = self.metrics(result.json()["evaluation"])
        self.assertEqual(metrics["iou"]["n"], 60)
        self.assertGreater(metrics["iou"]["value"], metrics["iou"]["baseline"])
        result = self.done(self.run_in_base("evaluate", "--model", self.path("s.safetensors"), "--data",
                                            self.path("bert.csv"), "--json"))
        self.assertEqual(self.metrics(result.json())["iou"]["n"], 20)
        self.assertGreater(self.metrics(result.json())["iou"]["value"], 0.8)
        found = self.done(self.run_in_base("suggest", "--ranker", "ranker.safetensors", "--cropper",
                                           self.path("s.safetensors"), "s/raw", "--json")).json()
        self.assertTrue(any(g["crop"] for g in found["groups"]))
        self.done(self.run_in_base("validate", "ranker.safetensors", self.path("s.safetensors")))
        for args in (("train", "cropper", "--data", "e.jsonl", "--output", "x"),
                     ("train", "ranker", "--data", "e.jsonl", "--sizes-only", "--output", "x"),
                     ("train", "cropper", "--data", "e.jsonl", "--sizes-only", "--cache", "cache", "--output", "x"),
                     ("evaluate", "--model", "ranker.safetensors", "--data", "e.jsonl")):
            result = self.run_in_base(*args)
            self.assertEqual(result.code, USAGE, str(result))
            self.assertIn("cache", result.err)

    def test_evaluate_another_project(self):
        """The same pictures under another project's name are not the seen ones: projects never mix. But their vectors
        are in the cache under the first name only, so the decisions are excluded as missing, and that is said."""
        entries = read_jsonl(os.path.join(self.base, "e.jsonl"))
        self.write("other.jsonl", "".join(json.dumps(dict(e, project="other")) + "\n" for e in entries))
        result = self.run_in_base("evaluate", "--model", "ranker.safetensors", "--data", self.path("other.jsonl"), "--cache",
                                  "cache", "--json")
        self.fails(result)

    def suggest(self, *options):
        return self.done(self.run_in_base("suggest", "--ranker", "ranker.safetensors", "--cropper", "cropper.safetensors",
                                          "s/raw", "--json", "--quiet", *options)).json()

    def test_suggestions(self):
        groups = self.suggest()["groups"]
        truth = sorted(["s/" + i["raw"] for i in g["images"]] for g in self.truth["groups"])
        self.assertEqual(sorted([i["path"] for i in g["images"]] for g in groups), truth)
        sizes = {"s/" + i["raw"]: (i["width"], i["height"]) for _, i in self.images() if not i.get("corrupt")}
        for group in groups:
            probabilities = [i["probability"] for i in group["images"]]
            self.assertAlmostEqual(sum(probabilities), 1, 5)
            winner = group["images"][group["winner"]]
            self.assertEqual(winner["path"], group["winner_path"])
            self.assertEqual(winner["probability"], max(probabilities))
            self.assertAlmostEqual(group["confidence"], winner["probability"], 6)
            width, height = sizes[winner["path"]]
            self.assertEqual((winner["width"], winner["height"]), (width, height))
            crop, px = group["crop"], group["crop_px"]
            self.assertTrue(0 <= crop["x1"] < crop["x2"] <= 1 and 0 <= crop["y1"] < crop["y2"] <= 1, crop)
            self.assertAlmostEqual(crop["x2"] - crop["x1"], crop["y2"] - crop["y1"], 4)
            self.assertTrue(0 <= px["x1"] < px["x2"] <= width and 0 <= px["y1"] < px["y2"] <= height, px)
            # In whole pixels the aspect holds to the pixel: 1 off in the one side or the other.
            ideal = (px["x2"] - px["x1"]) * height / width
            self.assertLessEqual(abs((px["y2"] - px["y1"]) - ideal), 1 + height / width, (px, width, height))
            for key, side in (("x1", width), ("x2", width), ("y1", height), ("y2", height)):
                self.assertLessEqual(abs(px[key] - crop[key] * side), 1, (px, crop))

    def test_the_same_files_given_twice(self):
        """`suggest DIR DIR/*`: a file is one file, however often it is named."""
        once = self.suggest()["groups"]
        self.assertEqual(self.suggest("s/raw")["groups"], once)

    def test_suggestions_do_not_depend_on_cache_or_threads(self):
        plain = self.suggest("--project", "demo")["groups"]  # the project's prior is the same then
        self.assertEqual(self.suggest("--project", "demo", "--threads", 1)["groups"], plain)
        self.assertEqual(self.suggest("--cache", "cache", "--project", "demo")["groups"], plain)

    def test_suggest_without_cropper(self):
        groups = self.done(self.run_in_base("suggest", "--ranker", "ranker.safetensors", "s/raw", "--json", "--quiet")).json()
        self.assertEqual(len(groups["groups"]), GROUPS)
        for group in groups["groups"]:
            self.assertIsNone(group.get("crop"))

    def test_suggestions_name_what_was_left_out(self):
        result = self.run_in_base("suggest", "--ranker", "ranker.safetensors", "s/raw", "--json")
        self.assertIn("reference_face.png", result.err)
        for _, image in self.images():
            if image.get("corrupt"):
                self.assertIn(os.path.basename(image["raw"]), result.err)

    def test_the_ranker_learned_something(self):
        """All groups, seen ones too: far more winners right than by chance."""
        chosen = {}
        for group in self.truth["groups"]:
            for image in group["images"]:
                if image["chosen"]:
                    chosen.setdefault(group["id"], set()).add("s/" + image["raw"])
        by_first = {"s/" + g["images"][0]["raw"]: g["id"] for g in self.truth["groups"]}
        right = total = chance = 0
        for group in self.suggest()["groups"]:
            wanted = chosen.get(by_first[group["images"][0]["path"]])
            if wanted:
                total += 1
                chance += len(wanted) / len(group["images"])
                right += group["winner_path"] in wanted
        self.assertGreater(right, chance * 1.4, "%d of %d" % (right, total))

    def test_wrong_kind_of_model(self):
        self.fails(self.run_in_base("suggest", "--ranker", "cropper.safetensors", "s/raw"), "cropper.safetensors")
        self.fails(self.run_in_base("suggest", "--ranker", "ranker.safetensors", "--cropper", "ranker.safetensors", "s/raw"),
                   "ranker.safetensors")

    def test_damaged_models(self):
        data = Shared.read("ranker.safetensors")
        length, = struct.unpack("<Q", data[:8])
        cases = {"empty": b"", "short": data[:4], "header": data[:100], "tensors": data[:-1], "longer": data + b"\0",
                 "huge": struct.pack("<Q", 2 ** 63) + data[8:], "text": b"no model\n" * 100,
                 "overlap": data[:8] + re.sub(rb"\[0,(\d+)\]", lambda m: b"[4,%d]" % (int(m[1]) + 4), data[8:8 + length])
                 + data[8 + length:],
                 "bare": struct.pack("<Q", 2) + b"{}"}
        for name, content in cases.items():
            self.write(name + ".safetensors", content)
            for args in (("suggest", "--ranker", self.path(name + ".safetensors"), "s/raw", "--quiet"),
                         ("evaluate", "--data", "e.jsonl", "--cache", "cache", "--model", self.path(name + ".safetensors"))):
                self.fails(self.run_in_base(*args), name + ".safetensors")

    def test_model_and_cache_of_different_encoders(self):
        shutil.copytree(os.path.join(self.base, "cache"), self.path("cache"))
        manifest = self.read("cache", "manifest.json")
        self.write("cache/manifest.json", manifest.replace(b"selectai-builtin-1", b"selectai-builtin-0"))
        for args in (("evaluate", "--model", "ranker.safetensors", "--data", "e.jsonl", "--cache", self.path("cache")),
                     ("suggest", "--ranker", "ranker.safetensors", "--cache", self.path("cache"), "--project", "demo", "s/raw")):
            result = self.run_in_base(*args)
            self.fails(result, "selectai-builtin-0")
            self.fails(result, "selectai-builtin-1")

    def test_same_names_in_two_folders(self):
        """Rule 3: equal names in several folders of a project are told apart by the folder, or reported, never guessed.
        So what other folders the cache knows cannot change what is learned from this one."""
        lines = []
        for i in range(40):
            names = ["20250708_%02d%02d00_stage%d.png" % (6 + stage, i, stage) for stage in (1, 2)]
            for folder in "ab":
                for name in names:
                    self.write("raw/%s/%s" % (folder, name), Picture.noise(16, 16, folder + name))
            lines.append(json.dumps({"project": "p", "chosen_path": "raw/a/" + names[1], "neg_paths": ["raw/a/" + names[0]]}))
        self.write("a.jsonl", "\n".join(lines) + "\n")
        models = []
        for cache, folders in (("only", ("raw/a",)), ("both", ("raw/a", "raw/b")), ("whole", ("raw",))):
            for folder in folders:
                self.done(self.run_in_dir("embed", "--project", "p", "--cache", cache, folder, "--quiet"))
            result = self.run_in_dir("train", "ranker", "--data", "a.jsonl", "--cache", cache, "--output", "m.safetensors",
                                     "--quiet", "--epochs", 3)
            if result.code != DONE:
                self.fails(result, "20250708_0")  # refused as ambiguous, and said so
                continue
            models.append(self.read("m.safetensors"))
        self.assertTrue(all(m == models[0] for m in models), "vectors of raw/b were taken for those of raw/a")

    def test_training_does_not_overwrite_its_data(self):
        """Inputs are never modified."""
        shutil.copy(os.path.join(self.base, "e.jsonl"), self.path("e.jsonl"))
        before = self.read("e.jsonl")
        os.link(self.path("e.jsonl"), self.path("same.jsonl"))
        for output in ("e.jsonl", "./e.jsonl", "same.jsonl"):
            result = self.run_in_base("train", "ranker", "--data", self.path("e.jsonl"), "--cache", "cache", "--output",
                                      self.path(output), "--quiet", "--epochs", 1)
            self.assertEqual(self.read("e.jsonl"), before, output)
            self.fails(result, code=(FAILED, USAGE))

    def test_suggestions_say_why(self):
        """interfaces.md: per group: winner, probabilities, crop, confidence, why."""
        for group in self.suggest()["groups"][:3]:
            self.assertTrue(group.get("why"), sorted(group))

    def test_training_on_seven_column_csv(self):
        """The first tool's columns are enough for a ranker."""
        self.done(self.run_in_base("extract", "--raw", "s/raw", "--final", "s/final", "--project", "demo", "--output",
                                   self.path("e.csv"), "--quiet"))
        self.train("m.safetensors", "--data", self.path("e.csv"), "--epochs", 2)

    def test_data_that_cannot_be_trained_on(self):
        entries = read_jsonl(os.path.join(self.base, "e.jsonl"))
        self.write("none.jsonl", "")
        self.write("one.jsonl", json.dumps(entries[0]) + "\n")
        self.write("unknown.jsonl", "".join(json.dumps(dict(e, project="unknown")) + "\n" for e in entries))
        self.write("broken.jsonl", "{\n" * 5)
        for name in ("none", "one", "unknown", "broken"):
            result = self.run_in_base("train", "ranker", "--data", self.path(name + ".jsonl"), "--cache", "cache", "--output",
                                      self.path("m.safetensors"))
            self.fails(result)
            self.assertFalse(os.path.exists(self.path("m.safetensors")), name)

    def test_rows_that_cross_projects_are_refused_by_name(self):
        """A set lies inside one project; a row that does not is left out, with its row number, and that is said."""
        entries = read_jsonl(os.path.join(self.base, "e.jsonl"))
        lines = [json.dumps(e) for e in entries]
        lines.insert(3, json.dumps(dict(entries[3], neg_paths=["/elsewhere/other-project/20250708_060000_stage1.png"],
                                        chosen_path="", neg_stages=[1])))
        self.write("bad.jsonl", "\n".join(lines) + "\n")
        result = self.run_in_base("train", "ranker", "--data", self.path("bad.jsonl"), "--cache", "cache", "--output",
                                  self.path("m.safetensors"), "--epochs", 1)
        self.assert_quiet_of_noise(result)
        self.assertIn("bad.jsonl", result.err)
        self.assertRegex(result.err, r"\b4\b")


class TestWithoutModule(PipelineTest):
    """A copy of the library, alone in its folder, has no module beside it."""

    def setUp(self):
        super().setUp()
        ldd = subprocess.run(["ldd", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode()
        match = re.search(r"libselectai\.so\.\d+ => (\S+)", ldd)
        if not match:
            self.skipTest("the program is not linked with a shared library")
        os.makedirs(self.path("alone"))
        os.makedirs(self.path("empty"))
        shutil.copy(os.path.realpath(match.group(1)), self.path("alone", os.path.basename(match.group(1))))
        self.env = environment(LD_LIBRARY_PATH=self.path("alone"), SELECTAI_BACKEND_DIR=self.path("empty"))

    def test_training_says_what_is_missing(self):
        for kind in ("ranker", "cropper"):
            result = self.run_in_base("train", kind, "--data", "e.jsonl", "--cache", "cache", "--output",
                                      self.path("m.safetensors"), env=self.env)
            if result.code == DONE:
                self.skipTest("a module is installed on this machine")
            self.fails(result, "selectai-torch.so")
            self.assertFalse(os.path.exists(self.path("m.safetensors")))

    def test_backend_option_names_the_only_place(self):
        result = self.run_in_base("train", "ranker", "--data", "e.jsonl", "--cache", "cache", "--output",
                                  self.path("m.safetensors"), "--backend", self.path("empty"))
        self.fails(result, self.path("empty"))

    def test_a_module_that_is_none(self):
        self.write("empty/selectai-torch.so", "this is no shared library\n")
        result = self.run_in_base("train", "ranker", "--data", "e.jsonl", "--cache", "cache", "--output",
                                  self.path("m.safetensors"), "--backend", self.path("empty"))
        self.fails(result, "selectai-torch.so")

    def test_everything_else_works(self):
        Shared.train()
        for args in (("extract", "--raw", "s/raw", "--final", "s/final", "--project", "demo", "--output", self.path("e.jsonl")),
                     ("evaluate", "--model", "ranker.safetensors", "--data", "e.jsonl", "--cache", "cache"),
                     ("evaluate", "--model", "cropper.safetensors", "--data", "e.jsonl", "--cache", "cache"),
                     ("suggest", "--ranker", "ranker.safetensors", "--cropper", "cropper.safetensors", "s/raw"),
                     ("cache", "verify", "cache")):
            self.done(self.run_in_base(*args, env=self.env))


class TestSmallVerbs(PipelineTest):
    """recover-crop and hash."""

    def test_recover_crop(self):
        original = Picture.noise(50, 70, "o")
        self.write("o.png", original)
        self.write("c.png", original.crop(10, 3, 40, 45))
        self.write("same.png", original.png(level=1))
        self.write("other.png", Picture.noise(30, 42, "other"))
        match = self.done(self.run_in_dir("recover-crop", "o.png", "c.png", "--json")).json()
        box = match["box"]
        self.assertEqual([box[k] for k in ("x1", "y1", "x2", "y2")] if isinstance(box, dict) else box, [10, 3, 40, 45])
        self.assertEqual((match["method"], match["residual"]), ("exact", 0))
        self.assertEqual(self.done(self.run_in_dir("recover-crop", "o.png", "same.png", "--json")).json()["method"], "identical")
        result = self.run_in_dir("recover-crop", "o.png", "other.png", "--json")
        self.assertEqual(result.code, FAILED, str(result))
        self.assertEqual(result.json()["method"], "none")
        self.assertEqual(self.run_in_dir("recover-crop", "c.png", "o.png").code, FAILED)
        self.done(self.run_in_dir("recover-crop", "o.png", "c.png"))

    def test_hash(self):
        for i in range(3):
            self.write("in/%d.png" % i, Picture.smooth(64, 48, i))
        self.write("in/copy of 1.png", Picture.smooth(64, 48, 1).png(level=1))
        result = self.done(self.run_in_dir("hash", "in"))
        hashes = {}
        for line in result.out.splitlines():
            match = re.fullmatch(r"([0-9a-f]{16})\s+(.*)", line)
            self.assertTrue(match, line)
            hashes[os.path.basename(match.group(2))] = match.group(1)
        self.assertEqual(sorted(hashes), ["0.png", "1.png", "2.png", "copy of 1.png"])
        self.assertEqual(hashes["1.png"], hashes["copy of 1.png"])
        self.assertEqual(len(set(hashes.values())), 3)
        text = json.dumps(self.done(self.run_in_dir("hash", "in", "--json")).json())
        for value in hashes.values():
            self.assertIn(value, text)

    def test_hash_goes_on_after_an_unreadable_file(self):
        self.write("in/a.png", Picture.smooth(64, 48, 1))
        self.write("in/b.png", "text")
        result = self.run_in_dir("hash", "in")
        self.assertEqual(result.code, FAILED, str(result))
        self.assertIn("in/a.png", result.out)
        self.assertIn("in/b.png", result.err)


if __name__ == "__main__":
    unittest.main()
