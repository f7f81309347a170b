"""What people decide is kept: who, when, why, what it replaced; taken back, carried over, forgotten."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module
from multiprocessing import get_context

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.schema import CreateTable

from dedup.decisions import (
    DECISIONS,
    DecisionError,
    StoreError,
    UnknownDecision,
    has_store,
    open_store,
    open_store_at,
)
from dedup.decisions.database import metadata
from dedup.settings import Settings

A, B, C = (letter * 32 for letter in "abc")


@pytest.fixture
def store(tmp_path):
    with open_store(Settings(warehouse=tmp_path)) as opened:
        yield opened


def kinds(store) -> list[tuple[str, str, str]]:
    return [(d.kind, d.key_a, d.key_b) for d in store.in_force()]


def test_a_warehouse_has_no_store_until_something_is_decided(tmp_path):
    configured = Settings(warehouse=tmp_path / "new")
    assert not has_store(configured)
    open_store(configured).close()
    assert has_store(configured)
    assert has_store(Settings(warehouse=tmp_path / "other", decisions={"url": "sqlite://"}))


def test_a_decision_says_who_when_and_why(store):
    before = datetime.now(UTC)
    made = store.record("same", B, A, note=" one report ", who="Li  Na", sections=("s_b", "s_a"), release_id="r")
    (row,) = store.current().to_pylist()
    assert store.current().schema == DECISIONS
    assert (row["key_a"], row["key_b"]) == (A, B)
    assert (row["section_a"], row["section_b"]) == ("s_a", "s_b")
    assert (row["who"], row["note"], row["release_id"], row["replaces"]) == ("Li Na", "one report", "r", "")
    assert before <= row["decided_at"] <= datetime.now(UTC)
    assert made.by == f"decided by Li Na on {row['decided_at'].date()}"


def test_a_newer_decision_about_the_same_pair_replaces_the_older_one_in_either_order(store):
    first = store.record("same", A, B, who="x")
    second = store.record("not_same", B, A, who="y")
    assert second.replaces == first.decision_id
    assert kinds(store) == [("not_same", A, B)]
    assert [d.kind for d in store.rows()] == ["same", "not_same"]


def test_kinds_about_one_text_stand_side_by_side(store):
    for kind in ("split", "canonical", "boilerplate"):
        store.record(kind, A, who="x")
    store.record("same", A, B, who="x")
    assert len(kinds(store)) == 4


def test_an_undo_brings_back_what_was_replaced_and_may_itself_be_undone(store):
    store.record("same", A, B, who="x")
    second = store.record("not_same", A, B, who="x")
    undone = store.undo(second.decision_id[:8], "y", "looked again")
    assert kinds(store) == [("same", A, B)]
    with pytest.raises(DecisionError, match="already taken back"):
        store.undo(second.decision_id, "y")
    store.undo(undone.decision_id, "y")
    assert kinds(store) == [("not_same", A, B)]
    assert [d.kind for d in store.rows()] == ["same", "not_same", "undo", "undo"]


@pytest.mark.parametrize(
    ("kind", "a", "b", "who", "says"),
    [
        ("same", A, A, "x", "exact copies"),
        ("same", A, None, "x", "two texts"),
        ("split", A, B, "x", "one text"),
        ("likely", A, B, "x", "no decision"),
        ("split", "x_0123456789abcdef", None, "x", "boilerplate only"),
        ("same", A, B, " ", "somebody"),
        ("same", "", B, "x", "content hash"),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_recorded(store, kind, a, b, who, says):
    with pytest.raises(DecisionError, match=says):
        store.record(kind, a, b, who=who)
    assert store.rows() == []


def test_ids_must_be_there_and_be_long_enough(store):
    with pytest.raises(UnknownDecision, match="no decision g_00"):
        store.undo("g_00", "x")
    with pytest.raises(UnknownDecision, match="is no id"):
        store.undo("%", "x")
    store.record("split", A, who="x")
    store.record("split", B, who="x")
    with pytest.raises(UnknownDecision, match="several"):
        store.undo("g_", "x")


def test_the_order_is_that_of_writing_also_when_the_clock_goes_backwards(tmp_path):
    moments = iter([datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=n) for n in range(4)])
    with open_store_at(f"sqlite:///{tmp_path / 'd.sqlite'}", lambda: next(moments)) as store:
        store.record("same", A, B, who="x")
        store.record("not_same", A, B, who="x")
        assert kinds(store) == [("not_same", A, B)]


def test_the_version_changes_with_what_is_in_force_only(store):
    assert store.version() == ""
    first = store.record("same", A, B, who="x")
    version = store.version()
    assert len(version) == 16
    second = store.record("split", C, who="x")
    assert store.version() != version
    store.undo(second.decision_id, "x")
    assert store.version() == version
    store.undo(first.decision_id, "x")
    assert store.version() == ""


def test_a_file_carries_decisions_to_another_store_once(store, tmp_path):
    store.record("same", A, B, who="x", note="好")
    undone = store.record("split", C, who="x")
    store.undo(undone.decision_id, "y")
    assert store.export_parquet(tmp_path / "out" / "d.parquet") == 3
    with open_store_at(f"sqlite:///{tmp_path / 'other.sqlite'}") as other:
        other.record("canonical", B, who="z")
        assert other.import_parquet(tmp_path / "out" / "d.parquet") == 3
        assert other.import_parquet(tmp_path / "out" / "d.parquet") == 0
        assert set(kinds(other)) == {("same", A, B), ("canonical", B, "")}
        assert other.history().num_rows == 4


def test_a_file_that_was_altered_is_refused_whole(store, tmp_path):
    store.record("same", A, B, who="x")
    store.export_parquet(tmp_path / "d.parquet")
    table = pq.read_table(tmp_path / "d.parquet")
    forged = table.set_column(table.schema.get_field_index("who"), table.schema.field("who"), [["somebody else"]])
    pq.write_table(forged, tmp_path / "d.parquet")
    with open_store_at(f"sqlite:///{tmp_path / 'other.sqlite'}") as other:
        with pytest.raises(DecisionError, match="altered"):
            other.import_parquet(tmp_path / "d.parquet")
        assert other.rows() == []
    (tmp_path / "d.parquet").write_bytes(b"no Parquet")
    with pytest.raises(DecisionError, match="no file that"):
        store.import_parquet(tmp_path / "d.parquet")


def test_forgetting_a_text_leaves_no_byte_of_what_was_said_about_it(store, tmp_path):
    store.record("same", A, B, who="x", note="names Zhang San of no village")
    undone = store.record("split", A, who="x", note="the secret page")
    store.undo(undone.decision_id, "x", "no secret after all")
    store.record("split", C, who="x", note="stays")
    assert store.forget([A]) == 3
    assert kinds(store) == [("split", C, "")]
    held = b"".join(path.read_bytes() for path in tmp_path.glob("decisions.sqlite*"))
    assert b"stays" in held
    for gone in (b"Zhang San", b"secret", A.encode()):
        assert gone not in held
    assert store.forget([A]) == 0


def test_sections_lend_their_keys_when_they_are_forgotten(store):
    store.record("same", A, B, who="x", sections=("s_1", "s_2"))
    store.record("split", A, who="x")
    store.record("split", C, who="x", sections=("s_3", ""))
    assert store.delete_all_about(["s_1"]) == 2
    assert kinds(store) == [("split", C, "")]


def record_many(url: str, start: int) -> int:
    with open_store_at(url) as store:
        for i in range(8):
            store.record("same", A, f"{start + i:032x}", who=f"writer {start}")
            store.record("not_same", A, B, who=f"writer {start}")
    return start


def test_two_writers_at_once_lose_nothing_and_know_what_they_replace(tmp_path):
    url = f"sqlite:///{tmp_path / 'd.sqlite'}"
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(record_many, [url, url], [1, 100]))
    context = get_context("spawn")
    with context.Pool(2) as processes:
        processes.starmap(record_many, [(url, 200), (url, 300)])
    with open_store_at(url) as store:
        rows = store.rows()
        chain = [d for d in rows if d.kind == "not_same"]
    assert len(rows) == 64
    assert [d.replaces for d in chain] == ["", *(d.decision_id for d in chain[:-1])]


def test_addresses_that_lead_nowhere_are_explained_without_their_password(tmp_path):
    with pytest.raises(StoreError, match="no address"):
        open_store_at("decisions")
    with pytest.raises(StoreError, match=r"driver is not installed") as found:
        open_store_at("mysql+mysqldb://me:geheim@db.example/x")
    assert "geheim" not in str(found.value)
    (tmp_path / "decisions.sqlite").write_bytes(b"x" * 4096)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(Settings(warehouse=tmp_path))


def test_a_store_of_a_newer_version_is_left_alone(tmp_path):
    open_store(Settings(warehouse=tmp_path)).close()
    with sqlite3.connect(tmp_path / "decisions.sqlite") as connection:
        connection.execute("INSERT INTO schema_versions VALUES (99, 0)")
    with pytest.raises(StoreError, match="newer version"):
        open_store(Settings(warehouse=tmp_path))


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "mssql", "oracle"])
def test_the_tables_can_be_made_on_the_servers_that_teams_run(dialect):
    made = import_module(f"sqlalchemy.dialects.{dialect}").dialect()
    for table in metadata.sorted_tables:
        assert f"CREATE TABLE {table.name}" in str(CreateTable(table).compile(dialect=made))
        assert all(len(name) <= 30 for name in (table.name, *table.columns.keys())), "short enough for every server"


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["same", "not_same", "unsure"]), st.sampled_from([(A, B), (B, C), (C, A)])),
        st.tuples(st.sampled_from(["split", "canonical"]), st.sampled_from([(A,), (B,)])),
        st.tuples(st.just("undo"), st.tuples(st.integers(0, 30))),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(steps)
def test_what_is_in_force_is_what_replaying_the_history_on_paper_gives(steps):
    """A stack for each subject: a decision lies on top, an undo takes it away, wherever in the stack it lies."""
    with open_store_at("sqlite://") as store:
        stacks: dict[str, list[str]] = {}
        made = []
        for kind, arguments in steps:
            if kind != "undo":
                decision = store.record(kind, *arguments, who="x")
                made.append(decision)
                stacks.setdefault(decision.subject, []).append(decision.decision_id)
            elif made:
                target = made.pop(arguments[0] % len(made))
                store.undo(target.decision_id, "x")
                stacks[target.subject].remove(target.decision_id)
        expected = {stack[-1] for stack in stacks.values() if stack}
        assert {d.decision_id for d in store.in_force()} == expected
        assert {d.decision_id for s in stacks for d in store.about([s.split(":")[1]])} <= expected
