"""Makes pages with known truth: `write_sample`, the work of `dedup sample`.

Below the chosen folder it writes `pages/<site>/…` and beside them `truth.sections`, `truth.pairs`, `truth.passages`
and `truth.figures` as Parquet, and a `dedup.toml` that reads the pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.evaluation.draws import Dice, draws32, mix
from dedup.evaluation.pages import STYLES, Piece, assemble
from dedup.evaluation.planting import COPY, EDITION, ESSAY, ORIGINAL, Damage, Plan, SectionText, Shares
from dedup.evaluation.reference import Definition, similarities
from dedup.evaluation.report_writer import ReportWriter
from dedup.evaluation.sites import Sites
from dedup.evaluation.truth_files import TRUTH_FIGURES, TRUTH_PAIRS, TRUTH_PASSAGES, TRUTH_SECTIONS, TruthFile

ROLES = {ORIGINAL: "original", COPY: "copy", EDITION: "edition", ESSAY: "essay"}
#: Up to this many sections the texts with copies are kept for the truth (about 5 KB each); beyond, written again.
KEPT_SECTIONS = 50_000
#: White space of pages: heads and tails in the truth are without it, as line breaks move.
BLANKS = re.compile("[\n 　]+")


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
    places = _Places(plan, keep_texts=measure and plan.n <= KEPT_SECTIONS)
    sites = Sites(out / "pages")
    first = 0
    for number, size in enumerate(sizes.tolist()):
        sections = [(s, plan.section(s)) for s in range(first, first + size)]
        first += size
        dice = Dice(seed, 31, number)
        style = STYLES[dice.below(len(STYLES)) if number >= len(STYLES) else number]
        page = assemble(style, sections, dice)
        uri = sites.write(style, number, page, dice)
        # What an extractor makes of HTML is not known here, so offsets in such pages are null and figures left out.
        exact = style.format != "html"
        made = dict(sections)
        for piece in page.pieces:
            places.note(piece, uri, made.get(piece.section), exact=exact)
            truth["sections"].add(*_section_row(uri, piece, plan, made.get(piece.section), exact=exact))
            for indicator, unit, value, start, end, state in piece.figures if exact else ():
                truth["figures"].add(uri, start, end, value, unit, indicator, state)
        if progress is not None:
            progress(number + 1, pages)
    sites.close()
    for target, passage in plan.passages.items():
        if target in places.targets and target in places.sources:
            truth["passages"].add(f"p{target}", *places.targets[target], *places.sources[target], passage.rate)
    for pair in _true_pairs(plan, places, measure=measure):
        truth["pairs"].add(*pair)
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

    def __init__(self, plan: Plan, *, keep_texts: bool) -> None:
        self._by_source = plan.passages_by_source
        self._keep_texts = keep_texts
        self._alone = np.bincount(plan.works, minlength=plan.n)[plan.works] == 1
        self.edits: dict[int, tuple[int, float, str]] = {}
        self.texts: dict[int, str] = {}
        self.uris: list[str] = [""] * plan.n
        self.starts: list[int | None] = [None] * plan.n
        self.targets: dict[int, tuple[str, int | None, int | None]] = {}
        self.sources: dict[int, tuple[str, int | None, int | None]] = {}

    def note(self, piece: Piece, uri: str, made: SectionText | None, *, exact: bool) -> None:
        """Remember where a section and its passages stand, and what its pairs will need."""
        if made is None:
            return
        if not self._alone[piece.section]:
            self.edits[piece.section] = (made.edition, made.edit_rate, made.edit_mode)
            if self._keep_texts:
                self.texts[piece.section] = made.plain
        self.uris[piece.section] = uri
        self.starts[piece.section] = piece.char_start if exact else None
        for mark in piece.passages:
            span = (uri, mark.char_start if exact else None, mark.char_end if exact else None)
            if mark.number < 0:
                self.targets[piece.section] = span
            else:
                self.sources[self._by_source[piece.section][mark.number].target] = span


def _section_row(uri: str, piece: Piece, plan: Plan, made: SectionText | None, *, exact: bool) -> tuple[Any, ...]:
    span = (piece.char_start, piece.char_end, piece.body_start) if exact else (None, None, None)
    if made is None:
        return ("", uri, *span, piece.kind, "", 0, piece.kind, "", "", None, [], "", "")
    # Twice the length leaves room for the white space that goes.
    head, tail = (BLANKS.sub("", part) for part in (made.plain[:64], made.plain[-64:]))
    role = ROLES[int(plan.roles[piece.section])]
    return (
        *(f"t{piece.section}", uri, *span, piece.kind, f"w{made.work}", made.edition, role, piece.heading),
        *(
            made.place,
            made.year,
            [*made.damage, *(["heading_missing"] if piece.headless else [])],
            head[:24],
            tail[-24:],
        ),
    )


def _true_pairs(plan: Plan, places: _Places, *, measure: bool) -> Iterator[tuple[Any, ...]]:
    """Yield every pair of sections that stem from one report."""
    order = np.argsort(plan.works, kind="stable")
    works = plan.works[order]
    cuts = np.flatnonzero(np.diff(works)) + 1
    for members in np.split(order, cuts):
        if len(members) < 2:
            continue
        ids = sorted(members.tolist())
        pairs = [(a, b) for i, a in enumerate(ids) for b in ids[i + 1 :]]
        measured = None
        if measure:
            texts = {n: places.texts.get(n) or plan.section(n).plain for n in ids}
            measured = similarities((texts[a], texts[b]) for a, b in pairs)
        for k, (a, b) in enumerate(pairs):
            (edition_a, rate_a, mode_a), (edition_b, rate_b, mode_b) = places.edits[a], places.edits[b]
            relation = "near_duplicate" if edition_a == edition_b else "variant"
            modes = sorted({mode_a, mode_b} - {"none"})
            jaccard, edit = measured[k] if measured is not None else (None, None)
            meets = Definition().holds(jaccard, edit) if jaccard is not None else None
            yield (
                *(f"t{a}", f"t{b}", places.uris[a], places.starts[a], places.uris[b], places.starts[b], relation),
                *(1 - (1 - rate_a) * (1 - rate_b), "+".join(modes) or "none", jaccard, edit, meets),
            )
