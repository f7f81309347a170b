"""Quantities in running text: numbers with their units, ratios, ranks and doublings; what looks like one and is none.

Refused are masked and damaged numbers, dates and clock times, ordinals, numbers of articles and roads, sizes that
are part of a name, and short Chinese numerals that count nothing (`三大战略`, `五个方面`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from dedup.extraction.zh.reading import Reading
from dedup.extraction.zh.words import any_pattern, table
from dedup.text.numbers import parse_arabic, parse_chinese, touches_mask
from dedup.text.units import Bound, Unit, base_units, find_scale, find_unit


@dataclass(slots=True)
class Quantity:
    """A number with its unit; places are those of the shadow.

    Attributes
    ----------
    start, end : from the number to the end of the quantity, with what bounds it (以上, 左右)
    number_start, number_end : the number as written
    value, unit, known : as written; `known` is None for a bare number
    bound : what stands behind the number or inside it (以上, 多)
    form : `plain`, `rank`, `ratio`, `fan` (翻番), `low` and `high` (the ends of a range)
    part, parts : which part of a ratio this is, of how many
    numerals : in Chinese numerals
    named : part of a name (投资5000万元以上企业), set by the grammar
    """

    start: int
    end: int
    number_start: int
    number_end: int
    value: float
    unit: str
    known: Unit | None
    bound: Bound | None = None
    form: str = "plain"
    part: int = 0
    parts: int = 0
    numerals: bool = False
    named: bool = False

    @property
    def dimension(self) -> str:
        """Dimension of the unit; empty for a bare number."""
        return self.known.dimension if self.known else ""


_NUMERALS = "〇零一二三四五六七八九十百千万亿两"
_SCAN = re.compile(
    r"(?P<ratio>[0-9]+(?:\.[0-9]+)?(?:：[0-9]+(?:\.[0-9]+)?){1,4})"
    r"|(?P<arabic>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)"
    rf"|(?P<fan>翻了?(?P<times>[0-9两一二三四]?)番)"
    rf"|(?P<numeral>[百千]分之[{_NUMERALS}]+(?:点[{_NUMERALS}]+)?|[二三四五六七八九十两][{_NUMERALS}]*(?:点[{_NUMERALS}]+)?"
    rf"|一[百千万亿][{_NUMERALS}]*)"
)
_SCALE = re.compile(r"([余多来几]?)([十百千]?[万亿]{1,2})?([余多来]?)")
_AFTER: tuple[tuple[str, Bound], ...] = (
    ("及以上", "at_least"),
    ("以上", "at_least"),
    ("以内", "at_most"),
    ("之内", "at_most"),
    ("以下", "at_most"),
    ("左右", "about"),
    ("上下", "about"),
)
_PER = re.compile(
    r"/(?:平方公里|平方米|立方米|公斤|千瓦时|万人|人|户|亩|吨|年|月|日|天|次|度|斤|米|秒|小时|升|株|只|头)"
)
_RANGE = re.compile(r"[-－—–―~～]{1,2}|至|到")
_LIMIT = max(map(len, base_units()))

# Words that begin with a character that is also a unit: 5方面 counts no cubic metres.
_WORDS = table("unit.words")
# Small numerals mostly name things (三大战略, 四套班子); these words are things that are counted.
_COUNTED = re.compile(f"(?:县|区|市|州|省|国家|[^，。；：、“”]{{0,8}}?(?:{any_pattern('unit.counted_patterns')}))")
_NOT_COUNTED = re.compile(any_pattern("unit.not_counted_patterns"))
_SURE_COUNTERS = frozenset("家座所名户处台辆栋幢间棵株头只吨亩")
# Units of which small numerals rarely count anything; of these four they do before such a thing.
_LOOSE_COUNTERS = frozenset("个项条件套类种支张块道门场本部批片人")
# Who is counted by 万 alone (8.8万农村贫困人口).
_PEOPLE = re.compile(
    "[^，。；：、0-9]{0,6}?(?:人口|群众|农民|居民|职工|学生|人员|游客|劳动力|党员|干部|师生|家庭|农户|户籍|儿童|老人|移民|市民)"
)
_ORDINAL_UNITS = frozenset("年月日时点号届")
_LETTER_BEFORE = re.compile(r"[A-Za-zＡ-Ｚａ-ｚ]")


@cache
def _units() -> dict[str, None]:
    return dict.fromkeys(base_units())


@lru_cache(maxsize=65536)
def _unit_ahead(ahead: str) -> tuple[str, str, int, str]:
    """Return scale, base unit, characters used, and 余 or 多, of what begins `ahead`."""
    match = _SCALE.match(ahead)
    assert match is not None
    more, scale, again = match.groups()
    scale = scale or ""
    at = match.end()
    units = _units()
    lowered = ahead.lower()
    for length in range(min(_LIMIT, len(ahead) - at), 0, -1):
        name = lowered[at : at + length]
        if name in units or ahead[at : at + length] in units:
            after = ahead[at + length : at + length + 1]
            if length == 1 and after and after.lower() in _WORDS.get(name, ""):
                continue
            if name[-1].isascii() and name[-1].isalpha() and after.isascii() and after.isalnum():
                continue
            unit = ahead[at : at + length]
            per = _PER.match(ahead, at + length)
            if per is not None and find_unit(unit + per.group()) is not None:
                unit += per.group()
            return scale, unit, at + len(unit), more or again
    return scale, "", at, more or again


def find_quantities(reading: Reading, overwritten: int) -> list[Quantity]:
    """Return the quantities of a text in order.

    Parameters
    ----------
    reading : the text
    overwritten : year that the page put in the place of other numbers, 0 where none
    """
    shadow, compact = reading.shadow, reading.compact
    found: list[Quantity] = []
    bare: tuple[int, int, float] | None = None  # a number without a unit that may begin a range
    for match in _SCAN.finditer(shadow):
        start, end = match.span()
        kind = match.lastgroup
        if kind == "times":
            kind = "fan"
        before = shadow[start - 1] if start else ""
        if kind == "ratio":
            found.extend(_ratio(shadow, match))
            continue
        if kind == "fan":
            times = match["times"]
            value = (parse_arabic(times) if times.isdigit() else parse_chinese(times)) if times else 1.0
            number = match.span("times") if times else (start, end)
            known = find_unit("番")
            quantity = Quantity(start, end, *number, value or 1.0, "番", known, form="fan", numerals=True)
            _bound_after(shadow, quantity)
            found.append(quantity)
            continue
        numerals = kind == "numeral"
        if not numerals and before and before in "0123456789.":
            bare = None
            continue
        if touches_mask(compact, start, end):
            bare = None
            continue
        made = _numeral(shadow, start, end, before) if numerals else _arabic(shadow, start, end, before)
        if made is None:
            if not numerals and not (before and before in "第“‘《"):
                bare = (start, end, parse_arabic(match.group()))
            continue
        if overwritten and not numerals and int(made.value) == overwritten:
            bare = None
            continue
        low = _range(shadow, made, bare, found)
        if low is not None:
            found.append(low)
        found.append(made)
        bare = None
    return found


def _arabic(shadow: str, start: int, end: int, before: str) -> Quantity | None:
    if before and before in "“‘《#":
        return None
    scale, unit, used, more = _unit_ahead(shadow[end : end + 14])
    after = end + used
    if before == "第" or (before and before in "列居位前" and not unit):
        if unit in ("位", "名") or (unit == "" and not scale and before != "前"):
            return _rank(shadow, start, end, parse_arabic(shadow[start:end]), unit, after, before == "前")
        return None
    if before == "前" and unit in ("位", "名", "强"):
        return _rank(shadow, start, end, parse_arabic(shadow[start:end]), unit, after, True)
    value = parse_arabic(shadow[start:end])
    if not unit:
        if scale and (shadow[after : after + 1] in ("", *"，。；、）") or _PEOPLE.match(shadow, after)):
            known = Unit(scale, "", find_scale(scale), "number")
            quantity = Quantity(start, after, start, end, value, scale, known, "over" if more else None)
            _bound_after(shadow, quantity)
            return quantity
        nothing = shadow[end : end + 1] in ("", "，", "。", "；", "、") and bool(
            re.search("[列居位]$|排名$|排$|名列$", shadow[max(0, start - 3) : start])
        )
        return _rank(shadow, start, end, value, "", end, False) if nothing else None
    if not _is_counted(shadow, start, end, after, unit, scale, value):
        return None
    known = find_unit(scale + unit)
    if known is None or known.dimension == "voltage":
        return None
    if _LETTER_BEFORE.match(before) and known.dimension in ("count", "people", "time", "length", "score"):
        return None
    quantity = Quantity(start, after, start, end, value, scale + unit, known, "over" if more else None)
    if unit == "人" and shadow[after : after + 1] == "口":
        quantity.end += 1
    _bound_after(shadow, quantity)
    return quantity


def _is_counted(shadow: str, start: int, end: int, after: int, unit: str, scale: str, value: float) -> bool:
    """Tell quantities from dates, ordinals and clock times by the unit."""
    if unit == "年":
        return bool(re.search("连续|长达|历时", shadow[max(0, start - 6) : start])) and value < 100 and not scale
    if unit in ("日", "时", "点", "号"):
        return False
    if unit == "次" and shadow.startswith(("会议", "全会", "全体", "常委", "党代会", "代表大会"), after):
        return False
    if unit in ("期", "届") and not re.search("[一-龥]", shadow[after : after + 1] or ""):
        return unit == "期" and end - start > 1
    if unit == "方" and not scale:
        return False
    if unit == "分" and not re.search("得分|评分|测评|满意度|考核|平均分|指数", shadow[max(0, start - 12) : start]):
        return False
    if unit in ("小时", "个小时", "天", "分钟", "秒", "周", "个月", "个工作日", "工作日", "个季度", "岁"):
        return bool(
            re.search(
                "达到?了?|缩短|压缩|提前|延长|连续|为|平均|增加|减少|保持在|[期数命龄时]|由|从|[至到]$",
                shadow[max(0, start - 8) : start],
            )
        ) and not shadow.startswith(("以上老", "以下儿", "内办", "经济圈", "交通圈"), after)
    if unit in ("镇", "乡", "村"):
        return bool(re.search("[辖个][^，。]{0,6}$|[镇乡村]$|^", shadow[max(0, start - 4) : start]))
    return True


def _numeral(shadow: str, start: int, end: int, before: str) -> Quantity | None:
    """Read Chinese numerals that count things; most small ones are parts of names and slogans."""
    written = shadow[start:end]
    if before in ("第", "前") or re.search(
        "(?:列|居|位居|排名|排|名列|全[国省市县区])$", shadow[max(0, start - 3) : start]
    ):
        value = parse_chinese(written)
        scale, unit, used, _ = _unit_ahead(shadow[end : end + 6])
        if value is not None and not scale and unit in ("位", "名") and before in ("第", "前"):
            return _rank(shadow, start, end, value, unit, end + used, before == "前")
        if before == "第" and value is not None and shadow[end : end + 1] in ("", "，", "。", "；", "、"):
            return _rank(shadow, start, end, value, "", end, False)
        return None
    streak = re.match("连[增丰冠快]", shadow[end : end + 2])
    if streak is not None:
        value = parse_chinese(written)
        if value is None:
            return None
        return Quantity(start, end + 2, start, end, value, streak.group(), find_unit(streak.group()), numerals=True)
    if before and (before in "“‘《" or before in _NUMERALS):
        return None
    if shadow.count("“", max(0, start - 24), start) > shadow.count("”", max(0, start - 24), start):
        return None
    if written[1:3] == "分之":
        value = 100.0 if written[3:] == "百" else parse_chinese(written[3:])
        if value is None:
            return None
        unit = "%" if written[0] == "百" else "‰"
        quantity = Quantity(start, end, start, end, value, unit, find_unit(unit), numerals=True)
        _bound_after(shadow, quantity)
        return quantity
    scale, unit, used, more = _unit_ahead(shadow[end : end + 14])
    head = written.rstrip("万亿") if unit else written
    value = parse_chinese(head) if head else None
    if value is None or not unit or scale or more in ("几", "来"):
        return None
    if unit in _ORDINAL_UNITS or unit in (
        "%",
        "年",
        "岁",
        "天",
        "周",
        "分",
        "次",
        "期",
        "倍",
        "步",
        "成",
        "小时",
        "个月",
        "级",
    ):
        return None
    after = end + used
    full = written[len(head) :] + unit
    known = find_unit(full)
    if known is None or known.dimension in ("time", "voltage", "ratio_points"):
        return None
    rest = shadow[after : after + 20]
    if rest.startswith(("”", "’", "》")) or _NOT_COUNTED.match(rest):
        return None
    if unit == "位":
        # Places that were won or lost; 位 counts nothing else in small numerals.
        moved = re.search("(?:前移|上升|后移|下降|提升|跃升|前进|进)了?\\Z", shadow[max(0, start - 4) : start])
        return None if moved is None else Quantity(start, after, start, end, value, unit, known, numerals=True)
    if value <= 10 and full == "元":
        return None
    if value <= 10 and full == unit:
        if unit == "个" or unit in (
            "项",
            "条",
            "件",
            "套",
            "大类",
            "类",
            "种",
            "支",
            "张",
            "块",
            "道",
            "门",
            "场",
            "本",
            "部",
            "批",
            "片",
            "人",
        ):
            if unit not in ("个", "条", "件", "项") or _COUNTED.match(rest) is None:
                return None
            if unit == "项" and not rest.startswith(("工程项目", "项目")):
                return None
        elif unit not in _SURE_COUNTERS and known.dimension == "count":
            return None
    quantity = Quantity(
        start, after, start, start + len(head), value, full, known, "over" if more else None, numerals=True
    )
    _bound_after(shadow, quantity)
    return quantity


def _rank(shadow: str, start: int, end: int, value: float, unit: str, after: int, leading: bool) -> Quantity:
    bound: Bound | None = "at_most" if leading else None
    return Quantity(start - (shadow[start - 1] in "第前"), after, start, end, value, unit, None, bound, form="rank")


def _ratio(shadow: str, match: re.Match[str]) -> list[Quantity]:
    """Read `14：58：28` and `2.04：1`; clock times and scores of matches are none."""
    start, end = match.span()
    parts = match.group().split("：")
    around = shadow[max(0, start - 24) : start]
    if (
        not re.search("比|结构|产业|占", around)
        or shadow[start - 1 : start].isalnum()
        and shadow[start - 1 : start].isascii()
    ):
        return []
    found = []
    at = start
    against_one = len(parts) == 2 and parts[1] == "1"
    for number, part in enumerate(parts[:1] if against_one else parts):
        quantity = Quantity(
            at, end, at, at + len(part), float(part), "", None, form="ratio", part=number + 1,
            parts=1 if against_one else len(parts),
        )  # fmt: skip
        _bound_after(shadow, quantity)
        found.append(quantity)
        at += len(part) + 1
    return found


def _bound_after(shadow: str, quantity: Quantity) -> None:
    """Take in what bounds a number from behind: 以上, 以内, 左右, a 多 that ends the clause."""
    rest = shadow[quantity.end : quantity.end + 3]
    for words, bound in _AFTER:
        if rest.startswith(words):
            quantity.end += len(words)
            quantity.bound = bound
            return
    if rest[:1] in ("多", "余") and not re.match("[0-9一-龥]", rest[1:2] or "，"):
        quantity.end += 1
        quantity.bound = "over"


def _range(shadow: str, high: Quantity, bare: tuple[int, int, float] | None, found: list[Quantity]) -> Quantity | None:
    """Make the two ends of a range of a number and the one before it: `3-5个`, `10%至12%`."""
    if bare is not None and _RANGE.fullmatch(shadow, bare[1], high.start):
        start, end, value = bare
        if value >= high.value or shadow[end] in "至到" and shadow[start - 1 : start] in ("由", "从"):
            return None
        high.form, high.bound, high.start = "high", "at_most", start
        return Quantity(start, high.end, start, end, value, high.unit, high.known, "at_least", form="low")
    if found and _RANGE.fullmatch(shadow, found[-1].end, high.start) and found[-1].form == "plain":
        low = found[-1]
        if low.dimension != high.dimension or low.known is None or high.known is None:
            return None
        rising = low.value * low.known.scale < high.value * high.known.scale
        if not rising or shadow[low.start - 1 : low.start] in ("由", "从"):
            return None
        low.form, low.bound, low.end = "low", "at_least", high.end
        high.form, high.bound = "high", "at_most"
    return None
