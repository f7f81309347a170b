"""Removing old releases."""

from __future__ import annotations

import shutil
from pathlib import Path

from dedup.releases.layout import REJECTED, RELEASES, STAGING, explained, read_pointer, release_ids, sync_folder
from dedup.releases.lock import require_lock


def prune_releases(warehouse: str | Path, keep: int, *, dry_run: bool = False) -> list[Path]:
    """Remove all but the newest releases; call it inside `warehouse_lock`.

    The release that `latest.json` names always stays, also where somebody went back to an old one. Rejected runs
    go when they are older than every release that stays. Each folder leaves `releases/` by a rename, so a killed
    pruning leaves no half release; who has a pruned release open can read on until its files are opened anew.

    Parameters
    ----------
    warehouse : folder of the warehouse
    keep : how many releases to keep, at least 1
    dry_run : only say what would be removed

    Returns
    -------
    the folders, oldest first

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
    folder = Path(warehouse)
    require_lock(folder)
    latest = read_pointer(folder)["release_id"]
    ids = release_ids(folder / RELEASES)
    staying = {*ids[-keep:], *(id_ for id_ in ids if str(id_) == latest)}
    doomed = [folder / RELEASES / str(id_) for id_ in ids if id_ not in staying]
    doomed += [folder / REJECTED / str(id_) for id_ in release_ids(folder / REJECTED) if id_ < min(staying)]
    if dry_run:
        return doomed
    with explained(folder):
        (folder / STAGING).mkdir(exist_ok=True)
        for path in doomed:
            aside = folder / STAGING / f"{path.parent.name}-{path.name}"
            path.rename(aside)
            sync_folder(path.parent)
            shutil.rmtree(aside)
    return doomed
