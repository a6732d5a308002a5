"""selectai: learns one person's choice among groups of generated images.

>>> import selectai
>>> result = selectai.extract("RAW", "FINAL", "mojo1")  # doctest: +SKIP
>>> with selectai.Encoder.open() as encoder:  # doctest: +SKIP
...     cache = selectai.EmbeddingCache.create("cache", encoder)
...     cache.add_files("mojo1", [file.path for file in selectai.scan("RAW")])
...     ranker = selectai.Ranker.train(result, cache)
...     suggestions = selectai.suggest(new_files, ranker, encoder=encoder)

Pure ctypes and numpy over libselectai; SELECTAI_LIBRARY overrides the library's path. Errors are selectai.Error, and
also the built-in exception of the same meaning. Objects that own something in the library are context managers.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from . import distributed
from ._errors import (
    BackendError,
    BackendMissingError,
    BackendVersionError,
    Cancelled,
    Error,
    ExistsError,
    FormatError,
    InternalError,
    InvalidArgumentError,
    IoError,
    IsADirectory,
    LimitError,
    MismatchError,
    AmbiguousError,
    NoDataError,
    NoSpaceError,
    NotADirectory,
    NotFoundError,
    OutOfMemoryError,
    PermissionDenied,
    ProjectRuleError,
    UnsupportedError,
    error_name,
)
from ._library import __version__, backend_name, library_path
from .cache import (
    CacheResult,
    CacheRow,
    EmbeddingCache,
    EmbedResult,
    compact_cache,
    export_cache,
    import_legacy_cache,
    merge_caches,
)
from .duplicates import Duplicate, Duplicates, duplicates, hash_files, hash_groups
from .encoder import Encoder
from .evaluation import Evaluation, Metric, box_iou
from .extraction import Extraction, extract, extract_batch
from .image import (
    CropMatch,
    ImageInfo,
    crop,
    crop_file,
    decode,
    decode_bytes,
    encode,
    phash,
    preprocess,
    read_info,
    recover_crop,
    resize,
    save,
)
from .issues import Issue
from .models import Cropper, CropProposals
from .old_models import import_model
from .names import ParsedName, ScannedFile, Scanner, group, parse_filename, scan
from .projects import Projects
from .ranker import Explanation, Ranker
from .shards import shard
from .suggest import Neighbour, Suggestion, Suggestions, suggest
from .trainset import RejectedGroup, TrainSet
from .validate import Example, FileReport, Problem, Validation, validate

__all__ = [
    "BackendError",
    "BackendMissingError",
    "BackendVersionError",
    "CacheResult",
    "CacheRow",
    "Cancelled",
    "CropMatch",
    "CropProposals",
    "Cropper",
    "Duplicate",
    "Duplicates",
    "EmbedResult",
    "EmbeddingCache",
    "Encoder",
    "Error",
    "Evaluation",
    "ExistsError",
    "Example",
    "Explanation",
    "Extraction",
    "FileReport",
    "FormatError",
    "ImageInfo",
    "InternalError",
    "InvalidArgumentError",
    "IoError",
    "IsADirectory",
    "Issue",
    "LimitError",
    "Metric",
    "MismatchError",
    "Neighbour",
    "AmbiguousError",
    "NoDataError",
    "NoSpaceError",
    "NotADirectory",
    "NotFoundError",
    "OutOfMemoryError",
    "ParsedName",
    "PermissionDenied",
    "Problem",
    "ProjectRuleError",
    "Projects",
    "Ranker",
    "RejectedGroup",
    "ScannedFile",
    "Scanner",
    "Suggestion",
    "Suggestions",
    "TrainSet",
    "UnsupportedError",
    "Validation",
    "__version__",
    "backend_name",
    "box_iou",
    "compact_cache",
    "crop",
    "crop_file",
    "decode",
    "decode_bytes",
    "distributed",
    "duplicates",
    "encode",
    "error_name",
    "export_cache",
    "extract",
    "extract_batch",
    "group",
    "hash_files",
    "hash_groups",
    "import_legacy_cache",
    "import_model",
    "library_path",
    "merge_caches",
    "parse_filename",
    "phash",
    "preprocess",
    "read_info",
    "recover_crop",
    "resize",
    "save",
    "scan",
    "shard",
    "suggest",
    "validate",
]
