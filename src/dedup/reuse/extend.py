"""Extend copied runs over small edits, by comparing with the section they are shared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.reuse.runs import COPIED, EDITION, HOLE, SLIP
from dedup.reuse.voices import NONE, PARTNERS, Groups, RowCodes
from dedup.reuse.windows import Texts, read_window
from dedup.text.normalise import fold_utf8

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Characters that an edit may replace, add or drop.
EDIT = 12
#: Characters that must agree after an edit, beyond as many as it has.
AGREED = 4
#: Characters read of the other section at a time.
WINDOW = 256


@njit(nogil=True, cache=True, inline="always")
def _agrees(own: NDArray[np.uint32], at: int, way: int, other: NDArray[np.uint32], j: int, n: int) -> bool:
    k = 0
    while k < n and own[at + way * k] == other[j + k]:
        k += 1
    return k == n


@njit(nogil=True, cache=True)
def _advance(
    own: NDArray[np.uint32], at: int, way: int, limit: int, other: NDArray[np.uint32], size: int
) -> tuple[int, int]:
    """Follow two texts as long as they agree up to small edits.

    Parameters
    ----------
    own, at, way : characters own[at], own[at + way], ... of which `limit` may be used
    other, size : the characters to compare with, in the same direction

    Returns
    -------
    characters passed in each; the last ones agree
    """
    i = j = 0
    while True:
        while i < limit and j < size and own[at + way * i] == other[j]:
            i += 1
            j += 1
        if i >= limit or j >= size:
            return i, j
        found = False
        for total in range(1, 2 * EDIT + 1):
            for more in range(max(0, total - EDIT), min(total, EDIT) + 1):
                skipped = total - more
                agreed = AGREED + max(more, skipped)
                if i + more + agreed > limit or j + skipped + agreed > size:
                    continue
                if _agrees(own, at + way * (i + more), way, other, j + skipped, agreed):
                    i += more
                    j += skipped
                    found = True
                    break
            if found:
                break
        if not found:
            return i, j


@njit(nogil=True, cache=True)
def _partner(groups: Groups, codes: RowCodes, row: int, g: int, wanted: int) -> int:
    """Return the place of the first partner of a group that is of another family (of editions: cluster), or -1.

    `wanted` asks for one row in particular, -1 for any.
    """
    for k in range(PARTNERS):
        partner = groups.partner_row[g, k]
        if partner == NONE:
            break
        if groups.voices[g] == 1:
            if codes.cluster[partner] == codes.cluster[row]:
                continue
        elif codes.family[partner] == codes.family[row]:
            continue
        if wanted < 0 or np.int64(partner) == wanted:
            return k
    return -1


@njit(nogil=True, cache=True)
def _extend_right(
    own: NDArray[np.uint32], end: int, limit: int, texts: Texts, row: int, at: int, window: NDArray[np.uint32]
) -> tuple[int, int]:
    """Return how far own text from `end`, and another row's from `at`, agree up to small edits."""
    done = passed = 0
    while done < limit:
        size = read_window(texts, row, at + passed, window)
        more, skipped = _advance(own, end + done, 1, limit - done, window, size)
        done += more
        passed += skipped
        # What was read did not suffice: go on behind it.
        if more == 0 or skipped < WINDOW - 2 * (EDIT + AGREED):
            break
    return done, passed


@njit(nogil=True, cache=True)
def _extend_left(
    own: NDArray[np.uint32], start: int, limit: int, texts: Texts, row: int, at: int, window: NDArray[np.uint32]
) -> tuple[int, int]:
    """Return how far own text before `start`, and another row's before `at`, agree up to small edits."""
    done = passed = 0
    while done < limit:
        size = min(WINDOW, at - passed)
        part = window[:size]
        read_window(texts, row, at - passed - size, part)
        more, skipped = _advance(own, start - 1 - done, -1, limit - done, part[::-1].copy(), size)
        done += more
        passed += skipped
        if more == 0 or skipped < WINDOW - 2 * (EDIT + AGREED):
            break
    return done, passed


