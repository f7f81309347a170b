"""Pairs: all that meet the definition are found, none that does not, with exact similarities."""

import random
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

import dedup
from dedup.fingerprinting.minhash import signature_matrix
from dedup.matching.candidates import find_candidates
from dedup.matching.keys import key_rows
from dedup.matching.match import audit_matches, match_texts
from dedup.settings import FingerprintSettings, MatchSettings

WORDS = [
    "粮食",
    "产量",
    "比上年",
    "增长",
    "全县",
    "完成",
    "投资",
    "公路",
    "改造",
    "学校",
    "医院",
    "农民",
    "收入",
    "项目",
    "园区",
    "水利",
    "环境",
    "治理",
    "安全",
    "服务",
]


def reference_pairs(texts, settings):
    """The definition, word for word: sets of 5-character strings, then the edit similarity."""
    normalised = [dedup.normalise(t) for t in texts]
    sets = [set(dedup.shingles(t)) for t in texts]
    out = {}
    for a in range(len(texts)):
        for b in range(a + 1, len(texts)):
            if not sets[a] or not sets[b]:
                continue
            jaccard = len(sets[a] & sets[b]) / len(sets[a] | sets[b])
            edit = Indel.normalized_similarity(normalised[a], normalised[b])
            if jaccard >= settings.jaccard or (jaccard >= settings.floor and edit >= settings.edit):
                out[a, b] = (jaccard, edit)
    return out


def edited(text, rate, rng):
    characters = list(text)
    for _ in range(int(len(text) * rate)):
        at = rng.randrange(len(characters))
        kind = rng.randrange(3)
        if kind == 0:
            characters[at] = chr(rng.randrange(0x4E00, 0x9000))
        elif kind == 1:
            characters.insert(at, chr(rng.randrange(0x4E00, 0x9000)))
        elif len(characters) > 1:
            del characters[at]
    return "".join(characters)


