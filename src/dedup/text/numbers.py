"""Numbers as reports write them: Arabic with separators and full-width digits, Chinese numerals, fractions.

A number that a page masked (`20xx`, `×.×`, `3□`) is none: nothing is filled in, nothing is cut out of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from dedup.text.placeholders import find_placeholders

NumberKind = Literal["arabic", "chinese"]

_WIDE = str.maketrans("０１２３４５６７８９．，", "0123456789.,")
_DIGIT = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2}
_DIGIT |= dict(zip("壹贰叁肆伍陆柒捌玖", range(1, 10), strict=True))
_PLACE = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_SCALE = {"万": 10_000, "亿": 100_000_000}

#: Arabic digits with thousands separators and a decimal part; no sign, which belongs to the words around it.
ARABIC = r"(?:[0-9０-９]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9０-９]+)(?:[.．][0-9０-９]+)?"
_NUMERALS = "〇零○一二三四五六七八九两壹贰叁肆伍陆柒捌玖十拾百佰千仟万亿"
#: A run of Chinese numerals that may be a number; `parse_chinese` decides.
CHINESE = rf"[{_NUMERALS}]+(?:点[〇零一二三四五六七八九]+)?"
_NUMBER = re.compile(rf"(?P<arabic>{ARABIC})|(?P<chinese>一?半|{CHINESE}(?:分之{CHINESE})?)")
_DAMAGE = "xXｘＸ×╳✕✖*＊□◻▢～〜_＿○◯?？"
_SECTION = re.compile(
    "(?:([一二三四五六七八九两壹贰叁肆伍陆柒捌玖])[千仟])?"
    "(?:[零〇]?([一二三四五六七八九两壹贰叁肆伍陆柒捌玖])[百佰])?"
    "(?:[零〇]?([一二三四五六七八九两壹贰叁肆伍陆柒捌玖])?([十拾]))?"
    "(?:[零〇]?([一二三四五六七八九两壹贰叁肆伍陆柒捌玖]))?"
)
_POSITIONAL = re.compile("[〇零○一二三四五六七八九]+")


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text.

    Attributes
    ----------
    value : what it says; a fraction (`三分之一`, `百分之八`) is the quotient
    start, end : its span in the text
    digits : digits after the decimal point as written: half a unit of the last one is what rounding hides
    kind : `arabic` or `chinese`
    """

    value: float
    start: int
    end: int
    digits: int
    kind: NumberKind


def read_number(text: str, pos: int = 0) -> Number | None:
    """Return the number that begins at `pos`, or None where none does or a mask touches it.

    Chinese numerals are read whole, with 万 and 亿 (`一千二百万` is 12000000); the scale behind Arabic digits belongs
    to the unit (`1200万元` is 1200). Numerals that are no number in proper grammar (`三五`, `七八`, `万`) are none.
    """
    match = _NUMBER.match(text, pos)
    if match is None or touches_mask(text, match.start(), match.end()):
        return None
    if match.lastgroup == "arabic":
        if pos and (text[pos - 1].isdigit() or (text[pos - 1] in ".．" and text[pos - 2 : pos - 1].isdigit())):
            return None
        _, _, fraction = match.group().translate(_WIDE).partition(".")
        return Number(parse_arabic(match.group()), match.start(), match.end(), len(fraction), "arabic")
    if pos and text[pos - 1] in _NUMERALS:
        return None
    value = parse_chinese(match.group())
    if value is None:
        return None
    _, point, fraction = match.group().partition("点")
    return Number(value, match.start(), match.end(), len(fraction) if point else 0, "chinese")


@lru_cache(maxsize=65536)
def parse_arabic(written: str) -> float:
    """Return the value of Arabic digits as `ARABIC` describes them."""
    return float(written.translate(_WIDE).replace(",", ""))


@lru_cache(maxsize=16384)
def parse_chinese(numeral: str) -> float | None:
    """Return the value of Chinese numerals, or None when they do not make a number.

    `十二`, `三百五十`, `一千二百万`, `一百二` (120), `二〇〇三` (digits in a row, with 〇 or four of them), `三点五`,
    `三分之一`, `百分之八`, `千分之六点五`, `半`.
    """
    if numeral in ("半", "一半"):
        return 0.5
    whole, over, part = numeral.partition("分之")
    if over:
        denominator = {"百": 100.0, "千": 1000.0, "万": 10000.0}.get(whole) or parse_chinese(whole)
        numerator = 100.0 if part == "百" else parse_chinese(part)
        return numerator / denominator if denominator and numerator is not None else None
    whole, point, decimals = numeral.partition("点")
    if point:
        integer = parse_chinese(whole)
        if integer is None or not decimals or not _POSITIONAL.fullmatch(decimals):
            return None
        return integer + float("0." + "".join(str(_DIGIT[c]) for c in decimals))
    if _POSITIONAL.fullmatch(numeral) and len(numeral) > 1:
        zeros = any(c in "〇零○" for c in numeral)
        if numeral[0] in "〇零○" or not (zeros or len(numeral) == 4):
            return None
        return float("".join(str(_DIGIT[c]) for c in numeral))
    return _structured(numeral)


def _structured(numeral: str) -> float | None:
    total, section, rest = 0, "", numeral
    lowest = 10**9
    for at, character in enumerate(numeral):
        scale = _SCALE.get(character)
        if scale is None:
            section += character
            continue
        value = _section(section)
        if scale == 100_000_000 and total and lowest == 10_000 and not section:
            total, lowest = total * scale, scale  # 万亿
        elif value is None or not value or scale >= lowest:
            return None
        else:
            total, lowest = total + value * scale, scale
        section, rest = "", numeral[at + 1 :]
    if not rest:
        return float(total) if total else None
    value = _section(rest)
    if value is None:
        return None
    if total and len(rest) == 1 and value:
        value = value * lowest // 10  # 三万五 is 35000
    return float(total + value)


def _section(numeral: str) -> int | None:
    """Return the value of a numeral below 10,000."""
    if numeral in ("零", "〇"):
        return 0
    match = _SECTION.fullmatch(numeral)
    if match is None or not numeral:
        return None
    thousands, hundreds, tens, ten, ones = match.groups()
    value = 1000 * _DIGIT[thousands] if thousands else 0
    value += 100 * _DIGIT[hundreds] if hundreds else 0
    value += 10 * (_DIGIT[tens] if tens else 1) if ten else 0
    if ones is None:
        return value or None
    last = _PLACE.get(numeral[-2:-1], 1)
    # 一百二 is 120: a digit right behind 百 or 千 counts the next place.
    return value + _DIGIT[ones] * (last // 10 if last >= 100 else 1)


def touches_mask(text: str, start: int, end: int) -> bool:
    """Say whether a placeholder lies on or right beside the number at [start, end), perhaps behind its point."""
    before = text[start - 1] if start else ""
    if before in (".", "．") and start > 1:
        before = text[start - 2]
    after = text[end] if end < len(text) else ""
    if after in (".", "．") and end + 1 < len(text):
        after = text[end + 1]
    if not ((before and before in _DAMAGE) or (after and after in _DAMAGE)):
        return False
    left = max(0, start - 16)
    near = find_placeholders(text[left : end + 16])
    return any(left + p.start <= end + (text[end : end + 1] in (".", "．")) and left + p.end >= start - 1 for p in near)
