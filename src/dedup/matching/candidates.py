"""Candidate pairs: nodes that share an LSH key, or, when short, a shingle.

Many loose keys instead of few strict bands: a key is `rows_per_key` values of the signature, keys may share values.
A pair of Jaccard similarity j shares a given key with probability j**r, so 112 keys of 3 rows miss a pair of
j = 0.5 with probability below 1e-6 and of j = 0.35 with about 0.01. The price, many candidates, is paid by a filter
on the signature estimate that costs some 30 ns a pair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.fingerprinting.shingles import distinct_shingle_hashes
from dedup.matching.signatures import agreeing_values
from dedup.matching.stars import CROWD_KEYS, find_stars

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedup.settings import FingerprintSettings, MatchSettings

#: Pairs are gathered in batches of this many before repeats are removed: bounds the memory at 64 MB a batch.
BATCH_PAIRS = 8_000_000
#: Members of a group that stays hot are linked to this many followers in signature order.
HOT_NEIGHBOURS = 16


@dataclass
class CandidateMetrics:
    """What the search for candidates did; nothing is left out silently."""

    keys: int = 0
    compared: int = 0
    candidates: int = 0
    star_members: int = 0
    hot_groups: int = 0
    hot_members: int = 0
    pairs_not_compared: int = 0
    short_nodes: int = 0
    extra: dict[str, int] = field(default_factory=dict)


@njit(nogil=True, cache=True)
def _key_values(
    signatures: NDArray[np.uint32], members: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.uint64]:
    out = np.empty(members.size, dtype=np.uint64)
    for i in range(members.size):
        h = np.uint64(0x9E3779B97F4A7C15)
        for r in rows:
            h = (h ^ np.uint64(signatures[members[i], r])) * np.uint64(0xFF51AFD7ED558CCD)
            h ^= h >> np.uint64(32)
        out[i] = h
    return out


@njit(nogil=True, cache=True)
def _pairs_of_groups(
    members: NDArray[np.int64],
    values: NDArray[np.uint64],
    signatures: NDArray[np.uint32],
    star: NDArray[np.int64],
    least: int,
    hot: int,
) -> tuple[NDArray[np.uint64], NDArray[np.int64], int]:
    """Compare all members of each run of equal `values` (sorted), except in runs longer than `hot`.

    Two members of one large star are not compared: each is paired with its centre.

    Returns the pairs whose signatures agree in at least `least` values, as (smaller << 32 | larger); the members of
    hot runs; the number of comparisons.
    """
    pairs = np.empty(1024, dtype=np.uint64)
    n_pairs = 0
    hot_members = np.empty(64, dtype=np.int64)
    n_hot = 0
    compared = 0
    start = 0
    n = members.size
    while start < n:
        end = start + 1
        while end < n and values[end] == values[start]:
            end += 1
        size = end - start
        if size > hot:
            while n_hot + size > hot_members.size:
                grown = np.empty(2 * hot_members.size, dtype=np.int64)
                grown[:n_hot] = hot_members[:n_hot]
                hot_members = grown
            hot_members[n_hot : n_hot + size] = members[start:end]
            n_hot += size
        elif size > 1:
            for i in range(start, end):
                for j in range(i + 1, end):
                    if star[members[i]] >= 0 and star[members[i]] == star[members[j]]:
                        continue
                    compared += 1
                    if agreeing_values(signatures, members[i], members[j]) >= least:
                        a, b = min(members[i], members[j]), max(members[i], members[j])
                        if n_pairs == pairs.size:
                            more = np.empty(2 * pairs.size, dtype=np.uint64)
                            more[:n_pairs] = pairs
                            pairs = more
                        pairs[n_pairs] = (np.uint64(a) << np.uint64(32)) | np.uint64(b)
                        n_pairs += 1
        start = end
    return pairs[:n_pairs], hot_members[:n_hot], compared


@njit(nogil=True, cache=True)
def _neighbour_pairs(
    members: NDArray[np.int64],
    values: NDArray[np.uint64],
    signatures: NDArray[np.uint32],
    least: int,
    width: int,
) -> NDArray[np.uint64]:
    pairs = np.empty(members.size * width, dtype=np.uint64)
    n_pairs = 0
    for i in range(members.size):
        for j in range(i + 1, min(i + 1 + width, members.size)):
            if values[j] != values[i]:
                break
            if agreeing_values(signatures, members[i], members[j]) >= least:
                a, b = min(members[i], members[j]), max(members[i], members[j])
                pairs[n_pairs] = (np.uint64(a) << np.uint64(32)) | np.uint64(b)
                n_pairs += 1
    return pairs[:n_pairs]


def key_rows(keys: int, rows_per_key: int, num_perm: int) -> NDArray[np.int64]:
    """Return which signature values make each key, shape (keys, rows_per_key); the same on every machine.

    Each pass over a permutation of the signature gives disjoint keys, so values are shared as evenly as possible.
    """
    generator = np.random.RandomState(20_261)
    drawn: list[NDArray[np.int64]] = []
    per_pass = num_perm // rows_per_key
    while len(drawn) < keys:
        order = generator.permutation(num_perm)[: per_pass * rows_per_key]
        drawn.extend(np.sort(order.reshape(per_pass, rows_per_key), axis=1))
    return np.array(drawn[:keys], dtype=np.int64)


class _PairSet:
    """Distinct pairs, gathered with bounded memory."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.uint64]] = []
        self._pending = 0

    def add(self, pairs: NDArray[np.uint64]) -> None:
        if pairs.size:
            self._parts.append(pairs)
            self._pending += pairs.size
            if self._pending > BATCH_PAIRS:
                self._parts = [self.distinct()]
                self._pending = 0

    def distinct(self) -> NDArray[np.uint64]:
        return np.unique(np.concatenate(self._parts)) if self._parts else np.zeros(0, dtype=np.uint64)


