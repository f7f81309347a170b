"""Which hashes stand in several clusters, and in how many families: one pass over each partition, without sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Partners remembered of each run of text.
PARTNERS = 3
#: No partner, no group.
NONE = np.uint32(0xFFFFFFFF)
#: Bytes that grouping takes per anchor and per run of text, at most.
ANCHOR_BYTES = 66
GRAM_BYTES = 190


class RowCodes(NamedTuple):
    """What rows are told apart by, in the order in which they are read: families, in each of them clusters.

    Attributes
    ----------
    family, cluster : (n,) uint32, ascending
    site : (n,) int32, of the head of the row's family
    reference : (n,) bool
    """

    family: NDArray[np.uint32]
    cluster: NDArray[np.uint32]
    site: NDArray[np.int32]
    reference: NDArray[np.bool_]


class Groups(NamedTuple):
    """Runs of text that stand in several clusters, one row each.

    Attributes
    ----------
    df : (g,) uint32, families of the corpus; reference sources are not counted
    voices : (g,) uint32, families, those of reference sources included
    site : (g,) int32, the site of all its families, -1 when there are several
    partner_row, partner_position : (g, PARTNERS) uint32; the first families it stands in, the best row of each, or
        the first clusters where it stands in one family only
    """

    df: NDArray[np.uint32]
    voices: NDArray[np.uint32]
    site: NDArray[np.int32]
    partner_row: NDArray[np.uint32]
    partner_position: NDArray[np.uint32]


@njit(nogil=True, cache=True)
def table_size(n: int) -> int:
    """Return the places of a hash table for n keys: a power of two, at least twice as many."""
    size = 16
    while size < 2 * n:
        size *= 2
    return size


@njit(nogil=True, cache=True)
def mark_shared(hashes: NDArray[np.uint64], rows: NDArray[np.uint32], cluster: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return 1 for every record whose hash stands in two clusters or more."""
    size = table_size(hashes.size)
    mask = np.uint64(size - 1)
    one = np.uint64(1)
    keys = np.zeros(size, dtype=np.uint64)
    first = np.empty(size, dtype=np.uint32)
    several = np.zeros(size, dtype=np.uint8)
    for i in range(hashes.size):
        # Zero marks a free place.
        key = hashes[i] | np.uint64(hashes[i] == 0)
        place = key & mask
        while keys[place] != 0 and keys[place] != key:
            place = (place + one) & mask
        if keys[place] == 0:
            keys[place] = key
            first[place] = cluster[rows[i]]
        elif first[place] != cluster[rows[i]]:
            several[place] = 1
    out = np.empty(hashes.size, dtype=np.uint8)
    for i in range(hashes.size):
        key = hashes[i] | np.uint64(hashes[i] == 0)
        place = key & mask
        while keys[place] != key:
            place = (place + one) & mask
        out[i] = several[place]
    return out


@njit(nogil=True, cache=True)
def group_runs(
    hashes: NDArray[np.uint64], rows: NDArray[np.uint32], positions: NDArray[np.uint32], codes: RowCodes
) -> tuple[NDArray[np.uint32], Groups]:
    """Group records by hash; rows ascend, so the records of a family, and of a cluster, come one after another.

    Returns
    -------
    the group of each record, `NONE` where the hash stands in one cluster or in reference sources only; the groups
    """
    several = mark_shared(hashes, rows, codes.cluster)
    most = 0
    for i in range(several.size):
        most += several[i]
    size = table_size(most // 2 + 1)
    mask = np.uint64(size - 1)
    one = np.uint64(1)
    keys = np.zeros(size, dtype=np.uint64)
    of_key = np.empty(size, dtype=np.uint32)
    room = most // 2 + 1
    df = np.zeros(room, dtype=np.uint32)
    voices = np.zeros(room, dtype=np.uint32)
    site = np.full(room, -2, dtype=np.int32)
    partner_row = np.full((room, PARTNERS), NONE, dtype=np.uint32)
    partner_position = np.zeros((room, PARTNERS), dtype=np.uint32)
    filled = np.zeros(room, dtype=np.uint8)
    last_row = np.zeros(room, dtype=np.uint32)
    group = np.full(hashes.size, NONE, dtype=np.uint32)
    n = 0
    for i in range(hashes.size):
        if several[i] == 0:
            continue
        key = hashes[i] | np.uint64(hashes[i] == 0)
        place = key & mask
        while keys[place] != 0 and keys[place] != key:
            place = (place + one) & mask
        row = rows[i]
        if keys[place] == 0:
            keys[place] = key
            of_key[place] = n
            g = np.int64(n)
            n += 1
            new_family = new_cluster = True
        else:
            g = np.int64(of_key[place])
            new_family = codes.family[row] != codes.family[last_row[g]]
            new_cluster = codes.cluster[row] != codes.cluster[last_row[g]]
        group[i] = g
        last_row[g] = row
        if new_family:
            voices[g] += 1
            if not codes.reference[row]:
                df[g] += 1
                if site[g] == -2:
                    site[g] = codes.site[row]
                elif site[g] != codes.site[row]:
                    site[g] = -1
            if voices[g] == 2:
                partner_row[g, 1:] = NONE
                filled[g] = 1
        if (new_family or (new_cluster and voices[g] == 1)) and filled[g] < PARTNERS:
            partner_row[g, filled[g]] = row
            partner_position[g, filled[g]] = positions[i]
            filled[g] += 1
    # Groups of reference sources only are left out.
    number = np.full(n, NONE, dtype=np.uint32)
    kept = 0
    for k in range(n):
        if df[k] > 0:
            number[k] = kept
            df[kept], voices[kept], site[kept] = df[k], voices[k], site[k]
            partner_row[kept] = partner_row[k]
            partner_position[kept] = partner_position[k]
            kept += 1
    for i in range(group.size):
        if group[i] != NONE:
            group[i] = number[group[i]]
    return group, Groups(
        df[:kept].copy(),
        voices[:kept].copy(),
        site[:kept].copy(),
        partner_row[:kept].copy(),
        partner_position[:kept].copy(),
    )
