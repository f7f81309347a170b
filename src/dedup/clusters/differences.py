"""What two copies say differently: an aligned comparison with a type for every difference."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from dedup.clusters.alignment import Edit
from dedup.clusters.edits import HEADING_CHARS, Sides, length
from dedup.clusters.regions import changed_regions
from dedup.clusters.tokens import Token
from dedup.text.normalise import normalise
from dedup.text.placeholders import Placeholder, find_placeholders

DifferenceKind = Literal[
    "figure", "unit", "year", "mask", "line_break", "space", "punctuation", "heading", "word", "passage_missing"
]
KINDS: tuple[DifferenceKind, ...] = (
    "figure", "unit", "year", "mask", "line_break", "space", "punctuation", "heading", "word", "passage_missing",
)  # fmt: skip

#: Characters from which a stretch that only one text has is a passage and no longer a word.
PASSAGE_CHARS = 20
#: A stretch counts as missing in a text that has at most this share of its length there.
PASSAGE_REST = 0.15
#: Edits up to this long are searched for figures that stand in the same place in other words.
PAIRING_CHARS = 80
#: Words around such a figure that may differ before the pairing is no longer believed.
PAIRING_WORDS = 12

_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，％", "0123456789.,%")
_NUMBER = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?)\s?(.*)", re.DOTALL)
_YEAR = re.compile(r"(?:(?:19|20)[0-9]{2}|[〇零一二三四五六七八九]{4})(?:年度?)?")
_HAN = re.compile("[\u4e00-\u9fff]+")
_LINE_BEFORE = re.compile(r"(?:^|[\r\n])[ \t\u3000]*$")
_LINE_BEHIND = re.compile(r"[ \t\u3000]*(?:[\r\n]|$)")
_WHITE = frozenset({"line_break", "space"})
_FIGURES = frozenset({"figure", "mask"})
_RATIO_SIGNS = frozenset("%％‰")
_NUMERALS = frozenset("〇零一二三四五六七八九十百千万亿两")
_QUOTES = frozenset("“‘「《")


@dataclass(frozen=True, slots=True)
class Difference:
    """One stretch that two texts have differently.

    Attributes
    ----------
    kind : `figure` another value, or a figure that only one has; `unit` the same number in another unit (`8%` and
        `8‰`); `year` another year; `mask` a placeholder on one side; `line_break`, `space`, `punctuation` only that
        (also other widths of the same characters); `heading` a line of its own without a sentence that only one has;
        `word` other words; `passage_missing` 20 characters and more that only one has
    a_start, a_end, b_start, b_end : character offsets in the two texts, ends exclusive; equal where a text has nothing
    a, b : the two stretches
    """

    kind: DifferenceKind
    a_start: int
    a_end: int
    b_start: int
    b_end: int
    a: str
    b: str


def align(a: str, b: str) -> list[Difference]:
    """Return the differences of two texts in order; none when they are equal.

    Parameters
    ----------
    a, b : texts, such as the clean texts of two sections

    Notes
    -----
    `apply_differences(a, align(a, b)) == b`. Texts are compared token by token (figures with their unit, words,
    Chinese characters), single equal characters inside rewritten words count as rewritten. Two texts of 20,000
    characters with 4 % of them edited take some 0.1 s.
    """
    if a == b:
        return []
    places_a, places_b = find_placeholders(a), find_placeholders(b)
    found: list[Difference] = []
    for region in changed_regions(a, b):
        sides = Sides(
            a,
            b,
            region,
            _within(places_a, region.a_start, region.a_end),
            _within(places_b, region.b_start, region.b_end),
        )
        for edit in sides.edits():
            _describe(sides, edit, found)
    return found


def apply_differences(a: str, differences: Sequence[Difference]) -> str:
    """Return `b` of `differences = align(a, b)`.

    Raises
    ------
    ValueError
        `a` is not the text the differences were made from.
    """
    out: list[str] = []
    position = 0
    for difference in differences:
        if a[difference.a_start : difference.a_end] != difference.a or difference.a_start < position:
            raise ValueError(f"the text has not {difference.a!r} at {difference.a_start}: it is another text")
        out.append(a[position : difference.a_start])
        out.append(difference.b)
        position = difference.a_end
    out.append(a[position:])
    return "".join(out)


def _within(places: list[Placeholder], start: int, end: int) -> list[Placeholder]:
    first = bisect_left(places, start, key=_start)
    return places[first : bisect_left(places, end, first, key=_start)]


def _start(place: Placeholder) -> int:
    return place.start


def _text(text: str, tokens: Sequence[Token]) -> str:
    return text[tokens[0].start : tokens[-1].end] if tokens else ""


# From an edit to typed differences.


def _describe(sides: Sides, edit: Edit, found: list[Difference]) -> None:
    """Append the differences that make up one edit."""
    a, b = sides.parts(edit)
    at_a, at_b = sides.place_a(edit.a_start), sides.place_b(edit.b_start)
    if len(a) == len(b) == 1 and a[0].kind == b[0].kind == "word":
        left, right = sides.a[at_a : a[0].end], sides.b[at_b : b[0].end]
        found.append(Difference(_kind_of_words(left, right), at_a, a[0].end, at_b, b[0].end, left, right))
        return
    for part_a, part_b in _split(sides, a, b):
        left, right = _text(sides.a, part_a), _text(sides.b, part_b)
        if left != right:
            kind = _kind(sides, part_a, part_b, at_a, at_b)
            found.append(Difference(kind, at_a, at_a + len(left), at_b, at_b + len(right), left, right))
        at_a, at_b = at_a + len(left), at_b + len(right)


_Parts = list[tuple[list[Token], list[Token]]]


def _split(sides: Sides, a: list[Token], b: list[Token]) -> _Parts:
    """Part white space at the ends and figures in the same place from the words around them."""
    if not a or not b or _bare(sides.a, a) == _bare(sides.b, b):
        return [(a, b)]
    head: _Parts = []
    tail: _Parts = []
    for at, parts in ((0, head), (-1, tail)):
        white_a, white_b = ([side[at]] if side and side[at].kind in _WHITE else [] for side in (a, b))
        if white_a or white_b:
            parts.append((white_a, white_b))
            cut = slice(1, None) if at == 0 else slice(None, -1)
            a, b = a[cut] if white_a else a, b[cut] if white_b else b
    return [*head, *_pair_figures(sides, a, b), *tail]


def _pair_figures(sides: Sides, a: list[Token], b: list[Token]) -> _Parts:
    at_a = [i for i, t in enumerate(a) if t.kind in _FIGURES]
    at_b = [i for i, t in enumerate(b) if t.kind in _FIGURES]
    whole: _Parts = [(a, b)] if a or b else []
    if not at_a or len(at_a) != len(at_b) or max(length(a), length(b)) > PAIRING_CHARS:
        return whole
    if any(text[side[i].start] in _QUOTES for text, side, at in ((sides.a, a, at_a), (sides.b, b, at_b)) for i in at):
        # “” stands for the words and the quotes around them.
        return whole
    words = [sum(t.end - t.start for t in side if t.kind == "word") for side in (a, b)]
    if max(words) > PAIRING_WORDS:
        return whole
    parts: _Parts = []
    last_a = last_b = 0
    for i, j in zip(at_a, at_b, strict=True):
        if (len(a) > 1 or len(b) > 1) and not _comparable(sides, a[i], b[j]):
            return whole
        end_i, end_j = _with_unit(sides.a, a, i, sides.b, b[j]), _with_unit(sides.b, b, j, sides.a, a[i])
        parts.extend([(a[last_a:i], b[last_b:j]), (a[i:end_i], b[j:end_j])])
        last_a, last_b = end_i, end_j
    parts.append((a[last_a:], b[last_b:]))
    return parts


def _with_unit(text: str, side: list[Token], at: int, other_text: str, other: Token) -> int:
    """Return where a mask ends with the unit behind it, when the figure in its place has that unit: × 张 and 235张."""
    end = at + 1
    if side[at].kind == "mask" and other.kind == "figure":
        unit = _figure(other_text[other.start : other.end])[1]
        if unit and text.startswith(unit, side[at].end):
            while end < len(side) and side[end].end <= side[at].end + len(unit):
                end += 1
    return end


def _comparable(sides: Sides, a: Token, b: Token) -> bool:
    """Whether two figures in other words may still be the same figure: the same unit, the same number, or a mask."""
    if "mask" in (a.kind, b.kind):
        return True
    number_a, unit_a = _figure(sides.a[a.start : a.end])
    number_b, unit_b = _figure(sides.b[b.start : b.end])
    return unit_a == unit_b or number_a == number_b


def _figure(text: str) -> tuple[str, str]:
    """Return the number of a figure and its unit, widths and thousands marks made alike."""
    match = _NUMBER.fullmatch(text.translate(_FULL_WIDTH))
    return (match[1].replace(",", ""), match[2]) if match else (text, "")


def _bare(text: str, tokens: Sequence[Token]) -> str:
    return "".join(text[t.start : t.end] for t in tokens if t.kind not in _WHITE)


def _kind(sides: Sides, a: list[Token], b: list[Token], at_a: int, at_b: int) -> DifferenceKind:
    left, right = _text(sides.a, a), _text(sides.b, b)
    bare_a, bare_b = _bare(sides.a, a), _bare(sides.b, b)
    kinds = {t.kind for t in a} | {t.kind for t in b}
    if bare_a == bare_b:
        return "line_break" if "line_break" in kinds else "space"
    if len(a) == len(b) == 1 and a[0].kind in _FIGURES and b[0].kind in _FIGURES:
        return _kind_of_figures(a[0], b[0], left, right)
    shorter, longer = sorted((bare_a, bare_b), key=len)
    full = [t for t in (a if longer == bare_a else b) if t.kind not in _WHITE]
    if len(full) == 1 and full[0].kind == "figure" and shorter in ("", _figure(longer)[1]):
        # Only one text has the figure; the other may still have its unit.
        return "year" if _YEAR.fullmatch(longer.translate(_FULL_WIDTH)) else "figure"
    if not shorter and "mask" not in kinds:
        line = _as_line(sides.a, left, at_a) if left else _as_line(sides.b, right, at_b)
        if line and _looks_like_heading(line):
            return "heading"
    if len(longer) >= PASSAGE_CHARS and len(shorter) <= PASSAGE_REST * len(longer):
        return "passage_missing"
    if "mask" in kinds and len(longer) <= HEADING_CHARS:
        return "mask"
    if (_RATIO_SIGNS & set(bare_a)) != (_RATIO_SIGNS & set(bare_b)) and not kinds & {"word", "figure", "mask"}:
        return "unit"
    if "figure" in kinds and not kinds & {"word", "mask"}:
        return "figure"
    return _kind_of_words(bare_a, bare_b)


def _kind_of_words(a: str, b: str) -> DifferenceKind:
    if a and b and _NUMERALS.issuperset(a + b):
        return "figure"
    if _HAN.fullmatch(a + b):
        # Normalising leaves these as they are.
        return "word"
    return "punctuation" if _normalised(a) == _normalised(b) else "word"


@lru_cache(maxsize=1 << 14)
def _normalised(text: str) -> str:
    """Return the normalised text; most differing places hold one of a few thousand characters."""
    return normalise(text)


def _kind_of_figures(a: Token, b: Token, left: str, right: str) -> DifferenceKind:
    if "mask" in (a.kind, b.kind):
        return "mask"
    (number_a, unit_a), (number_b, unit_b) = _figure(left), _figure(right)
    if number_a == number_b:
        return "punctuation" if unit_a == unit_b else "unit"
    wide_a, wide_b = left.translate(_FULL_WIDTH), right.translate(_FULL_WIDTH)
    return "year" if _YEAR.fullmatch(wide_a) and _YEAR.fullmatch(wide_b) else "figure"


def _as_line(text: str, stretch: str, start: int) -> str:
    """Return the stretch when it is a line of its own, without the white space around it; else ''."""
    line = stretch.strip()
    first = start + stretch.index(line) if line else start
    if not line or len(line) > HEADING_CHARS or "\n" in line:
        return ""
    return (
        line
        if _LINE_BEFORE.search(text[max(0, first - 64) : first]) and _LINE_BEHIND.match(text, first + len(line))
        else ""
    )


def _looks_like_heading(line: str) -> bool:
    return len(line) <= HEADING_CHARS and line[-1] not in "。！？；，!?;,." and bool(normalise(line))
