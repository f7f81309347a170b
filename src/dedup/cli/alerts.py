"""`dedup alerts`: whether the places that are told about runs are reached."""

from __future__ import annotations

from typing import Annotated

import typer

from dedup.cli import options
from dedup.cli.console import print_json, print_table
from dedup.cli.failures import ERROR, USAGE, CommandError

_alerts = typer.Typer(help="Messages about runs: [[alerts.webhook]] of dedup.toml.", no_args_is_help=True)


@_alerts.callback()
def _root() -> None:
    """Messages about runs: [[alerts.webhook]] of dedup.toml."""


@_alerts.command(
    name="test",
    epilog=options.examples(
        ("dedup alerts test", "a message to each webhook"),
        ("dedup alerts test --message '迁移完成'", "in words of your own"),
    ),
)
def send_test(
    message: Annotated[str, typer.Option("--message", "-m", help="What to say.")] = "This is a test; nothing happened.",
    config: options.Config = None,
    warehouse: options.Warehouse = None,
    json: options.Json = False,
) -> None:
    """Send a test message to every webhook, whatever it is told of otherwise."""
    from dataclasses import asdict
    from datetime import UTC, datetime

    from dedup.alerts.message import Message
    from dedup.alerts.sending import send
    from dedup.cli.console import Column
    from dedup.engines.assets import short_name

    settings = options.read_settings(config, warehouse)
    if not settings.alerts.webhook:
        raise CommandError(
            "no webhook is declared; `dedup init` writes a dedup.toml that shows how: [[alerts.webhook]]", USAGE
        )
    facts = {"outcome": "test", "warehouse": str(settings.warehouse)}
    title = f"{short_name(settings.warehouse)}: a test message"
    deliveries = send(Message((), title, (message,), datetime.now(UTC), facts), settings.alerts, everywhere=True)
    if json:
        print_json([asdict(delivery) for delivery in deliveries])
    else:
        columns = [Column("place"), Column("tries", right=True), Column("result", flexible=True)]
        print_table(columns, [[d.place, str(d.attempts), d.problem or "delivered"] for d in deliveries])
    if any(delivery.problem for delivery in deliveries):
        raise typer.Exit(ERROR)


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.add_typer(_alerts, name="alerts", rich_help_panel="Run")
