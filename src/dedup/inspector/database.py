"""DuckDB over the files of one release: it can read these and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from dedup.releases.views import quote


def connect(
    files: Mapping[str, Sequence[str]], folder: Path, memory: str, *, further: Iterable[Path] = ()
) -> duckdb.DuckDBPyConnection:
    """Return a connection in which each dataset is a view.

    Parameters
    ----------
    files : of each dataset, in order
    folder : for what does not fit into memory
    memory : bound for DuckDB, such as `200MB`; it spills beyond it
    further : files that may be read too, whether they are there already or not
    """
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "temp_directory": str(folder / "spill"),
            "memory_limit": memory,
        },
    )
    # Files of a release never change: what was read of them once holds.
    connection.execute("SET parquet_metadata_cache = true")
    # The system caches them; DuckDB would hold them a second time.
    connection.execute("SET enable_external_file_cache = false")
    # Lists are sorted by one narrow column; the others are read for the rows that are shown.
    connection.execute("SET late_materialization_max_rows = 1000")
    paths = [str(path) for path in further]
    for name, listed in files.items():
        connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM {read_parquet(listed)}')
        paths += listed
    connection.execute(f"SET allowed_paths = [{', '.join(quote(path) for path in paths)}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def read_parquet(files: Sequence[str], *options: str) -> str:
    """Return the SQL that reads some files."""
    listed = ", ".join(quote(file) for file in files)
    return f"read_parquet({', '.join([f'[{listed}]', *options])})"
