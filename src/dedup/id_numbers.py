"""Ids as the numbers they spell: keys and references of millions of rows are compared in a tenth of the time.

An id is a letter, a low line and 16 hexadecimal digits. Where all values of two columns are ids of one letter, they are
equal as strings if and only if they are equal as numbers of 64 bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

#: Characters of an id: its letter and a low line, and its digits.
_LETTER, _DIGITS = 2, 16
_WIDTH = _LETTER + _DIGITS
#: What each byte is worth as a digit; more than 15 where it is none. Only small letters stand in ids.
_WORTH = np.full(256, 255, dtype=np.uint8)
_WORTH[[ord(digit) for digit in "0123456789abcdef"]] = np.arange(16, dtype=np.uint8)


class Ids(NamedTuple):
    """Ids of one column.

    Attributes
    ----------
    letter : what they begin with, such as `s_`; empty where there are none
    numbers : (n,) uint64; ascending in what `read_ids` gives
    """

    letter: bytes
    numbers: NDArray[np.uint64]

    @property
    def distinct(self) -> bool:
        """Whether no id stands twice."""
        return not bool((self.numbers[1:] == self.numbers[:-1]).any())

    def within(self, others: Ids) -> bool:
        """Tell whether each of these ids is one of the others."""
        if not self.numbers.size:
            return True
        if self.letter != others.letter:
            return False
        distinct = np.append(self.numbers[:1], self.numbers[1:][self.numbers[1:] != self.numbers[:-1]])
        at = np.minimum(np.searchsorted(others.numbers, distinct), others.numbers.size - 1)
        return bool((others.numbers[at] == distinct).all())


def read_ids(column: pa.ChunkedArray) -> Ids | None:
    """Return the ids of a column of strings, nulls left out; None where anything else stands in it."""
    found = spell_ids(column)
    if found is not None:
        found.numbers.sort()
    return found


def spell_ids(column: pa.ChunkedArray) -> Ids | None:
    """Return the same with the numbers in the order of the column."""
    if not pa.types.is_string(column.type):
        return None
    letter = b""
    numbers = np.empty(len(column) - column.null_count, dtype=np.uint64)
    done = 0
    for chunk in column.chunks:
        values = chunk.drop_null() if chunk.null_count else chunk
        n = len(values)
        if not n:
            continue
        _, offsets, data = values.buffers()
        bounds = np.frombuffer(offsets, dtype=np.int32)[values.offset : values.offset + n + 1]
        if data is None or int(bounds[-1]) - int(bounds[0]) != n * _WIDTH:
            return None
        content = np.frombuffer(data, dtype=np.uint8)
        letter = letter or content[bounds[0] : bounds[0] + _LETTER].tobytes()
        if not _spell(content, bounds, np.frombuffer(letter, dtype=np.uint8), _WORTH, numbers[done : done + n]):
            return None
        done += n
    return Ids(letter, numbers)


@njit(cache=True, nogil=True)
def _spell(
    data: NDArray[np.uint8],
    bounds: NDArray[np.int32],
    letter: NDArray[np.uint8],
    worth: NDArray[np.uint8],
    numbers: NDArray[np.uint64],
) -> bool:
    """Write the number of each id; tells whether all of them are ids of this letter."""
    for i in range(numbers.size):
        start = bounds[i]
        if bounds[i + 1] - start != _WIDTH or data[start] != letter[0] or data[start + 1] != letter[1]:
            return False
        number = np.uint64(0)
        for k in range(start + _LETTER, start + _WIDTH):
            digit = worth[data[k]]
            if digit > 15:
                return False
            number = (number << np.uint64(4)) | np.uint64(digit)
        numbers[i] = number
    return True
