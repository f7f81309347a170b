"""Broken lines: which line ends are a wrap inside a sentence, and which part paragraphs, headings and list items.

A wrap is seldom certain from one sign, so signs are weighed: how the first line ends and the second begins, pairs left
open, the numbering around it, line lengths, and whether the page itself writes the two ends together elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.text.characters import BLANK_CHARACTERS, CLOSERS, DIGITS, HAN, LATIN, OPENERS, SENTENCE_ENDS, SMALL
from dedup.text.lines import Line
from dedup.text.marks import Mark, read_mark

_ENDED = re.compile(rf"(?:[{SENTENCE_ENDS}]|(?<![0-9])\.|[：:；;])[{re.escape(CLOSERS)}\"']*$")
_INNER = re.compile(rf"[。！？!?；](?=[^{re.escape(CLOSERS)}\s])|[a-z)]\.\s+[A-Z]")
_COMMA_END = re.compile(r"[，、,（(“‘《〈「『\[【/＋+\-－—–～~&·]$")
_COMMA_START = re.compile(r"[，、。；：！？”’」』）)》〉】\]%％‰,;:!?·]")
#: Words that govern what follows and cannot end a heading or a sentence.
_DANGLING = re.compile(
    r"(?:的|和|与|及|以及|或|并|在|对|对于|向|从|把|将|被|由|为|以|于|至|到|按|按照|根据|围绕|通过|经过|随着|关于|是|使|让|令|给|比|较|约|近|达|达到|超过|突破|"
    r"实现|实施|推进|推动|加强|强化|加快|完成|建设|促进|开展|落实|深入|大力|努力|全面|积极|着力|切实|进一步|不断|继续|坚持|抓好|做好|搞好|建成|建立|健全|完善|"
    r"增|新|其中|我们|他们|以下|第|每|各|该|这|那|一些|如|因|但|而|且|即|不|未|很|更|最|已|还|也|都|要|能|可|应|会|让我)$"
)
_DANGLING_LATIN = re.compile(
    r"(?:^|[\s(])(?i:the|a|an|of|to|in|on|at|by|for|from|with|and|or|but|as|that|which|who|is|are|was|were|be|been|has|have|had|will|would|can|may|its|their|our|this|these|than|into|per)$"
)
_FRAGMENT = re.compile(
    r"(?:的|了|着|过|们|性|化|率|等(?![级待候])|和(?!谐|平|睦|美)|与(?!会|时)|及(?!时|早)|以及|或(?!者说)|而(?!且)|之|者|地区|，)"
)
_NEW_SENTENCE = re.compile(
    r"(?:各位|同志们|今年|去年|明年|一年来|[一五]年来|过去|回顾|展望|当前|目前|今后|新的一年|现在|为此|同时|此外|另外|首先|其次|最后|总之|因此|我们|我[省市县区镇乡村]|"
    r"全[省市县区镇乡村]|坚持|坚决|继续|深入|大力|着力|积极|进一步|加强|加快|加大|突出|紧紧|紧扣|围绕|按照|根据|通过|认真|切实|全面|扎实|努力|是|(?:19|20)[0-9xX×]{2}年)"
)
_TITLE_END = re.compile(
    r"(?:报告|讲话|总结|汇报|发言|意见|方案|计划|办法|规定|条例|通知|公告|决定|目标|任务|措施|回顾|安排|情况)$"
)
_LATIN_WORD = re.compile(rf"[{LATIN}{DIGITS}]")
_WORD_END = re.compile(rf"[{LATIN}{DIGITS}.,;:!?)\]\"'’”%]$")
_WORD_START = re.compile(rf"[{LATIN}{DIGITS}(\[\"'‘“$€£]")
_HYPHEN = re.compile(rf"[{SMALL}]-$")
_SMALL_START = re.compile(rf"[{SMALL}]")
_HAN_ONE = re.compile(rf"[{HAN}]")
_UNIT_START = re.compile(
    r"[0-9.．%％‰]|[年月日万亿千百个家户人元吨亩公平立倍次件项名位所座条处台辆只头](?![^0-9]{0,1}[、])"
)
_COVER = re.compile(r"^[—\-－（(]*[^。，]{0,12}年[^。，]{0,16}在[^上。]*$")
_COVER_END = re.compile(r"(?:会议|大会|次会)上?[)）]?$")
_CLAUSE_ENDS = "，。；：！？、,;:!?\n\r”）)》 \u3000…—"
_CLAUSE_STARTS = "，。；：！？、,;:!?\n\r“（(《 \u3000…—"


@dataclass(frozen=True, slots=True)
class WrapStyle:
    """How a text was wrapped.

    Attributes
    ----------
    width : line length at which lines were broken, 0 when they were not broken at a fixed length
    indented : paragraphs start with blanks
    blank : paragraphs are parted by empty lines, lines inside them are not
    """

    width: int
    indented: bool
    blank: bool


def join_lines(text: str, lines: Sequence[Line]) -> list[str | None]:
    """Return for each line after the first what joins it to the line before: `""`, `" "`, or None for a break.

    Parameters
    ----------
    text : the page
    lines : the lines of one section that are kept, in order

    Returns
    -------
    list of length max(0, len(lines) - 1)
    """
    n = len(lines)
    if n < 2:
        return []
    style = wrap_style(text, lines)
    marks = [read_mark(text, start, end) for start, end in lines]
    real = _numbering(marks)
    open_ends = [
        i
        for i in range(n - 1)
        if style.width or not _ENDED.search(text, lines[i][0], lines[i][1]) or _COMMA_START.match(text, *lines[i + 1])
    ]
    grams = _Grams(text, lines, open_ends)
    joins: list[str | None] = [None] * (n - 1)
    for order, i in enumerate(open_ends):
        if _broken(text, lines, i, marks, real, style, grams, order):
            joins[i] = _separator(text, lines[i], lines[i + 1], style)
    return joins


def _broken(
    text: str,
    lines: Sequence[Line],
    i: int,
    marks: Sequence[Mark | None],
    real: Sequence[bool],
    style: WrapStyle,
    grams: _Grams,
    order: int,
) -> bool:
    """Whether the end of line i is a wrap."""
    (start, end), (b_start, b_end) = lines[i], lines[i + 1]
    if _COMMA_START.match(text, b_start, b_end) and not (marks[i + 1] and real[i + 1]):
        return True
    ended = bool(_ENDED.search(text, start, end))
    gap = text[end:b_start]
    breaks = gap.count("\n") or gap.count("\r") or 1
    indent = len(gap) - len(gap.rstrip(BLANK_CHARACTERS))
    marked = marks[i + 1] is not None and real[i + 1]
    if style.width:
        full = _full(text, lines[i], lines[i + 1], style.width)
        if style.blank and breaks > 1:
            return False
        if style.indented and indent:
            return False
        if marked:
            return False
        if full and (not ended or style.indented or style.blank):
            return True
        if ended or not full and (style.indented or style.blank):
            return False
    elif ended:
        return False
    return _score(text, lines, i, marks, marked, grams, order) > 0


def _score(
    text: str,
    lines: Sequence[Line],
    i: int,
    marks: Sequence[Mark | None],
    marked: bool,
    grams: _Grams,
    order: int,
) -> float:
    """Weigh what speaks for a wrap between two lines of which the first ends without the end of a sentence."""
    (start, end), (b_start, b_end) = lines[i], lines[i + 1]
    length = end - start
    tail = text[max(start, end - 80) : end]
    head = text[b_start : min(b_end, b_start + 80)]
    led = marks[i] is not None
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
    commas = tail.count("，") + tail.count("、") + tail.count(", ")
    if led and length <= 45 and not inner:
        score -= 2.5
    elif commas:
        score += 0.7 if commas == 1 else 1.5
    elif not inner and length < 45:
        score -= 1.5
    if _COMMA_END.search(tail):
        score += 4.0
    elif _DANGLING.search(tail) or _DANGLING_LATIN.search(tail):
        score += 1.5
    score += _open_pair(tail, head)
    if _FRAGMENT.match(head):
        score += 1.5
    elif _NEW_SENTENCE.match(head):
        score -= 0.8
    last, first = tail[-1], head[0]
    if last in "0123456789" and _UNIT_START.match(head):
        score += 3.0
    if _SMALL_START.match(head) and _LATIN_WORD.match(last):
        score += 2.5
    elif _LATIN_WORD.match(last) and "A" <= first <= "Z" and not inner:
        score -= 1.0
    if _TITLE_END.search(tail):
        score -= 1.0
    if _COVER.search(tail) and _COVER_END.search(head):
        score += 5.0
    if _HAN_ONE.match(last) and _HAN_ONE.match(first):
        score += grams.evidence(order, last, head)
    if marked:
        # After a sentence that was plainly cut a real list mark still starts its own line.
        score -= 4.0
    return score


def _open_pair(tail: str, head: str) -> float:
    """Return how strongly a pair that is open at the end of the line says that the next line goes on."""
    for opener, closer in zip(OPENERS, CLOSERS, strict=True):
        at = tail.rfind(opener)
        if at >= 0 and tail.find(closer, at) < 0:
            other = head.find(closer)
            return 3.0 if other >= 0 and head.rfind(opener, 0, other) < 0 else 0.5
    return 0.0


def _full(text: str, line: Line, following: Line, width: int) -> bool:
    """Whether the first word of the next line would not have fitted on this one."""
    length = line[1] - line[0]
    first = text[following[0]]
    if not _LATIN_WORD.match(first):
        return length >= width - 3
    word = following[0]
    stop = min(following[1], following[0] + 40)
    while word < stop and text[word] not in BLANK_CHARACTERS:
        word += 1
    return length + 1 + word - following[0] > width


def _separator(text: str, line: Line, following: Line, style: WrapStyle) -> str:
    """Return what stood between two words before the wrap: a blank between Latin words, nothing between Hanzi."""
    tail = text[max(line[0], line[1] - 3) : line[1]]
    head = text[following[0] : following[0] + 1]
    if _HYPHEN.search(tail) and _SMALL_START.match(head):
        return ""
    if tail[-1] in "0123456789" and head in "0123456789":
        return ""
    return " " if _WORD_END.search(tail) and _WORD_START.match(head) and not _HAN_ONE.search(tail) else ""


def wrap_style(text: str, lines: Sequence[Line]) -> WrapStyle:
    """Find out whether a text was wrapped at a fixed length, and how its paragraphs are told apart."""
    n = len(lines)
    if n < 6:
        return WrapStyle(0, False, False)
    lengths = np.fromiter((end - start for start, end in lines), dtype=np.int64, count=n)
    width = int(np.percentile(lengths, 96))
    if not 16 <= width <= 130 or int(np.percentile(lengths, 99)) > 1.35 * width + 4:
        return WrapStyle(0, False, False)
    open_full = full = blank_gaps = plain_gaps = indents = blank_open = 0
    for i in range(n - 1):
        gap = text[lines[i][1] : lines[i + 1][0]]
        is_full = _full(text, lines[i], lines[i + 1], width)
        ended = _ENDED.search(text, lines[i][0], lines[i][1]) is not None
        breaks = gap.count("\n") or 1
        blank_gaps += breaks > 1
        plain_gaps += breaks == 1
        blank_open += breaks > 1 and not ended and is_full
        indents += len(gap) - len(gap.rstrip(BLANK_CHARACTERS)) > 0
        full += is_full
        open_full += is_full and not ended
    # Most lines reach the margin, and most of those stop in mid-sentence: nobody writes paragraphs like that.
    if full < 0.4 * (n - 1) or open_full < 0.5 * full:
        return WrapStyle(0, False, False)
    blank = blank_gaps > 0 and plain_gaps > blank_gaps and blank_open <= 0.2 * blank_gaps
    return WrapStyle(width, 0 < indents < 0.7 * (n - 1), blank)


def _numbering(marks: Sequence[Mark | None]) -> list[bool]:
    """Tell real marks from text that looks like one: a numbered mark must fit into its own sequence.

    `一、附加值低` after `…工业企业结构单` is no heading: the section counts 一、 二、 三、 elsewhere.
    """
    real = [mark is not None for mark in marks]
    by_style: dict[str, list[int]] = {}
    for i, mark in enumerate(marks):
        if mark is not None and mark.ordinal is not None:
            by_style.setdefault(mark.style, []).append(i)
    for places in by_style.values():
        ordinals = [marks[i].ordinal or 0 for i in places]  # type: ignore[union-attr]
        for k, i in enumerate(places):
            value = ordinals[k]
            before = ordinals[k - 1] if k else 0
            after = ordinals[k + 1] if k + 1 < len(ordinals) else None
            follows = value == before + 1 or (value == 1 and before != 1)
            # 1 again between 1 and 2, or a number that neither follows nor is followed.
            led = after is not None and after == value + 1
            if value == 1 and before == 1:
                real[i] = False
            elif value == 1 and after is not None and after != 2 and after != 1 and k:
                real[i] = False
            elif not follows and not led and len(places) > 1:
                real[i] = False
            elif value == 1 and before and led and k >= 1 and before + 1 == after and before == 1:
                real[i] = False
    return real


class _Grams:
    """How often the page writes the two ends of a line break together, and how those ends stand elsewhere."""

    def __init__(self, text: str, lines: Sequence[Line], places: Sequence[int]) -> None:
        self._text = text
        self._ends: list[str] = []
        wanted: set[int] = set()
        self._pairs: list[tuple[int, int, int]] = []
        for i in places:
            (start, end), (b_start, b_end) = lines[i], lines[i + 1]
            tail, head = text[max(start, end - 2) : end], text[b_start : min(b_end, b_start + 2)]
            pairs = (
                _code(tail) if len(tail) == 2 else 0,
                _code(tail[-1] + head[0]),
                _code(head) if len(head) == 2 else 0,
            )
            self._pairs.append(pairs)
            self._ends.append(tail)
            wanted.update(pairs)
        self._places: dict[int, list[int]] = {}
        wanted.discard(0)
        if wanted and len(text) > 2:
            self._places = _find_pairs(text, np.array(sorted(wanted), dtype=np.uint64))

    def evidence(self, order: int, last: str, head: str) -> float:
        """Return the weight of what the page writes elsewhere for the boundary number `order`."""
        text = self._text
        tail_code, bridge, head_code = self._pairs[order]
        score = 0.0
        tails = self._places.get(tail_code, ())
        bridges = self._places.get(bridge, ())
        heads = self._places.get(head_code, ())
        two = head[:2]
        four = sum(text.startswith(two, p + 2) for p in tails)
        three = sum(text.startswith(head[0], p + 2) for p in tails) + sum(
            text.startswith(head[1:2], p + 2) for p in bridges if len(head) > 1
        )
        if four:
            score += 2.5
        elif three:
            score += 1.2
        elif bridges:
            score += 0.4 if len(bridges) < 3 else 0.8
        if len(tails) >= 4:
            final = sum(text[p + 2 : p + 3] in _CLAUSE_ENDS for p in tails) / len(tails)
            score += 0.8 if final <= 0.35 else -0.8 if final >= 0.75 else 0.0
        if len(heads) >= 4:
            initial = sum(text[p - 1 : p] in _CLAUSE_STARTS for p in heads) / len(heads)
            score += 0.8 if initial <= 0.25 else -0.8 if initial >= 0.7 else 0.0
        return score


#: Occurrences of a pair that are looked at; keeps the work linear on a text that repeats two characters.
_MOST = 100


def _code(pair: str) -> int:
    return ord(pair[0]) << 21 | ord(pair[1])


def _find_pairs(text: str, wanted: NDArray[np.uint64]) -> dict[int, list[int]]:
    """Return the first places of each wanted character pair in `text`."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    codes = points[:-1] << np.uint64(21) | points[1:]
    slots = np.minimum(np.searchsorted(wanted, codes), wanted.size - 1)
    hits = np.flatnonzero(wanted[slots] == codes)
    owners = slots[hits]
    order = np.argsort(owners, kind="stable")
    hits, owners = hits[order], owners[order]
    cuts = np.searchsorted(owners, np.arange(wanted.size + 1))
    return {
        int(code): hits[a : min(b, a + _MOST)].tolist()
        for code, a, b in zip(wanted.tolist(), cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)
    }
