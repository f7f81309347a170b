"""Setting a warehouse right after a run that was killed: done by the next one, under the lock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from dedup.releases.errors import BrokenRelease, NoRelease
from dedup.releases.layout import (
    LATEST,
    MANIFEST,
    RELEASES,
    STAGING,
    TEMPORARY,
    VIEWS,
    hash_file,
    parse_release_id,
    read_pointer,
    release_ids,
    replace_file,
    write_json,
)
from dedup.releases.manifest import read_manifest
from dedup.releases.views import quote, warehouse_views

#: `staging/<release id>.publishing` stands from before a finished release is renamed until it can be read.
PUBLISHING = ".publishing"


def recover(warehouse: Path) -> None:
    """Finish or undo what a killed run left beside the releases."""
    for path in warehouse.glob(TEMPORARY):
        path.unlink(missing_ok=True)
    finish_publication(warehouse)
    restore_pointer(warehouse)
    _restore_views(warehouse)


def write_pointer(warehouse: Path, release_id: str, published_at: datetime | str) -> None:
    """Let `latest.json` name a release: from this instant on, readers open it."""
    replace_file(warehouse / LATEST, pointer_content(warehouse, release_id, published_at))


def pointer_content(warehouse: Path, release_id: str, published_at: datetime | str) -> bytes:
    """Return what `latest.json` says when it names a release."""
    manifest = warehouse / RELEASES / release_id / MANIFEST
    pointer = {
        "release_id": release_id,
        "path": f"{RELEASES}/{release_id}",
        "published_at": published_at if isinstance(published_at, str) else published_at.isoformat(),
        "manifest_sha256": sha256(manifest.read_bytes()).hexdigest(),
    }
    return json.dumps(pointer, ensure_ascii=False, indent=2).encode("utf-8") + b"\n"


def write_views(warehouse: Path, release_id: str, manifest: Mapping[str, Any]) -> None:
    """Let `views.sql` of the warehouse show a release.

    It is looked for in the warehouse below the working folder, then in the working folder as the warehouse, so that
    a warehouse may move; and last where the warehouse is now, so that the script works from anywhere.
    """
    place, release = warehouse.resolve(), f"{RELEASES}/{release_id}"
    folders = [f"{place.name}/{release}", release, (place / release).as_posix()]
    digest = hash_file(place / release / MANIFEST)
    replace_file(warehouse / VIEWS, warehouse_views(manifest, folders, digest).encode("utf-8"))


def announce_publication(warehouse: Path, release_id: str) -> None:
    """Note that a release is finished, checked and durable, and about to be published.

    A run that is killed after this has its release published by the next one: the work is not lost, and no folder
    stands among the releases that nobody published.
    """
    write_json(warehouse / STAGING / f"{release_id}{PUBLISHING}", {"release_id": release_id})


def withdraw_announcement(warehouse: Path, release_id: str) -> None:
    """Remove the note: the release is published, or will not be."""
    (warehouse / STAGING / f"{release_id}{PUBLISHING}").unlink(missing_ok=True)


def finish_publication(warehouse: Path) -> str | None:
    """Publish the release whose run was killed between its rename and the pointer.

    Returns
    -------
    the release, None when there was nothing to finish
    """
    finished = None
    for note in sorted((warehouse / STAGING).glob(f"*{PUBLISHING}")):
        release_id = note.name.removesuffix(PUBLISHING)
        folder = warehouse / RELEASES / release_id
        try:
            latest = read_pointer(warehouse)["release_id"]
        except (NoRelease, BrokenRelease):
            latest = None
        # Without its folder the release was not renamed yet; it goes with the rest of the staging folder.
        if parse_release_id(release_id) is not None and folder.is_dir() and latest != release_id:
            manifest = _whole(folder)
            # The pointer has moved when it is not where the run found it: somebody has chosen.
            if manifest is not None and manifest["parent"] == latest:
                write_pointer(warehouse, release_id, str(manifest["created_at"]))
                finished = release_id
        note.unlink(missing_ok=True)
    return finished


def restore_pointer(warehouse: Path) -> str | None:
    """Write `latest.json` anew when it is lost or damaged, or names a release whose folder is gone.

    It then names the newest release whose manifest can be read and whose files are all there; where no release is
    left at all, it is removed, and the next run begins afresh. A pointer to a release that is there is never changed,
    even when newer releases exist: somebody may have gone back on purpose.

    Returns
    -------
    the release it names now, None when nothing had to be done or nothing could be found
    """
    try:
        if (warehouse / RELEASES / read_pointer(warehouse)["release_id"]).is_dir():
            return None
    except (NoRelease, BrokenRelease):
        pass
    ids = release_ids(warehouse / RELEASES)
    for release_id in reversed(ids):
        manifest = _whole(warehouse / RELEASES / str(release_id))
        if manifest is not None:
            write_pointer(warehouse, str(release_id), str(manifest["created_at"]))
            return str(release_id)
    if not ids:
        (warehouse / LATEST).unlink(missing_ok=True)
    return None


def _whole(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a release, None where it cannot be read or a file is missing."""
    try:
        manifest = read_manifest(folder)
    except BrokenRelease:
        return None
    files = [file for dataset in manifest["datasets"].values() for file in dataset["files"]]
    return manifest if all((folder / file["path"]).is_file() for file in files) else None


def _restore_views(warehouse: Path) -> None:
    """Let `views.sql` show what `latest.json` names, where a run was killed between the two."""
    try:
        pointer = read_pointer(warehouse)
        folder = warehouse / RELEASES / pointer["release_id"]
        manifest = read_manifest(folder)
        views = (warehouse / VIEWS).read_text("utf-8")
    except (NoRelease, BrokenRelease, UnicodeDecodeError):
        return
    except FileNotFoundError:
        views = ""
    if quote(hash_file(folder / MANIFEST)) not in views:
        write_views(warehouse, pointer["release_id"], manifest)
