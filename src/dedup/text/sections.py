"""Cut pages into reports: exact offsets, kinds, clean text."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from dedup.ids import section_id
from dedup.schemas import SECTIONS
from dedup.settings import TextSettings
from dedup.text.boilerplate import find_noise
from dedup.text.cleaning import clean_section
from dedup.text.headings import find_headings
from dedup.text.lines import split_lines
from dedup.text.normalise import content_hashes, normalised_lengths
from dedup.text.placeholders import find_placeholders


@dataclass(frozen=True, slots=True)
class Section:
    """A section of one page, before it has an id."""

    title: str
    kind: str
    kind_reason: str
    start: int
    end: int
    clean_text: str
    clean_map: list[int]
    mask_ratio: float
    boilerplate_ratio: float
    completeness: str


def cut_documents(documents: pa.Table, settings: TextSettings) -> pa.Table:
    """Cut every document into sections.

    Parameters
    ----------
    documents : table with the columns doc_id, source, title, text of `schemas.DOCUMENTS`
    settings : how pages are cut and cleaned

    Returns
    -------
    table with the schema `schemas.SECTIONS`; the sections of a document tile its text
    """
    columns: dict[str, list[object]] = {name: [] for name in SECTIONS.names}
    for doc_id, source, title, text in zip(
        *(documents.column(name).to_pylist() for name in ("doc_id", "source", "title", "text")), strict=True
    ):
        for ordinal, section in enumerate(cut_text(text, title, settings)):
            columns["doc_id"].append(doc_id)
            columns["source"].append(source)
            columns["ordinal"].append(ordinal)
            columns["title"].append(section.title)
            columns["kind"].append(section.kind)
            columns["kind_reason"].append(section.kind_reason)
            columns["char_start"].append(section.start)
            columns["char_end"].append(section.end)
            columns["clean_text"].append(section.clean_text)
            columns["clean_map"].append(section.clean_map)
            columns["n_chars"].append(len(section.clean_text))
            columns["mask_ratio"].append(section.mask_ratio)
            columns["boilerplate_ratio"].append(section.boilerplate_ratio)
            columns["completeness"].append(section.completeness)
    texts = pa.array(columns["clean_text"], type=pa.large_string())
    columns["content_hash"] = list(content_hashes(texts))
    seen: dict[tuple[str, str], int] = {}
    for doc_id, digest in zip(columns["doc_id"], columns["content_hash"], strict=True):
        key = (str(doc_id), str(digest))
        occurrence = seen.get(key, 0)
        seen[key] = occurrence + 1
        columns["section_id"].append(section_id(*key, occurrence))
    return pa.table(
        {name: pa.array(columns[name], type=SECTIONS.field(name).type) for name in SECTIONS.names}, schema=SECTIONS
    )


def cut_text(text: str, title: str | None, settings: TextSettings) -> list[Section]:
    """Cut the text of one page into sections that tile it."""
    lines = split_lines(text)
    headings = find_headings(text, lines, title) if settings.profile != "plain" else []
    cuts = [(h.start, h.end, h.title) for h in headings]
    if not cuts or cuts[0][0] > 0:
        cuts.insert(0, (0, 0, "" if cuts else title or ""))
    sections = []
    for i, (start, body, name) in enumerate(cuts):
        end = cuts[i + 1][0] if i + 1 < len(cuts) else len(text)
        body_lines = split_lines(text, body, end)
        noise = find_noise(text, body_lines)
        clean = clean_section(text, body_lines, noise)
        kind, reason = (
            ("preamble", "before the first heading") if i == 0 and headings and body == start else ("report", "default")
        )
        places = find_placeholders(clean.text)
        masked = sum(p.end - p.start for p in places)
        dropped = sum(x.end - x.start for x in noise)
        sections.append(
            Section(
                name,
                kind,
                reason,
                start,
                end,
                clean.text,
                clean.runs,
                masked / max(1, len(clean.text)),
                dropped / max(1, end - start),
                "full",
            )
        )
    return sections
