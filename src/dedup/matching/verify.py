"""Exact verification of candidates: Jaccard over distinct shingle hashes, edit similarity only where it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from dedup.fingerprinting.sets import shared_by_pairs
from dedup.fingerprinting.shingles import distinct_shingle_hashes
from dedup.matching.batches import batches_of_pairs, text_bytes
from dedup.matching.indel import folded_texts, indel_similarities
from dedup.matching.parallel import MEMORY, run_parts

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedup.settings import FingerprintSettings, MatchSettings

#: Bytes of working memory per byte of text: eight for each hash (a character of one to four bytes), as much again
#: while they are sorted, and four for each code point.
BYTES_PER_BYTE = 12
#: Bytes of text compared at a time, of which hashes and code points fill the last cache and no more.
BATCH_BYTES = 4 << 20
#: Insertions and deletions that a pair is given at least before the band of its comparison is widened.
LEAST_LIKELY = 8
#: Pairs that a thread takes at a time; some ten milliseconds of work.
PAIRS_PER_PART = 1024


@dataclass(frozen=True)
class VerifiedPairs:
    """Pairs of nodes that meet the definition of a near-duplicate, with exact similarities.

    Attributes
    ----------
    a, b : (p,) int64 node numbers, a < b, sorted
    jaccard, containment_a, containment_b : (p,) float64
    edit_similarity : (p,) float64; NaN where Jaccard alone decided
    n_jaccard, n_edit : comparisons made
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    containment_a: NDArray[np.float64]
    containment_b: NDArray[np.float64]
    edit_similarity: NDArray[np.float64]
    n_jaccard: int
    n_edit: int


