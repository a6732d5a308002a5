"""selectai/_handle.py: the owner of one C handle.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import threading
from types import TracebackType
from typing import Any, Optional, TypeVar

from ._library import lib

__all__ = ["Exclusive", "Handle"]

Self = TypeVar("Self", bound="Handle")


class Exclusive:
    """Lets one thread at a time into a handle that is not safe for several; the others wait.

    A progress callback that uses the object at work would wait for itself: that raises RuntimeError.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: Optional[int] = None

    def __enter__(self) -> None:
        if self._thread == threading.get_ident():
            raise RuntimeError("this object is at work: its progress callback must not use it")
        self._lock.acquire()
        self._thread = threading.get_ident()

    def __exit__(self, *exception: object) -> None:
        self._thread = None
        self._lock.release()


class Handle:
    """Owns a C handle: a context manager with a close() that may be called twice.

    Subclasses name their structure type and the function that frees it. Calls that need the handle alone run inside
    `with self._alone`. For the others: close() must not run while another thread is inside one.
    """

    _type: Any = None
    _destroy: str = ""

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} is made by its class methods, see help(selectai.{type(self).__name__})")

    @classmethod
    def _new(cls: type[Self]) -> Self:
        """An object without a handle yet: pass byref(self._pointer) to the C function that makes one."""
        self = cls.__new__(cls)
        self._prepare()
        return self

    def _prepare(self) -> None:
        self._pointer = ctypes.POINTER(self._type)()
        self._owner: Optional[Handle] = None
        self._alone = Exclusive()

    @classmethod
    def _borrow(cls: type[Self], pointer: Any, owner: "Handle") -> Self:
        """An object for a handle that belongs to another object, which is kept alive."""
        self = cls._new()
        self._pointer = pointer
        self._owner = owner
        return self

    @property
    def _handle(self) -> Any:
        """The typed pointer for a C call; raises once the object is closed."""
        if not self._pointer or (self._owner is not None and self._owner.closed):
            raise ValueError(f"{type(self).__name__} is closed")
        return self._pointer

    @property
    def closed(self) -> bool:
        """True after close()."""
        return not self._pointer or (self._owner is not None and self._owner.closed)

    def close(self) -> None:
        """Frees the handle; further use raises ValueError. May be called more than once."""
        with self._alone:
            pointer, self._pointer = self._pointer, ctypes.POINTER(self._type)()
            if pointer and self._owner is None:
                getattr(lib, self._destroy)(ctypes.byref(pointer))

    def __reduce__(self) -> Any:
        # For copy() and pickle: two owners would free one handle twice.
        raise TypeError(f"{type(self).__name__} owns something outside of Python: it cannot be copied or pickled")

    def __enter__(self: Self) -> Self:
        self._handle
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # At interpreter exit anything may be gone already, and a half-made object may lack its pointer.
        try:
            self.close()
        except Exception:
            pass
