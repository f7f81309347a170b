"""Makes pages with known truth: `write_sample`, the work of `dedup sample`.

Below the chosen folder it writes `pages/<site>/…` and beside them `truth.sections`, `truth.pairs`, `truth.passages`
and `truth.figures` as Parquet, and a `dedup.toml` that reads the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.evaluation.crew import Crew
from dedup.evaluation.draws import draws32, mix
from dedup.evaluation.making import Note, make_pages, measure_works, pairs_of
from dedup.evaluation.planting import COPY, EDITION, ESSAY, ORIGINAL, Damage, Plan, Shares
from dedup.evaluation.reference import Definition
from dedup.evaluation.report_writer import ReportWriter
from dedup.evaluation.sites import Sites
from dedup.evaluation.truth_files import (
    TRUTH_FIGURES,
    TRUTH_PAIRS,
    TRUTH_PASSAGES,
    TRUTH_SECTIONS,
    TruthFile,
    rows_table,
)

#: Pages a worker makes at a time (about 200 sections), and works it measures.
PAGES_PER_TASK = 50
WORKS_PER_TASK = 50


@dataclass(frozen=True)
class SampleTruth:
    """What was written, and where its truth lies."""

    folder: Path
    pages: int
    sections: int
    reports: int
    copies: int
    variants: int
    essays: int
    pairs: int
    passages: int
    figures: int

    def table(self, name: str) -> pa.Table:
        """Return the truth of `sections`, `pairs`, `passages` or `figures`."""
        return pq.read_table(self.folder / f"truth.{name}.parquet")


def page_sizes(pages: int, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the number of sections of each page, 1 to 20: a third hold one report, most of the rest two to eight."""
    draws = draws32(mix(seed, 21), pages * 2).astype(np.int64)
    u, v = draws[:pages], draws[pages:]
    few, many = 2 + (v * 7 >> 32), 9 + (v * 12 >> 32)
    share = u / 2.0**32
    return np.where(share < 0.33, 1, np.where(share < 0.93, few, many))


