"""selectai/ranker.py: which image of a group this person chooses.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import contextlib
import ctypes
from typing import Any, Iterable, NamedTuple, Optional

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _prototypes
from ._arrays import as_array, pointer
from ._callbacks import Progress, ProgressCallback
from ._errors import check
from ._library import lib
from ._options import choice
from ._text import PathLike, take_json, utf8
from .cache import EmbeddingCache
from .evaluation import Evaluation, EvaluationSlot
from .models import Decisions, Model, _decisions

__all__ = ["Explanation", "Ranker"]

LOSSES = {"margin": 0, "bradley-terry": 1, "plackett-luce": 2}


class Explanation(NamedTuple):
    """What a ranker says of one group of n images, and why. Arrays are float32 [n].

    scores: prior + image; higher is better, comparable within the group only; NaN for rows with NaN. prior: what the
    stages say; image: what the embeddings say beyond that, as weighed by the ranker. spread: standard deviation of the
    image part over networks and kernel machine, 0 for one network. probabilities: softmax of the scores, summing to 1; 0 for rows with
    NaN. keep: probability that anything of the group is kept; NaN if the ranker was trained without rejected groups.
    """

    scores: NDArray[np.float32]
    prior: NDArray[np.float32]
    image: NDArray[np.float32]
    spread: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    keep: float


def _numbers(loss: str, start: Optional["Ranker"], values: dict[str, Any]) -> dict[str, Any]:
    """Options of C from those of Python."""
    if start is not None and not isinstance(start, Ranker):
        raise TypeError(f"start must be a Ranker, not {type(start).__name__}")
    for name in ("use_prior", "use_image", "differences", "recognise_stages"):
        values[name] = int(bool(values[name]))
    return {**values, "loss": choice(loss, LOSSES, "loss"), "start": None if start is None else start._handle}


def _check_numbers(where: str, numbers: dict[str, Any]) -> None:
    allowed = {name for name, _ in _prototypes.RankerOptions._fields_} - {"struct_size", "user", "reserved"}
    for name in numbers:
        if name not in allowed:
            raise TypeError(f"{where}() got an unexpected keyword argument {name!r}")


class _EvaluationSlots(contextlib.ExitStack):
    """Room for several evaluations that a C function hands over."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.pointers = (ctypes.POINTER(_prototypes.Evaluation) * n)()

    def take(self) -> list[Evaluation]:
        slots = [EvaluationSlot() for _ in self.pointers]
        for index, slot in enumerate(slots):
            slot.pointer = self.pointers[index]
            self.enter_context(slot)
        return [found for found in (slot.take() for slot in slots) if found is not None]


