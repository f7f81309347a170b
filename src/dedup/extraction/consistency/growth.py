"""Growth against the levels it leads from and to: in one sentence, and against last year's level."""

from __future__ import annotations

import re
from math import inf

from dedup.extraction.consistency.figures import Check, Figure, Figures
from dedup.extraction.consistency.ranges import Range, growth_range, quotient_range
from dedup.extraction.consistency.spans import LONGEST, years_between
from dedup.extraction.indicators import indicators

#: Characters between a level and the growth that belongs to it, where their evidence does not overlap.
NEAR = 40
#: Characters that lie at least between what was reached and what is planned, in chapters of their own.
CHAPTER = 500
#: Points that prices may move between two years, where growth is real and levels are not: a judged value.
PRICES = 5.0
_OTHER_COVERAGE = re.compile("同口径|可比口径|同比口径|剔除|扣除|不含")
_REAL = re.compile("可比价|可比价格|不变价|实际增长|可比增长")
#: 比 and 较 with anything but the year before.
_OTHER_BASE = re.compile("[比较](?!上年|去年|前一年|上一年|同期|年初|往年|增)")
_LAST_YEAR_WORDS = re.compile("上年|去年|前一年|上一年")
_STARTS = "select i, section, key, unit, measure, cs, ce, vs, ve from o where comparison = 'from_to_start'"

_FROM_TO = f"""
with starts as ({_STARTS}),
pairs as (
    select s.i, s.section, s.key, s.unit, s.measure, s.cs, s.ce, min_by(e.i, e.vs) as last,
        min(e.ve) as ve, min_by(e.ce, e.vs) as last_ce
    from starts s join o e using (section, key, unit, measure)
    where e.comparison = 'from_to_end' and e.vs >= s.ve and (e.cs < s.ce or e.vs - s.ve <= {NEAR})
    group by all
)
select p.i, p.last, min_by(g.i, g.vs)
from pairs p join o g using (section, key)
where g.measure in ({{measures}}) and {{units}} and g.vs >= p.ve
    and (g.cs < greatest(p.ce, p.last_ce) or g.vs - p.ve <= {NEAR})
    and not exists (
        select 1 from starts n where n.section = p.section and n.vs > p.ve and n.vs < g.vs
    )
group by p.i, p.last
order by p.i
"""

# The level that a growth rate belongs to is the last one of its indicator before it, in the same words.
_LEVEL_AND_GROWTH = f"""
select max_by(l.i, l.vs), g.i
from o l join o g using (section, key)
where l.measure in ('level', 'count') and l.comparison is null and l.unit is not null and l.aggregation = 'point'
    and g.measure = 'growth' and coalesce(g.comparison, 'yoy') = 'yoy' and g.aggregation = 'point'
    and g.vs >= l.ve and (g.cs < l.ce or g.vs - l.ve <= {NEAR}) and l.status = g.status
    and not (l.partial or l.several or g.partial or g.several)
group by g.i
"""

_LAST_YEAR = f"""
with stated as (select * from ({_LEVEL_AND_GROWTH}) as t(level, growth))
select l.i, s.growth, b.i
from stated s join o l on l.i = s.level join o b using (section, key, unit, measure)
where b.i <> l.i and b.aggregation = 'point' and not b.partial
    and b.scope is not distinct from l.scope and b.price is not distinct from l.price
    and (b.year = l.year - 1 or (
        l.status = 'target' and b.status <> 'target' and not b.several
        and coalesce(b.comparison, 'from_to_end') = 'from_to_end'
        and b.vs < l.vs and (coalesce(b.year = l.year - 1, true) or (
            -- A plan that is dated with the year it follows: the page says so, the levels may still fit.
            b.year = l.year and l.vs - b.vs > {CHAPTER} and not exists (
                select 1 from o a where a.section = l.section and a.key = l.key and a.status = 'actual' and a.vs > l.vs
            )
        ))
    ))
order by l.i, s.growth, b.vs
"""

_CHANGE = """
select max_by(l.i, l.vs), g.i, min_by(c.i, abs(c.vs - g.vs))
from o l join o g using (section, key) join o c using (section, key)
where c.unit = l.unit and l.measure in ('level', 'count')
    and l.comparison is null and g.measure = 'growth' and c.measure = 'change_abs'
    and g.comparison = 'yoy' and c.comparison = 'yoy' and g.unit is not null
    and l.ve <= least(g.vs, c.vs) and l.ce > greatest(g.cs, c.cs) and l.aggregation = 'point'
    and not (l.several or g.several)
group by g.i
order by g.i
"""


