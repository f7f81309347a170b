"""Passages: stretches of text that stand in several clusters, with exact offsets, counted by families."""

from __future__ import annotations

from dataclasses import dataclass
from shutil import rmtree
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dedup.matching.parallel import run_parts
from dedup.reuse.anchors import winnowing
from dedup.reuse.extend import extend_runs
from dedup.reuse.identity import name_passages
from dedup.reuse.places import locate
from dedup.reuse.reading_order import reading_order
from dedup.reuse.runs import KINDS, RUN, chain_runs, kinds_of
from dedup.reuse.shared_runs import SharedRuns, find_shared_runs
from dedup.reuse.spread import count_spread, traits_of
from dedup.reuse.windows import Texts, mark_bounds, set_marks
from dedup.text.normalise import fold_table, utf8_buffers

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dedup.reuse.rows import SectionRows
    from dedup.reuse.voices import RowCodes
    from dedup.settings import ReuseSettings

#: Places of shared text per part of work.
PLACES = 1 << 18


@dataclass(frozen=True)
class Passages:
    """Passages and where they stand.

    Occurrences, ordered by row, then start, then kind; m of them:

    Attributes
    ----------
    passage : (m,) int64, number of the passage, a row of `stats`
    row : (m,) int64
    kind : (m,) uint8, place in `KINDS`; the same for all occurrences of a passage
    clean_start, clean_end : (m,) int32, characters of the row's clean text
    start, end : (m,) int64, the same in normalised characters
    shift : (m,) int64, where this one begins in the passage as first seen, in normalised characters; occurrences of
        one passage can be laid beside each other by it
    stats : one row per passage: kind, df, n_sections, n_sources, n_sites (reference sources left out),
        in_reference, n_chars (normalised), and its fullest occurrence (row, clean_start, clean_end)
    lengths : (n,) int64, normalised characters of every row
    corpus_families : families of the corpus, reference sources left out
    metrics : counts of what was looked at and found
    """

    passage: NDArray[np.int64]
    row: NDArray[np.int64]
    kind: NDArray[np.uint8]
    clean_start: NDArray[np.int32]
    clean_end: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    shift: NDArray[np.int64]
    stats: pa.Table
    lengths: NDArray[np.int64]
    corpus_families: int
    metrics: dict[str, int]


def find_passages(
    rows: SectionRows, settings: ReuseSettings, *, folder: Path, memory_limit: int, threads: int
) -> Passages:
    """Find every stretch of text that stands in several clusters.

    Parameters
    ----------
    rows : the sections
    settings : `passage_chars` normalised characters make a passage, `template_families` families a template
    folder : for working files; they lie in a folder `passages` of their own in it, which is deleted afterwards
    memory_limit : bytes for working arrays; files in `folder` are mapped and not counted
    threads : threads to use; the result does not depend on it

    Notes
    -----
    Every common run of `passage_chars` normalised characters or more between two sections of different clusters lies
    in passages of both, from its first character to its last. Time is linear in the text; nothing is joined.
    """
    scratch = folder / "passages"
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        return _find(rows, settings, scratch, memory_limit, threads)
    finally:
        rmtree(scratch)


def _find(rows: SectionRows, settings: ReuseSettings, folder: Path, memory_limit: int, threads: int) -> Passages:
    read = reading_order(rows)
    data, offsets = utf8_buffers(rows.texts)
    starts, ends = offsets[:-1][read.rows], offsets[1:][read.rows]
    scheme = winnowing(settings.passage_chars)
    shared = find_shared_runs(
        data, starts, ends, read.codes, scheme, folder=folder, memory_limit=memory_limit, threads=threads
    )
    kinds = kinds_of(shared.groups, settings.template_families, read.site_share)
    table = fold_table()
    marks = mark_bounds(shared.lengths)
    texts = Texts(
        data, starts, ends, table.index, table.expansions, np.zeros(marks[-1], dtype=np.int64), marks[:-1].copy()
    )
    runs = _chain(shared, kinds, read.codes, scheme.run, texts, threads)
    order = np.asarray(rows.order)[read.rows]
    canonical = np.asarray(rows.is_canonical, dtype=bool)[read.rows]
    passage, shift, least_df = name_passages(
        runs, order, canonical, shared.position, shared.group, kinds, shared.groups.df
    )
    clean = np.zeros((runs.size, 2), dtype=np.int32)
    by_row = np.argsort(runs["row"], kind="stable")
    runs, passage, shift = np.take(runs, by_row), passage[by_row], shift[by_row]
    cuts = np.flatnonzero(np.diff(runs["row"].astype(np.int64), prepend=-1, append=-1))

    def located(low: int, high: int) -> None:
        part = slice(int(cuts[low]), int(cuts[high]))
        locate(texts, runs[part], clean[part])

    for _ in run_parts(located, cuts.size - 1, 4096, threads):
        pass
    lengths = np.zeros(offsets.size - 1, dtype=np.int64)
    lengths[read.rows] = shared.lengths
    row = read.rows[runs["row"].astype(np.int64)]
    stats = _stats(rows, row, runs, passage, clean, least_df)
    turn = np.lexsort((runs["kind"], clean[:, 0], row))
    return Passages(
        passage[turn],
        row[turn],
        runs["kind"][turn],
        np.ascontiguousarray(clean[turn, 0]),
        np.ascontiguousarray(clean[turn, 1]),
        runs["start"][turn],
        runs["end"][turn],
        shift[turn],
        stats,
        lengths,
        read.corpus_families,
        {
            "anchors": shared.n_anchors,
            "shared_anchors": shared.n_shared_anchors,
            "runs_looked_up": shared.n_candidates,
            "shared_places": int(shared.position.size),
            "occurrences": int(runs.size),
            "passages": stats.num_rows,
        },
    )


