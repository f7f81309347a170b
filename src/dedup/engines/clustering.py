"""The stage that groups copies into clusters and writes down who stands for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dedup.clusters.assignment import assign_clusters
from dedup.clusters.published_pairs import publish_pairs
from dedup.clusters.tables import write_clusters, write_membership
from dedup.engines.deciding import decide, mark_clusters, mark_membership, outcomes_table
from dedup.engines.lineage import keep_cluster_ids, keep_family_ids
from dedup.engines.publishing import gather_quarantine
from dedup.text.furniture import learn_furniture

if TYPE_CHECKING:
    from dedup.engines.local import LocalRun


def cluster_corpus(run: LocalRun) -> None:
    """Cluster the sections of a run: `decided`, `ranking`, `assignment`, `copy_pairs` and the first of its `tables`."""
    corpus, settings = run.corpus, run.settings
    facts = corpus.section_facts.take(pa.array(corpus.matched)).combine_chunks()
    at = pc.index_in(facts.column("doc_id"), corpus.document_facts.column("doc_id").combine_chunks())
    roles = corpus.document_facts.column("role").combine_chunks().take(at.combine_chunks())
    reference = pc.equal(roles, "reference").to_numpy(zero_copy_only=False)
    run.decided = decide(run, facts, reference)
    matches, marks, run.ranking = run.decided.over(run.matches, run.marks, run.ranking)
    run.assignment = assign_clusters(matches, marks, run.ranking.position, reference, run.decided.matches)
    ids = facts.column("section_id").combine_chunks()
    membership, rows, rule = write_membership(facts, run.assignment, run.ranking)
    membership = mark_membership(run.decided, membership, rows, run.assignment)
    membership, history = keep_cluster_ids(run, membership)
    known = _known_clusters(run)
    clusters = write_clusters(
        facts,
        corpus.document_facts,
        run.assignment,
        membership,
        rows,
        rule,
        run.staging.release_id,
        known,
    )
    clusters = keep_family_ids(run, mark_clusters(run.decided, clusters, run.assignment, ids))
    pairs, run.implied_pairs = publish_pairs(
        matches,
        marks,
        run.assignment,
        ids,
        facts.column("content_hash").combine_chunks(),
        settings.match.complete_cluster,
        *run.decided.pairs(),
    )
    quarantine = gather_quarantine(run)
    run.copy_pairs = pairs
    run.tables = {
        "membership": membership,
        "clusters": clusters,
        "cluster_history": history,
        "pairs": pairs,
        "quarantine": quarantine,
        "furniture": learn_furniture(corpus.documents, corpus.sections, membership, settings.text),
        "decisions": outcomes_table(run.decided, ids),
    }
    run.meter.note("cluster", clusters=clusters.num_rows, implied_pairs=run.implied_pairs)


def _known_clusters(run: LocalRun) -> pa.Table | None:
    """Return cluster_id, first_release and most_sections of the last release; None where there is none."""
    if run.previous is None:
        return None
    # A release of an earlier version did not count the most.
    most = next(n for n in ("most_sections", "n_sections") if n in run.previous.dataset("clusters").schema.names)
    names = ["cluster_id", "first_release", "most_sections"]
    return run.previous.arrow("clusters", ["cluster_id", "first_release", most]).rename_columns(names)
