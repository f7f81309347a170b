"""Years that a page put in the place of others: proved by the text itself, and honest reports believed."""

import datetime as dt

import pytest

from .attribution_pages import attribute

BOTH = (
    "一、2024年工作回顾\n2024年，全乡实现产值4650万元，比2024年增长9.4%。\n"
    "二、2024年工作安排\n2024年全乡的预期目标是：产值突破5000万元。"
)


def test_a_year_that_is_looked_back_on_and_planned_for_is_put_in() -> None:
    row = attribute(BOTH)[0]
    assert row["overwritten_year"] == 2024
    assert (row["year_review"], row["year_review_basis"]) == (None, "overwritten")
    assert (row["year_plan"], row["year_plan_basis"]) == (None, "overwritten")


def test_a_year_compared_with_itself_is_put_in() -> None:
    text = "2024年，全区生产总值完成96亿元，是2024年的2.3倍。\n做好2024年的工作，意义重大。"
    assert attribute(text)[0]["overwritten_year"] == 2024


def test_an_event_of_another_year_proves_it_and_dates_the_report() -> None:
    text = (
        "刚刚过去的2024年，是全面实施“十二五”规划的开局之年。\n"
        "2024年是党的十八大召开之年，也是关键一年。2024年工作的总体要求是：稳。"
    )
    row = attribute(text)[0]
    assert row["overwritten_year"] == 2024
    assert (row["year_review"], row["year_plan"]) == (2011, 2012)
    assert row["year_plan_basis"] == "inferred"


def test_a_year_beside_a_five_year_plan_of_another_time_is_put_in() -> None:
    text = "一、“十一五〞及2023年工作回顾\n“十一五〞期间，全区上下齐心。\n2023年，全区增长9%。"
    row = attribute(text)[0]
    assert (row["overwritten_year"], row["year_review"], row["year_review_basis"]) == (2023, 2010, "inferred")


def test_a_report_that_follows_a_congress_of_long_ago_is_not_of_now() -> None:
    text = (
        "2024年是全面贯彻党的十六大和十六届三中全会精神的重要一年。2024年工作的主要任务是修路。\n"
        "以党的十六届三中全会精神为指导，全县上下齐心。"
    )
    row = attribute(text)[0]
    assert row["overwritten_year"] == 2024
    assert row["year_plan"] == 2004


def test_a_report_cannot_be_older_than_what_it_speaks_of() -> None:
    text = "2010年工作的主要任务是：深入贯彻党的十九大精神，实施乡村振兴战略。2010年是关键一年。"
    assert attribute(text)[0]["overwritten_year"] == 2010


def test_quantities_that_are_the_year_prove_it_where_they_repeat() -> None:
    text = (
        "2024年工作的主要任务是：新增温室2024亩，安装垃圾桶2024个，修路12公里。\n2024年是关键一年，要做好2024年的工作。"
    )
    assert attribute(text)[0]["overwritten_year"] == 2024


@pytest.mark.parametrize(
    "text",
    [
        # Both years printed.
        "一、2018年工作回顾\n2018年，全县增长9%。\n二、2019年工作安排\n2019年的主要任务是修路。",
        # The year ahead is only called 今年, and the year behind is praised as a key year.
        "一、2019年工作回顾\n2019年是决胜小康的关键之年。面对压力，我们实干。\n二、今年工作安排\n今年的主要任务是修路。",
        # Targets of the year that is looked back on.
        "一、2019年工作回顾\n2019年各项目标任务全面完成，2019年预期目标如期实现。\n二、今年工作\n今年的重点任务是修路。",
        # Round numbers in a report of a round year.
        "一、2000年工作回顾\n2000年，种烟2000亩，修渠2000米，受益2000户。\n二、2001年工作安排\n2001年的主要任务是修路。",
        # The first half is reviewed, the second planned.
        "一、2016年上半年工作回顾\n上半年，全镇产值3亿元。\n二、2016年下半年工作安排\n2016年下半年的重点任务是修路。",
        # A year later than the congress it follows.
        "一、2016年工作回顾\n2016年，我们贯彻党的十八大精神。\n二、2017年工作安排\n2017年是党的十九大召开之年，2017年的主要任务是修路。",
        # End of year against beginning of year.
        "一、2018年工作回顾\n2018年末存款比2018年初增加3亿元。\n二、2019年工作安排\n2019年的主要任务是修路。",
    ],
)
def test_honest_reports_are_believed(text: str) -> None:
    row = attribute(text)[0]
    assert row["overwritten_year"] is None
    assert row["year_review"] is not None


def test_one_text_of_a_page_makes_the_same_year_doubtful_in_its_neighbours() -> None:
    neighbour = "2024年，全县实现产值4亿元，增长8%。"
    alone = attribute(neighbour)[0]
    assert (alone["year_review"], alone["overwritten_year"]) == (2024, None)
    beside = attribute(BOTH, neighbour)[1]
    assert (beside["year_review"], beside["year_review_basis"], beside["overwritten_year"]) == (
        None,
        "overwritten",
        2024,
    )


def test_a_neighbour_that_tells_years_apart_is_believed() -> None:
    honest = "一、2023年工作回顾\n2023年，全县增长9%。\n二、2024年工作安排\n2024年的主要任务是修路。"
    row = attribute(BOTH, honest)[1]
    assert (row["year_review"], row["year_plan"], row["overwritten_year"]) == (2023, 2024, None)


def test_years_after_the_day_of_publication_are_not_believed() -> None:
    text = "2019年的主要任务是修路，做好2019年的工作。"
    assert attribute(text, published={"d": dt.date(2011, 3, 1)})[0]["year_plan"] is None
    assert attribute(text, published={"d": dt.date(2019, 3, 1)})[0]["year_plan"] == 2019


def test_a_text_that_tells_years_apart_is_believed_less_against_the_date_of_its_page() -> None:
    text = "一、2018年工作回顾\n2018年，全县增长9%。\n二、2019年工作安排\n2019年的主要任务是修路。"
    early = attribute(text, published={"d": dt.date(2011, 3, 1)})[0]
    late = attribute(text, published={"d": dt.date(2019, 3, 1)})[0]
    assert (early["year_review"], early["year_plan"]) == (late["year_review"], late["year_plan"]) == (2018, 2019)
    assert early["year_plan_confidence"] < late["year_plan_confidence"]


def test_a_weak_sign_proves_nothing_but_takes_belief_away() -> None:
    text = "2024年，在县委领导下，全县上下齐心。\n二、2024年工作安排\n2024年的主要任务是修路。"
    row = attribute(text)[0]
    assert (row["overwritten_year"], row["year_review"], row["year_plan"]) == (None, None, None)


def test_two_parts_of_a_report_that_carry_one_year_are_not_believed() -> None:
    # The second heading is damaged, so that its words give the year no role.
    text = "一、2024年工作回顾\n2024年，全乡实现产值4650万元。\n二、2024年工改作\n新修渠道12公里。"
    row = attribute(text)[0]
    assert row["year_review"] is None
    honest = "一、2024年工作回顾\n2024年，全乡实现产值4650万元。\n二、2024年存在的问题\n渠道失修。"
    assert attribute(honest)[0]["year_review"] == 2024
