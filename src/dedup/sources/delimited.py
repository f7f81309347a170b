"""CSV and TSV files, row by row: delimiter, header and encoding are found, broken rows are refused one by one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from dedup.settings import ColumnSettings, ReadSettings, SourceSettings
from dedup.sources.batch import Rejected
from dedup.sources.decode import strict
from dedup.sources.errors import Refused
from dedup.sources.lines import RawLines
from dedup.sources.mapping import ROLES, map_columns, no_text_column
from dedup.sources.provenance import content_key
from dedup.sources.records import Chunk, RecordFile, documents_from_records

_DELIMITERS = (",", "\t", ";", "|", "\x01")
_CHUNK_CHARS = 2_000_000
_CHUNK_FAULTS = 1_000
#: Rows whose quote never closes, after each of which reading goes on behind its first line, per file.
_MAX_RESUMES = 20
#: A header has no longer cells.
_NAME_CHARS = 60
_STRAY = re.compile("[\ud800-\udfff]")


_UNCLOSED = ("broken_row", "a quote is opened and never closed")


@dataclass
class _Row:
    cells: list[str]
    line: int
    text: str
    fault: tuple[str, str] | None = None


@dataclass
class _Decoded:
    """Decoded lines for the csv reader; keeps those of the row in progress so that reading can start again."""

    raw: RawLines
    limit: int
    number: int = 0
    ended: bool = False
    pending: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    size: int = 0
    cut: bool = False

    def __iter__(self) -> _Decoded:
        return self

    def __next__(self) -> str:
        if self.size > self.limit:
            self.ended = True  # beyond any record: an opened quote is swallowing the file
            raise StopIteration
        if self.again:
            line = self.again.pop()
        else:
            raw = next(self.raw, None)
            if raw is None:
                self.ended = True
                raise StopIteration
            line = self._decode(raw)
        self.number += 1
        self.pending.append(line)
        self.size += len(line)
        return line

    def _decode(self, raw: bytes) -> str:
        if len(raw) > self.limit:
            self.cut = True
            self.size = self.limit + 1  # the row ends here, whatever quotes are open
            return raw.decode(self.raw.encoding, "replace")
        text = strict(raw, self.raw.encoding)
        # Bytes that do not fit travel as surrogates through the csv reader, so that only their row is refused.
        return raw.decode(self.raw.encoding, "surrogateescape") if text is None else text

    def take(self) -> tuple[list[str], bool]:
        """Return the lines of the row that was just completed, and whether it ran into the end inside a quote."""
        lines, ended = self.pending, self.ended
        self.pending, self.size, self.ended, self.cut = [], 0, False, False
        return lines, ended


def _rows(lines: _Decoded, delimiter: str) -> Iterator[_Row]:
    """Yield rows; behind one whose quote never closes, reading goes on with the second of its lines."""
    resumes = 0
    while True:
        reader = csv.reader(lines, delimiter=delimiter)
        try:
            for cells in reader:
                cut = lines.cut
                taken, unclosed = lines.take()
                first = lines.number - len(taken) + 1
                if cut:
                    reason = f"a line has more than {lines.limit:,} bytes (setting read.max_record_mb)"
                    yield _Row(cells, first, "".join(taken), ("too_large", reason))
                    continue
                if not unclosed:
                    yield _Row(cells, first, "".join(taken))
                    continue
                if len(taken) > 1 and resumes < _MAX_RESUMES and lines.raw.broken is None:
                    resumes += 1
                    lines.again.extend(reversed(taken[1:]))
                    lines.number = first
                    taken = taken[:1]
                yield _Row(cells, first, "".join(taken), _UNCLOSED)
            if not lines.again and not lines.pending:
                return
        except csv.Error:
            taken, _ = lines.take()
            yield _Row(
                [],
                lines.number - len(taken) + 1,
                "".join(taken),
                ("broken_row", "not CSV: a line end stands inside an unquoted cell, or the cell is endless"),
            )


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def find_delimiter(header: str, columns: ColumnSettings) -> str:
    """Return the delimiter under which the header names most known columns, then has most cells; comma by default."""
    return max(
        _DELIMITERS,
        key=lambda d: (len(map_columns(c := _cells(header, d), columns)), len(c), -_DELIMITERS.index(d)),
    )


def _mapping(header: list[str], columns: ColumnSettings) -> dict[str, int]:
    """Return the position of each role.

    Raises
    ------
    Refused
        `no_text_column`, `no_header`
    """
    mapping = map_columns(header, columns)
    if not mapping and (not any(header) or max(map(len, header)) > _NAME_CHARS):
        raise Refused(
            "no_header",
            "its first row holds data, not the names of columns; put one on top, such as 'id,title,text'",
        )
    if "text" not in mapping and "html" not in mapping:
        raise no_text_column(header, columns)
    return {role: header.index(name) for role, name in mapping.items()}


def _fault(row: _Row, width: int) -> tuple[str, str] | None:
    """Return (rule, reason) of a row that cannot be trusted."""
    if row.fault is not None:
        return row.fault
    if len(row.cells) != width and (len(row.cells) < width or any(row.cells[width:])):
        return "broken_row", f"{len(row.cells)} cells under a header of {width}: quotes or separators are missing"
    if any(map(_STRAY.search, row.cells)):
        return "undecodable", "holds bytes that are not in the encoding of the file"
    return None


def _open(
    stream: io.BufferedReader, max_record_mb: float, source: SourceSettings
) -> tuple[_Decoded, Iterator[_Row], list[str]]:
    """Return (lines, rows below the header, header)."""
    limit = int(max_record_mb * 1e6)
    csv.field_size_limit(max(csv.field_size_limit(), 2 * limit))
    lines = _Decoded(RawLines(stream, limit, source.encoding), limit)
    first = next(lines, "")
    while first and not first.strip():
        first = next(lines, "")
    if not first:
        raise lines.raw.broken or Refused("empty", "it has no rows")
    lines.take()
    lines.again, lines.number = [first], lines.number - 1
    rows = _rows(lines, find_delimiter(first, source.columns))
    return lines, rows, next(rows).cells


def read_header(stream: io.BufferedReader) -> list[str]:
    """Return the cells of the first row of a CSV file."""
    return _open(stream, ReadSettings().max_record_mb, SourceSettings(path="."))[2]


def read_csv(stream: io.BufferedReader, file: RecordFile) -> Iterator[tuple[pa.Table | None, list[Rejected]]]:
    """Yield documents and refusals of a CSV or TSV file.

    Raises
    ------
    Refused
        `no_header` or `no_text_column` when nothing of the file can be read; the break of the stream, behind the last
        good row
    """
    lines, rows, header = _open(stream, file.read.max_record_mb, file.entry.source)
    raw = lines.raw
    mapping = _mapping(header, file.entry.source.columns)
    values: dict[str, list[str | None]] = {role: [] for role in ROLES if role in mapping}
    chars = 0
    rejected: list[Rejected] = []
    for row in rows:
        if not row.text.strip():
            continue
        if fault := _fault(row, len(header)):
            head = _STRAY.sub("\ufffd", row.text[:300])
            key = file.occurrences.name(content_key(row.text))
            rejected.append(file.refuse(fault[0], f"line {row.line}: {fault[1]}", key=key, line=row.line, head=head))
            if len(rejected) >= _CHUNK_FAULTS:
                yield _finish(values, file, raw.label, rejected)
                values, chars, rejected = {role: [] for role in values}, 0, []
            continue
        for role, position in mapping.items():
            values[role].append(row.cells[position] or None)
        chars += len(row.text)
        if chars >= _CHUNK_CHARS:
            yield _finish(values, file, raw.label, rejected)
            values, chars, rejected = {role: [] for role in values}, 0, []
    yield _finish(values, file, raw.label, rejected)
    if raw.broken is not None:
        raise raw.broken


def _finish(
    values: dict[str, list[str | None]], file: RecordFile, encoding: str, rejected: list[Rejected]
) -> tuple[pa.Table, list[Rejected]]:
    columns = {role: pa.array(column, pa.string()) for role, column in values.items()}
    documents, bad = documents_from_records(Chunk(columns, "csv", encoding), file)
    return documents, rejected + bad
