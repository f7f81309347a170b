"""A number with its unit, as it stands in the shadow of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dedup.text.units import Bound, Unit

Form = Literal["plain", "rank", "ratio", "fan", "low", "high"]

_AFTER: tuple[tuple[str, Bound], ...] = (
    ("及以上", "at_least"),
    ("以上", "at_least"),
    ("以内", "at_most"),
    ("之内", "at_most"),
    ("以下", "at_most"),
    ("左右", "about"),
    ("上下", "about"),
)
_BROKEN = {words: bound for words, bound in _AFTER if len(words) == 2}


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
    form: Form = "plain"
    part: int = 0
    parts: int = 0
    numerals: bool = False
    named: bool = False

    @property
    def dimension(self) -> str:
        """Dimension of the unit; empty for a bare number."""
        return self.known.dimension if self.known is not None else ""


def bounded(shadow: str, quantity: Quantity) -> Quantity:
    """Take in what bounds a number from behind: 以上, 以内, 左右, a 多 that ends the clause."""
    rest = shadow[quantity.end : quantity.end + 3]
    if rest[1:2] == "\n" and rest[0] + rest[2:] in _BROKEN:
        quantity.end += 3  # a line that ends amid 以上
        quantity.bound = _BROKEN[rest[0] + rest[2:]]
        return quantity
    for words, bound in _AFTER:
        if rest.startswith(words):
            quantity.end += len(words)
            quantity.bound = bound
            return quantity
    if rest[:1] in ("多", "余") and re.match("[0-9一-龥]", rest[1:]) is None:
        quantity.end += 1
        quantity.bound = "over"
    return quantity
