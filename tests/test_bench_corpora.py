"""The corpora of the benchmarks hold what their truth says, and answers are scored as they should be."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.corpora import CORPORA, CorpusPlan, draw_batches, write_corpus
from benchmarks.scoring import score_clusters, score_pairs
from benchmarks.truth import BANDS, EDIT, FLOOR, JACCARD, Truth, bound_unrelated, find_truth
from rapidfuzz.distance import Indel

import dedup

SMALL = 40
PLANS = [
    *(replace(CORPORA[name], chars=1_200) for name in ("words", "templates", "stamped")),
    CorpusPlan("few-identical", chars=300, identical=1_100),
]


@pytest.fixture(scope="module", params=PLANS, ids=lambda plan: plan.name)
def corpus(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "corpus.parquet"
    work = write_corpus(request.param, SMALL, path, seed=3)
    return request.param, path, work, find_truth(path, work)


def test_the_same_seed_gives_the_same_documents():
    first, again = (list(draw_batches(CORPORA["templates"], SMALL, seed=5)) for _ in range(2))
    other = next(draw_batches(CORPORA["templates"], SMALL, seed=6))
    assert [b.texts for b in first] == [b.texts for b in again]
    assert first[0].texts != other.texts


def test_texts_have_the_length_of_the_plan_and_valid_utf8(corpus):
    plan, path, work, _ = corpus
    texts = pq.read_table(path)["text"]
    texts.validate(full=True)
    lengths = np.array([len(t) for t in texts.to_pylist()])
    assert len(texts) == len(work) == SMALL + plan.identical
    assert 0.9 * plan.chars < np.median(lengths) < 1.1 * plan.chars


def test_truth_is_what_a_comparison_of_all_pairs_finds(corpus):
    _, path, _, truth = corpus
    texts = [dedup.normalise(t) for t in pq.read_table(path)["text"].to_pylist()[:SMALL]]
    sets = [set(dedup.shingles(t)) for t in texts]
    expected = set()
    for a, b in itertools.combinations(range(SMALL), 2):
        jaccard = len(sets[a] & sets[b]) / len(sets[a] | sets[b])
        if jaccard >= JACCARD or (jaccard >= FLOOR and Indel.normalized_similarity(texts[a], texts[b]) >= EDIT):
            expected.add((a, b))
    assert expected
    assert expected == set(zip(truth.a[truth.meets].tolist(), truth.b[truth.meets].tolist(), strict=True))


def test_the_bound_of_unrelated_documents_holds_for_all_of_them_and_is_below_the_floor(corpus):
    _, path, work, truth = corpus
    bound = bound_unrelated(path, work, truth.identical)
    sets = [set(dedup.shingles(t)) for t in pq.read_table(path)["text"].to_pylist()[:SMALL]]
    greatest = max(
        len(sets[a] & sets[b]) / len(sets[a] | sets[b])
        for a, b in itertools.combinations(range(SMALL), 2)
        if work[a] != work[b]
    )
    assert greatest <= bound < FLOOR


def test_unrelated_documents_of_the_harder_corpus_share_template_sentences(tmp_path):
    path = tmp_path / "t.parquet"
    work = write_corpus(CORPORA["templates"], SMALL, path)
    sets = [set(dedup.shingles(t)) for t in pq.read_table(path)["text"].to_pylist()]
    shared = [
        len(sets[a] & sets[b]) / len(sets[a]) for a, b in itertools.combinations(range(SMALL), 2) if work[a] != work[b]
    ]
    assert np.mean(shared) > 0.08


def test_this_project_finds_the_true_pairs_and_no_other(corpus):
    plan, path, _, truth = corpus
    pairs = dedup.find_duplicates(pq.read_table(path)["text"])
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    score = score_pairs(truth, SMALL + plan.identical, a, b)
    assert score.recall >= 0.99
    assert score.precision == 1.0
    # A candidate of a Jaccard similarity below 0.4 may be missed, one of a few dozen pairs here.
    assert score.listed >= 0.9


def _truth(*pairs: tuple[int, int, float, bool], identical: tuple[int, ...] = ()) -> Truth:
    a, b, jaccard, meets = (np.array(column) for column in zip(*pairs, strict=True))
    return Truth(a, b, jaccard, np.zeros(len(a)), meets, np.array(identical, dtype=np.int64))


def test_pairs_linked_through_others_count_as_found_but_only_listed_ones_for_precision():
    truth = _truth((0, 1, 0.8, True), (0, 2, 0.45, True), (1, 2, 0.6, False), (3, 4, 0.95, True))
    score = score_pairs(truth, 6, np.array([1, 2, 5, 1]), np.array([0, 1, 5, 0]))
    assert score.recall == 2 / 3
    assert (score.reported, score.precision, score.listed) == (2, 0.5, 1 / 3)
    assert [band[2:] for band in score.bands] == [(1, 1), (0, 0), (1, 1), (1, 0)]
    assert [band[:2] for band in score.bands] == list(BANDS)


def test_clusters_are_scored_by_all_their_pairs_and_by_what_each_row_is_tied_to():
    truth = _truth((0, 1, 0.8, True), (0, 2, 0.8, True), (1, 2, 0.6, False), (3, 4, 0.95, True))
    score = score_clusters(truth, np.array([0, 0, 0, 3, 4, 3]))
    assert score.recall == 2 / 3
    assert (score.reported, score.precision) == (4, 0.5)
    assert (score.tied, score.tied_right) == (3, 2)


def test_rows_that_are_one_text_are_right_in_one_cluster():
    truth = _truth((0, 1, 0.8, True), identical=(2, 3, 4))
    score = score_clusters(truth, np.array([0, 0, 2, 2, 2]))
    assert (score.precision, score.tied, score.tied_right) == (1.0, 3, 3)
    listed = score_pairs(truth, 5, np.array([2, 2, 0]), np.array([3, 4, 2]))
    assert listed.precision == pytest.approx(2 / 3)


def test_an_empty_answer_has_no_precision():
    none = np.zeros(0, dtype=np.int64)
    score = score_pairs(_truth((0, 1, 0.8, True)), 2, none, none)
    assert (score.recall, score.precision, score.reported) == (0.0, None, 0)


def test_batches_are_arrow_strings_whose_works_are_numbered_apart():
    batches = list(draw_batches(CorpusPlan("two", chars=60), 10_020))
    assert [len(b.texts) for b in batches] == [10_000, 20]
    assert all(b.texts.type == pa.large_string() for b in batches)
    assert not set(batches[0].work.tolist()) & set(batches[1].work.tolist())
