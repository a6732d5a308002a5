"""test_evaluation.py: what lies behind figures, sweeps of anomaly weights, some of a set. Mostly of the prior alone, which
needs no torch module.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json

import numpy as np

import fixtures
import selectai

STAGES = (1, 2)


class PriorCase(fixtures.FolderCase):
    """Two projects of 40 groups; in the first one in four was decided for the lower stage, in the second one in two."""

    def setUp(self):
        super().setUp()
        self.cache = selectai.EmbeddingCache.create(self.folder / "cache", encoder_id="test-1", dim=4)
        self.addCleanup(self.cache.close)
        rng, lines = np.random.default_rng(3), []
        for project, every in (("p", 4), ("q", 2)):
            for group in range(40):
                names = [fixtures.name(group, stage) for stage in STAGES]
                winner = names[0 if group % every == 0 else 1]
                for name in names:
                    row = selectai.CacheRow(project, name, name, crc32=int(rng.integers(1 << 32)), size=1, width=8, height=8)
                    vector = rng.normal(size=4) + (0.6 if name == winner else 0)  # pictures tell something, not all
                    self.cache.add(row, vector.astype(np.float32))
                losers = [name for name in names if name != winner]
                lines.append(json.dumps({"project": project, "chosen_path": winner, "neg_paths": losers}))
        lines.append(json.dumps({"project": "p", "paths": ["x.png", "y.png"]}))
        lines.append(json.dumps({"project": "q", "paths": ["z.png"]}))
        self.log = self.folder / "log.jsonl"
        self.log.write_text("\n".join(lines), encoding="utf-8")


class Details(PriorCase):
    def test_they_are_the_json_without_its_head(self):
        figures = selectai.Ranker.cross_validate(self.log, self.cache, use_image=False)
        details = figures.details
        for name in ("parts", "by_project", "by_size", "by_pattern", "reliability", "risk_coverage", "by_margin", "worst"):
            self.assertIs(details[name], figures.data[name])
        for name in ("split", "metrics", "groups"):
            self.assertNotIn(name, details)
        self.assertEqual({row["project"]: row["n"] for row in details["by_project"]}, {"p": 40, "q": 40})
        self.assertEqual(details["parts"]["prior"]["top1"], figures.metrics["top1"].value)
        self.assertEqual(sum(bin["n"] for bin in details["reliability"]), 80)

    def test_pairs_are_leaky(self):
        for split, leaky in (("pair", True), ("group", False), ("project", False)):
            figures = selectai.Ranker.cross_validate(self.log, self.cache, use_image=False, split=split)
            self.assertIs(figures.leaky, leaky)


class Sweep(PriorCase):
    def test_it_is_cross_validation_weight_by_weight(self):
        reason = fixtures.torch_missing()
        if reason:
            self.skipTest(reason)
        options = dict(seed=2, epochs=5, split="group")
        sweep = selectai.Ranker.sweep_anomaly_weight(self.log, self.cache, [0.25, 4], **options)
        self.assertEqual(list(sweep), [0.25, 4.0])
        for weight, figures in sweep.items():
            alone = selectai.Ranker.cross_validate(self.log, self.cache, anomaly_weight=weight, **options)
            self.assertEqual(figures.data, alone.data)
            self.assertEqual(str(figures), str(alone))
        # Anomalies are won, and paid for with normal pairs.
        self.assertGreater(sweep[4.0].metrics["anomaly"].value, sweep[0.25].metrics["anomaly"].value)
        self.assertLess(sweep[4.0].metrics["normal"].value, sweep[0.25].metrics["normal"].value)

    def test_the_prior_alone_has_nothing_to_balance(self):
        sweep = selectai.Ranker.sweep_anomaly_weight(self.log, self.cache, use_image=False)
        self.assertEqual(list(sweep), [1, 2, 5, 10, 20])
        self.assertEqual(len({str(figures) for figures in sweep.values()}), 1)

    def test_errors(self):
        for weights in ([], [1, 1]):
            with self.assertRaisesRegex(ValueError, "different"):
                selectai.Ranker.sweep_anomaly_weight(self.log, self.cache, weights, use_image=False)
        for weights in ([0], [1, -1], [float("nan")]):
            with self.assertRaises(selectai.InvalidArgumentError):
                selectai.Ranker.sweep_anomaly_weight(self.log, self.cache, weights, use_image=False)
        with self.assertRaisesRegex(TypeError, "test_share"):
            selectai.Ranker.sweep_anomaly_weight(self.log, self.cache, [1], test_share=0.1)
        with self.assertRaisesRegex(ValueError, "two folds"):
            selectai.Ranker.sweep_anomaly_weight(self.log, self.cache, [1], use_image=False, folds=1)


class Select(PriorCase):
    def test_some_of_a_set(self):
        with selectai.TrainSet.load(self.log) as decisions:
            wanted = [i for i, d in enumerate(decisions) if d["project"] == "q"]
            expected = [decisions[i] for i in wanted]
            part = decisions.select(reversed(wanted), [-1])
            nothing = decisions.select([])
        # The part stands by itself, in the order of the whole.
        self.assertEqual(list(part), expected)
        self.assertEqual([group.paths for group in part.rejected], [["z.png"]])
        self.assertEqual(part.source(0), (str(self.log), wanted[0] + 1))
        self.assertEqual((len(nothing), nothing.rejected), (0, []))
        with selectai.Ranker.train(part, self.cache, use_image=False) as ranker:
            self.assertEqual(ranker.evaluation.metrics["top1"].n, 40)
            evaluation = ranker.evaluate(self.log, self.cache)  # the other project is left
            self.assertEqual([row["project"] for row in evaluation.details["by_project"]], ["p"])

    def test_errors(self):
        with selectai.TrainSet.load(self.log) as decisions:
            for indices, rejected in (([80], []), ([-81], []), ([], [2]), ([], [-3])):
                with self.assertRaises(IndexError):
                    decisions.select(indices, rejected)
            with self.assertRaises(TypeError):
                decisions.select(["x"])
