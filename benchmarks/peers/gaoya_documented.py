"""gaoya: MinHashStringIndex over characters, bulk insert and bulk query, both in Rust threads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.peers.protocol import Answer, drive, read_texts


def prepare() -> None:
    import gaoya  # noqa: F401
    import pyarrow.parquet  # noqa: F401


def work(corpus: Path, *, threshold: float = 0.7, bands: int = 16, rows: int = 8) -> Answer:
    import gaoya

    texts = read_texts(corpus)
    # 128 hashes as 16 bands of 8: even odds of becoming a candidate at a Jaccard similarity of 0.68.
    index = gaoya.minhash.MinHashStringIndex(
        hash_size=32,
        jaccard_threshold=threshold,
        num_bands=bands,
        band_size=rows,
        analyzer="char",
        ngram_range=(5, 5),
    )
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    found = index.par_bulk_query(texts)
    pairs = [(row, other) for row, others in enumerate(found) for other in others if other > row]
    return {"pairs": np.array(pairs, dtype=np.int64).reshape(-1, 2)}


if __name__ == "__main__":
    drive(prepare, work, ("gaoya", "pyarrow"))
