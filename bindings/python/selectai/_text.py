"""selectai/_text.py: strings and paths on their way into and out of the library.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import json
import os
from typing import Any, Iterable, Optional, Union

from ._library import lib

__all__ = ["PathLike", "path_array", "path_bytes", "path_list", "take_bytes", "take_json", "text", "utf8"]

PathLike = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


def path_bytes(path: PathLike) -> bytes:
    """The bytes of a path as the system has them. A NUL would cut the path short in C, so it is refused here."""
    raw = os.fsencode(path)
    if b"\0" in raw:
        raise ValueError(f"embedded null byte in path {path!r}")
    return raw


def path_list(paths: Union[PathLike, Iterable[PathLike]]) -> Iterable[PathLike]:
    """Where one path may stand for a list of one."""
    return [paths] if isinstance(paths, (str, bytes, os.PathLike)) else paths


def path_array(paths: Iterable[PathLike]) -> tuple["ctypes.Array[ctypes.c_char_p]", int]:
    """An array of C strings and its length. The array keeps the strings alive."""
    if isinstance(paths, (str, bytes, os.PathLike)):
        raise TypeError(f"expected several paths, got one: {paths!r}; put it in a list")
    encoded = [path_bytes(path) for path in paths]
    return (ctypes.c_char_p * len(encoded))(*encoded), len(encoded)


def utf8(value: str, what: str) -> bytes:
    """A name that is no path, such as a project's."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a string, not {type(value).__name__}")
    raw = value.encode("utf-8", "surrogateescape")
    if b"\0" in raw:
        raise ValueError(f"embedded null byte in {what} {value!r}")
    return raw


def text(raw: Optional[bytes]) -> str:
    """Text from the library. Bytes that are no UTF-8 (paths may hold any) survive as surrogates, as in os.fsdecode."""
    return "" if raw is None else raw.decode("utf-8", "surrogateescape")


def take_bytes(out: ctypes.c_char_p) -> bytes:
    """Copies a text that the library handed over, and frees it."""
    try:
        return out.value or b""
    finally:
        lib.selectai_free(out)


def take_json(out: ctypes.c_char_p) -> Any:
    """Parses a JSON text that the library handed over, and frees it."""
    return json.loads(text(take_bytes(out)))
