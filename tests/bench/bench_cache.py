"""bench_cache.py PROGRAM: runs bench_cache, then does the same to its cache with numpy, json and a dict.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import numpy

rows = sys.argv[2] if len(sys.argv) > 2 else "1000000"
with tempfile.TemporaryDirectory(prefix="selectai-bench-") as folder:
    cache = pathlib.Path(folder) / "cache"
    subprocess.run([sys.argv[1], rows, str(cache)], check=True)
    (lines,) = cache.glob("part-*.jsonl")
    start = time.perf_counter()
    vectors = numpy.load(lines.with_suffix(".npy"), mmap_mode="r")
    print(f"numpy.load(mmap_mode='r'): {1e3 * (time.perf_counter() - start):.2f} ms, without names")
    start = time.perf_counter()
    with open(lines, encoding="utf-8") as stream:
        index = {(row["project"], row["rel_path"]): row["row"] for row in map(json.loads, stream)}
    print(f"json and a dict of its names: {time.perf_counter() - start:.2f} s")
    keys = list(index)
    random.Random(1).shuffle(keys)
    start = time.perf_counter()
    total = sum(index[key] for key in keys)
    print(f"{len(keys)} look-ups in the dict, in random order: {time.perf_counter() - start:.3f} s")
    start = time.perf_counter()
    finite = all(bool(numpy.isfinite(vectors[i : i + 4096]).all()) for i in range(0, len(vectors), 4096))
    print(f"numpy.isfinite of all vectors: {time.perf_counter() - start:.2f} s")
