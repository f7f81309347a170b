"""Cut pages into reports: exact offsets, kinds, clean text."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

import pyarrow as pa

from dedup.ids import section_id
from dedup.schemas import MATCHED_KINDS, SECTIONS
from dedup.settings import TextSettings
from dedup.text.boilerplate import find_noise, line_noise
from dedup.text.characters import BLANK_CHARACTERS, BLANKS, NEWLINES
from dedup.text.cleaning import Body, clean_bodies
from dedup.text.completeness import completeness
from dedup.text.headings import Heading, expected_count, find_headings
from dedup.text.junk import junk_reason
from dedup.text.kinds import classify
from dedup.text.lines import Line, split_lines
from dedup.text.normalise import content_hashes, normalised_lengths
from dedup.text.placeholders import find_placeholders
from dedup.text.seams import SHORTEST, find_seams, opening_weight

#: A lead of this length that speaks like a report is one whose heading was lost; intros are shorter.
LONG_LEAD = 800
#: More missing headings than this are a misread ordinal.
MOST_MISSING = 8
#: Lines at the end of a page among which its footer is looked for.
FOOTER_LINES = 60

_REPORT_WORDS = re.compile(r"[我全][省市县区镇乡州]|发展|建设|各位代表|增长|工作")

_B = f"[{BLANKS}]*"
_HEADING_MARKS = BLANK_CHARACTERS + "#*＊"
_APPENDIX = re.compile(
    rf"[#*＊{BLANKS}【（(]*(?:附[件录表]?[一二三四五六七八九十0-9]{{0,2}}[:：]?{_B})?(?:《?[^，。；\n]{{0,14}}(?:报告|文件)》?(?:中|的|有关|部分|若干|相关)*)?"
    rf"(?:(?:有关|部分|相关|若干)?(?:名词|术语|用语|专有名词)(?:和用语)?(?:解释|注释|说明|释义)|注释|附[件录表][一二三四五六七八九十0-9]{{0,2}}[:：]?)[】）)*＊:：{BLANKS}]*"
)


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
    """Cut the text of one page into sections that tile it.

    Parameters
    ----------
    text : the page
    title : its title where it is known; a page that is one report takes it
    settings : `profile` plain turns cutting off; `min_chars` says what is near-empty
    """
    lines = split_lines(text)
    parts = _cut(text, lines, title or "", settings)
    bodies = [Body(part.lines, find_noise(text, part.lines)) for part in parts]
    cleaned = clean_bodies(text, bodies)
    lengths = normalised_lengths(pa.array([clean.text for clean in cleaned], type=pa.large_string())).tolist()
    sections = []
    for part, body, clean, n_normalised in zip(parts, bodies, cleaned, lengths, strict=True):
        kind, reason = part.kind, part.reason
        if kind == "report":
            junk = junk_reason(clean.text, n_normalised, settings.min_chars)
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


@dataclass(frozen=True, slots=True)
class _Part:
    """A span of the page with what is known before it is cleaned; `kind` report is still to be judged."""

    start: int
    end: int
    title: str
    kind: str
    reason: str
    lines: list[Line]


def _cut(text: str, lines: list[Line], title: str, settings: TextSettings) -> list[_Part]:
    """Cut a page at its headings, at seams where headings are missing, and before its footer."""
    headings = find_headings(text, lines, title) if settings.profile != "plain" else []
    # (start, start of the body, title, kind, reason)
    cuts: list[tuple[int, int, str, str, str]] = []
    if not headings:
        cuts.append((0, 0, title, "report", ""))
    elif headings[0].start > 0:
        cuts.extend(_lead(text, [line for line in lines if line[0] < headings[0].start], headings[0]))
    cuts.extend((h.start, h.end, h.title, "report", "") for h in headings)
    starts = [line[0] for line in lines]
    if headings:
        cuts = _with_seams(text, lines, starts, cuts, headings, title)
        cuts = _with_appendices(text, lines, starts, cuts)
    foot = _footer(text, lines)
    if foot is not None and foot[0] > cuts[-1][1]:
        cuts.append((foot[0], foot[0], "", foot[1], "site furniture at the end of the page"))
    parts = []
    for i, (start, body, name, kind, reason) in enumerate(cuts):
        end = cuts[i + 1][0] if i + 1 < len(cuts) else len(text)
        parts.append(_Part(start, end, name, kind, reason, _lines_between(text, lines, starts, body, end)))
    return parts


def _lead(text: str, lines: list[Line], first: Heading) -> list[tuple[int, int, str, str, str]]:
    """Return the cuts before the first heading: an intro of the site, a report that lost its heading, or both."""
    preamble = (0, 0, "", "preamble", "before the first heading")
    words = sum(1 for _ in _REPORT_WORDS.finditer(text, 0, first.start))
    if first.ordinal < 2 and (first.start < LONG_LEAD or words < 12):
        return [preamble]
    for i, (start, _) in enumerate(lines):
        opens = opening_weight(text, lines, i) >= 2.5 and first.start - start >= SHORTEST
        if opens or (
            first.start - start >= LONG_LEAD and words >= 12 and lines[i][1] - start > 60 and not _noise(text, lines[i])
        ):
            reason = "the page starts inside a report"
            if not text[:start].strip(BLANK_CHARACTERS + NEWLINES):
                return [(0, 0, "", "report", reason)]
            return [preamble, (start, start, "", "report", reason)]
    return [preamble]


def _noise(text: str, line: Line) -> bool:
    return line_noise(text[line[0] : line[1]]) is not None


def _with_seams(
    text: str,
    lines: list[Line],
    starts: list[int],
    cuts: list[tuple[int, int, str, str, str]],
    headings: list[Heading],
    title: str,
) -> list[tuple[int, int, str, str, str]]:
    """Add the cuts where the series of headings says that one is missing."""
    expected = expected_count(text, headings[0].start, title)
    by_start = {h.start: h for h in headings}
    out: list[tuple[int, int, str, str, str]] = []
    for i, cut in enumerate(cuts):
        out.append(cut)
        end = cuts[i + 1][0] if i + 1 < len(cuts) else len(text)
        if cut[3] != "report":
            continue
        here = by_start[cut[0]].ordinal if cut[0] in by_start else 0
        if i + 1 < len(cuts):
            missing = by_start[cuts[i + 1][0]].ordinal - here - 1
        else:
            missing = min(2, (expected or 0) - here)
        if cut[0] not in by_start:
            missing -= 1  # the lead itself is one of them
        if not 0 < missing <= MOST_MISSING:
            continue
        inside = _lines_between(text, lines, starts, cut[1], end)
        out.extend(
            (inside[s.line][0], inside[s.line][0], "", "report", ", ".join(s.signs))
            for s in find_seams(text, inside, missing)
        )
    return out


def _with_appendices(
    text: str, lines: list[Line], starts: list[int], cuts: list[tuple[int, int, str, str, str]]
) -> list[tuple[int, int, str, str, str]]:
    """Add cuts where the glossary or an annex of a report starts, behind the end of the report."""
    out: list[tuple[int, int, str, str, str]] = []
    for i, cut in enumerate(cuts):
        out.append(cut)
        end = cuts[i + 1][0] if i + 1 < len(cuts) else len(text)
        if cut[3] != "report":
            continue
        inside = _lines_between(text, lines, starts, cut[1], end)
        for k in range(1, len(inside) - 1):
            start, stop = inside[k]
            if stop - start <= 40 and _APPENDIX.fullmatch(text, start, stop) and start - cut[1] >= SHORTEST:
                out.append((start, stop, text[start:stop].strip(_HEADING_MARKS), "appendix", "glossary or annex"))
                break
    return out


def _footer(text: str, lines: list[Line]) -> tuple[int, str] | None:
    """Return start and kind of the site furniture that ends a page, None when it ends with text."""
    tail = lines[-FOOTER_LINES:]
    noise = {n.start: n for n in find_noise(text, tail) if n.whole}
    start, kinds = None, set()
    for line in reversed(tail):
        if line[0] not in noise:
            break
        start = line[0]
        kinds.add(noise[start].kind)
    if start is None or not kinds & {"related", "copyright", "promo", "navigation"} or start == lines[0][0]:
        return None
    return start, "promo" if kinds <= {"promo", "mark"} else "footer"


def _lines_between(text: str, lines: list[Line], starts: list[int], start: int, end: int) -> list[Line]:
    """Return the lines of text[start:end]; a line that a cut divides is divided."""
    low, high = bisect_left(starts, start), bisect_left(starts, end)
    inside = lines[low:high]
    if low and lines[low - 1][1] > start:
        inside = [*split_lines(text, start, min(end, lines[low - 1][1])), *inside]
    if inside and inside[-1][1] > end:
        inside = [*inside[:-1], *split_lines(text, inside[-1][0], end)]
    return inside
