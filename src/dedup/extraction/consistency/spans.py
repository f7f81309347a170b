"""How many years lie between two figures, as the text says it."""

from __future__ import annotations

import re

from dedup.extraction.consistency.figures import Figure, Place

_NUMERALS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_COUNT = "(?P<count>[二两三四五六七八九]|十[一二三四五六七八九]?|[2-9]|1[0-9])"
#: 五年来, 过去五年, 五年的回顾; not 第五年, 2005年, 五年规划.
_YEARS = re.compile(
    rf"(?<![第0-9〇零一二三四五六七八九十]){_COUNT}年"
    r"(?:来|间|以来|里|期间|的?(?:回顾|历程|工作|奋斗|努力|发展|时间|建设|实践)|[，,、。：:\s（(—－-]|$)"
)
_RECENT_YEARS = re.compile(rf"(?:过去|近|这|前|本届|连续|任期){_COUNT}年")
#: A five-year plan is five years long; at its end (末) or in its first year it says nothing of a span.
_PLAN = re.compile('[一二三四五六七八九十]五[”"]?(?:期间|时期|以来|五年)')
_SINCE = re.compile("(?P<year>(?:19|20)[0-9]{2})年以来")
#: Beyond this many years no report gives an annual average.
LONGEST = 40


def _count(text: str) -> int:
    if text.isdigit():
        return int(text)
    if text.startswith("十"):
        return 10 + (_NUMERALS[text[1]] if len(text) > 1 else 0)
    return _NUMERALS[text]


def spans_in(text: str) -> list[tuple[int, int]]:
    """Return where a text speaks of several years, and of how many: (offset, years), in order."""
    found = [(m.start("count"), _count(m["count"])) for p in (_YEARS, _RECENT_YEARS) for m in p.finditer(text)]
    found += [(m.start(), 5) for m in _PLAN.finditer(text)]
    return sorted(set(found))


def years_between(start: Figure, end: Figure, growth: Figure, place: Place) -> list[int]:
    """Return the numbers of years that the text can mean, best proved first; none where it does not say.

    Years that the page masked or put in the place of others are no proof: `Figure.year` and `Place` have none of
    them. What is said in words (五年来, the chapter 五年的回顾) stays when every year is masked.
    """
    spans: list[int] = []
    if start.year is not None:
        spans += [last - start.year for last in (end.year, growth.year, place.year_review) if last is not None][:1]
    for text in (growth.period_text, end.period_text):
        spans += [years for _, years in spans_in(text)]
    if place.text is not None:
        spans += [years for _, years in spans_in(place.text[: start.value_start - place.char_start])[-1:]]
    if not spans and place.text is not None and place.year_review is not None:
        before = place.text[: start.value_start - place.char_start]
        for since in list(_SINCE.finditer(before))[-1:]:
            # The year named is the first of the span, or the one it is compared with.
            passed = place.year_review - int(since["year"])
            spans += [passed + 1, passed]
    return [years for years in dict.fromkeys(spans) if 1 <= years <= LONGEST]
