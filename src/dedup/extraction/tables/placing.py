"""Where the tables of a page stand in its text, and in which section."""

from __future__ import annotations

import re
from bisect import bisect_right

import numpy as np

#: Characters that are read in vain for tables that are not in the text; enough for hundreds of tables on a book.
MAX_VAIN_CHARS = 500_000_000

_SPACE = re.compile(r"\s+")
_SPACES = np.array([c for c in range(0x3001) if chr(c).isspace()], dtype=np.uint32)


def without_space(text: str) -> str:
    """Return a text without any white space."""
    return _SPACE.sub("", text)


class Places:
    """A text without its white space, in which tables are found by their cells however these were divided."""

    def __init__(self, text: str) -> None:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        self._kept = np.flatnonzero(~np.isin(points, _SPACES))
        self._text = points[self._kept].tobytes().decode("utf-32-le", "surrogatepass")
        self._position = 0
        self._vain = 0

    def next_span(self, key: str) -> tuple[int, int] | None:
        """Return the span of the next place where the cells of a table follow each other, None where there is none.

        Parameters
        ----------
        key : the cells of the table without white space, one after the other; tables are asked for in page order
        """
        if not key or self._vain > MAX_VAIN_CHARS:
            return None
        at = self._text.find(key, self._position)
        if at < 0:
            self._vain += len(self._text) - self._position
            return None
        self._position = at + len(key)
        return int(self._kept[at]), int(self._kept[at + len(key) - 1]) + 1


class Sections:
    """The sections of one document by their place."""

    def __init__(self, rows: list[tuple[int, int, str]]) -> None:
        self._rows = sorted(rows)
        self._starts = [start for start, _, _ in self._rows]

    def containing(self, position: int) -> str | None:
        """Return the section that a character belongs to."""
        at = bisect_right(self._starts, position) - 1
        if at < 0 or position >= self._rows[at][1]:
            return None
        return self._rows[at][2]
