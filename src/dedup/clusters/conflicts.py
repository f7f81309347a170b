"""Conflicts: the places in which a copy says something else than the canonical text of its cluster."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from dedup.clusters.differences import Difference
from dedup.clusters.tokens import COUNTED
from dedup.text.characters import BLANKS, DIGITS, HAN, LATIN, NEWLINES, SENTENCE_ENDS
from dedup.text.marks import read_mark
from dedup.text.normalise import normalise

ConflictType = Literal["figure", "unit", "year", "mask", "word"]
#: Most important first.
CONFLICT_TYPES: tuple[ConflictType, ...] = ("figure", "unit", "year", "mask", "word")

#: Where only one text has something, the quotes take in this many characters on either side that both have.
NEIGHBOURS = 2
#: Of longer sentences the context gives the part around the place.
CONTEXT_CHARS = 160
_NUMERALS = "〇零一二三四五六七八九十百千两"
_NUMERAL = re.compile(f"[{_NUMERALS}]+")
_MASKS = r"xX\uff58\uff38×╳～〜*＊□◻▢_＿?？○◯"
_YEAR = rf"(?:(?:19|20)(?:[0-9{_MASKS}]{{1,4}})?|[一二][{_NUMERALS}○×xX]{{3}}|[{_MASKS}]+|“[{BLANKS}]*”)?"
_YEARISH = re.compile(rf"{_YEAR}[{BLANKS}]?(?:年度?)?")
_BARE_YEAR = re.compile(rf"(?:19|20)(?:[0-9]{{2}}|[{_MASKS}]{{1,2}})")
#: Words that begin like a count: one of something, very, at any price.
_NO_COUNT = re.compile("一.*|十[分成足]|百[年分倍]|千[年家秋]|两[岸会级手条]|[三四]农|八方")
_NUMBER = re.compile(rf"[{DIGITS}]+(?:[.．][{DIGITS}]+)?")
_ENUMERATION = re.compile("(?:是|要|、|[.．]|[）)])")
_WORD = re.compile(rf"[{HAN}{LATIN}]")
_EDGE = re.compile(rf"[{BLANKS}{NEWLINES}]*")
_MINUS = re.compile("[-－−]")
_SENTENCE_END = re.compile(rf"[{SENTENCE_ENDS}；;{NEWLINES}]")
_LINE_START = re.compile(rf"[^{NEWLINES}]*$")
_LINE_REST = re.compile(rf"[^{NEWLINES}]*")
#: A mark at the start of a line takes fewer characters.
_MARK_CHARS = 16
_NUMBERED = frozenset({"bracket", "comma", "dot", "circled", "is", "dash", "markdown"})


@dataclass(frozen=True, slots=True)
class Conflict:
    """One place in which a copy differs from the canonical text.

    Attributes
    ----------
    type : `figure` another value, or one that only one of them has; `unit` the same number in another unit; `year`
        another year, or one that is lost or masked in one of them; `mask` a placeholder in one of them; `word` other
        words
    a_start, a_end : characters of the canonical text
    b_start, b_end : characters of the copy; a stretch is empty only where nothing around it could be quoted
    """

    type: ConflictType
    a_start: int
    a_end: int
    b_start: int
    b_end: int


def conflicts_between(a: str, b: str, differences: Iterable[Difference]) -> list[Conflict]:
    """Return the conflicts among the differences of a canonical text and a copy, in the order of the text.

    Parameters
    ----------
    a, b : canonical text, copy
    differences : `align(a, b)`; white space, line breaks, punctuation and marks of headings are no conflicts
    """
    out: list[Conflict] = []
    for difference in differences:
        found = _conflict(a, b, difference)
        if found is not None:
            out.append(found)
    return out


class Sentences:
    """The sentences of a text, found once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [match.end() for match in _SENTENCE_END.finditer(text)]

    def around(self, start: int, end: int) -> str:
        """Return the sentence in which a place lies, at most some `CONTEXT_CHARS` characters on either side of it."""
        before = bisect_right(self._ends, start)
        first = self._ends[before - 1] if before else 0
        after = bisect_left(self._ends, max(end, start + 1), before)
        last = self._ends[after] if after < len(self._ends) else len(self._text)
        first, last = max(first, start - CONTEXT_CHARS), min(last, start + CONTEXT_CHARS)
        return self._text[first:last].strip()


def _conflict(a: str, b: str, d: Difference) -> Conflict | None:
    if d.kind in ("space", "line_break"):
        return None
    if d.kind == "punctuation":
        return _lost_minus(a, b, d)
    a_start, a_end = _trim(a, d.a_start, d.a_end)
    b_start, b_end = _trim(b, d.b_start, d.b_end)
    if _in_mark(a, a_start, a_end) and _in_mark(b, b_start, b_end):
        return None
    left, right = a[a_start:a_end], b[b_start:b_end]
    if left == right:
        return None
    kind = _type(d.kind, left, right, a[a_end : a_end + 1], b[b_end : b_end + 1])
    if kind == "mask" and left and right and normalise(left) == normalise(right) != "":
        # xx against XX.
        return None
    if kind == "figure" and _enumerates(a, a_start, a_end) and _enumerates(b, b_start, b_end):
        return None
    conflict = Conflict(kind, a_start, a_end, b_start, b_end)
    return _with_neighbours(a, b, _whole_count(a, b, conflict) if kind == "figure" else conflict)


