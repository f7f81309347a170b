"""What readers of an object store get: a release whose files come to this machine when they are asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from dedup.releases.layout import MANIFEST, RELEASES
from dedup.releases.reading import Release
from dedup.releases.remote.bringing import bring, listed_files
from dedup.releases.remote.bucket import Bucket
from dedup.releases.remote.layout import release_key
from dedup.workspaces import Origin


class RemoteRelease(Release):
    """A release in an object store.

    A dataset is fetched whole when it is first asked for, checked against the manifest and kept in the workspace:
    evidence is read again and again, by tools that map files, and the next run needs it anyway. `path` brings the
    release whole. Who wants to read parts of a large dataset over the network has `urls`.
    """

    def __init__(self, path: Path, manifest: dict[str, Any], origin: Origin) -> None:
        self._folder = path
        self.origin = origin
        self._shown: set[str] = set()
        super().__init__(path, manifest)

    @property
    def path(self) -> Path:
        """Folder of the whole release on this machine."""
        bring(self._folder)
        return self._folder

    @path.setter
    def path(self, value: Path) -> None:
        self._folder = value

    def fetch(self) -> None:
        """Bring all files to this machine."""
        bring(self._folder)

    def files(self, name: str) -> list[Path]:
        """Return the Parquet files of a dataset, in the order of its rows; fetches those that are not here yet."""
        entry = self._entry(name)
        bring(self._folder, [name])
        return [self._folder / file["path"] for file in entry["files"]]

    def urls(self, name: str) -> list[str]:
        """Return the addresses of the files of a dataset, for tools that read from object stores themselves."""
        return [f"{self.origin.url}/{RELEASES}/{self.id}/{file['path']}" for file in self._entry(name)["files"]]

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> pa.Table:
        """Answer a query as `Release.sql` does; fetches the datasets that it names, or all when it names others."""
        self._show(query)
        return super().sql(query, parameters)

    def _show(self, query: str) -> None:
        # A view can only be read by its name; a query without any (`show tables`) is about all of them.
        words = set(re.findall(r"\w+", query.lower()))
        wanted = words & set(self.datasets) or set(self.datasets)
        if not wanted <= self._shown:
            # Made anew, since the files that it may read are part of how it is locked.
            self._shown |= wanted
            self.__dict__.pop("_connection", None)

    @property
    def _viewed(self) -> list[str]:
        return [name for name in self.datasets if name in self._shown]

    def origin_problems(self) -> list[str]:
        """Return what is wrong with the release in the object store: reads every byte of it."""
        bucket = Bucket(self.origin)
        problems: list[str] = []
        sizes = bucket.sizes(f"{RELEASES}/{self.id}")
        listed = {MANIFEST}
        for file in listed_files(self.manifest):
            listed.add(file["path"])
            size = sizes.get(file["path"])
            if size is None:
                problems.append(f"{file['path']}: missing")
            elif size != file["bytes"]:
                problems.append(f"{file['path']}: {size} bytes, published were {file['bytes']}")
            elif self._hash(bucket, file["path"]) != file["sha256"]:
                problems.append(f"{file['path']}: changed since publication (SHA-256 differs)")
        stored = bucket.get(release_key(self.id, MANIFEST))
        if stored is None or stored.content != (self._folder / MANIFEST).read_bytes():
            problems.append(f"{MANIFEST}: {'missing' if stored is None else 'changed since publication'}")
        problems += [f"{name}: not part of the release" for name in sorted(set(sizes) - listed)]
        return problems

    def _hash(self, bucket: Bucket, path: str) -> str:
        digest = sha256()
        for block in bucket.blocks(release_key(self.id, path)):
            digest.update(block)
        return digest.hexdigest()
