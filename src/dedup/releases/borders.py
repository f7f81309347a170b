"""Where a long list is divided, said by the ids in it: into parts of nearly one size, whatever came before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedup.releases.sharing import last_digits

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


def steady_borders(keys: pa.Array | pa.ChunkedArray, wanted: int) -> NDArray[np.int64]:
    """Return the rows at which parts begin, the first row among them.

    A part begins at a row whose id ends in a smaller number than those of all its neighbours up to a distance w on
    either side (Bjørner, Blass, Gurevich 2010, "Content-dependent chunking for differential compression, the local
    maximum approach"). What is added or removed moves borders within that distance only; parts have w rows at least and
    2 w + 1 on average. With borders at ids that end in enough zeros, parts differ so much that a row chosen at
    random lies in one of twice the average size.

    Parameters
    ----------
    keys : ids, a row each
    wanted : how many parts there shall be, about: as many or up to twice as many
    """
    n = len(keys)
    numbers = last_digits(keys) if wanted > 1 and n >= 3 * wanted else None
    if numbers is None:
        return np.zeros(min(1, n), dtype=np.int64)
    # A power of two, so that a few rows more or less do not move the borders.
    reach = 1 << (((n // wanted - 1) // 2).bit_length() - 1)
    starts = np.flatnonzero(numbers == _smallest_near(numbers, reach))
    # At the ends of the list there are fewer neighbours to be smaller than.
    starts = starts[(starts >= reach) & (starts < n - reach)]
    return np.append(0, starts).astype(np.int64)


def _smallest_near(numbers: NDArray[np.uint64], reach: int) -> NDArray[np.uint64]:
    """Return for each number the smallest of those up to `reach` before and behind it.

    In three passes, whatever the reach (van Herk 1992; Gil and Werman 1993).
    """
    width = 2 * reach + 1
    n = numbers.size
    largest = np.iinfo(numbers.dtype).max
    padded = np.full(-(-(n + 2 * reach) // width) * width, largest, dtype=numbers.dtype)
    padded[reach : reach + n] = numbers
    rows = padded.reshape(-1, width)
    up_to = np.minimum.accumulate(rows, axis=1).reshape(-1)
    onward = np.minimum.accumulate(rows[:, ::-1], axis=1)[:, ::-1].reshape(-1)
    return np.minimum(onward[:n], up_to[2 * reach : 2 * reach + n])
