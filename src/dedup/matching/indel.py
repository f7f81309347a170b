"""Exact Indel similarity: a longest common subsequence, bit-parallel, inside the band that the cutoff leaves open.

The recurrence is Hyyro's (2004, "Bit-parallel LCS-length computation revisited"): one bit for each character of the
pattern, 64 to a word. An alignment with at most k insertions and deletions leaves no more than k diagonals (Ukkonen
1985): words outside that band are left alone. Where each character stands in a short pattern is a table. In a long one
it is a list of (word, bits), only those words are visited (others change by a carry at most), and the band starts
narrow and grows up to the cutoff.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.matching.tiles import advance_band
from dedup.text.freeze import N_CODE_POINTS
from dedup.text.normalise import fold_table, fold_utf8, utf8_buffers

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

#: Pairs of more characters are first compared in a narrow band, in the hope that they differ little: this share of
#: their length, and at least so many insertions and deletions. Where that is not enough the band grows fourfold.
LONG_PAIR = 16_384
NARROW_BAND = 1 / 64
LEAST_BAND = 64
#: Patterns of up to this many characters have their occurrences in a table: at most 2 MB, mostly a tenth of it.
SHORT_PATTERN = 4096
#: Near-duplicates differ in one character of so many where nothing else is known.
LIKELY_SHARE = 16
#: Rows between two looks whether the cutoff can still be reached.
LOOK_EVERY = 128
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@njit(nogil=True, cache=True, inline="always")
def count_bits(x: np.uint64) -> np.int64:
    """Return the number of set bits (the pattern that compilers turn into one instruction)."""
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(nogil=True, cache=True)
def _banded(
    b: NDArray[np.uint32],
    n: int,
    k: int,
    ids: NDArray[np.int32],
    starts: NDArray[np.int64],
    words: NDArray[np.int32],
    bits: NDArray[np.uint64],
    heads: NDArray[np.int64],
    state: NDArray[np.uint64],
) -> int:
    """Return the length of the longest common subsequence if at most `k` characters stand outside of it, else -1.

    `state` has a zero bit wherever a common subsequence grows; `words` and `bits` list the occurrences of each
    character of the pattern, those of character number c at starts[c]:starts[c + 1].
    """
    m = b.size
    right = (k + n - m) // 2
    left = (k - n + m) // 2
    n_words = (n + 63) // 64
    state[:n_words] = _ALL
    heads[:] = starts[:-1]
    one = np.uint64(1)
    frozen_words = 0
    frozen = 0
    top = -1  # no word above it has a zero bit
    for j in range(1, m + 1):
        if j % LOOK_EVERY == 0:
            low = max(0, j - left - 1) >> 6
            while frozen_words < low:
                frozen += count_bits(~state[frozen_words])
                frozen_words += 1
            length = frozen
            within = False
            for w in range(low, min(n, j + right - 1) // 64 + 1):
                if w < n_words:
                    length += count_bits(~state[w])
                possible = length + min(n - w * 64, m - j)
                if n + m - 2 * possible <= k:
                    within = True
                    break
            if not within:
                return -1
        number = ids[b[j - 1]]
        if number == 0:
            continue
        low = max(0, j - left - 1) >> 6
        high = (min(n, j + right) - 1) >> 6
        e = heads[number]
        end = starts[number + 1]
        while e < end and words[e] < low:
            e += 1
        heads[number] = e
        carry = False
        w = -1
        while e < end and words[e] <= high:
            x = int(words[e])
            while carry and w + 1 < x:
                w += 1
                s = state[w]
                if s != _ALL:
                    state[w] = s | (s + one)
                    carry = False
            s = state[x]
            u = s & bits[e]
            if u != 0 or carry:
                total = s + u
                overflow = total < s
                if carry:
                    total += one
                    overflow = overflow or total == 0
                state[x] = total | (s & ~u)
                carry = overflow
                top = max(top, x)
            w = x
            e += 1
        last = min(high, top)
        while carry and w < last:
            w += 1
            s = state[w]
            if s != _ALL:
                state[w] = s | (s + one)
                carry = False
    length = 0
    for w in range(n_words):
        length += count_bits(~state[w])
    return length if n + m - 2 * length <= k else -1


@njit(nogil=True, cache=True)
def _banded_dense(
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    k: int,
    limit: int,
    ids: NDArray[np.int32],
    count: int,
    scratch: NDArray[np.uint64],
    state: NDArray[np.uint64],
) -> int:
    """Do what `_banded` does with the occurrences of a character as a row of masks: faster for short patterns.

    The band is `k` wide at first and grows up to `limit`; the result is -1 beyond that.
    """
    n, m = a.size, b.size
    n_words = (n + 63) // 64
    masks = scratch[: (count + 1) * n_words].reshape((count + 1, n_words))
    masks[:] = np.uint64(0)
    for i in range(n):
        masks[ids[a[i]], i >> 6] |= np.uint64(1) << np.uint64(i & 63)
    numbers = np.empty(m, dtype=np.int32)
    for j in range(m):
        numbers[j] = ids[b[j]]
    while True:
        k = min(limit, max(k, m - n))
        state[:n_words] = _ALL
        advance_band(numbers, n, (k - n + m) // 2, (k + n - m) // 2, masks, state)
        length = 0
        for w in range(n_words):
            length += count_bits(~state[w])
        # What a narrow band finds is common in any case; that nothing longer is, only a band as wide says.
        if n + m - 2 * length <= k:
            return length
        if k >= limit:
            return -1
        k = n + m - 2 * length


@njit(nogil=True, cache=True)
def _common_length(
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    limit: int,
    likely: int,
    ids: NDArray[np.int32],
    masks: NDArray[np.uint64],
    state: NDArray[np.uint64],
) -> int:
    """Return the length of the longest common subsequence, or -1 when more than `limit` characters stand outside.

    `likely` is how many of them to expect; `ids` has a zero for every code point, and has so again afterwards;
    `masks` and `state` are scratch.
    """
    if a.size > b.size:
        a, b = b, a
    shorter = a.size
    prefix = 0
    while prefix < shorter and a[prefix] == b[prefix]:
        prefix += 1
    suffix = 0
    while suffix < shorter - prefix and a[a.size - 1 - suffix] == b[b.size - 1 - suffix]:
        suffix += 1
    a = a[prefix : a.size - suffix]
    b = b[prefix : b.size - suffix]
    n, m = a.size, b.size
    if abs(n - m) > limit:
        return -1
    if n == 0 or m == 0:
        return prefix + suffix
    if n <= SHORT_PATTERN:
        count = 0
        for i in range(n):
            if ids[a[i]] == 0:
                count += 1
                ids[a[i]] = count
        length = _banded_dense(a, b, likely, limit, ids, count, masks, state)
        for i in range(n):
            ids[a[i]] = 0
        return prefix + suffix + length if length >= 0 else -1
    last_word = np.empty(n + 2, dtype=np.int32)
    starts = np.zeros(n + 3, dtype=np.int64)
    count = 0
    for i in range(n):
        number = ids[a[i]]
        if number == 0:
            count += 1
            number = count
            ids[a[i]] = number
            last_word[number] = -1
        if last_word[number] != i >> 6:
            last_word[number] = i >> 6
            starts[number + 1] += 1
    starts = starts[: count + 2]
    for c in range(count + 1):
        starts[c + 1] += starts[c]
    heads = starts[:-1].copy()
    words = np.empty(starts[count + 1], dtype=np.int32)
    bits = np.empty(starts[count + 1], dtype=np.uint64)
    last_word[: count + 1] = -1
    for i in range(n):
        number = ids[a[i]]
        w = i >> 6
        if last_word[number] != w:
            last_word[number] = w
            words[heads[number]] = w
            bits[heads[number]] = np.uint64(0)
            heads[number] += 1
        bits[heads[number] - 1] |= np.uint64(1) << np.uint64(i & 63)
    state = np.empty((n + 63) // 64, dtype=np.uint64)
    k = int(limit)
    if n + m > LONG_PAIR:
        k = min(limit, max(LEAST_BAND, abs(n - m) + int((n + m) * NARROW_BAND)))
    length = _banded(b, n, k, ids, starts, words, bits, heads, state)
    while length < 0 and k < limit:
        k = min(limit, 4 * k)
        length = _banded(b, n, k, ids, starts, words, bits, heads, state)
    for i in range(n):
        ids[a[i]] = 0
    return prefix + suffix + length if length >= 0 else -1


@njit(nogil=True, cache=True)
def _similarities(
    cps: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    cutoff: float,
    likely: NDArray[np.int64],
    ids: NDArray[np.int32],
    out: NDArray[np.float64],
) -> None:
    masks = np.empty((SHORT_PATTERN + 1) * (SHORT_PATTERN // 64), dtype=np.uint64)
    state = np.empty(SHORT_PATTERN // 64, dtype=np.uint64)
    for p in range(left.size):
        a = cps[bounds[left[p]] : bounds[left[p] + 1]]
        b = cps[bounds[right[p]] : bounds[right[p] + 1]]
        total = a.size + b.size
        if total == 0:
            out[p] = 1.0
            continue
        # One more than the exact bound, so that rounding never decides; the similarity itself does.
        limit = min(total, np.int64((1.0 - cutoff) * total) + 1)
        length = _common_length(a, b, limit, likely[p], ids, masks, state)
        similarity = 1.0 - (total - 2 * length) / total if length >= 0 else 0.0
        out[p] = similarity if similarity >= cutoff else 0.0


@njit(nogil=True, cache=True)
def _fold_rows(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    bounds: NDArray[np.int64],
) -> NDArray[np.uint32]:
    out = np.empty(np.int64((ends - starts).sum()) // 2 + 4096, dtype=np.uint32)
    scratch = np.empty(4096, dtype=np.uint32)
    at = 0
    bounds[0] = 0
    for d in range(starts.size):
        scratch, n = fold_utf8(data, starts[d], ends[d], index, expansions, scratch, False)
        if at + n > out.size:
            larger = np.empty(max(at + n, 2 * out.size), dtype=np.uint32)
            larger[:at] = out[:at]
            out = larger
        out[at : at + n] = scratch[:n]
        at += n
        bounds[d + 1] = at
    return out[:at]


def folded_texts(texts: pa.Array, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the normalised code points of texts, one after another, and (m + 1,) bounds."""
    data, offsets = utf8_buffers(texts)
    table = fold_table()
    bounds = np.zeros(rows.size + 1, dtype=np.int64)
    return _fold_rows(data, offsets[:-1][rows], offsets[1:][rows], table.index, table.expansions, bounds), bounds


