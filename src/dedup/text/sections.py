"""Cut pages into reports: exact offsets, kinds, clean text."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from dedup.ids import section_id
from dedup.schemas import MATCHED_KINDS, SECTIONS
from dedup.settings import TextSettings
from dedup.text.boilerplate import find_noise
from dedup.text.cleaning import Body, clean_bodies
from dedup.text.completeness import completeness
from dedup.text.cutting import cut_page
from dedup.text.junk import junk_reason
from dedup.text.kinds import classify
from dedup.text.normalise import content_hashes, normalised_lengths, string_array
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


class UncutDocument(RuntimeError):
    """A document could not be cut: a fault of the text stage, which names the document that shows it.

    Attributes
    ----------
    doc_id : the document
    """

    def __init__(self, doc_id: str, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.doc_id = doc_id


def cut_documents(documents: pa.Table, settings: TextSettings) -> pa.Table:
    """Cut every document into sections.

    Parameters
    ----------
    documents : table with the columns doc_id, source, title, text of `schemas.DOCUMENTS`
    settings : how pages are cut and cleaned

    Returns
    -------
    table with the schema `schemas.SECTIONS`; the sections of a document tile its text

    Raises
    ------
    UncutDocument
        Cutting failed on a document.
    """
    columns: dict[str, list[object]] = {name: [] for name in SECTIONS.names}
    for doc_id, source, title, text in zip(
        *(documents.column(name).to_pylist() for name in ("doc_id", "source", "title", "text")), strict=True
    ):
        try:
            found = cut_text(text, title, settings)
        except Exception as error:
            raise UncutDocument(doc_id, error) from error
        for ordinal, section in enumerate(found):
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
    for doc_id, ordinal, digest in zip(*(columns[n] for n in ("doc_id", "ordinal", "content_hash")), strict=True):
        if ordinal == 0:
            seen = {}  # two documents may have one id until the newest is chosen; each counts for itself
        key = (str(doc_id), str(digest))
        occurrence = seen.get(key, 0)
        seen[key] = occurrence + 1
        columns["section_id"].append(section_id(*key, occurrence))
    return pa.table(
        {name: pa.array(columns[name], type=SECTIONS.field(name).type) for name in SECTIONS.names}, schema=SECTIONS
    )


def cut_text(text: str, title: str | None, settings: TextSettings) -> list[Section]:
    """Cut the text of one page into sections that tile it.

    Parameters
    ----------
    text : the page
    title : its title where it is known; a page that is one report takes it
    settings : `profile` plain turns cutting off; `min_chars` says what is near-empty
    """
    parts = cut_page(text, title or "", split=settings.profile != "plain")
    bodies = [Body(part.lines, find_noise(text, part.lines)) for part in parts]
    cleaned = clean_bodies(text, bodies)
    lengths = normalised_lengths(string_array([clean.text for clean in cleaned])).tolist()
    sections = []
    for part, body, clean, n_normalised in zip(parts, bodies, cleaned, lengths, strict=True):
        kind, reason = part.kind, part.reason
        if kind == "report":
            junk = junk_reason(text[part.start : part.end], n_normalised, settings.min_chars)
            if junk is not None:
                kind, reason = "junk", junk
            else:
                kind, reason = classify(part.title, clean.text)
                reason = f"{reason}; heading missing: {part.reason}" if part.reason else reason
        masked = sum(p.end - p.start for p in find_placeholders(clean.text))
        dropped = sum(n.end - n.start for n in body.noise)
        sections.append(
            Section(
                title=part.title,
                kind=kind,
                kind_reason=reason,
                start=part.start,
                end=part.end,
                clean_text=clean.text,
                clean_map=clean.runs,
                mask_ratio=masked / max(1, len(clean.text)),
                boilerplate_ratio=dropped / max(1, part.end - part.start),
                completeness=completeness(clean.text) if kind in MATCHED_KINDS else "full",
            )
        )
    return sections
