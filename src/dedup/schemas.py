"""The Arrow schema of every dataset: the contract between the stages and with the readers of a release.

Every field carries its documentation in the field metadata (`doc`), from which the data package, the dataset
card and `dedup sql` help are written. Ids are a one-letter prefix, an underscore and 16 hex digits. Offsets
(`char_start`, `char_end`) count Python characters in `documents.text`, end exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")
NUM_PERM = 128

Kind = Literal["report", "essay", "preamble", "footer", "promo", "appendix", "junk"]
KINDS: tuple[str, ...] = ("report", "essay", "preamble", "footer", "promo", "appendix", "junk")
#: Kinds that are fingerprinted, matched and clustered.
MATCHED_KINDS: tuple[str, ...] = ("report", "essay", "appendix")
RELATIONS: tuple[str, ...] = ("exact", "near_duplicate", "variant", "contains")
OUTCOMES: tuple[str, ...] = ("published", "duplicate", "contained", "quarantined", "not_a_report")


def field(name: str, type_: pa.DataType, doc: str, *, null: bool = False) -> pa.Field:
    """Return an Arrow field that carries its documentation; not nullable unless said so."""
    return pa.field(name, type_, nullable=null, metadata={"doc": doc})


def _basis(name: str, what: str) -> list[pa.Field]:
    return [
        field(name, pa.int32(), f"{what}; null unless the text itself proves it", null=True),
        field(f"{name}_basis", pa.string(), "printed, resolved, inferred, masked, overwritten or none"),
    ]


DOCUMENTS = pa.schema(
    [
        field("doc_id", pa.string(), "d_ + 16 hex digits: hash of uri"),
        field("uri", pa.string(), "the given url, else source name and path inside it, + '#' + own id for records"),
        field("source_id", pa.string(), "the record's own id as its owner knows it (column or file name)"),
        field("source", pa.string(), "declared name, else the url's host, else the top folder"),
        field("site", pa.string(), "the url's host, else the first folder below the source, else the source"),
        field("role", pa.string(), "corpus, or reference: matched against and never published"),
        field("format", pa.string(), "text, markdown, html, jsonl, csv, parquet or warc"),
        field("title", pa.string(), "title as the page or record states it", null=True),
        field("published_at", pa.date32(), "date of publication as the page or record states it", null=True),
        field("published_at_basis", pa.string(), "column, meta, url, text or none"),
        field("publisher", pa.string(), "publisher as the page or record states it", null=True),
        field("fetched_at", TIMESTAMP, "when it was scraped; null when unknown", null=True),
        field("ingested_at", TIMESTAMP, "when this warehouse first read it"),
        field("last_seen", TIMESTAMP, "when a run last saw it"),
        field("license", pa.string(), "license as declared for the source or record", null=True),
        field("sha256", pa.string(), "SHA-256 of the bytes as read (record: of its UTF-8 text)"),
        field("n_bytes", pa.int64(), "size of those bytes"),
        field("encoding", pa.string(), "encoding they were decoded from"),
        field("text", pa.string(), "decoded text (HTML: main text); only a byte order mark is removed"),
        field("n_chars", pa.int64(), "Python characters in text"),
        field("tables_html", pa.list_(pa.string()), "HTML of the tables of the page, in order, as found"),
    ]
)

SECTIONS = pa.schema(
    [
        field("section_id", pa.string(), "s_ + 16 hex digits: hash of doc_id, content_hash, nth occurrence"),
        field("doc_id", pa.string(), "the document it is cut from"),
        field("source", pa.string(), "source of that document"),
        field("ordinal", pa.int32(), "0-based position in the document"),
        field("title", pa.string(), "its heading line, else the title of the document, else empty"),
        field("kind", pa.string(), "report, essay, appendix (matched); preamble, footer, promo, junk (not matched)"),
        field("kind_reason", pa.string(), "why it has this kind"),
        field("char_start", pa.int32(), "first character in documents.text"),
        field("char_end", pa.int32(), "one past the last character in documents.text"),
        field("clean_text", pa.string(), "text without heading line and site noise, broken lines joined"),
        field(
            "clean_map",
            pa.list_(pa.int32()),
            "flat triples (clean_start, char_start, length): runs of clean_text copied from documents.text",
        ),
        field("n_chars", pa.int64(), "Python characters in clean_text"),
        field("content_hash", pa.string(), "32 hex digits: hash of clean_text after NFKC without white space"),
        field("mask_ratio", pa.float64(), "share of characters in placeholders (20xx, xx, ×, ～, **, □)"),
        field("boilerplate_ratio", pa.float64(), "share of the section's characters dropped as site noise"),
        field("completeness", pa.string(), "full, no_head, no_tail, fragment or hole"),
    ]
)

FINGERPRINTS = pa.schema(
    [
        field("section_id", pa.string(), "the section"),
        field("n_shingles", pa.int64(), "shingle positions in its normalised text; 0 for an empty one"),
        field("normalised_hash", pa.uint64(), "64-bit hash of the whole normalised text"),
        field("signature", pa.list_(pa.uint32(), NUM_PERM), "MinHash, datasketch 2 affine32, 128 permutations, seed 1"),
    ]
)

PAIRS = pa.schema(
    [
        field("section_a", pa.string(), "smaller section_id"),
        field("section_b", pa.string(), "larger section_id"),
        field("jaccard", pa.float64(), "exact Jaccard similarity of the distinct shingles"),
        field("containment_a", pa.float64(), "share of a's distinct shingles that stand in b"),
        field("containment_b", pa.float64(), "share of b's distinct shingles that stand in a"),
        field(
            "edit_similarity",
            pa.float64(),
            "exact Indel similarity of the normalised texts; null where Jaccard alone decides",
            null=True,
        ),
        field("relation", pa.string(), "exact, near_duplicate, variant or contains"),
        field("rule", pa.string(), "content_hash, jaccard or edit: what made it a pair; for variants also why"),
    ]
)

MEMBERSHIP = pa.schema(
    [
        field("section_id", pa.string(), "every section of kind report, essay or appendix once"),
        field("cluster_id", pa.string(), "its cluster"),
        field("is_canonical", pa.bool_(), "true for exactly one section of each cluster"),
        field("reason", pa.string(), "why this section is, or is not, the canonical one"),
        field("stands_for", pa.string(), "the canonical section that represents it (itself when canonical)"),
        field("similarity", pa.float64(), "exact Jaccard similarity with that section (1.0 when canonical)"),
        field("edit_similarity", pa.float64(), "exact edit similarity with it where it decided", null=True),
        field("rule", pa.string(), "canonical, exact, jaccard or edit"),
        field("template_ratio", pa.float64(), "share of characters in templates; null until measured", null=True),
        field("copied_ratio", pa.float64(), "share of characters in copied passages; null until measured", null=True),
    ]
)

CLUSTERS = pa.schema(
    [
        field("cluster_id", pa.string(), "c_ + 16 hex digits"),
        field("family_id", pa.string(), "f_ + 16 hex digits: clusters joined by variant pairs"),
        field("canonical_section", pa.string(), "the section published for the cluster"),
        field("kind", pa.string(), "kind of the canonical section"),
        field("n_sections", pa.int64(), "sections in the cluster"),
        field("n_documents", pa.int64(), "documents they stand in"),
        field("n_sources", pa.int64(), "sources they come from"),
        field("min_similarity", pa.float64(), "smallest Jaccard similarity with the canonical section"),
        field("link_rule", pa.string(), "weakest rule in the cluster: single, exact, jaccard or edit"),
        field("status", pa.string(), "auto, confirmed or split"),
        field("first_release", pa.string(), "release that first published it"),
    ]
)

REPORTS = pa.schema(
    [
        field("cluster_id", pa.string(), "one row per cluster of kind report"),
        field("section_id", pa.string(), "its canonical section"),
        field("doc_id", pa.string(), "document of that section"),
        field("uri", pa.string(), "uri of that document"),
        field("title", pa.string(), "heading of the section as the page gives it (may lie about place and year)"),
        field("clean_text", pa.string(), "clean text of the canonical section"),
        field("n_chars", pa.int64(), "Python characters in clean_text"),
        field("region_code", pa.string(), "administrative division code", null=True),
        field("region_name", pa.string(), "name of the division", null=True),
        field("region_level", pa.string(), "province, prefecture, county, township or null", null=True),
        field("region_basis", pa.string(), "printed, resolved, inferred, masked, overwritten or none"),
        *_basis("year_review", "year the report looks back on"),
        *_basis("year_plan", "year the report plans for"),
        field("completeness", pa.string(), "full, no_head, no_tail, fragment or hole"),
        field("work_id", pa.string(), "w_ + 16 hex digits: pieces of one report share it"),
        field("edition_of", pa.string(), "cluster of which this is another edition (variant)", null=True),
        field("contained_in", pa.string(), "cluster whose text contains this one", null=True),
        field("n_copies", pa.int64(), "sections in the cluster, itself included"),
        field("n_sources", pa.int64(), "sources they come from"),
        field("sources", pa.list_(pa.string()), "names of those sources, sorted"),
        field("mask_ratio", pa.float64(), "share of characters in placeholders"),
        field("boilerplate_ratio", pa.float64(), "share of the section dropped as site noise"),
        field("published_at", pa.date32(), "earliest stated date of publication among the copies", null=True),
        field("first_release", pa.string(), "release that first published the cluster"),
    ]
)

RECORDS = pa.schema(
    [
        field("source_id", pa.string(), "the record's own id as its owner knows it"),
        field("uri", pa.string(), "uri of the record; for unreadable input the path inside the source"),
        field("doc_id", pa.string(), "hash of uri"),
        field("source", pa.string(), "source it came from"),
        field("outcome", pa.string(), "published, duplicate, contained, quarantined or not_a_report"),
        field("stands_for_source_id", pa.string(), "own id of the record that represents it", null=True),
        field("cluster_id", pa.string(), "cluster of its first section that decides the outcome", null=True),
        field("similarity", pa.float64(), "Jaccard similarity with the section that stands for it", null=True),
        field("rule", pa.string(), "rule that decided", null=True),
        field("reason", pa.string(), "one sentence a person can read"),
        field("n_sections", pa.int64(), "matched sections in the record"),
        field("n_published", pa.int64(), "sections of it that are canonical in a cluster"),
    ]
)

QUARANTINE = pa.schema(
    [
        field("dataset", pa.string(), "dataset the record was meant for"),
        field("record_id", pa.string(), "id or uri of the record"),
        field("source", pa.string(), "source it came from"),
        field("rule", pa.string(), "short name of the rule that refused it"),
        field("reason", pa.string(), "what was wrong, in words"),
        field("record", pa.string(), "JSON: what is known of the record, never more than 2,000 characters"),
    ]
)

FURNITURE = pa.schema(
    [
        field("doc_id", pa.string(), "document"),
        field("char_start", pa.int32(), "first character of the line in documents.text"),
        field("char_end", pa.int32(), "one past its last character"),
        field("source", pa.string(), "source that repeats the line"),
        field("line", pa.string(), "the line, white space collapsed"),
        field("n_pages", pa.int64(), "distinct pages (near-duplicates collapsed) with this line at an edge"),
        field("share", pa.float64(), "of the distinct pages of the source"),
    ]
)

PASSAGES = pa.schema(
    [
        field("passage_id", pa.string(), "x_ + 16 hex digits: hash of the normalised text of its best occurrence"),
        field("section_id", pa.string(), "section it stands in"),
        field("kind", pa.string(), "template, copied, edition (shared by editions of one report only) or boilerplate"),
        field("char_start", pa.int32(), "first character in documents.text"),
        field("char_end", pa.int32(), "one past the last character"),
        field("clean_start", pa.int32(), "first character in sections.clean_text"),
        field("clean_end", pa.int32(), "one past the last character there"),
        field("n_chars", pa.int32(), "normalised characters"),
    ]
)

PASSAGE_STATS = pa.schema(
    [
        field("passage_id", pa.string(), "passage"),
        field("kind", pa.string(), "copied: in 2 families; template: in 3 or more; edition; boilerplate: of one site"),
        field("df", pa.int64(), "families it stands in (a cluster of copies and its editions have one voice)"),
        field("df_ratio", pa.float64(), "df over the families of the corpus"),
        field("corpus_families", pa.int64(), "families of the corpus when this was counted"),
        field("n_sections", pa.int64(), "sections it stands in, also where a longer passage holds it and is listed"),
        field("n_sources", pa.int64(), "sources"),
        field("n_sites", pa.int64(), "sites"),
        field("in_reference", pa.bool_(), "also stands in a reference source: copied from above"),
        field("n_chars", pa.int64(), "normalised characters of its best occurrence"),
        field("best_section", pa.string(), "section with the most complete occurrence"),
        field("char_start", pa.int32(), "first character of that occurrence in documents.text"),
        field("char_end", pa.int32(), "one past its last character"),
        field("text", pa.string(), "that occurrence in clean text, widened to sentence borders for reading"),
    ]
)

PHRASES = pa.schema(
    [
        field("phrase_id", pa.string(), "h_ + 16 hex digits: hash of the normalised clause"),
        field("text", pa.string(), "the clause as its best occurrence writes it"),
        field("n_chars", pa.int64(), "normalised characters"),
        field("df", pa.int64(), "families it stands in"),
        field("df_ratio", pa.float64(), "df over the families of the corpus"),
        field("corpus_families", pa.int64(), "families of the corpus when this was counted"),
        field("n_sections", pa.int64(), "sections it stands in"),
        field("n_sources", pa.int64(), "sources"),
        field("n_sites", pa.int64(), "sites"),
        field("n_regions", pa.int64(), "regions, as far as they are known"),
        field("n_years", pa.int64(), "years, as far as they are known"),
        field("section_id", pa.string(), "section of its best occurrence"),
        field("char_start", pa.int32(), "first character of that occurrence in documents.text"),
        field("char_end", pa.int32(), "one past its last character"),
    ]
)

SLOT = pa.struct([pa.field("name", pa.string()), pa.field("values", pa.list_(pa.string()))])

TEMPLATES = pa.schema(
    [
        field("template_id", pa.string(), "t_ + 16 hex digits: hash of the normalised text of its commonest wording"),
        field("skeleton", pa.string(), "what all occurrences share, with named slots in braces"),
        field("n_chars", pa.int64(), "normalised characters outside the slots"),
        field("df", pa.int64(), "families it stands in"),
        field("df_ratio", pa.float64(), "df over the families of the corpus"),
        field("corpus_families", pa.int64(), "families of the corpus when this was counted"),
        field("n_variants", pa.int64(), "different wordings"),
        field("n_sections", pa.int64(), "sections it stands in"),
        field("n_regions", pa.int64(), "regions, as far as they are known"),
        field("n_years", pa.int64(), "years, as far as they are known"),
        field("n_sources", pa.int64(), "sources"),
        field("n_sites", pa.int64(), "sites"),
        field("slots", pa.list_(SLOT), "the slots in order with the commonest values of each"),
        field("example", pa.string(), "the commonest wording as it stands in a text"),
        field("section_id", pa.string(), "section of the example"),
        field("char_start", pa.int32(), "first character of the example in documents.text"),
        field("char_end", pa.int32(), "one past its last character"),
    ]
)

TEMPLATE_OCCURRENCES = pa.schema(
    [
        field("template_id", pa.string(), "template"),
        field("section_id", pa.string(), "section it stands in"),
        field("char_start", pa.int32(), "first character in documents.text"),
        field("char_end", pa.int32(), "one past the last character"),
        field("values", pa.list_(pa.string()), "what stands in the slots, in order"),
    ]
)

REUSE_EDGES = pa.schema(
    [
        field("from_cluster", pa.string(), "cluster"),
        field("to_cluster", pa.string(), "cluster it shares text with"),
        field("shared_chars", pa.int64(), "normalised characters of from_cluster's canonical text found in the other"),
        field("share_from", pa.float64(), "of the text of from_cluster"),
        field("share_to", pa.float64(), "of the text of to_cluster"),
        field("n_passages", pa.int64(), "passages in common"),
        field("longest", pa.int64(), "normalised characters of the longest"),
        field("idf_share", pa.float64(), "share_from with each passage weighted by its rarity"),
        field(
            "year_gap", pa.int32(), "year of to_cluster less that of from_cluster; null unless both known", null=True
        ),
        field("direction", pa.string(), "from, to or same: which is the earlier; null unless both known", null=True),
    ]
)

CONFLICTS = pa.schema(
    [
        field("conflict_id", pa.string(), "k_ + 16 hex digits"),
        field("cluster_id", pa.string(), "cluster of copies that disagree"),
        field("section_id", pa.string(), "the member"),
        field("canonical_section", pa.string(), "the canonical section it differs from"),
        field("type", pa.string(), "figure, unit, year, mask or word"),
        field("canonical_quote", pa.string(), "what the canonical section says, in its clean text"),
        field("quote", pa.string(), "what the member says, in its clean text (the page may break a line in it)"),
        field("canonical_start", pa.int32(), "first character of canonical_quote in its documents.text"),
        field("canonical_end", pa.int32(), "one past its last character"),
        field("char_start", pa.int32(), "first character of quote in its documents.text"),
        field("char_end", pa.int32(), "one past its last character"),
        field("context", pa.string(), "the sentence of the canonical section around it"),
    ]
)

REPAIRS = pa.schema(
    [
        field("cluster_id", pa.string(), "cluster"),
        field("section_id", pa.string(), "member whose text is damaged"),
        field("kind", pa.string(), "lost_bytes, mask, broken_line or word"),
        field("char_start", pa.int32(), "first damaged character in documents.text"),
        field("char_end", pa.int32(), "one past the last"),
        field("quote", pa.string(), "what stands there"),
        field("repaired", pa.string(), "what it is repaired to"),
        field("donor_section", pa.string(), "the copy that says so"),
        field("donor_start", pa.int32(), "first character of its reading in documents.text"),
        field("donor_end", pa.int32(), "one past the last"),
        field("n_agreeing", pa.int64(), "different texts that agree with the donor, itself included"),
        field("reason", pa.string(), "why, in words"),
    ]
)

CONSENSUS = pa.schema(
    [
        field("cluster_id", pa.string(), "cluster"),
        field("section_id", pa.string(), "its canonical section"),
        field("text", pa.string(), "clean text of the canonical section, repaired"),
        field("repairs", pa.int64(), "places repaired in it (evidence/repairs has them)"),
    ]
)

RUNS = pa.schema(
    [
        field("run_id", pa.string(), "r_ + 16 hex digits"),
        field("release_id", pa.string(), "release the run published"),
        field("started_at", TIMESTAMP, "start"),
        field("stage", pa.string(), "stage of the run"),
        field("metric", pa.string(), "what was measured (rows_out, wall_s, cpu_s, peak_rss_mb, …)"),
        field("value", pa.float64(), "its value"),
    ]
)


@dataclass(frozen=True)
class Dataset:
    """One dataset of a release: where it lies, its schema, how its rows are sorted."""

    name: str
    folder: str
    schema: pa.Schema
    sort_by: tuple[str, ...]
    key: tuple[str, ...]
    doc: str

    @property
    def path(self) -> str:
        """Folder inside the release, with forward slashes."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


