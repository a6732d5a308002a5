"""embed.py: makes one C file of the page's files. usage: embed.py OUTPUT FILE...

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import os
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def c_bytes(data):
    lines = []
    for i in range(0, len(data), 24):
        lines.append("    " + "".join("%d," % b for b in data[i:i + 24]))
    return "\n".join(lines)


def embed(paths):
    arrays, rows = [], []
    for i, path in enumerate(sorted(paths, key=os.path.basename)):
        name = os.path.basename(path)
        with open(path, "rb") as f:
            data = f.read()
        # An array of no bytes is no C: one more is there, and not counted.
        arrays.append("static const unsigned char file_%d[] = {\n%s 0};\n" % (i, c_bytes(data)))
        rows.append('    {"%s", "%s", file_%d, %d},\n' % (name, TYPES[os.path.splitext(name)[1]], i, len(data)))
    return ("/* Made by embed.py: change the files of the page instead. */\n#include \"review/page_files.h\"\n\n"
            + "".join(arrays) + "\nconst struct page_file page_files[] = {\n" + "".join(rows)
            + "};\nconst size_t n_page_files = sizeof page_files / sizeof *page_files;\n")


def main():
    with open(sys.argv[1], "w", encoding="ascii") as f:
        f.write(embed(sys.argv[2:]))


main()
