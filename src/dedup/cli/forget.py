"""`dedup forget`: pages leave for good, and do not come back with the next crawl."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedup.cli import options
from dedup.cli.console import note, out, plural, print_facts, print_json
from dedup.cli.failures import LOCKED, QUALITY_GATE, USAGE, CommandError

if TYPE_CHECKING:
    from dedup.engines.forgetting import Preview, Wanted
    from dedup.releases.receipts import Receipt
    from dedup.settings import Settings

_EPILOG = options.examples(
    ("dedup forget https://example.org/a.html --dry-run", "what it holds of a page, and where"),
    ("dedup forget https://example.org/a.html --purge", "gone from everything, elder releases too"),
    ("dedup forget --site example.org --later", "a whole site; the next run publishes without it"),
    ("dedup forget --file list.txt --yes", "a uri on each line, for scripts"),
    ("dedup forget --undo https://example.org/a.html", "the next crawl may bring it back"),
    after="Copies of the same text on other pages stay: they are other people's pages. Elder releases keep what they "
    "hold until they are pruned; --purge removes those that hold it. Exit codes: 0 done, 1 error, 2 usage, "
    "3 stopped by a quality gate (the tombstones stand), 5 another run holds the lock.",
)
#: Pages named before a question.
_SHOWN = 10


def forget(
    uris: Annotated[
        list[str] | None, typer.Argument(help="Uris of pages or records (records.uri), or ids d_….", show_default=False)
    ] = None,
    prefix: Annotated[
        list[str] | None, typer.Option(help="All pages whose uri begins so, now and later.", show_default=False)
    ] = None,
    site: Annotated[
        list[str] | None, typer.Option(help="All pages of a site (documents.site), now and later.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="File with a uri on each line; `-` reads them.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be forgotten.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    later: Annotated[bool, typer.Option("--later", help="Leave the release without them to the next run.")] = False,
    purge: Annotated[bool, typer.Option("--purge", help="Also remove elder releases that hold them.")] = False,
    unseen: Annotated[bool, typer.Option("--unseen", help="Also what no release knows, to keep it out.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Lift tombstones instead.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="With --undo: all of them.")] = False,
    standing: Annotated[bool, typer.Option("--list", help="Say how many tombstones stand.")] = False,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Forget pages: they leave the next release with every quote of them, and never come back."""
    settings = options.read_settings(config, warehouse)
    wanted = _wanted(uris, prefix, site, file)
    if everything and not undo:
        raise CommandError("--all goes with --undo", USAGE)
    if standing:
        _print_standing(settings.warehouse, json)
    elif undo:
        _undo(settings, wanted, everything, yes, json)
    elif not wanted and not purge:
        raise CommandError("nothing is named: give uris, --prefix, --site or --file", USAGE)
    else:
        _forget(settings, wanted, dry_run, yes, later, purge, unseen, json)


def _wanted(
    uris: list[str] | None, prefixes: list[str] | None, sites: list[str] | None, file: Path | None
) -> list[Wanted]:
    from dedup.engines.forgetting import Wanted

    named = list(uris or [])
    if file is not None:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8-sig")
        named += [line.strip() for line in text.splitlines() if line.strip()]
    wanted = [Wanted("uri", name.strip()) for name in named]
    wanted += [Wanted("prefix", name.strip()) for name in prefixes or []]
    wanted += [Wanted("site", name.strip()) for name in sites or []]
    if any(not w.name for w in wanted):
        raise CommandError("an empty name would forget everything, or nothing; name a page", USAGE)
    return list(dict.fromkeys(wanted))


def _forget(
    settings: Settings,
    wanted: list[Wanted],
    dry_run: bool,
    yes: bool,
    later: bool,
    purge: bool,
    unseen: bool,
    json: bool,
) -> None:
    from dedup.cli.progress import show_progress
    from dedup.engines.forgetting import forget as forget_pages
    from dedup.engines.forgetting import preview_forgetting

    folder = settings.warehouse
    if not folder.is_dir():
        raise CommandError(f"{folder}: no warehouse here; name one with --warehouse")
    preview = preview_forgetting(folder, wanted)
    if preview.unknown and not unseen:
        raise CommandError(
            f"not known in any release: {', '.join(preview.unknown[:5])}{', …' if len(preview.unknown) > 5 else ''}; "
            "`dedup sql \"select uri from records where uri like '%part%'\"` finds how it is written, "
            "--unseen keeps it out all the same"
        )
    if dry_run:
        _print_preview(preview, json)
        return
    if not yes:
        _ask(preview, wanted, purge)
    with show_progress(not json) as observer:
        receipt, path = forget_pages(settings, wanted, later=later, purge=purge, observer=observer)
    if json:
        print_json({**receipt.as_dict(), "receipt": str(path)})
    else:
        print_facts(receipt_lines(receipt, path))
    if receipt.outcome == "rejected":
        raise typer.Exit(QUALITY_GATE)
    if receipt.outcome == "locked":
        raise typer.Exit(LOCKED)


