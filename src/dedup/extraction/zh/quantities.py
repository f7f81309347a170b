"""Quantities of a running text, in order: numbers with their units, ranges, ratios, ranks, doublings.

Refused are masked and damaged numbers, and those that the page overwrote with a year.
"""

from __future__ import annotations

import re

from dedup.extraction.zh.counters import NUMERALS, arabic_quantity, numeral_quantity
from dedup.extraction.zh.quantity import Quantity, bounded
from dedup.extraction.zh.reading import REMARK, Reading
from dedup.text.characters import BLANK_CHARACTERS
from dedup.text.numbers import parse_arabic, parse_chinese, touches_mask
from dedup.text.units import find_unit

_SCAN = re.compile(
    # The class in front lets the regex engine pass over all other text.
    r"(?=[0-9翻百千一二三四五六七八九十两])(?:(?P<ratio>[0-9]{1,6}(?:\.[0-9]+)?(?:：[0-9]{1,6}(?:\.[0-9]+)?){1,4})"
    r"|(?P<arabic>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<fan>翻了?(?:[0-9两一二三四]?)番半?)"
    rf"|(?P<numeral>[二三四五六七八九十]分之[一二三四五六七八九]|[百千]分之[{NUMERALS}]+(?:点[{NUMERALS}]+)?"
    rf"|[二三四五六七八九十两][{NUMERALS}]*(?:点[{NUMERALS}]+)?|一[百千万亿][{NUMERALS}]*))"
)
_RANGE = re.compile(r"[-－—–―~～]{1,2}|至|到")
_JOINED = re.compile("、|和|与|及|，")
#: Numbers of a list that are kept: a list of figures is short, and a text of numbers only is none.
_LISTED_MOST = 16
_RATIO_OF = re.compile("比(?!分|赛)|结构|产业|占")
_UNIT_IN_BRACKETS = re.compile("[（(][次套批台户个家组件所处座栋]{1,2}[）)]次?")
_SIGNED = frozenset(["ratio", "ratio_points", "money", "temperature"])
_MINUS = "-－−负"
_ASCII_WORD = re.compile("[0-9A-Za-z]")


def find_quantities(reading: Reading, overwritten: int) -> list[Quantity]:
    """Return the quantities of a text in order.

    Parameters
    ----------
    reading : the text
    overwritten : year that the page put in the place of other numbers, 0 where none: numbers that are equal to it, or
        to it with decimals, are refused
    """
    shadow, compact = reading.shadow, reading.compact
    found: list[Quantity] = []
    bare: tuple[int, int] | None = None  # a number without a unit that may begin a range
    listed: list[tuple[int, int]] = []  # numbers without a unit in a row
    for match in _SCAN.finditer(shadow):
        start, end = match.span()
        if found and start < found[-1].end:
            continue  # 1亿 | 2千万元
        kind = match.lastgroup
        if kind == "ratio":
            found.extend(_ratio(shadow, match))
            continue
        if kind == "fan":
            found.append(_fan(shadow, match))
            continue
        numerals = kind == "numeral"
        inside = not numerals and start > 0 and shadow[start - 1] in "0123456789."
        # A blank amid digits that parts no thousands has torn a number (1760 0元).
        torn = not numerals and start > 1 and shadow[start - 1] in BLANK_CHARACTERS and shadow[start - 2].isdigit()
        if inside or torn or touches_mask(compact, start, end):
            bare = None
            continue
        made = numeral_quantity(shadow, start, end) if numerals else arabic_quantity(shadow, start, end)
        if made is None:
            bare = None if numerals else (start, end)
            if bare is not None:
                listed = (
                    [*listed[-_LISTED_MOST:], bare]
                    if listed and _JOINED.fullmatch(shadow, listed[-1][1], start)
                    else [bare]
                )
            continue
        if overwritten and not numerals and overwritten <= made.value < overwritten + 1:
            bare = None
            continue
        if not numerals:
            _take_in(reading, made)
        found.extend(_listed_before(shadow, made, listed, found))
        low = _range(shadow, made, bare, found[-1] if found else None)
        if low is not None:
            found.append(low)
        found.append(made)
        bare, listed = None, []
    return found


