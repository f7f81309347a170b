"""What people decided about texts: a store that survives new crawls, and what is asked of them.

Decisions are about texts, not about ids: the key of a section is its content hash, so a decision holds wherever and
whenever the text is seen again, and no longer once the text has changed.
"""

from dedup.decisions.database import StoreError
from dedup.decisions.kinds import (
    KINDS,
    MEANING,
    PAIR_KINDS,
    SINGLE_KINDS,
    DecisionError,
    UnknownDecision,
)
from dedup.decisions.rows import DECISIONS, Decision
from dedup.decisions.store import DecisionStore, has_store, open_store, open_store_at

__all__ = [
    "DECISIONS",
    "KINDS",
    "MEANING",
    "PAIR_KINDS",
    "SINGLE_KINDS",
    "Decision",
    "DecisionError",
    "DecisionStore",
    "StoreError",
    "UnknownDecision",
    "has_store",
    "open_store",
    "open_store_at",
]
