"""What this process holds of object stores: one session for each workspace whose lock it has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dedup.releases.remote.bucket import Bucket
from dedup.releases.remote.following import Followed
from dedup.releases.remote.lease import Lease


@dataclass
class Session:
    """The right to write to a warehouse in an object store, and what was found there.

    Attributes
    ----------
    found : as of the beginning; `etag` is what the pointer must still be when a release is delivered
    """

    bucket: Bucket
    lease: Lease
    found: Followed


_sessions: dict[Path, Session] = {}


def session_of(warehouse: Path) -> Session | None:
    """Return the session of a workspace whose lock is held; None for warehouses on disk."""
    return _sessions.get(warehouse.resolve()) if _sessions else None


def begin_session(warehouse: Path, session: Session) -> None:
    """Note a session."""
    _sessions[warehouse.resolve()] = session


def end_session(warehouse: Path) -> None:
    """Forget a session."""
    _sessions.pop(warehouse.resolve(), None)
