"""Makes pages with known truth: `write_sample`, the work of `dedup sample`.

Below the chosen folder it writes `pages/<site>/…` and beside them `truth.sections`, `truth.pairs`, `truth.passages`
and `truth.figures` as Parquet, and a `dedup.toml` that reads the pages.
"""

from __future__ import annotations

import csv
import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.evaluation.draws import Dice, draws32, mix
from dedup.evaluation.pages import STYLES, Page, Style, as_html, assemble
from dedup.evaluation.planting import COPY, EDITION, ESSAY, ORIGINAL, Damage, Plan, SectionText, Shares
from dedup.evaluation.reference import meets_definition, similarities
from dedup.evaluation.report_writer import ReportWriter

TRUTH_SECTIONS = pa.schema(
    [
        ("uri", pa.string()),
        ("char_start", pa.int32()),
        ("char_end", pa.int32()),
        ("body_start", pa.int32()),
        ("kind", pa.string()),
        ("report", pa.string()),
        ("edition", pa.int32()),
        ("role", pa.string()),
        ("heading", pa.string()),
        ("place", pa.string()),
        ("year", pa.int32()),
        ("damage", pa.list_(pa.string())),
        ("head", pa.string()),
        ("tail", pa.string()),
    ]
)
TRUTH_PAIRS = pa.schema(
    [
        ("uri_a", pa.string()),
        ("char_start_a", pa.int32()),
        ("uri_b", pa.string()),
        ("char_start_b", pa.int32()),
        ("relation", pa.string()),
        ("edit_rate", pa.float64()),
        ("edit_mode", pa.string()),
        ("jaccard", pa.float64()),
        ("edit_similarity", pa.float64()),
        ("meets", pa.bool_()),
    ]
)
TRUTH_PASSAGES = pa.schema(
    [
        ("passage", pa.string()),
        ("uri", pa.string()),
        ("char_start", pa.int32()),
        ("char_end", pa.int32()),
        ("source_uri", pa.string()),
        ("source_start", pa.int32()),
        ("source_end", pa.int32()),
        ("edit_rate", pa.float64()),
    ]
)
TRUTH_FIGURES = pa.schema(
    [
        ("uri", pa.string()),
        ("char_start", pa.int32()),
        ("char_end", pa.int32()),
        ("value", pa.string()),
        ("unit", pa.string()),
        ("indicator", pa.string()),
        ("state", pa.string()),
    ]
)
ROLES = {ORIGINAL: "original", COPY: "copy", EDITION: "edition", ESSAY: "essay"}
#: Works with more sections than this list their pairs with the original only.
COMPLETE_WORK = 60
_RECORDS_PER_FILE = 500
_PAGES_PER_FOLDER = 1000
_FLUSH = 20_000


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


