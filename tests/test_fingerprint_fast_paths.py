"""The vectorised kernels give the values of the plain definition where their tiles, buckets and buffers end."""

import datasketch
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.fingerprinting import minhash
from dedup.fingerprinting.minhash import NUM_PERM, Fingerprints, fingerprint, signature_matrix
from dedup.fingerprinting.shingles import (
    TILE,
    WIDE,
    distinct_shingle_hashes,
    hash_char_shingles,
    shingle_hash,
    shingle_hash64,
    shingles,
)
from dedup.fingerprinting.sorting import CROWDED, bucket_count, sort_distinct
from dedup.text.normalise import fold_table, fold_utf8, normalise, normalised_lengths

MASK = (1 << 64) - 1
#: One to four bytes per character; dropped, kept, folded and expanded (U+FDFA: 18 code points) ones.
MIXED = "中国aB7，。 é\u0301ⅷ㍿ﷺ😀𠀀\n𝟘"


def reference_signature(text, ngram=5, unit="char"):
    sketch = datasketch.MinHash(num_perm=NUM_PERM, seed=1, hashfunc=shingle_hash)
    sketch.update_batch(shingles(text, ngram, unit))
    return sketch.hashvalues


def reference_text_hash(text):
    h = len(text)
    for character in text:
        c = ((ord(character) + 1) * 0x9E3779B97F4A7C15) & MASK
        h = (h * 0xD1342543DE82EF95 + (c ^ (c >> 29))) & MASK
    for multiplier in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h = ((h ^ (h >> 33)) * multiplier) & MASK
    return h ^ (h >> 33)


def chinese(n, seed=0):
    return "".join(map(chr, np.random.default_rng(seed).integers(0x4E00, 0x9FA0, n)))


@pytest.mark.parametrize("ngram", [*range(1, WIDE + 3), 200, TILE, TILE + 1])
def test_every_width_hashes_as_the_reference(ngram):
    text = chinese(300, ngram)
    code_points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).copy()
    hashes, count = hash_char_shingles(code_points, len(text), ngram, np.empty(0, dtype=np.uint64))
    assert hashes[:count].tolist() == [shingle_hash64(s) for s in shingles(text, ngram)]


@pytest.mark.parametrize("n", [0, 1, 4, 5, 6, TILE - 1, TILE, TILE + 1, TILE + 4, TILE + 5, 4 * TILE + 3, 4 * TILE + 9])
def test_texts_that_end_about_a_tile_are_fingerprinted_whole(n):
    text = chinese(n, n)
    found = signature_matrix(pa.array([text]))
    assert found.n_shingles.tolist() == [len(shingles(text))]
    assert int(found.normalised_hash[0]) == reference_text_hash(text)
    np.testing.assert_array_equal(found.signatures[0], reference_signature(text))


@pytest.mark.parametrize("before", [0, 1, 18, 19, 20, 21, TILE - 2, TILE - 1, TILE, 4 * TILE - 1])
def test_an_expansion_may_stand_at_any_border(before):
    text = "中" * before + "ﷺ" * 3 + "文" * 7
    found = signature_matrix(pa.array([text]))
    assert int(found.normalised_hash[0]) == reference_text_hash(normalise(text))
    np.testing.assert_array_equal(found.signatures[0], reference_signature(text))


@given(st.text(alphabet=MIXED, max_size=300), st.integers(0, 40), st.booleans())
def test_folding_does_not_depend_on_the_scratch_it_is_given(text, size, spaced):
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    table = fold_table()
    small, n = fold_utf8(data, 0, data.size, table.index, table.expansions, np.empty(size, np.uint32), spaced)
    large, m = fold_utf8(data, 0, data.size, table.index, table.expansions, np.empty(9000, np.uint32), spaced)
    assert small[:n].tolist() == large[:m].tolist()
    kept = [normalise(c) for c in text]
    assert n - np.count_nonzero(small[:n] == 32) == sum(map(len, kept))
    if spaced:
        words = "".join(k or " " for k in kept).split()
        assert small[:n].tobytes().decode("utf-32-le") == " ".join(words)


def test_a_text_of_expansions_outgrows_its_buffer_and_is_folded_whole():
    text = "ﷺ" * 5000
    assert normalised_lengths(pa.array([text])).tolist() == [5000 * len(normalise("ﷺ"))]


