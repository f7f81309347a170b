"""Working files that tables and texts lie over: opened here, so that what is mapped can be told from what is in memory.

A checkpoint then names the file that holds a column already, instead of writing gigabytes of text a second time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

#: What tells the memory of one chunk from that of any other that is alive: type, offset, length, buffers.
_Place = tuple[Any, ...]
#: Chunks of a column are fewer; column and chunk are one number, since there may be hundreds of thousands.
_CHUNKS = 1 << 32


@dataclass
class _Mapped:
    """One open file; the table is held so that nothing else can come to lie at its addresses.

    `places` leads from the hash of a place to the number of its column times `_CHUNKS` and that of its chunk.
    """

    table: pa.Table
    places: dict[int, int] = field(default_factory=dict)

    def find(self, place: _Place) -> tuple[str, int] | None:
        number = self.places.get(hash(place))
        if number is None:
            return None
        column, chunk = divmod(number, _CHUNKS)
        found = self.table.column(column).chunk(chunk)
        return (self.table.column_names[column], chunk) if _place(found) == place else None


_tables: dict[Path, _Mapped] = {}
_texts: dict[Path, pa.Array] = {}


def map_table(path: Path) -> pa.Table:
    """Return the rows of an Arrow IPC file, memory-mapped."""
    with pa.memory_map(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
    mapped = _Mapped(table)
    for column in range(table.num_columns):
        for number, chunk in enumerate(table.column(column).chunks):
            if place := _place(chunk):
                mapped.places[hash(place)] = column * _CHUNKS + number
    _tables[path] = mapped
    return table


def map_texts(path: Path, offsets: NDArray[np.int64]) -> pa.Array:
    """Return the texts of a file as one large_string array over it.

    Parameters
    ----------
    offsets : (n + 1,) bytes at which each text begins and the last one ends
    """
    if not offsets[-1]:
        data = pa.py_buffer(b"")
    else:
        with pa.memory_map(str(path)) as file:
            data = file.read_buffer(int(offsets[-1]))
    texts = pa.Array.from_buffers(pa.large_string(), offsets.size - 1, [None, pa.py_buffer(offsets), data])
    _texts[path] = texts
    return texts


def find_chunk(chunk: pa.Array) -> tuple[Path, str, int] | None:
    """Return the file, column and chunk that hold exactly these values; None when they lie in memory."""
    place = _place(chunk)
    if place is None:
        return None
    return next(((path, *found) for path, mapped in _tables.items() if (found := mapped.find(place))), None)


def find_texts(texts: pa.Array) -> Path | None:
    """Return the file of texts that `map_texts` gave, None for other texts."""
    return next((path for path, known in _texts.items() if known is texts), None)


def open_chunks(path: Path, column: str, start: int, stop: int) -> list[pa.Array]:
    """Return neighbouring chunks that `find_chunk` found, in this process or an earlier one."""
    table = _tables[path].table if path in _tables else map_table(path)
    return list(table.column(column).chunks[start:stop])


def let_go(folder: Path) -> None:
    """Forget the files of a folder, which may then be unmapped."""
    for path in [p for p in _tables if p.is_relative_to(folder)]:
        del _tables[path]
    for path in [p for p in _texts if p.is_relative_to(folder)]:
        del _texts[path]


def _place(chunk: pa.Array) -> _Place | None:
    # The values of a dictionary are no part of its buffers; nothing has no place.
    if not len(chunk) or pa.types.is_dictionary(chunk.type):
        return None
    buffers = tuple((b.address, b.size) if b is not None else None for b in chunk.buffers())
    return (str(chunk.type), chunk.offset, len(chunk), *buffers)
