"""Proofs that a page put its own year in the place of others.

A site that shows last century's report as fresh replaces every year, sometimes every number that looks like one
(`投资2024余万元`). The text itself gives it away: one year is both looked back on and planned for, is compared with
itself, counts baskets, or is said to be the year of an event of another year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from dedup.extraction.attribution.eras import Event, earliest_year, latest_year
from dedup.extraction.attribution.mentions import Reading

#: Units that no year has: the sentence counts something, and only chance would make it the page's year.
_UNITS = "个|人|户|家|座|吨|辆|台|套|头|只|株|所|条|处|件|名|元|万元|亿元|万亩|亩|公里|平方米|公顷|米|万(?!月)"
_QUANTITY = rf"(?:\.[0-9]+)?[余多]?(?:{_UNITS})"


_LOOKS_BACK = "[上下]半年|季度|问题|不足|困难|成[效绩就]|做法|亮点|经验|体会|总结|回顾|情况|主要工作"


@dataclass(frozen=True, slots=True)
class Proof:
    """One sign that a printed year is not the text's own.

    Attributes
    ----------
    year : the printed year
    rule : `both_roles`, `both_headings`, `self_comparison`, `event`, `too_late`, `too_early` or `quantity`
    weight : 2 where the sign suffices, 1 where it takes a second one
    start, end : the words
    """

    year: int
    rule: str
    weight: int
    start: int
    end: int


@lru_cache(maxsize=4)
def find_proofs(text: str, reading: Reading) -> tuple[Proof, ...]:
    """Return the signs against every printed year that the text gives a role, or repeats."""
    roles: dict[int, dict[str, int]] = {}
    first: dict[int, tuple[int, int]] = {}
    for claim in reading.claims:
        if claim.year is None or claim.kind != "number":
            continue
        spans = roles.setdefault(claim.year, {"review": 0, "plan": 0})
        spans[claim.role] += claim.weight
        first.setdefault(claim.year, (claim.start, claim.end))
    counts: dict[int, int] = {}
    for mention in reading.mentions:
        if mention.year is not None:
            counts[mention.year] = counts.get(mention.year, 0) + 1
            first.setdefault(mention.year, (mention.start, mention.end))
    proofs = [
        # One year apart is how authors err, or how events are misread.
        Proof(m.year, "event", 2 if abs(m.event.year - m.year) > 1 else 1, m.start, m.event.end)
        for m in reading.mentions
        if m.year is not None and m.event is not None and m.event.year != m.year
    ]
    suspects = {year for year, n in counts.items() if year in roles or n >= 3}
    bounds = (earliest_year(text), latest_year(text)) if roles else (None, None)
    for year in sorted(suspects):
        held = roles.get(year, {"review": 0, "plan": 0})
        if held["review"] and held["plan"] and not reading.half_year and not _has_neighbours(year, roles, counts):
            weight = 2 if held["plan"] >= 3 and held["review"] >= 2 else 1
            proofs.append(Proof(year, "both_roles", weight, *first[year]))
        if not reading.half_year and not _has_neighbours(year, roles, counts):
            proofs.extend(_both_headings(text, year))
        proofs.extend(_self_comparisons(text, year))
        if year in roles:
            proofs.extend(_quantities(text, year))
            proofs.extend(_out_of_its_time(year, held, *bounds))
    return tuple(proofs)


def _out_of_its_time(year: int, held: dict[str, int], low: Event | None, high: Event | None) -> list[Proof]:
    """Return whether the text speaks of what came later, or only of what was long past."""
    found = []
    # A report is read at the beginning of the year it plans for, a year after the one it looks back on.
    written = year if held["plan"] else year + 1
    if low is not None and low.year > written:
        found.append(Proof(year, "too_early", 2, low.start, low.end))
    if high is not None and high.year < year:
        found.append(Proof(year, "too_late", 2 if high.certain and high.year < year - 2 else 1, high.start, high.end))
    return found


def _has_neighbours(year: int, roles: dict[int, dict[str, int]], counts: dict[int, int]) -> bool:
    """Whether the text tells the year before or after apart from it: then one of its years is merely misprinted."""
    before, after = roles.get(year - 1), roles.get(year + 1)
    return bool(
        (before and before["review"])
        or (after and after["plan"])
        or counts.get(year - 1, 0) >= 2
        or counts.get(year + 1, 0) >= 2
    )


def _both_headings(text: str, year: int) -> list[Proof]:
    """Return whether the first part of a report and a later one carry one year: looked back on, then planned for.

    Parts that still look back (二、2023年存在的问题) may share it.
    """
    first = re.search(rf"(?:^|\n)[ \t\u3000]*一、{year}年", text)
    if first is None:
        return []
    # Headings are often glued to the paragraph before them.
    later = re.compile(rf"[二三四]、{year}年(?![^\n]{{0,14}}(?:{_LOOKS_BACK}))").search(text, first.end())
    return [] if later is None else [Proof(year, "both_headings", 1, *later.span())]


def _self_comparisons(text: str, year: int) -> list[Proof]:
    pattern = re.compile(
        rf"(?<![0-9]){year}年(?![初末底前度]|[0-9]+月|[上下]半年|[一二三四]季度|同期|年)[^。；\n]{{0,60}}?"
        rf"(?:是|比|较|与|同|相当于|为){year}年(?![初末底前]|[0-9]+月|[上下]半年|[一二三四]季度|同期|全国|全省|的?(?:预期|计划|目标))"
        r"[^。；，\n]{0,16}?(?:倍|增长|增加|提高|持平|翻|下降|减少|相比)"
    )
    return [Proof(year, "self_comparison", 2, *match.span()) for match in pattern.finditer(text)][:3]


def _quantities(text: str, year: int) -> list[Proof]:
    if year % 10 == 0:
        # Round numbers count things without any help.
        return []
    pattern = re.compile(rf"(?<![0-9.]){year}{_QUANTITY}")
    found = [match.span() for match in pattern.finditer(text)]
    # Once is chance: about one number in a thousand. Twice in one text, beside the year itself, is not.
    weight = 2 if len(found) >= 2 else 1
    return [Proof(year, "quantity", weight, *span) for span in found[:3]]


def overwritten_year(text: str, reading: Reading) -> tuple[int | None, list[Proof]]:
    """Return the year that the text proves to be put in, and the proofs.

    A text that looks back on one year and plans for the next, both printed, is believed against a single sign: authors
    err, too.
    """
    proofs = find_proofs(text, reading)
    if not proofs:
        return None, []
    score: dict[int, int] = {}
    rules: dict[int, set[str]] = {}
    for proof in proofs:
        if proof.rule in rules.setdefault(proof.year, set()):
            continue
        rules[proof.year].add(proof.rule)
        score[proof.year] = score.get(proof.year, 0) + proof.weight
    year = max(score, key=lambda y: (score[y], y))
    needed = 4 if told_apart(year, reading) else 2
    return (year, [p for p in proofs if p.year == year]) if score[year] >= needed else (None, [])


def doubtful_years(text: str, reading: Reading) -> set[int]:
    """Return years that one weak sign speaks against: not proved to be put in, but not believed either."""
    return {
        proof.year
        for proof in find_proofs(text, reading)
        if proof.rule in ("both_roles", "both_headings", "event") and not told_apart(proof.year, reading)
    }


def told_apart(year: int, reading: Reading) -> bool:
    """Whether the text prints the year before as looked back on, or the year after as planned for, beside `year`."""
    number = [(c.role, c.year) for c in reading.claims if c.kind == "number"]
    return (("review", year - 1) in number and ("plan", year) in number) or (
        ("review", year) in number and ("plan", year + 1) in number
    )
