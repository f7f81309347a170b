"""Large crowds of copies: each is tied to one better text first, so that they are not compared each with each.

A text copied some thousand times fills whole LSH groups with its copies. Comparing all of them with each other would
be quadratic, comparing neighbours only would tear the cluster apart. Clusters are stars around their canonical text
anyway: so the best text of such a group is compared with all others of it, those that are verified copies are set
aside, then the next best of the rest is taken, and so on. What remains is matched like everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.matching.parallel import MEMORY
from dedup.matching.signatures import agreeing_bytes, agreeing_values
from dedup.matching.verify import verify_candidates

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedup.matching.signatures import Sketched
    from dedup.settings import FingerprintSettings, MatchSettings

#: Keys that are searched for crowds: copies fill the groups of nearly every key, so a few show all crowds.
CROWD_KEYS = 8
#: Comparisons of signatures that the search for stars may spend (about 10 ns each); what is left then is split
#: into smaller groups like other hot groups.
BUDGET = 2_000_000_000
#: Exact comparisons (some 60 us each, hashing included) that may turn out to be no copies. Crowds that share a large
#: template instead of being copies reach it; they are then left to the groups of the other keys.
VAIN_BUDGET = 100_000


@dataclass(frozen=True)
class Stars:
    """Verified stars.

    Attributes
    ----------
    centre : (m,) int64, the centre of the star a node belongs to (itself for a centre), -1 outside of stars
    pairs : (p, 2) int64, (centre, member), verified
    compared : comparisons of signatures made
    """

    centre: NDArray[np.int64]
    pairs: NDArray[np.int64]
    compared: int


@njit(nogil=True, cache=True)
def _next_centre(
    nodes: NDArray[np.int64],
    position: int,
    centre: NDArray[np.int64],
    group_bounds: NDArray[np.int64],
    group_members: NDArray[np.int64],
    node_bounds: NDArray[np.int64],
    node_groups: NDArray[np.int64],
    signatures: NDArray[np.uint32],
    first_row: NDArray[np.int64],
    sketches: NDArray[np.uint64],
    least: int,
    stamp: NDArray[np.int64],
    out: NDArray[np.int64],
    budget: int,
) -> tuple[int, int, int]:
    """Find the next free node with possible copies; returns (its position, how many stand in `out`, comparisons)."""
    compared = 0
    for i in range(position, nodes.size):
        node = nodes[i]
        if centre[node] >= 0:
            continue
        n = 0
        for g in range(node_bounds[i], node_bounds[i + 1]):
            group = node_groups[g]
            for j in range(group_bounds[group], group_bounds[group + 1]):
                other = group_members[j]
                # Better nodes were asked before; what they did not take is no copy of theirs.
                if other <= node or centre[other] >= 0 or stamp[other] == node:
                    continue
                stamp[other] = node
                compared += 1
                if agreeing_bytes(sketches, node, other) < least:
                    continue
                if agreeing_values(signatures, first_row[node], first_row[other]) >= least:
                    out[n] = other
                    n += 1
        if n or compared > budget:
            return i, n, compared
    return nodes.size, 0, compared


def find_stars(
    groups: list[NDArray[np.int64]],
    sketched: Sketched,
    texts: pa.Array,
    match: MatchSettings,
    fingerprint: FingerprintSettings,
    *,
    threads: int = 1,
    memory: int = MEMORY,
) -> Stars:
    """Tie the copies in crowded groups to their best texts.

    Parameters
    ----------
    groups : node numbers of each crowded group; nodes are numbered by rank, the best first
    sketched : signatures and sketches of the nodes
    texts, memory : as in `verify_candidates`
    """
    signatures, first_row, sketches = sketched.signatures, sketched.first_row, sketched.sketches
    m = first_row.size
    centre = np.full(m, -1, dtype=np.int64)
    if not groups:
        return Stars(centre, np.zeros((0, 2), dtype=np.int64), 0)
    members = np.concatenate(groups)
    sizes = np.array([g.size for g in groups], dtype=np.int64)
    group_bounds = np.zeros(sizes.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=group_bounds[1:])
    nodes, where = np.unique(members, return_inverse=True)
    by_node = np.argsort(where, kind="stable")
    node_groups = np.repeat(np.arange(sizes.size), sizes)[by_node]
    node_bounds = np.zeros(nodes.size + 1, dtype=np.int64)
    np.cumsum(np.bincount(where, minlength=nodes.size), out=node_bounds[1:])
    # Copies that fill a group agree well above the floor; what only shares a template mostly stays below it.
    least = int(np.ceil(max(match.floor, match.estimate_floor) * signatures.shape[1]))
    stamp = np.full(m, -1, dtype=np.int64)
    out = np.empty(nodes.size, dtype=np.int64)
    pairs: list[NDArray[np.int64]] = []
    position = compared = vain = 0
    while position < nodes.size and compared < BUDGET and vain < VAIN_BUDGET:
        position, n, spent = _next_centre(
            nodes,
            position,
            centre,
            group_bounds,
            members,
            node_bounds,
            node_groups,
            signatures,
            first_row,
            sketches,
            least,
            stamp,
            out,
            BUDGET - compared,
        )
        compared += spent
        if n:
            node = nodes[position]
            others = np.sort(out[:n])
            asked = np.stack([np.full(n, node), others], axis=1)
            copies = verify_candidates(asked, texts, first_row, match, fingerprint, threads=threads, memory=memory).b
            vain += n - copies.size
            if copies.size:
                centre[copies] = node
                centre[node] = node
                pairs.append(np.stack([np.full(copies.size, node), copies], axis=1))
        position += 1
    return Stars(centre, np.concatenate([np.zeros((0, 2), dtype=np.int64), *pairs]), compared)
