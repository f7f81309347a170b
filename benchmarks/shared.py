"""What finding shared text costs: passages, edges, phrases and templates over generated sections of 2,000 characters.

    python -m benchmarks.shared [--sizes 10000 30000 100000]

Corpus (b), in which unrelated documents share many template sentences; the documents of one work are one family, as
if they had been matched. Each size runs in a process of its own over texts that lie on disk.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import machine, measure
from benchmarks.results import FOLDER, ROOT, write_result
from benchmarks.scaling import Peak, exponent, map_texts, write_texts

SIZES = (10_000, 30_000, 100_000)


def run_stages(folder: Path, threads: int, limit: int = 1_000_000_000) -> dict[str, Any]:
    """Find what the texts in a folder share; return what each stage cost."""
    import pyarrow as pa

    from dedup.reuse.edges import share_edges
    from dedup.reuse.passages import find_passages
    from dedup.reuse.phrases import count_phrases
    from dedup.reuse.rows import SectionRows
    from dedup.reuse.templates import build_templates
    from dedup.settings import ReuseSettings

    settings = ReuseSettings()

    def rows_of(texts: pa.Array, work: np.ndarray) -> SectionRows:
        n = len(texts)
        first = np.unique(work, return_index=True)[1]
        head = first[np.searchsorted(work[first], work)]
        codes = np.zeros(n, dtype=np.int32)
        unknown = np.full(n, -1, dtype=np.int32)
        site = (np.arange(n) % 50).astype(np.int32)
        own = head == np.arange(n)
        nowhere = np.zeros(n, dtype=bool)
        return SectionRows(texts, head, head, own, nowhere, codes, site, np.arange(n), unknown, unknown)

    def find(rows: SectionRows) -> dict[str, dict[str, float]]:
        peak, stages = Peak(), {}
        given = {"folder": folder / "work", "memory_limit": limit, "threads": threads}
        (folder / "work").mkdir(exist_ok=True)
        passages = None
        steps: dict[str, Callable[[], Any]] = {
            "passages": lambda: find_passages(rows, settings, **given),
            "edges": lambda: share_edges(passages, rows, settings),
            "phrases": lambda: count_phrases(rows, settings, **given),
            "templates": lambda: build_templates(rows, settings, **given),
        }
        for name, step in steps.items():
            peak.take()
            wall, cpu = time.perf_counter(), time.process_time()
            found = step()
            stages[name] = {
                "wall_s": time.perf_counter() - wall,
                "cpu_s": time.process_time() - cpu,
                "anonymous_mb": peak.take(),
            }
            if name == "passages":
                passages = found
        return stages

    texts, work = map_texts(folder), np.load(folder / "work.npy")
    # The first pass compiles what is not cached; small, and not part of any figure.
    find(rows_of(texts.slice(0, 200), work[:200]))
    return {"sections": len(texts), "megabytes": texts.nbytes / 1e6, "stages": find(rows_of(texts, work))}


def measure_shared(sizes: list[int]) -> dict[str, Any]:
    """Run all sizes, each in a process of its own."""
    FOLDER.mkdir(exist_ok=True)
    runs = []
    for sections in sizes:
        print(f"shared text: {sections:,} sections", flush=True)
        with tempfile.TemporaryDirectory(prefix="shared-", dir=FOLDER) as folder:
            command = [sys.executable, "-m", "benchmarks.shared"]
            measure([*command, "--write", folder, "--sizes", str(sections)], cwd=ROOT)
            cost = measure([*command, "--run", folder], cwd=ROOT, timeout_s=3600)
            runs.append(json.loads(cost.output.splitlines()[-1]))
    stages = list(runs[0]["stages"])
    exponents = {name: exponent([{**run, "stages": {name: run["stages"][name]}} for run in runs]) for name in stages}
    return {"runs": runs, "exponents": exponents, "threads": len(os.sched_getaffinity(0))}


def main() -> None:
    """Measure, keep the figures, print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), help="sections (default %(default)s)")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        write_texts(arguments.sizes[0], arguments.write, corpus="templates")
    elif arguments.run:
        print(json.dumps(run_stages(arguments.run, len(os.sched_getaffinity(0)))))
    else:
        result = measure_shared(arguments.sizes)
        write_result("shared", {"machine": machine(), **result})
        print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
