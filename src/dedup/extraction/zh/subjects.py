"""The subject of a number: from its clause, from the noun behind it, or from the clauses before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dedup.extraction.zh.context import TOLD, Context, Subject
from dedup.extraction.zh.money import spending
from dedup.extraction.zh.names import GRADE, Noun, clean, conjuncts, is_light, leading_verb, strip_lead, trailing_verb
from dedup.extraction.zh.predicates import Predicate, read_predicate
from dedup.extraction.zh.quantity import Quantity
from dedup.extraction.zh.reading import Reading
from dedup.extraction.zh.words import BARE_HEAD, BARE_TOTAL, HEAD, words

if TYPE_CHECKING:
    from dedup.extraction.zh.clauses import Clause

_COMPLETE = frozenset(words("name.complete_verbs"))
_REACHING = frozenset(words("name.reaching_verbs"))
# 粮食播种面积 and 产量: what is common to both is 粮食.
_ROOT_TAIL = re.compile(
    "(?:完成|实现)?(?:播种|种植|养殖|栽培|生产|发展|总|的)*(?:面积|产量|产值|总产|单产|总产量|增加值|规模|生产|总产值|产业|总数|户数)\\Z"
)
_RANKED = re.compile(
    "(?P<what>(?:总量|增幅|增速|占比|规模|人均|总产|绩效|排名|名次|综合实力)*(?:和(?:总量|增幅|增速|规模))?)(?:均|分别|双双)?(?:位|居|列|排|在|跻身|进入|跃)*"
    "(?P<where>全[国省市县区州](?:[^，第]{0,6}?))?(?:排名|排|列|居|位居|位列)*\\Z"
)
_BARE_SHARE = re.compile("占比|比重|份额|占比重")
_PER = re.compile("[人户亩村]均")
_PER_HEAD = re.compile("每[百千万]?(?:人|户|名|村)(?:拥有|平均)?")
_PASSING = re.compile("(?:超过|过|超)[0-9百千万亿]")
_MASKED = re.compile("[xX×*□]{2}")
_MASKS = "xX×*□～"
_LONGEST = 20
_GROWN = re.compile("^(?:新增|净增)|(?:新增|净增)$")
_PHASE = re.compile("[一二三四]期")
_CAPACITY = re.compile("(?:年|日|月)(?:产|处理|加工|生产|供水|发电|出栏|产能|制氢|屠宰|吞吐)[^，。]{0,4}\\Z")


def named(
    name: str,
    start: int,
    scope: str | None,
    predicate: Predicate,
    quantity: Quantity,
    count: int,
    context: Context,
    *,
    continues: bool,
    restarts: bool,
    torn: bool,
    spoken: Subject | None,
) -> list[Subject]:
    """Return the subjects that a clause names: one, or those it coordinates where the number is of each.

    Parameters
    ----------
    name, start, scope : what stands before the number
    count : numbers that share it (`分别增长3%、5%`)
    continues : it goes on with a list (`新建标准化养殖园区15个、规模养殖场8个`)
    restarts : a semicolon stands between it and what was named last
    torn : the list of numbers goes on with one that could not be read
    spoken : what an earlier clause without a number speaks of
    """
    name = _shortened(name)
    parts = conjuncts(name)
    if len(parts) > 1 and "等" not in parts[-1][:-1]:
        heads = all(HEAD.search(part) for part in parts)
        rate = quantity.dimension in ("ratio", "multiple") or quantity.form == "fan"
        paired = "城乡" in name and len(parts) == 2 and "城乡" not in parts[0]
        if paired and count != 2:
            return [Subject(name, start, scope)]
        shared = predicate.each or quantity.form == "fan" or (rate and heads and "比" not in name)
        # 分别 with one number of several that were there: whose it is, nobody knows.
        shared = not torn if predicate.respectively else shared
        if count == len(parts) or (count == 1 and shared):
            return [Subject(clean(part), start, scope) for part in parts]
    last = context.subjects[-1] if context.subjects else None
    root = last.name if last is not None else ""
    if BARE_TOTAL.fullmatch(name) and root:
        return [Subject(root[len(leading_verb(root)) :] + name, start, scope)]
    passing = _PASSING.match(name)
    if passing is not None:
        # 销售收入过千万元的企业…、过亿元的企业: both pass the same measure.
        before = re.split("超过|[过超]", root)[0]
        if before and before != root:
            return [Subject(before + name, start, scope)]
    if root and _BARE_SHARE.fullmatch(name):
        return [Subject(root + name, start, scope)]
    if root and _PER.fullmatch(name):
        return [Subject(name + root[len(leading_verb(root)) :], start, scope)]  # 耕地2.1万亩，人均2.3亩
    if name == "出栏" and root.endswith("存栏"):
        return [Subject(root[:-2] + name, start, scope)]
    if BARE_HEAD.fullmatch(name):
        verb = leading_verb(root)
        shorter = root[len(verb) :] if continues and verb else _ROOT_TAIL.sub("", root)
        if root and shorter and shorter != root and len(shorter) <= 12 and (continues or not restarts):
            return [Subject(shorter + name, start, scope)]
        if not root and context.heading is not None:
            return [Subject(context.heading.name + name, start, scope)]
        if not root and spoken is not None:
            return [Subject(spoken.name + name, spoken.start, scope or spoken.scope)]
    if last is not None and continues:
        per = _PER_HEAD.match(root)
        if per is not None:
            return [Subject(per.group() + name, start, scope)]
        verb = leading_verb(last.name)
        grade = GRADE.fullmatch(name)
        if grade is not None and "级" in last.name:
            return [Subject(verb + name + last.name[last.name.index("级") + 1 :], start, scope)]
        if verb and not leading_verb(name) and not is_light(verb):
            return [Subject(verb + name, start, scope)]
    return [Subject(name, start, scope)]


def _shortened(name: str) -> str:
    """Leave examples out of a name that is long or masked: 引进xx食品公司等 | 企业."""
    listed = name.rfind("等")
    if 0 < listed < len(name) - 2 and (len(name) > 24 or _MASKED.search(name) is not None):
        return leading_verb(name) + name[listed + 1 :]
    return name


_YEARLY_MONEY = re.compile("(?:总|年度|当年|全年|今年|本年)(?:计划)?(?:完成)?投资")


def verb_alone(verb: str, start: int, scope: str | None, context: Context) -> list[Subject]:
    """Return the subject of a clause that has a verb only: `处理来访7325件，办结7085件` is 办结来访."""
    if not context.subjects or verb in _COMPLETE:
        return [Subject(verb, start, scope)]
    last = context.subjects[-1]
    if len(context.subjects) > 1 and _YEARLY_MONEY.match(last.name) is not None:
        last = context.subjects[-2]  # 重点项目126个，年度计划投资68亿元，其中新开工42个
    thing = last.name[len(leading_verb(last.name)) :]
    spent = spending(thing)
    thing = spent[0] if spent is not None and spent[0] else thing
    thing = thing.removesuffix(trailing_verb(thing)) if trailing_verb(thing) else thing
    bare = verb.rstrip("了到")
    name = thing + bare if bare in _REACHING else bare + thing
    return [Subject(name, last.start, scope or last.scope)]


def attributed(
    name: str, verb_only: bool, noun: Noun, dimension: str, counted_name: str, start: int, scope: str | None
) -> Subject:
    """Return the subject of a number that stands before its noun.

    Parameters
    ----------
    name : what stands before the number
    counted_name : the noun with the verb that counts it
    """
    thing = re.split("、|等", noun.name)[0] if "“" not in noun.name else noun.name
    capacity = _CAPACITY.search(name)
    if capacity is not None:
        return Subject(thing + capacity.group(), start, scope)
    if dimension in ("count", "people", "ratio", "number") or name.endswith("等"):
        return Subject(counted_name, start, scope)
    if not name or verb_only or _PHASE.fullmatch(name):
        return Subject(thing if is_light(name) or not verb_only else name + thing, start, scope)
    owner = name.rpartition("、")[2]
    verb = leading_verb(owner)
    return Subject((owner if not is_light(verb) or not verb else owner[len(verb) :]) + thing, start, scope)


_BARE_PLACE = re.compile("(?:全|本|我)(?:村|乡|镇|县|组|社区|街道)(?:总?共|现)?有?")
_DISTRICT = re.compile("(?:户数|人口|村|组|社区|居委会|镇|乡|街道|办事处)\\Z")
_DWELLERS = {"户": "户数", "万户": "户数", "人": "人口", "万人": "人口"}


_LASTING = re.compile("天数|时间|时限|周期|工期|寿命|期限")


def inherited(reading: Reading, clause: Clause, context: Context) -> list[Subject]:
    """Return the subject of a clause that names none: that of the clauses before."""
    predicate, count, quantity = clause.predicate, clause.shared_by, clause.run[0]
    masked = _masked_clause(reading, clause.left_start, clause.since, context)
    if masked is not None:
        context.name([masked])
        return [masked]
    reached = clause.arrives or (quantity.dimension == "ratio" and predicate.reaches)
    if context.shares and (quantity.dimension == "ratio_points" or reached):
        return context.shares  # 占比超过5%，达到5.2%，提高1个百分点; 由5%提高到6%
    dwellers = _DWELLERS.get(quantity.unit)
    if dwellers is not None and _BARE_PLACE.fullmatch(clause.left) is not None:
        context.name([Subject(dwellers, quantity.start)])  # 全村237户、912人
        return context.subjects[-1:]
    spoken = spoken_of(reading, quantity.start, context)
    if spoken is not None and clause.since <= spoken.start and _starts_anew(reading, clause, spoken):
        context.name([spoken])
        return [spoken]
    subjects = context.subjects
    if subjects:
        if dwellers is not None and reading.shadow[quantity.start - 1] == "、" and _DISTRICT.search(subjects[-1].name):
            return [Subject(dwellers, quantity.start, subjects[-1].scope)]  # 辖9个行政村、4230户、17800人
        if quantity.dimension == "time" and predicate.change:
            lasting = [subject for subject in subjects if _LASTING.search(subject.name)]
            return lasting[-1:] or subjects[-1:]  # 优良天数276天，优良率75.6%，同比增加15天
        if count > 1 and len(subjects) >= count and (predicate.respectively or context.grouped == count):
            return subjects[-count:]
        if count > 1 and len(subjects) >= count and predicate.change and quantity.form == "plain":
            return subjects[-count:]  # 游客320万人次，收入18亿元，增长25%和31%
        if predicate.each and len(subjects) >= 2:
            return subjects[-2:]
        return [_stock(subjects[-1])] if predicate.reaches else subjects[-1:]
    if spoken is not None:
        context.name([spoken])
        return [spoken]
    if context.heading is not None:
        return [context.heading]
    if predicate.respectively and count > 1:
        return context.before[-count:] if len(context.before) >= count else []
    # 国民收入实现4.5亿元。比上年增长17%。其中：上半年2亿元。
    goes_on = predicate.change or reading.shadow.startswith("其中", context.sentence)
    return context.before[-1:] if goes_on else []


def _starts_anew(reading: Reading, clause: Clause, spoken: Subject) -> bool:
    """Say whether the clause before is a new statement: a change sets out here, or a semicolon stands before it."""
    start = reading.clause_start(spoken.start)
    return clause.starts or (start > 0 and reading.shadow[start - 1] == "；")


def spoken_of(reading: Reading, at: int, context: Context) -> Subject | None:
    """Return what the clause before speaks of, where it belongs to the sentence and ends in a comma."""
    shadow, start = reading.shadow, reading.clause_start(at)
    if start <= max(context.sentence, 1) or shadow[start - 1] != "，":
        return None
    previous = max(reading.clause_start(start - 2), context.sentence)
    text = shadow[previous : start - 1]
    if text.endswith("基础上"):
        return None  # 在2015年增长8%的基础上，2016年增长9%
    lead, scope = strip_lead(text)
    told = TOLD.match(text, lead)
    end = told.end() if told is not None else len(text)
    if not 2 <= end - lead <= _LONGEST or text[lead].isdigit():
        return None
    return Subject(clean(reading.compact[previous + lead : previous + end]), previous + lead, scope)


def _stock(subject: Subject) -> Subject:
    """Return what has grown of a subject that names its growth: 新增企业68家，累计达432家 is 企业."""
    name = _GROWN.sub("", subject.name)
    return Subject(name, subject.start, subject.scope) if len(name) >= 2 else subject


def _masked_clause(reading: Reading, begin: int, since: int, context: Context) -> Subject | None:
    """Return the subject of the clause right before where its number is masked: 人均纯收入突破xxxx元，净增580元."""
    shadow = reading.shadow
    clause = reading.clause_start(begin)
    if clause != begin or clause - 2 <= context.sentence or shadow[clause - 1] != "，":
        return None
    previous = max(reading.clause_start(clause - 2), context.sentence)
    if since > previous:
        return None
    text = shadow[previous : clause - 1]
    mask = next((i for i, c in enumerate(text) if c in _MASKS), -1)
    if mask < 2 or (any(c.isdigit() for c in text[mask:]) and "元" not in text[mask:]):
        return None
    head = text[:mask]
    head = head[: read_predicate(head).subject]
    lead, scope = strip_lead(head)
    name = clean(head[lead:])
    return Subject(name, previous + lead, scope) if len(name) >= 2 else None


def ranked(name: str, start: int, scope: str | None, context: Context) -> Subject:
    """Return what is ranked: the last subject, or its 总量, 增幅; where it is ranked is its scope."""
    match = _RANKED.fullmatch(name)
    if match is None:
        inside = re.search(
            "(?:在|居|列|位居|位列|跻身|进入|跃)*(?P<where>全[国省市县区州](?:[^，第]{0,4}?))(?:排名|排|列|居)*\\Z",
            name,
        )
        if inside is None or inside.start() < 2:
            return Subject(name, start, scope)
        return Subject(name[: inside.start()], start, inside["where"])
    what, where = match["what"], match["where"]
    if not context.subjects:
        return Subject(what or name, start, where or scope)
    last = context.subjects[-1]
    return Subject(last.name + what, last.start, where or scope)


def parts_of(subjects: list[Subject], name: str, quantity: Quantity) -> list[Subject]:
    """Return the subjects of the parts of a ratio: those of 8.5：43.1：48.4 are the three sectors."""
    start = subjects[0].start if subjects else quantity.start
    scope = subjects[0].scope if subjects else None
    if quantity.parts == 3 and re.search("产|结构", name):
        return [Subject(f"第{n}产业比重", start, scope) for n in "一二三"]
    return [Subject(name or "比例", start, scope) for _ in range(quantity.parts)]
