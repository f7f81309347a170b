"""Readers beside a writer: whatever is published meanwhile, they see one whole release and never an elder one again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import dedup
from dedup.releases import open_release, verify_release
from tests.small_release import publish, small_tables

ROOT = Path(__file__).resolve().parents[1]
WRITER = (
    "import sys; from pathlib import Path; from tests.test_readers import publish_nights\n"
    "publish_nights(Path(sys.argv[1]), int(sys.argv[2]))"
)
#: Seconds between two readings, so that the writer comes to its turn.
PAUSE = 0.05
#: What a reader found: the words of all rows of two datasets.
Words = Iterator[tuple[list[str], list[str]]]


def publish_nights(warehouse: Path, nights: int) -> None:
    """Publish releases whose rows all say which one they belong to."""
    tables = small_tables()
    for night in range(nights):
        named = {
            name: _said(tables[name], column, night) for name, column in (("records", "reason"), ("reports", "title"))
        }
        publish(warehouse, {"documents": tables["documents"], **named})


def _said(table: pa.Table, column: str, night: int) -> pa.Table:
    place = table.schema.get_field_index(column)
    return table.set_column(place, table.schema.field(place), pa.array([f"night {night:03d}"] * table.num_rows))


def by_open_release(warehouse: Path) -> Words:
    while True:
        release = dedup.open_release(warehouse)
        yield release.pandas("records")["reason"].tolist(), release.arrow("reports")["title"].to_pylist()


def by_sql(warehouse: Path) -> Words:
    while True:
        release = dedup.open_release(warehouse)
        answer = release.sql("select list(reason) as words, (select list(title) from reports) as titles from records")
        row = answer.to_pylist()[0]
        yield row["words"], row["titles"]


def by_pandas(warehouse: Path) -> Words:
    while True:
        folder = warehouse / json.loads((warehouse / "latest.json").read_text("utf-8"))["path"]
        yield (
            pd.read_parquet(folder / "records")["reason"].tolist(),
            pd.read_parquet(folder / "reports")["title"].tolist(),
        )


def by_polars(warehouse: Path) -> Words:
    while True:
        release = dedup.open_release(warehouse)
        records, reports = (pl.scan_parquet(release.files(name)) for name in ("records", "reports"))
        yield records.collect()["reason"].to_list(), reports.collect()["title"].to_list()


def by_views(warehouse: Path) -> Words:
    while True:
        with duckdb.connect() as connection:
            connection.execute((warehouse / "views.sql").read_text("utf-8"))
            words, titles = (
                [row[0] for row in connection.execute(query).fetchall()]
                for query in ("select reason from records", "select title from reports")
            )
        yield words, titles


def read_beside_a_writer(warehouse: Path, nights: int) -> dict[str, list[str]]:
    """Read in all ways while so many releases are published; the release that each reading saw, in order."""
    publish_nights(warehouse, 1)
    ways: list[Callable[[Path], Words]] = [by_open_release, by_sql, by_pandas, by_polars, by_views]
    seen: dict[str, list[str]] = {way.__name__: [] for way in ways}
    failures: list[str] = []
    command = [sys.executable, "-c", WRITER, str(warehouse), str(nights)]
    with subprocess.Popen(command, cwd=ROOT) as writer:

        def read(way: Callable[[Path], Words]) -> None:
            try:
                for words, titles in way(warehouse):
                    last = writer.poll() is not None
                    if (len(words), len(titles), len({*words, *titles})) != (3, 2, 1):
                        failures.append(f"{way.__name__}: {words} {titles}")
                    seen[way.__name__].append(words[0])
                    if last:
                        return
                    time.sleep(PAUSE)
            except Exception as error:
                failures.append(f"{way.__name__}: {error!r}")

        readers = [Thread(target=read, args=(way,)) for way in ways]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    assert writer.returncode == 0
    assert failures == []
    return seen


def check(warehouse: Path, seen: dict[str, list[str]], nights: int) -> None:
    assert verify_release(open_release(warehouse)) == []
    for way, words in seen.items():
        # The first release stands once more among those that the writer makes.
        later = words[words.index("night 001") :] if "night 001" in words else words
        assert later == sorted(later), way
        assert words[-1] == f"night {nights - 1:03d}", way
    assert len({word for words in seen.values() for word in words}) >= min(20, nights // 2)


def test_readers_of_every_documented_way_see_one_whole_release(tmp_path):
    check(tmp_path, read_beside_a_writer(tmp_path, 8), 8)


@pytest.mark.slow
def test_readers_beside_a_hundred_publications(tmp_path):
    check(tmp_path, read_beside_a_writer(tmp_path, 100), 100)
