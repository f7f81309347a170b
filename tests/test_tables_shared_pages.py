"""Tables of human-reviewed pages, where they are there: how many are found, and fifteen checked by hand."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.extraction.tables import extract_tables
from dedup.sources.html import read_html

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpora" / "html_tables_dev.parquet"

pytestmark = pytest.mark.skipif(
    not CORPUS.exists(),
    reason="the reviewed pages (../shared/corpora/html_tables_dev.parquet) are not beside this checkout",
)

#: Page, position among its published tables: rows, columns, header rows, header columns, caption, and cells as
#: (row, column): (text, row header, column header, value, unit).
CHECKED: dict[tuple[str, int], tuple[int, int, int, int, str, dict]] = {
    # Two levels of headers in bold cells, spans of columns, words among figures.
    ("dev/0334", 0): (
        *(12, 5, 2, 1, ""),
        {
            (2, 1): ("$260.93", "Advantage", "Example 1 / Prepay Rate", 260.93, "$"),
            (3, 4): ("$429.83", "Alamo", "Example 2 / Pay on Arrival Rate", 429.83, "$"),
            (10, 4): ("Not available from JFK", "Sixt", "Example 2 / Pay on Arrival Rate", None, None),
            (11, 1): ("Not offered", "Thrifty", "Example 1 / Prepay Rate", None, None),
        },
    ),
    # Rows that one cell spans name the rows below them; units inside the cells.
    ("dev/0096", 0): (
        *(44, 4, 1, 1, ""),
        {
            (1, 3): ("Vegetables", "Vegetables", "Amounts for 4 people", None, None),
            (2, 1): ("1 and a half", "Vegetables / Onions", "Amounts per person", None, None),
            (2, 2): ("3", "Vegetables / Onions", "Amounts for 2 people", 3, None),
            (3, 2): ("160g", "Vegetables / Celery", "Amounts for 2 people", 160, "g"),
            (43, 3): ("1130g", "Frozen / Peas", "Amounts for 4 people", 1130, "g"),
        },
    ),
    # A title row over the whole width, a column that ranks, a column that names.
    ("dev/0327", 0): (
        *(52, 3, 2, 2, "Average hourly digital marketing service rates in 2024"),
        {
            (2, 2): ("$14.55", "Alaska", "Average Hourly Rate", 14.55, "$"),
            (51, 2): ("$132.04", "Delaware", "Average Hourly Rate", 132.04, "$"),
        },
    ),
    # The unit of a column in its header, unless the cell states another.
    ("dev/0286", 0): (
        *(103, 4, 1, 2, ""),
        {
            (1, 2): ("107,764,591", "State Farm Group", "NPW ($’000)", 107764591, "$’000"),
            (1, 3): ("16.4", "State Farm Group", "% Change", 16.4, "%"),
            (102, 2): ("$937,771,506", "Total U.S. P&C Industry", "NPW ($’000)", 937771506, "$"),
            (102, 3): ("", "Total U.S. P&C Industry", "% Change", None, None),
        },
    ),
    # The unit of the table in its corner, a year as header, a falling figure, one that is not meaningful.
    ("dev/0286", 3): (
        *(11, 3, 1, 1, ""),
        {
            (2, 1): ("130.0", "Net Income", "2024", 130, "$ bn"),
            (2, 2): ("101.8", "Net Income", "Year Change (%)", 101.8, "%"),
            (3, 1): ("-11.6", "Unrealized Capital Gains/(Losses)", "2024", -11.6, "$ bn"),
            (3, 2): ("NM", "Unrealized Capital Gains/(Losses)", "Year Change (%)", None, None),
        },
    ),
    # A calendar: no column names its rows, empty days are one cell.
    ("dev/0418", 0): (
        *(6, 7, 1, 0, "December 2025"),
        {(1, 6): ("7", "", "S", 7, None), (5, 2): ("31", "", "W", 31, None), (5, 4): ("", "", "F", None, None)},
    ),
    # Units behind a comma, two tables side by side with an empty column between.
    ("dev/0415", 1): (
        *(13, 9, 1, 1, ""),
        {
            (1, 2): ("10.93", "🇬🇧 Eng", "SIMD, GB/s", 10.93, "GB/s"),
            (1, 4): ("", "🇬🇧 Eng", "", None, None),
            (12, 7): ("11.58", "🇯🇵 Jap ⁰", "SIMD, GB/s", 11.58, "GB/s"),
        },
    ),
    # A caption, money in words.
    ("dev/0046", 0): (
        *(8, 4, 1, 1, "Ticker Information Table"),
        {
            (1, 1): ("$243.5 billion", "Salesforce (NYSE:CRM)", "Market cap", 243.5, "$ billion"),
            (1, 2): ("0.64%", "Salesforce (NYSE:CRM)", "Dividend yield", 0.64, "%"),
            (7, 3): ("IT Services", "DigitalOcean (NYSE:DOCN)", "Industry", None, None),
        },
    ),
    # Names and values below each other: no row is a header, spans of years are no numbers.
    ("dev/0220", 0): (
        *(11, 2, 0, 1, "Report Details for US Plumbing Fixtures & Fittings"),
        {
            (0, 1): ("$18.4 billion", "Current Total Market Size", "", 18.4, "$ billion"),
            (2, 1): ("2014-2024", "Historical Period", "", None, None),
        },
    ),
    # Ticks under a bold header row: published for the numbers in its words, no cell is one.
    ("dev/0288", 0): (
        *(13, 3, 1, 1, ""),
        {
            (2, 1): ("", "U.S. driver’s license", "Foreign Status", None, None),
            (2, 2): ("✓", "U.S. driver’s license", "Identity", None, None),
        },
    ),
    # A head, a column that counts the rows.
    ("dev/0019", 0): (
        *(8, 7, 1, 2, ""),
        {
            (1, 5): ("$$", "Embarque", "Price Range", None, None),
            (1, 6): ("4.9", "Embarque", "Rating", 4.9, None),
            (7, 1): ("Coinband", "Coinband", "Company", None, None),
        },
    ),
    # Ranges are no numbers; the rates that name the rows stay figures.
    ("dev/0304", 1): (
        *(8, 5, 1, 0, ""),
        {
            (1, 0): ("10 %", "", "Tax Rate", 10, "%"),
            (1, 1): ("$0 – $11,925", "", "Single Filers", None, None),
            (7, 1): ("$626,351+", "", "Single Filers", 626351, "$"),
        },
    ),
    # Row headers marked with scope.
    ("dev/0021", 0): (
        *(9, 3, 1, 1, ""),
        {
            (2, 1): ("$4,576", "Housing (Off Campus with Parent)", "Full Time", 4576, "$"),
            (8, 2): ("$1,756", "Transportation", "Half Time", 1756, "$"),
        },
    ),
    # Ranks with ties, shares of two in one cell.
    ("dev/0103", 0): (
        *(21, 9, 1, 2, ""),
        {
            (1, 3): ("37% / 40%", "Chicago Booth School of Business", "International Students/ Women", None, None),
            (2, 2): ("3 (tie)", "Kellogg School of Management", "Previous US News Ranking", None, None),
            (20, 7): ("706", "UT McCombs School of Business", "Average GMAT Score", 706, None),
        },
    ),
    # Only the table with figures of a page whose eleven small tables hold a year each.
    ("dev/0281", 0): (
        *(3, 2, 0, 1, ""),
        {(0, 1): ("New York, United States", "Headquarters:", "", None, None)},
    ),
}


@pytest.fixture(scope="module")
def found() -> tuple[list[dict], dict[str, list[dict]], dict[str, list[dict]]]:
    pages = pq.read_table(CORPUS, columns=["doc_id", "html", "data_tables"]).to_pylist()
    read = [read_html(page["html"].decode("utf-8", "replace")) for page in pages]
    documents = pa.table(
        {
            "doc_id": [page["doc_id"] for page in pages],
            "text": [page.text for page in read],
            "tables_html": pa.array([list(page.tables) for page in read], pa.list_(pa.string())),
        }
    )
    sections = pa.table(
        {
            "section_id": [f"s_{page['doc_id']}" for page in pages],
            "doc_id": documents["doc_id"],
            "char_start": [0] * len(pages),
            "char_end": [len(page.text) for page in read],
        }
    )
    tables, cells = extract_tables(documents, sections)
    by_page: dict[str, list[dict]] = {page["doc_id"]: [] for page in pages}
    for table in tables.to_pylist():
        by_page[table["doc_id"]].append(table)
    by_table: dict[str, list[dict]] = {}
    for cell in cells.to_pylist():
        by_table.setdefault(cell["table_id"], []).append(cell)
    return pages, by_page, by_table


def test_tables_with_numbers_are_found(found: tuple) -> None:
    pages, by_page, _ = found
    truth = sum(page["data_tables"] for page in pages)
    published = sum(map(len, by_page.values()))
    right = sum(min(page["data_tables"], len(by_page[page["doc_id"]])) for page in pages)
    assert right / published >= 0.95
    assert right / truth >= 0.95


@pytest.mark.parametrize("place", CHECKED, ids=lambda place: f"{place[0]}-{place[1]}")
def test_tables_checked_by_hand(found: tuple, place: tuple[str, int]) -> None:
    _, by_page, by_table = found
    n_rows, n_columns, header_rows, header_columns, caption, expected = CHECKED[place]
    table = by_page[place[0]][place[1]]
    assert table["origin"] == "html"
    assert (table["n_rows"], table["n_columns"]) == (n_rows, n_columns)
    assert (table["header_rows"], table["header_columns"]) == (header_rows, header_columns)
    assert table["caption"] == caption
    cells = {(c["row_index"], c["col_index"]): c for c in by_table[table["table_id"]]}
    assert len(cells) == n_rows * n_columns
    assert table["n_numeric"] == sum(c["value"] is not None for c in cells.values())
    names = ("text", "row_header", "column_header", "value", "unit")
    for slot, cell in expected.items():
        assert tuple(cells[slot][name] for name in names) == cell, slot