def _dataset(
    name: str, folder: str, schema: pa.Schema, sort_by: tuple[str, ...], key: tuple[str, ...], doc: str
) -> Dataset:
    return Dataset(name, folder, schema, sort_by, key, doc)


#: Every dataset this version publishes, in reading order.
DATASETS: dict[str, Dataset] = {
    d.name: d
    for d in (
        _dataset("reports", "", REPORTS, ("cluster_id",), ("cluster_id",), "one row per distinct report"),
        _dataset("records", "", RECORDS, ("source", "uri"), ("uri",), "what became of every input record"),
        _dataset("clusters", "", CLUSTERS, ("cluster_id",), ("cluster_id",), "one row per cluster of copies"),
        _dataset(
            "templates", "", TEMPLATES, ("template_id",), ("template_id",), "sentences many reports have, with slots"
        ),
        _dataset("phrases", "", PHRASES, ("phrase_id",), ("phrase_id",), "clauses many reports have"),
        _dataset(
            "reuse_edges",
            "",
            REUSE_EDGES,
            ("from_cluster", "to_cluster"),
            ("from_cluster", "to_cluster"),
            "who shares text with whom",
        ),
        _dataset("documents", "evidence", DOCUMENTS, ("source", "uri"), ("doc_id",), "every page or record as decoded"),
        _dataset(
            "sections",
            "evidence",
            SECTIONS,
            ("source", "doc_id", "ordinal"),
            ("section_id",),
            "every page cut into its parts",
        ),
        _dataset("membership", "evidence", MEMBERSHIP, ("section_id",), ("section_id",), "section to cluster"),
        _dataset("pairs", "evidence", PAIRS, ("section_a", "section_b"), ("section_a", "section_b"), "verified pairs"),
        _dataset(
            "passages",
            "evidence",
            PASSAGES,
            ("section_id", "char_start"),
            ("section_id", "char_start", "char_end", "passage_id"),
            "where text stands that several clusters share",
        ),
        _dataset(
            "passage_stats",
            "evidence",
            PASSAGE_STATS,
            ("passage_id",),
            ("passage_id",),
            "how far that text is spread",
        ),
        _dataset(
            "template_occurrences",
            "evidence",
            TEMPLATE_OCCURRENCES,
            ("template_id", "section_id", "char_start"),
            ("template_id", "section_id", "char_start", "char_end"),
            "where templates stand, with what fills their slots",
        ),
        _dataset(
            "conflicts",
            "evidence",
            CONFLICTS,
            ("cluster_id", "canonical_start", "section_id"),
            ("conflict_id",),
            "where copies of one report disagree",
        ),
        _dataset(
            "repairs",
            "evidence",
            REPAIRS,
            ("cluster_id", "section_id", "char_start"),
            ("section_id", "char_start", "char_end"),
            "damage in copies, and what another copy says there",
        ),
        _dataset(
            "consensus", "evidence", CONSENSUS, ("cluster_id",), ("cluster_id",), "repaired texts of damaged reports"
        ),
        _dataset(
            "furniture",
            "evidence",
            FURNITURE,
            ("doc_id", "char_start"),
            ("doc_id", "char_start"),
            "page-edge lines that a site repeats; marked, never cut",
        ),
        _dataset("quarantine", "evidence", QUARANTINE, ("dataset", "record_id"), (), "what was refused, and why"),
        _dataset("runs", "evidence", RUNS, ("started_at", "stage", "metric"), (), "metrics of the runs"),
        _dataset("fingerprints", "index", FINGERPRINTS, ("section_id",), ("section_id",), "MinHash signatures"),
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
