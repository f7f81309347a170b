"""Lists of clusters, and one cluster with all that speaks for and against it."""

from __future__ import annotations

import re
from typing import Any

from dedup.inspector import plots
from dedup.inspector.asking import Asked, Unclear
from dedup.inspector.downloads import ROWS as DOWNLOAD_ROWS
from dedup.inspector.downloads import Download
from dedup.inspector.queries import clusters as queries
from dedup.inspector.queries import facts as fact_queries
from dedup.inspector.rendering import Look, Page
from dedup.inspector.views.answers import ROWS, Answer, asked_form, downloads

#: Members listed on one page.
MEMBERS = 100
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_AFTER = re.compile(r"(-?[0-9.e+-]{0,32})~(c_[0-9a-f]{16})")


def _date(asked: Asked, name: str, last: bool) -> str:
    value = asked.text(name, 10)
    if value and not _DATE.fullmatch(value):
        raise Unclear(f"{name}: expected a date such as 2004 or 2004-03-01")
    if value:
        from datetime import date

        value += {4: "-12-31" if last else "-01-01", 7: "-28" if last else "-01"}.get(len(value), "")
        try:
            date.fromisoformat(value)
        except ValueError:
            raise Unclear(f"{name}: there is no such day") from None
    return value


def filters_of(asked: Asked) -> queries.Filters:
    """Return the filters that an address names."""
    return queries.Filters(
        q=asked.text("q"),
        least=asked.whole("least", 1 if asked.text("q") else 2, 1),
        source=asked.text("source"),
        kind=asked.text("kind", 40),
        link_rule=asked.text("link_rule", 40),
        status=asked.choice("status", queries.STATUSES),
        first_release=asked.release("first_release"),
        relation=asked.choice("relation", ("variant", "conflict", "repaired")),
        since=_date(asked, "since", last=False),
        until=_date(asked, "until", last=True),
    )


def list_view(look: Look, asked: Asked) -> Answer:
    """List clusters."""
    filters = filters_of(asked)
    sort = asked.choice("sort", tuple(queries.SORTS), "size")
    after = asked.text("after", 80)
    if after:
        match = _AFTER.fullmatch(after)
        if match is None or (sort != "id" and not _is_number(match[1])):
            raise Unclear("after: not a place in this list")
    form = asked_form(asked)
    listed = queries.list_clusters(look.store, filters, sort, after, DOWNLOAD_ROWS if form else ROWS)
    query = {**filters.query(), "sort": None if sort == "size" else sort}
    if filters.q:
        query["least"] = filters.least if filters.least != 1 else None
    if form:
        rows = [{k: v for k, v in row.items() if k != "place"} for row in listed.rows]
        return Download("clusters", form, rows)
    return Page(
        "cluster_rows.html" if asked.flag("rows") else "clusters.html",
        {
            "title": look.t("clusters.title"),
            "filters": filters,
            "query": query,
            "sort": sort,
            "sorts": list(queries.SORTS),
            "listed": listed,
            "facets": {} if asked.flag("rows") else queries.facets(look.store, filters),
            "downloads": downloads(look, "clusters", **query),
        },
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def one_view(look: Look, asked: Asked) -> Answer:
    """Show one cluster."""
    store = look.store
    cluster_id = asked.id("id", "c")
    cluster = queries.read_cluster(store, cluster_id)
    offset = asked.whole("from", 0)
    form = asked_form(asked)
    found = queries.members(store, cluster_id, DOWNLOAD_ROWS if form else MEMBERS, 0 if form else offset)
    if form:
        return Download(cluster_id, form, found)
    canonical = cluster["canonical_section"]
    shown = [m["section_id"] for m in found]
    estimates = queries.estimates(store, canonical, shown) if len(found) > 1 else {}
    pairs = queries.pairs_among(store, [canonical, *shown]) if len(found) > 1 else {}
    scores = {}
    for member in found:
        low, high = sorted((canonical, member["section_id"]))
        pair = pairs.get((low, high))
        first = low == canonical
        scores[member["section_id"]] = {
            "pair": pair,
            "estimate": estimates.get(member["section_id"]),
            "in_canonical": pair and pair["containment_b" if first else "containment_a"],
            "of_canonical": pair and pair["containment_a" if first else "containment_b"],
        }
    conflicts = queries.conflicts(store, cluster_id) if cluster["n_conflicts"] else []
    match, _ = store.settings()
    return Page(
        "cluster.html",
        {
            "title": cluster["title"] or cluster_id,
            "cluster": cluster,
            "members": found,
            "canonical": canonical,
            "scores": scores,
            "offset": offset,
            "per_page": MEMBERS,
            "matrix": _matrix(look, found, pairs),
            "by_member": {m["section_id"]: m for m in found},
            "conflicts": conflicts,
            "repairs": queries.repairs(store, cluster_id) if cluster["n_repairs"] else [],
            "consensus": queries.consensus(store, cluster_id) if cluster["n_repairs"] else None,
            "editions": queries.editions(store, cluster),
            "shares": queries.shares_text_with(store, cluster_id),
            "facts": fact_queries.of_section(store, canonical, 12),
            "match": match,
            "decided": (
                look.desk.about({m["content_hash"] for m in found})
                if look.desk
                else queries.decisions_about(store, {m["content_hash"] for m in found})
            ),
            "done": asked.optional_id("done", "g"),
            "undone": asked.optional_id("undone", "g"),
            "downloads": downloads(look, "cluster", id=cluster_id),
            "texts": {m["section_id"]: i + 1 + offset for i, m in enumerate(found)},
        },
    )


def _matrix(look: Look, members: list[dict[str, Any]], pairs: dict[tuple[str, str], dict[str, Any]]) -> str:
    """Return the similarity of the members with each other, numbered as they are listed."""
    ids = [m["section_id"] for m in members[: queries.MATRIX_MEMBERS]]
    if len(ids) < 3:
        return ""

    def alike(a: str, b: str) -> float | None:
        if a == b:
            return 1.0
        pair = pairs.get((min(a, b), max(a, b)))
        return None if pair is None else float(pair["jaccard"])

    return plots.matrix(
        look.t("cluster.matrix"),
        [str(i + 1) for i in range(len(ids))],
        [[alike(a, b) for b in ids] for a in ids],
        [[None if a == b else look.address("pair", a=a, b=b) for b in ids] for a in ids],
    )
