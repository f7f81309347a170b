"""Pairs in an order in which each text is read as seldom as memory allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.text.normalise import utf8_buffers

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray


def text_bytes(texts: pa.Array) -> NDArray[np.int64]:
    """Return the length of every text in bytes of UTF-8, shape (n,)."""
    return np.diff(utf8_buffers(texts)[1])


@njit(nogil=True, cache=True)
def _crowd_of_each(a: NDArray[np.int64], b: NDArray[np.int64], m: int) -> NDArray[np.int64]:
    """Return for each of m items the smallest item that pairs connect it with."""
    parent = np.arange(m)
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
        else:
            parent[x] = y
    for i in range(m):
        # Parents are smaller and stand before: they are settled.
        parent[i] = parent[parent[i]]
    return parent


@njit(nogil=True, cache=True)
def _cuts(
    a: NDArray[np.int64], b: NDArray[np.int64], sizes: NDArray[np.int64], budget: int, cuts: NDArray[np.int64]
) -> int:
    """Write where batches start whose distinct items have at most `budget` bytes; return how many there are."""
    last = np.full(sizes.size, -1, dtype=np.int64)
    held = 0
    n = 0
    for p in range(a.size):
        more = (sizes[a[p]] if n == 0 or last[a[p]] != n else 0) + (sizes[b[p]] if n == 0 or last[b[p]] != n else 0)
        if n == 0 or held + more > budget:
            cuts[n] = p
            n += 1
            held = sizes[a[p]] + sizes[b[p]]
        else:
            held += more
        last[a[p]] = n
        last[b[p]] = n
    return n


def batches_of_pairs(
    a: NDArray[np.int64], b: NDArray[np.int64], sizes: NDArray[np.int64], budget: int
) -> Iterator[NDArray[np.int64]]:
    """Yield positions of pairs, batch by batch; the texts of a batch have at most `budget` bytes or are two.

    Parameters
    ----------
    a, b : (p,) numbers of texts; sizes : bytes of each text

    Notes
    -----
    Pairs of texts that are connected through other pairs stand together; inside a crowd that is too large for one
    batch the pairs go tile by tile, so a text is read again once a tile, not once a pair.
    """
    if not a.size:
        return
    items, where = np.unique(np.concatenate([a, b]), return_inverse=True)
    if int(sizes[items].sum()) <= budget:
        yield np.arange(a.size)
        return
    left, right = where[: a.size].astype(np.int64), where[a.size :].astype(np.int64)
    crowd = _crowd_of_each(left, right, items.size)
    rank = np.empty(items.size, dtype=np.int64)
    rank[np.argsort(crowd, kind="stable")] = np.arange(items.size)
    left, right = rank[left], rank[right]
    held = np.empty(items.size, dtype=np.int64)
    held[rank] = sizes[items]
    # Two tiles fill a batch.
    tile = (np.cumsum(held) - held) // max(budget // 2, 1)
    order = np.lexsort((right, left, tile[right], tile[left]))
    cuts = np.empty(a.size + 1, dtype=np.int64)
    n = _cuts(left[order], right[order], held, budget, cuts)
    cuts[n] = a.size
    for low, high in zip(cuts[:n].tolist(), cuts[1 : n + 1].tolist(), strict=True):
        yield order[low:high]
