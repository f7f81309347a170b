"""Which year a section looks back on and which it plans for, on which basis, and by which words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from dedup.extraction.attribution.claims import Claim, quote
from dedup.extraction.attribution.dated_figures import BESIDE, dated_figures, may_be_own
from dedup.extraction.attribution.eras import cited_sessions, greeted_congress, planned_after, term_began
from dedup.extraction.attribution.mentions import Reading, read_mentions
from dedup.extraction.attribution.overwritten import Proof, doubtful_years, overwritten_year

#: A report on a whole term is read whenever the elections are, not in spring.
_FIVE_YEARS = re.compile("五年来|过去五年|过去的五年|五年(?:工作)?的?(?:工作)?回顾|五年间")


@dataclass(frozen=True, slots=True)
class Found:
    """A year with its grounds.

    Attributes
    ----------
    year : None unless the text proves it
    basis : printed, resolved, inferred, masked, overwritten or none
    confidence : 0 to 1; 0 where nothing is claimed
    evidence : words of the text; None where nothing is claimed
    """

    year: int | None
    basis: str
    confidence: float
    evidence: str | None


NOTHING = Found(None, "none", 0.0, None)


@dataclass(frozen=True, slots=True)
class Years:
    """Both years of a section, the year that its page put in, and what proves that."""

    review: Found
    plan: Found
    overwritten: int | None
    proofs: tuple[Proof, ...]

    def with_overwritten(self, year: int | None) -> Years:
        """Return the same with another year put in."""
        return replace(self, overwritten=year)

    def less_sure(self, most: float) -> Years:
        """Return the same with confidences of at most `most`."""
        review, plan = (replace(year, confidence=min(year.confidence, most)) for year in (self.review, self.plan))
        return replace(self, review=review, plan=plan)


NO_YEARS = Years(NOTHING, NOTHING, None, ())


def read_years(text: str, *, put_in: int | None = None) -> Years:
    """Attribute years to a text.

    Parameters
    ----------
    text : clean text of one section, without the heading that a site gave it
    put_in : year that other texts of the same page prove to be put in; believed here unless this text tells years apart
    """
    reading = read_mentions(text)
    false_year, proofs = overwritten_year(text, reading)
    if false_year is None and put_in is not None and _uses_only(put_in, text, reading):
        false_year = put_in
    untrue = {false_year, *doubtful_years(text, reading)}
    printed = [c for c in reading.claims if c.year is not None and c.kind in ("number", "date")]
    # What follows from the date of a cover is no better than its year.
    tainted = {c.start for c in printed if c.kind == "number" and c.year in untrue}
    printed = [c for c in printed if c.year not in untrue and not (c.kind == "date" and c.start in tainted)]
    dated = _date_by_events(reading, text)
    review, plan = _decide(text, reading, printed, dated)
    if review is None and plan is None and dated is not None:
        review, plan = _infer(text, reading, dated)
    if review is None or plan is None:
        review, plan = _by_figures(text, reading, untrue, dated, review, plan)
    return Years(
        review or _unknown(text, reading, "review", false_year),
        plan or _unknown(text, reading, "plan", false_year),
        false_year,
        tuple(proofs),
    )


def _uses_only(year: int, text: str, reading: Reading) -> bool:
    """Whether the text prints `year` as its own, and no neighbour of it that would tell years apart."""
    near = {m.year for m in reading.mentions if m.year is not None and abs(m.year - year) <= 1}
    return near == {year} or (not near and str(year) in text)


def _decide(
    text: str, reading: Reading, printed: list[Claim], dated: Dated | None
) -> tuple[Found | None, Found | None]:
    """Choose the pair of years (looked back on, planned for) that the printed years support best."""
    support: Counter[int] = Counter()
    for claim in printed:
        if claim.year is not None:
            support[claim.year if claim.role == "review" or reading.half_year else claim.year - 1] += claim.weight
    if not support:
        return None, None
    ranked = support.most_common(2)
    year, weight = ranked[0]
    split = len(ranked) > 1 and ranked[1][1] * 2 > weight
    if split:
        # Authors mistype a year; the sessions they cite tell which one is meant.
        year = dated.planned - 1 if dated is not None else 0
        if year not in support or support[year] < 2:
            return None, None
    if weight <= 2 and not _stands_alone(reading, printed, year, weight):
        return None, None
    by_cover = any(c.kind == "date" for c in printed)
    if weight <= 1 and not by_cover and not may_be_own(text, reading, year):
        return None, None
    planned = year if reading.half_year else year + 1
    for_review = [c for c in printed if c.role == "review" and c.year == year]
    for_plan = [c for c in printed if c.role == "plan" and c.year == planned]
    agreed = bool(for_review and for_plan) and len(ranked) == 1
    confidence = 0.85 if split else 0.98 if agreed else 0.95 if weight >= 3 else 0.85 if weight == 2 else 0.65
    review = _found(text, for_review, year, confidence)
    plan = _found(text, for_plan, planned, confidence)
    if reading.half_year:
        return review, plan
    shift = _relative_shift(reading)
    if review is None:
        review = _resolved(text, reading, "review", year, shift)
    if plan is None:
        plan = _resolved(text, reading, "plan", planned, shift)
    return review, plan


def _stands_alone(reading: Reading, printed: list[Claim], year: int, weight: int) -> bool:
    """Whether a single sentence may date the text: it prints no later year.

    A sentence that only states figures does in a note, a profile or a fragment of a few paragraphs; not in a text that
    masks years or goes by 今年 and 去年, nor where it states what is to come.
    """
    own = [c for c in printed if c.year in (year, year + 1)]
    if len({c.start for c in own}) > 1 and weight == 2:
        return True
    if any(m.year is not None and m.year > max(c.year or 0 for c in own) for m in reading.mentions):
        return False
    if weight == 2:
        return True
    if any(c.kind == "date" for c in own) and _relative_shift(reading) == "next":
        # A session of December, and a text that plans for 明年.
        return True
    relative = any(c.kind in ("this", "last", "next") and c.weight >= 2 for c in reading.claims)
    masked = any(c.kind == "mask" for c in reading.claims)
    return not relative and not masked and all(c.role == "review" or c.kind == "date" for c in own)


def _found(text: str, claims: list[Claim], year: int, confidence: float) -> Found | None:
    if not claims:
        return None
    best = max(claims, key=lambda c: (c.weight, -c.start))
    if best.kind == "date":
        return Found(year, "resolved", min(confidence, 0.9), quote(text, best.start, best.end))
    return Found(year, "printed", confidence, quote(text, best.start, best.end))


def _relative_shift(reading: Reading) -> str:
    """Return the word by which the text names the year ahead: `next` in reports read before the year ends."""
    ahead = Counter(c.kind for c in reading.claims if c.role == "plan" and c.kind in ("this", "next"))
    return "next" if ahead["next"] and not ahead["this"] else "this"


def _resolved(text: str, reading: Reading, role: str, year: int, ahead: str) -> Found | None:
    """Return a year that relative words name (过去一年, 今年), where the other one is printed."""
    kinds = {"review": ("last",) if ahead == "this" else ("last", "this"), "plan": (ahead, "next")}[role]
    words = [c for c in reading.claims if c.role == role and c.kind in (*kinds, "mask")]
    if not words:
        return None
    best = max(words, key=lambda c: (c.weight, -c.start))
    return Found(year, "resolved", 0.9, quote(text, best.start, best.end))


@dataclass(frozen=True, slots=True)
class Dated:
    """The year planned for as the events that a text names give it.

    Attributes
    ----------
    planned : that year
    words : by role, the span of the words that say so, and how sure they are; under "" the best of all
    """

    planned: int
    words: dict[str, tuple[int, int, float]]


def _date_by_events(reading: Reading, text: str) -> Dated | None:
    """Date a text by the events it names; only where they agree."""
    votes: Counter[int] = Counter()
    words: dict[int, dict[str, tuple[int, int, float]]] = {}

    def vote(planned: int, weight: int, role: str, start: int, end: int, confidence: float) -> None:
        votes[planned] += weight
        held = words.setdefault(planned, {})
        for key in (role, ""):
            if key not in held or held[key][2] < confidence:
                held[key] = (start, end, confidence)

    roles = {(c.start, c.kind): c.role for c in reading.claims}
    ahead = _relative_shift(reading)
    for mention in reading.mentions:
        role = roles.get((mention.start, mention.kind))
        if mention.event is not None and role is not None and not (mention.kind == "this" and ahead == "next"):
            planned = mention.event.year if role == "plan" or reading.half_year else mention.event.year + 1
            vote(planned, 3, role, mention.start, mention.event.end, 0.9)
        elif role == "plan" and mention.kind in ("this", "number", "mask"):
            term = term_began(text, mention.end, min(len(text), mention.end + 60))
            if term is not None:
                vote(term.year, 2, role, mention.start, term.end, 0.7)
    greeted = greeted_congress(text)
    if greeted is not None:
        vote(greeted.year, 1, "plan", greeted.start, greeted.end, 0.7)
    sessions = cited_sessions(text)
    if sessions is not None and not (_FIVE_YEARS.search(text) and not _plans_a_year(reading)):
        planned_year = planned_after(sessions, half_year=reading.half_year)
        if planned_year is not None:
            vote(planned_year, 2, "", sessions.start, sessions.end, 0.8)
    if not votes:
        return None
    ranked = votes.most_common(2)
    planned, weight = ranked[0]
    if weight < 2 or (len(ranked) > 1 and ranked[1][1] * 2 > weight):
        return None
    return Dated(planned, words[planned])


def _plans_a_year(reading: Reading) -> bool:
    return any(c.role == "plan" and c.weight >= 2 for c in reading.claims)


def _infer(text: str, reading: Reading, dated: Dated) -> tuple[Found | None, Found | None]:
    """Return the years by events, for the roles that the text speaks of at all."""
    if _contradicted(reading, dated.planned):
        return None, None
    spoken = {c.role for c in reading.claims}

    def found(role: str, year: int) -> Found | None:
        if role not in spoken:
            return None
        start, end, confidence = dated.words.get(role, dated.words[""])
        return Found(year, "inferred", confidence, quote(text, start, end))

    if reading.half_year:
        return None, found("plan", dated.planned)
    return found("review", dated.planned - 1), found("plan", dated.planned)


def _contradicted(reading: Reading, planned: int) -> bool:
    """Whether the text gives some other printed year close by a role: then events were read wrongly."""
    return any(
        c.year is not None
        and c.kind == "number"
        and c.weight >= 2
        and 0 < abs(c.year - planned) <= 3
        and not (c.role == "review" and c.year == planned - 1)
        for c in reading.claims
    )


def _by_figures(
    text: str,
    reading: Reading,
    untrue: set[int | None],
    dated: Dated | None,
    review: Found | None,
    plan: Found | None,
) -> tuple[Found | None, Found | None]:
    """Complete the years by those that the text prints beside its figures, where nothing speaks against them."""
    if reading.half_year or any(c.kind in ("this", "last", "next") and c.weight >= 2 for c in reading.claims):
        return review, plan
    years = {one.year for one in (review, plan) if one is not None and one.year is not None}
    for one in dated_figures(text, reading, untrue, years):
        planned = one.year if one.role == "plan" else one.year + 1
        beside = plan if one.role == "review" else review
        if (dated is not None and dated.planned != planned) or any(
            c.year is not None and c.weight >= 2 and c.year + (c.role == "review") != planned for c in reading.claims
        ):
            return review, plan
        if beside is not None and beside.year is not None and beside.year + (one.role == "plan") * 2 - 1 != one.year:
            return review, plan
        printed_beside = beside is not None and beside.basis in ("printed", "resolved")
        confidence = min(BESIDE, beside.confidence) if beside is not None and printed_beside else one.confidence
        found = Found(one.year, "printed", confidence, quote(text, one.start, one.end))
        if one.role == "review":
            review = review or found
        else:
            plan = plan or found
    return review, plan


def _unknown(text: str, reading: Reading, role: str, false_year: int | None) -> Found:
    """Return why a year is not known: put in by the page, masked, or never said."""
    own = [c for c in reading.claims if c.role == role]
    put_in = [c for c in own if c.year == false_year and c.kind == "number"] if false_year is not None else []
    masked = [c for c in own if c.kind == "mask"]
    for claims, basis in ((put_in, "overwritten"), (masked, "masked")):
        if claims:
            best = max(claims, key=lambda c: (c.weight, -c.start))
            return Found(None, basis, 0.0, quote(text, best.start, best.end))
    return NOTHING
