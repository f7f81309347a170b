"""What a run tells the world while it works: stages, progress, metrics."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Observer(Protocol):
    """Receives the progress of a run; a progress bar, a log, a Prefect logger."""

    def stage_started(self, stage: str, total: int | None) -> None:
        """Note that a stage begins; `total` is its number of steps when it is known."""

    def advanced(self, stage: str, done: int, note: str = "") -> None:
        """`done` steps of the stage are finished; `note` says at what."""

    def stage_finished(self, stage: str, seconds: float, note: str = "") -> None:
        """Note that a stage is over; `note` says what came out."""


class SilentObserver:
    """Tells nobody."""

    def stage_started(self, stage: str, total: int | None) -> None:
        """Ignore."""

    def advanced(self, stage: str, done: int, note: str = "") -> None:
        """Ignore."""

    def stage_finished(self, stage: str, seconds: float, note: str = "") -> None:
        """Ignore."""


def anonymous_mb() -> float:
    """Return the anonymous memory of this process in MB (file pages and memory maps are not counted)."""
    status = Path("/proc/self/status")
    if not status.exists():  # not Linux: the whole resident set is the nearest figure there is
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for line in status.read_text("ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _cpu_seconds() -> float:
    """Return the CPU seconds of this process and of the processes that it started and that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


@dataclass
class Meter:
    """Metrics of each stage of a run: stage -> metric -> value."""

    values: dict[str, dict[str, float]] = field(default_factory=dict)

    def note(self, stage: str, **metrics: float) -> None:
        """Record metrics of a stage."""
        self.values.setdefault(stage, {}).update({k: float(v) for k, v in metrics.items()})

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Record wall and CPU seconds of a block (with processes that it started and ended), memory at its end."""
        wall, cpu = time.perf_counter(), _cpu_seconds()
        try:
            yield
        finally:
            self.note(
                stage,
                wall_s=round(time.perf_counter() - wall, 4),
                cpu_s=round(_cpu_seconds() - cpu, 4),
                anonymous_mb=round(anonymous_mb(), 1),
                peak_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            )

    @contextmanager
    def add(self, stage: str) -> Iterator[None]:
        """Add the wall seconds of a block, and the CPU seconds of this thread, to those of a stage in many pieces."""
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self.spend(stage, time.perf_counter() - wall, time.thread_time() - cpu)

    def spend(self, stage: str, wall_s: float, cpu_s: float) -> None:
        """Add seconds that were measured elsewhere, in a thread or a process; those of pieces side by side add up."""
        before = self.values.get(stage, {})
        self.note(
            stage,
            wall_s=round(before.get("wall_s", 0.0) + wall_s, 4),
            cpu_s=round(before.get("cpu_s", 0.0) + cpu_s, 4),
        )

    def seconds(self, stage: str) -> float:
        """Return the wall seconds of a stage."""
        return self.values.get(stage, {}).get("wall_s", 0.0)
