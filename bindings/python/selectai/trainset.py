"""selectai/trainset.py: past decisions, read from logs or extracted from folders.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import json
import math
import operator
from typing import Any, Iterable, Iterator, NamedTuple, Optional, Union

from . import _prototypes
from ._callbacks import Progress, ProgressCallback
from ._errors import check
from ._handle import Handle
from ._library import lib
from ._options import choice, make
from ._text import PathLike, path_array, path_bytes, path_list, take_bytes, take_json, text, utf8
from .issues import Issue, collect
from .projects import Projects, pointer

__all__ = ["RejectedGroup", "TrainSet", "columns"]

Entry = dict[str, Any]

CONFLICTS = {"leave-out": 0, "first": 1, "last": 2}
LOG_FORMS = {"selection": 0, "crop": 1, "crop-full": 2, "anomalies": 3}
# Decisions parsed at once while iterating: they then share the texts of their keys, which saves two fifths of memory.
CHUNK = 256
COUNTS = ("rows", "kept", "duplicates", "conflicts", "completed")


class RejectedGroup(NamedTuple):
    """A group of which nothing was chosen. What is not known is None.

    paths: of its images, at least one. stages: as many. timestamp: the first image's, "YYYYMMDD_HHMMSS". source_path,
    source_row: the file and line (from 1) that it was read from; None if it was extracted.
    """

    project: str
    set_id: Optional[str]
    timestamp: Optional[str]
    paths: list[str]
    stages: list[Optional[float]]
    source_path: Optional[str]
    source_row: Optional[int]


class TrainSet(Handle):
    """A list of decisions: in each, one image of a group was chosen and one or more were not.

    Behaves as a sequence of dicts, one per decision, with the keys of the JSONL files: project, timestamp, chosen_path,
    chosen_stage, neg_paths, neg_stages, was_cropped, set_id, anomaly, crop (or None), and more; image_size (the
    winner's original), session_id and decided_at (of old logs) only where they are known. Immutable; may be read from
    any number of threads.

    rejected: beside the decisions, the groups of which nothing was chosen. They are none of the sequence's items.
    counts: what merge() did, as a dict; None for other sets.

    >>> with TrainSet.load(["decisions.jsonl"]) as decisions:  # doctest: +SKIP
    ...     print(len(decisions), decisions[0]["chosen_path"])
    """

    _type = _prototypes.TrainSet
    _destroy = "selectai_trainset_destroy"

    counts: Optional[dict[str, int]] = None

    @classmethod
    def load(
        cls,
        paths: Union[PathLike, Iterable[PathLike]],
        strict: bool = False,
        *,
        projects: Optional[Projects] = None,
        by_dates: bool = False,
        project: Optional[str] = None,
        root: Optional[PathLike] = None,
        progress: Optional[ProgressCallback] = None,
    ) -> "TrainSet":
        """Reads logs in any mixture, each recognised by its content: training entries (JSONL or CSV), selection logs,
        crop logs, anomaly cases; rejected groups, which may also stand among entries in JSONL.

        A row that is broken, whose project is not known, or that crosses projects, is left out and listed in `issues`;
        with strict=True it raises FormatError or ProjectRuleError instead. Raises FileNotFoundError for a missing log.
        A rejected group that stands there twice, or of which a decision chose an image, is left out and listed in any
        case (kinds "repeated", "decided").

        projects: whose paths and names in old logs are. by_dates: where those do not tell, the time of the decision
        may. project: whose the rows are that tell no project in any other way. root: put in place of a leading
        "PROJECT_ROOT". progress: called with (done, total, "read"), in bytes; a true value cancels.
        """
        array, n = path_array(path_list(paths))
        known = pointer(projects)
        self = cls._new()
        with Progress(progress) as running:
            options = make(
                _prototypes.LoadOptions,
                "selectai_load_options_init",
                strict=bool(strict),
                projects=known,
                by_dates=bool(by_dates),
                project=None if project is None else utf8(project, "project"),
                root=None if root is None else path_bytes(root),
                progress=running.function,
            )
            running.check(
                lib.selectai_trainset_load_logs(ctypes.byref(self._pointer), array, n, ctypes.byref(options))
            )
        return self

    def __len__(self) -> int:
        return int(lib.selectai_trainset_count(self._handle))

    def __getitem__(self, index: int) -> Entry:
        out = ctypes.c_char_p()
        check(lib.selectai_trainset_entry_json(ctypes.byref(out), self._handle, self._position(index)))
        entry: Entry = take_json(out)
        return entry

    def _position(self, index: int) -> int:
        n = len(self)
        position = operator.index(index)
        if not -n <= position < n:
            raise IndexError(f"decision {position} of {n}")
        return position % n

    def __iter__(self) -> Iterator[Entry]:
        n = len(self)
        for begin in range(0, n, CHUNK):
            yield from self._parse(range(begin, min(begin + CHUNK, n)))

    def _parse(self, indices: Iterable[int]) -> list[Entry]:
        out = ctypes.c_char_p()
        reference, handle = ctypes.byref(out), self._handle
        lines = []
        for index in indices:
            check(lib.selectai_trainset_entry_json(reference, handle, index))
            lines.append(take_bytes(out))
        entries: list[Entry] = json.loads(text(b"[" + b",".join(lines) + b"]"))
        return entries

    def source(self, index: int) -> tuple[Optional[str], Optional[int]]:
        """The file and line (from 1) that decision `index` was read from; (None, None) if it was extracted."""
        out = _prototypes.Entry(struct_size=ctypes.sizeof(_prototypes.Entry))
        check(lib.selectai_trainset_get(self._handle, self._position(index), ctypes.byref(out)))
        return (text(out.source_path), int(out.source_row)) if out.source_row else (None, None)

    @property
    def rejected(self) -> list[RejectedGroup]:
        """The groups of which nothing was chosen, in the order in which they were read or extracted."""
        groups = []
        for index in range(lib.selectai_trainset_rejected_count(self._handle)):
            group = _prototypes.RejectedGroup(struct_size=ctypes.sizeof(_prototypes.RejectedGroup))
            check(lib.selectai_trainset_get_rejected(self._handle, index, ctypes.byref(group)))
            stages = group.stages[: group.n_images]
            groups.append(
                RejectedGroup(
                    project=text(group.project),
                    set_id=text(group.set_id) or None,
                    timestamp=text(group.timestamp) or None,
                    paths=[text(path) for path in group.paths[: group.n_images]],
                    stages=[None if math.isnan(stage) else stage for stage in stages],
                    source_path=text(group.source_path) or None,
                    source_row=int(group.source_row) or None,
                )
            )
        return groups

    def merge(self, on_conflict: str = "leave-out") -> "TrainSet":
        """Each decision once, as a new set; `counts` tells what became of the rows, `issues` which they were.

        The same decision is one of the same project with the same file names, in whatever folders; the first stays and
        learns from the others. on_conflict: which of several decisions that contradict each other stays: none of them
        ("leave-out"), the "first" or the "last". Rejected groups go into the new set, each once.

        >>> merged = TrainSet.load(["old_log.csv", "decisions.jsonl"]).merge()  # doctest: +SKIP
        >>> merged.counts  # doctest: +SKIP
        {'rows': 30, 'kept': 23, 'duplicates': 5, 'conflicts': 2, 'completed': 4}
        """
        options = make(
            _prototypes.MergeOptions,
            "selectai_merge_options_init",
            on_conflict=choice(on_conflict, CONFLICTS, "on_conflict"),
        )
        counts = _prototypes.MergeCounts(struct_size=ctypes.sizeof(_prototypes.MergeCounts))
        merged = type(self)._new()
        check(
            lib.selectai_trainset_merge(
                ctypes.byref(merged._pointer), ctypes.byref(counts), self._handle, ctypes.byref(options)
            )
        )
        merged.counts = {name: int(getattr(counts, name)) for name in COUNTS}
        return merged

    def select(self, decisions: Iterable[int], rejected: Iterable[int] = ()) -> "TrainSet":
        """A new set of the decisions, and the rejected groups, with these indices, in the same order, each once.

        For training on one project, or up to some day. IndexError for an index that is not there.

        >>> old = decisions.select(i for i, d in enumerate(decisions) if d["timestamp"] < "2025")  # doctest: +SKIP
        """
        n_rejected = int(lib.selectai_trainset_rejected_count(self._handle))
        flags = (ctypes.c_uint8 * max(len(self), 1))()
        rejected_flags = (ctypes.c_uint8 * max(n_rejected, 1))()
        for index in decisions:
            flags[self._position(index)] = 1
        for index in map(operator.index, rejected):
            if not -n_rejected <= index < n_rejected:
                raise IndexError(f"rejected group {index} of {n_rejected}")
            rejected_flags[index % n_rejected] = 1
        part = type(self)._new()
        check(lib.selectai_trainset_select(ctypes.byref(part._pointer), self._handle, flags, rejected_flags))
        return part

    def anomalies(self) -> dict[str, Any]:
        """How often a lower stage was chosen: {"projects": [...], "total": {...}}.

        Each has selections, anomalies, rate (None if no stages are known), stage_pairs (how often one stage was chosen
        over another) and unparseable.
        """
        out = ctypes.c_char_p()
        check(lib.selectai_trainset_anomaly_json(ctypes.byref(out), self._handle))
        summary: dict[str, Any] = take_json(out)
        return summary

    @property
    def issues(self) -> list[Issue]:
        """Rows that were left out while loading; conflicts and duplicates of a merge."""
        return collect(lib.selectai_trainset_issues(self._handle))

    def columns(self) -> dict[str, list[Any]]:
        """One list per column, see columns()."""
        return columns(self)

    def save(self, path: PathLike, append: bool = False) -> None:
        """Writes .jsonl or .csv (by extension), whole or not at all. append: adds to what is there."""
        check(lib.selectai_trainset_write(self._handle, path_bytes(path), int(bool(append))))

    def save_rejected(self, path: PathLike, append: bool = False) -> None:
        """Writes the rejected groups as .jsonl, whole or not at all. append: adds to what is there, which may also be
        entries in JSONL."""
        check(lib.selectai_trainset_write_rejected(self._handle, path_bytes(path), int(bool(append))))

    def save_log(self, path: PathLike, form: str = "selection", append: bool = False) -> int:
        """Writes the decisions that an old log's form can hold, as CSV; returns how many rows were added.

        form: "selection", "crop" (9 columns, fractions), "crop-full" (11 columns and 4 per image, pixels) or
        "anomalies". append: keeps the header and the rows that are there, and adds only rows that are not.
        """
        number = choice(form, LOG_FORMS, "form")
        written = ctypes.c_uint64()
        check(
            lib.selectai_trainset_write_log(
                ctypes.byref(written), self._handle, path_bytes(path), number, int(bool(append))
            )
        )
        return int(written.value)


def columns(entries: Iterable[Entry]) -> dict[str, list[Any]]:
    """A dict of equally long lists, ready for pandas.DataFrame. What an entry lacks is None.

    Nested values become columns of their own: crop as crop_x1, crop_y1, crop_x2, crop_y2, crop_box_px, crop_method,
    crop_residual; image_size as image_width, image_height; metadata without a prefix.
    """
    rows = []
    for entry in entries:
        row: Entry = {}
        for key, value in entry.items():
            if key == "metadata" and isinstance(value, dict):
                row.update(value)
            elif key == "image_size" and isinstance(value, list):
                row["image_width"], row["image_height"] = value
            elif isinstance(value, dict):
                row.update((f"{key}_{inner}", item) for inner, item in value.items())
            elif key != "crop":  # no crop: its columns are None where any entry has them
                row[key] = value
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
