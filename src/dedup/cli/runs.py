"""`dedup runs`: what every run measured, over time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedup.cli import options
from dedup.cli.console import Column, note, plural, print_json, print_table
from dedup.cli.failures import USAGE, CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedup.alerts.history import RunRecord
    from dedup.alerts.rules import Alarm
    from dedup.alerts.series import Series

_EPILOG = options.examples(
    ("dedup runs", "the last runs, and each figure as a line"),
    ("dedup runs --source gov", "the figures of one source"),
    ("dedup runs --html runs.html", "a page with charts, to open in a browser or send"),
    ("dedup runs --json | jq '.[-1].alarms'", "for scripts"),
)
#: Figures of whole runs that stand in the table; all of them follow as lines over time.
_BRIEF = frozenset(
    {"documents", "new documents", "distinct reports", "share of copies", "quarantine", "recall", "seconds"}
)


def runs(
    source: Annotated[
        str | None, typer.Option("--source", help="Figures of this source. Default: of all.", show_default=False)
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page with charts to this file.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Newest runs to show; 0 shows all.")] = 30,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
    json: options.Json = False,
) -> None:
    """Show what each run measured, and which of it was out of the ordinary."""
    from dedup.alerts.history import read_history
    from dedup.alerts.page import alarms_over_time, runs_page
    from dedup.alerts.rules import runs_needed
    from dedup.alerts.series import series_of_runs, series_of_source, sources_of

    settings = options.read_settings(config, warehouse).alarms
    opened = options.read_release(warehouse, config, release)
    # The runs before those that are shown are what they are compared with.
    history = read_history(opened.arrow("runs"), limit + runs_needed(settings) if limit else None)
    shown = history[-limit:] if limit else history
    if source is not None and source not in (known := sources_of(shown)):
        raise CommandError(f"no source {source!r} in these runs; there are {', '.join(known) or 'none'}", USAGE)
    if html is not None:
        html.parent.mkdir(parents=True, exist_ok=True)
        title = str(opened.manifest.get("title") or "Runs")
        html.write_text(runs_page(history, settings, title, shown=len(shown)), encoding="utf-8")
        note(f"{plural(len(shown), 'run')} in {html}")
        return
    raised = alarms_over_time(history, settings, len(shown))
    if json:
        print_json([_as_dict(run, found) for run, found in zip(shown, raised, strict=True)])
        return
    figures = series_of_source(shown, source) if source is not None else series_of_runs(shown)
    figures = [series for series in figures if series.known]
    _print_runs(shown, raised, [s for s in figures if source is not None or s.title in _BRIEF], source)
    if len(shown) > 1:
        print()
        _print_trends(figures)


def _print_runs(
    history: Sequence[RunRecord], alarms: Sequence[Sequence[Alarm]], figures: Sequence[Series], source: str | None
) -> None:
    columns = [Column("release"), Column("begun (UTC)"), *(Column(series.title, right=True) for series in figures)]
    rows = []
    for i in reversed(range(len(history))):
        mine = [alarm for alarm in alarms[i] if source is None or alarm.source == source]
        row = [history[i].release_id, f"{history[i].started_at:%Y-%m-%d %H:%M}"]
        row += [series.written(series.values[i]) for series in figures]
        rows.append([*row, "; ".join(alarm.message for alarm in mine)])
    if any(row[-1] for row in rows):
        columns.append(Column("alarms", flexible=True))
    else:
        rows = [row[:-1] for row in rows]
    print_table(columns, rows)


def _print_trends(figures: Sequence[Series]) -> None:
    from dedup.alerts.series import sparkline

    columns = [Column("figure"), Column("over time"), *(Column(name, right=True) for name in ("least", "most", "last"))]
    rows = [
        [
            series.title,
            sparkline(series.values),
            series.written(min(series.known)),
            series.written(max(series.known)),
            series.written(series.values[-1]),
        ]
        for series in figures
    ]
    print_table(columns, rows)


def _as_dict(run: RunRecord, alarms: Sequence[Alarm]) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "run_id": run.run_id,
        "release_id": run.release_id,
        "started_at": run.started_at,
        "alarms": [asdict(alarm) for alarm in alarms],
        "metrics": run.values,
    }


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG, rich_help_panel="Look")(runs)
