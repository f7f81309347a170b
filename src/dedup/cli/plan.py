"""`dedup plan`: what a run would do, before it does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dedup.cli import options
from dedup.cli.console import Column, out, plural, print_facts, print_json, print_table
from dedup.cli.failures import SOURCE_SHRANK

if TYPE_CHECKING:
    from dedup.engines.planning import Plan

_EPILOG = options.examples(
    ("dedup plan", "all sources of dedup.toml"),
    ("dedup plan gov --mirror", "what would be removed, if gov is complete"),
    ("dedup plan --json | jq .seconds", "figures for scripts"),
    after="Sources are read and compared with the last release; nothing is written, no lock is taken. Exit code 4 when "
    "the run would stop because a source shrank too much.",
)


def plan(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Names of declared sources, files, folders, globs or urls. Default: all declared sources."),
    ] = None,
    mirror: Annotated[bool, typer.Option("--mirror", help="As for `dedup run`: the sources are complete.")] = False,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Say what a run would do: new, changed, unchanged, gone, made anew, and about how long."""
    from dedup.cli.progress import show_progress
    from dedup.engines.planning import plan_run
    from dedup.sources import count_inputs, resolve_sources

    settings = options.read_settings(config, warehouse)
    chosen = resolve_sources(sources or [], settings)
    with show_progress(not json) as observer:
        observer.stage_started("read", count_inputs(chosen))
        found = plan_run(settings, chosen, mirror=mirror, observer=observer)
    if json:
        print_json(found.as_dict())
    else:
        _print(found, mirror)
    if found.stops:
        raise typer.Exit(SOURCE_SHRANK)


#: State -> heading: without --mirror nothing is gone.
_HEADINGS = {
    "new": "new",
    "changed": "changed",
    "unchanged": "unchanged",
    "carried": "not read, stays",
    "gone": "gone",
    "forgotten": "kept out",
}


def _print(found: Plan, mirror: bool) -> None:
    on = f"on {found.release_id}" if found.release_id else "the first of this warehouse"
    out().print(f"a release {on}", style="bold", markup=False)
    states = [state for state in _HEADINGS if state != "gone" or mirror]
    states = [state for state in states if state != "forgotten" or found.total("forgotten")]
    columns = [Column("source", flexible=True), *(Column(_HEADINGS[state], right=True) for state in states)]
    rows = [[s.source, *(f"{getattr(s, state):,}" for state in states)] for s in found.sources]
    if len(found.sources) > 1:
        rows.append(["all", *(f"{found.total(state):,}" for state in states)])
    print_table(columns, rows)
    facts = []
    if found.refused:
        rules = ", ".join(f"{n:,} {rule}" for rule, n in found.refused.items())
        facts.append(("quarantine", f"{sum(found.refused.values()):,} ({rules})"))
    if found.rebuilt:
        facts.append(("made anew", f"{', '.join(found.rebuilt)}, for all documents"))
        facts += [("because", change) for change in found.changes]
    facts += [("note", text) for text in found.notes]
    facts.append(("time", f"{_time(found.seconds)} ({found.seconds_from})"))
    if found.stops:
        facts.append(("stops", found.stops))
    print_facts(facts)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    if seconds < 90:
        return f"about {plural(max(1, round(seconds)), 'second')}"
    if seconds < 5400:
        return f"about {plural(round(seconds / 60), 'minute')}"
    return f"about {seconds / 3600:.1f} hours"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG, rich_help_panel="Run")(plan)
