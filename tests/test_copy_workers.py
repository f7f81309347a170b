"""Comparing copies in worker processes gives what comparing them here gives."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from dedup.clusters.copies import Group, examine_groups
from dedup.processes import WorkerLost, map_in_processes


def test_processes_and_order_change_nothing() -> None:
    good = "理顺政府与市场、社会的关系，增长{}%。"
    tasks = [
        [
            Group(
                [good.format(i), good.format(i).replace("场、", "尝"), good.format(i + 1)],
                [[i], [i + 10], [i + 20]],
                True,
            )
        ]
        for i in range(6)
    ]
    here = list(map_in_processes(examine_groups, tasks, 1))
    there = list(map_in_processes(examine_groups, tasks, 2))
    assert [f.conflicts.to_pylist() for f in here] == [f.conflicts.to_pylist() for f in there]
    assert [f.repairs.to_pylist() for f in here] == [f.repairs.to_pylist() for f in there]
    assert pa.concat_tables([f.repairs for f in there]).column("row").to_pylist() == [10, 11, 12, 13, 14, 15]


def test_a_worker_that_fails_is_reported_and_leaves_nothing_running(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(map_in_processes(math.sqrt, [4.0, 9.0], 2)) == [2.0, 3.0]
    with pytest.raises(WorkerLost, match="exit code 1"):
        list(map_in_processes(math.sqrt, [4.0, -1.0], 2))
    assert "ValueError" in capfd.readouterr().err
