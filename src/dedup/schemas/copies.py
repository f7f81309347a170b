"""Which sections are copies of each other, and where copies disagree."""

from __future__ import annotations

import pyarrow as pa

from dedup.schemas.fields import NUM_PERM, TIMESTAMP, field

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
        field("rule", pa.string(), "content_hash, jaccard, edit or decided: what made it a pair; of variants also why"),
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
        field("rule", pa.string(), "canonical, exact, jaccard, edit or decided"),
        field("template_ratio", pa.float64(), "share of characters in templates; null until measured", null=True),
        field("copied_ratio", pa.float64(), "share of characters in copied passages; null until measured", null=True),
    ]
)

CLUSTERS = pa.schema(
    [
        field("cluster_id", pa.string(), "c_ + 16 hex digits"),
        field("family_id", pa.string(), "f_ + 16 hex digits: clusters joined by variant pairs"),
        field("canonical_section", pa.string(), "the section published for the cluster"),
        field("kind", pa.string(), "kind of the canonical section, or boilerplate where somebody decided so"),
        field("n_sections", pa.int64(), "sections in the cluster"),
        field("most_sections", pa.int64(), "the most sections it had in this release and those before it"),
        field("n_documents", pa.int64(), "documents they stand in"),
        field("n_sources", pa.int64(), "sources they come from"),
        field("min_similarity", pa.float64(), "smallest Jaccard similarity with the canonical section"),
        field("link_rule", pa.string(), "weakest rule in the cluster: single, exact, jaccard, edit or decided"),
        field("status", pa.string(), "auto; confirmed, or split from other texts, by decisions of people"),
        field("first_release", pa.string(), "release that first published it"),
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

CLUSTER_HISTORY = pa.schema(
    [
        field("release_id", pa.string(), "release in which it happened"),
        field("recorded_at", TIMESTAMP, "start of the run that made that release"),
        field("event", pa.string(), "merged: the elder cluster is part of the other now; split: a part of it left"),
        field("elder", pa.string(), "cluster of the release before"),
        field("cluster_id", pa.string(), "cluster that has sections of it now"),
        field("n_sections", pa.int64(), "sections of the elder that are in it"),
    ]
)
