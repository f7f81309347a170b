"""One dataset as sorted Parquet files: same rows, same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.releases.chunking import DocumentOrder, chunk_starts
from dedup.releases.sharing import CONTENT, Shelf, content_digest
from dedup.schemas import Dataset, conform
from dedup.schemas.datasets import ROW_GROUP_BYTES

#: Rows per row group at most: more only blur the statistics that let a reader skip.
ROW_GROUP_ROWS = 1 << 18
#: Bytes per file at most, unless one row group alone is larger.
FILE_BYTES = 256 << 20
#: Level 1 takes 30 % less time than zstd's default 3 and 4 % more space (617 MB of Chinese sections).
ZSTD_LEVEL = 1

#: Column of the place of a row's document, which orders rows and is not written.
DOCUMENT = "document"
#: Column that tells whether a row's cluster has several sections, which is not written either.
APART = "apart"
#: Column of the number of a row's file, while rows are sorted.
_FILE = "file"
#: Columns that hold long or random values: a dictionary only costs time there, and 5 % more space.
_PLAIN = (
    *("text", "clean_text", "clean_map", "tables_html", "signature", "record", "gaps"),
    *("observation_id", "fact_id", "conflict_id", "piece"),
)
#: Short texts that are sorted: each is written as what it does not share with the one before (half the bytes).
_FRONT_CODED = ("piece",)
#: Lists of small numbers, whose bytes compress best when those of one rank lie together: 30 % less than as they are.
_SPLIT = {"gaps": "gaps.list.element"}


def write_parquet(
    folder: Path,
    dataset: Dataset,
    tables: pa.Table | Iterable[pa.Table],
    metadata: Mapping[str, str] | None = None,
    *,
    row_group_bytes: int | None = None,
    file_bytes: int = FILE_BYTES,
    shelf: Shelf | None = None,
    documents: DocumentOrder | None = None,
) -> list[Path]:
    """Write `tables`, sorted together, as `part-00000.parquet` and so on.

    Parameters
    ----------
    folder : made when missing
    dataset : schema and order; ties are broken by the rest of the key, then by all plain columns, so that the
        bytes depend on the rows alone (and on the version of pyarrow, which Parquet files name)
    tables : with at least the columns of the schema; they may be memory-mapped. Only the sort columns are
        gathered whole, all else file by file. Columns `document`, the place of each row's document, and `apart`,
        whether its cluster has several sections, tell where a row is filed and are not written
    documents : the order in which those places are counted; with it, datasets that are filed by document are cut
        between documents
    row_group_bytes : decoded bytes of a row group, about; default: those of the dataset
    shelf : files of an earlier release, which are linked where they hold the same rows
    metadata : further key-value metadata of each file

    Returns
    -------
    the files written, at least one (an empty dataset still has its schema)

    Raises
    ------
    ValueError
        A table does not fit the schema.
    """
    parts = [tables] if isinstance(tables, pa.Table) else list(tables)
    missing = sorted({name for part in parts for name in dataset.schema.names if name not in part.column_names})
    if missing:
        raise ValueError(f"{dataset.name}: columns missing: {', '.join(missing)}")
    batches = [batch for part in parts for batch in _plain_batches(part, dataset.schema)]
    sizes = np.concatenate([np.zeros(0, dtype=np.int64), *(row_bytes(batch) for batch in batches)])
    group_bytes = row_group_bytes or dataset.row_group_bytes
    filed = None
    if dataset.by_document and documents is not None and all(DOCUMENT in part.column_names for part in parts):
        filed = _file_numbers(parts, dataset, sizes, documents)
        order = sort_order(parts, dataset, filed)
        filed = filed[order]
        starts = np.append(0, np.flatnonzero(filed[1:] != filed[:-1]) + 1).astype(np.int64)
    else:
        order = sort_order(parts, dataset)
        starts = chunk_starts(_chunk_keys(batches, order, dataset), int(sizes.sum()))
    sizes = sizes[order]
    schema = file_schema(dataset, metadata)
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    for start, stop in zip(starts, [*starts[1:], len(order)], strict=True):
        for groups in _files(sizes[start:stop], int(start), group_bytes, file_bytes):
            files.append(folder / f"part-{len(files):05d}.parquet")
            small = len(groups) * group_bytes <= ROW_GROUP_BYTES
            write_file(files[-1], schema, dataset, batches, order, groups, shelf, small=small)
    return files


def file_schema(dataset: Dataset, metadata: Mapping[str, str] | None = None) -> pa.Schema:
    """Return the schema of the files of a dataset, with what they say about it."""
    return dataset.schema.with_metadata(
        {"dataset": dataset.name, "doc": dataset.doc, **(dict(sorted(metadata.items())) if metadata else {})}
    )


def _plain_batches(part: pa.Table, schema: pa.Schema) -> list[pa.RecordBatch]:
    """Return the rows of a table with the columns of a schema, all of which may be null for now."""
    nullable = pa.schema([field.with_nullable(True).remove_metadata() for field in schema])
    chosen = part.select(schema.names)
    cast = chosen if chosen.schema.equals(nullable) else chosen.cast(nullable)
    return [batch for batch in cast.to_batches() if batch.num_rows]


def _file_numbers(
    parts: Sequence[pa.Table], dataset: Dataset, sizes: np.ndarray, documents: DocumentOrder
) -> np.ndarray:
    """Return for each row the number of its file: by its document, those apart behind the others (int64)."""
    place = pa.chunked_array([c for part in parts for c in part.column(DOCUMENT).chunks], pa.int64()).to_numpy()
    if not dataset.apart or any(APART not in part.column_names for part in parts):
        return documents.files(place, int(sizes.sum()))
    apart = pa.chunked_array([c for part in parts for c in part.column(APART).chunks], pa.bool_()).to_numpy()
    files = np.empty(place.size, dtype=np.int64)
    files[~apart] = documents.files(place[~apart], int(sizes[~apart].sum()))
    first = int(files[~apart].max(initial=-1)) + 1
    files[apart] = first + documents.files(place[apart], int(sizes[apart].sum()))
    return files


def _chunk_keys(batches: Sequence[pa.RecordBatch], order: np.ndarray, dataset: Dataset) -> pa.ChunkedArray | None:
    if dataset.chunk_by is None or not batches:
        return None
    return pa.chunked_array([batch.column(dataset.chunk_by) for batch in batches]).take(pa.array(order))


def _files(sizes: np.ndarray, first: int, row_group_bytes: int, file_bytes: int) -> Iterator[list[slice]]:
    """Cut sorted rows into row groups of about `row_group_bytes` and these into files of at most `file_bytes`.

    Parameters
    ----------
    sizes : decoded bytes of each row
    first : place of the first row among all; the slices yielded count from there
    """
    groups: list[slice] = []
    held = 0
    for rows, n_bytes in row_groups(sizes, row_group_bytes):
        if groups and held + n_bytes > file_bytes:
            yield groups
            groups, held = [], 0
        groups.append(slice(first + rows.start, first + rows.stop))
        held += n_bytes
    yield groups


def write_file(
    path: Path,
    schema: pa.Schema,
    dataset: Dataset,
    batches: Sequence[pa.RecordBatch],
    order: np.ndarray,
    groups: Sequence[slice],
    shelf: Shelf | None,
    *,
    small: bool,
    content: str | None = None,
) -> None:
    """Write some row groups as one file, or link the earlier file that holds them.

    A small file, as most are, is gathered once; a larger one again, so that it is never held whole.

    Parameters
    ----------
    content : what the file says it holds, where that is known without the digest of its rows
    """

    def tables() -> Iterator[pa.Table]:
        for rows in groups:
            try:
                yield conform(_gather(batches, order, rows, dataset.schema), dataset.schema)
            except (ValueError, pa.ArrowInvalid) as error:
                raise ValueError(f"{dataset.name}: {error}") from error

    held = list(tables()) if small or len(groups) == 1 else None
    digest = content or content_digest(held or tables(), identity(schema, dataset))
    if shelf is not None and shelf.link(digest, path):
        return
    writer = _open(path, schema, dataset)
    try:
        for table in held or tables():
            writer.write_table(table.replace_schema_metadata(schema.metadata), row_group_size=max(1, len(table)))
        writer.add_key_value_metadata({CONTENT: digest})
    finally:
        writer.close()
        # Row groups of all sizes leave holes that the allocator would keep.
        pa.default_memory_pool().release_unused()


def identity(schema: pa.Schema, dataset: Dataset) -> list[str]:
    """Return what the bytes of a file depend on beside its rows."""
    documented = [f"{f.name} {f.type} {f.nullable} {f.metadata}" for f in schema]
    written = [f"{key!r}={value!r}" for key, value in (schema.metadata or {}).items()]
    return [pa.__version__, str(ZSTD_LEVEL), ",".join(dataset.sort_columns), *documented, *written]


def _open(path: Path, schema: pa.Schema, dataset: Dataset) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        str(path),
        schema,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=[name for name in schema.names if name not in _PLAIN],
        use_byte_stream_split=[path for name, path in _SPLIT.items() if name in schema.names],
        column_encoding=dict.fromkeys(_front_coded(schema), "DELTA_BYTE_ARRAY"),
        write_page_index=True,
        sorting_columns=[pq.SortingColumn(schema.get_field_index(name)) for name in dataset.sort_columns],
    )


def _front_coded(schema: pa.Schema) -> list[str]:
    return [f.name for f in schema if f.name in _FRONT_CODED and pa.types.is_string(f.type)]


def sort_order(parts: Sequence[pa.Table], dataset: Dataset, filed: np.ndarray | None = None) -> np.ndarray:
    """Return the rows of all tables, numbered through, in the order of the dataset (int64).

    Parameters
    ----------
    filed : number of the file of each row, by which rows are sorted first
    """
    # Who does not know the order of documents has theirs by id, if there is one.
    ranked = all(DOCUMENT in part.column_names for part in parts)
    by = [name if name != DOCUMENT or ranked else "doc_id" for name in dataset.sort_by]
    names = list(dict.fromkeys([*by, *dataset.key]))
    if not dataset.key:
        names += [f.name for f in dataset.schema if f.name not in names and not pa.types.is_nested(f.type)]
    names = [name for name in names if name == DOCUMENT or name in dataset.schema.names]
    rank = pa.field(DOCUMENT, pa.int64())
    schema = pa.schema([rank if n == DOCUMENT else dataset.schema.field(n).with_nullable(True) for n in names])
    keys = pa.concat_tables([schema.empty_table(), *(part.select(names).cast(schema) for part in parts)])
    if filed is not None:
        keys = keys.append_column(_FILE, pa.array(filed))
        names = [_FILE, *names]
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending", "at_end") for name in names])
    return np.asarray(order.to_numpy(), dtype=np.int64)


def row_bytes(batch: pa.RecordBatch) -> np.ndarray:
    """Return the size of each row in bytes, from offsets and widths alone: no value is read."""
    total = np.zeros(batch.num_rows, dtype=np.int64)
    for column in batch.columns:
        total += _value_bytes(column)
    return total


def _value_bytes(column: pa.Array) -> np.ndarray | int:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _value_bytes(column.cast(kind.value_type))
    if pa.types.is_fixed_size_list(kind):
        return int(kind.list_size * kind.value_type.bit_width // 8)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        counts = np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy(), dtype=np.int64)
        inner = _value_bytes(column.flatten())
        if isinstance(inner, int):
            return counts * inner + 4
        ends = np.concatenate([[0], np.cumsum(inner)])
        stops = np.cumsum(counts)
        return np.asarray(ends[stops] - ends[stops - counts] + 4)
    if pa.types.is_struct(kind):
        total: np.ndarray | int = np.zeros(len(column), dtype=np.int64)
        for child in column.flatten():
            total = total + _value_bytes(child)
        return total
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return np.asarray(pc.fill_null(pc.binary_length(column), 0).to_numpy(), dtype=np.int64) + 4
    return max(1, int(kind.bit_width) // 8)


def row_groups(sizes: np.ndarray, row_group_bytes: int) -> Iterator[tuple[slice, int]]:
    """Cut rows into runs of about `row_group_bytes`; yields (positions, bytes).

    No rows give one empty run.
    """
    if not len(sizes):
        yield slice(0, 0), 0
        return
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = int(ends[start - 1]) if start else 0
        stop = int(np.searchsorted(ends, before + row_group_bytes, side="right"))
        stop = min(max(stop, start + 1), start + ROW_GROUP_ROWS)
        yield slice(start, stop), int(ends[stop - 1]) - before
        start = stop


def _gather(batches: Sequence[pa.RecordBatch], order: np.ndarray, rows: slice, schema: pa.Schema) -> pa.Table:
    """Return the rows at `order[rows]` as a table.

    `Table.take` would first join all chunks of a column, which fails beyond 2 GiB of text; this takes from each
    batch what is needed of it, and orders the small result.
    """
    wanted = order[rows]
    if not len(wanted):
        return schema.empty_table()
    starts = np.concatenate([[0], np.cumsum([batch.num_rows for batch in batches])])
    by_batch = np.argsort(wanted, kind="stable")
    which = np.searchsorted(starts, wanted[by_batch], side="right") - 1
    pieces: list[pa.RecordBatch] = []
    for number in np.unique(which):
        local = wanted[by_batch[which == number]] - starts[number]
        run = len(local) == local[-1] - local[0] + 1
        batch = batches[number]
        pieces.append(batch.slice(int(local[0]), len(local)) if run else batch.take(pa.array(local)))
    table = pa.Table.from_batches(pieces)
    if np.array_equal(by_batch, np.arange(len(by_batch))):
        return table
    back = np.empty(len(by_batch), dtype=np.int64)
    back[by_batch] = np.arange(len(by_batch))
    return table.combine_chunks().take(pa.array(back))
