"""The quality gate of a run: its datasets held against their suites, and what breaks a warning set aside."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.corpus import filter_mapped, set_aside
from dedup.engines.deciding import sections_as_decided
from dedup.engines.heritage import CUT_COLUMNS
from dedup.engines.publishing import report_parts, run_metrics, stored_reports
from dedup.engines.unchanged import touched_clusters

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from dedup.engines.local import LocalRun
    from dedup.quality import QualityReport, SetAside
    from dedup.settings import QualitySettings

#: What became of records whose reports are withheld after all.
_ANSWERS = """
    WITH parts AS (
        SELECT s.doc_id, s.ordinal, m.cluster_id, m.is_canonical, m.stands_for, w.rule, w.reason,
               w.cluster_id IS NOT NULL AS withheld, w.cluster_gone
        FROM sections s JOIN membership m USING (section_id) LEFT JOIN withheld w USING (cluster_id)
        WHERE s.kind = 'report'
    ), told AS (
        SELECT doc_id, bool_and(withheld) AS nothing_left,
               count(*) FILTER (WHERE is_canonical AND NOT withheld) AS n_published,
               arg_min(rule, ordinal) FILTER (WHERE withheld) AS rule,
               arg_min(reason, ordinal) FILTER (WHERE withheld) AS reason,
               arg_min(cluster_id, ordinal) FILTER (WHERE NOT coalesce(cluster_gone, false)) AS cluster_id,
               arg_min(stands_for, ordinal) FILTER (WHERE NOT withheld) AS stands_for,
               count(*) FILTER (WHERE withheld) AS n_withheld
        FROM parts GROUP BY doc_id HAVING bool_or(withheld)
    )
    SELECT r.source_id, r.uri, r.doc_id, r.source,
           CASE WHEN t.doc_id IS NULL THEN r.outcome
                WHEN t.nothing_left THEN 'quarantined'
                WHEN t.n_published = 0 THEN 'duplicate' ELSE r.outcome END AS outcome,
           CASE WHEN t.nothing_left THEN NULL
                WHEN t.n_published = 0 THEN d.source_id ELSE r.stands_for_source_id END AS stands_for_source_id,
           CASE WHEN t.doc_id IS NULL THEN r.cluster_id ELSE t.cluster_id END AS cluster_id,
           r.similarity,
           CASE WHEN t.nothing_left THEN t.rule ELSE r.rule END AS rule,
           CASE WHEN t.doc_id IS NULL THEN r.reason
                WHEN t.nothing_left THEN t.reason
                ELSE r.reason || '; ' || t.n_withheld || ' withheld: ' || t.reason END AS reason,
           r.n_sections,
           CASE WHEN t.doc_id IS NULL THEN r.n_published ELSE t.n_published END AS n_published
    FROM records r
    LEFT JOIN told t USING (doc_id)
    LEFT JOIN sections s ON s.section_id = t.stands_for
    LEFT JOIN documents d ON d.doc_id = s.doc_id
