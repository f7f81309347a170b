"""What became of the decisions of people in a release."""

from __future__ import annotations

import pyarrow as pa

from dedup.schemas.fields import TIMESTAMP, field

DECISION_OUTCOMES: tuple[str, ...] = ("applied", "overruled", "not_found", "not_possible", "noted")

DECISIONS = pa.schema(
    [
        field("decision_id", pa.string(), "g_ + 16 hex digits, as in the store of decisions"),
        field("kind", pa.string(), "same, not_same, edition, unsure, split, canonical or boilerplate"),
        field("key_a", pa.string(), "content_hash of the text it is about, or the id of a passage"),
        field("key_b", pa.string(), "content_hash of the other text; null where there is none", null=True),
        field("who", pa.string(), "who decided"),
        field("decided_at", TIMESTAMP, "when"),
        field(
            "outcome",
            pa.string(),
            "applied; overruled by a newer one; not_found: no section has the text; not_possible; noted (unsure)",
        ),
        field("reason", pa.string(), "the outcome in words"),
        field("section_a", pa.string(), "best section with the first text; null where there is none", null=True),
        field("section_b", pa.string(), "best section with the other text; null where there is none", null=True),
        field("n_sections", pa.int64(), "sections that have one of the texts"),
    ]
)
