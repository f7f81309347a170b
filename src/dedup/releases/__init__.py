"""Writing, reading, comparing releases."""

from dedup.releases.errors import (
    BrokenRelease,
    IntegrityError,
    NoRelease,
    QueryRefused,
    ReleaseError,
    UnknownDataset,
    WarehouseError,
    WarehouseLocked,
)
from dedup.releases.lock import warehouse_lock
from dedup.releases.reading import Release, ReleaseInfo, list_releases, open_release
from dedup.releases.staging import Staging, open_staging

__all__ = [
    "BrokenRelease",
    "IntegrityError",
    "NoRelease",
    "QueryRefused",
    "Release",
    "ReleaseError",
    "ReleaseInfo",
    "Staging",
    "UnknownDataset",
    "WarehouseError",
    "WarehouseLocked",
    "list_releases",
    "open_release",
    "open_staging",
    "warehouse_lock",
]
