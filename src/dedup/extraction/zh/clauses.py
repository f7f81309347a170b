"""The words around a number in its clause: what is compared, where a change sets out and arrives, what noun follows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dedup.extraction.zh.money import spending
from dedup.extraction.zh.names import GRADE, GRADE_AHEAD, Noun, leading_verb, noun_behind
from dedup.extraction.zh.predicates import (
    Predicate,
    find_multiple,
    find_origin,
    find_relation,
    find_share,
    read_predicate,
)
from dedup.extraction.zh.quantity import Quantity
from dedup.extraction.zh.reading import REMARK, Reading
from dedup.extraction.zh.sizes import is_size
from dedup.extraction.zh.words import HEAD, any_of


@dataclass(slots=True)
class Clause:
    """The words around a quantity, or around several that share them (`分别增长3%、5%和8%`).

    Attributes
    ----------
    run : the quantities, the last of which is `quantities[last]`
    left, left_start : the words before the first one, and where they begin
    right : span of the words behind the last one, up to the next quantity or the end of the clause
    predicate : what of `left` is no subject
    continues : the clause goes on with a list (`、规模养殖场8个`)
    since : where the quantity before it ends
    head : what of `left` is left for the subject
    rest : what of it stands behind 由 (小学由生均 | 20元)
    base : what the number is compared with, None where the clause does not say
    relation : the number is a distance to the base
    below : that distance is one below it
    multiple : it counts how often the base goes into it
    share : the whole it is a share of, None where it is none
    plan : it is the share of a plan that was fulfilled
    starts, arrives : a change sets out from it, arrives at it
    period : when it set out, as the text says
    verbs : of each quantity of the run the verb of its own (分别增长2%、下降1.5%), empty where it has none
    unchanged : after the run one more is said not to have changed (和持平)
    """

    run: list[Quantity]
    last: int
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
    below: bool = False
    multiple: bool = False
    share: str | None = None
    plan: bool = False
    starts: bool = False
    arrives: bool = False
    period: str | None = None
    verbs: tuple[str, ...] = ()
    unchanged: bool = False

    @property
    def shared_by(self) -> int:
        """How many subjects the run speaks of."""
        return len(self.run) + self.unchanged


_CHANGE_TO = any_of("predicate.changes_to")
_ARRIVAL = re.compile(
    f"[，、]?(?:[^，。；：、0-9]{{0,6}}?(?:{_CHANGE_TO})了?(?:到|至|为|成)(?:了)?[^，。；：、]{{0,6}}|到|至)\\Z"
)
_ARRIVAL_AT_NOTHING = re.compile(f"[，、]?[^，。；：、0-9]{{0,4}}?(?:{_CHANGE_TO})(?:到|至|为)零")
_JOINT = re.compile("(?<=[一-龥]{2})和(?!谐|平|解|睦)(?=[一-龥]{0,10}\\Z)")
# 国电2×33万千瓦: two of them.
_TIMES = re.compile("[0-9]+[×xX]\\Z")
_THING = re.compile("[^，]*?(?:企业|公司|合作社|农户|家庭|乡镇|园区|项目|学校|医院|市场|基地|单位|景区|平台|村)")
_ARRIVES_WITHIN = 16
_LIST_LONGEST = 6
_LIST = re.compile(
    f"(?:、|和|与|及|以及|，|；)(?:(?:同比)?(?P<verb>{any_of('predicate.up')}|{any_of('predicate.down')})了?)?"
)
# 分别增长2%、下降1.5%和持平.
_UNCHANGED = re.compile("(?:、|和|与|，)(?:基本)?持平")
# What is left of a base that is a quantity: 比“十五”计划末42亿元 | 的目标 | 超过1.9亿元.
_BASE_NOUN = re.compile(
    "(?:的?基础上|的?(?:目标|任务|计划|水平|总量|规模(?!以上|以下|化|养|种|经|企)|标准|底线|基数|预算)(?:值|数)?|的)"
)
_BASE_AHEAD = re.compile("的(?:基础|[^，。]{0,4}目标|任务|水平|增长|速度|比例|标准|台阶|大关|关口|规模|价格|好成绩)")
_COMPARED = re.compile("[比较][^，。]*[0-9]")
_OF_PLAN = re.compile("预算|计划|任务|目标")
_OF_GOAL = re.compile("占([^，。]{0,8}(?:任务|计划|目标|预算))")
_OF_NUMBER = re.compile("占([^，。0-9由从]{1,14}?)[0-9.]+[^，。0-9]{0,6}\\Z")
# 二是加快 | 86个续建项目: the verb has an object, and nothing rises.
_DEED = re.compile(
    "(?:[一二三四五六七八九十]{1,2}[是、])?(?:[^，。]{0,6}[要将])?(?:(?:巩固|改造|建设|完善)(?:和|、)?)?(?:加快|扩大|提升)"
)
_THINGS = re.compile("[一-龥“]{3}")
_PER_HEAD = re.compile("的|每[^，]{1,4}")
_DIMENSION = re.compile(
    "(?:设立了?|建成了?|新建了?|建设了?)?(?:(?:占地|全长|总长|长|宽|建筑|规划|总|用地)(?:面积|投资)?|投资|总?规模)"
)
_ACHIEVED = re.compile("^(?:实现|保持|获得?|荣获|位居|居)")
#: Longest words before a number that are read.
_LEFT_LIMIT = 70
_PLACES = ("镇", "乡", "村")
_NOTHING = Noun("", "")


class Clauses:
    """Reads the clauses of one text.

    Parameters
    ----------
    reading : the text
    quantities : all of its quantities, in order
    """

    def __init__(self, reading: Reading, quantities: list[Quantity]) -> None:
        self.reading = reading
        self.quantities = quantities

    def read(self, i: int, begin: int) -> Clause | None:
        """Read the words of the i-th quantity and of those behind it that share them.

        Parameters
        ----------
        begin : where its words may begin: its clause, or the end of a quantity of that clause

        Returns
        -------
        the clause; None where the quantity is part of a name, which is noted on it
        """
        reading, quantities, shadow = self.reading, self.quantities, self.reading.shadow
        quantity = quantities[i]
        left_start, continues = self._left(quantity, begin)
        left = _TIMES.sub("", shadow[left_start : quantity.start])
        clause_end = reading.clause_end(quantity.end - 1)
        following = quantities[i + 1] if i + 1 < len(quantities) else None
        inside = following if following is not None and following.start < clause_end else None
        if is_size(quantity, left, shadow[quantity.end : clause_end], inside):
            quantity.named = True
            return None
        predicate = read_predicate(left)
        if "分别" in left and not predicate.respectively:
            predicate = replace(predicate, respectively=True)
        if quantity.dimension == "count" and _DEED.fullmatch(left) and _THINGS.match(shadow, quantity.end):
            predicate = replace(predicate, subject=len(left), words=(), change=0)
        last = i + self._share_words(i, predicate) - 1
        end = quantities[last].end
        after = quantities[last + 1] if last + 1 < len(quantities) else None
        right_end = reading.clause_end(end - 1)
        if after is not None:
            right_end = min(right_end, max(after.start, end))
        since = quantities[i - 1].end if i else 0
        clause = Clause(quantities[i : last + 1], last, left, left_start, (end, right_end), predicate, continues, since)
        if last > i:
            clause.verbs = tuple(self._own_verb(k) if k > i else "" for k in range(i, last + 1))
            clause.unchanged = predicate.respectively and _UNCHANGED.match(shadow, end) is not None
        self._analyse(i, clause, after)
        return clause

    def _own_verb(self, k: int) -> str:
        """Return the verb between the k-th quantity of a list and the one before it."""
        gap = _LIST.fullmatch(self.reading.shadow, self.quantities[k - 1].end, self.quantities[k].start)
        return (gap["verb"] or "") if gap is not None else ""

    def _left(self, quantity: Quantity, begin: int) -> tuple[int, bool]:
        """Return where the words of a quantity begin, and whether they continue a list."""
        shadow = self.reading.shadow
        start, continues = begin, False
        if begin > self.reading.clause_start(quantity.start):
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
            elif cut < 0 and not leading_verb(left):
                # 国电二期100万千瓦火电项目和国电 | 150兆瓦: what stands before 和 is the noun of the number before.
                joint = _JOINT.search(left)
                start += joint.end() if joint is not None else 0
        return max(start, quantity.start - _LEFT_LIMIT), continues

    def _share_words(self, i: int, predicate: Predicate) -> int:
        """Return how many quantities from the i-th on share subject and verb."""
        quantities, shadow = self.quantities, self.reading.shadow
        first, count = quantities[i], 1
        if first.form == "low":
            return 2
        while i + count < len(quantities):
            one, end = quantities[i + count], quantities[i + count - 1].end
            if first.form == "ratio":
                joined = one.end == first.end
            elif one.start - end > _LIST_LONGEST or one.dimension != first.dimension or one.form != first.form:
                joined = False
            else:
                gap = _LIST.fullmatch(shadow, end, one.start)
                listed = gap is not None and (gap["verb"] is None or predicate.respectively or predicate.change != 0)
                joined = listed and (shadow[end] not in "，；" or predicate.respectively)
            if not joined:
                break
            count += 1
        return count

    def _analyse(self, i: int, clause: Clause, after: Quantity | None) -> None:
        """Find what a number is compared with, and what is left of its clause for the subject."""
        left, predicate = clause.left, clause.predicate
        dimension = clause.run[0].dimension
        clause.base, clause.head = predicate.base, left[: predicate.subject]
        clause.arrives = self._arrives(i)
        relation = find_relation(left) if dimension != "multiple" else None
        if relation is not None and (dimension in ("ratio_points", "ratio") or relation[1].startswith("超")):
            clause.base, clause.relation, clause.below = relation[2], True, relation[1] in ("低于", "慢于")
            clause.head = _trimmed(left[: relation[0]])
        elif predicate.bound == "over" and self._passes_base(clause):
            clause.relation = True
        elif self._sets_out(clause, after):
            origin = find_origin(left)
            if origin is not None:
                end, clause.period, rest = origin
                clause.starts, clause.rest = True, "" if _PER_HEAD.fullmatch(rest) else rest
                clause.head = left[:end] + clause.rest
        if (dimension == "multiple" and not predicate.change) or (dimension == "ratio" and predicate.of):
            multiple = find_multiple(left)
            if multiple is not None:
                clause.base = multiple[1]
                clause.multiple = dimension == "multiple"
                clause.head = _trimmed(left[: multiple[0]])
                clause.plan = dimension == "ratio" and _OF_PLAN.search(multiple[1]) is not None
        self._find_whole(clause)

    def _find_whole(self, clause: Clause) -> None:
        """Find what a number is a share of: 占财政支出的62%, 占年初任务1750万元的106%."""
        left, quantity = clause.left, clause.run[0]
        if quantity.dimension in ("ratio_points", "multiple") or clause.relation:
            return
        if quantity.dimension != "ratio":
            goal = _OF_GOAL.fullmatch(left)
            if goal is not None:
                clause.base, clause.head = goal[1], ""
            return
        begin = self.reading.clause_start(quantity.start)
        if not clause.head and clause.left_start > begin and not clause.arrives:
            whole = _OF_NUMBER.search(self.reading.shadow, begin, clause.left_start)
            clause.share = whole[1] if whole is not None else None
            if clause.share is not None:
                return
        # 占年度计划的110%: 计划 belongs to the whole here.
        share = find_share(left if clause.predicate.of and not clause.starts else clause.head)
        if share is not None and share[1] and not ("占" in share[1] and clause.predicate.respectively):
            clause.share = share[1]
            clause.head = _trimmed(left[: share[0]])

    def _passes_base(self, clause: Clause) -> bool:
        """Say whether 超过 stands between a base that is a quantity and the number: 比42亿元的目标超过1.9亿元."""
        start = self.reading.clause_start(clause.run[0].start)
        if clause.left_start <= start or clause.predicate.subject:
            return False
        return _COMPARED.search(self.reading.shadow, start, clause.left_start) is not None

    def _sets_out(self, clause: Clause, after: Quantity | None) -> bool:
        """Say whether a change sets out from the number: what follows says where it arrives."""
        shadow, end = self.reading.shadow, clause.run[-1].end
        if after is not None and after.start - end <= _ARRIVES_WITHIN and after.dimension == clause.run[-1].dimension:
            return _ARRIVAL.fullmatch(shadow, end, after.start) is not None
        return _ARRIVAL_AT_NOTHING.match(shadow, end) is not None

    def _arrives(self, i: int) -> bool:
        """Say whether the i-th quantity is where a change arrives whose origin is the one before (由A增加到B)."""
        shadow, quantities = self.reading.shadow, self.quantities
        k = i - 1
        while k > 0 and quantities[k].form == "ratio" and quantities[k].part > 1:
            k -= 1
        if k < 0:
            return False
        origin, here = quantities[k], quantities[i]
        if not 0 < here.start - origin.end <= _ARRIVES_WITHIN or here.dimension != origin.dimension:
            return False
        if _ARRIVAL.fullmatch(shadow, origin.end, here.start) is None:
            return False
        begin = max(self.reading.clause_start(origin.start), origin.start - _LEFT_LIMIT)
        return find_origin(shadow[begin : origin.start]) is not None

    def noun(self, clause: Clause, name: str, *, verb_only: bool) -> Noun:
        """Return the noun that a number stands before, where that is what it measures.

        Parameters
        ----------
        name : what stands before the number
        verb_only : that is a verb only
        """
        quantity, predicate = clause.run[0], clause.predicate
        dimension = quantity.dimension
        if predicate.change or clause.relation or clause.share is not None or quantity.form not in ("plain", "low"):
            return _NOTHING
        if dimension in ("ratio_points", "multiple"):
            return _NOTHING
        compact = self.reading.compact
        start, end = clause.right
        if dimension == "count" and quantity.unit in _PLACES and (verb_only or not name):
            return Noun(quantity.unit, "")
        if dimension == "ratio":
            # 80%的行政村, 95%以上的企业
            of = not name and compact.startswith("的", start) and _BASE_AHEAD.match(compact, start) is None
            return noun_behind(compact[start + 1 : end]) if of else _NOTHING
        if name and HEAD.search(name) is not None and not verb_only and spending(name) is None:
            return _NOTHING
        if dimension == "time" and "连续" in clause.left:
            return Noun(_ACHIEVED.sub("", compact[start:end]), "")
        if clause.last + 1 < len(self.quantities) and self.quantities[clause.last + 1].start == end:
            noun = self._noun_past_number(clause, name)
            if noun is not None:
                return noun
        if end < len(compact) and compact[end].isdigit():
            joint = _JOINT.search(compact, start, end)
            end = joint.start() if joint is not None else end
        if compact.startswith("的", start):
            # 42亿元的目标, 42家的基础上 go on with the comparison.
            return noun_behind(compact[start + 1 : end]) if _BASE_AHEAD.match(compact, start) is None else _NOTHING
        noun = noun_behind(compact[start:end])
        if end < len(compact) and compact[end].isdigit() and HEAD.search(noun.name) is not None:
            thing = _THING.match(noun.name)  # 75家农业龙头企业 | 年销售收入18.4亿元
            noun = Noun(thing.group(), "") if thing is not None else noun
        elif end < len(compact) and compact[end].isdigit() and HEAD.search(noun.predicate) is not None:
            noun = Noun(noun.name, "")  # 42家规上企业 | 实现产值30亿元
        return self._graded(clause, noun) if GRADE.fullmatch(noun.name) is not None else noun

    def _graded(self, clause: Clause, noun: Noun) -> Noun:
        """Complete a noun that is a grade only, by that of the next number: 5个省级、12个市级 | 美丽乡村."""
        if clause.last + 1 >= len(self.quantities):
            return noun
        following = self.quantities[clause.last + 1]
        other = noun_behind(self.reading.compact[following.end : self.reading.clause_end(following.end)])
        grade = GRADE_AHEAD.match(other.name)
        return Noun(noun.name + other.name[grade.end() :], "") if grade is not None else noun

    def _noun_past_number(self, clause: Clause, name: str) -> Noun | None:
        """Return the noun behind another number that follows in the clause; None where that number is a figure."""
        reading, quantities, compact = self.reading, self.quantities, self.reading.compact
        start, end = clause.right
        following = quantities[clause.last + 1]
        clause_end = reading.clause_end(following.end - 1)
        if start == end:
            # 6个9兆瓦光伏项目: the noun behind the last of quantities in a row.
            if len(name) > 1 and HEAD.search(name) is not None and not name.endswith("等"):
                return _NOTHING
            if clause.last + 2 < len(quantities):
                clause_end = min(clause_end, max(quantities[clause.last + 2].start, following.end))
            return noun_behind(compact[following.end : clause_end])
        shadow = reading.shadow
        if clause_end > following.end and is_size(
            following, shadow[start:end], shadow[following.end : clause_end], None
        ):
            # 10家投资5000万元以上的企业: the size is part of the name.
            return noun_behind(compact[start:clause_end])
        return None

    def described(self, last: int, name: str) -> str:
        """Return the noun that sizes in a row describe: 占地1200亩、总投资26亿元的 | 物流园; empty where none does."""
        if _DIMENSION.fullmatch(name) is None:
            return ""
        shadow, end = self.reading.shadow, self.quantities[last].end
        if shadow.startswith("的", end):
            return noun_behind(shadow[end + 1 : self.reading.clause_end(end)]).name
        if last + 1 >= len(self.quantities):
            return ""
        following = self.quantities[last + 1]
        gap = shadow[end : following.start]
        if not gap.startswith("、") or len(gap) > 8 or not shadow.startswith("的", following.end):
            return ""
        return noun_behind(shadow[following.end + 1 : self.reading.clause_end(following.end)]).name


def _trimmed(head: str) -> str:
    """Return a subject without the adverbs that end it (服务业增加值分别 | 是, 养殖面积已 | 占)."""
    return head[: read_predicate(head).subject]
