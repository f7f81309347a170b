"""The truth beside a sample: its tables, written in row groups."""

from __future__ import annotations

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
#: Rows of a row group.
_FLUSH = 20_000


class TruthFile:
    """Collects rows and writes them in row groups."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._schema = schema
        self._rows: list[tuple[Any, ...]] = []
        self.n = 0

    def add(self, *row: Any) -> None:
        """Add a row, in the order of the schema."""
        self._rows.append(row)
        self.n += 1
        if len(self._rows) >= _FLUSH:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            columns = list(zip(*self._rows, strict=True))
            arrays = [pa.array(column, type=f.type) for column, f in zip(columns, self._schema, strict=True)]
            self._writer.write_table(pa.table(arrays, schema=self._schema))
            self._rows = []

    def close(self) -> None:
        """Write what is left and close the file."""
        self._flush()
        self._writer.close()
