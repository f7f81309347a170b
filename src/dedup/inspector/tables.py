"""What the pages of one release look rows up in, each made when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

from dedup.inspector.lookups import BATCH_ROWS, BatchLookup, Lookup, ParquetLookup, write_batches
from dedup.inspector.prepared import COPIED, KEYS, PREPARED, Prepared

if TYPE_CHECKING:
    import duckdb

#: Row groups of more rows than this are copied into small pieces where single rows are wanted of them.
COPIED_ROWS = 2048


class Tables:
    """Lookups over datasets and prepared tables.

    Parameters
    ----------
    folder : for copies; it belongs to the caller
    connection : to the datasets, which are views in it; tables that are asked in SQL alone are made there
    files : gives the files of a dataset, none where there is no such
    thresholds : of the release: Jaccard and edit similarity
    heavy : held while whole datasets are read
    """

    def __init__(
        self,
        folder: Path,
        connection: duckdb.DuckDBPyConnection,
        files: Callable[[str], list[str]],
        thresholds: tuple[float, float],
        heavy: AbstractContextManager[Any],
    ) -> None:
        self._folder = folder
        self._connection = connection
        self._files = files
        self._thresholds = thresholds
        self._heavy = heavy
        self._locks = {name: threading.RLock() for name in (*PREPARED, *KEYS)}
        self._lookups: dict[str, Lookup] = {}
        self._in_database: set[str] = set()

    def need(self, *names: str) -> None:
        """See to it that tables exist; the first who needs one makes it, others wait."""
        for name in names:
            if name in PREPARED and not PREPARED[name].key:
                self._make_in_database(PREPARED[name])
            else:
                self.lookup(name)

    def lookup(self, name: str) -> Lookup:
        """Return the rows of a prepared table, or of a dataset that the release holds."""
        if (found := self._lookups.get(name)) is not None:
            return found
        spec = PREPARED.get(name)
        self.need(*(spec.after if spec else ()))
        with self._locks[name]:
            if name not in self._lookups:
                self._lookups[name] = self._prepare(spec) if spec else self._open(name)
            return self._lookups[name]

    def scan(self, name: str) -> ds.Dataset:
        """Return a prepared table for queries that read all of it."""
        self.need(name)
        lookup = self._lookups[name]
        assert isinstance(lookup, BatchLookup)
        return ds.dataset([str(lookup.path)], format="ipc")

    def _open(self, dataset: str) -> Lookup:
        opened = ParquetLookup(self._files(dataset), KEYS[dataset])
        if dataset not in COPIED or opened.most_rows <= COPIED_ROWS:
            return opened
        with self._heavy:
            path = self._folder / f"{dataset}.arrow"
            return write_batches(path, opened.schema, opened.batches(opened.schema.names), opened.key)

    def _prepare(self, spec: Prepared) -> Lookup:
        with self._heavy:
            cursor = self._connection.cursor()
            try:
                for name in spec.after:
                    if PREPARED[name].key:
                        cursor.register(name, self.scan(name))
                query = spec.statement(self._files, *self._thresholds)
                with cursor.sql(query).to_arrow_reader(64 * BATCH_ROWS) as reader:
                    made = write_batches(self._folder / f"{spec.name}.arrow", reader.schema, reader, spec.key)
            finally:
                cursor.close()
            pa.default_memory_pool().release_unused()
            return made

    def _make_in_database(self, spec: Prepared) -> None:
        if spec.name in self._in_database:
            return
        with self._locks[spec.name], self._heavy:
            if spec.name not in self._in_database:
                cursor = self._connection.cursor()
                try:
                    cursor.execute(f"CREATE TABLE {spec.name} AS {spec.statement(self._files, *self._thresholds)}")
                finally:
                    cursor.close()
                self._in_database.add(spec.name)

    def close(self) -> None:
        """Let go of the files."""
        for lookup in self._lookups.values():
            if isinstance(lookup, BatchLookup):
                lookup.close()
