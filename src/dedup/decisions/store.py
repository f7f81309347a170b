"""The store of decisions: what people decided about texts, who, when, why, and what it replaced."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
from sqlalchemy import Connection, Row, delete, func, insert, or_, select
from sqlalchemy.exc import DatabaseError

from dedup.decisions.database import (
    StoreError,
    database_file,
    decisions,
    default_url,
    judgements,
    label_pairs,
    open_engine,
)
from dedup.decisions.exchange import read_file, write_file
from dedup.decisions.kinds import UNDO, DecisionError, UnknownDecision, check_words, make_subject
from dedup.decisions.rows import Decision, decisions_table, identify, in_force, revoked_ids, to_us, version_of

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine import URL

    from dedup.settings import Settings

_T = TypeVar("_T")
#: Values that one statement binds at most; SQLite and others have limits of their own, all above it.
_CHUNK = 400


class DecisionStore:
    """Decisions in a database. Open it with `open_store`; it may be used from several threads and processes.

    Rows are only ever added: who looks at the history sees everything that was decided and taken back. The one
    exception is `forget`, which removes what is about a page that must not be known any more.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._reading = engine.execution_options(read_only=True)
        self._clock = clock

    def __enter__(self) -> DecisionStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @property
    def address(self) -> str:
        """Where the decisions are, without the password."""
        return self._engine.url.render_as_string(hide_password=True)

    def now_us(self) -> int:
        """Return the time as microseconds since 1970 in UTC."""
        return to_us(self._clock())

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a transaction that reads; for this package."""
        return self._reading.begin()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction in which rows are added; for this package.

        Raises
        ------
        StoreError
            The database does not take them; nothing is recorded.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except DatabaseError as error:
            raise StoreError(f"{self.address}: cannot be written ({error.orig}); nothing was recorded") from error

    def record(
        self,
        kind: str,
        a: str,
        b: str | None = None,
        *,
        note: str = "",
        who: str,
        sections: tuple[str, str] = ("", ""),
        release_id: str = "",
    ) -> Decision:
        """Write a decision down.

        Parameters
        ----------
        kind : same, not_same, edition or unsure (of two texts); split, canonical or boilerplate (of one)
        a, b : keys of the texts: `sections.content_hash`; for boilerplate also a passage id. Their order means nothing
        note, who : why, and who decides
        sections, release_id : what the person looked at; shown in lists, never used to apply the decision

        Returns
        -------
        the decision as stored; `replaces` names the one about the same that was in force until now

        Raises
        ------
        DecisionError
            It cannot be decided: a key is missing, both are the same text, nobody is named.
        StoreError
            The database does not take it.
        """
        subject = make_subject(kind, a, b)
        note, who = check_words(note, who)
        if subject.key_a != a:
            sections = sections[::-1]
        with self.writing() as connection:
            earlier = in_force(_read(connection, subject.name))
            return self._append(
                connection,
                kind=kind,
                subject=subject.name,
                key_a=subject.key_a,
                key_b=subject.key_b,
                section_a=sections[0],
                section_b=sections[1],
                release_id=release_id,
                note=note,
                who=who,
                replaces=earlier[0].decision_id if earlier else "",
                revokes="",
            )

    def undo(self, decision_id: str, who: str, note: str = "") -> Decision:
        """Take a decision back, or an undo; what it had replaced is in force again.

        Parameters
        ----------
        decision_id : its id, or the beginning of it

        Raises
        ------
        UnknownDecision
            There is none, or there are several.
        DecisionError
            It is already taken back.
        """
        note, who = check_words(note, who)
        with self.writing() as connection:
            target = _find(connection, decision_id)
            history = _read(connection, target.subject)
            if target.decision_id in revoked_ids(history):
                raise DecisionError(f"{target.decision_id} is already taken back")
            # An undo belongs to the subject of what it takes back, so that both are read together.
            return self._append(
                connection, kind=UNDO, subject=target.subject, key_a="", key_b="", section_a="", section_b="",
                release_id="", note=note, who=who, replaces="", revokes=target.decision_id,
            )  # fmt: skip

    def _append(self, connection: Connection, **values: Any) -> Decision:
        # The order of the history is the order of writing, also where the clock goes backwards.
        last = connection.scalar(select(func.max(decisions.c.decided_us))) or 0
        values["decided_us"] = max(self.now_us(), int(last) + 1)
        decision = Decision(decision_id=identify(values), **values)
        connection.execute(insert(decisions).values(**_values(decision)))
        return decision

    def get(self, decision_id: str) -> Decision:
        """Return one decision by its id or the beginning of it.

        Raises
        ------
        UnknownDecision
            There is none, or there are several.
        """
        with self.reading() as connection:
            return _find(connection, decision_id)

    def rows(self) -> list[Decision]:
        """Return everything that was ever decided, oldest first."""
        with self.reading() as connection:
            return _read(connection)

    def in_force(self) -> list[Decision]:
        """Return the decisions that count now, oldest first."""
        return in_force(self.rows())

    def current(self) -> pa.Table:
        """Return the decisions that count now, oldest first (`rows.DECISIONS`)."""
        return decisions_table(self.in_force())

    def history(self) -> pa.Table:
        """Return everything that was ever decided, oldest first (`rows.DECISIONS`)."""
        return decisions_table(self.rows())

    def about(self, keys: Collection[str]) -> list[Decision]:
        """Return the decisions in force about any of some texts (content hashes or passage ids), oldest first."""
        wanted = set(keys)
        return [d for d in self.in_force() if d.key_a in wanted or (d.key_b and d.key_b in wanted)]

    def version(self) -> str:
        """Return 16 hex digits that change whenever other decisions are in force; '' for none."""
        return version_of(self.in_force())

    def forget(self, content_keys: Collection[str]) -> int:
        """Remove for good whatever is about some texts: decisions, what took them back, drawn pairs, judgements.

        Parameters
        ----------
        content_keys : `content_hash` of sections and ids of passages

        Returns
        -------
        rows removed

        Notes
        -----
        In SQLite the file is rewritten, so that no byte of the rows stays in it. A server may keep them in its own
        logs and backups.
        """
        keys = sorted({k for k in content_keys if k})
        removed = 0
        with self.writing() as connection:
            for part in _chunks(keys):
                removed += _forget_decisions(connection, part) + _forget_labels(connection, part)
        if removed:
            self._compact()
        return removed

    def delete_all_about(self, section_ids: Collection[str], content_keys: Collection[str] = ()) -> int:
        """Remove for good whatever is about some sections, known by id, by key, or both; return the rows removed.

        Sections lend their keys: rows that name one of the ids are found, and with them all others with its key.
        """
        ids = {s for s in section_ids if s}
        keys = {k for k in content_keys if k}
        with self.reading() as connection:
            for table in (decisions, label_pairs):
                for part in _chunks(sorted(ids)):
                    for side in ("a", "b"):
                        query = select(table.c[f"key_{side}"]).where(table.c[f"section_{side}"].in_(part))
                        keys.update(connection.scalars(query))
        return self.forget(keys)

    def export_parquet(self, path: Path) -> int:
        """Write the whole history to a Parquet file; return the number of rows."""
        rows = self.rows()
        write_file(decisions_table(rows), path)
        return len(rows)

    def import_parquet(self, path: Path) -> int:
        """Add the decisions of a file that `export_parquet` wrote; return how many were new.

        They keep their time, their author and their id, so a file may be imported twice, and stores may be merged
        both ways. Which of two decisions counts is settled by their times.

        Raises
        ------
        DecisionError
            The file is no such file, or a row was altered since.
        """
        return self.add(read_file(path))

    def add(self, rows: Sequence[Decision]) -> int:
        """Add decisions of another store as they are, those that are here already apart; return how many were new."""
        with self.writing() as connection:
            known = set(connection.scalars(select(decisions.c.decision_id)))
            new = list({row.decision_id: row for row in rows if row.decision_id not in known}.values())
            for part in _chunks(new):
                connection.execute(insert(decisions), [_values(row) for row in part])
        return len(new)

    def _compact(self) -> None:
        if database_file(self._engine.url) is None:
            return
        with self._engine.connect() as connection:
            # Neither may stand in a transaction.
            raw = connection.connection.dbapi_connection
            if raw is None:
                return
            cursor = raw.cursor()
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.close()


def open_store(settings: Settings) -> DecisionStore:
    """Open the store of decisions, making it where there is none.

    It is `[decisions] url`, or else the file decisions.sqlite in the warehouse.

    Raises
    ------
    StoreError
        It cannot be opened.
    """
    return open_store_at(settings.decisions.url or default_url(settings.warehouse))


def open_store_at(url: URL | str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> DecisionStore:
    """Open a store by its SQLAlchemy address."""
    return DecisionStore(open_engine(url, now_us=to_us(clock())), clock)


def has_store(settings: Settings) -> bool:
    """Whether anything can have been decided yet: a url is configured, or the warehouse holds the file."""
    return settings.has_decisions


def _values(decision: Decision) -> dict[str, Any]:
    return {f.name: getattr(decision, f.name) for f in fields(Decision)}


_COLUMNS = tuple(decisions.c[f.name] for f in fields(Decision))


def _decision(row: Row[Any]) -> Decision:
    return Decision(**row._mapping)


def _read(connection: Connection, subject: str | None = None) -> list[Decision]:
    query = select(*_COLUMNS).order_by(decisions.c.decided_us, decisions.c.decision_id)
    if subject is not None:
        query = query.where(decisions.c.subject == subject)
    return [_decision(row) for row in connection.execute(query)]


def _find(connection: Connection, start: str) -> Decision:
    wanted = start.strip().rstrip("…")
    if not wanted.startswith("g_") or not set(wanted[2:]) <= set("0123456789abcdef"):
        raise UnknownDecision(
            f"{start!r} is no id of a decision; `dedup decisions list` shows them (g_ and hex digits)"
        )
    # The alphabet of ids holds none of the characters that LIKE gives a meaning, but the underscore behind g.
    query = select(*_COLUMNS).where(decisions.c.decision_id.like(f"{wanted}%")).limit(3)
    found = [_decision(row) for row in connection.execute(query)]
    if not found:
        raise UnknownDecision(f"no decision {wanted}; `dedup decisions list` shows them")
    if len(found) > 1:
        raise UnknownDecision(f"{wanted} is the beginning of several ids; give more of it")
    return found[0]


def _chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _forget_decisions(connection: Connection, keys: Sequence[str]) -> int:
    about = or_(decisions.c.key_a.in_(keys), decisions.c.key_b.in_(keys))
    gone = list(connection.scalars(select(decisions.c.subject).where(about).distinct()))
    # Undos have the subject of what they take back, so they go with it.
    return sum(
        connection.execute(delete(decisions).where(decisions.c.subject.in_(part))).rowcount for part in _chunks(gone)
    )


def _forget_labels(connection: Connection, keys: Sequence[str]) -> int:
    about = or_(label_pairs.c.key_a.in_(keys), label_pairs.c.key_b.in_(keys))
    gone = connection.execute(select(label_pairs.c.task_id, label_pairs.c.number).where(about)).all()
    removed = 0
    for task_id, number in gone:
        for table in (judgements, label_pairs):
            here = (table.c.task_id == task_id) & (table.c.number == number)
            removed += connection.execute(delete(table).where(here)).rowcount
    return removed
