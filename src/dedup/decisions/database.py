"""The database that holds decisions: its tables, how it is opened, how older ones are brought up to date."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from dedup.settings import DECISIONS_FILE

#: Milliseconds that a writer waits for another one before it gives up.
BUSY_MS = 30_000

metadata = MetaData()

#: Append-only: a row is never changed, and removed only when a page is forgotten.
decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", String(20), primary_key=True),
    Column("kind", String(16), nullable=False),
    # What the decision is about; newer rows with the same subject replace older ones.
    Column("subject", String(160), nullable=False, index=True),
    Column("key_a", String(64), nullable=False, index=True),
    Column("key_b", String(64), nullable=False, index=True),
    # The sections and the release that the person looked at; a help for readers, never used to apply the decision.
    Column("section_a", String(20), nullable=False),
    Column("section_b", String(20), nullable=False),
    Column("release_id", String(32), nullable=False),
    Column("note", Text, nullable=False),
    Column("who", String(200), nullable=False),
    # Microseconds since 1970 in UTC: one order on every database.
    Column("decided_us", BigInteger, nullable=False, index=True),
    Column("replaces", String(20), nullable=False),
    Column("revokes", String(20), nullable=False),
)

#: One sample of pairs to be judged, drawn from one release.
tasks = Table(
    "label_tasks",
    metadata,
    Column("task_id", String(20), primary_key=True),
    Column("release_id", String(32), nullable=False),
    Column("stratify", String(16), nullable=False),
    Column("seed", BigInteger, nullable=False),
    # JSON: what was drawn from, stratum by stratum.
    Column("design", Text, nullable=False),
    Column("who", String(200), nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

#: The pairs of a sample. `probability` is that of being drawn.
label_pairs = Table(
    "label_pairs",
    metadata,
    Column("task_id", String(20), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key_a", String(64), nullable=False, index=True),
    Column("key_b", String(64), nullable=False, index=True),
    Column("section_a", String(20), nullable=False),
    Column("section_b", String(20), nullable=False),
    Column("stratum", String(40), nullable=False),
    Column("probability", Double, nullable=False),
    # duplicate, variant, or '' for a pair that was not published.
    Column("published", String(16), nullable=False),
    Column("jaccard", Double, nullable=False),
    Column("edit_similarity", Double, nullable=True),
)

#: Append-only: what was judged, and by whom; the newest of a pair counts.
judgements = Table(
    "judgements",
    metadata,
    Column("judgement_id", String(20), primary_key=True),
    Column("task_id", String(20), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("who", String(200), nullable=False),
    Column("judged_us", BigInteger, nullable=False),
)

#: Steps taken so far, one row each.
migrations = Table(
    "schema_versions",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("applied_us", BigInteger, nullable=False),
)

#: What leads from one version of the tables to the next; version 1 is what `metadata` makes of an empty database.
MIGRATIONS: dict[int, Callable[[Connection], None]] = {}
VERSION = 1


class StoreError(RuntimeError):
    """The store cannot be used; the message says why and what to do."""


def default_url(warehouse: Path) -> URL:
    """Return the address of the store inside a warehouse."""
    return URL.create("sqlite", database=(warehouse / DECISIONS_FILE).as_posix())


def database_file(url: URL) -> Path | None:
    """Return the file of a store in SQLite; None for others."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def open_engine(url: URL | str, *, now_us: int) -> Engine:
    """Open a database, making or updating its tables.

    Raises
    ------
    StoreError
        The address is malformed, its driver is not installed, the server does not answer, or the tables are of a
        newer version of this program.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "[decisions] url is no address of a database; expected e.g. postgresql+psycopg://user@host/name"
        ) from error
    shown = parsed.render_as_string(hide_password=True)
    try:
        engine = create_engine(parsed)
    except ModuleNotFoundError as error:
        raise StoreError(f"{shown}: its driver is not installed ({error.name}); install it beside dedup") from error
    except ArgumentError as error:
        raise StoreError(f"{shown}: {error}") from error
    if parsed.get_backend_name() == "sqlite":
        _prepare_sqlite(engine)
        if (path := database_file(parsed)) is not None:
            _make_folder(path.parent, shown)
    try:
        with engine.begin() as connection:
            _bring_up_to_date(connection, now_us, shown)
    except DatabaseError as error:
        engine.dispose()
        raise StoreError(f"{shown}: cannot be opened ({error.orig})") from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def _make_folder(folder: Path, shown: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{shown}: cannot be opened ({error.strerror})") from error


def _prepare_sqlite(engine: Engine) -> None:
    """Let writers wait for each other, readers read meanwhile, and deleted rows leave no bytes behind."""

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: object) -> None:
        # Otherwise the driver begins transactions by itself, late, and two writers can deadlock.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # A transaction that reads first and then writes is a writer from the start.
        writes = not connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _write_ahead(cursor: Any) -> None:
    """Turn the write-ahead log on; the file remembers it.

    Who finds another process doing the same is told at once that the file is locked, however long it would wait.
    """
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _bring_up_to_date(connection: Connection, now_us: int, shown: str) -> None:
    if not inspect(connection).has_table(migrations.name):
        metadata.create_all(connection)
        connection.execute(insert(migrations).values(version=VERSION, applied_us=now_us))
        return
    present = max(connection.scalars(select(migrations.c.version)), default=0)
    if present > VERSION:
        raise StoreError(
            f"{shown}: its tables have version {present}, this dedup knows {VERSION}; use a newer version of dedup"
        )
    for version in range(present + 1, VERSION + 1):
        MIGRATIONS[version](connection)
        connection.execute(insert(migrations).values(version=version, applied_us=now_us))
