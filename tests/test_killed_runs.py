"""kill -9 at random moments of a loop of runs: the last release stays whole, the next run completes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dedup.releases import Release, open_release, verify_release, warehouse_lock
from tests.command import KANGYUAN, LINDU, write_pages
from tests.compared_rows import differences
from tests.warm_process import WITH_WORKERS, Started, WarmProcess

#: Set it to the number that a failing test printed, to have the same pages and moments again.
SEED = int(os.environ.get("DEDUP_KILL_SEED", random.SystemRandom().randrange(10**6)))
#: Every finished stage is kept, also those that take no time.
KEEPING = "from dedup.engines import checkpoints; checkpoints.WORTH_S = 0"


class Nightly:
    """A crawl that changes every night, the warehouse that its runs publish to, and a twin that nobody disturbs."""

    def __init__(self, folder: Path, warm: WarmProcess, seed: int, quality: bool = False) -> None:
        self.config = write_pages(folder)
        if quality:
            self.config.write_text(self.config.read_text("utf-8").replace("enabled = false", "enabled = true"), "utf-8")
        self.folder = folder
        self.warm = warm
        self.random = random.Random(seed)
        self.warehouse, self.twin = folder / "warehouse", folder / "twin"
        self.seconds = 0.0
        self.taken_up = 0

    def crawl(self) -> None:
        """Change one page or find a new one: a report of its own, or a copy with another figure."""
        number = self.random.randrange(12)
        text = self.random.choice([LINDU, KANGYUAN])
        figure = f"{self.random.randrange(100, 9999)}公里"
        text = text.replace("126公里", figure).replace("58个", f"{self.random.randrange(20, 99)}个")
        if self.random.random() < 0.5:
            text += f"全年共办理实事{self.random.randrange(5, 50)}件，满意率达到{self.random.randrange(80, 99)}%。\n"
        (self.folder / "share" / f"page{number}.txt").write_text(text, encoding="utf-8")

    def start(self, warehouse: Path, **changes: str) -> Started:
        return self.warm.run("run", "--no-prefect", "--quiet", "--config", self.config, "-w", warehouse, **changes)

    def finish(self, warehouse: Path) -> Release:
        begun = time.monotonic()
        run = self.start(warehouse)
        assert run.wait() == 0, run.said()
        self.seconds = self.seconds or time.monotonic() - begun
        return open_release(warehouse)

    def check(self, before: str | None, night: str) -> str:
        """Check what readers have now, against an undisturbed run when it is new; its id."""
        release = open_release(self.warehouse)
        assert verify_release(release) == [], night
        # What was finished but for the pointer is published by the next run, before it begins.
        with warehouse_lock(self.warehouse):
            recovered = open_release(self.warehouse)
        if recovered.id != release.id:
            release = recovered
            assert verify_release(release) == [], night
        if release.id != before:
            assert differences(release, self.finish(self.twin)) == [], night
        return release.id


def kill_in_a_loop(nightly: Nightly, kills: int) -> int:
    """Kill that many runs; how many had published before they died."""
    latest = nightly.check(None, "first") if nightly.finish(nightly.warehouse) else None
    published = 0
    for number in range(kills):
        # Where the crawl is as it was, the run takes up what the one before had finished.
        if number % 3 == 0:
            nightly.crawl()
        moment = nightly.random.uniform(0, 1.1 * nightly.seconds)
        run = nightly.start(nightly.warehouse, code=KEEPING if number % 2 else f"{KEEPING}; {WITH_WORKERS}")
        time.sleep(moment)
        code = run.kill()
        night = f"night {number}, killed after {moment:.3f} s with exit code {code}: {run.said()}"
        assert code in (-9, 0), night
        before, latest = latest, nightly.check(latest, night)
        published += latest != before
        # Runs take longer on a busy machine: about a quarter of them shall come as far as to publish.
        nightly.seconds *= 1.05 if latest == before else 0.9
    nightly.crawl()
    assert nightly.finish(nightly.warehouse).id != latest
    nightly.check(latest, "last")
    rows = open_release(nightly.warehouse).sql("select count(*) as n from runs where stage = 'taken_up'")
    nightly.taken_up = rows["n"].to_pylist()[0]
    assert len(list((nightly.warehouse / "releases").iterdir())) == published + 2
    assert list((nightly.warehouse / "staging").iterdir()) == []
    assert not list(nightly.warehouse.glob(".*.tmp"))
    return published


def test_ten_runs_killed_at_random_moments_lose_and_double_nothing(warm, tmp_path):
    print(f"DEDUP_KILL_SEED={SEED}")  # noqa: T201 - shown beside a failure
    kill_in_a_loop(Nightly(tmp_path, warm, SEED), 10)


@pytest.mark.slow
@pytest.mark.parametrize("quality", [False, True])
def test_two_hundred_runs_killed_at_random_moments_lose_and_double_nothing(warm, tmp_path, quality):
    print(f"DEDUP_KILL_SEED={SEED}")  # noqa: T201 - shown beside a failure
    nightly = Nightly(tmp_path, warm, SEED, quality)
    published = kill_in_a_loop(nightly, 50 if quality else 150)
    assert 0 < published < 150
    assert nightly.taken_up


@pytest.mark.slow
def test_runs_that_start_cold_are_killed_too(warm, tmp_path):
    """Also while Python imports, and while kernels are compiled or read back."""
    print(f"DEDUP_KILL_SEED={SEED}")  # noqa: T201 - shown beside a failure
    nightly = Nightly(tmp_path, warm, SEED)
    latest = nightly.check(None, "first") if nightly.finish(nightly.warehouse) else None
    start = [sys.executable, "-c", "from dedup.cli import main; main()"]
    command = [*start, "run", "--no-prefect", "--quiet", "--config", nightly.config, "-w", nightly.warehouse]
    for number in range(10):
        nightly.crawl()
        with subprocess.Popen(command, cwd=tmp_path, start_new_session=True) as process:
            moment = nightly.random.uniform(0, 8)
            time.sleep(moment)
            os.killpg(process.pid, signal.SIGKILL)
        latest = nightly.check(latest, f"night {number}, killed after {moment:.3f} s")
    nightly.crawl()
    nightly.finish(nightly.warehouse)
    nightly.check(latest, "last")
