"""Which year a figure holds for: its period, as the text names it, resolved against the years of its section."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import pyarrow as pa

from dedup.extraction.attribution.calendar import FIVE_YEAR_PLANS
from dedup.extraction.attribution.eras import CLOSE, OPEN
from dedup.extraction.attribution.numerals import EARLIEST, LATEST, YEAR_DIGITS, read_count, read_year

_YEAR = re.compile(rf"{YEAR_DIGITS}(?=[ \t]*(?:[两三四五]?年|[-—－–～~至到、和及与]|$))")
#: A span that begins in a year and ends now: 1998年特大洪水以来, 自2012年起, 2013年至今.
_SINCE = re.compile("(?:以来|年来|起|至今|迄今|开始|至目前)$")
_SHORT_YEAR = re.compile(r"(?<![0-9.．])(?P<digits>[0-9]{2})年(?!来|间|内|前|期|以|度?增)")
_MASK = re.compile(r"(?:19|20|二[〇○零])?[xX×╳＊*_○□?？]{1,4}年|[～~]年|[～~]+$|(?<![0-9])20年?$")
_PLAN = re.compile(f"[{OPEN}]?(?P<plan>十[一二三四五]五|[七八九十]五)[{CLOSE}]?(?P<rest>.*)")
_SPAN = re.compile(r"(?P<n>[0-9]{1,2}|[一二两三四五六七八九十]{1,2})(?:个)?年")
_COMING = re.compile("今后|未来|内|之内|下一个|接下来|力争|再用")
_NAMES_NO_YEAR = re.compile(
    "每年|年均|历年|原来|过去$|以前|往年|历史|同期|常年|多年|当时|此前|本世纪|前年|前[一二两三四五六七八九十]+年"
)
#: What is past stays past, also in a sentence about what is to come.
#: A session of November or December, as evidence of a year quotes it.
_LATE_SESSION = re.compile(r"(?P<year>[0-9]{4})[ \t]*年[ \t]*(?:1[12]|十[一二])[ \t]*月")
_PAST = re.compile("^今$|过去的?一年|一年来|这一年|近[年几一二两三四五六七八九十]+|目前|现在|至今|截[至止]")
_NOW = re.compile(
    "全年|年内|年度?[末底终]|岁末|目前|现在|至今|如今|截[至止]|累计|当年|一年|年初|全程|本届|届|季度|半年|月|任期|近年|以来|同比"
)


class _Years(NamedTuple):
    """What a section knows of its years; the words that say so tell what it calls 今年."""

    review: int | None
    review_basis: str
    plan: int | None
    plan_basis: str
    put_in: int | None
    this_is_review: bool

    @property
    def same(self) -> bool:
        """Whether half of a year is looked back on and its other half planned for."""
        return self.review is not None and self.review == self.plan


class _Rule(NamedTuple):
    """How a period names its year.

    Attributes
    ----------
    kind : `printed` (first and last year), `since` (the year it began in), `masked`, `this`, `last`, `before` (上年),
        `next`, `plan` (of five years: first year and rest), `span` (so many years), `past`, `now` or `none`
    """

    kind: str
    first: int = 0
    last: int = 0
    rest: str = ""


@lru_cache(maxsize=65_536)
def _parse(period: str | None) -> _Rule:
    if period is None or not period.strip():
        return _Rule("now")
    text = period.strip()
    years = [year for year in (read_year(m.group()) for m in _YEAR.finditer(text)) if year is not None]
    masked = _MASK.search(text)
    if years and len(years) == 1 and masked is None and _SINCE.search(text):
        return _Rule("since", years[0])
    if years:
        # 1998年—～年: the last of several is masked.
        open_end = (
            masked is not None and masked.start() > text.index(str(years[-1]))
            if text.isascii()
            else bool(masked is not None and masked.end() == len(text))
        )
        return _Rule("printed", years[0], 0 if open_end else years[-1])
    if masked is not None:
        return _Rule("masked")
    short = _SHORT_YEAR.search(text)
    if short is not None:
        digits = int(short["digits"])
        # Reports with years of two digits are of the 1980s to 2000s.
        if digits <= 15 and short["digits"].startswith(("0", "1")) and not (digits >= 10 and "连续" in text):
            return (
                _Rule("printed", 2000 + digits, 2000 + digits) if short["digits"][0] == "0" else _Rule("span", digits)
            )
        if digits >= 80:
            return _Rule("printed", 1900 + digits, 1900 + digits)
    plan = _PLAN.search(text)
    if plan is not None and plan["plan"] in FIVE_YEAR_PLANS and (plan["rest"] or plan.group()[0] in OPEN):
        return _Rule("plan", FIVE_YEAR_PLANS[plan["plan"]], rest=plan["rest"])
    if _NAMES_NO_YEAR.search(text):
        return _Rule("none")
    for words, kind in (
        ("今年|本年", "this"),
        ("明年|下一?年|来年|新的一年", "next"),
        ("去年", "last"),
        ("上一?年", "before"),
    ):
        if re.search(words, text):
            return _Rule(kind)
    if _PAST.search(text):
        return _Rule("past")
    span = _SPAN.search(text)
    if span is not None:
        count = read_count(span["n"].replace("两", "二"))
        if count is not None and 1 < count <= 50:
            coming = _COMING.search(text) is not None
            return _Rule("span", count, rest="coming" if coming else "")
    return _Rule("now") if _NOW.search(text) else _Rule("none")


_NONE = (None, "none")
_KEPT = {"printed": "resolved", "resolved": "resolved", "inferred": "inferred"}


def _against(year: int | None, basis: str, shift: int = 0) -> tuple[int | None, str]:
    """Return a year resolved against one of the section's, with the basis that leaves."""
    if year is None:
        return None, basis if basis in ("masked", "overwritten") else "none"
    return year + shift, _KEPT.get(basis, "none")


