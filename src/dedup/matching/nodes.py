"""Sections with the same normalised text are one node of the match graph: copies are matched once, not each to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.fingerprinting.minhash import Fingerprints


@dataclass(frozen=True)
class Nodes:
    """Groups of rows with equal normalised text.

    Attributes
    ----------
    node_of_row : (n,) int64, the node of each row; -1 for rows without shingles, which match nothing
    first_row : (m,) int64, the best row of each node
    rows : (n',) int64, the rows of all nodes, node after node, best first inside a node
    bounds : (m + 1,) int64; node i owns rows[bounds[i]:bounds[i + 1]]
    """

    node_of_row: NDArray[np.int64]
    first_row: NDArray[np.int64]
    rows: NDArray[np.int64]
    bounds: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of nodes."""
        return len(self.first_row)


def collapse_equal_texts(fingerprints: Fingerprints, position: NDArray[np.int64]) -> Nodes:
    """Group rows by normalised text; nodes are numbered by their best row, so the order of input does not matter.

    Parameters
    ----------
    position : (n,) rank of each row, 0 is best

    Notes
    -----
    Equality is decided by a 64-bit hash of the whole normalised text, its number of shingles and the first two
    signature values: 128 bits and more, so a false merge among 10**7 texts has a probability below 1e-24.
    """
    n = len(fingerprints.n_shingles)
    rows = np.flatnonzero(fingerprints.n_shingles > 0)
    order = rows[
        np.lexsort(
            (
                position[rows],
                fingerprints.signatures[rows, 1],
                fingerprints.signatures[rows, 0],
                fingerprints.n_shingles[rows],
                fingerprints.normalised_hash[rows],
            )
        )
    ]
    new = np.ones(order.size, dtype=bool)
    if order.size > 1:
        a, b = order[1:], order[:-1]
        new[1:] = (
            (fingerprints.normalised_hash[a] != fingerprints.normalised_hash[b])
            | (fingerprints.n_shingles[a] != fingerprints.n_shingles[b])
            | (fingerprints.signatures[a, 0] != fingerprints.signatures[b, 0])
            | (fingerprints.signatures[a, 1] != fingerprints.signatures[b, 1])
        )
    starts = np.flatnonzero(new)
    by_first = np.argsort(position[order[starts]], kind="stable")
    sizes = np.diff(np.append(starts, order.size))[by_first]
    bounds = np.zeros(starts.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=bounds[1:])
    within = np.arange(order.size) - np.repeat(bounds[:-1], sizes)
    grouped = order[np.repeat(starts[by_first], sizes) + within] if order.size else order
    node_of_row = np.full(n, -1, dtype=np.int64)
    node_of_row[grouped] = np.repeat(np.arange(starts.size), sizes)
    return Nodes(node_of_row, grouped[bounds[:-1]], grouped, bounds)
