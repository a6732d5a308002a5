#!/bin/sh
# header-alone.sh COMPILER... NAME: compiles a file that includes nothing but <selectai/NAME>, twice.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name; do :; done
printf '#include <selectai/%s>\n#include <selectai/%s>\nint main(void);\nint main(void) { return 0; }\n' "$name" "$name" \
    >"$work/alone.txt"
set -- "$@" -
command=
while [ $# -gt 2 ]; do
    command="$command '$1'"
    shift
done
eval "$command -Wall -Wextra -Wpedantic -Wundef -Werror -fsyntax-only -" <"$work/alone.txt"
