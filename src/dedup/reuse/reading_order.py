"""The order in which sections are read: family after family, so that distinct families are counted as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from dedup.fingerprinting.shingles import descending_powers, hash_text
from dedup.reuse.voices import RowCodes
from dedup.text.normalise import fold_table, fold_utf8, utf8_buffers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.reuse.rows import SectionRows


class ReadingOrder(NamedTuple):
    """Rows in reading order.

    Attributes
    ----------
    rows : (n,) int64, which row is read when
    codes : families, clusters, sites, in reading order
    site_share : (sites,) share of the families of the corpus that each site is the home of
    corpus_families : families of the corpus, reference sources left out
    """

    rows: NDArray[np.int64]
    codes: RowCodes
    site_share: NDArray[np.float64]
    corpus_families: int


@njit(nogil=True, cache=True)
def _hash_texts(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    powers: NDArray[np.uint64],
) -> NDArray[np.uint64]:
    cps = np.empty(4096, dtype=np.uint32)
    out = np.empty(starts.size, dtype=np.uint64)
    for i in range(starts.size):
        cps, n = fold_utf8(data, starts[i], ends[i], index, expansions, cps, False)
        out[i] = hash_text(cps, n, powers)
    return out


def reading_order(rows: SectionRows) -> ReadingOrder:
    """Order rows by family, by cluster inside it, and the best copy first.

    Families come in the order of a hash of the text at their head: the first few families of a run of text are then
    a random sample that other runs of the same families agree on, whatever the corpus is sorted by.
    """
    family, cluster = np.asarray(rows.family), np.asarray(rows.cluster)
    order = np.asarray(rows.order)
    data, offsets = utf8_buffers(rows.texts)
    heads, of_row = np.unique(family, return_inverse=True)
    table = fold_table()
    hashes = _hash_texts(
        data, offsets[:-1][heads], offsets[1:][heads], table.index, table.expansions, descending_powers()
    )
    turn = np.lexsort((order[heads], hashes))
    rank = np.empty(heads.size, dtype=np.int64)
    rank[turn] = np.arange(heads.size)
    read = np.lexsort((order, order[cluster], rank[of_row]))
    site = np.unique(np.asarray(rows.site), return_inverse=True)[1].astype(np.int32)
    reference = np.ascontiguousarray(np.asarray(rows.is_reference, dtype=bool)[read])
    home = site[family][read]
    families = rank[of_row][read]
    clusters = cluster[read]
    new = np.ones(read.size, dtype=np.int64)
    new[1:] = (families[1:] != families[:-1]) | (clusters[1:] != clusters[:-1])
    codes = RowCodes(
        families.astype(np.uint32), (np.cumsum(new) - 1).astype(np.uint32), np.ascontiguousarray(home), reference
    )
    own = np.unique(family[~np.asarray(rows.is_reference, dtype=bool)])
    site_share = np.bincount(site[own], minlength=int(site.max(initial=-1)) + 1) / max(own.size, 1)
    return ReadingOrder(read, codes, site_share, int(own.size))
