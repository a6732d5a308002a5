"""test_cache.py: vectors on disk.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import gc
import os
import unittest
import zlib

import numpy as np

import fixtures
import selectai
from selectai import CacheRow, EmbeddingCache


class Rows(fixtures.FolderCase):
    """Vectors made elsewhere: no encoder needed."""

    def setUp(self):
        super().setUp()
        self.path = self.folder / "cache"
        self.vectors = np.random.default_rng(1).normal(size=(5, 8)).astype(np.float32)

    def fill(self, **options):
        with EmbeddingCache.create(self.path, encoder_id="test-1", dim=8, **options) as cache:
            for index, vector in enumerate(self.vectors):
                row = CacheRow("p", f"sub/{index}.png", "", 100 + index, 5, index, 64, 48, 2**64 - 1 - index)
                cache.add(row, vector)
            self.assertEqual(len(cache), 5)
            cache.flush()

    def test_what_was_added_is_found(self):
        self.fill()
        with EmbeddingCache.open(self.path) as cache:
            self.assertEqual((len(cache), cache.dim, cache.encoder_id), (5, 8, "test-1"))
            for index, vector in enumerate(self.vectors):
                np.testing.assert_array_equal(cache.find("p", f"/elsewhere/{index}.png"), vector)
                np.testing.assert_array_equal(cache.find_content("p", 100 + index, index), vector)
                row, stored = cache.get(index)
                np.testing.assert_array_equal(stored, vector)
                expected = ("p", f"sub/{index}.png", f"{index}.png", 100 + index, 5, index, 64, 48, 2**64 - 1 - index)
                self.assertEqual(row, expected)
            self.assertIsNone(cache.find("other", "0.png"))
            self.assertIsNone(cache.find("p", "9.png"))
            self.assertIsNone(cache.find_content("p", 1, 2))
            self.assertEqual(cache.issues, [])
            self.assertEqual(cache.verify(), [])

    def test_parts_are_memory_mapped(self):
        self.fill()
        with EmbeddingCache.open(self.path) as cache:
            parts = [cache.vectors(part) for part in range(cache.n_parts)]
            for part in parts:
                self.assertIsInstance(part, np.memmap)
                self.assertFalse(part.flags.writeable)
            np.testing.assert_array_equal(np.concatenate(parts), self.vectors)
            with self.assertRaises(IndexError):
                cache.vectors(cache.n_parts)
        gc.collect()
        np.testing.assert_array_equal(np.concatenate(parts), self.vectors)  # still readable after close()

    def test_half_precision(self):
        self.fill(dtype="float16")
        with EmbeddingCache.open(self.path) as cache:
            self.assertEqual(cache.vectors(0).dtype, np.float16)
            np.testing.assert_array_equal(cache.find("p", "1.png"), self.vectors[1].astype(np.float16))

    def test_damage_is_found(self):
        self.fill()
        (part,) = self.path.glob("part-*.npy")
        data = bytearray(part.read_bytes())
        data[-4:] = np.float32(np.nan).tobytes()
        part.write_bytes(data)
        with EmbeddingCache.open(self.path) as cache:
            self.assertEqual([issue.path for issue in cache.verify()], [str(part)])

    def test_another_encoder_is_refused(self):
        self.fill()
        with self.assertRaisesRegex(selectai.MismatchError, "test-1"):
            EmbeddingCache.create(self.path, encoder_id="test-2", dim=8)

    def test_missing_and_foreign_folders(self):
        with self.assertRaises(FileNotFoundError):
            EmbeddingCache.open(self.folder / "missing")
        (self.folder / "manifest.json").write_text("{}", encoding="utf-8")
        with self.assertRaises(selectai.FormatError):
            EmbeddingCache.open(self.folder)

    def test_wrong_arguments_say_so(self):
        with self.assertRaisesRegex(TypeError, "encoder"):
            EmbeddingCache.create(self.path)
        with EmbeddingCache.create(self.path, encoder_id="test-1", dim=8) as cache:
            with self.assertRaisesRegex(ValueError, r"vector must have the shape of float32 \[8\], not float64 \[7\]"):
                cache.add(CacheRow("p", "a.png", ""), np.zeros(7))
            with self.assertRaisesRegex(ValueError, "crc32"):
                cache.add(CacheRow("p", "a.png", "", crc32=2**32), np.zeros(8))
            with self.assertRaises(IndexError):
                cache.get(0)
            with self.assertRaisesRegex(TypeError, "project"):
                cache.find(None, "a.png")


class Files(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.images = self.folder / "RAW"
        self.images.mkdir()
        self.paths = [self.images / f"{seed}.png" for seed in range(4)]
        for seed, path in enumerate(self.paths):
            selectai.save(fixtures.picture(seed), path)
        self.encoder = selectai.Encoder.open()
        self.addCleanup(self.encoder.close)
        self.cache = EmbeddingCache.create(self.folder / "cache", self.encoder)
        self.addCleanup(self.cache.close)

    def test_files_are_encoded_once(self):
        result = self.cache.add_files("p", self.paths)
        self.assertEqual(result, (4, 0, 0, 0, []))
        self.assertEqual(self.cache.add_files("p", self.paths)[:4], (0, 4, 0, 0))
        expected = self.encoder.encode(self.paths)
        for path, vector in zip(self.paths, expected):
            np.testing.assert_array_equal(self.cache.find("p", path), vector)
        data = self.paths[0].read_bytes()
        row, _ = self.cache.get(0)
        self.assertEqual((row.size, row.crc32, row.width, row.height), (len(data), zlib.crc32(data), 64, 48))
        self.assertEqual(row.phash, selectai.phash(self.paths[0]))

    def test_renamed_and_changed_files(self):
        self.cache.add_files("p", self.paths)
        moved = self.images / "moved.png"
        os.rename(self.paths[0], moved)
        selectai.save(fixtures.picture(77, 50, 50), self.paths[1])
        result = self.cache.add_files("p", [moved, *self.paths[1:]])
        self.assertEqual(result[:4], (1, 2, 1, 0))
        np.testing.assert_array_equal(self.cache.find("p", "1.png"), self.encoder.encode([self.paths[1]])[0])

    def test_bad_files_are_listed(self):
        (self.images / "bad.png").write_bytes(b"no image")
        result = self.cache.add_files("p", [self.images / "bad.png", self.paths[0]])
        self.assertEqual(result[:4], (1, 0, 0, 1))
        self.assertEqual([issue.path for issue in result.issues], [str(self.images / "bad.png")])
        self.assertIsNone(self.cache.find("p", "bad.png"))

    def test_relative_paths(self):
        self.cache.add_files("p", self.paths, rel_paths=[f"x/{path.name}" for path in self.paths])
        self.assertEqual(self.cache.get(2)[0].rel_path, "x/2.png")
        with self.assertRaisesRegex(ValueError, "rel_paths has 1"):
            self.cache.add_files("p", self.paths, rel_paths=["a.png"])

    def test_cancelling_keeps_a_valid_cache(self):
        with self.assertRaises(selectai.Cancelled):
            self.cache.add_files("p", self.paths, progress=lambda done, total, stage: True)
        self.assertEqual(self.cache.verify(), [])
        self.assertEqual(sum(self.cache.add_files("p", self.paths)[:4]), 4)

    def test_needs_an_encoder(self):
        self.cache.add_files("p", self.paths[:1])
        self.cache.close()
        with EmbeddingCache.open(self.folder / "cache") as cache:
            with self.assertRaisesRegex(TypeError, "encoder"):
                cache.add_files("p", self.paths)
            with self.assertRaises(selectai.Error):
                cache.add_files("p", self.paths, self.encoder)


if __name__ == "__main__":
    unittest.main()
