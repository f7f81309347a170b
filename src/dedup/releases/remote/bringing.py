"""Fetching files of releases into a workspace when they are needed, each checked against its manifest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

from dedup.releases.errors import BrokenRelease
from dedup.releases.layout import RELEASES, explained, release_ids
from dedup.releases.manifest import read_manifest
from dedup.releases.remote.arriving import arriving
from dedup.releases.remote.bucket import Bucket
from dedup.releases.remote.layout import release_key
from dedup.releases.sharing import link_file
from dedup.workspaces import Origin, origin_of

#: Files that are on their way at once: one connection seldom fills a line.
_AT_ONCE = 8


def bring(release: Path, datasets: Iterable[str] | None = None) -> None:
    """Fetch what a release in a workspace lacks; does nothing for releases that lie on disk anyway.

    A file that another release in the workspace has as well is linked. Only whole files appear, and only those whose
    bytes are the ones that were published.

    Parameters
    ----------
    release : folder of the release
    datasets : their names; None brings everything

    Raises
    ------
    BrokenRelease
        A file is not in the store, or is not what was published.
    StoreError
        The store cannot be read.
    """
    origin = origin_of(release)
    if origin is None or release.parent != origin.folder / RELEASES:
        return
    manifest = read_manifest(release)
    lacking = [file for file in listed_files(manifest, datasets) if not _is_there(release / file["path"], file)]
    if not lacking:
        return
    others = _files_of_others(origin, release.name, {file["sha256"] for file in lacking})
    bucket = Bucket(origin)

    def fetch(file: dict[str, Any]) -> None:
        known = others.get(file["sha256"])
        with arriving(origin, release / file["path"]) as aside:
            if known is not None:
                link_file(known, aside)
            else:
                _download(bucket, release.name, file, aside)

    with explained(release), ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(fetch, lacking))


def listed_files(manifest: dict[str, Any], datasets: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield path, bytes and SHA-256 of the files of some datasets; of all files when none are named."""
    names = manifest["datasets"] if datasets is None else [n for n in datasets if n in manifest["datasets"]]
    for name in names:
        yield from manifest["datasets"][name]["files"]
    if datasets is None:
        yield from manifest.get("files", [])


def _is_there(path: Path, file: dict[str, Any]) -> bool:
    try:
        return path.stat().st_size == int(file["bytes"])
    except OSError:
        return False


def _files_of_others(origin: Origin, release_id: str, wanted: set[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for id_ in map(str, reversed(release_ids(origin.folder / RELEASES))):
        if id_ == release_id or len(found) == len(wanted):
            continue
        folder = origin.folder / RELEASES / id_
        try:
            files = list(listed_files(read_manifest(folder)))
        except BrokenRelease:
            continue
        for file in files:
            if file["sha256"] in wanted and _is_there(folder / file["path"], file):
                found.setdefault(file["sha256"], folder / file["path"])
    return found


def _download(bucket: Bucket, release_id: str, file: dict[str, Any], target: Path) -> None:
    digest = sha256()
    try:
        with target.open("wb") as out:
            for block in bucket.blocks(release_key(release_id, file["path"])):
                digest.update(block)
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != file["sha256"]:
            raise BrokenRelease(
                f"{bucket.origin.url}/{release_key(release_id, file['path'])}: changed since publication (SHA-256 "
                f"differs); `dedup releases verify {release_id}` says what else"
            )
    except FileNotFoundError as error:
        raise BrokenRelease(f"{error}: missing; `dedup releases verify {release_id}` says what else") from None
