"""`clusters` and friends."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dedup.cli import options
from dedup.cli.console import note, plural, print_json, print_table, shorten, width

_CLUSTERS_EPILOG = options.examples(
    ("dedup clusters", "the largest clusters of copies"),
    ("dedup clusters --sort similarity --limit 20", "the doubtful ones first"),
    ("dedup clusters --source wenku --min-size 3 --json", "for scripts"),
)


class Sort(StrEnum):
    """Order of the clusters."""

    size = "size"
    similarity = "similarity"


def clusters(
    min_size: Annotated[int, typer.Option(min=1, help="Smallest number of copies.")] = 2,
    kind: Annotated[str | None, typer.Option(help="Only report, essay or appendix.", show_default=False)] = None,
    source: Annotated[str | None, typer.Option(help="Only with a copy from this source.", show_default=False)] = None,
    sort: Annotated[Sort, typer.Option(help="Largest first, or least similar first.")] = Sort.size,
    limit: Annotated[int, typer.Option(min=0, help="Clusters to show; 0 shows all.")] = 30,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
    json: options.Json = False,
) -> None:
    """List clusters of copies."""
    opened = options.read_release(warehouse, config, release)
    order = "c.n_sections DESC, c.cluster_id" if sort is Sort.size else "c.min_similarity, c.cluster_id"
    of_source = "" if source is None else (
        " AND c.cluster_id IN (SELECT m.cluster_id FROM membership m JOIN sections s USING (section_id)"
        " WHERE s.source = $source)"
    )  # fmt: skip
    query = (
        "SELECT c.cluster_id, c.kind, c.n_sections, c.n_documents, c.n_sources, c.min_similarity, c.link_rule, s.title"
        ", count(*) OVER () AS n_found FROM clusters c JOIN sections s ON s.section_id = c.canonical_section"
        f" WHERE c.n_sections >= $least AND ($kind IS NULL OR c.kind = $kind){of_source} ORDER BY {order}"
        + (f" LIMIT {limit}" if limit else "")
    )
    values = {"least": min_size, "kind": kind, **({"source": source} if source is not None else {})}
    rows = opened.sql(query, values).to_pylist()
    if json:
        print_json([{k: v for k, v in row.items() if k != "n_found"} for row in rows])
        return
    if not rows:
        print(f"release {opened.id}: no clusters of {plural(min_size, 'copy')} and more")
        return
    title_width = max(24, width() - 62)
    print_table(
        [
            ("cluster", ""), ("kind", ""), ("copies", "right"), ("pages", "right"), ("sources", "right"),
            ("similar", "right"), ("rule", ""), ("title of the canonical copy", ""),
        ],
        [
            [
                row["cluster_id"], row["kind"], f"{row['n_sections']:,}", f"{row['n_documents']:,}",
                f"{row['n_sources']:,}", f"{row['min_similarity']:.3f}", row["link_rule"],
                shorten(row["title"], title_width),
            ]
            for row in rows
        ],
    )  # fmt: skip
    more = rows[0]["n_found"] - len(rows)
    if more > 0:
        note(f"… {more:,} more; --limit 0 shows all")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command(epilog=_CLUSTERS_EPILOG, rich_help_panel="Look")(clusters)
