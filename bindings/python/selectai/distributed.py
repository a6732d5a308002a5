"""selectai/distributed.py: the same work over a Dask cluster that is there already.

Dask is imported when a function here is called, not before; everything else does without it. Workers need this package
and the library too, and must see images, cache and weights under the same paths. Only paths travel, never pixels or
vectors.

>>> from distributed import Client  # doctest: +SKIP
>>> client = Client("tcp://scheduler:8786")  # doctest: +SKIP
>>> selectai.distributed.embed(client, "mojo1", "/shared/RAW", "/shared/cache")  # doctest: +SKIP

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import collections
import functools
import os
import threading
from typing import TYPE_CHECKING, Any, Callable, Iterator, NamedTuple, Optional, Sequence, TypeVar

from ._callbacks import ProgressCallback
from ._errors import Cancelled
from ._text import PathLike
from .cache import EmbeddingCache, EmbedResult
from .encoder import Encoder
from .names import scan
from .shards import shard

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["embed", "map_shards"]

Shard = TypeVar("Shard")
Result = TypeVar("Result")

# More shards than workers: the last one to finish holds up less, and a lost worker takes less with it.
_SHARDS_A_WORKER = 4


def _dask() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ImportError(
            "selectai.distributed needs Dask's 'distributed' package here and on every worker: install it (Debian: "
            f"python3-distributed), or share the work without it, by 'selectai embed --shard'; {error}"
        ) from error
    return distributed


# ---- Tasks ----------------------------------------------------------------------------------------------------------


def _results(
    client: "Client", function: Callable[[Shard], Result], shards: Sequence[Shard], retries: int
) -> Iterator[tuple[int, Result]]:
    """(index, function(shards[index])) as they are done. If the loop is left early, what has not begun never will."""
    futures = {}
    try:
        for index, item in enumerate(shards):
            futures[client.submit(function, item, pure=False, retries=retries)] = index
        for future in _dask().as_completed(list(futures)):
            yield futures[future], future.result()
    finally:
        client.cancel(list(futures))


def _report(progress: Optional[ProgressCallback], done: int, total: int, stage: str) -> None:
    if progress is not None and progress(done, total, stage):
        raise Cancelled("cancelled by the progress callback; shards that are at work go on to their end")


def map_shards(
    client: "Client",
    function: Callable[[Shard], Result],
    shards: Sequence[Shard],
    *,
    retries: int = 2,
    progress: Optional[ProgressCallback] = None,
) -> list[Result]:
    """function(shard) for each of the shards, a task each, in the order of shards.

    A shard is whatever the function takes: make it small, such as a list of paths. A task that raises is tried
    `retries` times more; then its exception is raised here. A task whose worker dies is run again on another, so the
    function must bear to be called twice; after distributed.scheduler.allowed-failures deaths Dask gives up and raises
    KilledWorker. progress: called with (done, total, "shards") after each; a true value cancels what has not begun.
    """
    _dask()
    out: dict[int, Result] = {}
    for index, result in _results(client, function, shards, retries):
        out[index] = result
        _report(progress, len(out), len(shards), "shards")
    return [out[index] for index in range(len(shards))]


# ---- Embedding ------------------------------------------------------------------------------------------------------


class _Job(NamedTuple):
    """What is the same for all shards of a call."""

    project: str
    directory: str
    cache: str
    encoder: str
    activation: str
    dtype: str
    device: str
    store: str
    threads: Optional[int]
    workers: dict[str, int]  # processes on each host


class _Kept:
    """The encoder that this process opened last: opening one costs more than many pictures."""

    lock = threading.Lock()
    key: Optional[tuple[Any, ...]] = None
    encoder: Optional[Encoder] = None


def _encoder(job: _Job, threads: int) -> Encoder:
    file = os.stat(job.encoder) if job.encoder != "builtin" else None
    weights = file and (file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns)
    key = (job.encoder, weights, job.activation, job.dtype, job.device, threads)
    with _Kept.lock:
        if _Kept.encoder is None or _Kept.key != key:
            _Kept.encoder = Encoder.open(job.encoder, job.activation, job.dtype, job.device, threads)
            _Kept.key = key
        return _Kept.encoder


def _host(address: str) -> str:
    from distributed.comm import get_address_host

    return str(get_address_host(address))


def _threads(job: _Job) -> int:
    """This process's share of its host's cores. Tasks of one process take turns at its encoder, so they count once."""
    if job.threads is not None:
        return job.threads
    workers = job.workers.get(_host(_dask().get_worker().address)) or max(job.workers.values(), default=1)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // workers)


def _embed_shard(job: _Job, rel_paths: list[str]) -> EmbedResult:
    """On a worker. The cache is opened anew, so that a task that was begun elsewhere finds what was flushed there."""
    threads = _threads(job)
    encoder = _encoder(job, threads)
    paths = [os.path.join(job.directory, rel_path) for rel_path in rel_paths]
    with EmbeddingCache.create(job.cache, encoder, dtype=job.store) as cache:
        result = cache.add_files(job.project, paths, rel_paths=rel_paths, threads=threads)
        cache.flush()
    return result


def _sum(a: EmbedResult, b: EmbedResult) -> EmbedResult:
    both = EmbedResult(
        a.encoded + b.encoded, a.unchanged + b.unchanged, a.moved + b.moved, a.failed + b.failed, a.issues + b.issues
    )
    both.given_up = a.given_up + b.given_up
    return both


def _parts(project: str, rel_paths: list[str], n_shards: int) -> list[list[str]]:
    """The files of each shard that has any."""
    parts: dict[int, list[str]] = collections.defaultdict(list)
    for number, rel_path in zip(shard(project, rel_paths, n_shards).tolist(), rel_paths):
        parts[number].append(rel_path)
    return [parts[number] for number in sorted(parts)]


def embed(
    client: "Client",
    project: str,
    directory: PathLike,
    cache: PathLike,
    encoder: PathLike = "builtin",
    activation: str = "quickgelu",
    dtype: str = "auto",
    *,
    device: str = "auto",
    store: str = "float32",
    shards: Optional[int] = None,
    threads: Optional[int] = None,
    retries: int = 2,
    progress: Optional[ProgressCallback] = None,
) -> EmbedResult:
    """EmbeddingCache.add_files() for all images below a folder, shared out over the workers of a Dask cluster.

    directory, cache and encoder (a file, or "builtin") must be the same on every worker. activation, dtype, device: as
    of Encoder.open(). store: type on disk, "float32" or "float16". shards: tasks, by shard(); None is four a worker.
    threads: for each task; None is the host's cores divided by the workers on it. retries, and what happens when
    workers die: as of map_shards(); a task that is run again takes what the first run flushed (every 10 seconds, or
    1024 files) as it is. progress: called with (done, total, "embed"), in files, after each shard; a true value cancels
    what has not begun.

    Returns the sum over the shards as their last runs counted; `issues` begins with folders that could not be read.
    """
    _dask()
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be 1 or more, or None; not {threads}")
    with scan(os.path.abspath(os.fsdecode(directory))) as scanner:
        rel_paths = [file.rel_path for file in scanner]
        issues = scanner.issues
    workers = client.nthreads()
    what = os.fsdecode(encoder)
    job = _Job(
        project=project,
        directory=os.path.abspath(os.fsdecode(directory)),
        cache=os.path.abspath(os.fsdecode(cache)),
        encoder=what if what == "builtin" else os.path.abspath(what),
        activation=activation,
        dtype=dtype,
        device=device,
        store=store,
        threads=threads,
        workers=dict(collections.Counter(map(_host, workers))),
    )
    parts = _parts(project, rel_paths, _SHARDS_A_WORKER * max(1, len(workers)) if shards is None else shards)
    found: dict[int, EmbedResult] = {}
    done = 0
    for index, result in _results(client, functools.partial(_embed_shard, job), parts, retries):
        found[index] = result
        done += len(parts[index])
        _report(progress, done, len(rel_paths), "embed")
    in_order = [EmbedResult(0, 0, 0, 0, issues), *(found[index] for index in range(len(parts)))]
    return functools.reduce(_sum, in_order)
