"""From positions in the normalised text back to characters of the clean text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.reuse.windows import Texts, find_character

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def _characters(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Count the characters that start in [start, end); negative when the end comes first."""
    n = 0
    for i in range(min(start, end), max(start, end)):
        n += (data[i] & 0xC0) != 0x80
    return n if start <= end else -n


@njit(nogil=True, cache=True)
def locate(texts: Texts, runs: NDArray, clean: NDArray[np.int32]) -> None:
    """Write the first character of every run, and one past its last, to `clean` (m, 2).

    Parameters
    ----------
    texts : with their marks
    runs : `RUN`, rows ascending; `start` and `end` count normalised characters. Where one of them lies inside a
        character that normalises to several, the run is widened to all of these
    """
    held = -1
    # The byte that was found last, and the characters before it.
    at = 0
    count = 0
    for i in range(runs.size):
        row = int(runs[i]["row"])
        if row != held:
            held, at, count = row, int(texts.starts[row]), 0
        byte, before, _ = find_character(texts, row, runs[i]["start"])
        count += _characters(texts.data, at, byte)
        at = byte
        runs[i]["start"] = before
        clean[i, 0] = count
        byte, before, width = find_character(texts, row, runs[i]["end"] - 1)
        count += _characters(texts.data, at, byte)
        at = byte
        runs[i]["end"] = before + width
        clean[i, 1] = count + 1
