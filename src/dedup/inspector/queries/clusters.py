"""Clusters: lists with filters and facets, and everything about one of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.inspector.queries import searching
from dedup.inspector.store import Missing, Store, one_of

#: Order -> (column, descending).
SORTS = {
    "size": ("n_sections", True),
    "doubt": ("doubt", True),
    "spread": ("n_sources", True),
    "conflicts": ("n_conflicts", True),
    "editions": ("n_editions", True),
    "similarity": ("min_similarity", False),
    "id": ("cluster_id", False),
}
FACETS = ("kind", "link_rule", "status", "first_release")
STATUSES = ("auto", "confirmed", "split")
#: Values of a facet that are listed.
FACET_VALUES = 12
#: Members up to which a cluster shows its similarity matrix.
MATRIX_MEMBERS = 24


@dataclass(frozen=True)
class Filters:
    """Which clusters are listed.

    Attributes
    ----------
    q : words that stand in them; '' for all
    least : sections they have at least
    source, kind, link_rule, status, first_release : '' for any
    relation : `variant`: with other editions; `conflict`: whose copies disagree; `repaired`
    since, until : bounds of the earliest date of publication, as `YYYY-MM-DD` or less
    """

    q: str = ""
    least: int = 2
    source: str = ""
    kind: str = ""
    link_rule: str = ""
    status: str = ""
    first_release: str = ""
    relation: str = ""
    since: str = ""
    until: str = ""

    def where(self) -> tuple[str, dict[str, Any]]:
        """Return the condition on `listed`, without the words, and its values."""
        parts, values = ["n_sections >= $least"], {"least": self.least}  # type: tuple[list[str], dict[str, Any]]
        for name in FACETS:
            if value := getattr(self, name):
                parts.append(f"{name} = ${name}")
                values[name] = value
        if self.source:
            parts.append("list_contains(sources, $source)")
            values["source"] = self.source
        if self.relation:
            column = {"variant": "n_editions > 1", "conflict": "n_conflicts > 0", "repaired": "n_repairs > 0"}
            parts.append(column[self.relation])
        for name, sign in (("since", ">="), ("until", "<=")):
            if value := getattr(self, name):
                parts.append(f"published_at {sign} CAST(${name} AS DATE)")
                values[name] = value
        return " AND ".join(parts), values

    def query(self) -> dict[str, Any]:
        """Return the parameters that differ from their defaults."""
        plain = Filters()
        return {k: v for k, v in asdict(self).items() if v != getattr(plain, k)}


@dataclass(frozen=True)
class Listed:
    """A page of a list.

    Attributes
    ----------
    rows : of it
    after : what asks for the next page; '' on the last one
    total : rows that meet the filters
    found : how the words were looked for; None without words
    """

    rows: list[dict[str, Any]]
    after: str
    total: int
    found: searching.Found | None = None


_COLUMNS = (
    "cluster_id, place, kind, n_sections, n_documents, n_sources, min_similarity, link_rule, status, sources,"
    " published_at, doubt, title, n_conflicts, n_repairs, n_editions, region_name, year_review, canonical_section"
)


def list_clusters(store: Store, filters: Filters, sort: str, after: str = "", n: int = 50) -> Listed:
    """Return clusters that meet the filters, in the order of `sort`, behind the one that `after` names."""
    store.need("listed")
    where, values = filters.where()
    source = "listed"
    found = None
    if filters.q:
        found = searching.search(store, filters.q)
        source = "(SELECT l.* FROM listed l SEMI JOIN hits h ON l.place = h.place)"
    column, down = SORTS[sort]
    page, order = where, f"{column} {'DESC' if down else 'ASC'}, cluster_id"
    paged = dict(values)
    if after:
        value, _, last = after.rpartition("~")
        if column == "cluster_id":
            page += " AND cluster_id > $last"
        else:
            page += f" AND ({column} {'<' if down else '>'} $value OR {column} = $value AND cluster_id > $last)"
            paged["value"] = float(value)
        paged["last"] = last
    hits = None if found is None else found.places
    total = _count(store, source, where, values, hits, filters)
    # First where the rows stand, by the columns that order them; then the rows.
    at = _ask(store, f"SELECT place FROM {source} WHERE {page} ORDER BY {order} LIMIT {n + 1}", paged, hits)
    places = ", ".join(str(int(row["place"])) for row in at[:n])
    rows = store.rows(f"SELECT {_COLUMNS} FROM listed WHERE place IN ({places})") if places else []
    by_place = {row["place"]: row for row in rows}
    rows = [by_place[row["place"]] for row in at[:n]]
    following = ""
    if len(at) > n:
        following = f"{'' if column == 'cluster_id' else repr(rows[-1][column])}~{rows[-1]['cluster_id']}"
    return Listed(rows, following, total, found)


def _count(
    store: Store, source: str, where: str, values: dict[str, Any], hits: np.ndarray | None, filters: Filters
) -> int:
    def make() -> int:
        return int(_ask(store, f"SELECT count(*) AS n FROM {source} WHERE {where}", values, hits)[0]["n"])

    return store.summary(f"clusters {filters}", make)


def facets(store: Store, filters: Filters) -> dict[str, list[tuple[str, int]]]:
    """Return facet -> (value, clusters) of the clusters that meet the filters, the commonest first."""
    store.need("listed")

    def make() -> dict[str, list[tuple[str, int]]]:
        where, values = filters.where()
        hits = searching.search(store, filters.q).places if filters.q else None
        source = "(SELECT l.* FROM listed l SEMI JOIN hits h ON l.place = h.place)" if filters.q else "listed"
        sets = ", ".join(f"({name})" for name in FACETS)
        rows = _ask(
            store,
            f"SELECT {', '.join(FACETS)}, {', '.join(f'grouping({name}) = 0 AS by_{name}' for name in FACETS)},"
            " count(*) AS n, count(*) FILTER (WHERE n_editions > 1) AS variant,"
            " count(*) FILTER (WHERE n_conflicts > 0) AS conflict, count(*) FILTER (WHERE n_repairs > 0) AS repaired"
            f" FROM {source} WHERE {where} GROUP BY GROUPING SETS ({sets}, ())",
            values,
            hits,
        )
        found: dict[str, list[tuple[str, int]]] = {}
        for name in FACETS:
            counted = sorted((-row["n"], str(row[name])) for row in rows if row[f"by_{name}"])
            found[name] = [(value, -n) for n, value in counted[:FACET_VALUES]]
        (whole,) = (row for row in rows if not any(row[f"by_{name}"] for name in FACETS))
        found["relation"] = [(name, whole[name]) for name in ("variant", "conflict", "repaired") if whole[name]]
        of_sources = _ask(
            store,
            f"SELECT source, count(*) AS n FROM (SELECT unnest(sources) AS source FROM {source} WHERE {where})"
            f" GROUP BY 1 ORDER BY n DESC, source LIMIT {FACET_VALUES}",
            values,
            hits,
        )
        found["source"] = [(row["source"], row["n"]) for row in of_sources]
        return found

    return store.summary(f"facets {filters}", make)


def _ask(store: Store, query: str, values: dict[str, Any], hits: np.ndarray | None) -> list[dict[str, Any]]:
    return store.rows(query, values, hits=None if hits is None else pa.table({"place": hits}))


def read_cluster(store: Store, cluster_id: str) -> dict[str, Any]:
    """Return the line of a cluster in the list.

    Raises
    ------
    Missing
        There is none of this id.
    """
    store.need("listed")
    found = store.row("SELECT * FROM listed WHERE cluster_id = $id", {"id": cluster_id})
    if found is None:
        raise Missing(cluster_id)
    return found


def members(store: Store, cluster_id: str, n: int, offset: int = 0) -> list[dict[str, Any]]:
    """Return members of a cluster, the canonical one first, then the most similar."""
    store.need("members")
    return store.rows(
        "SELECT * FROM members WHERE cluster_id = $id ORDER BY is_canonical DESC, similarity DESC, section_id"
        f" LIMIT {n} OFFSET {offset}",
        {"id": cluster_id},
    )


def estimates(store: Store, canonical: str, sections: Sequence[str]) -> dict[str, float]:
    """Return section -> share of signature values that it has in common with the canonical one."""
    if not store.count("fingerprints"):
        return {}
    where, values = one_of("section_id", [canonical, *sections])
    table = store.sql(f"SELECT section_id, signature FROM fingerprints WHERE {where}", values)
    found = {row["section_id"]: np.array(row["signature"], dtype=np.uint32) for row in table.to_pylist()}
    own = found.get(canonical)
    return {} if own is None else {s: float((v == own).mean()) for s, v in found.items()}


def pairs_among(store: Store, sections: Sequence[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the published pairs among sections, by (smaller id, larger id)."""
    where_a, values_a = one_of("section_a", sections)
    where_b, values_b = one_of("section_b", sections)
    rows = store.rows(f"SELECT * FROM pairs WHERE {where_a} AND {where_b}", values_a | values_b)
    return {(row["section_a"], row["section_b"]): row for row in rows}


