"""Lines of a text in which tables may stand, and the test that keeps prose out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dedup.extraction.tables.cells import names_year, read_cell
from dedup.extraction.tables.grid import Grid
from dedup.text.characters import BLANK_CHARACTERS, NEWLINES

#: Cells of a table in plain text are short; what is longer is a sentence.
MAX_TEXT_CELL = 60
#: Share of the filled body cells of a column that are figures.
NUMERIC_SHARE = 2 / 3

_LINE = re.compile(f"[^{NEWLINES}]+")
_SENTENCE = re.compile(r"[。！？；]|[a-z]{2}[.!?]$")


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line with its place: start and end in the text, and whether it follows the line before without an empty one."""

    start: int
    end: int
    text: str
    follows: bool


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table in a text with its span."""

    origin: str
    grid: Grid
    char_start: int
    char_end: int


def text_lines(text: str) -> list[TextLine]:
    """Return the lines of a text that are not empty."""
    lines: list[TextLine] = []
    before = -2
    for match in _LINE.finditer(text):
        line = match.group()
        if not line.strip(BLANK_CHARACTERS):
            continue
        start, end = match.span()
        follows = start - before == 1 or (start - before == 2 and text[before:start] == "\r\n")
        lines.append(TextLine(start, end, line, follows))
        before = end
    return lines


def runs(lines: Sequence[TextLine], keys: Sequence[int], least: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of at least `least` lines that follow each other with one key; a key of 0 ends a stretch."""
    first = 0
    for at in range(1, len(lines) + 1):
        if at < len(lines) and lines[at].follows and keys[at] == keys[first]:
            continue
        if keys[first] and at - first >= least:
            yield first, at
        first = at


def looks_tabular(rows: Sequence[Sequence[str]], *, numeric_columns: float = 0.0, longest: int = MAX_TEXT_CELL) -> bool:
    """Say whether rows of cells are a table and no prose that happens to have separators.

    Parameters
    ----------
    rows : texts of the cells, all rows of one length
    numeric_columns : least share of columns that hold figures; one is always asked for
    longest : characters of the longest cell

    Notes
    -----
    At least three rows and two columns of short cells without sentences, and a column that holds figures below its
    first row and does not just count the rows or name years.
    """
    if len(rows) < 3 or len(rows[0]) < 2:
        return False
    if 2 * len({tuple(row) for row in rows}) <= len(rows):
        return False  # furniture of pages is repeated
    if any(len(cell) > longest or _SENTENCE.search(cell) for row in rows for cell in row):
        return False
    body = rows[1:]
    numeric, figures = 0, sum(map(_is_figure, rows[0]))
    for x in range(len(rows[0])):
        filled = [row[x] for row in body if row[x]]
        numbers = sum(map(_is_figure, filled))
        figures += numbers
        told = sum(read_cell(cell).kind in ("number", "masked", "none") for cell in filled)
        counts = x == 0 and [cell.strip(".、") for cell in filled] == [
            str(n) for n in range(_first(filled), _first(filled) + len(filled))
        ]
        numeric += numbers >= 2 and told >= NUMERIC_SHARE * len(filled) and not counts
    return numeric >= max(1.0, numeric_columns * len(rows[0])) and figures >= 3


def _is_figure(cell: str) -> bool:
    return read_cell(cell).kind == "number" and not names_year(cell)


def _first(cells: Sequence[str]) -> int:
    number = cells[0].strip(".、") if cells else ""
    return int(number) if number.isdecimal() and len(number) < 9 else 0
