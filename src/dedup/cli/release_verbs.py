"""`dedup sql` and `dedup releases`: asking a release, and looking after the shelf of them."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedup.cli import options
from dedup.cli.console import Column, note, plural, print_json, print_table, shorten, width
from dedup.cli.failures import USAGE, CommandError

if TYPE_CHECKING:
    import pyarrow as pa

_SQL_EPILOG = options.examples(
    ('dedup sql "select title, n_copies from reports order by n_copies desc limit 10"', ""),
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


_releases = typer.Typer(help="List, verify and compare the releases of a warehouse.", no_args_is_help=True)


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
            "latest" if info.is_latest else "",
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


def _as_dict(info: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(info)  # type: ignore[call-overload, no-any-return]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(epilog=_SQL_EPILOG, rich_help_panel="Look")(sql)
    app.add_typer(_releases, name="releases", rich_help_panel="Releases")
