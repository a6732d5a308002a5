"""test_old_models.py: rankers and croppers that something else trained, in PyTorch's files: scores against PyTorch.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import hashlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

import numpy as np

import fixtures
import selectai
from test_hostile_weights import archive, laid_out, safetensors, state_dict

DATA = Path(__file__).resolve().parents[3] / "shared/data"


def head(dim=512, seed=3, names=("net.0", "net.3", "net.5"), widths=(16, 8, 1)):
    """Tensors of a ranker of the first attempt's form."""
    rng = np.random.default_rng(seed)
    tensors, before = {}, dim
    for name, width in zip(names, widths):
        prefix = name + "." if name else ""
        tensors[prefix + "weight"] = (rng.standard_normal((width, before)) / np.sqrt(before)).astype("<f4")
        tensors[prefix + "bias"] = rng.standard_normal(width).astype("<f4")
        before = width
    return tensors


def write(path, tensors, **more):
    path.write_bytes(archive(b"\x80\x02" + state_dict(tensors, **more) + b".", tensors))
    return path


class MadeByTorch(unittest.TestCase):
    """Each file is loaded as it is and imported; both compute what PyTorch computes."""

    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="selectai-test-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = Path(holder.name)
        maker = Path(__file__).with_name("make_old_models.py")
        command = [sys.executable, "-B", maker, cls.folder, DATA / "legacy/models"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 77:
            raise unittest.SkipTest(f"Python has no PyTorch: {done.stdout.strip()}")
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.cases = json.loads((cls.folder / "cases.json").read_text())

    def compute(self, name, kind, model):
        x = np.load(self.folder / f"{name}.x.npy")
        if kind == "ranker":
            return model.score(x)[:, None]
        return model.propose(x, np.load(self.folder / f"{name}.sizes.npy"))

    def expected(self, name, kind):
        """What PyTorch computed; corners in the wrong order, which few are, swapped."""
        y = np.load(self.folder / f"{name}.y.npy")
        if kind == "ranker":
            return y
        self.assertGreater((y[:, :2] < y[:, 2:]).mean(), 0.6)
        return np.concatenate([np.minimum(y[:, :2], y[:, 2:]), np.maximum(y[:, :2], y[:, 2:])], axis=1)

    def check_case(self, name, case, output):
        kind, path = case["kind"], self.folder / f"{name}.pt"
        loader, other = (selectai.Ranker, selectai.Cropper)[:: 1 if kind == "ranker" else -1]
        y = self.expected(name, kind)
        scale = max(1, np.abs(y).max())
        if case.get("ask"):
            with self.assertRaisesRegex(selectai.UnsupportedError, "--hidden"):
                loader.load(path)
            model = selectai.import_model(path, output, hidden=case["hidden"])
            np.testing.assert_allclose(self.compute(name, kind, model), y, rtol=0, atol=1e-5 * scale)
            return
        model = loader.load(path)
        got = self.compute(name, kind, model)
        np.testing.assert_allclose(got, y, rtol=0, atol=1e-5 * scale)
        self.assertEqual(model.encoder_id, "")
        for key, value in case.items():
            self.assertEqual(model.metadata[{"form": "source_form"}.get(key, key)], value)
        self.assertEqual(model.metadata["source_sha256"], hashlib.sha256(path.read_bytes()).hexdigest())
        imported = selectai.import_model(path, output, encoder_id="e-1", kind=kind)
        self.assertIsInstance(imported, loader)
        self.assertEqual(imported.encoder_id, "e-1")
        np.testing.assert_array_equal(self.compute(name, kind, imported), got)
        imported.save(output.with_suffix(".again"))
        self.assertEqual(output.with_suffix(".again").read_bytes(), output.read_bytes())
        with self.assertRaises(selectai.MismatchError):
            other.load(path)

    def test_every_form(self):
        self.assertGreater(len(self.cases), 15)
        for name, case in self.cases.items():
            with self.subTest(name):
                self.check_case(name, case, self.folder / f"{name}.safetensors")

    def test_the_first_attempts_files_were_among_them(self):
        if not (DATA / "legacy/models").is_dir():
            self.skipTest(f"{DATA / 'legacy/models'} is not here")
        self.assertTrue({"ranker_v2", "ranker_v3_w10", "crop_proposer_v2"} <= set(self.cases))


class Laion(unittest.TestCase):
    GOLDEN = (-1.4700, 0.2728, 1.9900, 3.6114, 5.0874, 6.3926, 7.6682, 8.9155, 9.9166, 11.0056)

    def test_golden_scores(self):
        folder = DATA / "laion"
        if not folder.is_dir():
            self.skipTest(f"{folder} is not here")
        vectors = [np.load(folder / f"vit_b_32_embeddings/rating{i}.npy").reshape(-1) for i in range(10)]
        ranker = selectai.Ranker.load(folder / "sa_0_4_vit_b_32_linear.pth")
        self.assertEqual((ranker.dim, ranker.metadata["vectors"]), (512, "unit-length"))
        np.testing.assert_allclose(ranker.score(np.stack(vectors).astype(np.float32)), self.GOLDEN, rtol=0, atol=1e-4)


class InUse(fixtures.FolderCase):
    """Measuring and suggesting with models whose encoder nobody knows."""

    def setUp(self):
        super().setUp()
        raw, final, self.truth = fixtures.write_project(self.folder, n_groups=12)
        self.raw = sorted(raw.iterdir())
        self.result = selectai.extract(raw, final, "p")
        self.encoder = selectai.Encoder.open()
        self.addCleanup(self.encoder.close)
        self.cache = selectai.EmbeddingCache.create(self.folder / "cache", self.encoder)
        self.addCleanup(self.cache.close)
        self.cache.add_files("p", self.raw)

    def test_the_unknown_encoder_is_an_issue(self):
        ranker = selectai.Ranker.load(write(self.folder / "old.pt", head()))
        crop = head(514, names=("net.0", "net.3", "net.6", "net.8"), widths=(16, 8, 8, 4))
        cropper = selectai.Cropper.load(write(self.folder / "crop.pt", crop))
        for model in (ranker, cropper):
            evaluation = model.evaluate(self.result, self.cache)
            kinds = [issue.kind for issue in evaluation.issues]
            self.assertEqual(kinds.count("encoder-unknown"), 1)
        suggestions = selectai.suggest(self.raw, ranker, cropper=cropper, encoder=self.encoder)
        self.assertEqual([issue.kind for issue in suggestions.issues].count("encoder-unknown"), 2)
        self.assertGreater(len(suggestions), 0)
        bound = selectai.import_model(self.folder / "old.pt", self.folder / "b", encoder="builtin")
        self.assertEqual(bound.encoder_id, self.encoder.model_id)
        self.assertNotIn("encoder-unknown", [i.kind for i in bound.evaluate(self.result, self.cache).issues])

    def test_another_length_or_encoder_is_refused(self):
        other = selectai.Ranker.load(write(self.folder / "old.pt", head(768)))
        with self.assertRaisesRegex(selectai.MismatchError, "768"):
            other.evaluate(self.result, self.cache)
        with self.assertRaisesRegex(selectai.MismatchError, "768"):
            selectai.suggest(self.raw, other, encoder=self.encoder)
        path = write(self.folder / "fits.pt", head())
        bound = selectai.import_model(path, self.folder / "b", encoder_id="another")
        with self.assertRaisesRegex(selectai.MismatchError, "another"):
            bound.evaluate(self.result, self.cache)

    def test_unit_length_is_made_where_vectors_come_from_the_encoder(self):
        """The built-in encoder's vectors are long, so lengths matter: scores are those of the shortened ones."""
        ranker = selectai.Ranker.load(write(self.folder / "laion.pth", head(names=("",), widths=(1,))))
        self.assertEqual(ranker.metadata["vectors"], "unit-length")
        suggestions = selectai.suggest(self.raw, ranker, encoder=self.encoder)
        for suggestion in suggestions:
            x = self.encoder.encode(suggestion.paths)
            self.assertGreater(np.abs(np.linalg.norm(x, axis=1) - 1).min(), 0.1)
            unit = x / np.linalg.norm(x, axis=1, keepdims=True)
            np.testing.assert_allclose(suggestion.scores, ranker.score(unit), rtol=0, atol=1e-5)
            np.testing.assert_allclose(suggestion.probabilities, ranker.probabilities(unit), rtol=0, atol=1e-5)
        decided = [group for group in self.truth if group["winner"]]
        right = 0
        for group in decided:
            x = self.encoder.encode([self.folder / "RAW" / name for name in (group["winner"], *group["losers"])])
            right += int(np.argmax(ranker.score(x / np.linalg.norm(x, axis=1, keepdims=True)))) == 0
        top1 = ranker.evaluate(self.result, self.cache).metrics["top1"]
        self.assertEqual((top1.n, top1.value), (len(decided), right / len(decided)))

    def test_safetensors_of_others_are_imported(self):
        tensors = head()
        (self.folder / "old.safetensors").write_bytes(safetensors(*laid_out(tensors)))
        with self.assertRaises(selectai.FormatError):  # nothing says that it is a model
            selectai.Ranker.load(self.folder / "old.safetensors")
        imported = selectai.import_model(self.folder / "old.safetensors", self.folder / "new")
        self.assertEqual(imported.metadata["source_form"], "safetensors")
        x = np.random.default_rng(1).normal(size=(20, 512)).astype(np.float32)
        same = selectai.Ranker.load(write(self.folder / "old.pt", tensors))
        np.testing.assert_array_equal(imported.score(x), same.score(x))

    def test_import_wants_to_know(self):
        path = write(self.folder / "old.pt", head())
        with self.assertRaises(selectai.InvalidArgumentError):
            selectai.import_model(path, self.folder / "new", encoder=path)  # whose activation?
        with self.assertRaises(selectai.FormatError):
            selectai.import_model(path, self.folder / "new", encoder=path, activation="gelu")  # no tower
        with self.assertRaises(ValueError):
            selectai.import_model(path, self.folder / "new", hidden="gelu")
        with self.assertRaises(selectai.MismatchError):
            selectai.import_model(path, self.folder / "new", kind="cropper")
        self.assertFalse((self.folder / "new").exists())
        selectai.import_model(path, self.folder / "new")
        with self.assertRaises(FileExistsError):
            selectai.import_model(path, self.folder / "new")


class Validated(fixtures.FolderCase):
    def look(self, name):
        (file,) = selectai.validate(self.folder / name)
        return file, " ".join(example.message for problem in file.problems for example in problem.examples)

    def test_it_says_what_a_file_is(self):
        write(self.folder / "old.pt", head())
        file, words = self.look("old.pt")
        self.assertEqual((file.kind, file.usable), ("legacy-model", 1))
        for part in ("a ranker", "512-16-8-1", "ReLU", "8353 parameters", "all finite", "torch state dict"):
            self.assertIn(part, words)
        write(self.folder / "other.pt", {"stem.weight": np.zeros((4, 3, 2, 2), "<f4")})
        file, words = self.look("other.pt")
        self.assertEqual((file.kind, file.usable), ("weights", 1))
        self.assertIn("stem.weight", words)
        write(self.folder / "which.pt", head(names=("a.0", "a.2", "a.4")))
        file, words = self.look("which.pt")
        self.assertEqual((file.kind, file.usable), ("legacy-model", 1))
        self.assertIn("ReLU", words)

    def test_it_says_what_is_wrong(self):
        tensors = head()
        broken = {**tensors, "net.3.bias": np.full(8, np.nan, "<f4")}
        for name, data, code, word in (
            ("nan.pt", broken, "not-finite", "net.3.bias"),
            ("gap.pt", {k: v for k, v in tensors.items() if "net.3" not in k}, "wrong-shape", "net.5.weight"),
            ("bias.pt", {k: v for k, v in tensors.items() if k != "net.0.bias"}, "wrong-shape", "net.0.weight"),
        ):
            with self.subTest(name):
                write(self.folder / name, data)
                file, words = self.look(name)
                self.assertEqual((file.kind, file.usable), ("legacy-model", 0))
                self.assertIn(code, [problem.code for problem in file.problems])
                self.assertIn(word, words)
        whole = (self.folder / "nan.pt").read_bytes()
        (self.folder / "cut.pt").write_bytes(whole[: len(whole) // 2])
        file, _ = self.look("cut.pt")
        self.assertEqual([problem.code for problem in file.problems], ["damaged"])


class Hostile(fixtures.FolderCase):
    def refused(self, data, label):
        path = self.folder / "weights.pt"
        path.write_bytes(data)
        with self.subTest(label):
            for load in (selectai.Ranker.load, selectai.Cropper.load):
                with self.assertRaisesRegex(selectai.FormatError, "weights"):
                    load(path)
            with self.assertRaisesRegex(selectai.FormatError, "weights"):
                selectai.import_model(path, self.folder / "new")
            (file,) = selectai.validate(path)
            self.assertEqual(file.usable, 0)

    def test_nothing_is_run(self):
        mark, tensors = self.folder / "run", head()

        class Evil:
            def __init__(self, function, *arguments):
                self.what = function, arguments

            def __reduce__(self):
                return self.what

        for evil in (
            Evil(os.system, f"touch {mark}"),
            Evil(eval, f"open({str(mark)!r}, 'w')"),
            Evil(subprocess.Popen, ["touch", str(mark)]),
        ):
            self.refused(archive(pickle.dumps(evil, 2), tensors), "alone")
            stream = b"\x80\x02" + pickle.dumps(evil, 2)[2:-1] + b"0" + state_dict(tensors) + b"."
            self.refused(archive(stream, tensors), "before the state dict")
            self.refused(archive(pickle.dumps({"model_state_dict": {"x": evil}}, 4), tensors), "in it")
            self.assertFalse(mark.exists())

    def test_pickles_without_measure(self):
        tensors = head()
        lists = b"]q\x00" + b"".join(b"](h%ch%ceq%c" % (i, i, i + 1) for i in range(60))
        for label, stream in (
            ("marks", b"(" * 1000000),
            ("lists in lists", b"]" * 200000 + b"a" * 199999),
            ("two to the sixtieth", lists),
            ("a dict in itself", b"}q\x00X\x01\x00\x00\x00ah\x00s"),
            ("a great memo", b"}r\xff\xff\xff\xff"),
            ("a long text", b"\x8d" + b"\xff" * 8),
            ("nothing", b""),
        ):
            self.refused(archive(b"\x80\x02" + stream + b".", tensors), label)

    def test_bombs(self):
        tensors = head()
        good = b"\x80\x02" + state_dict(tensors) + b"."
        self.refused(archive(good, tensors, zipfile.ZIP_DEFLATED), "compressed")
        bomb = archive(b"\x80\x02" + b"N0" * (32 << 20) + b".", {}, zipfile.ZIP_DEFLATED)
        self.assertLess(len(bomb), 1 << 20)
        self.refused(bomb, "64 MiB of nothing")

    def test_changed_bytes_crash_nothing(self):
        rng = np.random.default_rng(3)
        whole = write(self.folder / "weights.pt", head(8)).read_bytes()
        loaded = 0
        for _ in range(300):
            data = bytearray(whole)
            for place in rng.integers(0, len(whole), 4):
                data[place] = rng.integers(256)
            (self.folder / "weights.pt").write_bytes(data)
            try:
                self.assertEqual(selectai.Ranker.load(self.folder / "weights.pt").score(np.ones((1, 8))).shape, (1,))
                loaded += 1
            except selectai.Error as error:
                self.assertIn("weights", str(error))
        self.assertLess(loaded, 300)


if __name__ == "__main__":
    unittest.main()
