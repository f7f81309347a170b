"""This project: Parquet in, every verified pair out, by `dedup.find_duplicates`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.peers.protocol import Answer, drive

PACKAGES = ("dedup", "numpy", "pyarrow", "numba")


def prepare() -> None:
    import pyarrow.parquet  # noqa: F401

    import dedup

    # The first call loads the kernels from their cache on disk, or compiles them.
    dedup.find_duplicates(["一二三四五六七八九十" * 9, "一二三四五六七八九十" * 8 + "一", "甲乙丙丁"])


def work(corpus: Path) -> Answer:
    import pyarrow.parquet as pq

    import dedup

    pairs = dedup.find_duplicates(pq.read_table(corpus, columns=["text"])["text"])
    return {"pairs": np.stack([pairs["a"].to_numpy(), pairs["b"].to_numpy()], axis=1)}


if __name__ == "__main__":
    drive(prepare, work, PACKAGES)
