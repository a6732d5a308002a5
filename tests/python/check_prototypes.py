#!/usr/bin/env python3
"""check_prototypes.py: the Python package's table of C functions agrees with headers, symbols, library and compiler.

Needs no importable package: it loads _prototypes.py alone. SELECTAI_LIBRARY: the built library. CC: the C compiler.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import ctypes
import importlib.util
import os
import re
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include"
HEADERS = sorted((INCLUDE / "selectai").glob("*.h"))


def load_table():
    path = ROOT / "bindings/python/selectai/_prototypes.py"
    spec = importlib.util.spec_from_file_location("_prototypes", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


table = load_table()

SCALARS = {
    "int": ctypes.c_int,
    "size_t": ctypes.c_size_t,
    "uint8_t": ctypes.c_uint8,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "char": ctypes.c_char,
    "selectai_progress_fn": table.ProgressFn,
}


def header_text():
    """All headers without comments and preprocessor lines."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in HEADERS)
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    return re.sub(r"^[ \t]*#.*$", "", text, flags=re.MULTILINE)


def ctype(declaration):
    """The ctypes type of a C type such as `const char *const *`."""
    words = re.sub(r"\b(const|struct)\b", " ", declaration)
    stars = words.count("*")
    base = words.replace("*", " ").strip()
    if base == "void":
        if stars == 0:
            return None
        kind, stars = ctypes.c_void_p, stars - 1
    elif base == "char" and stars:
        kind, stars = ctypes.c_char_p, stars - 1
    elif base in SCALARS:
        kind = SCALARS[base]
    else:
        kind = table.HANDLES.get(base) or table.STRUCTURES[base]
    for _ in range(stars):
        kind = ctypes.POINTER(kind)
    return kind


def split_name(declaration):
    """`const char *path` -> (`const char *`, `path`)."""
    match = re.fullmatch(r"(.*?[\s*])(\w+)", declaration.strip(), re.DOTALL)
    return match.group(1), match.group(2)


def declared_functions():
    functions = {}
    for match in re.finditer(r"SELECTAI_API\s+([^;{]*?)(\w+)\s*\(([^)]*)\)\s*;", header_text()):
        result, name, arguments = match.groups()
        types = [] if arguments.strip() == "void" else [ctype(split_name(a)[0]) for a in arguments.split(",")]
        functions[name] = (ctype(result), *types)
    return functions


def declared_structures():
    structures = {}
    for name, body in re.findall(r"struct\s+(\w+)\s*\{([^}]*)\}\s*;", header_text()):
        fields = []
        for line in filter(str.strip, body.split(";")):
            first, *others = line.split(",")
            array = re.search(r"\[(\d+)\]", first)
            base, field = split_name(re.sub(r"\[\d+\]", "", first))
            kind = ctype(base)
            fields.append((field, kind * int(array.group(1)) if array else kind))
            for other in others:
                fields.append((other.replace("*", "").strip(), kind))
        structures[name] = fields
    return structures


def layout_program():
    lines = ["#include <selectai/selectai.h>", "#include <stdio.h>", "int main(void)", "{"]
    for name, kind in table.STRUCTURES.items():
        lines.append(f'    printf("{name} %zu\\n", sizeof(struct {name}));')
        for field, _ in kind._fields_:
            lines.append(
                f'    printf("{name}.{field} %zu %zu\\n", offsetof(struct {name}, {field}), '
                f"sizeof(((struct {name} *)0)->{field}));"
            )
    return "\n".join(lines + ["    return 0;", "}", ""])


class PrototypeTable(unittest.TestCase):
    maxDiff = None

    def test_names_are_those_of_the_symbol_list(self):
        listed = (ROOT / "lib/selectai.symbols").read_text(encoding="ascii").split()
        self.assertEqual(sorted(table.FUNCTIONS), sorted(listed))

    def test_names_are_those_the_library_exports(self):
        library = os.environ.get("SELECTAI_LIBRARY")
        if not library:
            self.skipTest("SELECTAI_LIBRARY is not set")
        out = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True)
        lines = [line.split() for line in out.stdout.splitlines()]
        exported = [words[-1].split("@")[0] for words in lines if words[-2] != "A"]
        self.assertEqual(sorted(table.FUNCTIONS), sorted(exported))

    def test_types_are_those_of_the_headers(self):
        declared = declared_functions()
        self.assertEqual(sorted(table.FUNCTIONS), sorted(declared))
        for name, types in table.FUNCTIONS.items():
            with self.subTest(name):
                self.assertEqual(tuple(types), declared[name])

    def test_structures_have_the_fields_of_the_headers(self):
        declared = declared_structures()
        self.assertEqual(sorted(table.STRUCTURES), sorted(declared))
        for name, kind in table.STRUCTURES.items():
            with self.subTest(name):
                self.assertEqual(list(kind._fields_), declared[name])

    def test_every_handle_of_the_headers_has_a_type_of_its_own(self):
        declared = re.findall(r"typedef struct (\w+) \1;", header_text())
        self.assertEqual(sorted(table.HANDLES), sorted(declared))
        self.assertEqual(len(set(table.HANDLES.values())), len(declared))

    def test_sizes_and_offsets_are_the_compilers(self):
        compiler = shlex.split(os.environ.get("CC", "cc"))
        with tempfile.TemporaryDirectory() as folder:
            source, program = Path(folder, "layout.c"), Path(folder, "layout")
            source.write_text(layout_program(), encoding="ascii")
            try:
                subprocess.run([*compiler, "-std=c11", f"-I{INCLUDE}", source, "-o", program], check=True)
            except FileNotFoundError:
                self.skipTest(f"no C compiler {compiler[0]!r}: set CC")
            out = subprocess.run([program], check=True, capture_output=True, text=True).stdout
        compiled = {words[0]: tuple(map(int, words[1:])) for words in map(str.split, out.splitlines())}
        ours = {}
        for name, kind in table.STRUCTURES.items():
            ours[name] = (ctypes.sizeof(kind),)
            for field, _ in kind._fields_:
                member = getattr(kind, field)
                ours[f"{name}.{field}"] = (member.offset, member.size)
        self.assertEqual(ours, compiled)


class Package(unittest.TestCase):
    def test_meson_installs_every_file(self):
        folder = ROOT / "bindings/python"
        listed = re.findall(r"'(selectai/[\w.]+)',", (folder / "meson.build").read_text(encoding="utf-8"))
        listed.remove("selectai/_version.py.in")
        present = [f"selectai/{path.name}" for path in (folder / "selectai").iterdir() if path.is_file()]
        present.remove("selectai/_version.py.in")
        self.assertEqual(sorted(listed), sorted(present))


if __name__ == "__main__":
    unittest.main()
