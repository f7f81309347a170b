"""What kind of number a quantity is (level, growth, share …), and what it is compared with."""

from __future__ import annotations

import re

from dedup.extraction.zh.predicates import Predicate
from dedup.extraction.zh.quantity import Quantity

_SHARE_HEAD = re.compile("比重|占比|比例|份额|构成|贡献")
_CHANGE_HEAD = re.compile("(?:增量|增加额|增收额|增长额|减少量|增加量)\\Z")
_COUNTS = frozenset(("count", "people", "time", "number"))
_LAST_YEAR = re.compile("上年|去年|今年|同期|年初|上月|上期|前一年")
_PLANNED = re.compile("目标|计划|预算|任务|预期|预计")
_SEVERAL_YEARS = re.compile(
    "(?<![0-9〇○零OＯ一二三四五六七八九])(?:[两二三四五六七八九十]|[2-9]|1[0-9])年|(?<!今年)(?<!去年)以来|“[^”]{1,3}”"
)

_OVER_YEARS = re.compile("(?<![〇○零0-9一二三四五六七八九十第])[两三四五六七八九十]年(?!级)")
#: Characters before a number in which the years of a change are named.
_NEAR = 8


def measure_of(
    quantity: Quantity,
    predicate: Predicate,
    indicator: str,
    *,
    relation: bool,
    share: bool,
    multiple: bool,
    from_to: bool,
) -> str:
    """Return the measure.

    Parameters
    ----------
    relation : the number is a distance to something else (`高于全省2个百分点`, `超计划1000人`)
    share : 占 stands before it
    multiple : it counts how often something goes into it (`是上年的2.5倍`)
    from_to : it is where a change begins or ends (`由A增加到B`)
    """
    dimension = quantity.dimension
    if quantity.form == "rank":
        return "rank"
    if quantity.form == "ratio":
        return "share" if quantity.parts > 1 else "rate"
    if quantity.form == "fan":
        return "growth"
    if dimension == "ratio_points" or relation:
        return "change_abs"
    changes = predicate.change != 0 and not predicate.reaches
    if dimension == "multiple":
        return "growth" if changes and not multiple else "rate"
    if dimension == "ratio":
        if (predicate.growth_noun or changes) and not from_to:
            return "growth"
        return "share" if share or _SHARE_HEAD.search(indicator) else "rate"
    if (changes and not from_to) or _CHANGE_HEAD.search(indicator):
        return "change_abs"
    return "count" if dimension in _COUNTS else "level"


def comparison_of(
    measure: str,
    predicate: Predicate,
    base: str | None,
    left: str,
    period: str | None,
    *,
    relation: bool,
    starts: bool,
    arrives: bool,
    multiple_unit: bool,
    base_is_last_year: bool,
) -> str | None:
    """Return what a number is compared with: the year before, the mean of several years, the other end of a change."""
    if starts:
        return "from_to_start"
    if arrives:
        return "from_to_end"
    if measure not in ("growth", "change_abs") or relation:
        return None
    if predicate.annual:
        return "annual_average"
    if base is not None and _PLANNED.search(base) is not None:
        return None  # 比年初目标低1个百分点
    if base is not None:
        return "yoy" if base_is_last_year or _LAST_YEAR.search(base) else None
    if measure == "growth":
        if multiple_unit:
            return None
        return None if period is not None and _SEVERAL_YEARS.search(period) else "yoy"
    if _OVER_YEARS.search(left[-_NEAR:]) is not None:
        return None  # 五年净增198亿元
    if "每" in left or "拉动" in left or "超额" in left:
        return None
    if re.search("(?:增收|减收)", left[-6:]) and "户均" in left:
        return None
    if period is not None and _SEVERAL_YEARS.search(period):
        return None
    if any(word in ("拓展", "扩展", "延长", "前移", "后移") for word in predicate.words):
        return None
    return "yoy"
