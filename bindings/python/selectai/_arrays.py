"""selectai/_arrays.py: numpy arrays of the type and shape that a C function wants, or an error that says what is wrong.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
from typing import Any, Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["as_array", "pointer"]

Dimension = Union[int, str]


def _wanted(dtype: Any, shape: Sequence[Dimension]) -> str:
    return f"{np.dtype(dtype).name} [{', '.join(map(str, shape))}]"


def as_array(value: ArrayLike, dtype: Any, shape: Sequence[Dimension], what: str) -> NDArray[Any]:
    """A C-contiguous array of `dtype`; a copy only where one is needed.

    shape: a number where the length is fixed, a letter where it is free, such as ("n", 512). Raises TypeError for
    values of another kind, ValueError for another shape or for integers that do not fit; both name what came.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{what} must be {_wanted(dtype, shape)}: {error}") from None
    got = f"{array.dtype.name} [{', '.join(map(str, array.shape))}]"
    target = np.dtype(dtype)
    if array.ndim != len(shape) or any(
        isinstance(want, int) and want != have for want, have in zip(shape, array.shape)
    ):
        raise ValueError(f"{what} must have the shape of {_wanted(dtype, shape)}, not {got}")
    if array.dtype != target:
        # Numbers may change their width, never their kind: a float image is not an 8-bit one.
        if array.dtype.kind not in ("iu" if target.kind in "iu" else "iuf"):
            raise TypeError(f"{what} must be of type {_wanted(dtype, shape)}, not {got}")
        if target.kind in "iu" and array.size:
            limits = np.iinfo(target)
            if array.min() < limits.min or array.max() > limits.max:
                raise ValueError(f"{what} must be {_wanted(dtype, shape)}, but holds values outside its range ({got})")
    return np.ascontiguousarray(array, dtype=target)


def pointer(array: Optional[NDArray[Any]], kind: Any) -> Any:
    """A typed pointer to an array's memory (NULL for None); the caller keeps the array alive during the call."""
    return None if array is None else array.ctypes.data_as(ctypes.POINTER(kind))


def whole_numbers(value: ArrayLike) -> ArrayLike:
    """Sizes that came as floats, as tables of numbers often do: as integers if they are whole, else unchanged."""
    array = np.asarray(value)
    if array.dtype.kind == "f" and np.all(np.isfinite(array)) and np.all(array == np.floor(array)) and np.all(array >= 0):
        return array.astype(np.int64)
    return value
