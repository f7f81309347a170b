"""Figures of some texts: the work of one process.

A module of its own, since a process that reads texts imports it and what it needs, not the stages of a run.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.extraction.figures import find_figures


class Texts(NamedTuple):
    """Distinct texts of one part; plain lists, which pickle to what they hold and no more."""

    part: int
    first: int
    texts: list[str]
    overwritten: list[int]


class Found(NamedTuple):
    """Figures of some texts; `row` counts from the first text of the part."""

    part: int
    figures: pa.Table
    failures: list[tuple[int, str]]


def find_in_texts(task: Texts) -> Found:
    """Find the figures of some texts; a text that the grammar fails on is named and left out."""
    try:
        found = find_figures(pa.array(task.texts, pa.large_string()), np.array(task.overwritten, dtype=np.int32))
        return Found(task.part, _shifted(found, task.first), [])
    except Exception:
        # One text must not take the others with it: each is tried alone.
        tables: list[pa.Table] = [schemas.FOUND_FIGURES.empty_table()]
        failures: list[tuple[int, str]] = []
        for i, (text, year) in enumerate(zip(task.texts, task.overwritten, strict=True)):
            try:
                one = find_figures(pa.array([text], pa.large_string()), np.array([year], dtype=np.int32))
                tables.append(_shifted(one, task.first + i))
            except Exception as error:
                failures.append((task.first + i, f"{type(error).__name__}: {error}"))
        return Found(task.part, pa.concat_tables(tables), failures)


def _shifted(found: pa.Table, first: int) -> pa.Table:
    rows = pc.add(found.column("row"), pa.scalar(first, pa.int64()))
    return found.set_column(found.column_names.index("row"), schemas.FOUND_FIGURES.field("row"), rows)
