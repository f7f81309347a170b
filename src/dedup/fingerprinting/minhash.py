"""MinHash signatures, bit-equal to datasketch 2 (`affine32`, 128 permutations, seed 1).

The scheme (datasketch.minhash, 2.0): a 32-bit shingle hash is mixed once with MurmurHash3's 32-bit finaliser, then
permutation k maps it to a_k * h + b_k modulo 2**32 with a_k odd; the signature holds the smallest value of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
from numba import njit

from dedup import schemas
from dedup.fingerprinting.batches import run_in_chunks
from dedup.fingerprinting.shingles import (
    Unit,
    descending_powers,
    hash_char_shingles,
    hash_text,
    hash_word_shingles,
)
from dedup.text.normalise import NORMALISER_VERSION, fold_table, fold_utf8, string_array, utf8_buffers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedup.settings import FingerprintSettings

T = TypeVar("T", bound=np.generic)

NUM_PERM = schemas.NUM_PERM
SEED = 1
EMPTY = np.uint32(0xFFFFFFFF)
#: Shingles that are permuted together (unrolled in the kernel), and a tile of them: 8 kB of hashes in the first-level
#: cache.
GROUP = 8
TILE = 2048


@cache
def permutations() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return (a, b), each (128,) uint32, as datasketch 2 draws them for seed 1."""
    generator = np.random.RandomState(SEED)
    a = generator.randint(0, 1 << 31, NUM_PERM, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    b = generator.randint(0, 1 << 32, NUM_PERM, dtype=np.uint32)
    return a, b


@njit(nogil=True, cache=True)
def _fold_minima(
    tile: NDArray[np.uint32], a: NDArray[np.uint32], b: NDArray[np.uint32], signature: NDArray[np.uint32]
) -> None:
    """Lower `signature` to the smallest permuted value of `tile`, whose size is a multiple of GROUP.

    Permutations run inside, a group of shingles is unrolled: every value of a, b and the signature is loaded once per
    group, and nothing is ever reduced across the lanes of a vector, so that short texts cost no more per shingle.
    """
    for j in range(0, tile.size, GROUP):
        h_0, h_1, h_2, h_3 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3]
        h_4, h_5, h_6, h_7 = tile[j + 4], tile[j + 5], tile[j + 6], tile[j + 7]
        for k in range(a.size):
            multiplier, addend = a[k], b[k]
            low_0 = min(np.uint32(multiplier * h_0 + addend), np.uint32(multiplier * h_1 + addend))
            low_1 = min(np.uint32(multiplier * h_2 + addend), np.uint32(multiplier * h_3 + addend))
            low_2 = min(np.uint32(multiplier * h_4 + addend), np.uint32(multiplier * h_5 + addend))
            low_3 = min(np.uint32(multiplier * h_6 + addend), np.uint32(multiplier * h_7 + addend))
            signature[k] = min(signature[k], min(min(low_0, low_1), min(low_2, low_3)))


@njit(nogil=True, cache=True)
def _mix_32(hashes: NDArray[np.uint64], out: NDArray[np.uint32]) -> None:
    for j in range(hashes.size):
        h = np.uint32(hashes[j] >> np.uint64(32))
        h ^= h >> np.uint32(16)
        h = np.uint32(h * np.uint32(0x85EBCA6B))
        h ^= h >> np.uint32(13)
        h = np.uint32(h * np.uint32(0xC2B2AE35))
        out[j] = h ^ (h >> np.uint32(16))


@njit(nogil=True, cache=True)
def _signatures(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    ngram: int,
    words: bool,
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    powers: NDArray[np.uint64],
    signatures: NDArray[np.uint32],
    counts: NDArray[np.int64],
    text_hashes: NDArray[np.uint64],
) -> None:
    cps = np.empty(4096, dtype=np.uint32)
    hashes = np.empty(4096, dtype=np.uint64)
    tile = np.empty(TILE, dtype=np.uint32)
    for d in range(offsets.size - 1):
        cps, n = fold_utf8(data, offsets[d], offsets[d + 1], index, expansions, cps, words)
        if words:
            hashes, count = hash_word_shingles(cps, n, ngram, hashes)
        else:
            hashes, count = hash_char_shingles(cps, n, ngram, hashes)
        counts[d] = count
        text_hashes[d] = hash_text(cps, n, powers)
        signature = signatures[d]
        signature[:] = EMPTY
        for start in range(0, count, TILE):
            part = hashes[start : min(start + TILE, count)]
            _mix_32(part, tile)
            # The last group is filled up with a hash that is there already, which changes no minimum.
            padded = (part.size + GROUP - 1) // GROUP * GROUP
            tile[part.size : padded] = tile[part.size - 1]
            _fold_minima(tile[:padded], a, b, signature)


