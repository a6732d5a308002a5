"""test_encoder.py: pixels into vectors.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import threading
import unittest
from pathlib import Path

import numpy as np

import fixtures
import selectai


class Builtin(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.encoder = selectai.Encoder.open()
        self.addCleanup(self.encoder.close)
        self.pictures = [fixtures.picture(seed, 80 + seed, 60) for seed in range(3)]
        self.paths = [self.folder / f"{seed}.png" for seed in range(3)]
        for rgb, path in zip(self.pictures, self.paths):
            selectai.save(rgb, path)

    def test_says_what_it_is(self):
        self.assertEqual(self.encoder.dim, 512)
        self.assertTrue(self.encoder.model_id.startswith("selectai-builtin"))
        self.assertEqual(self.encoder.input_size, 0)

    def test_files_and_arrays_give_the_same_bits(self):
        files = self.encoder.encode(self.paths)
        self.assertEqual((files.shape, files.dtype), ((3, 512), np.float32))
        self.assertTrue(np.isfinite(files).all())
        np.testing.assert_array_equal(self.encoder.encode(self.pictures), files)
        mixed = [self.pictures[0], self.paths[1], str(self.paths[2])]
        np.testing.assert_array_equal(self.encoder.encode(mixed), files)
        with selectai.Encoder.open(threads=1) as single:
            np.testing.assert_array_equal(single.encode(self.paths), files)

    def test_pictures_differ_and_likeness_shows(self):
        original, other = self.encoder.encode(self.pictures[:2])
        (near,) = self.encoder.encode([np.clip(self.pictures[0].astype(int) + 1, 0, 255).astype(np.uint8)])
        self.assertLess(np.linalg.norm(original - near), np.linalg.norm(original - other))

    def test_a_bad_file_is_a_row_of_nan_and_an_issue(self):
        (self.folder / "bad.png").write_bytes(b"no image")
        paths = [self.paths[0], self.folder / "bad.png", self.paths[1], self.folder / "missing.png"]
        vectors = self.encoder.encode(paths)
        self.assertEqual(np.isnan(vectors).all(axis=1).tolist(), [False, True, False, True])
        self.assertEqual([issue.path for issue in self.encoder.issues], [str(paths[1]), str(paths[3])])
        self.assertEqual({issue.kind for issue in self.encoder.issues}, {"unreadable"})
        self.assertEqual(self.encoder.issues[1].code, selectai.NotFoundError.code)
        self.encoder.encode([self.paths[0]])
        self.assertEqual(self.encoder.issues, [])

    def test_no_images_is_no_rows(self):
        self.assertEqual(self.encoder.encode([]).shape, (0, 512))

    def test_wrong_arguments_say_so(self):
        with self.assertRaisesRegex(TypeError, "put it in a list"):
            self.encoder.encode(str(self.paths[0]))
        with self.assertRaisesRegex(ValueError, r"uint8 \[height, width, 3\]"):
            self.encoder.encode([np.zeros((5, 5), np.uint8)])
        with self.assertRaises(selectai.UnsupportedError):
            self.encoder.encode_tensor(np.zeros((1, 3, 224, 224), np.float32))
        self.encoder.close()
        with self.assertRaisesRegex(ValueError, "Encoder is closed"):
            self.encoder.encode(self.paths)

    def test_progress(self):
        seen = []
        self.encoder.encode(self.paths, progress=lambda *step: seen.append(step))
        self.assertEqual(seen[-1], (3, 3, "encode"))


    def test_threads_wait_for_each_other(self):
        expected = self.encoder.encode(self.paths)
        results = [None] * 4

        def work(index):
            results[index] = self.encoder.encode(self.paths * 5)

        threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            np.testing.assert_array_equal(result, np.tile(expected, (5, 1)))

    def test_a_callback_must_not_use_the_encoder_at_work(self):
        for use in (lambda: self.encoder.encode(self.paths), self.encoder.close):
            with self.subTest(use), self.assertRaisesRegex(RuntimeError, "at work"):
                self.encoder.encode(self.paths, progress=lambda *step: use())
        self.assertFalse(self.encoder.closed)


class Towers(fixtures.FolderCase):
    def test_options_are_checked(self):
        for options, text in (
            ({"activation": "relu"}, "activation"),
            ({"dtype": "int8"}, "dtype"),
            ({"threads": -1}, "threads"),
        ):
            with self.subTest(options), self.assertRaisesRegex(ValueError, text):
                selectai.Encoder.open("builtin", **options)

    def test_missing_and_broken_weights(self):
        reason = fixtures.torch_missing()
        if reason:
            self.skipTest(reason)
        with self.assertRaises(FileNotFoundError):
            selectai.Encoder.open(self.folder / "missing.safetensors")
        (self.folder / "broken.safetensors").write_bytes(b"\xff" * 64)
        with self.assertRaisesRegex(selectai.FormatError, "broken.safetensors"):
            selectai.Encoder.open(self.folder / "broken.safetensors")

    def test_a_tower_equals_the_reference(self):
        data = Path(__file__).resolve().parents[3] / "shared/data/clip/tiny"
        if not data.is_dir():
            self.skipTest(f"{data} is not here")
        reason = fixtures.torch_missing()
        if reason:
            self.skipTest(reason)
        x = np.fromfile(data / "tiny128.input.f32", np.float32).reshape(-1, 3, 64, 64)
        for activation in ("quickgelu", "gelu"):
            expected = np.fromfile(data / f"tiny128.emb.{activation}.f32", np.float32).reshape(len(x), 32)
            with selectai.Encoder.open(data / "tiny128.safetensors", activation=activation, dtype="float32") as tower:
                self.assertEqual((tower.input_size, tower.dim), (64, 32))
                self.assertTrue(tower.model_id.endswith(activation))
                np.testing.assert_allclose(tower.encode_tensor(x), expected, rtol=0, atol=1e-4)
                rgb = fixtures.picture(1)
                one = tower.encode_tensor(selectai.preprocess(rgb, 64)[None])
                np.testing.assert_allclose(tower.encode([rgb]), one, rtol=0, atol=1e-5)
                with self.assertRaisesRegex(ValueError, r"float32 \[n, 3, 64, 64\]"):
                    tower.encode_tensor(x[:, :, :32, :32])
            with selectai.Encoder.open(data / "tiny128.safetensors", activation=activation) as quick:
                self.assertTrue(quick.model_id.endswith(activation))  # whatever type it computes in
                got = quick.encode_tensor(x)
                cosine = (got * expected).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(expected, axis=1)
                self.assertGreater(cosine.min(), 0.999)

    def test_weights_need_the_module(self):
        if fixtures.torch_missing() is None:
            self.skipTest("the torch module is there")
        (self.folder / "any.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
        with self.assertRaises(selectai.Error):
            selectai.Encoder.open(self.folder / "any.safetensors")


if __name__ == "__main__":
    unittest.main()
