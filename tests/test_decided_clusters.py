"""Clusters as people want them: texts said to be one stand together, texts said to differ never do, nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.clusters.assignment import Assignment, assign_clusters
from dedup.clusters.constraints import Wish, settle
from dedup.clusters.decided import DecidedMatches, Measured, apply_decisions
from dedup.clusters.variants import VariantMarks
from dedup.matching.match import Matches
from dedup.matching.nodes import Nodes
from dedup.matching.verify import VerifiedPairs


@dataclass(frozen=True)
class World:
    """Rows with texts, texts in nodes, pairs between nodes: what matching leaves, without any text."""

    text: tuple[int, ...]  # of each row
    node: tuple[int, ...]  # of each text
    pairs: tuple[tuple[int, int, bool], ...]  # of nodes, with whether they are variants
    rank: tuple[int, ...]  # of each row
    reference: tuple[bool, ...]  # of each row

    def matches(self) -> tuple[Matches, VariantMarks]:
        position = np.array(self.rank)
        node_of_row = np.array([self.node[t] for t in self.text], dtype=np.int64)
        m = max(self.node) + 1
        rows = np.lexsort((position, node_of_row))
        bounds = np.concatenate([[0], np.cumsum(np.bincount(node_of_row, minlength=m))])
        kept = sorted({(min(a, b), max(a, b)): v for a, b, v in self.pairs if a != b}.items())
        a, b = (np.array([p[side] for p, _ in kept], dtype=np.int64) for side in (0, 1))
        j = similarity(a, b)
        matches = Matches(
            Nodes(node_of_row, rows[bounds[:-1]], rows, bounds),
            VerifiedPairs(a, b, j, j + 0.01 * a, j + 0.01 * b, np.full(a.size, np.nan), 0, 0),
            None,
        )
        nothing = np.zeros(a.size, dtype=np.int64)
        variant = np.array([v for _, v in kept], dtype=bool)
        return matches, VariantMarks(variant, nothing.astype(bool), nothing, nothing)

    def decide(self, wishes: list[Wish]) -> tuple[DecidedMatches, Assignment]:
        matches, marks = self.matches()
        position, reference = np.array(self.rank), np.array(self.reference)
        node_of_row = matches.nodes.node_of_row

        def measure(rows_a, rows_b):
            a, b = node_of_row[rows_a], node_of_row[rows_b]
            assert (a != b).all(), "parts of one node are equal, there is nothing to measure"
            j = similarity(a, b)
            return Measured(j, j + 0.01 * a, j + 0.01 * b, j)

        texts = np.array(self.text)
        mentioned = [t for w in wishes for t in (w.a, w.b) if t >= 0]
        found = apply_decisions(
            matches, marks, position, reference, np.where(np.isin(texts, mentioned), texts, -1), wishes, measure
        )
        return found, assign_clusters(matches, marks, position, reference, found)


def similarity(a, b):
    low, high = np.minimum(a, b), np.maximum(a, b)
    return 0.2 + 0.5 * ((low * 7 + high * 13) % 11) / 11


@st.composite
def worlds(draw) -> World:
    n_texts = draw(st.integers(2, 9))
    nodes = draw(st.lists(st.integers(0, n_texts - 1), min_size=n_texts, max_size=n_texts))
    names = {old: new for new, old in enumerate(dict.fromkeys(nodes))}
    node = tuple(names[x] for x in nodes)
    text = tuple(range(n_texts)) + tuple(draw(st.lists(st.integers(0, n_texts - 1), max_size=5)))
    m = max(node)
    pair = st.tuples(st.integers(0, m), st.integers(0, m), st.sampled_from([False, False, False, True]))
    reference = [False] * n_texts + [draw(st.booleans()) for _ in text[n_texts:]]
    return World(
        text, node, tuple(draw(st.lists(pair, max_size=14))), tuple(draw(st.permutations(range(len(text))))),
        tuple(reference),
    )  # fmt: skip


@st.composite
def decided_worlds(draw) -> tuple[World, list[Wish]]:
    world = draw(worlds())
    texts = st.integers(0, max(world.text))
    wishes = []
    for number in range(draw(st.integers(0, 7))):
        kind = draw(st.sampled_from(["same", "same", "not_same", "edition", "split", "canonical"]))
        a, b = draw(texts), draw(texts)
        if kind in ("split", "canonical"):
            wishes.append(Wish(number, kind, a))
        elif a != b:
            wishes.append(Wish(number, kind, a, b))
    return world, wishes


def cluster_of_text(world: World, found: Assignment) -> dict[int, int]:
    return {t: int(c) for t, c in zip(world.text, found.canonical, strict=True) if c >= 0}


@settings(max_examples=60, deadline=None)
@given(decided_worlds())
def test_what_was_decided_holds_in_every_cluster(case):
    world, wishes = case
    decided, found = world.decide(wishes)
    met, home = decided.constraints, cluster_of_text(world, found)
    for wish in met.together:
        assert home[wish.a] == home[wish.b]
    for wish in (*met.apart, *met.editions):
        assert home[wish.a] != home[wish.b]
    for wish in met.alone:
        assert [t for t in home if home[t] == home[wish.a]] == [wish.a]
    for wish in met.first:
        assert world.text[home[wish.a]] == wish.a


@settings(max_examples=60, deadline=None)
@given(decided_worlds())
def test_every_decision_is_met_or_overruled_by_a_newer_one_and_the_newest_is_met(case):
    world, wishes = case
    decided, _ = world.decide(wishes)
    met = decided.constraints
    kept = [w.number for group in (met.together, met.apart, met.editions, met.alone, met.first) for w in group]
    assert sorted([*kept, *met.overruled]) == sorted(w.number for w in wishes)
    assert all(old < new and new in kept for old, new in met.overruled.items())
    if wishes:
        assert max(w.number for w in wishes) in kept


@settings(max_examples=60, deadline=None)
@given(decided_worlds())
def test_every_row_stands_in_one_cluster_that_it_matches_by_a_pair(case):
    world, wishes = case
    decided, found = world.decide(wishes)
    canonical = found.canonical
    own = ~np.array(world.reference)
    assert (canonical[~own] == -1).all()
    assert (canonical[canonical[own]] == canonical[own]).all()
    counts = np.bincount(canonical[own], minlength=own.size)
    assert (found.cluster_size[own] == counts[canonical[own]]).all()
    pairs, marks, node_of = decided.matches.pairs, decided.marks, decided.matches.nodes.node_of_row
    copies = set(zip(pairs.a[~marks.is_variant].tolist(), pairs.b[~marks.is_variant].tolist(), strict=True))
    by_decision = set(zip(pairs.a[decided.pairs.joined].tolist(), pairs.b[decided.pairs.joined].tolist(), strict=True))
    for row in np.flatnonzero(own):
        ends = tuple(sorted((int(node_of[row]), int(node_of[canonical[row]]))))
        assert ends[0] == ends[1] or ends in copies
        assert found.decided[row] == (ends in by_decision)


@settings(max_examples=60, deadline=None)
@given(decided_worlds())
def test_pairs_say_what_was_decided_and_keep_their_measures(case):
    world, wishes = case
    decided, _ = world.decide(wishes)
    pairs, met = decided.matches.pairs, decided.constraints
    keys = list(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True))
    assert keys == sorted(set(keys))
    node_of = decided.matches.nodes.node_of_row
    where = {t: int(node_of[row]) for row, t in enumerate(world.text)}

    def pair_of(wish):
        ends = tuple(sorted((where[wish.a], where[wish.b])))
        return keys.index(ends) if ends in keys else None

    assert all(pair_of(w) is None for w in met.apart)
    for wish in met.editions:
        p = pair_of(wish)
        assert decided.marks.is_variant[p]
        assert decided.pairs.edition[p] == wish.number
    for wish in met.together:
        assert where[wish.a] == where[wish.b] or not decided.marks.is_variant[pair_of(wish)]
    origin = [world.node[world.text[decided.matches.nodes.rows[low]]] for low in decided.matches.nodes.bounds[:-1]]
    for a, b, j, in_a, in_b in zip(
        pairs.a, pairs.b, pairs.jaccard, pairs.containment_a, pairs.containment_b, strict=True
    ):
        first, second = origin[a], origin[b]
        expected = 1.0 if first == second else float(similarity(np.int64(first), np.int64(second)))
        assert j == expected
        if first != second:
            assert (in_a, in_b) == pytest.approx((expected + 0.01 * first, expected + 0.01 * second))


@settings(max_examples=60, deadline=None)
@given(decided_worlds(), st.randoms())
def test_neither_the_order_of_rows_nor_that_of_decisions_matters(case, random):
    world, wishes = case
    decided, found = world.decide(wishes)
    turn = list(range(len(world.text)))
    random.shuffle(turn)
    turned = World(
        tuple(world.text[i] for i in turn), world.node, world.pairs,
        tuple(world.rank[i] for i in turn), tuple(world.reference[i] for i in turn),
    )  # fmt: skip
    shuffled = list(wishes)
    random.shuffle(shuffled)
    again, found_again = turned.decide(shuffled)
    assert again.constraints.overruled == decided.constraints.overruled
    back = dict(enumerate(turn))
    for new, old in enumerate(turn):
        for name in ("canonical", "family"):
            a, b = getattr(found_again, name)[new], getattr(found, name)[old]
            assert (a == b == -1) or back[int(a)] == b
        assert found_again.similarity[new] == found.similarity[old]
        assert found_again.decided[new] == found.decided[old]


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_without_decisions_clusters_are_those_of_the_machine(world):
    matches, marks = world.matches()
    alone = assign_clusters(matches, marks, np.array(world.rank), np.array(world.reference))
    _, found = world.decide([])
    for name in ("canonical", "family", "similarity", "cluster_size", "decided"):
        assert (getattr(alone, name) == getattr(found, name)).all()


def world(n: int, pairs: list[tuple[int, int]], node: tuple[int, ...] | None = None) -> World:
    """Return a world of n texts of one row each, the first the best."""
    return World(
        tuple(range(n)), node or tuple(range(n)), tuple((a, b, False) for a, b in pairs), tuple(range(n)), (False,) * n
    )


def clusters(found: Assignment) -> list[list[int]]:
    return [np.flatnonzero(found.canonical == c).tolist() for c in np.unique(found.canonical)]


def test_texts_said_to_be_one_move_together_and_are_led_by_the_best():
    _, found = world(4, [(0, 1)]).decide([Wish(0, "same", 1, 3)])
    assert clusters(found) == [[0, 1, 3], [2]]
    assert found.decided.tolist() == [False, False, False, True]


def test_a_text_said_to_differ_goes_to_its_next_best():
    three = world(3, [(0, 1), (0, 2), (1, 2)])
    assert clusters(three.decide([Wish(0, "not_same", 0, 2)])[1]) == [[0, 1], [2]]
    four = world(4, [(0, 1), (0, 3), (2, 3)])
    assert clusters(four.decide([Wish(0, "not_same", 0, 3)])[1]) == [[0, 1], [2, 3]]


def test_two_copies_of_a_third_that_are_said_to_differ_are_parted_and_the_better_one_stays():
    _, found = world(3, [(0, 1), (0, 2), (1, 2)]).decide([Wish(0, "not_same", 1, 2)])
    assert clusters(found) == [[0, 1], [2]]


def test_a_chosen_copy_leads_its_cluster_and_nobody_leaves_it():
    decided, found = world(3, [(0, 1), (0, 2)]).decide([Wish(0, "canonical", 2)])
    assert found.canonical.tolist() == [2, 2, 2]
    assert found.decided.tolist() == [False, True, False], "1 does not match 2 by itself"
    assert decided.position.tolist() == [1, 2, 0]


def test_of_two_chosen_copies_of_one_cluster_the_newer_is_taken():
    decided, found = world(3, [(0, 1), (0, 2)]).decide([Wish(4, "canonical", 2), Wish(7, "canonical", 1)])
    assert found.canonical.tolist() == [1, 1, 1]
    assert decided.constraints.overruled == {4: 7}


def test_equal_but_for_signs_can_still_be_told_apart():
    """8% and 8‰ are one node; the third text is a copy of both and stays with the better one."""
    _, found = world(3, [(0, 1)], node=(0, 0, 1)).decide([Wish(0, "not_same", 0, 1)])
    assert clusters(found) == [[0, 2], [1]]


def test_a_circle_that_cannot_be_closed_breaks_at_its_oldest_link():
    wishes = [Wish(0, "same", 0, 1), Wish(1, "same", 1, 2), Wish(2, "not_same", 0, 2)]
    assert settle(wishes).overruled == {0: 2}
    wishes = [Wish(0, "not_same", 0, 2), Wish(1, "same", 0, 1), Wish(2, "same", 1, 2)]
    assert settle(wishes).overruled == {0: 1}


def test_alone_and_one_with_another_cannot_both_be():
    assert settle([Wish(0, "same", 0, 1), Wish(1, "split", 0)]).overruled == {0: 1}
    assert settle([Wish(0, "split", 0), Wish(1, "same", 0, 1)]).overruled == {0: 1}


def test_another_edition_is_linked_and_not_merged():
    decided, found = world(2, [(0, 1)]).decide([Wish(0, "edition", 0, 1)])
    assert clusters(found) == [[0], [1]]
    assert found.family.tolist() == [0, 0]
    assert decided.marks.is_variant.tolist() == [True]
