"""Finds the units of a truth in a release: which published section is the report that the truth means."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from dedup.evaluation.truth import Truth
from dedup.schemas import MATCHED_KINDS

#: A section and a unit of the truth are the same when their common part is at least this share of both together.
MIN_OVERLAP = 0.5
#: Blanks and headings may fall to either side; behind a report, so may what a site adds (pagination, links).
START_SLACK, END_SLACK = 5, 40
_BLANK = re.compile("[\\s　]+")


class Readable(Protocol):
    """What evaluation needs of a release."""

    manifest: dict[str, Any]

    def arrow(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """Return a dataset, or some of its columns."""

    def sql(self, query: str, parameters: Sequence[Any] | None = None) -> pa.Table:
        """Answer a query over the datasets; texts are read this way, as all of them may not fit in memory."""


@dataclass(frozen=True)
class CutScore:
    """How well pages were cut, among units whose place the truth gives.

    Attributes
    ----------
    units : those
    found : of them, those that are a section of any matched kind (common part at least half of both together)
    exact : of them, those that start and end within `START_SLACK` and `END_SLACK` characters of the truth
    kinds_right : of the found, those of the true kind
    """

    units: int
    found: int
    exact: int
    kinds_right: int


@dataclass(frozen=True)
class Placement:
    """Where the units of the truth are in a release.

    Attributes
    ----------
    sections : (unit, section_id, overlap), sections that are matched only; a section stands for one unit at most, a
        unit of level document may have several sections
    documents : (unit, doc_id), units whose document the release has
    cut : how the sections of the truth were cut; None where the truth knows documents only
    """

    sections: pa.Table
    documents: pa.Table
    cut: CutScore | None = None


def place_units(truth: Truth, release: Readable) -> Placement:
    """Find every unit of the truth in the release."""
    documents = release.arrow("documents", ["doc_id", "uri", "source_id"])
    sections = release.arrow("sections", ["section_id", "doc_id", "ordinal", "kind", "char_start", "char_end"])
    if truth.level == "document":
        return _place_documents(truth, documents, sections)
    found = match_uris(truth.units.column("uri").to_pylist(), documents.column("uri").to_pylist())
    doc_ids = documents.column("doc_id").to_pylist()
    unit_docs = pa.table(
        {
            "unit": pa.array([u for u, d in enumerate(found) if d is not None], pa.int64()),
            "doc_id": pa.array([doc_ids[d] for d in found if d is not None], pa.string()),
        }
    )
    spans = _unit_spans(truth.units, unit_docs, release)
    connection = duckdb.connect()
    try:
        for name, table in (("spans", spans), ("sections", sections), ("kinds", pa.table({"kind": MATCHED_KINDS}))):
            connection.register(name, table)
        best = connection.sql(
            """
            WITH crossing AS (
                SELECT unit, section_id,
                       least(spans.stop, char_end) - greatest(spans.start, char_start) AS common,
                       greatest(spans.stop, char_end) - least(spans.start, char_start) AS together
                FROM spans JOIN sections USING (doc_id) SEMI JOIN kinds USING (kind)
                WHERE least(spans.stop, char_end) > greatest(spans.start, char_start)
            ), best AS (
                SELECT unit, section_id, common / together AS overlap FROM crossing
                QUALIFY row_number() OVER (PARTITION BY unit ORDER BY common / together DESC, section_id) = 1
            )
            SELECT * FROM best WHERE overlap >= ?
            QUALIFY row_number() OVER (PARTITION BY section_id ORDER BY overlap DESC, unit) = 1 ORDER BY unit
            """,
            params=[MIN_OVERLAP],
        ).to_arrow_table()
        cut = _score_cut(connection, truth.units, best)
    finally:
        connection.close()
    return Placement(best, unit_docs, cut)


def _score_cut(connection: duckdb.DuckDBPyConnection, units: pa.Table, best: pa.Table) -> CutScore:
    numbered = units.select(["char_start", "char_end", "kind"]).rename_columns(["start", "stop", "true_kind"])
    connection.register("units", numbered.append_column("unit", pa.array(range(units.num_rows), pa.int64())))
    connection.register("best", best)
    row = connection.execute(
        """
        SELECT count(*), count(section_id),
               count(*) FILTER (abs(char_start - units.start) <= ? AND abs(char_end - units.stop) <= ?),
               count(*) FILTER (kind = true_kind)
        FROM units LEFT JOIN best USING (unit) LEFT JOIN sections USING (section_id) WHERE units.start IS NOT NULL
        """,
        [START_SLACK, END_SLACK],
    ).fetchone()
    return CutScore(*(row or (0, 0, 0, 0)))


def _place_documents(truth: Truth, documents: pa.Table, sections: pa.Table) -> Placement:
    connection = duckdb.connect()
    units = truth.units.append_column("unit", pa.array(range(truth.units.num_rows), pa.int64()))
    try:
        connection.register("units", units)
        connection.register("documents", documents)
        connection.register("sections", sections)
        connection.register("kinds", pa.table({"kind": MATCHED_KINDS}))
        connection.execute(
            """
            CREATE TABLE unit_docs AS
            SELECT unit, doc_id FROM units JOIN documents ON units.id = documents.source_id
            UNION SELECT unit, doc_id FROM units JOIN documents ON units.id = documents.uri
            """
        )
        unit_docs = connection.sql("SELECT * FROM unit_docs ORDER BY ALL").to_arrow_table()
        placed = connection.sql(
            """
            SELECT unit, section_id, 1::DOUBLE AS overlap
            FROM unit_docs JOIN sections USING (doc_id) SEMI JOIN kinds USING (kind) ORDER BY unit, doc_id, ordinal
            """
        ).to_arrow_table()
    finally:
        connection.close()
    return Placement(placed, unit_docs)


def match_uris(wanted: list[str], present: list[str]) -> list[int | None]:
    """Return for each wanted uri the index of the document that has it; None where there is none.

    The name of a source may be declared, and a source may be a folder above or below the one the truth was written
    for: uris that are not equal match when one ends with the other's path and no other document does.
    """
    exact = {uri: i for i, uri in enumerate(present)}
    by_tail: dict[str, list[int]] = defaultdict(list)
    for i, uri in enumerate(present):
        by_tail[_tail(uri)].append(i)
    return [
        exact[uri] if uri in exact else _only([i for i in by_tail[_tail(uri)] if _ends_alike(uri, present[i])])
        for uri in wanted
    ]


def _tail(uri: str) -> str:
    return uri.rsplit("/", 1)[-1]


def _only(found: list[int]) -> int | None:
    return found[0] if len(found) == 1 else None


def _ends_alike(a: str, b: str) -> bool:
    """Tell whether two uris agree from the end up to the first part of one of them, a source's name."""
    left, right = a.split("/"), b.split("/")
    n = min(len(left), len(right)) - 1
    return n > 0 and left[-n:] == right[-n:]


