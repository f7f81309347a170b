"""What was read: documents, and the sections they are cut into."""

from __future__ import annotations

import pyarrow as pa

from dedup.schemas.fields import TIMESTAMP, field

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
        field("tables_html", pa.list_(pa.string()), "HTML of its innermost tables, in order; empty if too large"),
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

RUNS = pa.schema(
    [
        field("run_id", pa.string(), "r_ + 16 hex digits"),
        field("release_id", pa.string(), "release the run published"),
        field("started_at", TIMESTAMP, "start"),
        field("stage", pa.string(), "`run`, a stage, or `source:` and the name of a source that was read"),
        field("metric", pa.string(), "what was measured (rows_out, wall_s, cpu_s, peak_rss_mb, …)"),
        field("value", pa.float64(), "its value"),
    ]
)
