"""selectai/projects.py: the projects a person has, and whose a path in an old log is.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import datetime
import math
import operator
from typing import Any, Iterable, Iterator, Mapping, Optional, Union

from . import _prototypes
from ._errors import NotFoundError, check
from ._handle import Handle
from ._library import lib
from ._text import PathLike, path_bytes, path_list, text, utf8
from .issues import Issue, collect

__all__ = ["Projects"]

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
_TEXTS = ("name", "title", "raw_dir", "final_dir", "manifest_path", "status")

Moment = Union[datetime.datetime, int, float]


class Projects(Handle):
    """The projects a person has: their names, folders and times. A sequence of dicts, one per project.

    Keys: name, title, raw_dir, final_dir, manifest_path, status; initial_images, final_images (counts of the manifest);
    started, finished (seconds since 1970 UTC, the second one after the last); has_manifest. What is not known is None.

    Needed where old logs name images by paths from other machines (TrainSet.load), to check an extraction against the
    manifests, and to tell projects apart that share a folder (extract). Fill it in one thread; afterwards it may be
    read from any number of them. Must not be closed before what uses it is done.

    >>> projects = Projects("project_paths.json", manifests="projects/", aliases={"mojo": "mojo1"})  # doctest: +SKIP
    >>> projects.resolve("/old/disk/training data/mojo1_final/x.png")  # doctest: +SKIP
    'mojo1'
    """

    _type = _prototypes.Projects
    _destroy = "selectai_projects_destroy"

    def __init__(
        self,
        config: Optional[PathLike] = None,
        manifests: Union[PathLike, Iterable[PathLike]] = (),
        aliases: Optional[Mapping[str, str]] = None,
    ) -> None:
        """config: `{"projects":[{"name","raw_dir","final_dir"}]}`. manifests: `*.project.json` files, or folders of
        them. aliases: names of old logs, each with the name it has now.

        Raises FileNotFoundError for what is missing, FormatError for a config or a manifest that is none. One bad
        manifest in a folder, or one incomplete project in a config, is left out and stands in `issues`.
        """
        self._prepare()
        check(lib.selectai_projects_create(ctypes.byref(self._pointer)))
        if config is not None:
            self.add_config(config)
        for path in path_list(manifests):
            self.add_manifests(path)
        for old, new in (aliases or {}).items():
            self.add_alias(old, new)

    def add(self, name: str, raw_dir: Optional[PathLike] = None, final_dir: Optional[PathLike] = None) -> None:
        """Adds one project, or gives folders to one that is known already. Raises ValueError for an empty name."""
        folders = [None if folder is None else path_bytes(folder) for folder in (raw_dir, final_dir)]
        with self._alone:
            check(lib.selectai_projects_add(self._handle, utf8(name, "name"), *folders))

    def add_config(self, path: PathLike) -> None:
        """Adds the projects of a config file. Relative folders are taken below the config's if they exist there."""
        with self._alone:
            check(lib.selectai_projects_add_config(self._handle, path_bytes(path)))

    def add_manifests(self, path: PathLike) -> None:
        """Adds a manifest, or all `*.project.json` of a folder. One of a project that is known completes it."""
        with self._alone:
            check(lib.selectai_projects_add_manifests(self._handle, path_bytes(path)))

    def add_alias(self, old_name: str, new_name: str) -> None:
        """Whatever is called old_name belongs to new_name, which is added if it is not known."""
        with self._alone:
            check(
                lib.selectai_projects_add_alias(
                    self._handle, utf8(old_name, "old_name"), utf8(new_name, "new_name")
                )
            )

    def __len__(self) -> int:
        return int(lib.selectai_projects_count(self._handle))

    def __getitem__(self, index: int) -> dict[str, Any]:
        n = len(self)
        position = operator.index(index)
        if not -n <= position < n:
            raise IndexError(f"project {position} of {n}")
        out = _prototypes.KnownProject(struct_size=ctypes.sizeof(_prototypes.KnownProject))
        check(lib.selectai_projects_get(self._handle, position % n, ctypes.byref(out)))
        return _as_dict(out)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for index in range(len(self)):
            yield self[index]

    def find(self, name: str) -> Optional[str]:
        """The project that a name, an alias or a title means, or None. Case of letters counts only where it must.

        Raises AmbiguousError if several projects differ from it in the case of letters only.
        """
        out = ctypes.c_char_p()
        return _answer(out, lib.selectai_projects_find(ctypes.byref(out), self._handle, utf8(name, "name")))

    def resolve(self, path: PathLike, when: Optional[Moment] = None) -> Optional[str]:
        """The project a path belongs to, or None: by folders, by names in the path, by convention, by time.

        when: the time of the decision, as a datetime with a time zone or seconds since 1970 UTC; it tells projects with
        manifests apart where the path does not. Raises AmbiguousError if several projects fit.
        """
        out = ctypes.c_char_p()
        raw, seconds = path_bytes(path), _seconds(when)
        return _answer(out, lib.selectai_projects_resolve(ctypes.byref(out), self._handle, raw, seconds))

    @property
    def issues(self) -> list[Issue]:
        """Incomplete projects of configs, and manifests that could not be used."""
        return collect(lib.selectai_projects_issues(self._handle))


def pointer(projects: Optional[Projects]) -> Any:
    """What an options structure takes; None stays None."""
    if projects is None:
        return None
    if not isinstance(projects, Projects):
        raise TypeError(f"projects must be a selectai.Projects, not {type(projects).__name__}")
    return projects._handle


def _answer(out: ctypes.c_char_p, code: int) -> Optional[str]:
    if code == NotFoundError.code:
        return None
    check(code)
    return text(out.value)


def _seconds(when: Optional[Moment]) -> int:
    if when is None:
        return INT64_MIN
    if isinstance(when, datetime.datetime):
        if when.tzinfo is None:
            raise ValueError(f"when must say its time zone: {when!r}; add tzinfo, such as datetime.timezone.utc")
        when = when.timestamp()
    try:
        seconds = math.floor(when)
    except (ValueError, OverflowError):
        raise ValueError(f"when must be a time, not {when!r}") from None
    except TypeError:
        raise TypeError(f"when must be a datetime or a number of seconds, not {type(when).__name__}") from None
    if not INT64_MIN < seconds <= INT64_MAX:
        raise ValueError(f"when must be a time, not {when!r}")
    return seconds


def _as_dict(project: Any) -> dict[str, Any]:
    row: dict[str, Any] = {name: text(getattr(project, name)) or None for name in _TEXTS}
    row["initial_images"] = None if project.initial_images < 0 else project.initial_images
    row["final_images"] = None if project.final_images < 0 else project.final_images
    row["started"] = None if project.started == INT64_MIN else project.started
    row["finished"] = None if project.finished == INT64_MAX else project.finished
    row["has_manifest"] = bool(project.has_manifest)
    return row
