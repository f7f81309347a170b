"""What a finished run puts into its release: the datasets, the metrics, the engine's part of the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.heritage import room_digests
from dedup.engines.outcomes import REPORT_ROWS, write_reports
from dedup.engines.run_figures import note_figures
from dedup.engines.store import TableStore
from dedup.fingerprinting.minhash import fingerprint_metadata
from dedup.releases.chunking import DocumentOrder
from dedup.releases.writing import APART, DOCUMENT
from dedup.text.languages import find_languages

if TYPE_CHECKING:
    from dedup.engines.corpus import Corpus
    from dedup.engines.local import LocalRun

#: Datasets that are written at a time: encoding takes a processor, a row group of each is held.
WRITERS = 2


def gather_quarantine(run: LocalRun) -> pa.Table:
    """Return this run's refusals and those of earlier runs over sources that this run did not read.

    Only refused documents are carried over: whatever else was refused is derived anew in every run, and judged anew.
    """
    mine = run.corpus.quarantine
    if run.previous is None:
        return mine
    earlier = run.previous.arrow("quarantine")
    facts = run.corpus.document_facts
    seen = pc.equal(facts.column("last_seen"), pa.scalar(run.started_at, schemas.TIMESTAMP))
    read = pa.concat_arrays(
        [
            mine.column("source").combine_chunks(),
            facts.column("source").combine_chunks().filter(seen.combine_chunks()),
            pa.array([s.name for s in run.sources if s.name], pa.string()),
        ]
    )
    taken = pa.concat_arrays([mine.column("record_id").combine_chunks(), facts.column("uri").combine_chunks()])
    keep = pc.and_(
        pc.invert(pc.is_in(earlier.column("source"), read)), pc.invert(pc.is_in(earlier.column("record_id"), taken))
    )
    keep = pc.and_(keep, pc.equal(earlier.column("dataset"), "documents"))
    keep = pc.and_(keep, pa.array(~run.tombstones.among_refused(earlier)))
    return pa.concat_tables([mine, schemas.conform(earlier.filter(keep), schemas.QUARANTINE)])


def stored_reports(run: LocalRun) -> pa.Table:
    """Return the reports dataset with what is withheld, in a mapped file; it is made once for rules and for writing."""
    if run.reports is None:
        # Their texts come from all over the corpus; on disk they are sorted without being held.
        path = run.work / "reports.arrow"
        # What still reads an older one keeps it.
        path.unlink(missing_ok=True)
        store = TableStore(path, schemas.REPORTS)
        for part in _report_parts(run):
            store.append(part)
        run.reports = store.read()
    return run.reports


def report_parts(run: LocalRun) -> Iterator[pa.Table]:
    """Yield the reports dataset in parts."""
    reports = stored_reports(run)
    for start in range(0, max(1, reports.num_rows), REPORT_ROWS):
        yield reports.slice(start, REPORT_ROWS)


def _published_reports(run: LocalRun) -> pa.Table:
    reports = stored_reports(run)
    if not len(run.withheld):
        return reports
    store = TableStore(run.work / "reports.published.arrow", schemas.REPORTS)
    for part in report_parts(run):
        store.append(part.filter(pc.invert(pc.is_in(part.column("cluster_id"), run.withheld))))
    return store.read()


def _report_parts(run: LocalRun) -> Iterator[pa.Table]:
    corpus = run.corpus
    text_row = np.full(corpus.section_facts.num_rows, -1, dtype=np.int64)
    text_row[corpus.matched] = np.arange(corpus.matched.size)
    sections = corpus.section_facts.append_column("text_row", pa.array(text_row))
    ranked = pa.table(
        {
            "section_id": corpus.section_facts.column("section_id").take(pa.array(corpus.matched)),
            "place": pa.array(run.ranking.position),
        }
    )
    return write_reports(
        run.tables["clusters"],
        run.tables["membership"],
        sections,
        corpus.document_facts,
        ranked,
        corpus.texts,
        run.contained,
        run.tables["attributions"],
        memory_limit=run.settings.memory_limit,
        threads=run.settings.threads,
    )


def order_documents(corpus: Corpus) -> DocumentOrder:
    """Return the documents in the order in which they are written."""
    facts = corpus.document_facts
    order = pc.sort_indices(facts, sort_keys=[(n, "ascending") for n in schemas.DATASETS["documents"].sort_by])
    return DocumentOrder(facts.column("doc_id").combine_chunks().take(order))


def document_ranks(corpus: Corpus) -> pa.ChunkedArray:
    """Return for each section the place of its document in that order."""
    places = pc.index_in(corpus.section_facts.column("doc_id"), order_documents(corpus).ids)
    return places.cast(pa.int64())


def _file_rows(run: LocalRun, name: str, table: pa.Table, documents: DocumentOrder) -> pa.Table:
    """Return rows of a dataset with where they are filed (`DOCUMENT`, `APART`): by the document they belong to."""
    dataset = schemas.DATASETS[name]
    if not dataset.by_document:
        return table
    if "doc_id" in table.column_names:
        owners = table.column("doc_id")
    else:
        sections = run.corpus.section_facts
        at = pc.index_in(table.column("section_id"), sections.column("section_id").combine_chunks())
        owners = sections.column("doc_id").combine_chunks().take(at.combine_chunks())
    table = table.append_column(DOCUMENT, pc.index_in(owners, documents.ids).cast(pa.int64()))
    if not dataset.apart:
        return table
    clusters = run.tables["clusters"]
    at = pc.index_in(table.column("cluster_id"), clusters.column("cluster_id").combine_chunks())
    # A cluster that lost its copies stays where it is: else a page that goes would move the rows of others.
    several = pc.greater(clusters.column("most_sections"), 1).combine_chunks()
    return table.append_column(APART, several.take(at.combine_chunks()).fill_null(False))


def stage_datasets(run: LocalRun) -> None:
    """Write all datasets but `runs` into the staging folder, two at a time."""
    corpus, staging = run.corpus, run.staging
    documents = order_documents(corpus)
    prints = corpus.fingerprints
    signatures = pa.table(
        [
            corpus.section_facts.column("section_id").take(pa.array(corpus.matched)).combine_chunks(),
            pa.array(prints.n_shingles),
            pa.array(prints.normalised_hash),
            pa.FixedSizeListArray.from_arrays(pa.array(prints.signatures.reshape(-1)), schemas.NUM_PERM),
        ],
        schema=schemas.FINGERPRINTS,
    )

    def write(name: str, table: pa.Table, metadata: Mapping[str, str] | None = None) -> None:
        staging.write(name, _file_rows(run, name, table, documents), metadata, documents)

    work: list[Callable[[], None]] = [
        partial(write, "documents", corpus.documents),
        partial(write, "sections", corpus.sections),
        lambda: write("reports", _published_reports(run)),
        *(partial(write, name, table) for name, table in run.tables.items() if name != "search"),
        partial(staging.write_blocks, "search", run.tables["search"], run.search_blocks),
        partial(write, "fingerprints", signatures, fingerprint_metadata(run.settings.fingerprint)),
    ]
    with ThreadPoolExecutor(min(WRITERS, run.settings.threads)) as pool:
        written = [pool.submit(each) for each in work]
        try:
            for one in as_completed(written):
                one.result()
        finally:
            # After a fault nothing more is begun; what was, ends before the staging folder goes.
            pool.shutdown(cancel_futures=True)


def run_metrics(run: LocalRun) -> pa.Table:
    """Return the metrics of this run behind those of earlier ones (`schemas.RUNS`)."""
    note_figures(run)
    earlier = run.previous.arrow("runs") if run.previous else schemas.empty(schemas.RUNS)
    rows = [(stage, metric, value) for stage, m in run.meter.values.items() for metric, value in m.items()]
    mine = pa.table(
        [
            pa.array([run.run_id] * len(rows), pa.string()),
            pa.array([run.staging.release_id] * len(rows), pa.string()),
            pa.array([run.started_at] * len(rows), schemas.TIMESTAMP),
            pa.array([r[0] for r in rows], pa.string()),
            pa.array([r[1] for r in rows], pa.string()),
            pa.array([r[2] for r in rows], pa.float64()),
        ],
        schema=schemas.RUNS,
    )
    every = pa.concat_tables([schemas.conform(earlier, schemas.RUNS), mine])
    return run.tombstones.drop_figures(every, pc.unique(run.corpus.document_facts.column("source")).to_pylist())


def describe_run(run: LocalRun, held: dict[str, Any]) -> dict[str, Any]:
    """Return the engine's part of the manifest: settings, versions, recall, quality, costs by stage.

    Parameters
    ----------
    held : which datasets were held against which rules (`gate.describe_gate`)
    """
    from dedup import __version__

    # Who is told, and by which address, is nobody else's business either.
    settings = run.settings.model_dump(mode="json", exclude={"warehouse", "alerts", "decisions"})
    for source in settings["sources"]:
        # Where a source lies on this machine is nobody's business but its owner's.
        source["path"] = source["path"] if "://" in source["path"] else Path(source["path"]).name
    return {
        "title": run.settings.title,
        "code_version": __version__,
        # What a later run may take over depends on the code that made it.
        "code": dict(room_digests()),
        "rebuilt": list(run.heritage.changes),
        "incomplete_clusters": run.incomplete_clusters,
        "run_id": run.run_id,
        "started_at": run.started_at.isoformat(),
        "sources": [s.name or Path(s.path).name for s in run.sources],
        "settings": settings,
        "fingerprints": fingerprint_metadata(run.settings.fingerprint),
        "recall": {
            "sampled": run.audit.sampled,
            "of": run.audit.of,
            "true_pairs": run.audit.true_pairs,
            "found_pairs": run.audit.found_pairs,
            "recall": run.audit.recall,
            "low": run.audit.low,
            "high": run.audit.high,
        },
        "implied_pairs": run.implied_pairs,
        "decisions": run.decided.describe(),
        "tombstones": len(run.tombstones),
        "quality": run.quality.summary() if run.quality else "off",
        # Rows that a later run takes over are not held against the same rules again.
        "held": held,
        "languages": [n for n in find_languages(run.corpus.documents) if n == "zh"],
        "stages": run.meter.values,
    }
