#!/usr/bin/env python3
"""check_exports.py LIBRARY SYMBOLS: the library exports exactly the names of lib/selectai.symbols."""
import subprocess
import sys

library, symbols = sys.argv[1], sys.argv[2]
wanted = open(symbols, encoding="ascii").read().split()
out = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
found = [line.split()[-1].split("@")[0] for line in out.splitlines() if " A " not in line]
problems = []
if wanted != sorted(set(wanted)):
    problems.append("lib/selectai.symbols is not sorted or has doubles")
problems += [f"in lib/selectai.symbols but not exported: {name}" for name in wanted if name not in found]
problems += [f"exported but not in lib/selectai.symbols: {name}" for name in found if name not in wanted]
problems += [f"not a selectai_ name: {name}" for name in found if not name.startswith("selectai_")]
print("\n".join(problems) or f"{len(found)} names exported, all of them listed")
sys.exit(bool(problems))
