"""WARC archives, record by record: optional, with the extra `warc`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from dedup.sources.batch import Page, Rejected
from dedup.sources.dates import date_in_url
from dedup.sources.decode import decode
from dedup.sources.errors import Refused, SourceError
from dedup.sources.html import declared_charset, looks_like_html, read_html
from dedup.sources.pages import BLANK
from dedup.sources.provenance import clean_url, content_key, url_host
from dedup.sources.records import RecordFile

_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain", "text/markdown", ""})


def read_warc(stream: io.BufferedReader, file: RecordFile) -> Iterator[tuple[list[Page], list[Rejected]]]:
    """Yield a page, or a refusal, for each response and resource of a WARC file.

    Raises
    ------
    SourceError
        fastwarc is not installed
    Refused
        `broken_warc`, or what breaks the stream, behind the last good record
    """
    try:
        from fastwarc.warc import ArchiveIterator, WarcRecordType
    except ImportError:
        raise SourceError(f"{file.entry.inside}: WARC files need fastwarc: pip install 'dedup[warc]'") from None
    watched = _Watched(stream)
    wanted = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion
    try:
        for record in ArchiveIterator(watched, record_types=wanted, parse_http=False):
            url = clean_url((record.headers.get("WARC-Target-URI") or "").strip("<>"))
            try:
                yield [_page(record, url, file)], []
            except Refused as refused:
                yield [], [_refusal(record, url, refused, file)]
    except BaseException as error:
        # fastwarc is Rust: a bug in it comes as a PanicException, which is no Exception.
        if not isinstance(error, (OSError, ValueError, RuntimeError)) and type(error).__name__ != "PanicException":
            raise
        if watched.refused is not None:
            raise watched.refused from error
        raise Refused("broken_warc", f"not WARC from here on ({str(error)[:200]})") from error
    if watched.refused is not None:
        raise watched.refused


class _Watched(io.RawIOBase):
    """The stream, remembering why it broke: an exception may change its kind on its way through fastwarc."""

    def __init__(self, stream: io.BufferedReader) -> None:
        super().__init__()
        self._stream = stream
        self._position = 0
        self.refused: Refused | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, nothing once the stream broke."""
        if self.refused is not None:
            return b""
        try:
            data = self._stream.read1(size)
        except Refused as refused:
            self.refused = refused
            return b""
        self._position += len(data)
        return data

    def tell(self) -> int:
        """Return the position in the decompressed stream."""
        return self._position


def _block(record: Any, limit: int) -> bytes:
    """Return the whole block of a record, which must be as long as its header says."""
    length = record.content_length
    if length > limit:
        raise Refused("too_large", f"with {length:,} bytes it exceeds {limit:,} (setting read.max_record_mb)")
    block: bytes = record.reader.read(length + 1)
    if len(block) < length:
        raise Refused("truncated", f"{len(block):,} of its {length:,} bytes are there; fetch it again")
    return block


def _page(record: Any, url: str | None, file: RecordFile) -> Page:
    entry = file.entry
    limit = int(file.read.max_record_mb * 1e6)
    block = _block(record, limit)
    if record.is_http:
        record.set_bytes_content(block)
        record.parse_http(auto_decode="all")
    status = record.http_headers.status_code if record.http_headers is not None else None
    if status is not None and status != 200:
        raise Refused("http_status", f"the server answered with status {status}")
    kind = (record.http_content_type or record.headers.get("Content-Type") or "").split(";")[0].strip().lower()
    if kind not in _PAGE_TYPES:
        raise Refused("unknown_format", f"it is {kind}; pages are HTML or plain text")
    data = record.reader.read(limit + 1) if record.is_http else block  # compressed bodies are unpacked, up to the limit
    if len(data) > limit:
        raise Refused("too_large", f"it is larger than {limit:,} bytes (setting read.max_record_mb)")
    is_html = kind in {"text/html", "application/xhtml+xml"} or looks_like_html(data)
    declared = record.http_charset or (declared_charset(data) if is_html else None)
    decoded = decode(data, encoding=entry.source.encoding, declared=declared)
    if not decoded.text.strip(BLANK):
        raise Refused("empty", "the page has no text")
    page = read_html(decoded.text) if is_html else None
    host = url_host(url) if url else None
    day = page.facts.published_at if page else None
    basis = page.facts.basis if page else "none"
    if day is None and url and (day := date_in_url(url)):
        basis = "url"
    uri = url or f"{file.uri}#{file.occurrences.name(content_key(data))}"
    return Page(
        uri=uri,
        source_id=url or uri.partition("/")[2],
        source=entry.source.name or host or entry.name,
        site=host or entry.site,
        role=entry.source.role,
        format="warc",
        data=data,
        encoding=decoded.encoding,
        text=page.text if page else decoded.text,
        title=page.facts.title if page else None,
        published_at=day,
        published_at_basis=basis,
        publisher=page.facts.publisher if page else None,
        fetched_at=_fetched(record),
        license=entry.source.license,
        tables_html=page.tables if page else (),
    )


def _fetched(record: Any) -> datetime | None:
    moment: datetime | None = record.record_date
    if moment is None:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _refusal(record: Any, url: str | None, refused: Refused, file: RecordFile) -> Rejected:
    key = file.occurrences.name(url or record.record_id or content_key(refused.reason))
    return file.refuse(refused.rule, refused.reason, key=key, source_id=url)
