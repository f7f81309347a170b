"""Units of measure: the reviewed table `data/reference/units.csv`, with 十, 百, 千, 万 and 亿 before any of them.

`亿元`, `万亩`, `万人次`, `百万吨`, `万亿元` are composed, and so are rates (`元/吨`, `万元/人`); the table holds each
base unit once.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from dedup.reference import reference_file
from dedup.text.characters import BLANKS
from dedup.text.numbers import ARABIC, CHINESE, Number, parse_chinese, read_number

Bound = Literal["at_least", "at_most", "over", "under", "about"]

_SCALES = {"十": 10.0, "百": 100.0, "千": 1e3, "万": 1e4, "亿": 1e8}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as written.

    Attributes
    ----------
    name : as written, with its scale (`万元`)
    base : unit without its scale (`元`; `%` for ‰), in which quantities of one dimension can be compared
    scale : one unit in `base`
    dimension : money, area, length, mass, volume, power, energy, ratio, ratio_points, multiple, people, count, time …
    """

    name: str
    base: str
    scale: float
    dimension: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit.

    Attributes
    ----------
    value, unit : as written, without 余 and 多 (`2.1万多亩` is 2.1 万亩); unit is empty for a bare number
    value_text : the number as written
    value_base, unit_base : in the base unit; None where the unit is not known
    bound : at_least, at_most, over, under or about; None for an exact number
    """

    value: float
    unit: str
    value_text: str
    value_base: float | None
    unit_base: str | None
    bound: Bound | None


@cache
def base_units() -> dict[str, Unit]:
    """Return the base units of the table by their name."""
    with reference_file("units.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["unit"]: Unit(row["unit"], row["base"], float(row["scale"]), row["dimension"])
            for row in csv.DictReader(file)
        }


@cache
def unit_pattern() -> str:
    """Return a regular expression for a unit with its scale, the longest name first; it has no groups."""
    names = sorted(base_units(), key=lambda name: (-len(name), name))
    return rf"(?:[十百千]?[万亿]{{1,2}}|[十百千])?(?:{'|'.join(map(re.escape, names))})"


@lru_cache(maxsize=16384)
def find_unit(name: str) -> Unit | None:
    """Return the unit of that name, perhaps with a scale before it; None where it is not known."""
    scale, rest = 1.0, name
    while True:
        known = base_units().get(rest) or base_units().get(rest.lower())
        if known is not None:
            return Unit(name, known.base, known.scale * scale, known.dimension)
        over, _, per = rest.partition("/")
        known = base_units().get(over) if per else None
        if known is not None:
            return Unit(name, f"{known.base}/{per}", known.scale * scale, f"{known.dimension}_rate")
        if not rest or rest[0] not in _SCALES:
            return None
        scale, rest = scale * _SCALES[rest[0]], rest[1:]


_MORE = "余多来几"
_BEFORE: tuple[tuple[str, Bound], ...] = (
    ("不低于|不少于|不下于|至少|≥|>=|＞=|不小于", "at_least"),
    ("不高于|不超过|不大于|不多于|至多|最多|≤|<=", "at_most"),
    ("超过|突破|大于|多于|高于|超|逾|过|>|＞", "over"),
    ("小于|少于|低于|不足|不到|<|＜", "under"),
    ("大约|大概|接近|将近|约|近", "about"),
)
_AFTER: tuple[tuple[str, Bound], ...] = (
    ("及?以上", "at_least"),
    ("及?以[下内]|之内", "at_most"),
    ("左右|上下", "about"),
)


@cache
def _whole() -> re.Pattern[str]:
    before = "|".join(f"(?P<b{n}>{words})" for n, (words, _) in enumerate(_BEFORE))
    after = "|".join(f"(?P<a{n}>{words})" for n, (words, _) in enumerate(_AFTER))
    blank = f"[{BLANKS}]*"
    return re.compile(
        rf"{blank}(?:{before})?{blank}(?P<sign>[-－−–—+＋]?){blank}"
        rf"(?P<number>{ARABIC}|{CHINESE}(?:分之{CHINESE})?){blank}"
        rf"(?P<scale>[十百千]?[万亿]*)(?P<more>[{_MORE}]?)(?P<rest>[^0-9０-９\s]*?m[23]|[^0-9０-９\s]*?)(?P<odd>[余多]?){blank}(?:{after})?{blank}"
    )


_PARTS = {"百分之": "%", "千分之": "‰"}


def read_quantity(text: str) -> Quantity | None:
    """Read a text that is one quantity as a whole, such as a table cell.

    Parameters
    ----------
    text : `1,234.5`, `-2.1%`, `约3.5万亩`, `95%以上`, `一百二十家`

    Returns
    -------
    the quantity; None where the text is anything else, holds a masked number, or names a year
    """
    match = _whole().fullmatch(text)
    if match is None:
        return None
    number = read_number(text, match.start("number"))
    if number is None:
        return None
    if number.end != match.end("number"):
        return None
    written, scale, rest = match["number"], match["scale"], match["rest"]
    unit = scale + rest
    value = number.value
    if number.kind == "chinese":
        value, unit, written = scaled_chinese(number, written, unit)
    elif rest == "年" and not scale and not number.digits and 1900 <= value <= 2100:
        return None
    known = find_unit(unit) if rest or unit == "%" or unit == "‰" else None
    if rest and known is None:
        return None
    if scale and not rest:
        known = Unit(unit, "", find_scale(scale), "number")
    bound = next((b for n, (_, b) in enumerate(_BEFORE) if match[f"b{n}"]), None)
    bound = bound or next((b for n, (_, b) in enumerate(_AFTER) if match[f"a{n}"]), None)
    if bound is None and (match["more"] or match["odd"]):
        bound = "over"
    if match["sign"] and match["sign"] not in "+＋":
        value = -value
    if not unit:
        return Quantity(value, "", written, value, "", bound)
    if known is None:
        return Quantity(value, unit, written, None, None, bound)
    return Quantity(value, unit, written, in_base(value, known), known.base, bound)


def find_scale(scale: str) -> float:
    """Return what a run of 十, 百, 千, 万 and 亿 multiplies by."""
    factor = 1.0
    for character in scale:
        factor *= _SCALES[character]
    return factor


def in_base(value: float, unit: Unit) -> float:
    """Return a value in the base of its unit, without the dust of binary fractions (15 significant digits)."""
    return float(f"{value * unit.scale:.15g}")


def scaled_chinese(number: Number, written: str, unit: str) -> tuple[float, str, str]:
    """Return value, unit and number as written, with the 万 or 亿 that ends Chinese numerals given back to the unit.

    `两万` + `元` is 2 万元, as `2万元` would be; `百分之八` is 8 %.
    """
    for words, sign in _PARTS.items():
        if written.startswith(words) and not unit:
            part = written[len(words) :]
            value = 100.0 if part == "百" else parse_chinese(part)
            return (number.value if value is None else value), sign, written
    head = written.rstrip("万亿")
    if head and head != written and unit:
        value = parse_chinese(head)
        if value is not None:
            return value, written[len(head) :] + unit, head
    return number.value, unit, written
