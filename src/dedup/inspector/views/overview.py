"""The first page: what came in, what is left, how far it can be trusted."""

from __future__ import annotations

from dedup.inspector import plots
from dedup.inspector.asking import Asked
from dedup.inspector.queries import overview as queries
from dedup.inspector.queries.clusters import Filters, list_clusters
from dedup.inspector.rendering import Look, Page

_TOP = 6


def overview(look: Look, asked: Asked) -> Page:
    """Show the release in figures."""
    store, t, address = look.store, look.t, look.address
    steps = queries.funnel(store)
    results = queries.quality_results(store)
    sources = [
        plots.Bar(
            row["source"],
            {t("overview.canonical"): row["canonical"], t("overview.copies"): row["copies"]},
            address("clusters", source=row["source"]),
        )
        for row in queries.by_source(store)[:20]
    ]
    sizes = [(name, n) for name, n in queries.cluster_sizes(store)]
    alike = queries.similarities(store)
    names = [f"{i / queries.STEPS:.2f}" for i in range(queries.STEPS)]
    first = next((i for i in range(queries.STEPS) if any(values[i] for values in alike.values())), 0)
    releases, trends = queries.trends(store)
    return Page(
        "overview.html",
        {
            "title": t("overview.title"),
            "steps": steps,
            "funnel": plots.bars(
                t("overview.funnel"),
                [
                    plots.Bar(t("overview.documents"), {"": steps.documents}, address("documents")),
                    plots.Bar(t("overview.sections"), {"": steps.sections}),
                    plots.Bar(t("overview.matched"), {"": steps.matched}),
                    plots.Bar(t("overview.clusters"), {"": steps.clusters}, address("clusters", least=1)),
                    plots.Bar(
                        t("overview.distinct"), {"": steps.distinct}, address("clusters", least=1, kind="report")
                    ),
                    plots.Bar(t("overview.complete"), {"": steps.complete}),
                ],
            ),
            "sources": plots.bars(t("overview.by_source"), sources),
            "sizes": plots.columns(
                t("overview.cluster_sizes"),
                [name for name, _ in sizes[1:]],
                {t("overview.clusters"): [n for _, n in sizes[1:]]},
                width=480,
            ),
            "single": sizes[0][1],
            "alike": plots.columns(
                t("overview.similarity"),
                names[first:],
                {t.label("relation", name): values[first:] for name, values in alike.items()},
            ),
            "honesty": plots.bars(
                t("overview.honesty"),
                [
                    plots.Bar(t.label("claim", name), {t.label("basis", b): n for b, n in counts.items()})
                    for name, counts in _aligned(queries.honesty(store)).items()
                ],
                relative=True,
                kinds={t.label("basis", b): f"basis-{b}" for b in queries.BASES},
            ),
            "trends": [
                (
                    t.label("trend", name),
                    plots.lines(t.label("trend", name), releases, {name: values}, width=400, height=130),
                )
                for name, values in trends.items()
            ],
            "releases": releases,
            "results": results,
            "doubtful": list_clusters(store, Filters(), "doubt", n=_TOP).rows,
            "disagreeing": list_clusters(store, Filters(relation="conflict"), "conflicts", n=_TOP).rows,
        },
    )


def _aligned(counts: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Return the counts with every basis in each, in one order, so that a basis has one colour."""
    bases = [b for b in queries.BASES if any(b in of for of in counts.values())]
    bases += sorted({b for of in counts.values() for b in of} - set(bases))
    return {name: {b: of.get(b, 0) for b in bases} for name, of in counts.items()}
