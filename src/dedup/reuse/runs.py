"""Join places that other sections share into runs of one kind: a copied paragraph is one run and not twenty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from dedup.reuse.voices import NONE, PARTNERS, Groups, RowCodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Kinds of passages; a template or boilerplate stands in many families, the others in few.
KINDS = ("template", "copied", "edition", "boilerplate")
TEMPLATE, COPIED, EDITION, BOILERPLATE = range(4)
#: Characters that no other section has, between two places that the same section continues.
HOLE = 16
#: Characters that may be added or lost between them, beyond a quarter of the hole.
SLIP = 10
#: Text of one site's families only is its furniture when chance would bring so many families together less often.
CHANCE = 0.05

RUN = np.dtype(
    [
        ("row", np.uint32),
        ("kind", np.uint8),
        ("start", np.int64),
        ("end", np.int64),
        ("low", np.int64),
        ("high", np.int64),
        ("n", np.int64),
        ("df", np.int64),
    ]
)


def kinds_of(groups: Groups, template_families: int, site_share: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the kind of every group.

    Parameters
    ----------
    site_share : share of the families of the corpus that each site is the home of

    Notes
    -----
    That df families drawn at random all belong to the site of the first has the probability share**(df - 1). Where one
    site holds most of the corpus, what stands there only is no furniture for that.
    """
    kinds = np.full(groups.df.size, COPIED, dtype=np.uint8)
    kinds[groups.voices == 1] = EDITION
    wide = groups.df >= template_families
    kinds[wide] = TEMPLATE
    home = np.flatnonzero(wide & (groups.site >= 0) & (groups.voices == groups.df))
    by_chance = site_share[groups.site[home]] ** (groups.df[home].astype(np.float64) - 1)
    kinds[home[by_chance < CHANCE]] = BOILERPLATE
    return kinds


@njit(nogil=True, cache=True)
def _same_partner(groups: Groups, codes: RowCodes, row: int, a: int, b: int, step: int, slip: int) -> bool:
    """Whether another family (of editions: cluster) has group a, and group b about `step` characters later."""
    in_family = groups.voices[a] == 1 and groups.voices[b] == 1
    for i in range(PARTNERS):
        partner = groups.partner_row[a, i]
        if partner == NONE:
            break
        if in_family:
            if codes.cluster[partner] == codes.cluster[row]:
                continue
        elif codes.family[partner] == codes.family[row]:
            continue
        for j in range(PARTNERS):
            other = groups.partner_row[b, j]
            if other == NONE:
                break
            # Text that stands several times in a section is known by its first place there only.
            if step == 1 and codes.family[other] == codes.family[partner]:
                return True
            if other == partner:
                moved = np.int64(groups.partner_position[b, j]) - np.int64(groups.partner_position[a, i])
                if abs(moved - step) <= slip:
                    return True
    return False


@njit(nogil=True, cache=True)
def _outranks(runs: NDArray, a: int, b: int) -> bool:
    if runs[a]["df"] != runs[b]["df"]:
        return bool(runs[a]["df"] > runs[b]["df"])
    return bool(runs[a]["end"] - runs[a]["start"] >= runs[b]["end"] - runs[b]["start"])


@njit(nogil=True, cache=True)
def _overlay(runs: NDArray, n: int, first: int, kind: int, least: int) -> int:
    """Make the runs of one kind in `runs[first:n]`, in order, disjoint; return the new n.

    Where two overlap, the text that more families have, of equals the longer, keeps its whole length; what is left
    with fewer than `least` characters joins its neighbour.
    """
    kept = first
    last = -1
    for i in range(first, n):
        if runs[i]["kind"] != kind:
            runs[kept] = runs[i]
            kept += 1
            continue
        joined = False
        if last >= 0 and runs[i]["start"] < runs[last]["end"]:
            if _outranks(runs, last, i):
                joined = runs[i]["end"] - runs[last]["end"] < least
                if joined:
                    runs[last]["end"] = max(runs[last]["end"], runs[i]["end"])
                else:
                    runs[i]["start"] = runs[last]["end"]
            else:
                joined = runs[i]["start"] - runs[last]["start"] < least
                if joined:
                    start = runs[last]["start"]
                    runs[last] = runs[i]
                    runs[last]["start"] = start
                else:
                    runs[last]["end"] = runs[i]["start"]
        if not joined:
            runs[kept] = runs[i]
            last = kept
            kept += 1
    return kept


