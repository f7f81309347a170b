"""Every run measures its own recall: a random sample of nodes is compared with all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.matching.parallel import MEMORY, run_parts
from dedup.matching.signatures import agreeing_bytes, agreeing_values, sketch_signatures
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
#: Comparisons an audit may spend (about 4 ns each): 2 s of one processor.
BUDGET = 400_000_000
#: Nodes that a thread takes at a time, and of those the ones whose sketches stay in the nearest caches meanwhile.
NODES_PER_PART = 16_384
TILE = 256


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
def _alike(
    sketches: NDArray[np.uint64],
    signatures: NDArray[np.uint32],
    first_row: NDArray[np.int64],
    sample: NDArray[np.int64],
    low: int,
    high: int,
    least: int,
) -> NDArray[np.int64]:
    """Return the pairs of a sampled node and one of the nodes low..high - 1 whose signatures agree enough."""
    out = np.empty((256, 2), dtype=np.int64)
    n = 0
    for start in range(low, high, TILE):
        for node in sample:
            for other in range(start, min(start + TILE, high)):
                if other == node or agreeing_bytes(sketches, node, other) < least:
                    continue
                if agreeing_values(signatures, first_row[node], first_row[other]) >= least:
                    if n == out.shape[0]:
                        more = np.empty((2 * n, 2), dtype=np.int64)
                        more[:n] = out
                        out = more
                    out[n, 0] = min(node, other)
                    out[n, 1] = max(node, other)
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
    memory: int = MEMORY,
) -> RecallAudit:
    """Estimate the share of near-duplicate pairs that the search found.

    Nodes are drawn in the order of a mixed content hash (random, yet the same for the same corpus) until
    `match.audit_pairs` true pairs have been seen or all nodes were drawn.

    Parameters
    ----------
    signatures : (n, 128) uint32, of rows; node_hash : (m,) uint64, of nodes
    texts, first_row, memory : as in `verify_candidates`
    pairs : what the search found
    """
    m = len(first_row)
    order = np.argsort((node_hash ^ np.uint64(0x5851F42D4C957F2D)) * np.uint64(0x9E3779B97F4A7C15), kind="stable")
    least = int(np.ceil(AUDIT_FLOOR * signatures.shape[1]))
    known = (pairs.a << 32) | pairs.b
    sketches = sketch_signatures(signatures, first_row)
    seen = np.zeros(0, dtype=np.int64)
    sampled = 0
    while sampled < m and seen.size < match.audit_pairs and (sampled == 0 or (sampled + STEP) * m <= BUDGET):
        sample = order[sampled : sampled + STEP]
        sampled += sample.size

        def look(low: int, high: int, sample: NDArray[np.int64] = sample) -> NDArray[np.int64]:
            pairs: NDArray[np.int64] = _alike(sketches, signatures, first_row, sample, low, high, least)
            return pairs

        alike = np.unique(np.concatenate([*run_parts(look, m, NODES_PER_PART, threads)]), axis=0)
        true = verify_candidates(alike, texts, first_row, match, fingerprint, threads=threads, memory=memory)
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
