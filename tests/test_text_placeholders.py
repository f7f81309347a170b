"""Placeholders are found and never taken for what they replace."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.text.placeholders import find_placeholders
from tests.text_pages import clean, cut


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20xx年全镇", ["20xx"]),
        ("20××年和19xx年", ["20××", "19xx"]),
        ("二○××年", ["二○××"]),
        ("xx县XX镇ＸＸ村", ["xx", "XX", "ＸＸ"]),
        ("xxxx年工作安排", ["xxxx"]),
        ("投资20xx万元，早熟蜜桃120xx亩", ["20xx", "xx"]),
        ("完成×.×亿元，增长×%", ["×.×", "×"]),
        ("改建×至×座", ["×", "×"]),
        ("～年工作，推进～工作", ["～", "～"]),
        ("**区委，让**焕然一新", ["**", "**"]),
        ("湖光□秀色", ["□"]),
        ("“”规划，《》办法", ["“”", "《》"]),
        ("20是“十二五”规划的第二年", ["20"]),
        ("20，是我乡丰收的一年", ["20"]),
        ("____年__月", ["____", "__"]),
    ],
)
def test_a_mask_is_found(text: str, expected: list[str]) -> None:
    assert [text[p.start : p.end] for p in find_placeholders(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "4×21万千瓦",
        "3～5个，10%～15%",
        "第XXI届",
        "20年前，20个村，20是一个数",
        "2014年1949年",
        "taxx exxon max",
        "“十二五”规划《报告》",
        "a_b 1 * 2",
        "真的吗??",
    ],
)
def test_a_sign_that_means_something_is_no_mask(text: str) -> None:
    assert find_placeholders(text) == []


def test_bold_words_at_the_head_of_a_line_are_no_masks() -> None:
    assert find_placeholders("**重点工作**：抓好教育。") == []


def test_masks_stay_in_the_clean_text_and_are_counted() -> None:
    text = "20xx年，xx镇完成投资×亿元，～年建成**大道，□□工程竣工。"
    (section,) = cut(text)
    assert section.clean_text == text
    assert section.mask_ratio == pytest.approx((4 + 2 + 1 + 1 + 2 + 2) / len(text))
    assert (
        clean("增长8.5%，投资2024余万元。全年平稳运行，群众满意。")
        == "增长8.5%，投资2024余万元。全年平稳运行，群众满意。"
    )


@given(st.text(alphabet="20xX×～*□“”《》_年是3.ab区 \n", max_size=60))
def test_placeholders_are_in_order_and_do_not_overlap(text: str) -> None:
    places = find_placeholders(text)
    assert all(p.start < p.end for p in places)
    assert all(a.end <= b.start for a, b in itertools.pairwise(places))
