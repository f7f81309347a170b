"""A stretch of text is quoted with the sentences it stands in, as far as their borders are near."""

import re

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup.reuse.quoting import WIDENED, ends_of_sentences, quote_bytes, widen
from dedup.text.normalise import utf8_buffers

PIECES = ["。", "\n", "！", "甲", "ab", "𠮷", "，" * (WIDENED - 1), "乙" * WIDENED]


def widened(text: str, start: int, end: int) -> str:
    """Return the stretch from the last border before it to the first one that it ends at or that follows."""
    near = text[max(0, start - WIDENED) : start]
    borders = list(re.finditer(r"[。！\n]", near))
    own = 0 if start <= WIDENED else start
    first = start - len(near) + borders[-1].end() if borders else own
    if text[end - 1] in "。！\n":
        return text[first:end]
    behind = re.search(r"[。！\n]", text[end : end + WIDENED])
    if behind:
        return text[first : end + behind.end()]
    return text[first:] if end + WIDENED >= len(text) else text[first:end]


@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=10), min_size=1, max_size=3), st.data())
def test_stretches_are_widened_to_borders_that_are_near(parts: list[list[str]], data: st.DataObject) -> None:
    texts = ["".join(part) for part in parts]
    spans = []
    for row, text in enumerate(texts):
        drawn = st.tuples(st.integers(0, len(text) - 1), st.integers(0, len(text) - 1))
        spans += [(row, min(pair), max(pair) + 1) for pair in data.draw(st.lists(drawn, min_size=1, max_size=4))]
    row, start, end = np.array(spans).T
    bytes_of, offsets = utf8_buffers(pa.array(texts, pa.large_string()))
    out = np.zeros((len(spans), 4), dtype=np.int64)
    turn = np.lexsort((start, row))
    widen(bytes_of, offsets, row, start.astype(np.int32), end.astype(np.int32), turn, ends_of_sentences(), out)
    exact, wide = (quote_bytes(bytes_of, out[:, k], out[:, k + 1] - out[:, k]).to_pylist() for k in (0, 2))
    assert exact == [texts[r][a:b] for r, a, b in spans]
    assert wide == [widened(texts[r], a, b) for r, a, b in spans]
