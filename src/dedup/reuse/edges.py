"""Who shares text with whom: pairs of clusters, with amounts, from passages that few families have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.reuse.passages import Passages
    from dedup.reuse.rows import SectionRows
    from dedup.settings import ReuseSettings

#: A stretch of one row of a pair that stands in the other; rows by their rank, `back` where it is of the second.
SHARE = np.dtype(
    [
        ("first", np.int64),
        ("second", np.int64),
        ("back", np.uint8),
        ("start", np.int64),
        ("end", np.int64),
        ("passage", np.int64),
    ]
)


@dataclass(frozen=True)
class ShareEdges:
    """Pairs of clusters that share text, one row each, ordered by the rank of `from_row`, then of `to_row`.

    Attributes
    ----------
    from_row, to_row : (e,) int64 canonical rows; `from_row` is the better copy of the two by canonical order
    shared_chars : (e,) int64, normalised characters of `from_row` that stand in `to_row`
    share_from, share_to : (e,) float64, share of each row's text that stands in the other
    n_passages : (e,) int64, passages in common
    longest : (e,) int64, normalised characters of the longest of them, as far as both have it
    idf_share : (e,) float64, `share_from` with each passage weighted by log(N / df) / log(N), N families
    metrics : passages and rows that were left out
    """

    from_row: NDArray[np.int64]
    to_row: NDArray[np.int64]
    shared_chars: NDArray[np.int64]
    share_from: NDArray[np.float64]
    share_to: NDArray[np.float64]
    n_passages: NDArray[np.int64]
    longest: NDArray[np.int64]
    idf_share: NDArray[np.float64]
    metrics: dict[str, int]


@njit(nogil=True, cache=True)
def _pair(
    bounds: NDArray[np.int64],
    rank: NDArray[np.int64],
    family: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    shift: NDArray[np.int64],
    passage: NDArray[np.int64],
    most: int,
    out: NDArray,
) -> tuple[int, int]:
    """Write what the rows of each passage share, or only count it where `out` is empty.

    Occurrences of a passage stand together, by family, then rank, then start. Each occurrence in a row is laid
    against the fullest one in every other row; of a family the best `most` rows are taken.

    Returns
    -------
    stretches written, rows left out
    """
    written = 0
    left_out = 0
    for p in range(bounds.size - 1):
        low, high = bounds[p], bounds[p + 1]
        firsts = np.empty(high - low + 1, dtype=np.int64)
        fullest = np.empty(high - low, dtype=np.int64)
        n = 0
        i = low
        taken = 0
        keep = np.zeros(high - low, dtype=np.uint8)
        while i < high:
            if i == low or family[i] != family[i - 1]:
                taken = 0
            j = i
            best = i
            while j < high and rank[j] == rank[i]:
                if end[j] - start[j] > end[best] - start[best]:
                    best = j
                j += 1
            firsts[n] = i
            fullest[n] = best
            keep[n] = taken < most
            left_out += taken >= most
            taken += 1
            n += 1
            i = j
        firsts[n] = high
        for a in range(n):
            if not keep[a]:
                continue
            for b in range(n):
                if a == b or not keep[b]:
                    continue
                other = fullest[b]
                other_end = shift[other] + end[other] - start[other]
                for i in range(firsts[a], firsts[a + 1]):
                    begin = max(shift[i], shift[other])
                    stop = min(shift[i] + end[i] - start[i], other_end)
                    if stop <= begin:
                        continue
                    if out.size:
                        share = out[written]
                        back = rank[i] > rank[other]
                        share["first"] = rank[other] if back else rank[i]
                        share["second"] = rank[i] if back else rank[other]
                        share["back"] = back
                        share["start"] = begin - shift[i] + start[i]
                        share["end"] = stop - shift[i] + start[i]
                        share["passage"] = passage[i]
                    written += 1
    return written, left_out


@njit(nogil=True, cache=True)
def _sum_up(
    shares: NDArray,
    weight: NDArray[np.float64],
    amounts: NDArray[np.int64],
    weighted: NDArray[np.float64],
) -> int:
    """Add up stretches sorted by pair, direction, start, the longer first; overlaps count once.

    Parameters
    ----------
    weight : of each passage
    amounts : (e, 5) receives first, second, characters of the first, of the second, the longest stretch
    weighted : (e,) receives the characters of the first, weighted
    """
    n = -1
    reached = 0
    for i in range(shares.size):
        share = shares[i]
        new = i == 0 or share["first"] != shares[i - 1]["first"] or share["second"] != shares[i - 1]["second"]
        if new:
            n += 1
            amounts[n, 0], amounts[n, 1] = share["first"], share["second"]
        if new or share["back"] != shares[i - 1]["back"]:
            reached = 0
        fresh = share["end"] - max(reached, share["start"])
        if fresh > 0:
            amounts[n, 3 if share["back"] else 2] += fresh
            if not share["back"]:
                weighted[n] += fresh * weight[share["passage"]]
            reached = share["end"]
        amounts[n, 4] = max(amounts[n, 4], share["end"] - share["start"])
    return n + 1


def share_edges(passages: Passages, rows: SectionRows, settings: ReuseSettings) -> ShareEdges:
    """Return the pairs of clusters that share passages, as far as their canonical sections do.

    Passages in more than `settings.edge_families` families make no edges. Of a family with more clusters than that
    in one passage (editions, year after year) the best ones stand for it, so the number of pairs that a passage makes
    is bounded.
    """
    order = np.asarray(rows.order)
    df = passages.stats.column("df").to_numpy()
    narrow = df <= settings.edge_families
    own = np.asarray(rows.is_canonical, dtype=bool) & ~np.asarray(rows.is_reference, dtype=bool)
    canonical = np.flatnonzero(own[passages.row])
    chosen = canonical[narrow[passages.passage[canonical]]]
    rank = order[passages.row[chosen]]
    family = np.asarray(rows.family)[passages.row[chosen]]
    number = passages.passage[chosen]
    turn = np.lexsort((passages.start[chosen], rank, order[family], number))
    chosen, rank, family, number = chosen[turn], rank[turn], family[turn], number[turn]
    bounds = np.append(np.flatnonzero(np.diff(number, prepend=-1)), number.size)
    given = (bounds, rank, family, passages.start[chosen], passages.end[chosen], passages.shift[chosen], number)
    size, left_out = _pair(*given, settings.edge_families, np.empty(0, dtype=SHARE))
    shares = np.empty(size, dtype=SHARE)
    if size:
        _pair(*given, settings.edge_families, shares)
    shares = shares[np.lexsort((-shares["end"], shares["start"], shares["back"], shares["second"], shares["first"]))]
    families = max(passages.corpus_families, 2)
    weight = np.log(families / np.maximum(df, 1)) / np.log(families)
    amounts = np.zeros((size, 5), dtype=np.int64)
    weighted = np.zeros(size, dtype=np.float64)
    n = _sum_up(shares, weight, amounts, weighted)
    amounts, weighted = amounts[:n], weighted[:n]
    by_rank = np.empty(order.size, dtype=np.int64)
    by_rank[order] = np.arange(order.size)
    from_row, to_row = by_rank[amounts[:, 0]], by_rank[amounts[:, 1]]
    length_from = np.maximum(passages.lengths[from_row], 1)
    wide = np.zeros(df.size, dtype=bool)
    wide[passages.passage[canonical]] = True
    return ShareEdges(
        from_row,
        to_row,
        amounts[:, 2],
        amounts[:, 2] / length_from,
        amounts[:, 3] / np.maximum(passages.lengths[to_row], 1),
        _distinct_passages(shares, n),
        amounts[:, 4],
        weighted / length_from,
        {"passages_left_out": int((wide & ~narrow).sum()), "editions_left_out": left_out, "edges": n},
    )


def _distinct_passages(shares: NDArray, n: int) -> NDArray[np.int64]:
    """Return how many passages each pair has in common."""
    turn = np.lexsort((shares["passage"], shares["second"], shares["first"]))
    first, second, passage = (shares[name][turn] for name in ("first", "second", "passage"))
    new_pair = np.ones(turn.size, dtype=bool)
    new_pair[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    new = new_pair.copy()
    new[1:] |= passage[1:] != passage[:-1]
    return np.bincount((np.cumsum(new_pair) - 1)[new], minlength=n).astype(np.int64)
