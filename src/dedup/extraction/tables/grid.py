"""Grids: tables with their spans resolved, so that every slot knows the cell that covers it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Bounds of the HTML standard for colspan and rowspan.
MAX_COLSPAN = 1000
MAX_ROWSPAN = 65534
#: Cells of a table that is read, and slots of one that is published; a page of a yearbook has a few thousand.
MAX_CELLS = 200_000
#: Slots that resolving spans may touch; a page made to be read has far fewer.
MAX_SLOTS = 2_000_000


class TooLarge(ValueError):
    """A table has more slots than any table made to be read; it is left out and counted."""


@dataclass(slots=True)
class Cell:
    """A cell as its source has it.

    Attributes
    ----------
    text : what a person reads, white space collapsed
    written : the same as the text of the page has it, where superscripts are plain characters
    col_span, row_span : columns and rows it covers; a row span of 0 reaches to the end of its row group
    is_header : marked as a header (`<th>`)
    names_row : marked as the header of a row (`scope=row`)
    in_head : stands in a `<thead>`, or above the rule of a text table
    is_bold : all of its text is
    n_link_chars : characters in links
    n_controls : form fields and buttons
    row, col : its slot at the top left, set by `resolve`
    """

    text: str
    written: str
    col_span: int = 1
    row_span: int = 1
    is_header: bool = False
    names_row: bool = False
    in_head: bool = False
    is_bold: bool = False
    n_link_chars: int = 0
    n_controls: int = 0
    row: int = -1
    col: int = -1


@dataclass(slots=True)
class Grid:
    """Rows of slots, all of one width; a slot holds the index of its cell, or -1 where no cell covers it."""

    slots: list[list[int]]
    cells: list[Cell]

    @property
    def n_rows(self) -> int:
        """Rows."""
        return len(self.slots)

    @property
    def n_columns(self) -> int:
        """Columns."""
        return len(self.slots[0]) if self.slots else 0

    def text(self, row: int, col: int) -> str:
        """Return the text at a slot, empty where no cell covers it."""
        cell = self.slots[row][col]
        return self.cells[cell].text if cell >= 0 else ""

    def is_repeated(self, row: int, col: int) -> bool:
        """Say whether a span puts the text of another slot here."""
        index = self.slots[row][col]
        return index >= 0 and (self.cells[index].row, self.cells[index].col) != (row, col)


def resolve(groups: Iterable[Sequence[Sequence[Cell]]]) -> Grid:
    """Give every cell its slots.

    Parameters
    ----------
    groups : row groups (head, bodies, foot) in the order they are shown; each is a list of rows of cells

    Returns
    -------
    the grid of the table model, with the spans of cells clipped to it

    Raises
    ------
    TooLarge
        The spans cover more than `MAX_SLOTS` slots.

    Notes
    -----
    "Forming a table" of the HTML standard (https://html.spec.whatwg.org/multipage/tables.html), with what it calls
    table model errors mended as browsers do: rows and columns in which no cell begins are dropped (so a row span
    never leaves its row group), and where two cells overlap the earlier one is read.
    """
    cells: list[Cell] = []
    rows: list[list[int]] = []
    n_slots = 0
    for group in groups:
        end = len(rows) + len(group)
        reaching: dict[int, list[tuple[int, int]]] = {}  # by column: (cell, row where its span ends), earlier first
        for row_cells in group:
            y = len(rows)
            row = [-1] * (max(reaching, default=-1) + 1)
            for x, spans in list(reaching.items()):
                if spans[0][1] <= y:
                    spans = [span for span in spans if span[1] > y]
                    if not spans:
                        del reaching[x]
                        continue
                    reaching[x] = spans
                row[x] = spans[0][0]
            x = 0
            for cell in row_cells:
                while x < len(row) and row[x] >= 0:
                    x += 1
                width = min(max(cell.col_span, 1), MAX_COLSPAN)
                below = end if cell.row_span == 0 else min(y + min(max(cell.row_span, 1), MAX_ROWSPAN), end)
                index = len(cells)
                cells.append(cell)
                cell.row, cell.col = y, x
                row.extend([-1] * (x + width - len(row)))
                for slot in range(x, x + width):
                    if row[slot] < 0:
                        row[slot] = index
                    if below > y + 1:
                        reaching.setdefault(slot, []).append((index, below))
                x += width
                n_slots += width
            n_slots += len(row)
            if n_slots > MAX_SLOTS:
                raise TooLarge(f"the spans of a table cover more than {MAX_SLOTS:,} slots")
            rows.append(row)
    return _compact(rows, cells)


def from_rows(rows: Sequence[Sequence[str]], head_rows: int = 0) -> Grid:
    """Return the grid of a table without spans; short rows end in slots that no cell covers.

    Parameters
    ----------
    rows : texts of the cells
    head_rows : rows that stand above the rule of the table
    """
    cells: list[Cell] = []
    width = max(map(len, rows), default=0)
    slots = []
    for y, row in enumerate(rows):
        slots.append([len(cells) + x if x < len(row) else -1 for x in range(width)])
        cells.extend(Cell(text, text, in_head=y < head_rows, row=y, col=x) for x, text in enumerate(row))
    return Grid(slots, cells)


def _compact(rows: list[list[int]], cells: list[Cell]) -> Grid:
    """Make all rows one width and drop rows and columns in which no cell begins."""
    kept_rows = sorted({cell.row for cell in cells})
    kept_columns = sorted({cell.col for cell in cells})
    if len(kept_rows) * len(kept_columns) > MAX_SLOTS:
        raise TooLarge(f"a table has more than {MAX_SLOTS:,} slots")
    slots = []
    for y in kept_rows:
        row = rows[y]
        slots.append([row[x] if x < len(row) else -1 for x in kept_columns])
    new_row = {y: n for n, y in enumerate(kept_rows)}
    new_column = {x: n for n, x in enumerate(kept_columns)}
    for cell in cells:
        cell.row, cell.col = new_row[cell.row], new_column[cell.col]
        cell.col_span = cell.row_span = 1
    for y, row in enumerate(slots):
        for x, index in enumerate(row):
            if index >= 0:
                cell = cells[index]
                cell.row_span = max(cell.row_span, y - cell.row + 1)
                cell.col_span = max(cell.col_span, x - cell.col + 1)
    return Grid(slots, cells)
