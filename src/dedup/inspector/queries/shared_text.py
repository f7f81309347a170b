"""What texts share: passages, templates, phrases, and the network of who shares with whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dedup.inspector.desk import PatientRelease
from dedup.inspector.store import Missing, Store
from dedup.inspector.tables import WAYS as WAYS
from dedup.reuse.network import Network, build_network

#: Order -> columns, all descending.
TEMPLATE_SORTS = {
    "df": ("df", "n_chars"),
    "regions": ("n_regions", "df"),
    "years": ("n_years", "df"),
    "sites": ("n_sites", "df"),
    "length": ("n_chars", "df"),
}
#: Nodes of the picture.
NODES = 28


def passage(store: Store, passage_id: str) -> dict[str, Any]:
    """Return what is known of a passage."""
    found = store.find_one("passage_stats", passage_id)
    if found is None:
        raise Missing(passage_id)
    return found


def passage_places(store: Store, passage_id: str, n: int, after: str = "") -> list[dict[str, Any]]:
    """Return where a passage stands, by section."""
    columns = ("section_id", "char_start", "char_end")
    rows = store.find("passage_places", passage_id, columns, most=n, behind=("section_id", after) if after else None)
    return _with_pages(store, rows)


def _with_pages(store: Store, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows about sections with the page, the report, its place and year."""
    if not rows:
        return []
    sections = [row["section_id"] for row in rows]
    found = store.find("places", sections, ("section_id", "doc_id", "source", "ordinal", "uri", "cluster_id"))
    clusters = [row["cluster_id"] for row in found if row["cluster_id"]]
    listed = store.find("listed", clusters, ("cluster_id", "title", "region_name", "year_review"))
    reports = {row["cluster_id"]: row for row in listed}
    nothing = dict.fromkeys(("cluster_id", "title", "region_name", "year_review"))
    places = {row["section_id"]: {**nothing, **row, **reports.get(row["cluster_id"], {})} for row in found}
    return [{**row, **places[row["section_id"]]} for row in rows if row["section_id"] in places]


@dataclass(frozen=True)
class Ranked:
    """A page of templates or phrases; `after` is the number of rows before the next page, 0 on the last one."""

    rows: list[dict[str, Any]]
    after: int
    total: int


def templates(store: Store, kind: str, words: str, sort: str, least: int, offset: int, n: int) -> Ranked:
    """Return templates (or phrases) that hold `words`, ranked.

    Parameters
    ----------
    kind : `templates` or `phrases`
    least : families they stand in at least
    """
    if not store.has(kind):
        return Ranked([], 0, 0)
    text, id_ = ("skeleton", "template_id") if kind == "templates" else ("text", "phrase_id")
    where, values = "df >= $least", {"least": least}  # type: tuple[str, dict[str, Any]]
    if words:
        where += f" AND (contains({text}, $words)" + (" OR contains(example, $words))" if kind == "templates" else ")")
        values["words"] = words
    order = ", ".join(f"{column} DESC" for column in TEMPLATE_SORTS[sort])
    rows = store.rows(
        f"SELECT * FROM {kind} WHERE {where} ORDER BY {order}, {id_} LIMIT {n + 1} OFFSET {offset}", values
    )

    def count() -> int:
        found = store.row(f"SELECT count(*) AS n FROM {kind} WHERE {where}", values)
        return int(found["n"]) if found else 0

    total = store.passing(f"{kind} {words!r} {least}", count)
    return Ranked(rows[:n], offset + n if len(rows) > n else 0, total)


def template(store: Store, template_id: str) -> dict[str, Any]:
    """Return one template."""
    found = store.find_one("templates", template_id)
    if found is None:
        raise Missing(template_id)
    return found


def occurrences(store: Store, template_id: str, n: int, after: str = "") -> list[dict[str, Any]]:
    """Return where a template stands, with what fills its slots."""
    rows = store.find("template_occurrences", template_id, most=n, behind=("section_id", after) if after else None)
    return _with_pages(store, rows)


def network(store: Store, by: str, least: int) -> Network:
    """Return who shares text with whom, grouped by one of `WAYS`."""
    if not least:
        return store.tables.network(by)
    release = PatientRelease(store)
    return store.passing(f"network {by} {least}", lambda: build_network(release, [by], least_chars=least))
