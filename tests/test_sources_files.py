"""Which files of a source are read, in which order, and under which names."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from dedup import schemas
from dedup.settings import ReadSettings, Settings, SourceSettings
from dedup.sources import SourceError, count_inputs, read_batches, resolve_sources

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PAGE = "各位代表：\r\n现在，我代表栖原县人民政府作工作报告，请予审议。\r\n全县生产总值增长百分之七。\r\n"


def read(*sources: SourceSettings | Path | str, limit: int | None = None, **limits: float) -> tuple[pa.Table, pa.Table]:
    """Return (documents, quarantine) of sources, checked against the contract."""
    given = [s if isinstance(s, SourceSettings) else SourceSettings(path=str(s)) for s in sources]
    batches = list(read_batches(given, ReadSettings(**limits), now=NOW, limit=limit))
    documents = pa.concat_tables([schemas.empty(schemas.DOCUMENTS), *(b.documents for b in batches)])
    quarantine = pa.concat_tables([schemas.empty(schemas.QUARANTINE), *(b.quarantine for b in batches)])
    assert schemas.conform(documents, schemas.DOCUMENTS).equals(documents)
    assert schemas.conform(quarantine, schemas.QUARANTINE).equals(quarantine)
    if limit is None:
        assert sum(b.n_files for b in batches) == count_inputs(given)
    return documents, quarantine


def write(folder: Path, **pages: str) -> None:
    for name, text in pages.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(path.name.replace("_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "wenzhai"
    write(folder, b_txt=PAGE, a_md="# 题\n" + PAGE, sub__c_txt=PAGE, sub__deep__d_txt=PAGE)
    return folder


def test_a_folder_is_read_recursively_in_path_order(pages: Path) -> None:
    documents, quarantine = read(pages)
    assert documents["uri"].to_pylist() == [
        "wenzhai/a.md",
        "wenzhai/b.txt",
        "wenzhai/sub/c.txt",
        "wenzhai/sub/deep/d.txt",
    ]
    assert documents["source_id"].to_pylist() == ["a.md", "b.txt", "sub/c.txt", "sub/deep/d.txt"]
    assert documents["site"].to_pylist() == ["wenzhai", "wenzhai", "sub", "sub"]
    assert set(documents["source"].to_pylist()) == {"wenzhai"}
    assert quarantine.num_rows == 0


def test_text_is_as_decoded_with_its_line_ends(pages: Path) -> None:
    documents, _ = read(pages / "b.txt")
    row = documents.to_pylist()[0]
    assert row["text"] == PAGE
    assert row["n_chars"] == len(PAGE)
    assert row["n_bytes"] == len(PAGE.encode())
    assert row["ingested_at"] == row["last_seen"] == NOW
    assert row["fetched_at"] is None


def test_a_single_file_has_the_same_uri_as_in_its_folder(pages: Path) -> None:
    documents, _ = read(pages / "b.txt")
    assert documents["uri"].to_pylist() == ["wenzhai/b.txt"]


def test_a_file_that_two_arguments_name_is_read_once(pages: Path) -> None:
    documents, _ = read(pages, pages / "b.txt")
    assert documents["uri"].to_pylist().count("wenzhai/b.txt") == 1


def test_the_machine_path_does_not_show_in_ids(pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = tmp_path / "elsewhere" / "wenzhai"
    moved.parent.mkdir()
    first, _ = read(pages)
    pages.rename(moved)
    monkeypatch.chdir(moved.parent)
    second, _ = read("wenzhai")
    third, _ = read("./wenzhai/../wenzhai/")
    assert first.equals(second)
    assert first.equals(third)


def test_the_declared_name_and_role_and_license_are_taken(pages: Path) -> None:
    source = SourceSettings(path=str(pages), name="范文", role="reference", license="CC0-1.0")
    documents, _ = read(source)
    row = documents.to_pylist()[3]
    assert (row["uri"], row["source"], row["role"], row["license"]) == (
        "范文/sub/deep/d.txt",
        "范文",
        "reference",
        "CC0-1.0",
    )


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["b.txt"]),
        ("**/*.txt", ["b.txt", "sub/c.txt", "sub/deep/d.txt"]),
        ("sub/*.txt", ["sub/c.txt"]),
        ("*/deep/?.t[xy]t", ["sub/deep/d.txt"]),
    ],
)
def test_globs_count_paths_from_their_fixed_part(pages: Path, pattern: str, expected: list[str]) -> None:
    documents, _ = read(str(pages / pattern))
    root = "sub/" if pattern.startswith("sub/") else ""
    assert [root + i for i in documents["source_id"].to_pylist()] == expected


def test_excluded_paths_are_left_out(pages: Path) -> None:
    documents, quarantine = read(SourceSettings(path=str(pages), exclude=("*.md", "sub/deep/**")))
    assert documents["source_id"].to_pylist() == ["b.txt", "sub/c.txt"]
    assert quarantine.num_rows == 0


def test_companions_of_pages_are_no_pages(pages: Path) -> None:
    write(pages, truth_jsonl="{}", _hidden_txt=PAGE)
    for name in ("README.md", "README.zh-CN.md", "LICENSE", "dedup.toml", "truth.sections.jsonl"):
        (pages / name).write_text("not a page")
    (pages / ".hidden").mkdir()
    (pages / ".hidden" / "e.txt").write_text(PAGE)
    documents, quarantine = read(pages)
    assert documents.num_rows == 4
    assert quarantine.num_rows == 0


def test_a_warehouse_inside_the_folder_is_not_read_back(pages: Path) -> None:
    warehouse = pages / "warehouse"
    (warehouse / "releases" / "x").mkdir(parents=True)
    (warehouse / "latest.json").write_text("{}")
    (warehouse / "releases" / "x" / "notes.txt").write_text(PAGE)
    assert read(pages)[0].num_rows == 4
    (warehouse / "latest.json").unlink()
    (warehouse / ".lock").write_text("")
    assert read(pages)[0].num_rows == 4
    (warehouse / ".lock").unlink()
    assert read(pages)[0].num_rows == 5


def test_unknown_formats_go_to_quarantine_with_the_way_out(pages: Path) -> None:
    for name in ("scan.pdf", "data.json", "photo.png", "old.doc", "all.tar.gz"):
        (pages / name).write_bytes(b"abc")
    documents, quarantine = read(pages)
    assert documents.num_rows == 4
    assert quarantine["rule"].to_pylist() == ["unknown_format"] * 5
    reasons = dict(zip(quarantine["record_id"].to_pylist(), quarantine["reason"].to_pylist(), strict=True))
    assert ".jsonl" in reasons["wenzhai/data.json"]
    assert "unpack it" in reasons["wenzhai/all.tar.gz"]


def test_the_declared_format_overrules_the_name(tmp_path: Path) -> None:
    (tmp_path / "page.dat").write_text(PAGE)
    assert read(tmp_path)[1]["rule"].to_pylist() == ["unknown_format"]
    assert read(SourceSettings(path=str(tmp_path), format="text"))[0].num_rows == 1


def test_pages_saved_by_a_crawler_without_a_proper_name_are_recognised(tmp_path: Path) -> None:
    html = f"<!DOCTYPE html><html><body><p>{PAGE}</p></body></html>"
    for name in ("index", "show.php?id=7", "list.asp", "saved.txt", "view.action"):
        (tmp_path / name).write_text(html)
    (tmp_path / "plain").write_text(PAGE)
    documents, _ = read(tmp_path)
    formats = dict(zip(documents["source_id"].to_pylist(), documents["format"].to_pylist(), strict=True))
    assert formats.pop("plain") == "text"
    assert set(formats.values()) == {"html"}
    assert len(formats) == 5


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_links_out_of_the_source_and_devices_are_refused(pages: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("private")
    (pages / "out.txt").symlink_to(secret)
    (pages / "updir").symlink_to(tmp_path)
    (pages / "inner.txt").symlink_to(pages / "b.txt")
    (pages / "broken.txt").symlink_to(pages / "gone.txt")
    (pages / "loop").symlink_to(pages / "sub")
    os.mkfifo(pages / "pipe.txt")
    documents, quarantine = read(pages)
    rules = dict(zip(quarantine["record_id"].to_pylist(), quarantine["rule"].to_pylist(), strict=True))
    assert rules == {
        "wenzhai/out.txt": "outside_source",
        "wenzhai/updir": "outside_source",
        "wenzhai/broken.txt": "unreadable",
        "wenzhai/loop": "linked_folder",
        "wenzhai/pipe.txt": "not_a_file",
    }
    assert "private" not in "".join(documents["text"].to_pylist())
    assert "wenzhai/inner.txt" in documents["uri"].to_pylist()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(pages: Path) -> None:
    (pages / "b.txt").chmod(0)
    _, quarantine = read(pages)
    assert quarantine["rule"].to_pylist() == ["unreadable"]


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes on POSIX only")
def test_file_names_that_are_not_utf8_become_readable_uris(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    for name in (b"\xd5\xfe\xb8\xae.txt", b"a#b.txt", b"line\nbreak.txt"):
        Path(os.fsdecode(os.path.join(folder, name))).write_text(PAGE)
    documents, _ = read(tmp_path)
    names = sorted(uri.partition("/")[2] for uri in documents["uri"].to_pylist())
    assert names == ["%D5%FE%B8%AE.txt", "a%23b.txt", "line%0Abreak.txt"]


def test_a_source_that_vanished_is_reported_and_the_others_are_read(pages: Path, tmp_path: Path) -> None:
    documents, quarantine = read(SourceSettings(path=str(tmp_path / "unmounted"), name="crawl"), pages)
    assert documents.num_rows == 4
    assert quarantine.select(["source", "rule"]).to_pylist() == [{"source": "crawl", "rule": "missing_source"}]
    assert str(tmp_path) not in str(quarantine.to_pylist())


def test_the_limit_stops_the_reading(pages: Path) -> None:
    documents, _ = read(pages, limit=3)
    assert documents["source_id"].to_pylist() == ["a.md", "b.txt", "sub/c.txt"]


@pytest.mark.parametrize("batch_chars", [1, 40, 100, 10**6])
def test_rows_do_not_depend_on_the_batch_size(pages: Path, batch_chars: int) -> None:
    batches = list(read_batches([SourceSettings(path=str(pages))], ReadSettings(batch_chars=batch_chars), now=NOW))
    assert (len(batches) > 1) == (batch_chars < 10**6)
    assert pa.concat_tables([b.documents for b in batches]).equals(read(pages)[0])


def test_bytes_and_files_add_up_for_a_progress_bar(pages: Path) -> None:
    source = SourceSettings(path=str(pages))
    batches = list(read_batches([source], ReadSettings(batch_chars=1), now=NOW))
    assert sum(b.n_files for b in batches) == count_inputs([source]) == 4
    assert sum(b.n_bytes for b in batches) == sum(p.stat().st_size for p in pages.rglob("*") if p.is_file())


def test_arguments_are_declared_names_or_paths(pages: Path) -> None:
    declared = SourceSettings(path=str(pages), name="crawl", trusted=True)
    settings = Settings(source=(declared,))
    assert resolve_sources([], settings) == (declared,)
    assert resolve_sources(["crawl"], settings) == (declared,)
    assert resolve_sources([str(pages)], settings) == (declared,)
    other = resolve_sources([str(pages / "sub"), "crawl", "crawl"], settings)
    assert [s.path for s in other] == [str(pages / "sub"), str(pages)]


def test_unusable_arguments_name_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="dedup init"):
        resolve_sources([], Settings())
    settings = Settings(source=(SourceSettings(path=str(tmp_path), name="crawl"),))
    with pytest.raises(SourceError, match=r"'craw'.*declared: crawl"):
        resolve_sources(["craw"], settings)
    gone = Settings(source=(SourceSettings(path=str(tmp_path / "gone"), name="crawl"),))
    with pytest.raises(SourceError, match="none of the declared sources"):
        resolve_sources([], gone)
