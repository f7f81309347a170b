"""Copies of one report: every place in which they disagree is quoted whole, figures first, and nothing else is."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.clusters.conflicts import CONFLICT_TYPES, conflicts_between
from dedup.clusters.copies import CONFLICTS_PER_COPY, COPIES_PER_TEXT, examine_copies, find_conflicts
from dedup.clusters.differences import align

REPORT = (
    "各位代表：现在，我代表岚桥县人民政府向大会作工作报告。\n一、工作回顾\n2009年，全县实现生产总值86.4亿元，"
    "比上年增长11.3%；人口自然增长率为4.8‰，粮食总产量达到21.5万吨。\n我们新修乡村道路132公里，改造危房860户，"
    "群众出行更加方便。重点抓好七个方面的工作。\n二、今年的工作\n今年要坚持把项目建设放在首位，力争引进资金12亿元以上。"
)
_PIECES = st.sampled_from(
    [
        "8%",
        "8‰",
        "3亿元",
        "2004年",
        "20xx年",
        "～",
        "xx",
        "年",
        "七个",
        "增",
        "长",
        "村",
        "the ",
        "\n",
        " ",
        "，",
        "。",
        "一、",
        "-5",
    ]
)
_TEXTS = st.lists(_PIECES, max_size=30).map("".join)


def found(a: str, b: str) -> list[tuple[str, str, str]]:
    return [(c.type, a[c.a_start : c.a_end], b[c.b_start : c.b_end]) for c in conflicts_between(a, b, align(a, b))]


def table(texts: list[str], canonical: list[int] | None = None, order: list[int] | None = None) -> pa.Table:
    n = len(texts)
    return find_conflicts(
        pa.array(texts, pa.large_string()),
        np.array(canonical if canonical is not None else [0] * n, dtype=np.int64),
        np.array(order if order is not None else range(n), dtype=np.int64),
    )


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("人口增长率为8%以内", "人口增长率为8‰以内", ("unit", "8%", "8‰")),
        ("成绩喜人。2004年，我们抓项目", "成绩喜人。年，我们抓项目", ("year", "2004年", "年")),
        ("～年，全区完成", "2024年，全区完成", ("year", "～年", "2024年")),
        ("20xx年，全区完成", "xx年，全区完成", ("year", "20xx年", "xx年")),
        ("新增投资万元，", "新增投资20xx万元，", ("mask", "万元", "20xx万元")),
        ("～完成了任务", "圆满完成了任务", ("mask", "～", "圆满")),
        ("做好以下七个方面的工作", "做好以下方面的工作", ("figure", "以下七个方面", "以下方面")),
        ("建成三个园区", "建成五个园区", ("figure", "三个", "五个")),
        ("修路132公里", "修路152公里", ("figure", "132公里", "152公里")),
        ("引进资金12亿元以上", "引进资金12万元以上", ("unit", "12亿元", "12万元")),
        ("增速-5.3%，", "增速5.3%，", ("figure", "-5.3%", "5.3%")),
        ("东风桃园建设", "东风核桃园建设", ("word", "东风桃园", "东风核桃园")),
        ("攻坚克难", "攻坚破难", ("word", "克", "破")),
        ("完成产值，增长11.3%；发展", "完成产值；发展", ("figure", "产值，增长11.3%", "产值")),
        ("2009年全县工作", "去年全县工作", ("year", "2009年", "去年")),
    ],
)
def test_a_conflict_has_a_type_and_quotes_what_a_reader_needs(a: str, b: str, expected: tuple[str, str, str]) -> None:
    kind, left, right = expected
    assert found(a, b) == [expected]
    assert found(b, a) == [(kind, right, left)]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("今年，我们", "今年,我们"),
        ("出行更\n加方便", "出行更加方便"),
        ("### （二）抓好生产\n今年", "(二) 抓好生产\n今年"),
        ("二、抓好生产\n今年", "2．抓好生产\n今年"),
        ("产量12,345吨", "产量１２３４５吨"),
        ("幸福xx建设", "幸福XX建设"),
        ("各位代表： 现在", "各位代表：现在"),
        ("成绩来之不易，一是抓得紧，", "成绩来之不易，二是抓得紧，"),
    ],
)
def test_signs_white_space_and_marks_of_headings_are_no_conflicts(a: str, b: str) -> None:
    assert found(a, b) == []


@given(_TEXTS)
def test_a_text_has_no_conflicts_with_itself(text: str) -> None:
    assert found(text, text) == []


@given(_TEXTS, _TEXTS)
def test_offsets_lie_in_the_texts_and_quote_something_that_differs(a: str, b: str) -> None:
    for c in conflicts_between(a, b, align(a, b)):
        assert 0 <= c.a_start <= c.a_end <= len(a)
        assert 0 <= c.b_start <= c.b_end <= len(b)
        assert a[c.a_start : c.a_end] != b[c.b_start : c.b_end]
        assert c.type in CONFLICT_TYPES


@given(st.lists(_TEXTS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_rows_quote_the_texts_whatever_the_order_of_the_members(texts: list[str], random: object) -> None:
    rows = table(texts).to_pylist()
    for row in rows:
        assert texts[row["row"]][row["clean_start"] : row["clean_end"]] == row["quote"]
        canonical = texts[row["canonical_row"]]
        assert canonical[row["canonical_clean_start"] : row["canonical_clean_end"]] == row["canonical_quote"]
    moved = list(range(len(texts)))
    random.shuffle(moved)  # type: ignore[attr-defined]
    place = {old: new for new, old in enumerate(moved)}
    again = table([texts[i] for i in moved], [place[0]] * len(texts), moved).to_pylist()
    key = ("canonical_row", "row")
    assert sorted(map(str, rows)) == sorted(str({**r, **{k: moved[r[k]] for k in key}}) for r in again)


def test_figures_stand_before_words_and_each_copy_has_its_rows() -> None:
    copy = REPORT.replace("11.3%", "13.1%").replace("方便", "便利").replace("4.8‰", "4.8%")
    rows = table([REPORT, copy, REPORT, copy]).to_pylist()
    assert [(r["type"], r["row"]) for r in rows] == [
        ("figure", 1), ("figure", 3), ("unit", 1), ("unit", 3), ("word", 1), ("word", 3),
    ]  # fmt: skip
    assert rows[0]["context"].startswith("2009年，全县实现生产总值86.4亿元，比上年增长11.3%；")
    assert all(r["canonical_quote"] in r["context"] for r in rows)


def test_rows_of_reference_sources_and_sections_without_copies_are_left_alone() -> None:
    assert table([REPORT, REPORT.replace("860户", "680户")], canonical=[0, -1]).num_rows == 0
    assert table([REPORT, REPORT.replace("860户", "680户")], canonical=[0, 1]).num_rows == 0


def test_what_is_too_much_is_counted() -> None:
    words = "金木水火土石山川河海"
    a = "。".join(f"{words[i % 10]}{words[i // 10 % 10]}{words[i // 100]}之{i % 7}" for i in range(700))
    b = a.replace("之", "与")
    copies = examine_copies(pa.array([a, b, b], pa.large_string()), np.zeros(3, dtype=np.int64), np.arange(3))
    assert copies.conflicts.num_rows == 2 * CONFLICTS_PER_COPY
    assert copies.conflicts_dropped == 2 * (700 - CONFLICTS_PER_COPY)
    assert (copies.distinct_pairs, copies.equal_copies) == (1, 1)


def test_thousands_of_equal_copies_say_the_same_once_more_only_so_often() -> None:
    texts = ["打好坚实基础。今年修路8公里", *["打好坚实基矗今年修路9公里"] * (COPIES_PER_TEXT + 5)]
    copies = examine_copies(
        pa.array(texts, pa.large_string()), np.zeros(len(texts), dtype=np.int64), np.arange(len(texts))
    )
    assert (copies.conflicts.num_rows, copies.conflicts_dropped) == (2 * COPIES_PER_TEXT, 10)
    assert (copies.repairs.num_rows, copies.repairs_dropped) == (COPIES_PER_TEXT, 5)
