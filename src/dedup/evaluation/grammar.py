"""Sentence patterns compiled for speed, and the values their figures take.

A rendered sentence carries marks in the private planes of Unicode, which never reach a page: `FIGURE_FIRST + k` opens
a figure of kind `k` (its indicator and unit stand in `Grammar.figures[k]`), `FIGURE_CHANGED + k` one that a copy got
wrong, `FIGURE_END` closes it. Edits know by
them where figures are, and offsets survive whatever is done to the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from dedup.evaluation.vocabulary import Field, vocabulary

FIGURE_FIRST = 0xF0000
FIGURE_CHANGED = 0xF8000
FIGURE_END = "\ue001"
PASSAGE_START, PASSAGE_END = "\ue010", "\ue011"
#: Every character that is a mark and not text.
MARK = re.compile("[\ue000-\uefff\U000f0000-\U000ffffd]")

#: Stands for the indicator of a figure that its pattern does not name.
UNNAMED = "-"
#: Parts of a pattern that are written short.
_SHORTHAND = {
    "[{m}{h}|": "[-|",
    "{r}": "{subject}{predicate}",
    "{n}": "{how}{what}",
    "{p}": "{when}{plan}",
}
_SLOT = re.compile(r"\{([a-z]+)\}|\[([^|\]]+)\|([^|\]]+)\|([^\]]+)\]|<([^>]*)>")


def _ladder(low: int, high: int, decimals: int, step: int = 200) -> tuple[str, ...]:
    """Return ascending values in units of 10**-decimals, each about 1/step above the last, written as decimals."""
    values: list[str] = []
    value = low
    while value <= high:
        shown = value
        if decimals == 0 and value >= 1000 and len(values) % 3 == 0:
            shown = value // 100 * 100
        whole, part = divmod(shown, 10**decimals)
        values.append(f"{whole}.{part:0{decimals}d}" if decimals else str(whole))
        value += max(1, value // step)
    return tuple(values)


#: Values by bank, ascending, so that next year's figure is a few steps up.
VALUE_BANKS: dict[str, tuple[str, ...]] = {
    "yi": _ladder(105, 9000, 2) + _ladder(900, 9800, 1),
    "wan": _ladder(120, 98000, 0),
    "dushu": _ladder(5200, 99000, 0),
    "pct": _ladder(11, 386, 1, 60),
    "share": _ladder(612, 999, 1, 600),
    "dot": _ladder(12, 98, 1, 60),
    "qian": _ladder(312, 998, 2),
    "few": _ladder(2, 19, 0),
    "small": _ladder(6, 98, 0),
    "mid": _ladder(31, 980, 0),
    "hundred": _ladder(105, 4800, 0),
    "thousand": _ladder(1040, 8800, 0),
    "big": _ladder(1050, 96000, 0),
    "yuan": _ladder(3180, 46800, 0),
    "mu": _ladder(31, 4200, 2),
    "km": _ladder(12, 2300, 1),
    "dun": _ladder(215, 9800, 2),
    "tou": _ladder(105, 8600, 2),
    "wanren": _ladder(105, 9900, 2),
    "wandun": _ladder(12, 360, 1),
    "days": _ladder(246, 361, 0),
}


class FigureKind(NamedTuple):
    """What a figure states; the indicator is empty where the words around it name none of their own."""

    indicator: str
    unit: str


class Slot(NamedTuple):
    """A place in a pattern: the items it is filled from, and whether it is a figure (refilled in another edition)."""

    items: tuple[str, ...]
    size: int
    is_figure: bool


class Pattern(NamedTuple):
    """A sentence: a %-format and its slots from left to right."""

    text: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Grammar:
    """Compiled patterns.

    `done[field][i]` and `planned[field][i]` are alternatives that differ in figure sentences;
    `overview` and `targets` are figures that reports choose from at the head of their chapters.
    """

    done: tuple[tuple[tuple[Pattern, ...], ...], ...]
    planned: tuple[tuple[tuple[Pattern, ...], ...], ...]
    overview: tuple[Pattern, ...]
    targets: tuple[Pattern, ...]
    places: tuple[str, ...]
    figures: tuple[FigureKind, ...]


class _Compiler:
    def __init__(self) -> None:
        words = vocabulary().words
        self.kinds: dict[FigureKind, int] = {}
        self.places = tuple(a + b for a in words["name_first"] for b in words["name_second"] if a != b)
        # A stride that shares no factor with their number spreads neighbours, so that no bank starts with one syllable.
        places = tuple(self.places[i * 37 % len(self.places)] for i in range(len(self.places)))
        self.names = {
            "village": tuple(p + words["village_tail"][i % 6] for i, p in enumerate(places)),
            "firm": tuple(a + b for a in words["firm_head"] for b in words["firm_tail"]),
            "road": tuple(p + words["road_tail"][i % 12] for i, p in enumerate(reversed(places))),
            "how": words["manner_how"],
            "what": words["manner_what"],
            "when": words["plan_when"],
            "plan": words["plan_what"],
            "predicate": words["predicates"],
        }

    def _kind(self, indicator: str, unit: str) -> str:
        kind = FigureKind("" if indicator == UNNAMED else indicator, unit)
        return chr(FIGURE_FIRST + self.kinds.setdefault(kind, len(self.kinds)))

    def compile(self, pattern: str, field: Field | None = None) -> Pattern:
        """Return the pattern as a format; `{f}` must have been replaced before."""
        names = dict(self.names)
        if field is not None:
            names |= {"v": field.verbs, "m": field.modifiers, "h": field.heads, "subject": field.subjects}
        text: list[str] = []
        slots: list[Slot] = []
        last = 0
        for match in _SLOT.finditer(pattern):
            text.append(pattern[last : match.start()].replace("%", "%%"))
            last = match.end()
            name, indicator, bank, unit, choices = match.groups()
            if indicator is None:
                items = names[name] if name is not None else tuple(choices.split("/"))
                text.append("%s")
                slots.append(Slot(items, len(items), False))
            else:
                items = VALUE_BANKS[bank]
                text.append(f"{self._kind(indicator, unit)}%s{FIGURE_END}{unit.replace('%', '%%')}")
                slots.append(Slot(items, len(items), True))
        text.append(pattern[last:].replace("%", "%%"))
        return Pattern("".join(text), tuple(slots))

    def alternatives(self, pattern: str, field: Field) -> tuple[Pattern, ...]:
        """Return the pattern once for each way to fill its figure sentences; two in one sentence are neighbours."""
        for short, long in _SHORTHAND.items():
            pattern = pattern.replace(short, long)
        if "{f}" not in pattern:
            return (self.compile(pattern, field),)
        found = []
        for i in range(len(field.figures)):
            filled = pattern.replace("{f}", field.figures[i], 1)
            found.append(self.compile(filled.replace("{f}", field.figures[(i + 1) % len(field.figures)]), field))
        return tuple(found)


@cache
def grammar() -> Grammar:
    """Return the compiled grammar; it is compiled once."""
    words = vocabulary()
    compiler = _Compiler()
    tenses = {
        tense: tuple(tuple(compiler.alternatives(p, field) for p in words.patterns[tense]) for field in words.fields)
        for tense in ("done", "planned")
    }
    overview, targets = (tuple(compiler.compile(p) for p in words.patterns[name]) for name in ("overview", "targets"))
    return Grammar(tenses["done"], tenses["planned"], overview, targets, compiler.places, tuple(compiler.kinds))
