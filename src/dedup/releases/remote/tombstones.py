"""Tombstones that several machines share: what one has forgotten stays out of the runs of all."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from dedup.releases.errors import TombstonesUnreadable
from dedup.releases.layout import explained, write_json
from dedup.releases.remote.bucket import Bucket
from dedup.releases.tombstones import FORGOTTEN, KEY, LIST, write_private

#: File of a workspace that says which tombstones it last had in common with its object store.
_COMMON = ".shared.json"
#: The key comes first: a list without its key stops every run.
_NAMES = (KEY, LIST)

_Files = dict[str, bytes]


def share_tombstones(folder: Path, bucket: Bucket) -> None:
    """Bring tombstones to the object store, or from it, whichever side has changed since they were last the same.

    Call it with the lock held. Where both have changed, the list is that of both together.

    Raises
    ------
    TombstonesUnreadable
        Both sides have changed, and with other keys.
    StoreError
        The store cannot be used.
    """
    here, there, common = _here(folder), _there(bucket), _common(folder)
    if here == there:
        _note(folder, here)
    elif there and _digest(here) in (common, _digest({})):
        _take(folder, there)
    elif not there or _digest(there) == common:
        _bring(folder, bucket, here)
    else:
        _bring(folder, bucket, _both(here, there, bucket))


def take_tombstones(folder: Path, bucket: Bucket) -> None:
    """Take over tombstones that other machines have set; for readers, who write nothing to the store."""
    here, common = _here(folder), _common(folder)
    if _digest(here) not in (common, _digest({})):
        return
    there = _there(bucket)
    if there and there != here:
        _take(folder, there)


def _here(folder: Path) -> _Files:
    found: _Files = {}
    for name in _NAMES:
        try:
            found[name] = (folder / FORGOTTEN / name).read_bytes()
        except FileNotFoundError:
            continue
    return found


def _there(bucket: Bucket) -> _Files:
    stored = {name: bucket.get(f"{FORGOTTEN}/{name}") for name in _NAMES}
    return {name: value.content for name, value in stored.items() if value is not None}


def _digest(files: _Files) -> str:
    return sha256(b"\0".join(files.get(name, b"") for name in _NAMES)).hexdigest()


def _common(folder: Path) -> str:
    try:
        return str(json.loads((folder / FORGOTTEN / _COMMON).read_bytes())["common"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def _note(folder: Path, files: _Files) -> None:
    if files and _common(folder) != _digest(files):
        with explained(folder):
            write_json(folder / FORGOTTEN / _COMMON, {"common": _digest(files)})


def _take(folder: Path, files: _Files) -> None:
    with explained(folder):
        for name in _NAMES:
            if name in files:
                write_private(folder / FORGOTTEN / name, files[name])
    _note(folder, files)


def _bring(folder: Path, bucket: Bucket, files: _Files) -> None:
    if LIST not in files:
        bucket.delete([f"{FORGOTTEN}/{LIST}"])
    for name in _NAMES:
        if name in files:
            bucket.put(f"{FORGOTTEN}/{name}", files[name])
    _take(folder, files)


def _both(here: _Files, there: _Files, bucket: Bucket) -> _Files:
    try:
        ours, theirs = (json.loads(files[LIST]) for files in (here, there))
        if ours["key_check"] != theirs["key_check"]:
            raise ValueError
        stones: dict[Any, Any] = {(s["kind"], s["digest"]): s for s in (*ours["tombstones"], *theirs["tombstones"])}
    except (ValueError, LookupError, TypeError):
        raise TombstonesUnreadable(
            f"{bucket.origin.url}/{FORGOTTEN}: what was forgotten here and what was forgotten on another machine do "
            "not go together; name the pages again with `dedup forget`, after `dedup forget --undo --all`"
        ) from None
    merged = {**ours, "tombstones": sorted(stones.values(), key=lambda s: (s["created_at"], s["digest"]))}
    return {KEY: there[KEY], LIST: json.dumps(merged, indent=1).encode("utf-8") + b"\n"}
