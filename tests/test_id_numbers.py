"""Ids read as numbers say of keys and references what DuckDB says."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.id_numbers import read_ids
from dedup.quality.frames import identifying_columns
from dedup.quality.querying import Query
from dedup.quality.suites import STAND_IN, UNIQUE_KEY

ids = st.sampled_from([f"s_{i:016x}" for i in (0, 1, 15, 2**32, 2**63, 2**64 - 1)])
#: What is no id, or one of another kind.
others = st.sampled_from(
    ["s_000000000000000A", "s_0", "", "d_0000000000000001", "s_00000000000000011", "s年0000000000000"]
)
columns = st.one_of(
    st.lists(st.lists(ids, max_size=5), max_size=4),
    st.lists(st.lists(st.one_of(ids, others, st.none()), max_size=5), max_size=4),
)


def chunked(parts: list[list[str | None]]) -> pa.ChunkedArray:
    """Return a column in chunks, each of them a slice of something longer."""
    chunks = [pa.array(["d_ffffffffffffffff", *part, "x"], pa.string()).slice(1, len(part)) for part in parts]
    return pa.chunked_array(chunks, pa.string())


def with_key(dataset: str, name: str, column: Any) -> pa.Table:
    """Return a table with a column, and nothing in those that name its rows."""
    return pa.table({key: pa.nulls(len(column), pa.string()) for key in identifying_columns(dataset)} | {name: column})


def rule(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "severity": "critical", "meta": {"rule": "mine", "why": ""}}


@given(columns, columns)
@settings(max_examples=150, deadline=None)
def test_keys_and_references_hold_exactly_when_they_do_among_the_strings(mine, theirs):
    column, target = chunked(mine), chunked(theirs)
    nothing = pa.nulls(len(column), pa.string())
    values = [value for value in column.to_pylist() if value is not None]
    listed = pa.array([[value] for value in column.to_pylist()], pa.list_(pa.string()))
    with Query(threads=1) as query:
        query.show("sections", pa.table({"section_id": target, "source": pa.nulls(len(target), pa.string())}))
        query.show("passages", with_key("passages", "section_id", column))
        query.show("checks", with_key("checks", "observation_ids", listed))
        unique = query.across("sections", rule(UNIQUE_KEY, columns=["section_id"]))
        place = {"dataset": "sections", "target_column": "section_id"}
        there = query.across("passages", rule(STAND_IN, column="section_id", **place))
        each_there = query.across("checks", rule(STAND_IN, column="observation_ids", **place))
        if not target.null_count:
            assert unique.holds == (len(set(target.to_pylist())) == len(target))
        assert there.holds == (set(values) <= set(target.to_pylist()))
        assert each_there.holds == there.holds
        # What is shown instead counts from then on.
        query.show("sections", pa.table({"section_id": column, "source": nothing}))
        assert query.across("passages", rule(STAND_IN, column="section_id", **place)).holds


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_ids_are_the_numbers_they_spell(numbers):
    read = read_ids(chunked([[f"c_{number:016x}" for number in numbers]]))
    assert read is not None
    assert read.numbers.tolist() == sorted(numbers)
    assert read.letter == (b"c_" if numbers else b"")
