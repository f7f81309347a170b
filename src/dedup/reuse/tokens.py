"""Sentences as tokens: numbers and words of an alphabet whole, every other character by itself.

Numbers, Chinese numerals and masks of letters (`20xx`, `xx`) are what variants of a formula differ in most, so
keys that find variants read them all as one sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.fingerprinting.shingles import BASE, FMIX_1, FMIX_2, GOLDEN, finish_hash, mix_code_point
from dedup.reuse.borders import BLANK, CHINESE_NUMERAL, DIGIT, LETTER, PLAIN, TABLE_SIZE
from dedup.reuse.clauses import Reading
from dedup.text.utf8 import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Kinds of tokens beside those of `borders`: a character, a digit run, Chinese numerals, a word, a mask of letters.
MASK = 4
#: What numbers and masks are read as in keys.
SIGN = np.uint32(0x110001)
_X = ord("x")
_POINT, _COMMA = ord("."), ord(",")
_RUN = np.uint32(0x80000000)
#: Rows of the MinHash of a sentence and how they make keys: 12 keys of 2 values find variants that share a fifth of
#: their shingles with a probability of 0.4 each with each, and formulae have many variants.
MINHASH_KEYS = 12
MINHASH_ROWS = 2 * MINHASH_KEYS
#: Clauses of a sentence that make keys, those of the smallest hashes; they have at least this many tokens.
CLAUSE_KEYS = 4
CLAUSE_TOKENS = 5
#: Keys of a sentence: its text without numbers, its clauses, its MinHash.
KEYS = 1 + CLAUSE_KEYS + MINHASH_KEYS
#: Columns of keys that are compared with each other: which of its clauses comes first says nothing.
KEY_GROUPS: tuple[list[int], ...] = (
    [0],
    list(range(1, 1 + CLAUSE_KEYS)),
    *([k] for k in range(1 + CLAUSE_KEYS, KEYS)),
)
#: Shingles of a sentence are this many tokens.
SHINGLE = 3
#: Shingles of a sentence are padded to a multiple of this number.
VECTOR = 8
_32 = np.uint64(32)
#: Sentences that lie anywhere are asked for so many at once: they come from memory at the same time.
AHEAD = 16


@njit(nogil=True, cache=True)
def tokenise(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    tables: Reading,
    ids: NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    places: NDArray[np.int32],
    breaks: NDArray[np.uint8],
) -> int:
    """Cut the bytes [start, end) into tokens; returns their number t.

    Parameters
    ----------
    ids, kinds, breaks : (m,) written up to t: equal ids, equal tokens; `breaks` is 1 where a clause starts
    places : (m + 1,) written up to t + 1: normalised characters before each token
    """
    t = 0
    n = 0
    joined = False
    fresh = True
    i = start
    while i < end:
        cp, i = decode(data, i)
        target = tables.fold[cp]
        if target == 0:
            kind = tables.borders[cp] if cp < TABLE_SIZE else PLAIN
            # A decimal sign does not part a number; everything else that is dropped does.
            if cp != _POINT and cp != _COMMA:
                joined = False
            if kind > BLANK:
                fresh = True
            continue
        if target > 0:
            folded = np.uint32(target)
            kind = tables.tokens[folded] if folded < TABLE_SIZE else 0
            last = kinds[t - 1] if t else 0
            if joined and t and not fresh_break(fresh, kind, last):
                grows = (
                    (kind == last and kind != 0)
                    or (folded == _X and last in (DIGIT, MASK))
                    or (kind == LETTER and last == MASK)
                )
                if grows:
                    if kind == LETTER and last == MASK and folded != _X:
                        kinds[t - 1] = LETTER
                    ids[t - 1] = ((ids[t - 1] * np.uint32(0x9E3779B1)) ^ folded) | _RUN
                    n += 1
                    places[t] = n
                    fresh = False
                    continue
            ids[t] = folded if kind == 0 else (folded * np.uint32(0x85EBCA6B)) | _RUN
            kinds[t] = MASK if folded == _X else kind
            n += 1
            joined = kind != 0
        else:
            # What one character unfolds to stays together, since no border of a slot can lie inside it.
            at = -target
            h = np.uint32(17)
            for k in range(tables.expansions[at]):
                h = (h * np.uint32(0x9E3779B1)) ^ tables.expansions[at + 1 + k]
                n += 1
            ids[t] = h | _RUN
            kinds[t] = 0
            joined = False
        breaks[t] = 1 if fresh else 0
        fresh = False
        places[t] = n - 1 if target > 0 else n - tables.expansions[-target]
        t += 1
        places[t] = n
    return t


@njit(nogil=True, cache=True, inline="always")
def fresh_break(fresh: bool, kind: int, last: int) -> bool:
    """Whether a clause border parts two characters; a comma inside a number does not."""
    return fresh and not (kind == DIGIT and last == DIGIT)


@njit(nogil=True, cache=True)
def sentence_keys(
    ids: NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    breaks: NDArray[np.uint8],
    t: int,
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    shingles: NDArray[np.uint32],
    keys: NDArray[np.uint64],
    sketch: NDArray[np.uint64],
) -> None:
    """Write the keys of one sentence, 0 where there is none, and a sketch of its pairs of tokens.

    Parameters
    ----------
    a, b : (MINHASH_ROWS,) permutations
    shingles : (>= t + VECTOR,) scratch
    keys : (KEYS,) written
    sketch : (4,) written: a set of 256 bits
    """
    keys[:] = np.uint64(0)
    sketch[:] = np.uint64(0)
    whole = np.uint64(t)
    clause = np.uint64(0)
    size = 0
    before = np.uint64(0)
    pair = np.uint64(0)
    count = 0
    for i in range(t):
        if breaks[i] == 1 and i > 0:
            if size >= CLAUSE_TOKENS:
                _keep_smallest(keys, finish_hash(clause + np.uint64(size) * GOLDEN) | np.uint64(1))
            clause = np.uint64(0)
            size = 0
        kind = kinds[i]
        sign = SIGN if (kind == DIGIT) | (kind == CHINESE_NUMERAL) | (kind == MASK) else ids[i]
        mixed = mix_code_point(sign)
        whole = whole * BASE + mixed
        clause = clause * BASE + mixed
        size += 1
        if i >= SHINGLE - 1 or i == t - 1:
            shingles[count] = np.uint32(finish_hash(pair * BASE + mixed) >> _32)
            count += 1
        pair = before * BASE + mixed
        before = mixed
        if i >= 1:
            bit = finish_hash(pair) >> np.uint64(56)
            sketch[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))
    if size >= CLAUSE_TOKENS:
        _keep_smallest(keys, finish_hash(clause + np.uint64(size) * GOLDEN) | np.uint64(1))
    keys[0] = finish_hash(whole * FMIX_1) | np.uint64(1)
    # Repeats change no minimum, and leave no rest behind the vectors that a processor takes at once.
    while count % VECTOR != 0:
        shingles[count] = shingles[count - 1]
        count += 1
    for k in range(MINHASH_KEYS):
        upper = _smallest(shingles, count, a[2 * k], b[2 * k])
        lower = _smallest(shingles, count, a[2 * k + 1], b[2 * k + 1])
        h64 = (np.uint64(upper) << _32) | np.uint64(lower)
        keys[1 + CLAUSE_KEYS + k] = finish_hash(h64 * FMIX_2 + np.uint64(k)) | np.uint64(1)


@njit(nogil=True, cache=True, inline="always")
def _smallest(hashes: NDArray[np.uint32], count: int, a: np.uint32, b: np.uint32) -> np.uint32:
    """Return the smallest of so many hashes after a permutation."""
    least = np.uint32(0xFFFFFFFF)
    for i in range(count):
        # Without a branch and with nothing written: eight hashes are done at once.
        least = min(least, np.uint32(a * hashes[i] + b))
    return least


@njit(nogil=True, cache=True, inline="always")
def _keep_smallest(keys: NDArray[np.uint64], value: np.uint64) -> None:
    """Insert a clause into keys[1:1 + CLAUSE_KEYS], which holds the smallest, 0 standing for none."""
    for k in range(1, 1 + CLAUSE_KEYS):
        if keys[k] == value:
            return
        if keys[k] == 0 or value < keys[k]:
            held = keys[k]
            keys[k] = value
            value = held
            if value == 0:
                return
