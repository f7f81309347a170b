"""One writer at a time: the lock of a warehouse."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dedup.releases.errors import WarehouseError, WarehouseLocked
from dedup.releases.layout import explained
from dedup.releases.recovery import remove_leftovers, restore_pointer

LOCK = ".lock"

#: Lock files this process holds, by (device, inode).
_held: set[tuple[int, int]] = set()


@contextmanager
def warehouse_lock(warehouse: str | Path) -> Iterator[Path]:
    """Hold the warehouse for writing; makes the folder when it is missing and yields it.

    The kernel keeps the lock (`flock`) and drops it when its owner ends, however it ends, so a dead run never
    blocks the next one and there is nothing to clean up by hand. The file's content (process, host, start) only
    serves the message. It is not reentrant: a second run inside the same process is refused like any other.
    Whoever takes the lock first puts a lost or damaged `latest.json` right (`restore_pointer`).

    Raises
    ------
    WarehouseLocked
        Another run holds it.
    WarehouseError
        The folder cannot be made or written.
    """
    import fcntl  # not on every system; readers of a release never need it

    folder = Path(warehouse)
    path = folder / LOCK
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WarehouseLocked(
                f"{folder}: another run is writing here ({_owner(path)}); wait for it to end, or stop it"
            ) from None
        with explained(path):
            owner = {"pid": os.getpid(), "host": socket.gethostname(), "started": datetime.now(UTC).isoformat()}
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(owner).encode("utf-8"), 0)
        stat = os.fstat(handle)
        _held.add((stat.st_dev, stat.st_ino))
        try:
            with explained(folder):
                remove_leftovers(folder)
                restore_pointer(folder)
            yield folder
        finally:
            _held.discard((stat.st_dev, stat.st_ino))
            os.ftruncate(handle, 0)
    finally:
        # Closing releases the lock. The file stays: removing it would let two runs lock two files of one name.
        os.close(handle)


def require_lock(warehouse: Path) -> None:
    """Raise `WarehouseError` unless this process holds the lock of `warehouse`."""
    try:
        stat = (warehouse / LOCK).stat()
    except FileNotFoundError:
        stat = None
    if stat is None or (stat.st_dev, stat.st_ino) not in _held:
        raise WarehouseError(f"{warehouse}: writing needs the lock; do it inside `with warehouse_lock(...)`")


def _owner(path: Path) -> str:
    try:
        owner = json.loads(path.read_bytes())
        return f"process {owner['pid']} on {owner['host']}, since {owner['started']}"
    except (OSError, ValueError, KeyError, TypeError):
        # Read between the other run's lock and its note.
        return "its owner has left no name yet"
