"""Read a few normalised characters anywhere in a text, without folding what stands before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from dedup.text.utf8 import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Normalised characters between two marks.
STEP = 128
#: Bits that hold how many characters of an expansion stand before a mark; the longest has 18.
_BITS = 5


class Texts(NamedTuple):
    """Texts that windows are read from.

    Attributes
    ----------
    data, starts, ends : UTF-8 bytes and the stretch of each row
    folded, expansions : the table of the normaliser
    marks : int64; for every `STEP` normalised characters of a row the byte to read from, and what to skip there
    first_mark : (n,) int64, place of each row's first mark
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    folded: NDArray[np.int32]
    expansions: NDArray[np.uint32]
    marks: NDArray[np.int64]
    first_mark: NDArray[np.int64]


def mark_bounds(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (n + 1,) places of the marks of rows with so many normalised characters."""
    bounds = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths // STEP + 1, out=bounds[1:])
    return bounds


@njit(nogil=True, cache=True)
def set_marks(texts: Texts, low: int, high: int) -> None:
    """Set the marks of some rows."""
    for row in range(low, high):
        at = texts.starts[row]
        n = np.int64(0)
        mark = texts.first_mark[row]
        wanted = 0
        while at < texts.ends[row]:
            here = at
            cp, at = decode(texts.data, at)
            target = texts.folded[np.int64(cp)]
            if target == 0:
                continue
            width = np.int64(1 if target > 0 else texts.expansions[-target])
            if n + width > wanted:
                texts.marks[mark] = ((here - texts.starts[row]) << _BITS) | (wanted - n)
                mark += 1
                wanted += STEP
            n += width
        if n == wanted:
            texts.marks[mark] = (texts.ends[row] - texts.starts[row]) << _BITS


@njit(nogil=True, cache=True)
def read_window(texts: Texts, row: int, position: int, out: NDArray[np.uint32]) -> int:
    """Write the normalised characters of a row from `position` on to `out`; return how many there were for it."""
    mark = texts.marks[texts.first_mark[row] + position // STEP]
    at = texts.starts[row] + (mark >> _BITS)
    # Characters to pass over before the first one wanted.
    skip = (mark & ((1 << _BITS) - 1)) + position % STEP
    n = -skip
    while at < texts.ends[row] and n < out.size:
        cp, at = decode(texts.data, at)
        target = texts.folded[np.int64(cp)]
        if target > 0:
            if n >= 0:
                out[n] = np.uint32(target)
            n += 1
        elif target < 0:
            for k in range(np.int64(texts.expansions[-target])):
                if 0 <= n < out.size:
                    out[n] = texts.expansions[-target + 1 + k]
                n += 1
    return int(min(max(n, 0), out.size))


@njit(nogil=True, cache=True)
def find_character(texts: Texts, row: int, position: int) -> tuple[int, int, int]:
    """Find the character of a row that holds a normalised character.

    Returns
    -------
    the byte it starts at, the normalised characters before it, and how many it has
    """
    mark = texts.marks[texts.first_mark[row] + position // STEP]
    at = texts.starts[row] + (mark >> _BITS)
    n = position - position % STEP - (mark & ((1 << _BITS) - 1))
    while True:
        here = at
        cp, at = decode(texts.data, at)
        target = texts.folded[np.int64(cp)]
        width = np.int64(0 if target == 0 else (1 if target > 0 else texts.expansions[-target]))
        if n + width > position:
            return here, n, int(width)
        n += width
