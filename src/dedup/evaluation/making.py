"""Makes pages from the plan: a pure function of the plan and the numbers of the pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from dedup.evaluation.draws import Dice
from dedup.evaluation.pages import STYLES, PassageMark, Piece, assemble
from dedup.evaluation.planting import COPY, EDITION, ESSAY, ORIGINAL, PAGE_YEAR, Plan, SectionText
from dedup.evaluation.reference import similarities
from dedup.evaluation.sites import Rendered, render
from dedup.evaluation.truth_files import TRUTH_FIGURES, TRUTH_SECTIONS, rows_table

ROLES = {ORIGINAL: "original", COPY: "copy", EDITION: "edition", ESSAY: "essay"}
#: White space of pages: heads and tails in the truth are without it, as line breaks move.
BLANKS = re.compile("[\n 　]+")
_PAGE = 31


class Note(NamedTuple):
    """What the pairs and passages of the truth need to know of a section; offsets are None in HTML."""

    section: int
    uri: str
    start: int | None
    edition: int
    edit_rate: float
    edit_mode: str
    passages: tuple[PassageMark, ...]
    exact: bool


class MadePages(NamedTuple):
    """Some pages, ready to be written, and their truth."""

    pages: list[Rendered]
    sections: pa.Table
    figures: pa.Table
    notes: list[Note]


def make_pages(plan: Plan, task: Sequence[tuple[int, int, int]]) -> MadePages:
    """Make the pages (number, first section, number of sections)."""
    made = MadePages([], rows_table([], TRUTH_SECTIONS), rows_table([], TRUTH_FIGURES), [])
    section_rows: list[tuple[Any, ...]] = []
    figure_rows: list[tuple[Any, ...]] = []
    for number, first, size in task:
        texts = {section: plan.section(section) for section in range(first, first + size)}
        dice = Dice(plan.seed, _PAGE, number)
        # The first pages show every style once.
        style = STYLES[dice.below(len(STYLES)) if number >= len(STYLES) else number]
        page = assemble(style, list(texts.items()), dice)
        rendered = render(style, number, page, dice)
        uri = rendered.uri
        # What an extractor makes of HTML is not known here, so offsets in such pages are null and figures left out.
        exact = style.format != "html"
        made.pages.append(rendered)
        for piece in page.pieces:
            text = texts.get(piece.section)
            section_rows.append(_section_row(uri, piece, plan, text, exact=exact))
            if exact:
                overwritten = text is not None and "figure_overwritten" in text.damage
                for indicator, unit, value, start, end, state in piece.figures:
                    taken = overwritten and state == "changed" and value == str(PAGE_YEAR)
                    figure_rows.append((uri, start, end, value, unit, indicator, "overwritten" if taken else state))
            if text is not None:
                start_ = piece.char_start if exact else None
                edits = (text.edition, text.edit_rate, text.edit_mode)
                made.notes.append(Note(piece.section, uri, start_, *edits, piece.passages, exact))
    return made._replace(
        sections=rows_table(section_rows, TRUTH_SECTIONS), figures=rows_table(figure_rows, TRUTH_FIGURES)
    )


def _section_row(uri: str, piece: Piece, plan: Plan, made: SectionText | None, *, exact: bool) -> tuple[Any, ...]:
    span = (piece.char_start, piece.char_end, piece.body_start) if exact else (None, None, None)
    if made is None:
        unknown = (None, None, "absent", None, "absent", None, "none")
        return ("", uri, *span, piece.kind, "", 0, piece.kind, "", "", *unknown, [], "", "")
    # Twice the length leaves room for the white space that goes.
    head, tail = (BLANKS.sub("", part) for part in (made.plain[:64], made.plain[-64:]))
    role = ROLES[int(plan.roles[piece.section])]
    damage = [*made.damage, *(["heading_missing"] if piece.headless else [])]
    years = (*_year(made, made.year - 1), *_year(made, made.year))
    # No division is called as the places of reports are, so a code for one is wrong whatever it is.
    known = (made.place, made.year, *years, None, "all" if exact else "none", damage, head[:24], tail[-24:])
    return (f"t{piece.section}", uri, *span, piece.kind, f"w{made.work}", made.edition, role, piece.heading, *known)


def _year(made: SectionText, year: int) -> tuple[int | None, str]:
    """Return a year that a report speaks of, and whether its page still says so."""
    if made.kind != "report":
        return None, "absent"
    for damage, state in (("year_masked", "masked"), ("year_overwritten", "overwritten")):
        if damage in made.damage:
            return year, state
    return year, "printed" if f"{year}年" in made.plain else "absent"


def make_texts(plan: Plan, numbers: Sequence[int]) -> list[str]:
    """Return the plain texts of some sections."""
    return [plan.section(number).plain for number in numbers]


def measure_works(plan: Plan, works: Sequence[Sequence[int]]) -> list[list[tuple[float, float]]]:
    """Return (jaccard, edit similarity) of all pairs of sections of each work, in the order of `pairs_of`."""
    found = []
    for members in works:
        texts = {number: plan.section(number).plain for number in members}
        found.append(similarities((texts[a], texts[b]) for a, b in pairs_of(members)))
    return found


def pairs_of(members: Sequence[int]) -> list[tuple[int, int]]:
    """Return all pairs of the members, which are ascending."""
    return [(a, b) for i, a in enumerate(members) for b in members[i + 1 :]]
