"""Running a command as a process of its own and finding out what it cost, its children included."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

#: Seconds between two looks at the memory of a process and its children.
INTERVAL = 0.02


@dataclass(frozen=True)
class Cost:
    """What one process cost, its children included.

    Attributes
    ----------
    wall_s, cpu_s : seconds
    peak_mb, anonymous_mb : greatest sum of resident memory, and of its anonymous part (no file pages), over the
        process and its children; looked at every 20 ms, so short peaks may be missed
    output : what it printed
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    anonymous_mb: float
    output: str


class CommandFailed(RuntimeError):
    """A command ended with an error or took too long: `reason` says why, the message and `output` what it printed."""

    def __init__(self, command: list[str], reason: str, output: str) -> None:
        super().__init__(f"{' '.join(command)} {reason}:\n{output[-3000:]}")
        self.reason = reason
        self.output = output


class _Watch(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = self.anonymous = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        turns = 0
        family = [self.pid]
        while not self.over.wait(INTERVAL):
            # Listing the children costs more than reading the memory of one process.
            if turns % 10 == 0:
                family = _family(self.pid)
            turns += 1
            memory = [_memory(pid) for pid in family]
            self.peak = max(self.peak, sum(m[0] for m in memory))
            self.anonymous = max(self.anonymous, sum(m[1] for m in memory))


def _family(pid: int) -> list[int]:
    found, open_ends = [pid], [pid]
    while open_ends:
        for task in Path(f"/proc/{open_ends.pop()}/task").glob("*/children"):
            try:
                children = [int(child) for child in task.read_text().split()]
            except OSError:
                # The thread ended between listing and reading.
                continue
            found += children
            open_ends += children
    return found


def _memory(pid: int) -> tuple[float, float]:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        # The process ended between listing and reading.
        return 0.0, 0.0
    values = dict(re.findall(r"^(VmRSS|RssAnon):\s+(\d+) kB", status, re.MULTILINE))
    return int(values.get("VmRSS", 0)) / 1024, int(values.get("RssAnon", 0)) / 1024


def measure(
    command: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None, timeout_s: float = 3600
) -> Cost:
    """Run a command to its end and return its cost.

    Raises
    ------
    CommandFailed
        It ended with an error, or did not end in time and was killed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    assert process.stdout is not None
    watch = _Watch(process.pid)
    watch.start()
    late = threading.Timer(timeout_s, os.killpg, (process.pid, 9))
    late.start()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    late.cancel()
    watch.over.set()
    watch.join()
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode != 0:
        last = (output.strip().splitlines() or ["nothing was printed"])[-1]
        late_reason, other = f"did not end within {timeout_s:.0f} s", f"ended with {process.returncode}: {last}"
        raise CommandFailed(command, late_reason if wall >= timeout_s else other, output)
    # The greatest resident set that the kernel reports begins with that of the parent at the fork: not used.
    return Cost(wall, usage.ru_utime + usage.ru_stime, watch.peak, watch.anonymous, output)


def dedup(*arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> Cost:
    """Run the command line of this environment."""
    return measure([str(Path(sys.executable).with_name("dedup")), *arguments], cwd=cwd, env=env)


def machine() -> list[str]:
    """Return lines that say where and with what a benchmark ran."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        text = cpuinfo.read_text()
        names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
        model = names[0] if names else model
        if "avx512f" in text:
            model += ", AVX-512"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    packages = ", ".join(
        f"{name} {version(name)}"
        for name in ("dedup", "numba", "numpy", "pyarrow", "duckdb", "rapidfuzz", "datasketch")
    )
    return [
        f"{len(os.sched_getaffinity(0))} processors ({model}), {memory:.0f} GB, {platform.system()}, "
        f"Python {platform.python_version()}",
        packages,
    ]
