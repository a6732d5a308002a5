"""selectai/cache.py: vectors on disk, found by project and file name.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import json
import operator
import os
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Optional, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _prototypes
from ._arrays import as_array, pointer
from ._callbacks import Progress, ProgressCallback
from ._errors import NOT_FOUND, NotFoundError, check
from ._handle import Handle
from ._library import lib
from ._options import choice, make
from ._text import PathLike, path_array, path_bytes, text, utf8
from .encoder import DTYPES, Encoder
from .issues import Issue, IssueList, collect

__all__ = [
    "CacheResult",
    "CacheRow",
    "EmbedResult",
    "EmbeddingCache",
    "compact_cache",
    "export_cache",
    "import_legacy_cache",
    "merge_caches",
]

EXPORTS = {"plain": 0, "clip-retrieval": 1}
METADATA = {"jsonl": 0, "csv": 1}


class CacheRow(NamedTuple):
    """What a cache knows about one file besides its vector.

    rel_path: below the folder that was embedded, with "/". filename: its last part, with project the key. size: bytes.
    mtime_ns: since 1970. crc32: of the bytes, as zlib.crc32(). width, height: pixels. phash: see phash().
    xxh64: of the bytes, seed 0; 0: not known.
    """

    project: str
    rel_path: str
    filename: str
    size: int = 0
    mtime_ns: int = 0
    crc32: int = 0
    width: int = 0
    height: int = 0
    phash: int = 0
    xxh64: int = 0


class _EmbedResult(NamedTuple):
    encoded: int
    unchanged: int
    moved: int
    failed: int
    issues: list[Issue]


class EmbedResult(_EmbedResult):
    """Files of one add_files(): newly encoded, unchanged, found under a new name, failed; and why those failed.

    given_up: of failed, those not tried, because the same content failed in an earlier run.
    """

    given_up: int = 0


class CacheResult(NamedTuple):
    """What happened to rows: selectai_cache_counts, and what went wrong with single ones.

    read: looked at. written. present: were there already. superseded, repeated: left out for a later row of other, or of
    the same, content (import: for a later line of the same image). missing: compact: dropped, for the file is gone; import: written, though nothing is known about
    the image. failed: left out, damaged. files: parts or files of vectors that were written.
    """

    read: int
    written: int
    present: int
    superseded: int
    repeated: int
    missing: int
    failed: int
    files: int
    issues: list[Issue]


class EmbeddingCache(Handle):
    """A folder of vectors of one encoder.

    find() and reading may run in any number of threads, but not while another adds, flushes or closes. Several processes
    may open one folder at once.

    >>> with Encoder.open() as encoder, EmbeddingCache.create("cache", encoder) as cache:  # doctest: +SKIP
    ...     cache.add_files("mojo1", ["RAW/a.png", "RAW/b.png"])
    """

    _type = _prototypes.EmbeddingCache
    _destroy = "selectai_embedding_cache_close"

    directory: bytes
    encoder: Optional[Encoder]

    @classmethod
    def open(cls, directory: PathLike) -> "EmbeddingCache":
        """Opens for reading. Raises FileNotFoundError, or FormatError if it is no cache."""
        self = cls._new()
        self.directory, self.encoder = path_bytes(directory), None
        check(lib.selectai_embedding_cache_open(ctypes.byref(self._pointer), self.directory))
        return self

    @classmethod
    def create(
        cls,
        directory: PathLike,
        encoder: Optional[Encoder] = None,
        *,
        encoder_id: Optional[str] = None,
        dim: Optional[int] = None,
        dtype: str = "auto",
    ) -> "EmbeddingCache":
        """Opens for adding; makes the folder if needed. Raises MismatchError for a cache of another encoder.

        Give the encoder, or for vectors made elsewhere its encoder_id and dim. dtype on disk: "auto" and "float32", or
        "float16".
        """
        if encoder is not None:
            encoder_id, dim = encoder.model_id, encoder.dim
        if encoder_id is None or dim is None:
            raise TypeError("create() needs an encoder, or encoder_id and dim")
        if not 0 < operator.index(dim) < 2**32:
            raise ValueError(f"dim must be a positive number, not {dim}")
        self = cls._new()
        self.directory, self.encoder = path_bytes(directory), encoder
        number = choice(dtype, DTYPES, "dtype")
        check(
            lib.selectai_embedding_cache_create(
                ctypes.byref(self._pointer), self.directory, utf8(encoder_id, "encoder_id"), dim, number
            )
        )
        return self

    def __len__(self) -> int:
        return int(lib.selectai_embedding_cache_count(self._handle))

    def __bool__(self) -> bool:
        return True  # an empty cache is still a cache

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(lib.selectai_embedding_cache_dim(self._handle))

    @property
    def encoder_id(self) -> str:
        """Encoder.model_id of the vectors' encoder."""
        return text(lib.selectai_embedding_cache_encoder_id(self._handle))

    @property
    def issues(self) -> list[Issue]:
        """Parts that were dropped while opening, such as torn files of a killed run."""
        return collect(lib.selectai_embedding_cache_issues(self._handle))

    def failures(self) -> list[Issue]:
        """Images that could not be decoded, remembered by content; those that an older version met are not listed."""
        with IssueList() as issues:
            check(lib.selectai_embedding_cache_failures(ctypes.byref(issues.pointer), self._handle))
            return issues.take()

    @property
    def n_parts(self) -> int:
        """Number of parts that are on disk."""
        return int(lib.selectai_embedding_cache_part_count(self._handle))

    def vectors(self, part: int) -> "np.memmap[tuple[int, ...], np.dtype[np.floating]]":
        """The vectors of one part, memory-mapped for reading: [n, dim], float32 or float16.

        Raises NotFoundError if another process has joined the parts since this cache was opened: then open it again. find()
        and get() go on, and so does what vectors() returned before.
        """
        n_parts = self.n_parts
        index = operator.index(part)
        if not 0 <= index < n_parts:
            raise IndexError(f"part {index} of {n_parts}")
        path = ctypes.c_char_p()
        first, n_rows = ctypes.c_size_t(), ctypes.c_size_t()
        check(
            lib.selectai_embedding_cache_part(
                self._handle, index, ctypes.byref(path), ctypes.byref(first), ctypes.byref(n_rows)
            )
        )
        name = os.fsdecode(path.value or b"")
        try:
            array: np.memmap = np.load(name, mmap_mode="r", allow_pickle=False)
        except FileNotFoundError:
            raise NotFoundError(f"{name}: another process joined this cache's parts: open it again") from None
        expected = (n_rows.value, self.dim)
        if array.shape != expected:
            raise ValueError(f"{name} has shape {array.shape}, not {expected}")
        return array

    def find(self, project: str, filename: PathLike) -> Optional[NDArray[np.float32]]:
        """The vector of a file, float32 [dim], by its name within the project; or None. Where several folders have
        that name, those in `filename` decide; if they do not, AmbiguousError is raised."""
        out = np.empty(self.dim, np.float32)
        code = lib.selectai_embedding_cache_find(
            self._handle, utf8(project, "project"), path_bytes(filename), pointer(out, ctypes.c_float), None
        )
        return None if code == NOT_FOUND else (check(code), out)[1]

    def find_file(self, project: str, path: PathLike) -> Optional[NDArray[np.float32]]:
        """The same for a file on this machine: if it exists, the vector must be of what it holds now; else None."""
        out = np.empty(self.dim, np.float32)
        code = lib.selectai_embedding_cache_find_file(
            self._handle, utf8(project, "project"), path_bytes(path), pointer(out, ctypes.c_float), None
        )
        return None if code == NOT_FOUND else (check(code), out)[1]

    def find_content(self, project: str, size: int, crc32: int) -> Optional[NDArray[np.float32]]:
        """The same by content: size in bytes and zlib.crc32() of the file. Raises AmbiguousError if these are the same for
        several contents, as far as their xxh64 tells."""
        out = np.empty(self.dim, np.float32)
        code = lib.selectai_embedding_cache_find_content(
            self._handle, utf8(project, "project"), size, crc32, pointer(out, ctypes.c_float), None
        )
        return None if code == NOT_FOUND else (check(code), out)[1]

    def get(self, index: int) -> tuple[CacheRow, NDArray[np.float32]]:
        """Record and vector of row `index`."""
        n = len(self)
        position = operator.index(index)
        if not 0 <= position < n:
            raise IndexError(f"row {position} of {n}")
        row = _prototypes.CacheRow(struct_size=ctypes.sizeof(_prototypes.CacheRow))
        out = np.empty(self.dim, np.float32)
        check(
            lib.selectai_embedding_cache_get(
                self._handle, position, ctypes.byref(row), pointer(out, ctypes.c_float)
            )
        )
        record = CacheRow(
            text(row.project),
            text(row.rel_path),
            text(row.filename),
            row.size,
            row.mtime_ns,
            row.crc32,
            row.width,
            row.height,
            row.phash,
            row.xxh64,
        )
        return record, out

    def add(self, row: CacheRow, vector: ArrayLike) -> None:
        """Adds one vector, float32 [dim]; on disk after flush(). row.filename may be "": taken from rel_path."""
        array = as_array(vector, np.float32, (self.dim,), "vector")
        record = make_row(row)
        with self._alone:
            check(lib.selectai_embedding_cache_add(self._handle, ctypes.byref(record), pointer(array, ctypes.c_float)))

    def flush(self) -> None:
        """Writes what was added; close() does it too, but only flush() says what went wrong."""
        with self._alone:
            check(lib.selectai_embedding_cache_flush(self._handle))

    def leftovers(self) -> list[Issue]:
        """Files in the folder that belong to no part: of runs that were killed, or are at work. They do no harm, and a run
        that writes removes them after an hour."""
        self._handle
        with IssueList() as issues:
            check(lib.selectai_embedding_cache_leftovers(ctypes.byref(issues.pointer), self.directory))
            return issues.take()

    def verify(self, progress: Optional[ProgressCallback] = None) -> list[Issue]:
        """Proves that index and vectors on disk agree; returns what is wrong, an empty list if nothing is."""
        self._handle
        return _run(
            lambda counts, issues, options: lib.selectai_embedding_cache_verify_with(
                counts, issues, self.directory, options
            ),
            progress,
        ).issues

    def add_files(
        self,
        project: str,
        paths: Sequence[PathLike],
        encoder: Optional[Encoder] = None,
        rel_paths: Optional[Iterable[PathLike]] = None,
        *,
        threads: int = 0,
        retry_failed: bool = False,
        progress: Optional[ProgressCallback] = None,
    ) -> EmbedResult:
        """Makes sure that every file's vector is in the cache; the cache must come from create().

        encoder: None for the one given to create(). rel_paths: each file's path below its folder, None for the paths
        themselves. Files are recognised by name, size and time, then by content; only new and changed ones are encoded,
        so a killed run is resumed by calling again. retry_failed: try images again that could not be decoded in an earlier
        run; their content is remembered. progress: called with (done, total, stage), a true value cancels.
        """
        encoder = encoder or self.encoder
        if encoder is None:
            raise TypeError("add_files() needs an encoder: give one here or to create()")
        array, n = path_array(paths)
        relative = None
        if rel_paths is not None:
            relative, n_relative = path_array(rel_paths)
            if n_relative != n:
                raise ValueError(f"rel_paths has {n_relative} entries, paths has {n}")
        counts = _prototypes.EmbedCounts(struct_size=ctypes.sizeof(_prototypes.EmbedCounts))
        with self._alone, encoder._alone, IssueList() as issues, Progress(progress) as running:
            options = make(
                _prototypes.EmbedOptions,
                "selectai_embed_options_init",
                threads=threads,
                progress=running.function,
                retry_failed=int(retry_failed),
            )
            running.check(
                lib.selectai_embed_files(
                    ctypes.byref(counts),
                    ctypes.byref(issues.pointer),
                    self._handle,
                    encoder._handle,
                    utf8(project, "project"),
                    array,
                    relative,
                    n,
                    ctypes.byref(options),
                )
            )
            found = issues.take()
        result = EmbedResult(counts.encoded, counts.unchanged, counts.moved, counts.failed, found)
        result.given_up = counts.given_up
        return result


