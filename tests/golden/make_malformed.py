#!/usr/bin/env python3
"""golden/make_malformed.py: makes malformed.h, what Pillow decodes from the files of ../shared/data/malformed.

Only names and checksums are kept. PNG files whose damage Pillow overlooks, and kinds the library does not read, are left out.
Usage: make_malformed.py FOLDER  (writes beside itself)

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""
import pathlib
import sys
import warnings
import zlib

import PIL
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "MPO")
OVERLOOKED = {"badcrc.png", "huge_IDAT.png", "missing_plte.png", "xcsn0g01.png", "no_palette.gif"}


def main():
    root = pathlib.Path(sys.argv[1])
    warnings.simplefilter("ignore")
    rows = []
    for path in sorted(p for p in root.rglob("*") if p.is_file() and p.name not in OVERLOOKED):
        try:
            image = Image.open(path)
            if image.format in FORMATS:
                rgb = image.convert("RGB")
                rows.append((path.relative_to(root).as_posix(), *rgb.size, zlib.crc32(rgb.tobytes())))
        except Exception:
            pass
    text = f"/* golden/malformed.h: path, size and checksum of pixels. Made by make_malformed.py with Pillow {PIL.__version__}. */\n"
    text += "".join(f'{{"{name}", {w}, {h}, 0x{crc:08x}u}},\n' for name, w, h, crc in rows)
    (HERE / "malformed.h").write_text(text)
    print(len(rows), "files")


if __name__ == "__main__":
    main()
