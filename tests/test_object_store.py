"""A warehouse in an object store: publishing to it, reading from it, several machines at it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

import dedup
from dedup.inspector import serving
from dedup.releases import list_releases, open_staging, prune_releases, verify_release, warehouse_lock
from dedup.releases.remote.bucket import Bucket
from dedup.releases.tombstones import Tombstones
from dedup.releases.traces import Tracker
from dedup.workspaces import local_folder
from tests.command import call, write_pages
from tests.object_store import SECRET, endpoint, store
from tests.small_release import NOW, publish, small_tables

__all__ = ["endpoint", "store"]


def _few() -> dict:
    tables = small_tables()
    return {name: tables[name] for name in ("documents", "records", "reports")}


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


def test_files_that_the_release_before_has_are_copied_inside_the_store(store, monkeypatch):
    folder = local_folder(store.url)
    publish(folder)
    sent = []
    upload = Bucket.upload
    monkeypatch.setattr(Bucket, "upload", lambda self, path, key: (sent.append(key), upload(self, path, key))[1])
    second = publish(folder, small_tables())
    assert sent
    assert not [key for key in sent if key.endswith(".parquet")]
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


def test_a_release_that_the_store_lost_leaves_the_workspaces_of_readers(store):
    first = publish(local_folder(store.url), _few())
    store.on("reader")
    dedup.open_release(store.url).arrow("reports")
    cached = local_folder(store.url) / "releases" / first.id
    assert list(cached.rglob("*.parquet"))
    store.on("first")
    publish(local_folder(store.url), _few())
    with warehouse_lock(store.url):
        prune_releases(store.url, 1)
    store.on("reader")
    assert dedup.open_release(store.url).id != first.id
    assert not cached.exists()


def test_an_inspector_sees_what_is_published_while_it_runs(store, monkeypatch):
    publish(local_folder(store.url), small_tables())
    store.on("reader")
    monkeypatch.setattr(serving, "LOOK_AGAIN_THERE", 0.0)
    monkeypatch.setattr(serving, "LINGER", 0.0)
    shelf = serving.Shelf(local_folder(store.url))
    try:
        before = shelf.store().id
        store.on("first")
        second = publish(local_folder(store.url), small_tables())
        store.on("reader")
        assert before != second.id
        assert shelf.store().id == second.id
    finally:
        shelf.close()


def test_readers_that_fetch_the_same_files_at_once_do_not_disturb_each_other(store):
    whole = publish(local_folder(store.url), _few()).arrow("documents")
    store.on("reader")

    def read(_: int) -> bool:
        release = dedup.open_release(store.url)
        return release.arrow("documents").equals(whole) and release.path.is_dir()

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(read, range(12)))
    assert list((local_folder(store.url) / "incoming").iterdir()) == []


def test_a_rejected_run_uses_its_name_up_for_all_machines(store):
    publish(local_folder(store.url), _few())
    with warehouse_lock(store.url) as folder:
        staging = open_staging(folder, now=NOW)
        staging.write("records", small_tables()["records"])
        kept = staging.reject({})
    store.on("second")
    assert publish(local_folder(store.url), _few()).id == f"{NOW:%Y-%m-%d}.3"
    assert kept.name == f"{NOW:%Y-%m-%d}.2"
    assert not [key for key in store.stored() if key.startswith("uploads/")]


def test_a_release_that_is_damaged_in_the_store_may_hold_anything(store):
    release = publish(local_folder(store.url), _few())
    store.delete(next(key for key in store.stored() if "/documents/" in key))
    store.on("second")
    with warehouse_lock(store.url) as folder:
        (trace,) = Tracker(Tombstones(b"")).everything(folder)
    assert trace.is_held
    assert trace.problem.startswith(f"{store.url}/releases/{release.id}/evidence/documents/")


@pytest.fixture
def pages(store, tmp_path):
    config = write_pages(tmp_path)
    config.write_text(f'warehouse = "{store.url}"\n{config.read_text("utf-8")}', "utf-8")
    return config


def test_runs_of_two_machines_build_on_each_other_and_forget_together(store, pages, tmp_path):
    ran = call("run", "--no-prefect", "-c", pages)
    assert (ran.code, ran.err) == (0, "")
    assert f"published   {store.url}/releases/" in ran.out
    store.on("second")
    assert "gov/lindu.txt" in call("sql", "-c", pages, "select uri from documents", "-f", "csv").out
    planned = call("plan", "-c", pages, "--json").json()
    assert [source["unchanged"] for source in planned["sources"]] == [2, 1, 1]
    forgotten = call("forget", "gov/kangyuan.txt", "-c", pages, "--yes", "--purge", "--json")
    assert forgotten.json()["outcome"] == "published"
    store.on("first")
    # The page is still in the source that this machine reads.
    assert "1 forgotten, kept out" in call("run", "--no-prefect", "-c", pages).out
    uris = call("sql", "-w", store.url, "select uri from documents", "-f", "csv").out.split()
    assert "gov/lindu.txt" in uris
    assert "gov/kangyuan.txt" not in uris
    # Purged there, gone here; and no credentials anywhere.
    elder = f"releases/{forgotten.json()['release_id'].rpartition('.')[0]}.1"
    assert not [key for key in store.stored() if key.startswith(elder)]
    assert not [path for path in tmp_path.rglob("*") if elder in path.as_posix()]
    texts = [store.read(key) for key in store.stored()]
    texts += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in texts if SECRET.encode() in text]
    assert call("releases", "verify", "-c", pages).code == 0
