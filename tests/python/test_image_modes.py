"""test_image_modes.py: EXIF orientation, and resizing before converting, against Pillow.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import json
import pathlib
import random
import struct
import unittest
import warnings

import numpy as np

import fixtures
import selectai

try:
    from PIL import Image, ImageOps, features
except ImportError:
    Image = None

needs_pillow = unittest.skipIf(Image is None, "Pillow is not installed: nothing to compare with")

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared/data/clip/preprocess"

CLIP_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
CLIP_STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def bytes_of(tensor):
    """The bytes that a preprocessed tensor was made of."""
    return np.rint((tensor.transpose(1, 2, 0) * CLIP_STD + CLIP_MEAN) * 255).astype(np.uint8)


def resized_and_cut(image, size):
    """torchvision's Resize(size, BICUBIC) and CenterCrop(size) of a Pillow image."""
    short = min(image.size)
    width, height = (int(size * side / short) for side in image.size)
    if (width, height) != image.size:
        image = image.resize((width, height), Image.BICUBIC)
    left, top = int(round((width - size) / 2.0)), int(round((height - size) / 2.0))
    return image.crop((left, top, left + size, top + size))


def jpeg_like_pillow(folder):
    """False where the library was built without libjpeg, whose pixels Pillow's are."""
    path = folder / "probe.jpg"
    Image.fromarray(fixtures.picture(1)).save(path)
    return bool((selectai.decode(path) == np.asarray(Image.open(path))).all())


