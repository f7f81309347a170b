"""Every run of characters that stands in two clusters or more, found out of core in time linear in the text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
from numba import njit

from dedup.matching.parallel import run_parts
from dedup.reuse.anchors import DENSITY, Winnowing, deal, find_anchors, find_grams
from dedup.reuse.spill import GrowingColumn, Partitions
from dedup.reuse.voices import ANCHOR_BYTES, GRAM_BYTES, NONE, Groups, RowCodes, group_runs, mark_shared
from dedup.text.normalise import fold_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: Bytes of text read at a time, at most; reading them takes some five times as much.
BATCH_BYTES = 16 << 20
MOST_BITS = 12
#: Partitions of so many records are grouped within the caches of a processor, but more than `WIDE_BITS` bits of them
#: are made for want of memory only.
FITTING = 1 << 15
#: Bytes of an anchor, and of a run that is looked up: hash, row, position and partition.
_HELD_BYTES = 18
WIDE_BITS = 9


@dataclass(frozen=True)
class SharedRuns:
    """The places of all shared runs, row by row.

    Attributes
    ----------
    bounds : (n + 1,) int64; row i owns places bounds[i]:bounds[i + 1]
    position : (m,) uint32, normalised characters before the run, ascending in a row
    group : (m,) uint32, number of the run's text in `groups`
    groups : what is known of each text
    lengths : (n,) int64, normalised characters of each row
    n_anchors, n_shared_anchors, n_candidates : anchors, those in several clusters, runs that were looked up
    """

    bounds: NDArray[np.int64]
    position: NDArray[np.uint32]
    group: NDArray[np.uint32]
    groups: Groups
    lengths: NDArray[np.int64]
    n_anchors: int
    n_shared_anchors: int
    n_candidates: int


@njit(nogil=True, cache=True)
def _in_order(
    parts: NDArray[np.uint16],
    cursors: NDArray[np.int64],
    rows: NDArray[np.uint32],
    positions: NDArray[np.uint32],
    groups: NDArray[np.uint32],
    counts: NDArray[np.int64],
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return position and group of the grouped records of a batch in reading order; count them per row."""
    kept = 0
    for i in range(groups.size):
        kept += groups[i] != NONE
    out_position = np.empty(kept, dtype=np.uint32)
    out_group = np.empty(kept, dtype=np.uint32)
    at = 0
    for p in parts:
        i = cursors[p]
        cursors[p] += 1
        if groups[i] != NONE:
            out_position[at] = positions[i]
            out_group[at] = groups[i]
            at += 1
            counts[rows[i]] += 1
    return out_position, out_group


def _batches(n_bytes: NDArray[np.int64], size: int) -> list[tuple[int, int]]:
    """Return consecutive ranges of rows of about `size` bytes each."""
    upto = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(n_bytes)])
    edges = [0]
    while edges[-1] < n_bytes.size:
        high = int(np.searchsorted(upto, upto[edges[-1]] + size, side="right")) - 1
        edges.append(min(max(high, edges[-1] + 1), n_bytes.size))
    return list(pairwise(edges))


def _bits(records: int, record_bytes: int, memory: int) -> int:
    """Return the bits that make partitions small enough to be grouped in `memory` bytes, and fast."""
    bits = 3
    while records >> bits > FITTING and bits < WIDE_BITS:
        bits += 1
    while (records * record_bytes >> bits) > memory and bits < MOST_BITS:
        bits += 1
    return bits


