#!/usr/bin/env python3
"""golden/make_decode.py: makes decode.h, small JPEG and WebP files and what Pillow decodes from them.

Needs Pillow (with WebP) and numpy. The pixels are kept as checksums.
Usage: make_decode.py  (writes beside itself)

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""
import io
import pathlib
import zlib

import PIL
from PIL import Image

from make_image import shapes

HERE = pathlib.Path(__file__).resolve().parent


def picture(mode, seed, size=(21, 13)):
    rgb = Image.fromarray(shapes(*size, seed))
    if mode in ("RGBA", "CMYK"):
        last = Image.fromarray(shapes(*size, seed + 1)).convert("L")
        return Image.merge(mode, (*rgb.split(), last))
    return rgb.convert(mode)


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def as_ycck(data):
    """The same file with Adobe's colour transform 2."""
    at = data.index(b"Adobe") + 11
    return data[:at] + b"\x02" + data[at + 1:]


def moved(data):
    """An animation whose first picture stands at (4, 2) of a canvas that is 6 wider and 5 higher."""
    out = bytearray(data)
    extended, frame = out.index(b"VP8X") + 8, out.index(b"ANMF") + 8
    for at, more in ((extended + 4, 6), (extended + 7, 5), (frame, 2), (frame + 3, 1)):
        value = int.from_bytes(out[at:at + 3], "little") + more
        out[at:at + 3] = value.to_bytes(3, "little")
    return bytes(out)


def files():
    cmyk = encoded(picture("CMYK", 3), "JPEG", quality=80)
    frames = [picture("RGB", seed) for seed in (7, 8)]
    moving = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    yield "jpeg_420", encoded(picture("RGB", 1), "JPEG", quality=75)
    yield "jpeg_422_progressive", encoded(picture("RGB", 2), "JPEG", quality=85, subsampling=1, progressive=True)
    yield "jpeg_444", encoded(picture("RGB", 4), "JPEG", quality=95, subsampling=0)
    yield "jpeg_grey", encoded(picture("L", 5), "JPEG", quality=60)
    yield "jpeg_cmyk", cmyk
    yield "jpeg_ycck", as_ycck(cmyk)
    yield "webp_lossy", encoded(picture("RGB", 1), "WEBP", quality=70)
    yield "webp_lossy_alpha", encoded(picture("RGBA", 2), "WEBP", quality=90)
    yield "webp_lossless", encoded(picture("RGB", 3), "WEBP", lossless=True)
    yield "webp_lossless_alpha", encoded(picture("RGBA", 4), "WEBP", lossless=True, exact=True)
    yield "webp_animated", moving
    yield "webp_moved", moved(moving)


def main():
    arrays, table = "", ""
    for name, data in files():
        rgb = Image.open(io.BytesIO(data)).convert("RGB")
        table += f'    {{"{name}", {name}, sizeof {name}, {rgb.width}, {rgb.height}, 0x{zlib.crc32(rgb.tobytes()):08x}u}},\n'
        lines = [", ".join(str(b) for b in data[i:i + 24]) for i in range(0, len(data), 24)]
        arrays += f"static const uint8_t {name}[] = {{\n    " + ",\n    ".join(lines) + "};\n"
    head = f"/* golden/decode.h: files, and size and checksum of their pixels. Made by make_decode.py with Pillow {PIL.__version__}. */\n"
    (HERE / "decode.h").write_text(
        head + arrays + "\nstatic const struct golden_file golden_files[] = {\n" + table + "};\n")


if __name__ == "__main__":
    main()
