"""Which wordings are worth an alignment: those that share a key with one of its best wordings, and look alike.

Groups of equal keys are never compared each with each: their members are linked to a few leaders, so the cost is
linear in the wordings, however common a key is.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.reuse.keyed import KeyGroups

#: Wordings of one key are compared with this many leaders in each round.
LEADERS = 3
#: Sketches of two variants share at least this part of the smaller one's bits.
SKETCH_SHARE = 0.3
_BYTES_PER_MEMBER = 8
_MOST_RANGES = 64
_32 = np.uint64(32)
#: A skeleton keeps this share of its leader's characters, and half of each variant's.
SKELETON_SHARE = 0.6
VARIANT_SHARE = 0.5
#: A slot of words needs this many characters of skeleton beside it.
CHARS_PER_SLOT = 8


class Likeness(NamedTuple):
    """By what wordings are compared before they are aligned.

    Attributes
    ----------
    lengths : (w,) uint32, normalised characters
    sketches, bits, marks, mark_bounds : as in `wordings.Wordings`
    """

    lengths: NDArray[np.uint32]
    sketches: NDArray[np.uint64]
    bits: NDArray[np.uint16]
    marks: NDArray[np.uint8]
    mark_bounds: NDArray[np.int64]


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
def set_marks(alike: Likeness, leader: int, present: NDArray[np.uint8], value: int) -> None:
    """Write to `present`, shape (256,), at each mark of a wording."""
    for i in range(alike.mark_bounds[leader], alike.mark_bounds[leader + 1]):
        present[alike.marks[i]] = value


@njit(nogil=True, cache=True, inline="always")
def may_hold_skeleton(alike: Likeness, leader: int, other: int, present: NDArray[np.uint8], least: int) -> bool:
    """Whether so many characters of a wording may stand in its leader that a skeleton is possible; never wrongly false.

    Parameters
    ----------
    present : (256,), 1 at each mark of the leader, 0 elsewhere
    """
    low, high = alike.mark_bounds[other], alike.mark_bounds[other + 1]
    # Every character has a mark.
    n_leader, n_other = alike.mark_bounds[leader + 1] - alike.mark_bounds[leader], high - low
    if not holds_skeleton(n_other, 0, n_leader, n_other, least):
        return False
    kept = 0
    for i in range(low, high):
        kept += present[alike.marks[i]]
    return bool(holds_skeleton(kept, 0, n_leader, n_other, least))


@njit(nogil=True, cache=True, inline="always")
def look_alike(alike: Likeness, leader: int, other: int) -> bool:
    """Whether two wordings have similar lengths and enough pairs of tokens in common."""
    small = min(alike.lengths[leader], alike.lengths[other])
    if 2 * small < max(alike.lengths[leader], alike.lengths[other]):
        return False
    common = 0
    for k in range(4):
        common += _bits(alike.sketches[leader, k] & alike.sketches[other, k])
    return bool(common >= SKETCH_SHARE * min(alike.bits[leader], alike.bits[other]))


@njit(nogil=True, cache=True)
def _turns(
    members: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    spent: NDArray[np.bool_],
    first: int,
    last: int,
    out: NDArray[np.uint64],
) -> int:
    """Write who may lead whom, or only count it where `out` is empty."""
    n = 0
    for g in range(bounds.size - 1):
        fresh = 0
        for i in range(bounds[g], bounds[g + 1]):
            if spent[members[i]]:
                continue
            if first <= members[i] < last:
                if out.size:
                    out[n] = (np.uint64(members[i]) << _32) | np.uint64(g)
                n += 1
            fresh += 1
            if fresh == LEADERS:
                break
    return n


def turns_of_leaders(groups: KeyGroups, spent: NDArray[np.bool_], leaders: tuple[int, int]) -> NDArray[np.uint64]:
    """Return which wordings may lead which groups, as (leader << 32 | group), sorted.

    Parameters
    ----------
    spent : (w,) wordings that have led
    leaders : range of the wordings that may lead
    """
    turns = np.empty(_turns(*groups, spent, *leaders, np.empty(0, dtype=np.uint64)), dtype=np.uint64)
    if turns.size:
        _turns(*groups, spent, *leaders, turns)
    turns.sort()
    return turns


def ranges_of_leaders(groups: KeyGroups, count: int, limit: int) -> list[tuple[int, int]]:
    """Return ranges of the `count` wordings whose turns, as they lead, take about `limit` bytes each."""
    needed = groups.members.size * _BYTES_PER_MEMBER
    edges = np.linspace(0, count, min(max(-(-needed // limit), 1), _MOST_RANGES) + 1).astype(np.int64).tolist()
    return list(pairwise(edges))
