"""Agreement of two clusterings, and precision and recall as small tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class PairScore:
    """Precision and recall over pairs.

    Attributes
    ----------
    expected, found : true pairs that count, and those of them that were published
    right, wrong : published pairs the truth confirms, and those it refutes
    """

    expected: int
    found: int
    right: int
    wrong: int

    @property
    def recall(self) -> float | None:
        """Share of the expected pairs that were found; None when none is expected."""
        return self.found / self.expected if self.expected else None

    @property
    def precision(self) -> float | None:
        """Share of the judged published pairs that are right; None when none was judged."""
        judged = self.right + self.wrong
        return self.right / judged if judged else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both."""
        p, r = self.precision, self.recall
        if p is None or r is None:
            return None
        return 2 * p * r / (p + r) if p + r else 0.0


@dataclass(frozen=True)
class ClusterScore:
    """How well two clusterings of the same `items` agree.

    Attributes
    ----------
    ari : adjusted Rand index (Hubert and Arabie 1985): 1 equal, 0 as chance has it
    precision, recall : B-cubed (Bagga and Baldwin 1998), means over items of the share of an item's cluster that
        belongs with it, and of what belongs with it that is in its cluster
    """

    items: int
    true_clusters: int
    clusters: int
    ari: float
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of B-cubed precision and recall."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def compare_clusterings(truth: Labels, found: Labels) -> ClusterScore | None:
    """Compare two labellings of the same items; None when there are none."""
    n = len(truth)
    if n == 0:
        return None
    _, t = np.unique(truth, return_inverse=True)
    _, f = np.unique(found, return_inverse=True)
    _, cell = np.unique(t.astype(np.int64) * (int(f.max()) + 1) + f, return_inverse=True)
    both = np.bincount(cell)
    in_truth, in_found = np.bincount(t), np.bincount(f)
    together, true_pairs, found_pairs = (float(_pairs(sizes)) for sizes in (both, in_truth, in_found))
    all_pairs = n * (n - 1) / 2
    expected = true_pairs * found_pairs / all_pairs if all_pairs else 0.0
    best = (true_pairs + found_pairs) / 2
    ari = (together - expected) / (best - expected) if best != expected else 1.0
    shared = both[cell].astype(np.float64)
    return ClusterScore(
        items=n,
        true_clusters=len(in_truth),
        clusters=len(in_found),
        ari=ari,
        precision=float(np.mean(shared / in_found[f])),
        recall=float(np.mean(shared / in_truth[t])),
    )


def _pairs(sizes: NDArray[np.int64]) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def connected_labels(n: int, a: Labels, b: Labels) -> Labels:
    """Return the connected component of each of `n` items under the edges (a, b): its smallest item.

    Labels are passed along edges and halved paths until nothing changes; a few rounds even for long chains.
    """
    label = np.arange(n, dtype=np.int64)
    while True:
        low = np.minimum(label[a], label[b])
        before = label.copy()
        np.minimum.at(label, a, low)
        np.minimum.at(label, b, low)
        # The root of an edge's ends learns of the smaller label as well, so that chains collapse quickly.
        np.minimum.at(label, before[a], low)
        np.minimum.at(label, before[b], low)
        label = label[label]
        if np.array_equal(label, before):
            return label