def _ask(preview: Preview, wanted: list[Wanted], purge: bool) -> None:
    if not sys.stdin.isatty():
        raise CommandError("what is forgotten is gone for good: add --yes, or look first with --dry-run", USAGE)
    for uri in preview.uris[:_SHOWN]:
        note(uri)
    if len(preview.uris) > _SHOWN:
        note(f"… and {len(preview.uris) - _SHOWN:,} more")
    held = ", ".join(preview.held_by)
    if not wanted:
        typer.confirm(f"Remove {held or 'nothing'}, as far as readers do not get it?", abort=True, err=True)
        return
    n = plural(len(preview.uris), "page") if preview.uris else plural(len(wanted), "name")
    elder = f", and remove what holds them ({held})" if purge and held else ""
    typer.confirm(f"Forget {n} for good{elder}?", abort=True, err=True)


def _print_preview(preview: Preview, json: bool) -> None:
    if json:
        print_json(
            {
                "unknown": list(preview.unknown),
                "uris": list(preview.uris),
                "held_by": list(preview.held_by),
                "rows": preview.found.rows,
                "refused": preview.refused,
                "copies_elsewhere": preview.found.copies,
            }
        )
        return
    for uri in preview.uris:
        print(uri)
    facts = [("pages", f"{len(preview.uris):,}")]
    if preview.refused:
        facts.append(("quarantine", plural(preview.refused, "record")))
    facts += [
        ("rows", _rows(preview.found.rows)),
        ("held by", ", ".join(preview.held_by) or "nothing"),
        ("copies", _copies(preview.found.copies)),
        ("next", "nothing was written; the same command without --dry-run does it"),
    ]
    print_facts(facts)


def receipt_lines(receipt: Receipt, path: Path) -> list[tuple[str, str]]:
    """Return a receipt as labels and sentences; they name no page."""
    asked = plural(len(receipt.tombstones), "tombstone")
    held = f"; the last release held {plural(receipt.documents, 'page')} of them" if receipt.documents else ""
    held += f"; its quarantine told of {receipt.refused:,}" if receipt.refused else ""
    lines = [("forgotten", f"{asked} left{held}")]
    if receipt.rows:
        lines.append(("rows", _rows(receipt.rows)))
        lines.append(("copies", _copies(receipt.copies_elsewhere)))
    lines.append(("release", _OUTCOMES[receipt.outcome].format(release=receipt.release_id)))
    lines += [("removed", f"{r.what} ({_amount(r.what, r.count)})") for r in receipt.removed]
    if receipt.freed_bytes:
        lines.append(("freed", f"{receipt.freed_bytes:,} bytes of disk"))
    if receipt.held_by:
        way = "`dedup forget --purge` or `dedup releases prune` removes them"
        lines.append(("held by", f"{', '.join(receipt.held_by)}; {way}"))
    else:
        lines.append(("held by", "no release of this warehouse"))
    lines += [("note", text) for text in receipt.notes]
    lines.append(("receipt", f"{path} ({receipt.seconds:.1f} s)"))
    return lines


_OUTCOMES = {
    "published": "{release}, without them",
    "rejected": "stopped by a quality gate: the last release still holds them; the tombstones stand, and any run that "
    "is published leaves them out",
    "later": "none yet: the next run leaves them out",
    "locked": "another run is at work: its release leaves them out; call this again afterwards for the rest",
    "nothing": "the last release holds nothing of them",
}


def _amount(what: str, count: int) -> str:
    return plural(count, {"decisions": "row", "artifacts of runs": "artifact"}.get(what, "file"))


def _rows(rows: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in rows.items()) or "none"


def _copies(n: int) -> str:
    return f"{plural(n, 'other page')} {'holds' if n == 1 else 'hold'} copies of their text and stay" if n else "none"


def _undo(settings: Settings, wanted: list[Wanted], everything: bool, yes: bool, json: bool) -> None:
    from dedup.engines.forgetting import Wanted, lift

    if not wanted and not everything:
        if not sys.stdin.isatty():
            raise CommandError("--undo needs the uri: the tombstone itself does not tell it", USAGE)
        wanted = [Wanted("uri", typer.prompt("Uri of the page, as it was forgotten", err=True))]
    if everything and not yes:
        if not sys.stdin.isatty():
            raise CommandError("all that was forgotten may come back: add --yes", USAGE)
        typer.confirm("Lift all tombstones? What was forgotten may come back.", abort=True, err=True)
    n, unknown = lift(settings, wanted, everything=everything)
    if json:
        print_json({"lifted": n, "unknown": list(unknown)})
    else:
        out().print(f"{plural(n, 'tombstone')} lifted; the next run takes the pages in where its sources hold them")
    if unknown:
        raise CommandError(f"no tombstone stands for: {', '.join(unknown)}")


def _print_standing(warehouse: Path, json: bool) -> None:
    from dedup.releases.tombstones import load_tombstones

    stones = load_tombstones(warehouse).stones
    kinds = {kind: sum(stone.kind == kind for stone in stones) for kind in ("uri", "prefix", "site")}
    if json:
        print_json({"tombstones": kinds})
        return
    days = sorted(stone.created_at[:10] for stone in stones)
    since = f", from {days[0]} to {days[-1]}" if days else ""
    named = ", ".join(plural(n, noun) for (_, n), noun in zip(kinds.items(), _NOUNS, strict=True) if n)
    out().print(f"{plural(len(stones), 'tombstone')}{f' ({named})' if named else ''}{since}; none tells what it is for")


_NOUNS = ("uri", "prefix of uris", "site")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_EPILOG, rich_help_panel="Releases")(forget)
