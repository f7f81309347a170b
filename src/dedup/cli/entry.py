"""The entry of the command: puts the verbs together and turns errors into one line and an exit code."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dedup.cli import (
    alerts,
    check,
    decide,
    explain,
    figures,
    forget,
    inspect,
    label,
    look,
    make,
    pages,
    plan,
    release_verbs,
    run,
    runs,
    serve,
    shared_text,
)
from dedup.cli.failures import INTERRUPTED, explain_failure

_EPILOG = "Start with [bold]dedup init[/bold], then [bold]dedup run[/bold]; `dedup VERB --help` shows examples."

app = typer.Typer(
    name="dedup",
    help="Scraped reports in, a deduplicated, validated Parquet release out.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        from dedup import __version__

        print(f"dedup {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Scraped reports in, a deduplicated, validated Parquet release out."""


make.register_start(app)
run.register(app)
plan.register(app)
serve.register(app)
alerts.register(app)
look.register(app)
explain.register(app)
pages.register(app)
shared_text.register(app)
figures.register(app)
inspect.register(app)
decide.register(app)
release_verbs.register(app)
runs.register(app)
forget.register(app)
check.register(app)
label.register(app)
make.register_sample(app)


def _open_closed_streams() -> None:
    """Let standard streams that the caller closed lead nowhere.

    Otherwise Python has no `sys.stdout`, and the first files that are opened, such as the lock of the warehouse, get
    the numbers of the streams and with them what libraries print.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open until the end


def main() -> None:
    """Run the command; never shows a traceback unless `DEDUP_DEBUG=1` asks for it."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its number instead of an error.
        if isinstance(stream, io.TextIOWrapper) and (stream.encoding or "").lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="backslashreplace")
    if os.environ.get("DEDUP_DEBUG") == "1":
        app()
        return
    try:
        app()
    except SystemExit as end:
        # typer turns Ctrl-C into this exit code, without a word.
        if end.code == INTERRUPTED:
            print("stopped; the last release is untouched", file=sys.stderr)
        raise
    except Exception as error:  # the last line of defence: DEDUP_DEBUG=1 shows the traceback
        sys.exit(explain_failure(error))
