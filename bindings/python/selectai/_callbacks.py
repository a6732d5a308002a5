"""selectai/_callbacks.py: progress, cancellation and Ctrl-C during long calls.

ctypes releases the interpreter lock while C runs, and the library calls the progress function from the calling thread.
So each long call gets a progress function, even if the caller gave none: it is where Ctrl-C is noticed.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Callable, Optional

from . import _errors
from ._prototypes import ProgressFn

__all__ = ["Progress", "ProgressCallback"]

# (done, total, stage) -> a true value to cancel
ProgressCallback = Callable[[int, int, str], object]


class Progress:
    """Runs one long C call.

    with Progress(callback) as progress:
        progress.check(lib.selectai_...(..., progress.function, None))

    `function` must outlive the call: this object holds it. An exception raised by the callback, or by a signal handler
    such as the one that makes KeyboardInterrupt, cancels the call and leaves the with block in place of Cancelled.
    """

    def __init__(self, callback: Optional[ProgressCallback] = None) -> None:
        if callback is not None and not callable(callback):
            raise TypeError(f"progress must be callable, not {type(callback).__name__}")
        self._callback = callback
        self._raised: Optional[BaseException] = None
        self._previous: Any = None
        self.function = ProgressFn(self._report)

    def _report(self, done: int, total: int, stage: Optional[bytes], user: Any) -> int:
        # ctypes prints and drops an exception that leaves a callback, so none may.
        if self._raised is not None:
            return 1
        try:
            if self._callback is not None:
                cancel = self._callback(done, total, (stage or b"").decode("utf-8", "replace"))
                return 1 if cancel or self._raised is not None else 0
        except BaseException as error:
            self._raised = error
            return 1
        return 0

    def _on_interrupt(self, number: int, frame: Optional[FrameType]) -> None:
        # Stands in for the real SIGINT handler during the call. The interpreter runs signal handlers on entry to a
        # Python function, before its `try`: an exception raised there would be lost, so it is kept for later.
        try:
            self._previous(number, frame)
        except BaseException as error:
            if self._raised is None:
                self._raised = error

    def __enter__(self) -> "Progress":
        if threading.current_thread() is threading.main_thread():
            previous = signal.getsignal(signal.SIGINT)
            if callable(previous):
                self._previous = previous
                signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def check(self, code: int) -> int:
        """Raises what stopped the call, if anything did; the exception of the callback goes first."""
        self._restore()
        self.reraise()
        return _errors.check(code)

    def reraise(self) -> None:
        """Raises the exception of the callback or of Ctrl-C, if there was one: between several calls of one block."""
        if self._raised is not None:
            raised, self._raised = self._raised, None
            raise raised

    def _restore(self) -> None:
        if self._previous is not None:
            previous, self._previous = self._previous, None
            signal.signal(signal.SIGINT, previous)

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        # A signal between the C call's return and check() is raised here if nothing else is on its way.
        self._restore()
        if kind is None:
            self.reraise()
