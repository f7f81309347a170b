"""Scheduled runs on a real Prefect server: nobody starts them by hand, and each publishes a release."""

from __future__ import annotations

import http.server
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import dedup
from dedup.engines.turns import turn_name
from dedup.releases import verify_release, warehouse_lock
from tests.command import call, write_pages
from tests.prefect_service import Server, environment, free_port, running_server, wait_for
from tests.webhook_server import webhook_server

#: What a run that a deployment began knows of it.
DEPLOYED = {"PREFECT__RUNTIME__DEPLOYMENT__ID": "d"}
#: Takes its turn, says so in a file, stays until another file is there, and leaves.
TURN = """
import sys, time
from pathlib import Path
from dedup.engines.launch import silence_telemetry; silence_telemetry()
from dedup.engines.turns import my_turn
warehouse, mine, until = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
mine.with_suffix(".began").touch()
with my_turn(warehouse, lambda line: print(line, flush=True)):
    mine.touch()
    while not until.exists():
        time.sleep(0.05)
"""

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
    config = write_pages(tmp_path)
    told = '[[alerts.webhook]]\nurl = "$MY_HOOK"\non = ["published"]\n'
    config.write_text(config.read_text("utf-8") + told, "utf-8")
    warehouse = tmp_path / "nightly"
    with webhook_server() as hook:
        # Due every few seconds: runs are still at work when others are due.
        variables = {**server.environment, "MY_HOOK": hook.url}
        process = start(["serve", "--every", "6s", "-w", "nightly", "--tag", "smoke"], variables, tmp_path)
        try:
            wait_for(lambda: published(warehouse) or process.poll() is not None, 120, "a scheduled run publishes")
            assert process.poll() is None, process.communicate()[0]
            wait_for(lambda: server.events("dedup.release.published"), 30, "an event says so")
            done = wait_for(lambda: completed(server, "nightly"), 60, "the run completes")
        finally:
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=60)
    assert hook.received[0].body["outcome"] == "published"
    assert "t0ken" not in out
    assert "t0ken" not in str(server.ask("/logs/filter", limit=200))
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


def turn(variables: dict[str, str], warehouse: str, mine: Path, until: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TURN, warehouse, str(mine), str(until)],
        env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    return out


@pytest.mark.parametrize(
    ("warehouse", "name"),
    [
        ("/srv/reports", "dedup-publish-srv-reports"),
        ("/srv/a b/仓库%&", "dedup-publish-srv-a-b-仓库"),
        ("s3://user:secret@bucket/reports/zh/?token=1", "dedup-publish-s3-bucket-reports-zh"),
        ("/" + "x" * 500, "dedup-publish-" + "x" * 120),
    ],
)
def test_a_limit_is_named_after_its_warehouse(warehouse: str, name: str) -> None:
    assert turn_name(warehouse) == name


def test_a_second_deployed_run_waits_for_the_first_and_nobody_else_does(server: Server, tmp_path: Path) -> None:
    deployed = {**server.environment, **DEPLOYED}
    end, now = tmp_path / "end", tmp_path / "now"
    now.touch()
    first = turn(deployed, "/srv/w", tmp_path / "first", end)
    wait_for((tmp_path / "first").exists, 60, "the first has its turn")
    second = turn(deployed, "/srv/w", tmp_path / "second", now)
    elsewhere = turn(deployed, "/srv/v", tmp_path / "elsewhere", now)
    by_hand = turn(server.environment, "/srv/w", tmp_path / "by_hand", now)
    assert "no turn" not in ended(elsewhere) + ended(by_hand)
    wait_for((tmp_path / "second.began").exists, 60, "the second begins")
    time.sleep(1.5)
    assert not (tmp_path / "second").exists(), "both are at work at once"
    (limit,) = [
        found
        for found in server.ask("/v2/concurrency_limits/filter", limit=100)
        if found["name"] == "dedup-publish-srv-w"
    ]
    assert (limit["limit"], limit["active_slots"]) == (1, 1)
    end.touch()
    assert "no turn" not in ended(first) + ended(second)
    assert (tmp_path / "second").exists()


