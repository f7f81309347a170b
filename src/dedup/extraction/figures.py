"""Figures of running text: numbers with what they measure, when and for whom, found by the grammar of the language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from dedup.extraction.zh.grammar import read_figures
from dedup.schemas import FOUND_FIGURES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def find_figures(texts: pa.Array, overwritten: NDArray[np.int32]) -> pa.Table:
    """Find the figures of clean texts.

    Parameters
    ----------
    texts : (n,) large_string, clean texts of sections
    overwritten : (n,) int32, the year that the page put in the place of other numbers in a text (`投资2024余万元`),
        0 where none: numbers equal to it before a unit are refused

    Returns
    -------
    table with the schema `schemas.FOUND_FIGURES`, in the order of the texts and of the numbers in them; every text is
    read by itself. Masked and damaged numbers are never rows.
    """
    columns: dict[str, list[object]] = {name: [] for name in FOUND_FIGURES.names}
    for row, (text, year) in enumerate(zip(texts.to_pylist(), overwritten.tolist(), strict=True)):
        for figure in read_figures(text, year):
            columns["row"].append(row)
            columns["clean_start"].append(figure.start)
            columns["clean_end"].append(figure.end)
            columns["value_clean_start"].append(figure.number_start)
            columns["value_clean_end"].append(figure.number_end)
            columns["indicator"].append(figure.indicator)
            columns["obs_value"].append(figure.value)
            columns["value_text"].append(figure.value_text)
            columns["unit"].append(figure.unit)
            columns["value_base"].append(figure.value_base)
            columns["unit_base"].append(figure.unit_base)
            columns["measure"].append(figure.measure)
            columns["comparison"].append(figure.comparison)
            columns["bound"].append(figure.bound)
            columns["scope"].append(figure.scope)
            columns["price_basis"].append(figure.price_basis)
            columns["aggregation"].append(figure.aggregation)
            columns["period_text"].append(figure.period)
            columns["obs_status"].append(figure.status)
    return pa.table(
        {name: pa.array(columns[name], type=FOUND_FIGURES.field(name).type) for name in FOUND_FIGURES.names},
        schema=FOUND_FIGURES,
    )
