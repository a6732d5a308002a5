"""test_scan.py: `selectai extract` on folders as they come: names of all kinds, links, locked folders, many folders, and
runs that are killed or whose disk is full.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time
import unicodedata
import unittest

import naive
from support import (DONE, FAILED, INTERRUPTED, PROGRAM, Picture, ProgramTest, Result, environment, files_below, leftovers,
                     read_jsonl, selectai, strict_json, write)

DATE = "2025-10-20"
T0 = 1751958431  # 2025-07-08 07:07:11 UTC
PIXEL = Picture.noise(2, 3, "pixel").png()
OUTPUTS = {"--output": "out.jsonl", "--report": "report.json", "--rejected": "rejected.jsonl", "--images": "images.jsonl",
           "--selection-log": "selection.csv", "--crop-log": "crop.csv"}


def name(seconds, stage, label="", ending="png"):
    return "20250708_%02d%02d%02d_stage%s%s.%s" % (6 + seconds // 3600, seconds // 60 % 60, seconds % 60, stage,
                                                  "_" + label if label else "", ending)


class ScanTest(ProgramTest):

    def raw(self, relative, data=PIXEL, mtime=T0):
        return self.write("raw/" + relative, data, mtime)

    def final(self, relative, data=PIXEL, mtime=T0):
        return self.write("final/" + relative, data, mtime)

    def arguments(self, *options, folder="."):
        args = ["extract", "--raw", "raw", "--final", "final", "--project", "p", "--date", DATE, "--quiet"]
        for option, file in OUTPUTS.items():
            args += [option, os.path.join(folder, file)]
        return args + list(options)

    def extract(self, *options, code=DONE, **more):
        """self.entries, self.images, self.report, self.counts"""
        for folder in ("raw", "final"):
            os.makedirs(self.path(folder), exist_ok=True)
        result = self.run_in_dir(*self.arguments("--crop-evidence", "mtime", *options), **more)
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, code, str(result))
        self.entries = read_jsonl(self.path("out.jsonl"))
        self.images = read_jsonl(self.path("images.jsonl"))
        with open(self.path("report.json"), "rb") as f:
            self.report = strict_json(f.read())
        self.counts = self.report["projects"][0]
        return result

    def issues(self, kind=None):
        return [i for i in self.counts["issues"] if kind is None or i["kind"] == kind]

    def image_rels(self):
        return [i["image_path"][len("raw/"):] for i in self.images]

    def decisions(self):
        return {(e["chosen_path"][4:], tuple(n[4:] for n in e["neg_paths"])) for e in self.entries}

    def assert_like_naive(self):
        want = naive.extract(self.path("raw"), self.path("final"))
        self.assertEqual(self.decisions(), want["entries"])
        for key in ("raw_images", "final_images", "groups", "groups_with_winner", "multi_winner_groups", "anomalies",
                    "orphan_finals", "ambiguous"):
            self.assertEqual(self.counts[key], want[key], key)
        self.assertEqual(sorted(self.image_rels()), sorted(naive.scan(self.path("raw"))))


class TestNames(ScanTest):

    def test_unicode_and_blanks(self):
        folders = ["f\u00fcr Elise", " leading", "trailing ", "\u65e5\u672c\u8a9e", "\U0001f600\U0001f468\u200d\U0001f469",
                   "\u05e9\u05dc\u05d5\u05dd", unicodedata.normalize("NFD", "\u00e9t\u00e9"),
                   unicodedata.normalize("NFC", "\u00e9t\u00e9"), "a'b\"c", "50%s%n", "$HOME", "-rf", "a,b;c", "back\\slash",
                   "[x]*?", "\u202egnp", "\ufeffbom", "x" * 200]
        for i, folder in enumerate(folders):
            self.raw(folder + "/" + name(100 * i, 1, "label with blanks"))
            self.raw(folder + "/" + name(100 * i + 9, 2, "\u00fcber (%d)" % i))
            if i % 2:
                self.final("other/" + name(100 * i + 9, 2, "\u00fcber (%d)" % i))
        self.extract()
        self.assert_like_naive()
        self.assertEqual(len(self.entries), len(folders) // 2)
        order = [os.fsencode(r) for r in self.image_rels()]
        self.assertEqual(order, sorted(order), "one level: byte order")
        for image in self.images:
            self.assertEqual(image["filename"], os.path.basename(image["image_path"]))

    def test_control_characters_in_names(self):
        """Legal in file names; JSON escapes them, CSV has to hold them or refuse them, a terminal never sees them."""
        for i, char in enumerate(("\n", "\r", "\t", "\x1b", "\x7f", "\x01", "\u0085", "\u2028")):
            self.raw("k%d/%s" % (i, name(100 * i, 1, "x" + char + "y")))
            self.raw("k%d/%s" % (i, name(100 * i + 9, 2, "x" + char + "y")))
            self.final(name(100 * i + 9, 2, "x" + char + "y"))
            self.raw("u%d/no%sstage.png" % (i, char))
        self.extract()
        self.assert_like_naive()
        self.assertEqual(len(self.entries), 8)
        args = [a for a in self.arguments("--crop-evidence", "mtime") if a != "--quiet"]
        result = self.done(self.run_in_dir(*args))
        self.assertNotRegex((result.out + result.err).replace("\n", ""), "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

    def test_names_that_are_no_utf8(self):
        """Reported, never a crash, and JSON stays JSON."""
        raw = os.fsencode(self.path("raw"))
        os.makedirs(os.path.join(raw, b"dir\xff"))
        os.makedirs(self.path("final"))
        bad = [b"20250708_060000_stage1_\xff.png", b"20250708_060009_stage2_\xc3.png", b"20250708_060100_stage1_\xed\xa0\x80.png",
               b"\x80\x81.png", b"20250708_060109_stage2_\xf8\x88.png"]
        for file in bad:
            with open(os.path.join(raw, file), "wb") as f:
                f.write(PIXEL)
        with open(os.path.join(raw, b"dir\xff", b"20250708_070000_stage1.png"), "wb") as f:
            f.write(PIXEL)
        with open(os.path.join(os.fsencode(self.path("final")), bad[1]), "wb") as f:
            f.write(PIXEL)
        self.raw("good/" + name(0, 1))
        self.raw("good/" + name(9, 2))
        self.final(name(9, 2))
        self.extract()
        self.assertIn(("good/" + name(9, 2), ("good/" + name(0, 1),)), self.decisions())
        self.assertTrue(self.issues(), "names that are no UTF-8 are not reported")
        # Each file or folder whose name is no UTF-8 stands in an issue of its own: five in RAW, a folder, one in FINAL.
        self.assertGreaterEqual(sum("UTF-8" in i["message"] for i in self.issues()), 7, self.issues())
        result = self.done(self.run_in_dir(*self.arguments("--json")))
        result.json()
        for file in ("selection.csv", "crop.csv"):
            with open(self.path(file), encoding="utf-8") as f:
                f.read()

    def test_hidden_files_and_folders(self):
        for folder in ("raw", "final"):
            self.write(folder + "/.hidden/" + name(0, 1), PIXEL)
            self.write(folder + "/a/.b/c/" + name(0, 2), PIXEL)
            self.write(folder + "/." + name(9, 2), PIXEL)
            self.write(folder + "/._" + name(9, 3), PIXEL)
            self.write(folder + "/.DS_Store", "x")
            self.write(folder + "/..png", PIXEL)
            self.write(folder + "/.png", PIXEL)
        self.raw(name(0, 1))
        self.raw(name(9, 2))
        self.final(name(9, 2))
        self.extract()
        self.assertEqual((self.counts["raw_images"], self.counts["final_images"]), (2, 1))
        self.assert_like_naive()

    def test_endings(self):
        for i, ending in enumerate(("png", "PNG", "jpg", "JPG", "jpeg", "JpEg", "webp", "WebP", "pNg")):
            self.raw("k/" + name(i * 100, 1, "", ending))
        for file in ("x.png.bak", "x.gif", "x.tiff", "png", "x.pngx", "x.jpgg", "xpng", "x.png~", "x.png.", "x.yaml", "x.mp4"):
            self.raw("k/" + file)
        self.extract()
        self.assertEqual(self.counts["raw_images"], 9)
        self.assert_like_naive()

    def test_companions(self):
        """Any file with the image's stem, whatever its ending; other images of that stem are no companions."""
        stem = name(0, 1)[:-4]
        for ending in (".yaml", ".caption", ".txt", ".json", ".CR2", ""):
            self.raw("k/" + stem + ending, "x")
        self.raw("k/" + stem + ".png")
        self.raw("k/" + stem + ".JPG")
        self.raw("k/" + stem + "_more.yaml", "x")
        self.raw("k/" + stem[:-1] + ".yaml", "x")
        self.raw("other/" + stem + ".yaml", "x")
        self.raw("k/." + stem + ".yaml", "x")
        self.raw("k/" + name(9, "1.5"), PIXEL)
        self.raw("k/" + name(9, "1.5")[:-4] + ".caption", "x")
        self.extract()
        self.assertEqual(len(self.images), 3)
        for image in self.images:
            self.assertIn("companions", image)
            if "stage1.5" in image["filename"]:
                self.assertEqual(image["companions"], [name(9, "1.5")[:-4] + ".caption"])
            else:
                found = set(image["companions"])
                self.assertLessEqual({stem + e for e in (".yaml", ".caption", ".txt", ".json", ".CR2")}, found)
                self.assertLessEqual(found, {stem + e for e in (".yaml", ".caption", ".txt", ".json", ".CR2", "")})
                self.assertEqual(image["companions"], sorted(image["companions"]))

    def test_final_that_differs_in_case(self):
        """A copy through a file system that does not know case: matched and noted."""
        for i in range(4):
            self.raw("k/" + name(100 * i, 1, "Generated"))
            self.raw("k/" + name(100 * i + 9, 2, "Upscaled"))
        self.final(name(9, 2, "upscaled"))
        self.final("sub/" + name(109, 2, "UPSCALED", "PNG"))
        self.final(name(200, 1, "Generated", "Png"))
        self.final(name(300, 1, "Generated"))
        self.extract()
        self.assertEqual(self.decisions(), {
            ("k/" + name(9, 2, "Upscaled"), ("k/" + name(0, 1, "Generated"),)),
            ("k/" + name(109, 2, "Upscaled"), ("k/" + name(100, 1, "Generated"),)),
            ("k/" + name(200, 1, "Generated"), ("k/" + name(209, 2, "Upscaled"),)),
            ("k/" + name(300, 1, "Generated"), ("k/" + name(309, 2, "Upscaled"),))})
        self.assertEqual((self.counts["orphan_finals"], self.counts["ambiguous"]), (0, 0))
        noted = {i["path"] for i in self.issues() if "case" in i["kind"] + i["message"].lower()}
        self.assertEqual(noted, {"final/" + name(9, 2, "upscaled"), "final/sub/" + name(109, 2, "UPSCALED", "PNG"),
                                 "final/" + name(200, 1, "Generated", "Png")})

    def test_case_also_of_names_that_do_not_parse(self):
        """The winner of a group is known by its name; the stage cannot help here."""
        self.raw(name(0, 1, "a"))
        self.raw(name(9, 2, "a"))
        self.final(name(9, 2, "a").upper())
        self.raw("Portrait.PNG")
        self.final("portrait.png")
        self.extract()
        self.assertEqual(self.decisions(), {(name(9, 2, "a"), (name(0, 1, "a"),))})
        self.assertEqual(self.counts["orphan_finals"], 0)

    def test_exact_name_before_other_case(self):
        """RAW on a file system that knows case: two names that differ in case only are two files."""
        self.raw(name(0, 1, "a"))
        self.raw(name(9, 2, "a"))
        self.raw(name(9, 2, "A"), Picture.noise(2, 3, "other"))
        self.final(name(9, 2, "A"))
        self.extract()
        self.assertEqual([e["chosen_path"] for e in self.entries], ["raw/" + name(9, 2, "A")])
        self.assertEqual(self.counts["ambiguous"], 0)

    def test_other_case_of_two(self):
        """Two sources that differ in case only, and a final that is written like neither: not to be guessed unless the
        content tells."""
        self.raw(name(0, 1))
        self.raw("x/" + name(9, 2, "ab"), Picture.noise(2, 3, 1))
        self.raw("y/" + name(9, 2, "AB"), Picture.noise(2, 3, 2))
        self.raw("x/" + name(0, 1))
        self.raw("y/" + name(0, 1))
        self.final(name(9, 2, "Ab"), Picture.noise(2, 3, 3))
        self.extract()
        self.assertEqual(self.entries, [])
        self.assertEqual((self.counts["ambiguous"], self.counts["orphan_finals"]), (1, 0))
        self.final(name(9, 2, "Ab"), Picture.noise(2, 3, 2))
        self.extract()
        self.assertEqual(self.decisions(), {("y/" + name(9, 2, "AB"), ("y/" + name(0, 1),))})

    def test_duplicate_names(self):
        """The same names in many folders: same relative folder first, then content, else ambiguous; against the naive one."""
        rng = random.Random(11)
        pictures = [Picture.noise(2, 3, i).png() for i in range(4)]
        for folder in ("a", "b", "a/c", "d"):
            for i in range(30):
                for stage in (1, 2, 3):
                    if rng.random() < 0.8:
                        self.raw("%s/%s" % (folder, name(1000 * (i // 10) + 60 * (i % 10) + stage, stage)), rng.choice(pictures))
        for folder in ("a", "b", "e", ""):
            for i in range(30):
                if rng.random() < 0.5:
                    stage = rng.choice((1, 2, 3))
                    self.final(os.path.join(folder, name(1000 * (i // 10) + 60 * (i % 10) + stage, stage)), rng.choice(pictures))
        self.extract()
        self.assert_like_naive()
        self.assertGreater(self.counts["ambiguous"], 0)
        self.assertGreater(len(self.entries), 5)
        self.assertEqual(self.counts["ambiguous"], len(self.issues("ambiguous")))


class TestFolders(ScanTest):

    def test_links_and_loops(self):
        self.raw("a/" + name(0, 1))
        self.raw("a/" + name(9, 2))
        self.final(name(9, 2))
        self.write("outside/" + name(20, 3), PIXEL)
        os.symlink("..", self.path("raw/a/up"))
        os.symlink(".", self.path("raw/a/self"))
        os.symlink("loop2", self.path("raw/loop1"))
        os.symlink("loop1", self.path("raw/loop2"))
        os.symlink("nowhere", self.path("raw/a/" + name(30, 2)))
        os.symlink(self.path("outside"), self.path("raw/a/linked"))
        os.symlink(self.path("outside/" + name(20, 3)), self.path("raw/a/" + name(20, 3)))
        os.symlink(name(9, 2), self.path("final/" + name(0, 1)))
        os.symlink(".", self.path("final/again"))
        os.symlink(self.path("raw"), self.path("final/raw"))
        os.symlink("/", self.path("raw/root"))
        self.extract(timeout=20)
        self.assertEqual(self.decisions(), {("a/" + name(9, 2), ("a/" + name(0, 1),))})
        self.assert_like_naive()

    def test_not_files(self):
        os.makedirs(self.path("raw/" + name(0, 1)))
        os.mkfifo(self.path("raw/" + name(5, 2)))
        self.raw(name(0, 1) + "/" + name(100, 1))
        self.raw(name(0, 1) + "/" + name(109, 2))
        self.final(name(109, 2))
        self.extract(timeout=20)
        self.assertEqual(self.decisions(), {(name(0, 1) + "/" + name(109, 2), (name(0, 1) + "/" + name(100, 1),))})
        self.assertEqual(self.counts["raw_images"], 2)

    def as_nobody(self):
        """What makes a run one that may not read everything; skips where that cannot be had."""
        if os.geteuid() != 0:
            return {}
        os.chmod(self.dir, 0o777)

        def drop():
            os.setgid(65534)
            os.setuid(65534)
        try:
            if selectai("--version", preexec_fn=drop).code == DONE:
                return {"preexec_fn": drop}
        except (OSError, subprocess.SubprocessError):
            pass
        self.skipTest("no other user may run the program")

    def test_unreadable_folders(self):
        """Reported and passed; the rest is done."""
        options = self.as_nobody()
        self.raw("open/" + name(0, 1))
        self.raw("open/" + name(9, 2))
        self.raw("locked/" + name(100, 1))
        self.raw("z/list only/" + name(200, 1))
        self.raw("z/" + name(300, 1))
        self.raw("z/" + name(309, 2))
        self.final(name(9, 2))
        self.final("secret/" + name(309, 2))
        os.chmod(self.path("raw/locked"), 0)
        os.chmod(self.path("raw/z/list only"), 0o444)
        os.chmod(self.path("final/secret"), 0)
        self.extract(code=self.code_of(options), **options)
        self.assertEqual(self.decisions(), {("open/" + name(9, 2), ("open/" + name(0, 1),))})
        paths = {i["path"].rstrip("/") for i in self.issues()}
        self.assertLessEqual({"raw/locked", "final/secret"}, paths)
        self.assertTrue(any(p.startswith("raw/z/list only") for p in paths), paths)
        args = [a for a in self.arguments("--crop-evidence", "mtime") if a != "--quiet"]
        result = self.run_in_dir(*args, **options)
        self.assertIn("raw/locked", result.err)
        self.assertIn("final/secret", result.err)

    def code_of(self, options):
        """0 or 1, whichever the program says: both are right, as long as the report names the folders."""
        for folder in ("raw", "final"):
            os.makedirs(self.path(folder), exist_ok=True)
        result = self.run_in_dir(*self.arguments("--crop-evidence", "mtime"), **options)
        self.assertIn(result.code, (DONE, FAILED), str(result))
        return result.code

    def test_ten_thousand_folders(self):
        """One image in each, a group in every tenth; links to one file, which are made in less time than files."""
        source = self.write("empty", b"", T0)
        os.makedirs(self.path("final"))
        for i in range(100):
            os.makedirs(self.path("raw/%02d" % i))
        for i in range(10000):
            folder = self.path("raw/%02d/%03d" % (i // 100, i % 100))
            os.mkdir(folder)
            os.link(source, os.path.join(folder, name(i, 1, "x%d" % i)))
            if i % 10 == 0:
                os.link(source, os.path.join(folder, name(i, 2, "x%d" % i)))
            if i % 20 == 0:
                os.link(source, self.path("final/" + name(i, 1 + i // 20 % 2, "x%d" % i)))
        started = time.monotonic()
        self.extract(timeout=60)
        self.assertLess(time.monotonic() - started, 20)
        self.assertEqual((self.counts["raw_images"], self.counts["groups"], self.counts["entries"], self.counts["anomalies"],
                          self.counts["groups_rejected"]), (11000, 1000, 500, 250, 500))
        self.assertEqual(len(self.images), 11000)
        self.assertEqual(sum(1 for i in self.images if i["in_final"]), 500)


class TestDeterminism(ScanTest):

    def plan(self):
        for i in range(60):
            picture = Picture.noise(12, 18, i)
            for stage in (1, 2, 3):
                yield "raw/k%d/%s" % (i % 7, name(100 * i + stage, stage)), picture, T0
            if i % 4:
                yield "final/k%d/%s" % (i % 3, name(100 * i + 2, 2)), picture.crop(i % 3, 0, 12, 18), T0 + 60 * i
            yield "raw/k%d/%s.yaml" % (i % 7, name(100 * i + 1, 1)[:-4]), "x", T0
            yield "raw/odd %d/note%d.png" % (i % 5, i), PIXEL, T0

    def outputs(self):
        data = {}
        for file in OUTPUTS.values():
            with open(self.path(file), "rb") as f:
                data[file] = f.read()
            os.remove(self.path(file))
        return data

    def test_threads_and_creation_orders(self):
        first = None
        plan = list(self.plan())
        for order in range(3):
            random.Random(order).shuffle(plan)
            for relative, data, mtime in plan:
                self.write(relative, data, mtime)
            for threads in (1, 2, 5):
                self.done(self.run_in_dir(*self.arguments("--threads", threads)))
                outputs = self.outputs()
                first = first or outputs
                for file in OUTPUTS.values():
                    self.assertTrue(outputs[file], file)
                    self.assertEqual(outputs[file], first[file], "%s, order %d, %d threads" % (file, order, threads))
            for folder in ("raw", "final"):
                shutil.rmtree(self.path(folder))


class TestInterruptedRuns(ScanTest):
    """A run that is killed, interrupted or whose disk is full: each output is the old one or the whole new one."""

    def fill(self, pictures):
        """Groups of three; every final has to be searched for in its original, which takes a while."""
        original = Picture.noise(600, 800, "o")
        crop = original.crop(40, 50, 440, 610).png(level=1)
        self.write("original", original.png(level=1), T0)
        self.write("cropped", crop, T0 + 5000)
        os.makedirs(self.path("final"))
        for i in range(pictures):
            self.raw("%d/%s" % (i % 9, name(20 * i, 1, "n%d" % i)))
            for path, source in (("raw/%d/%s" % (i % 9, name(20 * i + 5, 2, "n%d" % i)), "original"),
                                 ("final/" + name(20 * i + 5, 2, "n%d" % i), "cropped")):
                os.link(self.path(source), self.path(path))
            self.raw("%d/%s" % (i % 9, name(20 * i + 9, 3, "n%d" % i)))

    def old_outputs(self, folder):
        """Outputs of an earlier run with --append's headers, so that they are good to add to."""
        old = {}
        for file in OUTPUTS.values():
            if file == "selection.csv":
                text = "session_id,set_id,chosen_path,neg_paths,timestamp\nold,g,p/a.png,\"[\"\"p/b.png\"\"]\",20250101_000000\n"
            elif file.endswith(".csv"):
                text = "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height\n"
            elif file == "report.json":
                text = "{}\n"
            else:
                text = '{"project":"old","chosen_path":"p/a.png","neg_paths":["p/b.png"]}\n'
            self.write(os.path.join(folder, file), text)
            old[file] = text.encode()
        return old

    def read_all(self, folder):
        data = {}
        for file in OUTPUTS.values():
            with open(self.path(folder, file), "rb") as f:
                data[file] = f.read()
        return data

    def complete(self, *options):
        """What a run that nobody disturbs writes over the old outputs."""
        self.old_outputs("whole")
        self.done(self.run_in_dir(*self.arguments(*options, folder="whole")))
        return self.read_all("whole")

    def assert_old_or_whole(self, old, whole, what):
        for file, data in self.read_all("o").items():
            self.assertIn(data, (old[file], whole[file]), "%s is neither the old one nor the new one: %s" % (file, what))

    def stopped(self, number, options=()):
        self.fill(14)
        whole = self.complete(*options)
        durations = []
        for _ in range(5):  # the quickest: a slow one would let the signals come when all is over
            started = time.monotonic()
            self.complete(*options)
            durations.append(time.monotonic() - started)
        duration = min(durations)
        shutil.rmtree(self.path("whole"))
        stopped = 0
        for step in range(9):
            shutil.rmtree(self.path("o"), ignore_errors=True)
            old = self.old_outputs("o")
            args = [str(a) for a in self.arguments(*options, folder="o")]
            process = subprocess.Popen([PROGRAM] + args, cwd=self.dir, env=environment(), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(duration * (step + 0.3) / 8)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            result = Result(args, process.returncode, out, err)
            self.assert_old_or_whole(old, whole, "stopped after %d of 8 parts of the time: %s" % (step, result))
            if number == signal.SIGINT:
                # A signal that comes before the program has begun ends it like any other program.
                self.assertIn(result.code, (DONE, INTERRUPTED, -number), str(result))
                self.assertEqual(leftovers(self.path("o")), [], str(result))
            if result.code != DONE:
                stopped += 1
                if result.code == INTERRUPTED:
                    self.assertEqual(self.read_all("o"), old, "interrupted, and yet something was written: " + str(result))
            else:  # the machine is quicker than it was when the time was taken: the signals must come sooner
                duration *= 0.75
                if number == signal.SIGINT:
                    self.assertEqual(self.read_all("o"), whole)
        self.assertGreater(stopped, 3, "hardly ever stopped in time")
        # What a killed run left behind is in nobody's way.
        result = self.done(self.run_in_dir(*self.arguments(*options, folder="o")))
        if "--append" not in options:
            self.assertEqual(self.read_all("o"), whole, str(result))

    def test_sigint(self):
        self.stopped(signal.SIGINT)

    def test_sigkill(self):
        self.stopped(signal.SIGKILL)

    def test_sigkill_while_appending(self):
        self.stopped(signal.SIGKILL, ("--append",))

    def full(self, options):
        """Limits that every output meets sooner or later."""
        for i in range(25):
            for stage in (1, 2, 3):
                self.raw("k%d/%s" % (i % 7, name(100 * i + stage, stage)))
            if i % 4:
                self.final("k%d/%s" % (i % 3, name(100 * i + 2, 2)))
        options = ("--crop-evidence", "mtime") + options
        whole = self.complete(*options)
        sizes = sorted(len(data) for data in whole.values())
        limits = {0, 1, 100} | {s - 1 for s in sizes} | {s // 2 for s in sizes}
        for limit in sorted(limits):
            shutil.rmtree(self.path("o"), ignore_errors=True)
            old = self.old_outputs("o")
            result = self.run_in_dir(*self.arguments(*options, folder="o"), restore_signals=False,
                                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            what = "files of at most %d bytes: %s" % (limit, result)
            self.fails(result, "o/")
            self.assert_old_or_whole(old, whole, what)
            self.assertEqual(leftovers(self.path("o")), [], what)
            for file, data in self.read_all("o").items():
                if len(whole[file]) > limit:
                    self.assertEqual(data, old[file], file + ", " + what)

    def test_limited_file_size(self):
        self.full(())

    def test_limited_file_size_while_appending(self):
        self.full(("--append",))

    def test_full_disk(self):
        disk = self.path("o")
        os.makedirs(disk)
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], check=False,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("no file system of our own can be mounted here")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        for i in range(60):
            for stage in (1, 2, 3):
                self.raw("k%d/%s" % (i % 7, name(100 * i + stage, stage)))
            if i % 4:
                self.final("k%d/%s" % (i % 3, name(100 * i + 2, 2)))
        whole = self.complete("--crop-evidence", "mtime")
        needed = sum(len(d) + 4096 for d in whole.values())
        self.assertLess(needed, 250000, "the disk of this test is too small")
        fails = 0
        for free in (0, 4096, 12288, 40960, 65536, 90112, 262144):
            for file in files_below(disk):
                os.remove(os.path.join(disk, file))
            old = self.old_outputs("o")
            space = os.statvfs(disk)
            filler = max(0, space.f_bavail * space.f_bsize - free)
            with open(os.path.join(disk, "filler"), "wb", buffering=0) as f:
                f.write(bytes(filler))
            result = self.run_in_dir(*self.arguments("--crop-evidence", "mtime", folder="o"))
            what = "%d bytes free: %s" % (free, result)
            self.assert_old_or_whole(old, whole, what)
            self.assertEqual(leftovers(disk), [], what)
            if result.code == DONE:
                self.assertEqual(self.read_all("o"), whole, what)
            else:
                fails += 1
                self.fails(result, "o/")
                self.assertRegex(result.err, "(?i)space|full", what)
        self.assertTrue(0 < fails < 7, fails)


if __name__ == "__main__":
    unittest.main()
