"""What stands between a subject and its number: verbs, adverbs, bases of comparison, read from the number backwards.

`农民人均纯收入比上年净增 | 150元`: from the right, 净增 is a verb of change, 比上年 its base, and what is left is the
subject. Chinese puts all of it before the number, in this order, so that peeling words off the end is enough.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from dedup.extraction.zh.reading import REMARK
from dedup.text.units import Bound

_BOUNDS: dict[Bound, str] = {
    "over": "超过 突破 冲破 超 逾 过 多于 大于 超出",
    "at_least": "不低于 不少于 不小于 不下于 至少 最低 力争超过",
    "at_most": "不超过 不高于 不大于 不多于 至多 最多",
    "under": "不足 不到 少于 小于 低于",
    "about": "大约 大概 将近 接近 约 近 约为 约占",
}
_UP = (
    "增长 增加 增 上升 提高 提升 递增 攀升 净增 扩大 拓展 扩展 延长 增多 高 高出 高于 多出 上涨 涨 加快 快 快于 前移 上调 "
    "上浮 猛增 激增 剧增 回升 净增加 增速 多 再增 连增 微增 领先 优于 好于"
)
_DOWN = (
    "下降 减少 降低 降 缩短 压缩 压减 减 下滑 回落 下调 削减 缩减 收窄 缩小 萎缩 后移 负增长 少 低 低于 慢于 微降 递减 提前 下浮 净减 精简"
)
# Verbs of change that name what changes themselves: they stay in the name (`烟农户均增收5万元`).
_CHANGE_NAMES = "增收 增产 减收 减产 增支 减支 减亏 增盈"
_GROWTH_NOUNS = "增速 增幅 增长速度 增长率 增长幅度 降幅 涨幅 递增率 增长速率 跌幅"
_TO = "到 至 为 成 达 达到 达成 在 于 近到"
_LEVEL = (
    "达到 达 完成 实现 为 是 有 共有 已有 现有 拥有 保持 稳定 控制 维持 稳 跃上 迈上 跨上 跃升 跃 站上 占 占到 发展 高达 多达 跨过 迈过 "
    "取得 位居 位列 排名 名列 列居 调整 预期目标 目标 目标值 预期目标值"
)
_ADVERBS = (
    "同比 环比 年均 平均 每年 均 都 双 分别 各 再 又 也 已 已经 可比 同口径 按可比价 按可比价格 按可比价计算 按可比价格计算 按可比口径 共 总共 "
    "累计 合计 共计 总计 全年 实际 进一步 大幅 大幅度 稳步 持续 首次 率先 仅 将 力争 预计 确保 了 净 逐年 平均每年 每年平均 年平均 高位 "
    "快速 历史性 成功 全部 必须 争取 有望 预期 计划 同期 名义 按现价 扣除价格因素 剔除价格因素 连续 的 还 不断 迅速 明显 普遍 直接 保证 努力 "
    "相应 同时 长期 常年 基本 总体 稳定 一举 顺利 圆满 超额"
)
_IGNORED = REMARK + "“”‘’"


def _group(words: str) -> list[str]:
    return words.split()


_KIND: dict[str, str] = {}
for _words, _kind in (
    (_ADVERBS, "adverb"),
    (_LEVEL, "level"),
    (_TO, "to"),
    (_GROWTH_NOUNS, "noun"),
    (_CHANGE_NAMES, "name"),
    (_DOWN, "down"),
    (_UP, "up"),
):
    for _word in _group(_words):
        _KIND.setdefault(_word, _kind)
for _bound, _words in _BOUNDS.items():
    for _word in _group(_words):
        _KIND[_word] = f"bound:{_bound}"
for _word in _group("增速 增幅 降幅 涨幅"):
    _KIND[_word] = "noun"
for _word in _group("达到 达 为 到 至 成 在 于"):
    _KIND[_word] = "to"
for _word in _group("增 降 高 低 快 升 提前"):
    _KIND[_word] = {"增": "up", "降": "down", "高": "up", "低": "down", "快": "up", "升": "up", "提前": "down"}[_word]
# Never peeled, though they end in a word that is: parts of names, and verbs that keep their object.
_WHOLE = _group(
    "新增 自然增长率 自然增长 自增长 人均 户均 日均 生均 亩均 地均 年产 日产 月产 建成 形成 组成 造成 落成 达成 变成 集成 养成 收成 促成 改造成 "
    "总计划 多年 投资计划 用于 属于 位于 由于 基于 处于 等于 有关 保有 国有 所有 还有 只有 没有 特有 享有 具有 经过 不过 难度 附近 最近 "
    "现在 内在 所在 存在 潜在 行为 作为 成为 认为 公共 首都 成都 国都 平均数 发达 直达 甚至 以至 村村通 是否 但是 于是 就是 都是 的是"
)
_PEEL = re.compile(
    f"(?P<skip>[{re.escape(_IGNORED)}])"
    + "|(?P<whole>" + "|".join(re.escape(w[::-1]) for w in sorted(_WHOLE, key=len, reverse=True)) + ")"
    + "|(?P<word>" + "|".join(re.escape(w[::-1]) for w in sorted(_KIND, key=len, reverse=True)) + ")"
)  # fmt: skip
_YEARS = "(?:[0-9xX×]{2,4}年|[0-9]{4})"
_BASE_WORDS = (
    rf"{_YEARS}|上年|去年|前年|上月|上期|同期|年初|上季|期初|年末|年底|月底|“[^”]{{1,4}}”|计划|目标|任务|预期|平均|全国|全省|全市|全区|全县|"
    "规上|原来|原先|过去|以往|往年|基数|水平|上届|历史|改革前|前期|预算|当年|城镇|农村|此前|初期|要求|指标|出台|灾前|GDP|工业|进口|出口|城市|居民|经济|末|大丰收"
)
_BASE = re.compile(rf"(?P<base>[^，。；：、比较]*?(?:{_BASE_WORDS})[^，。；：、比较]*?)?(?P<than>[比较])\Z|\Z")
_THAN = re.compile(rf"(?P<np>.*?)(?P<than>比|较|与|同)(?P<base>[^，。；]{{0,3}}(?:{_BASE_WORDS})[^，。；]{{0,12}})\Z")
_RELATION = re.compile(
    r"(?P<np>.*?)(?P<verb>高于|低于|快于|慢于|优于|好于|超过|超额完成|超出|超|领先|高出|高过)"
    r"(?P<base>[^，。；]{0,6}(?:全国|全省|全市|全区|全县|平均|计划|目标|任务|预期|预算|水平|规上|工业|GDP|增速|同期|城镇|农村|收入|经济|年初|进度|地区|中部|东部|西部|警戒线|控制线|标准|底线|红线|上限|下限|要求)[^，。；]{0,8})\Z"
)
_FROM = re.compile(
    rf"(?P<np>.*?)(?:由|从)(?P<period>(?:{_YEARS}(?:末|底|初)?|上年|去年|前年|原来|原先|过去|以前|年初|年底|改革前|建[县区市]时|“[^”]{{1,4}}”(?:末|期末|时期|初期|计划末)?)?(?:期|末|底|初|时)?)(?P<of>的)?"
    r"(?P<rest>[^，。；由从]{0,8})\Z"
)
_SHARE = re.compile(r"(?P<np>.*?)(?P<verb>占到了?|约占|占了?|占据)(?P<whole>[^，。；]{0,24}?)(?:的)?(?P<head>比重|比例|份额|比|总量|总数)?(?:的)?\Z")
_MULTIPLE = re.compile(r"(?P<np>.*?)(?:只|仅)?(?:是|为|相当于|达到|达|等于|完成)(?P<base>[^，。；]{1,24})\Z")
_FRONT_BASE = re.compile(r"(?P<np>.*?)在(?P<base>[^，。；]{1,16}(?:的)?基础上|上年|去年|现有|原有|今年)\Z")


@dataclass(frozen=True, slots=True)
class Predicate:
    """What precedes a number in its clause.

    Attributes
    ----------
    subject : characters of the clause that are left for the subject: `[0, subject)`
    change : 1 for verbs of rise, -1 for verbs of fall, 0 for none
    reaches : the verb says where something arrives (增加到, 达到, 为)
    growth_noun : 增速, 增幅 and the like name what the number is
    bound : what bounds the number from the front
    annual : 年均, 递增
    base : what it is compared with (上年, “十五”末, 全市平均水平); None where the clause names nothing
    relation : the number is a distance to the base (高于全省2个百分点, 超计划1000人)
    each, respectively : 均 都 双; 分别 各
    of : 的 stands before the number (是上年的2.5倍, 占总数的20%)
    words : the words that were peeled off, from the number backwards
    change_name : a verb of change that names what changes (增收), where nothing else does
    """

    subject: int
    change: int = 0
    reaches: bool = False
    growth_noun: bool = False
    bound: Bound | None = None
    annual: bool = False
    base: str | None = None
    relation: bool = False
    each: bool = False
    respectively: bool = False
    of: bool = False
    words: tuple[str, ...] = ()
    change_name: str = ""


@lru_cache(maxsize=32768)
def read_predicate(left: str) -> Predicate:
    """Read the clause before a number, backwards, until a word that belongs to the subject."""
    backwards = left[::-1]
    at = 0
    change = 0
    reaches = growth_noun = annual = each = respectively = of = relation = False
    bound: Bound | None = None
    base: str | None = None
    words: list[str] = []
    end = len(left)
    kept = 0  # a verb of change that stays in the name, unless nothing else does
    while True:
        match = _PEEL.match(backwards, at)
        if match is None:
            step = _before_base(left, end - at) if base is None else None
            if step is None:
                break
            keep, base, relation = step
            at = end - keep
            continue
        if match.lastgroup == "skip":
            at = match.end()
            continue
        if match.lastgroup == "whole":
            break
        word = match.group()[::-1]
        kind = _KIND[word]
        if word == "比" or (kind == "level" and words and words[-1] == "的" and word in ("为", "是")):
            break
        if word in ("增", "减", "高", "低", "多", "少", "快", "升", "降") and at == 0 and len(left) - match.end() > 0 and _is_ending(left, end - match.end(), word):
            break
        at = match.end()
        words.append(word)
        if kind.startswith("bound:"):
            bound = bound or kind[6:]  # type: ignore[assignment]
        elif kind == "up":
            change = change or 1
        elif kind == "down":
            change = change or -1
        elif kind == "noun":
            growth_noun = True
            if word in ("降幅", "跌幅"):
                change = change or -1
        elif kind == "name":
            change = change or (1 if word.startswith("增") else -1)
            kept = end - match.start()
        elif kind in ("to", "level"):
            if not change and not growth_noun:
                reaches = True
            elif change and not words[:-1]:
                reaches = True
        if word in ("年均", "平均每年", "每年平均", "年平均", "递增"):
            annual = True
        elif word in ("均", "都", "双"):
            each = True
        elif word in ("分别", "各", "：分别"):
            respectively = True
        elif word == "的" and len(words) == 1:
            of = True
    change_name = ""
    if kept and end - at > 0:
        at = end - kept
    elif kept:
        change_name = next(word for word in words if _KIND[word] == "name")
    if any(word in ("增长", "递增") for word in words[1:]) and words[0] in ("为", "达", "达到"):
        reaches = False  # 增长分别为6.4%: a noun
    return Predicate(
        end - at, change, reaches, growth_noun, bound, annual, base, relation, each, respectively, of, tuple(words), change_name
    )


def _is_ending(left: str, keep: int, word: str) -> bool:
    """Say whether a one-letter verb is the end of a longer word that is none of ours."""
    return keep > 0 and left[keep - 1] + word in ("提高", "新增", "走低", "至多", "最多", "众多", "减少", "不少", "缺少", "大多", "许多")


def _before_base(left: str, keep: int) -> tuple[int, str, bool] | None:
    """Peel a base of comparison (比上年, 在上年的基础上) off the end of `left[:keep]`."""
    text = left[:keep]
    for pattern in (_FRONT_BASE, _THAN):
        match = pattern.match(text)
        if match is not None:
            return match.end("np"), match["base"], False
    return None


@lru_cache(maxsize=32768)
def find_relation(left: str) -> tuple[int, str, str] | None:
    """Return end of the subject, verb and base of `高于全省平均水平`, `超计划`; None where the clause does not end so."""
    match = _RELATION.match(left)
    return None if match is None else (match.end("np"), match["verb"], match["base"])


@lru_cache(maxsize=32768)
def find_origin(left: str) -> tuple[int, str | None, str] | None:
    """Return end of the subject, period, and what follows, of `由03年的`, `从`, `由生均` before a number."""
    match = _FROM.match(left)
    return None if match is None else (match.end("np"), match["period"] or None, match["rest"])


@lru_cache(maxsize=32768)
def find_share(left: str) -> tuple[int, str] | None:
    """Return end of the subject and the whole of `占财政支出的比重`; None where the clause does not end so."""
    match = _SHARE.match(left)
    return None if match is None else (match.end("np"), match["whole"])


@lru_cache(maxsize=32768)
def find_multiple(left: str) -> tuple[int, str] | None:
    """Return end of the subject and the base of `是2010年的`, `为计划数的` before 倍."""
    match = _MULTIPLE.match(left)
    return None if match is None else (match.end("np"), match["base"])
