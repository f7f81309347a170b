"""Exact verification of candidates: Jaccard over distinct shingle hashes, edit similarity only where it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.fingerprinting.shingles import distinct_shingle_hashes
from dedup.matching.indel import folded_texts, indel_similarities

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedup.settings import FingerprintSettings, MatchSettings

#: Pairs verified at a time; with texts of 2,000 characters a batch touches at most some 300 MB of hashes.
BATCH = 8192


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
def _shared(
    hashes: NDArray[np.uint64], bounds: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.int64]:
    out = np.empty(left.size, dtype=np.int64)
    for p in range(left.size):
        i, i_end = bounds[left[p]], bounds[left[p] + 1]
        j, j_end = bounds[right[p]], bounds[right[p] + 1]
        shared = 0
        while i < i_end and j < j_end:
            x, y = hashes[i], hashes[j]
            shared += x == y
            i += x <= y
            j += y <= x
        out[p] = shared
    return out


def shared_shingles(
    texts: pa.Array, rows_a: NDArray[np.int64], rows_b: NDArray[np.int64], fingerprint: FingerprintSettings
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count distinct shingles: shared by each pair, of each a, of each b; three int64 arrays of one length."""
    rows, where = np.unique(np.concatenate([rows_a, rows_b]), return_inverse=True)
    hashes, bounds = distinct_shingle_hashes(texts, rows, ngram=fingerprint.ngram, unit=fingerprint.unit)
    left, right = where[: rows_a.size].astype(np.int64), where[rows_a.size :].astype(np.int64)
    sizes = np.diff(bounds)
    return _shared(hashes, bounds, left, right), sizes[left], sizes[right]


def edit_similarities(
    texts: pa.Array, rows_a: NDArray[np.int64], rows_b: NDArray[np.int64], *, cutoff: float = 0.0, threads: int = 1
) -> NDArray[np.float64]:
    """Indel similarity of the normalised texts of each pair, 0 where it is below `cutoff`.

    1 - d / (len(a) + len(b)) with d the number of insertions and deletions (rapidfuzz.distance.Indel).
    """
    rows, where = np.unique(np.concatenate([rows_a, rows_b]), return_inverse=True)
    cps, bounds = folded_texts(texts, rows)
    left, right = where[: rows_a.size].astype(np.int64), where[rows_a.size :].astype(np.int64)
    return indel_similarities(cps, bounds, left, right, cutoff=cutoff, threads=threads)


def verify_candidates(
    candidates: NDArray[np.int64],
    texts: pa.Array,
    first_row: NDArray[np.int64],
    match: MatchSettings,
    fingerprint: FingerprintSettings,
    *,
    threads: int = 1,
) -> VerifiedPairs:
    """Keep the candidates that meet the definition of a near-duplicate.

    Parameters
    ----------
    candidates : (p, 2) int64 node numbers, smaller first
    texts, first_row : `texts[first_row[i]]` is the text of node i

    Notes
    -----
    A pair is a near-duplicate when its Jaccard similarity is at least `match.jaccard`, or at least `match.floor`
    with an edit similarity of at least `match.edit`. Jaccard is computed on 64-bit hashes of distinct shingles: two
    different shingles collide with probability 2**-64. Edit similarity costs milliseconds, Jaccard microseconds.
    """
    parts: list[tuple[NDArray[np.int64], ...]] = []
    similarities: list[tuple[NDArray[np.float64], ...]] = []
    n_edit = 0
    for start in range(0, len(candidates), BATCH):
        a, b = candidates[start : start + BATCH].T
        shared, size_a, size_b = shared_shingles(texts, first_row[a], first_row[b], fingerprint)
        jaccard = shared / (size_a + size_b - shared)
        edit = np.full(a.size, np.nan)
        open_pairs = np.flatnonzero((jaccard >= match.floor) & (jaccard < match.jaccard))
        n_edit += open_pairs.size
        edit[open_pairs] = edit_similarities(
            texts, first_row[a[open_pairs]], first_row[b[open_pairs]], cutoff=match.edit, threads=threads
        )
        kept = (jaccard >= match.jaccard) | ((jaccard >= match.floor) & (edit >= match.edit))
        parts.append((a[kept], b[kept]))
        similarities.append((jaccard[kept], (shared / size_a)[kept], (shared / size_b)[kept], edit[kept]))
    if not parts:
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        return VerifiedPairs(none, none, nothing, nothing, nothing, nothing, 0, 0)
    a, b = (np.concatenate(column) for column in zip(*parts, strict=True))
    jaccard, in_a, in_b, edit = (np.concatenate(column) for column in zip(*similarities, strict=True))
    return VerifiedPairs(a, b, jaccard, in_a, in_b, edit, len(candidates), n_edit)
