"""What people decided: recording it, taking it back, the trail of it, and what other thresholds would do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dedup.decisions import KINDS, PAIR_KINDS, DecisionError, StoreError, UnknownDecision
from dedup.inspector.asking import Asked, Unclear
from dedup.inspector.desk import Desk, published_pairs
from dedup.inspector.downloads import Download
from dedup.inspector.rendering import Look, Page
from dedup.inspector.views.answers import Answer, Redirect, asked_form, downloads

#: Decisions shown on the page; a download has all.
SHOWN = 300


class NotRecorded(ValueError):
    """A decision that cannot be taken; the message is for the visitor."""


def desk_of(look: Look) -> Desk:
    """Return the desk.

    Raises
    ------
    Unclear
        Nothing can be decided here.
    """
    if look.desk is None:
        raise Unclear("decisions are not taken here: dedup inspect was started with --read-only")
    return look.desk


def _back(asked: Asked, look: Look, **more: Any) -> Redirect:
    """Go back to the page of the form, with what was done in its address; only to pages of this server."""
    from urllib.parse import parse_qsl, urlencode, urlsplit

    parts = urlsplit(asked.values.get("back", ""))
    path = "/" + parts.path.lstrip("/\\")
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        path, parts = look.address("decisions") or "/", urlsplit("")
    query = {k: v for k, v in parse_qsl(parts.query) if k not in ("done", "undone", "skip")} | more
    return Redirect(path + (f"?{urlencode(query)}" if query else ""))


def record_view(look: Look, asked: Asked) -> Answer:
    """Write a decision down."""
    desk = desk_of(look)
    kind = asked.choice("kind", KINDS)
    if not kind:
        raise Unclear(f"kind: expected one of {', '.join(KINDS)}")
    a = asked.id("a", "sx")
    b = asked.id("b", "s") if kind in PAIR_KINDS else None
    try:
        made = desk.record(look.store, kind, a, b, note=asked.text("note", 2000), who=look.who)
    except (DecisionError, StoreError) as error:
        raise NotRecorded(str(error)) from error
    return _back(asked, look, done=made.decision_id)


def undo_view(look: Look, asked: Asked) -> Answer:
    """Take a decision back."""
    desk = desk_of(look)
    try:
        desk.undo(asked.id("id", "g"), look.who)
    except (DecisionError, StoreError, UnknownDecision) as error:
        raise NotRecorded(str(error)) from error
    return _back(asked, look, undone=asked.values["id"])


def import_view(look: Look, asked: Asked) -> Answer:
    """Take in the decisions of a file that another store, or this one, gave out."""
    desk = desk_of(look)
    try:
        new, held = desk.take_in(asked.file or b"")
    except (DecisionError, StoreError) as error:
        raise NotRecorded(str(error)) from error
    return Redirect(look.address("decisions", history=True, new=str(new), held=held) or "/")


def list_view(look: Look, asked: Asked) -> Answer:
    """Show what is in force, or everything that was ever decided."""
    desk = desk_of(look)
    whole = asked.flag("history")
    rows = desk.history() if whole else desk.in_force()
    outcomes = _outcomes(look)
    form = asked_form(asked)
    if form and asked.flag("store"):
        return Download("decisions", "parquet", desk.everything())
    if form:
        plain = [{**asdict(d), "decided_at": d.decided_at} for d in rows]
        for row in plain:
            row["outcome"] = outcomes.get(row["decision_id"], {}).get("outcome")
            del row["decided_us"]
        return Download("decisions", form, plain)
    force = {d.decision_id for d in desk.in_force()} if whole else {d.decision_id for d in rows}
    return Page(
        "decisions.html",
        {
            "title": look.t("decisions.title"),
            "rows": rows[:SHOWN],
            "total": len(rows),
            "whole": whole,
            "force": force,
            "outcomes": outcomes,
            "samples": desk.samples(),
            "downloads": downloads(look, "decisions", history=whole),
            "done": asked.optional_id("done", "g"),
            "undone": asked.optional_id("undone", "g"),
            "held": asked.whole("held", 0),
            "new": asked.whole("new", 0),
        },
    )


def _outcomes(look: Look) -> dict[str, dict[str, Any]]:
    """Return decision -> what the shown release made of it: `outcome`, `reason`."""
    if not look.store.has("decisions"):
        return {}
    rows = look.store.rows("SELECT decision_id, outcome, reason FROM decisions")
    return {row["decision_id"]: row for row in rows}


def thresholds_view(look: Look, asked: Asked) -> Answer:
    """Show what other thresholds would make of the release."""
    from dedup.clusters.rethreshold import NotPublished, preview_thresholds

    match, _ = look.store.settings()
    wanted = {name: asked.real(name, getattr(match, name)) for name in ("jaccard", "floor", "edit")}
    found, problem = None, ""
    if any(asked.values.get(name) for name in wanted):
        try:
            found = preview_thresholds(
                published_pairs(look.store), jaccard=wanted["jaccard"], floor=wanted["floor"], edit=wanted["edit"]
            )
        except (NotPublished, ValueError) as error:
            problem = str(error)
    return Page(
        "thresholds.html",
        {"title": look.t("thresholds.title"), "match": match, "wanted": wanted, "found": found, "problem": problem},
    )


def who_view(look: Look, asked: Asked) -> Answer:
    """Go back; the name itself is kept by the visitor's browser."""
    return _back(asked, look)
