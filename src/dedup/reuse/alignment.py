"""Align two sentences token by token, so that long common stretches are preferred to scattered ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.reuse.borders import CHINESE_NUMERAL, DIGIT
from dedup.reuse.tokens import MASK

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Common stretches of fewer characters are luck, unless numbers stand on both sides (`3月5日`).
LEAST_RUN = 2
_DIAGONAL, _UP, _LEFT = 1, 2, 3
_RUNS_ON = 4


@njit(nogil=True, cache=True, inline="always")
def is_numeric(kind: int) -> bool:
    """Whether a token of this kind is a number or stands in the place of one."""
    return kind in (DIGIT, CHINESE_NUMERAL, MASK)


@njit(nogil=True, cache=True)
def align_tokens(
    ids_a: NDArray[np.uint32],
    kinds_a: NDArray[np.uint8],
    places_a: NDArray[np.int32],
    n_a: int,
    ids_b: NDArray[np.uint32],
    kinds_b: NDArray[np.uint8],
    n_b: int,
    match: NDArray[np.int32],
    trace: NDArray[np.uint8],
    scores: NDArray[np.int32],
) -> None:
    """Write to match[:n_a] the token of b that each token of a stands for, -1 for none.

    Parameters
    ----------
    places_a : normalised characters before each token of a
    trace : (>= (n_a + 1) * (n_b + 1),) scratch
    scores : (4, >= n_b + 1) scratch

    Notes
    -----
    The longest common subsequence, weighted by characters, with a bonus for going on where the last token matched
    too; quadratic in what is left between the common head and tail, unless tokens are merely replaced.
    """
    match[:n_a] = -1
    head = 0
    while head < n_a and head < n_b and ids_a[head] == ids_b[head]:
        match[head] = head
        head += 1
    tail = 0
    while tail < n_a - head and tail < n_b - head and ids_a[n_a - 1 - tail] == ids_b[n_b - 1 - tail]:
        match[n_a - 1 - tail] = n_b - 1 - tail
        tail += 1
    rows, columns = n_a - head - tail, n_b - head - tail
    if rows == columns and _only_replaced(ids_a, ids_b, head, n_a - tail):
        for i in range(head, n_a - tail):
            if ids_a[i] == ids_b[i]:
                match[i] = i
    elif rows > 0 and columns > 0:
        width = columns + 1
        best_before, run_before, best, run = scores[0], scores[1], scores[2], scores[3]
        low = np.int32(-1_000_000)
        for j in range(width):
            best_before[j] = 0
            run_before[j] = low
            trace[j] = _LEFT
        for i in range(1, rows + 1):
            best[0] = 0
            run[0] = low
            trace[i * width] = _UP
            a = head + i - 1
            weight = 4 * (places_a[a + 1] - places_a[a])
            for j in range(1, width):
                mark = 0
                if ids_a[a] == ids_b[head + j - 1]:
                    fresh = best_before[j - 1] + weight
                    on = run_before[j - 1] + weight + 2
                    if on >= fresh:
                        run[j] = on
                        mark = _RUNS_ON
                    else:
                        run[j] = fresh
                else:
                    run[j] = low
                if run[j] >= best_before[j] and run[j] >= best[j - 1]:
                    best[j] = run[j]
                    mark |= _DIAGONAL
                elif best_before[j] >= best[j - 1]:
                    best[j] = best_before[j]
                    mark |= _UP
                else:
                    best[j] = best[j - 1]
                    mark |= _LEFT
                trace[i * width + j] = mark
            best_before, best = best, best_before
            run_before, run = run, run_before
        i, j = rows, columns
        running = False
        while i > 0 and j > 0:
            mark = trace[i * width + j]
            if running or (mark & 3) == _DIAGONAL:
                match[head + i - 1] = head + j - 1
                running = (mark & _RUNS_ON) != 0
                i -= 1
                j -= 1
            elif (mark & 3) == _UP:
                i -= 1
            else:
                j -= 1
    _drop_short_runs(kinds_a, places_a, n_a, kinds_b, n_b, match)


@njit(nogil=True, cache=True)
def _only_replaced(ids_a: NDArray[np.uint32], ids_b: NDArray[np.uint32], start: int, end: int) -> bool:
    """Whether the tokens in which [start, end) of a and b differ stand nowhere in the other one's stretch.

    Then the tokens that stay can only be matched among themselves. An alignment that leaves out d of them loses 4 or
    more for each, and has at most d runs fewer, which a bonus of 2 does not make up for: place to place is best.
    """
    for i in range(start, end):
        if ids_a[i] != ids_b[i]:
            met = False
            for j in range(start, end):
                met |= (ids_a[i] == ids_b[j]) | (ids_b[i] == ids_a[j])
            if met:
                return False
    return True


@njit(nogil=True, cache=True)
def _drop_short_runs(
    kinds_a: NDArray[np.uint8],
    places_a: NDArray[np.int32],
    n_a: int,
    kinds_b: NDArray[np.uint8],
    n_b: int,
    match: NDArray[np.int32],
) -> None:
    last_a = last_b = -1
    i = 0
    while i < n_a:
        if match[i] < 0:
            i += 1
            continue
        end = i + 1
        while end < n_a and match[end] == match[end - 1] + 1:
            end += 1
        if places_a[end] - places_a[i] < LEAST_RUN:
            next_a = end
            while next_a < n_a and match[next_a] < 0:
                next_a += 1
            next_b = match[next_a] if next_a < n_a else n_b
            fits = _gap_is_numeric(kinds_a, last_a + 1, i, kinds_b, last_b + 1, match[i]) and _gap_is_numeric(
                kinds_a, end, next_a, kinds_b, match[end - 1] + 1, next_b
            )
            if not fits:
                match[i] = -1
                i = end
                continue
        last_a, last_b = end - 1, match[end - 1]
        i = end


@njit(nogil=True, cache=True)
def _gap_is_numeric(
    kinds_a: NDArray[np.uint8], start_a: int, end_a: int, kinds_b: NDArray[np.uint8], start_b: int, end_b: int
) -> bool:
    """Whether at most one token stands in the gap on each side, and each is a number."""
    if end_a - start_a > 1 or end_b - start_b > 1:
        return False
    fits = True
    for i in range(start_a, end_a):
        fits = fits and is_numeric(kinds_a[i])
    for j in range(start_b, end_b):
        fits = fits and is_numeric(kinds_b[j])
    return fits
