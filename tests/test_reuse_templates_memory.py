"""Templates out of core: working arrays move to files, keys are sorted in parts, and nothing else changes."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.reuse.alignment import align_tokens
from dedup.reuse.clauses import reading
from dedup.reuse.keyed import KeyGroups, group_by_key, renumber
from dedup.reuse.neighbours import Likeness, holds_skeleton, may_hold_skeleton, set_marks
from dedup.reuse.templates import Templates, build_templates
from dedup.reuse.tokens import KEY_GROUPS, KEYS, tokenise
from dedup.reuse.wordings import MOST_CHARS, gather_wordings
from dedup.reuse.workspace import Workspace
from dedup.settings import ReuseSettings
from dedup.text.normalise import utf8_buffers
from tests.shared_text_rows import section_rows

GB = 1 << 30


def reports(count: int, seed: int) -> list[str]:
    """Write reports of formulae with changing figures among sentences of their own."""
    rng = random.Random(seed)

    def word(chars: int) -> str:
        return "".join(chr(0x4E00 + int(900 * rng.random() ** 2)) for _ in range(chars))

    frames = [(word(6), word(5), word(4)) for _ in range(40)]
    texts = []
    for _ in range(count):
        lines = [word(rng.randint(10, 30)) for _ in range(10)]
        lines += [f"{a}{rng.randint(1, 999)}{b}{word(2)}{c}" for a, b, c in rng.sample(frames, 8)]
        rng.shuffle(lines)
        texts.append("。".join(lines) + "。")
    return texts


def test_arrays_beyond_the_limit_are_files_that_are_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    with Workspace(folder, "arrays", 1000) as space:
        small = space.keep(np.arange(100, dtype=np.int64))
        assert not folder.exists()
        large = space.empty((50, 4), np.uint32)
        large[...] = 7
        assert [path.stat().st_size for path in folder.iterdir()] == [50 * 4 * 4]
        assert space.mapped == 1
        assert space.gather(small, np.array([3, 1])).tolist() == [3, 1]
        assert space.gather(large, np.array([3, 1])).tolist() == [[7] * 4] * 2
    assert list(folder.iterdir()) == []


def test_files_are_deleted_when_the_work_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with Workspace(tmp_path, "arrays", 0) as space:
            space.empty(10, np.int64)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert list(tmp_path.iterdir()) == []


def as_sets(groups: list[KeyGroups]) -> list[tuple[int, ...]]:
    return sorted(tuple(g.members[a:b].tolist()) for g in groups for a, b in zip(g.bounds, g.bounds[1:], strict=False))


@given(st.integers(0, 2**32), st.sampled_from([1 << 8, 1 << 30]))
def test_groups_of_equal_keys_are_complete_in_however_many_parts(seed: int, limit: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(0, 40))
    values = np.array([0, 1, 5, 1 << 20, 1 << 31, 0xFFFFFFFF], dtype=np.uint32)
    keys = rng.choice(values, (KEYS, count))
    # A wording has a clause once.
    for w in range(count):
        clauses = np.unique(keys[1:5, w])
        keys[1:5, w] = 0
        keys[1 : 1 + clauses.size, w] = clauses
    with Workspace(Path("unused-folder"), "keys", GB) as space:
        groups = group_by_key(keys, space, limit)
        wanted = []
        for columns in KEY_GROUPS:
            for value in values[1:]:
                members = np.flatnonzero((keys[columns] == value).any(axis=0))
                if members.size > 1:
                    wanted.append(tuple(members.tolist()))
        assert as_sets(groups) == sorted(wanted)
        place = np.where(rng.random(count) < 0.3, -1, rng.permutation(count))
        wanted = [tuple(sorted(int(place[m]) for m in group if place[m] >= 0)) for group in wanted]
        assert as_sets([renumber(groups, place, space)]) == sorted(group for group in wanted if len(group) > 1)


halves = st.text(alphabet="甲乙丙丁戊12x二ﬁ，", min_size=4, max_size=14)


@given(halves, halves, halves, halves)
def test_no_pair_is_dropped_whose_alignment_keeps_a_skeleton(a: str, b: str, c: str, d: str) -> None:
    rows = section_rows([f"{a}同样的开头{b}", f"{c}同样的开头{d}", f"{a}同样的开头{d}"])
    data, offsets = utf8_buffers(rows.texts)
    least = 8
    with Workspace(Path("unused-folder"), "wordings", GB) as space:
        wordings = gather_wordings(rows, least, space=space, folder=Path("unused-folder"), memory_limit=GB, threads=1)
    count = wordings.units.size
    ids = np.zeros((count, MOST_CHARS + 1), dtype=np.uint32)
    kinds = np.zeros((count, MOST_CHARS + 1), dtype=np.uint8)
    places = np.zeros((count, MOST_CHARS + 2), dtype=np.int32)
    breaks = np.zeros(MOST_CHARS + 1, dtype=np.uint8)
    starts = offsets[wordings.units["row"]] + wordings.units["byte"]
    sizes = [
        tokenise(data, start, start + unit["bytes"], reading(), ids[w], kinds[w], places[w], breaks)
        for w, (start, unit) in enumerate(zip(starts, wordings.units, strict=True))
    ]
    match = np.zeros(MOST_CHARS + 1, dtype=np.int32)
    trace = np.zeros((MOST_CHARS + 2) ** 2, dtype=np.uint8)
    scores = np.zeros((4, MOST_CHARS + 2), dtype=np.int32)
    lengths = wordings.units["n"].tolist()
    alike = Likeness(
        np.ascontiguousarray(wordings.units["n"]),
        wordings.sketches,
        wordings.bits,
        wordings.marks,
        wordings.mark_bounds,
    )
    for i in range(count):
        present = np.zeros(256, dtype=np.uint8)
        set_marks(alike, i, present, 1)
        for j in range(count):
            align_tokens(ids[i], kinds[i], places[i], sizes[i], ids[j], kinds[j], sizes[j], match, trace, scores)
            kept = int(np.diff(places[i, : sizes[i] + 1])[match[: sizes[i]] >= 0].sum())
            if holds_skeleton(kept, 0, lengths[i], lengths[j], least):
                assert may_hold_skeleton(alike, i, j, present, least)


def test_a_corpus_larger_than_the_limit_gives_the_same_templates(tmp_path: Path) -> None:
    rows = section_rows(reports(400, seed=5))

    def templates(memory_limit: int, threads: int) -> Templates:
        return build_templates(
            rows, ReuseSettings(), folder=tmp_path / "work", memory_limit=memory_limit, threads=threads
        )

    whole, spilled = templates(GB, 1), templates(1 << 16, 2)
    assert whole.table.num_rows >= 30
    assert whole.table.equals(spilled.table)
    assert whole.occurrences.equals(spilled.occurrences)
    assert whole.metrics == spilled.metrics
    assert list((tmp_path / "work").iterdir()) == []
