"""Where a heading is missing: the seam between two reports that the page ran together.

A seam is looked for only where a series of headings says that one is missing (3 is followed by 5, the title counts
one more), and a cut is made only where several independent signs meet.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dedup.text.characters import HAN
from dedup.text.lines import Line, indent
from dedup.text.marks import read_mark
from dedup.text.sentences import FRAGMENT, NEW_SENTENCE, ends_sentence
from dedup.text.together import Together, meeting_pairs

#: Score from which a boundary is believed; one sign alone never reaches it.
CONVINCING = 3.7
#: A longer line is a paragraph; it opens a report only when it greets first.
LONG = 200
#: A report is not shorter than this.
SHORTEST = 200

#: Signs of the boundary itself; what differs before and after it differs all around it.
_STRUCTURAL = frozenset(
    ("cut in mid-sentence", "leading blank unlike its neighbours", "closing formula", "opening formula")
)
#: Marks that start paragraphs; the others may start headings, which end without a full stop.
_PARAGRAPHS = frozenset(("speech", "is", "first", "dash"))
_CLOSING = re.compile(
    r"(?:(?:奋斗|贡献|前进|篇章|局面|胜利|辉煌|明天|未来|力量|跨越)[吧！!]{1,3}|奋斗。|(?:谢谢(?:大家|各位)?|报告完毕)[！!。]?)[”）)]*$"
)
_GREETING = re.compile(r"(?:尊敬的)?各位(?:代表|委员|领导)(?:[、，]各位[^。]{2,8}|[、，]同志们)*[：:！!，,]?$")
_GREETING_START = re.compile(r"(?:尊敬的)?各位(?:代表|委员|领导)|同志们[：，]")
_OPENING = re.compile(
    r"(?:现在|下面)?[，,]?(?:我|由我)(?:谨|仅|受[^。]{2,16})?(?:代表|委托)?[^。]{0,24}(?:向|作)[^。]{0,30}(?:报告|审议)|请予?审议"
)
_TITLE = re.compile(r"[^，。；：！？]{0,30}(?:工作报告|述职报告|总结|讲话|汇报)$")
_COVER = re.compile(r"^[—\-－（(]{1,3}.{0,12}[年月].{0,30}(?:会议|大会|日)")
_ABOVE = re.compile(r"报告$|讲话$|文件|会议|大会|[年月][^，。]{0,4}日|[区市县镇乡]长|^[—（(]")
_LEVEL = re.compile(r"[我全本]([省市州县区旗乡镇村])")
_NAME = re.compile(
    rf"(?:平安|和谐|幸福|美丽|文明|法治|富裕|数字|生态|活力|富强|实力|魅力|繁荣|秀美|开放|诚信)([{HAN}]{{2}})"
    rf"|([{HAN}]{{2}})(?:人民|特色|精神|大地|儿女|的明天|的发展|科学发展|跨越发展|经济社会|经济发展|新篇章|新跨越|新形象)"
)
# Words that stand in the same places and name no place.
_NO_NAME = re.compile(
    "[我全本各][省市州县区乡镇村]|[和与及的了在是为以对各更不]|建设|发展|社会|经济|环境|稳定|家园|乡村|小康|校园|企业|城市|城镇|农村|农业|工业|文明|和谐|生态"
    "|指数|稳步|广大|群众|干部|促进|推动|统筹|引领|实现|加快|加强|保障|维护|创建|创业|创新|服务|庄园|小区|社区|家庭|机关|政府|国家|国民|区域|民营|产业|产品"
    "|文化|旅游|实力|活力|富强|民主|美丽|平安|富裕|法治|繁荣|开放|理念|程度|水平|局面|时代|中国|地方|特色|精神|奋斗|人民|转型|跨越|科学|绿色|循环|资源|安全"
    "|落实|丰富|显著|明显|日益|逐步|得到|取得|培育|提高|提升|树立|进一|力度|工作|会议|文件|优化|休闲|推进|效益|确保|管理|教育|品牌|公益|众性|主义|一批|一个|全会|代会|代表|乡镇|新城|八大|有关"
)


@dataclass(frozen=True, slots=True)
class Seam:
    """A boundary between two reports without a heading.

    Attributes
    ----------
    line : index of the line that starts the second report
    score : how many signs meet there, `CONVINCING` or more
    signs : their names, for the reason a person reads
    """

    line: int
    score: float
    signs: tuple[str, ...]

    @property
    def signs_of_end_and_start(self) -> bool:
        """Whether one report takes its leave there and another presents itself."""
        return {"closing formula", "opening formula"} <= set(self.signs)


def find_seams(text: str, lines: Sequence[Line], missing: int) -> list[Seam]:
    """Return up to `missing` seams inside a stretch of lines, in order.

    Parameters
    ----------
    text : the page
    lines : the lines between two headings of a series
    missing : how many headings the series lacks there
    """
    if missing < 1 or len(lines) < 4:
        return []
    first, last = lines[0][0], lines[-1][1]
    indented = [indent(text, line) > 0 for line in lines]
    usual_indent = sum(indented) > 0.1 * len(lines) + 2
    places = [
        i
        for i in range(1, len(lines))
        if lines[i][0] - first >= SHORTEST
        and last - lines[i][0] >= SHORTEST
        and (
            not ends_sentence(text, lines[i - 1])
            or (indented[i] and not usual_indent)
            or _CLOSING.search(text, *_tail(lines[i - 1]))
            or opening_weight(text, lines, i)
        )
    ]
    if not places:
        return []
    meetings = {i: meeting_pairs(text, lines[i - 1], lines[i]) for i in places}
    region = text[first:last]
    together = Together(region, {pair for pairs in meetings.values() for pair in pairs})
    levels = _Shares([(m.start(), m[1]) for m in _LEVEL.finditer(text, first, last)])
    names = _names(text, first, last)
    marks = [read_mark(text, *line) for line in lines]
    numbered = [m.ordinal if m is not None and m.style == "comma" else None for m in marks]
    restarts = _restarts(numbered)
    found: list[Seam] = []
    for i in places:
        signs: dict[str, float] = {}
        line, before = lines[i], lines[i - 1]
        ended = ends_sentence(text, before)
        head = text[line[0] : line[0] + 60]
        mark = marks[i - 1]
        if not ended and before[1] - before[0] >= 20 and (mark is None or mark.style in _PARAGRAPHS):
            signs["cut in mid-sentence"] = 1.5
            evidence = together.weight(meetings[i])
            if evidence > 0.3:
                signs["the page writes both ends together"] = -evidence
            if FRAGMENT.match(head):
                signs["the next line goes on"] = -2.0
        if NEW_SENTENCE.match(head):
            signs["a new start"] = 0.7
        if indented[i] and not usual_indent:
            signs["leading blank unlike its neighbours"] = 2.0
        if ended and _CLOSING.search(text, *_tail(before)):
            signs["closing formula"] = 1.7
        opening = opening_weight(text, lines, i)
        if opening:
            signs["opening formula"] = opening
        if restarts[i]:
            signs["numbering starts again"] = 1.0
        if levels.differ(line[0]):
            signs["another level of government"] = 2.0
        if _names_differ(names, line[0]):
            signs["another place"] = 2.0
        score = sum(signs.values())
        if score >= CONVINCING and not _STRUCTURAL.isdisjoint(signs):
            found.append(Seam(i, score, tuple(name for name, v in signs.items() if v > 0)))
    found = [_from_cover(text, lines, seam) for seam in found]
    chosen: list[Seam] = []
    for seam in sorted(found, key=lambda s: (-s.score, s.line)):
        if len(chosen) < missing and all(abs(lines[seam.line][0] - lines[c.line][0]) >= SHORTEST for c in chosen):
            chosen.append(seam)
    return sorted(chosen, key=lambda s: s.line)


def _from_cover(text: str, lines: Sequence[Line], seam: Seam) -> Seam:
    """Move a seam at an opening up to the cover lines above it: title, meeting, date."""
    i = seam.line
    while "opening formula" in seam.signs and i > 1:
        start, end = lines[i - 1]
        if end - start > 40 or not _ABOVE.search(text, start, end) or ends_sentence(text, lines[i - 1]):
            break
        i -= 1
    return Seam(i, seam.score, seam.signs)


def _tail(line: Line) -> Line:
    return max(line[0], line[1] - 30), line[1]


def opening_weight(text: str, lines: Sequence[Line], i: int) -> float:
    """Return how plainly a report opens at line i: a greeting, a title or cover, and the formula of presenting."""
    weight = 0.0
    for k in range(i, min(i + 6, len(lines))):
        start, end = lines[k]
        line = text[start : min(end, start + LONG)]
        if _OPENING.search(line):
            return weight + (2.5 if end - start <= LONG or k > i or _GREETING_START.match(line) else 0.0)
        if end - start > LONG:
            break
        if _GREETING.match(line):
            weight += 1.0
        elif end - start <= 40 and (_TITLE.fullmatch(line) or _COVER.match(line)):
            weight += 0.7
        elif k == i:
            return 0.0
    return weight if weight > 1.0 else 0.0


def _restarts(numbered: Sequence[int | None]) -> list[bool]:
    """Return for each line whether the last number before it was 2 or more and the next one is 1."""
    before: list[int] = []
    last = 0
    for number in numbered:
        before.append(last)
        last = number or last
    after, following = [0] * len(numbered), 0
    for i in range(len(numbered) - 1, -1, -1):
        following = numbered[i] or following
        after[i] = following
    return [b >= 2 and a == 1 for b, a in zip(before, after, strict=True)]


class _Shares:
    """Which of a few words rules on each side of a place."""

    def __init__(self, hits: Sequence[tuple[int, str]]) -> None:
        self._places = [at for at, _ in hits]
        self._words = sorted({word for _, word in hits})
        running = [0] * len(self._words)
        self._before: list[tuple[int, ...]] = [tuple(running)]
        for _, word in hits:
            running[self._words.index(word)] += 1
            self._before.append(tuple(running))

    def differ(self, place: int) -> bool:
        """Whether one word makes up most of the hits before `place`, and another most of those after it."""
        left = self._before[bisect_left(self._places, place)]
        right = [whole - part for whole, part in zip(self._before[-1], left, strict=True)]
        if sum(left) < 4 or sum(right) < 4:
            return False
        most_left, most_right = max(left), max(right)
        return (
            left.index(most_left) != right.index(most_right)
            and most_left >= 0.6 * sum(left)
            and most_right >= 0.6 * sum(right)
        )


def _names(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return (first place, last place) of the words that stand where a place names itself, and stand there often."""
    words = Counter(word for m in _NAME.finditer(text, start, end) if not _NO_NAME.search(word := m[1] or m[2]))
    likely = sorted(words.items(), key=lambda item: (-item[1], item[0]))[:20]
    return [
        (text.find(word, start, end), text.rfind(word, start, end))
        for word, count in likely
        if count >= 2 and text.count(word, start, end) >= 4
    ]


def _names_differ(names: Sequence[tuple[int, int]], place: int) -> bool:
    """Whether one such word stands only before `place` and another only after it."""
    return any(last < place for _, last in names) and any(first >= place for first, _ in names)
