"""The Prefect server that schedules need: the one in use, or one that is started here and ends with us."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

#: Where a server listens that was started without further ado (`prefect server start`).
DEFAULT_PORT = 4200
#: Seconds that a server may take to start: it writes its database anew the first time.
PATIENCE = 90.0
#: Seconds that it may take to end before it is killed.
_FAREWELL = 15.0


class ServerMissing(RuntimeError):
    """No Prefect server answers, and none could be started; the message says what to do."""


@contextmanager
def prefect_server(say: Callable[[str], None]) -> Iterator[str]:
    """Yield the address of the API of a Prefect server that has a scheduler.

    It is the one that PREFECT_API_URL or the profile in use names; else one that listens on this machine at its usual
    port; else one is started as a process of its own, which keeps its state in PREFECT_HOME and ends with the block.
    Prefect's temporary server, which `dedup run` makes do with, would never schedule anything.

    Parameters
    ----------
    say : tells a person which one it is

    Raises
    ------
    ServerMissing
        The one that is named does not answer, or the one that was started does not.
    """
    from prefect.settings import PREFECT_API_URL, temporary_settings

    named = PREFECT_API_URL.value()
    if named:
        if not answers(named):
            raise ServerMissing(
                f"no Prefect server answers at {named}; start it (prefect server start), or unset PREFECT_API_URL, and "
                "this command starts one of its own"
            )
        say(f"Prefect server at {_site(named)}")
        yield named
        return
    usual = f"http://127.0.0.1:{DEFAULT_PORT}/api"
    if answers(usual):
        say(f"Prefect server at {_site(usual)}, which runs already")
        with temporary_settings({PREFECT_API_URL: usual}):
            yield usual
        return
    with _started_server() as (url, log), temporary_settings({PREFECT_API_URL: url}):
        say(f"Prefect server at {_site(url)}, started here and stopped with this command; its log is {log}")
        yield url


def answers(api_url: str, timeout: float = 3.0) -> bool:
    """Whether a Prefect server answers at an API address."""
    if not api_url.startswith(("http://", "https://")):
        return False
    try:
        # A proxy of the network knows nothing of this machine's ports.
        with build_opener(ProxyHandler({})).open(f"{api_url.rstrip('/')}/health", timeout=timeout) as answer:
            return bool(answer.status == 200 and answer.read(16).strip() == b"true")
    except (URLError, OSError, ValueError):
        return False


@contextmanager
def _started_server() -> Iterator[tuple[str, Path]]:
    """Yield the address and the log of a server on this machine, reachable from this machine only."""
    from prefect.settings import PREFECT_HOME

    home = Path(PREFECT_HOME.value())
    home.mkdir(parents=True, exist_ok=True)
    log = home / "dedup-server.log"
    port = _free_port(DEFAULT_PORT)
    url = f"http://127.0.0.1:{port}/api"
    with log.open("wb") as output:
        server = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Its web page asks this address, which is not one of a configuration.
            env={**os.environ, "PREFECT_UI_API_URL": url, "PREFECT_API_URL": url},
            # A Ctrl-C in the terminal is for us: the server must still be there when schedules are paused.
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while not answers(url, timeout=1.0):
                if server.poll() is not None or time.monotonic() > deadline:
                    state = "ended" if server.poll() is not None else f"did not answer for {PATIENCE:.0f} s"
                    raise ServerMissing(f"the Prefect server that was started {state}; its log is {log}")
                time.sleep(0.2)
            yield url, log
        finally:
            server.terminate()
            try:
                server.wait(_FAREWELL)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerMissing("no port of this machine is free")


def _site(api_url: str) -> str:
    return api_url.removesuffix("/").removesuffix("/api")
