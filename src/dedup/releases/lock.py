"""One writer at a time: the lock of a warehouse."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dedup.releases.errors import WarehouseError, WarehouseLocked
from dedup.releases.layout import explained
from dedup.releases.recovery import recover
from dedup.workspaces import local_folder, origin_of

LOCK = ".lock"

#: What `flock` answers where another process holds the lock; NFS keeps it as a record lock, which may say EACCES.
_TAKEN = (errno.EAGAIN, errno.EACCES)
#: What it answers where the file system, or the server behind it, has no locks.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)

#: Lock files this process holds, by (device, inode), and what it wrote into each.
_held: dict[tuple[int, int], bytes] = {}


@contextmanager
def warehouse_lock(warehouse: str | Path) -> Iterator[Path]:
    """Hold the warehouse for writing; makes the folder when it is missing and yields it.

    The kernel keeps the lock (`flock`) and drops it when its owner ends, however it ends, so a dead run never
    blocks the next one, a process number given anew means nothing, and there is nothing to clean up by hand. The
    file's content (process, host, start) serves the message, and tells an owner whose lock was lost under it
    (`require_lock`). It is not reentrant: a second run inside the same process is refused like any other. Whoever
    takes the lock first puts right what a killed run left (`recover`).

    Raises
    ------
    WarehouseLocked
        Another run holds it.
    WarehouseError
        The folder cannot be made or written, or its file system has no locks.
    """
    folder = local_folder(warehouse)
    path = folder / LOCK
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _take(handle, path)
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "started": datetime.now(UTC).isoformat()}
        note = json.dumps(owner).encode("utf-8")
        with explained(path):
            os.ftruncate(handle, 0)
            os.pwrite(handle, note, 0)
        stat = os.fstat(handle)
        _held[stat.st_dev, stat.st_ino] = note
        try:
            with _held_beyond(folder):
                with explained(folder):
                    recover(folder)
                yield folder
        finally:
            del _held[stat.st_dev, stat.st_ino]
            os.ftruncate(handle, 0)
    finally:
        # Closing releases the lock. The file stays: removing it would let two runs lock two files of one name.
        os.close(handle)


@contextmanager
def _held_beyond(folder: Path) -> Iterator[None]:
    """Hold the object store too when the folder is the workspace of one."""
    origin = origin_of(folder)
    if origin is None:
        yield
        return
    from dedup.releases.remote.holding import held

    with held(folder, origin):
        yield


def _take(handle: int, path: Path) -> None:
    import fcntl  # not on every system; readers of a release never need it

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            raise WarehouseLocked(
                f"{path.parent}: another run is writing here ({_owner(path)}); wait for it to end, or stop it"
            ) from None
        if error.errno in _NO_LOCKS:
            raise WarehouseError(
                f"{path}: this file system has no locks ({error.strerror}), and two runs at once would spoil each "
                "other's work; choose a --warehouse on a local disk or volume, or mount the share with locks "
                "(NFS 4, or NFS 3 with lockd)"
            ) from error
        with explained(path):
            raise


def require_lock(warehouse: Path) -> None:
    """Raise `WarehouseError` unless this process holds the lock of `warehouse`, and still does.

    A lock file that was removed or overwritten means that another run was let in: by somebody who took it for a
    leftover, or by a file system that does not share locks between machines.
    """
    path = warehouse / LOCK
    try:
        stat = path.stat()
        key, note = (stat.st_dev, stat.st_ino), path.read_bytes()
    except FileNotFoundError:
        key, note = None, b""
    if key is not None and _held.get(key) == note:
        return
    if key in _held or (_held and not note):
        raise WarehouseError(
            f"{warehouse}: the lock of this run was lost ({_owner(path)}); nothing more is written. Never remove "
            f"{LOCK}, and let two machines write here only where they share locks"
        )
    raise WarehouseError(f"{warehouse}: writing needs the lock; do it inside `with warehouse_lock(...)`")


def _owner(path: Path) -> str:
    """Return who holds the lock, as far as the file says so."""
    try:
        owner = json.loads(path.read_bytes())
        pid, host = int(owner["pid"]), str(owner["host"])
        if host != socket.gethostname() or _is_alive(pid):
            return f"process {pid} on {host}, since {owner['started']}"
    except (OSError, ValueError, KeyError, TypeError):
        pass
    # Read between the other run's lock and its note, which may still be that of a run that was killed.
    return "its owner has left no name yet"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
