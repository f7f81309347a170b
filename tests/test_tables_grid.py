"""Spans of tables against a literal reading of the HTML standard, and what is too large for any table."""

import time
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.extraction.tables.grid import MAX_COLSPAN, Cell, Grid, TooLarge, from_rows, resolve
from dedup.extraction.tables.html import read_table

Spans = list[list[list[tuple[int, int]]]]  # row groups of rows of (colspan, rowspan)


def by_the_standard(groups: Spans) -> list[list[int]]:
    """The algorithm for forming a table, step by step, then without rows and columns that anchor no cell.

    Of cells that overlap (an error of the table, says the standard) the earlier one counts.
    """
    slots: dict[tuple[int, int], set[int]] = defaultdict(set)
    anchors: list[tuple[int, int]] = []
    x_width = y_height = y_current = 0
    for rows in groups:
        growing: list[tuple[int, int, int]] = []
        for row in rows:
            if y_height == y_current:
                y_height += 1
            for cell, x, width in growing:
                for c in range(x, x + width):
                    slots[c, y_current].add(cell)
            x_current = 0
            for colspan, rowspan in row:
                while x_current < x_width and (x_current, y_current) in slots:
                    x_current += 1
                if x_current == x_width:
                    x_width += 1
                colspan, grows = min(max(colspan, 1), 1000), rowspan == 0
                rowspan = max(rowspan, 1)
                x_width = max(x_width, x_current + colspan)
                y_height = max(y_height, y_current + rowspan)
                cell = len(anchors)
                anchors.append((x_current, y_current))
                for y in range(y_current, y_current + rowspan):
                    for x in range(x_current, x_current + colspan):
                        slots[x, y].add(cell)
                if grows:
                    growing.append((cell, x_current, colspan))
                x_current += colspan
            y_current += 1
        while y_current < y_height:
            for cell, x, width in growing:
                for c in range(x, x + width):
                    slots[c, y_current].add(cell)
            y_current += 1
    columns = sorted({x for x, _ in anchors})
    return [[min(slots.get((x, y), {-1})) for x in columns] for y in sorted({y for _, y in anchors})]


def grid_of(groups: Spans) -> Grid:
    return resolve([[[Cell("", "", col_span=c, row_span=r) for c, r in row] for row in rows] for rows in groups])


spans = st.tuples(st.integers(0, 4), st.integers(0, 4))
tables = st.lists(st.lists(st.lists(spans, max_size=4), max_size=5), max_size=3)


@given(tables)
@settings(max_examples=400)
def test_every_slot_is_covered_as_the_standard_says(groups: Spans) -> None:
    assert grid_of(groups).slots == by_the_standard(groups)


@given(tables)
def test_html_gives_the_same_grid_as_its_spans(groups: Spans) -> None:
    html = "".join(
        "<tbody>"
        + "".join("<tr>" + "".join(f"<td colspan='{c}' rowspan={r}>x</td>" for c, r in row) + "</tr>" for row in rows)
        + "</tbody>"
        for rows in groups
    )
    table = read_table(f"<table>{html}</table>")
    assert table is not None
    assert table.grid.slots == by_the_standard(groups)


def test_cells_know_where_they_begin_and_how_far_they_reach() -> None:
    grid = grid_of([[[(1, 2), (2, 1)], [(1, 1), (1, 9)], [(2, 1)]]])
    assert grid.slots == [[0, 1, 1], [0, 2, 3], [4, 4, 3]]
    first, wide, _, long, _ = grid.cells
    assert (first.row, first.col, first.row_span) == (0, 0, 2)
    assert (wide.col, wide.col_span) == (1, 2)
    assert long.row_span == 2
    assert grid.is_repeated(1, 0)
    assert not grid.is_repeated(0, 0)


def test_a_row_span_of_zero_ends_with_its_row_group() -> None:
    grid = grid_of([[[(1, 0), (1, 1)], [(1, 1)], [(1, 1)]], [[(1, 1), (1, 1)]]])
    assert [row[0] for row in grid.slots] == [0, 0, 0, 4]


def test_columns_and_rows_in_which_no_cell_begins_are_dropped() -> None:
    grid = grid_of([[[(999_999, 70_000)], [], [(2, 1), (2, 1)]]])
    assert (grid.n_rows, grid.n_columns) == (2, 3)


@pytest.mark.parametrize(
    "html",
    [
        "<tr>" + "<td colspan=1000>1</td>" * 3000 + "</tr>",
        "<tr><td>1</td></tr>" * 9 + ("<tr>" + "<td colspan=1000 rowspan=65534>1</td>" * 5 + "</tr>") * 120,
        "".join("<tr>" + "<td></td>" * i + "</tr>" for i in range(700)),
    ],
    ids=["wide", "wide and long", "staircase"],
)
def test_bombs_of_spans_are_refused_at_once(html: str) -> None:
    started = time.process_time()
    with pytest.raises(TooLarge):
        read_table(f"<table>{html}</table>")
    assert time.process_time() - started < 12


@pytest.mark.parametrize("span", ["100000", "1e9", "-3", "+2", "  2 ", "2.7", "٣", "x", "", "9" * 5000, "0"])
def test_spans_that_are_no_numbers_are_read_as_browsers_do(span: str) -> None:
    table = read_table(f"<table><tr><td colspan='{span}'>a</td><td>b</td></tr><tr><td>c</td></tr></table>")
    assert table is not None
    assert table.grid.n_columns == 2
    assert table.grid.text(0, 0) == "a"
    assert MAX_COLSPAN == 1000


def test_short_rows_of_text_tables_end_in_slots_without_cells() -> None:
    grid = from_rows([["a", "b"], ["c"]], head_rows=1)
    assert grid.slots == [[0, 1], [2, -1]]
    assert grid.text(1, 1) == ""
    assert [cell.in_head for cell in grid.cells] == [True, True, False]
