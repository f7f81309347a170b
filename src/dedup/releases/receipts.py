"""Receipts of forgetting: what was removed where, in figures; never a text, and no uri in clear."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dedup.releases.layout import explained
from dedup.releases.tombstones import FORGOTTEN, RECEIPTS, write_private


@dataclass(frozen=True)
class Removal:
    """One thing that was removed.

    Attributes
    ----------
    what : such as `release 2026-11-21.1`, `rejected run 2026-11-20.2`, `working files`, `decisions`
    count : files, or rows of decisions
    freed_bytes : of disk; files that releases share are free only when the last of them goes
    """

    what: str
    count: int
    freed_bytes: int


@dataclass(frozen=True)
class Receipt:
    """What one `dedup forget` did.

    Attributes
    ----------
    receipt_id : names the file of the receipt
    at : when it began, ISO 8601
    tombstones : hashes that were left for what was asked; hashes tell nothing without the key of the warehouse
    documents : pages that the last release held; refused : further records that its quarantine told of
    rows : dataset -> rows of the last release that named those pages
    copies_elsewhere : other pages with copies of their text, which stay
    outcome : published, rejected (by a quality gate), later, locked (another run is at work), nothing (not published)
    release_id : the release without them, None unless published
    removed : what is gone from disk
    held_by : ids of releases and rejected runs that still hold something forgotten
    notes : what could not be reached
    seconds : wall time
    """

    receipt_id: str
    at: str
    tombstones: tuple[str, ...]
    documents: int = 0
    refused: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    copies_elsewhere: int = 0
    outcome: str = "nothing"
    release_id: str | None = None
    removed: tuple[Removal, ...] = ()
    held_by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    @property
    def freed_bytes(self) -> int:
        """Bytes of disk that everything removed has freed."""
        return sum(removal.freed_bytes for removal in self.removed)


def receipt_path(warehouse: Path, receipt_id: str) -> Path:
    """Return where a receipt lies."""
    return warehouse / FORGOTTEN / RECEIPTS / f"{receipt_id}.json"


def write_receipt(warehouse: Path, receipt: Receipt) -> Path:
    """Write a receipt for the owner of the warehouse and return its path.

    Raises
    ------
    WarehouseError
        The disk is full or may not be written.
    """
    path = receipt_path(warehouse, receipt.receipt_id)
    with explained(path):
        write_private(path, json.dumps(receipt.as_dict(), indent=1).encode("utf-8") + b"\n")
    return path
