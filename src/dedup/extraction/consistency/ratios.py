"""Ratios whose terms are shares of one whole: 三次产业结构 14:58:28 must add to 100."""

from __future__ import annotations

import re
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from dedup.extraction.consistency.figures import Check, Figure, Figures

_RATIO = r"[0-9][%％]?\s*[:：∶﹕]\s*[0-9]"
_COLON = re.compile(r"\s*[%％]?\s*[:：∶﹕]\s*")
#: Terms that add to less or more than this are shares of nothing (1:2:3).
LEAST, MOST = 90.0, 110.0
_INDUSTRIES = ("primary_share", "secondary_share", "tertiary_share")

_NAMED = f"""
select max(i) filter (code = '{_INDUSTRIES[0]}'), max(i) filter (code = '{_INDUSTRIES[1]}'),
    max(i) filter (code = '{_INDUSTRIES[2]}')
from o
where code in {_INDUSTRIES} and measure in ('share', 'rate') and scope is null
group by section, cs, ce, comparison, status, year
having count(*) = 3 and count(distinct code) = 3
order by 1
"""


def check_ratios(figures: Figures) -> list[Check]:
    """Return the checks of sums to 100: of terms joined by colons, and of the shares of the three industries."""
    groups = {tuple(sorted(group)): None for group in (*_joined(figures), *figures.query(_NAMED))}
    held = figures.load(row for group in groups for row in group)
    return [check for group in groups if (check := _sum(sorted((held[r] for r in group), key=_place))) is not None]


def _place(figure: Figure) -> tuple[int, int]:
    return figure.value_start, figure.row


def _joined(figures: Figures) -> list[tuple[int, ...]]:
    quotes = figures.table.column("quote")
    shares = pc.is_in(figures.table.column("measure"), pa.array(["share", "rate"]))
    sections = figures.table.column("section_id")
    # The evidence of the first term may end with it: all terms of a section that has a ratio are looked at.
    with_ratio = pc.unique(sections.filter(pc.and_(pc.match_substring_regex(quotes, _RATIO), shares)))
    rows = pc.indices_nonzero(pc.and_(pc.is_in(sections, with_ratio), shares)).to_pylist()
    held = figures.load(rows)
    ordered = sorted((held[row] for row in rows), key=lambda f: (f.section, *_place(f)))
    groups: list[list[Figure]] = []
    for number, figure in enumerate(ordered):
        before = ordered[number - 1] if number else None
        if before is not None and _follows(before, figure):
            groups[-1].append(figure)
        else:
            groups.append([figure])
    return [tuple(f.row for f in group) for group in groups if len(group) >= 3]


def _follows(before: Figure, figure: Figure) -> bool:
    if before.section != figure.section or before.comparison != figure.comparison:
        return False
    between = figure.between(before.value_end, figure.value_start)
    return between is not None and _COLON.fullmatch(between) is not None


def _sum(terms: list[Figure]) -> Check | None:
    total = sum(term.value for term in terms)
    named = all(term.indicator_id in _INDUSTRIES for term in terms)
    if not named and not LEAST <= total <= MOST:
        return None
    if any(b.value_start < a.value_end for a, b in pairwise(terms)):
        return None
    sums = terms[0].range
    for term in terms[1:]:
        sums = sums + term.range
    return Check(
        "ratio_sum",
        tuple(term.row for term in terms),
        (),
        " + ".join(term.written for term in terms),
        100.0,
        total,
        sums.half_width,
        sums.low - 1e-9 <= 100.0 <= sums.high + 1e-9,
        "",
    )
