"""Repairs: damaged places of copies, filled from what other copies of the same report say there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

from dedup.clusters.damage import (
    LETTERS,
    NEWLINE,
    DamageKind,
    damage_of_letters,
    follows_number,
    is_broken_line,
    is_figure,
    is_masked,
    is_wording,
    parts_figure,
    touches_figure,
)
from dedup.clusters.differences import Difference

RepairKind = Literal["lost_bytes", "mask", "broken_line", "word"]
#: Surest first: where two repairs of one text overlap, the surer one stays.
REPAIR_KINDS: tuple[RepairKind, ...] = ("lost_bytes", "mask", "broken_line", "word")
#: Characters shown on either side of a repair in its reason.
_AROUND = 4
#: Differences that may be damage to letters and lines.
_REPAIRABLE = frozenset({"word", "mask", "punctuation", "line_break"})


@dataclass(frozen=True, slots=True)
class Repair:
    """One damaged place of one text.

    Attributes
    ----------
    text : number of the damaged text; 0 is the canonical one
    kind : `lost_bytes`, `mask`, `broken_line`, or `word`: this copy stands alone against others that agree
    start, end : the damaged characters; quote : what stands there; repaired : what it is repaired to
    donor : number of the text that says so; donor_start, donor_end : its characters
    n_agreeing : different texts that say the same as the donor, itself included
    reason : why, in words
    """

    text: int
    kind: RepairKind
    start: int
    end: int
    quote: str
    repaired: str
    donor: int
    donor_start: int
    donor_end: int
    n_agreeing: int
    reason: str


@dataclass(slots=True)
class _Reading:
    """What some copies have in one place of the canonical text."""

    text: str
    holders: list[tuple[int, int, int]] = field(default_factory=list)  # (number of the text, start, end)
    copies: int = 0


@dataclass(slots=True)
class _Place:
    start: int
    end: int
    kinds: set[str] = field(default_factory=set)
    others: dict[str, _Reading] = field(default_factory=dict)


def find_repairs(texts: Sequence[str], differences: Sequence[Sequence[Difference]]) -> list[Repair]:
    """Return the repairs of a group of copies, by text and place; those of one text do not touch each other.

    Parameters
    ----------
    texts : (t,) distinct texts, the canonical one first, then the best copies first: the first that has a reading
        is its donor
    differences : (t,) `align(texts[0], texts[i])` for each text, none for the canonical one

    Notes
    -----
    Copies with one text have one voice: mirrors of a page repeat its mistakes and prove nothing.
    Recognisable damage is filled from one other copy, unless as many copies say something else. Two undamaged
    readings: a text that stands alone is repaired where two or more copies agree, and more than on any other
    reading. Nothing that is, holds or adjoins a number, a year or a unit is touched; masks are no donors.
    """
    finder = _Finder(texts, differences)
    found = [repair for place in finder.places() for repair in finder.judge(place)]
    return _without_overlaps(found)


def apply_repairs(text: str, repairs: Iterable[Repair]) -> str:
    """Return the repaired text.

    Parameters
    ----------
    repairs : repairs of this text that do not overlap

    Raises
    ------
    ValueError
        The text has something else where a repair finds its damage.
    """
    out: list[str] = []
    position = 0
    for repair in sorted(repairs, key=lambda r: (r.start, r.end)):
        if repair.start < position or text[repair.start : repair.end] != repair.quote:
            raise ValueError(f"the text has not {repair.quote!r} at {repair.start}: it is another text")
        out += (text[position : repair.start], repair.repaired)
        position = repair.end
    return "".join([*out, text[position:]])


class _Finder:
    def __init__(self, texts: Sequence[str], differences: Sequence[Sequence[Difference]]) -> None:
        self.texts, self.differences = texts, differences
        self.ends = [[d.a_end for d in of_text] for of_text in differences]
        spans = sorted((d.a_start, d.a_end, i) for i, of_text in enumerate(differences) for d in of_text)
        self.spans = spans
        self.starts = [s[0] for s in spans]
        # The furthest end so far grows with the start, so that what reaches a place is found by bisection.
        self.furthest = list(accumulate((s[1] for s in spans), max))

    def places(self) -> list[_Place]:
        found: dict[tuple[int, int], _Place] = {}
        for i, of_text in enumerate(self.differences):
            for d in of_text:
                key = d.a_start, d.a_end
                place = found.get(key)
                if place is None:
                    place = found[key] = _Place(*key)
                place.kinds.add(d.kind)
                reading = place.others.get(d.b)
                if reading is None:
                    reading = place.others[d.b] = _Reading(d.b)
                reading.holders.append((i, d.b_start, d.b_end))
                reading.copies += 1
        return [found[key] for key in sorted(found)]

    def judge(self, place: _Place) -> list[Repair]:
        if place.end - place.start > LETTERS or not place.kinds & _REPAIRABLE:
            return []
        own = _Reading(self.texts[0][place.start : place.end], [(0, place.start, place.end)])
        readings = [own, *place.others.values()]
        damage = {r.text: self._damage(r, readings) for r in readings}
        if not any(damage.values()) and (len(self.texts) < 3 or "word" not in place.kinds):
            return []
        undisturbed = self._undisturbed(place)
        own.copies = len(undisturbed)
        out: list[Repair] = []
        for reading in readings:
            options = damage[reading.text]
            if options:
                choice = _most_copies([(q, kind, why) for q, kind, why in options if not damage[q.text]])
            elif "word" in place.kinds:
                choice = self._vote(reading, [r for r in readings if not damage[r.text]])
            else:
                choice = None
            if choice is None:
                continue
            donor, kind, why = choice
            holders = [(i, *self._at(i, place)) for i in undisturbed] if reading is own else reading.holders
            for i, start, end in holders:
                if not self._may_touch(i, start, end, donor.text, kind):
                    continue
                giver, donor_start, donor_end = donor.holders[0]
                out.append(
                    Repair(
                        i, kind, start, end, reading.text, donor.text, giver, donor_start, donor_end, donor.copies,
                        self._reason(i, start, end, donor.text, why),
                    )
                )  # fmt: skip
        return out

    def _undisturbed(self, place: _Place) -> list[int]:
        """Return the texts in which nothing in or next to the place differs from the canonical text."""
        first = bisect_left(self.furthest, place.start)
        last = bisect_right(self.starts, place.end)
        disturbed = {i for _, end, i in self.spans[first:last] if end >= place.start}
        return [i for i in range(len(self.texts)) if i not in disturbed]

    def _at(self, i: int, place: _Place) -> tuple[int, int]:
        """Return where an undisturbed place of the canonical text stands in text i."""
        before = bisect_left(self.ends[i], place.start)
        shift = 0
        if before:
            last = self.differences[i][before - 1]
            shift = last.b_end - last.a_end
        return place.start + shift, place.end + shift

    def _damage(self, reading: _Reading, readings: Sequence[_Reading]) -> list[tuple[_Reading, DamageKind, str]]:
        """Return the other readings of which this one is recognisable damage."""
        out: list[tuple[_Reading, DamageKind, str]] = []
        for other in readings:
            if other is reading:
                continue
            found = damage_of_letters(reading.text, other.text)
            if found is None and NEWLINE.search(reading.text):
                i, start, end = reading.holders[0]
                if is_broken_line(self.texts[i], start, end, other.text):
                    found = "broken_line", "the line breaks inside a sentence; the copy goes on"
            if found is not None:
                out.append((other, *found))
        return out

    def _vote(self, reading: _Reading, sound: Sequence[_Reading]) -> tuple[_Reading, RepairKind, str] | None:
        """Return the reading on which others agree against a copy that stands alone."""
        if reading.copies != 1:
            return None
        best = _most_copies([(r, "word", "") for r in sound if r is not reading])
        if best is None or best[0].copies < 2:
            return None
        other = best[0]
        if not all(is_wording(text) and len(text) <= LETTERS for text in (reading.text, other.text)):
            return None
        if is_masked(reading.text + other.text):
            return None
        return other, "word", f"{other.copies} different copies agree against this one"

    def _may_touch(self, i: int, start: int, end: int, repaired: str, kind: RepairKind) -> bool:
        """Whether a repair stays clear of numbers, years and units."""
        text = self.texts[i]
        if kind == "lost_bytes":
            return not (is_figure(text[start:end]) or is_figure(repaired) or follows_number(text, start))
        if kind == "broken_line":
            return not parts_figure(text, start, end)
        return not (touches_figure(text, start, end) or is_figure(repaired))

    def _reason(self, i: int, start: int, end: int, repaired: str, why: str) -> str:
        text = self.texts[i]
        before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
        shown = f"{before}{text[start:end]}{after} reads {before}{repaired}{after}".replace("\n", "⏎")
        return f"{shown}: {why}"


def _most_copies(
    options: Sequence[tuple[_Reading, RepairKind, str]],
) -> tuple[_Reading, RepairKind, str] | None:
    """Return the option with the most copies; None where two have as many."""
    best = sorted(options, key=lambda o: -o[0].copies)[:2]
    if not best or (len(best) == 2 and best[0][0].copies == best[1][0].copies):
        return None
    return best[0]


def _without_overlaps(repairs: Iterable[Repair]) -> list[Repair]:
    """Keep the surer of two repairs that touch each other in one text."""
    kept: dict[int, list[tuple[int, int]]] = {}
    out: list[Repair] = []
    order = sorted(
        repairs, key=lambda r: (r.text, REPAIR_KINDS.index(r.kind), -r.n_agreeing, r.start, r.end, r.repaired)
    )
    for repair in order:
        taken = kept.setdefault(repair.text, [])
        at = bisect_left(taken, (repair.start, repair.end))
        near = taken[max(0, at - 1) : at + 1]
        if any(start <= repair.end and end >= repair.start for start, end in near):
            continue
        taken.insert(at, (repair.start, repair.end))
        out.append(repair)
    return sorted(out, key=lambda r: (r.text, r.start, r.end))
