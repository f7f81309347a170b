"""Where datasets are cut into files: at borders that the rows themselves name.

A dataset is cut where its ids say so (content-defined chunking, as rsync and casync cut files: Tridgell 1999,
"Efficient algorithms for sorting and synchronization", ch. 3). A border stands before a row whose id, read as a number,
is the largest of a window around it (the local maximum method: Bjørner, Blass, Gurevich 2010, "Content-dependent
chunking for differential compression, the local maximum approach"), so that files are of similar size. A row that comes
or goes moves borders inside that window at most, and the same rows are cut into the same files whatever came before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Decoded bytes below which a dataset is one file, and files that a larger one is cut into at most, about.
SMALL_BYTES = 4 << 20
MOST_FILES = 64
#: Eight hexadecimal digits.
_LAST_DIGITS = np.uint64(0xFFFFFFFF)


def wanted_files(n_bytes: int) -> int:
    """Return into how many files rows of so many decoded bytes are cut, about."""
    return min(MOST_FILES, n_bytes // SMALL_BYTES)


def chunk_starts(keys: pa.Array | pa.ChunkedArray | None, n_bytes: int) -> NDArray[np.int64]:
    """Return the rows at which files begin, the first row among them.

    Parameters
    ----------
    keys : ids that decide, in the order of the rows; equal ones that follow each other stay together. None: one file
    n_bytes : decoded size of all rows
    """
    return borders(keys, wanted_files(n_bytes))


def borders(keys: pa.Array | pa.ChunkedArray | None, wanted: int) -> NDArray[np.int64]:
    """Return the rows at which parts begin that the keys themselves name, the first row among them.

    Parameters
    ----------
    keys : as in `chunk_starts`
    wanted : how many parts there shall be, about: as many or up to twice as many
    """
    numbers = _numbers_of(keys) if keys is not None and wanted > 1 and len(keys) >= wanted else None
    if numbers is None:
        return np.zeros(1, dtype=np.int64)
    first = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1]))
    return first[local_maxima(numbers[first], wanted)].astype(np.int64)


def local_maxima(numbers: NDArray[np.uint64], wanted: int) -> NDArray[np.int64]:
    """Return the places of numbers that are the largest of their neighbourhood, and place 0, ascending.

    Parameters
    ----------
    numbers : (n,) uint64, n >= 1
    wanted : about so many places; between it and twice as many where numbers are random. Where it grows, places are
        added and none is taken away
    """
    n = numbers.size
    # A power of two, so that a few numbers more or less do not change how wide they look around.
    width = 1 << max((n // max(wanted, 1)).bit_length() - 2, 0)
    if wanted < 2 or n <= width:
        return np.zeros(1, dtype=np.int64)
    # The maxima of windows of `width`, from those of the beginnings and ends of blocks of that size (van Herk 1992).
    blocks = -(-n // width)
    padded = np.zeros(blocks * width, dtype=np.uint64)
    padded[:n] = numbers
    square = padded.reshape(blocks, width)
    ahead = np.maximum.accumulate(square, axis=1).reshape(-1)
    behind = np.maximum.accumulate(square[:, ::-1], axis=1)[:, ::-1].reshape(-1)
    window = behind.copy()
    window[: 1 - width or None] = np.maximum(behind[: 1 - width or None], ahead[width - 1 :])
    # window[i] is the maximum of the numbers [i, i + width).
    after = np.append(window[1:n], np.uint64(0))
    before = np.zeros(n, dtype=np.uint64)
    before[width:] = window[: n - width]
    before[1:width] = np.maximum.accumulate(numbers[: width - 1])
    # Of equal ones in reach the first is a border.
    found = np.flatnonzero((numbers >= after) & (numbers > before))
    return np.unique(np.append(found, 0)).astype(np.int64)


def _numbers_of(keys: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64] | None:
    """Return the numbers that the last eight digits of ids spell; None where they are no ids.

    Only those: rows that are sorted by their id begin with digits that rise, and would know no border.
    """
    # What compiles kernels is not needed to read a release.
    from dedup.id_numbers import spell_ids

    ids = spell_ids(keys if isinstance(keys, pa.ChunkedArray) else pa.chunked_array([keys]))
    return ids.numbers & _LAST_DIGITS if ids is not None and ids.numbers.size == len(keys) else None


@dataclass(frozen=True)
class DocumentOrder:
    """The documents of a release in the order in which they are written: by source and uri.

    What was read from one site lies together in it, and so does what one night changes. Datasets whose rows belong to
    documents are cut between the same documents.

    Attributes
    ----------
    ids : (n,) doc_id, in that order
    """

    ids: pa.Array

    @cached_property
    def _numbers(self) -> NDArray[np.uint64]:
        numbers = _numbers_of(self.ids)
        return np.zeros(len(self.ids), dtype=np.uint64) if numbers is None else numbers

    def files(self, documents: NDArray[np.int64], n_bytes: int) -> NDArray[np.int64]:
        """Return for each row which file it belongs to, counted from 0.

        Parameters
        ----------
        documents : (r,) places of the rows' documents in this order
        n_bytes : decoded size of all rows
        """
        wanted = min(wanted_files(n_bytes), len(self.ids))
        if wanted < 2:
            return np.zeros(documents.size, dtype=np.int64)
        starts = local_maxima(self._numbers, wanted)
        return np.searchsorted(starts, documents, side="right") - 1
