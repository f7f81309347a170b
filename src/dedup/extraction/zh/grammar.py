"""From quantities to figures: each number gets its subject, its measure, what it is compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dedup.extraction.zh.names import HEAD, conjuncts, is_verb, leading_verb, noun_behind, strip_lead
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
from dedup.extraction.zh.status import Status
from dedup.text.units import Bound


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
class Subject:
    """What a clause was about; `start` is where it stands in the shadow."""

    name: str
    start: int
    scope: str | None = None


@dataclass(slots=True)
class Context:
    """What earlier clauses established."""

    sentence: int = -1
    subjects: list[Subject] = field(default_factory=list)
    heading: Subject | None = None


_TO_AHEAD = re.compile("[，、]?[^，。；：、0-9]{0,10}?(?:到|至|为|达)(?:了)?[^，。；：、]{0,4}\\Z")
_LIST = re.compile("(?:、|和|与|及|以及|，|；)\\Z|(?:、|和|与|及|以及|，)(?:下降|增长|增加|减少|提高|降低)?\\Z")
_MONEY_VERB = re.compile(
    "(?:.*?)(?P<verb>(?:总|共|累计|计划|再|先后|完成|概算)?投资|(?:先后|累计|共|再)?(?:投入|筹资|筹措|筹集|安排|拨付|争取|整合|落实|募集|集资|拨出|列支|贷款|融资)(?:资金|经费|专项资金|财政资金|各类资金|建设资金)?|投资额|总投资|投资总额)\\Z"
)
_PURPOSE = re.compile("(?:，)?(?:主要)?(?:用于|用来|对|进行|支持|的|全面|高标准|高质量|大力|先后|完成了?|建成了?|新建了?|兴建了?|修建了?|实施了?|建设了?|抓好了?|开展了?|启动了?)+")
_GENERIC = re.compile("(?:增加值|产值|产量|总产|单产|面积|投资|总投资|收入|金额|人数|资金|产能|总额|总量|税收|利润|利税|价格|价值|总数)\\Z")
_ROOT_TAIL = re.compile("(?:播种|种植|养殖|栽培|生产|发展|总|的)*(?:面积|产量|产值|总产|单产|总产量|增加值|规模|生产|总产值|产业)\\Z")
_CAPACITY = re.compile("(?:年|日|月)(?:产|处理|加工|生产|供水|发电|出栏|产能|制氢|屠宰|吞吐)[^，。]{0,4}\\Z")
_PLANNED_BASE = re.compile("的?(?:目标|计划|任务)")


class Grammar:
    """Reads the figures of one text."""

    def __init__(self, text: str, overwritten: int) -> None:
        self.reading: Reading = read(text)
        self.quantities = find_quantities(self.reading, overwritten)
        self.figures: list[Figure] = []
        if self.quantities:
            self.status = Status(self.reading)
            self.periods = Periods(self.reading)

    def run(self) -> list[Figure]:
        """Return the figures in order."""
        quantities = self.quantities
        if not quantities:
            return []
        shadow = self.reading.shadow
        context = Context()
        previous_end = 0
        i = 0
        while i < len(quantities):
            quantity = quantities[i]
            clause = self.reading.clause_start(quantity.start)
            sentence = self.reading.sentence_start(quantity.start)
            if sentence != context.sentence:
                context.heading = self._heading(context.sentence, sentence) or (context.heading if shadow.rfind("\n", context.sentence, sentence) < 0 and context.sentence >= 0 else None)
                context.sentence = sentence
                context.subjects = context.subjects[-2:] if sentence and shadow[sentence - 1] == "；" else []
            begin = max(clause, previous_end)
            same_clause = begin > clause and previous_end > clause
            i = self._one(i, begin, same_clause, context)
            previous_end = quantities[i - 1].end
        return self.figures

    # One quantity, or a list of them that share a subject.
    def _one(self, i: int, begin: int, same_clause: bool, context: Context) -> int:
        shadow = self.reading.shadow
        quantities = self.quantities
        quantity = quantities[i]
        left_start = begin
        left = shadow[begin : quantity.start]
        if same_clause:
            cut = max(left.rfind("、"), 0 if left[:1] in "、和与及" else -1)
            if cut >= 0 and not left.rstrip(REMARK).endswith("等"):
                left_start = begin + cut + 1
                left = left[cut + 1 :]
            elif left.startswith(("以及", "和", "与", "及")):
                left_start = begin + (2 if left.startswith("以及") else 1)
                left = shadow[left_start : quantity.start]
        if len(left) > 70:
            left_start += len(left) - 70
            left = left[-70:]
        clause_end = self.reading.clause_end(quantity.end - 1) if quantity.end > quantity.start else quantity.end
        following = quantities[i + 1] if i + 1 < len(quantities) else None
        right_end = min(clause_end, following.start) if following and following.start >= quantity.end else clause_end
        right = shadow[quantity.end : right_end]
        if self._names(quantity, left, shadow[quantity.end : clause_end], following, clause_end):
            return i + 1
        predicate = read_predicate(left)
        run = self._run(i, predicate)
        return self._figure(i, run, left, left_start, right, right_end, predicate, context)

    def _run(self, i: int, predicate: Predicate) -> int:
        """Return how many quantities from the i-th on share subject and verb (分别增长3%、5%和8%)."""
        quantities = self.quantities
        shadow = self.reading.shadow
        count = 1
        if quantities[i].form == "ratio":
            while i + count < len(quantities) and quantities[i + count].form == "ratio" and quantities[i + count].end == quantities[i].end:
                count += 1
            return count
        if quantities[i].form == "low":
            return 2
        while i + count < len(quantities):
            gap = shadow[quantities[i + count - 1].end : quantities[i + count].start]
            if len(gap) > 5 or not _LIST.fullmatch(gap) or (gap.startswith("，") and not predicate.respectively):
                break
            if quantities[i + count].dimension != quantities[i].dimension or quantities[i + count].form == "low":
                break
            count += 1
        return count

    def _names(self, quantity: Quantity, left: str, after: str, following: Quantity | None, clause_end: int) -> bool:
        """Say whether the quantity is part of a name (投资5000万元以上企业, 2万元养殖示范户): it measures nothing here."""
        if quantity.dimension in ("ratio", "ratio_points", "multiple") or quantity.form in ("rank", "fan", "ratio"):
            return False
        shadow = self.reading.shadow
        bounded = shadow[quantity.end - 2 : quantity.end] in ("以上", "以下", "以内")
        ahead = after[:1]
        noun = bool(ahead) and ("一" <= ahead <= "龥" or ahead in "“")
        counted_next = following is not None and following.start < clause_end and following.dimension in ("count", "people")
        if bounded and noun and not re.match("的?(?:目标|任务|水平|增长|速度)|确保|并|且|和|及|或|左右|，", after):
            if re.match("[^，。；、]{0,2}(?:技改项目|工业项目|项目建设|亿元级)", after):
                return False
            if quantity.dimension in ("count",) and not re.search("(?:投资|占地|面积|收入|纳税|超|过|税收|产值|营业|死亡|资产|户|人)\\Z|^\\Z", left) and read_predicate(left).subject < len(left):
                return False
            return True
        if re.search("[超过逾达]\\Z|突破\\Z|超过\\Z", left) and (after.startswith("的") or noun and counted_next) and not re.match("的(?:目标|水平|速度|任务)", after):
            return quantity.dimension in ("money", "area", "people", "count", "mass") and (counted_next or after.startswith("的") and noun_behind(after[1:]) != "")
        if quantity.dimension == "money" and noun and counted_next and noun_behind(after) and not re.search("(?:投资|投入|筹资|资金|安排|拨付|补助)\\Z", left) and read_predicate(left).subject == 0:
            return True
        if re.search("[超过]\\Z", left) and counted_next and following is not None and following.start == quantity.end:
            return True
        return False

    def _heading(self, since: int, sentence: int) -> Subject | None:
        """Return the subject of a short sentence without figures right before `sentence`: 第三产业提速发展。"""
        shadow = self.reading.shadow
        if sentence < 2:
            return None
        end = sentence - 1
        start = self.reading.sentence_start(end - 1)
        if start <= since or not 4 <= end - start <= 22 or any(c in "0123456789，" for c in shadow[start:end]):
            return None
        clause = shadow[start:end]
        at, _, _ = strip_lead(clause)
        match = re.match(r"(?:.{2,12}?)(?=提速|加快|稳步|持续|取得|成效|成果|明显|显著|健康|快速|全面|不断|有力|有序|扎实|深入|蓬勃|稳健|顺利|建设取|保持|实现|进一步|得到|日益|逐步|良好|平稳|较快|再上)", clause[at:])
        if match is None:
            return None
        return Subject(match.group(), start + at)

    def _figure(
        self, i: int, count: int, left: str, left_start: int, right: str, right_end: int, predicate: Predicate, context: Context
    ) -> int:
        shadow, compact = self.reading.shadow, self.reading.compact
        quantity = self.quantities[i]
        run = self.quantities[i : i + count]
        dimension = quantity.dimension
        subject_end = predicate.subject
        base = predicate.base
        relation = predicate.relation
        origin: tuple[int, str | None, str] | None = None
        share: str | None = None
        multiple = False
        rest = ""

        head = left[:subject_end]
        ratio_like = dimension in ("ratio", "ratio_points", "multiple")
        if dimension not in ("multiple",):
            found = find_relation(left)
            if found is not None and not (found[1] in ("超过", "超") and not re.search("计划|目标|任务|预期|预算|平均|进度", found[2])):
                if dimension == "ratio_points" or found[1] in ("超", "超过", "超额完成", "超出") or dimension == "ratio":
                    subject_end, relation, base = found[0], True, found[2]
                    head = left[:subject_end]
        following = self.quantities[i + count] if i + count < len(self.quantities) else None
        if not relation and following is not None:
            gap = shadow[run[-1].end : following.start]
            if len(gap) <= 14 and _TO_AHEAD.fullmatch(gap):
                origin = find_origin(left)
                if origin is not None:
                    subject_end, rest = origin[0], origin[2]
                    head = left[:subject_end] + (rest if rest and not re.fullmatch("的|每月|每人每年|每年|每人每月", rest) else "")
        if dimension == "multiple" and not predicate.change and quantity.form == "plain":
            multiple_of = find_multiple(left)
            if multiple_of is not None:
                subject_end, base, multiple = multiple_of[0], multiple_of[1], True
                head = left[:subject_end]
        if dimension in ("ratio", "ratio_points") or quantity.form == "ratio":
            found_share = find_share(head) if dimension == "ratio" else None
            if found_share is not None and found_share[1]:
                subject_end, share = found_share
                head = left[:subject_end]

        lead, scope, _ = strip_lead(head)
        name = head[lead:]
        start = left_start + lead if name else quantity.start
        name = compact[start : start + len(name)] if not rest else name
        name = _clean(name)
        arrives = origin is None and self._arrives(i)
        subjects: list[Subject] = []

        verb_only = bool(name) and is_verb(name)
        money = _MONEY_VERB.fullmatch(name) if dimension == "money" and name else None
        noun = "" if ratio_like or quantity.form != "plain" and quantity.form != "low" or predicate.change or relation else self._noun(i + count - 1, right, right_end)
        attributive = bool(noun) and not (name and HEAD.search(name) and not verb_only and money is None)
        if dimension == "ratio" and noun_behind(right) and re.match("的", right) is None and not name and not predicate.change and share is None:
            attributive, noun = True, noun_behind(right)
        if dimension == "ratio" and re.match("(?:以上)?的", shadow[quantity.number_end + 1 : quantity.end + 1]) and not name and not predicate.change and share is None and predicate.subject == 0:
            noun = noun_behind(shadow[quantity.end + 1 : right_end])
            attributive = bool(noun)

        if money is not None and (verb_only or attributive or is_verb(name) or len(money["verb"]) == len(name) or HEAD.search(name) is None or name == money["verb"]):
            named = self._purpose(i + count - 1, name, money["verb"], right, right_end, context)
            subjects = [Subject(named, start, scope)]
        elif attributive:
            if dimension not in ("count", "people", "ratio") and name and not verb_only and not name.endswith("等"):
                if _CAPACITY.search(name):
                    size = _CAPACITY.search(name)
                    assert size is not None
                    subjects = [Subject(name[: size.start()] + noun + size.group(), start, scope)]
                else:
                    subjects = [Subject(name + noun, start, scope)]
            else:
                verb = name if verb_only else leading_verb(name)
                subjects = [Subject(verb + noun, start, scope)]
        elif name and quantity.form == "rank":
            subjects = [Subject(self._ranked(name, context), start, scope)]
        elif name and share is not None:
            subjects = [Subject(name, start, scope)]
        elif name:
            subjects = self._named(name, start, scope, predicate, dimension, count, context, verb_only)
        else:
            subjects = self._inherited(predicate, count, context, quantity, start, scope)
        if share is not None:
            whole = _clean(share)
            subjects = [Subject(f"{s.name}占{whole}比重", s.start, s.scope) for s in subjects]
        if quantity.form == "ratio" and quantity.parts > 1:
            subjects = self._parts(subjects, name or (subjects[0].name if subjects else ""), quantity)
        if not subjects:
            if quantity.numerals or dimension in ("count", "people", "") or not left.strip():
                return i + count
            subjects = [Subject("", quantity.start, scope)]

        measure = _measure(quantity, predicate, relation, share is not None, multiple, arrives or origin is not None, name, subjects[0].name)
        comparison = _comparison(measure, predicate, base, relation, origin is not None, arrives, shadow[left_start : quantity.start], self.periods.before(quantity.start), dimension)
        paired = count > 1 and len(subjects) == count and quantity.form != "low"
        for n, one in enumerate(run):
            if paired:
                chosen = [subjects[n]]
            elif quantity.form == "ratio" and quantity.parts > 1:
                chosen = [subjects[n]]
            elif count > 1 and quantity.form != "low" and not predicate.respectively:
                chosen = subjects[:1]
            else:
                chosen = subjects
            for subject in chosen:
                self._add(one, subject, measure, comparison, predicate, relation, origin, base, name)
        if not relation and quantity.form not in ("rank",) and measure != "rank":
            keep = subjects if (share is None or True) else []
            if name or attributive:
                context.subjects.extend(keep)
        return i + count

    def _noun(self, last: int, right: str, right_end: int) -> str:
        """Return the noun that the quantity stands before; of quantities in a row (6个9兆瓦光伏项目) the last one's."""
        quantities = self.quantities
        shadow = self.reading.shadow
        if not right and last + 1 < len(quantities) and quantities[last + 1].start == quantities[last].end:
            after = quantities[last + 1]
            end = self.reading.clause_end(after.end - 1)
            if last + 2 < len(quantities):
                end = min(end, max(quantities[last + 2].start, after.end))
            return noun_behind(shadow[after.end : end])
        if right.startswith("的"):
            unit = quantities[last].dimension
            return noun_behind(right[1:]) if unit not in ("ratio",) else ""
        if right_end < len(shadow) and last + 1 < len(quantities) and quantities[last + 1].start == right_end and re.search("[、和与及]\\Z|投资|超|过", right) is None and right_end < self.reading.clause_end(quantities[last].end - 1):
            # What follows runs into another number: a noun only where that number is part of its name.
            following = quantities[last + 1]
            end = self.reading.clause_end(following.end - 1)
            if self._names(following, right, shadow[following.end : end], None, end):
                return noun_behind(self.reading.compact[quantities[last].end : end])
        elif last + 1 < len(quantities) and quantities[last + 1].start == right_end and re.search("投资|超|过", right):
            following = quantities[last + 1]
            end = self.reading.clause_end(following.end - 1)
            if self._names(following, right, shadow[following.end : end], None, end):
                return noun_behind(self.reading.compact[quantities[last].end : end])
        return noun_behind(right)

    def _arrives(self, i: int) -> bool:
        """Say whether the i-th quantity is where a change arrives whose origin is the one before (由A增加到B)."""
        if i == 0:
            return False
        before = self.quantities[i - 1]
        here = self.quantities[i]
        shadow = self.reading.shadow
        if here.form == "ratio" and here.part > 1:
            return False
        k = i - 1
        while k > 0 and self.quantities[k].form == "ratio" and self.quantities[k].part > 1:
            k -= 1
        before = self.quantities[k]
        gap = shadow[before.end : here.start]
        if len(gap) > 14 or not _TO_AHEAD.fullmatch(gap):
            return False
        clause = self.reading.clause_start(before.start)
        return find_origin(shadow[max(clause, before.start - 60) : before.start]) is not None

    def _named(
        self, name: str, start: int, scope: str | None, predicate: Predicate, dimension: str, count: int, context: Context, verb_only: bool
    ) -> list[Subject]:
        """Return the subjects that a clause names: one, or those it coordinates where the number is of each."""
        parts = conjuncts(name)
        if len(parts) > 1:
            several = (
                (predicate.respectively and len(parts) == count)
                or (count == 1 and (predicate.each or predicate.respectively))
                or (count == 1 and dimension in ("ratio", "multiple") and all(HEAD.search(p) for p in parts) and "比" not in name)
                or (count == len(parts) and count > 1)
            )
            if several:
                return [Subject(part, start, scope) for part in parts]
        if verb_only and context.subjects:
            last = context.subjects[-1]
            verb = leading_verb(last.name)
            return [Subject(name + last.name[len(verb) :], last.start, scope or last.scope)]
        generic = _GENERIC.fullmatch(name) is not None
        if generic:
            root = context.subjects[-1].name if context.subjects else context.heading.name if context.heading else ""
            shorter = _ROOT_TAIL.sub("", root) if context.subjects else root
            if root and shorter and len(shorter) <= 12 and (shorter != root or not context.subjects):
                return [Subject(shorter + name, start, scope)]
        return [Subject(name, start, scope)]

    def _inherited(
        self, predicate: Predicate, count: int, context: Context, quantity: Quantity, start: int, scope: str | None
    ) -> list[Subject]:
        """Return the subject of a clause that names none."""
        subjects = context.subjects
        if subjects:
            if predicate.respectively and count > 1 and len(subjects) >= count:
                return subjects[-count:]
            if (predicate.each) and len(subjects) >= 2:
                return subjects[-2:]
            return subjects[-1:]
        clause = self.reading.clause_start(quantity.start)
        if clause > context.sentence:
            # An earlier clause of the sentence without a number is what it speaks of.
            shadow = self.reading.shadow
            previous = self.reading.clause_start(clause - 2) if clause > 1 else 0
            if previous >= context.sentence and shadow[clause - 1] in "，":
                text = shadow[previous : clause - 1]
                at, seen, _ = strip_lead(text)
                if 2 <= len(text) - at <= 20:
                    return [Subject(_clean(self.reading.compact[previous + at : clause - 1]), previous + at, scope or seen)]
        if context.heading is not None:
            return [context.heading]
        return []

    def _purpose(self, last: int, name: str, verb: str, right: str, right_end: int, context: Context) -> str:
        """Name money by what it is spent on: 投资92万元建成农村供水12处 is 农村供水投资."""
        shadow, compact = self.reading.shadow, self.reading.compact
        owner = name[: len(name) - len(verb)]
        body = right
        end = right_end
        if body.startswith("的"):
            body = noun_behind(body[1:])
        elif not body or not ("一" <= body[0] <= "龥" or body[0] in "“"):
            if owner and HEAD.search(owner + "投资") and len(owner) >= 2 and not is_verb(owner):
                return name
            body = ""
            if shadow[end : end + 1] == "，":
                clause_end = self.reading.clause_end(end + 1)
                after = shadow[end + 1 : clause_end]
                stop = re.search("[0-9]", after)
                after = after[: stop.start()] if stop else after
                if leading_verb(after) or _PURPOSE.match(after):
                    body = after
            if not body:
                before = self._before(end, context)
                if before:
                    return before + verb
                return name
        match = _PURPOSE.match(body)
        if match is not None and match.end() < len(body):
            body = body[match.end() :]
        body = re.split("[、，]", body)[0] if "等" not in body else body[body.rfind("等") + 1 :]
        if not body and last + 1 < len(self.quantities) and self.quantities[last + 1].start == right_end:
            after = self.quantities[last + 1]
            body = noun_behind(shadow[after.end : self.reading.clause_end(after.end - 1)])
        body = re.sub("(?:进行扶持|进行|工作|工程建设|，|等)\\Z", "", body)[:20]
        if not body:
            return name
        return _clean(body) + verb

    def _before(self, at: int, context: Context) -> str:
        shadow = self.reading.shadow
        clause = self.reading.clause_start(at - 1)
        if clause > context.sentence and shadow[clause - 1 : clause] == "，":
            previous = self.reading.clause_start(clause - 2)
            text = shadow[max(previous, context.sentence) : clause - 1]
            lead, _, _ = strip_lead(text)
            text = text[lead:]
            text = re.sub("建设\\Z", "", text)
            if 2 <= len(text) <= 16 and not re.search("[0-9]", text):
                verb = leading_verb(text)
                return text[len(verb) :]
        if context.subjects:
            last = context.subjects[-1].name
            return last[len(leading_verb(last)) :]
        return context.heading.name if context.heading else ""

    def _ranked(self, name: str, context: Context) -> str:
        """Name what is ranked: 总量, 增幅 of the last subject."""
        if re.fullmatch("(?:总量|增幅|增速|占比|规模)(?:和(?:总量|增幅|增速))?(?:均|分别)?(?:居|列|排|位居|位列)?(?:在)?(?:全[国省市县区][^，]{0,4})?", name) and context.subjects:
            return context.subjects[-1].name + name
        return name

    def _parts(self, subjects: list[Subject], name: str, quantity: Quantity) -> list[Subject]:
        start = subjects[0].start if subjects else quantity.start
        scope = subjects[0].scope if subjects else None
        if quantity.parts == 3 and re.search("产业|产|结构", name):
            return [Subject(f"第{n}产业比重", start, scope) for n in "一二三"]
        return [Subject(name or "比例", start, scope) for _ in range(quantity.parts)]

    def _add(
        self, quantity: Quantity, subject: Subject, measure: str, comparison: str | None, predicate: Predicate, relation: bool,
        origin: tuple[int, str | None, str] | None, base: str | None, name: str,
    ) -> None:  # fmt: skip
        reading = self.reading
        start = min(subject.start, quantity.start)
        if start < reading.sentence_start(quantity.start) - 60:
            start = quantity.start
        first, last = reading.span(start, quantity.end)
        number_first, number_last = reading.span(quantity.number_start, quantity.number_end)
        value = quantity.value
        if predicate.change < 0 and measure in ("growth", "change_abs") and not predicate.reaches:
            value = -value
        known = quantity.known
        value_base = float(f"{value * known.scale:.15g}") if known is not None else value if not quantity.unit else None
        bound = quantity.bound or predicate.bound
        if relation and bound == "over" and quantity.bound is None:
            bound = None
        if quantity.bound == "at_most" and quantity.form != "high" and predicate.change < 0 and measure == "rate":
            bound = "at_most"
        period = origin[1] if origin is not None and origin[1] else self.periods.before(quantity.start)
        status = self.status.of(quantity.start, quantity.end)
        if base and "计划" in base and not predicate.change and not relation and measure not in ("rate",):
            status = "target"
            period = base
        aggregation = "mean" if predicate.annual else "point"
        clause = reading.shadow[reading.clause_start(quantity.start) : quantity.end]
        if aggregation == "point" and measure in ("level", "count") and sums_years(clause, period):
            aggregation = "sum"
        self.figures.append(
            Figure(
                first, last, number_first, number_last, subject.name, value,
                reading.compact[quantity.number_start : quantity.number_end],
                reading.compact[quantity.number_end : quantity.number_end + len(quantity.unit)] if quantity.unit in ("%",) else quantity.unit,
                value_base, known.base if known is not None else "" if not quantity.unit else None,
                measure, comparison, bound, subject.scope,
                self.periods.price_basis(start, quantity.end) if quantity.dimension in ("money", "ratio") else None,
                aggregation, period, status,
            )
        )  # fmt: skip


