"""Broken lines: which line ends are a wrap inside a sentence, and which part paragraphs, headings and list items.

A wrap is seldom certain from one sign, so signs are weighed: how the first line ends and the second begins, pairs left
open, the numbering around it, line lengths, and whether the page itself writes the two ends together elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dedup.text.characters import BLANKS, CLOSERS, DIGITS, HAN, LATIN, OPENERS, SMALL
from dedup.text.lines import Line, indent
from dedup.text.marks import Mark, fits_numbering, read_mark
from dedup.text.sentences import FRAGMENT, NEW_SENTENCE, ends_sentence
from dedup.text.together import Together, meeting_pairs
from dedup.text.wrapping import WrapStyle, is_full, wrap_style

_INNER = re.compile(rf"[。！？!?；;](?=[^{re.escape(CLOSERS)}{BLANKS}\n])|[a-z)]\.[{BLANKS}]+[A-Z]")
_COMMA_END = re.compile(r"[，、,（(“‘《〈「『\[【/＋+\-－—–～~&·]$")
#: What cannot start a line of its own.
_COMMA_STARTS = frozenset("，、。；：！？”’」』）)》〉】]%％‰,;:!?·")
#: Words that govern what follows and cannot end a heading or a sentence.
_DANGLING = re.compile(
    r"(?:的|和|与|及|以及|或|并|在|对|对于|向|从|把|将|被|由|为|以|于|至|到|按|按照|根据|围绕|通过|经过|随着|关于|是|使|让|令|给|比|较|约|近|达|达到|超过|突破|"
    r"实现|实施|推进|推动|加强|强化|加快|完成|建设|促进|开展|落实|深入|大力|努力|全面|积极|着力|切实|进一步|不断|继续|坚持|抓好|做好|搞好|建成|建立|健全|完善|"
    r"增|新|其中|我们|他们|以下|第|每|各|该|这|那|一些|如|因|但|而|且|即|不|未|很|更|最|已|还|也|都|要|能|可|应|会|让我)$"
)
_DANGLING_LATIN = re.compile(
    rf"(?:^|[{BLANKS}(])(?i:the|a|an|of|to|in|on|at|by|for|from|with|and|or|but|as|that|which"
    r"|who|is|are|was|were|be|been|has|have|had|will|would|can|may|its|their|our|this|these|than|into|per)$"
)
_TITLE_END = re.compile(
    r"(?:报告|讲话|总结|汇报|发言|意见|方案|计划|办法|规定|条例|通知|公告|决定|目标|任务|措施|回顾|安排|情况)$"
)
_LATIN_WORD = re.compile(rf"[{LATIN}{DIGITS}]")
_WORD_END = re.compile(rf"[{LATIN}{DIGITS}.,;:!?)\]\"'’”%]$")
_WORD_START = re.compile(rf"[{LATIN}{DIGITS}(\[\"'‘“$€£]")
_LATIN_LETTER = re.compile(rf"[{LATIN}]")
_HYPHEN = re.compile(rf"[{SMALL}]-$")
_SMALL_START = re.compile(rf"[{SMALL}]")
_HAN_ONE = re.compile(rf"[{HAN}]")
_UNIT_START = re.compile(
    r"[0-9.．,%％‰～~—\-]|(?:[年月日时万亿千百多余个家户人元吨亩公平立倍次件项名位所座条处台辆只头批级类期届号线型版部章节代岁周季点分秒度米克升斤顷"
    r"艘架套间栋层段片块株棵尾箱组支队场起宗例门种里至到]|左右|以上|以下|以内|平方|立方|世纪)(?!入|回|到位)"
)
_DATE_START = re.compile(r"(?:根据)?[（(]?(?:19|20)[0-9]{2}年[0-9]{1,2}月")
_ENACTED = re.compile(
    r"(?:根据)?[（(]?(?:19|20)[0-9]{2}年[^。，]{4,160}(?:通过|修正|修订|公布|施行|批准|发布|实施)[）)]?$"
)
_BEFORE_DATE = re.compile(r"(?:在|于|自|从|至|到|和|与|及|经|由|根据|依照|按照|[，、（(])$")
_COVER = re.compile(r"^[—\-－（(]*[^。，]{0,12}年[^。，]{0,16}在[^上。]*$")
_COVER_END = re.compile(r"(?:会议|大会|次会)上?[)）]?$")

_NUMBER_END = re.compile(r"[0-9][.,]?$")
_LAST_WORD = re.compile(rf"[{LATIN}]+-$")
_FIRST_WORD = re.compile(rf"[{LATIN}]+")

#: How a line is joined to the one before, see `join_lines`.
Join = Literal["", " ", "-"]


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The line ends of a section that may be wraps, before it is known what the page writes together elsewhere.

    Attributes
    ----------
    lines : the kept lines of the section
    style : how it was wrapped
    marks : mark at the start of each line
    real : whether that mark fits into its own numbering
    habits : for each style of mark ("" for none), how many lines it starts and how many of them end as sentences
    places : index i of each line whose end may be a wrap
    pairs : for each place the last two characters, the two that meet, the first two of the next line
    """

    lines: Sequence[Line]
    style: WrapStyle
    marks: Sequence[Mark | None]
    real: Sequence[bool]
    habits: Mapping[str, tuple[int, int]]
    places: Sequence[int]
    pairs: Sequence[tuple[str, str, str]]


