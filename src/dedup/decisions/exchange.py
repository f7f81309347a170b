"""Decisions as a Parquet file, to carry them to another store or to keep a copy."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.decisions.kinds import KINDS, UNDO, DecisionError, check_words, make_subject
from dedup.decisions.rows import DECISIONS, Decision, identify, read_decisions, to_us
from dedup.releases.layout import replace_file
from dedup.schemas import conform

#: Rows of one file at most: a hundred stewards would need years for as many.
MOST_ROWS = 500_000
#: Nothing was decided before this program was, and no clock goes wrong by more than a day unnoticed.
_FIRST = datetime(2020, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
_KEY = re.compile("[0-9a-f]{32}|x_[0-9a-f]{16}")
_SECTION = re.compile("(s_[0-9a-f]{16})?")
_RELEASE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}\.[0-9]{1,6})?")
_DECISION = re.compile("g_[0-9a-f]{16}")


def file_of(history: pa.Table) -> bytes:
    """Return a history (`rows.DECISIONS`) as the bytes of a Parquet file."""
    out = io.BytesIO()
    pq.write_table(history, out, compression="zstd")
    return out.getvalue()


def write_file(history: pa.Table, path: Path) -> None:
    """Write a history (`rows.DECISIONS`); the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, file_of(history))


def read_file(path: Path) -> list[Decision]:
    """Return the decisions of a file, oldest first, each held against its id.

    Raises
    ------
    DecisionError
        It is no file of decisions, or a row is not what its id was made from, or says what nobody can follow.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DecisionError(f"{path}: cannot be read ({error.strerror})") from error
    return read_content(content, str(path))


def read_content(content: bytes, name: str) -> list[Decision]:
    """Return the decisions of a file that is held in memory, as `read_file` does.

    Parameters
    ----------
    name : of the file, for messages
    """
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        if file.metadata.num_rows > MOST_ROWS:
            raise DecisionError(f"{name}: more than {MOST_ROWS:,} decisions")
        absent = [column for column in DECISIONS.names if column not in file.schema_arrow.names]
        if absent:
            raise ValueError(f"columns missing: {', '.join(absent)}")
        table = conform(file.read(DECISIONS.names), DECISIONS)
        rows = read_decisions(table)
    except MemoryError as error:
        raise DecisionError(f"{name}: asks for more memory than decisions may") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, DecisionError):
            raise
        reason = (str(error).splitlines() or [""])[0][:200]
        raise DecisionError(f"{name}: no file that `dedup decisions export` wrote ({reason})") from error
    by_id = {row.decision_id: row for row in rows}
    latest = datetime.now(UTC) + _AHEAD
    for row in rows:
        fault = _fault(row, latest)
        if fault:
            raise DecisionError(f"{name}: {row.decision_id[:20]} {fault}; nothing was imported")
        if row.decision_id != identify(vars(row)) or row.subject != _subject(row, by_id):
            raise DecisionError(f"{name}: {row.decision_id} was altered since it was decided; nothing was imported")
    return sorted(rows, key=lambda d: d.order)


def _fault(row: Decision, latest: datetime) -> str:
    """Return what is wrong with a row whatever its id says; '' where nothing is.

    An id proves that a row is whole, not that this program wrote it.
    """
    if not _DECISION.fullmatch(row.decision_id):
        return "is no id of a decision"
    # Decisions of a time to come would overrule whatever is decided until then.
    if not to_us(_FIRST) <= row.decided_us <= to_us(latest):
        return "was decided at a time that cannot be"
    try:
        words = check_words(row.note, row.who)
        if row.kind != UNDO:
            make_subject(row.kind, row.key_a, row.key_b or None)
    except DecisionError:
        return "cannot be followed"
    keys = (row.key_a, row.key_b or row.key_a) if row.kind in KINDS else ()
    if words != (row.note, row.who) or not all(map(_KEY.fullmatch, keys)):
        return "cannot be followed"
    names = _SECTION.fullmatch(row.section_a), _SECTION.fullmatch(row.section_b), _RELEASE.fullmatch(row.release_id)
    links = [link for link in (row.replaces, row.revokes) if link]
    if not all(names) or not all(map(_DECISION.fullmatch, links)) or (row.kind == UNDO) != bool(row.revokes):
        return "cannot be followed"
    return ""


def _subject(row: Decision, by_id: dict[str, Decision]) -> str:
    """Return the subject that a row must have."""
    if row.kind == UNDO:
        target = by_id.get(row.revokes)
        # What it takes back may have been forgotten, or stand in the other store.
        return target.subject if target is not None else row.subject
    return make_subject(row.kind, row.key_a, row.key_b or None).name
