"""DuckDB views over a release, with the documentation of every column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dedup.releases.datapackage import documentation
from dedup.releases.layout import MANIFEST
from dedup.schemas import DATASETS


def release_views(manifest: Mapping[str, Any]) -> str:
    """Return SQL for inside a release: a view per dataset, named like it.

    DuckDB resolves relative paths against the working folder, never against the script, so it is meant to be
    started in the folder of the release.
    """
    return "\n".join([_opening(manifest), *_views(manifest), ""])


def warehouse_views(manifest: Mapping[str, Any], folders: Sequence[str], manifest_sha256: str) -> str:
    """Return SQL for beside the releases: the same views, wherever DuckDB is started.

    Parameters
    ----------
    manifest : of the release shown
    folders : where the release may be found, relative to the working folder or absolute, the preferred one first
    manifest_sha256 : the folder whose manifest has this hash is taken. Release ids repeat between warehouses, so a
        folder that merely has the right name could hold other data
    """
    candidates = ", ".join(quote(f"{folder}/{MANIFEST}") for folder in folders)
    lost = quote(f"release {manifest['release_id']} is not here: start DuckDB in the folder that holds the warehouse")
    lines = [
        _opening(manifest),
        "SET VARIABLE found = (",
        f"    SELECT CASE WHEN count(*) = 0 THEN error({lost}) ELSE list(file) END",
        f"    FROM glob([{candidates}])",
        ");",
        "SET VARIABLE release = (",
        f"    SELECT CASE WHEN count(*) = 0 THEN error({lost})",
        f"        ELSE arg_min(left(filename, -{len(MANIFEST) + 1}), list_position(getvariable('found'), filename))",
        "    END",
        f"    FROM read_text(getvariable('found')) WHERE sha256(content) = {quote(manifest_sha256)}",
        ");",
        "SET file_search_path = getvariable('release');",
    ]
    return "\n".join([*lines, *_views(manifest), ""])


def _opening(manifest: Mapping[str, Any]) -> str:
    return f"-- Views over release {manifest['release_id']}; the data stay in the Parquet files."


def _views(manifest: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, dataset in DATASETS.items():
        entry = manifest["datasets"].get(name)
        if entry is None:
            continue
        files = ", ".join(quote(file["path"]) for file in entry["files"])
        lines += [
            "",
            f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet([{files}]);",
            f"COMMENT ON VIEW {name} IS {quote(dataset.doc)};",
            *(f"COMMENT ON COLUMN {name}.{f.name} IS {quote(documentation(f))};" for f in dataset.schema),
        ]
    return lines


def quote(text: str) -> str:
    """Return `text` as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
