"""test_cache.py: `selectai cache` from two machines' folders to one, and what it says when it cannot.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import csv
import json
import os
import random
import signal
import subprocess
import time
import unittest

from support import DONE, FAILED, PROGRAM, USAGE, Picture, ProgramTest, read_jsonl, snapshot

ACTIONS = ("verify", "merge", "compact", "export", "import-legacy")


class TestCache(ProgramTest):

    def images(self, folder, names, seed=0):
        for i, name in enumerate(names):
            self.write("%s/%s" % (folder, name), Picture.smooth(24, 24, seed + i), 1000 + i)

    def embed(self, folder, cache, *more):
        return self.done(self.run_in_dir("embed", "--project", "p", "--cache", cache, folder, "--quiet", *more))

    def done(self, result, code=DONE):
        if code is not None:
            self.assertEqual(result.code, code, result)
        return result

    def cache(self, *args, code=DONE):
        return self.done(self.run_in_dir("cache", *args), code)

    def test_help_and_usage(self):
        out = self.cache("--help").out
        for action in ACTIONS:
            self.assertIn(action, out)
            text = self.cache(action, "--help").out
            self.assertIn("usage: selectai cache " + action, text)
            for flag in ("--json", "--quiet"):
                self.assertIn(flag, text)
            self.assertIn("selectai", self.cache(action, code=USAGE).err)
        for args in (("merge", "--output", "o"), ("compact", "a", "b"), ("compact", "a", "--drop-missing"),
                     ("compact", "a", "--root", "p=x"), ("compact", "a", "--drop-missing", "--root", "p"),
                     ("export", "a"), ("export", "a", "--output", "o", "--format", "parquet"),
                     ("import-legacy", "x.jsonl", "--output", "o"), ("repair", "x")):
            self.cache(*args, code=USAGE)
        for args in (("merge", "--output", "o", "nowhere"), ("compact", "nowhere"), ("export", "nowhere", "--output", "o"),
                     ("import-legacy", "nowhere.jsonl", "--output", "o", "--encoder-id", "e", "--project", "p")):
            self.assertIn("nowhere", self.cache(*args, code=FAILED).err)
        self.assertFalse(os.path.exists(self.path("o")))

    def test_two_machines(self):
        self.images("one", ["a.png", "b.png"])
        self.images("two", ["b.png", "c.png"], seed=50)
        os.utime(self.path("two/b.png"), (5000, 5000))
        self.embed("one", "cache1")
        self.embed("two", "cache2", "--store", "float16")
        before = snapshot(self.path("cache1")), snapshot(self.path("cache2"))
        report = self.cache("merge", "--output", "all", "cache1", "cache2", "--json").json()
        self.assertEqual(report["counts"], {"read": 4, "written": 3, "present": 0, "superseded": 1, "repeated": 0,
                                            "failed": 0})
        self.assertEqual((snapshot(self.path("cache1")), snapshot(self.path("cache2"))), before)
        self.assertIn("Written: 0", self.cache("merge", "--output", "all", "cache1", "cache2").out)
        self.assertEqual(self.cache("verify", "all", "--json").json()["rows"], 3)
        # the merged cache knows both machines' files
        result = self.run_in_dir("embed", "--project", "p", "--cache", "all", "two", "--json").json()
        self.assertEqual((result["encoded"], result["unchanged"]), (0, 2))
        self.done(self.run_in_dir("embed", "--project", "p", "--cache", "other", "one", "--quiet"))
        manifest = self.path("other", "manifest.json")
        with open(manifest, encoding="utf-8") as stream:
            text = stream.read().replace("builtin", "another")
        self.write("other/manifest.json", text)
        message = self.cache("merge", "--output", "no", "cache1", "other", code=FAILED).err
        self.assertIn("another", message)
        self.assertIn("builtin", message)

    def test_compact(self):
        self.images("raw", ["a.png", "b.png", "c.png"])
        self.embed("raw", "cache")
        self.images("raw", ["a.png"], seed=9)
        os.utime(self.path("raw/a.png"), (2000, 2000))
        self.embed("raw", "cache")
        os.remove(self.path("raw/c.png"))
        self.assertEqual(self.cache("compact", "cache", "--json").json()["counts"]["superseded"], 1)
        self.assertEqual(self.cache("verify", "cache", "--json").json()["rows"], 3)
        self.assertIn("not mounted", self.cache("compact", "cache", "--drop-missing", "--root", "p=not mounted",
                                                code=FAILED).err)
        self.assertEqual(self.cache("compact", "cache", "--drop-missing", "--root", "p=raw", "--quiet").out, "")
        self.assertEqual(self.cache("verify", "cache", "--json").json()["rows"], 2)
        result = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "raw", "--json").json()
        self.assertEqual((result["encoded"], result["unchanged"]), (0, 2))

    def test_export(self):
        self.images("raw", ["a.png", "day/b, c.png"])
        self.embed("raw", "cache")
        self.cache("export", "cache", "--output", "plain", "--quiet")
        rows = read_jsonl(self.path("plain/embeddings.jsonl"))
        self.assertEqual(sorted(row["rel_path"] for row in rows), ["a.png", "day/b, c.png"])
        self.assertIn("not empty", self.cache("export", "cache", "--output", "plain", code=FAILED).err)
        self.cache("export", "cache", "--output", "clip", "--format", "clip-retrieval", "--metadata", "csv", "--normalise",
                   "--project", "p", "--root", "p=" + self.path("raw"), "--rows-per-file", "1", "--dtype", "float16")
        found = []
        for n in range(2):
            with open(self.path("clip/metadata/metadata_%d.csv" % n), encoding="utf-8", newline="") as stream:
                found += [row["image_path"] for row in csv.DictReader(stream)]
            self.assertTrue(os.path.exists(self.path("clip/img_emb/img_emb_%d.npy" % n)))
        self.assertEqual(sorted(found), [self.path("raw/a.png"), self.path("raw/day/b, c.png")])
        self.assertIn("nobody", self.cache("export", "cache", "--output", "x", "--project", "nobody", code=FAILED).err)

    def test_import_legacy(self):
        self.images("raw", ["a.png", "b.png"])
        self.embed("raw", "cache")
        self.cache("export", "cache", "--output", "plain", "--rows-per-file", "1", "--quiet")
        with open(self.path("plain/embeddings.npy"), "rb") as stream:
            data = stream.read()
        dim = self.cache("verify", "cache", "--json").json()["dim"]
        head = data[:128].replace(b"(2, ", b"(1, ")
        lines = []
        for i, name in enumerate(("a.png", "b.png", "gone.png", "never.png")):
            if name != "never.png":
                self.write("old/%d.npy" % i, head + data[128 + i % 2 * 4 * dim:][:4 * dim])
            lines.append(json.dumps({"image_path": self.path("raw", name), "embedding_file": "%d.npy" % i, "hash": "?"}))
        self.write("old/processed_images.jsonl", "\n".join(lines) + "\n")
        flags = ("--output", "new", "--encoder-id", "clip:0123456789abcdef:gelu", "--project", "p", "--root",
                 self.path("raw"), "old/processed_images.jsonl")
        result = self.cache("import-legacy", *flags, "--json", code=FAILED)
        report = result.json()
        self.assertEqual(report["counts"], {"read": 4, "written": 3, "present": 0, "repeated": 0, "missing": 1, "failed": 1})
        self.assertEqual([(i["kind"], i["row"]) for i in report["issues"]], [("missing-vector", 4)])
        self.assertIn("3.npy", self.cache("import-legacy", *flags, code=FAILED).err)
        document = self.cache("verify", "new", "--json").json()
        self.assertEqual((document["rows"], document["encoder"]), (3, "clip:0123456789abcdef:gelu"))

    def test_interrupted_runs_lose_nothing(self):
        """embed is killed at any moment, fifty times; in between caches are compacted, and that is killed, too."""
        rng = random.Random(3)
        self.images("raw", ["%02d.png" % i for i in range(24)])
        known = 0
        for round_ in range(50):
            args = ("cache", "compact", "cache") if round_ % 4 == 3 else ("embed", "--project", "p", "--cache", "cache",
                                                                           "raw", "--quiet", "--threads", "1")
            process = subprocess.Popen([PROGRAM, *args], cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0, 0.06))
            process.send_signal(signal.SIGKILL)
            process.wait()
            if not os.path.exists(self.path("cache/manifest.json")):
                continue
            report = self.run_in_dir("cache", "verify", "cache", "--json").json()
            self.assertEqual([p for p in report["problems"] if p["kind"] != "uncommitted"], [])
            if args[0] == "embed":  # a compaction that was killed may leave rows twice, one that was not drops them
                self.assertGreaterEqual(report["rows"], known)
            known = min(report["rows"], 24)
        self.embed("raw", "cache")
        self.cache("compact", "cache", "--quiet")
        self.assertEqual(self.cache("verify", "cache", "--json", code=None).json()["rows"], 24)
        result = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "raw", "--json").json()
        self.assertEqual((result["encoded"], result["unchanged"]), (0, 24))


if __name__ == "__main__":
    unittest.main()
