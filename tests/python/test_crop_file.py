"""test_crop_file.py: cutting files without loss, against samples that are known and against Pillow.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import io
import os
import random
import struct
import unittest
import zlib
from pathlib import Path

import numpy as np

import fixtures
import selectai

try:
    from PIL import Image, ImageOps, PngImagePlugin
except ImportError:
    Image = None

needs_pillow = unittest.skipIf(Image is None, "Pillow is not installed: nothing to compare with")

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [(0, d) for d in (1, 2, 4, 8, 16)] + [(3, d) for d in (1, 2, 4, 8)] + [(c, d) for c in (2, 4, 6) for d in (8, 16)]
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(values, depth):
    """One row's samples as bytes."""
    if depth == 16:
        return values.astype(">u2").tobytes()
    bits = "".join(format(v, f"0{depth}b") for v in values.ravel().tolist())
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def rows_of(samples, depth):
    return b"".join(b"\0" + packed(row, depth) for row in samples)


def write_png(samples, colour, depth, interlaced=False, before=(), behind=(), after_palette=()):
    """samples: [height, width, n]."""
    height, width, _ = samples.shape
    raw = b""
    for x, y, dx, dy in ADAM7 if interlaced else ((0, 0, 1, 1),):
        part = samples[y::dy, x::dx]
        raw += rows_of(part, depth) if part.size else b""
    out = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    out += b"".join(chunk(*c) for c in before)
    if colour == 3:
        rng = np.random.default_rng(depth)
        out += chunk(b"PLTE", rng.integers(0, 256, 3 * 2**depth, np.uint8).tobytes())
    out += b"".join(chunk(*c) for c in after_palette)
    return out + chunk(b"IDAT", zlib.compress(raw)) + b"".join(chunk(*c) for c in behind) + chunk(b"IEND", b"")


def chunks_of(data):
    assert data.startswith(SIGNATURE)
    at, out = 8, []
    while at < len(data):
        n = struct.unpack_from(">I", data, at)[0]
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + n]
        assert struct.unpack_from(">I", data, at + 8 + n)[0] == zlib.crc32(kind + body)
        out.append((kind, body))
        at += 12 + n
    return out


