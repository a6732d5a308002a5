#!/bin/sh
# installed.sh BUILD: installs into an empty folder and uses the result as a stranger would: pkg-config, strict C11 and
# C++ compilers, the program, the Python package, the torch module.
set -eu
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
DESTDIR="$work/root" meson install -C "$build" --quiet >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
pc=$(find "$work/root" -name selectai.pc)
library=$(dirname "$(dirname "$pc")")
program=$(find "$work/root" -path '*/bin/selectai')
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$work/root" LD_LIBRARY_PATH="$library"

# shellcheck disable=SC2046  # flags are words
for source in examples/*.c; do
    cc -std=c11 -Wall -Wextra -Wpedantic -Werror "$source" -o "$work/$(basename "$source" .c)" \
        $(pkg-config --cflags --libs selectai)
done
printf '#include <selectai/selectai.h>\nint main() { return selectai_abi_version() != SELECTAI_ABI_VERSION; }\n' >"$work/abi.cpp"
# shellcheck disable=SC2046
c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror "$work/abi.cpp" -o "$work/abi" $(pkg-config --cflags --libs selectai)
"$work/abi"

test "$("$program" --version)" = "selectai $(pkg-config --modversion selectai)"
"$program" sample --output "$work/sample" --groups 8 --size 256 --quiet
"$work/extract" "$work/sample/raw" "$work/sample/final" sample "$work/entries.jsonl"
test -s "$work/entries.jsonl"

site=$(find "$work/root" -type d -path '*-packages/selectai')
PYTHONPATH=$(dirname "$site") SELECTAI_LIBRARY="$library/libselectai.so.0" /usr/bin/python3 - "$work/sample" <<'PYTHON'
import sys
import selectai
result = selectai.extract(sys.argv[1] + "/raw", sys.argv[1] + "/final", "sample")
print("installed Python package", selectai.__version__, "found", len(result.entries), "decisions")
assert result.entries
PYTHON
if ls "$build"/subprojects/selectai-torch/selectai-torch.so >/dev/null 2>&1; then
    test -f "$library/selectai-0/selectai-torch.so"
fi
needed=$(ldd "$library/libselectai.so.0")
case $needed in
*torch* | *stdc++*)
    echo "the core needs torch or libstdc++: $needed"
    exit 1
    ;;
esac
echo "installed and used"
