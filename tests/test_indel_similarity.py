"""Edit similarity: the same number as rapidfuzz, for every pair of texts and every cutoff."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

from dedup.matching.indel import indel_similarities
from tests.test_matching_definition import edited


def similarity(pairs, cutoff, threads=1, likely=None):
    texts = [t for pair in pairs for t in pair]
    bounds = np.cumsum([0, *(len(t) for t in texts)]).astype(np.int64)
    cps = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
    numbers = np.arange(0, len(texts), 2)
    expected = None if likely is None else np.full(numbers.size, likely)
    return indel_similarities(cps, bounds, numbers, numbers + 1, cutoff=cutoff, likely=expected, threads=threads)


def reference(a, b, cutoff):
    value = Indel.normalized_similarity(a, b)
    return value if value >= cutoff else 0.0


CUTOFFS = st.sampled_from([0.0, 0.1, 0.5, 0.7, 0.8, 0.9, 0.95, 0.999, 1.0])


@given(st.text("ab三四五", max_size=400), st.text("ab三四五", max_size=400), CUTOFFS)
def test_any_two_texts(a, b, cutoff):
    assert similarity([(a, b)], cutoff).tolist() == [reference(a, b, cutoff)]


@given(st.integers(0, 2**32), st.integers(1, 1500), st.floats(0, 0.3), CUTOFFS, st.sampled_from([2, 30, 3000]))
def test_a_text_and_its_edited_copy(seed, length, rate, cutoff, letters):
    rng = random.Random(seed)
    text = "".join(chr(0x4E00 + rng.randrange(letters)) for _ in range(length))
    copy = edited(text, rate, rng)
    moved = copy[length // 3 :] + text[: length // 5]
    pairs = [(text, copy), (copy, text), (text, moved)]
    assert similarity(pairs, cutoff).tolist() == [reference(a, b, cutoff) for a, b in pairs]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(4_000, 7_000), st.floats(0, 0.2), CUTOFFS, st.sampled_from([3, 400]))
def test_a_long_text_and_its_edited_copy(seed, length, rate, cutoff, letters):
    rng = random.Random(seed)
    text = "".join(chr(0x4E00 + rng.randrange(letters)) for _ in range(length))
    copy = edited(text, rate, rng)
    pairs = [(text, copy), (copy[rng.randrange(500) :], text)]
    assert similarity(pairs, cutoff).tolist() == [reference(a, b, cutoff) for a, b in pairs]


@given(st.integers(0, 2**32), st.integers(1, 900), st.floats(0, 0.4), CUTOFFS, st.sampled_from([0, 1, 40, 200, 10**6]))
def test_what_is_expected_of_a_pair_changes_nothing(seed, length, rate, cutoff, likely):
    rng = random.Random(seed)
    text = "".join(chr(0x4E00 + rng.randrange(50)) for _ in range(length))
    pairs = [(text, edited(text, rate, rng)), (text[length // 2 :] + text[: length // 3], text)]
    assert similarity(pairs, cutoff, likely=likely).tolist() == [reference(a, b, cutoff) for a, b in pairs]


def test_a_cutoff_that_is_met_exactly_is_met():
    assert similarity([("甲乙丙丁戊", "甲乙丙丁己"), ("", ""), ("", "甲")], 0.8).tolist() == [0.8, 1.0, 0.0]


def test_the_number_of_threads_changes_nothing():
    rng = random.Random(7)
    pairs = [(t, edited(t, 0.05, rng)) for t in ("".join(rng.choices("甲乙丙丁戊己庚", k=300)) for _ in range(40))]
    np.testing.assert_array_equal(similarity(pairs, 0.9), similarity(pairs, 0.9, threads=3))


@pytest.mark.parametrize("rate", [0.0001, 0.02])
def test_very_long_texts_are_compared_exactly(rate):
    rng = random.Random(3)
    text = "".join(chr(0x4E00 + rng.randrange(4000)) for _ in range(60_000))
    copy = list(text)
    for at in rng.sample(range(len(text)), int(len(text) * rate)):
        copy[at] = "一"
    copy = "".join(copy)
    assert similarity([(text, copy)], 0.9).tolist() == [reference(text, copy, 0.9)]
    assert similarity([(text, text[30_000:] + text[:30_000])], 0.9).tolist() == [0.0]
