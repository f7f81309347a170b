"""Removing old releases."""

from __future__ import annotations

import os
import shutil
import stat
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dedup.releases.layout import REJECTED, RELEASES, STAGING, explained, read_pointer, release_ids, sync_folder
from dedup.releases.lock import require_lock
from dedup.workspaces import local_folder, origin_of


@dataclass(frozen=True)
class Pruning:
    """What was removed, or would be.

    Attributes
    ----------
    folders : oldest first
    freed_bytes : of files that are gone afterwards
    shared_bytes : of files that stay, since other releases (or links outside) have them too
    """

    folders: tuple[Path, ...]
    freed_bytes: int
    shared_bytes: int


def prune_releases(warehouse: str | Path, keep: int, *, dry_run: bool = False) -> Pruning:
    """Remove all but the newest releases; call it inside `warehouse_lock`.

    The release that `latest.json` names always stays, also where somebody went back to an old one. Rejected runs
    go when they are older than every release that stays. Files that several releases share are hard links, so what
    a kept release needs stays on the disk. Each folder leaves `releases/` by a rename, so a killed pruning leaves no
    half release; who has a pruned release open can read on until its files are opened anew.

    Parameters
    ----------
    warehouse : folder of the warehouse
    keep : how many releases to keep, at least 1
    dry_run : only say what would be removed

    Raises
    ------
    ValueError
        `keep` is below 1.
    NoRelease
        There is nothing to prune.
    WarehouseError
        The lock is not held, or a folder may not be removed.
    """
    if keep < 1:
        raise ValueError(f"keep = {keep}: at least one release must stay")
    folder = local_folder(warehouse)
    require_lock(folder)
    latest = read_pointer(folder)["release_id"]
    ids = release_ids(folder / RELEASES)
    staying = {*ids[-keep:], *(id_ for id_ in ids if str(id_) == latest)}
    doomed = [folder / RELEASES / str(id_) for id_ in ids if id_ not in staying]
    doomed += [folder / REJECTED / str(id_) for id_ in release_ids(folder / REJECTED) if id_ < min(staying)]
    freed, shared = _measure(folder, doomed)
    if not dry_run:
        remove_folders(folder, doomed)
    return Pruning(tuple(doomed), freed, shared)


def remove_folders(warehouse: Path, doomed: Sequence[Path]) -> None:
    """Remove folders of releases or rejected runs, each in one step as readers see it; inside `warehouse_lock`."""
    require_lock(warehouse)
    if not doomed:
        return
    if origin_of(warehouse) is not None:
        from dedup.releases.remote.removing import remove_remote

        remove_remote(warehouse, doomed)
    with explained(warehouse):
        (warehouse / STAGING).mkdir(exist_ok=True)
        for path in doomed:
            aside = warehouse / STAGING / f"{path.parent.name}-{path.name}"
            if aside.exists():
                # Of a pruning that was killed.
                shutil.rmtree(aside)
            path.rename(aside)
            sync_folder(path.parent)
            shutil.rmtree(aside)


def _measure(warehouse: Path, doomed: Sequence[Path]) -> tuple[int, int]:
    if origin_of(warehouse) is not None:
        from dedup.releases.remote.removing import stored_bytes

        return stored_bytes(warehouse, doomed), 0
    return measure_folders(doomed)


def measure_folders(folders: Iterable[Path]) -> tuple[int, int]:
    """Return (bytes of files that go with the folders, bytes of files that stay since they have other links)."""
    links: Counter[tuple[int, int]] = Counter()
    status: dict[tuple[int, int], os.stat_result] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            found = path.lstat()
            if stat.S_ISREG(found.st_mode):
                file = (found.st_dev, found.st_ino)
                links[file] += 1
                status[file] = found
    freed = shared = 0
    for file, found in status.items():
        if found.st_nlink > links[file]:
            shared += found.st_size
        else:
            freed += found.st_size
    return freed, shared
