"""data-juicer: the operator document_minhash_deduplicator with character tokens, over a dataset of Hugging Face."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.peers.protocol import Answer, drive


def prepare() -> None:
    # Nothing is downloaded, and intermediate files of `datasets` do not outlive the run.
    os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=tempfile.mkdtemp(prefix="bench-juicer-"))
    from data_juicer.ops.deduplicator import document_minhash_deduplicator  # noqa: F401


def work(corpus: Path) -> Answer:
    from data_juicer.core.data import NestedDataset
    from data_juicer.ops.deduplicator import document_minhash_deduplicator as module
    from datasets import Dataset

    unions: list[module.UnionFind] = []

    class Observed(module.UnionFind):
        """Remembers itself: the operator keeps one row per cluster and does not say which it stood for."""

        def __init__(self) -> None:
            super().__init__()
            unions.append(self)

    module.UnionFind = Observed
    dataset = NestedDataset(Dataset.from_parquet(str(corpus)))
    operator = module.DocumentMinhashDeduplicator(
        tokenization="character",
        window_size=5,
        lowercase=False,
        num_permutations=128,
        jaccard_threshold=0.7,
        num_proc=1,
    )
    n = len(dataset)
    operator.run(dataset)
    return {"label": np.array([unions[0].find(row) for row in range(n)], dtype=np.int64)}


if __name__ == "__main__":
    drive(prepare, work, ("py-data-juicer", "datasets", "numpy", "pyarrow"))
