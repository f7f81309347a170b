"""Samples have known probabilities, judgements are weighted by them, and the intervals hold what they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dedup.decisions import DecisionError, UnknownDecision, open_store_at
from dedup.decisions.labels import DrawnPair, LabelQueue, Labels, LabelTask, Stratum
from dedup.decisions.rows import from_us
from dedup.decisions.uncertain import DoubtQueue, Progress
from dedup.evaluation import write_corpus
from dedup.evaluation.label_estimates import score_labels
from dedup.evaluation.label_sample import draw_sample
from tests.decided_pages import publish_pairs_only


def pair(stratum: str, published: str, verdict: str | None, n: int = 0) -> DrawnPair:
    return DrawnPair(n, f"s_{n}", f"s_{n}x", f"{n:032d}", f"{n:031d}x", stratum, 0.5, published, 0.8, None, verdict)


def task(*strata: Stratum) -> LabelTask:
    return LabelTask("j_1", "r", "similarity", 1, strata, "x", from_us(0), Progress(0, 0))


def test_strata_count_by_their_size_and_not_by_their_judgements():
    strata = (Stratum("low", "copy", 100, 0, 10), Stratum("high", "copy", 900, 0, 10))
    pairs = [pair("low", "copy", "same" if i < 5 else "not_same") for i in range(10)]
    pairs += [pair("high", "copy", "same") for _ in range(10)]
    found = score_labels(task(*strata), pairs)
    assert found.copies.value == pytest.approx(0.1 * 0.5 + 0.9 * 1.0)
    assert found.copies.low < found.copies.value < found.copies.high <= 1
    assert found.recall is None, "nothing was drawn beside what is published"


def test_editions_among_copies_are_links_and_no_copies():
    pairs = [pair("a", "copy", v) for v in ("same", "same", "edition", "not_same")]
    found = score_labels(task(Stratum("a", "copy", 400, 0, 4)), pairs)
    assert (found.copies.value, found.links.value) == (0.5, 0.75)


def test_recall_counts_what_is_missed_by_the_inverse_of_its_probability():
    strata = (Stratum("a", "copy", 50, 0, 5), Stratum("e", "edition", 10, 0, 5), Stratum("m", "missed", 200, 9, 5))
    pairs = [pair("a", "copy", "same")] * 5 + [pair("e", "edition", v) for v in ("same", *["edition"] * 4)]
    pairs += [pair("m", "missed", v) for v in ("same", *["not_same"] * 4)]
    found = score_labels(task(*strata), pairs)
    assert found.recall is not None
    assert found.recall.value == pytest.approx(50 / (50 + 10 / 5 + 200 / 5))
    assert found.editions is not None
    assert found.editions.value == pytest.approx(0.8)


def test_what_people_are_unsure_of_is_counted_and_left_out():
    pairs = [pair("a", "copy", v) for v in ("same", "unsure", "unsure", None)]
    found = score_labels(task(Stratum("a", "copy", 40, 0, 4)), pairs)
    assert (found.copies.value, found.unsure, found.judged, found.drawn) == (1.0, 2, 3, 4)
    assert found.copies.low < 0.8, "one judgement proves little"


def test_no_figure_is_given_while_a_stratum_has_no_judgement():
    strata = (Stratum("a", "copy", 10, 0, 2), Stratum("b", "copy", 10, 0, 2))
    found = score_labels(task(*strata), [pair("a", "copy", "same")])
    assert found.copies.value is None
    assert found.rows()[0][1].startswith("–")


def test_where_every_pair_was_judged_nothing_is_left_to_chance():
    found = score_labels(
        task(Stratum("a", "copy", 4, 0, 4)), [pair("a", "copy", v) for v in ["same"] * 3 + ["not_same"]]
    )
    assert (found.copies.low, found.copies.value, found.copies.high) == (0.75, 0.75, 0.75)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """200 samples from three strata of known content, one of them nearly pure: 95 % of the intervals hold the truth."""
    random = np.random.default_rng(5)
    content = {"low": (200, 0.6), "middle": (500, 0.9), "high": (3000, 0.99)}
    true = sum(n * p for n, p in content.values()) / sum(n for n, _ in content.values())
    strata = tuple(Stratum(name, "copy", n, 0, 20) for name, (n, _) in content.items())
    held, values = 0, []
    for _ in range(200):
        pairs = [
            pair(name, "copy", "same" if is_same else "not_same")
            for name, (n, p) in content.items()
            for is_same in random.permutation(np.arange(n) < round(n * p))[:20]
        ]
        found = score_labels(task(*strata), pairs).copies
        held += found.low <= true <= found.high
        values.append(found.value)
    assert held >= 0.92 * 200
    assert np.mean(values) == pytest.approx(true, abs=0.01)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labelled")
    write_corpus(folder / "pages" / "records.parquet", 400, seed=3, chars=500, measure=False)
    return publish_pairs_only(folder)


def test_a_sample_names_its_pairs_once_with_the_probability_of_each(released):
    sample = draw_sample(released, 40, seed=2)
    keys = [(p.key_a, p.key_b) for p in sample.pairs]
    assert len(set(keys)) == len(keys) == sum(s.drawn for s in sample.strata) == 40
    assert [p.number for p in sample.pairs] == list(range(40))
    assert all(a < b for a, b in keys)
    by_name = {s.name: s for s in sample.strata}
    for p in sample.pairs:
        assert p.probability == pytest.approx(by_name[p.stratum].drawn / by_name[p.stratum].population)
    counted = released.sql("SELECT count(*) AS n FROM pairs WHERE relation = 'variant'").column("n")[0].as_py()
    assert by_name["edition"].population <= counted if "edition" in by_name else counted == 0
    again = draw_sample(released, 40, seed=2)
    assert again == sample
    assert draw_sample(released, 40, seed=3) != sample


def test_weights_add_up_to_the_pairs_that_there_are(released):
    """The Horvitz-Thompson estimate of the size of each published stratum is its size."""
    sample = draw_sample(released, 60, seed=4, stratify="none")
    (copies,) = [s for s in sample.strata if s.published == "copy"]
    assert sum(1 / p.probability for p in sample.pairs if p.published == "copy") == pytest.approx(copies.population)


def test_what_is_missed_is_estimated_without_bias_around_a_part_of_the_texts(released):
    whole = draw_sample(released, 10_000, stratify="none", texts=10_000)
    (missed,) = [s for s in whole.strata if s.published == "missed"]
    assert missed.population_se == 0
    estimates = [
        next(s for s in draw_sample(released, 20, stratify="none", texts=100, seed=i).strata if s.name == "missed")
        for i in range(8)
    ]
    mean = np.mean([s.population for s in estimates])
    error = np.sqrt(np.mean([s.population_se**2 for s in estimates]) / len(estimates))
    assert abs(mean - missed.population) <= 3 * max(error, 1.0)


def test_pairs_of_a_sample_are_judged_in_turn_and_the_newest_verdict_counts(released, tmp_path):
    sample = draw_sample(released, 6, seed=1)
    with open_store_at(f"sqlite:///{tmp_path / 'd.sqlite'}") as store:
        labels = Labels(store)
        with pytest.raises(UnknownDecision, match="no sample was drawn"):
            LabelQueue(store)
        drawn = labels.add(released.id, sample.strata, sample.pairs, stratify="similarity", seed=1, who="Gu")
        queue = LabelQueue(store)
        assert queue.task_id == drawn.task_id
        for verdict in ("yes", "no", "edition"):
            queue.judge(queue.next_pair(), verdict, who="Gu")
        assert queue.progress() == Progress(3, 6)
        assert [p.verdict for p in queue.pairs[:4]] == ["same", "not_same", "edition", None]
        queue.judge(queue.pairs[0], "unsure", who="Lu")
        assert (queue.pairs[0].verdict, queue.pairs[0].who) == ("unsure", "Lu")
        assert queue.progress() == Progress(3, 6)
        with pytest.raises(DecisionError, match="no verdict"):
            queue.judge(queue.pairs[0], "maybe", who="Gu")
        with pytest.raises(DecisionError, match="no pair 99"):
            labels.judge(drawn.task_id, 99, "yes", who="Gu")
        assert store.rows() == [], "a judgement is no decision"
        held = labels.pairs(drawn.task_id)
        assert [replace(p, verdict=None, who=None) for p in held] == list(sample.pairs)
        store.forget([held[0].key_a])
        assert labels.pairs(drawn.task_id)[0].number != 0


def test_doubtful_pairs_come_by_turns_and_verdicts_are_decisions(released, tmp_path):
    with open_store_at(f"sqlite:///{tmp_path / 'd.sqlite'}") as store:
        queue = DoubtQueue(released, store, size=30)
        assert queue.pairs
        for stratum in {p.stratum for p in queue.pairs}:
            doubts = [p.doubt for p in queue.pairs if p.stratum == stratum]
            assert doubts == sorted(doubts, reverse=True)
        first, second = queue.next_pair(), queue.next_pair(skip=1)
        assert first == queue.pairs[0]
        made = queue.judge(first, "no", who="Gu")
        assert queue.next_pair() == second
        assert queue.progress() == Progress(1, len(queue.pairs))
        assert [(d.kind, d.key_a, d.key_b) for d in store.in_force()] == [("not_same", first.key_a, first.key_b)]
        store.undo(made, "Gu")
        assert queue.next_pair() == first
