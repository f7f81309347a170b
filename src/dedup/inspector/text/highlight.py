"""A text with stretches marked in it that may overlap: cut into runs, each with all its marks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """A stretch that means something.

    Attributes
    ----------
    start, end : characters of the text, end exclusive
    kind : class of the style sheet
    title : what a reader is told when pointing at it
    href : where it leads
    rank : of overlapping marks the one of the lowest rank leads
    """

    start: int
    end: int
    kind: str
    title: str = ""
    href: str | None = None
    rank: int = 9


@dataclass(frozen=True)
class Run:
    """A stretch under the same marks.

    Attributes
    ----------
    start : its first character in the text
    text : what stands there
    kinds : classes of its marks, each once
    title, href : of the leading mark
    begins : whether a mark begins here
    """

    start: int
    text: str
    kinds: tuple[str, ...]
    title: str
    href: str | None
    begins: bool


def cut_runs(text: str, marks: Iterable[Mark], start: int = 0, end: int | None = None) -> list[Run]:
    """Return the runs of text[start:end], in order; together they are the text."""
    stop = len(text) if end is None else min(end, len(text))
    kept = [m for m in marks if m.end > start and m.start < stop and m.end > m.start]
    borders = {start, stop}
    opening: dict[int, list[Mark]] = {}
    closing: dict[int, list[Mark]] = {}
    for mark in kept:
        first, last = max(mark.start, start), min(mark.end, stop)
        borders.update((first, last))
        opening.setdefault(first, []).append(mark)
        closing.setdefault(last, []).append(mark)
    places = sorted(borders)
    active: list[Mark] = []
    runs: list[Run] = []
    for i, place in enumerate(places[:-1]):
        for mark in closing.get(place, ()):
            active.remove(mark)
        active += opening.get(place, ())
        ranked = sorted(active, key=lambda m: (m.rank, m.end - m.start))
        lead = next((m for m in ranked if m.href), ranked[0] if ranked else None)
        titles = list(dict.fromkeys(m.title for m in ranked if m.title))
        runs.append(
            Run(
                place,
                text[place : places[i + 1]],
                tuple(dict.fromkeys(m.kind for m in ranked)),
                " · ".join(titles[:4]),
                lead.href if lead else None,
                place in opening,
            )
        )
    return runs
