"""Observations of the last release take the place that they would have if they had been read just now."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup import schemas
from dedup.engines.stated_before import StatedBefore, in_order

places = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12)


def observations(of: list[tuple[int, int]]) -> pa.Table:
    """Return observations of sections at places, each with an id of its own."""
    n = len(of)
    told = {
        "observation_id": [f"o_{i * 7 % 13:02d}" for i in range(n)],
        "section_id": [f"s_{section}" for section, _ in of],
        "value_start": [place for _, place in of],
        "cluster_id": ["c_before"] * n,
        "flags": [["copies_differ: 1 here, 2 in 1 copy (±0)"]] * n,
    }
    columns = {}
    for field in schemas.OBSERVATIONS:
        plain = None if field.nullable else "" if field.type == pa.string() else 0
        columns[field.name] = pa.array(told.get(field.name, [plain] * n)).cast(field.type)
    return pa.table(columns, schema=schemas.OBSERVATIONS)


@given(places, st.randoms(use_true_random=False))
def test_the_order_of_observations_is_that_of_their_places_however_they_come(of, random):
    table = observations(of)
    mixed = list(range(len(of)))
    random.shuffle(mixed)
    section = np.array([s for s, _ in of], dtype=np.int64)
    expected = in_order(table, section)
    assert in_order(table.take(pa.array(mixed, pa.int64())), section[mixed]).equals(expected)
    told = (expected.column(name).to_pylist() for name in ("section_id", "value_start", "observation_id"))
    keys = list(zip(*told, strict=True))
    assert keys == sorted(keys)


@given(places)
def test_sections_keep_what_they_state_and_take_the_cluster_they_are_in_now(of):
    ids = pa.array(["s_3", "s_1", "s_0", "s_2"])
    rows = np.array([2, 0], dtype=np.int64)
    table = observations(of)
    found = StatedBefore(table, ids).of(rows, pa.array(["c_now", "c_other"]), pa.array([True, False]))
    mine = [i for row in rows for i, (section, _) in enumerate(of) if f"s_{section}" == ids[row].as_py()]
    ids_before = table.column("observation_id").to_pylist()
    assert found.column("observation_id").to_pylist() == [ids_before[i] for i in mine]
    now = {"s_0": ("c_now", True), "s_3": ("c_other", False)}
    told = zip(*(found.column(n).to_pylist() for n in ("cluster_id", "is_canonical")), strict=True)
    assert list(told) == [now[s] for s in found.column("section_id").to_pylist()]
    assert found.column("flags").to_pylist() == [[]] * len(mine)
