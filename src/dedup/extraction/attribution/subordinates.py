"""The place that the places inside a text point at, where its own name is masked: ten of a county's townships."""

from __future__ import annotations

from collections import defaultdict
from operator import add
from typing import TYPE_CHECKING

from dedup.extraction.attribution.divisions import MUNICIPALITIES, TOWNSHIP_KINDS, Division, Divisions
from dedup.extraction.attribution.own_names import FullName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

#: Different places inside that must be named: a stem that one county alone has counts 1, one that n have, 1 / n.
LEAST_WEIGHT = 2.5
FEWEST = 3
#: What the name of a province or city itself counts beside those inside it.
OWN = 2.0
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
    for stem in sorted(_standing_in(text, counties.keys(), table.longer_stems)):
        at = text.index(stem)
        for code in counties[stem]:
            hits[code].setdefault(stem, (at, at + len(stem)))
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


def _standing_in(text: str, stems: Set[str], longer: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the stems of two and three characters that stand in the text.

    Parameters
    ----------
    longer : first two characters -> stems of three that begin so
    """
    pairs = set(map(add, text, text[1:]))
    found = pairs & stems
    for pair in pairs & longer.keys():
        found |= {stem for stem in longer[pair] if stem in stems and stem in text}
    return found


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
    """Weigh the names of provinces or cities and of what lies in them."""
    hits: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    spans = {full.name: (full.start, full.end) for full in named}
    for stem in sorted(_standing_in(text, table.stems, table.longer_stems)):
        at = text.index(stem)
        spans.setdefault(stem, (at, at + len(stem)))
    weights: dict[str, float] = defaultdict(float)
    for name, span in spans.items():
        rows = table.named(name) or [row for row in table.called(name) if not row.is_word]
        codes = {row.code[:2] + "0000" if kind == "省" else row.code[:4] + "00" for row in rows if len(row.code) == 6}
        own = {row.code for row in rows if row.kind == kind and row.code in codes}
        for code in own or codes:
            if not own and len(codes) > 1:
                continue
            if name[: rows[0].stem] in {n[: len(name)] for n in hits[code]}:
                continue
            hits[code][name] = span
            weights[code] += OWN if own else 1.0
    if kind == "市":
        # Municipalities are provinces by their codes.
        for code in list(weights):
            if code[:2] in MUNICIPALITIES and not code.endswith("0000"):
                whole = code[:2] + "0000"
                weights[whole] += weights.pop(code)
                hits[whole] |= hits.pop(code)
    ranked = sorted(((weight, code) for code, weight in weights.items()), reverse=True)
    if not ranked or ranked[0][0] < FEWEST or (len(ranked) > 1 and ranked[1][0] * CLEAR > ranked[0][0]):
        return None
    division = table.with_code(ranked[0][1])
    if division is None or division.kind != kind:
        return None
    return division, *_fullest(text, list(hits[ranked[0][1]].values())), 0.7
