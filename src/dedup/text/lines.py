"""Lines of a page with their offsets: the unit in which headings, site noise and wraps are judged."""

from __future__ import annotations

import re

from dedup.text.characters import BLANK_CHARACTERS, BLANKS, HAN, NEWLINES, SENTENCE_ENDS

#: (start, end) of a line without the blanks around it; never empty.
Line = tuple[int, int]

# Skipping blanks and line ends inside the regex engine keeps a page of a million empty lines cheap.
_LINE = re.compile(rf"[^{BLANKS}{NEWLINES}][^{NEWLINES}]*")
# Led by one class of characters, which lets the engine skip text fast: two or more blanks, or one behind a sentence.
_WIDE = re.compile(rf"[\u3000\u00a0 \t](?:[\u3000\u00a0 \t]+|(?<=[{SENTENCE_ENDS}”][\u3000 ]))")
_HAN = re.compile(rf"[{HAN}]")
#: Lines up to this length are not looked into for paragraphs that are separated by blanks only.
LONG_LINE = 200


def split_lines(text: str, start: int = 0, end: int | None = None) -> list[Line]:
    """Return the non-blank lines of text[start:end], paragraphs inside one-line pages apart.

    Pages that lost their line ends separate paragraphs by two ideographic spaces (or a run of other blanks); a long
    line is cut there when such a run follows the end of a sentence at least once.
    """
    lines: list[Line] = []
    stop = len(text) if end is None else end
    for match in _LINE.finditer(text, start, stop):
        first = match.start()
        last = first + len(match.group().rstrip(BLANK_CHARACTERS))
        if last - first > LONG_LINE:
            lines.extend(_paragraphs(text, first, last))
        else:
            lines.append((first, last))
    return lines


def indent(text: str, line: Line) -> int:
    """Return how many blanks stand before a line, as far as sixteen."""
    head = text[max(0, line[0] - 16) : line[0]]
    return len(head) - len(head.rstrip(BLANK_CHARACTERS))


def _paragraphs(text: str, start: int, end: int) -> list[Line]:
    """Cut a long line at runs of blanks that separate paragraphs."""
    if all(text.find(blank, start, end) < 0 for blank in " \u3000\t\u00a0"):
        return [(start, end)]
    gaps: list[tuple[int, int]] = []
    after_sentence = single = 0
    for match in _WIDE.finditer(text, start, end):
        first, last = match.span()
        ends = text[first - 1] in SENTENCE_ENDS or text[first - 1] in "”："
        if last - first == 1:
            single += 1
        elif not ends and not _separates(text, first, last, start, end):
            continue
        after_sentence += ends
        gaps.append((first, last))
    wide = [gap for gap in gaps if gap[1] - gap[0] > 1]
    # A lone blank after a full stop is ordinary typing; in a page-long line without other breaks it is all there is.
    if not wide and (single < 3 or end - start < 5 * LONG_LINE):
        return [(start, end)]
    if not after_sentence:
        return [(start, end)]
    lines, position = [], start
    for first, last in wide or gaps:
        if first > position:
            lines.append((position, first))
        position = last
    if end > position:
        lines.append((position, end))
    return lines


def _separates(text: str, first: int, last: int, start: int, end: int) -> bool:
    """Whether the run of blanks is wide enough, and not the spread of a two-character word (`姓　　名`)."""
    run = text[first:last]
    if not ("\u3000\u3000" in run or "\u00a0\u00a0" in run or "\t" in run or len(run) >= 4):
        return False
    before = text[max(start, first - 2) : first]
    after = text[last : min(end, last + 2)]
    lone_before = len(_HAN.findall(before)) == 1 and (len(before) == 1 or before[0] in BLANK_CHARACTERS)
    lone_after = len(_HAN.findall(after)) == 1 and (len(after) == 1 or after[1] in BLANK_CHARACTERS + "：:")
    return not (lone_before or lone_after)
