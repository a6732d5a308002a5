"""test_crops.py: crops proved from pixels by `selectai extract`, its report of them, and going on after a kill.

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

from support import DONE, INTERRUPTED, PROGRAM, USAGE, Picture, ProgramTest, environment, read_jsonl, strict_json

T0 = 1751958431
HOUR = 3600
RESUME = "out.jsonl.crops-resume"


def scene(width, height, seed):
    """Discs on a ramp: structure everywhere, nothing twice."""
    rng = random.Random(seed)
    discs = [(rng.random() * width, rng.random() * height, (0.02 + 0.08 * rng.random()) * width, rng.randrange(-50, 50))
             for _ in range(50)]
    values = [100 + 60 * y // height for y in range(height) for _ in range(width)]
    for cx, cy, r, add in discs:
        for y in range(max(0, int(cy - r)), min(height, int(cy + r) + 1)):
            for x in range(max(0, int(cx - r)), min(width, int(cx + r) + 1)):
                if (x - cx) ** 2 + (y - cy) ** 2 < r * r:
                    values[y * width + x] += add
    data = bytearray()
    for v in values:
        v = max(0, min(230, v))
        data += bytes((v, v + 12, v + 24))
    return Picture(width, height, bytes(data))


def toned(picture):
    table = bytes(round(20 + 200 * (v / 255) ** 0.8) for v in range(256))
    return Picture(picture.width, picture.height, picture.data.translate(table))


def doubled(picture):
    """Twice as large, every pixel four times."""
    rows = []
    for y in range(picture.height):
        row = picture.data[y * picture.width * 3:(y + 1) * picture.width * 3]
        wide = b"".join(row[x:x + 3] * 2 for x in range(0, len(row), 3))
        rows.append(wide * 2)
    return Picture(2 * picture.width, 2 * picture.height, b"".join(rows))


class CropsTest(ProgramTest):

    def pair(self, number, original, final, newer=HOUR):
        stem = "20250708_%02d%02d00_stage" % (6 + number // 60, number % 60)
        self.write("raw/" + stem + "1.png", b"never opened", T0)
        self.write("raw/" + stem + "2.png", original, T0)
        self.write("final/" + stem + "2.png", final, T0 + newer)

    def arguments(self, *options, output="out.jsonl"):
        return ["extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", output, "--report",
                "report.json", "--date", "2026-01-02", *options]

    def extract(self, *options, output="out.jsonl"):
        result = self.done(self.run_in_dir(*self.arguments(*options, output=output)))
        self.entries = read_jsonl(self.path(output))
        with open(self.path("report.json"), "rb") as f:
            self.report = strict_json(f.read())
        self.counts = self.report["projects"][0]
        return result

    def read(self, relative):
        with open(self.path(relative), "rb") as f:
            return f.read()


class TestKinds(CropsTest):

    BOX = (20, 15, 120, 90)

    def setUp(self):
        super().setUp()
        original = scene(160, 120, "o")
        part = original.crop(*self.BOX)
        for i, (final, newer) in enumerate((
                (part, HOUR),  # exact
                (doubled(part), -HOUR),  # resampled, older than its original
                (toned(part), 0),  # toned, its time kept
                (toned(original), HOUR),  # whole
                (doubled(original), HOUR),  # whole, another size
                (original, HOUR),  # a copy with a new time
                (original, 0),  # a plain copy
                (scene(160, 120, "x"), HOUR),  # another picture
                (scene(100, 75, "y"), 0))):  # another picture of another size
            self.pair(i, original, final, newer)

    def test_entries_and_report(self):
        for mode in ("auto", "pixels"):
            result = self.extract("--crop-evidence", mode)
            self.assertEqual([e["was_cropped"] for e in self.entries], [True] * 3 + [False] * 5 + [True])
            plain = mode == "pixels"  # a copy of the same size in bytes and the same time is not opened in auto
            self.assertEqual([e["crop_evidence"] for e in self.entries],
                             ["pixels"] * 6 + ["pixels" if plain else "none", "none", "size"])
            self.assertEqual([e["crop"] and e["crop"]["method"] for e in self.entries],
                             ["exact", "resampled", "resampled"] + [None] * 6)
            for e in self.entries[:3]:
                for got, wanted in zip(e["crop"]["box_px"], self.BOX):
                    self.assertLessEqual(abs(got - wanted), 1, e)
            for counts in (self.counts, self.report["total"]):
                self.assertEqual(counts["crops_by_evidence"], {"mtime": 0, "size": 1, "pixels": 3})
                self.assertEqual(counts["crops_by_method"], {"identical": 1 + plain, "exact": 1, "resampled": 4, "none": 2})
                self.assertEqual(counts["mtime_rule"], {"right": 1 + plain, "wrong_cropped": 3, "wrong_whole": 2})
            self.assertIn('"5 s newer = cropped" is right for %d of %d (3 whole ones called cropped, 2 crops missed)'
                          % (1 + plain, 6 + plain), result.out)
            self.assertFalse(os.path.exists(self.path(RESUME)))

    def test_nothing_is_said_of_the_rule_where_no_pixels_were_seen(self):
        for mode in ("mtime", "size"):
            self.assertNotIn("5 s newer", self.extract("--crop-evidence", mode).out)
            self.assertEqual(set(self.counts["mtime_rule"].values()), {0})

    def test_crop_logs_hold_the_proved_boxes_alone(self):
        self.extract("--crop-log", "minimal.csv")
        with open(self.path("minimal.csv"), newline="", encoding="utf-8") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual([r["filename"][9:13] for r in rows], ["0600", "0601", "0602"])
        for r in rows:
            self.assertEqual((r["width"], r["height"]), ("160", "120"))
            for name, wanted, side in zip(("crop_x1", "crop_y1", "crop_x2", "crop_y2"), self.BOX, (160, 120) * 2):
                self.assertLessEqual(abs(float(r[name]) * side - wanted), 1.01)
        self.extract("--crop-log", "full.csv", "--crop-log-form", "full")
        with open(self.path("full.csv"), newline="", encoding="utf-8") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual(len(rows), 3)
        for r in rows:
            sizes = {(r["width_%d" % i], r["height_%d" % i]) for i in range(2) if r["image_%d_path" % i] == r["chosen_path"]}
            self.assertEqual(sizes, {("160", "120")})
            for name, wanted in zip(("crop_x1", "crop_y1", "crop_x2", "crop_y2"), self.BOX):
                self.assertLessEqual(abs(float(r[name]) - wanted), 1.01)


class TestResume(CropsTest):

    N = 60

    def many(self):
        """Pairs that take long: no final is found."""
        original, final = scene(400, 300, "a").png(1), scene(300, 300, "b").png(1)
        for i in range(self.N):
            self.pair(i, original, final)

    def start(self, *options):
        process = subprocess.Popen([PROGRAM] + self.arguments("--threads", "1", *options), cwd=self.dir, env=environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def kept(self):
        """Whole lines in the journal."""
        return self.read(RESUME).count(b'"}\n') if os.path.exists(self.path(RESUME)) else 0

    def goes_on(self, at_least):
        """The same command again: it says what it took over, and all is as if nothing had happened."""
        n = self.kept()
        result = self.extract()
        self.assertRegex(result.err, r"%s: \d+ crops? w(as|ere) taken from the run that was cut short" % RESUME)
        taken = int(result.err.split(RESUME + ": ")[1].split()[0])
        self.assertTrue(at_least <= taken <= n <= self.N, "%d of %d" % (taken, n))
        self.assertFalse(os.path.exists(self.path(RESUME)))
        out, report = self.read("out.jsonl"), self.read("report.json")
        result = self.extract(output="again.jsonl")
        self.assertNotIn("taken", result.err)
        self.assertEqual((out, report), (self.read("again.jsonl"), self.read("report.json")))

    def test_killed(self):
        self.many()
        process = self.start("--quiet")
        until = time.monotonic() + 60
        while self.kept() == 0 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        if process.wait() == DONE:
            self.skipTest("this machine is too fast: the run was through before it could be killed")
        self.assertFalse(os.path.exists(self.path("out.jsonl")))
        self.assertGreater(self.kept(), 0, "nothing was kept for a minute")
        self.goes_on(1)

    def test_interrupted(self):
        """Ctrl-C loses nothing at all."""
        self.many()
        process = self.start()
        for line in process.stderr:
            if line.startswith(b"p: crops: 20 %"):
                break
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        self.assertEqual(process.wait(), INTERRUPTED)
        self.goes_on(self.N // 5)

    def test_nothing_is_kept_of_times_and_headers(self):
        self.pair(0, scene(40, 30, "a"), scene(30, 30, "b"))
        self.write(RESUME, "somebody's notes")
        for mode in ("mtime", "size"):
            self.extract("--crop-evidence", mode)
            self.assertEqual(self.read(RESUME), b"somebody's notes")

    def test_what_is_no_journal_is_not_touched(self):
        self.pair(0, scene(40, 30, "a"), scene(30, 30, "b"))
        self.write(RESUME, "somebody's notes")
        self.fails(self.run_in_dir(*self.arguments()), RESUME, "journal")
        self.assertEqual(self.read(RESUME), b"somebody's notes")
        self.assertFalse(os.path.exists(self.path("out.jsonl")))

    def test_no_output_may_take_its_place(self):
        self.pair(0, scene(40, 30, "a"), scene(30, 30, "b"))
        self.fails(self.run_in_dir(*self.arguments("--rejected", RESUME)), RESUME, code=USAGE)


class TestBatch(CropsTest):

    def test_two_projects_of_one_journal(self):
        """Same names, sizes and times in two projects: each has its own results."""
        original = scene(160, 120, "o")
        for project, final in (("p", original.crop(20, 15, 120, 90)), ("q", original.crop(30, 20, 130, 95))):
            for folder, stage, data in (("raw", 1, b"x"), ("raw", 2, original), ("final", 2, final)):
                self.write("%s/%s/20250708_060000_stage%d.png" % (project, folder, stage), data, T0)
        self.write("c.json", json.dumps({"projects": [{"name": x, "raw_dir": x + "/raw", "final_dir": x + "/final"}
                                                      for x in "pq"]}))
        self.done(self.run_in_dir("extract", "--batch", "--config", "c.json", "--output", "out.jsonl"))
        self.assertEqual([e["crop"]["box_px"] for e in read_jsonl(self.path("out.jsonl"))],
                         [[20, 15, 120, 90], [30, 20, 130, 95]])
        self.assertFalse(os.path.exists(self.path(RESUME)))


if __name__ == "__main__":
    unittest.main()
