"""Where a page is cut: at headings, at seams of missing headings, before appendices and before its footer."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dedup.text.boilerplate import find_noise, line_noise
from dedup.text.candidates import Heading
from dedup.text.characters import BLANK_CHARACTERS, BLANKS, NEWLINES
from dedup.text.headings import expected_count, find_headings
from dedup.text.junk import junk_reason
from dedup.text.lines import Line, indent, split_lines
from dedup.text.seams import SHORTEST, find_seams, opening_weight

#: A lead of this length that speaks like a report is one whose heading was lost; intros are shorter.
LONG_LEAD = 800
#: Words of reports that such a lead holds at least.
LEAD_WORDS = 12
#: More missing headings than this are a misread ordinal.
MOST_MISSING = 8
#: Lines at the end of a page among which its footer is looked for.
FOOTER_LINES = 60

_REPORT_WORDS = re.compile(r"[我全][省市县区镇乡州]|发展|建设|各位代表|增长|工作")
_MARKS = BLANK_CHARACTERS + "#*＊"
_APPENDIX = re.compile(
    rf"[#*＊{BLANKS}【（(]*"
    rf"(?:附[件录表]?[一二三四五六七八九十0-9]{{0,2}}[:：]?[{BLANKS}]*)?"
    r"(?:《?[^，。；\n]{0,14}(?:报告|文件)》?(?:中|的|有关|部分|若干|相关){0,3})?"
    r"(?:(?:有关|部分|相关|若干)?(?:名词|术语|用语|专有名词)(?:和用语)?(?:解释|注释|说明|释义)"
    r"|注释|附[件录表][一二三四五六七八九十0-9]{0,2}[:：]?)"
    rf"[】）)*＊:：{BLANKS}]*"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A span of a page with what is known of it before it is cleaned.

    Attributes
    ----------
    start, end : span in the page; the parts of a page tile it
    title : its heading; of a report without one the title of the page
    kind : `report` (still to be judged), `preamble`, `appendix`, `footer` or `promo`
    reason : why it was cut there, where no heading says so
    lines : its lines without the heading
    """

    start: int
    end: int
    title: str
    kind: str
    reason: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class _Cut:
    """A place where a part starts, and where its body does."""

    start: int
    body: int
    title: str
    kind: str = "report"
    reason: str = ""
    ordinal: int = 0


