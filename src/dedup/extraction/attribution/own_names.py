"""How a section names its own place: 我代表枨冲镇人民政府, 平安枨冲, 枨冲人民, and what it calls it: 全镇, 我县."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from dedup.extraction.attribution.divisions import Divisions, kind_of

#: Longest full name that is looked for (积石山保安族东乡族撒拉族自治县 has 15 characters; few texts write it out).
LONGEST = 15
_ENDINGS = re.compile("[省市县区旗州盟镇乡]|街道|苏木")
_HAN = re.compile("[\u4e00-\u9fff]")

_OWN_KIND = re.compile(
    r"代表(?P<speaks>自治区|[省市县区旗州盟镇乡]|街道)(?:人民)?(?:政府|办事处)"
    r"|我(?P<mine>[省市县区旗州盟])(?![区])|我(?P<hamlet>[镇乡])(?![亲村镇])"
    r"|全(?P<whole>[省市县区旗州盟])(?![区])|全(?P<small>[镇乡])(?!镇)"
    r"|(?P<congress>[省市县区旗州盟镇乡])(?:第?[一二三四五六七八九十]+届)人(?:大|民代表大会)"
    r"|(?P<office>[市县区旗镇乡州盟])(?:党委|委)[、，和]?(?P=office)(?:人民)?政府"
    r"|(?P<head>[省市县区镇乡州旗])长(?:所?作?的?|同志|代表|作)"
)
#: Townships speak of their superiors, these hardly of a township as theirs.
_WEIGHTS = {
    "speaks": 20.0,
    "mine": 2.0,
    "hamlet": 6.0,
    "whole": 1.0,
    "small": 3.0,
    "congress": 3.0,
    "office": 1.0,
    "head": 3.0,
}


def own_kinds(text: str) -> list[str]:
    """Return what the text calls its own place (县, 镇 …), best first; empty where it says nothing.

    Superior places are spoken of too (全省第五), but `我` and `代表` are kept for one's own.
    """
    score: Counter[str] = Counter()
    for match in _OWN_KIND.finditer(text):
        group = match.lastgroup or ""
        kind = match[group]
        score["省" if kind == "自治区" else kind] += _WEIGHTS[group]  # type: ignore[assignment]
    ranked = score.most_common()
    return [kind for kind, weight in ranked if weight >= 2 and weight * 3 >= ranked[0][1]]


@dataclass(slots=True)
class Named:
    """A name that a text may use for its own place.

    Attributes
    ----------
    stem, kind : 枨冲 and 镇; kind is empty where only the stem is printed and its kind is not known yet
    score : how much the contexts say that it is the text's own place
    contexts : different contexts seen
    start, end : the best one
    best : its score
    printed : whether the full name stands in the text
    said : whether a context that can only be one's own says so (我代表…人民政府)
    """

    stem: str
    kind: str
    score: float = 0.0
    contexts: set[str] = field(default_factory=set)
    start: int = 0
    end: int = 0
    best: float = 0.0
    printed: bool = False
    said: bool = False

    def add(self, context: str, score: float, start: int, end: int) -> None:
        """Count one occurrence."""
        self.score += score
        if score > 0:
            self.contexts.add(context)
        if score > self.best:
            self.best, self.start, self.end = score, start, end


@dataclass(frozen=True, slots=True)
class FullName:
    """A full name of the table in the text: 枨冲镇."""

    name: str
    start: int
    end: int


def full_names(text: str, table: Divisions) -> list[FullName]:
    """Return the full names of the table that stand in the text; the longest one that ends at a place."""
    found: list[FullName] = []
    for match in _ENDINGS.finditer(text):
        end = match.end()
        for length in range(min(LONGEST, end), 2, -1):
            name = text[end - length : end]
            if table.has(name):
                found.append(FullName(name, end - length, end))
                break
    return found


#: Endings of compounds that are no names, whatever the table holds: 提高城|乡, 推进城|市, 小城镇, 各乡镇.
_COMPOUND = re.compile("(?:[城新老][城乡镇市区]|中心城?区|[乡村集各]镇|[市县郊]区|促进乡|[新老]城区|小城镇|中心乡)$")
_BEYOND_DOUBT = frozenset({"speaks", "congress", "party", "profile"})

_ORDINAL = "第?[一二三四五六七八九十0-9]{1,3}"
_ADJECTIVES = (
    "和谐|平安|富裕|富强|幸福|美丽|小康|绿色|生态|活力|文明|法治|诚信|数字|智慧|魅力|实力|文化|宜居|开放|繁荣|秀美|清洁|创新|现代"
    "|现代化|大美|健康|阳光|质量|森林|书香|宜业|品质|人文|清廉|善治|信用|海绵|福美|宜游|双拥|效能|廉洁|安康|康养|红色|工业"
    "|殷实|民主|美好|安全|强盛|兴旺|激情|创业|时尚|灵秀|山水|田园"
)
#: Left context, right context, score, name. The first that fits counts.
_OBJECT = (
    "籍|至|高速|公路|大道|路|街(?!道)|线|段|等|、|人[，。]|经验|客商|老板|企业家|有限|公司|投资|大学|医院|交界|接壤"
)
_FULL_CONTEXTS: tuple[tuple[re.Pattern[str] | None, re.Pattern[str] | None, float, str], ...] = (
    (re.compile("代表(?:中共)?$"), re.compile("(?:人民)?政府|街道办|办事处"), 12, "speaks"),
    (None, re.compile(rf"{_ORDINAL}届人(?:民代表大会|大)|人民代表大会"), 10, "congress"),
    (re.compile("中共$"), re.compile("(?:区|县|市|镇|乡)?(?:党?委)"), 6, "party"),
    (re.compile(r"(?:^|[。\n　 ])$"), re.compile(r"(?:（[^）]{0,30}）)?[，,]?(?:位于|地处|坐落|是|辖)"), 6, "profile"),
    (None, re.compile("人民(?!政府|法院|检察|医院|路|公园)"), 5, "people"),
    (re.compile("(?:学习|借鉴|邻近|毗邻|来自|赴|到|与|距|支援|帮扶|等|向|、|和|至|以及|往)$"), None, 0, "beside"),
    (None, re.compile(_OBJECT), 0, "object"),
    (
        re.compile(f"(?:建设|建成|打造|振兴|繁荣|把|将|奋进|{_ADJECTIVES}|新)$"),
        re.compile("$|[，。！；、”\n]|的|成|建|打造|推|为|发展|而"),
        3,
        "building",
    ),
    (
        None,
        re.compile("(?:人民)?政府|(?:县|区|市|镇|乡)?委|实际|经济|财政|全境|范围内|域内|的?发展|实现|完成|累计"),
        2,
        "office",
    ),
    (None, None, 1, "mention"),
)
#: Mentions without a telling context count so often at most.
_MENTIONS = 4


def score_full_names(text: str, found: list[FullName]) -> dict[tuple[str, str], Named]:
    """Return the full names with what their contexts say, by (stem, kind)."""
    named: dict[tuple[str, str], Named] = {}
    plain: Counter[str] = Counter()
    for full in found:
        kind = kind_of(full.name)
        left, right = text[max(0, full.start - 4) : full.start], text[full.end : full.end + 12]
        score, context = next(
            (score, context)
            for before, after, score, context in _FULL_CONTEXTS
            if (before is None or before.search(left)) and (after is None or after.match(right))
        )
        if context not in _BEYOND_DOUBT and _COMPOUND.search(full.name):
            continue
        if context == "mention":
            plain[full.name] += 1
            if plain[full.name] > _MENTIONS:
                continue
        one = named.setdefault((full.name, kind), Named(full.name, kind, printed=True))
        one.add(context, score, full.start, full.end)
        one.said = one.said or context in ("speaks", "congress")
    return named


_BEFORE_STEM = re.compile(
    rf"(?P<new>(?:建设|打造|建成|构建|谱写|开创|{_ADJECTIVES}|的|一个)新)|(?P<slogan>{_ADJECTIVES})"
    "|(?P<acting>振兴|关心|支持|关系|建设|发展|推进|实现|加快|助推|促进|繁荣|落户|今天的|今日|我们|奋进|在|为|使)"
)
#: What may follow a place that is made new; a bridge or a road goes on with its noun.
_AFTER_NEW = re.compile('$|的(?!路|桥)|而|伟|宏|[。，！；!”"》]|建设|明天|征程|篇章|家园')
_AFTER_STEM = re.compile(
    "(?P<folk>人民(?!政府|路|法院)|儿女|大地|的明天|的未来|干部群众|父老)"
    "|(?P<own>实际|特色|精神|形象|品牌|情(?=[，。、])|全局|区情|县情|市情|省情|未来|振兴|崛起|发展|建设(?=[的，。、取迈新])|跨越"
    "|经济社会|正朝着|大市|人(?=民|的))"
)
_STEM_SCORES = {"new": 4.0, "slogan": 2.0, "acting": 0.5, "folk": 3.0, "own": 1.0}


def score_stems(text: str, table: Divisions, kinds: list[str]) -> dict[tuple[str, str], Named]:
    """Return the stems of divisions (枨冲) that stand in contexts of one's own place, by (stem, "").

    Only stems of the given kinds; where none is given, only stems that one place in the table has.
    """
    named: dict[tuple[str, str], Named] = {}
    known: dict[str, bool] = {}

    def fits(stem: str) -> bool:
        if stem not in known:
            rows = table.called(stem, kinds or None) if table.is_stem(stem) else []
            known[stem] = bool(rows) and (bool(kinds) or len({r.name for r in rows}) == 1)
        return known[stem]

    for match in _BEFORE_STEM.finditer(text):
        at = match.end()
        for length in (4, 3, 2):
            stem = text[at : at + length]
            if len(stem) == length and fits(stem):
                context = match.lastgroup or ""
                if context == "new" and not _AFTER_NEW.match(text, at + length):
                    break
                one = named.setdefault((stem, ""), Named(stem, ""))
                one.add(context, _STEM_SCORES[context], match.start(), at + length)
                break
    for match in _AFTER_STEM.finditer(text):
        at = match.start()
        for length in (4, 3, 2):
            stem = text[max(0, at - length) : at]
            if len(stem) == length and fits(stem):
                context = match.lastgroup or ""
                one = named.setdefault((stem, ""), Named(stem, ""))
                one.add(context, _STEM_SCORES[context], at - length, match.end())
                break
    return named


_MASK = "(?:[xX×＊*○◯□_ｘ]{1,4}|某|某某)"
_MASKED_OWN = re.compile(
    rf"代表{_MASK}(?:[省市县区旗州盟镇乡]|街道)|{_MASK}(?:[省市县区旗镇乡])(?:第?[一二三四五六七八九十]+届|人民|委|党委|政府|长远)"
    rf"|(?:建设|打造|和谐|幸福|美丽|富裕|平安|活力|新|把|小康){_MASK}(?![a-zA-Z0-9年月日])|[xX×＊*]{{2,4}}[县区镇乡市]"
)


def masked_name(text: str) -> tuple[int, int] | None:
    """Return where the text masks the name of its own place, if it does."""
    match = _MASKED_OWN.search(text)
    return match.span() if match else None


_UNKNOWN = re.compile(
    r"代表(?P<speaks>[\u4e00-\u9fff]{2,10}?(?:[省市县区旗州盟镇乡]|街道))(?:人民)?(?:政府|办事处)"
    rf"|[日在](?P<congress>[\u4e00-\u9fff]{{2,10}}?(?:[省市县区旗州盟镇乡]|街道)){_ORDINAL}届人民代表大会"
    r"|(?:^|[\n。])(?P<line>[\u4e00-\u9fff]{2,8}?(?:[县区旗州盟镇乡市])){_ORDINAL}届人民代表大会".replace(
        "{_ORDINAL}", _ORDINAL
    )
)
_GENERIC = re.compile(r"^(?:我|全|本|各|这|该|为|受|向|某|自治|新一届|上届|本届)")


def unknown_names(text: str) -> list[Named]:
    """Return names that the text gives its own place beyond doubt, whether or not the table has them."""
    found: dict[str, Named] = {}
    for match in _UNKNOWN.finditer(text):
        context = match.lastgroup or ""
        name = match[context]
        if _GENERIC.match(name) or len(name) < 3:
            continue
        one = found.setdefault(name, Named(name, kind_of(name), printed=True, said=True))
        one.add(context, 10, *match.span(context))
    return list(found.values())
