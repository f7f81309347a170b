"""What a run found, as facts that a summary, a table artifact or a script can use."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from dedup.alerts.rules import Alarm


@dataclass(frozen=True)
class ClusterLine:
    """One cluster with copies, for a short table."""

    cluster_id: str
    title: str
    n_sections: int
    n_documents: int
    n_sources: int
    min_similarity: float
    link_rule: str


@dataclass(frozen=True)
class RunSummary:
    """The outcome of a run.

    Attributes
    ----------
    outcome : published, rejected (a quality gate stopped it) or dry_run
    release_id, release_path : None unless published; a rejected release has its path under rejected/
    documents : documents in the release; new_documents : of them read by this run for the first time;
        changed_documents, unchanged_documents : read and known before, with other content or as they were;
        carried_documents : not read by this run and kept
    kinds : sections by kind
    copies : sections that another section stands for; clusters_with_copies : clusters of two and more
    across_pages : of those, with members in more than one document
    variants : variant pairs of clusters, i.e. other editions
    distinct_reports : clusters of kind report
    quarantined : rule -> rows
    decisions : outcome -> decisions of people; empty where nothing was decided
    audit : words on the measured recall; recall, recall_low, recall_high : None when not measurable
    facts, facts_flagged : figures, copies counted once; of them those that contradict others
    reports_placed, reports_dated : distinct reports whose place, and whose year, their text proves
    tables : data tables of the pages
    extracted : False when nothing was looked for
    quality : 'PASS=41 WARN=2 ERROR=0', or 'off'
    stages : stage -> wall seconds
    alarms : what is out of the ordinary, by the runs before
    gone_documents : removed as absent from mirrored sources; forgotten_documents : read, and kept out by tombstones
    notes : what was taken up from a run that did not end; what was made anew and why; sources that were not taken as
        complete, and why
    """

    outcome: str
    release_id: str | None
    release_path: str | None
    warehouse: str
    documents: int
    new_documents: int
    carried_documents: int
    sources: int
    encodings: tuple[str, ...]
    languages: tuple[str, ...]
    sections: int
    kinds: dict[str, int]
    copies: int
    clusters: int
    clusters_with_copies: int
    across_pages: int
    variants: int
    distinct_reports: int
    quarantined: dict[str, int]
    audit: str
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    quality: str
    seconds: float
    extracted: bool = False
    facts: int = 0
    facts_flagged: int = 0
    reports_placed: int = 0
    reports_dated: int = 0
    tables: int = 0
    decisions: dict[str, int] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    largest: tuple[ClusterLine, ...] = ()
    problems: tuple[str, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    gone_documents: int = 0
    forgotten_documents: int = 0
    notes: tuple[str, ...] = ()
    changed_documents: int = 0
    unchanged_documents: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)
