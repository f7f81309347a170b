"""Figures that copies of one report state differently: the places are found when copies are compared."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from dedup.extraction.consistency.figures import Check, Figures

#: What a number is followed by may differ without touching it: the place that differs and the number with its unit.
UNIT_CHARS = 4

_PLACES = """
with places as (
    select section_id, char_start, char_end, quote as here, canonical_quote as there, canonical_section as other
    from conflicts where type in ('figure', 'unit')
    union all
    select canonical_section, canonical_start, canonical_end, canonical_quote, quote, section_id
    from conflicts where type in ('figure', 'unit')
)
select f.i, min_by(here, (other, char_start)), min_by(there, (other, char_start)), count(distinct other)
from places join f using (section_id)
where f.value_start < char_end and f.value_end + {unit} > char_start
group by f.i
order by f.i
"""


def check_copies(figures: Figures, conflicts: pa.Table) -> list[Check]:
    """Return a failed check for each figure that another copy states differently.

    Notes
    -----
    Which of them is right is not decided here, and no figure is changed.
    """
    if not conflicts.num_rows:
        return []
    table = figures.table
    places = table.select(["section_id", "value_start", "value_end"]).append_column(
        "i", pa.array(range(table.num_rows), pa.int64())
    )
    connection = duckdb.connect(config={"threads": 1, "temp_directory": ""})
    connection.register("conflicts", conflicts)
    connection.register("f", places)
    rows = connection.execute(_PLACES.format(unit=UNIT_CHARS)).fetchall()
    held = figures.load(row for row, *_ in rows)
    return [
        Check(
            "copies_differ",
            (row,),
            (),
            f"{_short(here)} here, {_short(there)} in {copies} {'copy' if copies == 1 else 'copies'}",
            held[row].value,
            held[row].value,
            0.0,
            False,
        )
        for row, here, there, copies in rows
    ]


def _short(text: str) -> str:
    """Return the beginning of what stands in a copy; it may be nothing."""
    text = "".join(text.split()) or "nothing"
    return text if len(text) <= 24 else f"{text[:23]}…"
