"""Which sections are pieces of one report: the same place, and edges that complete each other."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.ids import make_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: A document with more incomplete texts about one place is a collection: which of them belong together is not told.
MOST_PIECES = 24

_HEADLESS = frozenset({"no_head", "fragment"})
_TAILLESS = frozenset({"no_tail", "fragment"})
_COLUMNS = ("section_id", "doc_id", "region_code", "region_name", "region_level", "piece", "pieces", "completeness")
_YEARS = ("year_review", "year_plan")


class _Sets:
    """Disjoint sets of strings."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    @property
    def items(self) -> list[str]:
        """All strings that were looked for."""
        return list(self._parent)

    def find(self, item: str) -> str:
        root = item
        while (above := self._parent.setdefault(root, root)) != root:
            root = above
        while self._parent[item] != root:
            self._parent[item], item = root, self._parent[item]
        return root

    def join(self, a: str, b: str) -> None:
        low, high = sorted((self.find(a), self.find(b)))
        self._parent[high] = low


def works_of_documents(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the work of each section, from its own document only; the id is made from the smallest section id."""
    sets = _Sets()
    for a, b in _pieces(rows):
        sets.join(a, b)
    return [make_id("w", sets.find(row["section_id"])) for row in rows]


def assign_works(attributions: pa.Table, membership: pa.Table) -> pa.Table:
    """Give pieces of one report one work, also through the copies of the pieces on other pages.

    Parameters
    ----------
    attributions : `schemas.ATTRIBUTIONS`
    membership : section_id, cluster_id of (at least) these sections

    Returns
    -------
    the table with `work_id` made from the smallest cluster id of the work: all copies of a report share it, and it
    stays while the cluster does
    """
    sections = attributions.column("section_id").combine_chunks()
    at = pc.index_in(sections, membership.column("section_id").combine_chunks())
    clusters = pc.coalesce(membership.column("cluster_id").combine_chunks().take(at), sections)
    sets = _Sets()
    joined = list(_pieces(_partial(attributions).select([*_COLUMNS, *_YEARS]).to_pylist()))
    ends = [clusters.take(pc.index_in(pa.array(end, pa.string()), sections)) for end in zip(*joined, strict=True)]
    for one, other in zip(*(end.to_pylist() for end in ends), strict=True):
        sets.join(one, other)
    at = pc.index_in(clusters, pa.array(sets.items, pa.string()))
    roots = pc.coalesce(pa.array(map(sets.find, sets.items), pa.string()).take(at), clusters).dictionary_encode()
    works = pa.array([make_id("w", root) for root in roots.dictionary.to_pylist()], pa.string())
    position = attributions.schema.get_field_index("work_id")
    return attributions.set_column(position, attributions.schema.field(position), works.take(roots.indices))


def _partial(attributions: pa.Table) -> pa.Table:
    """Return the rows that can be pieces, of documents that have several of them."""
    placed = pc.or_(*(pc.is_valid(attributions.column(name)) for name in ("region_code", "region_name")))
    part = pc.or_(pc.not_equal(attributions.column("completeness"), "full"), pc.is_valid(attributions.column("piece")))
    rows = attributions.filter(pc.and_(placed, part))
    counts = pc.value_counts(rows.column("doc_id").combine_chunks())
    several = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    return rows.filter(pc.is_in(rows.column("doc_id"), several))


def _pieces(rows: Iterable[dict[str, Any]]) -> Iterable[tuple[str, str]]:
    """Yield pairs of sections of one document that are pieces of one report."""
    held: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        place = row["region_code"] or row["region_name"]
        if place is not None and (row["completeness"] != "full" or row["piece"] is not None):
            held.setdefault((row["doc_id"], row["region_level"] or "", place), []).append(row)
    for same in held.values():
        if len(same) > MOST_PIECES:
            continue
        for a, b in combinations(same, 2):
            if _complete_each_other(a, b):
                yield a["section_id"], b["section_id"]


def _complete_each_other(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether two sections about one place can be pieces of one report."""
    if any(a[name] is not None and b[name] is not None and a[name] != b[name] for name in _YEARS):
        return False
    if a["piece"] is not None and b["piece"] is not None:
        return a["piece"] != b["piece"] and (a["pieces"] == b["pieces"] or None in (a["pieces"], b["pieces"]))
    one, other = a["completeness"], b["completeness"]
    return (one in _TAILLESS and other in _HEADLESS) or (other in _TAILLESS and one in _HEADLESS)
