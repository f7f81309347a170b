"""The search index of a release: which clusters hold which two-character pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.store import TableStore
from dedup.reuse.pieces import PieceIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.engines.local import LocalRun

#: Bytes of text that are copied at once.
_BATCH_BYTES = 16 << 20


def index_texts(run: LocalRun) -> pa.Table:
    """Return the search index over the clusters of a run (`schemas.SEARCH`), memory-mapped.

    Made from the texts of this run alone, so that a page that was forgotten stands in it no more. Reading 35 MB of
    laws takes 0.6 s.
    """
    corpus = run.corpus
    with run.meter.measure("search"):
        clusters = run.tables["clusters"]
        order = pc.sort_indices(clusters, sort_keys=[("cluster_id", "ascending")])
        ids = corpus.section_facts.column("section_id").take(pa.array(corpus.matched)).combine_chunks()
        canonical = clusters.column("canonical_section").take(order).combine_chunks()
        rows = pc.index_in(canonical, ids).to_numpy(zero_copy_only=False).astype(np.int64)
        titles, owners = _titles(run, clusters.column("cluster_id").take(order).combine_chunks())
        index = PieceIndex(run.work)
        at = 0
        for first, last in _batches(corpus.texts, rows):
            behind = int(np.searchsorted(owners, last))
            texts = corpus.texts.take(pa.array(rows[first:last])).cast(pa.large_string())
            positions = np.concatenate([np.arange(first, last), owners[at:behind]])
            both = pa.concat_arrays([texts, titles.slice(at, behind - at)])
            by_position = np.argsort(positions, kind="stable")
            index.add(both.take(pa.array(by_position)), positions[by_position].astype(np.int32))
            at = behind
        path = run.work / "search.arrow"
        # An index made before may still be mapped: its bytes stay with its readers.
        path.unlink(missing_ok=True)
        store = TableStore(path, schemas.SEARCH)
        for table in index.tables():
            store.append(schemas.conform(table, schemas.SEARCH))
        return store.read()


def _titles(run: LocalRun, cluster_ids: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return the distinct titles of the copies of each cluster, and the positions of their clusters, ascending."""
    facts = run.corpus.section_facts
    membership = run.tables["membership"]
    at = pc.index_in(membership.column("section_id"), facts.column("section_id").combine_chunks()).combine_chunks()
    table = pa.table(
        {
            "owner": pc.index_in(membership.column("cluster_id"), cluster_ids),
            "title": facts.column("title").combine_chunks().take(at).cast(pa.large_string()),
        }
    )
    table = table.group_by(["owner", "title"]).aggregate([]).sort_by([("owner", "ascending"), ("title", "ascending")])
    return (
        table.column("title").combine_chunks(),
        table.column("owner").to_numpy().astype(np.int64),
    )


def _batches(texts: pa.Array, rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Cut `rows` into runs of about `_BATCH_BYTES` of text."""
    if not rows.size:
        return []
    sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)[rows]
    group = (np.cumsum(sizes) - sizes) // _BATCH_BYTES
    starts = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    return list(zip(starts.tolist(), [*starts[1:].tolist(), rows.size], strict=True))
