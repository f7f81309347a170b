"""The stages of a run on one machine, in order, over working files on disk: threads and DuckDB, no Prefect."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dedup.clusters.assignment import Assignment
from dedup.clusters.canonical import Ranking
from dedup.clusters.variants import VariantMarks
from dedup.engines.admission import Admission
from dedup.engines.attributing import attribute_corpus, attribute_documents, no_attributions
from dedup.engines.beside import beside
from dedup.engines.checkpoints import Kept, resumable, take_up
from dedup.engines.clustering import cluster_corpus
from dedup.engines.corpus import Corpus
from dedup.engines.deciding import Decided, sections_as_decided
from dedup.engines.extracting import extract, nothing_extracted
from dedup.engines.gate import all_proven, check_input, check_output, describe_gate, require_rules
from dedup.engines.heritage import Heritage, find_heritage
from dedup.engines.ingest import ingest
from dedup.engines.observing import Meter, Observer, SilentObserver
from dedup.engines.outcomes import NOTHING_CONTAINED, write_records
from dedup.engines.pairing import audit_corpus, match_corpus
from dedup.engines.publishing import describe_run, run_metrics, stage_datasets
from dedup.engines.requests import describe_request
from dedup.engines.reusing import find_shared_text, no_shared_text
from dedup.engines.search_index import index_texts
from dedup.engines.summary import RunSummary
from dedup.engines.summing import summarise
from dedup.ids import make_id
from dedup.matching.audit import RecallAudit
from dedup.matching.match import Matches
from dedup.releases import NoRelease, Release, Staging, open_release, open_staging, warehouse_lock
from dedup.releases.tombstones import Tombstones, load_tombstones
from dedup.settings import Settings, SourceSettings

if TYPE_CHECKING:
    from concurrent.futures import Future

    from dedup.quality import QualityReport

#: Stages in order, with the words that a progress bar or a task shows.
STAGES = {
    "read": "read, cut and fingerprint",
    "check": "check what was read",
    "match": "match",
    "audit": "measure recall",
    "cluster": "cluster and choose canonical copies",
    "attribute": "find place and years",
    "reuse": "find what texts share",
    "extract": "extract figures and tables",
    "validate": "validate",
    "write": "write the datasets",
    "publish": "publish",
}

#: The share of `memory_limit` that working arrays of one stage take is one in this many.
WORKING_SHARE = 4


class EmptyInput(RuntimeError):
    """Nothing was read, so there is nothing to publish."""


class LocalRun:
    """One run: open it, call the stages in the order of `STAGES`, close it.

    Each stage may be called again when it failed half way: it reads what the stage before left and replaces its own
    results. `run` does all of it; a Prefect flow calls the stages as tasks.
    """

    def __init__(
        self,
        settings: Settings,
        sources: Sequence[SourceSettings],
        *,
        limit: int | None = None,
        dry_run: bool = False,
        mirror: bool = False,
        allow_shrink: bool = False,
        fresh: bool = False,
        observer: Observer | None = None,
    ) -> None:
        self.mirror = mirror
        self.fresh = fresh
        self.max_shrink = None if allow_shrink else settings.mirror.max_shrink
        self.settings = settings
        self.sources = tuple(sources)
        self.limit = limit
        self.dry_run = dry_run
        self.observer = observer or SilentObserver()
        self.meter = Meter()
        self.started_at = datetime.now(UTC)
        self._clock = time.perf_counter()
        self._closing = ExitStack()
        self.staging: Staging
        self.previous: Release | None
        self.heritage: Heritage
        self.lineage_of_sections: pa.Table | None = None
        self.tombstones: Tombstones
        self.kept: Kept
        self.work: Path
        self.corpus: Corpus
        self.ranking: Ranking
        #: Places and years in the making.
        self.attributing: Future[pa.Table] | None = None
        self.matches: Matches
        self.marks: VariantMarks
        self.decided: Decided
        self.assignment: Assignment
        self.audit: RecallAudit
        self.input_quality: QualityReport | None = None
        self.quality: QualityReport | None = None
        self.withheld = pa.array([], pa.string())
        self.incomplete_clusters: list[str] = []
        #: Rows at the end of a table that are those of the last release.
        self.taken_over: dict[str, int] = {}
        #: Facts of documents, and the ids of those that the last release has with the same values.
        self.same_documents: tuple[pa.Table, pa.Array] | None = None
        #: The reports dataset, once made, until something it tells of changes.
        self.reports: pa.Table | None = None
        self.mirror_notes: tuple[str, ...] = ()
        self.tables: dict[str, pa.Table] = {}
        #: Blocks of the search index, each with a digest of what it is made of; `tables` has the rows of new ones.
        self.search_blocks: dict[str, str] = {}
        self.implied_pairs = 0
        self.copy_pairs: pa.Table
        self.contained: pa.Table

    def __enter__(self) -> LocalRun:
        """Take the lock of the warehouse and open a staging folder.

        Raises
        ------
        WarehouseLocked
            Another run is at work.
        SuiteError
            A suite or rule of the user can hold nothing; nothing was read.
        """
        require_rules(self.settings.quality)
        warehouse = self.settings.warehouse
        with ExitStack() as opening:
            opening.enter_context(warehouse_lock(warehouse))
            try:
                self.previous = open_release(warehouse)
                self.previous.fetch()
            except NoRelease:
                self.previous = None
            self.heritage = find_heritage(self.previous, self.settings)
            expected = int(self.previous.manifest.get("tombstones", 0)) if self.previous else 0
            self.tombstones = load_tombstones(warehouse, expected=expected)
            request = describe_request(
                self.settings,
                self.sources,
                self.previous,
                self.tombstones,
                limit=self.limit,
                mirror=self.mirror,
                max_shrink=self.max_shrink,
            )
            self.kept = take_up(warehouse, request, self.started_at, fresh=self.fresh)
            self.started_at = self.kept.started_at
            # Working files lie beside the staged datasets, on the same disk, and never become part of a release.
            self.work = self.kept.folder
            self.staging = open_staging(warehouse, now=self.started_at, spare=self.work)
            opening.callback(self.kept.close)
            self.kept.open(request)
            self.kept.begin(self)
            self._closing = opening.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.staging.discard()
            self.kept.failed = True
        # Tables map the working files; they go before the files do.
        for name in ("corpus", "matches", "tables", "reports"):
            self.__dict__.pop(name, None)
        self._closing.close()

    @contextmanager
    def _stage(self, name: str, total: int | None = None) -> Iterator[list[str]]:
        note: list[str] = []
        self.observer.stage_started(name, total)
        with self.meter.measure(f"stage:{name}"):
            yield note
        self.observer.stage_finished(name, self.meter.seconds(f"stage:{name}"), " ".join(note))

    @resumable("read")
    def read(self) -> None:
        """Read the sources, cut the pages into sections and fingerprint them."""
        from dedup.sources import count_inputs

        admission = Admission(
            self.tombstones, self.previous, self.sources, mirror=self.mirror, max_shrink=self.max_shrink
        )
        with self._stage("read", count_inputs(self.sources)) as note:
            self.corpus = ingest(
                self.sources,
                self.settings,
                self.work,
                self.previous,
                now=self.started_at,
                limit=self.limit,
                observer=self.observer,
                meter=self.meter,
                admission=admission,
                heritage=self.heritage,
            )
            facts = self.corpus.document_facts
            # A run without sources, or over pages that are all forgotten, has nothing to find and may publish nothing.
            if self.sources and not (facts.num_rows or self.corpus.quarantine.num_rows or admission.n_forgotten):
                raise EmptyInput(
                    "nothing was found in " + ", ".join(s.path for s in self.sources) + "; name a file or folder with "
                    "pages, or run `dedup init --from DIR` to see what can be read"
                )
            note.append(f"{facts.num_rows:,} documents, {self.corpus.section_facts.num_rows:,} sections")
            self.meter.note(
                "read", documents=facts.num_rows, bytes=self.corpus.n_bytes, chars=_total(facts.column("n_chars"))
            )
            # How many, never which.
            self.meter.note("read", forgotten=admission.n_forgotten, gone=admission.n_gone)
            self.mirror_notes = tuple(admission.notes())
            self.meter.note("cut", sections=self.corpus.section_facts.num_rows)

    @resumable("match")
    def match(self) -> None:
        """Find all near-duplicate pairs among the sections."""
        with self._stage("match") as note:
            if self.settings.extract.enabled and self.settings.threads > 1 and self.attributing is None:
                # Most of it is Python in worker processes, or in one; kernels match meanwhile.
                self.attributing = beside(lambda: attribute_documents(self))
            match_corpus(self)
            candidates = self.matches.metrics.candidates
            note.append(f"{self.matches.pairs.a.size:,} pairs of {candidates:,} candidates")

    @resumable("audit")
    def measure_recall(self) -> None:
        """Compare a sample of the sections with all others: which share of the true pairs was found."""
        with self._stage("audit") as note:
            self.audit = audit_corpus(self)
            note.append(self.audit.describe())

    @resumable("cluster")
    def cluster(self) -> None:
        """Group copies into clusters, choose the canonical ones, and write down who stands for whom."""
        with self._stage("cluster") as note:
            cluster_corpus(self)
            note.append(f"{self.tables['clusters'].num_rows:,} clusters")

    @resumable("attribute")
    def attribute(self) -> None:
        """Say which place and which years each section speaks for, by its own words."""
        with self._stage("attribute") as note:
            if not self.settings.extract.enabled:
                self.tables["attributions"] = no_attributions(self)
                note.append("off")
                return
            found = attribute_corpus(self)
            self.tables["attributions"] = found
            placed, dated = (found.num_rows - found.column(n).null_count for n in ("region_name", "year_review"))
            note.append(f"{placed:,} of {found.num_rows:,} sections with a place, {dated:,} with a year")

    @resumable("reuse")
    def find_reuse(self) -> None:
        """Find what texts share, where copies of one report disagree, and with it what became of every record."""
        with self._stage("reuse") as note:
            enabled = self.settings.reuse.enabled
            tables = find_shared_text(self) if enabled else no_shared_text()
            self.contained = tables.pop("contained", NOTHING_CONTAINED)
            self.tables |= tables
            self.decided.note(self.meter)
            corpus = self.corpus
            self.tables["records"] = write_records(
                self.tables["membership"],
                sections_as_decided(self),
                corpus.document_facts,
                self.tables["quarantine"],
                self.contained,
                memory_limit=self.settings.memory_limit,
                threads=self.settings.threads,
            )
            counts = (f"{tables[name].num_rows:,} {name}" for name in ("passage_stats", "templates", "conflicts"))
            note.append(", ".join(counts).replace("passage_stats", "passages") if enabled else "off")

    @resumable("extract")
    def extract(self) -> None:
        """Extract figures and tables, check the figures against each other, gather them as facts."""
        with self._stage("extract") as note:
            if not self.settings.extract.enabled:
                self.tables |= nothing_extracted()
                note.append("off")
                return
            tables = extract(self)
            refused = tables.pop("refused")
            self.tables |= tables
            self.tables["quarantine"] = pa.concat_tables([self.tables["quarantine"], refused])
            counts = ("observations", "facts", "extracted_tables")
            note.append(", ".join(f"{tables[name].num_rows:,} {name.replace('_', ' ')}" for name in counts))

    @resumable("check")
    def check(self) -> None:
        """Apply the rules to documents and sections, before anything is matched with them."""
        with self._stage("check") as note:
            self.input_quality = check_input(self)
            if self.input_quality is None:
                note.append("off")
                return
            rows = sum(self.input_quality.set_aside.values())
            note.append(f"{self.input_quality.summary()}, {rows:,} rows set aside")

    @resumable("validate")
    def validate(self) -> None:
        """Run the suites of expectations over the datasets in the making."""
        with self._stage("validate") as note:
            # Kernels make the index while rules are evaluated, most of them in Python.
            proven = all_proven(self, "search")
            found = check_output(self, beside(lambda: index_texts(self, proven=proven)))
            if found is None or self.input_quality is None:
                note.append("off")
                return
            self.quality = self.input_quality.join(found)
            note.append(self.quality.summary())

    def publish(self) -> RunSummary:
        """Write the release and point to it; or keep it aside when a critical expectation failed."""
        if self.dry_run:
            self.staging.discard()
            return summarise(self, "dry_run", None, None, time.perf_counter() - self._clock)
        with self._stage("write"):
            stage_datasets(self)
        with self._stage("publish") as note:
            if self.quality is not None:
                from dedup.quality import write_quality_page

                write_quality_page(self.quality, self.staging.path / "quality")
            self.staging.write("runs", run_metrics(self))
            manifest = describe_run(self, describe_gate(self))
            if self.quality is not None and self.quality.critical:
                path, release_id, outcome = self.staging.reject(manifest), None, "rejected"
            else:
                release = self.staging.publish(manifest)
                path, release_id, outcome = release.path, release.id, "published"
            note.append(str(path))
        return summarise(self, outcome, release_id, path, time.perf_counter() - self._clock)

    @property
    def working_memory(self) -> int:
        """Bytes that the working arrays of a stage may take; the facts of all sections need the rest."""
        return self.settings.memory_bytes // WORKING_SHARE

    @property
    def run_id(self) -> str:
        """Id of this run."""
        return make_id("r", self.staging.release_id, self.started_at.isoformat())


def _total(column: pa.ChunkedArray) -> int:
    return pc.sum(column).as_py() or 0


def run(
    settings: Settings,
    sources: Sequence[SourceSettings],
    *,
    limit: int | None = None,
    dry_run: bool = False,
    mirror: bool = False,
    allow_shrink: bool = False,
    fresh: bool = False,
    observer: Observer | None = None,
) -> RunSummary:
    """Run all stages and publish a release, without Prefect.

    Parameters
    ----------
    settings : where the warehouse is, and everything else
    sources : what to read (`sources.resolve_sources`); the rest of the last release stays published
    limit : documents to read at most
    dry_run : do everything but publish
    mirror : `sources` are complete: what they do not hold any more is removed
    allow_shrink : also when that is more than `settings.mirror.max_shrink` of a source
    fresh : do all stages, also where an earlier run that was killed or failed has finished some

    Raises
    ------
    WarehouseLocked
        Another run is at work on this warehouse.
    EmptyInput
        Nothing was found to read.
    SourceShrank
        Too much of a source is absent.
    """
    with LocalRun(
        settings,
        sources,
        limit=limit,
        dry_run=dry_run,
        mirror=mirror,
        allow_shrink=allow_shrink,
        fresh=fresh,
        observer=observer,
    ) as work:
        work.read()
        work.check()
        work.match()
        work.measure_recall()
        work.cluster()
        work.attribute()
        work.find_reuse()
        work.extract()
        work.validate()
        return work.publish()
