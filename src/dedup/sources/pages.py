"""One file, one page: plain text, Markdown, HTML."""

from __future__ import annotations

import io

from dedup.sources.batch import Page
from dedup.sources.decode import decode
from dedup.sources.errors import Refused
from dedup.sources.html import declared_charset, read_html
from dedup.sources.records import RecordFile

#: What a text may consist of and still be empty.
BLANK = " \t\r\n\f\v\x85\xa0\u3000\u200b\ufeff"


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
    data = stream.read(limit + 1)
    if len(data) > limit:
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
        title=page.facts.title if page else None,
        published_at=page.facts.published_at if page else None,
        published_at_basis=page.facts.basis if page else "none",
        publisher=page.facts.publisher if page else None,
        license=entry.source.license,
        tables_html=page.tables if page else (),
    )
