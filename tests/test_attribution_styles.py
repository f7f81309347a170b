"""Texts of many styles, each with the place and the years that it proves itself; all places are invented."""

import pytest

from .attribution_pages import attribute

#: What it is, the text, end of the region's name, year looked back on, year planned for.
STYLES: list[tuple[str, str, str | None, int | None, int | None]] = [
    (
        "a bulletin without 我代表",
        "2016年，在市委的坚强领导下，全市上下齐心协力。全年实现地区生产总值123亿元，比上年增长8%。",
        None,
        2016,
        None,
    ),
    (
        "a bulletin signed by its office",
        "2016年，全县实现地区生产总值86.4亿元，增长8.1%。\n年末常住人口35.2万人。\n澄阳县统计局\n",
        "澄阳县",
        2016,
        None,
    ),
    (
        "a paragraph of a bulletin",
        "2013年财政性教育经费支出21.4亿元，占GDP的4.12%，比上年提高0.2个百分点。",
        None,
        2013,
        None,
    ),
    (
        "a bulletin of a place that is the subject of its figures",
        "茗溪镇2019年完成固定资产投资3亿元，增长9%。全镇农民人均纯收入2.1万元。",
        "茗溪镇",
        2019,
        None,
    ),
    (
        "a budget report, by its opening",
        "受县人民政府委托，现将2018年预算执行情况和2019年预算草案提请大会审查。\n全县一般公共预算收入完成5.2亿元。",
        None,
        2018,
        2019,
    ),
    (
        "a budget report, by its figures",
        "2018年，全县一般公共预算收入完成5.2亿元，增长6%。\n2019年，全县一般公共预算收入安排5.6亿元，增长7%。",
        None,
        2018,
        2019,
    ),
    (
        "a report of half a year",
        "一、2019年上半年工作回顾\n今年以来，开发区完成工业总产值50亿元，增长12%。\n二、2019年下半年工作安排\n完成投资110亿元。",
        None,
        2019,
        2019,
    ),
    (
        "half a year in one sentence",
        "2021年上半年，全镇实现规上工业产值12亿元，同比增长18%。下半年，我们将抓好项目，确保完成投资7亿元。",
        None,
        2021,
        None,
    ),
    (
        "a change of government",
        "（2017年1月10日在澄阳县第九届人民代表大会第一次会议上）\n各位代表：\n现在，我代表县人民政府作报告。\n"
        "过去五年，在县委领导下，地区生产总值达到86亿元，是2011年的1.7倍。\n"
        "今后五年，地区生产总值年均增长8%以上。\n今年的主要预期目标是：地区生产总值增长8.5%。",
        "澄阳县",
        2016,
        2017,
    ),
    (
        "five years, and nothing but the last printed",
        "五年来，全县面貌一新。2016年完成财政收入5亿元。今后五年，力争生产总值突破100亿元。",
        None,
        2016,
        None,
    ),
    (
        "a street office",
        "2020年，街道在区委、区政府领导下，统筹推进疫情防控和经济发展，完成税收2.38亿元，新建公园3个。",
        None,
        2020,
        None,
    ),
    (
        "a street office that speaks",
        "现在，我代表霁光街道党工委、办事处作工作报告。\n2018年，街道完成税收3.1亿元。",
        "霁光街道",
        2018,
        None,
    ),
    ("the cover of a county", "澄阳县人民政府县长　王某某\n各位代表：\n请予审议。", "澄阳县", None, None),
    (
        "a development zone",
        "2014年，开发区新签项目36个，引进资金42亿元。\n2015年，开发区将新建标准厂房20万平方米。",
        None,
        2014,
        2015,
    ),
    (
        "a township of a people of its own",
        "我代表云岫回族乡人民政府报告工作。\n2012年，全乡农村经济总收入达到6800万元，增长15%。",
        "云岫回族乡",
        2012,
        None,
    ),
    ("a banner", "现在，我代表朔岭旗人民政府报告工作。\n2015年，全旗肉羊存栏120万只。", "朔岭旗", 2015, None),
    ("a sum", "现在，我代表巴彦塔苏木人民政府报告工作。\n新建棚圈30处。", "巴彦塔苏木", None, None),
    ("a division of the corps", "兵团第十八师2019年实现生产总值120亿元，增长7%。", None, 2019, None),
    (
        "an autonomous prefecture",
        "我代表澜曲藏族自治州人民政府报告工作。\n2017年，全州接待游客1200万人次，增长20%。",
        "澜曲藏族自治州",
        2017,
        None,
    ),
    (
        "an autonomous county",
        "现在，我代表苍柏族自治县人民政府，向大会报告工作。",
        "苍柏族自治县",
        None,
        None,
    ),
    (
        "a list of tasks",
        "2016年，市政府将集中力量办好以下十件民生实事：\n一、新建幼儿园10所，新增学位2000个。\n二、改造小区20个。",
        None,
        None,
        2016,
    ),
    ("a plan of work", "2021年，镇里将实施农村饮水工程12处，新建文化广场5个。", None, None, 2021),
    ("a speech", "同志们，2018年全局要办结案件300件，确保满意率达到95%以上。", None, None, 2018),
    (
        "a county out of poverty",
        "霞岭县贫困发生率从2014年的12.3%降至2019年的0.4%。全县减贫3.2万人。",
        "霞岭县",
        None,
        None,
    ),
    ("a city with a title", "临澧川市被命名为国家卫生城市。全市森林覆盖率42%。", "临澧川市", None, None),
    ("a year in words", "二〇一六年，全镇新修道路12公里，完成工农业总产值八亿元。", None, 2016, None),
    # Nothing is proved by these.
    (
        "news that compare",
        "3月5日，澄阳县召开春耕会议。去年，该县粮食总产18万吨。与之相邻的霞岭县粮食总产20万吨。",
        None,
        None,
        None,
    ),
    ("a lesson", "我县学习霞岭县经验。霞岭县贫困发生率从12.3%降至0.4%。", None, None, None),
    ("two places", "霞岭县贫困发生率降到0.4%。澄阳县贫困发生率降到1%。", None, None, None),
    (
        "an essay on a town",
        "古镇因水而名。1998年，镇上修复古街2公里，接待游客3万人次。2006年，古镇游客达到20万人次。",
        None,
        None,
        None,
    ),
    ("a life", "2003年，我来到这个村教书，村里有200户人家。父亲那年卖了3头猪，收入1200元。", None, None, None),
    ("a visit", "昆山市人民政府市长一行来我县考察。", None, None, None),
    ("a history", "1985年，全村人均收入300元，1995年达到2000元，2005年达到6000元。", None, None, None),
    ("a census", "根据2010年第六次人口普查，全县总人口35万人。全县有乡镇12个。", None, None, None),
    ("a span", "1978年以来，全县粮食产量由5万吨增长到20万吨。", None, None, None),
    ("a horizon", "到2015年，全县农民人均纯收入达到8000元，建成小康村20个。", None, None, None),
    ("a wish", "2020年，力争实现产值翻一番，收入达到100亿元。", None, None, None),
    ("an event", "2008年5月，汶川发生地震，全县捐款300万元。", None, None, None),
    ("a year before this one", "2005年，全市投入抗旱资金3000万元。\n今年以来，全市增雨12次。", None, None, None),
    ("a later year", "2016年，全县完成投资20亿元。2018年建成公路35公里。", None, None, None),
    ("a year that is masked", "20xx年，全县财政收入完成6.2亿元。2015年完成5亿元。", None, None, None),
    ("another time", "2024年，全乡落实“十五”计划，完成产值3000万元。", None, None, None),
    ("a date to be kept", "2015年底前，完成全部12个村的改造任务，投资3000万元。", None, None, None),
    ("a chronicle", "据县志记载，1956年，全县修建水库12座，灌溉农田3万亩。", None, None, None),
    ("growth of a region", "力争地区生产总值增长6.5%，研发投入强度达到3.1%。", None, None, None),
    (
        "a law",
        "第一条 为了保护河道，制定本条例。\n第二条 违反规定的，处2000元以上罚款。\n第三条 2016年完成普查12处。",
        None,
        None,
        None,
    ),
    (
        "a law of the state",
        "2013年7月12日国务院第16次常务会议通过\n第一条 为了安全，制定本条例。\n第二条 湖北省人民政府实行属地管理。\n"
        "第三条 湖北省人民政府负责。",
        None,
        None,
        None,
    ),
    (
        "a measure",
        "1982年2月27日\n为了贯彻执行第五届全国人民代表大会第四次会议的决议，特制定本办法。",
        None,
        None,
        None,
    ),
]


