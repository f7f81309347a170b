"""A real Prefect server for tests, on a free port of this machine, with state in a folder of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx


@dataclass(frozen=True)
class Server:
    """A running server and the environment that leads to it."""

    url: str
    environment: dict[str, str]
    log: Path

    def ask(self, path: str, **body: Any) -> Any:
        """Post a query to its API."""
        answer = httpx.post(f"{self.url}{path}", json=body, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def read(self, path: str) -> Any:
        answer = httpx.get(f"{self.url}{path}", timeout=20)
        answer.raise_for_status()
        return answer.json()

    def events(self, prefix: str) -> list[dict[str, Any]]:
        """Events whose name begins so, newest first."""
        found = self.ask("/events/filter", filter={"event": {"prefix": [prefix]}}, limit=50)
        return list(found["events"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a process that knows nothing of Prefect on this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "DEDUP"))}
    return {**kept, "PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", **more}


@contextmanager
def running_server(home: Path, **more: str) -> Iterator[Server]:
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    # Runners that look for runs more often than every 10 s make tests shorter.
    variables = environment(home, PREFECT_API_URL=url, PREFECT_RUNNER_POLL_FREQUENCY="2", **more)
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(lambda: _healthy(url) or process.poll() is not None, 120, "the Prefect server answers")
            assert process.poll() is None, log.read_text("utf-8", "replace")
            yield Server(url, variables, log)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def wait_for(true: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return the first true value; fail when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := true():
            return value
        time.sleep(0.2)
    raise AssertionError(f"in {seconds:.0f} s it did not happen that {what}")
