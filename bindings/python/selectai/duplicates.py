"""selectai/duplicates.py: copies of one picture. Near hashes first, then what the files really hold.

Functions here keep no state and may be called from any thread. No file is changed, moved or removed.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
from dataclasses import dataclass, field
from typing import Any, Iterable, Iterator, Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _prototypes
from ._arrays import as_array, pointer
from ._callbacks import Progress, ProgressCallback
from ._errors import check
from ._handle import Handle
from ._library import lib
from ._options import make
from ._text import PathLike, path_array, text, utf8
from .issues import Issue, IssueList, collect
from .names import scan

__all__ = ["Duplicate", "Duplicates", "duplicates", "hash_files", "hash_groups"]

RELATIONS = {0: "keep", 1: "same-file", 2: "same-pixels", 3: "resaved", 4: "similar"}


@dataclass(frozen=True)
class Duplicate:
    """One file of a group of two or more.

    relation: to the file `of`, "keep" (it is the one that is kept), "same-file" (the same bytes), "same-pixels",
    "resaved" (the same picture by sight, saved again or scaled) or "similar" (a near hash, no more). can_go: a file
    that stays shows all that this one does. index: of its path among those given. hash: selectai.phash(). distance: in
    bits, to the kept file's hash. difference: root mean square in grey levels to `of` at 64 x 64, NaN where pixels are
    the same. width, height: pixels; size: bytes.
    """

    path: str
    relation: str
    can_go: bool
    of: str
    project: str
    index: int
    hash: int
    distance: int
    difference: float
    width: int
    height: int
    size: int


@dataclass(frozen=True)
class Duplicates(Sequence[list[Duplicate]]):
    """A list of groups, in each the file that is kept first; issues: files that could not be read."""

    groups: list[list[Duplicate]]
    issues: list[Issue] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, index: Any) -> Any:
        return self.groups[index]

    def __iter__(self) -> Iterator[list[Duplicate]]:
        return iter(self.groups)

    @property
    def removable(self) -> list[str]:
        """The paths that could go. Of each picture at least one file is not among them."""
        return [copy.path for group in self.groups for copy in group if copy.can_go]


def hash_groups(hashes: ArrayLike, distance: int = 8) -> NDArray[np.uint32]:
    """The number of each hash's group, from 0 by first member.

    Hashes whose Hamming distance is at most `distance` (0 to 64) share a group, and so on from hash to hash.

    >>> hash_groups([0, 0xFFFF, 1], distance=1)  # doctest: +SKIP
    array([0, 1, 0], dtype=uint32)
    """
    array = as_array(_hashes(hashes), np.uint64, ("n",), "hashes")
    groups = np.empty(len(array), np.uint32)
    count = ctypes.c_size_t()
    check(
        lib.selectai_hash_groups(
            pointer(groups, ctypes.c_uint32),
            ctypes.byref(count),
            pointer(array, ctypes.c_uint64),
            len(array),
            _distance(distance),
        )
    )
    return groups


def hash_files(
    paths: Iterable[PathLike], threads: int = 0, progress: Optional[ProgressCallback] = None
) -> tuple[NDArray[np.uint64], NDArray[np.bool_], list[Issue]]:
    """phash() of each file, in parallel: hashes, which of them are known (a file that cannot be read has none), issues.

    >>> hashes, known, issues = hash_files(sorted(glob("RAW/*.png")))  # doctest: +SKIP
    """
    array, n = path_array(paths)
    hashes = np.zeros(n, np.uint64)
    known = np.zeros(n, np.uint8)
    with IssueList() as issues, Progress(progress) as running:
        running.check(
            lib.selectai_hash_files(
                pointer(hashes, ctypes.c_uint64),
                pointer(known, ctypes.c_uint8),
                ctypes.byref(issues.pointer),
                array,
                n,
                _uint32(threads, "threads"),
                running.function,
                None,
            )
        )
        return hashes, known.astype(bool), issues.take()


def duplicates(
    paths_or_dir: Union[PathLike, Iterable[PathLike]],
    *,
    project: Union[str, Iterable[str]] = "",
    distance: int = 8,
    hashes: Optional[ArrayLike] = None,
    known: Optional[ArrayLike] = None,
    threads: int = 0,
    progress: Optional[ProgressCallback] = None,
) -> Duplicates:
    """Finds copies among image files, and says which could go; never all of one picture.

    paths_or_dir: paths, or one folder, in which all images are looked at. project: one name, or one for each path;
    files of different projects are never compared. hashes: phash() of each path as far as `known` (default: all) says
    so; then only near ones are opened. progress: called with (done, total, stage), a true value cancels.

    A file that looks like a copy stays if its name tells another stage or time, if it is lossless and the other is not,
    or if it has alpha. Several names of one file count once.

    >>> for group in duplicates("RAW", project="mojo1"):  # doctest: +SKIP
    ...     print(group[0].path, [copy.path for copy in group if copy.can_go])
    """
    paths = list(_paths(paths_or_dir))
    array, n = path_array(paths)
    with contextlib.closing(_Result._new()) as result, Progress(progress) as running:
        # These arrays must live until the call is over.
        projects = _projects(project, n)
        hash_array = None if hashes is None else as_array(_hashes(hashes), np.uint64, (n,), "hashes")
        known_array = None if known is None else np.ascontiguousarray(known, bool).astype(np.uint8)
        if known_array is not None and (known_array.shape != (n,) or hash_array is None):
            raise ValueError("known must have a flag for each path, and goes with hashes")
        options = make(
            _prototypes.DuplicatesOptions,
            "selectai_duplicates_options_init",
            distance=_distance(distance),
            threads=threads,
            hashes=pointer(hash_array, ctypes.c_uint64),
            hash_known=pointer(known_array, ctypes.c_uint8),
            progress=running.function,
        )
        running.check(
            lib.selectai_duplicates_find(ctypes.byref(result._pointer), array, projects, n, ctypes.byref(options))
        )
        return result.copy(paths)


class _Result(Handle):
    _type = _prototypes.Duplicates
    _destroy = "selectai_duplicates_destroy"

    def copy(self, paths: list[PathLike]) -> Duplicates:
        groups: list[list[Duplicate]] = []
        item = _prototypes.Duplicate(struct_size=ctypes.sizeof(_prototypes.Duplicate))
        for index in range(lib.selectai_duplicates_count(self._handle)):
            check(lib.selectai_duplicates_get(self._handle, index, ctypes.byref(item)))
            if item.group == len(groups):
                groups.append([])
            groups[item.group].append(_duplicate(item, os.fsdecode(paths[item.of])))
        return Duplicates(groups, collect(lib.selectai_duplicates_issues(self._handle)))


def _duplicate(item: Any, of: str) -> Duplicate:
    return Duplicate(
        path=text(item.path),
        relation=RELATIONS[item.relation],
        can_go=bool(item.can_go),
        of=of,
        project=text(item.project),
        index=item.index,
        hash=item.hash,
        distance=item.distance,
        difference=item.difference if item.relation in (3, 4) else math.nan,
        width=item.width,
        height=item.height,
        size=item.size,
    )


def _paths(paths_or_dir: Union[PathLike, Iterable[PathLike]]) -> Iterable[PathLike]:
    if isinstance(paths_or_dir, (str, bytes, os.PathLike)):
        return [file.path for file in scan(paths_or_dir)]
    return paths_or_dir


def _projects(project: Union[str, Iterable[str]], n: int) -> Any:
    names = [project] * n if isinstance(project, str) else list(project)
    if len(names) != n:
        raise ValueError(f"project must be one name, or one for each of {n} paths, not {len(names)}")
    return (ctypes.c_char_p * n)(*(utf8(name, "project") for name in names))


def _hashes(hashes: ArrayLike) -> ArrayLike:
    """numpy makes floats or objects of lists in which some numbers exceed int64, and of empty lists."""
    if isinstance(hashes, np.ndarray):
        return hashes
    values = list(hashes)  # type: ignore[arg-type]
    if all(isinstance(value, (int, np.integer)) and 0 <= value < 2**64 for value in values):
        return np.array(values, np.uint64)
    return hashes


def _uint32(value: int, what: str) -> int:
    if not isinstance(value, (int, np.integer)):
        raise TypeError(f"{what} must be an integer, not {type(value).__name__}")
    if not 0 <= value < 2**32:
        raise ValueError(f"{what} must be from 0 to {2**32 - 1}, not {value}")
    return int(value)


def _distance(value: int) -> int:
    if not 0 <= _uint32(value, "distance") <= 64:
        raise ValueError(f"distance must be from 0 to 64 bits, not {value}")
    return int(value)
