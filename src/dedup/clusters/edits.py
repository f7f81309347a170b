"""Edits between the tokens of two texts, cut where people would cut them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import count

from dedup.clusters.alignment import Edit, align_sequences
from dedup.clusters.regions import Region
from dedup.clusters.tokens import Token, cut_tokens
from dedup.text.characters import NEWLINES
from dedup.text.placeholders import Placeholder

#: Longest line that may be a heading.
HEADING_CHARS = 40
#: Equal stretches up to this long between two edits of words are crumbs when the edits are at least as long.
CRUMB_CHARS = 8
_SENTENCE_ENDS = "。！？；!?;"


class Sides:
    """The tokens of a region of two texts, numbered so that equal tokens have equal numbers."""

    def __init__(
        self, a: str, b: str, region: Region, places_a: Sequence[Placeholder], places_b: Sequence[Placeholder]
    ) -> None:
        self.a, self.b, self.region = a, b, region
        self.tokens_a = cut_tokens(a, region.a_start, region.a_end, places_a)
        self.tokens_b = cut_tokens(b, region.b_start, region.b_end, places_b)
        numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self.ids_a, self.ids_b = (
            [numbers[text[t[0] : t[1]]] for t in tokens] for text, tokens in ((a, self.tokens_a), (b, self.tokens_b))
        )

    def edits(self) -> list[Edit]:
        """Return what differs, in order."""
        edits = _absorb_crumbs(self, _slide(self, align_sequences(self.ids_a, self.ids_b)))
        return [part for edit in edits for part in _part_line(self, edit)]

    def place_a(self, at: int) -> int:
        """Return where token `at` of a begins, or where the region ends."""
        return self.tokens_a[at].start if at < len(self.tokens_a) else self.region.a_end

    def place_b(self, at: int) -> int:
        """Return where token `at` of b begins, or where the region ends."""
        return self.tokens_b[at].start if at < len(self.tokens_b) else self.region.b_end

    def parts(self, edit: Edit) -> tuple[list[Token], list[Token]]:
        """Return the tokens of both sides of an edit."""
        return self.tokens_a[edit.a_start : edit.a_end], self.tokens_b[edit.b_start : edit.b_end]

    def chars(self, edit: Edit) -> int:
        """Length of the longer side, in characters."""
        a, b = self.parts(edit)
        return max(length(a), length(b))


def length(tokens: Sequence[Token]) -> int:
    """Return the characters that tokens in a row take."""
    return tokens[-1].end - tokens[0].start if tokens else 0


# A stretch that only one text has can often be cut out at several places; people expect it from break to break.


def _slide(sides: Sides, edits: list[Edit]) -> list[Edit]:
    out: list[Edit] = []
    for i, edit in enumerate(edits):
        after_a = edits[i + 1].a_start if i + 1 < len(edits) else len(sides.ids_a)
        before_a = out[-1].a_end if out else 0
        if edit.a_start == edit.a_end:
            before_b = out[-1].b_end if out else 0
            room = edit.b_start - before_b - bool(out), after_a - edit.a_end - (i + 1 < len(edits))
            shift = _best_shift(sides.b, sides.tokens_b, sides.ids_b, edit.b_start, edit.b_end, *room)
        elif edit.b_start == edit.b_end:
            room = edit.a_start - before_a - bool(out), after_a - edit.a_end - (i + 1 < len(edits))
            shift = _best_shift(sides.a, sides.tokens_a, sides.ids_a, edit.a_start, edit.a_end, *room)
        else:
            shift = 0
        out.append(Edit(edit.a_start + shift, edit.a_end + shift, edit.b_start + shift, edit.b_end + shift))
    return out


def _best_shift(
    text: str, tokens: list[Token], ids: list[int], start: int, end: int, room_left: int, room_right: int
) -> int:
    left = 0
    while left < room_left and ids[start - left - 1] == ids[end - left - 1]:
        left += 1
    right = 0
    while right < room_right and ids[start + right] == ids[end + right]:
        right += 1
    if not left and not right:
        return 0
    return max(
        range(-left, right + 1),
        key=lambda k: (_boundary(text, tokens, start + k) + _boundary(text, tokens, end + k), -abs(k), -k),
    )


def _boundary(text: str, tokens: list[Token], at: int) -> int:
    """How good a place for a cut stands before token `at`."""
    if _starts_line(text, tokens, at) or (at == len(tokens) and tokens[-1].end == len(text)):
        return 4
    if at < len(tokens) and tokens[at].kind == "line_break":
        return 3
    before = text[tokens[at - 1].start : tokens[at - 1].end] if at else text[tokens[0].start - 1]
    if before in _SENTENCE_ENDS:
        return 3
    return 2 if at == 0 or tokens[at - 1].kind == "sign" else 0


def _starts_line(text: str, tokens: list[Token], at: int) -> bool:
    if at:
        return tokens[at - 1].kind == "line_break"
    return tokens[0].start == 0 or text[tokens[0].start - 1] in NEWLINES


# Crumbs: a character that two rewritten words happen to share is no agreement.


def _absorb_crumbs(sides: Sides, edits: list[Edit]) -> list[Edit]:
    out: list[Edit] = []
    for edit in edits:
        while out and _is_crumb(sides, out[-1], edit):
            last = out.pop()
            edit = Edit(last.a_start, edit.a_end, last.b_start, edit.b_end)
        out.append(edit)
    return out


def _is_crumb(sides: Sides, left: Edit, right: Edit) -> bool:
    gap = sides.tokens_a[left.a_end : right.a_start]
    if any(t.kind not in ("word", "space") for t in gap):
        return False
    if not (_wordy(sides, left) and _wordy(sides, right)):
        return False
    return length(gap) <= max(1, min(CRUMB_CHARS, sides.chars(left), sides.chars(right)))


def _wordy(sides: Sides, edit: Edit) -> bool:
    """Whether words were rewritten, added or left out; an edit to a figure, mask or sign stays by itself."""
    return all(any(t.kind == "word" for t in side) for side in sides.parts(edit) if side)


# A line that only one text has is no part of what is rewritten in the line behind it.


def _part_line(sides: Sides, edit: Edit) -> list[Edit]:
    a, b = sides.parts(edit)
    if (
        not a
        or not b
        or not _starts_line(sides.a, sides.tokens_a, edit.a_start)
        or not _starts_line(sides.b, sides.tokens_b, edit.b_start)
    ):
        return [edit]
    breaks_a, breaks_b = ([i for i, t in enumerate(side) if t.kind == "line_break"] for side in (a, b))
    if bool(breaks_a) == bool(breaks_b):
        return [edit]
    longer, line = (a, breaks_a[0] + 1) if breaks_a else (b, breaks_b[0] + 1)
    if not 1 < line < len(longer) or length(longer[:line]) > HEADING_CHARS:
        return [edit]
    at_a, at_b = (edit.a_start + line, edit.b_start) if breaks_a else (edit.a_start, edit.b_start + line)
    rest = align_sequences(sides.ids_a[at_a : edit.a_end], sides.ids_b[at_b : edit.b_end])
    return [
        Edit(edit.a_start, at_a, edit.b_start, at_b),
        *(Edit(at_a + e.a_start, at_a + e.a_end, at_b + e.b_start, at_b + e.b_end) for e in rest),
    ]
