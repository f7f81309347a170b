"""Parts against their whole: each part after 其中 at most the whole, the industries together the product."""

from __future__ import annotations

import re
from functools import reduce

from dedup.extraction.consistency.figures import Check, Figure, Figures
from dedup.extraction.consistency.ranges import Range

#: Characters from a whole to the number of the part after 其中.
NEAR = 60
#: Characters in which all parts of a whole are given.
TOGETHER = 400
_OF_WHICH = re.compile(r"[^。！？；;]*[。，,、；;\s(（]?其中[:：，,]?[^。！？；;，,!?0-9]*")
_PARTITIONS = {
    "gdp": ("primary_value_added", "secondary_value_added", "tertiary_value_added"),
    "industry_agriculture_gross_output": ("agriculture_gross_output", "industrial_gross_output"),
}

_AFTER = f"""
select max_by(w.i, w.vs), p.i
from o p join o w using (section, unit, measure)
where p.measure in ('level', 'count') and w.ve <= p.vs and p.vs - w.ve <= {NEAR} and w.key <> p.key
    and w.status = p.status and w.comparison is null and p.comparison is null
    and w.aggregation = p.aggregation and p.scope is not distinct from w.scope and p.unit is not null
    and exists (select 1 from of_which x where x.section = p.section and x.at >= w.ve and x.at < p.vs)
group by p.i
order by p.i
"""

_TOGETHER = """
select {columns}
from o w {joins}
where w.code = '{whole}' and w.measure = 'level' and w.unit is not null
"""


def check_parts(figures: Figures) -> list[Check]:
    """Return the checks of parts: never more than their whole, and all of them together as much."""
    return [*_of_which(figures), *_partitions(figures)]


def _of_which(figures: Figures) -> list[Check]:
    rows = figures.query(_AFTER)
    held = figures.load(row for pair in rows for row in pair)
    checks = []
    for whole_row, part_row in rows:
        whole, part = held[whole_row], held[part_row]
        between = _between(figures, whole, part)
        if between is None or not _OF_WHICH.fullmatch(between) or part.range.low == whole.range.low:
            continue
        checks.append(
            Check(
                "part_of_whole",
                (whole.row, part.row),
                (),
                f"{part.written} <= {whole.written}",
                part.value / whole.scale,
                whole.value / whole.scale,
                (part.range.half_width + whole.range.half_width) / whole.scale,
                part.range.low <= whole.range.high * (1 + 1e-9),
            )
        )
    return checks


def _between(figures: Figures, whole: Figure, part: Figure) -> str | None:
    place = figures.place(part.section)
    if place.text is not None:
        return place.text[whole.value_end - place.char_start : part.value_start - place.char_start]
    return part.between(whole.value_end, part.value_start) or whole.between(whole.value_end, part.value_start)


def _partitions(figures: Figures) -> list[Check]:
    checks = []
    for whole_code, part_codes in _PARTITIONS.items():
        found = figures.query(_together(whole_code, part_codes))
        held = figures.load(row for rows in found for row in rows)
        for rows in found:
            whole, *parts = (held[row] for row in rows)
            total: Range = reduce(lambda a, b: a + b, (part.range for part in parts))
            checks.append(
                Check(
                    "sum_of_parts",
                    rows,
                    (),
                    f"{' + '.join(part.written for part in parts)} = {whole.written}",
                    whole.value / whole.scale,
                    sum(part.value for part in parts) / whole.scale,
                    (total.half_width + whole.range.half_width) / whole.scale,
                    total.meets(whole.range),
                )
            )
    return checks


def _together(whole: str, parts: tuple[str, ...]) -> str:
    """Return a query of wholes and the parts that follow them, where every part is stated once."""
    joins = " ".join(
        f"""join (
            select w.i as whole, min(p.i) as part
            from o w join o p using (section, unit, measure, status)
            where w.code = '{whole}' and p.code = '{code}' and p.vs > w.vs and p.vs - w.vs <= {TOGETHER}
                and w.measure = 'level' and p.comparison is not distinct from w.comparison
                and p.aggregation = w.aggregation and p.price is not distinct from w.price
                and p.scope is not distinct from w.scope and p.year is not distinct from w.year
                and p.partial = w.partial
            group by w.i having count(*) = 1
        ) p{n} on p{n}.whole = w.i"""
        for n, code in enumerate(parts)
    )
    columns = ", ".join(["w.i", *(f"p{n}.part" for n in range(len(parts)))])
    return _TOGETHER.format(columns=columns, joins=joins, whole=whole) + " order by w.i"
