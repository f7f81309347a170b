"""Work beside the main thread: its result or its fault arrives, and nobody has to wait for it to leave."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from dedup.engines.beside import beside

_LEFT = """
import time
from dedup.engines.beside import beside
beside(lambda: time.sleep(600))
"""


def test_what_was_found_arrives():
    assert beside(lambda: 6 * 7).result(60) == 42


def test_a_fault_arrives_where_the_result_is_asked_for():
    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        beside(fail).result(60)


def test_it_goes_on_while_nobody_asks():
    done: list[int] = []
    found = beside(lambda: done.append(1))
    until = time.monotonic() + 60
    while not done and time.monotonic() < until:
        time.sleep(0.01)
    assert done == [1]
    assert found.result(60) is None


def test_a_process_ends_without_waiting_for_it():
    assert subprocess.run([sys.executable, "-c", _LEFT], timeout=120, check=False).returncode == 0
