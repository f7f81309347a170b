"""WARC archives and fsspec urls: the same rules as for files, and a clear word when an extra is not installed."""

from __future__ import annotations

import builtins
import gzip
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from dedup.settings import Settings, SourceSettings
from dedup.sources import SourceError, resolve_sources
from tests.test_sources_files import PAGE, read

HTML = f"<html><head><meta charset=gbk><title>镇报告</title></head><body><h1>镇报告</h1><p>{PAGE}</p></body></html>"


def without(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == module:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)


def archive(*responses: tuple[str, int, str, bytes], packed: bool = True, gzip_body: bool = False) -> bytes:
    warc = pytest.importorskip("fastwarc.warc")
    out = b""
    for url, status, kind, body in responses:
        record = warc.WarcRecord()
        record.init_headers(warc.WarcRecordType.response)
        record.headers["WARC-Target-URI"] = url
        record.headers["WARC-Date"] = "2021-02-03T04:05:06Z"
        record.headers["Content-Type"] = "application/http; msgtype=response"
        body = gzip.compress(body) if gzip_body else body
        encoding = "Content-Encoding: gzip\r\n" if gzip_body else ""
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{encoding}Content-Length: {len(body)}\r\n\r\n"
        record.set_bytes_content(head.encode() + body)
        written = io.BytesIO()
        record.write(written)
        out += gzip.compress(written.getvalue()) if packed else written.getvalue()
    return out


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("gzip_body", [True, False])
def test_pages_of_a_warc_are_documents(tmp_path: Path, packed: bool, gzip_body: bool) -> None:
    data = archive(
        ("http://a.example/2013/04/05/1.html?token=1", 200, "text/html", HTML.encode("gbk")),
        ("http://a.example/missing", 404, "text/html", b"gone"),
        ("http://a.example/logo.png", 200, "image/png", b"\x89PNG"),
        ("http://b.example/2", 200, "text/plain; charset=utf-8", PAGE.encode()),
        packed=packed,
        gzip_body=gzip_body,
    )
    (tmp_path / ("c.warc.gz" if packed else "c.warc")).write_bytes(data)
    documents, quarantine = read(tmp_path)
    first, second = documents.to_pylist()
    assert first["uri"] == first["source_id"] == "http://a.example/2013/04/05/1.html"
    assert (first["source"], first["format"], first["title"], first["encoding"]) == (
        "a.example",
        "warc",
        "镇报告",
        "gb18030",
    )
    assert (first["published_at"], first["published_at_basis"]) == (date(2013, 4, 5), "url")
    assert first["fetched_at"] == datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert second["text"] == PAGE
    assert quarantine["rule"].to_pylist() == ["http_status", "unknown_format"]


def test_the_last_page_of_a_truncated_warc_is_not_published_in_part(tmp_path: Path) -> None:
    pages = [(f"http://a.example/{i}", 200, "text/html", HTML.encode("gbk")) for i in range(3)]
    (tmp_path / "c.warc.gz").write_bytes(archive(*pages)[:-40])
    (tmp_path / "d.warc").write_bytes(archive(*pages, packed=False)[:-40])
    documents, quarantine = read(tmp_path)
    assert documents["uri"].to_pylist() == ["http://a.example/0", "http://a.example/1"] * 2
    assert set(quarantine["rule"].to_pylist()) == {"truncated"}


def test_what_only_calls_itself_warc_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("fastwarc")
    (tmp_path / "x.warc").write_bytes(b"no archive at all\r\n" * 20)
    assert read(tmp_path)[1]["rule"].to_pylist() == ["broken_warc"]


def test_a_missing_extra_for_warc_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.warc").write_bytes(b"WARC/1.0\r\n")
    without(monkeypatch, "fastwarc")
    with pytest.raises(SourceError, match=r"pip install 'dedup\[warc\]'"):
        read(tmp_path)


def test_remote_folders_follow_the_rules_of_local_ones(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    files = {
        "crawl/b.txt": PAGE.encode(),
        "crawl/a/deep.txt.gz": gzip.compress(PAGE.encode()),
        "crawl/r.jsonl": b'{"id": "x", "text": "' + "报告的正文。".encode() + b'"}\n',
        "crawl/.hidden.txt": PAGE.encode(),
        "crawl/README.md": b"notes",
        "crawl/bad.pdf": b"%PDF",
    }
    try:
        for name, data in files.items():
            store.pipe_file("/" + name, data)
        (source,) = resolve_sources(["memory://crawl"], Settings())
        documents, quarantine = read(source)
        assert documents["uri"].to_pylist() == ["crawl/a/deep.txt.gz", "crawl/b.txt", "crawl/r.jsonl#x"]
        assert quarantine["record_id"].to_pylist() == ["crawl/bad.pdf"]
        single, _ = read(SourceSettings(path="memory://crawl/b.txt"))
        assert single["uri"].to_pylist() == ["crawl/b.txt"]
        some, _ = read(SourceSettings(path="memory://crawl/*.txt", name="n"))
        assert some["uri"].to_pylist() == ["n/b.txt"]
    finally:
        store.rm("/crawl", recursive=True)


def test_a_url_with_nothing_behind_it_is_reported(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    documents, quarantine = read(SourceSettings(path="memory://nowhere/crawl", name="far"))
    assert documents.num_rows == 0
    assert quarantine.select(["source", "rule"]).to_pylist() == [{"source": "far", "rule": "missing_source"}]


def test_a_missing_extra_for_urls_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "fsspec")
    with pytest.raises(SourceError, match=r"pip install 'dedup\[remote\]'") as caught:
        read(SourceSettings(path="s3://key:secret@bucket/crawl"))
    assert "secret" not in str(caught.value)
