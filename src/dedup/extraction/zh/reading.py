"""A text prepared for the grammar: blanks out, one form of each sign, clauses and sentences known by their ends.

Pages break words with blanks (`新 增企业 600 家`), write `％`, `,`, `:` for the same sign, and put remarks in brackets
between a subject and its number (`固定资产投资（不含农户）2.7亿元`). The grammar reads a shadow of the text in which
all that is levelled; places in it are mapped back to the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from dedup.text.characters import BLANKS

#: What stands in the shadow for a remark in brackets: no word, no boundary.
REMARK = "\x01"

_SIGNS = tuple(
    zip(
        "０１２３４５６７８９．％﹪;:?!∶︰＋＂()［］〔〕「」『』＝／",
        "0123456789.%%；：？！：：+“（）（）（）“”“”=/",
        strict=True,
    )
)
# A blank between digits parts two numbers, unless it parts the thousands of one (28 831处); any other is a stray one.
_BLANK = re.compile(
    rf"(?=[{BLANKS}])(?:(?<![0-9])[{BLANKS}]+|(?<=[0-9])[{BLANKS}]+(?![0-9])"
    rf"|(?:(?<=[^0-9.][0-9])|(?<=[^0-9.][0-9]{{2}})|(?<=[^0-9.][0-9]{{3}}))[{BLANKS}]"
    rf"(?=[0-9]{{3}}(?:[{BLANKS}][0-9]{{3}})*[%％一-龥]))"
)
# Markdown that makes a quantity bold (共**32个**) masks nothing.
_BOLD_QUANTITY = re.compile(r"\*\*[0-9][^*\n]{0,24}[^0-9*\n]\*\*")
_BLANK_OR_BOLD = re.compile(rf"\*\*|{_BLANK.pattern}")
_COMMA = re.compile(r",(?![0-9]{3}(?![0-9]))|(?<![0-9]),")
# Between full-width digits, three of them behind it: a separator of thousands; between others too (1，236起).
_WIDE_COMMA = re.compile(
    "(?<=[０-９])，(?=[０-９]{3}(?![０-９]))"
    "|(?:(?<=[^0-9.．][1-9])|(?<=[^0-9.．][1-9][0-9])|(?<=[^0-9.．][1-9][0-9]{2}))，(?=[0-9]{3}(?:，[0-9]{3})*[^0-9.．])"
)
# A row of a table in Markdown: its cells are no clauses.
_TABLE_ROW = re.compile(r"^[ ]*\|.*\|[ ]*$", re.MULTILINE)
# A point with a digit behind it only has lost the digit before it (新建.5公里): it stays, and the number is none.
_STOP = re.compile(r"\.(?![0-9A-Za-z])|(?<![0-9A-Za-z])\.(?![0-9])")
_REMARK = re.compile(r"（[^（）\n]{0,30}）")
_PLAIN_REMARK = re.compile(r"（(?:[^0-9]*|[0-9]{1,3}|[0-9]{4}年[^0-9]*)）")
_CLAUSE_END = re.compile(r"[，。；：！？\n（）…]|——")
_SENTENCE_ENDS = "。！？\n"
#: Characters that a clause is read for; a text without marks is no single clause.
CLAUSE_REACH = 160


@dataclass(frozen=True)
class Reading:
    """A text and its shadow.

    Attributes
    ----------
    compact : the text without stray blanks, character for character as long as `shadow`
    shadow : the same with one form of each sign, and remarks in brackets blotted out
    """

    compact: str
    shadow: str
    _starts: list[int] = field(repr=False)
    _shifts: list[int] = field(repr=False)

    def place(self, at: int) -> int:
        """Return where character `at` of the shadow stands in the text."""
        if not self._starts:
            return at
        return at + self._shifts[bisect_right(self._starts, at) - 1]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the text for a span of the shadow that is not empty."""
        return self.place(start), self.place(end - 1) + 1

    @cached_property
    def clause_ends(self) -> list[int]:
        """One past each mark that ends a clause, in order, 0 first."""
        return [0, *(m.end() for m in _CLAUSE_END.finditer(self.shadow))]

    @cached_property
    def sentence_ends(self) -> list[int]:
        """One past each mark that ends a sentence, in order, 0 first."""
        shadow = self.shadow
        return [0, *(end for end in self.clause_ends[1:] if shadow[end - 1] in _SENTENCE_ENDS)]

    def clause_start(self, at: int) -> int:
        """Return where the clause of character `at` begins, no farther back than any clause reaches."""
        ends = self.clause_ends
        return max(ends[bisect_right(ends, at) - 1], at - CLAUSE_REACH)

    def clause_end(self, at: int) -> int:
        """Return where the clause of character `at` ends, no farther ahead than any clause reaches."""
        ends = self.clause_ends
        index = bisect_right(ends, at)
        if index == len(ends):
            return min(len(self.shadow), at + CLAUSE_REACH)
        end = ends[index]
        return min(end - 2 if self.shadow[end - 1] == "—" else end - 1, at + CLAUSE_REACH)

    def line_start(self, at: int) -> int:
        """Return where the line of character `at` begins."""
        starts = self._line_starts
        return starts[bisect_right(starts, at) - 1]

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(end for end in self.clause_ends[1:] if self.shadow[end - 1] == "\n")]

    def sentence_start(self, at: int) -> int:
        """Return where the sentence of character `at` begins."""
        ends = self.sentence_ends
        return ends[bisect_right(ends, at) - 1]


def read(text: str) -> Reading:
    """Prepare a text for the grammar."""
    starts: list[int] = []
    shifts: list[int] = []
    pieces: list[str] = []
    last = length = 0
    for blank in _blanks(text):
        if blank.start() > last:
            starts.append(length)
            shifts.append(last - length)
            pieces.append(text[last : blank.start()])
            length += blank.start() - last
        last = blank.end()
    if last < len(text):
        starts.append(length)
        shifts.append(last - length)
        pieces.append(text[last:])
    compact = "".join(pieces)
    shadow = _WIDE_COMMA.sub(",", compact) if "，" in compact else compact
    for sign, plain in _SIGNS:
        shadow = shadow.replace(sign, plain)  # far faster than str.translate, which looks every character up
    if "," in shadow:
        shadow = _COMMA.sub("，", shadow)
    if "." in shadow:
        shadow = _STOP.sub("。", shadow)
    if "|" in shadow:
        shadow = _TABLE_ROW.sub(lambda row: " " * len(row.group()), shadow)
    if "（" in shadow:
        shadow = _REMARK.sub(_blot, shadow)
    return Reading(compact, shadow, starts, shifts)


def _blanks(text: str) -> Iterator[re.Match[str]]:
    """Return what is left out of a text, in order: stray blanks, and marks that make quantities bold."""
    if "**" not in text:
        return _BLANK.finditer(text)
    bold = {at for m in _BOLD_QUANTITY.finditer(text) for at in (m.start(), m.end() - 2)}
    if not bold:
        return _BLANK.finditer(text)
    return (m for m in _BLANK_OR_BOLD.finditer(text) if m.group() != "**" or m.start() in bold)


def _blot(match: re.Match[str]) -> str:
    remark = match.group()
    return REMARK * len(remark) if _PLAIN_REMARK.fullmatch(remark) else remark