def exif_block(orientation, order="<", kind=3, count=1, before=()):
    """A TIFF structure with the orientation behind other entries."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    value = struct.pack(order + {3: "HH", 4: "I", 1: "BBBB"}[kind], *([orientation, 0, 0, 0][: {3: 2, 4: 1, 1: 4}[kind]]))
    entries = [struct.pack(order + "HHII", tag, 4, 1, 7) for tag in before]
    entries.append(struct.pack(order + "HHI", 0x0112, kind, count) + value)
    body = struct.pack(order + "H", len(entries)) + b"".join(entries) + struct.pack(order + "I", 0)
    return b"Exif\0\0" + head + struct.pack(order + "I", 8) + body


@needs_pillow
class Orientation(fixtures.FolderCase):
    def check(self, path):
        image = Image.open(path)
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        np.testing.assert_array_equal(selectai.decode(path, exif=True), expected)
        np.testing.assert_array_equal(selectai.decode_bytes(path.read_bytes(), exif=True), expected)
        np.testing.assert_array_equal(selectai.decode(path), np.asarray(Image.open(path).convert("RGB")))

    def test_all_eight_in_every_format(self):
        rgb = Image.fromarray(fixtures.picture(1, 37, 23))
        kinds = {"a.png": {}}
        if jpeg_like_pillow(self.folder):
            kinds["a.jpg"] = {"quality": 90}
        if features.check("webp"):
            kinds["a.webp"] = {"lossless": True}
        for name, options in kinds.items():
            for orientation in range(0, 10):
                for order in "<>":
                    with self.subTest(name, orientation=orientation, order=order):
                        path = self.folder / name
                        rgb.save(path, exif=exif_block(orientation, order, before=(0x0100, 0x0101)), **options)
                        try:
                            self.check(path)
                        except selectai.UnsupportedError as error:
                            self.skipTest(str(error))

    def test_other_types_of_number(self):
        rgb = Image.fromarray(fixtures.picture(2, 9, 14))
        path = self.folder / "a.png"
        for kind, count in ((4, 1), (3, 2), (1, 1), (3, 0)):
            with self.subTest(kind=kind, count=count), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                rgb.save(path, exif=exif_block(6, "<", kind, count))
                self.check(path)

    def test_no_orientation_is_no_turn(self):
        path = self.folder / "a.png"
        Image.fromarray(fixtures.picture(2, 9, 14)).save(path)
        self.check(path)
        self.assertEqual(selectai.decode(path, exif=True).shape, (14, 9, 3))

    def test_damaged_exif_is_no_turn(self):
        rgb = fixtures.picture(3, 12, 7)
        whole = exif_block(6)
        path = self.folder / "a.jpg"
        for n in range(6, len(whole) - 4):
            Image.fromarray(rgb).save(path, exif=whole[:n])
            expected = 12 if n >= 6 + 8 + 2 + 12 else 7  # rows: turned once the entry is whole
            self.assertEqual(selectai.decode(path, exif=True).shape[0], expected)


@needs_pillow
class ConvertAfter(fixtures.FolderCase):
    def check(self, path, size=24, exif=False):
        image = Image.open(path)
        if exif:
            image = ImageOps.exif_transpose(image)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = np.asarray(resized_and_cut(image, size).convert("RGB"))
        found = bytes_of(selectai.preprocess(path, size, convert="after", exif=exif))
        np.testing.assert_array_equal(found, expected)
        return image.mode

    def picture_of(self, mode, seed, width, height):
        rng = np.random.default_rng(seed)
        if mode == "I":
            high = 65536 if seed % 2 else 400
            return Image.fromarray(rng.integers(0, high, (height, width)).astype(np.uint16))
        noise = rng.integers(0, 256, (height, width, 4), np.uint8)
        if mode == "CMYK":
            return Image.fromarray(noise, "CMYK")
        noise[..., 3] = np.where(noise[..., 3] < 60, 0, np.where(noise[..., 3] > 200, 255, noise[..., 3]))
        rgba = Image.fromarray(noise, "RGBA")
        return rgba if mode == "RGBA" else rgba.convert(mode)

    def test_png_of_every_mode_and_many_sizes(self):
        rng = random.Random(3)
        for mode in ("1", "L", "P", "RGB", "LA", "RGBA", "I"):
            for seed in range(30):
                width, height = rng.randrange(1, 90), rng.randrange(1, 90)
                size = rng.choice((1, 5, 16, 24, 31, width, height))
                if max(width, height) * size // min(width, height) > 3000:
                    continue
                with self.subTest(mode, width=width, height=height, size=size):
                    path = self.folder / "a.png"
                    self.picture_of(mode, seed, width, height).save(path)
                    self.assertEqual(self.check(path, size), mode)

    def test_palettes_of_few_bits_and_transparent_colours(self):
        rgb = Image.fromarray(fixtures.picture(5, 41, 30))
        for colours in (2, 4, 16, 200):
            path = self.folder / "a.png"
            rgb.quantize(colours).save(path, transparency=0)
            self.assertEqual(self.check(path, 16), "P")

    def test_alpha_of_sixteen_bits(self):
        """Pillow cannot write these: our own PNG, of 16-bit RGBA and grey with alpha."""
        import zlib

        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        for colour, samples in ((4, 2), (6, 4)):
            rng = np.random.default_rng(colour)
            rows = rng.integers(0, 65536, (33, 29 * samples)).astype(">u2")
            raw = b"".join(b"\0" + row.tobytes() for row in rows)
            header = struct.pack(">IIBBBBB", 29, 33, 16, colour, 0, 0, 0)
            path = self.folder / "a.png"
            path.write_bytes(
                b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
            )
            self.assertEqual(self.check(path, 20), "RGBA")

    def test_jpeg(self):
        if not jpeg_like_pillow(self.folder):
            self.skipTest("built without libjpeg")
        for mode, seed in (("L", 1), ("RGB", 2), ("CMYK", 3), ("CMYK", 4)):
            path = self.folder / "a.jpg"
            self.picture_of(mode, seed, 60 + seed, 50 - seed).save(path, quality=95)
            self.assertEqual(self.check(path, 23), mode)

    def test_webp(self):
        if not features.check("webp"):
            self.skipTest("Pillow without WebP")
        for mode, options in (("RGB", {}), ("RGBA", {}), ("RGBA", {"lossless": True, "exact": True})):
            path = self.folder / "a.webp"
            self.picture_of(mode, 7, 45, 61).save(path, **options)
            try:
                self.assertEqual(self.check(path, 23), mode)
            except selectai.UnsupportedError as error:
                self.skipTest(str(error))

    def test_turned_first(self):
        for mode in ("P", "RGBA", "LA", "RGB"):
            for orientation in range(1, 9):
                path = self.folder / "a.png"
                self.picture_of(mode, orientation, 33, 52).save(path, exif=exif_block(orientation))
                self.check(path, 20, exif=True)
        path = self.folder / "a.png"
        self.picture_of("I", 3, 33, 52).save(path, exif=exif_block(6))
        self.check(path, 20, exif=True)

    def test_bmp_of_colours_is_kept(self):
        path = self.folder / "a.bmp"
        self.picture_of("RGB", 1, 40, 50).save(path)
        self.check(path)

    def test_modes_that_cannot_be_kept_are_refused(self):
        for mode, name in (("P", "a.gif"), ("P", "a.bmp"), ("1", "b.bmp"), ("L", "c.bmp")):
            path = self.folder / name
            self.picture_of(mode, 1, 40, 50).save(path)
            with self.subTest(mode, name=name), self.assertRaisesRegex(selectai.UnsupportedError, "own mode"):
                selectai.preprocess(path, convert="after")
            self.assertEqual(selectai.preprocess(path).shape, (3, 224, 224))
        if features.check("webp_anim"):
            path = self.folder / "a.webp"
            frames = [self.picture_of("RGBA", seed, 20, 20) for seed in (1, 2)]
            frames[0].save(path, save_all=True, append_images=frames[1:])
            with self.assertRaises(selectai.UnsupportedError):
                selectai.preprocess(path, convert="after")

    def test_arguments(self):
        rgb = fixtures.picture(1)
        first = selectai.preprocess(rgb, 16)
        np.testing.assert_array_equal(selectai.preprocess(rgb, 16, convert="after", exif=True), first)
        with self.assertRaisesRegex(ValueError, "convert"):
            selectai.preprocess(rgb, convert="before")


@needs_pillow
class Golden(fixtures.FolderCase):
    """../shared/data/clip/preprocess, where it is: what Pillow made of 31 awkward pictures, converted first."""

    def test_every_byte(self):
        if not SHARED.is_dir():
            self.skipTest(f"{SHARED} is missing")
        records = np.fromfile(SHARED / "pre224_u8.bin", np.uint8).reshape(-1, 224, 224, 3)
        manifest = json.loads((SHARED / "manifest.json").read_text())
        self.assertEqual(len(manifest), 31)
        for entry in manifest:
            with self.subTest(entry["file"]):
                path = SHARED / entry["file"]
                np.testing.assert_array_equal(bytes_of(selectai.preprocess(path)), records[entry["index"]])
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    after = np.asarray(resized_and_cut(Image.open(path), 224).convert("RGB"))
                np.testing.assert_array_equal(bytes_of(selectai.preprocess(path, convert="after")), after)


if __name__ == "__main__":
    unittest.main()
