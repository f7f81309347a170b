"""Are two releases the same but for names: cluster and family ids, times and release ids."""

from __future__ import annotations

import duckdb

from dedup.releases import Release
from dedup.schemas import DATASETS

#: Columns that say when or under which name a row came about, not what it says. Facts and works are named after
#: clusters; `works` are compared as sets of sections.
NAMES = frozenset(
    {
        "ingested_at",
        "last_seen",
        "first_release",
        "started_at",
        "release_id",
        "recorded_at",
        "fact_id",
        "work_id",
        "most_sections",
    }
)
#: Datasets that tell of the runs that led to a release.
HISTORY = frozenset({"runs", "cluster_history"})
#: Columns that hold ids of clusters and families.
RENAMED = ("cluster_id", "family_id", "edition_of", "contained_in", "from_cluster", "to_cluster")


def differences(mine: Release, other: Release) -> dict[str, tuple[int, int]]:
    """Return for each dataset that differs how many rows only the one and only the other holds; empty when all agree.

    Clusters are the same when their canonical sections are.
    """
    found: dict[str, tuple[int, int]] = {}
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        heads = "SELECT m.cluster_id AS was, o.cluster_id AS now FROM mine m JOIN other o USING (canonical_section)"
        families = (
            "SELECT DISTINCT m.family_id AS was, o.family_id AS now FROM mine m JOIN other o USING (canonical_section)"
        )
        connection.register("mine", mine.arrow("clusters"))
        connection.register("other", other.arrow("clusters"))
        connection.execute(f"CREATE TABLE names AS {heads} UNION ALL {families}")
        for name in DATASETS:
            if name in HISTORY:
                continue
            if name == "search":
                only = _search_differences(mine, other)
            else:
                left, right = (
                    _view(connection, mine, name, "left", True),
                    _view(connection, other, name, "right", False),
                )
                only = (_count(connection, left, right), _count(connection, right, left))
            if any(only):
                found[name] = only
        parts = [
            f"SELECT list(section_id ORDER BY section_id) AS s FROM {view} GROUP BY work_id" for view in ("aw", "bw")
        ]
        connection.register("aw", mine.arrow("attributions", ["section_id", "work_id"]))
        connection.register("bw", other.arrow("attributions", ["section_id", "work_id"]))
        works = _count(connection, f"({parts[0]})", f"({parts[1]})")
        if works:
            found["works"] = (works, works)
    return found


def _view(connection: duckdb.DuckDBPyConnection, release: Release, name: str, side: str, rename: bool) -> str:
    """Make a view over a dataset without what may differ, and return its name."""
    files = ", ".join(f"'{path.as_posix()}'" for path in release.files(name))
    columns = [f.name for f in DATASETS[name].schema if f.name not in NAMES]
    joins = ""
    shown = []
    for k, column in enumerate(columns):
        if rename and column in RENAMED:
            joins += f' LEFT JOIN names n{k} ON n{k}.was = t."{column}"'
            shown.append(f'coalesce(n{k}.now, t."{column}") AS "{column}"')
        else:
            shown.append(f't."{column}"')
    view = f'"{name}_{side}"'
    connection.execute(f"CREATE VIEW {view} AS SELECT {', '.join(shown)} FROM read_parquet([{files}]) t{joins}")
    return view


def _count(connection: duckdb.DuckDBPyConnection, left: str, right: str) -> int:
    query = f"SELECT count(*) FROM (SELECT * FROM {left} EXCEPT ALL SELECT * FROM {right})"
    rows = connection.execute(query).fetchall()
    return int(rows[0][0])


def _search_differences(mine: Release, other: Release) -> tuple[int, int]:
    """Compare the search indexes, which are too large to be joined and the same row by row if they are the same."""
    pairs = ((release.arrow("search", ["block", "piece", "gaps"])) for release in (mine, other))
    return (0, 0) if next(pairs).equals(next(pairs)) else (1, 1)