class _TruthFile:
    """Collects rows and writes them in row groups."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._schema = schema
        self._rows: list[tuple[Any, ...]] = []
        self.n = 0

    def add(self, *row: Any) -> None:
        self._rows.append(row)
        self.n += 1
        if len(self._rows) >= _FLUSH:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            columns = list(zip(*self._rows, strict=True))
            arrays = [pa.array(column, type=f.type) for column, f in zip(columns, self._schema, strict=True)]
            self._writer.write_table(pa.table(arrays, schema=self._schema))
            self._rows = []

    def close(self) -> None:
        self._flush()
        self._writer.close()


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
        name: _TruthFile(out / f"truth.{name}.parquet", schema)
        for name, schema in (
            ("sections", TRUTH_SECTIONS),
            ("pairs", TRUTH_PAIRS),
            ("passages", TRUTH_PASSAGES),
            ("figures", TRUTH_FIGURES),
        )
    }
    uris: list[str] = [""] * plan.n
    starts = np.zeros(plan.n, dtype=np.int32)
    targets: dict[int, tuple[str, int, int]] = {}
    sources: dict[int, tuple[str, int, int]] = {}
    sites = _Sites(out / "pages")
    first = 0
    for number, size in enumerate(sizes.tolist()):
        sections = [(s, plan.section(s)) for s in range(first, first + size)]
        first += size
        dice = Dice(seed, 31, number)
        style = STYLES[dice.below(len(STYLES)) if number >= len(STYLES) else number]
        page = assemble(style, sections, dice)
        uri = sites.write(style, number, page, dice)
        made = dict(sections)
        for piece in page.pieces:
            if piece.section >= 0:
                uris[piece.section], starts[piece.section] = uri, piece.char_start
            _note_section(truth["sections"], uri, piece, plan, made, located=style.format != "html")
            for f in piece.figures:
                truth["figures"].add(uri, f.char_start, f.char_end, f.value, f.unit, f.indicator, f.state)
            for mark in piece.passages:
                if mark.number < 0:
                    targets[piece.section] = (uri, mark.char_start, mark.char_end)
                else:
                    copied = plan.passages_by_source[piece.section][mark.number]
                    sources[copied.target] = (uri, mark.char_start, mark.char_end)
        if progress is not None:
            progress(number + 1, pages)
    sites.close()
    for target, passage in plan.passages.items():
        if target in targets and target in sources:
            truth["passages"].add(f"p{target}", *targets[target], *sources[target], passage.rate)
    for pair in _true_pairs(plan, uris, starts, measure=measure):
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


def _stored_gzip(data: bytes) -> bytes:
    """Return the data as gzip without compression: how well zlib compresses differs from build to build."""
    blocks = [data[i : i + 0xFFFF] for i in range(0, len(data), 0xFFFF)] or [b""]
    body = b"".join(
        struct.pack("<BHH", i == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block
        for i, block in enumerate(blocks)
    )
    header = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\xff"
    return header + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def _note_section(
    file: _TruthFile, uri: str, piece: Any, plan: Plan, made: dict[int, SectionText], *, located: bool
) -> None:
    if piece.section < 0:
        file.add(
            uri,
            piece.char_start if located else None,
            piece.char_end if located else None,
            piece.body_start if located else None,
            piece.kind,
            "",
            0,
            piece.kind,
            "",
            "",
            None,
            [],
            "",
            "",
        )
        return
    text = made[piece.section]
    flat = text.plain.replace("\n", "")
    file.add(
        uri,
        piece.char_start if located else None,
        piece.char_end if located else None,
        piece.body_start if located else None,
        piece.kind,
        f"w{text.work}",
        text.edition,
        ROLES[int(plan.roles[piece.section])],
        piece.heading,
        text.place,
        text.year,
        list(text.damage),
        flat[:24],
        flat[-24:],
    )


def _true_pairs(
    plan: Plan, uris: list[str], starts: np.ndarray[Any, np.dtype[np.int32]], *, measure: bool
) -> Iterator[tuple[Any, ...]]:
    """Yield every pair of sections that stem from one report."""
    order = np.argsort(plan.works, kind="stable")
    works = plan.works[order]
    cuts = np.flatnonzero(np.diff(works)) + 1
    for members in np.split(order, cuts):
        if len(members) < 2:
            continue
        made = {int(s): plan.section(int(s)) for s in members}
        ids = sorted(made)
        stem = int(plan.works[ids[0]])
        pairs = [(a, b) for i, a in enumerate(ids) for b in ids[i + 1 :]]
        if len(ids) > COMPLETE_WORK:
            pairs = [(a, b) for a, b in pairs if stem in (a, b)]
        measured = similarities((made[a].plain, made[b].plain) for a, b in pairs) if measure else None
        for k, (a, b) in enumerate(pairs):
            x, y = made[a], made[b]
            relation = "near_duplicate" if x.edition == y.edition else "variant"
            modes = sorted({x.edit_mode, y.edit_mode} - {"none"})
            jaccard, edit = measured[k] if measured is not None else (None, None)
            meets = meets_definition(jaccard, edit) if jaccard is not None else None
            yield (
                uris[a],
                int(starts[a]),
                uris[b],
                int(starts[b]),
                relation,
                1 - (1 - x.edit_rate) * (1 - y.edit_rate),
                "+".join(modes) or "none",
                jaccard,
                edit,
                meets,
            )


class _Sites:
    """Writes pages into one folder per site, records into files of a few hundred."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records: dict[str, list[dict[str, str]]] = {}
        self._files: dict[str, int] = {}

    def write(self, style: Style, number: int, page: Page, dice: Dice) -> str:
        """Write one page and return its uri."""
        published = f"{dice.between(2019, 2025)}-{dice.between(1, 12):02d}-{dice.between(1, 28):02d}"
        site = self._folder / style.name
        if style.format in ("jsonl", "csv"):
            url = f"https://www.{style.name}.example/doc/{number:07d}.html"
            self._add_record(
                style,
                {
                    "id": f"{style.name}-{number:07d}",
                    "title": page.title,
                    "text": page.text,
                    "url": url,
                    "date": published,
                },
            )
            return url
        shard = f"{number // _PAGES_PER_FOLDER:04d}"
        suffix = {"text": ".txt", "text.gz": ".txt.gz", "markdown": ".md", "html": ".html"}[style.format]
        name = f"{number:07d}{suffix}"
        (site / shard).mkdir(parents=True, exist_ok=True)
        text = as_html(page, style, published) if style.format == "html" else page.text
        data = text.encode(style.encoding)
        if style.format == "text.gz":
            data = _stored_gzip(data)
        (site / shard / name).write_bytes(data)
        return f"{self._folder.name}/{style.name}/{shard}/{name}"

    def _add_record(self, style: Style, record: dict[str, str]) -> None:
        rows = self._records.setdefault(style.name, [])
        rows.append(record)
        if len(rows) >= _RECORDS_PER_FILE:
            self._write_records(style)

    def _write_records(self, style: Style) -> None:
        rows = self._records.get(style.name, [])
        if not rows:
            return
        n = self._files.get(style.name, 0)
        self._files[style.name] = n + 1
        site = self._folder / style.name
        site.mkdir(parents=True, exist_ok=True)
        if style.format == "jsonl":
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (site / f"{n:05d}.jsonl").write_text(lines, style.encoding, newline="")
        else:
            buffer = io.StringIO(newline="")
            writer = csv.writer(buffer, lineterminator="\r\n")
            writer.writerow(["标题", "正文", "网址", "发布日期"])
            writer.writerows([row["title"], row["text"], row["url"], row["date"]] for row in rows)
            (site / f"{n:05d}.csv").write_text(buffer.getvalue(), style.encoding, newline="")
        self._records[style.name] = []

    def close(self) -> None:
        """Write what is left."""
        for style in STYLES:
            if style.format in ("jsonl", "csv"):
                self._write_records(style)
