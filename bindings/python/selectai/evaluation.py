"""selectai/evaluation.py: measured figures, each beside its baseline.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import Any, NamedTuple, Optional, Sequence

import numpy as np

from . import _prototypes
from ._arrays import as_array
from ._errors import check
from ._library import lib
from ._text import take_json, text
from .issues import Issue, collect

__all__ = ["Evaluation", "Metric", "box_iou"]

# What evaluations say of themselves; the rest of their JSON is details.
HEAD = ("split", "seed", "folds", "leaky", "groups", "excluded_seen", "excluded_missing", "metrics")


class Metric(NamedTuple):
    """One figure, 0 to 1, with its 95 % interval (low, high) over groups.

    n: pairs, decisions or boxes it rests on; at 0 the value is NaN. baseline: the trivial rule's value on the same
    data, NaN where it cannot be applied; baseline_name: "highest stage wins", "constant box". lower_is_better: True of
    errors, such as "brier".
    """

    name: str
    value: float
    low: float
    high: float
    n: int
    baseline_name: str
    baseline: float
    baseline_low: float
    baseline_high: float
    lower_is_better: bool = False

    def __str__(self) -> str:
        return (
            f"{self.name:9} {self.value:6.1%} [{self.low:.1%}, {self.high:.1%}] (n={self.n}), "
            f"{self.baseline_name}: {self.baseline:.1%}"
        )


class Evaluation(NamedTuple):
    """How a model did on decisions that it was not trained on.

    metrics: by name; a ranker's "normal", "anomaly", "overall" (shares of pairs ranked right) and "top1" (share of
    decisions), "brier" and "ece" (how far its probabilities are off) and "keep_auc"; a cropper's "iou" (mean) and "within5"
    (share with all edges within 5 % of the side). data: all figures as the library's JSON, with the split, the counts of
    what was excluded, and for rankers figures by project, size and pattern, of the parts, and curves. issues: decisions that could not be used.
    """

    metrics: dict[str, Metric]
    data: dict[str, Any]
    issues: list[Issue]

    @property
    def details(self) -> dict[str, Any]:
        """What lies behind the figures: a ranker's "parts", "by_project", "by_size", "by_pattern", "reliability",
        "risk_coverage", "by_margin", "keep" and "worst"; docs/learning.md tells how to read them.

        >>> ranker.evaluation.details["by_project"][0]["top1"]  # doctest: +SKIP
        """
        return {name: value for name, value in self.data.items() if name not in HEAD}

    @property
    def leaky(self) -> bool:
        """True of a split by pairs: such figures flatter, and only show by how much."""
        return bool(self.data.get("leaky"))

    def __str__(self) -> str:
        return "\n".join(map(str, self.metrics.values()))


class EvaluationSlot:
    """Room for an evaluation that a C function hands over; take() copies it."""

    def __init__(self) -> None:
        self.pointer = ctypes.POINTER(_prototypes.Evaluation)()

    def take(self) -> Optional[Evaluation]:
        if not self.pointer:
            return None
        metrics = {}
        for index in range(lib.selectai_evaluation_count(self.pointer)):
            item = _prototypes.Metric(struct_size=ctypes.sizeof(_prototypes.Metric))
            check(lib.selectai_evaluation_get(self.pointer, index, ctypes.byref(item)))
            metric = Metric(
                text(item.name),
                item.value,
                item.low,
                item.high,
                item.n,
                text(item.baseline_name),
                item.baseline,
                item.baseline_low,
                item.baseline_high,
                bool(item.lower_is_better),
            )
            metrics[metric.name] = metric
        out = ctypes.c_char_p()
        check(lib.selectai_evaluation_json(ctypes.byref(out), self.pointer))
        return Evaluation(metrics, take_json(out), collect(lib.selectai_evaluation_issues(self.pointer)))

    def __enter__(self) -> "EvaluationSlot":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        lib.selectai_evaluation_destroy(ctypes.byref(self.pointer))


def box_iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes (x1, y1, x2, y2), 0 to 1; 0 if either is empty."""
    boxes = [_prototypes.Box(*as_array(box, np.float64, (4,), "box").tolist()) for box in (a, b)]
    return float(lib.selectai_box_iou(ctypes.byref(boxes[0]), ctypes.byref(boxes[1])))
