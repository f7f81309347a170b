"""`dedup sql` and `dedup releases`: asking a release, and looking after the shelf of them."""

from __future__ import annotations

import io
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedup.cli import options
from dedup.cli.console import Column, note, plural, print_json, print_table, shorten, width
from dedup.cli.failures import ERROR, USAGE, CommandError

if TYPE_CHECKING:
    import pyarrow as pa

    from dedup.releases import Pruning, ReleaseInfo

_SQL_EPILOG = options.examples(
    ('dedup sql "select title, n_copies from reports limit 10"', ""),
    ('dedup sql "describe records"', "the columns of a dataset"),
    ('dedup sql "select * from records" --format csv -o records.csv', ""),
    ("echo 'from clusters' | dedup sql - --format json", "the query from a pipe"),
)
_CELL = 48


class Format(StrEnum):
    """How the rows are written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT (DuckDB); `-` reads it from standard input.")],
    form: Annotated[Format, typer.Option("--format", "-f", help="How the rows are written.")] = Format.table,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write to. Default: the screen.", show_default=False)
    ] = None,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
) -> None:
    """Ask a release with SQL: a view per dataset, read-only."""
    if form is Format.parquet and output is None:
        raise CommandError("Parquet needs a file: add -o FILE", USAGE)
    text = sys.stdin.read() if query == "-" else query
    if not text.strip():
        raise CommandError('the query is empty; try: dedup sql "show tables"', USAGE)
    table = options.read_release(warehouse, config, release).sql(text)
    if output is None and form is Format.table:
        _print_rows(table)
        return
    if output is None:
        _write_text(table, form, None)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    if form is Format.parquet:
        import pyarrow.parquet as pq

        pq.write_table(table, output, compression="zstd")
    else:
        _write_text(table, Format.csv if form is Format.table else form, output)
    note(f"{plural(table.num_rows, 'row')} in {output}")


def _print_rows(table: pa.Table) -> None:
    import pyarrow as pa

    shown = table.slice(0, 200)
    numeric = [pa.types.is_integer(f.type) or pa.types.is_floating(f.type) for f in table.schema]
    most = max(_CELL, width() // max(1, table.num_columns))
    rows = [[_cell(value, most) for value in row.values()] for row in shown.to_pylist()] if table.num_columns else []
    print_table(
        [Column(f.name, right=n, flexible=not n) for f, n in zip(table.schema, numeric, strict=True)],
        rows,
    )
    if table.num_rows > shown.num_rows:
        note(f"… {table.num_rows - shown.num_rows:,} more rows; --format csv or -o FILE writes all of them")


def _cell(value: object, most: int) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:,.3f}".rstrip("0").rstrip(".")
    return shorten(str(value), most)


def _write_text(table: pa.Table, form: Format, output: Path | None) -> None:
    import csv
    import json

    from dedup.cli.console import plain_value

    # CSV for the screen in UTF-8 as it is; spreadsheets recognise UTF-8 by its mark, so files get one.
    handle = output.open("w", encoding="utf-8-sig" if form is Format.csv else "utf-8", newline="") if output else None
    if handle is None and isinstance(sys.stdout, io.TextIOWrapper):
        # Data for programs is UTF-8, whatever the terminal's own encoding is.
        sys.stdout.reconfigure(encoding="utf-8")
    stream = handle or sys.stdout
    try:
        if form is Format.json:
            for batch in table.to_batches():
                for row in batch.to_pylist():
                    stream.write(json.dumps(row, ensure_ascii=False, default=plain_value) + "\n")
        else:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(table.column_names)
            for batch in table.to_batches():
                writer.writerows(row.values() for row in batch.to_pylist())
    finally:
        if handle:
            handle.close()


_releases = typer.Typer(help="List, verify, compare, prune and cite the releases of a warehouse.", no_args_is_help=True)


@_releases.command(name="list", epilog=options.examples(("dedup releases list", "newest first")))
def list_verb(warehouse: options.Warehouse = None, config: options.Config = None, json: options.Json = False) -> None:
    """List the releases, newest first; the one that readers get is marked."""
    from dedup.releases import list_releases

    found = list_releases(warehouse if warehouse is not None else options.read_settings(config).warehouse)
    if json:
        print_json([_as_dict(info) for info in found])
        return
    rows = [
        [
            info.id,
            "latest" if info.is_latest else "damaged" if info.problem else "",
            info.created_at[:16].replace("T", " "),
            f"{info.rows.get('documents', 0):,}",
            f"{info.rows.get('reports', 0):,}",
            f"{info.rows.get('clusters', 0):,}",
            f"{info.n_bytes / 1e6:,.1f}",
            info.parent or "",
        ]
        for info in found
    ]
    counts = [Column(name, right=True) for name in ("documents", "reports", "clusters", "MB")]
    print_table([Column("release"), Column(""), Column("created (UTC)"), *counts, Column("built on")], rows)


@_releases.command(
    epilog=options.examples(("dedup releases verify", "the newest release"), ("dedup releases verify 2026-11-21.1", ""))
)
def verify(
    release: Annotated[str | None, typer.Argument(help="Release id. Default: the newest.")] = None,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Check a release against its manifest: every file, row count, schema, key and reference."""
    from dedup.releases import verify_release

    opened = options.read_release(warehouse, config, release)
    problems = verify_release(opened)
    if json:
        print_json({"release": opened.id, "problems": problems})
    elif problems:
        for problem in problems:
            print(problem)
        note(f"release {opened.id} is not what was published: {plural(len(problems), 'problem')}")
    else:
        rows = sum(opened.rows(name) for name in opened.datasets)
        sizes = f"{plural(len(opened.datasets), 'dataset')}, {plural(rows, 'row')}"
        print(f"release {opened.id} is as it was published: {sizes}")
    if problems:
        raise typer.Exit(ERROR)


