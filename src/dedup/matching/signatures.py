"""What two signatures say about two texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def agreeing_values(signatures: NDArray[np.uint32], a: int, b: int) -> int:
    """Return in how many values two signatures agree; divided by their number it estimates Jaccard (Broder 1997)."""
    equal = 0
    for k in range(signatures.shape[1]):
        equal += signatures[a, k] == signatures[b, k]
    return equal
