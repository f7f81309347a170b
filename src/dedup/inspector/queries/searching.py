"""Words to clusters, through the index of two-character pieces that publication left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.inspector.lookups import ParquetLookup
from dedup.inspector.store import Store
from dedup.reuse.pieces import pieces_of

if TYPE_CHECKING:
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


@dataclass(frozen=True)
class _Searched:
    """What the places of the index mean.

    Attributes
    ----------
    first : row of the first section of each block
    places : (n,) place of the cluster of each section, in the order of their dataset; -1 where it has none
    canonical : (n,) whether the section is the canonical one
    """

    first: dict[str, int]
    places: NDArray[np.int32]
    canonical: NDArray[np.bool_]


def search(store: Store, words: str) -> Found:
    """Return the clusters whose canonical text, or a title of whose copies, holds all `words` (parted by blanks)."""

    def make() -> Found:
        return _by_pieces(store, words) if _has_index(store) else _in_titles(store, words)

    return store.passing(f"search {words}", make)


def _has_index(store: Store) -> bool:
    # Releases of earlier versions have one of another kind.
    return store.has("search") and "block" in store.tables.lookup("search").schema.names


def _by_pieces(store: Store, words: str) -> Found:
    parts = [pieces for word in words.split() if (pieces := pieces_of(word))]
    wanted = list(dict.fromkeys(piece for pieces in parts for piece in pieces))[:PIECES]
    exact = all(len(pieces) == 1 for pieces in parts)
    if not wanted:
        return Found(_NOWHERE, exact)
    holds = np.ones(store.count("clusters"), dtype=bool)
    for piece in wanted:
        holds &= _holding(store, [piece] if len(piece) == 2 else _with_character(store, piece))
        if not holds.any():
            break
    return Found(np.flatnonzero(holds).astype(np.int32), exact)


def _with_character(store: Store, character: str) -> list[str]:
    """Return the pieces that begin with a character, or end with it."""
    found = store.rows(
        "SELECT piece FROM search WHERE starts_with(piece, $c) OR suffix(piece, $c) GROUP BY piece"
        f" ORDER BY sum(n_places) DESC LIMIT {CHARACTER_PIECES}",
        {"c": character},
    )
    return [row["piece"] for row in found]


def _holding(store: Store, pieces: list[str]) -> NDArray[np.bool_]:
    """Return which clusters, in the order of cluster_id, hold one of the pieces."""
    searched = store.summary("searched", lambda: _read_searched(store))
    index = store.tables.lookup("search")
    holds = np.zeros(store.count("clusters"), dtype=bool)
    # Some at a time: their lists together may be longer than memory is large.
    for start in range(0, len(pieces), PIECES):
        found = index.find(pieces[start : start + PIECES], ["block", "gaps"])
        if len(found):
            gaps = found.column("gaps").combine_chunks()
            first = np.array([searched.first[block] for block in found.column("block").to_pylist()], dtype=np.int64)
            offsets = gaps.offsets.to_numpy()
            _mark(gaps.values.to_numpy(), offsets, first, searched.places, searched.canonical, holds)
    return holds


def _read_searched(store: Store) -> _Searched:
    table = store.tables.lookup("searched").all(["place", "is_canonical"])
    sections = store.tables.lookup("sections")
    assert isinstance(sections, ParquetLookup)
    blocks = [row["block"] for row in store.rows("SELECT DISTINCT block FROM search")]
    pages = store.tables.lookup("pages").find(blocks, ["doc_id", "section_file", "first_section"]).to_pylist()
    return _Searched(
        {page["doc_id"]: sections.first_rows[page["section_file"]] + page["first_section"] for page in pages},
        table.column("place").to_numpy(),
        table.column("is_canonical").to_numpy(),
    )


@njit(nogil=True, cache=True)
def _mark(
    gaps: NDArray[np.int32],
    offsets: NDArray[np.int32],
    first: NDArray[np.int64],
    places: NDArray[np.int32],
    canonical: NDArray[np.bool_],
    holds: NDArray[np.bool_],
) -> None:
    """Mark the clusters that lists of the index name: of a copy only the title speaks for its cluster."""
    for i in range(first.size):
        at = np.int64(-1)
        for k in range(offsets[i], offsets[i + 1]):
            at += gaps[k]
            row = first[i] + (at >> 1)
            place = places[row]
            if place >= 0 and (at & 1 or canonical[row]):
                holds[place] = True


def _in_titles(store: Store, words: str) -> Found:
    parts = words.split()[:20]
    where = " AND ".join(f"contains(lower(title), $w{i})" for i in range(len(parts))) or "true"
    values = {f"w{i}": part.lower() for i, part in enumerate(parts)}
    query = f"SELECT place FROM listed WHERE {where} ORDER BY place"
    table = store.sql(query, values, over={"listed": store.scan("listed")})
    return Found(table.column("place").to_numpy().astype(np.int32), True, titles_only=True)
