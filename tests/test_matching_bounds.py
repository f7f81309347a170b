"""Matching within bounds: whatever the memory and the number of threads, the rows are the same."""

import random

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup.clusters.variants import mark_variants
from dedup.fingerprinting.minhash import signature_matrix
from dedup.matching.batches import batches_of_pairs
from dedup.matching.keys import keep_repeated, sort_packed
from dedup.matching.match import audit_matches, match_texts
from dedup.matching.parallel import run_parts
from dedup.matching.signatures import agreeing_bytes, agreeing_values, sketch_signatures
from dedup.settings import FingerprintSettings, MatchSettings
from tests.test_matching_definition import edited, made_texts

COLUMNS = ("a", "b", "jaccard", "containment_a", "containment_b", "edit_similarity")


def test_pairs_variants_and_audit_do_not_depend_on_memory_or_threads():
    rng = random.Random(21)
    base = "".join(chr(0x4E00 + rng.randrange(3000)) for _ in range(500))
    crowd = [edited(base, 0.02, rng) for _ in range(80)]
    texts = pa.array([*made_texts(rng, 40, 300), *crowd, *crowd[:5], ""], pa.large_string())
    match, shingles = MatchSettings(hot_key=16, complete_cluster=20), FingerprintSettings()
    prints = signature_matrix(texts)
    results = []
    for threads, memory in ((1, 1 << 30), (1, 60_000), (3, 60_000), (2, 1)):
        found = match_texts(texts, prints, match, shingles, threads=threads, memory=memory)
        first_row = found.nodes.first_row
        marks = mark_variants(found.pairs, texts, first_row, match, threads=threads, memory=memory)
        audit = audit_matches(texts, prints, found, match, shingles, threads=threads, memory=memory)
        results.append((found, marks, audit))
    first, marks, audit = results[0]
    assert first.pairs.a.size > 150
    assert first.metrics.star_members > 0
    for other, other_marks, other_audit in results[1:]:
        for name in COLUMNS:
            np.testing.assert_array_equal(getattr(other.pairs, name), getattr(first.pairs, name))
        assert other.metrics == first.metrics
        assert other.pairs.n_edit == first.pairs.n_edit
        np.testing.assert_array_equal(other_marks.aligned, marks.aligned)
        np.testing.assert_array_equal(other_marks.is_variant, marks.is_variant)
        assert other_audit == audit


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(31, 60)), max_size=120, unique=True), st.integers(1, 400))
def test_batches_hold_every_pair_once_and_no_more_text_than_allowed(pairs, budget):
    a = np.array([p[0] for p in pairs], dtype=np.int64)
    b = np.array([p[1] for p in pairs], dtype=np.int64)
    sizes = np.arange(61, dtype=np.int64) % 7 + 1
    batches = list(batches_of_pairs(a, b, sizes, budget))
    assert sorted(np.concatenate([np.zeros(0, int), *batches]).tolist()) == list(range(a.size))
    for batch in batches:
        texts = np.unique(np.concatenate([a[batch], b[batch]]))
        assert batch.size == 1 or sizes[texts].sum() <= budget


@given(st.lists(st.integers(0, 2**64 - 1), max_size=600), st.integers(0, 5), st.integers(0, 300))
def test_packed_keys_are_sorted_also_when_one_key_fills_a_crowd(values, crowds, members):
    made = [(k * 0x3333333333333333 & ~0xFFFFFFFF) | i for i in range(members) for k in range(crowds)]
    packed = np.array([*values, *made], dtype=np.uint64)
    expected = np.sort(packed)
    np.testing.assert_array_equal(sort_packed(packed, np.empty_like(packed)), expected)


def test_sketches_agree_wherever_signatures_do_and_hardly_anywhere_else():
    rng = random.Random(9)
    texts = made_texts(rng, 20, 400)
    signatures = signature_matrix(pa.array(texts, pa.large_string())).signatures
    sketches = sketch_signatures(signatures, np.arange(len(texts)))
    by_chance = []
    for i in range(len(texts)):
        for j in range(i):
            full = agreeing_values(signatures, i, j)
            assert full == (signatures[i] == signatures[j]).sum()
            by_chance.append(agreeing_bytes(sketches, i, j) - full)
    assert min(by_chance) >= 0
    assert np.mean(by_chance) < 1


def test_parts_come_back_in_order():
    assert list(run_parts(lambda low, high: (low, high), 10, 3, 4)) == [(0, 3), (3, 6), (6, 9), (9, 10)]
    assert list(run_parts(lambda low, high: low, 0, 3, 4)) == []


@given(st.lists(st.integers(0, 6), max_size=40))
def test_only_nodes_that_share_a_key_are_kept(keys):
    packed = np.array([(key << 32) | node for node, key in enumerate(sorted(keys))], dtype=np.uint64)
    out = np.empty_like(packed)
    kept = out[: keep_repeated(packed, out)]
    assert kept.tolist() == [int(p) for p in packed if keys.count(int(p) >> 32) > 1]
