"""The columns a suite looks at, as a data frame: texts never enter it, only what is measured on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.quality.report import key_columns
from dedup.schemas import DATASETS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: Rows measured at a time: bounds the memory of the measurements on memory-mapped tables.
_SLICE = 1 << 16
#: Rows that are looked at at once: a frame of them takes about 100 MB.
PIECE_ROWS = 1 << 19

#: Rows among which new ones are looked for at once, and bytes of them that are handed on together.
_LOOKED_AT = 1024
_PART_BYTES = 64 << 20


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
    key = list(key_columns(dataset))
    return [*key, "source"] if "source" in DATASETS[dataset].schema.names and "source" not in key else key


def measured(table: pa.Table, dataset: str, columns: set[str]) -> pa.Table:
    """Return those of `columns` that the table has or that can be measured on it, with those that name a row.

    Columns that are neither are left out; the expectations on them then cannot run, which is reported as an error.
    """
    wanted = columns | set(identifying_columns(dataset))
    found = {name: table[name] for name in table.column_names if name in wanted}
    for (owner, name), (needed, measure) in MEASURES.items():
        if owner == dataset and name in wanted and set(needed) <= set(table.column_names):
            found[name] = _measure(table.select(needed), measure)
    return pa.table(found)


def as_frame(table: pa.Table) -> pd.DataFrame:
    """Return a table as a data frame over NumPy arrays, which Great Expectations is done with in a third of the time.

    Integers with nulls among them become float64, exact for all that these datasets hold.
    """
    import pandas as pd

    if not table.num_columns:
        return pd.DataFrame(index=range(table.num_rows))
    # Of numbers, Great Expectations compares only these two types with a bound at once, all others one by one.
    wide = {f.name: pa.int64() for f in table.schema if pa.types.is_integer(f.type)}
    table = table.cast(pa.schema([f.with_type(wide.get(f.name, f.type)) for f in table.schema]))
    return table.to_pandas(date_as_object=False)


def pieces(parts: pa.Table | Iterable[pa.Table], rows: int = PIECE_ROWS) -> Iterator[pa.Table]:
    """Yield a table in pieces of at most `rows` rows, at least one; parts are passed on as they come."""
    if isinstance(parts, pa.Table):
        for start in range(0, max(1, parts.num_rows), rows):
            yield parts.slice(start, rows)
    else:
        yield from parts


def fresh_parts(table: pa.Table, known: NDArray[np.bool_]) -> Iterator[pa.Table]:
    """Yield the rows of a table that are not known, copied some megabytes at a time: texts may lie in a mapped file.

    Parameters
    ----------
    known : (n,) rows that are left out
    """
    waiting: list[pa.Table] = []
    n_bytes = 0
    for start in (np.unique(np.flatnonzero(~known) // _LOOKED_AT) * _LOOKED_AT).tolist():
        fresh = ~known[start : start + _LOOKED_AT]
        part = table.slice(start, _LOOKED_AT)
        waiting.append(part if fresh.all() else part.filter(pa.array(fresh)))
        n_bytes += waiting[-1].nbytes
        if n_bytes >= _PART_BYTES:
            yield pa.concat_tables(waiting)
            waiting, n_bytes = [], 0
    if waiting:
        yield pa.concat_tables(waiting)


def _measure(table: pa.Table, measure: Callable[[pa.Table], Any]) -> pa.ChunkedArray:
    chunks: list[pa.Array] = []
    for start in range(0, max(1, table.num_rows), _SLICE):
        part = measure(table.slice(start, _SLICE))
        chunks += part.chunks if isinstance(part, pa.ChunkedArray) else [part]
    # A table without rows may have no chunks, which say no type.
    return pa.chunked_array(chunks, type=part.type)
