"""LSH keys: which signature values make each key, and the nodes sorted by a key, compiled and in linear time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Nodes per bucket of the sort, on average: few enough to be put in order by insertion.
BUCKET = 4
#: Buckets of more nodes are sorted by the library, unless they are in order as it is (one key throughout).
LARGE_BUCKET = 48
_32 = np.uint64(32)
LOW_32 = np.uint64(0xFFFFFFFF)


def key_rows(keys: int, rows_per_key: int, num_perm: int) -> NDArray[np.int64]:
    """Return which signature values make each key, shape (keys, rows_per_key); the same on every machine.

    Each pass over a permutation of the signature gives disjoint keys, so values are shared as evenly as possible.
    """
    generator = np.random.RandomState(20_261)
    drawn: list[NDArray[np.int64]] = []
    per_pass = num_perm // rows_per_key
    while len(drawn) < keys:
        order = generator.permutation(num_perm)[: per_pass * rows_per_key]
        drawn.extend(np.sort(order.reshape(per_pass, rows_per_key), axis=1))
    return np.array(drawn[:keys], dtype=np.int64)


@njit(nogil=True, cache=True)
def pack_keys(
    signatures: NDArray[np.uint32],
    first_row: NDArray[np.int64],
    members: NDArray[np.int64],
    rows: NDArray[np.int64],
    out: NDArray[np.uint64],
) -> None:
    """Write (32-bit hash of the key << 32 | node) of some nodes for several keys.

    Parameters
    ----------
    members : (n,) node numbers below 2**32; the signature of node i is signatures[first_row[i]]
    rows : (keys, rows_per_key) which values make each key
    out : (keys, n) uint64

    Notes
    -----
    Two keys share a hash by chance once in 2**32: among 10**6 nodes some hundred pairs are compared in vain.
    """
    for i in range(members.size):
        row = first_row[members[i]]
        for k in range(rows.shape[0]):
            h = np.uint64(0x9E3779B97F4A7C15)
            for r in range(rows.shape[1]):
                h = (h ^ np.uint64(signatures[row, rows[k, r]])) * np.uint64(0xFF51AFD7ED558CCD)
                h ^= h >> _32
            h *= np.uint64(0xC4CEB9FE1A85EC53)
            out[k, i] = (h & ~LOW_32) | np.uint64(members[i])


@njit(nogil=True, cache=True)
def sort_packed(values: NDArray[np.uint64], spare: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Sort values whose upper 32 bits are uniform hashes; `spare` (as long) receives the result and is returned.

    One pass deals the values into buckets by their uppermost bits, then each bucket is put in order.
    """
    n = values.size
    bits = 0
    while (BUCKET << bits) < n and bits < 24:
        bits += 1
    shift = np.uint64(64 - bits)
    places = np.zeros((1 << bits) + 1, dtype=np.uint32)
    if bits == 0:
        spare[:] = values
        places[1] = np.uint32(n)
    else:
        for i in range(n):
            places[np.int64(values[i] >> shift) + 1] += np.uint32(1)
        for k in range(1 << bits):
            places[k + 1] += places[k]
        for i in range(n):
            bucket = np.int64(values[i] >> shift)
            spare[np.int64(places[bucket])] = values[i]
            places[bucket] += np.uint32(1)
    start = 0
    for k in range(1 << bits):
        # Dealing has moved each bucket's start to its end.
        end = int(places[k]) if bits else n
        size = end - start
        if size > LARGE_BUCKET:
            ordered = True
            for i in range(start + 1, end):
                if spare[i] < spare[i - 1]:
                    ordered = False
                    break
            if not ordered:
                spare[start:end] = np.sort(spare[start:end])
        else:
            for i in range(start + 1, end):
                x = spare[i]
                j = i - 1
                while j >= start and spare[j] > x:
                    spare[j + 1] = spare[j]
                    j -= 1
                spare[j + 1] = x
        start = end
    return spare


@njit(nogil=True, cache=True)
def keep_repeated(values: NDArray[np.uint64], out: NDArray[np.uint64]) -> int:
    """Write the sorted `values` whose upper 32 bits stand there more than once to `out`; return how many they are.

    Most nodes are alone with a key. They are dropped without a question that a processor could guess wrong.
    """
    n = values.size
    kept = 0
    before = False
    for i in range(n):
        after = i + 1 < n and values[i] >> _32 == values[i + 1] >> _32
        out[kept] = values[i]
        kept += before | after
        before = after
    return kept
