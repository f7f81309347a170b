"""Align two sequences: long stretches that occur once in both hold them together, the gaps are aligned locally."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz.distance import Levenshtein

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Lengths of the stretches that are tried as anchors, one after the other, in tokens.
ANCHOR_LENGTHS = (24, 8)
#: Neighbouring stretches that are chained as one.
RUN = 32
#: Gaps with fewer token pairs than this are aligned at once; anchors would not save time there.
SMALL_GAP = 64 * 64
#: Gaps with more token pairs in which no stretch is unique are replaced as a whole.
LARGE_GAP = 20_000 * 20_000
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Edit:
    """Tokens [a_start, a_end) of a stand where b has [b_start, b_end); never both empty."""

    a_start: int
    a_end: int
    b_start: int
    b_end: int


def align_sequences(a: Sequence[int] | NDArray[np.int64], b: Sequence[int] | NDArray[np.int64]) -> list[Edit]:
    """Return what must be replaced in `a` to get `b`, in order; between two edits stands at least one equal token.

    Notes
    -----
    Unique common stretches are chained by the longest increasing subsequence (patience diff), in O(n log n); what
    lies between them by Levenshtein's distance, bit-parallel and with bounded memory (Hirschberg) in rapidfuzz.
    """
    edits: list[Edit] = []
    if len(a) * len(b) <= SMALL_GAP:
        _align_gap(list(a), list(b), 0, 0, edits)
    else:
        _align(np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64), 0, 0, ANCHOR_LENGTHS, edits)
    merged: list[Edit] = []
    for edit in edits:
        if merged and merged[-1].a_end == edit.a_start and merged[-1].b_end == edit.b_start:
            last = merged.pop()
            edit = Edit(last.a_start, edit.a_end, last.b_start, edit.b_end)
        merged.append(edit)
    return merged


def _align_gap(a: list[int], b: list[int], a0: int, b0: int, edits: list[Edit]) -> None:
    edits.extend(
        Edit(a0 + op.src_start, a0 + op.src_end, b0 + op.dest_start, b0 + op.dest_end)
        for op in Levenshtein.opcodes(a, b)
        if op.tag != "equal"
    )


def _align(
    a: NDArray[np.int64], b: NDArray[np.int64], a0: int, b0: int, lengths: tuple[int, ...], edits: list[Edit]
) -> None:
    """Append the edits between `a` and `b`, which start at a0 and b0 of the whole sequences."""
    prefix, suffix = common_ends(a, b)
    a, b, a0, b0 = a[prefix : a.size - suffix], b[prefix : b.size - suffix], a0 + prefix, b0 + prefix
    if not a.size or not b.size:
        if a.size or b.size:
            edits.append(Edit(a0, a0 + a.size, b0, b0 + b.size))
        return
    if not lengths and a.size * b.size > LARGE_GAP:
        # Text that only repeats itself has no anchor; what exactly differs in it is not worth minutes.
        edits.append(Edit(a0, a0 + a.size, b0, b0 + b.size))
        return
    if a.size * b.size <= SMALL_GAP or not lengths:
        _align_gap(a.tolist(), b.tolist(), a0, b0, edits)
        return
    at_a = at_b = 0
    for a_start, b_start, length in unique_anchors(a, b, lengths[0]):
        _align(a[at_a:a_start], b[at_b:b_start], a0 + at_a, b0 + at_b, lengths[1:], edits)
        at_a, at_b = a_start + length, b_start + length
    _align(a[at_a:], b[at_b:], a0 + at_a, b0 + at_b, lengths[1:], edits)


def common_ends(a: NDArray[np.int64], b: NDArray[np.int64]) -> tuple[int, int]:
    """Return how many values two sequences share at the start, and of the rest at the end."""
    n = min(a.size, b.size)
    differ = np.flatnonzero(a[:n] != b[:n])
    prefix = int(differ[0]) if differ.size else n
    n -= prefix
    differ = np.flatnonzero(a[::-1][:n] != b[::-1][:n])
    return prefix, int(differ[0]) if differ.size else n


def unique_anchors(a: NDArray[np.int64], b: NDArray[np.int64], length: int) -> list[tuple[int, int, int]]:
    """Return matching blocks (start in a, start in b, length) made of stretches that are unique in both, in order."""
    if min(a.size, b.size) < length:
        return []
    places_a, places_b = _unique_stretches(a, length), _unique_stretches(b, length)
    _, i, j = np.intersect1d(places_a[0], places_b[0], assume_unique=True, return_indices=True)
    starts_a, starts_b = places_a[1][i], places_b[1][j]
    # A hash may lie; the tokens do not.
    window = np.arange(length)
    same = (a[starts_a[:, None] + window] == b[starts_b[:, None] + window]).all(axis=1)
    starts_a, starts_b = starts_a[same], starts_b[same]
    order = np.argsort(starts_a)
    starts_a, starts_b = starts_a[order], starts_b[order]
    # Stretches that go on in both are chained as one, a few at a time so that long ones keep their weight.
    new_run = (np.diff(starts_a, prepend=-2) != 1) | (np.diff(starts_b, prepend=-2) != 1)
    first = np.maximum.accumulate(np.where(new_run, np.arange(order.size), 0))
    heads = np.flatnonzero((np.arange(order.size) - first) % RUN == 0)
    lengths = np.diff(heads, append=order.size) + length - 1
    blocks: list[tuple[int, int, int]] = []
    for k in _increasing(starts_b[heads].tolist()).tolist():
        x, y, size = int(starts_a[heads[k]]), int(starts_b[heads[k]]), int(lengths[k])
        if blocks:
            last_a, last_b, last_length = blocks[-1]
            if x - last_a == y - last_b and x <= last_a + last_length:
                blocks[-1] = (last_a, last_b, max(last_length, x + size - last_a))
                continue
            # Stretches overlap by less than their length where one text repeats itself: the later one gives way.
            overlap = max(last_a + last_length - x, last_b + last_length - y, 0)
            if overlap >= size:
                continue
            blocks.append((x + overlap, y + overlap, size - overlap))
            continue
        blocks.append((x, y, size))
    return blocks


def _unique_stretches(values: NDArray[np.int64], length: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return hashes of the stretches of `length` values that occur once, sorted, and where they start."""
    count = values.size - length + 1
    mixed = (values.astype(np.uint64) + np.uint64(1)) * _MULTIPLIER
    mixed ^= mixed >> np.uint64(29)
    hashes = np.zeros(count, dtype=np.uint64)
    for k in range(length):
        hashes = hashes * _MULTIPLIER + mixed[k : k + count]
    distinct, first, counts = np.unique(hashes, return_index=True, return_counts=True)
    once = counts == 1
    return distinct[once], first[once]


def _increasing(values: list[int]) -> NDArray[np.int64]:
    """Return the indices of a longest increasing subsequence of distinct values."""
    tails: list[int] = []
    at: list[int] = []
    before = [-1] * len(values)
    for i, value in enumerate(values):
        k = bisect_left(tails, value)
        before[i] = at[k - 1] if k else -1
        if k == len(tails):
            tails.append(value)
            at.append(i)
        else:
            tails[k] = value
            at[k] = i
    chain: list[int] = []
    i = at[-1] if at else -1
    while i >= 0:
        chain.append(i)
        i = before[i]
    return np.array(chain[::-1], dtype=np.int64)
