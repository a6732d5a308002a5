#!/usr/bin/env python3
"""register_study.py LIBRARY PHOTOS... : how well are crops recovered, and is one ever invented?

Cuts, resizes, tones, sharpens and re-saves photos with Pillow, asks the library where each came from, and prints for
every kind how many boxes were right, and what true and false pairs look like. Thresholds were chosen on the photos of
even place in the sorted list of names (--half tune); the figures in docs are of the other half (--half report).

LIBRARY is libselectai.so; PHOTOS are folders of images. AGIQA-3K's pictures of one prompt by several generators (names
that differ in their first part only) are the pairs of one scene but different pictures.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""
import argparse
import collections
import ctypes
import io
import os
import random
import re
import sys
import time

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

METHODS = ("none", "identical", "exact", "resampled")
FILTERS = (Image.NEAREST, Image.BOX, Image.BILINEAR, Image.HAMMING, Image.BICUBIC, Image.LANCZOS)


class Match(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("method", ctypes.c_int32), ("box", ctypes.c_int32 * 4),
                ("unique", ctypes.c_int32), ("reserved", ctypes.c_uint32), ("residual", ctypes.c_double),
                ("edges", ctypes.c_double * 4), ("scale", ctypes.c_double * 2), ("correlation", ctypes.c_double),
                ("texture", ctypes.c_double)]


class Library:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.selectai_image_create.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_uint32, ctypes.c_uint32,
                                                   ctypes.c_void_p, ctypes.c_size_t]
        self.lib.selectai_image_destroy.argtypes = [ctypes.POINTER(ctypes.c_void_p)]
        self.lib.selectai_image_recover_crop.argtypes = [ctypes.POINTER(Match), ctypes.c_void_p, ctypes.c_void_p]

    def image(self, picture):
        rgb = np.ascontiguousarray(np.asarray(picture.convert("RGB")))
        handle = ctypes.c_void_p()
        if self.lib.selectai_image_create(ctypes.byref(handle), rgb.shape[1], rgb.shape[0], rgb.ctypes.data, 0):
            raise RuntimeError("selectai_image_create")
        return handle

    def recover(self, original, cropped):
        """The match and the milliseconds that it took."""
        a, b = self.image(original), self.image(cropped)
        match = Match(struct_size=ctypes.sizeof(Match))
        start = time.process_time()
        code = self.lib.selectai_image_recover_crop(ctypes.byref(match), a, b)
        spent = 1e3 * (time.process_time() - start)
        self.lib.selectai_image_destroy(ctypes.byref(a))
        self.lib.selectai_image_destroy(ctypes.byref(b))
        if code:
            raise RuntimeError("selectai_image_recover_crop: %d" % code)
        return match, spent


# ---- Making copies ---------------------------------------------------------------------------------------------------

def jpeg(picture, quality, subsampling=-1):
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality, subsampling=subsampling)
    return Image.open(io.BytesIO(data.getvalue())).convert("RGB")


def random_box(rng, size, low=0.10, high=1.0, locked=True):
    """A crop of `low` to `high` of the area; 68 % touch the top; the ratio kept within 1 %, or free."""
    width, height = size
    area = min(max(rng.gauss(0.54, 0.25), low), high)
    side = area ** 0.5
    stretch = 1 + rng.uniform(-0.01, 0.01) if locked else 2 ** rng.uniform(-0.6, 0.6)
    w = min(width, max(8, round(width * side * stretch ** 0.5)))
    h = min(height, max(8, round(height * side / stretch ** 0.5)))
    x = rng.choice((0, width - w, rng.randint(0, width - w), rng.randint(0, width - w), rng.randint(0, width - w)))
    y = 0 if rng.random() < 0.68 else rng.randint(0, height - h)
    return x, y, x + w, y + h


def scale(picture, rng, low=0.25, high=4.0, limit=2048):
    factor = 2 ** rng.uniform(np.log2(low), np.log2(high))
    factor = min(factor, limit / max(picture.size))
    size = [max(16, round(v * factor)) for v in picture.size]
    return picture.resize(size, rng.choice(FILTERS))


def sharpen(picture, rng):
    return picture.filter(ImageFilter.UnsharpMask(rng.uniform(0.7, 3), rng.randint(50, 200), rng.randint(0, 3)))


def curve(picture, table):
    return picture.point([int(min(max(v, 0), 255) + 0.5) for v in table] * 3)


def tone(picture, rng):
    """One or two of: brightness, contrast, gamma, an S curve, saturation, white balance, black and white, autocontrast."""
    for kind in rng.sample(range(8), rng.randint(1, 2)):
        x = np.arange(256) / 255
        if kind == 0:
            picture = ImageEnhance.Brightness(picture).enhance(rng.uniform(0.6, 1.5))
        elif kind == 1:
            picture = ImageEnhance.Contrast(picture).enhance(rng.uniform(0.5, 1.8))
        elif kind == 2:
            picture = curve(picture, 255 * x ** rng.uniform(0.5, 2))
        elif kind == 3:
            picture = curve(picture, 255 * (x + rng.uniform(-0.12, 0.12) * np.sin(2 * np.pi * x)))
        elif kind == 4:
            picture = ImageEnhance.Color(picture).enhance(rng.uniform(0, 2))
        elif kind == 5:
            gains = [rng.uniform(0.8, 1.2) for _ in range(3)]
            picture = Image.merge("RGB", [c.point(lambda v, g=g: min(255, v * g)) for c, g in zip(picture.split(), gains)])
        elif kind == 6:
            picture = picture.convert("L").convert("RGB")
        else:
            picture = ImageOps.autocontrast(picture, rng.uniform(0, 2))
    return picture


KINDS = collections.OrderedDict([
    # name: what is done to the crop; ratio kept (None: not cropped)
    ("exact", (lambda p, r: p, True)),
    ("jpeg 60-95", (lambda p, r: jpeg(p, r.randint(60, 95)), True)),
    ("jpeg, any ratio", (lambda p, r: jpeg(p, r.randint(60, 95)), False)),
    ("scaled 0.25-4", (lambda p, r: scale(p, r), True)),
    ("scaled, any ratio", (lambda p, r: scale(p, r), False)),
    ("upscaled 1.5-4", (lambda p, r: scale(p, r, 1.5, 4), True)),
    ("downscaled 0.25-0.7", (lambda p, r: scale(p, r, 0.25, 0.7), True)),
    ("scaled + jpeg", (lambda p, r: jpeg(scale(p, r), r.randint(60, 95)), True)),
    ("sharpened", (lambda p, r: sharpen(p, r), True)),
    ("toned", (lambda p, r: tone(p, r), True)),
    ("scaled + toned + jpeg", (lambda p, r: jpeg(tone(scale(p, r), r), r.randint(60, 95)), True)),
    ("scaled + sharp + jpeg", (lambda p, r: jpeg(sharpen(scale(p, r, 0.35), r), r.randint(60, 95)), True)),
    ("whole: jpeg", (lambda p, r: jpeg(p, r.randint(60, 95)), None)),
    ("whole: scaled + jpeg", (lambda p, r: jpeg(scale(p, r), r.randint(60, 95)), None)),
    ("whole: toned", (lambda p, r: jpeg(tone(p, r), 90), None)),
    ("squeezed to a square", (lambda p, r: p.resize((max(p.size),) * 2, Image.BICUBIC), False)),
])


def overlap(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    area = lambda r: (r[2] - r[0]) * (r[3] - r[1])
    return w * h / (area(a) + area(b) - w * h)


# ---- Pictures --------------------------------------------------------------------------------------------------------

def list_photos(folders, half):
    """Names of one half of each folder, sorted: even places to tune on, odd places to report on."""
    photos = []
    for folder in folders:
        names = sorted(os.path.join(d, f) for d, _, fs in os.walk(folder) for f in fs if f.endswith((".png", ".jpg")))
        photos += names[{"tune": 0, "report": 1}[half]::2]
    return photos


def scene_of(path):
    """AGIQA-3K: generator_step_NUMBER.jpg; pictures of one number show one prompt."""
    return os.path.splitext(path)[0].rsplit("_", 1)[-1]


def load(path):
    return Image.open(path).convert("RGB")


def source(path, rng):
    """The original: mostly as it is, sometimes larger than the file (then of real detail, but grained)."""
    picture = load(path)
    if rng.random() < 0.25:
        factor = rng.uniform(1.3, 2.5)
        picture = picture.resize([round(v * factor) for v in picture.size], Image.LANCZOS)
        noise = np.random.RandomState(rng.randrange(2 ** 31)).normal(0, 2, (picture.height, picture.width, 1))
        picture = Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))
    return picture


# ---- True pairs ------------------------------------------------------------------------------------------------------

def percentiles(values, which):
    return " ".join("%7.3f" % v for v in np.percentile(values, which)) if values else "-"


def true_pairs(library, photos, n, rng, out, only):
    print("\n%-24s %5s %7s %7s %7s %6s %6s %9s  %s" % ("true pairs", "n", "IoU>.98", "IoU>.95", "to pixel", "none", "wrong", "elsewhere",
          "ms median, max"), file=out)
    pooled = []
    for name, (change, locked) in KINDS.items():
        if only and not re.search(only, name):
            continue
        overlaps, exact, none, wrong, elsewhere, spent, rows = [], 0, 0, 0, 0, [], []
        for i in range(n):
            path = rng.choice(photos)
            original = source(path, rng)
            box = (0, 0) + original.size if locked is None else random_box(rng, original.size, locked=locked)
            copy = change(original.crop(box), rng)
            match, ms = library.recover(original, copy)
            spent.append(ms)
            got = tuple(match.box)
            if match.unique == 0:  # the library says itself that it fits in other places too
                elsewhere += 1
                continue
            iou = overlap(got, box) if match.method else 0
            overlaps.append(iou)
            exact += got == box
            none += match.method == 0
            wrong += match.method != 0 and iou < 0.9
            if match.method != 1 and match.method != 2:
                rows.append((match.correlation, match.residual, match.texture, min(copy.size)))
            if iou < 0.98 and os.environ.get("STUDY_VERBOSE"):
                print("   ", name, os.path.basename(path), original.size, copy.size, "box", box, "got", got, METHODS[match.method],
                      "iou %.3f corr %.3f texture %.0f unique %d" % (iou, match.correlation, match.texture, match.unique), file=out)
        pooled += rows
        o, n_sure = np.array(overlaps or [0]), max(1, len(overlaps))
        print("%-24s %5d %6.1f%% %6.1f%% %7.1f%% %6d %6d %9d  %.0f, %.0f" % (name, n, 100 * (o >= 0.98).mean(),
              100 * (o >= 0.95).mean(), 100 * exact / n_sure, none, wrong, elsewhere, np.median(spent), max(spent)), file=out, flush=True)
        if rows:
            print("%-24s correlation 0/1/5/25/50 %%: %s   residual 50/95/100 %%: %s" % ("", percentiles([r[0] for r in rows],
                  [0, 1, 5, 25, 50]), percentiles([r[1] for r in rows if r[1] == r[1]], [50, 95, 100])), file=out)
    return pooled


# ---- False pairs -----------------------------------------------------------------------------------------------------

def different(rng, photos, scenes, kind):
    """Two pictures of which the second was not cut out of the first."""
    path = rng.choice(photos)
    if kind == "same prompt":
        while len(scenes[scene_of(path)]) < 2:
            path = rng.choice(photos)
        other = rng.choice([p for p in scenes[scene_of(path)] if p != path])
        return load(path), load(other)
    if kind == "flipped":
        picture = load(path)
        return picture, rng.choice((ImageOps.mirror, ImageOps.flip))(picture)
    if kind == "outside the original":  # the original is one half, the crop comes from the other
        picture = load(path)
        half = picture.height // 2
        return picture.crop((0, 0, picture.width, half)), picture.crop((0, half, picture.width, picture.height))
    other = rng.choice([p for p in photos if p != path])
    return load(path), load(other)


def change_false(picture, rng, kind):
    if kind == "small":  # 16 to 64 pixels, sharp or not
        picture = picture.crop(random_box(rng, picture.size, locked=rng.random() < 0.7))
        factor = 2 ** rng.uniform(4, 6) / min(picture.size)
        picture = picture.resize([max(16, round(v * factor)) for v in picture.size], rng.choice(FILTERS))
        return tone(picture, rng) if rng.random() < 0.3 else picture
    if kind == "blurred":
        picture = picture.filter(ImageFilter.GaussianBlur(2 ** rng.uniform(1, 5)))
    if rng.random() < 0.8:
        picture = picture.crop(random_box(rng, picture.size, locked=rng.random() < 0.7))
    if rng.random() < 0.5:
        picture = scale(picture, rng, 0.1, 2)
    if rng.random() < 0.3:
        picture = tone(picture, rng)
    if rng.random() < 0.1:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(1, 8)))
    return jpeg(picture, rng.randint(60, 95)) if rng.random() < 0.5 else picture


FALSE_KINDS = (("same prompt", 0.4), ("unrelated", 0.15), ("flipped", 0.15), ("outside the original", 0.1),
               ("small", 0.12), ("blurred", 0.08))


def false_pairs(library, photos, n, rng, out):
    scenes = collections.defaultdict(list)
    for path in photos:
        if "agiqa" in path:
            scenes[scene_of(path)].append(path)
    print("\n%-24s %5s %8s  %s" % ("false pairs", "n", "invented", "ms median, max"), file=out)
    pooled = []
    for kind, share in FALSE_KINDS:
        invented, same, spent, rows = 0, 0, [], []
        for _ in range(max(1, round(n * share))):
            original, other = different(rng, photos, scenes, kind)
            copy = change_false(other, rng, kind)
            match, ms = library.recover(original, copy)
            spent.append(ms)
            if match.method not in (1, 2):
                rows.append((match.correlation, match.residual, match.texture, min(copy.size)))
            if match.method in (1, 2):  # flat areas: the same pixels, whatever they were cut out of
                same += 1
            elif match.method:
                invented += 1
                print("    invented:", kind, original.size, copy.size, tuple(match.box), METHODS[match.method],
                      "corr %.3f texture %.0f" % (match.correlation, match.texture), file=out)
                if os.environ.get("STUDY_SAVE"):
                    original.save("%s/%s_%d_a.png" % (os.environ["STUDY_SAVE"], kind, len(rows)))
                    copy.save("%s/%s_%d_b.png" % (os.environ["STUDY_SAVE"], kind, len(rows)))
        pooled += rows
        print("%-24s %5d %8d %11d  %.0f, %.0f" % (kind, len(rows), invented, same, np.median(spent), max(spent)), file=out, flush=True)
        print("%-24s correlation 50/95/99/100 %%: %s" % ("", percentiles([r[0] for r in rows if r[0] == r[0]],
              [50, 95, 99, 100])), file=out)
    return pooled


def print_distributions(true, false, out):
    """Correlation by texture: where a threshold can lie."""
    print("\n%-16s %6s %23s   %6s %31s" % ("texture", "true", "correlation 0/1/5 %", "false", "correlation 95/99/100 %"), file=out)
    edges = [0, 30, 60, 100, 150, 250, 500, 1000, 2000, 4000, 8000, 1e9]
    for low, high in zip(edges, edges[1:]):
        pick = lambda rows: [r[0] for r in rows if low <= r[2] < high]
        print("%6.0f - %-7s %6d %23s   %6d %31s" % (low, "" if high > 1e8 else "%.0f" % high, len(pick(true)),
              percentiles(pick(true), [0, 1, 5]), len(pick(false)), percentiles(pick(false), [95, 99, 100])), file=out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--true", type=int, default=120, metavar="N", help="pairs of each kind (120)")
    parser.add_argument("--false", type=int, default=2400, metavar="N", help="pairs in all (2400)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="kinds of true pairs that match this")
    args = parser.parse_args()
    photos = list_photos(args.folders, args.half)
    if not photos:
        sys.exit("no photos: name folders with .png or .jpg files")
    library, rng = Library(args.library), random.Random(args.seed)
    kodak = [p for p in photos if "kodak" in p]
    photos_true = photos + kodak * (len(photos) // (4 * len(kodak)) if kodak else 0)  # few, but the only real photos
    true = true_pairs(library, photos_true, args.true, rng, sys.stdout, args.only) if args.true else []
    false = false_pairs(library, photos, args.false, rng, sys.stdout) if args.false else []
    print_distributions(true, false, sys.stdout)


if __name__ == "__main__":
    main()
