"""Shortcuts of the text stage: what they pass over, the rules behind them could not have found."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup.text import boilerplate, completeness, marks, wrapping
from dedup.text.candidates import _TOKEN, _TOKEN_WORDS
from dedup.text.occurrences import Words
from dedup.text.placeholders import _FIRST, _KINDS
from dedup.text.sentences import _ENDED, ends_sentence

RULES = {
    "inline": (boilerplate._INLINE, boilerplate._NEEDED_BY_INLINE),
    "intro": (boilerplate._INTRO, boilerplate._NEEDED_BY_INTRO),
    "copyright": (boilerplate._COPYRIGHT, boilerplate._NEEDED_BY_COPYRIGHT),
    "promo": (boilerplate._PROMO, boilerplate._NEEDED_BY_PROMO),
    "token": (_TOKEN, _TOKEN_WORDS),
}
QUICK = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
CHARACTERS = st.text(
    st.sampled_from("各位代表版权所有下载会员第篇一二3页共 \n\u3000.。！”）“”《》—-#*xX20年×～□？"), max_size=40
)


def matching(pattern: re.Pattern[str]) -> st.SearchStrategy[str]:
    """Texts that a pattern matches; what it asks of the text around it is left out."""
    around = re.sub(r"\(\?<?[=!](?:[^()\[\]\\]|\\.|\[(?:[^\]\\]|\\.)*\]|\((?:[^()])*\))*\)", "", pattern.pattern)
    return st.from_regex(re.compile(around, pattern.flags), fullmatch=True)


@pytest.mark.parametrize("name", sorted(RULES))
@QUICK
@given(data=st.data())
def test_what_a_rule_matches_holds_a_word_that_it_needs(name, data):
    pattern, needed = RULES[name]
    assert boilerplate._has(data.draw(matching(pattern)), needed)


@QUICK
@given(matching(boilerplate._HEAD))
def test_what_a_noisy_line_starts_with_is_known(line):
    assert line[0] in boilerplate._HEAD_FIRSTS or boilerplate._HEAD_ANYWHERE in line


@QUICK
@given(st.one_of(matching(marks._MARK), matching(marks._MARKDOWN)))
def test_what_a_mark_starts_with_is_known(line):
    assert line[0] in marks._FIRSTS


@QUICK
@given(matching(completeness._CUT_NUMBER))
def test_a_number_cut_by_a_line_end_is_seen_from_the_line_end(text):
    assert completeness._DIGIT_AT_END.search(text + "水")


@QUICK
@given(st.sampled_from(_KINDS).flatmap(lambda kind: matching(kind[2])))
def test_what_a_placeholder_starts_with_is_known(text):
    assert _FIRST.match(text)


@QUICK
@given(CHARACTERS.filter(lambda t: t.strip()))
def test_the_end_of_a_sentence_is_the_same_as_by_its_patterns(text):
    line = text.strip()
    slow = _ENDED.search(line) or (
        line[-1] in "）)" and re.search(r"[。！？；][（(][^（）()]{1,50}[）)]$", line[-60:]) is not None
    )
    if "\n" not in line:
        assert ends_sentence(line, (0, len(line))) == bool(slow)


@QUICK
@given(CHARACTERS, st.lists(st.text("各位代表第篇一3页", min_size=2, max_size=4), min_size=1, max_size=6), st.data())
def test_words_are_found_at_every_place_where_they_stand(text, words, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    expected = [i for i in range(start, end) if text.startswith(tuple(words), i, end)]
    assert Words(words).places(text, start, end) == expected


@QUICK
@given(st.lists(st.integers(1, 6000), min_size=6, max_size=80))
def test_quantiles_of_line_lengths_are_those_of_numpy(lengths):
    for percent in (96, 99):
        expected = float(np.percentile(np.array(lengths), percent))
        assert wrapping._quantile(sorted(lengths), percent / 100) == expected
