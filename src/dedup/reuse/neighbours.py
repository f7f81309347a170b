"""Which wordings are worth an alignment: those that share a key with one of its best wordings, and look alike.

Groups of equal keys are never compared each with each: their members are linked to a few leaders, so the cost is
linear in the wordings, however common a key is.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.reuse.units import in_turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.reuse.keyed import KeyGroups
    from dedup.reuse.wordings import Wordings

#: Wordings of one key are compared with this many leaders in each round.
LEADERS = 3
#: Sketches of two variants share at least this part of the smaller one's bits.
SKETCH_SHARE = 0.3
#: Links gathered before repeats are removed.
_LEAST_BATCH = 1 << 16
_BYTES_PER_LINK = 8
_BYTES_PER_MEMBER = 8
_MOST_RANGES = 64
_32 = np.uint64(32)
#: A skeleton keeps this share of its leader's characters, and half of each variant's.
SKELETON_SHARE = 0.6
VARIANT_SHARE = 0.5
#: A slot of words needs this many characters of skeleton beside it.
CHARS_PER_SLOT = 8


@njit(nogil=True, cache=True, inline="always")
def holds_skeleton(kept: int, words: int, n_leader: int, n_other: int, least: int) -> bool:
    """Whether so many kept characters and slots of words make a skeleton of two wordings."""
    return (
        kept >= least
        and kept >= SKELETON_SHARE * n_leader
        and kept >= VARIANT_SHARE * n_other
        and words <= max(1, kept // CHARS_PER_SLOT)
    )


@njit(nogil=True, cache=True, inline="always")
def _bits(x: np.uint64) -> np.int64:
    x -= (x >> np.uint64(1)) & np.uint64(0x5555555555555555)
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(nogil=True, cache=True, inline="always")
def may_hold_skeleton(
    bags: NDArray[np.uint64], leader: int, other: int, n_leader: int, n_other: int, least: int
) -> bool:
    """Whether two wordings have so many tokens in common that a skeleton is possible; never wrongly false."""
    missing_leader = missing_other = 0
    for k in range(4):
        missing_leader += _bits(bags[leader, k] & ~bags[other, k])
        missing_other += _bits(bags[other, k] & ~bags[leader, k])
    # Each bit that only one of them has stands for a character or more that the other lacks.
    kept = min(n_leader - missing_leader, n_other - missing_other)
    return bool(holds_skeleton(kept, 0, n_leader, n_other, least))


@njit(nogil=True, cache=True)
def _edges_of_groups(
    members: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    free: NDArray[np.bool_],
    spent: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    first: int,
    last: int,
    lengths: NDArray[np.uint32],
    sketches: NDArray[np.uint64],
    sizes: NDArray[np.uint16],
    bags: NDArray[np.uint64],
    least: int,
    leaders: int,
) -> NDArray[np.uint64]:
    """Link the free members of each group to the first of them that have not led yet and lie in [first, last)."""
    out = np.empty(1024, dtype=np.uint64)
    n = 0
    largest = 0
    for g in range(bounds.size - 1):
        largest = max(largest, bounds[g + 1] - bounds[g])
    line = np.empty(largest, dtype=np.int64)
    for g in range(bounds.size - 1):
        fresh = 0
        for i in range(bounds[g], bounds[g + 1]):
            if free[members[i]] and not spent[members[i]]:
                line[fresh] = members[i]
                fresh += 1
        if fresh == 0:
            continue
        leading = False
        for i in range(min(fresh, leaders)):
            leading = leading or first <= line[i] < last
        if not leading:
            continue
        # Those that have led stand behind the others.
        size = fresh
        for i in range(bounds[g], bounds[g + 1]):
            if free[members[i]] and spent[members[i]]:
                line[size] = members[i]
                size += 1
        for i in range(min(fresh, leaders)):
            leader = line[i]
            if leader < first or leader >= last:
                continue
            for j in range(i + 1, size):
                other = line[j]
                small = min(lengths[leader], lengths[other])
                if 2 * small < max(lengths[leader], lengths[other]):
                    continue
                common = 0
                for k in range(4):
                    common += _bits(sketches[leader, k] & sketches[other, k])
                if common < SKETCH_SHARE * min(sizes[leader], sizes[other]):
                    continue
                asked[leader] = True
                if not may_hold_skeleton(
                    bags, leader, other, np.int64(lengths[leader]), np.int64(lengths[other]), least
                ):
                    continue
                if n == out.size:
                    more = np.empty(2 * n, dtype=np.uint64)
                    more[:n] = out
                    out = more
                out[n] = (np.uint64(leader) << _32) | np.uint64(other)
                n += 1
    return out[:n]


def ranges_of_leaders(wordings: Wordings, limit: int) -> list[tuple[int, int]]:
    """Return ranges of wordings whose links, as they lead, take about `limit` bytes each."""
    count = wordings.units.size
    needed = sum(some.members.size for some in wordings.groups) * _BYTES_PER_MEMBER
    edges = np.linspace(0, count, min(max(-(-needed // limit), 1), _MOST_RANGES) + 1).astype(np.int64).tolist()
    return list(pairwise(edges))


def find_edges(
    wordings: Wordings,
    free: NDArray[np.bool_],
    spent: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    leaders: tuple[int, int],
    least: int,
    limit: int,
    threads: int,
) -> NDArray[np.uint64]:
    """Return which wordings may be variants of which leaders, as (leader << 32 | other), sorted, distinct.

    Parameters
    ----------
    free : (w,) wordings without a leader
    spent : (w,) which have led
    asked : (w,) written: those that lead now, be it in vain
    leaders : range of the wordings that may lead
    least : normalised characters a skeleton keeps
    limit : bytes of links gathered before repeats are removed
    threads : groups of keys that are read at a time
    """
    lengths = np.ascontiguousarray(wordings.units["n"])
    parts: list[NDArray[np.uint64]] = [np.zeros(0, dtype=np.uint64)]
    pending = 0

    def links(some: KeyGroups) -> NDArray[np.uint64]:
        # Threads may write `asked` for one wording at once: all of them write true.
        found: NDArray[np.uint64] = _edges_of_groups(
            *some,
            free,
            spent,
            asked,
            *leaders,
            lengths,
            wordings.sketches,
            wordings.bits,
            wordings.bags,
            least,
            LEADERS,
        )
        # Room that was taken for more is given back.
        return found.copy()

    for found in in_turn(links, wordings.groups, threads):
        parts.append(found)
        pending += found.size
        if pending > max(limit // _BYTES_PER_LINK, _LEAST_BATCH):
            parts = [_distinct(np.concatenate(parts))]
            pending = 0
    return _distinct(np.concatenate(parts))


def _distinct(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the distinct values, sorted in place: much faster than `np.unique` for many 64-bit integers."""
    values.sort()
    return values[np.append(True, values[1:] != values[:-1])] if values.size else values
