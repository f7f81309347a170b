"""Which texts hold which two-character pieces: an inverted index, built batch by batch.

A piece is two characters that follow each other in a normalised text (NFKC, case folded, letters, marks and numbers
only), so that `区长` is found across a broken line and in other widths, without any list of words. Positions of texts
are kept as gaps; on their way to the index they wait on disk in LEB128 (DWARF 5, section 7.6): seven bits a byte, the
lowest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numba import njit

from dedup.text.normalise import fold_table, fold_utf8, normalise, utf8_buffers

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bits of a code point in a key.
_BITS = 21
_MASK = (1 << _BITS) - 1
#: First size of the table of pieces; it doubles when half full.
_SLOTS = 1 << 16
#: Postings that are sorted at once (8 bytes each).
POSTINGS = 24_000_000
#: Encoded bytes that are put together at once.
_BLOCK = 8 << 20


@njit(nogil=True, cache=True)
def _slot(keys: NDArray[np.uint64], key: np.uint64) -> np.int64:
    mask = np.uint64(keys.size - 1)
    at = (key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)
    at &= mask
    while keys[at] != 0 and keys[at] != key:
        at = (at + np.uint64(1)) & mask
    return np.int64(at)


@njit(nogil=True, cache=True)
def _rehash(
    old_keys: NDArray[np.uint64], old_ids: NDArray[np.int32], keys: NDArray[np.uint64], ids: NDArray[np.int32]
) -> None:
    for i in range(old_keys.size):
        if old_keys[i] != 0:
            at = _slot(keys, old_keys[i])
            keys[at] = old_keys[i]
            ids[at] = old_ids[i]


@njit(nogil=True, cache=True)
def _collect(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    positions: NDArray[np.int32],
    first: int,
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    keys: NDArray[np.uint64],
    ids: NDArray[np.int32],
    n_pieces: int,
    last: NDArray[np.int32],
    found: NDArray[np.int32],
    owners: NDArray[np.int32],
    n_found: int,
) -> tuple[int, int, int]:
    """Append the pieces of texts from `first` on, each once for its position; stops before a table might overflow.

    Returns the next text, the number of pieces known, the number of postings.
    """
    scratch = np.empty(4096, dtype=np.uint32)
    for text in range(first, positions.size):
        scratch, n = fold_utf8(data, offsets[text], offsets[text + 1], index, expansions, scratch, False)
        if n_pieces + n > keys.size // 2 or n_pieces + n > last.size or n_found + n > found.size:
            return text, n_pieces, n_found
        position = positions[text]
        for i in range(n - 1):
            key = (np.uint64(scratch[i]) << np.uint64(_BITS)) | np.uint64(scratch[i + 1])
            at = _slot(keys, key)
            if keys[at] == 0:
                keys[at] = key
                ids[at] = n_pieces
                n_pieces += 1
            piece = ids[at]
            if last[piece] != position:
                last[piece] = position
                found[n_found] = piece
                owners[n_found] = position
                n_found += 1
    return positions.size, n_pieces, n_found


@njit(nogil=True, cache=True)
def _encode(
    found: NDArray[np.int32],
    owners: NDArray[np.int32],
    n_pieces: int,
    before: NDArray[np.int32],
    totals: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> NDArray[np.int64]:
    """Write the gaps of postings, piece by piece; returns where the bytes of each piece end (n_pieces + 1)."""
    starts = np.zeros(n_pieces + 1, dtype=np.int64)
    for i in range(found.size):
        starts[found[i] + 1] += 1
    for piece in range(n_pieces):
        totals[piece] += starts[piece + 1]
        starts[piece + 1] += starts[piece]
    order = np.empty(found.size, dtype=np.int32)
    fill = starts[:-1].copy()
    for i in range(found.size):
        order[fill[found[i]]] = owners[i]
        fill[found[i]] += 1
    ends = np.zeros(n_pieces + 1, dtype=np.int64)
    at = 0
    for piece in range(n_pieces):
        previous = np.int64(before[piece])
        for i in range(starts[piece], starts[piece + 1]):
            gap = np.int64(order[i]) - previous
            previous = np.int64(order[i])
            while gap >= 128:
                out[at] = (gap & 127) | 128
                gap >>= 7
                at += 1
            out[at] = gap
            at += 1
        before[piece] = previous
        ends[piece + 1] = at
    return ends


@njit(nogil=True, cache=True)
def _copy(
    source: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    target: NDArray[np.uint8],
    places: NDArray[np.int64],
) -> None:
    """Append source[starts[i]:stops[i]] at places[i] of `target`, and move the places on."""
    for i in range(starts.size):
        n = stops[i] - starts[i]
        target[places[i] : places[i] + n] = source[starts[i] : stops[i]]
        places[i] += n


@njit(nogil=True, cache=True)
def _decode(data: NDArray[np.uint8], out: NDArray[np.int32]) -> None:
    gap, shift, n = 0, 0, 0
    for byte in data:
        gap |= (int(byte) & 127) << shift
        shift += 7
        if byte < 128:
            out[n] = gap
            n += 1
            gap, shift = 0, 0


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


def pieces_of(words: str) -> list[str]:
    """Return the pieces of a few words, each once, in order; the words themselves where they are one character."""
    text = normalise(words)
    if len(text) < 2:
        return [text] if text else []
    return list(dict.fromkeys(text[i : i + 2] for i in range(len(text) - 1)))


@dataclass(frozen=True)
class _Spill:
    """Encoded postings of some texts: the bytes on disk, and where those of each piece end."""

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]


class PieceIndex:
    """Builds the index: `add` texts in ascending order of their positions, then read `tables` once.

    Parameters
    ----------
    folder : for working files; some bytes a text are written
    postings : postings that are sorted at once; memory is about 10 bytes each

    Notes
    -----
    Memory is that of the postings in hand and some 30 bytes for each distinct piece, whatever the number of texts.
    """

    def __init__(self, folder: Path, *, postings: int = POSTINGS) -> None:
        self._folder = folder
        self._table = fold_table()
        self._keys = np.zeros(_SLOTS, dtype=np.uint64)
        self._ids = np.zeros(_SLOTS, dtype=np.int32)
        self._n = 0
        self._last = np.full(_SLOTS, -1, dtype=np.int32)
        self._before = np.full(_SLOTS, -1, dtype=np.int32)
        self._totals = np.zeros(_SLOTS, dtype=np.int64)
        self._found = np.empty(postings, dtype=np.int32)
        self._owners = np.empty(postings, dtype=np.int32)
        self._n_found = 0
        self._spills: list[_Spill] = []

    def clear(self) -> None:
        """Forget all texts, for another index; what was read of `tables` stays."""
        self._keys.fill(0)
        self._last.fill(-1)
        self._before.fill(-1)
        self._totals.fill(0)
        self._n, self._n_found = 0, 0
        self._spills = []

    def add(self, texts: pa.Array, positions: NDArray[np.int32]) -> None:
        """Add texts; several may have one position.

        Parameters
        ----------
        texts : strings
        positions : (n,) int32, ascending, none below those added before
        """
        data, offsets = utf8_buffers(texts)
        positions = np.ascontiguousarray(positions, dtype=np.int32)
        at = 0
        while True:
            before = at
            at, self._n, self._n_found = _collect(
                data, offsets, positions, at, self._table.index, self._table.expansions,
                self._keys, self._ids, self._n, self._last, self._found, self._owners, self._n_found,
            )  # fmt: skip
            if at == positions.size:
                return
            self._make_room(int(offsets[at + 1] - offsets[at]) + 64, stuck=before == at)

    def _make_room(self, n_bytes: int, *, stuck: bool) -> None:
        """Let the next text fit: its normalised form has at most 18 characters for 3 bytes (U+FDFA)."""
        need = 6 * n_bytes if stuck else n_bytes
        if self._n + need > self._keys.size // 2:
            size = self._keys.size
            while self._n + need > size // 2:
                size *= 2
            keys, ids = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.int32)
            _rehash(self._keys, self._ids, keys, ids)
            self._keys, self._ids = keys, ids
        if self._n + need > self._last.size:
            more = max(self._last.size, need)
            self._last = np.concatenate([self._last, np.full(more, -1, dtype=np.int32)])
            self._before = np.concatenate([self._before, np.full(more, -1, dtype=np.int32)])
            self._totals = np.concatenate([self._totals, np.zeros(more, dtype=np.int64)])
        if self._n_found + need > self._found.size:
            self._spill()
            if need > self._found.size:
                self._found, self._owners = np.empty(need, dtype=np.int32), np.empty(need, dtype=np.int32)

    def _spill(self) -> None:
        if not self._n_found:
            return
        # A gap of an int32 takes at most five bytes; most take one.
        out = np.empty(5 * self._n_found, dtype=np.uint8)
        found, owners = self._found[: self._n_found], self._owners[: self._n_found]
        ends = _encode(found, owners, self._n, self._before, self._totals, out)
        path = self._folder / f"pieces-{len(self._spills)}.bin"
        out[: ends[-1]].tofile(path)
        data = np.memmap(path, dtype=np.uint8, mode="r") if ends[-1] else np.zeros(0, dtype=np.uint8)
        self._spills.append(_Spill(np.asarray(data), ends))
        self._n_found = 0

    def tables(self) -> Iterator[pa.Table]:
        """Yield (piece, n_places, gaps) in the order of pieces, some megabytes at a time.

        `gaps` are the positions of the texts that hold the piece, each as its distance from the one before, the first
        from -1.
        """
        self._spill()
        used = self._keys != 0
        keys, ids = self._keys[used], self._ids[used]
        order = np.argsort(keys, kind="stable")
        keys, ids = keys[order], ids[order].astype(np.int64)
        sizes = np.zeros(ids.size, dtype=np.int64)
        for spill in self._spills:
            known = ids < spill.ends.size - 1
            sizes[known] += spill.ends[ids[known] + 1] - spill.ends[ids[known]]
        ends = np.cumsum(sizes)
        start = 0
        while start < ids.size:
            done = int(ends[start - 1]) if start else 0
            stop = max(start + 1, int(np.searchsorted(ends, done + _BLOCK, side="right")))
            yield self._block(keys[start:stop], ids[start:stop], sizes[start:stop])
            start = stop

    def _block(self, keys: NDArray[np.uint64], ids: NDArray[np.int64], sizes: NDArray[np.int64]) -> pa.Table:
        offsets = np.zeros(ids.size + 1, dtype=np.int32)
        np.cumsum(sizes, out=offsets[1:])
        target = np.empty(int(offsets[-1]), dtype=np.uint8)
        places = offsets[:-1].astype(np.int64)
        for spill in self._spills:
            known = ids < spill.ends.size - 1
            starts, stops = np.zeros_like(ids), np.zeros_like(ids)
            starts[known], stops[known] = spill.ends[ids[known]], spill.ends[ids[known] + 1]
            _copy(spill.data, starts, stops, target, places)
        ends = np.zeros(ids.size + 1, dtype=np.int32)
        np.cumsum(self._totals[ids], out=ends[1:])
        gaps = np.empty(int(ends[-1]), dtype=np.int32)
        _decode(target, gaps)
        letters = np.empty(8 * keys.size, dtype=np.uint8)
        borders = np.empty(keys.size + 1, dtype=np.int32)
        n_bytes = _write_pieces(keys, letters, borders)
        pieces = pa.StringArray.from_buffers(keys.size, pa.py_buffer(borders), pa.py_buffer(letters[:n_bytes].copy()))
        return pa.table(
            {
                "piece": pieces,
                "n_places": pa.array(self._totals[ids]),
                "gaps": pa.ListArray.from_arrays(pa.array(ends), pa.array(gaps)),
            }
        )
