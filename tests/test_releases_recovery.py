"""Between the last byte and the pointer: what a killed run had finished is published by the next one."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from dedup.releases import WarehouseError, WarehouseLocked, list_releases, open_release, verify_release, warehouse_lock
from dedup.releases.staging import open_staging
from tests.small_release import NOW, publish, replace, small_tables


class Killed(BaseException):
    """Stands for SIGKILL: no handler of the code under test may catch it."""


def publish_killed_before(name: str, warehouse: Path, monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Publish a release and die just before the file of this name is replaced in the warehouse."""
    original = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if Path(target) == warehouse / name:
            raise Killed
        return original(self, target)

    tables = small_tables()
    tables["records"] = replace(tables["records"], 0, **values)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(Killed):
            publish(warehouse, tables)


def reasons_by_views(warehouse: Path) -> set[str]:
    connection = duckdb.connect()
    connection.execute((warehouse / "views.sql").read_text("utf-8"))
    return {row[0] for row in connection.execute("select reason from records").fetchall()}


def test_a_release_that_lacks_only_the_pointer_is_published_by_the_next_run(tmp_path, monkeypatch):
    first = publish(tmp_path)
    publish_killed_before("latest.json", tmp_path, monkeypatch, reason="a better reason")
    assert open_release(tmp_path).id == first.id
    with warehouse_lock(tmp_path):
        pass
    second = open_release(tmp_path)
    assert (second.id, second.manifest["parent"]) == ("2031-03-04.2", first.id)
    assert verify_release(second) == []
    assert "a better reason" in reasons_by_views(tmp_path)
    assert list((tmp_path / "staging").iterdir()) == []


def test_the_first_release_of_a_warehouse_is_finished_too(tmp_path, monkeypatch):
    publish_killed_before("latest.json", tmp_path, monkeypatch)
    with warehouse_lock(tmp_path):
        assert verify_release(open_release(tmp_path)) == []


def test_a_pointer_that_was_moved_since_stays_where_it_was_put(tmp_path, monkeypatch):
    first = publish(tmp_path)
    pointer = (tmp_path / "latest.json").read_bytes()
    publish(tmp_path)
    publish_killed_before("latest.json", tmp_path, monkeypatch)
    (tmp_path / "latest.json").write_bytes(pointer)
    with warehouse_lock(tmp_path):
        assert open_release(tmp_path).id == first.id


def test_a_finished_release_that_lost_a_file_since_is_not_published(tmp_path, monkeypatch):
    first = publish(tmp_path)
    publish_killed_before("latest.json", tmp_path, monkeypatch)
    (tmp_path / "releases" / "2031-03-04.2" / "reports" / "part-00000.parquet").unlink()
    with warehouse_lock(tmp_path):
        assert open_release(tmp_path).id == first.id


def test_views_follow_the_pointer_when_a_run_died_between_the_two(tmp_path, monkeypatch):
    publish(tmp_path)
    publish_killed_before("views.sql", tmp_path, monkeypatch, reason="a better reason")
    assert open_release(tmp_path).id == "2031-03-04.2"
    assert "a better reason" not in reasons_by_views(tmp_path)
    with warehouse_lock(tmp_path):
        pass
    assert "a better reason" in reasons_by_views(tmp_path)


def test_a_disk_that_is_full_for_the_views_alone_does_not_undo_a_publication(tmp_path, monkeypatch):
    publish(tmp_path)
    original = Path.replace

    def refuse(self, target):
        if Path(target) == tmp_path / "views.sql":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        second = publish(tmp_path, small_tables() | {"records": replace(small_tables()["records"], 0, reason="new")})
    assert open_release(tmp_path).id == second.id
    assert "new" not in reasons_by_views(tmp_path)
    with warehouse_lock(tmp_path):
        assert "new" in reasons_by_views(tmp_path)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_named_with_the_way_out(tmp_path, monkeypatch, code):
    def refuse(*args):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(WarehouseError, match=r"has no locks .* choose a --warehouse on a local disk"):
        publish(tmp_path)
    assert not (tmp_path / "releases").exists()


def test_a_lock_that_a_share_refuses_as_a_permission_is_held_by_another(tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(WarehouseLocked, match="another run"):
        publish(tmp_path)


@pytest.mark.parametrize("how", ["removed", "overwritten"])
def test_a_run_that_lost_its_lock_publishes_nothing(tmp_path, how):
    first = publish(tmp_path)
    with warehouse_lock(tmp_path):
        staging = open_staging(tmp_path, now=NOW)
        for name, table in small_tables().items():
            staging.write(name, table)
        if how == "removed":
            (tmp_path / ".lock").unlink()
        else:  # a share whose locks only hold on one machine
            owner = {"pid": 7, "host": "elsewhere", "started": "2031-03-04T05:06:08+00:00"}
            (tmp_path / ".lock").write_text(json.dumps(owner))
        with pytest.raises(WarehouseError, match="lock of this run was lost"):
            staging.publish({})
    assert [info.id for info in list_releases(tmp_path)] == [first.id]


def test_a_note_that_a_dead_run_left_in_the_lock_names_nobody(tmp_path, monkeypatch):
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        gone = process.pid
    (tmp_path / ".lock").write_text(
        json.dumps({"pid": gone, "host": os.uname().nodename, "started": "2031-03-04T05:06:08+00:00"})
    )

    def refuse(*args):
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(WarehouseLocked, match="left no name yet"):
        publish(tmp_path)


def test_a_process_number_that_was_given_anew_does_not_keep_the_next_run_out(tmp_path):
    publish(tmp_path)
    # This process lives and has the number of the run that died, but it holds no lock.
    (tmp_path / ".lock").write_text(
        json.dumps({"pid": os.getpid(), "host": os.uname().nodename, "started": "2031-03-04T05:06:08+00:00"})
    )
    assert verify_release(publish(tmp_path)) == []
