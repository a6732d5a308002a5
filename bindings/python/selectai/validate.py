"""selectai/validate.py: what is wrong in logs, caches, models, configs, manifests and folders.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import datetime
import os
from dataclasses import dataclass
from typing import Any, Iterable, Optional, Union

from . import _prototypes
from ._callbacks import Progress, ProgressCallback
from ._errors import check
from ._handle import Handle
from ._library import lib
from ._options import make
from ._text import PathLike, path_array, path_bytes, path_list, take_json, text, utf8
from .projects import Projects, pointer

__all__ = ["Example", "FileReport", "Problem", "Validation", "validate"]

SEVERITIES = ("note", "warning", "error")


@dataclass(frozen=True)
class Example:
    """One place. row: line from 1, or None. path: what it is about inside of a folder, "" for the file itself."""

    row: Optional[int]
    path: str
    message: str


@dataclass(frozen=True)
class Problem:
    """Everything of one code in one file.

    severity: "error" (cannot be used), "warning" (can), "note" (nothing is wrong). count: rows or items concerned;
    unusable: of these, how many cannot be used for that reason. examples: the first places, at most ten.
    """

    code: str
    severity: str
    count: int
    unusable: int
    meaning: str
    remedy: str
    examples: list[Example]


@dataclass(frozen=True)
class FileReport:
    """One file or folder. kind: see the C header; encoder: of caches and models, else ""; usable: of its rows."""

    path: str
    kind: str
    severity: str
    encoder: str
    rows: int
    usable: int
    problems: list[Problem]

    def count(self, code: str) -> int:
        """How often a problem or note was found; 0 if it was not."""
        return sum(problem.count for problem in self.problems if problem.code == code)


class Validation(list[FileReport]):
    """A list of FileReport, true if there is any; `ok` says whether everything can be used.

    dropped: rows that fix left out, None without it. data: the same as the program's --json.
    """

    ok: bool
    dropped: Optional[int]
    data: dict[str, Any]


class _Result(Handle):
    """The C result; copied and closed inside validate()."""

    _type = _prototypes.Validation
    _destroy = "selectai_validation_destroy"

    def copy(self) -> Validation:
        handle = self._handle
        out = ctypes.c_char_p()
        result = Validation(self._file(i) for i in range(lib.selectai_validation_count(handle)))
        check(lib.selectai_validation_json(ctypes.byref(out), handle))
        result.data = take_json(out)
        result.ok = lib.selectai_validation_severity(handle) < SEVERITIES.index("error")
        result.dropped = None
        return result

    def _file(self, index: int) -> FileReport:
        item = _prototypes.ValidatedFile(struct_size=ctypes.sizeof(_prototypes.ValidatedFile))
        check(lib.selectai_validation_get(self._handle, index, ctypes.byref(item)))
        return FileReport(
            path=os.fsdecode(item.path),
            kind=text(item.kind),
            severity=SEVERITIES[item.severity],
            encoder=text(item.encoder_id),
            rows=item.rows,
            usable=item.usable,
            problems=[self._problem(index, k) for k in range(item.n_problems)],
        )

    def _problem(self, index: int, k: int) -> Problem:
        item = _prototypes.ValidatedProblem(struct_size=ctypes.sizeof(_prototypes.ValidatedProblem))
        check(lib.selectai_validation_problem(self._handle, index, k, ctypes.byref(item)))
        return Problem(
            code=text(item.code),
            severity=SEVERITIES[item.severity],
            count=item.count,
            unusable=item.unusable,
            meaning=text(item.meaning),
            remedy=text(item.remedy),
            examples=[self._example(index, k, i) for i in range(item.n_examples)],
        )

    def _example(self, index: int, k: int, i: int) -> Example:
        item = _prototypes.ValidatedExample(struct_size=ctypes.sizeof(_prototypes.ValidatedExample))
        check(lib.selectai_validation_example(self._handle, index, k, i, ctypes.byref(item)))
        return Example(item.row or None, os.fsdecode(item.path), text(item.message))


def validate(
    paths: Union[PathLike, Iterable[PathLike]],
    *,
    fix: Optional[PathLike] = None,
    projects: Optional[Projects] = None,
    by_dates: bool = False,
    project: Optional[str] = None,
    root: Optional[PathLike] = None,
    images: Optional[PathLike] = None,
    encoder: Optional[str] = None,
    deep: bool = False,
    now: Optional[datetime.datetime] = None,
    threads: int = 0,
    progress: Optional[ProgressCallback] = None,
) -> Validation:
    """Looks into files of any kind and folders; rows of logs are judged by the code that loads them.

    fix: a new folder for copies of logs without the rows that cannot be used, and dropped.jsonl. images: where the
    images that logs name may be, by file name. encoder: the id that caches and models must be of. deep: decodes images.
    now: what is later is in the future; with a time zone, None for the clock. The others: as TrainSet.load() takes them.
    progress: called with (done, total, stage), a true value cancels.

    >>> for file in validate("training data"):  # doctest: +SKIP
    ...     print(file.path, file.kind, f"{file.usable} of {file.rows}", [p.code for p in file.problems])
    """
    array, n = path_array(path_list(paths))
    folder = None if fix is None else path_bytes(fix)
    known = pointer(projects)
    dropped = ctypes.c_uint64()
    if now is not None and now.tzinfo is None:
        raise ValueError("now must have a time zone, such as datetime.timezone.utc")
    result = _Result._new()
    try:
        with Progress(progress) as running:
            options = make(
                _prototypes.ValidateOptions,
                "selectai_validate_options_init",
                threads=threads,
                now=None if now is None else int(now.timestamp()),
                deep=bool(deep),
                by_dates=bool(by_dates),
                projects=known,
                project=None if project is None else utf8(project, "project"),
                root=None if root is None else path_bytes(root),
                images_root=None if images is None else path_bytes(images),
                encoder_id=None if encoder is None else utf8(encoder, "encoder"),
                progress=running.function,
            )
            reference = ctypes.byref(result._pointer)
            if folder is None:
                running.check(lib.selectai_validate(reference, array, n, ctypes.byref(options)))
            else:
                running.check(
                    lib.selectai_validate_fix(
                        reference, ctypes.byref(dropped), array, n, folder, ctypes.byref(options)
                    )
                )
        validation = result.copy()
    finally:
        result.close()
    validation.dropped = None if folder is None else int(dropped.value)
    return validation
