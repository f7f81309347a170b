"""What a number measures, in the words of the text: parts of clauses that name it.

Numbers follow their subject (`财政收入达到8亿元`) or stand before the noun they count (`建成4条主干道`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from dedup.extraction.zh.reading import REMARK
from dedup.extraction.zh.words import HEAD, SCOPE, TIME, any_of, any_pattern

_VERB = re.compile(f"(?:{any_of('name.verbs')})(?:了|到|好|起)?")
_LIGHT = re.compile(f"(?:{any_of('name.light_verbs')})(?:了|到)?(?!奖|证|批)")
# List marks of paragraphs and items.
_MARK = (
    r"[0-9]{1,2}[.、)）。]|[一二三四五六七八九十]{1,2}(?:是|、)|第[一二三四五六七八九十]{1,2}(?:，|、(?!第))|[（(][一二三四五六七八九十0-9]{1,2}[)）]"
    rf"|[{REMARK}、，；：>#*·\-—－ \"’”]+"
)
# How it was done, before what was done: 按照“公司+基地+农户”的模式 | 流转土地6000余亩.
_MANNER = (
    "(?:按照?|采取|采用|通过|运用|以)[^，。；]{0,20}"
    "(?:模式|方式|原则|要求|思路|机制|形式|办法|途径|渠道|手段)(?!改|转|创)"
)
# 建成后 | 年发电60亿度
_AFTERWARDS = "(?:全部)?(?:建成|投产|达产|投用|扩建|改造|完工|竣工)(?:投产|运营|使用)?后(?!勤|续|备|期)"
_LEAD = re.compile(
    rf"(?P<mark>{_MARK})|(?P<manner>{_MANNER}|{_AFTERWARDS})|(?P<time>{TIME})|(?P<scope>{SCOPE})|(?P<word>{any_of('name.connectives')})"
    f"|(?P<maybe>{any_of('name.connectives_before_verbs')})"
)
# Words of which a leading word is only the beginning.
_KEPT = re.compile(any_pattern("name.kept_patterns"))
# 保障性住房, 引导型, 覆盖率: no verbs.
_NO_VERB_ENDS = frozenset("性型率面式")
_GRADES = "(?:国家|省|市|县|区|部|镇|乡|村|地厅|[一二三四五]星|[1-5A]+)级"
GRADE = re.compile(f"{_GRADES}\\Z")
GRADE_AHEAD = re.compile(_GRADES)
_LINKS = frozenset(["通过", "按", "按照", "在", "从", "由", "新"])


@lru_cache(maxsize=32768)
def strip_lead(phrase: str) -> tuple[int, str | None]:
    """Strip what stands before a subject: list marks, time, connectives, modal words, whose figure it is.

    Returns
    -------
    where the subject begins, and the scope (`全市`), None where none is named
    """
    at = 0
    scope: str | None = None
    while at < len(phrase):
        if _KEPT.match(phrase, at) is not None:
            break
        match = _LEAD.match(phrase, at)
        if match is None or match.end() == at:
            light = _LIGHT.match(phrase, at)
            if light is None or light.end() >= len(phrase):
                break
            at = light.end()
            continue
        kind, end = match.lastgroup, match.end()
        if kind == "maybe" and not _goes_on(phrase, end, match.group()):
            break
        if kind == "scope":
            scope = match.group()
        at = end
    return at, scope


def _goes_on(phrase: str, at: int, word: str) -> bool:
    """Say whether a verb or another leading word follows `word`."""
    if word in _LINKS:
        ahead = _LEAD.match(phrase, at)
        return ahead is not None and ahead.lastgroup in ("time", "scope")
    if at == len(phrase):
        return True
    if _KEPT.match(phrase, at) is not None:
        return False
    if _VERB.match(phrase, at) is not None or _LIGHT.match(phrase, at) is not None:
        return True
    ahead = _LEAD.match(phrase, at)
    return ahead is not None and ahead.lastgroup in ("time", "scope", "word", "maybe")


@lru_cache(maxsize=32768)
def is_verb(phrase: str) -> bool:
    """Say whether a phrase is a verb only, whose object follows the number."""
    return _VERB.fullmatch(phrase) is not None or _LIGHT.fullmatch(phrase) is not None


def is_deed(phrase: str) -> bool:
    """Say whether a phrase begins with a verb of at least two characters and goes on."""
    return bool(leading_verb(phrase)) or _LIGHT.match(phrase) is not None


@lru_cache(maxsize=32768)
def leading_verb(phrase: str) -> str:
    """Return the verb that begins a phrase, or nothing."""
    match = _VERB.match(phrase)
    if match is None or match.end() == len(phrase) or len(match.group()) < 2:
        return ""
    return "" if phrase[match.end()] in _NO_VERB_ENDS else match.group()


def trailing_verb(phrase: str) -> str:
    """Return the verb that ends a phrase, whose object follows the number (引导农户组建 | 3家), or nothing."""
    for size in (4, 3, 2):
        if len(phrase) > size and _VERB.fullmatch(phrase, len(phrase) - size) is not None:
            return phrase[-size:]
    return ""


def is_light(verb: str) -> bool:
    """Say whether a verb says no more than that the number holds (完成, 推进)."""
    return _LIGHT.fullmatch(verb) is not None


class Noun(NamedTuple):
    """A noun behind a number, and what its clause goes on to say of it (`4家 | 企业 | 获批…`)."""

    name: str
    predicate: str


_NOTHING = Noun("", "")
# A clause that goes on so has no noun for the number before it.
_NO_NOUN = re.compile(any_pattern("name.no_noun_patterns"))
# What a clause goes on to say of the noun.
_PREDICATE = re.compile(any_pattern("name.predicate_patterns"))
_NEXT_CAPACITY = re.compile("、[^、]*[年日月]产\\Z")
_ADVERB_AHEAD = re.compile(
    "(?:正式|全部|全面|顺利|如期|相继|先后|已经|已|均|基本|提前|进行了?|分别|成功(?=通过|建|获))+"
)
_TRAIL = re.compile(
    f"(?:的?基础上|(?<=[一-龥]{{3}})(?<![高初集])中|等|的|工作|任务|和|及|与|、|以及|并|了|，|{REMARK})+\\Z"
)


@lru_cache(maxsize=32768)
def noun_behind(right: str) -> Noun:
    """Return the noun that a number stands before, from what follows it in its clause."""
    if not right or _NO_NOUN.match(right) is not None:
        return _NOTHING
    first = right[0]
    if not ("一" <= first <= "龥" or first in "“《" or (first.isascii() and first.isalnum())):
        return _NOTHING
    noun, predicate = right, ""
    listed = re.search("、[0-9]", noun)
    if listed is not None:
        noun = noun[: listed.start()]
    opened = noun.find("（")
    if opened > 0 and "）" not in noun[opened:]:
        noun = noun[:opened]
    closing = noun.find("”")
    if closing >= 0 and noun.count("“", 0, closing) == 0:
        noun = noun[:closing]
    capacity = _NEXT_CAPACITY.search(noun)
    if capacity is not None:
        noun = noun[: capacity.start()]
    match = _PREDICATE.search(noun, 1)
    if match is not None:
        noun, predicate = noun[: match.start()], noun[match.start() :]
    if len(noun) > 28:
        cut = noun.find("、", 2)
        noun = noun[:cut] if 0 < cut <= 28 else noun[:28]
    trail = _TRAIL.search(noun)
    if trail is not None and trail.start() > 0:
        noun = noun[: trail.start()]
    return Noun(noun, predicate)


_IN_BRACKETS = re.compile("[（(][^（）()]*[)）]")


def counted(verb: str, noun: Noun, *, always: bool = False) -> str:
    """Name what is counted: verb and noun; a short noun, or `always`, with what is said of it (获批…企业)."""
    verb = "" if is_light(verb) else verb
    if noun.predicate and (always or len(_IN_BRACKETS.sub("", noun.name)) <= 4):
        adverb = _ADVERB_AHEAD.match(noun.predicate)
        said = noun.predicate[adverb.end() :] if adverb is not None else noun.predicate
        said = re.split("，|。|；", said)[0]
        if 1 < len(said) <= 24:
            return verb + said + noun.name
    return verb + noun.name


_AND = re.compile(
    "、|以及|(?<![共饱缓温总祥呼中谦])和(?!谐|平|解|睦|美|田|县|顺|气|善|政)|(?<![参])与(?!会)|(?<![普以涉惠])及(?!时|以上)"
)
_SUM_UP = re.compile(
    "等?“?(?:[两二三四五六七八九十0-9]{1,2}(?:项|大|个|类)(?:主要)?(?:经济|发展)?(?:指标|方面)?|(?:主要)?(?:经济|发展)?指标)”?\\Z"
)
_THREE = re.compile("第?一(、?)第?二\\1第?三(?:次)?产业")
_PAIR = re.compile("(.*?)(城乡(?!居民收入比|收入比)|存贷款|第?一(?:、)?第?二(?:、)?第?三(?:次)?产业|三次产业)(.*)")


@lru_cache(maxsize=16384)
def conjuncts(phrase: str) -> tuple[str, ...]:
    """Part a coordinated subject: `城镇、农村居民人均可支配收入` is two, each with the head they share."""
    summed = _SUM_UP.search(phrase)
    if summed is not None and summed.start() > 3 and summed.end() > summed.start():
        phrase = phrase[: summed.start()]
    parts: list[str] = []
    last = 0
    if _THREE.search(phrase) is not None:
        return _paired(phrase)
    for match in _AND.finditer(phrase):
        if match.start() == last or phrase.count("“", 0, match.start()) > phrase.count("”", 0, match.start()):
            continue
        parts.append(phrase[last : match.start()])
        last = match.end()
    parts.append(phrase[last:])
    if len(parts) == 1:
        return _paired(phrase)
    final = parts[-1]
    if len(parts) == 2 and parts[0].endswith("城") and final.startswith("乡"):
        return (f"{parts[0]}镇{final[1:]}", f"{parts[0][:-1]}农村{final[1:]}")
    if HEAD.search(final) is not None:
        parts = [
            part + _shared_tail(part, final, many=len(parts) > 2)
            if HEAD.search(part) is None and len(final) > len(part) + 1
            else part
            for part in parts[:-1]
        ] + [final]
    front = _shared_front(parts)
    return tuple(p.strip(REMARK) for p in (parts[0], *(front + part for part in parts[1:])))


def _paired(phrase: str) -> tuple[str, ...]:
    pair = _PAIR.match(phrase)
    if pair is None:
        return (phrase,)
    before, word, behind = pair.groups()
    if word == "城乡":
        return (f"{before}城镇{behind}", f"{before}农村{behind}")
    if word == "存贷款":
        return (f"{before}存款{behind}", f"{before}贷款{behind}")
    return tuple(f"{before}第{n}产业{behind}" for n in "一二三")


_LATIN = re.compile("[A-Za-z0-9.]+")


def _head(phrase: str) -> str:
    """Return the head of an indicator, with the word before it where it is one letter: 优待率, 产量, 增加值."""
    head = HEAD.search(phrase)
    word = head.group() if head is not None else ""
    if len(word) > 1:
        return word
    return phrase[-3:] if word == "率" or phrase.endswith(("增加值", "总产值")) else phrase[-2:]


def _shared_tail(part: str, final: str, *, many: bool) -> str:
    """Return the head of `final` that `part` lacks: 居民收入 for 城镇 and 农村居民收入.

    Of `many` parts the lengths say nothing: they share the last word only.
    """
    latin = _LATIN.match(final)
    if latin is not None and _LATIN.fullmatch(part) is not None:
        return final[latin.end() :]  # PM2.5、PM10平均浓度
    at = final.find(part[-1], 1)
    if len(part) > 1 and 0 < at <= len(part) + 1 and at + 1 < len(final):
        return final[at + 1 :]  # 非煤产业、制造业增加值
    if len(part) > 4:
        return ""
    if many and len(part) > 1:
        return _head(final)
    # Short attributes correspond by their length: 存、贷款余额; 城镇、农村…; 一、二、三产业….
    single = len(part) == 1 and final[1:2] in "款产口栏"
    return final[1:] if single else final[len(part) :]


def _shared_front(parts: list[str]) -> str:
    """Return the attribute of the first part that the others leave out: 金融机构本外币 of 存款余额 and 贷款余额."""
    first = parts[0]
    for word in ("存款", "存栏"):
        at = first.find(word)
        if at > 1 and all(len(p) <= len(first) - at for p in parts[1:]):
            return first[:at]
    return ""


_MIXED_CASE = re.compile("(?<![A-Za-z])G(?:Dp|dP|dp)(?![A-Za-z])")
_JUNK = re.compile(f"[{REMARK}\\s]")


def clean(name: str) -> str:
    """Return a name without blanks, stray marks at its ends, and quotation marks without partner."""
    name = _JUNK.sub("", name).strip("、，：")
    opened, closed = name.count("“"), name.count("”")
    if opened > closed:
        name = name[:-1] if name.endswith("“") else name + "”"
    elif closed > opened:
        name = name.strip("”")
    return _MIXED_CASE.sub("GDP", name) if "G" in name else name
