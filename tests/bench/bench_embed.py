"""bench_embed.py: files to CLIP vectors, beside Pillow and PyTorch on the same files, in one run.

usage: bench_embed.py [--sides 1024,2048] [--count 64] [--runs 3] [--images DIR] [--weights FILE] [--peer embed_pil_torch.py]

Makes a ViT-B/32 with random weights and pictures whose spectrum falls off as that of photos does (--weights and --images
take real ones), and runs in turns: `selectai embed` in auto and in float32, and the peer. Prints medians of images per
second, as each program reports them (without loading the model), ratios, and the cosine of both programs' vectors. The
two floors are measured elsewhere: inflating the files in bench_pixels, the model at the multipliers' peak in bench_tower.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import argparse
import glob
import json
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

WIDTH, LAYERS, MLP, OUTPUT = 768, 12, 3072, 512


def tensors(rng):
    """Names and values of a tower, of the size that trained ones have."""

    def normal(shape, deviation):
        return (rng.standard_normal(shape, np.float32) * np.float32(deviation))

    yield "conv1.weight", normal((WIDTH, 3, 32, 32), 0.02)
    yield "class_embedding", normal(WIDTH, WIDTH**-0.5)
    yield "positional_embedding", normal((50, WIDTH), WIDTH**-0.5)
    norms = ["ln_pre", "ln_post"]
    for i in range(LAYERS):
        block = f"transformer.resblocks.{i}."
        norms += [block + "ln_1", block + "ln_2"]
        for name, out, width in (
            ("attn.in_proj_", 3 * WIDTH, WIDTH),
            ("attn.out_proj.", WIDTH, WIDTH),
            ("mlp.c_fc.", MLP, WIDTH),
            ("mlp.c_proj.", WIDTH, MLP),
        ):
            yield block + name + "weight", normal((out, width), width**-0.5 * (0.3 if out == WIDTH else 1))
            yield block + name + "bias", normal(out, 0.02)
    for name in norms:
        yield name + ".weight", 1 + normal(WIDTH, 0.1)
        yield name + ".bias", normal(WIDTH, 0.05)
    yield "proj", normal((WIDTH, OUTPUT), WIDTH**-0.5)


def write_weights(path):
    named = [("visual." + name, value) for name, value in tensors(np.random.default_rng(0))]
    header, offset = {}, 0
    for name, value in named:
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + value.nbytes]}
        offset += value.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, value in named:
            file.write(value.tobytes())


def draw(side, seed):
    """Noise whose amplitude falls as 1 / frequency, with a little grain."""
    rng = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    falloff = 1 / np.maximum(np.hypot(fx, fy), 1 / side)
    planes = []
    shared = np.fft.rfft2(rng.standard_normal((side, side))) * falloff
    for _ in range(3):
        own = np.fft.rfft2(rng.standard_normal((side, side))) * falloff
        plane = np.fft.irfft2(shared + 0.3 * own, s=(side, side))
        planes.append(128 + 45 * plane / plane.std() + rng.normal(0, 1.5, (side, side)))
    return np.stack(planes, 2).clip(0, 255).astype(np.uint8)


def make_images(folder, side, count):
    os.makedirs(folder)
    for i in range(count):
        Image.fromarray(draw(side, i)).save(os.path.join(folder, f"{i:04d}.png"))


def run_ours(program, cache, weights, files, dtype):
    shutil.rmtree(cache, ignore_errors=True)
    command = [program, "embed", "--json", "--quiet", "--project", "bench", "--cache", cache, "--encoder", weights]
    out = subprocess.run([*command, "--dtype", dtype, *files], check=True, capture_output=True, text=True).stdout
    return json.loads(out)["images_per_second"]


def our_vectors(cache):
    """In the order of the files: their names are their numbers."""
    rows = []
    for path in glob.glob(os.path.join(cache, "part-*.jsonl")):
        vectors = np.load(path[: -len("jsonl")] + "npy")
        rows += [(json.loads(line)["filename"], v) for line, v in zip(open(path, encoding="utf-8"), vectors)]
    return np.array([vector for _, vector in sorted(rows, key=lambda row: row[0])], np.float32)


def run_peer(peer, weights, out, files):
    text = subprocess.run([sys.executable, peer, weights, out, *files], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"([\d.]+) images/s", text).group(1))


def cosine(a, b):
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


def measure(args, folder, weights, name, files):
    rates = {"auto": [], "float32": [], "peer": []}
    last = os.path.join(folder, "peer.npy")
    for _ in range(args.runs):
        for dtype in ("auto", "float32"):
            rates[dtype].append(run_ours(args.program, os.path.join(folder, dtype), weights, files, dtype))
        if args.peer:
            rates["peer"].append(run_peer(args.peer, weights, last, files))
    megabytes = sum(os.path.getsize(file) for file in files) / len(files) / 1e6
    print(f"{name}: {len(files)} files of {megabytes:.1f} MB, medians of {args.runs} (lowest to highest), images/s")
    median = {}
    for who, list_of in rates.items():
        if list_of:
            median[who] = statistics.median(list_of)
            print(f"  {who:8} {median[who]:7.1f}  ({min(list_of):.1f} to {max(list_of):.1f})")
    for dtype in ("auto", "float32") if args.peer else ():
        nearness = cosine(our_vectors(os.path.join(folder, dtype)), np.load(last))
        print(f"  {dtype}: {median[dtype] / median['peer']:.2f} x the peer; lowest cosine of the vectors {nearness:.6f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sides", default="1024,2048")
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--images")
    parser.add_argument("--weights")
    parser.add_argument("--peer")
    parser.add_argument("--program", default=os.environ.get("SELECTAI_PROGRAM", "selectai"))
    args = parser.parse_args()
    if args.peer and not os.path.exists(args.peer):
        print(f"{args.peer} is not there: without a peer")
        args.peer = None
    with tempfile.TemporaryDirectory() as folder:
        weights = args.weights or os.path.join(folder, "b32.safetensors")
        if not args.weights:
            write_weights(weights)
        if args.images:
            measure(args, folder, weights, args.images, sorted(glob.glob(os.path.join(args.images, "*")))[: args.count])
            return
        for side in map(int, args.sides.split(",")):
            made = os.path.join(folder, str(side))
            make_images(made, side, args.count)
            measure(args, folder, weights, f"{side}x{side}", sorted(glob.glob(os.path.join(made, "*"))))
            shutil.rmtree(made)


if __name__ == "__main__":
    main()
