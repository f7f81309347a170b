"""The columns a suite looks at, as a data frame: texts never enter it, only what is measured on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.quality.suites import Suite
from dedup.schemas import DATASETS

if TYPE_CHECKING:
    import pandas as pd

#: Rows measured at a time: bounds the memory of the measurements on memory-mapped tables.
_SLICE = 1 << 16


def _characters(column: str) -> Callable[[pa.Table], Any]:
    return lambda table: pc.utf8_length(table[column])


def _lost_ratio(table: pa.Table) -> Any:
    lost = pc.cast(pc.count_substring(table["text"], "\ufffd"), pa.float64())
    return pc.divide(lost, pc.max_element_wise(pc.cast(pc.utf8_length(table["text"]), pa.float64()), 1.0))


def _mapped_chars(table: pa.Table) -> Any:
    """Sum the lengths of the (clean_start, char_start, length) triples of `clean_map`."""
    sums: list[np.ndarray] = [np.zeros(0, dtype=np.int64)]
    for chunk in table["clean_map"].chunks:
        values = np.asarray(chunk.flatten().to_numpy(zero_copy_only=False), dtype=np.int64)
        ends = np.concatenate([[0], np.cumsum(values[2::3])])
        counts = np.asarray(pc.fill_null(pc.list_value_length(chunk), 0).to_numpy(), dtype=np.int64) // 3
        stops = np.cumsum(counts)
        sums.append(ends[stops] - ends[stops - counts])
    return pa.array(np.concatenate(sums))


def _invented_ratio(table: pa.Table) -> Any:
    """Share of clean_text that `clean_map` does not trace to the page, line feeds and blanks aside.

    These are put in where lines end or are joined; a list of short lines has one for every few characters.
    """
    n_chars = np.asarray(table["n_chars"].to_numpy(), dtype=np.float64)
    mapped = np.asarray(_mapped_chars(table).to_numpy(), dtype=np.float64)
    blanks = np.asarray(pc.count_substring_regex(table["clean_text"], "[ \n]").to_numpy(), dtype=np.float64)
    return pa.array(np.maximum(n_chars - mapped - blanks, 0.0) / np.maximum(n_chars, 1.0))


#: Columns made for the suites: (dataset, name) -> (columns needed, how).
MEASURES: dict[tuple[str, str], tuple[tuple[str, ...], Callable[[pa.Table], Any]]] = {
    ("documents", "text_chars"): (("text",), _characters("text")),
    ("documents", "nul_chars"): (("text",), lambda table: pc.count_substring(table["text"], "\x00")),
    ("documents", "lost_ratio"): (("text",), _lost_ratio),
    ("documents", "published_year"): (("published_at",), lambda table: pc.year(table["published_at"])),
    ("sections", "clean_text_chars"): (("clean_text",), _characters("clean_text")),
    ("sections", "mapped_chars"): (("clean_map",), _mapped_chars),
    ("sections", "invented_ratio"): (("clean_map", "n_chars", "clean_text"), _invented_ratio),
    ("reports", "clean_text_chars"): (("clean_text",), _characters("clean_text")),
    ("membership", "stands_for_itself"): (
        ("section_id", "stands_for"),
        lambda table: pc.equal(table["section_id"], table["stands_for"]),
    ),
}


def identifying_columns(dataset: str) -> list[str]:
    """Return the columns that name a row of the dataset: its key and, where it has one, its source."""
    key = list(DATASETS[dataset].key)
    return [*key, "source"] if key and "source" in DATASETS[dataset].schema.names and "source" not in key else key


def build_frame(parts: pa.Table | Iterable[pa.Table], suite: Suite) -> pd.DataFrame:
    """Return what `suite` looks at, with the dataset's key, on Arrow-backed columns.

    Parameters
    ----------
    parts : a table, or the parts of one, each of which may be forgotten when the next is asked for
    suite : names the columns; those that the table lacks are left out, and the expectations on them then cannot
        run, which is reported as an error

    Returns
    -------
    one row per row, in order, with the columns of the suite and those that name a row
    """
    import pandas as pd

    wanted = suite.columns | set(identifying_columns(suite.dataset))
    tables = [_looked_at(part, suite.dataset, wanted) for part in ([parts] if isinstance(parts, pa.Table) else parts)]
    table = pa.concat_tables(tables or [DATASETS[suite.dataset].schema.empty_table()])
    if not table.num_columns:
        return pd.DataFrame(index=range(table.num_rows))
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def _looked_at(table: pa.Table, dataset: str, wanted: set[str]) -> pa.Table:
    columns = {name: table[name] for name in table.column_names if name in wanted}
    for (owner, name), (needed, measure) in MEASURES.items():
        if owner == dataset and name in wanted and set(needed) <= set(table.column_names):
            columns[name] = _measured(table.select(needed), measure)
    return pa.table(columns)


def _measured(table: pa.Table, measure: Callable[[pa.Table], Any]) -> pa.ChunkedArray:
    chunks: list[pa.Array] = []
    for start in range(0, max(1, table.num_rows), _SLICE):
        part = measure(table.slice(start, _SLICE))
        chunks += part.chunks if isinstance(part, pa.ChunkedArray) else [part]
    # A table without rows may have no chunks, which say no type.
    return pa.chunked_array(chunks, type=part.type)
