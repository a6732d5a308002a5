"""test_cache.py: vectors on disk.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import csv
import gc
import json
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
                row = CacheRow("p", f"sub/{index}.png", "", 100 + index, 5, index, 64, 48, 2**64 - 1 - index, 2**63 + index)
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
                numbers = (100 + index, 5, index, 64, 48, 2**64 - 1 - index, 2**63 + index)
                expected = ("p", f"sub/{index}.png", f"{index}.png", *numbers)
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


class LookingAfter(fixtures.FolderCase):
    """Merging, compacting, exporting and importing, with numpy as the judge."""

    def setUp(self):
        super().setUp()
        self.vectors = np.random.default_rng(2).normal(size=(30, 8)).astype(np.float32)

    def fill(self, name, rows, **options):
        """rows: (project, path, vector, mtime)."""
        path = self.folder / name
        with EmbeddingCache.create(path, encoder_id="test-1", dim=8, **options) as cache:
            for project, rel_path, index, mtime in rows:
                cache.add(CacheRow(project, rel_path, "", 100 + index, mtime, index, 64, 48, 7), self.vectors[index])
        return path

    def test_merge_and_compact(self):
        a = self.fill("a", [("p", f"{i}.png", i, 5) for i in range(10)], dtype="float16")
        b = self.fill("b", [("p", f"{i}.png", i + 10, 4 + i % 3) for i in range(5, 15)])
        stages = []
        out = self.folder / "out"
        result = selectai.merge_caches(out, [a, b], progress=lambda done, total, stage: stages.append(stage))
        self.assertEqual(set(stages), {"merge"})
        expected = {i: i for i in range(10)}
        for i in range(5, 15):
            if i >= 10 or 4 + i % 3 >= 5:  # later, or of equal times the later cache
                expected[i] = i + 10
        self.assertEqual((result.read, result.written, result.failed, result.issues), (20, 15, 0, []))
        self.assertEqual(result.superseded, 5)
        with EmbeddingCache.open(out) as cache:
            for i, index in expected.items():
                half = index < 10
                wanted = self.vectors[index].astype(np.float16 if half else np.float32)
                np.testing.assert_array_equal(cache.find("p", f"{i}.png"), wanted)
            self.assertEqual(cache.verify(), [])
        self.fill("out", [("p", "3.png", 29, 9)])
        self.assertEqual(selectai.compact_cache(out).superseded, 1)
        (self.folder / "raw").mkdir()
        (self.folder / "raw" / "3.png").write_bytes(b"x")
        result = selectai.compact_cache(out, drop_missing={"p": self.folder / "raw"}, dtype="float16")
        self.assertEqual((result.missing, result.written), (14, 1))
        with EmbeddingCache.open(out) as cache:
            np.testing.assert_array_equal(cache.find("p", "3.png"), self.vectors[29].astype(np.float16))
            self.assertEqual((len(cache), cache.verify(), cache.failures()), (1, [], []))
        with self.assertRaises(FileNotFoundError):
            selectai.compact_cache(out, drop_missing={"p": self.folder / "not mounted"})
        other = EmbeddingCache.create(self.folder / "c", encoder_id="test-2", dim=8)
        other.close()
        with self.assertRaisesRegex(selectai.MismatchError, "test-1.*test-2|test-2.*test-1"):
            selectai.merge_caches(self.folder / "no", [a, self.folder / "c"])

    def test_an_open_cache_keeps_its_vectors_when_parts_are_joined(self):
        for number in range(2):
            self.fill("a", [("p", f"{number}{i}.png", 10 * number + i, 5) for i in range(10)])
        with EmbeddingCache.open(self.folder / "a") as cache:
            self.assertEqual(cache.n_parts, 2)
            first = cache.vectors(0)
            selectai.compact_cache(self.folder / "a")
            np.testing.assert_array_equal(cache.find("p", "03.png"), self.vectors[3])
            np.testing.assert_array_equal(first, self.vectors[:10])
            with self.assertRaisesRegex(selectai.NotFoundError, "open it again") as caught:
                cache.vectors(0)
            self.assertIsInstance(caught.exception, FileNotFoundError)
        with EmbeddingCache.open(self.folder / "a") as cache:
            self.assertEqual(cache.n_parts, 1)
            self.assertEqual(cache.leftovers(), [])
            np.testing.assert_array_equal(cache.vectors(0)[:10], self.vectors[:10])

    def test_export(self):
        cache = self.fill("a", [("p", f"day/{i}.png", i, 5) for i in range(10)] + [("q", "x.png", 11, 5)])
        selectai.export_cache(cache, self.folder / "plain")
        array = np.load(self.folder / "plain" / "embeddings.npy")
        np.testing.assert_array_equal(array, self.vectors[[*range(10), 11]])
        lines = (self.folder / "plain" / "embeddings.jsonl").read_text("utf-8").splitlines()
        self.assertEqual([json.loads(line)["rel_path"] for line in lines], [f"day/{i}.png" for i in range(10)] + ["x.png"])
        result = selectai.export_cache(
            cache,
            self.folder / "clip",
            format="clip-retrieval",
            metadata="csv",
            normalise=True,
            project="p",
            roots={"p": "/raw"},
            rows_per_file=4,
            dtype="float16",
        )
        self.assertEqual((result.written, result.files), (10, 3))
        parts = [np.load(self.folder / "clip" / "img_emb" / f"img_emb_{i}.npy") for i in range(3)]
        self.assertEqual([(part.shape, part.dtype) for part in parts][2], ((2, 8), np.float16))
        expected = self.vectors[:10] / np.linalg.norm(self.vectors[:10], axis=1, keepdims=True)
        np.testing.assert_allclose(np.concatenate(parts), expected, atol=1e-3)
        with open(self.folder / "clip" / "metadata" / "metadata_1.csv", encoding="utf-8") as stream:
            self.assertEqual([row["image_path"] for row in csv.DictReader(stream)], [f"/raw/day/{i}.png" for i in range(4, 8)])
        with self.assertRaises(FileExistsError):
            selectai.export_cache(cache, self.folder / "clip")
        with self.assertRaises(ValueError):
            selectai.export_cache(cache, self.folder / "x", format="parquet")
        try:
            import pyarrow.parquet
        except ImportError:
            with self.assertRaises(ImportError):
                selectai.export_cache(cache, self.folder / "x", format="clip-retrieval", metadata="parquet")
            self.assertFalse((self.folder / "x").exists())
        else:
            selectai.export_cache(cache, self.folder / "x", format="clip-retrieval", metadata="parquet")
            table = pyarrow.parquet.read_table(self.folder / "x" / "metadata" / "metadata_0.parquet")
            self.assertEqual(table.column("image_path").to_pylist()[-1], "x.png")

    def test_import_legacy(self):
        (self.folder / "embeddings").mkdir()
        lines = []
        for i in range(6):
            image = self.folder / f"{i}.png"
            if i < 2:
                selectai.save(fixtures.picture(i), image)
                os.utime(image, (1000, 1000))
            vector = self.vectors[i].astype([np.float32, np.float16, np.float64][i % 3])
            if i != 4:
                np.save(self.folder / "embeddings" / f"{i}.npy", vector if i % 2 else vector[None])
            lines.append(json.dumps({"image_path": str(image), "embedding_file": f"embeddings/{i}.npy", "hash": "x"}))
        jsonl = self.folder / "processed_images.jsonl"
        jsonl.write_text("\n".join(lines) + "\n", "utf-8")
        result = selectai.import_legacy_cache(
            self.folder / "cache", jsonl, encoder_id="clip:0123456789abcdef:gelu", project="p", root=self.folder
        )
        self.assertEqual((result.read, result.written, result.missing, result.failed), (6, 5, 3, 1))
        self.assertEqual([(issue.kind, issue.row) for issue in result.issues], [("missing-vector", 5)])
        with EmbeddingCache.open(self.folder / "cache") as cache:
            self.assertEqual(cache.verify(), [])
            for i in (0, 1, 2, 3, 5):
                wanted = self.vectors[i].astype([np.float32, np.float16, np.float64][i % 3]).astype(np.float32)
                np.testing.assert_array_equal(cache.find("p", f"{i}.png"), wanted)
            row, _ = cache.get(0)
            data = (self.folder / "0.png").read_bytes()
            self.assertEqual(row[1:8], ("0.png", "0.png", len(data), 1000 * 10**9, zlib.crc32(data), 64, 48))
            self.assertEqual(cache.get(2)[0][3:8], (0, 0, 0, 0, 0))
        with self.assertRaises(TypeError):
            selectai.import_legacy_cache(self.folder / "cache", jsonl, project="p")


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
