"""HTML as a flat outline: block elements and the paragraphs in them.

The tree comes from resiliparse (Lexbor), which builds what a browser would build. It is walked once, without
recursion, so that depth costs nothing; what a browser would not show is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from dedup.sources.errors import Refused
from dedup.sources.page_tables import CELL_TAG, PageTables

#: Elements beyond which a page is no page; real ones have a few thousand, a book on one page 200,000.
MAX_NODES = 1_500_000
#: A cell with more text than this holds an article, so that its table lays out a page.
MAX_CELL_CHARS = 1500
#: The same for a cell of this length that holds most of its table's text.
LONG_CELL_CHARS = 150
LONG_CELL_SHARE = 0.7

ParagraphKind = Literal["text", "heading", "item", "row", "pre"]

#: Elements without text to read.
SKIPPED = frozenset(
    {
        *("head", "script", "style", "template", "svg", "canvas", "iframe", "frame", "object", "embed"),
        *("applet", "audio", "video", "map", "select", "option", "optgroup", "datalist", "button", "input"),
        *("textarea", "progress", "meter", "dialog", "rp", "rt", "nav", "footer", "colgroup"),
    }
)
_HOLD_TABLES = frozenset({"nav", "footer", "dialog"})
#: Elements that do not end a paragraph.
INLINE = frozenset(
    {
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font"),
        *("i", "ins", "kbd", "label", "mark", "nobr", "q", "ruby", "s", "samp", "small", "span", "strike"),
        *("strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "rb", "img", "o:p", "ucaptitle"),
    }
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CELLS = frozenset({"td", "th"})
_TABLE_PARTS = frozenset({"tr", "td", "th", "thead", "tbody", "tfoot", "caption"})
#: Words in class or id that name what surrounds a text; they make an element suspect, never condemn it alone.
_SURROUNDINGS = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|breadcrumbs?|crumbs?|foot|footer|copyright|sidebar|side|aside|related"
    r"|recommend\w*|share\w*|sharing|social|sns|comments?|respond|disqus|adv?|ads|advert\w*|sponsor\w*|banner|promo\w*"
    r"|pager|pagination|page-?nav|paging|cookies?|consent|gdpr|popup|modal|overlay|login|signin|register|subscribe"
    r"|newsletter|search|toolbar|hot|rank\w*|tags?|tagcloud|widget|toc|skip|prev|next|prevnext|print|fontsize|qrcode"
    r"|author-?(?:bio|box|info)|bio|cta|topbar|masthead|top-?bar|links?|friendlink|location|position|dangqian|weizhi)"
    r"(?:$|[\s_-])",
    re.I | re.A,
)
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "menu", "dialog", "alert"})
#: Styles that hide an element.
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_SPACE = re.compile(r"[ \t\r\n\f]+")
#: What is left to collapse where inline elements meet, and the blanks around a tab between cells.
_BLANKS = re.compile(r" *(\t) *|( ) +")
_CJK = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
#: A line end of the source between two Chinese characters is no space (CSS Text: segment breaks).
_CJK_BREAK = re.compile(f"(?<=[{_CJK}])[ \t\r\f]*\n[ \t\r\n\f]*(?=[{_CJK}])")
_FORMATTING = re.compile(r"<(/?)(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])[^>]*>", re.I | re.A)
_TAG = re.compile(r"<[^>]*>")
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{20000,}>")


@dataclass
class Paragraph:
    """A run of text between block boundaries; lines inside it were separated by `<br>`."""

    text: str
    n_chars: int
    n_link_chars: int
    element: int
    kind: ParagraphKind


@dataclass
class Outline:
    """A page in document order: for each block element its parent, tag and whether its name is suspect.

    Tables and rows that lay out the page have the tag `layout`.
    """

    parents: list[int] = field(default_factory=lambda: [-1])
    tags: list[str] = field(default_factory=lambda: ["body"])
    suspects: list[bool] = field(default_factory=lambda: [False])
    paragraphs: list[Paragraph] = field(default_factory=list)
    tables: tuple[str, ...] = ()


def parse_tree(html: str) -> Any:
    """Return the resiliparse tree of a page, tamed where the parser's time would explode.

    Unclosed formatting elements are opened again in every later paragraph, as the standard asks: thousands of them
    make millions of elements, so their tags (not their text) are dropped. Tags with thousands of attributes lose them.

    Raises
    ------
    Refused
        `too_many_elements`
    """
    from resiliparse.parse.html import HTMLTree

    if html.count("<") > 4 * MAX_NODES:  # the tree alone would take gigabytes
        raise Refused("too_many_elements", f"the page has more than {MAX_NODES:,} elements: no page made to be read")
    html = _LONG_TAG.sub(_bare, html)
    if html.count("<") > 2000:
        closes = [m[1] == "/" for m in _FORMATTING.finditer(html)]
        unclosed = len(closes) - 2 * sum(closes)
        if unclosed > 50 and unclosed * html.count("<") > 2_000_000:
            html = _FORMATTING.sub("", html)
    return HTMLTree.parse(html)


def _bare(match: re.Match[str]) -> str:
    tag = match[0]
    return tag if len(tag.split(None, 1000)) < 1000 else re.split(r"[\s/>]", tag, maxsplit=1)[0] + ">"


def collapse(text: str) -> str:
    """Return text with white space as a browser shows it: runs are one space, none between Chinese lines."""
    return _SPACE.sub(" ", _CJK_BREAK.sub("", text))


def _has_rows_to_read(html: str) -> bool:
    """Tell a table whose rows are lines of the text from one whose cells are too long: articles."""
    longest, whole = 0, len(html)
    for cell in CELL_TAG.split(html):
        if len(cell) > LONG_CELL_CHARS:
            longest = max(longest, len(_SPACE.sub(" ", _TAG.sub("", cell))))
    if longest > LONG_CELL_CHARS:
        whole = len(_SPACE.sub(" ", _TAG.sub("", html)))
    return longest <= MAX_CELL_CHARS and longest < LONG_CELL_SHARE * max(whole, 1)


class _Walker:
    """State of one walk over a tree."""

    def __init__(self) -> None:
        self.outline = Outline()
        self.tables = PageTables()
        self.element = 0
        self.buffer: list[str] = []
        self.link_chars = 0
        self.link_depth = self.pre_depth = self.row_depth = 0
        self.kinds: list[ParagraphKind] = ["text"]

    def flush(self) -> None:
        """Close the paragraph in progress."""
        if not self.buffer:
            return
        text = "".join(self.buffer)
        if not self.pre_depth:
            text = "\n".join(line for part in text.split("\n") if (line := _BLANKS.sub(r"\1\2", part).strip(" \t")))
        self.buffer, links = [], self.link_chars
        self.link_chars = 0
        n_chars = len(text) - text.count(" ") - text.count("\n")
        if n_chars and text.strip():
            kind: ParagraphKind = "pre" if self.pre_depth else self.kinds[-1]
            self.outline.paragraphs.append(Paragraph(text.strip("\n"), n_chars, links, self.element, kind))

    def text(self, value: str) -> None:
        """Take a text node."""
        value = value if self.pre_depth else collapse(value)
        self.buffer.append(value)
        if self.link_depth:
            self.link_chars += len(value) - value.count(" ")

    def enter(self, node: Any, tag: str) -> bool:
        """Enter an element; False when it is not to be walked into."""
        if tag in SKIPPED:
            if tag in _HOLD_TABLES:
                self.tables.keep_within(node)
            return False
        if tag == "br":
            self.buffer.append("\n" if not self.row_depth else " ")
            return False
        if self.row_depth and tag not in _TABLE_PARTS and _has_hidden_style(node):
            return False
        if tag in INLINE:
            self.link_depth += tag == "a"
            return True
        if self.row_depth and tag != "tr":
            # Inside a data table a row is the paragraph: cells are told apart by tabs, blocks in them by spaces.
            self.buffer.append("\t" if tag in _CELLS and any(part.strip() for part in self.buffer) else " ")
            return True
        if _is_hidden(node):
            self.tables.keep_within(node)
            return False
        self.flush()
        kind = self.kinds[-1]
        html = self.tables.keep(node) if tag == "table" and not self.row_depth else None
        has_rows = html is not None and node.getattr("role") != "presentation" and _has_rows_to_read(html)
        laid_out = tag in {"table", "tr"} and not has_rows and not self.row_depth
        self.outline.parents.append(self.element)
        self.outline.tags.append("layout" if laid_out else tag)
        self.outline.suspects.append(_is_suspect(node, tag))
        self.element = len(self.outline.tags) - 1
        if tag in _HEADINGS:
            kind = "heading"
        elif tag in {"li", "dt", "dd"}:
            kind = "item"
        elif has_rows:
            self.row_depth += 1
            kind = "row"
        elif tag == "pre":
            self.pre_depth += 1
        self.kinds.append(kind)
        return True

    def leave(self, tag: str) -> None:
        """Leave an element that was walked into."""
        if tag in INLINE:
            self.link_depth -= tag == "a"
            return
        if self.row_depth and tag not in {"tr", "table"}:
            self.buffer.append(" ")
            return
        self.flush()
        if tag == "pre":
            self.pre_depth -= 1
        if tag == "table" and self.kinds[-1] == "row" and self.kinds[-2] != "row":
            self.row_depth -= 1
        self.kinds.pop()
        self.element = self.outline.parents[self.element]


def _is_hidden(node: Any) -> bool:
    if node.hasattr("hidden") or node.getattr("aria-hidden") == "true":
        return True
    return _has_hidden_style(node)


def _has_hidden_style(node: Any) -> bool:
    """Say whether an element's own style hides it."""
    return bool((style := node.getattr("style")) and HIDDEN_STYLE.search(style))


