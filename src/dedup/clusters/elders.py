"""Names that last: clusters and families keep the id they had in the release before, also when they grow or part.

An id made from a cluster's canonical section changes when a better copy comes in. Whoever wrote it down would lose the
cluster, so the elder's id stays: a merged cluster is called as the oldest of its parts, a parted one leaves its id to
the part with its canonical section. Who went where is written down (`schemas.CLUSTER_HISTORY`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.ids import make_id

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Elders:
    """What groups of sections were called before.

    Attributes
    ----------
    section_ids : (k,) sections that are known, under the ids they have now
    groups : (k,) the group each of them was in
    leads : (k,) whether it was the canonical section of that group
    since : (k,) rank of the age of that group, 0 is the oldest
    """

    section_ids: pa.Array
    groups: pa.Array
    leads: pa.Array
    since: pa.Array


@dataclass(frozen=True)
class Named:
    """Groups with the names they keep.

    Attributes
    ----------
    ids : (n,) name of the group of each section
    merged, split : (elder group, its name now or the new group, sections in common)
    """

    ids: pa.Array
    merged: list[tuple[str, str, int]]
    split: list[tuple[str, str, int]]


def keep_names(section_ids: pa.Array, groups: pa.Array, elders: Elders, prefix: str) -> Named:
    """Give groups the names they had.

    Parameters
    ----------
    section_ids : (n,) sections
    groups : (n,) the group of each, named after its canonical section
    prefix : of a name that has to be made where one is taken

    Notes
    -----
    Every elder group leaves its name to at most one group: the one that holds its canonical section, else the one that
    has most of its sections. A group with several elders takes the name of the oldest. The result depends on the sets
    alone, never on the order of rows.
    """
    at = pc.index_in(section_ids, elders.section_ids)
    known = pc.is_valid(at)
    pairs = pa.table(
        {
            "group": groups.filter(known),
            "elder": elders.groups.take(at.filter(known)),
            "lead": pc.cast(elders.leads.take(at.filter(known)), pa.int8()),
            "since": elders.since.take(at.filter(known)),
            "n": pa.array(np.ones(int(pc.sum(pc.cast(known, pa.int64())).as_py() or 0), dtype=np.int64)),
        }
    )
    claims = pairs.group_by(["elder", "group"]).aggregate([("lead", "max"), ("since", "min"), ("n", "sum")])
    # The heir of each elder first; the other parts of it have parted.
    claims = claims.sort_by(
        [("elder", "ascending"), ("lead_max", "descending"), ("n_sum", "descending"), ("group", "ascending")]
    )
    elder = claims.column("elder").combine_chunks()
    heir = _firsts(elder)
    heirs = claims.filter(pa.array(heir)).sort_by(
        [("group", "ascending"), ("since_min", "ascending"), ("n_sum", "descending"), ("elder", "ascending")]
    )
    oldest = _firsts(heirs.column("group").combine_chunks())
    names = dict(zip(*(heirs.column(n).filter(pa.array(oldest)).to_pylist() for n in ("group", "elder")), strict=True))
    taken = set(names.values())
    # A name that was made from a section may be in use for another group by now.
    for group in pc.unique(groups).to_pylist():
        if group not in names:
            name, again = group, 0
            while name in taken:
                again += 1
                name = make_id(prefix, group, str(again))
            names[group] = name
            taken.add(name)
    order = pa.array(sorted(names), pa.string())
    called = pa.array([names[g] for g in order.to_pylist()], pa.string())
    merged = [(e, names[g], n) for g, e, n in _rows(heirs.filter(pa.array(~oldest)))]
    split = [(e, names[g], n) for g, e, n in _rows(claims.filter(pa.array(~heir)))]
    return Named(called.take(pc.index_in(groups, order)), merged, split)


def _firsts(values: pa.Array) -> NDArray[np.bool_]:
    """Return which of sorted values differ from the one before."""
    codes = values.dictionary_encode().indices.to_numpy()
    return np.append(True, codes[1:] != codes[:-1])[: codes.size]


def _rows(claims: pa.Table) -> list[tuple[str, str, int]]:
    return list(zip(*(claims.column(n).to_pylist() for n in ("group", "elder", "n_sum")), strict=True))


def history_rows(named: Named, release_id: str, at: datetime) -> pa.Table:
    """Return merges and splits as rows of `schemas.CLUSTER_HISTORY`.

    A row says of a cluster of the release before (`elder`) where sections of it went.
    """
    rows = [("merged", *row) for row in named.merged] + [("split", *row) for row in named.split]
    rows.sort()
    return pa.table(
        [
            pa.array([release_id] * len(rows), pa.string()),
            pa.array([at] * len(rows), schemas.TIMESTAMP),
            pa.array([r[0] for r in rows], pa.string()),
            pa.array([r[1] for r in rows], pa.string()),
            pa.array([r[2] for r in rows], pa.string()),
            pa.array([r[3] for r in rows], pa.int64()),
        ],
        schema=schemas.CLUSTER_HISTORY,
    )
