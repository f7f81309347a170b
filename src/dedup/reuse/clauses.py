"""Cut texts into clauses or sentences and hash each by its normalised text: one pass over the UTF-8 bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from dedup.fingerprinting.shingles import BASE, GOLDEN, finish_hash, mix_code_point
from dedup.reuse.borders import (
    ASCII_COLON,
    ASCII_COMMA,
    ASCII_STOP,
    BLANK,
    CLOSER,
    COLON,
    DASH,
    LINE,
    OPENER,
    PLAIN,
    STOP,
    TABLE_SIZE,
    border_table,
    token_table,
)
from dedup.text.normalise import fold_table
from dedup.text.utf8 import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: One clause or sentence: `byte` and `start` count from the beginning of its row's text, `n` normalised characters.
UNIT = np.dtype(
    [
        ("hash", np.uint64),
        ("row", np.uint32),
        ("byte", np.uint32),
        ("bytes", np.uint32),
        ("start", np.uint32),
        ("chars", np.uint32),
        ("n", np.uint32),
    ]
)
#: List marks have at most this many numerals (`（二十三）`, `12.`); years have more digits but no such mark behind.
LIST_MARK = 3
_NINE = 0x39
_WIDE_ZERO, _WIDE_NINE = 0xFF10, 0xFF19
_ORDINAL = ord("第")
_ARTICLE, _CHAPTER, _PART = ord("条"), ord("章"), ord("节")


class Reading(NamedTuple):
    """The tables that the kernels of this package read texts by."""

    fold: NDArray[np.int32]
    expansions: NDArray[np.uint32]
    borders: NDArray[np.uint8]
    tokens: NDArray[np.uint8]


def reading() -> Reading:
    """Return the frozen tables."""
    table = fold_table()
    return Reading(table.index, table.expansions, border_table(), token_table())


@njit(nogil=True, cache=True, inline="always")
def _joins(cp: np.uint32) -> bool:
    """Whether an ASCII sign beside this code point may stand inside a number or a word."""
    return bool(0x30 <= cp <= _NINE or 0x41 <= cp <= 0x5A or 0x61 <= cp <= 0x7A or _WIDE_ZERO <= cp <= _WIDE_NINE)


@njit(nogil=True, cache=True, inline="always")
def _put(
    unit: NDArray,
    h: np.uint64,
    n: int,
    row: int,
    begin: int,
    first_byte: int,
    last_byte: int,
    first_char: int,
    last_char: int,
) -> None:
    """Write one unit: its hash from that of its characters, and where it stands in the row that begins at `begin`."""
    unit["hash"] = finish_hash(h + np.uint64(n) * GOLDEN)
    unit["row"] = row
    unit["byte"] = first_byte - begin
    unit["bytes"] = last_byte - first_byte
    unit["start"] = first_char
    unit["chars"] = last_char - first_char
    unit["n"] = n


@njit(nogil=True, cache=True)
def scan_units(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    tables: Reading,
    sentences: bool,
    least: int,
    most: int,
    out: NDArray,
) -> tuple[int, int]:
    """Write the clauses, or the sentences, of some rows to `out`.

    Parameters
    ----------
    data, offsets : bytes of a string array and its (n + 1,) offsets
    rows : which rows to read
    sentences : cut at the ends of sentences and lines only, and at a colon that closes a short opening
    least, most : units with fewer or more normalised characters are left out
    out : (m,) `UNIT`; m is at least the bytes of the rows over `least`, plus one

    Returns
    -------
    how many were written, how many had more than `most` characters

    Notes
    -----
    The hash is a polynomial over the mixed folded code points, finished by MurmurHash3's 64-bit finaliser: that of
    equal normalised texts is equal, whatever the normaliser drops between them. An article number (`第三条`) is a mark
    at the head of a unit and not part of it; of sentences so is a numeral before `、`, `.` or a bracket.
    """
    written = 0
    too_long = 0
    for row in rows:
        begin, end = offsets[row], offsets[row + 1]
        i = begin
        position = 0
        previous = np.uint32(10)
        h = np.uint64(0)
        n = 0
        first_byte = first_char = -1
        last_byte = last_char = 0
        numerals = True
        article = 0
        ended = False
        while i <= end:
            at = i
            if i == end:
                cp, kind = np.uint32(10), LINE
                i += 1
            else:
                cp, i = decode(data, i)
                kind = tables.borders[cp] if cp < TABLE_SIZE else PLAIN
            # A sentence goes as far as its closing marks.
            if ended and not (sentences and kind in (STOP, CLOSER)):
                if n >= least:
                    if n > most:
                        too_long += 1
                    else:
                        _put(out[written], h, n, row, begin, first_byte, last_byte, first_char, last_char)
                        written += 1
                h = np.uint64(0)
                n = 0
                first_byte = -1
                numerals = True
                article = 0
                ended = False
            if kind <= CLOSER:
                target = tables.fold[cp]
                if target != 0:
                    if first_byte < 0:
                        first_byte, first_char = at, position
                    if target > 0:
                        folded = np.uint32(target)
                        h = h * BASE + mix_code_point(folded)
                        n += 1
                        token = tables.tokens[folded] if folded < TABLE_SIZE else 0
                        if token != 1 and token != 2:
                            numerals = False
                            if n == 1 and folded == _ORDINAL:
                                article = 1
                            elif article == 2 and folded in (_ARTICLE, _CHAPTER, _PART):
                                h = np.uint64(0)
                                n = 0
                                first_byte = -1
                                article = 0
                                numerals = True
                            else:
                                article = 0
                        elif article == 1:
                            article = 2
                    else:
                        place = -target
                        for k in range(tables.expansions[place]):
                            h = h * BASE + mix_code_point(tables.expansions[place + 1 + k])
                            n += 1
                        numerals = False
                        article = 0
                elif n == 0:
                    if kind == OPENER:
                        if first_byte < 0:
                            first_byte, first_char = at, position
                    else:
                        first_byte = -1
                if first_byte >= 0:
                    last_byte, last_char = i, position + 1
            elif kind == BLANK:
                if n == 0:
                    first_byte = -1
            else:
                closes = True
                if ASCII_COMMA <= kind <= ASCII_COLON:
                    if i < end and _joins(previous):
                        following, _ = decode(data, i)
                        closes = not _joins(following)
                elif kind == DASH:
                    following = np.uint32(0)
                    if i < end:
                        following, _ = decode(data, i)
                    # The first of two dashes ends the clause; one alone stands in a range or a word.
                    closes = (not sentences) and (following == cp or previous == cp)
                if sentences:
                    if kind in (STOP, LINE) or (kind == ASCII_STOP and closes):
                        if numerals and n <= LIST_MARK and kind == ASCII_STOP:
                            n = 0
                            h = np.uint64(0)
                            first_byte = -1
                            article = 0
                        else:
                            ended = True
                    elif closes and numerals and 0 < n <= LIST_MARK and kind != DASH:
                        n = 0
                        h = np.uint64(0)
                        first_byte = -1
                        article = 0
                    elif kind in (COLON, ASCII_COLON) and closes and n < least:
                        ended = True
                    if kind != LINE and first_byte >= 0:
                        last_byte, last_char = i, position + 1
                elif closes:
                    ended = True
                elif first_byte >= 0:
                    last_byte, last_char = i, position + 1
                if n == 0 and not ended:
                    first_byte = -1
            previous = cp
            position += 1
        if ended and n >= least:
            if n > most:
                too_long += 1
            else:
                _put(out[written], h, n, row, begin, first_byte, last_byte, first_char, last_char)
                written += 1
    return written, too_long
