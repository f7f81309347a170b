"""One file, one page: plain text, Markdown, HTML."""

from __future__ import annotations

import io

from dedup.sources.batch import Page
from dedup.sources.decode import decode
from dedup.sources.errors import Refused
from dedup.sources.provenance import file_uri, first_folder
from dedup.sources.records import RecordFile

_BLANK = " \t\r\n\f\v\x85\xa0\u3000\u200b\ufeff"


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
    decoded = decode(data, encoding=entry.source.encoding)
    if not decoded.text.strip(_BLANK):
        raise Refused("empty", "the page has no text")
    return Page(
        uri=file_uri(entry.name, entry.inside),
        source_id=entry.inside,
        source=entry.name,
        site=first_folder(entry.inside) or entry.name,
        role=entry.source.role,
        format=kind,
        data=data,
        encoding=decoded.encoding,
        text=decoded.text,
        license=entry.source.license,
    )
