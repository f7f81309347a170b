"""One page as it was scraped: its sections and everything that was found in its text."""

from __future__ import annotations

from typing import Any

from dedup.inspector.store import Store

#: Observations and passages of one window of text that are marked.
MARKS = 4000
_SECTION = (
    *("section_id", "ordinal", "title", "kind", "kind_reason", "char_start", "char_end", "n_chars", "mask_ratio"),
    *("boilerplate_ratio", "completeness"),
)
_PLACE = ("cluster_id", "is_canonical", "similarity", "stands_for", "rule", "template_ratio", "copied_ratio")
_OBSERVATION = (
    *("observation_id", "section_id", "indicator", "value_text", "unit", "year", "year_basis", "char_start"),
    *("char_end", "value_start", "value_end", "flags", "cluster_id"),
)
_RECORD = (
    *("uri", "source_id", "doc_id", "source", "outcome", "cluster_id", "similarity", "rule", "reason"),
)  # fmt: skip


def read_document(store: Store, doc_id: str) -> dict[str, Any]:
    """Return what is known of a document, with its text, and what became of it (`record`).

    Raises
    ------
    Missing
        There is none of this id.
    """
    at = store.page(doc_id)
    columns = [name for name in store.tables.lookup("documents").schema.names if name != "tables_html"]
    (found,) = store.rows_at("documents", at["file"], [at["row"]], columns)
    records = [row for row in store.find("records", at["uri"]) if row["source"] == at["source"]]
    return {**found, "record": records[0] if records else None}


def sections(store: Store, document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a document in order, with their places in clusters."""
    at = store.page(document["doc_id"])
    if not at["n_sections"]:
        return []
    first = at["first_section"]
    rows = store.rows_at("sections", at["section_file"], range(first, first + at["n_sections"]), _SECTION)
    places = store.find("places", [row["section_id"] for row in rows], ("section_id", *_PLACE))
    by_id = {row["section_id"]: row for row in places}
    nothing = dict.fromkeys(_PLACE)
    return [{**nothing, **row, **by_id.get(row["section_id"], {})} for row in rows]


def _in_window(rows: list[dict[str, Any]], start: int, end: int, by: str) -> list[dict[str, Any]]:
    inside = [row for row in rows if row["char_end"] > start and row["char_start"] < end]
    return sorted(inside, key=lambda row: int(row[by]))[:MARKS]


def passages(store: Store, section_ids: list[str], start: int, end: int) -> list[dict[str, Any]]:
    """Return the passages that stand in a window of a page."""
    columns = ("passage_id", "kind", "char_start", "char_end")
    rows = _in_window(store.find("passages", section_ids, columns), start, end, "char_start")
    stats = store.find("passage_stats", [row["passage_id"] for row in rows], ("passage_id", "df", "n_sections"))
    by_id = {row["passage_id"]: row for row in stats}
    return [row | by_id[row["passage_id"]] for row in rows if row["passage_id"] in by_id]


def observations(store: Store, section_ids: list[str], start: int, end: int) -> list[dict[str, Any]]:
    """Return the figures that stand in a window of a page."""
    return _in_window(store.find("observations", section_ids, _OBSERVATION), start, end, "value_start")


def furniture(store: Store, doc_id: str) -> list[dict[str, Any]]:
    """Return the lines of a page that its site repeats."""
    return store.find("furniture", doc_id, ("char_start", "char_end", "n_pages"), most=500)


def find_pages(store: Store, words: str, n: int, after: str = "") -> list[dict[str, Any]]:
    """Return records whose address or own id holds `words`, in the order of source and uri."""
    if not words:
        return _records_behind(store, n, after)
    where, values = "(contains(uri, $words) OR contains(source_id, $words))", {"words": words}
    if after:
        source, _, uri = after.partition("\n")
        where += " AND (source > $source OR source = $source AND uri > $uri)"
        values |= {"source": source, "uri": uri}
    return store.rows(f"SELECT {', '.join(_RECORD)} FROM records WHERE {where} ORDER BY source, uri LIMIT {n}", values)


def _records_behind(store: Store, n: int, after: str) -> list[dict[str, Any]]:
    """Return the records behind one, in the order of the dataset: a piece of it."""
    if not store.count("records"):
        return []
    records = store.tables.lookup("records")
    first = 0
    if after:
        source, _, uri = after.partition("\n")
        places = records.places(uri)
        found = records.at(places, ["source"]).column(0).to_pylist()
        first = next((place + 1 for place, name in zip(places, found, strict=True) if name == source), len(records))
    rows: list[dict[str, Any]] = records.at(range(first, min(first + n, len(records))), _RECORD).to_pylist()
    return rows
