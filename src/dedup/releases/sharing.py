"""Files that a release shares with the one before it: linked when their rows are the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: Name of the digest of the rows in the metadata of a Parquet file.
CONTENT = "content"


@dataclass(frozen=True)
class Shared:
    """A file that was linked instead of written.

    Attributes
    ----------
    bytes, sha256 : of the file, as the manifest of the earlier release has them
    """

    bytes: int
    sha256: str


@dataclass
class Shelf:
    """The files of an earlier release by what they hold, and which of them a new release shares.

    Attributes
    ----------
    files : digest of the rows (`content_digest`) to path, size and SHA-256
    shared : path inside the new release to what it shares
    """

    files: Mapping[str, tuple[Path, int, str]] = field(default_factory=dict)
    shared: dict[str, Shared] = field(default_factory=dict)

    def link(self, digest: str, target: Path) -> bool:
        """Let `target` be the earlier file with these rows; returns False where there is none."""
        known = self.files.get(digest)
        if known is None:
            return False
        path, size, digest_of_file = known
        try:
            if path.stat().st_size != size:
                return False
            link_file(path, target)
        except FileNotFoundError:
            return False
        self.shared[target.as_posix()] = Shared(size, digest_of_file)
        return True


def shelf_of(folder: Path, manifest: Mapping[str, Any]) -> Shelf:
    """Return the files of the release in `folder` that say what they hold."""
    files: dict[str, tuple[Path, int, str]] = {}
    for entry in manifest["datasets"].values():
        for file in entry["files"]:
            if CONTENT in file:
                files[file[CONTENT]] = (folder / file["path"], int(file["bytes"]), str(file["sha256"]))
    return Shelf(files)


def link_file(source: Path, target: Path) -> None:
    """Let the bytes of `source` stand at `target` too: as a hard link, or as a copy where there can be none."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        # Another file system, one without links, or too many of them.
        shutil.copyfile(source, target)


def content_digest(parts: Iterable[pa.Table], identity: Sequence[str]) -> str:
    """Return the SHA-256 of rows in 64 hex digits.

    Parameters
    ----------
    parts : row groups; how rows are divided into them counts
    identity : what else the bytes of a file depend on: schema, metadata, versions
    """
    digest = sha256("\x1f".join(identity).encode())
    for part in parts:
        digest.update(part.num_rows.to_bytes(8, "little"))
        for column in part.combine_chunks().columns:
            for chunk in column.chunks:
                _feed(digest.update, chunk)
    return digest.hexdigest()


def _feed(update: Callable[[Any], None], array: pa.Array) -> None:
    """Give values, lengths and nulls of an array to `update`, however the array lies in memory."""
    from dedup.text.normalise import utf8_buffers

    update(f"{array.type};{array.null_count};".encode())
    if array.null_count:
        update(np.packbits(pc.is_valid(array).to_numpy(zero_copy_only=False)).tobytes())
    kind = array.type
    if pa.types.is_struct(kind):
        for child in array.flatten():
            _feed(update, child)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        lengths = pc.list_value_length(array)
        lengths = pc.fill_null(lengths, 0) if array.null_count else lengths
        update(lengths.cast(pa.int64()).to_numpy().data)
        _feed(update, array.flatten())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        # What stands under a null is no value, and need not be the same: it has no bytes here.
        data, offsets = utf8_buffers(array)
        lengths = np.diff(offsets)
        update((lengths.astype(np.int32) if pa.types.is_string(kind) else lengths).data)
        update(data[offsets[0] : offsets[-1]].data)
    elif pa.types.is_boolean(kind):
        update(np.packbits(pc.fill_null(array, False).to_numpy(zero_copy_only=False)).tobytes())
    else:
        plain = array.view(_number(kind))
        plain = pc.fill_null(plain, 0) if array.null_count else plain
        update(plain.to_numpy(zero_copy_only=True).data)


def _number(kind: pa.DataType) -> pa.DataType:
    """Return the integers that have the width of a type of numbers, dates or times."""
    return {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[kind.bit_width]
