"""What every driver shares: it is called as `python -m benchmarks.peers.NAME CORPUS OUT` and writes OUT.npz, OUT.json.

Only the standard library and NumPy are needed here, since each peer has an environment of its own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

#: What a driver answers: {"pairs": (p, 2)} or {"label": (n,)}, the row that stands for each row; int64.
Answer = dict[str, np.ndarray]


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def drive(
    prepare: Callable[[], object],
    work: Callable[[Path], Answer],
    packages: tuple[str, ...],
    finish: Callable[[Answer], Answer] | None = None,
) -> None:
    """Import, work, and write the answer and what both cost.

    Parameters
    ----------
    prepare : imports and compiles; reported apart
    work : from the Parquet file (columns id, text) to the answer
    finish : makes pairs from what `work` left, where the tool itself gives none; its time is not counted
    """
    corpus, out = Path(sys.argv[1]), Path(sys.argv[2])
    prepare()
    imported, start = cpu_seconds(), time.perf_counter()
    answer = work(corpus)
    cpu, wall = cpu_seconds() - imported, time.perf_counter() - start
    if finish is not None:
        answer = finish(answer)
    np.savez(out.with_suffix(".npz"), **answer)
    figures = {
        "imports_cpu_s": imported,
        "cpu_s": cpu,
        "wall_s": wall,
        "versions": {name: version(name) for name in packages},
        "python": sys.version.split()[0],
    }
    out.with_suffix(".json").write_text(json.dumps(figures), "utf-8")


def read_texts(corpus: Path) -> list[str]:
    """Return the texts of a corpus as a list of str."""
    import pyarrow.parquet as pq

    texts: list[str] = pq.read_table(corpus, columns=["text"])["text"].to_pylist()
    return texts
