"""Ids and fingerprints are what they were: on every machine, under every Python, in every later version.

A change of any constant here makes all published ids and fingerprints incomparable: it needs a new normaliser version
and a rebuild, never just a new constant.
"""

from hashlib import blake2b

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedup
from dedup.ids import document_id, section_id
from dedup.text.freeze import fold_code_point
from dedup.text.normalise import NORMALISER_VERSION, content_hashes, normalised_lengths

EVERY_CODE_POINT = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF)
LINE = "全县粮食总产量达到１２．５万吨，比上年增长3.1％。Ａ級 ﬁnal ①"


def digest(data):
    return blake2b(data, digest_size=16).hexdigest()


def test_the_normaliser_is_frozen_for_every_code_point():
    assert NORMALISER_VERSION == "nfkc-casefold-lmn-1-unicode15.1"
    assert digest(dedup.normalise(EVERY_CODE_POINT).encode()) == "76705cb1c0c1a648a2b0aa82349d5af0"
    assert content_hashes(pa.array([EVERY_CODE_POINT])) == ["a9fe519569b3d97292c7a1bc5208e7db"]


def test_hashes_signatures_and_ids_are_frozen():
    assert dedup.normalise(LINE) == "全县粮食总产量达到125万吨比上年增长31a級final1"
    assert dedup.shingle_hash("粮食总产量") == 1674204659
    assert digest(dedup.fingerprint([LINE]).tobytes()) == "48733a6c80e432a34b422d2a83617589"
    assert content_hashes(pa.array([LINE])) == ["853fdda86e6bba60585588e13882511f"]
    assert document_id("x") == "d_4adf4367f96e584f"
    assert section_id("d_4adf4367f96e584f", "853fdda86e6bba60585588e13882511f", 1) == "s_36488a9128e58638"


@given(st.text(alphabet="政府ＡｂC①㈱ﬁ½％‰～×*□　\n\t.,xX\u0301é한ﷺ", max_size=60))
def test_normalising_is_per_code_point_and_changes_nothing_twice(text):
    once = dedup.normalise(text)
    assert once == "".join(fold_code_point(ord(c)) for c in text)
    assert dedup.normalise(once) == once
    assert normalised_lengths(pa.array([text])).tolist() == [len(once)]


@pytest.mark.parametrize(("a", "b", "equal"), [("8 %", "８％", True), ("8%", "8‰", False), ("甲\n乙", "甲　乙", True)])
def test_exact_means_equal_after_nfkc_without_white_space(a, b, equal):
    first, second = content_hashes(pa.array([a, b]))
    assert (first == second) is equal
