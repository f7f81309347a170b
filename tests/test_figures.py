"""Figures of running Chinese text: what is read, under which name, and what is refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import schemas
from dedup.extraction.figures import find_figures


def figures(text: str, overwritten: int = 0) -> list[dict]:
    table = find_figures(pa.array([text], pa.large_string()), np.array([overwritten], dtype=np.int32))
    assert table.schema == schemas.FOUND_FIGURES
    return table.to_pylist()


def brief(text: str, overwritten: int = 0) -> list[tuple]:
    return [(f["indicator"], f["obs_value"], f["unit"]) for f in figures(text, overwritten)]


def only(text: str, **wanted: object) -> dict:
    found = figures(text)
    assert len(found) == 1, brief(text)
    for key, value in wanted.items():
        assert found[0][key] == value, (key, found[0])
    return found[0]


# Subjects


def test_value_and_growth_share_their_subject() -> None:
    assert brief("澜泊县地区生产总值86.4亿元，比上年增长7.3%；财政收入6.2亿元、增长9.1%。") == [
        ("澜泊县地区生产总值", 86.4, "亿元"),
        ("澜泊县地区生产总值", 7.3, "%"),
        ("财政收入", 6.2, "亿元"),
        ("财政收入", 9.1, "%"),
    ]


def test_distributed_values_go_to_their_subjects_in_order() -> None:
    assert brief("蔬菜、茶叶产值分别增长6.1%和8.4%。") == [("蔬菜产值", 6.1, "%"), ("茶叶产值", 8.4, "%")]
    assert brief("城镇、农村居民人均可支配收入分别达到31200元、15600元，分别增长8%和9.5%。") == [
        ("城镇居民人均可支配收入", 31200, "元"),
        ("农村居民人均可支配收入", 15600, "元"),
        ("城镇居民人均可支配收入", 8, "%"),
        ("农村居民人均可支配收入", 9.5, "%"),
    ]
    assert brief("存款余额52亿元，贷款余额31亿元，分别比年初增加4.1亿元和2.6亿元。")[2:] == [
        ("存款余额", 4.1, "亿元"),
        ("贷款余额", 2.6, "亿元"),
    ]


def test_a_list_may_rise_and_fall() -> None:
    assert brief("稻谷、小麦、大豆面积分别为12.5万亩、8.3万亩、6万亩，分别增长2%、下降1.5%和持平。")[3:] == [
        ("稻谷面积", 2, "%"),
        ("小麦面积", -1.5, "%"),
    ]
    assert brief("出口、进口总额分别下降2.1%、增长5.3%。") == [("出口", -2.1, "%"), ("进口总额", 5.3, "%")]


def test_the_three_industries_are_three_subjects() -> None:
    for name in ("第一、二、三产业", "一、二、三产业", "一二三产业"):
        assert brief(f"{name}增加值分别为1亿元、2亿元、3亿元。") == [
            ("第一产业增加值", 1, "亿元"),
            ("第二产业增加值", 2, "亿元"),
            ("第三产业增加值", 3, "亿元"),
        ]
    assert brief("第二、第三产业占地区生产总值的比重分别回落2.16和1.66个百分点。") == [
        ("第二产业占地区生产总值的比重", -2.16, "个百分点"),
        ("第三产业占地区生产总值的比重", -1.66, "个百分点"),
    ]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("工农业总产值十二亿三千万元。", 12.3, "亿元"),
        ("财政收入达到1亿2千万元。", 1.2, "亿元"),
        ("完成投资1亿3000万元。", 1.3, "亿元"),
        ("引资三亿五千万元。", 3.5, "亿元"),
        ("投入资金二百多万元。", 200, "万元"),
        ("完成投资约3个亿。", 3, "个亿"),
        ("工业用电量同比增长负2.3%。", -2.3, "%"),
        ("最低气温-5℃。", -5, "℃"),
        ("查处违法案件1，236起。", 1236, "起"),
        ("群众满意率达到九成。", 9, "成"),
        ("国内生产总值翻三番半。", 3.5, "番"),
    ],
)
def test_numbers_and_units_as_reports_write_them(text: str, value: float, unit: str) -> None:
    only(text, obs_value=value, unit=unit)


def test_several_years_are_summed_where_the_clause_adds_up() -> None:
    only("近三年，新建学校12所。", aggregation="sum", period_text="近三年")
    only("2011-2015年，累计投资80亿元。", aggregation="sum")
    only("2014、2015两年共投资12亿元。", aggregation="sum", period_text="2014、2015两年")
    only("2015年，新建学校12所。", aggregation="point")


def test_one_rate_of_several_subjects_is_a_row_of_each() -> None:
    assert brief("工业增加值、固定资产投资均增长12%。") == [("工业增加值", 12, "%"), ("固定资产投资", 12, "%")]
    assert brief("适龄儿童入学率、巩固率均达99%。") == [("适龄儿童入学率", 99, "%"), ("巩固率", 99, "%")]


def test_a_number_before_its_noun_is_named_by_it() -> None:
    assert brief("建成4条环湖公路，改造老旧小区23个。") == [("建成环湖公路", 4, "条"), ("改造老旧小区", 23, "个")]
    assert brief("全县7个乡镇集中供水。")[0][0].startswith("乡镇")
    assert brief("鹿溪机械等3家企业获批省级技术中心。") == [("获批省级技术中心企业", 3, "家")]


def test_lists_carry_their_verb_on() -> None:
    assert brief("新建村卫生室12所、农家书屋30个，培育市级龙头企业5家、县级18家。") == [
        ("新建村卫生室", 12, "所"),
        ("新建农家书屋", 30, "个"),
        ("培育市级龙头企业", 5, "家"),
        ("培育县级龙头企业", 18, "家"),
    ]


def test_money_is_named_by_what_it_is_spent_on() -> None:
    assert brief("投资92万元建成农村供水站12处。") == [("农村供水站投资", 92, "万元"), ("建成农村供水站", 12, "处")]
    assert brief("总投资3.6亿元的澜泊湿地公园开工建设。") == [("澜泊湿地公园总投资", 3.6, "亿元")]
    assert brief("镇政府安排60万元，用于维修水渠。") == [("镇政府维修水渠安排", 60, "万元")]


def test_chained_units_and_quantities_in_a_row() -> None:
    assert brief("打掉盗窃团伙7个31人。") == [("打掉盗窃团伙", 7, "个"), ("打掉盗窃团伙", 31, "人")]
    assert [f[1:] for f in brief("争取2个50兆瓦光伏项目并网。")] == [(2, "个"), (50, "兆瓦")]


def test_a_heading_names_what_its_paragraph_leaves_out() -> None:
    assert brief("第三产业提速发展。实现增加值31.2亿元，增长9%。") == [
        ("第三产业增加值", 31.2, "亿元"),
        ("第三产业增加值", 9, "%"),
    ]


# Measures and comparisons


def test_from_to_and_annual_average() -> None:
    found = figures("粮食总产由8.2万吨增加到11.5万吨，年均增长7%。")
    assert [(f["obs_value"], f["measure"], f["comparison"], f["aggregation"]) for f in found] == [
        (8.2, "level", "from_to_start", "point"),
        (11.5, "level", "from_to_end", "point"),
        (7, "growth", "annual_average", "mean"),
    ]
    assert {f["indicator"] for f in found} == {"粮食总产"}


def test_what_set_out_has_happened_even_in_a_plan() -> None:
    found = figures("今年的主要预期目标是：森林覆盖率由41%提高到43%。")
    assert [(f["obs_value"], f["obs_status"]) for f in found] == [(41, "actual"), (43, "target")]


def test_ratios_give_a_row_for_each_part() -> None:
    found = figures("三次产业结构由18：45：37调整为14：47：39。")
    assert [(f["indicator"], f["obs_value"], f["unit"], f["measure"], f["comparison"]) for f in found] == [
        ("第一产业比重", 18, "", "share", "from_to_start"),
        ("第二产业比重", 45, "", "share", "from_to_start"),
        ("第三产业比重", 37, "", "share", "from_to_start"),
        ("第一产业比重", 14, "", "share", "from_to_end"),
        ("第二产业比重", 47, "", "share", "from_to_end"),
        ("第三产业比重", 39, "", "share", "from_to_end"),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("城镇化率提高1.8个百分点。", {"measure": "change_abs", "comparison": "yoy", "obs_value": 1.8}),
        ("财政收入增长-2.3%。", {"measure": "growth", "obs_value": -2.3, "value_text": "-2.3"}),
        ("受理群众来信1204件（批）次。", {"unit": "件（批）次", "obs_value": 1204, "indicator": "受理群众来信"}),
        ("单位GDP能耗下降3.2%。", {"measure": "growth", "comparison": "yoy", "obs_value": -3.2}),
        ("审批时限缩短30%。", {"measure": "growth", "obs_value": -30}),
        ("茶叶产值增速高于全市平均水平0.6个百分点。", {"measure": "change_abs", "comparison": None, "bound": None}),
        ("直接融资是2015年的2.5倍。", {"measure": "rate", "comparison": None, "unit": "倍", "indicator": "直接融资"}),
        ("游客数量比1998年增长3.5倍。", {"measure": "growth", "comparison": None, "unit": "倍"}),
        ("民生支出占财政支出的71%。", {"measure": "share", "indicator": "民生支出占财政支出比重"}),
        ("参合率达到98%以上。", {"measure": "rate", "bound": "at_least", "obs_value": 98}),
        ("失业率控制在4.5%以内。", {"measure": "rate", "bound": "at_most"}),
        ("产值突破100亿元。", {"bound": "over", "value_base": 1e10, "unit_base": "元"}),
        ("新增花木面积约1000亩。", {"bound": "about", "measure": "level"}),
        ("申报项目400余个。", {"bound": "over", "unit": "个", "value_text": "400", "measure": "count"}),
        ("茶园面积达到2.1万多亩。", {"bound": "over", "unit": "万亩", "value_base": 21000}),
        ("完成工业产值5亿元（1990年不变价）。", {"price_basis": "constant"}),
        ("农业总产值2亿元（现价）。", {"price_basis": "current"}),
        ("我县综合实力居全省第4位。", {"measure": "rank", "obs_value": 4, "scope": "全省"}),
        ("工业总产值实现“翻一番”。", {"measure": "growth", "unit": "番", "obs_value": 1}),
        ("造林占任务的百分之一百一十三。", {"obs_value": 113, "unit": "%", "measure": "share"}),
    ],
)
def test_what_kind_of_number(text: str, wanted: dict) -> None:
    only(text, **wanted)


def test_ranges_are_two_rows_by_bound() -> None:
    assert [(f["obs_value"], f["bound"]) for f in figures("引进3-5个龙头企业。")] == [(3, "at_least"), (5, "at_most")]
    assert [(f["obs_value"], f["unit"]) for f in figures("经济增长4.5%—5%。")] == [(4.5, "%"), (5, "%")]


def test_scope_is_what_is_not_the_report_s_own() -> None:
    text = "全县粮食产量8万吨，全县财政收入3亿元。全市财政收入40亿元。工业园区销售收入7.8亿元。"
    assert [f["scope"] for f in figures(text)] == [None, None, "全市", "工业园区"]


# Status


def test_a_report_looks_back_then_ahead() -> None:
    text = (
        "一、2016年工作回顾\n全县财政收入9.8亿元。目前有在建项目12个。\n"
        "二、2017年工作安排\n主要预期目标是：财政收入增长8%。新建公厕20座。"
    )
    assert [f["obs_status"] for f in figures(text)] == ["actual", "actual", "target", "target"]


def test_a_key_year_opens_a_plan_only_where_modal_words_follow() -> None:
    told = "今年是脱贫攻坚的关键一年，我们投入资金860万元，硬化了道路23公里，取得明显成效。"
    planned = "今年是脱贫攻坚的关键一年。我们要坚持以项目为抓手，新建道路23公里。"
    assert {f["obs_status"] for f in figures(told)} == {"actual"}
    assert {f["obs_status"] for f in figures(planned)} == {"target"}


def test_a_piece_without_named_parts_is_judged_by_its_style() -> None:
    plan = "加快新区开发，新建公园3个。大力推进环境整治，积极促进就业，新增就业6000人，确保垃圾处理率达到95%。"
    told = "新区开发取得突破，新建公园3个，城市面貌明显改善，新增就业6000人。"
    assert {f["obs_status"] for f in figures(plan * 2)} == {"target"}
    assert {f["obs_status"] for f in figures(told * 2)} == {"actual"}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("力争引进项目30个。", "target"),
        ("争取到各级补助资金800万元。", "actual"),
        ("确保了3200户群众用上自来水。", "actual"),
        ("将新建校舍2000平方米。", "target"),
        ("完成三年行动计划，新建校舍2000平方米。", "actual"),
        ("预计全年生产总值120亿元。", "estimate"),
    ],
)
def test_modal_words_say_what_is_planned(text: str, status: str) -> None:
    only(text, obs_status=status)


# Refusals


@pytest.mark.parametrize(
    "text",
    [
        "实现财政收入xx亿元。",
        "农民人均纯收入220xx元。",
        "投资万元新建日光温室。",
        "投资20xx万元。",
        "产值×.×亿元。",
        "引进项目～个。",
        "新建通村公路.5公里。",
        "大力实施“1336”工程。",
        "沿320国道布局。",
        "创建5A级景区。",
        "2016年3月5日召开第3次会议。",
        "热线电话12345678。",
        "“十二五”规划开局良好。",
        "抓好三大战略、四项工作、五个方面。",
        "上午8:30开会。",
        "根据《条例》第12条。",
        "收支两条线管理。",
        "PM2.5治理。",
        "建设220千伏变电站。",
        "财政收入增长2023%。",
        "同比增长xx0.9%。",
        "粮食总产量达l2.5万吨，肉类总产3O56吨。",
        "建桥数十座，建房三、四百套。",
        "甲队以3:2的比分获胜。",
        "| 财政收入 | 万元 | 256,000 | 3% |",
        "全縣生產總值達到256.3億元，增長7.2%。",
    ],
)
def test_what_is_no_figure(text: str) -> None:
    assert brief(text) == []


def test_sizes_in_names_are_not_measured() -> None:
    assert brief("引进亿元以上项目12个。") == [("引进亿元以上项目", 12, "个")]
    assert brief("实施3000万元以上工业项目75个。") == [("3000万元以上工业项目", 75, "个")]
    assert brief("每10万人口拥有大学生5600人。") == [("每10万人口拥有大学生", 5600, "人")]
    assert brief("新增纳税100万元以上企业5家。") == [("新增纳税100万元以上企业", 5, "家")]
    assert [f[1:] for f in brief("有10家投资5000万元以上的企业投产。")] == [(10, "家")]


def test_an_overwritten_year_is_no_amount() -> None:
    assert brief("投资2024余万元，征地2024.5亩，新增岗位2024个，安置310户。", 2024) == [("安置", 310, "户")]
    assert brief("新增岗位2024个。") == [("新增岗位", 2024, "个")]


def test_a_line_that_lost_its_beginning_measures_nothing() -> None:
    assert brief("各项事业协调发展，总产量47\n收508万元。") == []


def test_other_languages_are_left_alone() -> None:
    assert brief("Its share grew from 50% in 2010 to 98%. The plant makes 300 t and 20 kWh.") == []


# Places


def test_offsets_point_to_number_and_evidence_whatever_blanks_the_page_put_in() -> None:
    text = "新 增小微企业 2.6 万家，茶叶产量增长 １２．５ ％。"
    found = figures(text)
    assert [text[f["value_clean_start"] : f["value_clean_end"]] for f in found] == ["2.6", "１２．５"]
    assert [f["value_text"] for f in found] == ["2.6", "１２．５"]
    assert [text[f["clean_start"] : f["clean_end"]] for f in found] == [
        "新 增小微企业 2.6 万家",
        "茶叶产量增长 １２．５ ％",
    ]
    assert [f["unit"] for f in found] == ["万家", "％"]


WORDS = """
财政收入 增长 12.5 3，200 1,234 % 亿元 万 余 个 家 亩 由 从 到 至 分别 、 ， 。 ； ： ( ） “ ” 2024 年 xx ×.× ～ 第 三
十二 百分之 分之 翻 番 占 的 比上年 以上 左右 超过 突破 新建 投资 用于 企业 等 其中 和 全市 位 : . , ** □ １２
"""
PIECES = st.sampled_from([*WORDS.split(), " ", "\n"])


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_whatever_is_read_stands_in_the_text(text: str) -> None:
    for figure in figures(text):
        assert (
            0 <= figure["clean_start"] <= figure["value_clean_start"] < figure["value_clean_end"] <= figure["clean_end"]
        )
        assert figure["clean_end"] <= len(text)
        written = text[figure["value_clean_start"] : figure["value_clean_end"]]
        assert "".join(written.split()).replace("**", "") == figure["value_text"]
        assert not set("xX×～□") & set(written)
        assert figure["measure"] in schemas.MEASURES
        assert figure["comparison"] in (None, *schemas.COMPARISONS)
        assert figure["bound"] in (None, *schemas.BOUNDS)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=20).map("".join), max_size=4))
def test_every_text_is_read_by_itself(texts: list[str]) -> None:
    together = find_figures(pa.array(texts, pa.large_string()), np.zeros(len(texts), dtype=np.int32))
    alone = [figures(text) for text in texts]
    assert together.to_pylist() == [{**f, "row": row} for row, found in enumerate(alone) for f in found]
