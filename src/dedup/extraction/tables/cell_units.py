"""Units that headers and captions state for the numbers below and beside them."""

from __future__ import annotations

import re
from functools import lru_cache

from dedup.text.units import find_unit

_IN_BRACKETS = re.compile(r"[(（\[〔【]([^()（）\[\]〔〕【】]{1,24})[)）\]〕】]")
_LABEL = re.compile(r"(?:计量)?单位\s*[：:为]?\s*|units?\s*[：:]\s*|in\s+", re.I)
_STATED = re.compile(
    r"单位\s*[：:]\s*([^()（）\[\]【】。；;\n]{1,40})|\bunits?\s*[：:]\s*([^()（）\[\]。；;\n]{1,40})", re.I
)
_BETWEEN = re.compile(r"\s*[、,，;；和]\s*|\s{2,}|\u3000+")
#: `产值/亿元`, `面积 万亩`, `产值，亿元`, `Base, GB/s`: a unit behind the last mark.
_BEHIND_MARK = re.compile(r"([,，:：/／\s])\s*([^\s,，:：/／]{1,8}(?:/[^\s,，:：/／]{1,8})?)$")
_FOREIGN = re.compile(
    r"(?:US\$|HK\$|[$€£¥￥]|USD|EUR|GBP|RMB|CNY)?\s?(?:['’]?000s?|thousands?|millions?|billions?|trillions?|bn|mn|mln|[mbk])?"
    r"|(?:[kKMGT]?B|[kMGT]?bit|[kMGT]?Wh?|[kMG]?Hz|[kmcμ]?m|[kmμ]?g|m?[lL]|s|ms|h|min|°C|°F|ha|t|ft|lbs?|oz|mi)(?:/[a-zA-Z]{1,8})?"
    r"|percent|per cent|pct|points?|pp|hours?|days?|years?|months?|people|persons"
)
_PERCENT = re.compile(r"[±+＋-]?[%％]")
_GROWTH = re.compile(
    r"增长|增幅|增速|增减|比重|占比|占(?!地)|率|同比|比上年|比\d{4}年|环比|±|%|％|growth|share|change", re.I
)


@lru_cache(maxsize=16384)
def header_unit(name: str) -> str | None:
    """Return the unit that a header states: in brackets, behind a mark, at its end, or as the whole of it.

    Parameters
    ----------
    name : `产值（亿元）`, `产值，亿元`, `比上年±%`, `亿元`, `Surplus ($ bn)`; levels joined by ` / ` from the top down

    Notes
    -----
    Only known units count: `（预计）` and `(tie)` are none. The lowest level speaks first.
    """
    for level in reversed(name.split(" / ")):
        for inside in reversed(_IN_BRACKETS.findall(level)):
            unit = as_unit(inside)
            if unit is not None:
                return unit
        unit = as_unit(level)
        if unit is not None and _is_plain_unit(unit):
            return unit
        bare = _IN_BRACKETS.sub("", level).strip()
        for sign in (bare[-1:], bare[:1]):
            if sign and sign in "%％‰":
                return sign
        behind = _BEHIND_MARK.search(bare)
        # `Cost/hour` and `for 2 people` end in words that are units elsewhere.
        if behind is not None and (behind[1] in ",，" or not behind[2].isascii()):
            unit = as_unit(behind[2])
            if unit is not None and _is_plain_unit(unit):
                return unit
    return None


def _is_plain_unit(unit: str) -> bool:
    """Say whether a word without brackets is a unit and no name: `亿元`, not `人口`, `小区`, `T`."""
    if len(unit) == 1:
        return unit in "元吨亩%％‰"
    known = find_unit(unit)
    return known is None or unit[0] in "十百千万亿" or known.dimension not in ("count", "people", "time", "index")


@lru_cache(maxsize=16384)
def as_unit(text: str) -> str | None:
    """Return a text that is a unit as a whole, without `单位：`; None for any other."""
    unit = _LABEL.sub("", text.strip(), count=1).strip()
    if not unit or len(unit) > 16:
        return None
    if _PERCENT.fullmatch(unit):
        return unit[-1]
    if find_unit(unit) is not None:
        return unit
    part, slash, per = unit.partition("/")
    if slash and per and find_unit(part) is not None:
        return unit
    return unit if _FOREIGN.fullmatch(unit) else None


@lru_cache(maxsize=4096)
def stated_units(caption: str) -> tuple[str, ...]:
    """Return the units of a caption or unit line (`单位：亿元、%`), or of brackets in a title (`（万元）`)."""
    for match in _STATED.finditer(caption):
        units = [as_unit(part) for part in _BETWEEN.split(match[1].strip()) if part]
        known = [unit for unit in units if unit is not None]
        if known and len(known) == len(units):
            return tuple(dict.fromkeys(known))
    inside = [unit for text in _IN_BRACKETS.findall(caption) if (unit := as_unit(text)) is not None]
    return tuple(dict.fromkeys(inside))


def unit_for(own: str, column: str, unit_cell: str, row: str, units: tuple[str, ...]) -> str | None:
    """Return the unit of a number: from its cell, else its column, the unit cell of its row, its row, the caption.

    Parameters
    ----------
    own : unit in the cell, perhaps only a scale (`12.5万` under `元` is in 万元)
    column, row : names of its column and row
    unit_cell : cell of its row in a column of units, empty where there is none
    units : units that the caption states; of several only one that is not a percentage can be told, and percentages
        by the words of their column or row
    """
    if own and own.strip("十百千万亿"):
        return own
    told = header_unit(column)
    if told is None:
        # The amounts that a row is in say nothing about its growth or its share.
        beside = unit_cell or header_unit(row)
        told = beside if beside and (_is_ratio(beside) or not _GROWTH.search(column)) else None
    if told is None and units:
        told = _of_caption(column, row, units)
    if not own:
        return told
    return own + told if told and find_unit(own + told) is not None and told[0] not in "十百千万亿" else own


def _is_ratio(unit: str) -> bool:
    known = find_unit(unit)
    return known is not None and known.dimension in ("ratio", "ratio_points")


def _of_caption(column: str, row: str, units: tuple[str, ...]) -> str | None:
    if len(units) == 1:
        only = units[0]
        grows = _GROWTH.search(column) or _GROWTH.search(row)
        # `单位：亿元` over a column of growth rates says nothing about the rates.
        return None if grows and only not in ("%", "％", "‰") else only
    amounts = [unit for unit in units if unit not in ("%", "％")]
    if len(amounts) != 1 or len(units) != 2:
        return None
    if _GROWTH.search(column) or _GROWTH.search(row):
        return next(unit for unit in units if unit in ("%", "％"))
    return amounts[0]
