"""What two signatures say about two texts, and sketches that answer most questions from two cache lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Values of a signature that one word of a sketch holds, eight bits of each.
PER_WORD = 8
_LOW_7 = np.uint64(0x7F7F7F7F7F7F7F7F)
_BIT_7 = np.uint64(0x8080808080808080)
_ONES = np.uint64(0x0101010101010101)


@dataclass(frozen=True)
class Sketched:
    """Signatures of nodes, with their sketches.

    Attributes
    ----------
    signatures : (n, 128) uint32, of rows; may be memory-mapped
    first_row : (m,) int64, the row of each node
    sketches : (m, 16) uint64, of nodes
    """

    signatures: NDArray[np.uint32]
    first_row: NDArray[np.int64]
    sketches: NDArray[np.uint64]


@njit(nogil=True, cache=True)
def agreeing_values(signatures: NDArray[np.uint32], a: int, b: int) -> int:
    """Return in how many values two signatures agree; divided by their number it estimates Jaccard (Broder 1997)."""
    equal = 0
    for k in range(signatures.shape[1]):
        equal += signatures[a, k] == signatures[b, k]
    return equal


@njit(nogil=True, cache=True)
def _sketch(signatures: NDArray[np.uint32], rows: NDArray[np.int64], out: NDArray[np.uint64]) -> None:
    for i in range(rows.size):
        for w in range(out.shape[1]):
            word = np.uint64(0)
            for k in range(w * PER_WORD, (w + 1) * PER_WORD):
                # Minima crowd at zero: the bits are taken after mixing.
                mixed = np.uint32(signatures[rows[i], k] * np.uint32(0x9E3779B1)) >> np.uint32(24)
                word = (word << np.uint64(8)) | np.uint64(mixed)
            out[i, w] = word


def sketch_signatures(signatures: NDArray[np.uint32], rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return eight mixed bits of every value of some signatures, shape (len(rows), values / 8), uint64.

    Equal values have equal bits: two sketches agree in at least as many places as the signatures do, and in one of
    256 other places by chance (b-bit minwise hashing, Li and Konig 2010). A threshold on the sketches loses nothing.
    """
    out = np.empty((rows.size, signatures.shape[1] // PER_WORD), dtype=np.uint64)
    _sketch(signatures, rows, out)
    return out


@njit(nogil=True, cache=True, inline="always")
def agreeing_bytes(sketches: NDArray[np.uint64], a: int, b: int) -> int:
    """Return in how many of up to 255 bytes two sketches agree, a word at a time."""
    total = np.uint64(0)
    for w in range(sketches.shape[1]):
        x = sketches[a, w] ^ sketches[b, w]
        # Bit 7 of each byte of y is zero exactly where the byte of x is zero.
        y = ((x & _LOW_7) + _LOW_7) | x
        total += (~y & _BIT_7) >> np.uint64(7)
    return int((total * _ONES) >> np.uint64(56))
