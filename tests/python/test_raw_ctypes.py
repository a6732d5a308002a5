"""test_raw_ctypes.py: the C interface as any foreign program sees it, without the Python package.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import ctypes
import os
import re
import struct
import tempfile
import threading
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INVALID_ARGUMENT, UNSUPPORTED = -1, -21

lib = ctypes.CDLL(os.environ["SELECTAI_LIBRARY"])
lib.selectai_last_error.restype = ctypes.c_char_p
lib.selectai_version_string.restype = ctypes.c_char_p
lib.selectai_error_name.restype = ctypes.c_char_p
lib.selectai_box_iou.restype = ctypes.c_double
lib.selectai_issues_count.restype = ctypes.c_size_t
lib.selectai_trainset_count.restype = ctypes.c_size_t


def header_numbers():
    text = (ROOT / "include/selectai/version.h").read_text(encoding="utf-8")
    return dict(re.findall(r"^#define SELECTAI_(\w+)[ \t]+(\d+)", text, re.MULTILINE))


def fallible_functions():
    """Names and argument counts of all functions that return an error code, from the headers."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "include/selectai").glob("*.h"))
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    for name, arguments in re.findall(r"SELECTAI_API\s+int\s+(\w+)\s*\(([^)]*)\)\s*;", text):
        if arguments.strip() != "void":
            yield name, arguments.count(",") + 1


class Version(unittest.TestCase):
    def test_version_is_that_of_the_header(self):
        numbers = header_numbers()
        expected = ".".join(numbers[f"VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH"))
        self.assertEqual(lib.selectai_version_string().decode(), expected)
        self.assertEqual(lib.selectai_abi_version(), int(numbers["ABI_VERSION"]))


class NullArguments(unittest.TestCase):
    # These give an answer to NULL: the module is loaded, and nothing has seen no image.
    EXCEPTIONS = {"selectai_backend_load", "selectai_ranker_has_seen", "selectai_cropper_has_seen"}

    def test_all_null_is_an_invalid_argument_everywhere(self):
        names = [item for item in fallible_functions() if item[0] not in self.EXCEPTIONS]
        self.assertGreater(len(names), 50)
        for name, n_arguments in names:
            with self.subTest(name):
                function = getattr(lib, name)
                function.restype = ctypes.c_int
                self.assertEqual(function(*[ctypes.c_void_p(0)] * n_arguments), INVALID_ARGUMENT)
                self.assertNotEqual(lib.selectai_last_error(), b"")

    def test_destructors_take_null_and_pointers_to_null(self):
        for name in (ROOT / "lib/selectai.symbols").read_text(encoding="ascii").split():
            if name.endswith(("_destroy", "_close")):
                with self.subTest(name):
                    function = getattr(lib, name)
                    function.restype = None
                    handle = ctypes.c_void_p()
                    function(None)
                    function(ctypes.byref(handle))
                    self.assertIsNone(handle.value)
        lib.selectai_free(None)

    def test_a_null_list_of_issues_is_empty(self):
        self.assertEqual(lib.selectai_issues_count(None), 0)


class LastError(unittest.TestCase):
    def test_message_names_the_file(self):
        handle = ctypes.c_void_p()
        self.assertEqual(lib.selectai_image_load(ctypes.byref(handle), b"/no/such/picture.png", None), -10)
        self.assertIn(b"/no/such/picture.png", lib.selectai_last_error())
        self.assertNotIn(b"\n", lib.selectai_last_error())
        self.assertIsNone(handle.value)

    def test_each_thread_has_its_own(self):
        seen = []
        handle = ctypes.c_void_p()
        lib.selectai_image_load(ctypes.byref(handle), b"/no/such/picture.png", None)
        thread = threading.Thread(target=lambda: seen.append(lib.selectai_last_error()))
        thread.start()
        thread.join()
        self.assertEqual(seen, [b""])
        self.assertNotEqual(lib.selectai_last_error(), b"")

    def test_every_code_has_a_name(self):
        text = (ROOT / "include/selectai/common.h").read_text(encoding="utf-8")
        codes = [int(code) for code in re.findall(r"#define SELECTAI_ERR_\w+\s+\((-\d+)\)", text)]
        self.assertGreaterEqual(len(codes), 20)
        names = [lib.selectai_error_name(code) for code in codes]
        self.assertEqual(len(set(names)), len(codes))
        self.assertNotIn(lib.selectai_error_name(-12345), names)


class OptionSizes(unittest.TestCase):
    """struct selectai_group_options: u32 struct_size, i32 mode, i32 scope, u32 lookahead, u32 min_size, u32, double."""

    NAMES = (ctypes.c_char_p * 2)(b"20250101_000000_stage1.png", b"20250101_000001_stage2.png")

    def group(self, options):
        members, starts, n = (ctypes.c_uint32 * 2)(), (ctypes.c_uint32 * 3)(), ctypes.c_size_t()
        code = lib.selectai_group_names(members, starts, ctypes.byref(n), self.NAMES, ctypes.c_size_t(2), options)
        return code, n.value

    def full(self, size, **changed):
        values = {"mode": 0, "scope": 0, "lookahead": 50, "min_size": 2, **changed}
        return struct.pack("=IiiIIId", size, *values.values(), 0, 0.0)

    def test_init_gives_the_defaults(self):
        buffer = ctypes.create_string_buffer(b"\xff" * 32, 32)
        lib.selectai_group_options_init(buffer, 32)
        self.assertEqual(struct.unpack("=IiiIIId", buffer.raw), (32, 0, 0, 50, 2, 0, 0.0))

    def test_an_older_and_shorter_structure_works(self):
        self.assertEqual(self.group(self.full(32)), (0, 1))
        # Only struct_size and mode belong to the caller; what follows in memory must not be read.
        self.assertEqual(self.group(struct.pack("=Ii", 8, 1) + b"\xff" * 24), (0, 0))

    def test_a_newer_and_longer_structure_works_while_its_new_fields_are_zero(self):
        self.assertEqual(self.group(self.full(40) + b"\0" * 8), (0, 1))
        self.assertEqual(self.group(self.full(40) + b"\0" * 7 + b"\1")[0], UNSUPPORTED)

    def test_values_out_of_range_are_refused(self):
        for change in ({"mode": 2}, {"scope": -1}, {"lookahead": 0}):
            with self.subTest(change):
                self.assertEqual(self.group(self.full(32, **change))[0], INVALID_ARGUMENT)
        self.assertEqual(self.group(struct.pack("=Ii", 0, 0))[0], INVALID_ARGUMENT)


