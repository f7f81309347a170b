"""Writing, reading, comparing releases."""

from dedup.releases.citing import Citation, cite_release
from dedup.releases.comparing import DatasetDiff, diff_releases
from dedup.releases.errors import (
    BrokenRelease,
    IntegrityError,
    NoRelease,
    QueryRefused,
    ReleaseError,
    TombstonesUnreadable,
    UnknownDataset,
    WarehouseError,
    WarehouseLocked,
)
from dedup.releases.lock import warehouse_lock
from dedup.releases.pruning import Pruning, prune_releases
from dedup.releases.reading import Release, ReleaseInfo, list_releases, open_release
from dedup.releases.staging import Staging, open_staging
from dedup.releases.verifying import verify_release

__all__ = [
    "BrokenRelease",
    "Citation",
    "DatasetDiff",
    "IntegrityError",
    "NoRelease",
    "Pruning",
    "QueryRefused",
    "Release",
    "ReleaseError",
    "ReleaseInfo",
    "Staging",
    "TombstonesUnreadable",
    "UnknownDataset",
    "WarehouseError",
    "WarehouseLocked",
    "cite_release",
    "diff_releases",
    "list_releases",
    "open_release",
    "open_staging",
    "prune_releases",
    "verify_release",
    "warehouse_lock",
]
