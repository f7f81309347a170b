"""Clusters as people want them: what they decided is laid over the verified pairs before clusters are formed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedup.clusters.constraints import Constraints, Wish, settle
from dedup.clusters.grouping import group_nodes, join_components
from dedup.clusters.parting import separate_texts
from dedup.clusters.variants import VariantMarks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.matching.match import Matches
    from dedup.matching.nodes import Nodes
    from dedup.matching.verify import VerifiedPairs


class Measured(NamedTuple):
    """Exact similarities of some pairs of rows, float64 arrays of one length."""

    jaccard: NDArray[np.float64]
    containment_a: NDArray[np.float64]
    containment_b: NDArray[np.float64]
    edit_similarity: NDArray[np.float64]


#: Measures the texts of two arrays of rows, pair by pair.
Measure = Callable[["NDArray[np.int64]", "NDArray[np.int64]"], Measured]


@dataclass(frozen=True)
class DecidedPairs:
    """What of the pairs is somebody's decision.

    Attributes
    ----------
    joined : (p,) bool, pairs that are copies because somebody said so, directly or through others
    edition : (p,) int64, number of the wish that makes the pair another edition; -1 where none does
    """

    joined: NDArray[np.bool_]
    edition: NDArray[np.int64]


@dataclass(frozen=True)
class DecidedMatches:
    """Verified pairs and clusters with all decisions applied.

    Attributes
    ----------
    matches, marks : as from matching, less the pairs that are none by decision, and with those that are
    pairs : what of them was decided
    leader : (m,) int64, node that leads the cluster of each node
    position : (n,) int64, rank of each row; chosen copies stand just before the best other row of their cluster
    constraints : the wishes that were met, and those that were not
    """

    matches: Matches
    marks: VariantMarks
    pairs: DecidedPairs
    leader: NDArray[np.int64]
    position: NDArray[np.int64]
    constraints: Constraints


def best_rows(
    nodes: Nodes, position: NDArray[np.int64], is_reference: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rank of the best row of each node that is no reference, shape (m,), and the rows that are in nodes.

    Nodes without such a row rank behind all others: n and more.
    """
    n, m = position.size, nodes.count
    ranks = n + np.arange(m)
    own = np.flatnonzero(~is_reference & (nodes.node_of_row >= 0))
    np.minimum.at(ranks, nodes.node_of_row[own], position[own])
    return ranks, own


def apply_decisions(
    matches: Matches,
    marks: VariantMarks,
    position: NDArray[np.int64],
    is_reference: NDArray[np.bool_],
    text_of_row: NDArray[np.int64],
    wishes: Sequence[Wish],
    measure: Measure,
) -> DecidedMatches:
    """Form clusters that meet what people decided.

    Parameters
    ----------
    position : (n,) rank of each row, 0 is best
    is_reference : (n,) rows that belong to no cluster
    text_of_row : (n,) number of the text of each row that a wish is about; -1 for all others. Every text has a row
        that is no reference and stands in a node
    measure : exact similarities of rows; asked for pairs that matching did not find

    Notes
    -----
    Clusters form as they do without decisions: in canonical order the best text takes its verified neighbours. Texts
    that were said to be the same move as one, led by the best of them; of texts that were said to differ the better
    one stays and the other goes to its next best canonical text, or stands alone. A chosen copy takes the place of
    the canonical one of its cluster, whose members stay. Whoever does not match the canonical text by itself is tied
    to it by a pair with the similarities it has.
    """
    met = settle(wishes)
    row_of_text = _best_row_of_texts(text_of_row, position, is_reference)
    matches, marks = separate_texts(matches, marks, text_of_row, _needing_nodes(met))
    nodes = matches.nodes
    node = {text: int(nodes.node_of_row[row]) for text, row in row_of_text.items()}
    matches, marks, decided = _without(matches, marks, met, node)
    ranks, _ = best_rows(nodes, position, is_reference)
    leader = _lead(matches, marks, ranks, position.size, met, node)
    leader, position = _choose(leader, nodes, position, is_reference, met, node, row_of_text)
    matches, marks, decided = _tie(matches, marks, decided, leader, met, node, measure)
    return DecidedMatches(matches, marks, decided, leader, position, met)


