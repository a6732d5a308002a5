"""test_recognise.py: rankers that recognise stages (recognise_stages): what they say is computed again from the file's
tensors as docs/formats.md has them, with numpy; told stages change nothing; damaged recognisers are refused.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import struct
import tempfile
from pathlib import Path

import numpy as np

import fixtures
import selectai

STAGES = (1, 1.5, 3)
DIM = 8
DTYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U8": "u1"}
WEIGHT, BIAS = "recogniser.layers.0.weight", "recogniser.layers.0.bias"
FAST = dict(epochs=4, seed=3)

_holder = None
_shared = {}


def setUpModule():
    """Decisions of two projects, all stages told by the names; the same images under names without stages; models."""
    global _holder
    _holder = tempfile.TemporaryDirectory(prefix="selectai-test-")
    folder = Path(_holder.name)
    cache = selectai.EmbeddingCache.create(folder / "cache", encoder_id="test-1", dim=DIM)
    rng = np.random.default_rng(11)
    told, hidden, groups = [], [], []
    for project, every in (("p", 4), ("q", 3)):
        for group in range(40):
            stages = STAGES if group % 2 else STAGES[::2]
            best = 0 if group % every == 0 else len(stages) - 1
            subject = rng.normal(size=DIM)
            names = [fixtures.name(group, stage) for stage in stages]
            others = [f"{group}_{stage}.png" for stage in rng.permutation(len(stages))]
            vectors = []
            for index, stage in enumerate(stages):
                vector = subject + 0.3 * rng.normal(size=DIM)
                vector[0] = 1.5 * stage + 0.4 * rng.normal()  # what a stage looks like
                vector[1] += 0.4 * (index == best)  # what the person likes
                vectors.append(vector.astype(np.float32))
                for holder, name in ((project, names[index]), ("hidden-" + project, others[index])):
                    row = selectai.CacheRow(holder, name, name, crc32=int(rng.integers(1 << 32)), size=1, width=8, height=8)
                    cache.add(row, vectors[-1])
            losers = [index for index in range(len(stages)) if index != best]
            for lines, holder, files in ((told, project, names), (hidden, "hidden-" + project, others)):
                neg_paths = [files[index] for index in losers]
                lines.append(json.dumps({"project": holder, "chosen_path": files[best], "neg_paths": neg_paths}))
            groups.append((project, np.stack(vectors), list(stages)))
    cache.flush()
    _shared.update(folder=folder, cache=cache, groups=groups)
    for name, lines in (("told", told), ("hidden", hidden)):
        _shared[name] = folder / (name + ".jsonl")
        _shared[name].write_text("\n".join(lines) + "\n", encoding="utf-8")


def tearDownModule():
    for value in _shared.values():
        if isinstance(value, (selectai.EmbeddingCache, selectai.Ranker)):
            value.close()
    _holder.cleanup()


def read(path):
    """Metadata and tensors of a safetensors file."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        values = np.frombuffer(data[8 + length + start : 8 + length + end], DTYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"]).copy()
    return metadata, tensors


def write(path, metadata, tensors):
    names = {np.dtype(code): name for name, code in DTYPES.items()}
    header, body = {"__metadata__": metadata}, b""
    for name, values in tensors.items():
        raw = np.ascontiguousarray(values).tobytes()
        header[name] = {
            "dtype": names[values.dtype],
            "shape": list(values.shape),
            "data_offsets": [len(body), len(body) + len(raw)],
        }
        body += raw
    text = json.dumps(header).encode("utf-8")
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + body)


def layers(tensors, prefix, inputs):
    index = 0
    while f"{prefix}layers.{index}.weight" in tensors:
        if index > 0:
            inputs = np.maximum(inputs, 0)
        inputs = inputs @ tensors[f"{prefix}layers.{index}.weight"].astype(float).T + tensors[f"{prefix}layers.{index}.bias"]
        index += 1
    return inputs


def expected(metadata, tensors, embeddings, project=None):
    """Prior and image part of a group, in plain numpy."""
    inputs = embeddings.astype(float)
    if metadata["differences"] == "1":
        inputs = inputs - inputs.mean(axis=0)
    clip = float(metadata["clip"])
    inputs = np.clip((inputs - tensors["standardise.mean"]) * tensors["standardise.scale"], -clip, clip)
    logits = layers(tensors, "recogniser.", inputs)
    looks = np.exp(logits - logits.max(axis=1, keepdims=True))
    looks /= looks.sum(axis=1, keepdims=True)
    values = tensors["prior.values"].copy()
    projects = json.loads(metadata["prior_projects"])
    if project in projects:
        values += tensors["prior.project_values"][projects.index(project)]
    prior = looks @ values
    for i in range(len(prior)):
        others = looks.sum(axis=0) - looks[i]
        prior[i] += looks[i] @ tensors["prior.transitions"] @ others / len(prior)
    count = 1 + len([architecture for architecture in metadata["networks"].split(",") if architecture])
    networks = [layers(tensors, f"ensemble.{k}." if k else "", inputs)[:, 0] for k in range(count)]
    image = np.mean(networks, axis=0)
    if "kernel_share" in metadata:
        share = float(metadata["kernel_share"])
        likeness = fixtures.kernel_likeness(inputs, tensors["kernel.centres"])
        image = (1 - share) * image + share * (likeness @ tensors["kernel.coefficients"].astype(float))
    return float(metadata["prior_weight"]) * prior, float(metadata["image_weight"]) * image


