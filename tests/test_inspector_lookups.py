"""Rows that the inspector picks, lists and counts without a database are those that a plain scan finds."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dedup
from dedup.inspector.apart import Apart
from dedup.inspector.keeping import Kept
from dedup.inspector.listing import Listing
from dedup.inspector.lookups import Lookup, ParquetLookup, open_batches, write_batches
from dedup.inspector.queries.clusters import SORTS, Filters, facets, list_clusters
from dedup.inspector.queries.searching import search
from dedup.inspector.store import Store
from dedup.inspector.tables import ORDER, Tables
from dedup.inspector.watching import Watch
from dedup.text.normalise import normalise
from tests.command import call, write_pages

IDS = [f"s_{i * 2654435761 % 2**32:016x}" for i in range(400)]


def rows_of_ids(shuffled: bool) -> pa.Table:
    """1 to 9 rows for every other id, sorted by it or not."""
    draw = random.Random(3)
    ids = [name for name in sorted(IDS)[::2] for _ in range(draw.choice((1, 1, 2, 9)))]
    if shuffled:
        draw.shuffle(ids)
    second = [f"d_{draw.randrange(1000):03}" for _ in ids]
    return pa.table({"name": [f"{i}" for i in range(len(ids))], "id": ids, "second": second})


@pytest.fixture(params=["parquet", "batches"])
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr("dedup.inspector.lookups.BATCH_ROWS", 7)

    def parquet(table: pa.Table) -> Lookup:
        half = table.num_rows // 2
        for name, part in (("a", table.slice(0, half)), ("b", table.slice(half)), ("c", table.slice(0, 0))):
            pq.write_table(part, tmp_path / f"{name}.parquet", row_group_size=11)
        return ParquetLookup([str(tmp_path / f"{name}.parquet") for name in "abc"], "id")

    def batches(table: pa.Table) -> Lookup:
        write_batches(tmp_path / "t.arrow", table.schema, iter(table.to_batches(20)), "id")
        return open_batches(tmp_path / "t.arrow", "id")

    return parquet if request.param == "parquet" else batches


@pytest.mark.parametrize("shuffled", [False, True])
def test_rows_are_found_as_a_scan_finds_them(make: object, shuffled: bool) -> None:
    table = rows_of_ids(shuffled)
    lookup = make(table)  # type: ignore[operator]
    rows = table.to_pylist()
    draw = random.Random(5)
    for n in (1, 1, 1, 2, 5, 40, 400):
        wanted = draw.sample([*IDS, "", "zz", "s_"], n)
        expected = [row for row in rows if row["id"] in wanted]
        assert lookup.find(wanted).to_pylist() == expected
        names = [{"name": row["name"]} for row in expected]
        assert lookup.find(wanted, ["name"]).to_pylist() == names
        assert lookup.find(wanted, ["name"], most=3).to_pylist() == names[:3]
        behind = [row for row in expected if row["second"] > "d_500"]
        assert lookup.find(wanted, behind=("second", "d_500"), most=4).to_pylist() == behind[:4]
        assert lookup.places(wanted[0]) == [i for i, row in enumerate(rows) if row["id"] == wanted[0]]
    assert lookup.find([]).num_rows == 0
    assert lookup.all().to_pylist() == rows


def test_rows_are_picked_by_their_places(make: object) -> None:
    table = rows_of_ids(shuffled=False)
    lookup = make(table)  # type: ignore[operator]
    draw = random.Random(7)
    for n in (0, 1, 2, 30, len(lookup)):
        places = draw.sample(range(len(lookup)), n)
        assert lookup.at(places, ["name"]).column(0).to_pylist() == [str(place) for place in places]
    assert lookup.at([4, 4]).num_rows == 2


def test_a_rank_counts_the_rows_up_to_a_key(make: object) -> None:
    table = rows_of_ids(shuffled=False)
    lookup = make(table)  # type: ignore[operator]
    keys = table.column("id").to_pylist()
    for value in ("", "zz", *IDS[:60]):
        assert lookup.rank(value) == sum(key <= value for key in keys), value


def test_row_groups_without_statistics_are_looked_through(tmp_path: Path) -> None:
    table = rows_of_ids(shuffled=False)
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=50, write_statistics=False)
    lookup = ParquetLookup([str(tmp_path / "a.parquet")], "id")
    wanted = table.column("id")[70].as_py()
    assert lookup.find([wanted]).to_pylist() == [row for row in table.to_pylist() if row["id"] == wanted]


def listed_clusters() -> pa.Table:
    draw = random.Random(11)
    n = 300
    days = [draw.choice((None, date(1999, 5, draw.randint(1, 28)), date(2004, 2, 29))) for _ in range(n)]
    return pa.table(
        {
            "cluster_id": sorted(f"c_{draw.getrandbits(64):016x}" for _ in range(n)),
            "n_sections": [draw.choice((1, 1, 2, 3, 50)) for _ in range(n)],
            "n_sources": [draw.choice((1, 2)) for _ in range(n)],
            "n_conflicts": [draw.choice((0, 0, 4)) for _ in range(n)],
            "n_repairs": [draw.choice((0, 1)) for _ in range(n)],
            "n_editions": [draw.choice((1, 2)) for _ in range(n)],
            "doubt": [draw.choice((0.0, 0.25, draw.random())) for _ in range(n)],
            "min_similarity": [draw.choice((1.0, draw.random())) for _ in range(n)],
            "kind": [draw.choice(("report", "essay")) for _ in range(n)],
            "link_rule": [draw.choice(("exact", "jaccard", "single")) for _ in range(n)],
            "status": ["auto"] * n,
            "first_release": [draw.choice(("2026-01-01.1", "2026-01-02.1")) for _ in range(n)],
            "published_at": pa.array(days, pa.date32()),
            "sources": [draw.sample(("gov", "wenku", "harbour"), draw.randint(0, 3)) for _ in range(n)],
        }
    )


FILTERS = [
    (Filters(least=1), "true"),
    (Filters(), "n_sections >= 2"),
    (Filters(least=1, source="gov"), "list_contains(sources, 'gov')"),
    (Filters(least=1, source="nobody"), "false"),
    (Filters(kind="essay", link_rule="exact"), "n_sections >= 2 AND kind = 'essay' AND link_rule = 'exact'"),
    (Filters(least=1, kind="poem"), "false"),
    (Filters(least=1, relation="variant"), "n_editions > 1"),
    (Filters(least=1, relation="conflict"), "n_conflicts > 0"),
    (Filters(least=1, relation="repaired", status="auto"), "n_repairs > 0"),
    (Filters(least=1, first_release="2026-01-02.1"), "first_release = '2026-01-02.1'"),
    (Filters(least=1, until="2003-12-31"), "published_at <= DATE '2003-12-31'"),
    (Filters(least=1, since="2004-02-29"), "published_at >= DATE '2004-02-29'"),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "condition"), FILTERS)
def test_lists_hold_what_a_query_finds_in_its_order(filters: Filters, condition: str) -> None:
    table = listed_clusters()
    listing = Listing(table.slice(start, 70) for start in range(0, table.num_rows, 70))
    mask = filters.mask(listing)
    connection = duckdb.connect()
    connection.register("listed", table)
    found = connection.sql(f"SELECT cluster_id FROM listed WHERE {condition}").fetchall()
    assert int(mask.sum()) == len(found)
    ids = table.column("cluster_id").to_pylist()
    for column, down in SORTS.values():
        order = f"{column} {'DESC' if down else 'ASC'}, cluster_id"
        rows = connection.sql(f"SELECT cluster_id FROM listed WHERE {condition} ORDER BY {order}").fetchall()
        by = "" if column == "cluster_id" else column
        assert [ids[place] for place in listing.first(by, down, mask, 300)] == [row[0] for row in rows]
        assert [ids[place] for place in listing.first(by, down, mask, 5)] == [row[0] for row in rows[:5]]
    for name in ("kind", "link_rule", "sources"):
        value = "unnest(sources)" if name == "sources" else name
        counted = connection.sql(
            f"SELECT v, count(*) FROM (SELECT {value} AS v FROM listed WHERE {condition}) GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        assert listing.count_values(name, np.flatnonzero(mask)) == counted


def test_a_listing_of_nothing_is_empty() -> None:
    listing = Listing([])
    assert listing.n == 0
    assert listing.first("doubt", True, Filters().mask(listing), 10).tolist() == []
    assert listing.count_values("kind", np.zeros(0, dtype=np.int64)) == []


def test_a_server_that_is_asked_to_end_leaves_nothing_behind(warehouse: Path, tmp_path: Path) -> None:
    code = "from dedup.cli import main; main()"
    command = [sys.executable, "-c", code, "inspect", "--no-browser", "--read-only", "-w", str(warehouse)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    try:
        assert run.stdout is not None
        address = run.stdout.readline().strip()
        with urllib.request.urlopen(f"{address}clusters", timeout=60) as answer:
            assert answer.status == 200
        assert list(tmp_path.glob("dedup-inspect-*"))
        run.terminate()
        assert run.wait(60) == 0
    finally:
        run.kill()
        run.communicate()
    assert not list(tmp_path.glob("dedup-inspect-*"))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lookups")
    config = write_pages(folder / "pages")
    done = call("run", "--no-prefect", "-q", "-w", folder / "w", "-c", config)
    assert done.code == 0, done.err
    return folder / "w"


def test_words_are_found_where_texts_and_titles_hold_their_pieces(warehouse: Path) -> None:
    store = Store(dedup.open_release(warehouse))
    try:
        texts = store.rows(
            "SELECT c.cluster_id, s.clean_text, list(t.title) AS titles FROM clusters c"
            " JOIN sections s ON s.section_id = c.canonical_section JOIN membership m USING (cluster_id)"
            " JOIN sections t ON t.section_id = m.section_id GROUP BY ALL ORDER BY c.cluster_id"
        )
        for words in ("蔬菜", "菜", "政府 工作", "1", "万吨", "龘", "粮食总产量", "herring the"):
            pieces = {
                part[i : i + 2] for word in words.split() for part in [normalise(word)] for i in range(len(part) - 1)
            } or set(words)
            expected = [
                place
                for place, row in enumerate(texts)
                if all(any(p in normalise(t) for t in (row["clean_text"], *row["titles"])) for p in pieces)
            ]
            assert search(store, words).places.tolist() == expected, words
    finally:
        store.close()


def test_a_page_of_the_list_goes_on_behind_the_last_row(warehouse: Path) -> None:
    store = Store(dedup.open_release(warehouse))
    try:
        for sort in SORTS:
            whole = [row["cluster_id"] for row in list_clusters(store, Filters(least=1), sort).rows]
            seen, after = [], ""
            while True:
                page = list_clusters(store, Filters(least=1), sort, after, 1)
                seen += [row["cluster_id"] for row in page.rows]
                if not (after := page.after):
                    break
            assert seen == whole
            assert len(set(seen)) == store.count("clusters")
        assert sum(n for _, n in facets(store, Filters(least=1))["kind"]) == store.count("clusters")
    finally:
        store.close()


def everything(tables: Tables) -> dict[str, list[dict[str, object]]]:
    tables.need(*ORDER)
    found = {
        name: tables.lookup(name).all().to_pylist() for name in ("places", "pages", "members", "listed", "families")
    }
    found["fact_keys"] = pq.read_table(tables.fact_keys).to_pylist()
    found["edges"] = tables.network("source").edges.to_pylist()
    return found


@pytest.mark.parametrize("ended", [False, True])
def test_another_process_makes_the_same_tables(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    release = dedup.open_release(warehouse)
    files = {name: [str(path) for path in release.files(name)] for name in release.datasets}
    made = []
    for name in ("here", "apart"):
        (tmp_path / name).mkdir()
        tables = Tables(tmp_path / name, files, (0.7, 0.9))
        if name == "apart":
            monkeypatch.setattr("dedup.inspector.tables.RANGE_ROWS", 2)
            tables.apart = Apart(tables)
            if ended:
                tables.apart.stop()
        try:
            made.append(everything(tables))
        finally:
            tables.close()
    assert made[0] == made[1]
    assert made[0]["listed"]


def test_the_least_used_result_goes_when_room_is_short() -> None:
    kept = Kept(250)
    made: list[str] = []

    def get(name: str) -> object:
        return kept.get(name, lambda: made.append(name) or np.zeros(100, dtype=np.uint8))  # type: ignore[func-returns-value]

    for name in ("a", "b", "a", "c", "a", "b"):
        get(name)
    assert made == ["a", "b", "c", "b"]
    kept.get("large", lambda: np.zeros(1000, dtype=np.uint8))
    get("b")
    assert made == ["a", "b", "c", "b"], "what is too large drives nothing out"


def test_a_result_is_made_once_and_a_failure_is_not_kept() -> None:
    kept = Kept(None)
    calls: list[int] = []
    started = threading.Barrier(4)

    def make() -> int:
        calls.append(1)
        time.sleep(0.05)
        return 7

    def ask() -> None:
        started.wait()
        assert kept.get("x", make) == 7

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1

    def fail() -> int:
        raise ValueError("not now")

    with pytest.raises(ValueError, match="not now"):
        kept.get("y", fail)
    assert kept.get("y", make) == 7


def test_only_what_does_not_end_in_time_is_called_back() -> None:
    watch = Watch()
    late = threading.Event()
    called: list[str] = []
    quick = watch.begin(0.05, lambda: called.append("quick"))
    watch.end(quick)
    slow = watch.begin(0.05, lambda: (called.append("slow"), late.set()))
    assert late.wait(10)
    watch.end(slow)
    watch.close()
    assert called == ["slow"]
