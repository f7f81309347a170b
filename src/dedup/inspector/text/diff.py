"""Two texts side by side: rows that belong together, equal stretches folded, each difference with its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dedup.clusters.differences import Difference

#: Differences of these kinds say nothing else; a reader may hide them.
TRIVIAL = frozenset({"line_break", "space", "punctuation"})
#: Equal characters that stay in view on both sides of a difference.
CONTEXT = 60
#: Equal stretches shorter than this are not folded.
FOLD = 200
#: Characters of a folded stretch that are sent along; the rest is cut out.
FOLDED_CHARS = 4000
#: Differences shown at most.
MOST = 600
_SENTENCE_ENDS = "。！？；\n"


@dataclass(frozen=True)
class Piece:
    """A stretch on one side.

    Attributes
    ----------
    kind : `same`, or the kind of the difference
    text : what stands there
    number : of the difference, from 1; 0 for equal stretches
    """

    kind: str
    text: str
    number: int = 0


@dataclass(frozen=True)
class Row:
    """What stands side by side.

    Attributes
    ----------
    a, b : pieces of the two sides
    folded : equal stretch that is folded away
    chars : characters of A in it
    """

    a: tuple[Piece, ...]
    b: tuple[Piece, ...]
    folded: bool = False
    chars: int = 0


@dataclass(frozen=True)
class SideBySide:
    """The rows of two texts.

    Attributes
    ----------
    rows : in order
    shown, total : differences shown, and those there are (of the kinds asked for)
    """

    rows: tuple[Row, ...]
    shown: int
    total: int


def side_by_side(a: str, b: str, differences: Sequence[Difference], *, trivial: bool = True) -> SideBySide:
    """Lay two texts out.

    Parameters
    ----------
    differences : of a and b, in order
    trivial : False: differences in line breaks, spaces and signs count as equal, and read as A has them
    """
    chosen = [d for d in differences if trivial or d.kind not in TRIVIAL]
    shown = chosen[:MOST]
    layout = _Layout()
    at_a = at_b = 0
    for number, d in enumerate(shown, 1):
        layout.equal(a[at_a : d.a_start], b[at_b : d.b_start], first=number == 1)
        layout.left.append(Piece(d.kind, d.a, number))
        layout.right.append(Piece(d.kind, d.b, number))
        at_a, at_b = d.a_end, d.b_end
    if len(shown) == len(chosen):
        layout.equal(a[at_a:], b[at_b:], first=not shown, last=True)
    layout.close()
    return SideBySide(tuple(layout.rows), len(shown), len(chosen))


class _Layout:
    """Rows in the making."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.left: list[Piece] = []
        self.right: list[Piece] = []

    def close(self) -> None:
        """End the row."""
        if self.left or self.right:
            self.rows.append(Row(tuple(self.left), tuple(self.right)))
            self.left, self.right = [], []

    def same(self, a: str, b: str) -> None:
        """Append what both have."""
        if a:
            self.left.append(Piece("same", a))
        if b:
            self.right.append(Piece("same", b))

    def equal(self, a: str, b: str, *, first: bool = False, last: bool = False) -> None:
        """Append an equal stretch: its ends beside the differences, what lies between folded away.

        Parameters
        ----------
        first, last : nothing differs before, or behind
        """
        if len(a) < FOLD or len(b) < FOLD:
            cut_a, cut_b = _last_end(a), _last_end(b)
            self.same(a[:cut_a], b[:cut_b])
            if cut_a and not last:
                # A new row begins with the sentence of the next difference, so that both sides stay level.
                self.close()
            self.same(a[cut_a:], b[cut_b:])
            return
        head_a, head_b = (0, 0) if first else (_first_end(a), _first_end(b))
        tail_a, tail_b = (len(a), len(b)) if last else (_tail(a), _tail(b))
        self.same(a[:head_a], b[:head_b])
        self.close()
        middle_a, middle_b = a[head_a:tail_a], b[head_b:tail_b]
        if middle_a or middle_b:
            pieces = ((Piece("same", _ends(middle_a)),), (Piece("same", _ends(middle_b)),))
            self.rows.append(Row(*pieces, folded=True, chars=len(middle_a)))
        self.same(a[tail_a:], b[tail_b:])


def _first_end(text: str) -> int:
    """Return where the first sentence ends, or the context does."""
    for i, c in enumerate(text[: 2 * CONTEXT]):
        if c in _SENTENCE_ENDS:
            return i + 1
    return min(CONTEXT, len(text))


def _tail(text: str) -> int:
    """Return where the last sentence begins, or the context does."""
    low = max(0, len(text) - 2 * CONTEXT)
    for i in range(len(text) - 2, low - 1, -1):
        if text[i] in _SENTENCE_ENDS:
            return i + 1
    return max(0, len(text) - CONTEXT)


def _last_end(text: str) -> int:
    """Return where the last whole sentence ends; 0 where none does."""
    return max(text.rfind(c) for c in _SENTENCE_ENDS) + 1


def _ends(text: str) -> str:
    if len(text) <= FOLDED_CHARS:
        return text
    half = FOLDED_CHARS // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} …\n{text[-half:]}"
