"""Templates: sentences that stand in several families, alike or as variants of one formula with slots."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.ids import make_id
from dedup.matching.parallel import run_parts
from dedup.reuse.clauses import UNIT, reading
from dedup.reuse.formulae import Formula, find_formulae
from dedup.reuse.quoting import quote_bytes
from dedup.reuse.skeletons import number_slots
from dedup.reuse.slots import mask_table, pair_table, place_slots, quote_slots
from dedup.reuse.spread import SPREAD, count_spread, traits_of
from dedup.reuse.variants import group_variants
from dedup.reuse.wordings import MOST_CHARS, Wordings, gather_wordings
from dedup.reuse.workspace import Workspace
from dedup.schemas import SLOT
from dedup.text.normalise import normalise_array, utf8_buffers

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dedup.reuse.rows import SectionRows
    from dedup.settings import ReuseSettings

#: Values shown for each slot, the commonest first.
EXAMPLES = 8
#: Occurrences whose values are quoted, or counted, at once.
_AT_ONCE = 1 << 18
#: Wordings whose slots are placed by one call of a kernel.
_WORDINGS = 1 << 15
TEMPLATE_ROWS = pa.schema(
    [
        ("template_id", pa.string()),
        ("skeleton", pa.string()),
        ("n_chars", pa.int64()),
        *((name, pa.int64()) for name in SPREAD),
        ("n_variants", pa.int64()),
        ("slots", pa.list_(SLOT)),
        ("example", pa.string()),
        ("row", pa.int64()),
        ("clean_start", pa.int32()),
        ("clean_end", pa.int32()),
    ]
)
OCCURRENCE_ROWS = pa.schema(
    [
        ("template_id", pa.string()),
        ("row", pa.int64()),
        ("clean_start", pa.int32()),
        ("clean_end", pa.int32()),
        ("values", pa.list_(pa.string())),
    ]
)


@dataclass(frozen=True)
class Templates:
    """Templates and where they stand.

    Attributes
    ----------
    table : `TEMPLATE_ROWS`, the widest spread first: df, regions, years, sites, then the id
    occurrences : `OCCURRENCE_ROWS`, sorted by row and place
    corpus_families : families of the corpus, reference sources left out
    metrics : what was looked at and what was not: `sentences`, `sentences_too_long`, `sentences_kept` (another family
        has a key of their wording too), `wordings`, `pairs_aligned`, `variants_not_shaping` (beyond the number of
        wordings that shape a skeleton; they joined it as it was), `misprints` (wordings of a formula left out: they
        differ in a few characters where it has no slot)
    """

    table: pa.Table
    occurrences: pa.Table
    corpus_families: int
    metrics: dict[str, int] = field(default_factory=dict)


def build_templates(
    rows: SectionRows, settings: ReuseSettings, *, folder: Path, memory_limit: int, threads: int
) -> Templates:
    """Group the sentences of the corpus that are variants of one formula.

    Parameters
    ----------
    rows : the sections; those of reference sources are left out
    settings : `template_families` families make a template, its skeleton keeps `phrase_chars` normalised characters
    folder : for working files, when the sentences exceed half of the memory limit or the arrays of their wordings a
        quarter of it
    memory_limit : bytes of working arrays; what is returned, and files that are mapped, are not counted

    Notes
    -----
    A sentence ends at 。！？； and at line ends; list marks and a short opening before a colon (`各位代表：`) are no
    part of it. Filled with the values of an occurrence the skeleton gives that occurrence again, after normalising.
    """
    with Workspace(folder, "wordings", memory_limit // 4) as space:
        return _build(rows, settings, space, folder, memory_limit, threads)


def _build(
    rows: SectionRows, settings: ReuseSettings, space: Workspace, folder: Path, memory_limit: int, threads: int
) -> Templates:
    data, offsets = utf8_buffers(rows.texts)
    wordings = gather_wordings(
        rows, settings.phrase_chars, space=space, folder=folder, memory_limit=memory_limit, threads=threads
    )
    variants = group_variants(
        wordings,
        data,
        offsets,
        space=space,
        least=settings.phrase_chars,
        families=settings.template_families,
        memory_limit=memory_limit,
    )
    formulae = find_formulae(
        wordings, variants, data, offsets, least=settings.phrase_chars, families=settings.template_families
    )
    own = np.flatnonzero(~np.asarray(rows.is_reference, dtype=bool))
    metrics = {
        "sentences": wordings.n_sentences,
        "sentences_too_long": wordings.n_long,
        "sentences_kept": wordings.n_kept,
        "wordings": wordings.units.size,
        "pairs_aligned": variants.compared,
        "variants_not_shaping": variants.fitted,
        "misprints": variants.misprints,
    }
    families = int(np.unique(np.asarray(rows.family)[own]).size)
    template = np.full(wordings.units.size, -1, dtype=np.int64)
    for k, formula in enumerate(formulae):
        template[formula.members] = k
    units, wording = _find_occurrences(wordings, template)
    same_as = np.array([f.same_as for f in formulae], dtype=np.int64)
    of = same_as[template[wording]]
    by_template = np.argsort(of, kind="stable")
    bounds = np.searchsorted(of[by_template], np.arange(len(formulae) + 1))
    spread = count_spread(bounds, units["row"][by_template].astype(np.int64), traits_of(rows))
    wide = spread[:, 0] >= settings.template_families
    kept = wide[of]
    units, wording, of = np.compress(kept, units), wording[kept], of[kept]
    values = _quote_values(wordings, formulae, units, wording, template, data, offsets, threads)
    examples = _commonest(values, of, np.asarray(rows.family)[units["row"]])
    table, ids = _describe(wordings, formulae, spread, examples, data, offsets)
    start = units["start"].astype(np.int32)
    occurrences = pa.table(
        [
            ids.take(pa.array(of)),
            pa.array(units["row"].astype(np.int64)),
            pa.array(start),
            pa.array(start + units["chars"].astype(np.int32)),
            values,
        ],
        schema=OCCURRENCE_ROWS,
    )
    falling = [(name, "descending") for name in ("df", "n_regions", "n_years", "n_sites")]
    return Templates(
        table.filter(pa.array(wide)).sort_by([*falling, ("template_id", "ascending")]), occurrences, families, metrics
    )


def _find_occurrences(wordings: Wordings, template: NDArray[np.int64]) -> tuple[NDArray, NDArray[np.int64]]:
    """Return every sentence whose wording belongs to a template, in text order, and its wording."""
    used = np.flatnonzero(template >= 0)
    times = wordings.times[used]
    ends = np.cumsum(times)
    at = np.arange(int(times.sum())) + np.repeat(wordings.first_place[used] - ends + times, times)
    units = np.take(wordings.places, at)
    order = np.argsort((units["row"].astype(np.uint64) << np.uint64(32)) | units["byte"])
    return np.take(units, order), np.repeat(used, times)[order]


def _quote_values(
    wordings: Wordings,
    formulae: list[Formula],
    units: NDArray,
    wording: NDArray[np.int64],
    formula_of: NDArray[np.int64],
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    threads: int,
) -> pa.ChunkedArray:
    """Return what stands in the slots of each occurrence, list<string>.

    Parameters
    ----------
    wording : the wording of each occurrence
    formula_of : the formula of each wording, -1 for none
    """
    tables = reading()
    counts = np.array([len(f.slots) for f in formulae], dtype=np.int64)
    slot_bounds = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
    before = np.array([s[0] for f in formulae for s in f.slots], dtype=np.int64)
    after = np.array([s[1] for f in formulae for s in f.slots], dtype=np.int64)
    leader_of = np.full(wordings.units.size, -1, dtype=np.int64)
    for f in formulae:
        leader_of[f.members] = f.leader
    used = np.zeros(leader_of.size, dtype=bool)
    used[wording] = True
    members = np.flatnonzero(used)
    members = members[np.argsort(leader_of[members], kind="stable")]
    place_of = np.empty(leader_of.size, dtype=np.int64)
    place_of[members] = np.arange(members.size)
    member_of = place_of[wording]
    template = formula_of[members]
    member_bounds = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts[template])])
    slots = np.zeros((int(member_bounds[-1]), 2), dtype=np.int64)
    starts = offsets[wordings.units["row"].astype(np.int64)] + wordings.units["byte"]
    ends = starts + wordings.units["bytes"]

    def place(low: int, high: int) -> None:
        some = slice(low, high)
        place_slots(
            data,
            starts,
            ends,
            members[some],
            leader_of,
            before,
            after,
            slot_bounds,
            template[some],
            tables,
            MOST_CHARS,
            member_bounds[low : high + 1],
            slots,
        )

    for _ in run_parts(place, members.size, _WORDINGS, threads):
        pass
    parts = []
    for low in range(0, wording.size, _AT_ONCE):
        some = slice(low, low + _AT_ONCE)
        counted = counts[formula_of[wording[some]]]
        bounds = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counted)])
        within = np.arange(int(bounds[-1])) - np.repeat(bounds[:-1], counted)
        each = np.take(slots, np.repeat(member_bounds[member_of[some]], counted) + within, axis=0)
        begin = offsets[units["row"][some].astype(np.int64)] + units["byte"][some]
        spans = np.zeros((each.shape[0], 2), dtype=np.int64)
        quote_slots(
            data,
            begin,
            begin + units["bytes"][some],
            bounds,
            each,
            tables.fold,
            tables.expansions,
            mask_table(),
            pair_table(),
            spans,
        )
        texts = quote_bytes(data, spans[:, 0], spans[:, 1] - spans[:, 0]).cast(pa.string())
        parts.append(pa.ListArray.from_arrays(pa.array(bounds.astype(np.int32)), texts))
    return pa.chunked_array(parts, type=pa.list_(pa.string()))


def _commonest(
    values: pa.ChunkedArray, of: NDArray[np.int64], family: NDArray[np.int64]
) -> dict[tuple[int, int], list[str]]:
    """Return the commonest values of each (template, slot), counted by families, at most `EXAMPLES`."""
    found: dict[tuple[int, int], list[str]] = {}
    order = np.argsort(of, kind="stable")
    # Ranges of whole templates.
    cuts = np.searchsorted(of[order], of[order[::_AT_ONCE]])
    for places in np.split(order, np.unique(cuts)[1:]):
        if places.size:
            some = values.take(pa.array(places)).combine_chunks()
            found |= _count_values(some, of[places], family[places])
    return found


def _count_values(
    values: pa.ListArray, of: NDArray[np.int64], family: NDArray[np.int64]
) -> dict[tuple[int, int], list[str]]:
    lengths = np.diff(values.offsets.to_numpy())
    firsts = np.repeat(values.offsets.to_numpy()[:-1], lengths)
    slot = np.arange(firsts.size) - firsts
    slots = int(slot.max(initial=0)) + 1
    coded = values.values.dictionary_encode()
    rising = pc.sort_indices(coded.dictionary).to_numpy()
    said = coded.dictionary.take(pa.array(rising))
    rank = np.empty(rising.size, dtype=np.int64)
    rank[rising] = np.arange(rising.size)
    value = rank[coded.indices.to_numpy()]
    # Numbers instead of strings are told apart, and a value counts once in a family.
    many = max(rising.size, 1)
    told = pa.array((np.repeat(of, lengths) * slots + slot) * many + value).dictionary_encode()
    families = int(family.max(initial=0)) + 1
    voices = np.sort(told.indices.to_numpy() * np.int64(families) + np.repeat(family, lengths))
    voices = voices[np.diff(voices, prepend=-1) > 0] // families
    counted = np.bincount(voices, minlength=len(told.dictionary))
    number, value = np.divmod(told.dictionary.to_numpy(), many)
    best = np.lexsort((value, -counted, number))
    best = best[pc.not_equal(said, "").to_numpy(zero_copy_only=False)[value[best]]]
    number, value = number[best], value[best]
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    shown = np.arange(number.size) - np.repeat(starts, np.diff(np.append(starts, number.size))) < EXAMPLES
    found: dict[tuple[int, int], list[str]] = {}
    for at, text in zip(number[shown].tolist(), said.take(pa.array(value[shown])).to_pylist(), strict=True):
        found.setdefault(divmod(at, slots), []).append(text)
    return found


def _describe(
    wordings: Wordings,
    formulae: list[Formula],
    spread: NDArray[np.int64],
    examples: dict[tuple[int, int], list[str]],
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
) -> tuple[pa.Table, pa.Array]:
    """Return a row for each formula, and their ids."""
    leaders = np.array([f.leader for f in formulae], dtype=np.int64)
    best = wordings.units[leaders] if leaders.size else np.zeros(0, dtype=UNIT)
    row = best["row"].astype(np.int64)
    texts = quote_bytes(data, offsets[row] + best["byte"], best["bytes"].astype(np.int64)).cast(pa.string())
    ids = pa.array([make_id("t", text) for text in normalise_array(texts)], pa.string())
    wordings_of = np.bincount(
        np.array([f.same_as for f in formulae], dtype=np.int64),
        weights=np.array([f.members.size for f in formulae]),
        minlength=len(formulae),
    )
    start = best["start"].astype(np.int32)
    table = pa.table(
        [
            ids,
            pa.array([f.skeleton for f in formulae], pa.string()),
            pa.array([f.n_chars for f in formulae], pa.int64()),
            *(pa.array(column) for column in spread.T),
            pa.array(wordings_of.astype(np.int64)),
            pa.array(
                [
                    [
                        {"name": name, "values": examples.get((k, slot), [])}
                        for slot, name in enumerate(number_slots([s[2] for s in f.slots]))
                    ]
                    for k, f in enumerate(formulae)
                ],
                pa.list_(SLOT),
            ),
            texts,
            pa.array(row),
            pa.array(start),
            pa.array(start + best["chars"].astype(np.int32)),
        ],
        schema=TEMPLATE_ROWS,
    )
    return table, ids
