"""The search box: an id or an address leads to what it names, words to the clusters that hold them."""

from __future__ import annotations

import re

from dedup.clusters.finding import Ambiguous, NotFound, find_target
from dedup.inspector.asking import Asked
from dedup.inspector.rendering import Look, Page
from dedup.inspector.text.snippets import snippet
from dedup.inspector.views.answers import Answer, Redirect

_ID = re.compile(r"[scdfxtaob]_[0-9a-f]{2,16}…?")
_WHOLE = re.compile(r"[scdxta]_[0-9a-f]{16}")
#: First letter of an id -> its view, and the table that knows all such ids.
_TABLES = {
    "s": ("section", "places"),
    "c": ("cluster", "listed"),
    "d": ("document", "pages"),
    "x": ("passage", "passage_stats"),
    "t": ("template", "templates"),
    "a": ("fact", "fact_rows"),
}
#: Kind of thing -> its view; a family is shown by its clusters.
_VIEWS = {
    "section": "section",
    "cluster": "cluster",
    "document": "document",
    "passage": "passage",
    "template": "template",
    "fact": "fact",
}


def find_view(look: Look, asked: Asked) -> Answer:
    """Go where the words lead."""
    words = asked.text("q")
    if not words:
        return Redirect(look.address("clusters") or "/")
    if (view := _view_of(look, words)) is not None:
        return Redirect(look.address(view, id=words) or "/")
    if _ID.fullmatch(words):
        try:
            target = find_target(look.store, words)
        except (NotFound, Ambiguous):
            target = None
        if target and target.kind == "observation":
            found = look.store.row("SELECT section_id FROM observations WHERE observation_id = $id", {"id": target.id})
            section = found["section_id"] if found else None
            return Redirect(look.address("fact", id=target.id, section=section) or "/")
        if target and target.kind in _VIEWS:
            return Redirect(look.address(_VIEWS[target.kind], id=target.id) or "/")
    elif "/" in words or "#" in words:
        return Redirect(look.address("documents", q=words) or "/")
    return Redirect(look.address("clusters", q=words) or "/")


def _view_of(look: Look, words: str) -> str | None:
    """Return the view of a whole id that the release holds, None for what has to be looked for."""
    view, table = _TABLES.get(words[:1], ("", ""))
    known = view and _WHOLE.fullmatch(words) and look.store.holds(table, words)
    return view if known else None


def snippet_view(look: Look, asked: Asked) -> Page:
    """Show where words stand in the canonical text of a cluster."""
    section = asked.id("id", "s")
    words = asked.text("q")
    return Page("snippet.html", {"parts": snippet(look.store.clean_text(section), words)})
