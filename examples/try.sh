#!/bin/sh
# try.sh [FOLDER]: installs what is missing (Debian packages), builds, and runs the demo into FOLDER (default: demo).
# From anywhere, with root or sudo; may be run again at any time.
set -eu
cd "$(dirname "$0")/.."
output=${1:-demo}
. .ci/packages
# shellcheck disable=SC2086  # a list of words
sh .ci/install-packages $build_packages
[ -f build/build.ninja ] || meson setup build
ninja -C build examples/selectai/selectai subprojects/selectai-torch/selectai-torch.so
build/examples/selectai/selectai demo --output "$output"
