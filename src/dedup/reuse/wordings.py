"""The different wordings of the sentences of a corpus, as far as some other report may hold a variant of them.

Two passes over the text. The first one notes for every key of every sentence whether sentences of different families
have it, in a table of two bytes a key; the second keeps the sentences with such a key. What stands alone, mostly the
larger part of a corpus, is never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.fingerprinting.minhash import permutations
from dedup.reuse.clauses import UNIT, Reading, reading, scan_units
from dedup.reuse.spread import count_spread, traits_of
from dedup.reuse.tokens import KEY_GROUPS, KEYS, MINHASH_ROWS, sentence_keys, tokenise
from dedup.reuse.units import batches_of, best_members, gather_units, group_units
from dedup.text.normalise import utf8_buffers

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dedup.reuse.rows import SectionRows

#: Longer sentences are no formulae; without stops a whole page would be one.
MOST_CHARS = 400
#: A key of the table: no family, several families; others are one family's own number.
_SEVERAL = np.uint16(0xFFFF)
#: A sentence has `KEYS` keys and at least some 60 bytes.
_BYTES_PER_KEY = 3
_LEAST_TABLE = 1 << 16


@dataclass(frozen=True)
class Wordings:
    """Different wordings of sentences, in the order in which they may lead a group of variants.

    Attributes
    ----------
    units : (w,) `UNIT`, the best occurrence of each
    df : (w,) int64, families it stands in
    keys : (KEYS, w) uint32, 0 for none
    sketches : (w, 4) uint64
    n_sentences, n_long, n_kept : sentences of the corpus, those too long, those with a key of several families
    """

    units: NDArray
    df: NDArray[np.int64]
    keys: NDArray[np.uint32]
    sketches: NDArray[np.uint64]
    n_sentences: int
    n_long: int
    n_kept: int


@njit(nogil=True, cache=True)
def _note_keys(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    units: NDArray,
    tables: Reading,
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    voice: NDArray[np.uint16],
    seen: NDArray[np.uint16],
    keep: NDArray[np.bool_],
) -> None:
    """Note the keys of sentences in `seen`; where `keep` is given, tell instead which sentences have a shared one."""
    ids = np.empty(MOST_CHARS + 1, dtype=np.uint32)
    kinds = np.empty(MOST_CHARS + 1, dtype=np.uint8)
    breaks = np.empty(MOST_CHARS + 1, dtype=np.uint8)
    places = np.empty(MOST_CHARS + 2, dtype=np.int32)
    minima = np.empty(MINHASH_ROWS, dtype=np.uint32)
    keys = np.empty(KEYS, dtype=np.uint64)
    sketch = np.empty(4, dtype=np.uint64)
    shift = np.uint64(seen.size - 1)
    for u in range(units.size):
        unit = units[u]
        start = offsets[unit["row"]] + unit["byte"]
        t = tokenise(data, start, start + unit["bytes"], tables, ids, kinds, places, breaks)
        sentence_keys(ids, kinds, breaks, t, a, b, minima, keys, sketch)
        own = voice[unit["row"]]
        for k in range(KEYS):
            if keys[k] == 0:
                continue
            place = (keys[k] >> np.uint64(8)) & shift
            if keep.size:
                if seen[place] == _SEVERAL:
                    keep[u] = True
                    break
            elif seen[place] == 0:
                seen[place] = own
            elif seen[place] != own:
                seen[place] = _SEVERAL


@njit(nogil=True, cache=True)
def _keys_of_units(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    units: NDArray,
    tables: Reading,
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    out: NDArray[np.uint32],
    sketches: NDArray[np.uint64],
) -> None:
    ids = np.empty(MOST_CHARS + 1, dtype=np.uint32)
    kinds = np.empty(MOST_CHARS + 1, dtype=np.uint8)
    breaks = np.empty(MOST_CHARS + 1, dtype=np.uint8)
    places = np.empty(MOST_CHARS + 2, dtype=np.int32)
    minima = np.empty(MINHASH_ROWS, dtype=np.uint32)
    keys = np.empty(KEYS, dtype=np.uint64)
    for u in range(units.size):
        unit = units[u]
        start = offsets[unit["row"]] + unit["byte"]
        t = tokenise(data, start, start + unit["bytes"], tables, ids, kinds, places, breaks)
        sentence_keys(ids, kinds, breaks, t, a, b, minima, keys, sketches[u])
        for k in range(KEYS):
            out[k, u] = np.uint32(keys[k] >> np.uint64(32)) | np.uint32(keys[k] != 0)


def gather_wordings(rows: SectionRows, least: int, *, folder: Path, memory_limit: int, threads: int) -> Wordings:
    """Return the wordings of the sentences of which another family may hold a variant.

    Parameters
    ----------
    rows : the sections; those of reference sources are left out
    least : normalised characters of a sentence
    memory_limit : bytes; a quarter may go to the table of keys, half to the sentences that are kept
    """
    data, offsets = utf8_buffers(rows.texts)
    tables = reading()
    a, b = (p[:MINHASH_ROWS].copy() for p in permutations())
    own = np.flatnonzero(~np.asarray(rows.is_reference, dtype=bool))
    voice = _voices(rows)
    bytes_of_text = int((offsets[own + 1] - offsets[own]).sum())
    wanted = max(_LEAST_TABLE, 2 * bytes_of_text // _BYTES_PER_KEY)
    size = min(1 << (wanted - 1).bit_length(), 1 << max((memory_limit // 8).bit_length() - 1, 16))
    seen = np.zeros(size, dtype=np.uint16)
    nothing = np.zeros(0, dtype=bool)
    total = long = 0

    def sentences(batch: NDArray[np.int64]) -> tuple[NDArray, int]:
        room = int((offsets[batch + 1] - offsets[batch]).sum()) // least + batch.size + 1
        out = np.empty(room, dtype=UNIT)
        written, skipped = scan_units(data, offsets, batch, tables, True, least, MOST_CHARS, out)
        return out[:written], skipped

    # One thread writes the table, so that no mark is lost.
    for batch in batches_of(own, offsets):
        units, skipped = sentences(batch)
        total += units.size
        long += skipped
        _note_keys(data, offsets, units, tables, a, b, voice, seen, nothing)

    def shared(batch: NDArray[np.int64]) -> tuple[NDArray, int]:
        units, skipped = sentences(batch)
        keep = np.zeros(units.size, dtype=bool)
        if units.size:
            _note_keys(data, offsets, units, tables, a, b, voice, seen, keep)
        return units[keep], skipped

    kept = gather_units(shared, own, offsets, folder=folder, memory_limit=memory_limit, threads=threads)
    traits = traits_of(rows)
    order = np.asarray(rows.order)
    parts: list[tuple[NDArray, NDArray[np.int64]]] = [(np.zeros(0, dtype=UNIT), np.zeros(0, dtype=np.int64))]
    for part in kept.partitions():
        groups = group_units(part, 1)
        members = groups.units["row"].astype(np.int64)
        families = traits._replace(codes=traits.codes[:1], sizes=traits.sizes[:1])
        df = count_spread(groups.bounds, members, families)[:, 0]
        parts.append((groups.units[best_members(groups, order)], df))
    units = np.concatenate([u for u, _ in parts])
    df = np.concatenate([d for _, d in parts])
    keys = np.zeros((KEYS, units.size), dtype=np.uint32)
    sketches = np.zeros((units.size, 4), dtype=np.uint64)
    _keys_of_units(data, offsets, units, tables, a, b, keys, sketches)
    # The table lets some pass for nothing, more when it is small; the size of the memory must not show in the result.
    with_others = np.flatnonzero(_share_keys(keys, np.asarray(rows.family)[units["row"]], df))
    units, df, keys, sketches = units[with_others], df[with_others], keys[:, with_others], sketches[with_others]
    rank = np.lexsort((units["hash"], -_support(keys), -df))
    return Wordings(units[rank], df[rank], keys[:, rank], sketches[rank], total, long, kept.count)


def _voices(rows: SectionRows) -> NDArray[np.uint16]:
    """Return a number of each row's family, 1 to 65534, that depends on no row number."""
    rank = np.asarray(rows.order)[np.asarray(rows.family)].astype(np.uint64)
    mixed = (rank + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed >> np.uint64(33)) % np.uint64(65_534) + np.uint64(1)).astype(np.uint16)