_RATE_HEAD = re.compile("(?:率|度|面|水平|强度)\\Z")
_SHARE_HEAD = re.compile("比重|占比|比例|份额|构成|贡献")


def _measure(
    quantity: Quantity, predicate: Predicate, relation: bool, share: bool, multiple: bool, from_to: bool, name: str, indicator: str
) -> str:
    """Return what kind of number this is."""
    if quantity.form == "rank":
        return "rank"
    if quantity.form == "ratio":
        return "share" if quantity.parts > 1 else "rate"
    if quantity.form == "fan":
        return "growth"
    dimension = quantity.dimension
    if dimension == "ratio_points":
        return "change_abs"
    changes = predicate.change != 0 and not predicate.reaches
    if dimension == "multiple":
        return "growth" if changes and not multiple else "rate"
    if dimension == "ratio":
        if relation:
            return "change_abs"
        if from_to:
            return "share" if share or _SHARE_HEAD.search(indicator) else "rate"
        if predicate.growth_noun or changes:
            return "growth"
        if share or _SHARE_HEAD.search(indicator):
            return "share"
        return "rate"
    if relation:
        return "change_abs"
    if from_to:
        return "count" if dimension in ("count", "people", "time") else "level"
    if changes:
        return "change_abs"
    return "count" if dimension in ("count", "people", "time", "number") else "level"


