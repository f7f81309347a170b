"""What a run removes: nothing unasked; with --mirror what a complete source does not hold any more, within bounds."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest

import dedup
from dedup.cli.summary_view import summary_lines
from dedup.engines.admission import SourceShrank, classify_documents, find_gone
from dedup.engines.local import run
from dedup.settings import load_settings
from dedup.sources import SourceError
from dedup.sources.batch import Rejected, quarantine_table
from tests.command import call

WORDS = ["堤防", "校舍", "水渠", "桥梁", "粮仓", "学堂", "苗圃", "码头", "驿站", "磨坊"]


def text(i: int) -> str:
    return "".join(f"{i}号村修了{WORDS[(i + j) % 10]}{i * 37 + j * 11}处，花费{i * 91 + j * 7}元。" for j in range(8))


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    for source, n in (("a", 12), ("b", 2)):
        (tmp_path / source).mkdir()
        for i in range(n):
            (tmp_path / source / f"{i:02}.txt").write_text(text(i + 20 * (source == "b")), "utf-8")
    return tmp_path


def publish(crawl: Path, *sources: str, **options: bool):
    # Declared, and so not looked for before the run: one that is not there is the run's to tell.
    settings = load_settings(
        warehouse=crawl / "w",
        sources=[{"path": str(crawl / source)} for source in sources],
        quality={"enabled": False},
        extract={"enabled": False},
        reuse={"enabled": False},
        match={"audit_pairs": 0},
    )
    summary = run(settings, settings.sources, **options)
    release = dedup.open_release(crawl / "w")
    release.told = summary_lines(summary)
    return release


def uris(release) -> list[str]:
    return sorted(release.arrow("documents", ["uri"])["uri"].to_pylist())


def test_nothing_disappears_unasked_when_sources_shrink_or_vanish(crawl):
    publish(crawl, "a")
    everything = uris(publish(crawl, "b"))
    assert len(everything) == 14
    for path in sorted((crawl / "a").iterdir())[:6]:
        path.unlink()
    assert uris(publish(crawl, "a")) == everything
    for path in (crawl / "a").iterdir():
        path.unlink()
    (crawl / "a").rmdir()
    release = publish(crawl, "a")
    assert uris(release) == everything
    assert release.arrow("quarantine")["rule"].to_pylist() == ["missing_source"]


def test_a_mirror_removes_what_its_source_lacks_and_nothing_of_other_sources(crawl):
    publish(crawl, "a", "b")
    (crawl / "a" / "00.txt").unlink()
    (crawl / "b" / "00.txt").unlink()
    (crawl / "a" / "01.txt").write_text("", "utf-8")
    release = publish(crawl, "a", mirror=True)
    assert "1 gone from their sources" in release.told[0]
    # A page that cannot be read today is still there.
    assert uris(release) == [*(f"a/{i:02}.txt" for i in range(1, 12)), "b/00.txt", "b/01.txt"]
    gone = release.sql(
        "select value from runs where stage = 'read' and metric = 'gone' and release_id = ?", [release.id]
    )
    assert gone.to_pylist() == [{"value": 1.0}]


def test_a_source_that_shrank_too_much_stops_the_run_unless_that_is_allowed(crawl):
    before = publish(crawl, "a", "b")
    for i in range(3):
        (crawl / "a" / f"{i:02}.txt").unlink()
    with pytest.raises(SourceShrank, match=r"a: 3 of its 12 documents are absent \(25 %, allowed are 10 %\)"):
        publish(crawl, "a", "b", mirror=True)
    assert dedup.open_release(crawl / "w").id == before.id
    assert len(uris(publish(crawl, "a", "b", mirror=True, allow_shrink=True))) == 11


def test_a_source_that_is_not_there_or_was_half_read_never_counts_as_empty(crawl):
    feed = crawl / "feed"
    feed.mkdir()
    lines = "".join(json.dumps({"id": str(i), "text": text(i)}) + "\n" for i in range(40, 60))
    (feed / "r.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    everything = uris(publish(crawl, "a", "feed"))
    assert len(everything) == 32
    whole = (feed / "r.jsonl.gz").read_bytes()
    (feed / "r.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    half = publish(crawl, "feed", mirror=True, allow_shrink=True)
    assert uris(half) == everything
    assert any("feed: not read whole, so its" in line and "truncated" in line for line in half.told)
    (feed / "r.jsonl.gz").write_bytes(b"")
    assert uris(publish(crawl, "feed", mirror=True, allow_shrink=True)) == everything
    (crawl / "a").rename(crawl / "elsewhere")
    assert len(uris(publish(crawl, "a", "b", mirror=True, allow_shrink=True))) == 34


def test_records_filed_under_the_hosts_of_their_urls_need_a_named_source_to_be_mirrored(crawl):
    (crawl / "r.jsonl").write_text(json.dumps({"url": "https://a.example/1", "text": text(70)}), "utf-8")
    with pytest.raises(SourceError, match=r"hosts of their urls \(a.example\).*give their source a `name`"):
        publish(crawl, "r.jsonl", mirror=True)


def test_the_command_stops_with_code_4_and_plan_tells_it_before(crawl):
    shelf = ("-w", crawl / "w")
    publish(crawl, "a", "b")
    for i in range(2):
        (crawl / "a" / f"{i:02}.txt").unlink()
    (crawl / "a" / "02.txt").write_text(text(80), "utf-8")
    (crawl / "a" / "new.txt").write_text(text(81), "utf-8")
    (crawl / "a" / "odd.txt").write_bytes(bytes(range(256)) * 40)
    stopped = call("run", "--no-prefect", crawl / "a", "--mirror", *shelf)
    assert (stopped.code, "--allow-shrink" in stopped.err) == (4, True)
    files = sorted((crawl / "w").rglob("*"))
    told = call("plan", crawl / "a", "--mirror", "--json", *shelf)
    assert told.code == 4
    plan = told.json()
    a, b = plan["sources"]
    assert a == {"source": "a", "new": 1, "changed": 1, "unchanged": 9, "carried": 0, "gone": 2, "forgotten": 0}
    assert b == {"source": "b", "new": 0, "changed": 0, "unchanged": 0, "carried": 2, "gone": 0, "forgotten": 0}
    assert plan["refused"] == {"binary": 1}
    assert "2 of its 12 documents are absent" in plan["stops"]
    assert plan["seconds"] > 0
    words = call("plan", crawl / "a", *shelf)
    assert words.code == 0, words.err
    assert "gone" not in words.out
    assert sorted((crawl / "w").rglob("*")) == files
    for odd in (("--mirror", "--limit", "3"), ("--allow-shrink",)):
        assert call("run", "--no-prefect", crawl / "a", *odd, *shelf).code == 2


def test_a_plan_counts_what_is_kept_out_and_names_what_is_made_anew(crawl, monkeypatch):
    shelf = ("-w", crawl / "w")
    first = call("plan", crawl / "a", "--json", *shelf).json()
    assert (first["release_id"], first["seconds"], first["sources"][0]["new"]) == (None, None, 12)
    assert not (crawl / "w").exists()
    publish(crawl, "a")
    assert call("forget", "a/03.txt", "a/zz.txt", "--unseen", "--later", "--yes", *shelf).code == 0
    (crawl / "a" / "zz.txt").write_text(text(90), "utf-8")
    monkeypatch.setenv("DEDUP_FINGERPRINT__NGRAM", "7")
    plan = call("plan", crawl / "a", "--json", *shelf).json()
    (a,) = plan["sources"]
    assert (a["forgotten"], a["unchanged"], a["new"]) == (2, 11, 0)
    assert "fingerprints" in plan["rebuilt"]
    assert any("ngram was 5 and is 7" in change for change in plan["changes"])
    assert "kept out" in call("plan", crawl / "a", *shelf).out


def documents(*rows: tuple[str, str, str]) -> pa.Table:
    ids, sources, hashes = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "doc_id": pa.array(ids, pa.string()),
            "uri": pa.array([f"u/{i}" for i in ids], pa.string()),
            "source": pa.array(sources, pa.string()),
            "sha256": pa.array(hashes, pa.string()),
        }
    )


def test_every_document_has_one_state():
    known = documents(("d1", "x", "1"), ("d2", "x", "2"), ("d3", "x", "3"), ("d4", "y", "4"), ("d5", "y", "5"))
    read = documents(("d2", "x", "other"), ("d1", "y", "1"), ("d6", "x", "6"), ("d2", "x", "2"), ("d7", "x", "7"))
    states = classify_documents(known, read, pa.array(["d3"]), pa.array(["d5", "d7"]))
    assert sorted(zip(*states.to_pydict().values(), strict=True)) == [
        ("d1", "y", "unchanged"),
        ("d2", "x", "changed"),
        ("d3", "x", "gone"),
        ("d4", "y", "carried"),
        ("d5", "y", "forgotten"),
        ("d6", "x", "new"),
        ("d7", "x", "forgotten"),
    ]
    none = documents()
    assert classify_documents(none, none, pa.array([], pa.string()), pa.array([], pa.string())).num_rows == 0


@pytest.mark.parametrize(
    ("refusal", "whole"),
    [
        (Rejected("x/p.html", "x", "undecodable", "…"), True),
        (Rejected("x/p.html", "x", "too_large", "…"), True),
        (Rejected("x/link", "x", "outside_source", "…"), True),
        (Rejected("x/r.jsonl#1", "x", "empty", "…", {"url": "https://a.example/1"}), True),
        (Rejected("u/d1", "x", "unreadable", "…"), True),
        (Rejected("x/p.html", "x", "unreadable", "…"), False),
        (Rejected("x/folder", "x", "unreadable", "the folder cannot be listed"), False),
        (Rejected("x/x", "x", "missing_source", "…"), False),
        (Rejected("x/r.jsonl", "x", "all_bad", "…"), False),
        (Rejected("x/r.csv.gz", "x", "truncated", "…"), False),
        (Rejected("x/w.warc.gz", "x", "empty", "…"), False),
        (Rejected("x/r.jsonl#0f", "x", "broken_json", "…"), False),
        (Rejected("x/r.parquet#row-group-2", "x", "broken_parquet", "…"), False),
        (Rejected("y/r.jsonl", "y", "truncated", "…"), True),
    ],
)
def test_a_refusal_behind_which_records_may_hide_keeps_the_source_from_being_complete(refusal, whole):
    known = documents(("d1", "x", "1"), ("d2", "x", "2"))
    seen = pa.array([], pa.string()) if refusal.record_id == "u/d1" else pa.array(["d1"])
    gone, (lost,) = find_gone(known, seen, quarantine_table([refusal]), ["x"])
    assert gone.to_pylist() == (["d2"] if whole else [])
    assert (lost.gone, lost.known, bool(lost.problem)) == (1, 2, not whole)


def test_a_forgotten_file_that_cannot_be_read_is_not_named(crawl):
    (crawl / "a" / "r.jsonl").write_text(json.dumps({"id": "1", "text": text(60)}), "utf-8")
    publish(crawl, "a")
    assert call("forget", "--prefix", "a/r.jsonl", "--later", "--yes", "-w", crawl / "w").code == 0
    (crawl / "a" / "r.jsonl").write_text("", "utf-8")
    (crawl / "a" / "05.txt").unlink()
    release = publish(crawl, "a", mirror=True)
    assert len(uris(release)) == 12
    (note,) = [line for line in release.told if line.startswith("note")]
    assert note.endswith("its 2 absent documents stay (a file that was forgotten cannot be read)")
