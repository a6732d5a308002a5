"""test_errors.py: exceptions, callbacks, handles and the loader.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import ctypes
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import threading
import unittest
from pathlib import Path

import fixtures
import selectai
from selectai import _callbacks, _errors, _prototypes
from selectai._library import lib

ROOT = Path(__file__).resolve().parents[2]


class Exceptions(fixtures.FolderCase):
    def test_a_missing_folder_is_both(self):
        with self.assertRaises(FileNotFoundError) as caught:
            selectai.scan(self.folder / "missing")
        error = caught.exception
        self.assertIsInstance(error, selectai.Error)
        self.assertEqual(error.code, -10)
        self.assertIn("missing", error.message)
        self.assertEqual(str(error), error.message)
        self.assertRegex(error.where, r"^\w+\.c:\d+$")
        self.assertEqual(os.strerror(error.errno), os.strerror(2))

    def test_every_code_of_the_header_has_a_class(self):
        text = (ROOT / "include/selectai/common.h").read_text(encoding="utf-8")
        codes = {int(code) for code in re.findall(r"#define SELECTAI_ERR_\w+\s+\((-\d+)\)", text)}
        self.assertEqual(set(_errors._BY_CODE), codes)

    def test_builtin_classes(self):
        for kind, builtin in (
            (selectai.NotFoundError, FileNotFoundError),
            (selectai.NotADirectory, NotADirectoryError),
            (selectai.IsADirectory, IsADirectoryError),
            (selectai.PermissionDenied, PermissionError),
            (selectai.ExistsError, FileExistsError),
            (selectai.NoSpaceError, OSError),
            (selectai.IoError, OSError),
            (selectai.OutOfMemoryError, MemoryError),
            (selectai.InvalidArgumentError, ValueError),
            (selectai.FormatError, ValueError),
            (selectai.MismatchError, ValueError),
            (selectai.ProjectRuleError, ValueError),
        ):
            with self.subTest(kind.__name__):
                self.assertTrue(issubclass(kind, builtin) and issubclass(kind, selectai.Error))

    def test_errors_travel_between_processes(self):
        error = selectai.NotFoundError("a.png: no such file", where="file.c:1")
        copy = pickle.loads(pickle.dumps(error))
        self.assertEqual((type(copy), str(copy), copy.code, copy.where), (type(error), str(error), -10, "file.c:1"))

    def test_an_unknown_code_is_still_an_error(self):
        with self.assertRaises(selectai.Error) as caught:
            _errors.check(-99)
        self.assertEqual(caught.exception.code, -99)
        self.assertEqual(_errors.check(1), 1)


class Callbacks(unittest.TestCase):
    """The machinery alone: the C function's place is taken by a loop that calls the progress function."""

    @staticmethod
    def long_call(progress, steps=5):
        for step in range(steps):
            if progress.function(step, steps, b"count", None):
                return _errors.CANCELLED
        return 0

    def test_gets_what_the_library_says(self):
        seen = []
        with _callbacks.Progress(lambda *arguments: seen.append(arguments)) as progress:
            progress.check(self.long_call(progress, 2))
        self.assertEqual(seen, [(0, 2, "count"), (1, 2, "count")])

    def test_a_true_value_cancels(self):
        with self.assertRaises(selectai.Cancelled):
            with _callbacks.Progress(lambda done, total, stage: done == 2) as progress:
                progress.check(self.long_call(progress))

    def test_an_exception_passes_through_as_it_is(self):
        error = LookupError("mine")
        calls = []

        def callback(done, total, stage):
            calls.append(done)
            raise error

        with self.assertRaises(LookupError) as caught:
            with _callbacks.Progress(callback) as progress:
                progress.check(self.long_call(progress))
        self.assertIs(caught.exception, error)
        self.assertEqual(calls, [0])

    def test_ctrl_c_cancels_and_is_raised_even_without_a_callback(self):
        before = signal.getsignal(signal.SIGINT)
        for callback in (None, lambda done, total, stage: None):
            with self.subTest(callback):
                reached = []
                with self.assertRaises(KeyboardInterrupt):
                    with _callbacks.Progress(callback) as progress:
                        signal.raise_signal(signal.SIGINT)
                        reached.append(self.long_call(progress))
                        progress.check(reached[0])
                self.assertEqual(reached, [_errors.CANCELLED])
                self.assertIs(signal.getsignal(signal.SIGINT), before)

    def test_a_handler_that_does_not_raise_does_not_cancel(self):
        calls = []
        before = signal.signal(signal.SIGINT, lambda number, frame: calls.append(number))
        self.addCleanup(signal.signal, signal.SIGINT, before)
        with _callbacks.Progress() as progress:
            signal.raise_signal(signal.SIGINT)
            self.assertEqual(progress.check(self.long_call(progress)), 0)
        self.assertEqual(calls, [signal.SIGINT])

    def test_works_in_other_threads(self):
        results = []

        def work():
            with _callbacks.Progress() as progress:
                results.append(progress.check(self.long_call(progress)))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        self.assertEqual(results, [0])

    def test_must_be_callable(self):
        with self.assertRaises(TypeError):
            _callbacks.Progress("50 %")