def _best_row_of_texts(
    text_of_row: NDArray[np.int64], position: NDArray[np.int64], is_reference: NDArray[np.bool_]
) -> dict[int, int]:
    rows = np.flatnonzero((text_of_row >= 0) & ~is_reference)
    rows = rows[np.argsort(-position[rows], kind="stable")]
    return dict(zip(text_of_row[rows].tolist(), rows.tolist(), strict=True))


def _needing_nodes(met: Constraints) -> set[int]:
    """Return the texts that must not share a node with others."""
    told_apart = {t for w in (*met.apart, *met.editions) for t in (w.a, w.b)} | {w.a for w in met.alone}
    # Whoever is one with a text that is told apart goes with it, away from those it shares a node with.
    return told_apart | {t for w in met.together for t in (w.a, w.b)} if told_apart else set()


def _without(
    matches: Matches, marks: VariantMarks, met: Constraints, node: Mapping[int, int]
) -> tuple[Matches, VariantMarks, DecidedPairs]:
    """Take away the pairs that are none, and make the others editions that are."""
    pairs = matches.pairs
    packed = (pairs.a << 32) | pairs.b
    edition = np.full(pairs.a.size, -1, dtype=np.int64)
    at = _find(packed, _packed([(node[w.a], node[w.b]) for w in met.editions]))
    edition[at[at >= 0]] = np.array([w.number for w in met.editions], dtype=np.int64)[at >= 0]
    is_variant = marks.is_variant | (edition >= 0)
    gone = np.zeros(packed.size, dtype=bool)
    at = _find(packed, _packed([(node[w.a], node[w.b]) for w in met.apart]))
    gone[at[at >= 0]] = True
    alone = np.zeros(matches.nodes.count, dtype=bool)
    alone[np.array([node[w.a] for w in met.alone], dtype=np.int64)] = True
    # What stands alone may still be another edition of something.
    gone |= (alone[pairs.a] | alone[pairs.b]) & ~is_variant
    kept = np.flatnonzero(~gone)
    edition = edition[kept]
    marks = VariantMarks(is_variant[kept], marks.by_date[kept], marks.aligned[kept], marks.replaced[kept])
    return (
        replace(matches, pairs=_with_columns(pairs, lambda name: getattr(pairs, name)[kept])),
        marks,
        DecidedPairs(np.zeros(kept.size, dtype=bool), edition),
    )


_PAIR_COLUMNS = ("a", "b", "jaccard", "containment_a", "containment_b", "edit_similarity")


def _with_columns(pairs: VerifiedPairs, column: Callable[[str], NDArray]) -> VerifiedPairs:
    columns: dict[str, Any] = {name: column(name) for name in _PAIR_COLUMNS}
    return replace(pairs, **columns)


def _pack(a: int, b: int) -> int:
    return (min(a, b) << 32) | max(a, b)


