"""test_names.py: names, groups and folders.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import datetime
import os
import random
import unittest
from pathlib import Path

import fixtures
import selectai


class ParseFilename(unittest.TestCase):
    def test_names_of_the_form(self):
        cases = {
            "20250708_060711_stage1.5_face_swapped.png": ("20250708_060711", 1.5, "face_swapped"),
            "20250708_060711_stage2.png": ("20250708_060711", 2.0, ""),
            "a/b/20240229_235959_stage10.25_x.webp": ("20240229_235959", 10.25, "x"),
        }
        for name, expected in cases.items():
            with self.subTest(name):
                parsed = selectai.parse_filename(name)
                self.assertEqual(tuple(parsed), expected)
                self.assertIsInstance(parsed.timestamp, str)
                self.assertIsInstance(parsed.stage, float)

    def test_other_names_are_none(self):
        for name in (
            "",
            "notes.txt",
            "20250708_060711.png",
            "20250230_000000_stage1.png",
            "20250708_246060_stage1.png",
            "20250708_060711_stage.png",
            "20250708_060711_stagex.png",
        ):
            with self.subTest(name):
                self.assertIsNone(selectai.parse_filename(name))

    def test_paths_of_all_kinds(self):
        name = "20250708_060711_stage1_käse.png"
        self.assertEqual(selectai.parse_filename(Path("x") / name).label, "käse")
        self.assertEqual(selectai.parse_filename(os.fsencode(name)).label, "käse")
        undecodable = selectai.parse_filename(b"20250708_060711_stage1_\xff.png")
        self.assertEqual(undecodable.label, "\udcff")
        with self.assertRaises(ValueError):
            selectai.parse_filename("20250708_060711_stage1\0.png")
        with self.assertRaises(TypeError):
            selectai.parse_filename(3)


def naive_groups(names, mode, lookahead, max_gap, min_size):
    """The rule as docs write it down, without any cleverness; for names of one folder."""
    rows = []
    for index, name in enumerate(names):
        parsed = selectai.parse_filename(name)
        if parsed is not None:
            seconds = datetime.datetime.strptime(parsed.timestamp, "%Y%m%d_%H%M%S").timestamp()
            rows.append((parsed.timestamp, parsed.stage, name, index, seconds))
    rows.sort(key=lambda row: row[:4])
    groups = []
    position = 0
    if mode == "timestamp":
        for stamp in sorted({row[0] for row in rows}):
            groups.append([row[3] for row in rows if row[0] == stamp])
    while mode == "nearest-up" and position < len(rows):
        run = [position]
        while True:
            last = rows[run[-1]]
            best = None
            for candidate in range(run[-1] + 1, min(run[-1] + 1 + lookahead, len(rows))):
                row = rows[candidate]
                if row[1] <= last[1] or (max_gap is not None and row[4] - last[4] > max_gap):
                    break
                if best is None or row[1] < rows[best][1]:
                    best = candidate
            if best is None:
                break
            run.append(best)
        groups.append([rows[member][3] for member in run])
        position = run[-1] + 1
    return [group for group in groups if len(group) >= min_size]


def random_names(rng, n):
    """Names of few timestamps and stages, so that all cases of the rule come up; some do not parse."""
    start = datetime.datetime(2025, 7, 8, 23, 59, 0)
    names = set()
    while len(names) < n:
        moment = start + datetime.timedelta(seconds=rng.randrange(4 * n))
        stage = rng.choice(["1", "1.5", "2", "3", "10"])
        label = rng.choice(["", "_a", "_b"])
        parses = rng.random() < 0.95
        names.add(f"{moment:%Y%m%d_%H%M%S}_stage{stage}{label}.png" if parses else f"other{len(names)}.png")
    shuffled = sorted(names)
    rng.shuffle(shuffled)
    return shuffled


class Group(unittest.TestCase):
    def stages(self, *stages, **options):
        names = [f"20250101_0000{second:02d}_stage{stage}.png" for second, stage in enumerate(stages)]
        return [[stages[index] for index in group] for group in selectai.group(names, **options)]

    def test_the_cases_of_the_rule(self):
        self.assertEqual(self.stages(1, 3, 2, 3), [[1, 2, 3]])
        self.assertEqual(self.stages(3, 3, 2, 3), [[2, 3]])
        self.assertEqual(self.stages(2, 2, 2), [])
        self.assertEqual(self.stages(1, 2, 1, 2), [[1, 2], [1, 2]])

    def test_options(self):
        names = ["20250101_000000_stage1.png", "20250101_000010_stage2.png"]
        self.assertEqual(selectai.group(names, max_gap=9), [])
        self.assertEqual(selectai.group(names, max_gap=10), [[0, 1]])
        self.assertEqual(selectai.group(names, max_gap=0), [])
        self.assertEqual(selectai.group(names, max_gap=float("inf")), [[0, 1]])
        self.assertEqual(selectai.group(names, mode="timestamp"), [])
        self.assertEqual(selectai.group(names, mode="timestamp", min_size=1), [[0], [1]])
        self.assertEqual(self.stages(1, 9, 8, 7, 2, lookahead=2), [[1, 8]])
        self.assertEqual(selectai.group([]), [])

    def test_folders_are_grouped_apart_unless_asked(self):
        names = ["b/20250101_000000_stage1.png", "a/20250101_000000_stage2.png"]
        self.assertEqual(selectai.group(names), [])
        self.assertEqual(selectai.group(names, scope="project"), [[0, 1]])

    def test_wrong_options_say_so(self):
        for options, text in (
            ({"mode": "nearest"}, "mode"),
            ({"scope": None}, "scope"),
            ({"lookahead": -1}, "lookahead"),
            ({"max_gap": -1}, "max_gap"),
            ({"max_gap": float("nan")}, "max_gap"),
            ({"min_size": 2**32}, "min_size"),
        ):
            with self.subTest(options), self.assertRaisesRegex(ValueError, text):
                selectai.group([], **options)
        with self.assertRaisesRegex(TypeError, "lookahead"):
            selectai.group([], lookahead=1.5)
        with self.assertRaisesRegex(TypeError, "list"):
            selectai.group("20250101_000000_stage1.png")

    def test_property_equals_the_naive_rule(self):
        rng = random.Random(20250708)
        for round_ in range(300):
            names = random_names(rng, rng.randrange(1, 40))
            options = {
                "mode": rng.choice(["nearest-up", "nearest-up", "timestamp"]),
                "lookahead": rng.choice([1, 2, 5, 50]),
                "max_gap": rng.choice([None, 0, 1, 10, 60]),
                "min_size": rng.choice([1, 2, 3]),
            }
            with self.subTest(round=round_, names=names, **options):
                self.assertEqual(selectai.group(names, **options), naive_groups(names, **options))


class Scan(fixtures.FolderCase):
    def test_lists_images_in_order(self):
        (self.folder / "sub").mkdir()
        (self.folder / ".hidden").mkdir()
        for name in ("b.png", "a.JPG", "notes.txt", ".c.png", "sub/d.webp", ".hidden/e.png"):
            (self.folder / name).write_bytes(b"x" * len(name))
        (self.folder / "link.png").symlink_to(self.folder / "b.png")
        with selectai.scan(self.folder) as scanner:
            files = list(scanner)
            self.assertEqual([issue.kind for issue in scanner.issues], ["symlink"])
        self.assertEqual([file.rel_path for file in files], ["a.JPG", "b.png", "sub/d.webp"])
        self.assertEqual([file.size for file in files], [5, 5, 10])
        self.assertEqual(files[0].path, f"{self.folder}/a.JPG")
        self.assertEqual(files[0].mtime_ns, os.stat(files[0].path).st_mtime_ns)

    def test_companions(self):
        for name in ("a.png", "a.yaml", "a.caption", "a.txt", "a.webp", "ab.txt", "b.png"):
            (self.folder / name).write_bytes(b"")
        (self.folder / os.fsdecode(b"\xff.png")).write_bytes(b"")
        (self.folder / os.fsdecode(b"\xff.txt")).write_bytes(b"")
        with selectai.scan(self.folder) as scanner:
            found = {file.rel_path: file.companions for file in scanner}
            self.assertEqual([issue.kind for issue in scanner.issues], ["bad-name"])  # reported, in no list
        of_a = ("a.caption", "a.txt", "a.yaml")
        self.assertEqual(found, {"a.png": of_a, "a.webp": of_a, "b.png": ()})

    def test_the_folder_itself_must_be_one(self):
        with self.assertRaises(FileNotFoundError):
            selectai.scan(self.folder / "missing")
        (self.folder / "file").write_bytes(b"")
        with self.assertRaises(NotADirectoryError):
            selectai.scan(self.folder / "file")


if __name__ == "__main__":
    unittest.main()
