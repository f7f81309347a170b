"""Two texts, side by side: every difference is found, typed as a reader would type it, and nothing else is one."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.clusters.alignment import align_sequences
from dedup.clusters.differences import KINDS, align, apply_differences
from dedup.clusters.regions import changed_regions
from dedup.clusters.tokens import cut_tokens

# Few characters, so that texts share stretches, with everything that has a type of its own.
_FIGURES_AND_MASKS = [
    "8%",
    "8‰",
    "3.5亿元",
    "12,000吨",
    "2004年",
    "20xx年",
    "**",
    "～",
    "xx",
    "×",
    "□",
    "十五",
    "百分之三",
]
_PIECES = st.sampled_from(
    [
        *_FIGURES_AND_MASKS,
        "增",
        "长",
        "的",
        "村",
        "Yield",
        "é",
        "the ",
        "𠀀",
        "．",
        "５",
        "\n",
        "\r\n",
        "\n\n　　",
        " ",
        "　",
        "，",
        "。",
        ",",
    ]
)
_TEXTS = st.one_of(st.lists(_PIECES, max_size=40).map("".join), st.text(max_size=40))

REPORT = (
    "各位代表：现在，我代表云溪县人民政府向大会作工作报告。\n一、工作回顾\n2009年，全县实现生产总值86.4亿元，"
    "比上年增长11.3%；人口自然增长率为4.8‰，粮食总产量达到21.5万吨。\n我们新修乡村道路132公里，改造危房860户，"
    "群众出行更加方便。\n二、今年的工作\n今年要坚持把项目建设放在首位，力争引进资金12亿元以上。"
)


def kinds(a: str, b: str) -> list[tuple[str, str, str]]:
    return [(d.kind, d.a, d.b) for d in align(a, b)]


@given(_TEXTS, _TEXTS)
def test_the_differences_turn_one_text_into_the_other(a: str, b: str) -> None:
    differences = align(a, b)
    assert apply_differences(a, differences) == b
    for d in differences:
        assert a[d.a_start : d.a_end] == d.a
        assert b[d.b_start : d.b_end] == d.b
        assert d.a != d.b
        assert d.kind in KINDS
    ends = [(d.a_end, d.b_end) for d in differences]
    starts = [(d.a_start, d.b_start) for d in differences]
    assert all(e[0] <= s[0] and e[1] <= s[1] for e, s in zip(ends, starts[1:], strict=False))


@given(_TEXTS)
def test_equal_texts_have_no_differences(text: str) -> None:
    assert align(text, text) == []


@given(_TEXTS, _TEXTS)
def test_what_lies_between_the_differences_is_equal(a: str, b: str) -> None:
    at_a = at_b = 0
    for d in align(a, b):
        assert a[at_a : d.a_start] == b[at_b : d.b_start]
        at_a, at_b = d.a_end, d.b_end
    assert a[at_a:] == b[at_b:]


@given(_TEXTS)
def test_tokens_tile_a_text(text: str) -> None:
    tokens = cut_tokens(text)
    assert "".join(text[t.start : t.end] for t in tokens) == text
    assert all(t.end > t.start for t in tokens)


@given(st.lists(st.integers(0, 6), max_size=200), st.lists(st.integers(0, 6), max_size=200))
def test_anchors_never_cost_a_token(a: list[int], b: list[int]) -> None:
    edits = align_sequences(np.array(a * 3, dtype=np.int64), np.array(b + a + b, dtype=np.int64))
    out: list[int] = []
    at = 0
    for e in edits:
        out += (a * 3)[at : e.a_start] + (b + a + b)[e.b_start : e.b_end]
        at = e.a_end
    assert out + (a * 3)[at:] == b + a + b


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("人口增长率为4.8%。", "人口增长率为4.8‰。", ("unit", "4.8%", "4.8‰")),
        ("引进资金12亿元以上", "引进资金12万元以上", ("unit", "12亿元", "12万元")),
        ("增长率 8 %，", "增长率 8 ‰，", ("unit", "8 %", "8 ‰")),
        ("2004年，全县", "2024年，全县", ("year", "2004年", "2024年")),
        ("二〇〇四年度", "二〇〇五年度", ("year", "二〇〇四年度", "二〇〇五年度")),
        ("20xx年，全县", "2004年，全县", ("mask", "20xx年", "2004年")),
        ("～年，全县", "2011年，全县", ("mask", "～年", "2011年")),
        ("收入**万元", "收入35万元", ("mask", "**万元", "35万元")),
        ("养老床位×张。", "养老床位235张。", ("mask", "×张", "235张")),
        ("代表xx镇政府", "代表青石镇政府", ("mask", "xx", "青石")),
        ("修路132公里", "修路152公里", ("figure", "132公里", "152公里")),
        ("产量21.5万吨。", "产量。", ("figure", "21.5万吨", "")),
        ("投资12万元新建温室", "投资万元新建温室", ("figure", "12万元", "万元")),
        ("成绩。2004年，我们", "成绩。年，我们", ("year", "2004年", "年")),
        ("成绩。2004年，我们", "成绩。，我们", ("year", "2004年", "")),
        ("同比增长百分之八", "同比增长百分之九", ("figure", "百分之八", "百分之九")),
        ("出行更\n加方便", "出行更加方便", ("line_break", "\n", "")),
        ("总产值86\n.4亿元", "总产值86.4亿元", ("line_break", "86\n.4亿元", "86.4亿元")),
        ("各位代表： 现在", "各位代表：现在", ("space", " ", "")),
        ("今年，我们", "今年,我们", ("punctuation", "，", ",")),
        ("产量12,345吨", "产量１２３４５吨", ("punctuation", "12,345吨", "１２３４５吨")),
        ("大力推进发展", "积极推动发展", ("word", "大力推进", "积极推动")),
        ("A quick brown fox", "A slow red fox", ("word", "quick brown", "slow red")),
        ("一、工作回顾\n今年，全县稳定。", "今年，全县稳定。", ("heading", "一、工作回顾\n", "")),
        ("甲乡。乙镇。丙村。", "甲乡。丙村。", ("word", "乙镇。", "")),
    ],
)
def test_a_single_difference_has_the_type_a_reader_would_give_it(
    a: str, b: str, expected: tuple[str, str, str]
) -> None:
    assert kinds(a, b) == [expected]
    kind, left, right = expected
    assert kinds(b, a) == [(kind, right, left)]


def test_figures_in_other_words_are_still_compared_with_each_other() -> None:
    assert kinds("产量增长8%左右，", "产量提高9%以上，") == [
        ("word", "增长", "提高"),
        ("figure", "8%", "9%"),
        ("word", "左右", "以上"),
    ]


def test_figures_of_another_kind_are_not_paired() -> None:
    assert [d.kind for d in align("产量增长8%左右。", "产量达到3.5亿元之多。")] == ["word"]


def test_a_missing_paragraph_is_one_passage_cut_at_its_ends() -> None:
    paragraph = "我们新修乡村道路132公里，改造危房860户，群众出行更加方便。\n"
    assert kinds(REPORT, REPORT.replace(paragraph, "")) == [("passage_missing", paragraph, "")]


def test_several_edits_are_told_apart() -> None:
    copy = (
        REPORT.replace("2009年", "20xx年")
        .replace("11.3%", "11.5%")
        .replace("4.8‰", "4.8%")
        .replace("危房860户", "危\n房860户")
        .replace("力争", "确保")
    )
    assert kinds(REPORT, copy) == [
        ("mask", "2009年", "20xx年"),
        ("figure", "11.3%", "11.5%"),
        ("unit", "4.8‰", "4.8%"),
        ("line_break", "", "\n"),
        ("word", "力争", "确保"),
    ]


def test_differences_refuse_another_text() -> None:
    differences = align("产量21.5万吨。", "产量22.5万吨。")
    with pytest.raises(ValueError, match="another text"):
        apply_differences("产量33.3万吨。", differences)


def test_texts_of_20000_characters_with_scattered_edits_take_well_under_a_second() -> None:
    rng = np.random.default_rng(7)
    signs = np.array(list("县乡村镇工农业生产收入增长发展建设项目资金教育文化卫生，。、；"))
    letters = rng.choice(signs, 20_000)
    edited = letters.copy()
    edited[rng.choice(20_000, 800, replace=False)] = rng.choice(signs, 800)
    a, b = "".join(letters), "".join(np.delete(edited, np.s_[9_000:9_400]))
    start = time.perf_counter()
    differences = align(a, b)
    assert time.perf_counter() - start < 2.0
    assert apply_differences(a, differences) == b
    assert sum(len(d.a) for d in differences) < 3_000


def test_words_that_were_rewritten_do_not_swallow_the_mask_beside_them() -> None:
    assert kinds("今后五年，是青石镇的关键时期。", "今后～年，是**镇的重要时期。") == [
        ("mask", "五年", "～年"),
        ("mask", "青石", "**"),
        ("word", "关键", "重要"),
    ]


def test_empty_quotes_stand_for_the_quoted_words() -> None:
    assert kinds("编制“十二五”规划", "编制“”规划") == [("mask", "“十二五”", "“”")]


def test_one_numeral_for_another_is_a_figure() -> None:
    assert kinds("办好三件实事", "办好五件实事") == [("figure", "三", "五")]


def test_rewritten_words_do_not_run_on_over_the_end_of_a_sentence() -> None:
    assert kinds("形势持续向好。投入资金", "形势明显改善。筹集资金") == [
        ("word", "持续向好", "明显改善"),
        ("word", "投入", "筹集"),
    ]


@given(st.lists(_PIECES, max_size=60).map("".join), st.lists(_PIECES, max_size=8).map("".join), st.integers(0, 200))
def test_regions_hold_all_that_differs_and_begin_between_tokens(text: str, put_in: str, at: int) -> None:
    a = REPORT + text + REPORT[::-1]
    b = a[:at] + put_in + a[at + len(put_in) // 2 :]
    at_a = at_b = 0
    cuts = {t.start for t in cut_tokens(a)} | {len(a)}
    for r in changed_regions(a, b):
        assert a[at_a : r.a_start] == b[at_b : r.b_start]
        assert {r.a_start, r.a_end} <= cuts
        at_a, at_b = r.a_end, r.b_end
    assert a[at_a:] == b[at_b:]


def test_long_texts_are_cut_into_regions_too() -> None:
    a = "".join(f"第{i}村今年新修水渠{i * 7}米，改造农房{i}户。" for i in range(900))
    b = a.replace("第450村今年新修水渠3150米", "第450村去年新修水渠3155米") + "全部完工。"
    assert [(d.kind, d.a, d.b) for d in align(a, b)] == [
        ("word", "今", "去"),
        ("figure", "3150米", "3155米"),
        ("word", "", "全部完工。"),
    ]
    assert sum(r.a_end - r.a_start for r in changed_regions(a, b)) < 60
