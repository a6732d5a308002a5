"""selectai/encoder.py: from pixels to vectors.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import contextlib
import ctypes
from typing import Iterable, Optional, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _prototypes
from ._arrays import as_array, pointer
from ._callbacks import Progress, ProgressCallback
from ._errors import check
from ._handle import Handle
from ._library import lib
from ._options import choice, make
from ._text import PathLike, path_array, path_bytes, text, utf8
from .image import Image, PathOrImage, is_path
from .issues import Issue, IssueList

__all__ = ["Encoder"]

ACTIVATIONS = {"quickgelu": 0, "gelu": 1}
CONVERSIONS = {"first": 0, "after": 1}
DTYPES = {"auto": 0, "float32": 1, "float16": 2, "bfloat16": 3}

# Arrays are copied into C images, so not all of them at once.
_ARRAYS_A_CALL = 32


class Encoder(Handle):
    """Turns images into vectors of `dim` floats; not L2-normalised.

    A call uses several threads inside; calls from several threads wait for each other.

    >>> with Encoder.open() as encoder:  # doctest: +SKIP
    ...     vectors = encoder.encode(["a.png", "b.png"])
    """

    _type = _prototypes.Encoder
    _destroy = "selectai_encoder_close"

    issues: list[Issue]

    @classmethod
    def open(
        cls,
        what: PathLike = "builtin",
        activation: str = "quickgelu",
        dtype: str = "auto",
        device: str = "auto",
        threads: int = 0,
        *,
        heads: int = 0,
        batch_size: int = 32,
        backend_dir: Optional[PathLike] = None,
        convert: str = "first",
        exif: bool = False,
        min_side: int = 0,
    ) -> "Encoder":
        """what: "builtin", the descriptor that needs no weights, or the path of a CLIP image tower: safetensors,
        or a .pt of torch.save() or torch.jit.save(), which is read without PyTorch; nothing in it is run.

        activation: "quickgelu" (OpenAI's weights) or "gelu" (laion's): the file cannot tell. dtype of the computation:
        "auto", "float32", "float16", "bfloat16". device: "auto", "cpu", "cuda", "mps". threads: 0 is one per core.
        heads: attention heads, 0 is what the file says. batch_size: images a model call, at most. backend_dir: folder of
        selectai-torch.so. convert: "first" to RGB, or "after" resizing in the file's own mode (towers only). exif: turn
        files by EXIF's orientation. min_side: JPEG may be decoded smaller, down to so many pixels on the shorter side.
        The last three change the model_id.

        dtype "auto" is bfloat16 where the processor multiplies it faster, else float32.

        Raises FileNotFoundError, FormatError (names the tensor) or BackendMissingError (towers need the torch module).
        """
        options = make(
            _prototypes.EncoderOptions,
            "selectai_encoder_options_init",
            activation=choice(activation, ACTIVATIONS, "activation"),
            dtype=choice(dtype, DTYPES, "dtype"),
            threads=threads,
            heads=heads,
            batch_size=batch_size,
            device=None if device == "auto" else utf8(device, "device"),
            backend_dir=None if backend_dir is None else path_bytes(backend_dir),
            convert=choice(convert, CONVERSIONS, "convert"),
            exif=int(exif),
            min_side=min_side,
        )
        self = cls._new()
        self.issues = []
        check(lib.selectai_encoder_open(ctypes.byref(self._pointer), path_bytes(what), ctypes.byref(options)))
        return self

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(lib.selectai_encoder_dim(self._handle))

    @property
    def model_id(self) -> str:
        """Equal ids, comparable vectors: "selectai-builtin-1" or "clip:<hash of the weights>:quickgelu"."""
        return text(lib.selectai_encoder_id(self._handle))

    @property
    def input_size(self) -> int:
        """Side of encode_tensor's images in pixels; 0 for "builtin"."""
        return int(lib.selectai_encoder_input_size(self._handle))

    def encode(
        self, images: Iterable[PathOrImage], progress: Optional[ProgressCallback] = None
    ) -> NDArray[np.float32]:
        """Vectors of paths or uint8 [height, width, 3] arrays, also mixed: float32 [n, dim].

        A file that cannot be read is a row of NaN and an entry in `issues`, which each call starts afresh. progress:
        called with (done, total, stage) while files are read, a true value cancels.
        """
        if is_path(images):
            raise TypeError(f"expected a list of paths or arrays, got one path: {images!r}; put it in a list")
        items = list(images)
        out = np.empty((len(items), self.dim), np.float32)
        self.issues = []
        begin = 0
        while begin < len(items):
            files = is_path(items[begin])
            end = begin + 1
            while end < len(items) and is_path(items[end]) == files and (files or end - begin < _ARRAYS_A_CALL):
                end += 1
            if files:
                self._encode_files(out[begin:end], items[begin:end], progress)
            else:
                self._encode_arrays(out[begin:end], items[begin:end])
            begin = end
        return out

    def _encode_files(
        self, out: NDArray[np.float32], paths: Sequence[PathLike], progress: Optional[ProgressCallback]
    ) -> None:
        array, n = path_array(paths)
        with self._alone, IssueList() as issues, Progress(progress) as running:
            running.check(
                lib.selectai_encoder_encode_files(
                    pointer(out, ctypes.c_float),
                    ctypes.byref(issues.pointer),
                    self._handle,
                    array,
                    n,
                    running.function,
                    None,
                )
            )
            self.issues += issues.take()

    def _encode_arrays(self, out: NDArray[np.float32], arrays: Sequence[ArrayLike]) -> None:
        with contextlib.ExitStack() as stack:
            images = [stack.enter_context(Image.from_array(array)) for array in arrays]
            handles = (ctypes.POINTER(_prototypes.Image) * len(images))(*(image._handle for image in images))
            with self._alone:
                check(
                    lib.selectai_encoder_encode_images(
                        pointer(out, ctypes.c_float), self._handle, handles, len(images)
                    )
                )

    def encode_tensor(self, x: ArrayLike) -> NDArray[np.float32]:
        """The CLIP tower alone: float32 [n, 3, S, S] as preprocess() makes it, S = input_size, to float32 [n, dim].

        Raises UnsupportedError for "builtin".
        """
        side = self.input_size
        array = as_array(x, np.float32, ("n", 3, side or "S", side or "S"), "x")
        out = np.empty((array.shape[0], self.dim), np.float32)
        with self._alone:
            check(
                lib.selectai_encoder_encode_tensor(
                    pointer(out, ctypes.c_float), self._handle, pointer(array, ctypes.c_float), array.shape[0]
                )
            )
        return out
