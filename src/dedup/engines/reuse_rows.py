"""The matched sections of a run as rows, and the way from rows and places in clean texts to ids and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.engines.attributing import region_codes, report_years
from dedup.reuse.rows import SectionRows
from dedup.text.clean_map import spans_in_pages

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.engines.local import LocalRun


class Places:
    """Turns rows of matched sections and places in their clean texts into ids and places in pages."""

    def __init__(self, run: LocalRun) -> None:
        self._matched = run.corpus.matched
        self._maps = run.corpus.sections.column("clean_map")
        self.section_ids = run.corpus.section_facts.column("section_id").take(pa.array(self._matched)).combine_chunks()

    def ids(self, rows: NDArray[np.int64]) -> pa.Array:
        """Return the section id of each row."""
        return self.section_ids.take(pa.array(rows))

    def spans(
        self, rows: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return (char_start, char_end) in `documents.text` of spans of clean texts."""
        return spans_in_pages(self._maps, self._matched[rows], starts, ends)

    def place(self, table: pa.Table, row: str = "row", start: str = "clean_start", end: str = "clean_end") -> pa.Table:
        """Add section_id, char_start and char_end to a table with rows and places in clean texts."""
        rows = table.column(row).to_numpy().astype(np.int64)
        starts, ends = (table.column(name).to_numpy().astype(np.int64) for name in (start, end))
        first, last = self.spans(rows, starts, ends)
        table = table.append_column("section_id", self.ids(rows))
        return table.append_column("char_start", pa.array(first)).append_column("char_end", pa.array(last))


def section_rows(run: LocalRun) -> SectionRows:
    """Return the matched sections of a run with what tells them apart."""
    corpus, assignment, nodes = run.corpus, run.assignment, run.matches.nodes
    facts = corpus.section_facts.take(pa.array(corpus.matched)).combine_chunks()
    documents = corpus.document_facts
    at = pc.index_in(facts.column("doc_id"), documents.column("doc_id").combine_chunks()).combine_chunks()
    n = corpus.matched.size
    own = np.arange(n)
    is_reference = assignment.canonical < 0
    cluster = np.where(is_reference, own, assignment.canonical)
    # Equal texts of reference sources have one voice: the first of the node, which is no family of the corpus.
    node = nodes.node_of_row
    first = np.full(nodes.count, n, dtype=np.int64)
    equal = np.flatnonzero(is_reference & (node >= 0))
    np.minimum.at(first, node[equal], equal)
    family = np.where(is_reference, own, assignment.family)
    family[equal] = first[node[equal]]
    attributions = run.tables["attributions"]
    return SectionRows(
        corpus.texts,
        cluster,
        family,
        cluster == own,
        is_reference,
        _codes(documents.column("source").take(at)),
        _codes(documents.column("site").take(at)),
        run.ranking.position,
        region_codes(attributions),
        report_years(attributions),
    )


def _codes(names: pa.ChunkedArray) -> NDArray[np.int32]:
    codes: NDArray[np.int32] = names.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int32)
    return codes


def cluster_ids(run: LocalRun, places: Places) -> pa.Array:
    """Return the cluster id of each matched section; null for those of reference sources."""
    membership = run.tables["membership"]
    at = pc.index_in(places.section_ids, membership.column("section_id").combine_chunks())
    return membership.column("cluster_id").combine_chunks().take(at)
