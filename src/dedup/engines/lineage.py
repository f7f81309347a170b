"""What became of the sections and clusters of the last release: ids that stay, and what they are called by now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.clusters.elders import Elders, history_rows, keep_names
from dedup.releases.layout import parse_release_id

if TYPE_CHECKING:
    from dedup.engines.local import LocalRun
    from dedup.releases import Release

#: Share of equal values in two signatures above which a section of a changed page is taken for an earlier one.
SAME_SECTION = 0.5


class Renaming(NamedTuple):
    """Tables of a run with the ids that stay, and the history of clusters up to now."""

    membership: pa.Table
    history: pa.Table


def keep_cluster_ids(run: LocalRun, membership: pa.Table) -> Renaming:
    """Return membership with the cluster ids of the last release, and merges and splits behind earlier ones."""
    release = run.previous
    if release is None:
        return Renaming(membership, schemas.empty(schemas.CLUSTER_HISTORY))
    elders = _elders(run, release, "cluster_id")
    ids, groups = (membership.column(n).combine_chunks() for n in ("section_id", "cluster_id"))
    named = keep_names(ids, groups, elders, "c")
    place = schemas.MEMBERSHIP.get_field_index("cluster_id")
    history = pa.concat_tables(
        [_history(release), history_rows(named, run.staging.release_id, run.started_at)]
    ).combine_chunks()
    return Renaming(membership.set_column(place, schemas.MEMBERSHIP.field(place), named.ids), history)


def keep_family_ids(run: LocalRun, clusters: pa.Table) -> pa.Table:
    """Return clusters with the family ids of the last release."""
    if run.previous is None:
        return clusters
    elders = _elders(run, run.previous, "family_id")
    leads, groups = (clusters.column(n).combine_chunks() for n in ("canonical_section", "family_id"))
    named = keep_names(leads, groups, elders, "f")
    place = schemas.CLUSTERS.get_field_index("family_id")
    return clusters.set_column(place, schemas.CLUSTERS.field(place), named.ids)


def _history(release: Release) -> pa.Table:
    if "cluster_history" not in release.datasets:
        return schemas.empty(schemas.CLUSTER_HISTORY)
    return schemas.conform(release.arrow("cluster_history"), schemas.CLUSTER_HISTORY)


def _elders(run: LocalRun, release: Release, group: str) -> Elders:
    membership = release.arrow("membership", ["section_id", "cluster_id", "is_canonical"]).combine_chunks()
    clusters = release.arrow("clusters", list(dict.fromkeys(["cluster_id", group, "first_release"]))).combine_chunks()
    at = pc.index_in(membership.column("cluster_id"), clusters.column("cluster_id").combine_chunks()).combine_chunks()
    known = pc.is_valid(at)
    at = at.filter(known)
    ids = membership.column("section_id").combine_chunks().filter(known)
    return Elders(
        _called_now(run, release, ids),
        clusters.column(group).combine_chunks().take(at),
        membership.column("is_canonical").combine_chunks().filter(known),
        _ages(clusters.column("first_release").combine_chunks()).take(at),
    )


def _ages(releases: pa.Array) -> pa.Array:
    """Return the rank of each release by its day and number, 0 is the oldest."""
    parsed = {name: parse_release_id(name) for name in pc.unique(releases).to_pylist()}
    # A name that is none is younger than all.
    order = sorted(parsed, key=lambda name: (str(found.day), found.number) if (found := parsed[name]) else ("~", 0))
    return pc.index_in(releases, pa.array(order, pa.string())).cast(pa.int64())


def _called_now(run: LocalRun, release: Release, ids: pa.Array) -> pa.Array:
    """Return earlier section ids, those that changed with their page replaced by the ids of what they became."""
    successors = find_successors(run, release)
    if not successors.num_rows:
        return ids
    at = pc.index_in(ids, successors.column("earlier").combine_chunks())
    return pc.coalesce(successors.column("section_id").combine_chunks().take(at), ids)


def find_successors(run: LocalRun, release: Release) -> pa.Table:
    """Return `section_id` and `earlier`: sections of changed pages, and the sections of these pages they were before.

    Of a page whose text changed, sections that are gone are held against those that are new: the most similar ones,
    by their signatures, belong together. Each section has one successor at most.
    """
    found = run.lineage_of_sections
    if found is not None:
        return found
    nothing = pa.table({"section_id": pa.array([], pa.string()), "earlier": pa.array([], pa.string())})
    run.lineage_of_sections = nothing
    if "fingerprint" not in run.heritage:
        return nothing
    facts = run.corpus.section_facts
    now = facts.select(["section_id", "doc_id"]).take(pa.array(run.corpus.matched)).combine_chunks()
    before = release.arrow("sections", ["section_id", "doc_id"]).combine_chunks()
    fresh = np.flatnonzero(
        pc.invert(pc.is_in(now.column("section_id"), before.column("section_id").combine_chunks())).to_numpy()
    )
    gone = before.filter(pc.invert(pc.is_in(before.column("section_id"), facts.column("section_id").combine_chunks())))
    new = pa.table({"doc_id": now.column("doc_id").take(pa.array(fresh)), "row": pa.array(fresh)})
    pairs = gone.join(new, "doc_id", join_type="inner")
    if not pairs.num_rows:
        return nothing
    signatures = _signatures(release, pairs.column("section_id").combine_chunks())
    rows = pairs.column("row").to_numpy()
    agree = (run.corpus.fingerprints.signatures[rows] == signatures).mean(axis=1)
    later = now.column("section_id").take(pa.array(rows)).combine_chunks()
    table = pa.table({"section_id": later, "earlier": pairs.column("section_id"), "agree": pa.array(agree)})
    table = table.filter(pc.greater_equal(table.column("agree"), SAME_SECTION)).sort_by(
        [("agree", "descending"), ("section_id", "ascending"), ("earlier", "ascending")]
    )
    taken: set[str] = set()
    kept = []
    for k, (one, other) in enumerate(
        zip(*(table.column(n).to_pylist() for n in ("section_id", "earlier")), strict=True)
    ):
        if one not in taken and other not in taken:
            taken |= {one, other}
            kept.append(k)
    run.lineage_of_sections = table.select(["section_id", "earlier"]).take(pa.array(kept, pa.int64())).combine_chunks()
    return run.lineage_of_sections


def _signatures(release: Release, ids: pa.Array) -> np.ndarray:
    """Return the signatures of sections, zeros where they have none; (n, 128) uint32."""
    wanted = pc.field("section_id").isin(pc.unique(ids))
    known = (
        release.dataset("fingerprints").to_table(columns=["section_id", "signature"], filter=wanted).combine_chunks()
    )
    out = np.zeros((len(ids), schemas.NUM_PERM), dtype=np.uint32)
    at = pc.fill_null(pc.index_in(ids, known.column("section_id").combine_chunks()), -1).to_numpy()
    if known.num_rows:
        values = known.column("signature").combine_chunks().flatten().to_numpy().reshape(-1, schemas.NUM_PERM)
        out[at >= 0] = values[at[at >= 0]]
    return out
