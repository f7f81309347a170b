"""The matching stage as one call: equal texts collapsed, candidates found, every pair verified exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dedup.matching.audit import RecallAudit, audit_recall
from dedup.matching.candidates import CandidateMetrics, find_candidates
from dedup.matching.nodes import Nodes, collapse_equal_texts
from dedup.matching.parallel import MEMORY
from dedup.matching.verify import VerifiedPairs, verify_candidates

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedup.fingerprinting.minhash import Fingerprints
    from dedup.settings import FingerprintSettings, MatchSettings


@dataclass(frozen=True)
class Matches:
    """Nodes (texts that are equal after normalising) and the verified pairs between them."""

    nodes: Nodes
    pairs: VerifiedPairs
    metrics: CandidateMetrics


def match_texts(
    texts: pa.Array,
    fingerprints: Fingerprints,
    match: MatchSettings,
    fingerprint: FingerprintSettings,
    *,
    position: NDArray[np.int64] | None = None,
    edit_always: bool = False,
    threads: int = 1,
    memory: int = MEMORY,
) -> Matches:
    """Find all near-duplicates among texts.

    Parameters
    ----------
    texts : Arrow string array; may be memory-mapped, only candidates are read again
    fingerprints : of the same texts, made with the same `fingerprint` settings
    position : (n,) rank of each text, 0 is best; default: their order
    edit_always : give the edit similarity of all pairs, not only where it decides
    memory : bytes that working arrays may take, roughly; results do not depend on it
    """
    nodes = collapse_equal_texts(fingerprints, np.arange(len(texts)) if position is None else position)
    candidates, metrics = find_candidates(
        fingerprints.signatures,
        texts,
        nodes.first_row,
        fingerprints.n_shingles[nodes.first_row],
        match,
        fingerprint,
        threads=threads,
        memory=memory,
    )
    pairs = verify_candidates(
        candidates,
        texts,
        nodes.first_row,
        match,
        fingerprint,
        edit_always=edit_always,
        threads=threads,
        memory=memory,
    )
    return Matches(nodes, pairs, metrics)


def audit_matches(
    texts: pa.Array,
    fingerprints: Fingerprints,
    matches: Matches,
    match: MatchSettings,
    fingerprint: FingerprintSettings,
    *,
    threads: int = 1,
    memory: int = MEMORY,
) -> RecallAudit:
    """Measure the recall of `match_texts` on a sample of the texts it was given."""
    rows = matches.nodes.first_row
    return audit_recall(
        fingerprints.signatures,
        fingerprints.normalised_hash[rows],
        texts,
        rows,
        matches.pairs,
        match,
        fingerprint,
        threads=threads,
        memory=memory,
    )
