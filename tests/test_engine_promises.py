"""Promises of a run: nothing lost, one row per record, the same rows in any order, a run adds to what is there."""

import gzip
import json
import random
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pytest

import dedup
from dedup.engines.local import EmptyInput, run
from dedup.settings import SourceSettings, load_settings
from dedup.sources import resolve_sources

#: Columns that say when, not what.
CLOCK = {"ingested_at", "last_seen", "first_release", "started_at"}
COMPARED = (
    "documents",
    "sections",
    "membership",
    "clusters",
    "pairs",
    "records",
    "reports",
    "quarantine",
    "fingerprints",
    "passages",
    "passage_stats",
    "phrases",
    "templates",
    "template_occurrences",
    "reuse_edges",
    "conflicts",
    "repairs",
    "consensus",
    "attributions",
    "observations",
    "checks",
    "facts",
    "extracted_tables",
    "table_cells",
)


def settings_for(warehouse, **changes):
    return load_settings(warehouse=warehouse, quality={"enabled": False}, **changes)


def published(warehouse, *arguments, **changes):
    settings = settings_for(warehouse, **changes)
    summary = run(settings, resolve_sources([str(a) for a in arguments], settings))
    assert summary.outcome == "published"
    return dedup.open_release(warehouse), summary


def rows_of(release):
    out = {}
    for name in COMPARED:
        table = release.arrow(name)
        out[name] = table.select([c for c in table.column_names if c not in CLOCK]).to_pylist()
    return out


def report(county, seed, sentences=40):
    rng = random.Random(seed)
    verbs = ["推进", "完成", "实施", "启动", "加强", "改造", "新建", "整治"]
    objects = [
        "堤防加固",
        "村级道路",
        "校舍维修",
        "灌区配套",
        "河道清淤",
        "市场改扩建",
        "危房改造",
        "文化站建设",
        "管网铺设",
    ]
    body = "。".join(
        f"{county}全年{rng.choice(verbs)}{rng.choice(objects)}{rng.randrange(10, 999)}处，"
        f"投入资金{rng.randrange(100, 99999)}万元，"
        f"覆盖{rng.randrange(3, 90)}个村，惠及群众{rng.randrange(1000, 90000)}人"
        for _ in range(sentences)
    )
    return f"各位代表：\n现在，我代表{county}人民政府，向大会作政府工作报告，请予审议。\n{body}。\n"


@pytest.fixture
def pages(tmp_path):
    folder = tmp_path / "pages"
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    one, two, three = (report(c, i) for i, c in enumerate(["柳湾县", "石桥镇", "青禾区"]))
    (folder / "a" / "1.txt").write_text(f"政府工作报告篇一\n{one}政府工作报告篇二\n{two}", "utf-8")
    (folder / "a" / "2.txt").write_bytes(
        f"第一篇：工作报告\n{three}第二篇：工作报告\n{one.replace('万元', 'xx万元', 3)}".encode("gb18030")
    )
    (folder / "b" / "3.txt").write_text(two.replace("投入", "投\n入", 2), "utf-8")
    (folder / "b" / "4.txt.gz").write_bytes(gzip.compress(report("白塔乡", 9).encode())[:-20])
    (folder / "b" / "5.bin").write_bytes(bytes(range(256)) * 40)
    return folder


def test_every_input_stands_once_in_records_and_ends_in_the_release_or_in_quarantine(pages, tmp_path):
    release, summary = published(tmp_path / "w", pages)
    records = release.arrow("records").to_pylist()
    names = sorted(Path(r["uri"]).name for r in records)
    assert names == ["1.txt", "2.txt", "3.txt", "4.txt.gz", "5.bin"]
    outcome = {Path(r["uri"]).name: r["outcome"] for r in records}
    assert outcome["4.txt.gz"] == outcome["5.bin"] == "quarantined"
    assert all(r["reason"] for r in records)
    assert summary.distinct_reports == release.arrow("reports").num_rows == 3
    assert summary.copies == 2


def test_every_cluster_keeps_exactly_one_section_and_the_others_name_it(pages, tmp_path):
    release, _ = published(tmp_path / "w", pages)
    answer = release.sql(
        """select count(*) filter (where n <> 1) as bad from
           (select cluster_id, count(*) filter (where is_canonical) as n from membership group by cluster_id)"""
    )
    assert answer["bad"].to_pylist() == [0]
    strangers = release.sql(
        "select count(*) as n from membership m join membership s on s.section_id = m.stands_for "
        "where s.cluster_id <> m.cluster_id or not s.is_canonical"
    )
    assert strangers["n"].to_pylist() == [0]


