"""The place that the places inside a text point at, where its own name is masked: ten of a county's townships."""

from __future__ import annotations

from collections import defaultdict

from dedup.extraction.attribution.divisions import TOWNSHIP_KINDS, Division, Divisions
from dedup.extraction.attribution.own_names import FullName

#: Different places inside that must be named: a stem that one county alone has counts 1, one that n have, 1 / n.
LEAST_WEIGHT = 2.5
FEWEST = 3
#: So many times the weight of the next best.
CLEAR = 2.5

_COUNTY_KINDS = frozenset({"县", "区", "旗"})


def enclosing(
    text: str, named: list[FullName], kinds: list[str], table: Divisions
) -> tuple[Division, int, int, float] | None:
    """Return the division of the text's own kind that the places named inside point at.

    Returns
    -------
    the division, the span of one of the places as evidence, and a confidence; None where nothing is clear
    """
    if not kinds or kinds[0] in TOWNSHIP_KINDS:
        return None
    if kinds[0] in _COUNTY_KINDS:
        return _county(text, named, kinds[0], table)
    return _above(text, named, kinds[0], table)


def _county(text: str, named: list[FullName], kind: str, table: Divisions) -> tuple[Division, int, int, float] | None:
    """Weigh the stems of townships in the text: those of one county together are no chance."""
    hits: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    counties = table.counties_with
    for length in (2, 3):
        grams = {text[i : i + length] for i in range(len(text) - length + 1)}
        for stem in sorted(grams & counties.keys()):
            at = text.index(stem)
            for code in counties[stem]:
                hits[code].setdefault(stem, (at, at + length))
    ranked = sorted(((sum(1 / len(counties[s]) for s in stems), code) for code, stems in hits.items()), reverse=True)
    if not ranked:
        return None
    weight, code = ranked[0]
    division = table.with_code(code)
    if division is None or division.kind != kind or len(hits[code]) < FEWEST or weight < LEAST_WEIGHT:
        return None
    if len(ranked) > 1 and ranked[1][0] * CLEAR > weight:
        return None
    printed = {full.name for full in named}
    confirmed = any(parent.name in printed for parent in table.parents(division))
    return division, *_fullest(text, list(hits[code].values())), 0.8 if confirmed else 0.7


def _fullest(text: str, spans: list[tuple[int, int]]) -> tuple[int, int]:
    """Return the span of 50 characters of one line at most that holds most of the places."""
    spans.sort()
    best = (0, spans[0])
    for start, _ in spans:
        inside = [s for s in spans if start <= s[0] and s[1] <= start + 50 and "\n" not in text[start : s[1]]]
        if len(inside) > best[0]:
            best = (len(inside), (start, inside[-1][1]))
    return best[1]


def _above(text: str, named: list[FullName], kind: str, table: Divisions) -> tuple[Division, int, int, float] | None:
    """Return the province or city whose cities and counties are named, by full names of one place only."""
    hits: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for full in named:
        rows = table.standing(table.named(full.name), None)
        if len(rows) != 1 or rows[0].level not in ("prefecture", "county") or rows[0].is_word:
            continue
        code = rows[0].code[:2] + "0000" if kind == "省" else rows[0].code[:4] + "00"
        if code != rows[0].code:
            hits[code].setdefault(full.name, (full.start, full.end))
    ranked = sorted(((len(places), code) for code, places in hits.items()), reverse=True)
    if not ranked or ranked[0][0] < FEWEST or (len(ranked) > 1 and ranked[1][0] * CLEAR > ranked[0][0]):
        return None
    division = table.with_code(ranked[0][1])
    if division is None or division.kind != kind:
        return None
    return division, *_fullest(text, list(hits[ranked[0][1]].values())), 0.75