def unfiltered(raw, height, row_bytes, bpp):
    rows, above = [], bytes(row_bytes)
    for y in range(height):
        kind, row = raw[y * (row_bytes + 1)], bytearray(raw[y * (row_bytes + 1) + 1 : (y + 1) * (row_bytes + 1)])
        for i in range(row_bytes):
            a, c = (row[i - bpp], above[i - bpp]) if i >= bpp else (0, 0)
            b = above[i]
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row[i] = (row[i] + (0, a, b, (a + b) // 2, paeth)[kind]) & 255
        rows.append(bytes(row))
        above = rows[-1]
    return rows


def read_png(data):
    """Samples [height, width, n], colour, depth of a file that is not interlaced."""
    chunks = chunks_of(data)
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    assert chunks[0][0] == b"IHDR" and not interlaced
    n = SAMPLES[colour]
    raw = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    row_bytes = (width * n * depth + 7) // 8
    assert len(raw) == height * (row_bytes + 1)
    rows = unfiltered(raw, height, row_bytes, max(1, n * depth // 8))
    out = np.zeros((height, width * n), np.uint32)
    for y, row in enumerate(rows):
        bits = np.unpackbits(np.frombuffer(row, np.uint8))[: width * n * depth].reshape(width * n, depth)
        out[y] = bits @ (1 << np.arange(depth)[::-1])
    return out.reshape(height, width, n), colour, depth


def some_samples(seed, width, height, colour, depth):
    return np.random.default_rng(seed).integers(0, 2**depth, (height, width, SAMPLES[colour]), np.uint32)


class Samples(fixtures.FolderCase):
    def cut(self, data, box, **how):
        source, out = self.folder / "in.png", self.folder / "out.png"
        out.unlink(missing_ok=True)
        source.write_bytes(data)
        selectai.crop_file(out, source, box, **how)
        self.assertEqual(source.read_bytes(), data)
        return out.read_bytes()

    def check(self, samples, colour, depth, interlaced, box):
        data = write_png(samples, colour, depth, interlaced)
        out = self.cut(data, box)
        x1, y1, x2, y2 = box
        found, *kind = read_png(out)
        self.assertEqual(kind, [colour, depth])
        np.testing.assert_array_equal(found, samples[y1:y2, x1:x2])
        if Image is not None:
            expected = Image.open(io.BytesIO(data)).crop(box)
            image = Image.open(io.BytesIO(out))
            self.assertEqual((image.mode, image.getpalette()), (expected.mode, expected.getpalette()))
            np.testing.assert_array_equal(np.asarray(image), np.asarray(expected))

    def test_every_kind_any_box(self):
        rng = random.Random(3)
        for colour, depth in KINDS:
            for interlaced in (False, True):
                for width, height in ((1, 1), (23, 19), (9, 40)):
                    samples = some_samples(depth, width, height, colour, depth)
                    for round_ in range(4):
                        x1, y1 = rng.randrange(width), rng.randrange(height)
                        x2, y2 = rng.randrange(x1, width) + 1, rng.randrange(y1, height) + 1
                        box = (x1, y1, x2, y2) if round_ else (0, 0, width, height)
                        with self.subTest(colour=colour, depth=depth, interlaced=interlaced, box=box):
                            self.check(samples, colour, depth, interlaced, box)

    def test_packed_rows_end_in_zeros(self):
        ones = np.ones((4, 30, 1), np.uint32)
        raw = b"".join(b for k, b in chunks_of(self.cut(write_png(ones, 0, 1), (3, 0, 8, 4))) if k == b"IDAT")
        self.assertEqual(zlib.decompress(raw), b"\0\xf8" * 4)

    @needs_pillow
    def test_a_photo_is_no_larger_than_pillows(self):
        rgb = fixtures.blurred(fixtures.picture(3, 400, 300))
        for mode in ("RGB", "RGBA", "L", "P"):
            image = Image.fromarray(rgb).convert(mode)
            stream, expected = io.BytesIO(), io.BytesIO()
            image.save(stream, "png")
            image.crop((30, 20, 370, 290)).save(expected, "png")
            out = self.cut(stream.getvalue(), (30, 20, 370, 290))
            self.assertLessEqual(len(out), 1.03 * len(expected.getvalue()), mode)

    def test_what_is_said_about_the_picture(self):
        text = b"parameters\0a cat, masterpiece\nSteps: 20, Seed: 7"
        before = [(b"gAMA", struct.pack(">I", 45455)), (b"sRGB", b"\0"), (b"cHRM", bytes(32)), (b"sBIT", b"\5\6\5"),
                  (b"iCCP", b"x\0\0" + zlib.compress(b"profile")), (b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
                  (b"tEXt", text), (b"oFFs", struct.pack(">iiB", -5, 7, 0)), (b"prVt", b"safe"), (b"prVT", b"unsafe"),
                  (b"acTL", bytes(8)), (b"sPLT", b"p\0\x08"), (b"caBX", b"signed")]
        after_palette = [(b"bKGD", bytes(6)), (b"tRNS", bytes(6)), (b"hIST", bytes(2)), (b"eXIf", b"MM\0*\0\0\0\x08\0\0")]
        behind = [(b"iTXt", b"workflow\0\0\0\0\0{}"), (b"zTXt", b"prompt\0\0" + zlib.compress(b"{}")),
                  (b"tIME", bytes.fromhex("07ea0b1c040102")), (b"sTER", b"\0")]
        data = write_png(some_samples(1, 20, 20, 2, 8), 2, 8, False, before, behind, after_palette)
        broken = data.replace(b"safe" + struct.pack(">I", zlib.crc32(b"prVtsafe")), b"safe????")
        found = [c for c in chunks_of(self.cut(data, (3, 4, 15, 16))) if c[0] not in (b"IHDR", b"IDAT", b"IEND")]
        dropped = (b"prVT", b"acTL", b"sPLT", b"caBX", b"hIST", b"sTER")
        expected = [c for c in before + after_palette + behind if c[0] not in dropped]
        expected[[c[0] for c in expected].index(b"oFFs")] = (b"oFFs", struct.pack(">iiB", -2, 11, 0))
        self.assertEqual(found, expected)
        self.assertNotIn(b"prVt", [c[0] for c in chunks_of(self.cut(broken, (3, 4, 15, 16)))])
        order = [c[0] for c in chunks_of(self.cut(data, (0, 0, 20, 20)))]
        self.assertLess(order.index(b"eXIf"), order.index(b"IDAT"))
        self.assertLess(order.index(b"IDAT"), order.index(b"iTXt"))

    @needs_pillow
    def test_pillow_reads_the_texts(self):
        info = PngImagePlugin.PngInfo()
        info.add_text("prompt", '{"seed": 1}')
        info.add_itxt("Größe", "groß")
        stream = io.BytesIO()
        Image.fromarray(fixtures.picture(1)).save(stream, "png", pnginfo=info, dpi=(72, 72))
        image = Image.open(io.BytesIO(self.cut(stream.getvalue(), (1, 2, 30, 40))))
        image.load()
        self.assertEqual(image.text["prompt"], '{"seed": 1}')
        self.assertEqual(image.size, (29, 38))

    @needs_pillow
    def test_turned_pictures(self):
        rgb = fixtures.picture(4, 30, 20)
        for orientation in range(1, 9):
            exif = Image.Exif()
            exif[0x0112] = orientation
            for kind in ("png", "jpeg"):
                with self.subTest(orientation=orientation, kind=kind):
                    stream = io.BytesIO()
                    Image.fromarray(rgb).save(stream, kind, exif=exif)
                    turned = ImageOps.exif_transpose(Image.open(io.BytesIO(stream.getvalue())))
                    out = self.cut(stream.getvalue(), (3, 5, 11, 17), exif=True)
                    result = ImageOps.exif_transpose(Image.open(io.BytesIO(out)))
                    if kind == "png":
                        np.testing.assert_array_equal(np.asarray(result), np.asarray(turned.crop((3, 5, 11, 17))))
                    else:
                        (self.folder / "whole.jpg").write_bytes(stream.getvalue())
                        expected = selectai.decode(self.folder / "whole.jpg", exif=True)[5:17, 3:11]
                        np.testing.assert_array_equal(np.asarray(result), expected)
                        out = self.cut(stream.getvalue(), (3, 5, 11, 17))
                        self.assertEqual(Image.open(io.BytesIO(out)).getexif().get(0x0112, 1), orientation)

    @needs_pillow
    def test_other_kinds_are_decoded(self):
        rgb = fixtures.picture(5)
        for name, options in (("a.jpg", {}), ("a.webp", {"lossless": True}), ("a.bmp", {}), ("a.gif", {})):
            path, out = self.folder / name, self.folder / (name + ".PNG")
            try:
                Image.fromarray(rgb).save(path, **options)
                expected = selectai.decode(path)[4:40, 3:50]
            except (KeyError, OSError, selectai.UnsupportedError):
                continue
            selectai.crop_file(out, path, (3, 4, 50, 40))
            np.testing.assert_array_equal(np.asarray(Image.open(out)), expected)


class Refusals(fixtures.FolderCase):
    def setUp(self):
        super().setUp()
        self.source = self.folder / "in.png"
        selectai.save(fixtures.picture(1), self.source)

    def names(self):
        return sorted(os.listdir(self.folder))

    def test_nothing_is_overwritten(self):
        there, link = self.folder / "there.png", self.folder / "link.png"
        there.write_bytes(b"mine")
        link.symlink_to("nowhere.png")
        for out in (there, link, self.source):
            with self.subTest(out), self.assertRaises(FileExistsError):
                selectai.crop_file(out, self.source, (0, 0, 4, 4))
        self.assertEqual(there.read_bytes(), b"mine")
        self.assertEqual(self.names(), ["in.png", "link.png", "there.png"])

    def test_boxes_and_names(self):
        for box in ((0, 0, 65, 48), (0, 0, 64, 49), (5, 5, 5, 9), (-1, 0, 4, 4), (9, 0, 4, 4)):
            with self.subTest(box), self.assertRaisesRegex(selectai.InvalidArgumentError, "in.png"):
                selectai.crop_file(self.folder / "out.png", self.source, box)
        with self.assertRaisesRegex(selectai.InvalidArgumentError, "out.jpg"):
            selectai.crop_file(self.folder / "out.jpg", self.source, (0, 0, 4, 4))
        with self.assertRaises(FileNotFoundError):
            selectai.crop_file(self.folder / "out.png", self.folder / "missing.png", (0, 0, 4, 4))
        with self.assertRaises(FileNotFoundError):
            selectai.crop_file(self.folder / "missing/out.png", self.source, (0, 0, 4, 4))
        self.assertEqual(self.names(), ["in.png"])

    def test_damaged_files_leave_nothing(self):
        good = self.source.read_bytes()
        rng = random.Random(5)
        refused = 0
        for round_ in range(400):
            data = bytearray(good)
            if round_ % 2:
                del data[rng.randrange(8, len(data)) :]
            else:
                for _ in range(rng.randrange(1, 4)):
                    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            bad, out = self.folder / "bad.png", self.folder / "out.png"
            bad.write_bytes(data)
            try:
                selectai.crop_file(out, bad, (1, 1, 40, 40))
                np.testing.assert_array_equal(selectai.decode(out), selectai.decode(bad)[1:40, 1:40])
                out.unlink()
            except selectai.Error:
                refused += 1
            self.assertEqual(self.names(), ["bad.png", "in.png"])
        self.assertGreater(refused, 300)

    def test_the_corpus_of_hostile_pictures(self):
        folder = Path(__file__).resolve().parent.parent / "fuzz/corpus/image"
        files, out = sorted(folder.iterdir()), self.folder / "out.png"
        self.assertGreater(len(files), 5)
        for path in files:
            with self.subTest(path.name):
                try:
                    selectai.crop_file(out, path, (0, 0, 1, 1))
                except selectai.Error:
                    with self.assertRaises(selectai.Error):
                        selectai.decode(path)
                    continue
                np.testing.assert_array_equal(selectai.decode(out), selectai.decode(path)[:1, :1])
                out.unlink()
        self.assertEqual(self.names(), ["in.png"])

    def test_a_disk_that_is_full(self):
        import resource
        import signal

        rgb = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
        selectai.save(rgb, self.folder / "noise.png")
        old, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (50000, old[1]))
            with self.assertRaisesRegex(selectai.Error, "out.png"):
                selectai.crop_file(self.folder / "out.png", self.folder / "noise.png", (0, 0, 290, 290))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
            signal.signal(signal.SIGXFSZ, handler)
        self.assertEqual(self.names(), ["in.png", "noise.png"])


if __name__ == "__main__":
    unittest.main()
