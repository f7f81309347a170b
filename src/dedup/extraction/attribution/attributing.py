"""Places and years of sections: the stage itself, document by document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dedup import schemas
from dedup.extraction.attribution.divisions import Divisions, divisions
from dedup.extraction.attribution.pieces import read_piece
from dedup.extraction.attribution.places import NOWHERE, read_place
from dedup.extraction.attribution.works import works_of_documents
from dedup.extraction.attribution.years import NO_YEARS, Years, read_years

if TYPE_CHECKING:
    from datetime import date

#: A printed year later than this after the day of publication is no report's own.
AHEAD = 1
#: Confidence of years that the text tells apart against the date of its page.
DOUBTED = 0.6


def attribute_sections(sections: pa.Table, documents: pa.Table) -> pa.Table:
    """Say which place and which years each section speaks for.

    Parameters
    ----------
    sections : section_id, doc_id, ordinal, char_start, char_end, clean_text, completeness of matched sections, all of
        a document together
    documents : doc_id, text, published_at of the documents that hold them

    Returns
    -------
    table with the schema `schemas.ATTRIBUTIONS`, rows in the order of `sections`

    Notes
    -----
    The heading that a site gave a section is not in `clean_text` and is never read: titles lie about place, level and
    year. A document is judged by itself alone; `assign_works` then joins pieces across documents.
    """
    table = divisions()
    docs = {
        doc: (text, published)
        for doc, text, published in zip(
            documents.column("doc_id").to_pylist(),
            documents.column("text").to_pylist(),
            documents.column("published_at").to_pylist(),
            strict=True,
        )
    }
    rows: dict[str, list[dict[str, Any]]] = {}
    order: list[dict[str, Any]] = sections.select(
        ["section_id", "doc_id", "char_start", "char_end", "clean_text", "completeness"]
    ).to_pylist()
    for row in order:
        rows.setdefault(row["doc_id"], []).append(row)
    for doc, held in rows.items():
        text, published = docs.get(doc, ("", None))
        _attribute_document(held, text or "", published, table)
    for row, work in zip(order, works_of_documents(order), strict=True):
        row["work_id"] = work
    return pa.table(
        {field.name: pa.array([row[field.name] for row in order], field.type) for field in schemas.ATTRIBUTIONS},
        schema=schemas.ATTRIBUTIONS,
    )


def _attribute_document(rows: list[dict[str, Any]], document: str, published: date | None, table: Divisions) -> None:
    years = [read_years(row["clean_text"]) if row["clean_text"] else NO_YEARS for row in rows]
    proved = {found.overwritten for found in years if found.overwritten is not None}
    if len(proved) == 1:
        # A site puts one year into a page: what one text proves makes the same year doubtful in its neighbours.
        put_in = proved.pop()
        years = [
            found if found.overwritten is not None else read_years(row["clean_text"], put_in=put_in)
            for row, found in zip(rows, years, strict=True)
        ]
    for row, found in zip(rows, years, strict=True):
        found = _published_before(found, published)
        known = found.plan.year if found.plan.year is not None else found.review.year
        place = read_place(row["clean_text"], known, table) if row["clean_text"] else NOWHERE
        row["region_code"], row["region_name"], row["region_level"] = place.code, place.name, place.level
        row["region_basis"], row["region_confidence"], row["region_evidence"] = (
            place.basis,
            place.confidence,
            place.evidence,
        )
        for name, year in (("year_review", found.review), ("year_plan", found.plan)):
            row[name] = year.year
            row[f"{name}_basis"], row[f"{name}_confidence"] = year.basis, year.confidence
            row[f"{name}_evidence"] = year.evidence
        row["overwritten_year"] = found.overwritten
        row["piece"], row["pieces"] = read_piece(document, row["char_start"], row["char_end"])
        row["own_name"] = place.own_name


def _published_before(found: Years, published: date | None) -> Years:
    """Doubt years that lie more than a year after the day on which the page was published.

    Dates of pages err, too: a text that tells two years apart is believed, though less.
    """
    if published is None:
        return found
    latest = published.year + AHEAD
    both = (found.review, found.plan)
    if all(year.year is None or year.year <= latest for year in both):
        return found
    if all(year.basis == "printed" for year in both):
        return found.less_sure(DOUBTED)
    return NO_YEARS.with_overwritten(found.overwritten)