def test_sections_tile_the_text_and_clean_text_quotes_it(pages, tmp_path):
    release, _ = published(tmp_path / "w", pages)
    texts = dict(zip(*(release.arrow("documents")[c].to_pylist() for c in ("doc_id", "text")), strict=True))
    ends = {}
    for row in sorted(release.arrow("sections").to_pylist(), key=lambda r: (r["doc_id"], r["ordinal"])):
        assert row["char_start"] == ends.get(row["doc_id"], 0)
        ends[row["doc_id"]] = row["char_end"]
        runs = row["clean_map"]
        for clean_start, char_start, length in zip(runs[::3], runs[1::3], runs[2::3], strict=True):
            source = texts[row["doc_id"]][char_start : char_start + length]
            assert row["clean_text"][clean_start : clean_start + length] == source
    assert ends == {doc: len(text) for doc, text in texts.items()}


def test_order_batches_threads_and_folder_do_not_change_a_row(pages, tmp_path):
    base = rows_of(published(tmp_path / "w1", pages)[0])
    moved = tmp_path / "elsewhere" / "pages"
    shutil.copytree(pages, moved)
    changed = {"read": {"batch_chars": 50}, "workers": 2}
    assert rows_of(published(tmp_path / "w2", moved, **changed)[0]) == base
    settings = settings_for(tmp_path / "w3")
    names = sorted(p for p in pages.rglob("*") if p.is_file())
    sources = tuple(
        SourceSettings(path=str(pages), name="pages", exclude=tuple(f"**/{q.name}" for q in names if q != p))
        for p in reversed(names)
    )
    run(settings, sources)
    assert rows_of(dedup.open_release(tmp_path / "w3")) == base


def test_a_run_adds_to_what_is_there(pages, tmp_path):
    first, _ = published(tmp_path / "w", pages / "a")
    second, summary = published(tmp_path / "w", pages / "b")
    assert summary.new_documents == 1
    assert summary.carried_documents == 2
    both = second.arrow("documents")
    assert both.num_rows == 3
    kept = both.filter(pc.is_in(both["doc_id"], first.arrow("documents")["doc_id"].combine_chunks()))
    assert kept.sort_by("doc_id").equals(first.arrow("documents").sort_by("doc_id"))
    assert second.manifest["parent"] == first.id
    again, summary = published(tmp_path / "w", pages / "b")
    assert summary.new_documents == 0
    assert rows_of(again)["membership"] == rows_of(second)["membership"]
    assert again.arrow("clusters")["first_release"].to_pylist() == second.arrow("clusters")["first_release"].to_pylist()


def test_the_same_uri_twice_keeps_the_newest_and_quarantines_the_other(tmp_path):
    rows = [
        f'{{"url": "https://x.example/1", "text": "{report("柳湾县", s)}", "fetched_at": "{day}"}}'.replace("\n", "\\n")
        for s, day in ((1, "2024-01-02T00:00:00Z"), (2, "2024-03-04T00:00:00Z"))
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(rows), "utf-8")
    release, _ = published(tmp_path / "w", tmp_path / "in.jsonl")
    documents = release.arrow("documents").to_pylist()
    assert [d["fetched_at"].month for d in documents] == [3]
    assert [q["rule"] for q in release.arrow("quarantine").to_pylist()] == ["same_uri"]
    assert sorted(r["outcome"] for r in release.arrow("records").to_pylist()) == ["published", "quarantined"]


def test_refused_rows_that_share_an_id_with_others_have_a_record_of_their_own(tmp_path):
    good = report("柳湾县", 1).replace("\n", "")
    rows = [
        f'{{"id": "7", "text": "{good}"}}',
        '{"id": "7", "text": ""}',
        '{"id": "7", "text": ""}',
        '{"id": "8"}',
        "{",
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(rows), "utf-8")
    release, _ = published(tmp_path / "w", tmp_path / "in.jsonl")
    records = release.arrow("records").to_pylist()
    assert len({r["uri"] for r in records}) == len(records) == 5
    assert sorted(r["outcome"] for r in records) == ["published", *["quarantined"] * 4]
    assert {r["source_id"] for r in records} >= {"7"}


