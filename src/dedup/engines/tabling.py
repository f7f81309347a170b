"""Tables of the pages of a run, piece by piece in worker processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.corpus import take_mapped
from dedup.engines.store import TableStore
from dedup.engines.unchanged import join_tables, rows_before, unchanged_documents
from dedup.extraction import tables as extraction
from dedup.processes import map_in_processes

if TYPE_CHECKING:
    from dedup.engines.local import LocalRun

DOCUMENT_COLUMNS = ["doc_id", "text", "tables_html"]
SECTION_COLUMNS = ["section_id", "doc_id", "char_start", "char_end", "kind"]
#: Characters of text and bytes of HTML that are handed out at once, and up to which no process is started for them.
PIECE_SIZE = 2_000_000
ALONE_SIZE = 8_000_000


class _Piece(NamedTuple):
    documents: pa.Table
    sections: pa.Table


def tables_of_piece(piece: _Piece) -> extraction.Tabled:
    """Return the tables of some documents and their cells (in a worker process, or here)."""
    return extraction.find_tables(piece.documents, piece.sections)


def find_tables(run: LocalRun) -> dict[str, pa.Table]:
    """Return `extracted_tables` and `table_cells` of the corpus, in mapped files; reference sources have none."""
    stores = {
        name: TableStore(run.work / f"{name}.arrow", schemas.DATASETS[name].schema)
        for name in ("extracted_tables", "table_cells")
    }
    same = unchanged_documents(run, "figures")
    known = pc.is_in(run.corpus.document_facts.column("doc_id"), same).to_numpy().astype(bool)
    size = np.where(known, 0, _sizes(run.corpus.documents))
    processes = run.settings.threads if int(size.sum()) > ALONE_SIZE else 1
    left_out: Counter[str] = Counter()
    for found in map_in_processes(tables_of_piece, _pieces(run, size, known), processes):
        stores["extracted_tables"].append(schemas.conform(found.tables, schemas.EXTRACTED_TABLES))
        stores["table_cells"].append(schemas.conform(found.cells, schemas.TABLE_CELLS))
        left_out += found.left_out
    run.meter.note("tables", **{f"left_out_{reason}": n for reason, n in sorted(left_out.items())})
    before = rows_before(run, "extracted_tables", "doc_id", same)
    cells = rows_before(run, "table_cells", "table_id", before.column("table_id").combine_chunks())
    return {
        "extracted_tables": join_tables(stores["extracted_tables"].read(), before),
        "table_cells": join_tables(stores["table_cells"].read(), cells),
    }


def _sizes(documents: pa.Table) -> np.ndarray:
    """Return what looking for tables in each document costs: its characters and the bytes of its HTML tables."""
    sizes = [np.zeros(0, dtype=np.int64)]
    for batch in documents.select(["n_chars", "tables_html"]).to_batches():
        html = batch.column("tables_html")
        lengths = pc.fill_null(pc.binary_length(html.flatten()), 0).to_numpy(zero_copy_only=False)
        ends = np.concatenate([[0], np.cumsum(lengths)])
        counts = pc.fill_null(pc.list_value_length(html), 0).to_numpy(zero_copy_only=False)
        stops = np.cumsum(counts)
        sizes.append(batch.column("n_chars").to_numpy() + ends[stops] - ends[stops - counts])
    return np.concatenate(sizes)


def _pieces(run: LocalRun, size: np.ndarray, known: np.ndarray) -> Iterator[_Piece]:
    facts = run.corpus.document_facts
    own = np.flatnonzero(pc.equal(facts.column("role"), "corpus").to_numpy() & ~known)
    documents = run.corpus.documents.select(DOCUMENT_COLUMNS)
    sections = run.corpus.section_facts.select(SECTION_COLUMNS)
    owner = pc.index_in(sections.column("doc_id"), facts.column("doc_id").combine_chunks())
    by_document = np.argsort(owner.to_numpy(), kind="stable")
    ordered = owner.to_numpy()[by_document]
    ends = np.cumsum(size[own])
    start = 0
    while start < own.size:
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + PIECE_SIZE, side="right")))
        held = own[start:stop]
        low, high = np.searchsorted(ordered, held[0], "left"), np.searchsorted(ordered, held[-1], "right")
        yield _Piece(take_mapped(documents, held), sections.take(pa.array(np.sort(by_document[low:high]))))
        start = stop
