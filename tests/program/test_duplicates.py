"""test_duplicates.py: `selectai hash` and `selectai duplicates` on folders as they come.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import math
import os
import random
import signal
import struct
import subprocess
import time
import unittest
import zlib

from support import DONE, FAILED, INTERRUPTED, PROGRAM, USAGE, Picture, ProgramTest, environment, snapshot


def halved(picture):
    """Each pixel the mean of four."""
    data, stride = bytearray(), picture.width * 3
    for y in range(0, picture.height - 1, 2):
        for x in range(0, picture.width - 1, 2):
            for c in range(3):
                at = y * stride + x * 3 + c
                data.append(sum(picture.data[at + o] for o in (0, 3, stride, stride + 3)) // 4)
    return Picture(picture.width // 2, picture.height // 2, bytes(data))


def bumpy(width, height, seed):
    """Soft hills: no noise or edges that scaling would change."""
    rng = random.Random(seed)
    waves = [(rng.uniform(-0.25, 0.25), rng.uniform(-0.25, 0.25), rng.uniform(0, 6)) for _ in range(4)]
    rows = bytearray()
    for y in range(height):
        for x in range(width):
            heights = [math.sin(a * x + b * y + c) for a, b, c in waves]
            rows += bytes(int(128 + 40 * (heights[c] + heights[3] + heights[(c + 1) % 3])) for c in range(3))
    return Picture(width, height, bytes(rows))


def with_alpha(picture):
    """The same pixels, half of them transparent."""
    raw = bytearray()
    for y in range(picture.height):
        raw.append(0)
        for x in range(picture.width):
            at = (y * picture.width + x) * 3
            raw += picture.data[at:at + 3] + bytes([255 * (x % 2)])

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    head = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(raw))) + chunk(b"IEND", b"")


BIG, OTHER = bumpy(96, 72, 3), bumpy(96, 72, 14)


class TestDuplicates(ProgramTest):

    def find(self, *args, code=DONE):
        """The JSON document; relations by file name in self.relations, what could go in self.going."""
        result = self.run_in_dir("duplicates", "--quiet", "--json", *args)
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, code, str(result))
        found = result.json()
        self.relations = {os.path.basename(f["path"]): f["relation"] for g in found["groups"] for f in g["files"]}
        self.going = {os.path.basename(f["path"]) for g in found["groups"] for f in g["files"] if f["can_go"]}
        return found

    def removable(self, *args, code=DONE):
        result = self.run_in_dir("duplicates", "--quiet", "--removable", *args)
        self.assertEqual(result.code, code, str(result))
        self.assertTrue(result.out_bytes == b"" or result.out_bytes.endswith(b"\0"))
        return result.out_bytes.split(b"\0")[:-1]

    def test_kinds_of_copies(self):
        self.write("in/a.png", BIG.png(1))
        self.write("in/deep/same bytes.png", BIG.png(1))
        self.write("in/same pixels.png", BIG.png(9))
        self.write("in/half.png", halved(BIG))
        self.write("in/other.png", OTHER)
        found = self.find("in")
        self.assertEqual(found["total"], {"files": 5, "groups": 1, "in_groups": 4, "can_go": 3,
                                          "bytes": found["total"]["bytes"]})
        self.assertEqual(self.relations, {"a.png": "keep", "same bytes.png": "same-file", "same pixels.png": "same-pixels",
                                          "half.png": "resaved"})
        self.assertEqual(self.going, {"same bytes.png", "same pixels.png", "half.png"})
        files = found["groups"][0]["files"]
        self.assertEqual(files[0]["path"], found["groups"][0]["keep"])
        self.assertEqual(found["groups"][0]["project"], "in")
        self.assertEqual(found["total"]["bytes"], sum(f["size"] for f in files if f["can_go"]))
        for file in files:
            self.assertEqual(file["size"], os.path.getsize(self.path(file["path"])))
            self.assertEqual(file["of"], files[0]["path"])
            self.assertEqual(file["difference"] is None, file["relation"] != "resaved")
            self.assertLessEqual(file["distance"], 8)
        text = self.done(self.run_in_dir("duplicates", "in", "--quiet"))
        self.assertIn("3 files", text.out.splitlines()[-1])
        self.assertIn("Nothing was touched", text.out)

    def test_removable_list(self):
        for name in ("a.png", "b\n\x1b[31m.png", "\u00fc \u6e2c\u8a66.png", " leading.png", "-dash.png"):
            self.write("in/" + name, BIG)
        self.write("in/other.png", OTHER)
        paths = self.removable("in")
        self.assertEqual(len(paths), 4)
        self.assertEqual(len(set(paths)), 4)
        for path in paths:
            self.assertTrue(os.path.isfile(os.path.join(os.fsencode(self.dir), path)), path)
        text = self.done(self.run_in_dir("duplicates", "in", "--quiet"))
        self.assertNotIn("\x1b", text.out)
        self.assertIn("\u6e2c\u8a66.png", text.out)
        self.assertEqual(len(self.find("in")["groups"][0]["files"]), 5)

    def test_removing_them_all_leaves_each_picture(self):
        pictures = [BIG, OTHER, bumpy(80, 80, 21)]
        for i, picture in enumerate(pictures):
            for k in range(4):
                self.write("in/%d/%d.png" % (k, i), picture.png(k * 2 + 1))
            self.write("in/small %d.png" % i, halved(picture))
        for path in self.removable("in", "--project", "p"):
            os.unlink(os.path.join(os.fsencode(self.dir), path))
        left = [os.path.join(base, n) for base, _, names in os.walk(self.path("in")) for n in names]
        self.assertEqual(len(left), 3)
        self.assertEqual({os.path.getsize(p) > 100 for p in left}, {True})
        self.assertEqual(self.removable("in", "--project", "p"), [])

    def test_a_path_that_is_no_utf8(self):
        raw = os.path.join(os.fsencode(self.dir), b"in")
        os.makedirs(raw)
        try:
            for name in (b"\xff\xfe.png", b"b.png"):
                with open(os.path.join(raw, name), "wb") as f:
                    f.write(BIG.png())
        except OSError:
            self.skipTest("this file system wants UTF-8")
        found = self.run_in_dir("duplicates", "--quiet", "--json", b"in/\xff\xfe.png", "in/b.png")
        self.assert_quiet_of_noise(found)
        self.assertEqual(found.code, DONE, str(found))
        files = found.json()["groups"][0]["files"]
        self.assertEqual(len(files), 2)
        self.assertEqual([f.get("path_hex") for f in files if f["path"] is None], [b"in/\xff\xfe.png".hex()])
        hashes = self.run_in_dir("hash", "--quiet", "--json", b"in/\xff\xfe.png")
        self.assertEqual(hashes.json()["files"][0]["path_hex"], b"in/\xff\xfe.png".hex())
        self.assertEqual(self.run_in_dir("duplicates", "--quiet", "--removable", b"in/\xff\xfe.png", "in/b.png").out_bytes,
                         b"in/\xff\xfe.png\0")

    def test_projects_are_apart(self):
        self.write("p/a.png", BIG)
        self.write("q/b.png", BIG)
        self.assertEqual(self.find("p", "q")["groups"], [])
        self.find("p", "q", "--project", "both")
        self.assertEqual(self.going, {"b.png"})
        self.find("p/a.png", "q/b.png")
        self.assertEqual(self.going, {"b.png"})

    def test_one_file_under_several_names(self):
        """Links and folders that overlap: removing what is listed must leave a file."""
        self.write("in/sub/a.png", BIG)
        os.symlink("sub/a.png", self.path("in/0.png"))
        os.link(self.path("in/sub/a.png"), self.path("in/hard.png"))
        for args in (("in",), ("in", "in/sub"), ("in/", "./in"), ("in/0.png", "in/sub/a.png", "in/hard.png"),
                     ("in", "in/sub", "in/0.png", "--project", "p")):
            with self.subTest(args):
                self.assertEqual(self.removable(*args), [])
        self.write("in/copy.png", BIG)
        self.assertEqual(len(self.removable("in", "in/sub", "in/0.png", "--project", "p")), 1)

    def test_stages_stay(self):
        self.write("in/20250708_060711_stage1.png", halved(BIG))
        self.write("in/20250708_060712_stage2.png", BIG)
        self.find("in")
        self.assertEqual(set(self.relations.values()), {"keep", "resaved"})
        self.assertEqual(self.going, set())
        self.assertIn("stays", self.done(self.run_in_dir("duplicates", "in", "--quiet")).out)

    def test_alpha_stays(self):
        self.write("in/alpha.png", with_alpha(BIG))
        self.write("in/rgb.png", BIG.png(1))
        self.find("in")
        self.assertEqual(self.relations["alpha.png"], "keep")
        self.assertEqual(self.going, {"rgb.png"})

    def test_unreadable_files_and_an_untouched_folder(self):
        self.write("in/a.png", BIG)
        self.write("in/b.png", BIG)
        self.write("in/broken.png", BIG.png()[:200])
        self.write("in/empty.png", b"")
        for name in ("a.png", "b.png"):
            os.chmod(self.path("in", name), 0o444)
        os.chmod(self.path("in"), 0o555)
        before = snapshot(self.dir)
        found = self.find("in", code=FAILED)
        self.assertEqual({os.path.basename(i["path"]) for i in found["issues"]}, {"broken.png", "empty.png"})
        self.assertEqual(self.going, {"b.png"})
        self.fails(self.run_in_dir("duplicates", "in", "--quiet"), "broken.png")
        self.assertEqual([os.path.basename(p) for p in self.removable("in", code=FAILED)], [b"b.png"])
        self.assertEqual(snapshot(self.dir), before)

    def test_hashes_from_a_cache(self):
        self.write("in/a.png", BIG)
        self.write("in/b.png", BIG.png(1))
        self.write("in/other.png", OTHER)
        self.done(self.run_in_dir("embed", "--project", "p", "--cache", "cache", "in", "--quiet"))
        before = snapshot(self.path("cache"))
        plain, cached = self.find("in", "--project", "p"), self.find("in", "--project", "p", "--cache", "cache")
        self.assertEqual(plain, cached)
        # A file that is far from all others is not opened: so its content, replaced with size and time kept, is not noticed.
        info = os.stat(self.path("in/other.png"))
        with open(self.path("in/other.png"), "r+b") as f:
            f.write(b"garbage!")
        os.utime(self.path("in/other.png"), ns=(info.st_atime_ns, info.st_mtime_ns))
        self.find("in", "--project", "p", "--cache", "cache")
        self.find("in", "--project", "p", code=FAILED)
        self.assertEqual(snapshot(self.path("cache")), before)
        self.fails(self.run_in_dir("duplicates", "in", "--project", "p", "--cache", "nowhere"), "nowhere")

    def test_usage(self):
        self.write("in/a.png", BIG)
        for args in ((), ("in", "--distance", "65"), ("in", "--distance", "x"), ("in", "--json", "--removable"),
                     ("in", "--cache", "c")):
            with self.subTest(args):
                self.fails(self.run_in_dir("duplicates", *args), code=USAGE)
        self.fails(self.run_in_dir("duplicates", "missing"), "missing")
        self.assertEqual(self.find("in", "--distance", "0")["groups"], [])
        self.done(self.run_in_dir("duplicates", "--help"))

    def test_distance(self):
        self.write("in/a.png", BIG)
        self.write("in/b.png", OTHER)
        self.assertEqual(self.find("in", "--distance", "8")["groups"], [])
        self.find("in", "--distance", "64")
        self.assertEqual(set(self.relations.values()), {"keep", "similar"})
        self.assertEqual(self.going, set())

    def test_same_answer_with_any_number_of_threads(self):
        for i in range(12):
            self.write("in/%d.png" % i, (BIG, OTHER, halved(BIG))[i % 3].png(i % 9 + 1))
        one = self.find("in", "--threads", "1")
        self.assertEqual(self.find("in", "--threads", "7"), one)


class TestHash(ProgramTest):

    def test_order_is_that_of_the_files(self):
        for i in range(30):
            self.write("in/%02d.png" % i, bumpy(20 + i, 30, i))
        self.write("in/10 broken.png", b"no picture")
        outputs = [self.run_in_dir("hash", "in", "--quiet", "--threads", n) for n in (1, 2, 7)]
        self.assertEqual({o.code for o in outputs}, {FAILED})
        self.assertEqual(len({o.out for o in outputs}), 1)
        lines = outputs[0].out.splitlines()
        self.assertEqual([line[18:] for line in lines], ["in/%02d.png" % i for i in range(30)])
        files = self.run_in_dir("hash", "in", "--json", "--quiet").json()["files"]
        self.assertEqual([(f["phash"], f["path"]) for f in files if f["phash"]], [(l[:16], l[18:]) for l in lines])
        broken = [f for f in files if f["phash"] is None]
        self.assertEqual([f["path"] for f in broken], ["in/10 broken.png"])
        self.assertIn("broken", broken[0]["error"])

    def test_quiet_and_progress(self):
        for i in range(20):
            self.write("in/%02d.png" % i, bumpy(20, 30, i))
        self.assertEqual(self.done(self.run_in_dir("hash", "in", "--quiet")).err, "")
        self.assertIn("hash: 100 %", self.done(self.run_in_dir("hash", "in")).err)

    def test_one_file_twice(self):
        self.write("a.png", BIG)
        result = self.done(self.run_in_dir("hash", "a.png", "a.png", "--quiet"))
        self.assertEqual(len(result.out.splitlines()), 2)

    def test_interrupted_prints_what_is_done(self):
        self.write("big.png", Picture.noise(700, 700, "h").png(level=1))
        os.makedirs(self.path("in"))
        n = 4000  # some five seconds of work on a quick machine
        for i in range(n):
            os.link(self.path("big.png"), self.path("in/%04d.png" % i))
        for delay in (0.5, 1, 2, 4):
            process = subprocess.Popen([PROGRAM, "hash", "in", "--quiet"], cwd=self.dir, env=environment(),
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            if process.returncode == DONE:
                self.skipTest("this machine is too quick")
            self.assertEqual(process.returncode, INTERRUPTED, err)
            self.assertIn(b"interrupted", err)
            lines = out.decode().splitlines()
            self.assertLess(len(lines), n)
            self.assertEqual(len({line[:16] for line in lines}), min(1, len(lines)))
            if lines:
                return
        self.fail("nothing was printed in 4 seconds")


if __name__ == "__main__":
    unittest.main()
