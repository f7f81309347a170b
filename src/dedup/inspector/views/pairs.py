"""Two sections side by side: what they are to each other and where they differ."""

from __future__ import annotations

from dedup.clusters.comparison import compare
from dedup.clusters.explain import Explanation, Member, explain_members
from dedup.inspector.asking import Asked
from dedup.inspector.rendering import Look, Page
from dedup.inspector.store import Store
from dedup.inspector.text.diff import TRIVIAL, side_by_side

#: Characters of both texts together that are aligned; longer ones are compared by their first part.
MOST_CHARS = 400_000


def read_member(store: Store, section_id: str) -> Member:
    """Return a section with its place in a cluster.

    Raises
    ------
    Missing
        There is none of this id.
    """
    found = store.section(
        section_id,
        "section_id, doc_id, source, ordinal, title, kind, kind_reason, n_chars, mask_ratio, boilerplate_ratio,"
        " completeness",
    )
    at = store.page(found["doc_id"])
    (page,) = store.rows_at("documents", at["file"], at["row"], 1, "uri, role")
    place = store.row(
        "SELECT cluster_id, is_canonical, reason, stands_for, similarity, edit_similarity, rule FROM membership"
        " WHERE section_id = $id",
        {"id": section_id},
    ) or dict.fromkeys(("cluster_id", "is_canonical", "reason", "stands_for", "similarity", "edit_similarity", "rule"))
    return Member(**found, **page, **place, clean_text=store.clean_text(section_id))


def explain_pair(store: Store, a: str, b: str) -> Explanation:
    """Return what two sections are to each other, under the settings of the release."""
    match, fingerprint = store.settings()
    one, two = read_member(store, a), read_member(store, b)
    half = MOST_CHARS // 2
    comparison = compare(one.clean_text[:half], two.clean_text[:half], match=match, fingerprint=fingerprint)
    low, high = sorted((a, b))
    pair = store.row("SELECT * FROM pairs WHERE section_a = $low AND section_b = $high", {"low": low, "high": high})
    return explain_members(one, two, comparison, pair)


def pair_view(look: Look, asked: Asked) -> Page:
    """Show two sections side by side."""
    a, b = asked.id("a", "s"), asked.id("b", "s")
    found = explain_pair(look.store, a, b)
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
