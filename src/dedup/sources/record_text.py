"""The text of records that come as bytes or as HTML."""

from __future__ import annotations

import re
from dataclasses import replace

import pyarrow as pa

from dedup.settings import ReadSettings
from dedup.sources.decode import decode
from dedup.sources.errors import Refused
from dedup.sources.html import HtmlPage, declared_charset, read_html
from dedup.sources.pages import BLANK
from dedup.sources.records import MARKUP_START, Chunk

_MARKUP = re.compile(MARKUP_START, re.I | re.A)
_FROM_PAGE = ("title", "published_at", "publisher")


def with_text(chunk: Chunk, read: ReadSettings) -> Chunk:
    """Return records whose `text` is a string array, and no `html`.

    A text that is there is kept, unless it is a piece of HTML itself. HTML gives the text where there is none, and
    everywhere the tables, and title, date and publisher that the record does not state itself. What cannot be decoded
    or read becomes a fault of its record.
    """
    n = len(next(iter(chunk.columns.values())))
    limit = int(read.max_record_mb * 1e6)
    faults = dict(chunk.faults)
    encodings = [chunk.encodings] * n if isinstance(chunk.encodings, str) else list(chunk.encodings)
    texts = _decoded(chunk.columns.get("text"), n, limit, faults, encodings)
    pages: list[HtmlPage | None] = [None] * n
    for i, html in enumerate(_decoded(chunk.columns.get("html"), n, limit, faults, encodings)):
        if html is None and is_markup(texts[i]):
            html, texts[i] = texts[i], None
        has_text = texts[i] is not None and texts[i].strip(BLANK) != ""  # type: ignore[union-attr]
        if html is None or i in faults:
            continue
        try:
            read_page = read_html(html)
        except Refused as refused:
            if not has_text:
                faults[i] = (refused.rule, refused.reason)
            continue
        pages[i] = read_page
        if not has_text:
            texts[i] = read_page.text
    columns = {role: column for role, column in chunk.columns.items() if role not in {"text", "html", *_FROM_PAGE}}
    columns["text"] = pa.array(texts, pa.string())
    stated: dict[str, list[str | None]] = {
        r: chunk.columns[r].to_pylist() if r in chunk.columns else [None] * n for r in _FROM_PAGE
    }
    basis = ["none"] * n
    for i, page in enumerate(pages):
        if page is None:
            continue
        if not stated["published_at"][i] and page.facts.published_at:
            stated["published_at"][i], basis[i] = page.facts.published_at.isoformat(), page.facts.basis
        stated["title"][i] = stated["title"][i] or page.facts.title
        stated["publisher"][i] = stated["publisher"][i] or page.facts.publisher
    columns |= {role: pa.array(values, pa.string()) for role, values in stated.items()}
    tables = [list(page.tables) if page else [] for page in pages]
    return replace(chunk, columns=columns, encodings=encodings, tables=tables, basis=basis, faults=faults)


def is_markup(text: str | None) -> bool:
    """Tell a text that is a piece of HTML from one that merely holds a tag: it starts and ends with one."""
    return text is not None and _MARKUP.match(text) is not None and text.rstrip().endswith(">")


def _decoded(
    column: pa.Array | None, n: int, limit: int, faults: dict[int, tuple[str, str]], encodings: list[str]
) -> list[str | None]:
    """Return a column as strings; bytes are decoded one by one, and what fails is noted in `faults`."""
    if column is None:
        return [None] * n
    values: list[str | bytes | None] = column.to_pylist()
    texts: list[str | None] = []
    for i, value in enumerate(values):
        text = value if isinstance(value, str) else None
        if value is not None and len(value) > limit:
            faults.setdefault(
                i, ("too_large", f"it has {len(value):,} bytes, the limit is {limit:,} (read.max_record_mb)")
            )
            text = None
        elif isinstance(value, bytes) and value:
            try:
                decoded = decode(value, declared=declared_charset(value))
                text, encodings[i] = decoded.text, decoded.encoding
            except Refused as refused:
                faults.setdefault(i, (refused.rule, refused.reason))
        texts.append(text)
    return texts
