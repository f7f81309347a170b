"""What a run would do, and about how long: the sources are read and compared, nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.engines.admission import KNOWN_COLUMNS, STATES, Admission, SourceShrank, classify_documents
from dedup.engines.heritage import NAMES, find_heritage
from dedup.releases import NoRelease, Release, open_release
from dedup.releases.tombstones import load_tombstones
from dedup.sources import read_batches

if TYPE_CHECKING:
    from dedup.engines.observing import Observer
    from dedup.settings import Settings, SourceSettings


@dataclass(frozen=True)
class SourcePlan:
    """Documents of one source by what the run would make of them (`admission.STATES`)."""

    source: str
    new: int
    changed: int
    unchanged: int
    carried: int
    gone: int
    forgotten: int


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes
    ----------
    release_id : the last release, on which the run would build; None where there is none
    sources : by source
    refused : rule -> rows that would go to quarantine
    rebuilt : what would be made anew for all documents (such as fingerprints); changes : why
    stops : why the run would stop, nothing published; empty when it would not
    notes : what else a person should know
    seconds : about how long it would take; None when no earlier run tells
    seconds_from : which runs tell it
    """

    release_id: str | None
    sources: tuple[SourcePlan, ...]
    refused: dict[str, int]
    rebuilt: tuple[str, ...]
    changes: tuple[str, ...]
    stops: str
    notes: tuple[str, ...]
    seconds: float | None
    seconds_from: str

    def total(self, state: str) -> int:
        """Return the number of documents in a state, over all sources."""
        return sum(int(getattr(source, state)) for source in self.sources)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


def plan_run(
    settings: Settings,
    sources: Sequence[SourceSettings],
    *,
    mirror: bool = False,
    observer: Observer | None = None,
) -> Plan:
    """Read the sources and say what a run over them would do.

    Parameters
    ----------
    mirror : as for the run: the sources are complete

    Raises
    ------
    SourceError
        A source cannot be mirrored.
    TombstonesUnreadable
        What was forgotten cannot be told, so a run would stop.
    """
    try:
        previous: Release | None = open_release(settings.warehouse)
    except NoRelease:
        previous = None
    expected = int(previous.manifest.get("tombstones", 0)) if previous else 0
    tombstones = load_tombstones(settings.warehouse, expected=expected)
    admission = Admission(tombstones, previous, sources, mirror=mirror, max_shrink=settings.mirror.max_shrink)
    parts: list[pa.Table] = [schemas.empty(schemas.DOCUMENTS).select(KNOWN_COLUMNS)]
    refused: Counter[str] = Counter()
    n_files = 0
    for batch in read_batches(sources, settings.read, now=datetime.now(UTC)):
        parts.append(batch.documents.select(KNOWN_COLUMNS))
        refused.update(admission.admit(batch).quarantine.column("rule").to_pylist())
        n_files += batch.n_files
        if observer is not None:
            observer.advanced("read", n_files)
    stops = ""
    try:
        admission.settle()
    except SourceShrank as shrank:
        stops = str(shrank)
    read = pa.concat_tables(parts).combine_chunks()
    known = previous.arrow("documents", KNOWN_COLUMNS) if previous else parts[0]
    forgotten = [t.column("doc_id").filter(pa.chunked_array([tombstones.among_documents(t)])) for t in (known, read)]
    kept_out = pc.unique(pa.chunked_array([chunk for column in forgotten for chunk in column.chunks], pa.string()))
    states = classify_documents(known, read, admission.gone, kept_out)
    heritage = find_heritage(previous, settings)
    rebuilt = tuple(NAMES[kind] for kind in NAMES if kind not in heritage) if previous else ()
    by_source = _by_source(states)
    n_all = sum(s.new + s.changed + s.unchanged + s.carried for s in by_source)
    n_fresh = n_all if rebuilt else sum(s.new + s.changed for s in by_source)
    seconds, seconds_from = estimate_seconds(previous, n_all, n_fresh)
    return Plan(
        previous.id if previous else None,
        by_source,
        dict(refused.most_common()),
        rebuilt,
        heritage.changes,
        stops,
        tuple(admission.notes()),
        seconds,
        seconds_from,
    )


def _by_source(states: pa.Table) -> tuple[SourcePlan, ...]:
    counts = Counter(zip(states.column("source").to_pylist(), states.column("state").to_pylist(), strict=True))
    names = sorted({source for source, _ in counts})
    return tuple(SourcePlan(name, **{state: counts[name, state] for state in STATES}) for name in names)


_PAST_RUNS = """
    SELECT run_id, min(started_at) AS started_at,
           sum(value) FILTER (WHERE metric = 'wall_s' AND stage LIKE 'stage:%') AS seconds,
           max(value) FILTER (WHERE stage = 'read' AND metric = 'documents') AS documents,
           coalesce(max(value) FILTER (WHERE stage = 'cut' AND metric = 'documents'),
                    max(value) FILTER (WHERE stage = 'read' AND metric = 'documents')) AS made
    FROM runs GROUP BY run_id
    HAVING seconds > 0 AND documents > 0
    ORDER BY started_at
"""


def estimate_seconds(release: Release | None, n_documents: int, n_made: int) -> tuple[float | None, str]:
    """Return about how many seconds a run takes, and which runs tell.

    Parameters
    ----------
    release : with the metrics of earlier runs
    n_documents : documents of the release in the making
    n_made : of them, those that are cut and fingerprinted anew

    Notes
    -----
    Earlier runs show two rates: seconds per document that was made anew (of the newest run that made most of them
    anew), and seconds per document that was kept (what the newest run that kept most of them took beyond that).
    Without a run of the second kind the first rate is the upper bound for all.
    """
    runs = release.sql(_PAST_RUNS).to_pylist() if release is not None else []
    full = next((r for r in reversed(runs) if 2 * r["made"] >= r["documents"]), None)
    light = next((r for r in reversed(runs) if 2 * r["made"] < r["documents"]), None)
    whole = full or light
    if whole is None:
        return None, "no earlier run was timed"
    made_rate = whole["seconds"] / whole["documents"]
    if light is None or 2 * n_made >= n_documents:
        bound = "by" if 2 * n_made >= n_documents else "at most, by"
        return made_rate * n_documents, f"{bound} the run of {_day(whole)} over {_count(whole)}"
    kept_rate = max(light["seconds"] - made_rate * light["made"], 0.0) / (light["documents"] - light["made"])
    told = f"by the run of {_day(light)} over {_count(light)}, {light['made']:,.0f} of them made anew"
    return made_rate * n_made + kept_rate * (n_documents - n_made), told


def _day(run: dict[str, Any]) -> str:
    return f"{run['started_at']:%Y-%m-%d %H:%M}"


def _count(run: dict[str, Any]) -> str:
    return f"{run['documents']:,.0f} documents"
