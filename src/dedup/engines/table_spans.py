"""Where tables stand in the texts of pages: their numbers are cells, not statements of running text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A document's row above, an offset in its text below.
_OFFSET_BITS = 32


class TableSpans:
    """The spans of tables in `documents.text`, sorted for look-ups.

    Parameters
    ----------
    tables : rows of `schemas.EXTRACTED_TABLES`; those without a place in the text are passed over
    doc_ids : the documents, in the order of their rows
    """

    def __init__(self, tables: pa.Table, doc_ids: pa.Array) -> None:
        placed = tables.filter(pc.is_valid(tables.column("char_start")))
        self._doc_ids = doc_ids
        starts = self._keys(placed.column("doc_id").combine_chunks(), placed.column("char_start").to_numpy())
        order = np.argsort(starts, kind="stable")
        lengths = (placed.column("char_end").to_numpy() - placed.column("char_start").to_numpy()).astype(np.int64)
        self._starts = starts[order]
        # Of tables that overlap the one that reaches farthest counts.
        self._ends = np.maximum.accumulate(starts[order] + lengths[order]) if starts.size else starts

    def _keys(self, documents: pa.Array, offsets: NDArray[np.int32]) -> NDArray[np.int64]:
        rows = pc.index_in(documents, self._doc_ids).to_numpy(zero_copy_only=False).astype(np.int64)
        keys: NDArray[np.int64] = (rows << _OFFSET_BITS) + offsets.astype(np.int64)
        return keys

    def hold(self, documents: pa.Array, offsets: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return for each place (document, character) whether it lies inside a table."""
        if not self._starts.size or not len(documents):
            return np.zeros(len(documents), dtype=bool)
        keys = self._keys(documents, offsets)
        before = np.searchsorted(self._starts, keys, side="right") - 1
        inside: NDArray[np.bool_] = (before >= 0) & (keys < self._ends[np.maximum(before, 0)])
        return inside
