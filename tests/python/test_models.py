"""test_models.py: rankers, croppers and suggestions; scores against numpy.

Scoring needs no torch module: model files are written here, from random weights. Training does.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import struct
import tempfile
import threading
import unittest
import zlib
from pathlib import Path

import numpy as np

import fixtures
import selectai

DIM = 512


def read_safetensors(path):
    """Metadata and tensors of a safetensors file."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    types = {"F32": np.float32, "F64": np.float64, "I64": np.int64, "U8": np.uint8}
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], types[entry["dtype"]]).reshape(entry["shape"])
    return metadata, tensors


def write_safetensors(path, metadata, tensors):
    header, blob = {"__metadata__": metadata}, b""
    for name, array in tensors.items():
        kind = {"float32": "F32", "float64": "F64", "int64": "I64", "uint8": "U8"}[array.dtype.name]
        offsets = [len(blob), len(blob) + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
        blob += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)


def random_model(path, kind, seed=0, encoder_id="selectai-builtin-1"):
    """A model file of the form of docs/formats.md, with random weights."""
    rng = np.random.default_rng(seed)
    widths = [DIM, 24, 8, 1] if kind == "ranker" else [DIM + 2, 24, 8, 3]
    tensors = {}
    for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        tensors[f"layers.{index}.weight"] = (rng.normal(size=(outputs, inputs)) / np.sqrt(inputs)).astype(np.float32)
        tensors[f"layers.{index}.bias"] = rng.normal(size=outputs).astype(np.float32)
    tensors["standardise.mean"] = rng.normal(size=widths[0]).astype(np.float32)
    tensors["standardise.scale"] = rng.uniform(0.5, 2, widths[0]).astype(np.float32)
    tensors["seen"] = np.empty(0, np.int64)
    metadata = {
        "format": "selectai-model",
        "format_version": "1",
        "kind": kind,
        "architecture": "-".join(map(str, widths)),
        "output": "linear" if kind == "ranker" else "sigmoid",
        "encoder_id": encoder_id,
        "dim": str(DIM),
        "clip": "5",
    }
    if kind == "ranker":
        metadata["temperature"] = "0.7"
    else:
        metadata.update(snap="0.02", constant_box="null")
    write_safetensors(path, metadata, tensors)
    return path


STAGES = [1.0, 1.5, 2.0]


