#!/usr/bin/env python3
"""bench_decode.py: milliseconds of decoding to RGB beside Pillow, file by file in turn, of processor time.

The pictures are made here: octaves of noise, about as hard to compress as photographs are. Library: SELECTAI_LIBRARY.
"""
import ctypes
import io
import os
import statistics
import sys
import time

import numpy as np
from PIL import Image

ROUNDS = int(os.environ.get("ROUNDS", "15"))


def picture(side, seed):
    rng = np.random.default_rng(seed)
    total = np.zeros((side, side, 3), np.float32)
    size, weight = 8, 60.0
    while size < side:
        small = rng.normal(0, weight, (size, size, 3)).astype(np.float32)
        for c in range(3):
            layer = Image.fromarray(small[..., c]).resize((side, side), Image.BICUBIC)
            total[..., c] += np.asarray(layer)
        size, weight = size * 2, weight * 0.6
    total += rng.normal(0, 1.0, (side, side, 1))
    return Image.fromarray(np.clip(total + 128, 0, 255).astype(np.uint8))


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def cases():
    for side in (1024, 2048):
        rgb = picture(side, side)
        rgba = rgb.copy()
        rgba.putalpha(picture(side, 1).convert("L"))
        yield f"PNG RGB {side}", encoded(rgb, "PNG")
        yield f"PNG RGBA {side}", encoded(rgba, "PNG")
        yield f"PNG grey {side}", encoded(rgb.convert("L"), "PNG")
        yield f"PNG palette {side}", encoded(rgb.quantize(256, dither=0), "PNG")
        yield f"JPEG 4:2:0 {side}", encoded(rgb, "JPEG", quality=90)
        yield f"JPEG 4:4:4 {side}", encoded(rgb, "JPEG", quality=95, subsampling=0)
        yield f"JPEG progressive {side}", encoded(rgb, "JPEG", quality=90, progressive=True)
        yield f"WebP lossy {side}", encoded(rgb, "WEBP", quality=90, method=2)
        yield f"WebP lossless {side}", encoded(rgb, "WEBP", lossless=True, method=0)


def main():
    library = ctypes.CDLL(os.environ["SELECTAI_LIBRARY"])
    library.selectai_last_error.restype = ctypes.c_char_p
    library.selectai_image_pixels.restype = ctypes.POINTER(ctypes.c_uint8)
    library.selectai_image_pixels.argtypes = [ctypes.c_void_p]
    handle = ctypes.c_void_p()

    def ours(data):
        if library.selectai_image_decode(ctypes.byref(handle), data, ctypes.c_size_t(len(data)), None, None) != 0:
            raise ValueError(library.selectai_last_error().decode())

    def pillow(data):
        return Image.open(io.BytesIO(data)).convert("RGB")

    bad = 0
    for name, data in cases():
        if len(sys.argv) > 1 and not any(word in name for word in sys.argv[1:]):
            continue
        mine, theirs = [], []
        try:
            ours(data)
        except ValueError as error:
            print(f"{name:24s} not decoded: {error}")
            continue
        reference = np.asarray(pillow(data))
        pixels = np.ctypeslib.as_array(library.selectai_image_pixels(handle), reference.shape)
        same = bool((pixels == reference).all())
        bad += not same
        library.selectai_image_destroy(ctypes.byref(handle))
        for _ in range(ROUNDS):
            start = time.thread_time()
            ours(data)
            mine.append(1e3 * (time.thread_time() - start))
            library.selectai_image_destroy(ctypes.byref(handle))
            start = time.thread_time()
            pillow(data)
            theirs.append(1e3 * (time.thread_time() - start))
        ratio = statistics.median(b / a for a, b in zip(mine, theirs))
        print(f"{name:24s} {len(data) / 2**20:5.1f} MiB  selectai {statistics.median(mine):6.1f} ms"
              f" ({min(mine):.1f}-{max(mine):.1f})  Pillow {statistics.median(theirs):6.1f} ms"
              f" ({min(theirs):.1f}-{max(theirs):.1f})  {ratio:4.2f} times as fast; pixels {'equal' if same else 'DIFFER'}",
              flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
