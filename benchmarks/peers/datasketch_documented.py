"""datasketch 2 as its documentation shows: MinHash.update_batch per document, MinHashLSH, query before insert."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.peers.protocol import Answer, drive, read_texts


def prepare() -> None:
    import datasketch  # noqa: F401
    import pyarrow.parquet  # noqa: F401


def work(corpus: Path) -> Answer:
    from datasketch import MinHash, MinHashLSH

    lsh = MinHashLSH(threshold=0.7, num_perm=128)
    pairs = []
    for row, text in enumerate(read_texts(corpus)):
        sketch = MinHash(num_perm=128)
        sketch.update_batch([text[i : i + 5].encode("utf-8") for i in range(len(text) - 4)])
        pairs += [(other, row) for other in lsh.query(sketch)]
        lsh.insert(row, sketch)
    return {"pairs": np.array(pairs, dtype=np.int64).reshape(-1, 2)}


if __name__ == "__main__":
    drive(prepare, work, ("datasketch", "numpy", "pyarrow"))
