"""What a printed number can stand for: the interval that its last digit and the words around it leave open."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from math import inf, isfinite

_DIGITS = re.compile(r"[0-9][0-9,]*(?:\.([0-9]+))?")
#: How far 约, 近, 左右 may lie from the truth, as a share of the number: a judged value.
ABOUT = 0.1


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included; either may be infinite."""

    low: float
    high: float

    def meets(self, other: Range) -> bool:
        """Tell whether some number lies in both, up to what floats lose."""
        slack = 1e-9 * max(1.0, *(abs(x) for x in (self.low, self.high, other.low, other.high) if isfinite(x)))
        return self.low <= other.high + slack and other.low <= self.high + slack

    def widened(self, by: float) -> Range:
        """Return the range with `by` more on either side."""
        return Range(self.low - by, self.high + by)

    @property
    def half_width(self) -> float:
        """Half its width; 0 where it is open to a side, since no rounding explains that."""
        return (self.high - self.low) / 2 if isfinite(self.high) and isfinite(self.low) else 0.0

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Range) -> Range:
        return Range(self.low - other.high, self.high - other.low)


def last_digit(value_text: str) -> float:
    """Return half of what the last printed digit counts, in the unit as written: 0.05 for 7.5; 0.5 for words."""
    found = _DIGITS.search(unicodedata.normalize("NFKC", value_text))
    decimals = len(found[1]) if found and found[1] else 0
    return float(0.5 * 10.0**-decimals)


def range_of(value: float, value_text: str, scale: float, bound: str | None) -> Range:
    """Return the interval of a figure.

    Parameters
    ----------
    value : the number in base units
    value_text : as printed; its decimals tell the rounding
    scale : base units per unit as written
    bound : as in `schemas.BOUNDS`; 余 and 多 (`over`) leave the upper side open
    """
    half = last_digit(value_text) * scale
    match bound:
        case "at_least" | "over":
            return Range(value - half, inf)
        case "at_most" | "under":
            return Range(-inf, value + half)
        case "about":
            half = max(half, abs(value) * ABOUT)
    return Range(value - half, value + half)


def growth_range(start: Range, end: Range, years: int = 1) -> Range:
    """Return the growth per year, in per cent, that leads from one positive range to another."""

    def rate(first: float, last: float) -> float:
        if first == inf or last <= 0:
            return -100.0
        if first <= 0 or last == inf:
            return inf
        return float(((last / first) ** (1 / years) - 1) * 100)

    return Range(rate(start.high, end.low), rate(start.low, end.high))


def quotient_range(over: Range, under: Range) -> Range:
    """Return what one positive range is divided by another."""

    def divided(a: float, b: float) -> float:
        if a <= 0 or b == inf:
            return 0.0
        return inf if b <= 0 or a == inf else a / b

    return Range(divided(over.low, under.high), divided(over.high, under.low))
