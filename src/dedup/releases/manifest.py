"""What a release says about itself: every file with its size and hash, every dataset with its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from dedup.releases.errors import BrokenRelease
from dedup.releases.layout import MANIFEST, hash_file
from dedup.releases.sharing import CONTENT, Shared
from dedup.schemas import DATASETS

FORMAT = "dedup release"
FORMAT_VERSION = 1

#: Keys `build_manifest` fills itself; an engine's own keys stand beside them.
RESERVED = ("format", "format_version", "release_id", "parent", "created_at", "datasets", "files")


def describe_datasets(folder: Path, shared: Mapping[str, Shared] | None = None) -> dict[str, Any]:
    """Return path, rows, bytes and files (with SHA-256) of every dataset found below `folder`, in reading order.

    Parameters
    ----------
    shared : files that are linked to those of an earlier release, by path; what it knows of them holds here too
    """
    known = shared or {}
    found: dict[str, Any] = {}
    for name, dataset in DATASETS.items():
        parts = sorted((folder / dataset.path).glob("part-*.parquet"))
        if not parts:
            continue
        files = [_describe_file(part, folder, known.get(part.as_posix())) for part in parts]
        found[name] = {
            "path": dataset.path,
            "rows": sum(file["rows"] for file in files),
            "bytes": sum(file["bytes"] for file in files),
            "key": list(dataset.key),
            "files": files,
        }
    return found


def _describe_file(part: Path, folder: Path, shared: Shared | None) -> dict[str, Any]:
    metadata = pq.read_metadata(part)
    content = (metadata.metadata or {}).get(CONTENT.encode())
    return {
        "path": part.relative_to(folder).as_posix(),
        "rows": metadata.num_rows,
        "bytes": part.stat().st_size,
        "sha256": shared.sha256 if shared is not None else hash_file(part),
        **({CONTENT: content.decode()} if content else {}),
        **({"shared": True} if shared is not None else {}),
    }


def describe_files(folder: Path) -> list[dict[str, Any]]:
    """Return path, bytes and SHA-256 of every file below `folder` that is neither data nor the manifest."""
    data = {dataset.path for dataset in DATASETS.values()}
    return [
        {"path": name, "bytes": path.stat().st_size, "sha256": hash_file(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and (name := path.relative_to(folder).as_posix()) != MANIFEST
        and path.parent.relative_to(folder).as_posix() not in data
    ]


def build_manifest(
    release_id: str, parent: str | None, created_at: datetime, datasets: Mapping[str, Any], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the manifest without its `files`; `extra` holds the engine's keys (settings, timings, recall, …).

    Raises
    ------
    ValueError
        `extra` uses a key that is filled here.
    """
    taken = sorted(set(extra) & set(RESERVED))
    if taken:
        raise ValueError(f"manifest keys that releases fill themselves: {', '.join(taken)}")
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "release_id": release_id,
        "parent": parent,
        "created_at": created_at.isoformat(),
        "datasets": dict(datasets),
        **extra,
    }


def read_manifest(folder: Path, expected_sha256: str | None = None) -> dict[str, Any]:
    """Return the manifest of the release in `folder`.

    Raises
    ------
    BrokenRelease
        It is missing, is not JSON, is of a newer format, or is not the one the pointer vouches for.
    """
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
        manifest = json.loads(content)
    except (OSError, ValueError) as error:
        raise BrokenRelease(f"{path}: cannot be read ({error}); `dedup releases list` shows the others") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or "datasets" not in manifest:
        raise BrokenRelease(f"{path}: is not the manifest of a release")
    if manifest.get("format_version", 0) > FORMAT_VERSION:
        raise BrokenRelease(f"{path}: written by a newer version of dedup (format {manifest['format_version']})")
    if expected_sha256 is not None and sha256(content).hexdigest() != expected_sha256:
        raise BrokenRelease(f"{path}: was changed after publication; `dedup releases verify` says what else")
    return manifest
