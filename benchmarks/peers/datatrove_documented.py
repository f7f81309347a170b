"""datatrove: its four minhash steps with the local executor and the default configuration, for Chinese.

Shingles are 5 words as its Chinese word tokenizer (spaCy with jieba) cuts them; 14 buckets of 8 hashes, which is a
threshold of about 0.72. The pipeline runs as one task, in one process.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.peers.protocol import Answer, drive


def prepare() -> None:
    os.environ.update(HF_HUB_OFFLINE="1")
    import spacy.lang.zh  # noqa: F401


def work(corpus: Path) -> Answer:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import ParquetWriter
    from datatrove.utils.typeshelper import Languages

    config = MinhashConfig()
    with tempfile.TemporaryDirectory(prefix="bench-datatrove-") as folder:
        reader = ParquetReader(str(corpus.parent), glob_pattern=corpus.name, text_key="text", id_key="id")
        steps = [
            ([reader, MinhashDedupSignature(f"{folder}/sig", config, language=Languages.chinese__hani)], 1),
            ([MinhashDedupBuckets(f"{folder}/sig", f"{folder}/buckets", config=config)], config.num_buckets),
            ([MinhashDedupCluster(f"{folder}/buckets", f"{folder}/ids", config=config, save_cluster_id=True)], 1),
            ([reader, MinhashDedupFilter(f"{folder}/ids"), ParquetWriter(f"{folder}/out")], 1),
        ]
        for number, (pipeline, tasks) in enumerate(steps):
            logs = f"{folder}/logs/{number}"
            LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=logs).run()
        clusters = Path(f"{folder}/ids/000000.clusters")
        found = np.frombuffer(clusters.read_bytes() if clusters.exists() else b"", dtype="<u4").reshape(-1, 2)
    import pyarrow.parquet as pq

    label = np.arange(pq.read_metadata(corpus).num_rows)
    order = np.lexsort((found[:, 0], found[:, 1]))
    rows, cluster = found[order, 0].astype(np.int64), found[order, 1]
    first = np.flatnonzero(np.diff(cluster.astype(np.int64), prepend=-1))
    label[rows] = np.repeat(rows[first], np.diff(np.append(first, rows.size)))
    return {"label": label}


if __name__ == "__main__":
    drive(prepare, work, ("datatrove", "spacy", "jieba", "numpy", "pyarrow"))
