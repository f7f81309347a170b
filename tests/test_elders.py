"""Clusters keep the id of their elder: whatever grows, merges or parts."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup.clusters.elders import Elders, history_rows, keep_names
from dedup.ids import make_id


def elders(rows: list[tuple[str, str, bool, int]]) -> Elders:
    """Rows of (section, group, lead, age)."""
    types = (pa.string(), pa.string(), pa.bool_(), pa.int64())
    return Elders(*(pa.array([row[k] for row in rows], kind) for k, kind in enumerate(types)))


def named(now: dict[str, str], before: list[tuple[str, str, bool, int]]) -> dict[str, str]:
    sections = pa.array(list(now), pa.string())
    found = keep_names(sections, pa.array(list(now.values()), pa.string()), elders(before), "c")
    return dict(zip(now, found.ids.to_pylist(), strict=True))


def test_a_new_cluster_has_the_name_it_was_given():
    assert named({"s1": "c_1"}, []) == {"s1": "c_1"}


def test_a_merged_cluster_is_called_as_its_oldest_part():
    before = [("s1", "young", True, 5), ("s2", "old", True, 1), ("s3", "young", False, 5)]
    assert set(named({"s1": "c_9", "s2": "c_9", "s3": "c_9"}, before).values()) == {"old"}


def test_of_parts_equally_old_the_larger_one_gives_its_name():
    before = [("s1", "small", True, 1), ("s2", "large", True, 1), ("s3", "large", False, 1)]
    assert set(named({"s1": "c_9", "s2": "c_9", "s3": "c_9"}, before).values()) == {"large"}


def test_a_parted_cluster_leaves_its_name_to_the_part_with_its_canonical_section():
    before = [("s1", "was", True, 1), ("s2", "was", False, 1), ("s3", "was", False, 1)]
    assert named({"s1": "c_1", "s2": "c_2", "s3": "c_2"}, before) == {"s1": "was", "s2": "c_2", "s3": "c_2"}


def test_without_its_canonical_section_the_largest_part_keeps_the_name():
    before = [("s0", "was", True, 1), ("s1", "was", False, 1), ("s2", "was", False, 1), ("s3", "was", False, 1)]
    assert named({"s1": "c_1", "s2": "c_2", "s3": "c_2"}, before) == {"s1": "c_1", "s2": "was", "s3": "was"}


def test_a_name_in_use_is_not_given_again():
    # The elder cluster was named after section 2, which now stands alone and would be named after itself.
    before = [("s1", "c_2", True, 1), ("s2", "c_2", False, 1)]
    found = named({"s1": "c_1", "s2": "c_2"}, before)
    assert found["s1"] == "c_2"
    assert found["s2"] == make_id("c", "c_2", "1")


def test_merges_and_splits_are_told():
    now = {"s1": "c_1", "s2": "c_1", "s3": "c_3"}
    before = [("s1", "a", True, 1), ("s2", "b", True, 2), ("s3", "b", False, 2)]
    sections, groups = pa.array(list(now), pa.string()), pa.array(list(now.values()), pa.string())
    found = keep_names(sections, groups, elders(before), "c")
    rows = history_rows(found, "2031-01-02.1", datetime(2031, 1, 2, tzinfo=UTC)).to_pylist()
    told = [(r["event"], r["elder"], r["cluster_id"], r["n_sections"]) for r in rows]
    assert told == [("merged", "b", "a", 1), ("split", "b", "c_3", 1)]


SECTIONS = st.integers(0, 11).map("s{}".format)


@given(
    st.dictionaries(SECTIONS, st.integers(0, 5)),
    st.dictionaries(SECTIONS, st.integers(0, 5)),
    st.randoms(use_true_random=False),
)
def test_names_tell_clusters_apart_and_do_not_depend_on_the_order_of_rows(now_of, before_of, random):
    def first(groups: dict[str, int]) -> dict[int, str]:
        return {g: min(s for s in groups if groups[s] == g) for g in groups.values()}

    lead, lead_before = first(now_of), first(before_of)
    now = {s: make_id("c", lead[g]) for s, g in now_of.items()}
    before = [(s, make_id("c", lead_before[g]), lead_before[g] == s, g) for s, g in before_of.items()]
    found = named(now, before)
    # One name for one group.
    assert len({(now[s], found[s]) for s in now}) == len(set(now.values())) == len(set(found.values()))
    shuffled, others = list(now), list(before)
    random.shuffle(shuffled)
    random.shuffle(others)
    assert named({s: now[s] for s in shuffled}, others) == found
    # A cluster with the sections it had keeps its name.
    for name in {row[1] for row in before}:
        held = {row[0] for row in before if row[1] == name}
        groups = {now.get(s) for s in held}
        if len(groups) == 1 and None not in groups and {s for s in now if now[s] in groups} == held:
            assert {found[s] for s in held} == {name}
