"""Records of JSONL, CSV and Parquet become documents: one vectorised path for all three."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup import schemas
from dedup.ids import document_id
from dedup.settings import ReadSettings
from dedup.sources.batch import Rejected
from dedup.sources.dates import date_in_url, parse_date, parse_moment
from dedup.sources.locate import Entry
from dedup.sources.provenance import (
    Occurrences,
    clean_url,
    content_key,
    file_uri,
    printable,
    url_host,
)

#: How pieces of HTML in a text column start.
MARKUP_START = (
    r"^\s*<(?:!doctype|html|head|body|div|p|br|span|font|center|strong|b|h[1-6]|table|ul|ol|article|section|main)[\s/>]"
)
#: RE2 class of what is not blank; its `\s` knows ASCII only.
_INK = r"[^\s\x{85}\x{a0}\x{3000}\x{feff}\x{200b}]"


@dataclass(frozen=True)
class Chunk:
    """Some records of one file: a string array for each role that the file has (nulls allowed), in file order.

    `text` and `html` may be binary; they are decoded record by record. `encodings` is one name or one per record;
    `tables` and `basis` are filled where the text comes from HTML, `faults` holds (rule, reason) of records that are
    known to be unusable.
    """

    columns: dict[str, pa.Array]
    format: str
    encodings: str | list[str] = "utf-8"
    tables: list[list[str]] | None = None
    basis: list[str] | None = None
    faults: dict[int, tuple[str, str]] = field(default_factory=dict)


@dataclass
class RecordFile:
    """What must be remembered from chunk to chunk of one file; `expanded` counts the bytes of its texts."""

    entry: Entry
    read: ReadSettings
    now: datetime
    occurrences: Occurrences = field(default_factory=Occurrences)
    expanded: int = 0

    @property
    def uri(self) -> str:
        """Uri of the file itself."""
        return file_uri(self.entry.name, self.entry.inside)

    def refuse(self, rule: str, reason: str, *, key: str | None = None, **known: Any) -> Rejected:
        """Return a quarantine row for one record (`key` set) or for the file or what is left of it."""
        uri = self.uri
        own = known.pop("source_id", None)
        if key is not None:
            uri = f"{uri}#{printable(key)}"
            own = own or f"{self.entry.inside}#{key}"
        known = {"source_id": own or self.entry.inside, "file": self.entry.inside, **known}
        return Rejected(uri, self.entry.name, rule, reason, known)


def _strings(column: pa.Array | None, n: int) -> list[str | None]:
    return [None] * n if column is None else column.to_pylist()


def _stripped(value: str | None) -> str | None:
    return (value.strip() or None) if value is not None else None


def _digests(text: pa.Array) -> list[str]:
    """Return the SHA-256 of each string's UTF-8 bytes without copying them."""
    _, offsets, data = text.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int32)[text.offset : text.offset + len(text) + 1].tolist()
    view = memoryview(data) if data is not None else memoryview(b"")
    return [sha256(view[a:b]).hexdigest() for a, b in pairwise(bounds)]


def _holds_nul(text: pa.Array) -> bool:
    """Tell whether any string holds a NUL, in one pass over all bytes (a search by string takes 50 times as long)."""
    _, offsets, data = text.buffers()
    if data is None or not len(text):
        return False
    first, last = np.frombuffer(offsets, dtype=np.int32)[[text.offset, text.offset + len(text)]].tolist()
    return last > first and not np.frombuffer(data, dtype=np.uint8)[first:last].min()


def _any_markup(text: pa.Array) -> bool:
    """Tell whether any text starts like a piece of HTML; which of them are is looked at one by one."""
    return bool(pc.any(pc.match_substring_regex(text, MARKUP_START, ignore_case=True)).as_py())


def _faults(text: pa.Array, read: ReadSettings, known: dict[int, tuple[str, str]]) -> dict[int, tuple[str, str]]:
    """Return (rule, reason) of every text that cannot be a document, those known already among them."""
    limit = int(read.max_record_mb * 1e6)
    n_bytes = pc.fill_null(pc.binary_length(text), 0)
    found = dict(known)

    def note(mask: pa.Array, rule: str, reason: Callable[[int], str]) -> None:
        for i in np.flatnonzero(mask.to_numpy(zero_copy_only=False)).tolist():
            found.setdefault(i, (rule, reason(i)))

    blank = pc.invert(pc.fill_null(pc.match_substring_regex(text, _INK), False))
    note(blank, "empty", lambda _: "its text is empty or blank")
    note(
        pc.greater(n_bytes, limit),
        "too_large",
        lambda i: f"its text has {n_bytes[i].as_py():,} bytes, the limit is {limit:,} (setting read.max_record_mb)",
    )
    if _holds_nul(text):
        nul = pc.fill_null(pc.match_substring(text, "\x00"), False)
        note(nul, "binary", lambda _: "its text holds NUL characters: binary data in a text column")
    return found


