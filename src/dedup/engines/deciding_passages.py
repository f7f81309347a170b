"""Passages that somebody said are boilerplate: they keep their id, and speak for nothing any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dedup.ids import make_id
from dedup.reuse.passages import Passages
from dedup.reuse.runs import BOILERPLATE, KINDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.engines.deciding import Decided


def decided_boilerplate(decided: Decided, ids: Sequence[str], normalised: Sequence[str]) -> NDArray[np.bool_]:
    """Return which passages are boilerplate by decision, shape (p,), and note what became of these decisions.

    Parameters
    ----------
    ids : (p,) passage ids
    normalised : (p,) their texts, normalised

    Notes
    -----
    An id is made from kind and text. Text that spreads turns from copied into template, so a decision is looked for
    under the ids that the text would have as any kind.
    """
    wanted = decided.passages
    found = np.zeros(len(ids), dtype=bool)
    if not wanted:
        return found
    met: set[int] = set()
    for i, (own, said) in enumerate(zip(ids, normalised, strict=True)):
        numbers = [wanted[name] for name in (own, *(make_id("x", kind, said) for kind in KINDS)) if name in wanted]
        found[i] = bool(numbers)
        met.update(numbers)
    for number in wanted.values():
        by = decided.decisions[number].by
        decided.outcomes[number] = ("applied", by) if number in met else ("not_found", "no passage reads so any more")
    return found


def as_boilerplate(passages: Passages, chosen: NDArray[np.bool_]) -> Passages:
    """Return passages of which some are boilerplate, whatever they were."""
    if not chosen.any():
        return passages
    place = passages.stats.schema.get_field_index("kind")
    kinds = passages.stats.column(place).to_pylist()
    kinds = [KINDS[BOILERPLATE] if is_chosen else kind for kind, is_chosen in zip(kinds, chosen, strict=True)]
    kind = passages.kind.copy()
    kind[chosen[passages.passage]] = BOILERPLATE
    stats = passages.stats.set_column(place, "kind", pa.array(kinds, pa.string()))
    return replace(passages, kind=kind, stats=stats)


def without(passages: Passages, chosen: NDArray[np.bool_]) -> Passages:
    """Return passages without the occurrences of some."""
    if not chosen.any():
        return passages
    kept = np.flatnonzero(~chosen[passages.passage])
    return replace(
        passages,
        passage=passages.passage[kept],
        row=passages.row[kept],
        kind=passages.kind[kept],
        clean_start=passages.clean_start[kept],
        clean_end=passages.clean_end[kept],
        start=passages.start[kept],
        end=passages.end[kept],
        shift=passages.shift[kept],
    )
