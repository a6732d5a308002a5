#!/usr/bin/env python3
"""run_notebook.py NOTEBOOK: runs a notebook's code cells from top to bottom, without Jupyter.

Prints what the cells print. Exit 0 if all ran, 1 with the traceback if one raised, 77 (skipped, for Meson) if training
needs the torch module and it is not there.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import linecache
import sys
import time
import traceback


def code_cells(path):
    """Number and source of each code cell."""
    with open(path, encoding="utf-8") as file:
        notebook = json.load(file)
    for number, cell in enumerate(notebook["cells"], 1):
        if cell["cell_type"] == "code":
            yield number, "".join(cell["source"])


def main(path):
    namespace = {"__name__": "__main__"}
    count = 0
    for number, source in code_cells(path):
        name = f"<cell {number}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        began = time.monotonic()
        try:
            exec(compile(source, name, "exec"), namespace)
        except Exception as error:
            if type(error).__name__ == "BackendMissingError":
                print(f"{path}: skipped at cell {number}: {error}", flush=True)
                return 77
            traceback.print_exc()
            print(f"{path}: cell {number} raised {type(error).__name__}", file=sys.stderr)
            return 1
        count += 1
        print(f"--- cell {number}: {time.monotonic() - began:.1f} s", flush=True)
    if count == 0:
        print(f"{path}: no code cells", file=sys.stderr)
        return 1
    print(f"{path}: {count} code cells ran")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
