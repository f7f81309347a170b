"""Quote many stretches of an Arrow string array at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numba import njit

from dedup.reuse.borders import TABLE_SIZE
from dedup.text.characters import NEWLINES, SENTENCE_ENDS
from dedup.text.utf8 import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Characters by which a stretch is widened to the borders of its sentences at most, on either side.
WIDENED = 120


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


def ends_of_sentences() -> NDArray[np.bool_]:
    """Return which code points of the Basic Multilingual Plane end a sentence or a line, shape (65536,)."""
    table = np.zeros(TABLE_SIZE, dtype=bool)
    table[[ord(c) for c in SENTENCE_ENDS + NEWLINES]] = True
    return table


@njit(nogil=True, cache=True)
def widen(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    row: NDArray[np.int64],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    turn: NDArray[np.int64],
    closes: NDArray[np.bool_],
    out: NDArray[np.int64],
) -> None:
    """Find the bytes of stretches of text, and those of the sentences that they stand in.

    Parameters
    ----------
    row, start, end : (m,) text of each stretch, its first character and one past its last
    turn : order by row and start
    closes : `ends_of_sentences`
    out : (m, 4) written: first byte and end of the stretch, of its sentences. Where no border is near, the stretch
        ends where it ends
    """
    held = -1
    at = np.int64(0)
    count = np.int64(0)
    for i in turn:
        first, last = offsets[row[i]], offsets[row[i] + 1]
        if row[i] != held:
            held, at, count = row[i], first, np.int64(0)
        while count < start[i]:
            _, at = decode(data, at)
            count += 1
        out[i, 0] = at
        here = at
        ended = False
        for _ in range(end[i] - start[i]):
            cp, here = decode(data, here)
            ended = cp < closes.size and closes[cp]
        out[i, 1] = out[i, 3] = here
        if not ended:
            for _ in range(WIDENED):
                if here == last:
                    break
                cp, here = decode(data, here)
                if cp < closes.size and closes[cp]:
                    out[i, 3] = here
                    break
            if here == last:
                out[i, 3] = last
        out[i, 2] = first if start[i] <= WIDENED else at
        here = at
        for _ in range(WIDENED):
            if here == first:
                break
            before = here - 1
            while data[before] & 0xC0 == 0x80:
                before -= 1
            cp, _ = decode(data, before)
            if cp < closes.size and closes[cp]:
                out[i, 2] = here
                break
            here = before
