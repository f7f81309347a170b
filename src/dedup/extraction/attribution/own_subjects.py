"""A place that is named as the subject of its own figures or titles: 霞岭县贫困发生率从12.3%降至0.4%."""

from __future__ import annotations

import re

from dedup.extraction.attribution.own_names import FUNCTION_CHARACTERS, Named, is_generic

#: At the beginning of a sentence only.
_OWN_FIGURES = re.compile(
    r"(?:^|[\n。])[ \t\u3000]*(?P<name>"
    rf"(?:(?![{FUNCTION_CHARACTERS}])[\u4e00-\u9fff]){{2,6}}?(?P<kind>自治[县州旗]|[县区旗镇乡市]))"
    "(?=贫困发生率|森林覆盖率|城镇化率|地区生产总值|生产总值|一般公共预算|地方财政|财政总收入|农民人均|城镇居民|居民人均"
    "|(?:先后|被|再次|连续)+(?:命名|授予|评|列|确定)|获评|荣膺|成功创建|顺利脱贫|整体脱贫|脱贫摘帽|退出贫困"
    "|[0-9]{4}年(?:实现|完成|地区|财政|政府))"
)
#: Sentences that tell of others: news, lessons, comparisons. Looked for so far before and after a name.
_OF_OTHERS = re.compile(
    "学习|借鉴|考察|经验|例如|比如|譬如|据[^，。]{0,8}(?:报|电|讯|消息|报道)|记者"
    "|兄弟|周边|邻近|相邻|对口|结对|友好|榜样"
)
_AROUND = 60
#: What such patterns take for names: 力争|地区生产总值, 推动城市, 本级市.
_NO_NAME = re.compile(
    "(?:[城都超股楼上集夜门地县州]|级|辖|会|设区|弟|边)市$|地区$"
    "|力争|实现|完成|预计|确保|努力|推动|推进|促进|保持|提高|加快|增加|农村|城镇|山区|库区|园区|景区|灾区|社区|老区|辖区|贫困"
)
#: Enough by itself, as any name in the subject of what a government does.
_SCORE = 4


def own_subjects(text: str, kinds: list[str]) -> list[Named]:
    """Return the name that is the subject of figures or titles; none where two are, or where news tell of one.

    Parameters
    ----------
    kinds : what the text calls its own place; where it calls it anything, the name must be of the first
    """
    found: dict[str, Named] = {}
    for match in _OWN_FIGURES.finditer(text):
        name, kind = match["name"], match["kind"][-1]
        if (kinds and kind != kinds[0]) or is_generic(name) or _NO_NAME.search(name):
            continue
        at = match.start("name")
        if _OF_OTHERS.search(text, max(0, at - _AROUND), min(len(text), match.end() + _AROUND)):
            return []
        one = found.setdefault(name, Named(name, kind, printed=True))
        one.add("subject", _SCORE, *match.span("name"))
    return list(found.values()) if len(found) == 1 else []
