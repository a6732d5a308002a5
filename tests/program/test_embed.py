"""test_embed.py: `selectai embed` and its cache as a suspicious user meets them: every file has the vector of its own
content, whatever it is called and wherever it went; nothing that was passed over is silent; damage is found.

Standard library only. Tests marked as expected failures describe faults that are known and not mended yet.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import glob
import json
import os
import random
import re
import shutil
import struct
import time
import unittest
import zlib

from support import DONE, FAILED, USAGE, Picture, ProgramTest, read_jsonl, selectai, snapshot

NOBODY = 65534


def npy(path):
    """The rows of a part's .npy as bytes, one each."""
    with open(path, "rb") as f:
        data = f.read()
    if data[:8] != b"\x93NUMPY\x01\x00":
        raise ValueError(path)
    start = 10 + struct.unpack("<H", data[8:10])[0]
    header = data[10:start].decode("latin-1")
    rows, dim = (int(n) for n in re.search(r"'shape': \((\d+), (\d+)\)", header).groups())
    width = dim * int(re.search(r"'<f(\d)'", header).group(1))
    if len(data) != start + rows * width:
        raise ValueError(path)
    return [data[start + i * width:start + (i + 1) * width] for i in range(rows)]


class EmbedTest(ProgramTest):

    def embed(self, cache, *paths, code=DONE, project="p", more=()):
        result = self.run_in_dir("embed", "--project", project, "--cache", cache, *paths, "--json", "--quiet", *more)
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, code, str(result))
        return result

    def counts(self, cache, *paths, **options):
        report = self.embed(cache, *paths, **options).json()
        return tuple(report[key] for key in ("encoded", "unchanged", "moved", "failed"))

    def vectors(self, cache):
        """{(project, rel_path): the row's bytes}, later parts and rows over earlier ones."""
        found = {}
        for index in sorted(glob.glob(self.path(cache, "part-*.jsonl"))):
            rows = npy(index[:-len("jsonl")] + "npy")
            records = read_jsonl(index)
            self.assertEqual(len(rows), len(records))
            for row, record in zip(rows, records):
                found[record["project"], record["rel_path"]] = row
        return found

    def verify(self, cache, code=DONE):
        result = self.run_in_dir("cache", "verify", cache, "--json", "--quiet")
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, code, str(result))
        return result.json()

    def pictures(self, folder, n, size=16, start=0):
        for i in range(n):
            self.write("%s/%03d.png" % (folder, i), Picture.noise(size + i % 7, size, start + i), 1000 + i)


class TestRejectedGroups(EmbedTest):

    def log(self, file, *rows):
        self.write(file, "".join(json.dumps(row) + "\n" for row in rows))

    def test_their_images_have_vectors_too(self):
        self.pictures("raw", 6)
        raw = [self.path("raw/%03d.png" % i) for i in range(6)]
        self.log("entries.jsonl", {"project": "q", "chosen_path": raw[5], "neg_paths": [raw[4]]},
                 {"project": "p", "chosen_path": raw[0], "neg_paths": [raw[1]]})
        self.log("rejected.jsonl", {"project": "p", "paths": [raw[2], raw[1]]}, {"project": "only", "paths": [raw[3]]},
                 {"project": "p", "paths": [raw[1], raw[2]]}, {"project": "q", "paths": [raw[5]]})
        result = self.run_in_dir("embed", "--cache", "c", "--input", "entries.jsonl", "rejected.jsonl", "--json", "--quiet")
        self.assertEqual(result.code, DONE, str(result))
        self.assertEqual(sorted((p, os.path.basename(path)) for p, path in self.vectors("c")),
                         [("only", "003.png"), ("p", "000.png"), ("p", "001.png"), ("p", "002.png"), ("q", "004.png"),
                          ("q", "005.png")])
        self.assertEqual([result.json()[key] for key in ("encoded", "failed")], [6, 0])
        self.assertEqual([i["kind"] for i in result.json()["issues"]], ["repeated", "decided"])

    def test_a_group_stays_in_one_shard(self):
        self.pictures("raw", 60)
        groups = [[self.path("raw/%03d.png" % (3 * i + k)) for k in range(3)] for i in range(20)]
        self.log("rejected.jsonl", *({"project": "p", "paths": group} for group in groups))
        homes = []
        for shard in ("1/3", "2/3", "3/3"):
            cache = "c" + shard[0]
            result = self.run_in_dir("embed", "--cache", cache, "--input", "rejected.jsonl", "--shard", shard, "--quiet")
            self.assertEqual(result.code, DONE, str(result))
            homes.append({path for _, path in self.vectors(cache)})
        self.assertEqual(sorted(sum(map(list, homes), [])), sorted(sum(groups, [])), "each image in one shard")
        self.assertGreater(min(map(len, homes)), 0)
        for group in groups:
            self.assertEqual(sorted(len(home.intersection(group)) for home in homes), [0, 0, 3], group)


