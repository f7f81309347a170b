"""Indicators as written, mapped to the reviewed table: precision before coverage."""

import csv
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.extraction.indicators import indicators, map_indicators, normalise_name
from dedup.reference import reference_file


def code(name: str, unit: str | None = "元", measure: str = "level") -> str | None:
    return map_indicators(pa.array([name]), pa.array([unit], pa.string()), pa.array([measure]))[0].as_py()


def test_codes_and_names_are_unique() -> None:
    with reference_file("indicators.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [c for c, n in Counter(row["code"] for row in rows).items() if n > 1] == []
    names = Counter(
        name
        for row in rows
        for name in {normalise_name(n) for n in (row["chinese"], *filter(None, row["aliases"].split("|")))}
    )
    assert [name for name, n in names.items() if n > 1] == []
    assert all(row["code"].replace("_", "").isalnum() and row["code"].islower() for row in rows)


def test_units_of_indicators_are_base_units_of_their_dimension() -> None:
    with reference_file("units.csv").open(encoding="utf-8", newline="") as file:
        dimensions = {row["base"]: row["dimension"] for row in csv.DictReader(file)}
    assert [i.code for i in indicators().values() if dimensions.get(i.unit) not in i.dimensions] == []


@pytest.mark.parametrize("indicator", indicators().values(), ids=lambda i: i.code)
def test_every_name_of_the_table_finds_its_code(indicator) -> None:
    measure = "share" if "占" in indicator.chinese else "level"
    for name in (indicator.chinese, *indicator.aliases):
        assert code(name, indicator.unit, measure) == indicator.code


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("全县地区生产总值", "gdp"),
        ("2013年全市生产总值", "gdp"),
        ("全年实现国内生产总值（GDP）", "gdp"),
        ("全社会固定资产投资", "fixed_asset_investment_whole_society"),
        ("五年累计完成固定资产投资", "fixed_asset_investment"),
        ("固定资产投资(月报口径)", "fixed_asset_investment"),
        ("我镇农民人均纯收入", "rural_net_income"),
        ("社会消费零售总额", "retail_sales"),
        ("规模以上工业实现增加值", "large_industry_value_added"),
        ("年末金融机构各项人民币存款余额", "deposits"),
        ("城镇居民家庭人均可支配收入达到", "urban_disposable_income"),
        ("农业总产值", "agriculture_gross_output"),
        ("农林牧渔业增加值", "agriculture_value_added"),
        ("税收收入", "tax_revenue"),
        ("财政总收入", "fiscal_revenue_total"),
    ],
)
def test_names_lose_place_time_and_verbs_only(name: str, expected: str) -> None:
    assert code(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "轻工业增加值",
        "园区工业增加值",
        "非公有工业增加值",
        "财政总收入和一般预算收入",
        "城乡居民人均可支配收入",
        "工资性收入",
        "旅游业增加值",
        "公路投资",
        "收入",
        "万元",
        "",
    ],
)
def test_what_only_looks_alike_has_no_code(name: str) -> None:
    assert code(name) is None


def test_unit_must_fit_the_indicator() -> None:
    assert code("地区生产总值", "%") is None
    assert code("地区生产总值", "%", "growth") == "gdp"
    assert code("地区生产总值", "个百分点", "change_abs") is None
    assert code("城镇化率", "个百分点", "change_abs") == "urbanisation_rate"
    assert code("城镇登记失业率", "人", "count") is None
    assert code("规模以上工业企业", "元") is None
    assert code("规模以上工业企业", "家", "count") == "large_industry_enterprises"
    assert code("地区生产总值", None) is None


def test_a_pollutant_alone_is_an_emission_only_where_it_changes() -> None:
    assert code("化学需氧量", "吨") is None
    assert code("化学需氧量", "%", "growth") == "cod_emissions"
    assert code("二氧化硫", "吨", "change_abs") == "so2_emissions"
    assert code("化学需氧量排放量", "吨") == "cod_emissions"


def test_growth_words_are_part_of_the_name_of_a_growth_rate_only() -> None:
    assert code("财政总收入增幅", "%", "growth") == "fiscal_revenue_total"
    assert code("财政总收入增幅", None, "rank") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("第三产业增加值占全县生产总值的比重", "tertiary_share"),
        ("服务业增加值占GDP比例", "tertiary_share"),
        ("第二产业", "secondary_share"),
        ("财政收入占GDP的比重", "fiscal_share"),
        ("服务业增加值占全国比重", None),
    ],
)
def test_shares_are_named_by_part_and_whole(name: str, expected: str | None) -> None:
    assert code(name, "%", "share") == expected


def test_order_and_repetition_of_rows_do_not_matter() -> None:
    names = ["生产总值", "财政收入", "生产总值", "无此指标", "全县生产总值"]
    units, measures = ["元", "元", "%", "元", None], ["level", "level", "growth", "level", "level"]
    forward = map_indicators(pa.array(names), pa.array(units, pa.string()), pa.array(measures)).to_pylist()
    backward = map_indicators(
        pa.array(names[::-1]), pa.chunked_array([pa.array(units[::-1], pa.string())]), pa.array(measures[::-1])
    ).to_pylist()
    assert forward == ["gdp", "fiscal_revenue", "gdp", None, None]
    assert backward == forward[::-1]
    assert (
        map_indicators(pa.array([], pa.string()), pa.array([], pa.string()), pa.array([], pa.string())).to_pylist()
        == []
    )


@given(st.text(max_size=30))
def test_any_text_is_a_name_without_code_or_a_known_one(name: str) -> None:
    assert code(name) in {None, *indicators()}


NAMES = sorted((i.chinese, i.code) for i in indicators().values() if "占" not in i.chinese)


@given(st.sampled_from(NAMES), st.sampled_from(["全县", "今年全市", "2013年", "预计全年", "五年累计", "我镇"]))
def test_whose_and_when_change_no_code(known: tuple[str, str], before: str) -> None:
    name, expected = known
    assert code(before + name, indicators()[expected].unit) == expected
