"""Every dataset of a release: where it lies, its schema, its key, how its rows are sorted."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from dedup.schemas.copies import (
    CLUSTER_HISTORY,
    CLUSTERS,
    CONFLICTS,
    CONSENSUS,
    FINGERPRINTS,
    MEMBERSHIP,
    PAIRS,
    REPAIRS,
)
from dedup.schemas.decisions import DECISIONS
from dedup.schemas.figures import ATTRIBUTIONS, CHECKS, EXTRACTED_TABLES, FACTS, OBSERVATIONS, TABLE_CELLS
from dedup.schemas.pages import DOCUMENTS, FURNITURE, QUARANTINE, RECORDS, RUNS, SECTIONS
from dedup.schemas.reports import REPORTS
from dedup.schemas.reuse import PASSAGE_STATS, PASSAGES, PHRASES, REUSE_EDGES, TEMPLATE_OCCURRENCES, TEMPLATES
from dedup.schemas.search import SEARCH

#: Columns that hold ids of 16 hex digits at their end.
ID_COLUMNS = frozenset(
    {
        *("doc_id", "section_id", "section_a", "cluster_id", "from_cluster", "fact_id", "template_id", "phrase_id"),
        *("passage_id", "observation_id", "check_id", "table_id", "conflict_id"),
    }
)

#: Decoded bytes per row group: what a reader holds per thread and column set.
ROW_GROUP_BYTES = 32 << 20
#: Less where single rows are picked, such as one text to show: what is read for a row is its row group.
_PICKED = {
    **dict.fromkeys(("documents", "sections", "reports", "consensus", "observations", "fingerprints"), 4 << 20),
    "facts": 4 << 20,
    "search": 256 << 10,
}


@dataclass(frozen=True)
class Dataset:
    """One dataset of a release: where it lies, its schema, how its rows are sorted.

    Attributes
    ----------
    sort_by : columns by which the rows of a file are sorted, and `document`: the place of a row's document in the order
        of `documents`, so that what was read from one site lies together
    by_document : whether each of its files holds the rows of documents that follow each other, so that what changes on
        one site changes few files; `sort_by` then orders the rows inside a file. Otherwise it orders all rows
    apart : whether rows of clusters with several sections lie in files of their own, behind the others: such rows
        change with copies on any site
    """

    name: str
    folder: str
    schema: pa.Schema
    sort_by: tuple[str, ...]
    key: tuple[str, ...]
    doc: str
    by_document: bool = False
    apart: bool = False

    @property
    def sort_columns(self) -> tuple[str, ...]:
        """The first of `sort_by` that are columns, which Parquet files can name."""
        n = next((i for i, name in enumerate(self.sort_by) if name not in self.schema.names), len(self.sort_by))
        return self.sort_by[:n]

    @property
    def chunk_by(self) -> str | None:
        """The id by which large datasets are divided into files; None where rows have none.

        The first of the id columns by which rows are sorted, so that rows of one thing stay in one file; where they
        are sorted by something else, their own id, or that of their document.
        """
        ids = [n for n in ("doc_id" if n == "document" else n for n in self.sort_by) if n in ID_COLUMNS]
        every = [*ids, *self.key, "doc_id"]
        return next((n for n in every if n in ID_COLUMNS and n in self.schema.names), None)

    @property
    def blocks(self) -> str | None:
        """The column each of whose values has a file of its own; None where files are cut by size."""
        return "block" if "block" in self.key else None

    @property
    def row_group_bytes(self) -> int:
        """Decoded bytes of a row group, about."""
        return _PICKED.get(self.name, ROW_GROUP_BYTES)

    @property
    def path(self) -> str:
        """Folder inside the release, with forward slashes."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


