"""Tombstones: they tell what was forgotten to nobody but the warehouse, and are never lost in silence."""

from __future__ import annotations

import json
import stat

import pyarrow as pa
import pytest

from dedup import schemas
from dedup.releases import TombstonesUnreadable, WarehouseError, warehouse_lock
from dedup.releases.tombstones import (
    Tombstones,
    begin_tombstones,
    load_tombstones,
    renew_tombstones,
    save_tombstones,
)
from dedup.sources.batch import Rejected, quarantine_table

KEY = bytes(range(32))


def stones(*named):
    empty = Tombstones(KEY)
    return empty.plus(empty.make(kind, text, "2031-01-01") for kind, text in named)


@pytest.mark.parametrize(
    ("uri", "forgotten"),
    [
        ("https://a.example/report/1", True),
        ("http://a.example/report/1", True),
        ("https://a.example/report/1/", True),
        ("https://a.example/report/12", False),
        ("https://a.example/report", False),
        ("https://b.example/report/1", False),
        ("a.example/report/1", False),
    ],
)
def test_a_page_is_known_by_its_uri_with_or_without_s_and_slash(uri, forgotten):
    assert stones(("uri", "https://user:word@A.example/report/1?token=x#top")).forgets(uri) is forgotten


def test_a_prefix_holds_for_pages_that_are_yet_to_come():
    some = stones(("prefix", "https://a.example/x/"), ("prefix", "crawl/2010"))
    uris = ["http://a.example/x/new", "https://a.example/y", "crawl/2010/a.txt", "crawl/2011/a.txt", "c"]
    assert [some.forgets(uri) for uri in uris] == [True, False, True, False, False]


def test_a_site_is_known_by_its_host_or_its_folder():
    some = stones(("site", "https://A.example/"), ("site", "wenku"))
    assert some.forgets("https://a.example/any?x=1", "a.example")
    assert some.forgets("crawl/wenku/a.txt", "wenku")
    assert not some.forgets("crawl/other/a.txt", "other")
    # Of what was refused only the uri is known.
    assert [some.forgets(u) for u in ("https://a.example/q", "crawl/wenku/f.jsonl#7", "crawl/x/wenku")] == [
        True,
        True,
        False,
    ]


def test_refused_records_are_known_by_name_url_or_the_uri_they_share():
    rows = [
        Rejected("crawl/a.txt", "crawl", "binary", "…"),
        Rejected("crawl/a.txt#0123456789abcdef", "crawl", "same_uri", "…"),
        Rejected("crawl/a.txt#0123456789abcdef-2", "crawl", "same_uri", "…"),
        Rejected("crawl/r.jsonl#17", "crawl", "empty", "…", {"url": "https://a.example/1"}),
        Rejected("crawl/r.jsonl#18", "crawl", "empty", "…", {"url": "https://a.example/2"}),
        Rejected("crawl/b.txt", "crawl", "binary", "…"),
    ]
    some = stones(("uri", "crawl/a.txt"), ("uri", "https://a.example/1"))
    assert some.among_refused(quarantine_table(rows)).tolist() == [True, True, True, True, False, False]
    assert some.drop_refused(quarantine_table(rows)).schema == schemas.QUARANTINE


def test_tables_are_asked_row_by_row_and_nothing_is_dropped_where_nothing_was_forgotten():
    table = pa.table({"uri": ["x/1", "x/2", "x/1"], "site": ["x", "x", "x"]})
    assert stones(("uri", "x/1")).drop_documents(table).column("uri").to_pylist() == ["x/2"]
    assert Tombstones(KEY).drop_documents(table) is table


def test_the_list_says_nothing_without_its_key(tmp_path):
    uri = "https://a.example/secret"
    with warehouse_lock(tmp_path):
        mine = begin_tombstones(tmp_path)
        save_tombstones(tmp_path, mine.plus([mine.make("uri", uri, "2031-01-01")]))
    assert load_tombstones(tmp_path).forgets(uri)
    assert not Tombstones(KEY, load_tombstones(tmp_path).stones).forgets(uri)
    assert "secret" not in (tmp_path / "forgotten" / "tombstones.json").read_text()
    for name in ("key", "tombstones.json"):
        assert stat.S_IMODE((tmp_path / "forgotten" / name).stat().st_mode) == 0o600
    with warehouse_lock(tmp_path):
        again = begin_tombstones(tmp_path)
        save_tombstones(tmp_path, again.plus([again.make("uri", uri, "2032-01-01")]))
    kept = load_tombstones(tmp_path)
    assert [s.created_at for s in kept.stones] == ["2031-01-01"]
    assert kept.version == again.version != Tombstones(KEY).version


def test_writing_needs_the_lock(tmp_path):
    with pytest.raises(WarehouseError, match="warehouse_lock"):
        save_tombstones(tmp_path, Tombstones(KEY))
    with pytest.raises(WarehouseError, match="warehouse_lock"):
        begin_tombstones(tmp_path)


@pytest.mark.parametrize("damage", ["list gone", "key gone", "key of others", "key cut", "list cut", "list of others"])
def test_lost_tombstones_stop_a_run_instead_of_bringing_pages_back(tmp_path, damage):
    with warehouse_lock(tmp_path):
        mine = begin_tombstones(tmp_path)
        save_tombstones(tmp_path, mine.plus([mine.make("uri", "a", "2031-01-01")]))
    key, file = tmp_path / "forgotten" / "key", tmp_path / "forgotten" / "tombstones.json"
    if damage == "list gone":
        file.unlink()
    elif damage == "key gone":
        key.unlink()
    elif damage == "key of others":
        key.write_text("ab" * 32)
    elif damage == "key cut":
        key.write_text("ab" * 7)
    elif damage == "list cut":
        file.write_text(file.read_text()[:50])
    else:
        file.write_text(json.dumps({"tombstones": 3}))
    with pytest.raises(TombstonesUnreadable, match="dedup forget --undo --all"):
        load_tombstones(tmp_path, expected=1)
    with warehouse_lock(tmp_path):
        save_tombstones(tmp_path, renew_tombstones(tmp_path))
    assert len(load_tombstones(tmp_path, expected=1)) == 0


def test_a_list_of_a_newer_version_is_not_guessed_at(tmp_path):
    with warehouse_lock(tmp_path):
        save_tombstones(tmp_path, begin_tombstones(tmp_path))
    file = tmp_path / "forgotten" / "tombstones.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format_version": 2}))
    with pytest.raises(TombstonesUnreadable, match="newer version"):
        load_tombstones(tmp_path)