def write_sample(
    out: Path,
    pages: int,
    seed: int,
    *,
    edits: tuple[float, float] = (0.005, 0.2),
    scattered: bool | float = 0.7,
    chars: int = 2000,
    measure: bool = True,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> SampleTruth:
    """Write `pages` pages with known truth into the folder `out`.

    Parameters
    ----------
    out : folder, made when missing; files of an earlier sample of the same shape are overwritten
    pages : number of pages, at least 1; a page holds 1 to 20 reports, 4.5 on average
    seed : the same seed gives the same bytes on every machine and Python version
    edits : smallest and largest share of characters edited in a copy
    scattered : share of the copies edited at random places, the rest are edited in one piece; True all, False none
    chars : mean length of a report in characters
    measure : compute the exact similarities of all true pairs (about as much time again); else they are null
    workers : processes that make pages; they change nothing but the time
    progress : called with (pages done, pages in all)

    Raises
    ------
    ValueError
        A number is out of range.
    """
    low, high = edits
    if pages < 1:
        raise ValueError(f"pages: expected at least 1, got {pages}")
    if not 0 <= low <= high <= 0.5:
        raise ValueError(f"edits: expected two shares, 0 <= low <= high <= 0.5, got {edits}")
    sizes = page_sizes(pages, seed)
    damage = Damage((low, high), float(scattered))
    plan = Plan(seed, int(sizes.sum()), ReportWriter(seed, chars), Shares(), damage)
    out.mkdir(parents=True, exist_ok=True)
    truth = {
        name: TruthFile(out / f"truth.{name}.parquet", schema)
        for name, schema in (
            ("sections", TRUTH_SECTIONS),
            ("pairs", TRUTH_PAIRS),
            ("passages", TRUTH_PASSAGES),
            ("figures", TRUTH_FIGURES),
        )
    }
    places = _Places(plan)
    sites = Sites(out / "pages")
    ends = np.cumsum(sizes)
    numbered = list(zip(range(pages), (ends - sizes).tolist(), sizes.tolist(), strict=True))
    chunks = [numbered[i : i + PAGES_PER_TASK] for i in range(0, pages, PAGES_PER_TASK)]
    with Crew(plan, workers) as crew:
        for done, made in enumerate(crew.map(make_pages, chunks), 1):
            for page in made.pages:
                sites.write(page)
            truth["sections"].add(made.sections)
            truth["figures"].add(made.figures)
            for note in made.notes:
                places.note(note)
            if progress is not None:
                progress(min(done * PAGES_PER_TASK, pages), pages)
        sites.close()
        truth["passages"].add(rows_table(places.passages(plan), TRUTH_PASSAGES))
        for rows in _true_pairs(plan, places, crew, measure=measure):
            truth["pairs"].add(rows_table(rows, TRUTH_PAIRS))
    for file in truth.values():
        file.close()
    (out / "dedup.toml").write_text(
        "# Reads the generated pages; `dedup evaluate .` compares a release with the truth beside them.\n"
        '[[source]]\npath = "pages"\n',
        "utf-8",
    )
    roles = np.bincount(plan.roles, minlength=4).tolist()
    return SampleTruth(
        out,
        pages,
        plan.n,
        roles[ORIGINAL],
        roles[COPY],
        roles[EDITION],
        roles[ESSAY],
        truth["pairs"].n,
        truth["passages"].n,
        truth["figures"].n,
    )


class _Places:
    """Where everything came to stand, filled while the pages are written."""

    def __init__(self, plan: Plan) -> None:
        self._by_source = plan.passages_by_source
        self._alone = np.bincount(plan.works, minlength=plan.n)[plan.works] == 1
        self.of_copies: dict[int, Note] = {}
        self._targets: dict[int, tuple[str, int | None, int | None]] = {}
        self._sources: dict[int, tuple[str, int | None, int | None]] = {}

    def note(self, note: Note) -> None:
        """Remember where a section and its passages stand."""
        if not self._alone[note.section]:
            self.of_copies[note.section] = note
        for mark in note.passages:
            span = (note.uri, *((mark.char_start, mark.char_end) if note.exact else (None, None)))
            if mark.number < 0:
                self._targets[note.section] = span
            else:
                self._sources[self._by_source[note.section][mark.number].target] = span

    def passages(self, plan: Plan) -> list[tuple[Any, ...]]:
        """Return the planted passages as rows of the truth."""
        return [
            (f"p{target}", *self._targets[target], *self._sources[target], passage.rate)
            for target, passage in plan.passages.items()
            if target in self._targets and target in self._sources
        ]


def _true_pairs(plan: Plan, places: _Places, crew: Crew, *, measure: bool) -> Iterator[list[tuple[Any, ...]]]:
    """Yield every pair of sections that stem from one report, a batch of works at a time."""
    works = plan.works_with_copies()
    batches = [works[i : i + WORKS_PER_TASK] for i in range(0, len(works), WORKS_PER_TASK)]
    measured: Iterable[Sequence[Sequence[tuple[float | None, float | None]]]]
    if measure:
        measured = crew.map(measure_works, batches)
    else:
        measured = ([[(None, None)] * len(pairs_of(members)) for members in batch] for batch in batches)
    for batch, found in zip(batches, measured, strict=True):
        yield [
            _pair_row(places.of_copies[a], places.of_copies[b], jaccard, edit)
            for members, similar in zip(batch, found, strict=True)
            for (a, b), (jaccard, edit) in zip(pairs_of(members), similar, strict=True)
        ]


def _pair_row(a: Note, b: Note, jaccard: float | None, edit: float | None) -> tuple[Any, ...]:
    relation = "near_duplicate" if a.edition == b.edition else "variant"
    mode = "+".join(sorted({a.edit_mode, b.edit_mode} - {"none"})) or "none"
    rate = 1 - (1 - a.edit_rate) * (1 - b.edit_rate)
    meets = Definition().holds(jaccard, edit) if jaccard is not None else None
    names = (f"t{a.section}", f"t{b.section}", a.uri, a.start, b.uri, b.start)
    return (*names, relation, rate, mode, jaccard, edit, meets)
