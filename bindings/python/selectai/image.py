"""selectai/image.py: decode, resample, hash, write images, and find crops.

Images are numpy arrays, uint8 [height, width, 3], RGB, as Pillow's ``Image.convert("RGB")`` gives them. Where a path is
taken, an array will do too, and so will a Pillow image. Functions here keep no state and may be called from any
thread; several threads work at the same time.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import math
import operator
import os
from typing import Any, NamedTuple, Optional, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _prototypes
from ._arrays import as_array, pointer
from ._errors import check
from ._handle import Handle
from ._library import lib
from ._options import choice, make
from ._text import PathLike, path_bytes

__all__ = [
    "CropMatch",
    "ImageInfo",
    "crop",
    "crop_file",
    "decode",
    "decode_bytes",
    "encode",
    "phash",
    "preprocess",
    "read_info",
    "recover_crop",
    "resize",
    "save",
]

PathOrImage = Union[PathLike, ArrayLike]

FILTERS = {"bicubic": 0, "lanczos": 1, "box": 2}
FORMATS = {"png": 0, "jpeg": 1}
CONVERSIONS = {"first": 0, "after": 1}
METHODS = {0: "none", 1: "identical", 2: "exact", 3: "resampled"}


class Image(Handle):
    """A C image; made and dropped inside the functions of this package, which take and give arrays."""

    _type = _prototypes.Image
    _destroy = "selectai_image_destroy"

    @classmethod
    def load(cls, path: PathLike, exif: bool = False) -> "Image":
        self = cls._new()
        options = ctypes.byref(_decoding(exif)) if exif else None
        check(lib.selectai_image_load(ctypes.byref(self._pointer), path_bytes(path), options))
        return self

    @classmethod
    def from_array(cls, rgb: ArrayLike) -> "Image":
        array = as_array(rgb, np.uint8, ("height", "width", 3), "rgb")
        self = cls._new()
        height, width, _ = array.shape
        check(
            lib.selectai_image_create(ctypes.byref(self._pointer), width, height, pointer(array, ctypes.c_uint8), 0)
        )
        return self

    @classmethod
    def of(cls, path_or_rgb: PathOrImage) -> "Image":
        return cls.load(path_or_rgb) if is_path(path_or_rgb) else cls.from_array(path_or_rgb)  # type: ignore[arg-type]

    def array(self) -> NDArray[np.uint8]:
        """A copy of the pixels."""
        handle = self._handle
        shape = (lib.selectai_image_height(handle), lib.selectai_image_width(handle), 3)
        return np.ctypeslib.as_array(lib.selectai_image_pixels(handle), shape=shape).copy()


def _decoding(exif: bool) -> Any:
    return make(_prototypes.ImageOptions, "selectai_image_options_init", exif=int(bool(exif)))


def is_path(value: Any) -> bool:
    return isinstance(value, (str, bytes, os.PathLike))


def _pixels(value: Any, what: str) -> int:
    """A length in pixels that fits C's uint32_t."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be a whole number of pixels, not {type(value).__name__}") from None
    if not 1 <= number < 2**31:
        raise ValueError(f"{what} must be a positive number of pixels, not {number}")
    return number


class ImageInfo(NamedTuple):
    """width, height: pixels. channels in the file: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. format: "png", "jpeg"..."""

    width: int
    height: int
    channels: int
    format: str


def read_info(path: PathLike) -> ImageInfo:
    """Size and format from the file's header, without decoding. Errors as decode()."""
    out = _prototypes.ImageInfo(struct_size=ctypes.sizeof(_prototypes.ImageInfo))
    check(lib.selectai_image_read_info(ctypes.byref(out), path_bytes(path)))
    return ImageInfo(out.width, out.height, out.channels, out.format.decode("ascii"))


def decode(path: PathLike, exif: bool = False) -> NDArray[np.uint8]:
    """Reads an image file: uint8 [height, width, 3], RGB.

    Alpha is dropped, grey repeated, 16 bits keep their high byte. exif: turn and mirror it as EXIF's orientation says, as
    PIL.ImageOps.exif_transpose() does. Raises
    FileNotFoundError, IsADirectoryError, PermissionError, FormatError (corrupt or no image), UnsupportedError (this
    build has no decoder for it) or LimitError (more pixels than Pillow would take).
    """
    with Image.load(path, exif) as image:
        return image.array()


def decode_bytes(data: bytes, name: Optional[str] = None, exif: bool = False) -> NDArray[np.uint8]:
    """The same from the bytes of a file; `name` stands for its path in messages."""
    view = bytes(data)
    image = Image._new()
    label = None if name is None else path_bytes(name)
    options = ctypes.byref(_decoding(exif)) if exif else None
    check(lib.selectai_image_decode(ctypes.byref(image._pointer), view, len(view), label, options))
    with image:
        return image.array()


def resize(rgb: PathOrImage, width: int, height: int, filter: str = "bicubic") -> NDArray[np.uint8]:
    """Resamples to uint8 [height, width, 3], with the same bits as Pillow's ``Image.resize``.

    filter: "bicubic", "lanczos" or "box".
    """
    number = choice(filter, FILTERS, "filter")
    out = Image._new()
    with Image.of(rgb) as image:
        check(
            lib.selectai_image_resize(
                ctypes.byref(out._pointer), image._handle, _pixels(width, "width"), _pixels(height, "height"), number
            )
        )
    with out:
        return out.array()


