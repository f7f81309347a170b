"""How far groups of places are spread: distinct families, sections, sources, sites, regions, years of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.reuse.rows import SectionRows

#: Columns of a spread, in order.
SPREAD = ("df", "n_sections", "n_sources", "n_sites", "n_regions", "n_years")


class Traits(NamedTuple):
    """What rows are told apart by: codes of each row, -1 unknown, and the number of codes of each kind.

    `codes` is (6, n) int64 in the order of `SPREAD`; `sizes` is (6,).
    """

    codes: NDArray[np.int64]
    sizes: NDArray[np.int64]


def traits_of(rows: SectionRows) -> Traits:
    """Return the traits of all rows; families and rows are their own codes."""
    n = len(rows.family)
    columns = (rows.family, np.arange(n), rows.source, rows.site, rows.region, rows.year)
    codes = np.stack([np.asarray(c, dtype=np.int64) for c in columns])
    # Years may be given as such or as codes; a dense numbering serves both.
    for k in range(2, len(columns)):
        known = codes[k] >= 0
        codes[k, known] = np.unique(codes[k, known], return_inverse=True)[1]
    return Traits(codes, codes.max(axis=1, initial=-1) + 1)


@njit(nogil=True, cache=True)
def _distinct(
    bounds: NDArray[np.int64],
    rows: NDArray[np.int64],
    codes: NDArray[np.int64],
    seen: NDArray[np.int64],
    first: NDArray[np.int64],
    least: int,
    out: NDArray[np.int64],
) -> None:
    for g in range(bounds.size - 1):
        for k in range(codes.shape[0]):
            count = 0
            for m in range(bounds[g], bounds[g + 1]):
                code = codes[k, rows[m]]
                if code >= 0 and seen[first[k] + code] != g:
                    seen[first[k] + code] = g
                    count += 1
            out[g, k] = count
            if k == 0 and count < least:
                break


def count_spread(
    bounds: NDArray[np.int64], rows: NDArray[np.int64], traits: Traits, *, least: int = 1
) -> NDArray[np.int64]:
    """Count the distinct traits of groups of places, in one pass, without sorting.

    Parameters
    ----------
    bounds : (g + 1,) group i owns rows[bounds[i]:bounds[i + 1]]
    rows : row of each place; a row may stand in a group more than once
    least : groups of fewer families are not counted further (their other columns are 0)

    Returns
    -------
    (g, 6) int64, columns as in `SPREAD`
    """
    first = np.zeros(traits.sizes.size, dtype=np.int64)
    np.cumsum(traits.sizes[:-1], out=first[1:])
    seen = np.full(int(traits.sizes.sum()), -1, dtype=np.int64)
    out = np.zeros((bounds.size - 1, len(SPREAD)), dtype=np.int64)
    _distinct(bounds, rows, traits.codes, seen, first, least, out)
    return out
