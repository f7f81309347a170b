"""The full dates that a text carries at its head, such as 2011年3月2日 or 2020-05-14."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.text.normalise import utf8_buffers

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

#: Characters at the start of a section in which a date counts as its own.
HEAD_CHARS = 600
#: Bytes of a character in UTF-8, at most.
BYTES_PER_CHAR = 4
#: Blanks as in a regular expression's `\\s`, in order; up to two may stand between the parts of a date.
_BLANKS = np.array(
    [
        *range(0x09, 0x0E),
        *range(0x1C, 0x21),
        0x85,
        0xA0,
        0x1680,
        *range(0x2000, 0x200B),
        0x2028,
        0x2029,
        0x202F,
        0x205F,
        0x3000,
    ],
    dtype=np.uint32,
)

YEAR_SIGN = np.uint32(ord("年"))
MONTH_SIGN = np.uint32(ord("月"))
DAY_SIGN = np.uint32(ord("日"))
_HYPHEN = np.uint32(ord("-"))


@njit(nogil=True, cache=True)
def is_digit(cp: np.uint32) -> bool:
    """Whether a code point is one of 0 to 9."""
    return bool(cp >= 48) and bool(cp <= 57)


@njit(nogil=True, cache=True)
def _decode_head(data: NDArray[np.uint8], start: int, end: int, out: NDArray[np.uint32]) -> int:
    """Write the first code points of UTF-8 bytes [start, end) to `out`; return how many."""
    n = 0
    i = start
    while i < end and n < out.size:
        byte = data[i]
        extra = 0 if byte < 0x80 else 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
        cp = np.uint32(byte) if extra == 0 else np.uint32(byte & (0x3F >> extra))
        for k in range(1, extra + 1):
            cp = (cp << np.uint32(6)) | np.uint32(data[i + k] & 0x3F)
        out[n] = cp
        n += 1
        i += extra + 1
    return n


@njit(nogil=True, cache=True)
def _after_blanks(cps: NDArray[np.uint32], i: int) -> int:
    """Return the position behind up to two blanks at position i."""
    for _ in range(2):
        if i < cps.size and (cps[i] == 32 or np.any(cps[i] == _BLANKS)):
            i += 1
    return i


@njit(nogil=True, cache=True)
def _number_at(cps: NDArray[np.uint32], i: int, digits: int) -> tuple[int, int]:
    """Read up to some digits at position i; return their value and how many they are."""
    value = 0
    n = 0
    while n < digits and i + n < cps.size and is_digit(cps[i + n]):
        value = value * 10 + int(cps[i + n]) - 48
        n += 1
    return value, n


@njit(nogil=True, cache=True)
def _date_at(cps: NDArray[np.uint32], i: int) -> tuple[int, int]:
    """Return (year, month, day as one number, position behind it) of the date that starts at i; else (-1, i + 1)."""
    year, digits = _number_at(cps, i, 4)
    if digits < 4 or year < 1900 or year > 2099:
        return -1, i + 1
    at = _after_blanks(cps, i + 4)
    if at < cps.size and cps[at] == YEAR_SIGN:
        at = _after_blanks(cps, at + 1)
        month, digits = _number_at(cps, at, 2)
        at = _after_blanks(cps, at + digits)
        if digits == 0 or at >= cps.size or cps[at] != MONTH_SIGN:
            return -1, i + 1
        at = _after_blanks(cps, at + 1)
        day, digits = _number_at(cps, at, 2)
        at = _after_blanks(cps, at + digits)
        if digits == 0 or at >= cps.size or cps[at] != DAY_SIGN:
            return -1, i + 1
        return (year * 100 + month) * 100 + day, at + 1
    if at < cps.size and cps[at] == _HYPHEN:
        month, digits = _number_at(cps, at + 1, 2)
        at += 1 + digits
        if digits == 2 and at < cps.size and cps[at] == _HYPHEN:
            day, digits = _number_at(cps, at + 1, 2)
            if digits == 2:
                return (year * 100 + month) * 100 + day, at + 3
    return -1, i + 1


@njit(nogil=True, cache=True)
def _may_hold_year(data: NDArray[np.uint8]) -> bool:
    """Whether 19 or 20 and a digit stand in the bytes: looked for in vectors, before anything is decoded."""
    seen = np.uint8(0)
    for i in range(data.size - 2):
        first, second, third = data[i], data[i + 1], data[i + 2]
        century = ((first == 49) & (second == 57)) | ((first == 50) & (second == 48))
        seen |= np.uint8(century & (third >= 48) & (third <= 57))
    return bool(seen != 0)


@njit(nogil=True, cache=True)
def _latest_dates(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], out: NDArray[np.int64]
) -> None:
    head = np.empty(HEAD_CHARS, dtype=np.uint32)
    for d in range(starts.size):
        out[d] = 0
        if not _may_hold_year(data[starts[d] : min(ends[d], starts[d] + BYTES_PER_CHAR * HEAD_CHARS)]):
            continue
        cps = head[: _decode_head(data, starts[d], ends[d], head)]
        i = 0
        while i < cps.size:
            if not is_digit(cps[i]):
                i += 1
                continue
            date, i = _date_at(cps, i)
            month, day = date // 100 % 100, date % 100
            if date > out[d] and 1 <= month <= 12 and 1 <= day <= 31:
                out[d] = date


def latest_head_dates(texts: pa.Array, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the latest full date at the head of some texts as a number such as 20110302, 0 where there is none."""
    data, offsets = utf8_buffers(texts)
    out = np.zeros(rows.size, dtype=np.int64)
    _latest_dates(data, offsets[:-1][rows], offsets[1:][rows], out)
    return out
