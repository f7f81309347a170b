"""What the pages of one release look rows up in, each made when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from dedup.inspector.database import connect, read_parquet
from dedup.inspector.lookups import (
    BATCH_ROWS,
    BatchLookup,
    Lookup,
    ParquetLookup,
    PlacedLookup,
    open_batches,
    write_batches,
)
from dedup.inspector.postings import Postings, write_postings, write_sections
from dedup.inspector.prepared import COPIED, KEYS, ORDERED, PLACED, PREPARED, Prepared
from dedup.releases.blocks import block_names
from dedup.reuse.network import GROUPINGS, Network, build_network

if TYPE_CHECKING:
    import duckdb

    from dedup.inspector.apart import Apart

T = TypeVar("T")

#: Row groups of more rows than this are copied into small pieces where single rows are wanted of them.
COPIED_ROWS = 2048
#: Bounds for DuckDB while tables are made, each tried where the one before does not suffice.
MEMORY = ("256MB", "1GB", "4GB")
#: Rows of a range, about, for tables that are made range by range.
RANGE_ROWS = 200_000
#: Ways to group the network, cluster apart: a node a cluster cannot be read on one page.
WAYS = tuple(name for name in GROUPINGS if name != "cluster")
#: All names of tables, in the order in which pages ask for them.
ORDER = (
    *("places", "pages", "members", "listed", "by_source", *sorted(COPIED)),
    *("searched", "postings", "passage_places", "observation_rows", "print_rows", "families", "fact_keys", "fact_rows"),
    *(f"network_{way}" for way in WAYS),
)


class Tables:
    """Lookups over datasets and prepared tables.

    Parameters
    ----------
    folder : for copies; it belongs to the caller
    files : of each dataset, in order
    thresholds : of the release: Jaccard and edit similarity
    heavy : held while whole datasets are read
    """

    def __init__(
        self,
        folder: Path,
        files: Mapping[str, Sequence[str]],
        thresholds: tuple[float, float],
        heavy: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.folder = folder
        self.files = files
        self.thresholds = thresholds
        self.fact_keys = folder / "fact_keys.parquet"
        self._heavy = heavy or threading.RLock()
        self._locks = {name: threading.RLock() for name in (*ORDER, *KEYS)}
        self._lookups: dict[str, Lookup] = {}
        self._networks: dict[str, Network] = {}
        self._postings: Postings | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None
        #: Makes tables in a process of its own; None where they are made in this one.
        self.apart: Apart | None = None

    def need(self, *names: str) -> None:
        """See to it that tables exist; the first who needs one makes it, others wait."""
        for name in names:
            if name.startswith("network_"):
                if "reuse_edges" in self.files:
                    self.network(name.removeprefix("network_"))
            elif name == "postings":
                if self.has_blocks:
                    self.postings()
            elif name in PREPARED and not PREPARED[name].key:
                self._need_in_sql(PREPARED[name])
            elif name in PREPARED or name in self.files:
                self.lookup(name)

    def lookup(self, name: str) -> Lookup:
        """Return the rows of a prepared table, or of a dataset that the release holds."""
        if (found := self._lookups.get(name)) is not None:
            return found
        with self._locks[name]:
            if name not in self._lookups:
                self._lookups[name] = self._prepare(PREPARED[name]) if name in PREPARED else self._open(name)
            return self._lookups[name]

    def scan(self, name: str) -> ds.Dataset:
        """Return a prepared table for queries that read all of it."""
        lookup = self.lookup(name)
        assert isinstance(lookup, BatchLookup)
        return ds.dataset([str(lookup.path)], format="ipc")

    def network(self, way: str) -> Network:
        """Return who shares text with whom, grouped by one of `WAYS`."""
        with self._locks[f"network_{way}"]:
            if way not in self._networks:
                nodes, edges = (self.folder / f"network_{way}_{part}.arrow" for part in ("nodes", "edges"))
                if not self._made_apart(edges):
                    with self._heavy:
                        made = self._make(lambda cursor: build_network(_Asked(cursor), [way]))
                        write_batches(nodes, made.nodes.schema, made.nodes.to_batches(), "node")
                        write_batches(edges, made.edges.schema, made.edges.to_batches(), "source")
                lookups = open_batches(nodes, "node"), open_batches(edges, "source")
                self._networks[way] = Network(*(lookup.all() for lookup in lookups))
            return self._networks[way]

    def postings(self) -> Postings:
        """Return where pieces of words stand, in a release that has an index of blocks."""
        with self._locks["postings"]:
            if self._postings is None:
                path = self.folder / "search.postings"
                if not self._made_apart(path):
                    first = self._first_rows()
                    self.need("searched")
                    with self._heavy:
                        told = self.scan("searched").to_table(columns=["place", "is_canonical"])
                        write_sections(path, told.column("place").to_numpy(), told.column("is_canonical").to_numpy())
                        write_postings(path, self.files["search"], first)
                self._postings = Postings(path)
            return self._postings

    @cached_property
    def has_blocks(self) -> bool:
        """Whether the release has a search index in blocks; those of earlier versions have none, or another kind."""
        return "search" in self.files and "block" in pq.read_schema(self.files["search"][0]).names

    def _first_rows(self) -> dict[str, int]:
        """Return for each block of the search index the row of its first section."""
        sections = self.lookup("sections")
        assert isinstance(sections, ParquetLookup)
        blocks = block_names(self.files["search"])
        columns = ["doc_id", "section_file", "first_section"]
        return {
            page["doc_id"]: sections.first_rows[page["section_file"]] + page["first_section"]
            for page in self.lookup("pages").find(blocks, columns).to_pylist()
        }

    def sql_of_fact_keys(self) -> str:
        """Return what SQL calls the table of that name by."""
        self.need("fact_keys")
        return read_parquet([str(self.fact_keys)])

    def _open(self, dataset: str) -> Lookup:
        if dataset in PLACED:
            return PlacedLookup(self.files[dataset], KEYS[dataset], self.lookup(PLACED[dataset]))
        opened = ParquetLookup(self.files[dataset], KEYS[dataset])
        if dataset not in COPIED or (opened.most_rows <= COPIED_ROWS and dataset not in ORDERED):
            return opened
        path = self.folder / f"{dataset}.arrow"
        if not self._made_apart(path):
            with self._heavy:
                if dataset in ORDERED:
                    self._make(lambda cursor: _copy_sorted(cursor, dataset, path, opened))
                else:
                    write_batches(path, opened.schema, opened.batches(opened.schema.names), opened.key)
        return open_batches(path, opened.key)

    def _prepare(self, spec: Prepared) -> Lookup:
        path = self.folder / f"{spec.name}.arrow"
        if not self._made_apart(path):
            self.need(*spec.after)
            with self._heavy:
                self._ask(spec, lambda schema, found: write_batches(path, schema, found, spec.key))
        return open_batches(path, spec.key)

    def _need_in_sql(self, spec: Prepared) -> None:
        with self._locks[spec.name]:
            if not self._made_apart(self.fact_keys):
                with self._heavy:
                    self._ask(spec, partial(_write_parquet, self.fact_keys))

    def _ask(self, spec: Prepared, write: Callable[[pa.Schema, Iterator[pa.RecordBatch]], None]) -> None:
        """Answer the query of a table, and have the rows written."""
        rows = len(self.lookup(spec.after[0])) if spec.ranges else 0
        queries = [
            spec.statement(self.files, self.fact_keys, self.thresholds, ids) for ids in _ranges(1 + rows // RANGE_ROWS)
        ]

        def work(cursor: duckdb.DuckDBPyConnection) -> None:
            for name in spec.after:
                if PREPARED[name].key:
                    cursor.register(name, self.scan(name))
            write(*_answers(cursor, queries))

        self._make(work)

    def _make(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Return what `work` gives; where memory does not suffice, it is tried again with more."""
        import duckdb

        for memory in MEMORY:
            if self._connection is None:
                self._connection = connect(self.files, self.folder, memory, further=[self.fact_keys])
            cursor = self._connection.cursor()
            try:
                return work(cursor)
            except duckdb.OutOfMemoryException:
                if memory == MEMORY[-1]:
                    raise
            finally:
                cursor.close()
                pa.default_memory_pool().release_unused()
            self.rest()
        raise AssertionError

    def _made_apart(self, path: Path) -> bool:
        return path.exists() or (self.apart is not None and self.apart.wait_for(path))

    def rest(self) -> None:
        """Let go of what is only needed to make tables."""
        with self._heavy:
            if self.apart is not None and self.apart.done:
                self.apart = None
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            pa.default_memory_pool().release_unused()

    def close(self) -> None:
        """Let go of everything."""
        if self.apart is not None:
            self.apart.stop()
        self.rest()
        if self._postings is not None:
            self._postings.close()
        for lookup in self._lookups.values():
            if isinstance(lookup, BatchLookup):
                lookup.close()


