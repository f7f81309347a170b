"""What a stretch of a section says about a year, and how much that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["review", "plan"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One stretch of text that says which year a report looks back on, or plans for.

    Attributes
    ----------
    role : whether it speaks of the year looked back on or of the year planned for
    year : the year; None where the text masks it (20xx年) or only points at it (今年)
    start, end : the words that say so
    weight : how much they prove: 1 a sentence that states figures, 2 a sentence about the year, 3 a heading or a phrase
        that can mean nothing else
    kind : `number`, `mask`, `this` (今年), `last` (去年), `next` (明年), or `era` (a dated event)
    """

    role: Role
    year: int | None
    start: int
    end: int
    weight: int
    kind: str


_STOPS = "。！？!?；;\n"


def quote(text: str, start: int, end: int, *, most: int = 60) -> str:
    """Return the words around a span as evidence: its clause, at most about `most` characters, from `text` itself."""
    low = start
    while low > 0 and text[low - 1] not in _STOPS and start - low < 24:
        low -= 1
    if low > 0 and text[low - 1] not in _STOPS:
        # Not the whole sentence: begin with a clause rather than inside a word.
        comma = max(text.rfind(mark, low, start) for mark in "，、：,")
        low = comma + 1 if comma >= 0 else start
    high = end
    while high < len(text) and text[high] not in _STOPS and high - low < most:
        high += 1
    return text[low:high].strip()