def _packed(pairs: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array([_pack(a, b) for a, b in pairs], dtype=np.int64)


def _find(packed: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each wanted pair stands among sorted ones; -1 where it does not."""
    if not packed.size:
        return np.full(wanted.size, -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(packed, wanted), packed.size - 1)
    return np.where(packed[at] == wanted, at, -1)


def _lead(
    matches: Matches,
    marks: VariantMarks,
    ranks: NDArray[np.int64],
    n: int,
    met: Constraints,
    node: Mapping[int, int],
) -> NDArray[np.int64]:
    """Return the leader of each node: bundles of texts that are one are grouped as one node."""
    pairs, m = matches.pairs, matches.nodes.count
    by_rank = np.argsort(ranks, kind="stable")
    place = np.empty(m, dtype=np.int64)
    place[by_rank] = np.arange(m)
    ties = np.array([(node[w.a], node[w.b]) for w in met.together], dtype=np.int64).reshape(-1, 2)
    # Components are named by their smallest member, which is the best node when nodes are numbered by rank.
    head = by_rank[join_components(m, place[ties[:, 0]], place[ties[:, 1]])[place]]
    real = (ranks[pairs.a] < n) & (ranks[pairs.b] < n)
    a, b, variant = pairs.a[real], pairs.b[real], marks.is_variant[real]
    # Only the best text of a bundle takes copies; they would not match it otherwise.
    better = np.where(place[head[a]] < place[head[b]], a, b)
    kept = variant | (head[better] == better)
    walls = np.array([(node[w.a], node[w.b]) for w in (*met.apart, *met.editions)], dtype=np.int64).reshape(-1, 2)
    left = head[np.concatenate([a[kept], walls[:, 0]])]
    right = head[np.concatenate([b[kept], walls[:, 1]])]
    wall = np.concatenate([variant[kept], np.ones(len(walls), dtype=bool)])
    between = left != right
    return group_nodes(ranks, left[between], right[between], wall[between])[head]


def _choose(
    leader: NDArray[np.int64],
    nodes: Nodes,
    position: NDArray[np.int64],
    is_reference: NDArray[np.bool_],
    met: Constraints,
    node: Mapping[int, int],
    row_of_text: Mapping[int, int],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Let chosen texts stand for their clusters; of two in one cluster, the one chosen last."""
    if not met.first:
        return leader, position
    cluster = leader.copy()
    ranks, _ = best_rows(nodes, position, is_reference)
    best = np.full(leader.size, np.iinfo(np.int64).max)
    np.minimum.at(best, cluster, ranks)
    chosen: dict[int, Wish] = {}
    head = np.arange(leader.size)
    place = 2 * position
    for wish in list(met.first):
        home = int(cluster[node[wish.a]])
        if home in chosen:
            met.overruled[wish.number] = chosen[home].number
            met.first.remove(wish)
            continue
        chosen[home] = wish
        head[home] = node[wish.a]
        row = row_of_text[wish.a]
        if position[row] > best[home]:
            place[row] = 2 * best[home] - 1
    leader = head[cluster]
    ranked = np.empty_like(position)
    ranked[np.argsort(place, kind="stable")] = np.arange(position.size)
    return leader, ranked


def _tie(
    matches: Matches,
    marks: VariantMarks,
    decided: DecidedPairs,
    leader: NDArray[np.int64],
    met: Constraints,
    node: Mapping[int, int],
    measure: Measure,
) -> tuple[Matches, VariantMarks, DecidedPairs]:
    """Add the pairs that decisions make: of texts that are one, of members with their leader, and of editions."""
    pairs = matches.pairs
    followers = np.flatnonzero(leader != np.arange(leader.size))
    ties = _packed([(node[w.a], node[w.b]) for w in met.together if node[w.a] != node[w.b]])
    wanted = (np.minimum(followers, leader[followers]) << 32) | np.maximum(followers, leader[followers])
    copies = np.concatenate([ties, wanted])
    packed = (pairs.a << 32) | pairs.b
    at = _find(packed, copies)
    known = np.zeros(packed.size, dtype=bool)
    known[at[at >= 0]] = True
    joined = decided.joined | (known & marks.is_variant)
    is_variant = marks.is_variant & ~known
    editions = {_pack(node[w.a], node[w.b]): w.number for w in met.editions}
    told = np.array(sorted(editions), dtype=np.int64)
    missing = np.unique(np.concatenate([copies[at < 0], told[_find(packed, told) < 0]]))
    a, b = missing >> 32, missing & 0xFFFFFFFF
    found = measure(matches.nodes.first_row[a], matches.nodes.first_row[b])
    order = np.argsort(np.concatenate([packed, missing]), kind="stable")

    def with_missing(values: NDArray, added: NDArray) -> NDArray:
        return np.concatenate([values, added])[order]

    of_edition = np.array([editions.get(int(p), -1) for p in missing], dtype=np.int64)
    nothing = np.zeros(missing.size, dtype=np.int64)
    columns = dict(zip(_PAIR_COLUMNS, (a, b, *found), strict=True))
    return (
        replace(
            matches,
            pairs=_with_columns(pairs, lambda name: with_missing(getattr(pairs, name), columns[name])),
        ),
        VariantMarks(
            with_missing(is_variant, of_edition >= 0),
            with_missing(marks.by_date, nothing.astype(bool)),
            with_missing(marks.aligned, nothing),
            with_missing(marks.replaced, nothing),
        ),
        DecidedPairs(
            # A pair that only a decision makes an edition is no near-duplicate either.
            with_missing(joined, np.ones(missing.size, dtype=bool)),
            with_missing(decided.edition, of_edition),
        ),
    )
