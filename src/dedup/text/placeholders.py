"""Placeholders: what a page put in the place of a number, a year or a name. Found and counted, never filled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dedup.text.characters import BLANK_CHARACTERS, BLANKS, HAN

PlaceholderKind = Literal["year", "letters", "cross", "tilde", "stars", "square", "quotes", "blank", "question"]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A stretch of text that stands for something the page took out.

    Attributes
    ----------
    start, end : span in the given text
    kind : `year` (20xx, 20×× and a bare 20 before a verb or 年), `letters` (xx, XX, ××× of letters), `cross` (×),
        `tilde` (～), `stars` (**), `square` (□), `quotes` (“” with nothing inside), `blank` (____), `question` (??年)
    """

    start: int
    end: int
    kind: PlaceholderKind


_X = "xX\uff58\uff38"
_CROSS = "×╳\u2715\u2716"
# First characters of every placeholder: a class at the start of a pattern lets the regex engine skip text fast.
_FIRST = re.compile(
    rf"[{_X}{_CROSS}～〜*＊□◻▢“‘「《_＿?？○◯12二]"
    rf"(?:(?<=[{_X}{_CROSS}～〜*＊□◻▢_＿?？○◯])|(?<=1)9|(?<=2)0|(?<=二)[〇○零]|(?<=[“‘「《])[{BLANKS}”’」》])"
)
_KINDS: tuple[tuple[str, PlaceholderKind, re.Pattern[str]], ...] = (
    (
        "12二",
        "year",
        re.compile(
            rf"(?<![0-9A-Za-z.])(?:19|20)(?:[{_X}]{{1,2}}|[{_CROSS}]{{1,2}}|[0-9][{_X}{_CROSS}]|[*＊]{{1,2}}|[_＿]{{1,4}}"
            rf"|[〇○Oo]{{2}}(?=年))(?![A-Za-z])"
            # A year that lost its last two digits: what follows cannot follow the number twenty.
            rf"|(?<![0-9.])20(?=[，,]是|是[“\"我全本十]|年?[，,]?(?:是我|全[省市县区镇乡]))"
            rf"|二[〇○零][{_X}{_CROSS}○]{{1,2}}(?=年)"
        ),
    ),
    (
        _X,
        "letters",
        re.compile(
            rf"(?<![A-Za-z{_X}])[{_X}]{{2,12}}(?![A-Za-z{_X}])|(?<=[{HAN}])[{_X}](?=[省市县区镇乡村州旗])"
            rf"|(?<=[0-9])[{_X}]{{2,4}}(?![0-9A-Za-z{_X}])"
        ),
    ),
    (_CROSS, "cross", re.compile(rf"[{_CROSS}]+(?:[.．·:：—～~\-][{_CROSS}]+)*")),
    ("～〜", "tilde", re.compile("[～〜]+")),
    ("*＊", "stars", re.compile(r"[*＊]{2,}")),
    ("□◻▢", "square", re.compile("[□◻▢]+")),
    ("“‘「《", "quotes", re.compile(rf"“[{BLANKS}]*”|‘[{BLANKS}]*’|「[{BLANKS}]*」|《[{BLANKS}]*》")),
    ("_＿", "blank", re.compile(r"[_＿]{2,}")),
    ("?？○◯", "question", re.compile(rf"[?？]{{2,}}(?=[年月日万亿元个%％])|(?<=[{HAN}])[○◯]{{2,}}(?=[{HAN}])")),
)
_BY_FIRST = {first: (kind, pattern) for firsts, kind, pattern in _KINDS for first in firsts}
_DIGIT = "0123456789０１２３４５６７８９"
_ROMAN_AFTER = re.compile(r"[IVXLCDMivxlcdm世集团号]")


def find_placeholders(text: str) -> list[Placeholder]:
    """Return the placeholders of `text` in order; they do not overlap.

    Signs that mean something stay out: × between digits (`4×21万千瓦`), ～ between numbers (`3～5个`), Roman XX
    (`XXI`), emphasis marks of Markdown around words (`**重点**`).
    """
    found: list[Placeholder] = []
    stars: list[Placeholder] = []
    position = 0
    while (first := _FIRST.search(text, position)) is not None:
        kind, pattern = _BY_FIRST[text[first.start()]]
        match = pattern.match(text, first.start())
        if match is None:
            position = first.start() + 1
            continue
        start, end = match.span()
        position = end
        before = text[start - 1] if start else ""
        after = text[end] if end < len(text) else ""
        if kind == "cross" and end - start == 1 and before in _DIGIT and after in _DIGIT and before and after:
            continue
        if kind == "tilde" and _joins_numbers(text, start, end):
            continue
        if kind == "letters" and "X" in match.group() and _ROMAN_AFTER.match(after) and after not in "号集":
            continue
        place = Placeholder(start, end, kind)
        if kind == "stars":
            stars.append(place)
        found.append(place)
    if stars:
        emphasis = _emphasis(text, stars)
        if emphasis:
            found = [p for p in found if p.start not in emphasis]
    return found


_NUMBER_BEFORE = re.compile(rf"[0-9０-９%％‰年月日时度元亿万千百十{_X}]$")


def _joins_numbers(text: str, start: int, end: int) -> bool:
    after = text[end] if end < len(text) else ""
    return (
        end - start == 1
        and bool(after)
        and after in _DIGIT
        and bool(_NUMBER_BEFORE.search(text[max(0, start - 1) : start]))
    )


def _emphasis(text: str, stars: list[Placeholder]) -> set[int]:
    """Return the starts of `**` pairs that open and close emphasis on one line around at least four characters."""
    out: set[int] = set()
    pending: Placeholder | None = None
    for place in stars:
        if place.end - place.start not in (2, 3):
            pending = None
            continue
        if pending is not None:
            inner = text[pending.end : place.start]
            opens = pending.start == 0 or text[pending.start - 1] in "\n 　。：；、，"
            closes = place.end == len(text) or text[place.end] in "\n 　。：；、，"
            if (
                "\n" not in inner
                and len(inner) >= 2
                and opens
                and (closes or inner[-1:] in "。：:")
                and inner.strip(BLANK_CHARACTERS)
            ):
                out.update((pending.start, place.start))
                pending = None
                continue
        pending = place
    return out
