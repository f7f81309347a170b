"""Sections that lie inside another one: truncated copies, and reports that a page quotes whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.matching.parallel import MEMORY
from dedup.matching.verify import shared_shingles
from dedup.reuse.runs import KINDS

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedup.reuse.passages import Passages
    from dedup.reuse.rows import SectionRows
    from dedup.settings import FingerprintSettings, ReuseSettings

#: Longest sections of a passage that it is looked for in.
HOSTS = 8
#: Sections that the shingles of one are compared with, at most.
CANDIDATES = 4
#: A stretch of this many times `passage_chars` is no formula, however often it stands.
LONG = 5
#: Share of the wanted containment that passages must show before shingles are counted.
HINT = 0.4
#: Bytes that hashing a byte of text takes.
BYTES_PER_BYTE = 8


@dataclass(frozen=True)
class Contained:
    """Canonical sections that lie largely inside others, ordered by the rank of the inner, then of the outer.

    Attributes
    ----------
    inner, outer : (c,) int64 rows, of different families
    containment_inner, containment_outer : (c,) float64, share of each one's distinct shingles that the other has
    jaccard : (c,) float64
    n_candidates : pairs whose shingles were counted
    """

    inner: NDArray[np.int64]
    outer: NDArray[np.int64]
    containment_inner: NDArray[np.float64]
    containment_outer: NDArray[np.float64]
    jaccard: NDArray[np.float64]
    n_candidates: int


@njit(nogil=True, cache=True)
def _vote(
    bounds: NDArray[np.int64],
    row: NDArray[np.int64],
    family: NDArray[np.int64],
    length: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    shift: NDArray[np.int64],
    wanted: NDArray[np.uint8],
    narrow: NDArray[np.uint8],
    long_chars: int,
    share: float,
    out: NDArray[np.int64],
) -> int:
    """Write (inner row, outer row, characters) of every occurrence and the longest sections that have its passage.

    Occurrences of a passage stand together, those in the longest sections first. Only counted where `out` is empty.
    """
    written = 0
    hosts = np.empty(HOSTS, dtype=np.int64)
    for p in range(bounds.size - 1):
        low, high = bounds[p], bounds[p + 1]
        n = 0
        for i in range(low, high):
            if n < HOSTS and (n == 0 or row[hosts[n - 1]] != row[i]):
                hosts[n] = i
                n += 1
            elif n == HOSTS:
                break
        for i in range(low, high):
            if not wanted[row[i]]:
                continue
            for h in range(n):
                host = hosts[h]
                if family[row[host]] == family[row[i]] or length[row[host]] < share * length[row[i]]:
                    continue
                begin = max(shift[i], shift[host])
                stop = min(shift[i] + end[i] - start[i], shift[host] + end[host] - start[host])
                if stop > begin and (narrow[i] or stop - begin >= long_chars):
                    if out.size:
                        out[written, 0], out[written, 1] = row[i], row[host]
                        out[written, 2] = stop - begin
                    written += 1
    return written


def find_contained(
    passages: Passages,
    rows: SectionRows,
    texts: pa.Array,
    settings: ReuseSettings,
    fingerprint: FingerprintSettings,
    *,
    threads: int = 1,
    memory: int = MEMORY,
) -> Contained:
    """Find canonical sections of which at least `settings.contained` lies inside one of another family.

    Parameters
    ----------
    texts : the clean texts of `rows`
    memory : bytes that the hashes of compared texts may take, roughly; two texts are always held

    Notes
    -----
    Containment is counted exactly, on distinct shingles. Candidates are voted for: a section that passages cover
    asks, passage by passage, the longest sections that have it. Formulae have no vote: what stands in many families
    must be long to speak for one. So a section is compared with a few others, however many share its text.
    """
    order, family = np.asarray(rows.order), np.asarray(rows.family)
    own = np.asarray(rows.is_canonical, dtype=bool) & ~np.asarray(rows.is_reference, dtype=bool)
    kind = passages.kind
    narrow = (kind == KINDS.index("copied")) | (kind == KINDS.index("edition"))
    long_chars = LONG * settings.passage_chars
    size = passages.end - passages.start
    speaks = own[passages.row] & (narrow | (size >= long_chars)) & (kind != KINDS.index("boilerplate"))
    chosen = np.flatnonzero(speaks)
    row = passages.row[chosen]
    covered = np.bincount(row, weights=size[chosen], minlength=order.size)
    hint = HINT * settings.contained
    wanted = (covered >= hint * passages.lengths) & (passages.lengths > 0)
    turn = np.lexsort((-size[chosen], order[row], -passages.lengths[row], passages.passage[chosen]))
    chosen, row = chosen[turn], row[turn]
    bounds = np.append(np.flatnonzero(np.diff(passages.passage[chosen], prepend=-1)), chosen.size)
    given = (
        bounds,
        row,
        family,
        passages.lengths,
        passages.start[chosen],
        passages.end[chosen],
        passages.shift[chosen],
        wanted.astype(np.uint8),
        narrow[chosen].astype(np.uint8),
        long_chars,
        settings.contained,
    )
    votes = np.empty((_vote(*given, np.empty((0, 3), dtype=np.int64)), 3), dtype=np.int64)
    if votes.size:
        _vote(*given, votes)
    inner, outer = _candidates(votes, passages.lengths, order, hint)
    shared, size_inner, size_outer = _count_shared(texts, inner, outer, fingerprint, threads, memory)
    containment = shared / np.maximum(size_inner, 1)
    enough = np.flatnonzero(containment >= settings.contained)
    kept = enough[np.lexsort((order[outer[enough]], order[inner[enough]]))]
    union = size_inner + size_outer - shared
    return Contained(
        inner[kept],
        outer[kept],
        containment[kept],
        shared[kept] / np.maximum(size_outer[kept], 1),
        shared[kept] / np.maximum(union[kept], 1),
        inner.size,
    )


def _candidates(
    votes: NDArray[np.int64], lengths: NDArray[np.int64], order: NDArray[np.int64], hint: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the few sections with the most votes of each inner one."""
    votes = votes[np.lexsort((votes[:, 1], votes[:, 0]))]
    new = np.ones(len(votes), dtype=bool)
    new[1:] = (votes[1:, :2] != votes[:-1, :2]).any(axis=1)
    first = np.flatnonzero(new)
    total = np.add.reduceat(votes[:, 2], first) if first.size else np.zeros(0, dtype=np.int64)
    inner, outer = votes[first, 0], votes[first, 1]
    enough = total >= hint * lengths[inner]
    inner, outer, total = inner[enough], outer[enough], total[enough]
    turn = np.lexsort((order[outer], -total, order[inner]))
    inner, outer = inner[turn], outer[turn]
    starts = np.flatnonzero(np.diff(inner, prepend=-1))
    place = np.arange(inner.size) - np.repeat(starts, np.diff(np.append(starts, inner.size)))
    return inner[place < CANDIDATES], outer[place < CANDIDATES]


def _count_shared(
    texts: pa.Array,
    inner: NDArray[np.int64],
    outer: NDArray[np.int64],
    fingerprint: FingerprintSettings,
    threads: int,
    memory: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count distinct shingles, of as many pairs at a time as memory allows."""
    from dedup.matching.batches import batches_of_pairs, text_bytes

    counts = np.zeros((3, inner.size), dtype=np.int64)
    for batch in batches_of_pairs(inner, outer, text_bytes(texts), memory // BYTES_PER_BYTE):
        counts[:, batch] = shared_shingles(texts, inner[batch], outer[batch], fingerprint, threads=threads)
    return counts[0], counts[1], counts[2]
