"""The pairs dataset: node pairs written out as pairs of sections, complete for clusters of moderate size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.clusters.assignment import Assignment
    from dedup.clusters.variants import VariantMarks
    from dedup.matching.match import Matches


RELATIONS = pa.array(["exact", "variant", "near_duplicate"])
RULES = pa.array(["content_hash", "jaccard", "edit", "decided"])


def rows_inside(bounds: NDArray[np.int64], nodes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return all pairs of positions inside each of some nodes, as indexes into `Nodes.rows`."""
    starts, sizes = bounds[nodes], np.diff(bounds)[nodes]
    # Each position of a node is paired with those behind it: size - 1, size - 2, …, 0 of them.
    owner = np.repeat(np.arange(nodes.size), sizes)
    place = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    behind = sizes[owner] - place - 1
    left = np.repeat(starts[owner] + place, behind)
    step = np.arange(behind.sum()) - np.repeat(np.cumsum(behind) - behind, behind)
    return left, left + step + 1


def rows_across(
    bounds: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return (pair number, index of a's row, index of b's row) for every row of a with every row of b."""
    size_a, size_b = np.diff(bounds)[a], np.diff(bounds)[b]
    totals = size_a * size_b
    pair = np.repeat(np.arange(a.size), totals)
    within = np.arange(totals.sum()) - np.repeat(np.cumsum(totals) - totals, totals)
    return pair, bounds[a][pair] + within // size_b[pair], bounds[b][pair] + within % size_b[pair]


def publish_pairs(
    matches: Matches,
    marks: VariantMarks,
    assignment: Assignment,
    section_ids: pa.Array,
    content_hashes: pa.Array,
    complete_cluster: int,
    joined: NDArray[np.bool_] | None = None,
    editions: pa.Array | None = None,
) -> tuple[pa.Table, int]:
    """Write verified node pairs out as pairs of sections.

    Clusters of up to `complete_cluster` sections get all their pairs; in larger ones each member is paired with its
    canonical section only, and the others follow from equality of texts.

    Parameters
    ----------
    joined : (p,) pairs that are copies by decision; default: none
    editions : (p,) who says that a pair is another edition; null, or no array, where nobody does

    Returns
    -------
    table with the schema `schemas.PAIRS`, and how many pairs were implied and not written
    """
    nodes, pairs = matches.nodes, matches.pairs
    rows, bounds = nodes.rows, nodes.bounds
    sizes = np.diff(bounds)
    row_size = np.where(assignment.canonical >= 0, assignment.cluster_size, 1)
    node_cluster = np.zeros(nodes.count, dtype=np.int64)
    np.maximum.at(node_cluster, nodes.node_of_row[rows], row_size[rows])
    # Rows of reference sources stand in no cluster; a node of many equal ones is as large as it is.
    node_cluster = np.maximum(node_cluster, sizes)
    small = node_cluster <= complete_cluster

    pieces: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = []
    left, right = rows_inside(bounds, np.flatnonzero(small & (sizes > 1)))
    pieces.append((rows[left], rows[right], np.full(left.size, -1)))
    both_small = small[pairs.a] & small[pairs.b]
    chosen = np.flatnonzero(both_small)
    pair, i, j = rows_across(bounds, pairs.a[chosen], pairs.b[chosen])
    pieces.append((rows[i], rows[j], chosen[pair]))

    large = np.flatnonzero(~small[nodes.node_of_row[rows]])
    members = rows[large]
    members = members[(assignment.canonical[members] >= 0) & (assignment.canonical[members] != members)]
    canonical = assignment.canonical[members]
    node_m, node_c = nodes.node_of_row[members], nodes.node_of_row[canonical]
    packed = (pairs.a << 32) | pairs.b
    wanted = (np.minimum(node_m, node_c) << 32) | np.maximum(node_m, node_c)
    at = np.searchsorted(packed, wanted)
    of_pair = np.where(node_m == node_c, -1, at)
    swap = node_m > node_c
    pieces.append((np.where(swap, canonical, members), np.where(swap, members, canonical), of_pair))
    # Pairs that cross from a large cluster to another one are shown by one pair of representatives.
    leads = assignment.canonical[nodes.first_row]
    crossing = np.flatnonzero(~both_small & (leads[pairs.a] != leads[pairs.b]))
    pieces.append((nodes.first_row[pairs.a[crossing]], nodes.first_row[pairs.b[crossing]], crossing))

    row_a, row_b, number = (np.concatenate(column) for column in zip(*pieces, strict=True))
    all_pairs = int((sizes * (sizes - 1) // 2).sum() + (sizes[pairs.a] * sizes[pairs.b]).sum())
    table = _pairs_table(matches, marks, section_ids, content_hashes, row_a, row_b, number, joined, editions)
    return table, all_pairs - row_a.size


def _with_reasons(
    rule: pa.Array,
    is_variant: NDArray[np.bool_],
    marks: VariantMarks,
    number: NDArray[np.int64],
    editions: pa.Array | None,
) -> pa.Array:
    """Say of variants what makes them so, behind the rule that made them a pair."""
    if not is_variant.any():
        return rule
    p = number[is_variant]
    replaced, aligned = (pa.array(counts[p]).cast(pa.string()) for counts in (marks.replaced, marks.aligned))
    figures = pc.binary_join_element_wise(replaced, " of ", aligned, " aligned figures replaced", "")
    why = pc.if_else(pa.array(marks.by_date[p]), "other date at the head", figures)
    if editions is not None:
        why = pc.coalesce(editions.take(pa.array(p)), why)
    longer = pc.binary_join_element_wise(rule.filter(pa.array(is_variant)), "; variant: ", why, "")
    return pc.replace_with_mask(rule, pa.array(is_variant), longer)


def _pairs_table(
    matches: Matches,
    marks: VariantMarks,
    section_ids: pa.Array,
    content_hashes: pa.Array,
    row_a: NDArray[np.int64],
    row_b: NDArray[np.int64],
    number: NDArray[np.int64],
    joined: NDArray[np.bool_] | None,
    editions: pa.Array | None,
) -> pa.Table:
    pairs = matches.pairs
    equal = number < 0

    def values(of_pairs: NDArray[np.float64], otherwise: float) -> NDArray[np.float64]:
        out = np.full(number.size, otherwise)
        out[~equal] = of_pairs[number[~equal]]
        return out

    ids_a, ids_b = section_ids.take(row_a), section_ids.take(row_b)
    swap = pc.greater(ids_a, ids_b)
    swapped = swap.to_numpy(zero_copy_only=False)
    in_a, in_b = values(pairs.containment_a, 1.0), values(pairs.containment_b, 1.0)
    edit = values(pairs.edit_similarity, np.nan)
    exact = pc.equal(content_hashes.take(row_a), content_hashes.take(row_b)).to_numpy(zero_copy_only=False)
    edit[exact] = 1.0
    is_variant = np.zeros(number.size, dtype=bool)
    is_variant[~equal] = marks.is_variant[number[~equal]]
    relation = RELATIONS.take(pa.array(np.where(exact, 0, np.where(is_variant, 1, 2))))
    which = np.where(exact, 0, np.where(np.isnan(edit), 1, 2))
    if joined is not None:
        which[~equal] = np.where(joined[number[~equal]], 3, which[~equal])
    rule = _with_reasons(RULES.take(pa.array(which)), is_variant, marks, number, editions)
    table = pa.table(
        [
            pc.if_else(swap, ids_b, ids_a),
            pc.if_else(swap, ids_a, ids_b),
            pa.array(values(pairs.jaccard, 1.0)),
            pa.array(np.where(swapped, in_b, in_a)),
            pa.array(np.where(swapped, in_a, in_b)),
            pa.array(edit, mask=np.isnan(edit)),
            relation,
            rule,
        ],
        schema=schemas.PAIRS,
    )
    return table.sort_by([("section_a", "ascending"), ("section_b", "ascending")])
