"""The normaliser: NFKC per code point, case folded, letters, marks and numbers kept, all else dropped.

The table is frozen in the repository (`codepoints.npz`, written by `dedup.text.freeze`), so the same text gives the
same normalised text, ids and fingerprints under every Python. Per code point means that marks are not composed
across code points; two texts that differ only in composition differ in a few shingles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from dedup.text.freeze import N_CODE_POINTS, TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

#: Travels with every fingerprint; texts normalised by different versions are never compared.
NORMALISER_VERSION = "nfkc-casefold-lmn-1-unicode15.1"

SPACE = np.uint32(32)
#: Free places beyond one per byte: the longest expansion (U+FDFA) has 18 code points, and a space may precede it.
SLACK = 20


@dataclass(frozen=True)
class CodePointTable:
    """A function from code points to short strings, as arrays that kernels read.

    Attributes
    ----------
    index : (0x110000,) int32; > 0 a single code point, 0 nothing, < 0 minus the offset of an expansion
    expansions : uint32; at each offset a count, followed by that many code points
    """

    index: NDArray[np.int32]
    expansions: NDArray[np.uint32]


@cache
def fold_table() -> CodePointTable:
    """Return the table of the normaliser."""
    return _load("fold")


@cache
def nfkc_table() -> CodePointTable:
    """Return the table of NFKC without white space, which decides what an exact copy is."""
    return _load("nfkc")


def _load(name: str) -> CodePointTable:
    with np.load(TABLE) as data:
        index = data[f"{name}_index"].astype(np.int32)
        kept = np.unpackbits(data[f"{name}_kept"], count=N_CODE_POINTS).astype(bool)
        index[kept] += np.flatnonzero(kept).astype(np.int32)
        return CodePointTable(index, data[f"{name}_expansions"])


@njit(nogil=True, cache=True)
def _fold_part(
    data: NDArray[np.uint8],
    start: int | np.int64,
    end: int,
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    out: NDArray[np.uint32],
    written: int | np.int64,
    spaced: bool,
    pending: bool | np.bool,
) -> tuple[np.int64, np.int64, bool | np.bool]:
    # No array is rebound in here: numba would count references once per character, which costs more than decoding.
    # Unsigned positions, because a signed index is tested for being negative. The caller sees to one free place per
    # byte left and SLACK more; only an expansion can need more, and stops before it is written.
    one, two, three, four = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    i, stop, n = np.uint64(start), np.uint64(end), np.uint64(written)
    room = np.uint64(out.size - SLACK)
    while i < stop:
        here = i
        byte = data[i]
        if 0xE0 <= byte < 0xF0:
            cp = (
                (np.uint32(byte & 0x0F) << 12)
                | (np.uint32(data[i + one] & 0x3F) << 6)
                | np.uint32(data[i + two] & 0x3F)
            )
            i += three
        elif byte < 0x80:
            cp = np.uint32(byte)
            i += one
        elif byte < 0xE0:
            cp = (np.uint32(byte & 0x1F) << 6) | np.uint32(data[i + one] & 0x3F)
            i += two
        else:
            cp = (
                (np.uint32(byte & 0x07) << 18)
                | (np.uint32(data[i + one] & 0x3F) << 12)
                | (np.uint32(data[i + two] & 0x3F) << 6)
                | np.uint32(data[i + three] & 0x3F)
            )
            i += four
        target = index[np.uint64(cp)]
        if target < 0:
            at = np.uint64(-np.int64(target))
            count = np.uint64(expansions[at])
            if n + count + (stop - i) > room:
                return np.int64(here), np.int64(n), pending
            if spaced and pending:
                out[n] = SPACE
                n += one
            pending = False
            for k in range(count):
                out[n] = expansions[at + one + np.uint64(k)]
                n += one
        elif spaced:
            if target == 0:
                pending = n > 0
            else:
                if pending:
                    out[n] = SPACE
                    n += one
                pending = False
                out[n] = np.uint32(target)
                n += one
        else:
            # Written in any case and kept only where the table keeps it: no branch to mispredict.
            out[n] = np.uint32(target)
            n += np.uint64(target != 0)
    return np.int64(i), np.int64(n), pending


@njit(nogil=True, cache=True)
def fold_utf8(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    out: NDArray[np.uint32],
    spaced: bool,
) -> tuple[NDArray[np.uint32], int]:
    """Decode UTF-8 bytes [start, end) and write the folded code points to `out`.

    Parameters
    ----------
    data : bytes of an Arrow string buffer; must be valid UTF-8 (as Arrow guarantees)
    out : scratch, replaced by a larger one when it is too small
    spaced : write one U+0020 where something was dropped between two kept code points (word shingles)

    Returns
    -------
    the scratch that was written, and how many code points it holds
    """
    room = end - start + SLACK
    if room > out.size:
        out = np.empty(max(room, 2 * out.size), dtype=np.uint32)
    i, n, pending = _fold_part(data, start, end, index, expansions, out, 0, spaced, False)
    while i < end:
        larger = np.empty(2 * out.size + SLACK, dtype=np.uint32)
        larger[:n] = out[:n]
        out = larger
        i, n, pending = _fold_part(data, i, end, index, expansions, out, n, spaced, pending)
    return out, int(n)


@njit(nogil=True, cache=True)
def _folded_lengths(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    lengths: NDArray[np.int64],
) -> None:
    scratch = np.empty(4096, dtype=np.uint32)
    for d in range(offsets.size - 1):
        scratch, lengths[d] = fold_utf8(data, offsets[d], offsets[d + 1], index, expansions, scratch, False)


@njit(nogil=True, cache=True)
def _fold_all(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    out: NDArray[np.uint32],
) -> None:
    """Write the folded code points of text d to out[bounds[d]:bounds[d + 1]]."""
    scratch = np.empty(4096, dtype=np.uint32)
    for d in range(offsets.size - 1):
        scratch, n = fold_utf8(data, offsets[d], offsets[d + 1], index, expansions, scratch, False)
        out[bounds[d] : bounds[d] + n] = scratch[:n]


def utf8_buffers(texts: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes and (n + 1,) int64 offsets of an Arrow string array, without copying the bytes.

    Nulls have no bytes.
    """
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        texts = texts.cast(pa.large_string())
    if texts.null_count:
        texts = pc.fill_null(texts, "")
    wide = pa.types.is_large_string(texts.type)
    _, offset_buffer, data_buffer = texts.buffers()
    if len(texts) == 0 or offset_buffer is None:
        return np.frombuffer(b"", dtype=np.uint8), np.zeros(len(texts) + 1, dtype=np.int64)
    offsets = np.frombuffer(offset_buffer, dtype=np.int64 if wide else np.int32)
    starts = offsets[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    # Read-only, whatever the buffer says: the kernels are compiled for one kind of array only.
    data = np.frombuffer(data_buffer if data_buffer is not None else b"", dtype=np.uint8)
    data.flags.writeable = False
    return data, starts


def string_array(texts: object) -> pa.Array:
    """Return an Arrow string array of `texts` (Arrow array, pandas or NumPy column, or any sequence of str).

    Lone surrogates, which UTF-8 cannot hold, become '?'; the normaliser drops both.
    """
    if isinstance(texts, pa.ChunkedArray):
        return texts.combine_chunks() if texts.num_chunks != 1 else texts.chunk(0)
    if isinstance(texts, pa.Array):
        return texts
    values = list(texts)  # type: ignore[call-overload]
    try:
        return pa.array(values, type=pa.large_string(), from_pandas=True)
    except UnicodeEncodeError:
        clean = [v if v is None else v.encode("utf-8", "replace").decode("utf-8") for v in values]
        return pa.array(clean, type=pa.large_string(), from_pandas=True)


def _folded(texts: pa.Array, table: CodePointTable) -> Iterator[NDArray[np.uint32]]:
    data, offsets = utf8_buffers(texts)
    scratch = np.empty(4096, dtype=np.uint32)
    for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        scratch, n = fold_utf8(data, start, end, table.index, table.expansions, scratch, False)
        yield scratch[:n]


def normalise(text: str) -> str:
    """Return the normalised text of one string."""
    (code_points,) = _folded(string_array([text]), fold_table())
    return code_points.tobytes().decode("utf-32-le")


def normalise_array(texts: pa.Array) -> list[str]:
    """Return the normalised text of every string of an Arrow array (null: '')."""
    data, offsets = utf8_buffers(texts)
    table = fold_table()
    lengths = np.zeros(offsets.size - 1, dtype=np.int64)
    _folded_lengths(data, offsets, table.index, table.expansions, lengths)
    bounds = np.zeros(offsets.size, dtype=np.int64)
    np.cumsum(lengths, out=bounds[1:])
    code_points = np.empty(int(bounds[-1]), dtype=np.uint32)
    _fold_all(data, offsets, table.index, table.expansions, bounds, code_points)
    # Decoded at once, then cut: a string is a slice away.
    whole = code_points.tobytes().decode("utf-32-le")
    return [whole[start:end] for start, end in pairwise(bounds.tolist())]


def normalised_lengths(texts: pa.Array) -> NDArray[np.int64]:
    """Return the number of normalised characters of every string, shape (n,)."""
    data, offsets = utf8_buffers(texts)
    lengths = np.zeros(len(texts), dtype=np.int64)
    table = fold_table()
    _folded_lengths(data, offsets, table.index, table.expansions, lengths)
    return lengths


def content_hashes(texts: pa.Array) -> list[str]:
    """Return 32 hex digits per string: BLAKE2b-128 of its text after NFKC without white space.

    Equal hashes make exact copies: `8%` and `8‰` differ here although their shingles are equal.
    """
    return [blake2b(cps.tobytes(), digest_size=16).hexdigest() for cps in _folded(texts, nfkc_table())]
