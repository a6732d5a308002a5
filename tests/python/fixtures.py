"""fixtures.py: temporary folders, pictures and projects for the tests of the Python package.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import functools
import os
import tempfile
import unittest
from pathlib import Path

import numpy as np

import selectai


class FolderCase(unittest.TestCase):
    """A test with an empty folder of its own: self.folder."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="selectai-test-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)


def picture(seed, width=64, height=48):
    """A colourful random picture: a few soft waves and noise, so that no two places look alike."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [
        np.sin(x * rng.uniform(0.02, 0.3) + y * rng.uniform(0.02, 0.3) + rng.uniform(0, 6)) for _ in range(3)
    ]
    smooth = 128 + 90 * np.stack(waves, axis=2)
    return np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)


def blurred(rgb):
    """The same picture, softer: each pixel the mean of its 3 x 3 neighbourhood."""
    padded = np.pad(rgb.astype(np.float32), ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width, _ = rgb.shape
    total = sum(padded[y : y + height, x : x + width] for y in range(3) for x in range(3))
    return np.round(total / 9).astype(np.uint8)


def name(minute, stage, label=""):
    """A file name of the project's form; groups a minute apart."""
    return f"20250708_{10 + minute // 60:02d}{minute % 60:02d}{int(stage * 10):02d}_stage{stage:g}{label}.png"


def write_project(folder, n_groups=6, seed=0, width=64, height=48):
    """RAW and FINAL below `folder`: groups of stages 1 and 2, in which the person takes the sharper one.

    Every third group has its winner at stage 1 (an anomaly), every fourth none; winners of even groups are cropped.
    Returns raw, final, and one dict per group: winner (name or None), losers, box (pixels) or None.
    """
    raw, final = folder / "RAW", folder / "FINAL"
    raw.mkdir(parents=True)
    final.mkdir()
    truth = []
    for index in range(n_groups):
        sharp = picture(1000 * seed + index, width, height)
        winner_stage, loser_stage = (1, 2) if index % 3 == 2 else (2, 1)
        winner, loser = name(index, winner_stage), name(index, loser_stage)
        selectai.save(sharp, raw / winner)
        selectai.save(blurred(blurred(sharp)), raw / loser)
        if index % 4 == 3:
            truth.append({"winner": None, "losers": [name(index, 1), name(index, 2)], "box": None})
            continue
        box = (width // 8, 0, width // 8 + width // 2, height // 2) if index % 2 == 0 else None
        selectai.save(sharp if box is None else selectai.crop(sharp, box), final / winner)
        os.utime(final / winner, (1_800_000_000, 1_800_000_000))
        truth.append({"winner": winner, "losers": [loser], "box": box})
    return raw, final, truth


@functools.lru_cache(maxsize=None)
def torch_missing():
    """Why training cannot be tested here, or None."""
    try:
        selectai.backend_name()
    except selectai.BackendMissingError as error:
        return str(error)
    return None


def kernel_likeness(inputs, centres):
    """Likeness of standardised inputs (n x dim) to a kernel machine's centres (m x its width, bytes): n x m."""
    dim = inputs.shape[1]
    rounded = np.clip(np.floor(inputs.astype(np.float64) * 25 + 128.5), 0, 255)
    distance = np.abs(rounded[:, None] - centres[None, :, :dim].astype(np.float64)).mean(axis=2) * 0.04
    return np.exp(-distance / 3)
