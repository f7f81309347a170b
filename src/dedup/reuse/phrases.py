"""Phrases: clauses that stand in several families, the short formulae of which reports are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dedup.ids import make_id
from dedup.reuse.clauses import UNIT, reading, scan_units
from dedup.reuse.quoting import quote_bytes
from dedup.reuse.spread import SPREAD, count_spread, traits_of
from dedup.reuse.units import best_members, gather_units, group_units
from dedup.text.characters import CLOSERS, OPENERS
from dedup.text.normalise import normalise_array, utf8_buffers

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dedup.reuse.rows import SectionRows
    from dedup.settings import ReuseSettings

_PARTNER = dict(zip(OPENERS, CLOSERS, strict=True))
_OPENER_OF = {closer: opener for opener, closer in _PARTNER.items()}
#: A text without a border for this long is no clause.
MOST_CHARS = 400
PHRASE_ROWS = pa.schema(
    [
        ("phrase_id", pa.string()),
        ("text", pa.string()),
        ("n_chars", pa.int64()),
        *((name, pa.int64()) for name in SPREAD),
        ("row", pa.int64()),
        ("clean_start", pa.int32()),
        ("clean_end", pa.int32()),
    ]
)


@dataclass(frozen=True)
class Phrases:
    """Counted phrases.

    Attributes
    ----------
    table : `PHRASE_ROWS`, the widest spread first: df, regions, years, sites, then the id
    corpus_families : families of the corpus, reference sources left out
    n_clauses : clauses of enough characters in the corpus
    n_long : stretches without a border that were too long to be clauses
    """

    table: pa.Table
    corpus_families: int
    n_clauses: int
    n_long: int


def count_phrases(
    rows: SectionRows, settings: ReuseSettings, *, folder: Path, memory_limit: int, threads: int
) -> Phrases:
    """Count every clause of the corpus and return those that stand in enough families.

    Parameters
    ----------
    rows : the sections; those of reference sources are not counted
    settings : `phrase_chars` normalised characters make a clause, `phrase_families` families a phrase
    folder : for working files, when the clauses exceed half of the memory limit
    memory_limit : bytes
    threads : threads that read

    Notes
    -----
    Clauses are equal when their normalised texts have the same 64-bit hash: among 10**8 different clauses two collide
    with a probability below 0.001. Time is linear in the text.
    """
    data, offsets = utf8_buffers(rows.texts)
    tables = reading()
    own = np.flatnonzero(~np.asarray(rows.is_reference, dtype=bool))

    def read(batch: NDArray[np.int64]) -> tuple[NDArray, int]:
        size = int((offsets[batch + 1] - offsets[batch]).sum()) // settings.phrase_chars + batch.size + 1
        out = np.empty(size, dtype=UNIT)
        written, skipped = scan_units(data, offsets, batch, tables, False, settings.phrase_chars, MOST_CHARS, out)
        return out[:written].copy(), skipped

    units = gather_units(read, own, offsets, folder=folder, memory_limit=memory_limit, threads=threads)
    traits = traits_of(rows)
    order = np.asarray(rows.order)
    found: list[tuple[NDArray, NDArray[np.int64]]] = []
    for part in units.partitions():
        groups = group_units(part, settings.phrase_families)
        members = groups.units["row"].astype(np.int64)
        spread = count_spread(groups.bounds, members, traits, least=settings.phrase_families)
        wide = spread[:, 0] >= settings.phrase_families
        found.append((groups.units[best_members(groups, order)[wide]], spread[wide]))
    best = np.concatenate([b for b, _ in found]) if found else np.zeros(0, dtype=UNIT)
    spread = np.concatenate([s for _, s in found]) if found else np.zeros((0, len(SPREAD)), dtype=np.int64)
    families = int(np.unique(np.asarray(rows.family)[own]).size)
    return Phrases(_table(best, spread, data, offsets), families, units.count, units.skipped)


def _lone_marks(text: str) -> tuple[int, int]:
    """Return how many characters at the head open and at the tail close what the clause does not hold whole."""
    front = back = 0
    while text[front] in _PARTNER and _PARTNER[text[front]] not in text[front:]:
        front += 1
    while text[-1 - back] in _OPENER_OF and _OPENER_OF[text[-1 - back]] not in text:
        back += 1
    return front, back


def _table(best: NDArray, spread: NDArray[np.int64], data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> pa.Table:
    row = best["row"].astype(np.int64)
    whole = quote_bytes(data, offsets[row] + best["byte"], best["bytes"].astype(np.int64)).to_pylist()
    trims = [_lone_marks(text) for text in whole]
    texts = pa.array([text[a : len(text) - b] for text, (a, b) in zip(whole, trims, strict=True)], pa.large_string())
    ids = [make_id("h", text) for text in normalise_array(texts)]
    front, back = np.array(trims, dtype=np.int32).reshape(-1, 2).T
    start = best["start"].astype(np.int32) + front
    end = (best["start"] + best["chars"]).astype(np.int32) - back
    table = pa.table(
        [
            pa.array(ids, pa.string()),
            texts.cast(pa.string()),
            pa.array(best["n"].astype(np.int64)),
            *(pa.array(column) for column in spread.T),
            pa.array(row),
            pa.array(start),
            pa.array(end),
        ],
        schema=PHRASE_ROWS,
    )
    falling = [(name, "descending") for name in ("df", "n_regions", "n_years", "n_sites")]
    return table.sort_by([*falling, ("phrase_id", "ascending")])
