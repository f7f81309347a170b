"""`dedup.compare`: the definition of a near-duplicate, applied to two texts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

import dedup
from dedup.settings import MatchSettings
from tests.command import FISHERY, KANGYUAN, LINDU, LINDU_COPIED


def scattered(text: str, share: float, seed: int) -> str:
    rng = random.Random(seed)
    letters = list(text)
    for i in rng.sample(range(len(letters)), int(share * len(letters))):
        letters[i] = rng.choice("的一是在不了有和人这中大为上个国")
    return "".join(letters)


def test_equal_but_for_white_space_and_width_is_exact() -> None:
    found = dedup.compare(LINDU, LINDU.replace("\n", "\r\n\u3000\u3000").replace("，", ","))
    assert (found.relation, found.rule, found.jaccard, found.edit_similarity) == ("exact", "content_hash", 1.0, 1.0)
    assert set(found.counts()) == {"line_break", "punctuation"}


def test_another_unit_sign_is_no_exact_copy() -> None:
    found = dedup.compare(LINDU, LINDU.replace("5.2‰", "5.2%"))
    assert (found.relation, found.rule, found.jaccard) == ("near_duplicate", "jaccard", 1.0)
    assert found.counts() == {"unit": 1}


def test_scattered_edits_are_decided_by_edit_similarity() -> None:
    text = LINDU + KANGYUAN
    found = dedup.compare(text, scattered(text, 0.07, 5))
    assert 0.35 <= found.jaccard < 0.7
    assert found.edit_similarity >= 0.9
    assert (found.relation, found.rule) == ("near_duplicate", "edit")
    assert "edit similarity" in found.reason


def test_too_many_edits_are_named_with_the_threshold_they_miss() -> None:
    text = LINDU + KANGYUAN
    strict = MatchSettings(edit=0.99)
    missed = dedup.compare(text, scattered(text, 0.07, 5), match=strict)
    assert (missed.relation, missed.rule) == ("none", "edit")
    assert "below 0.99" in missed.reason
    assert not missed.is_duplicate
    far = dedup.compare(LINDU, KANGYUAN)
    assert (far.relation, far.rule) == ("none", "floor")


def test_a_report_filled_anew_is_a_variant() -> None:
    def next_year(text: str) -> str:
        for old, new in (("46.3亿", "58.9亿"), ("2.85亿", "3.41亿"), ("11240", "13980"), ("4870", "6210"),
                         ("1360座", "2750座"), ("18.7万", "20.4万"), ("126公里", "308公里")):  # fmt: skip
            text = text.replace(old, new)
        return text

    found = dedup.compare(LINDU, next_year(LINDU))
    assert found.relation == "variant"
    assert "aligned figures are replaced" in found.reason
    assert not found.is_duplicate


def test_masks_and_one_changed_figure_make_no_variant() -> None:
    assert dedup.compare(LINDU, LINDU_COPIED).relation == "near_duplicate"


@pytest.mark.parametrize(("a", "b"), [("", ""), ("", LINDU), ("！！！", "。。。"), ("\n", "\n")])
def test_texts_without_letters_are_no_duplicates(a: str, b: str) -> None:
    found = dedup.compare(a, b)
    assert (found.relation, found.rule, found.jaccard) == ("none", "empty", 0.0)


@given(st.text(max_size=60), st.text(max_size=60))
def test_scores_are_symmetric_and_exact(a: str, b: str) -> None:
    one, two = dedup.compare(a, b), dedup.compare(b, a)
    assert one.jaccard == two.jaccard
    assert one.containment_a == two.containment_b
    assert one.relation == two.relation
    assert 0.0 <= one.jaccard <= min(one.containment_a, one.containment_b) <= 1.0 or one.rule == "empty"
    if one.rule != "empty":
        left, right = set(dedup.shingles(a)), set(dedup.shingles(b))
        assert one.jaccard == len(left & right) / len(left | right)
        similarity = Indel.normalized_similarity(dedup.normalise(a), dedup.normalise(b))
        assert one.edit_similarity == pytest.approx(similarity, abs=1e-12)


def test_a_comparison_reads_well_as_text() -> None:
    shown = str(dedup.compare(FISHERY, FISHERY.replace("311 days", "301 days")))
    assert shown.splitlines()[0].startswith("near-duplicate: Jaccard 0.9")
    assert "figure          [-311-]{+301+}" in shown
