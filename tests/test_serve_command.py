"""`dedup serve` before anything is served: mistakes are told at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dedup.cli.failures import CommandError
from dedup.cli.serve import local_timezone, parse_interval
from dedup.engines.assets import asset_key, events_of, published_assets, source_assets, warehouse_resource
from dedup.settings import SourceSettings
from tests.command import call, write_pages
from tests.prefect_service import environment, free_port


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_pages(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--cron", "every night"], "every night: "),
        (["--cron", "0 25 * * *"], "0 25 * * *: "),
        (["--cron", "0 2 * * *", "--timezone", "Mars/Olympus"], "Mars/Olympus"),
        (["--cron", "0 2 * * *", "--every", "1d"], "give one"),
        (["--every", "nightly"], "expected a time such as 90m"),
        (["--every", "1s"], "5s at least"),
        (["nowhere/"], "no such file or folder"),
    ],
)
def test_mistakes_are_told_before_a_server_is_looked_for(arguments: list[str], says: str, config: Path) -> None:
    refused = call("serve", *arguments, "-c", config)
    assert refused.code == 2, refused.err
    assert says in refused.err
    assert "Traceback" not in refused.err
    assert refused.out == ""


def test_a_server_that_is_named_and_does_not_answer_is_said(config: Path, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/api"
    ended = subprocess.run(
        [sys.executable, "-c", "from dedup.cli import main; main()", "serve", "-c", str(config)],
        env=environment(tmp_path / "prefect", PREFECT_API_URL=url), text=True, capture_output=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 1
    assert f"no Prefect server answers at {url}" in ended.stderr
    assert "unset PREFECT_API_URL" in ended.stderr


def test_an_installed_package_serves_the_flow_that_travels_in_it(tmp_path: Path) -> None:
    import dedup

    package = tmp_path / "site" / "dedup"
    shutil.copytree(Path(dedup.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__", "*.nb?"))
    shutil.copytree(Path(__file__).resolve().parents[1] / "flows", package / "_flows")
    code = (
        "from dedup.engines.launch import silence_telemetry; silence_telemetry()\n"
        "from dedup.engines.serving import Service, make_deployment\n"
        "found = make_deployment(Service('x', cron='0 2 * * *', timezone='Asia/Shanghai'))\n"
        "print(found.entrypoint, found.flow_name, found.schedules[0].schedule.cron, found.concurrency_limit)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, text=True, capture_output=True, timeout=120,
        env=environment(tmp_path / "prefect", PYTHONPATH=str(tmp_path / "site")),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split(maxsplit=1)[0] == f"{package}/_flows/publish_reports.py:publish_reports"
    assert ended.stdout.split(maxsplit=1)[1] == "publish-reports 0 2 * * * 1\n"


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("6h", 21600), ("1d", 86400), ("1.5 H", 5400), (" 45s ", 45)]
)
def test_intervals(text: str, seconds: int) -> None:
    assert parse_interval(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "h", "-1h", "1w", "1h30m", "0d"])
def test_what_is_no_interval(text: str) -> None:
    with pytest.raises(CommandError, match="expected a time"):
        parse_interval(text)


def test_the_time_zone_of_this_machine_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ZoneInfo(local_timezone())
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    assert local_timezone() == "Asia/Shanghai"
    monkeypatch.setenv("TZ", "../../etc/passwd")
    assert local_timezone() == "UTC"


@pytest.mark.parametrize(
    ("place", "inside", "key"),
    [
        ("/srv/w", ("reports",), "dedup://srv/w/reports"),
        ("/srv/仓库/a b?#%", ("facts",), "dedup://srv/仓库/a_b___/facts"),
        ("s3://user:secret@bucket/prefix/?token=1", ("reports",), "s3://bucket/prefix/reports"),
        ("https://data.example/crawl.warc.gz", (), "https://data.example/crawl.warc.gz"),
        ("/crawl/[2024]/*.html", (), "dedup://crawl/_2024_/*.html"),
    ],
)
def test_asset_keys_hold_no_secret_and_nothing_that_prefect_forbids(
    place: str, inside: tuple[str, ...], key: str
) -> None:
    from prefect.assets import Asset

    assert asset_key(place, *inside) == key
    assert Asset(key=key).key == key


def test_assets_of_any_place_are_accepted() -> None:
    long = "/data/" + "很长的名字" * 200
    keys = [asset.key for asset in published_assets(long)]
    assert len(set(keys)) == len(keys)
    assert keys[0].endswith("/reports")
    twice = [SourceSettings(path="/crawl/a", name="a"), SourceSettings(path="/crawl/a", name="b")]
    assert len(source_assets(twice)) == 1
    assert warehouse_resource("/srv/w") == {
        "prefect.resource.id": "dedup.warehouse.srv/w",
        "prefect.resource.name": "w",
    }


def test_a_dry_run_has_no_events() -> None:
    from tests.test_cli_run import _summary

    assert events_of(_summary(outcome="dry_run")) == []
    (event,) = events_of(_summary(outcome="rejected", release_id=None, problems=("reports: x",)))
    assert event["event"] == "dedup.release.rejected"
    assert event["payload"]["problems"] == ["reports: x"]
    assert event["resource"]["prefect.resource.name"] == "w"
