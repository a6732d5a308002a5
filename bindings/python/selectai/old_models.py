"""selectai/old_models.py: taking over models that something else trained.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
from typing import Optional, Union

from . import _prototypes
from ._errors import check
from ._library import lib
from ._options import choice, make
from ._text import PathLike, path_bytes, take_json, utf8
from .encoder import ACTIVATIONS, CONVERSIONS
from .models import Cropper
from .ranker import Ranker

__all__ = ["import_model"]

KINDS = {"any": 0, "ranker": 1, "cropper": 2}
HIDDEN = {"auto": 0, "relu": 1, "none": 2}
VECTORS = {"auto": 0, "as-encoded": 1, "unit-length": 2}


def import_model(
    path: PathLike,
    output: PathLike,
    *,
    kind: str = "any",
    hidden: str = "auto",
    vectors: str = "auto",
    encoder_id: Optional[str] = None,
    encoder: Optional[PathLike] = None,
    activation: Optional[str] = None,
    heads: int = 0,
    convert: str = "first",
    exif: bool = False,
    min_side: int = 0,
) -> Union[Ranker, Cropper]:
    """Writes an old model's file (PyTorch's, nothing in it is run) as one of ours, and returns it: docs/old-models.md.

    kind: "ranker" or "cropper" to insist on it. hidden: "relu" or "none", what stands between the layers, where their
    names do not tell. vectors: "as-encoded" or "unit-length", what it was trained on. encoder_id: Encoder.model_id of the
    encoder whose vectors it was trained on; or encoder: "builtin" or the encoder's weights file, for which activation
    ("quickgelu" or "gelu") must be given; heads, convert, exif, min_side as for Encoder.open(). Without either the model's
    encoder stays unknown.

    Raises FormatError (damaged), UnsupportedError (of no known form), MismatchError (of another kind, or the encoder's
    vectors have another length), ExistsError (output is there already).
    """
    tower = None
    if activation is not None:
        tower = make(
            _prototypes.EncoderOptions,
            "selectai_encoder_options_init",
            activation=choice(activation, ACTIVATIONS, "activation"),
            heads=heads,
            convert=choice(convert, CONVERSIONS, "convert"),
            exif=int(exif),
            min_side=min_side,
        )
    options = make(
        _prototypes.ImportOptions,
        "selectai_import_options_init",
        kind=choice(kind, KINDS, "kind"),
        hidden=choice(hidden, HIDDEN, "hidden"),
        vectors=choice(vectors, VECTORS, "vectors"),
        encoder_id=None if encoder_id is None else utf8(encoder_id, "encoder_id"),
        encoder=None if encoder is None else path_bytes(encoder),
        encoder_options=None if tower is None else ctypes.pointer(tower),
    )
    out = ctypes.c_char_p()
    check(
        lib.selectai_model_import(ctypes.byref(out), path_bytes(path), path_bytes(output), ctypes.byref(options))
    )
    return (Ranker if take_json(out)["kind"] == "ranker" else Cropper).load(output)
