"""selectai/_options.py: keyword arguments into the library's options structures.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import math
import operator
from typing import Any, Mapping, Optional

from . import _prototypes
from ._library import lib

__all__ = ["choice", "group_options", "make"]

_INTEGERS = {
    ctypes.c_uint32: (0, 2**32 - 1),
    ctypes.c_uint64: (0, 2**64 - 1),
    ctypes.c_int32: (-(2**31), 2**31 - 1),
}


def choice(value: str, allowed: Mapping[str, int], what: str) -> int:
    """The number of a named choice."""
    try:
        return allowed[value]
    except (KeyError, TypeError):
        raise ValueError(f"{what} must be one of {', '.join(map(repr, allowed))}, not {value!r}") from None


def make(kind: Any, init: str, /, **values: Any) -> Any:
    """A structure with the library's defaults, and those values that are not None.

    ctypes would wrap a number that does not fit; here it is refused.
    """
    options = kind()
    getattr(lib, init)(ctypes.byref(options), ctypes.sizeof(options))
    types = dict(kind._fields_)
    for name, value in values.items():
        if value is None:
            continue
        if types[name] in _INTEGERS:
            low, high = _INTEGERS[types[name]]
            try:
                value = operator.index(value)
            except TypeError:
                raise TypeError(f"{name} must be an integer, not {type(value).__name__}") from None
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {value}")
        setattr(options, name, value)
    return options


GROUP_MODES = {"nearest-up": 0, "timestamp": 1}
SCOPES = {"directory": 0, "project": 1}


def group_options(mode: str, scope: str, lookahead: int, max_gap: Optional[float], min_size: int) -> Any:
    """selectai_group_options; max_gap None is no limit, 0 takes only equal timestamps."""
    gap = 0.0
    if max_gap is not None:
        gap = float(max_gap)
        if not gap >= 0:
            raise ValueError(f"max_gap must be a number of seconds from 0, or None for no limit; not {max_gap!r}")
        # In C 0 is "no limit". Timestamps are whole seconds, so half a second lets through the same pairs as 0.
        gap = 0.0 if math.isinf(gap) else gap or 0.5
    return make(
        _prototypes.GroupOptions,
        "selectai_group_options_init",
        mode=choice(mode, GROUP_MODES, "mode"),
        scope=choice(scope, SCOPES, "scope"),
        lookahead=lookahead,
        min_size=min_size,
        max_gap=gap,
    )