@dataclass(frozen=True)
class Fingerprints:
    """Fingerprints of n texts.

    Attributes
    ----------
    signatures : (n, 128) uint32
    n_shingles : (n,) int64, shingle positions (0: nothing is left after normalising)
    normalised_hash : (n,) uint64, hash of the whole normalised text
    """

    signatures: NDArray[np.uint32]
    n_shingles: NDArray[np.int64]
    normalised_hash: NDArray[np.uint64]


def signature_matrix(
    texts: pa.Array, *, ngram: int = 5, unit: Unit = "char", threads: int = 1, out: Fingerprints | None = None
) -> Fingerprints:
    """Fingerprint an Arrow string array.

    Parameters
    ----------
    texts : (n,) Arrow strings
    ngram, unit : characters or words per shingle
    threads : threads to use; the result does not depend on it
    out : arrays of n fingerprints to write into (memory-mapped ones, say); new ones otherwise

    Returns
    -------
    `out`, or the new arrays

    Raises
    ------
    ValueError
        when an array of `out` has another shape or type, or is not contiguous and writable
    """
    data, offsets = utf8_buffers(texts)
    n = len(texts)
    if out is None:
        out = Fingerprints(
            np.empty((n, NUM_PERM), dtype=np.uint32), np.empty(n, dtype=np.int64), np.empty(n, dtype=np.uint64)
        )
    signatures = _plain(out.signatures, (n, NUM_PERM), np.uint32)
    counts = _plain(out.n_shingles, (n,), np.int64)
    text_hashes = _plain(out.normalised_hash, (n,), np.uint64)
    table = fold_table()
    a, b = permutations()
    powers = descending_powers()

    def run(low: int, high: int) -> None:
        _signatures(
            data,
            offsets[low : high + 1],
            table.index,
            table.expansions,
            ngram,
            unit == "word",
            a,
            b,
            powers,
            signatures[low:high],
            counts[low:high],
            text_hashes[low:high],
        )

    run_in_chunks(run, np.diff(offsets), threads)
    return out


def _plain(array: NDArray[T], shape: tuple[int, ...], kind: type[T]) -> NDArray[T]:
    # A memory-mapped array is seen as a plain one, so that the kernels are compiled for one kind of array only.
    if array.shape != shape or array.dtype != kind or not (array.flags.c_contiguous and array.flags.writeable):
        msg = f"out needs writable, contiguous {kind.__name__} arrays of shape {shape}, not {array.dtype} {array.shape}"
        raise ValueError(msg)
    return array.view(np.ndarray)


def fingerprint(texts: object, *, ngram: int = 5, unit: Unit = "char", threads: int = 1) -> NDArray[np.uint32]:
    """Return the MinHash signatures of texts, shape (n, 128), uint32.

    Parameters
    ----------
    texts : Arrow string array (fastest), pandas or NumPy column, or a sequence of str; null counts as empty
    ngram, unit : characters or words per shingle
    threads : threads to use; the kernel does not hold the GIL

    Notes
    -----
    Equal, bit for bit, to `datasketch.MinHash(num_perm=128, seed=1, hashfunc=dedup.shingle_hash)` updated with
    `dedup.shingles(text)`. An empty text has the signature of an empty set, 0xFFFFFFFF throughout.
    """
    return signature_matrix(string_array(texts), ngram=ngram, unit=unit, threads=threads).signatures


def fingerprint_sections(sections: pa.Table, settings: FingerprintSettings, *, threads: int = 1) -> pa.Table:
    """Fingerprint the clean text of sections.

    Parameters
    ----------
    sections : table with `section_id` and `clean_text`

    Returns
    -------
    table with the schema `schemas.FINGERPRINTS`, one row per section in the same order
    """
    texts = string_array(sections.column("clean_text"))
    found = signature_matrix(texts, ngram=settings.ngram, unit=settings.unit, threads=threads)
    return pa.table(
        [
            sections.column("section_id").combine_chunks(),
            pa.array(found.n_shingles),
            pa.array(found.normalised_hash),
            pa.FixedSizeListArray.from_arrays(pa.array(found.signatures.reshape(-1)), NUM_PERM),
        ],
        schema=schemas.FINGERPRINTS,
    )


def fingerprint_metadata(settings: FingerprintSettings) -> dict[str, str]:
    """Return what fingerprints must agree on before they may be compared; stored in the file metadata."""
    return {
        "scheme": "affine32",
        "seed": str(SEED),
        "num_perm": str(NUM_PERM),
        "ngram": str(settings.ngram),
        "unit": settings.unit,
        "normaliser": NORMALISER_VERSION,
    }


def load_fingerprints(table: pa.Table) -> Fingerprints:
    """Return the arrays of a table with the schema `schemas.FINGERPRINTS`."""
    signatures = table.column("signature").combine_chunks()
    values = signatures.values.slice(signatures.offset * NUM_PERM, len(signatures) * NUM_PERM)
    return Fingerprints(
        values.to_numpy(zero_copy_only=False).reshape(-1, NUM_PERM),
        table.column("n_shingles").to_numpy(),
        table.column("normalised_hash").to_numpy(),
    )
