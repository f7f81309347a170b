"""Where forgotten pages still stand: releases and rejected runs of a warehouse, looked through by their own tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.releases.errors import BrokenRelease
from dedup.releases.layout import REJECTED, RELEASES, release_ids
from dedup.releases.tombstones import Tombstones, refused_uris
from dedup.releases.views import quote
from dedup.schemas import DATASETS
from dedup.workspaces import origin_of

#: Columns that name a document or a section, whatever their dataset.
_NAMES = {
    "doc_id": "ids",
    "section_id": "sections",
    "section_a": "sections",
    "section_b": "sections",
    "best_section": "sections",
    "canonical_section": "sections",
    "donor_section": "sections",
    "stands_for": "sections",
}


#: What tells files apart: device, number, size, time.
_File = tuple[int, int, int, int]


@dataclass(frozen=True)
class Trace:
    """What a folder holds of forgotten pages.

    Attributes
    ----------
    path : of the release or rejected run
    doc_ids : ids of the forgotten documents in it
    refused : rows of its quarantine that tell of something forgotten
    problem : why it could not be looked through; it may hold anything then
    """

    path: Path
    doc_ids: tuple[str, ...] = ()
    refused: int = 0
    problem: str = ""

    @property
    def is_held(self) -> bool:
        """True when something forgotten stands here, or may stand here."""
        return bool(self.doc_ids or self.refused or self.problem)


class Tracker:
    """Looks through the folders of a warehouse; files that several releases share are read once.

    Attributes
    ----------
    matched : digests of the tombstones that held for anything seen so far
    """

    def __init__(self, stones: Tombstones) -> None:
        self._stones = stones
        self._documents: dict[_File, tuple[str, ...]] = {}
        self._refused: dict[_File, int] = {}
        self.matched: set[str] = set()

    def trace(self, folder: Path) -> Trace:
        """Return what the release or rejected run in `folder` holds of what was forgotten."""
        ids: set[str] = set()
        refused = 0
        try:
            for path in dataset_files(folder, "documents"):
                file = _identity(path)
                if file not in self._documents:
                    self._documents[file] = tuple(self._forgotten_documents(path))
                ids.update(self._documents[file])
            for path in dataset_files(folder, "quarantine"):
                file = _identity(path)
                if file not in self._refused:
                    self._refused[file] = self._count_refused(path)
                refused += self._refused[file]
        except (OSError, pa.ArrowException, BrokenRelease) as error:
            return Trace(folder, tuple(sorted(ids)), refused, str(error)[:200])
        if not ids and not refused and not any(folder.rglob("part-*.parquet")) and any(folder.iterdir()):
            return Trace(folder, problem="it holds no tables that could be looked through")
        return Trace(folder, tuple(sorted(ids)), refused)

    def _forgotten_documents(self, path: Path) -> Iterator[str]:
        for batch in pq.ParquetFile(path).iter_batches(columns=["doc_id", "uri", "site"]):
            for row in batch.filter(pa.array(self._stones.among_documents(batch))).to_pylist():
                self.matched.update(self._stones.matching(row["uri"], row["site"]))
                yield row["doc_id"]

    def _count_refused(self, path: Path) -> int:
        n = 0
        for batch in pq.ParquetFile(path).iter_batches(columns=["dataset", "record_id", "record"]):
            for row in batch.filter(pa.array(self._stones.among_refused(batch))).to_pylist():
                for uri in refused_uris(row["record_id"], row["record"]):
                    self.matched.update(self._stones.matching(uri))
                n += 1
        return n

    def releases(self, warehouse: Path) -> list[Trace]:
        """Return a trace for each release, oldest first."""
        return [self.trace(warehouse / RELEASES / str(id_)) for id_ in release_ids(warehouse / RELEASES)]

    def everything(self, warehouse: Path) -> list[Trace]:
        """Return a trace for each rejected run and each release."""
        return [*self.rejected(warehouse), *self.releases(warehouse)]

    def rejected(self, warehouse: Path) -> list[Trace]:
        """Return a trace for each rejected run, oldest first."""
        return [self.trace(warehouse / REJECTED / str(id_)) for id_ in release_ids(warehouse / REJECTED)]


def dataset_files(folder: Path, name: str) -> list[Path]:
    """Return the files of a dataset below the folder of a release, whether or not its manifest can be read."""
    if origin_of(folder) is not None:
        from dedup.releases.remote.bringing import bring

        bring(folder, [name])
    return sorted((folder / DATASETS[name].path).glob("part-*.parquet"))


def _identity(path: Path) -> _File:
    # Size and time too: the number of a file that was removed is given to another one.
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@dataclass(frozen=True)
class Found:
    """What a release says of some of its documents.

    Attributes
    ----------
    rows : dataset -> rows that name the documents or their sections
    uris : of the documents, sorted
    section_ids, content_keys : of their sections (keys: `content_hash`, ids of passages) that stand nowhere else in it
    cluster_ids : of the clusters that those sections belong to
    copies : other documents of the release that hold copies of their sections
    """

    rows: dict[str, int]
    uris: tuple[str, ...]
    section_ids: tuple[str, ...]
    content_keys: tuple[str, ...]
    cluster_ids: tuple[str, ...]
    copies: int


_NOTHING = Found({}, (), (), (), (), 0)


def look_up_documents(folder: Path, doc_ids: tuple[str, ...], *, count: bool = True) -> Found:
    """Return what the release in `folder` says of documents.

    Parameters
    ----------
    doc_ids : of the documents; none gives nothing
    count : also count the rows of all datasets, and the copies
    """
    if not doc_ids:
        return _NOTHING
    try:
        return _look_up(folder, doc_ids, count)
    except (duckdb.Error, BrokenRelease):
        # A damaged release says nothing; what it holds is told by `Trace.problem`, and goes with it.
        return _NOTHING


def _look_up(folder: Path, doc_ids: tuple[str, ...], count: bool) -> Found:
    connection = duckdb.connect()
    try:
        present = [name for name in DATASETS if dataset_files(folder, name)]
        for name in present:
            files = ", ".join(quote(path.as_posix()) for path in dataset_files(folder, name))
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{files}])")
        connection.register("forgotten", pa.table({"id": pa.array(doc_ids, pa.string())}))
        connection.execute("CREATE TEMP TABLE ids AS SELECT id FROM forgotten")
        connection.execute("CREATE TEMP TABLE sections_of (id VARCHAR, key VARCHAR)")
        if "sections" in present:
            connection.execute(
                "INSERT INTO sections_of SELECT section_id, content_hash FROM sections WHERE doc_id IN (FROM ids)"
            )
        rows = dict(_count_rows(connection, present)) if count else {}
        uris = _column(connection, "SELECT uri FROM documents WHERE doc_id IN (FROM ids) ORDER BY 1")
        sections = _column(connection, "SELECT id FROM sections_of ORDER BY 1")
        keys: list[str] = []
        if "sections" in present:
            elsewhere = "SELECT content_hash FROM sections WHERE doc_id NOT IN (FROM ids)"
            keys = _column(connection, f"SELECT DISTINCT key FROM sections_of EXCEPT {elsewhere}")
        if "passages" in present:
            keys += _column(
                connection,
                "SELECT DISTINCT passage_id FROM passages WHERE section_id IN (SELECT id FROM sections_of) EXCEPT "
                "SELECT passage_id FROM passages WHERE section_id NOT IN (SELECT id FROM sections_of)",
            )
        copies = 0
        clusters: list[str] = []
        if {"membership", "sections"} <= set(present):
            own = "SELECT DISTINCT cluster_id FROM membership WHERE section_id IN (SELECT id FROM sections_of)"
            clusters = _column(connection, own)
            if count:
                query = "SELECT count(DISTINCT s.doc_id) FROM membership m JOIN sections s USING (section_id) "
                query += f"WHERE s.doc_id NOT IN (FROM ids) AND m.cluster_id IN ({own})"
                copies = int(_value(connection, query))
        return Found(rows, tuple(uris), tuple(sections), tuple(keys), tuple(clusters), copies)
    finally:
        connection.close()


def _count_rows(connection: duckdb.DuckDBPyConnection, present: list[str]) -> Iterator[tuple[str, int]]:
    sets = {"ids": "FROM ids", "sections": "SELECT id FROM sections_of"}
    for name in present:
        there = set(_column(connection, f"SELECT column_name FROM (DESCRIBE {name})"))
        named = [f"{column} IN ({sets[kind]})" for column, kind in _NAMES.items() if column in there]
        if name == "table_cells" and "extracted_tables" in present:
            named.append("table_id IN (SELECT table_id FROM extracted_tables WHERE doc_id IN (FROM ids))")
        if named:
            n = int(_value(connection, f"SELECT count(*) FROM {name} WHERE {' OR '.join(named)}"))
            if n:
                yield name, n


def _value(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else 0


def _column(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(query).fetchall()]


def uris_of(folder: Path, doc_ids: list[str]) -> dict[str, str]:
    """Return doc_id -> uri of those documents that the release in `folder` holds."""
    wanted = pa.array(doc_ids, pa.string())
    found: dict[str, str] = {}
    for path in dataset_files(folder, "documents"):
        for batch in pq.ParquetFile(path).iter_batches(columns=["doc_id", "uri"]):
            rows = batch.filter(pc.is_in(batch.column("doc_id"), wanted))
            found.update(zip(rows.column("doc_id").to_pylist(), rows.column("uri").to_pylist(), strict=True))
    return found
