"""One file, one page: plain text, Markdown, HTML."""

from __future__ import annotations

import io
import re

from dedup.sources.batch import Page
from dedup.sources.decode import decode
from dedup.sources.errors import Refused
from dedup.sources.html import declared_charset, read_html
from dedup.sources.page_facts import PageFacts, visible_facts
from dedup.sources.records import RecordFile

#: What a text may consist of and still be empty.
BLANK = " \t\r\n\f\v\x85\xa0\u3000\u200b\ufeff"
#: Characters at the head of a plain text in which it may say where it comes from.
_HEAD = 1000
_STEP = 1 << 20
_MARKDOWN_TITLE = re.compile(r"\s*# +([^\r\n]+)")


def _facts_of_text(text: str, kind: str) -> PageFacts:
    """Return what the head of a text states, as sites write it above an article; Markdown may have a title on top."""
    head = text[:_HEAD]
    day, source = visible_facts(head)
    title = _MARKDOWN_TITLE.match(head) if kind == "markdown" else None
    return PageFacts(title[1].strip() if title else None, day, "text" if day else "none", source)


def _read_at_most(stream: io.BufferedReader, limit: int) -> bytes | None:
    """Return all of a stream, None when it is longer than `limit`; memory grows with what is there."""
    parts: list[bytes] = []
    size = 0
    while part := stream.read(_STEP):
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
    return b"".join(parts)


def read_page(stream: io.BufferedReader, packed: bool, kind: str, file: RecordFile) -> Page:
    """Return a file as one page.

    Raises
    ------
    Refused
        `too_large`, `empty`, what decoding refuses, or what breaks the stream
    """
    entry = file.entry
    limit_mb = file.read.max_record_mb if packed else file.read.max_file_mb
    limit = int(limit_mb * 1e6)
    data = _read_at_most(stream, limit)
    if data is None:
        what, setting = (
            ("unpacked it is", "max_record_mb") if packed else (f"with {entry.size:,} bytes it is", "max_file_mb")
        )
        raise Refused("too_large", f"{what} larger than {limit_mb:g} MB (setting read.{setting})")
    is_html = kind == "html"
    declared = declared_charset(data) if is_html else None
    decoded = decode(data, encoding=entry.source.encoding, declared=declared)
    if not decoded.text.strip(BLANK):
        raise Refused("empty", "the page has no text")
    page = read_html(decoded.text) if is_html else None
    facts = page.facts if page else _facts_of_text(decoded.text, kind)
    return Page(
        uri=file.uri,
        source_id=entry.inside,
        source=entry.name,
        site=entry.site,
        role=entry.source.role,
        format=kind,
        data=data,
        encoding=decoded.encoding,
        text=page.text if page else decoded.text,
        title=facts.title,
        published_at=facts.published_at,
        published_at_basis=facts.basis,
        publisher=facts.publisher,
        license=entry.source.license,
        tables_html=page.tables if page else (),
    )
