"""Indicators as reports write them, mapped to the codes of the reviewed table `data/reference/indicators.csv`.

Precision comes first: a wrong code mixes two series, no code only leaves the words of the text. So a name is
stripped of what says whose figure it is and when, looked up as it stands, and only then compared with the names of
the table; and a code is given only where the unit can be a unit of that indicator.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from dedup.reference import reference_file

#: Indel similarity (0 to 100) that a name needs, and how far the next indicator must lie behind it. Both are judged
#: values: below 85 names of other indicators come in that even a careful reader would take for typing errors.
CUTOFF = 85.0
MARGIN = 3.0
#: Longer names are clauses; shorter ones are too short to be compared.
SHORTEST, LONGEST = 4, 24
#: Names compared at once: 4096 x 2400 scores of four bytes are 40 MB.
_BATCH = 4096

_PLACE = "(?:省|市|县|区|旗|州|盟|镇|乡|街道|村|场|国)"
_YEAR = r"(?:(?:19|20)?[0-9]{2}|[0-9x×～〜*□]{2,4}|～|\*\*)年度?"
_NUMERAL = "[一二两三四五六七八九十0-9]"
_SPAN = rf"(?:过去|近|前|这|本届)?{_NUMERAL}{{1,2}}年(?:来|间|里)?|{_NUMERAL}{{1,3}}五(?:期间|时期|末期|末|以来)"
_LEADING = re.compile(
    rf"(?:(?:全|我|本)(?:自治)?{_PLACE}(?:的|上下|人民|财政口径)?"
    rf"|{_YEAR}|{_SPAN}"
    r"|(?:到|至|截至|截止)?(?:今年|去年|上年|明年|当年|本年|全年|年末|年底|年内|期末|目前|上半年|下半年|同期|年度|年均)"
    r"|(?:前|第)?[一二三四1-4]季度|[0-9]{1,2}[-—–至到]?[0-9]{0,2}月(?:份|末|底)?"
    r"|预计|预期|力争|确保|争取|完成|实现|达到|达|累计|总共|共计|共|其中|主要|以及|并|使|连续|同比|比重|保持|努力|当期|[、，,:;：；\-—·]|的)"
)
_TRAILING = re.compile(
    r"(?:达到|完成|实现|达|为|是|突破|超过|累计|预计|同比|控制在|控制|保持在|保持|分别|均|约|也|已|将|力争|确保|的|[、，,:;：；\-—·])$"
)
_GROWTH_WORDS = re.compile(
    r"(?:的)?(?:年均|平均|同比|比上年)?(?:增长速度|增长率|增长幅度|增长|增幅|增速|递增|涨幅|增加|上升|提高|下降|降低|降幅|减少)$"
)
_COUNTING = re.compile("(?:总数量|数量|总数|总量|人数|户数|件数)$")
_INNER_VERB = re.compile("(?<=.)(?:预计|全年|累计)?(?:实现|完成|达到|预计|累计)(?=.)")
#: A heading that ran into its paragraph: 粮食 in 粮食全年农作物播种面积.
_HEADING = re.compile(rf"^[^0-9]{{2,6}}?(?=(?:全年|年末|年底|全{_PLACE}))")
#: Brackets that say how a figure was counted, not what it counts.
_BASIS_BRACKET = re.compile(r"\([^()]*(?:口径|价|gdp|下同|预计|快报|同比)[^()]*\)")
_MARKS = re.compile(r"[\s()\[\]【】“”\"'‘’《》<>「」]")
_GDP_WORDS = re.compile("(?:地区|国内|国民)?生产总值")
_SHARE = re.compile(
    rf"(?P<part>.+?)占(?:(?:全|我|本){_PLACE}|全年|当年|同期|整个)?(?:的)?(?P<whole>.*?)(?:的)?(?:比重|比例|份额|百分比|比率)?"
)
_PRIMARY_TO_TERTIARY = re.compile("(?:第?[一二三](?:次)?产业?|[一二三]产|农业|工业|服务业|制造业)")
#: What one name may have and another lack without meaning something else.
_HARMLESS_WORDS = (
    *("的", "之", "总", "额", "量", "数", "值", "品", "业", "年", "全", "全部", "各项", "各类", "平均", "累计"),
    *("社会", "居民", "常住", "家庭", "企业", "建设", "工程", "人数", "面积", "金额", "情况", "水平", "指标", "经济"),
)
_HARMLESS = re.compile(f"(?:{'|'.join(_HARMLESS_WORDS)})+")
_WITHOUT_HARMLESS = str.maketrans("", "", "".join(_HARMLESS_WORDS))
#: Of revenue the total is another figure: it holds what goes to the levels above.
_TOTAL_REVENUE = re.compile("收入|支出")


@dataclass(frozen=True, slots=True)
class Indicator:
    """One row of the table.

    Attributes
    ----------
    code, chinese, english, yearbook : code, names; `yearbook` is what the statistical yearbooks call it
    aliases : other names in reports
    unit : base unit (元, %, 人, 亩 …)
    dimensions : what units of it measure, in the words of `units.csv`
    constant_growth : growth is given at constant prices by convention, so levels at current prices need not show it
    low, high : what cannot be, in `unit`; None where nothing is known
    """

    code: str
    chinese: str
    aliases: tuple[str, ...]
    english: str
    yearbook: str
    unit: str
    dimensions: frozenset[str]
    constant_growth: bool
    low: float | None
    high: float | None


@cache
def indicators() -> dict[str, Indicator]:
    """Return the reviewed indicators by code, in the order of the table."""
    with reference_file("indicators.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Indicator(
                row["code"],
                row["chinese"],
                tuple(filter(None, row["aliases"].split("|"))),
                row["english"],
                row["yearbook"],
                row["unit"],
                frozenset(row["dimension"].split("|")),
                row["growth_prices"] == "constant",
                float(row["low"]) if row["low"] else None,
                float(row["high"]) if row["high"] else None,
            )
            for row in csv.DictReader(file)
        }


@cache
def _unit_dimensions() -> dict[str, str]:
    with reference_file("units.csv").open(encoding="utf-8", newline="") as file:
        return {row["base"]: row["dimension"] for row in csv.DictReader(file)}


@cache
def _cores() -> frozenset[str]:
    """Return the names of the table without the characters of harmless words."""
    return frozenset(name.translate(_WITHOUT_HARMLESS) for name in _names())


@cache
def _names() -> dict[str, str]:
    """Return code by normalised name; the table has each name once, as a test holds."""
    return {
        normalise_name(name): indicator.code
        for indicator in indicators().values()
        for name in (indicator.chinese, *indicator.aliases)
    }


def map_indicators(names: pa.Array, unit_base: pa.Array, measure: pa.Array) -> pa.Array:
    """Return the code of each indicator, null where none fits surely.

    Parameters
    ----------
    names : string array, indicators in the words of the texts
    unit_base : string array, base units as in `units.csv`; null where the unit is not known
    measure : string array, as in `schemas.MEASURES`

    Returns
    -------
    string array of the same length

    Notes
    -----
    Names are compared by `rapidfuzz.fuzz.ratio` (Indel similarity of whole names). Scorers on tokens split at white
    space, which Chinese has not; partial scorers give 工业增加值 inside 规模以上工业增加值 a full score. A name that is
    near enough, and nearer than to any other indicator, is taken only if what one has and the other lacks is harmless
    (总, 额, 各项 …): 轻工业增加值 is near to 工业增加值, and another indicator. Work is done once per distinct name.
    """
    names, unit_base, measure = (_flat(column) for column in (names, unit_base, measure))
    if not len(names):
        return pa.array([], pa.string())
    encoded = [column.dictionary_encode(null_encoding="encode") for column in (names, unit_base, measure)]
    shape = tuple(len(column.dictionary) for column in encoded)
    places = tuple(column.indices.to_numpy(zero_copy_only=False).astype(np.int64) for column in encoded)
    distinct, where = np.unique(np.ravel_multi_index(places, shape), return_inverse=True)
    words, units, measures = (column.dictionary.to_pylist() for column in encoded)
    triples = [
        (words[i] or "", units[j], measures[k] or "")
        for i, j, k in zip(*(at.tolist() for at in np.unravel_index(distinct, shape)), strict=True)
    ]
    codes = _code_names({_variant_key(name, how) for name, _, how in triples})
    found = [
        code if (code := codes[_variant_key(name, how)]) and _fits(indicators()[code], unit, how) else None
        for name, unit, how in triples
    ]
    return pa.array(found, pa.string()).take(pa.array(where.reshape(-1)))


def _flat(column: pa.Array) -> pa.Array:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return pc.cast(array, pa.string())


def _variant_key(name: str, measure: str) -> tuple[str, str]:
    """Names of growth rates, changes and shares may be read in their own way; all others alike."""
    return name, measure if measure in ("growth", "share", "change_abs") else ""


def _code_names(keys: set[tuple[str, str]]) -> dict[tuple[str, str], str | None]:
    codes: dict[tuple[str, str], str | None] = {}
    waiting: dict[str, list[tuple[str, str]]] = {}
    known = _names()
    for key in sorted(keys):
        variants = list(_variants(*key))
        code = next((known[variant] for variant in variants if variant in known), None)
        codes[key] = code
        # Only these can differ harmlessly from a name of the table: few are left to be compared with all of them.
        near = variants and variants[-1].translate(_WITHOUT_HARMLESS) in _cores()
        if code is None and near and SHORTEST <= len(variants[-1]) <= LONGEST:
            waiting.setdefault(variants[-1], []).append(key)
    for name, code in _near_names(list(waiting)).items():
        for key in waiting[name]:
            codes[key] = code
    return codes


def normalise_name(name: str) -> str:
    """Return a name without marks, in one width and case; shares in the one form `AхB` of part and whole."""
    text = unicodedata.normalize("NFKC", name).casefold()
    # Once more: what stands around a dropped blank may combine.
    text = unicodedata.normalize("NFKC", _MARKS.sub("", _BASIS_BRACKET.sub("", text)))
    share = _SHARE.fullmatch(text) if "占" in text[1:-1] else None
    if share and share["whole"]:
        text = f"{share['part']}占{_GDP_WORDS.sub('gdp', share['whole'])}比重"
    return text


def strip_name(name: str) -> str:
    """Return a normalised name without whose figure it is, when, and the verbs around it."""
    *_, last = _stripped(normalise_name(name))
    return last


def share_parts(name: str) -> tuple[str, str] | None:
    """Return the names of part and whole of a share such as 税收占财政收入比重, None where it does not name both."""
    share = _SHARE.fullmatch(_MARKS.sub("", unicodedata.normalize("NFKC", name)))
    return (share["part"], share["whole"]) if share and share["whole"] else None


def name_key(name: str | None) -> str:
    """Return what tells an indicator from others in one text: the stripped name, and brackets such as 月报口径."""
    text = unicodedata.normalize("NFKC", name or "").casefold()
    basis = [bracket for bracket in _BASIS_BRACKET.findall(text) if "gdp" not in bracket]
    return "".join([strip_name(text), *basis])


def _stripped(text: str) -> Iterator[str]:
    """Yield a normalised name, then with ever more taken from its ends: what is known as it stands stays so."""
    yield text
    while True:
        lead = _LEADING.match(text)
        shorter = text[lead.end() :] if lead else _TRAILING.sub("", text)
        if shorter == text or not shorter:
            return
        text = shorter
        yield text


def _variants(name: str, measure: str) -> Iterator[str]:
    """Yield the readings of a name, first the most literal ones; the last is what is compared if none is known."""
    shorter = list(_stripped(normalise_name(name)))
    yield from shorter
    if measure == "share":
        yield from (f"{text}比重" for text in shorter if _PRIMARY_TO_TERTIARY.fullmatch(text))
    if measure in ("growth", "change_abs"):
        # A pollutant that grows or falls is what is emitted of it; as a level it may be what was saved.
        yield f"{shorter[-1]}排放量"
    if measure == "growth":
        shorter += _stripped(_GROWTH_WORDS.sub("", shorter[-1]))
    last = shorter[-1]
    yield from _stripped(_HEADING.sub("", last))
    yield from (_COUNTING.sub("", last), last, _INNER_VERB.sub("", last))


def _near_names(names: list[str]) -> dict[str, str | None]:
    """Return the code of the one indicator that each name is near to, None where there is none."""
    known = _names()
    choices = list(known)
    codes = np.array([known[choice] for choice in choices])
    out: dict[str, str | None] = {}
    for first in range(0, len(names), _BATCH):
        batch = names[first : first + _BATCH]
        scores = process.cdist(batch, choices, scorer=fuzz.ratio, score_cutoff=CUTOFF - MARGIN, dtype=np.float32)
        for row in np.flatnonzero(scores.max(axis=1) >= CUTOFF).tolist():
            out[batch[row]] = _nearest(batch[row], choices, codes, scores[row])
    return out


def _nearest(name: str, choices: list[str], codes: np.ndarray, scores: np.ndarray) -> str | None:
    best = int(scores.argmax())
    others = scores[codes != codes[best]]
    if others.size and float(others.max()) > float(scores[best]) - MARGIN:
        return None
    # All names of the best indicator that are near enough may explain it.
    for at in np.flatnonzero((codes == codes[best]) & (scores >= CUTOFF)).tolist():
        if _differs_harmlessly(choices[at], name):
            return str(codes[best])
    return None


def _differs_harmlessly(known: str, name: str) -> bool:
    if _TOTAL_REVENUE.search(known) is not None and ("总" in known) != ("总" in name):
        return False
    for op in Indel.opcodes(known, name):
        if op.tag == "equal":
            continue
        for piece in (known[op.src_start : op.src_end], name[op.dest_start : op.dest_end]):
            if piece and not _HARMLESS.fullmatch(piece):
                return False
    return True


def _fits(indicator: Indicator, unit: str | None, measure: str) -> bool:
    """Tell whether a number in this unit can be a figure of this indicator."""
    dimension = _unit_dimensions().get(unit, "") if unit else None
    is_ratio = "ratio" in indicator.dimensions
    if measure == "rank":
        return True
    if measure == "growth":
        return dimension in (None, "ratio", "multiple") or (is_ratio and dimension == "ratio_points")
    if measure == "change_abs":
        return dimension in indicator.dimensions or (is_ratio and dimension == "ratio_points")
    if measure in ("rate", "share") and dimension is None:
        return is_ratio
    if measure == "rate" and dimension == "multiple":
        return True
    return dimension in indicator.dimensions
