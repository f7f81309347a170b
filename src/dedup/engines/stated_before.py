"""Figures of sections that did not change but whose clusters did: as the last release has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas

if TYPE_CHECKING:
    from numpy.typing import NDArray


class StatedBefore:
    """Observations of the last release, found by the matched row of their section.

    Parameters
    ----------
    observations : table with the schema `schemas.OBSERVATIONS`
    section_ids : (n,) ids of the matched sections of this run, which has all sections of `observations`
    """

    def __init__(self, observations: pa.Table, section_ids: pa.Array) -> None:
        rows = pc.index_in(observations.column("section_id"), section_ids).combine_chunks()
        row: NDArray[np.int64] = rows.to_numpy(zero_copy_only=False).astype(np.int64)
        self._table = observations
        self._order = np.argsort(row, kind="stable")
        self._row = row[self._order]

    def of(self, rows: NDArray[np.int64], clusters: pa.Array, is_canonical: pa.Array) -> pa.Table:
        """Return what the sections of some matched rows state, as members of the clusters they are in now.

        Parameters
        ----------
        rows : (k,) matched rows
        clusters, is_canonical : (k,) the cluster of each, and whether it stands for it

        Returns
        -------
        table with the schema `schemas.OBSERVATIONS` without flags: these depend on the cluster
        """
        low, high = np.searchsorted(self._row, rows, "left"), np.searchsorted(self._row, rows, "right")
        counts = high - low
        of = np.repeat(np.arange(rows.size), counts)
        within = np.arange(of.size) - np.repeat(np.cumsum(counts) - counts, counts)
        table = self._table.take(pa.array(self._order[low[of] + within]))
        columns = {name: table.column(name) for name in table.column_names}
        columns |= {"cluster_id": clusters.take(pa.array(of)), "is_canonical": is_canonical.take(pa.array(of))}
        columns["flags"] = no_flags(of.size)
        return schemas.conform(pa.table(columns), schemas.OBSERVATIONS)


def no_flags(n: int) -> pa.Array:
    """Return n empty lists of flags."""
    return pa.ListArray.from_arrays(pa.array(np.zeros(n + 1, dtype=np.int32)), pa.array([], pa.string()))


def in_order(observations: pa.Table, section: NDArray[np.int64]) -> pa.Table:
    """Return observations by section, place and id: the same order whether they were read just now or before.

    Parameters
    ----------
    section : (n,) place of the section of each observation
    """
    place = observations.column("value_start").to_numpy()
    order = np.lexsort((place, section))
    again = (np.diff(section[order]) == 0) & (np.diff(place[order]) == 0)
    if again.any():
        ids = pc.rank(observations.column("observation_id"), sort_keys="ascending", tiebreaker="first").to_numpy()
        order = np.lexsort((ids, place, section))
    elif bool((np.diff(order) == 1).all()):
        return observations
    return observations.take(pa.array(order))