def editions(store: Store, cluster: dict[str, Any], n: int = 20) -> list[dict[str, Any]]:
    """Return the other editions of a report: the other clusters of its family."""
    if cluster["n_editions"] < 2:
        return []
    store.need("families")
    family = store.rows("SELECT cluster_id FROM families WHERE family_id = $id LIMIT 200", {"id": cluster["family_id"]})
    where, values = one_of("cluster_id", [r["cluster_id"] for r in family if r["cluster_id"] != cluster["cluster_id"]])
    # Sorted here: the index by which the rows are picked serves no query that sorts.
    rows = store.rows(f"SELECT {_COLUMNS} FROM listed WHERE {where}", values)
    return sorted(rows, key=lambda row: (-row["n_sections"], row["cluster_id"]))[:n]


def conflicts(store: Store, cluster_id: str, n: int = 200) -> list[dict[str, Any]]:
    """Return where copies disagree, in the order of the canonical text."""
    if not store.count("conflicts"):
        return []
    return store.rows(
        f"SELECT * FROM conflicts WHERE cluster_id = $id ORDER BY canonical_start, section_id LIMIT {n}",
        {"id": cluster_id},
    )


def repairs(store: Store, cluster_id: str, n: int = 200) -> list[dict[str, Any]]:
    """Return damage in copies with what another copy says there."""
    if not store.count("repairs"):
        return []
    return store.rows(
        f"SELECT * FROM repairs WHERE cluster_id = $id ORDER BY section_id, char_start LIMIT {n}", {"id": cluster_id}
    )