def merge_caches(
    output: PathLike,
    caches: Sequence[PathLike],
    *,
    dtype: str = "auto",
    progress: Optional[ProgressCallback] = None,
) -> CacheResult:
    """Joins caches of one encoder into `output`, which may hold rows already. Raises MismatchError for other encoders.

    Each (project, rel_path) gets one row: within a cache the last; between caches the one of the later mtime_ns, and of
    equal times that of the later cache. dtype "auto": float16 if all inputs are.
    """
    array, n = path_array(caches)
    return _run(
        lambda counts, issues, options: lib.selectai_embedding_cache_merge(
            counts, issues, path_bytes(output), array, n, options
        ),
        progress,
        dtype=choice(dtype, DTYPES, "dtype"),
    )


def compact_cache(
    directory: PathLike,
    *,
    drop_missing: Optional[Mapping[str, PathLike]] = None,
    dtype: str = "auto",
    progress: Optional[ProgressCallback] = None,
) -> CacheResult:
    """Rewrites a cache in few large parts without superseded rows; others may read and write it meanwhile.

    drop_missing: {project: folder}: rows of these projects whose file is not below the folder go, too.
    Raises FileNotFoundError if a folder holds none of its project's files: its disk may not be mounted.
    """
    return _run(
        lambda counts, issues, options: lib.selectai_embedding_cache_compact(
            counts, issues, path_bytes(directory), options
        ),
        progress,
        roots=drop_missing,
        drop_missing=1 if drop_missing else 0,
        dtype=choice(dtype, DTYPES, "dtype"),
    )


