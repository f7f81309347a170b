"""Wordings with a common key, in groups: sorted once, then read in every round of grouping."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from dedup.reuse.tokens import KEY_GROUPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.reuse.workspace import Workspace

#: Sorting keys takes this many bytes for each of them.
_BYTES_PER_KEY = 24
_MOST_PARTS = 256
#: A key counts at most this many wordings.
_MOST_SUPPORT = 255
#: Groups of so many members are sorted by NumPy.
_LARGE = 256
_32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


class KeyGroups(NamedTuple):
    """Groups of two and more wordings with one key.

    Attributes
    ----------
    members : (m,) uint32 wordings, group after group, ascending in each
    bounds : (g + 1,) int64; group i owns members[bounds[i]:bounds[i + 1]]
    """

    members: NDArray[np.uint32]
    bounds: NDArray[np.int64]


@njit(nogil=True, cache=True)
def _pack(keys: NDArray[np.uint32], part: int, bits: int) -> NDArray[np.uint64]:
    """Return (key << 32 | wording) of the keys whose upper `bits` are `part`; 0 is no key."""
    shift = np.uint64(32 - bits)
    wanted = np.uint64(part)
    size = 0
    for c in range(keys.shape[0]):
        for w in range(keys.shape[1]):
            if keys[c, w] != 0 and (np.uint64(keys[c, w]) >> shift) == wanted:
                size += 1
    out = np.empty(size, dtype=np.uint64)
    at = 0
    for c in range(keys.shape[0]):
        for w in range(keys.shape[1]):
            if keys[c, w] != 0 and (np.uint64(keys[c, w]) >> shift) == wanted:
                out[at] = (np.uint64(keys[c, w]) << _32) | np.uint64(w)
                at += 1
    return out


@njit(nogil=True, cache=True)
def _count_groups(packed: NDArray[np.uint64]) -> tuple[int, int]:
    """Return the number of groups of two and more, and of their members."""
    groups = members = 0
    start = 0
    while start < packed.size:
        end = start + 1
        while end < packed.size and (packed[end] >> _32) == (packed[start] >> _32):
            end += 1
        if end - start > 1:
            groups += 1
            members += end - start
        start = end
    return groups, members


@njit(nogil=True, cache=True)
def _cut_groups(packed: NDArray[np.uint64], members: NDArray[np.uint32], bounds: NDArray[np.int64]) -> None:
    g = m = 0
    bounds[0] = 0
    start = 0
    while start < packed.size:
        end = start + 1
        while end < packed.size and (packed[end] >> _32) == (packed[start] >> _32):
            end += 1
        if end - start > 1:
            for i in range(start, end):
                members[m] = np.uint32(packed[i] & _LOW)
                m += 1
            g += 1
            bounds[g] = m
        start = end


@njit(nogil=True, cache=True)
def _mark_shared(
    members: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    family: NDArray[np.int64],
    df: NDArray[np.int64],
    shared: NDArray[np.bool_],
) -> None:
    for g in range(bounds.size - 1):
        low, high = bounds[g], bounds[g + 1]
        several = False
        for i in range(low, high):
            if df[members[i]] > 1 or family[members[i]] != family[members[low]]:
                several = True
                break
        if several:
            for i in range(low, high):
                shared[members[i]] = True


@njit(nogil=True, cache=True)
def _add_support(
    members: NDArray[np.uint32], bounds: NDArray[np.int64], shared: NDArray[np.bool_], support: NDArray[np.int64]
) -> None:
    for g in range(bounds.size - 1):
        size = 0
        for i in range(bounds[g], bounds[g + 1]):
            if shared[members[i]]:
                size += 1
        added = min(size, _MOST_SUPPORT) - 1
        for i in range(bounds[g], bounds[g + 1]):
            support[members[i]] += added


@njit(nogil=True, cache=True)
def _renumber(
    members: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    place: NDArray[np.int64],
    g: int,
    m: int,
    out_members: NDArray[np.uint32],
    out_bounds: NDArray[np.int64],
) -> tuple[int, int]:
    """Append groups with the places of their members, in order in small groups; those at -1 and groups of one are left.

    Parameters
    ----------
    g, m : groups and members there are in `out_members` and `out_bounds`

    Returns
    -------
    how many there are then
    """
    for k in range(bounds.size - 1):
        start = m
        for i in range(bounds[k], bounds[k + 1]):
            at = place[members[i]]
            if at >= 0:
                out_members[m] = np.uint32(at)
                m += 1
        if m - start < 2:
            m = start
            continue
        if m - start < _LARGE:
            out_members[start:m].sort()
        g += 1
        out_bounds[g] = m
    return g, m


@njit(nogil=True, cache=True)
def _drop(
    members: NDArray[np.uint32], bounds: NDArray[np.int64], free: NDArray[np.bool_], spent: NDArray[np.bool_]
) -> tuple[int, int]:
    """Drop members that are not free, in place, and groups of one or without anybody who may lead."""
    g = m = 0
    low = bounds[0]
    for k in range(bounds.size - 1):
        high = bounds[k + 1]
        start = m
        fresh = 0
        for i in range(low, high):
            if free[members[i]]:
                fresh += not spent[members[i]]
                members[m] = members[i]
                m += 1
        low = high
        if m - start < 2 or fresh == 0:
            m = start
            continue
        g += 1
        bounds[g] = m
    return g, m


def group_by_key(keys: NDArray[np.uint32], space: Workspace, limit: int) -> list[KeyGroups]:
    """Group wordings by the keys of each of `KEY_GROUPS`.

    Parameters
    ----------
    keys : (KEYS, w), 0 for none
    space : where the groups are kept
    limit : bytes for sorting; more keys are sorted in parts
    """
    found = []
    for columns in KEY_GROUPS:
        some = keys[columns[0] : columns[-1] + 1]
        needed = some.size * _BYTES_PER_KEY
        bits = 0
        while needed >> bits > limit and (1 << bits) < _MOST_PARTS:
            bits += 1
        for part in range(1 << bits):
            packed = _pack(some, part, bits)
            packed.sort()
            groups, members = _count_groups(packed)
            out = KeyGroups(space.empty(members, np.uint32), space.empty(groups + 1, np.int64))
            _cut_groups(packed, out.members, out.bounds)
            found.append(out)
    return found


def mark_shared(groups: list[KeyGroups], family: NDArray[np.int64], df: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which wordings have a key that stands in several families, shape (w,).

    Parameters
    ----------
    family : (w,) a family of each wording; `df` says whether there are others
    """
    shared = df > 1
    for some in groups:
        _mark_shared(some.members, some.bounds, family, df, shared)
    return shared