def indel_similarities(
    cps: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    *,
    cutoff: float = 0.0,
    likely: NDArray[np.int64] | None = None,
    threads: int = 1,
) -> NDArray[np.float64]:
    """Return the Indel similarity of pairs of texts, 0 where it is below `cutoff`.

    Parameters
    ----------
    cps : uint32 code points of all texts; text i owns cps[bounds[i]:bounds[i + 1]]
    left, right : (p,) int64 numbers of the texts of each pair
    cutoff : between 0 and 1; the higher, the less work
    likely : (p,) int64 insertions and deletions to expect; a good guess makes it faster, a bad one changes nothing

    Returns
    -------
    (p,) float64, 1 - d / (len(a) + len(b)) with d the number of insertions and deletions; two empty texts: 1

    Notes
    -----
    Equal to `rapidfuzz.distance.Indel.normalized_similarity` on the same texts. Time is in the order of length times
    distance / 64 for texts that are alike; texts that are not are given up when the cutoff is out of reach.
    """
    out = np.empty(left.size, dtype=np.float64)
    if likely is None:
        lengths = np.diff(bounds)
        likely = (lengths[left] + lengths[right]) // LIKELY_SHARE

    def run(low: int, high: int) -> None:
        # One entry for each code point; pages that no text touches are never allocated.
        ids = np.zeros(N_CODE_POINTS, dtype=np.int32)
        _similarities(cps, bounds, left[low:high], right[low:high], cutoff, likely[low:high], ids, out[low:high])

    if threads <= 1 or left.size < 2:
        run(0, left.size)
    else:
        cuts = np.unique(np.linspace(0, left.size, threads * 8 + 1).astype(np.int64)).tolist()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, cuts[:-1], cuts[1:]))
    return out
