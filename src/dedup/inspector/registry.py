"""Every view by its name, and the few files that pages load."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from dedup.inspector.store import Missing
from dedup.inspector.views import (
    clusters,
    decisions,
    documents,
    facts,
    finding,
    overview,
    pairs,
    quality,
    queue,
    shared_text,
)
from dedup.inspector.views.answers import View

#: View -> what answers it.
VIEWS: dict[str, View] = {
    "overview": overview.overview,
    "clusters": clusters.list_view,
    "cluster": clusters.one_view,
    "pair": pairs.pair_view,
    "document": documents.document_view,
    "documents": documents.list_view,
    "section": documents.section_view,
    "passage": shared_text.passage_view,
    "templates": shared_text.templates_view,
    "template": shared_text.template_view,
    "phrases": shared_text.phrases_view,
    "facts": facts.facts_view,
    "fact": facts.fact_view,
    "fact_context": facts.context_view,
    "network": shared_text.network_view,
    "quality": quality.quality_view,
    "quarantine": quality.quarantine_view,
    "releases": quality.releases_view,
    "release_changes": quality.changes_view,
    "snippet": finding.snippet_view,
    "find": finding.find_view,
    "queue": queue.queue_view,
    "decisions": decisions.list_view,
    "thresholds": decisions.thresholds_view,
}
#: Views that write something down; they answer forms of the pages only.
WRITES: dict[str, View] = {
    "decide": decisions.record_view,
    "undo": decisions.undo_view,
    "import": decisions.import_view,
    "judge": queue.judge_view,
    "who": decisions.who_view,
}
#: What the page loads beside itself: name -> media type. Nothing else is served from the package.
ASSETS = {
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@cache
def asset(name: str) -> bytes:
    """Return the bytes of one of `ASSETS`."""
    if name not in ASSETS:
        raise Missing(name)
    return (files("dedup.inspector") / "static" / name).read_bytes()
