"""Units behind a number, and whether the number counts something there.

Dates, clock times, ordinals and durations have units like amounts; `5方面` begins like `5方`; Chinese numerals mostly
are parts of names and slogans (`三大战略`, `四套班子`, `八项规定`). What is refused here is no figure.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from dedup.extraction.zh.quantity import Quantity, bounded
from dedup.extraction.zh.words import any_pattern, table
from dedup.text.numbers import parse_arabic, parse_chinese
from dedup.text.units import Unit, base_units, find_scale, find_unit

NUMERALS = "〇零一二三四五六七八九十百千万亿两"
#: More digits than any figure has; they are numbers of documents, accounts, telephones.
_MOST_DIGITS = 15

_SCALE = re.compile(r"([余多来几]?)([十百千]?[万亿]{1,2})?([余多来]?)")
_PER = re.compile(
    r"/(?:平方公里|平方米|立方米|公斤|千瓦时|万人|人|户|亩|吨|年|月|日|天|次|度|斤|米|秒|小时|升|株|只|头)"
)
_AHEAD = 14
_CLAUSE_MARKS = frozenset("，。；、）")


@cache
def _unit_words() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the units by their first character, the longest first, and the words that begin like a unit."""
    by_first: dict[str, list[str]] = {}
    for name in sorted(base_units(), key=len, reverse=True):
        for first in {name[0], name[0].upper()}:
            by_first.setdefault(first, []).append(name)
    return by_first, table("unit.words")


class UnitAhead(NamedTuple):
    """What follows a number: 万 or 亿, unit, characters used, 余 or 多; empty where there is none."""

    scale: str
    unit: str
    used: int
    more: str


@lru_cache(maxsize=65536)
def unit_ahead(ahead: str) -> UnitAhead:
    """Read scale and unit at the beginning of a text; the longest unit counts."""
    by_first, longer_words = _unit_words()
    match = _SCALE.match(ahead)
    if match is None:
        return UnitAhead("", "", 0, "")
    at, scale, more = match.end(), match[2] or "", match[1] or match[3]
    for known in by_first.get(ahead[at : at + 1], ()):
        length = len(known)
        name = ahead[at : at + length]
        if name not in (known, known.upper()) and name.lower() != known:
            continue
        after = ahead[at + length : at + length + 1].lower()
        if length == 1 and after and after in longer_words.get(known, ""):
            continue
        if name[-1].isascii() and name[-1].isalpha() and after.isascii() and after.isalnum():
            continue
        per = _PER.match(ahead, at + length)
        if per is not None and find_unit(name + per.group()) is not None:
            name += per.group()
        return UnitAhead(scale, name, at + len(name), more)
    return UnitAhead(scale, "", at, more)


# What stands before durations that are figures: 连续5年, 缩短至3天, 达320天.
_LASTING = re.compile("连续|长达|历时")
_MEASURED_TIME = re.compile("达到?了?|缩短|压缩|提前|延长|连续|为|平均|增加|减少|保持在|[期数命龄时]|由|从|[至到]$")
_NO_TIME = ("以上老", "以下儿", "内办", "经济圈", "交通圈")
_TIMES = frozenset(["小时", "个小时", "天", "分钟", "秒", "周", "个月", "个工作日", "工作日", "个季度", "岁"])
_MEETINGS = ("会议", "全会", "全体", "常委", "党代会", "代表大会")
_SCORED = re.compile("得分|评分|测评|满意度|考核|平均分|指数")
_PLACES = re.compile("[辖个][^，。]{0,6}$|[镇乡村]$")
_YEARS = frozenset(range(1990, 2036))
# Deaths and the like in a hundred thousand (8.6/10万).
_PER_100000 = "/10万"
# What stands behind 万 alone: those who are counted (8.8万农村贫困人口), a mark that was passed (3000亿大关).
_HUNDRED_MILLIONS = re.compile("[余多]?个亿(?![吨斤亩立株级])元?")
_OF_MONEY = Unit("个亿", "元", 100_000_000.0, "money")
_BARE_SCALE = re.compile(
    "大关|台阶|[^，。；：、0-9]{0,6}?(?:人口|群众|农民|居民|职工|学生|人员|游客|劳动力|党员|干部|师生|家庭|农户|户籍|儿童|老人|移民|市民)"
)
_RANKING = re.compile("(?:[列居位排]|排名|名列)\\Z")
_LETTER = re.compile("[A-Za-z]")
# Behind these digits are no number: names in quotation marks, paths, letters that stand for digits (l2.5, 3O56).
_NO_NUMBER_BEHIND = frozenset("“‘《#/lIoO")
_MIXED = re.compile(r"([0-9]+)([亿万])零?([0-9]+(?:\.[0-9]+)?)([千百十]?)(万?)")
# A letter before a number makes it part of a name (PM2.5, 5A), unless the unit is one of money or rates (GDP43.90亿元).
_NAMED_BY_LETTERS = frozenset(["count", "people", "time", "length", "score"])


