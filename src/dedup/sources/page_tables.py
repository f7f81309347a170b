"""The tables of a page as HTML: the evidence from which grids are read later.

Kept are innermost tables in the order of the page: a table that holds another lays out a page (Wang and Hu 2002 call
the innermost ones leaf tables and look for data in them only), and what it lays out is in the text. Tables in parts
that a browser shows only on demand (tabs, dialogs, footers) are kept too. Whether a table holds data is not judged
here, except that one row or one column of cells never does.
"""

from __future__ import annotations

import re
from typing import Any

#: Largest HTML of one table that is kept, and of all tables of a page; an empty string stands for what is beyond.
MAX_TABLE_CHARS = 2_000_000
MAX_TABLES_CHARS = 4_000_000

ROW_TAG = re.compile(r"<tr(?=[\s/>])")
CELL_TAG = re.compile(r"<t[dh](?:[\s/][^>]*)?>")


def has_two_rows_and_columns(html: str) -> bool:
    """Say whether the HTML of a table has two rows, and two cells in one of them."""
    rows = ROW_TAG.split(html)[1:]
    return len(rows) >= 2 and any(len(CELL_TAG.findall(row)) >= 2 for row in rows)


class PageTables:
    """The tables of one page, as they are met in a walk over its tree."""

    def __init__(self) -> None:
        self.html: list[str] = []
        self._room = MAX_TABLES_CHARS

    def keep(self, table: Any) -> str | None:
        """Keep a table and return its HTML; None for one that lays out a page by its form.

        Looking for a table inside ends at the first one and innermost tables do not overlap, so that each part of
        the page is looked at once, however deep tables are nested.
        """
        if table.query_selector("table") is not None:
            return None
        html: str = table.html
        if not has_two_rows_and_columns(html):
            return None
        fits = len(html) <= min(MAX_TABLE_CHARS, self._room)
        self._room -= len(html) if fits else 0
        self.html.append(html if fits else "")
        return html

    def keep_within(self, top: Any) -> None:
        """Keep the tables in and below an element that is not walked into."""
        if top.tag != "table" and top.query_selector("table") is None:
            return
        node, depth = top, 0
        while node is not None:
            if node.type == 1 and node.tag == "table":
                self.keep(node)
            child = node.first_child
            if child is not None:
                node, depth = child, depth + 1
                continue
            following = node.next if depth else None
            while following is None and depth:
                node, depth = node.parent, depth - 1
                following = node.next if depth else None
            node = following
