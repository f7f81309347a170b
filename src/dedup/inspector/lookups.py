"""Rows picked by an id, out of files in pieces: a Parquet dataset in row groups, a narrow copy in small batches.

A page asks for a few rows out of millions. Which piece can hold them is known from the smallest and the largest id of
each; one piece is read, and what else it holds is thrown away. A query engine takes twenty times as long for that, most
of it for planning.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows of a piece of a narrow copy. Five columns of one take some 0.1 ms to read.
BATCH_ROWS = 256
#: Footers of a dataset that are kept, of some 100 KB each.
FOOTERS = 256
#: Pieces that are read together where all of them are read.
_RUN = 64
_PIECES = pa.schema([("rows", pa.int64()), ("low", pa.string()), ("high", pa.string())])
#: Below and above every text: bounds of a piece that does not tell its own.
_LOWEST, _HIGHEST = "", chr(0x10FFFF) * 4


@dataclass(frozen=True)
class Piece:
    """Some rows that are read together.

    Attributes
    ----------
    file, number : which one of which file
    rows : how many
    low, high : smallest and largest key
    """

    file: int
    number: int
    rows: int
    low: str
    high: str


class Lookup(ABC):
    """Rows of a table by the values of its key column, or by their places.

    Parameters
    ----------
    key : a column of texts; the less the pieces overlap in it, the fewer are read
    pieces : of the table, in its order
    """

    def __init__(self, schema: pa.Schema, key: str, pieces: Sequence[Piece]) -> None:
        self.schema = schema
        self.key = key
        self._pieces = pieces
        #: First row of each piece, and the number of all rows.
        self._starts = [0, *accumulate(piece.rows for piece in pieces)]
        self._order = sorted(range(len(pieces)), key=lambda i: pieces[i].low)
        self._lows = [pieces[i].low for i in self._order]
        # The largest key up to each piece: never falls, so that it can be searched whether pieces overlap or not.
        self._highs = list(accumulate((pieces[i].high for i in self._order), max))

    def __len__(self) -> int:
        return self._starts[-1]

    @abstractmethod
    def _read(self, piece: Piece, columns: Sequence[str]) -> pa.Table:
        """Return some columns of a piece."""

    def find(
        self,
        values: Iterable[str],
        columns: Sequence[str] | None = None,
        *,
        most: int | None = None,
        behind: tuple[str, str] | None = None,
    ) -> pa.Table:
        """Return the rows whose key is one of `values`, in the order of the table.

        Parameters
        ----------
        columns : default: all
        most : rows, at most; no further piece is read once they are found
        behind : a column and a value; only rows that hold a greater one
        """
        wanted = list(self.schema.names if columns is None else columns)
        read = list(dict.fromkeys([*wanted, self.key, *([behind[0]] if behind else [])]))
        parts: list[pa.Table] = []
        left = len(self) if most is None else most
        for number, keys in self._candidates(values).items():
            piece = self._read(self._pieces[number], read)
            mask = _holds(piece.column(self.key), keys)
            if behind is not None:
                mask = pc.and_(mask, pc.greater(piece.column(behind[0]), behind[1]))
            places = np.flatnonzero(mask)[:left]
            if places.size:
                parts.append(_pick(piece.select(wanted), places))
                left -= places.size
                if not left:
                    break
        return self._together(parts, wanted)

    def places(self, value: str) -> list[int]:
        """Return where the rows stand whose key is `value`, counted from the first row of the table."""
        found: list[int] = []
        for number, keys in self._candidates([value]).items():
            mask = _holds(self._read(self._pieces[number], [self.key]).column(0), keys)
            found += (np.flatnonzero(mask) + self._starts[number]).tolist()
        return found

    def rank(self, value: str) -> int:
        """Return how many rows have a key up to `value`, in a table that is sorted by it."""
        number = bisect_right(self._lows, value) - 1
        if number < 0:
            return 0
        keys = self._read(self._pieces[number], [self.key]).column(0)
        return self._starts[number] + int(pc.sum(pc.less_equal(keys, value)).as_py() or 0)

    def at(self, rows: Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at some places of the table, in the order asked for."""
        wanted = list(self.schema.names if columns is None else columns)
        ascending = sorted(set(rows))
        by_piece: dict[int, list[int]] = {}
        for row in ascending:
            by_piece.setdefault(bisect_right(self._starts, row) - 1, []).append(row)
        parts = []
        for number, inside in by_piece.items():
            piece = self._read(self._pieces[number], wanted)
            parts.append(_pick(piece, np.array(inside) - self._starts[number]))
        found = self._together(parts, wanted)
        if ascending == list(rows):
            return found
        place = {row: i for i, row in enumerate(ascending)}
        return found.take(pa.array([place[row] for row in rows], pa.int64()))

    def all(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all rows."""
        wanted = list(self.schema.names if columns is None else columns)
        return self._together(list(self.parts(wanted)), wanted)

    def parts(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield all rows, some at a time."""
        for start in range(0, len(self._pieces), _RUN):
            yield pa.concat_tables([self._read(piece, columns) for piece in self._pieces[start : start + _RUN]])

    def _candidates(self, values: Iterable[str]) -> dict[int, list[str]]:
        """Return the numbers of the pieces that may hold any of `values`, ascending, with these."""
        candidates: dict[int, list[str]] = {}
        for value in dict.fromkeys(values):
            first, last = bisect_left(self._highs, value), bisect_right(self._lows, value)
            for i in self._order[first:last]:
                if self._pieces[i].high >= value:
                    candidates.setdefault(i, []).append(value)
        return dict(sorted(candidates.items()))

    def _together(self, parts: Sequence[pa.Table], columns: Sequence[str]) -> pa.Table:
        if not parts:
            return pa.schema([self.schema.field(name) for name in columns]).empty_table()
        # In one chunk, because rows of many small ones take long to become Python's.
        return pa.concat_tables(parts).combine_chunks()


def _holds(column: pa.ChunkedArray, values: Sequence[str]) -> pa.ChunkedArray:
    if len(values) == 1:
        return pc.equal(column, values[0])
    return pc.is_in(column, value_set=pa.array(values, column.type))


def _pick(table: pa.Table, places: NDArray[np.int64]) -> pa.Table:
    """Return the rows at ascending places; runs of rows are not copied."""
    if places[-1] - places[0] + 1 == places.size:
        return table.slice(int(places[0]), places.size)
    return table.take(pa.array(places))


class ParquetLookup(Lookup):
    """Rows of a Parquet dataset.

    Parameters
    ----------
    files : in order
    key : a column that row groups keep statistics of
    """

    def __init__(self, files: Sequence[str], key: str) -> None:
        self._files = list(files)
        pieces: list[Piece] = []
        #: Rows of the largest row group.
        self.most_rows = 0
        #: Rows before each file.
        self.first_rows: list[int] = []
        rows = 0
        for number, file in enumerate(self._files):
            with pq.ParquetFile(file) as opened:
                footer = opened.metadata
                if number == 0:
                    schema = opened.schema_arrow.remove_metadata()
                self.first_rows.append(rows)
                for group in range(footer.num_row_groups):
                    told = footer.row_group(group)
                    rows += told.num_rows
                    self.most_rows = max(self.most_rows, told.num_rows)
                    pieces.append(Piece(number, group, told.num_rows, *_bounds(told, key)))
        # Parsing the footer of a file with many row groups takes longer than reading one of them.
        self._footer = lru_cache(maxsize=FOOTERS)(pq.read_metadata)
        super().__init__(schema, key, [piece for piece in pieces if piece.rows])

    def _read(self, piece: Piece, columns: Sequence[str]) -> pa.Table:
        file = self._files[piece.file]
        with pq.ParquetFile(file, metadata=self._footer(file)) as opened:
            return opened.read_row_group(piece.number, columns=list(columns), use_threads=False)

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield all rows, some at a time."""
        for file in self._files:
            with pq.ParquetFile(file) as opened:
                yield from opened.iter_batches(8 * BATCH_ROWS, columns=list(columns), use_threads=False)


class PlacedLookup(ParquetLookup):
    """Rows of a Parquet dataset that is not sorted by the key; another table knows where those of each value stand.

    Parameters
    ----------
    places : the key, and `file`, `row` and `n`: rows of one value lie behind each other
    """

    def __init__(self, files: Sequence[str], key: str, places: Lookup) -> None:
        super().__init__(files, key)
        self._places = places

    def _candidates(self, values: Iterable[str]) -> dict[int, list[str]]:
        candidates: dict[int, list[str]] = {}
        for found in self._places.find(values, [self.key, "file", "row", "n"]).to_pylist():
            first = self.first_rows[found["file"]] + found["row"]
            last = first + found["n"] - 1
            for number in range(bisect_right(self._starts, first) - 1, bisect_right(self._starts, last)):
                candidates.setdefault(number, []).append(found[self.key])
        return dict(sorted(candidates.items()))


def _bounds(group: pq.RowGroupMetaData, key: str) -> tuple[str, str]:
    column = next(c for c in (group.column(i) for i in range(group.num_columns)) if c.path_in_schema == key)
    if column.is_stats_set and column.statistics.has_min_max:
        return column.statistics.min, column.statistics.max
    return _LOWEST, _HIGHEST


class BatchLookup(Lookup):
    """Rows of a file that `write_batches` wrote."""

    def __init__(self, path: Path, key: str, pieces: Sequence[Piece]) -> None:
        self.path = path
        self._source = pa.OSFile(str(path))
        self._lock = threading.Lock()
        # A reader decodes the columns it is opened for.
        self._readers: dict[tuple[str, ...], pa.ipc.RecordBatchFileReader] = {}
        super().__init__(pa.ipc.open_file(self._source).schema, key, pieces)

    def _read(self, piece: Piece, columns: Sequence[str]) -> pa.Table:
        names = tuple(columns)
        with self._lock:
            if (reader := self._readers.get(names)) is None:
                places = [self.schema.get_field_index(name) for name in names]
                options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=places)
                reader = self._readers[names] = pa.ipc.open_file(self._source, options=options)
            batch = reader.get_batch(piece.number)
        return pa.Table.from_batches([batch]).select(columns)

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()


def write_batches(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], key: str) -> None:
    """Write rows in batches of `BATCH_ROWS`, for `open_batches`; the file appears when it is whole.

    Parameters
    ----------
    batches : in the order of the table; `key` is a column of texts without nulls, in which rows of one value lie near
        each other
    """
    told: dict[str, list[Any]] = {"rows": [], "low": [], "high": []}
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    unfinished = path.with_suffix(".unfinished")
    with pa.OSFile(str(unfinished), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as writer:
        for batch in batches:
            for start in range(0, batch.num_rows, BATCH_ROWS):
                part = batch.slice(start, BATCH_ROWS)
                bounds = pc.min_max(part.column(key)).as_py()
                told["rows"].append(part.num_rows)
                told["low"].append(bounds["min"])
                told["high"].append(bounds["max"])
                writer.write_batch(part)
    pieces = pa.table(told, schema=_PIECES)
    with pa.OSFile(str(path.with_suffix(".pieces")), "wb") as sink, pa.ipc.new_file(sink, _PIECES) as writer:
        writer.write_table(pieces)
    unfinished.replace(path)


def open_batches(path: Path, key: str) -> BatchLookup:
    """Return the rows of a file that `write_batches` wrote."""
    with pa.OSFile(str(path.with_suffix(".pieces"))) as source:
        told = pa.ipc.open_file(source).read_all().to_pydict()
    bounds = zip(told["rows"], told["low"], told["high"], strict=True)
    return BatchLookup(path, key, [Piece(0, number, *bound) for number, bound in enumerate(bounds)])