class TestWhoseVectorItIs(EmbedTest):

    # CRC-32 over a PNG file whose picture data is one chunk has but 65536 values: the chunk ends with its own CRC in
    # the other byte order. So of a few hundred such files of one size, two have the same.
    TWINS = (20, 391)

    def twins(self):
        one, two = (Picture.noise(8, 8, seed).png(0) for seed in self.TWINS)
        self.assertEqual((len(one), zlib.crc32(one)), (len(two), zlib.crc32(two)))
        self.assertNotEqual(one, two)
        return one, two

    def test_another_picture_of_the_same_checksum_is_encoded(self):
        one, two = self.twins()
        self.write("raw/one.png", one)
        self.write("raw/two.png", two)
        self.write("alone/two.png", two)
        self.embed("cache", "raw")
        self.embed("truth", "alone")
        self.assertEqual(self.vectors("cache")["p", "two.png"], self.vectors("truth")["p", "two.png"])

    def test_a_changed_picture_of_the_same_checksum_is_encoded(self):
        one, two = self.twins()
        self.write("raw/a.png", one, 1000)
        self.embed("cache", "raw")
        self.write("raw/a.png", two, 2000)
        self.assertEqual(self.counts("cache", "raw"), (1, 0, 0, 0))

    def test_files_of_one_name_in_two_folders_both_stay(self):
        self.write("one/a.png", Picture.noise(9, 9, 1), 1000)
        self.write("two/a.png", Picture.noise(9, 9, 2), 2000)
        self.embed("cache", "one", "two")
        self.assertEqual(self.counts("cache", "one", "two"), (0, 2, 0, 0))
        self.done(self.run_in_dir("cache", "compact", "cache", "--quiet"))
        self.assertEqual(self.counts("cache", "one", "two"), (0, 2, 0, 0))

    def test_a_file_s_fortunes(self):
        self.pictures("raw", 6)
        self.assertEqual(self.counts("cache", "raw"), (6, 0, 0, 0))
        for spelling in ("raw", "raw/", "./raw", self.path("raw")):
            self.assertEqual(self.counts("cache", spelling), (0, 6, 0, 0), spelling)
        os.rename(self.path("raw"), self.path("moved"))
        self.assertEqual(self.counts("cache", "moved"), (0, 6, 0, 0))
        os.rename(self.path("moved/000.png"), self.path("moved/zero.png"))
        self.assertEqual(self.counts("cache", "moved"), (0, 5, 1, 0))
        os.makedirs(self.path("moved/deeper"))
        os.rename(self.path("moved/001.png"), self.path("moved/deeper/001.png"))
        self.assertEqual(self.counts("cache", "moved"), (0, 5, 1, 0))
        os.utime(self.path("moved/002.png"), (-5, -5))
        self.assertEqual(self.counts("cache", "moved"), (0, 6, 0, 0))
        self.write("moved/003.png", Picture.noise(30, 20, "other"), 1003)
        self.assertEqual(self.counts("cache", "moved"), (1, 5, 0, 0))
        shutil.copy(self.path("moved/004.png"), self.path("moved/again.png"))
        self.assertEqual(self.counts("cache", "moved"), (0, 6, 1, 0))
        os.rename(self.path("moved/004.png"), self.path("t"))
        os.rename(self.path("moved/005.png"), self.path("moved/004.png"))
        os.rename(self.path("t"), self.path("moved/005.png"))
        self.assertEqual(self.counts("cache", "moved"), (0, 5, 2, 0))
        os.remove(self.path("moved/zero.png"))
        self.assertEqual(self.counts("cache", "moved"), (0, 6, 0, 0))
        # another project takes no row over by name, and its vectors are the same
        self.assertEqual(sum(self.counts("cache", "moved", project="q")), 6)
        self.embed("fresh", "moved")
        got, truth = self.vectors("cache"), self.vectors("fresh")
        for (_, path), row in truth.items():
            self.assertEqual(got["p", path], row, path)
            self.assertEqual(got["q", path], row, path)
        self.assertIn(("p", "zero.png"), got)
        self.verify("cache")

    def test_threads_shards_and_folders_make_no_difference(self):
        self.pictures("raw", 40)
        truth = None
        for threads in (1, 2, 7):
            self.embed("cache%d" % threads, "raw", more=("--threads", threads))
            truth = truth or self.vectors("cache1")
            self.assertEqual(self.vectors("cache%d" % threads), truth)
        for i in (3, 1, 2):
            self.embed("parts", "raw", more=("--shard", "%d/3" % i))
        self.assertEqual(self.vectors("parts"), truth)

    def test_names(self):
        names = [b"sp ace.png", b"new\nline.png", "\u00fcmlaut \u65e5\u672c.png".encode(), "u\u0308.png".encode(), b"'\"\\.png",
                 b"-dash.png", b"tab\t.png", b"\x01\x7f.png", b"%s%n.png", b"x" * 251 + b".png", b"UP.PNG",
                 "\U0001f600.png".encode()]
        os.makedirs(self.path("raw"))
        for i, name in enumerate(names):
            with open(os.path.join(os.fsencode(self.path("raw")), name), "wb") as f:
                f.write(Picture.noise(8 + i, 8, i).png())
        self.assertEqual(self.counts("cache", "raw"), (len(names), 0, 0, 0))
        self.assertEqual(self.counts("cache", "raw"), (0, len(names), 0, 0))
        self.assertEqual({path.encode() for _, path in self.vectors("cache")}, set(names))
        self.verify("cache")

    def test_the_input_is_not_touched(self):
        self.pictures("raw", 5)
        self.write("raw/torn.png", b"no image")
        before = snapshot(self.path("raw"))
        self.embed("cache", "raw", code=FAILED)
        self.embed("cache", "raw", code=FAILED, more=("--retry-failed",))
        self.assertEqual(snapshot(self.path("raw")), before)


