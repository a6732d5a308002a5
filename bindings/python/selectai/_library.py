"""selectai/_library.py: finds libselectai, loads it and makes sure that it is the one this package was made for.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import os
import re
from pathlib import Path
from typing import Optional, Union

from . import _prototypes

__all__ = ["__version__", "backend_name", "lib", "library_path"]

_PACKAGE = Path(__file__).resolve().parent


def _source_root() -> Optional[Path]:
    """The source tree around this package, or None if the package is installed."""
    root = _PACKAGE.parents[2]
    return root if (root / "include/selectai/version.h").is_file() else None


def _versions() -> tuple[str, int, Path, Optional[str]]:
    """Version, ABI number, the file that says so, and the installed library's path if the build wrote it down."""
    try:
        from . import _version
    except ImportError:
        pass
    else:
        return _version.version, _version.abi_version, Path(_version.__file__), _version.library
    root = _source_root()
    if root is None:
        raise ImportError(
            f"{_PACKAGE / '_version.py'} is missing and there is no source tree around it; reinstall selectai"
        )
    header = root / "include/selectai/version.h"
    text = header.read_text(encoding="utf-8")
    numbers = dict(re.findall(r"^#define SELECTAI_(\w+)[ \t]+(\d+)", text, re.MULTILINE))
    version = ".".join(numbers[f"VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH"))
    return version, int(numbers["ABI_VERSION"]), header, None


__version__, _ABI_VERSION, _VERSION_FILE, _INSTALLED = _versions()


def _candidates() -> list[str]:
    """Where the library may be, best first. An entry without '/' is looked up by the system's loader."""
    override = os.environ.get("SELECTAI_LIBRARY")
    if override:
        return [override if os.sep in override else os.path.join(os.curdir, override)]
    name = f"libselectai.so.{_ABI_VERSION}"
    found = [_PACKAGE / name, _PACKAGE / "lib" / name]
    if _INSTALLED:
        found.append(Path(_INSTALLED))
    root = _source_root()
    if root is not None:
        found += [build / "lib" / name for build in sorted(root.glob("build*")) if build.is_dir()]
        found.append(root / "build" / "lib" / name)
    return [str(path) for path in dict.fromkeys(found)] + [name]


class _SymbolInfo(ctypes.Structure):
    """Dl_info of dladdr(3)."""

    _fields_ = [
        ("fname", ctypes.c_char_p),
        ("fbase", ctypes.c_void_p),
        ("sname", ctypes.c_char_p),
        ("saddr", ctypes.c_void_p),
    ]


def _real_path(library: ctypes.CDLL, asked: str) -> str:
    """The file that the loader took: differs from what was asked for where it searched by name."""
    try:
        dladdr = ctypes.CDLL(None).dladdr
        dladdr.argtypes = [ctypes.c_void_p, ctypes.POINTER(_SymbolInfo)]
        info = _SymbolInfo()
        address = ctypes.cast(library.selectai_version_string, ctypes.c_void_p)
        if dladdr(address, ctypes.byref(info)) and info.fname:
            return os.fsdecode(info.fname)
    except (AttributeError, OSError):
        pass
    return asked


def _load() -> tuple[ctypes.CDLL, str]:
    tried = []
    for candidate in _candidates():
        if os.sep in candidate and not os.path.exists(candidate):
            tried.append(f"  {candidate}: no such file")
            continue
        try:
            library = ctypes.CDLL(candidate)
        except OSError as error:
            tried.append(f"  {candidate}: {error}")
            continue
        return library, candidate
    raise ImportError(
        "libselectai was not found. Build it with Meson, or set SELECTAI_LIBRARY to its path. Tried:\n"
        + "\n".join(tried)
    )


def _open() -> tuple[ctypes.CDLL, str]:
    library, asked = _load()
    path = _real_path(library, asked)
    if not hasattr(library, "selectai_version_string"):
        raise ImportError(f"{path} is no libselectai: it has no selectai_version_string()")
    # The version first: it explains a missing function better than the function's name does.
    library.selectai_version_string.restype = ctypes.c_char_p
    found = library.selectai_version_string().decode()
    if found != __version__:
        raise ImportError(
            f"versions differ: {path} is selectai {found}, but the Python package at {_PACKAGE} is {__version__} "
            f"(from {_VERSION_FILE}); install both from one build, or set SELECTAI_LIBRARY"
        )
    missing = _prototypes.declare(library)
    if missing is not None:
        raise ImportError(f"{path} lacks {missing}(), which selectai {__version__} must have; rebuild the library")
    if library.selectai_abi_version() != _ABI_VERSION:
        raise ImportError(
            f"{path} has ABI {library.selectai_abi_version()}, but the Python package at {_PACKAGE} needs "
            f"{_ABI_VERSION} (from {_VERSION_FILE}); install both from one build"
        )
    return library, path


lib, library_path = _open()


def backend_name(directory: Optional[Union[str, bytes, "os.PathLike[str]"]] = None) -> str:
    """Loads the torch module, if that has not happened yet, and returns its name, such as "torch 1.13.1".

    directory: the folder that holds selectai-torch.so; None for the places where it is installed. The first call takes
    about half a second. Raises BackendMissingError if there is none: only training and CLIP encoders need it.
    """
    from ._errors import check
    from ._text import path_bytes

    name = ctypes.c_char_p()
    check(lib.selectai_backend_load(ctypes.byref(name), None if directory is None else path_bytes(directory)))
    return (name.value or b"").decode()
