"""One release behind the pages: every question bounded in memory and time, narrow tables prepared once."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import pyarrow as pa

from dedup.inspector.apart import Apart
from dedup.inspector.database import connect, read_parquet
from dedup.inspector.keeping import Kept
from dedup.inspector.lookups import ParquetLookup
from dedup.inspector.prepared import PREPARED
from dedup.inspector.tables import Tables
from dedup.inspector.watching import Watch
from dedup.releases import Release
from dedup.settings import FingerprintSettings, MatchSettings

if TYPE_CHECKING:
    import pyarrow.dataset as ds

#: Seconds after which a question is given up: a page that takes longer helps nobody, and holds up the others.
SECONDS = 8.0
#: Seconds for tables that are prepared once, and for downloads.
LONG_SECONDS = 600.0
#: Bound for DuckDB; it spills beyond it. Python, Arrow and the kernels take some 400 MB beside it.
MEMORY = "250MB"
#: Questions to DuckDB at once: it spreads each over all processors, and each takes memory of its own.
TURNS = 2
#: Sections above which tables are made by a process of their own.
APART_SECTIONS = 50_000
#: Rows of a row group above which DuckDB picks rows out of it faster than it is decoded whole.
LARGE_ROWS = 20_000
#: Bytes of results that visitors may ask for again, such as the places where words stand.
KEPT_BYTES = 48 << 20

T = TypeVar("T")


class TooSlow(RuntimeError):
    """A question took longer than a page may take."""


class Missing(LookupError):
    """The release holds no such thing."""


class Store:
    """Reads one release for the pages; safe to share between threads.

    Parameters
    ----------
    release : the release; it is only read
    memory : bound for DuckDB
    seconds : after which a question is given up

    Notes
    -----
    Single rows are picked through `find`, without the database: from datasets by the column they are sorted by, and
    from the tables of `prepared.PREPARED`, which lie in a temporary folder that goes when the store does. In SQL,
    datasets are views named as they are.
    """

    def __init__(self, release: Release, *, memory: str = MEMORY, seconds: float = SECONDS) -> None:
        self.release = release
        self.seconds = seconds
        self._folder = str(Path(tempfile.mkdtemp(prefix="dedup-inspect-")).resolve())
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        folder = Path(self._folder)
        self._files = {name: [str(path.resolve()) for path in release.files(name)] for name in release.datasets}
        #: Held by whatever reads whole datasets: two at once would need twice the memory, and help nobody.
        self.heavy = threading.RLock()
        match, _ = self.settings()
        self.tables = Tables(folder, self._files, (match.jaccard, match.edit), self.heavy)
        self._connection = connect(self._files, folder, memory, further=[self.tables.fact_keys])
        self._turns = threading.BoundedSemaphore(TURNS)
        self._watch = Watch()
        self._summaries = Kept(None)
        self._passing = Kept(KEPT_BYTES)
        # What one view asks several times.
        self._text = lru_cache(maxsize=64)(self._read_text)
        self._place = lru_cache(maxsize=4096)(self._find_place)
        self._page = lru_cache(maxsize=4096)(self._find_page)

    def find(
        self,
        name: str,
        values: str | Iterable[str],
        columns: Sequence[str] | None = None,
        *,
        most: int | None = None,
        behind: tuple[str, str] | None = None,
    ) -> list[dict[str, Any]]:
        """Return the rows of a prepared table, or of a dataset, that hold one of some values in its key column.

        In the order of the table; see `Lookup.find`. None where the release has no such dataset.
        """
        if not self._has_rows(name):
            return []
        wanted = [values] if isinstance(values, str) else values
        rows: list[dict[str, Any]] = (
            self.tables.lookup(name).find(wanted, columns, most=most, behind=behind).to_pylist()
        )
        return rows

    def find_one(self, name: str, value: str, columns: Sequence[str] | None = None) -> dict[str, Any] | None:
        """Return the first row that holds a value in its key column, None where there is none."""
        found = self.find(name, value, columns, most=1)
        return found[0] if found else None

    def holds(self, name: str, value: str) -> bool:
        """Return whether a prepared table, or a dataset, has a row with a value in its key column."""
        return self._has_rows(name) and bool(self.tables.lookup(name).places(value))

    def _has_rows(self, name: str) -> bool:
        return name in PREPARED or self.count(name) > 0

    def rows_at(self, dataset: str, file: int, rows: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
        """Return some columns of rows of a dataset, named by their places in its file number `file`, ascending.

        Only the row groups that hold them are opened.
        """
        lookup = self.tables.lookup(dataset)
        assert isinstance(lookup, ParquetLookup)
        if lookup.most_rows > LARGE_ROWS:
            # DuckDB decodes less of a row group than all of it.
            source = f"{read_parquet([self._files[dataset][file]], 'file_row_number = true')}"
            places = ", ".join(str(int(row)) for row in rows)
            return self.rows(
                f"SELECT {', '.join(columns)} FROM {source} WHERE file_row_number IN ({places})"
                " ORDER BY file_row_number"
            )
        first = lookup.first_rows[file]
        found: list[dict[str, Any]] = lookup.at([first + row for row in rows], columns).to_pylist()
        return found

    @property
    def id(self) -> str:
        """Name of the release."""
        return self.release.id

    def has(self, *datasets: str) -> bool:
        """Return whether the release holds all these datasets."""
        return all(name in self.release.manifest["datasets"] for name in datasets)

    def count(self, dataset: str) -> int:
        """Return the rows of a dataset, 0 where the release has none."""
        return self.release.rows(dataset) if self.has(dataset) else 0

    def arrow(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return a dataset, or some columns of it."""
        return self.release.arrow(name, columns)

    def sql(
        self,
        query: str,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        seconds: float | None = None,
        over: Mapping[str, pa.Table | ds.Dataset] | None = None,
    ) -> pa.Table:
        """Answer a query.

        Parameters
        ----------
        seconds : after which it is given up; default: those of the store
        over : tables that the query may name, beside the datasets

        Raises
        ------
        TooSlow
            It took longer.
        """
        allowed = seconds or self.seconds
        if not self._turns.acquire(timeout=allowed):
            raise TooSlow(f"the questions of others took longer than {allowed:g} s")
        cursor = self._connection.cursor()
        watch = self._watch.begin(allowed, cursor.interrupt)
        try:
            for name, table in (over or {}).items():
                cursor.register(name, table)
            return cursor.sql(query, params=parameters).to_arrow_table()
        except duckdb.OutOfMemoryException as error:
            raise TooSlow("the question needs more memory than it may take") from error
        except duckdb.InterruptException as error:
            raise TooSlow(f"the question took longer than {allowed:g} s and was given up") from error
        finally:
            self._watch.end(watch)
            cursor.close()
            self._turns.release()

    def rows(self, query: str, parameters: Mapping[str, Any] | None = None, **more: Any) -> list[dict[str, Any]]:
        """Answer a query with rows."""
        rows: list[dict[str, Any]] = self.sql(query, parameters, **more).to_pylist()
        return rows

    def row(self, query: str, parameters: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any] | None:
        """Answer a query with its first row, None where there is none."""
        found = self.rows(query, parameters, **more)
        return found[0] if found else None

    def need(self, *tables: str) -> None:
        """See to it that prepared tables exist; the first who needs one makes it, others wait."""
        self.tables.need(*tables)

    def make_apart(self) -> None:
        """Have the tables of a large release made by a process of their own; pages wait for those they need."""
        if self.tables.apart is None and self.count("sections") > APART_SECTIONS:
            self.tables.apart = Apart(self.tables)

    def scan(self, name: str) -> ds.Dataset:
        """Return a prepared table for queries that read all of it: give it to `sql` as one of `over`."""
        return self.tables.scan(name)

    def summary(self, name: str, make: Callable[[], T]) -> T:
        """Return what `make` gives, made once for this release and name: for what all visitors see."""
        return self._summaries.get(name, make)

    def passing(self, name: str, make: Callable[[], T]) -> T:
        """Return what `make` gives, kept while there is room: for what a visitor asks and may ask again."""
        return self._passing.get(name, make)

    def place(self, section_id: str) -> dict[str, Any]:
        """Return where a section stands.

        That is `section_id`, `doc_id`, `source`, `ordinal`, `cluster_id` (or None), and in the dataset `file`, `row`.

        Raises
        ------
        Missing
            There is none of this id.
        """
        return dict(self._place(section_id))

    def _find_place(self, section_id: str) -> dict[str, Any]:
        found = self.find_one("places", section_id)
        if found is None:
            raise Missing(section_id)
        return found

    def clean_text(self, section_id: str) -> str:
        """Return the clean text of a section."""
        return str(self._text("section", section_id))

    def page_text(self, doc_id: str) -> str:
        """Return the decoded text of a document."""
        return str(self._text("document", doc_id))

    def page(self, doc_id: str) -> dict[str, Any]:
        """Return where a document stands.

        That is `doc_id`, `source`, `uri`, and in the datasets `file`, `row`, `section_file`, `first_section`,
        `n_sections`.

        Raises
        ------
        Missing
            There is none of this id.
        """
        return dict(self._page(doc_id))

    def _find_page(self, doc_id: str) -> dict[str, Any]:
        found = self.find_one("pages", doc_id)
        if found is None:
            raise Missing(doc_id)
        return found

    def section(self, section_id: str, columns: Sequence[str]) -> dict[str, Any]:
        """Return some columns of a section."""
        at = self.place(section_id)
        return self.rows_at("sections", at["file"], [at["row"]], columns)[0]

    def _read_text(self, kind: str, id_: str) -> str:
        if kind == "section":
            return str(self.section(id_, ["clean_text"])["clean_text"])
        at = self.page(id_)
        return str(self.rows_at("documents", at["file"], [at["row"]], ["text"])[0]["text"])

    def settings(self) -> tuple[MatchSettings, FingerprintSettings]:
        """Return the settings the release was made with; defaults where its manifest is silent."""
        stored = self.release.manifest.get("settings") or {}

        def read(model: type[Any], name: str) -> Any:
            return model(**{k: v for k, v in (stored.get(name) or {}).items() if k in model.model_fields})

        return read(MatchSettings, "match"), read(FingerprintSettings, "fingerprint")

    def close(self) -> None:
        """Let go of the files."""
        for known in (self._text, self._place, self._page):
            known.cache_clear()
        self._summaries.clear()
        self._passing.clear()
        self._watch.close()
        self.tables.close()
        self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)
