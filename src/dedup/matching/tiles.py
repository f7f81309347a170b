"""The recurrence of the longest common subsequence on tiles of the band: some words of the pattern by some rows.

A tile keeps its words in registers through all its rows. What a row carries into the words above is one bit; the
carries of a tile's rows are one word, which the tile above reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows of a tile: fewer carry more overhead, more make the staircase around the band coarser.
ROWS = 32
_1 = np.uint64(1)


@njit(nogil=True, cache=True, inline="always")
def _step(s: np.uint64, mask: np.uint64, carry: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return the next state of a word of 64 characters, and what it carries into the word above."""
    u = s & mask
    total = s + u
    overflow = np.uint64(total < s)
    total += carry
    return total | (s & ~mask), overflow | np.uint64(total < carry)


@njit(nogil=True, cache=True)
def _tile_4(
    numbers: NDArray[np.int32], masks: NDArray[np.uint64], w: int, state: NDArray[np.uint64], carries: np.uint64
) -> np.uint64:
    s_0, s_1, s_2, s_3 = state[w], state[w + 1], state[w + 2], state[w + 3]
    at = np.uint64(w)
    out = np.uint64(0)
    for r in range(numbers.size):
        c = np.uint64(numbers[r])
        carry = (carries >> np.uint64(r)) & _1
        s_0, carry = _step(s_0, masks[c, at], carry)
        s_1, carry = _step(s_1, masks[c, at + np.uint64(1)], carry)
        s_2, carry = _step(s_2, masks[c, at + np.uint64(2)], carry)
        s_3, carry = _step(s_3, masks[c, at + np.uint64(3)], carry)
        out |= carry << np.uint64(r)
    state[w], state[w + 1], state[w + 2], state[w + 3] = s_0, s_1, s_2, s_3
    return out


@njit(nogil=True, cache=True)
def _tile_2(
    numbers: NDArray[np.int32], masks: NDArray[np.uint64], w: int, state: NDArray[np.uint64], carries: np.uint64
) -> np.uint64:
    s_0, s_1 = state[w], state[w + 1]
    at = np.uint64(w)
    out = np.uint64(0)
    for r in range(numbers.size):
        c = np.uint64(numbers[r])
        carry = (carries >> np.uint64(r)) & _1
        s_0, carry = _step(s_0, masks[c, at], carry)
        s_1, carry = _step(s_1, masks[c, at + np.uint64(1)], carry)
        out |= carry << np.uint64(r)
    state[w], state[w + 1] = s_0, s_1
    return out


@njit(nogil=True, cache=True)
def _tile_1(
    numbers: NDArray[np.int32], masks: NDArray[np.uint64], w: int, state: NDArray[np.uint64], carries: np.uint64
) -> np.uint64:
    s = state[w]
    at = np.uint64(w)
    out = np.uint64(0)
    for r in range(numbers.size):
        s, carry = _step(s, masks[np.uint64(numbers[r]), at], (carries >> np.uint64(r)) & _1)
        out |= carry << np.uint64(r)
    state[w] = s
    return out


@njit(nogil=True, cache=True)
def advance_band(
    numbers: NDArray[np.int32],
    n: int,
    left: int,
    right: int,
    masks: NDArray[np.uint64],
    state: NDArray[np.uint64],
) -> None:
    """Run the recurrence over all rows, in the words that a band of diagonals touches.

    Parameters
    ----------
    numbers : (m,) for each row, which row of `masks` says where its character stands in the pattern
    n : characters of the pattern
    left, right : how many diagonals below and above the main one the band holds, at least
    masks : (c, words of the pattern) uint64
    state : (words,) uint64, all ones at first; afterwards a zero for each step of the longest common subsequence
    """
    m = numbers.size
    for start in range(0, m, ROWS):
        stop = min(start + ROWS, m)
        part = numbers[start:stop]
        w = max(0, start - left) >> 6
        end = ((min(n, stop + right) - 1) >> 6) + 1
        carries = np.uint64(0)
        while end - w >= 4:
            carries = _tile_4(part, masks, w, state, carries)
            w += 4
        if end - w >= 2:
            carries = _tile_2(part, masks, w, state, carries)
            w += 2
        if end > w:
            _tile_1(part, masks, w, state, carries)
