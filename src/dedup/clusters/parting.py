"""Texts that a decision tells apart although they are equal after normalising get nodes of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dedup.clusters.variants import VariantMarks
from dedup.matching.match import Matches
from dedup.matching.nodes import Nodes
from dedup.matching.verify import VerifiedPairs

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray


def separate_texts(
    matches: Matches, marks: VariantMarks, text_of_row: NDArray[np.int64], texts: Collection[int]
) -> tuple[Matches, VariantMarks]:
    """Give each of some texts a node of its own.

    8% and 8‰ are equal after normalising, so they share a node, and still somebody may say that they are not the
    same.

    Parameters
    ----------
    text_of_row : (n,) number of the text of each row; -1 where it is not asked for
    texts : numbers of the texts

    Returns
    -------
    the same matches and marks with more nodes, if needed; parts of one node are pairs with a Jaccard of 1
    """
    nodes = matches.nodes
    asked = np.zeros(int(text_of_row.max(initial=-1)) + 2, dtype=bool)
    asked[np.array(sorted(texts), dtype=np.int64)] = True
    # Rows of no text have the number -1, which reads the last and never asked one.
    wanted = asked[text_of_row] & (nodes.node_of_row >= 0)
    # The part of each row: its text where that one is asked for, else the rest of the node.
    part = np.where(wanted, text_of_row, -1)
    crowded = np.unique(nodes.node_of_row[wanted])
    node_of_row = nodes.node_of_row.copy()
    origin = list(range(nodes.count))
    for node in crowded.tolist():
        rows = nodes.rows[nodes.bounds[node] : nodes.bounds[node + 1]]
        for other in [p for p in dict.fromkeys(part[rows].tolist()) if p != part[rows[0]]]:
            node_of_row[rows[part[rows] == other]] = len(origin)
            origin.append(node)
    if len(origin) == nodes.count:
        return matches, marks
    parts = _renumbered(nodes, node_of_row, len(origin))
    pairs, number = _pairs_between_parts(matches.pairs, np.array(origin, dtype=np.int64), nodes.count)
    known = number >= 0

    def carried(values: NDArray, otherwise: float) -> NDArray:
        out = np.full(number.size, otherwise, dtype=values.dtype)
        out[known] = values[number[known]]
        return out

    carried_marks = VariantMarks(
        carried(marks.is_variant, 0), carried(marks.by_date, 0), carried(marks.aligned, 0), carried(marks.replaced, 0)
    )
    return replace(matches, nodes=parts, pairs=pairs), carried_marks


def _renumbered(nodes: Nodes, node_of_row: NDArray[np.int64], count: int) -> Nodes:
    """Return nodes whose rows stand node after node, in the order they had."""
    rows = nodes.rows[np.argsort(node_of_row[nodes.rows], kind="stable")]
    bounds = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(node_of_row[rows], minlength=count), out=bounds[1:])
    return Nodes(node_of_row, rows[bounds[:-1]], rows, bounds)


def _pairs_between_parts(
    pairs: VerifiedPairs, origin: NDArray[np.int64], count: int
) -> tuple[VerifiedPairs, NDArray[np.int64]]:
    """Return the pairs of all parts, and which pair each was; -1 for those of parts of one node."""
    parts: dict[int, list[int]] = {}
    for node, first in enumerate(origin.tolist()):
        if node >= count:
            parts.setdefault(first, [first]).append(node)
    touched = np.array(sorted(parts), dtype=np.int64)
    is_touched = np.zeros(count, dtype=bool)
    is_touched[touched] = True
    of_parts = np.flatnonzero(is_touched[pairs.a] | is_touched[pairs.b])
    added = [
        (min(x, y), max(x, y), p, x > y)
        for p in of_parts.tolist()
        for x in parts.get(int(pairs.a[p]), [int(pairs.a[p])])
        for y in parts.get(int(pairs.b[p]), [int(pairs.b[p])])
        if (x, y) != (pairs.a[p], pairs.b[p])
    ]
    added += [(x, y, -1, False) for group in parts.values() for i, x in enumerate(group) for y in group[i + 1 :]]
    more = np.array(added, dtype=np.int64).reshape(-1, 4)
    a, b = np.concatenate([pairs.a, more[:, 0]]), np.concatenate([pairs.b, more[:, 1]])
    number = np.concatenate([np.arange(pairs.a.size), more[:, 2]])
    turned = np.concatenate([np.zeros(pairs.a.size, dtype=bool), more[:, 3] > 0])
    order = np.lexsort((b, a))
    a, b, number, turned = a[order], b[order], number[order], turned[order]
    known = number >= 0

    def carried(values: NDArray[np.float64], other: NDArray[np.float64], otherwise: float) -> NDArray[np.float64]:
        out = np.full(number.size, otherwise)
        out[known] = np.where(turned[known], other[number[known]], values[number[known]])
        return out

    in_a, in_b = pairs.containment_a, pairs.containment_b
    return (
        replace(
            pairs,
            a=a,
            b=b,
            jaccard=carried(pairs.jaccard, pairs.jaccard, 1.0),
            containment_a=carried(in_a, in_b, 1.0),
            containment_b=carried(in_b, in_a, 1.0),
            edit_similarity=carried(pairs.edit_similarity, pairs.edit_similarity, np.nan),
        ),
        number,
    )
