"""Environments for the other tools: made once, with exact versions, each within a time limit."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.peers.registry import Environment

CONSTRAINTS = Path(__file__).parent / "peers"
#: Seconds that installing one environment may take.
LIMIT_S = 600


class NotInstalled(RuntimeError):
    """The tools of an environment cannot be installed on this machine; the message says why."""


def ensure_environment(environment: Environment, folder: Path) -> Path:
    """Return the Python of an environment below `folder`, after making it when it is not there.

    Raises
    ------
    NotInstalled
        pip failed or took longer than `LIMIT_S`.
    """
    home = folder / environment.name
    python, ready = home / "bin" / "python", home / ".ready"
    constraints = CONSTRAINTS / f"constraints-{environment.name}.txt"
    wanted = " ".join(environment.requirements) + "\n" + constraints.read_text("utf-8")
    if ready.exists() and ready.read_text("utf-8") == wanted:
        return python
    deadline = time.monotonic() + LIMIT_S
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [*install, "-c", str(constraints), *environment.requirements],
    ):
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=max(1.0, deadline - time.monotonic()), check=False
            )
        except subprocess.TimeoutExpired as error:
            raise NotInstalled(f"installing took longer than {LIMIT_S} s") from error
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            raise NotInstalled(" ".join(lines[:2]) or done.stderr[-300:].strip())
    ready.write_text(wanted, "utf-8")
    return python
