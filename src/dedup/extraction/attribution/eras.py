"""Years that a text names by events: first year of a five-year plan, year of a congress, sixtieth anniversary.

A site can overwrite `2012年` with its own year, but not `党的十八大召开之年`. Events therefore date reports whose
years are masked, and prove false the years that a page put in (Strötgen and Gertz 2013 call such words named dates).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from dedup.extraction.attribution.calendar import (
    AUTUMN_SESSIONS,
    CONGRESSES,
    COUNTY_TERMS,
    FIRST_USED,
    FIVE_YEAR_PLANS,
    FOUNDATIONS,
    PEOPLES_CONGRESSES,
    PLENUMS,
)
from dedup.extraction.attribution.numerals import read_count

#: Quotation marks as pages print them, with those of bad conversions.
OPEN, CLOSE = '“"‘「『〝＂', '”"’」』〞＂'
_CONGRESS = "(?P<congress>十[四五六七八九]|二十)大"
_PLAN = f"[{OPEN}]?(?P<plan>十[一二三四五]五|[七八九十]五)[{CLOSE}]?(?:发展|社会发展)?(?:规划|计划|时期|纲要|期间)?"
_FIRST_YEAR = "(?:开局|起步|第一|头一|首)"

#: What is said of a year -> which year of the event that makes it.
_OF_PLAN = re.compile(
    rf"{_PLAN}[^，。；、]{{0,8}}?(?:的|之)?"
    rf"(?:(?P<first>{_FIRST_YEAR})|第(?P<nth>[二三四五])|(?P<last>收官|最后一|最末|末))(?:之)?个?年"
)
_FROM_PLAN_TO_PLAN = re.compile(
    rf"[{OPEN}]?(?P<old>十[一二三四]五|[八九十]五)[{CLOSE}][^。；\n]{{0,30}}?"
    rf"(?:衔接|对接|承接|谋划|编制|谋篇|启动|开启|酝酿|展望|制定)[^。；\n]{{0,10}}?[{OPEN}](?P<new>十[一二三四五]五|[九十]五)[{CLOSE}]"
)
#: “十一五”及2010年工作回顾: the plan that ended, beside its last year; “十二五”目标和2011年任务: beside its first.
_PLAN_BESIDE = re.compile(
    rf"[{OPEN}](?P<plan>十[一二三四五]五|[八九十]五)[{CLOSE}](?:时期|期间|规划|计划)?(?:[^。，；、\n]{{0,8}})?(?:及|和|暨|以及)$"
)
_OF_CONGRESS = re.compile(rf"(?:党的)?{_CONGRESS}(?:即将|将要|胜利|隆重|顺利)*(?:要)?召开(?:之|的(?:重要|关键)?一?)年")
_AFTER_CONGRESS = re.compile(
    rf"(?:贯彻|落实|学习)[^，。；]{{0,8}}?(?:党的)?{_CONGRESS}[^，。；、和及]{{0,6}}?精神的?(?:{_FIRST_YEAR})(?:之)?年"
)
_ANNIVERSARIES = re.compile("|".join(f"(?P<f{year}>{words})" for words, year in FOUNDATIONS.items()))
_NTH_ANNIVERSARY = re.compile(r"(?P<n>[0-9]{2,3}|一百|[二三四五六七八九]?十[一二三四五六七八九]?)周年")
_GREETING = re.compile(
    rf"(?:迎接|喜迎|献礼|迎)(?:党的)?{_CONGRESS}(?:胜利|隆重|即将)*(?:召开|的?(?:胜利|隆重)召开|[！。，；])"
)
_TERM = re.compile(r"(?:新一届|本届|这届)(?:人民)?政府(?:任期)?(?:履职|工作)?的?(?:开局|第一|起步)(?:之)?年")
_PLAN_MENTION = re.compile(
    rf"[{OPEN}](?P<quoted>十[一二三四五]五|[七八九十]五)[{CLOSE}]"
    "|(?P<plain>十[一二三四五]五|[八九]五)(?=规划|计划|时期|期间|末|以来|开局)"
)

_PLENUM_MENTION = re.compile(
    r"(?P<congress>十[四五六七八九]|二十)届(?P<nth>[一二三四五六七]中(?:[、和及与以]*(?:全会)?[、和及与以]*[一二三四五六七]中)*)全会"
)
_NTH = re.compile(r"([一二三四五六七])中")
_CONGRESS_MENTION = re.compile(_CONGRESS)
#: What must follow a congress that is named without 党的: 十五大项目 is none.
_OF_THE_PARTY = re.compile("精神|召开|以来|胜利|报告|提出|确定|[和、及以]+(?:党的)?十[四五六七八九]届")
_NPC_MENTION = re.compile(r"全国人大(?P<term>十[一二三四]?|[八九])届(?P<nth>[一二三四五])次会议")
_OBEYED = re.compile(r"贯彻|落实|学习|指导|精神|部署")


@dataclass(frozen=True, slots=True)
class Event:
    """A year that a stretch of text names by an event."""

    year: int
    start: int
    end: int
    certain: bool = True


def _plan_start(name: str) -> int | None:
    return FIVE_YEAR_PLANS.get(name)


def year_of_predicate(text: str, start: int, end: int) -> Event | None:
    """Return the year that `text[start:end]`, said of some year, makes it: `是“十二五”规划的开局之年` makes it 2011."""
    for match in _OF_PLAN.finditer(text, start, end):
        first = _plan_start(match["plan"])
        if first is None:
            continue
        if match["first"]:
            return Event(first, match.start(), match.end())
        if match["last"]:
            return Event(first + 4, match.start(), match.end())
        return Event(first + "一二三四五".index(match["nth"]), match.start(), match.end())
    for match in _FROM_PLAN_TO_PLAN.finditer(text, start, end):
        old, new = _plan_start(match["old"]), _plan_start(match["new"])
        if old is not None and new == old + 5:
            return Event(old + 4, match.start(), match.end())
    met = _OF_CONGRESS.search(text, start, end)
    # 迎接党的十八大召开的重要一年 may be the year before.
    if (
        met is not None
        and met["congress"] in CONGRESSES
        and not re.search("迎|筹备", text[met.start() - 4 : met.start()])
    ):
        return Event(CONGRESSES[met["congress"]][0], met.start(), met.end())
    followed = _AFTER_CONGRESS.search(text, start, end)
    if followed is not None and followed["congress"] in CONGRESSES:
        return Event(CONGRESSES[followed["congress"]][0] + 1, followed.start(), followed.end())
    return _anniversary(text, start, end)


def year_beside_plan(text: str, at: int, role: str) -> Event | None:
    """Return the year that a heading puts beside a five-year plan, where the year stands at `at`."""
    match = _PLAN_BESIDE.search(text, max(0, at - 20), at)
    first = _plan_start(match["plan"]) if match else None
    if match is None or first is None:
        return None
    return Event(first if role == "plan" else first + 4, match.start(), match.end())


def _anniversary(text: str, start: int, end: int) -> Event | None:
    nth = _NTH_ANNIVERSARY.search(text, start, end)
    if nth is None:
        return None
    what = None
    for named in _ANNIVERSARIES.finditer(text, max(start, nth.start() - 24), nth.start()):
        what = named
    count = read_count(nth["n"])
    if what is None or what.lastgroup is None or count is None:
        return None
    return Event(int(what.lastgroup[1:]) + count, what.start(), nth.end())


def greeted_congress(text: str) -> Event | None:
    """Return the year of the congress that a report greets (迎接党的十九大胜利召开): the year it plans for."""
    found = None
    for match in _GREETING.finditer(text):
        if match["congress"] in CONGRESSES:
            found = Event(CONGRESSES[match["congress"]][0], match.start(), match.end())
    return found


@dataclass(frozen=True, slots=True)
class Sessions:
    """The party sessions that a text cites.

    Attributes
    ----------
    latest : (year, month) of the last one
    obeyed : whether it is cited as what the report carries out, not only in passing
    plenary : whether it is a plenary session; congresses are cited for years, plenary sessions until the next
    start, end : the words
    """

    latest: tuple[int, int]
    obeyed: bool
    plenary: bool
    start: int
    end: int


@lru_cache(maxsize=4)
def cited_sessions(text: str) -> Sessions | None:
    """Return the latest congress or plenary session that the text cites."""
    best: Sessions | None = None
    for match in _PLENUM_MENTION.finditer(text):
        for nth in _NTH.finditer(match["nth"]):
            date = PLENUMS.get((match["congress"], nth[1]))
            if date is None:
                continue
            around = text[max(0, match.start() - 40) : match.end() + 12]
            obeyed = _OBEYED.search(around) is not None
            if best is None or date > best.latest or (date == best.latest and obeyed and not best.obeyed):
                best = Sessions(date, obeyed, True, match.start(), match.end())
    for match in _CONGRESS_MENTION.finditer(text):
        before = text[max(0, match.start() - 2) : match.start()]
        if before != "党的" and (before[-1:] in "0123456789届" or not _OF_THE_PARTY.match(text, match.end())):
            continue
        date = CONGRESSES.get(match["congress"])
        if date is None or (best is not None and date <= best.latest):
            continue
        around = text[max(0, match.start() - 24) : match.end() + 4]
        if re.search("迎接|喜迎|召开之年|即将", text[max(0, match.start() - 10) : match.end() + 8]):
            continue
        best = Sessions(date, _OBEYED.search(around) is not None, False, match.start(), match.end())
    return best


def planned_after(sessions: Sessions, *, half_year: bool) -> int | None:
    """Return the only year that a report which cites `sessions` last can plan for, if there is only one.

    A yearly report is read between November and April, before the next session of autumn; one that reviews half a
    year, between May and September.
    """
    year, month = sessions.latest
    if not (sessions.obeyed and sessions.plenary):
        return None
    later = [date for date in AUTUMN_SESSIONS if date > sessions.latest]
    if not later:
        return None
    upto = later[0]
    if half_year:
        fitting = [y for y in range(year, upto[0] + 1) if (y, 5) >= (year, month) and (y, 9) <= upto]
    else:
        # From the November before to April of the year itself.
        fitting = [y for y in range(year, upto[0] + 2) if (y, 4) > (year, month) and (y - 1, 11) < upto]
    return fitting[0] if len(fitting) == 1 else None


def earliest_year(text: str) -> Event | None:
    """Return the latest first use among the words of the text: it cannot have been written before."""
    found: Event | None = None
    for word, year in FIRST_USED.items():
        if found is not None and year <= found.year:
            continue
        at = text.find(word)
        if at >= 0:
            found = Event(year, at, at + len(word))
    sessions = cited_sessions(text)
    if sessions is not None and (found is None or sessions.latest[0] > found.year):
        found = Event(sessions.latest[0], sessions.start, sessions.end)
    for match in _NPC_MENTION.finditer(text):
        year = PEOPLES_CONGRESSES.get(match["term"], 0) + "一二三四五".index(match["nth"])
        if found is None or year > found.year:
            found = Event(year, match.start(), match.end())
    return found


@lru_cache(maxsize=4)
def latest_plan(text: str) -> Event | None:
    """Return the first year of the latest five-year plan that the text names, and where."""
    found: Event | None = None
    for match in _PLAN_MENTION.finditer(text):
        first = _plan_start(match["quoted"] or match["plain"])
        if first is not None and (found is None or first > found.year):
            found = Event(first, match.start(), match.end())
    return found


def latest_year(text: str) -> Event | None:
    """Return the last year in which a report that speaks so is plausible: the next congress or plan is not named yet.

    A report cites the congress whose line it follows until the next one has met, and the plan it carries out until
    the next begins.
    """
    ends: list[Event] = []
    sessions = cited_sessions(text)
    if sessions is not None and sessions.obeyed:
        following = [date for date in CONGRESSES.values() if date > sessions.latest]
        if following:
            ends.append(Event(following[0][0] + 1, sessions.start, sessions.end))
    plan = latest_plan(text)
    if plan is not None and plan.year + 5 in FIVE_YEAR_PLANS.values():
        # An old plan may be named in passing, and no other.
        ends.append(Event(plan.year + 6, plan.start, plan.end, certain=False))
    return max(ends, key=lambda event: event.year) if ends else None


def term_began(text: str, start: int, end: int) -> Event | None:
    """Return the year in which a new county government that speaks of its first year took office.

    Only where the five-year plan that the text names last holds one such year. A habit of the calendar of elections,
    not a date: never certain.
    """
    match = _TERM.search(text, start, end)
    plan = latest_plan(text)
    if match is None or plan is None:
        return None
    fitting = [year for year in COUNTY_TERMS if plan.year <= year <= plan.year + 4]
    return Event(fitting[0], match.start(), match.end(), certain=False) if len(fitting) == 1 else None
