"""What cannot be whatever else a report says: rates, years, and figures that copies state differently."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pytest

from dedup.extraction.consistency import check_consistency, flag_observations
from dedup.schemas.copies import CONFLICTS
from tests.figure_rows import NO_CONFLICTS, Report, attributions, in_base, observations, texts


def failed(*reports: Report, conflicts: pa.Table = NO_CONFLICTS) -> list[dict]:
    table = check_consistency(observations(*reports), attributions(*reports), conflicts, texts(*reports))
    return [row for row in table.to_pylist() if not row["holds"]]


def stated(number: str, name: str, measure: str = "rate", text: str = "{}{}", **more: object) -> list[str]:
    report = Report(text.format(name, number) + "。").says(number, name, measure, **more)
    return [row["rule"] for row in failed(report)]


@pytest.mark.parametrize(
    ("number", "name", "measure"),
    [
        ("103.5%", "新农合参合率", "rate"),
        ("104%", "有线电视覆盖率", "rate"),
        ("120%", "垃圾集中处理率", "rate"),
        ("130%", "工业增加值占GDP比重", "share"),
        ("108%", "特色产业占农业收入比重", "share"),
        ("8%", "人口自然增长率", "rate"),
        ("-120%", "招商引资到位资金", "growth"),
    ],
)
def test_rates_that_cannot_be_are_named(number: str, name: str, measure: str) -> None:
    report = Report(f"{name}{number.lstrip('-')}。")
    report.says(number.lstrip("-"), name, measure, sign=-1 if number[0] == "-" else 1)
    assert len(failed(report)) == 1


@pytest.mark.parametrize(
    ("number", "name", "measure"),
    [
        ("100%", "新农合参合率", "rate"),
        ("8‰", "人口自然增长率", "rate"),
        ("104%", "高中阶段毛入学率", "rate"),
        ("107%", "财政收入占年计划的比重", "share"),
        ("112%", "年度任务完成率", "rate"),
        ("101.2%", "工业产品产销率", "rate"),
        ("240%", "招商引资到位资金", "growth"),
        ("103.2%", "居民消费价格指数", "rate"),
        ("3倍", "工业总产值", "rate"),
    ],
)
def test_what_may_be_more_than_all_is_not_flagged(number: str, name: str, measure: str) -> None:
    assert stated(number, name, measure) == []


def test_a_target_that_no_rate_can_reach_is_named_too() -> None:
    assert stated("8%", "人口自然增长率", bound="at_most", obs_status="target") == ["outside_possible"]


def test_a_year_compared_with_itself_is_named() -> None:
    report = Report("2024年全乡农业总产值4650万元，比2024年增长9.4%。")
    report.says("4650万元", "农业总产值", period_text="2024年")
    report.says("9.4%", "农业总产值", "growth", period_text="2024年")
    assert [row["rule"] for row in failed(report)] == ["year_compared_with_itself"]
    other = Report("2024年全乡农业总产值4650万元，比2023年增长9.4%。")
    other.says("9.4%", "农业总产值", "growth", period_text="2024年")
    assert failed(other) == []


def test_figures_reached_after_the_report_are_named() -> None:
    place = {"year_review": 2008, "year_review_basis": "printed", "year_plan": 2009, "year_plan_basis": "printed"}
    for year, status, rules in ((2012, "actual", ["year_after_report"]), (2012, "target", []), (2008, "actual", [])):
        report = Report(f"{year}年造林3万亩。", attribution=place)
        report.says("3万亩", "造林", year=year, obs_status=status)
        assert [row["rule"] for row in failed(report)] == rules


def test_spans_run_forward() -> None:
    report = Report("造林由2008年的3万亩增加到2003年的5万亩。")
    report.says("3万亩", "造林", "level", "from_to_start", year=2008)
    report.says("5万亩", "造林", "level", "from_to_end", year=2003)
    assert [row["rule"] for row in failed(report)] == ["year_order"]


def conflict(type_: str, here: Report, there: Report, quote: str, canonical: str) -> pa.Table:
    at, other = here.start + here.text.index(quote), there.start + there.text.index(canonical)
    row = {
        "conflict_id": "k_1",
        "cluster_id": here.cluster_id,
        "section_id": here.section_id,
        "canonical_section": there.section_id,
        "type": type_,
        "canonical_quote": canonical,
        "quote": quote,
        "canonical_start": other,
        "canonical_end": other + len(canonical),
        "char_start": at,
        "char_end": at + len(quote),
        "context": there.text,
    }
    return pa.Table.from_pylist([row], CONFLICTS)


def copies() -> tuple[Report, Report]:
    head = Report("人口自然增长率控制在8‰以内，新增耕地900亩。", "s_1")
    copy = Report("人口自然增长率控制在8%以内，新增耕地900亩。", "s_2", is_canonical=False, start=90)
    for report, number in ((head, "8‰"), (copy, "8%")):
        report.says(number, "人口自然增长率", "rate", bound="at_most").says("900亩", "新增耕地")
    return head, copy


def test_figures_that_copies_state_differently_are_named_in_both() -> None:
    head, copy = copies()
    found = failed(head, copy, conflicts=conflict("unit", copy, head, "8%", "8‰"))
    rules = {(row["section_id"], row["rule"]): row["formula"] for row in found}
    assert rules[("s_1", "copies_differ")] == "8‰ here, 8% in 1 copy"
    assert rules[("s_2", "copies_differ")] == "8% here, 8‰ in 1 copy"
    assert set(rules) - {("s_2", "outside_possible")} == {("s_1", "copies_differ"), ("s_2", "copies_differ")}


def test_other_words_and_years_of_copies_are_no_conflict_of_figures() -> None:
    head, copy = copies()
    for type_ in ("word", "year", "mask"):
        found = failed(head, copy, conflicts=conflict(type_, copy, head, "8%", "8‰"))
        assert [row["rule"] for row in found] == ["outside_possible"]


def test_annotated_statements_are_flagged_where_they_are_inconsistent_and_only_there(shared_folder: Path) -> None:
    rows = [
        json.loads(line) for line in (shared_folder / "gold" / "consistency_002.jsonl").read_text("utf-8").splitlines()
    ]
    page = next((shared_folder / "pages").glob("002*")).read_bytes().decode("utf-8")
    bounds = [
        json.loads(line) for line in (shared_folder / "gold" / "002.sections.jsonl").read_text("utf-8").splitlines()
    ]
    reports = {
        s["no"]: Report(page[s["start"] : s["end"]], f"s_{s['no']}", f"c_{s['no']}", start=s["start"])
        for s in bounds
        if s["no"] in {row["section_no"] for row in rows}
    }
    numbers = re.compile(r"[0-9.]+(?:万元|亿元|%)")
    for row in rows:
        report = reports[row["section_no"]]
        report._searched = row["start"] - report.start
        name = re.split("由|从|[0-9]", row["quote"].removeprefix("其中"))[0]
        found = numbers.findall(row["quote"])
        if row["cross_sentence"]:
            report.says(found[0], name, obs_status="target")
            report.says(found[1], name, "growth", "yoy", obs_status="target")
        else:
            report.says(found[0], name, "level", "from_to_start").says(found[1], name, "level", "from_to_end")
            report.says(found[2], name, "growth", "annual_average")
        for added in report.rows[-len(found) :]:
            added["quote"] = page[row["start"] : row["end"]]
            added["char_start"], added["char_end"] = row["start"], row["end"]
    table = observations(*reports.values())
    checks = check_consistency(table, attributions(*reports.values()), NO_CONFLICTS, texts(*reports.values()))
    assert checks.num_rows >= len(rows)
    flagged = flag_observations(table, checks).to_pylist()
    for row in rows:
        flags = [o["flags"] for o in flagged if o["char_start"] == row["start"]]
        assert flags
        assert any(flags) == (not row["consistent"]), (row["quote"], flags)


def test_units_of_the_builder_are_those_of_the_table() -> None:
    assert in_base(9319, "万元") == (93190000.0, "元")
    assert in_base(5, "‰") == (0.5, "%")
