"""Alignment of two sentences: the heaviest common subsequence, with a bonus where it goes on without a gap."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.reuse.alignment import align_tokens

#: Letters are tokens of as many characters as they come late in the alphabet.
LETTERS = "abcd"


def aligned(a: str, b: str) -> list[int]:
    """Align two words, each letter a token of its own; nothing is numeric."""
    ids = [np.array([ord(c) for c in word], dtype=np.uint32) for word in (a, b)]
    kinds = [np.zeros(len(word) + 1, dtype=np.uint8) for word in (a, b)]
    match = np.zeros(len(a) + 1, dtype=np.int32)
    trace = np.zeros((len(a) + 2) * (len(b) + 2), dtype=np.uint8)
    scores = np.zeros((4, len(b) + 2), dtype=np.int32)
    align_tokens(ids[0], kinds[0], places(a), len(a), ids[1], kinds[1], len(b), match, trace, scores)
    return [int(j) for j in match[: len(a)]]


def places(word: str) -> np.ndarray:
    return np.cumsum([0, *(width(c) for c in word)], dtype=np.int32)


def width(letter: str) -> int:
    # Two at least: a token of one character that matches alone counts as luck and is dropped.
    return 2 + LETTERS.find(letter)


def weight(a: str, match: list[int]) -> int:
    on = sum(j >= 0 and j == i + 1 for i, j in pairwise(match))
    return sum(4 * width(c) for c, j in zip(a, match, strict=True) if j >= 0) + 2 * on


def heaviest(a: str, b: str) -> int:
    """Return the weight of the best alignment, by trying all."""
    best: dict[tuple[int, int, bool], int] = {}

    def rest(i: int, j: int, running: bool) -> int:
        if i == len(a) or j == len(b):
            return 0
        key = (i, j, running)
        if key not in best:
            best[key] = max(rest(i + 1, j, False), rest(i, j + 1, False))
            if a[i] == b[j]:
                best[key] = max(best[key], 4 * width(a[i]) + 2 * running + rest(i + 1, j + 1, True))
        return best[key]

    return rest(0, 0, False)


words = st.text(alphabet=LETTERS, min_size=1, max_size=8)


@given(words, words)
def test_no_alignment_is_heavier(a: str, b: str) -> None:
    # Letters of their own at both ends, so that nothing is head or tail, where no bonus is counted.
    a, b = f"x{a}x", f"y{b}y"
    match = aligned(a, b)
    taken = [j for j in match if j >= 0]
    assert taken == sorted(set(taken))
    assert all(a[i] == b[j] for i, j in enumerate(match) if j >= 0)
    assert weight(a, match) == heaviest(a, b)


@given(words, st.sets(st.integers(0, 9)))
def test_tokens_that_are_replaced_leave_the_others_in_place(a: str, replaced: set[int]) -> None:
    # What is replaced, and what stands instead, is nowhere else: place to place is the one best alignment.
    b = "".join(chr(0x100 + i) if i in replaced else c for i, c in enumerate(a))
    a = "".join(chr(0x200 + i) if i in replaced else c for i, c in enumerate(a))
    assert aligned(a, b) == [-1 if i in replaced else i for i in range(len(a))]
