"""selectai/shards.py: which of n processes a file belongs to.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import itertools
import operator
from typing import Iterable, Optional, Sequence

import numpy as np
from numpy.typing import NDArray

from . import _prototypes
from ._arrays import pointer
from ._errors import check
from ._library import lib
from ._options import group_options, make
from ._text import PathLike, path_array, utf8

__all__ = ["shard"]


def shard(
    project: str,
    rel_paths: Iterable[PathLike],
    n_shards: int,
    *,
    paths: Optional[Iterable[PathLike]] = None,
    set_sizes: Optional[Sequence[int]] = None,
    mode: str = "nearest-up",
    lookahead: int = 50,
    max_gap: Optional[float] = None,
    min_size: int = 2,
    scope: str = "directory",
) -> NDArray[np.uint32]:
    """The shard of each file of one project, 0 to n_shards - 1, for processes that need not know of each other.

    Files of one group have one shard. It depends on project, n_shards and the least of the group's rel_paths in byte
    order (for a file in no group on its own), and is the same in every version: wherever the folder lies, in whatever
    order files are listed, whatever files there are elsewhere. selectai_shard_assign() in project.h has the rule.

    rel_paths: below the project's folder, with "/". paths: where each file lies, None for the rel_paths: tells which
    files have one folder and which are the same. set_sizes: instead of groups, sets of so many files in the order of
    rel_paths stay together; sets that share a file are one. The others: as of group().

    >>> shard("mojo1", ["20250101_000000_stage1.png", "20250101_000130_stage2.png", "a.png", "b.png"], 4).tolist()
    [0, 0, 0, 2]
    """
    group = group_options(mode, scope, lookahead, max_gap, min_size)
    if not 0 <= operator.index(n_shards) < 2**32:
        raise ValueError(f"n_shards must be a positive number, not {n_shards}")
    relative, n = path_array(rel_paths)
    places = starts = None
    if paths is not None:
        places, n_places = path_array(paths)
        if n_places != n:
            raise ValueError(f"paths has {n_places} entries, rel_paths has {n}")
    if set_sizes is not None:
        sizes = [operator.index(size) for size in set_sizes]
        if sum(sizes) != n or any(size < 0 for size in sizes):
            raise ValueError(f"set_sizes must be 0 or more each and {n} in all, as there are rel_paths")
        starts = np.fromiter(itertools.accumulate(sizes, initial=0), np.uint32, len(sizes) + 1)
    options = make(
        _prototypes.ShardOptions,
        "selectai_shard_options_init",
        group=ctypes.pointer(group),
        paths=places,
        set_starts=pointer(starts, ctypes.c_uint32),
        n_sets=None if starts is None else len(starts) - 1,
    )
    out = np.empty(max(n, 1), np.uint32)
    check(
        lib.selectai_shard_assign(
            pointer(out, ctypes.c_uint32), utf8(project, "project"), relative, n, n_shards, ctypes.byref(options)
        )
    )
    return out[:n]
