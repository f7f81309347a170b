"""Writes pages into the folders of their sites: text, gzip, Markdown, HTML, JSONL and CSV."""

from __future__ import annotations

import csv
import io
import json
import struct
import zlib
from pathlib import Path

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


class Sites:
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
            data = stored_gzip(data)
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
