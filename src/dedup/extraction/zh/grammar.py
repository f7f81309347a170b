"""From quantities to figures: each number gets its subject, its measure, and what it is compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dedup.extraction.zh.clauses import Clause, Clauses
from dedup.extraction.zh.context import Context, Subject
from dedup.extraction.zh.measures import comparison_of, measure_of
from dedup.extraction.zh.money import purpose, spending
from dedup.extraction.zh.names import clean, counted, is_deed, is_verb, leading_verb, strip_lead, trailing_verb
from dedup.extraction.zh.periods import Periods, sums_years
from dedup.extraction.zh.predicates import direction
from dedup.extraction.zh.quantities import find_quantities
from dedup.extraction.zh.quantity import Quantity
from dedup.extraction.zh.reading import REMARK, Reading, read
from dedup.extraction.zh.scopes import Scopes
from dedup.extraction.zh.status import FigureStatus, Status
from dedup.extraction.zh.subjects import attributed, inherited, named, parts_of, ranked, spoken_of, verb_alone
from dedup.extraction.zh.words import HEAD
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
    status: FigureStatus


_NEW_HEIGHT = re.compile("的?新?(?:台阶|大关|关口)")
_MASKED_AMOUNT = re.compile("[^，]*[xX×*□～][余多]?[万亿]{0,2}(?:美元|元|亩|吨|公里|米|户|人|个|家|平方米)")
_HAN = re.compile("[一-龥]")
_FOREIGN = re.compile(
    "[ぁ-ゖァ-ヺ縣產億萬農業戶區國個與從達長經濟總體設實發開關學資財稅營鄉鎮處項電車劃務員費補貸歲頭隻條棟畝噸]"
)
# 剔除营改增因素同口径 | 增长8.6%: how one counts, not what.
_QUALIFIER = re.compile("(?:剔除|扣除|不含)[^，。]{1,16}|按照?[^，。]{0,12}(?:口径|计算|价格?)")
# 预算收入安排 | 52000万元: what a budget says of its items.
_ALLOTTED = re.compile("(?<=收入|支出|预算)(?:拟|计划|预计)?安排\\Z")
# 我区的任务是 | 引进资金, 各单位要 | 组织外出招商: who is told to, and that.
_SAID_OF = re.compile(
    "[^，]{0,16}?(?:(?P<what>(?:任务|目标|要求|重点|指标)(?:就?是|为))|(?<![主重需必首只摘紧概纲])(?:要|将|必须))(?=[一-龥]{2})"
)
# 学校、医院分别新建 | 12所、3所
_EACH_DOES = re.compile("(?P<what>.+、.+)分别(?P<verb>.{2,4})")
# 工业园年内再 | 落户企业12家
_WITHIN_YEAR = re.compile("(?<=[一-龥]{2})年内(?=[一-龥]{2})")
_AIM = re.compile("(?:力争|确保|争取|力求|必保|保底)(?:达到|实现|完成|不低于|超过|突破)?")
_COUNTING = re.compile("价|预计|下同|初步|快报|调度")
_AMONG_ALL = re.compile("[列居排]全")
_PLANS = ("任务", "计划", "目标", "预算")
_PERCENT_SIGNS = ("％", "﹪")
#: Farther back than this from its sentence no subject is shown as evidence.
_EVIDENCE_REACH = 60


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


class _Grammar:
    """Reads the figures of one text, from its quantities."""

    def __init__(self, reading: Reading, quantities: list[Quantity]) -> None:
        self.reading = reading
        self.quantities = quantities
        self.clauses = Clauses(reading, quantities)
        self.status = Status(reading)
        self.periods = Periods(reading)
        self.scopes = Scopes(reading)
        self.context = Context()
        self.figures: list[Figure] = []

    def run(self) -> list[Figure]:
        reading, quantities = self.reading, self.quantities
        previous_end = i = 0
        while i < len(quantities):
            start = quantities[i].start
            self.context.enter(reading, reading.sentence_start(start))
            clause = self.clauses.read(i, max(reading.clause_start(start), previous_end))
            if clause is None:
                i += 1  # part of a name: its words stay with what follows
                continue
            subjects = self._subjects(clause)
            if subjects:
                self._state(clause, subjects)
            i = clause.last + 1
            previous_end = quantities[clause.last].end
        return self.figures

    def _subjects(self, clause: Clause) -> list[Subject]:
        """Return the subjects of a clause; none where the number measures nothing that can be named."""
        reading, context = self.reading, self.context
        quantity, predicate, count = clause.run[0], clause.predicate, clause.shared_by
        dimension = quantity.dimension
        name, start, scope = self._own_name(clause)
        verb_only = bool(name) and is_verb(name)
        noun = self.clauses.noun(clause, name, verb_only=verb_only)
        spent = spending(name) if dimension == "money" and name and not predicate.change else None
        new = True
        if quantity.form == "rank":
            subjects = [ranked(name, start, scope, context)] if name or context.subjects else []
            new = bool(subjects) and not context.subjects  # 增速居全省第二、全国第十
        elif spent is not None and _is_spent(clause, name, spent, noun.name):
            subjects = [Subject(purpose(reading, self.quantities, clause, name, spent, context), start, scope)]
        elif name and (thing := self.clauses.described(clause.last, name)):
            subjects = [Subject(thing + name[len(leading_verb(name)) :], start, scope)]
        elif noun.name:
            words = counted(
                name if verb_only else trailing_verb(name) or leading_verb(name), noun, always=dimension == "ratio"
            )
            words += "比重" if dimension == "ratio" else ""
            subjects = [attributed(name, verb_only, noun, dimension, words, start, scope)]
        elif verb_only and clause.share is None:
            subjects = verb_alone(name, start, scope, context)
        elif name:
            last = context.subjects[-1].start if context.subjects else start
            subjects = named(
                name,
                start,
                scope,
                predicate,
                quantity,
                count,
                context,
                continues=clause.continues,
                restarts="；" in reading.shadow[last:start],
                torn=reading.shadow.startswith(("、", "和", "与", "及"), clause.right[0]),
                spoken=spoken_of(reading, quantity.start, context) if not context.subjects else None,
            )
        else:
            subjects = inherited(reading, clause, context)
            new = False
        if quantity.form == "ratio" and quantity.parts > 1:
            if new and name:
                context.name([Subject(name, start, scope)])
            return parts_of(subjects, name or (subjects[0].name if subjects else ""), quantity)
        if (
            new
            and (quantity.form == "rank" or _AMONG_ALL.search(clause.left) is None)
            and (clause.share is None or name)
        ):
            context.name(subjects)
        if clause.share is not None:
            whole = clean(clause.share)
            context.shares = [Subject(f"{s.name}占{whole}比重", s.start, s.scope) for s in subjects]
            return context.shares
        if clause.plan and clause.base is not None:
            fulfilled = clean(clause.base.rstrip("的"))
            return [Subject(f"{s.name}完成{fulfilled}", s.start, s.scope) for s in subjects]
        return subjects

    def _own_name(self, clause: Clause) -> tuple[str, int, str | None]:
        """Return what a clause itself names, where it stands, and whose it is."""
        if clause.arrives:
            return "", clause.left_start, None  # 由A增加到B: what arrives is what set out
        if _QUALIFIER.fullmatch(clause.head) is not None:
            return "", clause.left_start, None
        lead, scope = strip_lead(clause.head)
        start = clause.left_start + lead
        raw = clause.head[lead:]
        said = _SAID_OF.match(raw)
        if said is not None and (is_deed(raw[said.end() :]) or said["what"]):
            lead, start, raw = lead + said.end(), start + said.end(), raw[said.end() :]
        masked = _MASKED_AMOUNT.match(raw)
        if masked is not None and masked.end() < len(raw):
            raw, start = raw[masked.end() :], start + masked.end()  # 投资20xx万元 | 新建日光温室300座
        end = start + len(raw)
        if raw and not clause.rest:
            end = self._past_remark(end)
        name = _ALLOTTED.sub("", clean(raw if clause.rest else self.reading.compact[start:end]))
        name = _WITHIN_YEAR.sub("", name)
        each = _EACH_DOES.fullmatch(name)
        if each is not None and is_verb(each["verb"]):
            name = each["verb"] + each["what"]
        if not name and clause.predicate.change_name and not self.context.subjects:
            name = clause.predicate.change_name
        return name, start if name else clause.left_start, scope

    def _past_remark(self, end: int) -> int:
        """Take the remark behind a subject into its name (固定资产投资（不含农户）), unless it says how one counts."""
        shadow = self.reading.shadow
        behind = end
        while behind < len(shadow) and shadow[behind] == REMARK:
            behind += 1
        return end if _COUNTING.search(self.reading.compact, end, behind) else behind

    def _state(self, clause: Clause, subjects: list[Subject]) -> None:
        """Write the figures of a clause down."""
        quantity, predicate, run = clause.run[0], clause.predicate, clause.run
        if _HAN.search(self.reading.shadow, clause.left_start, clause.right[1]) is None or self._is_foreign(clause):
            return  # another language has another grammar
        if len(subjects[0].name) < 2 and self._is_torn(clause):
            return
        measure = measure_of(
            quantity,
            predicate,
            subjects[0].name,
            relation=clause.relation,
            share=clause.share is not None,
            multiple=clause.multiple,
            from_to=clause.starts or clause.arrives,
        )
        if measure == "rate" and self.figures and self.figures[-1].measure == "growth" and _AIM.fullmatch(clause.left):
            measure = "growth"  # 增长8%，力争8.5%
        period = self.periods.before(quantity.start)
        base = clause.base
        is_base = base is not None and measure in ("level", "count") and not (predicate.change or predicate.reaches)
        if base is not None and is_base and not base.endswith(_PLANS):
            period = clean(base.rstrip("的"))  # 比“十五”计划末42亿元的目标: the base is the figure
        comparison = comparison_of(
            measure,
            predicate,
            base,
            clause.left,
            self.periods.of_paragraph(quantity.start),
            relation=clause.relation,
            starts=clause.starts,
            arrives=clause.arrives,
            multiple_unit=quantity.dimension == "multiple",
            base_is_last_year=base is not None and self.periods.is_year_before(base, quantity.start),
        )
        several = len(run) > 1 and quantity.form != "low"
        change = predicate.change
        for n, one in enumerate(run):
            chosen = subjects
            if several:
                chosen = [subjects[n]] if len(subjects) == clause.shared_by else subjects[:1]
                change = direction(clause.verbs[n]) or change
            for subject in chosen:
                self._add(one, subject, measure, comparison, clause, clause.period or period, change)

    def _is_foreign(self, clause: Clause) -> bool:
        """Say whether a clause is Japanese, or written in characters that simplified Chinese has replaced."""
        return _FOREIGN.search(self.reading.shadow, clause.left_start, clause.right[1]) is not None

    def _is_torn(self, clause: Clause) -> bool:
        """Say whether a clause is the rest of one whose beginning the page lost: a line that begins amid a word."""
        start = clause.left_start
        return bool(clause.left) and (start == 0 or self.reading.shadow[start - 1] == "\n")

    def _add(
        self,
        quantity: Quantity,
        subject: Subject,
        measure: str,
        comparison: str | None,
        clause: Clause,
        period: str | None,
        change: int,
    ) -> None:
        reading, predicate = self.reading, clause.predicate
        start = min(subject.start, quantity.start)
        if start < reading.sentence_start(quantity.start) - _EVIDENCE_REACH:
            start = quantity.start
        first, last = reading.span(start, quantity.end)
        number_first, number_last = reading.span(quantity.number_start, quantity.number_end)
        value, known, unit = quantity.value, quantity.known, quantity.unit
        if clause.below or (change < 0 and measure in ("growth", "change_abs") and not predicate.reaches):
            value = -value
        written = reading.compact[quantity.number_end : quantity.number_end + 1]
        self.figures.append(
            Figure(
                start=first,
                end=last,
                number_start=number_first,
                number_end=number_last,
                indicator=subject.name,
                value=value,
                value_text=reading.compact[quantity.number_start : quantity.number_end],
                unit=written if unit == "%" and written in _PERCENT_SIGNS else unit,
                value_base=in_base(value, known) if known is not None else None if unit else value,
                unit_base=known.base if known is not None else None if unit else "",
                measure=measure,
                comparison=comparison,
                bound=self._bound(quantity, clause),
                scope=self.scopes.of(subject.scope, subject.name, quantity.start),
                price_basis=self.periods.price_basis(start, quantity.end)
                if quantity.dimension in ("money", "ratio")
                else None,
                aggregation=self._aggregation(quantity, clause, measure, period),
                period=period,
                status=self.status.of(
                    quantity.start, quantity.end, clause.left_start, from_where=comparison == "from_to_start"
                ),
            )
        )

    def _bound(self, quantity: Quantity, clause: Clause) -> Bound | None:
        predicate = clause.predicate
        if quantity.bound is not None:
            return quantity.bound
        if clause.relation and predicate.bound in ("over", "under"):
            return None
        if predicate.bound is None and predicate.reaches and _NEW_HEIGHT.match(self.reading.shadow, quantity.end):
            return "at_least"
        return predicate.bound

    def _aggregation(self, quantity: Quantity, clause: Clause, measure: str, period: str | None) -> str:
        if clause.predicate.annual:
            return "mean"
        if measure not in ("level", "count"):
            return "point"
        words = self.reading.shadow[self.reading.clause_start(quantity.start) : quantity.end]
        return "sum" if sums_years(words, period) else "point"


def _is_spent(clause: Clause, name: str, spent: tuple[str, str], noun: str) -> bool:
    """Say whether money is named by its purpose: not where a subject of its own stands before (固定资产投资)."""
    owner, verb = spent
    return bool(noun) or not owner or verb == name or not HEAD.search(name) or clause.right[0] < clause.right[1]
