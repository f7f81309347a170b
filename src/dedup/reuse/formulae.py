"""The formulae of a corpus: leaders with their variants and slots, and sentences that many reports hold unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dedup.reuse.clauses import reading
from dedup.reuse.neighbours import SKELETON_SHARE
from dedup.reuse.quoting import quote_bytes
from dedup.reuse.skeletons import Variants, number_slots, shape_slots
from dedup.reuse.slots import align_to_leader, mask_table, pair_table, quote_slots
from dedup.reuse.wordings import MOST_CHARS
from dedup.text.normalise import normalise, normalise_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.reuse.variants import Formulae
    from dedup.reuse.wordings import Wordings


#: Slots are named after what stands in them in this many wordings, the commonest ones.
NAMING = 16


@dataclass
class Formula:
    """One formula.

    Attributes
    ----------
    leader : the commonest wording
    members : (m,) int64, its wordings, the leader's included
    slots : (kept token of the leader before, kept token after, name) of each slot
    n_chars : normalised characters outside the slots
    skeleton : the leader as its best occurrence writes it, with named slots in braces; braces of the text are doubled
    same_as : place of the first formula with the same skeleton (its own when it is the first)
    """

    leader: int
    members: NDArray[np.int64]
    slots: list[tuple[int, int, str]]
    n_chars: int
    skeleton: str = ""
    same_as: int = -1


def find_formulae(
    wordings: Wordings,
    variants: Formulae,
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    *,
    least: int,
    families: int,
) -> list[Formula]:
    """Return the formulae that may stand in `families` families, in the order of their leaders.

    Parameters
    ----------
    data, offsets : bytes of the texts and their offsets
    least : normalised characters a skeleton keeps
    """
    starts = offsets[wordings.units["row"].astype(np.int64)] + wordings.units["byte"]
    ends = starts + wordings.units["bytes"]
    found: list[Formula] = []
    spans: list[tuple[int, int]] = []
    alone = wordings.df >= families
    by_leader = np.argsort(variants.leader, kind="stable")
    edges = np.searchsorted(variants.leader[by_leader], np.stack([variants.leaders, variants.leaders + 1]))
    for k, (low, high) in enumerate(edges.T.tolist()):
        leader = int(variants.leaders[k])
        others = by_leader[low:high]
        others = others[others != leader]
        # The commonest wordings name the slots; the numbers of wordings follow their rank.
        formula, places = _shape(wordings, variants, k, leader, others[:NAMING], data, starts, ends)
        if formula.n_chars < max(least, SKELETON_SHARE * int(wordings.units["n"][leader])):
            continue
        formula.members = np.append(leader, others)
        alone[formula.members] = False
        found.append(formula)
        spans.extend(places)
    lone = np.flatnonzero(alone)
    sizes = wordings.units["n"][lone].tolist()
    found += [Formula(w, np.array([w]), [], n) for w, n in zip(lone.tolist(), sizes, strict=True)]
    _write_skeletons(found, spans, data, starts, ends)
    _merge_alike(found)
    return found


def _shape(
    wordings: Wordings,
    variants: Formulae,
    k: int,
    leader: int,
    others: NDArray[np.int64],
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> tuple[Formula, list[tuple[int, int]]]:
    """Return a formula without its members, and the normalised characters of its leader that are slots."""
    sample = np.append(leader, others)
    matches = np.empty((sample.size, MOST_CHARS + 1), dtype=np.int32)
    places = np.empty((sample.size, MOST_CHARS + 2), dtype=np.int32)
    sizes = np.empty(sample.size, dtype=np.int64)
    align_to_leader(data, starts, ends, sample, reading(), MOST_CHARS, matches, places, sizes)
    low, high = int(variants.bounds[k]), int(variants.bounds[k + 1])
    texts = normalise_array(quote_bytes(data, starts[sample], ends[sample] - starts[sample]))
    shaped = Variants(
        texts,
        [p[: s + 1].tolist() for p, s in zip(places, sizes, strict=True)],
        [m[: high - low].tolist() for m in matches],
        variants.keep[low:high].tolist(),
        variants.cut[low + k : high + k + 1].tolist(),
    )
    slots = shape_slots(shaped)
    at = shaped.places[0]
    spans = [(at[a + 1] if a >= 0 else 0, at[b]) for a, b, _ in slots]
    return Formula(leader, sample, slots, shaped.kept_chars), spans


def _write_skeletons(
    formulae: list[Formula],
    spans: list[tuple[int, int]],
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> None:
    leaders = np.array([f.leader for f in formulae], dtype=np.int64)
    bounds = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum([len(f.slots) for f in formulae], dtype=np.int64)])
    tables = reading()
    slots = np.array(spans, dtype=np.int64).reshape(-1, 2)
    bytes_of = np.zeros(slots.shape, dtype=np.int64)
    begin, end = starts[leaders], ends[leaders]
    quote_slots(data, begin, end, bounds, slots, tables.fold, tables.expansions, mask_table(), pair_table(), bytes_of)
    for k, formula in enumerate(formulae):
        names = number_slots([name for *_, name in formula.slots])
        at = int(begin[k])
        parts: list[str] = []
        for (low, high), name in zip(bytes_of[bounds[k] : bounds[k + 1]].tolist(), names, strict=True):
            parts += [_plain(data, at, low), "{" + name + "}"]
            at = high
        formula.skeleton = "".join([*parts, _plain(data, at, int(end[k]))])


def _plain(data: NDArray[np.uint8], start: int, end: int) -> str:
    return data[start:end].tobytes().decode("utf-8").replace("{", "{{").replace("}", "}}")


def _merge_alike(formulae: list[Formula]) -> None:
    """Let formulae of one skeleton be one template, that of the first: some leader was taken for too different."""
    first: dict[str, int] = {}
    for k, formula in enumerate(formulae):
        formula.same_as = first.setdefault(normalise(formula.skeleton) if formula.slots else f"{k}", k)
