#!/bin/sh
# style.sh: what a machine can say about the looks of tracked text files. Prints the places and fails if there are any.
set -u
cd "$(dirname "$0")/.."
bad=0
complain() {
    echo "$1:"
    echo "$2" | head -n 10
    bad=1
}
# list PATTERN...: tracked files whose path matches ('*' also crosses folders); in an unpacked archive, all such files
list() {
    if git rev-parse --git-dir >/dev/null 2>&1; then
        git ls-files "$@"
    else
        for pattern; do
            find . \( -name 'build*' -o -name node_modules \) -prune -o -type f -path "./$pattern" -print
        done
    fi
}
sources=$(list '*.c' '*.h' '*.cpp' '*.py' '*.build' '*.sh' '*.symbols' '*.txt')
hits=$(echo "$sources" | xargs grep -nE '[[:space:]]+$' 2>/dev/null)
[ -z "$hits" ] || complain "trailing white space" "$hits"
hits=$(echo "$sources" | xargs grep -nP '\t' 2>/dev/null)
[ -z "$hits" ] || complain "tab characters" "$hits"
hits=$(for f in $sources; do [ -s "$f" ] && [ -n "$(tail -c 1 "$f")" ] && echo "$f"; done)
[ -z "$hits" ] || complain "no newline at the end" "$hits"
hits=$(list 'lib/*.c' 'lib/*.h' 'include/*.h' 'examples/*.c' 'examples/*.h' 'subprojects/*.cpp' 'subprojects/*.h' |
    xargs grep -L 'SPDX-License-Identifier: MIT' 2>/dev/null)
[ -z "$hits" ] || complain "no licence line" "$hits"
hits=$(list 'lib/*.c' | xargs grep -nE '\b(printf|puts|exit|abort|assert) ?\(' 2>/dev/null | grep -vE ':[0-9]+: *(/?\*|//)')
[ -z "$hits" ] || complain "the library prints, exits or aborts" "$hits"
hits=$(list 'lib/*.c' | grep -v lib/base/memory.c | xargs grep -nE '\b(malloc|calloc|realloc|strdup|strndup|asprintf|free) ?\(' 2>/dev/null |
    grep -vE ':[0-9]+: *(/?\*|//)')
[ -z "$hits" ] || complain "allocation that does not go through base/memory.h" "$hits"
exit $bad
