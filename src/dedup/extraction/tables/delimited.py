"""Tables whose cells are divided by tabs, pipes, lines of boxes or commas."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from dedup.extraction.tables.cells import read_cell
from dedup.extraction.tables.grid import from_rows
from dedup.extraction.tables.layout import judge
from dedup.extraction.tables.plain_text import MAX_TEXT_CELL, TextLine, TextTable, looks_tabular, runs
from dedup.text.characters import BLANK_CHARACTERS

#: Comma-separated lines have at least this many cells, no longer than this, and figures in half of the columns:
#: prose has commas too.
MIN_COMMA_CELLS = 4
MAX_COMMA_CELL = 24
COMMA_NUMERIC_COLUMNS = 0.5
#: Lines that one ruled row may take.
MAX_LINES_OF_ROW = 4

_PIPES = re.compile(r"[|｜│┃║]")
_RULE = re.compile(r"(?=.*[-─━═—=┄┈╌]{2})[\s|｜│┃║+:─━═—\-=┄┈╌┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬╞╡╪╟╢╫╒╕╘╛╤╧]+")


def tab_tables(lines: Sequence[TextLine]) -> list[TextTable]:
    """Return the tables of lines divided by tabs.

    Lines have as many cells as the first one, or fewer when they begin with words: empty cells at the end of a line
    are often lost with the white space there.
    """
    cells = [_tab_cells(line.text) if "\t" in line.text else [] for line in lines]
    found = []
    first = 0
    while first < len(lines):
        width, end = len(cells[first]), first + 1
        while end < len(lines) and lines[end].follows and width >= 2:
            row = cells[end]
            if len(row) != width and not (2 <= len(row) < width and read_cell(row[0]).kind in ("text", "year")):
                break
            end += 1
        if width >= 2:
            found += _table(lines, cells, first, end, 0.0, MAX_TEXT_CELL)
        first = end
    return found


def comma_tables(lines: Sequence[TextLine]) -> list[TextTable]:
    """Return the tables of lines of comma-separated values; the commas of Chinese prose never divide cells."""
    cells = [_comma_cells(line.text) if line.text.count(",") >= MIN_COMMA_CELLS - 1 else [] for line in lines]
    found = []
    for first, end in runs(lines, [len(row) if len(row) >= MIN_COMMA_CELLS else 0 for row in cells], 3):
        found += _table(lines, cells, first, end, COMMA_NUMERIC_COLUMNS, MAX_COMMA_CELL)
    return found


def _table(
    lines: Sequence[TextLine], cells: Sequence[list[str]], first: int, end: int, numeric: float, longest: int
) -> list[TextTable]:
    """Return the table of some lines, if they are one."""
    if end - first < 3:
        return []
    width = len(cells[first])
    rows = _without_empty_columns([row + [""] * (width - len(row)) for row in cells[first:end]])
    if not looks_tabular(rows, numeric_columns=numeric, longest=longest):
        return []
    grid = from_rows(rows)
    if judge(grid) != "data":
        return []
    return [TextTable("delimited", grid, lines[first].start, lines[end - 1].end)]


def _tab_cells(line: str) -> list[str]:
    return [cell.strip(BLANK_CHARACTERS) for cell in line.split("\t")]


def _comma_cells(line: str) -> list[str]:
    if '"' in line:
        try:
            return [cell.strip(BLANK_CHARACTERS) for cell in next(csv.reader([line], strict=True))]
        except (csv.Error, StopIteration):
            return []
    return [cell.strip(BLANK_CHARACTERS) for cell in line.split(",")]


def _without_empty_columns(rows: list[list[str]]) -> list[list[str]]:
    kept = [x for x in range(len(rows[0])) if any(row[x] for row in rows)]
    return [[row[x] for x in kept] for row in rows]


def ruled_tables(lines: Sequence[TextLine]) -> list[TextTable]:
    """Return the tables of lines divided by pipes (`|`, `｜`) or drawn as boxes (`│`, `─`)."""
    is_rule = [_RULE.fullmatch(line.text) is not None for line in lines]
    cells = [
        _pipe_cells(line.text) if not rule and _PIPES.search(line.text) else []
        for line, rule in zip(lines, is_rule, strict=True)
    ]
    found = []
    first = 0
    while first < len(lines):
        width = 0
        end = first
        while end < len(lines) and (end == first or lines[end].follows):
            if not is_rule[end]:
                if len(cells[end]) < 2 or (width and len(cells[end]) != width):
                    break
                width = len(cells[end])
            end += 1
        if width and end - first >= 3:
            table = _ruled(lines, cells, is_rule, first, end)
            if table is not None:
                found.append(table)
        first = max(end, first + 1)
    return found


def _pipe_cells(line: str) -> list[str]:
    cells = [cell.strip(BLANK_CHARACTERS) for cell in _PIPES.split(line.strip(BLANK_CHARACTERS))]
    if len(cells) > 2 and not cells[0] and not cells[-1]:
        return cells[1:-1]
    return cells


def _ruled(
    lines: Sequence[TextLine], cells: Sequence[list[str]], is_rule: Sequence[bool], first: int, end: int
) -> TextTable | None:
    groups: list[list[list[str]]] = [[]]
    for at in range(first, end):
        if is_rule[at]:
            groups.append([])
        else:
            groups[-1].append(list(cells[at]))
    groups = [group for group in groups if group]
    ruled_rows = len(groups) >= 3 and max(map(len, groups)) <= MAX_LINES_OF_ROW
    wrapped = any("" in row for group in groups for row in group[1:])
    rows: list[list[str]] = []
    for number, group in enumerate(groups):
        if len(group) > 1 and ((ruled_rows and wrapped) or (number == 0 and len(groups) == 2 and "" in group[-1])):
            rows.append(["".join(parts) for parts in zip(*group, strict=True)])
        else:
            rows.extend(group)
    rows = _without_empty_columns(rows)
    if not looks_tabular(rows):
        return None
    grid = from_rows(rows, head_rows=1 if len(groups) == 2 and len(groups[0]) == 1 else 0)
    if judge(grid) != "data":
        return None
    return TextTable("delimited", grid, lines[first].start, lines[end - 1].end)
