"""A table as it is found, before it has an id and a section."""

from __future__ import annotations

from dataclasses import dataclass

from dedup.extraction.tables.grid import Grid


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table of figures.

    Attributes
    ----------
    origin : one of `schemas.figures.TABLE_ORIGINS`
    grid : its slots and cells
    caption : caption or title lines, those at the top of the grid apart
    html_index : place in `documents.tables_html`, None for tables in the text
    char_start, char_end : span in `documents.text`, None where it is not there
    """

    origin: str
    grid: Grid
    caption: str
    html_index: int | None
    char_start: int | None
    char_end: int | None
