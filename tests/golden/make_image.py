#!/usr/bin/env python3
"""golden/make_image.py: makes resize.h, preprocess.h and phash.h, what Pillow computes from generated pictures.

Needs Pillow and numpy. The pictures are those of tests/unit/image_fixture.h, so only checksums are kept.
Usage: make_image.py  (writes beside itself)

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""
import pathlib
import zlib

import numpy as np
import PIL
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
FILTERS = (Image.BICUBIC, Image.LANCZOS, Image.BOX)  # SELECTAI_FILTER_*


def noise(width, height, seed):
    """The bytes of a linear congruential generator (Numerical Recipes' constants), the highest eight bits of each."""
    n = width * height * 3
    out = np.empty(n, np.uint8)
    state = seed
    for i in range(n):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = state >> 24
    return out.reshape(height, width, 3)


def shapes(width, height, seed):
    """Smooth ramps and hard edges, in whole numbers only."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    out = np.empty((height, width, 3), np.uint8)
    for c in range(3):
        ramp = (x * (seed % 7 + c + 1) * 255 // width + y * (seed % 5 + 2) * 255 // height) // (c + 2)
        edge = (((x * 5 // width) + (y * (3 + c) // height) + seed) % 3) * 60
        out[..., c] = (ramp + edge) % 256
    return out


def write(name, comment, rows):
    text = f"/* golden/{name}: {comment}. Made by make_image.py with Pillow {PIL.__version__}. */\n"
    (HERE / name).write_text(text + "".join(f"{{{', '.join(row)}}},\n" for row in rows))


def resize_rows():
    sizes = [(1, 1, 5, 3), (7, 5, 7, 5), (40, 30, 40, 11), (40, 30, 13, 30), (64, 48, 32, 24), (33, 57, 224, 100),
             (100, 3, 9, 40), (3, 100, 50, 2), (257, 129, 31, 17), (5, 200, 5, 1), (200, 2, 1, 2), (2, 3, 300, 301),
             (120, 90, 119, 91), (16, 400, 400, 16)]
    for i, (w, h, ow, oh) in enumerate(sizes):
        for f, pillow_filter in enumerate(FILTERS):
            seed = 100 * i + f + 1
            out = Image.fromarray(noise(w, h, seed)).resize((ow, oh), pillow_filter)
            yield (str(w), str(h), str(ow), str(oh), str(f), f"{seed}u", f"0x{zlib.crc32(out.tobytes()):08x}u")


def preprocess_rows():
    sizes = [(32, 32), (33, 32), (32, 35), (31, 47), (100, 41), (20, 11), (1, 1), (3, 40), (64, 65), (67, 64), (96, 229)]
    for i, (w, h) in enumerate(sizes):
        size, seed = 32, 7000 + i
        image = Image.fromarray(noise(w, h, seed))
        rw, rh = (size, int(size * h / w)) if w <= h else (int(size * w / h), size)
        image = image.resize((rw, rh), Image.BICUBIC)
        x, y = int(round((rw - size) / 2.0)), int(round((rh - size) / 2.0))
        image = image.crop((x, y, x + size, y + size))
        yield (str(w), str(h), str(size), f"{seed}u", f"0x{zlib.crc32(image.tobytes()):08x}u")


def phash(image):
    """ImageHash 4.3's phash(), with scipy.fftpack.dct written as a matrix product."""
    n = np.arange(32)
    dct = 2 * np.cos(np.pi * np.outer(n, 2 * n + 1) / 64)
    pixels = np.asarray(image.convert("L").resize((32, 32), Image.LANCZOS)).astype(float)
    low = (dct @ pixels @ dct.T)[:8, :8]
    distance = np.sort(np.abs(low - np.median(low)).ravel())
    assert distance[0] > 1e-6, "a coefficient at the median: the hash would hang on rounding"
    bits = "".join("01"[int(v)] for v in (low > np.median(low)).ravel())
    return int(bits, 2)


def phash_rows():
    sizes = [(32, 32), (40, 50), (97, 61), (300, 200), (16, 16), (128, 7), (33, 257)]
    for i, (w, h) in enumerate(sizes):
        for kind, make in enumerate((noise, shapes)):
            seed = 300 + 10 * i
            value = phash(Image.fromarray(make(w, h, seed)))
            yield (str(w), str(h), str(kind), f"{seed}u", f"UINT64_C(0x{value:016x})")


if __name__ == "__main__":
    write("resize.h", "width, height, to width, to height, filter, seed, crc32", resize_rows())
    write("preprocess.h", "width, height, size, seed, crc32", preprocess_rows())
    write("phash.h", "width, height, kind, seed, hash", phash_rows())