def consensus(store: Store, cluster_id: str) -> dict[str, Any] | None:
    """Return the repaired text of a damaged report, None where nothing was repaired."""
    if not store.count("consensus"):
        return None
    return store.row("SELECT * FROM consensus WHERE cluster_id = $id", {"id": cluster_id})


def shares_text_with(store: Store, cluster_id: str, n: int = 20) -> list[dict[str, Any]]:
    """Return the clusters that share most text with one."""
    if not store.count("reuse_edges"):
        return []
    rows = store.rows(
        f"SELECT * FROM reuse_edges WHERE from_cluster = $id ORDER BY shared_chars DESC, to_cluster LIMIT {n}",
        {"id": cluster_id},
    )
    where, values = one_of("cluster_id", [row["to_cluster"] for row in rows])
    others = store.rows(
        f"SELECT cluster_id, title, region_name, year_review, n_sections, sources FROM listed WHERE {where}", values
    )
    by_id = {row["cluster_id"]: row for row in others}
    return [row | by_id[row["to_cluster"]] for row in rows if row["to_cluster"] in by_id]


def decisions_about(store: Store, keys: Collection[str]) -> list[dict[str, Any]]:
    """Return what was decided about some texts, as this release applied it, newest first; it holds no notes."""
    if not store.count("decisions"):
        return []
    return store.rows(
        "SELECT kind, who, decided_at, '' AS note, section_a, section_b FROM decisions WHERE outcome = 'applied'"
        " AND (key_a IN (SELECT unnest($keys)) OR key_b IN (SELECT unnest($keys))) ORDER BY decided_at DESC LIMIT 100",
        {"keys": sorted(keys)},
    )
