"""Candidate pairs: nodes that share an LSH key, or, when short, a shingle.

Many loose keys instead of few strict bands: a key is `rows_per_key` values of the signature, keys may share values.
A pair of Jaccard similarity j shares a given key with probability j**r, so 112 keys of 3 rows miss a pair of
j = 0.5 with probability below 1e-6 and of j = 0.35 with about 0.01. The price, many candidates, is paid by a filter
on sketches of the signatures that costs some 4 ns a pair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.fingerprinting.shingles import distinct_shingle_hashes
from dedup.matching.keys import LOW_32, keep_repeated, key_rows, pack_keys, sort_packed
from dedup.matching.parallel import MEMORY, run_parts
from dedup.matching.signatures import Sketched, agreeing_bytes, agreeing_values, sketch_signatures
from dedup.matching.stars import CROWD_KEYS, find_stars

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedup.settings import FingerprintSettings, MatchSettings

#: Pairs are gathered in batches of this many before repeats are removed: bounds the memory at 64 MB a batch.
BATCH_PAIRS = 8_000_000
#: Members of a group that stays hot are linked to this many followers in signature order.
HOT_NEIGHBOURS = 16
#: Keys made in one pass over the signatures; a pass reads eight cache lines a node, whatever it makes of them.
KEYS_PER_PASS = 8


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
def _put(pairs: NDArray[np.uint64], n: int, a: int, b: int) -> NDArray[np.uint64]:
    """Write pair number n; returns `pairs`, or a longer copy where it was full."""
    if n == pairs.size:
        more = np.empty(2 * n, dtype=np.uint64)
        more[:n] = pairs
        pairs = more
    pairs[n] = (np.uint64(min(a, b)) << np.uint64(32)) | np.uint64(max(a, b))
    return pairs


@njit(nogil=True, cache=True)
def _pairs_of_groups(
    packed: NDArray[np.uint64],
    sketches: NDArray[np.uint64],
    star: NDArray[np.int64],
    least: int,
    hot: int,
) -> tuple[NDArray[np.uint64], NDArray[np.int64], int]:
    """Compare all nodes of each run of equal keys in `packed` (sorted), except in runs longer than `hot`.

    Two members of one large star are not compared: each is paired with its centre.

    Returns the pairs whose sketches agree in at least `least` values, as (smaller << 32 | larger); the members of
    hot runs; the number of comparisons.
    """
    pairs = np.empty(1024, dtype=np.uint64)
    n_pairs = 0
    hot_members = np.empty(64, dtype=np.int64)
    n_hot = 0
    compared = 0
    # The sketches of a group are copied together, so that comparing all with all stays in the nearest cache.
    block = np.empty((64, sketches.shape[1]), dtype=np.uint64)
    nodes = np.empty(64, dtype=np.int64)
    start = 0
    n = packed.size
    while start < n:
        end = start + 1
        while end < n and packed[end] >> np.uint64(32) == packed[start] >> np.uint64(32):
            end += 1
        size = end - start
        if size > hot:
            while n_hot + size > hot_members.size:
                grown = np.empty(2 * hot_members.size, dtype=np.int64)
                grown[:n_hot] = hot_members[:n_hot]
                hot_members = grown
            for i in range(size):
                hot_members[n_hot + i] = np.int64(packed[start + i] & LOW_32)
            n_hot += size
        elif size > 1:
            if size == 2:
                # Most groups: not worth a copy.
                a, b = np.int64(packed[start] & LOW_32), np.int64(packed[start + 1] & LOW_32)
                start = end
                if star[a] >= 0 and star[a] == star[b]:
                    continue
                compared += 1
                if agreeing_bytes(sketches, a, b) >= least:
                    pairs = _put(pairs, n_pairs, a, b)
                    n_pairs += 1
                continue
            if size > nodes.size:
                block = np.empty((2 * size, sketches.shape[1]), dtype=np.uint64)
                nodes = np.empty(2 * size, dtype=np.int64)
            for i in range(size):
                nodes[i] = np.int64(packed[start + i] & LOW_32)
                for w in range(sketches.shape[1]):
                    block[i, w] = sketches[nodes[i], w]
            for i in range(size):
                tied = star[nodes[i]]
                for j in range(i + 1, size):
                    if tied >= 0 and tied == star[nodes[j]]:
                        continue
                    compared += 1
                    if agreeing_bytes(block, i, j) >= least:
                        pairs = _put(pairs, n_pairs, nodes[i], nodes[j])
                        n_pairs += 1
        start = end
    return pairs[:n_pairs], hot_members[:n_hot], compared


@njit(nogil=True, cache=True)
def _agree(
    packed: NDArray[np.uint64], signatures: NDArray[np.uint32], first_row: NDArray[np.int64], least: int
) -> NDArray[np.bool_]:
    """Tell which pairs, as (a << 32 | b), have signatures that agree in at least `least` values."""
    out = np.empty(packed.size, dtype=np.bool_)
    for p in range(packed.size):
        a, b = np.int64(packed[p] >> np.uint64(32)), np.int64(packed[p] & LOW_32)
        out[p] = agreeing_values(signatures, first_row[a], first_row[b]) >= least
    return out


@njit(nogil=True, cache=True)
def _pairs_sharing(
    members: NDArray[np.int64], values: NDArray[np.uint64], star: NDArray[np.int64], hot: int
) -> tuple[NDArray[np.uint64], int, int]:
    """Return all pairs of members of each run of equal `values` (sorted) that is not longer than `hot`.

    Returns also how many members stand in longer runs, and how many pairs were made.
    """
    pairs = np.empty(1024, dtype=np.uint64)
    n_pairs = 0
    n_hot = 0
    start = 0
    n = members.size
    while start < n:
        end = start + 1
        while end < n and values[end] == values[start]:
            end += 1
        if end - start > hot:
            n_hot += end - start
        else:
            for i in range(start, end):
                for j in range(i + 1, end):
                    if star[members[i]] >= 0 and star[members[i]] == star[members[j]]:
                        continue
                    pairs = _put(pairs, n_pairs, members[i], members[j])
                    n_pairs += 1
        start = end
    return pairs[:n_pairs], n_hot, n_pairs


@njit(nogil=True, cache=True)
def _neighbour_pairs(
    members: NDArray[np.int64],
    values: NDArray[np.uint64],
    sketches: NDArray[np.uint64],
    least: int,
    width: int,
) -> NDArray[np.uint64]:
    pairs = np.empty(1024, dtype=np.uint64)
    n_pairs = 0
    for i in range(members.size):
        for j in range(i + 1, min(i + 1 + width, members.size)):
            if values[j] != values[i]:
                break
            if agreeing_bytes(sketches, members[i], members[j]) >= least:
                pairs = _put(pairs, n_pairs, members[i], members[j])
                n_pairs += 1
    return pairs[:n_pairs]


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
    memory: int = MEMORY,
) -> tuple[NDArray[np.int64], CandidateMetrics]:
    """Find pairs of nodes worth an exact comparison.

    Parameters
    ----------
    signatures : (n, 128) uint32, one row per text; `signatures[first_row[i]]` is that of node i; nodes are numbered
        by rank, the best first
    texts : the corpus; `texts[first_row[i]]` is the text of node i (read for short nodes and crowds only)
    n_shingles : (m,) shingle positions of the nodes
    memory : bytes that working arrays may take, roughly; keys are worked on fewer at a time when it is little

    Returns
    -------
    pairs : (p, 2) int64 node numbers, smaller first, sorted, distinct
    metrics : what was compared and what was not
    """
    metrics = CandidateMetrics(keys=match.keys)
    # What the sketches let through is asked again of the signatures, once for each distinct pair.
    found, other = _PairSet(), _PairSet()
    m, num_perm = first_row.size, signatures.shape[1]
    least = int(np.ceil(match.estimate_floor * num_perm))
    rows = key_rows(match.keys, match.rows_per_key, num_perm)
    everyone = np.arange(m, dtype=np.int64)
    limit = match.hot_key
    nodes = Sketched(signatures, first_row, sketch_signatures(signatures, first_row))
    short = np.flatnonzero(n_shingles <= max(match.short_chars - fingerprint.ngram + 1, 1))
    short_groups = _shingles_of_short_texts(texts, first_row, short, fingerprint)
    crowds = [
        (packed & LOW_32).astype(np.int64)
        for packed in _sorted_by_keys(nodes, everyone, rows[: min(CROWD_KEYS, match.keys)])
        for packed in _crowds(packed, packed >> np.uint64(32), limit)
    ]
    # Short notices that differ in a number share most of their shingles with thousands of others.
    crowds += _crowds(*short_groups, limit)
    stars = find_stars(crowds, nodes, texts, match, fingerprint, threads=threads, memory=memory)
    metrics.compared += stars.compared
    other.add((stars.pairs[:, 0].astype(np.uint64) << np.uint64(32)) | stars.pairs[:, 1].astype(np.uint64))
    # Small stars are compared like everything else: all pairs of a cluster of moderate size are published.
    size = np.bincount(stars.centre[stars.centre >= 0], minlength=m)
    star = np.where((stars.centre >= 0) & (size[stars.centre] > match.complete_cluster), stars.centre, -1)
    in_star = (star >= 0) & (star != everyone)
    metrics.star_members = int(in_star.sum())

    def search(low: int, high: int) -> list[tuple[NDArray[np.uint64], NDArray[np.int64], int]]:
        return [
            _pairs_of_groups(packed, nodes.sketches, star, least, limit)
            for packed in _sorted_by_keys(nodes, everyone, rows[low:high])
        ]

    per_pass = max(1, min(KEYS_PER_PASS, memory // (16 * max(m, 1) * max(threads, 1))))
    key = 0
    for part in run_parts(search, match.keys, per_pass, threads):
        for pairs, hot, compared in part:
            metrics.compared += compared
            found.add(pairs)
            hot = hot[~in_star[hot]]
            if hot.size > 1:
                metrics.hot_groups += 1
                metrics.hot_members += hot.size
                _split_hot(nodes, hot, star, rows, key, least, limit, found, metrics)
            key += 1
    metrics.short_nodes = short.size
    if short.size > 1:
        other.add(_pairs_of_short_texts(*short_groups, star, match, metrics))
    packed = found.distinct()
    other.add(packed[_agree(packed, signatures, first_row, least)])
    packed = other.distinct()
    metrics.candidates = packed.size
    return np.stack([(packed >> np.uint64(32)).astype(np.int64), (packed & LOW_32).astype(np.int64)], axis=1), metrics


def _crowds(members: NDArray, values: NDArray[np.uint64], limit: int) -> list[NDArray]:
    """Return the members of each run of equal `values` (sorted) that is longer than `limit`."""
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1])) if values.size else values.astype(np.int64)
    sizes = np.diff(np.append(starts, values.size))
    large = np.flatnonzero(sizes > limit)
    return [members[start : start + size] for start, size in zip(starts[large], sizes[large], strict=True)]


def _sorted_by_keys(
    nodes: Sketched, members: NDArray[np.int64], rows: NDArray[np.int64]
) -> Iterator[NDArray[np.uint64]]:
    """Yield the nodes that share a key with others, sorted by it, for each of several keys; valid until the next.

    They stand as (hash of the key << 32 | node).
    """
    packed = np.empty((len(rows), members.size), dtype=np.uint64)
    pack_keys(nodes.signatures, nodes.first_row, members, rows, packed)
    spare = np.empty(members.size, dtype=np.uint64)
    for values in packed:
        repeated = values[: keep_repeated(sort_packed(values, spare), values)]
        yield repeated


def _split_hot(
    nodes: Sketched,
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
        both = np.concatenate([rows[key], rows[(key + step) % len(rows)]])[None]
        (packed,) = _sorted_by_keys(nodes, hot, both)
        pairs, still, compared = _pairs_of_groups(packed, nodes.sketches, star, least, limit)
        metrics.compared += compared
        found.add(pairs)
        if still.size:
            (packed,) = _sorted_by_keys(nodes, still, both)
            members, values = (packed & LOW_32).astype(np.int64), packed >> np.uint64(32)
            third = rows[(key + 3) % len(rows)]
            order = np.lexsort((members, *(nodes.signatures[nodes.first_row[members], r] for r in third), values))
            members, values = members[order], values[order]
            found.add(_neighbour_pairs(members, values, nodes.sketches, least, HOT_NEIGHBOURS))
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
    pairs, hot, compared = _pairs_sharing(members, values, star, match.hot_key)
    metrics.compared += compared
    metrics.extra["short_hot_members"] = hot
    return np.unique(pairs)
