"""Variants: near-duplicates that state other facts, such as last year's report filled anew or an amended law.

Two signs, both judged from the text alone: a large share of the figures that stand in the same words is replaced,
or both texts carry a full date at their head and the dates are different days. A masked, lost, overwritten or
damaged figure is no sign: years are left out (sites overwrite them), and so is a number that one wrong digit
explains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.clusters.head_dates import DAY_SIGN, MONTH_SIGN, YEAR_SIGN, is_digit, latest_head_dates
from dedup.fingerprinting.shingles import BASE, finish_hash, mix_code_point
from dedup.matching.batches import batches_of_pairs, text_bytes
from dedup.matching.parallel import MEMORY, run_parts
from dedup.text.normalise import fold_table, fold_utf8, utf8_buffers

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from dedup.matching.verify import VerifiedPairs
    from dedup.settings import MatchSettings

#: Code points before a figure that must be equal for two figures to be "the same figure": two or three words.
CONTEXT = 6
#: Bytes of working memory per byte of text: two words for each figure of two digits or more with its context.
BYTES_PER_BYTE = 4
#: Texts that a thread takes at a time.
TEXTS_PER_PART = 512

_MASK_LETTER = np.uint32(ord("x"))


@dataclass(frozen=True)
class VariantMarks:
    """Which pairs are variants, and why.

    Attributes
    ----------
    is_variant : (p,) bool
    by_date : (p,) bool, the dates at the heads are different days
    aligned, replaced : (p,) int64, figures that stand in the same words, and how many of them have another value
    """

    is_variant: NDArray[np.bool_]
    by_date: NDArray[np.bool_]
    aligned: NDArray[np.int64]
    replaced: NDArray[np.int64]


@njit(nogil=True, cache=True)
def _figures_of_text(
    cps: NDArray[np.uint32], n: int, keys: NDArray[np.uint64], values: NDArray[np.int64], at: int
) -> int:
    """Append (context hash, value) of the figures of one text; return the new end."""
    context = np.empty(CONTEXT, dtype=np.uint32)
    i = 0
    while i < n:
        if not is_digit(cps[i]):
            i += 1
            continue
        start = i
        value = np.int64(0)
        while i < n and is_digit(cps[i]):
            if i - start < 17:
                value = value * 10 + np.int64(cps[i]) - 48
            i += 1
        digits = i - start
        following = cps[i] if i < n else np.uint32(0)
        masked = following == _MASK_LETTER or (start > 0 and cps[start - 1] == _MASK_LETTER)
        date = following in (YEAR_SIGN, MONTH_SIGN, DAY_SIGN)
        if digits < 2 or digits > 17 or masked or date:
            continue
        # The words before it, without their figures.
        known = CONTEXT
        k = start - 1
        while k >= 0 and known > 0:
            if not is_digit(cps[k]):
                known -= 1
                context[known] = cps[k]
            k -= 1
        if known > 0:
            continue
        h = mix_code_point(following)
        for cp in context:
            h = h * BASE + mix_code_point(cp)
        keys[at] = finish_hash(h)
        values[at] = value
        at += 1
    return at


@njit(nogil=True, cache=True)
def _figures(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    index: NDArray[np.int32],
    expansions: NDArray[np.uint32],
    bounds: NDArray[np.int64],
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    cps = np.empty(4096, dtype=np.uint32)
    keys = np.empty(1024, dtype=np.uint64)
    values = np.empty(1024, dtype=np.int64)
    at = 0
    bounds[0] = 0
    for d in range(starts.size):
        cps, n = fold_utf8(data, starts[d], ends[d], index, expansions, cps, False)
        if at + n // 2 + 1 > keys.size:
            size = 2 * keys.size + n
            more_keys = np.empty(size, dtype=np.uint64)
            more_values = np.empty(size, dtype=np.int64)
            more_keys[:at] = keys[:at]
            more_values[:at] = values[:at]
            keys, values = more_keys, more_values
        end = _figures_of_text(cps, n, keys, values, at)
        # Sorted by context; the sort is stable, so repeated contexts keep the order of the text.
        order = np.argsort(keys[at:end], kind="mergesort")
        keys[at:end] = keys[at:end][order]
        values[at:end] = values[at:end][order]
        at = end
        bounds[d + 1] = at
    return keys[:at], values[:at]


@njit(nogil=True, cache=True)
def _one_digit_apart(a: np.int64, b: np.int64) -> bool:
    """Whether one inserted, deleted or replaced digit explains the difference."""
    x = np.empty(20, dtype=np.int64)
    y = np.empty(20, dtype=np.int64)
    n = 0
    while a > 0:
        x[n] = a % 10
        a //= 10
        n += 1
    m = 0
    while b > 0:
        y[m] = b % 10
        b //= 10
        m += 1
    if abs(n - m) > 1:
        return False
    low = 0
    while low < min(n, m) and x[low] == y[low]:
        low += 1
    i, j = n - 1, m - 1
    while i >= low and j >= low and x[i] == y[j]:
        i -= 1
        j -= 1
    return i - low < 1 and j - low < 1


@njit(nogil=True, cache=True)
def _compare_figures(
    keys: NDArray[np.uint64],
    values: NDArray[np.int64],
    bounds: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    aligned: NDArray[np.int64],
    replaced: NDArray[np.int64],
) -> None:
    for p in range(left.size):
        i, i_end = bounds[left[p]], bounds[left[p] + 1]
        j, j_end = bounds[right[p]], bounds[right[p] + 1]
        while i < i_end and j < j_end:
            if keys[i] < keys[j]:
                i += 1
            elif keys[j] < keys[i]:
                j += 1
            else:
                key = keys[i]
                i_run, j_run = i, j
                while i < i_end and keys[i] == key:
                    i += 1
                while j < j_end and keys[j] == key:
                    j += 1
                # Set phrases repeat, and one damaged phrase would shift all that follow: repeated contexts are
                # compared as sets of values, whatever their order.
                fewer = min(i - i_run, j - j_run)
                aligned[p] += fewer
                replaced[p] += fewer - _matching_values(values[i_run:i], values[j_run:j])


@njit(nogil=True, cache=True)
def _matching_values(a: NDArray[np.int64], b: NDArray[np.int64]) -> int:
    """Count values that find a partner in the other text, equal ones first, then those one digit apart."""
    taken_a = np.zeros(a.size, dtype=np.bool_)
    taken_b = np.zeros(b.size, dtype=np.bool_)
    found = 0
    for near in (False, True):
        for i in range(a.size):
            for j in range(b.size):
                if taken_a[i] or taken_b[j]:
                    continue
                if _one_digit_apart(a[i], b[j]) if near else a[i] == b[j]:
                    taken_a[i] = True
                    taken_b[j] = True
                    found += 1
    return found


def _other_day(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether two dates are different days; one differing part may be damage or an overwritten year."""
    differing: NDArray[np.int64] = (
        (a // 10_000 != b // 10_000).astype(np.int64) + (a // 100 % 100 != b // 100 % 100) + (a % 100 != b % 100)
    )
    other: NDArray[np.bool_] = (a > 0) & (b > 0) & (differing >= 2)
    return other


def mark_variants(
    pairs: VerifiedPairs,
    texts: pa.Array,
    first_row: NDArray[np.int64],
    match: MatchSettings,
    *,
    threads: int = 1,
    memory: int = MEMORY,
) -> VariantMarks:
    """Tell variants from copies among verified pairs.

    Parameters
    ----------
    texts, first_row : `texts[first_row[i]]` is the clean text of node i
    memory : bytes that the figures of a batch of texts may take, roughly
    """
    n = pairs.a.size
    aligned = np.zeros(n, dtype=np.int64)
    replaced = np.zeros(n, dtype=np.int64)
    by_date = np.zeros(n, dtype=bool)
    sizes = text_bytes(texts)[first_row]
    for batch in batches_of_pairs(pairs.a, pairs.b, sizes, memory // BYTES_PER_BYTE):
        nodes, where = np.unique(np.concatenate([pairs.a[batch], pairs.b[batch]]), return_inverse=True)
        left, right = where[: batch.size].astype(np.int64), where[batch.size :].astype(np.int64)
        rows = first_row[nodes]
        keys, values, bounds = _figures_of_rows(texts, rows, threads)
        counts = np.zeros((2, batch.size), dtype=np.int64)
        _compare_figures(keys, values, bounds, left, right, counts[0], counts[1])
        aligned[batch], replaced[batch] = counts
        dates = latest_head_dates(texts, rows)
        by_date[batch] = _other_day(dates[left], dates[right])
    by_figures = (aligned >= match.variant_figures) & (replaced >= match.variant_share * np.maximum(aligned, 1))
    return VariantMarks(by_figures | by_date, by_date, aligned, replaced)


def _figures_of_rows(
    texts: pa.Array, rows: NDArray[np.int64], threads: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the context hashes and values of the figures of some texts, and (m + 1,) bounds."""
    data, offsets = utf8_buffers(texts)
    starts, ends = offsets[:-1][rows], offsets[1:][rows]
    table = fold_table()

    def work(low: int, high: int) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        bounds = np.zeros(high - low + 1, dtype=np.int64)
        keys, values = _figures(data, starts[low:high], ends[low:high], table.index, table.expansions, bounds)
        return keys, values, bounds

    keys, values, bounds = zip(*run_parts(work, rows.size, TEXTS_PER_PART, threads), strict=True)
    at = np.zeros(rows.size + 1, dtype=np.int64)
    np.cumsum(np.concatenate([np.diff(b) for b in bounds]), out=at[1:])
    return np.concatenate(keys), np.concatenate(values), at