def _chain(
    shared: SharedRuns, kinds: NDArray[np.uint8], codes: RowCodes, length: int, texts: Texts, threads: int
) -> NDArray:
    """Return the runs of all rows, row by row."""
    marks = np.arange(0, shared.position.size + PLACES, PLACES)
    last = shared.bounds.size - 1
    edges = np.unique(np.append(np.minimum(np.searchsorted(shared.bounds, marks), last), [0, last]))

    def chained(k: int, _: int) -> NDArray:
        low, high = int(edges[k]), int(edges[k + 1])
        out = np.empty(int(shared.bounds[high] - shared.bounds[low]), dtype=RUN)
        n = chain_runs(
            low, high, shared.bounds, shared.position, shared.group, kinds, shared.groups, codes, length, out
        )
        runs = out[:n]
        dropped = np.zeros(n, dtype=bool)
        extend_runs(runs, shared.position, shared.group, shared.groups, kinds, codes, length, texts, dropped)
        return runs[~dropped]

    for _ in run_parts(lambda low, high: set_marks(texts, low, high), texts.starts.size, 4096, threads):
        pass
    parts = list(run_parts(chained, edges.size - 1, 1, threads))
    return np.concatenate([np.zeros(0, dtype=RUN), *parts])


def _stats(
    rows: SectionRows,
    row: NDArray[np.int64],
    runs: NDArray,
    passage: NDArray[np.int64],
    clean: NDArray[np.int32],
    least_df: NDArray[np.int64],
) -> pa.Table:
    n = least_df.size
    order = np.asarray(rows.order)[row]
    size = runs["end"] - runs["start"]
    turn = np.lexsort((clean[:, 0], order, -size, passage))
    best = turn[np.searchsorted(passage[turn], np.arange(n))]
    reference = np.asarray(rows.is_reference)[row]
    own = turn[~reference[turn]]
    bounds = np.searchsorted(passage[own], np.arange(n + 1))
    spread = count_spread(bounds, row[own], traits_of(rows))
    # A family speaks through its canonical sections: how a damaged copy is cut adds it to no further passage. What
    # stands in its copies only is in the exact count of the passage's parts.
    speaks = own[np.asarray(rows.is_canonical, dtype=bool)[row[own]]]
    family = np.asarray(rows.family)[row[speaks]]
    voices = np.unique(passage[speaks] * (family.max(initial=0) + 1) + family) // (family.max(initial=0) + 1)
    df = np.maximum(np.bincount(voices, minlength=n), least_df)
    in_reference = np.zeros(n, dtype=bool)
    in_reference[passage[reference]] = True
    kind = pa.DictionaryArray.from_arrays(pa.array(runs["kind"][best].astype(np.int8)), pa.array(KINDS))
    return pa.table(
        {
            "kind": kind.cast(pa.string()),
            "df": df,
            "n_sections": np.maximum(spread[:, 1], df),
            "n_sources": spread[:, 2],
            "n_sites": spread[:, 3],
            "in_reference": in_reference,
            "n_chars": size[best],
            "row": row[best],
            "clean_start": clean[best, 0],
            "clean_end": clean[best, 1],
        }
    )


def ratios(passages: Passages, rows: SectionRows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the share of each row's normalised characters in templates, and in copied passages; two (n,) arrays."""
    n = len(rows.cluster)
    shares = []
    for kind in ("template", "copied"):
        of_kind = passages.kind == KINDS.index(kind)
        # Passages of one kind do not overlap in a section.
        sizes = (passages.end - passages.start)[of_kind]
        covered = np.bincount(passages.row[of_kind], weights=sizes, minlength=n)
        shares.append(covered / np.maximum(passages.lengths, 1))
    return shares[0], shares[1]
