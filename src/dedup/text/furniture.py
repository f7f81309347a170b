"""Page-edge lines that a site repeats on many pages: learned from the corpus, marked, never cut.

Signatures, hashes and ids never depend on what is learned here, so a page keeps its identity whatever its neighbours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.schemas import FURNITURE, MATCHED_KINDS, conform
from dedup.settings import TextSettings
from dedup.text.characters import BLANK_CHARACTERS, BLANKS, NEWLINES
from dedup.text.lines import split_lines
from dedup.text.marks import read_mark
from dedup.text.repeated_lines import pages_with_repeated_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Lines looked at from each edge of a page, and characters in which they must lie.
EDGE_LINES = 8
EDGE_CHARS = 3000
#: A longer line is a paragraph.
LONGEST = 200
#: Lines of the page's own (its title, its date) that furniture may stand behind, and how long they may be.
STRANGERS = 2
STRANGER_CHARS = 40
# What a report says at its edges on every page, and what is therefore text, however often it is repeated.
_FORMULA = re.compile(
    r"各位(?:代表|委员|领导|同志)|同志们|现在[，,].{0,4}我|请予审议|向大会|(?:报告|讲话|总结|汇报|发言|稿)[)）]?$|而(?:努力|不懈)?奋斗|谢谢大家"
    r"|代表大会|会议上$|[一二三四五六七八九十]、|第[一二三四五六七八九十0-9]+[章条篇]"
)
_SPACES = re.compile(rf"[{BLANKS}{NEWLINES}]+")


def learn_furniture(documents: pa.Table, sections: pa.Table, membership: pa.Table, settings: TextSettings) -> pa.Table:
    """Mark the lines that a source repeats at the edges of its pages.

    Parameters
    ----------
    documents : table with doc_id, source, text of `schemas.DOCUMENTS`
    sections : table with section_id, doc_id, kind, n_chars, content_hash of `schemas.SECTIONS`
    membership : table with section_id, cluster_id of `schemas.MEMBERSHIP`; pages whose longest report belongs to one
        cluster count as one page, so that copies of a page cannot turn its text into furniture
    settings : `furniture_pages` distinct pages and `furniture_share` of them make a line furniture

    Returns
    -------
    table with the schema `schemas.FURNITURE`, sorted by doc_id and char_start

    Notes
    -----
    From each edge at most `EDGE_LINES` lines are walked. The walk ends at the first paragraph, heading mark or formula
    of a report, so that what many reports share (`各位代表：`) stays text.
    """
    sources = documents["source"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    # Read line by line are only pages that others share a line with; what any other page says at its edges is its own.
    some = pages_with_repeated_lines(
        documents["text"],
        sources,
        edge_lines=EDGE_LINES,
        edge_chars=EDGE_CHARS,
        longest=LONGEST,
        pages=settings.furniture_pages,
    )
    edges = _edge_lines(documents, some)
    if not edges.num_rows:
        return FURNITURE.empty_table()
    pages = _distinct_pages(documents, sections, membership)
    edges = edges.join(pages, "doc_id", join_type="inner")
    totals = pages.group_by("source").aggregate([("page", "count_distinct")]).rename_columns(["source", "total"])
    counts = (
        edges.group_by(["source", "line"])
        .aggregate([("page", "count_distinct")])
        .rename_columns(["source", "line", "n_pages"])
        .join(totals, "source", join_type="inner")
    )
    share = pc.divide(counts["n_pages"].cast(pa.float64()), counts["total"].cast(pa.float64()))
    counts = counts.append_column("share", share)
    repeated = counts.filter(
        pc.and_(
            pc.greater_equal(counts["n_pages"], settings.furniture_pages),
            pc.greater_equal(counts["share"], settings.furniture_share),
        )
    ).select(["source", "line", "n_pages", "share"])
    marked = edges.join(repeated, ["source", "line"], join_type="left outer").sort_by(
        [("doc_id", "ascending"), ("edge", "ascending"), ("step", "ascending")]
    )
    kept = marked.filter(pa.array(_near_edge(marked)))
    columns = {name: kept[name] for name in ("doc_id", "char_start", "char_end", "source", "line", "n_pages", "share")}
    table = pa.table(columns)
    # A short page reaches the same line from both edges.
    table = table.group_by(["doc_id", "char_start", "char_end", "source", "line", "n_pages", "share"]).aggregate([])
    return conform(table, FURNITURE).sort_by([("doc_id", "ascending"), ("char_start", "ascending")])


def _edge_lines(documents: pa.Table, some: NDArray[np.bool_]) -> pa.Table:
    """Return the lines of some documents that may be furniture: doc_id, edge (0 top, 1 bottom), step, span, line."""
    rows: dict[str, list[object]] = {n: [] for n in ("doc_id", "edge", "step", "char_start", "char_end", "line")}
    at = 0
    for whole in documents.select(["doc_id", "text"]).to_batches():
        batch = whole.filter(pa.array(some[at : at + whole.num_rows]))
        at += whole.num_rows
        for doc_id, text in zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True):
            top = split_lines(text, 0, min(len(text), EDGE_CHARS))
            bottom = split_lines(text, max(0, len(text) - EDGE_CHARS), len(text))
            for edge, lines in ((0, top), (1, bottom[::-1])):
                for step, (start, end) in enumerate(lines[:EDGE_LINES]):
                    line = text[start:end]
                    if end - start > LONGEST or _FORMULA.search(line) or _numbered(text, start, end):
                        break
                    rows["doc_id"].append(doc_id)
                    rows["edge"].append(edge)
                    rows["step"].append(step)
                    rows["char_start"].append(start)
                    rows["char_end"].append(end)
                    rows["line"].append(_SPACES.sub(" ", line.strip(BLANK_CHARACTERS)))
    types = {"doc_id": pa.string(), "line": pa.string(), "edge": pa.int8(), "step": pa.int32()}
    return pa.table({name: pa.array(values, type=types.get(name, pa.int32())) for name, values in rows.items()})


def _numbered(text: str, start: int, end: int) -> bool:
    mark = read_mark(text, start, end)
    return mark is not None and mark.style not in ("markdown", "dash", "circled")


def _distinct_pages(documents: pa.Table, sections: pa.Table, membership: pa.Table) -> pa.Table:
    """Return doc_id, source and page: equal for documents whose longest report is in one cluster.

    A page without a report is told apart by what its longest section says.
    """
    parts = sections.select(["section_id", "doc_id", "kind", "n_chars", "content_hash"])
    parts = parts.join(membership.select(["section_id", "cluster_id"]), "section_id", join_type="left outer")
    matched = pc.is_in(parts["kind"], value_set=pa.array(MATCHED_KINDS))
    page = pc.coalesce(parts["cluster_id"], parts["content_hash"])
    parts = parts.append_column("matched", matched.cast(pa.int8())).append_column("page", page)
    parts = parts.sort_by(
        [("doc_id", "ascending"), ("matched", "descending"), ("n_chars", "descending"), ("section_id", "ascending")]
    )
    # Ordered aggregation: the first row of each document is its longest report.
    first = (
        parts.group_by("doc_id", use_threads=False).aggregate([("page", "first")]).rename_columns(["doc_id", "page"])
    )
    pages = documents.select(["doc_id", "source"]).join(first, "doc_id", join_type="left outer")
    return pages.set_column(2, "page", pc.coalesce(pages["page"], pages["doc_id"]))


def _near_edge(marked: pa.Table) -> list[bool]:
    """Return which rows are furniture: repeated, and not behind too much of the page's own."""
    keep: list[bool] = []
    owner: tuple[object, object] | None = None
    strangers = 0
    columns = (marked[name].to_pylist() for name in ("doc_id", "edge", "char_start", "char_end", "n_pages"))
    for doc_id, edge, start, end, n_pages in zip(*columns, strict=True):
        if (doc_id, edge) != owner:
            owner, strangers = (doc_id, edge), 0
        if n_pages is None:
            # Behind a paragraph of the page's own everything is inside its text.
            strangers += 1 if end - start <= STRANGER_CHARS else STRANGERS + 1
        keep.append(n_pages is not None and strangers <= STRANGERS)
    return keep
