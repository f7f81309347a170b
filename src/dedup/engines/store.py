"""Working files of a run: tables, texts and fingerprints kept on disk and mapped, so that memory stays bounded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dedup.engines.mapped_files import map_table, map_texts
from dedup.fingerprinting.minhash import Fingerprints
from dedup.schemas import NUM_PERM

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray


class TableStore:
    """An append-only table in an Arrow IPC file; reading maps it, so its bytes are file pages and can be dropped."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.schema = schema
        self.rows = 0
        self._writer: pa.RecordBatchFileWriter | None = pa.ipc.new_file(str(path), schema)

    def append(self, table: pa.Table) -> None:
        """Write the rows of `table`, which has the schema of the store."""
        assert self._writer is not None, "the store is closed for writing"
        self._writer.write_table(table)
        self.rows += table.num_rows

    def read(self) -> pa.Table:
        """Close the store for writing and return all its rows, memory-mapped."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        return map_table(self.path)


class TextStore:
    """Texts one after another in a plain file, read back as one Arrow string array over the mapped file.

    One array instead of chunks lets kernels address any row, and a file larger than memory stays usable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self._lengths: list[NDArray[np.int64]] = []
        self.rows = 0

    def __enter__(self) -> TextStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, texts: pa.Array) -> None:
        """Write the texts of an Arrow string array (no nulls)."""
        from dedup.text.normalise import utf8_buffers

        data, offsets = utf8_buffers(texts)
        self._file.write(data[offsets[0] : offsets[-1]].data)
        self._lengths.append(np.diff(offsets))
        self.rows += len(texts)

    def read(self) -> pa.Array:
        """Close the store for writing and return all texts as one large_string array over the mapped file."""
        self._file.close()
        lengths = np.concatenate(self._lengths) if self._lengths else np.zeros(0, dtype=np.int64)
        offsets = np.zeros(lengths.size + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return map_texts(self.path, offsets)


_NONE = Fingerprints(
    np.zeros((0, NUM_PERM), dtype=np.uint32), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64)
)


class PrintStore:
    """Fingerprints one after another in plain files, read back as arrays over the mapped files."""

    _PARTS = ("signatures", "n_shingles", "normalised_hash")

    def __init__(self, folder: Path, prefix: str = "prints") -> None:
        self._paths = [folder / f"{prefix}.{name}.bin" for name in self._PARTS]
        self._files = [path.open("wb") for path in self._paths]
        self._n = 0
        self._like = _NONE

    def __enter__(self) -> PrintStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def append(self, prints: Fingerprints) -> None:
        """Write the fingerprints of some texts."""
        for file, name in zip(self._files, self._PARTS, strict=True):
            file.write(np.ascontiguousarray(getattr(prints, name)).data)
        self._n += len(prints.n_shingles)
        self._like = prints

    def read(self) -> Fingerprints:
        """Close the store for writing and return all fingerprints.

        The pages are private copies on write: they can be dropped as those of any file, and kernels that were
        compiled for writable arrays take them.
        """
        self._close()
        if not self._n:
            return _NONE
        like = self._like
        return Fingerprints(
            *(
                np.asarray(
                    np.memmap(
                        path,
                        dtype=getattr(like, name).dtype,
                        mode="c",
                        shape=(self._n, *getattr(like, name).shape[1:]),
                    )
                )
                for path, name in zip(self._paths, self._PARTS, strict=True)
            )
        )

    def _close(self) -> None:
        for file in self._files:
            file.close()