def count_support(groups: list[KeyGroups], shared: NDArray[np.bool_], n_keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many wordings share the keys of each one, at most 255 a key: the centre of a formula has most.

    Parameters
    ----------
    shared : (w,) wordings that count
    n_keys : (w,) keys of each wording; one that no other wording has counts for itself
    """
    support = n_keys.astype(np.int64)
    for some in groups:
        _add_support(some.members, some.bounds, shared, support)
    return support


def renumber(groups: list[KeyGroups], place: NDArray[np.int64], space: Workspace) -> KeyGroups:
    """Return all groups as one, with other numbers of the wordings; -1 for those left out."""
    members = space.empty(sum(some.members.size for some in groups), np.uint32)
    bounds = space.empty(sum(some.bounds.size - 1 for some in groups) + 1, np.int64)
    bounds[0] = 0
    g = m = 0
    for some in groups:
        g, m = _renumber(some.members, some.bounds, place, g, m, members, bounds)
    found = KeyGroups(members[:m], bounds[: g + 1])
    # NumPy sorts many times as fast as a kernel does.
    for k in np.flatnonzero(np.diff(found.bounds) >= _LARGE).tolist():
        found.members[found.bounds[k] : found.bounds[k + 1]].sort()
    return found


def drop_members(groups: KeyGroups, free: NDArray[np.bool_], spent: NDArray[np.bool_]) -> KeyGroups:
    """Return the groups without the wordings that are not free, and without groups that nobody can lead.

    Parameters
    ----------
    groups : overwritten
    free : (w,) wordings without a leader
    spent : (w,) which have led
    """
    g, m = _drop(groups.members, groups.bounds, free, spent)
    return KeyGroups(groups.members[:m], groups.bounds[: g + 1])
