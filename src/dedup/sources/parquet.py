"""Parquet files, streamed by row group; only the columns that are needed are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.sources.batch import Rejected
from dedup.sources.errors import Refused
from dedup.sources.mapping import map_columns, no_text_column
from dedup.sources.records import Chunk, RecordFile, documents_from_records

#: Bytes per character of Chinese in UTF-8, for sizing the batches that are asked for.
_BYTES_PER_CHAR = 3
#: Without a buffer a whole column of a row group is fetched at once, which may be gigabytes.
_BUFFER = 1 << 20
#: Bytes of text that are made at once from values that rows share, and from which on the expansion is judged.
_MAX_PART = 64 << 20
_JUDGED_FROM = 256 << 20


def _as_strings(column: pa.Array, role: str) -> pa.Array | None:
    """Return a column as UTF-8 strings, days and moments in ISO form; None when it cannot say what its role asks for.

    Raises
    ------
    Refused
        `wrong_type`, when the texts are lists, structs or the like
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if role in {"text", "html"}:
        return _as_text(column, role)
    if pa.types.is_timestamp(kind) and kind.tz is not None and role == "published_at":
        column = pc.local_timestamp(column)  # the day as its owner's clock shows it
    if pa.types.is_floating(kind):
        with suppress(pa.ArrowInvalid):  # numbers with fractions stay as they are
            column = pc.cast(column, pa.int64())  # pandas turns integers with gaps into floats
    try:
        strings = column.cast(pa.string())
        strings.validate(full=True)
    except pa.ArrowNotImplementedError:
        return None
    except pa.ArrowInvalid:
        raw = column.cast(pa.binary()).to_pylist()
        return pa.array([v if v is None else v.decode("utf-8", "replace") for v in raw], pa.string())
    return strings


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


def _open(stream: BinaryIO, shared: tuple[str, ...] = ()) -> pq.ParquetFile:
    """Open a file; columns in `shared` come as dictionaries, so that a value that many rows share is read once."""
    try:
        return pq.ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER, read_dictionary=list(shared) or None)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Refused("broken_parquet", f"its footer cannot be read ({_first_line(error)}); write it again") from error


def _chunks(file: pq.ParquetFile, group: int, columns: Iterable[str]) -> Iterator[Any]:
    """Yield the metadata of some columns of a row group."""
    meta = file.metadata.row_group(group)
    for i in range(meta.num_columns):
        if meta.column(i).path_in_schema.split(".")[0] in columns:
            yield meta.column(i)


def _rows_per_batch(file: pq.ParquetFile, group: int, columns: list[str], batch_chars: int) -> int:
    size = sum(chunk.total_uncompressed_size for chunk in _chunks(file, group, columns))
    rows = max(int(file.metadata.row_group(group).num_rows), 1)
    return max(1, min(rows, int(batch_chars * _BYTES_PER_CHAR / max(size / rows, 1))))


def _shared_columns(file: pq.ParquetFile, columns: list[str]) -> tuple[str, ...]:
    """Return the text columns whose rows seem to share few values: a few bytes a row may stand for megabytes each."""
    shared = {
        chunk.path_in_schema
        for group in range(file.num_row_groups)
        for chunk in _chunks(file, group, columns)
        if "RLE_DICTIONARY" in chunk.encodings
        and chunk.num_values > 1000
        and chunk.total_uncompressed_size < 64 * chunk.num_values
    }
    return tuple(sorted(shared))


def read_parquet(stream: BinaryIO, file: RecordFile) -> Iterator[tuple[pa.Table | None, list[Rejected]]]:
    """Yield documents and refusals of a Parquet file; a damaged row group costs only its own rows.

    Raises
    ------
    Refused
        `broken_parquet`, `no_text_column` or `wrong_type`: nothing of the file can be read; `expansion`: no more of it
    """
    parquet = _open(stream)
    names = parquet.schema_arrow.names
    mapping = map_columns(names, file.entry.source.columns)
    if "text" not in mapping and "html" not in mapping:
        raise no_text_column(names, file.entry.source.columns)
    wanted = list(dict.fromkeys(mapping.values()))
    texts = [mapping[role] for role in ("text", "html") if role in mapping]
    if shared := _shared_columns(parquet, texts):
        stream.seek(0)
        parquet = _open(stream, shared)
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
    for part in _parts(batch, mapping, file):
        found = {role: _as_strings(part.column(name), role) for role, name in mapping.items()}
        yield documents_from_records(Chunk({r: c for r, c in found.items() if c is not None}, "parquet"), file)


def _parts(batch: pa.RecordBatch, mapping: dict[str, str], file: RecordFile) -> Iterator[pa.RecordBatch]:
    """Yield a batch in parts whose texts take at most `_MAX_PART` bytes (or one row), and count them.

    Raises
    ------
    Refused
        `expansion`: the file's texts are larger than it by more than the setting allows
    """
    sizes = np.zeros(batch.num_rows, dtype=np.int64)
    for role in ("text", "html"):
        if role in mapping:
            sizes += _byte_lengths(batch.column(mapping[role]))
    ends = np.cumsum(sizes)
    start = 0
    while start < batch.num_rows:
        before = int(ends[start - 1]) if start else 0
        stop = max(int(np.searchsorted(ends, before + _MAX_PART, side="right")), start + 1)
        file.expanded += int(ends[stop - 1]) - before
        if file.expanded > max(_JUDGED_FROM, file.read.max_expansion * file.entry.size):
            reason = f"its texts take more than {file.read.max_expansion:g} times its size (setting read.max_expansion)"
            raise Refused("expansion", reason)
        yield batch.slice(start, stop - start)
        start = stop


def _byte_lengths(column: pa.Array) -> npt.NDArray[np.int64]:
    """Return the bytes of each value; those of a dictionary without making them; 0 for nulls and what is no text."""
    try:
        if pa.types.is_dictionary(column.type):
            lengths = pc.binary_length(column.dictionary).take(column.indices)
        else:
            lengths = pc.binary_length(column)
    except pa.ArrowNotImplementedError:
        return np.zeros(len(column), dtype=np.int64)
    filled: npt.NDArray[np.int64] = pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return filled


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
