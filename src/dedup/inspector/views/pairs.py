"""Two sections side by side: what they are to each other and where they differ."""

from __future__ import annotations

from collections.abc import Sequence

from dedup.clusters.comparison import compare
from dedup.clusters.explain import Explanation, Member, decision_about, explain_members, say_decision
from dedup.inspector.asking import Asked
from dedup.inspector.desk import Desk
from dedup.inspector.rendering import Look, Page
from dedup.inspector.store import Store
from dedup.inspector.text.diff import TRIVIAL, side_by_side

#: Characters of both texts together that are aligned; longer ones are compared by their first part.
MOST_CHARS = 400_000


_SECTION = (
    *("section_id", "doc_id", "source", "ordinal", "title", "kind", "kind_reason", "n_chars", "mask_ratio"),
    *("boilerplate_ratio", "completeness", "clean_text"),
)
_MEMBERSHIP = ("cluster_id", "is_canonical", "reason", "stands_for", "similarity", "edit_similarity", "rule")


def read_members(store: Store, section_ids: Sequence[str]) -> list[Member]:
    """Return sections with their places in clusters.

    Raises
    ------
    Missing
        There is none of an id.
    """
    sections = [store.section(section_id, _SECTION) for section_id in section_ids]
    places = {section_id: store.place(section_id) for section_id in section_ids}
    members = []
    for section in sections:
        page = store.page(section["doc_id"])
        place = {name: places[section["section_id"]][name] for name in _MEMBERSHIP}
        # Only of a section without a cluster it matters whether its source is published at all.
        role = (
            "corpus"
            if place["cluster_id"]
            else store.rows_at("documents", page["file"], [page["row"]], ["role"])[0]["role"]
        )
        members.append(Member(**section, uri=page["uri"], role=role, **place))
    return members


def explain_pair(store: Store, a: str, b: str, desk: Desk | None = None) -> Explanation:
    """Return what two sections are to each other, under the settings of the release.

    Parameters
    ----------
    desk : knows the note of the decision that joined or parted them
    """
    match, fingerprint = store.settings()
    one, two = read_members(store, (a, b))
    half = MOST_CHARS // 2
    comparison = compare(one.clean_text[:half], two.clean_text[:half], match=match, fingerprint=fingerprint)
    low, high = sorted((a, b))
    pair = next((row for row in store.find("pairs", low) if row["section_b"] == high), None)
    return explain_members(one, two, comparison, pair, _decision(store, a, b, desk))


def _decision(store: Store, a: str, b: str, desk: Desk | None) -> str:
    """Return who decided what two sections are to each other, when and with what note; '' where nobody did."""
    if not store.count("decisions"):
        return ""
    told = decision_about(store, *(store.section(id_, ["content_hash"])["content_hash"] for id_ in (a, b)))
    return say_decision(told, desk.note_of(told["decision_id"]) if desk else "") if told else ""


def pair_view(look: Look, asked: Asked) -> Page:
    """Show two sections side by side."""
    a, b = asked.id("a", "s"), asked.id("b", "s")
    found = explain_pair(look.store, a, b, look.desk)
    trivial = not asked.flag("essential")
    differences = found.comparison.differences
    return Page(
        "pair.html",
        {
            "title": look.t("pair.title"),
            "found": found,
            "a": found.a,
            "b": found.b,
            "diff": side_by_side(found.comparison.a, found.comparison.b, differences, trivial=trivial),
            "counts": found.comparison.counts(),
            "essential": not trivial,
            "done": asked.optional_id("done", "g"),
            "undone": asked.optional_id("undone", "g"),
            "trivial": sum(d.kind in TRIVIAL for d in differences),
            "cut": max(found.a.n_chars, found.b.n_chars) > MOST_CHARS // 2,
        },
    )