class TestNothingIsSilent(EmbedTest):

    def test_json_names_every_file_that_failed(self):
        for i in range(25):
            self.write("raw/%02d.png" % i, "broken %d" % i)
        result = self.embed("cache", "raw", code=FAILED)
        self.assertEqual(result.json()["failed"], 25)
        for i in range(25):
            self.assertIn("%02d.png" % i, result.out)

    def test_what_was_passed_over_is_counted(self):
        self.pictures("raw", 2)
        os.symlink("000.png", self.path("raw/link.png"))
        report = self.embed("cache", "raw").json()
        self.assertGreater(len(report.get("issues", ())) + report.get("skipped", 0), 0)

    def test_a_folder_that_cannot_be_read_is_a_failure(self):
        self.pictures("raw", 2)
        self.pictures("raw/locked", 2, start=10)
        os.chmod(self.path("raw/locked"), 0)
        os.chmod(self.dir, 0o777)
        drop = (lambda: os.setuid(NOBODY)) if os.geteuid() == 0 else None
        self.addCleanup(os.chmod, self.path("raw/locked"), 0o700)
        try:
            result = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "raw", "--quiet", preexec_fn=drop)
        except PermissionError as error:
            self.skipTest("another user cannot reach the program: %s" % error)
        if "locked" not in result.err:
            self.skipTest("this user may read everything: " + result.err)
        self.assertEqual(result.code, FAILED, str(result))

    def test_failures_are_remembered_by_content(self):
        self.pictures("raw", 2)
        for i in range(3):
            self.write("raw/bad%d.png" % i, "broken %d" % i)
        report = self.embed("cache", "raw", code=FAILED).json()
        self.assertEqual((report["encoded"], report["failed"], report["given_up"]), (2, 3, 0))
        os.rename(self.path("raw/bad0.png"), self.path("raw/worse.png"))
        report = self.embed("cache", "raw", code=FAILED).json()
        self.assertEqual((report["unchanged"], report["failed"], report["given_up"]), (2, 3, 3))
        report = self.embed("cache", "raw", code=FAILED, more=("--retry-failed",)).json()
        self.assertEqual((report["unchanged"], report["failed"], report["given_up"]), (2, 3, 0))
        self.write("raw/bad1.png", Picture.noise(8, 8, "whole now"))
        report = self.embed("cache", "raw", code=FAILED).json()
        self.assertEqual((report["encoded"], report["failed"], report["given_up"]), (1, 2, 2))
        self.assertEqual({p for _, p in self.vectors("cache")}, {"000.png", "001.png", "bad1.png"})

    def test_progress_is_for_stderr_and_json_for_stdout(self):
        self.pictures("raw", 12)
        result = self.done(self.run_in_dir("embed", "--project", "p", "--cache", "cache", "raw", "--json"))
        self.assertEqual(result.json()["encoded"], 12)
        self.assertIn("100 %", result.err)

    def test_wrong_options_name_what_is_right(self):
        self.pictures("raw", 1)
        for words, needle in ((("--shard", "0/2"), "1/2"), (("--shard", "3/2"), "2/2"), (("--shard", "1/0"), "parts"),
                              (("--shard-id", "0"), "--num-shards"), (("--threads", "-1"), "--threads"),
                              (("--dtype", "int8"), "bfloat16"), (("--activation", "relu"), "quickgelu"),
                              (("--store", "int8"), "float16"), (("--convert", "maybe"), "after")):
            self.fails(self.run_in_dir("embed", "--project", "p", "--cache", "cache", "raw", *words), needle, code=USAGE)
        self.assertFalse(os.path.exists(self.path("cache")))

    def test_messages_are_not_lines_of_code(self):
        self.pictures("raw", 1)
        result = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "raw", "--batch-size", "100000")
        self.assertNotIn("argument check failed", result.err)

    def test_a_device_that_there_is_not_is_refused(self):
        self.pictures("raw", 1)
        result = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "raw", "--device", "no-such-device")
        self.assertNotEqual(result.code, DONE)


