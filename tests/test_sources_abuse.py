"""Bad input gets a quarantine row with a reason, and the run goes on."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_sources_files import PAGE, read

GOOD = {"zz-good.txt": PAGE.encode()}
RECORDS = "".join(json.dumps({"id": i, "text": f"{PAGE}{i}"}) + "\n" for i in range(3000)).encode()


def verdicts(folder: Path, files: dict[str, bytes], **limits: float) -> dict[str, str]:
    """Write files beside a good page, read the folder, and return the rule by record id."""
    for name, data in {**files, **GOOD}.items():
        (folder / name).write_bytes(data)
    documents, quarantine = read(folder, **limits)
    assert documents["source_id"].to_pylist()[-1] == "zz-good.txt"
    for reason, record in zip(quarantine["reason"].to_pylist(), quarantine["record"].to_pylist(), strict=True):
        assert len(reason) > 12
        assert len(record) <= 2000
        assert json.loads(record)["source_id"]
    return dict(zip(quarantine["record_id"].to_pylist(), quarantine["rule"].to_pylist(), strict=True))


def test_each_kind_of_unreadable_file_has_its_rule(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    packed = gzip.compress(PAGE.encode())
    broken = bytearray(gzip.compress(RECORDS))
    broken[len(broken) // 2 : len(broken) // 2 + 40] = bytes(40)
    pq.write_table(pa.table({"text": [PAGE]}), tmp_path / "p.parquet")
    parquet = (tmp_path / "p.parquet").read_bytes()
    assert verdicts(
        folder,
        {
            "binary.txt": bytes(range(256)),
            "blank.txt": "\r\n　\t\ufeff ".encode(),
            "cut.parquet": parquet[:-20],
            "cut.txt.gz": packed[:-12],
            "cut.txt.zst": zstandard.compress(PAGE.encode())[:-9],
            "empty.csv": b"",
            "empty.gz": gzip.compress(b""),
            "empty.txt": b"",
            "flipped.txt.gz": bytes(broken),
            "header.csv": b"id,text\n",
            "noise.parquet": b"PAR1" + bytes(200) + b"PAR1",
            "twice.txt.gz": gzip.compress(packed),
        },
    ) == {
        "s/binary.txt": "binary",
        "s/blank.txt": "empty",
        "s/cut.parquet": "broken_parquet",
        "s/cut.txt.gz": "truncated",
        "s/cut.txt.zst": "truncated",
        "s/empty.csv": "empty",
        "s/empty.gz": "empty",
        "s/empty.txt": "empty",
        "s/flipped.txt.gz": "broken_archive",
        "s/header.csv": "empty",
        "s/noise.parquet": "broken_parquet",
        "s/twice.txt.gz": "binary",
    }


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_compressed_files_of_every_format_are_read(tmp_path: Path, suffix: str) -> None:
    pack = gzip.compress if suffix == "gz" else zstandard.compress
    files = {
        "a.txt": PAGE.encode(),
        "b.html": f"<html><body><p>{PAGE}</p></body></html>".encode(),
        "c.jsonl": RECORDS,
        "d.csv": f'id,text\n1,"{PAGE}"\n'.encode(),
    }
    for name, data in files.items():
        (tmp_path / f"{name}.{suffix}").write_bytes(pack(data))
    documents, quarantine = read(tmp_path)
    assert quarantine.num_rows == 0
    assert documents.num_rows == 3003
    assert documents["text"].to_pylist()[0] == PAGE


def test_the_bytes_tell_whether_a_file_is_compressed(tmp_path: Path) -> None:
    (tmp_path / "unpacked.txt.gz").write_bytes(PAGE.encode())
    (tmp_path / "packed.txt").write_bytes(gzip.compress(PAGE.encode()))
    (tmp_path / "two-members.txt.gz").write_bytes(
        gzip.compress(PAGE.encode()) + gzip.compress(PAGE.encode()) + bytes(64)
    )
    documents, quarantine = read(tmp_path)
    assert quarantine.num_rows == 0
    assert documents["text"].to_pylist() == [PAGE, PAGE + PAGE, PAGE]


@pytest.mark.parametrize("suffix", ["gz", "zst"])
@pytest.mark.parametrize("kind", ["txt", "jsonl", "csv"])
def test_decompression_bombs_stop_early(tmp_path: Path, suffix: str, kind: str) -> None:
    bomb = bytes(60_000_000) if kind == "txt" else b"x" * 60_000_000
    packed = gzip.compress(bomb, 1) if suffix == "gz" else zstandard.compress(bomb)
    del bomb
    name = f"bomb.{kind}.{suffix}"
    tracemalloc.start()
    found = verdicts(tmp_path, {name: packed})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert list(found.values()) == ["expansion"]
    assert peak < 25_000_000


def test_records_before_the_cut_are_kept(tmp_path: Path) -> None:
    for name, pack in (("r.jsonl.gz", gzip.compress), ("r.jsonl.zst", zstandard.compress)):
        folder = tmp_path / name
        folder.mkdir()
        data = pack(RECORDS)
        (folder / name).write_bytes(data[: len(data) * 2 // 3])
        documents, quarantine = read(folder)
        ids = documents["source_id"].to_pylist()
        assert 500 < len(ids) < 3000
        assert ids == [str(i) for i in range(len(ids))]
        assert quarantine["rule"].to_pylist()[-1] == "truncated"
        assert quarantine.num_rows <= 2


def test_pages_beyond_the_limits_are_refused(tmp_path: Path) -> None:
    noise = "".join(f"{i * 7919 % 10007:x}" for i in range(20_000)).encode()
    found = verdicts(
        tmp_path,
        {"large.txt": noise, "packed.txt.gz": gzip.compress(noise)},
        max_file_mb=0.05,
        max_record_mb=0.03,
    )
    assert set(found.values()) == {"too_large"}
    assert len(found) == 2


def test_a_file_that_is_not_what_its_name_says_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "pretty.jsonl").write_text("{\n" * 9_000)
    (tmp_path / "prose.csv").write_text("id,text\n" + "a,b,c\n" * 9_000)
    _, quarantine = read(tmp_path)
    rules = quarantine["rule"].to_pylist()
    assert rules.count("all_bad") == 2
    assert len(rules) < 5_000


def test_an_error_nobody_thought_of_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(html: str) -> None:
        raise ZeroDivisionError("odd page")

    monkeypatch.setattr("dedup.sources.pages.read_html", fail)
    (tmp_path / "a.html").write_text(f"<html><p>{PAGE}</p></html>")
    (tmp_path / "b.txt").write_text(PAGE)
    documents, quarantine = read(tmp_path)
    assert documents["source_id"].to_pylist() == ["b.txt"]
    assert quarantine["rule"].to_pylist() == ["reader_failed"]
    assert "ZeroDivisionError: odd page" in quarantine["reason"].to_pylist()[0]


def test_quarantine_shows_the_head_of_a_bad_record_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"text": "' + '\\"' * 40_000 + "\n")
    _, quarantine = read(tmp_path)
    record = quarantine["record"].to_pylist()[0]
    assert len(record) <= 2000
    assert json.loads(record)["head"].startswith('{"text"')


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=300),
    suffix=st.sampled_from(["txt", "md", "html", "jsonl", "csv", "tsv", "parquet", "txt.gz", "warc", ""]),
)
def test_no_bytes_whatever_stop_a_run(tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / f"x.{suffix}".rstrip(".")).write_bytes(data)
    (folder / "zz-good.txt").write_bytes(PAGE.encode())
    documents, quarantine = read(folder)
    assert documents["source_id"].to_pylist()[-1] == "zz-good.txt"
    assert documents.num_rows + quarantine.num_rows >= 2 or suffix in {"jsonl", "csv", "tsv", "warc"}
