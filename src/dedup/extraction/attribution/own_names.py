"""How a section names its own place: 我代表枨冲镇人民政府, 平安枨冲, 枨冲人民, and what it calls it: 全镇, 我县."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from dedup.extraction.attribution.divisions import Divisions, kind_of
from dedup.extraction.attribution.mentions import COVER_WITHIN

#: Longest full name that is looked for (积石山保安族东乡族撒拉族自治县 has 15 characters; few texts write it out).
LONGEST = 15
_ENDINGS = re.compile("[省市县区旗州盟镇乡]|街道|苏木")
_RUN = re.compile(r"[\u4e00-\u9fff]+\Z")

_OWN_KIND = re.compile(
    # What any of them begins with, so that the engine passes over all else.
    r"(?=[代我全省市县区旗州盟镇乡])(?:代表(?P<speaks>自治区|[省市县区旗州盟镇乡]|街道)(?:人民)?(?:政府|办事处)"
    r"|我(?P<mine>[省市县区旗州盟])(?![区])|我(?P<hamlet>[镇乡])(?![亲村镇])"
    r"|全(?P<whole>[省市县区旗州盟])(?![区])|全(?P<small>[镇乡])(?!镇)"
    r"|(?P<congress>[省市县区旗州盟镇乡])(?:第?[一二三四五六七八九十]+届)人(?:大|民代表大会)"
    r"|(?P<office>[市县区旗镇乡州盟])(?:党委|委)[、，和]?(?P=office)(?:人民)?政府"
    r"|(?P<head>[省市县区镇乡州旗])长(?:所?作的|同志|代表|作)"
    r"|(?<![省市县区镇乡\u4e00-\u9fff])(?P<rules>[省市县区镇乡])政府(?!工作报告))"
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
    "rules": 2.0,
}
#: What 全省 and 全市 count: reports of lower places compare themselves with these all the time.
_SUPERIOR = {"省": 0.3, "市": 0.7}


def own_kinds(text: str) -> list[str]:
    """Return what the text calls its own place (县, 镇 …), best first; empty where it says nothing.

    Superior places are spoken of too (全省第五), but `我` and `代表` are kept for one's own.
    """
    score: dict[str, float] = {}
    for match in _OWN_KIND.finditer(text):
        group = match.lastgroup or ""
        kind = match[group]
        weight = _SUPERIOR.get(kind, 1.0) if group == "whole" else _WEIGHTS[group]
        kind = "省" if kind == "自治区" else kind
        score[kind] = score.get(kind, 0.0) + weight
    ranked = sorted(score.items(), key=lambda pair: -pair[1])
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
    superiors : full names printed straight before it (江苏省南京市 before 鼓楼区)
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
    superiors: frozenset[str] = frozenset()

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
    names = table.names
    for match in _ENDINGS.finditer(text):
        end = match.end()
        # A name is Han characters throughout: nothing longer than the run that ends here.
        run = _RUN.search(text, max(0, end - LONGEST), end)
        for start in range(run.start() if run else end, end - 2):
            if text[start:end] in names:
                found.append(FullName(text[start:end], start, end))
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
    (
        re.compile("(?:我们?|谨|委托，?)[^，。]{0,3}代表(?:中共)?$|我受$"),
        re.compile("(?:人民)?政府|街道办|办事处"),
        12,
        "speaks",
    ),
    (None, re.compile(rf"{_ORDINAL}届\s*人(?:民代表大会|大)"), 10, "congress"),
    (re.compile("中共$"), re.compile("(?:区|县|市|镇|乡)?(?:党?委)"), 3, "party"),
    (re.compile(r"(?:^|[。\n　 ])$"), re.compile(r"(?:（[^）]{0,30}）)?[，,]?(?:位于|地处|坐落|是|辖)"), 6, "profile"),
    (
        re.compile(
            "(?:学习|借鉴|邻近|毗邻|来自|赴|到|与|距|支援|帮扶|等|向|、|和|至|以及|往|由|经|报|根据|依据|《|共和国|援|同)$"
        ),
        None,
        0,
        "beside",
    ),
    (None, re.compile(_OBJECT), 0, "object"),
    (None, re.compile("人民(?!政府|法院|检察|医院|路|公园)"), 5, "people"),
    (None, re.compile("(?:全年|预计)?(?:完成|实现)(?:地区|国内)?生产总值"), 4, "product"),
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
_ON_COVER = re.compile(r"(?:^|[日在于\n—–-])[ \t]*$")

#: Mentions without a telling context count so often at most.
_MENTIONS = 4


def score_full_names(text: str, found: list[FullName]) -> dict[tuple[str, str], Named]:
    """Return the full names with what their contexts say, by (stem, kind)."""
    named: dict[tuple[str, str], Named] = {}
    plain: Counter[str] = Counter()
    chains: dict[int, tuple[int, frozenset[str]]] = {}
    for full in found:
        kind = kind_of(full.name)
        # A place named with those above it (江苏省南京市鼓楼区) stands in the context of the whole name.
        first, superiors = chains.get(full.start, (full.start, frozenset()))
        chains[full.end] = (first, superiors | {full.name})
        left, right = text[max(0, first - 10) : first], text[full.end : full.end + 12]
        score, context = next(
            (score, context)
            for before, after, score, context in _FULL_CONTEXTS
            if (before is None or before.search(left)) and (after is None or after.match(right))
        )
        if context == "congress" and not (first < COVER_WITHIN or _ON_COVER.search(left)):
            score = 2
        if context not in _BEYOND_DOUBT and _COMPOUND.search(full.name):
            continue
        if context == "mention":
            plain[full.name] += 1
            if plain[full.name] > _MENTIONS:
                continue
        one = named.setdefault((full.name, kind), Named(full.name, kind, printed=True))
        one.add(context, score, first, full.end)
        one.superiors |= superiors
        # Elsewhere a congress may be a superior's: 出席市人民代表大会.
        cover = context == "congress" and first < COVER_WITHIN and _ON_COVER.search(left) is not None
        one.said = one.said or cover or context == "speaks"
    return named


_ACTS = (
    "振兴|关心|支持|关系|建设|发展|推进|实现|加快|助推|促进|繁荣|落户|今天的|今日|我们|奋进|打造|建成|构建|谱写|开创"
    "|的新|一个新"
)
#: Whole words only, longest first: the engine then skips to their first characters.
_BEFORE_STEM = re.compile("|".join(sorted(f"{_ADJECTIVES}|{_ACTS}".split("|"), key=len, reverse=True)))
_SLOGANS = frozenset(_ADJECTIVES.split("|"))
#: After these a stem alone tells nothing; only what is made new (的新慕仪) does.
_ONLY_NEW = frozenset({"的新", "一个新", "打造", "建成", "构建", "谱写", "开创"})
_NEVER_NEW = frozenset({"我们", "今日", "今天的", "关系"})
#: What may follow a place that is made new; a bridge or a road goes on with its noun.
_AFTER_NEW = re.compile('$|的(?!路|桥)|而|伟|宏|[。，！；!”"》]|建设|明天|征程|篇章|家园')
_FOLK = "人民|儿女|大地|的明天|的未来|干部群众|父老"
_HEADING = "正朝着|正向着|正以"
_OWN = "实际|特色|精神|形象|品牌|情|全局|区情|县情|市情|省情|未来|振兴|崛起|发展|建设|跨越|经济社会|大市|人"
_AFTER_STEM = re.compile("|".join(sorted(f"{_FOLK}|{_HEADING}|{_OWN}".split("|"), key=len, reverse=True)))
_FOLK_WORDS, _HEADING_WORDS = frozenset(_FOLK.split("|")), frozenset(_HEADING.split("|"))
#: Words that say it only when such characters follow, or do not.
_THEN = {"情": re.compile("[，。、]"), "建设": re.compile("[的，。、取迈新]"), "人": re.compile("民|的")}
_NOT_THEN = {"人民": re.compile("政府|代表|法院|检察|医院|公园|团体|币|路")}
_STEM_SCORES = {"heading": 4.0, "new": 4.0, "slogan": 2.0, "acting": 0.5, "folk": 3.0, "own": 1.0}


def score_stems(text: str, table: Divisions, kinds: list[str]) -> dict[tuple[str, str], Named]:
    """Return the stems of divisions (枨冲) that stand in contexts of one's own place, by (stem, "").

    Only stems of the given kinds; where none is given, only stems that one place in the table has.
    """
    named: dict[tuple[str, str], Named] = {}
    known = table.stems_of(kinds)

    def add(stem: str, context: str, start: int, end: int) -> None:
        one = named.setdefault((stem, ""), Named(stem, ""))
        one.add(context, _STEM_SCORES[context], start, end)

    for match in _BEFORE_STEM.finditer(text):
        start, at = match.span()
        word = match.group()
        made = at if word.endswith("新") else at + 1 if text[at : at + 1] == "新" else 0
        if made and word not in _NEVER_NEW:
            stem = _stem_at(text, made, known)
            if stem and _AFTER_NEW.match(text, made + len(stem)):
                add(stem, "new", start, made + len(stem))
                continue
        if word not in _ONLY_NEW:
            stem = _stem_at(text, at, known)
            if stem:
                add(stem, "slogan" if word in _SLOGANS else "acting", start, at + len(stem))
    for match in _AFTER_STEM.finditer(text):
        at, end = match.span()
        word = match.group()
        if word in _THEN and not _THEN[word].match(text, end):
            continue
        if word in _NOT_THEN and _NOT_THEN[word].match(text, end):
            continue
        stem = _stem_before(text, at, known)
        if stem:
            context = "folk" if word in _FOLK_WORDS else "heading" if word in _HEADING_WORDS else "own"
            add(stem, context, at - len(stem), end)
    return named


def _stem_at(text: str, at: int, known: frozenset[str]) -> str:
    for end in (at + 4, at + 3, at + 2):
        if text[at:end] in known:
            return text[at:end]
    return ""


_GENERIC_ENDINGS = frozenset("省市县区旗盟镇乡村")


def _stem_before(text: str, at: int, known: frozenset[str]) -> str:
    # 浦市 before 人民 is the end of a full name: 漪浦市人民.
    if text[at - 1 : at] in _GENERIC_ENDINGS:
        return ""
    for length in (4, 3, 2):
        if at >= length and text[at - length : at] in known:
            return text[at - length : at]
    return ""


_MASK = "(?:[xX×＊*○◯□_ｘ]{1,4}|某|某某)"
_MASKED_OWN = re.compile(
    rf"代表{_MASK}(?:[省市县区旗州盟镇乡]|街道)|{_MASK}(?:[省市县区旗镇乡])(?:第?[一二三四五六七八九十]+届|人民|委|党委|政府|长远)"
    rf"|(?:建设|打造|和谐|幸福|美丽|富裕|平安|活力|新|把|小康){_MASK}(?![a-zA-Z0-9年月日])|[xX×＊*]{{2,4}}[县区镇乡市]"
)


def masked_name(text: str) -> tuple[int, int] | None:
    """Return where the text masks the name of its own place, if it does."""
    match = _MASKED_OWN.search(text)
    return match.span() if match else None


#: Characters that function words before a generic 镇 or 县 are made of (并在|镇, 今年全|县); names hardly have them.
FUNCTION_CHARACTERS = "在是的和与对及今去明年月日并由从被使让将把不有了其他各全我本省市县区乡镇该这为经"
_FUNCTION = re.compile(f"[{FUNCTION_CHARACTERS}]")
_PLACE = "[\u4e00-\u9fff]{2,8}?(?:[县区旗州盟镇乡市]|街道)"
_UNKNOWN = re.compile(
    r"(?:我们?|谨|委托，?)[^，。]{0,3}代表(?P<speaks>[\u4e00-\u9fff]{2,10}?(?:[省市县区旗州盟镇乡]|街道|苏木))(?:党工?委[、和])?(?:人民)?(?:政府|办事处)"
    r"|我受(?P<sent>[\u4e00-\u9fff]{2,10}?(?:[省市县区旗州盟镇乡]|街道))(?:人民)?(?:政府|办事处)的?委托"
    rf"|(?:日在|日于|日|在|于)(?P<congress>{_PLACE}){_ORDINAL}届\s*人民代表大会"
    rf"|(?:^|[\n。])(?P<line>{_PLACE}){_ORDINAL}届\s*人民代表大会"
    # Lines of a cover or of a signature: 澄阳县人民政府县长 王某某, 澄阳县统计局.
    rf"|(?:^|\n)[ \t\u3000]*(?P<holder>{_PLACE})(?:人民)?政府(?:代理?)?[省市县区旗州盟镇乡]长"
    r"(?:[ \t\u3000：:][^，。；\n]{0,8})?[ \t\u3000]*(?=\n|$)"
    rf"|(?:^|\n)[ \t\u3000]*(?P<office>{_PLACE})(?:统计局|财政局|发展和改革(?:委员会|局)|人民政府办公室)"
    r"[ \t\u3000]*(?=\n|$)"
)
#: Names that the table need not have, as the subject of a sentence; less than beyond doubt.
_SUBJECT = re.compile(
    r"(?:^|[\n。，；：）“]|把|将|是|建设|打造)(?P<name>"
    rf"(?:(?![{FUNCTION_CHARACTERS}])[\u4e00-\u9fff]){{2,3}}(?P<kind>[县区旗镇乡]))"
    "(?=财政|入选|人民(?!政府|法院|医院)|位于|地处|建成|实现|完成|荣获|被评|成为|党委、?政府|党委政府|党工委|经济社会|坚持"
    "|撤县设|撤乡设)"
)
#: How reports close: 为建设富裕文明的新澜泊而奋斗, 谱写澜泊高质量发展新篇章.
_CLOSING = re.compile(
    r"新(?P<new>[\u4e00-\u9fff]{2,3})而(?:努力|不懈|共同|团结)?奋斗"
    r"|谱写(?P<page>[\u4e00-\u9fff]{2,3}?)(?:高质量|科学|跨越|改革)*发展(?:的)?新篇章"
    r"|(?:谱写|开创|书写)[^，。；]{0,12}的(?P<made>[\u4e00-\u9fff]{2,3}?)(?:新篇章|新局面|新未来|篇章|美好明天|美好未来)"
)
_NO_NAME = re.compile(
    "时代|局面|农村|生活|征程|篇章|城市|城镇|家园|中国|山村|社会|形象|格局|业绩|辉煌|改革|历史|经济|工业|农业|跨越|科学|加快|转型|区域"
    "|乡村|县域|生态|文明|和谐|小康|幸福|美丽|事业|发展|建设"
)
_GENERIC = re.compile(
    r"^(?:我|全|本|各|这|该|为|受|向|某|自治|新一届|上届|本届)"
    r"|(?:园|社|辖|城|郊|市|景|校|小|县|灾|库|林|牧|矿|街|片|特|战|军|禁|专|厂|院|教|学"
    r"|开发|试验|示范|保护|行政|功能|核心|集聚|产业|工业|经济|棚户|集中|安置|居住|商业|商务|旅游|度假|农业|促进)区$"
)


def is_generic(name: str) -> bool:
    """Whether a match is no name but words before a generic 镇 or 县: 全镇, 开发区."""
    return any(pattern.search(name) for pattern in (_GENERIC, _COMPOUND)) or bool(_FUNCTION.search(name[:-1]))


def unknown_names(text: str, kinds: list[str]) -> list[Named]:
    """Return names that the text gives its own place, whether or not the table has them."""
    found: dict[str, Named] = {}
    for match in _UNKNOWN.finditer(text):
        context = match.lastgroup or ""
        name = match[context]
        if _GENERIC.search(name) or len(name) < 3:
            continue
        signed = context == "office" and len(text) - match.end() < COVER_WITHIN
        said = context in ("speaks", "sent") or signed or match.start() < COVER_WITHIN
        if not said and kinds and kind_of(name) not in kinds:
            continue
        one = found.setdefault(name, Named(name, kind_of(name), printed=True))
        one.said = one.said or said
        one.add(context, 10, *match.span(context))
    for match in _SUBJECT.finditer(text):
        name = match["name"]
        if (not kinds or match["kind"] == kinds[0]) and not is_generic(name):
            one = found.setdefault(name, Named(name, match["kind"], printed=True))
            one.add("subject", 4, *match.span("name"))
    for match in _CLOSING.finditer(text, max(0, len(text) - 1200)):
        stem = match[match.lastgroup or 0]
        # Once is a figure of speech (新局面); a name comes back.
        if kinds and text.count(stem) >= 2 and not _NO_NAME.search(stem) and not _FUNCTION.search(stem):
            one = found.setdefault(stem, Named(stem, kinds[0]))
            one.add("closing", 4, *match.span())
    return list(found.values())
