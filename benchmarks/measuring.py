"""Running a command as a process of its own and asking the kernel what it cost."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one process cost: seconds of wall and CPU (its children included), peak resident memory in MB."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: str


def measure(command: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> Cost:
    """Run a command to its end and return its cost; raises when it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


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
    packages = ", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "pyarrow", "duckdb", "datasketch"))
    return [
        f"{len(os.sched_getaffinity(0))} processors ({model}), {platform.system()}, Python {platform.python_version()}",
        packages,
    ]
