"""rensa as its documentation shows: token lists into RMinHashDeduplicator, which keeps the first of each kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.peers.protocol import Answer, drive, read_texts


def prepare() -> None:
    import pyarrow.parquet  # noqa: F401
    import rensa  # noqa: F401


def work(corpus: Path, *, threshold: float = 0.7, bands: int | None = None) -> Answer:
    from rensa import RMinHash, RMinHashDeduplicator

    texts = read_texts(corpus)
    tokens = ([text[i : i + 5] for i in range(len(text) - 4)] for text in texts)
    sketches = RMinHash.from_token_sets(tokens, num_perm=128, seed=42)
    deduplicator = RMinHashDeduplicator(threshold=threshold, num_perm=128, use_lsh=True, num_bands=bands)
    kept = deduplicator.add_pairs((str(row), sketch) for row, sketch in enumerate(sketches))
    # `add_pairs` says which are copies; of which ones they are copies is asked for those only.
    copies = [row for row, is_new in enumerate(kept) if not is_new]
    originals = deduplicator.get_duplicate_sets([sketches[row] for row in copies])
    pairs = [(int(other), row) for row, others in zip(copies, originals, strict=True) for other in others]
    return {"pairs": np.array(pairs, dtype=np.int64).reshape(-1, 2)}


if __name__ == "__main__":
    drive(prepare, work, ("rensa", "pyarrow"))