class LongCalls(fixtures.FolderCase):
    """The same through real functions of the library."""

    def setUp(self):
        super().setUp()
        self.raw, self.final, _ = fixtures.write_project(self.folder, 4)

    def run_extract(self, progress):
        return selectai.extract(self.raw, self.final, "p", progress=progress)

    def run_encode(self, progress):
        with selectai.Encoder.open() as encoder:
            return encoder.encode([file.path for file in selectai.scan(self.raw)], progress=progress)

    def test_an_exception_in_a_callback_comes_out(self):
        def callback(done, total, stage):
            raise ZeroDivisionError(stage)

        for run in (self.run_extract, self.run_encode):
            with self.subTest(run.__name__), self.assertRaises(ZeroDivisionError):
                run(callback)

    def test_cancelling(self):
        for run in (self.run_extract, self.run_encode):
            with self.subTest(run.__name__), self.assertRaises(selectai.Cancelled) as caught:
                run(lambda done, total, stage: True)
            self.assertEqual(caught.exception.code, -3)

    def test_ctrl_c(self):
        for run in (self.run_extract, self.run_encode):
            with self.subTest(run.__name__), self.assertRaises(KeyboardInterrupt):
                run(lambda done, total, stage: signal.raise_signal(signal.SIGINT))

    def test_ctrl_c_from_outside_without_a_callback(self):
        files = [file.path for file in selectai.scan(self.raw)] * 2000
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        self.addCleanup(timer.join)
        with selectai.Encoder.open() as encoder, self.assertRaises(KeyboardInterrupt):
            timer.start()
            encoder.encode(files)


class Handles(fixtures.FolderCase):
    def test_use_after_close_says_so(self):
        scanner = selectai.scan(self.folder)
        self.assertFalse(scanner.closed)
        scanner.close()
        scanner.close()
        self.assertTrue(scanner.closed)
        with self.assertRaisesRegex(ValueError, "Scanner is closed"):
            next(scanner)
        with self.assertRaisesRegex(ValueError, "closed"), scanner:
            self.fail("entered a closed object")

    def test_context_managers_close(self):
        with selectai.scan(self.folder) as scanner:
            pass
        self.assertTrue(scanner.closed)

    def test_cannot_be_made_by_hand(self):
        with self.assertRaisesRegex(TypeError, "class methods"):
            selectai.Ranker()

    def test_handles_do_not_mix(self):
        pointer = ctypes.POINTER(_prototypes.Image)()
        with self.assertRaises(ctypes.ArgumentError):
            lib.selectai_ranker_dim(pointer)


class Loader(fixtures.FolderCase):
    """Each case is a process of its own: a library is loaded once."""

    def run_python(self, code, **environment):
        package = str(Path(selectai.__file__).resolve().parents[1])
        variables = {**os.environ, "PYTHONPATH": package, **environment}
        return subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True)

    def test_says_which_library_is_in_use(self):
        out = self.run_python("import selectai; print(selectai.library_path)", SELECTAI_LIBRARY=selectai.library_path)
        self.assertEqual(out.stdout.strip(), selectai.library_path)

    def test_a_missing_library_lists_what_was_tried(self):
        out = self.run_python("import selectai", SELECTAI_LIBRARY="/no/such/libselectai.so.0")
        self.assertIn("ImportError", out.stderr)
        self.assertIn("/no/such/libselectai.so.0: no such file", out.stderr)

    def test_a_library_of_something_else_is_refused(self):
        other = "libz.so.1"
        shutil.copy(self.find_loaded(other), self.folder / "libselectai.so.0")
        out = self.run_python("import selectai", SELECTAI_LIBRARY=str(self.folder / "libselectai.so.0"))
        self.assertIn("is no libselectai", out.stderr)

    @staticmethod
    def find_loaded(name):
        """The path of a shared library of this process."""
        ctypes.CDLL(name)
        for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
            if name.split(".so")[0] in line:
                return line.split()[-1]
        raise unittest.SkipTest(f"{name} is not mapped")

    def test_another_version_is_refused_and_both_files_named(self):
        package = self.folder / "package/selectai"
        shutil.copytree(Path(selectai.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
        (package / "_version.py").write_text('version = "99.0.0"\nabi_version = 0\nlibrary = None\n', encoding="utf-8")
        out = self.run_python(
            "import selectai", PYTHONPATH=str(package.parent), SELECTAI_LIBRARY=selectai.library_path
        )
        self.assertIn("versions differ", out.stderr)
        self.assertIn(selectai.library_path, out.stderr)
        self.assertIn(str(package / "_version.py"), out.stderr)


if __name__ == "__main__":
    unittest.main()
