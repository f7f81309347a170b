"""Is a figure told or planned? By the part of the report it stands in, and by the words around it."""

from __future__ import annotations

import re
from bisect import bisect_right

from dedup.extraction.zh.reading import Reading

# A part of the report begins; what stands in it is planned.
_PLAN = re.compile(
    r"(?:主要|预期|奋斗|总体|发展|工作|经济|具体|约束性|的|总)目标(?:任务)?(?:是|为|：|，|如下|建议|定为|设定)"
    r"|(?:预期|奋斗)目标|目标任务是"
    r"|(?:总体|总的)(?:要求|思路|目标)|指导思想|基本思路(?:是|和)|工作(?:思路|安排|打算|部署|计划|重点)(?=[是：，\n和与及])"
    r"|今年(?:是|要|，我们要|，要|将|政府|我们要|我们将|经济|全[市县区镇省乡州旗]|工作|我[市县区镇省乡州旗])"
    r"|明年(?:是|要|政府|经济|全|工作)|新的一年|(?:今后|未来)(?:五|三|几|十|一个|一段)[年个段时]?"
    r"|下一步|下步|下阶段|(?:要|必须|重点|着力|全力|突出)(?:抓好|做好)(?:以下|下列|好以下)"
    r"|为(?:确保|了)?(?:顺利|全面|圆满)?(?:实现|完成)(?:上述|以上|这一|这些)"
    r"|(?:20[0-9xX×]{2}|[xX×～]{2,4}|～)年(?:是|的?(?:主要|工作|政府工作|经济|发展|重点|奋斗|预期|目标|任务))[^，。\n]{0,30}(?:目标|任务|安排|思路|关键|开局之年|重点|要求|部署|打算|计划)"
    r"|(?:到|力争|至)20[0-9]{2}年(?:底|末|前)?，(?=[^。\n]{0,60}(?:达到|力争|实现|建成))"
)
# A part of the report begins; what stands in it has happened.
_REVIEW = re.compile(
    r"(?:工作|的|简要|主要|五年|一年|基本|过去|任期)回顾|回顾(?:过去|一年|五年|20|本届|上年|去年)|工作总结|(?:完成|执行)情况|主要(?:工作)?成[绩就]|(?:过去|刚刚过去)的?(?:一年|五年|20)|(?:一|五|四|三|几|半)年来"
    r"|今年以来|去年以来|上半年(?:工作)|本届政府(?:以来|五年|任期)|20[0-9xX×]{2}年(?:工作|政府工作)(?:的)?(?:回顾|总结|情况)|(?:这是|取得)[^。\n]{0,12}的(?:一年|五年)"
)
_HEADING_CHARS = 40
_MODAL = re.compile(
    "力争|确保(?!了)|争取(?!到|了|用地|资金|项目|上级|各级)|计划(?!生育|数|的|末|单列|投资|任务)|拟|预期|奋斗目标|目标是|努力(?:实现|使|做到|达到)|要(?:在|把|使|实现|完成|抓|确保|新|建|达)|必须|将(?:新|建|达|投|完|实|获|于|在|继|启|再|安|筹|累|超)|可望|有望|到20[0-9]{2}年|年内(?:要|将|力争|计划)?|至20[0-9]{2}年|规划(?:建设|到|总投资|投资)"
)
_DONE = re.compile(
    "已(?!有|经济)|了|截至|目前|现有|现已|原有|去年|上年(?:的|完成|实际)|完成了|累计完成|取得|以来|创历史|同比|顺利|圆满|荣获|被评为|基本完成|全面完成"
)


class Status:
    """Tells for places of a text whether figures there are told or planned."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        shadow = reading.shadow
        events: list[tuple[int, bool]] = []
        for match in _REVIEW.finditer(shadow):
            if self._opens(match.start()) or self._is_heading(match.start(), match.end()):
                events.append((match.start(), False))
        reviews = [place for place, _ in events]
        for match in _PLAN.finditer(shadow):
            words = match.group()
            if words.startswith(("今年", "明年", "新的", "20", "x", "X", "～", "×", "到", "至", "力争")) and not self._opens(match.start()):
                continue
            if shadow.startswith(("的完成情况", "完成情况", "顺利完成", "全面完成", "已"), match.end()):
                continue
            events.append((match.start(), True))
        events.sort()
        self._places: list[int] = []
        self._planned: list[bool] = []
        planned = False
        for place, plans in events:
            if plans == planned and self._places:
                continue
            if not plans and planned and not self._is_heading(place, place + 4):
                continue  # a look back inside the plan
            self._places.append(place)
            self._planned.append(plans)
            planned = plans
        del reviews

    def _opens(self, at: int) -> bool:
        """Say whether a sentence begins close before `at`."""
        start = self._reading.sentence_start(at)
        return at - start <= 14

    def _is_heading(self, start: int, end: int) -> bool:
        shadow = self._reading.shadow
        left = shadow.rfind("\n", 0, start) + 1
        right = shadow.find("\n", end)
        right = len(shadow) if right < 0 else right
        return right - left <= _HEADING_CHARS and not shadow[left:right].endswith(("。", "；"))

    def at(self, at: int) -> bool:
        """Say whether the part of the report at `at` is a plan."""
        index = bisect_right(self._places, at) - 1
        return index >= 0 and self._planned[index]

    def of(self, start: int, end: int) -> str:
        """Return the status of a figure whose number ends at `end`, in a sentence that holds [start, end)."""
        shadow = self._reading.shadow
        sentence = self._reading.sentence_start(start)
        clause = self._reading.clause_start(start)
        planned = self.at(start)
        here = shadow[max(clause, end - 60) : end]
        if planned:
            if re.search("已(?!有)|目前|现有|原有|去年|上年的|在上年", here) and not re.search("力争|确保|目标|达到", here):
                return "actual"
            return "target"
        before = shadow[max(sentence, end - 90) : end]
        modal = None
        for modal in _MODAL.finditer(before):
            pass
        if modal is not None and not _DONE.search(before, modal.end()):
            return "target"
        if re.search("(?:计划|目标|任务)(?:数)?\\Z", here) or re.match("的?(?:目标|计划)", shadow[end : end + 4]):
            return "target"
        if "预计" in before[-40:]:
            return "estimate"
        return "actual"
