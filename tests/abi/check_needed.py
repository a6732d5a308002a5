#!/usr/bin/env python3
"""check_needed.py LIBRARY: the core needs small libraries only; no torch, no C++ runtime, soname as version.h says."""
import subprocess
import sys

ALLOWED = ("libc.", "libm.", "libz.", "libjansson.", "libdeflate.", "libjpeg.", "libwebp.", "ld-linux", "libdl.", "libpthread.", "libasan.", "libubsan.", "libtsan.")
out = subprocess.run(["readelf", "-d", sys.argv[1]], check=True, capture_output=True, text=True).stdout
needed = [line.split("[")[1].split("]")[0] for line in out.splitlines() if "(NEEDED)" in line]
soname = [line.split("[")[1].split("]")[0] for line in out.splitlines() if "(SONAME)" in line]
bad = [name for name in needed if not name.startswith(ALLOWED)]
print("needs", ", ".join(needed), "; soname", soname)
if bad or soname != ["libselectai.so.0"]:
    sys.exit(f"not allowed: {bad}, soname {soname}")