class TestCareOfCaches(EmbedTest):

    def test_a_root_that_is_not_mounted_drops_nothing(self):
        self.pictures("raw", 5)
        self.embed("cache", "raw")
        os.makedirs(self.path("mount"))
        result = self.run_in_dir("cache", "compact", "cache", "--drop-missing", "--root", "p=mount", "--quiet")
        self.assertEqual(result.code, FAILED)
        for needle in ("mount", "project p", "none of the 5 files", "Nothing was dropped"):
            self.assertIn(needle, result.err)
        self.assertEqual(len(self.vectors("cache")), 5)

    def legacy(self, *lines):
        head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }"
        head += b" " * (118 - 1 - len(head)) + b"\n"
        for name in ("a", "b"):
            self.write("old/emb/%s.npy" % name, b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + head +
                       struct.pack("<4f", ord(name), 2, 3, 4))
        self.write("old/processed_images.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        result = self.run_in_dir("cache", "import-legacy", "--output", "new", "--encoder-id", "e", "--project", "p",
                                 "old/processed_images.jsonl", "--json", "--quiet")
        self.assert_quiet_of_noise(result)
        return result

    def test_an_earlier_cache_that_names_an_image_twice(self):
        lines = [{"image_path": "x.png", "embedding_file": "emb/a.npy"}, {"image_path": "x.png", "embedding_file": "emb/b.npy"}]
        report = self.done(self.legacy(*lines)).json()
        self.assertEqual((report["counts"]["written"], report["counts"]["repeated"]), (1, 1))
        self.assertEqual([item["kind"] for item in report["issues"]], ["repeated"])
        self.assertEqual(self.vectors("new")["p", "x.png"], struct.pack("<4f", ord("b"), 2, 3, 4))
        self.verify("new")
        self.assertEqual(self.legacy(*lines).json()["counts"]["written"], 0)

    def test_earlier_files_that_are_none(self):
        lines = [{"image_path": "x.png", "embedding_file": "emb/a.npy"}, {"image_path": "y.png", "embedding_file": "emb"},
                 {"image_path": "z.png", "embedding_file": "emb/none.npy"}, {"image_path": 5, "embedding_file": "emb/a.npy"},
                 {"image_path": "only"}, [1, 2], {"image_path": "p.png", "embedding_file": "processed_images.jsonl"}]
        result = self.legacy(*lines)
        self.assertEqual(result.code, FAILED)
        report = result.json()
        self.assertEqual((report["counts"]["written"], report["counts"]["failed"], len(report["issues"])), (1, 6, 6))
        self.verify("new")

    def test_a_cache_that_was_written_by_the_book(self):
        """docs/formats.md is enough to make one."""
        values = [struct.pack("<2f", i, 1) for i in range(3)]
        head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }"
        head += b" " * (118 - 1 - len(head)) + b"\n"
        self.write("own/part-made-elsewhere.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + head + b"".join(values))
        self.write("own/part-made-elsewhere.jsonl", "".join(json.dumps(
            {"more": [{}], "crc32": i + 1, "size": i + 10, "rel_path": "a/%d.png" % i, "project": "p", "row": i}) + "\n"
            for i in range(3)))
        self.write("own/manifest.json", json.dumps({
            "format": "selectai-embedding-cache", "version": 1, "encoder": "e", "weights_sha256": None, "activation": None,
            "preprocessing": "none", "dim": 2, "dtype": "float32", "normalised": False, "later": [1]}))
        self.assertEqual(self.verify("own")["rows"], 3)
        self.done(self.run_in_dir("cache", "export", "own", "--output", "out", "--quiet"))
        self.assertEqual(npy(self.path("out/embeddings.npy")), values)
        self.assertEqual([r["rel_path"] for r in read_jsonl(self.path("out/embeddings.jsonl"))],
                         ["a/%d.png" % i for i in range(3)])

    def damaged(self, name, change):
        shutil.rmtree(self.path("copy"), ignore_errors=True)
        shutil.copytree(self.path("cache"), self.path("copy"))
        with open(self.path("copy", name), "r+b") as f:
            data = change(bytearray(f.read()))
            f.seek(0)
            f.truncate()
            f.write(data)
        result = self.run_in_dir("cache", "verify", "copy", "--json", "--quiet")
        self.assert_quiet_of_noise(result)
        self.assertIn(result.code, (DONE, FAILED))
        return result.code == FAILED

    def test_damage_anywhere_crashes_nothing_and_in_vectors_is_found(self):
        rng = random.Random(7)
        self.pictures("raw", 8)
        self.write("raw/torn.png", "no image")
        self.embed("cache", "raw", code=FAILED)

        def flip(data):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            return data

        def cut(data):
            return data[:rng.randrange(len(data))]

        def zero(data):
            at = rng.randrange(len(data))
            data[at:at + 512] = bytes(len(data[at:at + 512]))
            return data
        for name in os.listdir(self.path("cache")):
            for change in (flip, cut, zero):
                for _ in range(6):
                    found = self.damaged(name, change)
                    if name.startswith("part-") and (change is cut or (name.endswith(".npy") and change is flip)):
                        self.assertTrue(found, (name, change.__name__))
                    result = self.run_in_dir("embed", "--project", "p", "--cache", "copy", "raw", "--quiet")
                    self.assert_quiet_of_noise(result)
                    self.assertIn(result.code, (DONE, FAILED))

    def test_changed_facts_are_found(self):
        self.pictures("raw", 3)
        self.embed("cache", "raw")
        name = os.path.basename(glob.glob(self.path("cache/part-*.jsonl"))[0])
        missed = []
        for key, old, new in (("project", b'"project":"p"', b'"project":"q"'), ("width", b'"width":16', b'"width":17'),
                              ("mtime_ns", b'"mtime_ns":1000', b'"mtime_ns":1001'), ("phash", b'"phash":"', b'"phaph":"')):
            def change(data, old=old, new=new):
                self.assertIn(old, data)
                return data.replace(old, new, 1)
            if not self.damaged(name, change):
                missed.append(key)
        self.assertEqual(missed, [])

    def test_what_a_kill_left_is_tidied_by_the_run_that_follows(self):
        self.pictures("raw", 3)
        self.embed("cache", "raw")
        index = glob.glob(self.path("cache/part-*.jsonl"))[0]
        os.remove(index)  # as a kill between the two files of a flush leaves it
        left = os.path.basename(index)[:-len("jsonl")] + "npy"
        self.embed("cache", "raw")
        report = self.verify("cache")
        self.assertEqual((report["rows"], report["problems"]), (3, []))
        self.assertEqual([os.path.basename(item["path"]) for item in report["leftovers"]], [left])
        self.assertIn("1 file of runs that were killed", self.done(self.run_in_dir("cache", "verify", "cache")).out)
        os.utime(self.path("cache", left), (time.time() - 7200,) * 2)
        self.embed("cache", "raw")
        self.assertEqual(self.verify("cache")["leftovers"], [])


if __name__ == "__main__":
    unittest.main()