def find_boundaries(text: str, lines: Sequence[Line]) -> Boundaries:
    """Return the line ends of a section that may be wraps.

    Parameters
    ----------
    text : the page
    lines : the lines of one section that are kept, in order
    """
    ended = [ends_sentence(text, line) for line in lines]
    style = wrap_style(text, lines, ended)
    marks = [read_mark(text, start, end) for start, end in lines]
    habits: dict[str, tuple[int, int]] = {}
    for mark, end in zip(marks, ended, strict=True):
        name = mark.style if mark is not None else ""
        n, n_ended = habits.get(name, (0, 0))
        habits[name] = n + 1, n_ended + end
    places = [i for i in range(len(lines) - 1) if style.width or not ended[i] or text[lines[i + 1][0]] in _COMMA_STARTS]
    pairs = [meeting_pairs(text, lines[i], lines[i + 1]) for i in places]
    return Boundaries(lines, style, marks, fits_numbering(marks), habits, places, pairs)


def join_lines(text: str, boundaries: Boundaries, together: Together) -> list[Join | None]:
    """Return for each line after the first what joins it to the line before, None for a break.

    `""` joins as it is, `" "` with a blank, `"-"` after taking away the hyphen at the end of the line before.

    Parameters
    ----------
    text : the page
    boundaries : of one of its sections
    together : what the page writes together, asked for the pairs of the boundaries

    Returns
    -------
    list of length max(0, number of lines - 1)
    """
    lines = boundaries.lines
    joins: list[Join | None] = [None] * max(0, len(lines) - 1)
    for i, pairs in zip(boundaries.places, boundaries.pairs, strict=True):
        if _broken(text, boundaries, i, pairs, together):
            joins[i] = _separator(text, lines[i], lines[i + 1], boundaries.style, together)
    return joins


def _broken(text: str, boundaries: Boundaries, i: int, pairs: tuple[str, str, str], together: Together) -> bool:
    """Whether the end of line i is a wrap."""
    lines, style = boundaries.lines, boundaries.style
    end, b_start = lines[i][1], lines[i + 1][0]
    marked = boundaries.marks[i + 1] is not None and boundaries.real[i + 1]
    if not marked and text[lines[i + 1][0]] in _COMMA_STARTS:
        return True
    ended = ends_sentence(text, lines[i])
    gap = text[end:b_start]
    breaks = gap.count("\n") or gap.count("\r") or 1
    if style.width:
        full = is_full(text, lines[i], lines[i + 1], style.width)
        if style.blank and breaks > 1:
            return False
        if style.indented and indent(text, lines[i + 1]):
            return False
        # Where blanks or empty lines part paragraphs, `三是` at a line start is an accident of the wrap.
        mark = boundaries.marks[i + 1]
        told = style.blank or style.indented
        if marked and mark is not None and not (told and full and mark.style in ("is", "first", "speech")):
            return False
        if full and (not ended or told):
            return True
        if ended or (not full and told):
            return False
    elif ended:
        return False
    return _score(text, boundaries, i, marked, pairs, together) > 0