def export_cache(
    directory: PathLike,
    output: PathLike,
    *,
    format: str = "plain",
    metadata: str = "jsonl",
    normalise: bool = False,
    project: Optional[str] = None,
    roots: Optional[Mapping[str, PathLike]] = None,
    rows_per_file: int = 1000000,
    dtype: str = "auto",
    progress: Optional[ProgressCallback] = None,
) -> CacheResult:
    """Writes the last row of each file to `output`, a folder that is empty or not there.

    format "plain": embeddings.npy and embeddings.jsonl. "clip-retrieval": img_emb/img_emb_<N>.npy and
    metadata/metadata_<N> with the column image_path; metadata "jsonl", "csv", or "parquet", which clip-retrieval itself
    writes and which needs pyarrow. roots: {project: folder}, written before the paths of a project.
    """
    parquet = metadata == "parquet"
    if parquet and format != "clip-retrieval":
        raise ValueError('metadata "parquet" is for format "clip-retrieval"')
    if parquet:
        import pyarrow  # noqa: F401  before hours of work: is it there?
    result = _run(
        lambda counts, issues, options: lib.selectai_embedding_cache_export(
            counts, issues, path_bytes(directory), path_bytes(output), options
        ),
        progress,
        roots=roots,
        layout=choice(format, EXPORTS, "format"),
        metadata=0 if parquet else choice(metadata, METADATA, "metadata"),
        normalise=1 if normalise else 0,
        project=None if project is None else utf8(project, "project"),
        rows_per_file=rows_per_file,
        dtype=choice(dtype, DTYPES, "dtype"),
    )
    if parquet:
        _to_parquet(Path(os.fsdecode(path_bytes(output))) / "metadata")
    return result