class RecogniseCase(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        reason = fixtures.torch_missing()
        if reason:
            self.skipTest(reason)
        self.cache, self.log, self.hidden = _shared["cache"], _shared["told"], _shared["hidden"]

    def train(self, **options):
        ranker = selectai.Ranker.train(self.log, self.cache, **{**FAST, "recognise_stages": True, **options})
        self.addCleanup(ranker.close)
        return ranker

    def model(self, recognise):
        """One that all tests may read."""
        name = "recognising" if recognise else "told-ranker"
        if name not in _shared:
            _shared[name] = selectai.Ranker.train(self.log, self.cache, recognise_stages=recognise, **FAST)
        return _shared[name]

    def saved(self, ranker, name="model.safetensors"):
        ranker.save(self.folder / name)
        return self.folder / name


class Numbers(RecogniseCase):
    def check(self, ranker):
        metadata, tensors = read(self.saved(ranker))
        loaded = selectai.Ranker.load(self.folder / "model.safetensors")
        self.addCleanup(loaded.close)
        self.assertGreater(float(metadata["prior_weight"]), 0.05, "a prior without weight would hide mistakes")
        differ = 0
        for project, embeddings, _ in _shared["groups"][::3]:
            for name in (None, project, "of nobody"):
                said = loaded.explain(embeddings, project=name)
                prior, image = expected(metadata, tensors, embeddings, name)
                np.testing.assert_allclose(said.prior, prior, atol=1e-4)
                np.testing.assert_allclose(said.image, image, atol=1e-4)
                np.testing.assert_allclose(said.scores, prior + image, atol=2e-4)
                exps = np.exp(said.scores.astype(float) - said.scores.max())
                np.testing.assert_allclose(said.probabilities, exps / exps.sum(), atol=1e-5)
                differ = max(differ, np.ptp(said.prior))
        self.assertGreater(differ, 0.1)
        return loaded, metadata, tensors

    def test_they_are_those_of_the_tensors(self):
        loaded, metadata, tensors = self.check(self.model(True))
        self.assertEqual(metadata["prior_projects"], '["p","q"]')
        for _, embeddings, _ in _shared["groups"][:4]:  # images by themselves: groups of one
            alone = [sum(expected(metadata, tensors, row[None]))[0] for row in embeddings]
            np.testing.assert_allclose(loaded.score(embeddings), alone, atol=2e-4)

    def test_of_differences(self):
        self.check(self.train(differences=True))

    def test_without_cross_validation_and_of_one_network(self):
        self.check(self.train(folds=1, ensemble=1))

    def test_most_stages_are_recognised(self):
        _, tensors = read(self.saved(self.model(True)))
        right = total = 0
        for _, embeddings, stages in _shared["groups"]:
            inputs = np.clip((embeddings - tensors["standardise.mean"]) * tensors["standardise.scale"], -5, 5)
            seen = tensors["prior.stages"][layers(tensors, "recogniser.", inputs).argmax(axis=1)]
            right, total = right + np.sum(seen == stages), total + len(stages)
        self.assertGreater(right / total, 0.75)


class Stages(RecogniseCase):
    def test_told_ones_are_ignored(self):
        ranker = self.model(True)
        for _, embeddings, stages in _shared["groups"][:6]:
            unsaid = ranker.explain(embeddings)
            for told in (stages, stages[::-1], [float("nan")] * len(stages), [1e300] * len(stages)):
                for one, other in zip(unsaid, ranker.explain(embeddings, stages=told)):
                    np.testing.assert_array_equal(one, other)
                np.testing.assert_array_equal(ranker.score(embeddings), ranker.score(embeddings, told))
        told = self.model(False)
        project, embeddings, stages = _shared["groups"][1]
        self.assertGreater(np.ptp(told.explain(embeddings, stages=stages).prior), 0)
        np.testing.assert_array_equal(told.explain(embeddings).prior, 0)

    def test_hiding_them_costs_nothing(self):
        metadata, tensors = read(self.saved(self.model(True)))
        tensors["seen"] = tensors["seen"][:0]
        tensors["prior.project_values"][:] = 0  # the hidden ones go by other projects' names
        write(self.folder / "unseen.safetensors", metadata, tensors)
        with selectai.Ranker.load(self.folder / "unseen.safetensors") as ranker:
            told, hidden = (ranker.evaluate(log, self.cache).metrics for log in (self.log, self.hidden))
        self.assertEqual(told["top1"].n, 80)
        for name in ("overall", "top1", "brier"):  # the order of groups is another: sums may round otherwise
            self.assertAlmostEqual(told[name].value, hidden[name].value, places=12)
        self.assertEqual((told["anomaly"].n > 0, hidden["anomaly"].n), (True, 0))

    def test_the_stage_alone_says_something_where_a_told_ranker_is_blind(self):
        alone = [self.model(kind).evaluate(self.hidden, self.cache).details["parts"]["prior"]["top1"] for kind in (True, False)]
        self.assertGreater(alone[0], alone[1] + 0.15)

    def test_a_row_without_a_vector(self):
        _, embeddings, _ = _shared["groups"][1]
        said = self.model(True).explain(np.concatenate([embeddings, np.full((1, DIM), np.nan, np.float32)]))
        self.assertTrue(np.isnan(said.scores[-1]))
        self.assertEqual(said.probabilities[-1], 0)
        self.assertTrue(np.isfinite(said.scores[:-1]).all())
        self.assertAlmostEqual(float(said.probabilities.sum()), 1, places=5)

    def test_unknown_ones_teach_none(self):
        with selectai.Ranker.train(self.hidden, self.cache, recognise_stages=True, **FAST) as ranker:
            path = self.saved(ranker)
            self.assertIn("no-stages", [issue.kind for issue in ranker.issues])
        with selectai.Ranker.load(path) as ranker:
            _, embeddings, stages = _shared["groups"][0]
            np.testing.assert_array_equal(ranker.explain(embeddings, stages=stages).prior, 0)


class Files(RecogniseCase):
    def test_what_stands_in_them(self):
        metadata, tensors = read(self.saved(self.model(True)))
        self.assertEqual(metadata["format_version"], "4")
        self.assertEqual(metadata["recogniser"], f"{DIM}-{len(STAGES)}")
        self.assertEqual((tensors[WEIGHT].shape, tensors[WEIGHT].dtype), ((len(STAGES), DIM), np.float32))
        self.assertEqual((tensors[BIAS].shape, tensors[BIAS].dtype), ((len(STAGES),), np.float32))
        np.testing.assert_array_equal(tensors["prior.stages"], STAGES)
        self.assertIs(json.loads(metadata["options"])["recognise_stages"], True)
        self.assertEqual(self.model(True).metadata["stages"], "recognised")
        metadata, tensors = read(self.saved(self.model(False), "told.safetensors"))
        self.assertIn(metadata["format_version"], ("2", "3"))
        self.assertFalse([name for name in [*metadata, *tensors] if name.startswith("recogniser")])
        self.assertEqual(self.model(False).metadata["stages"], "told")

    def test_the_same_bytes(self):
        files = [self.saved(self.train(threads=threads), f"{threads}.safetensors").read_bytes() for threads in (1, 2, 3)]
        files.append(self.saved(self.model(True)).read_bytes())
        with selectai.Ranker.load(self.folder / "model.safetensors") as loaded:
            files.append(self.saved(loaded, "again.safetensors").read_bytes())
        self.assertEqual(len(set(files)), 1)

    def damaged(self):
        """Names, metadata and tensors of files that must be refused."""
        metadata, tensors = read(self.saved(self.model(True)))

        def variant(name, change):
            m, t = dict(metadata), {key: values.copy() for key, values in tensors.items()}
            change(m, t)
            return name, m, t

        def number(key, place, value):
            def change(m, t):
                t[key][place] = value
            return change

        def without(m, t):
            del m["recogniser"], t[WEIGHT], t[BIAS]

        def of_stages(count):
            def change(m, t):
                m["recogniser"] = f"{DIM}-{count}"
                t[WEIGHT], t[BIAS] = np.resize(t[WEIGHT], (count, DIM)), np.resize(t[BIAS], count)
            return change

        def of_inputs(m, t):
            m["recogniser"] = f"{DIM - 1}-{len(STAGES)}"
            t[WEIGHT] = t[WEIGHT][:, 1:]

        def fewer_prior_stages(m, t):
            t["prior.stages"], t["prior.values"] = t["prior.stages"][:2], t["prior.values"][:2]
            t["prior.transitions"], t["prior.project_values"] = t["prior.transitions"][:2, :2], t["prior.project_values"][:, :2]

        def no_prior(m, t):
            for key in [key for key in t if key.startswith("prior.")]:
                del t[key]

        yield variant("weight-nan", number(WEIGHT, (1, 2), np.nan))
        yield variant("weight-infinite", number(WEIGHT, (0, 0), -np.inf))
        yield variant("bias-nan", number(BIAS, 2, np.nan))
        yield variant("value-huge", number("prior.values", 0, 1.7e308))
        yield variant("transition-huge", number("prior.transitions", (0, 1), -1e300))
        yield variant("weight-missing", lambda m, t: t.pop(WEIGHT))
        yield variant("bias-missing", lambda m, t: t.pop(BIAS))
        yield variant("weight-turned", lambda m, t: t.update({WEIGHT: t[WEIGHT].T}))
        yield variant("weight-flat", lambda m, t: t.update({WEIGHT: t[WEIGHT].ravel()}))
        yield variant("weight-double", lambda m, t: t.update({WEIGHT: t[WEIGHT].astype(float)}))
        yield variant("rows-too-few", lambda m, t: t.update({WEIGHT: t[WEIGHT][1:]}))
        yield variant("inputs-too-few", of_inputs)
        for count in (1, 2, 4, 31):
            yield variant(f"of-{count}-stages", of_stages(count))
        yield variant("fewer-prior-stages", fewer_prior_stages)
        yield variant("no-prior", no_prior)
        yield variant("key-missing", lambda m, t: m.pop("recogniser"))
        for index, text in enumerate(("", "none", f"{DIM}", f"{DIM}-", f"{DIM}-0", f"{DIM}--3", f"{DIM}-4294967299", f"{DIM}-64-3")):
            yield variant(f"key-{index}", lambda m, t, text=text: m.update(recogniser=text))
        yield variant("nothing-recognised", without)
        for version in ("1", "2", "3", "5", "04", ""):
            yield variant("version-" + version, lambda m, t, version=version: m.update(format_version=version))

    def test_damaged_ones_are_refused(self):
        for name, metadata, tensors in self.damaged():
            with self.subTest(name):
                path = self.folder / (name + ".safetensors")
                write(path, metadata, tensors)
                with self.assertRaises((selectai.FormatError, selectai.UnsupportedError)) as caught:
                    selectai.Ranker.load(path).close()
                self.assertIn(str(path), str(caught.exception))

    def test_cut_ones_are_refused(self):
        whole = self.saved(self.model(True)).read_bytes()
        for length in [0, 7, 8, 100, len(whole) // 2, len(whole) - 1]:
            path = self.folder / "cut.safetensors"
            path.write_bytes(whole[:length])
            with self.assertRaises(selectai.FormatError) as caught:
                selectai.Ranker.load(path).close()
            self.assertIn(str(path), str(caught.exception))

    def test_numbers_without_end_stay_numbers(self):
        metadata, tensors = read(self.saved(self.model(True)))
        tensors[WEIGHT] = np.where(tensors[WEIGHT] < 0, -3e38, 3e38).astype(np.float32)
        write(self.folder / "huge.safetensors", metadata, tensors)
        with selectai.Ranker.load(self.folder / "huge.safetensors") as ranker:
            for _, embeddings, _ in _shared["groups"][:8]:
                said = ranker.explain(embeddings)
                self.assertTrue(np.isfinite(said.scores).all())
                self.assertAlmostEqual(float(said.probabilities.sum()), 1, places=5)


class Options(RecogniseCase):
    def test_prior_and_image_are_needed(self):
        calls = (selectai.Ranker.train, selectai.Ranker.cross_validate, selectai.Ranker.sweep_anomaly_weight)
        for call in calls:
            for without in ("use_prior", "use_image"):
                with self.assertRaisesRegex(selectai.InvalidArgumentError, "prior and the image"):
                    call(self.log, self.cache, recognise_stages=True, **{without: False})

    def test_figures_are_those_of_training(self):
        trained = self.model(True).evaluation
        alone = selectai.Ranker.cross_validate(self.log, self.cache, recognise_stages=True, **FAST)
        sweep = selectai.Ranker.sweep_anomaly_weight(self.log, self.cache, [1, 4], recognise_stages=True, **FAST)
        self.assertEqual(alone.data, trained.data)
        self.assertEqual(sweep[1.0].data, trained.data)
        self.assertNotEqual(sweep[4.0].data, trained.data)
        self.assertNotEqual(self.model(False).evaluation.data, trained.data)

    def test_going_on(self):
        for first in (True, False):
            with self.assertRaisesRegex(selectai.MismatchError, "stages"):
                selectai.Ranker.train(self.log, self.cache, recognise_stages=not first, start=self.model(first), folds=1, **FAST)
        ranker = self.train(start=self.model(True), folds=1)
        self.assertEqual(ranker.metadata["stages"], "recognised")

    def test_cancelled(self):
        with self.assertRaises(selectai.Cancelled):
            self.train(progress=lambda done, total, stage: True)
