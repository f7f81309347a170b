"""Which place a section speaks for: as it names its own place, else as the places inside it tell."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dedup.extraction.attribution.claims import quote
from dedup.extraction.attribution.divisions import Division, Divisions, kind_of
from dedup.extraction.attribution.own_names import (
    FullName,
    Named,
    full_names,
    masked_name,
    own_kinds,
    score_full_names,
    score_stems,
    unknown_names,
)
from dedup.extraction.attribution.own_subjects import own_subjects
from dedup.extraction.attribution.subordinates import enclosing

#: Score that makes a name one's own, where no context says so beyond doubt; from at least two contexts.
ENOUGH = 4.0
#: A name that one place alone has needs less.
ENOUGH_UNIQUE = 3.0

_LEVELS = {
    "省": "province",
    "州": "prefecture",
    "盟": "prefecture",
    "地区": "prefecture",
    "县": "county",
    "区": "county",
    "旗": "county",
    "镇": "township",
    "乡": "township",
    "街道": "township",
    "苏木": "township",
}


@dataclass(frozen=True, slots=True)
class Place:
    """The place a section speaks for.

    Attributes
    ----------
    code, name, level : of the division; the code is None where the text leaves open which of several it is, all three
        where nothing is claimed
    basis : printed (the full name stands in the text), resolved (the stem and 我镇 or the like), inferred (which of
        several, or the place itself, follows from other places named), masked or none
    confidence : 0 to 1
    evidence : words of the text; None where nothing is claimed
    own_name : how the text names it
    """

    code: str | None
    name: str | None
    level: str | None
    basis: str
    confidence: float
    evidence: str | None
    own_name: str | None


#: Laws name the place they hold for in their first articles.
_LAW = re.compile("第[一二三四五六七八九十百]{1,4}条")
_LAW_HEAD = 600
_LOCAL = re.compile("[本我](?:[省市州县]|自治[区州县])|本行政区")
_NATIONAL = re.compile("全国人民代表大会|国务院令|国务院(?:第[^。\n]{0,12})?(?:常务会议)?(?:批准|发布|通过)")


NOWHERE = Place(None, None, None, "none", 0.0, None, None)


def read_place(text: str, year: int | None, table: Divisions) -> Place:
    """Attribute a place to a text.

    Parameters
    ----------
    text : clean text of one section, without the heading that a site gave it
    year : a year that the text speaks of, where known: names that no place had then are not believed
    """
    kinds = own_kinds(text)
    named = full_names(text, table)
    foreign = _rules_elsewhere(text)
    for candidate in _candidates(text, named, kinds, table):
        if foreign and not candidate.said and (foreign == "national" or text.find(candidate.stem) > _LAW_HEAD):
            continue
        place = _locate(text, candidate, named, kinds, year, table)
        if place is not None:
            return place
    inside = enclosing(text, named, kinds, table)
    if inside is not None:
        division, start, end, confidence = inside
        if division.stood(year):
            evidence = quote(text, start, end)
            return Place(division.code, table.path(division), division.level, "inferred", confidence, evidence, None)
    mask = masked_name(text)
    if mask is not None:
        return replace(NOWHERE, basis="masked", evidence=quote(text, *mask))
    return NOWHERE


def _rules_elsewhere(text: str) -> str:
    """Return `national` for a law of the state, `law` for one that does not speak of 本省 or the like, else nothing.

    A law of the state that gives a province something to do does not speak for it.
    """
    if sum(1 for _ in _LAW.finditer(text)) < 3 or _LOCAL.search(text):
        return ""
    return "national" if _NATIONAL.search(text, 0, _LAW_HEAD) else "law"


def _candidates(text: str, named: list[FullName], kinds: list[str], table: Divisions) -> list[Named]:
    """Return the names that the text uses for its own place, best first; empty where two are as likely."""
    full = score_full_names(text, named)
    stems = score_stems(text, table, kinds)
    merged: dict[str, Named] = {}
    for (name, kind), one in full.items():
        if one.score <= 0 or not (one.said or not kinds or kind in kinds):
            continue
        row = table.named(name)[0]
        merged[name] = one
        other = stems.pop((row.short, ""), None)
        if other is not None:
            one.score += other.score
            one.contexts |= other.contexts
            if other.best > one.best:
                one.best, one.start, one.end = other.best, other.start, other.end
    for (stem, _), one in stems.items():
        if not any(row.is_word for row in table.called(stem, kinds or None)):
            merged.setdefault(stem, one)
    for one in (*unknown_names(text, kinds), *own_subjects(text, kinds)):
        if one.stem in merged:
            if one.best > merged[one.stem].best:
                merged[one.stem].add("subject", one.best, one.start, one.end)
        elif not one.printed and any(_stem_of(name, table) == one.stem for name in merged):
            continue
        elif not any(one.stem.endswith(name) for name, other in merged.items() if other.said or not one.said):
            merged[one.stem] = one
    for name, one in merged.items():
        repeated = text.count(_stem_of(name, table))
        one.score += 2 if repeated >= 6 else 1 if repeated >= 3 else 0
    ranked = sorted(merged.values(), key=lambda one: (one.said, one.score, -one.start), reverse=True)
    if not ranked:
        return []
    said = [one for one in ranked if one.said]
    if said:
        return said[:1] if len(said) == 1 or said[0].score > said[1].score else []
    kept = [one for one in ranked if _suffices(one, table, kinds)]
    if not kept or (len(ranked) > 1 and ranked[1].score * 1.5 > ranked[0].score):
        return []
    return kept[:1]


def _stem_of(name: str, table: Divisions) -> str:
    rows = table.named(name)
    if rows:
        return rows[0].short
    kind = kind_of(name)
    return name.removesuffix(kind) if len(name) - len(kind) >= 2 else name


def _suffices(one: Named, table: Divisions, kinds: list[str]) -> bool:
    unique = len({row.code[:6] for row in table.called(_stem_of(one.stem, table), kinds or None)}) == 1
    if one.best >= 4:
        return True
    several = len(one.contexts) >= 2 or (one.best >= 2 and one.score > one.best)
    return several and one.score >= (ENOUGH_UNIQUE if unique else ENOUGH)


def _locate(
    text: str, one: Named, named: list[FullName], kinds: list[str], year: int | None, table: Divisions
) -> Place | None:
    """Return the place of a name; None where no place had that name in the year."""
    rows = table.named(one.stem) if one.printed else []
    if not rows and not one.printed:
        rows = [row for kind in kinds for row in table.called(one.stem, (kind,))]
        rows = rows or ([] if one.kind else table.called(one.stem))
        first = kinds[0] if kinds else rows[0].kind
        rows = [row for row in rows if row.kind == first] or rows
    evidence = quote(text, one.start, one.end)
    own_name = one.stem
    if not rows:
        level = _LEVELS.get(one.kind)
        if one.printed:
            return Place(None, one.stem, level, "printed", 0.6, evidence, own_name)
        return Place(None, one.stem + one.kind, level, "resolved", 0.6, evidence, own_name)
    standing = table.standing(rows, year)
    if not standing:
        return None
    if one.superiors:
        # 江苏省 has two 鼓楼区, 江苏省南京市 one.
        standing = [row for row in standing if one.superiors <= {p.name for p in table.parents(row)}] or standing
    basis = "printed" if one.printed else "resolved"
    confidence = 0.97 if one.said else 0.9 if one.printed else 0.85 if kinds else 0.7
    if len(standing) == 1 and _certain(standing[0], text, named, table):
        return _place(standing[0], table, basis, confidence, evidence, own_name)
    chosen = _by_parents(text, standing, named, one, table)
    if chosen is None:
        name = rows[0].name
        return Place(None, name, rows[0].level, basis, 0.6, evidence, own_name)
    return _place(chosen, table, "inferred", min(confidence, 0.75), evidence, own_name)


def _certain(division: Division, text: str, named: list[FullName], table: Divisions) -> bool:
    """Whether the only division of this name in the table is the one meant.

    The table lacks townships that were gone before 2016, so that a common name needs a superior beside it.
    """
    if division.level != "township":
        return True
    if not division.is_word and len({row.code[:6] for row in table.called(division.short)}) == 1:
        return True
    printed = {full.name for full in named}
    return any(
        parent.name in printed or (not parent.is_word and 2 <= parent.stem < len(parent.name) and parent.short in text)
        for parent in table.parents(division)
    )


def _place(division: Division, table: Divisions, basis: str, confidence: float, evidence: str, own_name: str) -> Place:
    return Place(division.code, table.path(division), division.level, basis, confidence, evidence, own_name)


def _by_parents(
    text: str, rows: list[Division], named: list[FullName], one: Named, table: Divisions
) -> Division | None:
    """Return the only one of several places whose superiors the text names most; None where that is open."""
    printed = {full.name for full in named}
    scores: list[tuple[float, Division]] = []
    for row in rows:
        score = 0.0
        for weight, parent in zip((1.0, 1.5, 2.0), table.parents(row), strict=False):
            if parent.short == one.stem:
                continue
            if parent.name in printed:
                score += 2 * weight
            elif not parent.is_word and 2 <= parent.stem < len(parent.name) and parent.short in text:
                score += weight
        scores.append((score, row))
    scores.sort(key=lambda pair: pair[0], reverse=True)
    if scores[0][0] <= 0 or (len(scores) > 1 and scores[0][0] == scores[1][0]):
        return None
    return scores[0][1]
