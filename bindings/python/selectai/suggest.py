"""selectai/suggest.py: for each group of new images the winner, the crop, and how sure it is.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from dataclasses import dataclass
from typing import Any, Iterable, Optional, Union

import numpy as np
from numpy.typing import NDArray

from . import _prototypes
from ._callbacks import Progress, ProgressCallback
from ._errors import check
from ._handle import Handle
from ._library import lib
from ._options import group_options, make
from ._text import PathLike, path_array, take_json, utf8
from .cache import EmbeddingCache
from .encoder import Encoder
from .issues import Issue, collect
from .models import Cropper
from .ranker import Ranker

__all__ = ["Suggestion", "Suggestions", "suggest"]


@dataclass(frozen=True)
class Suggestion:
    """One group, in stage order.

    winner: index of the suggested image. stages: float64 [n]. scores: float32 [n], NaN for an image that could not be
    read. probabilities: float32 [n], summing to 1. sizes: uint32 [n, 2], width and height in pixels, 0 if unreadable.
    confidence: the winner's probability. crop: (x1, y1, x2, y2) as fractions of the winner, or None; crop_px: the same
    in pixels, half-open. data: the same as the library's JSON.
    """

    paths: list[str]
    stages: NDArray[np.float64]
    scores: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    sizes: NDArray[np.uint32]
    winner: int
    confidence: float
    crop: Optional[tuple[float, float, float, float]]
    crop_px: Optional[tuple[int, int, int, int]]
    data: dict[str, Any]

    @property
    def winner_path(self) -> str:
        """Path of the suggested image."""
        return self.paths[self.winner]


class Suggestions(list[Suggestion]):
    """A list of Suggestion; issues: files that do not parse, belong to no group or cannot be read."""

    issues: list[Issue]


class _Result(Handle):
    """The C list; copied and closed inside suggest()."""

    _type = _prototypes.Suggestions
    _destroy = "selectai_suggestions_destroy"

    def copy(self) -> Suggestions:
        handle = self._handle
        result = Suggestions(self._get(index) for index in range(lib.selectai_suggestions_count(handle)))
        result.issues = collect(lib.selectai_suggestions_issues(handle))
        return result

    def _get(self, index: int) -> Suggestion:
        item = _prototypes.Suggestion(struct_size=ctypes.sizeof(_prototypes.Suggestion))
        check(lib.selectai_suggestions_get(self._handle, index, ctypes.byref(item)))
        out = ctypes.c_char_p()
        check(lib.selectai_suggestion_json(ctypes.byref(out), self._handle, index))
        n = item.n_images
        box, pixels = item.crop, item.crop_px
        return Suggestion(
            paths=[os.fsdecode(item.paths[i]) for i in range(n)],
            stages=np.ctypeslib.as_array(item.stages, (n,)).copy(),
            scores=np.ctypeslib.as_array(item.scores, (n,)).copy(),
            probabilities=np.ctypeslib.as_array(item.probabilities, (n,)).copy(),
            sizes=np.ctypeslib.as_array(item.sizes, (n, 2)).copy(),
            winner=item.winner,
            confidence=item.confidence,
            crop=(box.x1, box.y1, box.x2, box.y2) if item.has_crop else None,
            crop_px=(pixels.x1, pixels.y1, pixels.x2, pixels.y2) if item.has_crop else None,
            data=take_json(out),
        )


def suggest(
    paths: Iterable[PathLike],
    ranker: Ranker,
    cropper: Optional[Cropper] = None,
    encoder: Union[Encoder, PathLike] = "builtin",
    cache: Optional[EmbeddingCache] = None,
    *,
    project: Optional[str] = None,
    group_mode: str = "nearest-up",
    group_scope: str = "directory",
    lookahead: int = 50,
    max_gap: Optional[float] = None,
    min_size: int = 2,
    threads: int = 0,
    progress: Optional[ProgressCallback] = None,
) -> Suggestions:
    """Groups the files of one project and suggests a winner, and with a cropper a crop, for each group.

    encoder: an open Encoder, or what Encoder.open() takes. cache: looked up first if `project` is given. Group options:
    see group(). progress: called with (done, total, stage), a true value cancels.

    Raises MismatchError unless encoder, models and cache agree on the encoder's id.

    >>> for item in suggest(sorted(glob("NEW/*.png")), ranker, cropper):  # doctest: +SKIP
    ...     print(item.winner_path, f"{item.confidence:.0%}", item.crop_px)
    """
    array, n = path_array(paths)
    group = group_options(group_mode, group_scope, lookahead, max_gap, min_size)
    with contextlib.ExitStack() as stack:
        if not isinstance(encoder, Encoder):
            encoder = stack.enter_context(Encoder.open(encoder, threads=threads))
        result = stack.enter_context(contextlib.closing(_Result._new()))
        with encoder._alone, Progress(progress) as running:
            options = make(
                _prototypes.SuggestOptions,
                "selectai_suggest_options_init",
                threads=threads,
                group=ctypes.pointer(group),
                project=None if project is None else utf8(project, "project"),
                progress=running.function,
            )
            running.check(
                lib.selectai_suggest_files(
                    ctypes.byref(result._pointer),
                    array,
                    n,
                    ranker._handle,
                    None if cropper is None else cropper._handle,
                    encoder._handle,
                    None if cache is None else cache._handle,
                    ctypes.byref(options),
                )
            )
        return result.copy()
