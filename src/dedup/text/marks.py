"""Marks that start a line: headings and list items (`一、`, `（二）`, `3.`, `第四条`, `——`, `##`, `各位代表`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dedup.text.characters import BLANK_CHARACTERS, BLANKS
from dedup.text.ordinals import CHINESE_ORDINAL, ORDINAL, parse_ordinal

_B = f"[{BLANKS}]*"
_MARK = re.compile(
    rf"(?P<markdown>#{{1,6}}[{BLANKS}]+|[-*+•●■◆▲★·][{BLANKS}]+|[•●■◆▲★])?{_B}"
    rf"(?:(?P<bracket>[（(【\[]{_B}(?P<b>{ORDINAL}){_B}[）)】\]]{_B}[、.．]?)"
    rf"|(?P<part>第{_B}(?P<p>{ORDINAL}|[百零〇两一二三四五六七八九十]{{2,7}}){_B}(?P<unit>[章节条编篇部款项]分?|[，,、：:]))"
    rf"|(?P<comma>(?P<c>{CHINESE_ORDINAL}){_B}[、，.．])"
    rf"|(?P<dot>(?P<d>[0-9０-９]{{1,2}}){_B}(?:[.．)）:：](?![0-9０-９])|、))"
    rf"|(?P<circled>[①-⑳⑴-⒇㈠-㈩❶-❿])"
    rf"|(?P<is>[一二三四五六七八九十]{{1,2}}(?:是|要|、是))"
    rf"|(?P<first>首先|其次|再次|最后|此外|另外|同时)[，,]"
    rf"|(?P<dash>——|--(?!-)|—(?=[^—])|－－)"
    rf"|(?P<speech>(?:各位(?:代表|委员|领导|同志|来宾|同事|嘉宾)|同志们|朋友们|女士们)))"
)
#: What marks start with. A look at one character spares most lines the regular expressions.
_FIRSTS = frozenset(
    BLANK_CHARACTERS + "#-*+•●■◆▲★·>＞（(【[第一二三四五六七八九十0123456789０１２３４５６７８９首其再最此另同—－各朋女"
) | {chr(point) for first, last in ("①⑳", "⑴⒇", "㈠㈩", "❶❿") for point in range(ord(first), ord(last) + 1)}
_MARKDOWN = re.compile(rf"#{{1,6}}[{BLANKS}]+|[-*+•●■◆▲★·][{BLANKS}]+|[•●■◆▲★>＞]")


@dataclass(frozen=True, slots=True)
class Mark:
    """What starts a line.

    Attributes
    ----------
    style : `bracket`, `part-章`, `comma`, `dot`, `circled`, `is`, `first`, `dash`, `speech` or `markdown`
    ordinal : its number, None where the style has none
    end : one past the mark
    """

    style: str
    ordinal: int | None
    end: int


def read_mark(text: str, start: int, end: int) -> Mark | None:
    """Return the mark at the start of the line text[start:end], or None."""
    if start >= end or text[start] not in _FIRSTS:
        return None
    match = _MARK.match(text, start, end)
    if match is None:
        plain = _MARKDOWN.match(text, start, end)
        return Mark("markdown", None, plain.end()) if plain else None
    style = match.lastgroup or "markdown"
    for name, group in (("bracket", "b"), ("comma", "c"), ("dot", "d"), ("part", "p")):
        if match[name]:
            unit = match["unit"] if name == "part" else ""
            return Mark(f"part-{unit[0]}" if unit else name, parse_ordinal(match[group]), match.end())
    return Mark(style, None, match.end())


def fits_numbering(marks: Sequence[Mark | None]) -> list[bool]:
    """Tell real marks from text that looks like one: a numbered mark must fit into its own sequence.

    `一、抗灾能力差` after `…收入来源单` is no heading: the section counts 一、 二、 三、 elsewhere.
    """
    real = [mark is not None for mark in marks]
    by_style: dict[str, list[tuple[int, int]]] = {}
    for i, mark in enumerate(marks):
        if mark is not None and mark.ordinal is not None:
            by_style.setdefault(mark.style, []).append((i, mark.ordinal))
    for places in by_style.values():
        for k, (i, value) in enumerate(places):
            before = places[k - 1][1] if k else 0
            after = places[k + 1][1] if k + 1 < len(places) else None
            if value == 1:
                # A second 1 behind a 1, or a 1 that nothing follows.
                fits = before != 1 and (after in (None, 1, 2) or k == 0)
            else:
                fits = value == before + 1 or after == value + 1 or len(places) == 1
            real[i] = fits
    return real
