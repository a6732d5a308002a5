"""selectai/_prototypes.py: the C interface as ctypes sees it.

One table, FUNCTIONS, holds every exported function with its result and argument types; tests/python/check_prototypes.py
compares it with lib/selectai.symbols, with the built library and with the sizes and offsets that a C compiler gives the
structures.

Each handle has a structure type of its own, so that passing a ranker where a cropper is wanted raises
ctypes.ArgumentError instead of corrupting memory.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any, Optional

__all__ = ["FUNCTIONS", "HANDLES", "STRUCTURES", "ProgressFn", "declare"]

# ---- Handles ---------------------------------------------------------------------------------------------------------


class Image(ctypes.Structure):
    """selectai_image"""


class Issues(ctypes.Structure):
    """selectai_issues"""


class Scanner(ctypes.Structure):
    """selectai_scanner"""


class Projects(ctypes.Structure):
    """selectai_projects"""


class TrainSet(ctypes.Structure):
    """selectai_trainset"""


class Extraction(ctypes.Structure):
    """selectai_extraction"""


class Duplicates(ctypes.Structure):
    """selectai_duplicates"""


class Encoder(ctypes.Structure):
    """selectai_encoder"""


class EmbeddingCache(ctypes.Structure):
    """selectai_embedding_cache"""


class Evaluation(ctypes.Structure):
    """selectai_evaluation"""


class Ranker(ctypes.Structure):
    """selectai_ranker"""


class Cropper(ctypes.Structure):
    """selectai_cropper"""


class Suggestions(ctypes.Structure):
    """selectai_suggestions"""


class Validation(ctypes.Structure):
    """selectai_validation"""


HANDLES = {
    "selectai_image": Image,
    "selectai_issues": Issues,
    "selectai_scanner": Scanner,
    "selectai_projects": Projects,
    "selectai_trainset": TrainSet,
    "selectai_extraction": Extraction,
    "selectai_duplicates": Duplicates,
    "selectai_encoder": Encoder,
    "selectai_embedding_cache": EmbeddingCache,
    "selectai_evaluation": Evaluation,
    "selectai_ranker": Ranker,
    "selectai_cropper": Cropper,
    "selectai_suggestions": Suggestions,
    "selectai_validation": Validation,
}

# ---- Callbacks -------------------------------------------------------------------------------------------------------

ProgressFn = CFUNCTYPE(c_int, c_uint64, c_uint64, c_char_p, c_void_p)

# ---- Structures, in the order of the headers ------------------------------------------------------------------------


class ErrorDetail(ctypes.Structure):
    _fields_ = [("code", c_int32), ("line", c_uint32), ("file", c_char * 64), ("message", c_char * 1024)]


class Issue(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("code", c_int32),
        ("row", c_uint64),
        ("kind", c_char_p),
        ("path", c_char_p),
        ("message", c_char_p),
    ]


class Box(ctypes.Structure):
    _fields_ = [("x1", c_double), ("y1", c_double), ("x2", c_double), ("y2", c_double)]


class PixelBox(ctypes.Structure):
    _fields_ = [("x1", c_int32), ("y1", c_int32), ("x2", c_int32), ("y2", c_int32)]


class ParsedName(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("label_offset", c_uint32),
        ("label_length", c_uint32),
        ("reserved", c_uint32),
        ("stage", c_double),
        ("seconds", c_int64),
        ("timestamp", c_char * 16),
    ]


class GroupOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("mode", c_int32),
        ("scope", c_int32),
        ("lookahead", c_uint32),
        ("min_size", c_uint32),
        ("reserved", c_uint32),
        ("max_gap", c_double),
    ]


class ShardOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("group", POINTER(GroupOptions)),
        ("paths", POINTER(c_char_p)),
        ("set_starts", POINTER(c_uint32)),
        ("n_sets", c_uint64),
    ]


class File(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_companions", c_uint32),
        ("size", c_uint64),
        ("mtime_ns", c_int64),
        ("path", c_char_p),
        ("rel_path", c_char_p),
        ("companions", POINTER(c_char_p)),
    ]


class KnownProject(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("has_manifest", c_int32),
        ("name", c_char_p),
        ("title", c_char_p),
        ("raw_dir", c_char_p),
        ("final_dir", c_char_p),
        ("manifest_path", c_char_p),
        ("status", c_char_p),
        ("initial_images", c_int64),
        ("final_images", c_int64),
        ("started", c_int64),
        ("finished", c_int64),
    ]


class ImageOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("max_side", c_uint32),
        ("max_pixels", c_uint64),
        ("max_bytes", c_uint64),
        ("max_memory", c_uint64),
        ("min_side", c_uint32),
        ("exif", c_uint32),
    ]


class PreprocessOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("size", c_uint32),
        ("convert", c_int32),
        ("reserved", c_int32),
    ]


class ImageInfo(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("channels", c_uint32),
        ("format", c_char * 8),
    ]


class CropMatch(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("method", c_int32),
        ("box", PixelBox),
        ("unique", c_int32),
        ("reserved", c_uint32),
        ("residual", c_double),
        ("x1", c_double),
        ("y1", c_double),
        ("x2", c_double),
        ("y2", c_double),
        ("scale_x", c_double),
        ("scale_y", c_double),
        ("correlation", c_double),
        ("texture", c_double),
    ]


class Duplicate(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("group", c_uint32),
        ("index", c_uint64),
        ("of", c_uint64),
        ("path", c_char_p),
        ("project", c_char_p),
        ("hash", c_uint64),
        ("size", c_uint64),
        ("width", c_uint32),
        ("height", c_uint32),
        ("distance", c_uint32),
        ("relation", c_int32),
        ("can_go", c_int32),
        ("reserved", c_uint32),
        ("difference", c_double),
    ]


class DuplicatesOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("distance", c_uint32),
        ("threads", c_uint32),
        ("reserved", c_uint32),
        ("hashes", POINTER(c_uint64)),
        ("hash_known", POINTER(c_uint8)),
        ("progress", ProgressFn),
        ("user", c_void_p),
    ]


class Metric(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("lower_is_better", c_int32),
        ("name", c_char_p),
        ("baseline_name", c_char_p),
        ("n", c_uint64),
        ("value", c_double),
        ("low", c_double),
        ("high", c_double),
        ("baseline", c_double),
        ("baseline_low", c_double),
        ("baseline_high", c_double),
    ]


class Entry(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_negatives", c_uint32),
        ("project", c_char_p),
        ("set_id", c_char_p),
        ("timestamp", c_char_p),
        ("chosen_path", c_char_p),
        ("chosen_final_path", c_char_p),
        ("neg_paths", POINTER(c_char_p)),
        ("neg_stages", POINTER(c_double)),
        ("chosen_stage", c_double),
        ("was_cropped", c_int32),
        ("anomaly", c_int32),
        ("has_crop", c_int32),
        ("crop_method", c_int32),
        ("crop", Box),
        ("crop_px", PixelBox),
        ("crop_residual", c_double),
        ("crop_evidence", c_int32),
        ("evidence", c_int32),
        ("group_mode", c_int32),
        ("shared_folders", c_int32),
        ("raw_dir", c_char_p),
        ("final_dir", c_char_p),
        ("extraction_date", c_char_p),
        ("session_id", c_char_p),
        ("decided_at", c_char_p),
        ("source_path", c_char_p),
        ("source_row", c_uint64),
        ("image_width", c_uint32),
        ("image_height", c_uint32),
    ]


class RejectedGroup(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_images", c_uint32),
        ("project", c_char_p),
        ("set_id", c_char_p),
        ("timestamp", c_char_p),
        ("paths", POINTER(c_char_p)),
        ("stages", POINTER(c_double)),
        ("source_path", c_char_p),
        ("source_row", c_uint64),
    ]


class LoadOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("strict", c_int32),
        ("projects", POINTER(Projects)),
        ("by_dates", c_int32),
        ("reserved", c_uint32),
        ("project", c_char_p),
        ("root", c_char_p),
        ("progress", ProgressFn),
        ("user", c_void_p),
    ]


class MergeOptions(ctypes.Structure):
    _fields_ = [("struct_size", c_uint32), ("on_conflict", c_int32)]


class MergeCounts(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("rows", c_uint64),
        ("kept", c_uint64),
        ("duplicates", c_uint64),
        ("conflicts", c_uint64),
        ("completed", c_uint64),
    ]


class ExtractOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("crop_check", c_int32),
        ("group", POINTER(GroupOptions)),
        ("date", c_char_p),
        ("progress", ProgressFn),
        ("user", c_void_p),
        ("threads", c_uint32),
        ("by_dates", c_int32),
        ("projects", POINTER(Projects)),
        ("images_path", c_char_p),
        ("crop_journal", c_char_p),
    ]


class EncoderOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("activation", c_int32),
        ("dtype", c_int32),
        ("threads", c_uint32),
        ("heads", c_uint32),
        ("batch_size", c_uint32),
        ("device", c_char_p),
        ("backend_dir", c_char_p),
        ("convert", c_int32),
        ("exif", c_uint32),
        ("min_side", c_uint32),
        ("reserved", c_uint32),
    ]


class ImportOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("hidden", c_int32),
        ("vectors", c_int32),
        ("encoder_id", c_char_p),
        ("encoder", c_char_p),
        ("encoder_options", ctypes.POINTER(EncoderOptions)),
    ]


class CacheRow(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("crc32", c_uint32),
        ("size", c_uint64),
        ("mtime_ns", c_int64),
        ("phash", c_uint64),
        ("width", c_uint32),
        ("height", c_uint32),
        ("project", c_char_p),
        ("rel_path", c_char_p),
        ("filename", c_char_p),
        ("xxh64", c_uint64),
    ]


class CacheOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("dtype", c_int32),
        ("layout", c_int32),
        ("metadata", c_int32),
        ("normalise", c_int32),
        ("drop_missing", c_int32),
        ("rows_per_file", c_uint64),
        ("project", c_char_p),
        ("encoder_id", c_char_p),
        ("root_projects", POINTER(c_char_p)),
        ("root_folders", POINTER(c_char_p)),
        ("n_roots", c_uint64),
        ("threads", c_uint32),
        ("reserved", c_uint32),
        ("progress", ProgressFn),
        ("user", c_void_p),
    ]


class CacheCounts(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("read", c_uint64),
        ("written", c_uint64),
        ("present", c_uint64),
        ("superseded", c_uint64),
        ("repeated", c_uint64),
        ("missing", c_uint64),
        ("failed", c_uint64),
        ("files", c_uint64),
    ]


class EmbedOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("threads", c_uint32),
        ("progress", ProgressFn),
        ("user", c_void_p),
        ("retry_failed", c_uint32),
        ("reserved", c_uint32),
    ]


class EmbedCounts(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("encoded", c_uint64),
        ("unchanged", c_uint64),
        ("moved", c_uint64),
        ("failed", c_uint64),
        ("given_up", c_uint64),
    ]


class RankerOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("epochs", c_uint32),
        ("batch_size", c_uint32),
        ("patience", c_uint32),
        ("seed", c_uint64),
        ("lr", c_float),
        ("weight_decay", c_float),
        ("dropout", c_float),
        ("margin", c_float),
        ("anomaly_weight", c_float),
        ("loss_anomaly_weight", c_float),
        ("validation_share", c_float),
        ("split", c_int32),
        ("loss", c_int32),
        ("folds", c_uint32),
        ("ensemble", c_uint32),
        ("use_prior", c_int32),
        ("use_image", c_int32),
        ("differences", c_int32),
        ("threads", c_uint32),
        ("start", POINTER(Ranker)),
        ("hold_out", c_char_p),
        ("backend_dir", c_char_p),
        ("progress", ProgressFn),
        ("user", c_void_p),
        ("recognise_stages", c_int32),
        ("reserved", c_uint32),
    ]


class GroupScore(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("keep", c_double),
    ]


class CropperOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("epochs", c_uint32),
        ("batch_size", c_uint32),
        ("patience", c_uint32),
        ("seed", c_uint64),
        ("lr", c_float),
        ("weight_decay", c_float),
        ("dropout", c_float),
        ("snap", c_float),
        ("split", c_int32),
        ("folds", c_uint32),
        ("ensemble", c_uint32),
        ("threads", c_uint32),
        ("hold_out", c_char_p),
        ("layout_cache", POINTER(EmbeddingCache)),
        ("backend_dir", c_char_p),
        ("progress", ProgressFn),
        ("user", c_void_p),
    ]


class CropProposal(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("whole", c_int32),
        ("box", Box),
        ("no_crop", c_double),
        ("edges", c_double * 4),
        ("expected_iou", c_double),
        ("iou_low", c_double),
        ("iou_high", c_double),
    ]


class SuggestOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("threads", c_uint32),
        ("group", POINTER(GroupOptions)),
        ("project", c_char_p),
        ("progress", ProgressFn),
        ("user", c_void_p),
        ("min_confidence", c_double),
        ("min_keep", c_double),
        ("history", POINTER(TrainSet)),
        ("neighbours", c_uint32),
        ("reserved", c_uint32),
        ("set_starts", POINTER(c_uint32)),
        ("n_sets", c_uint64),
        ("crop_all", c_int32),
        ("reserved2", c_int32),
    ]


class Neighbour(ctypes.Structure):
    _fields_ = [
        ("project", c_char_p),
        ("winner_path", c_char_p),
        ("loser_paths", POINTER(c_char_p)),
        ("loser_stages", POINTER(c_double)),
        ("winner_stage", c_double),
        ("similarity", c_double),
        ("n_losers", c_uint32),
        ("anomaly", c_int32),
    ]


class Suggestion(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_images", c_uint32),
        ("winner", c_uint32),
        ("has_crop", c_int32),
        ("paths", POINTER(c_char_p)),
        ("stages", POINTER(c_double)),
        ("scores", POINTER(c_float)),
        ("probabilities", POINTER(c_float)),
        ("sizes", POINTER(c_uint32)),
        ("confidence", c_double),
        ("crop", Box),
        ("crop_px", PixelBox),
        ("priors", POINTER(c_float)),
        ("images", POINTER(c_float)),
        ("spreads", POINTER(c_float)),
        ("keep", c_double),
        ("sure", c_int32),
        ("keep_nothing", c_int32),
        ("why", c_char_p),
        ("neighbours", POINTER(Neighbour)),
        ("n_neighbours", c_uint32),
        ("reserved", c_uint32),
        ("no_crop", c_double),
        ("crop_iou", c_double),
        ("crop_iou_low", c_double),
        ("crop_iou_high", c_double),
        ("crops", POINTER(Box)),
    ]


class ValidateOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("threads", c_uint32),
        ("now", c_int64),
        ("deep", c_int32),
        ("by_dates", c_int32),
        ("projects", POINTER(Projects)),
        ("project", c_char_p),
        ("root", c_char_p),
        ("images_root", c_char_p),
        ("encoder_id", c_char_p),
        ("progress", ProgressFn),
        ("user", c_void_p),
    ]


class ValidatedFile(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("severity", c_int32),
        ("path", c_char_p),
        ("kind", c_char_p),
        ("encoder_id", c_char_p),
        ("rows", c_uint64),
        ("usable", c_uint64),
        ("n_problems", c_uint64),
    ]


class ValidatedProblem(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("severity", c_int32),
        ("code", c_char_p),
        ("meaning", c_char_p),
        ("remedy", c_char_p),
        ("count", c_uint64),
        ("unusable", c_uint64),
        ("n_examples", c_uint64),
    ]


class ValidatedExample(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("row", c_uint64),
        ("path", c_char_p),
        ("message", c_char_p),
    ]


STRUCTURES = {
    "selectai_error_detail": ErrorDetail,
    "selectai_issue": Issue,
    "selectai_box": Box,
    "selectai_pixel_box": PixelBox,
    "selectai_parsed_name": ParsedName,
    "selectai_group_options": GroupOptions,
    "selectai_shard_options": ShardOptions,
    "selectai_file": File,
    "selectai_known_project": KnownProject,
    "selectai_image_options": ImageOptions,
    "selectai_preprocess_options": PreprocessOptions,
    "selectai_image_info": ImageInfo,
    "selectai_crop_match": CropMatch,
    "selectai_duplicate": Duplicate,
    "selectai_duplicates_options": DuplicatesOptions,
    "selectai_metric": Metric,
    "selectai_entry": Entry,
    "selectai_rejected_group": RejectedGroup,
    "selectai_load_options": LoadOptions,
    "selectai_merge_options": MergeOptions,
    "selectai_merge_counts": MergeCounts,
    "selectai_extract_options": ExtractOptions,
    "selectai_encoder_options": EncoderOptions,
    "selectai_cache_row": CacheRow,
    "selectai_cache_options": CacheOptions,
    "selectai_cache_counts": CacheCounts,
    "selectai_embed_options": EmbedOptions,
    "selectai_embed_counts": EmbedCounts,
    "selectai_import_options": ImportOptions,
    "selectai_ranker_options": RankerOptions,
    "selectai_group_score": GroupScore,
    "selectai_cropper_options": CropperOptions,
    "selectai_crop_proposal": CropProposal,
    "selectai_suggest_options": SuggestOptions,
    "selectai_neighbour": Neighbour,
    "selectai_suggestion": Suggestion,
    "selectai_validate_options": ValidateOptions,
    "selectai_validated_file": ValidatedFile,
    "selectai_validated_problem": ValidatedProblem,
    "selectai_validated_example": ValidatedExample,
}

# ---- Functions -------------------------------------------------------------------------------------------------------

_P = POINTER
_text_out = _P(c_char_p)
_texts = _P(c_char_p)
_floats = _P(c_float)
_doubles = _P(c_double)
_issues_out = _P(_P(Issues))
_evaluation_out = _P(_P(Evaluation))

# name: (result type, argument types...)
FUNCTIONS: dict[str, tuple[Any, ...]] = {
    # common.h
    "selectai_error_name": (c_char_p, c_int),
    "selectai_last_error": (c_char_p,),
    "selectai_last_error_detail": (_P(ErrorDetail),),
    "selectai_issues_count": (c_size_t, _P(Issues)),
    "selectai_issues_get": (c_int, _P(Issues), c_size_t, _P(Issue)),
    "selectai_issues_destroy": (None, _issues_out),
    "selectai_box_iou": (c_double, _P(Box), _P(Box)),
    "selectai_free": (None, c_void_p),
    "selectai_version_string": (c_char_p,),
    "selectai_abi_version": (c_int,),
    "selectai_backend_load": (c_int, _text_out, c_char_p),
    # project.h
    "selectai_parse_filename": (c_int, _P(ParsedName), c_char_p),
    "selectai_group_options_init": (None, _P(GroupOptions), c_uint32),
    "selectai_group_names": (
        c_int,
        _P(c_uint32),
        _P(c_uint32),
        _P(c_size_t),
        _texts,
        c_size_t,
        _P(GroupOptions),
    ),
    "selectai_shard_options_init": (None, _P(ShardOptions), c_uint32),
    "selectai_shard_assign": (c_int, _P(c_uint32), c_char_p, _texts, c_size_t, c_uint32, _P(ShardOptions)),
    "selectai_scanner_open": (c_int, _P(_P(Scanner)), c_char_p),
    "selectai_scanner_next": (c_int, _P(Scanner), _P(File)),
    "selectai_scanner_issues": (_P(Issues), _P(Scanner)),
    "selectai_scanner_close": (None, _P(_P(Scanner))),
    # projects.h
    "selectai_projects_create": (c_int, _P(_P(Projects))),
    "selectai_projects_add": (c_int, _P(Projects), c_char_p, c_char_p, c_char_p),
    "selectai_projects_add_config": (c_int, _P(Projects), c_char_p),
    "selectai_projects_add_manifests": (c_int, _P(Projects), c_char_p),
    "selectai_projects_add_alias": (c_int, _P(Projects), c_char_p, c_char_p),
    "selectai_projects_count": (c_size_t, _P(Projects)),
    "selectai_projects_get": (c_int, _P(Projects), c_size_t, _P(KnownProject)),
    "selectai_projects_find": (c_int, _text_out, _P(Projects), c_char_p),
    "selectai_projects_resolve": (c_int, _text_out, _P(Projects), c_char_p, c_int64),
    "selectai_projects_issues": (_P(Issues), _P(Projects)),
    "selectai_projects_destroy": (None, _P(_P(Projects))),
    # image.h
    "selectai_image_options_init": (None, _P(ImageOptions), c_uint32),
    "selectai_image_read_info": (c_int, _P(ImageInfo), c_char_p),
    "selectai_image_load": (c_int, _P(_P(Image)), c_char_p, _P(ImageOptions)),
    "selectai_image_decode": (c_int, _P(_P(Image)), c_void_p, c_size_t, c_char_p, _P(ImageOptions)),
    "selectai_image_create": (c_int, _P(_P(Image)), c_uint32, c_uint32, _P(c_uint8), c_size_t),
    "selectai_image_destroy": (None, _P(_P(Image))),
    "selectai_image_width": (c_uint32, _P(Image)),
    "selectai_image_height": (c_uint32, _P(Image)),
    "selectai_image_pixels": (_P(c_uint8), _P(Image)),
    "selectai_image_resize": (c_int, _P(_P(Image)), _P(Image), c_uint32, c_uint32, c_int32),
    "selectai_image_crop": (c_int, _P(_P(Image)), _P(Image), _P(PixelBox)),
    "selectai_image_preprocess": (c_int, _floats, _P(Image), c_uint32),
    "selectai_preprocess_options_init": (None, _P(PreprocessOptions), c_uint32),
    "selectai_image_preprocess_file": (c_int, _floats, c_char_p, _P(PreprocessOptions), _P(ImageOptions)),
    "selectai_image_preprocess_bytes": (
        c_int,
        _floats,
        c_void_p,
        c_size_t,
        c_char_p,
        _P(PreprocessOptions),
        _P(ImageOptions),
    ),
    "selectai_image_phash": (c_int, _P(c_uint64), _P(Image)),
    "selectai_image_encode": (c_int, _P(_P(c_uint8)), _P(c_size_t), _P(Image), c_int32, c_int32),
    "selectai_image_save": (c_int, _P(Image), c_char_p, c_int32),
    "selectai_image_crop_file": (c_int, c_char_p, c_char_p, _P(PixelBox), _P(ImageOptions)),
    "selectai_image_recover_crop": (c_int, _P(CropMatch), _P(Image), _P(Image)),
    # duplicates.h
    "selectai_hash_files": (
        c_int,
        _P(c_uint64),
        _P(c_uint8),
        _issues_out,
        _texts,
        c_size_t,
        c_uint32,
        ProgressFn,
        c_void_p,
    ),
    "selectai_hash_groups": (c_int, _P(c_uint32), _P(c_size_t), _P(c_uint64), c_size_t, c_uint32),
    "selectai_duplicates_options_init": (None, _P(DuplicatesOptions), c_uint32),
    "selectai_duplicates_find": (c_int, _P(_P(Duplicates)), _texts, _texts, c_size_t, _P(DuplicatesOptions)),
    "selectai_duplicates_group_count": (c_size_t, _P(Duplicates)),
    "selectai_duplicates_count": (c_size_t, _P(Duplicates)),
    "selectai_duplicates_get": (c_int, _P(Duplicates), c_size_t, _P(Duplicate)),
    "selectai_duplicates_issues": (_P(Issues), _P(Duplicates)),
    "selectai_duplicates_destroy": (None, _P(_P(Duplicates))),
    # evaluation.h
    "selectai_evaluation_count": (c_size_t, _P(Evaluation)),
    "selectai_evaluation_get": (c_int, _P(Evaluation), c_size_t, _P(Metric)),
    "selectai_evaluation_find": (c_int, _P(Evaluation), c_char_p, _P(Metric)),
    "selectai_evaluation_json": (c_int, _text_out, _P(Evaluation)),
    "selectai_evaluation_issues": (_P(Issues), _P(Evaluation)),
    "selectai_evaluation_destroy": (None, _evaluation_out),
    # trainset.h
    "selectai_load_options_init": (None, _P(LoadOptions), c_uint32),
    "selectai_trainset_load_logs": (c_int, _P(_P(TrainSet)), _texts, c_size_t, _P(LoadOptions)),
    "selectai_trainset_load": (c_int, _P(_P(TrainSet)), _texts, c_size_t, c_int32),
    "selectai_trainset_count": (c_size_t, _P(TrainSet)),
    "selectai_trainset_get": (c_int, _P(TrainSet), c_size_t, _P(Entry)),
    "selectai_trainset_rejected_count": (c_size_t, _P(TrainSet)),
    "selectai_trainset_get_rejected": (c_int, _P(TrainSet), c_size_t, _P(RejectedGroup)),
    "selectai_trainset_entry_json": (c_int, _text_out, _P(TrainSet), c_size_t),
    "selectai_trainset_issues": (_P(Issues), _P(TrainSet)),
    "selectai_trainset_write": (c_int, _P(TrainSet), c_char_p, c_int32),
    "selectai_trainset_write_rejected": (c_int, _P(TrainSet), c_char_p, c_int32),
    "selectai_trainset_write_log": (c_int, _P(c_uint64), _P(TrainSet), c_char_p, c_int32, c_int32),
    "selectai_merge_options_init": (None, _P(MergeOptions), c_uint32),
    "selectai_trainset_merge": (c_int, _P(_P(TrainSet)), _P(MergeCounts), _P(TrainSet), _P(MergeOptions)),
    "selectai_trainset_anomaly_json": (c_int, _text_out, _P(TrainSet)),
    "selectai_trainset_select": (c_int, _P(_P(TrainSet)), _P(TrainSet), _P(c_uint8), _P(c_uint8)),
    "selectai_trainset_destroy": (None, _P(_P(TrainSet))),
    "selectai_extract_options_init": (None, _P(ExtractOptions), c_uint32),
    "selectai_extraction_create": (c_int, _P(_P(Extraction)), _P(ExtractOptions)),
    "selectai_extraction_add_project": (c_int, _P(Extraction), c_char_p, c_char_p, c_char_p),
    "selectai_extraction_entries": (_P(TrainSet), _P(Extraction)),
    "selectai_extraction_rejected_count": (c_size_t, _P(Extraction)),
    "selectai_extraction_rejected_json": (c_int, _text_out, _P(Extraction), c_size_t),
    "selectai_extraction_report_json": (c_int, _text_out, _P(Extraction)),
    "selectai_extraction_commit_images": (c_int, _P(Extraction)),
    "selectai_extraction_crops_recalled": (c_uint64, _P(Extraction)),
    "selectai_extraction_issues": (_P(Issues), _P(Extraction)),
    "selectai_extraction_write_rejected": (c_int, _P(Extraction), c_char_p),
    "selectai_extraction_destroy": (None, _P(_P(Extraction))),
    # encoder.h
    "selectai_encoder_options_init": (None, _P(EncoderOptions), c_uint32),
    "selectai_encoder_open": (c_int, _P(_P(Encoder)), c_char_p, _P(EncoderOptions)),
    "selectai_encoder_close": (None, _P(_P(Encoder))),
    "selectai_encoder_dim": (c_uint32, _P(Encoder)),
    "selectai_encoder_id": (c_char_p, _P(Encoder)),
    "selectai_encoder_input_size": (c_uint32, _P(Encoder)),
    "selectai_encoder_encode_files": (
        c_int,
        _floats,
        _issues_out,
        _P(Encoder),
        _texts,
        c_size_t,
        ProgressFn,
        c_void_p,
    ),
    "selectai_encoder_encode_images": (c_int, _floats, _P(Encoder), _P(_P(Image)), c_size_t),
    "selectai_encoder_encode_tensor": (c_int, _floats, _P(Encoder), _floats, c_size_t),
    # embedding_cache.h
    "selectai_embedding_cache_open": (c_int, _P(_P(EmbeddingCache)), c_char_p),
    "selectai_embedding_cache_create": (c_int, _P(_P(EmbeddingCache)), c_char_p, c_char_p, c_uint32, c_int32),
    "selectai_embedding_cache_close": (None, _P(_P(EmbeddingCache))),
    "selectai_embedding_cache_count": (c_size_t, _P(EmbeddingCache)),
    "selectai_embedding_cache_dim": (c_uint32, _P(EmbeddingCache)),
    "selectai_embedding_cache_encoder_id": (c_char_p, _P(EmbeddingCache)),
    "selectai_embedding_cache_issues": (_P(Issues), _P(EmbeddingCache)),
    "selectai_embedding_cache_failures": (c_int, _issues_out, _P(EmbeddingCache)),
    "selectai_embedding_cache_find": (
        c_int,
        _P(EmbeddingCache),
        c_char_p,
        c_char_p,
        _floats,
        _P(c_size_t),
    ),
    "selectai_embedding_cache_find_file": (
        c_int,
        _P(EmbeddingCache),
        c_char_p,
        c_char_p,
        _floats,
        _P(c_size_t),
    ),
    "selectai_embedding_cache_find_content": (
        c_int,
        _P(EmbeddingCache),
        c_char_p,
        c_uint64,
        c_uint32,
        _floats,
        _P(c_size_t),
    ),
    "selectai_embedding_cache_get": (c_int, _P(EmbeddingCache), c_size_t, _P(CacheRow), _floats),
    "selectai_embedding_cache_add": (c_int, _P(EmbeddingCache), _P(CacheRow), _floats),
    "selectai_embedding_cache_flush": (c_int, _P(EmbeddingCache)),
    "selectai_embedding_cache_part_count": (c_size_t, _P(EmbeddingCache)),
    "selectai_embedding_cache_part": (
        c_int,
        _P(EmbeddingCache),
        c_size_t,
        _text_out,
        _P(c_size_t),
        _P(c_size_t),
    ),
    "selectai_embedding_cache_leftovers": (c_int, _issues_out, c_char_p),
    "selectai_embedding_cache_verify": (c_int, _issues_out, c_char_p),
    "selectai_cache_options_init": (None, _P(CacheOptions), c_uint32),
    "selectai_embedding_cache_merge": (
        c_int,
        _P(CacheCounts),
        _issues_out,
        c_char_p,
        _texts,
        c_size_t,
        _P(CacheOptions),
    ),
    "selectai_embedding_cache_compact": (c_int, _P(CacheCounts), _issues_out, c_char_p, _P(CacheOptions)),
    "selectai_embedding_cache_export": (c_int, _P(CacheCounts), _issues_out, c_char_p, c_char_p, _P(CacheOptions)),
    "selectai_embedding_cache_import_legacy": (
        c_int,
        _P(CacheCounts),
        _issues_out,
        c_char_p,
        c_char_p,
        _P(CacheOptions),
    ),
    "selectai_embedding_cache_verify_with": (c_int, _P(CacheCounts), _issues_out, c_char_p, _P(CacheOptions)),
    "selectai_embed_options_init": (None, _P(EmbedOptions), c_uint32),
    "selectai_embed_files": (
        c_int,
        _P(EmbedCounts),
        _issues_out,
        _P(EmbeddingCache),
        _P(Encoder),
        c_char_p,
        _texts,
        _texts,
        c_size_t,
        _P(EmbedOptions),
    ),
    # ranker.h
    "selectai_ranker_options_init": (None, _P(RankerOptions), c_uint32),
    "selectai_ranker_train": (
        c_int,
        _P(_P(Ranker)),
        _evaluation_out,
        _issues_out,
        _P(TrainSet),
        _P(EmbeddingCache),
        _P(RankerOptions),
    ),
    "selectai_ranker_cross_validate": (
        c_int,
        _evaluation_out,
        _P(TrainSet),
        _P(EmbeddingCache),
        _P(RankerOptions),
    ),
    "selectai_ranker_sweep_anomaly_weight": (
        c_int,
        _evaluation_out,
        _floats,
        c_size_t,
        _P(TrainSet),
        _P(EmbeddingCache),
        _P(RankerOptions),
    ),
    "selectai_ranker_load": (c_int, _P(_P(Ranker)), c_char_p),
    "selectai_ranker_save": (c_int, _P(Ranker), c_char_p),
    "selectai_ranker_destroy": (None, _P(_P(Ranker))),
    "selectai_ranker_dim": (c_uint32, _P(Ranker)),
    "selectai_ranker_encoder_id": (c_char_p, _P(Ranker)),
    "selectai_ranker_metadata_json": (c_int, _text_out, _P(Ranker)),
    "selectai_ranker_score": (c_int, _P(Ranker), _floats, _floats, _doubles, c_size_t),
    "selectai_ranker_score_group": (
        c_int,
        _P(Ranker),
        _floats,
        _floats,
        _floats,
        _floats,
        _floats,
        _P(GroupScore),
        c_char_p,
        _floats,
        _doubles,
        c_size_t,
    ),
    "selectai_ranker_probabilities": (c_int, _P(Ranker), _floats, _floats, _doubles, c_size_t),
    "selectai_ranker_has_seen": (c_int, _P(Ranker), c_char_p, c_char_p),
    "selectai_ranker_evaluate": (c_int, _evaluation_out, _P(Ranker), _P(TrainSet), _P(EmbeddingCache)),
    "selectai_ranker_compare": (
        c_int,
        _text_out,
        _P(Ranker),
        _P(Ranker),
        _P(TrainSet),
        _P(EmbeddingCache),
        _P(EmbeddingCache),
    ),
    # cropper.h
    "selectai_cropper_options_init": (None, _P(CropperOptions), c_uint32),
    "selectai_cropper_train": (
        c_int,
        _P(_P(Cropper)),
        _evaluation_out,
        _issues_out,
        _P(TrainSet),
        _P(EmbeddingCache),
        _P(CropperOptions),
    ),
    "selectai_cropper_load": (c_int, _P(_P(Cropper)), c_char_p),
    "selectai_cropper_save": (c_int, _P(Cropper), c_char_p),
    "selectai_cropper_destroy": (None, _P(_P(Cropper))),
    "selectai_cropper_dim": (c_uint32, _P(Cropper)),
    "selectai_cropper_encoder_id": (c_char_p, _P(Cropper)),
    "selectai_cropper_layout_id": (c_char_p, _P(Cropper)),
    "selectai_cropper_layout_dim": (c_uint32, _P(Cropper)),
    "selectai_cropper_metadata_json": (c_int, _text_out, _P(Cropper)),
    "selectai_cropper_propose": (c_int, _P(Cropper), _P(Box), _floats, _P(c_uint32), c_size_t),
    "selectai_cropper_propose_all": (
        c_int,
        _P(Cropper),
        _P(CropProposal),
        _floats,
        _floats,
        _P(c_uint32),
        c_size_t,
    ),
    "selectai_cropper_compare": (
        c_int,
        _text_out,
        _P(Cropper),
        _P(Cropper),
        _P(TrainSet),
        _P(EmbeddingCache),
        _P(EmbeddingCache),
        _P(EmbeddingCache),
    ),
    "selectai_cropper_has_seen": (c_int, _P(Cropper), c_char_p, c_char_p),
    "selectai_cropper_evaluate": (c_int, _evaluation_out, _P(Cropper), _P(TrainSet), _P(EmbeddingCache)),
    "selectai_cropper_evaluate_with_layout": (
        c_int,
        _evaluation_out,
        _P(Cropper),
        _P(TrainSet),
        _P(EmbeddingCache),
        _P(EmbeddingCache),
    ),
    # model_import.h
    "selectai_import_options_init": (None, _P(ImportOptions), c_uint32),
    "selectai_model_import": (c_int, _text_out, c_char_p, c_char_p, _P(ImportOptions)),
    # suggest.h
    "selectai_suggest_options_init": (None, _P(SuggestOptions), c_uint32),
    "selectai_suggest_files": (
        c_int,
        _P(_P(Suggestions)),
        _texts,
        c_size_t,
        _P(Ranker),
        _P(Cropper),
        _P(Encoder),
        _P(EmbeddingCache),
        _P(SuggestOptions),
    ),
    "selectai_suggestions_count": (c_size_t, _P(Suggestions)),
    "selectai_suggestions_get": (c_int, _P(Suggestions), c_size_t, _P(Suggestion)),
    "selectai_suggestion_json": (c_int, _text_out, _P(Suggestions), c_size_t),
    "selectai_suggestions_issues": (_P(Issues), _P(Suggestions)),
    "selectai_suggestions_destroy": (None, _P(_P(Suggestions))),
    # validate.h
    "selectai_validate_options_init": (None, _P(ValidateOptions), c_uint32),
    "selectai_validate": (c_int, _P(_P(Validation)), _texts, c_size_t, _P(ValidateOptions)),
    "selectai_validate_fix": (
        c_int,
        _P(_P(Validation)),
        _P(c_uint64),
        _texts,
        c_size_t,
        c_char_p,
        _P(ValidateOptions),
    ),
    "selectai_validation_count": (c_size_t, _P(Validation)),
    "selectai_validation_get": (c_int, _P(Validation), c_size_t, _P(ValidatedFile)),
    "selectai_validation_problem": (c_int, _P(Validation), c_size_t, c_size_t, _P(ValidatedProblem)),
    "selectai_validation_example": (c_int, _P(Validation), c_size_t, c_size_t, c_size_t, _P(ValidatedExample)),
    "selectai_validation_severity": (c_int32, _P(Validation)),
    "selectai_validation_json": (c_int, _text_out, _P(Validation)),
    "selectai_validation_destroy": (None, _P(_P(Validation))),
}


def declare(library: ctypes.CDLL) -> Optional[str]:
    """Gives every function of the table its types. Returns the name of the first that the library lacks, or None."""
    for name, (result, *arguments) in FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            return name
        function.restype = result
        function.argtypes = arguments
    return None
