"""What has happened and what is planned: lists that a sentence announces, years ahead, parts of reports."""

from __future__ import annotations

import pytest

from dedup.extraction.zh.grammar import read_figures


def statuses(text: str) -> list[str]:
    return [figure.status for figure in read_figures(text, 0)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "2016年，市政府将集中力量办好以下民生实事：\n1．促进就业。新增就业4.5万人。\n2．办好教育。新建幼儿园20所。\n\n"
            "全市有学校320所。",
            ["target", "target", "actual"],
        ),
        ("明年要抓好以下工作：一是修路，硬化道路30公里；二是治水，疏浚河道12公里。", ["target", "target"]),
        ("今后三年，我们将实施五项工程：\n——水利。加固水库6座。\n——交通。改造桥梁9座。", ["target"] * 2),
        (
            "二、2016年工作安排\n一年来，我们主要做了以下工作：\n（一）农业\n新建大棚300座。\n（二）工业\n引进企业5家。\n"
            "三、今后的任务\n新建公厕8座。",
            ["actual", "actual", "target"],
        ),
        ("存在以下问题：一是投入少，人均耕地1.2亩；二是失业多，失业率5%。", ["actual", "actual"]),
        ("一年来，全乡重点抓了以下工作：\n1、修路。硬化道路3公里。", ["actual"]),
    ],
)
def test_what_announces_a_list_holds_for_its_items(text: str, wanted: list[str]) -> None:
    assert statuses(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # Where a change ends, or a period, is no year ahead.
        ("一、工作回顾\n城镇化率由2020年的41.2%提高到2025年的46.8%。", ["actual", "actual"]),
        ("2020年至2025年，高新技术企业从17家增加到35家。", ["actual", "actual"]),
        ("一、2016年工作回顾\n财政收入8亿元。到2020年，城镇化率达到60%。", ["actual", "target"]),
        ("一、1995年工作回顾\n总产值12亿元，提前三年实现比1980年翻两番。", ["actual", "actual"]),
        # What a plan says of the years before it.
        ("二、2010年工作安排\n2009年争取的86个项目要全部建成，新建道路20公里。", ["actual", "target"]),
        ("二、1988年任务\n财政收入2400万元，比去年增长12%。去年新建校舍800平方米。", ["target", "target", "actual"]),
        ("二、2010年任务\n去年，全区引进项目62个，到位资金38亿元。今年引进项目80个。", ["actual", "actual", "target"]),
        (
            "“十五”期间奋斗目标是：财政收入增长8%。\n“九五”时期，财政收入增长10%，2000年达到27亿元。",
            ["target", "actual", "actual"],
        ),
        ("会议强调，今年要坚定信心，工业总产值达到8.2亿元，新上项目12个。", ["target", "target"]),
        ("2013年全县工作要点\n一、农业。新发展核桃2万亩，已建成的6个合作社再扩大。", ["target", "actual"]),
        ("2022年报告重点任务分工\n1.新增企业50家。\n2.建成基站1200座。", ["target", "target"]),
        ("2012年，总投资20亿元的电厂项目已获核准，建成后年可发电60亿度。", ["actual", "target"]),
        # Aims that are told: why something was done.
        ("一、工作回顾\n为确保实现全年目标，关停小窑17座。", ["actual"]),
        ("一、工作回顾\n确保粮食安全，产量达到10万吨。", ["actual"]),
        ("一、2013年预算执行情况\n税收收入3亿元。\n二、2014年预算草案\n税收收入安排4亿元。", ["actual", "target"]),
    ],
)
def test_years_and_parts_say_what_lies_ahead(text: str, wanted: list[str]) -> None:
    assert statuses(text) == wanted


@pytest.mark.parametrize(
    "year", ["一九九五年", "二〇〇三年", "二○一二年", "二零一二年", "九五年", "今明两年", "1995年底"]
)
def test_years_in_words_are_periods_and_no_part_of_a_name(year: str) -> None:
    found = read_figures(f"{year}要实现财政收入三千万元，新建学校3所。", 0)
    assert [(f.indicator, f.period) for f in found] == [("财政收入", year), ("新建学校", year)]


def test_growth_over_a_year_in_words_is_growth_of_the_year() -> None:
    rate = read_figures("一九九五年完成产值三千万元，比九四年增长12%。", 0)[1]
    assert (rate.indicator, rate.comparison, rate.period) == ("产值", "yoy", "一九九五年")


def test_a_year_of_an_event_does_not_hold_for_what_follows() -> None:
    found = read_figures("一、2016年工作回顾\n2010年人口普查，全县人口35万人。投入资金3000万元。", 0)
    assert [f.period for f in found] == ["2010年", "2016年"]


def test_fractions_and_top_places_in_words() -> None:
    share, place, none = (
        read_figures(t, 0) for t in ("民生支出占财政支出的三分之二。", "综合实力居全市前三。", "推行二分之一工作法。")
    )
    assert [(f.indicator, round(f.value, 4), f.measure) for f in share] == [("民生支出占财政支出比重", 0.6667, "share")]
    assert [(f.value, f.bound, f.measure) for f in place] == [(3, "at_most", "rank")]
    assert none == []


def test_distances_below_are_negative() -> None:
    assert [f.value for f in read_figures("城镇登记失业率3.2%，低于控制目标1.3个百分点。", 0)] == [3.2, -1.3]
