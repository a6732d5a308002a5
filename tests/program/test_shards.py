"""test_shards.py: one embedding job done by several processes that do not know of each other.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import os
import struct
import subprocess
import unittest

from support import DONE, PROGRAM, USAGE, Picture, ProgramTest, environment, files_below, read_jsonl

SHARDS = 4


def cache_rows(folder):
    """(project, rel_path) -> [bytes of the vector, ...] of every row of every part, read as docs/formats.md says."""
    rows = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".jsonl"):
            continue
        with open(os.path.join(folder, name[:-len(".jsonl")] + ".npy"), "rb") as f:
            data = f.read()
        start = 10 + struct.unpack("<H", data[8:10])[0]
        lines = read_jsonl(os.path.join(folder, name))
        size = (len(data) - start) // len(lines)
        for line in lines:
            vector = data[start + line["row"] * size:start + (line["row"] + 1) * size]
            rows.setdefault((line["project"], line["rel_path"]), []).append(vector)
    return rows


class ShardTest(ProgramTest):
    groups = 12

    def setUp(self):
        super().setUp()
        self.sets = []  # names of each group, then of each loose file
        for g in range(self.groups):
            folder = "day %d/" % (g % 3) if g % 4 else ""
            self.sets.append([folder + "20250708_10%02d%02d_stage%d.png" % (g, 7 * s, s) for s in (1, 2, 3)[:2 + g % 2]])
        self.sets += [["holiday.png"], ["day 1/IMG_0001.png"], ["day 2/20250708_120000_stage2.png"]]
        self.names = [name for names in self.sets for name in names]
        for seed, name in enumerate(self.names):
            self.write("RAW/" + name, Picture.smooth(24, 24, seed))

    def embed(self, cache, *args, sources=("RAW",), shard=None):
        more = ("--shard", shard) if shard else ()
        result = self.run_in_dir("embed", "--project", "p", "--cache", cache, "--json", "--quiet", "--threads", 1, *more,
                                 *args, *sources)
        return self.done(result).json()

    def embed_all(self, cache, n=SHARDS, **options):
        """All shards in turn; cache may hold a %d for a cache each. Returns their documents."""
        return [self.embed(cache % k if "%d" in cache else cache, shard="%d/%d" % (k, n), **options)
                for k in range(1, n + 1)]

    def whole(self):
        """What a run without shards stores."""
        self.embed("whole")
        return cache_rows(self.path("whole"))

    def assert_once_and_equal(self, rows, expected):
        self.assertEqual(sorted(rows), sorted(expected))
        for key, vectors in rows.items():
            self.assertEqual(vectors, expected[key], key)


class TestFolders(ShardTest):

    def test_one_after_the_other_into_one_cache(self):
        documents = self.embed_all("cache")
        self.assert_once_and_equal(cache_rows(self.path("cache")), self.whole())
        for k, document in enumerate(documents, 1):
            self.assertEqual(document["shard"], "%d/%d" % (k, SHARDS))
            self.assertEqual(document["unchanged"], 0)
            self.assertEqual(document["encoded"] + document["left_to_other_shards"], len(self.names))
        self.assertEqual(sum(d["encoded"] for d in documents), len(self.names))
        self.done(self.run_in_dir("cache", "verify", "cache"))
        again = self.embed_all("cache")
        self.assertEqual([d["unchanged"] for d in again], [d["encoded"] for d in documents])
        self.assertNotIn("shard", self.embed("cache"))

    def test_at_the_same_time_into_one_cache(self):
        runs = [subprocess.Popen([PROGRAM, "embed", "--project", "p", "--cache", "cache", "--quiet", "--threads", "1",
                                  "--shard", "%d/%d" % (k, SHARDS), "RAW"], cwd=self.dir, env=environment(),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                for k in range(1, SHARDS + 1)]
        outputs = [run.communicate(timeout=120)[0] for run in runs]
        self.assertEqual([run.returncode for run in runs], [DONE] * SHARDS, outputs)
        self.assert_once_and_equal(cache_rows(self.path("cache")), self.whole())
        self.done(self.run_in_dir("cache", "verify", "cache"))

    def test_a_cache_each(self):
        self.embed_all("cache%d")
        caches = [cache_rows(self.path("cache%d" % k)) for k in range(1, SHARDS + 1)]
        together = {}
        for rows in caches:
            for key, vectors in rows.items():
                self.assertNotIn(key, together)
                together[key] = vectors
        self.assert_once_and_equal(together, self.whole())
        for names in self.sets:
            self.assertEqual(len({k for k, rows in enumerate(caches) for n in names if ("p", n) in rows}), 1, names)
        self.assertGreater(sum(bool(rows) for rows in caches), 1)

    def test_a_shard_may_be_empty(self):
        documents = self.embed_all("cache%d", n=97)
        self.assertEqual(sum(d["encoded"] for d in documents), len(self.names))
        empty = [k for k, d in enumerate(documents, 1) if d["left_to_other_shards"] == len(self.names)]
        self.assertTrue(empty)
        self.done(self.run_in_dir("cache", "verify", "cache%d" % empty[0]))

    def test_a_moved_folder_falls_to_the_same_shards(self):
        self.embed_all("cache%d")
        os.rename(self.path("RAW"), self.path("elsewhere"))
        self.write("elsewhere/new/20250708_100003_stage1.png", Picture.smooth(24, 24, 999))
        documents = self.embed_all("cache%d", sources=("elsewhere",))
        self.assertEqual(sum(d["encoded"] for d in documents), 1)
        self.assertEqual(sum(d["unchanged"] for d in documents), len(self.names))

    def test_the_other_spelling(self):
        for k in range(SHARDS):
            a = self.embed("a%d" % k, shard="%d/%d" % (k + 1, SHARDS))
            b = self.embed("b%d" % k, "--shard-id", k, "--num-shards", SHARDS)
            self.assertEqual(b["shard"], a["shard"])
            self.assertEqual(cache_rows(self.path("a%d" % k)), cache_rows(self.path("b%d" % k)))


class TestFiles(ShardTest):

    def test_lists_of_files(self):
        """Names decide, groups are looked for folder by folder; the order and the way to the folder do not count."""
        files = ["RAW/" + name for name in self.names]
        self.embed_all("cache%d", sources=files)
        os.rename(self.path("RAW"), self.path("elsewhere"))
        others = [self.path("elsewhere", name) for name in reversed(self.names)]
        documents = self.embed_all("cache%d", sources=others)
        self.assertEqual(sum(d["unchanged"] for d in documents), len(self.names))
        caches = [{name for _, name in cache_rows(self.path("cache%d" % k))} for k in range(1, SHARDS + 1)]
        self.assertEqual(sum(map(len, caches)), len(self.names))
        for names in self.sets:
            homes = {k for k, found in enumerate(caches) for name in names if os.path.basename(name) in found}
            self.assertEqual(len(homes), 1, names)

    def test_a_file_named_twice_goes_once(self):
        documents = self.embed_all("cache", sources=("RAW", "RAW/" + self.names[0], "./RAW/" + self.names[0]))
        self.assertEqual(sum(d["encoded"] for d in documents), len(self.names))


class TestLogs(ShardTest):

    def entries(self, extra=()):
        """An entry for each group, and for two-winner groups a second one; paths as `extract` writes them."""
        lines = []
        for k, names in enumerate(self.sets[:self.groups]):
            paths = ["RAW/" + name for name in names]
            lines.append({"project": "p", "chosen_path": paths[-1], "neg_paths": paths[:1]})
            if len(paths) == 3:
                lines.append({"project": "p", "chosen_path": paths[1], "neg_paths": paths[:1]})
        lines += extra
        self.write("e.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

    def test_entries_go_whole_and_files_once(self):
        self.entries(extra=[{"project": "q", "chosen_path": "RAW/" + self.names[1], "neg_paths": ["RAW/" + self.names[0]]}])
        documents = self.embed_all("cache%d", sources=("--input", "e.jsonl"))
        self.embed("whole", sources=("--input", "e.jsonl"))
        caches = [cache_rows(self.path("cache%d" % k)) for k in range(1, SHARDS + 1)]
        together = {}
        for rows in caches:
            self.assertFalse(set(rows) & set(together))
            together.update(rows)
        self.assert_once_and_equal(together, cache_rows(self.path("whole")))
        for names in self.sets[:self.groups]:
            self.assertEqual(len({k for k, rows in enumerate(caches) for n in names if ("p", "RAW/" + n) in rows}), 1)
        for document in documents:
            self.assertEqual(document["encoded"] + document["unchanged"] + document["moved"] +
                             document["left_to_other_shards"], len(together))

    def test_other_spellings_of_a_file_go_with_it(self):
        """By its whole path, and by its bare name as old crop logs have it."""
        first, second = self.sets[1][0], self.sets[2][0]
        self.entries(extra=[
            {"project": "p", "chosen_path": self.path("RAW", first), "neg_paths": ["./RAW/" + second]},
            {"project": "p", "chosen_path": os.path.basename(first), "neg_paths": ["RAW/" + self.sets[3][0]]},
        ])
        documents = self.embed_all("cache%d", sources=("--input", "e.jsonl"))
        whole = self.embed("whole", sources=("--input", "e.jsonl"))
        for key in ("encoded", "unchanged", "moved", "failed"):
            self.assertEqual(sum(d[key] for d in documents), whole[key], key)
        together = [key for k in range(1, SHARDS + 1) for key in cache_rows(self.path("cache%d" % k))]
        self.assertEqual(sorted(together), sorted(cache_rows(self.path("whole"))))

    def test_a_log_and_its_folder_agree(self):
        """In a folder without sub-folders, an entry falls to the shard that its group falls to."""
        for name in list(self.names):
            if "/" in name:
                os.rename(self.path("RAW", name), self.path("RAW", os.path.basename(name)))
        self.sets = [[os.path.basename(name) for name in names] for names in self.sets]
        self.entries()
        self.embed_all("cache%d")
        documents = self.embed_all("cache%d", sources=("--input", "e.jsonl"))
        self.assertEqual(sum(d["encoded"] for d in documents), 0)


class TestWrongUse(ShardTest):
    groups = 1

    def test_flags_that_make_no_sense(self):
        cases = [
            (("--shard", "0/4"), "1/4 to 4/4"),
            (("--shard", "5/4"), "1/4 to 4/4"),
            (("--shard", "a/b"), "3/16"),
            (("--shard", "3/"), "3/16"),
            (("--shard", "/4"), "3/16"),
            (("--shard", "3"), "3/16"),
            (("--shard", "1/2/3"), "3/16"),
            (("--shard", "-1/4"), "3/16"),
            (("--shard", " 1/4"), "3/16"),
            (("--shard", "1/0"), "1 to 65536 parts"),
            (("--shard", "1/65537"), "1 to 65536 parts"),
            (("--shard", "1/99999999999999999999"), "3/16"),
            (("--shard-id", "4", "--num-shards", "4"), "0 to 3"),
            (("--shard-id", "x", "--num-shards", "4"), "0 to 3"),
            (("--shard-id", "0", "--num-shards", "0"), "1 to 65536"),
            (("--shard-id", "0"), "together"),
            (("--num-shards", "4"), "together"),
            (("--shard", "1/4", "--shard-id", "0", "--num-shards", "4"), "one of them"),
        ]
        for flags, words in cases:
            with self.subTest(flags=flags):
                self.fails(self.run_in_dir("embed", "--project", "p", "--cache", "cache", *flags, "RAW"), words, code=USAGE)
        self.assertFalse([p for p in files_below(self.dir) if not p.startswith("RAW")])

    def test_both_spellings_stand_in_the_help(self):
        text = self.done(self.run_in_dir("embed", "--help")).out
        for flag in ("--shard I/N", "--shard-id I", "--num-shards N"):
            self.assertIn(flag, text)

    def test_counts_for_people(self):
        result = self.done(self.run_in_dir("embed", "--project", "p", "--cache", "cache", "--shard", "1/1", "RAW"))
        self.assertIn("shard 1/1: %d encoded" % len(self.names), result.out)
        self.assertIn("0 files left to the other shards", result.out)


if __name__ == "__main__":
    unittest.main()
