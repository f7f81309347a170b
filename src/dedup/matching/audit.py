"""Every run measures its own recall: a random sample of nodes is compared with all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.matching.signatures import agreeing_values
from dedup.matching.verify import verify_candidates

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedup.matching.verify import VerifiedPairs
    from dedup.settings import FingerprintSettings, MatchSettings

#: Nodes compared with all others before looking whether enough true pairs are together.
STEP = 64
#: The audit looks below the filter of the search: 0.15 is 4.7 standard deviations under a Jaccard of 0.35.
AUDIT_FLOOR = 0.15
#: Comparisons an audit may spend (about 30 ns each): 12 s of one processor.
BUDGET = 400_000_000


@dataclass(frozen=True)
class RecallAudit:
    """What the audit saw.

    A true pair counts as found when the search paired the two texts, or paired both with the same best-ranked text.

    `low` and `high` bound the recall with 95 % confidence (Wilson 1927); all three are None when no true pair stood
    in the sample, which means not measurable, not perfect.
    """

    sampled: int
    of: int
    true_pairs: int
    found_pairs: int
    recall: float | None
    low: float | None
    high: float | None

    def describe(self) -> str:
        """Return a few words for a summary."""
        if self.recall is None:
            return "not measurable (no true pair in the sample)"
        scope = "" if self.sampled == self.of else f" in a sample of {self.sampled:,} of {self.of:,} texts"
        return f"{self.found_pairs:,} of {self.true_pairs:,} found{scope}"


@njit(nogil=True, cache=True)
def _alike(signatures: NDArray[np.uint32], sample: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    out = np.empty((256, 2), dtype=np.int64)
    n = 0
    for s in range(sample.size):
        for j in range(signatures.shape[0]):
            if j != sample[s] and agreeing_values(signatures, sample[s], j) >= least:
                if n == out.shape[0]:
                    more = np.empty((2 * n, 2), dtype=np.int64)
                    more[:n] = out
                    out = more
                out[n, 0] = min(sample[s], j)
                out[n, 1] = max(sample[s], j)
                n += 1
    return out[:n]


def audit_recall(
    signatures: NDArray[np.uint32],
    node_hash: NDArray[np.uint64],
    texts: pa.Array,
    first_row: NDArray[np.int64],
    pairs: VerifiedPairs,
    match: MatchSettings,
    fingerprint: FingerprintSettings,
    *,
    threads: int = 1,
) -> RecallAudit:
    """Estimate the share of near-duplicate pairs that the search found.

    Nodes are drawn in the order of a mixed content hash (random, yet the same for the same corpus) until
    `match.audit_pairs` true pairs have been seen or all nodes were drawn.

    Parameters
    ----------
    signatures : (m, 128) uint32; node_hash : (m,) uint64; texts, first_row as in `verify_candidates`
    pairs : what the search found
    """
    m = len(first_row)
    order = np.argsort((node_hash ^ np.uint64(0x5851F42D4C957F2D)) * np.uint64(0x9E3779B97F4A7C15), kind="stable")
    least = int(np.ceil(AUDIT_FLOOR * signatures.shape[1]))
    known = (pairs.a << 32) | pairs.b
    seen = np.zeros(0, dtype=np.int64)
    sampled = 0
    while sampled < m and seen.size < match.audit_pairs and (sampled == 0 or (sampled + STEP) * m <= BUDGET):
        sample = order[sampled : sampled + STEP]
        sampled += sample.size
        alike = np.unique(_alike(signatures, sample, least), axis=0)
        true = verify_candidates(alike, texts, first_row, match, fingerprint, threads=threads)
        seen = np.union1d(seen, (true.a << 32) | true.b)
    # Copies in a crowd are tied to one better text instead of to each other: that finds them as well.
    best = np.arange(m)
    np.minimum.at(best, pairs.b, pairs.a)
    tied = best[seen >> 32] == best[seen & 0xFFFFFFFF]
    found = int((np.isin(seen, known) | tied).sum())
    if not seen.size:
        return RecallAudit(sampled, m, 0, 0, None, None, None)
    low, high = _wilson(found, seen.size)
    return RecallAudit(sampled, m, seen.size, found, found / seen.size, low, high)


def _wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(0.0, centre - half), min(1.0, centre + half)
