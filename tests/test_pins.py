"""The versions that were tried together stay what they are: with newer ones, schedules stop without a word.

With SQLAlchemy 2.1 the server of Prefect 3.8 starts, answers and takes deployments, but its scheduler fails to write
down a single run; with FastAPI 0.151 and later it does not start. pip finds nothing wrong with either. That runs are
really scheduled is what `test_scheduled_runs.py` shows on a real server.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REQUIRED = {canonicalize_name(r.name): r for r in map(Requirement, PROJECT["dependencies"])}
PINNED = {
    canonicalize_name(requirement.name): requirement
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if line.strip() and not line.startswith("#")
    for requirement in [Requirement(line)]
}
#: First versions with which scheduled runs stop.
STOPS = {"fastapi": "0.151.0", "sqlalchemy": "2.1.0"}


@pytest.mark.parametrize("name", STOPS)
def test_versions_with_which_schedules_stop_are_neither_allowed_nor_pinned_nor_installed(name: str) -> None:
    stops = Version(STOPS[name])
    assert not REQUIRED[name].specifier.contains(stops)
    assert not REQUIRED[name].specifier.contains(Version(f"{stops.major}.{stops.minor + 3}.1"))
    (pin,) = PINNED[name].specifier
    assert pin.operator == "=="
    assert Version(pin.version) < stops
    assert Version(version(name)) < stops


def test_the_pins_are_exact_and_agree_with_what_is_required() -> None:
    for name, requirement in PINNED.items():
        (pin,) = requirement.specifier
        assert pin.operator == "==", name
        if name in REQUIRED:
            assert REQUIRED[name].specifier.contains(pin.version), name
    assert set(REQUIRED) <= set(PINNED)


def test_the_pins_name_no_index_and_no_host() -> None:
    text = (ROOT / "constraints.txt").read_text("utf-8")
    assert not re.search(r"://|^-|@", text, re.M)
