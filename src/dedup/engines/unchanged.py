"""Which documents and clusters are as the last release has them, and their rows in it.

What is said of a document depends on the document; what is said of a cluster depends on its members, on their
documents, and on what is said of them. Where none of that changed, the rows of the last release are the rows that would
be made again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup import schemas
from dedup.engines.heritage import same_rows
from dedup.engines.store import TableStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dedup.engines.local import LocalRun

#: Columns of membership that what is said of a cluster depends on.
_MEMBER = ("section_id", "cluster_id", "is_canonical", "stands_for")
#: Columns by which rows belong to a cluster.
_SECTIONS = ("section_id", "donor_section", "canonical_section")
#: Rows of a dataset that are filtered at once.
_ROWS = 65_536


def unchanged_documents(run: LocalRun, kind: str) -> pa.Array:
    """Return the ids of documents for which results of a kind (`heritage.ROOMS`) may be taken over."""
    if kind not in run.heritage:
        return pa.array([], pa.string())
    facts = run.corpus.document_facts
    # Several stages ask, and the columns of the last release are read for each answer.
    if run.same_documents is None or run.same_documents[0] is not facts:
        run.same_documents = facts, facts.column("doc_id").combine_chunks().filter(run.heritage.unchanged(facts))
    return run.same_documents[1]


def unchanged_clusters(run: LocalRun, kind: str) -> pa.Array:
    """Return the ids of clusters for which results of a kind may be taken over.

    Such a cluster has the sections it had, all of documents that did not change, and nothing that was said of it was
    set aside by the quality gate, so that the last release holds it whole.
    """
    release = run.previous
    if release is None or kind not in run.heritage:
        return pa.array([], pa.string())
    membership = run.tables["membership"].select(list(_MEMBER)).combine_chunks()
    before = release.arrow("membership", list(_MEMBER)).combine_chunks()
    same = same_rows(membership, before, "section_id", _MEMBER)
    sections = run.corpus.section_facts
    at = pc.index_in(membership.column("section_id"), sections.column("section_id").combine_chunks()).combine_chunks()
    owners = sections.column("doc_id").combine_chunks().take(at)
    same = pc.and_(same, pc.is_in(owners, unchanged_documents(run, "cut")))
    clusters = membership.column("cluster_id").combine_chunks()
    changed = clusters.filter(pc.invert(same))
    # Who left is gone, or a member of another cluster by now.
    left = before.filter(pc.invert(same_rows(before, membership, "section_id", _MEMBER)))
    withheld = pa.array(release.manifest.get("incomplete_clusters", []), pa.string())
    changed = pa.concat_arrays([changed, left.column("cluster_id").combine_chunks(), withheld])
    distinct = pc.unique(clusters)
    return distinct.filter(pc.invert(pc.is_in(distinct, changed)))


def unchanged_sections(run: LocalRun, kind: str) -> pa.Array:
    """Return the ids of sections of which the last release has all rows of a kind, in whatever cluster they are now.

    They are sections of documents that did not change, in clusters of which nothing was set aside by the quality gate.
    """
    release = run.previous
    if release is None or kind not in run.heritage:
        return pa.array([], pa.string())
    before = release.arrow("membership", ["section_id", "cluster_id"]).combine_chunks()
    withheld = pa.array(release.manifest.get("incomplete_clusters", []), pa.string())
    known = before.column("section_id").filter(pc.invert(pc.is_in(before.column("cluster_id"), withheld)))
    sections = run.corpus.section_facts
    same = pc.is_in(sections.column("doc_id"), unchanged_documents(run, "cut"))
    ids = sections.column("section_id").filter(same).combine_chunks()
    return ids.filter(pc.is_in(ids, known.combine_chunks()))


def rows_before(run: LocalRun, dataset: str, column: str, ids: pa.Array) -> pa.Table:
    """Return the rows of the last release whose `column` is one of `ids`, in a mapped file."""
    return divided_rows_before(run, dataset, column, ids, "", None)[0]


def divided_rows_before(
    run: LocalRun, dataset: str, column: str, ids: pa.Array, other_column: str, other_ids: pa.Array | None
) -> tuple[pa.Table, pa.Table]:
    """Return `rows_before`, and of all other rows those whose `other_column` is one of `other_ids`: read once."""
    schema = schemas.DATASETS[dataset].schema
    others = other_ids is not None and bool(len(other_ids))
    if run.previous is None or not (len(ids) or others):
        return schemas.empty(schema), schemas.empty(schema)
    stores = [TableStore(run.work / f"{dataset}.{name}.arrow", schema) for name in ("before", "others")]
    # Looked up for all rows at once: the table of ids is made for each call.
    keep = pc.is_in(run.previous.arrow(dataset, [column]).column(0), ids).combine_chunks()
    start = 0
    for path in run.previous.files(dataset):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_ROWS):
                mask = keep.slice(start, batch.num_rows)
                start += batch.num_rows
                _append(stores[0], batch, mask)
                if others and mask.true_count < batch.num_rows:
                    rest = batch.filter(pc.invert(mask))
                    _append(stores[1], rest, pc.is_in(rest.column(other_column), other_ids))
    return stores[0].read(), stores[1].read()


def _append(store: TableStore, batch: pa.RecordBatch, mask: pa.BooleanArray) -> None:
    chosen = mask.true_count
    if chosen:
        kept = batch if chosen == batch.num_rows else batch.filter(mask)
        store.append(schemas.conform(pa.Table.from_batches([kept]), store.schema))


def take_over(run: LocalRun, dataset: str, mine: pa.Table, before: pa.Table) -> pa.Table:
    """Return the rows that were made anew, and behind them those of the last release (`rows_before`)."""
    run.taken_over = {**run.taken_over, dataset: before.num_rows}
    return join_tables(mine, before)


def join_tables(mine: pa.Table, before: pa.Table) -> pa.Table:
    """Return the rows of both tables, which lie in mapped files and stay there."""
    return pa.concat_tables([mine, before]) if before.num_rows else mine


def touched_clusters(run: LocalRun, gone: Mapping[str, NDArray[np.bool_]]) -> list[str]:
    """Return the ids of clusters of which rows are set aside, sorted.

    Parameters
    ----------
    gone : dataset to mask of its rows
    """
    found: list[pa.Array] = [pa.array([], pa.string())]
    membership = run.tables["membership"]
    for name, mask in gone.items():
        table = run.tables.get(name)
        if table is None or not mask.any():
            continue
        rows = table.filter(pa.array(mask))
        if "cluster_id" in rows.column_names:
            found.append(rows.column("cluster_id").combine_chunks())
        for column in (n for n in _SECTIONS if n in rows.column_names):
            at = pc.index_in(rows.column(column), membership.column("section_id").combine_chunks())
            found.append(membership.column("cluster_id").take(at).combine_chunks())
    return sorted(x for x in pc.unique(pa.concat_arrays(found)).to_pylist() if x is not None)
