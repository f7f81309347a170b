"""Words to clusters, through the index of two-character pieces that publication left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from dedup.inspector.store import Store
from dedup.reuse.pieces import pieces_of

#: Pieces of one question that are looked up; more only make it slower.
PIECES = 24
#: Hits up to which the texts themselves are looked at, where pieces alone cannot tell.
CHECKED = 40


@dataclass(frozen=True)
class Found:
    """Where words stand.

    Attributes
    ----------
    places : (k,) places of clusters in the order of cluster_id, ascending
    exact : False where the pieces of the words stand in these texts, not surely side by side
    titles_only : the release has no index, only titles were looked at
    """

    places: np.ndarray
    exact: bool
    titles_only: bool = False


def search(store: Store, words: str) -> Found:
    """Return the clusters whose canonical text, or a title of whose copies, holds all `words` (parted by blanks)."""

    def make() -> Found:
        return _by_pieces(store, words) if store.has("search") else _in_titles(store, words)

    return store.summary(f"search {words}", make)


def _by_pieces(store: Store, words: str) -> Found:
    parts = [pieces for word in words.split() if (pieces := pieces_of(word))]
    wanted = list(dict.fromkeys(piece for pieces in parts for piece in pieces))[:PIECES]
    if not wanted:
        return Found(np.zeros(0, dtype=np.int64), True)
    single = [piece for piece in wanted if len(piece) == 1]
    pairs = [piece for piece in wanted if len(piece) == 2]
    lists: list[np.ndarray] = []
    if pairs:
        found = store.sql(
            "SELECT gaps FROM search WHERE piece IN (SELECT unnest($pieces)) ORDER BY n_clusters", {"pieces": pairs}
        )
        if found.num_rows < len(pairs):
            return Found(np.zeros(0, dtype=np.int64), True)
        lists = [_places(gaps.values) for gaps in found.column("gaps")]
    # One character alone: all pieces that begin with it, or end with it.
    for character in single:
        found = store.sql(
            "SELECT gaps FROM search WHERE starts_with(piece, $c) OR suffix(piece, $c) ORDER BY n_clusters DESC"
            " LIMIT 5000",
            {"c": character},
        )
        every = [_places(gaps.values) for gaps in found.column("gaps")]
        lists.append(np.unique(np.concatenate(every)) if every else np.zeros(0, dtype=np.int64))
    places = reduce(lambda a, b: np.intersect1d(a, b, assume_unique=True), lists)
    return Found(places, all(len(pieces) == 1 for pieces in parts))


def _places(gaps: object) -> np.ndarray:
    return np.cumsum(np.asarray(gaps, dtype=np.int64)) - 1


def _in_titles(store: Store, words: str) -> Found:
    store.need("listed")
    parts = words.split()[:20]
    where = " AND ".join(f"contains(lower(title), $w{i})" for i in range(len(parts))) or "true"
    values = {f"w{i}": part.lower() for i, part in enumerate(parts)}
    table = store.sql(f"SELECT place FROM listed WHERE {where} ORDER BY place", values)
    return Found(table.column("place").to_numpy().astype(np.int64), True, titles_only=True)
