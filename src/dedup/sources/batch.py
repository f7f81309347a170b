"""Batches of documents and quarantine rows, collected while files are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.ids import document_id

#: Longest JSON in `quarantine.record`, from the contract.
RECORD_CHARS = 2000


@dataclass(frozen=True)
class SourceBatch:
    """A part of the input: what could be read, what could not, and how far the reading has come.

    Parameters
    ----------
    documents : table with the schema `schemas.DOCUMENTS`
    quarantine : table with the schema `schemas.QUARANTINE`
    n_files : files finished since the batch before
    n_bytes : bytes of files read since the batch before, as stored (compressed)
    """

    documents: pa.Table
    quarantine: pa.Table
    n_files: int
    n_bytes: int


@dataclass(frozen=True)
class Page:
    """One page as decoded, before it becomes a row of `documents`."""

    uri: str
    source_id: str
    source: str
    site: str
    role: str
    format: str
    data: bytes
    encoding: str
    text: str
    title: str | None = None
    published_at: date | None = None
    published_at_basis: str = "none"
    publisher: str | None = None
    fetched_at: datetime | None = None
    license: str | None = None
    tables_html: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rejected:
    """One file or record for quarantine; `known` is what can be said of it and ends up as JSON."""

    record_id: str
    source: str
    rule: str
    reason: str
    known: dict[str, Any] = field(default_factory=dict)


def record_json(known: dict[str, Any]) -> str:
    """Return JSON of at most `RECORD_CHARS` characters; long strings are shortened, never the JSON itself."""
    limit = RECORD_CHARS
    while True:
        short = {k: v[:limit] if isinstance(v, str) else v for k, v in known.items() if v is not None}
        out = json.dumps(short, ensure_ascii=False, default=str)
        # Half a surrogate pair or a stray byte must not make the row unwritable.
        out = out.encode("utf-8", "backslashreplace").decode("utf-8")
        if len(out) <= RECORD_CHARS:
            return out
        if limit < 16:
            return json.dumps({"note": "too long to show"})
        limit //= 2


def documents_table(pages: list[Page], now: datetime) -> pa.Table:
    """Return rows of `documents` for pages, in order."""
    columns: dict[str, list[Any]] = {
        "doc_id": [document_id(p.uri) for p in pages],
        "ingested_at": [now] * len(pages),
        "last_seen": [now] * len(pages),
        "sha256": [sha256(p.data).hexdigest() for p in pages],
        "n_bytes": [len(p.data) for p in pages],
        "n_chars": [len(p.text) for p in pages],
        "tables_html": [list(p.tables_html) for p in pages],
    }
    for name in schemas.DOCUMENTS.names:
        if name not in columns:
            columns[name] = [getattr(p, name) for p in pages]
    arrays = [pa.array(columns[f.name], type=f.type) for f in schemas.DOCUMENTS]
    return pa.Table.from_arrays(arrays, schema=schemas.DOCUMENTS)


def quarantine_table(rejected: list[Rejected]) -> pa.Table:
    """Return rows of `quarantine`, in order."""
    columns = {
        "dataset": ["documents"] * len(rejected),
        "record_id": [r.record_id for r in rejected],
        "source": [r.source for r in rejected],
        "rule": [r.rule for r in rejected],
        "reason": [r.reason.encode("utf-8", "backslashreplace").decode("utf-8") for r in rejected],
        "record": [record_json(r.known) for r in rejected],
    }
    arrays = [pa.array(columns[f.name], type=f.type) for f in schemas.QUARANTINE]
    return pa.Table.from_arrays(arrays, schema=schemas.QUARANTINE)


class Collector:
    """Gathers pages, record tables and refusals in reading order and gives them out as batches.

    Parameters
    ----------
    batch_chars : a batch is closed once it holds this many characters of text
    now : moment of ingestion for every row
    limit : documents after which nothing more is taken
    """

    #: Even tiny pages and endless refusals must reach the caller now and then.
    MAX_ROWS = 50_000

    def __init__(self, batch_chars: int, now: datetime, limit: int | None) -> None:
        self._batch_chars = batch_chars
        self._now = now
        self._left = limit
        self._pages: list[Page] = []
        self._tables: list[pa.Table] = []
        self._rejected: list[Rejected] = []
        self._chars = 0
        self._rows = 0
        self._files = 0
        self._bytes = 0

    @property
    def full(self) -> bool:
        """True once the limit is reached."""
        return self._left is not None and self._left <= 0

    @property
    def due(self) -> bool:
        """True when the rows gathered make a batch."""
        return self._chars >= self._batch_chars or self._rows >= self.MAX_ROWS

    def _take(self, n: int) -> int:
        taken = n if self._left is None else min(n, self._left)
        if self._left is not None:
            self._left -= taken
        self._rows += taken
        return taken

    def pages(self, pages: list[Page]) -> None:
        """Take pages."""
        for page in pages[: self._take(len(pages))]:
            self._pages.append(page)
            self._chars += len(page.text)

    def table(self, documents: pa.Table) -> None:
        """Take rows that have the schema of `documents` already."""
        taken = documents.slice(0, self._take(documents.num_rows))
        if taken.num_rows:
            self._close_pages()
            self._tables.append(taken)
            self._chars += pc.sum(taken.column("n_chars")).as_py()

    def reject(self, rejected: Rejected) -> None:
        """Take one refusal."""
        self._rejected.append(rejected)
        self._rows += 1

    def advance(self, *, files: int = 0, n_bytes: int = 0) -> None:
        """Note how far the reading has come."""
        self._files += files
        self._bytes += n_bytes

    def _close_pages(self) -> None:
        if self._pages:
            self._tables.append(documents_table(self._pages, self._now))
            self._pages = []

    def drain(self, *, last: bool = False) -> Iterator[SourceBatch]:
        """Give out what is gathered when a batch is due, or when this is the last call and anything is left."""
        if not self.due and not (last and (self._rows or self._files or self._bytes)):
            return
        self._close_pages()
        documents = pa.concat_tables([schemas.empty(schemas.DOCUMENTS), *self._tables]).combine_chunks()
        batch = SourceBatch(documents, quarantine_table(self._rejected), self._files, self._bytes)
        self._tables, self._rejected = [], []
        self._chars = self._rows = self._files = self._bytes = 0
        yield batch