def arabic_quantity(shadow: str, start: int, end: int) -> Quantity | None:
    """Read the quantity of Arabic digits at [start, end); None where they are no figure."""
    before = shadow[start - 1] if start else ""
    if (before and before in _NO_NUMBER_BEHIND) or end - start > _MOST_DIGITS:
        return None
    mixed = _MIXED.match(shadow, start)
    if mixed is not None:
        return _mixed_quantity(shadow, mixed)
    if shadow.startswith(_PER_100000, end):
        value, after = parse_arabic(shadow[start:end]), end + len(_PER_100000)
        return Quantity(
            start, after, start, end, value, _PER_100000, Unit(_PER_100000, _PER_100000, 1.0, "people_rate")
        )
    value = parse_arabic(shadow[start:end])
    hundreds = _HUNDRED_MILLIONS.match(shadow, end)
    if hundreds is not None:
        over = len(hundreds.group()) > len("个亿")
        return bounded(
            shadow, Quantity(start, hundreds.end(), start, end, value, "个亿", _OF_MONEY, "over" if over else None)
        )
    scale, unit, used, more = unit_ahead(shadow[end : end + _AHEAD])
    after = end + used
    ends = not scale and not unit and (end == len(shadow) or shadow[end] in _CLAUSE_MARKS)
    if before in ("第", "前"):
        if unit in ("位", "名") or (before == "第" and ends):
            return ranked(shadow, start, end, value, unit, after)
        top = before == "前" and ends and _TOP_BEFORE.search(shadow, max(0, start - 4), start) is not None
        return ranked(shadow, start, end, value, "", end) if top else None
    if not unit:
        if scale and (after == len(shadow) or shadow[after] in _CLAUSE_MARKS or _BARE_SCALE.match(shadow, after)):
            known = Unit(scale, "", find_scale(scale), "number")
            return bounded(shadow, Quantity(start, after, start, end, value, scale, known, "over" if more else None))
        if ends and _RANKING.search(shadow, max(0, start - 3), start) is not None:
            return ranked(shadow, start, end, value, "", end)
        return None
    if not _is_amount(shadow, start, after, unit, scale, value):
        return None
    known_unit = find_unit(scale + unit)
    if known_unit is None or known_unit.dimension == "voltage":
        return None
    if known_unit.dimension == "ratio" and value in _YEARS:
        return None  # 增长2023%: a year that the page put in the place of the rate
    if _LETTER.match(before) is not None and known_unit.dimension in _NAMED_BY_LETTERS:
        return None
    counted_people = unit == "人" and shadow.startswith("口", after)
    return bounded(
        shadow,
        Quantity(start, after + counted_people, start, end, value, scale + unit, known_unit, "over" if more else None),
    )


def _mixed_quantity(shadow: str, match: re.Match[str]) -> Quantity | None:
    """Read Arabic digits between scales: 1亿2千万元 is 1.2亿元, 8万2345人 is 8.2345万人."""
    high, scale, low, place, low_scale = match.groups()
    rest = parse_arabic(low) * (find_scale(place) if place else 1.0) * (find_scale(low_scale) if low_scale else 1.0)
    if rest >= find_scale(scale) or (scale == "万") == bool(low_scale):
        return None
    ahead = unit_ahead(shadow[match.end() : match.end() + _AHEAD])
    known = find_unit(scale + ahead.unit) if ahead.unit and not ahead.scale else None
    if known is None or known.dimension == "time":
        return None
    value, after = round(parse_arabic(high) + rest / find_scale(scale), 12), match.end() + ahead.used
    start, end = match.span()
    more = bool(ahead.more)
    return bounded(
        shadow, Quantity(start, after, start, end, value, scale + ahead.unit, known, "over" if more else None)
    )