@njit(nogil=True, cache=True)
def _below(hashes: NDArray[np.uint64], low: int, high: int, bound: np.uint64) -> int:
    """Return the first position in low..high whose hash is not below `bound`."""
    while low < high:
        middle = (low + high) >> 1
        if hashes[middle] < bound:
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)
def _shared(
    hashes: NDArray[np.uint64], bounds: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Count equal hashes by merging, four quarters of the range of hashes at a time.

    A step of a merge waits for the one before; hashes are uniform, so the quarters are of nearly equal length and
    their steps overlap.
    """
    out = np.empty(left.size, dtype=np.int64)
    quarter = np.uint64(1) << np.uint64(62)
    for p in range(left.size):
        i0, i_end = bounds[left[p]], bounds[left[p] + 1]
        j0, j_end = bounds[right[p]], bounds[right[p] + 1]
        i2 = _below(hashes, i0, i_end, quarter + quarter)
        i1 = _below(hashes, i0, i2, quarter)
        i3 = _below(hashes, i2, i_end, quarter + quarter + quarter)
        j2 = _below(hashes, j0, j_end, quarter + quarter)
        j1 = _below(hashes, j0, j2, quarter)
        j3 = _below(hashes, j2, j_end, quarter + quarter + quarter)
        ends_i = (i1, i2, i3, i_end)
        ends_j = (j1, j2, j3, j_end)
        shared = 0
        while True:
            steps = min(
                min(min(ends_i[0] - i0, ends_j[0] - j0), min(ends_i[1] - i1, ends_j[1] - j1)),
                min(min(ends_i[2] - i2, ends_j[2] - j2), min(ends_i[3] - i3, ends_j[3] - j3)),
            )
            if steps < 4:
                break
            for _ in range(steps):
                x, y = hashes[i0], hashes[j0]
                shared += x == y
                i0 += x <= y
                j0 += y <= x
                x, y = hashes[i1], hashes[j1]
                shared += x == y
                i1 += x <= y
                j1 += y <= x
                x, y = hashes[i2], hashes[j2]
                shared += x == y
                i2 += x <= y
                j2 += y <= x
                x, y = hashes[i3], hashes[j3]
                shared += x == y
                i3 += x <= y
                j3 += y <= x
        for i, i_stop, j, j_stop in (
            (i0, ends_i[0], j0, ends_j[0]),
            (i1, ends_i[1], j1, ends_j[1]),
            (i2, ends_i[2], j2, ends_j[2]),
            (i3, ends_i[3], j3, ends_j[3]),
        ):
            while i < i_stop and j < j_stop:
                x, y = hashes[i], hashes[j]
                shared += x == y
                i += x <= y
                j += y <= x
        out[p] = shared
    return out


def count_shared(
    hashes: NDArray[np.uint64],
    bounds: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    *,
    threads: int = 1,
) -> NDArray[np.int64]:
    """Count the hashes that the texts of each pair share.

    Parameters
    ----------
    hashes, bounds : as from `distinct_shingle_hashes`; left, right : (p,) numbers of texts in it
    """

    def work(low: int, high: int) -> NDArray[np.int64]:
        shared: NDArray[np.int64] = _shared(hashes, bounds, left[low:high], right[low:high])
        return shared

    return np.concatenate([np.zeros(0, dtype=np.int64), *run_parts(work, left.size, PAIRS_PER_PART, threads)])


def shared_shingles(
    texts: pa.Array,
    rows_a: NDArray[np.int64],
    rows_b: NDArray[np.int64],
    fingerprint: FingerprintSettings,
    *,
    threads: int = 1,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count distinct shingles: shared by each pair, of each a, of each b; three int64 arrays of one length."""
    rows, where = np.unique(np.concatenate([rows_a, rows_b]), return_inverse=True)
    hashes, bounds = distinct_shingle_hashes(
        texts, rows, ngram=fingerprint.ngram, unit=fingerprint.unit, threads=threads
    )
    left, right = where[: rows_a.size].astype(np.int64), where[rows_a.size :].astype(np.int64)
    sizes = np.diff(bounds)
    return count_shared(hashes, bounds, left, right, threads=threads), sizes[left], sizes[right]


def edit_similarities(
    texts: pa.Array,
    rows_a: NDArray[np.int64],
    rows_b: NDArray[np.int64],
    *,
    cutoff: float = 0.0,
    threads: int = 1,
    memory: int = MEMORY,
) -> NDArray[np.float64]:
    """Indel similarity of the normalised texts of each pair, 0 where it is below `cutoff`.

    1 - d / (len(a) + len(b)) with d the number of insertions and deletions (rapidfuzz.distance.Indel).
    """
    out = np.zeros(rows_a.size, dtype=np.float64)
    for batch in batches_of_pairs(rows_a, rows_b, text_bytes(texts), memory // BYTES_PER_BYTE):
        rows, where = np.unique(np.concatenate([rows_a[batch], rows_b[batch]]), return_inverse=True)
        cps, bounds = folded_texts(texts, rows)
        left, right = where[: batch.size].astype(np.int64), where[batch.size :].astype(np.int64)
        out[batch] = indel_similarities(cps, bounds, left, right, cutoff=cutoff, threads=threads)
    return out


class _Compared(NamedTuple):
    """Distinct shingles shared, of a and of b; edit similarities, NaN where not asked; what meets the definition."""

    shared_by: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
    edit: NDArray[np.float64]
    kept: NDArray[np.bool_]
    n_edit: int


def _compare_batch(
    texts: pa.Array,
    rows_a: NDArray[np.int64],
    rows_b: NDArray[np.int64],
    match: MatchSettings,
    fingerprint: FingerprintSettings,
    edit_always: bool,
) -> _Compared:
    """Compare pairs whose texts are held together; each text is normalised once."""
    rows, where = np.unique(np.concatenate([rows_a, rows_b]), return_inverse=True)
    left, right = where[: rows_a.size].astype(np.int64), where[rows_a.size :].astype(np.int64)
    cps, bounds = folded_texts(texts, rows)
    if fingerprint.unit == "word":
        shared, size_a, size_b = shared_shingles(texts, rows_a, rows_b, fingerprint)
    else:
        low, high = np.minimum(left, right), np.maximum(left, right)
        order = np.argsort(low, kind="stable")
        pair_bounds = np.searchsorted(low[order], np.arange(rows.size + 1))
        sizes = np.zeros(rows.size, dtype=np.int64)
        counts = np.zeros(rows_a.size, dtype=np.int64)
        shared_by_pairs(cps, bounds, fingerprint.ngram, pair_bounds, high[order], sizes, counts)
        shared = np.empty(rows_a.size, dtype=np.int64)
        shared[order] = counts
        size_a, size_b = sizes[left], sizes[right]
    jaccard = shared / (size_a + size_b - shared)
    # An edit takes up to `ngram` shingles from each text, and is a deletion and an insertion at most.
    likely = ((size_a + size_b - 2 * shared) / fingerprint.ngram).astype(np.int64) + LEAST_LIKELY
    edit = np.full(rows_a.size, np.nan)
    kept = jaccard >= match.jaccard
    undecided = np.flatnonzero((jaccard >= match.floor) & ~kept)
    asked = [(undecided, match.edit), *([(np.flatnonzero(kept), 0.0)] if edit_always else [])]
    for pairs, cutoff in asked:
        edit[pairs] = indel_similarities(cps, bounds, left[pairs], right[pairs], cutoff=cutoff, likely=likely[pairs])
    kept[undecided] = edit[undecided] >= match.edit
    return _Compared((shared, size_a, size_b), edit, kept, sum(pairs.size for pairs, _ in asked))


def verify_candidates(
    candidates: NDArray[np.int64],
    texts: pa.Array,
    first_row: NDArray[np.int64],
    match: MatchSettings,
    fingerprint: FingerprintSettings,
    *,
    edit_always: bool = False,
    threads: int = 1,
    memory: int = MEMORY,
) -> VerifiedPairs:
    """Keep the candidates that meet the definition of a near-duplicate.

    Parameters
    ----------
    candidates : (p, 2) int64 node numbers, smaller first, sorted and distinct
    texts, first_row : `texts[first_row[i]]` is the text of node i
    edit_always : compute the edit similarity of all kept pairs, not only where it decides
    memory : bytes that hashes and code points may take, roughly; two texts are always held

    Notes
    -----
    A pair is a near-duplicate when its Jaccard similarity is at least `match.jaccard`, or at least `match.floor`
    with an edit similarity of at least `match.edit`. Jaccard is computed on 64-bit hashes of distinct shingles: two
    different shingles collide with probability 2**-64. Edit similarity costs some 20 us, Jaccard 6 us; reading and
    hashing a text costs more, so pairs are taken in an order in which those of one crowd stand together.
    """
    n = len(candidates)
    left, right = (np.ascontiguousarray(column) for column in candidates.T)
    shared_by = [np.zeros(n, dtype=np.int64) for _ in range(3)]
    edit = np.full(n, np.nan)
    kept = np.zeros(n, dtype=bool)
    n_edit = 0
    sizes = text_bytes(texts)[first_row]
    budget = min(BATCH_BYTES, memory // (BYTES_PER_BYTE * max(threads, 1)))
    batches = list(batches_of_pairs(left, right, sizes, budget))

    def work(number: int, _: int) -> _Compared:
        rows = first_row[left[batches[number]]], first_row[right[batches[number]]]
        return _compare_batch(texts, *rows, match, fingerprint, edit_always)

    for batch, found in zip(batches, run_parts(work, len(batches), 1, threads), strict=True):
        edit[batch], kept[batch] = found.edit, found.kept
        n_edit += found.n_edit
        for column, counts in zip(shared_by, found.shared_by, strict=True):
            column[batch] = counts
    shared, size_a, size_b = (column[kept] for column in shared_by)
    return VerifiedPairs(
        left[kept],
        right[kept],
        shared / (size_a + size_b - shared),
        shared / size_a,
        shared / size_b,
        edit[kept],
        n,
        n_edit,
    )
