"""Multiples against what they multiply: 4065万美元，是436万美元的8.78倍."""

from __future__ import annotations

import re

from dedup.extraction.consistency.figures import Check, Figures
from dedup.extraction.consistency.ranges import quotient_range

NEAR = 40
#: What stands between the number that is multiplied and the multiple: its unit, and what it is.
_OF = re.compile(r"[^，,。；;0-9]{0,12}的")

_MULTIPLES = f"""
with times as (
    select m.i, m.section, m.key, m.vs, max_by(b.i, b.vs) as base, max(b.vs) as base_vs, max_by(b.unit, b.vs) as unit
    from o m join o b using (section, key)
    where m.measure = 'rate' and b.measure in ('level', 'count') and b.unit is not null and b.ve <= m.vs
        and m.vs - b.ve <= {NEAR} and m.unit is not null
    group by all
)
select max_by(l.i, l.vs), t.base, t.i
from times t join o l using (section, key, unit)
where l.measure in ('level', 'count') and l.ve <= t.base_vs and l.ce >= t.vs - {NEAR} * 3 and l.i <> t.base
group by t.base, t.i
order by t.i
"""


def check_multiples(figures: Figures) -> list[Check]:
    """Return the checks of `A是B的x倍`."""
    rows = figures.query(_MULTIPLES)
    held = figures.load(row for found in rows for row in found)
    checks = []
    for level_row, base_row, times_row in rows:
        level, base, times = held[level_row], held[base_row], held[times_row]
        between = times.between(base.value_end, times.value_start)
        if times.unit_base != "倍" or base.value <= 0 or between is None:
            continue
        if not _OF.fullmatch("".join(between.split())):
            continue
        expected = quotient_range(level.range, base.range)
        checks.append(
            Check(
                "multiple_of",
                (level.row, base.row, times.row),
                (),
                f"{level.written} / {base.written}",
                times.value,
                level.value / base.value,
                expected.half_width + times.range.half_width,
                expected.meets(times.range),
                "倍",
            )
        )
    return checks
