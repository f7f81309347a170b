"""`dedup run`: the main job."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from dedup.cli import options
from dedup.cli.console import note, out, print_json
from dedup.cli.failures import QUALITY_GATE, USAGE, CommandError

_EPILOG = options.examples(
    ("dedup run", "all sources of dedup.toml"),
    ("dedup run pages/ more.parquet -w warehouse", "folders, files, globs; no configuration needed"),
    ("dedup run wenku --limit 200 --dry-run", "a quick look at one source, nothing is published"),
    ("dedup run gov --mirror", "what gov does not hold any more is removed"),
    ("dedup run --no-prefect --json | jq .copies", "the same stages without Prefect, for scripts"),
    after="Exit codes: 0 published, 1 error, 2 usage, 3 stopped by a quality gate, 4 a source shrank too much, "
    "5 another run holds the lock.",
)


def run(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Names of declared sources, files, folders, globs or urls. Default: all declared sources."),
    ] = None,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    no_prefect: Annotated[
        bool, typer.Option("--no-prefect", help="Same stages without Prefect, whose temporary server takes seconds.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Read at most this many documents.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but publish.")] = False,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="The sources are complete: remove what they do not hold any more.")
    ] = False,
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="With --mirror: also when much of a source is absent.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do not take up what an earlier run that was killed or failed has finished.")
    ] = False,
    json: options.Json = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress bars, and only the published path.")
    ] = False,
) -> None:
    """Read, cut, match, cluster, check and publish a release."""
    from dedup.cli.progress import show_progress
    from dedup.cli.summary_view import LABEL, readable_path, summary_lines
    from dedup.engines.telling import telling
    from dedup.sources import resolve_sources
    from dedup.sources.locate import is_remote, list_entries

    if mirror and limit is not None:
        raise CommandError("--mirror takes the sources as complete, and --limit reads a part of them", USAGE)
    if allow_shrink and not mirror:
        raise CommandError("--allow-shrink goes with --mirror: without it nothing is removed", USAGE)
    settings = options.read_settings(config, warehouse)
    # What the configuration declares and is not there is told by webhook too; what was mistyped, to its author alone.
    with telling(settings, note, dry_run=dry_run) if not sources else nullcontext():
        chosen = resolve_sources(sources or [], settings)
    for source in chosen:
        if not is_remote(source.path) and next(iter(list_entries(source)), None) is None:
            note(f"{source.path} holds no file that is read; `dedup init --from DIR` shows what can be")
    prefect_seconds: float | None = None
    waiting_for = "" if no_prefect else "start Prefect (--no-prefect skips it)"
    with show_progress(not quiet and not json, waiting_for) as observer:
        if no_prefect:
            from dedup.engines.local import run as run_locally

            with telling(settings, note, dry_run=dry_run) as ending:
                summary = ending.summary = run_locally(
                    settings,
                    chosen,
                    limit=limit,
                    dry_run=dry_run,
                    mirror=mirror,
                    allow_shrink=allow_shrink,
                    fresh=fresh,
                    observer=observer,
                )
        else:
            from dedup.engines.launch import run_with_prefect

            summary, prefect_seconds = run_with_prefect(
                settings,
                chosen,
                limit=limit,
                dry_run=dry_run,
                mirror=mirror,
                allow_shrink=allow_shrink,
                fresh=fresh,
                observer=observer,
            )
    if json:
        print_json({**summary.as_dict(), "prefect_seconds": prefect_seconds})
    elif quiet:
        if summary.outcome == "published" and summary.release_path:
            print(readable_path(summary.release_path))
    else:
        from rich.text import Text

        first, *rest = summary_lines(summary, prefect_seconds)
        out().print(Text(first, "bold"))
        for line in rest:
            text = Text(line)
            text.stylize("bold", 0, LABEL)
            out().print(text)
    if summary.outcome == "rejected":
        if quiet or json:
            for problem in summary.problems:
                note(f"error: {problem}")
        raise typer.Exit(QUALITY_GATE)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG, rich_help_panel="Run")(run)
