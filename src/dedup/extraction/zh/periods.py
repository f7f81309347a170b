"""When a figure holds, on which prices it is counted, and whether it sums or averages several years."""

from __future__ import annotations

import re
from bisect import bisect_right

from dedup.extraction.zh.reading import Reading
from dedup.extraction.zh.words import TIME, TIME_FIRST

_TIME = re.compile(rf"(?=[{TIME_FIRST}])(?<![比较与同为于是续达第由提”])(?<![0-9]){TIME}(?!产值|任务|计划数|不变价|价)")
_FOUR = re.compile("(?:19|20)[0-9]{2}")
_SEVERAL = re.compile(
    "(?:[两二三四五六七八九十几]|[2-9]|1[0-9])年(?:来|间|累计|内|共)|“[^”]{1,3}”(?:时期|期间|以来)|本届政府|以来"
)
_CONSTANT = re.compile("不变价|可比价|可比口径")
_CURRENT = re.compile("现价|现行价|当年价")


class Periods:
    """Expressions of time of a text, and the price basis its remarks set."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        shadow = reading.shadow
        self._spans = [m.span() for m in _TIME.finditer(shadow) if m.end() - m.start() > 1]
        self._starts = [start for start, _ in self._spans]
        self._ends = dict(self._spans)
        self._openings = [start for start, _ in self._spans if start - reading.sentence_start(start) <= 4]
        compact = reading.compact
        self._bases: list[tuple[int, str, bool]] = []
        if "价" in compact:
            for pattern, basis in ((_CONSTANT, "constant"), (_CURRENT, "current")):
                for match in pattern.finditer(compact):
                    lasting = "下同" in compact[match.end() : match.end() + 8]
                    self._bases.append((match.start(), basis, lasting))
            self._bases.sort()

    def before(self, at: int) -> str | None:
        """Return the nearest expression of time before `at`: of its paragraph, else the last that opened a sentence."""
        index = bisect_right(self._starts, at - 1) - 1
        if index < 0:
            return None
        paragraph = self._reading.line_start(at)
        start, end = self._spans[index]
        if start < paragraph:
            # Of the paragraphs before, only what opened a sentence goes on to hold.
            index = bisect_right(self._openings, at - 1) - 1
            if index < 0:
                return None
            start = self._openings[index]
            end = self._ends[start]
        return self._reading.compact[start:end].strip("的到至") if end <= at else None

    def of_paragraph(self, at: int) -> str | None:
        """Return the nearest expression of time before `at` in its own paragraph."""
        index = bisect_right(self._starts, at - 1) - 1
        if index < 0 or self._starts[index] < self._reading.line_start(at):
            return None
        return self._reading.compact[slice(*self._spans[index])]

    def is_year_before(self, base: str, at: int) -> bool:
        """Say whether a base of comparison (`2020年`) is the year before the one that the text last spoke of."""
        year = _FOUR.search(base)
        if year is None or re.fullmatch("[^0-9]*[0-9]{4}年?(?:末|底|同期)?[^0-9]*", base) is None:
            return False
        index = bisect_right(self._starts, at - 1) - 1
        for start, end in reversed(self._spans[max(0, index - 12) : index + 1]):
            spoken = _FOUR.search(self._reading.shadow, start, end)
            if spoken is not None and spoken.group() != year.group():
                return int(year.group()) == int(spoken.group()) - 1
        return False

    def price_basis(self, start: int, end: int) -> str | None:
        """Return the price basis of money stated in [start, end) and its remarks."""
        if not self._bases:
            return None
        sentence = self._reading.sentence_start(start)
        clause_end = self._reading.clause_end(max(start, end - 1))
        lasting = None
        for place, basis, lasts in self._bases:
            if place >= clause_end + 1:
                break
            if lasts:
                lasting = basis
            if sentence <= place:
                return basis
        return lasting


def sums_years(clause: str, period: str | None) -> bool:
    """Say whether a clause adds several years up."""
    return (bool(re.search("累计|共|合计|总共", clause)) and bool(period and _SEVERAL.search(period))) or bool(
        re.search("[两三四五]年累计|五年来?共", clause)
    )
