"""Batches of texts for threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

T = TypeVar("T")

#: Bytes below which starting threads costs more than they save.
LEAST_BYTES = 1 << 18
#: A few chunks per thread, so that one long text does not leave the other threads waiting.
CHUNKS_PER_THREAD = 8


def run_in_chunks(run: Callable[[int, int], T], n_bytes: NDArray[np.int64], threads: int) -> list[T]:
    """Call `run(low, high)` for consecutive rows of about equal bytes; return the results in the order of the rows.

    Parameters
    ----------
    run : does not hold the GIL for long and writes nothing that another chunk writes
    n_bytes : (n,) size of each row
    threads : with one, or little to do, there is one chunk
    """
    n = n_bytes.size
    upto = np.cumsum(n_bytes)
    total = int(upto[-1]) if n else 0
    if threads <= 1 or n < 2 or total < LEAST_BYTES:
        return [run(0, n)]
    marks = np.linspace(0, total, threads * CHUNKS_PER_THREAD + 1)
    cuts = np.unique(np.searchsorted(upto, marks[1:-1]))
    edges = np.unique(np.concatenate([[0], cuts, [n]])).tolist()
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, edges[:-1], edges[1:]))
