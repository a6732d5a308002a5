"""test_errors.py: what goes wrong: wrong usage, missing things, full disks, Ctrl-C, kills. A clear message that names the
path, the right exit code, nothing half written, and what was there before stays.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time
import unittest

from support import DONE, FAILED, INTERRUPTED, PROGRAM, USAGE, Picture, ProgramTest, Result, environment, files_below, \
    leftovers, read_jsonl, selectai, snapshot, strict_json

VERBS = ("demo", "sample", "extract", "embed", "train", "evaluate", "suggest", "import-model", "cache", "recover-crop",
         "hash")
PIXEL = Picture.noise(2, 3, "pixel").png()


def small_project(test, groups=3, size=(16, 24)):
    """raw and final below the test's folder: `groups` groups of two, the second stage chosen and cropped."""
    for i in range(groups):
        one, two = Picture.noise(*size, 2 * i), Picture.noise(*size, 2 * i + 1)
        test.write("raw/20250708_06%02d%02d_stage1.png" % (i // 60, i % 60), one, 1700000000)
        test.write("raw/20250708_07%02d%02d_stage2.png" % (i // 60, i % 60), two, 1700000000)
        test.write("final/20250708_07%02d%02d_stage2.png" % (i // 60, i % 60), two.crop(0, 0, size[0] // 2, size[1] // 2),
                   1700000100)
    # Firsts and seconds alternate: an hour apart would be two runs of equal stages.
    for i in range(groups):
        os.makedirs(test.path("raw/%d" % i))
        for stage, hour in ((1, 6), (2, 7)):
            name = "20250708_%02d%02d%02d_stage%d.png" % (hour, i // 60, i % 60, stage)
            os.rename(test.path("raw", name), test.path("raw/%d" % i, name))


def no_module(test):
    """Why there is no torch module, or "": the demo says so before it does anything else."""
    os.makedirs(test.path("probe"))
    result = test.run_in_dir("demo", "--output", "probe/missing/d", "--groups", "30", "--size", "256", "--quiet")
    os.rmdir(test.path("probe"))
    return result.err.strip() if "torch module" in result.err else ""


class TestUsage(ProgramTest):

    def test_help(self):
        for args in (("--help",),) + tuple((v, "--help") for v in VERBS) + (("train", "ranker", "--help"),
                                                                            ("cache", "verify", "--help")):
            result = self.done(self.run_in_dir(*args))
            self.assertIn("usage: selectai", result.out)
            self.assertEqual(result.err, "")
            for line in result.out.splitlines():
                self.assertLessEqual(len(line), 120, line)
        out = self.run_in_dir("--help").out
        for verb in VERBS:
            self.assertIn(verb, out)

    def test_version(self):
        times = []
        for _ in range(10):
            start = time.perf_counter()
            result = self.run_in_dir("--version")
            times.append(time.perf_counter() - start)
            self.done(result)
            self.assertRegex(result.out, r"^selectai \d+\.\d+\.\d+\n$")
        print("selectai --version: median of 10 runs %.1f ms, with starting the process from Python" %
              (statistics.median(times) * 1000), file=sys.stderr)

    def test_no_verb(self):
        result = self.run_in_dir()
        self.assertEqual(result.code, USAGE)
        self.assertIn("usage", result.out + result.err)

    def test_messages_begin_with_the_programs_name(self):
        """docs/error-handling.md: messages go to stderr and begin with `selectai:`."""
        for args in (("frobnicate",), ("extract", "--frobnicate"), ("extract", "--raw"), ("train", "nothing"), ("hash",),
                     ("hash", "nothing.png")):
            result = self.run_in_dir(*args)
            self.assertEqual(result.out, "", str(result))
            self.assertTrue(result.err.startswith("selectai: "), str(result))

    def test_unknown_verbs(self):
        for verb in ("frobnicate", "", "Extract", "extract ", "../extract", "-", "--", "--frobnicate", "-x", "x" * 100000):
            self.fails(self.run_in_dir(verb), code=USAGE)

    def test_unknown_options_and_missing_values(self):
        for verb in VERBS:
            self.fails(self.run_in_dir(verb, "--frobnicate"), "--frobnicate", code=USAGE)
            self.fails(self.run_in_dir(verb, "-z"), code=USAGE)
        for verb, option in (("demo", "--output"), ("sample", "--seed"), ("extract", "--raw"), ("embed", "--cache"),
                             ("train", "--data"), ("evaluate", "--model"), ("suggest", "--ranker")):
            args = (verb, "ranker", option) if verb == "train" else (verb, option)
            self.fails(self.run_in_dir(*args), option, code=USAGE)

    def test_required_options(self):
        for args, word in ((("demo",), "--output"), (("sample",), "--output"), (("extract",), "--"),
                           (("extract", "--raw", "r", "--final", "f", "--project", "p"), "--output"),
                           (("extract", "--raw", "r", "--output", "o.jsonl", "--project", "p"), "--final"),
                           (("extract", "--raw", "r", "--output", "o.jsonl", "--final", "f"), "--project"),
                           (("extract", "--batch", "--output", "o.jsonl"), "--config"), (("embed", "x"), "--cache"),
                           (("embed", "--cache", "c"), ""), (("train",), ""), (("train", "nothing", "--data", "d", "--cache", "c", "--output", "o"), "ranker"),
                           (("train", "ranker", "--cache", "c", "--output", "o"), "--data"),
                           (("train", "ranker", "--data", "c", "--output", "o"), "--cache"),
                           (("train", "ranker", "--data", "c", "--cache", "o"), "--output"),
                           (("evaluate", "--data", "c", "--cache", "o"), "--model"),
                           (("suggest", "x"), "--ranker"), (("suggest", "--ranker", "x"), ""), (("cache",), "verify"),
                           (("cache", "verify"), ""), (("cache", "frobnicate", "x"), "verify"), (("recover-crop",), ""),
                           (("recover-crop", "a"), ""), (("recover-crop", "a", "b", "c"), ""), (("hash",), "")):
            result = self.run_in_dir(*args)
            self.fails(result, code=USAGE)
            self.assertIn(word, result.err, str(result))
            self.assertEqual(files_below(self.dir), [])

    def test_numbers(self):
        """Not a number, too small, too large: wrong usage, said at once."""
        for args in (("sample", "--output", "o", "--groups", "0"), ("sample", "--output", "o", "--groups", "-3"),
                     ("sample", "--output", "o", "--groups", "1e3x"), ("sample", "--output", "o", "--groups", ""),
                     ("sample", "--output", "o", "--groups", "100000000000000000000"),
                     ("sample", "--output", "o", "--size", "0"), ("sample", "--output", "o", "--size", "1000000000"),
                     ("sample", "--output", "o", "--seed", "-1"), ("sample", "--output", "o", "--seed", "18446744073709551616"),
                     ("sample", "--output", "o", "--threads", "-1"), ("sample", "--output", "o", "--threads", "4294967297"),
                     ("demo", "--output", "o", "--groups", "x"), ("demo", "--output", "o", "--size", "-5"),
                     ("train", "ranker", "--data", "d", "--cache", "c", "--output", "o", "--lr", "nan"),
                     ("train", "ranker", "--data", "d", "--cache", "c", "--output", "o", "--epochs", "-1"),
                     ("train", "ranker", "--data", "d", "--cache", "c", "--output", "o", "--epochs", "1.5"),
                     ("train", "ranker", "--data", "d", "--cache", "c", "--output", "o", "--split", "random"),
                     ("embed", "--cache", "c", "--project", "p", "x", "--store", "int8"),
                     ("embed", "--cache", "c", "--project", "p", "x", "--activation", "relu")):
            result = self.run_in_dir(*args)
            self.fails(result, code=USAGE)
            self.assertEqual(files_below(self.dir), [], str(result))

    def test_stdout_that_is_full(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        self.write("a.png", PIXEL)
        os.makedirs(self.path("raw"))
        os.makedirs(self.path("final"))
        for args in (("hash", "a.png", "--json"), ("hash", "a.png"), ("--help",), ("--version",),
                     ("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "o.jsonl", "--json")):
            with open("/dev/full", "wb") as full:
                result = self.run_in_dir(*args, stdout=full)
            self.fails(result)


class TestPaths(ProgramTest):
    """Missing folders, files instead of folders, folders instead of files: for every verb."""

    def setUp(self):
        super().setUp()
        small_project(self)
        self.write("file.txt", "text\n")
        self.write("pic.png", Picture.noise(20, 20, "p"))
        os.makedirs(self.path("folder"))
        os.makedirs(self.path("empty"))
        result = self.done(self.run_in_dir("embed", "--project", "p", "--cache", "cache", "raw", "--quiet"))
        self.done(self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "e.jsonl",
                                  "--quiet"))
        self.before = snapshot(self.dir)
        del result

    def check(self, word, *args, code=FAILED):
        """Fails, names the path, changes nothing at all; with --json, too, and stdout has nothing but JSON then."""
        self.fails(self.run_in_dir(*args), word, code=code)
        self.assertEqual(snapshot(self.dir), self.before, args)
        if args[0] != "demo":
            result = self.fails(self.run_in_dir(*args, "--json"), word, code=code)
            if result.out:
                result.json()
            self.assertEqual(snapshot(self.dir), self.before, args)

    def extract(self, raw="raw", final="final", output="o.jsonl", *more):
        return ("extract", "--raw", raw, "--final", final, "--project", "p", "--output", output) + more

    def test_extract(self):
        self.check("nowhere", *self.extract(raw="nowhere"))
        self.check("nowhere", *self.extract(final="nowhere"))
        self.check("file.txt", *self.extract(raw="file.txt"))
        self.check("file.txt", *self.extract(final="file.txt"))
        self.check("pic.png", *self.extract(raw="pic.png"))
        self.check("nowhere/o.jsonl", *self.extract(output="nowhere/o.jsonl"))
        self.check("folder.jsonl", *self.extract(output=self.folder("folder.jsonl")))
        self.check("file.txt", *self.extract(output="file.txt/o.jsonl"))
        self.check("nowhere", "extract", "--batch", "--config", "nowhere", "--output", "o.jsonl")
        self.check("folder", "extract", "--batch", "--config", "folder", "--output", "o.jsonl")

    def folder(self, name):
        os.makedirs(self.path(name))
        self.before = snapshot(self.dir)
        return name

    def test_empty_names(self):
        """An empty path is nothing to open or write; the message must not speak of the program's insides."""
        for args in (self.extract(output=""), self.extract(raw=""), self.extract("raw", "final", "o.jsonl", "--report", ""),
                     self.extract("raw", "final", "o.jsonl", "--rejected", ""), ("hash", ""), ("recover-crop", "", "pic.png"),
                     ("embed", "--project", "p", "--cache", "", "raw"), ("embed", "--project", "p", "--cache", "cache", ""),
                     ("cache", "verify", ""), ("sample", "--output", "", "--groups", "30", "--size", "256"),
                     ("demo", "--output", "", "--groups", "30", "--size", "256"),
                     ("train", "ranker", "--data", "", "--cache", "cache", "--output", "m.safetensors"),
                     ("evaluate", "--model", "", "--data", "e.jsonl", "--cache", "cache")):
            result = self.run_in_dir(*args)
            self.fails(result, code=(FAILED, USAGE))
            self.assertNotRegex(result.err, r"argument check|selectai_[a-z]|&&", str(result))

    def test_extract_when_a_second_output_cannot_be_written(self):
        """The report's folder is missing: said before hours of work, or at least with nothing half done."""
        for option in ("--report", "--rejected"):
            self.fails(self.run_in_dir(*self.extract("raw", "final", "o.jsonl", option, "nowhere/x.jsonl")), "nowhere")
            self.assert_nothing_half_written()
            if os.path.exists(self.path("o.jsonl")):
                self.assertEqual(len(read_jsonl(self.path("o.jsonl"))), 3)

    def test_embed(self):
        self.check("nowhere", "embed", "--project", "p", "--cache", "cache", "nowhere")
        self.check("file.txt", "embed", "--project", "p", "--cache", "file.txt", "raw")
        self.check("file.txt", "embed", "--project", "p", "--cache", "file.txt/cache", "raw")
        self.check("nowhere", "embed", "--input", "nowhere", "--cache", "cache")
        self.check("folder", "embed", "--input", "folder", "--cache", "cache")
        self.check("file.txt", "embed", "--input", "file.txt", "--cache", "cache")
        self.check("nowhere", "embed", "--project", "p", "--cache", "cache", "raw", "--encoder", "nowhere")
        self.check("folder", "embed", "--project", "p", "--cache", "cache", "raw", "--encoder", "folder")

    def test_embed_text_files(self):
        """Named by hand, so it is tried, and fails by name."""
        result = self.run_in_dir("embed", "--project", "p", "--cache", "cache", "file.txt", "--json")
        self.assertEqual(result.code, FAILED, str(result))
        self.assertIn("file.txt", result.err)

    def test_cache_verify(self):
        self.check("nowhere", "cache", "verify", "nowhere")
        self.check("file.txt", "cache", "verify", "file.txt")
        self.check("folder", "cache", "verify", "folder")

    def test_train(self):
        for kind in ("ranker", "cropper"):
            self.check("nowhere", "train", kind, "--data", "nowhere", "--cache", "cache", "--output", "m.safetensors")
            self.check("folder", "train", kind, "--data", "folder", "--cache", "cache", "--output", "m.safetensors")
            self.check("pic.png", "train", kind, "--data", "pic.png", "--cache", "cache", "--output", "m.safetensors")
            self.check("nowhere", "train", kind, "--data", "e.jsonl", "--cache", "nowhere", "--output", "m.safetensors")
            self.check("file.txt", "train", kind, "--data", "e.jsonl", "--cache", "file.txt", "--output", "m.safetensors")

    def test_evaluate(self):
        self.check("nowhere", "evaluate", "--model", "nowhere", "--data", "e.jsonl", "--cache", "cache")
        self.check("folder", "evaluate", "--model", "folder", "--data", "e.jsonl", "--cache", "cache")
        self.check("file.txt", "evaluate", "--model", "file.txt", "--data", "e.jsonl", "--cache", "cache")
        self.check("pic.png", "evaluate", "--model", "pic.png", "--data", "e.jsonl", "--cache", "cache")

    def test_suggest(self):
        self.check("nowhere", "suggest", "--ranker", "nowhere", "raw")
        self.check("folder", "suggest", "--ranker", "folder", "raw")
        self.check("pic.png", "suggest", "--ranker", "pic.png", "raw")

    def test_recover_crop(self):
        for args in (("nowhere.png", "pic.png"), ("pic.png", "nowhere.png")):
            self.check("nowhere.png", "recover-crop", *args)
        for args in (("folder", "pic.png"), ("pic.png", "folder")):
            self.check("folder", "recover-crop", *args)
        for args in (("file.txt", "pic.png"), ("pic.png", "file.txt")):
            self.check("file.txt", "recover-crop", *args)

    def test_hash(self):
        self.check("nowhere", "hash", "nowhere")

    def test_sample_and_demo(self):
        verbs = ("sample",) if no_module(self) else ("sample", "demo")
        for verb in verbs:
            self.check("file.txt", verb, "--output", "file.txt", "--groups", "30", "--size", "256")
            self.check("nowhere", verb, "--output", "nowhere/deeper", "--groups", "30", "--size", "256")
            self.check("file.txt", verb, "--output", "file.txt/x", "--groups", "30", "--size", "256")

    def test_images_that_cannot_be_read(self):
        good = Picture.noise(30, 40, "g").png()
        cases = {"cut.png": good[:len(good) // 2], "no-end.png": good[:-12], "empty.png": b"", "text.png": b"text\n" * 50,
                 "head.png": good[:20], "crc.png": good[:60] + bytes([good[60] ^ 255]) + good[61:],
                 "huge.png": good[:16] + b"\x7f\xff\xff\xff\x7f\xff\xff\xff" + good[24:], "zero.png": good[:16] + bytes(8) + good[24:],
                 "magic.jpg": b"\xff\xd8\xff\xe0" + bytes(30), "riff.webp": b"RIFF\x10\0\0\0WEBPVP8 " + bytes(8)}
        for name, data in cases.items():
            self.write("bad/" + name, data)
        for name in cases:
            if name == "no-end.png":
                continue  # all pixels are there: reading it is right, and so is refusing it
            path = "bad/" + name
            for args in (("recover-crop", path, "pic.png"), ("recover-crop", "pic.png", path), ("hash", path)):
                result = self.run_in_dir(*args)
                self.assert_quiet_of_noise(result)
                self.assertEqual(result.code, FAILED, str(result))
                self.assertIn(path, result.err)
        result = self.run_in_dir("embed", "--project", "p", "--cache", "bad-cache", "bad", "--json")
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, FAILED)
        self.assertGreaterEqual(result.json()["failed"], len(cases) - 1)
        for name in cases:
            if name != "no-end.png":
                self.assertIn("bad/" + name, result.err)

    def test_no_permission(self):
        """As somebody who is not root, who may not read this or write there."""
        somebody = None
        if os.geteuid() == 0:
            def somebody():
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            os.chmod(self.dir, 0o777)
        try:
            self.done(self.run_in_dir("--version", preexec_fn=somebody))
        except (OSError, subprocess.SubprocessError, AssertionError) as e:
            self.skipTest("the program cannot be run without root's rights here: %s" % e)
        for path, mode, args, word in (
                ("raw/0", 0o000, self.extract(output="ok.jsonl"), "raw/0"),
                ("raw", 0o000, self.extract(output="x.jsonl"), "raw"),
                ("folder", 0o500, self.extract(output="folder/o.jsonl"), "folder"),
                ("folder", 0o500, ("embed", "--project", "p", "--cache", "folder/c", "raw"), "folder"),
                ("folder", 0o500, ("sample", "--output", "folder/s", "--groups", "30", "--size", "256"), "folder"),
                ("folder", 0o500, ("demo", "--output", "folder/s", "--groups", "30", "--size", "256"),
                 "torch module" if no_module(self) else "folder"),
                ("e.jsonl", 0o000, ("embed", "--input", "e.jsonl", "--cache", "c"), "e.jsonl"),
                ("pic.png", 0o000, ("hash", "pic.png"), "pic.png"),
                ("cache", 0o000, ("cache", "verify", "cache"), "cache")):
            before = os.stat(self.path(path)).st_mode
            os.chmod(self.path(path), mode)
            result = self.run_in_dir(*args, preexec_fn=somebody)
            os.chmod(self.path(path), before)
            self.assert_quiet_of_noise(result)
            self.assertIn(word, result.err, str(result))
            if path != "raw/0":  # one folder of many: reported, and the rest is done
                self.fails(result, word)
            self.assertEqual(os.listdir(self.path("folder")), [])
        self.assert_nothing_half_written()

    def test_logs_of_many_kinds(self):
        """What people have lying around as logs: each is refused by name or used, none crashes or hangs."""
        entry = '{"project":"p","chosen_path":"raw/0/20250708_070000_stage2.png","neg_paths":["raw/0/20250708_060000_stage1.png"]}'
        logs = {"empty": (b"", False), "newlines": (b"\n\n\n", False), "bom": (b"\xef\xbb\xbf" + entry.encode() + b"\n", True),
                "crlf": (entry.encode() + b"\r\n", True), "no-newline": (entry.encode(), True), "nul": (b"\0" * 100, False),
                "latin1": (entry.replace("raw/0", "r\xe4w").encode("latin-1"), False), "deep": (b"[" * 100000, False),
                "number": (b"17\n", False), "list": (b"[1,2]\n", False), "no-paths": (b'{"project":"p"}\n', False),
                "no-losers": (b'{"project":"p","chosen_path":"a","neg_paths":[]}\n', False),
                "wrong-types": (b'{"project":1,"chosen_path":[],"neg_paths":{}}\n', False),
                "long-line": (b'{"project":"' + b"x" * 3000000, False),
                "csv-header": (b"project,timestamp,chosen_path,chosen_stage,neg_paths,neg_stages,was_cropped\n", False),
                "csv": (b"project,timestamp,chosen_path,chosen_stage,neg_paths,neg_stages,was_cropped\r\n"
                        b'p,20250708_070000,raw/0/20250708_070000_stage2.png,2.0,"[""raw/0/20250708_060000_stage1.png""]",[1.0],true\r\n',
                        True),
                "csv-bom": (b"\xef\xbb\xbfproject,timestamp,chosen_path,chosen_stage,neg_paths,neg_stages,was_cropped\n"
                            b'p,20250708_070000,raw/0/20250708_070000_stage2.png,2.0,"[""raw/0/20250708_060000_stage1.png""]",[1.0],true\n',
                            True),
                "csv-open-quote": (b'project,timestamp,chosen_path,chosen_stage,neg_paths,neg_stages,was_cropped\np,1,"x', False)}
        for name, (data, usable) in logs.items():
            self.write("logs/" + name, data)
            result = self.run_in_dir("embed", "--input", "logs/" + name, "--cache", "log-cache", "--json", timeout=20)
            self.assert_quiet_of_noise(result)
            if name in ("empty", "newlines", "csv-header") and result.code == DONE:
                self.assertEqual(result.json()["encoded"], 0)  # a log without entries may be taken for one
            elif usable:
                self.assertEqual(result.code, DONE, name + ": " + str(result))
                self.assertEqual(sum(result.json()[k] for k in ("encoded", "unchanged", "moved")), 2, name)
            else:
                self.assertEqual(result.code, FAILED, name + ": " + str(result))
                self.assertIn("logs/" + name, result.err, str(result))


class TestFullDisk(ProgramTest):
    """A file that may not grow, and a file system that is full."""

    def setUp(self):
        super().setUp()
        small_project(self, groups=30)
        self.done(self.run_in_dir("embed", "--project", "p", "--cache", "cache", "raw", "--quiet"))
        self.before = snapshot(self.dir)

    def jobs(self, folder):
        """(arguments, what they write)"""
        return ((("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", folder + "/o.jsonl", "--report",
                  folder + "/r.json"), "o.jsonl"),
                (("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", folder + "/o.csv"), "o.csv"),
                (("embed", "--project", "p", "--cache", folder + "/c", "raw"), "c"),
                (("sample", "--output", folder + "/s", "--groups", "12", "--size", "256"), "s"))

    def test_limited_file_size(self):
        """As with `ulimit -f`: the signal is ignored, so that writing fails with an error."""
        os.makedirs(self.path("out"))
        for args, name in self.jobs("out"):
            result = self.run_in_dir(*args, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)),
                                     restore_signals=False)
            self.fails(result, "out/" + name)
            self.assertEqual(leftovers(self.path("out")), [], args)
            for path in files_below(self.path("out")):
                self.assertNotIn(os.path.basename(path), ("o.jsonl", "o.csv"))

    def test_limited_file_size_with_the_signal(self):
        """The same where SIGXFSZ is not ignored, as in a shell: the message must come, not a death by signal."""
        os.makedirs(self.path("out"))
        args, name = self.jobs("out")[0]
        result = self.run_in_dir(*args, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)))
        self.fails(result, "out/" + name)
        self.assertEqual(leftovers(self.path("out")), [])

    def test_previous_output_stays(self):
        for name in ("o.jsonl", "o.csv"):
            self.write("out/" + name, "the old one\n")
            args = ("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "out/" + name)
            for more in ((), ("--append",)):
                self.run_in_dir(*args, *more, restore_signals=False,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)))
                with open(self.path("out", name), encoding="utf-8") as f:
                    self.assertEqual(f.read(), "the old one\n", (name, more))

    def test_full_file_system(self):
        disk = self.path("disk")
        os.makedirs(disk)
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=False,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("no file system of our own can be mounted here")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        with open(os.path.join(disk, "filler"), "wb", buffering=0) as f:
            try:
                while f.write(bytes(4096)):
                    pass
            except OSError:
                pass
        for args, _ in self.jobs("disk"):
            result = self.run_in_dir(*args)
            self.fails(result, "disk/")
            self.assertRegex(result.err, "(?i)space|full")
            self.assertEqual(files_below(disk), ["filler"], args)


class TestInterruptions(ProgramTest):
    """Ctrl-C: exit code 130, valid files. kill -9: the next run goes on."""

    def start(self, *args):
        return subprocess.Popen([PROGRAM] + [str(a) for a in args], cwd=self.dir, env=environment(), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, process, args):
        out, err = process.communicate(timeout=60)
        return Result(args, process.returncode, out, err)

    def interrupt(self, *args, ready=None, number=signal.SIGINT, delay=0.15):
        """Sends the signal once `ready()` is true (or after the delay), and returns the finished run."""
        process = self.start(*args)
        limit = time.monotonic() + 30
        if ready is None:
            time.sleep(delay)
        else:
            while not ready() and process.poll() is None and time.monotonic() < limit:
                time.sleep(0.002)
        process.send_signal(number)
        return self.finish(process, args)

    def interrupted(self, result):
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, INTERRUPTED, str(result))
        self.assertIn("interrupted", result.err.lower())
        return result

    def test_one_signal_that_comes_twice(self):
        """timeout(1) and others send a signal to the process and to its group: that is one request to stop."""
        process = self.start("sample", "--output", "twice", "--groups", 400)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        self.interrupted(self.finish(process, ("sample",)))
        self.assertEqual(os.listdir(self.dir), [])

    def big_raw(self, n, size=(400, 400)):
        """One picture, many names: n files that differ in a few bytes."""
        picture = Picture.noise(*size, "big")
        for i in range(n):
            data = bytearray(picture.data)
            data[0:3] = bytes([i % 256, i // 256, 7])
            self.write("raw/20250708_06%02d%02d_stage%d.png" % (i // 60, i % 60, 1 + i % 2),
                       Picture(*size, bytes(data)).png(level=1), 1700000000)

    def test_sample(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            args = ("sample", "--output", "s", "--groups", "2000", "--size", "512")
            result = self.interrupt(*args, delay=0.8, number=number)
            if number == signal.SIGINT:
                self.interrupted(result)
                # docs/sample.md: everything written so far is removed again.
                self.assertEqual(os.listdir(self.dir), [])
            else:
                shutil.rmtree(self.path("s"), ignore_errors=True)

    def test_extract(self):
        original = Picture.noise(1000, 1400, "o")  # large enough that it is not over before the signal
        final = original.crop(80, 100, 880, 1220).png(level=1)
        data = original.png(level=1)
        self.write("original", data, 1700000000)
        self.write("cropped", final, 1700009000)
        os.makedirs(self.path("final"))
        for i in range(500):
            self.write("raw/%d/20250708_060000_stage1.png" % i, PIXEL, 1700000000)
            os.link(self.path("original"), self.path("raw/%d/20250708_0601%02d_stage2_%d.png" % (i, i % 60, i)))
            os.link(self.path("cropped"), self.path("final/20250708_0601%02d_stage2_%d.png" % (i % 60, i)))
        self.write("o.jsonl", "the old one\n")
        before = snapshot(self.dir)
        args = ("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "o.jsonl", "--report", "r.json",
                "--rejected", "x.jsonl", "--json")
        result = self.interrupted(self.interrupt(*args, delay=0.4))
        if result.out:
            result.json()
        if os.path.exists(self.path("o.jsonl.crops-resume")):  # from which the next run goes on: see test_crops.py
            os.remove(self.path("o.jsonl.crops-resume"))
        self.assertEqual(snapshot(self.dir), before)

    def test_embed(self):
        self.big_raw(150)
        args = ("embed", "--project", "p", "--cache", "cache", "raw", "--json")
        result = self.interrupted(self.interrupt(*args, ready=lambda: os.path.exists(self.path("cache/manifest.json"))))
        if result.out:
            result.json()
        self.assert_nothing_half_written()
        verify = self.run_in_dir("cache", "verify", "cache", "--json")
        self.done(verify)
        self.assertEqual(verify.json()["problems"], [])
        kept = verify.json()["rows"]
        counts = self.done(self.run_in_dir(*args)).json()
        self.assertEqual((counts["encoded"], counts["unchanged"]), (150 - kept, kept))

    def test_embed_killed(self):
        """Killed at three moments: the cache is sound each time, and the next run goes on."""
        self.big_raw(150)
        args = ("embed", "--project", "p", "--cache", "cache", "raw", "--json", "--quiet")
        for i in range(3):
            self.interrupt(*args, number=signal.SIGKILL, delay=0.02 + 0.15 * i)
            if os.path.exists(self.path("cache/manifest.json")):
                verify = self.run_in_dir("cache", "verify", "cache", "--json")
                self.assert_quiet_of_noise(verify)
                for problem in verify.json()["problems"]:
                    self.assertEqual(problem["kind"], "uncommitted", verify.out)
        counts = self.done(self.run_in_dir(*args)).json()
        self.assertEqual(counts["encoded"] + counts["unchanged"], 150)
        self.assertEqual(counts["failed"], 0)
        verify = self.done(self.run_in_dir("cache", "verify", "cache", "--json")).json()
        self.assertEqual(verify["rows"], 150)
        self.assertEqual(self.done(self.run_in_dir(*args)).json()["encoded"], 0)

    def test_hash(self):
        """Stopped in the middle: it says so, and with --json stdout is one JSON document or nothing."""
        self.write("big.png", Picture.noise(600, 600, "h").png(level=1))
        os.makedirs(self.path("in"))
        for i in range(4000):
            os.link(self.path("big.png"), self.path("in/%d.png" % i))
        for more in ((), ("--json",)):
            result = self.interrupted(self.interrupt("hash", "in", *more, delay=0.3))
            if more and result.out:
                result.json()

    def test_train(self):
        rng = random.Random(1)
        for i in range(24):
            for stage in (1, 2):
                self.write("raw/%d/20250708_06%02d0%d_stage%d.png" % (i, i, stage, stage), Picture.noise(16, 16, rng.random()))
            self.write("final/%d/20250708_06%02d02_stage2.png" % (i, i), Picture.noise(8, 8, 1))
        self.done(self.run_in_dir("embed", "--project", "p", "--cache", "cache", "raw", "--quiet"))
        self.done(self.run_in_dir("extract", "--raw", "raw", "--final", "final", "--project", "p", "--output", "e.jsonl",
                                  "--quiet", "--crop-evidence", "mtime"))
        self.write("m.safetensors", "the old one\n")
        before = snapshot(self.dir)
        args = ("train", "ranker", "--data", "e.jsonl", "--cache", "cache", "--output", "m.safetensors", "--epochs", "1000000",
                "--patience", "1000000", "--json")
        result = self.interrupt(*args, delay=1.5)
        if result.code == FAILED and "torch module" in result.err:
            self.skipTest("training is not possible here: " + result.err.strip())
        self.interrupted(result)
        self.assertEqual(result.out, "")
        self.assertEqual(snapshot(self.dir), before)

    def test_demo(self):
        """In the middle of drawing: nothing is taken for finished, and the next run is not misled."""
        reason = no_module(self)
        if reason:
            self.skipTest("the demo does not begin without the torch module: " + reason)
        result = self.interrupt("demo", "--output", "d", "--groups", "500", "--size", "512", delay=0.8)
        self.interrupted(result)
        self.assertEqual([f for f in files_below(self.dir) if f.endswith((".html", ".jsonl", ".safetensors"))], [])
        self.assert_nothing_half_written()

    def test_a_closed_pipe(self):
        """`selectai hash ... | head -1`: the end of the reader is no crash and no noise."""
        for i in range(300):
            self.write("in/%d.png" % i, PIXEL)
        process = self.start("hash", "in")
        process.stdout.close()
        err = process.stderr.read().decode()
        process.stderr.close()
        code = process.wait(timeout=30)
        self.assertIn(code, (FAILED, -signal.SIGPIPE, 128 + signal.SIGPIPE))
        self.assertNotIn("Traceback", err)
        self.assertLessEqual(len(err.splitlines()), 5, err)


if __name__ == "__main__":
    unittest.main()
