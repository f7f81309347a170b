"""`dedup inspect`: the web page over a release, served or written as files."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedup.cli import options
from dedup.cli.console import note
from dedup.cli.failures import USAGE, CommandError

if TYPE_CHECKING:
    from dedup.inspector.desk import Desk
    from dedup.inspector.serving import Shelf

#: Addresses that stand for all of a machine; nobody can open them.
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - only compared with
_EPILOG = options.examples(
    ("dedup inspect", "opens the newest release in the browser; follows new ones"),
    ("dedup inspect --release 2026-11-21.1 --port 8600", "one release, on a port of your choice"),
    ("dedup inspect --host 0.0.0.0 --no-browser", "for colleagues: prints an address with a token"),
    ("dedup inspect --static report --lang zh", "the same pages as files, to mail or to archive"),
)


def inspect(
    host: Annotated[
        str, typer.Option(help="Address to listen on; anything but loopback asks visitors for a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Name under which the server is reached, such as data.example.", show_default=False),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(envvar="DEDUP_INSPECT_TOKEN", help="Token to ask for. Default: a new one.", show_default=False),
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Only look: no decisions are taken.")] = False,
    who: Annotated[
        str | None,
        typer.Option(help="Name that decisions carry. Default: as configured, else yours.", show_default=False),
    ] = None,
    static: Annotated[Path | None, typer.Option(help="Write the pages into this folder.", show_default=False)] = None,
    clusters: Annotated[
        int, typer.Option(min=1, help="With --static: clusters to write, the most interesting ones.")
    ] = 300,
    lang: Annotated[str, typer.Option(help="With --static: language of the pages, en or zh.")] = "en",
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
) -> None:
    """Look at a release in the browser: what was joined and why, figures, set phrases, quality."""
    from dedup.inspector.language import LANGUAGES
    from dedup.inspector.serving import Shelf
    from dedup.releases.layout import RELEASES

    if lang not in LANGUAGES:
        raise CommandError(f"--lang {lang}: expected one of {', '.join(LANGUAGES)}", USAGE)
    settings = options.read_settings(config, warehouse)
    shelf = Shelf(settings.warehouse, release)
    store = shelf.store()
    try:
        if static is not None:
            from dedup.inspector.static_site import write_site
            from dedup.releases.rendered import note_rendered

            written = write_site(store, static, lang=lang, clusters=clusters)
            if not note_rendered(settings.warehouse, static):
                note("no warehouse can be written to: `dedup forget` will not know of these pages")
            note(written.describe())
            print(static / "index.html")
            return
        desk = None
        if not read_only and (settings.warehouse / RELEASES).is_dir():
            from dedup.cli.deciders import decider
            from dedup.inspector.desk import Desk

            desk = Desk(settings, decider(settings, who))
        _serve(shelf, desk, host, port, browser, allow_host or [], token)
    finally:
        shelf.close()


def _serve(
    shelf: Shelf, desk: Desk | None, host: str, port: int, browser: bool, names: list[str], token: str | None
) -> None:
    import threading
    from contextlib import ExitStack

    from dedup.inspector.app import create_app
    from dedup.inspector.security import Guard, is_loopback
    from dedup.inspector.serving import listening, new_token, prepare, serve

    if token is None and not is_loopback(host):
        token = new_token()
    hosts = {*names, *([] if is_loopback(host) else [host])}
    app = create_app(shelf, Guard(token, frozenset(hosts)), desk)
    with ExitStack() as held:
        try:
            bound = held.enter_context(listening(host, port))
        except OSError as error:
            raise CommandError(_why_deaf(host, port, error)) from None
        shown = "127.0.0.1" if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
        address = f"http://{names[0] if names else shown}:{bound.getsockname()[1]}/"
        note(f"release     {shelf.store().id}")
        if token is not None:
            note("token       visitors need the address below; it is a key, do not publish it")
        print(address + (f"?token={token}" if token else ""), flush=True)
        note("stop with   Ctrl-C")
        threading.Thread(target=prepare, args=(shelf.store(),), daemon=True).start()
        if browser:
            import webbrowser

            webbrowser.open(address + (f"?token={token}" if token else ""))
        serve(app, bound)


def _why_deaf(host: str, port: int, error: OSError) -> str:
    """Return why nothing can listen at an address, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken, perhaps by another `dedup inspect`; without --port a free one is found"
    if error.errno == errno.EACCES:
        return f"port {port} is not for everybody to take; name one above 1023, or none"
    return f"{host}: no address of this machine ({error.strerror or error}); --host names one, 127.0.0.1 by default"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG, rich_help_panel="Look")(inspect)
