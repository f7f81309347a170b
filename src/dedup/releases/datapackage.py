"""`datapackage.json`: the release in the words of Frictionless, made from the Arrow schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from dedup.releases.integrity import REFERENCES
from dedup.schemas import DATASETS, Dataset


def build_datapackage(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the descriptor of a release.

    Parameters
    ----------
    manifest : with `datasets` as `describe_datasets` gives them

    Returns
    -------
    a Data Package (version 1 of the standard): a resource per dataset with its files, field types, descriptions,
    primary key and the foreign keys that were checked. Sizes and hashes stand in `manifest.json` only: the
    standard has no place for those of several files, and frictionless cannot check them for Parquet
    """
    present = [name for name in DATASETS if name in manifest["datasets"]]
    return {
        "profile": "data-package",
        "name": f"release-{manifest['release_id']}",
        "id": manifest["release_id"],
        "title": str(manifest.get("title", "Deduplicated reports")),
        "version": manifest["release_id"],
        "created": manifest["created_at"],
        "resources": [_resource(DATASETS[name], manifest["datasets"][name], present) for name in present],
    }


def _resource(dataset: Dataset, entry: Mapping[str, Any], present: list[str]) -> dict[str, Any]:
    paths = [file["path"] for file in entry["files"]]
    resource: dict[str, Any] = {
        "name": dataset.name,
        "description": dataset.doc,
        "path": paths[0] if len(paths) == 1 else paths,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "rows": entry["rows"],
    }
    schema: dict[str, Any] = {"fields": [_field(f, dataset) for f in dataset.schema]}
    if dataset.key:
        schema["primaryKey"] = list(dataset.key)
    references = [
        {
            "fields": [r.column],
            "reference": {"resource": "" if r.target == dataset.name else r.target, "fields": [r.target_column]},
        }
        for r in REFERENCES
        if r.dataset == dataset.name and r.target in present
    ]
    if references:
        schema["foreignKeys"] = references
    return {**resource, "schema": schema}


def _field(f: pa.Field, dataset: Dataset) -> dict[str, Any]:
    constraints = {}
    if not f.nullable:
        constraints["required"] = True
    if dataset.key == (f.name,):
        constraints["unique"] = True
    described = {"name": f.name, "type": field_type(f.type), "description": documentation(f)}
    return {**described, "constraints": constraints} if constraints else described


def field_type(kind: pa.DataType) -> str:
    """Return the Frictionless name of an Arrow type.

    Raises
    ------
    ValueError
        No dataset has used this type before; decide here how it is described.
    """
    tests = (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "number"),
        (pa.types.is_string, "string"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "datetime"),
        (pa.types.is_list, "array"),
        (pa.types.is_fixed_size_list, "array"),
    )
    for test, name in tests:
        if test(kind):
            return name
    raise ValueError(f"no Frictionless type for {kind}")


def documentation(f: pa.Field) -> str:
    """Return the sentence a schema says about one of its fields."""
    return str((f.metadata or {}).get(b"doc", b""), "utf-8")
