"""selectai/trainset.py: past decisions, read from logs or extracted from folders.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import operator
import os
from typing import Any, Iterable, Iterator, Union

from . import _prototypes
from ._errors import check
from ._handle import Handle
from ._library import lib
from ._text import PathLike, path_array, path_bytes, take_json
from .issues import Issue, collect

__all__ = ["TrainSet", "columns"]

Entry = dict[str, Any]


class TrainSet(Handle):
    """A list of decisions: in each, one image of a group was chosen and one or more were not.

    Behaves as a sequence of dicts, one per decision, with the keys of the JSONL files: project, timestamp, chosen_path,
    chosen_stage, neg_paths, neg_stages, was_cropped, set_id, anomaly, crop (or None), and more. Immutable; may be read
    from any number of threads.

    >>> with TrainSet.load(["decisions.jsonl"]) as decisions:  # doctest: +SKIP
    ...     print(len(decisions), decisions[0]["chosen_path"])
    """

    _type = _prototypes.TrainSet
    _destroy = "selectai_trainset_destroy"

    @classmethod
    def load(cls, paths: Union[PathLike, Iterable[PathLike]], strict: bool = False) -> "TrainSet":
        """Reads JSONL or CSV logs, recognised by content.

        A row that is broken, or that crosses projects, is left out and listed in `issues`; with strict=True it raises
        FormatError or ProjectRuleError instead. Raises FileNotFoundError for a missing log.
        """
        array, n = path_array([paths] if isinstance(paths, (str, bytes, os.PathLike)) else paths)
        self = cls._new()
        check(lib.selectai_trainset_load(ctypes.byref(self._pointer), array, n, int(bool(strict))))
        return self

    def __len__(self) -> int:
        return int(lib.selectai_trainset_count(self._handle))

    def __getitem__(self, index: int) -> Entry:
        n = len(self)
        position = operator.index(index)
        if not -n <= position < n:
            raise IndexError(f"decision {position} of {n}")
        out = ctypes.c_char_p()
        check(lib.selectai_trainset_entry_json(ctypes.byref(out), self._handle, position % n))
        entry: Entry = take_json(out)
        return entry

    def __iter__(self) -> Iterator[Entry]:
        for index in range(len(self)):
            yield self[index]

    @property
    def issues(self) -> list[Issue]:
        """Rows that were left out while loading."""
        return collect(lib.selectai_trainset_issues(self._handle))

    def columns(self) -> dict[str, list[Any]]:
        """One list per column, see columns()."""
        return columns(self)

    def save(self, path: PathLike, append: bool = False) -> None:
        """Writes .jsonl or .csv (by extension), whole or not at all. append: adds to what is there."""
        check(lib.selectai_trainset_write(self._handle, path_bytes(path), int(bool(append))))


def columns(entries: Iterable[Entry]) -> dict[str, list[Any]]:
    """A dict of equally long lists, ready for pandas.DataFrame. What an entry lacks is None.

    Nested values become columns of their own: crop as crop_x1, crop_y1, crop_x2, crop_y2, crop_box_px, crop_method,
    crop_residual; metadata without a prefix.
    """
    rows = []
    for entry in entries:
        row: Entry = {}
        for key, value in entry.items():
            if key == "metadata" and isinstance(value, dict):
                row.update(value)
            elif isinstance(value, dict):
                row.update((f"{key}_{inner}", item) for inner, item in value.items())
            elif key != "crop":  # no crop: its columns are None where any entry has them
                row[key] = value
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
