"""selectai/models.py: what rankers (ranker.py) and croppers have in common, and where this person crops.

Training needs the torch module; scoring and proposing do not.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import contextlib
import ctypes
from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Optional, TypeVar, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _prototypes
from ._arrays import as_array, pointer, whole_numbers
from ._callbacks import Progress, ProgressCallback
from ._errors import check
from ._handle import Handle
from ._library import lib
from ._options import choice, make
from ._text import PathLike, path_bytes, take_json, text, utf8
from .cache import EmbeddingCache
from .evaluation import Evaluation, EvaluationSlot
from .extraction import Extraction
from .issues import Issue, IssueList
from .trainset import TrainSet

__all__ = ["CropProposals", "Cropper"]

SPLITS = {"group": 0, "project": 1}

Decisions = Union[TrainSet, Extraction, PathLike, Iterable[PathLike]]
Self = TypeVar("Self", bound="Model")


@contextlib.contextmanager
def _decisions(data: Decisions) -> Any:
    """The TrainSet behind what the caller gave: a set, an extraction, or paths of logs."""
    if isinstance(data, TrainSet):
        yield data
    elif isinstance(data, Extraction):
        yield data.trainset
    else:
        with TrainSet.load(data) as loaded:
            yield loaded


class Model(Handle):
    """What ranker and cropper have in common; `_verb(name)` is the C function selectai_<kind>_<name>."""

    _kind: str
    _options: Any
    _splits = SPLITS

    evaluation: Optional[Evaluation]
    issues: list[Issue]

    @classmethod
    def _verb(cls, name: str) -> Any:
        return getattr(lib, f"selectai_{cls._kind}_{name}")

    @classmethod
    def _make(cls: type[Self]) -> Self:
        self = cls._new()
        self.evaluation, self.issues = None, []
        return self

    @classmethod
    def load(cls: type[Self], path: PathLike) -> Self:
        """Reads a model file; an old model's (.pt, .pth; docs/old-models.md), too, in which nothing is run.

        Raises FileNotFoundError, FormatError, MismatchError for another kind of model, or UnsupportedError for a file of
        PyTorch that holds no model of a known form.
        """
        self = cls._make()
        check(cls._verb("load")(ctypes.byref(self._pointer), path_bytes(path)))
        return self

    @classmethod
    def _make_options(
        cls,
        running: Progress,
        split: str,
        hold_out: Optional[str],
        backend_dir: Optional[PathLike],
        numbers: Mapping[str, Any],
    ) -> Any:
        return make(
            cls._options,
            f"selectai_{cls._kind}_options_init",
            split=choice(split, cls._splits, "split"),
            hold_out=None if hold_out is None else utf8(hold_out, "hold_out"),
            backend_dir=None if backend_dir is None else path_bytes(backend_dir),
            progress=running.function,
            **numbers,
        )

    @classmethod
    def _train(
        cls: type[Self],
        data: Decisions,
        cache: Optional[EmbeddingCache],
        progress: Optional[ProgressCallback],
        split: str,
        hold_out: Optional[str],
        backend_dir: Optional[PathLike],
        **numbers: Any,
    ) -> Self:
        self = cls._make()
        with _decisions(data) as decisions, IssueList() as issues, EvaluationSlot() as slot, Progress(
            progress
        ) as running:
            options = cls._make_options(running, split, hold_out, backend_dir, numbers)
            running.check(
                cls._verb("train")(
                    ctypes.byref(self._pointer),
                    ctypes.byref(slot.pointer),
                    ctypes.byref(issues.pointer),
                    decisions._handle,
                    None if cache is None else cache._handle,
                    ctypes.byref(options),
                )
            )
            self.evaluation, self.issues = slot.take(), issues.take()
        return self

    def save(self, path: PathLike) -> None:
        """Writes safetensors with metadata, whole or not at all."""
        check(self._verb("save")(self._handle, path_bytes(path)))

    @property
    def dim(self) -> int:
        """Length of the vectors it takes."""
        return int(self._verb("dim")(self._handle))

    @property
    def encoder_id(self) -> str:
        """Encoder.model_id of the encoder whose vectors it takes; "": not known, of an old model."""
        return text(self._verb("encoder_id")(self._handle))

    @property
    def metadata(self) -> dict[str, Any]:
        """What the file says about the model: architecture, training, figures."""
        out = ctypes.c_char_p()
        check(self._verb("metadata_json")(ctypes.byref(out), self._handle))
        metadata: dict[str, Any] = take_json(out)
        return metadata

    def has_seen(self, project: str, filename: PathLike) -> bool:
        """True if an image of this name was in a group that the model was trained or tuned on."""
        return bool(check(self._verb("has_seen")(self._handle, utf8(project, "project"), path_bytes(filename))))

    def evaluate(self, data: Decisions, cache: EmbeddingCache) -> Evaluation:
        """Measures on decisions none of whose images the model has seen.

        data: TrainSet, Extraction, or paths of logs. Raises MismatchError for a cache of another encoder, NoDataError
        if nothing is left to measure on.
        """
        with _decisions(data) as decisions, EvaluationSlot() as slot:
            check(
                self._verb("evaluate")(
                    ctypes.byref(slot.pointer), self._handle, decisions._handle, cache._handle
                )
            )
            evaluation = slot.take()
        assert evaluation is not None
        return evaluation

    def _embeddings(self, embeddings: ArrayLike) -> NDArray[np.float32]:
        return as_array(embeddings, np.float32, ("n", self.dim), "embeddings")


def _handle_of(cache: Optional[EmbeddingCache]) -> Any:
    return None if cache is None else cache._handle


@dataclass(frozen=True)
class CropProposals:
    """What a cropper believes about n images. Numbers that a cropper of an old form does not know are NaN.

    boxes: float64 [n, 4], x1, y1, x2, y2 as fractions. whole: bool [n], the box is the whole image. no_crop: [n], chance
    that the person does not crop the image. edges: [n, 4], chances that the person's box touches the left, top, right,
    bottom edge. expected_iou: [n], with the person's box, on average; 80 % lie between iou_low and iou_high.
    """

    boxes: NDArray[np.float64]
    whole: NDArray[np.bool_]
    no_crop: NDArray[np.float64]
    edges: NDArray[np.float64]
    expected_iou: NDArray[np.float64]
    iou_low: NDArray[np.float64]
    iou_high: NDArray[np.float64]


class Cropper(Model):
    """Where does this person crop? Proposes boxes that keep the aspect ratio. Immutable; any number of threads.

    evaluation and issues: as Ranker.
    """

    _type = _prototypes.Cropper
    _destroy = "selectai_cropper_destroy"
    _kind = "cropper"
    _options = _prototypes.CropperOptions
    _splits = {"group": 0, "project": 1, "auto": 3}

    @classmethod
    def train(
        cls,
        data: Decisions,
        cache: Optional[EmbeddingCache] = None,
        *,
        epochs: Optional[int] = None,
        batch_size: Optional[int] = None,
        patience: Optional[int] = None,
        seed: Optional[int] = None,
        lr: Optional[float] = None,
        weight_decay: Optional[float] = None,
        dropout: Optional[float] = None,
        snap: Optional[float] = None,
        ensemble: Optional[int] = None,
        split: str = "auto",
        folds: Optional[int] = None,
        hold_out: Optional[str] = None,
        layout_cache: Optional[EmbeddingCache] = None,
        threads: int = 0,
        backend_dir: Optional[PathLike] = None,
        progress: Optional[ProgressCallback] = None,
    ) -> "Cropper":
        """Trains on the decisions that have a crop box or are known not to be cropped; arguments and errors as
        Ranker.train(). cache None: on the images' sizes alone, as the data tell them.

        Defaults: epochs 150, batch_size 32, patience 25, seed 1, lr 0.001, weight_decay 0.001, dropout 0.3, ensemble 3
        networks, folds 10 of projects, 5 of time. snap (0.02): edges nearer than this share of the side are moved onto
        it. layout_cache: vectors of the built-in encoder for the same images, which tell where things are; for
        embeddings that do not (CLIP's).
        """
        return cls._train(
            data,
            cache,
            progress,
            split,
            hold_out,
            backend_dir,
            epochs=epochs,
            batch_size=batch_size,
            patience=patience,
            seed=seed,
            lr=lr,
            weight_decay=weight_decay,
            dropout=dropout,
            snap=snap,
            ensemble=ensemble,
            folds=folds,
            layout_cache=_handle_of(layout_cache),
            threads=threads,
        )

    @property
    def layout_id(self) -> str:
        """Encoder.model_id of the second encoder whose vectors it needs; "" if it needs none."""
        return text(lib.selectai_cropper_layout_id(self._handle))

    def evaluate(
        self, data: Decisions, cache: Optional[EmbeddingCache] = None, layout_cache: Optional[EmbeddingCache] = None
    ) -> Evaluation:
        """As Ranker.evaluate(). cache may be None for a cropper of dim 0, layout_cache if it needs no second vector."""
        with _decisions(data) as decisions, EvaluationSlot() as slot:
            check(
                lib.selectai_cropper_evaluate_with_layout(
                    ctypes.byref(slot.pointer),
                    self._handle,
                    decisions._handle,
                    _handle_of(cache),
                    _handle_of(layout_cache),
                )
            )
            evaluation = slot.take()
        assert evaluation is not None
        return evaluation

    def compare(
        self,
        other: "Cropper",
        data: Decisions,
        cache: Optional[EmbeddingCache] = None,
        cache_other: Optional[EmbeddingCache] = None,
        layout_cache: Optional[EmbeddingCache] = None,
    ) -> dict[str, Any]:
        """Two croppers on the same images, those that neither has seen; caches as in evaluate().

        Returns a dict, self being "a" and other "b": figures of both, "difference" (mean IoU of b minus a) with "low" and
        "high", "only_a" and "only_b" (images of which only one proposes a box within 5 % of the person's), "p_value"
        (McNemar's exact test of these; 1 means no difference), "flips": those images, with all three boxes.

        Raises NoDataError if nothing is left, MismatchError for a cache of another encoder.
        """
        if not isinstance(other, Cropper):
            raise TypeError(f"other must be a Cropper, not {type(other).__name__}")
        out = ctypes.c_char_p()
        with _decisions(data) as decisions:
            check(
                lib.selectai_cropper_compare(
                    ctypes.byref(out),
                    self._handle,
                    other._handle,
                    decisions._handle,
                    _handle_of(cache),
                    _handle_of(cache_other),
                    _handle_of(layout_cache),
                )
            )
        found: dict[str, Any] = take_json(out)
        return found

    def propose(
        self, embeddings: Optional[ArrayLike], sizes: ArrayLike, layouts: Optional[ArrayLike] = None
    ) -> NDArray[np.float32]:
        """Boxes, float32 [n, 4]: x1, y1, x2, y2 as fractions of width and height, 0 to 1.

        embeddings: [n, dim], or None for dim 0. sizes: [n, 2], width and height in pixels. layouts: as explain(). A row
        with NaN or a size of 0 gives NaN. Boxes of old croppers need not keep the aspect ratio; corners in the wrong
        order are swapped.
        """
        return self.explain(embeddings, sizes, layouts).boxes.astype(np.float32)

    def explain(
        self, embeddings: Optional[ArrayLike], sizes: ArrayLike, layouts: Optional[ArrayLike] = None
    ) -> CropProposals:
        """The same boxes with chances and expected IoUs. layouts: [n, 512], vectors of the second encoder (layout_id);
        MismatchError if it needs them and they are missing."""
        pixels = as_array(whole_numbers(sizes), np.uint32, ("n", 2), "sizes")
        n = pixels.shape[0]
        array = second = None
        if embeddings is not None and self.dim > 0:
            array = self._embeddings(embeddings)
            n = array.shape[0]
            pixels = as_array(pixels, np.uint32, (n, 2), "sizes")
        if layouts is not None and self.layout_id:
            second = as_array(layouts, np.float32, (n, lib.selectai_cropper_layout_dim(self._handle)), "layouts")
        out = (_prototypes.CropProposal * max(n, 1))()
        out[0].struct_size = ctypes.sizeof(_prototypes.CropProposal)
        check(
            lib.selectai_cropper_propose_all(
                self._handle,
                out,
                pointer(array, ctypes.c_float),
                pointer(second, ctypes.c_float),
                pointer(pixels, ctypes.c_uint32),
                n,
            )
        )
        items = out[:n]
        boxes = [(i.box.x1, i.box.y1, i.box.x2, i.box.y2) for i in items]
        return CropProposals(
            boxes=np.array(boxes, np.float64).reshape(n, 4),
            whole=np.array([i.whole != 0 for i in items], np.bool_),
            no_crop=np.array([i.no_crop for i in items], np.float64),
            edges=np.array([tuple(i.edges) for i in items], np.float64).reshape(n, 4),
            expected_iou=np.array([i.expected_iou for i in items], np.float64),
            iou_low=np.array([i.iou_low for i in items], np.float64),
            iou_high=np.array([i.iou_high for i in items], np.float64),
        )