def made_texts(rng, originals, chars):
    texts = []
    for _ in range(originals):
        text = "".join(rng.choice(WORDS) + str(rng.randrange(10_000)) for _ in range(chars // 6))
        texts.append(text)
        texts += [edited(text, rng.uniform(0.005, 0.15), rng) for _ in range(rng.randrange(4))]
    rng.shuffle(texts)
    return texts


@given(st.integers(0, 2**32), st.integers(10, 600))
def test_every_pair_of_the_definition_is_found_with_its_exact_similarities(seed, chars):
    texts = made_texts(random.Random(seed), 6, chars)
    settings = MatchSettings()
    expected = reference_pairs(texts, settings)
    found = {(r["a"], r["b"]): (r["jaccard"], r["edit_similarity"]) for r in dedup.find_duplicates(texts).to_pylist()}
    # The search is probabilistic at the floor only; a miss there is possible and rare, a false pair never.
    assert set(found) <= set(expected)
    assert {p for p, (jaccard, _) in expected.items() if jaccard >= 0.5} <= set(found)
    for pair, (jaccard, edit) in found.items():
        assert jaccard == pytest.approx(expected[pair][0], abs=1e-12)
        assert edit == pytest.approx(expected[pair][1], abs=1e-9)


def test_scattered_edits_of_two_to_ten_per_cent_are_found_at_0_99_and_more():
    rng = random.Random(5)
    texts = []
    for _ in range(60):
        text = "".join(chr(0x4E00 + int(3000 * rng.random() ** 2)) for _ in range(1200))
        texts += [text, *(edited(text, rng.uniform(0.02, 0.10), rng) for _ in range(4))]
    expected = reference_pairs_within_groups(texts, 5)
    found = set(zip(*(dedup.find_duplicates(texts)[c].to_pylist() for c in "ab"), strict=True))
    assert len(expected) > 250
    assert len(found & set(expected)) >= 0.99 * len(expected)
    assert found <= set(expected)


def reference_pairs_within_groups(texts, size):
    pairs = {}
    for start in range(0, len(texts), size):
        group = reference_pairs(texts[start : start + size], MatchSettings())
        pairs.update({(a + start, b + start): v for (a, b), v in group.items()})
    return pairs


def test_empty_texts_are_duplicates_of_nothing():
    table = dedup.find_duplicates(["", "　", "。。", None, "全县粮食总产量", "全县粮食总产量"])
    assert table.select(["a", "b", "relation"]).to_pylist() == [{"a": 4, "b": 5, "relation": "exact"}]


def test_per_cent_and_per_mille_are_near_duplicates_but_not_exact():
    table = dedup.find_duplicates(["人口自然增长率控制在8%以内", "人口自然增长率控制在8‰以内"])
    assert table.to_pylist() == [{"a": 0, "b": 1, "jaccard": 1.0, "edit_similarity": 1.0, "relation": "near_duplicate"}]


def test_short_texts_are_compared_although_they_have_few_shingles():
    texts = [f"关于做好第{i}号堤防汛期值守的通知" for i in range(40)] + ["关于做好第7号堤防汛期值守的通知！"]
    expected = reference_pairs(texts, MatchSettings())
    found = set(zip(*(dedup.find_duplicates(texts)[c].to_pylist() for c in "ab"), strict=True))
    assert found == set(expected)
    assert (7, 40) in found


def test_unrelated_texts_that_share_templates_are_no_pairs():
    rng = random.Random(11)
    phrase = "各位代表：现在，我代表县人民政府向大会报告工作，请予审议，并请列席会议的同志提出意见。" * 4
    texts = [
        phrase + "".join(chr(0x4E00 + rng.randrange(6000)) for _ in range(900)) + phrase[::-1][:100] for _ in range(300)
    ]
    assert dedup.find_duplicates(texts).num_rows == 0


def test_groups_made_hot_by_a_template_are_split_and_counted_not_dropped():
    rng = random.Random(3)
    template = "".join(chr(0x4E00 + rng.randrange(6000)) for _ in range(120))
    texts = [template + "".join(chr(0x4E00 + rng.randrange(6000)) for _ in range(200)) for _ in range(400)]
    copies = [edited(t, 0.02, rng) for t in texts[:40]]
    settings = MatchSettings(hot_key=8)
    table = dedup.find_duplicates(texts + copies, match=settings)
    found = set(zip(table["a"].to_pylist(), table["b"].to_pylist(), strict=True))
    assert {(i, 400 + i) for i in range(40)} <= found
    array = pa.array(texts, pa.large_string())
    _, metrics = find_candidates(
        dedup.fingerprint(texts), array, np.arange(400), np.full(400, 300), settings, FingerprintSettings()
    )
    assert metrics.hot_groups > 0
    assert metrics.hot_members > 0


def test_thousands_of_edited_copies_of_one_text_are_one_cluster():
    rng = random.Random(4)
    base = "".join(chr(0x4E00 + rng.randrange(6000)) for _ in range(600))
    texts = [edited(base, 0.01, rng) for _ in range(1500)]
    frame = dedup.deduplicate(pd.DataFrame({"text": texts}), text="text")
    best = dedup.find_duplicates([texts[0], *texts[1:200]])
    assert best.filter(pc.equal(best["a"], 0)).num_rows == 199, "all meet the definition with the first"
    assert frame["is_canonical"].sum() == 1


def test_the_audit_counts_copies_that_are_tied_to_the_same_text():
    rng = random.Random(6)
    base = "".join(chr(0x4E00 + rng.randrange(6000)) for _ in range(400))
    texts = pa.array([edited(base, 0.01, rng) for _ in range(400)], pa.large_string())
    settings, shingles = MatchSettings(hot_key=32, complete_cluster=10), FingerprintSettings()
    prints = signature_matrix(texts)
    matches = match_texts(texts, prints, settings, shingles)
    audit = audit_matches(texts, prints, matches, settings, shingles)
    assert audit.true_pairs > 10 * matches.pairs.a.size
    assert audit.recall == 1.0
    even = matches.pairs.b % 2 == 0
    lost = replace(matches, pairs=replace(matches.pairs, a=matches.pairs.a[even], b=matches.pairs.b[even]))
    assert audit_matches(texts, prints, lost, settings, shingles).recall < 0.5


def test_thousands_of_short_notices_that_differ_in_a_number_find_their_copies():
    texts = [f"关于召开第{i}次全体会议的通知，请各单位按时参加会议，不得缺席" for i in range(1500)]
    expected = reference_pairs(texts[:60], MatchSettings())
    assert len(expected) == 60 * 59 // 2, "all are near-duplicates of each other by the definition"
    assert dedup.deduplicate(pd.DataFrame({"text": texts})).is_canonical.sum() == 1


def test_the_order_of_texts_does_not_change_the_pairs():
    texts = made_texts(random.Random(8), 12, 300)
    order = list(range(len(texts)))
    random.Random(1).shuffle(order)

    def pairs(table, names):
        return {
            (*sorted((names[r["a"]], names[r["b"]])), r["jaccard"], r["edit_similarity"]) for r in table.to_pylist()
        }

    straight = pairs(dedup.find_duplicates(texts), list(range(len(texts))))
    assert straight == pairs(dedup.find_duplicates([texts[i] for i in order], threads=2), order)


def test_keys_are_the_same_on_every_machine_and_share_signature_values_evenly():
    rows = key_rows(112, 3, 128)
    assert rows.shape == (112, 3)
    assert rows[0].tolist() == sorted(rows[0].tolist())
    use = np.bincount(rows.ravel(), minlength=128)
    assert use.max() - use.min() <= 2
    np.testing.assert_array_equal(rows, key_rows(112, 3, 128))
