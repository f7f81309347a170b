"""What stands in the slots of each occurrence of a formula: aligned on normalised text, quoted from the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.reuse.alignment import align_tokens
from dedup.reuse.borders import TABLE_SIZE
from dedup.reuse.clauses import Reading
from dedup.reuse.tokens import AHEAD, tokenise
from dedup.text.characters import CLOSERS, OPENERS
from dedup.text.utf8 import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Masks that the normaliser drops; they are values of a slot as they stand.
_MASKS = "×╳✕✖*＊□◻▢～〜_＿○◯"


def mask_table() -> NDArray[np.bool_]:
    """Return which code points of the Basic Multilingual Plane are masks, shape (65536,) bool."""
    table = np.zeros(TABLE_SIZE, dtype=bool)
    table[[ord(c) for c in _MASKS]] = True
    return table


def pair_table() -> NDArray[np.uint8]:
    """Return which code points open (1) and close (2) a pair of brackets or quotes, shape (65536,) uint8."""
    table = np.zeros(TABLE_SIZE, dtype=np.uint8)
    table[[ord(c) for c in OPENERS]] = 1
    table[[ord(c) for c in CLOSERS]] = 2
    return table


@njit(nogil=True, cache=True)
def align_to_leader(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    members: NDArray[np.int64],
    tables: Reading,
    most: int,
    matches: NDArray[np.int32],
    places: NDArray[np.int32],
    sizes: NDArray[np.int64],
) -> None:
    """Align members with the first of them, the leader.

    Parameters
    ----------
    starts, ends : bytes of each wording
    matches : (m, most + 1), written: the token of each member that each token of the leader stands for
    places : (m, most + 2), written: normalised characters before each token
    sizes : (m,), written: tokens of each member
    """
    ids = np.empty((2, most + 1), dtype=np.uint32)
    kinds = np.empty((2, most + 1), dtype=np.uint8)
    breaks = np.empty(most + 1, dtype=np.uint8)
    trace = np.empty((most + 2) * (most + 2), dtype=np.uint8)
    scores = np.empty((4, most + 2), dtype=np.int32)
    own = members[0]
    t = tokenise(data, starts[own], ends[own], tables, ids[0], kinds[0], places[0], breaks)
    sizes[0] = t
    matches[0, :t] = np.arange(t)
    for m in range(1, members.size):
        other = members[m]
        t_b = tokenise(data, starts[other], ends[other], tables, ids[1], kinds[1], places[m], breaks)
        sizes[m] = t_b
        align_tokens(ids[0], kinds[0], places[0], t, ids[1], kinds[1], t_b, matches[m], trace, scores)


@njit(nogil=True, cache=True)
def place_slots(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    members: NDArray[np.int64],
    leader_of: NDArray[np.int64],
    before: NDArray[np.int64],
    after: NDArray[np.int64],
    slot_bounds: NDArray[np.int64],
    template: NDArray[np.int64],
    tables: Reading,
    most: int,
    out_bounds: NDArray[np.int64],
    out: NDArray[np.int64],
) -> np.uint8:
    """Find where each wording has the slots of its formula, in normalised characters of the wording.

    What is returned says nothing.

    Parameters
    ----------
    members : (m,) wordings; those of one leader together, so that it is read once
    leader_of : (w,) leader of each wording
    before, after : kept tokens of the leader around each slot; formula k owns slots slot_bounds[k]:slot_bounds[k + 1]
    template : (m,) the formula of each member
    out : (slots of all members, 2), written; member i owns out[out_bounds[i]:out_bounds[i + 1]]
    """
    ids_a, ids_b = np.empty(most + 1, dtype=np.uint32), np.empty(most + 1, dtype=np.uint32)
    kinds_a, kinds_b = np.empty(most + 1, dtype=np.uint8), np.empty(most + 1, dtype=np.uint8)
    breaks = np.empty(most + 1, dtype=np.uint8)
    places_a, places_b = np.empty(most + 2, dtype=np.int32), np.empty(most + 2, dtype=np.int32)
    match = np.empty(most + 1, dtype=np.int32)
    trace = np.empty((most + 2) * (most + 2), dtype=np.uint8)
    scores = np.empty((4, most + 2), dtype=np.int32)
    held = np.int64(-1)
    t = 0
    touched = np.uint8(0)
    for m in range(members.size):
        if m % AHEAD == 0:
            for ahead in members[m : m + AHEAD]:
                touched ^= data[starts[ahead]]
        first = slot_bounds[template[m]]
        count = slot_bounds[template[m] + 1] - first
        if count == 0:
            continue
        own, other = leader_of[members[m]], members[m]
        if own != held:
            t = tokenise(data, starts[own], ends[own], tables, ids_a, kinds_a, places_a, breaks)
            held = own
        t_b = tokenise(data, starts[other], ends[other], tables, ids_b, kinds_b, places_b, breaks)
        align_tokens(ids_a, kinds_a, places_a, t, ids_b, kinds_b, t_b, match, trace, scores)
        for k in range(count):
            low, high = before[first + k], after[first + k]
            out[out_bounds[m] + k, 0] = places_b[match[low] + 1] if low >= 0 else 0
            out[out_bounds[m] + k, 1] = places_b[match[high]] if high < t else places_b[t_b]
    return touched


@njit(nogil=True, cache=True)
def quote_slots(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    bounds: NDArray[np.int64],
    slots: NDArray[np.int64],
    fold: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    masks: NDArray[np.bool_],
    pairs: NDArray[np.uint8],
    out: NDArray[np.int64],
) -> None:
    """Find the bytes of slots in occurrences.

    Parameters
    ----------
    starts, ends : (m,) bytes of the occurrences
    bounds, slots : occurrence i owns slots[bounds[i]:bounds[i + 1]], rising stretches of normalised characters
    out : (slots, 2) int64, written: bytes of each value, from its first to its last kept character, widened by masks
        beside them; an empty slot is an empty stretch, or the masks that stand there
    """
    for m in range(starts.size):
        slot = bounds[m]
        stop = bounds[m + 1]
        n = 0
        depth = 0
        i = last = starts[m]
        for k in range(slot, stop):
            out[k, 0] = out[k, 1] = -1
        while i < ends[m] and slot < stop:
            at = i
            cp, i = decode(data, i)
            target = fold[cp]
            if target == 0:
                # Behind the last character of the skeleton before the slot, up to the first one after it.
                if slots[slot, 0] <= n <= slots[slot, 1] and cp < masks.size and masks[cp]:
                    if out[slot, 0] < 0:
                        out[slot, 0] = at
                    out[slot, 1] = i
                # A bracket or quote that opened inside a value is closed inside it.
                if slots[slot, 0] < n <= slots[slot, 1] and cp < pairs.size:
                    if pairs[cp] == 1:
                        depth += n < slots[slot, 1]
                    elif pairs[cp] == 2 and depth > 0:
                        depth -= 1
                        out[slot, 1] = i
                continue
            while slot < stop and n >= slots[slot, 1]:
                if out[slot, 0] < 0:
                    out[slot, 0] = out[slot, 1] = at
                slot += 1
                depth = 0
            if slot < stop and n >= slots[slot, 0]:
                if out[slot, 0] < 0:
                    out[slot, 0] = at
                out[slot, 1] = i
            n += 1 if target > 0 else int(expansions[-target])
            last = i
        while slot < stop:
            if out[slot, 0] < 0:
                # Before the mark that ends the sentence.
                out[slot, 0] = out[slot, 1] = last
            slot += 1
