"""What the figures of one report say of each other: growth, shares, ratios, parts, multiples."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.extraction.consistency import check_consistency, flag_observations
from dedup.extraction.consistency.ranges import growth_range, range_of
from dedup.extraction.consistency.spans import spans_in
from dedup.schemas.figures import CHECKS
from tests.figure_rows import NO_CONFLICTS, Report, attributions, observations, texts


def check(*reports: Report) -> list[dict]:
    table = check_consistency(observations(*reports), attributions(*reports), NO_CONFLICTS, texts(*reports))
    assert table.schema.equals(CHECKS)
    return table.to_pylist()


def verdicts(*reports: Report) -> list[tuple[str, bool]]:
    return [(row["rule"], row["holds"]) for row in check(*reports)]


def from_to(text: str, first: str, last: str, rate: str, *, name: str = "财政总收入", **more: object) -> Report:
    how = {"comparison": "annual_average"} | more.pop("growth", {})
    attribution = more.pop("attribution", {})
    report = Report(text, attribution=attribution)
    report.says(first, name, "level", "from_to_start", **more.pop("start", {}))
    report.says(last, name, "level", "from_to_end", **more.pop("end", {}))
    return report.says(rate, name, "growth", **how)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("五年来，财政总收入由2.50亿元增加到5.03亿元，年均增长15%。", True),
        ("五年来，财政总收入由2.50亿元增加到5.03亿元，年均增长18%。", False),
        ("三年来，财政总收入由2.50亿元增加到5.03亿元，年均增长15%。", False),
        ("“十五”期间，财政总收入由2.50亿元增加到5.03亿元，年均增长15%。", True),
        ("一、过去五年的工作\n财政总收入由2.50亿元增加到5.03亿元，年均增长15%。", True),
    ],
)
def test_annual_growth_follows_from_both_ends_and_the_years_in_words(text: str, holds: bool) -> None:
    rate = "15%" if "15%" in text else "18%"
    assert verdicts(from_to(text, "2.50亿元", "5.03亿元", rate)) == [("growth_from_to", holds)]


def test_without_a_proved_number_of_years_annual_growth_is_not_checked() -> None:
    assert verdicts(from_to("财政总收入由2.50亿元增加到5.03亿元，年均增长18%。", "2.50亿元", "5.03亿元", "18%")) == []


def test_printed_years_count_and_overwritten_ones_do_not() -> None:
    text = "财政总收入由2003年的2.50亿元增加到2008年的5.03亿元，年均增长15%。"
    years = {"start": {"year": 2003}, "end": {"year": 2008}}
    assert verdicts(from_to(text, "2.50亿元", "5.03亿元", "15%", **years)) == [("growth_from_to", True)]
    over = {"start": {"year": 1998}, "end": {"year": 2024}, "attribution": {"overwritten_year": 2024}}
    text = "财政总收入由1998年的2.50亿元增加到2024年的5.03亿元，年均增长15%。"
    assert verdicts(from_to(text, "2.50亿元", "5.03亿元", "15%", **over)) == []
    assert verdicts(from_to(f"五年来，{text}", "2.50亿元", "5.03亿元", "15%", **over)) == [("growth_from_to", True)]


@pytest.mark.parametrize("basis", ["masked", "overwritten", "none"])
def test_years_without_proof_are_not_counted(basis: str) -> None:
    text = "财政总收入由2.50亿元增加到5.03亿元，年均增长15%。"
    years = {"start": {"year": 2003}, "end": {"year": 2020, "year_basis": basis}}
    assert verdicts(from_to(text, "2.50亿元", "5.03亿元", "15%", **years)) == []


def test_another_basis_is_named() -> None:
    text = "五年来，社会消费品零售总额由4.10亿元增加到6.00亿元，同口径年均增长12.4%。"
    report = from_to(text, "4.10亿元", "6.00亿元", "12.4%", name="社会消费品零售总额")
    assert verdicts(report) == [("growth_on_other_basis", False)]
    (found,) = check(report)
    assert found["formula"] == "(6亿元 / 4.1亿元)^(1/5) - 1 = 7.913%, stated 12.4%"


@pytest.mark.parametrize(
    ("text", "rate", "holds"),
    [
        ("工业用地由120亩扩大到360亩，增长2倍。", "2倍", True),
        ("工业用地由120亩扩大到360亩，增长3倍。", "3倍", True),
        ("工业用地由120亩扩大到360亩，增长5倍。", "5倍", False),
        ("工业用地由120亩扩大到240亩，翻了1番。", "1番", True),
        ("工业用地由120亩扩大到240亩，翻了2番。", "2番", False),
        ("工业用地由120亩扩大到240亩，增长100%。", "100%", True),
        ("工业用地由120亩扩大到240亩，增长50%。", "50%", False),
    ],
)
def test_growth_over_the_whole_span(text: str, rate: str, holds: bool) -> None:
    first, last = ("120亩", "360亩") if "360亩" in text else ("120亩", "240亩")
    report = from_to(text, first, last, rate, name="工业用地", growth={"comparison": None})
    assert [v for _, v in verdicts(report)] == [holds]


def test_growth_against_last_year_is_not_the_growth_of_a_longer_span() -> None:
    text = "财政总收入由2003年的2.50亿元增加到5.03亿元，比上年增长15%。"
    assert verdicts(from_to(text, "2.50亿元", "5.03亿元", "15%", growth={"comparison": "yoy"})) == []
    text = "财政总收入由去年的2.50亿元增加到3.00亿元，增长15%。"
    found = verdicts(from_to(text, "2.50亿元", "3.00亿元", "15%", growth={"comparison": "yoy"}))
    assert found == [("growth_from_to", False)]


def test_growth_that_may_be_annual_is_not_taken_for_the_whole() -> None:
    text = "财政总收入由2.50亿元增加到5.03亿元，增长15%。"
    assert verdicts(from_to(text, "2.50亿元", "5.03亿元", "15%", growth={"comparison": None})) == []


def test_a_change_is_the_difference_of_both_ends() -> None:
    for change, holds in (("2.2个百分点", True), ("3.4个百分点", False)):
        report = Report(f"城镇化率由51.2%提高到53.4%，提高{change}。")
        report.says("51.2%", "城镇化率", "rate", "from_to_start").says("53.4%", "城镇化率", "rate", "from_to_end")
        report.says(change, "城镇化率", "change_abs")
        assert verdicts(report) == [("change_from_to", holds)]


def test_a_distance_to_others_is_no_change_of_ones_own() -> None:
    text = "城镇化率由51.2%提高到53.4%，比全市平均水平高1.6个百分点。"
    report = Report(text)
    report.says("51.2%", "城镇化率", "rate", "from_to_start").says("53.4%", "城镇化率", "rate", "from_to_end")
    # The evidence may be the whole sentence, or the clause of the distance alone.
    clause = text.index("比全市")
    for more in ({}, {"char_start": report.start + clause, "quote": text[clause:-1]}):
        found = Report(text)
        found.rows = list(report.rows)
        found.says("1.6个百分点", "城镇化率", "change_abs", **more)
        assert verdicts(found) == []


def test_crowds_of_figures_under_one_name_are_not_compared() -> None:
    pair = "财政总收入由2.50亿元增加到5.03亿元，增长50%。"
    few = Report(pair * 3)
    many = Report(pair * 40)
    for report, times in ((few, 3), (many, 40)):
        for _ in range(times):
            report.says("2.50亿元", "财政总收入", "level", "from_to_start", year=2003)
            report.says("5.03亿元", "财政总收入", "level", "from_to_end", year=2008)
            report.says("50%", "财政总收入", "growth", None)
    assert verdicts(few)
    assert verdicts(many) == []


def plan(level: str, rate: str, *, name: str = "地方财政收入", **more: object) -> Report:
    """Write a report that reached 4.00亿元 and plans `level`, a growth of `rate`."""
    text = f"全县完成{name}4.00亿元。今年的目标是：{name}{level}，增长{rate}。"
    target = {"obs_status": "target", **more.pop("target", {})}
    report = Report(text).says("4.00亿元", name, **more.pop("actual", {})).says(level, name, **target)
    return report.says(rate, name, "growth", "yoy", **target, **more.pop("growth", {}))


def test_a_plan_grows_from_what_was_reached() -> None:
    assert verdicts(plan("4.40亿元", "10%")) == [("growth_on_last_level", True)]
    (found,) = check(plan("4.40亿元", "13%"))
    assert (found["rule"], found["holds"], found["stated"]) == ("growth_on_last_level", False, 13.0)
    assert found["expected"] == pytest.approx(10)
    assert len(found["observation_ids"]) == 2
    assert len(found["base_ids"]) == 1


def test_what_was_reached_is_not_put_in_doubt_by_a_plan() -> None:
    report = plan("4.40亿元", "13%")
    table = observations(report)
    checks = check_consistency(table, attributions(report), NO_CONFLICTS)
    flags = flag_observations(table, checks).column("flags").to_pylist()
    assert [len(f) for f in flags] == [0, 1, 1]
    assert flags[1] == ["growth_on_last_level: 4.4亿元 / 4亿元 - 1 = 10%, stated 13% (±0.76)"]


@pytest.mark.parametrize(
    "different",
    [
        {"actual": {"scope": "园区"}},
        {"actual": {"period_text": "1-9月"}},
        {"actual": {"price_basis": "constant"}},
        {"actual": {"aggregation": "sum"}},
        {"actual": {"comparison": "from_to_start"}},
        {"target": {"period_text": "“十二五”末"}},
    ],
)
def test_levels_of_other_scope_period_or_prices_are_not_compared(different: dict) -> None:
    assert verdicts(plan("4.40亿元", "13%", **different)) == []


def test_a_plan_for_a_later_year_does_not_grow_from_this_one() -> None:
    report = plan("9.40亿元", "13%", target={"year": 2012})
    report.attribution = {"year_plan": 2009, "year_plan_basis": "printed"}
    assert verdicts(report) == []


def test_growth_against_another_year_is_not_compared_with_last_year() -> None:
    report = Report("全县完成财政收入4.00亿元。今年财政收入达到4.40亿元，比1998年增长80%。")
    report.says("4.00亿元", "财政收入").says("4.40亿元", "财政收入", obs_status="target")
    assert verdicts(report.says("80%", "财政收入", "growth", obs_status="target")) == []


def test_two_bounds_contradict_each_other_only_if_they_cannot_both_hold() -> None:
    at_least, at_most = {"bound": "at_least"}, {"bound": "at_most"}
    assert verdicts(plan("4.40亿元", "13%", growth=at_least)) == [("growth_on_last_level", False)]
    assert verdicts(plan("4.40亿元", "8%", growth=at_least)) == [("growth_on_last_level", True)]
    assert verdicts(plan("4.40亿元", "13%", growth=at_most)) == [("growth_on_last_level", True)]
    both = Report("全县完成财政收入4.00亿元。今年力争财政收入突破4.40亿元，增长13%以上。")
    both.says("4.00亿元", "财政收入").says("4.40亿元", "财政收入", obs_status="target", bound="over")
    both.says("13%", "财政收入", "growth", "yoy", obs_status="target", bound="at_least")
    assert verdicts(both) == [("growth_on_last_level", True)]


def test_real_growth_leaves_room_for_prices() -> None:
    assert verdicts(plan("4.52亿元", "10%", name="生产总值")) == [("growth_on_last_level", True)]
    assert verdicts(plan("5.60亿元", "10%", name="生产总值")) == [("growth_on_last_level", False)]


def test_change_and_growth_of_one_level_agree() -> None:
    for rate, holds in (("25%", True), ("31%", False)):
        report = Report(f"各项存款余额50.0亿元，比上年增加10.0亿元，增长{rate}。")
        report.says("50.0亿元", "各项存款余额").says("10.0亿元", "各项存款余额", "change_abs", "yoy")
        assert verdicts(report.says(rate, "各项存款余额", "growth", "yoy")) == [("change_and_growth", holds)]


def test_a_share_is_part_by_whole() -> None:
    for share, holds in (("80%", True), ("64%", False)):
        report = Report(f"财政收入5.00亿元，增长9%。其中税收收入4.00亿元，税收占财政收入比重{share}。")
        report.says("5.00亿元", "财政收入").says("4.00亿元", "税收收入")
        found = dict(verdicts(report.says(share, "税收占财政收入比重", "share")))
        assert found == {"share_of_whole": holds, "part_of_whole": True}


def test_a_share_of_the_product_is_that_of_the_value_added() -> None:
    for share, holds in (("40%", True), ("46%", False)):
        report = Report(f"生产总值50.0亿元。民营经济增加值20.0亿元，民营经济占GDP比重{share}。")
        report.says("50.0亿元", "生产总值").says("20.0亿元", "民营经济增加值")
        assert verdicts(report.says(share, "民营经济占GDP比重", "share")) == [("share_of_whole", holds)]


def test_terms_of_a_ratio_add_to_all() -> None:
    for last, holds in (("40.5", True), ("48.5", False)):
        report = Report(f"三次产业结构为9.1:50.4:{last}。")
        for number, name in (("9.1", "第一产业比重"), ("50.4", "第二产业比重"), (last, "第三产业比重")):
            report.says(number, name, "share")
        assert verdicts(report) == [("ratio_sum", holds)]


def test_other_ratios_need_not_add_to_all() -> None:
    report = Report("按1:2:3的比例配套资金。")
    for number in ("1", "2", "3"):
        report.says(number, "配套资金比例", "rate")
    assert verdicts(report) == []


def test_a_part_is_not_more_than_its_whole() -> None:
    for part, holds in (("1.20亿元", True), ("2.10亿元", False)):
        report = Report(f"财政总收入1.90亿元，增长12%，其中一般预算收入{part}。")
        report.says("1.90亿元", "财政总收入").says("12%", "财政总收入", "growth", "yoy").says(part, "一般预算收入")
        assert verdicts(report) == [("part_of_whole", holds)]


def test_without_of_which_nothing_is_a_part() -> None:
    report = Report("财政总收入1.90亿元，固定资产投资8.80亿元。")
    assert verdicts(report.says("1.90亿元", "财政总收入").says("8.80亿元", "固定资产投资")) == []


def test_industries_add_to_the_product() -> None:
    for last, holds in (("3.00亿元", True), ("4.00亿元", False)):
        report = Report(f"生产总值10.00亿元，第一产业增加值2.00亿元，第二产业增加值5.00亿元，第三产业增加值{last}。")
        report.says("10.00亿元", "生产总值").says("2.00亿元", "第一产业增加值")
        report.says("5.00亿元", "第二产业增加值").says(last, "第三产业增加值")
        assert verdicts(report) == [("sum_of_parts", holds)]


def test_a_multiple_is_checked_against_what_it_multiplies() -> None:
    for times, holds in (("4.5倍", True), ("3.9倍", False)):
        report = Report(f"外贸出口900万美元，是“九五”末200万美元的{times}。")
        report.says("900万美元", "外贸出口").says("200万美元", "外贸出口", obs_status="target")
        assert verdicts(report.says(times, "外贸出口", "rate")) == [("multiple_of", holds)]


def test_the_order_of_rows_does_not_matter() -> None:
    one = plan("4.40亿元", "13%")
    two = from_to("五年来财政总收入由2.50亿元增加到5.03亿元，年均增长18%。", "2.50亿元", "5.03亿元", "18%")
    two.section_id = "s_2"
    for row in two.rows:
        row["section_id"], row["observation_id"] = "s_2", f"{row['observation_id']}2"
    table = observations(one, two)
    arguments = attributions(one, two), NO_CONFLICTS, texts(one, two)
    forward = check_consistency(table, *arguments)
    backward = check_consistency(table.take(pa.array(range(table.num_rows)[::-1])), *arguments)
    assert forward.num_rows == 2
    assert forward.equals(backward)


def test_no_figure_is_dropped_or_changed() -> None:
    report = plan("4.40亿元", "13%")
    table = observations(report)
    flagged = flag_observations(table, check_consistency(table, attributions(report), NO_CONFLICTS))
    assert flagged.drop_columns("flags").equals(table.drop_columns("flags"))
    nothing = table.slice(0, 0)
    assert check_consistency(nothing, attributions(report), NO_CONFLICTS).num_rows == 0
    assert flag_observations(nothing, CHECKS.empty_table()).num_rows == 0


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("五年来，", [5]),
        ("过去三年", [3]),
        ("一、五年的回顾", [5]),
        ("“十二五”时期", [5]),
        ("“十五”计划末", []),
        ("2005年来", []),
        ("第五年", []),
        ("五年规划", []),
        ("十年间", [10]),
    ],
)
def test_spans_in_words(text: str, years: list[int]) -> None:
    assert [n for _, n in spans_in(text)] == years


amounts = st.floats(min_value=1.0, max_value=1e4)


@given(amounts, amounts, st.integers(1, 10), st.integers(0, 3), st.integers(0, 2))
def test_what_is_printed_from_true_values_is_never_flagged(
    first: float, last: float, years: int, digits: int, of_rate: int
) -> None:
    rate = ((last / first) ** (1 / years) - 1) * 100
    printed = [f"{number:.{places}f}" for number, places in ((first, digits), (last, digits), (abs(rate), of_rate))]
    start, end, growth = (range_of(float(text), text, 1.0, None) for text in printed)
    if rate < 0:
        growth = range_of(-float(printed[2]), printed[2], 1.0, None)
    assert growth_range(start, end, years).meets(growth)
