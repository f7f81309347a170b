"""Bringing a workspace up to its object store: the pointer, the manifests, the tombstones; data comes when needed."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from dedup.releases.layout import (
    LATEST,
    MANIFEST,
    REJECTED,
    RELEASES,
    explained,
    hash_file,
    parse_release_id,
    release_ids,
    sync_file,
)
from dedup.releases.manifest import read_manifest
from dedup.releases.remote.arriving import arriving, clear_incoming
from dedup.releases.remote.bucket import Bucket, Stored
from dedup.releases.remote.layout import claimed_ids, release_key, stored_ids
from dedup.workspaces import Origin


@dataclass(frozen=True)
class Followed:
    """What the object store holds.

    Attributes
    ----------
    latest : the release that readers get; None where nothing was published, or the pointer is damaged
    etag : of the pointer
    published : ids of all releases, oldest first
    broken_off : ids of uploads that were never published, and of releases whose removal broke off
    """

    latest: str | None
    etag: str | None
    published: tuple[str, ...]
    broken_off: tuple[str, ...]


def follow(folder: Path, bucket: Bucket) -> Followed:
    """Let `latest.json` and the manifests in a workspace be those of the object store; nothing is removed.

    Raises
    ------
    StoreError
        The store cannot be read.
    """
    pointer = bucket.get(LATEST)
    claims = claimed_ids(bucket)
    latest = None
    if pointer is not None:
        latest, digest = _named(pointer)
        if latest is not None and digest is not None:
            _forget_namesake(folder / RELEASES / latest, digest)
    known = _ancestry(folder, bucket, latest) if claims else set()
    published: list[str] = []
    broken_off: list[str] = []
    for id_ in map(str, stored_ids(bucket)):
        is_whole = (id_ not in claims or id_ in known) and _bring_manifest(folder, bucket, id_)
        (published if is_whole else broken_off).append(id_)
    broken_off += sorted(claims - set(published) - set(broken_off))
    if pointer is not None:
        with explained(folder):
            path = folder / LATEST
            if not path.is_file() or path.read_bytes() != pointer.content:
                _write(bucket.origin, path, pointer.content)
    there = latest if latest in published else None
    return Followed(there, pointer.etag if pointer else None, tuple(published), tuple(broken_off))


def _ancestry(folder: Path, bucket: Bucket, latest: str | None) -> set[str]:
    """Return the latest release and those it is built on: they were published, whatever is noted about them."""
    found: set[str] = set()
    while latest is not None and latest not in found and _bring_manifest(folder, bucket, latest):
        found.add(latest)
        latest = read_manifest(folder / RELEASES / latest)["parent"]
    return found


def _named(pointer: Stored) -> tuple[str | None, str | None]:
    """Return the release that a pointer names, None where it is damaged, and the SHA-256 of its manifest if it says."""
    try:
        content = json.loads(pointer.content)
        name, digest = str(content["release_id"]), content.get("manifest_sha256")
    except (ValueError, LookupError, TypeError, AttributeError):
        name, digest = "", None
    return (name if parse_release_id(name) is not None else None), digest


def _forget_namesake(release: Path, digest: str) -> None:
    """Remove a release of the same name from a workspace whose bucket was emptied and filled anew."""
    path = release / MANIFEST
    if path.is_file() and hash_file(path) != digest:
        with explained(release):
            shutil.rmtree(release)


def _bring_manifest(folder: Path, bucket: Bucket, release_id: str) -> bool:
    path = folder / RELEASES / release_id / MANIFEST
    if path.is_file():
        return True
    stored = bucket.get(release_key(release_id, MANIFEST))
    if stored is None:
        return False
    with explained(folder):
        _write(bucket.origin, path, stored.content)
    return True


def _write(origin: Origin, path: Path, content: bytes) -> None:
    with arriving(origin, path) as aside:
        aside.write_bytes(content)
        # A manifest is fetched once; it must not be found empty after a power cut.
        sync_file(aside)


def let_go(folder: Path, origin: Origin, followed: Followed) -> None:
    """Remove from a workspace what its object store has no more, and note the numbers that are used up.

    Call it with the lock of the workspace held, after what was to be delivered is.
    """
    with explained(folder):
        clear_incoming(origin)
        for id_ in release_ids(folder / RELEASES):
            if str(id_) not in followed.published:
                shutil.rmtree(folder / RELEASES / str(id_))
        if not followed.published:
            (folder / LATEST).unlink(missing_ok=True)
        for name in followed.broken_off:
            # A name never means two things: the run that broke off, here or elsewhere, may still be writing.
            (folder / REJECTED / name).mkdir(parents=True, exist_ok=True)
