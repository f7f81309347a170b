"""Templates, phrases, passages, and who shares text with whom."""

from __future__ import annotations

from typing import Any

from dedup.inspector import plots
from dedup.inspector.asking import Asked
from dedup.inspector.downloads import ROWS as DOWNLOAD_ROWS
from dedup.inspector.downloads import Download
from dedup.inspector.queries import shared_text as queries
from dedup.inspector.rendering import Look, Page
from dedup.inspector.text.skeleton import skeleton_parts, slot_words
from dedup.inspector.views.answers import ROWS, Answer, asked_form, downloads

#: Occurrences on one page.
PLACES = 60
_ENDS = ("source", "target")


def _ranked(look: Look, asked: Asked, kind: str) -> Answer:
    words, sort = asked.text("q"), asked.choice("sort", tuple(queries.TEMPLATE_SORTS), "df")
    least, offset = asked.whole("least", 2 if kind == "phrases" else 3, 1), asked.whole("from", 0, 0, 100_000)
    form = asked_form(asked)
    ranked = queries.templates(
        look.store, kind, words, sort, least, 0 if form else offset, DOWNLOAD_ROWS if form else ROWS
    )
    query = {"q": words, "sort": None if sort == "df" else sort, "least": asked.values.get("least")}
    if form:
        return Download(kind, form, ranked.rows)
    return Page(
        "templates.html",
        {
            "title": look.t(f"{kind}.title"),
            "kind": kind,
            "q": words,
            "sort": sort,
            "sorts": list(queries.TEMPLATE_SORTS),
            "least": least,
            "ranked": ranked,
            "offset": offset,
            "query": query,
            "per_page": ROWS,
            "parts_of": skeleton_parts,
            "slot_words": slot_words,
            "downloads": downloads(look, kind, **query),
        },
    )


def templates_view(look: Look, asked: Asked) -> Answer:
    """List templates, what stands in the most reports first."""
    return _ranked(look, asked, "templates")


def phrases_view(look: Look, asked: Asked) -> Answer:
    """List phrases."""
    return _ranked(look, asked, "phrases")


def page_of(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """Return the places that one page shows, and the section behind which the next one goes on; '' for the last.

    The next page begins behind a section, so that one that goes on beyond this page is left to it whole. Only of a
    section with more places than a page the rest is shown nowhere; downloads have all.

    Parameters
    ----------
    rows : places in the order of their sections, one more than a page shows where there are more
    """
    shown = rows[:PLACES]
    if len(rows) <= PLACES:
        return shown, ""
    whole = [row for row in shown if row["section_id"] != rows[PLACES]["section_id"]]
    shown = whole or shown
    return shown, str(shown[-1]["section_id"])


def template_view(look: Look, asked: Asked) -> Answer:
    """Show a template: skeleton, slots, occurrences."""
    found = queries.template(look.store, asked.id("id", "t"))
    after = asked.optional_id("after", "s")
    form = asked_form(asked)
    rows = queries.occurrences(
        look.store, found["template_id"], DOWNLOAD_ROWS if form else PLACES + 1, "" if form else after
    )
    if form:
        return Download(found["template_id"], form, rows)
    shown, behind = page_of(rows)
    return Page(
        "template.html",
        {
            "title": look.t("templates.one"),
            "found": found,
            "pieces": skeleton_parts(found["skeleton"]),
            "slot_words": slot_words,
            "rows": shown,
            "after": behind,
            "downloads": downloads(look, "template", id=found["template_id"]),
        },
    )


def passage_view(look: Look, asked: Asked) -> Answer:
    """Show a passage and where it stands."""
    found = queries.passage(look.store, asked.id("id", "x"))
    after = asked.optional_id("after", "s")
    form = asked_form(asked)
    rows = queries.passage_places(
        look.store, found["passage_id"], DOWNLOAD_ROWS if form else PLACES + 1, "" if form else after
    )
    if form:
        return Download(found["passage_id"], form, rows)
    shown, behind = page_of(rows)
    return Page(
        "passage.html",
        {
            "title": look.t("passage.title"),
            "found": found,
            "done": asked.optional_id("done", "g"),
            "undone": asked.optional_id("undone", "g"),
            "rows": shown,
            "after": behind,
            "downloads": downloads(look, "passage", id=found["passage_id"]),
        },
    )


def network_view(look: Look, asked: Asked) -> Answer:
    """Show who shares text with whom."""
    t = look.t
    by = asked.choice("by", queries.WAYS, "source")
    least = asked.whole("least", 0, 0)
    form = asked_form(asked)
    if not look.store.has("reuse_edges", "reports"):
        return Page("network.html", {"title": t("network.title"), "by": by, "ways": queries.WAYS, "picture": "",
                                     "rows": [], "least": least, "total": 0, "nodes": 0, "downloads": {}})  # fmt: skip
    found = queries.network(look.store, by, least)
    if form:
        return Download(f"network-{by}", form, found.edges)
    unknown = {f"{way} unknown": t(f"network.{way}_unknown") for way in ("region", "year")}
    rows = [
        {**row, **{end: unknown.get(row[end], row[end]) for end in _ENDS}}
        for row in found.edges.slice(0, 400).to_pylist()
    ]
    between = [row for row in rows if row["source"] != row["target"]]
    weight: dict[str, float] = {}
    for row in between:
        for end in _ENDS:
            weight[row[end]] = weight.get(row[end], 0.0) + row["shared_chars"]
    heaviest = sorted(weight, key=lambda name: (-weight[name], name))[: queries.NODES]
    order = sorted(heaviest) if by == "year" else heaviest
    sizes = {unknown.get(row["node"], row["node"]): row["n_clusters"] for row in found.nodes.to_pylist()}
    ties = [
        plots.Tie(
            row["source"],
            row["target"],
            row["shared_chars"],
            t(
                "network.tie",
                a=row["source"],
                b=row["target"],
                chars=f"{row['shared_chars']:,}",
                n=f"{row['n_edges']:,}",
            ),
        )
        for row in between
    ]
    return Page(
        "network.html",
        {
            "title": t("network.title"),
            "by": by,
            "ways": queries.WAYS,
            "least": least,
            "picture": plots.network(t("network.title"), {name: sizes[name] for name in order}, ties),
            "rows": rows[:100],
            "total": found.edges.num_rows,
            "nodes": found.nodes.num_rows,
            "downloads": downloads(look, "network", by=by, least=least),
        },
    )
