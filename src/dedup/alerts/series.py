"""Which figures of runs are drawn over time, as numbers, as words, and as a line of blocks in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dedup.alerts.history import RunRecord

#: Heights of a sparkline, lowest first.
BLOCKS = "▁▂▃▄▅▆▇█"
#: Stands where a run did not measure the figure.
GAP = "·"

Value = float | None


@dataclass(frozen=True)
class Series:
    """One figure of each run.

    Attributes
    ----------
    title : what it is
    values : one for each run, oldest first; None where it was not measured
    unit : `` for counts, `%` for shares (values from 0 to 1), `s` for seconds, `MB`
    low, high : bounds of each value, where the figure is an estimate
    """

    title: str
    values: tuple[Value, ...]
    unit: str = ""
    low: tuple[Value, ...] = ()
    high: tuple[Value, ...] = ()

    @property
    def known(self) -> list[float]:
        """Values that were measured."""
        return [value for value in self.values if value is not None]

    def written(self, value: Value) -> str:
        """Return a value as people read it."""
        if value is None:
            return ""
        if self.unit == "%":
            return f"{value:.1%}"
        digits = 1 if self.unit == "s" and abs(value) < 100 else 0
        return f"{value:,.{digits}f}" + (f" {self.unit}" if self.unit else "")


def series_of_runs(history: Sequence[RunRecord]) -> list[Series]:
    """Return the figures of whole runs."""

    def of(metric: str, stage: str = "run") -> tuple[Value, ...]:
        return tuple(run.get(stage, metric) for run in history)

    return [
        Series("documents", of("documents")),
        Series("new documents", of("new")),
        Series("changed documents", of("changed")),
        Series("documents gone", of("gone")),
        Series("sections", of("sections")),
        Series("distinct reports", of("reports")),
        Series("share of copies", tuple(_share(r.get("run", "copies"), _matched(r)) for r in history), "%"),
        Series("quarantine", of("quarantined")),
        Series("facts", of("facts")),
        Series("recall", of("recall", "audit"), "%", of("recall_low", "audit"), of("recall_high", "audit")),
        Series("rules that warn", of("rules_warn")),
        Series("seconds", tuple(run.seconds for run in history), "s"),
        Series("peak memory", tuple(_peak(run) for run in history), "MB"),
    ]


def series_of_source(history: Sequence[RunRecord], name: str) -> list[Series]:
    """Return the figures of one source; None for runs that did not read it."""

    def of(metric: str) -> tuple[Value, ...]:
        return tuple(run.of_source(name).get(metric) for run in history)

    def share(part: str, whole: Callable[[RunRecord], Value]) -> tuple[Value, ...]:
        return tuple(_share(run.of_source(name).get(part), whole(run)) for run in history)

    def read(run: RunRecord) -> Value:
        of_run = run.of_source(name)
        return of_run.get("seen", 0.0) + of_run.get("quarantined", 0.0) if of_run else None

    return [
        Series("documents", of("documents")),
        Series("read", of("seen")),
        Series("new", of("new")),
        Series("changed", of("changed")),
        Series("gone", of("gone")),
        Series("new sections", of("fresh_sections")),
        Series("of those repeated", share("fresh_repeated", lambda r: r.of_source(name).get("fresh_sections")), "%"),
        Series("in quarantine", share("quarantined", read), "%"),
    ]


def sources_of(history: Sequence[RunRecord]) -> list[str]:
    """Return the names of all sources that any of the runs read, sorted."""
    return sorted({name for run in history for name in run.sources})


def sparkline(values: Sequence[Value]) -> str:
    """Return one block a value, from the lowest to the highest of them; a flat line lies low."""
    known = [value for value in values if value is not None]
    if not known:
        return GAP * len(values)
    low, high = min(known), max(known)
    step = (high - low) / (len(BLOCKS) - 1)
    return "".join(GAP if v is None else BLOCKS[round((v - low) / step) if step else 0] for v in values)


def _matched(run: RunRecord) -> Value:
    """Return the sections that were matched: every cluster has one that is no copy."""
    clusters, copies = run.get("run", "clusters"), run.get("run", "copies")
    return None if clusters is None or copies is None else clusters + copies


def _share(part: Value, whole: Value) -> Value:
    return None if part is None or not whole else part / whole


def _peak(run: RunRecord) -> Value:
    peaks = [metrics["peak_rss_mb"] for metrics in run.values.values() if "peak_rss_mb" in metrics]
    return max(peaks, default=None)
