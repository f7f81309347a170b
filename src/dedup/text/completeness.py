"""Is a text whole? Judged from its own words: formulae, sentences cut at the edges, numbering that jumps."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dedup.text.characters import CLOSERS, HAN, SENTENCE_ENDS
from dedup.text.marks import read_mark
from dedup.text.sentences import FRAGMENT

HEAD = 600
TAIL = 400

_OPENING = re.compile(
    r"我(?:谨|受[^。]{2,20})?代表[^。]{2,30}(?:向|作|报告)|请予?审议|各位(?:代表|委员|领导)|同志们|尊敬的|受[^。]{2,16}委托"
)
_CLOSING = re.compile(
    r"奋斗|谢谢|让我们|再创|新篇章|新局面|前进|新胜利|新辉煌|(?:祝|预祝)[^。]{2,20}|请[^。]{0,12}(?:指正|批评|审议)|自[^。]{2,16}起(?:施行|执行)"
)
_GOVERNMENT = re.compile(r"各位代表|政府工作|我[省市县区镇乡州](?!人)|全[省市县区镇乡州](?!人)")
_PLAIN_END = re.compile(rf"[{SENTENCE_ENDS}：:；;.][{re.escape(CLOSERS)}\"']*$|[）)》”\"'|]$|[0-9]日?$")
_BAD_START = re.compile(r"[，。；、：！？”’）》】,;:!?)\]%％]|[a-z]")
# Led by the line feed, which is rare; the figure before it is read only in a text that has such a place.
_DIGIT_AT_END = re.compile(rf"\n(?<=[0-9.]\n)[{HAN}]")
_CUT_NUMBER = re.compile(rf"[{HAN}][0-9]+(?:\.[0-9]*)?\n(?![0-9年月日万亿千百%％])[{HAN}]")


def completeness(text: str) -> str:
    """Return `full`, `no_head`, `no_tail`, `fragment` (neither head nor tail) or `hole` (a gap inside).

    Notes
    -----
    Formulae count only for texts that speak as a government report does; a law or an article is judged by its first
    and last sentence alone.
    """
    lines = text.split("\n")
    if not text:
        return "full"
    government = "各位代表" in text or sum(1 for _ in _GOVERNMENT.finditer(text[:20_000])) >= 4
    half = max(1, len(text) // 2)
    opened = _OPENING.search(text[: min(HEAD, half)]) is not None
    closed = _CLOSING.search(text[-min(TAIL, half) :]) is not None
    mark = read_mark(lines[0], 0, len(lines[0]))
    late = mark is not None and mark.style in ("comma", "bracket") and (mark.ordinal or 1) > 1
    no_head = bool(_BAD_START.match(text) or FRAGMENT.match(text)) or late
    no_tail = len(lines[-1]) > 12 and not _PLAIN_END.search(lines[-1])
    if government:
        no_head = no_head or not opened
        no_tail = no_tail or not closed
    if no_head or no_tail:
        return "fragment" if no_head and no_tail else "no_head" if no_head else "no_tail"
    cut = _DIGIT_AT_END.search(text) is not None and _CUT_NUMBER.search(text) is not None
    return "hole" if cut or _jumps(lines) else "full"


def _jumps(lines: Sequence[str]) -> bool:
    """Whether the numbering of headings leaves out a number: 一 is followed by 三, （一） by （六）."""
    last: dict[str, int] = {}
    for line in lines:
        mark = read_mark(line, 0, len(line))
        if mark is None or mark.ordinal is None or mark.style not in ("comma", "bracket") or not line:
            continue
        if mark.style == "comma":
            last.pop("bracket", None)
        before = last.get(mark.style)
        if before is not None and mark.ordinal > before + 1:
            return True
        last[mark.style] = mark.ordinal
    return False
