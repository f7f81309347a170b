"""Facts: one row per statement of a report, however many copies make it and however often."""

import random

import pyarrow as pa
import pytest

from dedup.extraction.consistency import check_consistency, flag_observations
from dedup.extraction.facts import gather_facts, region_of_scope
from dedup.schemas.figures import FACTS
from tests.figure_rows import Report, attributions, membership, observations, sections
from tests.test_consistency_limits import conflict

SENTENCE = "全县财政收入4.40亿元，增长10%。"


def facts(*reports: Report, table: pa.Table | None = None) -> list[dict]:
    table = observations(*reports) if table is None else table
    found = gather_facts(table, membership(*reports), sections(*reports), attributions(*reports))
    assert found.schema.equals(FACTS)
    return found.to_pylist()


def revenue(text: str = SENTENCE, section: str = "s_1", *, canonical: bool = True, source: str = "a", **more) -> Report:
    report = Report(text, section, is_canonical=canonical, source=source, attribution=more.pop("attribution", {}))
    return report.says("4.40亿元", "财政收入", **more).says("10%", "财政收入", "growth", "yoy", **more)


def test_copies_never_count_twice() -> None:
    copies = [
        revenue(),
        revenue(section="s_2", canonical=False, source="b"),
        revenue(section="s_3", canonical=False, source="b"),
        Report("没有数字。", "s_4", is_canonical=False, source="c"),
    ]
    found = facts(*copies)
    assert len(found) == 2
    assert {(f["n_copies"], f["n_sources"], f["n_sections"]) for f in found} == {(3, 2, 4)}
    assert {f["section_id"] for f in found} == {"s_1"}


def test_a_figure_stated_twice_in_a_report_is_one_fact() -> None:
    report = revenue(SENTENCE + SENTENCE)
    report.says("4.40亿元", "全县财政收入").says("10%", "财政收入", "growth", "yoy")
    found = facts(report)
    assert [f["n_copies"] for f in found] == [1, 1]
    assert {f["char_start"] for f in found} == {report.start}


def test_one_value_in_two_units_is_one_fact() -> None:
    report = Report("财政收入9319万元。财政收入0.9319亿元。")
    assert len(facts(report.says("9319万元", "财政收入").says("0.9319亿元", "财政收入"))) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"obs_status": "target"},
        {"scope": "全市"},
        {"bound": "at_least"},
        {"price_basis": "constant"},
        {"aggregation": "sum"},
        {"period_text": "五年"},
        {"year": 2009},
        {"comparison": "from_to_start"},
    ],
)
def test_what_differs_in_more_than_words_is_another_fact(other: dict) -> None:
    report = Report("财政收入4.40亿元。财政收入4.40亿元。")
    report.says("4.40亿元", "财政收入", year=2008)
    assert len(facts(report.says("4.40亿元", "财政收入", **{"year": 2008} | other))) == 2


def test_what_only_a_copy_states_is_a_fact_with_its_quote() -> None:
    head = Report("全县财政收入4.40亿元，增长。")
    head.says("4.40亿元", "财政收入")
    found = {f["measure"]: f for f in facts(head, revenue(section="s_2", canonical=False))}
    assert (found["level"]["n_copies"], found["level"]["section_id"]) == (2, "s_1")
    assert (found["growth"]["n_copies"], found["growth"]["section_id"]) == (1, "s_2")
    assert found["growth"]["quote"].endswith("增长10%")


def test_a_lost_year_is_the_same_fact_and_is_not_filled() -> None:
    masked = {"period_text": "～年", "year_basis": "masked"}
    printed = {"period_text": "2008年", "year": 2008}
    for head, copy in ((masked, printed), (printed, masked)):
        reports = revenue(**head), revenue(section="s_2", canonical=False, **copy)
        found = facts(*reports)
        assert [f["n_copies"] for f in found] == [2, 2]
        assert {f["year"] for f in found} == {head.get("year")}


def test_two_years_stay_two_facts_in_a_copy_that_lost_both() -> None:
    def rates(section: str, *, canonical: bool, years: tuple[dict, dict]) -> Report:
        report = Report("失业率4%。失业率4%。", section, is_canonical=canonical)
        return report.says("4%", "失业率", "rate", **years[0]).says("4%", "失业率", "rate", **years[1])

    masked = {"year_basis": "masked"}
    found = facts(
        rates("s_1", canonical=True, years=({"year": 2007}, {"year": 2008})),
        rates("s_2", canonical=False, years=(masked, masked)),
    )
    assert sorted((f["year"], f["n_copies"]) for f in found) == [(2007, 2), (2008, 2)]


