"""A run over new pages gives what a run over all pages would give, and touches only what is new."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.compute as pc
import pytest
from benchmarks.sameness import differences

from dedup import open_release
from dedup.engines import figuring
from dedup.engines.local import run
from dedup.releases import Release, verify_release
from dedup.settings import Settings, SourceSettings

HEAD = "各位代表：\n现在，我代表{place}人民政府，向大会报告工作，请予审议。\n一、2012年工作回顾\n"
SAME = "我们坚持以科学发展观为指导，团结带领全县广大干部群众，抢抓机遇，扎实工作，较好地完成了各项任务。\n"
TOPICS = ("工业", "农业", "旅游", "教育", "交通", "水利", "卫生", "环保", "商贸", "科技")


def page(number: int, figure: str = "") -> str:
    """Return a report with sentences of its own, one that all have, and figures."""
    topic, other = TOPICS[number % 10], TOPICS[(number * 7 + 3) % 10]
    own = "".join(
        f"第{number}号{topic}项目第{k}期落户{other}园区{number * k + 11}号地块，完成投资{number * 31 + k * 17}万元。\n"
        for k in range(1, 9)
    )
    grown = f"全年实现地区生产总值{number + 100}.{number % 10}亿元，增长{number % 9 + 1}.{number % 7}%。\n"
    return HEAD.format(place=f"青石县第{number}镇") + SAME + own + grown + figure


def crawl(folder: Path, pages: dict[str, str]) -> Path:
    """Write pages as files of a source that is always named `crawl`."""
    place = folder / "crawl"
    place.mkdir(parents=True)
    for name, text in pages.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, "utf-8")
    return place


def publish(source: Path, warehouse: Path, **settings: object) -> Release:
    """Run over one folder and return the release."""
    made = Settings(warehouse=warehouse, workers=1, quality={"enabled": False}, **settings)
    summary = run(made, [SourceSettings(path=str(source))])
    assert summary.outcome == "published"
    return open_release(warehouse)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    own = {f"s{n % 3}/p{n:02d}.txt": page(n) for n in range(24)}
    # Copies on other sites, one of them with another figure.
    own["s2/copy01.txt"] = page(1)
    own["s1/copy02.txt"] = page(2).replace("102.2亿元", "108.2亿元")
    own["s0/copy05.txt"] = page(5) + "谢谢大家！\n"
    return own


@pytest.fixture(scope="module")
def first(pages, tmp_path_factory) -> Path:
    """A warehouse with a release of the pages; never written to again."""
    folder = tmp_path_factory.mktemp("first")
    publish(crawl(folder / "in", pages), folder / "w")
    return folder / "w"


def grown(first: Path, tmp_path: Path, delta: dict[str, str]) -> Release:
    """Run over a delta, beginning with a copy of the first warehouse."""
    shutil.copytree(first, tmp_path / "w")
    return publish(crawl(tmp_path / "delta", delta), tmp_path / "w")


def rebuilt(tmp_path: Path, pages: dict[str, str]) -> Release:
    """Run over all pages into an empty warehouse."""
    return publish(crawl(tmp_path / "all", pages), tmp_path / "fresh")


def kept(release: Release, stage: str) -> float:
    """Return how many documents or clusters a stage of the newest run took over."""
    return release.manifest["stages"][stage]["clusters_kept" if stage == "figures" else "kept"]


def test_new_and_changed_pages_give_the_rows_of_a_rebuild(first, pages, tmp_path):
    delta = {
        "s0/new30.txt": page(30),
        "s1/new03.txt": page(3),  # a copy of a page that had none
        "s2/new02.txt": page(2) + "谢谢大家！\n",  # one more copy of a cluster
        "s1/p04.txt": page(4, "另新增就业人员1234人。\n"),  # changed
        "s0/copy05.txt": page(31),  # changed beyond recognition: its cluster loses it
    }
    release = grown(first, tmp_path, delta)
    assert verify_release(release) == []
    assert differences(release, rebuilt(tmp_path, pages | delta)) == {}
    read = release.manifest["stages"]["cut"]
    assert (read["documents"], read["kept"]) == (5, len(pages) - 2)
    # The documents of changed pages are gone, and what was said of all others is taken over.
    assert kept(release, "attribute") == len(pages) - 2
    assert kept(release, "figures") >= 18


def test_sections_that_did_not_change_are_not_read_again_when_their_cluster_loses_a_copy(
    first, pages, tmp_path, monkeypatch
):
    # Every cluster is a part of its own, so that one of them has nothing to read.
    monkeypatch.setattr(figuring, "PART_CHARS", 1)
    delta = {"s0/copy05.txt": page(31)}
    release = grown(first, tmp_path, delta)
    assert release.manifest["stages"]["figures"]["texts"] == 1
    assert kept(release, "figures") < 24
    assert differences(release, rebuilt(tmp_path, pages | delta)) == {}


def test_pages_that_did_not_change_are_not_cut_again(first, pages, tmp_path):
    release = grown(first, tmp_path, pages)
    assert release.manifest["stages"]["cut"]["documents"] == 0
    before = open_release(first)
    assert differences(release, before) == {}
    # Seen again is what changed.
    assert set(release.arrow("documents", ["last_seen"]).column(0).to_pylist()) != set(
        before.arrow("documents", ["last_seen"]).column(0).to_pylist()
    )
    assert release.arrow("documents", ["ingested_at"]).equals(before.arrow("documents", ["ingested_at"]))


def test_files_with_the_same_rows_are_links_to_those_of_the_release_before(first, tmp_path):
    release = grown(first, tmp_path, {"s0/new40.txt": "一则很短的通知，与报告无关，只为让这一次运行有页可读。"})
    shared = [f for d in release.manifest["datasets"].values() for f in d["files"] if f.get("shared")]
    assert {f["path"] for f in shared} >= {"facts/part-00000.parquet", "evidence/observations/part-00000.parquet"}
    for file in shared:
        assert (release.path / file["path"]).stat().st_nlink >= 2
    assert verify_release(release) == []


def test_a_cluster_keeps_its_id_when_a_better_copy_comes(first, pages, tmp_path):
    before = open_release(first)
    heads = before.sql(
        "select cluster_id from membership m join sections s using (section_id) "
        "join documents d using (doc_id) where uri like '%copy02.txt'"
    ).to_pylist()
    release = grown(first, tmp_path, {"s0/whole02.txt": page(2) + "请各位代表审议。谢谢大家！\n"})
    after = release.sql(
        "select m.cluster_id, c.canonical_section, c.n_sections, c.first_release from membership m "
        "join clusters c using (cluster_id) join sections s using (section_id) "
        "join documents d using (doc_id) where uri like '%whole02.txt'"
    ).to_pylist()
    assert after[0]["cluster_id"] == heads[0]["cluster_id"]
    assert after[0]["n_sections"] == 3
    assert after[0]["first_release"] == before.id
    assert release.rows("cluster_history") == 0


def test_the_cluster_of_a_changed_page_keeps_its_id(first, tmp_path):
    def cluster(release: Release) -> str:
        return release.sql(
            "select cluster_id from membership join sections using (section_id) "
            "join documents using (doc_id) where uri like '%p07.txt'"
        ).to_pylist()[0]["cluster_id"]

    release = grown(first, tmp_path, {"s1/p07.txt": page(7, "另新增就业人员4321人。\n")})
    assert cluster(release) == cluster(open_release(first))


def test_a_cluster_that_parts_leaves_its_id_to_the_part_with_its_canonical_section_and_says_so(first, pages, tmp_path):
    shutil.copytree(first, tmp_path / "w")
    before = open_release(first)
    # Of the copies of page 1, the one that is not canonical becomes another text.
    rows = before.sql(
        "select cluster_id, uri, is_canonical from membership join sections using (section_id) "
        "join documents using (doc_id) where uri like '%p01.txt' or uri like '%copy01.txt'"
    ).to_pylist()
    assert len({row["cluster_id"] for row in rows}) == 1
    loser = next(row["uri"] for row in rows if not row["is_canonical"]).removeprefix("crawl/")
    winner = next(row["uri"] for row in rows if row["is_canonical"])
    # Half of it new: recognised as the same section of its page, and no copy of the other any more.
    release = publish(crawl(tmp_path / "d", {loser: page(1)[:330] + page(61)[150:]}), tmp_path / "w")
    after = {
        row["uri"]: row["cluster_id"]
        for row in release.sql(
            "select cluster_id, uri from membership join sections using (section_id) join documents using (doc_id)"
        ).to_pylist()
    }
    assert after[winner] == rows[0]["cluster_id"]
    assert after[f"crawl/{loser}"] != rows[0]["cluster_id"]


def test_changed_settings_make_anew_what_depends_on_them_and_say_why(first, pages, tmp_path):
    shutil.copytree(first, tmp_path / "w")
    release = publish(crawl(tmp_path / "d", {"s0/new30.txt": page(30)}), tmp_path / "w", text={"min_chars": 30})
    assert release.manifest["stages"]["cut"]["kept"] == 0
    assert any("min_chars was 20 and is 30" in change for change in release.manifest["rebuilt"])
    fresh = publish(
        crawl(tmp_path / "all", pages | {"s0/new30.txt": page(30)}), tmp_path / "fresh", text={"min_chars": 30}
    )
    assert differences(release, fresh) == {}


def test_a_page_read_twice_in_one_run_is_told_apart_as_in_a_rebuild(first, pages, tmp_path):
    # The same record in two files: once as it is known, once changed.
    rows = '{"id": "1", "text": "' + page(50).replace("\n", "\\n") + '", "fetched_at": "2020-01-01T00:00:00Z"}\n'
    newer = rows.replace("2020-01-01", "2021-01-01").replace("青石县", "白石县")
    one = crawl(tmp_path / "one", {"a.jsonl": rows})
    publish(one, tmp_path / "w")
    both = crawl(tmp_path / "both", {"a.jsonl": rows + newer})
    release = publish(both, tmp_path / "w")
    assert differences(release, publish(both, tmp_path / "fresh")) == {}


def test_after_several_nights_a_release_is_laid_out_as_if_made_at_once(first, pages, tmp_path):
    shutil.copytree(first, tmp_path / "w")
    now = dict(pages)
    for night in range(4):
        delta = {
            f"s{night % 3}/n{night}.txt": page(40 + night),
            f"s{night % 3}/p{6 + night:02d}.txt": page(6 + night, f"另新增就业人员{night + 1}234人。\n"),
        }
        now |= delta
        release = publish(crawl(tmp_path / f"night{night}", delta), tmp_path / "w")
    fresh = rebuilt(tmp_path, now)
    assert differences(release, fresh) == {}
    assert {n: len(release.files(n)) for n in release.datasets} == {n: len(fresh.files(n)) for n in fresh.datasets}


def test_what_the_gate_set_aside_is_judged_again(first, pages, tmp_path):
    rule = {"dataset": "observations", "name": "no_rate_of_nine", "sql": "value_text <> '9.1'", "severity": "warning"}

    def judged(source: Path, warehouse: Path) -> Release:
        made = Settings(warehouse=warehouse, workers=1, quality={"rule": [rule]})
        assert run(made, [SourceSettings(path=str(source))]).outcome == "published"
        return open_release(warehouse)

    own = {name: pages[name] for name in ("s0/p00.txt", "s1/p01.txt", "s2/p08.txt", "s2/copy01.txt")}
    before = judged(crawl(tmp_path / "in", own), tmp_path / "w")
    aside = before.arrow("quarantine").filter(pc.equal(before.arrow("quarantine").column("dataset"), "observations"))
    assert aside.num_rows == 1
    assert len(before.manifest["incomplete_clusters"]) == 1
    delta = {"s0/new30.txt": page(30)}
    after = judged(crawl(tmp_path / "delta", delta), tmp_path / "w")
    assert differences(after, judged(crawl(tmp_path / "all", own | delta), tmp_path / "fresh")) == {}
