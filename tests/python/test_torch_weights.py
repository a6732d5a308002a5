"""test_torch_weights.py: image towers out of PyTorch's files, made by PyTorch itself.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

import fixtures
import selectai

SIDE, DIM = 32, 24


class MadeByTorch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reason = fixtures.torch_missing()
        if reason:
            raise unittest.SkipTest(reason)
        holder = tempfile.TemporaryDirectory(prefix="selectai-test-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = Path(holder.name)
        maker = Path(__file__).with_name("make_torch_weights.py")
        done = subprocess.run([sys.executable, "-B", maker, cls.folder], capture_output=True, text=True)
        if done.returncode == 77:
            raise unittest.SkipTest(f"Python has no PyTorch: {done.stdout.strip()}")
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.x = np.fromfile(cls.folder / "x.f32", np.float32).reshape(-1, 3, SIDE, SIDE)
        cls.cases = json.loads((cls.folder / "cases.json").read_text())

    def encode(self, name):
        with selectai.Encoder.open(self.folder / name, dtype="float32", threads=1) as tower:
            self.assertEqual((tower.input_size, tower.dim), (SIDE, DIM))
            return tower.encode_tensor(self.x)

    def test_every_form_has_the_same_weights(self):
        self.assertGreater(len(self.cases), 15)
        truth = {name: self.encode(name) for name in set(self.cases.values())}
        for name, like in self.cases.items():
            with self.subTest(name):
                np.testing.assert_array_equal(self.encode(f"{name}.pt"), truth[like])

    def test_they_are_what_torch_computes_with_them(self):
        expected = np.fromfile(self.folder / "expected.f32", np.float32).reshape(-1, DIM)
        scale = np.abs(expected).max()
        for name, tolerance in (("whole", 1e-5), ("script", 1e-5), ("mixed", 1e-2), ("f16", 1e-2), ("bf16", 1e-1)):
            with self.subTest(name):
                np.testing.assert_allclose(self.encode(f"{name}.pt"), expected, rtol=0, atol=tolerance * scale)

    def test_the_content_decides_and_the_whole_file_is_the_id(self):
        (self.folder / "named.bin").write_bytes((self.folder / "whole.pt").read_bytes())
        with selectai.Encoder.open(self.folder / "named.bin") as renamed:
            with selectai.Encoder.open(self.folder / "whole.pt") as tower:
                self.assertEqual(renamed.model_id, tower.model_id)
            with selectai.Encoder.open(self.folder / "tower.pt") as other:
                self.assertNotEqual(renamed.model_id, other.model_id)

    def test_old_files_say_how_to_convert_them(self):
        with self.assertRaisesRegex(selectai.FormatError, r"old\.pt.*before version 1\.6.*torch\.save\(torch\.load\("):
            selectai.Encoder.open(self.folder / "old.pt")


class Reference(unittest.TestCase):
    def test_towers_of_openais_code(self):
        data = Path(__file__).resolve().parents[3] / "shared/data/clip/tiny"
        if not data.is_dir():
            self.skipTest(f"{data} is not here")
        reason = fixtures.torch_missing()
        if reason:
            self.skipTest(reason)
        x = np.fromfile(data / "tiny128.input.f32", np.float32).reshape(-1, 3, 64, 64)
        for activation in ("quickgelu", "gelu"):
            expected = np.fromfile(data / f"tiny128.emb.{activation}.f32", np.float32).reshape(len(x), 32)
            with selectai.Encoder.open(data / "tiny128.pt", activation=activation, dtype="float32") as tower:
                vectors = tower.encode_tensor(x)
            np.testing.assert_allclose(vectors, expected, rtol=0, atol=1e-4)
            with selectai.Encoder.open(data / "tiny128.safetensors", activation=activation, dtype="float32") as tower:
                np.testing.assert_array_equal(tower.encode_tensor(x), vectors)


if __name__ == "__main__":
    unittest.main()
