"""Words to clusters, through the index of two-character pieces that publication left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dedup.inspector.store import Store


@dataclass(frozen=True)
class Found:
    """Where words stand.

    Attributes
    ----------
    places : (k,) positions of clusters in the order of cluster_id, ascending
    exact : False where the pieces of the words stand in these texts, not surely side by side
    titles_only : the release has no index, only titles were looked at
    """

    places: np.ndarray
    exact: bool
    titles_only: bool = False


def search(store: Store, words: str) -> Found:
    """Return the clusters whose text or titles hold all `words` (parted by blanks)."""

    def make() -> Found:
        return _in_titles(store, words)

    return store.summary(f"search {words}", make)


def _in_titles(store: Store, words: str) -> Found:
    store.need("listed")
    parts = words.split()
    where = " AND ".join(f"contains(lower(title), ${chr(97 + i)})" for i in range(len(parts))) or "true"
    values = {chr(97 + i): part.lower() for i, part in enumerate(parts[:20])}
    table = store.sql(f"SELECT place FROM listed WHERE {where} ORDER BY place", values)
    return Found(table.column("place").to_numpy().astype(np.int64), True, titles_only=True)
