"""How far a release can be trusted, and what changed since the one before."""

from __future__ import annotations

from dedup.inspector.asking import Asked
from dedup.inspector.downloads import ROWS as DOWNLOAD_ROWS
from dedup.inspector.downloads import Download
from dedup.inspector.queries import releases as queries
from dedup.inspector.queries.overview import quality_results
from dedup.inspector.rendering import Look, Page
from dedup.inspector.views.answers import ROWS, Answer, asked_form, downloads
from dedup.releases import ReleaseError


def quality_view(look: Look, asked: Asked) -> Answer:
    """Show every expectation and what it found."""
    found = quality_results(look.store)
    results = found.get("results", [])
    outcome = asked.choice("outcome", ("broken", "all"), "all")
    form = asked_form(asked)
    if form:
        return Download("expectations", form, results)
    broken = [r for r in results if r.get("status") != "pass"]
    datasets: dict[str, list[dict[str, object]]] = {}
    for result in broken if outcome == "broken" else results:
        datasets.setdefault(str(result["dataset"]), []).append(result)
    return Page(
        "quality.html",
        {
            "title": look.t("quality.title"),
            "summary": found.get("summary", {}),
            "broken": broken,
            "datasets": datasets,
            "lines": {line["dataset"]: line for line in found.get("datasets", [])},
            "outcome": outcome,
            "recall": look.store.release.manifest.get("recall") or {},
            "refused": queries.quarantine_rules(look.store),
            "downloads": downloads(look, "quality"),
        },
    )


def quarantine_view(look: Look, asked: Asked) -> Answer:
    """List what was refused, with reasons."""
    dataset, rule, source = asked.text("dataset", 60), asked.text("rule"), asked.text("source")
    offset = asked.whole("from", 0, 0, 1_000_000)
    form = asked_form(asked)
    rows = queries.quarantine(
        look.store, dataset, rule, source, 0 if form else offset, DOWNLOAD_ROWS if form else ROWS + 1
    )
    if form:
        return Download("quarantine", form, rows)
    query = {"dataset": dataset, "rule": rule, "source": source}
    return Page(
        "quarantine.html",
        {
            "title": look.t("quarantine.title"),
            "query": query,
            "rows": rows[:ROWS],
            "more": len(rows) > ROWS,
            "offset": offset,
            "per_page": ROWS,
            "rules": queries.quarantine_rules(look.store),
            "downloads": downloads(look, "quarantine", **query),
        },
    )


def releases_view(look: Look, asked: Asked) -> Answer:
    """List the releases of the warehouse."""
    found = queries.releases(look.store)
    manifest = look.store.release.manifest
    return Page(
        "releases.html",
        {
            "title": look.t("releases.title"),
            "found": found,
            "manifest": manifest,
            "parent": manifest.get("parent"),
            "rows": {name: entry["rows"] for name, entry in manifest["datasets"].items()},
            "sizes": {name: entry["bytes"] for name, entry in manifest["datasets"].items()},
            "stages": manifest.get("stages") or {},
        },
    )


def changes_view(look: Look, asked: Asked) -> Answer:
    """Show what changed since another release."""
    elder = asked.release("since")
    problem, diffs = "", []
    try:
        diffs = queries.changes(look.store, elder) if elder else []
    except ReleaseError as error:
        problem = str(error)
    return Page("changes.html", {"title": look.t("changes.title"), "since": elder, "diffs": diffs, "problem": problem})
