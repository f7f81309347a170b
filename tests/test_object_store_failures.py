"""Whatever happens on the way to an object store, what was published stays whole and the next run goes on."""

from __future__ import annotations

import functools
import json
import sys
import time

import pytest

import dedup
from dedup.cli.failures import exit_code
from dedup.releases import (
    NoRelease,
    WarehouseError,
    WarehouseLocked,
    list_releases,
    open_staging,
    verify_release,
    warehouse_lock,
)
from dedup.releases.remote import delivering, holding
from dedup.releases.remote.bucket import Bucket, ConditionFailed, PublishedMeanwhile, StoreError
from dedup.releases.remote.lease import Lease
from dedup.workspaces import local_folder
from tests.command import call
from tests.object_store import Killed, die_at, endpoint, store
from tests.small_release import NOW, publish, replace, small_tables

__all__ = ["endpoint", "store"]


def _few() -> dict:
    tables = small_tables()
    return {name: tables[name] for name in ("documents", "records", "reports")}


def _changed() -> dict:
    return _few() | {"records": replace(small_tables()["records"], 0, reason="a better reason")}


def _brief(monkeypatch, *, beats: bool = True) -> None:
    """Let leases end after a second; without `beats` their owners seem dead at once."""
    monkeypatch.setattr(holding, "Lease", functools.partial(Lease, seconds=1))
    if not beats:
        monkeypatch.setattr(Lease, "_renew", lambda _: None)


@pytest.mark.parametrize(
    ("step", "key", "after", "is_out"),
    [
        pytest.param("put", "uploads/", True, False, marks=pytest.mark.slow),
        ("upload", "releases/", False, False),
        pytest.param("put", "releases/", False, False, marks=pytest.mark.slow),
        ("put", "latest.json", False, False),
        ("put", "latest.json", True, True),
    ],
    ids=["claimed", "half uploaded", "without manifest", "without pointer", "with pointer"],
)
def test_killed_on_the_way_the_next_run_of_the_machine_delivers(store, monkeypatch, step, key, after, is_out):
    folder = local_folder(store.url)
    first = publish(folder, _few())
    with monkeypatch.context() as patch:
        die_at(patch, step, key, after=after)
        with pytest.raises(Killed):
            publish(folder, _changed())
    store.on("second")
    seen = dedup.open_release(store.url)
    assert (seen.id != first.id) is is_out
    assert verify_release(seen) == [] or is_out
    store.on("first")
    with warehouse_lock(store.url):
        delivered = dedup.open_release(store.url)
    assert delivered.manifest["parent"] == first.id
    third = publish(folder, _changed())
    store.on("second")
    assert [info.id for info in list_releases(store.url)] == [third.id, delivered.id, first.id]
    assert all(verify_release(dedup.open_release(store.url, info.id)) == [] for info in list_releases(store.url))
    assert not [key for key in store.stored() if key.startswith("uploads/")]


def test_another_machine_takes_over_from_a_dead_one_and_clears_away_what_it_left(store, monkeypatch):
    folder = local_folder(store.url)
    first = publish(folder, _few())
    _brief(monkeypatch)
    with monkeypatch.context() as patch:
        die_at(patch, "put", "latest.json")
        with pytest.raises(Killed):
            publish(folder, _changed())
    store.on("second")
    with pytest.raises(WarehouseLocked, match=r"process \d+ on .*its lease ends in \d+ s"), warehouse_lock(store.url):
        pass
    time.sleep(2.1)
    second = publish(local_folder(store.url), _changed())
    abandoned = f"{NOW:%Y-%m-%d}.2"
    # A name never means two things.
    assert second.id == f"{NOW:%Y-%m-%d}.3"
    assert second.manifest["parent"] == first.id
    assert not [key for key in store.stored() if abandoned in key]
    # What the first machine had finished is built on a release that is not the newest any more.
    store.on("first")
    with warehouse_lock(store.url):
        pass
    assert [info.id for info in list_releases(store.url)] == [second.id, first.id]
    assert not (folder / "releases" / abandoned).exists()


