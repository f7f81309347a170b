"""`dedup serve`: scheduled runs."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedup.cli import options
from dedup.cli.console import note, print_facts
from dedup.cli.failures import USAGE, CommandError

if TYPE_CHECKING:
    from dedup.engines.serving import Service

_EPILOG = options.examples(
    ('dedup serve --cron "0 2 * * *"', "every night at two, all sources of dedup.toml"),
    ('dedup serve --cron "30 1 * * 1-5" --timezone Asia/Shanghai', "on working days, in another zone's time"),
    ("dedup serve gov --every 6h --name gov", "one source, four times a day"),
    ("dedup serve", "no schedule: runs begin when they are asked for"),
    after="Runs on the Prefect server that PREFECT_API_URL names, else on one of this machine, which is started where "
    "none is running. Ctrl-C stops it and pauses the schedule. Pause and resume a schedule in the web page of the "
    "server, or with `prefect deployment schedule pause`. One run at a time: a run that would begin while another is "
    "at work is left out, the next one reads whatever is there.",
)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
#: Shorter intervals would start runs faster than the smallest one can end.
_LEAST_SECONDS = 5


def serve(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Names of declared sources, files, folders, globs or urls. Default: all declared sources."),
    ] = None,
    cron: Annotated[
        str | None, typer.Option("--cron", help="When to run, five fields: minute hour day month weekday.")
    ] = None,
    every: Annotated[str | None, typer.Option("--every", help="Or the time between runs: 90m, 6h, 1d.")] = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", help="Time zone of the cron line. Default: this machine's.", show_default=False),
    ] = None,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="Name of the deployment. Default: that of the warehouse.", show_default=False),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Tag of its runs, besides dedup; repeatable.")] = None,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Take the sources as complete, and remove what they lack.")
    ] = False,
) -> None:
    """Run the flow on a schedule, until Ctrl-C."""
    from dedup.engines.assets import short_name
    from dedup.engines.gate import require_rules
    from dedup.engines.launch import silence_telemetry
    from dedup.sources import resolve_sources

    settings = options.read_settings(config, warehouse)
    # Mistakes are told now, not at two in the morning.
    resolve_sources(sources or [], settings)
    require_rules(settings.quality)
    if cron is not None and every is not None:
        raise CommandError("--cron and --every are two ways to say the same; give one", USAGE)

    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO")
    silence_telemetry()
    from dedup.engines.prefect_server import ServerMissing, prefect_server
    from dedup.engines.serving import BadSchedule, Service, make_deployment
    from dedup.engines.serving import serve as serve_runs

    parameters = _parameters(sources, config, settings.warehouse, mirror=mirror)
    service = Service(
        name=name or short_name(settings.warehouse),
        cron=cron,
        timezone=timezone or local_timezone(),
        every=parse_interval(every) if every else None,
        tags=("dedup", *(tag or [])),
        parameters=parameters,
    )
    try:
        make_deployment(service)
        with prefect_server(note) as url:
            print_facts(_facts(service, url))
            serve_runs(service, settings, note)
    except BadSchedule as error:
        raise CommandError(str(error), USAGE) from None
    except ServerMissing as error:
        raise CommandError(str(error)) from None
    except KeyboardInterrupt:
        note("stopped; the schedule is paused until the next `dedup serve`")


def parse_interval(text: str) -> timedelta:
    """Return the time that `90m`, `6h`, `1d` or `45s` stands for."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([smhd])", text.strip().lower())
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if seconds < _LEAST_SECONDS:
        raise CommandError(f"--every {text}: expected a time such as 90m, 6h or 1d, {_LEAST_SECONDS}s at least", USAGE)
    return timedelta(seconds=seconds)


def local_timezone() -> str:
    """Return the name of this machine's time zone, such as `Asia/Shanghai`; UTC where it does not say."""
    named = os.environ.get("TZ", "").lstrip(":")
    if not named:
        named = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    try:
        from zoneinfo import ZoneInfo

        return ZoneInfo(named).key if named else "UTC"
    except (KeyError, ValueError, OSError):
        return "UTC"


def _parameters(sources: list[str] | None, config: Path | None, warehouse: Path, *, mirror: bool) -> dict[str, Any]:
    """Return the parameters of the flow; paths are absolute, since runs may begin in another folder."""
    from dedup.settings import CONFIG_NAME
    from dedup.workspaces import public_name

    file = config if config is not None else Path(CONFIG_NAME)
    named = [str(Path(s).resolve()) if Path(s).exists() else s for s in sources or []]
    return {
        "sources": named or None,
        "config": str(file.resolve()) if file.exists() else None,
        "warehouse": public_name(warehouse.resolve()),
        "mirror": mirror,
    }


def _facts(service: Service, url: str) -> list[tuple[str, str]]:
    when = f"cron {service.cron} ({service.timezone})" if service.cron else "when asked for"
    when = f"every {service.every}" if service.every else when
    run = f"prefect deployment run publish-reports/{service.name}"
    return [
        ("serving", f"publish-reports/{service.name}: {when}"),
        ("warehouse", str(service.parameters["warehouse"])),
        ("run now", f"PREFECT_API_URL={url} {run}"),
        ("stop", "Ctrl-C"),
    ]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG, rich_help_panel="Run")(serve)