def _take_in(reading: Reading, quantity: Quantity) -> None:
    """Take in a minus (增长-2.3%, 增长负2.3%) and the second half of a unit in brackets (1204件（批）次)."""
    shadow, start, end = reading.shadow, quantity.start, quantity.end
    if (
        start > 1
        and shadow[start - 1] in _MINUS
        and "一" <= shadow[start - 2] <= "龥"
        and quantity.dimension in _SIGNED
    ):
        quantity.start = quantity.number_start = start - 1
        quantity.value = -quantity.value
    if shadow[end : end + 1] == REMARK:
        behind = _UNIT_IN_BRACKETS.match(reading.compact, end)
        if behind is not None:
            quantity.unit += behind.group()
            quantity.end = behind.end()


def _listed_before(shadow: str, last: Quantity, listed: list[tuple[int, int]], found: list[Quantity]) -> list[Quantity]:
    """Give the unit of the last number of a list to those before it: 分别为12、15和20万元, 4.6个和2.1个百分点."""
    before = found[-1] if found else None
    if before is not None and before.unit == "个" and last.unit == "个百分点":
        if before.form == "plain" and _JOINED.fullmatch(shadow, before.end, last.start) is not None:
            before.unit, before.known = last.unit, last.known
        return []
    if not listed or last.form != "plain" or _JOINED.fullmatch(shadow, listed[-1][1], last.start) is None:
        return []
    first = listed[0][0]
    if "分别" not in shadow[max(0, first - 14) : first]:
        return []
    return [
        Quantity(start, end, start, end, parse_arabic(shadow[start:end]), last.unit, last.known)
        for start, end in listed
    ]


def _fan(shadow: str, match: re.Match[str]) -> Quantity:
    """Read 翻番, 翻一番, 翻两番: the number is how often it doubles."""
    times = match.group().strip("翻了番半")
    start, end = match.span()
    if not times:
        number, value = (start, end), 1.0
    else:
        at = shadow.index(times, start)
        number = (at, at + len(times))
        value = parse_arabic(times) if times.isdigit() else parse_chinese(times) or 1.0
    value += 0.5 if match.group().endswith("半") else 0.0
    return bounded(shadow, Quantity(start, end, *number, value, "番", find_unit("番"), form="fan", numerals=True))


def _ratio(shadow: str, match: re.Match[str]) -> list[Quantity]:
    """Read `14：58：28` part by part, and `2.04：1` as 2.04; clock times and scores of matches are none."""
    start, end = match.span()
    if start and _ASCII_WORD.match(shadow[start - 1]) is not None:
        return []
    if _RATIO_OF.search(shadow, max(0, start - 40), start) is None:
        return []
    parts = match.group().split("：")
    if len(parts) == 2 and parts[1] == "1":
        parts = parts[:1]
    found = []
    at = start
    for number, part in enumerate(parts):
        one = Quantity(at, end, at, at + len(part), float(part), "", None, None, "ratio", number + 1, len(parts))
        found.append(bounded(shadow, one))
        at += len(part) + 1
    return found


def _range(shadow: str, high: Quantity, bare: tuple[int, int] | None, before: Quantity | None) -> Quantity | None:
    """Make a number and the one before it the ends of a range (`3-5个`, `10%至12%`); return a new lower end, if any."""
    if bare is not None and _RANGE.fullmatch(shadow, bare[1], high.start) is not None:
        start, end = bare
        value = parse_arabic(shadow[start:end])
        if value >= high.value or _sets_out(shadow, start, end):
            return None
        high.form, high.bound, high.start = "high", "at_most", start
        return Quantity(start, high.end, start, end, value, high.unit, high.known, "at_least", "low")
    if before is None or before.form != "plain" or before.known is None or high.known is None:
        return None
    if before.dimension != high.dimension or _RANGE.fullmatch(shadow, before.end, high.start) is None:
        return None
    rises = before.value * before.known.scale < high.value * high.known.scale
    if rises and not _sets_out(shadow, before.start, before.end):
        before.form, before.bound, before.end = "low", "at_least", high.end
        high.form, high.bound = "high", "at_most"
    return None


def _sets_out(shadow: str, start: int, end: int) -> bool:
    """Say whether 由 or 从 before a number and 至 or 到 behind it make a change of the two, no range."""
    return shadow[end : end + 1] in ("至", "到") and shadow[start - 1 : start] in ("由", "从")
