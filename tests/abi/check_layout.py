#!/usr/bin/env python3
"""check_layout.py PROGRAM EXPECTED: sizes and offsets of public structs are those that were released.

Offsets of existing fields are frozen. A struct that starts with struct_size may grow at its end: then its expected
line changes, and NEWS.md says so."""
import difflib
import subprocess
import sys

found = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout.splitlines()
expected = open(sys.argv[2], encoding="ascii").read().splitlines()
diff = list(difflib.unified_diff(expected, found, "frozen", "this build", lineterm=""))
print("\n".join(diff) or f"{len(found)} sizes and offsets as frozen")
sys.exit(bool(diff))
