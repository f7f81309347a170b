"""Addresses of object stores, and the folders of this machine that stand for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dedup.settings import SettingsError, load_settings
from dedup.workspaces import is_object_store, local_folder, origin_of, public_name


@pytest.fixture(autouse=True)
def _workspaces(tmp_path, monkeypatch):
    monkeypatch.setenv("DEDUP_WORKSPACE", str(tmp_path / "workspaces"))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)


def test_an_address_has_one_folder_however_it_is_written():
    folder = local_folder("s3://bucket/reports/zh")
    # A path of Python has lost one of the two slashes.
    assert local_folder(Path("s3://bucket/reports/zh/")) == folder
    assert local_folder("S3://bucket//reports/zh") == folder
    assert folder.is_dir()
    assert folder.name.startswith("bucket-reports-zh-")
    origin = origin_of(folder)
    assert (origin.url, origin.bucket, origin.prefix) == ("s3://bucket/reports/zh", "bucket", "reports/zh")
    assert origin_of(local_folder("s3://bucket/reports/zh")) == origin


def test_other_addresses_and_other_endpoints_have_other_folders(monkeypatch):
    addresses = ["s3://bucket", "s3://bucket/a", "s3://bucket/a/b", "s3://bucket/a-b", "s3://bucket-a/b"]
    folders = {local_folder(address) for address in addresses}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    folders |= {local_folder(address) for address in addresses}
    assert len(folders) == 10


def test_what_lies_in_a_workspace_is_named_by_its_address(tmp_path):
    folder = local_folder("s3://bucket/reports")
    assert public_name(folder) == "s3://bucket/reports"
    part = folder / "releases" / "2031-03-04.1" / "evidence" / "pairs" / "part-00000.parquet"
    assert public_name(part) == "s3://bucket/reports/releases/2031-03-04.1/evidence/pairs/part-00000.parquet"
    assert public_name(local_folder("s3://bucket") / "latest.json") == "s3://bucket/latest.json"
    assert public_name(tmp_path / "warehouse") == str(tmp_path / "warehouse")
    assert origin_of(tmp_path) is None


@pytest.mark.parametrize("path", ["warehouse", "/srv/s3/warehouse", "./s3:/x", "s3", "gs://bucket/x"])
def test_everything_else_is_a_path(path):
    assert not is_object_store(path)
    assert local_folder(path) == Path(path)


@pytest.mark.parametrize(
    "address",
    [
        "s3://",
        "s3://b",
        "s3:///bucket/x",
        "s3://name:word@bucket/x",
        "s3://bucket/a/../b",
        "s3://bucket/x?versionId=1",
        "s3://bucket/with space",
        "s3://bucket/x#part",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_repeated(address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="expected s3://bucket/prefix") as refused:
        local_folder(address)
    assert "word" not in str(refused.value).replace("passwords", "")
    (tmp_path / "dedup.toml").write_text(f'warehouse = "{address}"\n', "utf-8")
    with pytest.raises(SettingsError, match=r"warehouse: .*expected s3://bucket/prefix") as refused:
        load_settings()
    assert "word@" not in str(refused.value)
    assert not (tmp_path / "workspaces").exists()


def test_file_environment_and_flag_may_name_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dedup.toml").write_text('warehouse = "s3://bucket/file"\n', "utf-8")
    assert public_name(load_settings().warehouse) == "s3://bucket/file"
    monkeypatch.setenv("DEDUP_WAREHOUSE", "s3://bucket/environment")
    assert public_name(load_settings().warehouse) == "s3://bucket/environment"
    assert public_name(load_settings(warehouse=Path("s3://bucket/flag")).warehouse) == "s3://bucket/flag"
    assert load_settings(warehouse=Path("folder")).warehouse == Path("folder")


def test_without_a_named_place_workspaces_lie_with_the_data_of_the_user(tmp_path, monkeypatch):
    monkeypatch.delenv("DEDUP_WORKSPACE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert local_folder("s3://bucket/x").parent == tmp_path / "data" / "dedup" / "workspaces"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert local_folder("s3://bucket/x").parent == tmp_path / "home" / ".local" / "share" / "dedup" / "workspaces"
