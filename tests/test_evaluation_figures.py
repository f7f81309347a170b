"""Evaluation of figures, years and places: what counts as found, named, invented, right."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from dedup.evaluation import evaluate, write_sample
from dedup.evaluation.truth import read_truth
from tests.test_evaluation import SmallRelease, known, listed

TEXT = (
    "澜泊县2012年生产总值96.4亿元，增长11.2%；发放低保金××万元，征地2024亩。\n"
    "“十一五”收官之年，新建校舍6所，铺设管网12公里，植树8,600株。\n"
)
URI = "site/1.txt"
INDICATORS = {
    "96.4": ("亿元", "生产总值"),
    "11.2": ("%", "生产总值"),
    "××": ("万元", "低保金"),
    "2024": ("亩", "征地"),
    "6": ("所", ""),
    "12": ("公里", "管网"),
    "8,600": ("株", "植树"),
}
STATES = {"××": "masked", "2024": "overwritten", "12": "unit_lost"}


def at(value: str) -> int:
    # The unit behind it tells 6 from 96.4 and 12 from 2012.
    return TEXT.index(value + INDICATORS[value][0])


def figure(value: str) -> dict:
    unit, indicator = INDICATORS[value]
    return {"uri": f"pages/{URI}", "char_start": at(value), "char_end": at(value) + len(value), "value": value,
            "unit": unit, "indicator": indicator, "state": STATES.get(value, "printed")}  # fmt: skip


def observed(value: str, unit: str | None = None, indicator: str | None = None, obs_value: float | None = None) -> dict:
    true_unit, true_indicator = INDICATORS.get(value, ("", ""))
    number = float(value.replace(",", "")) if obs_value is None else obs_value
    return {"doc_id": f"d_{URI}", "value_start": at(value), "value_end": at(value) + len(value), "obs_value": number,
            "value_text": value, "unit": true_unit if unit is None else unit,
            "indicator": true_indicator if indicator is None else indicator}  # fmt: skip


def release_of(observations: list[dict], attribution: dict | None = None, extracted: bool = True) -> SmallRelease:
    release = SmallRelease({URI: [("s1", TEXT)]}, [], {})
    nothing = {"year_review": None, "year_review_basis": "none", "year_plan": None, "year_plan_basis": "none",
               "overwritten_year": None, "region_code": None, "own_name": None}  # fmt: skip
    release.rows |= {
        "observations": observations,
        "attributions": [{"section_id": "s1"} | nothing | (attribution or {})],
    }
    release.manifest["datasets"] = {name: {"rows": len(rows)} for name, rows in release.rows.items()}
    release.manifest["settings"]["extract"] = {"enabled": extracted}
    return release


def truth_of(folder: Path, values: list[str] | None = None, **more: object) -> Path:
    row = known("t1", f"pages/{URI}", (0, len(TEXT)), TEXT) | {"figures": "all"} | more
    other = known("t2", "pages/site/2.txt", (0, 9), TEXT) | dict.fromkeys(("figures", *more))
    listed(folder / "truth.sections.jsonl", [row, other])
    pair = {"section_a": "t1", "section_b": "t2", "relation": "variant", "jaccard": 0.1, "meets": False}
    listed(folder / "truth.pairs.jsonl", [pair])
    listed(folder / "truth.figures.jsonl", [figure(v) for v in (INDICATORS if values is None else values)])
    return folder


def test_figures_count_as_found_with_their_value_and_unit_at_their_place(tmp_path: Path) -> None:
    found = [observed("96.4"), observed("11.2", unit="％"), observed("6", unit="个"), observed("8,600", obs_value=860)]
    score = evaluate(release_of(found), truth_of(tmp_path)).figures
    assert score is not None
    # Expected are 96.4, 11.2, 6 and 8,600: one has another unit, one another value.
    assert (score.expected, score.found) == (4, 2)
    assert (score.judged, score.right) == (4, 2)
    assert score.recall == score.precision == 0.5


def test_falls_are_negative_in_a_release_and_not_in_a_truth(tmp_path: Path) -> None:
    score = evaluate(release_of([observed("11.2", obs_value=-11.2)]), truth_of(tmp_path)).figures
    assert score is not None
    assert (score.found, score.right) == (1, 1)


def test_a_figure_whose_unit_was_lost_is_neither_wanted_nor_wrong(tmp_path: Path) -> None:
    score = evaluate(release_of([observed("12")]), truth_of(tmp_path)).figures
    assert score is not None
    assert (score.found, score.judged) == (0, 0)


def test_a_masked_or_overwritten_number_that_was_taken_speaks_against_the_release(tmp_path: Path) -> None:
    truth = truth_of(tmp_path)
    clean = evaluate(release_of([observed("96.4")]), truth)
    assert clean.figures is not None
    assert clean.figures.invents_nothing
    assert clean.passed
    taken = evaluate(release_of([observed("96.4"), observed("2024"), observed("××", obs_value=5)]), truth)
    assert taken.figures is not None
    assert (taken.figures.masked, taken.figures.masked_taken) == (1, 1)
    assert (taken.figures.overwritten, taken.figures.overwritten_taken) == (1, 1)
    # The overwritten one is a number in digits and counts as wrong; `××` is none.
    assert (taken.figures.judged, taken.figures.right) == (2, 1)
    assert not taken.passed


@pytest.mark.parametrize(
    ("named", "right"), [("全县生产总值", 1), ("地区生产总值", 1), ("生产总植", 1), ("财政收入", 0), ("", 0)]
)
def test_an_indicator_is_right_when_a_reader_would_take_it_for_the_true_one(
    tmp_path: Path, named: str, right: int
) -> None:
    found = [observed("96.4", indicator=named), observed("6", indicator="校舍")]
    score = evaluate(release_of(found), truth_of(tmp_path)).figures
    assert score is not None
    # The truth has no name for the six schools.
    assert (score.found, score.named, score.named_right) == (2, 1, right)


def test_precision_is_not_measured_where_the_truth_does_not_know_all_figures(tmp_path: Path) -> None:
    score = evaluate(
        release_of([observed("96.4"), observed("6", unit="个")]), truth_of(tmp_path, figures="some")
    ).figures
    assert score is not None
    assert (score.found, score.judged, score.precision) == (1, 0, None)
    assert "figures precision" not in {name for name, _, _ in score.rows()}


def test_numbers_in_words_are_not_judged(tmp_path: Path) -> None:
    # `十一五` at its place, as a release might take it for a figure.
    words = observed("96.4") | {
        "value_start": TEXT.index("十一五"),
        "value_end": TEXT.index("十一五") + 2,
        "value_text": "十一",
    }
    score = evaluate(release_of([words]), truth_of(tmp_path)).figures
    assert score is not None
    assert (score.judged, score.found) == (0, 0)


def test_what_a_release_does_not_have_is_said_and_what_a_truth_does_not_know_is_not_asked(tmp_path: Path) -> None:
    result = evaluate(release_of([], extracted=False), truth_of(tmp_path, place="澜泊县", region_code=None))
    assert (result.figures, result.years, result.places) == (None, None, None)
    assert result.unmeasured == ("figures", "places")
    assert any("not measured" in why for _, _, why in result.rows())
    (tmp_path / "truth.figures.jsonl").unlink()
    silent = evaluate(release_of([observed("96.4")]), tmp_path)
    assert silent.figures is None
    assert not silent.unmeasured


def test_a_run_that_looked_for_figures_and_found_none_has_a_recall_of_zero(tmp_path: Path) -> None:
    result = evaluate(release_of([]), truth_of(tmp_path, **years("printed", "printed")))
    assert result.figures is not None
    assert (result.figures.recall, result.figures.precision) == (0.0, None)
    assert result.years is not None
    assert (result.years.coverage, result.years.precision) == (0.0, None)


def years(review: str, plan: str) -> dict:
    return {"year_review": 2012, "year_review_state": review, "year_plan": 2013, "year_plan_state": plan}


def test_printed_years_count_for_coverage_and_all_given_ones_for_precision(tmp_path: Path) -> None:
    given = {"year_review": 2012, "year_review_basis": "printed", "year_plan": 2014, "year_plan_basis": "resolved"}
    score = evaluate(release_of([], given), truth_of(tmp_path, **years("printed", "printed"))).years
    assert score is not None
    assert (score.given, score.right, score.printed, score.printed_right) == (2, 1, 2, 1)
    assert score.precision == score.coverage == 0.5


def test_hidden_years_may_be_inferred_and_are_counted_apart(tmp_path: Path) -> None:
    given = {"year_review": None, "year_review_basis": "masked", "year_plan": 2013, "year_plan_basis": "inferred",
             "overwritten_year": 2024}  # fmt: skip
    score = evaluate(release_of([], given), truth_of(tmp_path, **years("masked", "overwritten"))).years
    assert score is not None
    assert (score.masked, score.masked_given) == (1, 0)
    assert (score.overwritten, score.overwritten_given, score.overwritten_right, score.overwritten_named) == (
        1,
        1,
        1,
        1,
    )
    assert (score.printed, score.coverage, score.precision) == (0, None, 1.0)


def test_a_code_for_a_place_that_no_division_is_called_is_invented(tmp_path: Path) -> None:
    truth = truth_of(tmp_path, place="澜泊县", region_code=None)
    given = {"region_code": "110105", "own_name": "澜泊县"}
    places = evaluate(release_of([], given), truth).places
    assert places is not None
    assert (places.sections, places.coded, places.coded_right, places.named, places.named_right) == (1, 1, 0, 1, 1)
    honest = evaluate(release_of([], {"own_name": "荻垌县"}), truth).places
    assert honest is not None
    assert (honest.coded, honest.named, honest.named_right) == (0, 1, 0)


def test_everything_measured_is_plain_json_and_a_row_of_the_table(tmp_path: Path) -> None:
    given = {"year_review": 2012, "year_review_basis": "printed", "own_name": "澜泊县"}
    truth = truth_of(tmp_path, place="澜泊县", region_code=None, **years("printed", "absent"))
    result = evaluate(release_of([observed("96.4")], given), truth)
    plain = json.loads(json.dumps(result.as_dict(), ensure_ascii=False))
    assert plain["figures"]["recall"] == 0.25
    assert plain["years"]["precision"] == 1.0
    assert plain["places"]["coded"] == 0
    names = [name for name, _, _ in result.rows()]
    assert {"figures recall", "figures precision", "indicators", "nothing invented", "years precision",
            "years coverage", "places invented"} <= set(names)  # fmt: skip


def test_a_generated_truth_knows_figures_years_and_places(tmp_path: Path) -> None:
    write_sample(tmp_path, 40, 5, measure=False)
    truth = read_truth(tmp_path)
    assert truth.figures is not None
    assert set(truth.figures.column("state").to_pylist()) >= {"printed", "changed", "masked", "unit_lost"}
    units = truth.units.to_pylist()
    for unit in units:
        assert (unit["year_plan"] is None) == (unit["kind"] == "essay")
        assert (unit["figures"] == "all") == (unit["char_start"] is not None)
        assert unit["region_code"] is None
    assert {unit["year_plan_state"] for unit in units} == {"printed", "masked", "overwritten", "absent"}
    assert isinstance(truth.units, pa.Table)
