"""Making a release: written aside, checked, then published in one step."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from dedup.releases.blocks import block_content, write_blocks
from dedup.releases.card import build_card
from dedup.releases.chunking import DocumentOrder
from dedup.releases.datapackage import build_datapackage
from dedup.releases.errors import BrokenRelease, IntegrityError, NoRelease, WarehouseError
from dedup.releases.integrity import find_contradictions
from dedup.releases.layout import (
    CARD,
    DATAPACKAGE,
    MANIFEST,
    REJECTED,
    RELEASES,
    STAGING,
    VIEWS,
    explained,
    next_release_id,
    read_pointer,
    replace_file,
    sync_file,
    sync_folder,
    write_json,
)
from dedup.releases.lock import require_lock
from dedup.releases.manifest import build_manifest, describe_datasets, describe_files, read_manifest
from dedup.releases.reading import Release
from dedup.releases.recovery import announce_publication, withdraw_announcement, write_pointer, write_views
from dedup.releases.sharing import Shelf, shelf_of
from dedup.releases.views import release_views
from dedup.releases.writing import write_parquet
from dedup.schemas import DATASETS, Dataset
from dedup.workspaces import local_folder, origin_of


class Staging:
    """A release in the making: `write` each dataset, then `publish`, `reject` or `discard`.

    Whatever fails or is killed in between, the last release stays as it was: the new one appears by renaming a
    finished folder, and readers find it when the pointer is replaced.
    """

    def __init__(self, warehouse: Path, release_id: str, created_at: datetime, parent: str | None) -> None:
        self.warehouse = warehouse
        self.release_id = release_id
        self.created_at = created_at
        self.parent = parent
        self.path = warehouse / STAGING / release_id
        self._shelf = _shelf_of_parent(warehouse, parent)

    def write(
        self,
        dataset: str,
        tables: pa.Table | Iterable[pa.Table],
        metadata: Mapping[str, str] | None = None,
        documents: DocumentOrder | None = None,
    ) -> None:
        """Write a dataset: conformed to its schema, sorted over all `tables`, zstd Parquet.

        Parameters
        ----------
        dataset : a name of `schemas.DATASETS`
        tables : rows in any order; memory-mapped tables are read row group by row group
        metadata : key-value metadata of the files (fingerprints: scheme, seed, normaliser version, …)
        documents : the order of documents by which rows are filed (`writing.write_parquet`)

        Raises
        ------
        ValueError
            The rows do not fit the schema.
        WarehouseError
            The disk is full or may not be written; the staging folder is removed.
        """
        if DATASETS[dataset].blocks is None:
            self._write(
                dataset,
                partial(write_parquet, tables=tables, metadata=metadata, shelf=self._shelf, documents=documents),
            )
            return
        rows = tables if isinstance(tables, pa.Table) else pa.concat_tables(tables)
        self._write(dataset, partial(write_blocks, rows=rows, digests=None, shelf=self._shelf))

    def write_blocks(self, dataset: str, rows: pa.Table, digests: Mapping[str, str]) -> None:
        """Write a dataset that is divided into blocks (`Dataset.blocks`), a file for each.

        A block that the last release holds too is linked; its rows are not needed.

        Parameters
        ----------
        rows : of the other blocks; those of a block stand together. Blocks without rows have no file
        digests : of every block of the release: of all that its rows are made of

        Raises
        ------
        ValueError, WarehouseError
            As `write`.
        """
        self._write(dataset, partial(write_blocks, rows=rows, digests=digests, shelf=self._shelf))

    def shares(self, dataset: str, block: str, digest: str) -> bool:
        """Tell whether the last release holds a block that is made of the same."""
        return block_content(DATASETS[dataset], block, digest) in self._shelf.files

    def _write(self, dataset: str, write: Callable[[Path, Dataset], object]) -> None:
        spec = DATASETS[dataset]
        folder = self.path / spec.path
        try:
            with explained(folder):
                if folder.exists():
                    shutil.rmtree(folder)
                write(folder, spec)
        except Exception:
            self.discard()
            raise

    def publish(self, manifest: Mapping[str, Any]) -> Release:
        """Check the staged datasets and make them the newest release.

        Parameters
        ----------
        manifest : the engine's part of `manifest.json` (settings, code version, timings, recall, …)

        Raises
        ------
        IntegrityError
            Keys repeat or references lead nowhere; nothing was published, the datasets are kept as by `reject`.
        WarehouseError
            The disk is full or may not be written; nothing was published, what was staged is removed.
        """
        require_lock(self.warehouse)
        final = self.warehouse / RELEASES / self.release_id
        try:
            with explained(self.path):
                whole = self._complete(manifest)
                # Checking took its time; whoever was let in meanwhile must not be published over.
                require_lock(self.warehouse)
                final.parent.mkdir(exist_ok=True)
                announce_publication(self.warehouse, self.release_id)
                self.path.rename(final)
                sync_folder(final.parent)
                _deliver(self.warehouse, self.release_id, self.created_at)
                write_pointer(self.warehouse, self.release_id, self.created_at)
        except WarehouseError:
            # What is left of a failed attempt would only keep a full disk full.
            self.discard()
            if final.exists() and not self._is_published():
                shutil.rmtree(final, ignore_errors=True)
            with suppress(OSError):
                withdraw_announcement(self.warehouse, self.release_id)
            raise
        # It is published, whatever comes; views of the release before still work, and the next run writes them anew.
        with suppress(OSError):
            write_views(self.warehouse, self.release_id, whole)
            withdraw_announcement(self.warehouse, self.release_id)
        return Release(final, whole)

    def _complete(self, extra: Mapping[str, Any]) -> dict[str, Any]:
        """Check the staged datasets, describe them and make every byte durable; returns the manifest."""
        datasets = describe_datasets(self.path, self._shelf.shared)
        problems = find_contradictions(self.path, known=self._shelf.shared)
        if problems:
            raise IntegrityError(self.reject(extra), problems)
        manifest = build_manifest(self.release_id, self.parent, self.created_at, datasets, extra)
        self._describe(manifest)
        manifest["files"] = describe_files(self.path)
        write_json(self.path / MANIFEST, manifest)
        for path in sorted(self.path.rglob("*")):
            (sync_folder if path.is_dir() else sync_file)(path)
        sync_folder(self.path)
        return manifest

    def _is_published(self) -> bool:
        try:
            return bool(read_pointer(self.warehouse)["release_id"] == self.release_id)
        except (NoRelease, BrokenRelease):
            return False

    def _describe(self, manifest: Mapping[str, Any]) -> None:
        """Write what tells people and programs about the release, inside it."""
        write_json(self.path / DATAPACKAGE, build_datapackage(manifest))
        replace_file(self.path / CARD, build_card(manifest).encode("utf-8"))
        replace_file(self.path / VIEWS, release_views(manifest).encode("utf-8"))

    def reject(self, manifest: Mapping[str, Any] | None = None) -> Path:
        """Keep the staged datasets under `rejected/` for inspection; the pointer stays.

        Parameters
        ----------
        manifest : the engine's part of `manifest.json`; with it the folder can be opened like a release

        Returns
        -------
        the folder
        """
        require_lock(self.warehouse)
        target = self.warehouse / REJECTED / self.release_id
        with explained(target):
            if manifest is not None:
                whole = build_manifest(
                    self.release_id, self.parent, self.created_at, describe_datasets(self.path), manifest
                )
                self._describe(whole)
                write_json(self.path / MANIFEST, {**whole, "files": describe_files(self.path)})
            target.parent.mkdir(exist_ok=True)
            self.path.rename(target)
            sync_folder(target.parent)
        if origin_of(self.warehouse) is not None:
            from dedup.releases.remote.delivering import use_up

            use_up(self.warehouse, self.release_id)
        return target

    def discard(self) -> None:
        """Remove the staged datasets."""
        shutil.rmtree(self.path, ignore_errors=True)


def _deliver(warehouse: Path, release_id: str, published_at: datetime) -> None:
    """Bring a release to the object store that the warehouse is the workspace of, if it is one."""
    if origin_of(warehouse) is not None:
        from dedup.releases.remote.delivering import deliver

        deliver(warehouse, release_id, published_at.isoformat())


def _shelf_of_parent(warehouse: Path, parent: str | None) -> Shelf:
    """Return the files that a release may share with the one it is built on."""
    if parent is None:
        return Shelf()
    folder = warehouse / RELEASES / parent
    try:
        return shelf_of(folder, read_manifest(folder))
    except BrokenRelease:
        return Shelf()


def open_staging(warehouse: str | Path, *, now: datetime, spare: Path | None = None) -> Staging:
    """Begin a release; call it inside `warehouse_lock`.

    What an earlier run left unfinished is removed, but for the folder `spare` that this one takes up: its owner is
    dead, else it would hold the lock.

    Parameters
    ----------
    warehouse : folder of the warehouse
    now : time of the run, with time zone; names the release (UTC day) and dates it

    Raises
    ------
    WarehouseError
        The lock is not held, or the folder cannot be written.
    """
    folder = local_folder(warehouse)
    require_lock(folder)
    with explained(folder):
        stale = folder / STAGING
        for path in stale.iterdir() if stale.is_dir() else ():
            if path.is_dir() and path != spare:
                shutil.rmtree(path)
            elif path != spare:
                path.unlink()
        try:
            parent: str | None = read_pointer(folder)["release_id"]
        except NoRelease:
            parent = None
        staging = Staging(folder, str(next_release_id(folder, now)), now, parent)
        staging.path.mkdir(parents=True)
    return staging
