"""Where the reviewed reference tables of `data/reference/` lie: units, indicators, administrative divisions."""

from __future__ import annotations

from pathlib import Path

#: Where the tables lie in a checkout, and where `setup.py` puts them inside the package of a wheel.
FOLDER = ("data", "reference")
PACKAGED = "_reference"


class ReferenceMissing(RuntimeError):
    """A reference table did not come with this installation."""


def reference_file(name: str) -> Path:
    """Return the path of a reference table, such as `indicators.csv`: of the installed wheel, else of the checkout.

    Raises
    ------
    ReferenceMissing
        Neither holds it.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / PACKAGED, package.parents[1].joinpath(*FOLDER)):
        if (folder / name).is_file():
            return folder / name
    raise ReferenceMissing(
        f"{package / PACKAGED / name}: the table did not come with this installation; reinstall dedup"
    )
