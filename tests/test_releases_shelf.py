"""Keeping and citing releases."""

from __future__ import annotations

from hashlib import sha256

import pytest

from dedup.releases import (
    NoRelease,
    WarehouseError,
    cite_release,
    diff_releases,
    list_releases,
    open_release,
    open_staging,
    prune_releases,
    verify_release,
    warehouse_lock,
)
from dedup.releases.pruning import remove_folders
from tests.small_release import NOW, publish, replace, small_tables


def _reject(warehouse):
    with warehouse_lock(warehouse):
        staging = open_staging(warehouse, now=NOW)
        staging.write("records", small_tables()["records"])
        return staging.reject()


def test_old_releases_and_elder_rejected_runs_go(tmp_path):
    old = _reject(tmp_path)
    ids = [publish(tmp_path).id for _ in range(4)]
    recent = _reject(tmp_path)
    with warehouse_lock(tmp_path):
        told = prune_releases(tmp_path, keep=2, dry_run=True)
        assert len(list_releases(tmp_path)) == 4
        assert prune_releases(tmp_path, keep=2) == told
    assert [path.name for path in told.folders] == [*ids[:2], old.name]
    assert [info.id for info in list_releases(tmp_path)] == [ids[3], ids[2]]
    assert recent.is_dir()
    assert not old.exists()
    assert list((tmp_path / "staging").iterdir()) == []
    assert publish(tmp_path).id == "2031-03-04.7"


def test_pruning_takes_nothing_from_a_release_that_shares_its_files(tmp_path):
    first, second, third = (publish(tmp_path) for _ in range(3))
    shared = [path for path in third.files("documents") if path.stat().st_nlink == 3]
    if not shared:
        # Releases of other programs may be linked as well, whatever this one does by itself.
        for name in ("documents", "sections"):
            for old, new in zip(first.files(name), third.files(name), strict=True):
                new.unlink()
                new.hardlink_to(old)
    assert all(diff.is_empty for diff in diff_releases(first, third))
    n_shared = sum(path.stat().st_size for path in first.path.rglob("*") if path.is_file() and path.stat().st_nlink > 1)
    n_all = sum(path.stat().st_size for path in first.path.rglob("*") if path.is_file())
    citation = cite_release(third)
    with warehouse_lock(tmp_path):
        remove_folders(tmp_path, [second.path])
        gone = prune_releases(tmp_path, keep=1)
    assert gone.folders == (first.path,)
    assert (gone.shared_bytes, gone.freed_bytes) == (n_shared, n_all - n_shared)
    assert n_shared > 0
    assert verify_release(third) == []
    assert third.arrow("documents").num_rows == 3
    assert cite_release(third) == citation


def test_the_release_that_readers_get_stays(tmp_path):
    first = publish(tmp_path)
    pointer = (tmp_path / "latest.json").read_bytes()
    publish(tmp_path)
    publish(tmp_path)
    (tmp_path / "latest.json").write_bytes(pointer)
    with warehouse_lock(tmp_path):
        assert [path.name for path in prune_releases(tmp_path, keep=1).folders] == ["2031-03-04.2"]
    assert open_release(tmp_path).id == first.id


def test_pruning_needs_the_lock_and_something_to_keep(tmp_path):
    with pytest.raises(WarehouseError, match="warehouse_lock"):
        prune_releases(tmp_path, keep=1)
    with warehouse_lock(tmp_path):
        with pytest.raises(NoRelease):
            prune_releases(tmp_path, keep=1)
        with pytest.raises(ValueError, match="at least one"):
            prune_releases(tmp_path, keep=0)


def test_a_release_is_cited_with_the_hash_of_its_manifest(tmp_path):
    release = publish(tmp_path, title="Reports of 100% & more_")
    citation = cite_release(release)
    assert citation.sha256 == sha256((release.path / "manifest.json").read_bytes()).hexdigest()
    assert citation.text.startswith("Reports of 100% & more_, release 2031-03-04.1 (2031). SHA-256 ")
    assert "title = {{Reports of 100\\% \\& more\\_, release 2031-03-04.1}}" in citation.bibtex
    assert citation.bibtex.startswith("@misc{release-2031-03-04.1,")


def test_a_report_is_cited_by_its_title_and_cluster(tmp_path):
    tables = small_tables()
    tables["reports"] = replace(tables["reports"], 0, title="云溪县政府工作报告")
    cluster = tables["reports"]["cluster_id"][0].as_py()
    release = publish(tmp_path, tables)
    assert cite_release(release, cluster).text.startswith(f"云溪县政府工作报告 ({cluster}). In: ")
    with pytest.raises(KeyError, match="no report c_0"):
        cite_release(release, "c_0")
