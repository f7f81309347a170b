"""Names of figures: no more than what is measured, and all of it."""

from __future__ import annotations

import pytest

from dedup.extraction.zh.grammar import read_figures


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("耕地2.1万亩，人均2.3亩。", ["耕地", "人均耕地"]),
        ("全村237户、912人，耕地1680亩。", ["户数", "人口", "耕地"]),
        ("市里下达我区的任务是引进市外资金45亿元。", ["引进市外资金"]),
        ("各单位要组织小分队外出招商10次。", ["组织小分队外出招商"]),
        ("但投资过亿元的项目只有9个。", ["投资过亿元的项目"]),
        ("粮食总产再创历史最高水平，达到32.5万吨。", ["粮食总产"]),
        ("乡镇企业总数达到46家，实现产值2100万元。", ["乡镇企业总数", "乡镇企业产值"]),
        ("一般预算支出安排19800万元。", ["一般预算支出"]),
        ("粮食产量1.3万吨，比计划多收800吨。", ["粮食产量", "粮食产量"]),
        ("平均住院日由8.6天降至7.9天，药占比下降到26.3%。", ["平均住院日", "平均住院日", "药占比"]),
        (
            "第三产业占GDP比重超过50%，达到51.2%，提高2个百分点。",
            ["第三产业占GDP比重", "第三产业占GDP比重", "第三产业占GDP比重"],
        ),
        ("接待游客320万人次，旅游收入18亿元，增长25%和31%。", ["接待游客", "旅游收入", "接待游客", "旅游收入"]),
        ("学校、医院分别新建12所、3所。", ["新建学校", "医院"]),
        ("投资5000万元的县医院和投资3200万元的中学建成。", ["县医院投资", "中学投资"]),
        ("生产总值56亿元。其中：上半年27亿元，下半年29亿元。", ["生产总值", "生产总值", "生产总值"]),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert [figure.indicator for figure in read_figures(text, 0)] == names


def test_prices_are_those_of_the_clause_and_spans_of_years_those_of_their_sentence() -> None:
    value, rate = read_figures("生产总值（现价）123亿元，按可比价增长8%。财政收入9亿元。", 0)[:2]
    assert (value.price_basis, rate.price_basis) == ("current", "constant")
    found = read_figures("一、2016年工作回顾\n2012—2016年生产总值年均增长10.2%。新建道路12公里。", 0)
    assert [f.period for f in found] == ["2012—2016年", "2016年"]


@pytest.mark.parametrize("piece", ["1，", "1,234，", "财政收入8亿元，"])
def test_long_lists_of_numbers_take_linear_time(piece: str) -> None:
    assert len(read_figures(piece * 30_000, 0)) >= 0


def test_changes_over_several_years_are_no_changes_on_the_year_before() -> None:
    total, change = read_figures("地区生产总值达到512亿元，五年净增198亿元。", 0)
    assert (total.comparison, change.measure, change.comparison) == (None, "change_abs", None)
    mean, part = read_figures("地区生产总值两年平均增长5.8%。第一产业增加值增长7.1%。", 0)
    assert (mean.indicator, mean.comparison) == ("地区生产总值", "annual_average")
    assert (part.period, part.comparison) == (None, "yoy")


def test_a_verb_with_an_object_changes_nothing() -> None:
    found = read_figures("二是加快86个续建项目建设。", 0)
    assert [(f.indicator, f.measure, f.comparison) for f in found] == [("续建项目建设", "count", None)]
