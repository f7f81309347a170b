"""What nights bring: a full disk, lost permission, sources that break off, lost processes, a clock that goes back."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dedup.releases import Release, open_release, verify_release
from dedup.releases.layout import parse_release_id
from tests.command import KANGYUAN, LINDU, write_pages
from tests.warm_process import WITH_WORKERS, Started, WarmProcess, members

#: Somebody who may not write what root may; nobody on Linux.
NOBODY = 65534


class Site:
    """Pages, a warehouse, and the release that stands in it before something goes wrong."""

    def __init__(self, warm: WarmProcess, folder: Path, warehouse: Path | None = None) -> None:
        self.warm, self.folder = warm, folder
        self.config = write_pages(folder)
        self.warehouse = warehouse or folder / "warehouse"
        assert self.run() == 0
        self.before: Release
        self.note_release()

    def note_release(self) -> None:
        """Take what stands there now for what must not be lost."""
        self.before = open_release(self.warehouse)

    def start(self, code: str = "", config: Path | None = None) -> Started:
        arguments = ("--quiet", "--config", config or self.config, "-w", self.warehouse)
        return self.warm.run("run", "--no-prefect", *arguments, code=code)

    def run(self, code: str = "") -> int:
        return self.start(code).wait()

    def refused(self, run: Started) -> str:
        """Return what a run said that failed; the release before it stands as it stood."""
        assert run.wait() == 1, run.said()
        assert open_release(self.warehouse).id == self.before.id
        assert verify_release(open_release(self.warehouse)) == []
        said = run.said()
        assert "fault of dedup" not in said
        assert "Traceback" not in said
        return said

    def next_run(self) -> Release:
        """Run undisturbed; the release, whole and newer."""
        run = self.start()
        assert run.wait() == 0, run.said()
        release = open_release(self.warehouse)
        assert release.id != self.before.id
        assert verify_release(release) == []
        assert list((self.warehouse / "staging").iterdir()) == []
        return release


@pytest.fixture(scope="module")
def own_site(warm, tmp_path_factory) -> Site:
    return Site(warm, tmp_path_factory.mktemp("site"))


@pytest.fixture
def site(own_site) -> Site:
    own_site.note_release()
    return own_site


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("needs the right to mount a small file system in memory")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def leave(disk: Path, kilobytes: int) -> Path:
    """Fill a disk but for so many kilobytes."""
    state = os.statvfs(disk)
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - kilobytes * 1024)
    return filler


def test_a_disk_that_fills_up_at_any_stage_stops_the_run_with_the_way_out(warm, tmp_path, small_disk):
    site = Site(warm, tmp_path, small_disk / "warehouse")
    need = sum(f.stat().st_blocks // 2 for f in site.before.path.rglob("*") if f.is_file())
    for kilobytes in (4, need * 3 // 4):
        filler = leave(small_disk, kilobytes)
        assert "the disk is full; free some space and run again" in site.refused(site.start())
        filler.unlink()
        # What the failed run had made takes no room any more, beside what the next one may take up.
        assert not list((site.warehouse / "staging").rglob("*.parquet"))
    assert site.next_run().rows("records") == site.before.rows("records")


def test_a_limit_on_the_size_of_files_is_named(site):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"
    assert "ulimit -f" in site.refused(site.start(limit))
    site.next_run()


@pytest.fixture(scope="module")
def shared_site(warm) -> Iterator[tuple[Site, str]]:
    """Pages and a warehouse of a user whom permissions bind, and the code that makes a run theirs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = Site(warm, folder)
        theirs = ""
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
            theirs = f"import os; os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        yield site, theirs


@pytest.fixture
def bound(shared_site) -> tuple[Site, str]:
    shared_site[0].note_release()
    return shared_site


def test_a_warehouse_that_may_not_be_written_any_more(bound):
    site, theirs = bound
    for place in (site.warehouse, site.warehouse / "releases"):
        place.chmod(0o500)
        said = site.refused(site.start(theirs))
        place.chmod(0o700)
        assert "no permission to write; change the owner or mode" in said


@pytest.mark.slow
def test_permission_that_is_lost_while_a_run_is_at_work(bound):
    site, theirs = bound
    lost = (
        "import os; from dedup.engines.local import LocalRun; validate = LocalRun.validate\n"
        "def lose(run):\n"
        f"    os.chmod({str(site.warehouse / 'staging')!r}, 0o500)\n"
        "    validate(run)\n"
        "LocalRun.validate = lose\n"
    )
    said = site.refused(site.start(theirs + lost))
    assert "no permission to write" in said
    (site.warehouse / "staging").chmod(0o700)
    assert site.run(theirs) == 0
    assert verify_release(open_release(site.warehouse)) == []


