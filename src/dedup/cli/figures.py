"""`dedup facts`, and what `dedup show` says of a fact, a figure or a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedup.cli import options
from dedup.cli.console import Column, note, out, plural, print_facts, print_json, print_table

if TYPE_CHECKING:
    import pyarrow as pa

    from dedup.releases import Release

_FACTS_EPILOG = options.examples(
    ("dedup facts 财政收入", "what reports say of it"),
    ("dedup facts --indicator gdp --year 2012", "by its code and year"),
    ("dedup facts --region 3601 --limit 0 --json", "all of a place and what lies in it"),
    ("dedup facts --flagged", "those that contradict others"),
)
#: Characters of the page shown before and behind a quote.
_AROUND = 60
#: Rows and columns of a table that are shown; --json has all.
_ROWS_SHOWN, _COLUMNS_SHOWN = 40, 12
_FACTS = """
SELECT f.*, r.title, count(*) OVER () AS n_found
FROM facts f LEFT JOIN reports r USING (cluster_id)
WHERE ($word IS NULL OR contains(f.indicator, $word) OR contains(f.quote, $word))
  AND ($indicator IS NULL OR f.indicator_id = $indicator)
  AND ($region IS NULL OR starts_with(f.region_code, $region) OR contains(f.region_name, $region))
  AND ($year IS NULL OR f.year = $year)
  AND (NOT $flagged OR len(f.flags) > 0)
ORDER BY f.indicator_id NULLS LAST, f.region_code NULLS LAST, f.year NULLS LAST, f.fact_id
"""


def facts(
    words: Annotated[
        str | None, typer.Argument(help="Words of the indicator or of the sentence.", show_default=False)
    ] = None,
    indicator: Annotated[
        str | None, typer.Option(help="Code of the indicator, such as gdp.", show_default=False)
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Code of a place, or its beginning, or its name.", show_default=False)
    ] = None,
    year: Annotated[int | None, typer.Option(help="Year the figure holds for.", show_default=False)] = None,
    flagged: Annotated[bool, typer.Option("--flagged", help="Only figures that contradict others.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Facts to show; 0 shows all.")] = 30,
    warehouse: options.Warehouse = None,
    config: options.Config = None,
    release: options.ReleaseId = None,
    json: options.Json = False,
) -> None:
    """List and search figures: each once per report, with place, year and the words that state it."""
    opened = options.read_release(warehouse, config, release)
    options.must_hold(opened, "facts")
    asked = {"word": words, "indicator": indicator, "region": region, "year": year, "flagged": flagged}
    rows = opened.sql(_FACTS + (f" LIMIT {limit}" if limit else ""), asked).to_pylist()
    if json:
        print_json([{k: v for k, v in row.items() if k != "n_found"} for row in rows])
        return
    if not rows:
        print(f"release {opened.id}: no facts like that; `dedup facts` lists all")
        return
    heads = ["fact", "place", "year", "indicator", "value", "copies", "status", "flags", "words"]
    cells = [
        [
            row["fact_id"],
            row["region_name"] or "",
            _year(row),
            row["indicator"],
            _value(row),
            f"{row['n_copies']:,}",
            row["obs_status"],
            ", ".join(flag.split(":", 1)[0] for flag in row["flags"]),
            row["quote"],
        ]
        for row in rows
    ]
    right = {"year", "value", "copies"}
    flexible = {"place", "indicator", "words"}
    print_table([Column(h, right=h in right, flexible=h in flexible) for h in heads], cells)
    more = rows[0]["n_found"] - len(rows)
    if more > 0:
        note(f"… {more:,} more; --limit 0 shows all")


def _year(row: dict[str, Any]) -> str:
    """Return the year, or why there is none."""
    return str(row["year"]) if row["year"] is not None else row["year_basis"].replace("none", "")


_BOUNDS = {"at_least": "≥ ", "at_most": "≤ ", "over": "> ", "under": "< ", "about": "≈ "}
_MEASURES = {"growth": "growth ", "change_abs": "change ", "rank": "rank "}


def _value(row: dict[str, Any]) -> str:
    return (
        _MEASURES.get(row["measure"], "") + _BOUNDS.get(row["bound"] or "", "") + f"{row['obs_value']:g}{row['unit']}"
    )


def place_and_years(release: Release, section_id: str) -> list[tuple[str, str]]:
    """Return what is said of the place and the years of a section, a line each; nothing where nothing is known."""
    if "attributions" not in release.datasets:
        return []
    found = release.sql("SELECT * FROM attributions WHERE section_id = $id", {"id": section_id}).to_pylist()
    return [line for row in found for line in attribution_lines(row)]


def attribution_lines(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a row of attributions says, a label and words each."""
    lines = []
    for label, name, shown in (
        ("place", "region", row["region_name"]),
        ("looks back", "year_review", row["year_review"]),
        ("plans for", "year_plan", row["year_plan"]),
    ):
        basis, evidence = row[f"{name}_basis"], row[f"{name}_evidence"]
        if basis == "none":
            continue
        words = f"{shown or 'not known'} · {basis}"
        if shown:
            words += f", {row[f'{name}_confidence']:.0%} sure"
        lines.append((label, words + (f": “{' '.join(evidence.split())}”" if evidence else "")))
    return lines


def figure_words(row: dict[str, Any]) -> str:
    """Return a figure in a few words: what, how much."""
    return f"{row['indicator']} {_value(row)}"


