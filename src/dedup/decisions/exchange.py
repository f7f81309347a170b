"""Decisions as a Parquet file, to carry them to another store or to keep a copy."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.decisions.kinds import KINDS, UNDO, DecisionError, make_subject
from dedup.decisions.rows import DECISIONS, Decision, identify, read_decisions
from dedup.releases.layout import replace_file
from dedup.schemas import conform


def write_file(history: pa.Table, path: Path) -> None:
    """Write a history (`rows.DECISIONS`); the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    out = io.BytesIO()
    pq.write_table(history, out, compression="zstd")
    replace_file(path, out.getvalue())


def read_file(path: Path) -> list[Decision]:
    """Return the decisions of a file, oldest first, each held against its id.

    Raises
    ------
    DecisionError
        It is no file of decisions, or a row is not what its id was made from.
    """
    try:
        table = conform(pq.read_table(path), DECISIONS)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DecisionError(f"{path}: no file that `dedup decisions export` wrote ({error})") from error
    rows = read_decisions(table)
    by_id = {row.decision_id: row for row in rows}
    for row in rows:
        if row.decision_id != identify(vars(row)) or row.subject != _subject(row, by_id):
            raise DecisionError(f"{path}: {row.decision_id} was altered since it was decided; nothing was imported")
    return sorted(rows, key=lambda d: d.order)


def _subject(row: Decision, by_id: dict[str, Decision]) -> str:
    """Return the subject that a row must have."""
    if row.kind == UNDO:
        target = by_id.get(row.revokes)
        # What it takes back may have been forgotten, or stand in the other store.
        return target.subject if target is not None else row.subject
    if row.kind not in KINDS:
        return ""
    return make_subject(row.kind, row.key_a, row.key_b or None).name
