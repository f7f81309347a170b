"""Results of a stage as files and JSON, and back: tables, arrays, and the records of this package that hold them.

Nothing is pickled: what is read back are Arrow and NumPy files, and records whose class this package defines.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.engines.mapped_files import find_chunk, find_texts, map_table, map_texts, open_chunks

#: Classes are looked up in this package alone.
_PACKAGE = "dedup."
_SEQUENCES = {"list": list, "tuple": tuple, "frozenset": frozenset}


class Unkeepable(TypeError):
    """A value of a kind that cannot be written; the stage is done again after a crash."""


class Freezer:
    """Writes values into files below a folder; a value that was written before is only named again.

    Parameters
    ----------
    root : folder of the working files
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[int, tuple[weakref.ref[Any], dict[str, Any]]] = {}
        self._folder = root
        self._n = 0

    def begin(self, folder: Path) -> None:
        """Write what follows into `folder`, a new one below the root."""
        folder.mkdir(parents=True)
        self._folder = folder

    def freeze(self, value: Any) -> Any:
        """Return a value as JSON that names the files written for it.

        Raises
        ------
        Unkeepable
            There is no way to write it.
        OSError
            The disk is full.
        """
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, pa.Table | pa.ChunkedArray | pa.Array | np.ndarray):
            return self._once(value)
        if isinstance(value, np.generic):
            return {"is": "scalar", "value": value.item(), "dtype": value.dtype.str}
        if isinstance(value, Path):
            return {"is": "path", "path": self._relative(value)}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return {"is": "named", "class": _name(type(value)), "values": [self.freeze(v) for v in value]}
        if isinstance(value, list | tuple):
            kind = "list" if isinstance(value, list) else "tuple"
            return {"is": kind, "values": [self.freeze(v) for v in value]}
        if isinstance(value, frozenset):
            return {"is": "frozenset", "values": [self.freeze(v) for v in sorted(value)]}
        if isinstance(value, Mapping):
            return {"is": "dict", "items": [[self.freeze(k), self.freeze(v)] for k, v in value.items()]}
        if is_dataclass(value) and not isinstance(value, type):
            members = [[f.name, self.freeze(getattr(value, f.name))] for f in fields(value)]
            return {"is": "record", "class": _name(type(value)), "fields": members}
        raise Unkeepable(f"{type(value).__module__}.{type(value).__qualname__}")

    def _once(self, value: Any) -> dict[str, Any]:
        known = self._known.get(id(value))
        if known is not None and known[0]() is value:
            return known[1]
        frozen = self._write(value)
        self._known[id(value)] = (weakref.ref(value), frozen)
        return frozen

    def _write(self, value: Any) -> dict[str, Any]:
        if isinstance(value, pa.Table):
            return self._write_table(value)
        if isinstance(value, pa.Array) and (path := find_texts(value)) is not None:
            # A file of no texts at all is empty and cannot be mapped; the offsets say so.
            offsets = np.frombuffer(value.buffers()[1], dtype=np.int64)[: len(value) + 1]
            return {"is": "texts", "file": self._relative(path), "offsets": self._write_array(offsets)}
        if isinstance(value, np.ndarray):
            return self._mapped_array(value) or {"is": "array", "file": self._write_array(value)}
        chunked = value if isinstance(value, pa.ChunkedArray) else pa.chunked_array([value], value.type)
        kind = "chunked" if isinstance(value, pa.ChunkedArray) else "values"
        return {"is": kind, "of": self._write_table(pa.table({"values": chunked}))}

    def _write_table(self, table: pa.Table) -> dict[str, Any]:
        """Write the columns that lie in memory, and name the chunks of those that lie in files."""
        held: list[str] = []
        columns: list[list[Any]] = []
        for name in table.column_names:
            chunks = [chunk for chunk in table.column(name).chunks if len(chunk)]
            found = [find_chunk(chunk) for chunk in chunks]
            if not any(found):
                held.append(name)
                continue
            columns.append([name, self._parts(name, chunks, found)])
        file = self._write_ipc(table.select(held)) if held or not columns else None
        schema = self._write_ipc(table.schema.empty_table()) if columns else None
        return {"is": "table", "file": file, "schema": schema, "columns": columns, "rows": table.num_rows}

    def _parts(
        self, name: str, chunks: list[pa.Array], found: list[tuple[Path, str, int] | None]
    ) -> list[dict[str, Any]]:
        """Return where the chunks of a column lie; neighbours in a file are one part, `start` to `stop`."""
        parts: list[dict[str, Any]] = []
        for chunk, place in zip(chunks, found, strict=True):
            if place is None:
                file, column, number = self._write_ipc(pa.table({name: chunk})), name, 0
            else:
                file, column, number = self._relative(place[0]), place[1], place[2]
            last = parts[-1] if parts else {}
            if (last.get("file"), last.get("column"), last.get("stop")) == (file, column, number):
                last["stop"] = number + 1
            else:
                parts.append({"file": file, "column": column, "start": number, "stop": number + 1})
        return parts

    def _mapped_array(self, array: np.ndarray) -> dict[str, Any] | None:
        """Return the name of the file that an array is the whole of, if it is."""
        base = array.base
        if not isinstance(base, np.memmap) or base.filename is None or base.offset or not array.flags.c_contiguous:
            return None
        same = array.ctypes.data == base.ctypes.data and array.nbytes == base.nbytes
        path = Path(base.filename)
        if not same or not path.is_relative_to(self._root) or path.stat().st_size != array.nbytes:
            return None
        shape = list(array.shape)
        return {"is": "mapped", "file": self._relative(path), "dtype": array.dtype.str, "shape": shape}

    def _write_array(self, array: np.ndarray) -> str:
        if array.dtype.hasobject:
            raise Unkeepable("an array of Python objects")
        path = self._next("npy")
        np.save(path, array, allow_pickle=False)
        return self._relative(path)

    def _write_ipc(self, table: pa.Table) -> str:
        path = self._next("arrow")
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
        return self._relative(path)

    def _next(self, suffix: str) -> Path:
        self._n += 1
        return self._folder / f"{self._n:04d}.{suffix}"

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