def sort_keys(keys: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the keys of all columns together, sorted, without those that are 0, and the wording of each.

    Parameters
    ----------
    keys : (columns, w); wordings with the same key stay in order
    """
    column, wording = np.nonzero(keys)
    # One sort of packed words is several times faster than sorting places by keys.
    packed = (keys[column, wording].astype(np.uint64) << np.uint64(32)) | wording.astype(np.uint64)
    packed.sort()
    return (packed >> np.uint64(32)).astype(np.uint32), (packed & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _share_keys(keys: NDArray[np.uint32], family: NDArray[np.int64], df: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which wordings have a key that stands in several families, shape (w,).

    Parameters
    ----------
    family : (w,) a family of each wording; `df` says whether there are others
    """
    shared = df > 1
    for columns in KEY_GROUPS:
        values, wording = sort_keys(keys[columns])
        if values.size:
            starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
            of = family[wording]
            several = np.minimum.reduceat(of, starts) != np.maximum.reduceat(of, starts)
            several |= np.maximum.reduceat(df[wording], starts) > 1
            shared[wording[np.repeat(several, np.diff(np.append(starts, values.size)))]] = True
    return shared


def _support(keys: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return how many wordings share the keys of each one, at most 255 a key: the centre of a formula has most."""
    support = np.zeros(keys.shape[1], dtype=np.int64)
    for columns in KEY_GROUPS:
        values, wording = sort_keys(keys[columns])
        if values.size:
            starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
            sizes = np.diff(np.append(starts, values.size))
            np.add.at(support, wording, np.repeat(np.minimum(sizes, 255), sizes))
    return support
