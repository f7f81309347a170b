"""Fields that carry their documentation, and the words that several datasets use."""

from __future__ import annotations

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


def attributed(name: str, what: str) -> list[pa.Field]:
    """Return the fields of something attributed to a section: what, on which basis, how surely, by which words."""
    if name == "region":
        values = [
            field(
                "region_code",
                pa.string(),
                f"administrative division code of the {what}; null where not proved",
                null=True,
            ),
            field("region_name", pa.string(), "name of the division, from the province down", null=True),
            field("region_level", pa.string(), "province, prefecture, county, township or village", null=True),
        ]
    else:
        values = [field(name, pa.int32(), f"{what}; null unless the text itself proves it", null=True)]
    return [
        *values,
        field(f"{name}_basis", pa.string(), "printed, resolved, inferred, masked, overwritten or none"),
        field(f"{name}_confidence", pa.float64(), "0 to 1; 0 where nothing is claimed"),
        field(
            f"{name}_evidence",
            pa.string(),
            "the words of the section that say so; null where nothing is claimed",
            null=True,
        ),
    ]
