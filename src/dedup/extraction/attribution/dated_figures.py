"""The one year that a text prints beside its figures, where no heading and no sentence about a year says more.

Summaries of street offices, bulletins, single paragraphs and lists of tasks state their year once, in running text:
`2013年财政性教育经费支出21.4亿元`, `2016年，市政府将办好十件民生实事`. Where every year that carries figures is the
same one, and nothing in the text speaks against it, it is the text's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dedup.extraction.attribution.eras import earliest_year, latest_year
from dedup.extraction.attribution.mentions import AHEAD, Mention, Reading

_UNIT = (
    "[%％‰]|个?百分点|[十百千万亿]*(?:美?元|人次?|户|公?亩|吨|公斤|斤|公里|千米|公顷|平方米?|立方米?|米|度|千瓦|个|家|件|项|所|座"
    "|处|名|辆|台|套|头|只|株|条|张|场|起|批|例|支|户次|倍|位|岁)"
)
_FIGURE = re.compile(rf"[0-9０-９][0-9０-９,，.．]*[余多]?[ \t]*(?:{_UNIT})")
_SENTENCE_ENDS = re.compile("[。；;！!？?\n]")
_NUMERAL = "[一二三四五六七八九十0-9]{1,3}"
#: What may stand between the beginning of a sentence and its year; also the end of a numbered mark.
_OPENS = re.compile(
    rf"(?:^|[。；;！!？?\n：:])[ \t\u3000]*(?:{_NUMERAL}[、.．]|[（(]{_NUMERAL}[)）]|[—–-]{{1,2}}|其中[，,:：])?"
    r"[ \t\u3000]*(?:预计|截至|截止|回顾)?$"
)
#: A comma before it, and the year is still the sentence's own: 据统计，2013年….
_BEHIND = re.compile(r"[，,](?:预计)?$")
#: So may its subject be: 澄阳县2013年…, 全市教育系统2013年….
_AFTER_SUBJECT = re.compile(
    r"(?:^|[。；;！!？?\n：:])[ \t　]*(?:(?![比较与同从自由据到在为是于至和及对把将等经])[\u4e00-\u9fff]){2,12}$"
)
#: Part of the year only, or its end: still that year. Days and months of an event are none.
_PART = re.compile("末|底|全年|[上下]半年|前?[一二三四]季度|1[—–~～至-]+[0-9]{1,2}月(?:份)?")
_NO_SPAN = re.compile(
    r"[ \t]*(?:[0-9０-９一二三四五六七八九十]{1,2}[ \t]*月|以来|起|开始|至今|[—–~～至到、和与及-]"
    "|[，,]?(?:召开|出台|印发|颁布|成立|建成于))"
)
#: A wish for a year, where nothing else is said of it, is a horizon.
_HORIZON = re.compile(r"[^，。；\n]{0,12}[，,]?[^，。；\n]{0,8}?(?:力争|率先|全面建成|基本实现|建成小康|实现翻)")
#: How texts speak that do not report: laws, and whoever tells of his life.
_LAW = re.compile("第[一二三四五六七八九十百]{1,4}条[ \t　]")
_TELLS = re.compile(
    "(?<![自])我(?!们|[省市县区州盟旗镇乡国局街办院校厂公委党军村社])|[他她](?!们?[省市县区])|那年|记得|小时候|出生|父亲|母亲|爷爷|奶奶"
)
#: How a report speaks of what it counts.
_REPORTS = re.compile(
    "完成|实现|达到?|累计|支出|收入|增长|下降|增加|新增|新建|投入|投资|发放|同比|比上年|较上年|总值|产值|总产|占|办理|减少|引进|建成|改造"
    "|共有|存栏|出栏|拥有|参保|发展"
)
_CHRONICLE = re.compile("[县市镇乡区]志(?:书)?[》]?(?:记载|载|》)|史料|据[^，。]{0,8}记载")
#: Years ahead that any text may name.
_TOWARDS = re.compile("(?:到|至|迎接|面向|展望|力争|迈向|—|-|－|~|～)$")

#: Confidence in a year by the number of sentences that begin with it: one, several; and beside a heading that prints
#: the other year. Chosen to stand below what headings and sentences about a year give (0.85 to 0.98).
ONCE, OFTEN, BESIDE = 0.6, 0.7, 0.85


@dataclass(frozen=True, slots=True)
class DatedFigures:
    """The year that a text's figures carry.

    Attributes
    ----------
    role : `review`, or `plan` where the clauses say what is to come
    year, start, end : the year and where it stands first
    confidence : `ONCE` or `OFTEN`
    """

    role: str
    year: int
    start: int
    end: int
    confidence: float


def dated_figures(text: str, reading: Reading, untrue: set[int | None], known: set[int]) -> list[DatedFigures]:
    """Return the years that the figures of a text carry, at most one looked back on and one planned for.

    Parameters
    ----------
    untrue : years that the text gives reason to doubt
    known : years that headings print: later ones than those of figures do not speak against these

    Notes
    -----
    Nothing is returned where years differ, where the text masks any or goes by 今年 and 去年 alone, prints a later year
    that is no horizon, speaks of what was not yet or no longer spoken of in that year, is a law, or tells a life.
    """
    if not any(m.kind == "number" for m in reading.mentions) or _tells_otherwise(text, reading):
        return []
    carried: dict[str, list[Mention]] = {"review": [], "plan": []}
    for mention in reading.mentions:
        role = _carries(text, mention)
        if role is not None:
            carried[role].append(mention)
    found = [_agreed(role, mentions) for role, mentions in carried.items() if mentions]
    if not found or None in found:
        return []
    sure = [one for one in found if one is not None]
    years = {one.role: one.year for one in sure}
    if "plan" in years and "review" in years and years["plan"] != years["review"] + 1:
        return []
    believed = set(years.values()) | known
    latest = max(years.values())
    for mention in reading.mentions:
        if mention.year is None or mention.year <= latest or mention.year in believed:
            continue
        if not _TOWARDS.search(text[max(0, mention.start - 2) : mention.start]):
            return []
    if untrue & set(years.values()) or not may_be_own(text, reading, min(years.values())):
        return []
    return sure


def may_be_own(text: str, reading: Reading, year: int) -> bool:
    """Whether a year that one sentence states alone can be the text's: no other year carries figures as it does.

    An essay on a town counts its visitors of 1998 and of 2006.
    """
    if _CHRONICLE.search(text):
        return False
    others = {m.year for m in reading.mentions if m.year != year and _carries(text, m, told=True) == "review"}
    return not others - {year - 1} and not _goes_by_words(text, reading) and _of_its_time(text, year)


def _tells_otherwise(text: str, reading: Reading) -> bool:
    if any(m.kind == "mask" for m in reading.mentions) or len(_LAW.findall(text)) >= 3 or _goes_by_words(text, reading):
        return True
    return _TELLS.search(text) is not None


def _goes_by_words(text: str, reading: Reading) -> bool:
    """Whether sentences of the text open with 今年 or 去年: then a year it prints elsewhere need not be its own."""
    return any(
        m.kind in ("this", "last") and _OPENS.search(text[max(0, m.start - 12) : m.start]) for m in reading.mentions
    )


def _carries(text: str, mention: Mention, *, told: bool = False) -> str | None:
    """Return the role of a year that opens a sentence with figures; None where it carries none.

    Parameters
    ----------
    told : whether figures count that are not stated as reports state theirs
    """
    part = _PART.match(text, mention.end)
    if mention.kind != "number" or (part is None and _NO_SPAN.match(text, mention.end)):
        return None
    if part is not None and text[part.end() : part.end() + 1] in ("前", "之"):
        # 2015年底前 is a date to be kept.
        return None
    before = text[max(0, mention.start - 16) : mention.start]
    behind = _BEHIND.search(before) is not None and not _FIGURE.search(text, *_clause(text, mention))
    if not (behind or _OPENS.search(before) or _AFTER_SUBJECT.search(before)):
        return None
    ends = _SENTENCE_ENDS.search(text, mention.end)
    stop = ends.start() if ends else len(text)
    rest = part.end() if part else mention.end
    figure = _FIGURE.search(text, rest, stop)
    if _is_ahead(text, rest, stop):
        # 将办好十件实事： and the list follows.
        listed = text[rest:stop].rstrip().endswith(("：", ":"))
        return "plan" if figure or (listed and _FIGURE.search(text, stop)) else None
    if figure is None or _HORIZON.match(text, rest, stop):
        return None
    return "review" if told or _REPORTS.search(text, rest, stop) else None


def _is_ahead(text: str, start: int, stop: int) -> bool:
    """Whether a sentence of a year says what is to come, in its first or second clause."""
    comma = [at for at in (text.find("，", start + 1, stop), text.find(",", start + 1, stop)) if at >= 0]
    second = text.find("，", min(comma) + 1, stop) if comma else -1
    found = AHEAD.search(text, start, second if second >= 0 else stop)
    return found is not None and found.group() != "力争" and found.start() - start <= 30


def _clause(text: str, mention: Mention) -> tuple[int, int]:
    """Return the part of the sentence before a year: with figures in it, the year is not the whole sentence's."""
    start = max((text.rfind(mark, 0, mention.start) for mark in "。；;！!？?\n"), default=-1) + 1
    return start, mention.start


def _agreed(role: str, mentions: list[Mention]) -> DatedFigures | None:
    years = {m.year for m in mentions}
    first = mentions[0]
    if len(years) != 1 or first.year is None:
        return None
    return DatedFigures(role, first.year, first.start, first.end, OFTEN if len(mentions) > 1 else ONCE)


def _of_its_time(text: str, year: int) -> bool:
    """Whether a text that looks back on `year`, or plans for it, can speak of what this one speaks of."""
    low, high = earliest_year(text), latest_year(text)
    return (low is None or low.year <= year + 1) and (high is None or high.year >= year)
