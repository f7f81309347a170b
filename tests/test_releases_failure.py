"""Whatever happens to a run - killed, disk full, no permission, a rival - the last release stays whole."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dedup.releases import (
    BrokenRelease,
    NoRelease,
    WarehouseError,
    WarehouseLocked,
    list_releases,
    open_release,
    open_staging,
    verify_release,
    warehouse_lock,
)
from tests.small_release import NOW, publish, replace, small_tables


class Killed(BaseException):
    """Stands for SIGKILL: no handler of the code under test may catch it."""


def _few() -> dict:
    tables = small_tables()
    return {name: tables[name] for name in ("documents", "records")}


def test_killed_at_any_instant_the_last_release_stays_whole_and_the_next_run_works(tmp_path, monkeypatch):
    steps = 0

    def interrupt(function):
        def step(*args, **kwargs):
            nonlocal steps
            steps -= 1
            if steps < 0:
                raise Killed
            return function(*args, **kwargs)

        return step

    first = publish(tmp_path, {"records": small_tables()["records"]})
    changed = {"records": replace(small_tables()["records"], 0, reason="a better reason")}
    seen = {first.id}
    for allowed in range(200):
        steps = allowed
        with monkeypatch.context() as patch:
            for owner, name in ((os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "mkdir")):
                patch.setattr(owner, name, interrupt(getattr(owner, name)))
            try:
                publish(tmp_path, changed)
            except Killed:
                finished = False
            else:
                finished = True
        release = open_release(tmp_path)
        assert verify_release(release) == []
        seen.add(release.id)
        if finished:
            break
    assert allowed > 10
    assert len(seen) >= 2
    assert verify_release(publish(tmp_path, changed)) == []
    assert list((tmp_path / "staging").iterdir()) == []
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.parametrize(
    ("code", "words"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "no permission")]
)
def test_a_disk_that_refuses_gets_a_clear_error_and_no_leftovers(tmp_path, monkeypatch, code, words):
    release = publish(tmp_path, _few())

    def refuse(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    # Rows that changed: files that hold the same rows as before would be linked and not written.
    changed = {**_few(), "records": replace(small_tables()["records"], 0, reason="a better reason")}
    for owner, name in ((pq.ParquetWriter, "write_table"), (os, "fsync"), (Path, "rename"), (Path, "replace")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, refuse)
            with pytest.raises(WarehouseError, match=words):
                publish(tmp_path, changed)
        assert open_release(tmp_path).id == release.id
        assert verify_release(open_release(tmp_path)) == []
        assert list((tmp_path / "staging").iterdir()) == []
        assert [info.id for info in list_releases(tmp_path)] == [release.id]


def test_a_full_disk_at_the_pointer_leaves_no_release_that_nobody_published(tmp_path, monkeypatch):
    release = publish(tmp_path)
    original = Path.replace

    def refuse(self, target):
        if Path(target).name == "latest.json":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(WarehouseError, match="disk is full"):
        publish(tmp_path)
    assert [info.id for info in list_releases(tmp_path)] == [release.id]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(WarehouseError, match="no permission"):
            publish(tmp_path / "warehouse")
    finally:
        tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_the_warehouse(tmp_path):
    place = tmp_path / "warehouse"
    place.write_text("not a folder")
    with pytest.raises(WarehouseError, match="a file stands where a folder is needed"):
        publish(place)
    with pytest.raises(NoRelease, match="this is a file"):
        open_release(place)


def test_only_one_run_at_a_time(tmp_path):
    refused = pytest.raises(WarehouseLocked, match=rf"process {os.getpid()} on ")
    with warehouse_lock(tmp_path), refused, warehouse_lock(tmp_path):
        pass
    with warehouse_lock(tmp_path):
        pass


def test_writing_needs_the_lock(tmp_path):
    with pytest.raises(WarehouseError, match="warehouse_lock"):
        open_staging(tmp_path, now=NOW)
    with warehouse_lock(tmp_path):
        staging = open_staging(tmp_path, now=NOW)
    with pytest.raises(WarehouseError, match="warehouse_lock"):
        staging.publish({})


def test_the_lock_of_a_dead_run_is_taken_over(tmp_path):
    code = (
        "import sys, time; from datetime import datetime, UTC; from dedup.releases import *\n"
        "with warehouse_lock(sys.argv[1]):\n"
        "    staging = open_staging(sys.argv[1], now=datetime(2031, 1, 1, tzinfo=UTC))\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(WarehouseLocked, match=f"process {process.pid} on "), warehouse_lock(tmp_path):
            pass
        process.send_signal(signal.SIGKILL)
    assert list((tmp_path / "staging").iterdir())
    release = publish(tmp_path)
    assert list((tmp_path / "staging").iterdir()) == []
    assert verify_release(release) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"release_id": "../../etc"}', b'{"release_id": 7}'])
def test_a_damaged_pointer_is_named_and_restored_by_the_next_run(tmp_path, content):
    publish(tmp_path)
    newest = publish(tmp_path)
    (tmp_path / "latest.json").write_bytes(content)
    with pytest.raises(BrokenRelease, match=rf"newest is {newest.id}"):
        open_release(tmp_path)
    with warehouse_lock(tmp_path):
        assert open_release(tmp_path).id == newest.id


def test_a_lost_pointer_is_restored_to_the_newest_whole_release(tmp_path):
    first = publish(tmp_path)
    second = publish(tmp_path)
    (tmp_path / "latest.json").unlink()
    (second.path / "reports" / "part-00000.parquet").unlink()
    with warehouse_lock(tmp_path):
        assert open_release(tmp_path).id == first.id


def test_a_pointer_to_a_release_that_was_deleted_goes_back_to_one_that_is_there(tmp_path):
    first, second = publish(tmp_path), publish(tmp_path)
    shutil.rmtree(second.path)
    with warehouse_lock(tmp_path):
        assert open_release(tmp_path).id == first.id


@pytest.mark.parametrize("content", [None, b"{"])
def test_where_all_releases_were_deleted_the_next_run_begins_afresh(tmp_path, content):
    shutil.rmtree(publish(tmp_path).path)
    if content is not None:
        (tmp_path / "latest.json").write_bytes(content)
    with warehouse_lock(tmp_path), pytest.raises(NoRelease):
        open_release(tmp_path)
    assert publish(tmp_path).id == open_release(tmp_path).id


def test_a_damaged_data_file_is_named_with_the_way_to_find_it(tmp_path):
    release = publish(tmp_path)
    file = release.path / "reports" / "part-00000.parquet"
    file.write_bytes(file.read_bytes()[:100])
    for read in (
        lambda: open_release(tmp_path).arrow("reports"),
        lambda: open_release(tmp_path).dataset("reports"),
        lambda: open_release(tmp_path).sql("select 1"),
    ):
        with pytest.raises(BrokenRelease, match="releases verify"):
            read()


def test_a_pointer_that_was_set_back_on_purpose_stays(tmp_path):
    first = publish(tmp_path)
    pointer = (tmp_path / "latest.json").read_bytes()
    publish(tmp_path)
    (tmp_path / "latest.json").write_bytes(pointer)
    with warehouse_lock(tmp_path):
        assert open_release(tmp_path).id == first.id
    third = publish(tmp_path)
    assert (third.id, third.manifest["parent"]) == ("2031-03-04.3", first.id)


def test_a_changed_manifest_is_not_trusted(tmp_path):
    release = publish(tmp_path)
    path = release.path / "manifest.json"
    path.write_text(path.read_text() + " ")
    with pytest.raises(BrokenRelease, match="changed after publication"):
        open_release(tmp_path)


def test_a_damaged_release_does_not_hide_the_others(tmp_path):
    first, second = publish(tmp_path), publish(tmp_path)
    (second.path / "manifest.json").write_text("{")
    newest, elder = list_releases(tmp_path)
    assert "cannot be read" in newest.problem
    assert newest.is_latest
    assert (elder.id, elder.problem, elder.rows["records"]) == (first.id, "", 3)
    (tmp_path / "latest.json").write_text("{")
    assert [info.id for info in list_releases(tmp_path)] == [second.id, first.id]
    with pytest.raises(NoRelease, match="dedup run"):
        list_releases(tmp_path / "nowhere")


def test_readers_never_meet_a_half_release(tmp_path):
    """A reader that opens again and again beside a writer always gets one consistent release."""
    publish(tmp_path, _few())
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from tests.small_release import *\n"
        "t = small_tables()\n"
        "for i in range(12): publish(Path(sys.argv[1]), {n: t[n] for n in ('documents', 'records')})"
    )
    root = str(Path(__file__).resolve().parents[1])
    opened = set()
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path), root]) as writer:
        while writer.poll() is None:
            release = open_release(tmp_path)
            assert release.arrow("records").num_rows == release.rows("records") == 3
            opened.add(release.id)
            time.sleep(0.002)
    assert writer.returncode == 0
    assert len(opened) > 2
    assert json.loads((tmp_path / "latest.json").read_text())["release_id"] == "2031-03-04.13"
