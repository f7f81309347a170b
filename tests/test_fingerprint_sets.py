"""Shared shingles counted in tables: the same numbers as with sets of strings."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

import dedup
from dedup.fingerprinting.sets import shared_by_pairs
from dedup.matching.indel import folded_texts
from dedup.matching.verify import verify_candidates
from dedup.settings import FingerprintSettings, MatchSettings


def counted(texts, pairs, ngram):
    cps, bounds = folded_texts(pa.array(texts), np.arange(len(texts)))
    pairs = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    pair_bounds = np.searchsorted(pairs[:, 0], np.arange(len(texts) + 1))
    sizes, shared = np.zeros(len(texts), dtype=np.int64), np.zeros(len(pairs), dtype=np.int64)
    shared_by_pairs(cps, bounds, ngram, pair_bounds, np.ascontiguousarray(pairs[:, 1]), sizes, shared)
    return sizes.tolist(), shared.tolist(), pairs.tolist()


@given(st.lists(st.text("甲乙丙，", max_size=300), min_size=2, max_size=6), st.integers(1, 7))
def test_distinct_and_shared_shingles_are_those_of_sets(texts, ngram):
    sets = [set(dedup.shingles(text, ngram=ngram)) for text in texts]
    everything = {(i, j) for j in range(len(texts)) for i in range(j)}
    sizes, shared, pairs = counted(texts, everything, ngram)
    assert sizes == [len(s) for s in sets]
    assert shared == [len(sets[i] & sets[j]) for i, j in pairs]


def test_a_text_longer_than_the_first_table_is_counted_like_others():
    text = "".join(chr(0x4E00 + (i * i + i // 7) % 9000) for i in range(30_000))
    texts = [text, "短的一段文字", text[5_000:]]
    sets = [set(dedup.shingles(t)) for t in texts]
    sizes, shared, _ = counted(texts, {(0, 1), (0, 2), (1, 2)}, 5)
    assert sizes == [len(s) for s in sets]
    assert shared == [0, len(sets[0] & sets[2]), 0]


@given(st.integers(1, 3), st.sampled_from([1, 3_000, 20_000, 1 << 30]))
def test_memory_and_threads_change_no_comparison(threads, memory):
    base = "".join(chr(0x4E00 + (i * 37) % 4001) for i in range(400))
    texts = pa.array([base[: 400 - 3 * i] + "改" * i + base[390:] for i in range(12)])
    everything = np.array([(i, j) for i in range(12) for j in range(i + 1, 12)])
    settings = MatchSettings(), FingerprintSettings()
    whole = verify_candidates(everything, texts, np.arange(12), *settings, edit_always=True)
    parts = verify_candidates(
        everything, texts, np.arange(12), *settings, edit_always=True, threads=threads, memory=memory
    )
    for name in ("a", "b", "jaccard", "containment_a", "containment_b", "edit_similarity"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
    assert not np.isnan(whole.edit_similarity).any()
    assert whole.a.size > 12
