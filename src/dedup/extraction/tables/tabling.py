"""Tables of documents: found in their HTML and text, named, read and placed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from dedup.extraction.tables.captions import caption_above
from dedup.extraction.tables.cell_units import as_unit, stated_units, unit_for
from dedup.extraction.tables.cells import names_year, read_cell
from dedup.extraction.tables.found import FoundTable
from dedup.extraction.tables.grid import MAX_CELLS, Grid, TooLarge
from dedup.extraction.tables.headers import Names, name_grid
from dedup.extraction.tables.html import read_table
from dedup.extraction.tables.layout import judge
from dedup.extraction.tables.placing import Places, Sections, without_space
from dedup.extraction.tables.text_tables import apart, find_text_tables
from dedup.ids import make_id
from dedup.schemas.figures import EXTRACTED_TABLES, TABLE_CELLS

_UNIT_COLUMN = re.compile(r"(?:计量)?单位|units?", re.I)
#: Columns whose whole numbers are names: years, and codes or telephone numbers.
_YEAR_COLUMN = re.compile(r"年|年份|年度|时间|日期|.*\b(?:year|date)\b.*", re.I)
_CODE_COLUMN = re.compile(r".*(?:代码|编码|编号|电话|邮编|手机|身份证|\b(?:code|phone|zip)\b).*", re.I)


@dataclass(frozen=True, slots=True)
class Tabled:
    """Tables of documents.

    Attributes
    ----------
    tables, cells : with the schemas `EXTRACTED_TABLES` and `TABLE_CELLS`
    left_out : tables that are too large, by reason: `too_many_characters` (left out when the page was read),
        `too_many_slots`, `too_many_cells`
    """

    tables: pa.Table
    cells: pa.Table
    left_out: Counter[str]


def extract_tables(documents: pa.Table, sections: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Extract the tables of figures of documents; see `find_tables`.

    Returns
    -------
    tables with the schemas `schemas.EXTRACTED_TABLES` and `schemas.TABLE_CELLS`
    """
    found = find_tables(documents, sections)
    return found.tables, found.cells


def find_tables(documents: pa.Table, sections: pa.Table) -> Tabled:
    """Extract the tables of figures of documents.

    Parameters
    ----------
    documents : table of (doc_id, text, tables_html)
    sections : table of (section_id, doc_id, char_start, char_end); sections of other documents are not read

    Returns
    -------
    the tables in the order of the documents (of a document those of its HTML first, then those in its text), their
    cells row by row, and what was left out

    Notes
    -----
    Published are tables with numbers (`layout.judge`); in the text only those that no prose looks like. `n_numeric`
    says how many cells of the body are numbers: 0 for a table of words with numbers in them. A table that stands in
    the HTML and again in the text is one table of origin `html`, with the span of the text.
    """
    places: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for doc_id, section, start, end in zip(
        *(sections.column(name).to_pylist() for name in ("doc_id", "section_id", "char_start", "char_end")), strict=True
    ):
        places[doc_id].append((start, end, section))
    rows = _Rows()
    for doc_id, text, tables_html in zip(
        *(documents.column(name).to_pylist() for name in ("doc_id", "text", "tables_html")), strict=True
    ):
        found = _tables_of(text or "", tables_html or (), rows.left_out)
        if found:
            rows.take(doc_id, text, found, Sections(places[doc_id]))
    return Tabled(
        pa.Table.from_pydict(rows.tables, schema=EXTRACTED_TABLES),
        pa.Table.from_pydict(rows.cells, schema=TABLE_CELLS),
        rows.left_out,
    )


def _tables_of(text: str, tables_html: Iterable[str], left_out: Counter[str]) -> list[FoundTable]:
    """Return the tables of figures of one document."""
    found: list[FoundTable] = []
    spans: list[tuple[int, int]] = []
    unplaced: dict[str, list[int]] = defaultdict(list)
    places: Places | None = None
    for index, html in enumerate(tables_html):
        if not html:
            left_out["too_many_characters"] += 1
            continue
        try:
            table = read_table(html)
        except TooLarge:
            left_out["too_many_slots"] += 1
            continue
        if table is None or not table.grid.n_rows:
            continue
        places = places or Places(text)
        key = _key(table.grid)
        span = places.next_span(without_space(table.caption) + key) if table.caption else None
        span = span or places.next_span(key)
        if span is not None:
            spans.append(span)
        if judge(table.grid, is_presentation=table.is_presentation) != "data":
            continue
        if table.grid.n_rows * table.grid.n_columns > MAX_CELLS:
            left_out["too_many_cells"] += 1
            continue
        if span is None:
            unplaced[key].append(len(found))
        start, end = span or (None, None)
        found.append(FoundTable("html", table.grid, table.caption, index, start, end))
    for plain in apart(find_text_tables(text), spans):
        if plain.grid.n_rows * plain.grid.n_columns > MAX_CELLS:
            left_out["too_many_cells"] += 1
            continue
        twins = unplaced.get(_key(plain.grid))
        if twins:
            at = twins.pop(0)
            found[at] = replace(found[at], char_start=plain.char_start, char_end=plain.char_end)
        else:
            found.append(FoundTable(plain.origin, plain.grid, "", None, plain.char_start, plain.char_end))
    return found


