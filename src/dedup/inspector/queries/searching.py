"""Words to clusters, through the index of two-character pieces that publication left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dedup.inspector.store import Store
from dedup.reuse.pieces import pieces_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Pieces of one question that are looked up; more only make it slower.
PIECES = 24
_NOWHERE = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True)
class Found:
    """Where words stand.

    Attributes
    ----------
    places : (k,) places of clusters in the order of cluster_id, ascending
    exact : False where the pieces of the words stand in these texts, not surely side by side
    titles_only : the release has no index, only titles were looked at
    """

    places: NDArray[np.int32]
    exact: bool
    titles_only: bool = False


def search(store: Store, words: str) -> Found:
    """Return the clusters whose canonical text, or a title of whose copies, holds all `words` (parted by blanks)."""

    def make() -> Found:
        return _by_pieces(store, words) if _has_index(store) else _in_titles(store, words)

    return store.passing(f"search {words}", make)


def _has_index(store: Store) -> bool:
    # Releases of earlier versions have one of another kind.
    return store.has("search") and store.tables.has_blocks


def _by_pieces(store: Store, words: str) -> Found:
    parts = [pieces for word in words.split() if (pieces := pieces_of(word))]
    wanted = list(dict.fromkeys(piece for pieces in parts for piece in pieces))[:PIECES]
    exact = all(len(pieces) == 1 for pieces in parts)
    if not wanted:
        return Found(_NOWHERE, exact)
    postings = store.tables.postings()
    holds = postings.mark(wanted[:1])
    for piece in wanted[1:]:
        if not holds.any():
            break
        holds &= postings.mark([piece])
    return Found(np.flatnonzero(holds).astype(np.int32), exact)


def _in_titles(store: Store, words: str) -> Found:
    parts = words.split()[:20]
    where = " AND ".join(f"contains(lower(title), $w{i})" for i in range(len(parts))) or "true"
    values = {f"w{i}": part.lower() for i, part in enumerate(parts)}
    query = f"SELECT place FROM listed WHERE {where} ORDER BY place"
    table = store.sql(query, values, over={"listed": store.scan("listed")})
    return Found(table.column("place").to_numpy().astype(np.int32), True, titles_only=True)