def test_refused_records_never_share_the_uri_of_a_document_or_of_each_other(tmp_path):
    source = tmp_path / "c.csv"
    text = report("柳湾县", 1).replace("\n", "")
    source.write_text(f"id,text\n1,{text}\n1,\n2,\n2,\n2-2,\n", "utf-8")
    release, _ = published(tmp_path / "wh", source)
    records = release.arrow("records").to_pylist()
    uris = [r["uri"] for r in records]
    assert len(uris) == len(set(uris)) == 5
    assert [r["outcome"] for r in records if r["uri"].endswith("c.csv#1")] == ["published"]
    assert sorted(r["outcome"] for r in records) == ["published"] + ["quarantined"] * 4


def test_a_page_that_can_no_longer_be_read_stays_published_beside_its_refusal(pages, tmp_path):
    first, _ = published(tmp_path / "wh", pages)
    (pages / "b" / "3.txt").write_bytes(b"")
    for _ in range(2):
        release, _ = published(tmp_path / "wh", pages)
        records = {r["uri"]: r for r in release.arrow("records").to_pylist()}
        assert len(records) == release.dataset("records").count_rows() == first.dataset("records").count_rows() + 1
        assert records["pages/b/3.txt"]["outcome"] != "quarantined"
        (refusal,) = [r for uri, r in records.items() if uri.startswith("pages/b/3.txt#")]
        assert (refusal["outcome"], refusal["rule"]) == ("quarantined", "empty")


def test_what_is_known_of_a_refused_record_stays_json_however_long_it_is(tmp_path):
    lines = [json.dumps({"id": "1", "title": 'T"' * 3000, "text": report(c, 1)}) for c in ("柳湾县", "石桥镇")]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")
    release, _ = published(tmp_path / "wh", tmp_path / "a.jsonl")
    (refused,) = release.arrow("quarantine").to_pylist()
    assert refused["rule"] == "same_uri"
    assert json.loads(refused["record"])["source_id"] == "1"
    assert len(refused["record"]) <= 2000


def test_reference_sources_are_matched_against_and_never_published(pages, tmp_path):
    settings = settings_for(tmp_path / "w")
    sources = (
        SourceSettings(path=str(pages / "a"), name="corpus"),
        SourceSettings(path=str(pages / "b"), name="national", role="reference"),
    )
    run(settings, sources)
    release = dedup.open_release(tmp_path / "w")
    assert set(release.arrow("reports")["sources"].combine_chunks().flatten().to_pylist()) == {"corpus"}
    sections = {s["section_id"]: s["source"] for s in release.arrow("sections").to_pylist()}
    crossing = [p for p in release.arrow("pairs").to_pylist() if sections[p["section_a"]] != sections[p["section_b"]]]
    assert crossing
    assert not any(sections[m["section_id"]] == "national" for m in release.arrow("membership").to_pylist())
    outcomes = {r["source"]: r["outcome"] for r in release.arrow("records").to_pylist() if r["uri"].endswith("3.txt")}
    assert outcomes == {"national": "not_a_report"}


def test_nothing_to_read_is_an_error_that_names_the_way_out(tmp_path):
    (tmp_path / "empty").mkdir()
    settings = settings_for(tmp_path / "w")
    with pytest.raises(EmptyInput, match="dedup init"):
        run(settings, (SourceSettings(path=str(tmp_path / "empty")),))
    assert not (tmp_path / "w" / "latest.json").exists()


def test_a_dry_run_publishes_nothing(pages, tmp_path):
    settings = settings_for(tmp_path / "w")
    summary = run(settings, resolve_sources([str(pages)], settings), dry_run=True)
    assert summary.outcome == "dry_run"
    assert summary.distinct_reports == 3
    assert not (tmp_path / "w" / "latest.json").exists()
    assert not list((tmp_path / "w" / "staging").iterdir())


def test_metrics_of_every_stage_stand_in_the_manifest_and_in_runs(pages, tmp_path):
    release, _ = published(tmp_path / "w", pages)
    stages = release.manifest["stages"]
    for stage in ("read", "match", "cluster", "write"):
        assert {"wall_s", "cpu_s", "anonymous_mb"} <= set(stages[f"stage:{stage}"])
    assert release.manifest["recall"]["recall"] == 1.0
    assert str(tmp_path) not in (release.path / "manifest.json").read_text("utf-8")
    assert release.arrow("runs").num_rows > 20