class Growth(unittest.TestCase):
    """Structures that have grown: what an older program passes is filled as far as it goes, and no further."""

    ENTRY_0, ENTRY_1 = 184, 224  # selectai_entry before and after its last fields

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="selectai-test-")
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        log = os.path.join(self.folder, "log.jsonl")
        with open(log, "w", encoding="utf-8") as file:
            file.write('{"project":"p","chosen_path":"p/a.png","neg_paths":["p/b.png"]}\n')
        self.paths = (ctypes.c_char_p * 1)(os.fsencode(log))
        self.set = ctypes.c_void_p()
        self.assertEqual(
            lib.selectai_trainset_load_logs(ctypes.byref(self.set), self.paths, ctypes.c_size_t(1), None), 0
        )
        self.addCleanup(lambda: lib.selectai_trainset_destroy(ctypes.byref(self.set)))

    def test_an_entry_is_filled_as_far_as_the_caller_knows_it(self):
        for size in (self.ENTRY_0, self.ENTRY_1):
            with self.subTest(size):
                buffer = ctypes.create_string_buffer(struct.pack("=I", size) + b"\xee" * 300, 304)
                self.assertEqual(lib.selectai_trainset_get(self.set, ctypes.c_size_t(0), buffer), 0)
                self.assertEqual(buffer.raw[size:], b"\xee" * (304 - size))
                self.assertNotIn(b"\xee" * 8, buffer.raw[8:size])
        row = struct.unpack_from("=Q", buffer.raw, 208)[0]
        self.assertEqual(row, 1)  # source_row

    def test_options_of_loading(self):
        buffer = ctypes.create_string_buffer(b"\xff" * 56, 56)
        lib.selectai_load_options_init(buffer, 56)
        self.assertEqual(buffer.raw, struct.pack("=I", 56) + b"\0" * 52)
        out = ctypes.c_void_p()
        longer = ctypes.create_string_buffer(struct.pack("=I", 64) + b"\0" * 52 + b"\1", 64)
        code = lib.selectai_trainset_load_logs(ctypes.byref(out), self.paths, ctypes.c_size_t(1), longer)
        self.assertEqual((code, out.value), (UNSUPPORTED, None))

    def test_merge_counts_may_be_null(self):
        options = ctypes.create_string_buffer(8)
        lib.selectai_merge_options_init(options, 8)
        self.assertEqual(struct.unpack("=Ii", options.raw), (8, 0))
        counts = ctypes.create_string_buffer(struct.pack("=I", 48), 48)
        for pointer in (None, counts):
            out = ctypes.c_void_p()
            self.assertEqual(lib.selectai_trainset_merge(ctypes.byref(out), pointer, self.set, options), 0)
            self.assertEqual(lib.selectai_trainset_count(out), 1)
            lib.selectai_trainset_destroy(ctypes.byref(out))
        self.assertEqual(struct.unpack("=IIQQQQQ", counts.raw), (48, 0, 1, 1, 0, 0, 0))
        for wrong in (-1, 3):
            out = ctypes.c_void_p()
            bad = struct.pack("=Ii", 8, wrong)
            self.assertEqual(lib.selectai_trainset_merge(ctypes.byref(out), None, self.set, bad), INVALID_ARGUMENT)

    def test_unknown_forms_of_logs_are_refused(self):
        path = os.fsencode(os.path.join(self.folder, "out.csv"))
        for form in (-1, 4):
            code = lib.selectai_trainset_write_log(None, self.set, path, form, 0)
            self.assertEqual((code, os.path.exists(path)), (INVALID_ARGUMENT, False))
        self.assertEqual(lib.selectai_trainset_write_log(None, self.set, path, 0, 0), 0)
        self.assertTrue(os.path.exists(path))

    def test_committing_without_an_image_database(self):
        extraction = ctypes.c_void_p()
        self.assertEqual(lib.selectai_extraction_create(ctypes.byref(extraction), None), 0)
        self.assertEqual(lib.selectai_extraction_commit_images(extraction), INVALID_ARGUMENT)
        lib.selectai_extraction_destroy(ctypes.byref(extraction))


class Boxes(unittest.TestCase):
    def test_iou(self):
        box = ctypes.c_double * 4
        self.assertEqual(lib.selectai_box_iou(box(0, 0, 1, 1), box(0, 0, 1, 1)), 1.0)
        self.assertAlmostEqual(lib.selectai_box_iou(box(0, 0, 0.5, 1), box(0.25, 0, 0.75, 1)), 1 / 3)
        self.assertEqual(lib.selectai_box_iou(box(0, 0, 0, 1), box(0, 0, 1, 1)), 0.0)


if __name__ == "__main__":
    unittest.main()