def crop(rgb: PathOrImage, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Cuts out box = (x1, y1, x2, y2), pixels, half-open; it must lie inside the image (ValueError)."""
    x1, y1, x2, y2 = as_array(box, np.int32, (4,), "box").tolist()
    out = Image._new()
    with Image.of(rgb) as image:
        pixel_box = _prototypes.PixelBox(x1, y1, x2, y2)
        check(lib.selectai_image_crop(ctypes.byref(out._pointer), image._handle, ctypes.byref(pixel_box)))
    with out:
        return out.array()


def preprocess(
    path_or_rgb: PathOrImage, size: int = 224, convert: str = "first", exif: bool = False
) -> NDArray[np.float32]:
    """CLIP's input as open_clip makes it: float32 [3, size, size].

    Shorter side to `size` (bicubic), centre crop, / 255, minus mean, / standard deviation. size: up to 8192 pixels.
    For files: convert "after" resizes and cuts in the file's own mode (palette, alpha, CMYK, 16-bit grey) before it
    becomes RGB, as open_clip did earlier, with Pillow's bits; UnsupportedError where a mode cannot be kept. exif: turned
    as EXIF's orientation says, before all else.
    """
    size = _pixels(size, "size")
    if size > 8192:
        raise ValueError(f"size must be at most 8192 pixels, not {size}")
    number = choice(convert, CONVERSIONS, "convert")
    out = np.empty((3, size, size), np.float32)
    if is_path(path_or_rgb):
        options = make(_prototypes.PreprocessOptions, "selectai_preprocess_options_init", size=size, convert=number)
        path, decoding = path_bytes(path_or_rgb), _decoding(exif)  # type: ignore[arg-type]
        floats = pointer(out, ctypes.c_float)
        check(lib.selectai_image_preprocess_file(floats, path, ctypes.byref(options), ctypes.byref(decoding)))
        return out
    with Image.from_array(path_or_rgb) as image:  # type: ignore[arg-type]
        check(lib.selectai_image_preprocess(pointer(out, ctypes.c_float), image._handle, size))
    return out


def phash(path_or_rgb: PathOrImage) -> int:
    """The 64-bit perceptual hash, bit for bit as ImageHash 4.3's phash(); ``f"{phash(p):016x}"`` is its text."""
    out = ctypes.c_uint64()
    with Image.of(path_or_rgb) as image:
        check(lib.selectai_image_phash(ctypes.byref(out), image._handle))
    return out.value


class CropMatch(NamedTuple):
    """Where a crop was cut out of its original.

    box: (x1, y1, x2, y2) in the original's pixels, half-open, or None. method: "identical" (not cropped), "exact",
    "resampled" or "none" (not found). residual: root mean square difference, 0 to 255; NaN if not found. unique: False
    if the crop fits elsewhere too (flat areas), None if that is not known.
    """

    box: Optional[tuple[int, int, int, int]]
    method: str
    residual: float
    unique: Optional[bool]


def recover_crop(original: PathOrImage, cropped: PathOrImage) -> CropMatch:
    """Finds where `cropped` was cut out of `original`. A box is proved by comparing pixels, or not given.

    >>> recover_crop(image, image[40:200, 10:170])  # doctest: +SKIP
    CropMatch(box=(10, 40, 170, 200), method='exact', residual=0.0, unique=True)
    """
    out = _prototypes.CropMatch(struct_size=ctypes.sizeof(_prototypes.CropMatch))
    with Image.of(original) as first, Image.of(cropped) as second:
        check(lib.selectai_image_recover_crop(ctypes.byref(out), first._handle, second._handle))
    method = METHODS.get(out.method, "none")
    if method == "none":
        return CropMatch(None, method, math.nan, None)
    box = (out.box.x1, out.box.y1, out.box.x2, out.box.y2)
    return CropMatch(box, method, out.residual, None if out.unique < 0 else bool(out.unique))


def _quality(quality: Optional[int]) -> int:
    number = 0 if quality is None else operator.index(quality)
    if not 0 <= number <= 100:
        raise ValueError(f"quality must be from 1 to 100 (JPEG) or 1 to 9 (PNG), not {number}")
    return number


def encode(rgb: PathOrImage, format: str = "png", quality: Optional[int] = None) -> bytes:
    """The bytes of a PNG or JPEG file. quality: JPEG 1 to 100 (90), or PNG compression 1 to 9 (6)."""
    number = choice(format, FORMATS, "format")
    data = ctypes.POINTER(ctypes.c_uint8)()
    n_bytes = ctypes.c_size_t()
    with Image.of(rgb) as image:
        check(
            lib.selectai_image_encode(
                ctypes.byref(data), ctypes.byref(n_bytes), image._handle, number, _quality(quality)
            )
        )
    try:
        return ctypes.string_at(data, n_bytes.value)
    finally:
        lib.selectai_free(data)


def save(rgb: PathOrImage, path: PathLike, quality: Optional[int] = None) -> None:
    """Writes .png, .jpg or .jpeg, whole or not at all. quality: as encode()."""
    with Image.of(rgb) as image:
        check(lib.selectai_image_save(image._handle, path_bytes(path), _quality(quality)))


def crop_file(output: PathLike, path: PathLike, box: tuple[int, int, int, int], exif: bool = False) -> None:
    """Cuts box = (x1, y1, x2, y2) out of a file and writes it to `output`, a .png that must not be there yet.

    Of a PNG the same samples in the same depth and colour type, with its texts, colour space and EXIF; of other kinds the
    decoded pixels. Whole or not at all, never over something (FileExistsError). exif: the box lies in the picture turned as
    EXIF says. Other errors: as decode(); ValueError for a box that leaves the picture.
    """
    x1, y1, x2, y2 = as_array(box, np.int32, (4,), "box").tolist()
    pixel_box = _prototypes.PixelBox(x1, y1, x2, y2)
    options = ctypes.byref(_decoding(exif))
    check(lib.selectai_image_crop_file(path_bytes(output), path_bytes(path), ctypes.byref(pixel_box), options))