def _is_amount(shadow: str, start: int, after: int, unit: str, scale: str, value: float) -> bool:
    """Tell amounts from dates, ordinals, clock times and plain durations."""
    if unit == "年":
        return not scale and value < 100 and _LASTING.search(shadow, max(0, start - 6), start) is not None
    if unit == "日":
        return False
    if unit == "次":
        return not shadow.startswith(_MEETINGS, after)
    if unit == "期":
        return value >= 10 and re.match("[一-龥]", shadow[after : after + 1]) is not None
    if unit == "方":
        return bool(scale)
    if unit == "分":
        return _SCORED.search(shadow, max(0, start - 12), start) is not None
    if unit in _TIMES:
        return _MEASURED_TIME.search(shadow, max(0, start - 8), start) is not None and not shadow.startswith(
            _NO_TIME, after
        )
    if unit in ("镇", "乡", "村"):
        return _PLACES.search(shadow, max(0, start - 8), start) is not None
    return True


def ranked(shadow: str, start: int, end: int, value: float, unit: str, after: int) -> Quantity:
    """Return a rank; 前 before it says that it is at least as good."""
    before = shadow[start - 1] if start else ""
    begin = start - 1 if before in ("第", "前") else start
    return Quantity(begin, after, start, end, value, unit, None, "at_most" if before == "前" else None, "rank")


# Small numerals name things more often than they count them; before these words they count.
_COUNTED = re.compile(
    "(?:县(?!级)|区(?!域|片|块|间)|市(?!场|民|尝)|州|国家"
    f"|[^，。；：、“”]{{0,8}}?(?:{any_pattern('unit.counted_patterns')}))"
)
_COUNTED_BEFORE = re.compile(f"(?:{any_pattern('unit.counted_patterns')})\\Z")
_NOT_COUNTED = re.compile(any_pattern("unit.not_counted_patterns"))
_SURE_COUNTERS = frozenset("家座所名户处台辆栋幢间棵株头只吨亩")
_MAYBE_COUNTERS = frozenset("个条件项")
_NO_COUNTERS = frozenset(["%", "年", "月", "日", "岁", "天", "周", "分", "次", "期", "届", "倍", "成"])
# 居全市前三, 跻身前十.
_TOP_BEFORE = re.compile("(?:全[国省市县区州盟]|[居列入进身]|排名|排)前\\Z")
_STREAK = re.compile("连[增丰冠快]")
_RANKED_BEFORE = re.compile("(?:[列居排前第后末]|位居|排名|名列|全[国省市县区])\\Z")
_MOVED = re.compile("(?:前移|上升|后移|下降|提升|跃升|前进|进)了?\\Z")
# 数十座, 三、四百套 say no number.
_VAGUE_BEFORE = re.compile("[数几]\\Z|[一二三四五六七八九]、\\Z")
_PLACE_FIRST = re.compile("[十百千万亿]{1,2}\\Z|[一二三四五六七八九][十百千万亿]")
_INNER_SCALE = re.compile("[亿万]")
_TENTHS_BEFORE = re.compile("[近约超过达到占为是]\\Z")
# 三分之二的行政村, 占三分之一; 二分之一工作法 is a name.
_FRACTION_BEHIND = re.compile("的|以上|以下|左右|强|[，。；、）]|\\Z")
_FRACTION = Unit("", "%", 100.0, "ratio")
_TENTHS_BEHIND = re.compile("以上|以下|左右|多|的|[，。；、]|\\Z")
# 第二、第三产业: the list goes on to what it orders.
_LISTED_ORDINAL = re.compile("(?:、第[一二三四五六七八九十]+)+[一-龥]")
_SMALL = 10


