"""Which year a report looks back on and which it plans for: by its own words, never by its heading."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .attribution_pages import attribute, years

REVIEW = "一、{r}年工作回顾\n{r}年，全县实现生产总值80亿元，增长9%。"
PLAN = "二、{p}年工作安排\n{p}年全县经济社会发展的主要预期目标是：生产总值增长10%。"


def test_both_years_are_printed_where_headings_say_them() -> None:
    assert years(REVIEW.format(r=2018) + PLAN.format(p=2019)) == (2018, "printed", 2019, "printed")


@pytest.mark.parametrize("year", ["二〇一八", "二○一八", "２０１８", "2018"])
def test_years_are_read_however_they_are_written(year: str) -> None:
    text = f"一、{year}年工作回顾\n过去一年，我们做了三件事。"
    assert years(text)[:2] == (2018, "printed")


def test_a_cover_date_of_spring_dates_both_years() -> None:
    text = (
        "——2013年1月18日在澜泊县第十五届人民代表大会第二次会议上\n各位代表：\n"
        "过去的一年，在县委领导下，我们做了很多事。\n今年政府工作的总体要求是：稳中求进。"
    )
    assert years(text) == (2012, "resolved", 2013, "printed")


def test_a_cover_date_of_december_plans_for_the_next_year() -> None:
    text = "——2015年12月28日在筠岙镇第八届人民代表大会第九次会议上\n今年以来，全镇上下同心。\n明年的主要任务是：修路。"
    assert years(text)[2] == 2016


def test_the_date_of_a_law_dates_no_report() -> None:
    text = "2013年1月18日澜泊县第十五届人民代表大会常务委员会第二次会议通过\n第一条 为了保护河道，制定本条例。"
    assert years(text) == (None, "none", None, "none")


def test_relative_words_are_resolved_against_the_printed_year() -> None:
    text = "2019年是决胜之年，我们要做好今年工作。今年工作的总体要求是：稳。\n过去一年，在县委领导下，全县上下齐心。"
    assert years(text) == (2018, "resolved", 2019, "printed")


def test_a_plan_alone_does_not_look_back() -> None:
    assert years("三、2008年工作安排\n2008年镇政府工作的总体思路是：修路。") == (None, "none", 2008, "printed")


def test_one_mistyped_year_is_outvoted() -> None:
    text = (
        "一、2006年工作回顾\n2006年，是我镇很不平凡的一年，各项工作成效显著。\n2006年，我们把修路放在首位。\n"
        "2007年是加快发展的关键一年。\n2006年全镇经济和社会发展的预期目标是：增长一成。"
    )
    assert years(text) == (2006, "printed", 2007, "printed")


def test_half_a_year_is_reviewed_and_the_other_half_planned() -> None:
    text = "一、2016年上半年工作回顾\n今年以来，全镇实现产值3亿元。\n二、2016年下半年工作安排\n重点任务是修路。"
    assert years(text) == (2016, "printed", 2016, "printed")


def test_a_target_for_a_later_year_is_no_plan_year() -> None:
    text = "一、2018年工作回顾\n2018年，全县上下齐心。\n到2020年，全县生产总值突破百亿元。"
    assert years(text)[0] == 2018
    assert years(text)[2] is None


@pytest.mark.parametrize(
    "text",
    [
        "各位代表，我们要谋划2035年，为2020年全面建成小康社会的奋斗目标打好基础。",
        "制定“十四五”规划和2035年远景目标的主要任务。",
        "过去一年，在县委领导下，全县上下齐心。2008年，全县实现产值3亿元。",
        "2008年是极不寻常的一年。2011年，全县实现产值3亿元；2012年，全县实现产值4亿元。",
        "2020年，力争实现产值翻一番。",
        "从2015年开始，比2014年的主要任务更重。",
    ],
)
def test_years_that_are_only_named_date_no_report(text: str) -> None:
    assert (years(text)[0], years(text)[2]) == (None, None)


@pytest.mark.parametrize(
    ("sentence", "planned"),
    [
        ("今年是“十二五”规划的开局之年，做好今年工作意义重大。", 2011),
        ("20xx年是实施“十一五”规划的最后一年，也是关键一年。", 2010),
        ("xx年是“十三五”规划的收官之年，也是决胜之年。", 2020),
        ("今年是党的十九大召开之年，也是重要一年。", 2017),
        ("今年是全面贯彻落实党的十八大精神的开局之年。", 2013),
        ("今年是新中国成立70周年，是关键之年。", 2019),
        ("今年是建党九十周年，也是重要的一年。", 2011),
        ("今年是全面完成“十五”计划、衔接“十一五”规划的重要一年。", 2005),
    ],
)
def test_events_date_a_year_that_is_masked_or_only_pointed_at(sentence: str, planned: int) -> None:
    text = "一、工作回顾\n过去一年，在县委领导下，全县上下齐心。\n" + sentence
    assert years(text) == (planned - 1, "inferred", planned, "inferred")


def test_the_latest_plenary_session_dates_a_report_of_the_next_spring() -> None:
    text = (
        "过去一年，在县委领导下，我们贯彻党的十六大和十六届三中、四中全会精神。\n"
        "今年工作的指导思想是：认真贯彻党的十六届三中、四中全会精神。"
    )
    assert years(text) == (2004, "inferred", 2005, "inferred")


def test_a_congress_alone_dates_nothing_for_it_is_cited_for_years() -> None:
    text = "过去一年，在县委领导下，我们贯彻党的十八大精神。\n今年工作的指导思想是：全面贯彻党的十八大精神。"
    assert years(text) == (None, "none", None, "none")


def test_a_heading_that_puts_a_masked_year_beside_a_five_year_plan_dates_it() -> None:
    text = "一、“十一五”期间及20xx年工作回顾\n全县上下齐心。\n二、“十二五”主要目标和20xx年工作任务\n修路。"
    assert years(text) == (2010, "inferred", 2011, "inferred")


def test_a_report_on_a_whole_term_is_not_dated_by_the_sessions_it_cites() -> None:
    text = "五年来，在镇党委领导下，我们贯彻党的十九届二中、三中、四中、五中全会精神。\n今后五年，我镇要修路。"
    assert years(text) == (None, "none", None, "none")


def test_events_that_disagree_date_nothing() -> None:
    text = "今年是“十二五”规划的开局之年，也是关键一年。\n今年是“十三五”规划的开局之年，也是关键一年。"
    assert years(text)[2] is None


@pytest.mark.parametrize("mask", ["20xx年", "202x年", "20××年", "xx年", "XX年", "20**年", "～年"])
def test_masked_years_stay_masked(mask: str) -> None:
    text = f"一、{mask}工作回顾\n{mask}，是我镇很不平凡的一年。\n二、{mask}工作安排\n{mask}政府工作的主要任务是修路。"
    assert years(text) == (None, "masked", None, "masked")


def test_a_heading_of_the_site_is_no_evidence() -> None:
    text = "各位代表：\n过去一年，在县委领导下，全县上下齐心。\n今年工作的总体要求是：稳。"
    row = attribute(text, titles={"d": ["2021年澜泊县政府工作报告"]})[0]
    assert (row["year_review"], row["year_plan"], row["region_name"]) == (None, None, None)


FRAGMENTS = st.sampled_from(
    [
        "2018年，",
        "20xx年",
        "今年",
        "去年",
        "明年",
        "过去一年，",
        "是“十二五”规划的开局之年",
        "工作回顾\n",
        "的主要任务是",
        "。",
        "党的十八届三中全会精神",
        "2024年",
        "增长8%",
        "做好",
        "迎接党的十九大召开",
        "\n",
        "一、",
        "上半年",
        "二〇一一年",
        "9999年",
        "新中国成立六十周年",
        "我代表澜泊县人民政府",
        "平安信州",
        "我县",
        "下半年工作安排",
        "德惠市人民",
    ]
)


@given(st.lists(FRAGMENTS, max_size=30).map("".join))
def test_evidence_is_quoted_and_years_are_plausible_whatever_the_text(text: str) -> None:
    row = attribute(text)[0]
    for name in ("region", "year_review", "year_plan"):
        evidence = row[f"{name}_evidence"]
        assert evidence is None or evidence in text
    for name in ("year_review", "year_plan"):
        year, basis = row[name], row[f"{name}_basis"]
        assert (year is None) == (basis in ("none", "masked", "overwritten"))
        assert year is None or 1949 <= year <= 2100
        assert (row[f"{name}_confidence"] > 0) == (year is not None)
