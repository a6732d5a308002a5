#!/usr/bin/env python3
"""check_abidiff.py LIBRARY BASELINE HEADERS: no incompatible change against the committed ABI (abigail-tools)."""
import subprocess
import sys

library, baseline, headers = sys.argv[1:4]
run = subprocess.run(["abidiff", "--headers-dir2", headers, "--no-added-syms", baseline, library], capture_output=True, text=True)
print(run.stdout + run.stderr)
# Bit 0: an error of the tool; bit 3: an incompatible change. Bit 2 alone is a change that keeps binaries working.
sys.exit(1 if run.returncode & 0b1001 else 0)
