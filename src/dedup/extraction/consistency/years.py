"""Years that cannot be: before the one they follow, after the report, or compared with themselves."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from dedup.extraction.consistency.figures import Check, Figures

#: Reports of the People's Republic state figures of these years; plans look at most this far ahead.
FIRST, AHEAD = 1900, 50
_YEAR = re.compile("(?P<year>(?:19|20)[0-9]{2})年")
_COMPARED = "(?:比|较|与|是|为|相当于)(?:(?:19|20)[0-9]{2})年"
_COMPARED_WITH = re.compile("(?:比|较|与|是|为|相当于)(?P<year>(?:19|20)[0-9]{2})年(?!代|以来)")

_ORDER = """
select s.i, min_by(e.i, e.vs)
from o s join o e using (section, key, unit, measure)
where s.comparison = 'from_to_start' and e.comparison = 'from_to_end' and e.vs >= s.ve and e.cs < s.ce
    and s.year > e.year
group by s.i
order by s.i
"""
_DATED = "select i from o where year is not null and printed"


def check_years(figures: Figures) -> list[Check]:
    """Return the checks of years that fail; years that the page masked or overwrote are not looked at."""
    return [*_order(figures), *_outside_report(figures), *_itself(figures)]


def _order(figures: Figures) -> list[Check]:
    rows = figures.query(_ORDER)
    held = figures.load(row for pair in rows for row in pair)
    return [
        Check("year_order", pair, (), f"{start.year} <= {end.year}", start.year or 0, end.year or 0, 0.0, False)
        for pair in rows
        for start, end in [(held[pair[0]], held[pair[1]])]
    ]


def _outside_report(figures: Figures) -> list[Check]:
    rows = [row for (row,) in figures.query(_DATED)]
    if not rows:
        return []
    held = figures.load(rows)
    checks = []
    for row in rows:
        figure = held[row]
        place = figures.place(figure.section)
        year, now = figure.year or 0, place.year_plan or (place.year_review + 1 if place.year_review else None)
        if figure.status != "target" and now is not None and year > now:
            checks.append(Check("year_after_report", (row,), (), f"{year} <= {now}", year, now, 0.0, False))
        elif year < FIRST or (now is not None and year > now + AHEAD):
            checks.append(Check("year_impossible", (row,), (), f"{year} >= {FIRST}", year, FIRST, 0.0, False))
    return checks


def _itself(figures: Figures) -> list[Check]:
    """Find growth and multiples against the very year they are of, or against a year that the page overwrote."""
    wanted = pc.is_in(figures.table.column("measure"), pa.array(["growth", "rate", "change_abs"]))
    named = pc.match_substring_regex(figures.table.column("quote"), _COMPARED)
    rows = pc.indices_nonzero(pc.and_(wanted, named)).to_pylist()
    held = figures.load(rows)
    checks = []
    for row in rows:
        figure = held[row]
        before = figure.between(figure.char_start, figure.value_start) or ""
        own = _YEAR.match(figure.period_text)
        compared = list(_COMPARED_WITH.finditer(before))
        if not compared:
            continue
        base = int(compared[-1]["year"])
        if own and int(own["year"]) == base:
            checks.append(Check("year_compared_with_itself", (row,), (), f"{base} - {base}", base, base, 0.0, False))
        elif base == figures.place(figure.section).overwritten_year:
            checks.append(Check("base_year_overwritten", (row,), (), f"{base}", base, base, 0.0, False))
    return checks
