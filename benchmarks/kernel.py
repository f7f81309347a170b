"""The fingerprint kernel alone: against reading the same Parquet, against datasketch 2, and its first call.

python -m benchmarks.kernel CORPUS   prints its figures as JSON
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FIRST_CALL = """
import time
import pyarrow as pa
texts = pa.array(["一二三四五六七八九十" * 200])
start = time.perf_counter()
import dedup
dedup.fingerprint(texts)
print(time.perf_counter() - start)
"""


def _best(work: Callable[[], object], repeat: int, clock: Callable[[], float]) -> float:
    best = float("inf")
    for _ in range(repeat):
        start = clock()
        work()
        best = min(best, clock() - start)
    return best


def measure_kernel(corpus: Path, sample: int = 200) -> dict[str, Any]:
    """Return MB/s of fingerprinting and of reading, best of several; one thread by CPU time, two by wall time.

    Parameters
    ----------
    sample : documents that datasketch gets
    """
    import datasketch
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    import dedup

    column = pq.read_table(corpus, columns=["text"])["text"].combine_chunks()
    texts = column.to_pylist()
    megabytes = sum(len(t.encode()) for t in texts) / 1e6
    dedup.fingerprint(column.slice(0, 2))

    def sketch() -> None:
        for text in texts[:sample]:
            minhash = datasketch.MinHash(num_perm=128, seed=1)
            minhash.update_batch([text[i : i + 5].encode("utf-8") for i in range(len(text) - 4)])

    def read() -> pa.ChunkedArray:
        return pq.read_table(corpus, columns=["text"], use_threads=False)["text"]

    cpu, wall = time.process_time, time.perf_counter
    few = sum(len(t.encode()) for t in texts[:sample]) / 1e6
    reference = datasketch.MinHash(num_perm=128, seed=1, hashfunc=dedup.shingle_hash)
    reference.update_batch(dedup.shingles(texts[0]))
    return {
        "megabytes": megabytes,
        "arrow_1": megabytes / _best(lambda: dedup.fingerprint(column), 7, cpu),
        "list_1": megabytes / _best(lambda: dedup.fingerprint(texts), 5, cpu),
        "arrow_2": megabytes / _best(lambda: dedup.fingerprint(column, threads=2), 7, wall),
        "list_2": megabytes / _best(lambda: dedup.fingerprint(texts, threads=2), 5, wall),
        "read": megabytes / _best(read, 5, cpu),
        "datasketch": few / _best(sketch, 5, cpu),
        "equal": bool(np.array_equal(reference.hashvalues, dedup.fingerprint(texts[:1])[0])),
    }


def first_call() -> float:
    """Return the seconds of import and first call in a fresh process with compiled code in its cache; best of 3."""
    from benchmarks.measuring import measure

    return min(float(measure([sys.executable, "-c", FIRST_CALL]).output.split()[-1]) for _ in range(3))


if __name__ == "__main__":
    print(json.dumps(measure_kernel(Path(sys.argv[1]))))
