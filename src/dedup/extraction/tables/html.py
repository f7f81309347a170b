"""The HTML of one table as a grid."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from dedup.extraction.tables.grid import Cell, Grid, resolve
from dedup.sources.dom import INLINE, SKIPPED, collapse, has_hidden_style

_GROUPS = ("thead", "tbody", "tfoot")
_CONTROLS = frozenset({"input", "select", "textarea", "button"})
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MARK = re.compile(r"[\[(（]?[0-9]{1,3}(?:[,，][0-9]{1,3})*[\])）]?")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """A table of a page: its caption, whether it says itself that it only lays out, and its grid."""

    caption: str
    is_presentation: bool
    grid: Grid


@dataclass(slots=True)
class _Reader:
    """State of one walk over a table."""

    groups: list[list[list[Cell]]] = field(default_factory=list)
    feet: list[list[list[Cell]]] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)
    cell: Cell | None = None
    text: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    caption: str = ""
    in_head: bool = False
    link_depth: int = 0
    super_depth: int = 0
    bold_depth: int = 0
    n_plain_chars: int = 0

    def enter(self, node: Any, tag: str) -> bool:
        """Enter an element; False when it is not to be walked into."""
        if self.cell is not None and tag in _CONTROLS:
            self.cell.n_controls += node.getattr("type") != "hidden"
        if tag in SKIPPED:
            return False
        if tag in ("td", "th"):
            self._open_cell(node, tag)
        elif tag == "tr":
            self.rows.append([])
        elif tag in _GROUPS:
            self.rows = []
            (self.feet if tag == "tfoot" else self.groups).append(self.rows)
            self.in_head = tag == "thead"
        elif tag == "caption":
            self.text, self.written = [], []
        elif has_hidden_style(node):
            return False
        elif tag == "a":
            self.link_depth += node.hasattr("href")
        elif tag == "sup":
            self.super_depth += 1
        elif tag in ("b", "strong"):
            self.bold_depth += 1
        elif tag not in INLINE:
            self._add(" ", " ")
        return True

    def leave(self, node: Any, tag: str) -> None:
        """Leave an element that was walked into."""
        if tag in ("td", "th"):
            if self.cell is not None:
                self.cell.text, self.cell.written = _joined(self.text), _joined(self.written)
                self.cell.is_bold = not self.n_plain_chars and bool(self.cell.text)
            self.cell = None
        elif tag == "caption":
            self.caption = _joined(self.text)
        elif tag == "a":
            self.link_depth -= node.hasattr("href")
        elif tag == "sup":
            self.super_depth -= 1
        elif tag in ("b", "strong"):
            self.bold_depth -= 1
        elif tag not in INLINE:
            self._add(" ", " ")

    def _open_cell(self, node: Any, tag: str) -> None:
        self.cell = Cell(
            "",
            "",
            col_span=_span(node.getattr("colspan")) or 1,
            row_span=_span(node.getattr("rowspan"), zero_counts=True),
            is_header=tag == "th",
            names_row=(node.getattr("scope") or "").lower() in ("row", "rowgroup"),
            in_head=self.in_head,
        )
        self.rows[-1].append(self.cell)
        self.text, self.written, self.n_plain_chars = [], [], 0

    def take(self, value: str) -> None:
        """Take a text node."""
        value = collapse(value)
        if self.link_depth and self.cell is not None:
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
    return _BLANKS.sub(" ", "".join(parts)).strip()


def _span(value: str | None, *, zero_counts: bool = False) -> int:
    """Return a span by the standard's rules for non-negative integers; what is none, or too large, is mended."""
    match = re.match(r"\s*\+?([0-9]+)", value, re.A) if value else None
    if match is None:
        return 1
    digits = match[1].lstrip("0")
    number = int(digits) if len(digits) <= 6 and digits else 0 if not digits else 10**6
    return number if number or zero_counts else 1


def read_table(html: str) -> HtmlTable | None:
    """Read the HTML of one table that holds no other.

    Returns
    -------
    the table, None where there is none in it

    Raises
    ------
    TooLarge
        See `resolve`.
    """
    from resiliparse.parse.html import HTMLTree

    document: Any = HTMLTree.parse(html).document
    top: Any = document.query_selector("table")
    if top is None:
        return None
    reader = _Reader()
    node, open_tags = top.first_child, [""]
    while node is not None:
        kind = node.type
        if kind == 3:
            reader.take(node.value)
        elif kind == 1:
            tag = node.tag
            if reader.enter(node, tag):
                child = node.first_child
                if child is not None:
                    open_tags.append(tag)
                    node = child
                    continue
                reader.leave(node, tag)
        following = node.next
        while following is None and len(open_tags) > 1:
            node = node.parent
            reader.leave(node, open_tags.pop())
            following = node.next
        node = following
    is_presentation = (top.getattr("role") or "").lower() in ("presentation", "none")
    return HtmlTable(reader.caption, is_presentation, resolve(reader.groups + reader.feet))
