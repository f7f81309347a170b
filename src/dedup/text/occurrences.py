"""Where words stand in a text: one compiled pass over its characters, whatever the number of words.

`str.find` takes a pass for each word, and a regular expression tries every branch at every character.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def _pair_hits(points: NDArray[np.uint32], likely: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the places i where the pair (points[i], points[i + 1]) has an entry in the table of 16-bit hashes."""
    out = np.empty(64, dtype=np.int64)
    n = 0
    for i in range(points.size - 1):
        key = (np.uint64(points[i]) * np.uint64(0x9E3779B1) + np.uint64(points[i + 1]) * np.uint64(0x85EBCA77)) >> (
            np.uint64(16)
        )
        if likely[key & np.uint64(0xFFFF)]:
            if n == out.size:
                larger = np.empty(2 * n, dtype=np.int64)
                larger[:n] = out
                out = larger
            out[n] = i
            n += 1
    return out[:n]


def pair_table(pairs: Iterable[str]) -> NDArray[np.uint8]:
    """Return the table of 16-bit hashes of character pairs that `likely_places` looks up."""
    table = np.zeros(1 << 16, dtype=np.uint8)
    for pair in pairs:
        key = (ord(pair[0]) * 0x9E3779B1 + ord(pair[1]) * 0x85EBCA77) >> 16
        table[key & 0xFFFF] = 1
    return table


def likely_places(text: str, table: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Return the places where a pair of the table may start, ascending, and the code points of the text.

    Every true place is among them; of other places one in 65,536 for each pair of the table.
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return _pair_hits(points, table), points


class Words:
    """A fixed set of words (of two or more characters), to be looked up in many texts."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_pair: dict[str, tuple[str, ...]] = {}
        for word in words:
            self._by_pair[word[:2]] = (*self._by_pair.get(word[:2], ()), word)
        self._table = pair_table(self._by_pair)

    def places(self, text: str, start: int, end: int) -> list[int]:
        """Return the places in text[start:end] where one of the words stands, ascending."""
        hits, _ = likely_places(text[start:end], self._table)
        found = []
        for place in (hits + start).tolist():
            words = self._by_pair.get(text[place : place + 2])
            if words is not None and text.startswith(words, place, end):
                found.append(place)
        return found
