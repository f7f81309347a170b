"""Tokens of a text as a reader compares them: figures with their units, placeholders, words, signs, line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Literal, NamedTuple

from dedup.text.characters import BLANKS, DIGITS, LATIN, NEWLINES
from dedup.text.placeholders import Placeholder, find_placeholders

TokenKind = Literal["figure", "mask", "line_break", "space", "word", "sign"]

#: Scripts beyond Latin, Greek and Cyrillic that part words by blanks: Armenian to Arabic, Indic, Georgian, Hangul.
_SPACED = "\u0530-\u08ff\u0900-\u0dff\u10a0-\u10ff\uac00-\ud7af"
#: ASCII, Latin-1, general punctuation, arrows to shapes, CJK and full-width punctuation.
_SIGN = (
    r"!-/:-@\[-`{-~\u00a1-\u00bf×÷\u2010-\u2027\u2030-\u205e\u2190-\u2bff\u3001-\u3004\u3008-\u3020"
    r"\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_NUMERALS = "〇零一二三四五六七八九十百千"
_SCALE = "[多余来几]?[十百千]?[万亿]{0,2}[多余]?"
#: Longest first: an alternation takes what it finds first.
_UNITS = (
    "个百分点|百分点|个点|人民币|平方公里|平方千米|平方米|立方米|公里|千米|厘米|毫米|公顷|公斤|千克|毫克|千瓦时|千瓦|兆瓦|"
    "美元|港元|欧元|元|角|吨|斤|克|亩|米|升|度|人次|人|户|名|位|家|个|项|件|次|所|座|条|处|台|辆|头|只|套|起|倍|成|折|"
    "岁|届|年度|年|个月|月份|月|日|号|天|小时|分钟|时|分|秒|周|册|株|床|张|篇|字|期|批|类|种|级|等|环|轮"
)
_SIGNS = "[%％‰℃°]|㎡|m²|m³|(?:km²|km|kWh|kW|MW|GW|kg|mg|cm|mm|ha|[mgtL])(?![A-Za-z])"
_NUMBER = rf"[{DIGITS}]+(?:,[{DIGITS}]{{3}}(?![{DIGITS}]))*(?:[.．][{DIGITS}]+)?"
_FIGURE = (
    rf"{_NUMBER}(?: ?(?:{_SIGNS})|{_SCALE}(?:{_UNITS})|[万亿]+)?"
    rf"|百?[千万]?[百千万]分之[{_NUMERALS}]+(?:点[{_NUMERALS}]+)?"
    rf"|[{_NUMERALS}]{{2,}}(?:点[{_NUMERALS}]+)?(?:{_SCALE}(?:{_UNITS})|[万亿]+)?"
)
#: A count in Chinese numerals with its unit: 七个, 三百余户.
COUNTED = re.compile(rf"[{_NUMERALS}两]+(?:{_SCALE}(?:{_UNITS})|[万亿]+)")
_TOKEN = re.compile(
    rf"(?P<line_break>[{BLANKS}]*[{NEWLINES}][{BLANKS}{NEWLINES}]*)"
    rf"|(?P<space>[{BLANKS}]+)"
    rf"|(?P<word>[{LATIN}][{LATIN}{DIGITS}]*(?:['’-][{LATIN}]+)*|[{_SPACED}]+)"
    rf"|(?P<figure>{_FIGURE})"
    rf"|(?P<sign>[{_SIGN}])",
)
#: First characters of all tokens but Chinese characters: a class alone lets the regex engine skip text fast.
_FIRST = re.compile(f"[{BLANKS}{NEWLINES}{LATIN}{_SPACED}{DIGITS}{_NUMERALS}万{_SIGN}]")
#: What follows a masked number and belongs to it: 20xx年, ～万元, ××%.
_MASK_TAIL = re.compile(rf"(?:{_SIGNS}|[万亿]{{0,2}}(?:{_UNITS})|[万亿]+)")
_MASK_KINDS_WITH_TAIL = frozenset({"year", "tilde", "cross", "letters", "stars", "blank", "question"})
#: Units after a mask that are as likely the start of a word (一个, 名城): the mask then stands alone.
_DOUBTFUL = re.compile(r"[人户名位家个项件次所座条处台辆头只套起成折届度时分级等环轮类种期批张篇字天号]")


class Token(NamedTuple):
    """A piece of a text; the tokens of a text tile it."""

    start: int
    end: int
    kind: TokenKind


_AS_TOKEN = partial(tuple.__new__, Token)


def cut_tokens(
    text: str, start: int = 0, end: int | None = None, placeholders: Sequence[Placeholder] | None = None
) -> list[Token]:
    """Cut a text into tokens.

    Parameters
    ----------
    start, end : the part to cut; both must lie between two tokens
    placeholders : those of this part, when they are known already

    Notes
    -----
    A figure is one token with its unit (`8.5%`, `3200余万元`, `2004年`, `百分之八`), so is a placeholder with the
    unit behind it (`20xx年`); words of spaced scripts are one token, Chinese characters one each, white space around
    a line end one.
    """
    stop = len(text) if end is None else end
    if placeholders is None:
        placeholders = [p for p in find_placeholders(text) if start <= p.start < stop]
    tokens: list[Token] = []
    position = start
    for place in placeholders:
        _cut_plain(text, position, place.start, tokens)
        position = place.end
        if place.kind in _MASK_KINDS_WITH_TAIL:
            tail = _MASK_TAIL.match(text, position, stop)
            if tail and not _DOUBTFUL.fullmatch(tail.group()):
                position = tail.end()
        tokens.append(Token(place.start, position, "mask"))
    _cut_plain(text, position, stop, tokens)
    return tokens


def _cut_plain(text: str, start: int, end: int, tokens: list[Token]) -> None:
    position = at = start
    while (first := _FIRST.search(text, at, end)) is not None:
        match = _TOKEN.match(text, first.start(), end)
        if match is None:
            at = first.end()
            continue
        tokens.extend(_characters(position, match.start()))
        kind: TokenKind = match.lastgroup  # type: ignore[assignment]
        tokens.append(Token(match.start(), match.end(), kind))
        position = at = match.end()
    tokens.extend(_characters(position, end))


def _characters(start: int, end: int) -> Iterator[Token]:
    """Yield a word for each character; there are many, so they are made without a step of Python each."""
    return map(_AS_TOKEN, zip(range(start, end), range(start + 1, end + 1), repeat("word"), strict=False))
