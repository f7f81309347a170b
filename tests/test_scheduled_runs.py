"""Scheduled runs on a real Prefect server: nobody starts them by hand, and each publishes a release."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import dedup
from dedup.releases import verify_release, warehouse_lock
from tests.command import write_pages
from tests.prefect_service import Server, running_server, wait_for

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-c", "from dedup.cli import main; main()"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("prefect")) as found:
        yield found


def start(arguments: list[str], variables: dict[str, str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=folder, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def runs_of(server: Server, deployment: str) -> list[dict[str, Any]]:
    return list(server.ask("/flow_runs/filter", deployments={"name": {"any_": [deployment]}}, limit=200))


def completed(server: Server, deployment: str) -> list[dict[str, Any]]:
    return [run for run in runs_of(server, deployment) if run["state_name"] == "Completed"]


def published(warehouse: Path) -> bool:
    return (warehouse / "latest.json").exists()


def test_a_run_that_the_schedule_starts_publishes_a_release(server: Server, tmp_path: Path) -> None:
    write_pages(tmp_path)
    warehouse = tmp_path / "nightly"
    # Due every few seconds: runs are still at work when others are due.
    process = start(["serve", "--every", "6s", "-w", "nightly", "--tag", "smoke"], server.environment, tmp_path)
    try:
        wait_for(lambda: published(warehouse) or process.poll() is not None, 120, "a scheduled run publishes")
        wait_for(lambda: server.events("dedup.release.published"), 30, "an event says so")
        done = wait_for(lambda: completed(server, "nightly"), 60, "the run completes")
    finally:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert "stopped; the schedule is paused" in out
    assert "next run " in out
    release = dedup.open_release(warehouse)
    assert verify_release(release) == []
    assert release.arrow("reports").num_rows == 3

    runs = runs_of(server, "nightly")
    assert all(run["auto_scheduled"] and run["created_by"]["type"] == "SCHEDULE" for run in runs)
    assert {"dedup", "smoke"} <= set(done[0]["tags"])
    (deployment,) = server.ask("/deployments/filter", deployments={"name": {"any_": ["nightly"]}})
    assert deployment["paused"]
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"

    # What it left: assets with their figures, which rest on the sources, artifacts, and the event.
    assets = server.events("prefect.asset.materialization.succeeded")
    reports = next(event for event in assets if event["resource"]["prefect.resource.id"].endswith("/nightly/reports"))
    assert reports["payload"]["rows"] == 3
    assert reports["resource"]["prefect.resource.id"].startswith("dedup://")
    sources = {r["prefect.resource.id"].rpartition("/")[2] for r in reports["related"]}
    assert {"gov", "share", "harbour"} <= sources
    artifacts = {a["key"]: a["data"] for a in server.ask("/artifacts/filter", limit=50)}
    assert {"clusters", "release", "quality", "release-link"} <= set(artifacts)
    assert "/nightly/releases/" in artifacts["release-link"]
    event = server.events("dedup.release.published")[0]
    assert event["payload"]["documents"] == 4
    assert event["resource"]["prefect.resource.id"].endswith("/nightly")
    assert any(r["prefect.resource.role"] == "deployment" for r in event["related"])


def test_prefect_yaml_deploys_as_it_stands(server: Server) -> None:
    def prefect(*arguments: str) -> str:
        command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
        ended = subprocess.run(command, cwd=ROOT, env=server.environment, text=True, capture_output=True, timeout=120)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    prefect("work-pool", "create", "dedup", "--type", "process")
    prefect("deploy", "--all")
    written = {
        entry["name"]: entry for entry in yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
    }
    found = {d["name"]: d for d in server.ask("/deployments/filter", work_pools={"name": {"any_": ["dedup"]}})}
    assert set(found) == set(written) == {"nightly", "weekly-care"}
    for name, deployment in found.items():
        wanted = written[name]
        assert deployment["tags"] == wanted["tags"]
        assert deployment["parameters"] == wanted["parameters"]
        assert deployment["entrypoint"] == wanted["entrypoint"]
        assert deployment["global_concurrency_limit"]["limit"] == 1
        assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        (schedule,) = deployment["schedules"]
        assert schedule["active"]
        assert schedule["schedule"]["cron"] == wanted["schedules"][0]["cron"]
        assert schedule["schedule"]["timezone"] == "Asia/Shanghai"
        properties = deployment["parameter_openapi_schema"]["properties"]
        assert set(wanted["parameters"]) <= set(properties), "the flow has no such parameter"
    # The scheduler plans them: nothing but the calendar starts them.
    wait_for(lambda: runs_of(server, "nightly") and runs_of(server, "weekly-care"), 60, "runs are scheduled")


def test_a_run_beside_another_is_refused_with_its_exit_code(server: Server, tmp_path: Path) -> None:
    config = write_pages(tmp_path)
    with warehouse_lock(tmp_path / "w"):
        process = start(["run", "-w", "w", "-c", str(config)], server.environment, tmp_path)
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 5
    assert "another run is writing here" in out
    assert not published(tmp_path / "w")
