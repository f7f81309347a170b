"""Sets of shingle hashes in compiled tables: what is distinct in a text, and how much of it another text shares.

Hashes are uniform, so their leading bits are their place in an open table (Knuth, TAOCP 3, 6.4, algorithm L). Zero
marks a free place; the hash zero is counted apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.fingerprinting.shingles import hash_char_shingles

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Places per hash, at least: nearly every hash then has its place for itself. The tables of long texts, which leave
#: the caches of one core anyhow, are closer.
PLACES = 5
PLACES_LONG = 2
LONG = 1 << 14
_0 = np.uint64(0)
_1 = np.uint64(1)


@njit(nogil=True, cache=True)
def _table_bits(n: int) -> int:
    bits = 4
    while 1 << bits < (PLACES if n <= LONG else PLACES_LONG) * n:
        bits += 1
    return bits


@njit(nogil=True, cache=True)
def _keep_distinct(hashes: NDArray[np.uint64], table: NDArray[np.uint64], bits: int, out: NDArray[np.uint64]) -> int:
    """Write the distinct values of `hashes` to `out`, in order of appearance; return how many there are."""
    table[:] = _0
    shift = np.uint64(64 - bits)
    mask = np.uint64((1 << bits) - 1)
    kept = 0
    zero = False
    for i in range(hashes.size):
        h = hashes[i]
        if h == _0:
            if not zero:
                out[kept] = h
                kept += 1
            zero = True
            continue
        place = h >> shift
        held = table[place]
        # One question, mostly answered yes; asked as two, each would be a guess. What follows asks none.
        while not ((held == _0) | (held == h)):
            place = (place + _1) & mask
            held = table[place]
        table[place] = h
        out[kept] = h
        kept += held == _0
    return kept


@njit(nogil=True, cache=True)
def _count_in(values: NDArray[np.uint64], table: NDArray[np.uint64], bits: int, zero: bool) -> int:
    """Count the values that stand in a table; `zero`: whether zero counts as standing there."""
    shift = np.uint64(64 - bits)
    mask = np.uint64((1 << bits) - 1)
    found = 0
    for h in values:
        if h == _0:
            found += zero
            continue
        place = h >> shift
        held = table[place]
        while not ((held == _0) | (held == h)):
            place = (place + _1) & mask
            held = table[place]
        found += held == h
    return found


@njit(nogil=True, cache=True)
def shared_by_pairs(
    cps: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    ngram: int,
    pair_bounds: NDArray[np.int64],
    partners: NDArray[np.int64],
    sizes: NDArray[np.int64],
    shared: NDArray[np.int64],
) -> None:
    """Count distinct character shingles: of each folded text, and of those that pairs of texts share.

    Parameters
    ----------
    cps, bounds : text i is cps[bounds[i]:bounds[i + 1]]
    pair_bounds, partners : text i is paired with partners[pair_bounds[i]:pair_bounds[i + 1]], all greater than i
    sizes, shared : written, for each text and each of `partners`

    Notes
    -----
    From the last text to the first, so that the lists of all partners are there when a text's table is made: every
    text is hashed once and has a table once.
    """
    hashes = np.empty(4096, dtype=np.uint64)
    table = np.empty(1 << 13, dtype=np.uint64)
    lists = np.empty(cps.size, dtype=np.uint64)
    for d in range(bounds.size - 2, -1, -1):
        low, high = bounds[d], bounds[d + 1]
        hashes, count = hash_char_shingles(cps[low:high], high - low, ngram, hashes)
        bits = _table_bits(count)
        if 1 << bits > table.size:
            table = np.empty(1 << bits, dtype=np.uint64)
        own = table[: 1 << bits]
        sizes[d] = _keep_distinct(hashes[:count], own, bits, lists[low : low + count])
        zero = False
        for i in range(low, low + sizes[d]):
            zero |= lists[i] == _0
        for p in range(pair_bounds[d], pair_bounds[d + 1]):
            start = bounds[partners[p]]
            shared[p] = _count_in(lists[start : start + sizes[partners[p]]], own, bits, zero)
