"""Records dealt into partitions by their hash, kept in files when they are many: they may be larger than memory.

Batches of records are appended one after another, each sorted by partition. A partition is read by gathering its
slice of every batch, and results of its records are written back to the same places; so a second pass over the same
texts finds the result of every record by counting, without a join.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from dedup.reuse.mapped import mapped_array

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


class GrowingColumn:
    """An array that is appended to, then read (and written) in place.

    Parameters
    ----------
    path : of the file that it lies in when it is larger than `room`
    room : values in memory, at most
    """

    def __init__(self, path: Path, dtype: Any, room: int = 0) -> None:
        self._path = path
        self._dtype = np.dtype(dtype)
        self._file: BinaryIO | None = None
        # The system gives memory to what is written only.
        self._held: NDArray | None = np.empty(room, dtype=self._dtype) if room else None
        self.size = 0

    def append(self, values: NDArray) -> None:
        """Add values at the end."""
        end = self.size + values.size
        if self._held is not None and end <= self._held.size:
            self._held[self.size : end] = values
        else:
            if self._file is None:
                self._file = self._path.open("wb")
                if self._held is not None:
                    self._file.write(self._held[: self.size].data)
                    self._held = None
            # Not `tofile`, whose error on a full disk does not say what is the matter.
            self._file.write(np.ascontiguousarray(values, dtype=self._dtype).data)
        self.size = end

    def map(self) -> NDArray:
        """Return all values, as an array over the file if there is one; nothing can be appended any more."""
        if self._file is not None:
            self._file.close()
        if self.size == 0:
            return np.zeros(0, dtype=self._dtype)
        if self._held is not None:
            return self._held[: self.size]
        return np.asarray(np.memmap(self._path, dtype=self._dtype, mode="r+"))

    def remove(self) -> None:
        """Delete the file; arrays over it stay readable while they are held."""
        self._held = None
        self._path.unlink(missing_ok=True)


class Partitions:
    """Columns of records, dealt by hash.

    Parameters
    ----------
    folder : for the files, which the caller deletes
    columns : name and dtype of each column
    count : number of partitions
    room : records in memory, at most; more lie in files
    """

    def __init__(self, folder: Path, name: str, columns: dict[str, Any], count: int, room: int = 0) -> None:
        self.count = count
        self._folder, self._name = folder, name
        self._open = {c: GrowingColumn(folder / f"{name}-{c}.bin", dtype, room) for c, dtype in columns.items()}
        self._columns: dict[str, NDArray] = {}
        self._cuts: list[NDArray[np.int64]] = []
        self.size = 0

    def append(self, sizes: NDArray[np.int64], **columns: NDArray) -> None:
        """Add a batch, sorted by partition; `sizes` (count,) records go to each."""
        ends = np.cumsum(sizes) + self.size
        self._cuts.append(np.concatenate([np.array([self.size], dtype=np.int64), ends]))
        for name, values in columns.items():
            self._open[name].append(values)
        self.size = int(ends[-1])

    def freeze(self) -> None:
        """End appending."""
        self._columns = {name: column.map() for name, column in self._open.items()}
        self._open = {}

    def read(self, partition: int, column: str) -> NDArray:
        """Return one column of a partition, in the order of appending."""
        values = self._columns[column]
        slices = [values[cuts[partition] : cuts[partition + 1]] for cuts in self._cuts]
        return np.concatenate(slices) if slices else values[:0]

    def extent(self, batch: int) -> slice:
        """Return the places of a batch."""
        cuts = self._cuts[batch]
        return slice(int(cuts[0]), int(cuts[-1]))

    def batch(self, batch: int, column: str) -> NDArray:
        """Return one column of a batch, partition after partition."""
        return self._columns[column][self.extent(batch)]

    def results(self, dtype: Any) -> NDArray:
        """Return an array in a file with a place for the result of every record."""
        if self.size == 0:
            return np.zeros(0, dtype=dtype)
        return mapped_array(self._folder / f"{self._name}-results.bin", self.size, dtype)

    def write_results(self, results: NDArray, partition: int, values: NDArray) -> None:
        """Write the results of a partition's records, given in the order of `read`."""
        at = 0
        for cuts in self._cuts:
            low, high = int(cuts[partition]), int(cuts[partition + 1])
            results[low:high] = values[at : at + high - low]
            at += high - low

    def cursors(self, batch: int) -> NDArray[np.int64]:
        """Return where each partition's records of a batch begin; a pass counts them up."""
        return self._cuts[batch][:-1].copy()

    def remove_columns(self) -> None:
        """Let go of the records; their numbers, and results, stay."""
        for name in self._columns:
            (self._folder / f"{self._name}-{name}.bin").unlink(missing_ok=True)
        self._columns = {}

    def remove(self) -> None:
        """Delete the files."""
        self._columns = {}
        for path in self._folder.glob(f"{self._name}-*.bin"):
            path.unlink()
