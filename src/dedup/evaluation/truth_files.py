"""The truth beside a sample: its tables, written in row groups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TRUTH_SECTIONS = pa.schema(
    [
        ("section", pa.string()),
        ("uri", pa.string()),
        ("char_start", pa.int32()),
        ("char_end", pa.int32()),
        ("body_start", pa.int32()),
        ("kind", pa.string()),
        ("report", pa.string()),
        ("edition", pa.int32()),
        ("role", pa.string()),
        ("heading", pa.string()),
        ("place", pa.string()),
        ("year", pa.int32()),
        ("year_review", pa.int32()),
        ("year_review_state", pa.string()),
        ("year_plan", pa.int32()),
        ("year_plan_state", pa.string()),
        ("region_code", pa.string()),
        ("figures", pa.string()),
        ("damage", pa.list_(pa.string())),
        ("head", pa.string()),
        ("tail", pa.string()),
    ]
)
TRUTH_PAIRS = pa.schema(
    [
        ("section_a", pa.string()),
        ("section_b", pa.string()),
        ("uri_a", pa.string()),
        ("char_start_a", pa.int32()),
        ("uri_b", pa.string()),
        ("char_start_b", pa.int32()),
        ("relation", pa.string()),
        ("edit_rate", pa.float64()),
        ("edit_mode", pa.string()),
        ("jaccard", pa.float64()),
        ("edit_similarity", pa.float64()),
        ("meets", pa.bool_()),
    ]
)
TRUTH_PASSAGES = pa.schema(
    [
        ("passage", pa.string()),
        ("uri", pa.string()),
        ("char_start", pa.int32()),
        ("char_end", pa.int32()),
        ("source_uri", pa.string()),
        ("source_start", pa.int32()),
        ("source_end", pa.int32()),
        ("edit_rate", pa.float64()),
    ]
)
TRUTH_FIGURES = pa.schema(
    [
        ("uri", pa.string()),
        ("char_start", pa.int32()),
        ("char_end", pa.int32()),
        ("value", pa.string()),
        ("unit", pa.string()),
        ("indicator", pa.string()),
        ("state", pa.string()),
    ]
)
#: Rows of a row group, so that files do not depend on how many pages were made at a time.
_ROW_GROUP = 20_000


def rows_table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Return rows, values in the order of the schema, as a table."""
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table([pa.array(column, type=f.type) for column, f in zip(columns, schema, strict=True)], schema=schema)


class TruthFile:
    """Collects tables and writes them in row groups of one size."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._waiting: list[pa.Table] = [schema.empty_table()]
        self._n_waiting = 0
        self.n = 0

    def add(self, table: pa.Table) -> None:
        """Add the rows of a table."""
        self._waiting.append(table)
        self.n += table.num_rows
        self._n_waiting += table.num_rows
        if self._n_waiting >= _ROW_GROUP:
            self._write(self._n_waiting // _ROW_GROUP * _ROW_GROUP)

    def _write(self, n: int) -> None:
        table = pa.concat_tables(self._waiting).combine_chunks()
        self._writer.write_table(table.slice(0, n), row_group_size=_ROW_GROUP)
        # A copy, so that what is written can be freed.
        self._waiting = [table.slice(n).take(pa.array(range(table.num_rows - n), pa.int64()))]
        self._n_waiting = table.num_rows - n

    def close(self) -> None:
        """Write what is left and close the file."""
        if self._n_waiting:
            self._write(self._n_waiting)
        self._writer.close()
