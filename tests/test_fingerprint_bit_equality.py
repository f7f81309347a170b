"""Signatures equal those of datasketch bit for bit, for any text."""

import datasketch
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.fingerprinting.minhash import fingerprint, signature_matrix
from dedup.fingerprinting.shingles import distinct_shingle_hashes, shingle_hash, shingle_hash64, shingles

TEXT = st.text(max_size=80) | st.text(alphabet="政府工作报告 ，。20xx％ａＡ\u0301é\n", max_size=200)


def reference(text: str, ngram: int = 5, unit: str = "char") -> np.ndarray:
    sketch = datasketch.MinHash(num_perm=128, seed=1, hashfunc=shingle_hash)
    for shingle in shingles(text, ngram, unit):
        sketch.update(shingle)
    return sketch.hashvalues


@given(st.lists(TEXT, max_size=6), st.integers(1, 8), st.sampled_from(["char", "word"]))
def test_signatures_equal_datasketch_for_any_text(texts, ngram, unit):
    found = fingerprint(texts, ngram=ngram, unit=unit)
    assert found.shape == (len(texts), 128)
    assert found.dtype == np.uint32
    for row, text in zip(found, texts, strict=True):
        np.testing.assert_array_equal(row, reference(text, ngram, unit))


def test_long_texts_cross_tiles_and_threads_without_a_difference():
    texts = ["".join(chr(0x4E00 + (i * 7919 + k * k) % 20000) for k in range(3000 + 700 * i)) for i in range(60)]
    one = signature_matrix(pa.array(texts), threads=1).signatures
    many = signature_matrix(pa.array(texts), threads=3).signatures
    np.testing.assert_array_equal(one, many)
    np.testing.assert_array_equal(one[7], reference(texts[7]))


@given(st.lists(TEXT, max_size=5), st.integers(1, 7), st.sampled_from(["char", "word"]))
def test_distinct_hashes_are_the_sorted_set_of_the_reference(texts, ngram, unit):
    hashes, bounds = distinct_shingle_hashes(pa.array(texts, pa.string()), ngram=ngram, unit=unit)
    for i, text in enumerate(texts):
        expected = sorted({shingle_hash64(s) for s in shingles(text, ngram, unit)})
        assert hashes[bounds[i] : bounds[i + 1]].tolist() == expected


def test_signatures_work_in_lean_minhash_and_lsh():
    text = "全县粮食总产量达到十二万吨，比上年增长百分之三。" * 4
    lean = datasketch.LeanMinHash(seed=1, hashvalues=fingerprint([text])[0], scheme="affine32")
    index = datasketch.MinHashLSH(threshold=0.7, num_perm=128)
    index.insert("a", lean)
    sketch = datasketch.MinHash(num_perm=128, seed=1, hashfunc=shingle_hash)
    sketch.update_batch(shingles(text))
    assert index.query(sketch) == ["a"]
    assert lean.jaccard(datasketch.LeanMinHash(sketch)) == 1.0


@pytest.mark.parametrize("make", [list, tuple, pa.array, lambda t: pa.chunked_array([t[:1], t[1:]]), np.array])
def test_any_column_of_strings_is_accepted(make):
    texts = ["第一年的工作", "second year", ""]
    np.testing.assert_array_equal(fingerprint(make(texts)), fingerprint(texts))


def test_sliced_arrow_arrays_and_nulls_are_read_in_place():
    array = pa.array(["甲乙丙丁戊己", None, "abcdefgh", "x"])
    np.testing.assert_array_equal(fingerprint(array.slice(1, 2)), fingerprint(["", "abcdefgh"]))


def test_an_empty_text_has_the_signature_of_an_empty_set():
    assert (fingerprint(["", " 。，！"]) == 0xFFFFFFFF).all()


def test_lone_surrogates_do_not_stop_a_batch():
    assert fingerprint(["ab\ud800cdefg"]).tolist() == fingerprint(["abcdefg"]).tolist()
