"""`dedup templates` and `dedup export`: what many reports say alike, and who shares text with whom."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedup.cli import options
from dedup.cli.console import Column, harmless, note, out, plural, print_facts, print_json, print_table
from dedup.cli.failures import USAGE, CommandError

if TYPE_CHECKING:
    from dedup.releases import Release

_TEMPLATES_EPILOG = options.examples(
    ("dedup templates", "what stands in the most reports"),
    ("dedup templates 政府工作报告", "only those that say this"),
    ("dedup templates --phrases --min-df 5", "clauses instead of sentences"),
    ("dedup templates t_3f9a", "one: its slots and where it stands"),
)
_EDGES_EPILOG = options.examples(
    ("dedup export edges -o edges.csv", "pairs of reports"),
    ("dedup export edges --by region,year -o regions.graphml", "for Gephi, igraph or networkx"),
    ("dedup export edges --by source --least 200 -o -", "only what is worth a look, to the screen"),
)
_ID = re.compile(r"t_[0-9a-f]{2,16}…?")
_VALUES_SHOWN = 5
_OCCURRENCES_SHOWN = 12


def templates(
    name: Annotated[
        str | None, typer.Argument(help="Words it must hold, or the id of one template.", show_default=False)
    ] = None,
    phrases: Annotated[bool, typer.Option("--phrases", help="Clauses, counted one by one, without slots.")] = False,
    min_df: Annotated[int, typer.Option(min=1, help="Smallest number of distinct reports.")] = 3,
    limit: Annotated[int, typer.Option(min=0, help="Templates to show; 0 shows all.")] = 30,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
    json: options.Json = False,
) -> None:
    """List and search set phrases: sentences that many reports have alike, with slots for what differs."""
    opened = options.read_release(warehouse, config, release)
    options.must_hold(opened, "phrases" if phrases else "templates")
    if name and _ID.fullmatch(name) and not phrases:
        show_template(opened, name.rstrip("…"), json)
        return
    table, text, ranking = ("phrases", "text", "n_regions DESC, n_years DESC, n_sites DESC, n_chars DESC, phrase_id")
    if not phrases:
        table, text = "templates", "skeleton"
        ranking = "n_regions DESC, n_years DESC, n_sites DESC, n_chars DESC, template_id"
    rows = opened.sql(
        f"SELECT *, count(*) OVER () AS n_found FROM {table} WHERE df >= $least"
        f" AND ($word IS NULL OR contains({text}, $word)"
        + ("" if phrases else " OR contains(example, $word)")
        + f") ORDER BY df DESC, {ranking}"
        + (f" LIMIT {limit}" if limit else ""),
        {"least": min_df, "word": name},
    ).to_pylist()
    if json:
        print_json([{k: v for k, v in row.items() if k != "n_found"} for row in rows])
        return
    if not rows:
        about = f" that hold {name!r}" if name else ""
        print(f"release {opened.id}: no {table} in {plural(min_df, 'report')} and more{about}")
        return
    id_ = "phrase_id" if phrases else "template_id"
    cells = [
        [
            row[id_],
            f"{row['df']:,}",
            f"{row['df_ratio']:.1%}",
            f"{row['n_sections']:,}",
            f"{row['n_sites']:,}",
            *([] if phrases else [f"{row['n_variants']:,}"]),
            row[text],
        ]
        for row in rows
    ]
    heads = [
        id_.removesuffix("_id"),
        "reports",
        "share",
        "sections",
        "sites",
        *([] if phrases else ["wordings"]),
        "text",
    ]
    print_table([Column(h, right=h not in (heads[0], "text"), flexible=h == "text") for h in heads], cells)
    more = rows[0]["n_found"] - len(rows)
    if more > 0:
        note(f"… {more:,} more; --limit 0 shows all")


def show_template(release: Release, start: str, json: bool) -> None:
    """Print one template, its slots and where it stands; `start` is its id or the beginning of it."""
    found = release.sql("SELECT * FROM templates WHERE starts_with(template_id, $start) LIMIT 2", {"start": start})
    if found.num_rows != 1:
        which = "several templates begin" if found.num_rows else "no template begins"
        raise CommandError(f"release {release.id}: {which} with {start}; `dedup templates` lists them", USAGE)
    (row,) = found.to_pylist()
    occurrences = release.sql(
        "SELECT o.*, d.uri, s.title, m.cluster_id FROM template_occurrences o JOIN sections s USING (section_id)"
        " JOIN documents d USING (doc_id) LEFT JOIN membership m USING (section_id)"
        " WHERE o.template_id = $id ORDER BY coalesce(m.is_canonical, false) DESC, d.uri, o.char_start",
        {"id": row["template_id"]},
    ).to_pylist()
    if json:
        print_json({**row, "occurrences": occurrences})
        return
    print_facts(
        [
            ("template", row["template_id"]),
            ("text", row["skeleton"]),
            (
                "stands in",
                f"{plural(row['df'], 'report')} of {row['corpus_families']:,} ({row['df_ratio']:.1%}), "
                f"{plural(row['n_sections'], 'section')}, {plural(row['n_sites'], 'site')}; "
                f"{plural(row['n_variants'], 'wording')}",
            ),
            ("example", row["example"]),
            *[(f"{{{slot['name']}}}", " · ".join(slot["values"][:_VALUES_SHOWN])) for slot in row["slots"]],
        ]
    )
    out().print()
    print_table(
        [Column("page", flexible=True), Column("section"), Column("from", right=True), Column("slots", flexible=True)],
        [
            [o["uri"], o["section_id"], f"{o['char_start']:,}", " · ".join(o["values"])]
            for o in occurrences[:_OCCURRENCES_SHOWN]
        ],
    )
    if len(occurrences) > _OCCURRENCES_SHOWN:
        note(f"… {plural(len(occurrences) - _OCCURRENCES_SHOWN, 'occurrence')} more; --json has all")


class GraphFormat(StrEnum):
    """How a network is written."""

    csv = "csv"
    graphml = "graphml"


def edges(
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write; `-` is the screen.")],
    by: Annotated[
        str, typer.Option(help="What a node is: cluster, source, site, region, year, or several with commas.")
    ] = "cluster",
    form: Annotated[
        GraphFormat | None, typer.Option("--format", "-f", help="Default: by the file's ending.", show_default=False)
    ] = None,
    least: Annotated[int, typer.Option(min=0, help="Fewest shared characters of an edge.")] = 0,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
) -> None:
    """Write who shares text with whom, as a network."""
    import sys

    from dedup.reuse.network import build_network, to_graphml

    opened = options.read_release(warehouse, config, release)
    options.must_hold(opened, "reuse_edges")
    chosen = form or _format_of(output)
    try:
        network = build_network(
            opened,
            [name.strip() for name in by.split(",") if name.strip()],
            least_chars=least,
        )
    except ValueError as error:
        raise CommandError(f"--by: {error}", USAGE) from error
    if chosen is GraphFormat.graphml:
        data = to_graphml(network)
    else:
        import io

        import pyarrow.csv as csv

        buffer = io.BytesIO()
        csv.write_csv(network.edges, buffer)
        data = buffer.getvalue()
    if str(output) == "-":
        sys.stdout.write(harmless(data.decode("utf-8")))
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(data)
    note(f"{plural(network.edges.num_rows, 'edge')} between {plural(network.nodes.num_rows, 'node')} in {output}")


def _format_of(output: Path) -> GraphFormat:
    endings = {".graphml": GraphFormat.graphml, ".csv": GraphFormat.csv, "": GraphFormat.csv}
    if output.suffix not in endings:
        raise CommandError(f"{output}: name it .csv or .graphml, or say --format", USAGE)
    return endings[output.suffix]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(epilog=_TEMPLATES_EPILOG, rich_help_panel="Look")(templates)
    export = typer.Typer(
        no_args_is_help=True, help="Write what a release holds in other forms.", rich_markup_mode="rich"
    )
    export.command(epilog=_EDGES_EPILOG)(edges)
    # A verb of its own beside `edges`, so that one is a group and not the only command.
    export.callback()(lambda: None)
    app.add_typer(export, name="export", rich_help_panel="Look")
