"""Title, date and publisher as an HTML page states them: in its metadata, in JSON-LD, or visibly near its head."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from dedup.sources.dates import find_date, parse_date
from dedup.sources.dom import Outline, collapse

#: Metadata beyond this is no metadata.
_MAX_METAS = 500
_MAX_JSON_LD = 300_000
_MAX_TITLE = 300
#: Characters of the page in which a visible date or source is looked for; below stand dates of other articles.
_NEAR_HEAD = 2000
#: Facts are written in short lines; a date in a sentence belongs to the story.
_FACT_LINE = 160

_TITLES = ("articletitle", "og:title", "dc.title", "citation_title", "twitter:title")
_DATES = (
    *("article:published_time", "og:published_time", "pubdate", "publishdate", "publish_date"),
    *("publication_date", "publishtime", "publish-date", "datepublished", "date_published", "dc.date"),
    *("dc.date.issued", "dcterms.created", "dcterms.issued", "citation_publication_date", "citation_date"),
    *("sailthru.date", "parsely-pub-date", "firstpublishedtime", "apub:time", "bytedance:published_time"),
    *("weibo:article:create_at", "releasedate", "release_date", "date"),
)
_PUBLISHERS = ("og:site_name", "contentsource", "sitename", "source", "dc.publisher", "publisher", "application-name")
#: JSON may hold halves of characters, which no text can.
_SURROGATE = re.compile("[\ud800-\udfff]")
_LABELLED_DATE = re.compile(
    r"(?:(?:发布|发表|更新)(?:日期|时间)|发布于|发表于|(?:发文|成文|公开|印发)日期|^[^0-9A-Za-z\u4e00-\u9fff]{0,4}(?:时间|日期)|date"
    r"|(?:published|posted)(?: on)?)"
    r"[ \u3000]*[:： ][ \u3000]*(?=(?:[A-Za-z]{3,9}[,. ]|[0-9]))(.{6,40})",
    re.I,
)
_LABELLED_SOURCE = re.compile(
    r"(?:信息来源|文章来源|来源|发布机构|稿源|source)[ \u3000]*[:：][ \u3000]*([^\s:：|｜]{2,40})", re.I
)


#: Without one of these words no line states anything.
_LABELS = re.compile(r"发布|发表|更新|日期|时间|来源|稿源|date|posted|published|source", re.I)


@dataclass(frozen=True)
class PageFacts:
    """What a page says of itself; `basis` tells where the date stands: meta, text or none."""

    title: str | None
    published_at: date | None
    basis: str
    publisher: str | None


def _metas(tree: Any) -> dict[str, str]:
    """Return the first value of each meta name, property or itemprop, names in lower case."""
    found: dict[str, str] = {}
    for i, meta in enumerate(tree.document.query_selector_all("meta[content]")):
        if i >= _MAX_METAS:
            break
        key = meta.getattr("property") or meta.getattr("name") or meta.getattr("itemprop")
        value = collapse(meta.getattr("content") or "").strip()
        if key and value:
            found.setdefault(key.strip().lower(), value)
    return found


def _json_ld(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a page's JSON-LD, outermost first."""
    budget = _MAX_JSON_LD
    for script in tree.document.query_selector_all('script[type="application/ld+json"]'):
        text = script.text
        budget -= len(text)
        if budget < 0:
            return
        try:
            stack = [json.loads(text)]
        except (ValueError, RecursionError):
            continue  # broken JSON-LD says nothing, and browsers ignore it as well
        seen = 0
        while stack and seen < 1000:
            seen += 1
            item = stack.pop(0)
            if isinstance(item, dict):
                yield item
                stack.extend(v for k in ("@graph", "mainEntity", "mainEntityOfPage") if (v := item.get(k)))
            elif isinstance(item, list):
                stack.extend(item)


def _first_string(*values: Any) -> str | None:
    for value in values:
        if isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, list):
            value = _first_string(*value[:1])
        if isinstance(value, str) and (text := collapse(_SURROGATE.sub("\ufffd", value)).strip()):
            return text[:_MAX_TITLE]
    return None


def _title(tree: Any, metas: dict[str, str], outline: Outline) -> str | None:
    """Return the title: a top heading that metadata or `<title>` repeat, else those, else the only top heading.

    The heading comes first because the others append the site's name; alone it may be the site's own.
    """
    stated = _first_string(*(metas.get(name) for name in _TITLES), tree.title)
    tops = [
        line
        for p in outline.paragraphs
        if outline.tags[p.element] == "h1" and (line := " ".join(p.text.split("\n"))[:_MAX_TITLE])
    ]
    named = f"{stated} {_first_string(tree.title)}"
    if repeated := next((top for top in tops if len(top) > 1 and top in named), None):
        return repeated
    site = metas.get("og:site_name")
    if stated and site and stated.endswith(site):
        return stated.removesuffix(site).rstrip(" -_|–—·»") or stated
    return stated or (tops[0] if len(tops) == 1 else None)


def _meta_date(tree: Any, metas: dict[str, str], linked: list[dict[str, Any]]) -> date | None:
    for name in _DATES:
        if name in metas and (day := parse_date(metas[name])):
            return day
    for item in linked:
        if isinstance(stated := item.get("datePublished"), str) and (day := parse_date(stated)):
            return day
    for element in tree.document.query_selector_all('time[itemprop="datePublished"], time[pubdate]'):
        if day := parse_date(element.getattr("datetime") or element.text):
            return day
    return None


def visible_facts(head: str) -> tuple[date | None, str | None]:
    """Return date of publication and source that are written, with their labels, in short lines of a page's head."""
    day: date | None = None
    source: str | None = None
    if not _LABELS.search(head):
        return day, source
    for line in head.split("\n"):
        if len(line) > _FACT_LINE:
            continue
        if day is None and (m := _LABELLED_DATE.search(line)):
            day = find_date(m[1])
        if source is None and (m := _LABELLED_SOURCE.search(line)):
            source = m[1]
    return day, source


def _head(outline: Outline) -> str:
    """Return the lines near the head of a page, those around its main text among them."""
    lines: list[str] = []
    chars = 0
    for p in outline.paragraphs:
        lines.append(p.text)
        chars += len(p.text)
        if chars > _NEAR_HEAD:
            break
    return "\n".join(lines)


def page_facts(tree: Any, outline: Outline) -> PageFacts:
    """Return what a page states about itself."""
    metas = _metas(tree)
    linked = list(_json_ld(tree))
    day, basis = _meta_date(tree, metas, linked), "meta"
    seen_day, seen_source = visible_facts(_head(outline))
    if day is None:
        day, basis = seen_day, "text" if seen_day else "none"
    publisher = _first_string(
        *(metas.get(name) for name in _PUBLISHERS), *(item.get("publisher") for item in linked), seen_source
    )
    title = _title(tree, metas, outline) or _first_string(*(item.get("headline") for item in linked))
    return PageFacts(title, day, basis, publisher)