def test_a_server_that_knows_no_turns_stops_nobody(tmp_path: Path) -> None:
    class Old(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(404)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"detail": "Not Found"}')

        do_GET = do_POST = answer  # noqa: N815 - names of the library

        def log_message(self, *_: object) -> None:
            pass

    old = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Old)
    threading.Thread(target=old.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{old.server_address[1]}/api"
        process = turn(
            environment(tmp_path / "prefect", PREFECT_API_URL=url, **DEPLOYED), "/srv/w", tmp_path / "done", tmp_path
        )
        out = ended(process)
    finally:
        old.shutdown()
        old.server_close()
    assert "no turn could be taken (dedup-publish-srv-w): " in out
    assert "going on without" in out
    assert (tmp_path / "done").exists()


@pytest.mark.slow
def test_a_run_beside_another_is_refused_with_its_exit_code(server: Server, tmp_path: Path) -> None:
    config = write_pages(tmp_path)
    with warehouse_lock(tmp_path / "w"):
        process = start(["run", "-w", "w", "-c", str(config)], server.environment, tmp_path)
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 5
    assert "another run is writing here" in out
    assert not published(tmp_path / "w")


@pytest.mark.slow
def test_automations_tell_a_webhook_what_happened_to_a_release(server: Server, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        ended = subprocess.run(
            command, cwd=tmp_path, env=server.environment, text=True, capture_output=True, timeout=120
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    with webhook_server() as hook:
        automations = str(ROOT / "flows" / "automations.py")
        # Made twice, they are replaced, not doubled.
        for _ in range(2):
            names = run(automations, "--url", hook.url, "--kind", "feishu", "--hours", "30").splitlines()
        found = {automation["name"]: automation for automation in server.ask("/automations/filter")}
        assert set(names) == set(found)
        assert len(server.ask("/automations/filter")) == 4
        assert found["dedup: release overdue"]["trigger"]["posture"] == "Proactive"
        assert found["dedup: release overdue"]["trigger"]["within"] == 30 * 3600
        emit = (
            "from prefect.events import emit_event\n"
            "from dedup.engines.assets import REJECTED, warehouse_resource\n"
            "from prefect.events.worker import EventsWorker\n"
            "emit_event(REJECTED, resource=warehouse_resource('nightly'),"
            " payload={'release_id': None, 'problems': ['facts: a rule of ours']})\n"
            "EventsWorker.instance().drain()\n"
        )

        def told() -> bool:
            run("-c", emit)  # the server learns of a new automation a moment after it was made
            return bool(hook.received)

        wait_for(told, 60, "the webhook is told")
        post = hook.received[0].body["content"]["post"]["zh_cn"]
    assert "nightly: dedup.release.rejected" in post["title"]
    assert "facts: a rule of ours" in str(post["content"])


@pytest.mark.slow
def test_a_stopped_gate_ends_in_a_state_of_its_own(server: Server, tmp_path: Path) -> None:
    config = write_pages(tmp_path)
    rule = '[[quality.rule]]\ndataset = "reports"\nname = "none"\nsql = "false"\nseverity = "critical"\nwhy = "test"\n'
    config.write_text(config.read_text("utf-8").partition("[quality]")[0] + rule, "utf-8")
    process = start(["run", "-w", "gated", "-c", str(config)], server.environment, tmp_path)
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 3, out
    assert "the last release is untouched" in out
    states = [run["state"] for run in server.ask("/flow_runs/filter", limit=200)]
    (stopped,) = [state for state in states if state["name"] == "Rejected"]
    assert stopped["type"] == "FAILED"
    assert "none" in stopped["message"]
    event = server.events("dedup.release.rejected")[0]
    assert event["payload"]["release_id"] is None
    assets = [e["resource"]["prefect.resource.id"] for e in server.events("prefect.asset.materialization")]
    assert not any("/gated/" in asset for asset in assets)


@pytest.mark.slow
def test_care_verifies_and_prunes_and_names_what_is_damaged(server: Server, tmp_path: Path) -> None:
    config = write_pages(tmp_path)
    for _ in range(3):
        assert call("run", "--no-prefect", "-q", "-w", tmp_path / "w", "-c", config).code == 0

    def care() -> None:
        flow = str(ROOT / "flows" / "care_for_warehouse.py")
        code = (
            f"import runpy; care = runpy.run_path({flow!r})['care_for_warehouse']\n"
            f"print(care(config={str(config)!r}, warehouse={str(tmp_path / 'w')!r}, keep=2, return_state=True))"
        )
        ended = subprocess.run([sys.executable, "-c", code], env=server.environment, text=True, capture_output=True)
        states.append(ended.stdout)

    states: list[str] = []
    care()
    assert "is whole; 1 old ones removed" in states[0]
    release = dedup.open_release(tmp_path / "w")
    victim = release.files("reports")[0]
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 0xFF
    victim.chmod(0o644)
    victim.write_bytes(bytes(content))
    care()
    assert "Damaged" in states[1]
    # Events come to the server beside the states of runs.
    told = wait_for(lambda: server.events("dedup.release.damaged"), 60, "the damage is told")
    assert told[0]["payload"]["release_id"] == release.id


@pytest.mark.slow
def test_serve_starts_a_server_of_its_own_and_ends_it(tmp_path: Path) -> None:
    write_pages(tmp_path)
    port = free_port()
    code = (
        f"import dedup.engines.prefect_server as s; s.DEFAULT_PORT = {port}\n"
        "import sys; sys.argv[0] = 'dedup'\nfrom dedup.cli import main; main()"
    )
    variables = environment(tmp_path / "prefect", PREFECT_RUNNER_POLL_FREQUENCY="2")
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", "--every", "10s", "-w", "own"],
        cwd=tmp_path, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        # A test runner in the background hands its children a Ctrl-C that does nothing.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )  # fmt: skip
    try:
        wait_for(lambda: published(tmp_path / "own") or process.poll() is not None, 240, "a scheduled run publishes")
    finally:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=90)
    assert process.returncode == 0, out
    assert f"http://127.0.0.1:{port}, started here and stopped with this command" in out
    assert "stopped; the schedule is paused" in out
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.slow
def test_a_server_that_plans_nothing_is_noticed(tmp_path: Path) -> None:
    config = write_pages(tmp_path)
    with webhook_server() as hook:
        config.write_text(config.read_text("utf-8") + f'[[alerts.webhook]]\nurl = "{hook.url}"\n', "utf-8")
        no_scheduler = {"PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false"}
        with running_server(tmp_path / "prefect", **no_scheduler) as idle:
            code = "import dedup.engines.serving as s; s.FIRST_RUN_WITHIN = 5\nfrom dedup.cli import main; main()"
            process = subprocess.Popen(
                [sys.executable, "-c", code, "serve", "--every", "10s", "-w", "w"],
                cwd=tmp_path, env=idle.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                wait_for(lambda: hook.received or process.poll() is not None, 120, "the webhook is told")
            finally:
                process.send_signal(signal.SIGTERM)
                out, _ = process.communicate(timeout=60)
    assert "no further run of w on its calendar" in out
    assert hook.received[0].body["error"] == "NoSchedule"


@pytest.mark.slow
def test_two_schedules_over_one_warehouse_both_publish(server: Server, tmp_path: Path) -> None:
    write_pages(tmp_path)
    both = [
        start(["serve", "gov", "--every", "15s", "-w", "w", "--name", name], server.environment, tmp_path)
        for name in ("one", "two")
    ]

    def done(name: str) -> int:
        return sum(run["state_name"] == "Completed" for run in runs_of(server, name))

    try:
        wait_for(lambda: done("one") and done("two"), 240, "a run of both schedules completes")
    finally:
        for process in both:
            process.terminate()
        for process in both:
            process.communicate(timeout=90)
    failed = [run["state"] for name in ("one", "two") for run in runs_of(server, name) if run["state_type"] == "FAILED"]
    assert failed == []
    assert verify_release(dedup.open_release(tmp_path / "w")) == []
