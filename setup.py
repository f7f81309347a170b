"""What `pyproject.toml` cannot say: suites, flows and reference tables of the top level travel inside the package.

In a checkout (also with `pip install -e`) they are read where they lie; see `dedup.quality.suites`,
`dedup.engines.launch` and `dedup.reference`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
#: Top-level folder -> (folder inside the package, files taken).
TRAVELLING = {
    "expectations": ("_expectations", "*.json"),
    "flows": ("_flows", "*.py"),
    "data/reference": ("_reference", "*.*"),
}


class BuildWithFolders(build_py):
    """Copy the travelling folders into the package that is built."""

    def run(self) -> None:
        """Build as usual, then copy; an editable build reads the checkout instead."""
        super().run()
        if self.editable_mode:
            return
        for folder, (packaged, pattern) in TRAVELLING.items():
            target = Path(self.build_lib) / "dedup" / packaged
            target.mkdir(parents=True, exist_ok=True)
            for path in sorted((HERE / folder).glob(pattern)):
                shutil.copyfile(path, target / path.name)


setup(cmdclass={"build_py": BuildWithFolders})
