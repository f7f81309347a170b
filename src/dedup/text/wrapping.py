"""Text wrapped at a fixed length: how it is recognised, and which of its lines are full."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dedup.text.characters import BLANK_CHARACTERS, DIGITS, LATIN
from dedup.text.lines import Line, indent

_LATIN_WORD = re.compile(rf"[{LATIN}{DIGITS}]")


@dataclass(frozen=True, slots=True)
class WrapStyle:
    """How a text was wrapped.

    Attributes
    ----------
    width : line length at which lines were broken, 0 when they were not broken at a fixed length
    indented : paragraphs start with blanks
    blank : paragraphs are parted by empty lines, lines inside them are not
    """

    width: int
    indented: bool
    blank: bool


def wrap_style(text: str, lines: Sequence[Line], ended: Sequence[bool]) -> WrapStyle:
    """Find out whether a text was wrapped at a fixed length, and how its paragraphs are told apart."""
    n = len(lines)
    if n < 6:
        return WrapStyle(0, False, False)
    lengths = sorted(end - start for start, end in lines)
    width = int(_quantile(lengths, 0.96))
    if not 16 <= width <= 130 or int(_quantile(lengths, 0.99)) > 1.35 * width + 4:
        return WrapStyle(0, False, False)
    open_full = full = blank_gaps = plain_gaps = indents = blank_open = 0
    for i in range(n - 1):
        gap = text[lines[i][1] : lines[i + 1][0]]
        reaches = is_full(text, lines[i], lines[i + 1], width)
        breaks = gap.count("\n") or 1
        blank_gaps += breaks > 1
        plain_gaps += breaks == 1
        blank_open += breaks > 1 and not ended[i] and reaches
        indents += indent(text, lines[i + 1]) > 0
        full += reaches
        open_full += reaches and not ended[i]
    # Most lines reach the margin, and most of those stop in mid-sentence: nobody writes paragraphs like that.
    if full < 0.4 * (n - 1) or open_full < 0.5 * full:
        return WrapStyle(0, False, False)
    blank = blank_gaps > 0 and plain_gaps > blank_gaps and blank_open <= 0.2 * blank_gaps
    return WrapStyle(width, 0 < indents < 0.7 * (n - 1), blank)


def _quantile(ascending: Sequence[int], share: float) -> float:
    """Return the quantile of sorted numbers, between two of them by linear interpolation.

    The same figure as `numpy.quantile` to the last bit, without the cost of an array for a few lines.
    """
    place = (len(ascending) - 1) * share
    below = int(place)
    low, high = ascending[below], ascending[min(below + 1, len(ascending) - 1)]
    part = place - below
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)


def is_full(text: str, line: Line, following: Line, width: int) -> bool:
    """Whether the first word of the next line would not have fitted on this one."""
    length = line[1] - line[0] + indent(text, line)
    first = text[following[0]]
    if not _LATIN_WORD.match(first):
        return length >= width - 3
    word = following[0]
    stop = min(following[1], following[0] + 40)
    while word < stop and text[word] not in BLANK_CHARACTERS:
        word += 1
    return length + 1 + word - following[0] > width
