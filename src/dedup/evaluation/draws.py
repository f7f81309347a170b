"""Random numbers that never change: SplitMix64 as a counter-based generator.

NumPy keeps the streams of its bit generators stable but not those of `Generator.integers`, and the methods of
`random.Random` differ between Python versions. A sample must be the same bytes everywhere, so numbers come from
integer arithmetic alone: the nth draw of a key is a hash of (key, n), and any report can be made without making
those before it.

Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (the mixing function).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF
Item = TypeVar("Item")


def mix(*parts: int) -> int:
    """Return a 64-bit key made from integers; other parts or another order give another key."""
    state = 0
    for part in parts:
        state = (state ^ (part & _MASK)) + _GOLDEN & _MASK
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


def raw_draws(key: int, n: int) -> NDArray[np.uint64]:
    """Return the first `n` 64-bit draws of `key`."""
    with np.errstate(over="ignore"):
        state = np.uint64(key & _MASK) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def draws32(key: int, n: int) -> NDArray[np.uint64]:
    """Return `n` draws in [0, 2**32) as uint64, ready for `draw * size >> 32`."""
    return raw_draws(key, n) >> np.uint64(32)


def uniform(key: int, n: int) -> NDArray[np.float64]:
    """Return `n` floats in [0, 1), exact multiples of 2**-53."""
    return (raw_draws(key, n) >> np.uint64(11)).astype(np.float64) * 2.0**-53


class Dice:
    """A stream of small decisions from one key."""

    __slots__ = ("_block", "_buffer", "_key", "_next")

    def __init__(self, *key: int) -> None:
        self._key = mix(*key)
        self._block = 0
        self._buffer: list[int] = []
        self._next = 0

    def _draw(self) -> int:
        if self._next == len(self._buffer):
            self._buffer = draws32(mix(self._key, self._block), 64).tolist()
            self._block += 1
            self._next = 0
        self._next += 1
        return self._buffer[self._next - 1]

    def below(self, n: int) -> int:
        """Return an integer in [0, n)."""
        return self._draw() * n >> 32

    def between(self, low: int, high: int) -> int:
        """Return an integer in [low, high], both ends included."""
        return low + (self._draw() * (high - low + 1) >> 32)

    def chance(self, share: float) -> bool:
        """Return True with probability `share`."""
        return self._draw() < share * 4294967296.0

    def real(self, low: float, high: float) -> float:
        """Return a float in [low, high)."""
        return low + (high - low) * (self._draw() * 2.0**-32)

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of the items."""
        return items[self._draw() * len(items) >> 32]
