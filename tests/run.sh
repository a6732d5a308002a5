#!/bin/sh
# run.sh: installs what the tests need (Debian packages), builds, and runs all tests: release, installed, without torch,
# under the address, undefined-behaviour and thread sanitizers. From anywhere, with root or sudo. `run.sh quick` runs the
# release build's tests only. CI=true turns warnings into errors.
set -eu
cd "$(dirname "$0")/.."
. .ci/packages
# shellcheck disable=SC2086  # a list of words
sh .ci/install-packages $build_packages $test_packages
# shellcheck disable=SC2086
command -v npm >/dev/null || sh .ci/install-packages $node_packages
# The browser's tests: two packages of npm, as the lock file has them. Without them these tests are skipped.
(cd tests/review/browser && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci; }) ||
    echo "npm could not install what the tests in a browser need: they are skipped" >&2

werror=false
[ "${CI:-}" = true ] && werror=true
passed=0
failed=0
skipped=0

step() {
    printf '\n==> %s\n' "$*"
}

# build FOLDER [SOURCE] OPTION...: sets the folder up, or brings an earlier one up to date
build() {
    folder=$1
    shift
    # An earlier set-up may have run without what the tests need: it is looked for anew.
    again=
    [ -f "$folder/build.ninja" ] && again=--reconfigure
    meson setup $again -Dwerror=$werror "$folder" "$@"
    ninja -C "$folder" all
}

# count FOLDER: adds the numbers of the last `meson test` there
count() {
    log=$1/meson-logs/testlog.txt
    ok=$(sed -n 's/^Ok: *//p' "$log" | tail -n 1)
    bad=$(sed -n 's/^Fail: *//p' "$log" | tail -n 1)
    late=$(sed -n 's/^Timeout: *//p' "$log" | tail -n 1)
    skip=$(sed -n 's/^Skipped: *//p' "$log" | tail -n 1)
    passed=$((passed + ${ok:-0}))
    failed=$((failed + ${bad:-0} + ${late:-0}))
    skipped=$((skipped + ${skip:-0}))
}

# check FOLDER ARGUMENT...: meson test, counted
check() {
    folder=$1
    shift
    rm -f "$folder/meson-logs/testlog.txt"
    meson test -C "$folder" --no-rebuild --print-errorlogs "$@" || [ -f "$folder/meson-logs/testlog.txt" ] ||
        failed=$((failed + 1))
    [ ! -f "$folder/meson-logs/testlog.txt" ] || count "$folder"
}

# one NAME COMMAND...: a single check outside meson
one() {
    name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok: $name"
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
    fi
}

step "style"
one "style" sh tests/style.sh

step "release build, all suites"
build build --buildtype=release -Ddebug=true
check build

if [ "${1:-}" != quick ]; then
    step "installed: headers, pkg-config, examples, Python"
    one "installation" sh tests/installed.sh build

    step "without the torch module, a C++ compiler and the codecs"
    CXX=/bin/false build build-notorch --buildtype=release -Dtorch=disabled -Ddeflate=disabled -Djpeg=disabled \
        -Dwebp=disabled
    check build-notorch --suite selectai:abi --suite selectai:program
    check build-notorch image_decode image_decode_png image_decode_jpeg image_decode_golden image_decode_hostile

    step "address and undefined-behaviour sanitizers"
    build build-asan --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false -Dtorch=disabled \
        -Dpython=false
    # Nothing can be trained there: the browser's tests borrow what those of the release build trained.
    SELECTAI_BROWSER_MODELS=$PWD/build/tests/review/browser-data \
        ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        check build-asan --suite selectai:unit --suite selectai:fuzz --suite selectai:program \
        --suite selectai:review -t 5

    step "thread sanitizer"
    build build-tsan --buildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false -Dtorch=disabled -Dpython=false
    check build-tsan --suite selectai:unit -t 5
    # The module alone; of its tests only those that start no threads of OpenMP, which the sanitizer cannot follow.
    build build-tsan-module subprojects/selectai-torch --buildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false
    check build-tsan-module task panels -t 5
fi

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
