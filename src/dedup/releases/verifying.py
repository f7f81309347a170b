"""Is a release still what was published? Every file, row count, schema and reference."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.releases.integrity import find_contradictions
from dedup.releases.layout import MANIFEST, hash_file
from dedup.releases.reading import Release
from dedup.schemas import DATASETS


def verify_release(release: Release) -> list[str]:
    """Check a release against its manifest.

    Returns
    -------
    one sentence per problem, empty when everything is as published: files that are missing, changed or were
    added; row counts and schemas; keys and references between datasets
    """
    problems = release.origin_problems()
    if problems:
        return problems
    listed = {MANIFEST}
    entries = [file for dataset in release.manifest["datasets"].values() for file in dataset["files"]]
    for file in [*entries, *release.manifest.get("files", [])]:
        listed.add(file["path"])
        path = release.path / file["path"]
        if not path.is_file():
            problems.append(f"{file['path']}: missing")
        elif path.stat().st_size != file["bytes"]:
            problems.append(f"{file['path']}: {path.stat().st_size} bytes, published were {file['bytes']}")
        elif hash_file(path) != file["sha256"]:
            problems.append(f"{file['path']}: changed since publication (SHA-256 differs)")
    for path in sorted(release.path.rglob("*")):
        name = path.relative_to(release.path).as_posix()
        if path.is_file() and name not in listed:
            problems.append(f"{name}: not part of the release")
    if problems:
        # What the files say is of no use when they are not the files that were published.
        return problems
    for name in release.datasets:
        problems += _check_tables(release, name)
    return problems or find_contradictions(release.path)


def _check_tables(release: Release, name: str) -> list[str]:
    problems: list[str] = []
    dataset = DATASETS.get(name)
    for entry, path in zip(release.manifest["datasets"][name]["files"], release.files(name), strict=True):
        file = pq.ParquetFile(path)
        if file.metadata.num_rows != entry["rows"]:
            problems.append(f"{entry['path']}: {file.metadata.num_rows} rows, published were {entry['rows']}")
        if dataset is not None:
            problems += [
                f"{entry['path']}: {problem}" for problem in _schema_problems(file.schema_arrow, dataset.schema)
            ]
    return problems


def _schema_problems(found: pa.Schema, contract: pa.Schema) -> list[str]:
    """Return where a file departs from the contract; further columns are allowed."""
    problems = []
    for f in contract:
        index = found.get_field_index(f.name)
        if index < 0:
            problems.append(f"column {f.name} is missing")
        elif not found.field(index).type.equals(f.type):
            problems.append(f"column {f.name} is {found.field(index).type}, the contract says {f.type}")
    return problems