@njit(nogil=True, cache=True)
def extend_runs(
    runs: NDArray,
    position: NDArray[np.uint32],
    group: NDArray[np.uint32],
    groups: Groups,
    kinds: NDArray[np.uint8],
    codes: RowCodes,
    length: int,
    texts: Texts,
    dropped: NDArray[np.bool_],
) -> None:
    """Extend copied runs, and runs shared by editions, in place; mark those that another one has taken in.

    Parameters
    ----------
    runs : `RUN`, row after row; those of one kind are disjoint and ascend
    position, group, groups, kinds, codes : as in `SharedRuns`; `length` characters a place
    dropped : (m,) receives which runs became part of the one before

    Notes
    -----
    Two texts agree as long as an edit of at most `EDIT` characters is followed by as many that agree, and `AGREED`
    more. Runs of text that many sections have are left as they are: they would follow one of them by chance.
    """
    own = np.empty(4096, dtype=np.uint32)
    window = np.empty(WINDOW, dtype=np.uint32)
    low = 0
    while low < runs.size:
        row = np.int64(runs[low]["row"])
        high = low
        some = False
        while high < runs.size and np.int64(runs[high]["row"]) == row:
            kind = runs[high]["kind"]
            some |= kind in (COPIED, EDITION)
            high += 1
        if some:
            own, n = fold_utf8(
                texts.data, texts.starts[row], texts.ends[row], texts.folded, texts.expansions, own, False
            )
            for each in (COPIED, EDITION):
                _extend_kind(
                    runs[low:high],
                    dropped[low:high],
                    each,
                    row,
                    own,
                    n,
                    position,
                    group,
                    groups,
                    kinds,
                    codes,
                    length,
                    texts,
                    window,
                )
        low = high


@njit(nogil=True, cache=True)
def _extend_kind(
    runs: NDArray,
    dropped: NDArray[np.bool_],
    kind: int,
    row: int,
    own: NDArray[np.uint32],
    n: int,
    position: NDArray[np.uint32],
    group: NDArray[np.uint32],
    groups: Groups,
    kinds: NDArray[np.uint8],
    codes: RowCodes,
    length: int,
    texts: Texts,
    window: NDArray[np.uint32],
) -> None:
    last = -1
    # Where the text of the last run goes on in the other section.
    last_row = last_at = np.int64(-1)
    for r in range(runs.size):
        run = runs[r]
        if run["kind"] != kind:
            continue
        floor = runs[last]["end"] if last >= 0 else 0
        place = run["low"]
        g = group[place]
        k = _partner(groups, codes, row, g, last_row)
        if k < 0:
            k = _partner(groups, codes, row, g, -1)
        if k >= 0 and run["start"] == position[place]:
            other = np.int64(groups.partner_row[g, k])
            at = np.int64(groups.partner_position[g, k])
            done, passed = _extend_left(own, run["start"], run["start"] - floor, texts, other, at, window)
            run["start"] -= done
            hole = run["start"] - floor
            moved = at - passed - last_at
            between = 0
            if last >= 0:
                for i in range(runs[last]["high"], run["low"]):
                    between += kinds[group[i]] == kind
            # Places of a third section between them would be counted to the wrong passage.
            if last >= 0 and other == last_row and between == 0 and hole <= HOLE and abs(moved - hole) <= SLIP:
                # The same section goes on behind what was edited.
                runs[last]["end"] = run["end"]
                runs[last]["high"] = run["high"]
                runs[last]["n"] += run["n"]
                dropped[r] = True
        if not dropped[r]:
            last = r
        run = runs[last]
        last_row = last_at = np.int64(-1)
        place = run["high"] - 1
        g = group[place]
        k = _partner(groups, codes, row, g, -1)
        if k >= 0 and run["end"] == np.int64(position[place]) + length:
            ceiling = n
            for s in range(r + 1, runs.size):
                if runs[s]["kind"] == kind:
                    ceiling = runs[s]["start"]
                    break
            last_row = np.int64(groups.partner_row[g, k])
            at = np.int64(groups.partner_position[g, k]) + length
            done, passed = _extend_right(own, run["end"], ceiling - run["end"], texts, last_row, at, window)
            run["end"] += done
            last_at = np.int64(at + passed)
