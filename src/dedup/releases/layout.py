"""Where things lie in a warehouse, the pointer to the newest release, and files that appear whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from dedup.releases.errors import BrokenRelease, NoRelease, WarehouseError
from dedup.workspaces import public_name

LATEST = "latest.json"
MANIFEST = "manifest.json"
RELEASES = "releases"
STAGING = "staging"
REJECTED = "rejected"
VIEWS = "views.sql"
CARD = "README.md"
DATAPACKAGE = "datapackage.json"

#: Names of files that `replace_file` is about to put in place.
TEMPORARY = ".*.tmp"

_RELEASE_ID = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([1-9][0-9]*)")


@dataclass(frozen=True, order=True)
class ReleaseId:
    """Day and number of a release, in the order of publication; written `YYYY-MM-DD.N`."""

    day: date
    number: int

    def __str__(self) -> str:
        return f"{self.day.isoformat()}.{self.number}"


def parse_release_id(text: str) -> ReleaseId | None:
    """Return the parts of `YYYY-MM-DD.N`, or None where the text is something else."""
    match = _RELEASE_ID.fullmatch(text)
    if match is None:
        return None
    try:
        return ReleaseId(date.fromisoformat(match[1]), int(match[2]))
    except ValueError:
        return None


def release_ids(folder: Path) -> list[ReleaseId]:
    """Return the ids of the release folders inside `folder`, oldest first; none where it does not exist."""
    if not folder.is_dir():
        return []
    found = (parse_release_id(entry.name) for entry in folder.iterdir() if entry.is_dir())
    return sorted(release_id for release_id in found if release_id is not None)


def next_release_id(warehouse: Path, now: datetime) -> ReleaseId:
    """Return the id after all that were ever given.

    The order of ids is the order of publication: on a machine whose clock went back, the new release keeps the
    day of the newest one and takes the next number. A rejected run uses up its number, so that a name never means
    two things.
    """
    taken = release_ids(warehouse / RELEASES) + release_ids(warehouse / REJECTED)
    today = now.astimezone(UTC).date()
    last = max(taken, default=ReleaseId(today, 0))
    return ReleaseId(today, 1) if today > last.day else ReleaseId(last.day, last.number + 1)


def read_pointer(warehouse: Path) -> dict[str, Any]:
    """Return what `latest.json` says.

    Raises
    ------
    NoRelease
        There is no pointer: nothing was published here yet.
    BrokenRelease
        The pointer is not what `write_pointer` writes.
    """
    path = warehouse / LATEST
    try:
        pointer = json.loads(path.read_bytes())
    except FileNotFoundError:
        name = public_name(warehouse)
        raise NoRelease(f"{name}: no release here yet; `dedup run --warehouse {name}` publishes one") from None
    except NotADirectoryError:
        raise NoRelease(f"{warehouse}: a warehouse is a folder, this is a file") from None
    except (ValueError, OSError) as error:
        raise BrokenRelease(f"{path}: cannot be read ({error}); {_way_out(warehouse)}") from error
    release_id = pointer.get("release_id") if isinstance(pointer, dict) else None
    if not isinstance(release_id, str) or parse_release_id(release_id) is None:
        raise BrokenRelease(f"{path}: names no release; {_way_out(warehouse)}")
    return dict(pointer)


def _way_out(warehouse: Path) -> str:
    ids = release_ids(warehouse / RELEASES)
    if not ids:
        return "the next run writes it anew"
    return f"open a release by its id instead (the newest is {ids[-1]}), or let the next run write it anew"


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON, replacing `path` in one step that survives a power cut."""
    replace_file(path, json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8") + b"\n")


def replace_file(path: Path, content: bytes) -> None:
    """Let `content` stand at `path`: readers see the old file or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names inside `folder` durable (a renamed file is safe only once its folder is)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make the bytes of `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of the file in 64 hex digits, reading 1 MiB at a time."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


_CAUSES = {
    errno.ENOSPC: "the disk is full; free some space and run again",
    errno.EDQUOT: "the disk quota is used up; free some space and run again",
    errno.EFBIG: "a file may not become so large here; raise the limit (`ulimit -f`) or choose another --warehouse",
    errno.EACCES: "no permission to write; change the owner or mode of the folder, or choose another --warehouse",
    errno.EPERM: "no permission to write; change the owner or mode of the folder, or choose another --warehouse",
    errno.EROFS: "the file system is read-only; choose another --warehouse",
    errno.ENOTDIR: "a file stands where a folder is needed; choose another --warehouse",
    errno.EEXIST: "a file stands where a folder is needed; choose another --warehouse",
}


@contextmanager
def explained(place: Path) -> Iterator[None]:
    """Turn an `OSError` of the block into a `WarehouseError` that says what to do about it."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        cause = _CAUSES.get(error.errno or 0, f"{error.strerror or error}")
        raise WarehouseError(f"{where}: {cause} (what was published before is untouched)") from error
