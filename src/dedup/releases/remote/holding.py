"""The lock of a workspace: the lease of its object store beside the lock of the folder, and both brought together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dedup.releases.errors import ReleaseError
from dedup.releases.layout import STAGING
from dedup.releases.recovery import PUBLISHING
from dedup.releases.remote.bucket import Bucket
from dedup.releases.remote.delivering import deliver_pending, restore_remote_pointer
from dedup.releases.remote.following import follow, let_go
from dedup.releases.remote.layout import claim_key, claimed_ids
from dedup.releases.remote.lease import Lease
from dedup.releases.remote.session import Session, begin_session, end_session
from dedup.releases.remote.tombstones import share_tombstones
from dedup.workspaces import Origin


@contextmanager
def held(folder: Path, origin: Origin) -> Iterator[None]:
    """Hold the object store of a workspace for writing; the lock of the folder is held already.

    At the beginning the workspace is brought up to the store, and what a killed run had finished is delivered; at the
    end the store learns what was forgotten.

    Raises
    ------
    WarehouseLocked
        Another machine is writing.
    StoreError
        The store cannot be used.
    """
    bucket = Bucket(origin)
    lease = Lease(bucket)
    try:
        session = Session(bucket, lease, follow(folder, bucket))
        begin_session(folder, session)
        restore_remote_pointer(folder, session)
        # A run that was killed right after it moved the pointer.
        bucket.delete(claim_key(id_) for id_ in claimed_ids(bucket) & set(session.found.published))
        share_tombstones(folder, bucket)
        deliver_pending(folder, session, [p.name.removesuffix(PUBLISHING) for p in _announced(folder)])
        let_go(folder, origin, session.found)
        try:
            yield
        except BaseException:
            with suppress(ReleaseError):
                share_tombstones(folder, bucket)
            raise
        share_tombstones(folder, bucket)
    finally:
        end_session(folder)
        lease.give_back()


def _announced(folder: Path) -> list[Path]:
    return sorted((folder / STAGING).glob(f"*{PUBLISHING}"))