@pytest.mark.parametrize("same_name", [True, False])
def test_who_lost_the_race_overwrites_nothing_and_leaves_nothing(store, monkeypatch, same_name):
    publish(local_folder(store.url), _few())
    _brief(monkeypatch, beats=False)
    with warehouse_lock(store.url) as slow:
        staging = open_staging(slow, now=NOW)
        for name, table in _few().items():
            staging.write(name, table)
        store.on("second")
        time.sleep(2.1)
        winner = publish(local_folder(store.url), _changed())
        if not same_name:
            winner = publish(local_folder(store.url), _changed())
        before = store.stored()
        store.on("first")
        with pytest.raises(PublishedMeanwhile, match=rf"{winner.id} meanwhile; nothing was overwritten"):
            staging.publish({})
    assert store.stored() == before
    assert dedup.open_release(store.url).id == winner.id
    assert verify_release(dedup.open_release(store.url)) == []


def test_a_run_whose_pointer_moves_in_the_last_instant_removes_its_upload(store, monkeypatch):
    folder = local_folder(store.url)
    publish(folder, _few())
    real = store.read("latest.json")

    def moved(*_: object) -> bool:
        store.write("latest.json", real + b" ")
        return True

    with monkeypatch.context() as patch:
        patch.setattr(delivering, "_is_claimed", moved)
        with pytest.raises(PublishedMeanwhile):
            publish(folder, _changed())
    assert not [key for key in store.stored() if f"{NOW:%Y-%m-%d}.2" in key]
    assert verify_release(publish(folder, _changed())) == []


def test_two_machines_do_not_work_at_once(store):
    with warehouse_lock(store.url):
        store.on("second")
        with pytest.raises(WarehouseLocked, match="another run is writing here"), warehouse_lock(store.url):
            pass
        store.on("first")
    # Given back, not waited out.
    store.on("second")
    publish(local_folder(store.url), _few())


def test_a_lease_is_renewed_while_its_owner_lives(store, monkeypatch):
    _brief(monkeypatch)
    with warehouse_lock(store.url):
        time.sleep(2.1)
        store.on("second")
        with pytest.raises(WarehouseLocked), warehouse_lock(store.url):
            pass
        store.on("first")


def test_a_run_that_was_taken_for_dead_writes_nothing_more(store, monkeypatch):
    publish(local_folder(store.url), _few())
    _brief(monkeypatch)
    with warehouse_lock(store.url) as folder:
        staging = open_staging(folder, now=NOW)
        staging.write("records", small_tables()["records"])
        store.write("lock.json", json.dumps({"token": "another", "lease_seconds": 300}).encode())
        time.sleep(0.6)
        before = store.stored()
        with pytest.raises(WarehouseError, match="another one took over"):
            staging.publish({})
    assert store.stored() == before
    assert json.loads(store.read("lock.json"))["token"] == "another"


def test_a_renewal_whose_answer_was_lost_does_not_end_the_lease(store, monkeypatch):
    _brief(monkeypatch)
    real = Bucket.put

    def unanswered(self, key, *arguments, **more):
        etag = real(self, key, *arguments, **more)
        if key == "lock.json" and "replaces" in more:
            monkeypatch.setattr(Bucket, "put", real)
            raise ConditionFailed  # what the second attempt of the client is told
        return etag

    with warehouse_lock(store.url) as folder:
        monkeypatch.setattr(Bucket, "put", unanswered)
        time.sleep(0.6)
        publish_inside(folder)


def publish_inside(folder) -> None:
    staging = open_staging(folder, now=NOW)
    for name, table in _few().items():
        staging.write(name, table)
    staging.publish({})


def test_a_run_that_lost_ends_as_one_that_found_the_lock_taken():
    assert exit_code(PublishedMeanwhile("")) == 5


def test_a_workspace_may_be_deleted_at_any_time(store):
    first = publish(local_folder(store.url), _few())
    store.on("elsewhere")
    second = publish(local_folder(store.url), _changed())
    assert second.manifest["parent"] == first.id
    assert verify_release(second) == []


def test_a_bucket_that_was_emptied_and_filled_anew_is_read_as_it_is(store):
    publish(local_folder(store.url), _few())
    store.on("second")
    dedup.open_release(store.url).arrow("records")
    for key in store.stored():
        store.delete(key)
    store.on("third")
    publish(local_folder(store.url), _changed())
    store.on("second")
    assert "a better reason" in dedup.open_release(store.url).arrow("records")["reason"].to_pylist()


