"""The rows of a release as they are compared between runs: without times and names of releases."""

from __future__ import annotations

from typing import Any

from dedup.releases import Release

#: Columns that say when a row came about, not what it says.
CLOCK = {"most_sections", "ingested_at", "last_seen", "first_release", "started_at", "release_id", "recorded_at", "at"}


def rows_of(release: Release) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every dataset but the metrics of the runs."""
    rows = {}
    for name in release.datasets:
        if name != "runs":
            table = release.arrow(name)
            rows[name] = table.select([c for c in table.column_names if c not in CLOCK]).to_pylist()
    return rows


def differences(found: Release, expected: Release) -> list[str]:
    """Return the datasets that differ, with the number of rows on either side; none when all rows are equal."""
    mine, other = rows_of(found), rows_of(expected)
    return [
        f"{name}: {len(mine.get(name, ()))} rows, expected {len(other.get(name, ()))}"
        for name in sorted(mine.keys() | other.keys())
        if mine.get(name) != other.get(name)
    ]
