"""How right an answer is: pairs or clusters against the truth of a corpus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.truth import BANDS, Truth

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Score:
    """What was found.

    Attributes
    ----------
    recall : share of the true pairs that were found; both in one cluster counts as found
    bands : (low, high, true pairs, found) by true Jaccard similarity
    reported : pairs that were reported; of clusters, all pairs inside them
    precision : share of the reported pairs that meet the definition; None when nothing was reported
    listed : share of the true pairs that an answer in pairs lists themselves; None for clusters
    tied, tied_right : rows that are no first of their cluster, and those of them that meet the definition with the
        first; for an answer in pairs both are 0
    """

    recall: float
    bands: tuple[tuple[float, float, int, int], ...]
    reported: int
    precision: float | None
    listed: float | None
    tied: int
    tied_right: int


def _codes(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    return (np.minimum(a, b) << 32) | np.maximum(a, b)


def _components(n: int, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Label rows with the smallest row they are linked to, directly or not."""
    label = np.arange(n)
    while True:
        low = np.minimum(label[a], label[b])
        new = label.copy()
        np.minimum.at(new, a, low)
        np.minimum.at(new, b, low)
        np.minimum.at(new, label[a], low)
        np.minimum.at(new, label[b], low)
        new = new[new]
        if np.array_equal(new, label):
            return label
        label = new


def score_pairs(truth: Truth, n: int, a: NDArray[np.int64], b: NDArray[np.int64]) -> Score:
    """Score an answer in pairs of rows; pairs linked through others count as found, too."""
    apart = a != b
    codes = np.unique(_codes(a[apart], b[apart]))
    left, right = codes >> 32, codes & 0xFFFFFFFF
    label = _components(n, left, right)
    found = label[truth.a] == label[truth.b]
    one = np.zeros(n, dtype=bool)
    one[truth.identical] = True
    true_codes = _codes(truth.a, truth.b)[truth.meets]
    right_pairs = np.isin(codes, true_codes).sum() + (one[left] & one[right]).sum()
    recall, bands = _recall(truth, found)
    listed = float(np.isin(true_codes, codes).mean()) if true_codes.size else 1.0
    precision = float(right_pairs / codes.size) if codes.size else None
    return Score(recall, bands, int(codes.size), precision, listed, 0, 0)


def score_clusters(truth: Truth, label: NDArray[np.int64]) -> Score:
    """Score clusters.

    Parameters
    ----------
    label : (n,) the row that stands for each row (the kept or canonical one); itself when it has no copies
    """
    n = label.size
    found = label[truth.a] == label[truth.b]
    sizes = np.bincount(label, minlength=n)
    reported = int((sizes * (sizes - 1) // 2).sum())
    alike = np.bincount(label[truth.identical], minlength=n)
    right = int((found & truth.meets).sum() + (alike * (alike - 1) // 2).sum())
    tied = np.flatnonzero(label != np.arange(n))
    one = np.zeros(n, dtype=bool)
    one[truth.identical] = True
    holds = np.isin(_codes(tied, label[tied]), _codes(truth.a, truth.b)[truth.meets])
    holds |= one[tied] & one[label[tied]]
    recall, bands = _recall(truth, found)
    return Score(
        recall, bands, reported, right / reported if reported else None, None, int(tied.size), int(holds.sum())
    )


def _recall(truth: Truth, found: NDArray[np.bool_]) -> tuple[float, tuple[tuple[float, float, int, int], ...]]:
    bands = []
    for low, high in BANDS:
        inside = truth.meets & (truth.jaccard >= low) & ((truth.jaccard < high) | (high == 1.0))
        bands.append((low, high, int(inside.sum()), int((inside & found).sum())))
    expected = int(truth.meets.sum())
    return (float((truth.meets & found).sum() / expected) if expected else 1.0), tuple(bands)
