"""Reading one release: Arrow, pandas with Arrow types, DuckDB that can do nothing but read it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from dedup.releases.datapackage import documentation
from dedup.releases.errors import BrokenRelease, NoRelease, QueryRefused, UnknownDataset
from dedup.releases.layout import MANIFEST, RELEASES, parse_release_id, read_pointer, release_ids
from dedup.releases.manifest import read_manifest
from dedup.releases.views import quote
from dedup.workspaces import local_folder, origin_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ReleaseInfo:
    """One line of `list_releases`.

    Attributes
    ----------
    id, path : of the release
    created_at, parent : when it was made, and on which release it is built
    rows : rows of each dataset
    n_bytes : size of the data
    is_latest : True for the one that readers get
    problem : why its manifest cannot be read; empty when it can
    """

    id: str
    path: Path
    created_at: str
    parent: str | None
    rows: dict[str, int]
    n_bytes: int
    is_latest: bool
    problem: str = ""


class Release:
    """One immutable published version of all datasets.

    Readers resolve the newest release once (`open_release`) and then see that version only, however many are
    published meanwhile.
    """

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest

    def __repr__(self) -> str:
        return f"<Release {self.id}: {', '.join(self.datasets)}>"

    @property
    def id(self) -> str:
        """Name of the release, `YYYY-MM-DD.N`."""
        return str(self.manifest["release_id"])

    @property
    def datasets(self) -> list[str]:
        """Names of the datasets it holds, in reading order."""
        return list(self.manifest["datasets"])

    def rows(self, name: str) -> int:
        """Return the number of rows of a dataset, without reading it."""
        return int(self._entry(name)["rows"])

    def files(self, name: str) -> list[Path]:
        """Return the Parquet files of a dataset, in the order of its rows."""
        return [self.path / file["path"] for file in self._entry(name)["files"]]

    def dataset(self, name: str) -> ds.Dataset:
        """Return a lazy Arrow dataset: filter and select before anything is read.

        Raises
        ------
        BrokenRelease
            A file is missing, or is not Parquet.
        """
        files = self.files(name)
        missing = [str(path) for path in files if not path.is_file()]
        if missing:
            raise BrokenRelease(f"{missing[0]}: missing; `dedup releases verify {self.id}` says what else")
        with self._readable(name):
            return ds.dataset([str(path) for path in files], format="parquet")

    def arrow(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return a dataset, or some columns of it, as an Arrow table."""
        data = self.dataset(name)
        unknown = [column for column in columns or () if column not in data.schema.names]
        if unknown:
            raise UnknownDataset(
                f"{name} of release {self.id} has no column {', '.join(unknown)}; it has {', '.join(data.schema.names)}"
            )
        with self._readable(name):
            return data.to_table(columns=list(columns) if columns is not None else None)

    def pandas(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return a dataset as a data frame with Arrow types: dates stay dates, nullable integers stay integers."""
        import pandas as pd

        return self.arrow(name, columns).to_pandas(types_mapper=pd.ArrowDtype)

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> pa.Table:
        """Answer a query over views named as the datasets, with DuckDB.

        Parameters
        ----------
        query : one SELECT (also WITH, FROM, DESCRIBE, SUMMARIZE, SHOW). It can read the files of this release
            and nothing else: no other file, no network, no extension, no writing. What columns mean stands in
            `select column_name, comment from duckdb_columns()`
        parameters : values for `?` (a sequence) or `$name` (a mapping)

        Raises
        ------
        QueryRefused
            The query is wrong, or is something else than one SELECT.
        """
        # A cursor of its own for each query: threads may ask at the same time.
        connection = self._connection.cursor()
        try:
            statements = connection.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise QueryRefused("expected exactly one SELECT; a release can only be read")
            return connection.sql(query, params=parameters).to_arrow_table()
        except duckdb.Error as error:
            raise QueryRefused(f"{error}\n(datasets: {', '.join(self.datasets)})") from error
        finally:
            connection.close()

    @property
    def _viewed(self) -> list[str]:
        """Datasets that queries can name."""
        return self.datasets

    def fetch(self) -> None:
        """Bring all files to this machine, where they are elsewhere."""

    def origin_problems(self) -> list[str]:
        """Return what is wrong with the release where it comes from; nothing for those that lie on disk."""
        return []

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        """The locked-down connection with a view per dataset; made once, since that costs more than most queries."""
        spill = tempfile.mkdtemp(prefix="dedup-sql-")
        weakref.finalize(self, shutil.rmtree, spill, ignore_errors=True)
        connection = duckdb.connect(
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "temp_directory": spill,
            }
        )
        paths: list[str] = []
        for name in self._viewed:
            columns = self.dataset(name).schema
            files = [str(path) for path in self.files(name)]
            connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet([{_quoted(files)}])')
            for f in columns:
                if doc := documentation(f):
                    connection.execute(f'COMMENT ON COLUMN "{name}"."{f.name}" IS {quote(doc)}')
            paths += files
        connection.execute(f"SET allowed_paths = [{_quoted(paths)}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection

    @contextmanager
    def _readable(self, name: str) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            raise BrokenRelease(
                f"{name} of release {self.id} cannot be read ({str(error)[:300]}); "
                f"`dedup releases verify {self.id}` says which file is damaged"
            ) from error

    def _entry(self, name: str) -> dict[str, Any]:
        try:
            entry = self.manifest["datasets"][name]
        except KeyError:
            raise UnknownDataset(
                f"release {self.id} has no dataset {name!r}; it has {', '.join(self.datasets)}"
            ) from None
        return dict(entry)


def open_release(warehouse: str | Path, release: str | None = None) -> Release:
    """Open a release for reading.

    Parameters
    ----------
    warehouse : folder that holds `releases/`, the folder of one release itself, or `s3://bucket/prefix`
    release : id such as `2026-11-21.1`; the newest (what `latest.json` names) when not given

    Raises
    ------
    NoRelease
        Nothing was published there, or not under this id.
    BrokenRelease
        The pointer or the manifest is damaged.
    """
    folder = local_folder(warehouse)
    if (origin := origin_of(folder)) is not None and origin.folder == folder:
        from dedup.releases.remote.reading import open_remote

        return open_remote(origin, release)
    if release is None and (folder / MANIFEST).is_file():
        return Release(folder, read_manifest(folder))
    if release is None:
        pointer = read_pointer(folder)
        path = folder / RELEASES / pointer["release_id"]
        return Release(path, read_manifest(path, pointer.get("manifest_sha256")))
    path = folder / RELEASES / release
    if parse_release_id(release) is None or not path.is_dir():
        known = [str(known) for known in reversed(release_ids(folder / RELEASES))]
        if not known:
            read_pointer(folder)
        there = f"there are {', '.join(known[:5])}{' …' if len(known) > 5 else ''}" if known else "there are none"
        raise NoRelease(f"{folder}: no release {release!r}; {there}")
    return Release(path, read_manifest(path))


def list_releases(warehouse: str | Path) -> list[ReleaseInfo]:
    """Return the releases of a warehouse, newest first; damaged ones are named with their problem.

    Raises
    ------
    NoRelease
        There are none.
    """
    folder = local_folder(warehouse)
    ids = release_ids(folder / RELEASES)
    if (origin := origin_of(folder)) is not None:
        from dedup.releases.remote.reading import remote_ids

        ids = remote_ids(origin)
    try:
        latest = read_pointer(folder)["release_id"]
    except (NoRelease, BrokenRelease):
        if not ids:
            raise
        latest = None
    return [_info(folder / RELEASES / str(id_), is_latest=str(id_) == latest) for id_ in reversed(ids)]


def _info(path: Path, *, is_latest: bool) -> ReleaseInfo:
    try:
        manifest = read_manifest(path)
    except BrokenRelease as error:
        return ReleaseInfo(path.name, path, "", None, {}, 0, is_latest, str(error))
    return ReleaseInfo(
        id=path.name,
        path=path,
        created_at=str(manifest["created_at"]),
        parent=manifest["parent"],
        rows={name: int(entry["rows"]) for name, entry in manifest["datasets"].items()},
        n_bytes=sum(int(entry["bytes"]) for entry in manifest["datasets"].values()),
        is_latest=is_latest,
    )


def _quoted(values: Sequence[str]) -> str:
    return ", ".join(quote(value) for value in values)
