#!/usr/bin/env python3
"""bench_pixels.py PROGRAM [FOLDER...]: decoding PNG, CLIP's input and the hash beside the floor and beside Pillow.

Milliseconds of processor time, medians of 15 rounds, averaged over files: made here as bench_decode.py makes them, or all
PNG files of the folders. The floor is libdeflate's inflating of the same bytes and nothing else.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

from bench_decode import picture

ROUNDS = 15
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def pillow_preprocess(image):
    short = min(image.size)
    width, height = (224 * side // short for side in image.size)
    left, top = round((width - 224) / 2), round((height - 224) / 2)
    cut = image.resize((width, height), Image.BICUBIC).crop((left, top, left + 224, top + 224))
    return ((np.asarray(cut, np.float32) / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)


def pillow(path):
    image = Image.open(path).convert("RGB")
    basis = np.cos(np.pi * np.outer(np.arange(8), 2 * np.arange(32) + 1) / 64)

    def phash():
        small = np.asarray(image.convert("L").resize((32, 32), Image.LANCZOS), float)
        low = basis @ small @ basis.T
        return low > np.median(low)

    jobs = {
        "decode": lambda: Image.open(path).convert("RGB"),
        "preprocess": lambda: pillow_preprocess(image),
        "phash": phash,
    }
    result = {}
    for name, job in jobs.items():
        times = []
        for _ in range(ROUNDS):
            start = time.thread_time()
            job()
            times.append(1e3 * (time.thread_time() - start))
        result[name] = statistics.median(times)
    return result


def compare(program, name, paths):
    ours = json.loads(subprocess.run([program, *map(str, paths)], check=True, capture_output=True, text=True).stdout)
    theirs = [pillow(path) for path in paths]
    print(f"{name}: {len(paths)} files; inflating alone {ours['inflate']:.2f} ms")
    for step in ("decode", "preprocess", "phash"):
        peer = statistics.mean(t[step] for t in theirs)
        floor = f", {ours['decode'] / ours['inflate']:.2f} times the floor" if step == "decode" else ""
        print(f"  {step:10s} selectai {ours[step]:6.2f} ms  Pillow {peer:6.2f} ms  {peer / ours[step]:5.2f} times as fast{floor}",
              flush=True)


def main():
    program, folders = sys.argv[1], [pathlib.Path(a) for a in sys.argv[2:]]
    for folder in folders:
        compare(program, str(folder), sorted(folder.glob("*.png"))[:12])
    if folders:
        return
    with tempfile.TemporaryDirectory() as name:
        for side in (1024, 2048):
            paths = [pathlib.Path(name) / f"{side}_{seed}.png" for seed in range(3)]
            for seed, path in enumerate(paths):
                picture(side, seed).save(path)
            compare(program, f"RGB {side} x {side}", paths)


main()