def resolve_period(
    period: str | None, status: str, comparison: str | None, years: _Years, *, shared: bool = False
) -> tuple[int | None, str]:
    """Return the year that a figure holds for, the last one of several, and the basis of that.

    Parameters
    ----------
    period : as the text names it; None where it names none
    status : actual, target or estimate
    comparison : of `from_to_start` values the year is the one compared with, where the text says which
    years : of the section
    shared : whether what a change started from has only the period that its end has, too
    """
    rule = _parse(period)
    start = comparison == "from_to_start"
    target = status == "target"
    review, plan = (years.review, years.review_basis), (years.plan, years.plan_basis)
    if rule.kind == "printed":
        year = rule.first if start else rule.last
        if not year:
            return None, "masked"
        if year == years.put_in:
            return None, "overwritten"
        if start and rule.first == rule.last and (shared or year in (years.review, years.plan)):
            # The year of the report, or of the sentence, dates the end; what it started from is not dated.
            return _NONE
        if target and years.plan is not None and years.review is not None and year <= years.review < years.plan:
            # Nothing is planned for a year that is over: the author mistyped it.
            return _NONE
        return year, "printed"
    if rule.kind in ("masked", "none"):
        return None, rule.kind
    if rule.kind == "since":
        return _since(rule.first, years, target=target, start=start)
    if rule.kind == "plan":
        return _of_plan(rule, years, target=target, start=start)
    if rule.kind == "before":
        year_before = _against(*review, -1)
        return (year_before if years.same else _against(*review)) if target else year_before if start else _NONE
    if start:
        if rule.kind == "span" and not target and not rule.rest:
            return _against(*review, -rule.first)
        return _against(*review, -1 if years.this_is_review else 0) if rule.kind == "last" else _NONE
    if rule.kind == "this":
        return _against(*review) if years.this_is_review else _against(*plan) if target else _NONE
    if rule.kind == "next":
        return _against(*plan, 1 if years.same else 0) if years.this_is_review else _NONE
    if rule.kind == "last":
        return _against(*review, -1) if years.this_is_review else _against(*review)
    if rule.kind == "span" and (target or rule.rest):
        return _against(*plan, rule.first - 1) if target else _NONE
    if rule.kind == "past":
        return _against(*review)
    return _against(*plan) if target else _against(*review)


