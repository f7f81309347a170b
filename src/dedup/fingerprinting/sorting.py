"""Sorting hashes in linear time: they are uniform, so their leading bits say where each of them belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Buckets at most, as a power of two: their ends (4 MB) still fit the caches of one core.
MOST_BITS = 20
#: A bucket with more than this is sorted on its own; insertion into it would be quadratic.
CROWDED = 48


@njit(nogil=True, cache=True)
def sort_distinct(
    hashes: NDArray[np.uint64], ends: NDArray[np.int32], placed: NDArray[np.uint64], out: NDArray[np.uint64]
) -> int:
    """Write the distinct values of `hashes` to `out`, ascending, and return how many there are.

    Parameters
    ----------
    hashes : (n,) n < 2**31
    ends : scratch with `bucket_count(n)` places
    placed, out : scratch and output with n places each

    Notes
    -----
    One pass by the leading bits brings every hash to within a few places of its rank, and insertion does the rest.
    Repeated shingles crowd a bucket whatever the hash is; such buckets are sorted by comparisons first.
    """
    n = hashes.size
    if n == 0:
        return 0
    buckets = bucket_count(n)
    bits = 0
    while 1 << bits < buckets:
        bits += 1
    shift = np.uint64(64 - bits)
    for b in range(buckets):
        ends[b] = 0
    for i in range(n):
        ends[hashes[i] >> shift] += 1
    total = 0
    crowded = False
    for b in range(buckets):
        size = ends[b]
        ends[b] = total
        total += size
        crowded |= size > CROWDED
    for i in range(n):
        b = hashes[i] >> shift
        place = ends[b]
        placed[place] = hashes[i]
        ends[b] = place + 1
    if crowded:
        _sort_crowded(ends[:buckets], placed)
    # Insertion; nothing leaves its bucket, so no step is longer than the fullest bucket left unsorted.
    for i in range(1, n):
        value = placed[i]
        k = i
        while k > 0 and placed[k - 1] > value:
            placed[k] = placed[k - 1]
            k -= 1
        placed[k] = value
    out[0] = placed[0]
    kept = 1
    for i in range(1, n):
        if placed[i] != placed[i - 1]:
            out[kept] = placed[i]
            kept += 1
    return kept


@njit(nogil=True, cache=True)
def bucket_count(n: int) -> int:
    """Return how many buckets `sort_distinct` makes of n hashes: the next power of two, within its bounds."""
    bits = 1
    while bits < MOST_BITS and 1 << bits < n:
        bits += 1
    return 1 << bits


@njit(nogil=True, cache=True)
def _sort_crowded(ends: NDArray[np.int32], placed: NDArray[np.uint64]) -> None:
    low = 0
    for b in range(ends.size):
        high = ends[b]
        if high - low > CROWDED:
            part = placed[low:high]
            same = True
            for i in range(1, part.size):
                same &= part[i] == part[0]
            if not same:
                part[:] = np.sort(part)
        low = high
