"""When a figure holds, on which prices it is counted, and whether it sums or averages several years."""

from __future__ import annotations

import re
from bisect import bisect_right

from dedup.extraction.zh.reading import Reading
from dedup.extraction.zh.words import TIME, TIME_FIRST

_TIME = re.compile(
    rf"(?=[{TIME_FIRST}])(?<![比较与同为于是续达第由提”])(?<![0-9xX×*〇○零一二三四五六七八九])(?<!提前){TIME}(?!产值|任务|计划数|不变价|价)"
)
_FOUR = re.compile("(?:19|20)[0-9]{2}|(?:一九|二[〇○零0OＯ])[〇○零0OＯ一二三四五六七八九]{2}")
# 94年, 九四年: years of the last century, without their century.
_TWO = re.compile("(?<![0-9])([89][0-9]|[八九][〇○零一二三四五六七八九])(?=年)")
_DIGITS = str.maketrans("〇○零OＯ一二三四五六七八九", "00000123456789")
_SEVERAL = re.compile(
    "(?:[两二三四五六七八九十几]|[2-9]|1[0-9])年(?:来|间|累计|内|共)|[近前这去][两三四五]年|[0-9]{4}年?[-—－～至到、和][0-9]{2,4}年?(?![0-9])|“[^”]{1,3}”(?:时期|期间|以来)|本届政府|以来"
)
#: So close to the beginning of a sentence an expression opens it.
_OPENING = 4
_SUMMED = re.compile("累计|(?<!公)共(?!同|享|建|青|产|和|有)|合计|总共")
_YEARS_SUMMED = re.compile("[两三四五]年(?:累计|来?共)")
# What such verbs count over several years is the sum of them.
_FLOWS = re.compile(
    "(?:\\A|，)(?:我|全)?[省市县区乡镇]?(?:共|先后|累计)?(?:投入|新建|新增|改扩建|筹资|筹措|引进|争取|发放|培训|硬化|解决|拨付|新修)"
)
_ONE_YEAR = re.compile("[^0-9]*[0-9]{2,4}年?(?:末|底|同期)?[^0-9]*")
_CONSTANT = re.compile("不变价|可比价|可比口径")
_CURRENT = re.compile("现价|现行价|当年价")


# Expressions that hold for their sentence only: which year they mean is said elsewhere.
_VAGUE = re.compile(
    "[两二三四五六七八九十]年|年内|年末|年底|年初|当年|本年度?|目前|当前|现在|眼下|近期|日前|届时|期末|至今|迄今|截至目前|截至|截止|现阶段|期间|每年"
    "|(?:去年|上年|今年)(?:末|底|初)|[0-9一二三四五六七八九十]{1,2}月.*"
)
# 2010年 | 人口普查: the year of what happened, which holds for its sentence only.
_EVENT_BEHIND = re.compile("的?[^，。；：0-9]{0,6}?(?:普查|洪水|洪灾|特大|地震|冰冻|事故)")
# 2012—2016年生产总值年均增长…: such a span holds for its sentence, unless it stands before all of it.
_SPAN = re.compile("[0-9]{4}年?[-—－～至到][0-9]{2,4}年[末底初]?")
_BASE_BEHIND = re.compile("[^，。]{0,10}基础上")
_MEETING = re.compile("[0-9]{1,2}日[^，。\\n]{0,40}(?:会议|大会|人代会)")
_SINCE = ("以来", "来", "间", "起")


