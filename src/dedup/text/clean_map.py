"""From places in clean texts back to places in the pages they were cleaned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Sections whose maps are gathered at a time; a map has some dozens of runs.
_SECTIONS = 1 << 16


@njit(nogil=True, cache=True)
def _map_spans(
    triples: NDArray[np.int32],
    bounds: NDArray[np.int64],
    owner: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    page_starts: NDArray[np.int32],
    page_ends: NDArray[np.int32],
) -> None:
    """Map spans; triples of section s are rows bounds[s]:bounds[s + 1] of (clean_start, char_start, length)."""
    for i in range(owner.size):
        low, high = bounds[owner[i]], bounds[owner[i] + 1]
        # The last run that begins at or before the first character of the span.
        a, b = low, high
        while a < b:
            middle = (a + b) // 2
            if triples[3 * middle] <= starts[i]:
                a = middle + 1
            else:
                b = middle
        run = a - 1
        if run < low or starts[i] >= triples[3 * run] + triples[3 * run + 2]:
            # It begins with a character that was put in: the first copied one behind it.
            run += 1
        inside = max(0, starts[i] - triples[3 * run]) if run < high else 0
        first = triples[3 * run + 1] + inside if run < high else triples[3 * high - 2] + triples[3 * high - 1]
        a, b = low, high
        while a < b:
            middle = (a + b) // 2
            if triples[3 * middle] < ends[i]:
                a = middle + 1
            else:
                b = middle
        run = a - 1
        last = first
        if run >= low:
            last = triples[3 * run + 1] + min(ends[i] - triples[3 * run], triples[3 * run + 2])
        page_starts[i] = first
        page_ends[i] = max(first, last)


def spans_in_pages(
    clean_maps: pa.ChunkedArray,
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return where spans of clean texts stand in `documents.text`.

    Parameters
    ----------
    clean_maps : `clean_map` of the sections; may be memory-mapped
    rows : (k,) section of each span
    starts, ends : (k,) characters of its clean text, end exclusive; a span is not empty

    Returns
    -------
    char_start, char_end : (k,) int32; from the first to the last character of the span that was copied from the page.
        What the page has between them (a broken line, a page number) lies inside. A span of characters that were
        all put in is empty and stands before the next copied one.
    """
    page_starts = np.zeros(rows.size, dtype=np.int32)
    page_ends = np.zeros(rows.size, dtype=np.int32)
    distinct, owner = np.unique(rows, return_inverse=True)
    order = np.argsort(owner, kind="stable")
    edges = np.searchsorted(owner[order], np.arange(0, distinct.size + _SECTIONS, _SECTIONS))
    for part, low in enumerate(range(0, distinct.size, _SECTIONS)):
        maps = clean_maps.take(pa.array(distinct[low : low + _SECTIONS])).combine_chunks()
        triples = maps.values.to_numpy()
        bounds = maps.offsets.to_numpy().astype(np.int64) // 3
        spans = order[edges[part] : edges[part + 1]]
        first, last = np.empty(spans.size, dtype=np.int32), np.empty(spans.size, dtype=np.int32)
        _map_spans(triples, bounds, owner[spans] - low, starts[spans], ends[spans], first, last)
        page_starts[spans], page_ends[spans] = first, last
    return page_starts, page_ends
