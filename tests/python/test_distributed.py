"""test_distributed.py: embedding over a Dask cluster, two worker processes on this machine, of which one is killed.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import logging
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import mock

import numpy as np

import fixtures
import selectai
from selectai import EmbeddingCache

# Dask writes its configuration into the home folder when it is imported first; tests leave that alone. Workers, which
# import this file too, inherit the variable.
_config = None
if "DASK_CONFIG" not in os.environ:
    _config = tempfile.TemporaryDirectory(prefix="selectai-dask-")
    os.environ["DASK_CONFIG"] = _config.name
try:
    import distributed
except ImportError as error:
    distributed = None
    MISSING = f"Dask is missing (Debian: python3-distributed): {error}"

GROUPS = 60
LOOPBACK = "127.0.0.1:0"


class Shared:
    """The cluster and the pictures, made once."""

    client = None

    @classmethod
    def make(cls):
        if distributed is None:
            raise unittest.SkipTest(MISSING)
        cls.holder = tempfile.TemporaryDirectory(prefix="selectai-test-")
        cls.raw = Path(cls.holder.name) / "RAW"
        for index in range(GROUPS):
            folder = cls.raw / f"day {index % 3}"
            folder.mkdir(parents=True, exist_ok=True)
            for stage in (1, 2):
                selectai.save(fixtures.picture(2 * index + stage), folder / fixtures.name(index, stage))
        warnings.simplefilter("ignore", DeprecationWarning)  # of the event loop's
        cls.cluster = distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=LOOPBACK,
            worker_dashboard_address=LOOPBACK,
            scheduler_kwargs={"dashboard": False},
            local_directory=cls.holder.name,
            silence_logs=logging.CRITICAL,
        )
        cls.client = distributed.Client(cls.cluster)

    @classmethod
    def close(cls):
        if cls.client is not None:
            cls.client.close()
            cls.cluster.close()
            cls.holder.cleanup()


def setUpModule():
    if _config is not None:
        unittest.addModuleCleanup(_config.cleanup)
    unittest.addModuleCleanup(check_nothing_is_left)
    unittest.addModuleCleanup(Shared.close)


def check_nothing_is_left():
    left = multiprocessing.active_children()
    for child in left:
        child.kill()
    if left:
        raise AssertionError(f"processes of the cluster outlived it: {left}")


# ---- What runs on workers -------------------------------------------------------------------------------------------


def die_in_the_middle(count):
    """From now on this worker embeds `count` files, flushes, and is killed, as if by the system."""
    real = EmbeddingCache.add_files

    def add_files(self, project, paths, encoder=None, rel_paths=None, **options):
        real(self, project, paths[:count], encoder, rel_paths[:count], **options)
        self.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    EmbeddingCache.add_files = add_files


def open_encoder():
    from selectai.distributed import _Kept

    return None if _Kept.encoder is None else id(_Kept.encoder)


def fail_for_two(item):
    if item == 2:
        raise selectai.MismatchError("two is not wanted")
    return item * 10


class ClusterCase(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        if Shared.client is None:
            Shared.make()
        self.client = Shared.client
        self.client.wait_for_workers(2, timeout=60)
        self.cache = self.folder / "cache"

    def embed(self, **options):
        return selectai.distributed.embed(self.client, "p", Shared.raw, self.cache, **options)

    def rows(self, path):
        """What a cache holds, by rel_path; no file twice."""
        with EmbeddingCache.open(path) as cache:
            self.assertEqual(cache.issues, [])
            self.assertEqual(cache.verify(), [])
            rows = [cache.get(index) for index in range(len(cache))]
        found = {row.rel_path: (row, vector) for row, vector in rows}
        self.assertEqual(len(found), len(rows), "a file has two rows")
        return found

    def assert_like_one_process(self):
        alone = self.folder / "alone"
        files = list(selectai.scan(Shared.raw))
        with selectai.Encoder.open() as encoder, EmbeddingCache.create(alone, encoder) as cache:
            cache.add_files("p", [f.path for f in files], rel_paths=[f.rel_path for f in files])
        expected, found = self.rows(alone), self.rows(self.cache)
        self.assertEqual(len(expected), 2 * GROUPS)
        self.assertEqual(sorted(found), sorted(expected))
        for rel_path, (row, vector) in expected.items():
            self.assertEqual(found[rel_path][0], row)
            np.testing.assert_array_equal(found[rel_path][1], vector)


class Embedding(ClusterCase):
    def test_a_worker_is_killed_in_the_middle(self):
        victim, pid = next(iter(self.client.run(os.getpid).items()))
        self.client.run(die_in_the_middle, 5, workers=[victim])  # each of the 8 shards has more files
        result = self.embed()
        # The five were flushed by a task that never ended: the one that took its place found them.
        self.assertEqual(result, (2 * GROUPS - 5, 5, 0, 0, []))
        self.assert_like_one_process()
        self.client.wait_for_workers(2, timeout=60)
        self.assertNotIn(pid, self.client.run(os.getpid).values())
        self.assertEqual(self.embed()[:4], (0, 2 * GROUPS, 0, 0))

    def test_shards_and_progress(self):
        seen = []
        result = self.embed(shards=5, threads=1, progress=lambda *at: seen.append(at))
        self.assertEqual(result[:4], (2 * GROUPS, 0, 0, 0))
        self.assertEqual(len(seen), 5)
        self.assertEqual(seen[-1], (2 * GROUPS, 2 * GROUPS, "embed"))
        self.assertEqual([at[0] for at in seen], sorted({at[0] for at in seen}))
        self.assert_like_one_process()

    def test_one_encoder_a_process(self):
        self.embed(shards=6, threads=1)
        first = self.client.run(open_encoder)
        self.embed(shards=6, threads=1)
        self.assertEqual(self.client.run(open_encoder), first)

    def test_bad_files_are_listed_in_a_fixed_order(self):
        folder = self.folder / "RAW"
        folder.mkdir()
        for seed in range(9):
            (folder / f"{seed}.png").write_bytes(b"no image")
        selectai.save(fixtures.picture(1), folder / "good.png")
        runs = [selectai.distributed.embed(self.client, "p", folder, self.folder / str(k), shards=4) for k in (1, 2)]
        self.assertEqual(runs[0][:4], (1, 0, 0, 9))
        names = sorted(Path(issue.path).name for issue in runs[0].issues)
        self.assertEqual(names, [f"{seed}.png" for seed in range(9)])
        self.assertEqual(runs[0], runs[1])

    def test_an_empty_folder(self):
        (self.folder / "RAW").mkdir()
        self.assertEqual(
            selectai.distributed.embed(self.client, "p", self.folder / "RAW", self.cache), (0, 0, 0, 0, [])
        )

    def test_errors_come_back_as_they_are(self):
        EmbeddingCache.create(self.cache, encoder_id="another", dim=8).close()
        with self.assertRaisesRegex(selectai.MismatchError, "another"):
            self.embed(retries=0)
        with self.assertRaises(FileNotFoundError):
            selectai.distributed.embed(self.client, "p", self.folder / "missing", self.cache)
        with self.assertRaises(FileNotFoundError):
            self.embed(encoder=self.folder / "missing.safetensors", retries=0)
        with self.assertRaisesRegex(ValueError, "threads"):
            self.embed(threads=0)
        with self.assertRaisesRegex(ValueError, "0 shards"):
            self.embed(shards=0)

    def test_progress_cancels(self):
        with self.assertRaises(selectai.Cancelled):
            self.embed(shards=8, progress=lambda *at: True)
        self.embed()
        self.assertEqual(self.embed().unchanged, 2 * GROUPS)


class Mapping(ClusterCase):
    def test_results_are_in_order(self):
        seen = []
        found = selectai.distributed.map_shards(
            self.client, fail_for_two, [3, 1, 3], progress=lambda *at: seen.append(at)
        )
        self.assertEqual(found, [30, 10, 30])
        self.assertEqual(seen, [(1, 3, "shards"), (2, 3, "shards"), (3, 3, "shards")])
        self.assertEqual(selectai.distributed.map_shards(self.client, fail_for_two, []), [])

    def test_an_error_is_raised_here(self):
        with self.assertRaisesRegex(selectai.MismatchError, "two is not wanted"):
            selectai.distributed.map_shards(self.client, fail_for_two, [1, 2, 3], retries=1)


class WithoutDask(unittest.TestCase):
    def test_importing_selectai_does_not_import_it(self):
        code = "import sys, selectai; sys.exit('dask' in sys.modules or 'distributed' in sys.modules)"
        self.assertEqual(subprocess.run([sys.executable, "-c", code], check=False).returncode, 0)

    def test_what_is_missing_is_named(self):
        with mock.patch.dict(sys.modules, {"distributed": None}):
            with self.assertRaisesRegex(ImportError, "python3-distributed"):
                selectai.distributed.embed(None, "p", ".", "cache")
            with self.assertRaisesRegex(ImportError, "python3-distributed"):
                selectai.distributed.map_shards(None, len, [])

    def test_errors_can_travel(self):
        error = pickle.loads(pickle.dumps(selectai.MismatchError("other encoder", -21, "cache.c:7")))
        self.assertEqual((type(error), str(error), error.code, error.where),
                         (selectai.MismatchError, "other encoder", -21, "cache.c:7"))


if __name__ == "__main__":
    unittest.main()