def named_files(frozen: Any) -> set[str]:
    """Return the files that frozen values lie in, relative to the root."""
    if isinstance(frozen, list):
        return {name for part in frozen for name in named_files(part)}
    if not isinstance(frozen, dict):
        return set()
    names = {frozen[key] for key in ("file", "offsets", "schema") if frozen.get(key) is not None}
    return names.union(*(named_files(part) for part in frozen.values()))


def thaw(frozen: Any, root: Path) -> Any:
    """Return the value that was frozen; large ones are mapped, not read.

    Raises
    ------
    OSError, ValueError, LookupError, pa.ArrowException
        A file is missing or is not what was written.
    """
    if not isinstance(frozen, dict):
        return frozen
    kind = frozen["is"]
    if kind in ("record", "named"):
        return _thaw_record(frozen, root)
    if kind == "dict":
        return {thaw(key, root): thaw(value, root) for key, value in frozen["items"]}
    if kind in _SEQUENCES:
        return _SEQUENCES[kind](thaw(value, root) for value in frozen["values"])
    if kind == "scalar":
        return np.dtype(frozen["dtype"]).type(frozen["value"])
    if kind == "path":
        return root / frozen["path"]
    return _thaw_data(kind, frozen, root)


def _thaw_data(kind: str, frozen: Mapping[str, Any], root: Path) -> Any:
    if kind == "texts":
        return map_texts(root / frozen["file"], np.load(root / frozen["offsets"], allow_pickle=False))
    if kind == "mapped":
        shape = tuple(frozen["shape"])
        return np.asarray(np.memmap(root / frozen["file"], dtype=np.dtype(frozen["dtype"]), mode="c", shape=shape))
    if kind == "array":
        return np.load(root / frozen["file"], allow_pickle=False)
    if kind == "table":
        return _thaw_table(frozen, root)
    column = _thaw_table(frozen["of"], root).column(0)
    return _joined(column) if kind == "values" else column


def _joined(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _thaw_table(frozen: Mapping[str, Any], root: Path) -> pa.Table:
    held = map_table(root / frozen["file"]) if frozen["file"] is not None else pa.table({})
    schema = held.schema if frozen["schema"] is None else map_table(root / frozen["schema"]).schema
    elsewhere = dict(frozen["columns"])
    columns: list[pa.ChunkedArray] = []
    for f in schema:
        parts = elsewhere.get(f.name)
        if parts is None:
            columns.append(held.column(f.name))
        else:
            chunks = [c for p in parts for c in open_chunks(root / p["file"], p["column"], p["start"], p["stop"])]
            columns.append(pa.chunked_array(chunks, f.type))
    table = pa.Table.from_arrays(columns, schema=schema)
    if table.num_rows != frozen["rows"]:
        raise ValueError(f"{table.num_rows} rows, written were {frozen['rows']}")
    return table


def _name(kind: type) -> str:
    if not kind.__module__.startswith(_PACKAGE) or "." in kind.__qualname__:
        raise Unkeepable(f"{kind.__module__}.{kind.__qualname__}")
    return f"{kind.__module__}:{kind.__qualname__}"


def _thaw_record(frozen: Mapping[str, Any], root: Path) -> Any:
    module, _, name = frozen["class"].partition(":")
    if not module.startswith(_PACKAGE):
        raise ValueError(f"{module}: not of this package")
    kind: type = getattr(import_module(module), name)
    if frozen["is"] == "named" and issubclass(kind, tuple):
        return kind(*(thaw(value, root) for value in frozen["values"]))
    if frozen["is"] == "named" or not is_dataclass(kind):
        raise ValueError(f"{frozen['class']}: not a record")
    record: Any = object.__new__(kind)
    # As the fields were, also where `__init__` would compute some of them.
    for key, value in frozen["fields"]:
        object.__setattr__(record, key, thaw(value, root))
    return record
