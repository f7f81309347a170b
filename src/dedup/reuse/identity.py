"""Which runs are occurrences of one passage, and where in its first occurrence each of them lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.reuse.runs import COPIED, EDITION

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def _name(
    runs: NDArray,
    turn: NDArray[np.int64],
    position: NDArray[np.uint32],
    group: NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    df: NDArray[np.uint32],
    passage: NDArray[np.int64],
    shift: NDArray[np.int64],
    least_df: NDArray[np.int64],
) -> int:
    owner = np.full(kinds.size, -1, dtype=np.int32)
    place = np.zeros(kinds.size, dtype=np.int32)
    votes = np.zeros(turn.size, dtype=np.int32)
    n = 0
    for r in turn:
        kind = runs[r]["kind"]
        start = runs[r]["start"]
        own = 0
        best = -1
        for i in range(runs[r]["low"], runs[r]["high"]):
            g = group[i]
            if kinds[g] == kind:
                own += 1
                o = owner[g]
                if o >= 0:
                    votes[o] += 1
                    if best < 0 or votes[o] > votes[best] or (votes[o] == votes[best] and o < best):
                        best = o
        agreed = 0 if best < 0 else votes[best]
        joins = best >= 0 and (2 * agreed >= own or kind in (COPIED, EDITION))
        if joins:
            passage[r] = best
        else:
            passage[r] = n
            least_df[n] = 1 << 62
            n += 1
        found = False
        for i in range(runs[r]["low"], runs[r]["high"]):
            g = group[i]
            if kinds[g] != kind:
                continue
            o = owner[g]
            if o >= 0:
                votes[o] = 0
            if joins:
                if o == best and not found:
                    found = True
                    shift[r] = place[g] - (np.int64(position[i]) - start)
            else:
                # Also what an earlier passage had: equal runs must find each other.
                owner[g] = passage[r]
                place[g] = np.int64(position[i]) - start
            if not joins:
                least_df[passage[r]] = min(least_df[passage[r]], df[g])
        if joins and kind in (COPIED, EDITION):
            # What two families share, and no third, may be one passage however its runs were cut.
            for i in range(runs[r]["low"], runs[r]["high"]):
                g = group[i]
                if kinds[g] == kind and owner[g] < 0:
                    owner[g] = best
                    place[g] = shift[r] + np.int64(position[i]) - start
    return n


def name_passages(
    runs: NDArray,
    order: NDArray[np.int64],
    canonical: NDArray[np.bool_],
    position: NDArray[np.uint32],
    group: NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    df: NDArray[np.uint32],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Group runs into passages.

    Parameters
    ----------
    runs : `RUN`
    order : rank of each row among all copies, 0 is best
    canonical : (n,) whether a row stands for its cluster
    position, group : the places of shared text, as in `SharedRuns`
    kinds, df : of each group

    Returns
    -------
    passage : (m,) number of the passage of each run
    shift : (m,) characters between the beginning of its first occurrence and the run's
    least_df : (p,) families in which every part of the first occurrence stands

    Notes
    -----
    Runs of canonical sections come first, in them the longest, of equals that of the best copy. One that has most of
    its text in an earlier one is an occurrence of that passage; the others begin a new one. So nothing is chained
    through a row of overlapping runs, further copies of a section change no passage of the others, and the numbers do
    not depend on the order of the input.
    """
    row_order = order[runs["row"]]
    turn = np.lexsort((runs["start"], row_order, runs["start"] - runs["end"], ~canonical[runs["row"]], runs["kind"]))
    passage = np.zeros(runs.size, dtype=np.int64)
    shift = np.zeros(runs.size, dtype=np.int64)
    least_df = np.zeros(runs.size, dtype=np.int64)
    n = _name(runs, turn, position, group, kinds, df, passage, shift, least_df)
    return passage, shift, least_df[:n]
