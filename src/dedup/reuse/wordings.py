"""The different wordings of the sentences of a corpus, as far as some other report may hold a variant of them.

A wording is kept when one of its keys stands in another family too. What belongs to a wording (where it stands, its
sketches, the groups of equal keys it is in) lies in a workspace, in files when memory is short.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.fingerprinting.minhash import permutations
from dedup.reuse.clauses import UNIT, Reading, reading, scan_units
from dedup.reuse.keyed import KeyGroups, count_support, group_by_key, mark_shared, renumber
from dedup.reuse.spread import count_spread, traits_of
from dedup.reuse.tokens import AHEAD, KEYS, MINHASH_ROWS, VECTOR, sentence_keys, tokenise
from dedup.reuse.units import best_members, gather_units, group_units, in_turn
from dedup.text.normalise import utf8_buffers

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dedup.reuse.rows import SectionRows
    from dedup.reuse.workspace import Workspace

#: Longer sentences are no formulae; without stops a whole page would be one.
MOST_CHARS = 400
#: Wordings whose keys are made by one call of a kernel.
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Wordings:
    """Different wordings of sentences, in the order in which they may lead a group of variants.

    Attributes
    ----------
    units : (w,) `UNIT`, the best occurrence of each
    df : (w,) int64, families it stands in
    groups : wordings with equal keys, of all kinds of keys
    sketches : (w, 4) uint64, a set of 256 bits of pairs of tokens
    bits : (w,) uint16, how many of them are set
    marks : uint8, for each normalised character the lowest bits of the id of its token
    mark_bounds : (w + 1,) int64; wording i owns marks[mark_bounds[i]:mark_bounds[i + 1]]
    places : `UNIT`, the sentences of the corpus, those of one wording together
    first_place, times : (w,) int64; wording i stands at places[first_place[i]:first_place[i] + times[i]]
    n_sentences, n_long, n_kept : sentences of the corpus, those too long, those whose wording is kept
    """

    units: NDArray
    df: NDArray[np.int64]
    groups: KeyGroups
    sketches: NDArray[np.uint64]
    bits: NDArray[np.uint16]
    marks: NDArray[np.uint8]
    mark_bounds: NDArray[np.int64]
    places: NDArray
    first_place: NDArray[np.int64]
    times: NDArray[np.int64]
    n_sentences: int
    n_long: int
    n_kept: int


@njit(nogil=True, cache=True)
def _read_wordings(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    units: NDArray,
    low: int,
    high: int,
    tables: Reading,
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    out: NDArray[np.uint32],
    sketches: NDArray[np.uint64],
    n_keys: NDArray[np.int64],
    bounds: NDArray[np.int64],
    marks: NDArray[np.uint8],
) -> np.uint8:
    """Write the keys, sketches and marks of the wordings [low, high); what is returned says nothing."""
    ids = np.empty(MOST_CHARS + 1, dtype=np.uint32)
    kinds = np.empty(MOST_CHARS + 1, dtype=np.uint8)
    breaks = np.empty(MOST_CHARS + 1, dtype=np.uint8)
    places = np.empty(MOST_CHARS + 2, dtype=np.int32)
    shingles = np.empty(MOST_CHARS + 1 + VECTOR, dtype=np.uint32)
    keys = np.empty(KEYS, dtype=np.uint64)
    touched = np.uint8(0)
    for begin in range(low, high, AHEAD):
        stop = min(begin + AHEAD, high)
        for u in range(begin, stop):
            start = offsets[units[u]["row"]] + units[u]["byte"]
            touched ^= data[start] ^ data[start + units[u]["bytes"] - 1]
        for u in range(begin, stop):
            unit = units[u]
            start = offsets[unit["row"]] + unit["byte"]
            t = tokenise(data, start, start + unit["bytes"], tables, ids, kinds, places, breaks)
            sentence_keys(ids, kinds, breaks, t, a, b, shingles, keys, sketches[u])
            n_keys[u] = 0
            for k in range(KEYS):
                out[k, u] = np.uint32(keys[k] >> np.uint64(32)) | np.uint32(keys[k] != 0)
                n_keys[u] += keys[k] != 0
            for i in range(t):
                for at in range(bounds[u] + places[i], bounds[u] + places[i + 1]):
                    marks[at] = np.uint8(ids[i] & np.uint32(255))
    return touched


@njit(nogil=True, cache=True)
def _copy_marks(
    marks: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    chosen: NDArray[np.int64],
    out_bounds: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    """Write the marks of the chosen wordings, one after the other."""
    for k in range(chosen.size):
        shift = bounds[chosen[k]] - out_bounds[k]
        for i in range(out_bounds[k], out_bounds[k + 1]):
            out[i] = marks[i + shift]


def gather_wordings(
    rows: SectionRows, least: int, *, space: Workspace, folder: Path, memory_limit: int, threads: int
) -> Wordings:
    """Return the wordings of the sentences of which another family may hold a variant.

    Parameters
    ----------
    rows : the sections; those of reference sources are left out
    least : normalised characters of a sentence
    space : where arrays of wordings are kept
    folder : for the sentences, when they exceed half of the memory limit
    memory_limit : bytes; an eighth may go to sorting keys
    """
    data, offsets = utf8_buffers(rows.texts)
    tables = reading()
    own = np.flatnonzero(~np.asarray(rows.is_reference, dtype=bool))

    def sentences(batch: NDArray[np.int64]) -> tuple[NDArray, int]:
        room = int((offsets[batch + 1] - offsets[batch]).sum()) // least + batch.size + 1
        out = np.empty(room, dtype=UNIT)
        written, skipped = scan_units(data, offsets, batch, tables, True, least, MOST_CHARS, out)
        # A slice would hold the whole room, which is many times larger.
        return out[:written].copy(), skipped

    found = gather_units(sentences, own, offsets, folder=folder, memory_limit=memory_limit, threads=threads)
    traits = traits_of(rows)
    families = traits._replace(codes=traits.codes[:1], sizes=traits.sizes[:1])
    order = np.asarray(rows.order)
    units = space.empty(found.count, UNIT)
    df = space.empty(found.count, np.int64)
    times = space.empty(found.count, np.int64)
    first = space.empty(found.count, np.int64)
    places = space.empty(found.count, UNIT)
    count = done = 0
    # By hash, partition after partition: the wordings are sorted by it.
    for part in found.partitions():
        groups = group_units(part, 1)
        end = count + groups.bounds.size - 1
        places[done : done + groups.units.size] = groups.units
        first[count:end] = groups.bounds[:-1] + done
        done += groups.units.size
        units[count:end] = np.take(groups.units, best_members(groups, order))
        df[count:end] = count_spread(groups.bounds, groups.units["row"].astype(np.int64), families)[:, 0]
        times[count:end] = np.diff(groups.bounds)
        count = end
    units, df, times = units[:count], df[:count], times[:count]
    keys = space.empty((KEYS, count), np.uint32)
    sketches = space.empty((count, 4), np.uint64)
    n_keys = space.empty(count, np.int64)
    all_bounds = _bounds_of(units, space)
    all_marks = space.empty(int(all_bounds[-1]), np.uint8)
    a, b = (p[:MINHASH_ROWS].copy() for p in permutations())

    def read(ends: NDArray[np.int64]) -> None:
        low, high = ends.tolist()
        _read_wordings(data, offsets, units, low, high, tables, a, b, keys, sketches, n_keys, all_bounds, all_marks)

    for _ in in_turn(read, _blocks(count), threads):
        pass
    by_key = group_by_key(keys, space, memory_limit // 8)
    shared = mark_shared(by_key, space.gather(np.asarray(rows.family), units["row"]), df)
    support = count_support(by_key, shared, n_keys)
    chosen = np.flatnonzero(shared)
    rank = chosen[_falling(df[chosen], support[chosen])]
    place = np.full(count, -1, dtype=np.int64)
    place[rank] = np.arange(rank.size)
    units, sketches = space.gather(units, rank), space.gather(sketches, rank)
    bounds = _bounds_of(units, space)
    marks = space.empty(int(bounds[-1]), np.uint8)
    _copy_marks(all_marks, all_bounds, rank, bounds, marks)
    times = space.gather(times, rank)
    return Wordings(
        units,
        space.gather(df, rank),
        renumber(by_key, place, space),
        sketches,
        np.bitwise_count(sketches).sum(axis=1, dtype=np.uint16),
        marks,
        bounds,
        places,
        space.gather(first, rank),
        times,
        found.count,
        found.skipped,
        int(times.sum()),
    )


def _falling(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order by two kinds of counts, the largest first; equal ones stay as they are."""
    most = int(second.max(initial=0))
    return np.argsort((first.max(initial=0) - first) * (most + 1) + (most - second), kind="stable")


def _bounds_of(units: NDArray, space: Workspace) -> NDArray[np.int64]:
    """Return where the marks of each wording begin, and where the last ones end."""
    bounds = space.empty(units.size + 1, np.int64)
    bounds[0] = 0
    np.cumsum(units["n"], out=bounds[1:])
    return bounds


def _blocks(count: int) -> list[NDArray[np.int64]]:
    return [np.array([low, min(low + _BLOCK, count)]) for low in range(0, count, _BLOCK)]
