"""Records in partitions are the same whether they fit into memory or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dedup.reuse.spill import GrowingColumn, Partitions

BATCHES = [np.arange(5, dtype=np.uint32), np.zeros(0, dtype=np.uint32), np.arange(5, 12, dtype=np.uint32)]


@pytest.mark.parametrize(("room", "in_file"), [(0, True), (4, True), (7, True), (11, True), (12, False), (99, False)])
def test_a_column_goes_to_a_file_when_memory_is_full(tmp_path: Path, room: int, in_file: bool) -> None:
    column = GrowingColumn(tmp_path / "column.bin", np.uint32, room)
    for batch in BATCHES:
        column.append(batch)
    values = column.map()
    assert values.tolist() == list(range(12))
    assert (tmp_path / "column.bin").exists() == in_file
    values[3] = 77
    assert column.map()[3] == 77
    column.remove()
    assert values[11] == 11
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("room", [0, 5, 100])
def test_partitions_give_back_what_was_dealt(tmp_path: Path, room: int) -> None:
    parts = Partitions(tmp_path, "some", {"value": np.uint32}, 2, room)
    parts.append(np.array([1, 2]), value=np.array([10, 20, 21], dtype=np.uint32))
    parts.append(np.array([2, 1]), value=np.array([11, 12, 22], dtype=np.uint32))
    parts.freeze()
    assert parts.read(0, "value").tolist() == [10, 11, 12]
    assert parts.read(1, "value").tolist() == [20, 21, 22]
    results = parts.results(np.uint8)
    parts.write_results(results, 1, np.array([1, 2, 3], dtype=np.uint8))
    parts.remove_columns()
    assert results.tolist() == [0, 1, 2, 0, 0, 3]
    assert parts.extent(1) == slice(3, 6)
    parts.remove()
    assert not list(tmp_path.iterdir())