@pytest.mark.parametrize(
    ("text", "region", "review", "plan"), [row[1:] for row in STYLES], ids=[row[0] for row in STYLES]
)
def test_a_text_of_any_style_is_given_what_it_proves(
    text: str, region: str | None, review: int | None, plan: int | None
) -> None:
    row = attribute(text)[0]
    assert (row["year_review"], row["year_plan"]) == (review, plan)
    assert row["region_name"] is None if region is None else (row["region_name"] or "").endswith(region)


def test_a_year_beside_figures_is_believed_less_than_a_heading() -> None:
    once = attribute("2013年财政性教育经费支出21.4亿元，占GDP的4.12%。")[0]
    often = attribute("2013年财政性教育经费支出21.4亿元。\n2013年财政性科技经费支出1.2亿元。")[0]
    heading = attribute("一、2013年工作回顾\n全县上下齐心。")[0]
    assert once["year_review_basis"] == often["year_review_basis"] == "printed"
    assert (
        0.5 < once["year_review_confidence"] < often["year_review_confidence"] < heading["year_review_confidence"] < 1
    )


def test_a_heading_of_the_year_ahead_confirms_the_year_of_the_figures() -> None:
    text = "全年财政性教育经费投入有保障。\n2013年财政性教育经费支出21.4亿元。\n二、2014年工作安排\n修路。"
    row = attribute(text)[0]
    assert (row["year_review"], row["year_plan"]) == (2013, 2014)
    assert row["year_review_confidence"] >= 0.85


def test_a_year_that_neighbours_prove_to_be_put_in_is_not_taken_from_figures() -> None:
    forged = (
        "一、2024年工作回顾\n2024年，全乡实现产值4650万元，比2024年增长9.4%。\n"
        "二、2024年工作安排\n2024年全乡的预期目标是：产值突破5000万元。"
    )
    row = attribute(forged, "2024年财政性教育经费支出21.4亿元，占GDP的4.12%。")[1]
    assert (row["year_review"], row["year_plan"]) == (None, None)
