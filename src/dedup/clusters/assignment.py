"""From verified pairs to one survivor per cluster: which row stands for which, how similar, by which rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dedup.clusters.decided import best_rows
from dedup.clusters.grouping import group_nodes, join_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.clusters.decided import DecidedMatches
    from dedup.clusters.variants import VariantMarks
    from dedup.matching.match import Matches

#: Rules that tie a row to its canonical row, strongest first.
RULES = ("canonical", "exact", "jaccard", "edit", "decided")


@dataclass(frozen=True)
class Assignment:
    """The cluster of each row.

    Attributes
    ----------
    canonical : (n,) int64, row that stands for this row (itself when canonical); -1 for reference rows
    family : (n,) int64, canonical row of the first cluster of the family; -1 for reference rows
    similarity : (n,) float64, exact Jaccard with the canonical row
    edit_similarity : (n,) float64, NaN where it did not decide
    same_text : (n,) bool, normalised text equal to the canonical row's
    cluster_size : (n,) int64, rows in the cluster
    decided : (n,) bool, only a decision ties the row to its canonical row
    """

    canonical: NDArray[np.int64]
    family: NDArray[np.int64]
    similarity: NDArray[np.float64]
    edit_similarity: NDArray[np.float64]
    same_text: NDArray[np.bool_]
    cluster_size: NDArray[np.int64]
    decided: NDArray[np.bool_]


def assign_clusters(
    matches: Matches,
    marks: VariantMarks,
    position: NDArray[np.int64],
    is_reference: NDArray[np.bool_],
    decided: DecidedMatches | None = None,
) -> Assignment:
    """Cluster rows.

    Parameters
    ----------
    position : (n,) rank of each row, 0 is best: decides which copy is canonical
    is_reference : (n,) rows that are matched against but belong to no cluster
    decided : clusters as decisions of people want them, for the same rows; its pairs, marks and ranks then count
    """
    joined = np.zeros(matches.pairs.a.size, dtype=bool)
    if decided is not None:
        matches, marks, position, joined = decided.matches, decided.marks, decided.position, decided.pairs.joined
    nodes, pairs = matches.nodes, matches.pairs
    n, m = position.size, nodes.count
    node_of = nodes.node_of_row
    own = np.flatnonzero(~is_reference)
    # The best row of each node stands for the node; a node of reference rows only takes part in nothing.
    node_position, in_node = best_rows(nodes, position, is_reference)
    row_at = np.empty(n, dtype=np.int64)
    row_at[position] = np.arange(n)
    real = node_position < n
    usable = real[pairs.a] & real[pairs.b]
    a, b, variant = pairs.a[usable], pairs.b[usable], marks.is_variant[usable]
    leader = group_nodes(node_position, a, b, variant) if decided is None else decided.leader

    similarity = np.ones(m)
    edit = np.full(m, np.nan)
    packed = (a << 32) | b
    followers = np.flatnonzero(leader != np.arange(m))
    wanted = (np.minimum(followers, leader[followers]) << 32) | np.maximum(followers, leader[followers])
    at = np.searchsorted(packed, wanted)
    similarity[followers] = pairs.jaccard[usable][at]
    edit[followers] = pairs.edit_similarity[usable][at]
    by_decision = np.zeros(m, dtype=bool)
    by_decision[followers] = joined[usable][at]

    canonical = np.arange(n)
    canonical[is_reference] = -1
    lead = leader[node_of[in_node]]
    canonical[in_node] = row_at[node_position[lead]]
    row_similarity = np.ones(n)
    row_edit = np.full(n, np.nan)
    row_similarity[in_node] = similarity[node_of[in_node]]
    row_edit[in_node] = edit[node_of[in_node]]
    row_decided = np.zeros(n, dtype=bool)
    row_decided[in_node] = by_decision[node_of[in_node]]
    same = np.ones(n, dtype=bool)
    same[in_node] = lead == node_of[in_node]
    size = np.zeros(n, dtype=np.int64)
    counts = np.bincount(canonical[own], minlength=n)
    size[own] = counts[canonical[own]]

    family = canonical.copy()
    if variant.any():
        canonical_of_node = np.full(m, -1, dtype=np.int64)
        canonical_of_node[node_of[in_node]] = canonical[in_node]
        # Joined by rank, so that the head of a family is its best cluster.
        joined = join_components(n, position[canonical_of_node[a[variant]]], position[canonical_of_node[b[variant]]])
        family[own] = row_at[joined[position[canonical[own]]]]
    return Assignment(canonical, family, row_similarity, row_edit, same, size, row_decided)
