"""Reading sources: every file and record ends in a batch, as a document or in quarantine, and the run goes on."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import BinaryIO

import pyarrow as pa

from dedup.settings import ReadSettings, SourceSettings
from dedup.sources.batch import Collector, Page, Rejected, SourceBatch
from dedup.sources.delimited import read_csv
from dedup.sources.errors import Refused, SourceError
from dedup.sources.formats import PAGE_FORMATS, detect_format
from dedup.sources.jsonl import read_jsonl
from dedup.sources.locate import Entry, list_entries
from dedup.sources.pages import read_page
from dedup.sources.parquet import read_parquet
from dedup.sources.records import RecordFile
from dedup.sources.unpack import open_unpacked

#: Documents as a table or as pages, and what was refused on the way to them.
_Part = tuple[pa.Table | list[Page] | None, list[Rejected]]
_RECORD_READERS: dict[str, Callable[[io.BufferedReader, RecordFile], Iterator[_Part]]] = {
    "jsonl": read_jsonl,
    "csv": read_csv,
    "parquet": read_parquet,
}


#: Refusals after which a file without a single good record is given up: it is not what its name says.
MAX_FAULTS = 2_000


def read_batches(
    sources: Sequence[SourceSettings], read: ReadSettings, *, now: datetime, limit: int | None = None
) -> Iterator[SourceBatch]:
    """Read sources as a stream of batches.

    Parameters
    ----------
    sources : what to read, in this order; the files of each in code point order of their paths
    read : limits; what exceeds them goes to quarantine
    now : moment of ingestion, with time zone
    limit : documents after which reading stops

    Yields
    ------
    batches of about `read.batch_chars` characters; every input record stands once in `documents` or in `quarantine`
    (a file that two sources name is read once). The rows do not depend on the size of the batches.
    """
    collector = Collector(read.batch_chars, now, limit)
    seen: set[tuple[str, str, str]] = set()
    for source in sources:
        for entry in list_entries(source):
            key = (entry.name, entry.inside, entry.identity)
            if entry.identity and key in seen:
                collector.advance(files=1)
                continue
            seen.add(key)
            yield from _read_entry(entry, read, now, collector)
            if collector.full:
                yield from collector.drain(last=True)
                return
    yield from collector.drain(last=True)


def _read_entry(entry: Entry, read: ReadSettings, now: datetime, collector: Collector) -> Iterator[SourceBatch]:
    file = RecordFile(entry, read, now)
    position = good = bad = 0
    first = ""
    try:
        if entry.refusal is not None:
            raise Refused(*entry.refusal)
        with entry.open() as raw:
            for documents, rejected in _parts(raw, file):
                if isinstance(documents, list):
                    collector.pages(documents)
                    good += len(documents)
                elif documents is not None:
                    collector.table(documents)
                    good += documents.num_rows
                for row in rejected:
                    first = first or row.reason
                    collector.reject(row)
                reached = raw.tell()
                collector.advance(n_bytes=max(reached - position, 0))
                position = max(reached, position)
                yield from collector.drain()
                if collector.full:
                    break
                bad += len(rejected)
                if not good and bad >= MAX_FAULTS:
                    reason = f"none of its first {bad:,} records can be read (first: {first}); the rest is not tried"
                    raise Refused("all_bad", reason)
        if not good and not bad and not collector.full:
            raise Refused("empty", "it holds no records")
    except Refused as refused:
        collector.reject(file.refuse(refused.rule, refused.reason, size=entry.size))
    except OSError as error:
        reason = f"it cannot be read: {error.strerror or error}"
        collector.reject(file.refuse("unreadable", reason, size=entry.size))
    except SourceError:
        raise
    except Exception as error:
        # A reader that meets what nobody thought of must not take a night's run with it: the row names the error.
        reason = f"the reader failed on it ({type(error).__name__}: {str(error)[:300]}); please report this"
        collector.reject(file.refuse("reader_failed", reason, size=entry.size))
    collector.advance(files=1, n_bytes=max(entry.size - position, 0))
    yield from collector.drain()


def _parts(raw: BinaryIO, file: RecordFile) -> Iterator[_Part]:
    entry = file.entry
    stream, packed = open_unpacked(raw, file.read)
    if not stream.peek(1):
        raise Refused("empty", "the file is empty")
    kind = detect_format(entry.inside, stream.peek(4096)[:4096], entry.source.format)
    if kind in PAGE_FORMATS:
        yield [read_page(stream, packed, kind, file)], []
    elif kind == "warc":
        from dedup.sources.warc import read_warc

        yield from read_warc(stream, file)
    else:
        yield from _RECORD_READERS[kind](stream, file)
