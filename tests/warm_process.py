"""Runs of the command as processes of their own that start warm, so that many can be started, watched and killed.

One process imports everything and makes one run; each further run is a fork of it with a session of its own, which
starts in milliseconds instead of seconds and can be killed like any process, with all that it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
#: Code of a run that cuts in processes of their own from the first page on, however short its input.
WITH_WORKERS = "from dedup.engines.crew import Crew; Crew.__init__.__kwdefaults__['start_after'] = 0"


@dataclass
class Started:
    """One run: its process, which leads a session of its own, and what it printed."""

    server: WarmProcess
    pid: int
    log: Path

    def wait(self) -> int:
        """Wait for the end; the exit code, or minus the signal that ended it."""
        return int(self.server.ask({"wait": self.pid})["code"])

    def kill(self) -> int:
        """Kill the whole process group at once, wait until nothing of the session is left; the exit code as above."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        code = self.wait()
        until = time.monotonic() + 60
        while members(self.pid) and time.monotonic() < until:
            time.sleep(0.01)
        left = members(self.pid)
        assert not left, f"processes {left} outlive the run that started them"
        return code

    def said(self) -> str:
        """Return what it printed on both streams."""
        return self.log.read_text("utf-8")


class WarmProcess:
    """The process that waits, with everything loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._n = 0
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.warm_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def ask(self, message: dict) -> dict:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the warm process ended"
        return dict(json.loads(line))

    def run(self, *arguments: str | Path, code: str = "") -> Started:
        """Start `dedup` with these arguments; `code` is Python that the process executes before."""
        self._n += 1
        log = self.folder / f"run-{self._n}.log"
        message = {"run": [str(a) for a in arguments], "log": str(log), "code": code}
        return Started(self, int(self.ask(message)["pid"]), log)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        assert self._process.stdout is not None
        self._process.stdout.close()


def members(session: int) -> list[int]:
    """Return the processes of a session that have not ended."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, sid = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(sid) == session and state not in "ZX":
            found.append(int(entry.name))
    return found


def _warm_up(folder: Path) -> None:
    from tests.command import call, write_pages

    write_pages(folder)
    result = call("run", "--no-prefect", "--quiet", "--config", folder / "dedup.toml", "-w", folder / "warehouse")
    assert result.code == 0, result.err


def _become_run(message: dict) -> None:
    os.setsid()
    log = os.open(message["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    exec(message["code"], {})
    sys.argv = ["dedup", *message["run"]]
    from dedup.cli import main

    main()


def serve(commands: IO[str], answers: IO[str]) -> None:
    """Start and await runs until the commands end."""
    for line in commands:
        message = json.loads(line)
        if "wait" in message:
            _, status = os.waitpid(message["wait"], 0)
            answer = {"code": os.waitstatus_to_exitcode(status)}
        else:
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    _become_run(message)
                    code = 0
                except SystemExit as end:
                    code = end.code if isinstance(end.code, int) else int(bool(end.code))
                except BaseException:
                    sys.excepthook(*sys.exc_info())
                finally:
                    sys.stdout.flush()
                    sys.stderr.flush()
                    os._exit(code)
            # It may be killed as a group once it leads one.
            while os.getsid(pid) != pid:
                time.sleep(0.001)
            answer = {"pid": pid}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    import tempfile

    # Answers keep the stream for themselves; whatever the warm-up prints goes elsewhere.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as scratch:
        _warm_up(Path(scratch))
    serve(sys.stdin, answers)
