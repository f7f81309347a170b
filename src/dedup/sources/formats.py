"""Which format a file has: by its name, and by its first bytes where the name says nothing."""

from __future__ import annotations

import re
from typing import Literal

from dedup.sources.errors import Refused

Format = Literal["text", "markdown", "html", "jsonl", "csv", "parquet", "warc"]
#: Formats of which one file is one page; the others hold many records and are streamed.
PAGE_FORMATS = frozenset({"text", "markdown", "html"})

_BY_SUFFIX: dict[str, Format] = {
    **dict.fromkeys(("txt", "text"), "text"),
    **dict.fromkeys(("md", "markdown", "mkd"), "markdown"),
    **dict.fromkeys(("html", "htm", "xhtml", "shtml", "php", "asp", "aspx", "jsp", "jhtml"), "html"),
    **dict.fromkeys(("jsonl", "ndjson", "jsonlines"), "jsonl"),
    **dict.fromkeys(("csv", "tsv", "tab"), "csv"),
    **dict.fromkeys(("parquet", "pq"), "parquet"),
    "warc": "warc",
}
_COMPRESSED = ("gz", "gzip", "zst", "zstd")
_HINTS = {
    "json": "one JSON document; write one object per line (.jsonl)",
    "pdf": "a PDF; extract its text first",
    **dict.fromkeys(
        ("doc", "docx", "wps", "rtf", "odt", "ppt", "pptx"), "an office document; save it as text or HTML first"
    ),
    **dict.fromkeys(("xls", "xlsx", "ods"), "a spreadsheet; save it as CSV first"),
    **dict.fromkeys(("zip", "tar", "tgz", "rar", "7z", "bz2", "xz"), "an archive; unpack it first"),
}
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?[\s\x00]*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--[\s\S]{0,2000}?-->\s*)*<(?:!doctype\s+html|html[\s>]|head[\s>])",
    re.I,
)


def suffixes(name: str) -> tuple[str, bool]:
    """Return (last suffix below any compression suffix, lower-case, or ''; whether there is a compression suffix)."""
    name = name.partition("?")[0].lower()
    stem, dot, suffix = name.rpartition(".")
    packed = bool(dot) and suffix in _COMPRESSED
    if packed:
        stem, dot, suffix = stem.rpartition(".")
    return (suffix if dot and stem else ""), packed


def looks_like_html(head: bytes) -> bool:
    """Tell whether the first bytes of a file are those of an HTML page."""
    return _HTML_START.match(head[:4096]) is not None


def detect_format(name: str, head: bytes, declared: str = "auto") -> Format:
    """Return the format of a file from its name and its first (decompressed) bytes.

    Raises
    ------
    Refused
        `unknown_format`, with what to do about it
    """
    if declared != "auto":
        return declared  # type: ignore[return-value]
    suffix, _ = suffixes(name)
    known = _BY_SUFFIX.get(suffix)
    if known == "text" or (known is None and suffix not in _HINTS):
        if looks_like_html(head):
            return "html"
        if head.startswith(b"PAR1"):
            return "parquet"
        if head.startswith(b"WARC/1."):
            return "warc"
    if known is None and not suffix:
        return "text"
    if known is None:
        hint = _HINTS.get(suffix, f"files ending in .{suffix} are not known")
        raise Refused(
            "unknown_format",
            f"{hint}. Known: text, Markdown, HTML, JSONL, CSV/TSV, Parquet, WARC, also .gz and .zst; or set `format` or"
            " `exclude` for the source",
        )
    return known