class _Page:
    """A page with its lines, of which stretches can be asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = split_lines(text)
        self._starts = [start for start, _ in self.lines]

    def between(self, start: int, end: int) -> list[Line]:
        """Return the lines of text[start:end]; a line that a cut divides is divided."""
        low, high = bisect_left(self._starts, start), bisect_left(self._starts, end)
        inside = self.lines[low:high]
        if low and self.lines[low - 1][1] > start:
            inside = [*split_lines(self.text, start, min(end, self.lines[low - 1][1])), *inside]
        if inside and inside[-1][1] > end:
            inside = [*inside[:-1], *split_lines(self.text, inside[-1][0], end)]
        return inside


def cut_page(text: str, title: str, *, split: bool) -> list[Part]:
    """Cut a page into parts that tile it.

    Parameters
    ----------
    text : the page
    title : its title, '' when it is not known; reports without a heading take it
    split : look for the headings of several reports
    """
    page = _Page(text)
    headings = find_headings(text, page.lines, title) if split else []
    cuts = [_Cut(h.start, h.end, h.title, ordinal=h.ordinal) for h in headings]
    if headings:
        if headings[0].start > 0:
            cuts = [*_lead(page, headings[0], title), *cuts]
        cuts = _with_seams(page, cuts, expected_count(text, headings[0].start, title), title)
        cuts = _with_appendices(page, cuts)
    else:
        cuts = [_Cut(0, 0, title)]
    foot = _footer(page)
    if foot is not None and not headings and junk_reason(text[: foot.start], len(text), 0) is not None:
        foot = None  # a menu to its last line
    if foot is not None and foot.start > cuts[-1].body:
        cuts.append(foot)
    ends = [cut.start for cut in cuts[1:]] + [len(text)]
    return [
        Part(cut.start, end, cut.title, cut.kind, cut.reason, page.between(cut.body, end))
        for cut, end in zip(cuts, ends, strict=True)
    ]


def _lead(page: _Page, first: Heading, title: str) -> list[_Cut]:
    """Return the cuts before the first heading: an intro of the site, a report that lost its heading, or both."""
    preamble = _Cut(0, 0, "", "preamble", "before the first heading")
    words = sum(1 for _ in _REPORT_WORDS.finditer(page.text, 0, first.start))
    if first.ordinal < 2 and (first.start < LONG_LEAD or words < LEAD_WORDS):
        return [preamble]
    lines = page.between(0, first.start)
    for i, (start, end) in enumerate(lines):
        rest = first.start - start
        if rest < SHORTEST:
            break
        opens = opening_weight(page.text, lines, i) >= 2.5
        runs = rest >= LONG_LEAD and words >= LEAD_WORDS and end - start > 60
        if opens or (runs and line_noise(page.text[start:end]) is None):
            reason = "the page starts inside a report"
            if not page.text[:start].strip(BLANK_CHARACTERS + NEWLINES):
                return [_Cut(0, 0, title, "report", reason)]
            return [preamble, _Cut(start, start, title, "report", reason)]
    return [preamble]


def _with_seams(page: _Page, cuts: Sequence[_Cut], expected: int | None, title: str) -> list[_Cut]:
    """Add the cuts where the series of headings says that one is missing."""
    out: list[_Cut] = []
    end = _Cut(len(page.text), len(page.text), "", ordinal=(expected or 0) + 1)
    for cut, following in pairwise([*cuts, end]):
        out.append(cut)
        missing = following.ordinal - cut.ordinal - 1
        if cut.ordinal == 0:
            missing -= 1  # the lead is one of them itself
        if following is end:
            # A title may count what the page lost altogether; without one nothing but formulae is believed.
            missing = 1 if expected is None else min(missing, 2)
        if cut.kind != "report" or following.kind != "report" or not 0 < missing <= MOST_MISSING:
            continue
        inside = page.between(cut.body, following.start)
        for seam in find_seams(page.text, inside, missing):
            if following is end and expected is None and not seam.signs_of_end_and_start:
                continue
            line = inside[seam.line]
            # Blanks before the line are what is left of the heading, if anything is.
            start = max(line[0] - indent(page.text, line), cut.body)
            out.append(_Cut(start, start, title, reason=", ".join(seam.signs)))
    return out


def _with_appendices(page: _Page, cuts: Sequence[_Cut]) -> list[_Cut]:
    """Add cuts where the glossary or an annex of a report starts, behind the report."""
    out: list[_Cut] = []
    for cut, end in zip(cuts, [c.start for c in cuts[1:]] + [len(page.text)], strict=True):
        out.append(cut)
        inside = page.between(cut.body, end) if cut.kind == "report" else []
        for start, stop in inside[1:-1]:
            if stop - start <= 40 and start - cut.body >= SHORTEST and _APPENDIX.fullmatch(page.text, start, stop):
                out.append(_Cut(start, stop, page.text[start:stop].strip(_MARKS), "appendix", "glossary or annex"))
                break
    return out


def _footer(page: _Page) -> _Cut | None:
    """Return the cut before the site furniture that ends a page, None when it ends with text."""
    tail = page.lines[-FOOTER_LINES:]
    noise = {n.start: n.kind for n in find_noise(page.text, tail) if n.whole}
    start, kinds = -1, set()
    for line in reversed(tail):
        if line[0] not in noise:
            break
        start = line[0]
        kinds.add(noise[start])
    # A pager alone belongs to the report above it.
    if kinds.isdisjoint(("related", "copyright", "promo", "navigation")) or start == page.lines[0][0]:
        return None
    kind = "promo" if kinds <= {"promo", "mark"} else "footer"
    return _Cut(start, start, "", kind, "site furniture at the end of the page")