def test_a_folder_that_may_not_be_entered_is_named_and_the_rest_is_read(bound):
    site, theirs = bound
    locked = site.folder / "gov" / "locked"
    locked.mkdir()
    if theirs:
        os.chown(locked, NOBODY, NOBODY)
    locked.chmod(0)
    try:
        assert site.run(theirs) == 0
    finally:
        locked.chmod(0o700)
        locked.rmdir()
    release = open_release(site.warehouse)
    assert release.rows("documents") == site.before.rows("documents")
    refused = release.arrow("quarantine", ["record_id", "rule", "reason"]).to_pylist()
    (row,) = [row for row in refused if row["record_id"].endswith("gov/locked")]
    assert row["rule"] == "unreadable"
    assert row["reason"].startswith("the folder cannot be listed: ")


def test_a_page_that_may_not_be_read_stays_published_and_is_named(bound):
    site, theirs = bound
    page = site.folder / "gov" / "kangyuan.txt"
    page.chmod(0)
    assert site.run(theirs) == 0
    page.chmod(0o600)
    release = open_release(site.warehouse)
    assert release.rows("documents") == site.before.rows("documents")
    refused = release.sql("select rule, reason from quarantine where record_id like 'gov/kangyuan.txt%'").to_pylist()
    assert [(row["rule"], "Permission denied" in row["reason"]) for row in refused] == [("unreadable", True)]


def test_a_feed_that_breaks_off_or_is_gone_loses_nothing_that_was_published(site, tmp_path):
    pytest.importorskip("fsspec")
    texts = [LINDU, KANGYUAN, LINDU.replace("126公里", "88公里")]
    records = [json.dumps({"id": f"r{i}", "text": text}, ensure_ascii=False) for i, text in enumerate(texts)]
    (tmp_path / "feed.jsonl").write_text("\n".join(records), encoding="utf-8")
    config = tmp_path / "dedup.toml"
    feed = f'[[source]]\nname = "feed"\npath = "flaky://{tmp_path}/feed.jsonl"\n[quality]\nenabled = false\n'
    config.write_text(feed, encoding="utf-8")
    for state, reasons in (("whole", []), ("half", ["reset"]), ("gone", ["refused"])):
        run = site.start(f"import tests.flaky_files as flaky; flaky.state = {state!r}", config)
        assert run.wait() == 0, run.said()
        release = open_release(site.warehouse)
        assert verify_release(release) == []
        assert release.sql("select count(*) as n from documents where source = 'feed'")["n"].to_pylist() == [3]
        found = release.sql("select reason from quarantine where source = 'feed'")["reason"].to_pylist()
        assert [word in reason for word, reason in zip(reasons, found, strict=True)] == [True] * len(found), found


def test_a_lost_worker_process_ends_the_run_and_the_next_one_completes(site):
    (site.folder / "gov" / "next.txt").write_text(LINDU.replace("126公里", "66公里"), "utf-8")
    run = site.start(WITH_WORKERS)
    until = time.monotonic() + 60
    while len(workers := members(run.pid)) < 2 and time.monotonic() < until:
        time.sleep(0.001)
    for pid in workers:
        if pid != run.pid:
            os.kill(pid, 9)
    assert "a process that cuts pages ended unexpectedly" in site.refused(run)
    site.next_run()


def test_a_clock_that_goes_back_orders_no_release_before_the_last(site):
    yesterday = (
        "from datetime import datetime, timedelta\n"
        "import dedup.engines.local as local\n"
        "class Late(datetime):\n"
        "    @classmethod\n"
        "    def now(cls, tz=None):\n"
        "        return datetime.now(tz) - timedelta(days=2)\n"
        "local.datetime = Late\n"
    )
    (site.folder / "gov" / "new.txt").write_text(LINDU.replace("126公里", "77公里"), "utf-8")
    run = site.start(yesterday)
    assert run.wait() == 0, run.said()
    late = open_release(site.warehouse)
    assert verify_release(late) == []
    day, number = site.before.id.rsplit(".", 1)
    assert late.id == f"{day}.{int(number) + 1}"
    assert late.rows("records") == site.before.rows("records") + 1
    assert datetime.fromisoformat(late.manifest["created_at"]) < datetime.now(UTC) - timedelta(days=1)
    again = site.next_run()
    assert parse_release_id(again.id) > parse_release_id(late.id)
    assert again.rows("records") == late.rows("records")