def _to_parquet(folder: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    for path in sorted(folder.glob("metadata_*.jsonl")):
        with open(path, encoding="utf-8") as stream:
            rows = [json.loads(line) for line in stream]
        columns = {name: [row[name] for row in rows] for name in ("image_path", "project")}
        temporary = path.with_suffix(".parquet.tmp")
        pyarrow.parquet.write_table(pyarrow.table(columns), temporary)
        os.replace(temporary, path.with_suffix(".parquet"))
        path.unlink()


def import_legacy_cache(
    output: PathLike,
    jsonl: PathLike,
    *,
    encoder_id: str,
    project: str,
    root: Optional[PathLike] = None,
    dtype: str = "auto",
    threads: int = 0,
    progress: Optional[ProgressCallback] = None,
) -> CacheResult:
    """Adds the vectors that a processed_images.jsonl names to the cache `output`, which is made if needed.

    encoder_id and project must be given: the files do not tell them. root: the images' folder, which paths are taken
    relative to. Vectors that are missing or broken are issues. Of an image that is gone, or is newer than its vector,
    nothing is known but its name (size 0).
    """
    return _run(
        lambda counts, issues, options: lib.selectai_embedding_cache_import_legacy(
            counts, issues, path_bytes(output), path_bytes(jsonl), options
        ),
        progress,
        roots=None if root is None else {project: root},
        encoder_id=utf8(encoder_id, "encoder_id"),
        project=utf8(project, "project"),
        threads=threads,
        dtype=choice(dtype, DTYPES, "dtype"),
    )


def _run(
    call: Callable[[Any, Any, Any], int],
    progress: Optional[ProgressCallback],
    roots: Optional[Mapping[str, PathLike]] = None,
    **values: Any,
) -> CacheResult:
    """One of the functions that look after caches: call(counts, issues, options) -> code."""
    counts = _prototypes.CacheCounts(struct_size=ctypes.sizeof(_prototypes.CacheCounts))
    projects = [utf8(name, "project") for name in roots or {}]
    folders = [path_bytes(folder) for folder in (roots or {}).values()]
    n = len(projects)
    project_array, folder_array = (ctypes.c_char_p * n)(*projects), (ctypes.c_char_p * n)(*folders)
    with IssueList() as issues, Progress(progress) as running:
        options = make(
            _prototypes.CacheOptions, "selectai_cache_options_init", progress=running.function, n_roots=n, **values
        )
        if n:
            options.root_projects, options.root_folders = project_array, folder_array
        running.check(call(ctypes.byref(counts), ctypes.byref(issues.pointer), ctypes.byref(options)))
        found = issues.take()
    numbers = (getattr(counts, name) for name in CacheResult._fields[:-1])
    return CacheResult(*numbers, found)


def make_row(row: CacheRow) -> _prototypes.CacheRow:
    """The C record; numbers that do not fit are refused, ctypes would wrap them."""
    limits = {"size": 64, "crc32": 32, "width": 32, "height": 32, "phash": 64, "xxh64": 64}
    for name, bits in limits.items():
        value = operator.index(getattr(row, name))
        if not 0 <= value < 2**bits:
            raise ValueError(f"{name} must be from 0 to {2**bits - 1}, not {value}")
    return _prototypes.CacheRow(
        struct_size=ctypes.sizeof(_prototypes.CacheRow),
        crc32=row.crc32,
        size=row.size,
        mtime_ns=row.mtime_ns,
        phash=row.phash,
        width=row.width,
        height=row.height,
        project=utf8(row.project, "project"),
        rel_path=path_bytes(row.rel_path),
        filename=path_bytes(row.filename) if row.filename else None,
        xxh64=row.xxh64,
    )
