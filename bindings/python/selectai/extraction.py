"""selectai/extraction.py: RAW and FINAL folders into decisions.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import os
from typing import Any, Optional, Union

from . import _prototypes
from ._callbacks import Progress, ProgressCallback
from ._errors import Cancelled, Error, NoDataError, NoSpaceError, OutOfMemoryError, check
from ._handle import Handle
from ._library import lib
from ._options import choice, group_options, make
from ._text import PathLike, path_bytes, take_json, utf8
from .issues import Issue, collect
from .projects import Projects, pointer
from .trainset import TrainSet, columns

__all__ = ["Extraction", "extract", "extract_batch"]

CROP_EVIDENCE = {"auto": 0, "mtime": 1, "size": 2, "pixels": 3}

# What no project can be blamed for: a batch stops.
FATAL = (Cancelled, OutOfMemoryError, NoSpaceError)


class Extraction(Handle):
    """What extract() found. Stays readable after close(), but for `trainset` and the save methods.

    entries: list of dicts, one per decision (see TrainSet). rejected: list of dicts, groups from which nothing was
    chosen. report: dict of counts, per project and in total. issues: list of Issue, such as names that do not parse and
    finals without a source. failed: list of (project, error), projects of a batch that could not be extracted.
    """

    _type = _prototypes.Extraction
    _destroy = "selectai_extraction_destroy"

    entries: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    report: dict[str, Any]
    issues: list[Issue]
    failed: list[tuple[str, Error]]
    crops_recalled: int  # taken from crop_journal instead of being searched again
    _projects: Optional[Projects] = None  # the library reads it as long as this object adds projects

    @property
    def trainset(self) -> TrainSet:
        """The decisions, with the rejected groups, as Ranker.train() and Cropper.train() take them; usable until close()."""
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
        self.crops_recalled = lib.selectai_extraction_crops_recalled(handle)


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
    projects: Optional[Projects] = None,
    by_dates: bool = False,
    images: Optional[PathLike] = None,
    crop_journal: Optional[PathLike] = None,
    threads: int = 0,
    progress: Optional[ProgressCallback] = None,
) -> Extraction:
    """Finds out, from a project's two folders, which image of each group was chosen and how it was cropped.

    raw: everything generated; final: the chosen. Neither is modified. project: the name that goes into every entry.
    group_mode, group_scope, lookahead, max_gap (seconds), min_size: see group(). crop_evidence: "auto" (pixels,
    unless all bytes are the same), "mtime" (opens no image), "size", "pixels" (always search). date:
    "YYYY-MM-DD" for the entries' extraction_date; None is today. projects: manifests to check counts and dates against;
    differences are issues. by_dates: the folders are shared with other projects, and the manifests' times tell whose a
    file is. images: the image database to write, `.jsonl`, whole or not at all. crop_journal: a file in which crops that
    were found out are kept, so that the same call goes on where a cancelled or killed one was; delete it when the
    result is saved. threads: 0 is one per core. progress: called with (done, total, stage), a true value cancels.

    Raises FileNotFoundError or NotADirectoryError for the folders, ValueError for one folder inside the other.

    >>> result = extract("RAW", "FINAL", "mojo1")  # doctest: +SKIP
    >>> pandas.DataFrame(result.columns())  # doctest: +SKIP
    """
    group = group_options(group_mode, group_scope, lookahead, max_gap, min_size)
    jobs = [(utf8(project, "project"), path_bytes(raw), path_bytes(final))]
    values = _values(crop_evidence, date, by_dates, images, crop_journal, threads)
    return _run(jobs, projects, group, values, progress, batch=False)


def extract_batch(
    projects: Union[Projects, PathLike],
    *,
    group_mode: str = "nearest-up",
    group_scope: str = "directory",
    lookahead: int = 50,
    max_gap: Optional[float] = None,
    min_size: int = 2,
    crop_evidence: str = "auto",
    date: Optional[str] = None,
    by_dates: bool = False,
    images: Optional[PathLike] = None,
    crop_journal: Optional[PathLike] = None,
    threads: int = 0,
    progress: Optional[ProgressCallback] = None,
) -> Extraction:
    """Extracts every project that has both folders, in their order; one that fails does not stop the others.

    projects: a config file (`{"projects":[{"name","raw_dir","final_dir"}]}`), or Projects. The options are those of
    extract(). Projects that could not be extracted are in the result's `failed`, with the error; those that the config
    gives incompletely are in `issues`, which start with those of `projects`.

    Raises NoDataError (a ValueError) if no project has both folders, and what stops everything: cancelling, a full
    disk, no memory.

    >>> result = extract_batch("project_paths.json", progress=bar)  # doctest: +SKIP
    >>> for project, error in result.failed:  # doctest: +SKIP
    ...     print(project, error)
    """
    group = group_options(group_mode, group_scope, lookahead, max_gap, min_size)
    values = _values(crop_evidence, date, by_dates, images, crop_journal, threads)
    known = projects if isinstance(projects, Projects) else Projects(projects)
    rows = [row for row in known if row["raw_dir"] and row["final_dir"]]
    if not rows:
        what = "the list" if known is projects else os.fsdecode(projects)
        raise NoDataError(f"{what}: none of {len(known)} projects has both raw_dir and final_dir")
    jobs = [(utf8(row["name"], "name"), path_bytes(row["raw_dir"]), path_bytes(row["final_dir"])) for row in rows]
    result = _run(jobs, known, group, values, progress, batch=True)
    result.issues = known.issues + result.issues
    return result


def _values(
    crop_evidence: str,
    date: Optional[str],
    by_dates: bool,
    images: Optional[PathLike],
    crop_journal: Optional[PathLike],
    threads: int,
) -> dict[str, Any]:
    return {
        "crop_check": choice(crop_evidence, CROP_EVIDENCE, "crop_evidence"),
        "date": None if date is None else utf8(date, "date"),
        "by_dates": bool(by_dates),
        "images_path": None if images is None else path_bytes(images),
        "crop_journal": None if crop_journal is None else path_bytes(crop_journal),
        "threads": threads,
    }


def _run(
    jobs: list[tuple[bytes, bytes, bytes]],
    projects: Optional[Projects],
    group: Any,
    values: dict[str, Any],
    progress: Optional[ProgressCallback],
    batch: bool,
) -> Extraction:
    result = Extraction._new()
    result._projects = projects
    result.failed = []
    try:
        with Progress(progress) as running:
            options = make(
                _prototypes.ExtractOptions,
                "selectai_extract_options_init",
                group=ctypes.pointer(group),
                projects=pointer(projects),
                progress=running.function,
                **values,
            )
            check(lib.selectai_extraction_create(ctypes.byref(result._pointer), ctypes.byref(options)))
            for name, raw, final in jobs:
                code = lib.selectai_extraction_add_project(result._handle, raw, final, name)
                running.reraise()
                try:
                    check(code)
                except Error as error:
                    if not batch or isinstance(error, FATAL):
                        raise
                    result.failed.append((os.fsdecode(name), error.with_traceback(None)))
            result._read()
            code = 0
            if values["images_path"] is not None and len(result.failed) < len(jobs):
                code = lib.selectai_extraction_commit_images(result._handle)
            running.check(code)
    except BaseException:
        result.close()  # a traceback may keep the object for long, and with it an unfinished image database
        raise
    return result
