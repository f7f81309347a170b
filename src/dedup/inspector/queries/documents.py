"""One page as it was scraped: its sections and everything that was found in its text."""

from __future__ import annotations

from typing import Any

from dedup.inspector.store import Store, one_of

#: Observations and passages of one window of text that are marked.
MARKS = 4000
_SECTION = (
    "section_id, ordinal, title, kind, kind_reason, char_start, char_end, n_chars, mask_ratio, boilerplate_ratio,"
    " completeness"
)


def read_document(store: Store, doc_id: str) -> dict[str, Any]:
    """Return what is known of a document, without its text, and what became of it (`outcome`, `reason`, …).

    Raises
    ------
    Missing
        There is none of this id.
    """
    at = store.page(doc_id)
    (found,) = store.rows_at("documents", at["file"], at["row"], 1, "* EXCLUDE (text, tables_html, file_row_number)")
    record = store.row(
        "SELECT * FROM records WHERE source = $source AND uri = $uri", {"source": at["source"], "uri": at["uri"]}
    )
    return {**found, "record": record}


def sections(store: Store, document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a document in order, with their places in clusters."""
    at = store.page(document["doc_id"])
    if not at["n_sections"]:
        return []
    rows = store.rows_at("sections", at["section_file"], at["first_section"], at["n_sections"], _SECTION)
    store.need("places")
    where, values = one_of("section_id", [row["section_id"] for row in rows])
    places = store.rows(
        "SELECT section_id, cluster_id, is_canonical, similarity, stands_for, rule, template_ratio, copied_ratio"
        f" FROM places WHERE {where}",
        values,
    )
    by_id = {row["section_id"]: row for row in places}
    nothing = dict.fromkeys(
        ("cluster_id", "is_canonical", "similarity", "stands_for", "rule", "template_ratio", "copied_ratio")
    )
    return [{**nothing, **row, **by_id.get(row["section_id"], {})} for row in rows]


def passages(store: Store, section_ids: list[str], start: int, end: int) -> list[dict[str, Any]]:
    """Return the passages that stand in a window of a page."""
    if not store.count("passages") or not section_ids:
        return []
    where, values = one_of("section_id", section_ids)
    rows = store.rows(
        f"SELECT passage_id, kind, char_start, char_end FROM passages WHERE {where} AND char_end > $start"
        f" AND char_start < $end ORDER BY char_start LIMIT {MARKS}",
        values | {"start": start, "end": end},
    )
    where, values = one_of("passage_id", [row["passage_id"] for row in rows])
    stats = store.rows(f"SELECT passage_id, df, n_sections FROM passage_stats WHERE {where}", values) if rows else []
    by_id = {row["passage_id"]: row for row in stats}
    return [row | by_id[row["passage_id"]] for row in rows if row["passage_id"] in by_id]


def observations(store: Store, section_ids: list[str], start: int, end: int) -> list[dict[str, Any]]:
    """Return the figures that stand in a window of a page."""
    if not store.count("observations") or not section_ids:
        return []
    where, values = one_of("section_id", section_ids)
    return store.rows(
        "SELECT observation_id, section_id, indicator, value_text, unit, year, year_basis, char_start, char_end,"
        f" value_start, value_end, flags, cluster_id FROM observations WHERE {where}"
        f" AND char_end > $start AND char_start < $end ORDER BY value_start LIMIT {MARKS}",
        values | {"start": start, "end": end},
    )


def furniture(store: Store, doc_id: str) -> list[dict[str, Any]]:
    """Return the lines of a page that its site repeats."""
    if not store.count("furniture"):
        return []
    return store.rows(
        "SELECT char_start, char_end, n_pages FROM furniture WHERE doc_id = $id ORDER BY char_start LIMIT 500",
        {"id": doc_id},
    )


def find_pages(store: Store, words: str, n: int, after: str = "") -> list[dict[str, Any]]:
    """Return records whose address or own id holds `words`, in the order of source and uri."""
    where, values = "true", {}  # type: tuple[str, dict[str, Any]]
    if words:
        where = "(contains(uri, $words) OR contains(source_id, $words))"
        values["words"] = words
    if after:
        source, _, uri = after.partition("\n")
        where += " AND (source > $source OR source = $source AND uri > $uri)"
        values |= {"source": source, "uri": uri}
    return store.rows(
        "SELECT uri, source_id, doc_id, source, outcome, cluster_id, similarity, rule, reason FROM records"
        f" WHERE {where} ORDER BY source, uri LIMIT {n}",
        values,
    )
