"""Working arrays that lie in memory while they are small together, and in mapped files beyond that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedup.reuse.mapped import mapped_array

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

#: Rows that are gathered at once from an array that may lie in a file.
_BLOCK = 1 << 18


class Workspace:
    """Arrays of one stage; files are deleted when it is left.

    Parameters
    ----------
    folder : for the files; made when the first one is needed
    limit : bytes of arrays in memory

    Notes
    -----
    The system writes pages of mapped files back when it needs their memory; they are never anonymous.
    """

    def __init__(self, folder: Path, name: str, limit: int) -> None:
        self._folder, self._name, self._left = folder, name, limit
        self._paths: list[Path] = []

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for path in self._paths:
            # One that found no room is gone already.
            path.unlink(missing_ok=True)

    @property
    def mapped(self) -> int:
        """Number of arrays in files."""
        return len(self._paths)

    def empty(self, shape: int | tuple[int, ...], dtype: Any) -> NDArray:
        """Return an array to be written; its first content is not defined."""
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if size <= self._left:
            self._left -= size
            return np.empty(shape, dtype=dtype)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._name}-{len(self._paths):03d}.bin"
        self._paths.append(path)
        return mapped_array(path, shape, dtype)

    def keep(self, values: NDArray) -> NDArray:
        """Return the values as an array of this workspace."""
        out = self.empty(values.shape, values.dtype)
        out[...] = values
        return out

    def gather(self, values: NDArray, places: NDArray[np.int64]) -> NDArray:
        """Return values[places], rows copied block by block."""
        out = self.empty((places.size, *values.shape[1:]), values.dtype)
        for low in range(0, places.size, _BLOCK):
            # Whole rows and records are copied by `take` many times as fast as by an index.
            out[low : low + _BLOCK] = np.take(values, places[low : low + _BLOCK], axis=0)
        return out
