"""One writer among machines: the lock object of a warehouse in an object store."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from dedup.releases.errors import WarehouseError, WarehouseLocked
from dedup.releases.remote.bucket import Bucket, ConditionFailed, Stored, StoreError

KEY = "lock.json"
#: Seconds after which a writer that gave no sign of life is taken for dead. A run renews its lease five times as
#: often, so that a store which cannot be reached for minutes costs nothing.
LEASE_SECONDS = 300


class Lease:
    """The right to write, renewed by a thread until it is given back.

    An object says who holds it; it is only ever replaced under the condition that it is still what was read, so of
    two that reach for it one wins. Ages are differences of two times of the store's own clock: the clocks of the
    machines do not matter. The lease spares work; that nothing is overwritten is left to the pointer.
    """

    def __init__(self, bucket: Bucket, seconds: int = LEASE_SECONDS) -> None:
        self._bucket = bucket
        self._seconds = seconds
        self._token = secrets.token_hex(8)
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._beats = 0
        self._lost = False
        self._ended = threading.Event()
        self._etag = self._take()
        self._thread = threading.Thread(target=self._renew, name="dedup lease", daemon=True)
        self._thread.start()

    def _take(self) -> str:
        standing = self._bucket.get(KEY)
        try:
            if standing is None:
                return self._bucket.put(KEY, self._note(), new=True)
            if not self._is_free(standing):
                raise self._refusal(standing)
            return self._bucket.put(KEY, self._note(), replaces=standing.etag)
        except ConditionFailed:
            raise WarehouseLocked(
                f"{self._bucket.origin.url}: another run began to write at this moment; wait for it to end"
            ) from None

    def _note(self, *, free: bool = False) -> bytes:
        self._beats += 1
        note = {
            "free": free,
            "token": self._token,
            "workspace": self._bucket.origin.workspace,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": self._started,
            "lease_seconds": self._seconds,
            "renewed": self._beats,
        }
        return json.dumps(note).encode("utf-8")

    def _is_free(self, standing: Stored) -> bool:
        note = _read(standing)
        if note.get("free"):
            return True
        # The workspace is locked by this process: whoever wrote from it before is dead.
        if note.get("workspace") == self._bucket.origin.workspace and note.get("host") == socket.gethostname():
            return True
        return standing.read_at - standing.changed_at > timedelta(seconds=_lease_of(note))

    def _refusal(self, standing: Stored) -> WarehouseLocked:
        note = _read(standing)
        left = _lease_of(note) - (standing.read_at - standing.changed_at).total_seconds()
        who = f"process {note.get('pid', '?')} on {note.get('host', '?')}, since {note.get('started', '?')}"
        return WarehouseLocked(
            f"{self._bucket.origin.url}: another run is writing here ({who}); wait for it to end, or stop it. If it "
            f"is dead, its lease ends in {max(1, round(left))} s"
        )

    def _renew(self) -> None:
        while not self._ended.wait(self._seconds / 5):
            try:
                self._etag = self._bucket.put(KEY, self._note(), replaces=self._etag)
            except ConditionFailed:
                if not self._is_mine():
                    self._lost = True
                    return
            except StoreError:
                # It may come back before anybody takes the lease; if not, the next renewal tells.
                continue

    def _is_mine(self) -> bool:
        """Tell whether a renewal arrived whose answer was lost, and go on from it."""
        try:
            standing = self._bucket.get(KEY)
        except StoreError:
            return True
        if standing is None or _read(standing).get("token") != self._token:
            return False
        self._etag = standing.etag
        return True

    def check(self) -> None:
        """Raise `WarehouseError` when the lease was lost.

        Raises
        ------
        WarehouseError
            Another machine took this run for dead.
        """
        if self._lost:
            raise WarehouseError(
                f"{self._bucket.origin.url}: this run gave no sign of life for {self._seconds} s and another one "
                "took over; nothing more is written. Run again"
            )

    def give_back(self) -> None:
        """Let others write at once."""
        self._ended.set()
        self._thread.join()
        if self._lost:
            return
        try:
            self._bucket.put(KEY, self._note(free=True), replaces=self._etag)
        except (ConditionFailed, StoreError):
            # It ends by itself.
            return


def _read(standing: Stored) -> dict[str, Any]:
    try:
        note = json.loads(standing.content)
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}


def _lease_of(note: dict[str, Any]) -> float:
    seconds = note.get("lease_seconds")
    return float(seconds) if isinstance(seconds, int | float) else float(LEASE_SECONDS)
