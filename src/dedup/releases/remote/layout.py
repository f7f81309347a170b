"""Keys of a warehouse in an object store, and what a list of them says."""

from __future__ import annotations

from dedup.releases.layout import RELEASES, ReleaseId, parse_release_id
from dedup.releases.remote.bucket import Bucket

#: `uploads/<release id>.json` stands from before a release is uploaded until the pointer names it.
UPLOADS = "uploads"
_SUFFIX = ".json"


def release_key(release_id: str, path: str) -> str:
    """Return the key of a file of a release."""
    return f"{RELEASES}/{release_id}/{path}"


def claim_key(release_id: str) -> str:
    """Return the key of the note that a release is being uploaded."""
    return f"{UPLOADS}/{release_id}{_SUFFIX}"


def claimed_ids(bucket: Bucket) -> set[str]:
    """Return the releases that are being uploaded, or whose upload broke off."""
    names = (name.removesuffix(_SUFFIX) for name in bucket.names(UPLOADS) if name.endswith(_SUFFIX))
    return {name for name in names if parse_release_id(name) is not None}


def stored_ids(bucket: Bucket) -> list[ReleaseId]:
    """Return all releases of which anything lies in the store, oldest first."""
    return sorted(id_ for name in bucket.names(RELEASES) if (id_ := parse_release_id(name)) is not None)
