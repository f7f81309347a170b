"""Money is named by what it is spent on: `投资92万元建成农村供水12处` is 农村供水投资."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dedup.extraction.zh.context import Context
from dedup.extraction.zh.names import clean, is_verb, leading_verb, noun_behind, strip_lead
from dedup.extraction.zh.quantity import Quantity
from dedup.extraction.zh.reading import Reading
from dedup.extraction.zh.words import HEAD, MONEY, any_of

if TYPE_CHECKING:
    from dedup.extraction.zh.clauses import Clause

_SPENDING = re.compile(f"(?P<owner>.*?)(?P<verb>{MONEY})\\Z")
_TOWARDS = re.compile(f"(?:，|(?:主要|重点|全部|专项)?(?:用于|用来|投向)|对|为|给|{any_of('name.towards')}|了)+")
_NEEDLESS = re.compile("(?:进行扶持|进行|工作|建设工程|，|等)+\\Z")
# 投资1.8亿元的医院 | 和投资6500万元的学校
_ANOTHER = re.compile("(?:和|与|及|以及|、)(?:计划|概算)?总?投资\\Z")
# 投资1.8亿元的污水处理厂 | 、投资6500万元的垃圾发电厂
_NEXT_ITEM = re.compile("(?<=[一-龥]{3})、[^、]{0,5}[^、等]\\Z")
_SHORT_OWNER, _SHORT_BODY = 8, 4
_LONGEST = 20


def spending(name: str) -> tuple[str, str] | None:
    """Return owner and verb of a name that ends in a verb of spending (镇财政 | 投入); None where it does not."""
    match = _SPENDING.fullmatch(name)
    return (match["owner"], match["verb"]) if match is not None else None


def purpose(
    reading: Reading,
    quantities: list[Quantity],
    clause: Clause,
    name: str,
    spent: tuple[str, str],
    context: Context,
) -> str:
    """Name money that is spent: by what follows it in its clause or the next, else by what stands before.

    Parameters
    ----------
    name : what stands before it
    spent : owner and verb of that, as `spending` parts it
    """
    owner, verb = spent
    right, last = clause.right, clause.last
    shadow = reading.shadow
    body, end = shadow[slice(*right)], right[1]
    if end < len(shadow) and shadow[end].isdigit():
        body = _NEXT_ITEM.sub("", body)
    if body.startswith("的"):
        return _of(_ANOTHER.sub("", noun_behind(body[1:]).name), name, verb)
    if not body or not ("一" <= body[0] <= "龥" or body[0] in "“"):
        body = _next_clause(reading, end, anything=not owner)
        if not body:
            if owner and HEAD.search(name):
                return name
            before = _before(reading, end, context)
            return clean(before) + verb if before else name
        end += 1 + len(body)
    ahead = _TOWARDS.match(body)
    if ahead is not None:
        body = body[ahead.end() :].lstrip("、")
    listed = body.rfind("等")
    if 0 < listed < len(body) - 1 and _NEEDLESS.fullmatch(body, listed + 1) is None:
        body = body[listed + 1 :]
    elif re.search("[和与及、等]\\Z", body) is None:
        body = re.split("[、，]", body)[0]
    else:
        body = ""
    body = "" if is_verb(body) else body.strip("的")
    if not body and last + 1 < len(quantities) and quantities[last + 1].start == end:
        after = quantities[last + 1]
        body = noun_behind(shadow[after.end : reading.clause_end(after.end - 1)]).name
        body = body.rpartition("的")[2]
    if 2 <= len(owner) <= _SHORT_OWNER and len(body) <= _SHORT_BODY:
        body = owner + body  # 恒达纺织投资3000万元新上…项目
    return _of(body, name, verb)


def _of(body: str, name: str, verb: str) -> str:
    body = clean(_NEEDLESS.sub("", body))[:_LONGEST]
    if not body:
        return name
    return body if body.endswith(verb) else body + verb


def _next_clause(reading: Reading, comma: int, *, anything: bool) -> str:
    shadow = reading.shadow
    if shadow[comma : comma + 1] != "，":
        return ""
    clause = shadow[comma + 1 : reading.clause_end(comma + 1)]
    number = re.search("[0-9]", clause)
    clause = clause[: number.start()] if number else clause
    if _TOWARDS.match(clause) is not None and clause[:2] in ("用于", "用来", "主要"):
        return clause
    return clause if anything and (leading_verb(clause) or _TOWARDS.match(clause)) else ""


def _before(reading: Reading, at: int, context: Context) -> str:
    """Return the object of the clause before, else the subject that was last named, else the heading."""
    shadow = reading.shadow
    clause = reading.clause_start(at - 1)
    if clause > context.sentence and shadow[clause - 1 : clause] == "，":
        text = shadow[max(reading.clause_start(clause - 2), context.sentence) : clause - 1]
        lead, _ = strip_lead(text)
        text = re.sub("建设\\Z", "", text[lead:])
        if re.search("[0-9]", text) is None:
            return text[len(leading_verb(text)) :] if 2 <= len(text) <= 10 else ""
    if context.subjects and "；" not in shadow[context.subjects[-1].start : at]:
        last = context.subjects[-1].name
        last = last[len(leading_verb(last)) :]
        spent = spending(last)
        return spent[0] if spent is not None else last
    return context.heading.name if context.heading else ""
