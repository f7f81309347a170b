"""The figures of a run that later runs are compared with: of the run as a whole, and of each source it read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.alerts.history import SOURCE, RunRecord, read_history
from dedup.alerts.rules import Alarm, find_alarms, runs_needed

if TYPE_CHECKING:
    from dedup.engines.local import LocalRun

#: Documents by source: in the release, read by this run, and what became of what was known before. `gone` counts
#: documents of the last release that this one lacks.
_DOCUMENTS = """
    WITH now AS (SELECT doc_id, source, sha256, last_seen = $started AS seen FROM documents)
    SELECT coalesce(n.source, b.source) AS source,
           count(n.doc_id) AS documents,
           count(*) FILTER (WHERE n.seen) AS seen,
           count(*) FILTER (WHERE n.doc_id IS NOT NULL AND b.doc_id IS NULL) AS new,
           count(*) FILTER (WHERE n.sha256 <> b.sha256) AS changed,
           count(*) FILTER (WHERE n.doc_id IS NULL) AS gone
    FROM now n FULL JOIN before b USING (doc_id)
    GROUP BY ALL
"""
#: Sections that are matched, and those that another one stands for; `fresh` are those of new and changed documents,
#: `fresh_repeated` those of them that are not alone in their cluster, whichever of its sections is canonical.
_SECTIONS = """
    WITH fresh AS (
        SELECT d.doc_id FROM documents d LEFT JOIN before b USING (doc_id)
        WHERE b.doc_id IS NULL OR b.sha256 <> d.sha256
    )
    SELECT s.source,
           count(*) AS sections,
           count(*) FILTER (WHERE NOT m.is_canonical) AS copies,
           count(*) FILTER (WHERE f.doc_id IS NOT NULL) AS fresh_sections,
           count(*) FILTER (WHERE f.doc_id IS NOT NULL AND c.n_sections > 1) AS fresh_repeated
    FROM membership m
    JOIN clusters c USING (cluster_id)
    JOIN sections s USING (section_id)
    LEFT JOIN fresh f USING (doc_id)
    GROUP BY s.source
"""
_COLUMNS = ["doc_id", "source", "sha256"]
#: What is measured of each source.
SOURCE_METRICS = (
    "documents",
    "seen",
    "new",
    "changed",
    "gone",
    "sections",
    "copies",
    "fresh_sections",
    "fresh_repeated",
    "quarantined",
)


def note_figures(run: LocalRun) -> None:
    """Note the figures of a run, and of its sources, in its meter, once all tables are what is published.

    Before validation has come to its end it notes nothing, since that still takes rows away.
    """
    if "run" in run.meter.values or (run.settings.quality.enabled and run.quality is None):
        return
    sources = _of_sources(run)
    for name, values in sources.items():
        run.meter.note(SOURCE + name, **values)
    quality = run.quality.counts() if run.quality is not None else {}
    audit = run.audit
    run.meter.note(
        "run",
        limited=run.limit is not None,
        documents=run.corpus.document_facts.num_rows,
        **{name: sum(v.get(name, 0.0) for v in sources.values()) for name in ("seen", "new", "changed", "gone")},
        sections=run.corpus.section_facts.num_rows,
        copies=run.tables["membership"].num_rows - run.tables["clusters"].num_rows,
        clusters=run.tables["clusters"].num_rows,
        reports=pc.sum(pc.cast(pc.equal(run.tables["clusters"].column("kind"), "report"), pa.int64())).as_py() or 0,
        facts=run.tables["facts"].num_rows if "facts" in run.tables else 0,
        quarantined=run.tables["quarantine"].num_rows,
        **{f"rules_{name.lower()}": n for name, n in quality.items()},
    )
    run.meter.note("audit", true_pairs=audit.true_pairs, found_pairs=audit.found_pairs)
    if audit.recall is not None and audit.low is not None and audit.high is not None:
        run.meter.note("audit", recall=audit.recall, recall_low=audit.low, recall_high=audit.high)


def alarms_of(run: LocalRun) -> tuple[Alarm, ...]:
    """Return what is out of the ordinary in a run, by the runs before it."""
    settings = run.settings.alarms
    if not settings.enabled or run.previous is None or run.limit is not None:
        return ()
    note_figures(run)
    earlier = read_history(run.previous.arrow("runs"), runs_needed(settings) - 1)
    now = RunRecord(run.run_id, run.staging.release_id, run.started_at, run.meter.values)
    return tuple(find_alarms([*earlier, now], settings))


def _of_sources(run: LocalRun) -> dict[str, dict[str, float]]:
    """Return the figures of each source that the run read, also of those that gave nothing."""
    corpus, tables = run.corpus, run.tables
    facts = corpus.document_facts
    before = (
        run.previous.arrow("documents", _COLUMNS)
        if run.previous is not None
        else schemas.empty(schemas.DOCUMENTS).select(_COLUMNS)
    )
    refused = tables["quarantine"].filter(pc.equal(tables["quarantine"].column("dataset"), "documents"))
    found: dict[str, dict[str, float]] = {}
    with duckdb.connect(
        config={"memory_limit": run.settings.memory_limit, "threads": run.settings.threads}
    ) as connection:
        connection.register("documents", facts.select([*_COLUMNS, "last_seen"]))
        connection.register("before", before)
        connection.register("sections", corpus.section_facts.select(["section_id", "doc_id", "source"]))
        connection.register("membership", tables["membership"].select(["section_id", "cluster_id", "is_canonical"]))
        connection.register("clusters", tables["clusters"].select(["cluster_id", "n_sections"]))
        connection.register("refused", refused.select(["source"]))
        for query, values in (
            (_DOCUMENTS, {"started": run.started_at}),
            (_SECTIONS, {}),
            ("SELECT source, count(*) AS quarantined FROM refused GROUP BY source", {}),
        ):
            for row in connection.sql(query, params=values).to_arrow_table().to_pylist():
                name = row.pop("source")
                found.setdefault(name, {}).update(row)
    # Refusals of sources that this run did not read are carried over; they say nothing about it.
    read = {name for name, values in found.items() if values.get("seen")}
    read |= {s.name for s in run.sources if s.name} | set(corpus.quarantine.column("source").to_pylist())
    return {
        name: {metric: float(found.get(name, {}).get(metric, 0.0)) for metric in SOURCE_METRICS}
        for name in sorted(read)
    }
