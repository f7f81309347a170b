"""Setting a warehouse right after a run that was killed: done by the next one, under the lock."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from pathlib import Path

from dedup.releases.errors import BrokenRelease, NoRelease
from dedup.releases.layout import LATEST, MANIFEST, RELEASES, TEMPORARY, read_pointer, release_ids, write_json
from dedup.releases.manifest import read_manifest


def write_pointer(warehouse: Path, release_id: str, published_at: datetime | str) -> None:
    """Let `latest.json` name a release: from this instant on, readers open it."""
    manifest = warehouse / RELEASES / release_id / MANIFEST
    pointer = {
        "release_id": release_id,
        "path": f"{RELEASES}/{release_id}",
        "published_at": published_at if isinstance(published_at, str) else published_at.isoformat(),
        "manifest_sha256": sha256(manifest.read_bytes()).hexdigest(),
    }
    write_json(warehouse / LATEST, pointer)


def remove_leftovers(warehouse: Path) -> None:
    """Remove the temporary files of `replace_file` that a killed run left beside the releases."""
    for path in warehouse.glob(TEMPORARY):
        path.unlink(missing_ok=True)


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
        folder = warehouse / RELEASES / str(release_id)
        try:
            manifest = read_manifest(folder)
        except BrokenRelease:
            continue
        files = [file for dataset in manifest["datasets"].values() for file in dataset["files"]]
        if all((folder / file["path"]).is_file() for file in files):
            write_pointer(warehouse, str(release_id), str(manifest["created_at"]))
            return str(release_id)
    if not ids:
        (warehouse / LATEST).unlink(missing_ok=True)
    return None
