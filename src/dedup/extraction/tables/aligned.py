"""Tables whose columns are set apart by blanks: at least two, or an ideographic one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dedup.extraction.tables.grid import Cell, Grid, from_rows, resolve
from dedup.extraction.tables.layout import judge
from dedup.extraction.tables.plain_text import MAX_TEXT_CELL, TextLine, TextTable, looks_tabular, runs
from dedup.text.characters import BLANKS

#: Lines at the top whose cells may span columns of the lines below.
MAX_SPANNING_LINES = 2
#: Columns beyond which lines are no table but letters set apart.
MAX_COLUMNS = 40

_TOKEN = re.compile(rf"[^{BLANKS}]+(?:[ \u00a0][^{BLANKS}]+)*")
#: Characters two columns wide on a terminal (East Asian Width W and F, UAX 11), as ranges no Python version changes.
_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6"
    "\u3000\U00020000-\U0003fffd]"
)
#: Dots that lead the eye to a page number.
_LEADERS = re.compile(r"[.·…]{4,}|…{2,}|(?:[.．]\s){4,}")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    left: int
    right: int


def aligned_tables(lines: Sequence[TextLine]) -> list[TextTable]:
    """Return the tables of at least three lines whose cells stand below each other, wide characters counted twice.

    Columns are the stretches that a gap runs past through all lines below the header; a cell of the header above
    several of them spans them. Lines that keep the number of cells but not their places are read cell by cell.
    """
    tokens = [_tokens(line.text) for line in lines]
    found = []
    for first, end in runs(lines, [int(len(row) >= 2) for row in tokens], 3):
        rows = tokens[first:end]
        grid = _by_columns(rows) or _by_count(rows)
        if grid is not None and judge(grid) == "data":
            found.append(TextTable("aligned", grid, lines[first].start, lines[end - 1].end))
    return found


def _tokens(line: str) -> list[_Token]:
    """Return the cells of a line with their places on a terminal; none for a line that cannot be a row."""
    if ("  " not in line and "\u3000" not in line) or "\t" in line or len(line) > 400 or _LEADERS.search(line):
        return []
    found: list[_Token] = []
    column, position = 0, 0
    for match in _TOKEN.finditer(line):
        start, end = match.span()
        left = column + _width(line[position:start])
        column = left + _width(match.group())
        position = end
        if end - start > MAX_TEXT_CELL:
            return []
        found.append(_Token(match.group(), left, column))
    return found if len(found) <= MAX_COLUMNS else []


def _width(text: str) -> int:
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def _by_columns(rows: Sequence[Sequence[_Token]]) -> Grid | None:
    """Return the grid of the columns that gaps leave, trying whether the first lines span them."""
    for above in range(min(MAX_SPANNING_LINES, len(rows) - 2) + 1):
        columns = _columns(rows[above:])
        if len(columns) < 2:
            continue
        body = [_texts(row, columns) for row in rows[above:]]
        if any(row is None for row in body):
            continue
        heads = [_spanning(row, columns) for row in rows[:above]]
        if any(row is None for row in heads):
            continue
        top = [[cell.text for cell in row or () for _ in range(cell.col_span)] for row in heads]
        texts = [*top, *(row for row in body if row is not None)]
        if looks_tabular(texts[max(above - 1, 0) :]):
            cells = [row for row in heads if row is not None]
            cells += [[Cell(text, text) for text in row] for row in body if row is not None]
            return resolve([cells])
    return None


def _columns(rows: Sequence[Sequence[_Token]]) -> list[tuple[int, int]]:
    """Return the stretches that are left when what no line covers is taken out."""
    columns: list[tuple[int, int]] = []
    for left, right in sorted((token.left, token.right) for row in rows for token in row):
        if columns and left < columns[-1][1] + 1:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def _texts(row: Sequence[_Token], columns: Sequence[tuple[int, int]]) -> list[str] | None:
    """Return the cells of a line by column; None where two cells of it stand in one column."""
    texts = [""] * len(columns)
    for token in row:
        at = next(n for n, (left, right) in enumerate(columns) if left <= token.left < right)
        if texts[at]:
            return None
        texts[at] = token.text
    return texts


def _spanning(row: Sequence[_Token], columns: Sequence[tuple[int, int]]) -> list[Cell] | None:
    """Return the cells of a line of the header with the columns they span; None where one stands beside all."""
    cells: list[Cell] = []
    grouped = _over_equal_groups(row, columns)
    if grouped is not None:
        return grouped
    filled = 0
    for token in row:
        below = [n for n, (left, right) in enumerate(columns) if left < token.right and token.left < right]
        if not below or below[0] < filled:
            return None
        cells.extend(Cell("", "") for _ in range(below[0] - filled))
        cells.append(Cell(token.text, token.text, col_span=len(below)))
        filled = below[-1] + 1
    cells.extend(Cell("", "") for _ in range(len(columns) - filled))
    return cells


def _over_equal_groups(row: Sequence[_Token], columns: Sequence[tuple[int, int]]) -> list[Cell] | None:
    """Return the cells of a line whose every cell stands centred above as many columns, stubs at the left apart."""
    for stubs in range(3):
        size, rest = divmod(len(columns) - stubs, len(row))
        if rest or size < 2:
            continue
        groups = [columns[stubs + n * size : stubs + (n + 1) * size] for n in range(len(row))]
        if all(
            group[0][0] <= (token.left + token.right) / 2 <= group[-1][1]
            for token, group in zip(row, groups, strict=True)
        ):
            return [Cell("", "") for _ in range(stubs)] + [Cell(t.text, t.text, col_span=size) for t in row]
    return None


def _by_count(rows: Sequence[Sequence[_Token]]) -> Grid | None:
    """Return the grid of lines that have one number of cells, at least three."""
    width = len(rows[0])
    if width < 3 or any(len(row) != width for row in rows):
        return None
    texts = [[token.text for token in row] for row in rows]
    return from_rows(texts) if looks_tabular(texts) else None
