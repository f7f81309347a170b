"""Two-character pieces: every text that holds one is found by it, and by no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.reuse.pieces import PieceIndex, pieces_of
from dedup.text.normalise import normalise

TEXTS = st.lists(st.tuples(st.text("区长政府ab １Ａﷺ,。\n", max_size=12), st.integers(0, 5)), max_size=25)


def _built(folder: Path, texts: list[str], positions: list[int], postings: int, cuts: int) -> dict[str, list[int]]:
    index = PieceIndex(folder, postings=postings)
    for start in range(0, len(texts), cuts):
        index.add(pa.array(texts[start : start + cuts], pa.large_string()), np.array(positions[start : start + cuts]))
    rows = [row for table in index.tables() for row in table.to_pylist()]
    assert [row["piece"] for row in rows] == sorted(row["piece"] for row in rows)
    assert all(row["n_places"] == len(row["gaps"]) for row in rows)
    return {row["piece"]: (np.cumsum(row["gaps"]) - 1).tolist() for row in rows}


@settings(max_examples=60, deadline=None)
@given(rows=TEXTS, postings=st.sampled_from([1, 40, 10_000]), cuts=st.sampled_from([1, 7, 100]))
def test_a_piece_names_all_positions_whose_texts_hold_it(
    tmp_path_factory, rows: list[tuple[str, int]], postings: int, cuts: int
) -> None:
    rows = sorted(rows, key=lambda row: row[1])
    expected: dict[str, set[int]] = {}
    for text, position in rows:
        normal = normalise(text)
        for at in range(len(normal) - 1):
            expected.setdefault(normal[at : at + 2], set()).add(position)
    folder = tmp_path_factory.mktemp("pieces")
    found = _built(folder, [text for text, _ in rows], [position for _, position in rows], postings, cuts)
    assert found == {piece: sorted(positions) for piece, positions in expected.items()}


def test_many_pieces_and_far_positions(tmp_path: Path) -> None:
    texts = ["".join(map(chr, range(0x4E00 + 50 * i, 0x4E00 + 50 * i + 400))) for i in range(300)]
    positions = [i * 100_003 for i in range(300)]
    found = _built(tmp_path, texts, positions, 5000, 64)
    assert found[texts[0][:2]] == [0]
    shared = texts[8][0:2]
    assert found[shared] == [p for p, text in zip(positions, texts, strict=True) if shared in text]


def test_words_are_cut_as_texts_are() -> None:
    assert pieces_of("区长") == ["区长"]
    assert pieces_of("Ａ ｂ，Ｃ") == ["ab", "bc"]
    assert pieces_of("的") == ["的"]
    assert pieces_of("！") == []
