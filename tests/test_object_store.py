"""A warehouse in an object store: publishing to it, reading from it, several machines at it."""

from __future__ import annotations

import dedup
from dedup.releases import list_releases, prune_releases, verify_release, warehouse_lock
from dedup.workspaces import local_folder
from tests.object_store import endpoint, store
from tests.small_release import publish, small_tables

__all__ = ["endpoint", "store"]


def test_what_one_machine_publishes_another_reads(store):
    published = publish(local_folder(store.url))
    store.on("second")
    release = dedup.open_release(store.url)
    assert release.id == published.id
    assert release.arrow("reports").equals(published.arrow("reports"))
    assert release.sql("select count(*) as n from clusters").to_pylist() == [{"n": 2}]
    assert [info.id for info in list_releases(store.url)] == [release.id]
    assert verify_release(release) == []


def test_only_what_is_asked_for_is_fetched(store):
    publish(local_folder(store.url))
    store.on("second")
    release = dedup.open_release(store.url)
    folder = local_folder(store.url) / "releases" / release.id
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json"]
    release.pandas("reports")
    release.sql("select * from clusters join records using (cluster_id)")
    assert {p.parent.name for p in folder.rglob("*.parquet")} == {"reports", "clusters", "records"}
    assert all(url.startswith(f"{store.url}/releases/{release.id}/evidence/pairs/") for url in release.urls("pairs"))


def test_files_that_the_release_before_has_are_copied_inside_the_store(store):
    folder = local_folder(store.url)
    publish(folder)
    second = publish(folder, small_tables())
    stored = {key for key in store.stored() if second.id in key}
    assert {f"releases/{second.id}/manifest.json", f"releases/{second.id}/README.md"} <= stored
    store.on("second")
    assert verify_release(dedup.open_release(store.url)) == []


def test_pruning_removes_from_the_store(store):
    folder = local_folder(store.url)
    first, second = publish(folder), publish(folder)
    with warehouse_lock(store.url):
        gone = prune_releases(store.url, 1)
    assert [path.name for path in gone.folders] == [first.id]
    assert gone.freed_bytes > 0
    assert not any(first.id in key for key in store.stored())
    store.on("second")
    assert [info.id for info in list_releases(store.url)] == [second.id]
