"""Releases of a warehouse, what changed between two of them, what was refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dedup.inspector.store import Store
from dedup.releases import DatasetDiff, NoRelease, ReleaseInfo, diff_releases, list_releases, open_release


def warehouse_of(store: Store) -> Path:
    """Return the warehouse that holds the release of a store."""
    return store.release.path.parent.parent


def releases(store: Store) -> list[ReleaseInfo]:
    """Return the releases beside this one, newest first; none where it stands alone."""
    try:
        return list_releases(warehouse_of(store))
    except NoRelease:
        return []


def changes(store: Store, elder: str) -> list[DatasetDiff]:
    """Return what changed from an elder release to this one, dataset by dataset.

    Raises
    ------
    NoRelease, BrokenRelease
        The elder one is not there any more, or damaged.
    """
    return store.summary(
        f"changes {elder}", lambda: diff_releases(open_release(warehouse_of(store), elder), store.release)
    )


def quarantine_rules(store: Store) -> list[dict[str, Any]]:
    """Return how many records each rule refused."""
    return store.rows(
        "SELECT dataset, rule, count(*) AS n, count(DISTINCT source) AS n_sources, any_value(reason) AS reason"
        " FROM quarantine GROUP BY ALL ORDER BY n DESC, dataset, rule LIMIT 200"
    )


def quarantine(store: Store, dataset: str, rule: str, source: str, offset: int, n: int) -> list[dict[str, Any]]:
    """Return refused records."""
    where, values = ["true"], {}  # type: tuple[list[str], dict[str, Any]]
    for name, value in (("dataset", dataset), ("rule", rule), ("source", source)):
        if value:
            where.append(f"{name} = ${name}")
            values[name] = value
    condition = " AND ".join(where)
    return store.rows(
        f"SELECT * FROM quarantine WHERE {condition} ORDER BY dataset, record_id, rule LIMIT {n} OFFSET {offset}",
        values,
    )
