"""Places in clean texts are found again in the pages they were cleaned from."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup.text.clean_map import spans_in_pages


@st.composite
def cleaned(draw: st.DrawFn) -> tuple[str, str, list[int]]:
    """A page, a clean text made of pieces of it with characters put in, and the runs that map it back."""
    pieces = draw(
        st.lists(st.tuples(st.text("甲乙丙丁12", min_size=1, max_size=6), st.text("#噪 ", max_size=4)), min_size=1)
    )
    page, clean, runs = draw(st.text("#噪", max_size=3)), "", []
    for kept, dropped in pieces:
        clean += draw(st.sampled_from(["", "\n", " "])) if clean else ""
        runs += [len(clean), len(page), len(kept)]
        clean, page = clean + kept, page + kept + dropped
    return page, clean, runs


@given(st.lists(cleaned(), min_size=1, max_size=4), st.data())
def test_a_span_quotes_the_page_from_its_first_to_its_last_copied_character(
    texts: list[tuple[str, str, list[int]]], data: st.DataObject
) -> None:
    maps = pa.chunked_array([pa.array([runs], pa.list_(pa.int32())) for _, _, runs in texts])
    rows, starts, ends = [], [], []
    for _ in range(8):
        row = data.draw(st.integers(0, len(texts) - 1))
        start = data.draw(st.integers(0, len(texts[row][1]) - 1))
        rows.append(row)
        starts.append(start)
        ends.append(data.draw(st.integers(start + 1, len(texts[row][1]))))
    first, last = spans_in_pages(maps, np.array(rows), np.array(starts), np.array(ends))
    for row, start, end, char_start, char_end in zip(rows, starts, ends, first, last, strict=True):
        page, clean, runs = texts[row]
        of_page = {
            clean_at + i: page_at + i
            for clean_at, page_at, length in zip(runs[::3], runs[1::3], runs[2::3], strict=True)
            for i in range(length)
        }
        copied = [of_page[i] for i in range(start, end) if i in of_page]
        if copied:
            assert (char_start, char_end) == (copied[0], copied[-1] + 1)
            assert page[char_start] == clean[start] or start not in of_page
        else:
            assert char_start == char_end
