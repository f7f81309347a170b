"""From the tables of a finished run to the few figures that people read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.engines.run_figures import alarms_of
from dedup.engines.summary import ClusterLine, RunSummary
from dedup.settings import DECISIONS_FILE
from dedup.text.languages import find_languages
from dedup.workspaces import origin_of

if TYPE_CHECKING:
    from dedup.engines.local import LocalRun

_LARGEST = 10


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    rows = pc.value_counts(column.combine_chunks()).to_pylist()
    return {r["values"]: r["counts"] for r in sorted(rows, key=lambda r: (-r["counts"], r["values"]))}


def _notes_of_place(run: LocalRun) -> tuple[str, ...]:
    settings = run.settings
    if origin_of(settings.warehouse) is not None and settings.has_decisions and not settings.decisions.url:
        return (f"decisions are those of this machine ({DECISIONS_FILE}); a database in [decisions] url is for all",)
    return ()


def _extracted(run: LocalRun) -> dict[str, Any]:
    """Return the counts of figures, places, years and tables."""
    facts = run.tables["facts"]
    flagged = pc.sum(pc.cast(pc.greater(pc.list_value_length(facts.column("flags")), 0), pa.int64())).as_py() or 0
    clusters = run.tables["clusters"]
    heads = clusters.filter(pc.equal(clusters.column("kind"), "report")).column("canonical_section")
    attributions = run.tables["attributions"]
    at = pc.index_in(heads, attributions.column("section_id").combine_chunks())
    of = attributions.select(["region_name", "year_review", "year_plan"]).take(at)
    dated = pc.or_(pc.is_valid(of.column("year_review")), pc.is_valid(of.column("year_plan")))
    return {
        "extracted": run.settings.extract.enabled,
        "facts": facts.num_rows,
        "facts_flagged": flagged,
        "reports_placed": of.num_rows - of.column("region_name").null_count,
        "reports_dated": pc.sum(pc.cast(dated, pa.int64())).as_py() or 0,
        "tables": run.tables["extracted_tables"].num_rows,
    }


def summarise(run: LocalRun, outcome: str, release_id: str | None, path: Path | None, seconds: float) -> RunSummary:
    """Return what a run found."""
    facts, clusters, membership = run.corpus.document_facts, run.tables["clusters"], run.tables["membership"]
    several = clusters.filter(pc.greater(clusters.column("n_sections"), 1))
    largest = several.sort_by([("n_sections", "descending"), ("cluster_id", "ascending")]).slice(0, _LARGEST)
    titles = run.corpus.section_facts.column("title").take(
        pc.index_in(
            largest.column("canonical_section"), run.corpus.section_facts.column("section_id").combine_chunks()
        ).combine_chunks()
    )
    lines = tuple(
        ClusterLine(
            row["cluster_id"],
            title,
            row["n_sections"],
            row["n_documents"],
            row["n_sources"],
            row["min_similarity"],
            row["link_rule"],
        )
        for row, title in zip(largest.to_pylist(), titles.to_pylist(), strict=True)
    )
    families = pc.count_distinct(clusters.column("family_id")).as_py()
    quality = run.quality
    return RunSummary(
        outcome=outcome,
        release_id=release_id,
        release_path=str(path) if path else None,
        warehouse=str(run.settings.warehouse),
        documents=facts.num_rows,
        new_documents=run.corpus.standing.new,
        carried_documents=run.corpus.standing.carried,
        changed_documents=run.corpus.standing.changed,
        unchanged_documents=run.corpus.standing.unchanged,
        sources=pc.count_distinct(facts.column("source")).as_py(),
        encodings=tuple(_counts(facts.column("encoding"))),
        languages=find_languages(run.corpus.documents),
        sections=run.corpus.section_facts.num_rows,
        kinds=_counts(run.corpus.section_facts.column("kind")),
        copies=membership.num_rows - clusters.num_rows,
        clusters=clusters.num_rows,
        clusters_with_copies=several.num_rows,
        across_pages=pc.sum(pc.cast(pc.greater(several.column("n_documents"), 1), pa.int64())).as_py() or 0,
        variants=clusters.num_rows - families,
        distinct_reports=pc.sum(pc.cast(pc.equal(clusters.column("kind"), "report"), pa.int64())).as_py() or 0,
        quarantined=_counts(run.tables["quarantine"].column("rule")),
        decisions=run.decided.counts() if run.decided.decisions else {},
        audit=run.audit.describe(),
        recall=run.audit.recall,
        recall_low=run.audit.low,
        recall_high=run.audit.high,
        quality=quality.summary() if quality else "off",
        seconds=seconds,
        stages={
            name.removeprefix("stage:"): values["wall_s"]
            for name, values in run.meter.values.items()
            if name.startswith("stage:")
        },
        largest=lines,
        alarms=alarms_of(run),
        gone_documents=int(run.meter.values["read"]["gone"]),
        forgotten_documents=int(run.meter.values["read"]["forgotten"]),
        notes=(
            *_notes_of_place(run),
            *run.kept.notes,
            *(f"made anew, since {why}" for why in run.heritage.changes),
            *run.mirror_notes,
        ),
        **_extracted(run),
        problems=tuple(f"{r.dataset}: {r.rule}: {r.observed} ({r.n_failing} rows)" for r in quality.stopping)
        if quality is not None
        else (),
    )