def check_growth(figures: Figures) -> list[Check]:
    """Return the checks of growth rates and absolute changes against levels."""
    return [*_from_to(figures), *_change_from_to(figures), *_last_year(figures), *_change_and_growth(figures)]


def _from_to(figures: Figures) -> list[Check]:
    rows = figures.query(_FROM_TO.format(measures="'growth'", units="p.measure in ('level', 'count')"))
    held = figures.load(row for found in rows for row in found)
    checks = []
    for first, last, rate in rows:
        start, end, growth = held[first], held[last], held[rate]
        if start.value <= 0 or end.value <= 0:
            continue
        check = _growth_of(figures, start, end, growth)
        if check is not None:
            checks.append(check)
    return checks


def _growth_of(figures: Figures, start: Figure, end: Figure, growth: Figure) -> Check | None:
    years = years_between(start, end, growth, figures.place(start.section))
    annual = growth.comparison == "annual_average"
    if annual and not years:
        return None
    if annual:
        spans = years
    elif growth.comparison == "yoy" and not (1 in years or _LAST_YEAR_WORDS.search(start.quote)):
        # A rate against the year before says nothing about a span that is, or may be, longer.
        return None
    else:
        spans = [1]
    if growth.unit_base in ("倍", "番"):
        return _multiple_of(start, end, growth) if not annual else None
    expected = [growth_range(start.range, end.range, n) for n in spans]
    held = next((n for n, found in enumerate(expected) if found.meets(growth.range)), None)
    if held is None and growth.comparison is None and years:
        # Without 年均 some texts mean the annual rate, some the whole.
        spans, expected = [*spans, *years], [*expected, *(growth_range(start.range, end.range, n) for n in years)]
        held = next((n for n, found in enumerate(expected) if found.meets(growth.range)), None)
    if held is None and not years and _fits_some_span(start, end, growth):
        return None
    best = held or 0
    n = spans[best]
    quotient = f"{end.written} / {start.written}"
    point = ((end.value / start.value) ** (1 / n) - 1) * 100
    other = _other_basis(growth, start)
    return Check(
        "growth_on_other_basis" if held is None and other else "growth_from_to",
        (start.row, end.row, growth.row),
        (),
        f"({quotient})^(1/{n}) - 1" if n > 1 else f"{quotient} - 1",
        growth.value,
        point,
        expected[best].half_width + growth.range.half_width,
        held is not None,
        "%",
    )


def _fits_some_span(start: Figure, end: Figure, growth: Figure) -> bool:
    """Tell whether the growth may be the annual one of a number of years that the text leaves open."""
    return any(growth_range(start.range, end.range, n).meets(growth.range) for n in range(2, LONGEST + 1))


def _multiple_of(start: Figure, end: Figure, growth: Figure) -> Check:
    times = quotient_range(end.range, start.range)
    if growth.unit_base == "番":
        stated = [Range(2.0**growth.range.low, 2.0**growth.range.high if growth.range.high < 30 else inf)]
    else:
        # 增长X倍 is written for X times more and, loosely, for X times as much.
        stated = [Range(growth.range.low + 1, growth.range.high + 1), growth.range]
    point = end.value / start.value
    told = 2.0**growth.value if growth.unit_base == "番" else growth.value + 1
    return Check(
        "growth_from_to",
        (start.row, end.row, growth.row),
        (),
        f"{end.written} / {start.written}",
        told,
        point,
        times.half_width + stated[0].half_width,
        any(times.meets(one) for one in stated),
        "",
    )


def _other_basis(growth: Figure, level: Figure) -> bool:
    """Tell whether the growth is counted otherwise than the level: at other prices or of other units."""
    if _OTHER_COVERAGE.search(growth.quote) or _REAL.search(growth.quote):
        return True
    return level.price_basis != "constant" and (growth.price_basis == "constant" or _by_convention(growth))


def _by_convention(growth: Figure) -> bool:
    return growth.indicator_id is not None and indicators()[growth.indicator_id].constant_growth


