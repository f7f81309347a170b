"""What most people read: one row per distinct report."""

from __future__ import annotations

import pyarrow as pa

from dedup.schemas.fields import attributed, field

REPORTS = pa.schema(
    [
        field("cluster_id", pa.string(), "one row per cluster of kind report"),
        field("section_id", pa.string(), "its canonical section"),
        field("doc_id", pa.string(), "document of that section"),
        field("uri", pa.string(), "uri of that document"),
        field("title", pa.string(), "heading of the section as the page gives it (may lie about place and year)"),
        field("clean_text", pa.string(), "clean text of the canonical section"),
        field("n_chars", pa.int64(), "Python characters in clean_text"),
        *attributed("region", "place the report speaks for"),
        *attributed("year_review", "year the report looks back on"),
        *attributed("year_plan", "year the report plans for"),
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
