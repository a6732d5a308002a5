"""selectai/models.py: what rankers (ranker.py) and croppers have in common, and where this person crops.

Training needs the torch module; scoring and proposing do not.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import contextlib
import ctypes
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

__all__ = ["Cropper"]

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
        cache: EmbeddingCache,
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
                    cache._handle,
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


class Cropper(Model):
    """Where does this person crop? Proposes boxes that keep the aspect ratio. Immutable; any number of threads.

    evaluation and issues: as Ranker.
    """

    _type = _prototypes.Cropper
    _destroy = "selectai_cropper_destroy"
    _kind = "cropper"
    _options = _prototypes.CropperOptions

    @classmethod
    def train(
        cls,
        data: Decisions,
        cache: EmbeddingCache,
        *,
        epochs: Optional[int] = None,
        batch_size: Optional[int] = None,
        patience: Optional[int] = None,
        seed: Optional[int] = None,
        lr: Optional[float] = None,
        weight_decay: Optional[float] = None,
        dropout: Optional[float] = None,
        snap: Optional[float] = None,
        test_share: Optional[float] = None,
        validation_share: Optional[float] = None,
        split: str = "group",
        hold_out: Optional[str] = None,
        threads: int = 0,
        backend_dir: Optional[PathLike] = None,
        progress: Optional[ProgressCallback] = None,
    ) -> "Cropper":
        """Trains on the decisions that have a crop box; arguments and errors as Ranker.train().

        Defaults: epochs 150, batch_size 32, patience 25, seed 1, lr 0.001, weight_decay 0.001, dropout 0.3, test_share
        0.2, validation_share 0.1. snap (0.02): edges nearer than this share of the side are moved onto it.
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
            test_share=test_share,
            validation_share=validation_share,
            threads=threads,
        )

    def propose(self, embeddings: ArrayLike, sizes: ArrayLike) -> NDArray[np.float32]:
        """Boxes, float32 [n, 4]: x1, y1, x2, y2 as fractions of width and height, 0 to 1.

        embeddings: [n, dim]. sizes: [n, 2], width and height in pixels. A row with NaN or a size of 0 gives NaN. Boxes of
        old croppers need not keep the aspect ratio; corners in the wrong order are swapped.
        """
        array = self._embeddings(embeddings)
        n = array.shape[0]
        pixels = as_array(whole_numbers(sizes), np.uint32, (n, 2), "sizes")
        out = np.empty((n, 4), np.float64)
        check(
            lib.selectai_cropper_propose(
                self._handle,
                pointer(out, _prototypes.Box),
                pointer(array, ctypes.c_float),
                pointer(pixels, ctypes.c_uint32),
                n,
            )
        )
        return out.astype(np.float32)
