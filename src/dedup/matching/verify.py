"""Exact verification of candidates: Jaccard over distinct shingle hashes, edit similarity only where it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

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


def verify_candidates(
    candidates: NDArray[np.int64],
    texts: pa.Array,
    first_row: NDArray[np.int64],
    match: MatchSettings,
    fingerprint: FingerprintSettings,
    *,
    threads: int = 1,
    memory: int = MEMORY,
) -> VerifiedPairs:
    """Keep the candidates that meet the definition of a near-duplicate.

    Parameters
    ----------
    candidates : (p, 2) int64 node numbers, smaller first, sorted and distinct
    texts, first_row : `texts[first_row[i]]` is the text of node i
    memory : bytes that hashes and code points may take, roughly; two texts are always held

    Notes
    -----
    A pair is a near-duplicate when its Jaccard similarity is at least `match.jaccard`, or at least `match.floor`
    with an edit similarity of at least `match.edit`. Jaccard is computed on 64-bit hashes of distinct shingles: two
    different shingles collide with probability 2**-64. Edit similarity costs some 50 us, Jaccard 7 us; reading and
    hashing a text costs more, so pairs are taken in an order in which those of one crowd stand together.
    """
    n = len(candidates)
    left, right = (np.ascontiguousarray(column) for column in candidates.T)
    shared_by = [np.zeros(n, dtype=np.int64) for _ in range(3)]
    edit = np.full(n, np.nan)
    kept = np.zeros(n, dtype=bool)
    n_edit = 0
    sizes = text_bytes(texts)[first_row]
    for batch in batches_of_pairs(left, right, sizes, memory // BYTES_PER_BYTE):
        rows_a, rows_b = first_row[left[batch]], first_row[right[batch]]
        shared, size_a, size_b = shared_shingles(texts, rows_a, rows_b, fingerprint, threads=threads)
        for column, counts in zip(shared_by, (shared, size_a, size_b), strict=True):
            column[batch] = counts
        jaccard = shared / (size_a + size_b - shared)
        open_pairs = np.flatnonzero((jaccard >= match.floor) & (jaccard < match.jaccard))
        n_edit += open_pairs.size
        decided = edit_similarities(
            texts, rows_a[open_pairs], rows_b[open_pairs], cutoff=match.edit, threads=threads, memory=memory
        )
        edit[batch[open_pairs]] = decided
        kept[batch[jaccard >= match.jaccard]] = True
        kept[batch[open_pairs[decided >= match.edit]]] = True
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
