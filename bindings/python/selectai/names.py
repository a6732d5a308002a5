"""selectai/names.py: file names, groups and folders of one project.

Functions here keep no state and may be called from any thread.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import os
from typing import Iterator, NamedTuple, Optional, Sequence

import numpy as np

from . import _prototypes
from ._arrays import pointer
from ._errors import FormatError, check
from ._handle import Handle
from ._library import lib
from ._options import group_options
from ._text import PathLike, path_array, path_bytes, text
from .issues import Issue, collect

__all__ = ["ParsedName", "ScannedFile", "Scanner", "group", "parse_filename", "scan"]


class ParsedName(NamedTuple):
    """`YYYYMMDD_HHMMSS_stageN[.N][_label].ext` taken apart.

    timestamp: "YYYYMMDD_HHMMSS". stage: 1.0, 1.5, 2.0, ... label: what follows the stage, without its leading "_" and
    the extension; "" if there is none.
    """

    timestamp: str
    stage: float
    label: str


def parse_filename(name: PathLike) -> Optional[ParsedName]:
    """Parses a file name, or the last part of a path; None if it is not of that form or not a real date and time.

    >>> parse_filename("20250708_060711_stage1.5_face_swapped.png")
    ParsedName(timestamp='20250708_060711', stage=1.5, label='face_swapped')
    >>> parse_filename("holiday.png") is None
    True
    """
    raw = path_bytes(name)
    out = _prototypes.ParsedName(struct_size=ctypes.sizeof(_prototypes.ParsedName))
    try:
        check(lib.selectai_parse_filename(ctypes.byref(out), raw))
    except FormatError:
        return None
    label = raw[out.label_offset : out.label_offset + out.label_length]
    return ParsedName(out.timestamp.decode("ascii"), out.stage, text(label))


def group(
    names: Sequence[PathLike],
    mode: str = "nearest-up",
    lookahead: int = 50,
    max_gap: Optional[float] = None,
    min_size: int = 2,
    scope: str = "directory",
) -> list[list[int]]:
    """Groups the stages of each picture; the names (or relative paths) may come in any order.

    mode: "nearest-up" takes, after each file, the smallest stage above it that comes within `lookahead` files and
    `max_gap` seconds (None: no limit); "timestamp" takes equal timestamps. min_size: smaller groups are dropped.
    scope: "directory" groups each folder by itself, "project" all together.

    Returns lists of indices into `names`: each group in stage order, groups by their first file's folder and time.
    Names that do not parse are in no group. Raises ValueError for an option out of range.

    >>> group(["20250101_000000_stage1.png", "20250101_000130_stage2.png", "notes.txt"])
    [[0, 1]]
    """
    options = group_options(mode, scope, lookahead, max_gap, min_size)
    array, n = path_array(names)
    members = np.empty(max(n, 1), np.uint32)
    starts = np.empty(n + 1, np.uint32)
    n_groups = ctypes.c_size_t()
    check(
        lib.selectai_group_names(
            pointer(members, ctypes.c_uint32),
            pointer(starts, ctypes.c_uint32),
            ctypes.byref(n_groups),
            array,
            n,
            ctypes.byref(options),
        )
    )
    bounds = starts[: n_groups.value + 1].tolist()
    return [members[begin:end].tolist() for begin, end in zip(bounds, bounds[1:])]


class ScannedFile(NamedTuple):
    """An image file below a folder.

    path: the folder as given + "/" + rel_path. size: bytes. mtime_ns: since 1970. companions: names, without folder, of
    the files beside it that have its stem and are no images, such as `.yaml`, `.caption` and `.txt`.
    """

    path: str
    rel_path: str
    size: int
    mtime_ns: int
    companions: tuple[str, ...] = ()


class Scanner(Handle):
    """An iterator over the image files below a folder, see scan(). One thread at a time."""

    _type = _prototypes.Scanner
    _destroy = "selectai_scanner_close"

    @classmethod
    def open(cls, directory: PathLike) -> "Scanner":
        """Raises FileNotFoundError, NotADirectoryError or PermissionError for `directory` itself."""
        self = cls._new()
        check(lib.selectai_scanner_open(ctypes.byref(self._pointer), path_bytes(directory)))
        return self

    def __iter__(self) -> Iterator[ScannedFile]:
        return self

    def __next__(self) -> ScannedFile:
        out = _prototypes.File(struct_size=ctypes.sizeof(_prototypes.File))
        if check(lib.selectai_scanner_next(self._handle, ctypes.byref(out))) != 0:
            raise StopIteration
        companions = tuple(os.fsdecode(out.companions[index]) for index in range(out.n_companions))
        return ScannedFile(os.fsdecode(out.path), os.fsdecode(out.rel_path), out.size, out.mtime_ns, companions)

    @property
    def issues(self) -> list[Issue]:
        """Folders that could not be read so far."""
        return collect(lib.selectai_scanner_issues(self._handle))


def scan(directory: PathLike) -> Scanner:
    """Lists the image files (png, jpg, jpeg, webp) below a folder, in a fixed order.

    Hidden files and folders are skipped, symbolic links are not followed. The result is an iterator of ScannedFile,
    with the sub-folders that could not be read in its `issues`.
    """
    return Scanner.open(directory)
