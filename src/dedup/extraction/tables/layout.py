"""Tables of data told from tables that only lay out a page, and from tables of words."""

from __future__ import annotations

from typing import Literal

from dedup.extraction.tables.cells import NUMBER_TOKEN, count_numbers, names_year, read_cell
from dedup.extraction.tables.grid import Cell, Grid
from dedup.sources.dom import LONG_CELL_CHARS, LONG_CELL_SHARE, MAX_CELL_CHARS

#: A table of figures holds at least this many numbers, or cells that are nothing but a number.
MIN_NUMBERS = 3
MIN_FIGURES = 2
#: It has this many rows; one with two, the header and a row of figures, has `MIN_NUMBERS` cells that are numbers.
MIN_ROWS = 3
#: A list of links with dates is navigation when this share of its other text is in links.
LINK_SHARE = 0.8

Verdict = Literal["data", "presentation", "too_small", "articles", "form", "links", "words"]


def judge(grid: Grid, *, is_presentation: bool = False) -> Verdict:
    """Say whether a grid holds data with numbers, or why not.

    Returns
    -------
    data : a table of figures
    presentation : it says itself that it lays out
    too_small : one column, or fewer than `MIN_ROWS` rows
    articles : a cell is too long for a table, or holds most of its text
    form : half of the filled cells hold form fields
    links : a list of links with dates beside them
    words : fewer than `MIN_NUMBERS` numbers and `MIN_FIGURES` cells that are numbers

    Notes
    -----
    After the features of Wang and Hu 2002 ("A machine learning based approach for table detection on the web") and
    of WebTables (Cafarella et al. 2008): size, length of cells, forms, links, numbers. They are rules here, since
    the innermost tables that are left after size and numbers are nearly all genuine.
    """
    if is_presentation:
        return "presentation"
    cells = [cell for cell in grid.cells if cell.text or cell.n_controls]
    if grid.n_columns < 2 or grid.n_rows < 2:
        return "too_small"
    figures = sum(read_cell(cell.text).kind == "number" for cell in cells)
    if grid.n_rows < MIN_ROWS and figures < MIN_NUMBERS:
        return "too_small"
    lengths = [len(cell.text) for cell in cells]
    longest = max(lengths, default=0)
    if longest > MAX_CELL_CHARS or (longest > LONG_CELL_CHARS and longest >= LONG_CELL_SHARE * sum(lengths)):
        return "articles"
    if 2 * sum(cell.n_controls > 0 for cell in cells) >= max(len(cells), 1):
        return "form"
    if figures < MIN_FIGURES and sum(count_numbers(cell.text) for cell in cells) < MIN_NUMBERS:
        return "words"
    return "links" if _lists_links(cells) else "data"


def _lists_links(cells: list[Cell]) -> bool:
    """Say whether all numbers stand in dates or in links, and nearly all else is links."""
    linked = other = 0
    for cell in cells:
        text = cell.text.strip("[]()（）〔〕【】 ·•・")
        if not text or names_year(text):
            continue
        letters = len(text) - text.count(" ")
        linked += min(cell.n_link_chars, letters)
        other += letters
        if cell.n_link_chars < LINK_SHARE * letters and NUMBER_TOKEN.search(text):
            return False
    return linked > 0 and linked >= LINK_SHARE * other
