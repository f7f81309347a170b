"""DuckDB views over a release, with the documentation of every column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from dedup.releases.datapackage import documentation
from dedup.schemas import DATASETS


def build_views(manifest: Mapping[str, Any], search: tuple[str, ...], below: str = "") -> str:
    """Return SQL that creates a view per dataset, named like it.

    Parameters
    ----------
    manifest : with `datasets` as `describe_datasets` gives them
    search : folders in which DuckDB looks for the files. DuckDB resolves relative paths against the working
        folder, never against the script, so the script names the folders it is meant to be started from
    below : folder of the release inside those, with forward slashes; empty for the release itself
    """
    lines = [
        f"-- Views over release {manifest['release_id']}; data stay in the Parquet files.",
        f"SET file_search_path = {quote(','.join(search))};",
    ]
    for name, dataset in DATASETS.items():
        entry = manifest["datasets"].get(name)
        if entry is None:
            continue
        files = ", ".join(quote(str(PurePosixPath(below, file["path"]))) for file in entry["files"])
        lines += [
            "",
            f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet([{files}]);",
            f"COMMENT ON VIEW {name} IS {quote(dataset.doc)};",
            *(f"COMMENT ON COLUMN {name}.{f.name} IS {quote(documentation(f))};" for f in dataset.schema),
        ]
    return "\n".join([*lines, ""])


def quote(text: str) -> str:
    """Return `text` as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
