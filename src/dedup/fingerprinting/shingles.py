"""Shingles of the normalised text and their hashes; no shingle string is ever made on the way.

A shingle is `ngram` consecutive normalised characters (or words, joined by one space). A text shorter than that has
one shingle, itself; an empty text has none. The hash of a shingle is a polynomial over its mixed code points modulo
2**64, finished with MurmurHash3's 64-bit finaliser: it rolls over a text in constant time per position.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numba import njit

from dedup.fingerprinting.batches import run_in_chunks
from dedup.fingerprinting.sorting import bucket_count, sort_distinct
from dedup.text.normalise import fold_table, fold_utf8, normalise, string_array, utf8_buffers

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

Unit = Literal["char", "word"]

_MASK = (1 << 64) - 1
#: Odd multipliers: the golden ratio (Knuth, TAOCP 3, 6.4) and the constants of MurmurHash3's fmix64 (Appleby).
_GOLDEN = 0x9E3779B97F4A7C15
_FMIX_1 = 0xFF51AFD7ED558CCD
_FMIX_2 = 0xC4CEB9FE1A85EC53
_BASE = 0xD1342543DE82EF95  # odd, = 5 mod 8, from Steele and Vigna's table of good 64-bit multipliers (2021)

GOLDEN = np.uint64(_GOLDEN)
FMIX_1 = np.uint64(_FMIX_1)
FMIX_2 = np.uint64(_FMIX_2)
BASE = np.uint64(_BASE)
#: Shingles per vectorised pass: what it reads and writes stays in the first-level cache.
TILE = 512
#: Wider shingles are hashed by rolling.
WIDE = 64
_33 = np.uint64(33)
_29 = np.uint64(29)


def shingle_hash64(shingle: str | bytes) -> int:
    """Return the 64-bit hash of one shingle; the reference of what the kernels compute."""
    text = shingle.decode("utf-8") if isinstance(shingle, bytes) else shingle
    h = 0
    for character in text:
        c = ((ord(character) + 1) * _GOLDEN) & _MASK
        h = (h * _BASE + (c ^ (c >> 29))) & _MASK
    h ^= h >> 33
    h = (h * _FMIX_1) & _MASK
    h ^= h >> 33
    h = (h * _FMIX_2) & _MASK
    return h ^ (h >> 33)


def shingle_hash(shingle: str | bytes) -> int:
    """Return the 32-bit hash of one shingle: the upper half of `shingle_hash64`.

    Give it to datasketch as `hashfunc`: `MinHash(num_perm=128, seed=1, hashfunc=shingle_hash)` over `shingles(text)`
    equals `fingerprint([text])` bit for bit.
    """
    return shingle_hash64(shingle) >> 32


def shingles(text: str, ngram: int = 5, unit: Unit = "char") -> list[str]:
    """Return the shingles of a text in order, repeats included; for people and for checks, not for bulk work."""
    if unit == "char":
        normalised = normalise(text)
        if len(normalised) <= ngram:
            return [normalised] if normalised else []
        return [normalised[i : i + ngram] for i in range(len(normalised) - ngram + 1)]
    words = _spaced(text).split(" ")
    if words == [""]:
        return []
    if len(words) <= ngram:
        return [" ".join(words)]
    return [" ".join(words[i : i + ngram]) for i in range(len(words) - ngram + 1)]


def _spaced(text: str) -> str:
    data, offsets = utf8_buffers(string_array([text]))
    table = fold_table()
    scratch = np.empty(4096, dtype=np.uint32)
    out, n = fold_utf8(data, offsets[0], offsets[1], table.index, table.expansions, scratch, True)
    spaced: str = out[:n].tobytes().decode("utf-32-le")
    return spaced


@njit(nogil=True, cache=True, inline="always")
def mix_code_point(cp: np.uint32) -> np.uint64:
    """Spread a code point over 64 bits, so that differences of the polynomial have no common power of two."""
    c = (np.uint64(cp) + np.uint64(1)) * GOLDEN
    return c ^ (c >> _29)


@njit(nogil=True, cache=True, inline="always")
def finish_hash(h: np.uint64) -> np.uint64:
    """Apply the 64-bit finaliser of MurmurHash3."""
    h ^= h >> _33
    h *= FMIX_1
    h ^= h >> _33
    h *= FMIX_2
    return h ^ (h >> _33)


@njit(nogil=True, cache=True)
def _hash_tile(
    cps: NDArray[np.uint32], width: int, mixed: NDArray[np.uint64], scratch: NDArray[np.uint64], out: NDArray[np.uint64]
) -> None:
    """Write the hashes of all `out.size` shingles of `width` code points that start in `cps`, in vectorised passes.

    The polynomial of 2w code points is that of w, times BASE**w, plus that of the next w; so a width of 5 = 0b101
    takes three passes (2, 4, 5) of independent multiplications instead of a chain of dependent ones.
    """
    length = cps.size
    for j in range(length):
        mixed[j] = mix_code_point(cps[j])
    sums, other = mixed, scratch[0]
    spare = scratch[1]
    covered = 1
    power = BASE
    bit = 1
    while 2 * bit <= width:
        bit *= 2
    while bit > 1:
        bit //= 2
        length -= covered
        _advance(sums[:length], power, sums[covered : covered + length], other)
        sums, other, spare = other, spare, other
        covered *= 2
        power *= power
        if width & bit:
            length -= 1
            _advance(sums[:length], BASE, mixed[covered : covered + length], other)
            sums, other, spare = other, spare, other
            covered += 1
            power *= BASE
    for j in range(out.size):
        out[j] = finish_hash(sums[j])


@njit(nogil=True, cache=True)
def _advance(
    sums: NDArray[np.uint64], power: np.uint64, following: NDArray[np.uint64], out: NDArray[np.uint64]
) -> None:
    for j in range(sums.size):
        out[j] = sums[j] * power + following[j]


@njit(nogil=True, cache=True)
def hash_char_shingles(
    cps: NDArray[np.uint32], n: int, ngram: int, out: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], int]:
    """Write the hashes of the character shingles of `cps[:n]` to `out` (replaced by a larger one when too small)."""
    if n == 0:
        return out, 0
    width = min(n, ngram)
    count = n - width + 1
    if count > out.size:
        out = np.empty(max(count, 2 * out.size), dtype=np.uint64)
    if width <= WIDE:
        tile = min(count, TILE)
        mixed = np.empty(tile + width, dtype=np.uint64)
        scratch = np.empty((2, tile + width), dtype=np.uint64)
        for low in range(0, count, tile):
            high = min(low + tile, count)
            _hash_tile(cps[low : high + width - 1], width, mixed, scratch, out[low:high])
    else:
        _roll(cps, width, out[:count])
    return out, count


@njit(nogil=True, cache=True)
def _roll(cps: NDArray[np.uint32], width: int, out: NDArray[np.uint64]) -> None:
    """Write the hashes of wide shingles, each from its predecessor: constant time, whatever the width."""
    leaving = np.uint64(1)
    for _ in range(width):
        leaving *= BASE
    h = np.uint64(0)
    for i in range(width):
        h = h * BASE + mix_code_point(cps[i])
    out[0] = finish_hash(h)
    for i in range(1, out.size):
        h = h * BASE + mix_code_point(cps[i + width - 1]) - mix_code_point(cps[i - 1]) * leaving
        out[i] = finish_hash(h)


@njit(nogil=True, cache=True)
def hash_text(cps: NDArray[np.uint32], n: int, powers: NDArray[np.uint64]) -> np.uint64:
    """Return the hash of the whole text `cps[:n]`: a polynomial that starts with its length.

    `powers` are those of `descending_powers`. A block is a sum of independent products (no chain from one code point
    to the next), so it is vectorised; between blocks Horner's scheme goes on.
    """
    h = np.uint64(n)
    block = powers.size - 1
    for low in range(0, n, block):
        part = cps[low : min(low + block, n)]
        weights = powers[powers.size - part.size :]
        total: np.uint64 = h * powers[block - part.size]
        for j in range(part.size):
            total += mix_code_point(part[j]) * weights[j]
        h = total
    finished: np.uint64 = finish_hash(h)
    return finished


@cache
def descending_powers() -> NDArray[np.uint64]:
    """Return BASE**TILE, ..., BASE, 1 modulo 2**64."""
    powers = [1]
    for _ in range(TILE):
        powers.append(powers[-1] * _BASE & _MASK)
    return np.array(powers[::-1], dtype=np.uint64)


@njit(nogil=True, cache=True)
def hash_word_shingles(
    cps: NDArray[np.uint32], n: int, ngram: int, out: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], int]:
    """Write the hashes of the word shingles of `cps[:n]`, words separated by single spaces."""
    if n == 0:
        return out, 0
    words = 1
    for i in range(n):
        if cps[i] == 32:
            words += 1
    width = min(words, ngram)
    count = words - width + 1
    if count > out.size:
        out = np.empty(max(count, 2 * out.size), dtype=np.uint64)
    # starts[w]: first code point of word w; one past the end stands behind the last word's (missing) space.
    starts = np.empty(words + 1, dtype=np.int64)
    starts[0] = 0
    w = 1
    for i in range(n):
        if cps[i] == 32:
            starts[w] = i + 1
            w += 1
    starts[words] = n + 1
    for s in range(count):
        h = np.uint64(0)
        for i in range(starts[s], starts[s + width] - 1):
            h = h * BASE + mix_code_point(cps[i])
        out[s] = finish_hash(h)
    return out, count


@njit(nogil=True, cache=True)
def _distinct_hashes(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    ngram: int,
    words: bool,
    sizes: NDArray[np.int64],
) -> NDArray[np.uint64]:
    cps = np.empty(4096, dtype=np.uint32)
    hashes = np.empty(4096, dtype=np.uint64)
    placed = np.empty(4096, dtype=np.uint64)
    bucket_ends = np.empty(4096, dtype=np.int32)
    # Three bytes per Chinese character; other text makes it grow.
    out = np.empty((ends - starts).sum() // 3 + 64, dtype=np.uint64)
    at = 0
    for d in range(starts.size):
        cps, n = fold_utf8(data, starts[d], ends[d], index, expansions, cps, words)
        if words:
            hashes, count = hash_word_shingles(cps, n, ngram, hashes)
        else:
            hashes, count = hash_char_shingles(cps, n, ngram, hashes)
        if at + count > out.size:
            larger = np.empty(max(at + count, 2 * out.size), dtype=np.uint64)
            larger[:at] = out[:at]
            out = larger
        if count > placed.size:
            placed = np.empty(max(count, 2 * placed.size), dtype=np.uint64)
        if bucket_count(count) > bucket_ends.size:
            bucket_ends = np.empty(bucket_count(count), dtype=np.int32)
        sizes[d] = sort_distinct(hashes[:count], bucket_ends, placed, out[at : at + count])
        at += sizes[d]
    return out[:at]


def distinct_shingle_hashes(
    texts: pa.Array,
    rows: NDArray[np.int64] | None = None,
    *,
    ngram: int = 5,
    unit: Unit = "char",
    threads: int = 1,
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the distinct 64-bit shingle hashes of texts, each text's sorted, one after another.

    Parameters
    ----------
    texts : Arrow string array
    rows : (m,) which texts, in this order; default all
    threads : threads to use; the result does not depend on it

    Returns
    -------
    hashes : (total,) uint64
    bounds : (m + 1,) int64; text i owns hashes[bounds[i]:bounds[i + 1]]
    """
    data, offsets = utf8_buffers(texts)
    starts, ends = offsets[:-1], offsets[1:]
    if rows is not None:
        starts, ends = starts[rows], ends[rows]
    table = fold_table()
    sizes = np.zeros(starts.size, dtype=np.int64)

    def run(low: int, high: int) -> NDArray[np.uint64]:
        found: NDArray[np.uint64] = _distinct_hashes(
            data,
            starts[low:high],
            ends[low:high],
            table.index,
            table.expansions,
            ngram,
            unit == "word",
            sizes[low:high],
        )
        return found

    parts = run_in_chunks(run, ends - starts, threads)
    bounds = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    return parts[0] if len(parts) == 1 else np.concatenate(parts), bounds