@_releases.command(
    epilog=options.examples(
        ("dedup releases diff", "what the newest release changed"),
        ("dedup releases diff 2026-11-20.1 2026-11-21.1", "from the first to the second"),
    )
)
def diff(
    a: Annotated[str | None, typer.Argument(help="The elder release. Default: the one the other is built on.")] = None,
    b: Annotated[str | None, typer.Argument(help="The newer release. Default: the newest.")] = None,
    examples: Annotated[int, typer.Option(min=0, help="Keys of rows to show for each kind of change.")] = 0,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Compare two releases row by row."""
    from dataclasses import asdict

    from dedup.releases import diff_releases

    newer = options.read_release(warehouse, config, b)
    before = a or newer.manifest["parent"]
    if before is None:
        raise CommandError(f"release {newer.id} is built on no other; name one: dedup releases diff ELDER NEWER", USAGE)
    elder = options.read_release(warehouse, config, before)
    diffs = diff_releases(elder, newer)
    if json:
        print_json({"from": elder.id, "to": newer.id, "datasets": [asdict(d) for d in diffs]})
        return
    print(f"from {elder.id} to {newer.id}")
    kinds = ("added", "removed", "changed", "same")
    columns = [
        Column("dataset"),
        *(Column(kind, right=True) for kind in kinds),
        Column("changed columns", flexible=True),
    ]
    rows = [
        [
            d.name,
            *(f"{getattr(d, kind):,}" if getattr(d, kind) else "·" for kind in kinds),
            ", ".join(f"{name} {n:,}" for name, n in list(d.columns.items())[:6]),
        ]
        for d in diffs
    ]
    print_table(columns, rows)
    for d in diffs:
        for kind, keys in d.examples.items():
            for key in keys[:examples]:
                print(f"{d.name:<14}{kind:<9}{key}")


@_releases.command(
    epilog=options.examples(
        ("dedup releases prune --keep 10 --dry-run", "what would go"), ("dedup releases prune --keep 10", "")
    )
)
def prune(
    keep: Annotated[int, typer.Option(min=1, help="How many of the newest releases stay.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Remove old releases; the one that readers get always stays."""
    from dedup.releases import prune_releases, warehouse_lock

    folder = warehouse if warehouse is not None else options.read_settings(config).warehouse
    with warehouse_lock(folder):
        gone = prune_releases(folder, keep, dry_run=dry_run)
        held = _still_holding(folder, gone)
    if json:
        print_json(
            {
                "removed": [path.name for path in gone.folders],
                "freed_bytes": gone.freed_bytes,
                "shared_bytes": gone.shared_bytes,
                "hold_forgotten": held,
                "dry_run": dry_run,
            }
        )
    else:
        for path in gone.folders:
            print(path.name)
        shared = f"; {gone.shared_bytes / 1e6:,.1f} MB stay, which other releases need" if gone.shared_bytes else ""
        freed = f"{gone.freed_bytes / 1e6:,.1f} MB {'would be freed' if dry_run else 'freed'}{shared}"
        note(f"{plural(len(gone.folders), 'folder')} {'would be removed' if dry_run else 'removed'}, {freed}")
    if held:
        verb = "holds" if len(held) == 1 else "hold"
        note(f"{', '.join(held)} still {verb} forgotten pages; `dedup forget --purge` removes what does")


def _still_holding(folder: Path, gone: Pruning) -> list[str]:
    """Return the ids of releases that stay and hold what was forgotten."""
    from dedup.releases.tombstones import load_tombstones
    from dedup.releases.traces import Tracker

    stones = load_tombstones(folder)
    if not stones:
        return []
    stay = [trace for trace in Tracker(stones).releases(folder) if trace.path not in gone.folders]
    return [trace.path.name for trace in stay if trace.doc_ids or trace.refused]


@_releases.command(
    epilog=options.examples(("dedup releases cite", "the newest release"), ("dedup releases cite c_7f3a…", "a report"))
)
def cite(
    cluster: Annotated[str | None, typer.Argument(help="Id of a report. Default: the whole release.")] = None,
    bibtex: Annotated[bool, typer.Option("--bibtex", help="As a BibTeX entry.")] = False,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
) -> None:
    """Print how to cite a release, or one report of it."""
    from dedup.releases import cite_release

    try:
        citation = cite_release(options.read_release(warehouse, config, release), cluster)
    except KeyError as error:
        raise CommandError(f"{error.args[0]}; `dedup clusters --min-size 1` lists the reports", USAGE) from None
    print(citation.bibtex if bibtex else citation.text)


def _as_dict(info: ReleaseInfo) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(info)


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(epilog=_SQL_EPILOG, rich_help_panel="Look")(sql)
    app.add_typer(_releases, name="releases", rich_help_panel="Releases")
