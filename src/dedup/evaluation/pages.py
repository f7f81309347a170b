"""Puts sections on pages the way sites do: headings, intros, broken lines, pagination, footers, file formats.

Every character of the page is accounted for: the pieces of a page know where they begin and end in the decoded text,
and where figures and passages stand inside them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

import numpy as np

from dedup.evaluation import edits as edit
from dedup.evaluation.draws import Dice
from dedup.evaluation.grammar import (
    FIGURE_CHANGED,
    FIGURE_END,
    FIGURE_FIRST,
    MARK,
    PASSAGE_END,
    PASSAGE_START,
    grammar,
)
from dedup.evaluation.planting import SOURCE_END, SOURCE_START, SectionText
from dedup.evaluation.report_writer import NUMERALS
from dedup.evaluation.vocabulary import vocabulary


class Style(NamedTuple):
    """How a site shows its pages."""

    name: str
    format: str
    encoding: str
    #: Heading line; `{t}` the site's title, `{n}` the number.
    heading: str
    #: What stands between paragraphs.
    gap: str
    #: Lines broken in mid-sentence, per 1,000 characters.
    broken: float
    intro: bool
    pagination: bool
    metadata: bool
    footer: bool


STYLES: tuple[Style, ...] = (
    Style("fanwen", "text", "utf-8", "{t}篇{n}", "\n\n", 0.8, True, True, False, False),
    Style("wenmi", "text", "gb18030", "第{n}篇：{t}", "\n", 0.5, False, False, False, False),
    Style("gongwen", "markdown", "utf-8", "## {t}篇{n}", "\n\n", 0.8, True, False, False, True),
    Style("baogao", "text", "utf-8", "{t}篇{n}", "　　", 0.0, True, False, False, False),
    Style("ziliao", "html", "utf-8", "{t}（篇{n}）", "\n", 0.3, True, True, True, True),
    Style("shuju", "jsonl", "utf-8", "{t}篇{n}", "\n", 0.2, False, False, False, False),
    Style("biaoge", "csv", "utf-8-sig", "第{n}篇：{t}", "\n", 0.2, False, False, False, False),
    Style("yasuo", "text.gz", "utf-8", " 第{n}篇 {t}", "\n", 0.5, False, True, True, True),
    Style("laozhan", "text", "gb18030", "  {t} 篇{n}", "\n\n　　", 0.4, True, True, True, False),
)


#: A figure and where it stands in the page: indicator, unit, value, char_start, char_end, state. A plain tuple, as
#: pages hold thousands of them.
FigureMark = tuple[str, str, str, int, int, str]


class PassageMark(NamedTuple):
    """One end of a planted passage: `number` is -1 for the passage itself, else it counts those copied from here."""

    number: int
    char_start: int
    char_end: int


@dataclass(frozen=True)
class Piece:
    """A part of a page: a section (its number in the plan, else -1), the intro or the footer.

    `body_start` is where the text begins behind the heading line; `headless` says that the page lost its heading.
    """

    kind: str
    heading: str
    section: int
    char_start: int
    char_end: int
    body_start: int
    figures: tuple[FigureMark, ...] = ()
    passages: tuple[PassageMark, ...] = ()
    headless: bool = False


@dataclass
class Page:
    """A page under construction; `text` is its decoded text so far."""

    title: str
    pieces: list[Piece] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _length: int = 0

    def add(
        self, kind: str, section: int, heading: str, before: str, body: str, after: str, *, headless: bool = False
    ) -> None:
        """Append a piece: `before` (heading line and what surrounds it), the marked `body`, `after` (site noise).

        A section starts at its heading; blanks before it belong to what stands above, or are a preamble of their own.
        """
        blanks = before[: len(before) - len(before.lstrip("\n 　"))] if heading else ""
        if blanks:
            before = before[len(blanks) :]
            if self.pieces:
                self.pieces[-1] = replace(self.pieces[-1], char_end=self._length + len(blanks))
            else:
                self.pieces.append(Piece("preamble", "", -1, 0, len(blanks), 0))
            self._parts.append(blanks)
            self._length += len(blanks)
        plain, figures, passages = _read_marks(body, self._length + len(before))
        start = self._length
        text = f"{before}{plain}{after}"
        self._parts.append(text)
        self._length += len(text)
        self.pieces.append(
            Piece(kind, heading, section, start, self._length, start + len(before), figures, passages, headless)
        )

    @property
    def text(self) -> str:
        """The decoded text of the page so far."""
        return "".join(self._parts)


def _read_marks(marked: str, offset: int) -> tuple[str, tuple[FigureMark, ...], tuple[PassageMark, ...]]:
    """Return the text without marks, and figures and passages at their offsets in the page."""
    plain = MARK.sub("", marked)
    if len(plain) == len(marked):
        return plain, (), ()
    points = edit.code_points(marked)
    marks = edit.is_mark(points)
    where = np.flatnonzero(marks)
    # Offsets in the plain text: a mark's place less the marks before it.
    at = where - np.arange(len(where))
    found = points[where]
    opens = found >= FIGURE_FIRST
    starts, ends = at[opens], at[found == ord(FIGURE_END)]
    kinds = _figure_kinds()
    figures = []
    for opener, start, end in zip(found[opens].tolist(), starts.tolist(), ends.tolist(), strict=True):
        changed = opener >= FIGURE_CHANGED
        indicator, unit = kinds[opener - (FIGURE_CHANGED if changed else FIGURE_FIRST)]
        value = plain[start:end]
        state = "masked" if not value[:1].isdecimal() else "changed" if changed else "printed"
        if state != "masked" and not plain.startswith(unit, end):
            state = "unit_lost"
        figures.append((indicator, unit, value, start + offset, end + offset, state))
    others = ~opens & (found != ord(FIGURE_END))
    passages = _read_passages(found[others].tolist(), (at[others] + offset).tolist()) if others.any() else ()
    return plain, tuple(figures), passages


@cache
def _figure_kinds() -> tuple[tuple[str, str], ...]:
    return tuple((kind.indicator, kind.unit) for kind in grammar().figures)


def _read_passages(marks: list[int], places: list[int]) -> tuple[PassageMark, ...]:
    """Pair the marks that open passages with those that close them."""
    opened: dict[int, int] = {}
    passages: list[PassageMark] = []
    for mark, place in zip(marks, places, strict=True):
        if mark == ord(PASSAGE_START):
            opened[-1] = place
        elif mark == ord(PASSAGE_END):
            passages.append(PassageMark(-1, opened[-1], place))
        elif SOURCE_START <= mark < SOURCE_END:
            opened[mark - SOURCE_START] = place
        else:
            passages.append(PassageMark(mark - SOURCE_END, opened[mark - SOURCE_END], place))
    return tuple(passages)


def break_lines(text: str, per_thousand: float, gap: str, dice: Dice) -> str:
    """Break lines in mid-sentence, often in mid-word, never inside a figure."""
    n = int(len(text) * per_thousand / 1000 + dice.real(0, 1))
    for _ in range(n):
        at = dice.below(len(text))
        span = text[max(0, at - 24) : at + 24]
        near = text[max(0, at - 1) : at + 1]
        if MARK.search(span) is None and "\n" not in span and not any(c in "。！：；，、" for c in near):
            text = text[:at] + gap + text[at:]
    return text


def _raise_headings(text: str, dice: Dice) -> str:
    """Turn some headings inside a report into Markdown headings of any level, as converters do."""
    return _INNER_HEADING.sub(
        lambda m: f"{'#' * dice.between(2, 4)} {m.group()}" if dice.chance(0.3) else m.group(), text
    )


_INNER_HEADING = re.compile("^(?:[一二三]、|（[一二三四五六七]）|\\([一二三四五六七]\\))", re.M)
#: What page titles say, whatever the reports below are about.
_TITLES = ("县政府工作报告", "区政府工作报告", "镇政府工作报告", "乡镇政府工作报告", "政府工作报告", "市政府工作报告")


def assemble(style: Style, sections: Sequence[tuple[int, SectionText]], dice: Dice) -> Page:
    """Return the page that shows the sections in this style."""
    page_year = dice.between(2023, 2025)
    topic = dice.pick(_TITLES)
    if dice.chance(0.3):
        # A title that names a place lies for all reports but perhaps one.
        topic = f"{sections[dice.below(len(sections))][1].place}{topic}"
    many = len(sections) > 1
    count = f"（{dice.pick(('精选', '优质', '通用'))}{len(sections)}篇）" if many else ""
    page = Page(f"{page_year}年{topic}{count}")
    gap = style.gap
    record = style.format in ("jsonl", "csv")
    if many and style.intro:
        intro = dice.pick(vocabulary().sentences["site_intros"]).format(topic=topic)
        head = "# " if style.format == "markdown" else ""
        parts = [f"{head}{page.title}"]
        if style.metadata:
            date = f"{page_year}-{dice.between(1, 12):02d}-{dice.between(1, 28):02d}"
            parts.append(f"来源：{style.name}网 作者：佚名 更新时间：{date} 点击：{dice.between(12, 9800)}次")
        page.add("preamble", -1, "", gap.join([*parts, intro, ""]), "", "")
    number = dice.between(1, 3) if many and style.name == "wenmi" else 1
    for i, (section, made) in enumerate(sections):
        body = made.text
        if style.broken:
            body = break_lines(body, style.broken, dice.pick(("\n", gap)) if "　" not in gap else "\n", dice)
        paragraphs = gap.join(body.split("\n")) if gap != "\n" else body
        if style.format == "markdown":
            paragraphs = _raise_headings(paragraphs, dice)
        missing = many and i > 0 and style.name == "wenmi" and dice.chance(0.06)
        numeral = NUMERALS[(number + i - 1) % len(NUMERALS)]
        if not many and record:
            heading, before = "", ""
        elif missing:
            # The only signs left are the number that is skipped, a leading blank and another place.
            heading, before = "", " "
        else:
            alone = topic if topic.startswith(made.place) else f"{made.place}{topic}"
            heading = style.heading.format(t=topic, n=numeral) if many else alone
            before = f"{heading}{gap}"
            if i == 0 and not page.pieces and style.name == "fanwen":
                before = f"\n\n{before}"
        last = i == len(sections) - 1
        after = "" if last and record else gap
        if style.pagination and dice.chance(0.15):
            pages = dice.between(2, 5)
            after = (
                f"{gap}共{pages}页，当前第{dice.between(1, pages)}页{''.join(str(k + 1) for k in range(pages))}{after}"
            )
        page.add(made.kind, section, heading.strip(), before, paragraphs, after, headless=missing)
    if style.footer:
        related = vocabulary().words["related"]
        at = dice.below(len(related))
        lines = [
            "相关热词搜索：" + " ".join(related[(at + k) % len(related)] for k in range(3)),
            f"上一篇：{related[at]}",
            f"下一篇：{related[(at + 3) % len(related)]}",
            f"版权所有 {style.name}网 转载请注明出处",
        ]
        page.add("footer", -1, "", gap.join(lines), "", "")
    return page


def as_html(page: Page, style: Style, published: str) -> str:
    """Return the page as HTML with navigation, metadata and one paragraph per line of text."""
    body = []
    headings = {piece.heading for piece in page.pieces if piece.heading}
    for line in page.text.split("\n"):
        if line.strip():
            tag = "h2" if line.strip() in headings else "p"
            body.append(f"<{tag}>{html.escape(line)}</{tag}>")
    menu = "".join(f'<li><a href="/{word}/">{word}</a></li>' for word in vocabulary().words["related"])
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="{style.encoding}">\n'
        f"<title>{html.escape(page.title)} - {style.name}网</title>\n"
        f'<meta property="article:published_time" content="{published}">\n'
        f'<meta property="og:site_name" content="{style.name}网">\n</head>\n<body>\n'
        f'<nav><ul><li><a href="/">首页</a></li>{menu}</ul></nav>\n'
        f"<article>\n<h1>{html.escape(page.title)}</h1>\n" + "\n".join(body) + "\n</article>\n"
        "<footer><p>关于我们 网站地图 联系方式</p></footer>\n</body>\n</html>\n"
    )
