"""test_shards.py: dealing files out, against the rule as project.h words it.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import os
import random
import unittest

import numpy as np

import fixtures
import selectai

WORD = 2**64 - 1


def mix(x):
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & WORD
    return x ^ (x >> 31)


def hash_of(data, seed):
    h = 0xCBF29CE484222325 ^ mix(seed)
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & WORD
    return mix(h)


def naive(project, rel_paths, n_shards, sets=None):
    """For different rel_paths. sets: lists of indices; None: groups."""
    keys = [os.fsencode(path) for path in rel_paths]
    for members in selectai.group(rel_paths) if sets is None else sets:
        least = min(keys[index] for index in members)
        for index in members:
            keys[index] = least
    seed = hash_of(project.encode(), 0)
    return [hash_of(key, seed) % n_shards for key in keys]


class Shards(unittest.TestCase):
    def test_the_rule(self):
        rng = random.Random(3)
        for n_shards in (1, 2, 7, 16, 65536):
            folders = ["", "a/", "ü/b/"]
            names = {rng.choice(folders) + fixtures.name(rng.randrange(60), rng.randrange(1, 4)) for _ in range(80)}
            names |= {rng.choice(folders) + f"{rng.randrange(1000)}.png" for _ in range(10)}
            names |= {os.fsdecode(b"\xff.png")}
            rel_paths = sorted(names)
            rng.shuffle(rel_paths)
            got = selectai.shard("projekt ä", rel_paths, n_shards)
            self.assertEqual(got.dtype, np.uint32)
            self.assertEqual(got.tolist(), naive("projekt ä", rel_paths, n_shards))

    def test_sets(self):
        rel_paths = [f"{index}.png" for index in range(12)]
        got = selectai.shard("p", rel_paths, 1000, set_sizes=[5, 0, 4, 3])
        self.assertEqual(got.tolist(), naive("p", rel_paths, 1000, [range(5), range(5, 9), range(9, 12)]))
        shared = selectai.shard("p", ["a", "b", "b", "c"], 1000, set_sizes=[2, 2])
        self.assertEqual(len(set(shared.tolist())), 1)

    def test_places(self):
        names = ["20250708_060711_stage1.png", "20250708_060755_stage2.png"]
        apart = selectai.shard("p", names, 65536, paths=[f"/{k}/{name}" for k, name in enumerate(names)])
        self.assertEqual(apart.tolist(), [int(selectai.shard("p", [name], 65536)[0]) for name in names])
        together = selectai.shard("p", names, 65536, paths=["/x/" + name for name in names])
        self.assertEqual(together.tolist(), selectai.shard("p", names, 65536).tolist())
        self.assertEqual(together[0], together[1])

    def test_group_options(self):
        names = ["20250708_060711_stage1.png", "20250708_060755_stage2.png"]
        alone = [int(selectai.shard("p", [name], 65536)[0]) for name in names]
        self.assertEqual(selectai.shard("p", names, 65536, max_gap=1).tolist(), alone)
        self.assertEqual(selectai.shard("p", names, 65536, mode="timestamp").tolist(), alone)

    def test_no_files(self):
        self.assertEqual(selectai.shard("p", [], 4).tolist(), [])

    def test_wrong_arguments_say_so(self):
        for n_shards in (0, 65537):
            with self.assertRaisesRegex(ValueError, f"{n_shards} shards"):
                selectai.shard("p", ["a"], n_shards)
        with self.assertRaisesRegex(ValueError, "n_shards"):
            selectai.shard("p", ["a"], -1)
        with self.assertRaises(TypeError):
            selectai.shard("p", ["a"], 1.5)
        with self.assertRaisesRegex(ValueError, "paths has 2"):
            selectai.shard("p", ["a"], 4, paths=["a", "b"])
        with self.assertRaisesRegex(ValueError, "set_sizes"):
            selectai.shard("p", ["a"], 4, set_sizes=[2])
        with self.assertRaisesRegex(TypeError, "several paths"):
            selectai.shard("p", "a", 4)


if __name__ == "__main__":
    unittest.main()