@njit(nogil=True, cache=True)
def _absorb(runs: NDArray, n: int, first: int, kind: int, least: int) -> int:
    """Drop runs of `kind` that add fewer than `least` characters to wider ones, which take these in; return the new n.

    A template is followed by the same few characters in some pairs of sections by chance. Wider than what two families
    share is what many do, wider than what editions of one report share is what others share with it.
    """
    listed = np.empty((4, n - first), dtype=np.int64)
    sizes = np.zeros(4, dtype=np.int64)
    for i in range(first, n):
        k = runs[i]["kind"]
        if k in (TEMPLATE, BOILERPLATE) or (k == COPIED and kind == EDITION):
            listed[k, sizes[k]] = i
            sizes[k] += 1
    # Runs of one kind are disjoint and ascend, so each list is walked once.
    begin = np.zeros(4, dtype=np.int64)
    dropped = 0
    for i in range(first, n):
        if runs[i]["kind"] != kind:
            continue
        for k in range(4):
            while begin[k] < sizes[k] and runs[listed[k, begin[k]]]["end"] <= runs[i]["start"]:
                begin[k] += 1
        own = _left_over(runs, runs[i]["start"], runs[i]["end"], listed, sizes, begin.copy(), False)
        if own < least:
            _left_over(runs, runs[i]["start"], runs[i]["end"], listed, sizes, begin.copy(), True)
            runs[i]["n"] = 0
            dropped += 1
    if dropped == 0:
        return n
    kept = first
    for i in range(first, n):
        if runs[i]["n"] > 0:
            runs[kept] = runs[i]
            kept += 1
    return kept


@njit(nogil=True, cache=True)
def _left_over(
    runs: NDArray,
    start: int,
    end: int,
    listed: NDArray[np.int64],
    sizes: NDArray[np.int64],
    begin: NDArray[np.int64],
    take: bool,
) -> int:
    """Count the characters from `start` to `end` that no listed run covers; with `take`, extend the nearest run."""
    own = 0
    at = start
    before = -1
    while at < end:
        covering = after = -1
        for k in range(4):
            while begin[k] < sizes[k] and runs[listed[k, begin[k]]]["end"] <= at:
                begin[k] += 1
            if begin[k] < sizes[k]:
                run = listed[k, begin[k]]
                if runs[run]["start"] <= at:
                    if covering < 0 or runs[run]["end"] > runs[covering]["end"]:
                        covering = run
                elif after < 0 or runs[run]["start"] < runs[after]["start"]:
                    after = run
        if covering >= 0:
            before = covering
            at = runs[covering]["end"]
            continue
        stop = end if after < 0 else min(end, runs[after]["start"])
        own += stop - at
        if take and before >= 0:
            runs[before]["end"] = stop
        elif take and after >= 0:
            runs[after]["start"] = at
        at = stop
    return own


@njit(nogil=True, cache=True)
def chain_runs(
    low_row: int,
    high_row: int,
    bounds: NDArray[np.int64],
    position: NDArray[np.uint32],
    group: NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    groups: Groups,
    codes: RowCodes,
    length: int,
    out: NDArray,
) -> int:
    """Write the runs of some rows to `out` and return how many there are.

    Parameters
    ----------
    bounds, position, group : places as in `SharedRuns`; `length` characters each
    out : `RUN`, with room for one run per place
    """
    n = 0
    zero = np.int64(0)
    for row in range(low_row, high_row):
        first = n
        # Per kind: its open run, its last place, and how many characters nobody shares were passed before that.
        open_run = np.full(4, -1, dtype=np.int64)
        last = np.full(4, -1, dtype=np.int64)
        passed = np.zeros(4, dtype=np.int64)
        alone = zero
        for i in range(bounds[row], bounds[row + 1]):
            at = np.int64(position[i])
            if i > bounds[row]:
                alone += max(zero, at - np.int64(position[i - 1]) - length)
            g = np.int64(group[i])
            k = kinds[g]
            df = np.int64(groups.df[g])
            goes_on = False
            if last[k] >= 0:
                before = np.int64(group[last[k]])
                step = at - np.int64(position[last[k]])
                hole = alone - passed[k]
                widest = out[open_run[k]]["df"]
                near = 2 * min(df, widest) >= max(df, widest)
                if k in (TEMPLATE, BOILERPLATE):
                    goes_on = near and (
                        step == 1
                        or (hole <= HOLE and _same_partner(groups, codes, row, before, g, step, SLIP + hole // 4))
                    )
                else:
                    goes_on = hole <= HOLE and _same_partner(groups, codes, row, before, g, step, SLIP + hole // 4)
            if goes_on:
                run = out[open_run[k]]
                run["end"] = at + length
                run["high"] = i + 1
                run["n"] += 1
                run["df"] = max(run["df"], df)
            else:
                run = out[n]
                run["row"] = row
                run["kind"] = k
                run["start"] = at
                run["end"] = at + length
                run["low"] = i
                run["high"] = i + 1
                run["n"] = 1
                run["df"] = df
                open_run[k] = n
                n += 1
            last[k] = i
            passed[k] = alone
        for k in range(4):
            n = _overlay(out, n, first, k, length)
        n = _absorb(out, n, first, COPIED, length)
        n = _absorb(out, n, first, EDITION, length)
    return n