#: Every dataset this version publishes, in reading order.
DATASETS: dict[str, Dataset] = {
    d.name: d
    for d in (
        Dataset(
            "reports",
            "",
            REPORTS,
            ("document", "cluster_id"),
            ("cluster_id",),
            "one row per distinct report",
            by_document=True,
            apart=True,
        ),
        Dataset(
            "facts",
            "",
            FACTS,
            ("indicator_id", "region_code", "year", "fact_id"),
            ("fact_id",),
            "one row per figure of a report, however many copies state it",
            by_document=True,
            apart=True,
        ),
        Dataset("records", "", RECORDS, ("source", "uri"), ("uri",), "what became of every input record"),
        Dataset("clusters", "", CLUSTERS, ("cluster_id",), ("cluster_id",), "one row per cluster of copies"),
        Dataset(
            "templates", "", TEMPLATES, ("template_id",), ("template_id",), "sentences many reports have, with slots"
        ),
        Dataset("phrases", "", PHRASES, ("phrase_id",), ("phrase_id",), "clauses many reports have"),
        Dataset(
            "reuse_edges",
            "",
            REUSE_EDGES,
            ("from_cluster", "to_cluster"),
            ("from_cluster", "to_cluster"),
            "who shares text with whom",
        ),
        Dataset(
            "documents",
            "evidence",
            DOCUMENTS,
            ("source", "uri"),
            ("doc_id",),
            "every page or record as decoded",
            by_document=True,
        ),
        Dataset(
            "sections",
            "evidence",
            SECTIONS,
            ("source", "document", "ordinal"),
            ("section_id",),
            "every page cut into its parts",
            by_document=True,
        ),
        Dataset(
            "attributions",
            "evidence",
            ATTRIBUTIONS,
            ("document", "section_id"),
            ("section_id",),
            "place and years of each section, and the words that prove them",
            by_document=True,
        ),
        Dataset("membership", "evidence", MEMBERSHIP, ("section_id",), ("section_id",), "section to cluster"),
        Dataset("pairs", "evidence", PAIRS, ("section_a", "section_b"), ("section_a", "section_b"), "verified pairs"),
        Dataset(
            "passages",
            "evidence",
            PASSAGES,
            ("section_id", "char_start"),
            ("section_id", "char_start", "char_end", "passage_id"),
            "where text stands that several clusters share",
        ),
        Dataset(
            "passage_stats",
            "evidence",
            PASSAGE_STATS,
            ("passage_id",),
            ("passage_id",),
            "how far that text is spread",
        ),
        Dataset(
            "template_occurrences",
            "evidence",
            TEMPLATE_OCCURRENCES,
            ("document", "section_id", "char_start", "template_id"),
            ("template_id", "section_id", "char_start", "char_end"),
            "where templates stand, with what fills their slots",
            by_document=True,
        ),
        Dataset(
            "observations",
            "evidence",
            OBSERVATIONS,
            ("document", "value_start", "observation_id"),
            ("observation_id",),
            "every figure of every section, with the words that state it",
            by_document=True,
            apart=True,
        ),
        Dataset(
            "checks",
            "evidence",
            CHECKS,
            ("section_id", "rule", "check_id"),
            ("check_id",),
            "arithmetic that figures of one report must obey, and whether they do",
        ),
        Dataset(
            "extracted_tables",
            "evidence",
            EXTRACTED_TABLES,
            ("doc_id", "ordinal"),
            ("table_id",),
            "data tables of the pages",
        ),
        Dataset(
            "table_cells",
            "evidence",
            TABLE_CELLS,
            ("table_id", "row_index", "col_index"),
            ("table_id", "row_index", "col_index"),
            "their cells, spans resolved, numbers parsed",
        ),
        Dataset(
            "conflicts",
            "evidence",
            CONFLICTS,
            ("cluster_id", "canonical_start", "section_id"),
            ("conflict_id",),
            "where copies of one report disagree",
        ),
        Dataset(
            "repairs",
            "evidence",
            REPAIRS,
            ("cluster_id", "section_id", "char_start"),
            ("section_id", "char_start", "char_end"),
            "damage in copies, and what another copy says there",
        ),
        Dataset(
            "consensus", "evidence", CONSENSUS, ("cluster_id",), ("cluster_id",), "repaired texts of damaged reports"
        ),
        Dataset(
            "furniture",
            "evidence",
            FURNITURE,
            ("doc_id", "char_start"),
            ("doc_id", "char_start"),
            "page-edge lines that a site repeats; marked, never cut",
        ),
        Dataset(
            "decisions",
            "evidence",
            DECISIONS,
            ("decision_id",),
            ("decision_id",),
            "what people decided about copies, and what became of it",
        ),
        Dataset(
            "cluster_history",
            "evidence",
            CLUSTER_HISTORY,
            ("recorded_at", "event", "elder", "cluster_id"),
            ("release_id", "event", "elder", "cluster_id"),
            "clusters that were merged or split, release by release",
        ),
        Dataset("quarantine", "evidence", QUARANTINE, ("dataset", "record_id"), (), "what was refused, and why"),
        Dataset("runs", "evidence", RUNS, ("started_at", "stage", "metric"), (), "metrics of the runs"),
        Dataset(
            "fingerprints",
            "index",
            FINGERPRINTS,
            ("document", "section_id"),
            ("section_id",),
            "MinHash signatures",
            by_document=True,
        ),
        Dataset(
            "search",
            "index",
            SEARCH,
            ("block", "piece"),
            ("block", "piece"),
            "which sections hold which two characters in a row, block by block of pages",
        ),
    )
}


def empty(schema: pa.Schema) -> pa.Table:
    """Return a table of `schema` without rows."""
    return schema.empty_table()


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return `table` with exactly the columns, order, types and metadata of `schema`.

    Raises
    ------
    ValueError
        A column is missing, cannot be cast, or holds nulls where the contract forbids them.
    """
    missing = [f.name for f in schema if f.name not in table.column_names]
    if missing:
        raise ValueError(f"columns missing: {', '.join(missing)}; the table has {', '.join(table.column_names)}")
    out = table.select(schema.names).cast(pa.schema([f.with_nullable(True) for f in schema]))
    for f in schema:
        if not f.nullable and out.column(f.name).null_count:
            raise ValueError(f"column {f.name} holds {out.column(f.name).null_count} nulls, the contract allows none")
    return pa.table(out.columns, schema=schema)
