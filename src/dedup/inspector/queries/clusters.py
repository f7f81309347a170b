"""Clusters: lists with filters and facets, and everything about one of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.inspector.listing import CODED, COLUMNS, Listing
from dedup.inspector.queries import searching
from dedup.inspector.store import Missing, Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
FACETS = CODED
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

    def mask(self, listing: Listing) -> NDArray[np.bool_]:
        """Return which clusters meet them, the words apart."""
        numbers = listing.numbers
        mask: NDArray[np.bool_] = numbers["n_sections"] >= self.least
        for name in FACETS:
            if value := getattr(self, name):
                mask &= listing.coded[name].codes == listing.coded[name].code(value)
        if self.source:
            mask &= listing.of_source(self.source)
        if self.relation == "variant":
            mask &= numbers["n_editions"] > 1
        elif self.relation:
            mask &= numbers["n_conflicts" if self.relation == "conflict" else "n_repairs"] > 0
        if self.since or self.until:
            # The day before all others stands for no date.
            mask &= listing.days > np.iinfo(np.int32).min
        if self.since:
            mask &= listing.days >= _day(self.since)
        if self.until:
            mask &= listing.days <= _day(self.until)
        return mask

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
    *("cluster_id", "place", "kind", "n_sections", "n_documents", "n_sources", "min_similarity", "link_rule", "status"),
    *("sources", "published_at", "doubt", "title", "n_conflicts", "n_repairs", "n_editions", "region_name"),
    *("year_review", "canonical_section"),
)


def _day(value: str) -> int:
    return (date.fromisoformat(value) - date(1970, 1, 1)).days


def listing_of(store: Store) -> Listing:
    """Return the columns of all clusters."""
    return store.summary("listing", lambda: Listing(store.tables.lookup("listed").parts(COLUMNS)))


def _chosen(store: Store, filters: Filters) -> tuple[NDArray[np.bool_], searching.Found | None]:
    """Return which clusters meet the filters, and how the words were looked for."""
    listing = listing_of(store)
    if not filters.q:
        return filters.mask(listing), None
    found = searching.search(store, filters.q)
    inside = np.zeros(listing.n, dtype=bool)
    inside[found.places] = True
    return inside & filters.mask(listing), found


def list_clusters(store: Store, filters: Filters, sort: str, after: str = "", n: int = 50) -> Listed:
    """Return clusters that meet the filters, in the order of `sort`, behind the one that `after` names."""
    listing = listing_of(store)
    mask, found = _chosen(store, filters)
    total = int(np.count_nonzero(mask))
    column, down = SORTS[sort]
    by = "" if column == "cluster_id" else column
    if after:
        value, _, last = after.rpartition("~")
        place = store.tables.lookup("listed").rank(last)
        if by:
            mask = mask & listing.behind(by, down, float(value), place)
        else:
            mask[:place] = False
    places = listing.first(by, down, mask, n + 1).tolist()
    rows = store.tables.lookup("listed").at(places[:n], _COLUMNS).to_pylist()
    following = ""
    if len(places) > n:
        following = f"{repr(rows[-1][by]) if by else ''}~{rows[-1]['cluster_id']}"
    return Listed(rows, following, total, found)


def facets(store: Store, filters: Filters) -> dict[str, list[tuple[str, int]]]:
    """Return facet -> (value, clusters) of the clusters that meet the filters, the commonest first."""

    def make() -> dict[str, list[tuple[str, int]]]:
        listing = listing_of(store)
        mask, _ = _chosen(store, filters)
        chosen = np.flatnonzero(mask)
        found = {name: listing.count_values(name, chosen)[:FACET_VALUES] for name in FACETS}
        relations = {
            "variant": listing.numbers["n_editions"] > 1,
            "conflict": listing.numbers["n_conflicts"] > 0,
            "repaired": listing.numbers["n_repairs"] > 0,
        }
        counts = [(name, int(np.count_nonzero(mask & holds))) for name, holds in relations.items()]
        found["relation"] = [(name, n) for name, n in counts if n]
        found["source"] = listing.count_values("sources", chosen)[:FACET_VALUES]
        return found

    return store.passing(f"facets {filters}", make)


def read_cluster(store: Store, cluster_id: str) -> dict[str, Any]:
    """Return the line of a cluster in the list.

    Raises
    ------
    Missing
        There is none of this id.
    """
    found = store.find_one("listed", cluster_id)
    if found is None:
        raise Missing(cluster_id)
    return found


def members(store: Store, cluster_id: str, n: int, offset: int = 0) -> list[dict[str, Any]]:
    """Return members of a cluster, the canonical one first, then the most similar."""
    found: list[dict[str, Any]] = (
        store.tables.lookup("members").find([cluster_id], most=offset + n).slice(offset).to_pylist()
    )
    return found


def estimates(store: Store, canonical: str, sections: Sequence[str]) -> dict[str, float]:
    """Return section -> share of signature values that it has in common with the canonical one."""
    if not store.count("fingerprints"):
        return {}
    table = store.tables.lookup("fingerprints").find([canonical, *sections], ["section_id", "signature"])
    signatures = np.asarray(table.column("signature").combine_chunks().flatten()).reshape(table.num_rows, -1)
    found = dict(zip(table.column("section_id").to_pylist(), signatures, strict=True))
    own = found.get(canonical)
    return {} if own is None else {s: float((v == own).mean()) for s, v in found.items()}


def pairs_among(store: Store, sections: Sequence[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the published pairs among sections, by (smaller id, larger id)."""
    if not store.count("pairs"):
        return {}
    among = pa.array(sorted(set(sections)))
    table = store.tables.lookup("pairs").find(sections)
    rows = table.filter(pc.is_in(table.column("section_b"), value_set=among)).to_pylist()
    return {(row["section_a"], row["section_b"]): row for row in rows}


def editions(store: Store, cluster: dict[str, Any], n: int = 20) -> list[dict[str, Any]]:
    """Return the other editions of a report: the other clusters of its family."""
    if cluster["n_editions"] < 2:
        return []
    family = store.find("families", cluster["family_id"], ["cluster_id"], most=200)
    others = [row["cluster_id"] for row in family if row["cluster_id"] != cluster["cluster_id"]]
    rows = store.find("listed", others, _COLUMNS)
    return sorted(rows, key=lambda row: (-row["n_sections"], row["cluster_id"]))[:n]


def conflicts(store: Store, cluster_id: str, n: int = 200) -> list[dict[str, Any]]:
    """Return where copies disagree, in the order of the canonical text."""
    return store.find("conflicts", cluster_id, most=n)


def repairs(store: Store, cluster_id: str, n: int = 200) -> list[dict[str, Any]]:
    """Return damage in copies with what another copy says there."""
    return store.find("repairs", cluster_id, most=n)


def consensus(store: Store, cluster_id: str) -> dict[str, Any] | None:
    """Return the repaired text of a damaged report, None where nothing was repaired."""
    return store.find_one("consensus", cluster_id)


def shares_text_with(store: Store, cluster_id: str, n: int = 20) -> list[dict[str, Any]]:
    """Return the clusters that share most text with one."""
    rows = store.find("reuse_edges", cluster_id)
    rows = sorted(rows, key=lambda row: (-row["shared_chars"], row["to_cluster"]))[:n]
    columns = ("cluster_id", "title", "region_name", "year_review", "n_sections", "sources")
    others = store.find("listed", [row["to_cluster"] for row in rows], columns)
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