class _Asked:
    """A connection as a release that answers SQL."""

    id = ""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def sql(self, query: str, parameters: Any = None) -> pa.Table:
        """Answer a query."""
        return self._cursor.sql(query, params=parameters).to_arrow_table()

    def arrow(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return a dataset, or some columns of it."""
        return self.sql(f"SELECT {', '.join(columns or ['*'])} FROM {name}")


def _copy_sorted(cursor: duckdb.DuckDBPyConnection, dataset: str, path: Path, opened: ParquetLookup) -> None:
    order = ", ".join(ORDERED[dataset])
    reader = cursor.sql(f"SELECT * FROM {dataset} ORDER BY {order}").to_arrow_reader(128 * BATCH_ROWS)
    write_batches(path, reader.schema, reader, opened.key)


def _ranges(n: int) -> list[tuple[str, str]]:
    """Return `n` ranges of ids: the digits they begin with, and those before which they end."""
    borders = [f"{i * (1 << 32) // n:08x}" for i in range(n)]
    return list(zip(borders, [*borders[1:], "g"], strict=True))


def _answers(cursor: duckdb.DuckDBPyConnection, queries: Sequence[str]) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return the rows that queries of one form give, one after another."""
    readers = (cursor.sql(query).to_arrow_reader(128 * BATCH_ROWS) for query in queries)
    first = next(readers)
    return first.schema, (batch for reader in chain([first], readers) for batch in reader)


def _write_parquet(path: Path, schema: pa.Schema, found: Iterator[pa.RecordBatch]) -> None:
    unfinished = path.with_suffix(".unfinished")
    with pq.ParquetWriter(str(unfinished), schema, compression="zstd", compression_level=1) as writer:
        for batch in found:
            writer.write_batch(batch)
    unfinished.replace(path)
