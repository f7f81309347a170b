"""What stands between a subject and its number: verbs, adverbs, bases of comparison, read from the number backwards.

`农民人均纯收入比上年净增 | 150元`: from the right, 净增 is a verb of change, 比上年 its base, and what is left is the
subject. Chinese puts all of it before the number, in this order, so that peeling words off the end is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from dedup.extraction.zh.reading import REMARK
from dedup.extraction.zh.words import NUMERAL_YEAR, any_pattern, table, words
from dedup.text.units import Bound

# Of a word in several classes the last one counts.
_KIND: dict[str, str] = {
    word: kind
    for kind, name in (
        ("up", "predicate.up"),
        ("down", "predicate.down"),
        ("adverb", "predicate.adverbs"),
        ("level", "predicate.level"),
        ("name", "predicate.change_names"),
        ("to", "predicate.to"),
        ("noun", "predicate.growth_nouns"),
    )
    for word in words(name)
}
_BOUNDS = {word: cast(Bound, bound) for bound, listed in table("predicate.bounds").items() for word in listed.split()}
_KIND |= dict.fromkeys(_BOUNDS, "bound")


def _backwards(listed: Iterable[str]) -> str:
    """Return an alternation of words spelled backwards, the longest first."""
    return "|".join(re.escape(word[::-1]) for word in sorted(listed, key=lambda w: (-len(w), w)))


_PEEL = re.compile(
    f"(?P<skip>[{REMARK}“”‘’]|内?年[一二三四五六七八九十两](?![〇○零0OＯ一二三四五六七八九]))|(?P<whole>{_backwards(words('predicate.whole'))})|(?P<word>{_backwards(_KIND)})"
)
_YEARS = f"(?:[0-9xX×*＊]{{2,4}}年|[0-9]{{4}}|{NUMERAL_YEAR})"
_BASE = f"{_YEARS}|{any_pattern('predicate.base_patterns')}"
# 比上年, 较“十二五”末, 在上年的基础上.
_THAN = re.compile(rf"(?P<np>.*)(?:比(?!例|重)|较|与|同)(?P<base>[^，。；]{{0,3}}(?:{_BASE})[^，。；]{{0,12}})\Z")
_ON_TOP = re.compile(r"(?P<np>.*?)在(?P<base>[^，。；]{1,16}(?:的)?基础上|上年|去年|现有|原有|今年|[0-9]{4}年)\Z")
_ONLY_YEAR = re.compile("[0-9]{4}年")
# 高于全省平均水平, 超计划.
_RELATION = re.compile(
    r"(?P<np>.*?)(?P<verb>高于|低于|快于|慢于|优于|好于|超过|超额完成|超出|超|领先|高出|高过)"
    rf"(?P<base>[^，。；]{{0,6}}(?:{any_pattern('predicate.relation_patterns')})[^，。；]{{0,8}})\Z"
)
# 由03年的, 从原来的, 由生均.
_FROM = re.compile(
    rf"(?P<np>.*?)(?:由|从)(?P<period>(?:{_YEARS}(?:末|底|初)?|上年|去年|前年|原来|原先|过去|以前|年初|年底|改革前"
    r"|建[县区市]时|“[^”]{1,4}”(?:末|期末|时期|初期|计划末)?)?(?:期|末|底|初|时)?)的?(?P<rest>[^，。；由从]{0,8})\Z"
)
_SHARE = re.compile(
    r"(?P<np>.*?)(?:占到了?|约占|占了?|占据)(?P<whole>(?:[^，。；由从]|从[业事]|自由){0,24}?)的?(?:比重|比例|份额|比|总量|总数)?的?\Z"
)
_MULTIPLE = re.compile(
    r"(?P<np>.*?)(?:只|仅)?(?:是|为|恢复到|恢复至|相当于|达到|达|等于|完成)(?P<base>[^，。；]{1,24})\Z"
)
# One-letter verbs that end longer words which are no verbs here.
_ENDINGS = frozenset(["提高", "新增", "走低", "至多", "最多", "众多", "减少", "不少", "缺少", "大多", "许多"])
_SHORT_VERBS = frozenset("增减高低多少快升降")
# Words for what was planned: adverbs (计划投资), behind 比 the base of a comparison.
_PLANS = frozenset(word for word in _KIND if re.search("计划|预计|预期|目标", word))
_YEARLY = frozenset(["年均", "平均每年", "每年平均", "年平均", "两年平均", "三年平均", "五年平均", "递增"])
_EACH = frozenset("均都双各")
_RESPECTIVELY = frozenset(["分别"])
_FALLS = frozenset(["降幅", "跌幅"])


@dataclass(frozen=True, slots=True)
class Predicate:
    """What precedes a number in its clause.

    Attributes
    ----------
    subject : characters of the clause that are left for the subject: `[0, subject)`
    words : the words that were peeled off, from the number backwards
    change : 1 for verbs of rise, -1 for verbs of fall, 0 for none
    change_name : a verb of change that names what changes (增收), where nothing else does; else empty
    reaches : the verb says where something arrives (增加到, 达到, 为)
    growth_noun : 增速, 增幅 and the like name what the number is
    bound : what bounds the number from the front
    annual : 年均, 递增
    base : what it is compared with (上年, “十五”末); None where the clause names nothing
    each, respectively : 均 都 双 各; 分别
    of : 的 stands right before the number (是上年的2.5倍, 占总数的20%)
    """

    subject: int
    words: tuple[str, ...]
    change: int
    change_name: str
    reaches: bool
    growth_noun: bool
    bound: Bound | None
    annual: bool
    base: str | None
    each: bool
    respectively: bool
    of: bool


@lru_cache(maxsize=32768)
def read_predicate(left: str) -> Predicate:
    """Read the clause before a number, backwards, until a word that belongs to the subject."""
    backwards, size = left[::-1], len(left)
    at = kept = change = 0
    change_name = ""
    base: str | None = None
    peeled: list[str] = []
    kinds: list[str] = []
    while True:
        match = _PEEL.match(backwards, at)
        if match is None:
            than = _before_base(left[: size - at]) if base is None else None
            if than is None:
                break
            keep, base = than
            at = size - keep
            continue
        if match.lastgroup == "skip":
            at = match.end()
            if match.group()[0] in "年内" and backwards.startswith("近", at):
                at += 1  # 近三年: no bound
            continue
        word = match.group()[::-1]
        if word in _PLANS and size > match.end() and backwards[match.end()] in "比较" and base is None:
            base, at = word, match.end() + 1  # 比计划 | 多收
            continue
        if match.lastgroup == "whole" or (peeled and peeled[-1] == "的" and word in ("为", "是")):
            break
        if at == 0 and word in _SHORT_VERBS and left[-2:] in _ENDINGS:
            break
        kind = _KIND[word]
        if kind == "name" and not kept:
            kept, change_name = size - match.start(), word
        if not change:
            change = _direction(word, kind)
        at = match.end()
        peeled.append(word)
        kinds.append(kind)
    if kept and size - at > 0:
        at, change_name = size - kept, ""  # 烟农户均增收: the verb stays in the name
    return Predicate(
        subject=size - at,
        words=tuple(peeled),
        change=change,
        change_name=change_name,
        reaches=_reaches(peeled, kinds),
        growth_noun="noun" in kinds,
        bound=next((_BOUNDS[word] for word in peeled if word in _BOUNDS), None),
        annual=not _YEARLY.isdisjoint(peeled),
        base=base,
        each=not _EACH.isdisjoint(peeled),
        respectively=not _RESPECTIVELY.isdisjoint(peeled),
        of=peeled[:1] == ["的"],
    )


def _direction(word: str, kind: str) -> int:
    if kind == "up":
        return 1
    if kind == "down" or word in _FALLS:
        return -1
    if kind == "name":
        return 1 if word.startswith("增") else -1
    return 0


def direction(verb: str) -> int:
    """Return 1 for a verb of rise, -1 for one of fall, 0 for no verb."""
    return _direction(verb, _KIND.get(verb, ""))


def _reaches(peeled: list[str], kinds: list[str]) -> bool:
    """Say whether the words say where something arrives: 增加到, 达到; not 增长分别为, where 增长 is a noun."""
    if peeled and peeled[0] in ("为", "达", "达到") and any(word in ("增长", "递增") for word in peeled[1:]):
        return False
    for kind in kinds:
        if kind in ("to", "level"):
            return True
        if kind in ("up", "down", "name", "noun"):
            return False
    return False


def _before_base(text: str) -> tuple[int, str | None] | None:
    """Return where a base of comparison begins that ends `text` (比上年, 在上年的基础上), and its words."""
    for pattern in (_ON_TOP, _THAN):
        match = pattern.match(text)
        if match is not None:
            # 在2015年增长8%: when, not what it is compared with.
            return match.end("np"), None if _ONLY_YEAR.fullmatch(match["base"]) and pattern is _ON_TOP else match[
                "base"
            ]
    return None


@lru_cache(maxsize=32768)
def find_relation(left: str) -> tuple[int, str, str] | None:
    """Return end of the subject, verb and base of `高于全省平均水平` or `超计划` that ends a clause; None without."""
    match = _RELATION.match(left)
    return None if match is None else (match.end("np"), match["verb"], match["base"])


@lru_cache(maxsize=32768)
def find_origin(left: str) -> tuple[int, str | None, str] | None:
    """Return end of the subject, period, and what follows, of `由03年的`, `从`, `由生均` that ends a clause."""
    match = _FROM.match(left)
    return None if match is None else (match.end("np"), match["period"] or None, match["rest"])


@lru_cache(maxsize=32768)
def find_share(left: str) -> tuple[int, str] | None:
    """Return end of the subject and the whole of `占财政支出的比重` that ends a clause; None without."""
    match = _SHARE.match(left)
    return None if match is None else (match.end("np"), match["whole"])


@lru_cache(maxsize=32768)
def find_multiple(left: str) -> tuple[int, str] | None:
    """Return end of the subject and the base of `是2010年的`, `为计划数的` that ends a clause; None without."""
    match = _MULTIPLE.match(left)
    return None if match is None else (match.end("np"), match["base"])
