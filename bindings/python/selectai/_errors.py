"""selectai/_errors.py: the library's error codes as exceptions.

Every exception is a selectai.Error; where Python has a built-in exception for the same thing it is that one too, so
that ``except FileNotFoundError`` works.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import errno
from typing import Optional

from ._library import lib

__all__ = [
    "BackendError",
    "BackendMissingError",
    "BackendVersionError",
    "Cancelled",
    "Error",
    "ExistsError",
    "FormatError",
    "InternalError",
    "InvalidArgumentError",
    "IoError",
    "IsADirectory",
    "LimitError",
    "MismatchError",
    "NoDataError",
    "NoSpaceError",
    "NotADirectory",
    "NotFoundError",
    "OutOfMemoryError",
    "PermissionDenied",
    "ProjectRuleError",
    "UnsupportedError",
    "check",
    "error_name",
    "last_error",
]


class Error(Exception):
    """What the library reports.

    code: the number of include/selectai/common.h, such as -10. where: "file.c:123" inside the library, for bug
    reports. message: one line that names the file and the remedy; it is also str(error).
    """

    code: int = -4
    _errno: Optional[int] = None

    def __init__(self, message: str = "", code: Optional[int] = None, where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = type(self).code if code is None else code
        self.where = where
        if isinstance(self, OSError):
            self.errno = type(self)._errno
            self.strerror = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.code, self.where)


class InvalidArgumentError(Error, ValueError):
    """A call that no input file could justify: an empty name, a size of 0, an unknown flag."""

    code = -1


class OutOfMemoryError(Error, MemoryError):
    """Memory ran out, or a size would overflow."""

    code = -2


class Cancelled(Error):
    """The progress callback returned a true value. Files written so far are valid."""

    code = -3


class InternalError(Error, RuntimeError):
    """A bug in the library: please report it with `where`."""

    code = -4


class NotFoundError(Error, FileNotFoundError):
    """No such file, folder or record."""

    code, _errno = -10, errno.ENOENT


class NotADirectory(Error, NotADirectoryError):
    """A folder was expected, a file found."""

    code, _errno = -11, errno.ENOTDIR


class IsADirectory(Error, IsADirectoryError):
    """A file was expected, a folder found."""

    code, _errno = -12, errno.EISDIR


class PermissionDenied(Error, PermissionError):
    """The system denied access."""

    code, _errno = -13, errno.EACCES


class NoSpaceError(Error, OSError):
    """The disk is full or a quota is reached."""

    code, _errno = -14, errno.ENOSPC


class IoError(Error, OSError):
    """Any other failed read or write."""

    code, _errno = -15, errno.EIO


class ExistsError(Error, FileExistsError):
    """Would overwrite something that must not be overwritten."""

    code, _errno = -16, errno.EEXIST


class FormatError(Error, ValueError):
    """The content is not what the format demands: corrupt, truncated, of another kind."""

    code = -20


class UnsupportedError(Error, NotImplementedError):
    """Valid, but this library or build cannot do it."""

    code = -21


class LimitError(Error, ValueError):
    """Larger than a configured limit."""

    code = -22


class ProjectRuleError(Error, ValueError):
    """A set or pair would cross projects."""

    code = -30


class MismatchError(Error, ValueError):
    """Two things do not belong together: encoder and cache, model and vectors."""

    code = -31


class NoDataError(Error, ValueError):
    """Valid input, but nothing or too little in it to work on."""

    code = -32


class AmbiguousError(Error, LookupError):
    """Several candidates, and nothing tells which is meant."""

    code = -33


class BackendMissingError(Error, RuntimeError):
    """Needs the torch module, which is not installed; the message says how to get it."""

    code = -40


class BackendError(Error, RuntimeError):
    """The torch module reported an error."""

    code = -41


class BackendVersionError(Error, RuntimeError):
    """A torch module was found, but for another version of the library."""

    code = -42


NOT_FOUND = NotFoundError.code
CANCELLED = Cancelled.code

_BY_CODE = {kind.code: kind for kind in Error.__subclasses__()}


def error_name(code: int) -> str:
    """Short English name of an error code, such as "file format error"."""
    return lib.selectai_error_name(code).decode()


def last_error(code: int) -> Error:
    """The exception for a call that returned `code` just now, in this thread."""
    detail = lib.selectai_last_error_detail().contents
    if detail.code == code:
        message = detail.message.decode("utf-8", "backslashreplace")
        where = f"{detail.file.decode('utf-8', 'replace')}:{detail.line}"
    else:
        # An expected answer that left no detail, such as a look-up that found nothing.
        message, where = error_name(code), ""
    return _BY_CODE.get(code, Error)(message, code, where)


def check(code: int) -> int:
    """Raises what a negative return value stands for; returns other values."""
    if code < 0:
        raise last_error(code)
    return int(code)
