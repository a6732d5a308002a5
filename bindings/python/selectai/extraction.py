"""selectai/extraction.py: RAW and FINAL folders into decisions.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
from typing import Any, Optional

from . import _prototypes
from ._callbacks import Progress, ProgressCallback
from ._errors import check
from ._handle import Handle
from ._library import lib
from ._options import choice, group_options, make
from ._text import PathLike, path_bytes, take_json, utf8
from .issues import Issue, collect
from .trainset import TrainSet, columns

__all__ = ["Extraction", "extract"]

CROP_EVIDENCE = {"auto": 0, "mtime": 1, "size": 2, "pixels": 3}


class Extraction(Handle):
    """What extract() found. Stays readable after close(), but for `trainset` and the save methods.

    entries: list of dicts, one per decision (see TrainSet). rejected: list of dicts, groups from which nothing was
    chosen. report: dict of counts, per project and in total. issues: list of Issue, such as names that do not parse and
    finals without a source.
    """

    _type = _prototypes.Extraction
    _destroy = "selectai_extraction_destroy"

    entries: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    report: dict[str, Any]
    issues: list[Issue]

    @property
    def trainset(self) -> TrainSet:
        """The decisions as Ranker.train() and Cropper.train() take them; usable until close()."""
        return TrainSet._borrow(lib.selectai_extraction_entries(self._handle), self)

    def columns(self) -> dict[str, list[Any]]:
        """The entries as a dict of equally long lists, ready for pandas.DataFrame."""
        return columns(self.entries)

    def save(self, path: PathLike, append: bool = False) -> None:
        """Writes the entries as .jsonl or .csv (by extension), whole or not at all."""
        self.trainset.save(path, append)

    def save_rejected(self, path: PathLike) -> None:
        """Writes the rejected groups as JSONL, whole or not at all."""
        check(lib.selectai_extraction_write_rejected(self._handle, path_bytes(path)))

    def _read(self) -> None:
        handle = self._handle
        self.entries = list(self.trainset)
        self.rejected = []
        for index in range(lib.selectai_extraction_rejected_count(handle)):
            out = ctypes.c_char_p()
            check(lib.selectai_extraction_rejected_json(ctypes.byref(out), handle, index))
            self.rejected.append(take_json(out))
        out = ctypes.c_char_p()
        check(lib.selectai_extraction_report_json(ctypes.byref(out), handle))
        self.report = take_json(out)
        self.issues = collect(lib.selectai_extraction_issues(handle))


def extract(
    raw: PathLike,
    final: PathLike,
    project: str,
    *,
    group_mode: str = "nearest-up",
    group_scope: str = "directory",
    lookahead: int = 50,
    max_gap: Optional[float] = None,
    min_size: int = 2,
    crop_evidence: str = "auto",
    date: Optional[str] = None,
    threads: int = 0,
    progress: Optional[ProgressCallback] = None,
) -> Extraction:
    """Finds out, from a project's two folders, which image of each group was chosen and how it was cropped.

    raw: everything generated; final: the chosen. Neither is modified. project: the name that goes into every entry.
    group_mode, group_scope, lookahead, max_gap (seconds), min_size: see group(). crop_evidence: "auto" (sizes first,
    pixels where they or the times differ), "mtime" (opens no image), "size", "pixels" (always search). date:
    "YYYY-MM-DD" for the entries' extraction_date; None is today. threads: 0 is one per core. progress: called with
    (done, total, stage), a true value cancels.

    Raises FileNotFoundError or NotADirectoryError for the folders, ValueError for one folder inside the other.

    >>> result = extract("RAW", "FINAL", "mojo1")  # doctest: +SKIP
    >>> pandas.DataFrame(result.columns())  # doctest: +SKIP
    """
    group = group_options(group_mode, group_scope, lookahead, max_gap, min_size)
    folders = path_bytes(raw), path_bytes(final)
    name = utf8(project, "project")
    result = Extraction._new()
    with Progress(progress) as running:
        options = make(
            _prototypes.ExtractOptions,
            "selectai_extract_options_init",
            crop_check=choice(crop_evidence, CROP_EVIDENCE, "crop_evidence"),
            group=ctypes.pointer(group),
            date=None if date is None else utf8(date, "date"),
            progress=running.function,
            threads=threads,
        )
        check(lib.selectai_extraction_create(ctypes.byref(result._pointer), ctypes.byref(options)))
        running.check(lib.selectai_extraction_add_project(result._handle, *folders, name))
        result._read()
    return result