def _change_from_to(figures: Figures) -> list[Check]:
    rows = figures.query(_FROM_TO.format(measures="'change_abs'", units="true"))
    held = figures.load(row for found in rows for row in found)
    checks = []
    for first, last, by in rows:
        start, end, change = held[first], held[last], held[by]
        unit = "个百分点" if start.unit_base == "%" and change.unit_base == "个百分点" else start.unit_base
        # Where the words between the two are not at hand, those of the change itself say what it is measured against.
        stretch = (end.value_end, change.value_start)
        between = end.between(*stretch) or change.between(*stretch) or change.quote
        if change.unit_base != unit or change.comparison == "annual_average" or _OTHER_BASE.search(between):
            continue
        expected = end.range - start.range
        # Falls may be written with their number alone.
        holds = expected.meets(change.range) or expected.meets(Range(-change.range.high, -change.range.low))
        checks.append(
            Check(
                "change_from_to",
                (start.row, end.row, change.row),
                (),
                f"{end.written} - {start.written}",
                change.value / change.scale,
                (end.value - start.value) / change.scale,
                (expected.half_width + change.range.half_width) / change.scale,
                holds,
                change.unit,
            )
        )
    return checks


def _last_year(figures: Figures) -> list[Check]:
    rows = figures.query(_LAST_YEAR)
    held = figures.load(row for found in rows for row in found)
    stated: dict[tuple[int, int], list[int]] = {}
    for level, growth, base in rows:
        stated.setdefault((level, growth), []).append(base)
    checks = []
    for (level_row, growth_row), bases in stated.items():
        place = figures.place(held[level_row].section)
        next_year = place.year_plan or (place.year_review + 1 if place.year_review else None)
        year = held[level_row].year
        # Plans for later years (到2020年) grow from levels that nobody knows yet.
        if year is not None and next_year is not None and year > next_year:
            continue
        check = _against_last_year(held[level_row], held[growth_row], [held[base] for base in bases])
        if check is not None:
            checks.append(check)
    return checks


def _against_last_year(level: Figure, growth: Figure, bases: list[Figure]) -> Check | None:
    between = level.between(level.value_end, growth.value_start) or growth.between(level.value_end, growth.value_start)
    if level.value <= 0 or growth.unit_base != "%" or (between and _OTHER_BASE.search(between)):
        return None
    year_before = [base for base in bases if base.year is not None and level.year == base.year + 1]
    bases = [base for base in year_before or bases if base.value > 0]
    # Several different levels: the text counts the indicator in several ways, and which is meant is not known.
    distinct = {base.value: base for base in bases}
    if not distinct or len(distinct) > 3:
        return None
    real = _REAL.search(growth.quote) or growth.price_basis == "constant" or _by_convention(growth)
    prices = PRICES if real and level.price_basis != "constant" else 0.0
    checks = []
    for base in distinct.values():
        expected = growth_range(base.range, level.range).widened(prices)
        holds = expected.meets(growth.range)
        checks.append(
            Check(
                "growth_on_other_basis"
                if not holds and _OTHER_COVERAGE.search(growth.quote)
                else "growth_on_last_level",
                (level.row, growth.row),
                (base.row,),
                f"{level.written} / {base.written} - 1",
                growth.value,
                (level.value / base.value - 1) * 100,
                expected.half_width + growth.range.half_width,
                holds,
                "%",
            )
        )
    return next((check for check in checks if check.holds), checks[-1])


def _change_and_growth(figures: Figures) -> list[Check]:
    rows = figures.query(_CHANGE)
    held = figures.load(row for found in rows for row in found)
    checks = []
    for level_row, growth_row, change_row in rows:
        level, growth, change = held[level_row], held[growth_row], held[change_row]
        base = level.range - change.range
        if growth.unit_base != "%" or base.low <= 0 or _by_convention(growth) or _other_basis(growth, level):
            continue
        expected = growth_range(base, level.range)
        checks.append(
            Check(
                "change_and_growth",
                (level.row, change.row, growth.row),
                (),
                f"{change.written} / ({level.written} {'+' if change.value < 0 else '-'} {change.written.lstrip('-')})",
                growth.value,
                change.value / (level.value - change.value) * 100,
                expected.half_width + growth.range.half_width,
                expected.meets(growth.range),
                "%",
            )
        )
    return checks
