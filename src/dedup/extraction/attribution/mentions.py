"""Mentions of years in a section, and which of them say what the report looks back on and plans for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dedup.extraction.attribution.claims import Claim
from dedup.extraction.attribution.eras import Event, year_beside_plan, year_of_predicate
from dedup.extraction.attribution.numerals import YEAR_DIGITS, read_year

_X = "xX×╳✕＊*_○◯□?？"
#: A year as a number, as a mask, or as a word that points at one.
#: All of them hold 年 but a year that lost its end (20是我县…).
_NEAR = re.compile("年|20(?=[，,]?是)")
#: How far before 年 a year can begin, and how far after it a word about years can go on.
_REACH = 8
_TOKEN = re.compile(
    rf"(?P<number>{YEAR_DIGITS})[ \t]*(?=年)年度?"
    rf"|(?P<mask>(?<![0-9A-Za-z.])(?:(?:19|20)[0-9]?|二[〇○零])[ \t]*[{_X}]{{1,4}}[ \t]*年度?"
    rf"|(?<![0-9A-Za-z{_X}])[{_X}]{{2,4}}年度?"
    r"|[～~]年|(?<![0-9.])20(?:(?=[，,]?是)|(?=年?[，,]?(?:是我|全[省市县区镇乡]))年?))"
    r"|(?P<this>今年|本年度?)|(?P<next>明年|新的一年(?!来))"
    r"|(?P<last>去年|(?:刚刚?|已经)?过去的?(?:这)?一年|一年来|过去一年)"
)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    """Yield the years of a text in order; only around 年, where they are."""
    done = 0
    for near in _NEAR.finditer(text):
        if near.start() < done:
            continue
        match = _TOKEN.search(text, max(done, near.start() - _REACH), min(len(text), near.end() + 14))
        if match is not None and match.start() <= near.start() < max(match.end(), near.start() + 1):
            done = match.end()
            yield match


_SELF = "(?:全[省市县区州盟旗镇乡]|我[省市县区州盟旗镇乡]|[省市县区镇乡]?(?:人民)?政府)"
_TASKS = (
    "(?:总体要求|总要求|指导思想|主要任务|重点工作|工作重点|工作安排|预期目标|奋斗目标|主要目标|发展目标|主要预期目标|工作打算"
    "|总体思路|基本思路|工作思路|工作目标|工作任务|工作部署|工作计划|主要工作|工作要点|重点任务|工作建议|工作意见|主要安排|目标任务"
    "|工作举措|主要措施|主要指标|指标安排|计划安排|计划草案|预算草案|计划指标)"
)
_DONE = (
    "(?:的?(?:完成|实现|落实|执行)情况|已|顺利|圆满|均|都|全面完成|全部|基本|较好|如期|得到|扎实|有序|稳步|取得|超额)"
)
_EVENTFUL = "不平凡|不寻常|极不|非凡|难忘|丰收|历史上|经受|考验|成绩|成效|喜人|走过|取得|发展最快|变化最大|战胜|克服"
_AHEAD = "|".join(
    (
        "开局|关键|攻坚|决胜|决战|收官|起步|承上启下|承前启后|重要|深化|冲刺|谋划|落实年|之年",
        "第[一二三四五]年|最后一年|第一年|实施|推进|迈向",
    )
)

_LOOKED_BACK = re.compile(
    rf"的?{_SELF}{{0,2}}(?:主要)?工作的?(?:简要|基本|主要|总体)?(?:回顾|回忆|总结|情况|成绩)|的?(?:工作)?(?:回顾|总结)"
    r"|的?[^，。；：\n]{0,16}?(?:计划|预算|目标|任务|工作|决算)的?(?:执行|完成|落实)情况"
)
_PLANNED = re.compile(rf"的?[^。，；：\n“”]{{0,18}}?{_TASKS}(?!{_DONE})")
_HEADED = re.compile(
    r"的?(?:(?:镇|乡|县|区|市)?(?:人民)?政府)?的?(?:主要|重点)?工作(?=$|\n|[?？]|[ \t]*[一二三四五]、)"
)
_IS = re.compile(r"[，,]?[ \t]*(?:既|也|又|将)?是(?P<rest>[^。！!；;\n]{0,180})")
_RESULTS = re.compile("这一年|一年来|取得了|实现了|完成了|获得了|增长[0-9]")
_TASKS_AHEAD = re.compile("目标|要求|思想|必须|我们将|我们要|要(?:以|坚持|全面|把)|做好|力争|预期|总体思路|意义")
_EVENTFUL_YEAR = re.compile(rf"[^。；]{{0,60}}?(?:{_EVENTFUL})")
_COMING_YEAR = re.compile(rf"[^。；]{{0,100}}?(?:{_AHEAD})[^。；]{{0,60}}?年")
_STATES = re.compile(r"[，,]?[^。；\n]{0,24}?(?:实现|完成|达到|达|增长|预计|累计|新增|投入|荣获)")
_RAN = re.compile(
    rf"[，,](?:在|面对|我们|{_SELF}|[^，。；\n]{{0,6}}(?:政府|党委|上下))|[，,]?[^，。；\n]{{0,8}}在[^。，；\n]{{2,40}}(?:领导|支持|指导|关心)下|面对"
)
_WILL = re.compile(rf"[，,]?(?:我们|{_SELF})?(?:要|将|必须|计划|力争|着力|着重|重点)")
#: How clauses of what is to come begin: 将新建, 要办好, 预算安排; 将…作为 and 主要 do not.
AHEAD = re.compile(
    r"将(?:[要会]|重点|继续|着力|集中|投入|投资|新建|新增|实施|完成|安排|[^，。；\n]{0,6}办)"
    r"|(?<![主重需首只纪概提])要(?![求素点闻])|计划(?!生育|执行|完成)|拟(?!定)|必须|安排(?:预算|支出|[0-9为])|(?:收入|支出|预算)安排"
    r"|预期|目标(?!任务)|确保|争取|力争|务求|力求|保证|盯住|紧盯|瞄准|锁定|不[低少高]于"
)
_HALF = re.compile(
    "[上下]半年|前三季度|[一二三四1-4]季度|[0-9一二三四五六七八九十]{1,3}[-—至～~]?[0-9一二三四五六七八九十]{0,3}月|初|年?底|末|同期|以来|前|后|内|间"
)

_ANOTHER_YEAR = re.compile(rf"{YEAR_DIGITS}[ \t]*年")
_LEFT_BACK = re.compile(r"(?:回顾|总结|回首|过去的|刚刚过去的|即将过去的|已经过去的)$")
_LEFT_AHEAD = re.compile(r"(?:做好|抓好|搞好|干好|完成好)$")
_LEFT_PLANNING = re.compile(r"(?:部署|安排|谋划)$")
_WORK = re.compile(r"的?[^，。；\n]{0,10}?(?:工作|任务)")
#: A year to come, or to compare with, is not the one planned for: 为2020年全面建成小康社会的奋斗目标.
_LEFT_HORIZON = re.compile(r"(?:到|为|至|较|比|自|从|展望)$")
_LEFT_DONE = re.compile("完成|实现|达到|落实|兑现|按照|根据|围绕")
_LEFT_OTHER = re.compile(r"(?:[由从自比较与到同至是为和超在截]|截至|截止|相比|截止到|相当于|[0-9—\-～~至、×])$")
_CLAUSE_START = re.compile(r"(?:^|[。！!；;：:\n，,、）)\d][ \t]*)$")

#: Slogans in quotation marks may hold any word; names of plans and congresses are read before.
_QUOTED = re.compile("[“‘「][^”’」\n]{4,60}[”’」]")

_SECOND_HALF = re.compile(r"下半年(?:的)?[^。，；\n]{0,10}?(?:工作|任务|计划|安排|打算)")
_FIRST_HALF = re.compile(r"(?:上半年|今年以来|1[-—至～~]+[5-8]月|去年以来)")

#: The line under the title: date and place of the session.
_COVER = re.compile(
    rf"(?P<year>{YEAR_DIGITS})[ \t]*年[ \t]*(?P<month>[0-9０-９]{{1,2}}|十[一二]?|[一二三四五六七八九])[ \t]*月"
    r"[ \t]*(?:[0-9０-９]{1,2}|[一二三]?十?[一二三四五六七八九]?)[ \t]*日"
)
_SESSION = re.compile(r"人民代表大会|大会|会议上|全体会议|人大")
#: Laws carry dates of sessions, too.
#: A session that a text carries out is not the one it is read at.
_CARRIED_OUT = re.compile("(?:贯彻|执行|落实|根据|按照|依照)[^。，\n]{0,30}(?:大会|会议)")
_ENACTED = re.compile("常务委员会|通过|颁布|修订|修正|公布|发布|施行|批准")
COVER_WITHIN = 500


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention of a year.

    Attributes
    ----------
    year : the number, None for masks and words
    kind : `number`, `mask`, `this`, `next` or `last`
    start, end : the words, 年 included
    event : the year that the sentence makes of it by an event (是“十二五”规划的开局之年)
    """

    year: int | None
    kind: str
    start: int
    end: int
    event: Event | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that a section says about years.

    Attributes
    ----------
    mentions : in the order of the text
    claims : what they say of the year looked back on and the year planned for
    half_year : whether the report looks back on half a year and plans the other half
    plan_from : where the first words about the year ahead stand; the length of the text where there are none
    """

    mentions: tuple[Mention, ...]
    claims: tuple[Claim, ...]
    half_year: bool
    plan_from: int


def read_mentions(text: str) -> Reading:
    """Return the mentions of years in a text with what they claim."""
    found: list[Mention] = []
    claims: list[Claim] = []
    plan_from = len(text)
    for match in _tokens(text):
        kind = match.lastgroup or ""
        year = read_year(match["number"]) if match["number"] else None
        if kind == "number" and year is None:
            continue
        start, end = match.span()
        left = text[max(0, start - 6) : start]
        event, own = _claim(text, left, Mention(year, kind, start, end, None), plan_from)
        if event is None and own is not None and own.weight >= 3 and kind in ("number", "mask"):
            event = year_beside_plan(text, start, own.role)
        found.append(Mention(year, kind, start, end, event))
        if own is not None:
            claims.append(own)
            if own.role == "plan" and own.weight >= 2:
                plan_from = min(plan_from, start)
    # An event of another year says that the year was put in, whatever part of the report it stands in.
    told = {m.start for m in found if m.event is not None and m.event.year != m.year}
    claims = _reviewed_first(claims, told)
    claims.extend(_cover(text))
    half_year = _SECOND_HALF.search(text) is not None and _FIRST_HALF.search(text) is not None
    return Reading(tuple(found), tuple(claims), half_year, plan_from)


def _reviewed_first(claims: list[Claim], told: set[int]) -> list[Claim]:
    """Take `2019年是…关键之年` in the part that looks back on 2019 for what it is: before the first words of tasks."""
    ahead = min((c.start for c in claims if c.role == "plan" and c.weight >= 3), default=None)
    back = {c.year: c.start for c in reversed(claims) if c.role == "review" and c.weight >= 2 and c.year is not None}
    return [
        replace(c, role="review")
        if c.role == "plan"
        and c.weight == 2
        and c.kind == "number"
        and c.start not in told
        and c.year in back
        and back[c.year] < c.start
        and (ahead is None or c.start < ahead)
        else c
        for c in claims
    ]


def _claim(text: str, left: str, mention: Mention, plan_from: int) -> tuple[Event | None, Claim | None]:
    start, end, kind = mention.start, mention.end, mention.kind

    def say(role: str, weight: int, upto: int) -> Claim:
        return Claim("review" if role == "review" else "plan", mention.year, start, upto, weight, kind)

    back = _LEFT_BACK.search(left) is not None
    predicate = _IS.match(text, end)
    if predicate is not None and not _LEFT_OTHER.search(left):
        body, close = predicate.span("rest")
        event = year_of_predicate(text, body, close)
        rest = _QUOTED.sub(_blank, text[body:close])
        coming = _COMING_YEAR.match(rest)
        eventful = _EVENTFUL_YEAR.match(rest)
        # 今年是…关键之年 speaks of the year ahead whatever else it says.
        if kind == "this" and coming is not None and not back:
            eventful = None
        if back or (kind == "last") or (eventful is not None and kind != "next"):
            return event, say("review", 3 if back or event else 2, event.end if event else min(close, end + 40))
        if coming is not None:
            role = "review" if kind in ("number", "mask") and _went_on(text, close) else "plan"
            return event, say(role, 2, event.end if event else min(close, end + 40))
        return event, None
    half = _HALF.match(text, end)
    if half is not None:
        if back and kind == "this":
            return None, say("review", 3, end)
        whole = half.group()[1:] == "半年"
        if whole and (looked := _LOOKED_BACK.match(text, half.end())) is not None:
            return None, say("review", 3, looked.end())
        if whole and (planned := _PLANNED.match(text, half.end())) is not None:
            return None, say("plan", 3, planned.end())
        reported = kind == "number" and half.group() in ("上半年", "前三季度") and _CLAUSE_START.search(left)
        return None, say("review", 1, half.end()) if reported and _stated(text, half.end()) else None
    if back:
        return None, say("review", 3, end)
    if text.startswith("远景", end):
        return None, None
    if _LEFT_AHEAD.search(left) or (_LEFT_PLANNING.search(left) and _WORK.match(text, end)):
        return None, say("plan", 3, end)
    planned = _PLANNED.match(text, end)
    if (
        planned is not None
        and not _LEFT_HORIZON.search(left)
        and not _LEFT_DONE.search(left)
        and "确定" not in planned.group()
        # 2018年预算执行情况和2019年预算草案: the draft is not of the first.
        and not _ANOTHER_YEAR.search(planned.group())
    ):
        return None, say("plan", 3, planned.end())
    looked = _LOOKED_BACK.match(text, end)
    if looked is not None:
        return None, say("review", 3, looked.end())
    if _LEFT_OTHER.search(left):
        return None, None
    headed = _HEADED.match(text, end)
    if headed is not None:
        return None, say("plan", 2, headed.end())
    if not _CLAUSE_START.search(left) and start:
        return None, None
    if kind == "last":
        return None, say("review", 2, end) if _RAN.match(text, end) else None
    if _WILL.match(text, end) and kind in ("this", "next", "number", "mask"):
        return None, say("plan", 1, end)
    if start < plan_from and (_RAN.match(text, end) or _stated(text, end)) and kind in ("number", "mask"):
        return None, say("review", 1, end)
    return None, None


def _stated(text: str, at: int) -> bool:
    """Whether what follows a year states what was reached in it, not what is to be."""
    states = _STATES.match(text, at)
    return states is not None and not AHEAD.search(states.group())


def _went_on(text: str, at: int) -> bool:
    """Whether what follows `2017年是本届政府任期的第一年。` tells of results, not of tasks."""
    following = text[at : at + 90]
    return _RESULTS.search(following) is not None and _TASKS_AHEAD.search(following) is None


def _blank(match: re.Match[str]) -> str:
    return "　" * (match.end() - match.start())


def _cover(text: str) -> list[Claim]:
    """Return what the date of the session says: before May it plans for its own year.

    From November it mostly plans for the next; headings that say otherwise are believed more.
    """
    for match in _COVER.finditer(text, 0, COVER_WITHIN):
        line = text[max(0, match.start() - 40) : match.end() + 60]
        year = read_year(match["year"])
        if year is None or not _SESSION.search(_CARRIED_OUT.sub("", line)) or _ENACTED.search(line):
            continue
        month = read_month(match["month"])
        if month is None or 5 <= month <= 10:
            continue
        span = (match.start(), match.end())
        if month < 5:
            return [Claim("plan", year, *span, 4, "number"), Claim("review", year - 1, *span, 2, "date")]
        return [Claim("review", year, *span, 1, "number"), Claim("plan", year + 1, *span, 0, "date")]
    return []


_MONTHS = {
    "一": 1,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
    "十一": 11,
    "十二": 12,
}


def read_month(numeral: str) -> int | None:
    """Return 1 to 12, or None."""
    if numeral in _MONTHS:
        return _MONTHS[numeral]
    return int(numeral) if numeral.isdecimal() and 1 <= int(numeral) <= 12 else None