def read_figures(documents: pa.Table, sections: pa.Table) -> dict[str, dict[str, Any]]:
    """Return `attribution` and `figures` of the matched sections of some pages, by section id."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from dedup.extraction.attribution import attribute_sections
    from dedup.extraction.figures import find_figures
    from dedup.schemas import MATCHED_KINDS

    matched = sections.filter(pc.is_in(sections.column("kind"), pa.array(MATCHED_KINDS)))
    attributions = attribute_sections(matched, documents)
    overwritten = pc.fill_null(attributions.column("overwritten_year"), 0).to_numpy().astype(np.int32)
    found = find_figures(matched.column("clean_text").combine_chunks(), overwritten).to_pylist()
    out: dict[str, dict[str, Any]] = {}
    for i, (section, attribution) in enumerate(
        zip(matched.column("section_id").to_pylist(), attributions.to_pylist(), strict=True)
    ):
        figures = [{k: v for k, v in row.items() if k != "row"} for row in found if row["row"] == i]
        out[section] = {"attribution": attribution, "figures": figures}
    return out


def show_fact(release: Release, id_: str, json: bool) -> None:
    """Print a fact or an observation: what is stated, by which words, how often, and what checks say of it."""
    dataset, key = ("facts", "fact_id") if id_.startswith("a_") else ("observations", "observation_id")
    (row,) = release.sql(
        f"SELECT f.*, d.uri, substr(d.text, f.char_start - {_AROUND} + 1, {_AROUND}) AS before,"
        f" substr(d.text, f.char_end + 1, {_AROUND}) AS behind"
        f" FROM {dataset} f JOIN documents d USING (doc_id) WHERE f.{key} = $id",
        {"id": id_},
    ).to_pylist()
    checks = release.sql(
        "SELECT * FROM checks WHERE list_contains(observation_ids, $id) ORDER BY holds, rule",
        {"id": row["observation_id"]},
    ).to_pylist()
    if json:
        print_json({**row, "checks": checks})
        return
    lines = [
        ("fact" if dataset == "facts" else "observation", f"{id_} · {row['obs_status']} · {row['measure']}"),
        ("indicator", row["indicator"] + (f" ({row['indicator_id']})" if row["indicator_id"] else "")),
        ("value", _value(row) + f", written {row['value_text']}"),
    ]
    if row["value_base"] is not None:
        lines.append(("", f"{row['value_base']:,.15g} {row['unit_base']}"))
    period = f"{_year(row) or 'not known'}" + (f", written {row['period_text']}" if row["period_text"] else "")
    lines.append(("year", f"{period} · {row['year_basis']}"))
    if dataset == "facts":
        lines.append(("place", row["region_name"] or "not known"))
        lines.append(("stated by", f"{row['n_copies']} of {plural(row['n_sections'], 'copy')}, {row['cluster_id']}"))
    else:
        lines.append(("stands in", f"{row['section_id']} of {row['cluster_id']}"))
    for check in checks:
        verdict = "holds" if check["holds"] else "contradicts"
        lines.append((verdict, f"{check['rule']}: {check['formula']} (tolerance {check['tolerance']:g})"))
    lines.append(("page", f"{row['uri']}, characters {row['char_start']:,} to {row['char_end']:,}"))
    print_facts(lines)
    from rich.text import Text

    before, quote, behind = (" ".join(row[name].split()) for name in ("before", "quote", "behind"))
    out().print()
    out().print(Text.assemble(f"…{before}", (quote, "bold reverse"), f"{behind}…"))


def show_table(release: Release, table_id: str, json: bool) -> None:
    """Print a table of a page with its spans resolved."""
    (about,) = release.sql(
        "SELECT t.*, d.uri FROM extracted_tables t JOIN documents d USING (doc_id) WHERE t.table_id = $id",
        {"id": table_id},
    ).to_pylist()
    cells = release.sql(
        "SELECT * FROM table_cells WHERE table_id = $id ORDER BY row_index, col_index", {"id": table_id}
    ).to_pylist()
    if json:
        print_json({**about, "cells": cells})
        return
    print_facts(
        [
            ("table", f"{table_id} · {about['origin']} · {about['n_rows']} × {about['n_columns']}"),
            ("caption", about["caption"] or "(none)"),
            ("page", about["uri"]),
        ]
    )
    out().print()
    grid = [[""] * min(about["n_columns"], _COLUMNS_SHOWN) for _ in range(min(about["n_rows"], _ROWS_SHOWN))]
    for cell in cells:
        if cell["row_index"] < len(grid) and cell["col_index"] < len(grid[0]):
            grid[cell["row_index"]][cell["col_index"]] = cell["text"]
    first = about["header_rows"]
    # A number stands to the right; the first body row tells which columns hold numbers.
    numeric = {c["col_index"] for c in cells if c["row_index"] == first and c["value"] is not None}
    columns = [Column("", right=i in numeric, flexible=i not in numeric) for i in range(len(grid[0]) if grid else 0)]
    print_table(columns, grid, headings=False)
    hidden = about["n_rows"] - len(grid)
    if hidden > 0 or about["n_columns"] > _COLUMNS_SHOWN:
        note(f"… {about['n_rows']} rows and {about['n_columns']} columns in all; --json has them")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=_FACTS_EPILOG, rich_help_panel="Look")(facts)
