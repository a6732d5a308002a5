"""test_image.py: images against Pillow and numpy.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import io
import math
import random
import unittest

import numpy as np

import fixtures
import selectai

try:
    from PIL import Image
except ImportError:
    Image = None

needs_pillow = unittest.skipIf(Image is None, "Pillow is not installed: nothing to compare with")

CLIP_MEAN = np.array([0.48145466, 0.4578275, 0.40821073])
CLIP_STD = np.array([0.26862954, 0.26130258, 0.27577711])


@needs_pillow
class Decode(fixtures.FolderCase):
    def check_file(self, image, name, **options):
        path = self.folder / name
        image.save(path, **options)
        expected = np.asarray(Image.open(path).convert("RGB"))
        np.testing.assert_array_equal(selectai.decode(path), expected)
        np.testing.assert_array_equal(selectai.decode_bytes(path.read_bytes(), name), expected)
        info = selectai.read_info(path)
        self.assertEqual((info.width, info.height), image.size)
        return info

    def test_png_of_every_mode(self):
        rgb = Image.fromarray(fixtures.picture(1, 37, 23))
        for mode in ("RGB", "RGBA", "L", "LA", "P", "1"):
            with self.subTest(mode):
                image = rgb.convert(mode)
                if mode in ("RGBA", "LA"):
                    image.putalpha(rgb.convert("L"))
                info = self.check_file(image, f"{mode}.png")
                self.assertEqual(info.format, "png")

    def test_bmp(self):
        self.check_file(Image.fromarray(fixtures.picture(2, 31, 17)), "a.bmp")

    def test_jpeg_within_rounding(self):
        path = self.folder / "a.jpg"
        Image.fromarray(fixtures.blurred(fixtures.picture(3, 64, 64))).save(path, quality=95, subsampling=0)
        expected = np.asarray(Image.open(path).convert("RGB")).astype(int)
        # Inverse transforms of different decoders may differ in the last bits.
        self.assertLessEqual(np.abs(selectai.decode(path).astype(int) - expected).max(), 4)
        self.assertEqual(selectai.read_info(path).format, "jpeg")


class DecodeErrors(fixtures.FolderCase):
    def test_what_is_no_image_is_an_error_that_names_it(self):
        (self.folder / "text.png").write_bytes(b"this is no image")
        good = selectai.encode(fixtures.picture(1))
        (self.folder / "cut.png").write_bytes(good[: len(good) // 2])
        (self.folder / "empty.png").write_bytes(b"")
        for name in ("text.png", "cut.png", "empty.png"):
            with self.subTest(name), self.assertRaisesRegex(selectai.FormatError, name):
                selectai.decode(self.folder / name)
        with self.assertRaises(IsADirectoryError):
            selectai.decode(self.folder)
        with self.assertRaises(FileNotFoundError):
            selectai.decode(self.folder / "missing.png")
        with self.assertRaises(ValueError):
            selectai.decode("a\0b.png")

    def test_bytes_that_are_no_path_encoding_survive(self):
        path = bytes(self.folder) + b"/\xff.png"
        selectai.save(fixtures.picture(1), path)
        self.assertEqual(selectai.decode(path).shape, (48, 64, 3))


class Resize(unittest.TestCase):
    @needs_pillow
    def test_equals_pillow_bit_for_bit(self):
        rng = random.Random(7)
        filters = {"bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS, "box": Image.BOX}
        for round_ in range(60):
            source = tuple(rng.randrange(1, 90) for _ in range(2))
            target = tuple(rng.randrange(1, 140) for _ in range(2))
            name = rng.choice(sorted(filters))
            rgb = np.random.default_rng(round_).integers(0, 256, (source[1], source[0], 3), np.uint8)
            with self.subTest(source=source, target=target, filter=name):
                expected = np.asarray(Image.fromarray(rgb).resize(target, filters[name]))
                np.testing.assert_array_equal(selectai.resize(rgb, *target, filter=name), expected)

    def test_same_size_is_the_same(self):
        rgb = fixtures.picture(1)
        np.testing.assert_array_equal(selectai.resize(rgb, 64, 48), rgb)

    def test_wrong_arguments_say_so(self):
        rgb = fixtures.picture(1)
        for arguments, text in (((0, 5), "width"), ((5, -1), "height"), ((5, 5, "nearest"), "filter")):
            with self.subTest(arguments), self.assertRaisesRegex(ValueError, text):
                selectai.resize(rgb, *arguments)
        with self.assertRaisesRegex(ValueError, r"uint8 \[height, width, 3\], not uint8 \[48, 64\]"):
            selectai.resize(rgb[:, :, 0], 5, 5)
        with self.assertRaisesRegex(TypeError, r"not float64 \[48, 64, 3\]"):
            selectai.resize(rgb / 255, 5, 5)
        with self.assertRaisesRegex(ValueError, "outside its range"):
            selectai.resize(rgb.astype(int) + 200, 5, 5)

    def test_arrays_of_any_layout(self):
        rgb = fixtures.picture(1)
        expected = selectai.resize(np.ascontiguousarray(rgb[::-1, ::2]), 20, 20)
        np.testing.assert_array_equal(selectai.resize(rgb[::-1, ::2], 20, 20), expected)
        np.testing.assert_array_equal(selectai.resize(rgb.astype(np.int64)[::-1, ::2], 20, 20), expected)
        np.testing.assert_array_equal(selectai.resize(rgb[::-1, ::2].tolist(), 20, 20), expected)


class Preprocess(unittest.TestCase):
    @needs_pillow
    def test_equals_pillow_and_numpy(self):
        for width, height, size in ((64, 48, 32), (48, 64, 32), (33, 57, 24), (20, 20, 31), (100, 31, 16)):
            with self.subTest(width=width, height=height, size=size):
                rgb = fixtures.picture(width, width, height)
                # Integer arithmetic, as torchvision's Resize: the longer side is truncated.
                short = min(width, height)
                scaled = (size * width // short, size * height // short)
                image = Image.fromarray(rgb).resize(scaled, Image.BICUBIC)
                left, top = (round((side - size) / 2.0) for side in scaled)
                pixels = np.asarray(image.crop((left, top, left + size, top + size)), np.float64)
                expected = ((pixels / 255 - CLIP_MEAN) / CLIP_STD).transpose(2, 0, 1)
                result = selectai.preprocess(rgb, size)
                self.assertEqual(result.dtype, np.float32)
                np.testing.assert_allclose(result, expected, rtol=0, atol=1e-6)

    def test_default_size(self):
        self.assertEqual(selectai.preprocess(fixtures.picture(1)).shape, (3, 224, 224))
        with self.assertRaises(ValueError):
            selectai.preprocess(fixtures.picture(1), 0)


class PerceptualHash(unittest.TestCase):
    @needs_pillow
    def test_equals_the_definition(self):
        n = np.arange(32)
        basis = 2 * np.cos(np.pi * np.outer(np.arange(8), 2 * n + 1) / 64)
        for seed in range(20):
            rgb = fixtures.picture(seed, 50 + 7 * seed, 90 - 2 * seed)
            grey = np.asarray(Image.fromarray(rgb).convert("L").resize((32, 32), Image.LANCZOS), np.float64)
            low = basis @ grey @ basis.T
            bits = (low > np.median(low)).ravel().tolist()
            self.assertEqual(selectai.phash(rgb), int("".join("01"[bit] for bit in bits), 2))

    def test_similar_pictures_are_near(self):
        rgb = fixtures.picture(5, 200, 150)
        near = selectai.phash(rgb) ^ selectai.phash(selectai.resize(rgb, 100, 75))
        far = selectai.phash(rgb) ^ selectai.phash(fixtures.picture(6, 200, 150))
        self.assertLessEqual(bin(near).count("1"), 6)
        self.assertGreater(bin(far).count("1"), 12)


class Crops(unittest.TestCase):
    def test_an_exact_crop_is_found(self):
        rgb = fixtures.picture(3, 90, 70)
        match = selectai.recover_crop(rgb, rgb[11:50, 7:60])
        self.assertEqual(match, ((7, 11, 60, 50), "exact", 0.0, True))

    def test_identical_and_foreign_pictures(self):
        rgb = fixtures.picture(3, 90, 70)
        self.assertEqual(selectai.recover_crop(rgb, rgb)[:2], ((0, 0, 90, 70), "identical"))
        none = selectai.recover_crop(rgb, fixtures.picture(4, 30, 30))
        self.assertEqual((none.box, none.method), (None, "none"))
        self.assertTrue(math.isnan(none.residual))

    def test_a_crop_of_a_flat_area_is_not_unique(self):
        flat = np.full((40, 40, 3), 200, np.uint8)
        flat[30:, 30:] = fixtures.picture(1, 10, 10)
        self.assertIs(selectai.recover_crop(flat, flat[2:12, 2:12]).unique, False)

    def test_crop_cuts_out(self):
        rgb = fixtures.picture(3)
        np.testing.assert_array_equal(selectai.crop(rgb, (5, 6, 30, 40)), rgb[6:40, 5:30])
        for box in ((0, 0, 65, 48), (5, 5, 5, 9), (-1, 0, 4, 4)):
            with self.subTest(box), self.assertRaises(selectai.InvalidArgumentError):
                selectai.crop(rgb, box)


class Write(fixtures.FolderCase):
    def test_png_is_lossless(self):
        rgb = fixtures.picture(9)
        path = self.folder / "a.png"
        selectai.save(rgb, path)
        np.testing.assert_array_equal(selectai.decode(path), rgb)
        np.testing.assert_array_equal(selectai.decode_bytes(selectai.encode(rgb)), rgb)
        if Image is not None:
            np.testing.assert_array_equal(np.asarray(Image.open(path)), rgb)

    def test_jpeg_grows_with_its_quality(self):
        rgb = fixtures.picture(9)
        sizes = [len(selectai.encode(rgb, "jpeg", quality)) for quality in (10, 50, 95)]
        self.assertEqual(sizes, sorted(set(sizes)))
        if Image is not None:
            image = Image.open(io.BytesIO(selectai.encode(rgb, "jpeg", 95)))
            error = np.asarray(image.convert("RGB")).astype(int) - rgb
            self.assertLess(np.sqrt((error**2).mean()), 25)

    def test_wrong_arguments_say_so(self):
        rgb = fixtures.picture(9)
        with self.assertRaises(selectai.Error):
            selectai.save(rgb, self.folder / "a.tiff")
        with self.assertRaises(FileNotFoundError):
            selectai.save(rgb, self.folder / "missing/a.png")
        with self.assertRaisesRegex(ValueError, "quality"):
            selectai.encode(rgb, "jpeg", 101)
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
