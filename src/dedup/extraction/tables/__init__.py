"""Tables: from HTML, Markdown, delimited and aligned text to grids of named cells."""

from dedup.extraction.tables.tabling import Tabled, extract_tables, find_tables

__all__ = ["Tabled", "extract_tables", "find_tables"]
