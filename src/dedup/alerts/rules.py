"""When a figure of a run is out of the ordinary: each rule compares a run with the runs before it.

What is usual is the median, and how far values usually lie from it the median distance (MAD), since one bad night
must not decide what the next is measured by. Rates of few rows and histories of few runs raise nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from statistics import median

from dedup.alert_settings import AlarmSettings
from dedup.alerts.history import RunRecord

#: A normal distribution's standard deviation in median distances from its median.
MAD_TO_DEVIATION = 1.4826
#: A run that is slower by less than this, in seconds, keeps nobody waiting.
LEAST_DELAY = 60.0
#: Deliveries that a source must have made before it has a usual interval; two gaps lie between three.
LEAST_DELIVERIES = 3
#: A source that comes weekly or monthly shows its interval in many more nightly runs than rates need.
SILENCE_HISTORY = 10


@dataclass(frozen=True)
class Alarm:
    """A figure that is out of the ordinary.

    Attributes
    ----------
    kind : duplicates, quarantine, silent, back (a silent source speaks again), empty, recall or slow
    source : the source it is about; empty for the whole run
    message : one sentence for people, with the value and what is usual
    value, usual : both figures: rates from 0 to 1, documents, seconds, or days (silent, back)
    """

    kind: str
    source: str
    message: str
    value: float
    usual: float

    @property
    def word(self) -> str:
        """What a line that tells it begins with."""
        return "back" if self.is_good else "alarm"

    @property
    def is_good(self) -> bool:
        """Whether it ends an alarm that was raised before."""
        return self.kind == "back"


def find_alarms(history: Sequence[RunRecord], settings: AlarmSettings) -> list[Alarm]:
    """Return what is out of the ordinary in the last run of `history`, by the runs before it.

    Parameters
    ----------
    history : runs, oldest first (`history.read_history`); runs with a limit of documents are passed over
    settings : bounds; see the comment of each
    """
    if not settings.enabled or not history or history[-1].limited:
        return []
    *before, now = [run for run in history[-runs_needed(settings) :] if not run.limited]
    earlier = before[-settings.history :]
    found: list[Alarm] = []
    for name in now.sources:
        known = [run for run in earlier if run.of_source(name)]
        for rule in (_empty, _more_duplicates, _more_quarantine):
            found += rule(name, known, now, settings)
        found += _silent(name, [run for run in before if run.of_source(name)], now, settings)
    found += _low_recall(now, settings)
    found += _slow(earlier, now, settings)
    return found


def runs_needed(settings: AlarmSettings) -> int:
    """Return how many runs, the last one included, alarms can depend on."""
    return settings.history * SILENCE_HISTORY + 1


def _empty(name: str, earlier: list[RunRecord], now: RunRecord, _: AlarmSettings) -> Iterator[Alarm]:
    seen = [run.of_source(name).get("seen", 0.0) for run in earlier]
    usual = median(seen) if seen else 0.0
    if usual > 0 and now.of_source(name).get("seen", 0.0) == 0:
        refused = int(now.of_source(name).get("quarantined", 0))
        beside = f", {refused:,} were refused" if refused else ""
        message = f"{name} gave no readable document{beside}; usually it gives {usual:,.0f}"
        yield Alarm("empty", name, message, 0.0, usual)


def _silent(name: str, earlier: list[RunRecord], now: RunRecord, settings: AlarmSettings) -> Iterator[Alarm]:
    """Tell once that a source fell silent, again whenever the runs without anything new have doubled, and its return.

    What was told before follows from the runs themselves, so nothing has to be remembered beside them.
    """
    runs = [*earlier, now]
    fresh = _fresh(now, name)
    silence = _silence(runs[:-1] if fresh else runs, name, settings)
    if silence is None:
        return
    since, usual = (now.started_at - silence.last).total_seconds(), silence.usual
    if fresh:
        message = (
            f"{name} speaks again: {fresh:,.0f} new or changed documents, after {silence.runs:,} runs and "
            f"{_span(since)} without any"
        )
        yield Alarm("back", name, message, since / 86400, usual / 86400)
    elif _is_doubled(silence.runs, silence.told_after):
        message = (
            f"{name} has had nothing new for {silence.runs:,} runs, since {silence.last:%Y-%m-%d}; usually something "
            f"comes every {_span(usual)}"
        )
        yield Alarm("silent", name, message, since / 86400, usual / 86400)


@dataclass(frozen=True)
class _Silence:
    """A silence that was, or is now, told: after `told_after` runs for the first time, now it lasts `runs`."""

    runs: int
    told_after: int
    last: datetime
    usual: float


def _silence(runs: list[RunRecord], name: str, settings: AlarmSettings) -> _Silence | None:
    """Return the silence of a source at the end of `runs`; None where it speaks, or may just be slow."""
    times = [run.started_at for run in runs if _fresh(run, name)]
    if len(times) < LEAST_DELIVERIES:
        return None
    usual = median((b - a).total_seconds() for a, b in pairwise(times))
    silent = list(takewhile(lambda run: not _fresh(run, name), reversed(runs)))[::-1]
    for n, run in enumerate(silent, start=1):
        since = (run.started_at - times[-1]).total_seconds()
        if n >= settings.silent_runs and since > settings.silent_factor * usual:
            return _Silence(len(silent), n, times[-1], usual)
    return None


def _is_doubled(runs: int, first: int) -> bool:
    """Whether `runs` is 1, 2, 4, 8 … times `first`."""
    times, rest = divmod(runs, first)
    return rest == 0 and times & (times - 1) == 0


def _more_duplicates(name: str, earlier: list[RunRecord], now: RunRecord, settings: AlarmSettings) -> Iterator[Alarm]:
    def rate(run: RunRecord) -> tuple[float, float]:
        of = run.of_source(name)
        return of.get("fresh_repeated", 0.0), of.get("fresh_sections", 0.0)

    if jump := _jump(rate, earlier, now, settings):
        value, usual = jump
        message = f"{value:.0%} of what is new in {name} repeats other sections; usually it is {usual:.0%}"
        yield Alarm("duplicates", name, message, value, usual)


def _more_quarantine(name: str, earlier: list[RunRecord], now: RunRecord, settings: AlarmSettings) -> Iterator[Alarm]:
    def rate(run: RunRecord) -> tuple[float, float]:
        of = run.of_source(name)
        refused = of.get("quarantined", 0.0)
        return refused, refused + of.get("seen", 0.0)

    if jump := _jump(rate, earlier, now, settings):
        value, usual = jump
        message = f"{value:.0%} of the documents of {name} went to quarantine; usually it is {usual:.0%}"
        yield Alarm("quarantine", name, message, value, usual)


def _jump(
    rate: Callable[[RunRecord], tuple[float, float]],
    earlier: list[RunRecord],
    now: RunRecord,
    settings: AlarmSettings,
) -> tuple[float, float] | None:
    """Return the rate of a run and the usual one when the first is far above the second."""
    part, whole = rate(now)
    known = [a / b for a, b in map(rate, earlier) if b >= settings.least_rows]
    if whole < settings.least_rows or len(known) < settings.least_runs:
        return None
    usual = median(known)
    spread = MAD_TO_DEVIATION * median(abs(value - usual) for value in known)
    value = part / whole
    return (value, usual) if value - usual > max(settings.deviations * spread, settings.least_jump) else None


def _low_recall(now: RunRecord, settings: AlarmSettings) -> Iterator[Alarm]:
    recall, high = now.get("audit", "recall"), now.get("audit", "recall_high")
    # A small sample has a wide interval: below the bound for certain is what counts.
    if recall is not None and high is not None and high < settings.recall:
        message = (
            f"the audit found {recall:.1%} of the true pairs, {high:.1%} at best; {settings.recall:.0%} are expected"
        )
        yield Alarm("recall", "", message, recall, settings.recall)


def _slow(earlier: list[RunRecord], now: RunRecord, settings: AlarmSettings) -> Iterator[Alarm]:
    known = [(run.seconds, _all_fresh(run)) for run in earlier]
    seconds = [s for s, _ in known if s is not None]
    if now.seconds is None or len(seconds) < settings.least_runs:
        return
    # A night with ten times the pages may take ten times as long.
    more = max(1.0, (1 + _all_fresh(now)) / (1 + median(fresh for _, fresh in known)))
    usual = median(seconds) * more
    if now.seconds > settings.slower * usual and now.seconds - usual > LEAST_DELAY:
        message = f"the run took {now.seconds:,.0f} s; {usual:,.0f} s are usual for as many new documents"
        yield Alarm("slow", "", message, now.seconds, usual)


def _fresh(run: RunRecord, name: str) -> float:
    """Return the documents of a source that a run read for the first time or found changed."""
    of = run.of_source(name)
    return of.get("new", 0.0) + of.get("changed", 0.0)


def _all_fresh(run: RunRecord) -> float:
    return sum(_fresh(run, name) for name in run.sources)


def _span(seconds: float) -> str:
    """Return a time in words: `20 minutes`, `3 hours`, `1.5 days`."""
    for unit, size in (("days", 86400), ("hours", 3600)):
        if seconds >= 1.5 * size:
            return f"{timedelta(seconds=seconds) / timedelta(seconds=size):.3g} {unit}"
    return f"{max(1, round(seconds / 60)):,} minutes"
