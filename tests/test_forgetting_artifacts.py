"""What runs left in Prefect: artifacts that name a forgotten page go, those of other pages stay."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dedup.engines.flow_records import RecordsUnreachable, forget_artifacts
from tests.command import LINDU, LINDU_COPIED, call
from tests.everything_below import places_of


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "prefect"
    folder.mkdir()
    monkeypatch.setenv("PREFECT_HOME", str(folder))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return folder


def database(folder: Path, *artifacts: tuple[str, str, object]) -> Path:
    """The tables of Prefect's database that hold artifacts, with the columns that matter here."""
    path = folder / "prefect.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE artifact (id TEXT PRIMARY KEY, key TEXT, data JSON)")
        connection.execute("CREATE TABLE artifact_collection (key TEXT UNIQUE, latest_id TEXT, data JSON)")
        connection.execute("CREATE TABLE events (id TEXT PRIMARY KEY, resource_id TEXT, payload JSON)")
        for name, key, data in artifacts:
            row = (name, key, json.dumps(data))
            connection.execute("INSERT INTO artifact VALUES (?, ?, ?)", row)
            connection.execute("INSERT OR REPLACE INTO artifact_collection VALUES (?, ?, ?)", (key, name, row[2]))
            event = (f"e{name}", f"prefect.artifact-collection.{name}", json.dumps({"data": row[2]}))
            connection.execute("INSERT INTO events VALUES (?, ?, ?)", event)
    return path


def test_artifacts_that_name_a_page_leave_no_byte_in_the_database(home):
    secret = "某县旧报告的标题"
    path = database(
        home,
        ("1", "clusters", [{"cluster": "c_1", "title": "another"}]),
        ("2", "clusters", [{"cluster": "c_2", "title": secret}]),
        ("3", "release", "# published"),
        ("4", "notes-of-others", "c_2"),
    )
    assert forget_artifacts({"c_2", "d_9", "网站/别的.html"}) == 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT id FROM artifact ORDER BY id").fetchall() == [("1",), ("3",), ("4",)]
        collections = connection.execute("SELECT key FROM artifact_collection ORDER BY key").fetchall()
    assert collections == [("notes-of-others",), ("release",)]
    assert places_of(home, [secret]) == {secret: set()}
    assert forget_artifacts({"c_2"}) == 0


def test_artifacts_are_found_by_uris_in_tables_which_are_json_inside_of_json(home):
    database(home, ("1", "quality", json.dumps([{"seen": "网站/页面.html"}])), ("2", "quality", "[]"))
    assert forget_artifacts({"网站/页面.html"}) == 1


def test_a_database_of_another_make_is_named_instead_of_passed_over(home):
    (home / "prefect.db").write_bytes(b"SQLite format 3\0 but then something else" * 40)
    with pytest.raises(RecordsUnreachable, match="may still show titles"):
        forget_artifacts({"c_1"})


def test_without_prefect_there_is_nothing_to_forget_there(home):
    home.rmdir()
    assert forget_artifacts({"c_1"}) == 0
    assert not home.exists()


@pytest.mark.slow
def test_after_real_flow_runs_neither_warehouse_nor_prefect_knows_the_page(home, tmp_path):
    title = "林渡县旧事一则"
    pages = tmp_path / "pages"
    pages.mkdir()
    body = "".join(f"<p>{line}</p>" for line in LINDU.splitlines())
    (pages / "a.html").write_text(f"<html><head><title>{title}</title></head><body>{body}</body></html>", "utf-8")
    (pages / "b.txt").write_text(LINDU_COPIED, "utf-8")
    warehouse = tmp_path / "w"
    # A process of its own, since Prefect reads its settings once.
    patient = {**os.environ, "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180"}
    command = [sys.executable, "-c", "from dedup.cli import main; main()", "run", str(pages), "-w", str(warehouse)]
    subprocess.run(command, env=patient, check=True)
    words = [title, "pages/a.html"]
    assert any("prefect.db" in place for place in places_of(home, words)[title])
    done = call("forget", "pages/a.html", "--purge", "--yes", "-w", warehouse)
    assert (done.code, "artifacts of runs" in done.out) == (0, True)
    assert places_of(tmp_path / "w", words) == {word: set() for word in words}
    assert places_of(home, words) == {word: set() for word in words}
