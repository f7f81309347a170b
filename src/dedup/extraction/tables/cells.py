"""What a cell says: a number with its unit, a year, nothing, or words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from dedup.extraction.tables.cell_units import as_unit
from dedup.text.units import find_unit, read_quantity

#: `none` is said to be absent (`—`, `N/A`), `masked` was a number that the page took out.
CellKind = Literal["empty", "none", "masked", "number", "year", "text"]

#: A cell with more characters than this is not looked into for a number.
MAX_NUMBER_CHARS = 48

#: Numbers as they are counted to tell figures from words.
NUMBER_TOKEN = re.compile(r"\d+(?:[.,]\d+)*")

_NONE = re.compile(r"[-—–－―‐−─…⋯·.．、/／\\]+|n\.?\s?/?\s?a\.?|nil|null|none|无|暂无|空|不适用|未统计|无数据|缺", re.I)
_MASKED = re.compile(
    r"[-+]?[\d.,]*(?:[×╳✕✖*＊□◻▢_＿○◯?？～〜]{2,}|(?<=[\d.])[xX]|[×╳✕✖□◻▢～〜＿])[\d.,×╳xX□*＊]*\s*[^\s\d]{0,6}"
)
_MONTH = r"(?:1[0-2]|0?[1-9])"
_YEAR = re.compile(
    r"(?:19|20)\d\d(?:\s*年度?|[aA])?(?:\s*[-—–~～至/]\s*(?:(?:19|20)?\d\d)\s*年?)?(?:\s*[\[(（][^\d()（）]{1,8}[\])）])?"
    rf"|(?:19|20)\d\d\s*[年/-]\s*{_MONTH}(?:\s*[月/-]?\s*(?:\d{{1,2}}\s*日?)?)?(?:[-—–~～至]{_MONTH}\s*月)?"
    rf"|(?:19|20)\d\d\.{_MONTH}\.\d{{1,2}}|\d{{1,2}}[./-]\d{{1,2}}[./-](?:\d\d|\d{{4}})"
    rf"|(?:{_MONTH}\s*[-—–~～至]\s*)?{_MONTH}\s*月份?|第?[一二三四1-4]季度|[Qq][1-4]"
    r"|(?:FY|fy)\s?(?:19|20)?\d\d|['’]\d\d|[〇零一二三四五六七八九]{4}年"
)
_NOTE = re.compile(r"(?:[①-⑳⑴-⒇⒈-⒛†‡§¶]|[\[〔【]\s*(?:注|note)?\s*[\da-zA-Z]{0,2}\s*[\]〕】]|[(（]注\s*\d{0,2}[)）])+$")
_RAISED = re.compile(r"(?<=[\d%％])[⁰¹²³⁴-⁹]+$")
_POWER = re.compile(r"(?<!\d)10[⁰¹²³⁴-⁹]+$")
_STAR = re.compile(r"(?<=\.\d)\*$|(?<=\.\d\d)\*$|(?<=[%％])\*$")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)([^*_`]+)(?<=\S)\1")
_IN_BRACKETS = re.compile(r"[(（]\s*([^()（）]+?)\s*[)）]")
_CURRENCY = re.compile(
    r"(?P<sign>[-−–－+＋]?)\s*(?P<currency>US\$|HK\$|C\$|A\$|[$＄€£¥￥₩₹]|RMB|CNY|USD|EUR)"
    r"\s*(?P<rest>[-−–－+＋]?[\d０-９].*)"
)
_SCALED = re.compile(
    r"(?P<number>[-−–－+＋]?[\d.,]+)\s?(?P<scale>trillion|billion|million|thousand|bn|mn|tn|[tbmkTBMK])?"
    r"(?P<more>\+?)(?P<per>\s?(?:/|per )\s?[A-Za-z]{1,12})?",
)
#: Units of other languages that stand behind numbers in tables; the rest of a cell in words stays words.
_FOREIGN = (
    "percent|per cent|pp|bps|pts|points|people|persons|hours?|hrs?|minutes|mins?|seconds|secs?|ms|s|days?|weeks?"
    "|months?|years?|yrs?|mg|ml|mm|cm|kg|km|g|l|m|lb|lbs|oz|ft|sq ?ft|miles|mi|ha|acres|KB|MB|GB|TB|Hz|kHz|MHz|GHz"
    "|MW|GW|GWh|W|V|°C|°F|million|billion|thousand|bn|mn"
)
_FOREIGN_QUANTITY = re.compile(rf"([-−–－+＋]?[\d.,]+)\s?({_FOREIGN})")


_RATE = re.compile(r"([-−–－+＋]?[\d.,]+)\s*([^\s\d/]{1,6}/[^\s\d/]{1,6})")


@dataclass(frozen=True, slots=True)
class CellValue:
    """What a cell says.

    Attributes
    ----------
    kind : see `CellKind`
    value : the number where the cell is one, with its sign; never read out of a longer text
    unit : unit as written in the cell, empty where it states none
    """

    kind: CellKind
    value: float | None = None
    unit: str = ""


_EMPTY = CellValue("empty")
_TEXT = CellValue("text")


@lru_cache(maxsize=65536)
def read_cell(text: str) -> CellValue:
    """Read the text of a cell.

    `1,234.5`, `12.3%`, `1215.57 亿元`, `$243.5 billion` and `12.3①` are numbers; `(5.6)` is negative, as accounts
    write it. `—` and `N/A` are none, `××` and `12**` are masked. A range, a ratio or a sentence with numbers in it
    is text: it is not one number.
    """
    text = text.strip()
    if not text:
        return _EMPTY
    if len(text) > MAX_NUMBER_CHARS:
        return _TEXT
    if _NONE.fullmatch(text):
        return CellValue("none")
    if _YEAR.fullmatch(text) and not _may_be_count(text):
        return CellValue("year")
    text = _EMPHASIS.sub(r"\2", text)
    if _POWER.search(text):
        return _TEXT
    text = _STAR.sub("", _RAISED.sub("", _NOTE.sub("", text))).strip()
    negative = _IN_BRACKETS.fullmatch(text)
    found = _number(negative[1]) if negative else _number(text)
    if found is not None and negative:
        if found.value is None or found.value < 0:
            return _TEXT
        found = CellValue("number", -found.value, found.unit)
    if found is not None:
        return found
    if _YEAR.fullmatch(text):
        return CellValue("year")
    return CellValue("masked") if _MASKED.fullmatch(text) else _TEXT


def _may_be_count(text: str) -> bool:
    return text.isdigit()


def names_year(text: str) -> bool:
    """Say whether a text is a year, a date or a part of a year, a bare `2019` included."""
    text = text.strip()
    return len(text) <= MAX_NUMBER_CHARS and _YEAR.fullmatch(text) is not None


def _number(text: str) -> CellValue | None:
    """Return the number that a text is as a whole."""
    quantity = read_quantity(text)
    if quantity is not None:
        if not quantity.unit and not any(c.isdigit() for c in quantity.value_text):
            return None  # a lone numeral such as 一 counts the row or names a class
        return CellValue("number", quantity.value, quantity.unit)
    match = _CURRENCY.fullmatch(text)
    if match is not None:
        return _of_currency(match)
    match = _RATE.fullmatch(text)
    if match is not None and as_unit(match[2]) is None:
        return None
    match = match or _FOREIGN_QUANTITY.fullmatch(text)
    if match is not None and (bare := read_quantity(match[1])) is not None:
        return CellValue("number", bare.value, match[2])
    return None


def _of_currency(match: re.Match[str]) -> CellValue | None:
    currency, rest = match["currency"], match["rest"].strip()
    quantity = read_quantity(rest)
    if quantity is not None and (not quantity.unit or find_unit(quantity.unit) is None):
        value, unit = quantity.value, currency + quantity.unit
    else:
        scaled = _SCALED.fullmatch(rest)
        bare = read_quantity(scaled["number"]) if scaled is not None else None
        if scaled is None or bare is None:
            return None
        unit = currency + rest[scaled.end("number") :].rstrip("+").replace("+", "")
        value = bare.value
    return CellValue("number", -value if match["sign"] in tuple("-−–－") else value, unit)


def count_numbers(text: str) -> int:
    """Return how many numbers stand in a text, of whatever kind."""
    return len(NUMBER_TOKEN.findall(text))
