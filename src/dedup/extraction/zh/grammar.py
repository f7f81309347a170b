"""From quantities to figures: each number gets its subject, its measure, and what it is compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dedup.extraction.zh.context import Context, Subject
from dedup.extraction.zh.measures import comparison_of, measure_of
from dedup.extraction.zh.money import purpose, spending
from dedup.extraction.zh.names import Noun, clean, counted, is_verb, leading_verb, noun_behind, strip_lead
from dedup.extraction.zh.periods import Periods, sums_years
from dedup.extraction.zh.predicates import (
    Predicate,
    find_multiple,
    find_origin,
    find_relation,
    find_share,
    read_predicate,
)
from dedup.extraction.zh.quantities import Quantity, find_quantities
from dedup.extraction.zh.reading import REMARK, Reading, read
from dedup.extraction.zh.sizes import is_size
from dedup.extraction.zh.status import Status
from dedup.extraction.zh.subjects import attributed, inherited, named, parts_of, ranked, verb_alone
from dedup.extraction.zh.words import HEAD, any_of
from dedup.text.units import Bound, in_base


@dataclass(slots=True)
class Figure:
    """One figure; places are those of the text. The fields are those of `schemas.FOUND_FIGURES`."""

    start: int
    end: int
    number_start: int
    number_end: int
    indicator: str
    value: float
    value_text: str
    unit: str
    value_base: float | None
    unit_base: str | None
    measure: str
    comparison: str | None
    bound: Bound | None
    scope: str | None
    price_basis: str | None
    aggregation: str
    period: str | None
    status: str


@dataclass(slots=True)
class _Clause:
    """The words around a quantity, or around several that share them."""

    run: list[Quantity]
    left: str
    left_start: int
    right: tuple[int, int]
    predicate: Predicate
    continues: bool
    since: int
    head: str = ""
    rest: str = ""
    base: str | None = None
    relation: bool = False
    multiple: bool = False
    share: str | None = None
    plan: bool = False
    starts: bool = False
    arrives: bool = False
    period: str | None = None


_CHANGE_TO = any_of("predicate.changes_to")
_ARRIVAL = re.compile(
    f"[，、]?(?:[^，。；：、0-9]{{0,6}}?(?:{_CHANGE_TO})了?(?:到|至|为|成)(?:了)?[^，。；：、]{{0,6}}|到|至)\\Z"
)
_ARRIVAL_AT_NOTHING = re.compile(f"[，、]?[^，。；：、0-9]{{0,4}}?(?:{_CHANGE_TO})(?:到|至|为)零")
_LIST = re.compile("(?:、|和|与|及|以及|，|；)(?:下降|增长|增加|减少|提高|降低)?")
_BASE_NOUN = re.compile("(?:的?基础上|的?(?:目标|任务|计划|水平|总量|规模|标准|底线|基数|预算)(?:值|数)?|的)")
_BASE_AHEAD = re.compile("的(?:基础|目标|任务|水平|增长|速度|比例|标准|台阶|大关|关口|规模|价格|好成绩)")
_DIMENSION = re.compile("(?:占地|全长|总长|长|宽|建筑|规划|总|用地)(?:面积|投资)?|投资")
_LEFT_LIMIT = 70


def read_figures(text: str, overwritten: int = 0) -> list[Figure]:
    """Return the figures of a text in order.

    Parameters
    ----------
    text : a clean text
    overwritten : year that the page put in the place of other numbers, 0 where none
    """
    reading = read(text)
    quantities = find_quantities(reading, overwritten)
    return _Grammar(reading, quantities).run() if quantities else []


def _trimmed(head: str) -> str:
    """Return a subject without the adverbs that end it (服务业增加值分别 | 是, 养殖面积已 | 占)."""
    return head[: read_predicate(head).subject]


class _Grammar:
    """Reads the figures of one text, from its quantities."""

    def __init__(self, reading: Reading, quantities: list[Quantity]) -> None:
        self.reading = reading
        self.quantities = quantities
        self.status = Status(reading)
        self.periods = Periods(reading)
        self.context = Context()
        self.figures: list[Figure] = []

    def run(self) -> list[Figure]:
        reading, quantities = self.reading, self.quantities
        previous_end = 0
        i = 0
        while i < len(quantities):
            quantity = quantities[i]
            self.context.enter(reading, reading.sentence_start(quantity.start))
            clause = reading.clause_start(quantity.start)
            begin = max(clause, previous_end)
            first, i = i, self._read(i, begin, begin > clause)
            if not quantities[first].named:
                previous_end = quantities[i - 1].end
        return self.figures

    def _read(self, i: int, begin: int, same_clause: bool) -> int:
        """Read the quantities from the i-th on that share their words; return the index behind them."""
        reading, quantities = self.reading, self.quantities
        shadow = reading.shadow
        quantity = quantities[i]
        left_start, continues = self._left(quantity, begin, same_clause)
        left = shadow[left_start : quantity.start]
        clause_end = reading.clause_end(quantity.end - 1)
        following = quantities[i + 1] if i + 1 < len(quantities) else None
        inside = following if following is not None and following.start < clause_end else None
        if is_size(quantity, left, shadow[quantity.end : clause_end], inside):
            quantity.named = True  # its words stay with the name of what follows
            return i + 1
        predicate = read_predicate(left)
        count = self._share_words(i, predicate)
        last = quantities[i + count - 1]
        after = quantities[i + count] if i + count < len(quantities) else None
        right_end = reading.clause_end(last.end - 1)
        if after is not None:
            right_end = min(right_end, max(after.start, last.end))
        clause = _Clause(
            quantities[i : i + count],
            left,
            left_start,
            (last.end, right_end),
            predicate,
            continues,
            quantities[i - 1].end if i else 0,
        )
        self._analyse(i, clause, after)
        subjects = self._subjects(i + count - 1, clause)
        if subjects:
            self._state(clause, subjects)
        return i + count

    def _left(self, quantity: Quantity, begin: int, same_clause: bool) -> tuple[int, bool]:
        """Return where the words of a quantity begin, and whether they continue a list."""
        shadow = self.reading.shadow
        start, continues = begin, False
        if same_clause:
            left = shadow[begin : quantity.start]
            base = _BASE_NOUN.match(left)
            if base is not None and base.end() < len(left):
                start = begin + base.end()
                left = left[base.end() :]
            cut = left.rfind("、")
            if cut >= 0 and not left.rstrip(REMARK).endswith("等"):
                start, continues = start + cut + 1, cut == 0
            elif left.startswith(("以及", "和", "与", "及")):
                start, continues = start + (2 if left.startswith("以及") else 1), True
        return max(start, quantity.start - _LEFT_LIMIT), continues

    def _share_words(self, i: int, predicate: Predicate) -> int:
        """Return how many quantities from the i-th on share subject and verb (`分别增长3%、5%和8%`)."""
        quantities, shadow = self.quantities, self.reading.shadow
        first = quantities[i]
        count = 1
        if first.form == "ratio":
            while i + count < len(quantities) and quantities[i + count].end == first.end:
                count += 1
            return count
        if first.form == "low":
            return 2
        while i + count < len(quantities):
            one = quantities[i + count]
            gap = shadow[quantities[i + count - 1].end : one.start]
            if len(gap) > 4 or _LIST.fullmatch(gap) is None or (gap[0] in "，；" and not predicate.respectively):
                break
            if one.dimension != first.dimension or one.form != first.form:
                break
            count += 1
        return count

    def _analyse(self, i: int, clause: _Clause, after: Quantity | None) -> None:
        """Find what a number is compared with, and what is left of its clause for the subject."""
        shadow = self.reading.shadow
        left, predicate, quantity = clause.left, clause.predicate, clause.run[0]
        dimension = quantity.dimension
        clause.base = predicate.base
        clause.head = left[: predicate.subject]
        clause.arrives = self._arrives(i)
        relation = find_relation(left) if dimension != "multiple" else None
        if relation is not None and (dimension in ("ratio_points", "ratio") or relation[1].startswith("超")):
            clause.base, clause.relation = relation[2], True
            clause.head = _trimmed(left[: relation[0]])
        elif predicate.bound == "over" and self._passes_base(quantity, clause):
            clause.relation = True
        elif self._sets_out(clause, after):
            origin = find_origin(left)
            if origin is not None:
                end, period, rest = origin
                clause.starts, clause.period = True, period
                clause.rest = "" if rest in ("的", "每月", "每人每年", "每年", "每人每月") else rest
                clause.head = left[:end] + clause.rest
        if dimension == "multiple" and not predicate.change or (dimension == "ratio" and predicate.of):
            multiple = find_multiple(left)
            if multiple is not None:
                clause.base = multiple[1]
                clause.multiple = dimension == "multiple"
                clause.head = _trimmed(left[: multiple[0]])
                clause.plan = dimension == "ratio" and re.search("预算|计划|任务|目标", multiple[1]) is not None
        if dimension == "ratio" and not clause.relation:
            share = find_share(clause.head)
            if share is not None and share[1]:
                clause.share = share[1]
                clause.head = _trimmed(left[: share[0]])

    def _sets_out(self, clause: _Clause, after: Quantity | None) -> bool:
        """Say whether a change sets out from the number: what follows says where it arrives."""
        shadow, end = self.reading.shadow, clause.run[-1].end
        if after is not None and after.start - end <= 16 and _ARRIVAL.fullmatch(shadow, end, after.start) is not None:
            return True
        return _ARRIVAL_AT_NOTHING.match(shadow, end) is not None

    def _passes_base(self, quantity: Quantity, clause: _Clause) -> bool:
        """Say whether 超过 stands between a base that is a quantity and the number: 比42亿元的目标超过1.9亿元."""
        shadow = self.reading.shadow
        start = self.reading.clause_start(quantity.start)
        return (
            clause.left_start > start
            and clause.predicate.subject == 0
            and bool(re.search("[比较][^，。]*[0-9]", shadow[start : clause.left_start]))
        )

    def _arrives(self, i: int) -> bool:
        """Say whether the i-th quantity is where a change arrives whose origin is the one before (由A增加到B)."""
        shadow, quantities = self.reading.shadow, self.quantities
        k = i - 1
        while k > 0 and quantities[k].form == "ratio" and quantities[k].part > 1:
            k -= 1
        if k < 0:
            return False
        before = quantities[k]
        gap_start, gap_end = before.end, quantities[i].start
        if not 0 < gap_end - gap_start <= 16 or _ARRIVAL.fullmatch(shadow, gap_start, gap_end) is None:
            return False
        clause = self.reading.clause_start(before.start)
        return find_origin(shadow[max(clause, before.start - _LEFT_LIMIT) : before.start]) is not None

    def _subjects(self, last: int, clause: _Clause) -> list[Subject]:
        """Return the subjects of a clause; none where the number measures nothing that can be named."""
        compact, context = self.reading.compact, self.context
        quantity, predicate, count = clause.run[0], clause.predicate, len(clause.run)
        dimension = quantity.dimension
        lead, scope = strip_lead(clause.head)
        start = clause.left_start + lead
        raw = clause.head[lead:]
        name = clean(raw if clause.rest else compact[start : start + len(raw)])
        if not name:
            start = quantity.start if not clause.left.strip() else clause.left_start
        if not name and predicate.change_name and not context.subjects:
            name = predicate.change_name
        if clause.arrives:
            name = ""  # 由A增加到B: what arrives is what set out
        verb_only = bool(name) and is_verb(name)
        noun = self._noun(last, clause, name, verb_only)
        spent = spending(name) if dimension == "money" and name and not predicate.change else None
        fresh = True
        if quantity.form == "rank":
            subjects = [ranked(name, start, scope, context)] if name or context.subjects else []
            fresh = False
        elif spent is not None and (
            noun.name or not spent[0] or not HEAD.search(name) or clause.right[0] < clause.right[1] or spent[1] == name
        ):
            words = purpose(self.reading, self.quantities, last, name, *spent, clause.right, context)
            subjects = [Subject(words, start, scope)]
        elif noun.name:
            verb = name if verb_only else leading_verb(name)
            words = counted(verb, noun)
            if dimension == "ratio":
                words += "比重"
            subjects = [attributed(name, verb_only, noun, dimension, words, start, scope)]
        elif name and (thing := self._described(last, name)):
            subjects = [Subject(thing + name, start, scope)]
        elif verb_only and clause.share is None:
            subjects = verb_alone(name, start, scope, context)
        elif name:
            subjects = named(name, start, scope, predicate, quantity, count, context, continues=clause.continues)
        else:
            of_share = dimension == "ratio_points"
            subjects = inherited(
                self.reading, predicate, quantity, count, clause.left_start, clause.since, context, of_share=of_share
            )
            fresh = False
        if quantity.form == "ratio" and quantity.parts > 1:
            if fresh and name:
                context.name([Subject(name, start, scope)])
            subjects = parts_of(subjects, name or (subjects[0].name if subjects else ""), quantity)
            fresh = False
        if clause.share is not None:
            if name:
                context.name(subjects)
            whole = clean(clause.share)
            subjects = [Subject(f"{s.name}占{whole}比重", s.start, s.scope) for s in subjects]
            context.shares = subjects
        elif clause.plan and clause.base:
            if fresh:
                context.name(subjects)
            subjects = [Subject(f"{s.name}完成{clean(clause.base.rstrip('的'))}", s.start, s.scope) for s in subjects]
        elif fresh and re.search("[列居排]全", clause.left) is None:
            context.name(subjects)
        if not subjects and not (quantity.numerals or dimension in ("count", "people", "") or not clause.left.strip()):
            return [Subject("", quantity.start, scope)]
        return subjects

    def _noun(self, last: int, clause: _Clause, name: str, verb_only: bool) -> Noun:
        """Return the noun that a number stands before, where that is what it measures."""
        nothing = Noun("", "")
        quantity, predicate = clause.run[0], clause.predicate
        if predicate.change or clause.relation or clause.share is not None or quantity.form not in ("plain", "low"):
            return nothing
        dimension = quantity.dimension
        if dimension in ("ratio_points", "multiple"):
            return nothing
        compact = self.reading.compact
        start, end = clause.right
        if dimension == "count" and quantity.unit in ("镇", "乡", "村") and (verb_only or not name):
            return Noun(quantity.unit, "")
        if dimension == "ratio":
            # 80%的行政村, 95%以上的企业
            return noun_behind(compact[start + 1 : end]) if not name and compact.startswith("的", start) else nothing
        if name and HEAD.search(name) is not None and not verb_only and spending(name) is None:
            return nothing
        if dimension == "time" and "连续" in clause.left:
            return Noun(re.sub("^(?:实现|保持|获得?|荣获|位居|居)", "", compact[start:end]), "")
        quantities, shadow = self.quantities, self.reading.shadow
        following = quantities[last + 1] if last + 1 < len(quantities) else None
        if following is not None and following.start == end:
            clause_end = self.reading.clause_end(following.end - 1)
            if (
                start == end
                and not name.endswith("等")
                and is_verb(name) is False
                and len(name) > 1
                and HEAD.search(name)
            ):
                return nothing
            if start == end:
                # 6个9兆瓦光伏项目: the noun behind the last of quantities in a row.
                if last + 2 < len(quantities):
                    clause_end = min(clause_end, max(quantities[last + 2].start, following.end))
                return noun_behind(compact[following.end : clause_end])
            if clause_end > following.end and is_size(
                following, shadow[start:end], shadow[following.end : clause_end], None
            ):
                # 10家投资5000万元以上的企业: the size is part of the name.
                return noun_behind(compact[start:clause_end])
        if compact.startswith("的", start):
            # 42亿元的目标, 42家的基础上 go on with the comparison.
            return noun_behind(compact[start + 1 : end]) if _BASE_AHEAD.match(compact, start) is None else nothing
        return noun_behind(compact[start:end])

    def _described(self, last: int, name: str) -> str:
        """Return the noun that sizes in a row describe: 占地1200亩、总投资26亿元的 | 物流园."""
        if _DIMENSION.fullmatch(name) is None or last + 1 >= len(self.quantities):
            return ""
        shadow, following = self.reading.shadow, self.quantities[last + 1]
        gap = shadow[self.quantities[last].end : following.start]
        if not gap.startswith("、") or len(gap) > 8 or not shadow.startswith("的", following.end):
            return ""
        return noun_behind(shadow[following.end + 1 : self.reading.clause_end(following.end)]).name

    def _state(self, clause: _Clause, subjects: list[Subject]) -> None:
        """Write the figures of a clause down."""
        shadow = self.reading.shadow
        quantity, predicate, run = clause.run[0], clause.predicate, clause.run
        indicator = subjects[0].name
        measure = measure_of(
            quantity, predicate, indicator, relation=clause.relation, share=clause.share is not None,
            multiple=clause.multiple, from_to=clause.starts or clause.arrives,
        )  # fmt: skip
        period = self.periods.before(quantity.start)
        comparison = comparison_of(
            measure, predicate, clause.base, shadow[clause.left_start : quantity.start], period, indicator,
            relation=clause.relation, starts=clause.starts, arrives=clause.arrives,
            multiple_unit=quantity.dimension == "multiple",
            base_is_last_year=clause.base is not None and self.periods.is_year_before(clause.base, quantity.start),
        )  # fmt: skip
        one_each = len(subjects) == len(run) > 1 and quantity.form != "low" and (len(subjects) > 1)
        for n, one in enumerate(run):
            chosen = (
                [subjects[n]] if one_each else subjects if quantity.form == "low" or len(run) == 1 else subjects[:1]
            )
            for subject in chosen:
                self._add(one, subject, measure, comparison, clause, clause.period or period)

    def _add(
        self,
        quantity: Quantity,
        subject: Subject,
        measure: str,
        comparison: str | None,
        clause: _Clause,
        period: str | None,
    ) -> None:
        reading, predicate = self.reading, clause.predicate
        start = min(subject.start, quantity.start)
        if start < reading.sentence_start(quantity.start) - 60:
            start = quantity.start
        first, last = reading.span(start, quantity.end)
        number_first, number_last = reading.span(quantity.number_start, quantity.number_end)
        value = quantity.value
        if predicate.change < 0 and measure in ("growth", "change_abs") and not predicate.reaches:
            value = -value
        known = quantity.known
        bound = quantity.bound or (
            None if clause.relation and predicate.bound in ("over", "under") else predicate.bound
        )
        if (
            bound is None
            and predicate.reaches
            and re.match("的?(?:新)?(?:台阶|大关|关口)", reading.shadow[quantity.end : quantity.end + 5])
        ):
            bound = "at_least"
        status = self.status.of(
            quantity.start, quantity.end, clause.left_start, from_where=comparison == "from_to_start"
        )
        words = reading.shadow[reading.clause_start(quantity.start) : quantity.end]
        aggregation = "mean" if predicate.annual else "point"
        if aggregation == "point" and measure in ("level", "count") and sums_years(words, period):
            aggregation = "sum"
        unit = quantity.unit
        if unit == "%" and reading.compact[quantity.number_end : quantity.number_end + 1] in ("％", "﹪"):
            unit = reading.compact[quantity.number_end]
        self.figures.append(
            Figure(
                start=first,
                end=last,
                number_start=number_first,
                number_end=number_last,
                indicator=subject.name,
                value=value,
                value_text=reading.compact[quantity.number_start : quantity.number_end],
                unit=unit,
                value_base=in_base(value, known) if known is not None else None if unit else value,
                unit_base=known.base if known is not None else None if unit else "",
                measure=measure,
                comparison=comparison,
                bound=bound,
                scope=subject.scope,
                price_basis=self.periods.price_basis(start, quantity.end)
                if quantity.dimension in ("money", "ratio")
                else None,
                aggregation=aggregation,
                period=period,
                status=status,
            )
        )
