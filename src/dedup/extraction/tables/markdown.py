"""Pipe tables of Markdown, by the GitHub Flavored Markdown specification (section 4.10, tables)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dedup.extraction.tables.grid import from_rows
from dedup.extraction.tables.layout import judge
from dedup.extraction.tables.plain_text import TextLine, TextTable
from dedup.text.characters import BLANK_CHARACTERS

_DELIMITER_CELL = re.compile(r":?-+:?")
_PIPE = re.compile(r"(?<!\\)\|")


def split_row(line: str) -> list[str]:
    r"""Return the cells of a row: outer pipes may be missing, `\|` is a pipe in a cell."""
    line = line.strip(BLANK_CHARACTERS)
    cells = _PIPE.split(line)
    if len(cells) > 1 and not cells[0]:
        cells = cells[1:]
    if len(cells) > 1 and not cells[-1]:
        cells = cells[:-1]
    return [cell.strip(BLANK_CHARACTERS).replace("\\|", "|") for cell in cells]


def is_delimiter_row(line: str) -> bool:
    """Say whether a line is the row of hyphens below the header."""
    if "-" not in line or "|" not in line:
        return False
    return all(map(_DELIMITER_CELL.fullmatch, split_row(line)))


def markdown_tables(lines: Sequence[TextLine]) -> list[TextTable]:
    """Return the tables with figures: a header, a row of hyphens of as many cells, rows until one without a pipe.

    Rows are filled with empty cells or cut to the width of the header, as the specification asks.
    """
    found: list[TextTable] = []
    at = 1
    while at < len(lines):
        line = lines[at]
        if not (line.follows and "|" in lines[at - 1].text and is_delimiter_row(line.text)):
            at += 1
            continue
        header = split_row(lines[at - 1].text)
        width = len(header)
        end = at + 1
        if width != len(split_row(line.text)) or (found and found[-1].char_end > lines[at - 1].start):
            at = end
            continue
        rows = [header]
        while end < len(lines) and lines[end].follows and "|" in lines[end].text:
            cells = split_row(lines[end].text)
            rows.append((cells + [""] * (width - len(cells)))[:width])
            end += 1
        grid = from_rows(rows, head_rows=1)
        if judge(grid) == "data":
            found.append(TextTable("markdown", grid, lines[at - 1].start, lines[end - 1].end))
        at = end
    return found
