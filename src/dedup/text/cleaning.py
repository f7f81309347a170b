"""From the span of a section to its clean text, with the map back to the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dedup.text.boilerplate import Noise
from dedup.text.characters import BLANK_CHARACTERS, BLANKS, HAN
from dedup.text.lines import Line
from dedup.text.unwrap import join_lines

# Marks of Markdown converters at the start of a line; the text's own number or dash after a bullet stays.
_LEADING_MARKS = re.compile(
    rf"(?:#{{1,6}}[{BLANKS}]+|[>＞](?=[^>＞=])[{BLANKS}]*|[-*+][{BLANKS}]+(?=[0-9０-９一二三四五六七八九十]{{1,3}}[、.．]|[（(][一二三四五六七八九十]))+"
)
_BOLD_LINE = re.compile(r"(\*\*|__)([^*_\n]{2,120})\1")
_INNER_BLANK = re.compile(rf"(?<=[{HAN}]) {{1,2}}(?=[{HAN}])")


@dataclass(frozen=True, slots=True)
class CleanText:
    """The text of a section without noise.

    Attributes
    ----------
    text : clean text; whatever is not covered by `runs` is a line feed or a blank that was put in
    runs : flat triples (start in `text`, start in the page, length), ascending
    """

    text: str
    runs: list[int]


def clean_section(text: str, lines: Sequence[Line], noise: Sequence[Noise]) -> CleanText:
    """Drop noise, join broken lines and keep one line feed between paragraphs.

    Parameters
    ----------
    text : the page
    lines : lines of the section without its heading
    noise : site noise among them, as `find_noise` gives it
    """
    pieces, kept = _kept_pieces(text, lines, noise)
    joins = join_lines(text, kept)
    out: list[str] = []
    runs: list[int] = []
    length = 0
    for i, parts in enumerate(pieces):
        if i:
            separator = joins[i - 1]
            glue = "\n" if separator is None else separator
            out.append(glue)
            length += len(glue)
        for start, end in parts:
            if runs and runs[-3] + runs[-1] == length and runs[-2] + runs[-1] == start:
                runs[-1] += end - start
            else:
                runs.extend((length, start, end - start))
            out.append(text[start:end])
            length += end - start
    return CleanText("".join(out), runs)


def _kept_pieces(text: str, lines: Sequence[Line], noise: Sequence[Noise]) -> tuple[list[list[Line]], list[Line]]:
    """Return the stretches kept of each kept line, and the span of each kept line."""
    pieces: list[list[Line]] = []
    kept: list[Line] = []
    k = 0
    for start, end in lines:
        while k < len(noise) and noise[k].end <= start:
            k += 1
        parts: list[Line] = []
        position = start
        j = k
        while j < len(noise) and noise[j].start < end:
            if noise[j].start > position:
                parts.append((position, noise[j].start))
            position = max(position, noise[j].end)
            j += 1
        if position < end:
            parts.append((position, end))
        if parts and parts[0][0] == start:
            parts = _without_marks(text, parts, end)
        parts = [p for p in (_strip(text, *part) for part in parts) if p[1] > p[0]]
        if parts:
            pieces.append(_without_inner_blanks(text, parts))
            kept.append((parts[0][0], parts[-1][1]))
    return pieces, kept


def _strip(text: str, start: int, end: int) -> Line:
    """Return the span without the blanks at its ends."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip(BLANK_CHARACTERS))
    return start + left, max(start + left, start + len(piece.rstrip(BLANK_CHARACTERS)))


def _without_marks(text: str, parts: list[Line], end: int) -> list[Line]:
    """Drop Markdown marks at the start of a line, and bold marks around a whole line."""
    start, stop = parts[0]
    marks = _LEADING_MARKS.match(text, start, stop)
    if marks:
        start = marks.end()
    if len(parts) == 1 and text.startswith(("**", "__"), start):
        bold = _BOLD_LINE.fullmatch(text, start, end)
        if bold:
            start, stop = bold.start(2), bold.end(2)
    return [(start, stop), *parts[1:]]


def _without_inner_blanks(text: str, parts: list[Line]) -> list[Line]:
    return parts