@given(
    st.lists(st.text(alphabet=MIXED, max_size=120), max_size=8), st.integers(1, 70), st.sampled_from(["char", "word"])
)
@settings(max_examples=60)
def test_mixed_scripts_equal_datasketch_in_any_layout(texts, ngram, unit):
    expected = np.array([reference_signature(t, ngram, unit) for t in texts]).reshape(len(texts), NUM_PERM)
    for kind in (pa.string(), pa.large_string()):
        padded = pa.array(["前", "", *texts, "後"], kind).slice(2, len(texts))
        found = signature_matrix(padded, ngram=ngram, unit=unit)
        np.testing.assert_array_equal(found.signatures, expected)
        if unit == "char":
            assert found.normalised_hash.tolist() == [reference_text_hash(normalise(t)) for t in texts]


def test_fingerprints_are_written_where_the_caller_says(tmp_path):
    texts = pa.array([chinese(50, i) for i in range(9)])
    signatures = np.memmap(tmp_path / "signatures", np.uint32, "w+", shape=(20, NUM_PERM))
    out = Fingerprints(signatures[4:13], np.empty(9, np.int64), np.empty(9, np.uint64))
    assert signature_matrix(texts, out=out) is out
    expected = signature_matrix(texts)
    np.testing.assert_array_equal(
        np.memmap(tmp_path / "signatures", np.uint32, "r").reshape(20, -1)[4:13], expected.signatures
    )
    np.testing.assert_array_equal(out.n_shingles, expected.n_shingles)
    np.testing.assert_array_equal(out.normalised_hash, expected.normalised_hash)


@pytest.mark.parametrize(
    "signatures",
    [
        np.empty((2, NUM_PERM), np.uint32),
        np.empty((3, NUM_PERM), np.int64),
        np.empty((3, 2 * NUM_PERM), np.uint32)[:, ::2],
    ],
)
def test_output_of_another_layout_is_refused(signatures):
    out = Fingerprints(signatures, np.empty(3, np.int64), np.empty(3, np.uint64))
    with pytest.raises(ValueError, match="out needs"):
        signature_matrix(pa.array(["甲", "乙", "丙"]), out=out)


def test_threads_change_nothing(monkeypatch):
    monkeypatch.setattr("dedup.fingerprinting.batches.LEAST_BYTES", 1)
    texts = pa.array([chinese(i * 37 % 900, i) for i in range(80)] + [""] * 40)
    rows = np.arange(len(texts))[::-3].copy()
    one, many = signature_matrix(texts), signature_matrix(texts, threads=3)
    for name in ("signatures", "n_shingles", "normalised_hash"):
        np.testing.assert_array_equal(getattr(one, name), getattr(many, name))
    for left, right in zip(
        distinct_shingle_hashes(texts, rows), distinct_shingle_hashes(texts, rows, threads=3), strict=True
    ):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("texts", [[], [""], ["", "，"], [None, None]])
def test_nothing_has_no_hashes_with_any_number_of_threads(texts, monkeypatch):
    monkeypatch.setattr("dedup.fingerprinting.batches.LEAST_BYTES", 0)
    array = pa.array(texts, pa.string())
    for threads in (1, 2):
        hashes, bounds = distinct_shingle_hashes(array, threads=threads)
        assert hashes.size == 0
        assert bounds.tolist() == [0] * (len(texts) + 1)
        assert fingerprint(array, threads=threads).shape == (len(texts), NUM_PERM)


def distinct(values):
    hashes = np.array(values, dtype=np.uint64)
    ends = np.empty(bucket_count(hashes.size), dtype=np.int32)
    out = np.empty_like(hashes)
    return out[: sort_distinct(hashes, ends, np.empty_like(hashes), out)].tolist()


@given(st.lists(st.integers(0, MASK) | st.integers(0, 200) | st.integers(MASK - 9, MASK), max_size=400))
def test_sorting_by_leading_bits_gives_the_sorted_set(values):
    assert distinct(values) == sorted(set(values))


@pytest.mark.parametrize("n", [CROWDED - 1, CROWDED, CROWDED + 1, 5000])
def test_hashes_that_crowd_one_bucket_are_sorted_all_the_same(n):
    near = [(1 << 63) + (i * 7919) % n for i in range(n)]
    assert distinct(near) == sorted(set(near))
    assert distinct([near[0]] * n) == near[:1]
    assert distinct([5, MASK] * n) == [5, MASK]


def test_repetitive_and_long_texts_have_the_hashes_of_their_distinct_shingles():
    texts = ["哈" * 200_000, "哈嘿" * 50_000, chinese(100_000, 3), "哈哈"]
    hashes, bounds = distinct_shingle_hashes(pa.array(texts))
    for i, text in enumerate(texts):
        assert hashes[bounds[i] : bounds[i + 1]].tolist() == sorted({shingle_hash64(s) for s in set(shingles(text))})
    np.testing.assert_array_equal(minhash.fingerprint(texts[:1]), fingerprint(["哈" * 5]))
