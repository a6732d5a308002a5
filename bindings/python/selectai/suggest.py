"""selectai/suggest.py: for each group of new images the winner, the crop, and how sure it is.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
from dataclasses import dataclass
from typing import Any, Iterable, NamedTuple, Optional, Union

import numpy as np
from numpy.typing import NDArray

from . import _prototypes
from ._callbacks import Progress, ProgressCallback
from ._errors import check
from ._handle import Handle
from ._library import lib
from ._options import group_options, make
from ._text import PathLike, path_array, take_json, text, utf8
from .cache import EmbeddingCache
from .encoder import Encoder
from .issues import Issue, collect
from .models import Cropper
from .ranker import Ranker
from .trainset import TrainSet

__all__ = ["Neighbour", "Suggestion", "Suggestions", "suggest"]


class Neighbour(NamedTuple):
    """A past decision that is like a group: what was taken looks alike, and differs from its group in the same way.

    similarity: -1..1, 0 is unrelated. Stages that are not known are None. anomaly: whether a lower stage was taken; None
    if that is not known.
    """

    project: str
    similarity: float
    winner_path: str
    winner_stage: Optional[float]
    loser_paths: list[str]
    loser_stages: list[Optional[float]]
    anomaly: Optional[bool]


@dataclass(frozen=True)
class Suggestion:
    """One group, in stage order.

    winner: index of the suggested image. stages: float64 [n]. scores: float32 [n], NaN for an image that could not be
    read. probabilities: float32 [n], summing to 1. sizes: uint32 [n, 2], width and height in pixels, 0 if unreadable.
    confidence: the winner's probability. crop: (x1, y1, x2, y2) as fractions of the winner, or None; crop_px: the same
    in pixels, half-open. data: the same as the library's JSON.

    priors, images: float32 [n], what the stage and what the image say of each; they add up to the score. spreads:
    float32 [n], how far the ranker's networks disagree about `images`. keep: probability that anything of the group is
    kept, or None if the ranker does not know. sure: confidence is at least min_confidence, and every image could be
    read. keep_nothing: keep is known and below min_keep. why: these parts in a sentence. neighbours: the most similar
    past decisions, if a history was given.

    no_crop: chance that the person does not crop the winner; crop_iou: the IoU that is expected between crop and the
    person's, crop_iou_interval: 80 % lie between; None where there is no crop or the cropper does not know.
    crops: float64 [n, 4], a box for each image, NaN where there is none; None without `crop_all` and a cropper.
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
    priors: NDArray[np.float32]
    images: NDArray[np.float32]
    spreads: NDArray[np.float32]
    keep: Optional[float]
    sure: bool
    keep_nothing: bool
    why: str
    neighbours: list[Neighbour]
    no_crop: Optional[float]
    crop_iou: Optional[float]
    crop_iou_interval: Optional[tuple[float, float]]
    crops: Optional[NDArray[np.float64]]

    @property
    def winner_path(self) -> str:
        """Path of the suggested image."""
        return self.paths[self.winner]


class Suggestions(list[Suggestion]):
    """A list of Suggestion; issues: files that do not parse, belong to no group or cannot be read."""

    issues: list[Issue]


def _known(value: float) -> Optional[float]:
    return None if math.isnan(value) else float(value)


def _neighbour(item: Any) -> Neighbour:
    n = range(item.n_losers)
    return Neighbour(
        project=text(item.project),
        similarity=item.similarity,
        winner_path=os.fsdecode(item.winner_path),
        winner_stage=_known(item.winner_stage),
        loser_paths=[os.fsdecode(item.loser_paths[i]) for i in n],
        loser_stages=[_known(item.loser_stages[i]) for i in n],
        anomaly=None if item.anomaly < 0 else bool(item.anomaly),
    )


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
            priors=np.ctypeslib.as_array(item.priors, (n,)).copy(),
            images=np.ctypeslib.as_array(item.images, (n,)).copy(),
            spreads=np.ctypeslib.as_array(item.spreads, (n,)).copy(),
            no_crop=_known(item.no_crop),
            crop_iou=_known(item.crop_iou),
            crop_iou_interval=None
            if math.isnan(item.crop_iou_low)
            else (float(item.crop_iou_low), float(item.crop_iou_high)),
            crops=np.array([[b.x1, b.y1, b.x2, b.y2] for b in item.crops[:n]]) if item.crops else None,
            keep=_known(item.keep),
            sure=bool(item.sure),
            keep_nothing=bool(item.keep_nothing),
            why=os.fsdecode(item.why),
            neighbours=[_neighbour(item.neighbours[i]) for i in range(item.n_neighbours)],
        )


def suggest(
    paths: Iterable[PathLike],
    ranker: Ranker,
    cropper: Optional[Cropper] = None,
    encoder: Union[Encoder, PathLike] = "builtin",
    cache: Optional[EmbeddingCache] = None,
    *,
    project: Optional[str] = None,
    history: Optional[TrainSet] = None,
    min_confidence: Optional[float] = None,
    min_keep: Optional[float] = None,
    neighbours: Optional[int] = None,
    crop_all: bool = False,
    group_mode: str = "nearest-up",
    group_scope: str = "directory",
    lookahead: int = 50,
    max_gap: Optional[float] = None,
    min_size: int = 2,
    threads: int = 0,
    progress: Optional[ProgressCallback] = None,
) -> Suggestions:
    """Groups the files of one project and suggests a winner, and with a cropper a crop, for each group.

    encoder: an open Encoder, or what Encoder.open() takes. cache: looked up first if `project` is given, which also
    says whose habits the ranker goes by, if it knows that project. Group options: see group(). progress: called with
    (done, total, stage), stages "encode" (files) and "compare" (past decisions); a true value cancels.

    min_confidence (0.6): below it a suggestion is not `sure`. min_keep (0.5): where the ranker knows how likely anything
    of a group is kept, below it `keep_nothing`. history: past decisions; those of `project` whose images are in `cache`
    are compared, and the `neighbours` (3) most similar ones stand beside each suggestion. crop_all: a box for every image,
    not the winner alone.

    Raises MismatchError unless encoder, models and cache agree on the encoder's id, and ValueError for a history without
    cache or project.

    >>> for item in suggest(sorted(glob("NEW/*.png")), ranker, cropper):  # doctest: +SKIP
    ...     print(item.winner_path, f"{item.confidence:.0%}", item.crop_px)
    """
    array, n = path_array(paths)
    if history is not None and not isinstance(history, TrainSet):
        raise TypeError(f"history must be a selectai.TrainSet, not {type(history).__name__}")
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
                history=None if history is None else history._handle,
                min_confidence=min_confidence,
                min_keep=min_keep,
                neighbours=neighbours,
                crop_all=int(crop_all),
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
