"""Quote many stretches of an Arrow string array at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def _copy_stretches(
    data: NDArray[np.uint8], starts: NDArray[np.int64], bounds: NDArray[np.int64], out: NDArray[np.uint8]
) -> None:
    for i in range(starts.size):
        length = bounds[i + 1] - bounds[i]
        for k in range(length):
            out[bounds[i] + k] = data[starts[i] + k]


def quote_bytes(data: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> pa.Array:
    """Return the texts of byte stretches of a UTF-8 buffer as a large_string array.

    Parameters
    ----------
    starts, lengths : (m,) stretches of `data`; they begin and end between two characters
    """
    bounds = np.zeros(starts.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=bounds[1:])
    out = np.empty(int(bounds[-1]), dtype=np.uint8)
    _copy_stretches(data, starts.astype(np.int64), bounds, out)
    return pa.LargeStringArray.from_buffers(starts.size, pa.py_buffer(bounds), pa.py_buffer(out))
