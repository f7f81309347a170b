"""The stage that says which place and which years each section speaks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.corpus import take_mapped
from dedup.engines.store import TableStore
from dedup.engines.unchanged import join_tables, rows_before, unchanged_documents
from dedup.ids import make_id
from dedup.processes import map_in_processes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.engines.local import LocalRun

#: Columns that attribution needs.
SECTION_COLUMNS = ["section_id", "doc_id", "ordinal", "title", "kind", "char_start", "char_end", "clean_text"]
SECTION_COLUMNS += ["completeness"]
DOCUMENT_COLUMNS = ["doc_id", "text", "published_at"]
#: Characters of text that are handed out at once, and up to which no process is started for it.
PIECE_CHARS = 1_000_000
ALONE_CHARS = 6_000_000
#: Bases of a year that is sure enough to say which of two reports is the earlier one.
SURE = ("printed", "resolved")


class _Piece(NamedTuple):
    """Whole documents and their matched sections; plain tables, so that a worker process takes them."""

    sections: pa.Table
    documents: pa.Table


def attribute_piece(piece: _Piece) -> pa.Table:
    """Return the attributions of one piece (in a worker process, or here)."""
    from dedup.extraction import attribution

    return attribution.attribute_sections(piece.sections, piece.documents)


def attribute_corpus(run: LocalRun) -> pa.Table:
    """Return place and years of all matched sections (`schemas.ATTRIBUTIONS`), in the order of `corpus.matched`."""
    # The table of places is only loaded where it is asked for.
    from dedup.extraction.attribution import assign_works

    begun, run.attributing = run.attributing, None
    return assign_works(begun.result() if begun is not None else attribute_documents(run), run.tables["membership"])


def attribute_documents(run: LocalRun) -> pa.Table:
    """Return the same before pieces of one work are told apart: it needs to know nothing of clusters.

    Works through whole documents, piece by piece; the result lies in a mapped file.
    """
    facts = run.corpus.document_facts
    before = rows_before(run, "attributions", "doc_id", _fully_attributed(run))
    known = pc.is_in(facts.column("doc_id"), pc.unique(before.column("doc_id"))).to_numpy().astype(bool)
    store = TableStore(run.work / "attributions.arrow", schemas.ATTRIBUTIONS)
    total = int(pc.sum(facts.column("n_chars").filter(pa.array(~known))).as_py() or 0)
    processes = run.settings.threads if total > ALONE_CHARS else 1
    for part in map_in_processes(attribute_piece, _pieces(run, known), processes):
        store.append(schemas.conform(part, schemas.ATTRIBUTIONS))
    run.meter.note("attribute", documents=int((~known).sum()), kept=int(known.sum()))
    found = join_tables(store.read(), before)
    if before.num_rows:
        ids = run.corpus.section_facts.column("section_id").take(pa.array(run.corpus.matched))
        found = found.take(pc.index_in(ids, found.column("section_id").combine_chunks()).combine_chunks())
    return found


def _fully_attributed(run: LocalRun) -> pa.Array:
    """Return the ids of unchanged documents of which the last release says something of every matched section."""
    same = unchanged_documents(run, "attribute")
    if run.previous is None or not len(same):
        return same
    facts = run.corpus.section_facts.select(["section_id", "doc_id"]).take(pa.array(run.corpus.matched))
    told = run.previous.arrow("attributions", ["section_id"]).column(0).combine_chunks()
    untold = facts.column("doc_id").filter(pc.invert(pc.is_in(facts.column("section_id"), told)))
    return same.filter(pc.invert(pc.is_in(same, untold.combine_chunks())))


def no_attributions(run: LocalRun) -> pa.Table:
    """Return what is said of all matched sections where nothing is looked for: each is a work of its own."""
    facts = run.corpus.section_facts.take(pa.array(run.corpus.matched))
    n = facts.num_rows
    columns: dict[str, pa.Array | pa.ChunkedArray] = {f.name: pa.nulls(n, f.type) for f in schemas.ATTRIBUTIONS}
    columns |= {name: facts.column(name) for name in ("section_id", "doc_id", "completeness")}
    for name in ("region", "year_review", "year_plan"):
        columns[f"{name}_basis"] = pa.array(["none"] * n, pa.string())
        columns[f"{name}_confidence"] = pa.array(np.zeros(n))
    columns["work_id"] = pa.array([make_id("w", section) for section in facts.column("section_id").to_pylist()])
    return schemas.conform(pa.table(columns), schemas.ATTRIBUTIONS)


def _pieces(run: LocalRun, known: NDArray[np.bool_]) -> Iterator[_Piece]:
    """Yield the documents that are not known, with their matched sections."""
    corpus = run.corpus
    sections = corpus.sections.select(SECTION_COLUMNS)
    documents = corpus.documents.select(DOCUMENT_COLUMNS)
    facts = corpus.section_facts.column("doc_id").take(pa.array(corpus.matched))
    owner = pc.index_in(facts, corpus.document_facts.column("doc_id").combine_chunks()).combine_chunks().to_numpy()
    rows, owner = corpus.matched[~known[owner]], owner[~known[owner]]
    chars = np.cumsum(np.where(known, 0, corpus.document_facts.column("n_chars").to_numpy()))
    start = 0
    while start < owner.size:
        first = int(owner[start])
        before = int(chars[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(chars, before + PIECE_CHARS, side="right")))
        stop = int(np.searchsorted(owner, last, side="left"))
        held = np.unique(owner[start:stop])
        yield _Piece(take_mapped(sections, rows[start:stop]), take_mapped(documents, held))
        start = stop


def report_years(attributions: pa.Table, *, sure: bool = False) -> NDArray[np.int32]:
    """Return the year of each report, -1 where it is not known: the one it plans for, else the one after its review.

    Parameters
    ----------
    sure : only years that the text prints, or that follow from a printed one
    """
    plan, review = (_year(attributions, name, sure=sure) for name in ("year_plan", "year_review"))
    return np.where(plan >= 0, plan, np.where(review >= 0, review + 1, -1)).astype(np.int32)


def _year(attributions: pa.Table, name: str, *, sure: bool) -> NDArray[np.int32]:
    column = attributions.column(name)
    if sure:
        column = pc.if_else(pc.is_in(attributions.column(f"{name}_basis"), pa.array(SURE)), column, None)
    years: NDArray[np.int32] = pc.fill_null(column, -1).to_numpy().astype(np.int32)
    return years


def region_codes(attributions: pa.Table) -> NDArray[np.int32]:
    """Return a number for the place of each section, -1 where it is not known."""
    codes = attributions.column("region_code").combine_chunks().dictionary_encode().indices
    numbers: NDArray[np.int32] = pc.fill_null(codes, -1).to_numpy().astype(np.int32)
    return numbers
