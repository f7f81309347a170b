"""Winnowing: which runs of a text speak for it, chosen alike wherever the text stands.

Of every window of consecutive k-grams the one with the smallest hash is an anchor, the last of equals (Schleimer,
Wilkerson and Aiken 2003). What is chosen depends on the window alone, so two texts that share a run of
`window + k - 1` characters share an anchor in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from dedup.fingerprinting.shingles import hash_char_shingles
from dedup.text.normalise import fold_utf8

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Anchors per character of ordinary text with a window of 8: 2 / (window + 1).
DENSITY = 0.23


class Winnowing(NamedTuple):
    """Every run of `run` characters holds an anchor of `gram` characters; `window` grams begin in a run."""

    run: int
    gram: int
    window: int


def winnowing(run: int) -> Winnowing:
    """Return the scheme that finds every common run of `run` characters.

    Shorter anchors are found in more places by chance, wider windows make fewer anchors; 13 and 8 for a run of 20.
    """
    window = max(1, (2 * run) // 5)
    return Winnowing(run, run - window + 1, window)


@njit(nogil=True, cache=True)
def winnow(hashes: NDArray[np.uint64], window: int, out: NDArray[np.int64]) -> int:
    """Write the positions of the anchors among `hashes`, ascending, and return how many there are."""
    n = hashes.size
    if n < window:
        return 0
    written = 0
    least = -1
    for i in range(window - 1, n):
        low = i - window + 1
        if least < low:
            least = low
            for j in range(low + 1, i + 1):
                if hashes[j] <= hashes[least]:
                    least = j
            out[written] = least
            written += 1
        elif hashes[i] <= hashes[least]:
            least = i
            out[written] = least
            written += 1
    return written


@njit(nogil=True, cache=True, inline="always")
def partition_of(value: np.uint64, bits: int) -> np.int64:
    """Return the leading bits of a hash."""
    return np.int64(value >> np.uint64(64 - bits)) if bits else np.int64(0)


@njit(nogil=True, cache=True)
def deal(
    hashes: NDArray[np.uint64], rows: NDArray[np.uint32], positions: NDArray[np.uint32], first: int, bits: int
) -> tuple[NDArray[np.int64], NDArray[np.uint16], NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint32]]:
    """Deal records to partitions by the leading bits of their hash; those of one partition stay in order.

    Parameters
    ----------
    positions : of each record, or empty
    first : added to the rows

    Returns
    -------
    how many go to each partition and the partition of each record; then the hashes, rows and positions, dealt
    """
    count = 1 << bits
    sizes = np.zeros(count, dtype=np.int64)
    parts = np.empty(hashes.size, dtype=np.uint16)
    for i in range(hashes.size):
        p = partition_of(hashes[i], bits)
        parts[i] = p
        sizes[p] += 1
    ends = np.zeros(count, dtype=np.int64)
    for p in range(1, count):
        ends[p] = ends[p - 1] + sizes[p - 1]
    out_hashes = np.empty_like(hashes)
    out_rows = np.empty_like(rows)
    out_positions = np.empty_like(positions)
    for i in range(hashes.size):
        at = ends[parts[i]]
        ends[parts[i]] += 1
        out_hashes[at] = hashes[i]
        out_rows[at] = rows[i] + np.uint32(first)
        if positions.size:
            out_positions[at] = positions[i]
    return sizes, parts, out_hashes, out_rows, out_positions


@njit(nogil=True, cache=True)
def find_anchors(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    scheme: Winnowing,
    lengths: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint32]]:
    """Return hash, row (counted from the first given) and position of every anchor, row by row.

    Parameters
    ----------
    data, starts, ends : UTF-8 bytes and the stretch of each row
    lengths, counts : (n,) receive the normalised characters and the anchors of each row
    """
    cps = np.empty(4096, dtype=np.uint32)
    hashes = np.empty(4096, dtype=np.uint64)
    places = np.empty(4096, dtype=np.int64)
    found = np.empty(np.int64((ends - starts).sum() * DENSITY / 3) + 64, dtype=np.uint64)
    of_row = np.empty(found.size, dtype=np.uint32)
    positions = np.empty(found.size, dtype=np.uint32)
    at = 0
    for r in range(starts.size):
        cps, n = fold_utf8(data, starts[r], ends[r], index, expansions, cps, False)
        lengths[r] = n
        counts[r] = 0
        if n < scheme.run:
            continue
        hashes, count = hash_char_shingles(cps, n, scheme.gram, hashes)
        if places.size < count:
            places = np.empty(2 * count, dtype=np.int64)
        chosen = winnow(hashes[:count], scheme.window, places)
        counts[r] = chosen
        if at + chosen > found.size:
            size = max(at + chosen, 2 * found.size)
            found = _enlarged(found, at, size)
            of_row = _enlarged(of_row, at, size)
            positions = _enlarged(positions, at, size)
        for i in range(chosen):
            found[at] = hashes[places[i]]
            of_row[at] = r
            positions[at] = places[i]
            at += 1
    return found[:at], of_row[:at], positions[:at]


@njit(nogil=True, cache=True)
def _enlarged(values: NDArray, filled: int, size: int) -> NDArray:
    larger = np.empty(size, dtype=values.dtype)
    larger[:filled] = values[:filled]
    return larger


@njit(nogil=True, cache=True)
def find_grams(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    scheme: Winnowing,
    counts: NDArray[np.int64],
    places: NDArray[np.uint32],
    parts: NDArray[np.uint16],
    cursors: NDArray[np.int64],
    shared: NDArray[np.uint8],
) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint32]]:
    """Return hash, row and position of every run of `scheme.run` characters that holds a shared anchor.

    Parameters
    ----------
    counts : (n,) anchors of each row
    places, parts : position and partition of these anchors, row by row
    cursors, shared : `shared[cursors[p]]` says of the next anchor of partition p whether it stands elsewhere;
        `cursors` is counted up
    """
    cps = np.empty(4096, dtype=np.uint32)
    hashes = np.empty(4096, dtype=np.uint64)
    kept = np.empty(1024, dtype=np.int64)
    found = np.empty(1024, dtype=np.uint64)
    of_row = np.empty(1024, dtype=np.uint32)
    positions = np.empty(1024, dtype=np.uint32)
    at = 0
    anchor = 0
    for r in range(starts.size):
        if kept.size < counts[r]:
            kept = np.empty(2 * counts[r], dtype=np.int64)
        size = 0
        for i in range(anchor, anchor + counts[r]):
            if shared[cursors[parts[i]]]:
                kept[size] = places[i]
                size += 1
            cursors[parts[i]] += 1
        anchor += counts[r]
        if size == 0:
            continue
        cps, n = fold_utf8(data, starts[r], ends[r], index, expansions, cps, False)
        count = n - scheme.run + 1
        if at + count > found.size:
            room = max(at + count, 2 * found.size)
            found = _enlarged(found, at, room)
            of_row = _enlarged(of_row, at, room)
            positions = _enlarged(positions, at, room)
        i = 0
        while i < size:
            # Anchors near each other speak for one stretch of runs.
            low = max(0, kept[i] - scheme.window + 1)
            high = min(count, kept[i] + 1)
            i += 1
            while i < size and kept[i] - scheme.window + 1 <= high:
                high = min(count, kept[i] + 1)
                i += 1
            if high <= low:
                continue
            hashes, more = hash_char_shingles(cps[low:n], high - low + scheme.run - 1, scheme.run, hashes)
            for k in range(more):
                found[at] = hashes[k]
                of_row[at] = r
                positions[at] = low + k
                at += 1
    return found[:at], of_row[:at], positions[:at]
