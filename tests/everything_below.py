"""Looking for words in everything that lies below a folder, whatever form it has there."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def places_of(folder: Path, words: list[str]) -> dict[str, set[str]]:
    """Return for each word where it stands below `folder`: paths, with the column for tables."""
    found: dict[str, set[str]] = {word: set() for word in words}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        pieces = [("name", name)]
        if path.is_file():
            pieces += [("bytes", path.read_bytes()), *_decoded(path)]
        for where, content in pieces:
            for word in words:
                if any(form in content for form in _forms(word, type(content))):
                    found[word].add(f"{name}:{where}")
    return found


def _forms(word: str, kind: type) -> list[Any]:
    """Return a word as it may be written: plain, escaped as in JSON, or JSON inside of JSON, in encodings of pages."""
    escaped = json.dumps(word)[1:-1]
    plain = list({word: None, escaped: None, json.dumps(escaped)[1:-1]: None})
    if kind is str:
        return plain
    return [*(text.encode() for text in plain), word.encode("gb18030"), word.encode("utf-16-le")]


def _decoded(path: Path) -> Iterator[tuple[str, str | bytes]]:
    """Yield the content of packed files column by column, and of SQLite table by table."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        for column in table.column_names:
            yield column, repr(table.column(column).to_pylist())
        yield "metadata", repr(table.schema.metadata)
    elif path.suffix == ".arrow":
        with pa.memory_map(str(path)) as file:
            yield "rows", repr(pa.ipc.open_file(file).read_all().to_pylist())
    elif path.suffix == ".gz":
        yield "unpacked", gzip.decompress(path.read_bytes())
    elif path.suffix == ".sqlite":
        with sqlite3.connect(path) as connection:
            yield "dump", "\n".join(connection.iterdump())