def numeral_quantity(shadow: str, start: int, end: int) -> Quantity | None:
    """Read the quantity of Chinese numerals at [start, end); None where they name something or count nothing."""
    written = shadow[start:end]
    before = shadow[start - 1] if start else ""
    if _RANKED_BEFORE.search(shadow, max(0, start - 3), start) is not None:
        return _rank_in_words(shadow, start, end, before)
    streak = _STREAK.match(shadow, end)
    if streak is not None:
        value = parse_chinese(written)
        name = streak.group()
        return (value and Quantity(start, end + 2, start, end, value, name, find_unit(name), numerals=True)) or None
    if before and (before in "“‘《" or before in NUMERALS):
        return None
    if shadow.count("“", max(0, start - 24), start) > shadow.count("”", max(0, start - 24), start):
        return None
    if written[1:3] == "分之" and written[0] not in "百千":
        value = parse_chinese(written)
        if value is None or _FRACTION_BEHIND.match(shadow, end) is None:
            return None
        return bounded(shadow, Quantity(start, end, start, end, value, "", _FRACTION, numerals=True))
    if written[1:3] == "分之":
        value = 100.0 if written[3:] == "百" else parse_chinese(written[3:])
        sign = "%" if written[0] == "百" else "‰"
        if value is None:
            return None
        return bounded(shadow, Quantity(start, end, start, end, value, sign, find_unit(sign), numerals=True))
    scale, unit, used, more = unit_ahead(shadow[end : end + _AHEAD])
    if _VAGUE_BEFORE.search(shadow, max(0, start - 2), start) is not None and _PLACE_FIRST.match(written) is not None:
        return None
    head = written.rstrip("万亿") if unit else ""
    value = parse_chinese(head) if head else None
    if value is None or (scale and more not in ("余", "多")) or more in ("几", "来"):
        return None
    if unit in _NO_COUNTERS and not (unit == "成" and _is_tenths(shadow, start, end + used)):
        return None
    name, after = written[len(head) :] + scale + unit, end + used
    inner = _INNER_SCALE.search(head)
    if inner is not None and name != unit:
        # 十二亿三千万元 is 12.3亿元: the first scale is the one that the rest is counted in.
        whole = parse_chinese(written)
        if whole is None:
            return None
        value, name, head = round(whole / find_scale(inner.group()), 12), inner.group() + unit, written
    known = find_unit(name)
    if known is None or known.dimension in ("time", "voltage", "ratio_points"):
        return None
    if unit == "位":
        # Places that were won or lost; 位 counts nothing else in small numerals.
        moved = _MOVED.search(shadow, max(0, start - 4), start) is not None
        return Quantity(start, after, start, end, value, unit, known, numerals=True) if moved else None
    rest = shadow[after : after + 20]
    if rest.startswith(("”", "’", "》")) or _NOT_COUNTED.match(rest) is not None:
        return None
    if value <= _SMALL and name == unit and not _counts(unit, known.dimension, rest, shadow[max(0, start - 6) : start]):
        return None
    number_end = start + len(head)
    return bounded(
        shadow, Quantity(start, after, start, number_end, value, name, known, "over" if more else None, numerals=True)
    )


def _is_tenths(shadow: str, start: int, end: int) -> bool:
    """Say whether 成 behind a numeral is a tenth: 近两成, 三成以上."""
    before = _TENTHS_BEFORE.search(shadow, max(0, start - 1), start)
    return before is not None or _TENTHS_BEHIND.match(shadow, end) is not None


def _counts(unit: str, dimension: str, rest: str, before: str) -> bool:
    """Say whether a small numeral counts what follows it."""
    if unit == "元":
        return False
    if unit in _MAYBE_COUNTERS and rest[:1] in _CLAUSE_MARKS and _COUNTED_BEFORE.search(before) is not None:
        return True  # 引进项目七个
    if unit in _MAYBE_COUNTERS:
        return _COUNTED.match(rest) is not None and (unit != "项" or rest.startswith("项目"))
    return unit in _SURE_COUNTERS or dimension not in ("count", "people")


def _rank_in_words(shadow: str, start: int, end: int, before: str) -> Quantity | None:
    value = parse_chinese(shadow[start:end])
    if value is None or before not in ("第", "前"):
        return None
    ahead = unit_ahead(shadow[end : end + 6])
    if not ahead.scale and ahead.unit in ("位", "名"):
        return ranked(shadow, start, end, value, ahead.unit, end + ahead.used)
    top = before == "前" and _TOP_BEFORE.search(shadow, max(0, start - 4), start) is not None
    if (before == "第" or top) and (end == len(shadow) or shadow[end] in _CLAUSE_MARKS):
        listed = _LISTED_ORDINAL.match(shadow, end) is not None
        return None if listed else ranked(shadow, start, end, value, "", end)
    return None