class Periods:
    """Expressions of time of a text, and the price basis its remarks set."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        shadow = reading.shadow
        self._spans = [m.span() for m in _TIME.finditer(shadow) if self._is_period(*m.span())]
        self._starts = [start for start, _ in self._spans]
        lasting = [
            (start, end)
            for start, end in self._spans
            if _VAGUE.fullmatch(shadow, start, end) is None
            and _EVENT_BEHIND.match(shadow, end) is None
            and (_SPAN.fullmatch(shadow, start, end) is None or shadow.startswith(("，", "\n"), end))
        ]
        self._lasting = [start for start, _ in lasting]
        self._openings = [start for start in self._lasting if start - reading.sentence_start(start) <= _OPENING]
        self._ends = dict(self._spans)
        compact = reading.compact
        self._bases: list[tuple[int, str, bool]] = []
        if "价" in compact:
            for pattern, basis in ((_CONSTANT, "constant"), (_CURRENT, "current")):
                for match in pattern.finditer(compact):
                    lasts = "下同" in compact[match.end() : match.end() + 8]
                    self._bases.append((match.start(), basis, lasts))
            self._bases.sort()

    def _is_period(self, start: int, end: int) -> bool:
        """Tell periods from what they are like: 一年 alone, the base of a comparison, 学前三年, 从2000年的."""
        shadow = self._reading.shadow
        if _MEETING.match(shadow, end) is not None:
            return False  # 1996年2月 | 6日在…代表大会上
        if end - start < 2 or (start and shadow[start - 1] in "学在" and shadow[start] in "前上去"):
            return False
        words = shadow[start:end]
        if words in ("一年", "同期") or (words[0] in "从自" and not words.endswith(_SINCE)):
            return False
        return words[:2] not in ("上年", "去年") or _BASE_BEHIND.match(shadow, end) is None

    def before(self, at: int) -> str | None:
        """Return the expression of time that holds at `at`.

        The nearest before it in its sentence; else the last of its paragraph that names a time of its own; else the
        last such that opened a sentence in a paragraph before.
        """
        return (
            self._of(self._starts, at, self._reading.sentence_start(at))
            or self._in_paragraph(at)
            or self._of(self._openings, at, 0)
        )

    def of_paragraph(self, at: int) -> str | None:
        """Return the expression of time that holds at `at`, as far as its own paragraph says."""
        return self._of(self._starts, at, self._reading.sentence_start(at)) or self._in_paragraph(at)

    def _in_paragraph(self, at: int) -> str | None:
        return self._of(self._lasting, at, self._reading.line_start(at))

    def _of(self, starts: list[int], at: int, since: int) -> str | None:
        """Return the last expression that begins in [since, at) and ends before `at`."""
        index = bisect_right(starts, at - 1) - 1
        if index < 0 or starts[index] < since:
            return None
        end = self._ends[starts[index]]
        return self._reading.shadow[starts[index] : end].strip("的到至") if end <= at else None

    def is_year_before(self, base: str, at: int) -> bool:
        """Say whether a base of comparison (`2020年`) is the year before the one that the text last spoke of."""
        year = _year_in(base)
        if year is None or (base[:1].isascii() and _ONE_YEAR.fullmatch(base) is None):
            return False
        index = bisect_right(self._starts, at - 1) - 1
        for start, end in reversed(self._spans[max(0, index - 12) : index + 1]):
            spoken = _year_in(self._reading.shadow[start:end])
            if spoken is not None and spoken != year:
                return year == spoken - 1
        return False

    def price_basis(self, start: int, end: int) -> str | None:
        """Return the price basis of money stated in [start, end) and its remarks."""
        if not self._bases:
            return None
        sentence = self._reading.sentence_start(start)
        clause, clause_end = self._reading.clause_start(end - 1), self._reading.clause_end(max(start, end - 1))
        lasting = spoken = None
        for place, basis, lasts in self._bases:
            if place >= clause_end + 1:
                break
            if lasts:
                lasting = basis
            if sentence <= place and (spoken is None or place >= clause):
                spoken = basis  # the first of the sentence, before it one of the clause itself
        return spoken or lasting


def _year_in(words: str) -> int | None:
    """Return the first year in words: 1995, 一九九五, 95年, 九五年."""
    four = _FOUR.search(words)
    if four is not None:
        return int(four.group().translate(_DIGITS))
    two = _TWO.search(words)
    return 1900 + int(two.group().translate(_DIGITS)) if two is not None else None


def sums_years(clause: str, period: str | None) -> bool:
    """Say whether a clause adds several years up: 累计, 共 in a period of several, 五年累计."""
    if _YEARS_SUMMED.search(clause) is not None:
        return True
    if period is None or _SEVERAL.search(period) is None:
        return False
    return _SUMMED.search(clause) is not None or _FLOWS.search(clause) is not None
