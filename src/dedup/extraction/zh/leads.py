"""Lists that a sentence announces (`市政府将办好以下十件实事：`): what it says of them holds for all of their items."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from dedup.extraction.zh.reading import Reading
from dedup.text.numbers import parse_chinese

_HAN = "一二三四五六七八九十"
# What the end of a sentence says of the list behind it.
_ANNOUNCED = re.compile(
    "(?=[以如下几一二三四五六七八九十0-9工任措实])(?:(?:以下|如下|下列|下面)[^，。；：\n]{0,18}"
    f"|(?:几|[{_HAN}]{{1,3}}|[0-9]{{1,2}})(?:件|项|大|个方面|方面)[^，。；：\n]{{0,16}}"
    "|(?:工作|任务|措施|实事)(?:是|有|为)?)[：。\n]"
)
# It lies ahead, or it is done, or it is what is wrong.
_AHEAD = re.compile(
    "将(?!近|军)|(?<![主重需必首只摘紧概纲简])要(?!素|求|点|闻)|计划(?!内|外|完成|执行)|拟(?!定了)|力争|必须|应当|打算"
    "|下一步|下半年|明年|今后|未来"
)
_BEHIND = re.compile(
    "[做抓办成展取进施得实好][了过]|主要(?:做法|成效|成绩)|回顾|成绩|已经?|完成情况|问题|不足|困难|差距"
)
_MARKS = (
    ("heading", rf"(?P<heading>[{_HAN}]{{1,3}})、"),
    ("part", rf"[（(](?P<part>[{_HAN}]{{1,3}})[)）]"),
    ("item", r"(?P<item>[0-9０-９]{1,2})(?:[、)）．。]|\.(?![0-9]))"),
    ("point", r"[（(](?P<point>[0-9]{1,2})[)）]"),
    ("first", rf"(?P<first>[{_HAN}]{{1,3}})[是要]"),
    ("nth", rf"第(?P<nth>[{_HAN}]{{1,3}})[，、,是]"),
    ("dash", r"(?P<dash>——|[-—–·●•★◆■▲])"),
)
_MARK = re.compile(r"\s*(?:" + "|".join(pattern for _, pattern in _MARKS) + ")")
#: Marks from the highest on: a list ends where a line begins with a higher one than its own.
_RANK = {kind: n for n, (kind, _) in enumerate(_MARKS)}
_BLANK = re.compile(r"\s*")
_SENTENCE_REACH = 120
_SHORTEST = 6
#: A line of an item that is no longer than this and ends without a mark is its heading: its text follows.
_HEADING_CHARS = 30
#: Characters that a list is followed for.
_LIST_REACH = 6000


class _Lead(NamedTuple):
    start: int
    end: int
    planned: bool


class Leads:
    """Tells for places of a text whether they lie in a list that was announced as planned or as done.

    Parameters
    ----------
    reading : the text
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._leads: list[_Lead] = []
        for match in _ANNOUNCED.finditer(reading.shadow):
            lead = self._read(match)
            if lead is not None:
                self._leads.append(lead)
        self._leads.sort()
        self._starts = [lead.start for lead in self._leads]

    def planned_at(self, at: int) -> bool | None:
        """Return what the innermost list at `at` was announced as, None where there is none."""
        for lead in reversed(self._leads[: bisect_right(self._starts, at)]):
            if at < lead.end:
                return lead.planned
        return None

    def _read(self, match: re.Match[str]) -> _Lead | None:
        shadow, end = self._reading.shadow, match.end()
        start = max(self._reading.sentence_start(match.start()), end - _SENTENCE_REACH)
        if end - start < _SHORTEST:
            return None
        ahead = [word.start() for word in _AHEAD.finditer(shadow, start, end)]
        behind = [word.start() for word in _BEHIND.finditer(shadow, start, end)]
        if not ahead and not behind:
            return None
        mark = _MARK.match(self._reading.compact, end)
        colon = shadow[end - 1] == "："
        if mark is None or (not colon and _number(mark) != 1):
            return None
        return _Lead(start, self._end(end, mark), max(ahead, default=-1) > max(behind, default=-1))

    def _end(self, begin: int, mark: re.Match[str]) -> int:
        """Return where the list ends whose first item begins with `mark`: behind its last item."""
        compact, kind, number = self._reading.compact, mark.lastgroup, _number(mark)
        assert kind is not None
        end = at = self._line_end(mark.end())
        waiting = self._is_heading(mark.start(), end)
        while at < len(compact) and at - begin < _LIST_REACH:
            start = _line_start(compact, at)
            at = self._line_end(start)
            following = _MARK.match(compact, start)
            if following is not None and following.lastgroup == kind:
                if number and _number(following) != number + 1:
                    break
                number = _number(following)
                end, waiting = at, self._is_heading(start, at)
            elif following is not None and _RANK[following.lastgroup or kind] < _RANK[kind]:
                break
            elif waiting:
                end, waiting = at, False  # the text under the heading of an item
        return end

    def _line_end(self, at: int) -> int:
        end = self._reading.compact.find("\n", at)
        return len(self._reading.compact) if end < 0 else end

    def _is_heading(self, start: int, end: int) -> bool:
        line = self._reading.compact[start:end].strip()
        return len(line) <= _HEADING_CHARS and not line.endswith(("。", "；", "，", "."))


def _line_start(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match is not None else at


def _number(mark: re.Match[str]) -> int:
    """Return the number of a list mark; 0 for a dash."""
    written = mark.group(mark.lastgroup or 0)
    if written.isdigit() and written not in _HAN:
        return int(written)
    return int(parse_chinese(written) or 0)
