"""Delivering a release to its object store: files, then the manifest, then the pointer under a condition.

Until the pointer is swapped nobody sees anything of it. Whoever finds that the pointer is not what it was when the run
began has lost the race: its upload is removed and nothing is overwritten. An upload that broke off is finished by the
next run from the same workspace when nobody published meanwhile; otherwise whoever publishes next removes it, which
is safe since the condition of its owner, should that one still be alive, can then never hold again.
"""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from dedup.releases.errors import BrokenRelease
from dedup.releases.layout import LATEST, MANIFEST, RELEASES, replace_file
from dedup.releases.manifest import read_manifest
from dedup.releases.recovery import pointer_content, withdraw_announcement
from dedup.releases.remote.bringing import listed_files
from dedup.releases.remote.bucket import Bucket, ConditionFailed, PublishedMeanwhile, StoreError
from dedup.releases.remote.layout import claim_key, release_key
from dedup.releases.remote.session import Session, session_of

#: Files that are on their way at once.
_AT_ONCE = 8
#: Attempts at the pointer while it is still what it was.
_SWAPS = 3


def deliver(warehouse: Path, release_id: str, published_at: str) -> None:
    """Upload a finished release of a workspace and let the pointer of its object store name it.

    Does nothing for warehouses on disk.

    Raises
    ------
    PublishedMeanwhile
        Another run published since this one began; the release is gone here and there.
    StoreError
        The store cannot be written; the release stays in the workspace and the next run delivers it.
    WarehouseError
        The lease was lost.
    """
    session = session_of(warehouse)
    if session is None:
        return
    try:
        _deliver(warehouse, session, release_id, published_at)
    except StoreError as error:
        raise StoreError(
            f"{error} (release {release_id} is finished and waits on this machine; the next run delivers it)"
        ) from error


def _deliver(warehouse: Path, session: Session, release_id: str, published_at: str) -> None:
    bucket = session.bucket
    session.lease.check()
    folder = warehouse / RELEASES / release_id
    # A claim that was taken late must not touch what somebody published under this name.
    if _has_moved(bucket, session.found.etag) or not _claim(bucket, release_id):
        _give_up(warehouse, bucket, release_id, remove=False)
        raise _lost(bucket)
    if _has_moved(bucket, session.found.etag):
        _give_up(warehouse, bucket, release_id, remove=False)
        bucket.delete([claim_key(release_id)])
        raise _lost(bucket)
    _upload(bucket, folder, session.found.latest)
    session.lease.check()
    if not _is_claimed(bucket, release_id):
        _give_up(warehouse, bucket, release_id)
        raise _lost(bucket)
    content = (folder / MANIFEST).read_bytes()
    try:
        bucket.put(release_key(release_id, MANIFEST), content)
        etag = _swap(bucket, pointer_content(warehouse, release_id, published_at), session.found.etag)
    except ConditionFailed:
        _give_up(warehouse, bucket, release_id)
        raise _lost(bucket) from None
    broken_off = session.found.broken_off
    session.found = replace(
        session.found, latest=release_id, etag=etag, published=(*session.found.published, release_id), broken_off=()
    )
    # It is published, whatever comes; the next run removes what stays here.
    with suppress(StoreError):
        bucket.delete([claim_key(release_id)])
        for elder in broken_off:
            if elder != release_id:
                remove_upload(bucket, elder)


def use_up(warehouse: Path, release_id: str) -> None:
    """Let other machines know that a name is taken by a run that was rejected; its datasets stay where it ran."""
    session = session_of(warehouse)
    if session is not None:
        # The name is a matter of order; a store that cannot be reached is no reason to lose the verdict.
        with suppress(StoreError):
            _claim(session.bucket, release_id)


def _has_moved(bucket: Bucket, etag: str | None) -> bool:
    standing = bucket.get(LATEST)
    return (standing.etag if standing else None) != etag


def _claim(bucket: Bucket, release_id: str) -> bool:
    """Take the name of a release; returns False where another run has taken it."""
    note = json.dumps({"workspace": bucket.origin.workspace}).encode("utf-8")
    try:
        bucket.put(claim_key(release_id), note, new=True)
    except ConditionFailed:
        return _is_claimed(bucket, release_id)
    return True


