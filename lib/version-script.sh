#!/bin/sh
# version-script.sh SYMBOLS ABI: a linker version script that exports the listed names and nothing else.
set -eu
echo "SELECTAI_$2 {"
echo "global:"
sed 's/$/;/' "$1"
echo "local: *;"
echo "};"
