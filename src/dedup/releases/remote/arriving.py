"""Files on their way into a workspace, which several readers and a run may use at the same time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dedup.workspaces import Origin

#: Folder of a workspace for what has not arrived; a release holds nothing but its own files at any time.
INCOMING = "incoming"
#: Seconds after which what has not arrived never will: whoever fetched it is dead.
_STALE_SECONDS = 24 * 3600


@contextmanager
def arriving(origin: Origin, target: Path) -> Iterator[Path]:
    """Give a path to write to; what was written stands at `target` afterwards, whole, unless the block fails."""
    folder = origin.folder / INCOMING
    folder.mkdir(exist_ok=True)
    aside = folder / secrets.token_hex(8)
    try:
        yield aside
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def clear_incoming(origin: Origin) -> None:
    """Remove what dead readers left."""
    folder = origin.folder / INCOMING
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink()
