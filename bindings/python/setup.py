"""bindings/python/setup.py: the version comes from include/selectai/version.h, the only place where it is written.

The package itself needs no compiler. A wheel or source archive carries a generated selectai/_version.py.

Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
"""

import re
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
HEADER = HERE.parents[1] / "include/selectai/version.h"
GENERATED = HERE / "selectai/_version.py"


def version_module() -> str:
    """The text of _version.py: as it came with a source archive, or made from the header."""
    if not HEADER.is_file():
        return GENERATED.read_text(encoding="utf-8")
    numbers = dict(re.findall(r"^#define SELECTAI_(\w+)[ \t]+(\d+)", HEADER.read_text(encoding="utf-8"), re.MULTILINE))
    text = (HERE / "selectai/_version.py.in").read_text(encoding="utf-8")
    version = ".".join(numbers[f"VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH"))
    # Where the library will be is not known here: next to the package, or where the system's loader looks.
    return (
        text.replace("@VERSION@", version).replace("@ABI_VERSION@", numbers["ABI_VERSION"]).replace("@LIBRARY@", "None")
    )


class BuildPy(build_py):
    def run(self) -> None:
        super().run()
        if not getattr(self, "editable_mode", False):  # the source tree itself reads the header
            target = Path(self.build_lib) / "selectai/_version.py"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(version_module(), encoding="utf-8")


class Sdist(sdist):
    def make_release_tree(self, base_dir, files):  # type: ignore[no-untyped-def]
        super().make_release_tree(base_dir, files)
        (Path(base_dir) / "selectai/_version.py").write_text(version_module(), encoding="utf-8")


match = re.search(r'^version = "(.*)"$', version_module(), re.MULTILINE)
assert match is not None, "selectai/_version.py has no version line"
setup(version=match.group(1), cmdclass={"build_py": BuildPy, "sdist": Sdist})
