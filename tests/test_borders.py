"""Borders that ids name: they stay where they are when rows come or go far from them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.releases.borders import steady_borders


def ids(n: int, seed: int) -> list[str]:
    drawn = np.random.default_rng(seed).integers(0, 1 << 62, n)
    return [f"d_{number:016x}" for number in drawn.tolist()]


def starts(keys: list[str], wanted: int) -> list[int]:
    return steady_borders(pa.array(keys, pa.string()), wanted).tolist()


@settings(max_examples=60, deadline=None)
@given(n=st.integers(0, 400), wanted=st.integers(0, 40), seed=st.integers(0, 99))
def test_a_border_is_the_smallest_of_its_neighbours(n: int, wanted: int, seed: int) -> None:
    keys = ids(n, seed)
    found = starts(keys, wanted)
    assert found[:1] == [0][:n]
    if wanted < 2 or n < 3 * wanted:
        assert len(found) <= 1
        return
    reach = 1
    while 2 * reach <= (n // wanted - 1) // 2:
        reach *= 2
    tails = [key[-8:] for key in keys]
    expected = [i for i in range(reach, n - reach) if tails[i] == min(tails[i - reach : i + reach + 1])]
    assert found == [0, *expected]


def test_parts_have_nearly_one_size_and_are_as_many_as_wanted() -> None:
    sizes = np.diff([*starts(ids(20_000, 1), 32), 20_000])
    assert 32 <= sizes.size < 64
    assert np.sum(sizes.astype(float) ** 2) / np.sum(sizes) < 1.3 * np.mean(sizes)


def test_rows_that_come_and_go_move_no_border_far_from_them() -> None:
    keys = ids(20_000, 1)
    changed = keys[:5000] + ids(150, 2) + keys[5100:]
    before, after = ({part[i] for i in starts(part, 32)} for part in (keys, changed))
    near = set(keys[4000:6100]) | set(ids(150, 2))
    assert before - near == after - near
