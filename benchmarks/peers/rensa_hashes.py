"""rensa at its best: shingle hashes made by NumPy over code points, one digest matrix, its native one-pass LSH.

Its documentation does not show this for text; no shingle string is made. rensa answers with a flag for each document
only, so the pairs that are scored are made afterwards from the same bands of its digests, outside the time counted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.peers.protocol import Answer, drive

BANDS, ROWS = 16, 8
CHUNK = 100


def prepare() -> None:
    import pyarrow.parquet  # noqa: F401
    import rensa  # noqa: F401


def shingle_hashes(corpus: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the hashes of all 5-character shingles and the (n + 1,) bounds of the documents."""
    import pyarrow.parquet as pq

    texts = pq.read_table(corpus, columns=["text"])["text"].to_pylist()
    counts = np.array([max(len(t) - 4, 0) for t in texts], dtype=np.int64)
    bounds = np.concatenate([[0], np.cumsum(counts)])
    out = np.empty(int(bounds[-1]), dtype=np.uint64)
    # A few documents at a time, so that the arrays stay in the cache.
    for start in range(0, len(texts), CHUNK):
        part = texts[start : start + CHUNK]
        cps = np.frombuffer("".join(part).encode("utf-32-le"), dtype="<u4").astype(np.uint64)
        cps *= np.uint64(0x9E3779B97F4A7C15)
        hashes = cps[: cps.size - 4].copy()
        for k in range(1, 5):
            hashes *= np.uint64(0xD1342543DE82EF95)
            hashes += cps[k : k + hashes.size]
        hashes ^= hashes >> np.uint64(32)
        # Shingles that reach into the next document go.
        ends = np.cumsum([len(t) for t in part])[:-1]
        inside = np.ones(hashes.size, dtype=bool)
        for k in range(1, 5):
            inside[ends - k] = False
        out[bounds[start] : bounds[start + len(part)]] = hashes[inside]
    return out, bounds


def work(corpus: Path) -> Answer:
    from rensa import RMinHash, RMinHashLSH

    hashes, bounds = shingle_hashes(corpus)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, bounds.astype(np.uint64), 128, 42)
    lsh = RMinHashLSH(0.7, 128, BANDS)
    flags = lsh.query_duplicate_flags_matrix_one_shot(matrix)
    return {"flags": np.array(flags, dtype=bool), "matrix": matrix}


def finish(answer: Answer) -> Answer:
    """Make pairs from the bands of the digests."""
    digests = np.array(answer["matrix"].to_rows(), dtype=np.uint32)
    groups = []
    for band in range(BANDS):
        keys = np.ascontiguousarray(digests[:, band * ROWS : (band + 1) * ROWS]).view(f"V{4 * ROWS}").reshape(-1)
        order = np.argsort(keys, kind="stable")
        groups += [g for g in np.split(order, np.flatnonzero(keys[order][1:] != keys[order][:-1]) + 1) if g.size > 1]
    pairs = [np.stack([g[i], g[j]], axis=1) for g in groups for i, j in [np.triu_indices(g.size, 1)]]
    return {"pairs": np.concatenate(pairs) if pairs else np.zeros((0, 2), dtype=np.int64)}


if __name__ == "__main__":
    drive(prepare, work, ("rensa", "numpy", "pyarrow"), finish)
