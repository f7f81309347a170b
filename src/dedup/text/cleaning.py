"""From the span of a section to its clean text, with the map back to the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dedup.text.boilerplate import Noise
from dedup.text.characters import BLANK_CHARACTERS, BLANKS, HAN
from dedup.text.lines import Line
from dedup.text.marks import read_mark
from dedup.text.together import Together
from dedup.text.unwrap import Boundaries, Join, find_boundaries, join_lines

# Marks of Markdown converters at the start of a line; the text's own number or dash after a bullet stays.
_LEADING_MARKS = re.compile(
    rf"(?:#{{1,6}}[{BLANKS}]+|[>＞](?=[^>＞=])[{BLANKS}]*|[-*+][{BLANKS}]+(?=[0-9０-９一二三四五六七八九十]{{1,3}}[、.．]|[（(][一二三四五六七八九十]))+"
)
_BOLD_LINE = re.compile(r"(\*\*|__)([^*_\n]{2,120})\1")
# One or two blanks between two Hanzi; led by the blank, which is rarer than Hanzi.
_INNER_BLANK = re.compile(rf"[ \u3000](?<=[{HAN}][ \u3000])[ \u3000]?(?=[{HAN}])")
#: What blanks to strip and marks to drop start or end with; other lines are kept as they are.
_EDGES = frozenset(BLANK_CHARACTERS + "#>＞-*+_")
_CLAUSE_ENDS = frozenset("，。；、")
_CHUNK_END = re.compile(rf"[^{HAN}]")


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


@dataclass(frozen=True, slots=True)
class Body:
    """What a section is cleaned from.

    Attributes
    ----------
    lines : its lines, heading left out
    noise : site noise among them, as `find_noise` gives it
    """

    lines: Sequence[Line]
    noise: Sequence[Noise]


@dataclass(frozen=True, slots=True)
class _Blank:
    """A blank between two Hanzi that may be what is left of a wrap; `sure` when its surroundings say so."""

    start: int
    end: int
    sure: bool

    def pair(self, text: str) -> str:
        return text[self.start - 1] + text[self.end]


def clean_bodies(text: str, bodies: Sequence[Body]) -> list[CleanText]:
    """Drop noise, join broken lines and keep one line feed between paragraphs, for all sections of a page.

    What the page writes together elsewhere decides about line ends and blanks, so all sections ask the page at once.
    """
    pieces: list[list[list[Line]]] = []
    boundaries: list[Boundaries] = []
    blanks: list[list[_Blank]] = []
    asked: set[str] = set()
    for body in bodies:
        parts, kept = _kept_pieces(text, body.lines, body.noise)
        found = find_boundaries(text, kept)
        inner = _inner_blanks(text, kept)
        pieces.append(parts)
        boundaries.append(found)
        blanks.append(inner)
        asked.update(pair for pairs in found.pairs for pair in pairs)
        asked.update(blank.pair(text) for blank in inner)
    together = Together(text, asked)
    return [
        _assemble(
            text,
            parts,
            join_lines(text, found, together),
            [(blank.start, blank.end) for blank in inner if blank.sure or blank.pair(text) in together],
        )
        for parts, found, inner in zip(pieces, boundaries, blanks, strict=True)
    ]


def _assemble(
    text: str, pieces: Sequence[Sequence[Line]], joins: Sequence[Join | None], blanks: Sequence[Line]
) -> CleanText:
    """Put the kept stretches together."""
    out: list[str] = []
    runs: list[int] = []
    length = 0
    next_blank = 0
    for i, parts in enumerate(pieces):
        if i:
            join = joins[i - 1]
            if join == "-":
                join = ""
                out[-1] = out[-1][:-1]
                length -= 1
                runs[-1] -= 1
            glue = "\n" if join is None else join
            out.append(glue)
            length += len(glue)
        for whole in parts:
            start, end = whole
            while start < end:
                stop, resume = end, end
                while next_blank < len(blanks) and blanks[next_blank][0] < start:
                    next_blank += 1  # it went with the noise around it
                if next_blank < len(blanks) and blanks[next_blank][0] < end:
                    stop, resume = blanks[next_blank]
                    next_blank += 1
                if runs and runs[-3] + runs[-1] == length and runs[-2] + runs[-1] == start:
                    runs[-1] += stop - start
                else:
                    runs.extend((length, start, stop - start))
                out.append(text[start:stop])
                length += stop - start
                start = resume
    return CleanText("".join(out), runs)


def _kept_pieces(text: str, lines: Sequence[Line], noise: Sequence[Noise]) -> tuple[list[list[Line]], list[Line]]:
    """Return the stretches kept of each kept line, and the span of each kept line."""
    pieces: list[list[Line]] = []
    kept: list[Line] = []
    k = 0
    for start, end in lines:
        while k < len(noise) and noise[k].end <= start:
            k += 1
        clear = k == len(noise) or noise[k].start >= end
        if clear and start < end and text[start] not in _EDGES and text[end - 1] not in _EDGES:
            pieces.append([(start, end)])
            kept.append((start, end))
            continue
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
        parts = _strip(text, parts)
        if parts:
            pieces.append(parts)
            kept.append((parts[0][0], parts[-1][1]))
    return pieces, kept


def _strip(text: str, parts: list[Line]) -> list[Line]:
    """Return the stretches of a line without the blanks at its two ends."""
    while parts:
        start, end = parts[0]
        start += (end - start) - len(text[start:end].lstrip(BLANK_CHARACTERS))
        if start < end:
            parts[0] = (start, end)
            break
        del parts[0]
    while parts:
        start, end = parts[-1]
        end = start + len(text[start:end].rstrip(BLANK_CHARACTERS))
        if start < end:
            parts[-1] = (start, end)
            break
        del parts[-1]
    return parts


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


def _inner_blanks(text: str, lines: Sequence[Line]) -> list[_Blank]:
    """Find blanks that a removed wrap may have left inside a word (`分工 协调`).

    At least one side is a scrap of a clause, and the page writes the two sides together elsewhere or the scrap ends a
    clause of a long paragraph. The blank between a heading and its paragraph has a clause on either side and stays.
    """
    blanks: list[_Blank] = []
    for start, end in lines:
        if text.find(" ", start, end) < 0 and text.find("\u3000", start, end) < 0:
            continue
        for match in _INNER_BLANK.finditer(text, start, end):
            first, last = match.span()
            before = _chunk(text[max(start, first - 12) : first][::-1])
            after = _chunk(text[last : min(end, last + 12)])
            if min(before, after) <= 3 and read_mark(text, max(start, first - before), first) is None:
                sure = (
                    before >= 4
                    and after <= 2
                    and end - start >= 60
                    and text[last + after : last + after + 1] in _CLAUSE_ENDS
                )
                blanks.append(_Blank(first, last, sure))
    return blanks


def _chunk(text: str) -> int:
    """Return how many Hanzi a text starts with."""
    match = _CHUNK_END.search(text)
    return match.start() if match else len(text)
