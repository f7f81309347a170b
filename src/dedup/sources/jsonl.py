"""JSONL files, line by line: a bad line costs itself and nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from dedup.settings import ReadSettings
from dedup.sources.batch import Rejected
from dedup.sources.errors import Refused
from dedup.sources.lines import Line, RawLines, read_lines
from dedup.sources.mapping import ROLES, map_columns, no_text_column
from dedup.sources.provenance import content_key
from dedup.sources.records import Chunk, RecordFile, documents_from_records

_LONE_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
#: Characters of text per chunk: enough for vectorised work, little enough to keep memory flat.
_CHUNK_CHARS = 2_000_000
_CHUNK_FAULTS = 1_000


class _Rows:
    """Columns under construction."""

    def __init__(self) -> None:
        self.values: dict[str, list[str | None]] = {role: [] for role in ROLES}
        self.encodings: list[str] = []
        self.chars = 0

    def add(self, row: dict[str, str | None], encoding: str) -> None:
        for role, values in self.values.items():
            values.append(row.get(role))
        self.encodings.append(encoding)
        self.chars += len(row.get("text") or "") + len(row.get("html") or "")

    def chunk(self) -> Chunk:
        used = {r: v for r, v in self.values.items() if r == "text" or any(x is not None for x in v)}
        return Chunk({r: pa.array(v, pa.string()) for r, v in used.items()}, "jsonl", self.encodings)


def _as_string(value: Any, role: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if role in {"text", "html"} or isinstance(value, (dict, list)):
        raise Refused("wrong_type", f"its {role} is {type(value).__name__}, expected a string")
    return json.dumps(value)


def _row(
    line: Line, file: RecordFile, known: dict[tuple[str, ...], dict[str, str]]
) -> tuple[dict[str, str | None], str]:
    try:
        record = json.loads(line.text)
    except (ValueError, RecursionError) as error:
        # Python's own words differ between its versions, and rows of quarantine must not.
        raise Refused("broken_json", "not JSON; expected one whole object on the line") from error
    if not isinstance(record, dict):
        raise Refused("broken_json", f"a JSON {type(record).__name__}, expected an object with named fields")
    # A null field counts as absent, so that the next name of the settings has its turn.
    names = tuple(name for name, value in record.items() if value is not None)
    mapping = known.get(names)
    if mapping is None:
        mapping = map_columns(names, file.entry.source.columns)
        if len(known) < 1000:
            known[names] = mapping
    if "text" not in mapping and "html" not in mapping:
        raise no_text_column(record, file.entry.source.columns)
    row = {role: _as_string(record[name], role) for role, name in mapping.items()}
    encoding = line.encoding
    for role, value in row.items():
        if value is not None and not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                row[role] = value.translate(_LONE_SURROGATES)
                encoding = line.encoding.removesuffix("+replaced") + "+replaced"
    return row, encoding


def read_jsonl(stream: io.BufferedReader, file: RecordFile) -> Iterator[tuple[pa.Table | None, list[Rejected]]]:
    """Yield documents and refusals of a JSONL file.

    Raises
    ------
    Refused
        behind the last good record, when the stream breaks
    """
    rows, rejected = _Rows(), []
    known: dict[tuple[str, ...], dict[str, str]] = {}
    lines = RawLines(stream, int(file.read.max_record_mb * 1e6), file.entry.source.encoding)
    for line in read_lines(lines, file):
        if isinstance(line, Rejected):
            rejected.append(line)
            continue
        if not line.text.strip():
            continue
        try:
            rows.add(*_row(line, file, known))
        except Refused as refused:
            key = file.occurrences.name(content_key(line.text))
            reason = f"line {line.number}: {refused.reason}"
            rejected.append(file.refuse(refused.rule, reason, key=key, line=line.number, head=line.text[:300]))
        if rows.chars >= _CHUNK_CHARS or len(rejected) >= _CHUNK_FAULTS:
            documents, bad = documents_from_records(rows.chunk(), file)
            yield documents, rejected + bad
            rows, rejected = _Rows(), []
    documents, bad = documents_from_records(rows.chunk(), file)
    yield documents, rejected + bad
    if lines.broken is not None:
        raise lines.broken


def read_first_names(stream: io.BufferedReader) -> list[str]:
    """Return the names of the fields of the first object of a JSONL file; none when there is no object."""
    limit = int(ReadSettings().max_record_mb * 1e6)
    lines = RawLines(stream, limit, "auto")
    for raw in lines:
        try:
            record = json.loads(raw.decode(lines.encoding, "replace"))
        except (ValueError, RecursionError):
            return []
        return list(record) if isinstance(record, dict) else []
    return []
