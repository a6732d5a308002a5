"""selectai/issues.py: what went wrong with single files of a long job.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple

from . import _prototypes
from ._errors import check
from ._library import lib
from ._text import text

__all__ = ["Issue"]


class Issue(NamedTuple):
    """One problem with one file or row; the job as a whole went on.

    code: number of include/selectai/common.h, see error_name(). kind: a short stable word, such as "unreadable",
    "unparsed", "orphan-final". path: the file concerned, "" if none. row: line in a text file from 1, 0 if that makes
    no sense. message: one line for humans.
    """

    code: int
    kind: str
    path: str
    row: int
    message: str


def collect(pointer: Any) -> list[Issue]:
    """Copies a borrowed list; NULL counts as empty."""
    issues = []
    for index in range(lib.selectai_issues_count(pointer)):
        item = _prototypes.Issue(struct_size=ctypes.sizeof(_prototypes.Issue))
        check(lib.selectai_issues_get(pointer, index, ctypes.byref(item)))
        message = (item.message or b"").decode("utf-8", "backslashreplace")
        issues.append(Issue(item.code, text(item.kind), text(item.path), item.row, message))
    return issues


class IssueList:
    """Room for a list that a C function hands over: `with IssueList() as out: f(out.pointer); out.take()`."""

    def __init__(self) -> None:
        self.pointer = ctypes.POINTER(_prototypes.Issues)()

    def take(self) -> list[Issue]:
        return collect(self.pointer)

    def __enter__(self) -> "IssueList":
        return self

    def __exit__(self, *exception: object) -> None:
        lib.selectai_issues_destroy(ctypes.byref(self.pointer))
