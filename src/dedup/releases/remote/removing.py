"""Removing releases from an object store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dedup.releases.layout import RELEASES
from dedup.releases.manifest import read_manifest
from dedup.releases.remote.bringing import listed_files
from dedup.releases.remote.delivering import remove_upload
from dedup.releases.remote.layout import claim_key
from dedup.releases.remote.session import session_of


def remove_remote(warehouse: Path, doomed: Sequence[Path]) -> None:
    """Remove from the object store of a workspace those releases that are about to be removed from it.

    It is marked like an upload first: from then on nobody finds the release, and if the rest is not reached, the next
    publication removes it. Does nothing for warehouses on disk.

    Raises
    ------
    StoreError
        The store cannot be written.
    WarehouseError
        The lease was lost.
    """
    session = session_of(warehouse)
    if session is None:
        return
    for folder in doomed:
        if folder.parent != warehouse / RELEASES:
            continue  # rejected runs are kept where they ran
        session.lease.check()
        session.bucket.put(claim_key(folder.name), b"{}")
        remove_upload(session.bucket, folder.name)
        left = tuple(name for name in session.found.published if name != folder.name)
        session.found = replace(session.found, published=left)


def stored_bytes(warehouse: Path, releases: Sequence[Path]) -> int:
    """Return the bytes that releases of a workspace take in its object store.

    Copies inside a store share nothing, so all of it is freed with them.
    """
    return sum(
        int(file["bytes"])
        for folder in releases
        if folder.parent == warehouse / RELEASES
        for file in listed_files(read_manifest(folder))
    )
