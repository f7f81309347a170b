"""The HTML of one table as a grid.

The parser (resiliparse, Lexbor) builds the tree that a browser would build and writes it out again, with every
element closed and every `<` and `>` of a text or an attribute escaped. That is read tag by tag, three times faster
than the tree can be walked from Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from dedup.extraction.tables.grid import MAX_CELLS, Cell, Grid, TooLarge, resolve
from dedup.sources.dom import HIDDEN_STYLE, INLINE, SKIPPED, collapse

_GROUPS = ("thead", "tbody", "tfoot")
_CONTROLS = frozenset({"input", "select", "textarea", "button"})
#: Elements without an end tag, and those whose text is written out without escapes.
_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
        *("basefont", "bgsound", "frame", "keygen", "param"),
    }
)
_RAW = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"})

_PART = re.compile(r"<!--.*?-->|<(/?)([^\s/>]+)([^>]*)>|([^<]+)", re.S)
_ATTRIBUTE = {
    name: re.compile(rf'\s{name}="([^"]*)"') for name in ("colspan", "rowspan", "scope", "style", "role", "type")
}
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MARK = re.compile(r"[\[(（]?[0-9]{1,3}(?:[,，][0-9]{1,3})*[\])）]?")
_BLANKS = re.compile(r"\s+")
_SPAN = re.compile(r"[ \t\n\f\r]*\+?0*([0-9]+)")


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """A table of a page: its caption, whether it says itself that it only lays out, and its grid."""

    caption: str
    is_presentation: bool
    grid: Grid


def read_table(html: str) -> HtmlTable | None:
    """Read the HTML of one table that holds no other.

    Returns
    -------
    the table, None where there is none in it

    Raises
    ------
    TooLarge
        More than `MAX_CELLS` cells, or see `resolve`.
    """
    from resiliparse.parse.html import HTMLTree

    document: Any = HTMLTree.parse(html).document
    table: Any = document.query_selector("table")
    if table is None:
        return None
    reader = _Reader()
    reader.read(table.html)
    return HtmlTable(reader.caption, reader.is_presentation, resolve(reader.groups + reader.feet))


@dataclass(slots=True)
class _Reader:
    """State of one reading of a table as the parser writes it."""

    groups: list[list[list[Cell]]] = field(default_factory=list)
    feet: list[list[list[Cell]]] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)
    cell: Cell | None = None
    text: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    caption: str = ""
    is_presentation: bool = False
    in_head: bool = False
    in_link: bool = False
    super_depth: int = 0
    bold_depth: int = 0
    n_plain_chars: int = 0
    n_cells: int = 0

    def read(self, html: str) -> None:
        """Read the HTML from its start tag `<table>` on."""
        open_tags: list[tuple[str, bool]] = []  # with whether what is inside is left out
        skipping = False
        position = 0
        while (part := _PART.match(html, position)) is not None:
            position = part.end()
            text = part[4]
            if text is not None:
                if not skipping:
                    self._take(unescape(text) if "&" in text else text)
                continue
            tag = part[2]
            if tag is None:
                continue
            if part[1]:
                if not open_tags:
                    break
                _, skipping = open_tags.pop()
                if not skipping:
                    self._leave(tag)
                continue
            entered = not skipping and self._enter(tag, part[3])
            if tag in _RAW:
                end = html.find(f"</{tag}", position)
                end = len(html) if end < 0 else end
                if entered:
                    self._take(html[position:end])
                position = end
            if tag in _VOID:
                if entered:
                    self._leave(tag)
                continue
            open_tags.append((tag, skipping))
            skipping = skipping or not entered

    def _enter(self, tag: str, attributes: str) -> bool:
        """Enter an element; False when its inside is left out."""
        if self.cell is not None and tag in _CONTROLS:
            self.cell.n_controls += _attribute(attributes, "type") != "hidden"
        if tag in SKIPPED:
            return False
        if tag in ("td", "th"):
            self._open_cell(tag, attributes)
        elif tag == "tr":
            self.rows.append([])
        elif tag in _GROUPS:
            self.rows = []
            (self.feet if tag == "tfoot" else self.groups).append(self.rows)
            self.in_head = tag == "thead"
        elif tag == "caption":
            self.text, self.written = [], []
        elif tag == "table":
            self.is_presentation |= _attribute(attributes, "role").lower() in ("presentation", "none")
        elif attributes and HIDDEN_STYLE.search(_attribute(attributes, "style")):
            return False
        elif tag == "a":
            self.in_link = ' href="' in attributes
        elif tag == "sup":
            self.super_depth += 1
        elif tag in ("b", "strong"):
            self.bold_depth += 1
        elif tag not in INLINE:
            self._add(" ", " ")
        return True

    def _leave(self, tag: str) -> None:
        """Leave an element whose inside was read."""
        if tag in ("td", "th"):
            if self.cell is not None:
                self.cell.text, self.cell.written = _joined(self.text), _joined(self.written)
                self.cell.is_bold = not self.n_plain_chars and bool(self.cell.text)
            self.cell = None
        elif tag == "caption":
            self.caption = _joined(self.text)
        elif tag == "a":
            self.in_link = False
        elif tag == "sup":
            self.super_depth -= 1
        elif tag in ("b", "strong"):
            self.bold_depth -= 1
        elif tag not in INLINE:
            self._add(" ", " ")

    def _open_cell(self, tag: str, attributes: str) -> None:
        self.n_cells += 1
        if self.n_cells > MAX_CELLS:
            raise TooLarge(f"a table has more than {MAX_CELLS:,} cells")
        self.cell = cell = Cell("", "", is_header=tag == "th", in_head=self.in_head)
        if attributes:
            cell.col_span = _span(_attribute(attributes, "colspan")) or 1
            cell.row_span = _span(_attribute(attributes, "rowspan"))
            cell.names_row = _attribute(attributes, "scope").lower() in ("row", "rowgroup")
        self.rows[-1].append(cell)
        self.text, self.written, self.n_plain_chars = [], [], 0

    def _take(self, value: str) -> None:
        """Take a text."""
        value = collapse(value)
        if self.in_link and self.cell is not None:
            self.cell.n_link_chars += len(value) - value.count(" ")
        if not self.bold_depth:
            self.n_plain_chars += len(value.strip())
        if self.super_depth and (mark := _MARK.fullmatch(value.strip())):
            # A note of a figure must not become its last digit.
            self._add(mark.group().strip("[](（）").translate(_SUPERSCRIPT), value)
        else:
            self._add(value, value)

    def _add(self, text: str, written: str) -> None:
        self.text.append(text)
        self.written.append(written)


def _joined(parts: list[str]) -> str:
    return _BLANKS.sub(" ", "".join(parts) if len(parts) != 1 else parts[0]).strip()


def _attribute(attributes: str, name: str) -> str:
    match = _ATTRIBUTE[name].search(attributes) if name in attributes else None
    return unescape(match[1]) if match is not None else ""


def _span(value: str) -> int:
    """Return a span by the standard's rules for non-negative integers; 1 where it is none, 10**6 where it is more."""
    match = _SPAN.match(value) if value else None
    if match is None:
        return 1
    return int(match[1]) if len(match[1]) <= 6 else 10**6
