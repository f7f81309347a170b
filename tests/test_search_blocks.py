"""The search index in blocks: a night makes those whose pages changed, and all say what a rebuild says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.sameness import differences

from dedup import open_release
from dedup.engines import search_index
from dedup.engines.forgetting import Wanted, forget
from dedup.engines.local import run
from dedup.inspector import postings
from dedup.inspector.queries.searching import search
from dedup.inspector.store import Store
from dedup.releases import IntegrityError, Release, verify_release
from dedup.schemas import DATASETS
from dedup.settings import Settings, SourceSettings
from tests.small_release import publish as publish_tables
from tests.small_release import small_tables
from tests.test_incremental import crawl, page

CRAB = "鼋鼍蛟螭"


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_index, "BLOCK_SECTIONS", 4)
        yield


def publish(source: Path, warehouse: Path, **settings: object) -> Release:
    made = Settings(warehouse=warehouse, workers=1, **{"quality": {"enabled": False}, **settings})
    assert run(made, [SourceSettings(path=str(source))]).outcome == "published"
    return open_release(warehouse)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    own = {f"s{n % 3}/p{n:02d}.txt": page(n) for n in range(24)}
    own["s1/p07.txt"] += f"另有{CRAB}一说。\n"
    own["s2/copy01.txt"] = page(1)
    return own


@pytest.fixture(scope="module")
def first(pages: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    publish(crawl(folder / "in", pages), folder / "w")
    return folder / "w"


@pytest.fixture
def warehouse(first: Path, tmp_path: Path) -> Path:
    shutil.copytree(first, tmp_path / "w")
    return tmp_path / "w"


def counted(release: Release) -> tuple[int, int]:
    told = release.manifest["stages"]["search"]
    return int(told["blocks"]), int(told["made"])


def linked(release: Release) -> int:
    return sum(bool(file.get("shared")) for file in release.manifest["datasets"]["search"]["files"])


def test_each_block_is_a_file_of_its_own(first: Path) -> None:
    release = open_release(first)
    blocks = [set(pq.read_table(file, columns=["block"]).column(0).to_pylist()) for file in release.files("search")]
    assert len(blocks) > 4
    assert all(len(block) == 1 for block in blocks)
    assert len(set.union(*blocks)) == len(blocks)


def test_a_night_makes_the_blocks_of_changed_pages_and_links_the_others(
    warehouse: Path, pages: dict[str, str], tmp_path: Path
) -> None:
    delta = {"s1/p04.txt": page(4, "另新增就业人员1234人。\n"), "s1/new30.txt": page(30)}
    release = publish(crawl(tmp_path / "delta", delta), warehouse)
    blocks, made = counted(release)
    assert 0 < made <= 3 < blocks
    assert linked(release) == blocks - made
    assert verify_release(release) == []
    assert differences(release, publish(crawl(tmp_path / "all", pages | delta), tmp_path / "fresh")) == {}


def test_a_copy_that_stands_for_others_from_now_on_changes_no_other_block(warehouse: Path, tmp_path: Path) -> None:
    release = publish(
        crawl(tmp_path / "delta", {"s0/whole01.txt": page(1) + "请各位代表审议。谢谢大家！\n"}), warehouse
    )
    assert counted(release)[1] <= 2
    with_store = Store(release)
    try:
        found = search(with_store, "各位代表审议").places
    finally:
        with_store.close()
    heads = release.sql(
        "SELECT row_number() OVER (ORDER BY c.cluster_id) - 1 AS place, s.clean_text FROM clusters c"
        " JOIN sections s ON s.section_id = c.canonical_section ORDER BY c.cluster_id"
    ).to_pylist()
    assert found.tolist() == [row["place"] for row in heads if "请各位代表审议" in row["clean_text"]] != []


def test_nothing_of_a_forgotten_page_stays_in_a_block(warehouse: Path, pages: dict[str, str], tmp_path: Path) -> None:
    uri = open_release(warehouse).sql("SELECT uri FROM documents WHERE uri LIKE '%p07.txt'").to_pylist()[0]["uri"]
    forget(Settings(warehouse=warehouse), [Wanted("uri", uri)], later=True)
    release = publish(crawl(tmp_path / "delta", {"s0/p00.txt": pages["s0/p00.txt"]}), warehouse)
    known = set(release.arrow("search", ["piece"]).column(0).to_pylist())
    assert not known & {CRAB[:2], CRAB[1:3], CRAB[2:]}
    assert linked(release) > 4


@pytest.mark.parametrize("at_once", [1, postings.RANGE_BYTES])
def test_words_are_found_in_all_blocks(first: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(postings, "RANGE_BYTES", at_once)
    release = open_release(first)
    store = Store(release)
    try:
        assert search(store, "科学发展观").places.tolist() == list(range(release.rows("clusters")))
        (place,) = search(store, CRAB).places
        assert search(store, CRAB[0]).places.tolist() == [place]
        row = store.tables.lookup("listed").at([int(place)], ["canonical_section"]).to_pylist()[0]
        assert CRAB in store.clean_text(row["canonical_section"])
    finally:
        store.close()


def test_blocks_are_made_anew_when_the_program_makes_them_otherwise(
    warehouse: Path, pages: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dedup.engines import heritage

    other = {**heritage.room_digests(), "search": "0" * 16}
    monkeypatch.setattr(heritage, "room_digests", lambda: other)
    release = publish(crawl(tmp_path / "delta", {"s0/p00.txt": pages["s0/p00.txt"]}), warehouse)
    blocks, made = counted(release)
    assert made == blocks


def test_blocks_that_were_held_against_no_rules_are_made_and_held(
    warehouse: Path, pages: dict[str, str], tmp_path: Path
) -> None:
    source = crawl(tmp_path / "delta", {"s0/p00.txt": pages["s0/p00.txt"]})
    held = publish(source, warehouse, quality={"enabled": True})
    blocks, made = counted(held)
    assert made == blocks
    assert counted(publish(source, warehouse, quality={"enabled": True}))[1] == 0


def test_places_count_the_sections_of_the_release(first: Path) -> None:
    release = open_release(first)
    rows = release.arrow("sections", ["doc_id", "clean_text", "title"]).to_pylist()
    starts: dict[str, int] = {}
    for at, row in enumerate(rows):
        starts.setdefault(row["doc_id"], at)
    for row in release.arrow("search").filter(np.arange(release.rows("search")) % 7 == 0).to_pylist():
        places = np.cumsum(row["gaps"]) - 1
        for place in places.tolist():
            section = rows[starts[row["block"]] + place // 2]
            said = section["title"] if place % 2 else section["clean_text"]
            letters = "".join(c for c in said if c.isalnum()).lower()
            assert row["piece"] in letters


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("d_ffffffffffffffff", "政府")], "block stands in documents"),
        ([("", "政府"), ("", "政府")], "block, piece is unique"),
    ],
)
def test_an_index_that_contradicts_its_release_is_not_published(
    tmp_path: Path, rows: list[tuple[str, str]], said: str
) -> None:
    tables = small_tables()
    first = tables["documents"].column("doc_id")[0].as_py()
    made = [{"block": block or first, "piece": piece, "n_places": 1, "gaps": [1]} for block, piece in rows]
    index = pa.Table.from_pylist(made, schema=DATASETS["search"].schema)
    with pytest.raises(IntegrityError, match=said):
        publish_tables(tmp_path, {**tables, "search": index})
