"""Rules that look at one row at a time, and the rows that were proven to obey them when the last release was made.

Such a rule says of a row today what it said yesterday. A run that takes rows over as they are holds against it only
what is new, provided that the rule, the values it refers to and the programs that evaluate it are the same. Rules
across rows and datasets are asked of everything, always.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.quality.report import QualityReport
    from dedup.quality.suites import Suite

#: What evaluates rules, beside the code of this package.
_PROGRAMS = ("great-expectations", "pandas", "duckdb", "pyarrow")
_ROOMS = ("quality", "schemas")


@dataclass(frozen=True)
class Proven:
    """What need not be held against a rule again.

    Attributes
    ----------
    rows : dataset -> which of its rows are those of the last release; (n,) bool
    broken : dataset -> rules that did not hold for all rows of that release, and are asked of all rows again; a
        dataset that is missing was held against another suite, or by another version
    """

    rows: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    broken: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, dataset: str) -> NDArray[np.bool_] | None:
        """Return which rows of a dataset are proven; None where leaving them out is worth nothing."""
        known = self.rows.get(dataset)
        if known is None or dataset not in self.broken:
            return None
        # What is left is copied, which costs more than looking at a few rows again.
        return known if 2 * np.count_nonzero(known) > known.size else None

    def holds(self, dataset: str, rule: str) -> bool:
        """Tell whether all proven rows of a dataset obey a rule."""
        return rule not in self.broken.get(dataset, frozenset({rule}))


def describe_suites(suites: Mapping[str, Suite], parameters: Mapping[str, float]) -> dict[str, str]:
    """Return for each dataset a digest of what its rows are held against.

    Parameters
    ----------
    parameters : values of the run that suites refer to
    """
    return {
        name: sha256(
            json.dumps(
                [suite.expectations, {**suite.parameters, **parameters}, _evaluation()], sort_keys=True, default=str
            ).encode()
        ).hexdigest()[:16]
        for name, suite in suites.items()
    }


@cache
def _evaluation() -> list[str]:
    package = Path(__file__).resolve().parents[1]
    digest = sha256()
    for room in _ROOMS:
        for path in sorted((package / room).rglob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return [digest.hexdigest(), *(version(name) for name in _PROGRAMS)]


def describe_held(report: QualityReport, digests: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return for the manifest which datasets were held against what, and the rules that did not hold."""
    held: dict[str, dict[str, Any]] = {
        name: {"suite": digests[name], "broken": []} for name in report.rows if name in digests
    }
    for result in report.results:
        if result.status != "pass" and result.dataset in held:
            held[result.dataset]["broken"].append(result.rule)
    return held


def find_proven(
    held: Mapping[str, Mapping[str, Any]], digests: Mapping[str, str], rows: Mapping[str, NDArray[np.bool_]]
) -> Proven:
    """Say what of the rows of a release in the making need not be held against rules again.

    Parameters
    ----------
    held : what the manifest of the last release says (`describe_held`)
    digests : what rows are held against now
    rows : dataset -> which rows are those of the last release
    """
    same = {name: entry for name, entry in held.items() if entry.get("suite") == digests.get(name, "")}
    return Proven(rows, {name: frozenset(entry.get("broken", ())) for name, entry in same.items()})
