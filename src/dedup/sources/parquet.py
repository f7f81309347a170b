"""Parquet files, streamed by row group; only the columns that are needed are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.sources.batch import Rejected
from dedup.sources.errors import Refused
from dedup.sources.mapping import map_columns, no_text_column
from dedup.sources.records import Chunk, RecordFile, documents_from_records

#: Bytes per character of Chinese in UTF-8, for sizing the batches that are asked for.
_BYTES_PER_CHAR = 3


def _as_strings(column: pa.Array, role: str) -> pa.Array:
    """Return a column as UTF-8 strings; days and moments in ISO form.

    Raises
    ------
    Refused
        `wrong_type`, when the values are lists, structs or the like
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if role in {"text", "html"}:
        return _as_text(column, role)
    if pa.types.is_string(kind):
        return column
    if pa.types.is_timestamp(kind) and kind.tz is not None and role == "published_at":
        column = pc.local_timestamp(column)  # the day as its owner's clock shows it
    try:
        if pa.types.is_floating(kind):
            whole = pc.cast(column, pa.int64())  # pandas turns integers with gaps into floats
            return pc.cast(whole, pa.string())
    except pa.ArrowInvalid:
        return pc.cast(column, pa.string())
    try:
        return pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise Refused("wrong_type", f"the column for {role} holds {kind}, expected strings ({error})") from error


def _as_text(column: pa.Array, role: str) -> pa.Array:
    """Return a column of texts as valid UTF-8 strings, or as binary when it has to be decoded record by record."""
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return column.cast(pa.binary())
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise Refused("wrong_type", f"the column for {role} holds {kind}, expected strings or bytes")
    column = column.cast(pa.string())
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:  # Parquet does not check that its strings are UTF-8
        return column.cast(pa.binary())
    return column


def _open(stream: BinaryIO) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(stream, pre_buffer=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Refused("broken_parquet", f"its footer cannot be read ({_first_line(error)}); write it again") from error


def _rows_per_batch(file: pq.ParquetFile, group: int, columns: list[str], batch_chars: int) -> int:
    meta = file.metadata.row_group(group)
    size: int = sum(
        meta.column(i).total_uncompressed_size
        for i in range(meta.num_columns)
        if meta.column(i).path_in_schema.split(".")[0] in columns
    )
    rows = max(int(meta.num_rows), 1)
    return max(1, min(rows, int(batch_chars * _BYTES_PER_CHAR / max(size / rows, 1))))


def read_parquet(stream: BinaryIO, file: RecordFile) -> Iterator[tuple[pa.Table | None, list[Rejected]]]:
    """Yield documents and refusals of a Parquet file; a damaged row group costs only its own rows.

    Raises
    ------
    Refused
        `broken_parquet`, `no_text_column` or `wrong_type`: nothing of the file can be read
    """
    parquet = _open(stream)
    names = parquet.schema_arrow.names
    mapping = map_columns(names, file.entry.source.columns)
    if "text" not in mapping and "html" not in mapping:
        raise no_text_column(names, file.entry.source.columns)
    wanted = list(dict.fromkeys(mapping.values()))
    for group in range(parquet.num_row_groups):
        size = _rows_per_batch(parquet, group, wanted, file.read.batch_chars)
        done = 0
        try:
            for batch in parquet.iter_batches(batch_size=size, row_groups=[group], columns=wanted, use_threads=True):
                yield from _documents(batch, mapping, file)
                done += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            rows = parquet.metadata.row_group(group).num_rows
            reason = f"{rows - done} rows of row group {group} cannot be read ({_first_line(error)}); write it again"
            yield None, [file.refuse("broken_parquet", reason, key=f"row-group-{group}", rows=rows - done)]


def _documents(
    batch: pa.RecordBatch, mapping: dict[str, str], file: RecordFile
) -> Iterator[tuple[pa.Table | None, list[Rejected]]]:
    columns = {role: _as_strings(batch.column(name), role) for role, name in mapping.items()}
    yield documents_from_records(Chunk(columns, "parquet"), file)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def read_names(stream: BinaryIO) -> list[str]:
    """Return the names of a Parquet file's columns.

    Raises
    ------
    Refused
        `broken_parquet`
    """
    return list(_open(stream).schema_arrow.names)
