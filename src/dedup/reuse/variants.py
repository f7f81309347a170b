"""Group the wordings of one formula around its commonest one, without chaining.

Wordings that share a key are compared with the few best ones of that key, never all with all; what finds no leader
is tried again among the rest. A wording joins a leader only while what all its variants share, the skeleton, stays
most of the leader's text. So every variant holds the whole skeleton, and A~B~C makes no group of A and C.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dedup.reuse.clauses import reading
from dedup.reuse.keyed import drop_members
from dedup.reuse.leading import FREE, lead_variants
from dedup.reuse.neighbours import Likeness, ranges_of_leaders, turns_of_leaders
from dedup.reuse.wordings import MOST_CHARS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.reuse.wordings import Wordings
    from dedup.reuse.workspace import Workspace

ROUNDS = 5
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


def group_variants(
    wordings: Wordings,
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    *,
    space: Workspace,
    least: int,
    families: int,
    memory_limit: int,
) -> Formulae:
    """Group wordings around leaders.

    Parameters
    ----------
    wordings : their groups are used up
    data, offsets : bytes of the texts and their offsets
    space : where arrays of wordings are kept
    least : normalised characters a skeleton keeps
    families : groups whose wordings cannot stand in as many families are dissolved again
    memory_limit : bytes; an eighth may go to who may lead whom
    """
    units = wordings.units
    starts = space.gather(offsets, units["row"])
    starts += units["byte"]
    ends = space.keep(starts)
    ends += units["bytes"]
    alike = Likeness(
        np.ascontiguousarray(units["n"]), wordings.sketches, wordings.bits, wordings.marks, wordings.mark_bounds
    )
    leader = space.empty(units.size, np.int64)
    leader[:] = FREE
    met = space.empty(units.size, np.uint32)
    spent = np.zeros(units.size, dtype=bool)
    shapes: list[tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]] = []
    compared = fitted = misprints = 0
    groups = wordings.groups
    ranges = ranges_of_leaders(groups, units.size, max(memory_limit // 8, 1 << 16))
    for _ in range(ROUNDS):
        asked = np.zeros(units.size, dtype=bool)
        # Who leads whom is that of the beginning of the round, however many ranges there are.
        for some in ranges:
            turns = turns_of_leaders(groups, spent, some)
            if not turns.size:
                continue
            heads = (turns >> _32).astype(np.int64)
            heads = heads[np.append(True, heads[1:] != heads[:-1])]
            room = int(alike.lengths[heads].sum())
            keep = np.zeros(room, dtype=bool)
            cut = np.zeros(room + heads.size, dtype=bool)
            bounds = np.zeros(heads.size + 1, dtype=np.int64)
            leaders = np.zeros(heads.size, dtype=np.int64)
            found, pairs, late, wrong, _ = lead_variants(
                data,
                starts,
                ends,
                alike,
                wordings.df,
                reading(),
                *groups,
                turns,
                spent,
                asked,
                leader,
                met,
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
        # Whoever has a leader now keeps it.
        groups = drop_members(groups, leader == FREE, spent)
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
