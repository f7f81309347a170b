"""Words to clusters, through the index of two-character pieces that publication left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dedup.inspector.store import Store
from dedup.reuse.pieces import pieces_of

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

#: Pieces of one question that are looked up; more only make it slower.
PIECES = 24
#: Pieces of one character that are looked up, the commonest first.
CHARACTER_PIECES = 5000
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
        return _by_pieces(store, words) if store.has("search") else _in_titles(store, words)

    return store.passing(f"search {words}", make)


def _by_pieces(store: Store, words: str) -> Found:
    parts = [pieces for word in words.split() if (pieces := pieces_of(word))]
    wanted = list(dict.fromkeys(piece for pieces in parts for piece in pieces))[:PIECES]
    exact = all(len(pieces) == 1 for pieces in parts)
    index = store.tables.lookup("search")
    lists: list[NDArray[np.int32]] = []
    for piece in wanted:
        if len(piece) == 1:
            lists.append(_of_character(store, piece))
            continue
        found = index.find([piece], ["gaps"]).column("gaps")
        lists.append(_places(found[0].values) if len(found) else _NOWHERE)
        if not lists[-1].size:
            break
    return Found(_in_all(lists) if lists else _NOWHERE, exact)


def _of_character(store: Store, character: str) -> NDArray[np.int32]:
    """Return where one character alone stands: all pieces that begin with it, or end with it."""
    index = store.tables.lookup("search")
    found = store.rows(
        "SELECT piece FROM search WHERE starts_with(piece, $c) OR suffix(piece, $c) ORDER BY n_clusters DESC"
        f" LIMIT {CHARACTER_PIECES}",
        {"c": character},
    )
    pieces = [row["piece"] for row in found]
    holds = np.zeros(store.count("clusters"), dtype=bool)
    # Some at a time: their lists together may be longer than memory is large.
    for start in range(0, len(pieces), PIECES):
        for gaps in index.find(pieces[start : start + PIECES], ["gaps"]).column("gaps"):
            holds[_places(gaps.values)] = True
    return np.flatnonzero(holds).astype(np.int32)


def _in_all(lists: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Return the places that stand in all lists, which ascend; the shortest is narrowed down by the others."""
    shortest, *others = sorted(lists, key=len)
    for other in others:
        if not shortest.size:
            break
        holds = np.zeros(int(max(shortest[-1], other[-1])) + 1, dtype=bool)
        holds[other] = True
        shortest = shortest[holds[shortest]]
    return shortest


def _places(gaps: pa.Array) -> NDArray[np.int32]:
    places = np.cumsum(gaps.to_numpy(), dtype=np.int32)
    places -= 1
    return places


def _in_titles(store: Store, words: str) -> Found:
    parts = words.split()[:20]
    where = " AND ".join(f"contains(lower(title), $w{i})" for i in range(len(parts))) or "true"
    values = {f"w{i}": part.lower() for i, part in enumerate(parts)}
    query = f"SELECT place FROM listed WHERE {where} ORDER BY place"
    table = store.sql(query, values, over={"listed": store.scan("listed")})
    return Found(table.column("place").to_numpy().astype(np.int32), True, titles_only=True)
