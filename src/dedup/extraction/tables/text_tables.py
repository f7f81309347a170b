"""Tables in a text, of whatever writing."""

from __future__ import annotations

from dedup.extraction.tables.aligned import aligned_tables
from dedup.extraction.tables.delimited import comma_tables, ruled_tables, tab_tables
from dedup.extraction.tables.markdown import markdown_tables
from dedup.extraction.tables.plain_text import TextTable, text_lines

_PIPES = "|｜│┃║"


def find_text_tables(text: str) -> list[TextTable]:
    """Return the tables with figures in a text, in order; where two readings overlap, the more explicit one.

    Parameters
    ----------
    text : text of a document

    Returns
    -------
    tables whose span begins with their first line and ends with their last
    """
    marks = {mark for mark in (*_PIPES, "\t", ",", "  ", "\u3000") if mark in text}
    if not marks:
        return []
    lines = text_lines(text)
    found: list[TextTable] = []
    if "|" in marks:
        found += markdown_tables(lines)
    if marks.intersection(_PIPES):
        found += apart(ruled_tables(lines), _spans(found))
    if "\t" in marks:
        found += apart(tab_tables(lines), _spans(found))
    if "," in marks:
        found += apart(comma_tables(lines), _spans(found))
    if "  " in marks or "\u3000" in marks:
        found += apart(aligned_tables(lines), _spans(found))
    return sorted(found, key=lambda table: table.char_start)


def apart(tables: list[TextTable], spans: list[tuple[int, int]]) -> list[TextTable]:
    """Return the tables that overlap no span; both are in order, and spans do not overlap."""
    kept = []
    at = 0
    for table in tables:
        while at < len(spans) and spans[at][1] <= table.char_start:
            at += 1
        if at == len(spans) or spans[at][0] >= table.char_end:
            kept.append(table)
    return kept


def _spans(tables: list[TextTable]) -> list[tuple[int, int]]:
    return sorted((table.char_start, table.char_end) for table in tables)
