"""Which pages may hold a line at their edges that other pages of the source hold too: a filter that loses none."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numba import njit

from dedup.text.characters import BLANK_CHARACTERS, NEWLINES
from dedup.text.normalise import utf8_buffers
from dedup.text.utf8 import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLANK, _NEWLINE = 1, 2
_SIZE = 1 << 16
#: FNV-1a of 64 bits (Fowler, Noll, Vo; RFC 9923) over code points instead of bytes.
_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)


def pages_with_repeated_lines(
    texts: pa.ChunkedArray, source: NDArray[np.int64], *, edge_lines: int, edge_chars: int, longest: int, pages: int
) -> NDArray[np.bool_]:
    """Return which texts may hold, near an edge, a line that `pages` texts of their source hold near one; (n,).

    Lines are told apart by a hash of what is not blank. Too many texts may be named, never too few.

    Parameters
    ----------
    source : (n,) which source each text is of
    edge_lines, edge_chars : lines looked at from each edge, and characters in which they must lie
    longest : characters of a line; nothing behind a longer one is looked at. Where that one holds blanks, at which it
        may be cut, the text is named
    pages : texts that must hold a line
    """
    hashes = np.zeros((len(texts), 2 * edge_lines), dtype=np.uint64)
    unsure = np.zeros(len(texts), dtype=bool)
    at = 0
    for chunk in texts.chunks:
        some = slice(at, at + len(chunk))
        _hash_edges(*utf8_buffers(chunk), _classes(), edge_lines, edge_chars, longest, hashes[some], unsure[some])
        at += len(chunk)
    found = hashes.ravel()
    lines = np.flatnonzero(found)
    owner = lines // hashes.shape[1]
    # Sources are part of the line, so that one sort counts them all.
    keys = found[lines] ^ (source[owner].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    order = np.argsort(keys, kind="stable")
    new_key = np.append(True, keys[order][1:] != keys[order][:-1]) if order.size else np.zeros(0, dtype=bool)
    new_page = new_key | np.append(True, owner[order][1:] != owner[order][:-1]) if order.size else new_key
    group = np.cumsum(new_key) - 1
    counts = np.bincount(group[new_page], minlength=int(group[-1]) + 1 if group.size else 0)
    unsure[owner[order[counts[group] >= pages]]] = True
    return unsure


@cache
def _classes() -> NDArray[np.uint8]:
    """Return which code points of the Basic Multilingual Plane are blanks and ends of lines, shape (65536,) uint8."""
    table = np.zeros(_SIZE, dtype=np.uint8)
    table[[ord(c) for c in BLANK_CHARACTERS]] = _BLANK
    table[[ord(c) for c in NEWLINES]] = _NEWLINE
    return table


@njit(nogil=True, cache=True)
def _hash_edges(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    edge_lines: int,
    edge_chars: int,
    longest: int,
    hashes: NDArray[np.uint64],
    unsure: NDArray[np.bool_],
) -> None:
    """Write the hashes of the lines of each text at its upper (first half) and lower edge, 0 for none."""
    last = np.zeros((edge_lines, 3), dtype=np.uint64)
    for text in range(offsets.size - 1):
        start, end = offsets[text], offsets[text + 1]
        for edge in range(2):
            i, stop = start, end
            n = 0
            if edge == 0:
                while i < end and n < edge_chars:
                    _, i = decode(data, i)
                    n += 1
                i, stop = start, i
            else:
                i = end
                while i > start and n < edge_chars:
                    i -= 1
                    while i > start and data[i] & 0xC0 == 0x80:
                        i -= 1
                    n += 1
            n_lines = 0
            done = False
            while not done:
                # One line: `seen` characters from the first to the last that are not blank, blanks among them.
                value = _BASIS
                seen = between = inner = 0
                ended = False
                while i < stop and not ended:
                    cp, i = decode(data, i)
                    kind = classes[cp] if cp < classes.size else 0
                    if kind == _NEWLINE:
                        ended = True
                    elif kind == _BLANK:
                        between += seen > 0
                    else:
                        inner += between
                        seen += between + 1
                        between = 0
                        value = (value ^ np.uint64(cp)) * _PRIME
                done = i >= stop and not ended
                if seen == 0:
                    continue
                at = n_lines % edge_lines
                last[at, 0] = value | np.uint64(1)
                last[at, 1] = seen
                last[at, 2] = inner
                n_lines += 1
                if edge == 0:
                    if seen > longest:
                        unsure[text] |= inner > 0
                        break
                    hashes[text, at] = last[at, 0]
                    if n_lines == edge_lines:
                        break
            if edge == 1:
                for step in range(min(n_lines, edge_lines)):
                    at = (n_lines - 1 - step) % edge_lines
                    if np.int64(last[at, 1]) > longest:
                        unsure[text] |= last[at, 2] > 0
                        break
                    hashes[text, edge_lines + step] = last[at, 0]
