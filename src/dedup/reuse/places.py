"""From positions in the normalised text back to characters of the clean text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.text.utf8 import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def locate(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    runs: NDArray,
    clean: NDArray[np.int32],
) -> None:
    """Write the first character of every run, and one past its last, to `clean` (m, 2).

    Parameters
    ----------
    runs : `RUN`, rows ascending; `start` and `end` count normalised characters. Where one of them lies inside a
        character that normalises to several, the run is widened to all of these
    """
    character = np.empty(4096, dtype=np.int32)
    i = 0
    while i < runs.size:
        row = np.int64(runs[i]["row"])
        size = ends[row] - starts[row] + 1
        if size > character.size:
            character = np.empty(2 * size, dtype=np.int32)
        at = starts[row]
        count = 0
        n = 0
        while at < ends[row]:
            cp, at = decode(data, at)
            target = index[np.int64(cp)]
            width = 0 if target == 0 else (1 if target > 0 else np.int64(expansions[-target]))
            if n + width > character.size:
                larger = np.empty(2 * (n + width), dtype=np.int32)
                larger[:n] = character[:n]
                character = larger
            for _ in range(width):
                character[n] = count
                n += 1
            count += 1
        while i < runs.size and np.int64(runs[i]["row"]) == row:
            low, high = runs[i]["start"], runs[i]["end"]
            first, last = character[low], character[high - 1]
            while low > 0 and character[low - 1] == first:
                low -= 1
            while high < n and character[high] == last:
                high += 1
            runs[i]["start"], runs[i]["end"] = low, high
            clean[i, 0], clean[i, 1] = first, last + 1
            i += 1