def find_candidates(
    signatures: NDArray[np.uint32],
    texts: pa.Array,
    first_row: NDArray[np.int64],
    n_shingles: NDArray[np.int64],
    match: MatchSettings,
    fingerprint: FingerprintSettings,
    *,
    threads: int = 1,
) -> tuple[NDArray[np.int64], CandidateMetrics]:
    """Find pairs of nodes worth an exact comparison.

    Parameters
    ----------
    signatures : (m, 128) uint32, one row per node; nodes are numbered by rank, the best first
    texts : the corpus; `texts[first_row[i]]` is the text of node i (read for short nodes and crowds only)
    n_shingles : (m,) shingle positions of the nodes

    Returns
    -------
    pairs : (p, 2) int64 node numbers, smaller first, sorted, distinct
    metrics : what was compared and what was not
    """
    metrics = CandidateMetrics(keys=match.keys)
    found = _PairSet()
    m, num_perm = signatures.shape
    least = int(np.ceil(match.estimate_floor * num_perm))
    rows = key_rows(match.keys, match.rows_per_key, num_perm)
    everyone = np.arange(m, dtype=np.int64)
    limit = match.hot_key
    crowds = [
        g for k in range(min(CROWD_KEYS, match.keys)) for g in _crowds(*_grouped(signatures, everyone, rows[k]), limit)
    ]
    short = np.flatnonzero(n_shingles <= max(match.short_chars - fingerprint.ngram + 1, 1))
    short_groups = _shingles_of_short_texts(texts, first_row, short, fingerprint)
    # Short notices that differ in a number share most of their shingles with thousands of others.
    crowds += _crowds(*short_groups, limit)
    stars = find_stars(crowds, signatures, texts, first_row, match, fingerprint, threads=threads)
    metrics.compared += stars.compared
    found.add((stars.pairs[:, 0].astype(np.uint64) << np.uint64(32)) | stars.pairs[:, 1].astype(np.uint64))
    # Small stars are compared like everything else: all pairs of a cluster of moderate size are published.
    size = np.bincount(stars.centre[stars.centre >= 0], minlength=m)
    star = np.where((stars.centre >= 0) & (size[stars.centre] > match.complete_cluster), stars.centre, -1)
    in_star = (star >= 0) & (star != everyone)
    metrics.star_members = int(in_star.sum())
    for k in range(match.keys):
        members, values = _grouped(signatures, everyone, rows[k])
        pairs, hot, compared = _pairs_of_groups(members, values, signatures, star, least, match.hot_key)
        metrics.compared += compared
        found.add(pairs)
        hot = hot[~in_star[hot]]
        if hot.size > 1:
            metrics.hot_groups += 1
            metrics.hot_members += hot.size
            _split_hot(signatures, hot, star, rows, k, least, match.hot_key, found, metrics)
    metrics.short_nodes = short.size
    if short.size > 1:
        found.add(_pairs_of_short_texts(*short_groups, star, match, metrics))
    packed = found.distinct()
    metrics.candidates = packed.size
    low = np.uint64(0xFFFFFFFF)
    return np.stack([(packed >> np.uint64(32)).astype(np.int64), (packed & low).astype(np.int64)], axis=1), metrics


