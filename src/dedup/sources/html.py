"""HTML pages: main text, raw tables, and what the page states about itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dedup.sources.dom import outline_of, parse_tree
from dedup.sources.errors import Refused
from dedup.sources.formats import looks_like_html
from dedup.sources.main_text import main_paragraphs, render
from dedup.sources.page_facts import PageFacts, page_facts

__all__ = ["HtmlPage", "declared_charset", "looks_like_html", "read_html"]

_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})["']""")
_META = re.compile(rb"""<meta\s[^>]{0,500}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.I)


@dataclass(frozen=True)
class HtmlPage:
    """Main text of a page (paragraphs, headings, list items and table rows are lines), its tables and its facts."""

    text: str
    tables: tuple[str, ...]
    facts: PageFacts


def declared_charset(data: bytes) -> str | None:
    """Return the charset that a page declares in its first 4 KiB (meta or XML declaration)."""
    head = data[:4096]
    found = _META.search(head) or _XML.search(head)
    return found[1].decode("ascii") if found else None


def read_html(html: str) -> HtmlPage:
    """Return what a person would read on a page.

    Raises
    ------
    Refused
        `empty`, `too_many_elements` or `broken_html`
    """
    from resiliparse.parse.html import HTMLParserException

    try:
        tree = parse_tree(html)
        outline = outline_of(tree)
    except HTMLParserException as error:
        raise Refused("broken_html", f"the HTML cannot be parsed ({error})") from error
    text = render(main_paragraphs(outline))
    if not text.strip():
        raise Refused(
            "empty", "the page has no visible text; it may be built by scripts: save it as the browser shows it"
        )
    return HtmlPage(text, outline.tables, page_facts(tree, outline))