def _is_suspect(node: Any, tag: str) -> bool:
    # `<noscript>` repeats or asks for scripts on most pages, and holds the whole discussion on some forums.
    if tag in {"aside", "noscript"} or node.getattr("role") in _ROLES:
        return True
    names = f"{node.getattr('class') or ''} {node.getattr('id') or ''}"
    return len(names) > 1 and tag not in {"body", "article", "main"} and _SURROUNDINGS.search(names) is not None


def outline_of(tree: Any) -> Outline:
    """Walk a tree.

    Raises
    ------
    Refused
        `too_many_elements`
    """
    walker = _Walker()
    top = tree.body
    if top is None:
        return walker.outline
    node = top.first_child
    open_tags: list[str] = []
    seen = 0
    while node is not None:
        seen += 1
        if seen > MAX_NODES:
            raise Refused(
                "too_many_elements", f"the page has more than {MAX_NODES:,} elements: no page made to be read"
            )
        kind = node.type
        if kind == 3:
            walker.text(node.value)
        elif kind == 1:
            tag = node.tag
            if tag == "a" and not node.hasattr("href"):
                tag = "span"  # an anchor to jump to, not a link
            if walker.enter(node, tag):
                child = node.first_child
                if child is not None:
                    open_tags.append(tag)
                    node = child
                    continue
                walker.leave(tag)
        following = node.next
        while following is None and open_tags:
            node = node.parent
            walker.leave(open_tags.pop())
            following = node.next
        node = following
    walker.flush()
    walker.outline.tables = tuple(walker.tables.html)
    return walker.outline
