"""Lines of a record file with bounded memory, in one encoding that is settled early."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass

from dedup.sources.batch import Rejected
from dedup.sources.decode import decode, strict
from dedup.sources.errors import Refused
from dedup.sources.provenance import content_key
from dedup.sources.records import RecordFile

_SAMPLE = 1 << 20
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True)
class Line:
    """One line with its end, its 1-based number, and the encoding it was decoded from."""

    text: str
    number: int
    encoding: str


class RawLines:
    """The lines of a file as bytes, and the encoding they are in.

    A file has one encoding, told by its first megabyte (one short line of GB18030 may look like UTF-8) and, while that
    is pure ASCII, by the first line that is not. UTF-16 is recoded to UTF-8 on the way. A line longer than `limit`
    bytes is cut one byte behind it.

    When the stream itself breaks (truncated, damaged, a bomb), iteration ends and `broken` says why: what stands
    before the break is good.
    """

    def __init__(self, stream: io.BufferedReader, limit: int, configured: str) -> None:
        wide = next((name for bom, name in _WIDE.items() if stream.peek(4).startswith(bom)), None)
        self.broken: Refused | None = None
        self._encoding: str | None = "utf-8" if wide else None
        self._label = wide
        self._lines = _recoded(stream, wide, limit) if wide else _raw_lines(stream, limit)
        self._sample: list[bytes] = []
        size = 0
        while size < _SAMPLE and (line := self._pull()) is not None:
            if not self._sample:
                line = line.removeprefix(codecs.BOM_UTF8)
            self._sample.append(line)
            size += len(line)
        if wide is None:
            self._settle(b"".join(self._sample), configured)
        if len(self._sample) == 1 and self._sample[0].count(b"\r") > 1:
            self._sample = self._sample[0].splitlines(keepends=True)  # line ends of the old Macintosh
        self._sample.reverse()

    @property
    def encoding(self) -> str:
        """The encoding to decode lines with; ASCII so far means UTF-8."""
        return self._encoding or "utf-8"

    @property
    def label(self) -> str:
        """The encoding the file has, for `documents.encoding`."""
        return self._label or self.encoding

    def _pull(self) -> bytes | None:
        try:
            return next(self._lines, None)
        except Refused as refused:
            self.broken = refused
            return None

    def _settle(self, sample: bytes, configured: str) -> None:
        if configured != "auto":
            self._encoding = decode(b"", encoding=configured).encoding
        elif not sample.isascii():
            try:
                self._encoding = decode(sample).encoding.removesuffix("+replaced")
            except Refused:
                self._encoding = None  # line by line, then

    def __iter__(self) -> RawLines:
        return self

    def __next__(self) -> bytes:
        line = self._sample.pop() if self._sample else None if self.broken else self._pull()
        if line is None:
            raise StopIteration
        if self._encoding is None and not line.isascii():
            self._settle(line, "auto")
        return line


def _raw_lines(stream: io.BufferedReader, limit: int) -> Iterator[bytes]:
    while line := stream.readline(limit + 1):
        yield line
        if len(line) > limit and not line.endswith(b"\n"):
            while (rest := stream.readline(limit)) and not rest.endswith(b"\n"):
                pass


def _recoded(stream: io.BufferedReader, encoding: str, limit: int) -> Iterator[bytes]:
    # Only "\n" ends a line: str.splitlines knows more line ends than record files have.
    reader = io.TextIOWrapper(stream, encoding=encoding, newline="\n")
    try:
        while line := reader.readline(limit):
            yield line.encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise Refused("undecodable", f"it starts like {encoding} but does not go on so ({error.reason})") from error
    finally:
        reader.detach()  # the stream is not ours to close


def read_lines(lines: RawLines, file: RecordFile) -> Iterator[Line | Rejected]:
    """Yield the decoded lines of a record file, and a refusal for each that cannot be decoded or is too long."""
    limit = int(file.read.max_record_mb * 1e6)
    for number, raw in enumerate(lines, 1):
        if len(raw) > limit:
            reason = f"line {number} has more than {limit:,} bytes (setting read.max_record_mb)"
            key = file.occurrences.name(content_key(raw[:limit]))
            yield file.refuse("too_large", reason, key=key, line=number, head=raw[:300].decode("utf-8", "replace"))
            continue
        text = strict(raw, lines.encoding)
        yield Line(text, number, lines.label) if text is not None else _odd_line(raw, number, file)


def _odd_line(raw: bytes, number: int, file: RecordFile) -> Line | Rejected:
    """Return a line that is not in the encoding of its file."""
    try:
        found = decode(raw)
        return Line(found.text, number, found.encoding)
    except Refused as refused:
        key = file.occurrences.name(content_key(raw))
        head = raw[:300].decode("utf-8", "replace")
        return file.refuse(refused.rule, f"line {number}: {refused.reason}", key=key, line=number, head=head)
