"""Which rows and columns of a grid are headers, and what they call the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from dedup.extraction.tables.cells import CellKind, names_year, read_cell
from dedup.extraction.tables.grid import Cell, Grid

#: More rows of headers than this are none.
MAX_HEADER_ROWS = 6
#: The same for columns.
MAX_HEADER_COLUMNS = 5
#: A title is no longer than this; a longer text over the whole width is a note.
MAX_TITLE_CHARS = 120
#: Share of the filled cells of a column that decides what the column holds.
MOST = 0.6

_SERIAL = re.compile(r"序号|编号|序|行次|名次|排名|位次|no\.?|#|№|rank(?:ing)?(?: .*)?|s/?n", re.I)
_RANK = re.compile(r"([0-9]{1,5})\s*(?:[.、．=]|[(（](?:tie|tied|并列)[)）])?")
_NOTE = re.compile(r"注\s*[：:]?|备注|说明|资料来源|数据来源|来源\s*[：:]|note|source|\*", re.I)
_UNIT_ROW = re.compile(r"[(（\[]?\s*(?:计量)?单位\s*[：:]|[(（\[]?\s*units?\s*:", re.I)
_FIGURES: tuple[CellKind, ...] = ("number", "none", "masked")


@dataclass(slots=True)
class Names:
    """What the headers of a grid say.

    Attributes
    ----------
    titles : texts over the whole width at the top, in order
    header_rows : rows at the top that name the columns, titles included
    header_columns : columns at the left that name the rows
    columns, rows : name of each column and row, levels joined by ` / `
    group_rows : rows of the body that only name the rows below them
    """

    titles: list[str]
    header_rows: int
    header_columns: int
    columns: list[str]
    rows: list[str]
    group_rows: set[int] = field(default_factory=set)


def name_grid(grid: Grid) -> Names:
    """Find the headers of a grid.

    Notes
    -----
    Marks (`thead`, `th`, `scope`) decide where they are used to tell cells apart. Without them the first row is a
    header when it holds no figures and stands over a column that does; sub-headers follow where its cells span.
    Columns of words at the left name the rows, as many of them as it takes to tell the rows apart.
    """
    title_texts = _titles(grid)
    titles = len(title_texts)
    n_rows = min(_marked_rows(grid, titles) or _inferred_rows(grid, titles), max(grid.n_rows - 1, 0))
    groups = _group_rows(grid, n_rows)
    body = [y for y in range(n_rows, grid.n_rows) if y not in groups]
    n_columns, serial = _header_columns(grid, n_rows, body)
    columns = [
        _join(grid.text(y, x) for y in range(titles, n_rows) if not _spans_all(grid, y)) for x in range(grid.n_columns)
    ]
    rows, group = [""] * grid.n_rows, ""
    for y in range(n_rows, grid.n_rows):
        if y in groups:
            group = grid.text(y, 0)
        names = (grid.text(y, x) for x in range(serial, n_columns)) if not _spans_all(grid, y) else ()
        rows[y] = _join((group, *names))
    return Names(title_texts, n_rows, n_columns, columns, rows, groups)


def _join(levels: Iterable[str]) -> str:
    names: list[str] = []
    for level in levels:
        if level and (not names or names[-1] != level):
            names.append(level)
    return " / ".join(names)


def _cells_of(grid: Grid, y: int) -> list[Cell]:
    """Return the distinct cells of a row from the left."""
    indices = dict.fromkeys(i for i in grid.slots[y] if i >= 0)
    return [grid.cells[i] for i in indices]


def _spans_all(grid: Grid, y: int) -> bool:
    """Say whether one cell fills the row, or stands alone in it."""
    row = grid.slots[y]
    return row[0] >= 0 and all(i == row[0] or i < 0 for i in row) and bool(grid.cells[row[0]].text)


def _titles(grid: Grid) -> list[str]:
    """Return the rows at the top that are titles: one cell over the whole width, or a lone statement of the unit."""
    found: list[str] = []
    while grid.n_columns > 1 and len(found) < min(grid.n_rows - 1, 3):
        filled = [c for c in _cells_of(grid, len(found)) if c.text]
        if len(filled) != 1 or filled[0].row_span > 1 or len(filled[0].text) > MAX_TITLE_CHARS:
            break
        text = filled[0].text
        is_title = _spans_all(grid, len(found)) and read_cell(text).kind in ("text", "year")
        if not is_title and not _UNIT_ROW.match(text):
            break
        found.append(text)
    return found


def _marked_rows(grid: Grid, first: int) -> int:
    """Return the end of the header rows that are marked as such; 0 where marks do not tell them apart."""
    in_head = [all(c.in_head for c in _cells_of(grid, y)) for y in range(grid.n_rows)]
    headers = [_is_header_row(_cells_of(grid, y)) for y in range(grid.n_rows)]
    n = first
    if not all(in_head):
        while n < grid.n_rows and in_head[n]:
            n += 1
    if not all(headers[first:]):
        while n < grid.n_rows and headers[n]:
            n += 1
    if n == first:
        bold = [_is_bold_row(_cells_of(grid, y)) for y in range(first, grid.n_rows)]
        n += 0 if all(bold) else bold.index(False)
    if n == first or n - first > MAX_HEADER_ROWS:
        return 0
    return _with_sub_headers(grid, first, n)


def _is_header_row(cells: list[Cell]) -> bool:
    filled = [c for c in cells if c.text]
    return len(filled) > 1 and all(c.is_header for c in filled)


def _is_bold_row(cells: list[Cell]) -> bool:
    filled = [c for c in cells if c.text]
    figures = sum(read_cell(c.text).kind == "number" and not names_year(c.text) for c in filled)
    return len(filled) > 1 and not figures and all(c.is_bold for c in filled)


def _inferred_rows(grid: Grid, first: int) -> int:
    """Return the end of the header rows of a table without marks; `first` where the top row looks like the others."""
    if first >= grid.n_rows - 1 or not _names_columns(grid, first):
        return first
    return _with_sub_headers(grid, first, first + 1)


def _with_sub_headers(grid: Grid, first: int, end: int) -> int:
    """Return the end of the header rows with those that their spans make headers too."""
    limit = min(first + MAX_HEADER_ROWS, grid.n_rows - 1)
    while end < limit:
        reach = max((c.row + c.row_span for y in range(first, end) for c in _cells_of(grid, y)), default=end)
        if reach > limit:
            break  # a cell along the whole table is no header of columns
        if reach > end:
            end = reach
        elif _has_groups(grid, end - 1) and not _has_figures(grid, end):
            end += 1
        else:
            break
    return max(end, first)


def _has_groups(grid: Grid, y: int) -> bool:
    return any(1 < c.col_span < grid.n_columns for c in _cells_of(grid, y))


def _has_figures(grid: Grid, y: int) -> bool:
    filled = [c.text for c in _cells_of(grid, y) if c.text]
    return not filled or any(read_cell(text).kind in _FIGURES and not names_year(text) for text in filled)


def _names_columns(grid: Grid, y: int) -> bool:
    """Say whether a row without marks names the columns: no figures in it, but figures below in some column."""
    cells = [c for c in _cells_of(grid, y) if c.text]
    if len(cells) < 2 or 2 * sum(i >= 0 and bool(grid.cells[i].text) for i in grid.slots[y]) < grid.n_columns:
        return False
    if cells[0].text.endswith((":", "：")) or any(_FIGURE.match(c.text) and not names_year(c.text) for c in cells):
        return False
    for x in range(grid.n_columns):
        index = grid.slots[y][x]
        if index < 0:
            continue
        name = grid.cells[index]
        below = [t for yy in range(name.row + name.row_span, grid.n_rows) if (t := grid.text(yy, x))]
        dated = names_year(name.text)
        figures = sum(_FIGURE.match(t) is not None and not (dated and names_year(t)) for t in below)
        if name.text and below and 2 * figures >= len(below):
            return True
    return False


#: A text that begins with a number, as figures and ranges do.
_FIGURE = re.compile(r"(?:[-+−–—~≈<>＜＞≥≤$€£¥￥(（⭐约近超]|US\$|HK\$)*\s*\d")


def _has_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)


def _group_rows(grid: Grid, first: int) -> set[int]:
    """Return the rows of the body that one cell fills and that are followed by rows of cells."""
    found: set[int] = set()
    if grid.n_columns < 2:
        return found
    for y in range(first, grid.n_rows - 1):
        text = grid.text(y, 0)
        if (
            _spans_all(grid, y)
            and len(text) <= MAX_TITLE_CHARS
            and not _NOTE.match(text)
            and grid.cells[grid.slots[y][0]].row_span == 1
            and not _spans_all(grid, y + 1)
            and read_cell(text).kind in ("text", "year")
        ):
            found.add(y)
    return found


def _header_columns(grid: Grid, n_header_rows: int, body: list[int]) -> tuple[int, int]:
    """Return how many columns at the left name the rows, and how many of these only count them."""
    limit = grid.n_columns - 1
    if not body or limit < 1:
        return 0, 0
    serial = int(limit > 1 and _counts_rows(grid, n_header_rows, body) and _holds(grid, body, 1, _is_word))
    n = 0
    while n < min(limit, MAX_HEADER_COLUMNS) and _marks_rows(grid, body, n):
        n += 1
    if n > serial:
        return n, serial
    words = serial
    while words < min(limit, MAX_HEADER_COLUMNS) and _holds(grid, body, words, _is_word):
        words += 1
    if words == serial:
        dated = _holds(grid, body, 0, names_year) and len({grid.text(y, 0) for y in body}) == len(body)
        return (1, 0) if dated else (0, 0)
    n = serial + 1
    while n < words and not _tells_apart(grid, body, serial, n):
        n += 1
    if not _tells_apart(grid, body, serial, n) and not _grouped(grid, body, serial):
        n = serial + 1  # no number of columns of words tells all rows apart: the first one names them
    return n, serial


def _tells_apart(grid: Grid, body: list[int], start: int, end: int) -> bool:
    names = [tuple(grid.text(y, x) for x in range(start, end)) for y in body]
    return len(set(names)) == len(names)


def _grouped(grid: Grid, body: list[int], x: int) -> bool:
    return any(grid.is_repeated(y, x) for y in body)


def _marks_rows(grid: Grid, body: list[int], x: int) -> bool:
    cells = [grid.cells[i] for y in body if (i := grid.slots[y][x]) >= 0 and grid.cells[i].text]
    return bool(cells) and sum(c.is_header or c.names_row for c in cells) >= 0.8 * len(cells)


def _counts_rows(grid: Grid, n_header_rows: int, body: list[int]) -> bool:
    """Say whether the first column counts the rows: 1, 2, 3 …, or its header says so over whole numbers."""
    numbers = [int(match[1]) for y in body if (match := _RANK.fullmatch(grid.text(y, 0)))]
    if len(numbers) < MOST * len(body):
        return False
    if len(numbers) > 1 and all(b - a in (0, 1) for a, b in pairwise(numbers)):
        return numbers[0] in (0, 1)
    ranked = all(a <= b for a, b in pairwise(numbers)) and numbers[-1] <= len(body) + 1
    if ranked and numbers[:1] == [1] and len(numbers) > 2 and len(set(numbers)) > len(numbers) // 2:
        return True  # ranks with ties
    return n_header_rows > 0 and _SERIAL.fullmatch(grid.text(n_header_rows - 1, 0).strip()) is not None


def _is_word(text: str) -> bool:
    return read_cell(text).kind == "text"


def _holds(grid: Grid, body: list[int], x: int, test: Callable[[str], bool]) -> bool:
    filled = [t for y in body if (t := grid.text(y, x))]
    return bool(filled) and sum(map(test, filled)) >= MOST * len(filled)