def _comparison(
    measure: str, predicate: Predicate, base: str | None, relation: bool, starts: bool, arrives: bool, left: str, period: str | None, dimension: str
) -> str | None:
    """Return what a number is compared with."""
    if starts:
        return "from_to_start"
    if arrives:
        return "from_to_end"
    if measure == "growth" and predicate.annual:
        return "annual_average"
    last_year = base is not None and bool(re.search("上年|去年|同期|年初|上月|今年的?\\Z|上期", base))
    if measure == "growth":
        if dimension in ("multiple",):
            return "yoy" if last_year else None
        if base is not None and not last_year:
            return None
        return "yoy"
    if measure == "change_abs":
        if relation:
            return None
        if last_year:
            return "yoy"
        if base is not None:
            return None
        if period and re.search("[三五四]年|以来", period):
            return None
        return "yoy" if dimension in ("ratio_points", "money", "count", "people") and "每" not in left else None
    return None


_JUNK = re.compile(f"[{REMARK}\\s]")


def _clean(name: str) -> str:
    return _JUNK.sub("", name).strip("、，“”’‘" if name.count("“") != name.count("”") else "、，")


def read_figures(text: str, overwritten: int = 0) -> list[Figure]:
    """Return the figures of a text in order."""
    return Grammar(text, overwritten).run()
