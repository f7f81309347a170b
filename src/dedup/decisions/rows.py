"""Decisions as Arrow tables: their schema, and which of a history are in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import pyarrow as pa

from dedup.decisions.kinds import UNDO
from dedup.ids import make_id
from dedup.schemas import TIMESTAMP
from dedup.schemas.fields import field

DECISIONS = pa.schema(
    [
        field("decision_id", pa.string(), "g_ + 16 hex digits: hash of all other columns but subject"),
        field("kind", pa.string(), "same, not_same, edition, unsure, split, canonical, boilerplate or undo"),
        field("subject", pa.string(), "what it is about; a newer decision about it replaces an older one"),
        field("key_a", pa.string(), "content hash of a section, or id of a passage; '' for undo"),
        field("key_b", pa.string(), "content hash of the other section; '' where there is none"),
        field("section_a", pa.string(), "section that was looked at; '' when unknown"),
        field("section_b", pa.string(), "the other one; '' where there is none"),
        field("release_id", pa.string(), "release that was looked at; '' when unknown"),
        field("note", pa.string(), "in the words of who decided; may be empty"),
        field("who", pa.string(), "who decided"),
        field("decided_at", TIMESTAMP, "when"),
        field("replaces", pa.string(), "decision that was in force until then; '' where there was none"),
        field("revokes", pa.string(), "decision that an undo takes back; '' for all others"),
    ]
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_us(moment: datetime) -> int:
    """Return a moment as microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_us(microseconds: int) -> datetime:
    """Return the moment so many microseconds after 1970 in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


@dataclass(frozen=True)
class Decision:
    """One row of the history; see `DECISIONS`."""

    decision_id: str
    kind: str
    subject: str
    key_a: str
    key_b: str
    section_a: str
    section_b: str
    release_id: str
    note: str
    who: str
    decided_us: int
    replaces: str
    revokes: str

    @property
    def decided_at(self) -> datetime:
        """When it was decided, in UTC."""
        return from_us(self.decided_us)

    @property
    def by(self) -> str:
        """Who decided and on which day, as the reasons of a release say it."""
        return f"decided by {self.who} on {self.decided_at.date().isoformat()}"

    @property
    def order(self) -> tuple[int, str]:
        """Its place in time; ties between stores that were merged are broken by the id."""
        return self.decided_us, self.decision_id


def identify(values: dict[str, Any]) -> str:
    """Return the id of a decision from its other columns, so that one that is imported twice is one."""
    names = (f.name for f in fields(Decision) if f.name not in ("decision_id", "subject"))
    return make_id("g", *(str(values[name]) for name in names))


def in_force(history: Iterable[Decision]) -> list[Decision]:
    """Return the decisions of a history that count now, oldest first.

    A decision is taken back by an undo that is not itself taken back; of the rest, the newest about each subject
    counts. So undoing brings back what the decision had replaced.
    """
    revoked: set[str] = set()
    newest: dict[str, Decision] = {}
    for decision in sorted(history, key=lambda d: d.order, reverse=True):
        if decision.decision_id in revoked:
            continue
        if decision.kind == UNDO:
            revoked.add(decision.revokes)
        else:
            newest.setdefault(decision.subject, decision)
    return sorted(newest.values(), key=lambda d: d.order)


def revoked_ids(history: Iterable[Decision]) -> set[str]:
    """Return the ids of the decisions that are taken back."""
    revoked: set[str] = set()
    for decision in sorted(history, key=lambda d: d.order, reverse=True):
        if decision.kind == UNDO and decision.decision_id not in revoked:
            revoked.add(decision.revokes)
    return revoked


def version_of(decisions: Sequence[Decision]) -> str:
    """Return 16 hex digits that change whenever other decisions are in force; '' for none."""
    ids = sorted(d.decision_id for d in decisions)
    return blake2b("\n".join(ids).encode(), digest_size=8).hexdigest() if ids else ""


def decisions_table(decisions: Sequence[Decision]) -> pa.Table:
    """Return decisions as a table with the schema `DECISIONS`."""
    columns = [
        pa.array([d.decided_us for d in decisions], pa.int64()).cast(TIMESTAMP)
        if f.name == "decided_at"
        else pa.array([getattr(d, f.name) for d in decisions], f.type)
        for f in DECISIONS
    ]
    return pa.table(columns, schema=DECISIONS)


def read_decisions(table: pa.Table) -> list[Decision]:
    """Return the rows of a table with the schema `DECISIONS`."""
    stamps = table.column("decided_at").cast(pa.int64()).to_pylist()
    names = [f.name for f in fields(Decision) if f.name != "decided_us"]
    rows = table.select(names).to_pylist()
    return [Decision(**row, decided_us=us) for row, us in zip(rows, stamps, strict=True)]
