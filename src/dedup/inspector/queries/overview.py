"""Numbers of the whole release, each counted once and kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from dedup.inspector.store import LONG_SECONDS, Store

#: Upper ends of the classes of cluster sizes; the last class is open.
SIZES = (1, 2, 3, 4, 9, 19, 49, 199)
BASES = ("printed", "resolved", "inferred", "masked", "overwritten", "none")
#: Steps of similarity in the picture of pairs.
STEPS = 20
#: Metrics of `runs` drawn over time: (stage, metric).
TRENDS = (
    ("read", "documents"), ("cut", "sections"), ("cluster", "clusters"), ("match", "pairs"), ("total", "wall_s"),
)  # fmt: skip
RELATIONS = ("exact", "near_duplicate", "variant", "contains")


@dataclass(frozen=True)
class Funnel:
    """From what was read to what is clean, each step with what it leaves behind."""

    documents: int
    quarantined: int
    sections: int
    matched: int
    clusters: int
    reports: int
    distinct: int
    complete: int


def funnel(store: Store) -> Funnel:
    """Return the steps of the funnel."""

    def make() -> Funnel:
        sections = store.row(
            "SELECT count(*) AS n, count(*) FILTER (WHERE kind = 'report') AS reports FROM sections",
            seconds=LONG_SECONDS,
        )
        reports = store.row(
            "SELECT count(*) FILTER (WHERE edition_of IS NULL AND contained_in IS NULL) AS n,"
            " count(*) FILTER (WHERE edition_of IS NULL AND contained_in IS NULL AND completeness = 'full') AS whole"
            " FROM reports",
            seconds=LONG_SECONDS,
        )
        refused = store.row("SELECT count(*) AS n FROM quarantine WHERE dataset = 'documents'")
        assert sections is not None
        assert reports is not None
        assert refused is not None
        return Funnel(
            store.count("documents"),
            refused["n"],
            sections["n"],
            store.count("membership"),
            store.count("clusters"),
            store.count("reports"),
            reports["n"],
            reports["whole"],
        )

    return store.summary("funnel", make)


def by_source(store: Store) -> list[dict[str, Any]]:
    """Return for each source how many of its sections are canonical, and how many are copies of whose text."""

    def make() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = store.tables.lookup("by_source").all().to_pylist()
        return found

    return store.summary("by_source", make)


def cluster_sizes(store: Store) -> list[tuple[str, int]]:
    """Return the number of clusters of each class of size."""

    def make() -> list[tuple[str, int]]:
        rows = store.rows("SELECT n_sections AS n, count(*) AS c FROM clusters GROUP BY 1", seconds=LONG_SECONDS)
        found: list[tuple[str, int]] = []
        low = 1
        for high in (*SIZES, None):
            name = str(low) if low == high else f"{low}–{high}" if high else f"{low}+"
            found.append((name, sum(r["c"] for r in rows if r["n"] >= low and (high is None or r["n"] <= high))))
            low = (high or 0) + 1
        return found

    return store.summary("cluster_sizes", make)


def similarities(store: Store) -> dict[str, list[int]]:
    """Return relation -> number of pairs by exact Jaccard similarity, in steps of 1 / `STEPS`."""

    def make() -> dict[str, list[int]]:
        rows = store.rows(
            f"SELECT relation, least({STEPS - 1}, floor(jaccard * {STEPS}))::INT AS step, count(*) AS n"
            " FROM pairs GROUP BY ALL",
            seconds=LONG_SECONDS,
        )
        order = [r for r in RELATIONS if any(row["relation"] == r for row in rows)]
        order += sorted({row["relation"] for row in rows} - set(order))
        found = {relation: [0] * STEPS for relation in order}
        for row in rows:
            found[row["relation"]][row["step"]] = row["n"]
        return found

    return store.summary("similarities", make)


def honesty(store: Store) -> dict[str, dict[str, int]]:
    """Return on what the years and places of reports and facts rest: `reports.year_review` -> basis -> rows."""

    def make() -> dict[str, dict[str, int]]:
        asked = {
            "reports.region": ("reports", "region_basis"),
            "reports.year_review": ("reports", "year_review_basis"),
            "reports.year_plan": ("reports", "year_plan_basis"),
            "facts.year": ("facts", "year_basis"),
        }
        found: dict[str, dict[str, int]] = {}
        for name, (dataset, column) in asked.items():
            if store.count(dataset):
                rows = store.rows(
                    f"SELECT {column} AS b, count(*) AS n FROM {dataset} GROUP BY 1", seconds=LONG_SECONDS
                )
                counts = {row["b"]: row["n"] for row in rows}
                found[name] = {b: counts[b] for b in (*BASES, *sorted(set(counts) - set(BASES))) if b in counts}
        return found

    return store.summary("honesty", make)


def trends(store: Store) -> tuple[list[str], dict[str, list[float | None]]]:
    """Return the releases in order, and metric -> a value for each release."""

    def make() -> tuple[list[str], dict[str, list[float | None]]]:
        if not store.has("runs"):
            return [], {}
        rows = store.rows(
            "SELECT release_id, min(started_at) AS begun, stage, metric, max(value) AS value FROM runs"
            " WHERE metric IN ('documents', 'sections', 'clusters', 'pairs', 'wall_s') GROUP BY ALL ORDER BY begun"
        )
        releases = list(dict.fromkeys(row["release_id"] for row in rows))[-60:]
        found: dict[str, list[float | None]] = {}
        for stage, metric in TRENDS:
            of = [r for r in rows if r["metric"] == metric and (stage == "total" or r["stage"] == stage)]
            if stage == "total":
                # What all stages took together; a stage's name begins with `stage:`.
                of = [r for r in of if r["stage"].startswith("stage:")]
            sums: dict[str, float] = {}
            for r in of:
                sums[r["release_id"]] = sums.get(r["release_id"], 0.0) + r["value"]
            if sums:
                found[metric] = [sums.get(release) for release in releases]
        return releases, found

    return store.summary("trends", make)


def quality_results(store: Store) -> dict[str, Any]:
    """Return what validation found: `summary`, `datasets`, `bases`, `results`; empty where nothing was validated."""

    def make() -> dict[str, Any]:
        path = store.release.path / "quality" / "results.json"
        try:
            found = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    return store.summary("quality_results", make)
