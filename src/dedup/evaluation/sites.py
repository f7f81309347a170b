"""Writes pages into the folders of their sites: text, gzip, Markdown, HTML, JSONL and CSV."""

from __future__ import annotations

import csv
import io
import json
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

from dedup.evaluation.draws import Dice
from dedup.evaluation.pages import STYLES, Page, Style, as_html

_RECORDS_PER_FILE = 500
_PAGES_PER_FOLDER = 1000


def stored_gzip(data: bytes) -> bytes:
    """Return the data as gzip without compression: how well zlib compresses differs from build to build."""
    blocks = [data[i : i + 0xFFFF] for i in range(0, len(data), 0xFFFF)] or [b""]
    body = b"".join(
        struct.pack("<BHH", i == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block
        for i, block in enumerate(blocks)
    )
    header = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\xff"
    return header + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


class Rendered(NamedTuple):
    """A page in the form its site gives it: the bytes of a file, or a record of a record file."""

    style: int
    uri: str
    path: str
    content: bytes | dict[str, str]


def render(style: Style, number: int, page: Page, dice: Dice) -> Rendered:
    """Return page number `number` as its site shows it, with the uri it has when the folder `pages` is a source."""
    published = f"{dice.between(2019, 2025)}-{dice.between(1, 12):02d}-{dice.between(1, 28):02d}"
    at = STYLES.index(style)
    if style.format in ("jsonl", "csv"):
        url = f"https://www.{style.name}.example/doc/{number:07d}.html"
        record = {"id": f"{style.name}-{number:07d}", "title": page.title, "text": page.text}
        return Rendered(at, url, "", {**record, "url": url, "date": published})
    suffix = {"text": ".txt", "text.gz": ".txt.gz", "markdown": ".md", "html": ".html"}[style.format]
    path = f"{style.name}/{number // _PAGES_PER_FOLDER:04d}/{number:07d}{suffix}"
    text = as_html(page, style, published) if style.format == "html" else page.text
    data = text.encode(style.encoding)
    return Rendered(at, f"pages/{path}", path, stored_gzip(data) if style.format == "text.gz" else data)


class Sites:
    """Writes pages into one folder per site, records into files of a few hundred."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records: dict[str, list[dict[str, str]]] = {}
        self._files: dict[str, int] = {}

    def write(self, page: Rendered) -> None:
        """Write one page, or keep it until a record file is full."""
        if isinstance(page.content, bytes):
            path = self._folder / page.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(page.content)
            return
        style = STYLES[page.style]
        rows = self._records.setdefault(style.name, [])
        rows.append(page.content)
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