def test_a_release_that_could_not_be_delivered_waits_for_the_next_run(store, monkeypatch):
    folder = local_folder(store.url)
    first = publish(folder, _few())

    def refuse(*_: object) -> None:
        raise StoreError("the network is down")

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "upload", refuse)
        with pytest.raises(StoreError, match=r"down \(release .*\.2 is finished and waits on this machine"):
            publish(folder, _changed())
    assert dedup.open_release(store.url).id == first.id
    with warehouse_lock(store.url):
        pass
    store.on("second")
    release = dedup.open_release(store.url)
    assert "a better reason" in release.arrow("records")["reason"].to_pylist()
    assert verify_release(release) == []


def test_a_pointer_that_was_set_back_by_hand_stays_where_it_was_put(store):
    folder = local_folder(store.url)
    first, second = publish(folder, _few()), publish(folder, _changed())
    store.write("latest.json", json.dumps({"release_id": first.id}).encode())
    store.on("second")
    assert dedup.open_release(store.url).id == first.id
    assert dedup.open_release(store.url, second.id).id == second.id
    third = publish(local_folder(store.url), _changed())
    assert third.manifest["parent"] == first.id
    assert [info.id for info in list_releases(store.url)] == [third.id, second.id, first.id]


def test_a_lost_pointer_is_written_anew_by_the_next_run(store):
    folder = local_folder(store.url)
    first = publish(folder, _few())
    store.delete("latest.json")
    store.on("second")
    second = publish(local_folder(store.url), _changed())
    assert second.manifest["parent"] == first.id


def test_damage_in_the_store_is_found_and_not_fetched(store):
    release = publish(local_folder(store.url), _few())
    key = next(key for key in store.stored() if "/reports/" in key)
    whole = store.read(key)
    store.write(key, whole[:-9] + b"x" * 9)
    store.write(f"releases/{release.id}/notes.txt", b"added")
    store.on("second")
    opened = dedup.open_release(store.url)
    assert verify_release(opened) == [
        f"{key.split('/', 2)[2]}: changed since publication (SHA-256 differs)",
        "notes.txt: not part of the release",
    ]
    with pytest.raises(dedup.releases.BrokenRelease, match="changed since publication"):
        opened.pandas("reports")


def test_a_bucket_that_is_not_there_is_named(store):
    result = call("releases", "list", "-w", "s3://no-such-bucket/reports")
    assert result.code == 1
    assert "there is no bucket 'no-such-bucket'" in result.err
    with pytest.raises(StoreError, match="there is no bucket"), warehouse_lock("s3://no-such-bucket/reports"):
        pass


def test_an_empty_store_has_no_release_yet(store):
    with pytest.raises(NoRelease, match=f"dedup run --warehouse {store.url}"):
        dedup.open_release(store.url)


def test_an_address_with_a_password_is_refused_and_not_repeated(store):
    result = call("releases", "list", "-w", "s3://name:word@bucket/reports")
    assert result.code == 2
    assert "s3://bucket/prefix" in result.err
    assert "word@" not in result.err


def test_without_the_extra_the_way_out_is_named(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    result = call("releases", "list", "-w", store.url)
    assert result.code == 1
    assert "pip install 'dedup[s3]'" in result.err


def test_a_store_that_cannot_be_reached_is_named(store, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StoreError, match="cannot be reached"):
        dedup.open_release(store.url)


def test_no_credentials_are_explained(store, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(StoreError, match="no credentials found"):
        dedup.open_release(store.url)


def test_rights_to_read_are_enough_to_read_and_publishing_says_what_it_lacks(store, monkeypatch):
    import boto3
    from moto import settings
    from moto.core.responses import ActionAuthenticatorMixin

    publish(local_folder(store.url), _few())
    iam = boto3.client("iam")
    iam.create_user(UserName="reader")
    rights = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    monkeypatch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    monkeypatch.setattr(ActionAuthenticatorMixin, "request_count", 0)
    store.on("second")
    assert dedup.open_release(store.url).arrow("reports").num_rows == 2
    with pytest.raises(StoreError, match="no permission, it cannot be written") as refused:
        publish(local_folder(store.url), _few())
    assert key["AccessKeyId"] not in str(refused.value)