def documents_from_records(chunk: Chunk, file: RecordFile) -> tuple[pa.Table, list[Rejected]]:
    """Turn records into rows of `documents`.

    Parameters
    ----------
    chunk : the records; a `text` or `html` array must be among them
    file : the file they come from, with the keys given so far

    Returns
    -------
    rows of `documents` in the order of the records, and the refused records
    """
    texts = chunk.columns.get("text")
    marked_up = texts is not None and pa.types.is_string(texts.type) and _any_markup(texts)
    if "html" in chunk.columns or marked_up or not pa.types.is_string(chunk.columns["text"].type):
        from dedup.sources.record_text import with_text

        chunk = with_text(chunk, file.read)
    text = chunk.columns["text"]
    faults = _faults(text, file.read, chunk.faults)
    rejected: list[Rejected] = []
    if faults:
        ids, texts = _strings(chunk.columns.get("id"), len(text)), text
        titles, urls = (_strings(chunk.columns.get(r), len(text)) for r in ("title", "url"))
        for i, (rule, reason) in sorted(faults.items()):
            head, url = texts[i].as_py(), clean_url(urls[i])
            own = _stripped(ids[i])
            key = file.occurrences.name(own or url or content_key(head, titles[i]))
            known = {"title": titles[i], "url": url, "head": head[:200] if head else None}
            rejected.append(file.refuse(rule, reason, key=key, source_id=own, **known))
        keep = np.setdiff1d(np.arange(len(text)), list(faults))
        chunk = _take(chunk, keep)
        text = chunk.columns["text"]
    return _documents(chunk, text, file), rejected


def _take(chunk: Chunk, keep: np.ndarray) -> Chunk:
    rows = pa.array(keep, pa.int64())
    picked = keep.tolist()
    return Chunk(
        {role: column.take(rows) for role, column in chunk.columns.items()},
        chunk.format,
        chunk.encodings if isinstance(chunk.encodings, str) else [chunk.encodings[i] for i in picked],
        None if chunk.tables is None else [chunk.tables[i] for i in picked],
        None if chunk.basis is None else [chunk.basis[i] for i in picked],
    )


def _documents(chunk: Chunk, text: pa.Array, file: RecordFile) -> pa.Table:
    n = len(text)
    if n and pc.any(pc.starts_with(text, "\ufeff")).as_py():
        text = pc.utf8_ltrim(text, characters="\ufeff")
    entry, source = file.entry, file.entry.source
    column = {
        role: _strings(chunk.columns.get(role), n) for role in ("id", "url", "title", "published_at", "publisher")
    }
    prefix = file.uri + "#"
    uris, own_ids, sources, sites = [], [], [], []
    for i, (own, given) in enumerate(zip(column["id"], column["url"], strict=True)):
        own, url = _stripped(own), clean_url(given)
        key = printable(own) if own else None
        if url is None and key is None:
            parts = (
                text[i].as_buffer().to_pybytes(),
                column["title"][i],
                column["published_at"][i],
                column["publisher"][i],
            )
            key = file.occurrences.name(content_key(*parts))
        uris.append(url or prefix + str(key))
        own_ids.append(own or url or f"{entry.inside}#{key}")
        host = url_host(url) if url else None
        sources.append(source.name or host or entry.name)
        sites.append(host or entry.site)
    days, basis = _published(column["published_at"], uris, column["url"], chunk.basis)
    fetched = [parse_moment(v) if v else None for v in _strings(chunk.columns.get("fetched_at"), n)]
    licenses = chunk.columns.get("license")
    moment = pa.repeat(pa.scalar(file.now, schemas.TIMESTAMP), n)
    values: dict[str, Any] = {
        "doc_id": [document_id(uri) for uri in uris],
        "uri": uris,
        "source_id": own_ids,
        "source": sources,
        "site": sites,
        "role": pa.repeat(source.role, n),
        "format": pa.repeat(chunk.format, n),
        "title": [_stripped(v) for v in column["title"]],
        "published_at": days,
        "published_at_basis": basis,
        "publisher": [_stripped(v) for v in column["publisher"]],
        "fetched_at": fetched,
        "ingested_at": moment,
        "last_seen": moment,
        "license": _licenses(licenses, source.license, n),
        "sha256": _digests(text),
        "n_bytes": pc.cast(pc.binary_length(text), pa.int64()),
        "encoding": pa.repeat(chunk.encodings, n) if isinstance(chunk.encodings, str) else chunk.encodings,
        "text": text,
        "n_chars": pc.cast(pc.utf8_length(text), pa.int64()),
        "tables_html": chunk.tables if chunk.tables is not None else [[]] * n,
    }
    arrays = [v if isinstance(v := values[f.name], pa.Array) else pa.array(v, type=f.type) for f in schemas.DOCUMENTS]
    return pa.Table.from_arrays(arrays, schema=schemas.DOCUMENTS)


def _licenses(column: pa.Array | None, declared: str | None, n: int) -> pa.Array:
    if column is None:
        return pa.nulls(n, pa.string()) if declared is None else pa.repeat(declared, n)
    return column if declared is None else pc.fill_null(column, declared)


def _published(
    stated: list[str | None], uris: list[str], urls: list[str | None], basis: list[str] | None
) -> tuple[list[date | None], list[str]]:
    """Return day and basis of each record: its column (or page), else the url given, else none."""
    days: list[date | None] = []
    bases: list[str] = []
    for i, value in enumerate(stated):
        day = parse_date(value) if value else None
        where = basis[i] if basis is not None and basis[i] != "none" else "column"
        if day is None and urls[i]:
            day, where = date_in_url(uris[i]), "url"
        days.append(day)
        bases.append(where if day else "none")
    return days, bases
