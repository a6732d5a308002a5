"""test_duplicates.py: groups of near hashes, copies of pictures, and the hash against its definition.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import math
import os
import threading
import unittest

import fixtures
import numpy as np

import selectai

try:
    from PIL import Image
except ImportError:
    Image = None


def bits(number):
    return bin(int(number)).count("1")


def naive_groups(hashes, distance):
    """Numbers by first member, all pairs, single linkage."""
    groups = [-1] * len(hashes)
    found = 0
    for first in range(len(hashes)):
        if groups[first] >= 0:
            continue
        groups[first] = found
        waiting = [first]
        while waiting:
            at = waiting.pop()
            for other in range(len(hashes)):
                if groups[other] < 0 and bits(hashes[at] ^ hashes[other]) <= distance:
                    groups[other] = found
                    waiting.append(other)
        found += 1
    return groups


class HashGroups(unittest.TestCase):
    def test_as_all_pairs(self):
        rng = np.random.default_rng(1)
        hashes = [int(v) for v in rng.integers(0, 2**64, 60, np.uint64)]
        for _ in range(120):
            flipped = hashes[rng.integers(len(hashes))]
            for bit in rng.integers(0, 64, rng.integers(0, 9)):
                flipped ^= 1 << int(bit)
            hashes.append(flipped)
        for distance in (0, 1, 4, 8, 30, 64):
            with self.subTest(distance):
                self.assertEqual(selectai.hash_groups(hashes, distance).tolist(), naive_groups(hashes, distance))

    def test_kinds_of_input(self):
        self.assertEqual(selectai.hash_groups([]).tolist(), [])
        self.assertEqual(selectai.hash_groups([2**64 - 1, 0, 1], 1).tolist(), [0, 1, 1])
        self.assertEqual(selectai.hash_groups(np.array([3, 3]), 0).dtype, np.uint32)
        strided = np.array([0, 9, 1, 9, 2**63, 9], np.uint64)[::2]
        self.assertEqual(selectai.hash_groups(strided, 1).tolist(), [0, 0, 0])

    def test_wrong_arguments_say_so(self):
        for hashes in ([-1], [2**64], [1.5], [[1, 2]], ["a"]):
            with self.subTest(hashes), self.assertRaises((ValueError, TypeError)):
                selectai.hash_groups(hashes)
        for distance in (-1, 65):
            with self.subTest(distance), self.assertRaisesRegex(ValueError, "distance"):
                selectai.hash_groups([1], distance)
        with self.assertRaisesRegex(TypeError, "distance"):
            selectai.hash_groups([1], 1.5)


class Copies(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.big = fixtures.blurred(fixtures.blurred(fixtures.picture(1, 256, 192)))
        self.small = selectai.resize(self.big, 128, 96)
        self.save("20250708_101500_stage2.png", self.big)
        self.save("a level 1.png", self.big, 1)
        self.save("resaved \u00fc\n.jpg", self.big, 92)
        self.save("small.png", self.small)
        self.save("20250708_101400_stage1.png", self.small)
        self.save("another.png", fixtures.blurred(fixtures.picture(9, 256, 192)))

    def save(self, name, rgb, quality=None):
        selectai.save(rgb, self.folder / name, quality)

    def names(self, paths):
        return {os.path.basename(path) for path in paths}

    def test_a_folder(self):
        before = {path: path.read_bytes() for path in self.folder.iterdir()}
        found = selectai.duplicates(self.folder, project="p")
        self.assertEqual((len(found), found.issues), (1, []))
        group = found[0]
        self.assertEqual(group[0].relation, "keep")
        self.assertFalse(group[0].can_go)
        self.assertEqual((group[0].width, group[0].height, group[0].project), (256, 192, "p"))
        copies = {os.path.basename(copy.path): copy for copy in group}
        self.assertEqual(len(copies), 5)
        self.assertEqual(
            {copies["a level 1.png"].relation, copies["20250708_101500_stage2.png"].relation}, {"keep", "same-pixels"}
        )
        self.assertEqual(copies["resaved \u00fc\n.jpg"].relation, "resaved")
        self.assertTrue(copies["resaved \u00fc\n.jpg"].can_go)
        self.assertLess(copies["resaved \u00fc\n.jpg"].difference, 2)
        self.assertTrue(math.isnan(group[0].difference))
        self.assertEqual(copies["small.png"].hash, selectai.phash(self.small))
        self.assertEqual(copies["small.png"].size, os.path.getsize(self.folder / "small.png"))
        self.assertEqual(set(found.removable), {copy.path for copy in group if copy.can_go})
        self.assertLess(len(found.removable), len(group))
        self.assertEqual(before, {path: path.read_bytes() for path in self.folder.iterdir()})

    def test_known_hashes_save_reading(self):
        paths = sorted(self.folder.iterdir())
        hashes, known, issues = selectai.hash_files(paths, threads=2)
        self.assertTrue(known.all() and not issues)
        self.assertEqual(hashes.dtype, np.uint64)
        seen = []
        found = selectai.duplicates(paths, hashes=hashes, progress=lambda done, total, stage: seen.append(stage))
        self.assertEqual(found.groups[0][0].path, selectai.duplicates(paths)[0][0].path)
        self.assertIn("compare", seen)
        paths = ["/nowhere/a.png", "/nowhere/b.png"]
        self.assertEqual(len(selectai.duplicates(paths, hashes=[0, 2**64 - 1]).issues), 0)
        self.assertEqual(len(selectai.duplicates(paths, hashes=[0, 2**64 - 1], known=[True, False]).issues), 1)
        with self.assertRaisesRegex(ValueError, "hashes"):
            selectai.duplicates(paths, hashes=[1])

    def test_projects_apart(self):
        paths = [self.folder / "a level 1.png", self.folder / "20250708_101500_stage2.png"]
        self.assertEqual(len(selectai.duplicates(paths, project=["a", "b"])), 0)
        self.assertEqual(len(selectai.duplicates(paths, project=["a", "a"])), 1)
        with self.assertRaisesRegex(ValueError, "project"):
            selectai.duplicates(paths, project=["a"])

    def test_unreadable_files_and_links(self):
        (self.folder / "broken.png").write_bytes(b"no picture")
        (self.folder / "link.png").symlink_to(self.folder / "another.png")
        paths = [self.folder / name for name in ("link.png", "another.png", "broken.png", "missing.png")]
        found = selectai.duplicates(paths)
        self.assertEqual(len(found), 0)
        self.assertEqual(self.names(issue.path for issue in found.issues), {"broken.png", "missing.png"})
        hashes, known, issues = selectai.hash_files(paths)
        self.assertEqual(known.tolist(), [True, True, False, False])
        self.assertEqual(len(issues), 2)

    def test_cancelling_and_exceptions(self):
        with self.assertRaises(selectai.Cancelled):
            selectai.duplicates(self.folder, progress=lambda *a: True)
        with self.assertRaises(ZeroDivisionError):
            selectai.hash_files(list(self.folder.iterdir()), progress=lambda *a: 1 / 0)
        with self.assertRaises(FileNotFoundError):
            selectai.duplicates(self.folder / "missing")

    def test_alpha_stays(self):
        if Image is None:
            self.skipTest("Pillow is missing")
        rgba = np.dstack([self.big, np.full(self.big.shape[:2], 255, np.uint8)])
        rgba[:40, :, 3] = 0
        Image.fromarray(rgba).save(self.folder / "alpha.png")
        group = selectai.duplicates([self.folder / "alpha.png", self.folder / "a level 1.png"])[0]
        self.assertEqual(os.path.basename(group[0].path), "alpha.png")
        self.assertEqual((group[1].relation, group[1].can_go), ("same-pixels", True))

    def test_several_threads(self):
        results = []
        run = lambda: results.append([[c.path for c in g] for g in selectai.duplicates(self.folder)])
        workers = [threading.Thread(target=run) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(results, [results[0]] * 4)


@unittest.skipIf(Image is None, "Pillow is missing")
class PerceptualHash(fixtures.FolderCase):
    """selectai.phash against ImageHash's definition, computed here: no line of it is shared with the library."""

    def definition(self, path):
        with Image.open(path) as image:
            small = np.asarray(image.convert("L").resize((32, 32), Image.LANCZOS))
        n = np.arange(32)
        dct = 2 * np.cos(np.pi * np.outer(n, 2 * n + 1) / 64)  # type II, not normalised
        low = (dct @ small.astype(np.float64) @ dct.T)[:8, :8]
        return low, low > np.median(low)

    def draw(self, rng, kind):
        width, height = (int(v) for v in rng.integers(8, 220, 2))
        rgb = fixtures.picture(int(rng.integers(2**31)), width, height)
        if rng.integers(3) == 0:
            rgb = rng.integers(0, 256, rgb.shape, np.uint8)
        image = Image.fromarray(rgb)
        if kind == "RGBA":
            image.putalpha(Image.fromarray(rng.integers(0, 256, (height, width), np.uint8)))
        elif kind == "LA":
            image = image.convert("L")
            image.putalpha(int(rng.integers(256)))
        elif kind == "P":
            image = image.quantize(int(rng.integers(2, 257)))
        elif kind != "RGB":
            image = image.convert(kind)
        return image

    def test_200_pictures_bit_for_bit(self):
        rng = np.random.default_rng(20261120)
        kinds = ("RGB", "L", "P", "RGBA", "LA", "1")
        for round_ in range(200):
            kind = kinds[round_ % len(kinds)]
            path = self.folder / ("%d.%s" % (round_, "bmp" if kind == "RGB" and round_ % 5 == 0 else "png"))
            self.draw(rng, kind).save(path)
            low, expected = self.definition(path)
            got = np.array([int(bit) for bit in f"{selectai.phash(path):064b}"], bool).reshape(8, 8)
            with self.subTest(round=round_, kind=kind):
                # A coefficient that equals the median but for rounding would prove nothing; there is none.
                self.assertGreater(np.abs(low - np.median(low)).min(), 1e-9 * np.abs(low).max())
                np.testing.assert_array_equal(got, expected)


if __name__ == "__main__":
    unittest.main()
