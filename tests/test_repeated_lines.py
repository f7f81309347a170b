"""The filter before furniture is learned: it may keep too much, and never loses a line that is repeated."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup.settings import TextSettings
from dedup.text import furniture
from dedup.text.languages import find_languages
from dedup.text.repeated_lines import pages_with_repeated_lines

_LINES = st.sampled_from(
    [
        *("", " ", "首页", "　首 页", "打印本页\t", "当前位置：首页 > 公报", "\U00020000街", "版权所有 备案号 1"),
        *("长" * 201, "长" * 150 + "　　" + "短" * 60, "。　　".join(["全年粮食增产"] * 40), "一、工作回顾"),
    ]
)
_PAGES = st.lists(
    st.tuples(st.sampled_from("ab"), st.lists(_LINES, max_size=24), st.sampled_from("\n\r\v\x85\u2028")),
    max_size=12,
)


def _learn(pages, monkeypatch, *, filtered):
    texts = [end.join(lines) for _, lines, end in pages]
    ids = [f"d{i:02d}" for i in range(len(pages))]
    documents = pa.table(
        {"doc_id": ids, "source": [source for source, *_ in pages], "text": pa.array(texts, pa.string())}
    )
    sections = pa.table(
        {
            "section_id": [f"s{i}" for i in ids],
            "doc_id": ids,
            "kind": ["report"] * len(ids),
            "n_chars": pa.array([1] * len(ids), pa.int32()),
            "content_hash": ids,
        },
        schema=pa.schema(
            [(n, pa.string()) for n in ("section_id", "doc_id", "kind")]
            + [("n_chars", pa.int32()), ("content_hash", pa.string())]
        ),
    )
    membership = pa.table(
        {"section_id": [f"s{i}" for i in ids], "cluster_id": [f"c{i}" for i in ids]},
        schema=pa.schema([("section_id", pa.string()), ("cluster_id", pa.string())]),
    )
    if not filtered:
        monkeypatch.setattr(
            furniture, "pages_with_repeated_lines", lambda texts, *_, **__: np.ones(len(texts), dtype=bool)
        )
    settings = TextSettings(furniture_pages=2, furniture_share=0.01)
    return furniture.learn_furniture(documents, sections, membership, settings)


@given(_PAGES)
def test_furniture_is_the_same_as_when_every_page_is_read_line_by_line(pages):
    import pytest

    with pytest.MonkeyPatch.context() as patch:
        filtered = _learn(pages, patch, filtered=True)
    with pytest.MonkeyPatch.context() as patch:
        assert filtered.equals(_learn(pages, patch, filtered=False))


def test_pages_without_a_line_in_common_are_left_out():
    texts = pa.chunked_array([["首页\n甲", "首页\n乙", "丙\n丁"], ["首页 \n戊"]], pa.string())
    limits = {"edge_lines": 8, "edge_chars": 3000, "longest": 200}
    of_one_source = pages_with_repeated_lines(texts, np.zeros(4, dtype=np.int64), pages=3, **limits)
    assert of_one_source.tolist() == [True, True, False, True]
    of_two = pages_with_repeated_lines(texts, np.array([0, 0, 0, 1]), pages=3, **limits)
    assert not of_two.any()


def test_languages_are_told_by_the_first_thousand_characters():
    def told(*texts):
        return find_languages(pa.table({"text": pa.array(texts, pa.string())}))

    assert told("政府工作报告") == ("zh",)
    assert told("annual report") == ("other",)
    assert told("a" * 80 + "县" * 20, "a" * 81 + "\U00020001" * 19) == ("zh", "other")
    assert told("a" * 1000 + "县" * 9000) == ("other",)
    assert told() == ()
