"""Two-character pieces: every text that holds one is found by it, and by no other."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.reuse.pieces import MOST_POSITIONS, Placed, index_pieces, pieces_of
from dedup.text.normalise import normalise

TEXTS = st.lists(st.tuples(st.text("区长政府ab １Ａﷺ,。\n", max_size=12), st.integers(0, 5)), max_size=25)


def placed(rows: list[tuple[str, int]]) -> Placed:
    """Texts as they lie in a larger array, not in the order of their positions."""
    texts = pa.array(["不相干", *(text for text, _ in reversed(rows))], pa.large_string())
    return Placed(texts, np.arange(len(rows), 0, -1), np.array([position for _, position in rows], dtype=np.int64))


def built(parts: list[list[tuple[str, int]]], postings: int) -> dict[str, list[int]]:
    rows = [
        row for table in index_pieces([placed(part) for part in parts], postings=postings) for row in table.to_pylist()
    ]
    assert [row["piece"] for row in rows] == sorted({row["piece"] for row in rows})
    assert all(row["n_places"] == len(row["gaps"]) for row in rows)
    return {row["piece"]: (np.cumsum(row["gaps"]) - 1).tolist() for row in rows}


@settings(max_examples=60, deadline=None)
@given(rows=TEXTS, more=TEXTS, postings=st.sampled_from([1, 40, 10_000]))
def test_a_piece_names_all_positions_whose_texts_hold_it(
    rows: list[tuple[str, int]], more: list[tuple[str, int]], postings: int
) -> None:
    parts = [sorted(part, key=lambda row: row[1]) for part in (rows, more)]
    expected: dict[str, set[int]] = {}
    for text, position in rows + more:
        normal = normalise(text)
        for at in range(len(normal) - 1):
            expected.setdefault(normal[at : at + 2], set()).add(position)
    found = built(parts, postings)
    assert found == {piece: sorted(positions) for piece, positions in expected.items()}


def test_many_pieces_and_far_positions() -> None:
    texts = ["".join(map(chr, range(0x4E00 + 50 * i, 0x4E00 + 50 * i + 400))) for i in range(300)]
    positions = [i * 14_003 for i in range(300)]
    found = built([list(zip(texts, positions, strict=True))], 5000)
    assert found[texts[0][:2]] == [0]
    shared = texts[8][0:2]
    assert found[shared] == [p for p, text in zip(positions, texts, strict=True) if shared in text]


def test_positions_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="positions"):
        built([[("区长", MOST_POSITIONS)]], 100)


def test_words_are_cut_as_texts_are() -> None:
    assert pieces_of("区长") == ["区长"]
    assert pieces_of("Ａ ｂ，Ｃ") == ["ab", "bc"]
    assert pieces_of("的") == ["的"]
    assert pieces_of("！") == []
