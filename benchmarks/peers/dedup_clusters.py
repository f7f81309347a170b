"""This project: Parquet in, verified clusters out, by `dedup.deduplicate` on a data frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.peers.dedup_pairs import PACKAGES
from benchmarks.peers.protocol import Answer, drive


def prepare() -> None:
    import pandas as pd
    import pyarrow.parquet  # noqa: F401

    import dedup

    texts = ["一二三四五六七八九十" * 9, "一二三四五六七八九十" * 8 + "一", "甲乙丙丁"]
    dedup.deduplicate(pd.DataFrame({"text": texts}))


def work(corpus: Path) -> Answer:
    import pyarrow.parquet as pq

    import dedup

    frame = dedup.deduplicate(pq.read_table(corpus, columns=["id", "text"]).to_pandas(), text="text", id="id")
    clusters, number = np.unique(frame["cluster_id"].to_numpy(dtype=str), return_inverse=True)
    canonical = np.flatnonzero(frame["is_canonical"].to_numpy())
    stands_for = np.empty(clusters.size, dtype=np.int64)
    stands_for[number[canonical]] = canonical
    return {"label": stands_for[number]}


if __name__ == "__main__":
    drive(prepare, work, PACKAGES)
