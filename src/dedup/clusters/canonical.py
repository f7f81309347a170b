"""Which copy is published: a declared policy, the same for every cluster, with its reason in words.

In order: a preferred or trusted source, then the most complete text, the fewest masks, the least site noise, the
earliest stated date of publication, and last the section id, which is a hash of content and address. A file's own
time is never asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COMPLETENESS_ORDER = ("full", "no_head", "no_tail", "hole", "fragment")
#: Masks and noise are compared in steps of a tenth of a per cent: below that two copies are alike.
RATIO_STEP = 0.001
_FAR_FUTURE = np.iinfo(np.int64).max

CRITERIA = ("source", "completeness", "masks", "noise", "date", "id")
_WHY_CANONICAL = {
    "source": "its source is preferred",
    "completeness": "the most complete copy",
    "masks": "the fewest masked places",
    "noise": "the least site noise",
    "date": "the earliest dated",
    "id": "equal to the other copies; the smallest id decides",
}
_WHY_NOT = {
    "source": "another copy is from a preferred source",
    "completeness": "less complete than the canonical copy",
    "masks": "more masked places than the canonical copy",
    "noise": "more site noise than the canonical copy",
    "date": "dated later than the canonical copy, or not dated",
    "id": "as good as the canonical copy; the smaller id decides",
}


@dataclass(frozen=True)
class Ranking:
    """How good a copy each section is.

    Attributes
    ----------
    criteria : (n, 6) int64, one column per criterion, smaller is better
    position : (n,) int64, place in the total order, 0 is best
    """

    criteria: NDArray[np.int64]
    position: NDArray[np.int64]


def rank_sections(sections: pa.Table, documents: pa.Table, prefer: Sequence[str]) -> Ranking:
    """Rank sections as copies.

    Parameters
    ----------
    sections : section_id, doc_id, completeness, mask_ratio, boilerplate_ratio
    documents : doc_id, source, published_at
    prefer : names of sources, the most trusted first
    """
    n = sections.num_rows
    doc_rows = pc.index_in(sections.column("doc_id"), documents.column("doc_id").combine_chunks())
    source_rank = pc.index_in(documents.column("source"), pa.array(list(prefer), pa.string()))
    source = pc.fill_null(source_rank.take(doc_rows), len(prefer))
    dates = pc.cast(pc.cast(documents.column("published_at"), pa.int32()), pa.int64()).take(doc_rows)
    completeness = pc.index_in(sections.column("completeness"), pa.array(COMPLETENESS_ORDER))
    ids = sections.column("section_id").combine_chunks()
    id_rank = np.empty(n, dtype=np.int64)
    id_rank[pc.sort_indices(ids).to_numpy()] = np.arange(n)
    criteria = np.stack(
        [
            source.to_numpy().astype(np.int64),
            pc.fill_null(completeness, len(COMPLETENESS_ORDER)).to_numpy().astype(np.int64),
            np.floor(sections.column("mask_ratio").to_numpy() / RATIO_STEP).astype(np.int64),
            np.floor(sections.column("boilerplate_ratio").to_numpy() / RATIO_STEP).astype(np.int64),
            pc.fill_null(dates, _FAR_FUTURE).to_numpy().astype(np.int64),
            id_rank,
        ],
        axis=1,
    )
    position = np.empty(n, dtype=np.int64)
    position[np.lexsort(criteria.T[::-1])] = np.arange(n)
    return Ranking(criteria, position)


def explain_choice(
    ranking: Ranking, canonical: NDArray[np.int64], members: NDArray[np.int64], sizes: NDArray[np.int64]
) -> pa.Array:
    """Say for each member why it is, or is not, the canonical section of its cluster.

    Parameters
    ----------
    canonical : (n,) row of the canonical section of each member's cluster
    members : (n,) rows of the members, clusters one after another, the canonical one first, then by rank
    sizes : (n,) size of each member's cluster

    Returns
    -------
    (n,) string array
    """
    differs = ranking.criteria[members] != ranking.criteria[canonical]
    first = np.where(differs.any(axis=1), differs.argmax(axis=1), len(CRITERIA) - 1)
    is_canonical = members == canonical
    # The canonical section is explained by what sets it apart from the runner-up, which stands behind it.
    runner_up = np.append(first[1:], len(CRITERIA) - 1)
    reasons = pa.array(
        ["the only copy", *(_WHY_CANONICAL[name] for name in CRITERIA), *(_WHY_NOT[name] for name in CRITERIA)]
    )
    of_canonical = np.where(sizes == 1, 0, 1 + runner_up)
    return reasons.take(pa.array(np.where(is_canonical, of_canonical, 1 + len(CRITERIA) + first)))
