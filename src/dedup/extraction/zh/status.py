"""Is a figure told or planned? By the part of the report it stands in, and by the words of its sentence.

A report looks back, then ahead: from the sentence that sets the goals on (`预期目标是`, `今年政府工作的总体要求`) what
is stated is planned, unless the sentence says otherwise (`目前`, `去年`). Before it, what is stated has happened,
unless a modal word of the sentence says otherwise (`力争`, `将新建`). A piece without either part is judged by its
style.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Literal

from dedup.extraction.zh.leads import Leads
from dedup.extraction.zh.reading import Reading
from dedup.text.numbers import parse_chinese

FigureStatus = Literal["actual", "target", "estimate"]

_YEAR = "(?:20[0-9xX×*]{2}|[xX×～*]{2,4}|～|19[0-9]{2})年"
# The words that open a plan wherever they stand.
_PLAN_SET = re.compile(
    "(?=[为主具发围基增奋工总指按确约要规预])(?:(?<!确定的)(?<!提出的)(?:预期|奋斗|主要|总体|发展|约束性|工作|具体|规划|增长|要)(?:调控)?目标(?:任务|值|建议|初步|安排)?(?:如下|定)?(?:是|为|：)"
    "|(?:总体|总的)(?:工作)?(?:要求|思路)(?:是|：)|指导思想(?:是|：)|基本思路(?:是|：)|工作思路(?:是|：)"
    "|(?:围绕|为了?|为确保|确保|按照)(?:顺利|全面|圆满|如期)?(?:实现|完成)?(?:上述|以上|这一|这些|这个|(?:今年的?|全年)(?=[^。\n]{0,40}(?:要|将|必须|重点|着力|突出|力争|抓好|做好)))(?:奋斗|预期|工作|总体|发展)?(?:目标|任务|总体要求))"
)
# The words that open a plan at the beginning of a sentence or as a heading.
_PLAN_OPENING = re.compile(
    "(?=[*12Xx×下今新明未～])(?:"
    "(?:今年|明年|新的一年|(?:今后|未来)(?:的)?(?:五|三|几|十|一个|一段)[年个段时]?(?:时期|时间)?|下一步|下步|下阶段"
    "|下一阶段|下半年)(?=[^。\n]{0,8}(?:要|将|政府工作|主要任务|主要工作|工作|重点|任务|目标|我们|经济|国民经济|是))"
    f"|{_YEAR}(?=是|的?(?:政府|主要|重点|经济|国民经济)?(?:工作|任务|目标|发展)))"
)
_PLAN_SENTENCE = re.compile(
    "目标|任务|安排|思路|要求|部署|打算|关键|开局|攻坚|重要|起步|冲刺|决胜|承上启下|承前启后|收官|之年|时期|(?<![主重需必首只摘紧概纲])要(?![素求点闻])|将(?:以|坚持|着|重|继)|力争|确保|重点(?:抓|做)|着力|我们要|我们将"
)
_PLAN_HEADING = re.compile(
    f"(?=[*12Xx×下主今任发奋安工总指明目收重预～])(?:总体要求|指导思想|工作思路|工作安排|工作打算|工作要点|任务分工|任务分解|责任分工|实施意见|实施方案|工作方案|工作部署|工作重点|重点工作|主要任务|目标任务|预期目标|奋斗目标|发展目标|主要目标|工作任务|主要工作|(?:指标|收支|预算|目标)安排|安排意见|(?:预算|计划)(?:（?草案|\x01)|任务和措施|今年(?:的)?(?:工作|任务|目标)|明年|{_YEAR}(?:的)?(?:工作|任务|目标|计划)|今后(?:[一二三四五几]|的?(?:工作|任务|目标|打算|设想|意见))|下一步|工作计划|工作建议)"
)
_REVIEW = re.compile(
    "(?=[一三上主五今几刚半去四回完总执本过进])(?:回顾|总结|(?:完成|执行|进展)情况|主要(?:工作)?成[绩就]|(?:过去|刚刚过去)的?(?:一年|五年|20)|(?:一|五|四|三|几|半)年来|今年以来|去年以来|上半年|本届政府(?:以来|五年|任期))"
)
_HEADING_CHARS = 44
#: So close to the beginning of a sentence an expression opens it.
_OPENING = 14
#: Characters that show a style.
_JUDGED, _STYLE_REACH = 60, 300
_GOALS = re.compile("目标|任务|安排|思路|要求|部署|打算")
_SENTENCE_REACH = 200
#: Characters before a figure in its sentence that a modal word holds for.
_MODAL_REACH = 140

_MODAL = re.compile(
    "力争|力促|(?<!为)(?<!为了)确保(?!了|[^，。；0-9]{1,10}(?:安全|稳定|质量|供应|落实|需要|畅通|利益|运转|到位|推进)，)|(?<!多)争取(?!到|了|用地|资金|项目|上级|各级|国|省|市|中央|各类|专项|补助|贷款|投资)|计划(?:投资|总投资|建设|新建|完成|到|今年|年内|用|安排|实施|于|引进|再|明年|在)|拟(?:投|建|引|新|于|安|实)"
    "|(?:收入|支出|预算)安排(?!了)|预期(?!目标|增长|值|任务|指标)|努力(?:实现|使|做到|达到)|(?<![主重需必首只摘紧概纲])要(?:在|把|使|实现|完成|抓|确保|新|建|达)|必须|(?<!即)将(?:新|建|达|投|完成|实|获|于|继|启|再|安|超|突|有|解决|带动|惠及|形成|可|增加(?!到|至)|吸纳|覆盖|引进|采取|进一步|着力|继续|努力|全力|大力|重点|认真|坚持|集中|力争|陆续)|可望|有望|(?:建成|投产|达产|投用|运营|完工|竣工)(?:投产|运营|使用)?后(?=，?(?:[可将预能]|每?年))|届时|(?:今年|明年|下一步|下半年|新的一年)[^，。]{0,6}?(?:(?<![主重需必首])要|将)|年内(?:要|将|力争|计划|可)"
)
_DONE = re.compile(
    "已|了|迈出|见效|成效|截至|目前|现有|原有|去年|上年|累计完成|取得|以来|创历史|同比|顺利|圆满|荣获|被评为|共完成"
)
_STILL_TOLD = re.compile(
    "已(?!有)|目前(?!的?基础)|现有|原有|尚未|在上年"
    "|(?<![比较与同按])(?:去年|上年(?:的|末|底|完成|实际)?(?!增长|提高|增加|下降|减少))(?!同期)"
)
_AIMED = re.compile("力争|确保|目标|达到")
# A goal that is stated as one: `比“十五”计划末42亿元的目标`; its overfulfilment (`超计划1000人`) is none.
_GOAL_BEFORE = re.compile(
    "(?:计划|规划|目标|承诺|占[^，]{0,8}任务)(?<!超计划)(?<!于预期目标)(?<!出预期目标)(?:末|数|值)?的?[0-9.]+(?:余|多)?[百千万亿]*(?!个百分|百分)[^0-9%倍]{1,4}\\Z"
)
_GOAL_BEHIND = re.compile("的?(?:奋斗|预期|控制|考核|年度)?(?:目标|计划)")
# 提前五年实现翻两番的目标: it has been reached.
_REACHED = re.compile("提前|已经?实现|实现了|完成了|达到了")
# 到2025年 begins a statement; in 由2020年的…提高到2025年的, 2020年到2025年 it is where a change or a period ends.
_UNTIL = re.compile("(?:\\A|[，。；：、\n]|力争|确保|争取|预计|计划)(?:到|至)(20[0-9]{2})年(?!的)")
_SPOKEN_YEAR = re.compile("(?<![0-9])(?<![，。；：、\n争保取计划][到至])((?:19|20)[0-9]{2})年")
# A year that a statement of a plan is about (2009年争取的86个项目), no base of comparison.
_OF_YEAR = re.compile("(?<![0-9比较到至与同按由从在])((?:19|20)[0-9]{2})年(?!的?基础|度?计划|的?目标|的?水平)")
# 去年，全区引进项目62个，到位资金38亿元: what opens a sentence holds for it, until it speaks of what is ahead.
_OPENED_BY = re.compile(
    "[^，。0-9“\n]{0,4}(?:((?:19|20)[0-9]{2})年|“([六七八九十][一二三四五]{0,2})”(?:时期|期间|的?五年)|去年|前年|截至目前|目前|近年来|近[两三几]年来?)(?:，|全|我)"
)
_AHEAD_AGAIN = re.compile("(?<![主重需必首只摘紧概纲])要|将|力争|确保|必须|计划|今年|争取|目标|任务")
_FIRM = re.compile("(?<![主重需必首只摘紧概纲])要|将|力争|确保|必须")
_STYLE_PLAN = re.compile(
    "力争|确保|要(?=[在把坚加推抓深强完以大着全认努积切突])|将|争取|加快|推进|加强|强化|深化|进一步|着力|大力|全力|积极|继续|抓好|加大|努力|坚持"
)
_STYLE_FIRM = re.compile(
    "力争|确保(?!了)|要(?=[在把坚加推抓深强完以大着全认努积切突])|年内|今年|争取(?!到)|我们将|[^即]将"
)
_STYLE_TOLD = re.compile(
    "了|已|取得|成功|荣获|累计|同比|比上年|较上年|显著|明显|顺利|被评为|有效|稳步|不断|圆满|先后|一年来|去年"
)

# “九五”, “十一五”: five-year plans by their number.
_FIVE_YEARS = re.compile("“([六七八九十][一二三四五]{0,2})”")


def _plan_number(written: str) -> int:
    """Return the number of a five-year plan: 9 for 九五, 10 for 十五, 11 for 十一五; 0 where it is none."""
    return int(parse_chinese(written[:-1]) or 0) if len(written) > 1 and written.endswith("五") else 0


class Status:
    """Tells for places of a text whether figures there are told or planned."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._leads = Leads(reading)
        shadow = reading.shadow
        events: list[tuple[int, bool, bool]] = []  # place, plans, heading
        for match in _REVIEW.finditer(shadow):
            heading = self._is_heading(match.start(), match.end())
            if heading or match.start() - reading.sentence_start(match.start()) <= 12:
                events.append((match.start(), False, heading))
        events.extend(
            (match.start(), True, True)
            for match in _PLAN_HEADING.finditer(shadow)
            if self._is_heading(match.start(), match.end()) and not self._looks_back(match.start(), match.end())
        )
        events.extend((match.start(), True, False) for match in _PLAN_SET.finditer(shadow))
        events.extend((match.start(), True, False) for match in _PLAN_OPENING.finditer(shadow) if self._opens(match))
        events.sort()
        self._years: list[int] | None = None
        self._last_plan = max((_plan_number(m.group(1)) for m in _FIVE_YEARS.finditer(shadow)), default=0)
        first = events[0][0] if events else len(shadow)
        # What stands before the first part that is named is judged by its style, if it is long enough to have one.
        planned = first >= _JUDGED and self._reads_as_plan(shadow[:first])
        self._places, self._planned, self._plan_years = [0], [planned], [0]
        for place, plans, heading in events:
            looks_back_in_plan = planned and not plans and not heading
            if plans != planned and not looks_back_in_plan:
                self._places.append(place)
                self._planned.append(plans)
                # Of a look back, no year lies before it.
                self._plan_years.append(self._year_named(place) if plans else 0)
                planned = plans

    def _year_named(self, at: int) -> int:
        """Return the year of a plan that opens at `at`, as its line or sentence says; 0 where it says none."""
        shadow, start = self._reading.shadow, self._reading.sentence_start(at)
        line = shadow[max(start, at - _HEADING_CHARS) : at + _HEADING_CHARS].partition("\n")[0]
        return max((int(year) for year in _SPOKEN_YEAR.findall(line)), default=0)

    def _opens(self, match: re.Match[str]) -> bool:
        """Say whether a plan opens where a sentence begins with its year: `今年是关键之年。我们要…`.

        That a year is a key year is said at the beginning of a look back too, where no modal words follow.
        """
        shadow, start = self._reading.shadow, match.start()
        if start - self._reading.sentence_start(start) > _OPENING:
            return False
        end = shadow.find("。", match.end(), match.end() + 120)
        end = end if end > 0 else match.end() + 120
        if _PLAN_SENTENCE.search(shadow, start, end) is None or self._looks_back(start, end):
            return False
        if _GOALS.search(shadow, start, end) is not None:
            return True
        after = shadow[start : start + _STYLE_REACH]
        line = after.find("\n")
        after = after[:line] if line > len(after) // 8 else after
        firm = [word for word in _STYLE_FIRM.findall(after) if word not in ("今年", "年内")]
        return len(firm) > len(_STYLE_TOLD.findall(after))

    def _lies_ahead(self, before: str) -> bool:
        """Say whether a sentence speaks of a year well beyond those the text speaks of otherwise (到2025年)."""
        until = _UNTIL.search(before)
        if until is None:
            return False
        year = int(until.group(1))
        if self._years is None:
            self._years = sorted({int(y) for y in _SPOKEN_YEAR.findall(self._reading.shadow)})
        others = [y for y in self._years if y != year]
        return bool(others) and year >= max(others, default=year) + 2

    def _was_before_plan(self, words: str, at: int) -> bool:
        """Say whether words, or what opens their sentence, speak of a time before the plan they stand in."""
        shadow, sentence = self._reading.shadow, self._reading.sentence_start(at)
        year = _OF_YEAR.search(words)
        opening = _OPENED_BY.match(shadow, sentence, at)
        if opening is not None and _AHEAD_AGAIN.search(shadow, opening.end(), at) is None:
            if opening.group(1) is None:
                return True
            if opening.group(2) is not None:
                return _plan_number(opening.group(2)) < self._last_plan
            year = year or opening
        index = bisect_right(self._places, at) - 1
        return year is not None and index >= 0 and int(year.group(1)) < self._plan_years[index]

    @staticmethod
    def _reads_as_plan(shadow: str) -> bool:
        """Judge a piece that names neither its plan nor its look back by its style."""
        plan = sum(1 for _ in _STYLE_PLAN.finditer(shadow))
        firm = sum(1 for _ in _STYLE_FIRM.finditer(shadow))
        told = sum(1 for _ in _STYLE_TOLD.finditer(shadow))
        return (firm >= 2 and plan >= 3 * (told + 1)) or (firm >= 1 and plan >= 4 and not told)

    def _looks_back(self, start: int, end: int) -> bool:
        shadow = self._reading.shadow
        sentence = max(self._reading.sentence_start(start), end - _SENTENCE_REACH)
        return (
            re.search(
                "回顾|完成情况|执行情况|总结|过去|以来|取得|完成了|实现了|极不平凡|不平凡|不寻常|上半年",
                shadow[sentence:end],
            )
            is not None
        )

    def _is_heading(self, start: int, end: int) -> bool:
        shadow = self._reading.shadow
        left = self._reading.line_start(start)
        if end - left > _HEADING_CHARS:
            return False
        line, newline, _ = shadow[left : left + _HEADING_CHARS + 1].partition("\n")
        ends = bool(newline) or left + len(line) == len(shadow)
        return ends and len(line) <= _HEADING_CHARS and not line.endswith(("。", "；", "，"))

    def planned_at(self, at: int) -> bool:
        """Say whether the part of the report at `at` is a plan."""
        index = bisect_right(self._places, at) - 1
        return index >= 0 and self._planned[index]

    def of(self, start: int, end: int, since: int, *, from_where: bool) -> FigureStatus:
        """Return the status of a figure.

        Parameters
        ----------
        start, end : its number with its unit
        since : where the words begin that are its own: of its clause, behind the number before
        from_where : the number is where a change starts (`由20元增加到40元`): that has happened, whatever is planned
        """
        shadow = self._reading.shadow
        if from_where:
            return "actual"
        sentence = self._reading.sentence_start(start)
        clause = self._reading.clause_start(start)
        here = shadow[max(clause, end - 60) : end]
        if _GOAL_BEFORE.search(here) or (_GOAL_BEHIND.match(shadow, end) and not _REACHED.search(here)):
            return "target"
        listed = self._leads.planned_at(start)
        if self.planned_at(start) if listed is None else listed:
            own = shadow[max(since, clause) : end]
            if self._was_before_plan(own, start) and _FIRM.search(own) is None:
                return "actual"
            told = _STILL_TOLD.search(own) is not None
            return "actual" if told and _AIMED.search(here) is None else "target"
        before = shadow[max(sentence, end - _MODAL_REACH) : end]
        if self._lies_ahead(before):
            return "target"
        modals = [match.end() for match in _MODAL.finditer(before)]
        if modals and _DONE.search(before, modals[-1]) is None:
            return "target"
        return "estimate" if "预计" in before else "actual"
