"""The stages that find near-duplicate sections and measure how many were found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from dedup.clusters.canonical import rank_sections
from dedup.clusters.variants import mark_variants
from dedup.matching.audit import RecallAudit
from dedup.matching.match import audit_matches, match_texts

if TYPE_CHECKING:
    from dedup.engines.local import LocalRun


def match_corpus(run: LocalRun) -> None:
    """Rank the sections of a run and find all near-duplicate pairs: `ranking`, `matches`, `marks`."""
    corpus, settings = run.corpus, run.settings
    facts = corpus.section_facts.take(pa.array(corpus.matched))
    # Also sources that this run does not read: what is carried over from them stays trusted.
    trusted = [s.name or Path(s.path).name for s in (*settings.sources, *run.sources) if s.trusted]
    run.ranking = rank_sections(facts, corpus.document_facts, list(dict.fromkeys([*settings.cluster.prefer, *trusted])))
    run.matches = match_texts(
        corpus.texts,
        corpus.fingerprints,
        settings.match,
        settings.fingerprint,
        position=run.ranking.position,
        threads=settings.threads,
        memory=run.working_memory,
    )
    run.marks = mark_variants(
        run.matches.pairs,
        corpus.texts,
        run.matches.nodes.first_row,
        settings.match,
        threads=settings.threads,
        memory=run.working_memory,
    )
    metrics = run.matches.metrics
    run.meter.note(
        "match",
        texts=corpus.matched.size,
        distinct_texts=run.matches.nodes.count,
        compared=metrics.compared,
        candidates=metrics.candidates,
        pairs=run.matches.pairs.a.size,
        edit_comparisons=run.matches.pairs.n_edit,
        star_members=metrics.star_members,
        hot_groups=metrics.hot_groups,
        hot_members=metrics.hot_members,
        pairs_not_compared=metrics.pairs_not_compared,
        **metrics.extra,
    )


def audit_corpus(run: LocalRun) -> RecallAudit:
    """Compare a sample of the sections with all others: which share of the true pairs was found."""
    return (
        audit_matches(
            run.corpus.texts,
            run.corpus.fingerprints,
            run.matches,
            run.settings.match,
            run.settings.fingerprint,
            threads=run.settings.threads,
            memory=run.working_memory,
        )
        if run.settings.match.audit_pairs and run.corpus.matched.size
        else RecallAudit(0, run.corpus.matched.size, 0, 0, None, None, None)
    )