def _type(kind: str, left: str, right: str, after_left: str, after_right: str) -> ConflictType:
    if kind in ("figure", "year", "mask") and _about_a_year(left, right, after_left, after_right):
        return "year"
    if kind in ("figure", "unit", "year", "mask"):
        return kind  # type: ignore[return-value]
    if kind == "word":
        counts = [s for s in (left, right) if COUNTED.fullmatch(s) and not _NO_COUNT.fullmatch(s)]
        if counts and all(COUNTED.fullmatch(s) or counts[0].endswith(s) for s in (left, right)):
            return "figure"
        return _by_numbers(left, right)
    return "word"


def _by_numbers(left: str, right: str) -> ConflictType:
    """Tell rewritten words from rewritten words that state other numbers."""
    numbers, others = _NUMBER.findall(left), _NUMBER.findall(right)
    if numbers == others:
        return "word"
    changed = set(numbers) ^ set(others)
    both = left + right
    return "year" if changed and all(_BARE_YEAR.fullmatch(n) and f"{n}年" in both for n in changed) else "figure"


def _about_a_year(left: str, right: str, after_left: str, after_right: str) -> bool:
    if not (_YEARISH.fullmatch(left) and _YEARISH.fullmatch(right)):
        return False
    return (
        "年" in left
        or "年" in right
        or after_left == after_right == "年"
        or bool(_BARE_YEAR.fullmatch(left) and _BARE_YEAR.fullmatch(right))
    )


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave the white space at both ends of a stretch out."""
    while start < end and _EDGE.fullmatch(text[end - 1]):
        end -= 1
    match = _EDGE.match(text, start, end)
    return (match.end() if match else start), end


def _in_mark(text: str, start: int, end: int) -> bool:
    """Whether a stretch lies in the mark at the start of its line (`（二）`, `3.`, `##`), or where one could stand."""
    begun = _LINE_START.search(text[max(0, start - _MARK_CHARS) : start])
    if begun is None:
        return False
    first = start - len(begun.group())
    if first == start - _MARK_CHARS and first:
        return False
    line_end = _LINE_REST.match(text, end, end + 8)
    mark = read_mark(text, first, line_end.end() if line_end else end)
    if mark is not None and (mark.style in _NUMBERED or mark.style.startswith("part")):
        return end <= mark.end
    return not text[first:end].strip()


def _enumerates(text: str, start: int, end: int) -> bool:
    """Whether a numeral counts points: at the start of a clause, before 是, 要 or a sign."""
    if end - start > 2 or (start and _WORD.match(text[start - 1])):
        return False
    return bool(_NUMERAL.fullmatch(text, start, end) and _ENUMERATION.match(text, end))


def _lost_minus(a: str, b: str, d: Difference) -> Conflict | None:
    """Return a conflict where only one number has a minus sign."""
    if not ((d.a and not d.b and _MINUS.fullmatch(d.a)) or (d.b and not d.a and _MINUS.fullmatch(d.b))):
        return None
    before = a[d.a_start - 1 : d.a_start] if d.a_start else ""
    if not before or not _WORD.fullmatch(before):
        return None
    number = re.compile(rf"[{DIGITS}][{DIGITS},.．]*[%％‰]?").match(a, d.a_end)
    if number is None:
        return None
    length = number.end() - d.a_end
    if a[d.a_end : d.a_end + length] != b[d.b_end : d.b_end + length]:
        return None
    return Conflict("figure", d.a_start, d.a_end + length, d.b_start, d.b_end + length)


def _whole_count(a: str, b: str, c: Conflict) -> Conflict:
    """Widen a stretch of Chinese numerals to the whole count with its unit, as far as both texts have it."""
    a_start, b_start, a_end, b_end = c.a_start, c.b_start, c.a_end, c.b_end
    while a_start and b_start and a[a_start - 1] == b[b_start - 1] and a[a_start - 1] in _NUMERALS:
        a_start, b_start = a_start - 1, b_start - 1
    for text, start, end in ((a, a_start, a_end), (b, b_start, b_end)):
        count = COUNTED.match(text, start) if _NUMERAL.fullmatch(text, start, end) else None
        if count is not None and count.end() > end:
            more = count.end() - end
            if a[a_end : a_end + more] == b[b_end : b_end + more]:
                a_end, b_end = a_end + more, b_end + more
            break
    return Conflict(c.type, a_start, a_end, b_start, b_end)


def _with_neighbours(a: str, b: str, c: Conflict) -> Conflict:
    """Let a quote that would be empty show what stands around the place."""
    if c.a_start < c.a_end and c.b_start < c.b_end:
        return c
    a_start, b_start, a_end, b_end = c.a_start, c.b_start, c.a_end, c.b_end
    for _ in range(NEIGHBOURS):
        if a_start and b_start and a[a_start - 1] == b[b_start - 1] and _WORD.match(a[a_start - 1]):
            a_start, b_start = a_start - 1, b_start - 1
    for _ in range(NEIGHBOURS):
        if a_end < len(a) and b_end < len(b) and a[a_end] == b[b_end] and _WORD.match(a[a_end]):
            a_end, b_end = a_end + 1, b_end + 1
    return Conflict(c.type, a_start, a_end, b_start, b_end)


def figures_first(conflicts: Sequence[Conflict]) -> list[Conflict]:
    """Return conflicts by importance of their type, then by place."""
    return sorted(conflicts, key=lambda c: (CONFLICT_TYPES.index(c.type), c.a_start, c.b_start))
