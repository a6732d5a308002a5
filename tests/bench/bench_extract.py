"""bench_extract.py: extraction of large projects, beside `find` and a Python program, in one run.

usage: bench_extract.py [--sizes 10000,118000,1000000] [--runs 5] [--folder DIR] [--peer extract_pathlib.py]

Makes projects of that many files (RAW and FINAL together, a fifth of them in FINAL, in folders of 5,000), runs the three
in turns, and prints medians, ratios and the peak memory of the extraction. The files are empty and the finals keep their
times, so no image has to be opened: what is measured is scanning, grouping, matching and writing.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PER_FOLDER = 5000
STAGES = ("stage1_generated", "stage1.5_face_swapped", "stage2_upscaled", "stage3_enhanced")
STATED = 1_700_000_000


def make_project(root, n_files):
    """Groups of four stages in RAW, one of them in FINAL: five files each."""
    raw, final = os.path.join(root, "RAW"), os.path.join(root, "FINAL")
    for group in range(n_files // 5):
        folder = f"batch{group * 4 // PER_FOLDER:04d}"
        if group * 4 % PER_FOLDER == 0:
            os.makedirs(os.path.join(raw, folder))
            os.makedirs(os.path.join(final, folder))
        for stage, label in enumerate(STAGES):
            stamp = time.strftime("%Y%m%d_%H%M%S", time.gmtime(STATED + group * 240 + stage * 60))
            name = f"{folder}/{stamp}_{label}.png"
            make_file(os.path.join(raw, name))
            if stage == 3 - (group % 20 == 0):
                make_file(os.path.join(final, name))
    return raw, final


def make_file(path):
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o644))
    os.utime(path, (STATED, STATED))


def run(command, stdout=subprocess.DEVNULL):
    """Seconds and peak memory in MiB."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]}: exit code {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def commands(raw, final, out, peer):
    program = os.environ.get("SELECTAI_PROGRAM", "selectai")
    result = {
        "find": ["find", raw, final, "-name", "*.png", "-printf", "%T@ %s %p\n"],
        "selectai": [program, "extract", "--raw", raw, "--final", final, "--project", "bench",
                     "--output", os.path.join(out, "entries.jsonl"), "--quiet"],
        "images": [program, "extract", "--raw", raw, "--final", final, "--project", "bench",
                   "--output", os.path.join(out, "entries.jsonl"), "--images", os.path.join(out, "images.jsonl"), "--quiet"],
    }
    if peer:
        result["peer"] = ["/usr/bin/python3", peer, raw, final, os.path.join(out, "peer.jsonl")]
    return result


def measure(n_files, runs, folder, peer):
    root = tempfile.mkdtemp(prefix="selectai-bench-", dir=folder)
    try:
        raw, final = make_project(root, n_files)
        todo = commands(raw, final, root, peer)
        seconds, memory = {name: [] for name in todo}, {name: 0.0 for name in todo}
        for turn in range(runs + 1):
            for name, command in todo.items():
                took, peak = run(command)
                if turn > 0:  # the first fills the system's caches for all of them
                    seconds[name].append(took)
                memory[name] = max(memory[name], peak)
        return {name: statistics.median(values) for name, values in seconds.items()}, memory
    finally:
        shutil.rmtree(root)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="10000,118000,1000000")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder")
    parser.add_argument("--peer")
    args = parser.parse_args()
    if args.peer and not os.path.exists(args.peer):
        print(f"{args.peer} is not here: the Python program is left out")
        args.peer = None
    print("    files   selectai  us/file  MiB   find -printf  ratio   Python   ratio   with --images  MiB")
    for size in (int(text) for text in args.sizes.split(",")):
        seconds, memory = measure(size, args.runs, args.folder, args.peer)
        ours = seconds["selectai"]
        peer = f"{seconds['peer']:7.2f} s {seconds['peer'] / ours:5.1f}x" if args.peer else "      -       -"
        print(f"{size:9,d} {ours:8.3f} s {ours / size * 1e6:7.2f} {memory['selectai']:5.1f} {seconds['find']:11.3f} s "
              f"{ours / seconds['find']:6.2f}x {peer} {seconds['images']:11.3f} s {memory['images']:6.1f}", flush=True)


if __name__ == "__main__":
    main()
