"""Opening a release of an object store."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from dedup.releases.errors import NoRelease
from dedup.releases.layout import RELEASES, STAGING, ReleaseId, parse_release_id, read_pointer, release_ids
from dedup.releases.manifest import read_manifest
from dedup.releases.recovery import PUBLISHING
from dedup.releases.remote.bucket import Bucket, StoreError
from dedup.releases.remote.following import Followed, follow
from dedup.releases.remote.release import RemoteRelease
from dedup.releases.remote.session import session_of
from dedup.releases.remote.tombstones import take_tombstones
from dedup.workspaces import Origin


def open_remote(origin: Origin, release: str | None = None) -> RemoteRelease:
    """Open a release: the pointer is read once, and the data when it is asked for.

    Raises
    ------
    NoRelease
        Nothing was published there, or not under this id.
    BrokenRelease
        The pointer or the manifest is damaged.
    StoreError
        The store cannot be read.
    """
    found = _look(origin)
    if release is None and found.latest is not None:
        pointer = read_pointer(origin.folder)
        path = origin.folder / RELEASES / pointer["release_id"]
        return RemoteRelease(path, read_manifest(path, pointer.get("manifest_sha256")), origin)
    if release is None and not found.published:
        raise NoRelease(f"{origin.url}: no release here yet; `dedup run --warehouse {origin.url}` publishes one")
    if release is None:
        # Lost or damaged, with releases there.
        release = str(read_pointer(origin.folder)["release_id"])
    if release not in found.published:
        there = ", ".join(found.published[:-6:-1])
        raise NoRelease(
            f"{origin.url}: no release {release!r}; there are "
            f"{there or 'none'}{' …' if len(found.published) > 5 else ''}"
        )
    path = origin.folder / RELEASES / release
    return RemoteRelease(path, read_manifest(path), origin)


def remote_ids(origin: Origin) -> list[ReleaseId]:
    """Return the ids of the releases in an object store, oldest first."""
    ids = (parse_release_id(name) for name in _look(origin).published)
    return sorted(id_ for id_ in ids if id_ is not None)


def _look(origin: Origin) -> Followed:
    session = session_of(origin.folder)
    if session is not None:
        # This process writes here: it knows, and nobody else may change anything.
        return session.found
    bucket = Bucket(origin)
    before = _unannounced(origin.folder)
    found = follow(origin.folder, bucket)
    for name in before.difference(found.published):
        # Removed from the store, perhaps because something in it was to be forgotten.
        shutil.rmtree(origin.folder / RELEASES / name, ignore_errors=True)
    # Who may read releases need not be allowed to read what was forgotten.
    with suppress(StoreError):
        take_tombstones(origin.folder, bucket)
    return found


def _unannounced(folder: Path) -> set[str]:
    """Return the releases in a workspace that no run is about to deliver.

    They are listed before the store is looked at, so what is published in between is none of them.
    """
    ids = {str(id_) for id_ in release_ids(folder / RELEASES)}
    return ids - {path.name.removesuffix(PUBLISHING) for path in (folder / STAGING).glob(f"*{PUBLISHING}")}


def refresh(folder: Path, origin: Origin) -> None:
    """Let a workspace know of what was published since; for those who look at its files."""
    if session_of(folder) is None:
        _look(origin)
