"""A page as it was scraped, and lists of pages."""

from __future__ import annotations

from typing import Any

from dedup.inspector.asking import Asked
from dedup.inspector.downloads import ROWS as DOWNLOAD_ROWS
from dedup.inspector.downloads import Download
from dedup.inspector.queries import documents as queries
from dedup.inspector.rendering import Look, Page, share, short
from dedup.inspector.text.highlight import Mark, Run, cut_runs
from dedup.inspector.views.answers import ROWS, Answer, Redirect, asked_form, downloads
from dedup.text.placeholders import find_placeholders

#: Characters of a page that are shown at once.
WINDOW = 40_000
#: Marks that stand in the legend, in the order of their rank: what leads where several overlap.
LAYERS = ("flagged", "figure", "mask", "copied", "edition", "template", "boilerplate", "furniture")


def document_view(look: Look, asked: Asked) -> Answer:
    """Show one page with everything that was found in it."""
    store = look.store
    document = queries.read_document(store, asked.id("id", "d"))
    parts = queries.sections(store, document)
    at = asked.whole("at", 0)
    text = document.pop("text")
    start = min(at, max(0, len(text) - 1)) // WINDOW * WINDOW
    end = min(len(text), start + WINDOW)
    window = [p for p in parts if p["char_end"] > start and p["char_start"] < end]
    marks = _marks(look, document, window, text, start, end)
    return Page(
        "document.html",
        {
            "title": document["title"] or document["source_id"] or document["uri"],
            "document": document,
            "sections": parts,
            "blocks": [(part, _runs(text, marks, part, start, end)) for part in window],
            "start": start,
            "end": end,
            "window": WINDOW,
            "n_chars": len(text),
            "layers": [(name, sum(m.kind == name for m in marks)) for name in LAYERS],
        },
    )


def _runs(text: str, marks: list[Mark], part: dict[str, Any], start: int, end: int) -> list[Run]:
    return cut_runs(text, marks, max(start, part["char_start"]), min(end, part["char_end"]))


def _marks(
    look: Look, document: dict[str, Any], parts: list[dict[str, Any]], text: str, start: int, end: int
) -> list[Mark]:
    store, t, address = look.store, look.t, look.address
    ids = [p["section_id"] for p in parts]
    marks: list[Mark] = []
    for p in queries.passages(store, ids, start, end):
        title = t("document.passage", kind=t.label("passage", p["kind"]), df=f"{p['df']:,}", n=f"{p['n_sections']:,}")
        href = address("passage", id=p["passage_id"])
        marks.append(Mark(p["char_start"], p["char_end"], p["kind"], title, href, LAYERS.index(p["kind"])))
    for o in queries.observations(store, ids, start, end):
        kind = "flagged" if o["flags"] else "figure"
        year = f" · {o['year']}" if o["year"] else f" · {t.label('basis', o['year_basis'])}"
        title = f"{short(o['indicator'], 40)}: {o['value_text']}{o['unit']}{year}"
        if o["flags"]:
            title += " · " + "; ".join(map(t.say, o["flags"][:2]))
        href = address("fact", id=o["observation_id"], section=o["section_id"])
        marks.append(Mark(o["value_start"], o["value_end"], kind, title, href, LAYERS.index(kind)))
    # A placeholder may begin before the window.
    for place in find_placeholders(text[max(0, start - 20) : end + 20]):
        first = place.start + max(0, start - 20)
        title = t("document.mask", kind=t.label("mask", place.kind))
        marks.append(Mark(first, first + place.end - place.start, "mask", title, None, LAYERS.index("mask")))
    for line in queries.furniture(store, document["doc_id"]):
        title = t("document.furniture", n=f"{line['n_pages']:,}")
        marks.append(Mark(line["char_start"], line["char_end"], "furniture", title, None, LAYERS.index("furniture")))
    return marks


def section_view(look: Look, asked: Asked) -> Answer:
    """Go to the place of a section on its page."""
    found = look.store.section(asked.id("id", "s"), ("section_id", "doc_id", "char_start"))
    start = found["char_start"]
    place = {"at": start} if start >= WINDOW else {}
    return Redirect(look.address("document", id=found["doc_id"], anchor=found["section_id"], **place) or "/")


def list_view(look: Look, asked: Asked) -> Answer:
    """List records with what became of them."""
    words, after = asked.text("q"), asked.values.get("after", "")[:2000]
    form = asked_form(asked)
    most = DOWNLOAD_ROWS if form else ROWS + 1
    rows = queries.find_pages(look.store, words, most, "" if form else after)
    if form:
        return Download("records", form, rows)
    more = len(rows) > ROWS
    rows = rows[:ROWS]
    return Page(
        "documents.html",
        {
            "title": look.t("documents.title"),
            "q": words,
            "rows": rows,
            "after": f"{rows[-1]['source']}\n{rows[-1]['uri']}" if more else "",
            "total": look.store.count("records"),
            "downloads": downloads(look, "documents", q=words),
            "share": share,
        },
    )