def ensemble_model(path, seed=1, differences=False, share=None):
    """A ranker's file with all that it may hold: two networks, prior, one project's prior, keep network; with a share a
    kernel machine, too (format 3)."""
    metadata, tensors = read_safetensors(random_model(path, "ranker", seed))
    rng = np.random.default_rng(seed + 100)
    for prefix, widths in (("ensemble.1.", [DIM, 16, 1]), ("keep.", [DIM, 6, 1])):
        for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
            weight = rng.normal(size=(outputs, inputs)) / np.sqrt(inputs)
            tensors[f"{prefix}layers.{index}.weight"] = weight.astype(np.float32)
            tensors[f"{prefix}layers.{index}.bias"] = rng.normal(size=outputs).astype(np.float32)
    tensors["keep.standardise.mean"] = rng.normal(size=DIM).astype(np.float32)
    tensors["keep.standardise.scale"] = rng.uniform(0.5, 2, DIM).astype(np.float32)
    triangle = np.triu(rng.normal(size=(3, 3)), 1)
    tensors["prior.stages"] = np.array(STAGES)
    tensors["prior.values"] = rng.normal(size=3)
    tensors["prior.transitions"] = np.ascontiguousarray(triangle - triangle.T)
    tensors["prior.project_values"] = rng.normal(size=(1, 3))
    metadata.update(
        format_version="2",
        temperature="1",
        networks=f"{DIM}-16-1",
        differences=str(int(differences)),
        prior_weight="0.8",
        image_weight="0.6",
        keep_network=f"{DIM}-6-1",
        keep_scale="1.5",
        keep_shift="-0.25",
        prior_projects='["anna"]',
    )
    if share is not None:
        metadata.update(format_version="3", kernel_share=repr(share))
        tensors["kernel.centres"] = np.zeros((9, -(-DIM // 64) * 64), np.uint8)
        tensors["kernel.centres"][:, :DIM] = np.clip(rng.normal(size=(9, DIM)) * 25 + 128.5, 0, 255)
        tensors["kernel.coefficients"] = rng.normal(size=9).astype(np.float32)
    write_safetensors(path, metadata, tensors)
    return path


def run_kernel(metadata, tensors, x):
    """The kernel machine of a model file: likeness to its centres, in numpy and double precision."""
    x = (x.astype(np.float64) - tensors["standardise.mean"]) * tensors["standardise.scale"]
    x = np.clip(x, -float(metadata["clip"]), float(metadata["clip"]))
    return fixtures.kernel_likeness(x, tensors["kernel.centres"]) @ tensors["kernel.coefficients"].astype(np.float64)


def run_network(metadata, tensors, x, prefix="", architecture="architecture", standardiser=""):
    """One network of a model file, in numpy and double precision."""
    x = (x.astype(np.float64) - tensors[f"{standardiser}standardise.mean"]) * tensors[f"{standardiser}standardise.scale"]
    x = np.clip(x, -float(metadata["clip"]), float(metadata["clip"]))
    layers = len(metadata[architecture].split("-")) - 1
    for index in range(layers):
        weight, bias = (tensors[f"{prefix}layers.{index}.{part}"].astype(np.float64) for part in ("weight", "bias"))
        x = x @ weight.T + bias
        if index + 1 < layers:
            x = np.maximum(x, 0)
    return x


def forward(path, x):
    """The network of a model file of one network."""
    metadata, tensors = read_safetensors(path)
    x = run_network(metadata, tensors, x)
    return 1 / (1 + np.exp(-x)) if metadata["output"] == "sigmoid" else x


def explained(path, x, stages, project=None):
    """What ensemble_model() should say of one group: prior, image and spread, weighed, and the keep probability."""
    metadata, tensors = read_safetensors(path)
    if metadata["differences"] == "1":
        seen = x - x.mean(axis=0)
    else:
        seen = x
    outputs = np.column_stack(
        [run_network(metadata, tensors, seen), run_network(metadata, tensors, seen, "ensemble.1.", "networks")]
    )
    shares = np.full(2, 0.5)
    if "kernel_share" in metadata:
        share = float(metadata["kernel_share"])
        outputs = np.column_stack([outputs, run_kernel(metadata, tensors, seen)])
        shares = np.append(shares * (1 - share), share)
    image = outputs @ shares
    spread = np.sqrt((outputs - image[:, None]) ** 2 @ shares)
    index = [STAGES.index(stage) if stage in STAGES else None for stage in stages]
    prior = np.zeros(len(x))
    for i, a in enumerate(index):
        if a is None:
            continue
        prior[i] = tensors["prior.values"][a]
        prior[i] += sum(tensors["prior.transitions"][a, b] for b in index if b is not None) / len(index)
        prior[i] += tensors["prior.project_values"][0, a] if project == "anna" else 0
    keep = run_network(metadata, tensors, x, "keep.", "keep_network", "keep.")
    logit = 1.5 * np.log(np.mean(np.exp(keep))) - 0.25
    return 0.8 * prior, 0.6 * image, 0.6 * spread, 1 / (1 + np.exp(-logit))


def boxes_of(numbers, snap):
    """Scale and position (as shares of the room that is left) into boxes; edges near the border go onto it."""
    scale = np.clip(numbers[:, 0], 0.05, 1)
    scale = np.where(1 - scale < snap, 1, scale)
    room = 1 - scale
    edges = []
    for position in (numbers[:, 1], numbers[:, 2]):
        low = position * room
        high = room - low
        low = np.where((low <= high) & (low < snap), 0, np.where((high < low) & (high < snap), room, low))
        edges.append(low)
    return np.stack([edges[0], edges[1], edges[0] + scale, edges[1] + scale], axis=1)


def embeddings(n, seed=5):
    return np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)


class RankerScores(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.path = random_model(self.folder / "ranker.safetensors", "ranker")
        self.ranker = selectai.Ranker.load(self.path)
        self.addCleanup(self.ranker.close)

    def test_equal_numpy(self):
        x = embeddings(101)
        scores = self.ranker.score(x)
        self.assertEqual((scores.shape, scores.dtype), ((101,), np.float32))
        np.testing.assert_allclose(scores, forward(self.path, x)[:, 0], rtol=0, atol=1e-5)
        np.testing.assert_array_equal(self.ranker.score(x[::2]), scores[::2])
        np.testing.assert_array_equal(self.ranker.score(x.astype(np.float64).tolist()), scores)

    def test_probabilities_are_the_softmax_of_the_scores(self):
        x = embeddings(4)
        probabilities = self.ranker.probabilities(x)
        powers = np.exp(forward(self.path, x)[:, 0] / 0.7)
        np.testing.assert_allclose(probabilities, powers / powers.sum(), rtol=0, atol=1e-5)

    def test_rows_with_nan(self):
        x = embeddings(3)
        x[1, 7] = np.nan
        self.assertEqual(np.isnan(self.ranker.score(x)).tolist(), [False, True, False])
        probabilities = self.ranker.probabilities(x)
        self.assertEqual(probabilities[1], 0)
        self.assertAlmostEqual(float(probabilities.sum()), 1, places=6)
        with self.assertRaises(selectai.NoDataError):
            self.ranker.probabilities(x[1:2])

    def test_wrong_arguments_say_so(self):
        with self.assertRaisesRegex(ValueError, r"float32 \[n, 512\], not float64 \[3, 5\]"):
            self.ranker.score(np.zeros((3, 5)))
        with self.assertRaisesRegex(ValueError, r"stage must have the shape of float64 \[3\]"):
            self.ranker.score(embeddings(3), stage=[1, 2])
        with self.assertRaisesRegex(TypeError, "embeddings"):
            self.ranker.score(np.zeros((3, DIM), complex))
        self.assertEqual(self.ranker.score(np.zeros((0, DIM))).shape, (0,))

    def test_says_what_it_is(self):
        self.assertEqual((self.ranker.dim, self.ranker.encoder_id), (DIM, "selectai-builtin-1"))
        self.assertEqual(self.ranker.metadata["kind"], "ranker")
        self.assertFalse(self.ranker.has_seen("p", "a.png"))
        self.assertIsNone(self.ranker.evaluation)

    def test_saving_keeps_the_scores(self):
        self.ranker.save(self.folder / "copy.safetensors")
        with selectai.Ranker.load(self.folder / "copy.safetensors") as copy:
            np.testing.assert_array_equal(copy.score(embeddings(9)), self.ranker.score(embeddings(9)))

    def test_several_threads_get_the_same(self):
        x = embeddings(500)
        results = [None] * 4
        expected = self.ranker.score(x)

        def work(index):
            results[index] = self.ranker.score(x)

        threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            np.testing.assert_array_equal(result, expected)

    def test_other_files_are_refused(self):
        with self.assertRaises(FileNotFoundError):
            selectai.Ranker.load(self.folder / "missing.safetensors")
        with self.assertRaises(selectai.MismatchError):
            selectai.Cropper.load(self.path)
        cut = self.folder / "cut.safetensors"
        cut.write_bytes(self.path.read_bytes()[:-100])
        with self.assertRaisesRegex(selectai.FormatError, "cut.safetensors"):
            selectai.Ranker.load(cut)


class RankerExplains(fixtures.FolderCase):
    """Rankers with everything that a file may hold, against numpy."""

    def setUp(self):
        super().setUp()
        self.path = ensemble_model(self.folder / "ranker.safetensors")
        self.ranker = selectai.Ranker.load(self.path)
        self.addCleanup(self.ranker.close)

    def test_parts_equal_numpy(self):
        x = embeddings(4)
        for stages, project in (([1, 2, 1.5, 2], None), ([1, 2, np.nan, 2], "anna"), ([2, 2, 2, 2], "bert")):
            with self.subTest(stages=stages, project=project):
                found = self.ranker.explain(x, stages, project)
                prior, image, spread, keep = explained(self.path, x, stages, project)
                np.testing.assert_allclose(found.prior, prior, atol=1e-5)
                np.testing.assert_allclose(found.image, image, atol=1e-5)
                np.testing.assert_allclose(found.spread, spread, atol=1e-5)
                self.assertAlmostEqual(found.keep, keep, places=5)

    def test_scores_add_up_and_probabilities_sum_to_one(self):
        x = embeddings(7)
        found = self.ranker.explain(x, [1, 1, 1.5, 2, 3, 0, np.nan])
        np.testing.assert_allclose(found.scores, found.prior + found.image, atol=1e-6)
        self.assertAlmostEqual(float(found.probabilities.sum()), 1, places=6)
        powers = np.exp(found.scores.astype(float) - found.scores.max())
        np.testing.assert_allclose(found.probabilities, powers / powers.sum(), atol=1e-6)
        for part in found[:5]:
            self.assertEqual((part.shape, part.dtype), ((7,), np.float32))

    def test_without_stages_the_prior_says_nothing(self):
        found = self.ranker.explain(embeddings(3))
        self.assertEqual(found.prior.tolist(), [0, 0, 0])
        self.assertEqual(self.ranker.explain(embeddings(3), [np.nan] * 3, "anna").prior.tolist(), [0, 0, 0])

    def test_rows_with_nan_leave_the_others_as_they_are(self):
        x = embeddings(3)
        whole = self.ranker.explain(x, [1, 1, 1])
        x[1, 3] = np.nan
        found = self.ranker.explain(x, [1, 1, 1])
        self.assertEqual(np.isnan(found.scores).tolist(), [False, True, False])
        self.assertEqual(found.probabilities[1], 0)
        np.testing.assert_allclose(found.scores[[0, 2]], whole.scores[[0, 2]], atol=1e-6)
        with self.assertRaises(selectai.NoDataError):
            self.ranker.explain(x[[1]])

    def test_score_and_probabilities_agree_with_it(self):
        x = embeddings(3)
        one = [self.ranker.explain(x[[i]], [stage]) for i, stage in enumerate([1, 2, 1.5])]
        np.testing.assert_allclose(self.ranker.score(x, [1, 2, 1.5]), [part.scores[0] for part in one], atol=1e-6)
        for project in (None, "anna"):
            np.testing.assert_array_equal(
                self.ranker.probabilities(x, [1, 2, 1.5], project), self.ranker.explain(x, [1, 2, 1.5], project).probabilities
            )
        self.assertFalse(
            np.array_equal(self.ranker.probabilities(x, [1, 2, 1.5]), self.ranker.probabilities(x, [1, 2, 1.5], "anna"))
        )

    def test_differences_need_the_group(self):
        path = ensemble_model(self.folder / "d.safetensors", differences=True)
        with selectai.Ranker.load(path) as ranker:
            with self.assertRaisesRegex(selectai.UnsupportedError, "group"):
                ranker.score(embeddings(3))
            x = embeddings(3)
            found = ranker.explain(x, [1, 2, 2])
            np.testing.assert_allclose(found.image, explained(path, x, [1, 2, 2])[1], atol=1e-5)
            np.testing.assert_allclose(found.image, ranker.explain(x + 1, [1, 2, 2]).image, atol=1e-4)

    def test_a_kernel_machine_counts_with_its_share(self):
        for share in (0.25, 1.0):
            for differences in (False, True):
                path = ensemble_model(self.folder / "k.safetensors", differences=differences, share=share)
                with self.subTest(share=share, differences=differences), selectai.Ranker.load(path) as ranker:
                    x = embeddings(5)
                    found = ranker.explain(x, [1, 2, 2, 1, 1])
                    _, image, spread, _ = explained(path, x, [1, 2, 2, 1, 1])
                    np.testing.assert_allclose(found.image, image, atol=1e-5)
                    np.testing.assert_allclose(found.spread, spread, atol=1e-5)
                    self.assertEqual((ranker.metadata["kernel_share"], ranker.metadata["kernel_images"]), (share, 9))
                    ranker.save(self.folder / "copy.safetensors")
                    with selectai.Ranker.load(self.folder / "copy.safetensors") as copy:
                        again = copy.explain(x, [1, 2, 2, 1, 1])
                        np.testing.assert_array_equal(again.scores, found.scores)
        self.assertEqual((self.ranker.metadata["kernel_share"], self.ranker.metadata["kernel_images"]), (0, 0))

    def test_old_files_have_no_prior_and_no_keep(self):
        with selectai.Ranker.load(random_model(self.folder / "old", "ranker")) as ranker:
            found = ranker.explain(embeddings(2), [1, 2], "anna")
            self.assertTrue(np.isnan(found.keep))
            self.assertEqual(found.prior.tolist(), [0, 0])
            self.assertEqual(found.spread.tolist(), [0, 0])

    def test_saving_keeps_everything(self):
        copy = self.folder / "copy.safetensors"
        self.ranker.save(copy)
        x = embeddings(3)
        with selectai.Ranker.load(copy) as other:
            for a, b in zip(self.ranker.explain(x, [1, 2, 2], "anna"), other.explain(x, [1, 2, 2], "anna")):
                np.testing.assert_array_equal(a, b)
            self.assertEqual(other.metadata, self.ranker.metadata)
            self.assertEqual(other.metadata["networks"], 2)
            self.assertEqual(other.metadata["prior"]["projects"], ["anna"])

    def test_wrong_arguments_say_so(self):
        with self.assertRaisesRegex(ValueError, r"stages must have the shape of float64 \[3\]"):
            self.ranker.explain(embeddings(3), [1, 2])
        with self.assertRaisesRegex(TypeError, "project"):
            self.ranker.explain(embeddings(3), None, 7)
        with self.assertRaises(ValueError):
            self.ranker.explain(np.zeros((0, DIM)))


class CropperProposals(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.path = random_model(self.folder / "cropper.safetensors", "cropper")
        self.cropper = selectai.Cropper.load(self.path)
        self.addCleanup(self.cropper.close)

    def test_equal_numpy(self):
        x = embeddings(60)
        sizes = np.random.default_rng(2).integers(200, 3000, (60, 2))
        boxes = self.cropper.propose(x, sizes)
        self.assertEqual((boxes.shape, boxes.dtype), ((60, 4), np.float32))
        logs = np.log2(sizes)
        inputs = np.column_stack([x, logs.sum(axis=1), logs[:, 0] - logs[:, 1]])
        np.testing.assert_allclose(boxes, boxes_of(forward(self.path, inputs), 0.02), rtol=0, atol=1e-5)
        self.assertTrue((boxes >= 0).all() and (boxes <= 1).all())
        np.testing.assert_allclose(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1], rtol=0, atol=1e-6)

    def test_old_forms_know_only_boxes(self):
        found = self.cropper.explain(embeddings(2), [[100, 100], [50, 70]])
        np.testing.assert_array_equal(
            found.boxes.astype(np.float32), self.cropper.propose(embeddings(2), [[100, 100], [50, 70]])
        )
        self.assertTrue(np.isnan(found.no_crop).all() and np.isnan(found.edges).all())
        self.assertTrue(np.isnan(found.expected_iou).all())

    def test_rows_without_a_size_or_vector(self):
        x = embeddings(3)
        x[0, 0] = np.nan
        boxes = self.cropper.propose(x, [[100, 100], [0, 100], [100, 100]])
        self.assertEqual(np.isnan(boxes).all(axis=1).tolist(), [True, True, False])

    def test_wrong_arguments_say_so(self):
        with self.assertRaisesRegex(ValueError, r"sizes must have the shape of uint32 \[2, 2\]"):
            self.cropper.propose(embeddings(2), [[1, 1]])
        with self.assertRaisesRegex(ValueError, "outside its range"):
            self.cropper.propose(embeddings(1), [[-1, 1]])
        with self.assertRaisesRegex(TypeError, "sizes"):
            self.cropper.propose(embeddings(1), [[1.5, 1]])


def chances_model(path, seed=4, one_box=False):
    """A cropper that knows chances, with a table of deviations and random weights."""
    rng = np.random.default_rng(seed)
    widths = [DIM + 2, 12, 8]
    tensors = {}
    for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        tensors[f"layers.{index}.weight"] = (rng.normal(size=(outputs, inputs)) / np.sqrt(inputs)).astype(np.float32)
        tensors[f"layers.{index}.bias"] = rng.normal(size=outputs).astype(np.float32)
    tensors["standardise.mean"] = np.r_[np.zeros(DIM), 20, 0].astype(np.float32)
    tensors["standardise.scale"] = np.ones(DIM + 2, np.float32)
    tensors["seen"] = np.empty(0, np.int64)
    shares = rng.uniform(0.5, 2, 30)
    tensors["deviations"] = np.column_stack([rng.normal(0, 0.15, (30, 3)).clip(-1, 1), shares / shares.sum()])
    metadata = {
        "format": "selectai-model",
        "format_version": "2",
        "kind": "cropper",
        "architecture": "-".join(map(str, widths)),
        "output": "linear",
        "box_output": "scale-place-chances",
        "encoder_id": "selectai-builtin-1",
        "dim": str(DIM),
        "clip": "5",
        "snap": "0",
        "constant_box": "[0.125,0,0.875,0.75]",
        "one_box": "1" if one_box else "0",
        "iou_shift": "0.125",
        "iou_scale": "0.5",
        "iou_widen": "0.0625",
    }
    write_safetensors(path, metadata, tensors)
    return path


def overlap(a, b):
    """IoU of boxes [..., 4]."""
    sides = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None)
    both = sides.prod(-1)
    return both / ((a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - both)


class CropperBeliefs(fixtures.FolderCase):
    """What docs/learning.md says of proposals, in numpy: all possible boxes, and a search of all proposals on a grid."""

    N = 40

    def setUp(self):
        super().setUp()
        self.path = chances_model(self.folder / "cropper.safetensors")
        self.x = embeddings(self.N)
        self.sizes = np.random.default_rng(2).integers(500, 3000, (self.N, 2))
        logs = np.log2(self.sizes)
        inputs = np.column_stack([self.x, logs.sum(axis=1), logs[:, 0] - logs[:, 1]])
        self.chances = 1 / (1 + np.exp(-forward(self.path, inputs).astype(np.float64)))
        table = read_safetensors(self.path)[1]["deviations"]
        points = np.clip(self.chances[:, None, :3] + table[None, :, :3], [0.05, 0, 0], 1)
        boxes = boxes_of(points.reshape(-1, 3), 0).reshape(self.N, -1, 4)
        whole = self.chances[:, 7:]
        self.boxes = np.concatenate([boxes, np.broadcast_to([0.0, 0, 1, 1], (self.N, 1, 4))], axis=1)
        self.weights = np.concatenate([(1 - whole) * table[None, :, 3], whole], axis=1)

    def expected(self, boxes):
        return (self.weights * overlap(boxes[:, None], self.boxes)).sum(axis=1)

    def test_no_box_is_expected_to_overlap_more(self):
        with selectai.Cropper.load(self.path) as cropper:
            found = cropper.explain(self.x, self.sizes)
        value = self.expected(found.boxes)
        np.testing.assert_allclose(found.expected_iou, 0.125 + 0.5 * value, atol=1e-5)
        np.testing.assert_array_equal(
            found.boxes[:, 2] - found.boxes[:, 0], found.boxes[:, 3] - found.boxes[:, 1]
        )
        grid = np.stack(np.meshgrid(np.linspace(0.1, 1, 19), *[np.linspace(0, 1, 11)] * 2), -1).reshape(-1, 3)
        best = np.max([self.expected(np.broadcast_to(b, (self.N, 4))) for b in boxes_of(grid, 0)], axis=0)
        # Likely edges may cost 0.02; the search goes up one hill, which is rarely another one than the highest.
        self.assertGreater((value >= best - 0.025).mean(), 0.9)
        self.assertGreater((value - best).mean(), -0.01)

    def test_chances_and_intervals(self):
        with selectai.Cropper.load(self.path) as cropper:
            found = cropper.explain(self.x, self.sizes)
        whole = self.chances[:, 7]
        np.testing.assert_allclose(found.no_crop, whole, atol=1e-5)
        np.testing.assert_allclose(found.edges, whole[:, None] + (1 - whole[:, None]) * self.chances[:, 3:7], atol=1e-5)
        np.testing.assert_array_equal(found.whole, (found.boxes == [0, 0, 1, 1]).all(axis=1))
        values = overlap(found.boxes[:, None], self.boxes)
        for i in range(self.N):
            order = np.argsort(values[i])
            reached = np.cumsum(self.weights[i][order])
            low, high = (values[i][order][np.searchsorted(reached, share - 1e-9)] for share in (0.1, 0.9))
            self.assertAlmostEqual(found.iou_low[i], max(low - 0.0625, 0), places=4)
            self.assertAlmostEqual(found.iou_high[i], min(high + 0.0625, 1), places=4)

    def test_one_box_for_all(self):
        with selectai.Cropper.load(chances_model(self.folder / "one.safetensors", one_box=True)) as cropper:
            found = cropper.explain(self.x, self.sizes)
        np.testing.assert_array_equal(found.boxes, np.broadcast_to([0.125, 0, 0.875, 0.75], (self.N, 4)))
        np.testing.assert_allclose(found.expected_iou, 0.125 + 0.5 * self.expected(found.boxes), atol=1e-5)


class Suggest(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.raw, _, self.truth = fixtures.write_project(self.folder, 3)
        self.paths = [file.path for file in selectai.scan(self.raw)]
        self.ranker = selectai.Ranker.load(random_model(self.folder / "r.safetensors", "ranker"))
        self.cropper = selectai.Cropper.load(random_model(self.folder / "c.safetensors", "cropper"))

    def test_is_what_the_parts_say(self):
        suggestions = selectai.suggest(self.paths, self.ranker, self.cropper)
        self.assertEqual([item.paths for item in suggestions], [self.paths[i : i + 2] for i in (0, 2, 4)])
        with selectai.Encoder.open() as encoder:
            for item in suggestions:
                vectors = encoder.encode(item.paths)
                np.testing.assert_allclose(item.scores, self.ranker.score(vectors), rtol=0, atol=1e-6)
                np.testing.assert_allclose(item.probabilities, self.ranker.probabilities(vectors), atol=1e-6)
                self.assertEqual(item.winner, int(np.argmax(item.scores)))
                self.assertEqual(item.winner_path, item.paths[item.winner])
                self.assertAlmostEqual(item.confidence, float(item.probabilities[item.winner]), places=6)
                self.assertEqual(item.stages.tolist(), [1, 2])
                self.assertEqual(item.sizes.tolist(), [[64, 48]] * 2)
                (box,) = self.cropper.propose(vectors[[item.winner]], item.sizes[[item.winner]])
                np.testing.assert_allclose(item.crop, box, rtol=0, atol=1e-6)
                x1, y1, x2, y2 = item.crop_px
                self.assertTrue(0 <= x1 < x2 <= 64 and 0 <= y1 < y2 <= 48)
                self.assertIsInstance(item.data, dict)

    def test_groups_are_scored_as_groups(self):
        """With transitions between stages, and by differences: what is suggested is what explain() says."""
        for differences in (False, True):
            path = ensemble_model(self.folder / f"e{differences}", seed=4, differences=differences)
            with selectai.Ranker.load(path) as ranker, selectai.Encoder.open() as encoder:
                for item in selectai.suggest(self.paths, ranker):
                    found = ranker.explain(encoder.encode(item.paths), item.stages)
                    np.testing.assert_allclose(item.scores, found.scores, atol=1e-5)
                    np.testing.assert_allclose(item.probabilities, found.probabilities, atol=1e-5)
                    self.assertEqual(item.winner, int(np.argmax(item.probabilities)))

    def test_vectors_come_from_the_cache(self):
        with selectai.Encoder.open() as encoder, selectai.EmbeddingCache.create(self.folder / "k", encoder) as cache:
            expected = selectai.suggest(self.paths, self.ranker, encoder=encoder)
            cache.add_files("p", self.paths)
            found = selectai.suggest(self.paths, self.ranker, encoder=encoder, cache=cache, project="p")
        self.assertEqual([item.winner for item in found], [item.winner for item in expected])
        for item, other in zip(found, expected):
            np.testing.assert_array_equal(item.scores, other.scores)
            self.assertIsNone(item.crop)

    def test_what_cannot_be_used_is_an_issue(self):
        (self.raw / "holiday.png").write_bytes(b"")
        suggestions = selectai.suggest([*self.paths, self.raw / "holiday.png"], self.ranker)
        self.assertEqual(len(suggestions), 3)
        self.assertIn(str(self.raw / "holiday.png"), [issue.path for issue in suggestions.issues])

    def test_parts_and_thresholds(self):
        first = selectai.suggest(self.paths, self.ranker)
        for item in first:
            np.testing.assert_allclose(item.priors + item.images, item.scores, rtol=0, atol=1e-6)
            self.assertEqual(item.spreads.tolist(), [0, 0])
            self.assertIsNone(item.keep)
            self.assertFalse(item.keep_nothing)
            self.assertTrue(item.why)
            self.assertEqual(item.why, item.data["why"])
            self.assertEqual(item.sure, item.confidence >= 0.6)
            self.assertEqual(item.neighbours, [])
        limit = sorted(item.confidence for item in first)[1]
        found = selectai.suggest(self.paths, self.ranker, min_confidence=limit)
        self.assertEqual([item.sure for item in found], [item.confidence >= limit for item in first])
        self.assertEqual(sum(item.sure for item in found), 2)
        with self.assertRaises(ValueError):
            selectai.suggest(self.paths, self.ranker, min_confidence=1.5)

    def test_past_decisions(self):
        """Three groups: each one's neighbours are the decisions about the two others, never its own."""
        lines = []
        for i, lower in ((0, False), (2, True), (4, False)):
            pair = self.paths[i : i + 2] if lower else self.paths[i : i + 2][::-1]
            lines.append(json.dumps({"project": "p", "chosen_path": pair[0], "neg_paths": [pair[1]]}) + "\n")
        (self.folder / "past.jsonl").write_text("".join(lines))
        history = selectai.TrainSet.load(self.folder / "past.jsonl")
        with selectai.Encoder.open() as encoder, selectai.EmbeddingCache.create(self.folder / "k", encoder) as cache:
            cache.add_files("p", self.paths)
            how = dict(encoder=encoder, cache=cache, project="p", history=history)
            found = selectai.suggest(self.paths, self.ranker, **how)
            one = selectai.suggest(self.paths, self.ranker, neighbours=1, **how)
            none = selectai.suggest(self.paths, self.ranker, neighbours=0, **how)
        history.close()
        for item, fewer in zip(found, one):
            self.assertEqual(len(item.neighbours), 2)
            self.assertEqual(fewer.neighbours, item.neighbours[:1])
            self.assertGreaterEqual(item.neighbours[0].similarity, item.neighbours[1].similarity)
            images = [path for past in item.neighbours for path in (past.winner_path, *past.loser_paths)]
            self.assertEqual(sorted(images + item.paths), self.paths)
            for past, data in zip(item.neighbours, item.data["neighbours"]):
                lower = past.winner_path == self.paths[2]
                self.assertEqual((past.project, past.anomaly), ("p", lower))
                self.assertEqual((past.winner_stage, past.loser_stages), (1, [2]) if lower else (2, [1]))
                self.assertEqual(data["winner_path"], past.winner_path)
                self.assertEqual(data["similarity"], past.similarity)
        self.assertEqual([item.neighbours for item in none], [[], [], []])
        with self.assertRaisesRegex(ValueError, "history needs the cache"):
            selectai.suggest(self.paths, self.ranker, history=selectai.TrainSet.load(self.folder / "past.jsonl"))
        with self.assertRaisesRegex(TypeError, "history must be a selectai.TrainSet"):
            selectai.suggest(self.paths, self.ranker, history=[])

    def test_encoders_must_agree(self):
        other = selectai.Ranker.load(random_model(self.folder / "o.safetensors", "ranker", encoder_id="other-1"))
        with self.assertRaisesRegex(selectai.MismatchError, "other-1"):
            selectai.suggest(self.paths, other)

    def test_one_path_is_no_list(self):
        with self.assertRaisesRegex(TypeError, "list"):
            selectai.suggest(self.paths[0], self.ranker)


class Train(fixtures.FolderCase):
    @classmethod
    def setUpClass(cls):
        # One project for all tests here: extracted and embedded once.
        super().setUpClass()
        reason = fixtures.torch_missing()
        if reason:
            raise unittest.SkipTest(reason)
        holder = tempfile.TemporaryDirectory(prefix="selectai-test-")
        cls.addClassCleanup(holder.cleanup)
        folder = Path(holder.name)
        raw, final, _ = fixtures.write_project(folder, 48)
        cls.decisions = selectai.extract(raw, final, "p")
        with selectai.Encoder.open() as encoder:
            cls.cache = selectai.EmbeddingCache.create(folder / "cache", encoder)
            cls.addClassCleanup(cls.cache.close)
            cls.cache.add_files("p", [file.path for file in selectai.scan(raw)])

    def test_a_ranker_learns_what_the_person_likes(self):
        seen = []
        with selectai.Ranker.train(
            self.decisions, self.cache, seed=3, epochs=30, folds=3, progress=lambda *step: seen.append(step)
        ) as ranker:
            self.assertEqual({stage for _, _, stage in seen}, {"train"})
            self.assertTrue(all(0 <= done <= total for done, total, _ in seen))
            self.assertLessEqual({"normal", "anomaly", "overall", "top1"}, set(ranker.evaluation.metrics))
            overall = ranker.evaluation.metrics["overall"]
            # Every decision is measured once: of 48 groups a quarter have no winner.
            self.assertEqual(overall.n, 36)
            # The person of the fixture takes the sharper picture, which every third time is not the higher stage.
            self.assertGreater(overall.value, 0.8)
            self.assertEqual(overall.baseline_name, "highest stage wins")
            self.assertIn("overall", str(ranker.evaluation))
            self.assertEqual(ranker.evaluation.data["split"], "group")  # there is one project
            found = ranker.explain(embeddings(4), [1, 2, 1, 2], "p")
            np.testing.assert_allclose(found.scores, found.prior + found.image, atol=1e-5)
            self.assertGreater(ranker.metadata["networks"], 1)
            with self.assertRaises(selectai.NoDataError):
                ranker.evaluate(self.decisions, self.cache)  # it has seen all of them

    def test_equal_seeds_give_equal_models(self):
        for name, threads in (("a", 1), ("b", 2)):
            with selectai.Ranker.train(self.decisions, self.cache, seed=7, epochs=2, folds=2, threads=threads) as ranker:
                ranker.save(self.folder / name)
        self.assertEqual((self.folder / "a").read_bytes(), (self.folder / "b").read_bytes())

    def test_cross_validation_gives_the_figures_alone(self):
        options = dict(seed=7, epochs=2, folds=2)
        with selectai.Ranker.train(self.decisions, self.cache, **options) as ranker:
            figures = selectai.Ranker.cross_validate(self.decisions, self.cache, **options)
            self.assertEqual(figures.metrics["overall"][:5], ranker.evaluation.metrics["overall"][:5])
        with self.assertRaisesRegex(ValueError, "two folds"):
            selectai.Ranker.cross_validate(self.decisions, self.cache, folds=1)
        with self.assertRaisesRegex(TypeError, "test_share"):
            selectai.Ranker.cross_validate(self.decisions, self.cache, test_share=0.1)
        for name in ("margin", "bradley-terry"):
            figures = selectai.Ranker.cross_validate(self.decisions, self.cache, loss=name, **options)
            self.assertEqual(figures.metrics["overall"].n, 36)
        self.assertEqual(
            selectai.Ranker.cross_validate(self.decisions, self.cache, split="pair", **options).data["split"], "pair"
        )

    def test_training_goes_on_from_a_ranker(self):
        with selectai.Ranker.train(self.decisions, self.cache, epochs=1, folds=1, ensemble=1) as first:
            self.assertEqual(first.evaluation.metrics["overall"].n, 0)  # no folds, no figures
            with selectai.Ranker.train(self.decisions, self.cache, epochs=1, folds=2, start=first) as second:
                self.assertEqual(second.evaluation.metrics["overall"].n, 0)  # it has seen all of them
                self.assertTrue(second.metadata["options"]["warm_start"])
        with self.assertRaisesRegex(ValueError, "closed"):
            selectai.Ranker.train(self.decisions, self.cache, start=first)

    def test_going_on_keeps_all_members(self):
        with selectai.Ranker.train(self.decisions, self.cache, epochs=2, folds=1) as first:
            with selectai.Ranker.train(self.decisions, self.cache, epochs=2, folds=1, start=first) as second:
                for key in ("architecture", "networks"):
                    self.assertEqual(second.metadata[key], first.metadata[key])

    def test_pairs_and_a_project_held_out_do_not_go_together(self):
        with self.assertRaises(ValueError):
            selectai.Ranker.train(self.decisions, self.cache, epochs=1, split="pair", hold_out="p")

    def test_a_cropper_learns_boxes(self):
        with selectai.Cropper.train(self.decisions, self.cache, lr=0.01) as cropper:
            metrics = cropper.evaluation.metrics
            self.assertLessEqual({"iou", "bde", "within5", "kept_whole", "iou_size", "iou_full", "iou_covered"}, set(metrics))
            self.assertEqual(metrics["iou"].baseline_name, "constant box")
            self.assertEqual(metrics["iou_full"].baseline_name, "whole image")
            # Two thirds of the fixture's images are cropped to the same quarter, the others are kept whole.
            self.assertAlmostEqual(metrics["iou"].baseline, 0.75, places=2)
            self.assertAlmostEqual(metrics["iou_full"].baseline, 0.5, places=9)
            self.assertGreater(metrics["iou_cropped"].value, 0.7)
            self.assertGreater(metrics["iou"].value, 0.6)
            with self.assertRaises(selectai.NoDataError):  # it has seen all of them
                cropper.evaluate(self.decisions, self.cache)

    def test_a_cropper_of_sizes_alone(self):
        log = self.folder / "crops.csv"
        rows = ["timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"]
        for i in range(60):
            box, size = ((0, 0, 0.5, 0.5), (800, 600)) if i % 2 else ((0.25, 0.25, 1, 1), (600, 800))
            rows.append(",".join(map(str, (f"2025-01-01T00:{i:02d}:00Z", "p", f"{i}.png", *box, *size))))
        log.write_text("\n".join(rows) + "\n")
        with selectai.Cropper.train(log, lr=0.01, folds=2, epochs=80) as cropper:
            self.assertEqual((cropper.dim, cropper.encoder_id, cropper.layout_id), (0, "none", ""))
            self.assertGreater(cropper.evaluation.metrics["iou"].value, 0.8)
            found = cropper.explain(None, [[800, 600], [600, 800]])
            np.testing.assert_allclose(found.boxes, [(0, 0, 0.5, 0.5), (0.25, 0.25, 1, 1)], atol=0.05)
            np.testing.assert_array_equal(cropper.propose(None, [[800, 600]])[0], found.boxes[0].astype(np.float32))
            self.assertGreater(found.edges[0, 0], 0.7)
            self.assertLess(found.edges[1, 0], 0.3)
            self.assertTrue((found.iou_low <= found.iou_high).all() and (found.no_crop < 0.3).all())
            self.assertEqual(cropper.explain(None, np.zeros((0, 2))).boxes.shape, (0, 4))

    def test_two_croppers_on_what_neither_has_seen(self):
        logs = [self.folder / f"{name}.csv" for name in ("one", "other", "new")]
        boxes = [(0, 0, 0.5, 0.5), (0, 0, 0.8, 0.8), (0, 0, 0.5, 0.5)]
        for log, box in zip(logs, boxes):
            rows = ["timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"]
            rows += [f"2025-01-01T00:{i:02d}:00Z,{log.stem},{i}.png,{box[0]},{box[1]},{box[2]},{box[3]},800,600" for i in range(40)]
            log.write_text("\n".join(rows) + "\n")
        with selectai.Cropper.train(logs[0], epochs=40, folds=1) as one, selectai.Cropper.train(
            logs[1], epochs=40, folds=1
        ) as other:
            found = one.compare(other, logs[2])
            self.assertEqual((found["n"], found["only_a"], found["only_b"], len(found["flips"])), (40, 40, 0, 40))
            self.assertAlmostEqual(found["p_value"], 2 * 0.5**40, places=12)
            for key, cropper in (("a", one), ("b", other)):
                self.assertAlmostEqual(found[key]["iou"], cropper.evaluate(logs[2]).metrics["iou"].value, places=9)
            self.assertAlmostEqual(found["difference"], found["b"]["iou"] - found["a"]["iou"], places=9)
            with self.assertRaises(selectai.NoDataError):
                one.compare(other, logs[1])  # the other has seen all of it
            with self.assertRaises(TypeError):
                one.compare("other", logs[2])

    def test_cancelling(self):
        with self.assertRaises(selectai.Cancelled):
            selectai.Ranker.train(self.decisions, self.cache, progress=lambda *step: True)

    def test_logs_will_do(self):
        self.decisions.save(self.folder / "log.jsonl")
        with selectai.Ranker.train(self.folder / "log.jsonl", self.cache, epochs=1, folds=2) as ranker:
            self.assertEqual(ranker.dim, DIM)


class TrainPrior(fixtures.FolderCase):
    """The stage prior alone: no torch module, no network."""

    def setUp(self):
        super().setUp()
        self.cache = selectai.EmbeddingCache.create(self.folder / "cache", encoder_id="test-1", dim=4)
        self.addCleanup(self.cache.close)
        lines, rng = [], np.random.default_rng(3)
        for group in range(60):
            names = [fixtures.name(group, stage) for stage in (1, 2)]
            for name in names:
                row = selectai.CacheRow("p", name, name, crc32=len(lines), size=1, width=8, height=8)
                self.cache.add(row, rng.normal(size=4).astype(np.float32))
            winner = names[0 if group % 4 == 0 else 1]
            losers = [name for name in names if name != winner]
            lines.append(json.dumps({"project": "p", "chosen_path": winner, "neg_paths": losers}))
        self.log = self.folder / "log.jsonl"
        self.log.write_text("\n".join(lines), encoding="utf-8")

    def test_it_needs_no_module(self):
        with selectai.Ranker.train(
            self.log, self.cache, use_image=False, folds=3, backend_dir=self.folder / "nowhere"
        ) as ranker:
            self.assertEqual(ranker.metadata["networks"], 0)
            self.assertEqual(ranker.evaluation.metrics["overall"].n, 60)
            # Three in four take stage 2: log 3, a little less by shrinkage.
            x = np.zeros((2, 4))
            found = ranker.explain(x, [1, 2])
            self.assertEqual(found.image.tolist(), [0, 0])
            self.assertAlmostEqual(float(found.scores[1] - found.scores[0]), np.log(3), delta=0.35)
            ranker.save(self.folder / "m.safetensors")
            with selectai.Ranker.load(self.folder / "m.safetensors") as again:
                np.testing.assert_array_equal(again.explain(x, [1, 2]).scores, found.scores)


    def test_two_rankers_are_compared(self):
        options = dict(use_image=False, folds=1, hold_out="q")
        lines = self.log.read_text(encoding="utf-8").splitlines()
        other = self.folder / "other.jsonl"
        other.write_text("\n".join(line.replace('"p"', '"q"') for line in lines[:20]), encoding="utf-8")
        for line in lines[:20]:
            decision = json.loads(line)
            for name in [decision["chosen_path"], *decision["neg_paths"]]:
                row = selectai.CacheRow("q", name, name, crc32=zlib.crc32(name.encode()), size=2, width=8, height=8)
                self.cache.add(row, np.zeros(4, np.float32))
        with selectai.Ranker.train([self.log, other], self.cache, **options) as ranker:
            found = ranker.compare(ranker, other, self.cache)
            self.assertEqual((found["n"], found["difference"], found["only_a"], found["only_b"]), (20, 0, 0, 0))
            self.assertEqual(found["p_value"], 1)
            self.assertEqual(found["flips"], [])
            self.assertEqual(found["a"], found["b"])
            with self.assertRaises(selectai.NoDataError):
                ranker.compare(ranker, self.log, self.cache)  # it has seen all of them
            with self.assertRaisesRegex(TypeError, "other must be a Ranker"):
                ranker.compare(None, other, self.cache)


class TrainErrors(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.cache = selectai.EmbeddingCache.create(self.folder / "cache", encoder_id="selectai-builtin-1", dim=DIM)
        self.addCleanup(self.cache.close)
        (self.folder / "log.jsonl").write_text("", encoding="utf-8")

    def test_options_are_checked(self):
        for options, text in (
            ({"split": "random"}, "split"),
            ({"loss": "hinge"}, "loss"),
            ({"epochs": -1}, "epochs"),
            ({"seed": 2**64}, "seed"),
            ({"folds": 101}, "folds"),
            ({"ensemble": 33}, "ensemble"),
            ({"use_prior": False, "use_image": False}, "use_"),
        ):
            with self.subTest(options), self.assertRaisesRegex(ValueError, text):
                selectai.Ranker.train(self.folder / "log.jsonl", self.cache, **options)

    def test_a_start_is_a_ranker(self):
        cropper = selectai.Cropper.load(random_model(self.folder / "c.safetensors", "cropper"))
        with self.assertRaisesRegex(TypeError, "start must be a Ranker, not Cropper"):
            selectai.Ranker.train(self.folder / "log.jsonl", self.cache, start=cropper)
        other = selectai.Ranker.load(random_model(self.folder / "o.safetensors", "ranker", encoder_id="other-1"))
        with self.assertRaisesRegex(selectai.MismatchError, "other-1"):
            selectai.Ranker.train(self.folder / "log.jsonl", self.cache, start=other)

    def test_nothing_to_learn_from(self):
        # Either the module is asked for first, or the data.
        with self.assertRaises((selectai.NoDataError, selectai.BackendMissingError)):
            selectai.Ranker.train(self.folder / "log.jsonl", self.cache)

    def test_a_missing_log(self):
        with self.assertRaises(FileNotFoundError):
            selectai.Cropper.train(self.folder / "missing.jsonl", self.cache)


if __name__ == "__main__":
    unittest.main()
