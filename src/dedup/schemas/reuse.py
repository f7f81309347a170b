"""What texts share without being copies."""

from __future__ import annotations

import pyarrow as pa

from dedup.schemas.fields import field

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
