"""Which texts hold which two-character pieces: an inverted index of some thousand texts.

A piece is two characters that follow each other in a normalised text (NFKC, case folded, letters, marks and numbers
only), so that `区长` is found across a broken line and in other widths, without any list of words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numba import njit

from dedup.text.normalise import fold_table, fold_utf8, normalise, utf8_buffers
from dedup.text.utf8 import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bits of a code point, and of a position: together a posting is one number, and postings are sorted as numbers.
_BITS = 21
_MASK = (1 << _BITS) - 1
_POSITION_BITS = 64 - 2 * _BITS
MOST_POSITIONS = 1 << _POSITION_BITS
#: Pieces that are sorted at once, counted as often as they stand in a text (8 bytes each, and 4 for what comes of it).
POSTINGS = 8_000_000
#: Leading characters are told apart by so many of their first bits where there are more.
_BIN_BITS = 8
_BINS = (1 << _BITS) >> _BIN_BITS


@njit(nogil=True, cache=True)
def _count(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    counts: NDArray[np.int64],
) -> None:
    """Count the pieces of some texts by the bin of their first character."""
    scratch = np.empty(4096, dtype=np.uint32)
    for row in rows:
        scratch, n = fold_utf8(data, offsets[row], offsets[row + 1], index, expansions, scratch, False)
        for i in range(n - 1):
            counts[scratch[i] >> _BIN_BITS] += 1


@njit(nogil=True, cache=True)
def _collect(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    positions: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    low: int,
    high: int,
    found: NDArray[np.uint64],
    n_found: int,
) -> int:
    """Append the pieces of some texts whose first characters stand in bins low to high - 1; returns their number."""
    scratch = np.empty(4096, dtype=np.uint32)
    for k in range(rows.size):
        row = rows[k]
        scratch, n = fold_utf8(data, offsets[row], offsets[row + 1], index, expansions, scratch, False)
        position = np.uint64(positions[k])
        for i in range(n - 1):
            bin_ = scratch[i] >> _BIN_BITS
            if low <= bin_ < high:
                key = (np.uint64(scratch[i]) << np.uint64(_BITS)) | np.uint64(scratch[i + 1])
                found[n_found] = (key << np.uint64(_POSITION_BITS)) | position
                n_found += 1
    return n_found


@njit(nogil=True, cache=True)
def _distinct(found: NDArray[np.uint64]) -> tuple[int, int]:
    """Move the distinct ones of ascending postings to the front; returns how many, and how many pieces they have."""
    n, n_pieces = 0, 0
    for i in range(found.size):
        posting = found[i]
        if n == 0 or posting != found[n - 1]:
            if n == 0 or posting >> np.uint64(_POSITION_BITS) != found[n - 1] >> np.uint64(_POSITION_BITS):
                n_pieces += 1
            found[n] = posting
            n += 1
    return n, n_pieces


@njit(nogil=True, cache=True)
def _part(
    found: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    starts: NDArray[np.int32],
    gaps: NDArray[np.int32],
) -> None:
    """Write the pieces of ascending postings, where the gaps of each begin, and the gaps."""
    piece = -1
    before = np.int64(-1)
    for i in range(found.size):
        key = found[i] >> np.uint64(_POSITION_BITS)
        position = np.int64(found[i] & np.uint64(MOST_POSITIONS - 1))
        if piece < 0 or key != keys[piece]:
            piece += 1
            keys[piece] = key
            starts[piece] = i
            before = np.int64(-1)
        gaps[i] = position - before
        before = position
    starts[keys.size] = found.size


@njit(nogil=True, cache=True)
def _write_pieces(keys: NDArray[np.uint64], out: NDArray[np.uint8], borders: NDArray[np.int32]) -> int:
    """Write the two characters of each key in UTF-8 (RFC 3629) and where they begin; returns their bytes."""
    at = 0
    for i in range(keys.size):
        borders[i] = at
        for half in range(2):
            cp = np.int64(keys[i] >> np.uint64(_BITS) if half == 0 else keys[i] & np.uint64(_MASK))
            if cp < 0x80:
                out[at] = cp
                at += 1
            elif cp < 0x800:
                out[at] = 0xC0 | (cp >> 6)
                out[at + 1] = 0x80 | (cp & 0x3F)
                at += 2
            elif cp < 0x10000:
                out[at] = 0xE0 | (cp >> 12)
                out[at + 1] = 0x80 | ((cp >> 6) & 0x3F)
                out[at + 2] = 0x80 | (cp & 0x3F)
                at += 3
            else:
                out[at] = 0xF0 | (cp >> 18)
                out[at + 1] = 0x80 | ((cp >> 12) & 0x3F)
                out[at + 2] = 0x80 | ((cp >> 6) & 0x3F)
                out[at + 3] = 0x80 | (cp & 0x3F)
                at += 4
    borders[keys.size] = at
    return at


@njit(nogil=True, cache=True)
def _read_pieces(data: NDArray[np.uint8], offsets: NDArray[np.int64], keys: NDArray[np.uint64]) -> None:
    """Read the two characters of each piece from UTF-8."""
    for i in range(keys.size):
        key = np.uint64(0)
        at = offsets[i]
        while at < offsets[i + 1]:
            cp, at = decode(data, at)
            key = (key << np.uint64(_BITS)) | np.uint64(cp)
        keys[i] = key


def keys_of(pieces: pa.Array) -> NDArray[np.uint64]:
    """Return pieces as numbers, in the same order (strings are ordered by their code points)."""
    data, offsets = utf8_buffers(pieces)
    keys = np.empty(len(pieces), dtype=np.uint64)
    _read_pieces(data, offsets, keys)
    return keys


def key_of(piece: str) -> int:
    """Return a piece as a number."""
    return (ord(piece[0]) << _BITS) | ord(piece[1])


def pieces_of(words: str) -> list[str]:
    """Return the pieces of a few words, each once, in order; the words themselves where they are one character."""
    text = normalise(words)
    if len(text) < 2:
        return [text] if text else []
    return list(dict.fromkeys(text[i : i + 2] for i in range(len(text) - 1)))


@dataclass(frozen=True)
class Placed:
    """Texts that are indexed.

    Attributes
    ----------
    texts : strings
    rows : (n,) which of them
    positions : (n,) int64, ascending, below `MOST_POSITIONS`
    """

    texts: pa.Array
    rows: NDArray[np.int64]
    positions: NDArray[np.int64]


def index_pieces(texts: Sequence[Placed], *, postings: int = POSTINGS) -> Iterator[pa.Table]:
    """Yield (piece, n_places, gaps) in the order of pieces, some at a time.

    `gaps` are the positions of the texts that hold the piece, each as its distance from the one before, the first from
    -1.

    Parameters
    ----------
    texts : several may have one position
    postings : pieces that are sorted at once, where no bin of leading characters alone has more

    Raises
    ------
    ValueError
        A position is too large.
    """
    if any(part.positions.size and part.positions.max() >= MOST_POSITIONS for part in texts):
        raise ValueError(f"positions reach {MOST_POSITIONS:,}")
    table = fold_table()
    buffers = [utf8_buffers(part.texts) for part in texts]
    counts = np.zeros(_BINS, dtype=np.int64)
    for (data, offsets), part in zip(buffers, texts, strict=True):
        _count(data, offsets, part.rows, table.index, table.expansions, counts)
    for low, high in _ranges(counts, postings):
        found = np.empty(int(counts[low:high].sum()), dtype=np.uint64)
        n = 0
        for (data, offsets), part in zip(buffers, texts, strict=True):
            n = _collect(
                data, offsets, part.rows, part.positions, table.index, table.expansions, low, high, found, n
            )  # fmt: skip
        found.sort()
        yield _table(found)


def _ranges(counts: NDArray[np.int64], most: int) -> list[tuple[int, int]]:
    """Cut bins into ranges that hold `most` together at most, or are one bin."""
    ends = np.cumsum(counts)
    found = []
    low = 0
    while low < counts.size and (before := int(ends[low - 1]) if low else 0) < ends[-1]:
        high = max(low + 1, int(np.searchsorted(ends, before + most, side="right")))
        found.append((low, high))
        low = high
    return found


def _table(found: NDArray[np.uint64]) -> pa.Table:
    n, n_pieces = _distinct(found)
    keys = np.empty(n_pieces, dtype=np.uint64)
    starts = np.empty(n_pieces + 1, dtype=np.int32)
    gaps = np.empty(n, dtype=np.int32)
    _part(found[:n], keys, starts, gaps)
    letters = np.empty(8 * n_pieces, dtype=np.uint8)
    borders = np.empty(n_pieces + 1, dtype=np.int32)
    n_bytes = _write_pieces(keys, letters, borders)
    return pa.table(
        {
            "piece": pa.StringArray.from_buffers(n_pieces, pa.py_buffer(borders), pa.py_buffer(letters[:n_bytes])),
            "n_places": pa.array(np.diff(starts).astype(np.int64)),
            "gaps": pa.ListArray.from_arrays(pa.array(starts), pa.array(gaps)),
        }
    )