def _since(first: int, years: _Years, *, target: bool, start: bool) -> tuple[int | None, str]:
    """Return the year in which a span ends that began in `first` and goes on: the one looked back on."""
    if start:
        return _NONE if first == years.put_in else (first, "printed")
    if target:
        # 从2018年起，每年… says when something begins.
        return (first, "printed") if first != years.put_in and (years.review or first) < first else _NONE
    if years.review is not None and years.review < first:
        return _NONE
    return _against(years.review, years.review_basis)


def _of_plan(rule: _Rule, years: _Years, *, target: bool, start: bool) -> tuple[int | None, str]:
    """Return the year of a five-year plan that is meant: its end, one named in it, or how far it has come."""
    first, last, rest = rule.first, rule.first + 4, rule.rest
    if re.search("开局|起步|第一年|首年|头一年|初", rest):
        return first, "resolved"
    if re.search("收官|最后一年|末", rest):
        return last, "resolved"
    if start:
        return first - 1, "resolved"
    if target:
        return last, "resolved"
    if years.review is None:
        return None, "none"
    if years.review < first:
        return _NONE
    if re.search("以来|至今", rest):
        return _against(years.review, years.review_basis)
    return min(last, years.review), "resolved"


def resolve_periods(figures: pa.Table, attributions: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Return the year of every figure and the basis of it.

    Parameters
    ----------
    figures : period_text, obs_status, comparison, in the order of the text
    attributions : `schemas.ATTRIBUTIONS`, the section's row for every figure

    Returns
    -------
    (int32 with nulls, string): `printed` where the period itself prints the year, `resolved` or `inferred` where it
    follows from the section's printed or inferred years, `masked` and `overwritten` where those took it away, `none`
    where nothing tells
    """
    columns = [figures.column(name).to_pylist() for name in ("period_text", "obs_status", "comparison")]
    sections = [
        attributions.column(name).to_pylist()
        for name in (
            "year_review",
            "year_review_basis",
            "year_plan",
            "year_plan_basis",
            "overwritten_year",
            "year_review_evidence",
            "year_plan_evidence",
        )
    ]
    known: dict[tuple[object, ...], tuple[int | None, str]] = {}
    found: list[tuple[int | None, str]] = []
    for key in zip(*columns, _undated_starts(columns[0], columns[2]), *sections, strict=True):
        answer = known.get(key)
        if answer is None:
            period, status, comparison, shared, review, review_basis, plan, plan_basis, put_in, back, ahead = key
            early = _read_early(review, plan, back or "", ahead or "")
            years = _Years(review, review_basis, plan, plan_basis, put_in, early)
            year, basis = resolve_period(period, status, comparison, years, shared=shared)
            if year is not None and not EARLIEST <= year <= LATEST:
                year, basis = None, "none"
            answer = known[key] = (year, basis)
        found.append(answer)
    return (
        pa.array([year for year, _ in found], pa.int32()),
        pa.array([basis for _, basis in found], pa.string()),
    )


def _read_early(review: int | None, plan: int | None, back: str, ahead: str) -> bool:
    """Whether a report was read before its year ended: it calls that year 今年 and the next 明年."""
    if review is None:
        return False
    late = _LATE_SESSION.search(back)
    return review == plan or "今年" in back or "明年" in ahead or (late is not None and late["year"] == str(review))


def _undated_starts(periods: list[str | None], comparisons: list[str | None]) -> list[bool]:
    """Say of each value that a change started from whether the period is that of the value it ended at.

    2016年，人均收入由3000元增加到5000元 dates the end alone; 由2012年的3000元 dates the start.
    """
    shared = [False] * len(periods)
    after: str | None = None
    ended = False
    for at in range(len(periods) - 1, -1, -1):
        if comparisons[at] == "from_to_start":
            shared[at] = ended and periods[at] == after
        else:
            ended, after = comparisons[at] == "from_to_end", periods[at]
    return shared