class Ranker(Model):
    """Which image of a group does this person choose? Immutable; may be used from any number of threads.

    evaluation: after train(), the figures of cross-validation. issues: after train(), decisions that could not be used.

    >>> ranker = Ranker.train("decisions.jsonl", cache)  # doctest: +SKIP
    >>> print(ranker.evaluation)  # doctest: +SKIP
    >>> ranker.explain(embeddings, stages=[1, 1.5, 2]).probabilities  # doctest: +SKIP
    """

    _type = _prototypes.Ranker
    _destroy = "selectai_ranker_destroy"
    _kind = "ranker"
    _options = _prototypes.RankerOptions
    _splits = {"auto": 3, "group": 0, "project": 1, "pair": 2}

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
        loss: str = "plackett-luce",
        margin: Optional[float] = None,
        anomaly_weight: Optional[float] = None,
        loss_anomaly_weight: Optional[float] = None,
        validation_share: Optional[float] = None,
        split: str = "auto",
        folds: Optional[int] = None,
        ensemble: Optional[int] = None,
        use_prior: bool = True,
        use_image: bool = True,
        differences: bool = False,
        recognise_stages: bool = False,
        start: Optional["Ranker"] = None,
        hold_out: Optional[str] = None,
        threads: int = 0,
        backend_dir: Optional[PathLike] = None,
        progress: Optional[ProgressCallback] = None,
    ) -> "Ranker":
        """Trains on the decisions whose images are all in the cache. data: TrainSet, Extraction, or paths of logs.

        epochs (60), patience (12 epochs without gain), batch_size (32 decisions), seed (1), lr (0.0003), weight_decay
        (0.0001), dropout (0.3). loss: "plackett-luce", "bradley-terry", or "margin" with `margin` (0.5). anomaly_weight
        (1): how much a decision whose winner has the lower stage counts when prior and image are balanced;
        loss_anomaly_weight (1): in the networks' loss. validation_share (0.1) of the training groups stops training.

        split: what `evaluation` and the probabilities rest on: cross-validation by "group" (blocks of time), "project"
        (whole projects), "auto" ("project" if there are two or more) or "pair" (LEAKY: shows how much that flatters).
        folds: 2 to 100; None: 10 projects at most, else 5; 1: none, no figures. hold_out: a project that takes no part in
        training; the figures are of it alone.

        use_prior: what stages say. use_image: False: the stage prior alone, which needs no torch module. differences:
        networks see embeddings minus their group's mean; such a ranker scores whole groups only. recognise_stages: the
        ranker will not be told stages, but recognises what stage each image looks like, and expects that stage's prior:
        for images whose stage nobody knows; it ignores `stages` when it scores. ensemble: networks;
        None: 2 with few decisions, else 1. start: a ranker whose networks training goes on from; what it has seen is not
        measured.

        progress: called with (done, total, "train") in epochs of all networks; a true value cancels. The result depends
        on data, options and seed alone.

        Raises BackendMissingError without the torch module, NoDataError for too few decisions, MismatchError for a
        start of another encoder, NotFoundError for a hold_out that the data do not have.
        """
        values = dict(
            epochs=epochs,
            batch_size=batch_size,
            patience=patience,
            seed=seed,
            lr=lr,
            weight_decay=weight_decay,
            dropout=dropout,
            margin=margin,
            anomaly_weight=anomaly_weight,
            loss_anomaly_weight=loss_anomaly_weight,
            validation_share=validation_share,
            folds=folds,
            ensemble=ensemble,
            use_prior=use_prior,
            use_image=use_image,
            differences=differences,
            recognise_stages=recognise_stages,
            threads=threads,
        )
        return cls._train(data, cache, progress, split, hold_out, backend_dir, **_numbers(loss, start, values))

    @classmethod
    def cross_validate(
        cls,
        data: Decisions,
        cache: EmbeddingCache,
        *,
        split: str = "auto",
        loss: str = "plackett-luce",
        use_prior: bool = True,
        use_image: bool = True,
        differences: bool = False,
        recognise_stages: bool = False,
        start: Optional["Ranker"] = None,
        hold_out: Optional[str] = None,
        backend_dir: Optional[PathLike] = None,
        progress: Optional[ProgressCallback] = None,
        **numbers: Any,
    ) -> Evaluation:
        """Only the figures that train() would report, without the training on everything: to compare splits or losses.

        Arguments and errors as train(); `numbers` are its other keyword arguments. ValueError for folds=1.
        """
        _check_numbers("cross_validate", numbers)
        values = dict(
            numbers,
            use_prior=use_prior,
            use_image=use_image,
            differences=differences,
            recognise_stages=recognise_stages,
        )
        with _decisions(data) as decisions, EvaluationSlot() as slot, Progress(progress) as running:
            options = cls._make_options(running, split, hold_out, backend_dir, _numbers(loss, start, values))
            running.check(
                lib.selectai_ranker_cross_validate(
                    ctypes.byref(slot.pointer), decisions._handle, cache._handle, ctypes.byref(options)
                )
            )
            evaluation = slot.take()
        assert evaluation is not None
        return evaluation

    @classmethod
    def sweep_anomaly_weight(
        cls,
        data: Decisions,
        cache: EmbeddingCache,
        weights: Iterable[float] = (1, 2, 5, 10, 20),
        *,
        split: str = "auto",
        loss: str = "plackett-luce",
        use_prior: bool = True,
        use_image: bool = True,
        differences: bool = False,
        recognise_stages: bool = False,
        start: Optional["Ranker"] = None,
        hold_out: Optional[str] = None,
        backend_dir: Optional[PathLike] = None,
        progress: Optional[ProgressCallback] = None,
        **numbers: Any,
    ) -> dict[float, Evaluation]:
        """cross_validate() for each anomaly weight, with one training: what higher weights win and what they cost.

        weights: different numbers above 0. Other arguments and errors as cross_validate(). Who chooses a weight by these
        figures reports a little too hopeful ones.

        >>> sweep = Ranker.sweep_anomaly_weight("decisions.jsonl", cache)  # doctest: +SKIP
        >>> {w: e.metrics["anomaly"].value for w, e in sweep.items()}  # doctest: +SKIP
        """
        wanted = [float(weight) for weight in weights]
        if not wanted or len(set(wanted)) < len(wanted):
            raise ValueError("weights must be different numbers, at least one")
        _check_numbers("sweep_anomaly_weight", numbers)
        values = dict(
            numbers,
            use_prior=use_prior,
            use_image=use_image,
            differences=differences,
            recognise_stages=recognise_stages,
        )
        array = (ctypes.c_float * len(wanted))(*wanted)
        with _decisions(data) as decisions, _EvaluationSlots(len(wanted)) as slots, Progress(progress) as running:
            options = cls._make_options(running, split, hold_out, backend_dir, _numbers(loss, start, values))
            running.check(
                lib.selectai_ranker_sweep_anomaly_weight(
                    slots.pointers, array, len(wanted), decisions._handle, cache._handle, ctypes.byref(options)
                )
            )
            return dict(zip(wanted, slots.take()))

    def compare(
        self,
        other: "Ranker",
        data: Decisions,
        cache: EmbeddingCache,
        cache_other: Optional[EmbeddingCache] = None,
    ) -> dict[str, Any]:
        """Two rankers on the same decisions, those that neither has seen. cache_other: of the other's encoder, if another.

        Returns a dict, self being "a" and other "b": figures of both, "difference" (top1 of b minus a) with "low" and
        "high", "only_a" and "only_b" (decisions that only one got right), "p_value" (McNemar's exact test; 1 means no
        difference), "flips": those decisions, with both probabilities of each image.

        Raises NoDataError if nothing is left, MismatchError for a cache of another encoder.
        """
        if not isinstance(other, Ranker):
            raise TypeError(f"other must be a Ranker, not {type(other).__name__}")
        out = ctypes.c_char_p()
        with _decisions(data) as decisions:
            check(
                lib.selectai_ranker_compare(
                    ctypes.byref(out),
                    self._handle,
                    other._handle,
                    decisions._handle,
                    cache._handle,
                    None if cache_other is None else cache_other._handle,
                )
            )
        found: dict[str, Any] = take_json(out)
        return found

    def score(self, embeddings: ArrayLike, stage: Optional[ArrayLike] = None) -> NDArray[np.float32]:
        """float32 [n] from embeddings [n, dim]: higher is better, comparable within one group only.

        stage: [n], NaN for unknown; a ranker that recognises stages ignores it. Rows may belong to different groups, so
        of the prior only what a stage is worth by itself counts: where the group is known, explain() is better. A row
        with NaN gives NaN. Vectors are taken as they are: where metadata["vectors"] is "unit-length" (LAION's heads),
        divide them by their lengths first.

        Raises UnsupportedError if the ranker was trained on differences.
        """
        array = self._embeddings(embeddings)
        n = array.shape[0]
        stages = self._stages(stage, n, "stage")
        out = np.empty(n, np.float32)
        check(
            lib.selectai_ranker_score(
                self._handle,
                pointer(out, ctypes.c_float),
                pointer(array, ctypes.c_float),
                pointer(stages, ctypes.c_double),
                n,
            )
        )
        return out

    def explain(
        self, embeddings: ArrayLike, stages: Optional[ArrayLike] = None, project: Optional[str] = None
    ) -> Explanation:
        """Scores of one group, and what they are made of. embeddings: [n, dim], n >= 1; stages: [n], NaN for unknown;
        a ranker that recognises stages ignores them.

        project: a project that the ranker was trained on has a prior of its own; any other name changes nothing.
        Raises NoDataError if all rows are NaN, ValueError for no rows.
        """
        return self._explain(embeddings, stages, project, "stages")

    def probabilities(
        self, embeddings: ArrayLike, stage: Optional[ArrayLike] = None, project: Optional[str] = None
    ) -> NDArray[np.float32]:
        """float32 [n], summing to 1, from the embeddings [n, dim] of one group; as explain() gives them.

        stage: [n], NaN for unknown; a ranker that recognises stages ignores it. Rows with NaN get 0. Raises
        NoDataError if all rows are NaN.
        """
        return self._explain(embeddings, stage, project, "stage").probabilities

    @staticmethod
    def _stages(stages: Optional[ArrayLike], n: int, what: str) -> Optional[NDArray[np.float64]]:
        return None if stages is None else as_array(stages, np.float64, (n,), what)

    def _explain(
        self, embeddings: ArrayLike, stages: Optional[ArrayLike], project: Optional[str], what: str
    ) -> Explanation:
        array = self._embeddings(embeddings)
        n = array.shape[0]
        numbers = self._stages(stages, n, what)
        parts = [np.empty(n, np.float32) for _ in range(5)]
        group = _prototypes.GroupScore(struct_size=ctypes.sizeof(_prototypes.GroupScore))
        check(
            lib.selectai_ranker_score_group(
                self._handle,
                *(pointer(part, ctypes.c_float) for part in parts),
                ctypes.byref(group),
                None if project is None else utf8(project, "project"),
                pointer(array, ctypes.c_float),
                pointer(numbers, ctypes.c_double),
                n,
            )
        )
        return Explanation(*parts, keep=float(group.keep))
