"""The membership and clusters datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.clusters.canonical import Ranking, explain_choice
from dedup.ids import make_id

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.clusters.assignment import Assignment

_RULES = pa.array(["canonical", "exact", "jaccard", "edit", "decided"])
_LINK_RULES = pa.array(["single", "exact", "jaccard", "edit", "decided"])
#: Ids made at a time: bounds the Python strings that stand in memory.
_IDS = 65_536


def _ids(prefix: str, section_ids: pa.Array, rows: NDArray[np.int64]) -> pa.Array:
    distinct, where = np.unique(rows, return_inverse=True)
    made = [
        pa.array([make_id(prefix, s) for s in section_ids.take(distinct[i : i + _IDS]).to_pylist()], pa.string())
        for i in range(0, distinct.size, _IDS)
    ]
    return pa.concat_arrays([pa.array([], pa.string()), *made]).take(where.astype(np.int64))


def write_membership(
    sections: pa.Table, assignment: Assignment, ranking: Ranking
) -> tuple[pa.Table, NDArray[np.int64], NDArray[np.int64]]:
    """Say for each section which cluster it belongs to and which section stands for it.

    Parameters
    ----------
    sections : section_id, content_hash; the rows that were matched

    Returns
    -------
    membership : `schemas.MEMBERSHIP`
    rows : (k,) the row of `sections` of each membership row, clusters one after another, canonical first
    rule : (k,) index into canonical, exact, jaccard, edit, decided
    """
    own = np.flatnonzero(assignment.canonical >= 0)
    rows = own[np.lexsort((ranking.position[own], ranking.position[assignment.canonical[own]]))]
    canonical = assignment.canonical[rows]
    ids = sections.column("section_id").combine_chunks()
    hashes = sections.column("content_hash").combine_chunks()
    exact = pc.equal(hashes.take(rows), hashes.take(canonical)).to_numpy(zero_copy_only=False)
    edit = assignment.edit_similarity[rows]
    measured = np.where(np.isnan(edit), 2, 3)
    rule = np.where(rows == canonical, 0, np.where(exact, 1, np.where(assignment.decided[rows], 4, measured)))
    nothing = pa.nulls(rows.size, pa.float64())
    membership = pa.table(
        [
            ids.take(rows),
            _ids("c", ids, canonical),
            pa.array(rows == canonical),
            explain_choice(ranking, canonical, rows, assignment.cluster_size[rows]),
            ids.take(canonical),
            pa.array(assignment.similarity[rows]),
            pa.array(edit, mask=np.isnan(edit)),
            _RULES.take(rule),
            nothing,
            nothing,
        ],
        schema=schemas.MEMBERSHIP,
    )
    return membership, rows, rule


def write_clusters(
    sections: pa.Table,
    documents: pa.Table,
    assignment: Assignment,
    membership: pa.Table,
    rows: NDArray[np.int64],
    rule: NDArray[np.int64],
    release_id: str,
    known_since: pa.Table | None = None,
) -> pa.Table:
    """Summarise each cluster.

    Parameters
    ----------
    sections, rows, rule : as in and from `write_membership`
    documents : doc_id, source
    known_since : cluster_id, first_release, most_sections of the previous release, if there is one

    Returns
    -------
    table with the schema `schemas.CLUSTERS`
    """
    ids = sections.column("section_id").combine_chunks()
    doc_rows = pc.index_in(sections.column("doc_id"), documents.column("doc_id").combine_chunks()).combine_chunks()
    canonical = assignment.canonical[rows]
    table = pa.table(
        {
            "cluster_id": membership.column("cluster_id"),
            "doc": doc_rows.take(rows),
            "source": documents.column("source").combine_chunks().take(doc_rows.take(rows)),
            "similarity": membership.column("similarity"),
            "rule": pa.array(rule),
        }
    )
    grouped = table.group_by("cluster_id", use_threads=False).aggregate(
        [
            ("doc", "count"),
            ("doc", "count_distinct"),
            ("source", "count_distinct"),
            ("similarity", "min"),
            ("rule", "max"),
        ]
    )
    is_lead = rows == canonical
    leads = rows[is_lead]
    clusters = pa.table(
        {
            "cluster_id": membership.column("cluster_id").filter(pa.array(is_lead)),
            "family_id": _ids("f", ids, assignment.family[leads]),
            "canonical_section": ids.take(leads),
            "kind": sections.column("kind").combine_chunks().take(leads),
        }
    )
    joined = clusters.join(grouped, "cluster_id").sort_by("cluster_id")
    first = pa.repeat(pa.scalar(release_id, pa.string()), joined.num_rows)
    most = joined.column("doc_count")
    if known_since is not None and known_since.num_rows:
        at = pc.index_in(joined.column("cluster_id"), known_since.column("cluster_id").combine_chunks())
        known = known_since.combine_chunks().take(at.combine_chunks())
        first = pc.coalesce(known.column("first_release"), first)
        most = pc.max_element_wise(known.column("most_sections"), most)
    return pa.table(
        [
            joined.column("cluster_id"),
            joined.column("family_id"),
            joined.column("canonical_section"),
            joined.column("kind"),
            joined.column("doc_count"),
            most,
            joined.column("doc_count_distinct"),
            joined.column("source_count_distinct"),
            joined.column("similarity_min"),
            _LINK_RULES.take(joined.column("rule_max").combine_chunks()),
            pa.repeat(pa.scalar("auto", pa.string()), joined.num_rows),
            first,
        ],
        schema=schemas.CLUSTERS,
    )
