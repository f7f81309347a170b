"""Clusters without chaining: in canonical order the best text takes its verified copies, then the next of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def _take_neighbours(
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    neighbours: NDArray[np.int64],
    is_variant: NDArray[np.bool_],
    leader: NDArray[np.int64],
    blocked_by: NDArray[np.int64],
) -> None:
    for node in order:
        if leader[node] >= 0:
            continue
        leader[node] = node
        for e in range(starts[node], starts[node + 1]):
            if is_variant[e]:
                blocked_by[neighbours[e]] = node
        for e in range(starts[node], starts[node + 1]):
            other = neighbours[e]
            if is_variant[e] or leader[other] >= 0 or blocked_by[other] == node:
                continue
            leader[other] = node
            # A variant of a member never joins that member's cluster, whatever else it resembles.
            for f in range(starts[other], starts[other + 1]):
                if is_variant[f]:
                    blocked_by[neighbours[f]] = node


def group_nodes(
    position: NDArray[np.int64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    is_variant: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return the leader of each node, shape (m,): the node itself, or a better one it is a verified copy of.

    Parameters
    ----------
    position : (m,) rank of each node, 0 is best
    a, b, is_variant : (p,) the verified pairs; variants keep two nodes apart

    Notes
    -----
    Linear in nodes and pairs. Every member is a neighbour of its leader, so nothing is joined through a third text.
    """
    m = position.size
    left = np.concatenate([a, b])
    right = np.concatenate([b, a])
    flags = np.concatenate([is_variant, is_variant])
    # Neighbours in canonical order, so that the better copy wins where two exclude each other.
    by_node = np.lexsort((position[right], left))
    starts = np.zeros(m + 1, dtype=np.int64)
    np.cumsum(np.bincount(left, minlength=m), out=starts[1:])
    leader = np.full(m, -1, dtype=np.int64)
    blocked_by = np.full(m, -1, dtype=np.int64)
    _take_neighbours(np.argsort(position, kind="stable"), starts, right[by_node], flags[by_node], leader, blocked_by)
    return leader


@njit(nogil=True, cache=True)
def _unite(parent: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]) -> None:
    for p in range(a.size):
        x, y = a[p], b[p]
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        while parent[y] != y:
            parent[y] = parent[parent[y]]
            y = parent[y]
        if x < y:
            parent[y] = x
        elif y < x:
            parent[x] = y
    for i in range(parent.size):
        x = i
        while parent[x] != x:
            x = parent[x]
        parent[i] = x


def join_components(n: int, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the smallest member of each of n items' connected component, shape (n,), under the edges (a, b)."""
    parent = np.arange(n, dtype=np.int64)
    _unite(parent, a, b)
    return parent