def _is_claimed(bucket: Bucket, release_id: str) -> bool:
    """Tell whether the name of a release is taken by this workspace."""
    claim = bucket.get(claim_key(release_id))
    try:
        return claim is not None and json.loads(claim.content)["workspace"] == bucket.origin.workspace
    except (ValueError, LookupError, TypeError):
        return False


def _upload(bucket: Bucket, folder: Path, parent: str | None) -> None:
    """Bring all files but the manifest to the store; what the parent has there is copied inside it."""
    known: dict[str, str] = {}
    if parent is not None:
        with suppress(BrokenRelease):
            elder = read_manifest(folder.parent / parent)
            known = {file["sha256"]: release_key(parent, file["path"]) for file in listed_files(elder)}
    # Objects appear whole, and a release never changes: what an upload that broke off has left is what it must be.
    there = bucket.sizes(f"{RELEASES}/{folder.name}")

    def bring(file: dict[str, Any]) -> None:
        path, key = file["path"], release_key(folder.name, file["path"])
        if there.get(path) == file["bytes"]:
            return
        source = known.get(file["sha256"])
        if source is None or not bucket.copy(source, key):
            bucket.upload(folder / path, key)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(bring, listed_files(read_manifest(folder))))


def _swap(bucket: Bucket, content: bytes, etag: str | None) -> str:
    """Replace the pointer and return its ETag.

    Raises
    ------
    ConditionFailed
        It is not what it was.
    """
    for attempt in range(_SWAPS):
        try:
            return bucket.put(LATEST, content, replaces=etag, new=etag is None)
        except ConditionFailed:
            standing = bucket.get(LATEST)
            if standing is not None and standing.content == content:
                # The first attempt arrived and only its answer was lost.
                return standing.etag
            # Stores also answer so to requests that merely met each other.
            if (standing.etag if standing else None) != etag or attempt == _SWAPS - 1:
                raise
    raise ConditionFailed


def _lost(bucket: Bucket) -> PublishedMeanwhile:
    when = ""
    with suppress(StoreError, ValueError, LookupError, TypeError):
        standing = bucket.get(LATEST)
        if standing is not None:
            when = f" {json.loads(standing.content)['release_id']}"
    return PublishedMeanwhile(
        f"{bucket.origin.url}: another run published{when} meanwhile; nothing was overwritten. Run again, and it "
        "builds on that release"
    )


def _give_up(warehouse: Path, bucket: Bucket, release_id: str, *, remove: bool = True) -> None:
    """Remove a release that can never be published, here and in the store."""
    shutil.rmtree(warehouse / RELEASES / release_id, ignore_errors=True)
    with suppress(OSError):
        withdraw_announcement(warehouse, release_id)
    if remove:
        with suppress(StoreError):
            remove_upload(bucket, release_id)


def remove_upload(bucket: Bucket, release_id: str) -> None:
    """Remove an upload that is not published, the note of it last."""
    bucket.delete(release_key(release_id, name) for name in bucket.sizes(f"{RELEASES}/{release_id}"))
    bucket.delete([claim_key(release_id)])


def restore_remote_pointer(warehouse: Path, session: Session) -> None:
    """Let the pointer name the newest release where it is lost or damaged, as `restore_pointer` does on disk."""
    if session.found.latest is not None or not session.found.published:
        return
    release_id = session.found.published[-1]
    created_at = str(read_manifest(warehouse / RELEASES / release_id)["created_at"])
    content = pointer_content(warehouse, release_id, created_at)
    try:
        etag = _swap(session.bucket, content, session.found.etag)
    except ConditionFailed:
        raise _lost(session.bucket) from None
    session.found = replace(session.found, latest=release_id, etag=etag)
    replace_file(warehouse / LATEST, content)


def deliver_pending(warehouse: Path, session: Session, finished: list[str]) -> None:
    """Deliver what earlier runs from this workspace finished and did not bring to the store.

    What was built on a release that is not the newest any more is given up; those pages are read again anyway.

    Parameters
    ----------
    finished : ids of releases that were checked and about to be published
    """
    for release_id in sorted(finished):
        folder = warehouse / RELEASES / release_id
        if not folder.is_dir() or release_id in session.found.published:
            continue
        try:
            manifest = read_manifest(folder)
        except BrokenRelease:
            continue
        if manifest["parent"] == session.found.latest:
            with suppress(PublishedMeanwhile):
                deliver(warehouse, release_id, str(manifest["created_at"]))
        elif _is_claimed(session.bucket, release_id):
            _give_up(warehouse, session.bucket, release_id)
