"""Two runs of one warehouse started at once, as processes of their own."""

from __future__ import annotations

import os
import signal
import time

from dedup.releases import list_releases, open_release, verify_release
from tests.command import call, write_pages


def test_one_of_two_runs_works_and_the_other_says_so_and_leaves(warm, tmp_path):
    config, warehouse = write_pages(tmp_path), tmp_path / "warehouse"
    arguments = ("run", "--no-prefect", "--quiet", "--config", config, "-w", warehouse)
    runs = [warm.run(*arguments) for _ in range(2)]
    codes = [run.wait() for run in runs]
    assert sorted(codes) == [0, 5]
    worker, refused = runs if codes[0] == 0 else reversed(runs)
    assert "another run is writing here" in refused.said()
    assert f"process {worker.pid} on " in refused.said()
    assert "wait for it to end, or stop it" in refused.said()
    assert len(list_releases(warehouse)) == 1
    assert verify_release(open_release(warehouse)) == []


def test_a_run_that_is_stopped_keeps_the_lock_and_one_that_is_killed_does_not(warm, tmp_path):
    config, warehouse = write_pages(tmp_path), tmp_path / "warehouse"
    arguments = ("run", "--no-prefect", "--quiet", "--config", config, "-w", warehouse)
    first = warm.run(*arguments)
    until = time.monotonic() + 60
    while not (warehouse / "staging").is_dir() and time.monotonic() < until:
        time.sleep(0.002)
    os.kill(first.pid, signal.SIGSTOP)
    refused = call(*arguments)
    assert refused.code == 5
    assert f"process {first.pid} on " in refused.err
    assert first.kill() == -signal.SIGKILL
    assert call(*arguments).code == 0
    assert [info.id for info in list_releases(warehouse)] == [open_release(warehouse).id]
