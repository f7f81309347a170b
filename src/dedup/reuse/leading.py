"""Leaders that take their variants one after the other: the kernel behind `variants`.

Who is worth an alignment is found leader by leader, among the wordings that share one of its keys; what another
leader has taken by then is not looked at again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.reuse.alignment import align_tokens, is_numeric
from dedup.reuse.clauses import Reading
from dedup.reuse.neighbours import Likeness, holds_skeleton, look_alike, may_hold_skeleton, set_marks
from dedup.reuse.tokens import AHEAD, tokenise

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The skeleton is shaped by this many wordings of a formula; further ones join it only where they change nothing.
SHAPING = 64
#: A slot of words is opened by wordings of this share of the families that hold the formula: a misprint opens none.
SLOT_SUPPORT = 0.05
#: A wording that differs in so few tokens where no slot is opened is a misprint: it makes no formula of its own. In
#: long sentences an eighth of the tokens may differ, a quarter where most reports write the leader's own words.
MISPRINT = 3
FREE, MISPRINTED = -1, -2
#: Alignments with one leader that are remembered between judging and taking its variants: 20 MB at most.
_REMEMBERED = 1 << 14
_BAG = 4096
_BAG_MASK = np.uint32(_BAG - 1)
_32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


@njit(nogil=True, cache=True)
def _shape(
    match: NDArray[np.int32],
    places: NDArray[np.int32],
    kinds_a: NDArray[np.uint8],
    kinds_b: NDArray[np.uint8],
    t: int,
    t_b: int,
    keep: NDArray[np.bool_],
    cut: NDArray[np.bool_],
    new_keep: NDArray[np.bool_],
    new_cut: NDArray[np.bool_],
) -> tuple[int, int, bool]:
    """Lay a variant's alignment over a skeleton.

    Returns the characters the new skeleton keeps, its slots of words, and whether it is the old one.
    """
    same = True
    kept = 0
    words = 0
    last = -1
    last_match = -1
    new_cut[: t + 1] = cut[: t + 1]
    for i in range(t + 1):
        if i < t:
            new_keep[i] = keep[i] and match[i] >= 0
            if new_keep[i] != keep[i]:
                same = False
            if not new_keep[i]:
                continue
            kept += places[i + 1] - places[i]
        at = match[i] if i < t else t_b
        # Between two kept neighbours an insertion needs a slot of its own.
        if i == last + 1 and at > last_match + 1 and not new_cut[i]:
            new_cut[i] = True
            same = False
        if i > last + 1 or new_cut[i]:
            numeric = True
            for j in range(last + 1, i):
                numeric = numeric and is_numeric(kinds_a[j])
            for j in range(last_match + 1, at):
                numeric = numeric and is_numeric(kinds_b[j])
            if not numeric:
                words += 1
        last, last_match = i, at
    return kept, words, same


@njit(nogil=True, cache=True)
def _weigh_gaps(
    match: NDArray[np.int32],
    kinds_a: NDArray[np.uint8],
    kinds_b: NDArray[np.uint8],
    t: int,
    t_b: int,
    support: NDArray[np.int64],
    added: int,
    needed: int,
) -> int:
    """Add `added` to the support of each gap of words in an alignment; count tokens in gaps of too little.

    Parameters
    ----------
    support : (2, most + 2); first the leader's tokens, then the places before them
    """
    poor = 0
    last = last_match = -1
    for i in range(t + 1):
        if i < t and match[i] < 0:
            continue
        at = match[i] if i < t else t_b
        wide = at - last_match - 1
        # A number for a number needs no support; one that is inserted does.
        numeric = i > last + 1 and wide > 0
        for j in range(last + 1, i):
            numeric = numeric and is_numeric(kinds_a[j])
        for j in range(last_match + 1, at):
            numeric = numeric and is_numeric(kinds_b[j])
        if not numeric and (i > last + 1 or wide > 0):
            if i == last + 1:
                support[1, i] += added
                if support[1, i] < needed:
                    poor += wide
            for j in range(last + 1, i):
                support[0, j] += added
                if support[0, j] < needed:
                    poor += 1 + wide
                    wide = 0
        last, last_match = i, at
    return poor


@njit(nogil=True, cache=True)
def _keep_worthy(
    alike: Likeness,
    own: int,
    others: NDArray[np.uint32],
    count: int,
    present: NDArray[np.uint8],
    least: int,
    touched: np.uint8,
) -> tuple[int, np.uint8]:
    """Move those of the first `count` others that are worth an alignment to the front; returns how many they are.

    Parameters
    ----------
    present : (256,), 1 at each mark of `own`, 0 elsewhere
    touched : whatever; it is changed and returned, so that what fetches memory ahead has a result
    """
    kept = 0
    for low in range(0, count, AHEAD):
        high = min(low + AHEAD, count)
        for k in range(low, high):
            touched ^= alike.marks[alike.mark_bounds[others[k]]]
        for k in range(low, high):
            other = np.int64(others[k])
            if may_hold_skeleton(alike, own, other, present, least) and look_alike(alike, own, other):
                others[kept] = others[k]
                kept += 1
    return kept, touched


@njit(nogil=True, cache=True)
def lead_variants(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    alike: Likeness,
    df: NDArray[np.int64],
    tables: Reading,
    members: NDArray[np.uint32],
    group_bounds: NDArray[np.int64],
    turns: NDArray[np.uint64],
    spent: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    leader: NDArray[np.int64],
    met: NDArray[np.uint32],
    least: int,
    families: int,
    most: int,
    keep_out: NDArray[np.bool_],
    cut_out: NDArray[np.bool_],
    bounds: NDArray[np.int64],
    leaders: NDArray[np.int64],
) -> tuple[int, int, int, int, np.uint8]:
    """Let leaders take their variants, one after the other.

    Parameters
    ----------
    starts, ends : (w,) bytes of each wording
    df : (w,) families it stands in
    members, group_bounds : wordings with a common key (`KeyGroups`)
    turns : (leader << 32 | group), sorted (`turns_of_leaders`)
    spent : (w,) which have led
    asked : (w,) written: those that had somebody to lead, be it in vain
    leader : (w,) written
    met : (w,) scratch
    least : normalised characters a skeleton keeps
    families : a wording in as many families is a formula as it stands
    most : tokens of a wording
    keep_out, cut_out, bounds, leaders : written, as in `variants.Formulae`

    Returns
    -------
    the leaders found, the pairs aligned, the variants that joined late, the misprints; the last says nothing
    """
    ids_a, ids_b = np.empty(most + 1, dtype=np.uint32), np.empty(most + 1, dtype=np.uint32)
    kinds_a, kinds_b = np.empty(most + 1, dtype=np.uint8), np.empty(most + 1, dtype=np.uint8)
    breaks = np.empty(most + 1, dtype=np.uint8)
    places_a, places_b = np.empty(most + 2, dtype=np.int32), np.empty(most + 2, dtype=np.int32)
    match = np.empty(most + 1, dtype=np.int32)
    trace = np.empty((most + 2) * (most + 2), dtype=np.uint8)
    scores = np.empty((4, most + 2), dtype=np.int32)
    keep = np.empty(most + 1, dtype=np.bool_)
    cut = np.empty(most + 2, dtype=np.bool_)
    new_keep = np.empty(most + 1, dtype=np.bool_)
    new_cut = np.empty(most + 2, dtype=np.bool_)
    support = np.empty((2, most + 2), dtype=np.int64)
    bag = np.zeros(_BAG, dtype=np.uint8)
    present = np.zeros(256, dtype=np.uint8)
    matches = np.empty((_REMEMBERED, most + 1), dtype=np.int16)
    kinds_of = np.empty((_REMEMBERED, most + 1), dtype=np.uint8)
    others = np.empty(1024, dtype=np.uint32)
    met[:] = np.uint32(0xFFFFFFFF)
    found = compared = fitted = misprints = 0
    touched = np.uint8(0)
    start = 0
    while start < turns.size:
        own = np.int64(turns[start] >> _32)
        end = start + 1
        while end < turns.size and np.int64(turns[end] >> _32) == own:
            end += 1
        low, start = start, end
        count = 0
        for at in range(low, end):
            g = np.int64(turns[at] & _LOW)
            if leader[own] != FREE and asked[own]:
                break
            for i in range(group_bounds[g], group_bounds[g + 1]):
                other = np.int64(members[i])
                if met[other] == own or (other <= own and (other == own or not spent[other])):
                    continue
                met[other] = own
                # Whether a leader was asked depends on who was free at the beginning of the round: all members.
                if not asked[own]:
                    if not look_alike(alike, own, other):
                        continue
                    asked[own] = True
                    if leader[own] != FREE:
                        break
                if leader[other] != FREE:
                    continue
                if count == others.size:
                    more = np.empty(2 * count, dtype=np.uint32)
                    more[:count] = others
                    others = more
                others[count] = other
                count += 1
        if leader[own] != FREE or count == 0:
            continue
        set_marks(alike, own, present, 1)
        count, touched = _keep_worthy(alike, own, others, count, present, least, touched)
        set_marks(alike, own, present, 0)
        if count == 0:
            continue
        line = others[:count]
        line.sort()
        n_own = np.int64(alike.lengths[own])
        t = tokenise(data, starts[own], ends[own], tables, ids_a, kinds_a, places_a, breaks)
        keep[:t] = True
        cut[: t + 1] = False
        support[:, : t + 1] = 0
        voices = df[own]
        for i in range(t):
            bag[ids_a[i] & _BAG_MASK] = 1
        likeness = np.zeros(count, dtype=np.int64)
        sizes = np.zeros(count, dtype=np.int32)
        remembered = np.full(count, -1, dtype=np.int32)
        memory = 0
        for k in range(count):
            other = np.int64(line[k])
            n_other = np.int64(alike.lengths[other])
            if k % AHEAD == 0:
                for ahead in line[k : k + AHEAD]:
                    touched ^= data[starts[ahead]]
            t_b = tokenise(data, starts[other], ends[other], tables, ids_b, kinds_b, places_b, breaks)
            # No alignment keeps more than the tokens that both have.
            common = 0
            for j in range(t_b):
                common += bag[ids_b[j] & _BAG_MASK] * (places_b[j + 1] - places_b[j])
            if not holds_skeleton(common, 0, n_own, n_other, least):
                continue
            align_tokens(ids_a, kinds_a, places_a, t, ids_b, kinds_b, t_b, match, trace, scores)
            compared += 1
            kept, words, _ = _shape(match, places_a, kinds_a, kinds_b, t, t_b, keep, cut, new_keep, new_cut)
            if holds_skeleton(kept, words, n_own, n_other, least):
                likeness[k] = 1 + (1000 * kept) // max(n_own, n_other)
                voices += df[other]
                _weigh_gaps(match, kinds_a, kinds_b, t, t_b, support, df[other], 0)
                sizes[k] = t_b
                if memory < _REMEMBERED:
                    matches[memory, :t] = match[:t]
                    kinds_of[memory, :t_b] = kinds_b[:t_b]
                    remembered[k] = memory
                    memory += 1
        for i in range(t):
            bag[ids_a[i] & _BAG_MASK] = 0
        # What is a template as it stands gets no slot for one report that writes it otherwise.
        needed = max(int(np.ceil(SLOT_SUPPORT * voices)), 2 if df[own] >= families else 1)
        # Where most write the leader's own words, whatever departs from them somewhere is a misprint.
        slight = max(MISPRINT, t // 4 if 2 * df[own] > voices else t // 8)
        taken = departed = 0
        order = np.argsort(-likeness, kind="mergesort")
        for k in order:
            if likeness[k] == 0:
                break
            other = np.int64(line[k])
            t_b = sizes[k]
            if remembered[k] >= 0:
                match[:t] = matches[remembered[k], :t]
                kinds_b[:t_b] = kinds_of[remembered[k], :t_b]
            else:
                tokenise(data, starts[other], ends[other], tables, ids_b, kinds_b, places_b, breaks)
                align_tokens(ids_a, kinds_a, places_a, t, ids_b, kinds_b, t_b, match, trace, scores)
            kept, words, same = _shape(match, places_a, kinds_a, kinds_b, t, t_b, keep, cut, new_keep, new_cut)
            if not holds_skeleton(kept, words, n_own, np.int64(alike.lengths[other]), least):
                continue
            poor = _weigh_gaps(match, kinds_a, kinds_b, t, t_b, support, 0, needed)
            if poor:
                departed += 1
                if poor <= slight:
                    leader[other] = MISPRINTED
                    misprints += 1
                continue
            if taken >= SHAPING:
                if not same:
                    continue
                fitted += 1
            keep[:t] = new_keep[:t]
            cut[: t + 1] = new_cut[: t + 1]
            leader[other] = own
            taken += 1
        if taken:
            leader[own] = own
            at = bounds[found]
            keep_out[at : at + t] = keep[:t]
            cut_out[at + found : at + found + t + 1] = cut[: t + 1]
            bounds[found + 1] = at + t
            leaders[found] = own
            found += 1
        elif departed and df[own] >= families:
            # What departs from it may not lead it in turn.
            leader[own] = own
    return found, compared, fitted, misprints, touched
