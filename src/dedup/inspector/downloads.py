"""Lists as files: CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

Form = Literal["csv", "parquet"]
FORMS: tuple[Form, ...] = ("csv", "parquet")
MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
#: Rows of a download at most; whoever needs more reads the files of the release.
ROWS = 200_000


@dataclass(frozen=True)
class Download:
    """A list to be sent as a file.

    Attributes
    ----------
    name : of the file, without its ending
    form : csv or parquet
    rows : an Arrow table, or plain rows
    """

    name: str
    form: Form
    rows: pa.Table | list[dict[str, Any]] = field(repr=False)

    def content(self) -> bytes:
        """Return the bytes of the file."""
        table = self.rows if isinstance(self.rows, pa.Table) else pa.Table.from_pylist(self.rows)
        sink = io.BytesIO()
        if self.form == "parquet":
            import pyarrow.parquet as pq

            pq.write_table(table, sink, compression="zstd")
        else:
            import pyarrow.csv as csv

            # A byte order mark, since spreadsheets take UTF-8 without it for something else.
            sink.write(b"\xef\xbb\xbf")
            csv.write_csv(_flat(table), sink)
        return sink.getvalue()


def _flat(table: pa.Table) -> pa.Table:
    """Return a table that CSV can hold: lists joined by ` | `, no text that a spreadsheet takes for a formula.

    Pages are written by strangers: a text that begins with one of = + - @ is run by spreadsheets, so an apostrophe
    stands before it. Parquet files have the texts as they are.
    """
    columns: list[pa.ChunkedArray] = []
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_list(column.type) or pa.types.is_struct(column.type):
            column = pa.chunked_array([pa.array([_joined(v) for v in column.to_pylist()], pa.string())])
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pc.replace_substring_regex(column, r"\A([=+\-@\t\r])", r"'\1")
        columns.append(column)
    return pa.table(columns, names=table.column_names)


def _joined(value: Any) -> str | None:
    if value is None:
        return None
    return " | ".join(map(str, value)) if isinstance(value, list) else str(value)