def find_shared_runs(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    codes: RowCodes,
    scheme: Winnowing,
    *,
    folder: Path,
    memory_limit: int,
    threads: int,
) -> SharedRuns:
    """Find every run of `scheme.run` normalised characters that stands in several clusters.

    Parameters
    ----------
    data, starts, ends : UTF-8 bytes and the stretch of each row, in the order of `codes`
    folder : for working files; the result lies in some of them
    memory_limit : bytes for working arrays

    Notes
    -----
    Anchors that stand in several clusters say where runs are worth looking up; by the guarantee of winnowing none is
    missed. Runs are equal when their 64-bit hashes are: among 10**9 different runs looked up, one pair with a
    probability of 0.03.
    """
    table = fold_table()
    n_bytes = ends - starts
    size = max(1 << 16, min(BATCH_BYTES, memory_limit // (16 * max(threads, 1))))
    batches = _batches(n_bytes, size)
    lengths = np.zeros(starts.size, dtype=np.int64)
    share = max(memory_limit // (2 * max(threads, 1)), 1 << 20)

    anchor_bits = _bits(int(n_bytes.sum() * DENSITY), ANCHOR_BYTES, share)
    # What is read and what is grouped at a time leaves a quarter of the memory.
    room = min(memory_limit // 4 // _HELD_BYTES, int(n_bytes.sum()))
    anchors = Partitions(folder, "anchors", {"hash": np.uint64, "row": np.uint32}, 1 << anchor_bits, room)
    # In reading order, so that the second pass has nothing to choose again.
    anchor_parts = GrowingColumn(folder / "anchor-parts.bin", np.uint16, room)
    anchor_places = GrowingColumn(folder / "anchor-places.bin", np.uint32, room)
    counts = np.zeros(starts.size, dtype=np.int64)

    def anchors_of(k: int, _: int) -> tuple[NDArray, ...]:
        low, high = batches[k]
        some = slice(low, high)
        hashes, rows, positions = find_anchors(
            data, starts[some], ends[some], table.index, table.expansions, scheme, lengths[some], counts[some]
        )
        sizes, of_part, hashes, rows, _ = deal(hashes, rows, positions[:0], low, anchor_bits)
        return sizes, of_part, positions, hashes, rows

    for sizes, of_part, positions, hashes, rows in run_parts(anchors_of, len(batches), 1, threads):
        anchors.append(sizes, hash=hashes, row=rows)
        anchor_parts.append(of_part)
        anchor_places.append(positions)
    anchors.freeze()
    shared = anchors.results(np.uint8)

    def shared_in(p: int, _: int) -> tuple[int, NDArray]:
        return p, mark_shared(anchors.read(p, "hash"), anchors.read(p, "row"), codes.cluster)

    n_shared = 0
    for p, flags in run_parts(shared_in, anchors.count, 1, threads):
        anchors.write_results(shared, p, flags)
        n_shared += int(flags.sum())
    anchors.remove_columns()

    most_grams = min(n_shared * scheme.window, int(lengths.sum()))
    gram_bits = _bits(most_grams, GRAM_BYTES, share)
    # Where anchors began, and in which partition they are, is asked once more.
    room = min((memory_limit // 4 - 6 * min(room, anchors.size)) // _HELD_BYTES, most_grams)
    columns = {"hash": np.uint64, "row": np.uint32, "position": np.uint32}
    grams = Partitions(folder, "grams", columns, 1 << gram_bits, room)
    parts = GrowingColumn(folder / "gram-parts.bin", np.uint16, room)
    part_ends = [0]

    of_anchor, at_anchor = anchor_parts.map(), anchor_places.map()

    def grams_of(k: int, _: int) -> tuple[NDArray, ...]:
        low, high = batches[k]
        some = slice(low, high)
        mine = anchors.extent(k)
        hashes, rows, positions = find_grams(
            data,
            starts[some],
            ends[some],
            table.index,
            table.expansions,
            scheme,
            counts[some],
            at_anchor[mine],
            of_anchor[mine],
            anchors.cursors(k),
            shared,
        )
        return cast("tuple[NDArray, ...]", deal(hashes, rows, positions, low, gram_bits))

    for sizes, of_part, hashes, rows, positions in run_parts(grams_of, len(batches), 1, threads):
        grams.append(sizes, hash=hashes, row=rows, position=positions)
        parts.append(of_part)
        part_ends.append(parts.size)
    grams.freeze()
    n_anchors = anchors.size
    anchors.remove()
    anchor_parts.remove()
    anchor_places.remove()
    group_of = grams.results(np.uint32)
    groups = _group(grams, group_of, codes, folder, threads)
    bounds, position, group = _gather(grams, group_of, parts.map(), part_ends, starts.size, folder)
    n_candidates = grams.size
    grams.remove()
    return SharedRuns(bounds, position, group, groups, lengths, n_anchors, n_shared, n_candidates)


def _group(grams: Partitions, group_of: NDArray[np.uint32], codes: RowCodes, folder: Path, threads: int) -> Groups:
    columns = {
        "df": GrowingColumn(folder / "groups-df.bin", np.uint32),
        "voices": GrowingColumn(folder / "groups-voices.bin", np.uint32),
        "site": GrowingColumn(folder / "groups-site.bin", np.int32),
        "partner_row": GrowingColumn(folder / "groups-row.bin", np.uint32),
        "partner_position": GrowingColumn(folder / "groups-position.bin", np.uint32),
    }

    def grouped(p: int, _: int) -> tuple[int, NDArray[np.uint32], Groups]:
        return p, *group_runs(grams.read(p, "hash"), grams.read(p, "row"), grams.read(p, "position"), codes)

    base = 0
    for p, numbers, found in run_parts(grouped, grams.count, 1, threads):
        numbers[numbers != NONE] += np.uint32(base)
        grams.write_results(group_of, p, numbers)
        base += found.df.size
        for name, column in columns.items():
            column.append(getattr(found, name))
    mapped = {name: column.map() for name, column in columns.items()}
    for name in ("partner_row", "partner_position"):
        mapped[name] = mapped[name].reshape(base, -1) if base else np.zeros((0, 3), dtype=np.uint32)
    return Groups(**mapped)


def _gather(
    grams: Partitions,
    group_of: NDArray[np.uint32],
    parts: NDArray[np.uint16],
    part_ends: list[int],
    n: int,
    folder: Path,
) -> tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint32]]:
    """Bring the grouped records back into reading order."""
    counts = np.zeros(n, dtype=np.int64)
    position = GrowingColumn(folder / "runs-position.bin", np.uint32)
    group = GrowingColumn(folder / "runs-group.bin", np.uint32)
    for k, (low, high) in enumerate(pairwise(part_ends)):
        # The records of a batch lie together, whatever their partition.
        rows, positions, numbers = grams.batch(k, "row"), grams.batch(k, "position"), group_of[low:high]
        found = _in_order(np.asarray(parts[low:high]), grams.cursors(k) - low, rows, positions, numbers, counts)
        position.append(found[0])
        group.append(found[1])
    bounds = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(counts, out=bounds[1:])
    return bounds, position.map(), group.map()