def _key(grid: Grid) -> str:
    """Return the cells of a grid in order without white space, as the text of the page holds them."""
    return without_space("".join(cell.written for cell in grid.cells))


class _Rows:
    """The rows of the two datasets as they grow."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Any]] = {name: [] for name in EXTRACTED_TABLES.names}
        self.cells: dict[str, list[Any]] = {name: [] for name in TABLE_CELLS.names}
        self.left_out: Counter[str] = Counter()

    def take(self, doc_id: str, text: str, found: list[FoundTable], sections: Sections) -> None:
        """Add the tables of one document."""
        seen: Counter[str] = Counter()
        for ordinal, table in enumerate(found):
            grid = table.grid
            names = name_grid(grid)
            parts = [table.caption, *names.titles]
            if table.char_start is not None:
                parts.insert(0, caption_above(text, table.char_start))
            caption = " ".join(dict.fromkeys(part for part in parts if part))
            content = "\x1e".join(
                [caption, *("\x1d".join(grid.text(y, x) for x in range(grid.n_columns)) for y in range(grid.n_rows))]
            )
            table_id = make_id("b", doc_id, content, str(seen[content]))
            seen[content] += 1
            n_numeric = self._take_cells(table_id, grid, names, caption)
            row = {
                "table_id": table_id,
                "doc_id": doc_id,
                "section_id": None if table.char_start is None else sections.containing(table.char_start),
                "ordinal": ordinal,
                "origin": table.origin,
                "html_index": table.html_index,
                "char_start": table.char_start,
                "char_end": table.char_end,
                "caption": caption,
                "n_rows": grid.n_rows,
                "n_columns": grid.n_columns,
                "header_rows": names.header_rows,
                "header_columns": names.header_columns,
                "n_numeric": n_numeric,
            }
            for name, column in self.tables.items():
                column.append(row[name])

    def _take_cells(self, table_id: str, grid: Grid, names: Names, caption: str) -> int:
        """Add the cells of one table and return how many of its body are numbers."""
        # A unit in the corner, above the names of the rows, holds for the whole table as one in the caption does.
        units = stated_units(caption) or stated_units(" ".join(names.columns[: names.header_columns]))
        body_start = names.header_columns
        unit_column = next((x for x, name in enumerate(names.columns) if _UNIT_COLUMN.fullmatch(name)), None)
        n_numeric = 0
        cells = self.cells
        for y in range(grid.n_rows):
            in_head = y < names.header_rows or y in names.group_rows
            unit_cell = grid.text(y, unit_column) if unit_column is not None and not in_head else ""
            if as_unit(unit_cell) is None and (len(unit_cell) > 8 or any(c.isdigit() for c in unit_cell)):
                unit_cell = ""
            for x in range(grid.n_columns):
                text = grid.text(y, x)
                is_header = in_head or x < body_start
                value, unit = None, None
                if not is_header and text:
                    read = read_cell(text)
                    if read.value is not None and (read.unit or not _is_name(text, names.columns[x])):
                        value = read.value
                        unit = unit_for(read.unit, names.columns[x], unit_cell, names.rows[y], units)
                        n_numeric += 1
                cells["table_id"].append(table_id)
                cells["row_index"].append(y)
                cells["col_index"].append(x)
                cells["row_header"].append(names.rows[y])
                cells["column_header"].append(names.columns[x])
                cells["text"].append(text)
                cells["value"].append(value)
                cells["unit"].append(unit)
                cells["is_header"].append(is_header)
                cells["is_repeated"].append(grid.is_repeated(y, x))
        return n_numeric


def _is_name(text: str, column: str) -> bool:
    """Say whether a whole number names something in its column: a year, a code."""
    if _YEAR_COLUMN.fullmatch(column) and names_year(text):
        return True
    return text.strip().isdecimal() and _CODE_COLUMN.fullmatch(column) is not None
