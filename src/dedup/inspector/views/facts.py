"""Figures: a list that begins with those that contradict others, and one with all its evidence."""

from __future__ import annotations

from dedup.inspector.asking import Asked
from dedup.inspector.downloads import ROWS as DOWNLOAD_ROWS
from dedup.inspector.downloads import Download
from dedup.inspector.queries import facts as queries
from dedup.inspector.rendering import Look, Page
from dedup.inspector.views.answers import ROWS, Answer, asked_form, downloads


def facts_view(look: Look, asked: Asked) -> Answer:
    """List facts."""
    cluster = asked.optional_id("cluster", "c")
    filters = queries.FactFilters(
        flagged=not asked.flag("all") and not cluster,
        cluster=cluster,
        indicator=asked.text("indicator", 80),
        q=asked.text("q", 80),
        region=asked.text("region", 20),
        year=asked.whole("year", 0, 0, 9999),
        measure=asked.choice("measure", queries.MEASURES),
    )
    offset = asked.whole("from", 0, 0, 1_000_000)
    form = asked_form(asked)
    rows = queries.list_facts(look.store, filters, 0 if form else offset, DOWNLOAD_ROWS if form else ROWS + 1)
    if form:
        return Download("facts", form, rows)
    return Page(
        "facts.html",
        {
            "title": look.t("facts.title"),
            "filters": filters,
            "query": filters.query(),
            "rows": rows[:ROWS],
            "offset": offset,
            "more": len(rows) > ROWS,
            "per_page": ROWS,
            "n_flagged": queries.n_flagged(look.store),
            "total": look.store.count("facts"),
            "indicators": queries.indicators(look.store),
            "measures": queries.MEASURES,
            "downloads": downloads(look, "facts", **filters.query()),
        },
    )


def fact_view(look: Look, asked: Asked) -> Answer:
    """Show one fact, or one figure of a section, with the words that state it, its copies and its checks."""
    store = look.store
    id_ = asked.id("id", "ao")
    found = (
        queries.fact(store, id_) if id_.startswith("a_") else queries.observation(store, asked.id("section", "s"), id_)
    )
    return Page(
        "fact.html",
        {
            "title": found["indicator"],
            "fact": found,
            "context": queries.context(store, found),
            "stated": queries.stated_in(store, found),
            "checks": queries.checks_of(store, found["section_id"], found["observation_id"]),
        },
    )


def context_view(look: Look, asked: Asked) -> Answer:
    """Show the words around a fact, for a row of the list."""
    found = queries.fact(look.store, asked.id("id", "a"))
    return Page("fact_context.html", {"fact": found, "context": queries.context(look.store, found)})
