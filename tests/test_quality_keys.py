"""Keys of several columns: whether one repeats is the same question however its rows are ordered and cut."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.quality.querying import Query

ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["", "区", "区长", "z"])), max_size=8)


@settings(max_examples=80, deadline=None)
@given(rows=ROWS, ordered=st.booleans(), cuts=st.integers(1, 3))
def test_a_key_of_two_columns_that_repeats_is_found(rows: list[tuple[str, str]], ordered: bool, cuts: int) -> None:
    if ordered:
        rows = sorted(rows, key=lambda row: [part.encode() for part in row])
    parts = [rows[at : at + cuts] for at in range(0, len(rows), cuts)]
    schema = pa.schema([("block", pa.string()), ("piece", pa.string())])
    tables = [pa.table(dict(zip(schema.names, zip(*part, strict=True), strict=True)), schema) for part in parts]
    table = pa.concat_tables([schema.empty_table(), *tables])
    rule = {
        "type": "expect_key_to_be_unique",
        "kwargs": {"columns": ["block", "piece"]},
        "severity": "critical",
        "meta": {"rule": "search.key.unique"},
    }
    with Query(memory_limit="200MB", threads=1) as queries:
        queries.show("search", table)
        outcome = queries.across("search", rule)
    assert outcome.holds == (len(set(rows)) == len(rows))
