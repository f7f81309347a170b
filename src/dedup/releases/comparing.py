"""What changed from one release to another."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from dedup.releases.reading import Release
from dedup.releases.views import quote
from dedup.schemas import DATASETS, Dataset

#: Columns that every run sets anew; a difference in them alone is no change.
VOLATILE = frozenset({"last_seen"})

#: Keys of each kind kept in a `DatasetDiff`.
EXAMPLES = 10


@dataclass(frozen=True)
class DatasetDiff:
    """Rows of one dataset, from release a to release b.

    Attributes
    ----------
    added, removed, changed, same : numbers of rows; without a key a row is itself, so nothing counts as changed
    columns : column -> number of changed rows that differ in it, most first
    examples : kind -> keys of some rows (parts joined by a blank)
    """

    name: str
    added: int
    removed: int
    changed: int
    same: int
    columns: dict[str, int]
    examples: dict[str, tuple[str, ...]]

    @property
    def is_empty(self) -> bool:
        """True when both releases hold the same rows."""
        return not (self.added or self.removed or self.changed)


def diff_releases(a: Release, b: Release) -> list[DatasetDiff]:
    """Compare two releases row by row, keyed by `Dataset.key`.

    Parameters
    ----------
    a, b : the elder and the newer release (any two, also of different warehouses)

    Returns
    -------
    a `DatasetDiff` per dataset that both have, in reading order. `last_seen` is left out, which every run moves
    """
    diffs: list[DatasetDiff] = []
    with tempfile.TemporaryDirectory(prefix="dedup-diff-") as spill:
        connection = duckdb.connect(config={"temp_directory": spill})
        try:
            for name, dataset in DATASETS.items():
                if name in a.datasets and name in b.datasets:
                    diffs.append(_diff(connection, a, b, dataset))
        finally:
            connection.close()
    return diffs


def _diff(connection: duckdb.DuckDBPyConnection, a: Release, b: Release, dataset: Dataset) -> DatasetDiff:
    columns = _common_columns(a, b, dataset)
    for alias, release in (("a", a), ("b", b)):
        files = ", ".join(quote(str(path)) for path in release.files(dataset.name))
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {alias} AS SELECT * FROM read_parquet([{files}])")
    if not dataset.key:
        return _diff_rows(connection, dataset, columns)
    # Only keys and a hash of the row go through the join; long texts are read once per side and forgotten.
    rest = [column for column in columns if column not in dataset.key]
    for alias in ("a", "b"):
        hashes = ", ".join(f'hash("{column}") AS "{column}"' for column in rest)
        keys = ", ".join(f'"{k}"' for k in dataset.key)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {alias}_rows AS SELECT {keys}, {hashes} FROM {alias}")
    join = " AND ".join(f'x."{key}" = y."{key}"' for key in dataset.key)
    first = dataset.key[0]
    differs = " OR ".join(f'x."{column}" <> y."{column}"' for column in rest)
    counted = ", ".join(f'count(*) FILTER (WHERE x."{column}" <> y."{column}")' for column in rest)
    parts = ", ".join(f'coalesce(x."{k}", y."{k}")' for k in dataset.key)
    key = f"concat_ws(' ', {parts})"
    kind = f"CASE WHEN x.\"{first}\" IS NULL THEN 'added' WHEN y.\"{first}\" IS NULL THEN 'removed' "
    kind += f"WHEN {differs} THEN 'changed' ELSE 'same' END"
    joined = f"a_rows x FULL JOIN b_rows y ON {join}"
    rows = connection.execute(f"SELECT {kind}, count(*), min({key}, {EXAMPLES}) FROM {joined} GROUP BY 1").fetchall()
    numbers = {str(row[0]): int(row[1]) for row in rows}
    by_column = connection.execute(f"SELECT {counted} FROM {joined}").fetchone() or ()
    changed_in = sorted(zip(rest, by_column, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return DatasetDiff(
        name=dataset.name,
        added=numbers.get("added", 0),
        removed=numbers.get("removed", 0),
        changed=numbers.get("changed", 0),
        same=numbers.get("same", 0),
        columns={column: int(n) for column, n in changed_in if n},
        examples={str(row[0]): tuple(row[2] or ()) for row in rows if row[0] != "same"},
    )


def _diff_rows(connection: duckdb.DuckDBPyConnection, dataset: Dataset, columns: list[str]) -> DatasetDiff:
    """Compare datasets without a key as bags of rows."""
    names = ", ".join(f'"{column}"' for column in columns)
    found = {}
    for kind, left, right in (("added", "b", "a"), ("removed", "a", "b")):
        query = f"SELECT {names} FROM {left} EXCEPT ALL SELECT {names} FROM {right}"
        row = connection.execute(f"SELECT count(*) FROM ({query})").fetchone()
        found[kind] = int(row[0]) if row else 0
    total = connection.execute("SELECT count(*) FROM b").fetchone()
    same = (int(total[0]) if total else 0) - found["added"]
    return DatasetDiff(dataset.name, found["added"], found["removed"], 0, same, {}, {})


def _common_columns(a: Release, b: Release, dataset: Dataset) -> list[str]:
    """Return the columns to compare: those that both releases have (a newer version may have added some)."""
    schemas: list[pa.Schema] = [release.dataset(dataset.name).schema for release in (a, b)]
    return [name for name in schemas[0].names if name in schemas[1].names and name not in VOLATILE]
