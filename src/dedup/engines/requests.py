"""What the results of a run depend on: an earlier attempt may be taken up when all of it is as it was."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

import dedup
from dedup.reference import reference_file
from dedup.releases.layout import MANIFEST, hash_file

if TYPE_CHECKING:
    from dedup.releases import Release
    from dedup.releases.tombstones import Tombstones
    from dedup.settings import Settings, SourceSettings

#: Settings that no row depends on.
_IRRELEVANT = frozenset({"warehouse", "workers", "memory_limit", "title", "sources", "alerts", "alarms"})
#: Files of the package that rows depend on: modules, tables, suites.
_CODE = frozenset({".py", ".npz", ".json", ".toml", ".csv", ".parquet"})


def describe_request(
    settings: Settings,
    sources: Sequence[SourceSettings],
    previous: Release | None,
    tombstones: Tombstones,
    **flags: Any,
) -> dict[str, Any]:
    """Return a request as JSON: what is read, with which program and settings, upon which release.

    Parameters
    ----------
    previous, tombstones : the release that is built on, and what is kept out
    flags : further arguments of the run
    """
    manifest = hash_file(previous.path / MANIFEST) if previous is not None else None
    return {
        "the program": _program(),
        "the settings": _digest(settings.model_dump_json(exclude=set(_IRRELEVANT)), _suites(settings)),
        "the sources": _digest(*(s.model_dump_json() for s in (*sources, *settings.sources))),
        "their files": _listing(sources),
        "the last release": [previous.id, manifest] if previous is not None else None,
        "what is forgotten": tombstones.version,
        "what was decided": _decisions(settings),
        "what was asked for": {name: value for name, value in sorted(flags.items()) if value is not None},
    }


def _digest(*texts: str) -> str:
    digest = sha256()
    for text in texts:
        digest.update(f"{len(text)}:{text}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


@cache
def _program() -> str:
    """Return a digest of the package's files and of the libraries that write the kept files."""
    from dedup.quality.suites import suites_folder

    digest = sha256(f"{pa.__version__} {np.__version__}".encode())
    for folder in (Path(dedup.__file__).parent, reference_file("indicators.csv").parent, suites_folder()):
        for path in sorted(folder.rglob("*")):
            if path.suffix in _CODE:
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _suites(settings: Settings) -> str:
    """Return name, size and time of the user's own suites."""
    folder = settings.quality.suites
    return _files(Path(folder)) if folder else ""


def _files(folder: Path) -> str:
    found = [(path.name, path.stat()) for path in sorted(folder.glob("*")) if path.is_file()]
    return "\n".join(f"{name} {status.st_size} {status.st_mtime_ns}" for name, status in found)


def _listing(sources: Sequence[SourceSettings]) -> str:
    """Return a digest of name, size and time of every file of the sources, without opening one."""
    from dedup.sources.locate import list_entries

    digest = sha256()
    for source in sources:
        for entry in list_entries(source):
            if entry.changed is None:
                # Nobody can tell whether it is the same, so it is not.
                return f"unknown at {time.time_ns()}"
            line = f"{entry.name}\0{entry.inside}\0{entry.size}\0{entry.changed}\0{entry.refusal}\n"
            digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _decisions(settings: Settings) -> str:
    if not settings.has_decisions:
        return ""
    from dedup.decisions import open_store

    with open_store(settings) as store:
        return store.version()