def _score(
    text: str, boundaries: Boundaries, i: int, marked: bool, pairs: tuple[str, str, str], together: Together
) -> float:
    """Weigh what speaks for a wrap between two lines of which the first ends without the end of a sentence."""
    (start, end), (b_start, b_end) = boundaries.lines[i], boundaries.lines[i + 1]
    if is_row(text, (start, end)) or is_row(text, (b_start, b_end)):
        return -9.0
    if not _HAN_ONE.search(text, max(start, end - 20), end) or not _HAN_ONE.search(
        text, b_start, min(b_end, b_start + 20)
    ):
        return _score_latin(text, boundaries, i, marked)
    length = end - start
    tail = text[max(start, end - 80) : end]
    head = text[b_start : min(b_end, b_start + 80)]
    mark = boundaries.marks[i]
    # An address or a joining word starts a sentence; the other marks may start headings.
    led = mark is not None and mark.style not in ("speech", "first")
    inner = bool(_INNER.search(text, max(start, end - 400), end))
    score = -1.0
    if inner:
        score += 3.0 if not (led and length <= 40) else 1.5
    if length >= 45:
        score += 2.0
    elif length >= 30:
        score += 0.7
    elif length <= 14:
        score -= 1.0
    commas = tail.count("，") + tail.count("、") + tail.count(",")
    n_alike, n_ended = boundaries.habits[mark.style if mark is not None else ""]
    if led and n_alike >= 4 and n_ended >= 0.7 * n_alike:
        # Where such marks start paragraphs (第八条 …), a line without an end is a cut one.
        score += 2.0 if length >= 20 else 1.0
    elif led and length <= 45 and not inner:
        score -= 2.5
    elif commas:
        score += 0.7 if commas == 1 else 1.5
    elif not led and n_alike >= 8 and n_ended >= 0.75 * n_alike and length >= 15:
        score += 0.3
    elif not inner and length < 45:
        score -= 1.5
    if _COMMA_END.search(tail):
        score += 4.0
    elif _DANGLING.search(tail) or _DANGLING_LATIN.search(tail):
        score += 1.5
    score += _open_pair(tail, head)
    if _DATE_START.match(head) and not _BEFORE_DATE.search(tail):
        # Lines of enactment and amendment: each starts with its own date.
        score -= 4.0
    if _ENACTED.match(text, start, end):
        score -= 4.0
    if "#" in text[max(0, start - 3) : start]:
        score -= 4.0
    if FRAGMENT.match(head):
        score += 1.5
    elif NEW_SENTENCE.match(head):
        score -= 0.8
    last, first = tail[-1], head[0]
    if last in "0123456789":
        # A number cut in two is worse than a line too many: only what can continue a number joins it.
        score += 3.0 if _UNIT_START.match(head) else -4.0
    if _TITLE_END.search(tail):
        score -= 1.0
    if _COVER.search(tail) and _COVER_END.search(head):
        score += 5.0
    if _HAN_ONE.match(last) and _HAN_ONE.match(first):
        score += together.weight(pairs)
    if boundaries.marks[i + 1] is not None and not marked:
        # What looks like a number of a heading and fits into no numbering is the middle of a sentence.
        score += 1.5
    elif first in "（(" and not marked:
        score += 1.5
    if marked:
        # After a sentence that was plainly cut a real list mark still starts its own line.
        score -= 4.0
    return score


def _score_latin(text: str, boundaries: Boundaries, i: int, marked: bool) -> float:
    """Weigh a line end between words that are parted by blanks: small letters go on, capitals and figures start."""
    (start, end), (b_start, b_end) = boundaries.lines[i], boundaries.lines[i + 1]
    tail, head = text[max(start, end - 80) : end], text[b_start : min(b_end, b_start + 80)]
    small = bool(_SMALL_START.match(head))
    score = -2.5
    if _HYPHEN.search(tail) and small:
        score += 4.0
    if small and _LATIN_LETTER.match(tail[-1]):
        score += 3.5 if end - start >= 40 else 2.0 if end - start >= 20 else 0.0
    if _COMMA_END.search(tail):
        score += 3.0 if small else 0.5
    if _DANGLING_LATIN.search(tail):
        score += 2.0
    score += min(2.0, _open_pair(tail, head))
    if boundaries.marks[i] is not None:
        score -= 0.5
    return score - (4.0 if marked else 0.0)


def is_row(text: str, line: Line) -> bool:
    """Whether a line is a row of a table (cells parted by bars or tabs), or a tag of one."""
    start, end = line
    return (
        text.find("\t", start, end) >= 0
        or text.startswith(("|", "<"), start)
        or text.endswith(("|", ">"), start, end)
        or text.count("|", start, end) >= 2
    )


def _open_pair(tail: str, head: str) -> float:
    """Return how strongly a pair that is open at the end of the line says that the next line goes on."""
    for opener, closer in zip(OPENERS, CLOSERS, strict=True):
        at = tail.rfind(opener)
        if at >= 0 and tail.find(closer, at) < 0:
            other = head.find(closer)
            return 3.0 if other >= 0 and head.rfind(opener, 0, other) < 0 else 0.5
    return 0.0


def _separator(text: str, line: Line, following: Line, style: WrapStyle, together: Together) -> Join:
    """Return what stood between two words before the wrap: a blank between Latin words, nothing between Hanzi."""
    tail = text[max(line[0], line[1] - 40) : line[1]]
    head = text[following[0] : min(following[1], following[0] + 40)]
    if _HYPHEN.search(tail) and _SMALL_START.match(head):
        first, second = _LAST_WORD.search(tail), _FIRST_WORD.match(head)
        if first is None or second is None:
            return ""
        # `well-` + `known` keeps its hyphen, `develop-` + `ment` does not: the page knows which of them is a word.
        if f"{first[0]}{second[0]}" in together.words:
            return ""
        return "-" if style.width or first[0][:-1] + second[0] in together.words else ""
    if _NUMBER_END.search(tail) and head[0] in "0123456789":
        return ""
    return " " if _WORD_END.search(tail) and _WORD_START.match(head) and not _HAN_ONE.search(tail[-3:]) else ""
