"""Places in normalised texts lead back to the characters that they were made of."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup.reuse.places import locate
from dedup.reuse.runs import RUN
from dedup.reuse.windows import STEP, Texts, mark_bounds, set_marks
from dedup.text.normalise import fold_table, normalise, utf8_buffers

#: One to four bytes; dropped, kept, and unfolded to several characters (the last one to eighteen).
PIECES = ["a", "，", " ", "甲乙丙", "𠮷", "ﬁ", "㍿", "½", "é", "\ufdfa", "甲" * (STEP - 1), "，" * STEP]


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=12), min_size=1, max_size=4), st.data())
def test_a_stretch_is_widened_to_the_characters_it_was_made_of(parts: list[list[str]], data: st.DataObject) -> None:
    texts = ["".join(part) for part in parts]
    sources = [[i for i, c in enumerate(text) for _ in normalise(c)] for text in texts]
    spans = []
    for row, source in enumerate(sources):
        if source:
            drawn = st.tuples(st.integers(0, len(source) - 1), st.integers(0, len(source) - 1))
            spans += [(row, min(pair), max(pair) + 1) for pair in data.draw(st.lists(drawn, max_size=3))]
    runs = np.zeros(len(spans), dtype=RUN)
    for run, (row, start, end) in zip(runs, spans, strict=True):
        run["row"], run["start"], run["end"] = row, start, end
    clean = np.zeros((len(spans), 2), dtype=np.int32)
    locate(marked(texts, [len(source) for source in sources]), runs, clean)
    for run, (row, start, end), (first, last) in zip(runs, spans, clean.tolist(), strict=True):
        source = sources[row]
        assert (first, last) == (source[start], source[end - 1] + 1)
        assert (run["start"], run["end"]) == (source.index(first), len(source) - source[::-1].index(last - 1))


def marked(texts: list[str], lengths: list[int]) -> Texts:
    data, offsets = utf8_buffers(pa.array(texts, pa.large_string()))
    table = fold_table()
    bounds = mark_bounds(np.array(lengths, dtype=np.int64))
    marks = np.zeros(bounds[-1], dtype=np.int64)
    found = Texts(
        data, offsets[:-1].copy(), offsets[1:].copy(), table.index, table.expansions, marks, bounds[:-1].copy()
    )
    set_marks(found, 0, len(texts))
    return found
