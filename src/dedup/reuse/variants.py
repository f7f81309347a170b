"""Group the wordings of one formula around its commonest one, without chaining.

Wordings that share a key are compared with the few best ones of that key, never all with all; what finds no leader
is tried again among the rest. A wording joins a leader only while what all its variants share, the skeleton, stays
most of the leader's text. So every variant holds the whole skeleton, and A~B~C makes no group of A and C.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.reuse.alignment import align_tokens, is_numeric
from dedup.reuse.clauses import Reading, reading
from dedup.reuse.neighbours import find_edges, holds_skeleton, ranges_of_leaders
from dedup.reuse.tokens import tokenise
from dedup.reuse.wordings import MOST_CHARS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.reuse.wordings import Wordings
    from dedup.reuse.workspace import Workspace

#: The skeleton is shaped by this many wordings of a formula; further ones join it only where they change nothing.
SHAPING = 64
ROUNDS = 5
#: A slot of words is opened by wordings of this share of the families that hold the formula: a misprint opens none.
SLOT_SUPPORT = 0.05
#: A wording that differs in so few tokens where no slot is opened is a misprint: it makes no formula of its own. In
#: long sentences an eighth of the tokens may differ, a quarter where most reports write the leader's own words.
MISPRINT = 3
FREE, MISPRINTED = -1, -2
#: Alignments with one leader that are remembered between judging and taking its variants: 26 MB at most.
_REMEMBERED = 1 << 14
_BAG = 4096
_BAG_MASK = np.uint32(_BAG - 1)
_32 = np.uint64(32)


@dataclass(frozen=True)
class Formulae:
    """Groups of wordings.

    Attributes
    ----------
    leader : (w,) int64, the wording each one is a variant of (itself for a leader), negative for none
    keep, cut : for each leader in `leaders` which of its tokens all variants share, and before which of them
        (the last place is the end) some variant inserts something
    leaders : (g,) int64, wordings that lead, in order
    bounds : (g + 1,) int64; leader i owns keep[bounds[i]:bounds[i + 1]], and likewise cut[bounds[i] + i:...] with one
        place more
    compared, fitted, misprints : pairs that were aligned; variants that joined a skeleton already shaped; wordings
        left out because they differ a little where no slot is
    """

    leader: NDArray[np.int64]
    keep: NDArray[np.bool_]
    cut: NDArray[np.bool_]
    leaders: NDArray[np.int64]
    bounds: NDArray[np.int64]
    compared: int
    fitted: int
    misprints: int


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
def _lead(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    n_chars: NDArray[np.uint32],
    df: NDArray[np.int64],
    tables: Reading,
    edges: NDArray[np.uint64],
    leader: NDArray[np.int64],
    least: int,
    families: int,
    most: int,
    keep_out: NDArray[np.bool_],
    cut_out: NDArray[np.bool_],
    bounds: NDArray[np.int64],
    leaders: NDArray[np.int64],
) -> tuple[int, int, int, int]:
    """Let each leader of `edges` (sorted) take its variants.

    Returns the leaders found, the pairs aligned, the variants that joined late, and the misprints.
    """
    ids = np.empty((2, most + 1), dtype=np.uint32)
    kinds = np.empty((2, most + 1), dtype=np.uint8)
    breaks = np.empty(most + 1, dtype=np.uint8)
    places = np.empty((2, most + 2), dtype=np.int32)
    match = np.empty(most + 1, dtype=np.int32)
    trace = np.empty((most + 2) * (most + 2), dtype=np.uint8)
    scores = np.empty((4, most + 2), dtype=np.int32)
    keep = np.empty(most + 1, dtype=np.bool_)
    cut = np.empty(most + 2, dtype=np.bool_)
    new_keep = np.empty(most + 1, dtype=np.bool_)
    new_cut = np.empty(most + 2, dtype=np.bool_)
    support = np.empty((2, most + 2), dtype=np.int64)
    bag = np.zeros(_BAG, dtype=np.uint8)
    matches = np.empty((_REMEMBERED, most + 1), dtype=np.int32)
    found = compared = fitted = misprints = 0
    start = 0
    while start < edges.size:
        own = np.int64(edges[start] >> _32)
        end = start + 1
        while end < edges.size and np.int64(edges[end] >> _32) == own:
            end += 1
        low, high = start, end
        start = end
        if leader[own] != FREE:
            continue
        t = tokenise(data, starts[own], ends[own], tables, ids[0], kinds[0], places[0], breaks)
        keep[:t] = True
        cut[: t + 1] = False
        support[:, : t + 1] = 0
        voices = df[own]
        for i in range(t):
            bag[ids[0, i] & _BAG_MASK] = 1
        likeness = np.empty(high - low, dtype=np.int64)
        remembered = np.empty(high - low, dtype=np.int64)
        memory = 0
        for e in range(low, high):
            other = np.int64(edges[e] & np.uint64(0xFFFFFFFF))
            likeness[e - low] = 0
            remembered[e - low] = -1
            if leader[other] != FREE:
                continue
            t_b = tokenise(data, starts[other], ends[other], tables, ids[1], kinds[1], places[1], breaks)
            # No alignment keeps more than the tokens that both have.
            common = 0
            for j in range(t_b):
                common += bag[ids[1, j] & _BAG_MASK] * (places[1, j + 1] - places[1, j])
            if not holds_skeleton(common, 0, n_chars[own], n_chars[other], least):
                continue
            align_tokens(ids[0], kinds[0], places[0], t, ids[1], kinds[1], t_b, match, trace, scores)
            compared += 1
            kept, words, _ = _shape(match, places[0], kinds[0], kinds[1], t, t_b, keep, cut, new_keep, new_cut)
            if holds_skeleton(kept, words, n_chars[own], n_chars[other], least):
                likeness[e - low] = 1 + (1000 * kept) // max(n_chars[own], n_chars[other])
                voices += df[other]
                _weigh_gaps(match, kinds[0], kinds[1], t, t_b, support, df[other], 0)
                if memory < _REMEMBERED:
                    matches[memory, :t] = match[:t]
                    remembered[e - low] = memory
                    memory += 1
        for i in range(t):
            bag[ids[0, i] & _BAG_MASK] = 0
        # What is a template as it stands gets no slot for one report that writes it otherwise.
        needed = max(int(np.ceil(SLOT_SUPPORT * voices)), 2 if df[own] >= families else 1)
        # Where most write the leader's own words, whatever departs from them somewhere is a misprint.
        slight = max(MISPRINT, t // 4 if 2 * df[own] > voices else t // 8)
        taken = departed = 0
        order = np.argsort(-likeness, kind="mergesort")
        for k in order:
            if likeness[k] == 0:
                break
            other = np.int64(edges[low + k] & np.uint64(0xFFFFFFFF))
            t_b = tokenise(data, starts[other], ends[other], tables, ids[1], kinds[1], places[1], breaks)
            if remembered[k] >= 0:
                match[:t] = matches[remembered[k], :t]
            else:
                align_tokens(ids[0], kinds[0], places[0], t, ids[1], kinds[1], t_b, match, trace, scores)
            kept, words, same = _shape(match, places[0], kinds[0], kinds[1], t, t_b, keep, cut, new_keep, new_cut)
            if not holds_skeleton(kept, words, n_chars[own], n_chars[other], least):
                continue
            poor = _weigh_gaps(match, kinds[0], kinds[1], t, t_b, support, 0, needed)
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
    return found, compared, fitted, misprints


def group_variants(
    wordings: Wordings,
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    *,
    space: Workspace,
    least: int,
    families: int,
    memory_limit: int,
    threads: int,
) -> Formulae:
    """Group wordings around leaders.

    Parameters
    ----------
    data, offsets : bytes of the texts and their offsets
    space : where arrays of wordings are kept
    least : normalised characters a skeleton keeps
    families : groups whose wordings cannot stand in as many families are dissolved again
    memory_limit : bytes; an eighth may go to the links between wordings
    threads : which find the links
    """
    units = wordings.units
    starts = space.gather(offsets, units["row"])
    starts += units["byte"]
    ends = space.keep(starts)
    ends += units["bytes"]
    lengths = np.ascontiguousarray(units["n"])
    leader = space.empty(units.size, np.int64)
    leader[:] = FREE
    spent = np.zeros(units.size, dtype=bool)
    shapes: list[tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]] = []
    compared = fitted = misprints = 0
    limit = max(memory_limit // 8, 1 << 16)
    ranges = ranges_of_leaders(wordings, limit)
    for _ in range(ROUNDS):
        free = leader == FREE
        asked = np.zeros(units.size, dtype=bool)
        # Links are those of the beginning of the round, however many ranges there are.
        for some in ranges:
            edges = find_edges(wordings, free, spent, asked, some, least, limit, threads)
            if not edges.size:
                continue
            heads = (edges >> _32).astype(np.int64)
            heads = heads[np.append(True, heads[1:] != heads[:-1])]
            room = int(lengths[heads].sum())
            keep = np.zeros(room, dtype=bool)
            cut = np.zeros(room + heads.size, dtype=bool)
            bounds = np.zeros(heads.size + 1, dtype=np.int64)
            leaders = np.zeros(heads.size, dtype=np.int64)
            found, pairs, late, wrong = _lead(
                data,
                starts,
                ends,
                lengths,
                wordings.df,
                reading(),
                edges,
                leader,
                least,
                families,
                MOST_CHARS,
                keep,
                cut,
                bounds,
                leaders,
            )
            compared += pairs
            fitted += late
            misprints += wrong
            leaders, bounds = leaders[:found].copy(), bounds[: found + 1].copy()
            shapes.append((leaders, keep[: bounds[-1]].copy(), cut[: bounds[-1] + found].copy(), bounds))
        if not asked.any():
            break
        spent |= asked
        _dissolve(leader, wordings.df, families)
    return _collect(leader, shapes, compared, fitted, misprints)


def _dissolve(leader: NDArray[np.int64], df: NDArray[np.int64], families: int) -> None:
    """Free the members of groups that cannot reach `families`: another leader may take them."""
    led = np.flatnonzero(leader >= 0)
    reach = np.bincount(leader[led], weights=df[led], minlength=leader.size)
    poor = led[reach[leader[led]] < families]
    leader[poor] = FREE


def _collect(
    leader: NDArray[np.int64],
    shapes: list[tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]],
    compared: int,
    fitted: int,
    misprints: int,
) -> Formulae:
    """Join the shapes of all rounds, without those of dissolved groups, in the order of their leaders."""
    places = [
        (int(head), keep[low:high], cut[low + k : high + k + 1])
        for heads, keep, cut, bounds in shapes
        for k, (head, low, high) in enumerate(
            zip(heads.tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
        )
        if leader[head] == head
    ]
    # A dissolved group may have been led again; its last shape is the one that holds.
    last = {head: (keep, cut) for head, keep, cut in places}
    heads = sorted(last)
    bounds = np.zeros(len(heads) + 1, dtype=np.int64)
    np.cumsum([last[h][0].size for h in heads], out=bounds[1:])
    none = np.zeros(0, dtype=bool)
    return Formulae(
        leader,
        np.concatenate([none, *(last[h][0] for h in heads)]),
        np.concatenate([none, *(last[h][1] for h in heads)]),
        np.array(heads, dtype=np.int64),
        bounds,
        compared,
        fitted,
        misprints,
    )
