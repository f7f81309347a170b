"""Arrays in files whose space is there before they are written: on a full disk that is an error, not the end.

A file that is mapped before its blocks exist takes any page until the disk is full; the next one ends the process
with SIGBUS, without a word.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: Zeros that are written at once where the system cannot reserve space.
_BLOCK = 1 << 20


def mapped_array(path: Path, shape: int | tuple[int, ...], dtype: Any) -> NDArray:
    """Return an array over a new file, filled with zeros.

    Raises
    ------
    OSError
        The disk has no room for it; the file is removed.
    """
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    try:
        with path.open("wb") as file:
            _reserve(file, size)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return np.asarray(np.memmap(path, dtype=dtype, mode="r+", shape=shape))


def _reserve(file: BinaryIO, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
        return
    for start in range(0, size, _BLOCK):
        file.write(bytes(min(_BLOCK, size - start)))
