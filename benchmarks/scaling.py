"""How time and memory grow: texts of 2,000 characters through fingerprint, match and cluster.

    python -m benchmarks.scaling [--sizes 10000 100000 1000000]

Each size runs in a process of its own over texts that lie on disk and are mapped, as a run of the command line has
them. One million sections need 6 GB of disk and 8 GB of memory.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import machine, measure
from benchmarks.results import FOLDER, ROOT, read_result, write_result

SIZES = (10_000, 100_000)


class Peak:
    """The greatest anonymous memory of this process since the last call of `take`, looked at every 5 ms."""

    def __init__(self) -> None:
        self.value = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        from dedup.engines.observing import anonymous_mb

        while True:
            self.value = max(self.value, anonymous_mb())
            time.sleep(0.005)

    def take(self) -> float:
        """Return the peak and begin anew."""
        value, self.value = self.value, 0.0
        return value


def write_texts(sections: int, folder: Path, seed: int = 1, corpus: str = "words") -> None:
    """Write a corpus as a run keeps its texts: one file of bytes; here with the bounds and works beside it."""
    from benchmarks.corpora import CORPORA, draw_batches
    from dedup.engines.store import TextStore

    offsets = [np.zeros(1, dtype=np.int64)]
    works: list[np.ndarray] = []
    with TextStore(folder / "texts") as store:
        for batch in draw_batches(CORPORA[corpus], sections, seed):
            store.append(batch.texts)
            works.append(batch.work)
            ends = np.frombuffer(batch.texts.buffers()[1], dtype=np.int64)[1 : len(batch.texts) + 1]
            offsets.append(ends + offsets[-1][-1])
    np.save(folder / "offsets.npy", np.concatenate(offsets))
    np.save(folder / "work.npy", np.concatenate(works))


def map_texts(folder: Path) -> Any:
    """Return the texts as one large_string array over the mapped file, as `TextStore.read` does."""
    import pyarrow as pa

    offsets = np.load(folder / "offsets.npy")
    with pa.memory_map(str(folder / "texts")) as file:
        data = file.read_buffer(int(offsets[-1]))
    return pa.Array.from_buffers(pa.large_string(), offsets.size - 1, [None, pa.py_buffer(offsets), data])


def run_stages(folder: Path, threads: int) -> dict[str, Any]:
    """Fingerprint, match and cluster what lies in a folder; return what each stage cost."""
    import pyarrow as pa

    from dedup.clusters.assignment import assign_clusters
    from dedup.clusters.variants import mark_variants
    from dedup.fingerprinting.minhash import signature_matrix
    from dedup.matching.match import match_texts
    from dedup.settings import FingerprintSettings, MatchSettings

    match, fingerprint = MatchSettings(), FingerprintSettings()
    tiny = pa.array(["一二三四五六七八九十" * 30, "一二三四五六七八九十" * 29 + "一"])
    warm = match_texts(tiny, signature_matrix(tiny), match, fingerprint)
    mark_variants(warm.pairs, tiny, warm.nodes.first_row, match)
    texts = map_texts(folder)
    peak, stages = Peak(), {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        peak.take()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        stages[name] = {
            "wall_s": time.perf_counter() - wall,
            "cpu_s": time.process_time() - cpu,
            "anonymous_mb": peak.take(),
        }

    with stage("fingerprint"):
        prints = signature_matrix(texts, threads=threads)
    with stage("match"):
        matches = match_texts(texts, prints, match, fingerprint, threads=threads)
    with stage("cluster"):
        marks = mark_variants(matches.pairs, texts, matches.nodes.first_row, match)
        n = len(texts)
        assignment = assign_clusters(matches, marks, np.arange(n), np.zeros(n, dtype=bool))
    return {
        "sections": n,
        "megabytes": texts.nbytes / 1e6,
        "pairs": int(matches.pairs.a.size),
        "clusters": int((assignment.canonical == np.arange(n)).sum()),
        "stages": stages,
    }


def exponent(runs: list[dict[str, Any]]) -> float | None:
    """Return the slope of log CPU seconds over log bytes of text by least squares; None for fewer than two sizes."""
    if len(runs) < 2:
        return None
    size = np.log([run["megabytes"] for run in runs])
    seconds = np.log([sum(s["cpu_s"] for s in run["stages"].values()) for run in runs])
    return float(np.polyfit(size, seconds, 1)[0])


def measure_scaling(sizes: list[int], kept: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Run all sizes, each in a process of its own; sizes measured before and not asked for stay as they are."""
    runs = {run["sections"]: run for run in kept or [] if run["sections"] not in sizes}
    for sections in sizes:
        print(f"scaling: {sections:,} sections", flush=True)
        need = sections * 6_500
        FOLDER.mkdir(exist_ok=True)
        free = shutil.disk_usage(FOLDER).free
        if free < need:
            raise OSError(f"{sections:,} sections need {need / 1e9:.1f} GB of disk, {free / 1e9:.1f} are free")
        with tempfile.TemporaryDirectory(prefix="scaling-", dir=FOLDER) as folder:
            command = [sys.executable, "-m", "benchmarks.scaling"]
            measure([*command, "--write", folder, "--sizes", str(sections)], cwd=ROOT)
            cost = measure([*command, "--run", folder], cwd=ROOT, timeout_s=3 * 3600)
            runs[sections] = json.loads(cost.output.splitlines()[-1]) | {"peak_mb": cost.peak_mb}
    ordered = [runs[size] for size in sorted(runs)]
    return {"runs": ordered, "exponent": exponent(ordered), "threads": len(os.sched_getaffinity(0))}


def main() -> None:
    """Measure, keep the figures, print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), help="sections (default %(default)s)")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        write_texts(arguments.sizes[0], arguments.write)
    elif arguments.run:
        print(json.dumps(run_stages(arguments.run, len(os.sched_getaffinity(0)))))
    else:
        before = read_result("scaling")
        result = measure_scaling(arguments.sizes, before["runs"] if before else None)
        write_result("scaling", {"machine": machine(), **result})
        print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