def test_copies_that_disagree_give_a_flagged_fact_each() -> None:
    head = Report("人口自然增长率控制在8‰以内。").says("8‰", "人口自然增长率", "rate", bound="at_most")
    copy = Report("人口自然增长率控制在8%以内。", "s_2", is_canonical=False)
    copy.says("8%", "人口自然增长率", "rate", bound="at_most")
    table = observations(head, copy)
    checks = check_consistency(table, attributions(head, copy), conflict("unit", copy, head, "8%", "8‰"))
    found = {f["unit"]: f for f in facts(head, copy, table=flag_observations(table, checks))}
    assert found["‰"]["flags"] == ["copies_differ: 8‰ here, 8% in 1 copy (±0)"]
    assert "copies_differ: 8% here, 8‰ in 1 copy (±0)" in found["%"]["flags"]
    assert {f["n_copies"] for f in found.values()} == {1}


def test_another_word_in_a_copy_makes_no_second_fact() -> None:
    head = Report("全县新增规模以上企业19家。").says("19家", "新增规模以上企业", "count")
    copy = Report("全县新培植规模以上企业19家。", "s_2", is_canonical=False)
    (found,) = facts(head, copy.says("19家", "新培植规模以上企业", "count"))
    assert (found["indicator"], found["n_copies"]) == ("新增规模以上企业", 2)


def test_a_copy_that_lost_what_dates_a_figure_still_states_it() -> None:
    head = revenue(year=2004, year_basis="resolved")
    copy = revenue(section="s_2", canonical=False, year=2005, year_basis="resolved", obs_status="target")
    found = facts(head, copy)
    assert {(f["n_copies"], f["year"], f["obs_status"]) for f in found} == {(2, 2004, "actual")}
    assert len(found) == 2


def test_two_printed_years_are_two_statements() -> None:
    found = facts(revenue(year=2004), revenue(section="s_2", canonical=False, year=2005))
    assert sorted((f["year"], f["n_copies"]) for f in found) == [(2004, 1), (2004, 1), (2005, 1), (2005, 1)]


def test_two_figures_of_one_report_with_like_names_stay_two() -> None:
    def villages(section: str, *, canonical: bool) -> Report:
        report = Report("硬化村组道路12公里，硬化通村道路12公里。", section, is_canonical=canonical)
        return report.says("12公里", "硬化村组道路").says("12公里", "硬化通村道路")

    found = facts(villages("s_1", canonical=True), villages("s_2", canonical=False))
    assert sorted((f["indicator"], f["n_copies"]) for f in found) == [("硬化村组道路", 2), ("硬化通村道路", 2)]


def test_clusters_share_no_facts() -> None:
    other = revenue(section="s_9")
    other.cluster_id = "c_9"
    for row in other.rows:
        row["cluster_id"] = "c_9"
    found = facts(revenue(), other)
    assert len(found) == 4
    assert len({f["fact_id"] for f in found}) == 4


def test_region_and_year_are_those_of_the_quoted_section() -> None:
    place = {"region_code": "430181", "region_name": "湖南省长沙市浏阳市", "region_level": "county"}
    report = revenue(attribution=place, year=2008)
    assert {(f["region_code"], f["region_name"], f["year"]) for f in facts(report)} == {
        ("430181", "湖南省长沙市浏阳市", 2008)
    }


@pytest.mark.parametrize(
    ("code", "name", "scope", "region"),
    [
        ("430181", "湖南省长沙市浏阳市", None, "430181"),
        ("430181", "湖南省长沙市浏阳市", "全市", "430181"),
        ("430121", "湖南省长沙市长沙县", "全县", "430121"),
        ("430121", "湖南省长沙市长沙县", "全市", "430100"),
        ("430121", "湖南省长沙市长沙县", "我省", "430000"),
        ("430121", "湖南省长沙市长沙县", "全国", None),
        ("430121", "湖南省长沙市长沙县", "园区", None),
        ("430121", "湖南省长沙市长沙县", "全镇", None),
        ("110108", "北京市海淀区", "全市", "110000"),
        ("110108", "北京市海淀区", "全区", "110108"),
        ("430121104", "湖南省长沙市长沙县黄花镇", "全镇", "430121104"),
        ("430121104", "湖南省长沙市长沙县黄花镇", "全县", "430121"),
        (None, None, "全市", None),
        (None, None, None, None),
    ],
)
def test_a_scope_names_the_place_or_one_above_it(code, name, scope, region) -> None:
    assert region_of_scope(code, name, scope)[0] == region


def test_the_order_of_rows_does_not_matter() -> None:
    reports = [
        revenue(),
        revenue(section="s_2", canonical=False, period_text="2008年", year=2008),
        revenue(section="s_3", canonical=False, period_text="～年", year_basis="masked"),
    ]
    table = observations(*reports)
    forward = facts(*reports, table=table)
    rows = list(range(table.num_rows))
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        assert facts(*reports, table=table.take(pa.array(rows))) == forward


def test_nothing_stated_gives_no_facts() -> None:
    report = Report("没有数字。")
    assert facts(report, table=observations(revenue()).slice(0, 0)) == []
