"""Which wordings are worth an alignment: those that share a key with one of its best wordings, and look alike.

Groups of equal keys are never compared each with each: their members are linked to a few leaders, so the cost is
linear in the wordings, however common a key is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.reuse.tokens import KEY_GROUPS
from dedup.reuse.wordings import sort_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.reuse.wordings import Wordings

#: Wordings of one key are compared with this many leaders in each round.
LEADERS = 3
#: Sketches of two variants share at least this part of the smaller one's bits.
SKETCH_SHARE = 0.3
#: Links gathered before repeats are removed: bounds the memory at some 128 MB.
_BATCH = 16_000_000
_32 = np.uint64(32)


@njit(nogil=True, cache=True, inline="always")
def _bits(x: np.uint64) -> int:
    x -= (x >> np.uint64(1)) & np.uint64(0x5555555555555555)
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(nogil=True, cache=True)
def _edges_of_groups(
    values: NDArray[np.uint32],
    members: NDArray[np.int64],
    spent: NDArray[np.bool_],
    lengths: NDArray[np.uint32],
    sketches: NDArray[np.uint64],
    leaders: int,
) -> NDArray[np.uint64]:
    """Link the members of each run of equal `values` to its first members that have not led yet."""
    out = np.empty(1024, dtype=np.uint64)
    n = 0
    start = 0
    while start < values.size:
        end = start + 1
        while end < values.size and values[end] == values[start]:
            end += 1
        if values[start] != 0 and end - start > 1:
            for i in range(start, min(end, start + leaders)):
                leader = members[i]
                if spent[leader]:
                    break
                for j in range(start, end):
                    other = members[j]
                    if j == i or (j < i and not spent[other]):
                        continue
                    small = min(lengths[leader], lengths[other])
                    if 2 * small < max(lengths[leader], lengths[other]):
                        continue
                    common = own = its = 0
                    for k in range(4):
                        common += _bits(sketches[leader, k] & sketches[other, k])
                        own += _bits(sketches[leader, k])
                        its += _bits(sketches[other, k])
                    if common < SKETCH_SHARE * min(own, its):
                        continue
                    if n == out.size:
                        more = np.empty(2 * n, dtype=np.uint64)
                        more[:n] = out
                        out = more
                    out[n] = (np.uint64(leader) << _32) | np.uint64(other)
                    n += 1
        start = end
    return out[:n]


def find_edges(
    wordings: Wordings, free: NDArray[np.int64], spent: NDArray[np.bool_], lengths: NDArray[np.uint32]
) -> NDArray[np.uint64]:
    """Return which wordings may be variants of which leaders, as (leader << 32 | other), sorted, distinct.

    Parameters
    ----------
    free : wordings without a leader, those that have led standing last
    spent : (w,) which have led
    lengths : (w,) normalised characters
    """
    parts: list[NDArray[np.uint64]] = []
    pending = 0
    for columns in KEY_GROUPS:
        values, at = sort_keys(wordings.keys[columns][:, free])
        parts.append(_edges_of_groups(values, free[at], spent, lengths, wordings.sketches, LEADERS))
        pending += parts[-1].size
        if pending > _BATCH:
            parts = [_distinct(np.concatenate(parts))]
            pending = 0
    return _distinct(np.concatenate(parts))


def _distinct(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the distinct values, sorted in place: much faster than `np.unique` for many 64-bit integers."""
    values.sort()
    return values[np.append(True, values[1:] != values[:-1])] if values.size else values
