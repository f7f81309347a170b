"""Which texts are Chinese, by the share of Hanzi at their beginning."""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numba import njit

from dedup.text.characters import HAN
from dedup.text.normalise import utf8_buffers
from dedup.text.utf8 import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Characters at the start of a text that decide its language.
_LANGUAGE_CHARS = 1000
#: Share of Hanzi above which a text counts as Chinese; English quotations in it rarely reach the rest.
_HANZI_SHARE = 0.2


def find_languages(documents: pa.Table) -> tuple[str, ...]:
    """Return `zh` and `other`, as far as documents are written in them, judged by the share of Hanzi."""
    hanzi = other = 0
    for chunk in documents.column("text").chunks:
        n = _count_chinese(*utf8_buffers(chunk), _hanzi(), _LANGUAGE_CHARS, _HANZI_SHARE)
        hanzi += n
        other += len(chunk) - n
    return tuple(name for name, n in (("zh", hanzi), ("other", other)) if n)


@cache
def _hanzi() -> NDArray[np.bool_]:
    """Return which code points are Hanzi, shape (0x110000,) bool."""
    table = np.zeros(sys.maxunicode + 1, dtype=bool)
    for first, last in re.findall(r"(.)(?:-(.))?", HAN):
        table[ord(first) : ord(last or first) + 1] = True
    return table


@njit(nogil=True, cache=True)
def _count_chinese(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], hanzi: NDArray[np.bool_], most: int, share: float
) -> int:
    """Return how many texts have at least `share` Hanzi among their first `most` characters."""
    found = 0
    for text in range(offsets.size - 1):
        i, end = offsets[text], offsets[text + 1]
        n = of_hanzi = 0
        while i < end and n < most:
            cp, i = decode(data, i)
            of_hanzi += hanzi[cp]
            n += 1
        found += of_hanzi >= share * max(n, 1)
    return found