"""


def require_rules(settings: QualitySettings) -> None:
    """Refuse suites and rules of the user that can hold nothing, before anything is read.

    Raises
    ------
    SuiteError
        A suite is missing or malformed, or a rule names a dataset or column that does not exist.
    """
    if settings.enabled and (settings.suites or settings.rule):
        from dedup.quality import load_suites, require_evaluable

        load_suites(Path(settings.suites) if settings.suites else None, settings.rule)
        require_evaluable(settings.rule)


def check_input(run: LocalRun) -> QualityReport | None:
    """Hold documents and sections against their suites, and take what breaks a warning out of the corpus.

    Returns
    -------
    what was found; None where validation is off
    """
    corpus = run.corpus
    found = _held(run, {"documents": corpus.documents, "sections": corpus.sections}, rows=_rows_read_before(run))
    if found is None or found.critical or not found.failing.num_rows:
        return found
    run.corpus = set_aside(run.corpus, found.failing)
    return replace(found, set_aside=_rows_by_dataset(found.failing))


def check_output(run: LocalRun, search: Future[pa.Table] | None = None) -> QualityReport | None:
    """Hold all other datasets against their suites; what breaks a warning goes to quarantine with what refers to it.

    No row is taken away when something critical was found: a release that is stopped is kept as it is, and what
    stopped it stands in its quarantine.

    Parameters
    ----------
    search : the rows of the search index that are new (`all_proven` speaks for the others), when they are still being
        made; they become one of the tables of the run
    """
    # Reports that an attempt before put together may say what tables said then.
    run.reports = None
    found = _hold_tables(run)
    if search is not None:
        run.tables["search"] = search.result()
    if found is None:
        return None
    of_index = _held(run, {"search": run.tables["search"]}, rows={})
    found = found.join(*([of_index] if of_index is not None else []))
    if found.critical or (run.input_quality is not None and run.input_quality.critical):
        refused = [found.failing] if run.input_quality is None else [run.input_quality.failing, found.failing]
        run.tables["quarantine"] = _distinct(pa.concat_tables([run.tables["quarantine"], *refused]))
        return found
    if found.failing.num_rows:
        from dedup.quality import load_suites, set_rows_aside

        settings = run.settings.quality
        suites = load_suites(Path(settings.suites) if settings.suites else None, settings.rule)
        reports = stored_reports(run).drop_columns(["clean_text"])
        own = {name: run.tables[name] for name in schemas.DATASETS if name in run.tables}
        rows = set_rows_aside(found.failing, {**own, "reports": reports}, suites)
        _apply(run, rows, reports)
        found = replace(found, set_aside=_rows_by_dataset(rows.quarantine))
    return found


def _hold_tables(run: LocalRun) -> QualityReport | None:
    """Hold what was made of documents and sections against the suites, but for the search index."""
    corpus = run.corpus
    own = {name: run.tables[name] for name in schemas.DATASETS if name in run.tables and name != "search"}
    made: dict[str, Any] = {
        **own,
        "reports": report_parts(run),
        "fingerprints": _fingerprints(run),
        "runs": run_metrics(run),
    }
    taken = {name: np.arange(own[name].num_rows) >= own[name].num_rows - n for name, n in run.taken_over.items() if n}
    known = {"documents": corpus.document_facts, "sections": corpus.section_facts}
    return _held(run, made, known, rows=taken)


def _held(
    run: LocalRun,
    tables: dict[str, Any],
    known: dict[str, pa.Table] | None = None,
    *,
    rows: Mapping[str, NDArray[np.bool_]],
) -> QualityReport | None:
    """Hold tables against their suites.

    Parameters
    ----------
    known : further tables that rules look into
    rows : dataset -> which rows are those of the last release
    """
    settings = run.settings
    if not settings.quality.enabled:
        return None
    from dedup.quality import find_proven, validate

    before = run.previous.manifest.get("held", {}) if run.previous else {}
    return validate(
        tables,
        known=known,
        extra=Path(settings.quality.suites) if settings.quality.suites else None,
        rules=settings.quality.rule,
        parameters=_parameters(run),
        memory_limit=settings.memory_limit,
        threads=settings.threads,
        proven=find_proven(before, _suite_digests(run), rows) if before else None,
    )


def _parameters(run: LocalRun) -> dict[str, float]:
    return {"jaccard": run.settings.match.jaccard, "edit": run.settings.match.edit}


def _suite_digests(run: LocalRun) -> dict[str, str]:
    from dedup.quality import describe_suites, load_suites

    settings = run.settings.quality
    return describe_suites(
        load_suites(Path(settings.suites) if settings.suites else None, settings.rule), _parameters(run)
    )


def all_proven(run: LocalRun, dataset: str) -> bool:
    """Tell whether all that the last release holds of a dataset obeys the rules of this run."""
    if not run.settings.quality.enabled:
        return True
    held = run.previous.manifest.get("held", {}) if run.previous else {}
    known = held.get(dataset, {"suite": None, "broken": []})
    return bool(known["suite"] == _suite_digests(run).get(dataset) and not known["broken"])


def describe_gate(run: LocalRun) -> dict[str, Any]:
    """Return for the manifest which datasets were held against what."""
    if run.quality is None:
        return {}
    from dedup.quality import describe_held

    return describe_held(run.quality, _suite_digests(run))


def _rows_read_before(run: LocalRun) -> dict[str, NDArray[np.bool_]]:
    """Return which documents and sections stand in the last release as they are."""
    if run.previous is None or "cut" not in run.heritage:
        return {}
    corpus = run.corpus
    facts = corpus.document_facts
    # What was decoded from the same bytes in the same way is the same text; all else of a document is compared.
    same = run.heritage.unchanged(facts, tuple(facts.column_names)).to_numpy(zero_copy_only=False)
    cut = facts.column("doc_id").combine_chunks().filter(run.heritage.unchanged(facts, CUT_COLUMNS))
    sections = corpus.section_facts
    known = run.previous.arrow("sections", ["section_id"]).column("section_id").combine_chunks()
    taken = pc.and_(pc.is_in(sections.column("doc_id"), cut), pc.is_in(sections.column("section_id"), known))
    return {"documents": np.asarray(same, dtype=bool), "sections": np.asarray(taken.to_numpy(), dtype=bool)}


def _fingerprints(run: LocalRun) -> pa.Table:
    """Return the fingerprints without their signatures, whose length is part of their type."""
    ids = run.corpus.section_facts.column("section_id").take(pa.array(run.corpus.matched))
    return pa.table({"section_id": ids, "n_shingles": pa.array(run.corpus.fingerprints.n_shingles)})


def _rows_by_dataset(quarantine: pa.Table) -> dict[str, int]:
    """Return how many rows of each dataset stand in quarantine; a row counts once, however many rules it breaks."""
    rows = zip(quarantine.column("dataset").to_pylist(), quarantine.column("record_id").to_pylist(), strict=True)
    return dict(Counter(dataset for dataset, _ in dict.fromkeys(rows)))


def _apply(run: LocalRun, rows: SetAside, reports: pa.Table) -> None:
    """Take the rows out of the tables, say so in quarantine and in `records`."""
    withheld = _withheld(run.tables["clusters"], reports, rows)
    # They say what lies inside others, of which some go now.
    run.reports = None
    # What is missing of a cluster in this release cannot be taken over from it by the next run.
    run.incomplete_clusters = touched_clusters(run, rows.gone)
    run.tables["records"] = _answers(run, withheld)
    gone = withheld.filter(withheld.column("cluster_gone")).column("cluster_id").combine_chunks()
    run.contained = run.contained.filter(
        pc.invert(
            pc.or_(
                pc.is_in(run.contained.column("cluster_id"), gone), pc.is_in(run.contained.column("contained_in"), gone)
            )
        )
    )
    for name, mask in rows.gone.items():
        if name == "reports":
            lost = reports.column("cluster_id").filter(pa.array(mask)).combine_chunks()
            run.withheld = pc.unique(pa.concat_arrays([run.withheld, lost]))
        else:
            run.tables[name] = filter_mapped(run.tables[name], ~mask)
    run.tables["quarantine"] = _distinct(pa.concat_tables([run.tables["quarantine"], rows.quarantine]))


def _withheld(clusters: pa.Table, reports: pa.Table, rows: SetAside) -> pa.Table:
    """Return clusters that are not published, the rule and reason of each, and whether anything of it is left."""
    quarantine = rows.quarantine

    def of(name: str, table: pa.Table, cluster_gone: bool) -> pa.Table:
        mask: NDArray[np.bool_] = rows.gone.get(name, np.zeros(table.num_rows, dtype=bool))
        ids = table.column("cluster_id").filter(pa.array(mask)).combine_chunks()
        said = quarantine.filter(pc.equal(quarantine.column("dataset"), name))
        at = pc.index_in(ids, said.column("record_id").combine_chunks())
        return pa.table(
            {
                "cluster_id": ids,
                "rule": said.column("rule").take(at),
                "reason": said.column("reason").take(at),
                "cluster_gone": pa.array(np.full(len(ids), cluster_gone)),
            }
        )

    whole = of("clusters", clusters, True)
    published = of("reports", reports, False)
    known = pc.is_in(published.column("cluster_id"), whole.column("cluster_id").combine_chunks())
    return pa.concat_tables([whole, published.filter(pc.invert(known))])


def _answers(run: LocalRun, withheld: pa.Table) -> pa.Table:
    """Return `records` with what became of those whose reports are withheld."""
    if not withheld.num_rows:
        return run.tables["records"]
    shown: Mapping[str, pa.Table] = {
        "records": run.tables["records"],
        "membership": run.tables["membership"],
        "sections": sections_as_decided(run),
        "documents": run.corpus.document_facts,
        "withheld": withheld,
    }
    with duckdb.connect(
        config={"memory_limit": run.settings.memory_limit, "threads": run.settings.threads}
    ) as connection:
        for name, table in shown.items():
            connection.register(name, table)
        return schemas.conform(connection.sql(_ANSWERS).to_arrow_table(), schemas.RECORDS)


def _distinct(quarantine: pa.Table) -> pa.Table:
    """Return the rows, each once; the order of the first ones stays."""
    names = ("dataset", "record_id", "rule", "reason")
    keys = zip(*(quarantine.column(name).to_pylist() for name in names), strict=True)
    first = {key: row for row, key in reversed(list(enumerate(keys)))}
    return quarantine.take(pa.array(sorted(first.values()), pa.int64()))
