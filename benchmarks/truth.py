"""Which pairs of a corpus meet the definition of a near-duplicate, found without any code of this project.

Pairs inside a work are all compared, with Python sets and rapidfuzz. For pairs of different works, `bound_unrelated`
counts exhaustively what they share and gives an upper bound of their Jaccard similarity; below the floor of the
definition (0.35) none of them can be true.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpora import SIGNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

JACCARD, FLOOR, EDIT, NGRAM = 0.7, 0.35, 0.9, 5
#: Bands of true Jaccard similarity by which recall is told.
BANDS = ((0.35, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.0))
#: Shingles that stand in more documents than this are counted per document instead of per pair.
COMMON = 64
_DROP = str.maketrans("", "", SIGNS)


@dataclass(frozen=True)
class Truth:
    """All pairs of one work, of which those with `meets` are the truth.

    Attributes
    ----------
    a, b : (p,) int64 rows, a < b, sorted
    jaccard, edit_similarity : (p,) float64; edit similarity is 0 where it cannot decide
    meets : (p,) bool
    identical : rows that are one text and whose pairs are not listed, (k,) int64
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    edit_similarity: NDArray[np.float64]
    meets: NDArray[np.bool_]
    identical: NDArray[np.int64]


def _pairs_of_works(work: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    order = np.argsort(work, kind="stable")
    starts = np.flatnonzero(np.diff(work[order], prepend=-1))
    sizes = np.diff(np.append(starts, work.size))
    huge = sizes > 1_000
    identical = np.concatenate(
        [order[s : s + k] for s, k in zip(starts[huge], sizes[huge], strict=True)] or [order[:0]]
    )
    lefts, rights = [], []
    for size in np.unique(sizes[~huge & (sizes > 1)]).tolist():
        members = order[starts[sizes == size][:, None] + np.arange(size)]
        i, j = np.triu_indices(size, 1)
        lefts.append(members[:, i].reshape(-1))
        rights.append(members[:, j].reshape(-1))
    left = np.concatenate(lefts) if lefts else order[:0]
    right = np.concatenate(rights) if rights else order[:0]
    a, b = np.minimum(left, right), np.maximum(left, right)
    by_row = np.lexsort((b, a))
    return a[by_row], b[by_row], np.sort(identical)


def find_truth(path: Path, work: NDArray[np.int64]) -> Truth:
    """Compare all pairs inside the works of a corpus file.

    Raises
    ------
    ValueError
        A work of more than 1,000 documents holds different texts.
    """
    from rapidfuzz.distance import Indel

    column = pq.read_table(path, columns=["text"])["text"]
    a, b, identical = _pairs_of_works(work)
    if identical.size and len(column.take(pa.array(identical)).unique()) != 1:
        raise ValueError("a work of more than 1,000 documents is expected to be one text")
    rows = np.unique(np.concatenate([a, b]))
    texts = dict(zip(rows.tolist(), (t.translate(_DROP) for t in column.take(pa.array(rows)).to_pylist()), strict=True))
    shingles: dict[int, set[str]] = {}
    jaccard, edit = np.zeros(a.size), np.zeros(a.size)
    last = -1
    for p, (i, j) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        if i != last:
            shingles, last = {i: _shingles(texts[i])}, i
        left, right = shingles[i], _shingles(texts[j])
        shared = len(left & right)
        jaccard[p] = shared / (len(left) + len(right) - shared)
        if FLOOR <= jaccard[p] < JACCARD:
            edit[p] = Indel.normalized_similarity(texts[i], texts[j], score_cutoff=EDIT)
    meets = (jaccard >= JACCARD) | ((jaccard >= FLOOR) & (edit >= EDIT))
    return Truth(a, b, jaccard, edit, meets, identical)


def _shingles(text: str) -> set[str]:
    return {text[i : i + NGRAM] for i in range(max(1, len(text) - NGRAM + 1))}


def _packed_shingles(texts: list[str]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Return the distinct shingles of each text as 60-bit numbers (12 bits a character, no hash) and their row."""
    codes = np.full(0x110000, -1, dtype=np.int16)
    keys, rows = [], []
    seen = 0
    for row, text in enumerate(texts):
        cps = np.frombuffer(text.translate(_DROP).encode("utf-32-le"), dtype="<u4")
        new = np.unique(cps[codes[cps] < 0])
        codes[new] = np.arange(seen, seen + new.size)
        seen += new.size
        assert seen < 1 << 12, "the alphabet of a corpus has fewer than 4,096 characters"
        c = codes[cps].astype(np.uint64)
        key = np.zeros(max(0, c.size - NGRAM + 1), dtype=np.uint64)
        for k in range(NGRAM):
            key = (key << np.uint64(12)) | c[k : k + key.size]
        key = np.unique(key)
        keys.append(key)
        rows.append(np.full(key.size, row, dtype=np.int32))
    return np.concatenate(keys), np.concatenate(rows)


def bound_unrelated(path: Path, work: NDArray[np.int64], identical: NDArray[np.int64]) -> float:
    """Return an upper bound of the Jaccard similarity of any two documents of different works.

    Notes
    -----
    An inverted index over all distinct shingles, exhaustively: shingles that stand in at most `COMMON` documents are
    counted for every pair that shares them, at most c; of the others a document holds a share of at most r of its n
    distinct shingles, and two documents share at most the smaller number. So two sets of the sizes n <= m share at most
    r n + c, which makes a similarity of at most x / (2 - x) with x = r + c / n; n is the smallest there is. Documents
    that are one text count once.
    """
    texts = pq.read_table(path, columns=["text"])["text"].to_pylist()
    kept = np.ones(len(texts), dtype=bool)
    kept[identical[1:]] = False
    kept_rows = np.flatnonzero(kept)
    key, row = _packed_shingles([texts[i] for i in kept_rows.tolist()])
    del texts
    works = work[kept_rows]
    sizes = np.bincount(row, minlength=kept_rows.size)
    order = np.argsort(key, kind="stable")
    key, row = key[order], row[order]
    starts = np.flatnonzero(np.diff(key, prepend=~key[:1]))
    frequency = np.diff(np.append(starts, key.size))
    common = np.repeat(frequency > COMMON, frequency)
    share_common = float((np.bincount(row[common], minlength=kept_rows.size) / np.maximum(sizes, 1)).max())
    found = []
    for size in range(2, COMMON + 1):
        groups = starts[frequency == size]
        i, j = np.triu_indices(size, 1)
        for part in np.array_split(groups, max(1, groups.size * i.size // 4_000_000)):
            members = row[part[:, None] + np.arange(size)]
            left, right = members[:, i].reshape(-1), members[:, j].reshape(-1)
            apart = works[left] != works[right]
            found.append(left[apart].astype(np.int64) * kept_rows.size + right[apart])
    pairs = np.sort(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
    most_counted = int(np.diff(np.append(np.flatnonzero(np.diff(pairs, prepend=-1)), pairs.size)).max(initial=0))
    share = min(1.0, share_common + most_counted / max(1, int(sizes.min())))
    return share / (2 - share)
