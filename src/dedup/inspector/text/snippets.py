"""The place in a text where words stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedup.text.normalise import fold_table, normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Characters around the first place.
AROUND = 40


def find_words(text: str, word: str) -> tuple[int, int] | None:
    """Return where `word` stands in `text`; other widths, case, signs and line breaks do not matter."""
    wanted = normalise(word)
    if not wanted:
        return None
    at = text.find(word)
    if at >= 0:
        return at, at + len(word)
    normal, places = _folded(text)
    found = normal.find(wanted)
    return None if found < 0 else (int(places[found]), int(places[found + len(wanted) - 1]) + 1)


def _folded(text: str) -> tuple[str, NDArray[np.int64]]:
    """Return the normalised text, and for each of its characters the place it comes from."""
    table = fold_table()
    code_points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    targets = table.index[code_points]
    counts = (targets > 0).astype(np.int64)
    for i in np.flatnonzero(targets < 0):
        counts[i] = table.expansions[-targets[i]]
    places = np.repeat(np.arange(code_points.size), counts)
    normal = np.maximum(targets, 0)[places].astype(np.uint32)
    starts = np.cumsum(counts) - counts
    for i in np.flatnonzero(targets < 0):
        at = -int(targets[i])
        normal[starts[i] : starts[i] + counts[i]] = table.expansions[at + 1 : at + 1 + counts[i]]
    return normal.tobytes().decode("utf-32-le", "replace"), places


def snippet(text: str, words: str) -> list[tuple[bool, str]]:
    """Return (is a hit, stretch) around the first place of each of `words`; empty where none stands there."""
    spans = sorted(span for word in words.split()[:4] if (span := find_words(text, word)) is not None)
    parts: list[tuple[bool, str]] = []
    at = 0
    for start, end in spans:
        if start < at:
            continue
        low = max(at, start - AROUND)
        if low > at or (not parts and low):
            parts.append((False, "…"))
        parts += [(False, text[low:start]), (True, text[start:end])]
        at = end
    if parts:
        high = min(len(text), at + AROUND)
        parts.append((False, text[at:high] + ("…" if high < len(text) else "")))
    return parts