def _crowds(members: NDArray[np.int64], values: NDArray[np.uint64], limit: int) -> list[NDArray[np.int64]]:
    """Return the members of each run of equal `values` (sorted) that is longer than `limit`."""
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1])) if values.size else values.astype(np.int64)
    sizes = np.diff(np.append(starts, values.size))
    return [members[start : start + size] for start, size in zip(starts, sizes, strict=True) if size > limit]


def _grouped(
    signatures: NDArray[np.uint32], members: NDArray[np.int64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    values = _key_values(signatures, members, rows)
    order = np.argsort(values, kind="stable")
    return members[order], values[order]


def _split_hot(
    signatures: NDArray[np.uint32],
    hot: NDArray[np.int64],
    star: NDArray[np.int64],
    rows: NDArray[np.int64],
    key: int,
    least: int,
    limit: int,
    found: _PairSet,
    metrics: CandidateMetrics,
) -> None:
    """Split groups that a template made too large by the values of a second key; twice, with different keys.

    What is still too large then is linked to near neighbours in signature order, and counted.
    """
    for step in (1, 2):
        both = np.concatenate([rows[key], rows[(key + step) % len(rows)]])
        members, values = _grouped(signatures, hot, both)
        pairs, still, compared = _pairs_of_groups(members, values, signatures, star, least, limit)
        metrics.compared += compared
        found.add(pairs)
        if still.size:
            members, values = _grouped(signatures, still, both)
            order = np.lexsort((members, *(signatures[members, r] for r in rows[(key + 3) % len(rows)]), values))
            members, values = members[order], values[order]
            found.add(_neighbour_pairs(members, values, signatures, least, HOT_NEIGHBOURS))
            _, sizes = np.unique(values, return_counts=True)
            metrics.pairs_not_compared += int((sizes * (sizes - 1) // 2).sum() - sizes.sum() * HOT_NEIGHBOURS)


def _shingles_of_short_texts(
    texts: pa.Array, first_row: NDArray[np.int64], short: NDArray[np.int64], fingerprint: FingerprintSettings
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return (node, shingle hash) of the short nodes, sorted by hash."""
    hashes, bounds = distinct_shingle_hashes(texts, first_row[short], ngram=fingerprint.ngram, unit=fingerprint.unit)
    order = np.argsort(hashes, kind="stable")
    return np.repeat(short, np.diff(bounds))[order], hashes[order]


def _pairs_of_short_texts(
    members: NDArray[np.int64],
    values: NDArray[np.uint64],
    star: NDArray[np.int64],
    match: MatchSettings,
    metrics: CandidateMetrics,
) -> NDArray[np.uint64]:
    """Short texts have too few shingles for luck to even out: all that share a shingle are candidates.

    Shingles of crowds are left out: their texts were compared when stars were sought.
    """
    pairs, hot, compared = _pairs_of_groups(members, values, np.zeros((1, 1), dtype=np.uint32), star, -1, match.hot_key)
    metrics.compared += compared
    metrics.extra["short_hot_members"] = int(hot.size)
    return np.unique(pairs)
