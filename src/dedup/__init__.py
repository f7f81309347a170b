"""dedup: scraped reports in, a deduplicated, validated Parquet release out.

The public API, loaded on first use so that the command line stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

#: Public name -> module that defines it.
_PUBLIC = {
    "compare": "dedup.clusters.comparison",
    "deduplicate": "dedup.frames",
    "find_duplicates": "dedup.frames",
    "fingerprint": "dedup.fingerprinting.minhash",
    "normalise": "dedup.text.normalise",
    "open_release": "dedup.releases",
    "shingle_hash": "dedup.fingerprinting.shingles",
    "shingles": "dedup.fingerprinting.shingles",
}

if TYPE_CHECKING:
    from dedup.clusters.comparison import compare
    from dedup.fingerprinting.minhash import fingerprint
    from dedup.fingerprinting.shingles import shingle_hash, shingles
    from dedup.frames import deduplicate, find_duplicates
    from dedup.releases import open_release
    from dedup.text.normalise import normalise

__all__ = [
    "compare",
    "deduplicate",
    "find_duplicates",
    "fingerprint",
    "normalise",
    "open_release",
    "shingle_hash",
    "shingles",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'dedup' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
