"""Shares against the part and the whole that the same report states."""

from __future__ import annotations

import pyarrow as pa

from dedup.extraction.consistency.figures import Check, Figure, Figures
from dedup.extraction.consistency.ranges import Range, quotient_range
from dedup.extraction.indicators import map_indicators, share_parts

#: Characters around a share in which its part stands; the whole may stand anywhere in the report.
NEAR = 120
#: Shares whose name does not say of what.
_OF_GDP = {
    "primary_share": "primary_value_added",
    "secondary_share": "secondary_value_added",
    "tertiary_share": "tertiary_value_added",
}

_SHARES = """
select i, section, status, vs, year from o
where measure = 'share' and unit is not null and comparison is null and not partial
"""
_LEVELS = """
select i, section, code, status, vs, year from o
where measure in ('level', 'count') and unit is not null and comparison is null and aggregation = 'point'
    and not partial and scope is null and code is not null and section in ({sections})
"""


def check_shares(figures: Figures) -> list[Check]:
    """Return the checks of shares for which part and whole are stated, for the same time and status."""
    shares = figures.query(_SHARES)
    if not shares:
        return []
    held = figures.load(row[0] for row in shares)
    named = {row[0]: pair for row in shares if (pair := _part_and_whole(held[row[0]])) is not None}
    words = {name for pair in named.values() for name in pair}
    codes = _codes(sorted(words | {f"{part}增加值" for part, _ in named.values()}))
    sections = sorted({row[1] for row in shares if row[0] in named})
    if not sections:
        return []
    levels: dict[tuple[int, str, str], list[tuple[int, ...]]] = {}
    for level in figures.query(_LEVELS.format(sections=",".join(map(str, sections)))):
        levels.setdefault((level[1], str(level[2]), str(level[3])), []).append(level)
    checks = []
    for row, section, status, at, year in shares:
        if row not in named:
            continue
        part, whole = named[row]
        part_code, whole_code = codes.get(part), codes.get(whole)
        if part_code is None and whole_code == "gdp":
            # 工业占GDP比重 is the share of its value added.
            part_code = codes.get(f"{part}增加值")
        if part_code is None or whole_code is None or part_code == whole_code:
            continue
        same_time = [
            [x for x in levels.get((section, code, str(status)), []) if year is None or x[5] is None or x[5] == year]
            for code in (part_code, whole_code)
        ]
        parts = [x[0] for x in same_time[0] if abs(x[4] - at) <= NEAR]
        checks += _checked(figures, row, parts, [x[0] for x in same_time[1]])
    return checks


def _part_and_whole(share: Figure) -> tuple[str, str] | None:
    parts = share_parts(share.indicator)
    if parts is not None:
        return parts
    part = _OF_GDP.get(share.indicator_id or "")
    return (part, "gdp") if part else None


def _codes(names: list[str]) -> dict[str, str | None]:
    """Return the codes of levels by name; codes stand for themselves."""
    n = len(names)
    found = map_indicators(pa.array(names, pa.string()), pa.array(["元"] * n), pa.array(["level"] * n)).to_pylist()
    own = {*_OF_GDP.values(), "gdp"}
    return {name: name if name in own else code for name, code in zip(names, found, strict=True)}


def _checked(figures: Figures, row: int, parts: list[int], wholes: list[int]) -> list[Check]:
    held = figures.load([row, *parts, *wholes])
    share = held[row]
    # Two different values of one indicator: which of them is meant is not known, so one that fits is enough.
    if not parts or not wholes or len({held[x].value for x in (*parts, *wholes)}) > 4:
        return []
    checks = []
    for part in (held[x] for x in parts):
        for whole in (held[x] for x in wholes):
            if whole.value <= 0 or part.unit_base != whole.unit_base:
                continue
            times = quotient_range(part.range, whole.range)
            expected = Range(times.low * 100, times.high * 100)
            checks.append(
                Check(
                    "share_of_whole",
                    (share.row, part.row),
                    (whole.row,),
                    f"{part.written} / {whole.written}",
                    share.value,
                    part.value / whole.value * 100,
                    expected.half_width + share.range.half_width,
                    expected.meets(share.range),
                    "%",
                )
            )
    return [next((check for check in checks if check.holds), checks[-1])] if checks else []