def _unit_spans(units: pa.Table, unit_docs: pa.Table, release: Readable) -> pa.Table:
    """Return (unit, doc_id, start, stop); spans that the truth does not give are looked up in the text."""
    starts, stops = units.column("char_start").to_pylist(), units.column("char_end").to_pylist()
    missing: dict[str, list[int]] = defaultdict(list)
    rows: list[tuple[int, str, int, int]] = []
    for unit, doc_id in zip(unit_docs.column("unit").to_pylist(), unit_docs.column("doc_id").to_pylist(), strict=True):
        if starts[unit] is None:
            missing[doc_id].append(unit)
        else:
            rows.append((unit, doc_id, starts[unit], stops[unit]))
    if missing:
        heads, tails = units.column("head").to_pylist(), units.column("tail").to_pylist()
        for doc_id, text in _texts(release, sorted(missing)).items():
            for unit, start, stop in _locate([(u, heads[u], tails[u]) for u in missing[doc_id]], text):
                rows.append((unit, doc_id, start, stop))
    schema = pa.schema([("unit", pa.int64()), ("doc_id", pa.string()), ("start", pa.int64()), ("stop", pa.int64())])
    return pa.table([pa.array([row[i] for row in rows], f.type) for i, f in enumerate(schema)], schema=schema)


def _texts(release: Readable, doc_ids: list[str]) -> dict[str, str]:
    rows = release.sql("SELECT doc_id, text FROM documents WHERE doc_id IN (SELECT unnest(?))", [doc_ids])
    return dict(zip(rows.column("doc_id").to_pylist(), rows.column("text").to_pylist(), strict=True))


def _locate(wanted: list[tuple[int, str, str]], text: str) -> list[tuple[int, int, int]]:
    """Find units by their first and last characters, white space apart, in the order they are given."""
    kept: list[int] = []
    parts: list[str] = []
    last = 0
    for blank in _BLANK.finditer(text):
        parts.append(text[last : blank.start()])
        kept.extend(range(last, blank.start()))
        last = blank.end()
    parts.append(text[last:])
    kept.extend(range(last, len(text)))
    bare = "".join(parts)
    found = []
    at = 0
    for unit, head, tail in wanted:
        start = bare.find(head, at)
        if start < 0:
            continue
        end = bare.find(tail, start)
        if end < 0:
            continue
        at = end + len(tail)
        found.append((unit, kept[start], kept[at - 1] + 1))
    return found
