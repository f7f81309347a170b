"""The page of all runs: every figure over time, the alarms of each run; one file without script, font or network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dedup.alert_settings import AlarmSettings
from dedup.alerts.chart import line_chart
from dedup.alerts.history import RunRecord
from dedup.alerts.rules import Alarm, find_alarms, runs_needed
from dedup.alerts.series import Series, series_of_runs, series_of_source, sources_of

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --ink: #1b5e8c; --alarm: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #7cc0ec; --alarm: #ff8a80; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; overflow-wrap: anywhere; }
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); }
figure { margin: 0; } figcaption { font-weight: 600; }
figcaption span { font-weight: 400; opacity: .8; }
svg { width: 100%; height: auto; font-size: 11px; } svg text { fill: currentColor; opacity: .8; }
.grid { stroke: var(--line); } .line { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.point { fill: var(--ink); } .alarm { fill: var(--alarm); } .range { stroke: var(--ink); opacity: .4; stroke-width: 3; }
table { border-collapse: collapse; width: 100%; } .number { text-align: right; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; }
td.alarms { color: var(--alarm); } .wide { overflow-x: auto; }
"""
#: Kind of alarm -> title of the figure that it is about.
_ABOUT = {
    "duplicates": "of those repeated",
    "quarantine": "in quarantine",
    "silent": "new",
    "back": "new",
    "empty": "read",
    "recall": "recall",
    "slow": "seconds",
}


def alarms_over_time(
    history: Sequence[RunRecord], settings: AlarmSettings, last: int | None = None
) -> list[list[Alarm]]:
    """Return the alarms of each of the last runs (of all by default), by the runs before it and today's bounds."""
    first = 0 if last is None else max(0, len(history) - last)
    return [
        find_alarms(history[max(0, i + 1 - runs_needed(settings)) : i + 1], settings)
        for i in range(first, len(history))
    ]


def runs_page(history: Sequence[RunRecord], settings: AlarmSettings, title: str, *, shown: int | None = None) -> str:
    """Return the page of runs as HTML; names that pages or sources gave are escaped.

    Parameters
    ----------
    history : runs, oldest first
    shown : how many of the newest are drawn; those before them are only compared with
    """
    drawn = len(history) if shown is None else shown
    alarms = alarms_over_time(history, settings, drawn)
    history = history[len(history) - drawn :]
    labels = [run.release_id for run in history]
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>Runs</title>',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{len(history):,} runs, oldest on the left. Points in red raised an alarm.</p>",
    ]
    parts += ["<h2>All sources</h2>", _charts(series_of_runs(history), labels, alarms, "")]
    for name in sources_of(history):
        parts += [f"<h2>{escape(name)}</h2>", _charts(series_of_source(history, name), labels, alarms, name)]
    parts += ["<h2>Runs</h2>", _table(history, alarms)]
    return "\n".join([*parts, "</body></html>", ""])


def _charts(figures: Sequence[Series], labels: Sequence[str], alarms: Sequence[Sequence[Alarm]], source: str) -> str:
    drawn = []
    for series in figures:
        marked = [any(a.source == source and _ABOUT[a.kind] == series.title for a in found) for found in alarms]
        if chart := line_chart(series, labels, marked):
            last = series.written(series.values[-1]) or "not measured"
            drawn.append(
                f"<figure><figcaption>{escape(series.title)} <span>{escape(last)}</span></figcaption>{chart}</figure>"
            )
    return f'<div class="charts">{"".join(drawn)}</div>'


def _table(history: Sequence[RunRecord], alarms: Sequence[Sequence[Alarm]]) -> str:
    figures = series_of_runs(history)
    head = "<th>Release</th><th>Begun (UTC)</th>"
    head += "".join(f'<th class="number">{escape(series.title)}</th>' for series in figures) + "<th>Alarms</th>"
    rows = []
    for i in reversed(range(len(history))):
        cells = "".join(f'<td class="number">{escape(series.written(series.values[i]))}</td>' for series in figures)
        said = "<br>".join(escape(alarm.message) for alarm in alarms[i])
        begun = f"{history[i].started_at:%Y-%m-%d %H:%M}"
        rows.append(
            f'<tr><td>{escape(history[i].release_id)}</td><td>{begun}</td>{cells}<td class="alarms">{said}</td></tr>'
        )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
