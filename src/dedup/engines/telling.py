"""Telling people how a run ended, whichever way it was started."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dedup.alerts.message import Message
from dedup.engines.assets import short_name
from dedup.workspaces import public_name

if TYPE_CHECKING:
    from dedup.alert_settings import Occasion
    from dedup.engines.summary import RunSummary
    from dedup.settings import Settings


@dataclass
class Ending:
    """How a run ended; whoever runs it puts the summary here."""

    summary: RunSummary | None = None


@contextmanager
def telling(settings: Settings, say: Callable[[str], None], *, dry_run: bool = False) -> Iterator[Ending]:
    """Tell the webhooks of `settings.alerts` how the run inside the block ended.

    Nobody is told of a dry run, nor of a run that its user interrupts. What cannot be delivered is said, and changes
    nothing else.

    Parameters
    ----------
    say : prints or logs one line
    """
    ending = Ending()
    try:
        yield ending
    except Exception as error:
        if settings.alerts.webhook and not dry_run:
            _tell(failure_message(error, settings), settings, say)
        raise
    if settings.alerts.webhook and ending.summary is not None and ending.summary.outcome != "dry_run":
        _tell(outcome_message(ending.summary, settings.alerts.inspector), settings, say)


def outcome_message(summary: RunSummary, inspector: str | None = None) -> Message:
    """Return what is told of a run that published, or that its quality gate stopped; `inspector` is linked to."""
    occasions: list[Occasion] = ["rejected" if summary.outcome == "rejected" else "published"]
    occasions += ["alarm"] if summary.alarms else []
    name = short_name(summary.warehouse)
    if summary.outcome == "rejected":
        title = f"{name}: nothing was published, the quality gate stopped the run"
    elif n := sum(not alarm.is_good for alarm in summary.alarms):
        title = f"{name}: {summary.release_id} published, {n} {'figure is' if n == 1 else 'figures are'} out of range"
    elif summary.alarms:
        title = f"{name}: {summary.release_id} published, {summary.alarms[0].source} speaks again"
    else:
        title = f"{name}: {summary.release_id} published"
    lines = [f"stopped by {problem}" for problem in summary.problems]
    lines += [f"{alarm.word}: {alarm.message}" for alarm in summary.alarms]
    lines += [
        f"{summary.documents:,} documents ({summary.new_documents:,} new) of {summary.sources:,} sources, "
        f"{summary.copies:,} copies, {summary.distinct_reports:,} distinct reports",
        f"quarantine {sum(summary.quarantined.values()):,} · recall audit {summary.audit} · quality {summary.quality}"
        f" · {summary.seconds:,.0f} s",
    ]
    release_path = public_name(summary.release_path) if summary.release_path else None
    lines += [line for line in (release_path, inspector) if line]
    facts: dict[str, Any] = {
        "outcome": summary.outcome,
        "warehouse": public_name(summary.warehouse),
        "release_id": summary.release_id,
        "release_path": release_path,
        "alarms": [asdict(alarm) for alarm in summary.alarms],
        "problems": list(summary.problems),
        "documents": summary.documents,
        "new_documents": summary.new_documents,
        "copies": summary.copies,
        "distinct_reports": summary.distinct_reports,
        "quarantined": summary.quarantined,
        "recall": summary.recall,
        "quality": summary.quality,
        "seconds": round(summary.seconds, 1),
    }
    return Message(tuple(occasions), title, tuple(lines), datetime.now(UTC), facts)


def failure_message(error: BaseException, settings: Settings) -> Message:
    """Return what is told of a run that ended with an error."""
    name = short_name(settings.warehouse)
    kind = type(error).__name__
    words = " ".join(str(error).split())[:1000] or kind
    if kind == "WarehouseLocked":
        title = f"{name}: the run did not begin, another one is at work"
    else:
        title = f"{name}: the run failed, the last release is untouched"
    facts = {"outcome": "failed", "warehouse": public_name(settings.warehouse), "error": kind, "problems": [words]}
    return Message(("failed",), title, (f"{kind}: {words}",), datetime.now(UTC), facts)


def tell_of_damage(settings: Settings, release_id: str, problems: Sequence[str], say: Callable[[str], None]) -> None:
    """Tell the webhooks that the newest release is not what was published."""
    title = f"{short_name(settings.warehouse)}: release {release_id} is damaged"
    facts = {
        "outcome": "damaged",
        "warehouse": public_name(settings.warehouse),
        "release_id": release_id,
        "problems": list(problems[:20]),
    }
    _tell(Message(("failed",), title, tuple(problems[:20]), datetime.now(UTC), facts), settings, say)


def _tell(message: Message, settings: Settings, say: Callable[[str], None]) -> None:
    from dedup.alerts.sending import problems, send

    for problem in problems(send(message, settings.alerts)):
        say(problem)
