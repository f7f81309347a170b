"""The progress of a run: bars on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from dedup.engines.observing import Observer


class BarObserver:
    """Draws one bar per stage; finished stages stay as a line with their seconds and what came out."""

    def __init__(self, progress: Progress, waiting_for: str = "") -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._waiting = progress.add_task(waiting_for, total=None, note="", count="") if waiting_for else None

    def stage_started(self, stage: str, total: int | None) -> None:
        """Begin a bar; one that swings to and fro when the total is not known."""
        if self._waiting is not None:
            self._progress.remove_task(self._waiting)
            self._waiting = None
        self._tasks[stage] = self._progress.add_task(_words(stage), total=total, note="", count="")

    def advanced(self, stage: str, done: int, note: str = "") -> None:
        """Move the bar."""
        if stage in self._tasks:
            task = self._tasks[stage]
            total = self._total(task)
            count = f"{done:,} of {int(total):,}" if total and total > 1 else f"{done:,}"
            self._progress.update(task, completed=done, count=count, note=note[-48:])

    def stage_finished(self, stage: str, seconds: float, note: str = "") -> None:
        """Fill the bar; its note says what came out."""
        if stage in self._tasks:
            task = self._tasks[stage]
            total = self._total(task) or 1
            self._progress.update(task, total=total, completed=total, note=note)

    def _total(self, task: TaskID) -> float | None:
        return next((t.total for t in self._progress.tasks if t.id == task), None)


def _words(stage: str) -> str:
    from dedup.engines.local import STAGES

    return STAGES.get(stage, stage)


@contextmanager
def show_progress(wanted: bool, waiting_for: str = "") -> Iterator[Observer]:
    """Yield an observer that draws bars on stderr, or a silent one when nobody would see them.

    Parameters
    ----------
    waiting_for : what is shown until the first stage begins
    """
    from dedup.engines.observing import SilentObserver

    if not wanted or not sys.stderr.isatty():
        yield SilentObserver()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<36}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]:>12}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield BarObserver(progress, waiting_for)
