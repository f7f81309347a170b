"""Where pieces of words stand in a whole release, in one file that is ordered by pieces.

The search index of a release lies block by block, so that a night can leave most of it as it is. A question asks for a
few pieces in all blocks; out of one file each is read at once.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit

from dedup.reuse.pieces import key_of, keys_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Decoded bytes of the index that are put together at once.
RANGE_BYTES = 32 << 20
_LAST = np.uint64(1 << 63)
_KEYS, _ENDS = ".keys", ".ends"
_THINGS, _SPEAKS = ".things", ".speaks"


class Postings:
    """The pieces of a release: keys and where the bytes of each end, mapped, and in a file places as gaps in LEB128.

    Places count texts and titles of sections in the order of their dataset: that of the k-th text is 2k, of its title
    2k + 1. LEB128 (DWARF 5, section 7.6) has seven bits a byte, the lowest first.
    """

    def __init__(self, path: Path) -> None:
        self._keys: NDArray[np.uint64] = _mapped(path.with_suffix(_KEYS), np.uint64)
        self._ends: NDArray[np.int64] = _mapped(path.with_suffix(_ENDS), np.int64)
        self._things: NDArray[np.int32] = _mapped(path.with_suffix(_THINGS), np.int32)
        self._speaks: NDArray[np.bool_] = _mapped(path.with_suffix(_SPEAKS), np.bool_)
        self._n = int(self._things.max(initial=-1)) + 1
        # Read, not mapped: what is mapped counts as memory of the process for as long as anybody has asked for it.
        self._file = os.open(path, os.O_RDONLY)
        self._closing = weakref.finalize(self, os.close, self._file)

    def close(self) -> None:
        """Let go of the file."""
        self._closing()

    def mark(self, pieces: Iterable[str]) -> NDArray[np.bool_]:
        """Return which things (`write_sections`) hold one of the pieces.

        Parameters
        ----------
        pieces : of two characters, or of one: every piece that begins or ends with it
        """
        holds = np.zeros(self._n, dtype=bool)
        for piece in pieces:
            for i in self._rows(piece):
                start = int(self._ends[i - 1]) if i else 0
                data = os.pread(self._file, int(self._ends[i]) - start, start)
                _mark(np.frombuffer(data, dtype=np.uint8), self._things, self._speaks, holds)
        return holds

    def _rows(self, piece: str) -> list[int]:
        if len(piece) == 1:
            low, high = key_of(piece + "\0"), key_of(chr(ord(piece) + 1) + "\0")
            first, last = np.searchsorted(self._keys, np.array([low, high], dtype=np.uint64))
            ends = np.flatnonzero(self._keys & np.uint64(high - low - 1) == np.uint64(ord(piece)))
            return [*range(int(first), int(last)), *ends[(ends < first) | (ends >= last)].tolist()]
        key = np.uint64(key_of(piece))
        at = int(np.searchsorted(self._keys, key))
        return [at] if at < self._keys.size and self._keys[at] == key else []


def _mapped(path: Path, kind: type[np.generic]) -> NDArray[Any]:
    # An empty file cannot be mapped.
    return np.asarray(np.memmap(path, dtype=kind, mode="r")) if path.stat().st_size else np.zeros(0, dtype=kind)


class _Rows(NamedTuple):
    """Rows of a block: keys of pieces, the number of gaps of each, and the gaps."""

    keys: NDArray[np.uint64]
    counts: NDArray[np.int64]
    gaps: NDArray[np.int32]


class _Cursor:
    """The rows of a file, from the first piece to the last."""

    def __init__(self, file: pq.ParquetFile, place: int) -> None:
        self.place = place
        self._file = file
        self._next = 0
        self._held: _Rows | None = None

    def below(self, key: np.uint64) -> Iterator[_Rows]:
        """Yield the following rows whose keys are smaller."""
        while True:
            if self._held is None:
                if self._next == self._file.num_row_groups:
                    return
                self._held = _rows(self._file.read_row_group(self._next, columns=["piece", "gaps"], use_threads=False))
                self._next += 1
            keys, counts, gaps = self._held
            n = int(np.searchsorted(keys, key))
            behind = int(counts[:n].sum())
            yield _Rows(keys[:n], counts[:n], gaps[:behind])
            if n < keys.size:
                self._held = _Rows(keys[n:], counts[n:], gaps[behind:])
                return
            self._held = None


def _rows(table: pa.Table) -> _Rows:
    gaps = table.column("gaps").combine_chunks()
    offsets = gaps.offsets.to_numpy().astype(np.int64)
    return _Rows(keys_of(table.column("piece").combine_chunks()), np.diff(offsets), gaps.flatten().to_numpy())


def write_sections(path: Path, things: NDArray[np.int32], speaks: NDArray[np.bool_]) -> None:
    """Write what each section belongs to, for the `Postings` of a path.

    Parameters
    ----------
    things : (n,) thing of each section, in the order of the dataset, -1 where it is none's
    speaks : (n,) whether the text of a section speaks for its thing; its title always does
    """
    np.ascontiguousarray(things, dtype=np.int32).tofile(path.with_suffix(_THINGS))
    np.ascontiguousarray(speaks, dtype=np.bool_).tofile(path.with_suffix(_SPEAKS))


def write_postings(path: Path, files: Sequence[str], first_rows: Mapping[str, int]) -> None:
    """Put the blocks of an index together, for `Postings`; the file appears when it is whole.

    Parameters
    ----------
    files : of the index, a block each
    first_rows : block to the row of its first section in the order of the dataset
    """
    unfinished = path.with_suffix(".unfinished")
    with ExitStack() as opened:
        parts = [opened.enter_context(pq.ParquetFile(file)) for file in files]
        parts = [part for part in parts if part.metadata.num_rows]
        cursors = [_Cursor(part, 2 * first_rows[_block(part)]) for part in parts]
        # Places of one piece ascend when blocks are taken in the order of their sections.
        cursors.sort(key=lambda cursor: cursor.place)
        keys, ends, data = (opened.enter_context(p.open("wb")) for p in (*_beside(path), unfinished))
        written = 0
        for key in _borders(parts):
            written = _join([(cursor.place, rows) for cursor in cursors for rows in cursor.below(key)], written,
                            keys, ends, data)  # fmt: skip
    unfinished.replace(path)


def _beside(path: Path) -> tuple[Path, Path]:
    return path.with_suffix(_KEYS), path.with_suffix(_ENDS)


def _block(file: pq.ParquetFile) -> str:
    at = file.schema_arrow.get_field_index("block")
    return str(file.metadata.row_group(0).column(at).statistics.min)


def _borders(files: Sequence[pq.ParquetFile]) -> list[np.uint64]:
    """Return the keys at which what is put together at once ends."""
    groups: list[tuple[str, int]] = []
    for file in files:
        at = file.schema_arrow.get_field_index("piece")
        for i in range(file.num_row_groups):
            told = file.metadata.row_group(i)
            groups.append((told.column(at).statistics.min, told.total_byte_size))
    groups.sort()
    found, held = [], 0
    for piece, n_bytes in groups:
        held += n_bytes
        if held > RANGE_BYTES:
            found.append(np.uint64(key_of(piece)))
            held = 0
    return [*found, _LAST]


def _join(parts: Sequence[tuple[int, _Rows]], written: int, *sinks: BinaryIO) -> int:
    """Write rows of all blocks, piece by piece; returns the bytes of postings that are written by now."""
    if not sum(rows.keys.size for _, rows in parts):
        return written
    keys = np.concatenate([rows.keys for _, rows in parts])
    counts = np.concatenate([rows.counts for _, rows in parts])
    gaps = np.concatenate([rows.gaps for _, rows in parts])
    place = np.repeat([place for place, _ in parts], [rows.keys.size for _, rows in parts])
    turn = np.argsort(keys, kind="stable")
    # A gap of an int32 takes at most five bytes; most take one.
    out = np.empty(5 * gaps.size, dtype=np.uint8)
    ends = np.empty(keys.size, dtype=np.int64)
    n = _encode(keys, np.cumsum(counts) - counts, counts, gaps, place, turn, out, ends)
    sinks[0].write(np.unique(keys).data)
    sinks[1].write((ends[:n] + written).data)
    sinks[2].write(out[: ends[n - 1]].data)
    return written + int(ends[n - 1])


@njit(nogil=True, cache=True)
def _encode(
    keys: NDArray[np.uint64],
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
    gaps: NDArray[np.int32],
    place: NDArray[np.int64],
    turn: NDArray[np.int64],
    out: NDArray[np.uint8],
    ends: NDArray[np.int64],
) -> int:
    """Write places of the release as gaps, row by row in `turn`; returns the number of pieces."""
    n, at = 0, 0
    before = np.int64(-1)
    for t in range(turn.size):
        row = turn[t]
        if t == 0 or keys[row] != keys[turn[t - 1]]:
            n += 1
            before = np.int64(-1)
        position = place[row] - 1
        for k in range(starts[row], starts[row] + counts[row]):
            position += gaps[k]
            gap = position - before
            before = position
            while gap >= 128:
                out[at] = (gap & 127) | 128
                gap >>= 7
                at += 1
            out[at] = gap
            at += 1
        ends[n - 1] = at
    return n


@njit(nogil=True, cache=True)
def _mark(
    data: NDArray[np.uint8], places: NDArray[np.int32], told: NDArray[np.bool_], holds: NDArray[np.bool_]
) -> None:
    position, gap, shift = np.int64(-1), np.int64(0), 0
    for byte in data:
        gap |= np.int64(byte & 127) << shift
        shift += 7
        if byte < 128:
            position += gap
            gap, shift = np.int64(0), 0
            place = places[position >> 1]
            if place >= 0 and (position & 1 or told[position >> 1]):
                holds[place] = True
