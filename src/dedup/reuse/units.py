"""All clauses or sentences of a corpus, grouped by hash; what exceeds memory is spread over files by hash first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numba import njit

from dedup.reuse.clauses import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

S = TypeVar("S")
T = TypeVar("T")
#: Bytes of text that one call of a kernel reads.
BATCH_BYTES = 8 << 20
#: Grouping holds the records of a partition, their order and a copy of their rows.
WORKING_SPACE = 2.5
MOST_PARTITIONS = 1024

#: Reads rows and returns their units and how many were too long; called from several threads.
Reader = Callable[["NDArray[np.int64]"], "tuple[NDArray, int]"]


@dataclass
class Units:
    """Units of a corpus in partitions by the upper bits of their hash; equal hashes lie in one partition.

    Attributes
    ----------
    count : number of units
    skipped : how many were left out for their length
    parts : the partitions, in memory or as files
    """

    count: int = 0
    skipped: int = 0
    parts: list[NDArray | Path] = field(default_factory=list)

    def partitions(self) -> Iterator[NDArray]:
        """Yield the units of each partition; files are removed when they have been read."""
        for part in self.parts:
            if isinstance(part, Path):
                units = np.fromfile(part, dtype=UNIT)
                part.unlink()
                yield units
            else:
                yield part
        self.parts = []


def batches_of(rows: NDArray[np.int64], offsets: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Cut rows into batches of about `BATCH_BYTES` of text."""
    if not rows.size:
        return []
    sizes = np.cumsum(offsets[rows + 1] - offsets[rows])
    cuts = np.searchsorted(sizes, np.arange(BATCH_BYTES, int(sizes[-1]), BATCH_BYTES))
    return [b for b in np.split(rows, np.unique(cuts)) if b.size]


def in_turn(call: Callable[[S], T], batches: Sequence[S], threads: int) -> Iterator[T]:
    """Yield `call` of each batch in order; at most two batches per thread wait at a time."""
    if threads <= 1:
        yield from map(call, batches)
        return
    with ThreadPoolExecutor(threads) as pool:
        width = 2 * threads
        for k in range(0, len(batches), width):
            yield from pool.map(call, batches[k : k + width])


def gather_units(
    read: Reader,
    rows: NDArray[np.int64],
    offsets: NDArray[np.int64],
    *,
    folder: Path,
    memory_limit: int,
    threads: int,
) -> Units:
    """Read the units of `rows` and group them by the upper bits of their hash.

    Parameters
    ----------
    read : kernel call that returns the units (`UNIT`) of some rows
    offsets : (n + 1,) byte offsets of the texts
    folder : where partitions lie that do not fit into half of `memory_limit` (bytes)
    """
    batches = batches_of(rows, offsets)
    # A unit of 32 bytes stands for some ten Chinese characters of three bytes.
    expected = int((offsets[rows + 1] - offsets[rows]).sum() * WORKING_SPACE)
    if expected <= memory_limit // 2:
        found = list(in_turn(read, batches, threads))
        units = np.concatenate([np.zeros(0, dtype=UNIT), *(u for u, _ in found)])
        return Units(units.size, sum(skipped for _, skipped in found), [units])
    bits = min(int(np.ceil(np.log2(4 * expected / memory_limit))), MOST_PARTITIONS.bit_length() - 1)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"units-{k:04d}.bin" for k in range(1 << bits)]
    result = Units(parts=list(paths))
    with ExitStack() as closing:
        files = [closing.enter_context(path.open("wb")) for path in paths]
        for units, skipped in in_turn(read, batches, threads):
            part = (units["hash"] >> np.uint64(64 - bits)).astype(np.uint16)
            order = np.argsort(part, kind="stable")
            edges = np.searchsorted(part[order], np.arange(len(files) + 1))
            ordered = np.take(units, order)
            for file, low, high in zip(files, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
                ordered[low:high].tofile(file)
            result.count += units.size
            result.skipped += skipped
    return result


@dataclass(frozen=True)
class Groups:
    """Groups of units with equal hash, of one partition.

    Attributes
    ----------
    units : the members, group after group
    bounds : (g + 1,) int64; group i owns units[bounds[i]:bounds[i + 1]]
    """

    units: NDArray
    bounds: NDArray[np.int64]


def group_units(units: NDArray, least: int) -> Groups:
    """Group units by hash; groups of fewer than `least` members are left out."""
    hashes = np.ascontiguousarray(units["hash"])
    order = np.argsort(hashes)
    ordered = hashes[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if ordered.size else np.zeros(0, np.int64)
    sizes = np.diff(np.append(starts, ordered.size))
    kept = sizes >= least
    if not kept.all():
        order, sizes = order[np.repeat(kept, sizes)], sizes[kept]
    bounds = np.zeros(sizes.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=bounds[1:])
    # `take` copies records ten times as fast as an index does.
    return Groups(np.take(units, order), bounds)


def best_members(groups: Groups, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place in `groups.units` of each group's best member: of the best row, the first in it, shape (g,)."""
    best: NDArray[np.int64] = _best_members(groups.units["row"], groups.units["byte"], groups.bounds, order)
    return best


@njit(nogil=True, cache=True)
def _best_members(
    row: NDArray[np.uint32], byte: NDArray[np.uint32], bounds: NDArray[np.int64], order: NDArray[np.int64]
) -> NDArray[np.int64]:
    out = np.empty(bounds.size - 1, dtype=np.int64)
    for g in range(bounds.size - 1):
        best = bounds[g]
        for i in range(bounds[g] + 1, bounds[g + 1]):
            ahead = order[row[i]] - order[row[best]]
            if ahead < 0 or (ahead == 0 and byte[i] < byte[best]):
                best = i
        out[g] = best
    return out
