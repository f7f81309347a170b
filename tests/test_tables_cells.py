"""What cells say: numbers with their units, and all that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.extraction.tables.cell_units import header_unit, stated_units, unit_for
from dedup.extraction.tables.cells import names_year, read_cell


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1,234.5", 1234.5, ""),
        ("１２．３", 12.3, ""),
        ("12.3%", 12.3, "%"),
        ("-2.1‰", -2.1, "‰"),
        ("+98", 98, ""),
        ("(5.6)", -5.6, ""),
        ("（1,205）", -1205, ""),
        ("1215.57 亿元", 1215.57, "亿元"),
        ("1.2万", 1.2, "万"),
        ("约3.5万亩", 3.5, "万亩"),
        ("95%以上", 95, "%"),
        ("十二家", 12, "家"),
        ("12.3①", 12.3, ""),
        ("12.3²", 12.3, ""),
        ("12.3%[1]", 12.3, "%"),
        ("12.30*", 12.3, ""),
        ("**1,200**", 1200, ""),
        ("12 km²", 12, "km²"),
        ("$243.5 billion", 243.5, "$ billion"),
        ("-$5.2", -5.2, "$"),
        ("￥5.2万", 5.2, "￥万"),
        ("$455/hour", 455, "$/hour"),
        ("417ms", 417, "ms"),
        ("2019", 2019, ""),
    ],
)
def test_a_cell_that_is_a_number(text: str, value: float, unit: str) -> None:
    found = read_cell(text)
    assert (found.kind, found.value, found.unit) == ("number", value, unit)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        ("—", "none"),
        ("-", "none"),
        ("……", "none"),
        ("N/A", "none"),
        ("无", "none"),
        ("××", "masked"),
        ("12**", "masked"),
        ("2×××", "masked"),
        ("20xx", "masked"),
        ("×.×%", "masked"),
        ("□□", "masked"),
        ("2019年", "year"),
        ("2019年1-6月", "year"),
        ("2019-2020", "year"),
        ("3月", "year"),
        ("1/1/2013", "year"),
        ("一", "text"),
        ("3-5", "text"),
        ("8.5：43.1：48.4", "text"),
        ("12,5", "text"),
        ("10⁵", "text"),
        ("12*", "text"),
        ("增长12%左右的速度", "text"),
        ("$3,000–$6,000", "text"),
        ("100% (1831/1831)", "text"),
        ("5A级", "text"),
        ("1" * 60, "text"),
    ],
)
def test_a_cell_that_is_no_number(text: str, kind: str) -> None:
    found = read_cell(text)
    assert (found.kind, found.value) == (kind, None)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False))
def test_numbers_are_read_as_they_were_written(number: object) -> None:
    value = float(number)  # type: ignore[arg-type]
    for written in (f"{value:,.2f}", f"{value:.2f}", f" {value:.2f}%", f"{value:.2f}③"):
        assert read_cell(written).value == value
    if value > 0:
        assert read_cell(f"({value:,.2f})").value == -value


@given(st.text(alphabet="0123456789.,%()（）×xX*年月-—约余万亿元一二三 $①", max_size=12))
def test_no_cell_breaks_the_reader_and_only_numbers_have_values(text: str) -> None:
    found = read_cell(text)
    assert (found.value is not None) == (found.kind == "number")
    if found.kind == "number":
        assert any(c.isdigit() or c in "一二三" for c in text)
        assert "××" not in text


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("产值（亿元）", "亿元"),
        ("产值(单位：万元)", "万元"),
        ("产值/亿元", "亿元"),
        ("面积，万亩", "万亩"),
        ("比上年±%", "%"),
        ("2013年 / 增长（%）", "%"),
        ("绝对值 / 亿元", "亿元"),
        ("人均（元/人）", "元/人"),
        ("Surplus ($ bn)", "$ bn"),
        ("Base, GB/s", "GB/s"),
        ("% of total", "%"),
        ("面积 万亩", "万亩"),
        ("Cost/hour", None),
        ("Amounts for 2 people", None),
        ("合计（预计）", None),
        ("地区生产总值", None),
        ("人口", None),
        ("小区", None),
        ("T", None),
        ("2019年", None),
        ("（一）", None),
    ],
)
def test_units_of_headers(header: str, unit: str | None) -> None:
    assert header_unit(header) == unit


def test_units_of_captions() -> None:
    assert stated_units("表2 主要指标 单位：亿元、%") == ("亿元", "%")
    assert stated_units("计量单位: 万元") == ("万元",)
    assert stated_units("收支情况表（万元）") == ("万元",)
    assert stated_units("单位：澜泊县统计局") == ()
    assert stated_units("澜泊县主要指标") == ()


def test_the_nearest_unit_counts_and_amounts_say_nothing_of_rates() -> None:
    assert unit_for("亿元", "产值（万元）", "", "", ("万元",)) == "亿元"
    assert unit_for("", "产值（万元）", "吨", "粮食（斤）", ("亩",)) == "万元"
    assert unit_for("", "完成值", "公里", "新建公路", ()) == "公里"
    assert unit_for("", "2013年", "", "财政收入（亿元）", ()) == "亿元"
    assert unit_for("", "增速", "", "财政收入（亿元）", ()) is None
    assert unit_for("", "增速", "", "财政收入（亿元）", ("亿元", "%")) == "%"
    assert unit_for("", "绝对值", "", "财政收入", ("亿元", "%")) == "亿元"
    assert unit_for("", "比重", "", "财政收入", ("亿元",)) is None
    assert unit_for("", "数值", "", "财政收入", ("亿元", "万人", "%")) is None
    assert unit_for("万", "面积（亩）", "", "", ()) == "万亩"
    assert unit_for("万", "", "", "", ()) == "万"


def test_years_and_dates_are_told_from_other_numbers() -> None:
    assert all(map(names_year, ["2019", "2019年", "2019.12.5", "12月", "1-6月", "2013/02/05", "二〇一三年", "一季度"]))
    assert not any(map(names_year, ["1234", "20190", "12.5", "2012.35", "2019万元", "3月份以来", "13月"]))
