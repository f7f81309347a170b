"""What a page writes together: evidence on whether two ends of lines belong to one word or phrase."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

import numpy as np

from dedup.text.characters import LATIN
from dedup.text.lines import Line
from dedup.text.occurrences import likely_places, pair_table

_WORD = re.compile(rf"[{LATIN}]+(?:-[{LATIN}]+)*")
_CLAUSE_ENDS = "，。；：！？、,;:!?\n\r”）)》 \u3000…—"
_CLAUSE_STARTS = "，。；：！？、,;:!?\n\r“（(《 \u3000…—"


#: Occurrences of a pair that are looked at; keeps the work linear on a text that repeats two characters.
_MOST = 100


def meeting_pairs(text: str, line: Line, following: Line) -> tuple[str, str, str]:
    """Return the last two characters of a line, the two that meet at its end, the first two of the next line."""
    tail, head = text[max(line[0], line[1] - 2) : line[1]], text[following[0] : min(following[1], following[0] + 2)]
    return tail, tail[-1] + head[0], head


class Together:
    """What a text writes together: where given character pairs stand in it, and what that says of a line end."""

    def __init__(self, text: str, pairs: Iterable[str]) -> None:
        self._text = text
        self._places = _find_pairs(text, pairs)
        self._weights: dict[tuple[str, str, str], float] = {}

    def __contains__(self, pair: str) -> bool:
        return pair in self._places

    @cached_property
    def words(self) -> frozenset[str]:
        """Latin words of the text, those with hyphens whole."""
        return frozenset(_WORD.findall(self._text))

    def weight(self, pairs: tuple[str, str, str]) -> float:
        """Return how strongly the text says that a line end is a wrap; negative: that it is none.

        Parameters
        ----------
        pairs : as `meeting_pairs` gives them
        """
        weight = self._weights.get(pairs)
        if weight is None:
            weight = self._weights[pairs] = self._weigh(*pairs)
        return weight

    def _weigh(self, tail: str, bridge: str, head: str) -> float:
        text, places = self._text, self._places
        score = 0.0
        tails, bridges, heads = places.get(tail, ()), places.get(bridge, ()), places.get(head, ())
        if any(text.startswith(head, p + 2) for p in tails):
            score += 2.5
        elif any(text.startswith(head[0], p + 2) for p in tails) or any(
            text.startswith(head[1:], p + 2) for p in bridges
        ):
            score += 1.2
        elif bridges:
            score += 0.4 if len(bridges) < 3 else 0.8
        # How often the two ends end and start a clause where they stand elsewhere.
        if len(tails) >= 4:
            final = sum(text[p + 2 : p + 3] in _CLAUSE_ENDS for p in tails) / len(tails)
            score += 0.8 if final <= 0.35 else -0.8 if final >= 0.75 else 0.0
        if len(heads) >= 4:
            initial = sum(text[max(0, p - 1) : p] in _CLAUSE_STARTS for p in heads) / len(heads)
            score += 0.8 if initial <= 0.25 else -0.8 if initial >= 0.7 else 0.0
        return score


def _code(pair: str) -> int:
    return ord(pair[0]) << 21 | ord(pair[1])


def _find_pairs(text: str, pairs: Iterable[str]) -> dict[str, list[int]]:
    """Return the first places of each of the given character pairs that stands in `text`."""
    names = {_code(pair): pair for pair in pairs if len(pair) == 2}
    if not names or len(text) < 2:
        return {}
    wanted = np.array(sorted(names), dtype=np.uint64)
    # A table of 16-bit hashes lets few pairs through to the search; one look-up costs a tenth of a search.
    hits, points = likely_places(text, pair_table(names.values()))
    codes = points[hits].astype(np.uint64) << np.uint64(21) | points[hits + 1]
    owners = np.minimum(np.searchsorted(wanted, codes), wanted.size - 1)
    exact = wanted[owners] == codes
    hits, owners = hits[exact], owners[exact]
    order = np.argsort(owners, kind="stable")
    hits, owners = hits[order], owners[order]
    cuts = np.searchsorted(owners, np.arange(wanted.size + 1)).tolist()
    return {
        names[code]: hits[a : min(b, a + _MOST)].tolist()
        for code, a, b in zip(wanted.tolist(), cuts[:-1], cuts[1:], strict=True)
        if b > a
    }
