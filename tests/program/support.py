"""support.py: what the tests of the program share: running it, tiny PNG files, folders that clean up after themselves.

Standard library only. $SELECTAI_PROGRAM is the program under test.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import hashlib
import json
import os
import random
import re
import shutil
import stat
import struct
import subprocess
import tempfile
import unittest
import zlib

PROGRAM = os.environ.get("SELECTAI_PROGRAM", "selectai")
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp")

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

# What no user should see: signs of a crash, or of a sanitizer, or of a message with a hole in it.
NOISE = ("Traceback", "Segmentation", "Sanitizer", "runtime error", "assert", "(null)", "core dumped", "terminate called",
         "internal error")


class Result:
    """A finished run: exit code, and both outputs as text (surrogates stand for bytes that are no UTF-8)."""

    def __init__(self, args, code, out, err):
        self.args = [os.fsdecode(a) for a in args]
        self.code = code
        self.out_bytes = out
        self.out = out.decode("utf-8", "surrogateescape")
        self.err = err.decode("utf-8", "surrogateescape")

    def json(self):
        return strict_json(self.out_bytes)

    def __str__(self):
        return "selectai %s\nexit code %s\nstdout: %s\nstderr: %s" % (
            " ".join(self.args), self.code, ascii(self.out[-2000:]), ascii(self.err[-3000:]))


def strict_json(data):
    """JSON as RFC 8259 has it: UTF-8, no NaN, no key twice."""
    def refuse(word):
        raise ValueError("not JSON: " + word)

    def unique(pairs):
        keys = [k for k, _ in pairs]
        if len(set(keys)) != len(keys):
            raise ValueError("a key twice: %r" % keys)
        return dict(pairs)
    if isinstance(data, bytes):
        data = data.decode("utf-8")
    return json.loads(data, parse_constant=refuse, object_pairs_hook=unique)


def read_jsonl(path):
    with open(path, "rb") as f:
        data = f.read()
    if data and not data.endswith(b"\n"):
        raise ValueError("%s: the last line is not complete" % path)
    return [strict_json(line) for line in data.split(b"\n")[:-1]]


def environment(**more):
    env = dict(os.environ)
    env["LC_ALL"] = "C.UTF-8"
    env.update(more)
    return env


def selectai(*args, cwd=None, env=None, timeout=120, preexec_fn=None, stdout=subprocess.PIPE, restore_signals=True):
    args = [a if isinstance(a, bytes) else str(a) for a in args]
    process = subprocess.run([PROGRAM] + args, cwd=cwd, env=env or environment(), stdin=subprocess.DEVNULL, stdout=stdout,
                             stderr=subprocess.PIPE, timeout=timeout, preexec_fn=preexec_fn,
                             restore_signals=restore_signals, check=False)
    return Result(args, process.returncode, process.stdout or b"", process.stderr)


# ---- Pictures -------------------------------------------------------------------------------------------------------

class Picture:
    """8-bit RGB in memory."""

    def __init__(self, width, height, data):
        assert len(data) == width * height * 3
        self.width, self.height, self.data = width, height, data

    @staticmethod
    def noise(width, height, seed):
        """Every pixel random: any part of it of a few pixels stands in it only once."""
        return Picture(width, height, random.Random(seed).randbytes(width * height * 3))

    @staticmethod
    def smooth(width, height, seed):
        """Blobs and a gradient with some grain: something an encoder can see."""
        rng = random.Random(seed)
        rows = bytearray()
        base = [rng.randrange(60, 180) for _ in range(3)]
        cx, cy, r = rng.randrange(width), rng.randrange(height), rng.randrange(4, max(5, width // 2))
        for y in range(height):
            for x in range(width):
                inside = (x - cx) ** 2 + (y - cy) ** 2 < r * r
                grain = rng.randrange(-6, 7)
                for c in range(3):
                    rows.append(max(0, min(255, base[c] + (60 if inside else 0) + (x + y) // 8 + grain)))
        return Picture(width, height, bytes(rows))

    def crop(self, x1, y1, x2, y2):
        rows = [self.data[(y * self.width + x1) * 3:(y * self.width + x2) * 3] for y in range(y1, y2)]
        return Picture(x2 - x1, y2 - y1, b"".join(rows))

    def png(self, level=6):
        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        stride = self.width * 3
        raw = b"".join(b"\0" + self.data[y * stride:(y + 1) * stride] for y in range(self.height))
        return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(raw, level)) + chunk(b"IEND", b""))


def write(path, data, mtime=None):
    """Writes a file and its folders. data: bytes, text or a Picture."""
    if isinstance(data, Picture):
        data = data.png()
    if isinstance(data, str):
        data = data.encode("utf-8")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    if mtime is not None:
        os.utime(path, (mtime, mtime))
    return path


# ---- Folders ----------------------------------------------------------------------------------------------------------

def files_below(folder):
    """All relative paths of files, hidden ones too, sorted."""
    found = []
    for base, _, names in os.walk(folder):
        for name in names:
            found.append(os.path.relpath(os.path.join(base, name), folder))
    return sorted(found)


def snapshot(folder):
    """Contents, times and modes of everything below a folder: equal snapshots, untouched folder."""
    state = {}
    for base, folders, names in os.walk(folder):
        for name in folders + names:
            path = os.path.join(base, name)
            info = os.lstat(path)
            digest = None
            if stat.S_ISREG(info.st_mode):
                with open(path, "rb") as f:
                    digest = hashlib.sha256(f.read()).hexdigest()
            state[os.path.relpath(path, folder)] = (digest, info.st_mtime_ns, info.st_mode, info.st_size)
    return state


def leftovers(folder):
    """Files that look like half-written ones."""
    return [p for p in files_below(folder)
            if any(word in os.path.basename(p).lower() for word in (".tmp", ".partial", "tmp.", ".new", ".part-tmp", "~"))]


class ProgramTest(unittest.TestCase):
    """A test in a folder of its own."""

    maxDiff = 4000

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="selectai-program-")
        self.addCleanup(self._remove)

    def _remove(self):
        for base, folders, _ in os.walk(self.dir):
            for name in folders:
                path = os.path.join(base, name)
                if not os.path.islink(path):
                    os.chmod(path, 0o700)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, relative, data, mtime=None):
        return write(self.path(relative), data, mtime)

    def run_in_dir(self, *args, **options):
        return selectai(*args, cwd=self.dir, **options)

    # -- what every run must keep to --

    def assert_quiet_of_noise(self, result):
        for word in NOISE:
            self.assertNotIn(word, result.err, str(result))
        self.assertGreaterEqual(result.code, 0, "killed by a signal: " + str(result))

    def done(self, result):
        self.assert_quiet_of_noise(result)
        self.assertEqual(result.code, DONE, str(result))
        return result

    def fails(self, result, *words, code=FAILED):
        """Failed as it should: the exit code, and a line on stderr that begins with the program's name and has all the words."""
        self.assert_quiet_of_noise(result)
        codes = code if isinstance(code, tuple) else (code,)
        self.assertIn(result.code, codes, str(result))
        lines = [line for line in result.err.splitlines() if re.match(r"selectai( [a-z-]+)*: ", line)]
        self.assertTrue(lines, "no message that begins with 'selectai:': " + str(result))
        for word in words:
            self.assertTrue(any(word in line for line in lines), "no message names %r: %s" % (word, result))
        for line in lines:
            self.assertNotIn("ailed to", line, str(result))
        return result

    def assert_nothing_half_written(self, *folders):
        for folder in folders or (self.dir,):
            self.assertEqual(leftovers(folder), [])
